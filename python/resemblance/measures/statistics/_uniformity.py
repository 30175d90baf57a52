"""Spread over the sphere, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import statistics

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def uniformity(
    x: Representation,
    y: Representation,
    *,
    t: float = 2.0,
    pairs: Literal["all", "distinct"] = "all",
    normalize_rows: bool = False,
    compare: Literal["absolute_difference", "ratio"] = "absolute_difference",
) -> float:
    r"""Difference of two uniformities: of how evenly the rows of a representation are spread out.

    .. math::

        \mathrm{uniformity}(x) = \log \frac{1}{n^2} \sum_{i, j} \exp\big(-t \, \|x_i - x_j\|^2\big)

    More negative is more uniform; 0 is a single point.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit.
    y : array_like, shape (m, d_y)
        A second representation, of the same inputs or of others.
    t : float, default 2.0
        Inverse square of the length that counts as near, positive.
    pairs : {"all", "distinct"}, default "all"
        Whether each row is also paired with itself, or only pairs i < j count.
    normalize_rows : bool, default False
        Whether to scale each row to unit length first.
    compare : {"absolute_difference", "ratio"}, default "absolute_difference"
        The absolute difference of the two numbers, or the smaller over the larger.

    Returns
    -------
    float
        The difference of the two numbers (0 if equal), or their ratio (1 if equal). The number of one representation,
        from -log n (all rows far apart) to 0 (all rows equal), is what `describe` returns.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

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
    >>> from functools import partial
    >>> import numpy as np
    >>> from resemblance import describe, uniformity
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])

    The rows are so far apart that the number is at its floor, log(1/4) = -1.386294; for a longer length it is not:

    >>> round(describe(x, uniformity), 6), round(describe(x, partial(uniformity, t=0.1)), 6)
    (-1.386036, -0.412048)
    """
    return statistics("uniformity", x, y, t=t, pairs=pairs, normalize_rows=normalize_rows, compare=compare)
