"""One file becomes an array, or a mapping of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, overload

from resemblance.io._members import Members, member
from resemblance.io._npy import read_npy
from resemblance.io._npz import Npz
from resemblance.io._refusals import refuse, require_regular, some, unsafe
from resemblance.io._safetensors import Safetensors
from resemblance.io._table import read_labels, read_table

if TYPE_CHECKING:
    import os

    from resemblance.io._members import Array

PathLike: TypeAlias = "str | os.PathLike[str]"

#: Formats that may run code when they are loaded.
UNSAFE: Final = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle", ".joblib", ".dill")
#: Formats that hold several arrays, addressed as ``file.npz:key``.
CONTAINERS: Final = (".npz", ".safetensors")
#: Every format that can be read.
READABLE: Final = (".npy", *CONTAINERS, ".csv", ".tsv")

_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}


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
        mapped files are read-only and read from disk as they are used; leave the file in place meanwhile. A table gives
        a `Table`: an array that knows the names of its rows, which operations compare, and of the columns that were
        read. One column of whole numbers, or of words, gives a vector of class ids.

    Raises
    ------
    ResemblanceError
        ``unsafe_file``: loading could run code. ``unknown_format``: the suffix is none of the above. ``damaged_file``:
        the content does not fit its header. ``not_a_number``: a field of a table, named by line and column.
        ``key_required``, ``unknown_key``: which array is meant. ``not_a_file``: a pipe or a device.
    OSError
        If the file is missing or may not be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from resemblance import io
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = path.write_text("image,cat,dog\na.png,0.25,0.75\nb.png,1,0\n")
    >>> scores = io.open(path)
    >>> scores
    Table([[0.25, 0.75],
           [1.  , 0.  ]])
    >>> scores.columns, scores.row_names
    (('cat', 'dog'), ('a.png', 'b.png'))
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in UNSAFE:
        unsafe(
            path,
            "may contain pickled code, which runs when it is loaded",
            "load it where you trust it, for instance with torch.load(path, weights_only=True), and save the tensors "
            "with numpy.save or safetensors",
        )
    if suffix not in READABLE:
        known = ", ".join(READABLE)
        refuse(
            "unknown_format",
            f"{path} has the suffix {suffix!r}; files that can be read end in {known}.",
            path=str(path),
            suffix=suffix,
            known=list(READABLE),
        )
    require_regular(path)  # a missing file, a folder or a forbidden one is an OSError that names it
    if suffix in CONTAINERS:
        members = Npz(path) if suffix == ".npz" else Safetensors(path)
        return members if key is None else member(members, key)
    if key is not None:
        refuse("unknown_key", f"{path} holds one array without a name; leave the key out.", path=str(path), key=key)
    return read_npy(path) if suffix == ".npy" else read_table(path, _DELIMITERS[suffix])


def split_key(address: str) -> tuple[str, str | None]:
    """Split ``file.npz:key`` into file and key; any other address is a file."""
    for suffix in CONTAINERS:
        at = address.lower().find(suffix + ":")
        if at >= 0:
            return address[: at + len(suffix)], address[at + len(suffix) + 1 :]
    return address, None


def open_one(address: str) -> Array:
    """Open the one array that is meant by ``file`` or ``file.npz:key``.

    Parameters
    ----------
    address : str
        A file; the key may be left out if it holds one array only.

    Returns
    -------
    numpy.ndarray
        The array.

    Raises
    ------
    ResemblanceError
        ``key_required`` if there are several; whatever `open` says about a file.
    """
    path, key = split_key(address)
    opened = open(path, key)
    if not isinstance(opened, Members):
        return opened
    if len(opened) != 1:
        message = f"{path} holds {len(opened)} arrays ({some(opened)}): say which one as {path}:KEY."
        refuse("key_required", message, path=path, known=list(opened))
    return opened[next(iter(opened))]


def open_ids(address: str, n: int | None = None) -> Array:
    """Open a file of one id per row: a vector, or a table of one column of numbers or words.

    Parameters
    ----------
    address : str
        A file, or ``file.npz:key``.
    n : int, optional
        The number of rows, which tells whether the first line of a table is a header. Without it, as `open` tells.

    Returns
    -------
    numpy.ndarray
        A vector of n ids.

    Raises
    ------
    ResemblanceError
        ``row_count_mismatch`` if there are not as many; ``bad_option`` if there is more than one column of data, or an
        id is missing; whatever `open` says about a file.
    """
    path = Path(address)
    if n is not None and path.suffix.lower() in _DELIMITERS:
        require_regular(path)
        return read_labels(path, _DELIMITERS[path.suffix.lower()], n)
    found = open_one(address)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1:
        refuse("bad_option", f"{address} has shape {found.shape}; one id per row is needed.", shape=found.shape)
    if n is not None and len(found) != n:
        refuse("row_count_mismatch", f"{address} has {len(found)} ids for {n} rows.", n=n, m=len(found))
    return found
