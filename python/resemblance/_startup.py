"""Ctrl-C while the command line is still being loaded ends it in one line.

`resemblance.cli.main` catches it later on; before that there is nobody to catch it, and loading NumPy takes a while.
This module is imported first, and does nothing where the package is imported by another program.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

INTERRUPTED = 130  # the exit code after Ctrl-C, as shells have it


def end(*_: object) -> None:
    """End the process."""
    with contextlib.suppress(OSError):
        os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def _is_command_line() -> bool:
    program = sys.argv[0] if sys.argv else ""
    if program == "-m":  # while the package of `python -m resemblance` is loaded
        return sys.orig_argv[1:3] == ["-m", "resemblance"]
    return program.replace("\\", "/").rpartition("/")[2].removesuffix(".exe") == "resemblance"


if _is_command_line() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    with contextlib.suppress(ValueError):  # of a thread, which may not
        signal.signal(signal.SIGINT, end)
