"""Cosine similarity after the best rotation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


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
        A ``ValueError`` that names the argument; the page of codes lists all.

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
