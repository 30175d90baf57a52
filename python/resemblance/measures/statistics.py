"""Descriptive statistics: a number of one representation; of a pair, the comparison of the two numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from resemblance._call import statistic

if TYPE_CHECKING:
    from resemblance._inputs import Representation


@overload
def participation_ratio(
    x: Representation,
    y: Representation | None = ...,
    *,
    center: bool = ...,
    compare: Literal["absolute_difference", "ratio"] = ...,
) -> float: ...
@overload
def participation_ratio(
    x: Representation, y: Representation, *, center: bool = ..., compare: None
) -> tuple[float, float]: ...
def participation_ratio(
    x: Representation,
    y: Representation | None = None,
    *,
    center: bool = True,
    compare: Literal["absolute_difference", "ratio"] | None = "absolute_difference",
) -> float | tuple[float, float]:
    r"""Participation ratio: how many directions share the variance of a representation.

    With :math:`\lambda_i` the eigenvalues of the covariance of the columns,

    .. math:: \mathrm{participation\_ratio}(x) = \Big(\sum_i \lambda_i\Big)^2 \Big/ \sum_i \lambda_i^2

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (m, d_y), optional
        A second representation, of the same inputs or of others.
    center : bool, default True
        Whether to subtract the mean of each column first.
    compare : {"absolute_difference", "ratio", None}, default "absolute_difference"
        What to return of a pair: the absolute difference of the two numbers, the smaller over the larger, or None for
        both numbers.

    Returns
    -------
    float or tuple of two floats
        Of one representation, the effective number of directions, from 1 to its rank. Of two, their difference (0 if
        equal), their ratio (1 if equal), or both numbers.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, all rows
        equal, an unknown option. If an input is no array of real numbers, also a ``TypeError``.

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
    >>> from resemblance import participation_ratio
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])

    Variances of 4 and 1: the square of 5 over 17.

    >>> round(participation_ratio(x), 6)
    1.470588
    >>> round(participation_ratio(x, x[:, :1]), 6)
    0.470588
    """
    return statistic("participation_ratio", x, y, compare, center=center)


@overload
def uniformity(
    x: Representation,
    y: Representation | None = ...,
    *,
    t: float = ...,
    pairs: Literal["all", "distinct"] = ...,
    normalize_rows: bool = ...,
    compare: Literal["absolute_difference", "ratio"] = ...,
) -> float: ...
@overload
def uniformity(
    x: Representation,
    y: Representation,
    *,
    t: float = ...,
    pairs: Literal["all", "distinct"] = ...,
    normalize_rows: bool = ...,
    compare: None,
) -> tuple[float, float]: ...
def uniformity(
    x: Representation,
    y: Representation | None = None,
    *,
    t: float = 2.0,
    pairs: Literal["all", "distinct"] = "all",
    normalize_rows: bool = False,
    compare: Literal["absolute_difference", "ratio"] | None = "absolute_difference",
) -> float | tuple[float, float]:
    r"""Uniformity: how evenly the rows of a representation are spread out.

    .. math::

        \mathrm{uniformity}(x) = \log \frac{1}{n^2} \sum_{i, j} \exp\big(-t \, \|x_i - x_j\|^2\big)

    More negative is more uniform; 0 is a single point.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit.
    y : array_like, shape (m, d_y), optional
        A second representation, of the same inputs or of others.
    t : float, default 2.0
        Inverse square of the length that counts as near, positive.
    pairs : {"all", "distinct"}, default "all"
        Whether each row is also paired with itself, or only pairs i < j count.
    normalize_rows : bool, default False
        Whether to scale each row to unit length first.
    compare : {"absolute_difference", "ratio", None}, default "absolute_difference"
        What to return of a pair: the absolute difference of the two numbers, the smaller over the larger, or None for
        both numbers.

    Returns
    -------
    float or tuple of two floats
        Of one representation, from -log n (all rows far apart) to 0 (all rows equal). Of two, their difference (0 if
        equal), their ratio (1 if equal), or both numbers.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument: not two-dimensional, fewer than 2 rows, NaN or infinity, an unknown
        option. If an input is no array of real numbers, also a ``TypeError``.

    Notes
    -----
    Raw activations often are so far apart that only the pairs of a row with itself count: the number is then -log n
    whatever the data. Scale the rows, or choose a smaller `t`.

    References
    ----------
    .. [1] T. Wang, P. Isola, "Understanding Contrastive Representation Learning through Alignment and Uniformity on the
       Hypersphere", ICML 2020, arXiv:2005.10242.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import uniformity
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])

    The rows are so far apart that the number is at its floor, log(1/4) = -1.386294; for a longer length it is not:

    >>> round(uniformity(x), 6), round(uniformity(x, t=0.1), 6)
    (-1.386036, -0.412048)
    """
    return statistic("uniformity", x, y, compare, t=t, pairs=pairs, normalize_rows=normalize_rows)
