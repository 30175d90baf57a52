"""Distance of the heat traces of two clouds of points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def imd(
    x: Representation,
    y: Representation,
    *,
    k: int = 5,
    scale: Literal["survey", "code"] = "survey",
) -> float:
    r"""Multi-scale intrinsic manifold distance, a distance of two representations.

    Asks whether heat spreads in the same way on the clouds of points `x` and `y`, whichever row is which. With
    :math:`\lambda_i` the eigenvalues of the normalized Laplacian of the graph that links each row to its k nearest
    others,

    .. math::

        \mathrm{imd}(x, y) = \max_t e^{-2 (t + 1/t)} \, |h_x(t) - h_y(t)|, \qquad h(t) = \sum_i e^{-t \lambda_i}

    over 256 values of t from 0.1 to 10, equally far apart as logarithms.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit.
    y : array_like, shape (m, d_y)
        A second representation, of the same inputs or of others.
    k : int, default 5
        Number of neighbors of each row, by Euclidean distance: from 1 to the smaller number of rows minus 1.
    scale : {"survey", "code"}, default "survey"
        As printed; or with traces divided by the numbers of rows and the distance multiplied by a million, as the
        code of the authors has it. Choose ``code`` for different numbers of rows.

    Returns
    -------
    float
        From 0 (the same traces), without an upper end. It obeys the triangle inequality, but clouds that are not the
        same may have distance 0.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    All eigenvalues are computed, which takes time that grows as n cubed and memory as n squared; nothing is drawn at
    random, so a representation has distance 0 from itself. The code of the authors estimates traces with random probes,
    whose noise can exceed the distance.

    An edge has weight 1 if either end is one of the k nearest of the other. Rows that are tied for the last places
    (round-off cannot tell their distances apart) share them equally, and their edges weigh that share, so that no index
    decides.

    A permutation of rows changes nothing: tests of significance and intervals by leaving out rows are refused.

    References
    ----------
    .. [1] A. Tsitsulin, M. Munkhoeva, D. Mottin, P. Karras, A. Bronstein, I. Oseledets, E. Mueller, "The Shape of Data:
       Intrinsic Distance for Data Distributions", ICLR 2020, arXiv:1905.11141.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import imd
    >>> angle = 2 * np.pi * np.arange(40) / 40
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> line = np.column_stack([angle])

    A circle and the line it is cut into differ at the two ends of the line only:

    >>> round(imd(circle, line, k=2), 6)
    0.000678

    In another order the points are the same circle:

    >>> round(imd(circle, circle[::-1], k=2), 6)
    0.0
    """
    return score("imd", x, y, k=k, scale=scale)
