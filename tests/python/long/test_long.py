"""Simulations too long for every run: levels of all engines, worth of orbits, errors of families, intervals of p."""

from __future__ import annotations

import functools
import math
import zlib

import numpy as np
import pytest
from simulations import ENGINES, LEVELS, SPECTRA, Engine, check_level, family_wise_error, tokens, variance_ratio
from test_level import CONTINUOUS, standard_error

import resemblance as rs

pytestmark = pytest.mark.timeout(3600)
SETS = 4000


@pytest.mark.parametrize("name", ENGINES)
def test_level_of_engines(name):
    check_level(ENGINES[name], SETS, seed=zlib.crc32(name.encode()))


@pytest.mark.parametrize("alternative", ["less", "two-sided"])
@pytest.mark.parametrize("name", ENGINES)
def test_level_on_the_other_side(name, alternative):
    check_level(ENGINES[name], SETS, seed=zlib.crc32(f"{name} {alternative}".encode()), alternative=alternative)


@pytest.mark.parametrize("n", [20, 31])
@pytest.mark.parametrize("orbits", [1, 2, 5])
@pytest.mark.parametrize("name", [name for name in CONTINUOUS if name != "own_function"])
def test_level_of_measures(name, n, orbits):
    engine = Engine(CONTINUOUS[name], n, n * orbits - 1, {"alternative": "greater"})
    check_level(engine, SETS, seed=zlib.crc32(f"{name} {n} {orbits}".encode()))


def test_strata_that_carry_signal():
    shares, _ = ENGINES["strata"].shares(SETS, strata=None)
    assert shares[0.05] > 0.95


def test_tokens_of_a_sequence():
    rng, rejected = np.random.default_rng(4), np.zeros((2, len(LEVELS)))
    for i in range(SETS):
        x, y, groups = tokens(rng)
        for at, options in enumerate(({}, {"groups": groups})):
            p = rs.permutation_test(x, y, rs.cka, n_resamples=199, rng=i, num_threads=1, **options).pvalue
            rejected[at] += p <= np.array(LEVELS) + 1e-12
    by_token, by_sequence = rejected / SETS
    assert by_token[0] > 0.3
    for level, share in zip(LEVELS, by_sequence, strict=True):
        assert abs(share - level) <= 4 * standard_error(level, SETS)


@pytest.mark.parametrize("p", [0.1, 0.01])
@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize(
    ("n", "n_resamples", "method"),
    [(101, 201, "orbits"), (100, 199, "orbits"), (101, 2 * 101 * 100 - 1, "auto"), (98, 98 * 8 - 1, "auto")],
    ids=["orbits_of_101", "orbits_of_100", "powers_of_101", "units_of_98"],
)
def test_worth_of_orbits(spectrum, n, n_resamples, method, p):
    """Variance of the estimate of a tail, over that of independent permutations; the standard error is .03."""
    many = n_resamples > 10_000
    ratio = variance_ratio(spectrum, n, n_resamples, p, keys=500 if many else 2000, method=method)
    # Units of a composite number are more alike; `pvalue_ci` reckons with 1.3.
    assert ratio < (1.3 if n == 98 else 1.25) + 3 * math.sqrt(2 / (500 if many else 2000))
    assert p < 0.1 or not many or ratio < 0.9


@pytest.mark.parametrize("adjust", ["maxT", "step-down"])
def test_family_wise_error(adjust):
    assert family_wise_error(adjust, SETS) <= 0.05 + 4 * standard_error(0.05, SETS)


def test_family_wise_error_without_correction():
    assert family_wise_error(None, SETS) > 0.15


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_level_of_sequential(alternative):
    """At any level its p-value is valid, although it stops when it likes."""
    rng, p, decisions = np.random.default_rng(8), [], []
    for i in range(SETS):
        x, y = ENGINES["monte_carlo"].sample(rng)
        found = rs.permutation_test(
            x, y, rs.cka, method="sequential", n_resamples=2000, rng=i, alternative=alternative, num_threads=1
        )
        p.append(found.pvalue)
        decisions.append(found.decision is True)
    assert np.mean(decisions) <= 0.05 + 4 * standard_error(0.05, SETS)
    assert np.mean(decisions) > 0.02
    for level in (0.05, 0.1, 0.25, 0.5):
        assert np.mean(np.array(p) <= level) <= level + 4 * standard_error(level, SETS)


@pytest.mark.parametrize("method", ["orbits", "monte_carlo"])
@pytest.mark.parametrize("measure", [rs.cka, functools.partial(rs.rsa, inner="euclidean", outer="pearson")])
def test_the_interval_of_p(measure, method):
    """The p-value of very many permutations lies in 95 % of the intervals."""
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 3))
    y += 0.25 * x
    truth = rs.permutation_test(x, y, measure, n_resamples=2_000_000, rng=1).pvalue
    held = 0
    for seed in range(1000):
        low, high = rs.permutation_test(x, y, measure, method=method, n_resamples=399, rng=seed).pvalue_ci
        held += low <= truth <= high
    assert held >= 950 - 3 * math.sqrt(1000 * 0.95 * 0.05)


def test_moments_and_permutations_agree_in_the_tail():
    """Reliable suggestions stay within a factor of 2 of p at one in a hundred, for many data sets."""
    checked = wrong = 0
    for seed in range(300):
        rng = np.random.default_rng([seed, 7])
        x = rng.normal(size=(80, 6)) / np.arange(1, 7)
        y = 0.2 * x + rng.normal(size=(80, 6)) / np.arange(1, 7)
        found = rs.permutation_moments(x, y, rs.cka, order=4)
        p = rs.permutation_test(x, y, rs.cka, n_resamples=49_999, rng=seed).pvalue
        if found.moments_reliable and 0.003 < p < 0.03:
            checked += 1
            wrong += not p / 2 < found.pvalue_moments < 2 * p
    assert checked >= 10
    assert wrong == 0
