"""Oracles of canonical correlations, from inverse roots of covariances."""

from __future__ import annotations

import math

import numpy as np
from scipy import linalg

from oracles._shared import centered, rank_cut, ratio


def cca_mean(x, y, *, summary="mean", divisor="rank"):
    """Hotelling 1936: singular values of Cxx^(-1/2) Cxy Cyy^(-1/2), summarized."""
    rho, least = _canonical(x, y)[:2]
    if not len(rho):
        return math.nan
    if summary == "wilks":
        return float(np.prod(1 - rho**2))
    if summary == "lawley_hotelling":
        return math.inf if rho[0] > 1 - 1e-10 else float(np.sum(rho**2 / (1 - rho**2)))
    count = least if divisor == "rank" else min(x.shape[1], y.shape[1])
    return float({"mean": rho.sum() / count, "first": rho[0], "sum": rho.sum()}[summary])


def cca_mean_squared(x, y, *, summary="mean", divisor="rank"):
    """Yanai 1974: the mean of squared canonical correlations; their sum is the Pillai trace tr(Cxx^+ Cxy Cyy^+ Cyx)."""
    xc, yc = centered(x), centered(y)
    pillai = np.trace(_inverse(xc.T @ xc) @ xc.T @ yc @ _inverse(yc.T @ yc) @ yc.T @ xc)
    ranks = [np.linalg.matrix_rank(a, tol=rank_cut(a, b)) for a, b in ((xc, x), (yc, y))]
    if min(ranks) == 0:
        return math.nan
    if summary == "sum":
        return float(pillai)
    return float(pillai / (min(ranks) if divisor == "rank" else min(x.shape[1], y.shape[1])))


def svcca(x, y, *, threshold=0.99, k=None):
    """Raghu et al. 2017: mean canonical correlation of the leading principal components of either side."""

    def truncated(a):
        values, vectors = linalg.eigh(centered(a).T @ centered(a))
        values, vectors = values[::-1].clip(0), vectors[:, ::-1]
        share = np.cumsum(values) / values.sum()
        kept = int(np.argmax(share >= threshold * (1 - 1e-12))) + 1 if k is None else k
        return centered(a) @ vectors[:, :kept]

    return cca_mean(truncated(x), truncated(y))


def pwcca(x, y, *, weights_from="x"):
    """Morcos et al. 2018: canonical correlations weighted by a_i = sum_j |<h_i, x_j>|, h_i the variates of one side."""
    if weights_from == "smaller":
        weights_from = "x" if x.shape[1] <= y.shape[1] else "y"
    if weights_from == "y":
        return pwcca(y, x)
    rho, _, left, _ = _canonical(x, y)
    xc = centered(x)
    h = xc @ _inverse_root(xc.T @ xc) @ left  # unit-norm variates, one per column
    weights = [sum(abs(h[:, i] @ column) for column in xc.T) for i in range(len(rho))]
    return ratio(weights @ rho, sum(weights))


def _inverse(c):
    return np.linalg.pinv(c, rcond=1e-12, hermitian=True)


def _inverse_root(c):
    values, vectors = linalg.eigh(c)
    kept = values > 1e-12 * values[-1]
    return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T


def _canonical(x, y):
    """Canonical correlations (min(rank) of them), the smaller rank, and the two sets of whitened directions."""
    xc, yc = centered(x), centered(y)
    ranks = [np.linalg.matrix_rank(a, tol=rank_cut(a, b)) for a, b in ((xc, x), (yc, y))]
    if min(ranks) == 0:
        return np.array([]), 0, None, None
    left, rho, right = linalg.svd(_inverse_root(xc.T @ xc) @ (xc.T @ yc) @ _inverse_root(yc.T @ yc))
    least = min(ranks)
    return rho[:least].clip(0, 1), least, left[:, :least], right[:least].T
