"""Exact moments against all orders and against many orbits."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from permutations import EACH, factors_of, mantel, raises, squared_dcor, unrelated, weakly

import resemblance as rs


def central(values: np.ndarray) -> list[float]:
    std = values.std()
    return [values.mean(), std, *(np.mean(((values - values.mean()) / std) ** k) for k in (3, 4))]


@EACH
@pytest.mark.parametrize("n", [7, 8])
def test_moments_are_those_over_all_orders(setting, n):
    x, y = unrelated(n)
    k, m = factors_of(setting, x, y)
    every = np.array(list(itertools.permutations(range(n))))
    values = np.concatenate([(m[p[:, :, None], p[:, None, :]] * k).sum(axis=(1, 2)) for p in np.array_split(every, 20)])
    expected = central(values)
    found = rs.permutation_moments(x, y, setting.bound(x), order=4)
    assert found.statistic == pytest.approx(values[0], rel=1e-10, abs=1e-12)
    assert (found.mean, found.std) == pytest.approx(expected[:2], rel=1e-9, abs=1e-12)
    assert found.skewness == pytest.approx(expected[2], rel=1e-7, abs=1e-7)
    assert found.kurtosis == (None if n < 8 else pytest.approx(expected[3], rel=1e-7))
    assert found.zscore == pytest.approx((values[0] - expected[0]) / expected[1], rel=1e-7, abs=1e-9)


@EACH
def test_moments_are_those_of_many_orbits(setting):
    x, y = unrelated(40, 4, 3)
    found = rs.permutation_moments(x, y, setting.bound(x), order=4)
    null = rs.permutation_test(
        x, y, setting.bound(x), method="orbits", n_resamples=40_000, rng=0, return_null=True
    ).null_distribution
    mean, std, skewness, kurtosis = central(null)
    assert found.mean == pytest.approx(mean, abs=5 * std / 200)
    assert found.std == pytest.approx(std, rel=0.03)
    assert found.skewness == pytest.approx(skewness, abs=0.12)
    assert found.kurtosis == pytest.approx(kurtosis, rel=0.12)


def test_moments_of_an_order():
    x, y = unrelated(20)
    second, third, fourth = (rs.permutation_moments(x, y, rs.cka, order=order) for order in (2, 3, 4))
    assert second.skewness is None is second.kurtosis is third.kurtosis
    assert second.moments_reliable is None is third.moments_reliable
    assert (second.mean, second.std) == (third.mean, third.std) == (fourth.mean, fourth.std)
    assert third.skewness == pytest.approx(fourth.skewness, rel=1e-12)
    for few in (4, 5):
        assert rs.permutation_moments(*unrelated(few, 2, 2), rs.cka, order=4).skewness is None
    found = rs.permutation_test(x, y, rs.cka, n_resamples=99)
    assert (found.null_mean, found.null_std) == pytest.approx((second.mean, second.std), rel=1e-12)
    root = rs.permutation_moments(x, y, rs.distance_correlation)
    assert root.before == "root"
    assert root.statistic == pytest.approx(rs.distance_correlation(x, y) ** 2, rel=1e-12)
    json.dumps(fourth.to_dict())
    assert "\n" not in str(fourth)


def test_refused_moments():
    x, y = unrelated(20)
    for measure in (rs.pwcca, rs.procrustes, rs.knn_jaccard, rs.participation_ratio, lambda x, y: 0.0):
        with raises("not_offered"):
            rs.permutation_moments(x, y, measure)
    for options in ({"order": 1}, {"order": 5}, {"order": 2.9}, {"order": True}, {"alternative": "larger"}):
        with raises("bad_option"):
            rs.permutation_moments(x, y, rs.cka, **options)
    with raises("row_count_mismatch"):
        rs.permutation_moments(x, y[:15], rs.cka)


def test_p_of_moments():
    """Where it calls itself reliable it is within a factor of 2 at about one in a hundred."""
    checked = 0
    for seed in range(60):
        x, y = weakly(60, seed, 0.2)
        for measure in (rs.cka, squared_dcor, mantel):
            alternative = None if seed % 3 else "less"
            found = rs.permutation_moments(x, y, measure, order=4, alternative=alternative)
            p = rs.permutation_test(x, y, measure, n_resamples=19_999, rng=seed, alternative=alternative).pvalue
            assert 0 < found.pvalue_moments <= 1
            if found.moments_reliable and 0.004 < p < 0.04:
                checked += 1
                assert p / 2 < found.pvalue_moments < 2 * p, (seed, measure)
            elif p > 0.2:
                assert found.pvalue_moments > 0.1
    assert checked >= 8
