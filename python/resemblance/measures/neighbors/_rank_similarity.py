"""Order of shared neighbors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def rank_similarity(
    x: Representation,
    y: Representation,
    *,
    k: int = 10,
    metric: Literal["cosine", "euclidean", "inner", "precomputed"] = "cosine",
) -> float:
    r"""Agreement of the order of shared neighbors, a similarity of two representations.

    Asks whether the neighbors that an input has in both `x` and `y` are near in the same order. With :math:`S_i` the
    inputs in both lists of k nearest neighbors of input i, and :math:`r_{ij}`, :math:`s_{ij}` their places in the two
    lists, counted from 1,

    .. math::

        \mathrm{rank\_similarity}(x, y) = \frac{1}{n} \sum_i \frac{1}{H(|S_i|)} \sum_{j \in S_i}
        \frac{2}{(1 + |r_{ij} - s_{ij}|)\,(r_{ij} + s_{ij})}, \qquad H(m) = 1 + \tfrac12 + \dots + \tfrac1m

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
        Dimensionless, from 0 (no neighbor in common) to 1 (the same lists in the same order).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Only shared neighbors are looked at: a row that shares a single one, at place r of both lists, scores 1 / r whatever
    the other neighbors are. `knn_jaccard` asks how many are shared. The score rises with k for
    unrelated data too; the level of rows paired at random is known exactly and told by `compare`.

    Inputs that are equally near (round-off cannot tell them apart: copies, counts, indicator codes) share their
    places: each has an equal part of every one of them, and the parts of a neighbor in the two lists meet in order,
    nearest first. The number of shared neighbors is then the sum of the smaller of two memberships, and H is linear
    between whole numbers. Identical lists score 1 whatever their ties, and no index decides, so permutation tests are
    exact.

    References
    ----------
    .. [1] C. Wang, W. Rao, W. Guo, P. Wang, J. Liu, X. Guan, "Towards Understanding the Instability of Network
       Embedding", IEEE Transactions on Knowledge and Data Engineering, 2020.
    .. [2] M. Klabunde, T. Schumacher, M. Strohmaier, F. Lemmerich, "Similarity of Neural Network Models: A Survey of
       Functional and Representational Measures", 2025, arXiv:2305.06329.

    Examples
    --------
    >>> from functools import partial
    >>> import numpy as np
    >>> from resemblance import rank_similarity, rowwise
    >>> x = np.array([[0.0], [1.0], [3.0], [7.0]])
    >>> y = np.array([[0.0], [2.0], [3.0], [7.0]])

    Moving the input at 1 next to the one at 3 swaps its own two nearest neighbors:

    >>> rowwise(x, y, partial(rank_similarity, k=2, metric="euclidean")).round(3)
    array([1.   , 0.444, 1.   , 1.   ])
    >>> round(rank_similarity(x, y, k=2, metric="euclidean"), 6)
    0.861111
    """
    return score("rank_similarity", x, y, k=k, metric=metric)
