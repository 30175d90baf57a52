"""Neighbors that are equally near: no index decides, so tests are exact and values are those of the definition."""

from __future__ import annotations

import functools
import itertools
import pickle

import numpy as np
import oracles
import pytest

import resemblance as rs

MEASURES = [rs.mutual_knn, rs.knn_jaccard, rs.rank_similarity, rs.second_order_cosine]


def column(rng, n):
    """All cosines are 1."""
    return rng.random((n, 1)) + 0.1


def sparse(rng, n):
    return np.maximum(rng.normal(size=(n, 3)) - 0.5, 0)


def one_hot(rng, n):
    return np.eye(3)[rng.integers(0, 3, n)]


def small_integers(rng, n):
    return rng.integers(0, 3, (n, 2)).astype(float)


def binary(rng, n):
    return rng.integers(0, 2, (n, 12)).astype(float)


def smooth(rng, n):
    return rng.normal(size=(n, 4))


TIED = {
    "column": (column, "cosine"),
    "sparse": (sparse, "cosine"),
    "one_hot": (one_hot, "cosine"),
    "integers": (small_integers, "cosine"),
    "binary": (binary, "euclidean"),
}


def test_one_positive_column_is_no_evidence():
    """All pairs are tied in both, so every pairing scores alike."""
    rng = np.random.default_rng(0)
    x, y = column(rng, 30), column(rng, 30)
    found = rs.permutation_test(x, y, functools.partial(rs.mutual_knn, k=5), rng=0)
    assert found.pvalue == 1.0
    assert found.statistic == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("function", [rs.mutual_knn, rs.rank_similarity], ids=lambda m: m.__name__)
@pytest.mark.parametrize("other", ["itself", "smooth"])
@pytest.mark.parametrize("name", TIED)
def test_level_with_ties(name, other, function):
    """Unrelated data are rejected at 0.05 in no more than 0.05 of all cases."""
    sample, metric = TIED[name]
    sample_of_y = sample if other == "itself" else smooth
    n, count = (40, 150) if name == "binary" else (30, 200)
    measure = functools.partial(function, k=5, metric=metric)
    rng = np.random.default_rng(11)
    rejected = 0
    with rs.config(on_warning="ignore"):
        for seed in range(count):
            x, y = sample(rng, n), sample_of_y(rng, n)
            found = rs.permutation_test(x, y, measure, groups=np.arange(n), n_resamples=99, rng=seed)
            rejected += found.pvalue <= 0.05
    assert rejected / count <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / count)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.__name__)
@pytest.mark.parametrize("name", TIED)
def test_p_is_the_share_of_all_pairings(name, measure):
    """Against the scores of all pairings by the oracle."""
    sample, metric = TIED[name]
    rng = np.random.default_rng(3)
    n = 5 if measure is rs.second_order_cosine else 6
    for other in (sample, smooth):
        x, y = sample(rng, n), other(rng, n)
        if measure is rs.second_order_cosine:
            x, y = x + 0.25, y + 0.25
        setting = functools.partial(measure, k=2, metric=metric)
        oracle = oracles.of(measure.__name__)
        scores = [oracle(x, y[list(order)], k=2, metric=metric) for order in itertools.permutations(range(n))]
        with rs.config(on_warning="ignore"):
            found = rs.permutation_test(x, y, setting, groups=np.arange(n), method="exact")
        assert found.statistic == pytest.approx(scores[0], rel=1e-10)
        assert found.pvalue == pytest.approx(np.mean(np.array(scores) >= scores[0] - 1e-10), abs=1e-12)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.__name__)
@pytest.mark.parametrize("name", TIED)
def test_no_index_matters(name, measure):
    """Rows of both sides in another order: the same score and, where all pairings are tried, the same p."""
    sample, metric = TIED[name]
    rng = np.random.default_rng(4)
    x, y = sample(rng, 7), sample(rng, 7)
    if measure is rs.second_order_cosine:
        x, y = x + 0.25, y + 0.25
    setting = functools.partial(measure, k=2, metric=metric)
    with rs.config(on_warning="ignore"):
        first = rs.permutation_test(x, y, setting, groups=np.arange(7), method="exact")
        for seed in range(4):
            order = np.random.default_rng(seed).permutation(7)
            again = rs.permutation_test(x[order], y[order], setting, groups=np.arange(7), method="exact")
            assert again.statistic == pytest.approx(first.statistic, rel=1e-12)
            assert again.pvalue == first.pvalue


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.__name__)
@pytest.mark.parametrize("name", TIED)
def test_values_are_those_of_the_definition(name, measure):
    """Also for many rows, which are screened in integers before they are looked at."""
    sample, metric = TIED[name]
    rng = np.random.default_rng(5)
    n = 150
    x, y = sample(rng, n) + 0.0, sample(rng, n)
    with rs.config(on_warning="ignore"):
        found = measure(x, y, k=7, metric=metric)
    assert found == pytest.approx(oracles.of(measure.__name__)(x, y, k=7, metric=metric), rel=1e-10)


@pytest.mark.parametrize("factor", [3, 0.1, 1 / 255, np.pi, 1e150, 1e-150])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "inner"])
def test_scaling_moves_no_tie(factor, metric):
    rng = np.random.default_rng(6)
    with rs.config(on_warning="ignore"):
        for n in (20, 160):
            x, y = rng.integers(0, 4, (n, 3)), rng.integers(-2, 3, (n, 5))
            expected = rs.knn_jaccard(x, y, k=4, metric=metric)
            assert rs.knn_jaccard(factor * x, y, k=4, metric=metric) == pytest.approx(expected, rel=1e-13)
            assert rs.knn_jaccard(x, factor * y, k=4, metric=metric) == pytest.approx(expected, rel=1e-13)


