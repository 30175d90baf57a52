"""Canonical correlations: which directions of one representation can be read off the other, and how well?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._call import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def cca_mean(
    x: Representation,
    y: Representation,
    *,
    summary: Literal["mean", "first", "sum", "wilks", "lawley_hotelling"] = "mean",
    divisor: Literal["rank", "columns"] = "rank",
) -> float:
    r"""Mean canonical correlation, a similarity of two representations.

    Asks how well the best matching directions of `x` and `y` agree, whatever their variance. With :math:`\rho_i` the
    canonical correlations, the singular values of :math:`U_x^\top U_y` for orthonormal bases of the centered columns,

    .. math:: \mathrm{cca\_mean}(x, y) = \frac{1}{m} \sum_i \rho_i, \qquad m = \min(r_x, r_y)

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers; no column's scale matters.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    summary : {"mean", "first", "sum", "wilks", "lawley_hotelling"}, default "mean"
        What to make of the correlations: their mean, the largest, the sum, :math:`\prod (1 - \rho_i^2)` (0 if one of
        them is 1), or :math:`\sum \rho_i^2 / (1 - \rho_i^2)` (infinite if one of them is 1).
    divisor : {"rank", "columns"}, default "rank"
        Whether m is the smaller rank or the smaller width, for ``summary="mean"``.

    Returns
    -------
    float
        Dimensionless, from 0 to 1 (equal up to an invertible linear map and a shift); other summaries as said there.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, all rows
        equal, different numbers of rows, an unknown option. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    If the ranks add up to more than n - 1, at least :math:`r_x + r_y - (n - 1)` correlations are exactly 1 for any
    data: with fewer inputs than units the score says nothing, and the warning ``rank_saturated`` is given.

    References
    ----------
    .. [1] H. Hotelling, "Relations between two sets of variates", Biometrika 28, 1936.
    .. [2] M. Raghu, J. Gilmer, J. Yosinski, J. Sohl-Dickstein, "SVCCA", NeurIPS 2017, arXiv:1706.05806.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import cca_mean
    >>> turns = np.arange(8) * np.pi / 4
    >>> x = np.column_stack([np.cos(turns), np.sin(turns)])
    >>> round(cca_mean(x, x @ np.array([[3.0, 1.0], [0.0, 0.01]]) - 7), 6)
    1.0

    One direction shared, the other one not:

    >>> y = np.column_stack([np.cos(turns), np.sin(2 * turns)])
    >>> round(cca_mean(x, y), 6), round(cca_mean(x, y, summary="first"), 6)
    (0.5, 1.0)
    """
    return score("cca_mean", x, y, summary=summary, divisor=divisor)


def cca_mean_squared(
    x: Representation,
    y: Representation,
    *,
    summary: Literal["mean", "sum"] = "mean",
    divisor: Literal["rank", "columns"] = "rank",
) -> float:
    r"""Mean squared canonical correlation, a similarity of two representations.

    Asks what share of the smaller space spanned by the centered columns lies in the other one. With orthonormal bases
    :math:`U_x, U_y` of the two spaces,

    .. math:: \mathrm{cca\_mean\_squared}(x, y) = \frac{1}{m} \|U_x^\top U_y\|^2, \qquad m = \min(r_x, r_y)

    Also called Yanai's GCD; without the divisor it is the Pillai trace.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers; no column's scale matters.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    summary : {"mean", "sum"}, default "mean"
        ``sum`` is the Pillai trace.
    divisor : {"rank", "columns"}, default "rank"
        Whether m is the smaller rank or the smaller width, for ``summary="mean"``.

    Returns
    -------
    float
        Dimensionless, from 0 to 1 (equal up to an invertible linear map and a shift); the sum is from 0 to m.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, all rows
        equal, different numbers of rows, an unknown option. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    Unrelated data score :math:`\max(r_x, r_y) / (n - 1)` on average: with about as many units as inputs, any two
    representations look alike (the warning ``rank_saturated``).

    References
    ----------
    .. [1] H. Yanai, "Unification of various techniques of multivariate analysis by means of generalized coefficient of
       determination", 1974.
    .. [2] S. Kornblith, M. Norouzi, H. Lee, G. Hinton, "Similarity of Neural Network Representations Revisited",
       ICML 2019, arXiv:1905.00414.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import cca_mean_squared
    >>> turns = np.arange(8) * np.pi / 4
    >>> x = np.column_stack([np.cos(turns), np.sin(turns)])
    >>> y = np.cos(turns) + np.cos(2 * turns)
    >>> round(cca_mean_squared(x, y[:, None]), 6)
    0.5

    Half of the variance of the one column of y is a mixture of the columns of x; scale plays no part:

    >>> round(cca_mean_squared(x * [1000.0, 1.0], y[:, None] / 9), 6)
    0.5
    """
    return score("cca_mean_squared", x, y, summary=summary, divisor=divisor)


def svcca(x: Representation, y: Representation, *, threshold: float = 0.99, k: int | None = None) -> float:
    r"""Singular vector canonical correlation, a similarity of two representations.

    Asks how well the directions that carry the variance agree: both sides are cut to their leading principal
    components, then the mean canonical correlation is taken.

    .. math:: \mathrm{svcca}(x, y) = \mathrm{cca\_mean}(x_{k_x}, y_{k_y})

    Here :math:`k_x` is the smallest number of components that hold the share `threshold` of the variance of the
    centered columns of `x`, and likewise for `y`.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    threshold : float, default 0.99
        Share of the variance to keep, above 0 and at most 1.
    k : int, optional
        A fixed number of components for both sides, at least 1; it takes the place of `threshold`.

    Returns
    -------
    float
        Dimensionless, from 0 to 1 (the kept components span the same space).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, all rows
        equal, different numbers of rows, an unknown option. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    The score jumps where a component enters or leaves. As for `cca_mean`, it is saturated if the numbers of components
    add up to more than n - 1.

    References
    ----------
    .. [1] M. Raghu, J. Gilmer, J. Yosinski, J. Sohl-Dickstein, "SVCCA", NeurIPS 2017, arXiv:1706.05806.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import svcca
    >>> turns = np.arange(8) * np.pi / 4
    >>> x = np.column_stack([10 * np.cos(turns), np.sin(turns)])
    >>> y = np.column_stack([10 * np.cos(turns), np.sin(2 * turns)])

    The second columns hold 1/101 of the variance and are not shared; without them nothing differs:

    >>> round(svcca(x, y, threshold=0.999), 6), round(svcca(x, y, threshold=0.99), 6)
    (0.5, 1.0)
    """
    return score("svcca", x, y, threshold=threshold, k=k)


def pwcca(x: Representation, y: Representation, *, weights_from: Literal["x", "y", "smaller"] = "x") -> float:
    r"""Projection weighted canonical correlation, a similarity of `x` to `y`.

    Asks how well `y` agrees with those directions that account for most of `x`. With :math:`\rho_i` the canonical
    correlations and :math:`h_i` the canonical variates of `x`,

    .. math::

        \mathrm{pwcca}(x, y) = \frac{\sum_i a_i \rho_i}{\sum_i a_i}, \qquad a_i = \sum_j |\langle h_i, x_j \rangle|

    over the centered columns :math:`x_j`. The order of the arguments matters.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    weights_from : {"x", "y", "smaller"}, default "x"
        Whose columns give the weights; ``smaller`` is the side with fewer columns.

    Returns
    -------
    float
        Dimensionless, from 0 to 1 (`y` determines `x` linearly, or the other way round).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, all rows
        equal, different numbers of rows, an unknown option. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    The weights depend on the choice of columns: rotating `x` changes the score. Where two canonical correlations are
    equal their variates are not unique, and neither are the weights. Saturation is as for `cca_mean`.

    References
    ----------
    .. [1] A. Morcos, M. Raghu, S. Bengio, "Insights on representational similarity in neural networks with canonical
       correlation", NeurIPS 2018, arXiv:1806.05759.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import pwcca
    >>> turns = np.arange(8) * np.pi / 4
    >>> x = np.column_stack([3 * np.cos(turns), np.sin(turns)])
    >>> y = np.column_stack([np.cos(turns), np.sin(2 * turns)])

    The shared direction has correlation 1 and weight 3/4, the other one has correlation 0. Seen from y the weights are
    equal:

    >>> round(pwcca(x, y), 6), round(pwcca(y, x), 6)
    (0.75, 0.5)
    """
    return score("pwcca", x, y, weights_from=weights_from)
