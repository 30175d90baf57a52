"""Representational similarity analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from resemblance._inputs import Representation


def rsa(
    x: Representation,
    y: Representation,
    *,
    inner: Literal[
        "pearson", "cosine", "euclidean", "sq_euclidean", "mahalanobis", "linear", "rbf", "precomputed"
    ] = "pearson",
    outer: Literal["spearman", "pearson", "cosine", "kendall_tau_a", "kendall_tau_b"] = "spearman",
    precision: ArrayLike | None = None,
    bandwidth: float = 1.0,
    sigma: float | None = None,
    constant_rows: Literal["raise", "mask"] = "raise",
) -> float:
    r"""Representational similarity analysis, a similarity of two representations.

    Asks whether the pairs of inputs that are far apart in `x` are those that are far apart in `y`. With :math:`v(x)`
    the n(n-1)/2 dissimilarities of all pairs of rows,

    .. math:: \mathrm{rsa}(x, y) = \mathrm{outer}(v(x), v(y))

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    inner : {"pearson", "cosine", "euclidean", "sq_euclidean", "mahalanobis", "linear", "rbf", "precomputed"}
        Comparison of two rows. ``pearson`` (the default) and ``cosine`` are 1 minus the correlation or cosine across
        units; ``mahalanobis`` needs `precision`; ``linear`` and ``rbf`` are similarities, on both sides alike.
        ``precomputed`` takes symmetric n x n matrices of dissimilarities as `x` and `y`.
    outer : {"spearman", "pearson", "cosine", "kendall_tau_a", "kendall_tau_b"}, default "spearman"
        Comparison of the two vectors. ``spearman`` uses ranks only, tied values sharing the mean of theirs. Kendall's
        tau is the number of concordant less that of discordant pairs of entries, over the number of all pairs
        (``kendall_tau_a``) or over the geometric mean of the numbers that are not tied in `x`, and in `y`
        (``kendall_tau_b``).
    precision : array_like, shape (d, d), optional
        Inverse covariance of the noise, for ``mahalanobis``; the widths of `x` and `y` are then equal.
    bandwidth : float, default 1.0
        Sigma of ``rbf`` in units of the median distance between the rows of each side; positive.
    sigma : float, optional
        The same on an absolute scale. It takes the place of `bandwidth`.
    constant_rows : {"raise", "mask"}, default "raise"
        What to do with rows whose units all have one value, for which ``pearson`` is undefined: refuse them, or leave
        them out.

    Returns
    -------
    float
        Dimensionless, from -1 to 1 (the same order of all pairs; for ``outer="pearson"``, the same up to a linear map;
        for ``outer="kendall_tau_a"`` only if no pairs are tied).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    The n(n-1)/2 pairs are not independent: do not read a p-value of the correlation itself, use `permutation_test`.
    ``pearson`` compares rows across units and is degenerate for one or two units, where it is 0 or 2 always.

    Where one side ties many pairs, ``spearman`` and ``kendall_tau_b`` may prefer a coarse model to the true one;
    ``kendall_tau_a`` does not [2]_. A permutation test of either tau draws independent permutations, most of which are
    decided by an interval around the score; the p-value is that of the scores themselves.

    A matrix of distances with a missing cell (NaN) is refused, with the row and column of the first: which pairs a
    score rests on is not chosen in silence. Leave the input out on both sides, or fill the cell on purpose.

    References
    ----------
    .. [1] N. Kriegeskorte, M. Mur, P. Bandettini, "Representational similarity analysis", Frontiers in Systems
       Neuroscience 2:4, 2008.
    .. [2] H. Nili, C. Wingfield, A. Walther, L. Su, W. Marslen-Wilson, N. Kriegeskorte, "A toolbox for representational
       similarity analysis", PLoS Computational Biology 10:e1003553, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import rsa
    >>> x = np.array([[0.0], [1.0], [3.0], [7.0]])

    Distances of 1, 3, 7, 2, 6, 4 keep their order under any increasing map of them:

    >>> round(rsa(x, 10 * x - 4, inner="euclidean"), 6)
    1.0
    >>> y = np.array([[0.0], [1.0], [3.0], [-7.0]])
    >>> round(rsa(x, y, inner="euclidean"), 6), round(rsa(x, y, inner="euclidean", outer="pearson"), 6)
    (0.771429, 0.759578)

    Of the 15 pairs of distances, 12 are in the same order:

    >>> round(rsa(x, y, inner="euclidean", outer="kendall_tau_a"), 6)
    0.6
    """
    return score(
        "rsa",
        x,
        y,
        inner=inner,
        outer=outer,
        precision=precision,
        bandwidth=bandwidth,
        sigma=sigma,
        constant_rows=constant_rows,
    )
