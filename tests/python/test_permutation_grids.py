"""All pairs at once: a grid is its pairs, and corrections are their definition."""

from __future__ import annotations

import functools
import itertools
import json
import math

import numpy as np
import pairs
import pytest
from permutations import (
    ALTERNATIVES,
    BILINEAR,
    DESIGNS,
    EACH_DESIGN,
    ROOT,
    codes,
    corrected,
    debiased,
    kendall,
    mantel,
    models,
    raises,
    spearman,
    unrelated,
    weakly,
)
from simulations import ENGINES, family_wise_error
from test_level import standard_error

import resemblance as rs

GRID_OPTIONS = {"n_resamples": 119, "rng": 6}
LAYERED = [s for s in BILINEAR if s.measure != "linear_regression_r2"] + [BILINEAR[-1], ROOT]


@pytest.mark.parametrize("setting", LAYERED)
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_a_grid_is_its_pairs(setting, alternative):
    xs, ys = models(3, 30, 1), models(2, 30, 2)
    measure, options = setting.bound(None), GRID_OPTIONS | {"alternative": alternative}
    grid = rs.pairwise_test(xs, measure, y=ys, precision="float64", **options)[0]
    assert (grid.method, grid.n_orbits, grid.n_resamples, grid.n_tests) == ("orbits", 4, 119, 6)
    for i, x in enumerate(xs.values()):
        for j, y in enumerate(ys.values()):
            one = rs.permutation_test(x, y, measure, method="orbits", precision="float64", **options)
            assert grid.unadjusted[i, j] == one.pvalue
            assert grid.values[i, j] == pytest.approx(one.statistic, rel=1e-12)
            assert grid.zscores[i, j] == pytest.approx(one.zscore, rel=1e-9)
            # The moments of a root are estimates: with or without the observed score, and over how many.
            rel = 0.03 if setting is ROOT else 1e-9
            assert grid.null_mean[i, j] == pytest.approx(one.null_mean, rel=rel, abs=1e-12)
            assert grid.null_std[i, j] == pytest.approx(one.null_std, rel=rel)
            assert grid.calibrated_mean[i, j] == pytest.approx(one.calibrated_mean, rel=0.1 if rel > 0.01 else 1e-8)
    assert grid.null_mean_exact == grid.null_std_exact == (setting is not ROOT)
    assert np.array_equal(grid.pvalues, grid.unadjusted)


def z_of_pairs(xs, ys, measure, method: str, towards: float, **options) -> tuple[np.ndarray, np.ndarray]:
    """Of all pairs, one test after the other, under the same permutations: z of all arrangements, and z as reported."""
    rows, reported = [], []
    for x, y in itertools.product(xs, ys):
        found = rs.permutation_test(x, y, measure, method=method, precision="float64", return_null=True, **options)
        null = found.null_distribution
        mean, std = (found.null_mean, found.null_std) if found.null_std_exact else (null.mean(), null.std())
        rows.append(towards * (null - mean) / std)
        reported.append(found.zscore)
    return np.array(rows), np.array(reported)


