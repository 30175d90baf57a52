"""Is it more than chance? Permutation tests of one pair; those of all pairs are in `pairwise_tests`.

Rows matched at random say what a measure scores when the two sides have nothing to do with each other. Which orders of
the rows are equally likely is the user's knowledge: `strata`, `groups` and `scheme` say it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from resemblance._bridge import as_warnings, report
from resemblance._config import resources
from resemblance._inputs import require_choice, whole
from resemblance._measure import require_executor
from resemblance._progress import reporting
from resemblance._recognize import as_before, as_measure
from resemblance._request import ALTERNATIVES, Request, as_ids, refuse
from resemblance._rng import key_of
from resemblance._rows import require_same_rows
from resemblance.errors import make
from resemblance.results import NullMoments, PermutationResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from resemblance._config import Resources
    from resemblance._executors import Submits
    from resemblance._inputs import Representation
    from resemblance._measure import Measure, MeasureLike
    from resemblance._progress import Progress
    from resemblance._rng import RNG

__all__ = ["permutation_moments", "permutation_test", "replay"]


def permutation_test(
    x: Representation,
    y: Representation,
    measure: MeasureLike,
    *,
    n_resamples: int = 9999,
    alternative: Literal["greater", "less", "two-sided"] | None = None,
    method: Literal["auto", "orbits", "monte_carlo", "exact", "sequential"] = "auto",
    strata: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    repeats: Literal["auto", "refuse", "allow"] = "auto",
    scheme: Literal["permute", "shift"] = "permute",
    alpha: float = 0.05,
    rng: RNG = None,
    num_threads: int | None = None,
    executor: Submits | None = None,
    progress: Progress = None,
    return_null: bool = False,
    moments: bool = False,
    precision: Literal["auto", "float32", "float64"] = "auto",
) -> PermutationResult:
    """Test whether a score is beyond what rows matched at random would give.

    The null hypothesis: given `x`, every order of the rows of `y` is equally likely. Everything that belongs to one
    representation alone is computed once. Where the form of the measure allows it, the permutations come in orbits of
    cyclic shifts of random relabellings, of which the FFT evaluates a whole one at a time; the p-value stays exact.

    Parameters
    ----------
    x, y : array_like, shape (n, d_x) and (n, d_y)
        Row i of both belongs to the same input. Rows must be exchangeable: one row per stimulus, not one per token;
        `groups` and `strata` help where they are not. Sets of representations are for `pairwise_test`.
    measure : callable or str
        One measure. What stays with the inputs, such as ``labels=``, stays with `x`.
    n_resamples : int, default 9999
        Number of permutations, rounded up to whole orbits, or to whole families of orbits where multipliers make many
        of them from one relabelling: for a prime number of rows up to twice as many.
    alternative : {"greater", "less", "two-sided"}, optional
        By default what speaks for likeness: greater for a similarity, less for a distance, greater for a function of
        your own. With two sides p is twice the smaller of the two p-values, at most 1.
    method : {"auto", "orbits", "monte_carlo", "exact", "sequential"}, default "auto"
        How permutations are made. ``auto``: all of them where these are no more than asked for, else orbits where the
        measure has them, else independent ones (``monte_carlo``). ``exact`` insists on all. ``sequential`` draws
        independent ones and bets on p being below `alpha`: it stops when the bet is won, or lost beyond recovery, which
        may be soon; its p-value is valid whenever it stops, and never below ``0.9 * alpha``.
    strata : array_like of n ids, optional
        Rows trade places only with rows of the same stratum (for instance: the class of a stimulus).
    groups : array_like of n ids, optional
        Rows of a group move together, in their order, and only groups of equal size (in the same stratum) trade places
        (for instance: the tokens of a sequence).
    ids : array_like of n ids, optional
        Which stimulus each row belongs to. Where rows outnumber stimuli and no `groups` are given, the result warns:
        rows of one stimulus depend on each other, and p-values would be too small.
    repeats : {"auto", "refuse", "allow"}, default "auto"
        What to make of rows that are equal on both sides, bit for bit. Inputs that were shown more than once are not
        exchangeable row by row; equal rows of different inputs, as in codes, counts, one-hot and binary data, are.
        ``auto`` refuses equal rows that the values of the columns do not make likely and that are equal on both sides
        more often than not, unless `ids` or `groups` say what they are; ``refuse`` refuses any (but within a group);
        ``allow`` takes them for chance.
    scheme : {"permute", "shift"}, default "permute"
        ``shift`` allows only circular shifts of the order of rows, for a stationary time series; the smallest p-value
        is then 1/n.
    alpha : float, default 0.05
        The level at which ``sequential`` decides.
    rng : int, SeedSequence, BitGenerator or Generator of numpy.random, optional
        Where the permutations come from. A seed gives the same test every time, for any number of threads, however
        much memory is free, and in a grid of one pair (`pairwise_test`).
    num_threads : int, optional
        Number of threads; the result does not depend on it.
    executor : concurrent.futures.Executor or the like, optional
        Who calls a function of your own; by default the calling thread. Anything with ``submit`` will do, such as a
        client of Dask. The result is the same. The function must allow it: a pool of processes needs one that can be
        pickled. Not for ``sequential``, and not for measures of this library, which use `num_threads`.
    progress : bool or callable, optional
        True shows a bar (of tqdm, if it is installed); a function is called with the numbers done and in all.
    return_null : bool, default False
        Whether to keep the scores of all permutations, the observed one first.
    moments : bool, default False
        Whether to compute the exact skewness over all n! orders too, and the p-value that exact moments suggest
        (`permutation_moments`), for measures that have them.
    precision : {"auto", "float32", "float64"}, default "auto"
        Precision of orbits. In single precision whatever comes close to the statistic is computed again in double, so
        that the p-value is the same.

    Returns
    -------
    PermutationResult
        The score with p-value, chance level, z-score and calibrated score.

    Raises
    ------
    ResemblanceError
        ``not_exchangeable``, ``nothing_to_permute`` and others; the page of codes says when.

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
    of_rows = [("strata", strata), ("groups", groups), ("ids", ids)]
    require_same_rows([("x", x), ("y", y), *of_rows, *chosen.arrays])
    request = Request(
        n_resamples=n_resamples,
        alternative=alternative,
        method=method,
        strata=as_ids(strata, "strata"),
        groups=as_ids(groups, "groups"),
        scheme=scheme,
        alpha=alpha,
        key=key_of(rng),
        precision=precision,
        return_null=return_null,
        moments=moments,
        ids=as_ids(ids, "ids"),
        repeats=repeats,
    )
    require_executor(executor, [chosen])
    if executor is not None and method == "sequential":
        raise refuse("executor", executor, "is not for sequential tests, which go one permutation at a time.")
    return _pair(chosen, x, y, request, limits=resources(num_threads), progress=progress, executor=executor)


