"""Write one page per measure: its docstring and the table of what it states about itself."""

from pathlib import Path

import resemblance as rs

HERE = Path(__file__).parent / "measures"
ROWS = {
    "kind": "how to read it",
    "range": "range",
    "identity_value": "a representation with itself",
    "symmetric": "symmetric",
    "is_metric": "a metric",
    "invariant_to": "unchanged by",
    "source_invariant_to": "unchanged, for the first argument alone, by",
    "min_rows": "fewest rows",
    "equal_widths": "needs equal widths",
    "cost": "cost",
    "reference": "defined in",
}


def said(value: object) -> str:
    """Write a fact in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"{value[0]:g} to {value[1]:g}"
    if isinstance(value, list):
        return ", ".join(name.replace("_", " ") for name in value) or "nothing"
    return "depends on the data" if value is None else str(value)


def page(info: rs.results.Info) -> str:
    """Write the page of one measure."""
    lines = [info.name, "=" * len(info.name), "", f".. autofunction:: resemblance.{info.name}", ""]
    lines += ["Facts", "-----", ""]
    lines += ["With default options. Form: " + info.form + ".", "", ".. list-table::", ""]
    for key, title in ROWS.items():
        if info.facts.get(key) not in ([], ""):
            lines += [f"   * - {title}", f"     - {said(info.facts[key])}"]
    return "\n".join(lines) + "\n"


HERE.mkdir(exist_ok=True)
for old in HERE.glob("*.rst"):
    old.unlink()
for info in rs.list_measures():
    (HERE / f"{info.name}.rst").write_text(page(info), encoding="utf-8")