_FIFTEEN = {"groups": np.arange(30) // 2}
_TWO = {"strata": np.arange(30) % 2}
FAMILIES = {
    "cka": (rs.cka, "orbits", None, 1, {}),
    "debiased": (debiased, "orbits", "two-sided", 1, {}),
    "less": (rs.cka, "orbits", "less", -1, {}),
    "mantel": (mantel, "orbits", None, 1, {}),
    "neighbors": (functools.partial(rs.knn_jaccard, k=4), "orbits", None, 1, {}),
    "distance": (rs.procrustes, "monte_carlo", None, -1, {}),
    "correlations": (rs.cca_mean, "monte_carlo", "two-sided", 1, {}),
    "groups": (rs.cka, "orbits", None, 1, _FIFTEEN),
    "groups_less": (spearman, "orbits", "less", -1, _FIFTEEN),
    "strata": (mantel, "orbits", "two-sided", 1, _TWO),
    "groups_one_by_one": (rs.cka, "monte_carlo", None, 1, _FIFTEEN),
    "groups_of_products": (rs.cca_mean, "monte_carlo", None, 1, _FIFTEEN),
    "kendall": (kendall, "monte_carlo", None, 1, {}),
    "own": (lambda x, y: float(np.sum(x * y)), "monte_carlo", None, 1, {}),
}


@pytest.mark.parametrize("adjust", ["maxT", "step-down", "bh", "by"])
@pytest.mark.parametrize("family", FAMILIES)
def test_corrections(family, adjust):
    measure, method, alternative, towards, design = FAMILIES[family]
    if alternative == "two-sided" and adjust in ("bh", "by"):
        pytest.skip("these correct the p-values of the pairs, whatever they are")
    xs, ys = models(3, 30, 1), models(2, 30, 2)
    options = GRID_OPTIONS | {"alternative": alternative} | design
    grid = rs.pairwise_test(xs, measure, y=ys, precision="float64", adjust=adjust, method=method, **options)[0]
    assert grid.method == method
    z, reported = z_of_pairs(xs.values(), ys.values(), measure, method, towards, **options)
    directions = [z, -z] if alternative == "two-sided" else [z]
    expected = np.min([corrected(turned, adjust) for turned in directions], axis=0)
    assert grid.adjust == adjust
    assert grid.pvalues.ravel() == pytest.approx(np.minimum(1, len(directions) * expected), abs=1e-12)
    assert grid.zscores.ravel() == pytest.approx(reported, rel=1e-7)
    assert (grid.pvalues >= grid.unadjusted - 1e-15).all()
    # Claims about the best pair and about all of them; with two sides of the direction that is further out.
    best = [(np.mean(t.max(axis=0) >= t[:, 0].max() - 1e-8), t[:, 0].argmax()) for t in directions]
    p, top = min(best)
    of_mean = min(np.mean(t.mean(axis=0) >= t[:, 0].mean() - 1e-8) for t in directions)
    assert grid.largest == pytest.approx((towards * reported[top], min(1, len(directions) * p)), rel=1e-7)
    assert grid.mean == pytest.approx((towards * reported.mean(), min(1, len(directions) * of_mean)), rel=1e-7)


def test_step_down_is_never_worse_and_in_order():
    for seed in range(20):
        xs, ys = models(3, 24, seed), models(3, 24, seed + 100)
        single, down = (
            rs.pairwise_test(xs, rs.cka, y=ys, n_resamples=239, rng=seed, adjust=adjust)[0]
            for adjust in ("maxT", "step-down")
        )
        assert (down.pvalues <= single.pvalues).all()
        order = np.argsort(-down.zscores.ravel())
        assert (np.diff(down.pvalues.ravel()[order]) >= 0).all()
        assert (np.diff(single.pvalues.ravel()[order]) >= 0).all()


@pytest.mark.parametrize("measure", [rs.cka, rs.linear_regression_r2, rs.pwcca, rs.knn_jaccard, "own"])
def test_pairs_within_a_list(measure):
    """y=None: a representation with itself is no test; symmetric measures are mirrored."""
    named = models(3, 30, 1)

    def own(x, y):
        return float(np.sum(x * y[:, ::-1]))

    measure = own if measure == "own" else measure
    symmetric = measure in (rs.cka, rs.knn_jaccard)
    grid = rs.pairwise_test(named, measure, adjust="maxT", **GRID_OPTIONS)[0]
    assert grid.rows == grid.columns == tuple(named)
    assert grid.n_tests == (3 if symmetric else 6)
    both = rs.pairwise_test(named, measure, y=named, adjust="maxT", **GRID_OPTIONS)[0]
    assert both.n_tests == 9
    apart = ~np.eye(3, dtype=bool)
    if symmetric:
        for table in (grid.values, grid.pvalues, grid.unadjusted, grid.zscores, grid.null_mean, grid.null_std):
            assert np.array_equal(table, table.T, equal_nan=True)
        upper = np.triu_indices(3, 1)
        assert grid.unadjusted[upper] == pytest.approx(both.unadjusted[upper])
    else:
        assert grid.unadjusted[apart] == pytest.approx(both.unadjusted[apart])
    # The largest of fewer pairs is smaller.
    assert (grid.pvalues[apart] <= both.pvalues[apart] + 1e-12).all()
    assert grid.largest[0] == pytest.approx(np.nanmax(grid.zscores[apart]))


@pytest.mark.parametrize("measure", [rs.cka, rs.cca_mean, rs.knn_jaccard, rs.disagreement], ids=lambda m: m.__name__)
def test_failures_cost_their_pairs_only(measure):
    if measure is rs.disagreement:
        xs, ys = ({str(i): pairs.scores(30, 3, seed=i)[s] for i in range(2)} for s in (0, 1))
    else:
        xs, ys = models(2, 30, 1), models(2, 30, 2)
    good = rs.pairwise_test(xs, measure, y=ys, adjust="maxT", **GRID_OPTIONS)[0]
    broken = np.array(ys[next(iter(ys))])
    broken[3, 1] = np.nan
    grid = rs.pairwise_test(xs, measure, y={"broken": broken} | ys, adjust="maxT", **GRID_OPTIONS)[0]
    assert set(grid.status) == {(0, 0), (1, 0)}
    assert {code for code, _ in grid.status.values()} == {"nonfinite_input"}
    assert "failed_pairs" in codes(grid)
    assert grid.n_tests == 4
    assert np.isnan(grid.pvalues[:, 0]).all()
    assert np.isnan(grid.values[:, 0]).all()
    for name in ("values", "pvalues", "unadjusted", "zscores", "null_mean"):
        assert np.array_equal(getattr(grid, name)[:, 1:], getattr(good, name))
    json.dumps(grid.to_dict())


def test_all_pairs_fail():
    bad = np.full((20, 3), np.nan)
    grid = rs.pairwise_test({"a": bad}, rs.cka, y={"b": bad}, n_resamples=99, adjust="maxT")[0]
    assert np.isnan(grid.pvalues).all()
    assert (grid.n_tests, grid.largest, grid.mean) == (0, None, None)


def test_other_row_counts_in_a_grid():
    xs = models(2, 30, 1)
    with raises("row_count_mismatch"):
        rs.pairwise_test(xs, rs.cka, y={"short": next(iter(xs.values()))[:20]})


def test_own_functions_in_grids():
    """Pair by pair the same as one pair at a time; failures are recorded, errors name the pair."""
    xs, ys = models(2, 20, 1), models(2, 20, 2)

    def own(x, y):
        return math.nan if x is xs["10"] and y[0, 0] == ys["21"][0, 0] else float(np.sum(x * y))

    for options in ({}, {"strata": np.arange(20) // 5}, {"groups": np.arange(20) // 2}, {"scheme": "shift"}):
        grid = rs.pairwise_test(xs, own, y=ys, n_resamples=59, rng=1, **options)[0]
        assert set(grid.status) in ({(0, 1)}, set())
        for i, j in [(0, 0), (1, 0), (1, 1)]:
            one = rs.permutation_test(list(xs.values())[i], list(ys.values())[j], own, n_resamples=59, rng=1, **options)
            assert grid.values[i, j] == one.statistic
            assert grid.unadjusted[i, j] == one.pvalue
            assert grid.n_resamples == one.n_resamples
            assert grid.method == one.method


@EACH_DESIGN
@pytest.mark.parametrize("measure", [rs.cka, rs.cca_mean, functools.partial(rs.knn_jaccard, k=3)])
def test_restricted_grids(design, measure):
    """The same pairings, lawful ones, as those of single pairs."""
    n, ids, _ = DESIGNS[design]
    (a, b), (c, d) = unrelated(n, 2, 2), unrelated(n, 2, 2, seed=1)
    grid = rs.pairwise_test([a, c], measure, y=[b, d], n_resamples=49, rng=2, **ids)[0]
    for (i, x), (j, y) in itertools.product(enumerate((a, c)), enumerate((b, d))):
        method = "auto" if grid.method == "exact" else grid.method
        one = rs.permutation_test(x, y, measure, n_resamples=49, rng=2, method=method, **ids)
        assert grid.unadjusted[i, j] == one.pvalue
        assert grid.n_resamples == one.n_resamples
        assert grid.n_orbits == one.n_orbits
        assert grid.values[i, j] == one.statistic == measure(x, y)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("measure", [rs.cka, mantel, kendall, rs.cca_mean, rs.knn_jaccard, rs.distance_correlation])
def test_threads_do_not_matter(precision, measure):
    xs, ys = models(3, 61, 1), models(4, 61, 2)
    found = set()
    for threads in (1, 2, 3, 8):
        grid = rs.pairwise_test(
            xs, measure, y=ys, adjust="step-down", precision=precision, num_threads=threads, rng=1, n_resamples=999
        )[0]
        tables = (grid.values, grid.pvalues, grid.unadjusted, grid.zscores, grid.null_mean, grid.null_std)
        found.add((*(table.tobytes() for table in tables), grid.largest, grid.mean))
    assert len(found) == 1


@pytest.mark.parametrize("name", ENGINES)
def test_threads_do_not_matter_to_engines(name):
    engine = ENGINES[name]
    x, y = engine.sample(np.random.default_rng(0))
    found = set()
    for threads in (1, 2, 3, 8):
        for keep in (False, True):
            one = rs.permutation_test(
                x,
                y,
                engine.measure,
                n_resamples=engine.n_resamples,
                rng=0,
                num_threads=threads,
                return_null=keep,
                **engine.options,
            )
            null = one.null_distribution.tobytes() if keep else None
            found.add((keep, null, one.pvalue, one.zscore, one.null_mean, one.null_std, one.pvalue_ci, one.statistic))
    assert len(found) == 2


def test_family_wise_error():
    """Nine pairs that depend on each other: at least one discovery at .05 in no more than 5 % of the families."""
    assert family_wise_error(None, 300) > 0.1
    for adjust in ("maxT", "step-down"):
        assert family_wise_error(adjust, 300) <= 0.05 + 3 * standard_error(0.05, 300)


def test_the_picture_marks_what_is_significant():
    pytest.importorskip("matplotlib").use("Agg")
    x, y = weakly(40, weight=3.0)
    a, b = unrelated(40, seed=5)
    grid = rs.pairwise_test({"x": x, "a": a}, rs.cka, y={"y": y, "b": b}, n_resamples=399, rng=0, adjust="maxT")[0]
    assert (grid.pvalues <= 0.05).tolist() == [[True, False], [False, False]]
    ax = grid.plot()
    ax.figure.draw_without_rendering()
    (dots,) = [one for one in ax.collections if one.get_gid() == "significance"]
    assert np.round(dots.get_offsets()).astype(int).tolist() == [[0, 0]]
