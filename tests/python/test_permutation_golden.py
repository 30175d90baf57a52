"""Golden numbers of permutation tests, by hand or from slow code."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from permutations import ALTERNATIVES, distances
from scipy.spatial.distance import cdist

import resemblance as rs
from resemblance import _core


def features(n: int, d: int, k: int) -> np.ndarray:
    i, j = np.ogrid[:n, :d]
    return (((i + 1) * (j + 2) * (k + 3) + i * i * (j + k + 1)) % 17 - 8).astype(float)


X6, Y6 = (np.array(v, dtype=float)[:, None] for v in ([0, 1, 2, 4, 7, 11], [1, 0, 4, 3, 9, 12]))
NORM6 = math.sqrt(np.sum(cdist(X6, X6) ** 2) * np.sum(cdist(Y6, Y6) ** 2))


def test_worked_example():
    """Six rows, by hand: p over all 720 orders, and the circle of shifts."""
    for alternative, count in (("greater", 5), ("less", 716), ("two-sided", 10)):
        found = rs.permutation_test(X6, Y6, distances, alternative=alternative)
        assert found.method == "exact"
        assert found.pvalue * 720 == pytest.approx(count)
    assert found.statistic * NORM6 == pytest.approx(1142)
    circle = rs.permutation_test(X6, Y6, distances, scheme="shift", return_null=True)
    assert circle.null_distribution * NORM6 == pytest.approx([1142, 838, 862, 778, 826, 862])
    assert circle.pvalue == circle.min_pvalue == 1 / 6


@pytest.mark.parametrize(
    ("measure", "n", "widths", "numbers", "expected"),
    [
        (rs.cka, 5, (3, 2), (0, 1), (75 / 120, 46 / 120, 92 / 120)),
        (distances, 5, (1, 1), (0, 2), (0.3, 0.725, 0.6)),
        (rs.cka, 6, (3, 2), (0, 1), (310 / 720, 411 / 720, 620 / 720)),
        (distances, 6, (1, 1), (0, 2), (312 / 720, 420 / 720, 624 / 720)),
        (rs.cka, 7, (3, 2), (0, 1), (1657 / 5040, 3384 / 5040, 3314 / 5040)),
        (distances, 7, (1, 1), (0, 2), (2636 / 5040, 2476 / 5040, 4952 / 5040)),
    ],
)
def test_golden_p_over_all_orders(measure, n, widths, numbers, expected):
    x, y = (features(n, d, k) for d, k in zip(widths, numbers, strict=True))
    for alternative, p in zip(ALTERNATIVES, expected, strict=True):
        found = rs.permutation_test(x, y, measure, alternative=alternative)
        assert found.method == "exact"
        assert found.pvalue == pytest.approx(p, abs=1e-12)


THREE_ORBITS = (
    29997.14, 38793.74, 21164.94, 17818.74, 14833.54, 31078.94, 7639.14, 8001.74, 11933.94, 14790.74,
    27432.34, 31329.54, 26307.54, 8087.34, 34029.94, 29958.94, 34689.34, 19366.34, 8665.14, 38248.14,
    21701.14, 35647.94, 25620.54, 36781.94, 15872.34, 22236.74, 1729.14, 13906.74, 8791.14, 21598.94,
)  # fmt: skip


def gram_norms(x, y) -> float:
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return float(np.linalg.norm(x @ x.T) * np.linalg.norm(y @ y.T))


def test_golden_orbits():
    x, y = features(10, 3, 0), features(10, 2, 1)
    for alternative, p in zip(ALTERNATIVES, (0.3, 22 / 30, 0.6), strict=True):
        found = rs.permutation_test(
            x, y, rs.cka, method="orbits", n_resamples=29, rng=42, alternative=alternative, return_null=True
        )
        assert found.null_distribution * gram_norms(x, y) == pytest.approx(THREE_ORBITS, rel=1e-10)
        assert found.pvalue == pytest.approx(p, abs=1e-12)


ALL_POWERS_OF_7 = (
    (7783.244897959183, 14528.816326530616, 11765.102040816326, 16272.102040816326, 7757.387755102041),
    (19151.81632653061, 8109.816326530615, 11152.816326530612, 9014.673469387757, 20671.67346938775),
    (13082.81632653061, 21696.95918367347, 30978.81632653061, 14004.102040816328, 6344.673469387753),
    (18083.5306122449, 15252.530612244898, 7111.95918367347, 4224.95918367347, 14474.102040816326),
    (5815.244897959184, 25633.959183673465, 12102.673469387757, 29770.387755102034, 2571.8163265306107),
    (20394.95918367347, 11605.387755102036, 9266.102040816326, 10447.102040816326, 28471.95918367347),
)  # the first five of seven places each


def test_golden_powers():
    """All maps of a prime circle form a sharply 2-transitive group: their mean is that over all orders."""
    x, y = features(7, 3, 0), features(7, 2, 1)
    found = rs.permutation_test(x, y, rs.cka, n_resamples=83, rng=42, return_null=True)
    values = found.null_distribution.reshape(2, 6, 7) * gram_norms(x, y)
    for row in ALL_POWERS_OF_7:
        assert abs(values[1][:, None, :] - np.array(row)[:, None]).min(axis=(0, 2)) == pytest.approx(0, abs=1e-6)
    assert values.mean(axis=(1, 2)) == pytest.approx(14302.040816326531, rel=1e-10)
    for alternative, p in zip(ALTERNATIVES, (15 / 42, 28 / 42, 30 / 42), strict=True):
        found = rs.permutation_test(x, y, rs.cka, n_resamples=41, rng=42, alternative=alternative)
        assert (found.n_resamples, found.pvalue) == (41, pytest.approx(p, abs=1e-12))


def test_golden_neighbors():
    x, y = features(9, 3, 0), features(9, 3, 4)
    for measure, expected in (
        (rs.mutual_knn, np.array([12, 12, 9, 11, 7, 7, 9, 12, 11]) / 27),
        (rs.knn_jaccard, np.array([27, 29, 20, 25, 16, 14, 20, 28, 25]) / 90),
    ):
        found = rs.permutation_test(
            x,
            y,
            functools.partial(measure, k=3, metric="euclidean"),
            method="orbits",
            n_resamples=17,
            rng=42,
            return_null=True,
        )
        assert found.null_distribution[9:] == pytest.approx(expected, rel=1e-12)


def test_golden_family():
    """Four layer pairs, three orbits: standardized scores and both corrections.

    Two rows of one pair are alike: refused unless each is called a group of its own.
    """
    xs, ys = [features(8, 3, k) for k in (0, 1)], [features(8, 2, k) for k in (1, 4)]
    for adjust, expected in (("maxT", (17, 24, 1, 8)), ("step-down", (16, 23, 1, 8))):
        grid = rs.pairwise_test(
            xs, rs.cka, y=ys, n_resamples=23, rng=42, adjust=adjust, precision="float64", groups=np.arange(8)
        )[0]
        assert grid.zscores.ravel() == pytest.approx([0.294295836, -1.258843976, 3.519177812, 1.272238240], rel=1e-8)
        assert grid.pvalues.ravel() * 24 == pytest.approx(expected)


def test_golden_bets():
    """The rule of the sequential test on a fixed sequence, and the interval of a p-value."""
    exceeds = [(7 * i) % 10 == 0 for i in range(1, 400)]
    drawn, p, decision = _core.bet(exceeds, 0.05)
    assert (drawn, decision) == (140, False)
    assert p == pytest.approx(0.12195331151122998, rel=1e-9)
