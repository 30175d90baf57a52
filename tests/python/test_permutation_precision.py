"""Single precision counts what double precision counts, and ties are ties."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from permutations import (
    ALTERNATIVES,
    debiased,
    distances,
    mantel,
    orbits,
    rbf,
    share_of_integers,
    spearman,
    unrelated,
    weakly,
)

import resemblance as rs


def counts(x, y, measure, **options) -> list[tuple[int, float]]:
    found = [rs.permutation_test(x, y, measure, precision=one, **options) for one in ("float64", "float32", "auto")]
    assert found[0].n_adjudicated == 0
    return [(one.exceedances, one.pvalue) for one in found]


@pytest.mark.parametrize("measure", [rs.cka, debiased, rbf, mantel, spearman, rs.distance_correlation, rs.cca_mean])
@pytest.mark.parametrize(("n", "method"), [(40, "orbits"), (97, "auto"), (98, "auto")])
def test_single_precision_counts_alike(measure, n, method):
    for seed in range(4):
        x, y = weakly(n, seed, 0.1)
        options = {"n_resamples": 4000, "rng": seed, "method": method, "alternative": ALTERNATIVES[seed % 3]}
        assert len(set(counts(x, y, measure, **options))) == 1
        single = rs.permutation_test(x, y, measure, precision="float32", **options)
        # A ten-thousandth of a standard deviation on either side: less than one value in ten thousand.
        assert single.n_adjudicated <= 8


def test_a_mean_far_above_the_spread():
    """A flat spectrum: the mean is more than 300 standard deviations, and all that counts is in the last digits."""
    x, y = unrelated(500, 1, 1)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(500, 1500)), rng.normal(size=(500, 1500))
    moments = rs.permutation_moments(x, y, rs.cka, order=2)
    assert moments.mean > 300 * moments.std
    for seed in range(3):
        assert len(set(counts(x, y, rs.cka, n_resamples=4999, rng=seed))) == 1
    null = [
        rs.permutation_test(
            x, y, rs.cka, n_resamples=999, rng=0, precision=precision, return_null=True, method="orbits"
        )
        for precision in ("float32", "float64")
    ]
    gap = abs(null[0].null_distribution - null[1].null_distribution).max()
    assert gap < 2e-5 * moments.std


def classes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.eye(3)[rng.permutation(np.arange(n) % 3)], np.eye(4)[rng.permutation(np.arange(n) % 4)]


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("n", [24, 97])
def test_ties_are_ties(n, alternative):
    """Class indicators and whole distances: counts of whole numbers, in every precision."""
    options = {"n_resamples": 10 * n - 1, "rng": 2, "alternative": alternative, "method": "orbits"}
    options["groups"] = np.arange(n)  # rows repeat on both sides, which is refused otherwise
    pairings = orbits(2, n, 10)
    for seed in range(3):
        x, y = classes(n, seed)
        p, q = x.astype(int), y.astype(int)
        both = np.outer(p.sum(axis=0), q.sum(axis=0))
        whole = np.array([np.sum((n * (p.T @ q[order]) - both) ** 2) for order in pairings])
        for exceedances, pvalue in counts(x, y, rs.cka, **options):
            assert pvalue == pytest.approx(share_of_integers(whole, alternative), abs=1e-12)
            assert exceedances > 1
        x, y = (np.random.default_rng(seed + s).integers(0, 4, size=(n, 1)) for s in (0, 50))
        d, e = (abs(a - a.T) for a in (x, y))
        whole = np.array([np.sum(d * e[np.ix_(order, order)]) for order in pairings])
        for _, pvalue in counts(d.astype(float), e.astype(float), precomputed, **options):
            assert pvalue == pytest.approx(share_of_integers(whole, alternative), abs=1e-12)


precomputed = functools.partial(rs.rsa, inner="precomputed", outer="pearson")


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("n", [40, 41])
def test_all_scores_equal(alternative, precision, n):
    """One input per column: no order of the rows changes anything."""
    y = np.random.default_rng(0).normal(size=(n, 2))
    for measure in (rs.cka, distances):
        if measure is distances:
            y = y + 10
        found = rs.permutation_test(
            np.eye(n), y, measure, alternative=alternative, precision=precision, n_resamples=999
        )
        assert found.pvalue == 1.0, measure
