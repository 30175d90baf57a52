"""Operations decide which representations, which pairs and how often; every measure goes through every operation.

A measure is given as the function itself, as `functools.partial` of it to fix options, or by its name. Any function of
your own, ``f(x, y) -> float``, works in the same places, at the speed of Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from resemblance._bridge import as_warnings, failed_pairs, report
from resemblance._compiled_measure import core_measures
from resemblance._config import resources
from resemblance._inputs import as_models, require_choice
from resemblance._measure import arrays_of, in_batches
from resemblance._progress import part, reporting
from resemblance._python_measure import PythonMeasure
from resemblance._recognize import as_measure, as_measures, python_measures
from resemblance._rows import require_same_rows
from resemblance._stated import options_of
from resemblance.results import Comparison, Grid, Grids, Info, MeasureList, Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from resemblance import _core
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
        If the data cannot be used; the page of codes lists all.

    Notes
    -----
    This is the thorough look at one pair. Where no closed form gives the chance level, eight random pairings estimate
    it; and where few rows or columns hold most of the variance, the score is computed once more without them. Calls of
    a measure, grids and tests spend next to nothing on such questions, and say less.

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
        found = [measure.alone(x, limits) for measure in chosen]
    else:
        require_same_rows([("x", x), ("y", y), *arrays_of(chosen)], chosen)
        found = in_batches(chosen, lambda batch, *_: batch[0].compare(batch, x, y, limits))
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
        ``not_offered`` if the score is no mean over rows; the page of codes lists all.

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
    found: NDArray[np.float64]
    if y is None:
        require_same_rows(chosen.arrays)
        found = chosen.rowwise_of_group(x, resources(num_threads))
    else:
        require_same_rows([("x", x), ("y", y), *chosen.arrays])
        found = chosen.rowwise(x, y, resources(num_threads))
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
        ``not_offered`` if the measure needs a pair; the page of codes lists all.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> round(rs.describe(x, rs.participation_ratio), 6)
    1.470588
    """
    return as_measure(measure).describe(x, resources(num_threads))


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
        If a representation cannot be used, or any pair under ``on_error="raise"``; the page of codes lists all.

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
    pairs = len(left.given) * len(right.given)
    with reporting(progress, "pairs") as tell:

        def of_batch(batch: list[Measure], number: int, batches: int) -> list[dict[str, Any]]:
            told = part(tell, number, batches, pairs)
            return batch[0].pairwise(batch, left, None if y is None else right, limits, on_error=on_error, tell=told)

        found = in_batches(chosen, of_batch)
    grids = tuple(_grid(measure, left, right, fields) for measure, fields in zip(chosen, found, strict=True))
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
        If the data cannot be used, or there is no summary of them; the page of codes lists all.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> summary = rs.prepare(x, rs.cka)
    >>> round(rs.cka(summary, x[:, :1]), 6)
    0.970143
    """
    return as_measure(measure).prepare(x, resources(num_threads))


def list_measures() -> MeasureList:
    """List the measures with their options and what they state about themselves.

    Returns
    -------
    MeasureList
        One `Info` per measure, in the order of the catalogue; also by name.

    Examples
    --------
    >>> import resemblance as rs
    >>> [info.name for info in rs.list_measures() if info.facts.kind == "statistic"]
    ['participation_ratio', 'uniformity']
    """
    listed = [Info.of_core(entry) for entry in core_measures().values()]
    listed += [_info_of(name, function) for name, function in python_measures().items()]
    return MeasureList(tuple(sorted(listed, key=lambda info: info.family)))


def _info_of(name: str, function: Any) -> Info:
    """Say about a measure that is a function in Python what the core says about its own."""
    measure = PythonMeasure.of(function)
    return Info(name, function.__module__.split(".")[-2], "function", options_of(function), measure.facts)


def _score(measure: Measure, found: dict[str, Any]) -> Score:
    return Score(**found | measure.about() | {"warnings": as_warnings(found["warnings"])})


def _grid(measure: Measure, left: Models, right: Models, found: dict[str, Any]) -> Grid:
    status = dict(found["status"])
    warnings = as_warnings(found["warnings"]) + failed_pairs(status, left, right)
    rows, columns = tuple(left.labels), tuple(right.labels)
    return Grid(**found | measure.about() | {"rows": rows, "columns": columns, "status": status, "warnings": warnings})
