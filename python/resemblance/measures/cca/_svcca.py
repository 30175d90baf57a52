"""Singular vector canonical correlation analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def svcca(x: Representation, y: Representation, *, threshold: float = 0.99, k: int | None = None) -> float:
    r"""Singular vector canonical correlation, a similarity of two representations.

    Asks how well the directions that carry the variance agree: both sides are cut to their leading principal
    components, then the mean canonical correlation is taken.

    .. math:: \mathrm{svcca}(x, y) = \mathrm{cca\_mean}(x_{k_x}, y_{k_y})

    Here :math:`k_x` is the smallest number of components that hold the share `threshold` of the variance of the
    centered columns of `x`, and likewise for `y`.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    threshold : float, default 0.99
        Share of the variance to keep, above 0 and at most 1.
    k : int, optional
        A fixed number of components for both sides, at least 1; it takes the place of `threshold`.

    Returns
    -------
    float
        Dimensionless, from 0 to 1 (the kept components span the same space).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    The score jumps where a component enters or leaves. As for `cca_mean`, it is saturated if the numbers of components
    add up to more than n - 1.

    References
    ----------
    .. [1] M. Raghu, J. Gilmer, J. Yosinski, J. Sohl-Dickstein, "SVCCA", NeurIPS 2017, arXiv:1706.05806.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import svcca
    >>> turns = np.arange(8) * np.pi / 4
    >>> x = np.column_stack([10 * np.cos(turns), np.sin(turns)])
    >>> y = np.column_stack([10 * np.cos(turns), np.sin(2 * turns)])

    The second columns hold 1/101 of the variance and are not shared; without them nothing differs:

    >>> round(svcca(x, y, threshold=0.999), 6), round(svcca(x, y, threshold=0.99), 6)
    (0.5, 1.0)
    """
    return score("svcca", x, y, threshold=threshold, k=k)
