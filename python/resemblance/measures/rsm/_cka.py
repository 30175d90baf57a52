"""Centered kernel alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
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
        A ``ValueError`` that names the argument; the page of codes lists all.

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
