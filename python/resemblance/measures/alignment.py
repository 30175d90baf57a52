"""Alignment: how far apart are two representations once one has been moved onto the other as well as it can be?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._call import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def procrustes(
    x: Representation, y: Representation, *, center: bool = False, normalize: bool = False, squared: bool = False
) -> float:
    r"""Orthogonal Procrustes distance of two representations.

    Asks how far apart `x` and `y` remain when one of them may be rotated and reflected.

    .. math::

        \mathrm{procrustes}(x, y) = \min_{Q^\top Q = 1} \|x Q - y\|
        = \sqrt{\|x\|^2 + \|y\|^2 - 2 \|x^\top y\|_*}

    with the Frobenius norm and the nuclear norm (the sum of the singular values). Unequal widths count as if the
    narrower side had columns of zeros.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers, on one scale with `y`.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    center : bool, default False
        Whether to subtract the mean of each column first.
    normalize : bool, default False
        Whether to divide each side by its Frobenius norm (after centering).
    squared : bool, default False
        Whether to leave the root away.

    Returns
    -------
    float
        In the units of the columns, from 0 (equal up to rotation and reflection) without bound; at most the root of 2,
        and without unit, if normalized.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, no size to
        normalize by, different numbers of rows, an unknown option. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    Without `normalize` the distance grows with the size of the data and with n: distances of pairs of different sizes
    say more about the sizes than about the shapes (the warning ``size_decides``).

    References
    ----------
    .. [1] P. Schonemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31, 1966.
    .. [2] A. Williams, E. Kunz, S. Kornblith, S. Linderman, "Generalized Shape Metrics on Neural Representations",
       NeurIPS 2021, arXiv:2110.14739.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import procrustes
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> quarter_turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> round(procrustes(x, x @ quarter_turn), 6)
    0.0

    Twice the size is as far away as the size itself, the root of 10; the shape is the same:

    >>> round(procrustes(x, 2 * x), 6), round(procrustes(x, 2 * x, normalize=True), 6)
    (3.162278, 0.0)
    """
    return score("procrustes", x, y, center=center, normalize=normalize, squared=squared)


def angular_shape(x: Representation, y: Representation, *, center: bool = False) -> float:
    r"""Angular shape distance of two representations: the Procrustes distance, as an angle.

    Asks at which angle `x` and `y` stand, as vectors of n d numbers, when one of them may be rotated and reflected.

    .. math:: \mathrm{angular\_shape}(x, y) = \arccos \frac{\|x^\top y\|_*}{\|x\| \, \|y\|}

    with the Frobenius norm and the nuclear norm (the sum of the singular values).

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    center : bool, default False
        Whether to subtract the mean of each column first.

    Returns
    -------
    float
        In radians, from 0 (equal up to rotation, reflection and one common scale) to pi/2.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, nothing but
        zeros, different numbers of rows, an unknown option. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    Without `center` a mean that is large compared with the spread makes all representations look alike: it is one
    direction that they share. Unrelated data are closer than pi/2, the more so the smaller n is.

    References
    ----------
    .. [1] A. Williams, E. Kunz, S. Kornblith, S. Linderman, "Generalized Shape Metrics on Neural Representations",
       NeurIPS 2021, arXiv:2110.14739.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import angular_shape
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])

    Against its own first column: the cosine is 8 over the root of 80.

    >>> round(angular_shape(x, x[:, :1]), 6)
    0.463648

    A shift far away hides all differences of shape, unless the columns are centered:

    >>> round(angular_shape(x + 100, x[:, :1] + 100), 6), round(angular_shape(x + 100, x[:, :1] + 100, center=True), 6)
    (0.011179, 0.463648)
    """
    return score("angular_shape", x, y, center=center)


def linear_regression_r2(
    x: Representation, y: Representation, *, alpha: float = 0.0, average: Literal["variance", "uniform"] = "variance"
) -> float:
    r"""Share of the variance of `y` that a linear map of `x` accounts for, a similarity of `x` to `y`.

    Asks how well `y` can be read off `x` on the very inputs the map was fitted on. With :math:`U_x` an orthonormal
    basis of the centered columns of `x`, and the columns of `y` centered,

    .. math:: \mathrm{linear\_regression\_r2}(x, y) = \|U_x^\top y\|^2 \,/\, \|y\|^2

    The order of the arguments matters: `x` predicts `y`.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        The source: one row per input, one column per unit. Without `alpha`, no column's scale matters.
    y : array_like, shape (n, d_y)
        The target. Row i belongs to the same input as row i of `x`. The widths may differ.
    alpha : float, default 0.0
        Penalty of a ridge regression, at least 0, in the units of a squared column of `x`.
    average : {"variance", "uniform"}, default "variance"
        Whether columns of `y` count by their variance or all alike.

    Returns
    -------
    float
        Dimensionless, from 0 (no linear relation) to 1 (`x` determines `y` linearly).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, all rows
        equal, different numbers of rows, an unknown option. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    The fit is judged on its own data. An unrelated `x` of rank r scores r / (n - 1) on average, and 1 once r reaches
    n - 1 (the warnings ``in_sample_fit`` and ``rank_saturated``).

    References
    ----------
    .. [1] Y. Li, J. Yosinski, J. Clune, H. Lipson, J. Hopcroft, "Convergent Learning: Do different neural networks
       learn the same representations?", ICLR 2016, arXiv:1511.07543.
    .. [2] S. Kornblith, M. Norouzi, H. Lee, G. Hinton, "Similarity of Neural Network Representations Revisited",
       ICML 2019, arXiv:1905.00414.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import linear_regression_r2
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])

    Both columns determine the first; the first accounts for 8 of the variance of 10:

    >>> round(linear_regression_r2(x, x[:, :1]), 6), round(linear_regression_r2(x[:, :1], x), 6)
    (1.0, 0.8)
    >>> round(linear_regression_r2(x[:, :1], x, average="uniform"), 6)
    0.5
    """
    return score("linear_regression_r2", x, y, alpha=alpha, average=average)


def aligned_cosine(
    x: Representation,
    y: Representation,
    *,
    group: Literal["orthogonal", "permutation"] = "orthogonal",
) -> float:
    r"""Mean cosine of the rows after alignment, a similarity of two representations.

    Asks whether each input points the same way in `x` and in `y`, once `x` has been moved onto `y` as a whole.

    .. math:: \mathrm{aligned\_cosine}(x, y) = \frac{1}{n} \sum_i \cos\big((x Q)_i, y_i\big),
        \qquad Q = \arg\min_Q \|x Q - y\|

    over orthogonal matrices, or over permutations of the columns.

    Parameters
    ----------
    x : array_like, shape (n, d)
        One row per input, one column per unit. Real numbers; neither side's scale matters.
    y : array_like, shape (n, d)
        Row i belongs to the same input as row i of `x`. The widths are equal.
    group : {"orthogonal", "permutation"}, default "orthogonal"
        What the alignment may do: rotate and reflect, or only reorder the columns.

    Returns
    -------
    float
        Dimensionless, from -1 to 1 (equal up to the alignment and a positive factor per row). Rows of zeros have no
        direction: they are left out of the mean (and NaN in `rowwise`).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, NaN or infinity, different numbers of rows or of
        columns, an unknown option. If an input is no array of real numbers, also a ``TypeError``.

    Notes
    -----
    The data are not centered, so a common mean counts as likeness. With fewer rows than columns the alignment is not
    unique; the part of it that is determined is used (the warning ``rank_deficient_map``), and the rest counts as a
    right angle, which is what all alignments agree on in the mean. Among equally good orders of columns the one with
    the largest mean cosine counts. The alignment is fitted to the rows it is judged on: a permutation test fits it
    anew for every permutation.

    References
    ----------
    .. [1] W. Hamilton, J. Leskovec, D. Jurafsky, "Diachronic Word Embeddings Reveal Statistical Laws of Semantic
       Change", ACL 2016, arXiv:1605.09096.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import aligned_cosine, rowwise
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> turned = x @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> round(aligned_cosine(x, turned), 6)
    1.0

    One input that points the other way, and hardly moves the alignment:

    >>> y = x.copy()
    >>> y[1] = -0.1 * y[1]
    >>> rowwise(x, y, aligned_cosine).round(6)
    array([ 1., -1.,  1.,  1.])
    """
    return score("aligned_cosine", x, y, group=group)
