"""Restricted permutations: inside strata, of whole groups, and shifts."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest
from permutations import DESIGNS, EACH_DESIGN, drawn, kendall, share, spearman, unrelated

import resemblance as rs

NO_ORBITS = ("shift", "groups_of_unlike_size", "strata_of_unlike_size")  # these have none, or all at once


def lawful(order, strata=None, groups=None, scheme="permute") -> bool:
    n = len(order)
    if scheme == "shift":
        return np.array_equal(order, (np.arange(n) + order[0]) % n)
    if strata is not None and not np.array_equal(strata[order], strata):
        return False
    if groups is None:
        return sorted(order) == list(range(n))
    rows = {group: np.flatnonzero(groups == group).tolist() for group in groups}
    return all([order[i] for i in own] == rows[groups[order[own[0]]]] for own in rows.values())


def all_of(design: str) -> np.ndarray:
    n, ids, order = DESIGNS[design]
    count, found = drawn(n, range(order), seed=None, **ids)
    assert count == order
    return found


@EACH_DESIGN
def test_designs(design):
    """All lawful pairings, each once; of eight and nine rows by trying all orders."""
    n, ids, order = DESIGNS[design]
    found = all_of(design)
    assert all(lawful(one, **ids) for one in found)
    assert len({tuple(one) for one in found}) == order
    _, some = drawn(n, range(1, 50), **ids)
    assert all(lawful(one, **ids) for one in some)
    if n == 8:
        every = map(np.array, itertools.permutations(range(n)))
        assert sum(lawful(one, **ids) for one in every) == order


@EACH_DESIGN
@pytest.mark.parametrize("measure", [rs.cka, spearman, kendall, rs.cca_mean, rs.procrustes, rs.knn_jaccard, "own"])
def test_restricted_tests(design, measure):
    """All pairings, independent ones and whole orbits: scores of lawful pairings, and where it is known, of which."""
    n, ids, order = DESIGNS[design]
    x, y = unrelated(n, 2, 2)
    if measure is rs.knn_jaccard:
        measure = functools.partial(rs.knn_jaccard, k=3)
    if measure == "own":

        def measure(x, y):
            return float(np.sum(x * np.roll(y, 1, axis=1)))

    def score(order):
        own = not isinstance(measure, functools.partial) and measure.__module__ == __name__
        return measure(x, y[order]) if own else rs.compare(x, y[order], measure)[0].value

    every = np.array([score(one) for one in all_of(design)])
    exact = rs.permutation_test(x, y, measure, method="exact", return_null=True, **ids)
    assert exact.method == "exact"
    assert exact.n_resamples == order - 1
    assert np.sort(exact.null_distribution) == pytest.approx(np.sort(every), rel=1e-9, abs=1e-10)
    assert exact.pvalue == pytest.approx(share(every, exact.alternative), abs=1e-12)
    assert (exact.null_mean, exact.null_std) == pytest.approx((every.mean(), every.std()), rel=1e-6, abs=1e-9)
    if design == "shift":
        assert exact.null_distribution == pytest.approx(every, rel=1e-9, abs=1e-10)

    some = rs.permutation_test(x, y, measure, method="monte_carlo", n_resamples=30, rng=0, return_null=True, **ids)
    _, pairings = drawn(n, range(1, 31), **ids)
    assert some.null_distribution[1:] == pytest.approx([score(one) for one in pairings], rel=1e-9, abs=1e-10)
    if measure not in (rs.cka, spearman) or design in NO_ORBITS:
        return
    whole = rs.permutation_test(x, y, measure, method="orbits", n_resamples=99, rng=0, return_null=True, **ids)
    assert whole.method == "orbits"
    gaps = abs(whole.null_distribution[:, None] - every).min(axis=1)
    assert gaps.max() < 1e-10
    assert whole.null_distribution[0] == whole.statistic
    assert (whole.n_resamples + 1) % whole.n_orbits == 0


def test_orbits_inside_strata_are_uniform():
    """Mean and spread of many restricted orbits are those over all lawful pairings."""
    n, ids, _ = DESIGNS["strata"]
    x, y = unrelated(n, 2, 2)
    exact = rs.permutation_test(x, y, rs.cka, method="exact", **ids)
    found = rs.permutation_test(x, y, rs.cka, method="orbits", n_resamples=19_999, rng=0, **ids)
    assert found.null_mean == pytest.approx(exact.null_mean, abs=4 * exact.null_std / math.sqrt(20_000))
    assert found.null_std == pytest.approx(exact.null_std, rel=0.05)
    assert found.pvalue == pytest.approx(exact.pvalue, abs=5 * math.sqrt(exact.pvalue / 20_000))
