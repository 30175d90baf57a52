"""Oracles of maps of one representation onto the other: rotations that are applied, least squares with an intercept."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy import linalg, optimize

from oracles._shared import ROUND_OFF, centered, ratio, reduced


def procrustes(x, y, *, center=False, normalize=False, squared=False):
    """Schonemann 1966: the residual |xQ - y| after SciPy's best rotation, narrower side padded with zero columns."""
    residual = _residual(*_prepared(x, y, center, normalize))
    return float(residual**2 if squared else residual)


def angular_shape(x, y, *, center=False):
    """Williams et al. 2021: the angle between xQ and y on the sphere of unit Frobenius norm, from its chord."""
    return float(2 * np.arcsin(_residual(*_prepared(x, y, center, normalize=True)) / 2))


def _prepared(x, y, center, normalize):
    sides = [centered(a) if center else np.array(a, dtype=float) for a in (x, y)]
    width = max(x.shape[1], y.shape[1])
    sides = [np.pad(a, ((0, 0), (0, width - a.shape[1]))) for a in sides]
    if not normalize:
        return sides
    norms = [linalg.norm(a) for a in sides]
    if min(norms) <= ROUND_OFF * max(linalg.norm(x), linalg.norm(y)) or min(norms) == 0:
        return [np.full_like(a, math.nan) for a in sides]
    return [a / norm for a, norm in zip(sides, norms, strict=True)]


def _residual(x, y):
    if np.isnan(x).any():
        return math.nan
    return linalg.norm(x @ linalg.orthogonal_procrustes(x, y)[0] - y)


def aligned_cosine(x, y, *, group="orthogonal", reduce="mean"):
    """Hamilton et al. 2016: rotate (or permute the columns of) x onto y, then the mean cosine of matching rows."""
    product = x.T @ y
    lengths = [(linalg.norm(a), linalg.norm(b)) for a, b in zip(x, y, strict=True)]
    if group == "permutation":
        cosines = sum(np.outer(a, b) / (p * q) for a, b, (p, q) in zip(x, y, lengths, strict=True) if p * q > 0)
        aligned = x[:, _assignment(product, cosines)]
    elif np.linalg.matrix_rank(product, tol=1e-12 * linalg.norm(product)) == len(product):
        aligned = x @ linalg.orthogonal_procrustes(x, y)[0]
    else:  # the best rotation is not unique; the part of it that is: M (M'M)^(+1/2)
        left, values, right = linalg.svd(product)
        kept = values > 1e-12 * values[0]
        aligned = x @ left[:, kept] @ right[kept]
    rows = [ratio(a @ b, p * q) for a, b, (p, q) in zip(aligned, y, lengths, strict=True)]
    return reduced(rows, reduce)


def _assignment(product, second):
    """For every column of y the column of x that takes its place; brute force while that is possible."""
    d = len(product)
    if d <= 6:
        orders = list(itertools.permutations(range(d)))
        best = max(sum(product[p[j], j] for j in range(d)) for p in orders)
        ties = [p for p in orders if sum(product[p[j], j] for j in range(d)) >= best - 1e-12 * abs(best)]
        return list(max(ties, key=lambda p: sum(second[p[j], j] for j in range(d))))
    rows, columns = optimize.linear_sum_assignment(-product)
    return [int(rows[list(columns).index(j)]) for j in range(d)]


def linear_regression_r2(x, y, *, alpha=0.0, average="variance"):
    """In-sample R2 of x predicting y: least squares with an intercept column; ridge by sqrt(alpha) I as extra rows."""
    n, d = x.shape
    if alpha == 0:
        design, target = np.column_stack([np.ones(n), centered(x)]), y
    else:  # the intercept is free of the penalty, so it is the mean
        design = np.vstack([centered(x), np.sqrt(alpha) * np.eye(d)])
        target = np.vstack([centered(y), np.zeros((d, y.shape[1]))])
    weights = np.linalg.lstsq(design, target, rcond=1e-12)[0]
    residual = (target - design @ weights)[:n] ** 2
    total = centered(y) ** 2
    if average == "variance":
        return ratio(total.sum() - residual.sum(), total.sum())
    alive = [j for j in range(y.shape[1]) if np.ptp(y[:, j]) > 0]
    return float(np.mean([1 - residual[:, j].sum() / total[:, j].sum() for j in alive])) if alive else math.nan
