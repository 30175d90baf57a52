"""What becomes of the values of a test: which of them tie, what is infinite or constant, and how small p can be."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from permutations import codes, models

import resemblance as rs

SATURATED = partial(rs.cca_mean, summary="lawley_hotelling")


def matrices(kind: str, n: int, seed: int) -> dict[str, np.ndarray]:
    """Unrelated representations of which some measures see nothing but that all rows differ."""
    rng = np.random.default_rng(seed)
    return {
        "wide": {k: rng.standard_normal((n, n + 20)) for k in "abc"},
        "orthonormal": {k: np.linalg.qr(rng.standard_normal((n, n)))[0] for k in "abc"},
        "one-hot": {k: np.eye(n)[rng.permutation(n)] for k in "abc"},
    }[kind]


CONSTANT = [
    (measure, kind)
    for measure in (rs.linear_regression_r2, rs.cca_mean_squared, rs.cca_mean, rs.eigenspace_overlap)
    for kind in ("wide", "orthonormal", "one-hot")
] + [
    (measure, kind)
    for measure in (partial(rs.cka, kernel="cosine"), rs.distance_correlation, rs.cka)
    for kind in ("orthonormal", "one-hot")
]


@pytest.mark.parametrize(("measure", "kind"), CONSTANT)
@pytest.mark.parametrize("n", [6, 30])
def test_where_all_orders_score_alike_p_is_one(measure, kind, n):
    given = matrices(kind, n, seed=n)
    options = {"n_resamples": 299, "rng": 1}
    for adjust, alternative in itertools.product((None, "maxT", "step-down", "bh"), ("greater", "two-sided")):
        grid = rs.pairwise_test(given, measure, adjust=adjust, alternative=alternative, **options)[0]
        apart = ~np.eye(3, dtype=bool)
        assert (grid.pvalues[apart] == 1).all()
        assert np.isnan(grid.zscores).all()
        assert (grid.null_std == 0).all()
        assert (grid.largest, grid.mean, grid.min_pvalue) == (None, None, 1.0)
        assert "p_floor" in codes(grid)
    found = rs.permutation_test(given["a"], given["b"], measure, **options)
    assert (found.pvalue, found.zscore, found.null_std, found.min_pvalue) == (1.0, None, 0.0, 1.0)
    assert "score alike" in str(next(w for w in found.warnings if w.code == "p_floor"))


@pytest.mark.parametrize(
    "measure", [rs.linear_regression_r2, rs.cka, rs.distance_correlation], ids=lambda m: m.__name__
)
@pytest.mark.parametrize("n", [7, 60, 127, 300])
@pytest.mark.parametrize("design", ["free", "strata", "monte_carlo"])
def test_round_off_is_far_within_the_window_of_ties(measure, n, design):
    """Orders that score alike, by every engine; the window is a hundred roundings."""
    x, y = list(matrices("orthonormal", n, n).values())[:2]
    options = {"strata": {"strata": np.arange(n) % 2}, "monte_carlo": {"method": "monte_carlo"}, "free": {}}[design]
    found = rs.permutation_test(x, y, measure, n_resamples=5 * n, rng=0, return_null=True, **options)
    assert np.ptp(found.null_distribution) <= 25 * np.finfo(float).eps


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
@pytest.mark.parametrize("method", ["auto", "monte_carlo", "sequential"])
def test_infinite_scores_tie(method, alternative):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 40)), rng.standard_normal((30, 5))
    found = rs.permutation_test(
        x, y, SATURATED, rng=0, n_resamples=99, method=method, alternative=alternative, return_null=method == "auto"
    )
    assert found.statistic == np.inf
    assert (found.pvalue, found.zscore, found.null_skew) == (1.0, None, None)
    assert np.isnan(found.null_mean)
    assert np.isnan(found.null_std)
    assert "infinite_scores" in codes(found)


def test_infinite_scores_in_grids():
    rng = np.random.default_rng(0)
    y = rng.standard_normal((30, 4))
    xs = {"wide": rng.standard_normal((30, 40)), "inside": y[:, :2], "other": rng.standard_normal((30, 3))}
    for adjust in ("maxT", "step-down"):
        grid = rs.pairwise_test(xs, SATURATED, y={"y": y}, adjust=adjust, rng=0, n_resamples=99)[0]
        wide, inside, other = grid.unadjusted[:, 0]
        # Every order of the first is infinite; of the second only the observed one.
        assert wide == 1
        assert inside == pytest.approx(1 / (grid.n_resamples + 1))
        assert (grid.pvalues >= grid.unadjusted).all()
        assert grid.pvalues[1, 0] == inside
        assert np.isnan(grid.zscores[:2]).all()
        assert np.isfinite(grid.zscores[2, 0])
        assert 0.05 < other < 1


def test_own_functions_may_score_infinity():
    x, y = (np.arange(12.0)[:, None] for _ in "xy")

    def ratio(x, y):
        error = float(((x - y) ** 2).sum())
        return 1 / error if error else np.inf

    found = rs.permutation_test(x, y, ratio, rng=0, n_resamples=199)
    assert (found.statistic, found.pvalue, found.zscore) == (np.inf, 1 / 200, None)
    assert "infinite_scores" in codes(found)
    grid = rs.pairwise_test({"x": x}, ratio, y={"y": y, "z": y[::-1]}, rng=0, n_resamples=199, adjust="maxT")[0]
    assert grid.pvalues[0, 0] == 1 / 200
    assert "infinite_scores" in codes(grid)
    constant = rs.permutation_test(x, y, lambda x, y: np.inf, rng=0, n_resamples=19)
    assert (constant.pvalue, constant.min_pvalue) == (1.0, 1.0)


@pytest.mark.parametrize("size", [1e3, 1e4, 1e5])
def test_outliers_do_not_merge_orders(size):
    """Whole numbers of all 720 orders, against fractions."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x, y = rng.standard_normal((2, 6, 1))
        x[0] += size
        y[3] -= size
        a, b = ([Fraction(float(v)) for v in column[:, 0]] for column in (x, y))
        a, b = ([v - sum(column) / 6 for v in column] for column in (a, b))
        scores = [
            sum(p * b[j] for p, j in zip(a, order, strict=True)) ** 2 for order in itertools.permutations(range(6))
        ]
        expected = sum(score >= scores[0] for score in scores) / 720
        assert rs.permutation_test(x, y, rs.cka).pvalue == expected
        assert rs.pairwise_test({"x": x}, rs.cka, y={"y": y})[0].pvalues[0, 0] == expected


