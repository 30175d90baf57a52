"""Mean Jaccard index of neighbor lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def knn_jaccard(
    x: Representation,
    y: Representation,
    *,
    k: int = 10,
    metric: Literal["cosine", "euclidean", "inner", "precomputed"] = "cosine",
) -> float:
    r"""Mean Jaccard index of the neighbor lists, a similarity of two representations.

    Asks how many of the k nearest neighbors of an input are the same in `x` and in `y`. With :math:`N_i` the lists,

    .. math:: \mathrm{knn\_jaccard}(x, y) = \frac{1}{n} \sum_i \frac{|N_i(x) \cap N_i(y)|}{|N_i(x) \cup N_i(y)|}

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    k : int, default 10
        Number of neighbors, from 1 to n - 1.
    metric : {"cosine", "euclidean", "inner", "precomputed"}, default "cosine"
        What makes a neighbor: the largest cosine, the smallest distance, the largest inner product. ``precomputed``
        takes symmetric n x n matrices of distances as `x` and `y`.

    Returns
    -------
    float
        Dimensionless, from 0 (no neighbor in common) to 1 (all).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Unrelated data share k / (n - 1) of their lists, with ties more, so the score rises with k for any data (the warning
    ``null_inflated``). Only the nearest few count: large-scale structure goes unseen. Duplicated inputs are their
    own neighbors in both.

    Inputs that are tied at the k-th place (round-off cannot tell them apart: copies, counts, indicator codes) share the
    places that are left equally. The overlap is then the sum of the smaller of two memberships,
    the union that of the larger. No index decides, so permutation tests are exact whatever the ties; the warning
    ``ties`` says how many rows have any.

    References
    ----------
    .. [1] T. Schumacher, H. Wolf, M. Ritzert, F. Lemmerich, M. Grohe, M. Strohmaier, "The Effects of Randomness on the
       Stability of Node Embeddings", 2021.
    .. [2] M. Hryniowski, A. Wong, "Inter-layer Information Similarity Assessment of Deep Neural Networks Via
       Topological Similarity and Persistence Analysis of Data Neighbour Dynamics", 2020.

    Examples
    --------
    >>> from functools import partial
    >>> import numpy as np
    >>> from resemblance import knn_jaccard, rowwise
    >>> x = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
    >>> y = np.array([[0.0], [1.0], [3.0], [2.5], [8.0]])

    Moving the input at 7 next to the one at 3 changes its own list and those of its new and old neighbors:

    >>> rowwise(x, y, partial(knn_jaccard, k=2, metric="euclidean")).round(3)
    array([0.333, 0.333, 0.333, 0.333, 1.   ])
    >>> round(knn_jaccard(x, y, k=2, metric="euclidean"), 6)
    0.466667
    """
    return score("knn_jaccard", x, y, k=k, metric=metric)
