"""What an operation was asked for: a measure of the library, or a function of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from resemblance import _core, measures
from resemblance._inputs import as_options
from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    MeasureLike: TypeAlias = str | Callable[..., Any]
    MeasuresLike: TypeAlias = MeasureLike | Sequence[MeasureLike]

# What can be said of a function of the user's own.
UNKNOWN_FACTS: dict[str, Any] = {
    "kind": "unknown",
    "range": None,
    "identity_value": None,
    "symmetric": False,
    "is_metric": False,
    "invariant_to": [],
    "source_invariant_to": [],
    "min_rows": 1,
    "rows_paired": True,
    "equal_widths": False,
    "input": "unknown",
    "reference": "",
    "cost": "",
}


@dataclass(frozen=True)
class Measure:
    """One measure, the options given for it, and its name in tables; `function` is set if it runs in Python."""

    name: str
    given: dict[str, Any]
    label: str
    function: Callable[..., Any] | None = None
    arrays: tuple[tuple[str, Any], ...] = ()  # the options that are arrays, as they were given

    @property
    def options(self) -> dict[str, Any]:
        """All options, the defaults included."""
        return (_defaults(self.name) if self.function is None else {}) | self.given

    @property
    def facts(self) -> dict[str, Any]:
        """What is known about the score."""
        return dict(UNKNOWN_FACTS) if self.function is not None else _core.facts(self.name, self.given)


def as_measure(wanted: Any) -> Measure:
    """Recognize a measure: a function of this library, a `functools.partial` of it, its name, or any callable."""
    if isinstance(wanted, str):
        return Measure(wanted, {}, wanted)  # the core refuses a name it does not know, with a suggestion
    if name := _name(wanted):
        return Measure(name, {}, name)
    if isinstance(wanted, partial) and (name := _name(wanted.func)):
        if wanted.args:
            message = f"A partial of {name} may fix options only, not the arrays."
            raise make("bad_option", message, {"measure": name, "given": len(wanted.args)})
        known = {option["name"] for option in _entries()[name]["options"]}
        # None means not given, but what is misspelt is not given either; the core refuses it, with a suggestion.
        given = as_options(wanted.keywords) | {option: None for option in wanted.keywords if option not in known}
        shown = ", ".join(f"{option}={value}" for option, value in given.items() if np.ndim(value) == 0)
        arrays = tuple(
            (option, value) for option, value in wanted.keywords.items() if value is not None and np.ndim(given[option])
        )
        return Measure(name, given, f"{name}[{shown}]" if shown else name, arrays=arrays)
    if callable(wanted):
        inner = wanted.func if isinstance(wanted, partial) else wanted
        name = getattr(inner, "__name__", type(inner).__name__)
        return Measure(name, {}, name, wanted)
    message = (
        "A measure is a function of this library, a functools.partial of one, its name, "
        f"or any function f(x, y) -> float; got a {type(wanted).__name__}."
    )
    raise make("unknown_measure", message, {"given": repr(wanted)})


def as_measures(wanted: Any) -> list[Measure]:
    """Recognize one measure or several."""
    if isinstance(wanted, str) or callable(wanted) or not hasattr(wanted, "__iter__"):
        return [as_measure(wanted)]
    found = [as_measure(one) for one in wanted]
    labels = [measure.label for measure in found]
    for position, label in enumerate(labels):  # functions may share a name, and labels tell results apart
        if twins := labels[:position].count(label):
            found[position] = replace(found[position], label=f"{label} ({twins + 1})")
    if not found:
        raise make("unknown_measure", "The list of measures is empty.", {"given": "[]"})
    return found


def arrays_of(measures: Iterable[Measure]) -> list[tuple[str, Any]]:
    """List the options of measures that are arrays, whose rows may have names."""
    return [array for measure in measures for array in measure.arrays]


@cache
def _entries() -> dict[str, dict[str, Any]]:
    """Return the measures of the core by name."""
    return {entry["name"]: entry for entry in _core.measures()}


@cache
def _functions() -> dict[Any, str]:
    """Return the names of the functions that stand for the measures of the core."""
    return {getattr(measures, name): name for name in _entries()}


def _name(function: Any) -> str | None:
    try:
        return _functions().get(function)
    except TypeError:  # a callable object that cannot be hashed
        return None


def _defaults(name: str) -> dict[str, Any]:
    options = _entries()[name]["options"]
    return {option["name"]: option["default"] for option in options if option["default"] is not None}
