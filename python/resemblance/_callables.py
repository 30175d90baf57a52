"""The operations for a function of the user's own: `f(x, y) -> float`, run in Python on the calling thread.

Nothing is known about such a function, so nothing is saved: every pair in both orders, every permutation from scratch.
"""

from __future__ import annotations

from itertools import islice, permutations
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance import _core
from resemblance._inputs import as_array
from resemblance.errors import ResemblanceError, make

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from resemblance._inputs import Array, Models
    from resemblance._measure import Measure
    from resemblance._progress import Callback

_ALTERNATIVES = ("greater", "less", "two-sided")
_LEVEL = 0.05  # a test whose smallest p-value is above this can never be significant


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
    measure: Measure,
    x: Any,
    y: Any,
    *,
    n_resamples: int,
    key: bytes,
    alternative: str,
    return_null: bool,
    tell: Callback | None,
) -> dict[str, Any]:
    """Score the pair with the rows of y in other orders; the same fields as `_core.permutation_test`."""
    left, right = as_array(x, "x"), as_array(y, "y")
    n = len(left)
    if len(right) != n:
        message = f"x has {n} rows, y has {len(right)}; row i of both must belong to the same input."
        raise make("row_count_mismatch", message, {"x": "x", "y": "y", "n": n, "m": len(right)})
    if alternative not in _ALTERNATIVES:
        message = f"alternative={alternative!r} is not a choice; known are {', '.join(_ALTERNATIVES)}."
        raise make("bad_option", message, {"option": "alternative", "given": repr(alternative)})
    exact = n < 20 and factorial(n) <= n_resamples + 1
    if exact:
        n_resamples = factorial(n) - 1
    scores = np.empty(n_resamples + 1)
    for done, order in enumerate(_orders(n, key if not exact else None, n_resamples + 1)):
        scores[done] = score(measure, left, right[order], f"permutation {done}" if done else "x and y")
        if tell is not None:
            tell(done, n_resamples)
    null = scores if exact else scores[1:]
    min_pvalue = min(1.0, (2 if alternative == "two-sided" else 1) / len(scores))
    remarks = []
    if min_pvalue > _LEVEL:
        message = f"The smallest reachable p is {min_pvalue:.3g}; no result can be significant."
        remarks.append(("p_floor", message, {"min_pvalue": min_pvalue}))
    null_mean, null_std = float(null.mean()), float(null.std(ddof=0 if exact or len(null) == 1 else 1))
    return {
        "statistic": float(scores[0]),
        "pvalue": _pvalue(scores, null_std, alternative),
        "null_mean": null_mean,
        "null_std": null_std,
        "null_mean_exact": exact,
        "null_std_exact": exact,
        "zscore": (float(scores[0]) - null_mean) / null_std if null_std > 0 else None,
        "calibrated_mean": None,  # the score at identity is not known
        "n_resamples": n_resamples,
        "min_pvalue": min_pvalue,
        "alternative": alternative,
        "method": "exact" if exact else "monte_carlo",
        "n_orbits": None,
        "null_distribution": scores if return_null else None,
        "warnings": remarks,
    }


def leave_one_out(
    measure: Measure, x: Any, ys: Mapping[str, Any], groups: Sequence[int] | None, tell: Callback | None
) -> tuple[list[float], list[list[float]], int]:
    """Score x with every y, with all rows and without each row or group, and count the rows."""
    left, rights = as_array(x, "x"), {name: as_array(y, name) for name, y in ys.items()}
    n = len(left)
    for name, right in [*rights.items()] + ([("groups", groups)] if groups is not None else []):
        if len(right) != n:
            message = f"x has {n} rows, {name} has {len(right)}; row i of both must belong to the same input."
            raise make("row_count_mismatch", message, {"x": "x", "y": name, "n": n, "m": len(right)})
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


def _orders(n: int, key: bytes | None, count: int) -> Iterator[NDArray[np.int64]]:
    """Yield the observed order, then all others, or those of the streams 1, 2, ... of a key."""
    if key is None:
        yield from map(np.array, islice(permutations(range(n)), count))
        return
    yield np.arange(n)
    for stream in range(1, count):
        yield _core.permutation(key, stream, n)


def _pvalue(scores: NDArray[np.float64], null_std: float, alternative: str) -> float:
    """Take the share of arrangements, the observed one included, that are as extreme up to round-off."""
    observed = scores[0]
    window = max(100 * np.finfo(float).eps * abs(observed), 1e-9 * null_std)
    greater, less = np.mean(scores >= observed - window), np.mean(scores <= observed + window)
    return float({"greater": greater, "less": less, "two-sided": min(1.0, 2 * min(greater, less))}[alternative])
