"""Mean overlap of neighbor lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


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
        A ``ValueError`` that names the argument; the page of codes lists all.

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
