"""What a result tells of chance beside p: skewness, the p-value that moments suggest, and whose rows they are."""

from __future__ import annotations

import functools

import numpy as np
import pairs
import pytest
from permutations import codes, debiased, mantel, raises
from scipy import stats

import resemblance as rs


def own(x, y) -> float:
    return float(np.abs(x[:, 0] * y[:, 0]).mean())


OWN = [(own, 6, "exact"), (own, 24, "monte_carlo")]  # a function of one's own has no orbits


@pytest.mark.parametrize(
    ("measure", "n", "method"),
    [
        (measure, n, method)
        for measure in (rs.cka, mantel, rs.distance_correlation, rs.cca_mean, rs.mutual_knn)
        for n, method in ((6, "exact"), (24, "orbits"), (24, "monte_carlo"))
    ]
    + OWN,
)
def test_skewness_is_that_of_the_values(measure, n, method):
    x, y = pairs.related(n, 3, 2, seed=5)
    if measure is rs.mutual_knn:
        measure = functools.partial(measure, k=2)
    found = rs.permutation_test(x, y, measure, method=method, n_resamples=479, rng=1, return_null=True)
    assert found.null_skew_exact == (method == "exact")
    values = found.null_distribution if method == "exact" else found.null_distribution[1:]
    assert found.null_skew == pytest.approx(stats.skew(values), rel=1e-9, abs=1e-9)
    kept = rs.permutation_test(x, y, measure, method=method, n_resamples=479, rng=1)
    assert kept.null_skew == pytest.approx(found.null_skew, rel=1e-4, abs=1e-4)


def test_a_distance_is_skewed_the_other_way():
    x, y = pairs.related(30, 3, 2, seed=5)
    angle = rs.permutation_test(x, y, rs.angular_shape, rng=1, return_null=True)
    assert angle.null_skew == pytest.approx(stats.skew(angle.null_distribution[1:]), rel=1e-9)
    assert angle.null_skew < 0 < rs.permutation_test(x, y, rs.cka, rng=1).null_skew


def test_nothing_varies():
    x = np.repeat([[0.0], [1.0]], 4, axis=0)
    y = np.zeros(8, dtype=int)
    found = rs.permutation_test((x[:, 0] > 0).astype(int), y, rs.disagreement, rng=0)
    assert found.null_skew is None
    assert found.zscore is None


@pytest.mark.parametrize("measure", [rs.cka, debiased, mantel, rs.cca_mean_squared])
@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_moments_on_request(measure, alternative):
    x, y = pairs.related(40, 4, 3, seed=2)
    how = {"rng": 3, "alternative": alternative}
    found = rs.permutation_test(x, y, measure, moments=True, **how)
    expected = rs.permutation_moments(x, y, measure, order=4, alternative=alternative)
    assert (found.null_skew, found.null_skew_exact) == (pytest.approx(expected.skewness, rel=1e-12), True)
    assert found.pvalue_moments == pytest.approx(expected.pvalue_moments, rel=1e-12)
    assert found.moments_reliable == expected.moments_reliable
    plain = rs.permutation_test(x, y, measure, **how)
    assert (plain.pvalue_moments, plain.moments_reliable, plain.null_skew_exact) == (None, None, False)
    assert plain.pvalue == found.pvalue
    assert plain.null_skew == pytest.approx(found.null_skew, abs=0.2)
    assert rs.replay(found, x, y).pvalue_moments == found.pvalue_moments


def test_moments_of_a_root():
    x, y = pairs.related(40, 4, 3, seed=2)
    found = rs.permutation_test(x, y, rs.distance_correlation, moments=True, rng=0)
    expected = rs.permutation_moments(x, y, rs.distance_correlation, order=4)
    assert found.pvalue_moments == pytest.approx(expected.pvalue_moments, rel=1e-12)
    assert not found.null_skew_exact  # the root of what the moments are about


def refused(code: str, *words: str, **options) -> None:
    x, y = pairs.related(20, 3, 2, seed=2)
    measure = options.pop("measure", rs.cka)
    with raises(code, *words):
        if options.pop("grid", False):
            rs.pairwise_test({"x": x}, measure, y={"y": y}, rng=0, **options)
        else:
            rs.permutation_test(x, y, measure, rng=0, **options)


def test_moments_where_there_are_none():
    refused("not_offered", "cca_mean", "closed form", measure=rs.cca_mean, moments=True)
    refused("not_offered", "own", measure=own, moments=True)
    refused("not_offered", "design", strata=np.arange(20) // 10, moments=True)
    refused("not_offered", "design", scheme="shift", moments=True)


@pytest.mark.parametrize("measure", [rs.cka, own])
@pytest.mark.parametrize("as_grid", [False, True])
def test_rows_of_the_same_stimulus(measure, as_grid):
    x, y = pairs.related(20, 3, 2, seed=2)
    stimuli = np.repeat(["a", "b", "c", "d", "e"], 4)

    def run(**options):
        if as_grid:
            return rs.pairwise_test({"x": x}, measure, y={"y": y}, rng=0, n_resamples=99, **options)[0]
        return rs.permutation_test(x, y, measure, rng=0, n_resamples=99, **options)

    found = run(ids=stimuli)
    assert codes(found).count("dependent_rows") == 1
    (remark,) = [one for one in found.warnings if one.code == "dependent_rows"]
    assert "20 rows belong to 5 stimuli" in str(remark)
    assert (remark.details["n"], remark.details["stimuli"]) == (20, 5)
    for options in ({}, {"ids": np.arange(20)}, {"ids": stimuli, "groups": stimuli}):
        assert "dependent_rows" not in codes(run(**options))
    assert "dependent_rows" in codes(run(ids=stimuli, strata=np.arange(20) % 2))


def test_ids_that_do_not_fit():
    refused("row_count_mismatch", "ids", "19", ids=np.arange(19))
    refused("row_count_mismatch", "ids", "19", ids=np.arange(19), grid=True)
    refused("row_count_mismatch", "ids", "19", ids=np.arange(19), measure=own)
    refused("bad_option", "ids", "missing", ids=[None] * 20)
