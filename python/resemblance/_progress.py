"""What `progress=` may be: nothing, True for a bar, or a function of (done, total)."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Callback: TypeAlias = Callable[[int, int], object]
    Progress: TypeAlias = Callback | bool | None


@contextmanager
def reporting(progress: Progress, what: str) -> Iterator[Callback | None]:
    """Provide the function to be told how far the work is, and tidy up behind it."""
    if progress is None or progress is False:
        yield None
    elif progress is True:
        bar = _bar(what)
        try:
            yield bar.tell
        finally:
            bar.close()
    elif callable(progress):
        yield progress
    else:
        message = f"progress={progress!r} must be True, None or a function of (done, total)."
        raise make("bad_option", message, {"option": "progress", "given": repr(progress)})


def part(tell: Callback | None, at: int, parts: int, size: int) -> Callback | None:
    """Provide the function to be told how far one of several pieces of work is, each of which counts `size`."""
    if tell is None or parts == 1:
        return tell

    def told(done: int, total: int) -> None:
        tell(at * size + size * done // max(total, 1), parts * size)

    return told


def _bar(what: str) -> _Tqdm | _Line:
    try:
        from tqdm import tqdm  # noqa: PLC0415 - an optional dependency
    except ImportError:
        return _Line(what)
    return _Tqdm(tqdm, what)


class _Tqdm:
    """A tqdm bar, made with the first report because that tells its length."""

    def __init__(self, make_bar: Any, what: str) -> None:
        self._make_bar = make_bar
        self._what = what
        self._bar: Any = None

    def tell(self, done: int, total: int) -> None:
        if self._bar is None:
            self._bar = self._make_bar(total=total, desc=self._what, leave=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Line:
    """One line on stderr, written over and over."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._percent = -1

    def tell(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if percent != self._percent:
            self._percent = percent
            sys.stderr.write(f"\r{self._what}: {done} of {total} ({percent}%)")
            sys.stderr.flush()

    def close(self) -> None:
        if self._percent >= 0:
            sys.stderr.write("\n")
