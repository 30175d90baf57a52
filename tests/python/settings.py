"""Every measure in settings that show each two choices of its options together, read from the library's own list.

A `Setting` is a measure with options. It knows what kind of array it takes, turns a plain pair of the tables in
`pairs.py` into that kind, and calls the library and the oracle alike. A new measure joins by existing.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass, field
from typing import Any

import covering
import numpy as np
import oracles
from scipy import special
from scipy.spatial.distance import cdist

import resemblance as rs
from resemblance._recognize import as_measure


class Fitting:
    """The value of an option that has to fit the data: a matrix as wide as they are, or one class per row."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return self.kind

    def value(self, rows: int, columns: int) -> np.ndarray:
        if self.kind == "labels":
            return labels_for(rows)
        root = np.random.default_rng(5).normal(size=(columns, columns))
        return root @ root.T + np.eye(columns)


MATRIX, LABELS = Fitting("matrix"), Fitting("labels")


@functools.cache
def parameters(measure: str) -> tuple[str, ...]:
    """Return the names of the arguments of a measure's function."""
    return tuple(inspect.signature(getattr(rs, measure)).parameters)


def is_group(measure: str) -> bool:
    """Whether the measure takes a list of models."""
    return "models" in parameters(measure)


@dataclass(frozen=True)
class Setting:
    """A measure with options; what has to fit the data is filled in by `options_for`."""

    measure: str
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.measure, *(f"{name}={value}" for name, value in self.options.items())])

    @functools.cached_property
    def facts(self) -> rs.Facts:
        return facts_of(self.measure, self.options)

    @property
    def input(self) -> str:
        return self.facts.input

    @property
    def is_group(self) -> bool:
        return is_group(self.measure)

    @property
    def fits_width(self) -> bool:
        """Whether both sides need one width: by the measure, or by a matrix among its options."""
        return self.facts.equal_widths or MATRIX in self.options.values()

    def inputs(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turn a pair of plain matrices (or of predictions) into what this setting takes."""
        if self.input == "pair_matrix":
            similarities = self.options.get("kernel") == "precomputed"
            x, y = ((a @ a.T if similarities else cdist(a, a)) for a in (x, y))
            return (x + x.T) / 2, (y + y.T) / 2
        if self.input == "probabilities":
            to = {"probs": special.softmax, "log_probs": special.log_softmax, "logits": lambda z, axis: z}[
                self.options["kind"]
            ]
            return to(x, axis=1), to(y, axis=1)
        if self.input == "matrix" and self.fits_width:
            width = min(x.shape[1], y.shape[1])
            return x[:, :width], y[:, :width]
        return x, y

    def options_for(self, x: Any) -> dict[str, Any]:
        """All options, those included that have to fit the data."""
        options = filled(self.options, *np.shape(x)[:2])
        if self.input == "predictions" and _is_whole_table(x):
            options["kind"] = "scores"
        return options

    def for_rows(self, n: int) -> Setting:
        """This setting, or where it needs more than n rows the same with smaller numbers for its options."""
        if self.facts.min_rows <= n:
            return self
        numbers = [option for option in MEASURES[self.measure].options if option.kind == "int"]
        smaller = [
            Setting(self.measure, self.options | {option.name: value})
            for option in numbers
            for value in range(n, 0, -1)
        ]
        return next(setting for setting in smaller if setting.facts.min_rows <= n)

    def library(self, x: Any, y: Any, **more: Any) -> Any:
        return self._call(getattr(rs, self.measure), x, y, self.options_for(x) | more)

    def rowwise(self, x: Any, y: Any) -> Any:
        """Call the library for the value of every row."""
        return rs.rowwise(x, y, self.bound(x))

    def library_of(self, x: Any, y: Any, like: Any) -> Any:
        """Call the library where x or y is a prepared summary; the options fit the array `like`."""
        return self._call(getattr(rs, self.measure), x, y, self.options_for(like))

    def oracle(self, x: Any, y: Any, **more: Any) -> Any:
        x, y = (a if np.asarray(a).ndim == 1 else np.asarray(a, dtype=np.float64) for a in (x, y))
        options = self.options_for(x) | more
        if self.input == "predictions":
            options.pop("kind", None)  # the tables hold classes and scores only, which the number of axes tells apart
        return self._call(oracles.of(self.measure), x, y, options)

    def _call(self, function: Any, x: Any, y: Any, options: dict[str, Any]) -> Any:
        return function([x, y], **options) if self.is_group else function(x, y, **options)

    def bound(self, x: Any) -> Any:
        """Return the measure as the operations take it: the function, or a partial of it."""
        function, options = getattr(rs, self.measure), self.options_for(x)
        return functools.partial(function, **options) if options else function


def _is_whole_table(x: Any) -> bool:
    return np.ndim(x) == 2 and np.shape(x)[1] > 1 and bool(np.all(np.asarray(x) % 1 == 0))


def filled(options: dict[str, Any], rows: int = 10, columns: int = 2) -> dict[str, Any]:
    """Options in which what has to fit the data fits data of this size."""
    return {
        name: value.value(rows, columns) if isinstance(value, Fitting) else value for name, value in options.items()
    }


def facts_of(measure: str, options: dict[str, Any]) -> rs.Facts:
    """Facts of a measure with these options."""
    return as_measure(functools.partial(getattr(rs, measure), **filled(options))).facts


def labels_for(n: int) -> np.ndarray:
    """Class ids that are right about half the time for the predictions in `pairs.py`."""
    return np.random.default_rng(11).integers(0, 3, size=n)


NOT_GIVEN = object()


def values_of(option: rs.Option) -> list[Any]:
    """What an option may be: first the way it is when nobody asks for more, then what else is worth a look."""
    found = {
        "bool": [not option.default],
        "choice": [value for value in option.choices if value != option.default],
        "matrix": [MATRIX],
        "labels": [LABELS],
        "classes": [],
    }.get(option.kind, option.examples)
    return found if option.required else [NOT_GIVEN, *found]


def factors_of(info: Any) -> dict[str, list[Any]]:
    """The options of a measure with their values; how predictions are read has tests of its own."""
    reading = {"kind", "missing"} if info.facts.input == "predictions" else set()
    if info.form == "function":  # numbers that must fit the data are tried in `test_measures_in_python.py`
        reading |= {option.name for option in info.options if option.kind == "int"}
    return {option.name: values_of(option) for option in info.options if option.name not in reading}


def accepts(measure: str) -> Any:
    """A function that asks the library whether options go together."""

    def is_accepted(row: dict[str, Any]) -> bool:
        try:
            facts_of(measure, given(row))
        except rs.ResemblanceError:
            return False
        return True

    return is_accepted


def given(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not NOT_GIVEN}


def _settings_of(info: Any) -> list[Setting]:
    return [Setting(info.name, given(row)) for row in covering.pairwise(factors_of(info), accepts(info.name))]


def every_setting(measure: str) -> list[Setting]:
    """All combinations of the choices of a measure: many, for one pair of inputs."""
    info = MEASURES[measure]
    return [Setting(measure, given(row)) for row in covering.product(factors_of(info), accepts(measure))]


def with_inputs(settings: list[Setting], inputs: list[Any]) -> list[tuple[Setting, Any]]:
    """Settings with inputs, such that each choice of each measure meets each input, and each setting some input."""
    found = []
    for measure in dict.fromkeys(setting.measure for setting in settings):
        factors = factors_of(MEASURES[measure])

        def choices(setting: Setting, factors: dict[str, list[Any]] = factors) -> frozenset[Any]:
            return frozenset((name, repr(setting.options.get(name, NOT_GIVEN))) for name in factors) | {None}

        found += covering.spread([s for s in settings if s.measure == measure], inputs, choices)
    return found


MEASURES = {info.name: info for info in rs.list_measures()}
EVERY = [setting for info in MEASURES.values() for setting in _settings_of(info)]
# Functions in Python have no summaries, closed forms or orbits: `test_measures_in_python.py` has their operations.
IN_PYTHON = [setting for setting in EVERY if MEASURES[setting.measure].form == "function"]
SETTINGS = [setting for setting in EVERY if setting not in IN_PYTHON]
PLAIN = [
    next(s for s in SETTINGS if s.measure == name) for name, info in MEASURES.items() if info.form != "function"
]  # one per measure: every default


def takes(measure: str, argument: str) -> bool:
    """Whether the oracle of a measure has such an argument."""
    return argument in inspect.signature(oracles.of(measure)).parameters


def has_rows(measure: str) -> bool:
    """Whether the measure is a mean over rows; the oracle says so."""
    return takes(measure, "reduce")
