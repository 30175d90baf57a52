"""How often tests of discrete data are right: p is never below the share that it claims, ties or not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from test_level import standard_error

import resemblance as rs

N, SETS = 20, 120


def one_hot(rng):
    return np.eye(3)[rng.integers(0, 3, N)]


def sparse(rng):
    return np.maximum(rng.standard_normal((N, 3)) - 1, 0)


def binary(rng):
    return rng.integers(0, 2, (N, 4)).astype(float)


def integers(rng):
    return rng.integers(0, 3, (N, 2)).astype(float)


def counts(rng):
    return rng.poisson(0.5, (N, 3)).astype(float)


def normal(rng):
    return rng.standard_normal((N, 3))


def saturated(rng):
    return rng.standard_normal((N, 2 * N))


def half(rng):
    return rng.standard_normal((N, 3)).astype(np.float16)


def coarse(rng):
    """Eight bits of a number, as bfloat16 keeps."""
    return (rng.standard_normal((N, 3)).astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)


CASES = {
    "one-hot": (one_hot, one_hot),
    "one-hot-one-side": (one_hot, normal),
    "sparse": (sparse, sparse),
    "binary": (binary, binary),
    "binary-one-side": (normal, binary),
    "integers": (integers, integers),
    "counts": (counts, counts),
    "counts-one-side": (counts, normal),
    "saturated": (saturated, normal),
    "half": (half, half),
    "coarse": (coarse, integers),
}
MEASURES = [rs.cka, rs.cca_mean, partial(rs.rsa, inner="euclidean", outer="spearman"), rs.linear_regression_r2]


def pvalues(measure, case, sets: int, **options) -> np.ndarray:
    rng = np.random.default_rng(11)
    of_x, of_y = CASES[case]
    found = []
    for seed in range(sets):
        x, y = of_x(rng), of_y(rng)
        try:
            # Every row a group of its own: equal rows are chance here.
            one = rs.permutation_test(
                x, y, measure, groups=np.arange(N), n_resamples=59, rng=seed, num_threads=1, **options
            )
        except rs.ResemblanceError as refusal:
            assert refusal.code in {"no_variance", "no_structure", "undefined", "constant_input"}, refusal.code  # noqa: PT017
            continue
        assert one.min_pvalue <= one.pvalue <= 1
        assert one.pvalue > 0
        found.append(one.pvalue)
    assert len(found) > sets / 2
    return np.array(found)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("measure", MEASURES, ids=["cka", "cca_mean", "rsa", "regression"])
def test_level(measure, case):
    p = pvalues(measure, case, SETS // 4 if measure is rs.cca_mean else SETS)
    for level in (0.05, 0.1, 0.25):
        assert np.mean(p <= level + 1e-12) <= level + 4 * standard_error(level, len(p))


@pytest.mark.parametrize("case", ["one-hot", "binary", "counts"])
def test_level_of_two_sides(case):
    p = pvalues(rs.cka, case, SETS, alternative="two-sided")
    for level in (0.05, 0.1, 0.25):
        assert np.mean(p <= level + 1e-12) <= level + 4 * standard_error(level, len(p))


@pytest.mark.parametrize("adjust", ["maxT", "step-down"])
@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_family_wise_error_of_labels(alternative, adjust):
    """Labels of few classes, two models against three: any false discovery."""
    rng, found = np.random.default_rng(5), []
    for seed in range(300):
        xs, ys = ({str(i): rng.integers(0, 2 + i, N) for i in range(count)} for count in (2, 3))
        grid = rs.pairwise_test(
            xs, rs.cohen_kappa, y=ys, adjust=adjust, alternative=alternative, n_resamples=59, rng=seed, num_threads=1
        )[0]
        found.append(np.nanmin(grid.pvalues))
    for level in (0.05, 0.1, 0.25):
        assert np.mean(np.array(found) <= level + 1e-12) <= level + 4 * standard_error(level, 300)
