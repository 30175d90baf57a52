"""Many files at once, and the short names by which results call their arrays."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from resemblance.io._members import Members, member
from resemblance.io._open import open, split_key  # noqa: A004 - the one of this package

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resemblance.io._members import Array
    from resemblance.io._open import PathLike


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
        for path, real, key, array in _match(os.fspath(pattern)):
            if (real, key) not in seen:
                seen.add((real, key))
                found[path, key] = array
    return dict(zip(_names(list(found)), found.values(), strict=True))


def _match(pattern: str) -> Iterator[tuple[Path, Path, str | None, Array]]:
    pattern, key = split_key(pattern)
    paths = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern, recursive=True), key=_natural)  # noqa: PTH207 - Path.glob takes no absolute ones
    if not paths:
        raise FileNotFoundError(2, "No such file", pattern)
    for path in map(Path, paths):
        opened, real = open(path), path.resolve()
        if not isinstance(opened, Members):
            if key is not None:
                open(path, key)  # says that there are no keys
            yield path, real, None, opened
            continue
        keys = [name for name in opened if key is None or name == key or fnmatch.fnmatchcase(name, key)]
        if not keys and key is not None:
            member(opened, key)  # says which keys there are
        for name in sorted(keys, key=_natural):
            yield path, real, name, opened[name]


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key by which layer9 comes before layer10; numbers are compared by their digits, however many these are."""
    parts = [part for part in re.split(r"([0-9]+)", name) if part]
    return [(0, len(part.lstrip("0")), part.lstrip("0")) if part[0] in "0123456789" else (1, 0, part) for part in parts]


def _names(sources: list[tuple[Path, str | None]]) -> list[str]:
    def name(path: Path, key: str | None, parents: int) -> str:
        parts = path.with_suffix("").parts
        return "/".join(parts[-1 - parents :]) + (f":{key}" if key is not None else "")

    sources = [(Path(_printable(str(path))), key if key is None else _printable(key)) for path, key in sources]
    deepest = max((len(path.parts) for path, _ in sources), default=0)
    for parents in range(deepest):
        names = [name(path, key, parents) for path, key in sources]
        if len(set(names)) == len(names):
            return names
    return [str(path) + (f":{key}" if key is not None else "") for path, key in sources]


def _printable(name: str) -> str:
    """Replace what is no text: names of files are bytes, and need not be UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()
