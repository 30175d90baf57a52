"""Which row is which input, where the data say so: names are compared, and never guessed.

Names come with a pandas object (its index), an xarray array (the coordinate of its first axis), a table that
`resemblance.io` has read (its column of names), and a summary prepared from any of these. Operations that pair rows
compare the names of all sides that have them, and refuse rows in another order. An index that merely counts, as pandas
makes it where nobody gave one, says nothing beyond the order of the rows, unless the other side holds the same numbers
in another order.
"""

from __future__ import annotations

import hashlib
import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from resemblance import _core
from resemblance.errors import ResemblanceError, ResemblanceWarning, make

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resemblance.facts import Facts

    class Measured(Protocol):
        """A measure as far as names of rows are concerned."""

        @property
        def facts(self) -> Facts:
            """What is known about its score."""


_ID_COLUMN: Final = re.compile(r"id|index|unnamed: 0(?:\.\d+)*", re.IGNORECASE)
NAMELESS: Final = frozenset({np.ndarray, list, tuple, str, int, float, bool, type(None)})
_COUNTING: Final = "counting:"  # before the fingerprint of names that say nothing


class RowNames:
    """The names of the rows of one array, as text, made only if they must be."""

    def __init__(self, given: Any, length: int, *, default: bool = False) -> None:
        self._given = given
        self._length = length
        self._default = default

    def __len__(self) -> int:
        return self._length

    @cached_property
    def texts(self) -> list[str]:
        """The names; a whole number is the same name whatever its type."""
        return [_text(name) for name in (self._given.tolist() if hasattr(self._given, "tolist") else self._given)]

    @cached_property
    def counting(self) -> bool:
        """Whether they are 0, 1, 2, ... or 1, 2, 3, ..., which is what rows are called that nobody has named."""
        if self._default:
            return True
        first = self.texts[0] if self.texts else "0"
        return first in {"0", "1"} and self.texts == [str(int(first) + at) for at in range(len(self))]

    @cached_property
    def fingerprint(self) -> str:
        """What a prepared summary keeps of them."""
        digest = hashlib.blake2b("\n".join(map(repr, self.texts)).encode("utf-8", "surrogatepass"), digest_size=16)
        return (_COUNTING if self.counting else "") + digest.hexdigest()

    def same_as(self, other: RowNames) -> bool:
        """Whether the names are the same in the same order; cheap for one index given twice."""
        mine, others = self._given, other._given
        if mine is others or (self._default and other._default):
            return True
        equals = getattr(mine, "equals", None)
        return (equals is not None and bool(equals(others))) or self.texts == other.texts

    def contradict(self, other: RowNames) -> bool:
        """Whether they say that rows with one number are different inputs."""
        if len(self) != len(other) or self.same_as(other):
            return False
        if self.counting and other.counting:
            return False
        return not (self.counting or other.counting) or set(self.texts) == set(other.texts)


def _text(name: Any) -> str:
    if isinstance(name, tuple):
        return f"({', '.join(map(_text, name))})"
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)


def row_names(given: Any) -> RowNames | None:
    """Return the names of the rows of something, if it has any."""
    if type(given) in NAMELESS or isinstance(given, _core.Prepared):
        return None
    if isinstance(given, np.ndarray):
        names = getattr(given, "row_names", None)
        return None if names is None else RowNames(names, len(names))
    index = _index(given)
    if index is None:
        return None
    is_range = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
    return RowNames(index, len(index), default=is_range)


def _index(given: Any) -> Any:
    pandas, xarray = sys.modules.get("pandas"), sys.modules.get("xarray")
    if pandas is not None and isinstance(given, pandas.DataFrame | pandas.Series):
        return given.index
    if xarray is not None and isinstance(given, xarray.DataArray) and given.ndim:
        return given.indexes.get(given.dims[0])
    return None


class _Side(NamedTuple):
    """What was given for one argument, with the names of its rows."""

    name: str
    given: Any
    names: RowNames


def fingerprint_of(given: Any) -> str | None:
    """Return what a summary keeps of the names of the rows it was prepared from."""
    if isinstance(given, _core.Prepared):
        return given.row_names
    names = row_names(given)
    return None if names is None else names.fingerprint


def refuse_id_columns(frame: Any, name: str) -> None:
    """Refuse a frame with a column that names rows: as a feature it would drown all others."""
    for column in frame.columns:
        if isinstance(column, str) and _ID_COLUMN.fullmatch(column):
            message = (
                f"{name} has a column {column!r}, which names rows and is no feature: "
                f"pass {name}.set_index({column!r}), or {name}.drop(columns={column!r})."
            )
            raise make("id_column", message, {"name": name, "column": column})


def require_same_rows(sides: Iterable[tuple[str, Any]], measures: Iterable[Measured] = ()) -> None:
    """Refuse sides whose rows have the same number and different names, unless no measure pairs rows."""
    try:
        _require_same_rows(sides)
    except ResemblanceError:
        if not (listed := list(measures)) or any(measure.facts.rows_paired for measure in listed):
            raise


def _require_same_rows(sides: Iterable[tuple[str, Any]]) -> None:
    found: list[_Side] = []
    prepared: list[tuple[str, _core.Prepared]] = []
    for name, given in sides:
        if type(given) in NAMELESS:
            continue
        if isinstance(given, _core.Prepared):
            prepared.append((name, given))
        elif (names := row_names(given)) is not None:
            found.append(_Side(name, given, names))
    if len(found) + len(prepared) < 2:
        return
    _compare(found)
    _require_same_fingerprints(found, prepared)


