"""What an operation was asked for: a measure of the library, or a function of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from resemblance import _core, measures
from resemblance._inputs import as_options
from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    MeasureLike: TypeAlias = str | Callable[..., Any]
    MeasuresLike: TypeAlias = MeasureLike | Sequence[MeasureLike]

# Whatever `resemblance.measures` exports is a measure; a function of that name is recognised by identity.
_NAMES: dict[Any, str] = {getattr(measures, name): name for name in measures.__all__}

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
    """One measure with its options; `function` is set if it runs in Python."""

    name: str
    given: dict[str, Any]
    function: Callable[..., Any] | None = None

    @property
    def label(self) -> str:
        """Name it as a table does: the name, and in brackets what differs from the defaults."""
        shown = ", ".join(f"{key}={value}" for key, value in self.given.items() if np.ndim(value) == 0)
        return f"{self.name}[{shown}]" if shown else self.name

    @property
    def options(self) -> dict[str, Any]:
        """All options, the defaults included."""
        return (_defaults(self.name) if self.function is None else {}) | self.given

    @property
    def facts(self) -> dict[str, Any]:
        """What is known about the score."""
        return UNKNOWN_FACTS if self.function is not None else _core.facts(self.name, self.given)


def as_measure(wanted: Any) -> Measure:
    """Recognise a measure: a function of this library, a `functools.partial` of it, its name, or any callable."""
    if isinstance(wanted, str):
        if wanted not in measures.__all__:
            raise _unknown(wanted)
        return Measure(wanted, {})
    if name := _name(wanted):
        return Measure(name, {})
    if isinstance(wanted, partial) and (name := _name(wanted.func)):
        if wanted.args:
            message = f"a partial of {name} may fix options only, not the arrays."
            raise make("bad_option", message, {"measure": name, "given": len(wanted.args)})
        return Measure(name, _options(name, wanted.keywords))
    if callable(wanted):
        inner = wanted.func if isinstance(wanted, partial) else wanted
        return Measure(getattr(inner, "__name__", type(inner).__name__), {}, wanted)
    message = (
        "a measure is a function of this library, a functools.partial of one, its name, "
        f"or any function f(x, y) -> float; got a {type(wanted).__name__}."
    )
    raise make("unknown_measure", message, {"given": repr(wanted)})


def as_measures(wanted: Any) -> tuple[list[Measure], bool]:
    """Recognise one measure or several, and say whether it was several."""
    if isinstance(wanted, str) or callable(wanted) or not hasattr(wanted, "__iter__"):
        return [as_measure(wanted)], False
    found = [as_measure(one) for one in wanted]
    if not found:
        raise make("unknown_measure", "the list of measures is empty.", {"given": "[]"})
    return found, True


def _name(function: Any) -> str | None:
    try:
        return _NAMES.get(function)
    except TypeError:  # a callable object that cannot be hashed
        return None


def _options(name: str, given: dict[str, Any]) -> dict[str, Any]:
    for option in ("reduce", "compare"):
        if given.get(option, ...) is None:
            message = (
                f"{name}: {option}=None gives no single number, and an operation needs one per pair; leave it out."
            )
            raise make("bad_option", message, {"measure": name, "option": option, "given": "None"})
    return as_options({option: value for option, value in given.items() if (option, value) != ("reduce", "mean")})


@cache
def _defaults(name: str) -> dict[str, Any]:
    return {
        option["name"]: option["default"]
        for entry in _core.measures()
        if entry["name"] == name
        for option in entry["options"]
        if option["default"] is not None
    }


def _unknown(given: str) -> Exception:
    from difflib import get_close_matches  # noqa: PLC0415 - only wanted here

    near = get_close_matches(given, measures.__all__, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(measures.__all__)}."
    return make("unknown_measure", f"There is no measure {given!r}; {hint}", {"given": given})
