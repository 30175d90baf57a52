"""Mean canonical correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

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
        A ``ValueError`` that names the argument; the page of codes lists all.

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