def test_the_smallest_p_counts_ties():
    """One row of a rare class among seven: one order in seven has it where it was."""
    rare = np.array([0, 0, 1, 0, 0, 0, 0])
    found = rs.permutation_test(rare, rare, rs.disagreement)
    assert (found.method, found.min_pvalue, found.pvalue) == ("exact", 1 / 7, 1 / 7)
    assert "p_floor" in codes(found)
    grid = rs.pairwise_test({"x": rare}, rs.disagreement, y={"y": rare, "z": np.arange(7)})[0]
    assert grid.unadjusted[0, 0] == 1 / 7
    assert "p_floor" in codes(grid)
    own = rs.permutation_test(rare[:, None] + 0.0, rare[:, None] + 0.0, lambda x, y: float((x * y).sum()))
    assert (own.min_pvalue, own.pvalue) == (1 / 7, 1 / 7)


def test_the_smallest_p_of_sampled_orders_knows_equal_rows():
    rng = np.random.default_rng(1)
    rare, other = np.zeros(50, int), rng.integers(0, 3, 50)
    rare[7] = 1
    for x, y in ((rare, other), (other, rare)):
        found = rs.permutation_test(x, y, rs.disagreement, rng=0, n_resamples=999)
        assert found.min_pvalue == pytest.approx(1 / 50)
        grid = rs.pairwise_test({"x": x}, rs.disagreement, y={"y": y}, rng=0, n_resamples=999)[0]
        assert grid.min_pvalue == pytest.approx(1 / 50)
    distinct = rng.standard_normal((50, 3))
    assert rs.permutation_test(distinct, distinct[::-1], rs.cka, rng=0, n_resamples=999).min_pvalue < 0.0011
    # Strata that hold the rare row alone with one other: half of all orders leave it in place.
    strata = np.r_[np.zeros(6, int), 1, 1, np.full(42, 2)]
    found = rs.permutation_test(rare, other, rs.disagreement, rng=0, n_resamples=999, strata=strata)
    assert found.min_pvalue >= 0.5 - 1e-12 or found.pvalue == found.min_pvalue


