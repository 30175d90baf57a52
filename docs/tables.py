"""Write the tables that list measures: that of the README and that of the forms in ARCHITECTURE.md.

`python docs/tables.py` writes both; a test says when they are out of date.
"""

import inspect
import re
import sys
from pathlib import Path

import resemblance as rs

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- written by docs/tables.py -->", "<!-- end -->"


def families() -> dict[str, list[rs.results.Info]]:
    """Group the measures by family."""
    found: dict[str, list[rs.results.Info]] = {}
    for info in rs.list_measures():
        found.setdefault(info.family, []).append(info)
    return found


def title(family: str) -> str:
    """Name a family as the docstring of its module begins."""
    module = sys.modules[f"resemblance.measures.{family}"]
    return re.split(r"[:.]", inspect.getdoc(module) or family)[0]


def question(info: rs.results.Info) -> str:
    """Say what a measure asks, or where its docstring asks nothing, what it is."""
    text = inspect.getdoc(getattr(rs, info.name)) or ""
    asks = re.search(r"^Asks (.+?)[.](?=\s)", text, flags=re.MULTILINE | re.DOTALL)
    first = asks[1] if asks else re.split(r", a (?:distance|similarity)\b|\.$", text.splitlines()[0])[0]
    return " ".join(first.split())


def kind(info: rs.results.Info) -> str:
    """Say how to read the score."""
    return info.facts.kind + ("" if info.facts.symmetric else ", not symmetric")


def measures() -> str:
    """Write the table of the README."""
    lines = ["| measure | asks | kind |", "|---|---|---|"]
    for family, infos in families().items():
        lines.append(f"| *{title(family)}* | | |")
        lines += [f"| `{info.name}` | {question(info)} | {kind(info)} |" for info in infos]
    return "\n".join(lines)


def with_measures(text: str) -> str:
    """Put the table of measures between its marks."""
    return re.sub(f"({BEGIN}\n).*?(\n{END})", lambda found: found[1] + measures() + found[2], text, flags=re.DOTALL)


def with_forms(text: str) -> str:
    """Put into each row of the table of forms the measures that have the form by default."""
    found: dict[str, list[str]] = {}
    for info in rs.list_measures():
        found.setdefault(info.form, []).append(info.name)
    lines = text.split("\n")
    for at, line in enumerate(lines):
        row = re.fullmatch(r"(\| `(\w+)` \|.*?\| )(.*?)( \|.*)", line)
        if row and row[2].lower() in found:
            lines[at] = row[1] + ", ".join(found.pop(row[2].lower())) + row[4]
    if found:
        raise SystemExit(f"ARCHITECTURE.md has no row for the forms {', '.join(found)}")
    return "\n".join(lines)


WRITERS = {"README.md": with_measures, "ARCHITECTURE.md": with_forms}

if __name__ == "__main__":
    for name, write in WRITERS.items():
        path = ROOT / name
        path.write_text(write(path.read_text(encoding="utf-8")), encoding="utf-8")
