"""How numbers, tables and fields are written out, the same for every result."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LATEX = str.maketrans(
    {character: "\\" + character for character in "_&%$#{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "\n": " "}
)
_SHOWN = 12  # rows and columns of a table before the middle is left out
_GAP = "…"


class Shown:
    """A result: it is equal to itself alone, and shows itself at the prompt as it prints.

    If that is one line, its class stands around it.
    """

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        text = str(self)
        return text if "\n" in text else f"<{type(self).__name__}: {text}>"


def number(value: float | None, digits: int = 3) -> str:
    """Write a number for people: few digits, a dash for none."""
    if value is None or np.isnan(value):
        return "-"
    return f"{value:.{digits}f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.{digits}g}"


def digits_apart(*values: float | None, least: int = 3) -> int:
    """Return how many digits tell numbers apart that are different."""
    known = {float(value) for value in values if value is not None and np.isfinite(value)}
    return next((digits for digits in range(least, 16) if len({number(v, digits) for v in known}) == len(known)), 16)


def field_text(value: Any) -> str:
    """Write a field for a table: numbers for people, a dash for none."""
    if value is None or isinstance(value, float):
        return number(value, 4)
    if isinstance(value, tuple):
        return " to ".join(map(field_text, value))
    return str(value)


def plain(value: Any) -> Any:
    """Write a field as JSON can hold it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if is_dataclass(value):
        return {entry.name: plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, BaseException):
        return {
            field: plain(getattr(value, field)) for field in ("code", "message", "details") if hasattr(value, field)
        }
    return value


def shorten(labels: Sequence[str]) -> list[int | None]:
    """Choose the positions that a table shows; None stands for those left out."""
    if len(labels) <= _SHOWN:
        return list(range(len(labels)))
    return [*range(_SHOWN // 2), None, *range(len(labels) - _SHOWN // 2, len(labels))]


def shortened(rows: Sequence[str], columns: Sequence[str], cells: np.ndarray[Any, Any]) -> list[list[str]]:
    """Build a table with headings from a matrix, its middle left out if it is large."""
    down, across = shorten(rows), shorten(columns)
    heading = ["", *(_GAP if j is None else columns[j] for j in across)]
    lines = [
        [_GAP] * len(heading) if i is None else [rows[i], *(_GAP if j is None else number(cells[i, j]) for j in across)]
        for i in down
    ]
    return [heading, *lines]


def as_text(table: Sequence[Sequence[str]], left: int = 1) -> str:
    """Align the columns: the first ones to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        [
            text.ljust(width) if at < left else text.rjust(width)
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in table
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def as_html(table: Sequence[Sequence[str]], caption: str) -> str:
    """Write a table for a notebook."""
    from html import escape  # noqa: PLC0415 - only wanted in notebooks

    heading = "".join(f"<th>{escape(cell)}</th>" for cell in table[0])
    lines = "".join(
        f"<tr><th>{escape(line[0])}</th>" + "".join(f"<td>{escape(cell)}</td>" for cell in line[1:]) + "</tr>"
        for line in table[1:]
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{heading}</tr></thead><tbody>{lines}</tbody></table>"


def as_latex(table: Iterable[Sequence[str]]) -> str:
    """Write a table with the rules of the booktabs package."""
    heading, *lines = ([cell.translate(_LATEX) for cell in line] for line in table)
    body = " \\\\\n".join(" & ".join(line) for line in lines)
    columns = "l" + "r" * (len(heading) - 1)
    return (
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{' & '.join(heading)} \\\\\n\\midrule\n"
        f"{body} \\\\\n\\bottomrule\n\\end{{tabular}}\n"
    )
