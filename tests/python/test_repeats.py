"""Rows that are equal on both sides: inputs shown again are refused, equal rows of discrete data are tested."""

from __future__ import annotations

import functools
import itertools
import pickle

import numpy as np
import pytest
from permutations import codes, raises

import resemblance as rs

MEASURES = {
    "cka": rs.cka,
    "rsa": functools.partial(rs.rsa, inner="euclidean"),
    "distance_correlation": rs.distance_correlation,
    "cca_mean": rs.cca_mean,
    "procrustes": rs.procrustes,
    "own": lambda x, y: float(abs(np.sum((x - x.mean(0))[:, 0] * (y - y.mean(0))[:, 0]))),
}
EACH_MEASURE = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)


def gaussian(rng, n=30, d=8):
    return rng.normal(size=(n, d))


def one_hot(rng, n, classes):
    return np.eye(classes)[rng.integers(0, classes, n)]


def binary(rng, n, d):
    return rng.integers(0, 2, (n, d)).astype(float)


def sparse(rng, n, d):
    return np.maximum(rng.normal(size=(n, d)) - 0.8, 0)


def grades(rng, n, d):
    """Answers that depend on each other: five grades of one trait."""
    return np.clip(np.round(rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, d))), -2, 2)


def codebook(rng, n, codes):
    return np.random.default_rng(codes).normal(size=(codes, 32))[rng.integers(0, codes, n)]


CHANCE = {
    "counts": lambda rng: rng.poisson(0.3, (60, 5)).astype(float),
    "two_classes": lambda rng: one_hot(rng, 60, 2),
    "ten_classes": lambda rng: one_hot(rng, 100, 10),
    "binary": lambda rng: binary(rng, 60, 6),
    "one_column": lambda rng: rng.integers(0, 12, (60, 1)).astype(float),
    "sparse_units": lambda rng: sparse(rng, 60, 3),
    "grades": lambda rng: grades(rng, 60, 4),
    "rare_answers": lambda rng: (rng.random((80, 5)) < 0.03).astype(float),
    "codebook": lambda rng: codebook(rng, 60, 16),
}
SHOWN_AGAIN = {
    "gaussian": gaussian,
    "one_column": lambda rng: rng.normal(size=(30, 1)),
    "relu": lambda rng: np.maximum(gaussian(rng, d=64), 0),
    "bytes": lambda rng: rng.integers(0, 256, (30, 64)).astype(float),
    "long_codes": lambda rng: binary(rng, 30, 64),
    "two_decimals": lambda rng: np.round(gaussian(rng, d=3), 2),
}


def refused(x, y, measure=rs.cka, **how):
    try:
        rs.permutation_test(x, y, measure, n_resamples=19, rng=0, **how)
    except rs.ResemblanceError as error:
        if error.code != "not_exchangeable":
            raise
        return True
    return False


def test_two_discrete_columns_are_tested_over_all_orders():
    """By hand: of all 8! orders of y, .0571 score at least as high; without the equal rows p would be .667."""
    x = np.array([[0.0, 0, 0, 0, 1, 1, 1, 1]]).T
    y = np.array([[0.0, 0, 1, 0, 2, 1, 2, 2]]).T
    found = rs.permutation_test(x, y, rs.cka, method="exact")
    half = np.arange(8) < 4  # cka of two single columns is their squared correlation
    scores = [np.corrcoef(half, y[list(order), 0])[0, 1] ** 2 for order in itertools.permutations(range(8))]
    assert found.pvalue == pytest.approx(np.mean(np.array(scores) >= scores[0] - 1e-9), abs=1e-12)
    assert found.pvalue == pytest.approx(4 / 70)
    assert not {"duplicate_samples", "padding_rows", "collapsed_rows"} & set(codes(found))


@pytest.mark.parametrize("make", CHANCE.values(), ids=CHANCE)
def test_equal_rows_of_discrete_data_are_chance(make):
    assert not any(refused(*(make(np.random.default_rng([seed, side])) for side in (0, 1))) for seed in range(10))


