"""Fields of a result, and its replay."""

from __future__ import annotations

import numpy as np
import pytest
from permutations import ALTERNATIVES, EACH_FORM, MEASURES, debiased, mantel, raises, spearman, weakly

import resemblance as rs


@pytest.mark.parametrize(
    "options",
    [
        {"strata": np.arange(24) % 3},
        {"groups": np.arange(24) // 2},
        {"groups": np.arange(24) // 2, "strata": np.arange(24) // 12},
        {"scheme": "shift"},
        {"precision": "float32"},
        {"precision": "float64"},
        {"method": "orbits"},
        {"method": "monte_carlo"},
        {"method": "sequential", "alpha": 0.2},
        {"alternative": "less"},
        {"alternative": "two-sided", "return_null": True},
        {"n_resamples": 2000},
        {"alpha": 0.3},
    ],
)
@EACH_FORM
def test_replay(form, options):
    """Whatever a test was asked for, its key finds it again; the numbers are then the same."""
    measure = MEASURES[form]
    if options.get("method") == "orbits" and form in ("rows", "own"):
        return
    x, y = weakly(24)
    found = rs.permutation_test(x, y, measure, **{"n_resamples": 99} | options)
    ids = {name: options[name] for name in ("strata", "groups") if name in options}
    again = rs.replay(found, x, y, measure if form == "own" else None, **ids)
    assert again.to_dict() == found.to_dict()
    with raises("replay_differs"):
        rs.replay(found, x, y[::-1], measure if form == "own" else None, **ids)
    if ids and form != "own":
        with raises("replay_differs"):
            rs.replay(found, x, y)


@pytest.mark.parametrize("measure", [rs.cka, rs.cca_mean, mantel])
def test_the_interval_of_p(measure):
    """It holds p over all orders in nearly all cases: 95 % were promised, orbits counted as if they varied more."""
    x, y = weakly(7, 2, 0.8, d=2)
    exact = rs.permutation_test(x, y, measure)
    assert exact.pvalue_ci == (exact.pvalue, exact.pvalue)
    assert 1 / 5040 < exact.pvalue < 0.5
    for method in ("orbits", "monte_carlo"):
        for alternative in ALTERNATIVES:
            truth = rs.permutation_test(x, y, measure, alternative=alternative).pvalue
            held = 0
            for seed in range(100):
                found = rs.permutation_test(
                    x, y, measure, method=method, n_resamples=209, rng=seed, alternative=alternative
                )
                low, high = found.pvalue_ci
                assert 0 <= low <= high <= 1
                held += low <= truth <= high
            assert held >= 88


@pytest.mark.parametrize("measure", [rs.cka, debiased, rs.procrustes, rs.knn_jaccard, rs.distance_correlation])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_calibrated_quantile(measure, alpha):
    """The score on the scale where the score that chance exceeds with probability alpha is 0 and identity is 1."""
    x, y = weakly(40)
    found = rs.permutation_test(x, y, measure, n_resamples=1999, rng=0, alpha=alpha, return_null=True)
    low = found.facts.kind == "distance"
    bar = np.quantile(found.null_distribution, alpha if low else 1 - alpha, method="inverted_cdf")
    identity = found.facts.identity_value
    assert found.calibrated_quantile == pytest.approx((found.statistic - bar) / (identity - bar), rel=1e-6)
    assert (found.calibrated_quantile > 0) == (found.pvalue <= alpha)


def test_sides_of_a_test():
    """Both one-sided p-values share the arrangements; ties with the observed one count for both."""
    x, y = weakly(30)
    for measure in (rs.cka, rs.knn_jaccard, rs.procrustes, spearman):
        found = {a: rs.permutation_test(x, y, measure, n_resamples=599, rng=0, alternative=a) for a in ALTERNATIVES}
        one, other, both = found.values()
        total = one.n_resamples + 1
        assert one.exceedances + other.exceedances > total
        assert both.exceedances == min(one.exceedances, other.exceedances)
        assert both.pvalue == pytest.approx(min(1.0, 2 * both.exceedances / total))
        assert both.min_pvalue == pytest.approx(2 / total)
        assert one.zscore == other.zscore == both.zscore
