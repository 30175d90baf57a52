"""Orthogonal Procrustes distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def procrustes(
    x: Representation, y: Representation, *, center: bool = False, normalize: bool = False, squared: bool = False
) -> float:
    r"""Orthogonal Procrustes distance of two representations.

    Asks how far apart `x` and `y` remain when one of them may be rotated and reflected.

    .. math::

        \mathrm{procrustes}(x, y) = \min_{Q^\top Q = 1} \|x Q - y\|
        = \sqrt{\|x\|^2 + \|y\|^2 - 2 \|x^\top y\|_*}

    with the Frobenius norm and the nuclear norm (the sum of the singular values). Unequal widths count as if the
    narrower side had columns of zeros.

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers, on one scale with `y`.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    center : bool, default False
        Whether to subtract the mean of each column first.
    normalize : bool, default False
        Whether to divide each side by its Frobenius norm (after centering).
    squared : bool, default False
        Whether to leave the root away.

    Returns
    -------
    float
        In the units of the columns, from 0 (equal up to rotation and reflection) without bound; at most the root of 2,
        and without unit, if normalized.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Without `normalize` the distance grows with the size of the data and with n: distances of pairs of different sizes
    say more about the sizes than about the shapes (the warning ``size_decides``).

    References
    ----------
    .. [1] P. Schonemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31, 1966.
    .. [2] A. Williams, E. Kunz, S. Kornblith, S. Linderman, "Generalized Shape Metrics on Neural Representations",
       NeurIPS 2021, arXiv:2110.14739.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import procrustes
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> quarter_turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> round(procrustes(x, x @ quarter_turn), 6)
    0.0

    Twice the size is as far away as the size itself, the root of 10; the shape is the same:

    >>> round(procrustes(x, 2 * x), 6), round(procrustes(x, 2 * x, normalize=True), 6)
    (3.162278, 0.0)
    """
    return score("procrustes", x, y, center=center, normalize=normalize, squared=squared)