def test_exact_ties_of_cosines_by_hand():
    """[1, 1] twice and [3, 3]: equally near to each other, at any scale."""
    x = np.array([[1.0, 1], [1, 1], [3, 3]])
    y = np.array([[1, 0], [1, 0.1], [0, 1]])
    measure = functools.partial(rs.mutual_knn, k=1)
    with rs.config(on_warning="ignore"):
        assert measure(x, y) == measure(3 * x, y) == 0.5
        assert rs.rowwise(x, y, measure).tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("measure", [rs.mutual_knn, rs.knn_jaccard, rs.rank_similarity])
@pytest.mark.parametrize("name", TIED)
def test_mean_of_permutations_is_the_chance_level(name, measure):
    sample, metric = TIED[name]
    rng = np.random.default_rng(8)
    x, y = sample(rng, 23), sample(rng, 23)
    setting = functools.partial(measure, k=4, metric=metric)
    with rs.config(on_warning="ignore"):
        found = rs.permutation_test(x, y, setting, groups=np.arange(23), n_resamples=4999, rng=1, return_null=True)
        chance = rs.compare(x, y, setting)[0].null_mean
    null = found.null_distribution
    assert null[0] == pytest.approx(found.statistic, rel=1e-12)
    assert null.mean() == pytest.approx(chance, abs=5 * null.std() / np.sqrt(len(null)) + 1e-12)


def test_chance_level_of_indicator_codes():
    """Unrelated classes: the mean over random pairings is far above k / (n - 1), and is told."""
    rng = np.random.default_rng(9)
    x, y = one_hot(rng, 60), one_hot(rng, 60)
    measure = functools.partial(rs.mutual_knn, k=5)
    with rs.config(on_warning="ignore"):
        chance = rs.compare(x, y, measure)[0].null_mean
        scores = [measure(x, y[rng.permutation(60)]) for _ in range(400)]
    assert chance > 0.2
    assert chance == pytest.approx(np.mean(scores), abs=5 * np.std(scores) / 20)


@pytest.mark.parametrize("name", TIED)
def test_lists_with_ties_are_in_the_order_of_themselves(name):
    sample, metric = TIED[name]
    x = sample(np.random.default_rng(14), 60)
    measure = functools.partial(rs.rank_similarity, k=7, metric=metric)
    with rs.config(on_warning="ignore"):
        assert rs.rowwise(x, x, measure) == pytest.approx(np.ones(60), abs=1e-12)


def test_places_are_shared_by_hand():
    """Of row 0, inputs 1 and 2 share places 1 and 2 in x; in y they have them one by one."""
    x = np.array([[0.0], [1.0], [-1.0], [5.0]])
    y = np.array([[0.0], [1.0], [-2.0], [5.0]])
    measure = functools.partial(rs.rank_similarity, k=2, metric="euclidean")
    with rs.config(on_warning="ignore"):
        found = rs.rowwise(x, y, measure)[0]
    # Half of either input at place 1 and half at place 2, met by place 1 and by place 2: 2 / (2 * 3) where they differ.
    expected = ((1 + 1 / 3) / 2 + (1 / 3 + 1 / 2) / 2) / (1 + 1 / 2)
    assert found == pytest.approx(expected, rel=1e-12)


def test_warning_of_ties_names_no_index():
    rng = np.random.default_rng(10)
    with rs.config(on_warning="ignore"):
        found = rs.compare(one_hot(rng, 40), one_hot(rng, 40), functools.partial(rs.knn_jaccard, k=5))[0]
    told = {warning.code: warning.message for warning in found.warnings}
    assert told["ties"].endswith("share them equally.")
    assert "index" not in told["ties"]


def test_prepared_ties_survive_a_file():
    rng = np.random.default_rng(12)
    x, y = small_integers(rng, 50), sparse(rng, 50)
    measure = functools.partial(rs.knn_jaccard, k=5)
    with rs.config(on_warning="ignore"):
        kept = pickle.loads(pickle.dumps(rs.prepare(x, measure)))  # noqa: S301 - our own bytes
        assert measure(kept, y) == measure(x, y)


def test_grids_share_places_as_pairs_do():
    rng = np.random.default_rng(13)
    models = {"a": np.hstack([one_hot(rng, 40), np.zeros((40, 1))]), "b": small_integers(rng, 40), "c": smooth(rng, 40)}
    measure = functools.partial(rs.mutual_knn, k=5)
    with rs.config(on_warning="ignore"):
        grid = rs.pairwise_test(models, measure, groups=np.arange(40), n_resamples=199, rng=2)[0]
        for i, j in itertools.combinations(range(3), 2):
            names = list(models)
            assert grid.values[i, j] == pytest.approx(measure(models[names[i]], models[names[j]]), rel=1e-12)
        assert np.nanmin(grid.pvalues) > 0.004


@pytest.mark.parametrize("size", [1e-60, 1e-110, 1e-140])
def test_nearly_orthogonal_rows_have_a_second_order_cosine(size):
    """Similarities of rows may be so small that the squares of their squares vanish."""
    x = np.eye(4)
    x[:, 0] += np.array([0, 1, 2, 3]) * size
    y = np.eye(4)
    y[:, 0] += np.array([0, 3, 1, 2]) * 1e-3
    with rs.config(on_warning="ignore"):
        found = rs.rowwise(x, y, functools.partial(rs.second_order_cosine, k=3))
    # Row 0 is as similar to the others as their first entries say.
    expected = np.dot([1, 2, 3], [3, 1, 2]) / 14
    assert found[0] == pytest.approx(expected, rel=1e-5)
