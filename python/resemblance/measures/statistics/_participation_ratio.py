"""Effective number of directions, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import statistics

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def participation_ratio(
    x: Representation,
    y: Representation,
    *,
    center: bool = True,
    compare: Literal["absolute_difference", "ratio"] = "absolute_difference",
) -> float:
    r"""Difference of two participation ratios: of how many directions share the variance of a representation.

    With :math:`\lambda_i` the eigenvalues of the covariance of the columns,

    .. math:: \mathrm{participation\_ratio}(x) = \Big(\sum_i \lambda_i\Big)^2 \Big/ \sum_i \lambda_i^2

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (m, d_y)
        A second representation, of the same inputs or of others.
    center : bool, default True
        Whether to subtract the mean of each column first.
    compare : {"absolute_difference", "ratio"}, default "absolute_difference"
        The absolute difference of the two numbers, or the smaller over the larger.

    Returns
    -------
    float
        The difference of the effective numbers of directions (0 if equal), or their ratio (1 if equal). The number of
        one representation, from 1 to its rank, is what `describe` returns.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Two representations may have equal numbers and nothing else in common; which row is which plays no part. With n rows
    the number is at most n - 1, whatever the data.

    References
    ----------
    .. [1] P. Gao, E. Trautmann, B. Yu, G. Santhanam, S. Ryu, K. Shenoy, S. Ganguli, "A theory of multineuronal
       dimensionality, dynamics and measurement", 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import describe, participation_ratio
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])

    Variances of 4 and 1: the square of 5 over 17.

    >>> round(describe(x, participation_ratio), 6)
    1.470588
    >>> round(participation_ratio(x, x[:, :1]), 6)
    0.470588
    """
    return statistics("participation_ratio", x, y, center=center, compare=compare)
