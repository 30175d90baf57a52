"""Functions in Python, called elsewhere: by anything that has `submit`.

Work goes out in blocks, a bounded number of them at a time, and comes back in its order, so that the results do not
depend on who did it. The settings of `config` travel with it.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from resemblance._config import applied, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resemblance._config import Settings

    class Future(Protocol):
        """What `submit` returns."""

        def result(self) -> Any:
            """Wait for the result, or raise what went wrong."""

    class Submits(Protocol):
        """An executor of `concurrent.futures`, a client of Dask, or anything else with `submit`."""

        def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
            """Call the function elsewhere and return a future."""


Item = TypeVar("Item")

_BLOCKS = 256  # into which all work is cut, so that its parts are neither many nor unlike in length
_AHEAD = 64  # blocks that are waited for at a time


def in_order(
    executor: Submits | None, work: Callable[..., Any], about: tuple[Any, ...], items: Iterable[Item], count: int
) -> Iterator[Any]:
    """Yield ``work(*about, item)`` for all items in order, computed here or by the executor."""
    if executor is None:
        for item in items:
            yield work(*about, item)
        return
    waiting: deque[Future] = deque()
    in_force = settings()
    try:
        for block in _blocks(items, -(-count // _BLOCKS)):
            waiting.append(executor.submit(_block_of, in_force, work, about, block))
            if len(waiting) == _AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for future in waiting:
            with suppress(Exception):  # of somebody else's executor, after a failure or an interrupt
                future.cancel()  # type: ignore[attr-defined]  # not all futures have it


def _blocks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    block: list[Item] = []
    for item in items:
        block.append(item)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block


def _block_of(in_force: Settings, work: Callable[..., Any], about: tuple[Any, ...], block: list[Any]) -> list[Any]:
    with applied(in_force):
        return [work(*about, item) for item in block]
