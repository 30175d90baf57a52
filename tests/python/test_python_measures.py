"""Functions in Python of which facts are stated: every fact is used, and nothing is done where it is not stated."""

from __future__ import annotations

import functools
import math
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import resemblance as rs

RNG = np.random.default_rng(0)
X, Y, Z = RNG.normal(size=(3, 24, 3))
MODELS = {"x": X, "y": X + 0.5 * Y, "z": Z}


@rs.measure(kind="distance", symmetric=True, identity=0.0, range=(0.0, math.inf))
def mean_gap(x, y, *, power=2.0):
    return float(np.mean(np.abs(x - y) ** power))


@rs.measure(kind="similarity", identity=1.0, range=(-1.0, 1.0))
def cosine(x, y):
    return float((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum()))


def counted(**facts):
    """A function that counts its calls, with facts or without."""

    def gap(x, y):
        gap.calls += 1
        return float(np.abs(x - y).mean())

    gap.calls = 0
    return rs.measure(**facts)(gap) if facts else gap


def refused(code, call, *arguments, **options):
    with pytest.raises(rs.ResemblanceError) as caught:
        call(*arguments, **options)
    assert caught.value.code == code
    return caught.value


def test_the_function_itself_comes_back():
    assert mean_gap(X, X) == 0.0
    assert mean_gap(X, Y, power=1.0) == np.abs(X - Y).mean()
    assert pickle.loads(pickle.dumps(mean_gap)) is mean_gap  # noqa: S301 - our own bytes


def test_symmetric_pairs_are_computed_once_and_others_twice():
    for facts, calls in (({}, 9), ({"kind": "distance"}, 9), ({"kind": "distance", "symmetric": True}, 6)):
        gap = counted(**facts)
        values = rs.pairwise(MODELS, gap)[0].values
        assert gap.calls == calls
        assert np.array_equal(values, rs.pairwise(MODELS, counted())[0].values)
        gap = counted(**facts)
        rs.pairwise(MODELS, gap, y=MODELS)
        assert gap.calls == 9, "of two sets every pair is one of its own"


def test_symmetric_tests_are_made_once_and_others_twice():
    def of(**facts):
        gap = counted(**facts)
        found = rs.pairwise_test(MODELS, gap, n_resamples=99, rng=0, alternative="less", adjust="maxT")[0]
        return gap.calls, found

    twice, plain = of(kind="distance")
    once, symmetric = of(kind="distance", symmetric=True)
    assert once * 9 == twice * 6
    assert (plain.n_tests, symmetric.n_tests) == (6, 3)
    upper = np.triu_indices(3, 1)
    assert np.array_equal(symmetric.unadjusted[upper], plain.unadjusted[upper])
    for name in ("values", "unadjusted", "pvalues", "zscores", "null_mean"):
        table = getattr(symmetric, name)
        assert np.array_equal(table, table.T, equal_nan=True), name
    assert not np.array_equal(plain.unadjusted, plain.unadjusted.T, equal_nan=True)


def test_a_failure_of_a_symmetric_pair_is_that_of_both_orders():
    @rs.measure(kind="distance", symmetric=True)
    def gap(x, y):
        return math.nan if abs(x.sum() - y.sum()) > 1e-9 and any(abs(z.sum() - Z.sum()) < 1e-9 for z in (x, y)) else 0.0

    grid = rs.pairwise(MODELS, gap)[0]
    assert set(grid.status) == {(0, 2), (2, 0), (1, 2), (2, 1)}
    assert {code for code, _ in grid.status.values()} == {"undefined"}
    assert np.array_equal(np.isnan(grid.values), [[False, False, True], [False, False, True], [True, True, False]])
    assert rs.pairwise_test(MODELS, gap, n_resamples=9, rng=0)[0].status.keys() == grid.status.keys()


def test_the_kind_decides_on_the_direction():
    assert rs.permutation_test(X, Y, mean_gap, n_resamples=19, rng=0).alternative == "less"
    assert rs.permutation_test(X, Y, cosine, n_resamples=19, rng=0).alternative == "greater"
    assert rs.permutation_test(X, Y, counted(), n_resamples=19, rng=0).alternative == "greater"
    assert rs.pairwise_test(MODELS, mean_gap, n_resamples=19, rng=0)[0].alternative == "less"
    near = X + 0.1 * Y
    assert rs.permutation_test(X, near, mean_gap, n_resamples=99, rng=0).pvalue == 0.01
    assert rs.permutation_test(X, near, mean_gap, n_resamples=99, rng=0, alternative="greater").pvalue == 1.0


