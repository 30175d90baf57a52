"""What the readers say of files they refuse: one sentence each, and names of any length cut to fit it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NoReturn

from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MOST = 60  # characters of a name from a file
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def refuse(code: str, message: str, **details: object) -> NoReturn:
    """Raise the error of this code."""
    raise make(code, message, details)


def damaged(path: Path, problem: str) -> NoReturn:
    """Say that the content of a file contradicts itself."""
    refuse("damaged_file", f"{path} cannot be read: {problem}.", path=str(path), problem=problem)


def unsafe(path: Path, what: str, remedy: str) -> NoReturn:
    """Say that reading a file could run code from it."""
    refuse("unsafe_file", f"{path} {what}; {remedy}.", path=str(path))


def require_regular(path: Path) -> None:
    """Refuse pipes and devices, which have no size, and may never end; a missing file or a folder is an `OSError`."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        kind = _KINDS.get(stat.S_IFMT(mode), "no file")
        remedy = "copy its content to a file and read that"
        refuse("not_a_file", f"{path} is {kind}, and only files can be read; {remedy}.", path=str(path), kind=kind)
    os.close(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))  # may it be read?
    if stat.S_ISDIR(mode):
        path.open("rb").close()  # says so


def first_line(error: BaseException) -> str:
    """Return what an error of another library says, in a line."""
    return short((str(error).splitlines() or [type(error).__name__])[0], 120)


def short(text: object, most: int = _MOST) -> str:
    """Cut a text from a file to a length that a sentence can hold."""
    try:
        shown = str(text)
    except ValueError:  # an integer of more digits than Python converts
        return "a number of thousands of digits"
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


def quoted(name: str) -> str:
    """Show a name from a file."""
    return repr(short(name))


def some(names: Iterable[str], most: int = 8) -> str:
    """List the first names of many."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return (", ".join(map(short, listed[:most])) or "nothing") + more