def permutation_moments(
    x: Representation,
    y: Representation,
    measure: MeasureLike,
    *,
    order: Literal[2, 3, 4] = 3,
    alternative: Literal["greater", "less", "two-sided"] | None = None,
    num_threads: int | None = None,
) -> NullMoments:
    """Compute the exact moments of a score over all n! orders of the rows, without a permutation.

    For measures whose score is an inner product of two matrices over pairs of inputs (`list_measures` calls their form
    bilinear): CKA, RSA, distance correlation, mean squared CCA, regression R2 and others. Mean and standard deviation
    cost about as much as the score itself.

    Parameters
    ----------
    x, y : array_like, shape (n, d_x) and (n, d_y)
        Row i of both belongs to the same input.
    measure : callable or str
        One measure of this library.
    order : {2, 3, 4}, default 3
        The highest moment: 2 for the standard deviation, 3 for the skewness, 4 for the kurtosis, which says whether the
        suggested p-value can be trusted.
    alternative : {"greater", "less", "two-sided"}, optional
        Direction of the suggested p-value; by default what speaks for likeness.
    num_threads : int, optional
        Number of threads; the result does not depend on it.

    Returns
    -------
    NullMoments
        Mean, standard deviation, skewness, kurtosis, z-score, and the p-value they suggest.

    Raises
    ------
    ResemblanceError
        ``not_offered`` if the measure has no closed form; the page of codes lists all.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> i = np.arange(30.0)
    >>> x, y = np.sin(i * i)[:, None], (np.sin(i * i) + np.sin(5 * i * i))[:, None]
    >>> found = rs.permutation_moments(x, y, rs.cka, order=4)
    >>> round(found.mean, 6) == round(1 / 29, 6), round(found.skewness, 2)
    (True, 2.47)
    >>> rs.permutation_test(x, y, rs.cka, rng=0).null_mean_exact
    True
    """
    chosen = as_measure(measure)
    if whole(order) not in (2, 3, 4):
        raise refuse("order", order, "must be 2, 3 or 4.")
    if alternative is not None:
        require_choice("alternative", alternative, ALTERNATIVES)
    require_same_rows([("x", x), ("y", y), *chosen.arrays])
    found = chosen.permutation_moments(x, y, int(order), alternative, resources(num_threads))
    about = chosen.about()
    del about["facts"]
    return NullMoments(**found | about)


