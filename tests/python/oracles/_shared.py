"""What several families take: centering, the rank that round-off leaves, quotients that may be 0/0, means of rows."""

from __future__ import annotations

import math

import numpy as np
from scipy import linalg

ROUND_OFF = 1e-11  # a denominator below this share of its uncorrected size is nothing but round-off


def centering(n):
    return np.eye(n) - np.ones((n, n)) / n


def centered(x):
    return centering(len(x)) @ x


def rank_cut(used, raw):
    return max(max(raw.shape) * 2.0**-52 * linalg.norm(used, 2), 2.0**-53 * linalg.norm(raw))


def cosine(a, b, undefined=0.0):
    norms = math.sqrt(float(a @ a)) * math.sqrt(float(b @ b))
    return float(a @ b) / norms if norms > 0 else undefined


def ratio(above, below):
    return float(above) / float(below) if abs(below) > 1e-300 else math.nan


def reduced(rows, reduce):
    if reduce is None:
        return np.array(rows)
    defined = [value for value in rows if not math.isnan(value)]
    return float(np.mean(defined)) if defined else math.nan


def u_product(k, m):
    """(1 / (n (n - 3))) sum over i != j of U-centered entries; sums run over the off-diagonal entries only."""
    n = len(k)
    off = ~np.eye(n, dtype=bool)

    def u_centered(a):
        rows = [a[i, off[i]].sum() for i in range(n)]
        total = sum(rows)
        return np.array(
            [
                [a[i, j] - (rows[i] + rows[j]) / (n - 2) + total / ((n - 1) * (n - 2)) for j in range(n)]
                for i in range(n)
            ]
        )

    return float((u_centered(k) * u_centered(m))[off].sum()) / (n * (n - 3))
