"""Kendall's tau: permutations counted by intervals that are certain, against the definition."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from oracles.rsm import rsa
from permutations import ALTERNATIVES, drawn, kendall, kendall_a, share, weakly

import resemblance as rs


def of_oracle(measure, x, y, pairings) -> np.ndarray:
    return np.array([rsa(x, y[order], **measure.keywords) for order in pairings])


def tied(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole distances, most of which are tied, and a middling effect."""
    rng = np.random.default_rng(n)
    x = rng.integers(0, 4, size=(n, 1))
    return x.astype(float), (x + rng.integers(0, 3, size=(n, 1))).astype(float)


@pytest.mark.parametrize("measure", [kendall_a, kendall], ids=["a", "b"])
@pytest.mark.parametrize("data", [weakly, tied])
@pytest.mark.parametrize("n", [4, 5, 6])
def test_kendall_over_all_orders(measure, data, n):
    x, y = data(n)
    values = of_oracle(measure, x, y, map(list, itertools.permutations(range(n))))
    for alternative in ALTERNATIVES:
        groups = np.arange(n)  # rows may repeat on both sides
        found = rs.permutation_test(x, y, measure, n_resamples=999, alternative=alternative, groups=groups)
        assert found.method == "exact"
        assert found.pvalue == pytest.approx(share(values, alternative), abs=1e-12)
        assert (found.null_mean, found.null_std) == pytest.approx((0.0, values.std()), rel=1e-9, abs=1e-12)
    assert abs(values.mean()) < 1e-12


@pytest.mark.parametrize("measure", [kendall_a, kendall], ids=["a", "b"])
@pytest.mark.parametrize("data", [functools.partial(weakly, weight=1.5), tied], ids=["plain", "tied"])
@pytest.mark.parametrize("ids", [{}, {"strata": np.arange(18) % 2}], ids=["free", "strata"])
def test_kendall_counts_are_those_of_the_textbook(measure, data, ids):
    """Every matching by the definition; most of them are decided without."""
    x, y = data(18)
    ids = ids | {"groups": np.arange(18)}  # rows may repeat on both sides
    _, pairings = drawn(18, range(1, 1200), **ids)
    values = np.append(measure(x, y), of_oracle(measure, x, y, pairings))
    for alternative in ("greater", "less"):
        found = rs.permutation_test(x, y, measure, n_resamples=1199, rng=0, alternative=alternative, **ids)
        assert found.pvalue == pytest.approx(share(values, alternative), abs=1e-12)
        assert 300 < found.n_pruned <= 950 - (data is not tied)
        assert not found.null_std_exact


def test_kendall_of_classes_is_decided_by_counting():
    """With few values on either side the intervals are points."""
    x, y = (np.eye(4)[np.random.default_rng(s).integers(0, 4, size=60)] for s in (0, 1))
    found = rs.permutation_test(x, y, kendall, n_resamples=999, rng=0, groups=np.arange(60))
    full = rs.permutation_test(x, y, kendall, n_resamples=999, rng=0, groups=np.arange(60), return_null=True)
    equal = np.count_nonzero(abs(full.null_distribution[250:] - full.statistic) < 1e-12)
    assert (found.pvalue, found.n_pruned) == (full.pvalue, 750 - equal)
