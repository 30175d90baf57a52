"""Oracles of nearest neighbors, from lists made row by row."""

from __future__ import annotations

import math

import numpy as np

from oracles._shared import ROUND_OFF, cosine, reduced


def knn_jaccard(x, y, *, k=10, metric="cosine", reduce="mean"):
    """Schumacher et al. 2021: mean over rows of |A & B| / |A | B|, A and B the k nearest neighbors on either side."""
    a, b = memberships(x, k, metric), memberships(y, k, metric)
    return reduced(list(np.minimum(a, b).sum(axis=1) / np.maximum(a, b).sum(axis=1)), reduce)


def mutual_knn(x, y, *, k=10, metric="cosine", reduce="mean"):
    """Huh et al. 2024: mean over rows of |A & B| / k."""
    a, b = memberships(x, k, metric), memberships(y, k, metric)
    return reduced(list(np.minimum(a, b).sum(axis=1) / k), reduce)


def rank_similarity(x, y, *, k=10, metric="cosine", reduce="mean"):
    """Wang et al. 2020: per row the sum of 2 / ((1 + |r - s|) (r + s)) over shared neighbors, over a harmonic number.

    An input has as many places as inputs share them, all of the same size: those beyond k are none. Written out as
    often as the places of the other list ask for, the two sequences are compared term by term.
    """
    rows = []
    for a, b in zip(shared_places(x, k, metric), shared_places(y, k, metric), strict=True):
        total, shared = 0.0, 0.0
        for j in a.keys() & b.keys():
            r, s = np.repeat(a[j], len(b[j])), np.repeat(b[j], len(a[j]))
            both = (r <= k) & (s <= k)
            total += np.where(both, 2 / ((1 + np.abs(r - s)) * (r + s)), 0.0).mean()
            shared += both.mean()
        whole = math.floor(shared + ROUND_OFF)
        harmonic = sum(1 / m for m in range(1, whole + 1)) + max(shared - whole, 0.0) / (whole + 1)
        rows.append(total / harmonic if shared > 0 else 0.0)
    return reduced(rows, reduce)


def second_order_cosine(x, y, *, k=10, metric="cosine", inner="similarity", neighbors="union", reduce="mean"):
    """Hamilton et al. 2016: per row the cosine between the two vectors of cosine similarities to all neighbors."""
    rows = []
    for i, (a, b) in enumerate(zip(memberships(x, k, metric) > 0, memberships(y, k, metric) > 0, strict=True)):
        chosen = np.flatnonzero(a | b if neighbors == "union" else a & b)
        u, v = (np.array([cosine(side[i], side[j]) for j in chosen]) for side in (x, y))
        if inner == "distance":
            u, v = 1 - u, 1 - v
            # of a row and its copy the distance is zero, not what is left of 1 - 0.9999999999999999
            u, v = np.where(np.abs(u) < ROUND_OFF, 0.0, u), np.where(np.abs(v) < ROUND_OFF, 0.0, v)
        rows.append(cosine(u, v, undefined=math.nan))
    return reduced(rows, reduce)


def memberships(x, k, metric):
    """n x n: 1 for a neighbor, an equal share of the places left for each of those tied at the k-th place, else 0."""
    similarity = _similarity(x, metric)
    found = np.zeros((len(x), len(x)))
    for i in range(len(x)):
        others = [j for j in range(len(x)) if j != i]
        of_others = {j: similarity(i, j) for j in others}
        last = sorted(of_others.values(), reverse=True)[k - 1]
        tied = [j for j in others if abs(of_others[j] - last) <= 1e-12 * max(1.0, abs(last))]
        certain = [j for j in others if of_others[j] > last and j not in tied]
        found[i, certain] = 1
        found[i, tied] = min(1, (k - len(certain)) / len(tied))
    return found


def shared_places(x, k, metric):
    """By row: the inputs of its list, each with all places that its equals and itself take, some perhaps beyond k."""
    similarity = _similarity(x, metric)
    lists = []
    for i in range(len(x)):
        nearest = sorted((-similarity(i, j), j) for j in range(len(x)) if j != i)
        found, first = {}, 1
        while first <= k:
            of_first = nearest[first - 1][0]
            tied = [j for s, j in nearest[first - 1 :] if s - of_first <= 1e-12 * max(1.0, abs(of_first))]
            found |= dict.fromkeys(tied, np.arange(first, first + len(tied)))
            first += len(tied)
        lists.append(found)
    return lists


def neighbors_of(x, k, metric):
    """The k rows most similar to each row, itself excluded by index, nearest first; of rows without ties."""
    similarity = _similarity(x, metric)
    lists = []
    for i in range(len(x)):
        others = [(-similarity(i, j), j) for j in range(len(x)) if j != i]
        lists.append([j for _, j in sorted(others)[:k]])
    return lists


def _similarity(x, metric):
    return {
        "cosine": lambda i, j: cosine(x[i], x[j]),
        "euclidean": lambda i, j: -math.sqrt(sum((a - b) ** 2 for a, b in zip(x[i], x[j], strict=True))),
        "inner": lambda i, j: float(x[i] @ x[j]),
        "precomputed": lambda i, j: -x[i, j],
    }[metric]
