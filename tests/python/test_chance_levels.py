"""Every score comes with what unrelated data would score, known or estimated, and with a word where that is much."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest
from settings import PLAIN

import resemblance as rs

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(60, 20)), rng.normal(size=(60, 20))
INFLATED = [rs.distance_correlation, rs.cca_mean, rs.svcca, rs.pwcca, rs.aligned_cosine, rs.cka, rs.procrustes]


def codes(found) -> set[str]:
    return {warning.code for warning in found.warnings}


def levels(measure, x, y, count=200) -> np.ndarray:
    draws = np.random.default_rng(1)
    return np.array([measure(x, y[draws.permutation(len(y))]) for _ in range(count)])


@pytest.mark.parametrize("measure", INFLATED)
def test_unrelated_data_that_score_high_are_told_from_related_ones(measure):
    found = rs.compare(X, Y, measure)[0]
    assert "null_inflated" in codes(found)
    scores = levels(measure, X, Y)
    assert found.null_mean == pytest.approx(scores.mean(), abs=4 * scores.std())
    assert found.null_mean_from in {"closed_form", "moments", "estimated"}
    test = rs.permutation_test(X, Y, measure, rng=0, n_resamples=99)
    assert "null_inflated" in codes(test)
    grid = rs.pairwise_test([X], measure, y=[Y], rng=0, n_resamples=99)[0]
    assert "null_inflated" in codes(grid)


@pytest.mark.parametrize("setting", [s for s in PLAIN if s.input == "matrix"], ids=str)
def test_what_is_told_is_true(setting):
    """Closed forms are means over all orders; moments bound the mean from the side of Jensen; estimates are near."""
    if not setting.facts.rows_paired:  # no order of the rows is better than another
        return
    x, y = setting.inputs(*(rng.normal(size=(24, 5)) for _ in "xy"))
    found = rs.compare(x, y, setting.bound(x))[0]
    scores = levels(setting.bound(x), x, y, 400)
    error = scores.std() / 20
    assert found.null_mean_from is not None
    if found.null_mean_from == "closed_form":
        assert abs(found.null_mean - scores.mean()) < 5 * error
    elif found.null_mean_from == "moments":
        assert -5 * error < found.null_mean - scores.mean() < scores.std()
    else:
        assert abs(found.null_mean - scores.mean()) < 4 * scores.std() / np.sqrt(8) + 5 * error


def test_levels_are_the_same_again_and_for_any_number_of_threads():
    levels = {rs.compare(X, Y, rs.cca_mean, num_threads=threads)[0].null_mean for threads in (1, 2, 3)}
    assert len(levels) == 1


def test_what_costs_too_much_is_not_estimated():
    x = rng.normal(size=(3000, 200))
    found = rs.compare(x, x + rng.normal(size=x.shape), rs.aligned_cosine)[0]
    assert (found.null_mean, found.null_mean_from) == (None, None)


def test_grids_know_the_level_of_a_root():
    grid = rs.pairwise({"x": X, "y": Y}, rs.distance_correlation)[0]
    assert grid.null_mean_from == "moments"
    assert grid.null_mean[0, 1] == rs.compare(X, Y, rs.distance_correlation)[0].null_mean
    assert rs.pairwise({"x": X, "y": Y}, rs.cka)[0].null_mean_from == "closed_form"
    assert rs.pairwise({"x": X, "y": Y}, rs.cca_mean)[0].null_mean is None


@pytest.mark.parametrize("measure", [rs.knn_jaccard, rs.mutual_knn, partial(rs.cka, estimator="debiased"), rs.rsa])
def test_clean_data_are_left_in_peace(measure):
    x, y = rng.normal(size=(300, 30)), rng.normal(size=(300, 30))
    assert not codes(rs.compare(x, y, measure)[0]) & {"null_inflated", "small_sample", "common_mean"}


def test_neighbors_of_few_rows_are_inflated():
    assert "null_inflated" in codes(rs.compare(X[:30], Y[:30], rs.mutual_knn)[0])


def test_fewer_rows_than_columns_bring_any_shapes_together():
    """Of 40 rows in 200 columns a rotation makes much alike, as canonical correlations do."""
    rng = np.random.default_rng(12)  # its own, for the order of the tests must not matter
    x, y = rng.normal(size=(40, 200)), rng.normal(size=(40, 200))
    for measure in (rs.angular_shape, rs.procrustes, partial(rs.procrustes, normalize=True, squared=True)):
        found = rs.compare(x, y, measure)[0]
        assert found.null_mean == pytest.approx(found.value, rel=0.05)
        assert "null_inflated" in codes(found)
    tall = rng.normal(size=(2000, 5)), rng.normal(size=(2000, 5))
    assert "null_inflated" not in codes(rs.compare(*tall, rs.procrustes)[0])


@pytest.mark.parametrize(
    "measure", [rs.aligned_cosine, rs.second_order_cosine, partial(rs.angular_shape, center=False)]
)
def test_a_common_mean_is_named(measure):
    mean = 50 * rng.normal(size=20)
    for found in (
        rs.compare(X + mean, Y + mean, measure)[0],
        rs.permutation_test(X + mean, Y + mean, measure, rng=0, n_resamples=19),
        rs.pairwise([X + mean, Y + mean], measure)[0],
    ):
        assert "common_mean" in codes(found)
    assert "common_mean" not in codes(rs.compare(X, Y, measure)[0])
    assert "common_mean" not in codes(rs.compare(X + mean, Y + mean, rs.cka)[0])


def test_an_rsa_of_one_column_is_told_what_helps():
    x = rng.normal(size=(20, 1))
    with pytest.raises(rs.ResemblanceError, match=r"one column.*inner=\"euclidean\"") as refused:
        rs.rsa(x, x)
    assert refused.value.code == "undefined"
    with pytest.raises(rs.ResemblanceError) as masked:
        rs.rsa(x, x, constant_rows="mask")
    assert masked.value.code != "constant_row"
    assert rs.rsa(x, x, inner="euclidean") == pytest.approx(1.0)


def test_digits_tell_different_numbers_apart():
    mean = 50 * np.ones(20)
    found = rs.compare(X + mean, Y + mean, rs.aligned_cosine)[0]
    assert "= 1.0000," not in str(found)
    shown = str(found)
    value, chance = re.findall(r"aligned_cosine = ([.\d]+), by chance (?:about )?([.\d]+)", shown)[0]
    assert float(chance) < 1
    assert float(value) < 1


def test_equal_widths_do_not_differ_by_chance_and_unlike_ones_are_told():
    x, y1, y2 = rng.normal(size=(80, 6)), rng.normal(size=(80, 4)), rng.normal(size=(80, 40))
    assert "biased_difference" in codes(rs.similarity_difference(x, y1, y2, rs.cka))
    assert "biased_difference" not in codes(rs.similarity_difference(x, y1, y1 + 1, rs.cka))
    debiased = partial(rs.cka, estimator="debiased")
    assert "biased_difference" not in codes(rs.similarity_difference(x, y1, y2, debiased))
