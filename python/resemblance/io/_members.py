"""The arrays of one file by name, views of one map of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from resemblance.io._refusals import damaged, refuse, short, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"

_MOST_AXES = 64  # of NumPy


class Members(Mapping[str, Array]):
    """The arrays of one file by name; each is read (or mapped) when it is asked for."""

    def __init__(self, path: Path, names: Iterable[str]) -> None:
        self.path = path
        self._names = dict.fromkeys(names)

    def _read(self, name: str) -> Array:
        raise NotImplementedError

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}: {', '.join(map(short, self._names)) or 'empty'})"

    @cached_property
    def _mapped(self) -> Array:
        return mapped(self.path)


def member(members: Members, key: str) -> Array:
    """Return one array, or say which there are."""
    if key not in members:
        refuse(
            "unknown_key",
            f"{members.path} has no array {short(key)!r}; it holds {some(members)}.",
            path=str(members.path),
            key=key,
            known=list(members),
        )
    return members[key]


def mapped(path: Path) -> Array:
    """Map the bytes of a file, which is not empty."""
    return np.memmap(path, np.uint8, "r")


def require_shape(path: Path, what: str, dtype: np.dtype[Any], shape: tuple[int, ...], length: int) -> None:
    """Refuse a shape that no array has, or whose values do not fit `length` bytes.

    Axes of length 0 are counted as 1: NumPy refuses a shape such as (0, 2**62), though it holds nothing.
    """
    impossible = any(axis < 0 for axis in shape) or len(shape) > _MOST_AXES
    if impossible or math.prod(max(axis, 1) for axis in shape) * dtype.itemsize >= 2**62 or dtype.itemsize > 2**31:
        damaged(path, f"{what} states the impossible shape {short(shape)} of {short(dtype)}")
    if math.prod(shape) * dtype.itemsize > length:
        need = math.prod(shape) * dtype.itemsize
        damaged(path, f"{what} of shape {short(shape)} and type {short(dtype)} needs {need} bytes, there are {length}")


def array_at(
    path: Path,
    content: Array,
    what: str,
    *,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    offset: int,
    order: Literal["C", "F"] = "C",
) -> Array:
    """View a stretch of a file as an array, after checking that the file is long enough."""
    require_shape(path, what, dtype, shape, max(0, len(content) - offset))
    size = math.prod(shape) * dtype.itemsize
    if size == 0:
        return np.zeros(shape, dtype, order)
    view = content[offset : offset + size].view(dtype).reshape(shape, order=order)
    # Formats without padding may leave numbers at odd addresses.
    return view if view.flags.aligned else np.array(view)
