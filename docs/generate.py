"""Write a page per family and per measure (its docstring and the table of its facts) and the page of codes."""

import math
import shutil
from pathlib import Path

import tables

import resemblance as rs
from resemblance import _codes

HERE = Path(__file__).parent / "measures"
# What the page calls each fact; a fact without a name is no reader's business. A new one must be named here.
ROWS = {
    "kind": "how to read it",
    "input": "takes",
    "form": "form",
    "link": "link from the inner product to the score",
    "range": "range",
    "identity_value": "a representation with itself",
    "symmetric": "symmetric",
    "is_metric": "",
    "triangle": "triangle inequality",
    "degree": "grows with both sides by the power",
    "invariant_to": "unchanged by",
    "source_invariant_to": "unchanged, for the first argument alone, by",
    "min_rows": "fewest rows",
    "rows_paired": "row i of both sides is one input",
    "equal_widths": "needs equal widths",
    "groups": "takes groups of models",
    "fewest_models": "",
    "mean_matters": "a common mean of all rows moves it",
    "chance_corrected": "0 on average for unrelated data",
    "repeats_matter": "inputs shown twice forbid a test",
    "row_sizes_matter": "follows rows far from the others",
    "column_sizes_matter": "follows columns of large variance",
    "jackknife": "",
    "jumps": "changes in jumps by",
    "cost": "cost",
    "reference": "defined in",
}
WORDS = {"pseudo": "holds, with distance 0 between some that differ", "metric": "holds", "no": "may fail"}


def said(value: object) -> str:
    """Write a fact in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isnan(value):
        return "depends on the data"
    if isinstance(value, tuple) and all(isinstance(one, float) for one in value):
        return f"{value[0]:g} to {value[1]:g}"
    if isinstance(value, tuple):
        return ", ".join(name.replace("_", " ") for name in value) or "nothing"
    text = str(value)
    return WORDS.get(text, text if " " in text else text.replace("_", " "))


def page(info: rs.results.Info) -> str:
    """Write the page of one measure."""
    lines = [info.name, "=" * len(info.name), "", f".. autofunction:: resemblance.{info.name}", ""]
    lines += ["Facts", "-----", ""]
    lines += ["With default options.", "", ".. list-table::", ""]
    for key, value in info.facts.to_dict().items():
        if ROWS[key] and value not in ((), "", None):
            lines += [f"   * - {ROWS[key]}", f"     - {said(value)}"]
    return "\n".join(lines) + "\n"


def page_of_codes() -> str:
    """Write the page of codes in reStructuredText."""
    lines = [
        "Warnings and failures",
        "=====================",
        "",
        "A failure is a :class:`resemblance.ResemblanceError`, which is a ``ValueError``; a warning is a",
        ":class:`resemblance.ResemblanceWarning`. Both carry a stable ``code`` and the numbers of their message in",
        '``details``. ``resemblance.set_config(on_warning="raise")`` turns warnings into errors, for continuous',
        "integration.",
        "",
        *_table("Warnings", "the number is right, but", _codes.WARNINGS),
    ]
    for title, codes in _codes.FAILURES.items():
        lines += _table(title, "there is no result, because", codes)
    return "\n".join(
        [*lines, ".. autoclass:: resemblance.ResemblanceError", ".. autoclass:: resemblance.ResemblanceWarning", ""]
    )


def _table(title: str, heading: str, codes: dict[str, str]) -> list[str]:
    rows = [line for code, meaning in codes.items() for line in (f"   * - ``{code}``", f"     - {meaning}")]
    return [f".. list-table:: {title}", "   :header-rows: 1", "", "   * - code", f"     - {heading}", *rows, ""]


def index(groups: dict[str, list[rs.results.Info]]) -> str:
    """Write the list of families, which leads to their pages."""
    lines = ["Measures", "========", "", ".. toctree::", "   :maxdepth: 2", ""]
    return "\n".join([*lines, *(f"   {family}/index" for family in groups), ""])


def page_of_family(family: str, infos: list[rs.results.Info]) -> str:
    """Write the page of a family: what its module says, and its measures with what they ask."""
    name = tables.title(family)
    lines = [name, "=" * len(name), "", f".. automodule:: resemblance.measures.{family}", "   :no-members:", ""]
    lines += [f".. list-table:: {name}", "   :header-rows: 1", "", "   * - measure", "     - asks", "     - kind"]
    for info in infos:
        lines += [f"   * - :doc:`{info.name}`", f"     - {tables.question(info)}", f"     - {tables.kind(info)}"]
    lines += ["", ".. toctree::", "   :hidden:", "", *(f"   {info.name}" for info in infos), ""]
    return "\n".join(lines)


shutil.rmtree(HERE, ignore_errors=True)
groups = tables.families()
for family, infos in groups.items():
    (HERE / family).mkdir(parents=True)
    (HERE / family / "index.rst").write_text(page_of_family(family, infos), encoding="utf-8")
    for info in infos:
        (HERE / family / f"{info.name}.rst").write_text(page(info), encoding="utf-8")
(HERE / "index.rst").write_text(index(groups), encoding="utf-8")
(HERE.parent / "warnings.rst").write_text(page_of_codes(), encoding="utf-8")
