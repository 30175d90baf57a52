"""Similarity matrices: how alike are any two inputs within one representation, and do two representations agree?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._call import score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from resemblance._inputs import Representation


def cka(
    x: Representation,
    y: Representation,
    *,
    kernel: Literal["linear", "rbf", "laplace", "cosine", "polynomial", "precomputed"] = "linear",
    estimator: Literal["biased", "debiased", "lange"] = "biased",
    bandwidth: float = 1.0,
    sigma: float | None = None,
    gamma: float | None = None,
    coef0: float = 1.0,
    degree: int = 3,
) -> float:
    r"""Centered kernel alignment, a similarity of two representations.

    Asks whether inputs that lie close together in `x` also do so in `y`. With :math:`K` and :math:`L` the n x n kernel
    matrices of the rows of `x` and of `y`, centered on both sides,

    .. math:: \mathrm{cka}(x, y) = \langle K, L \rangle \,/\, (\|K\| \, \|L\|)

    For the linear kernel :math:`K = x x^\top` with centered columns, and no n x n matrix is formed where a d x d one is
    smaller.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    kernel : {"linear", "rbf", "laplace", "cosine", "polynomial", "precomputed"}, default "linear"
        Similarity of two rows at Euclidean distance t: ``rbf`` is exp(-t^2 / (2 sigma^2)), ``laplace`` is
        exp(-t / sigma), ``cosine`` the product of the rows at unit length, ``polynomial`` is
        (gamma <a, b> + coef0)^degree. ``precomputed`` takes symmetric n x n matrices of similarities as `x` and `y`.
    estimator : {"biased", "debiased", "lange"}, default "biased"
        ``debiased`` scores 0 on average for unrelated data and may be negative; it needs 4 rows. ``lange`` leaves the
        diagonal of the centered matrices out.
    bandwidth : float, default 1.0
        Sigma of ``rbf`` and ``laplace`` in units of the median distance between the rows of each side; positive.
    sigma : float, optional
        The same on an absolute scale, in the units of the columns; positive. It takes the place of `bandwidth`.
    gamma : float, optional
        Factor of ``polynomial``, positive; by default 1 / d of each side.
    coef0 : float, default 1.0
        Constant of ``polynomial``.
    degree : int, default 3
        Degree of ``polynomial``, at least 1.

    Returns
    -------
    float
        Dimensionless, from 0 to 1 (equal up to rotation, reflection, shift and one common scale); ``debiased`` and
        ``lange`` may be negative.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, too few rows, NaN or infinity, all rows equal,
        different numbers of rows, an unknown option. If an input is no array of real numbers, also a ``TypeError``.

    Notes
    -----
    The biased estimate misleads when n is small or the widths are large: unrelated Gaussian data of shapes 20 x 50 and
    20 x 60 score 0.735 on average. `compare` and `permutation_test` show this level beside the value. The linear kernel
    listens mostly to the few directions of largest variance, so one unit with large values can decide the score.
    1 - cka is no metric.

    References
    ----------
    .. [1] S. Kornblith, M. Norouzi, H. Lee, G. Hinton, "Similarity of Neural Network Representations Revisited",
       ICML 2019, arXiv:1905.00414.
    .. [2] L. Song, A. Smola, A. Gretton, J. Bedo, K. Borgwardt, "Feature Selection via Dependence Maximization",
       JMLR 13, 2012 (the debiased estimator).

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import cka
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> quarter_turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> round(cka(x, 3 * x @ quarter_turn + 5), 6)
    1.0

    The first column has four times the variance of the second and all but decides the score:

    >>> round(cka(x, x[:, :1]), 6), round(cka(x, x[:, 1:]), 6)
    (0.970143, 0.242536)
    """
    return score(
        "cka",
        x,
        y,
        kernel=kernel,
        estimator=estimator,
        bandwidth=bandwidth,
        sigma=sigma,
        gamma=gamma,
        coef0=coef0,
        degree=degree,
    )


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
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 3 rows, NaN or infinity, constant
        rows, all pairs equally far apart, different numbers of rows, an unknown option. If an input is no array of real
        numbers, also a ``TypeError``.

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


def distance_correlation(
    x: Representation,
    y: Representation,
    *,
    squared: bool = False,
    bias_corrected: bool = False,
    metric: Literal["euclidean", "precomputed"] = "euclidean",
) -> float:
    r"""Distance correlation, a similarity of two representations.

    Asks whether `x` and `y` depend on each other in any way, linear or not. With :math:`A` and :math:`B` the n x n
    Euclidean distances of the rows, centered on both sides,

    .. math:: \mathrm{distance\_correlation}(x, y) = \sqrt{\langle A, B \rangle \,/\, (\|A\| \, \|B\|)}

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    squared : bool, default False
        Whether to leave the root away.
    bias_corrected : bool, default False
        Whether to center so that unrelated data score 0 on average. The value is then the squared form, without a root,
        and may be negative; it needs 4 rows.
    metric : {"euclidean", "precomputed"}, default "euclidean"
        ``precomputed`` takes symmetric n x n matrices of distances as `x` and `y`.

    Returns
    -------
    float
        Dimensionless, from 0 to 1 (equal up to rotation, reflection, shift and one common scale).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, too few rows, NaN or infinity, all rows equal,
        different numbers of rows, an unknown option. If an input is no array of real numbers, also a ``TypeError``.

    Notes
    -----
    The uncorrected value of unrelated data is far from 0 when n is small or the widths are large; `compare` shows it
    for the squared form.

    One column on either side takes O(n log n) time and O(n) memory from 4,096 rows on. Other data take O(n) memory from
    8,192 rows on, or from 32,768 if there are more than 64 columns. A permutation test holds n x n distances.

    References
    ----------
    .. [1] G. Szekely, M. Rizzo, N. Bakirov, "Measuring and testing dependence by correlation of distances", Annals of
       Statistics 35, 2007.
    .. [2] G. Szekely, M. Rizzo, "The distance correlation t-test of independence in high dimension", Journal of
       Multivariate Analysis 117, 2013 (the correction).

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import distance_correlation
    >>> x = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0]])
    >>> round(distance_correlation(x, 3 - 4 * x), 6)
    1.0

    A parabola has no linear correlation with x, and depends on it all the same:

    >>> round(distance_correlation(x, x**2), 6)
    0.515923
    """
    return score("distance_correlation", x, y, squared=squared, bias_corrected=bias_corrected, metric=metric)


def eigenspace_overlap(
    x: Representation, y: Representation, *, center: bool = False, divisor: Literal["rank", "columns"] = "rank"
) -> float:
    r"""Eigenspace overlap, a similarity of two representations.

    Asks what share of the larger of the two column spaces they have in common. With orthonormal bases
    :math:`U_x, U_y` of the columns as they are,

    .. math:: \mathrm{eigenspace\_overlap}(x, y) = \|U_x^\top U_y\|^2 \,/\, \max(r_x, r_y)

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers; no column's scale matters.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    center : bool, default False
        Whether to subtract the mean of every column first.
    divisor : {"rank", "columns"}, default "rank"
        Whether to divide by the larger rank or by the larger width, as the survey prints it for columns that are
        linearly independent.

    Returns
    -------
    float
        Dimensionless, from 0 (orthogonal) to 1 (the same space, equal up to an invertible linear map).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, nothing but
        zeros, different numbers of rows, an unknown option. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    With as many independent columns as rows on both sides the score is 1 for any data. A shift of the origin changes
    the score unless `center` is True; it then is the mean squared canonical correlation times the ratio of the smaller
    to the larger rank.

    References
    ----------
    .. [1] A. May, J. Zhang, T. Dao, C. Re, "On the Downstream Performance of Compressed Word Embeddings",
       NeurIPS 2019, arXiv:1909.01264.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import eigenspace_overlap
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> round(eigenspace_overlap(x, x @ [[1.0, 5.0], [0.0, 3.0]]), 6)
    1.0
    >>> round(eigenspace_overlap(x, x[:, :1]), 6)
    0.5
    """
    return score("eigenspace_overlap", x, y, center=center, divisor=divisor)
