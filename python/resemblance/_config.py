"""Settings that are no property of a measure: threads, memory, and what happens to warnings.

>>> import resemblance as rs
>>> with rs.config(num_threads=1, on_warning="ignore"):
...     rs.show_config()["num_threads"]
1

The number of threads is the first of these that is given: the argument of an operation, `config`, `set_config`, the
environment variables ``RESEMBLANCE_NUM_THREADS``, ``RAYON_NUM_THREADS``, ``OMP_NUM_THREADS``, ``SLURM_CPUS_PER_TASK``,
the number of processors this process may use. Results do not depend on it. An operation that needs more memory than
`config`, `set_config` or ``RESEMBLANCE_MEMORY_LIMIT`` allow, or than the system has left, is refused before it begins.
The environment is read once, at the first call.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from operator import index
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from resemblance import _core
from resemblance._inputs import require_choice
from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import EllipsisType, TracebackType

__all__ = ["config", "set_config", "show_config"]

# The number of threads, and the most bytes that an operation may take.
Resources: TypeAlias = tuple[int, int | None]
Policy: TypeAlias = Literal["warn", "raise", "ignore"]

_POLICIES = ("warn", "raise", "ignore")
_UNITS = {"": 1, "b": 1, "bytes": 1}
_UNITS |= {f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)}
_UNITS |= {f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]*)")
_MOST = 1 << 63
_MOST_THREADS = (1 << 16) - 1  # of a pool
_THREAD_VARIABLES = ("RESEMBLANCE_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK")


class Settings(NamedTuple):
    """What was set by hand; None falls through to the environment."""

    num_threads: int | None = None
    on_warning: Policy | None = None
    memory_limit: int | None = None

    def over(self, other: Settings) -> Settings:
        """Take from `other` what is not set here."""
        return Settings(
            self.num_threads or other.num_threads,
            self.on_warning or other.on_warning,
            self.memory_limit or other.memory_limit,
        )


_lock = Lock()
_process = Settings()
_blocks: ContextVar[tuple[Settings, ...]] = ContextVar("resemblance_settings", default=())


class config:  # noqa: N801 - used like a function
    """Hold settings inside a ``with`` block, for the thread or the task that runs it and for no other.

    Nothing changes before the block is entered; `set_config` sets the whole process. Blocks may be nested, and one
    object may be entered any number of times, from any number of threads.

    Parameters
    ----------
    num_threads : int, optional
        Number of threads, at least 1. Results do not depend on it.
    on_warning : {"warn", "raise", "ignore"}, optional
        ``"warn"`` (the default) reports through Python's `warnings`, once per kind and call; ``"raise"`` makes every
        warning an error; ``"ignore"`` leaves them in the results only.
    memory_limit : int or str, optional
        The most memory that an operation may take, in bytes or with a unit, as in ``"4 GiB"``; one that needs more
        raises `OverBudgetError` before it begins. What the machine, a container or a batch job has left is respected
        without it.

    See Also
    --------
    set_config : Settings of the whole process.
    show_config : The settings in force.

    Examples
    --------
    >>> import resemblance as rs
    >>> with rs.config(on_warning="raise"):
    ...     rs.show_config()["on_warning"]
    'raise'
    >>> rs.show_config()["on_warning"]
    'warn'
    """

    def __init__(
        self,
        *,
        num_threads: int | None = None,
        on_warning: Policy | None = None,
        memory_limit: int | str | None = None,
    ) -> None:
        self._given = Settings(
            None if num_threads is None else _thread_count(num_threads), _policy(on_warning), _memory(memory_limit)
        )

    def __enter__(self) -> None:
        blocks = _blocks.get()
        _blocks.set((*blocks, self._given.over(blocks[-1]) if blocks else self._given))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _blocks.set(_blocks.get()[:-1])

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._given._asdict().items())
        return f"config({given})"


def set_config(
    *,
    num_threads: int | EllipsisType | None = ...,
    on_warning: Policy | EllipsisType | None = ...,
    memory_limit: int | str | EllipsisType | None = ...,
) -> None:
    """Set the whole process, all of its threads; blocks of `config` have precedence.

    Parameters
    ----------
    num_threads : int or None, optional
        As for `config`. None goes back to what the environment says; what is not given stays as it is.
    on_warning : {"warn", "raise", "ignore"} or None, optional
        As for `config`.
    memory_limit : int, str or None, optional
        As for `config`.

    See Also
    --------
    config : Settings of one block.

    Examples
    --------
    >>> import resemblance as rs
    >>> rs.set_config(on_warning="ignore")
    >>> rs.show_config()["on_warning"]
    'ignore'
    >>> rs.set_config(on_warning=None)
    """
    global _process  # noqa: PLW0603 - this is the one place where process-wide settings live
    given: dict[str, Any] = {}
    if num_threads is not ...:
        given["num_threads"] = None if num_threads is None else _thread_count(num_threads)
    if on_warning is not ...:
        given["on_warning"] = _policy(on_warning)
    if memory_limit is not ...:
        given["memory_limit"] = _memory(memory_limit)
    with _lock:
        _process = _process._replace(**given)


@contextmanager
def applied(given: Settings) -> Iterator[None]:
    """Hold settings that were taken elsewhere, in another thread or process."""
    blocks = _blocks.get()
    _blocks.set((*blocks, given))
    try:
        yield
    finally:
        _blocks.set(blocks)


def show_config() -> dict[str, Any]:
    """Tell the settings in force and how the core was built.

    Returns
    -------
    dict
        ``num_threads`` and ``num_threads_from`` (what decided it), ``on_warning``, ``memory_limit`` in bytes (None
        where only the system limits it), and what the compiled core says about itself, such as ``debug_build``.

    Examples
    --------
    >>> import resemblance as rs
    >>> with rs.config(num_threads=2):
    ...     rs.show_config()["num_threads_from"]
    'config'
    """
    given, environment = settings(), _environment()
    own = {
        "num_threads": given.num_threads or environment.num_threads,
        "num_threads_from": "config" if given.num_threads else environment.num_threads_from,
        "on_warning": on_warning(),
        "memory_limit": given.memory_limit or environment.memory_limit,
    }
    return own | _core.show_config()


def resources(num_threads: int | None = None) -> Resources:
    """Return the number of threads to use, given an operation's argument, and the limit on memory."""
    given, environment = settings(), _environment()
    count = given.num_threads or environment.num_threads if num_threads is None else _thread_count(num_threads)
    return count, given.memory_limit or environment.memory_limit