@pytest.mark.parametrize("adjust", ["maxT", "step-down", "bh", "by"])
@pytest.mark.parametrize("measure", [rs.cka, rs.cca_mean, rs.disagreement], ids=lambda measure: measure.__name__)
def test_corrected_p_is_never_below_the_plain_one(measure, adjust):
    for seed in range(12):
        if measure is rs.disagreement:
            rng = np.random.default_rng(seed)
            xs, ys = ({str(i): rng.integers(0, 3, 20) for i in range(2)} for _ in "xy")
        else:
            xs, ys = models(2, 20, seed), models(1, 20, seed + 50)
        options = {"alternative": "two-sided", "rng": seed, "n_resamples": 199, "adjust": adjust}
        grid = rs.pairwise_test(xs, measure, y=ys, **options)[0]
        assert (grid.pvalues >= grid.unadjusted).all()
        one = rs.pairwise_test(
            dict(itertools.islice(xs.items(), 1)), measure, y=dict(itertools.islice(ys.items(), 1)), **options
        )[0]
        assert np.array_equal(one.pvalues, one.unadjusted)


@pytest.mark.parametrize("reference", ["first", "second", "mean"])
def test_error_rates_stay_with_their_models(reference):
    """Accurate models that err alike: as surely related as their disagreement says."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, 120)
    x, y = (np.where(rng.random(120) < 0.8, labels, rng.integers(0, 4, 120)) for _ in "xy")
    plain = rs.permutation_test(x, y, rs.disagreement, rng=0, n_resamples=499)
    measure = partial(rs.error_corrected_disagreement, labels=labels, reference=reference)
    found = rs.permutation_test(x, y, measure, rng=0, n_resamples=499)
    assert found.pvalue == plain.pvalue == 1 / 500
    # Its mean is estimated where that of the plain one is exact.
    assert found.zscore == pytest.approx(plain.zscore, rel=0.02)


def test_moments_where_all_orders_score_alike():
    rng = np.random.default_rng(0)
    for x, y in ((np.eye(10), rng.standard_normal((10, 3))), (np.eye(10), np.eye(10)[::-1])):
        found = rs.permutation_moments(x, y, rs.cka, order=4)
        assert (found.std, found.skewness, found.kurtosis, found.zscore) == (0.0, None, None, None)
        assert found.pvalue_moments == 1


def test_an_iterator_that_runs_out_ends_no_test_unseen():
    x = np.arange(20.0)[:, None]
    for run in (
        lambda f: rs.permutation_test(x, x, f, n_resamples=99, rng=0),
        lambda f: rs.permutation_test(x, x, f, n_resamples=99, rng=0, method="sequential"),
        lambda f: rs.pairwise_test({"x": x}, f, y={"y": x}, n_resamples=99, rng=0),
    ):
        calls = iter(range(7))
        with pytest.raises(rs.ResemblanceError) as caught:
            run(lambda x, y, calls=calls: float(next(calls)))
        assert caught.value.code == "function_failed"


def test_own_functions_are_judged_in_time_that_grows_with_their_number():
    """Every score is looked at once, so p is that of all of them, and later ones change nothing about the first."""
    x = np.random.default_rng(0).standard_normal((30, 1))
    calls = []

    def score(x, y):
        calls.append(float((x * y).sum()))
        return calls[-1]

    found = rs.permutation_test(x, np.roll(x, 1), score, method="sequential", n_resamples=20_000, rng=0, alpha=0.01)
    assert len(calls) - (found.n_resamples + 1) < 64
    assert found.exceedances == sum(value >= calls[0] - 1e-12 for value in calls[: found.n_resamples + 1])
