"""Levels of tests of discrete data at length: neighbors that are tied, and codes, counts, saturated and coarse data."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from test_level import standard_error
from test_level_of_discrete_data import CASES, MEASURES
from test_ties_of_neighbors import TIED, smooth

import resemblance as rs

pytestmark = pytest.mark.timeout(3600)
SETS = 2000


def check(p: np.ndarray) -> None:
    for level in (0.05, 0.1, 0.25):
        share = np.mean(p <= level + 1e-12)
        assert share <= level + 4 * standard_error(level, len(p)), (level, share)


@pytest.mark.parametrize("other", ["itself", "smooth"])
@pytest.mark.parametrize("name", TIED)
def test_level_with_ties_in_orbits(name, other):
    sample, metric = TIED[name]
    sample_of_y, n = sample if other == "itself" else smooth, 60 if name == "binary" else 30
    measure = functools.partial(rs.mutual_knn, k=10 if name == "binary" else 5, metric=metric)
    rng, p = np.random.default_rng(21), []
    for seed in range(SETS):
        x, y = sample(rng, n), sample_of_y(rng, n)
        p.append(rs.permutation_test(x, y, measure, repeats="allow", n_resamples=99, rng=seed, num_threads=1).pvalue)
    check(np.array(p))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("measure", MEASURES, ids=["cka", "cca_mean", "rsa", "regression"])
def test_level_of_discrete_data_in_orbits(measure, case):
    of_x, of_y = CASES[case]
    rng, p = np.random.default_rng(22), []
    for seed in range(SETS):
        x, y = of_x(rng), of_y(rng)
        try:
            found = rs.permutation_test(x, y, measure, repeats="allow", n_resamples=99, rng=seed, num_threads=1)
        except rs.ResemblanceError as refusal:
            assert refusal.code in {"no_variance", "no_structure", "undefined"}  # noqa: PT017
            continue
        assert 0 < found.min_pvalue <= found.pvalue <= 1
        p.append(found.pvalue)
    assert len(p) > SETS / 2
    check(np.array(p))
