"""Tables of text: which line names the columns, which column names the rows, and which numbers are data.

Nothing is guessed in silence. A first line is a header if none of its fields is a number, or if its numbers merely
count the columns; a line of data with a field that cannot be read is refused. A column names the rows if it is called
``id``, ``index`` or ``Unnamed: 0``, has no name at all (as pandas and R write it), or holds words in front of numbers;
without a header, a first column that counts the rows is left out, and a warning says so. Such a column is never data.
"""

from __future__ import annotations

import csv
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import numpy as np

from resemblance._bridge import report
from resemblance.errors import ResemblanceWarning
from resemblance.io._refusals import damaged, first_line, quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_NUMBER: Final = re.compile(
    r"[ \t]*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)[ \t]*", re.ASCII | re.IGNORECASE
)
_WHOLE: Final = re.compile(r"[ \t]*[+-]?\d{1,18}[ \t]*", re.ASCII)
_ROW_NAMES: Final = re.compile(r"id|index|unnamed: 0(?:\.\d+)*", re.IGNORECASE)
_MISSING: Final = frozenset({"", "na", "n/a", "null", "none", "?", "-", "."})
_FEWEST_COUNTED: Final = 3  # rows: the first column of two rows is 0, 1 often enough
_LARGEST_EXACT: Final = 2**53  # whole numbers below are told apart in double precision


class Table(np.ndarray[Any, Any]):
    """Numbers (or words) of a text table, with the names of its rows and columns; read-only, so that these stay true.

    Slices keep the names of their rows; arithmetic gives plain arrays.

    Attributes
    ----------
    row_names : tuple of str or None
        What the column of names says, if there is one.
    columns : tuple of str or None
        The names of the columns that were read as data, if there is a header.
    """

    row_names: tuple[str, ...] | None
    columns: tuple[str, ...] | None

    def __array_finalize__(self, parent: object) -> None:
        self.row_names = self.columns = None

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else np.asarray(array)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if not isinstance(found, Table) or found.ndim != self.ndim:
            return found
        rows, columns = (*index, slice(None))[:2] if isinstance(index, tuple) and index else (index, slice(None))
        return named(found, _chosen(self.row_names, rows), _chosen(self.columns, columns))

    def astype(self, *how: Any, **options: Any) -> Any:
        """Convert the numbers and keep the names."""
        return named(super().astype(*how, **options), self.row_names, self.columns)


def named(array: NDArray[Any], row_names: Sequence[str] | None, columns: Sequence[str] | None) -> Table:
    """Put names to an array, which nobody else may write to."""
    table = array.view(Table)
    table.row_names = None if row_names is None else tuple(row_names)
    table.columns = None if columns is None else tuple(columns)
    table.flags.writeable = False
    return table


def _chosen(names: tuple[str, ...] | None, index: Any) -> list[str] | None:
    if names is None or not (isinstance(index, slice) or np.ndim(index) == 1):
        return None
    positions = np.arange(len(names))[index]
    return [names[position] for position in positions]


# ------------------------------------------------------------------------------------------------------------- the text


class _Line(NamedTuple):
    """A line of a table that is not blank."""

    number: int  # counted from 1
    fields: list[str]
    plain: bool  # whether Python's own reading of numbers is strict enough for it


def _lines(path: Path, delimiter: str) -> Iterator[_Line]:
    plain, last = True, 0

    def checked(stream: Iterable[str]) -> Iterator[str]:
        nonlocal plain
        for number, line in enumerate(stream, start=1):
            if found := _CONTROL.search(line):
                damaged(path, f"line {number} holds the control character {found.group()!r}")
            plain &= "_" not in line and line.isascii()  # Python reads 1_000, and digits of every script
            yield line

    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(checked(stream), delimiter=delimiter, strict=True)
        try:
            for fields in reader:
                if any(map(str.strip, fields)):
                    yield _Line(reader.line_num, fields, plain and reader.line_num == last + 1)
                plain, last = True, reader.line_num
        except UnicodeDecodeError:
            damaged(path, "it is not text in UTF-8")
        except csv.Error as error:
            damaged(path, f"line {reader.line_num}: {first_line(error)}")


def _number(field: str) -> float | None:
    return float(field) if _NUMBER.fullmatch(field) else None


def _is_word(field: str) -> bool:
    return _number(field) is None and field.strip().casefold() not in _MISSING


