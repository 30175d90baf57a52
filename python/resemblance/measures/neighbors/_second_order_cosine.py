"""Cosine similarity of the similarities to neighbors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def second_order_cosine(
    x: Representation,
    y: Representation,
    *,
    k: int = 10,
    metric: Literal["cosine", "euclidean", "inner"] = "cosine",
    inner: Literal["similarity", "distance"] = "similarity",
    neighbors: Literal["union", "intersection"] = "union",
) -> float:
    r"""Second-order cosine similarity of two representations.

    Asks whether an input is equally close to its neighbors in `x` and in `y`. For each input i, the cosines to the
    neighbors it has in either representation are gathered into the vectors :math:`s_i(x)` and :math:`s_i(y)`, and

    .. math:: \mathrm{second\_order\_cosine}(x, y) = \frac{1}{n} \sum_i \cos\big(s_i(x), s_i(y)\big)

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Neither side's scale matters.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    k : int, default 10
        Number of neighbors in each representation, from 1 to n - 1.
    metric : {"cosine", "euclidean", "inner"}, default "cosine"
        What makes a neighbor: the largest cosine, the smallest distance, the largest inner product.
    inner : {"similarity", "distance"}, default "similarity"
        Whether the vectors hold cosines, or 1 minus them, which puts the score of unrelated data higher.
    neighbors : {"union", "intersection"}, default "union"
        Whether neighbors of either representation count, or those of both.

    Returns
    -------
    float
        Dimensionless, from -1 to 1 (equal cosines to all neighbors, up to a factor per row). Rows without a direction
        are left out of the mean (and NaN in `rowwise`).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Where all rows share a large mean, every cosine is near 1 in both representations, and so is the score. Center the
    columns first if the mean is of no interest.

    Inputs that are tied at the k-th place all count as neighbors, so that no index decides; of indicator codes that may
    be whole classes.

    References
    ----------
    .. [1] W. Hamilton, J. Leskovec, D. Jurafsky, "Cultural Shift or Linguistic Drift? Comparing Two Computational
       Measures of Semantic Change", EMNLP 2016, arXiv:1606.02821.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import second_order_cosine
    >>> angles = np.array([0.0, 0.3, 0.9, 2.0])
    >>> x = np.column_stack([np.cos(angles), np.sin(angles)])
    >>> round(second_order_cosine(x, 5 * x[:, ::-1], k=2), 6)
    1.0

    The same order of angles, spread out to twice their size:

    >>> y = np.column_stack([np.cos(2 * angles), np.sin(2 * angles)])
    >>> round(second_order_cosine(x, y, k=2), 6)
    0.533484
    """
    return score("second_order_cosine", x, y, k=k, metric=metric, inner=inner, neighbors=neighbors)
