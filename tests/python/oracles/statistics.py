"""Oracles of descriptive statistics: one number per representation, then compared."""

from __future__ import annotations

import math

import numpy as np
from scipy import linalg, special
from scipy.spatial.distance import pdist, squareform

from oracles._shared import ROUND_OFF, centering, ratio


def participation_ratio(x, y=None, *, center=True, compare="absolute_difference"):
    """(sum of eigenvalues)^2 / sum of squared eigenvalues of the covariance."""

    def number(a):
        c = a.T @ (centering(len(a)) if center else np.eye(len(a))) @ a
        return (
            ratio(np.trace(c) ** 2, np.trace(c @ c)) if np.trace(c) > ROUND_OFF**2 * linalg.norm(a) ** 2 else math.nan
        )

    return _compared(number, x, y, compare)


def uniformity(x, y=None, *, t=2.0, pairs="all", normalize_rows=False, compare="absolute_difference"):
    """Wang & Isola 2020: log of the mean of exp(-t |x_i - x_j|^2), over all ordered pairs or over i < j."""

    def number(a):
        if normalize_rows:
            if any(not np.any(row) for row in a):
                return math.nan
            a = np.array([row / linalg.norm(row) for row in a])
        squares = squareform(pdist(a, "sqeuclidean")).ravel() if pairs == "all" else pdist(a, "sqeuclidean")
        return float(special.logsumexp(-t * squares) - np.log(len(squares)))

    return _compared(number, x, y, compare)


def _compared(number, x, y, compare):
    if y is None:
        return number(x)
    of_x, of_y = number(x), number(y)
    if compare is None:
        return of_x, of_y
    if compare == "absolute_difference":
        return abs(of_x - of_y)
    return ratio(min(abs(of_x), abs(of_y)), max(abs(of_x), abs(of_y)))
