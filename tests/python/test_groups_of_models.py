"""Measures of a whole group of models: the value of every row, and the interval of their mean."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import oracles
import pytest

import resemblance as rs

RNG = np.random.default_rng(7)
TABLE = np.where(RNG.random((4, 40)) < 0.85, RNG.integers(0, 3, 40), RNG.integers(0, 3, (4, 40)))
MODELS = list(TABLE)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_group_is_the_mean_of_its_rows(count):
    models = MODELS[:count]
    rows = rs.rowwise(models, None, rs.ambiguity)
    assert np.array_equal(rows, oracles.of("ambiguity")(models, reduce=None))
    assert rs.ambiguity(models) == pytest.approx(rows.mean(), rel=1e-15)
    assert rs.compare(models, None, rs.ambiguity)["ambiguity"].value == rs.ambiguity(models)


def test_a_group_of_two_is_a_pair():
    pairs = list(itertools.combinations(MODELS, 2))
    assert [rs.ambiguity(pair) for pair in pairs] == [rs.disagreement(*pair) for pair in pairs]
    assert rs.ambiguity(MODELS) >= max(rs.disagreement(*pair) for pair in pairs)


def test_votes_and_tokens_and_gaps_say_the_same():
    votes = np.array([[np.sum(column == c) for c in range(3)] for column in TABLE.T])
    counts = partial(rs.ambiguity, kind="counts")
    assert counts(votes) == rs.ambiguity(MODELS)
    assert np.array_equal(rs.rowwise(votes, None, counts), rs.rowwise(MODELS, None, rs.ambiguity))
    tokens = partial(rs.ambiguity, kind="tokens")
    by_position = TABLE.reshape(4, 20, 2)
    expected = rs.rowwise(MODELS, None, rs.ambiguity).reshape(20, 2).mean(axis=1)
    assert np.array_equal(rs.rowwise(list(by_position), None, tokens), expected)

    holes = list(TABLE.astype(float))
    for model in holes[1:]:
        model[5] = np.nan  # one answer
    holes[0][6] = np.nan
    skipped = rs.rowwise(holes, None, partial(rs.ambiguity, missing="skip"))
    assert np.isnan(skipped[5])
    assert skipped[6] == float(len(set(TABLE[1:, 6])) > 1)
    dropped = rs.rowwise(holes, None, partial(rs.ambiguity, missing="drop"))
    assert np.flatnonzero(np.isnan(dropped)).tolist() == [5, 6]
    assert rs.ambiguity(holes, missing="skip") == pytest.approx(np.nanmean(skipped), rel=1e-15)
    assert rs.rowwise(holes, None, partial(rs.ambiguity, missing="class"))[[5, 6]].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(8), 5)], ids=["rows", "groups"])
def test_the_interval_leaves_inputs_out_of_all_models(groups):
    found = rs.confidence_interval(MODELS, None, rs.ambiguity, groups=groups)
    of = np.arange(40) if groups is None else groups
    without = [rs.ambiguity(list(TABLE[:, of != unit])) for unit in np.unique(of)]
    assert found.leave_one_out == pytest.approx(without, rel=1e-12)
    assert found.low < found.estimate < found.high


def test_the_interval_of_a_share_is_that_of_wilson():
    """A group that never conflicts leaves room above, and one that always does, below."""
    same = rs.confidence_interval([MODELS[0]] * 3, None, rs.ambiguity)
    z2 = 1.959963984540054**2
    assert (same.low, same.high) == (0.0, pytest.approx(z2 / (40 + z2), rel=1e-9))
    never = rs.confidence_interval([MODELS[0], MODELS[0] + 1, MODELS[0] + 2], None, rs.ambiguity)
    assert (never.low, never.high) == (pytest.approx(40 / (40 + z2), rel=1e-9), 1.0)


def test_what_is_no_mean_over_rows_or_no_group_is_refused():
    for measure in (rs.fleiss_kappa, rs.disagreement, lambda x, y: 0.0):
        with pytest.raises(rs.ResemblanceError) as caught:
            rs.rowwise(MODELS, None, measure)
        assert caught.value.code == "not_offered"
    with pytest.raises(rs.ResemblanceError, match="at least two"):
        rs.rowwise([MODELS[0]], None, rs.ambiguity)