def test_with_identity_scores_lie_between_chance_and_identity():
    found = rs.permutation_test(X, X + 0.3 * Y, mean_gap, n_resamples=199, rng=0, return_null=True)
    assert found.calibrated_mean == pytest.approx(1 - found.statistic / found.null_mean)
    bar = np.sort(found.null_distribution)[math.ceil(0.05 * 200) - 1]
    assert found.calibrated_quantile == pytest.approx(1 - found.statistic / bar)
    grid = rs.pairwise_test(MODELS, mean_gap, n_resamples=99, rng=0)[0]
    assert np.allclose(grid.calibrated_mean, 1 - grid.values / grid.null_mean)
    assert np.array_equal(np.diag(grid.calibrated_mean), np.ones(3))
    unknown = rs.permutation_test(X, Y, counted(kind="distance"), n_resamples=19, rng=0)
    assert unknown.calibrated_mean is unknown.calibrated_quantile is None
    assert np.isnan(rs.pairwise_test(MODELS, counted(kind="distance"), n_resamples=19, rng=0)[0].calibrated_mean).all()


def test_a_score_outside_of_the_range_is_refused_and_round_off_taken_away():
    def returning(value, **facts):
        return rs.measure(kind="similarity", **facts)(lambda x, y: value)

    for value in (-0.1, 1.1, math.inf):
        error = refused("outside_range", rs.compare, X, Y, returning(value, range=(0.0, 1.0)))
        assert str(value) in str(error)
        assert rs.compare(X, Y, returning(value))[0].value == value
    assert rs.compare(X, Y, returning(1 + 1e-12, range=(0.0, 1.0)))[0].value == 1.0
    assert rs.compare(X, Y, returning(1 + 1e-12))[0].value == 1 + 1e-12
    refused("outside_range", rs.permutation_test, X, Y, returning(2.0, range=(0.0, 1.0)), n_resamples=9)


def test_an_interval_ends_where_scores_do():
    near = X + 0.01 * np.linspace(0, 1, 24)[:, None] ** 40
    free = rs.measure(kind="distance")(lambda x, y: float(np.mean((x - y) ** 2)))
    assert rs.confidence_interval(X, near, free).low < 0.0 == rs.confidence_interval(X, near, mean_gap).low


def test_rows_that_are_too_few_or_unlike():
    least = rs.measure(kind="distance", min_rows=5)(lambda x, y: abs(float(x.mean() - y.mean())))
    error = refused("too_few_samples", rs.compare, X[:4], Y[:4], least)
    assert (error.details["needed"], error.details["n"]) == (5, 4)
    assert rs.compare(X[:5], Y[:5], least)[0].status == "ok"
    refused("row_count_mismatch", rs.compare, X[:9], Y[:8], least)


def test_rows_that_are_not_paired():
    loose = rs.measure(kind="distance", rows_paired=False)(lambda x, y: abs(float(x.mean() - y.mean())))
    assert rs.compare(X[:9], Y[:8], loose)[0].value == loose(X[:9], Y[:8])
    refused("permutation_undefined", rs.permutation_test, X, Y, loose)
    refused("permutation_undefined", rs.pairwise_test, MODELS, loose)
    refused("not_offered", rs.confidence_interval, X, Y, loose)


def row_gaps(x, y, *, weights):
    return np.abs(x - y).sum(axis=1) * weights


@rs.measure(kind="distance", per_row=["weights"], rows=row_gaps)
def weighted(x, y, *, weights):
    return float(row_gaps(x, y, weights=weights).mean())


def test_options_per_row_lose_the_rows_that_are_left_out():
    weights = RNG.random(24)
    plain = rs.measure(kind="distance", per_row=["weights"])(lambda x, y, *, weights: weighted(x, y, weights=weights))
    found = rs.confidence_interval(X, Y, functools.partial(plain, weights=weights))
    stay = np.arange(24) != 7
    assert found.leave_one_out[7] == pytest.approx(weighted(X[stay], Y[stay], weights=weights[stay]))
    assert not found.closed_form
    deaf = rs.measure(kind="distance")(lambda x, y, *, weights: weighted(x, y, weights=weights))
    with pytest.raises(ValueError, match="shape"):
        rs.confidence_interval(X, Y, functools.partial(deaf, weights=weights))


