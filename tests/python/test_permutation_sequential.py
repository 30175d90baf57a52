"""Sequential tests: when they stop, and how often they are right."""

from __future__ import annotations

import numpy as np
import pytest
from permutations import ALTERNATIVES, OWN, drawn, unrelated, weakly
from simulations import ENGINES
from test_level import standard_error

import resemblance as rs
from resemblance import _core


def test_sequential_decides():
    x, y = weakly(40, weight=3.0)
    for measure in (rs.cka, rs.procrustes, rs.knn_jaccard, rs.cca_mean, rs.aligned_cosine, OWN["own"]):
        found = rs.permutation_test(x, y, measure, method="sequential", rng=0)
        assert (found.method, found.decision) == ("sequential", True)
        # p is bounded by what the bet can win.
        assert 0.045 <= found.pvalue <= 0.05
        assert found.min_pvalue == pytest.approx(0.045)
        assert found.n_resamples < 100
    x, y = unrelated(40, 3, 3, seed=3)
    for measure in (rs.cka, rs.procrustes, rs.aligned_cosine, OWN["own"]):
        found = rs.permutation_test(x, y, measure, method="sequential", rng=0)
        assert found.decision is False, measure
        assert found.pvalue > 0.05
        assert found.n_resamples < 9999


def test_sequential_stops_at_the_cap():
    x, y = weakly(40, weight=3.0)
    found = rs.permutation_test(x, y, rs.cka, method="sequential", n_resamples=10, rng=0)
    assert (found.decision, found.n_resamples) == (None, 10)
    assert found.pvalue > 0.05
    for measure in (rs.procrustes, OWN["own"]):
        found = rs.permutation_test(x, y, measure, method="sequential", n_resamples=5, rng=0)
        assert (found.decision, found.n_resamples) == (None, 5)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_sequential_own_functions_decide_alike(alternative):
    for seed in range(6):
        x, y = weakly(25, seed, weight=0.25 * seed)
        ours, theirs = (
            rs.permutation_test(x, y, measure, method="sequential", alternative=alternative, rng=seed, n_resamples=400)
            for measure in (rs.cka, OWN["bilinear"])
        )
        assert (ours.decision, ours.n_resamples, ours.exceedances) == (
            theirs.decision,
            theirs.n_resamples,
            theirs.exceedances,
        )
        assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-12)
        bets = [_core.bet(beyond(x, y, seed, ours.n_resamples, side), alpha) for side, alpha in sides(alternative)]
        assert ours.pvalue == pytest.approx(min(1.0, len(bets) * min(p for _, p, _ in bets)), rel=1e-12)


def sides(alternative: str) -> list[tuple[int, float]]:
    return {"greater": [(1, 0.05)], "less": [(-1, 0.05)], "two-sided": [(1, 0.025), (-1, 0.025)]}[alternative]


def beyond(x, y, seed: int, count: int, side: int) -> list[bool]:
    observed = rs.cka(x, y)
    _, orders = drawn(len(x), range(1, count + 1), seed=seed)
    return [side * (rs.cka(x, y[order]) - observed) >= -1e-12 for order in orders]


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_level_of_sequential(alternative):
    engine = ENGINES["monte_carlo"]
    rng = np.random.default_rng(8)
    found = [
        rs.permutation_test(
            *engine.sample(rng), rs.cka, method="sequential", n_resamples=2000, rng=i, alternative=alternative
        )
        for i in range(400)
    ]
    rejected = np.mean([one.decision is True for one in found])
    assert rejected <= 0.05 + 4 * standard_error(0.05, 400)
    assert rejected > 0.01
    assert np.mean([one.pvalue <= 0.1 for one in found]) <= 0.1 + 4 * standard_error(0.1, 400)


def test_sequential_at_another_level():
    x, y = weakly(40, weight=3.0)
    found = rs.permutation_test(x, y, rs.cka, method="sequential", alpha=0.001, rng=0, n_resamples=20_000)
    assert found.decision is True
    assert 0.0009 <= found.pvalue <= 0.001