def on_warning() -> Policy:
    """Return what to do with warnings."""
    return settings().on_warning or _environment().on_warning


def settings() -> Settings:
    """Return what was set by hand."""
    blocks = _blocks.get()
    return blocks[-1].over(_process) if blocks else _process


def _thread_count(value: Any) -> int:
    try:
        count = 0 if isinstance(value, bool) else index(value)
    except TypeError:
        count = 0
    if not 1 <= count <= _MOST_THREADS:
        message = f"num_threads={value!r} must be a whole number of at least 1 and at most {_MOST_THREADS}."
        raise make("bad_option", message, {"option": "num_threads", "given": repr(value)})
    return count


def _policy(value: Any, name: str = "on_warning") -> Policy | None:
    if value is not None:
        require_choice(name, value, _POLICIES)
    return value  # type: ignore[no-any-return]


def _memory(value: Any, name: str = "memory_limit") -> int | None:
    if value is None:
        return None
    count = 0.0
    if isinstance(value, str):
        if (found := _AMOUNT.fullmatch(value.strip())) and (unit := found[2].casefold()) in _UNITS:
            count = float(found[1]) * _UNITS[unit]
    elif not isinstance(value, bool):
        with suppress(TypeError):
            count = index(value)
    if not 1 <= count < _MOST:
        message = f'{name}={value!r} must be a number of bytes, or a text like "4 GiB".'
        raise make("bad_option", message, {"option": name, "given": repr(value)})
    return int(count)


class _Environment(NamedTuple):
    num_threads: int
    num_threads_from: str
    on_warning: Policy
    memory_limit: int | None


@cache
def _environment() -> _Environment:
    """Read the settings that the environment has."""
    memory = _memory(os.environ.get("RESEMBLANCE_MEMORY_LIMIT") or None, "RESEMBLANCE_MEMORY_LIMIT") or _installed()
    policy = _policy(os.environ.get("RESEMBLANCE_ON_WARNING") or None, "RESEMBLANCE_ON_WARNING") or "warn"
    for name in _THREAD_VARIABLES:
        value = os.environ.get(name, "").split(",")[0].strip()  # OMP_NUM_THREADS may be a list, one per nesting level
        if value.isdecimal() and int(value) > 0:
            return _Environment(int(value), name, policy, memory)
        if value and name == "RESEMBLANCE_NUM_THREADS":  # the variables of others may hold what they like
            message = f"{name}={value!r} must be a whole number of at least 1."
            raise make("bad_option", message, {"option": name, "given": value})
    return _Environment(_core.default_threads(), "processors", policy, memory)


def _installed() -> int | None:
    """Return the memory of the machine where the core cannot tell what is free of it: outside of Linux."""
    if sys.platform == "linux" or not {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(getattr(os, "sysconf_names", ())):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
