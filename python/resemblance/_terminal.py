"""What a program writes where, and what it does if nobody can read it.

Results go to stdout and remarks to stderr. Either may be closed, full, a pipe whose reader has left, or a terminal that
knows no letters beyond ASCII: none of these is a reason for a traceback, and only lost results are a failure.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from resemblance._startup import end

if TYPE_CHECKING:
    from pathlib import Path

_IN_ASCII = str.maketrans({"∞": "inf", "±": "+-", "…": "...", "→": "->", "≤": "<="})


def begin() -> None:
    """Take the streams over: what cannot be encoded is shown by its number, and Ctrl-C is an exception again."""
    if signal.getsignal(signal.SIGINT) is end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_terminal() -> bool:
    """Whether somebody watches stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


def say(text: str) -> None:
    """Write one line to stderr, whatever the text contains."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(" ".join(text.split()) + "\n")
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def require_output() -> None:
    """Refuse to work for a closed stdout."""
    if sys.stdout is None:
        raise OSError(9, "it is closed", "stdout")


def put(text: object) -> None:
    """Write a result to stdout."""
    shown = str(text)
    if not writes_unicode():
        shown = shown.translate(_IN_ASCII)
    _to_stdout(lambda: sys.stdout.write(f"{shown}\n"))


def flush() -> None:
    """Let all results reach their reader."""
    if sys.stderr is not None:
        try:
            sys.stderr.flush()
        except OSError:
            _silence(sys.stderr)
    if sys.stdout is not None:
        _to_stdout(sys.stdout.flush)


def writes_unicode() -> bool:
    """Whether stdout can encode every text."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def _to_stdout(write: Any) -> None:
    try:
        write()
    except OSError as error:
        _silence(sys.stdout)  # or the interpreter would try again at its end
        if isinstance(error, BrokenPipeError):
            raise
        raise OSError(error.errno, error.strerror, "stdout") from error


def _silence(stream: Any) -> None:
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def probe(folder: Path, names: list[str]) -> None:
    """Make a folder, and see that these files can be written there, before there is anything to lose."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
    for name in names:
        path = folder / name
        if path.exists():
            path.open("ab").close()