def _no_number(path: Path, line: _Line, column: int, header: list[str] | None, hint: str = "") -> NoReturn:
    field = line.fields[column]
    called = f" ({quoted(header[column])})" if header else ""
    shown = quoted(field) if field.strip() else "an empty field"
    refuse(
        "not_a_number",
        f"Line {line.number}, column {column + 1}{called} of {path}: {shown} is not a number{hint}.",
        path=str(path), line=line.number, column=column + 1, given=field[:200],
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- the layout


class _Layout(NamedTuple):
    """Where the names and the data of a table are."""

    header: list[str] | None
    doubt: str | None  # why the first line may be no header after all
    names: list[int]  # columns that are no data
    worded: bool  # whether the first of them is one only because it holds words

    def data(self, width: int) -> list[int]:
        return [at for at in range(width) if at not in self.names]


def _layout(path: Path, first: _Line, second: _Line | None) -> _Layout:
    """Tell from the first two lines what names columns and what names rows."""
    width = len(first.fields)
    header, doubt = _header(path, first, second)
    leads = first if header is None else second
    worded = leads is not None and width > 1 and _is_word(leads.fields[0])
    if header is None:
        return _Layout(None, None, [0] if worded else [], worded)
    names = _called_names(header)
    worded &= 0 not in names and len(names) + 1 < width
    return _Layout(header, doubt, [0, *names] if worded else names, worded)


def _header(path: Path, first: _Line, second: _Line | None) -> tuple[list[str] | None, str | None]:
    """Return the header, if the first line is one, and the doubt about it."""
    fields = [field.strip() for field in first.fields]
    numbers = [number for number in map(_number, fields) if number is not None]
    texts = [field for field in fields if _number(field) is None]
    counts = numbers in ([*range(len(numbers))], [*range(1, len(numbers) + 1)])
    span = f"counts {numbers[0]:g} to {numbers[-1]:g}" if counts and numbers else ""
    if not texts:
        return (fields, span) if len(fields) > 2 and numbers[0] == 0 and counts else (None, None)
    if not numbers and any(map(_is_word, texts)):
        return fields, None
    of_rows = all(not text or _ROW_NAMES.fullmatch(text) for text in texts)
    blank = any(not _is_word(field) for field in fields[1:] if _number(field) is None)
    if numbers and counts and not blank and (of_rows or (len(numbers) > 1 and all(map(_is_word, texts)))):
        return fields, None if of_rows else f"{span} behind {quoted(texts[0])}"
    if len(texts) == 1 and _is_word(fields[0]) and (second is None or _number(second.fields[0]) is None):
        return None, None  # a name of the row in front of its numbers
    at = next(at for at, field in enumerate(fields) if _number(field) is None)
    _no_number(path, first, at, None, "; if the line names columns, no name may be a number")


# ------------------------------------------------------------------------------------------------------------ the table


class _Content(NamedTuple):
    """The lines of a table below its header, taken apart."""

    rows: list[NDArray[np.float64]]  # the data,
    texts: list[str]  # or the text of the only column of data
    lines: list[_Line]
    names: list[list[str]]  # one list per column of names


def read_table(path: Path, delimiter: str) -> Table:
    """Read a table of numbers, or one column of class ids or words."""
    walk = _lines(path, delimiter)
    first = next(walk, None)
    if first is None:
        damaged(path, "it is empty")
    second = next(walk, None)
    layout = _layout(path, first, second)
    start = [] if second is None else [second]
    if layout.header is None:
        start.insert(0, first)
    found = _content(path, layout, len(first.fields), chain(start, walk))
    if layout.worded and not all(map(_is_word, found.names[0])):
        _no_number(path, start[0], 0, layout.header)
    data = layout.data(len(first.fields))
    if len(data) == 1:
        return _one_column(path, layout, data[0], found)
    table, names, doubt = np.stack(found.rows) if found.rows else np.zeros((0, len(data))), found.names, layout.doubt
    if layout.header is None and not names and _first_counts(table):
        names = [[f"{number:.0f}" for number in table[:, 0]]]
        table = np.ascontiguousarray(table[:, 1:])
        message = f"The first column of {path} counts the rows and was left out; name the columns to be sure."
        report([ResemblanceWarning("index_assumed", message, {"path": str(path)})])
    if doubt is not None:
        _say_doubt(path, doubt)
    return named(table, _row_names(names), None if layout.header is None else [layout.header[at] for at in data])


def read_labels(path: Path, delimiter: str, n: int) -> Table:
    """Read one id per row, numbers or words; the number of rows tells whether there is a header."""
    lines = list(_lines(path, delimiter))
    if len(lines) not in {n, n + 1}:
        refuse(
            "row_count_mismatch",
            f"{path} has {len(lines)} lines for {n} rows; one id per row is needed, below a header or without one.",
            path=str(path), n=n, m=len(lines),
        )  # fmt: skip
    width = len(lines[0].fields) if lines else 0
    header = [field.strip() for field in lines[0].fields] if len(lines) > n else None
    layout = _Layout(header, None, _called_names(header or []), worded=False)
    data = layout.data(width)
    found = _content(path, layout._replace(names=layout.data(width)), width, lines[len(lines) - n :])
    columns = dict(zip(data, found.names, strict=True))
    if len(data) == 2 and not layout.names and (all(map(_is_word, columns[0])) or _count(_floats(columns[0]))):
        del data[0]
    if len(data) != 1:
        refuse(
            "bad_option",
            f"{path} has {len(data)} columns of data; one id per row is needed, in a table of one column.",
            path=str(path), columns=len(data),
        )  # fmt: skip
    ids = columns[data[0]]
    for line, field in zip(lines[len(lines) - n :], ids, strict=True):
        if not field:
            refuse("bad_option", f"Line {line.number} of {path} has no id.", path=str(path), line=line.number)
    at_names = [at for at in range(width) if at != data[0]]
    names = [[line.fields[at].strip() for line in lines[len(lines) - n :]] for at in at_names]
    return named(_as_ids(ids), _row_names(names), None if header is None else [header[data[0]]])


def _content(path: Path, layout: _Layout, width: int, lines: Iterable[_Line]) -> _Content:
    found = _Content([], [], [], [[] for _ in layout.names])
    data = layout.data(width)
    for line in lines:
        if len(line.fields) != width:
            refuse(
                "not_a_number",
                f"Line {line.number} of {path} has {len(line.fields)} fields, the first line has {width}.",
                path=str(path), line=line.number, fields=len(line.fields), expected=width,
            )  # fmt: skip
        for at, names in zip(layout.names, found.names, strict=True):
            names.append(line.fields[at].strip())
        if len(data) == 1:
            found.texts.append(line.fields[data[0]].strip())
            found.lines.append(line)
        elif data:
            found.rows.append(_numbers(path, line, data, layout.header))
    return found


def _numbers(path: Path, line: _Line, data: list[int], header: list[str] | None) -> NDArray[np.float64]:
    fields = [line.fields[at] for at in data] if len(data) < len(line.fields) else line.fields
    if line.plain:
        try:
            return np.array(fields, np.float64)
        except ValueError:
            pass  # the strict reading says which field it is
    for at in data:
        if _number(line.fields[at]) is None:
            _no_number(path, line, at, header)
    return np.array(fields, np.float64)


def _one_column(path: Path, layout: _Layout, at: int, found: _Content) -> Table:
    """Tell numbers from class ids and from words; a column of both is a mistake in one of its fields."""
    texts, names, header, doubt = found.texts, found.names, layout.header, layout.doubt
    columns = None if header is None else [header[at]]
    words = [number is None for number in map(_number, texts)]
    if texts and all(map(_is_word, texts)) and not any(map(_other_delimiter, texts)):
        if header is not None and not (layout.names and not layout.worded):  # nothing else says that it is one
            if header[at] in texts:
                texts = [header[at], *texts]
                names = [[header[0], *names[0]]] if names else names
                columns = None
            else:
                doubt = "holds words that do not occur below"
        if doubt is not None:
            _say_doubt(path, doubt)
        return named(np.array(texts), _row_names(names), columns)
    if any(words):
        _no_number(path, found.lines[words.index(True)], at, header)
    if doubt is not None:
        _say_doubt(path, doubt)
    ids = _as_ids(texts) if texts else np.zeros(0)
    if ids.dtype.kind == "f":
        whole = ids.size and np.all(np.abs(ids) < _LARGEST_EXACT) and np.all(ids == np.floor(ids))
        ids = ids.astype(np.int64) if whole else ids.reshape(-1, 1)
    return named(ids, _row_names(names), columns)


def _say_doubt(path: Path, doubt: str) -> None:
    remedy = "give the columns names, or leave the header out, to be sure"
    message = f"The first line of {path} {doubt} and was taken for a header; {remedy}."
    report([ResemblanceWarning("header_assumed", message, {"path": str(path)})])


def _as_ids(texts: list[str]) -> NDArray[Any]:
    """Whole numbers, exactly; other numbers; or words."""
    if all(map(_WHOLE.fullmatch, texts)):
        return np.array([int(text) for text in texts], np.int64)
    return _floats(texts) if all(map(_NUMBER.fullmatch, texts)) else np.array(texts)


def _floats(texts: list[str]) -> NDArray[np.float64]:
    return np.array([number if (number := _number(text)) is not None else np.nan for text in texts])


def _other_delimiter(text: str) -> bool:
    """Recognize numbers with something else between them than what the suffix says."""
    parts = re.split(r"[;|,\t ]", text)
    return len(parts) > 1 and all(map(_NUMBER.fullmatch, parts))


def _called_names(header: list[str]) -> list[int]:
    """Return the columns that name rows, by what they are called."""
    found = [at for at, name in enumerate(header) if _ROW_NAMES.fullmatch(name) or (at == 0 and not name)]
    return found[:-1] if len(found) == len(header) else found  # a table of nothing but ids is one, as for --ids


def _row_names(columns: list[list[str]]) -> list[str] | None:
    """Choose among several columns of names the first that does more than count."""
    filled = [names for names in columns if any(names)]
    return next((names for names in filled if not _count(_floats(names))), filled[0] if filled else None)


def _first_counts(table: NDArray[np.float64]) -> bool:
    """Recognize the numbers of rows in the first column, in order or not; ranks count in every column."""
    if len(table) < _FEWEST_COUNTED or table.shape[1] < 2 or not _count(table[:, 0]):
        return False
    return bool(np.all(np.diff(table[:, 0]) == 1)) or not _count(table[:, 1])


def _count(numbers: NDArray[np.float64]) -> bool:
    ordered = np.sort(numbers)
    return len(ordered) > 0 and any(np.array_equal(ordered, np.arange(len(ordered)) + start) for start in (0, 1))
