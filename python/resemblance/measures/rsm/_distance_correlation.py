"""Distance correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


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
        A ``ValueError`` that names the argument; the page of codes lists all.

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
