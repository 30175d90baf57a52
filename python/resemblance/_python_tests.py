"""Permutation tests of functions in Python: every order of the rows is scored from scratch, here or by an executor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from resemblance import _core
from resemblance._executors import in_order
from resemblance._inputs import as_array
from resemblance.errors import ResemblanceError, make

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from resemblance._config import Resources
    from resemblance._executors import Submits
    from resemblance._inputs import Array, Models
    from resemblance._progress import Callback
    from resemblance._request import Request
    from resemblance.facts import Facts

_MOST = 10_000_000  # orders that are tried when all are asked for
_BATCH = 256  # orders that are made at a time
_FIRST = 128  # scores that tell how large they are, for the window of ties
_LOOK = 64  # the same of a sequential test, which scores so many before it looks


class Scores(Protocol):
    """A measure as far as a test needs it."""

    @property
    def name(self) -> str:
        """Name of the measure."""

    @property
    def facts(self) -> Facts:
        """What is known about its score."""

    def score(self, x: Array, y: Array, pair: str) -> float:
        """Score a pair, named for messages."""

    def require_same_rows(self, x: Array, y: Array, x_name: str, y_name: str) -> None:
        """Refuse different numbers of rows."""

    def require_paired(self) -> None:
        """Refuse a measure that no order of the rows changes."""


def permutation_test(
    measure: Scores,
    x: Any,
    y: Any,
    request: Request,
    limits: Resources,
    *,
    executor: Submits | None,
    tell: Callback | None,
) -> dict[str, Any]:
    """Score the pair with the rows of y in other orders; the same fields as `_core.permutation_test`."""
    left, right = as_array(x, "x"), as_array(y, "y")
    measure.require_paired()
    measure.require_same_rows(left, right, "x", "y")
    _core.exchangeable(left, right, request.fields(), limits)
    if request.moments:
        raise make("not_offered", f"{measure.name} is a function in Python: nothing is known about its moments.")
    orders = _Orders(request, len(left))
    alternative = request.alternative or _towards_likeness(measure.facts)
    sequential = request.method == "sequential"
    if sequential:
        scores, pvalue, decision = _until_decided(measure, left, right, orders=orders, request=request, tell=tell)
        if len(scores) < orders.count:
            _told(tell, orders.count - 1, orders.count, None)
    else:
        every = in_order(executor, _score_in_order, (measure, left, right), enumerate(orders), orders.count)
        scored = [_told(tell, at, orders.count, one) for at, one in enumerate(every)]
        scores, pvalue, decision = np.array(scored), 1.0, None
    told = _core.tallied(scores, alternative, _LOOK if sequential else _FIRST, orders.exact)
    sides = 2 if alternative == "two-sided" else 1
    exceedances = {"greater": told["at_least"], "less": told["at_most"]}.get(
        alternative, min(told["at_least"], told["at_most"])
    )
    if not sequential:
        pvalue = min(1.0, sides * exceedances / len(scores))
    low, high = (
        (pvalue, pvalue) if orders.exact else _core.pvalue_interval(exceedances, len(scores), sequential=sequential)
    )
    tied = orders.exact or (told["all_tie"] and len(scores) > 1)
    min_pvalue = told["smallest_p"] if tied else min(1.0, sides / len(scores))
    min_pvalue = min(pvalue, max(min_pvalue, 0.9 * request.alpha) if sequential else min_pvalue)
    remarks = orders.remarks + _core.p_floor(min_pvalue, request.alpha) + told["warnings"]
    null_mean, null_std = told["null_mean"], told["null_std"]
    zscore = (float(scores[0]) - null_mean) / null_std if null_std > 0 else None
    return {
        "statistic": float(scores[0]),
        "pvalue": pvalue,
        "pvalue_ci": (low, high) if orders.exact else (min(1.0, sides * low), min(1.0, sides * high)),
        "null_mean": null_mean,
        "null_std": null_std,
        "null_mean_exact": orders.exact,
        "null_std_exact": orders.exact,
        "null_skew": told["null_skew"],
        "null_skew_exact": orders.exact,
        "zscore": zscore,
        "calibrated_mean": measure.facts.calibrated(float(scores[0]), null_mean),
        "calibrated_quantile": measure.facts.calibrated(float(scores[0]), _level(scores, alternative, request.alpha)),
        "n_resamples": len(scores) - 1,
        "min_pvalue": min_pvalue,
        "alternative": alternative,
        "method": "sequential" if sequential else "exact" if orders.exact else "monte_carlo",
        "n_orbits": None,
        "exceedances": exceedances,
        "decision": decision,
        "null_distribution": scores if request.return_null else None,
        "warnings": remarks,
    }


def permutation_grid(
    measure: Scores,
    left: Models,
    others: Models | None,
    request: Request,
    limits: Resources,
    *,
    adjust: str | None,
    executor: Submits | None,
    tell: Callback | None,
) -> dict[str, Any]:
    """Score all pairs with the rows of all of `others` in other orders; the same fields as `_core.permutation_grid`."""
    right, same = others or left, others is None
    measure.require_paired()
    _same_rows_of_all(measure, left, right)
    if request.method == "sequential":
        raise make("not_offered", "sequential decisions are offered for one pair at a time.", {"method": "sequential"})
    orders = _Orders(request, len(left.arrays()[0]))
    alternative = request.alternative or _towards_likeness(measure.facts)
    scores, tested, status = _joint_scores(
        measure, left, others, request, orders, limits=limits, executor=executor, tell=tell
    )
    mirrored = same and measure.facts.symmetric
    shape = (len(left.names), len(right.names))
    judged = _core.judge(scores, [not same or i != j for i, j in tested], alternative, adjust, exact=orders.exact)

    def table(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        if values is None:
            return None
        filled = np.full(shape, np.nan)
        for pair, value in zip(tested, values, strict=True):
            filled[pair] = value
            if mirrored:
                filled[pair[::-1]] = value
        return filled

    def of_pairs(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        filled = table(values)
        if same and filled is not None:
            np.fill_diagonal(filled, np.nan)  # a representation with itself is no question
        return filled

    least = (2 if alternative == "two-sided" else 1) / orders.count
    bounds = [
        min(p, known if orders.exact or not varies else least)
        for p, known, varies in zip(judged["unadjusted"], judged["smallest_p"], judged["varies"], strict=True)
    ]
    counted = [at for at, (i, j) in enumerate(tested) if not same or i != j]
    min_pvalue = min([float(bounds[at]) for at in counted], default=1.0)
    calibrated = [
        measure.facts.calibrated(score, at_chance)
        for score, at_chance in zip(scores[:, 0].tolist(), judged["null_mean"], strict=True)
    ]
    return {name: table(judged[name]) for name in ("null_mean", "null_std", "zscores")} | {
        "unadjusted": of_pairs(judged["unadjusted"]),
        "adjusted": of_pairs(judged["adjusted"]),
        "values": table(scores[:, 0]),
        "null_mean_exact": orders.exact,
        "null_std_exact": orders.exact,
        "calibrated_mean": table(np.array([np.nan if one is None else one for one in calibrated])),
        "largest": judged["largest"],
        "mean": judged["mean"],
        "n_tests": sum(not same or i != j for i, j in tested),
        "n_resamples": orders.count - 1,
        "min_pvalue": min_pvalue,
        "alternative": alternative,
        "method": "exact" if orders.exact else "monte_carlo",
        "n_orbits": None,
        "status": status,
        "warnings": orders.remarks + _of_pairs(judged, bounds, counted, request.alpha, orders.count),
    }


def _towards_likeness(facts: Facts) -> str:
    return "less" if facts.kind == "distance" else "greater"


def _level(scores: NDArray[np.float64], alternative: str, alpha: float) -> float:
    """Return the score that chance exceeds with probability alpha, as the core does."""
    share = alpha if alternative == "less" else 1.0 - alpha
    at = min(max(math.ceil(share * len(scores)), 1), len(scores)) - 1
    return float(np.sort(scores)[at])


def _same_rows_of_all(measure: Scores, left: Models, right: Models) -> None:
    arrays = [*left.arrays(), *right.arrays()]
    for array, name in zip(arrays, [*left.names, *right.names], strict=True):
        measure.require_same_rows(arrays[0], array, left.names[0], name)


def _joint_scores(
    measure: Scores,
    left: Models,
    others: Models | None,
    request: Request,
    orders: _Orders,
    *,
    limits: Resources,
    executor: Submits | None,
    tell: Callback | None,
) -> tuple[NDArray[np.float64], list[tuple[int, int]], dict[tuple[int, int], tuple[str, str]]]:
    """Score all pairs that have a score, one row per pair and one column per order."""
    right = others or left
    xs, ys = left.arrays(), right.arrays()
    status: dict[tuple[int, int], tuple[str, str]] = {}
    mirrored = others is None and measure.facts.symmetric
    pairs = [(i, j) for i, j in np.ndindex(len(xs), len(ys)) if not mirrored or i <= j]
    for i, j in pairs:
        try:
            if others is not None or i != j:
                _core.exchangeable(xs[i], ys[j], request.fields(), limits)
            measure.score(xs[i], ys[j], f"{left.names[i]} and {right.names[j]}")
        except ResemblanceError as failure:
            status[i, j] = failure.code, failure.message
            if mirrored:
                status[j, i] = status[i, j]
    tested = [(i, j) for i, j in pairs if (i, j) not in status]
    scores = np.empty((len(tested), orders.count))
    about = (measure, (xs, ys), tested, left.names)
    for at, column in enumerate(in_order(executor, _scores_in_order, about, enumerate(orders), orders.count)):
        scores[:, at] = column
        _told(tell, at, orders.count, None)
    return scores, tested, status


class _Orders:
    """The orders of n rows that a request is about: all that its design allows if these are few, else drawn ones."""

    def __init__(self, request: Request, n: int) -> None:
        self._fields, self._n = request.fields(), n
        every, _, self.remarks = _core.pairings(request.fields(), n, [], drawn=False)
        wanted = request.n_resamples + 1
        method = request.method
        if method == "orbits":
            raise make("not_offered", "A function in Python has no orbits.", {"method": method})
        if method == "exact" and (every is None or every > _MOST):
            message = f"method='exact' would try {every or 'more than 1e38'} orders, and at most {_MOST} are tried."
            raise make("bad_option", message, {"option": "method", "given": repr(method)})
        self.exact = every is not None and (method == "exact" or (method == "auto" and every <= wanted))
        self.count = every if self.exact and every is not None else wanted

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        """Yield them, the observed one first."""
        if not self.exact:
            yield np.arange(self._n)
        for start in range(0 if self.exact else 1, self.count, _BATCH):
            numbers = range(start, min(start + _BATCH, self.count))
            yield from _core.pairings(self._fields, self._n, numbers, drawn=not self.exact)[1]


def _until_decided(
    measure: Scores, left: Array, right: Array, *, orders: _Orders, request: Request, tell: Callback | None
) -> tuple[NDArray[np.float64], float, bool | None]:
    """Score some orders, then look at them one after the other, until it is clear whether p is below alpha."""
    scores: list[float] = []
    course, seen = None, 1
    for at, order in enumerate(orders):
        scores.append(_told(tell, at, orders.count, measure.score(left, right[order], _where(at))))
        if len(scores) % _LOOK and len(scores) < orders.count:
            continue
        course = course or _core.Sequential(scores, request.alternative or "greater", request.alpha)
        for one in scores[seen:]:
            seen += 1
            decision = course.take(one)
            if decision is not None:
                return np.array(scores[:seen]), course.pvalue, decision
    return np.array(scores), course.pvalue if course else 1.0, None


def _of_pairs(
    judged: Mapping[str, Any], bounds: Sequence[float], counted: Sequence[int], alpha: float, orders: int
) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Say once, with their number, which pairs could not have been significant, and which have infinite scores."""
    remarks: list[tuple[str, str, Mapping[str, Any]]] = []
    high = [remark for at in counted for remark in _core.p_floor(bounds[at], alpha)]
    infinite = [judged["infinite"][at] for at in counted if judged["infinite"][at]]
    for code, message, details in high[:1]:
        remarks.append((code, f"{message} ({len(high)} pairs)" if len(high) > 1 else message, details))
    if infinite:
        most = max(infinite)
        message = f"{len(infinite)} pairs score infinity in up to {most} of {orders} orders; p counts these as equal."
        remarks.append(("infinite_scores", message, {"pairs": len(infinite), "infinite": most, "n": orders}))
    return remarks


def _score_in_order(measure: Scores, left: Array, right: Array, numbered: tuple[int, NDArray[np.int64]]) -> float:
    at, order = numbered
    return measure.score(left, right[order], _where(at))


def _scores_in_order(
    measure: Scores,
    sides: tuple[list[Array], list[Array]],
    tested: list[tuple[int, int]],
    names: list[str],
    numbered: tuple[int, NDArray[np.int64]],
) -> list[float]:
    at, order = numbered
    xs, moved = sides[0], [y[order] for y in sides[1]]
    return [measure.score(xs[i], moved[j], f"{_where(at)} of {names[i]}") for i, j in tested]


def _told(tell: Callback | None, done: int, total: int, value: Any) -> Any:
    if tell is not None:
        tell(done + 1, total)
    return value


def _where(at: int) -> str:
    return f"permutation {at}" if at else "x and y"
