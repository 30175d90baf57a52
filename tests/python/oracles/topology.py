"""Oracles of topology."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from oracles.neighbors import memberships


def imd(x, y, *, k=5, scale="survey"):
    """Tsitsulin et al. 2020: largest damped difference of the heat traces of two graphs of neighbors.

    By the eigenvalues of a random walk, whose matrix is similar to the scaled graph but not symmetric.
    """
    t = np.logspace(-1, 1, 256)

    def trace(a):
        members = memberships(a, k, "euclidean")
        graph = np.maximum(members, members.T)
        walk = linalg.eigvals(graph / graph.sum(axis=1, keepdims=True)).real
        return np.exp(-np.outer(t, 1 - walk)).sum(axis=1) * (1e6 / len(a) if scale == "code" else 1)

    return float(np.max(np.exp(-2 * (t + 1 / t)) * np.abs(trace(x) - trace(y))))