def _compare(sides: Iterable[_Side]) -> None:
    """Compare all with the first of their length, of those that merely count and of all others."""
    firsts: dict[tuple[int, bool], _Side] = {}
    for side in sides:
        names = side.names
        if any(names.same_as(first.names) for (length, _), first in firsts.items() if length == len(names)):
            continue
        kind = len(names), names.counting
        for other in (firsts.get(kind), firsts.get((len(names), not names.counting))):
            if other is not None and other.names.contradict(names):
                raise _misaligned(other, side)
        firsts.setdefault(kind, side)


def _require_same_fingerprints(found: Sequence[_Side], prepared: Sequence[tuple[str, _core.Prepared]]) -> None:
    """Compare what prepared summaries keep of their names with the first other side of their length."""
    known = [(name, given.n, given.row_names) for name, given in prepared]
    if known:
        known = [*((side.name, len(side.names), side.names.fingerprint) for side in found), *known]
    firsts: dict[int, tuple[str, str]] = {}
    for name, length, fingerprint in known:
        if fingerprint is None or fingerprint.startswith(_COUNTING):
            continue
        first_name, first = firsts.setdefault(length, (name, fingerprint))
        if first != fingerprint:
            message = (
                f"The rows of {first_name} and of {name} have different names, or the same in another order; "
                "prepare both from rows in one order (resemblance.align puts them in order)."
            )
            raise make("rows_misaligned", message, {"x": first_name, "y": name})


def _misaligned(x: _Side, y: _Side) -> Exception:
    (x_name, x_given, x_names), (y_name, y_given, y_names) = x, y
    pairs = enumerate(zip(x_names.texts, y_names.texts, strict=True))
    row, (left, right) = next((at, pair) for at, pair in pairs if pair[0] != pair[1])
    same = sorted(x_names.texts) == sorted(y_names.texts)
    common = len(set(x_names.texts) & set(y_names.texts))
    if same and len(set(x_names.texts)) == len(x_names):
        by_index = all(hasattr(given, "loc") and hasattr(given, "index") for given in (x_given, y_given))
        example = f"{y_name} = {y_name}.loc[{x_name}.index]" if by_index and y_name.isidentifier() else ""
        remedy = f"the names are the same in another order; put them in one ({example or _aligned(x_name, y_name)})"
    elif common:
        remedy = (
            f"{common} of {len(set(x_names.texts))} names are on both sides; {_aligned(x_name, y_name)} keeps those"
        )
    else:
        remedy = "no name is on both sides; if rows are paired by position, pass the arrays without their names"
    message = f"Row {row} is {_shown(left)} in {x_name} and {_shown(right)} in {y_name}; {remedy}."
    details = {"x": x_name, "y": y_name, "row": row, "x_row": left, "y_row": right, "common": common}
    return make("rows_misaligned", message, details)


def _aligned(x_name: str, y_name: str) -> str:
    if x_name.isidentifier() and y_name.isidentifier():
        return f"{x_name}, {y_name} = resemblance.align({x_name}, {y_name})"
    return "resemblance.align, or --join on the command line"


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else f"{name[:57]}...")


def aligned_by_name(sides: Sequence[tuple[str, Any]]) -> tuple[list[Any], list[ResemblanceWarning]]:
    """Put rows in one order, as `align` does, with names for messages; back come the warnings too."""
    positions: list[dict[str, int]] = []
    for name, given in sides:
        names = row_names(given)
        if names is None:
            problem = (
                "is a summary, and cannot be put in order"
                if isinstance(given, _core.Prepared)
                else "has no names of rows"
            )
            remedy = "give it an index, or a column called 'id'"
            raise make("row_names_missing", f"{name} {problem}; {remedy}.", {"name": name})
        positions.append(_positions(name, names))
    common = [one for one in positions[0] if all(one in others for others in positions[1:])] if positions else []
    if positions and not common:
        names_of = " and ".join(name for name, _ in sides[:2]) + (" and the others" if len(sides) > 2 else "")
        raise make("rows_misaligned", f"No name of a row is common to {names_of}.", {"common": 0})
    taken = [_take(given, [at[one] for one in common]) for (_, given), at in zip(sides, positions, strict=True)]
    lost = {name: len(at) - len(common) for (name, _), at in zip(sides, positions, strict=True)}
    if not any(lost.values()):
        return taken, []
    name, count = max(lost.items(), key=lambda item: item[1])
    message = f"{len(common)} rows have names that are on all sides; {count} rows of {name} were left out."
    return taken, [ResemblanceWarning("rows_left_out", message, {"kept": len(common), "left_out": lost})]


def _positions(name: str, names: RowNames) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, text in enumerate(names.texts):
        if found.setdefault(text, at) != at:
            message = (
                f"{name} calls rows {found[text]} and {at} {_shown(text)}; names that rows are joined by must differ."
            )
            raise make("row_names_repeated", message, {"name": name, "row": text, "first": found[text], "second": at})
    return found


def _take(given: Any, positions: list[int]) -> Any:
    if hasattr(given, "iloc"):
        return given.iloc[positions]
    return given.isel({given.dims[0]: positions}) if hasattr(given, "isel") else given[positions]
