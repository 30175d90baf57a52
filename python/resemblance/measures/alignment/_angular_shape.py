"""Angle of the best rotation of one shape onto the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def angular_shape(x: Representation, y: Representation, *, center: bool = False) -> float:
    r"""Angular shape distance of two representations: the Procrustes distance, as an angle.

    Asks at which angle `x` and `y` stand, as vectors of n d numbers, when one of them may be rotated and reflected.

    .. math:: \mathrm{angular\_shape}(x, y) = \arccos \frac{\|x^\top y\|_*}{\|x\| \, \|y\|}

    with the Frobenius norm and the nuclear norm (the sum of the singular values).

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers on any scale, the same scale for all columns.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    center : bool, default False
        Whether to subtract the mean of each column first.

    Returns
    -------
    float
        In radians, from 0 (equal up to rotation, reflection and one common scale) to pi/2.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Without `center` a mean that is large compared with the spread makes all representations look alike: it is one
    direction that they share. Unrelated data are closer than pi/2, the more so the smaller n is.

    References
    ----------
    .. [1] A. Williams, E. Kunz, S. Kornblith, S. Linderman, "Generalized Shape Metrics on Neural Representations",
       NeurIPS 2021, arXiv:2110.14739.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import angular_shape
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])

    Against its own first column: the cosine is 8 over the root of 80.

    >>> round(angular_shape(x, x[:, :1]), 6)
    0.463648

    A shift far away hides all differences of shape, unless the columns are centered:

    >>> round(angular_shape(x + 100, x[:, :1] + 100), 6), round(angular_shape(x + 100, x[:, :1] + 100, center=True), 6)
    (0.011179, 0.463648)
    """
    return score("angular_shape", x, y, center=center)
