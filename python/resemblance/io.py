"""Files of numbers become arrays, lazily, and never by running code from the file.

| suffix | what comes back |
|---|---|
| ``.npy`` | one array, memory-mapped |
| ``.npz`` | a mapping from member name to array; members stored without compression are memory-mapped |
| ``.safetensors`` | a mapping from tensor name to array, memory-mapped; bfloat16 becomes float32 |
| ``.csv``, ``.tsv`` | one array of numbers; one column of whole numbers is a vector of class ids |

Files are treated as hostile: headers are checked against the size of the file before anything is allocated, and formats
that can hold pickled code (``.pt``, ``.pkl``, object arrays in ``.npy``) are refused with the code ``unsafe_file``.

>>> import tempfile, pathlib, numpy as np
>>> from resemblance import io
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> np.save(folder / "layer10.npy", np.ones((4, 2)))
>>> np.save(folder / "layer9.npy", np.zeros((4, 3)))
>>> {name: array.shape for name, array in io.load_many(folder / "*.npy").items()}
{'layer9': (4, 3), 'layer10': (4, 2)}
"""

from __future__ import annotations

import csv
import fnmatch
import glob
import json
import math
import os
import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, NoReturn, TypeAlias, overload

import numpy as np

from resemblance.errors import ResemblanceError, ResemblanceWarning, make

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

__all__ = ["Members", "load_many", "open"]

Array: TypeAlias = "NDArray[Any]"
PathLike: TypeAlias = "str | os.PathLike[str]"

#: Formats that may run code when they are loaded.
UNSAFE: Final = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle", ".joblib", ".dill")
#: Formats that hold several arrays, addressed as ``file.npz:key``.
CONTAINERS: Final = (".npz", ".safetensors")
#: Every format that can be read.
READABLE: Final = (".npy", *CONTAINERS, ".csv", ".tsv")


def _refuse(code: str, message: str, **details: object) -> NoReturn:
    raise make(code, message, details)


def _damaged(path: Path, problem: str) -> NoReturn:
    _refuse("damaged_file", f"{path} cannot be read: {problem}.", path=str(path), problem=problem)


def _unsafe(path: Path, what: str, remedy: str) -> NoReturn:
    _refuse("unsafe_file", f"{path} {what}; {remedy}.", path=str(path))


# ----------------------------------------------------------------------------------------------------------------- open


class Members(Mapping[str, Array]):
    """The arrays of one file by name; each is read (or mapped) when it is asked for."""

    def __init__(self, path: Path, names: Iterable[str]) -> None:
        self.path = path
        self._names = tuple(names)

    def _read(self, name: str) -> Array:
        raise NotImplementedError

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}: {', '.join(self._names) or 'empty'})"


