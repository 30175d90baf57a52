"""The safetensors format: eight bytes of length, JSON, then the bytes of all tensors without gaps."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from resemblance.errors import ResemblanceError
from resemblance.io._members import Members, array_at, require_shape
from resemblance.io._refusals import damaged, first_line, quoted, refuse, short

if TYPE_CHECKING:
    from pathlib import Path

    from resemblance.io._members import Array

_SAFETENSORS_DTYPES: Final = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "BOOL": "|b1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1",
}  # fmt: skip
_LARGEST_HEADER: Final = 100_000_000  # the limit of the format


class _Tensor(NamedTuple):
    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


class Safetensors(Members):
    """The tensors of a file."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            length = os.fstat(stream.fileno()).st_size
            start = stream.read(8)
            if len(start) < 8:
                damaged(path, "it is shorter than the eight bytes of a safetensors file")
            size = int.from_bytes(start, "little")
            if size > _LARGEST_HEADER or 8 + size > length:
                damaged(path, f"its header claims {size} bytes, the file has {length}")
            text = stream.read(size)
        self._data = 8 + size
        self._tensors = _tensors(path, _header(path, text), length - self._data)
        super().__init__(path, self._tensors)

    def _read(self, name: str) -> Array:
        tensor = self._tensors[name]
        code = _SAFETENSORS_DTYPES.get(tensor.kind)
        if code is None:
            refuse(
                "unsupported_dtype",
                f"Tensor {quoted(name)} of {self.path} holds {short(tensor.kind)}; "
                f"{', '.join(_SAFETENSORS_DTYPES)} can be read.",
                path=str(self.path),
                name=name,
                given=tensor.kind,
            )
        what, offset = f"tensor {quoted(name)}", self._data + tensor.begin
        array = array_at(self.path, self._mapped, what, dtype=np.dtype(code), shape=tensor.shape, offset=offset)
        return _widen(array) if tensor.kind == "BF16" else array


def _header(path: Path, text: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) < len(pairs):
            damaged(path, "its header repeats a name")
        return entries

    if not text.startswith(b"{"):
        damaged(path, "its header is not JSON")
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        damaged(path, f"its header is not JSON ({first_line(error)})")
    except ResemblanceError:
        raise
    except ValueError as error:
        damaged(path, f"its header is not JSON ({first_line(error)})")  # a number of thousands of digits
    if not isinstance(header, dict):
        damaged(path, "its header is not a JSON object")
    return header


def _tensors(path: Path, header: dict[str, Any], length: int) -> dict[str, _Tensor]:
    """Check every entry, and that together they cover the data exactly once."""
    header.pop("__metadata__", None)
    tensors = {name: _tensor(path, name, entry, length) for name, entry in header.items()}
    reached, last = 0, ""
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin < reached:
            damaged(path, f"tensors {quoted(last)} and {quoted(name)} overlap")
        if tensor.begin > reached:
            damaged(path, f"bytes {reached} to {tensor.begin} belong to no tensor")
        reached, last = tensor.end, name
    if reached != length:
        damaged(path, f"its tensors end at byte {reached}, its data at {length}")
    return tensors


def _tensor(path: Path, name: str, entry: object, length: int) -> _Tensor:
    def count(value: object) -> bool:
        return type(value) is int and 0 <= value < 2**62  # not isinstance: JSON's true is an int to Python

    match entry:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [begin, end], **rest} if not rest:
            pass
        case _:
            damaged(path, f"tensor {quoted(name)} lacks dtype, shape or data_offsets, or has more than these")
    if not all(map(count, shape)):
        damaged(path, f"tensor {quoted(name)} has the impossible shape {short(shape)}")
    if not (count(begin) and count(end) and begin <= end <= length):
        damaged(path, f"tensor {quoted(name)} has the offsets {short([begin, end])}, its data has {length} bytes")
    if kind in _SAFETENSORS_DTYPES:
        dtype = np.dtype(_SAFETENSORS_DTYPES[kind])
        require_shape(path, f"tensor {quoted(name)}", dtype, tuple(shape), end - begin)
        need = math.prod(shape) * dtype.itemsize
        if need != end - begin:
            damaged(path, f"tensor {quoted(name)} needs {need} bytes, its offsets leave {end - begin}")
    return _Tensor(kind, tuple(shape), begin, end)


class Narrow(np.ndarray[Any, Any]):
    """Values handed over in a wider type than the file holds; `storage` names the narrow one.

    Round-off of the storage decides which singular values count, so the name travels with slices, and ends with the
    first arithmetic.
    """

    storage: str | None

    def __array_finalize__(self, parent: object) -> None:
        self.storage = getattr(parent, "storage", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        def plain(value: Any) -> Any:
            return value.view(np.ndarray) if isinstance(value, Narrow) else value

        if "out" in options:
            options["out"] = tuple(map(plain, options["out"]))
        return getattr(ufunc, method)(*map(plain, inputs), **options)


def _widen(stored: Array) -> Array:
    """bfloat16 is the upper half of a float32."""
    wide = np.zeros(stored.shape, np.uint32)
    np.left_shift(stored, 16, out=wide, casting="safe", dtype=np.uint32)  # an array even of a single number
    narrow = wide.view(np.float32).view(Narrow)
    narrow.storage = "bf16"
    narrow.flags.writeable = False
    return narrow
