"""Operations decide which representations, which pairs and how often; every measure goes through every operation.

A measure is given as the function itself, as `functools.partial` of it to fix options, or by its name. Any function of
your own, ``f(x, y) -> float``, works in the same places, at the speed of Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from resemblance import _callables, _core
from resemblance._call import as_group, as_warnings, report
from resemblance._inputs import as_input, as_models, row_count
from resemblance._measure import Measure, as_measure, as_measures
from resemblance._progress import reporting
from resemblance._rng import key_of
from resemblance.config import threads
from resemblance.errors import ResemblanceWarning, make
from resemblance.results import Comparison, Difference, Grid, Grids, Info, Interval, PermutationResult, Score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike

    from resemblance._inputs import Models, ModelsLike, Representation
    from resemblance._measure import MeasureLike, MeasuresLike
    from resemblance._progress import Progress
    from resemblance._rng import RNG

__all__ = [
    "compare",
    "confidence_interval",
    "measures",
    "pairwise",
    "permutation_test",
    "prepare",
    "similarity_difference",
]


def compare(
    x: Representation | ModelsLike,
    y: Representation | None,
    measures: MeasuresLike,
    *,
    on_error: Literal["raise", "record"] = "raise",
    num_threads: int | None = None,
) -> Comparison:
    """Score one pair under one or several measures, each value with its chance level and how to read it.

    Parameters
    ----------
    x, y : array_like, shape (n, d_x) and (n, d_y)
        The pair, or prepared summaries of it. With ``y=None``, `x` is a group of models for a measure of groups such as
        `fleiss_kappa`, or one representation for a descriptive statistic.
    measures : callable, str or list of them
        One measure or several; work they have in common is done once.
    on_error : {"raise", "record"}, default "raise"
        Whether a measure without a value raises, or leaves its reason in the row.
    num_threads : int, optional
        Number of threads; the result does not depend on it.

    Returns
    -------
    Comparison
        One `Score` per measure, in order; also by name.

    Raises
    ------
    ResemblanceError
        If the data cannot be used; the message names the argument.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> found = rs.compare(x, x[:, :1], [rs.cca_mean_squared, rs.distance_correlation])
    >>> round(found["cca_mean_squared"].value, 6), round(found["cca_mean_squared"].null_mean, 6)
    (1.0, 0.666667)
    """
    chosen, _ = as_measures(measures)
    _choice("on_error", on_error, ("raise", "record"))
    count = threads(num_threads)
    if y is None:
        found = [_alone(measure, x, count) for measure in chosen]
    else:
        compiled = [(measure.name, measure.given) for measure in chosen if measure.function is None]
        rows = iter(_core.compare(compiled, as_input(x, "x"), as_input(y, "y"), count, None) if compiled else ())
        found = [next(rows) if measure.function is None else _callables.compare(measure, x, y) for measure in chosen]
    scores = tuple(_score(measure, fields) for measure, fields in zip(chosen, found, strict=True))
    for score in scores:
        if score.error is not None and on_error == "raise":
            raise score.error
    report([warning for score in scores for warning in score.warnings])
    return Comparison(scores)


@overload
def pairwise(  # type: ignore[overload-overlap]  # a name is also a sequence of names; the first signature wins
    models: ModelsLike,
    measures: MeasureLike,
    *,
    others: ModelsLike | None = ...,
    on_error: Literal["record", "raise"] = ...,
    num_threads: int | None = ...,
    progress: Progress = ...,
) -> Grid: ...
@overload
def pairwise(
    models: ModelsLike,
    measures: Sequence[MeasureLike],
    *,
    others: ModelsLike | None = ...,
    on_error: Literal["record", "raise"] = ...,
    num_threads: int | None = ...,
    progress: Progress = ...,
) -> Grids: ...
def pairwise(
    models: ModelsLike,
    measures: MeasuresLike,
    *,
    others: ModelsLike | None = None,
    on_error: Literal["record", "raise"] = "record",
    num_threads: int | None = None,
    progress: Progress = None,
) -> Grid | Grids:
    """Score all pairs of one set of representations, or of two sets.

    Each representation is summarized once, whatever the number of pairs and measures, and a symmetric measure is
    computed once per pair.

    Parameters
    ----------
    models : mapping or sequence of array_like
        The representations; the keys of a mapping name them, a sequence is numbered.
    measures : callable, str or list of them
        One measure gives a `Grid`, a list gives `Grids`.
    others : mapping or sequence of array_like, optional
        A second set: row i of the result is of `models`, column j of `others`. Without it, all pairs within `models`.
    on_error : {"record", "raise"}, default "record"
        Whether a pair without a value is NaN with its reason in ``status``, or raises.
    num_threads : int, optional
        Number of threads; the result does not depend on it.
    progress : bool or callable, optional
        True shows a bar (of tqdm, if it is installed); a function is called with the numbers of pairs done and in all.

    Returns
    -------
    Grid or Grids
        A labelled matrix, or one per measure, by position, name or label.

    Raises
    ------
    ResemblanceError
        If a representation is no array of real numbers, or for any pair under ``on_error="raise"``.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> grid = rs.pairwise({"both": x, "first": x[:, :1], "second": x[:, 1:]}, rs.linear_regression_r2)
    >>> grid.values.round(6) + 0.0
    array([[1. , 1. , 1. ],
           [0.8, 1. , 0. ],
           [0.2, 0. , 1. ]])
    >>> round(grid["first", "both"], 6)
    0.8
    """
    chosen, several = as_measures(measures)
    _choice("on_error", on_error, ("record", "raise"))
    count = threads(num_threads)
    left = as_models(models, "models")
    right = left if others is None else as_models(others, "others")
    compiled = [(measure.name, measure.given) for measure in chosen if measure.function is None]
    found: Iterator[dict[str, Any]] = iter(())
    with reporting(progress, "pairs") as tell:
        if compiled:
            ys, names = (None, None) if others is None else (right.inputs(), right.names)
            found = iter(_core.pairwise(compiled, left.inputs(), left.names, ys, names, count, on_error, tell))
        grids = tuple(
            _grid(
                measure,
                left,
                right,
                next(found) if measure.function is None else _callables.pairwise(measure, left, right, on_error, tell),
            )
            for measure in chosen
        )
    report([warning for grid in grids for warning in grid.warnings])
    return Grids(grids) if several else grids[0]


def permutation_test(
    x: Representation,
    y: Representation,
    measure: MeasureLike,
    *,
    n_resamples: int = 9999,
    alternative: Literal["greater", "less", "two-sided"] | None = None,
    rng: RNG = None,
    num_threads: int | None = None,
    progress: Progress = None,
    return_null: bool = False,
) -> PermutationResult:
    """Test whether the score of a pair is beyond what rows matched at random would give.

    The null hypothesis: given `x`, every order of the rows of `y` is equally likely. Everything that belongs to one
    representation alone is computed once. Where the form of the measure allows it, the permutations come in orbits of
    cyclic shifts of random relabellings, of which the FFT evaluates a whole one at a time; the p-value stays exact.

    Parameters
    ----------
    x, y : array_like, shape (n, d_x) and (n, d_y)
        Row i of both belongs to the same input. Rows must be exchangeable: one row per stimulus, not one per token.
    measure : callable or str
        One measure. What stays with the inputs, such as ``labels=``, stays with `x`.
    n_resamples : int, default 9999
        Number of permutations, rounded up to whole orbits.
    alternative : {"greater", "less", "two-sided"}, optional
        By default what speaks for likeness: greater for a similarity, less for a distance, greater for a function of
        your own.
    rng : int, SeedSequence, BitGenerator or Generator of numpy.random, optional
        Where the permutations come from. A seed gives the same test every time, for any number of threads.
    num_threads : int, optional
        Number of threads; the result does not depend on it.
    progress : bool or callable, optional
        True shows a bar (of tqdm, if it is installed); a function is called with the numbers done and in all.
    return_null : bool, default False
        Whether to keep the scores of all permutations, the observed one first.

    Returns
    -------
    PermutationResult
        The score with p-value, chance level, z-score and calibrated score.

    Raises
    ------
    ResemblanceError
        ``permutation_undefined`` if the measure does not use which row is which; ``not_exchangeable`` if sample pairs
        are repeated; and whatever the measure itself refuses.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> x = np.arange(6.0)[:, None] ** 2
    >>> y = x + np.array([[0.0], [2.0], [0.0], [2.0], [0.0], [2.0]])

    A function of the user's own; with 6 rows all 720 orders are tried:

    >>> def correlation(x, y):
    ...     return np.corrcoef(x[:, 0], y[:, 0])[0, 1]
    >>> found = rs.permutation_test(x, y, correlation)
    >>> found.method, round(found.statistic, 6), round(found.pvalue * 720)
    ('exact', 0.994576, 1)
    """
    chosen = as_measure(measure)
    return _permutation_test(
        chosen,
        x,
        y,
        n_resamples=n_resamples,
        alternative=alternative,
        key=key_of(rng),
        num_threads=num_threads,
        progress=progress,
        return_null=return_null,
    )


def confidence_interval(
    x: Representation,
    y: Representation,
    measure: MeasureLike,
    *,
    level: float = 0.95,
    method: Literal["jackknife"] = "jackknife",
    groups: ArrayLike | None = None,
    num_threads: int | None = None,
    progress: Progress = None,
) -> Interval:
    """Say how precise the score of a pair is, given that the inputs are a sample.

    Rows are left out one after the other (the jackknife). From the scores theta_i without row i,
    ``se**2 = (n - 1)/n * sum((theta_i - mean)**2)``, and the interval is ``score -+ t * se`` with Student's quantile of
    n - 1 degrees of freedom, cut to the range of the score. A bootstrap of rows is not offered: repeated rows
    look alike on both sides and push the score up.

    Prefer a debiased measure, such as `cka` with ``estimator="debiased"``. The interval of a biased one is centered
    on a score that is itself too high.

    Parameters
    ----------
    x, y : array_like, shape (n, d_x) and (n, d_y)
        Row i of both belongs to the same input.
    measure : callable or str
        One measure. For `cka` (biased and debiased), `distance_correlation`, `disagreement` and `js_divergence` the
        scores without a row follow from sums over all rows, and prepared summaries are accepted; a bandwidth taken from
        the data stays that of all rows. Any other measure, and any function of your own, is computed n times.
    level : float, default 0.95
        Share of intervals that should cover the true score.
    method : {"jackknife"}, default "jackknife"
        How the precision is found.
    groups : array_like of n ids, optional
        Rows with the same id belong together (the tokens of one text) and are left out together.
    num_threads : int, optional
        Number of threads; the result does not depend on it.
    progress : bool or callable, optional
        True shows a bar (of tqdm, if it is installed); a function is called with the numbers done and in all.

    Returns
    -------
    Interval
        The score with standard error, interval and bias, and the scores without each row.

    Raises
    ------
    ResemblanceError
        ``not_offered`` if the measure does not use which row is which, or must be computed anew and is given a prepared
        summary; ``undefined`` if some score without a row is; and whatever the measure itself refuses.

    See Also
    --------
    similarity_difference : Do two scores differ?
    permutation_test : Is a score above chance?

    Examples
    --------
    >>> import functools
    >>> import numpy as np
    >>> import resemblance as rs
    >>> rows, columns = np.ogrid[:60, :4]
    >>> x = np.sin(1.3 * rows + 0.7 * columns**2 + 0.4 * rows * columns)
    >>> y = x[:, :3] + 0.8 * np.cos(2.1 * rows + columns[:, :3])
    >>> found = rs.confidence_interval(x, y, functools.partial(rs.cka, estimator="debiased"), level=0.9)
    >>> print(found)
    cka[estimator=debiased] = 0.6297, 90% interval 0.5623 to 0.6972, standard error 0.0404, n = 60

    Rows that belong together are left out together:

    >>> print(rs.confidence_interval(x, y, functools.partial(rs.cka, estimator="debiased"), groups=np.arange(60) // 6))
    cka[estimator=debiased] = 0.6297, 95% interval 0.5738 to 0.6857, standard error 0.0247, n = 60 in 10 groups
    """
    chosen = as_measure(measure)
    _choice("method", method, ("jackknife",))
    _share("level", level)
    units = _units(groups)
    with reporting(progress, "rows" if groups is None else "groups") as tell:
        if chosen.function is None:
            found = _core.confidence_interval(
                chosen.name,
                chosen.given,
                as_input(x, "x"),
                as_input(y, "y"),
                float(level),
                units,
                threads(num_threads),
                tell,
            )
        else:
            (score,), (without,), n = _callables.leave_one_out(chosen, x, {"y": y}, units, tell)
            found = _core.jackknife(score, without, float(level), None, groups is not None)
            del found["pvalue_equivalence"]
            found |= {"n": n, "closed_form": False}
    return Interval(**_described(chosen, found, level, groups))


def similarity_difference(
    x: Representation,
    y1: Representation,
    y2: Representation,
    measure: MeasureLike,
    *,
    level: float = 0.95,
    margin: float | None = None,
    groups: ArrayLike | None = None,
    num_threads: int | None = None,
    progress: Progress = None,
) -> Difference:
    """Compare how alike `x` is to `y1` and to `y2`: the score of the first minus that of the second.

    This is not a permutation test: rows are not exchangeable if the two scores are merely equal. Rows are left out one
    after the other from all three sides, as in `confidence_interval`, so that what the two scores have in common
    cancels. The scores differ if the interval leaves out 0.

    That it contains 0 does not show that they are equal. For that, give a `margin`, the largest difference that does
    not matter: the scores are called equivalent if the whole interval lies within it. Those are two one-sided tests,
    each at level (1 - `level`)/2; the usual 5 % need ``level=0.9``.

    Parameters
    ----------
    x, y1, y2 : array_like, shape (n, d), (n, d_1) and (n, d_2)
        Row i of all three belongs to the same input.
    measure : callable or str
        One measure; `confidence_interval` says which of them are quick.
    level : float, default 0.95
        Share of intervals that should cover the true difference.
    margin : float, optional
        The largest difference that is negligible.
    groups : array_like of n ids, optional
        Rows with the same id belong together and are left out together.
    num_threads : int, optional
        Number of threads; the result does not depend on it.
    progress : bool or callable, optional
        True shows a bar (of tqdm, if it is installed); a function is called with the numbers done and in all.

    Returns
    -------
    Difference
        The difference with standard error and interval, both scores, and the verdict on equivalence.

    Raises
    ------
    ResemblanceError
        As for `confidence_interval`.

    See Also
    --------
    confidence_interval : The precision of one score.

    Examples
    --------
    >>> import functools
    >>> import numpy as np
    >>> import resemblance as rs
    >>> rows, columns = np.ogrid[:60, :4]
    >>> x = np.sin(1.3 * rows + 0.7 * columns**2 + 0.4 * rows * columns)
    >>> near, far = x + 0.3 * np.cos(2.1 * rows + columns), x + 0.9 * np.cos(2.1 * rows + columns)
    >>> print(rs.similarity_difference(x, near, far, functools.partial(rs.cka, estimator="debiased"), margin=0.1))
    cka[estimator=debiased]: 0.9179 - 0.6412 = 0.2767, 95% interval 0.2068 to 0.3465, standard error 0.0349,
    not shown equivalent within 0.100 (p = 1), n = 60
    """
    chosen = as_measure(measure)
    _share("level", level)
    if margin is not None and not (_is_number(margin) and 0 < margin < float("inf")):
        raise _bad("margin", margin, "must be a positive number")
    units = _units(groups)
    limit = None if margin is None else float(margin)
    with reporting(progress, "rows" if groups is None else "groups") as tell:
        if chosen.function is None:
            found = _core.similarity_difference(
                chosen.name,
                chosen.given,
                as_input(x, "x"),
                as_input(y1, "y1"),
                as_input(y2, "y2"),
                float(level),
                limit,
                units,
                threads(num_threads),
                tell,
            )
        else:
            (first, second), (a, b), n = _callables.leave_one_out(chosen, x, {"y1": y1, "y2": y2}, units, tell)
            without = [p - q for p, q in zip(a, b, strict=True)]
            found = _core.jackknife(first - second, without, float(level), limit, groups is not None)
            found |= {"first": first, "second": second, "n": n, "closed_form": False}
    pvalue = found["pvalue_equivalence"]
    equivalent = None if pvalue is None else bool(pvalue <= (1 - level) / 2)
    return Difference(**_described(chosen, found, level, groups), margin=limit, equivalent=equivalent)


def prepare(x: Representation, measure: MeasureLike, *, num_threads: int | None = None) -> _core.Prepared:
    """Summarize one representation for a measure, to be used wherever an array is.

    A summary is reusable and can be pickled. It serves the measure and the options it was made for, and no others.

    Parameters
    ----------
    x : array_like, shape (n, d)
        The representation.
    measure : callable or str
        A measure of this library, with its options.
    num_threads : int, optional
        Number of threads; the result does not depend on it.

    Returns
    -------
    Prepared
        The summary.

    Raises
    ------
    ResemblanceError
        If the data cannot be used, or if the measure is a function of your own, which has no summary.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> summary = rs.prepare(x, rs.cka)
    >>> round(rs.cka(summary, x[:, :1]), 6)
    0.970143
    """
    chosen = as_measure(measure)
    if chosen.function is not None:
        raise make("not_offered", f"{chosen.name} is a function of your own and has no summary to prepare.")
    return _core.prepare(chosen.name, chosen.given, as_input(x, "x"), threads(num_threads))


def measures() -> list[Info]:
    """List the measures with their options and what they state about themselves.

    Returns
    -------
    list of Info
        One per measure, in the order of the catalogue.

    Examples
    --------
    >>> import resemblance as rs
    >>> [info.name for info in rs.measures() if info.facts["kind"] == "statistic"]
    ['participation_ratio', 'uniformity']
    """
    return [Info(**entry) for entry in _core.measures()]


def replay(
    before: PermutationResult, x: Representation, y: Representation, measure: Callable[..., float] | None
) -> PermutationResult:
    """Run a test again from its key; `PermutationResult.replay` compares."""
    if measure is not None:
        chosen = as_measure(measure)
    elif before.facts.get("kind") == "unknown":
        message = f"{before.measure} is a function of your own, which a result does not keep: pass measure=."
        raise make("not_offered", message, {"measure": before.measure})
    else:
        chosen = Measure(before.measure, before.options, before.label)
    return _permutation_test(
        chosen,
        x,
        y,
        n_resamples=before.n_resamples,
        alternative=before.alternative,
        key=bytes.fromhex(before.key),
        return_null=before.null_distribution is not None,
    )


def _permutation_test(
    measure: Measure,
    x: Any,
    y: Any,
    *,
    n_resamples: int,
    alternative: str | None,
    key: bytes,
    return_null: bool,
    num_threads: int | None = None,
    progress: Progress = None,
) -> PermutationResult:
    if isinstance(n_resamples, bool) or not hasattr(n_resamples, "__index__") or n_resamples < 1:
        message = f"n_resamples={n_resamples!r} must be a whole number of at least 1."
        raise make("bad_option", message, {"option": "n_resamples", "given": repr(n_resamples)})
    with reporting(progress, "permutations") as tell:
        if measure.function is None:
            found = _core.permutation_test(
                measure.name,
                measure.given,
                as_input(x, "x"),
                as_input(y, "y"),
                int(n_resamples),
                key,
                alternative,
                threads(num_threads),
                return_null,
                tell,
            )
        else:
            found = _callables.permutation_test(
                measure,
                x,
                y,
                n_resamples=int(n_resamples),
                key=key,
                alternative=alternative or "greater",
                return_null=return_null,
                tell=tell,
            )
    of_measure = {"measure": measure.name, "label": measure.label, "options": measure.options, "facts": measure.facts}
    warnings = as_warnings(found["warnings"])
    report(warnings)
    return PermutationResult(**found | of_measure | {"key": key.hex(), "warnings": warnings})


def _described(measure: Measure, found: dict[str, Any], level: float, groups: Any) -> dict[str, Any]:
    """Complete what an interval has in common with a difference, and report the warnings."""
    warnings = as_warnings(found["warnings"])
    report(warnings)
    units = found.pop("n_units")
    of_measure = {"measure": measure.name, "label": measure.label, "options": measure.options, "facts": measure.facts}
    more = {"level": float(level), "method": "jackknife", "n_groups": None if groups is None else units}
    return found | of_measure | more | {"warnings": warnings}


def _units(groups: Any) -> list[int] | None:
    """Give the groups numbers from 0, in sorted order of their ids."""
    if groups is None:
        return None
    ids = np.asarray(groups)
    if ids.ndim != 1 or ids.size == 0 or ids.dtype.kind not in "iubUS":
        given = f"an array of {ids.dtype} with shape {ids.shape}"
        message = f"groups must hold one whole number or text per row, got {given}."
        raise make("bad_option", message, {"option": "groups", "given": given})
    numbers: list[int] = np.unique(ids, return_inverse=True)[1].tolist()
    return numbers


def _is_number(given: object) -> bool:
    return isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool)


def _share(option: str, given: Any) -> None:
    if not (_is_number(given) and 0 < given < 1):
        raise _bad(option, given, "must be a number between 0 and 1")


def _bad(option: str, given: object, problem: str) -> Exception:
    return make("bad_option", f"{option}={given!r} {problem}.", {"option": option, "given": repr(given)})


def _alone(measure: Measure, x: Any, count: int) -> dict[str, Any]:
    """Score a group of models, or compute a statistic of one representation."""
    if measure.function is not None:
        raise make("not_offered", f"{measure.name} is a function of your own and needs a pair: y is missing.")
    if measure.facts["kind"] == "statistic":
        single = as_input(x, "x")
        found, n = _core.statistic(measure.name, measure.given, single, count), row_count(single)
    else:
        members = as_group(x)
        found, n = _core.group(measure.name, measure.given, members, count), row_count(members[0])
    value, remarks = found if isinstance(found, tuple) else (found, [])
    return {"value": value, "n": n, "warnings": remarks}


def _score(measure: Measure, found: Mapping[str, Any]) -> Score:
    return Score(
        measure.name,
        measure.label,
        measure.options,
        found["value"],
        found.get("status", "ok"),
        found.get("error"),
        measure.facts,
        found.get("null_mean"),
        found.get("calibrated_mean"),
        found.get("n"),
        as_warnings(found["warnings"]),
    )


def _grid(measure: Measure, left: Models, right: Models, found: Mapping[str, Any]) -> Grid:
    warnings = as_warnings(found["warnings"])
    status = dict(found["status"])
    if status:
        (i, j), (code, reason) = next(iter(status.items()))
        row, column = left.labels[i], right.labels[j]
        total = len(left.labels) * len(right.labels)
        message = f"{len(status)} of {total} pairs have no value; {row} with {column}: {reason}"
        details = {"count": len(status), "total": total, "code": code, "row": row, "column": column}
        warnings.append(ResemblanceWarning("failed_pairs", message, details))
    return Grid(
        measure.name,
        measure.label,
        measure.options,
        found["values"],
        tuple(left.labels),
        tuple(right.labels),
        measure.facts,
        status,
        found["null_mean"],
        None,
        warnings,
    )


def _choice(option: str, given: object, known: tuple[str, ...]) -> None:
    if given not in known:
        message = f"{option}={given!r} is not a choice; known are {', '.join(known)}."
        raise make("bad_option", message, {"option": option, "given": repr(given)})
