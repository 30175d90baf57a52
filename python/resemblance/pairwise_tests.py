"""Is it more than chance? Permutation tests of all pairs of one set of representations, or of two.

All pairs are permuted together, so that corrections for their number know how they depend on each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import as_warnings, failed_pairs, report
from resemblance._config import resources
from resemblance._inputs import as_models, require_choice
from resemblance._measure import arrays_of, require_executor
from resemblance._progress import part, reporting
from resemblance._recognize import as_measures
from resemblance._request import Request, as_ids
from resemblance._rng import key_of
from resemblance._rows import require_same_rows
from resemblance.results import PermutationGrid, PermutationGrids

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from resemblance._config import Resources
    from resemblance._executors import Submits
    from resemblance._inputs import Models, ModelsLike
    from resemblance._measure import Measure, MeasuresLike
    from resemblance._progress import Callback, Progress
    from resemblance._rng import RNG

__all__ = ["pairwise_test"]

_ADJUSTMENTS = ("maxT", "step-down", "bh", "by")


def pairwise_test(
    x: ModelsLike,
    measures: MeasuresLike,
    *,
    y: ModelsLike | None = None,
    adjust: Literal["maxT", "step-down", "bh", "by"] | None = None,
    n_resamples: int = 9999,
    alternative: Literal["greater", "less", "two-sided"] | None = None,
    method: Literal["auto", "orbits", "monte_carlo", "exact"] = "auto",
    strata: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    repeats: Literal["auto", "refuse", "allow"] = "auto",
    scheme: Literal["permute", "shift"] = "permute",
    rng: RNG = None,
    num_threads: int | None = None,
    executor: Submits | None = None,
    progress: Progress = None,
    precision: Literal["auto", "float32", "float64"] = "auto",
) -> PermutationGrids:
    """Test for all pairs whether scores are beyond what rows matched at random would give.

    The null hypothesis is that of `permutation_test`. All pairs are tested under shared permutations, in orbits
    wherever one pair has them, and so are all measures.

    Parameters
    ----------
    x : mapping or sequence of array_like
        The representations; the keys of a mapping name them, a sequence is numbered. Row i of all of them belongs to
        the same input.
    measures : callable, str or list of them
        One measure or several. What stays with the inputs, such as ``labels=``, stays with `x`.
    y : mapping or sequence of array_like, optional
        A second set: row i of a grid is of `x`, column j of `y`. Without it, all pairs within `x`.
    adjust : {"maxT", "step-down", "bh", "by"}, optional
        Correction for the many pairs of a grid, measure by measure. ``maxT`` and ``step-down`` (never worse) bound the
        chance of even one false discovery and know how the pairs depend on each other; ``bh`` and ``by`` bound the
        share of false discoveries. With two sides a p-value, corrected or not, is twice the smaller of those of the two
        directions; no corrected one is below the plain one.
    n_resamples, alternative, strata, groups, ids, repeats, scheme, rng
        As for `permutation_test`; the `strata`, `groups` and `ids` are those of the rows of all representations.
    method : {"auto", "orbits", "monte_carlo", "exact"}, default "auto"
        As for `permutation_test`; sequential decisions are offered for one pair at a time.
    num_threads : int, optional
        Number of threads; the result does not depend on it.
    executor : concurrent.futures.Executor or the like, optional
        As for `permutation_test`: who calls functions of your own, which all `measures` must be.
    progress : bool or callable, optional
        True shows a bar (of tqdm, if it is installed); a function is called with the numbers done and in all.
    precision : {"auto", "float32", "float64"}, default "auto"
        Precision of orbits. In single precision, values within 1e-5 standard deviations of the observed one of their
        pair are computed again in double, so that p-values are the same; across pairs they count as ties, so that
        corrected p-values can only become larger by it.

    Returns
    -------
    PermutationGrids
        A `PermutationGrid` per measure, by name, label or position, with statements about the best pair and about all
        pairs.

    Raises
    ------
    ResemblanceError
        As for `permutation_test`; the page of codes lists all.

    See Also
    --------
    permutation_test : Is the score of one pair above chance?
    pairwise : The scores alone.

    Examples
    --------
    Layers of two networks, corrected for looking at all of them:

    >>> import numpy as np
    >>> import resemblance as rs
    >>> i = np.arange(40)
    >>> first = {"a": np.sin(i)[:, None], "b": np.sin(i * i)[:, None]}
    >>> second = {"c": np.sin(i)[:, None] + np.sin(7 * i * i)[:, None] / 2, "d": np.sin(3 * i * i)[:, None]}
    >>> grids = rs.pairwise_test(first, rs.cka, y=second, rng=0, n_resamples=999, adjust="maxT")
    >>> (grids["cka"].pvalues < 0.05).tolist()
    [[True, False], [False, False]]
    """
    chosen = as_measures(measures)
    request = Request(
        n_resamples=n_resamples,
        alternative=alternative,
        method=method,
        strata=as_ids(strata, "strata"),
        groups=as_ids(groups, "groups"),
        scheme=scheme,
        key=key_of(rng),
        precision=precision,
        ids=as_ids(ids, "ids"),
        repeats=repeats,
    )
    if adjust is not None:
        require_choice("adjust", adjust, _ADJUSTMENTS)
    require_executor(executor, chosen)
    limits = resources(num_threads)
    left, right = as_models(x, "x"), None if y is None else as_models(y, "y")
    of_rows = [("strata", strata), ("groups", groups), ("ids", ids), *arrays_of(chosen)]
    require_same_rows([*left.sides(), *(right.sides() if right is not None else []), *of_rows])
    with reporting(progress, "permutations") as tell:
        told = [part(tell, at, len(chosen), request.n_resamples) for at in range(len(chosen))]
        grids = tuple(
            _grid(measure, left, right, request, adjust=adjust, limits=limits, executor=executor, tell=one)
            for measure, one in zip(chosen, told, strict=True)
        )
    report([warning for grid in grids for warning in grid.warnings])
    return PermutationGrids(grids)


def _grid(
    measure: Measure,
    left: Models,
    right: Models | None,
    request: Request,
    *,
    adjust: str | None,
    limits: Resources,
    executor: Submits | None,
    tell: Callback | None,
) -> PermutationGrid:
    found = measure.permutation_grid(left, right, request, limits, adjust=adjust, executor=executor, tell=tell)
    columns = right or left
    adjusted = found.pop("adjusted")
    more = {
        "rows": tuple(left.labels),
        "columns": tuple(columns.labels),
        "pvalues": found["unadjusted"] if adjusted is None else adjusted,
        "adjust": adjust,
        "key": request.key.hex(),
        "warnings": as_warnings(found["warnings"]) + failed_pairs(found["status"], left, columns),
    }
    return PermutationGrid(**found | measure.about() | more)
