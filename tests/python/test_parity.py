"""One request, one answer: however the data, the memory and the number of threads come, and in whatever company.

The arrangements of a test follow from the measure, the shape of the data, the design and the request. So a test finds
the same p-value and the same null moments for arrays, for prepared summaries, for summaries that were stored and read
again, and for the grid of that one pair.
"""

from __future__ import annotations

import functools
import pickle
from typing import Any

import numpy as np
import pairs
import pytest
from permutations import debiased, kendall, mantel, rbf, unrelated

import resemblance as rs

N = 41  # a prime, for which many orbits share a relabelling

MEASURES = {
    "cka": rs.cka,
    "cka_debiased": debiased,
    "cka_rbf": rbf,
    "rsa": rs.rsa,
    "rsa_pearson": mantel,
    "rsa_kendall": kendall,
    "distance_correlation": rs.distance_correlation,
    "distance_correlation_unbiased": functools.partial(rs.distance_correlation, bias_corrected=True),
    "cca_mean_squared": rs.cca_mean_squared,
    "linear_regression_r2": rs.linear_regression_r2,
    "cca_mean": rs.cca_mean,
    "svcca": rs.svcca,
    "pwcca": rs.pwcca,
    "procrustes": rs.procrustes,
    "angular_shape": rs.angular_shape,
    "knn_jaccard": functools.partial(rs.knn_jaccard, k=5),
    "mutual_knn": functools.partial(rs.mutual_knn, k=5),
    "second_order_cosine": functools.partial(rs.second_order_cosine, k=5),
    "aligned_cosine": rs.aligned_cosine,
    "disagreement": rs.disagreement,
    "js_divergence": rs.js_divergence,
}