@pytest.mark.parametrize("name", ["counts", "ten_classes", "binary", "one_column"])
def test_discrete_data_that_are_related_are_tested(name):
    """What is equal on one side is equal on the other, since one side all but follows from the other."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = CHANCE[name](rng)
        y = np.where(rng.random((len(x), 1)) < 0.9, x, rng.permutation(x))
        assert not refused(x, y)
        assert not refused(x, 2 * x - 1)


@pytest.mark.parametrize("make", SHOWN_AGAIN.values(), ids=SHOWN_AGAIN)
@pytest.mark.parametrize("rows", [np.repeat(np.arange(30), 2), np.r_[np.arange(30), 0]], ids=["doubled", "one_again"])
def test_inputs_shown_again_are_refused(make, rows):
    for seed in range(5):
        x, y = (make(np.random.default_rng([seed, side])) for side in (0, 1))
        assert refused(x[rows], y[rows])
        assert refused(x[rows], one_hot(np.random.default_rng(seed), 30, 5)[rows]), (
            "one continuous side is witness enough"
        )
        assert not refused(x[rows], gaussian(np.random.default_rng(seed), len(rows)))


@EACH_MEASURE
def test_the_choice_of_the_user(measure):
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(15), 2)
    x, y = gaussian(rng, 15, 3)[rows], gaussian(rng, 15, 3)[rows]
    run = functools.partial(rs.permutation_test, measure=measure, n_resamples=19, rng=0)
    with raises("not_exchangeable", "15 of 30", "groups=", "allow"):
        run(x, y)
    grid = rs.pairwise_test([x], measure, y=[y], n_resamples=19, rng=0)[0]
    assert [code for code, _ in grid.status.values()] == ["not_exchangeable"]
    for how in ({"groups": rows}, {"repeats": "allow"}, {"ids": rows}, {"groups": rows, "repeats": "refuse"}):
        assert 0 < run(x, y, **how).pvalue <= 1
        assert not rs.pairwise_test([x], measure, y=[y], n_resamples=19, rng=0, **how)[0].status
    assert "dependent_rows" in codes(run(x, y, ids=rows))
    with raises("not_exchangeable"):
        run(x, y, groups=np.arange(30), repeats="refuse")
    discrete = binary(rng, 30, 3), binary(rng, 30, 3)
    with raises("not_exchangeable"):
        run(*discrete, repeats="refuse")
    assert run(*discrete).pvalue == run(*discrete, repeats="allow").pvalue
    with raises("bad_option", "repeats", "refuse"):
        run(x, y, repeats="never")


def test_a_test_with_ids_can_be_run_again():
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(15), 2)
    x, y = gaussian(rng, 15)[rows], gaussian(rng, 15)[rows]
    found = rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, ids=rows)
    assert rs.replay(found, x, y).pvalue == found.pvalue


@pytest.mark.parametrize("measure", [one for name, one in MEASURES.items() if name != "own"])
def test_prepared_summaries_remember_their_rows(measure):
    """As arrays do, and after a pickle; in any mixture."""
    rng = np.random.default_rng(1)
    rows = np.repeat(np.arange(15), 2)
    arrays = gaussian(rng, 15)[rows], gaussian(rng, 15)[rows]
    prepared = tuple(rs.prepare(a, measure) for a in arrays)
    unpickled = pickle.loads(pickle.dumps(prepared))  # noqa: S301 - our own
    for x, y in itertools.product(*zip(arrays, prepared, unpickled, strict=True)):
        assert refused(x, y, measure)
        assert not refused(x, y, measure, groups=rows)
    discrete = tuple(rs.prepare(binary(rng, 30, 3), measure) for _ in range(2))
    assert not refused(*discrete, measure)


@pytest.mark.parametrize("name", ["ten_classes", "counts", "sparse_units", "codebook"])
def test_level_of_discrete_data(name):
    """Unrelated discrete data, equal rows and all: p is at most alpha in a share of alpha of all tests."""
    count, alpha = 400, 0.05
    found = []
    for seed in range(count):
        x, y = (CHANCE[name](np.random.default_rng([seed, side, 5])) for side in (0, 1))
        found.append(rs.permutation_test(x, y, rs.cka, n_resamples=199, rng=seed).pvalue)
    spread = np.sqrt(alpha * (1 - alpha) / count)
    assert np.mean(np.array(found) <= alpha) < alpha + 3.5 * spread
