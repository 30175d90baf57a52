"""Operations decide which representations, which pairs and how often; every measure goes through every operation.

A measure is given as the function itself, as `functools.partial` of it to fix options, or by its name. Any function of
your own, ``f(x, y) -> float``, works in the same places, at the speed of Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from resemblance import _callables, _core
from resemblance._call import as_group, as_warnings, failed_pairs, report, rows, statistic
from resemblance._config import resources
from resemblance._inputs import as_input, as_models, require_choice, row_count
from resemblance._measure import arrays_of, as_measure, as_measures
from resemblance._progress import part, reporting
from resemblance._rows import fingerprint_of, require_same_rows
from resemblance.errors import make
from resemblance.results import Comparison, Grid, Grids, Info, MeasureList, Score

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from resemblance._config import Resources
    from resemblance._inputs import Models, ModelsLike, Representation
    from resemblance._measure import Measure, MeasureLike, MeasuresLike
    from resemblance._progress import Progress

__all__ = ["compare", "describe", "list_measures", "pairwise", "prepare", "rowwise"]


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
    chosen = as_measures(measures)
    require_choice("on_error", on_error, ("raise", "record"))
    limits = resources(num_threads)
    if y is None:
        found = [_alone(measure, x, limits) for measure in chosen]
    else:
        require_same_rows([("x", x), ("y", y), *arrays_of(chosen)], chosen)
        compiled = [(measure.name, measure.given) for measure in chosen if measure.function is None]
        rows = iter(_core.compare(compiled, as_input(x, "x"), as_input(y, "y"), limits, None) if compiled else ())
        found = [next(rows) if measure.function is None else _callables.compare(measure, x, y) for measure in chosen]
    scores = tuple(_score(measure, fields) for measure, fields in zip(chosen, found, strict=True))
    for score in scores:
        if score.error is not None and on_error == "raise":
            raise score.error
    report([warning for score in scores for warning in score.warnings])
    return Comparison(scores)


def rowwise(
    x: Representation | ModelsLike, y: Representation | None, measure: MeasureLike, *, num_threads: int | None = None
) -> NDArray[np.float64]:
    """Score each row of a pair, or of a group of models, for a measure that is a mean over rows.

    Parameters
    ----------
    x, y : array_like
        The pair, as the measure takes it. With ``y=None``, `x` is a group of models for a measure of groups such as
        `ambiguity`.
    measure : callable or str
        A measure of this library whose score is a mean over rows, such as `knn_jaccard`, `aligned_cosine` or
        `disagreement`, with its options.
    num_threads : int, optional
        Number of threads; the result does not depend on it.

    Returns
    -------
    ndarray, shape (n,)
        What each row contributes; NaN for rows that are left out of the mean.

    Raises
    ------
    ResemblanceError
        ``not_offered`` if the score is no mean over rows, or if the measure is a function of your own; and whatever the
        measure itself refuses.

    Examples
    --------
    >>> import resemblance as rs
    >>> rs.rowwise([0, 1, 2, 1], [0, 1, 1, 1], rs.disagreement)
    array([0., 0., 1., 0.])

    Of a group, the inputs on which its models conflict:

    >>> rs.rowwise([[0, 1, 2, 1], [0, 1, 1, 1], [0, 2, 1, 1]], None, rs.ambiguity)
    array([0., 1., 1., 0.])
    """
    chosen = as_measure(measure)
    if chosen.function is not None:
        raise make("not_offered", f"{chosen.name} is a function of your own; nothing is known about its rows.")
    if y is None:
        require_same_rows(arrays_of([chosen]))
        return _core.group_rows(chosen.name, chosen.given, as_group(x, chosen.given), resources(num_threads))
    require_same_rows([("x", x), ("y", y), *arrays_of([chosen])])
    found: NDArray[np.float64] = rows(chosen.name, chosen.given, x, y, resources(num_threads))
    return found


def describe(x: Representation, measure: MeasureLike, *, num_threads: int | None = None) -> float:
    """Compute a descriptive statistic of one representation.

    Parameters
    ----------
    x : array_like, shape (n, d)
        The representation, or a prepared summary of it.
    measure : callable or str
        A descriptive statistic of this library, `participation_ratio` or `uniformity`, with its options.
    num_threads : int, optional
        Number of threads; the result does not depend on it.

    Returns
    -------
    float
        The number; for a pair, the measure itself compares the two numbers.

    Raises
    ------
    ResemblanceError
        ``not_offered`` if the measure needs a pair; and whatever the measure itself refuses.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> round(rs.describe(x, rs.participation_ratio), 6)
    1.470588
    """
    chosen = as_measure(measure)
    if chosen.function is not None:
        raise make("not_offered", f"{chosen.name} is a function of your own and needs a pair.")
    return statistic(chosen.name, chosen.given, x, resources(num_threads))


def pairwise(
    x: ModelsLike,
    measures: MeasuresLike,
    *,
    y: ModelsLike | None = None,
    on_error: Literal["record", "raise"] = "record",
    num_threads: int | None = None,
    progress: Progress = None,
) -> Grids[Grid]:
    """Score all pairs of one set of representations, or of two sets.

    Each representation is summarized once, whatever the number of pairs and measures, and a symmetric measure is
    computed once per pair.

    Parameters
    ----------
    x : mapping or sequence of array_like
        The representations; the keys of a mapping name them, a sequence is numbered.
    measures : callable, str or list of them
        One measure or several; work they have in common is done once.
    y : mapping or sequence of array_like, optional
        A second set: row i of a grid is of `x`, column j of `y`. Without it, all pairs within `x`.
    on_error : {"record", "raise"}, default "record"
        Whether a pair without a value is NaN with its reason in ``status``, or raises.
    num_threads : int, optional
        Number of threads; the result does not depend on it.
    progress : bool or callable, optional
        True shows a bar (of tqdm, if it is installed); a function is called with the numbers of pairs done and in all.

    Returns
    -------
    Grids
        A labelled matrix per measure, by name, label or position.

    Raises
    ------
    ResemblanceError
        If a representation is no array of real numbers, or for any pair under ``on_error="raise"``.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> grids = rs.pairwise({"both": x, "first": x[:, :1], "second": x[:, 1:]}, rs.linear_regression_r2)
    >>> grid = grids["linear_regression_r2"]
    >>> grid.values.round(6) + 0.0
    array([[1. , 1. , 1. ],
           [0.8, 1. , 0. ],
           [0.2, 0. , 1. ]])
    >>> round(grid["first", "both"], 6)
    0.8
    """
    chosen = as_measures(measures)
    require_choice("on_error", on_error, ("record", "raise"))
    limits = resources(num_threads)
    left = as_models(x, "x")
    right = left if y is None else as_models(y, "y")
    require_same_rows([*left.sides(), *(right.sides() if y is not None else []), *arrays_of(chosen)], chosen)
    compiled = [(measure.name, measure.given) for measure in chosen if measure.function is None]
    found: Iterator[dict[str, Any]] = iter(())
    with reporting(progress, "pairs") as tell:
        pieces = len(chosen) - len(compiled) + (1 if compiled else 0)
        told = iter([part(tell, at, pieces, len(left.given) * len(right.given)) for at in range(pieces)])
        if compiled:
            ys, names = (None, None) if y is None else (right.inputs(), right.names)
            found = iter(_core.pairwise(compiled, left.inputs(), left.names, ys, names, limits, on_error, next(told)))
        grids = tuple(
            _grid(
                measure,
                left,
                right,
                next(found)
                if measure.function is None
                else _callables.pairwise(measure, left, right, on_error, next(told)),
            )
            for measure in chosen
        )
    report([warning for grid in grids for warning in grid.warnings])
    return Grids(grids)


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
    return _core.prepare(chosen.name, chosen.given, as_input(x, "x"), fingerprint_of(x), resources(num_threads))


def list_measures() -> MeasureList:
    """List the measures with their options and what they state about themselves.

    Returns
    -------
    MeasureList
        One `Info` per measure, in the order of the catalogue; also by name.

    Examples
    --------
    >>> import resemblance as rs
    >>> [info.name for info in rs.list_measures() if info.facts["kind"] == "statistic"]
    ['participation_ratio', 'uniformity']
    """
    return MeasureList(tuple(Info(**entry) for entry in _core.measures()))


def _alone(measure: Measure, x: Any, limits: Resources) -> dict[str, Any]:
    """Score a group of models, or compute a statistic of one representation."""
    if measure.function is not None:
        raise make("not_offered", f"{measure.name} is a function of your own and needs a pair: y is missing.")
    if measure.facts["kind"] == "statistic":
        single = as_input(x, "x")
        found, n = _core.statistic(measure.name, measure.given, single, limits), row_count(single)
    else:
        members = as_group(x, measure.given)
        found, n = _core.group(measure.name, measure.given, members, limits), row_count(members[0])
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
        found.get("null_mean_from"),
        found.get("calibrated_mean"),
        found.get("n"),
        as_warnings(found["warnings"]),
    )


def _grid(measure: Measure, left: Models, right: Models, found: Mapping[str, Any]) -> Grid:
    status = dict(found["status"])
    warnings = as_warnings(found["warnings"]) + failed_pairs(status, left, right)
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
        found.get("null_mean_from"),
    )