STRATEGIES: dict[str, dict[str, Any]] = {
    "few": {"n_resamples": 9},
    "one_orbit": {"n_resamples": 39},
    "orbits": {"n_resamples": 99},
    "every_multiplier": {"n_resamples": 999},
    "monte_carlo": {"n_resamples": 99, "method": "monte_carlo"},
    "only_orbits": {"n_resamples": 99, "method": "orbits"},
    "strata": {"n_resamples": 99, "strata": np.arange(N) % 2},
    "groups": {"n_resamples": 99, "groups": np.minimum(np.arange(N) // 2, 19)},
    "shift": {"n_resamples": 99, "scheme": "shift"},
    "few_shifts": {"n_resamples": 19, "scheme": "shift"},
    "two_sided": {"n_resamples": 99, "alternative": "two-sided"},
    "too_many": {"n_resamples": 99, "method": "exact"},
}


@functools.cache
def sides(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Two sides that have a little in common, as the measure takes them."""
    rng = np.random.default_rng(7)
    x, y = unrelated(N, 4, 4, seed=5)
    y = y + 0.3 * x
    if name == "disagreement":
        return rng.integers(0, 3, N), rng.integers(0, 3, N)
    if name == "js_divergence":
        x, y = (np.exp(a) / np.exp(a).sum(axis=1, keepdims=True) for a in (x, y))
    return x, y


def bound(name: str) -> Any:
    return functools.partial(MEASURES[name], kind="probs") if name == "js_divergence" else MEASURES[name]


@functools.cache
def outcome(name: str, strategy: str, form: str = "arrays", threads: int = 1, *, every: bool = False) -> tuple | str:
    """What a test of the pair finds, or the code of its refusal; with `every`, no score is spared."""
    measure, (x, y) = bound(name), sides(name)
    options = {"rng": 3, "num_threads": threads, "return_null": every} | STRATEGIES[strategy]
    if form in ("prepared", "stored"):
        x, y = rs.prepare(x, measure), rs.prepare(y, measure)
    if form == "stored":
        x, y = (pickle.loads(pickle.dumps(one)) for one in (x, y))  # noqa: S301 - our own bytes
    try:
        found = rs.permutation_test(x, y, measure, **options)
    except rs.ResemblanceError as error:
        return error.code
    numbers = (found.statistic, found.pvalue, found.null_mean, found.null_std, found.zscore)
    kinds = (found.method, found.n_resamples, found.n_orbits, found.null_mean_exact, found.null_std_exact)
    return (numbers, kinds, tuple(warning.code for warning in found.warnings))


@functools.cache
def of_grid(name: str, strategy: str, threads: int = 1) -> tuple | str:
    """What the grid of that one pair finds."""
    measure, (x, y) = bound(name), sides(name)
    options = {"rng": 3, "num_threads": threads, "adjust": "maxT"} | STRATEGIES[strategy]
    try:
        grid = rs.pairwise_test({"x": x}, measure, y={"y": y}, **options)[0]
    except rs.ResemblanceError as error:
        return error.code
    one = (table[0, 0] for table in (grid.values, grid.unadjusted, grid.null_mean, grid.null_std, grid.zscores))
    kinds = (grid.method, grid.n_resamples, grid.n_orbits, grid.null_mean_exact, grid.null_std_exact)
    if strategy != "two_sided":
        assert grid.pvalues[0, 0] == grid.unadjusted[0, 0]
    return (tuple(one), kinds, tuple(warning.code for warning in grid.warnings))


EACH = [pytest.mark.parametrize("strategy", STRATEGIES), pytest.mark.parametrize("name", MEASURES)]


def each(test):
    for mark in EACH:
        test = mark(test)
    return test


@each
def test_threads_change_nothing(name, strategy):
    for threads in (2, 3):
        assert outcome(name, strategy, threads=threads) == outcome(name, strategy)


@each
def test_a_prepared_pair_is_its_arrays(name, strategy):
    assert outcome(name, strategy, "prepared") == outcome(name, strategy)


@each
def test_a_stored_pair_is_its_arrays(name, strategy):
    assert outcome(name, strategy, "stored") == outcome(name, strategy)


@each
def test_a_grid_of_one_pair_is_that_pair(name, strategy):
    pair, grid = outcome(name, strategy), of_grid(name, strategy)
    if isinstance(pair, str):
        assert grid == pair
        return
    (numbers, kinds, codes), (of_table, kinds_of_grid, codes_of_grid) = pair, grid
    assert kinds_of_grid == kinds
    assert sorted(codes_of_grid) == sorted(codes)
    assert of_table[0] == numbers[0]
    assert of_table[1] == numbers[1]
    # Bounds spare a pair most scores of some tests; its null moments are then those of fewer.
    moments = np.array(outcome(name, strategy, every=True)[0][2:], dtype=float)
    # Sampled moments of a root carry the round-off of single precision.
    rel = 1e-6 if name.startswith("distance_correlation") else 1e-9
    assert np.array(of_table[2:]) == pytest.approx(moments, rel=rel, abs=1e-12, nan_ok=True)


def whole_numbers(count: int, seed: int) -> dict[str, np.ndarray]:
    """Representations of small whole numbers, no two rows of one alike: many arrangements score exactly alike."""
    rng = np.random.default_rng(seed)
    points = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    return {f"{seed}/{i}": points[rng.permutation(len(points))[:N]] for i in range(count)}


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
@pytest.mark.parametrize("name", ["cka", "cka_debiased", "rsa_pearson", "distance_correlation", "knn_jaccard"])
def test_pairs_of_a_grid_count_as_they_do_alone(name, alternative):
    """In single precision as well, whatever ties."""
    xs, ys, measure = whole_numbers(3, 1), whole_numbers(2, 2), MEASURES[name]
    for n_resamples in (9, 99, 4999):
        options = {"n_resamples": n_resamples, "rng": 4, "alternative": alternative}
        grid = rs.pairwise_test(xs, measure, y=ys, adjust="maxT", **options)[0]
        for i, x in enumerate(xs.values()):
            for j, y in enumerate(ys.values()):
                assert grid.unadjusted[i, j] == rs.permutation_test(x, y, measure, **options).pvalue
        assert alternative == "two-sided" or (grid.pvalues >= grid.unadjusted).all()


def test_many_ties_are_settled():
    """Where many arrangements tie with the observed one, all of them are counted, in a grid as in a pair."""
    half = (np.arange(N) % 2)[:, None] + 1e-12 * np.arange(N)[:, None]
    other = (np.arange(N) // 3 % 2)[:, None] + 1e-12 * np.arange(N)[:, None]
    one = rs.permutation_test(half, other, mantel, rng=0, n_resamples=999)
    grid = rs.pairwise_test([half], mantel, y=[other], rng=0, n_resamples=999)[0]
    assert one.n_adjudicated > 50
    assert grid.unadjusted[0, 0] == one.pvalue


@pytest.mark.parametrize("limit", ["3 MB", "2 MB"])
def test_memory_does_not_choose_the_arrangements(limit):
    """Stored matrices of 499 rows need more than is allowed; the factors find the same p."""
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((499, 20)), rng.standard_normal((499, 24))
    y[:, 0] += 0.25 * x[:, 0]
    full = rs.permutation_test(x, y, rs.cka, rng=0, n_resamples=4999)
    with rs.config(memory_limit=limit):
        little = rs.permutation_test(x, y, rs.cka, rng=0, n_resamples=4999)
    assert full.multipliers_per_orbit == little.multipliers_per_orbit == 11
    assert (little.pvalue, little.n_resamples, little.exceedances) == (full.pvalue, full.n_resamples, full.exceedances)
    for name in ("null_mean", "null_std", "zscore"):
        assert getattr(little, name) == pytest.approx(getattr(full, name), rel=1e-9)


def test_memory_changes_no_bit_of_a_grid():
    """Sixteen matrices of 300 rows need more than is allowed at once."""
    models = [pairs.related(300, 100, 100, seed=i)[0] for i in range(16)]
    full = rs.pairwise(models, rs.cka)[0]
    with rs.config(memory_limit="10 MB"):
        little = rs.pairwise(models, rs.cka)[0]
    assert np.array_equal(full.values, little.values)
