"""GULP distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def gulp(
    x: Representation,
    y: Representation,
    *,
    lam: float,
    preprocess: Literal["matrix_norm", "row_norm"] = "matrix_norm",
) -> float:
    r"""GULP, a distance of two representations.

    Asks how differently ridge regressions from `x` and from `y` can predict the same targets. With centered columns
    :math:`X` scaled to :math:`\|X\|^2 = n`, :math:`X = U \operatorname{diag}(s) V^\top`, and likewise for `y`,

    .. math:: \mathrm{gulp}(x, y) = \|K_x - K_y\|, \qquad
        K_x = X (X^\top X + n \lambda I)^{-1} X^\top
        = U \operatorname{diag}\!\left(\frac{s^2}{s^2 + n \lambda}\right) U^\top

    Parameters
    ----------
    x : array_like, shape (n, d_x)
        One row per input, one column per unit. Real numbers, in any unit.
    y : array_like, shape (n, d_y)
        Row i belongs to the same input as row i of `x`. The widths may differ.
    lam : float
        Penalty of the regressions as a share of the total variance, at least 0. A small one lets every direction count,
        a large one those of large variance. It must be given; 0.01 is a start, and powers of ten from 1e-4 to 1 show
        at which scale two representations differ.
    preprocess : {"matrix_norm", "row_norm"}, default "matrix_norm"
        Whether the centered data are scaled as a whole, as the authors' code does, or every centered row is brought to
        length one, as the survey prints it.

    Returns
    -------
    float
        Dimensionless, from 0 (the same predictions of every target) to the root of the sum of the two ranks.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    With `lam` 0 only the column spaces count, and as many columns as rows make any two representations equal. Several
    penalties in one call of :func:`resemblance.compare` or :func:`resemblance.pairwise` share one decomposition per
    representation.

    References
    ----------
    .. [1] E. Boix-Adsera, H. Lawrence, G. Stepaniants, P. Rigollet, "GULP: a prediction-based metric between
       representations", NeurIPS 2022, arXiv:2210.06545.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import gulp
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    >>> round(gulp(x, 3.0 * x[:, ::-1], lam=0.1), 6)
    0.0
    >>> round(gulp(x, x[:, :1], lam=0.0), 6)
    1.0
    """
    return score("gulp", x, y, lam=lam, preprocess=preprocess)