def replay(
    result: PermutationResult,
    x: Representation,
    y: Representation,
    measure: MeasureLike | None = None,
    *,
    strata: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> PermutationResult:
    """Compute a test again from its key, and raise if it does not come out the same.

    Parameters
    ----------
    result : PermutationResult
        What `permutation_test` has found.
    x, y : array_like, shape (n, d_x) and (n, d_y)
        The data of the test.
    measure : callable or str, optional
        Needed if the test was of a function of your own, which a result does not keep.
    strata, groups : array_like of n ids, optional
        Those of the test, if it had any.

    Returns
    -------
    PermutationResult
        The result found again.

    Raises
    ------
    ResemblanceError
        ``replay_differs`` for other data, or another version; the page of codes lists all.

    Examples
    --------
    >>> import numpy as np
    >>> import resemblance as rs
    >>> i = np.arange(30.0)
    >>> x, y = np.sin(i * i)[:, None], (np.sin(i * i) + np.sin(5 * i * i))[:, None]
    >>> found = rs.permutation_test(x, y, rs.cka)
    >>> rs.replay(found, x, y).pvalue == found.pvalue
    True
    """
    if measure is not None:
        chosen = as_measure(measure)
    elif result.facts.input == "unknown":
        message = f"{result.measure} is a function of your own, which a result does not keep: pass measure=."
        raise make("not_offered", message, {"measure": result.measure})
    else:
        chosen = as_before(result.measure, result.options, result.label)
    require_same_rows([("x", x), ("y", y), ("strata", strata), ("groups", groups), *chosen.arrays])
    request = Request(
        **result.request,
        alternative=result.alternative,
        strata=as_ids(strata, "strata"),
        groups=as_ids(groups, "groups"),
        key=bytes.fromhex(result.key),
        return_null=result.null_distribution is not None,
    )
    again = _pair(chosen, x, y, request, limits=resources(None), progress=None)
    for name in ("statistic", "pvalue", "null_mean", "null_std"):
        before, after = getattr(result, name), getattr(again, name)
        if before != after and not (before and after and math.isclose(before, after, rel_tol=1e-9)):
            message = f"{name} was {before} and is now {after}: these are other data, or another version."
            raise make("replay_differs", message, {"field": name, "before": before, "after": after})
    return again


def _pair(
    measure: Measure,
    x: Any,
    y: Any,
    request: Request,
    *,
    limits: Resources,
    progress: Progress,
    executor: Submits | None = None,
) -> PermutationResult:
    with reporting(progress, "permutations") as tell:
        found = measure.permutation_test(x, y, request, limits, executor=executor, tell=tell)
    warnings = as_warnings(found["warnings"])
    report(warnings)
    more = {"key": request.key.hex(), "request": request.kept(), "warnings": warnings}
    return PermutationResult(**found | measure.about() | more)