@overload
def open(path: PathLike, key: str) -> Array: ...  # noqa: A001 - resemblance.open is meant to be read with its module
@overload
def open(path: PathLike, key: None = None) -> Array | Members: ...  # noqa: A001
def open(path: PathLike, key: str | None = None) -> Array | Members:  # noqa: A001
    r"""Open a file of numbers.

    Parameters
    ----------
    path : path-like
        A ``.npy``, ``.npz``, ``.safetensors``, ``.csv`` or ``.tsv`` file.
    key : str, optional
        Which array of a file that holds several (``.npz``, ``.safetensors``).

    Returns
    -------
    numpy.ndarray or Members
        The array. A file that may hold several gives a mapping from name to array if no `key` is given. Arrays of
        mapped files are read-only and read from disk as they are used; leave the file in place meanwhile.

    Raises
    ------
    ResemblanceError
        ``unsafe_file``: loading could run code. ``unknown_format``: the suffix is none of the above. ``damaged_file``:
        the content does not fit its header. ``not_a_number``: a field of a table, named by line and column.
        ``key_required``, ``unknown_key``: which array is meant.
    OSError
        If the file is missing or may not be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from resemblance import io
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = path.write_text("cat,dog\n0.25,0.75\n1,0\n")
    >>> io.open(path)
    array([[0.25, 0.75],
           [1.  , 0.  ]])
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in UNSAFE:
        _unsafe(
            path,
            "may contain pickled code, which runs when it is loaded",
            "load it where you trust it, for instance with torch.load(path, weights_only=True), and save the tensors "
            "with numpy.save or safetensors",
        )
    if suffix not in READABLE:
        known = ", ".join(READABLE)
        _refuse(
            "unknown_format",
            f"{path} has the suffix {suffix!r}; files that can be read end in {known}.",
            path=str(path),
            suffix=suffix,
            known=list(READABLE),
        )
    path.open("rb").close()  # a missing file, a folder or a forbidden one is an OSError that names it
    if suffix in CONTAINERS:
        members = _Npz(path) if suffix == ".npz" else _Safetensors(path)
        return members if key is None else _member(members, key)
    if key is not None:
        _refuse("unknown_key", f"{path} holds one array without a name; leave the key out.", path=str(path), key=key)
    return _npy(path) if suffix == ".npy" else _table(path, "," if suffix == ".csv" else "\t")


def _member(members: Members, key: str) -> Array:
    if key not in members:
        _refuse(
            "unknown_key",
            f"{members.path} has no array {key!r}; it holds {_some(members)}.",
            path=str(members.path),
            key=key,
            known=list(members),
        )
    return members[key]


def _some(names: Iterable[str], most: int = 8) -> str:
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return (", ".join(listed[:most]) or "nothing") + more


# ----------------------------------------------------------------------------------------------------------- .npy, .npz


class _NpyHeader(NamedTuple):
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    size: int  # bytes of the header itself

    @property
    def content(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def _npy_header(path: Path, stream: Any, name: str = "") -> _NpyHeader:
    """Read the header of an array file and refuse what could only be unpickled."""
    what = f"array {name!r}" if name else "it"
    magic = stream.read(6)
    if magic[:1] == b"\x80":
        _unsafe(path, "contains pickled code", "re-save plain numbers with numpy.save(..., allow_pickle=False)")
    if magic != b"\x93NUMPY":
        _damaged(path, f"{what} does not begin like a .npy file")
    try:
        version = tuple(stream.read(2))
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
            (3, 0): np.lib.format.read_array_header_2_0,  # 3.0 allows UTF-8 in names of fields, and we want none
        }[version]
        shape, fortran, dtype = read(stream)
    except KeyError:
        _damaged(path, f"{what} has an unknown .npy version")
    except Exception as error:  # noqa: BLE001 - NumPy lets through whatever Python's own parser says of hostile text
        _damaged(path, f"{what} has a bad header ({_first_line(error)})")
    if dtype.hasobject:
        _unsafe(
            path,
            f"contains pickled code ({what} is an array of Python objects)",
            "re-save plain numbers with numpy.save(..., allow_pickle=False)",
        )
    if dtype.itemsize == 0:
        _damaged(path, f"{what} holds values of no size ({dtype})")
    if any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize >= 2**62:
        _damaged(path, f"{what} states the impossible shape {shape}")
    return _NpyHeader(shape, fortran, dtype, stream.tell())


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _npy(path: Path) -> Array:
    with path.open("rb") as stream:
        header = _npy_header(path, stream)
    return _map(path, header.dtype, header.shape, offset=header.size, order="F" if header.fortran else "C")


def _map(
    path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int, order: Literal["C", "F"] = "C"
) -> Array:
    """Map a stretch of a file as an array, after checking that the file is long enough."""
    size = math.prod(shape) * dtype.itemsize
    length = path.stat().st_size
    if offset + size > length:
        _damaged(path, f"{shape} {dtype} needs {offset + size} bytes, the file has {length}")
    if size == 0:  # nothing can be mapped
        return np.zeros(shape, dtype, order)
    mapped = np.memmap(path, dtype, "r", offset, shape, order)
    # Formats without padding may leave numbers at odd addresses.
    return mapped if mapped.flags.aligned else np.array(mapped)


class _Npz(Members):
    def __init__(self, path: Path) -> None:
        try:
            with zipfile.ZipFile(path) as archive:
                infos = archive.infolist()
        except Exception as error:  # noqa: BLE001 - of a hostile archive zipfile says a dozen different things
            _damaged(path, f"it is no .npz archive ({_first_line(error)})")
        self._infos = {info.filename.removesuffix(".npy"): info for info in infos if info.filename[-1:] != "/"}
        if len(self._infos) < len(infos):
            _damaged(path, "two of its arrays have one name, or it holds folders")
        super().__init__(path, self._infos)

    def _read(self, name: str) -> Array:
        info = self._infos[name]
        if info.flag_bits & 0x1:
            _damaged(self.path, f"array {name!r} is encrypted")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            _damaged(self.path, f"array {name!r} uses a compression that NumPy does not write")
        # Deflate cannot pack more than 1032 to 1: a larger claim is a trap for memory.
        if info.file_size > 1040 * info.compress_size + 4096:
            _damaged(self.path, f"array {name!r} claims {info.file_size} bytes packed into {info.compress_size}")
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(info) as stream:
                header = _npy_header(self.path, stream, name)
                if header.size + header.content != info.file_size:
                    _damaged(self.path, f"array {name!r} has {info.file_size} bytes, its header says otherwise")
                if info.compress_type == zipfile.ZIP_DEFLATED:
                    return self._unpack(name, header, stream)
        except ResemblanceError:
            raise
        except Exception as error:  # noqa: BLE001 - of a hostile archive zipfile says a dozen different things
            _damaged(self.path, f"array {name!r} is broken ({_first_line(error)})")
        return _map(
            self.path,
            header.dtype,
            header.shape,
            offset=self._start(info) + header.size,
            order="F" if header.fortran else "C",
        )

    def _unpack(self, name: str, header: _NpyHeader, stream: Any) -> Array:
        content = bytearray(header.content)
        view, filled = memoryview(content), 0
        while filled < len(content):
            got = stream.readinto(view[filled:])
            if not got:
                _damaged(self.path, f"array {name!r} ends after {filled} of {len(content)} bytes")
            filled += got
        stream.read(1)  # lets the checksum be verified
        return np.frombuffer(content, header.dtype).reshape(header.shape, order="F" if header.fortran else "C")

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Where the bytes of a member begin: behind its local header, whose length the directory does not state."""
        with self.path.open("rb") as stream:
            stream.seek(info.header_offset)
            local = stream.read(30)
        if len(local) < 30 or local[:4] != b"PK\x03\x04":
            _damaged(self.path, f"array {info.filename!r} has a broken local header")
        name_length, extra_length = struct.unpack("<HH", local[26:30])
        return info.header_offset + 30 + int(name_length) + int(extra_length)