def test_contributions_of_rows():
    measure = functools.partial(weighted, weights=RNG.random(24))
    rows = rs.rowwise(X, Y, measure)
    assert rows.mean() == pytest.approx(measure(X, Y))
    found = rs.confidence_interval(X, Y, measure)
    assert found.closed_form
    assert np.allclose(found.leave_one_out, (rows.sum() - rows) / 23)
    by_group = rs.confidence_interval(X, Y, measure, groups=np.arange(24) // 3)
    assert np.allclose(by_group.leave_one_out, [np.delete(rows, range(g, g + 3)).mean() for g in range(0, 24, 3)])
    refused("not_offered", rs.rowwise, X, Y, mean_gap)
    first = rs.similarity_difference(X, Y, Z, measure)
    assert first.estimate == pytest.approx(measure(X, Y) - measure(X, Z))
    wrong = rs.measure(kind="distance", rows=lambda x, y: np.zeros(3))(lambda x, y: 0.0)
    refused("function_failed", rs.rowwise, X, Y, wrong)


def test_labels_tell_options_of_functions_with_facts():
    found = rs.compare(X, Y, [mean_gap, functools.partial(mean_gap, power=1.0)])
    assert [score.label for score in found] == ["mean_gap", "mean_gap[power=1.0]"]
    assert [score.options for score in found] == [{"power": 2.0}, {"power": 1.0}]
    assert found[1].value == np.abs(X - Y).mean()
    assert found[0].facts.identity_value == 0.0


def test_executors_find_the_function_and_its_facts():
    alone = repr(rs.pairwise_test(MODELS, mean_gap, n_resamples=39, rng=0).to_dict())
    with ThreadPoolExecutor(2) as pool:
        assert repr(rs.pairwise_test(MODELS, mean_gap, n_resamples=39, rng=0, executor=pool).to_dict()) == alone
    bound = functools.partial(mean_gap, power=1.0)
    plain = rs.permutation_test(X, Y, bound, n_resamples=39, rng=0)
    with ThreadPoolExecutor(2) as pool:
        found = rs.permutation_test(X, Y, bound, n_resamples=39, rng=0, executor=pool)
    assert repr(found.to_dict()) == repr(plain.to_dict())


def test_a_pool_of_processes_receives_the_facts():
    bound = functools.partial(mean_gap, power=1.0)
    plain = rs.pairwise_test(MODELS, bound, n_resamples=19, rng=0)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = rs.pairwise_test(MODELS, bound, n_resamples=19, rng=0, executor=pool)
    assert repr(found.to_dict()) == repr(plain.to_dict())
    beyond = rs.measure(kind="distance", range=(0.0, 0.1))(functools.partial(_apart))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        refused("outside_range", rs.permutation_test, X, Y, beyond, n_resamples=9, executor=pool)


def _apart(x, y):
    return float(np.abs(x - y).mean())


def test_what_a_function_cannot_answer_is_not_offered():
    refused("not_offered", rs.prepare, X, mean_gap)
    refused("not_offered", rs.describe, X, mean_gap)
    refused("not_offered", rs.permutation_moments, X, Y, mean_gap)
    refused("not_offered", rs.compare, [X, Y], None, mean_gap)
    refused("not_offered", rs.rowwise, [X, Y], None, mean_gap)
    refused("not_offered", rs.confidence_interval, [X, Y], None, mean_gap)
    refused("not_offered", rs.permutation_test, X, Y, mean_gap, moments=True)


def test_a_test_of_a_stated_function_is_replayed_with_the_function_alone():
    found = rs.permutation_test(X, Y, mean_gap, n_resamples=39, rng=0)
    refused("not_offered", rs.replay, found, X, Y)
    assert rs.replay(found, X, Y, mean_gap).pvalue == found.pvalue


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "metric"},
        {"kind": "distance", "symmetric": 1},
        {"kind": "distance", "range": (1.0, 0.0)},
        {"kind": "distance", "range": 3},
        {"kind": "distance", "identity": math.nan},
        {"kind": "distance", "identity": -1.0, "range": (0.0, 1.0)},
        {"kind": "distance", "min_rows": 0},
        {"kind": "distance", "rows_paired": "no"},
        {"kind": "distance", "per_row": "labels"},
        {"kind": "distance", "rows": 4},
    ],
)
def test_facts_that_cannot_be(facts):
    error = refused("bad_option", rs.measure, **facts)
    assert error.details["option"] == list(facts)[-1] or error.details["option"] == "identity"


def test_facts_are_stated_once_and_of_what_can_hold_them():
    refused("bad_option", rs.measure(kind="distance"), mean_gap)
    refused("bad_option", rs.measure(kind="similarity"), math.hypot)
    refused("bad_option", rs.measure(kind="similarity"), 3)


def test_results_are_equal_to_themselves_alone_and_facts_to_equal_facts():
    with rs.config(on_warning="ignore"):
        results = [
            rs.compare(X, Y, rs.cka),
            rs.compare(X, Y, rs.cka)[0],
            rs.pairwise(MODELS, rs.cka),
            rs.pairwise(MODELS, rs.cka)[0],
            rs.permutation_test(X, Y, rs.cka, n_resamples=19, rng=0),
            rs.pairwise_test(MODELS, rs.cka, n_resamples=19, rng=0),
            rs.confidence_interval(X, Y, rs.cka),
            rs.permutation_moments(X, Y, rs.cka),
            rs.list_measures(),
        ]
    for one in results:
        again = pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes
        assert one == one  # noqa: PLR0124 - the rule
        assert again != one
        assert len({one, again}) == 2
    assert rs.compare(X, Y, rs.cka)[0].facts == rs.list_measures()["cka"].facts
