"""The operations for a function of the user's own: `f(x, y) -> float`, run in Python here or by an executor.

Nothing is known about such a function, so nothing is saved: every pair in both orders, every permutation from scratch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance import _core
from resemblance._config import resources
from resemblance._executors import in_order
from resemblance._inputs import as_array
from resemblance.errors import ResemblanceError, make

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Sized

    from numpy.typing import NDArray

    from resemblance._executors import Submits
    from resemblance._inputs import Array, Models
    from resemblance._measure import Measure
    from resemblance._progress import Callback
    from resemblance._request import Request

_LEVEL = 0.05  # a test whose smallest p-value is above this can never be significant
_MOST = 10_000_000  # orders that are tried when all are asked for
_BATCH = 256  # orders that are made at a time


def score(measure: Measure, x: Array, y: Array, pair: str) -> float:
    """Call the function on one pair; what goes wrong in it says which pair it was."""
    assert measure.function is not None  # noqa: S101 - callers come here for that reason
    try:
        value = float(measure.function(x, y))
    except Exception as error:
        error.add_note(f"in {measure.name}, for {pair}")
        raise
    if np.isnan(value):
        raise make("undefined", f"{measure.name} returned NaN for {pair}.", {"measure": measure.name, "pair": pair})
    return value


def compare(measure: Measure, x: Any, y: Any) -> dict[str, Any]:
    """Score one pair; the same fields as `_core.compare`."""
    left, right = as_array(x, "x"), as_array(y, "y")
    try:
        value, error = score(measure, left, right, "x and y"), None
    except ResemblanceError as failure:
        value, error = None, failure
    return {"value": value, "status": error.code if error else "ok", "error": error, "n": len(left), "warnings": []}


def pairwise(measure: Measure, left: Models, right: Models, on_error: str, tell: Callback | None) -> dict[str, Any]:
    """Score all pairs, each in its order; the same fields as `_core.pairwise`."""
    xs, ys = left.arrays(), right.arrays()
    values = np.full((len(xs), len(ys)), np.nan)
    status: dict[tuple[int, int], tuple[str, str]] = {}
    for done, (i, j) in enumerate(np.ndindex(values.shape), start=1):
        try:
            values[i, j] = score(measure, xs[i], ys[j], f"{left.names[i]} and {right.names[j]}")
        except ResemblanceError as failure:
            if on_error == "raise":
                raise
            status[i, j] = failure.code, failure.message
        if tell is not None:
            tell(done, values.size)
    return {"values": values, "null_mean": None, "status": status, "warnings": []}


def permutation_test(
    measure: Measure, x: Any, y: Any, request: Request, *, executor: Submits | None, tell: Callback | None
) -> dict[str, Any]:
    """Score the pair with the rows of y in other orders; the same fields as `_core.permutation_test`."""
    left, right = as_array(x, "x"), as_array(y, "y")
    _same_rows(left, right, "x", "y")
    _core.exchangeable(left, right, request.fields(), resources())
    if request.moments:
        raise make("not_offered", f"{measure.name} is a function of your own; nothing is known about its moments.")
    orders = _Orders(request, len(left))
    alternative = request.alternative or "greater"
    if request.method == "sequential":
        scores, pvalue, decision = _until_decided(measure, left, right, orders=orders, request=request, tell=tell)
        if len(scores) < orders.count:
            _told(tell, orders.count - 1, orders.count, None)
    else:
        every = in_order(executor, _score_in_order, (measure, left, right), enumerate(orders), orders.count)
        scored = [_told(tell, at, orders.count, one) for at, one in enumerate(every)]
        scores, pvalue, decision = np.array(scored), None, None
    null = scores if orders.exact else scores[1:]
    null_mean, null_std = float(null.mean()), float(null.std(ddof=0 if orders.exact or len(null) == 1 else 1))
    null_skew = float(np.mean((null - null_mean) ** 3)) / float(null.std()) ** 3 if null_std > 0 else None
    shares = _shares(scores, null_std, alternative)
    found, exceedances = float(min(1.0, shares[0])), round(shares[1] * len(scores))
    low, high = (
        (found, found)
        if orders.exact
        else _core.pvalue_interval(exceedances, len(scores), sequential=pvalue is not None)
    )
    sides = 2 if alternative == "two-sided" else 1
    min_pvalue = 0.9 * request.alpha if pvalue is not None else min(1.0, sides / len(scores))
    remarks = orders.remarks + _floor(min_pvalue)
    return {
        "statistic": float(scores[0]),
        "pvalue": found if pvalue is None else pvalue,
        "pvalue_ci": (low, high) if orders.exact else (min(1.0, sides * low), min(1.0, sides * high)),
        "null_mean": null_mean,
        "null_std": null_std,
        "null_mean_exact": orders.exact,
        "null_std_exact": orders.exact,
        "null_skew": null_skew,
        "null_skew_exact": orders.exact,
        "zscore": (float(scores[0]) - null_mean) / null_std if null_std > 0 else None,
        "calibrated_mean": None,  # the score at identity is not known
        "calibrated_quantile": None,
        "n_resamples": len(scores) - 1,
        "min_pvalue": min_pvalue,
        "alternative": alternative,
        "method": "sequential" if pvalue is not None else "exact" if orders.exact else "monte_carlo",
        "n_orbits": None,
        "exceedances": exceedances,
        "decision": decision,
        "null_distribution": scores if request.return_null else None,
        "warnings": remarks,
    }


def permutation_grid(
    measure: Measure,
    left: Models,
    others: Models | None,
    request: Request,
    *,
    adjust: str | None,
    executor: Submits | None,
    tell: Callback | None,
) -> dict[str, Any]:
    """Score all pairs with the rows of all of `others` in other orders; the same fields as `_core.permutation_grid`."""
    right, same = others or left, others is None
    _same_rows_of_all(left, right)
    if request.method == "sequential":
        raise make("not_offered", "sequential decisions are offered for one pair at a time.", {"method": "sequential"})
    orders = _Orders(request, len(left.arrays()[0]))
    alternative = request.alternative or "greater"
    scores, tested, status = _joint_scores(measure, left, others, request, orders, executor=executor, tell=tell)
    shape = (len(left.names), len(right.names))
    judged = _core.judge(scores, [not same or i != j for i, j in tested], alternative, adjust, exact=orders.exact)

    def table(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        if values is None:
            return None
        filled = np.full(shape, np.nan)
        for pair, value in zip(tested, values, strict=True):
            filled[pair] = value
        return filled

    def of_pairs(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        filled = table(values)
        if same and filled is not None:
            np.fill_diagonal(filled, np.nan)  # a representation with itself is no question
        return filled

    min_pvalue = min(1.0, (2 if alternative == "two-sided" else 1) / orders.count)
    nothing = np.full(shape, np.nan)
    return {name: table(judged[name]) for name in ("null_mean", "null_std", "zscores")} | {
        "unadjusted": of_pairs(judged["unadjusted"]),
        "adjusted": of_pairs(judged["adjusted"]),
        "values": table(scores[:, 0]),
        "null_mean_exact": orders.exact,
        "null_std_exact": orders.exact,
        "calibrated_mean": nothing,  # the score at identity is not known
        "largest": judged["largest"],
        "mean": judged["mean"],
        "n_tests": sum(not same or i != j for i, j in tested),
        "n_resamples": orders.count - 1,
        "min_pvalue": min_pvalue,
        "alternative": alternative,
        "method": "exact" if orders.exact else "monte_carlo",
        "n_orbits": None,
        "status": status,
        "warnings": orders.remarks + _floor(min_pvalue),
    }


def leave_one_out(
    measure: Measure, x: Any, ys: Mapping[str, Any], groups: Sequence[int] | None, tell: Callback | None
) -> tuple[list[float], list[list[float]], int]:
    """Score x with every y, with all rows and without each row or group, and count the rows."""
    left, rights = as_array(x, "x"), {name: as_array(y, name) for name, y in ys.items()}
    n = len(left)
    for name, right in [*rights.items()] + ([("groups", groups)] if groups is not None else []):
        _same_rows(left, right, "x", name)
    unit_of = np.arange(n) if groups is None else np.asarray(groups)
    units = int(unit_of.max()) + 1
    if units < 2:
        problem = f"{measure.name}: there must be at least two rows, or groups of rows, to leave one out; got {units}."
        raise make("too_few_samples", problem, {"measure": measure.name, "needed": 2, "n": units})
    scores = [score(measure, left, right, f"x and {name}") for name, right in rights.items()]
    without: list[list[float]] = [[] for _ in rights]
    for unit in range(units):
        stay = unit_of != unit
        for found, right in zip(without, rights.values(), strict=True):
            what = "row" if groups is None else "group"
            found.append(score(measure, left[stay], right[stay], f"all but {what} {unit}"))
        if tell is not None:
            tell(unit + 1, units)
    return scores, without, n


def _same_rows_of_all(left: Models, right: Models) -> None:
    arrays = [*left.arrays(), *right.arrays()]
    for array, name in zip(arrays, [*left.names, *right.names], strict=True):
        _same_rows(arrays[0], array, left.names[0], name)


def _joint_scores(
    measure: Measure,
    left: Models,
    others: Models | None,
    request: Request,
    orders: _Orders,
    *,
    executor: Submits | None,
    tell: Callback | None,
) -> tuple[NDArray[np.float64], list[tuple[int, int]], dict[tuple[int, int], tuple[str, str]]]:
    """Score all pairs that have a score, one row per pair and one column per order."""
    right = others or left
    xs, ys = left.arrays(), right.arrays()
    status: dict[tuple[int, int], tuple[str, str]] = {}
    pairs = list(np.ndindex(len(xs), len(ys)))
    for i, j in pairs:
        try:
            if others is not None or i != j:
                _core.exchangeable(xs[i], ys[j], request.fields(), resources())
            score(measure, xs[i], ys[j], f"{left.names[i]} and {right.names[j]}")
        except ResemblanceError as failure:
            status[i, j] = failure.code, failure.message
    tested = [(i, j) for i, j in pairs if (i, j) not in status]
    scores = np.empty((len(tested), orders.count))
    about = (measure, (xs, ys), tested, left.names)
    for at, column in enumerate(in_order(executor, _scores_in_order, about, enumerate(orders), orders.count)):
        scores[:, at] = column
        if np.isinf(scores[:, at]).any():
            message = f"{measure.name} returned an infinite score, which cannot be compared with those of other pairs."
            raise make("undefined", message, {"measure": measure.name})
        _told(tell, at, orders.count, None)
    return scores, tested, status


class _Orders:
    """The orders of n rows that a request is about: all that its design allows if these are few, else drawn ones."""

    def __init__(self, request: Request, n: int) -> None:
        self._fields, self._n = request.fields(), n
        every, _, self.remarks = _core.matchings(request.fields(), n, [], drawn=False)
        wanted = request.n_resamples + 1
        method = request.method
        if method == "orbits":
            raise make("not_offered", "A function of your own has no orbits.", {"method": method})
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
            yield from _core.matchings(self._fields, self._n, numbers, drawn=not self.exact)[1]


def _until_decided(
    measure: Measure, left: Array, right: Array, *, orders: _Orders, request: Request, tell: Callback | None
) -> tuple[NDArray[np.float64], float, bool | None]:
    """Score one order after the other until it is clear whether p is below alpha."""
    alternative = request.alternative or "greater"
    alpha = request.alpha / (2 if alternative == "two-sided" else 1)
    scores: list[float] = []
    found: tuple[float, bool | None] = (1.0, None)
    for at, order in enumerate(orders):
        scores.append(_told(tell, at, orders.count, score(measure, left, right[order], _where(at))))
        if at == 0:
            continue
        window = _window(scores[0], float(np.std(scores)))
        differences = np.array(scores[1:]) - scores[0]
        sides = {"greater": differences >= -window, "less": differences <= window}
        bets = [_core.bet(sides[side].tolist(), alpha) for side in sides if alternative in {side, "two-sided"}]
        decisions = [decision for _, _, decision in bets]
        p = min(1.0, len(bets) * min(p for _, p, _ in bets))
        if True in decisions:
            return np.array(scores), p, True
        if all(decision is False for decision in decisions):
            return np.array(scores), p, False
        found = p, None
    return np.array(scores), *found


def _floor(min_pvalue: float) -> list[tuple[str, str, dict[str, float]]]:
    message = f"The smallest reachable p is {min_pvalue:.3g}; no result can be significant."
    return [("p_floor", message, {"min_pvalue": min_pvalue})] if min_pvalue > _LEVEL else []


def _score_in_order(measure: Measure, left: Array, right: Array, numbered: tuple[int, NDArray[np.int64]]) -> float:
    at, order = numbered
    return score(measure, left, right[order], _where(at))


def _scores_in_order(
    measure: Measure,
    sides: tuple[list[Array], list[Array]],
    tested: list[tuple[int, int]],
    names: list[str],
    numbered: tuple[int, NDArray[np.int64]],
) -> list[float]:
    at, order = numbered
    xs, moved = sides[0], [y[order] for y in sides[1]]
    return [score(measure, xs[i], moved[j], f"{_where(at)} of {names[i]}") for i, j in tested]


def _told(tell: Callback | None, done: int, total: int, value: Any) -> Any:
    if tell is not None:
        tell(done + 1, total)
    return value


def _where(at: int) -> str:
    return f"permutation {at}" if at else "x and y"


def _same_rows(x: Sized, y: Sized, x_name: str, y_name: str) -> None:
    if len(x) != len(y):
        message = f"{x_name} has {len(x)} rows, {y_name} has {len(y)}; row i of both must belong to the same input."
        raise make("row_count_mismatch", message, {"x": x_name, "y": y_name, "n": len(x), "m": len(y)})


def _window(observed: float, std: float) -> float:
    window = max(100 * float(np.finfo(float).eps) * abs(observed), 1e-9 * std)
    return window if np.isfinite(window) else 0.0


def _shares(scores: NDArray[np.float64], null_std: float, alternative: str) -> tuple[float, float]:
    """Take the p-value, and the share of arrangements behind it, the observed one included; ties up to round-off."""
    window = _window(scores[0], null_std)
    greater = float(np.mean(scores >= scores[0] - window))
    less = float(np.mean(scores <= scores[0] + window))
    rarer = min(greater, less)
    return {"greater": (greater, greater), "less": (less, less), "two-sided": (2 * rarer, rarer)}[alternative]
