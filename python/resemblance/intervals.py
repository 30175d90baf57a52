"""How precise is a score, and do two scores differ? Intervals by leaving inputs out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from resemblance._bridge import as_warnings, report
from resemblance._config import resources
from resemblance._inputs import require_choice
from resemblance._progress import reporting
from resemblance._recognize import as_measure
from resemblance._request import as_ids
from resemblance._rows import require_same_rows
from resemblance.errors import make
from resemblance.results import Difference, Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from resemblance._inputs import ModelsLike, Representation
    from resemblance._measure import Measure, MeasureLike
    from resemblance._progress import Progress

__all__ = ["confidence_interval", "similarity_difference"]


def confidence_interval(
    x: Representation | ModelsLike,
    y: Representation | None,
    measure: MeasureLike,
    *,
    alpha: float = 0.05,
    method: Literal["jackknife"] = "jackknife",
    groups: ArrayLike | None = None,
    num_threads: int | None = None,
    progress: Progress = None,
) -> Interval:
    """Say how precise the score of a pair is, given that the inputs are a sample.

    Rows are left out one after the other (the jackknife). From the scores theta_i without row i,
    ``se**2 = (n - 1)/n * sum((theta_i - mean)**2)``, and the interval is ``score -+ t * se`` with Student's quantile of
    n - 1 degrees of freedom, cut to the range of the score. The ends of a share of inputs (`disagreement` without
    groups) come from the law of a share instead (Wilson's interval), which needs no spread. A bootstrap of rows is not
    offered: repeated rows look alike on both sides and push the score up.

    Prefer a debiased measure, such as `cka` with ``estimator="debiased"``. The interval of a biased one is centered
    on a score that is itself too high.

    Parameters
    ----------
    x, y : array_like, shape (n, d_x) and (n, d_y)
        Row i of both belongs to the same input. With ``y=None``, `x` is a group of models for a measure of groups such
        as `fleiss_kappa`, and inputs are left out of all models.
    measure : callable or str
        One measure. For `cka` (biased and debiased), `distance_correlation`, `disagreement` and `js_divergence` the
        scores without a row follow from sums over all rows, and prepared summaries are accepted; a bandwidth taken from
        the data stays that of all rows. Any other measure, and any function of your own, is computed n times.
    alpha : float, default 0.05
        Share of intervals that may miss the true score: 0.05 for 95 % intervals.
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
        ``not_offered``, ``undefined`` or what the measure itself refuses; the page of codes says when.

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
    >>> found = rs.confidence_interval(x, y, functools.partial(rs.cka, estimator="debiased"), alpha=0.1)
    >>> print(found)
    cka[estimator=debiased] = 0.6297, 90% interval 0.5623 to 0.6972, standard error 0.0404, n = 60

    Rows that belong together are left out together:

    >>> print(rs.confidence_interval(x, y, functools.partial(rs.cka, estimator="debiased"), groups=np.arange(60) // 6))
    cka[estimator=debiased] = 0.6297, 95% interval 0.5738 to 0.6857, standard error 0.0247, n = 60 in 10 groups
    """
    chosen = as_measure(measure)
    require_choice("method", method, ("jackknife",))
    _share("alpha", alpha)
    require_same_rows([("x", x), ("y", y), ("groups", groups), *chosen.arrays])
    units = _units(groups)
    limits = resources(num_threads)
    with reporting(progress, "rows" if groups is None else "groups") as tell:
        if y is None:
            found = chosen.confidence_interval_of_group(x, float(alpha), units, limits=limits, tell=tell)
        else:
            found = chosen.confidence_interval(x, y, float(alpha), units, limits=limits, tell=tell)
    return Interval(**_described(chosen, found, alpha, groups))


def similarity_difference(
    x: Representation,
    y1: Representation,
    y2: Representation,
    measure: MeasureLike,
    *,
    alpha: float = 0.05,
    margin: float | None = None,
    groups: ArrayLike | None = None,
    num_threads: int | None = None,
    progress: Progress = None,
) -> Difference:
    """Compare how alike `x` is to `y1` and to `y2`: the score of the first minus that of the second.

    This is not a permutation test: rows are not exchangeable if the two scores are merely equal. Rows are left out one
    after the other from all three sides, as in `confidence_interval`, so that what the two scores have in common
    cancels. The scores differ if the interval leaves out 0.

    Use a debiased form (`cka` with ``estimator="debiased"``) or a measure that is corrected for chance. What a biased
    score owes to chance depends on the number of columns: if y1 and y2 have unlike widths, biased scores differ even
    where neither has anything to do with `x`, and the warning ``biased_difference`` says so.

    That it contains 0 does not show that they are equal. For that, give a `margin`, the largest difference that does
    not matter: the scores are called equivalent if the whole interval lies within it. Those are two one-sided tests,
    each at level `alpha`/2; the usual 5 % need ``alpha=0.1``. Where nothing varies equivalence stays undecided, for no
    spread is no evidence; only for shares of inputs (`disagreement` without groups) the interval needs no spread
    (Tango's, for paired shares), and that no input differs counts for what it is worth.

    Parameters
    ----------
    x, y1, y2 : array_like, shape (n, d), (n, d_1) and (n, d_2)
        Row i of all three belongs to the same input.
    measure : callable or str
        One measure; `confidence_interval` says which of them are quick.
    alpha : float, default 0.05
        Share of intervals that may miss the true difference: 0.05 for 95 % intervals.
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
        As for `confidence_interval`; the page of codes lists all.

    See Also
    --------
    confidence_interval : The precision of one score.

    References
    ----------
    .. [1] T. Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
       design", Statistics in Medicine 17, 1998.

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
    _share("alpha", alpha)
    if margin is not None and not (_is_number(margin) and 0 < margin <= sys.float_info.max):
        raise _bad("margin", margin, "must be a positive number")
    require_same_rows([("x", x), ("y1", y1), ("y2", y2), ("groups", groups), *chosen.arrays])
    units = _units(groups)
    limit = None if margin is None else float(margin)
    with reporting(progress, "rows" if groups is None else "groups") as tell:
        limits = resources(num_threads)
        found = chosen.similarity_difference(x, (y1, y2), float(alpha), limit, units, limits=limits, tell=tell)
    pvalue = found["pvalue_equivalence"]
    equivalent = None if pvalue is None else bool(pvalue <= alpha / 2)
    return Difference(**_described(chosen, found, alpha, groups), margin=limit, equivalent=equivalent)


def _described(measure: Measure, found: dict[str, Any], alpha: float, groups: Any) -> dict[str, Any]:
    """Complete what an interval has in common with a difference, and report the warnings."""
    warnings = as_warnings(found["warnings"])
    report(warnings)
    units = found.pop("n_units")
    more = {"alpha": float(alpha), "n_groups": None if groups is None else units}
    return found | measure.about() | more | {"warnings": warnings}


def _units(groups: Any) -> list[int] | None:
    """Give the groups numbers from 0, in sorted order of their ids."""
    ids = as_ids(groups, "groups")
    if ids is None:
        return None
    numbers: list[int] = np.unique(ids, return_inverse=True)[1].tolist()
    return numbers


def _is_number(given: object) -> bool:
    return isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool)


def _share(option: str, given: Any) -> None:
    if not (_is_number(given) and 0 < given < 1):
        raise _bad(option, given, "must be a number between 0 and 1")


def _bad(option: str, given: object, problem: str) -> Exception:
    return make("bad_option", f"{option}={given!r} {problem}.", {"option": option, "given": repr(given)})
