"""Which measure is meant: a function of this library, a partial of it, its name, or any function in Python."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance import _core, measures
from resemblance._compiled_measure import CompiledMeasure, core_measures
from resemblance._inputs import as_options
from resemblance._python_measure import PythonMeasure
from resemblance._stated import stated_of
from resemblance.errors import ResemblanceError, make

if TYPE_CHECKING:
    from resemblance._measure import Measure


def as_measure(wanted: Any) -> Measure:
    """Recognize a measure: a function of this library, a `functools.partial` of it, its name, or any callable."""
    if isinstance(wanted, str):
        if (function := python_measures().get(wanted)) is not None:
            return PythonMeasure.of(function)
        if wanted not in core_measures():
            raise _unknown(wanted)
        return CompiledMeasure(wanted, {}, wanted)
    if name := _name(wanted):
        return CompiledMeasure(name, {}, name)
    if isinstance(wanted, partial) and (name := _name(wanted.func)):
        if wanted.args:
            message = f"A partial of {name} may fix options only, not the arrays."
            raise make("bad_option", message, {"measure": name, "given": len(wanted.args)})
        known = {option["name"] for option in core_measures()[name]["options"]}
        # None means not given, but what is misspelt is not given either; the core refuses it, with a suggestion.
        given = as_options(wanted.keywords) | {option: None for option in wanted.keywords if option not in known}
        shown = ", ".join(f"{option}={value}" for option, value in given.items() if np.ndim(value) == 0)
        arrays = tuple(
            (option, value) for option, value in wanted.keywords.items() if value is not None and np.ndim(given[option])
        )
        return CompiledMeasure(name, given, f"{name}[{shown}]" if shown else name, arrays)
    if callable(wanted):
        return PythonMeasure.of(wanted)
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


def _unknown(name: str) -> ResemblanceError:
    """Name what was probably meant: the core knows its own measures, and what they are called elsewhere."""
    if near := get_close_matches(name, python_measures(), 1):
        message = f'There is no measure "{name}"; did you mean "{near[0]}"?'
        return make("unknown_measure", message, {"given": name, "closest": near[0]})
    found = make("unknown_measure", f'There is no measure "{name}".', {"given": name, "closest": None})
    try:
        _core.facts(name, {})
    except ResemblanceError as failure:
        found = failure
    if found.details.get("closest") is not None:
        return found
    return make(found.code, ", ".join([found.message.rstrip("."), *python_measures()]) + ".", found.details)


def as_before(name: str, options: dict[str, Any], label: str) -> Measure:
    """Recognize a measure of this library by what a result keeps of it."""
    if (function := python_measures().get(name)) is not None:
        return PythonMeasure.of(partial(function, **options))
    return CompiledMeasure(name, options, label)


@cache
def python_measures() -> dict[str, Any]:
    """Return the measures of this library that are functions in Python, by name."""
    functions = {name: getattr(measures, name) for name in measures.__all__}
    return {name: function for name, function in functions.items() if stated_of(function) is not None}


@cache
def _functions() -> dict[Any, str]:
    """Return the names of the functions that stand for the measures of the core."""
    return {getattr(measures, name): name for name in core_measures()}


def _name(function: Any) -> str | None:
    try:
        return _functions().get(function)
    except TypeError:  # a callable object that cannot be hashed
        return None
