"""The decorator that states facts of a function in Python, and where they are kept: on the function itself.

A function that is marked is the function that it was, so that a pool of processes finds it by its name, and whoever
receives it receives its facts.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from resemblance._inputs import require_choice, whole
from resemblance.errors import make
from resemblance.facts import Facts, Option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["measure"]

Function = TypeVar("Function", bound=Callable[..., float])

_CHOICES = re.compile(r'"([^"]+)"')  # in an annotation such as Literal["error", "drop"]
_MARK = "__resemblance_measure__"  # the attribute of a function that holds what was stated of it


@dataclass(frozen=True)
class Stated:
    """Facts of a function given its options, its options with an entry per row, and contributions of rows."""

    facts: Facts | Callable[[Mapping[str, Any]], Facts]
    per_row: tuple[str, ...] = ()
    rows: Callable[..., Any] | None = None
    examples: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # values of options that are worth a trial


def measure(
    *,
    kind: Literal["similarity", "distance"],
    symmetric: bool = False,
    identity: float | None = None,
    range: tuple[float, float] | None = None,  # noqa: A002 - the name of the fact
    min_rows: int = 1,
    rows_paired: bool = True,
    per_row: Sequence[str] = (),
    rows: Callable[..., Any] | None = None,
) -> Callable[[Function], Function]:
    """State facts about a function of your own, which operations then use.

    The function itself comes back: it is called and pickled as before, and takes options through `functools.partial`.
    Facts are believed, not proved. A wrong ``symmetric`` gives the lower triangle the scores of the upper one.

    Parameters
    ----------
    kind : {"similarity", "distance"}
        Whether larger or smaller scores mean more alike, which is the direction of a permutation test.
    symmetric : bool, default False
        Whether exchanging `x` and `y` leaves the score alone. Then one call serves both orders of a pair.
    identity : float, optional
        The score of a representation with itself. With it, tests report where a score lies between chance (0) and
        identity (1).
    range : tuple of float, optional
        Smallest and largest possible score. A score beyond is refused (``outside_range``), and intervals end there.
    min_rows : int, default 1
        Fewest rows for which there is a score; pairs with fewer are refused (``too_few_samples``).
    rows_paired : bool, default True
        Whether row i of `x` and row i of `y` must belong to the same input. Other numbers of rows are then refused
        (``row_count_mismatch``). Without it permutation tests and intervals are, which have no meaning.
    per_row : sequence of str, optional
        Names of options that hold one entry per row, such as labels: they stay with `x` in a permutation test, and lose
        the rows that an interval leaves out.
    rows : callable, optional
        A function of the same arguments that returns what each row contributes, where the score is the mean of these
        (NaN for rows left out of it). `rowwise` then works, and intervals follow from one call.

    Returns
    -------
    callable
        A decorator, which returns the function.

    Raises
    ------
    ResemblanceError
        ``bad_option`` for facts that contradict themselves; the page of codes lists all.

    See Also
    --------
    list_measures : The measures of the library with their facts.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> @rs.measure(kind="distance", symmetric=True, identity=0.0, range=(0.0, float("inf")))
    ... def largest_gap(x, y):
    ...     return np.abs(x - y).max()
    >>> x = np.arange(12.0).reshape(6, 2) ** 2
    >>> rs.permutation_test(x, x + 1.0, largest_gap).alternative
    'less'
    >>> rs.pairwise([x, x + 1.0, x + 3.0], largest_gap)[0].values
    array([[0., 1., 3.],
           [1., 0., 2.],
           [3., 2., 0.]])
    """
    facts = _stated_facts(kind, identity, range, symmetric=symmetric, min_rows=min_rows, rows_paired=rows_paired)
    if isinstance(per_row, str) or not all(isinstance(name, str) for name in per_row):
        raise _bad("per_row", per_row, "must be a list of names of options")
    if rows is not None and not callable(rows):
        raise _bad("rows", rows, "must be a function of the same arguments")
    return stated(Stated(facts, tuple(per_row), rows))


def stated(what: Stated) -> Callable[[Function], Function]:
    """Mark a function with what is stated of it."""

    def mark(function: Function) -> Function:
        name = getattr(function, "__name__", type(function).__name__)
        if not callable(function):
            raise _bad("function", function, "must be callable")
        if getattr(function, _MARK, None) is not None:
            message = f"facts of {name} were stated before; wrap it in a function of its own to state others."
            raise make("bad_option", message, {"option": "function", "given": name})
        try:
            setattr(function, _MARK, what)
        except (AttributeError, TypeError) as error:
            message = f"{name} cannot hold facts: wrap it, def mine(x, y): return {name}(x, y)."
            raise make("bad_option", message, {"option": "function", "given": name}) from error
        return function

    return mark


def stated_of(function: Any) -> Stated | None:
    """Return what is stated of a function, if anything is."""
    found: Stated | None = getattr(function, _MARK, None)
    return found


def _stated_facts(kind: Any, identity: Any, range_: Any, *, symmetric: bool, min_rows: int, rows_paired: bool) -> Facts:
    require_choice("kind", kind, ("similarity", "distance"))
    for option, value in (("symmetric", symmetric), ("rows_paired", rows_paired)):
        if not isinstance(value, bool):
            raise _bad(option, value, "must be True or False")
    if (fewest := whole(min_rows)) is None or fewest < 1:
        raise _bad("min_rows", min_rows, "must be a whole number of at least 1")
    if range_ is not None:
        try:
            low, high = map(float, range_)
        except (TypeError, ValueError) as error:
            raise _bad("range", range_, "must be two numbers, the smallest and the largest score") from error
        if not low < high:
            raise _bad("range", range_, "must be two numbers, the smaller one first")
        range_ = low, high
    if identity is not None:
        try:
            identity = float(identity)
        except (TypeError, ValueError) as error:
            raise _bad("identity", identity, "must be a number") from error
        if math.isnan(identity) or (range_ is not None and not range_[0] <= identity <= range_[1]):
            raise _bad("identity", identity, "must be a number inside of the range")
    return Facts(
        kind=kind,
        form="function",
        range=range_,
        identity_value=identity,
        symmetric=symmetric,
        min_rows=fewest,
        rows_paired=rows_paired,
    )


def _bad(option: str, given: object, problem: str) -> Exception:
    return make("bad_option", f"{option}={given!r} {problem}.", {"option": option, "given": repr(given)})


def defaults_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the options of a function that only keywords can give, with their defaults (None: there is none)."""
    inner = function.func if isinstance(function, partial) else function
    only = inspect.Parameter.KEYWORD_ONLY
    given = {name: one.default for name, one in inspect.signature(inner).parameters.items() if one.kind is only}
    return {name: None if default is inspect.Parameter.empty else default for name, default in given.items()}


def options_of(function: Callable[..., Any]) -> tuple[Option, ...]:
    """Describe the options of a function by its signature."""
    what = stated_of(function)
    per_row = () if what is None else what.per_row
    found = []
    for name, one in inspect.signature(function).parameters.items():
        if one.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        required = one.default is inspect.Parameter.empty
        choices = _CHOICES.findall(one.annotation) if isinstance(one.annotation, str) else []
        kind = "labels" if name in per_row else "choice" if choices else type(one.default).__name__
        default = None if required else one.default
        others = {"bool": (not default,), "choice": tuple(choice for choice in choices if choice != default)}
        found.append(
            Option(
                name=name,
                kind=kind,
                default=default,
                choices=tuple(choices),
                required=required,
                per_row=name in per_row,
                examples=others.get(kind, () if what is None else what.examples.get(name, ())),
            )
        )
    return tuple(found)
