"""Mean squared canonical correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


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
        A ``ValueError`` that names the argument; the page of codes lists all.

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
