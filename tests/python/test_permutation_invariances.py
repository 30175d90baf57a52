"""What leaves p as it is: changes a measure does not see, both arguments swapped, rows in another order."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from permutations import ALTERNATIVES, BILINEAR, DESIGNS, EACH, ROOT, mantel, spearman, unrelated, weakly
from settings import PLAIN
from test_facts import CHANGES, changed, claimed

import resemblance as rs

NEIGHBORS = functools.partial(rs.knn_jaccard, k=3)
ROW_PAIRED = [s for s in PLAIN if s.input == "matrix" and s.facts.rows_paired]
MATRICES = ROW_PAIRED + [s for s in (*BILINEAR, ROOT) if s not in ROW_PAIRED]


@EACH
def test_all_changes_at_once(setting):
    """Scale, rotation and translation of both sides."""
    x, y = weakly(30)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    measure, options = setting.bound(x), {"n_resamples": 599, "rng": 0}
    plain = rs.permutation_test(x, y, measure, **options)
    moved = rs.permutation_test(3 * x @ turn + 5, 0.2 * y @ turn.T - 1, measure, **options)
    assert moved.pvalue == plain.pvalue
    assert moved.zscore == pytest.approx(plain.zscore, rel=1e-6)


@pytest.mark.parametrize("setting", MATRICES)
def test_what_the_measure_does_not_see(setting):
    """Every change that the facts claim, of either side alone: the same p, the same scores; one not claimed is seen."""
    pair = weakly(24, seed=2, weight=0.5)
    measure = setting.bound(pair[0])
    run = functools.partial(rs.permutation_test, measure=measure, n_resamples=239, rng=0, return_null=True)
    plain = run(*pair)
    of_both, of_source = (claimed(setting.facts, which) for which in ("invariant_to", "source_invariant_to"))
    assert of_both | of_source, "nothing to try"
    gaps = []
    for change in CHANGES["matrix"]:
        for side in (0, 1):
            found = run(*changed(setting, change, pair, side, 7))
            if change in (of_both if side else of_both | of_source):
                assert found.pvalue == plain.pvalue, (change, side)
                assert found.null_distribution == pytest.approx(plain.null_distribution, rel=1e-6, abs=1e-8)
            elif change == "invertible_linear":
                gaps.append(abs(found.null_distribution - plain.null_distribution).max())
    assert not gaps or max(gaps) > 1e-4, "a change that is not claimed shows from neither side"


# Arguments swapped: where x's row i meets y's row j, y's row j meets x's row i

SYMMETRIC = [s for s in MATRICES if s.facts.symmetric]


@pytest.mark.parametrize("setting", [s for s in BILINEAR if s.facts.symmetric] + [ROOT])
@pytest.mark.parametrize("n", [9, 16, 31])
def test_swapped_arguments_turn_the_first_orbit_around(setting, n):
    """Its two relabelings are one, so that shift s of one is shift -s of the other."""
    x, y = unrelated(n)
    run = functools.partial(
        rs.permutation_test, measure=setting.bound(x), n_resamples=n - 1, method="orbits", rng=4, return_null=True
    )
    there, back = run(x, y).null_distribution, run(y, x).null_distribution
    assert back == pytest.approx(there[-np.arange(n) % n], rel=1e-9, abs=1e-12)
    assert abs(back - there).max() > 1e-3, "an orbit that reads alike both ways shows nothing"


@pytest.mark.parametrize("setting", SYMMETRIC)
def test_swapped_arguments_turn_the_circle_around(setting):
    x, y = unrelated(15, 3, 3)
    run = functools.partial(rs.permutation_test, measure=setting.bound(x), scheme="shift", return_null=True)
    there, back = run(x, y).null_distribution, run(y, x).null_distribution
    assert back == pytest.approx(there[-np.arange(15) % 15], rel=1e-9, abs=1e-9)
    assert abs(back - there).max() > 1e-3


@pytest.mark.parametrize("measure", [rs.cka, mantel, spearman, rs.distance_correlation])
def test_swapped_arguments_have_the_same_group(measure):
    """All 42 maps i -> a i + b of a circle of seven are a group: the inverse of each is one of them."""
    x, y = unrelated(7, 2, 2)
    run = functools.partial(rs.permutation_test, measure=measure, n_resamples=41, rng=4)
    there, back = run(x, y, return_null=True), run(y, x, return_null=True)
    assert there.multipliers_per_orbit == 6
    assert np.sort(back.null_distribution) == pytest.approx(np.sort(there.null_distribution), rel=1e-9, abs=1e-12)
    assert back.pvalue == there.pvalue


# Rows in another order

MEASURES = [rs.cka, spearman, rs.cca_mean, rs.procrustes, NEIGHBORS, rs.linear_regression_r2]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_rows_of_both_in_another_order(measure, alternative):
    """Over all orders p is the same number; from a part of them it is within the noise of both."""
    rng = np.random.default_rng(3)
    x, y = weakly(7, 2, 0.8, d=2)
    run = functools.partial(rs.permutation_test, measure=measure, alternative=alternative)
    order = rng.permutation(7)
    plain, moved = run(x, y, method="exact"), run(x[order], y[order], method="exact")
    assert moved.pvalue == plain.pvalue
    assert moved.zscore == pytest.approx(plain.zscore, rel=1e-6)
    assert plain.pvalue > 0.001

    x, y = weakly(30, 1, 0.4)
    order = rng.permutation(30)
    for method in ("auto", "monte_carlo"):
        plain, moved = (run(a, b, method=method, n_resamples=2999, rng=5) for a, b in ((x, y), (x[order], y[order])))
        p = plain.pvalue
        assert moved.statistic == pytest.approx(plain.statistic, rel=1e-9)
        assert abs(moved.pvalue - p) < 4 * math.sqrt(2 * p * (1 - p) / 3000) + 1e-3
        assert abs(moved.zscore - plain.zscore) < 0.15 + 0.1 * abs(plain.zscore)


@pytest.mark.parametrize("measure", MEASURES)
def test_rows_of_one_in_another_order(measure):
    """Another statistic, and the same scores over all orders."""
    x, y = unrelated(6, 2, 2)
    order = np.array([2, 0, 1, 5, 3, 4])
    run = functools.partial(rs.permutation_test, measure=measure, method="exact", return_null=True)
    plain, moved = run(x, y), run(x, y[order])
    assert abs(moved.statistic - plain.statistic) > 1e-3
    assert np.sort(moved.null_distribution) == pytest.approx(np.sort(plain.null_distribution), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("design", [name for name in DESIGNS if name != "shift"])
@pytest.mark.parametrize("measure", [rs.cka, rs.cca_mean, NEIGHBORS])
def test_ids_move_with_their_rows(design, measure):
    """Groups keep the order of their rows: those meet by place, so that the rows of a group stay in line."""
    n, ids, _ = DESIGNS[design]
    x, y = unrelated(n, 2, 2)
    rng = np.random.default_rng(8)
    order = rng.permutation(n)
    if "groups" in ids:
        of = ids["groups"][order]
        for group in np.unique(of):
            order[of == group] = np.sort(order[of == group])
    run = functools.partial(rs.permutation_test, measure=measure, method="exact", return_null=True)
    plain = run(x, y, **ids)
    moved = run(x[order], y[order], **{name: of[order] for name, of in ids.items()})
    assert moved.pvalue == plain.pvalue
    assert np.sort(moved.null_distribution) == pytest.approx(np.sort(plain.null_distribution), rel=1e-9, abs=1e-9)
    astray = run(x[order], y[order], **ids)
    assert not np.allclose(np.sort(astray.null_distribution), np.sort(plain.null_distribution), atol=1e-6)
