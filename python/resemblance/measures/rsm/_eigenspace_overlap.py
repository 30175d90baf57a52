"""Overlap of eigenspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


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
        A ``ValueError`` that names the argument; the page of codes lists all.

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