# ---------------------------------------------------------------------------------------------------------- safetensors

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


class _Safetensors(Members):
    """Own reader: eight bytes of length, JSON, then the bytes of all tensors without gaps."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            length = os.fstat(stream.fileno()).st_size
            start = stream.read(8)
            if len(start) < 8:
                _damaged(path, "it is shorter than the eight bytes of a safetensors file")
            size = int.from_bytes(start, "little")
            if size > _LARGEST_HEADER or 8 + size > length:
                _damaged(path, f"its header claims {size} bytes, the file has {length}")
            text = stream.read(size)
        self._data = 8 + size
        self._tensors = _tensors(path, _header(path, text), length - self._data)
        super().__init__(path, self._tensors)

    def _read(self, name: str) -> Array:
        tensor = self._tensors[name]
        code = _SAFETENSORS_DTYPES.get(tensor.kind)
        if code is None:
            _refuse(
                "unsupported_dtype",
                f"Tensor {name!r} of {self.path} holds {tensor.kind}; {', '.join(_SAFETENSORS_DTYPES)} can be read.",
                path=str(self.path),
                name=name,
                given=tensor.kind,
            )
        array = _map(self.path, np.dtype(code), tensor.shape, offset=self._data + tensor.begin)
        return _widen(array) if tensor.kind == "BF16" else array


def _header(path: Path, text: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) < len(pairs):
            _damaged(path, "its header repeats a name")
        return entries

    if not text.startswith(b"{"):
        _damaged(path, "its header is not JSON")
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        _damaged(path, f"its header is not JSON ({_first_line(error)})")
    except ResemblanceError:
        raise
    except ValueError as error:
        _damaged(path, f"its header is not JSON ({_first_line(error)})")  # a number of thousands of digits
    if not isinstance(header, dict):
        _damaged(path, "its header is not a JSON object")
    return header


def _tensors(path: Path, header: dict[str, Any], length: int) -> dict[str, _Tensor]:
    """Check every entry, and that together they cover the data exactly once."""
    header.pop("__metadata__", None)
    tensors = {name: _tensor(path, name, entry, length) for name, entry in header.items()}
    reached, last = 0, None
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin < reached:
            _damaged(path, f"tensors {last!r} and {name!r} overlap")
        if tensor.begin > reached:
            _damaged(path, f"bytes {reached} to {tensor.begin} belong to no tensor")
        reached, last = tensor.end, name
    if reached != length:
        _damaged(path, f"its tensors end at byte {reached}, its data at {length}")
    return tensors


def _tensor(path: Path, name: str, entry: object, length: int) -> _Tensor:
    def count(value: object) -> bool:
        return type(value) is int and 0 <= value < 2**62  # not isinstance: JSON's true is an int to Python

    match entry:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [begin, end], **rest} if not rest:
            pass
        case _:
            _damaged(path, f"tensor {name!r} lacks dtype, shape or data_offsets, or has more than these")
    if not all(map(count, shape)) or len(shape) > 32:
        _damaged(path, f"tensor {name!r} has the impossible shape {_short(shape)}")
    if not (count(begin) and count(end) and begin <= end <= length):
        _damaged(path, f"tensor {name!r} has the offsets {_short([begin, end])}, its data has {length} bytes")
    if kind in _SAFETENSORS_DTYPES:
        need = math.prod(shape) * np.dtype(_SAFETENSORS_DTYPES[kind]).itemsize
        if need != end - begin:
            _damaged(path, f"tensor {name!r} needs {need} bytes, its offsets leave {end - begin}")
    return _Tensor(kind, tuple(shape), begin, end)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


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
    wide = (stored.astype(np.uint32) << 16).view(np.float32).view(Narrow)
    wide.storage = "bf16"
    wide.flags.writeable = False
    return wide


# --------------------------------------------------------------------------------------------------------------- tables


def _table(path: Path, delimiter: str) -> Array:
    """Read a table of numbers: a fast pass, and a slow one that finds the field at fault."""
    header, first = _head(path, delimiter)
    # pandas writes the row numbers as a first column without a name; as a unit they would drown all others.
    drop = int(header is not None and len(header) > 1 and header[0].strip() == "")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of an empty table, refused by the measure that gets it
            table = np.loadtxt(
                path, np.float64, comments=None, delimiter=delimiter, skiprows=first, ndmin=2,
                encoding="utf-8-sig", quotechar='"', usecols=range(drop, len(header)) if drop and header else None,
            )  # fmt: skip
        if header is not None and table.size and table.shape[1] + drop != len(header):
            raise ValueError  # noqa: TRY301 (the slow pass says which line)
    except (ValueError, UnicodeDecodeError):
        table = _slow_table(path, delimiter, first, drop, header)
    if not table.size:
        return np.zeros((0, len(header) - drop if header else 0))
    if table.shape[1] == 1 and np.all(np.abs(table) < 2**53) and np.all(table == np.floor(table)):
        return table[:, 0].astype(np.int64)
    return table


def _lines(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a table that are not blank, with their numbers counted from 1."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        try:
            for fields in reader:
                if any(field.strip() for field in fields):
                    yield reader.line_num, fields
        except UnicodeDecodeError:
            _damaged(path, "it is not text in UTF-8")
        except csv.Error as error:
            _damaged(path, f"line {reader.line_num}: {_first_line(error)}")


def _number(field: str) -> float | None:
    try:
        return None if "_" in field else float(field)  # Python reads 1_000 as a number
    except ValueError:
        return None


def _head(path: Path, delimiter: str) -> tuple[list[str] | None, int]:
    """Return the header, if there is one, and how many lines to skip."""
    line, fields = next(_lines(path, delimiter), (0, [""]))
    numbers = [_number(field) for field in fields]
    if line == 0:
        return None, 0
    if None in numbers:
        return fields, line
    if len(fields) > 2 and numbers == list(range(len(fields))):
        message = (
            f"The first line of {path} counts 0 to {len(fields) - 1} and was taken for a header; "
            "give the columns names, or leave the header out, to be sure."
        )
        warnings.warn(ResemblanceWarning("header_assumed", message, {"path": str(path)}), stacklevel=4)
        return fields, line
    return None, line - 1


def _slow_table(path: Path, delimiter: str, first: int, drop: int, header: list[str] | None) -> Array:
    rows: list[list[float]] = []
    width = len(header) if header is not None else None
    for line, fields in _lines(path, delimiter):
        if line <= first:
            continue
        width = len(fields) if width is None else width
        if len(fields) != width:
            _refuse(
                "not_a_number",
                f"Line {line} of {path} has {len(fields)} fields, the first line has {width}.",
                path=str(path), line=line, fields=len(fields), expected=width,
            )  # fmt: skip
        row = []
        for column, field in enumerate(fields[drop:], drop + 1):
            value = _number(field)
            if value is None:
                named = f" ({header[column - 1].strip()!r})" if header else ""
                shown = repr(field if len(field) <= 40 else field[:37] + "...") if field.strip() else "an empty field"
                _refuse(
                    "not_a_number",
                    f"Line {line}, column {column}{named} of {path}: {shown} is not a number.",
                    path=str(path), line=line, column=column, given=field[:200],
                )  # fmt: skip
            row.append(value)
        rows.append(row)
    return np.array(rows, np.float64).reshape(len(rows), -1)


# ----------------------------------------------------------------------------------------------------------- many files


def load_many(patterns: PathLike | Iterable[PathLike]) -> dict[str, Array]:
    """Open many files at once, each array under a short name.

    Parameters
    ----------
    patterns : path-like or sequence of path-like
        Files or patterns (``run1/*.npy``, ``**/acts.npz``), and ``file.npz:key`` (a pattern too) for single arrays of
        a file that holds several.

    Returns
    -------
    dict
        Name to array, in the order of the patterns, files of one pattern sorted the natural way (``layer9`` before
        ``layer10``). A name is the file's name without its suffix, ``file:key`` for one array of several, with as many
        parent folders in front as it takes to tell all names apart.

    Raises
    ------
    FileNotFoundError
        If a pattern matches nothing.
    ResemblanceError
        Whatever `open` says about a file.
    """
    listed = [patterns] if isinstance(patterns, str | os.PathLike) else list(patterns)
    found: dict[tuple[Path, str | None], Array] = {}
    seen: set[tuple[Path, str | None]] = set()
    for pattern in listed:
        for path, key, array in _match(os.fspath(pattern)):
            identity = (path.resolve(), key)
            if identity not in seen:
                seen.add(identity)
                found[path, key] = array
    return dict(zip(_names(list(found)), found.values(), strict=True))


def split_key(address: str) -> tuple[str, str | None]:
    """Split ``file.npz:key`` into file and key; any other address is a file."""
    for suffix in CONTAINERS:
        at = address.lower().find(suffix + ":")
        if at >= 0:
            return address[: at + len(suffix)], address[at + len(suffix) + 1 :]
    return address, None


def _match(pattern: str) -> Iterator[tuple[Path, str | None, Array]]:
    pattern, key = split_key(pattern)
    paths = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern, recursive=True), key=_natural)  # noqa: PTH207 - Path.glob takes no absolute ones
    if not paths:
        raise FileNotFoundError(2, "No such file", pattern)
    for path in map(Path, paths):
        opened = open(path)
        if not isinstance(opened, Members):
            if key is not None:
                open(path, key)  # says that there are no keys
            yield path, None, opened
            continue
        keys = [name for name in opened if key is None or name == key or fnmatch.fnmatchcase(name, key)]
        if not keys and key is not None:
            _member(opened, key)  # says which keys there are
        for name in sorted(keys, key=_natural):
            yield path, name, opened[name]


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key by which layer9 comes before layer10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def _names(sources: list[tuple[Path, str | None]]) -> list[str]:
    def name(path: Path, key: str | None, parents: int) -> str:
        parts = path.with_suffix("").parts
        return "/".join(parts[-1 - parents :]) + (f":{key}" if key is not None else "")

    deepest = max((len(path.parts) for path, _ in sources), default=0)
    for parents in range(deepest):
        names = [name(path, key, parents) for path, key in sources]
        if len(set(names)) == len(names):
            return names
    return [str(path) + (f":{key}" if key is not None else "") for path, key in sources]
