"""Neighbors: do the same inputs stand next to each other in two representations?

Inputs tied for the last places of a list share them equally, and a point is never its own neighbor, whatever its
duplicates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._call import score

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
        A ``ValueError`` that names the argument: not two-dimensional, k not below n, NaN or infinity, different numbers
        of rows, an unknown option. If an input is no array of real numbers, also a ``TypeError``.

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


def mutual_knn(
    x: Representation,
    y: Representation,
    *,
    k: int = 10,
    metric: Literal["cosine", "euclidean", "inner", "precomputed"] = "cosine",
) -> float:
    r"""Mean overlap of the neighbor lists, a similarity of two representations.

    Asks which share of the k nearest neighbors of an input is the same in `x` and in `y`. With :math:`N_i` the lists,

    .. math:: \mathrm{mutual\_knn}(x, y) = \frac{1}{n} \sum_i \frac{|N_i(x) \cap N_i(y)|}{k}

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
        A ``ValueError`` that names the argument: not two-dimensional, k not below n, NaN or infinity, different numbers
        of rows, an unknown option. If an input is no array of real numbers, also a ``TypeError``.

    Notes
    -----
    Unrelated data score k / (n - 1), with ties more. A best value over many pairs of layers is above that by selection
    alone.

    Inputs that are tied at the k-th place (round-off cannot tell them apart: copies, counts, indicator codes) share the
    places that are left equally. The overlap is then the sum of the smaller of two memberships.
    No index decides, so permutation tests are exact whatever the ties; the warning ``ties`` says how many rows have
    any.

    References
    ----------
    .. [1] M. Huh, B. Cheung, T. Wang, P. Isola, "The Platonic Representation Hypothesis", ICML 2024, arXiv:2405.07987.

    Examples
    --------
    >>> from functools import partial
    >>> import numpy as np
    >>> from resemblance import mutual_knn, rowwise
    >>> x = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
    >>> y = np.array([[0.0], [1.0], [3.0], [2.5], [8.0]])

    Four of the five inputs keep one neighbor of two:

    >>> rowwise(x, y, partial(mutual_knn, k=2, metric="euclidean"))
    array([0.5, 0.5, 0.5, 0.5, 1. ])
    >>> round(mutual_knn(x, y, k=2, metric="euclidean"), 6)
    0.6
    """
    return score("mutual_knn", x, y, k=k, metric=metric)


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
        A ``ValueError`` that names the argument: not two-dimensional, k not below n, NaN or infinity, different numbers
        of rows, an unknown option. If an input is no array of real numbers, also a ``TypeError``.

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
