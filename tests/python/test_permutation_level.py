"""How often permutation tests are right; the long tests repeat these with more data."""

from __future__ import annotations

import numpy as np
import pytest
from simulations import ENGINES, SPECTRA, check_level, tokens, variance_ratio
from test_level import standard_error

import resemblance as rs


@pytest.mark.parametrize("name", ENGINES)
def test_level_of_engines(name):
    engine = ENGINES[name]
    found = engine.test(*engine.sample(np.random.default_rng(0)), 0)
    assert engine.orbits is None or found.n_orbits == engine.orbits
    assert found.multipliers_per_orbit == engine.multipliers
    check_level(engine, 500)


def test_strata_that_carry_signal():
    """The free test finds the strata; the one inside strata keeps its level (above)."""
    shares, _ = ENGINES["strata"].shares(100, strata=None)
    assert shares[0.05] > 0.95


def test_tokens_of_a_sequence():
    """Rows that are not exchangeable: far too many rejections; whole sequences are."""
    rng = np.random.default_rng(4)
    rejected = np.zeros(2)
    for i in range(300):
        x, y, groups = tokens(rng)
        for at, options in enumerate(({}, {"groups": groups})):
            found = rs.permutation_test(x, y, rs.cka, n_resamples=199, rng=i, **options)
            rejected[at] += found.pvalue <= 0.05 + 1e-12
    by_token, by_sequence = rejected / 300
    assert by_token > 0.3
    assert abs(by_sequence - 0.05) <= 4 * standard_error(0.05, 300)


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_orbits_are_worth_as_much_as_independent_permutations(spectrum):
    """Variance of the estimate of a tail of 10 %; the standard error of the ratio is .08."""
    assert variance_ratio(spectrum, 101, 201, 0.1, keys=300, method="orbits") < 1.25
    assert variance_ratio(spectrum, 31, 2 * 930 - 1, 0.1, keys=200) < 1.0, "all maps of a circle do better"
