"""Orbits against their definition: which pairings are scored, in which order, and what they sum up to."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest
from oracles.neighbors import neighbors_of
from permutations import (
    ALTERNATIVES,
    CROSS,
    EACH,
    ROOT,
    factors_of,
    kendall,
    orbit,
    orbits,
    rbf,
    share_of_integers,
    unrelated,
)
from scipy import stats
from settings import Setting

import resemblance as rs


def scores(setting: Setting, x, y, pairings) -> np.ndarray:
    k, m = factors_of(setting, x, y)
    return np.array([np.sum(k * m[np.ix_(order, order)]) for order in pairings])


@EACH
@pytest.mark.parametrize("n", [6, 9])
def test_the_matrices_are_the_measure(setting, n):
    """The matrices of these tests against the oracle of all others."""
    x, y = unrelated(n)
    for order in orbits(3, n, 2):
        assert scores(setting, x, y, [order])[0] == pytest.approx(setting.oracle(x, y[order]), rel=1e-9, abs=1e-11)


@EACH
@pytest.mark.parametrize("n", [5, 6, 9, 16, 31, 46, 59, 74])
def test_orbits(setting, n):
    """Every value of every orbit: odd, even, prime, twice a prime."""
    x, y = unrelated(n)
    found = rs.permutation_test(
        x, y, setting.bound(x), n_resamples=3 * n - 1, method="orbits", rng=3, return_null=True, precision="float64"
    )
    expected = scores(setting, x, y, orbits(3, n, 3))
    assert found.null_distribution == pytest.approx(expected, rel=1e-9, abs=1e-10)
    assert (found.method, found.n_orbits, found.n_resamples) == ("orbits", 3, 3 * n - 1)
    assert found.null_distribution[0] == found.statistic


@pytest.mark.parametrize("n", [6, 31, 74])
def test_orbits_of_a_root(n):
    x, y = unrelated(n)
    found = rs.permutation_test(
        x, y, rs.distance_correlation, n_resamples=2 * n - 1, method="orbits", rng=3, return_null=True
    )
    square = scores(Setting("distance_correlation", {"squared": True}), x, y, orbits(3, n, 2))
    assert found.null_distribution == pytest.approx(np.sqrt(square), rel=1e-8, abs=1e-8)
    assert found.null_distribution[:4] == pytest.approx([ROOT.oracle(x, y[order]) for order in orbits(3, n, 1)[:4]])
    assert not found.null_std_exact


@pytest.mark.parametrize("measure", ["knn_jaccard", "mutual_knn"])
@pytest.mark.parametrize("n", [6, 17, 46])
def test_orbits_of_neighbors(measure, n):
    """Every value, and counts of shared neighbors in whole numbers: ties are ties."""
    setting = Setting(measure, {"k": 3})
    x, y = unrelated(n)
    pairings = orbits(3, n, 2)
    a, b = (adjacency(of, 3) for of in (x, y))
    shared = [np.sum(a & b[np.ix_(order, order)], axis=1) for order in pairings]
    expected = np.array([np.mean(of / 3 if measure == "mutual_knn" else of / (6 - of)) for of in shared])
    whole = np.array([np.sum(30 * of if measure == "mutual_knn" else 60 // (6 - of) * of) for of in shared])
    for alternative in ALTERNATIVES:
        found = rs.permutation_test(
            x,
            y,
            setting.bound(x),
            n_resamples=2 * n - 1,
            method="orbits",
            rng=3,
            return_null=True,
            alternative=alternative,
        )
        assert found.null_distribution == pytest.approx(expected, rel=1e-13)
        assert found.pvalue == pytest.approx(share_of_integers(whole, alternative), abs=1e-12)
    assert expected[:3] == pytest.approx([setting.oracle(x, y[order]) for order in pairings[:3]], rel=1e-12)


def adjacency(x, k: int) -> np.ndarray:
    found = np.zeros((len(x), len(x)), dtype=bool)
    for row, neighbors in zip(found, neighbors_of(x, k, "cosine"), strict=True):
        row[neighbors] = True
    return found


def rows_of_multipliers(x, y, n, relabeling, factors):
    return {a: scores(Setting("cka", {"kernel": "rbf"}), x, y, orbit(3, n, relabeling, a)) for a in factors}


def multipliers_of(found, expected, n) -> list[int]:
    """Which multiplier each orbit of a block has."""
    names = list(expected)
    gaps = np.array([[abs(row - expected[a]).max() for a in names] for row in found.reshape(-1, n)])
    assert gaps.min(axis=1).max() < 1e-10
    return [names[at] for at in gaps.argmin(axis=1)]


@pytest.mark.parametrize(
    ("n", "n_resamples", "count", "relabelings"), [(7, 83, 6, 2), (13, 3 * 13 - 1, 3, 1), (31, 31 * 60 - 1, 30, 2)]
)
def test_powers_of_a_prime(n, n_resamples, count, relabelings):
    """Consecutive powers of a primitive root, or all of them; the first orbit is that of the observed matching."""
    x, y = unrelated(n)
    found = rs.permutation_test(x, y, rbf, n_resamples=n_resamples, rng=3, return_null=True)
    assert (found.multipliers_per_orbit, found.n_orbits) == (count, count * relabelings)
    for r, block in enumerate(found.null_distribution.reshape(relabelings, -1)):
        factors = multipliers_of(block, rows_of_multipliers(x, y, n, r, range(1, n)), n)
        assert len(set(factors)) == count
        assert 1 in factors
        assert r > 0 or factors[0] == 1
        if count < n - 1:
            ratios = {b * pow(a, -1, n) % n for a, b in itertools.pairwise(factors)}
            assert len(ratios - {pow(factors[-1], -1, n) * factors[0] % n}) <= 2
            assert all((a + b) % n for a, b in itertools.combinations(factors, 2)), "a and -a are too much alike"


def test_units_of_a_composite_number():
    n, (x, y) = 62, unrelated(62)
    found = rs.permutation_test(x, y, rbf, n_resamples=62 * 6 - 1, rng=3, return_null=True)
    assert (found.multipliers_per_orbit, found.n_orbits) == (3, 6)
    units = [a for a in range(1, n) if math.gcd(a, n) == 1]
    for r, block in enumerate(found.null_distribution.reshape(2, -1)):
        factors = multipliers_of(block, rows_of_multipliers(x, y, n, r, units), n)
        assert len(set(factors)) == 3
        assert factors[0] == 1
        assert all((a + b) % n for a, b in itertools.combinations(factors, 2)), "a and -a are too much alike"


def test_more_orbits_do_not_change_those_before():
    x, y = unrelated(40)
    for measure in (rs.cka, rs.cca_mean, functools.partial(rs.knn_jaccard, k=4)):
        few, many = (
            rs.permutation_test(x, y, measure, n_resamples=m, method="orbits", rng=1, return_null=True)
            for m in (119, 399)
        )
        assert np.array_equal(few.null_distribution, many.null_distribution[: few.n_resamples + 1])


@pytest.mark.parametrize("measure", CROSS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("d", [3, 10])
def test_products(measure, d):
    """Orbits of products and independent pairings: the same law, within the noise of both; the observed one first."""
    x, y = unrelated(50, d, d)
    by_orbits, one_by_one = (
        rs.permutation_test(x, y, measure, method=method, n_resamples=2999, rng=1, return_null=True)
        for method in ("orbits", "monte_carlo")
    )
    assert (by_orbits.method, one_by_one.method) == ("orbits", "monte_carlo")
    a, b = by_orbits.null_distribution, one_by_one.null_distribution
    assert a[0] == b[0] == by_orbits.statistic == measure(x, y)
    assert a.mean() == pytest.approx(b.mean(), abs=4.5 * b.std() * math.sqrt(2 / 3000))
    assert a.std() == pytest.approx(b.std(), rel=0.1)
    assert stats.ks_2samp(a, b).pvalue > 1e-3
    p = one_by_one.pvalue
    assert by_orbits.pvalue == pytest.approx(p, abs=4 * math.sqrt(2 * p * (1 - p) / 3000) + 1e-3)


@pytest.mark.parametrize("measure", [*CROSS, kendall], ids=lambda m: getattr(m, "__name__", "kendall"))
@pytest.mark.parametrize("weight", [0.25, 0.6, 3.0])
def test_pruned_scores(measure, weight):
    """What is certain without being computed changes nothing: neither p, nor mean, spread, z and calibrated scores."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 10))
    y = weight * x + rng.normal(size=(120, 10))
    found = rs.permutation_test(x, y, measure, n_resamples=1999, rng=1)
    full = rs.permutation_test(x, y, measure, n_resamples=1999, rng=1, return_null=True)
    assert full.n_pruned == 0
    assert (found.pvalue, found.exceedances, found.n_resamples) == (full.pvalue, full.exceedances, full.n_resamples)
    if weight == 3.0:
        assert found.n_pruned > 0
    # All of these are estimates, from the same permutations or from some of them.
    assert found.null_mean == pytest.approx(full.null_mean, abs=0.3 * full.null_std)
    assert found.null_std == pytest.approx(full.null_std, rel=0.25)
    assert found.zscore == pytest.approx(full.zscore, rel=0.25)
    assert found.calibrated_mean == pytest.approx(full.calibrated_mean, rel=0.15)
    assert found.calibrated_quantile == pytest.approx(full.calibrated_quantile, rel=0.3)
