"""Of unrelated data, a test at level a rejects the share a: seeded simulations, within three standard errors."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

import resemblance as rs

LEVELS = (0.05, 0.1, 0.25, 0.5)
SETS = 600


def heavy(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Heavy tails and columns of unlike size, where approximations break first."""
    return rng.standard_t(3, size=(n, d)) / np.arange(1, d + 1)


def rejections(measure, sample, n_resamples: int, sets: int = SETS, **options) -> dict[float, float]:
    """The share of null data sets with p <= level."""
    rng = np.random.default_rng(77)
    p = np.array(
        [
            rs.permutation_test(*sample(rng), measure, n_resamples=n_resamples, rng=i, **options).pvalue
            for i in range(sets)
        ]
    )
    return {level: float(np.mean(p <= level + 1e-12)) for level in LEVELS}


def standard_error(level: float, sets: int = SETS) -> float:
    return math.sqrt(level * (1 - level) / sets)


CONTINUOUS = {
    "cka": rs.cka,
    "cka_debiased": functools.partial(rs.cka, estimator="debiased"),
    "cka_rbf": functools.partial(rs.cka, kernel="rbf"),
    "rsa_pearson": functools.partial(rs.rsa, inner="euclidean", outer="pearson"),
    "rsa_spearman": functools.partial(rs.rsa, inner="euclidean"),
    "rsa_kendall": functools.partial(rs.rsa, inner="euclidean", outer="kendall_tau_a"),
    "distance_correlation": rs.distance_correlation,
    "cca_mean_squared": rs.cca_mean_squared,
    "linear_regression_r2": rs.linear_regression_r2,
    "cca_mean": rs.cca_mean,
    "pwcca": rs.pwcca,
    "procrustes": rs.procrustes,
    "second_order_cosine": functools.partial(rs.second_order_cosine, k=4),
    "own_function": lambda x, y: float(np.sum(x * y)),
}


@pytest.mark.parametrize("alternative", [None, "two-sided"])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_level(name, alternative):
    """99 resamples and 20 rows: five shift orbits, or 99 independent permutations; 100 arrangements either way."""

    def sample(rng):
        return heavy(rng, 20, 3), heavy(rng, 20, 3)

    found = rejections(CONTINUOUS[name], sample, 99, alternative=alternative)
    for level, share in found.items():
        # Over a hundred comparisons in this module: 3 standard errors for all of them together are 3.9 for each.
        assert abs(share - level) <= 3.9 * standard_error(level), found


@pytest.mark.parametrize("n", [7, 19, 31])
def test_level_at_other_row_counts(n):
    """Primes, and orbits that do not fill the number of resamples asked for: the grid of p is finer, not wrong."""

    def sample(rng):
        return heavy(rng, n, 3), heavy(rng, n, 2)

    found = rejections(rs.cka, sample, 199)
    for level, share in found.items():
        assert share <= level + 3 * standard_error(level), found
        assert share >= level - 1 / n - 3 * standard_error(level), found


def test_level_of_sorted_classes():
    """Rows sorted by class, where shifts of neighboring rows would be nearly the same matching."""
    classes = np.repeat(np.eye(4), 5, axis=0)

    def sample(rng):
        return 3 * classes + rng.normal(size=(20, 4)), rng.normal(size=(20, 3))

    found = rejections(rs.cka, sample, 99)
    for level, share in found.items():
        assert abs(share - level) <= 3 * standard_error(level), found


DISCRETE = {
    "disagreement": (rs.disagreement, lambda rng: (rng.integers(0, 3, 20), rng.integers(0, 3, 20))),
    "cohen_kappa": (rs.cohen_kappa, lambda rng: (rng.integers(0, 3, 20), rng.integers(0, 3, 20))),
    "fleiss_kappa": (rs.fleiss_kappa, lambda rng: (rng.integers(0, 3, 20), rng.integers(0, 3, 20))),
    "knn_jaccard": (functools.partial(rs.knn_jaccard, k=3), lambda rng: (heavy(rng, 20, 3), heavy(rng, 20, 3))),
    "mutual_knn": (functools.partial(rs.mutual_knn, k=3), lambda rng: (heavy(rng, 20, 3), heavy(rng, 20, 3))),
    "class_indicators": (rs.cka, lambda rng: (np.eye(3)[rng.permutation(np.arange(20) % 3)], heavy(rng, 20, 1))),
    "integers": (
        functools.partial(rs.rsa, inner="euclidean"),
        lambda rng: (rng.integers(0, 3, (20, 2)) + np.eye(20, 2), heavy(rng, 20, 2)),
    ),
    "integers_kendall": (
        functools.partial(rs.rsa, inner="euclidean", outer="kendall_tau_b"),
        lambda rng: (rng.integers(0, 3, (20, 2)) + np.eye(20, 2), heavy(rng, 20, 2)),
    ),
}


@pytest.mark.parametrize("name", DISCRETE)
def test_level_with_ties(name):
    """Ties make a test reject less, never more."""
    measure, sample = DISCRETE[name]
    found = rejections(measure, sample, 99)
    for level, share in found.items():
        assert share <= level + 3 * standard_error(level), found
    assert found[0.5] > 0.15, "a test that never rejects would pass too"


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_equal_scores_of_all_arrangements(alternative):
    """Where no permutation changes anything, all tie with the observed and p is 1."""
    x = np.arange(12) % 3
    constant = np.ones(12, dtype=int)
    assert rs.permutation_test(x, constant, rs.disagreement, alternative=alternative, n_resamples=99).pvalue == 1.0
    one = np.eye(9)  # one input per column: all orders of the rows are alike
    y = np.random.default_rng(0).normal(size=(9, 2))
    assert rs.permutation_test(one, y, rs.cka, alternative=alternative, n_resamples=99).pvalue == 1.0


def test_power():
    """Related data are found: the smallest p there is."""
    rng = np.random.default_rng(5)
    for measure in (rs.cka, rs.cca_mean, rs.procrustes, rs.knn_jaccard, rs.rsa, rs.aligned_cosine):
        x = rng.normal(size=(60, 4))
        y = x + 0.1 * rng.normal(size=(60, 4))
        found = rs.permutation_test(x, y, measure, n_resamples=999, rng=0)
        assert found.pvalue == found.min_pvalue
        assert abs(found.zscore) > 3


def test_p_is_right_not_only_valid():
    """Data with a middling effect: p by orbits equals p by many independent shuffles."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(30, 3))
    y = 0.5 * x + rng.normal(size=(30, 3))
    for measure in (rs.cka, functools.partial(rs.rsa, inner="euclidean"), rs.distance_correlation):
        observed = rs.compare(x, y, measure)[0].value
        shuffled = np.array([rs.compare(x, y[rng.permutation(30)], measure)[0].value for _ in range(4000)])
        expected = (1 + np.sum(shuffled >= observed)) / 4001
        found = rs.permutation_test(x, y, measure, n_resamples=19_999, rng=1).pvalue
        assert abs(found - expected) < 5 * math.sqrt(expected * (1 - expected) / 4000) + 1e-3
