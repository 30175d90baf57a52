"""Oracles of predictions: counts of classes in loops."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy import special
from scipy.spatial import distance

from oracles._shared import ratio, reduced


def disagreement(x, y, *, reduce="mean"):
    """The share of inputs on which the two models decide differently."""
    return reduced([float(a != b) for a, b in zip(_classes(x), _classes(y), strict=True)], reduce)


def cohen_kappa(x, y, *, weights=None):
    """Cohen 1960: (p_o - p_e) / (1 - p_e), observed and expected agreement from the table of counts; weighted 1968."""
    a, b = _classes(x), _classes(y)
    n = len(a)
    if weights is not None:
        classes = sorted(set(a) | set(b))
        cost = (
            np.abs(np.subtract.outer(range(len(classes)), range(len(classes))))
            ** {"linear": 1, "quadratic": 2}[weights]
        )
        observed = np.array(
            [[sum(p == i and q == j for p, q in zip(a, b, strict=True)) for j in classes] for i in classes]
        )
        expected = np.outer([a.count(c) for c in classes], [b.count(c) for c in classes]) / n
        return 1 - ratio(float((cost * observed).sum()), float((cost * expected).sum()))
    table = {(i, j): sum(p == i and q == j for p, q in zip(a, b, strict=True)) for i in set(a) for j in set(b)}
    observed = sum(count for (i, j), count in table.items() if i == j) / n
    expected = sum(a.count(c) * b.count(c) for c in set(a) & set(b)) / n**2
    return ratio(observed - expected, 1 - expected)


def error_corrected_disagreement(x, y, *, labels, reference="first", order=None):
    """Fort et al. 2020: disagreement divided by the error rate of the first model (or the second, or their mean).

    `order` puts the rows of y in another order; its errors stay with its own inputs.
    """
    a, b, truth = _classes(x), _classes(y), list(labels)
    wrong = [sum(p != t for p, t in zip(side, truth, strict=True)) / len(truth) for side in (a, b)]
    rate = {"first": wrong[0], "second": wrong[1], "mean": (wrong[0] + wrong[1]) / 2}[reference]
    b = b if order is None else [b[at] for at in order]
    return ratio(sum(p != q for p, q in zip(a, b, strict=True)) / len(truth), rate)


def js_divergence(x, y, *, kind, base=None, sqrt=False, renormalize=False, reduce="mean"):
    """Mean over rows of 1/2 KL(p, m) + 1/2 KL(q, m) with m = (p + q) / 2; `sqrt` takes the root of every row."""
    rows = []
    for p, q in zip(_probabilities(x, kind, renormalize), _probabilities(y, kind, renormalize), strict=True):
        middle = (p + q) / 2
        value = (special.rel_entr(p, middle).sum() + special.rel_entr(q, middle).sum()) / 2
        value = max(float(value), 0.0) / (1.0 if base is None else math.log(base))
        rows.append(math.sqrt(value) if sqrt else value)
    return reduced(rows, reduce)


def fleiss_kappa(models):
    """Fleiss 1971: mean over inputs of the share of agreeing pairs of models, corrected by pooled class shares."""
    votes = list(zip(*(_classes(m) for m in models), strict=True))  # one tuple of M votes per input
    m = len(votes[0])
    agreeing = [sum(a == b for a, b in itertools.permutations(row, 2)) / (m * (m - 1)) for row in votes]
    pooled = [c for row in votes for c in row]
    expected = sum((pooled.count(c) / len(pooled)) ** 2 for c in set(pooled))
    return ratio(float(np.mean(agreeing)) - expected, 1 - expected)


def ambiguity(models, *, reduce="mean"):
    """Marx et al. 2020: the share of inputs on which some pair of models answers differently, pair by pair."""
    rows = [
        float(any(p != q for p, q in itertools.combinations(answers, 2)))
        for answers in zip(*(_classes(m) for m in models), strict=True)
    ]
    return reduced(rows, reduce)


def saliency_similarity(x, y, *, outputs=1, absolute=True, reduce="mean"):
    """Jones et al. 2022: the mean over inputs and outputs of the cosine of the gradients, one pair after the other."""
    rows = []
    for g, h in zip(np.asarray(x, dtype=float), np.asarray(y, dtype=float), strict=True):
        pairs = zip(np.split(g, outputs), np.split(h, outputs), strict=True)
        pairs = [(np.abs(a), np.abs(b)) if absolute else (a, b) for a, b in pairs]
        defined = [
            1 - distance.cosine(a / np.abs(a).max(), b / np.abs(b).max()) for a, b in pairs if a.any() and b.any()
        ]
        rows.append(float(np.mean(defined)) if defined else math.nan)
    return reduced(rows, reduce)


def _classes(predictions):
    """Class ids as they are; of scores the first largest in each row."""
    predictions = np.asarray(predictions)
    if predictions.ndim == 1:
        return [int(c) for c in predictions]
    return [max(range(len(row)), key=lambda c, row=row: (row[c], -c)) for row in predictions]


def _probabilities(scores, kind, renormalize):
    scores = np.asarray(scores, dtype=float)
    if kind == "log_probs":
        return np.exp(scores)
    if kind == "logits":
        return np.array([special.softmax(row) for row in scores])
    return np.array([row / row.sum() for row in scores]) if renormalize else scores
