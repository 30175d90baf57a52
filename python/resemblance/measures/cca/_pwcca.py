"""Projection-weighted canonical correlation analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def pwcca(x: Representation, y: Representation, *, weights_from: Literal["x", "y", "smaller"] = "x") -> float:
    r"""Projection weighted canonical correlation, a similarity of `x` to `y`.

    Asks how well `y` agrees with those directions that account for most of `x`. With :math:`\rho_i` the canonical
    correlations and :math:`h_i` the canonical variates of `x`,

    .. math::

        \mathrm{pwcca}(x, y) = \frac{\sum_i a_i \rho_i}{\sum_i a_i}, \qquad a_i = \sum_j |\langle h_i, x_j \rangle|

    over the centered columns :math:`x_j`. The order of the arguments matters.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    weights_from : {"x", "y", "smaller"}, default "x"
        Whose columns give the weights; ``smaller`` is the side with fewer columns.

    Returns
    -------
    float
        Dimensionless, from 0 to 1 (`y` determines `x` linearly, or the other way round).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    The weights depend on the choice of columns: rotating `x` changes the score. Where two canonical correlations are
    equal their variates are not unique, and neither are the weights. Saturation is as for `cca_mean`.

    References
    ----------
    .. [1] A. Morcos, M. Raghu, S. Bengio, "Insights on representational similarity in neural networks with canonical
       correlation", NeurIPS 2018, arXiv:1806.05759.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import pwcca
    >>> turns = np.arange(8) * np.pi / 4
    >>> x = np.column_stack([3 * np.cos(turns), np.sin(turns)])
    >>> y = np.column_stack([np.cos(turns), np.sin(2 * turns)])

    The shared direction has correlation 1 and weight 3/4, the other one has correlation 0. Seen from y the weights are
    equal:

    >>> round(pwcca(x, y), 6), round(pwcca(y, x), 6)
    (0.75, 0.5)
    """
    return score("pwcca", x, y, weights_from=weights_from)
