"""The NumPy format: a header of text, then the bytes of one array."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from resemblance.io._members import array_at, mapped, require_shape
from resemblance.io._refusals import damaged, first_line, quoted, short, unsafe

if TYPE_CHECKING:
    from pathlib import Path

    from resemblance.io._members import Array

_RESAVE: Final = "re-save plain numbers with numpy.save(..., allow_pickle=False)"


class Readable(Protocol):
    """Bytes from the beginning of an array file."""

    def read(self, size: int = ..., /) -> bytes:
        """Return that many bytes, fewer at the end."""

    def tell(self) -> int:
        """Return how many bytes were read."""


class NpyHeader(NamedTuple):
    """What an array file says of itself."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    size: int  # bytes of the header itself

    @property
    def content(self) -> int:
        """Bytes of the numbers."""
        return math.prod(self.shape) * self.dtype.itemsize

    def place(self) -> dict[str, Any]:
        """Where the numbers are and how they lie, in the words of `array_at`."""
        order = "F" if self.fortran else "C"
        return {"dtype": self.dtype, "shape": self.shape, "offset": self.size, "order": order}


def read_npy(path: Path) -> Array:
    """Map an array file."""
    with path.open("rb") as stream:
        header = read_header(path, stream, "it", path.stat().st_size)
    return array_at(path, mapped(path), "it", **header.place())


def read_header(path: Path, stream: Readable, what: str, length: int) -> NpyHeader:
    """Read the header of an array file of this length, and refuse what could only be unpickled."""
    magic = stream.read(6)
    if magic[:1] == b"\x80":
        unsafe(path, "contains pickled code", _RESAVE)
    if magic != b"\x93NUMPY":
        damaged(path, f"{what} does not begin like a .npy file")
    version = tuple(stream.read(2))
    if version not in {(1, 0), (2, 0), (3, 0)}:
        damaged(path, f"{what} has an unknown .npy version")
    # Version 3.0 allows UTF-8 in names of fields, and we want none.
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote
            shape, fortran, dtype = read(stream)
    except Exception as error:  # noqa: BLE001 - NumPy lets through whatever Python's own parser says of hostile text
        damaged(path, f"{what} has a bad header ({first_line(error)})")
    if dtype.hasobject:
        unsafe(path, f"contains pickled code ({what} is an array of Python objects)", _RESAVE)
    if dtype.itemsize == 0 or dtype.subdtype is not None:
        damaged(path, f"{what} holds values of no size, or that are arrays ({short(dtype)})")
    header = NpyHeader(shape, fortran, dtype, stream.tell())
    require_shape(path, what, dtype, shape, length - header.size)
    return header


def array_called(name: str) -> str:
    """Name one of several arrays in a sentence."""
    return f"array {quoted(name)}"
