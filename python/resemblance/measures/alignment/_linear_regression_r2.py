"""Variance that a linear regression explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


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
        A ``ValueError`` that names the argument; the page of codes lists all.

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
