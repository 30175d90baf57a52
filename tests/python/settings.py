"""Every measure in every setting of its closed options, read from the library's own list: a new one joins by existing.

A `Setting` is a measure with options. It knows what kind of array it takes, turns a plain pair of the tables in
`pairs.py` into that kind, and calls the library and the oracle alike.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import oracles
from scipy import special
from scipy.spatial.distance import cdist

import resemblance as rs
from resemblance import _core

# Options that are numbers have no closed list. Neighbor lists of three suit the small pairs of the tables; what else is
# worth a look stands here, beside the default.
SMALL: dict[str, dict[str, Any]] = {name: {"k": 3} for name in ("knn_jaccard", "mutual_knn", "second_order_cosine")}
FURTHER: dict[str, list[dict[str, Any]]] = {
    "cka": [
        {"kernel": "rbf", "bandwidth": 0.4},
        {"kernel": "rbf", "sigma": 1.5, "estimator": "debiased"},
        {"kernel": "laplace", "sigma": 2.5},
        {"kernel": "polynomial", "degree": 2, "gamma": 0.3, "coef0": 0.5},
    ],
    "rsa": [{"inner": "rbf", "bandwidth": 0.4, "outer": "pearson"}, {"inner": "rbf", "sigma": 1.5, "outer": "cosine"}],
    "svcca": [{"threshold": 0.7}, {"threshold": 1.0}, {"k": 1}],
    "linear_regression_r2": [{"alpha": 1.0}, {"alpha": 0.3, "average": "uniform"}],
    "knn_jaccard": [{"k": 10}, {"k": 1}],
    "mutual_knn": [{"k": 10}],
    "second_order_cosine": [{"k": 10}],
    "uniformity": [{"t": 0.5}],
    "js_divergence": [{"kind": "probs", "base": 2.0}, {"kind": "logits", "base": 10.0, "sqrt": True}],
}


@functools.cache
def parameters(measure: str) -> tuple[str, ...]:
    """Return the names of the arguments of a measure's function."""
    return tuple(inspect.signature(getattr(rs, measure)).parameters)


def is_group(measure: str) -> bool:
    """Whether the measure takes a list of models."""
    return "models" in parameters(measure)


@dataclass(frozen=True)
class Setting:
    """A measure with options; `labels` and `precision` depend on the data and are filled in by `options_for`."""

    measure: str
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.measure, *(f"{name}={value}" for name, value in self.options.items())])

    @functools.cached_property
    def facts(self) -> dict[str, Any]:
        return facts_of(self.measure, self.options)

    @property
    def input(self) -> str:
        return self.facts["input"]

    @property
    def is_group(self) -> bool:
        return is_group(self.measure)

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
        if self.input == "matrix" and (self.facts["equal_widths"] or self.options.get("inner") == "mahalanobis"):
            width = min(x.shape[1], y.shape[1])
            return x[:, :width], y[:, :width]
        return x, y

    def options_for(self, x: Any) -> dict[str, Any]:
        """All options, those included that have to fit the data."""
        options = dict(self.options)
        if self.input == "predictions" and _is_whole_table(x):
            options["kind"] = "scores"
        if options.get("inner") == "mahalanobis":
            root = np.random.default_rng(5).normal(size=(np.shape(x)[1],) * 2)
            options["precision"] = root @ root.T + np.eye(len(root))
        if "labels" in parameters(self.measure):
            options["labels"] = labels_for(len(x))
        return options

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


def facts_of(measure: str, options: dict[str, Any]) -> dict[str, Any]:
    """Facts of a measure with these options; placeholders stand for options that must be given."""
    options = dict(options)
    if "labels" in parameters(measure):
        options["labels"] = labels_for(10)
    if options.get("inner") == "mahalanobis":
        options["precision"] = np.eye(2)
    return _core.facts(measure, options)


def labels_for(n: int) -> np.ndarray:
    """Class ids that are right about half the time for the predictions in `pairs.py`."""
    return np.random.default_rng(11).integers(0, 3, size=n)


def _choices(option: dict[str, Any]) -> list[Any]:
    if option["kind"] == "bool":
        return [option["default"], not option["default"]]
    return (
        list(option["choices"]) if option["default"] is not None or option["required"] else [None, *option["choices"]]
    )


def _is_varied(info: Any, option: dict[str, Any]) -> bool:
    """Whether all choices of an option go through all tests; how predictions are read has tests of its own."""
    reading = info.facts["input"] == "predictions" and option["name"] in {"kind", "missing"}
    return option["kind"] in ("bool", "choice") and not reading


def _settings_of(info: Any) -> list[Setting]:
    closed = [option for option in info.options if _is_varied(info, option)]
    found = []
    for values in itertools.product(*(_choices(option) for option in closed)):
        # the default is left out, so that the plain call is among the settings
        options = {
            option["name"]: value
            for option, value in zip(closed, values, strict=True)
            if option["required"] or value != option["default"]
        }
        found.append(Setting(info.name, options | SMALL.get(info.name, {})))
    return found + [Setting(info.name, options) for options in FURTHER.get(info.name, [])]


MEASURES = {info.name: info for info in rs.list_measures()}
SETTINGS = [setting for info in MEASURES.values() for setting in _settings_of(info)]
PLAIN = [next(s for s in SETTINGS if s.measure == name) for name in MEASURES]  # one per measure: every default


def has_rows(measure: str) -> bool:
    """Whether the measure is a mean over rows; the oracle says so."""
    return "reduce" in inspect.signature(oracles.of(measure)).parameters
