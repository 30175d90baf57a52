"""Oracles of similarity matrices, from n x n matrices and traces."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats
from scipy.spatial.distance import cdist, pdist

from oracles._shared import ROUND_OFF, centered, centering, cosine, rank_cut, ratio, u_product


def cka(x, y, *, kernel="linear", estimator="biased", bandwidth=1.0, sigma=None, gamma=None, coef0=1.0, degree=3):
    """Kornblith et al. 2019, section 3: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)), kernels left uncentered.

    The debiased HSIC of Song et al. 2012 is the inner product of U-centered kernels (Szekely & Rizzo 2014).
    """
    k, m = (_kernel(a, kernel, bandwidth, sigma, gamma, coef0, degree) for a in (x, y))
    hsic = {"biased": _hsic_biased, "debiased": _hsic_debiased, "lange": _hsic_lange}[estimator]
    kk, mm = hsic(k, k), hsic(m, m)
    if not all(own > ROUND_OFF**2 * np.mean(a**2) for own, a in ((kk, k), (mm, m))):
        return math.nan
    return float(hsic(k, m) / (np.sqrt(kk) * np.sqrt(mm)))


def _kernel(x, kernel, bandwidth, sigma, gamma, coef0, degree):  # noqa: PLR0917 - the options of cka, in order
    if kernel == "precomputed":
        return x
    if kernel == "linear":
        return x @ x.T
    if kernel == "cosine":
        return np.array([[cosine(a, b) for b in x] for a in x])
    if kernel == "polynomial":
        gamma = 1 / x.shape[1] if gamma is None else gamma
        return (gamma * (x @ x.T) + coef0) ** degree
    d = cdist(x, x)
    sigma = bandwidth * np.median(pdist(x)) if sigma is None else sigma
    return np.exp(-(d**2) / (2 * sigma**2)) if kernel == "rbf" else np.exp(-d / sigma)


def _hsic_biased(k, m):
    h = centering(len(k))
    return np.trace(k @ h @ m @ h)


def _hsic_debiased(k, m):
    return u_product(k, m)


def _hsic_lange(k, m):
    h = centering(len(k))
    a, b = h @ k @ h, h @ m @ h
    return sum(a[i, j] * b[i, j] for i in range(len(k)) for j in range(len(k)) if i != j)


def eigenspace_overlap(x, y, *, center=False, divisor="rank"):
    """May et al. 2019: tr(Px Py) of the projectors x (x'x)^+ x', over the larger rank or width."""
    sides = [(a, centered(a) if center else a) for a in (x, y)]
    ranks = [np.linalg.matrix_rank(a, tol=rank_cut(a, raw)) for raw, a in sides]
    if min(ranks) == 0:
        return math.nan
    projectors = [a @ np.linalg.pinv(a, rcond=1e-12) for _, a in sides]
    size = max(ranks) if divisor == "rank" else max(x.shape[1], y.shape[1])
    return float(np.trace(projectors[0] @ projectors[1]) / size)


def gulp(x, y, *, lam, preprocess="matrix_norm"):
    """Boix-Adsera et al. 2022: the norm of the difference of two hat matrices of ridge regression, solved for."""
    hats = []
    for raw in (x, y):
        a = centered(raw)
        if np.linalg.matrix_rank(a, tol=rank_cut(a, raw)) == 0:
            return math.nan
        if preprocess == "row_norm":
            lengths = np.linalg.norm(a, axis=1, keepdims=True)
            a = np.divide(a, lengths, out=np.zeros_like(a), where=lengths > ROUND_OFF * np.max(lengths))
        else:
            a = a / np.linalg.norm(a) * math.sqrt(len(a))
        if lam == 0:
            hats.append(a @ np.linalg.pinv(a, rcond=1e-12))
        else:
            hats.append(a @ np.linalg.solve(a.T @ a + len(a) * lam * np.eye(a.shape[1]), a.T))
    return float(np.linalg.norm(hats[0] - hats[1]))


def rsa(
    x,
    y,
    *,
    inner="pearson",
    outer="spearman",
    precision=None,
    bandwidth=1.0,
    sigma=None,
    constant_rows="raise",
):
    """Kriegeskorte et al. 2008: compare the upper triangles (i < j) of two matrices of pairwise dissimilarities."""
    keep = np.ones(len(x), dtype=bool)
    if inner == "pearson":
        keep = np.array([np.ptp(a) > 0 and np.ptp(b) > 0 for a, b in zip(x, y, strict=True)])
        if constant_rows == "raise" and not keep.all():
            return math.nan
    elif inner == "cosine":
        keep = np.array([np.any(a != 0) and np.any(b != 0) for a, b in zip(x, y, strict=True)])
        if constant_rows == "raise" and not keep.all():
            return math.nan
    u, v = (_triangle(a[keep], inner, precision, bandwidth, sigma) for a in (x, y))
    if outer == "spearman":
        u, v = (stats.rankdata(_without_round_off(a)) for a in (u, v))
    if outer in ("kendall_tau_a", "kendall_tau_b"):
        return _kendall(*map(_without_round_off, (u, v)), variant=outer[-1])
    if outer == "cosine":
        return ratio(u @ v, np.sqrt(u @ u) * np.sqrt(v @ v))
    if len(u) < 2 or any(np.ptp(a) <= ROUND_OFF * np.max(np.abs(a)) for a in (u, v)):
        return math.nan
    return float(stats.pearsonr(u, v).statistic)


def _kendall(u, v, variant):
    """Kendall 1945: the sum of products of signs of differences, over all pairs of entries."""
    signs = [np.sign(a[:, None] - a[None, :]) for a in (u, v)]
    untied = [np.count_nonzero(a) for a in signs]
    if min(untied) == 0:
        return math.nan
    over = len(u) * (len(u) - 1) if variant == "a" else math.sqrt(untied[0] * untied[1])
    return float(np.sum(signs[0] * signs[1]) / over)


def _triangle(x, inner, precision, bandwidth, sigma):
    upper = np.triu_indices(len(x), 1)
    if inner == "precomputed":
        return x[upper]
    if inner == "linear":
        return np.array([x[i] @ x[j] for i, j in zip(*upper, strict=True)])
    if inner == "rbf":
        d = pdist(x)
        return np.exp(-(d**2) / (2 * (bandwidth * np.median(d) if sigma is None else sigma) ** 2))
    if inner == "mahalanobis":
        return pdist(x, "mahalanobis", VI=np.asarray(precision))
    names = {"pearson": "correlation", "cosine": "cosine", "euclidean": "euclidean", "sq_euclidean": "sqeuclidean"}
    values = pdist(x, names[inner])
    if inner in ("pearson", "cosine"):
        values[np.abs(values) < 1e-14] = 0.0  # of two equal rows, what is left of 1 - 0.9999999999999999
    return values


def _without_round_off(values):
    """Merge values that differ in their last digits only, so that what is tied on paper is tied here."""
    order = np.argsort(values, kind="stable")
    gap = np.diff(values[order]) > ROUND_OFF * np.abs(values[order][1:])
    merged = np.empty_like(values)
    merged[order] = np.concatenate([[0.0], np.cumsum(gap)])
    return merged


def distance_correlation(x, y, *, squared=False, bias_corrected=False, metric="euclidean"):
    """Szekely, Rizzo & Bakirov 2007: double-centered distances; bias-corrected: Szekely & Rizzo 2013 (squared form)."""
    a, b = (v if metric == "precomputed" else cdist(v, v) for v in (x, y))
    h = centering(len(a))

    def product(k, m):
        return u_product(k, m) if bias_corrected else np.trace(h @ k @ h @ m) / len(k) ** 2

    xx, yy = product(a, a), product(b, b)
    if not (xx > ROUND_OFF**2 * np.mean(a**2) and yy > ROUND_OFF**2 * np.mean(b**2)):
        return math.nan
    value = product(a, b) / np.sqrt(xx) / np.sqrt(yy)
    return float(value if squared or bias_corrected else np.sqrt(max(value, 0.0)))
