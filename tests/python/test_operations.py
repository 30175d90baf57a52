"""Every measure through every operation: compare, pairwise, prepare, permutation_test."""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import json
import math
import pickle
from typing import TYPE_CHECKING

import golden
import numpy as np
import pairs
import pytest
from reference_streams import permutation
from settings import MEASURES, PLAIN, SETTINGS, facts_of, takes

import resemblance as rs
from resemblance import _core

if TYPE_CHECKING:
    from settings import Setting


# What a permutation of y's rows is to an array of each kind
def permuted_score(setting: Setting, x: np.ndarray, y: np.ndarray, order) -> float:
    """Score x with the rows of y in another order; where something of y stays with its own inputs, the oracle knows."""
    if takes(setting.measure, "order"):
        return setting.oracle(x, y, order=list(order))
    return setting.library(x, permuted(setting, y, order))


def permuted(setting: Setting, y: np.ndarray, order) -> np.ndarray:
    order = list(order)
    return y[np.ix_(order, order)] if setting.input == "pair_matrix" else y[order]


def models(setting: Setting, count: int = 3, n: int = 20) -> dict[str, np.ndarray]:
    """Several representations of the same inputs, of unlike widths where that is allowed."""
    found = {}
    for i in range(count):
        if setting.input in ("matrix", "pair_matrix"):
            array, _ = pairs.related(n, 4 if setting.fits_width else 3 + i, 4)
            array = array + i * pairs.related(n, array.shape[1], 1, seed=i)[0]
        else:
            array = pairs.scores(n, 3, seed=i)[0]
        found["abcdefg"[i]] = setting.inputs(array, array)[0]
    return found


def pair(setting: Setting, n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    first = models(setting, 2, n)
    return first["a"], first["b"]


@contextlib.contextmanager
def raises(code: str):
    """Expect a named error with this code."""
    with pytest.raises(rs.ResemblanceError) as caught:
        yield caught
    assert caught.value.code == code, str(caught.value)


EACH = pytest.mark.parametrize("setting", SETTINGS, ids=str)
EACH_MEASURE = pytest.mark.parametrize("setting", PLAIN, ids=str)


# compare


@EACH
def test_compare(setting):
    x, y = pair(setting)
    found = rs.compare(x, y, setting.bound(x))
    assert len(found) == 1
    score = found[0]
    assert score.value == float(score) == as_a_pair(setting, x, y)
    assert (score.measure, score.status, score.error, score.n) == (setting.measure, "ok", None, 20)
    assert repr(score.facts) == repr(setting.facts)  # a NaN does not equal itself
    asked = setting.options_for(x)
    assert all(np.array_equal(score.options[name], value) for name, value in asked.items())
    assert "\n" not in str(score)
    if score.null_mean is None:
        assert score.calibrated_mean is None
    json.dumps(score.to_dict())


def as_a_pair(setting: Setting, x, y):
    """The score to the last bit; of a group of two, the general formula for groups may round otherwise."""
    value = setting.library(x, y)
    return pytest.approx(value, rel=1e-14) if setting.is_group else value


def test_compare_with_many_measures():
    settings = [s for s in PLAIN if s.input == "matrix"]
    x, y = pairs.related(20, 4, 4)
    found = rs.compare(x, y, [s.bound(x) for s in settings])
    assert [score.measure for score in found] == [s.measure for s in settings]
    for setting, score in zip(settings, found, strict=True):
        assert score.value == setting.library(x, y)
        assert found[setting.measure] is score
    assert len(str(found).splitlines()) == len(settings) + 1
    json.dumps(found.to_dict())
    assert "<table" in found._repr_html_()


def test_compare_by_name_partial_and_own_function():
    x, y = pairs.related(20, 4, 3)

    def first_entry(x, y):
        return x[0, 0] - y[0, 0]

    found = rs.compare(x, y, ["cka", functools.partial(rs.cka, estimator="debiased"), first_entry])
    assert [s.value for s in found] == [rs.cka(x, y), rs.cka(x, y, estimator="debiased"), x[0, 0] - y[0, 0]]
    assert found["first_entry"].facts.kind == "unknown"


def test_compare_records_or_raises():
    x, y = pairs.related(20, 4, 3)
    with raises("width_mismatch"):
        rs.compare(x, y, [rs.cka, rs.aligned_cosine])
    found = rs.compare(x, y, [rs.cka, rs.aligned_cosine], on_error="record")
    assert [s.status for s in found] == ["ok", "width_mismatch"]
    assert found[1].value is None
    with raises("width_mismatch"):
        float(found[1])


@EACH
def test_null_mean_is_the_mean_over_all_pairings(setting):
    """Where a closed form is offered it equals full enumeration, and the calibrated score follows from it."""
    setting, x, y = tiny(setting, 5)
    score = rs.compare(x, y, setting.bound(x))[0]
    if score.null_mean_from != "closed_form":  # what is estimated is tested with the chance levels
        assert not golden.has_closed_form(setting.measure, setting.options)
        return
    every = [setting.library(x, permuted(setting, y, p)) for p in itertools.permutations(range(5))]
    assert score.null_mean == pytest.approx(np.mean(every), rel=1e-9, abs=1e-11)
    identity = setting.facts.identity_value
    if identity is not None and math.isfinite(identity) and abs(identity - score.null_mean) > 1e-9:
        expected = (score.value - score.null_mean) / (identity - score.null_mean)
        assert score.calibrated_mean == pytest.approx(expected, rel=1e-9, abs=1e-9)


def tiny(setting: Setting, n: int) -> tuple[Setting, np.ndarray, np.ndarray]:
    """The setting and a pair with so few rows that all n! pairings can be tried."""
    setting = setting.for_rows(n)
    if setting.input not in ("matrix", "pair_matrix"):
        return setting, *setting.inputs(*pairs.scores(n, 3, seed=1))

    def of_width(width: int) -> tuple[np.ndarray, np.ndarray]:
        return setting.inputs(*pairs.related(n, width, width, seed=n))

    def distinct(width: int) -> int:  # two columns are too few for a correlation across them
        x, y = of_width(width)
        orders = itertools.islice(itertools.permutations(range(n)), 0, None, 7)
        return len({round(permuted_score(setting, x, y, order), 9) for order in itertools.islice(orders, 15)})

    return setting, *of_width(max((2, 3), key=distinct))


# pairwise


@EACH
def test_pairwise(setting):
    named = models(setting)
    grid = rs.pairwise(named, setting.bound(named["a"]))[0]
    assert grid.measure == setting.measure
    assert grid.rows == grid.columns == ("a", "b", "c")
    assert repr(grid.facts) == repr(setting.facts)
    assert grid.status == {}
    expected = [[setting.library(x, y) for y in named.values()] for x in named.values()]
    assert grid.values == pytest.approx(np.array(expected), rel=1e-9, abs=1e-11)
    assert grid["a", "b"] == grid.values[0, 1]
    if setting.facts.symmetric:
        assert np.array_equal(grid.values, grid.values.T)
    assert np.array_equal(np.asarray(grid), grid.values)


@EACH_MEASURE
def test_pairwise_of_two_sets(setting):
    named = models(setting, 5)
    first, second = list(named.values())[:2], dict(list(named.items())[2:])
    grid = rs.pairwise(first, setting.bound(first[0]), y=second)[0]
    assert (grid.rows, grid.columns) == (("0", "1"), ("c", "d", "e"))
    expected = [[setting.library(x, y) for y in second.values()] for x in first]
    assert grid.values == pytest.approx(np.array(expected), rel=1e-9, abs=1e-11)


@EACH_MEASURE
def test_pairwise_null_mean(setting):
    named = models(setting)
    grid = rs.pairwise(named, setting.bound(named["a"]))[0]
    singles = [[rs.compare(x, y, setting.bound(x))[0] for y in named.values()] for x in named.values()]
    if grid.null_mean is None:
        assert singles[0][1].null_mean_from in {None, "estimated"}  # which grids are too large for
    else:
        levels = np.array([[score.null_mean for score in row] for row in singles])
        assert grid.null_mean == pytest.approx(levels, rel=1e-9, abs=1e-11)
        assert grid.null_mean_from == singles[0][1].null_mean_from


def test_pairwise_with_many_measures():
    settings = [s for s in PLAIN if s.input == "matrix"]
    named = {name: pairs.related(20, 4, 4, seed=i)[0] for i, name in enumerate("abcd")}
    grids = rs.pairwise(named, [s.bound(named["a"]) for s in settings])
    assert len(grids) == len(settings)
    for i, setting in enumerate(settings):
        alone = rs.pairwise(named, setting.bound(named["a"]))[0]
        assert grids[i] is grids[setting.measure]
        assert np.array_equal(grids[i].values, alone.values)
    two = rs.pairwise(named, [rs.cka, functools.partial(rs.cka, estimator="debiased")])
    assert not np.array_equal(two[0].values, two[1].values)
    json.dumps(two.to_dict())


@EACH_MEASURE
def test_pairwise_records_failures(setting):
    """One broken representation costs its row and its column, not the run."""
    named = models(setting)
    broken = np.array(named["b"], dtype=float)
    broken[3, 1] = np.nan
    bad = named | {"b": broken}
    grid = rs.pairwise(bad, setting.bound(named["a"]))[0]
    assert np.isnan(grid.values).tolist() == [[False, True, False], [True, True, True], [False, True, False]]
    assert set(grid.status) == {(0, 1), (1, 0), (1, 1), (1, 2), (2, 1)}
    assert {code for code, _ in grid.status.values()} == {"nonfinite_input"}
    assert all("b" in message for _, message in grid.status.values())
    assert grid["a", "c"] == rs.pairwise(named, setting.bound(named["a"]))[0]["a", "c"]
    with raises("nonfinite_input"):
        rs.pairwise(bad, setting.bound(named["a"]), on_error="raise")


@pytest.mark.parametrize("setting", [s for s in PLAIN if s.facts.rows_paired], ids=str)
def test_pairwise_records_other_row_counts(setting):
    named = models(setting)
    short = named["c"][:15, :15] if setting.input == "pair_matrix" else named["c"][:15]
    measure = setting.bound(named["a"])
    grid = rs.pairwise(named | {"c": short}, measure)[0]
    mismatched = {(0, 2), (1, 2), (2, 0), (2, 1)}
    assert mismatched <= set(grid.status)
    assert {grid.status[at][0] for at in mismatched} == {"row_count_mismatch"}
    assert not np.isnan(grid.values[0, 1])
    with raises("row_count_mismatch"):
        rs.pairwise(named | {"c": short}, measure, on_error="raise")


def test_pairwise_with_own_function():
    named = models(PLAIN[0])

    def larger(x, y, *, factor=1.0):
        return factor * float(x[0, 0] > y[0, 0])

    grid = rs.pairwise(named, larger)[0]
    expected = [[float(x[0, 0] > y[0, 0]) for y in named.values()] for x in named.values()]
    assert np.array_equal(grid.values, expected)
    assert grid.measure == "larger"
    doubled = rs.pairwise(named, functools.partial(larger, factor=2.0))[0]
    assert np.array_equal(doubled.values, 2 * np.array(expected))
    mixed = rs.pairwise(named, [rs.cka, larger])
    assert np.array_equal(mixed[1].values, grid.values)


def test_pairwise_with_own_function_that_fails():
    named = models(PLAIN[0])

    def nan(x, y):
        return math.nan

    def broken(x, y):
        raise RuntimeError("mine")

    assert {code for code, _ in rs.pairwise(named, nan)[0].status.values()} == {"undefined"}
    with raises("undefined"):
        rs.pairwise(named, nan, on_error="raise")
    with pytest.raises(RuntimeError, match="mine"):
        rs.pairwise(named, broken)


@EACH_MEASURE
def test_progress_of_pairwise(setting):
    named, told = models(setting), []
    rs.pairwise(named, setting.bound(named["a"]), progress=lambda done, total: told.append((done, total)))
    assert told
    assert told[-1][0] == told[-1][1] > 0
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len({total for _, total in told}) == 1


def test_progress_bar_and_bad_progress(capsys):
    named = models(PLAIN[0])
    rs.pairwise(named, rs.cka, progress=True)
    assert capsys.readouterr().err
    with raises("bad_option"):
        rs.pairwise(named, rs.cka, progress="yes")
    with pytest.raises(ZeroDivisionError):
        rs.pairwise(named, rs.cka, progress=lambda done, total: 1 / 0)


def test_grid_in_other_forms(tmp_path):
    named = models(PLAIN[0])
    grid = rs.pairwise(named, rs.linear_regression_r2)[0]
    grid.to_csv(tmp_path / "grid.csv")
    lines = (tmp_path / "grid.csv").read_text().splitlines()
    assert lines[0] == ",a,b,c"
    assert [float(v) for v in lines[1].split(",")[1:]] == grid.values[0].tolist()
    assert str(grid).splitlines()[1].split() == ["a", "b", "c"]
    assert "<table" in grid._repr_html_()
    json.dumps(grid.to_dict())
    pandas = pytest.importorskip("pandas", reason="pandas is an optional dependency")
    frame = grid.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.loc["a", "b"] == grid["a", "b"]


def test_pairwise_needs_models():
    with raises("unsupported_dtype"):
        rs.pairwise("models", rs.cka)
    with raises("unsupported_dtype"):
        rs.pairwise(3, rs.cka)


# prepare


@EACH
def test_prepare(setting):
    x, y = pair(setting)
    measure, expected = setting.bound(x), setting.library(x, y)
    left, right = rs.prepare(x, measure), rs.prepare(y, measure)
    for a, b in ((left, y), (x, right), (left, right)):
        assert setting.library_of(a, b, x) == expected
    again = pickle.loads(pickle.dumps(left, protocol=5))  # noqa: S301 - our own bytes
    assert setting.library_of(again, right, x) == expected
    for protocol in range(2, 6):
        other = pickle.loads(pickle.dumps(right, protocol))  # noqa: S301 - our own bytes
        assert setting.library_of(other, y, x) == setting.library_of(right, y, x)
    assert (left.measure, left.n) == (setting.measure, 20)
    assert left.fingerprint == again.fingerprint != right.fingerprint
    assert setting.measure in repr(left)


@EACH_MEASURE
def test_prepared_in_operations(setting):
    named = models(setting)
    measure = setting.bound(named["a"])
    summaries = {name: rs.prepare(x, measure) for name, x in named.items()}
    plain, prepared = rs.pairwise(named, measure)[0], rs.pairwise(summaries, measure)[0]
    assert np.array_equal(plain.values, prepared.values)
    assert (
        rs.compare(summaries["a"], named["b"], measure)[0].value == rs.compare(named["a"], named["b"], measure)[0].value
    )
    if setting.facts.rows_paired:
        tests = [
            rs.permutation_test(a, b, measure, n_resamples=60, rng=1)
            for a, b in ((named["a"], named["b"]), (summaries["a"], summaries["b"]), (named["a"], summaries["b"]))
        ]
        assert len({(t.statistic, t.pvalue, t.null_mean, t.null_std) for t in tests}) == 1


@EACH_MEASURE
def test_prepared_for_something_else(setting):
    x, y = pair(setting)
    other = rs.cka if setting.measure != "cka" else rs.rsa
    if setting.measure not in ("cka", "rsa") and setting.input in ("predictions", "probabilities"):
        other = rs.disagreement if setting.measure != "disagreement" else rs.cohen_kappa
    summary = rs.prepare(x, setting.bound(x))
    with raises("summary_mismatch"):
        other(summary, y)
    with raises("summary_mismatch"):
        rs.compare(y, summary, other)


@EACH
def test_prepared_with_other_options(setting):
    """A summary serves the options it was made for, and no others."""
    x, y = pair(setting)
    others = [s for s in SETTINGS if s.measure == setting.measure and s.options != setting.options]
    if not others:
        assert {option.name for option in MEASURES[setting.measure].options} <= {"kind", "missing"}
        return
    summary = rs.prepare(x, setting.bound(x))
    changed = next((s for s in others if s.input == setting.input), others[0])
    with raises("summary_mismatch"):
        changed.library_of(summary, y, x)


@pytest.mark.parametrize("setting", [s for s in PLAIN if s.facts.rows_paired], ids=str)
def test_prepared_with_another_n(setting):
    x, y = pair(setting)
    short = y[:15, :15] if setting.input == "pair_matrix" else y[:15]
    for first, second in ((rs.prepare(x, setting.bound(x)), short), (short, rs.prepare(x, setting.bound(x)))):
        with pytest.raises(rs.ResemblanceError) as caught:
            setting.library_of(first, second, x)
        assert caught.value.code in ("summary_mismatch", "row_count_mismatch")


def test_own_functions_need_arrays():
    x, y = pairs.related(20, 4, 3)

    def mine(x, y):
        return 0.0

    with raises("not_offered"):
        rs.prepare(x, mine)
    with raises("summary_mismatch"):
        rs.compare(rs.prepare(x, rs.cka), y, mine)


# permutation_test


ALTERNATIVES = ("greater", "less", "two-sided")
TESTABLE = [s for s in SETTINGS if s.facts.rows_paired]


def brute_force(setting: Setting, x, y) -> np.ndarray:
    """The score of every matching, the observed one first."""
    return np.array([permuted_score(setting, x, y, p) for p in itertools.permutations(range(len(x)))])


def p_values(scores: np.ndarray) -> dict[str, float]:
    window = max(100 * np.finfo(float).eps * abs(scores[0]), 1e-9 * scores.std())
    greater, less = np.mean(scores >= scores[0] - window), np.mean(scores <= scores[0] + window)
    return {"greater": greater, "less": less, "two-sided": min(1.0, 2 * min(greater, less))}


def agrees_with_brute_force(setting: Setting, n: int) -> None:
    setting, x, y = tiny(setting, n)
    scores = brute_force(setting, x, y)
    expected = p_values(scores)
    for alternative in ALTERNATIVES:
        found = rs.permutation_test(x, y, setting.bound(x), alternative=alternative, return_null=True, rng=3)
        assert found.method == "exact"
        assert found.statistic == pytest.approx(setting.library(x, y), rel=1e-12, abs=1e-14)
        assert found.pvalue == pytest.approx(expected[alternative], abs=1e-12)
        assert found.null_mean == pytest.approx(scores.mean(), rel=1e-9, abs=1e-11)
        assert found.null_std == pytest.approx(scores.std(), rel=1e-7, abs=1e-8)
        assert found.null_mean_exact
        assert sorted(found.null_distribution) == pytest.approx(sorted(scores), rel=1e-8, abs=1e-8)
        assert found.null_distribution[0] == pytest.approx(found.statistic, rel=1e-12, abs=1e-14)
        assert found.min_pvalue <= found.pvalue + 1e-15


@pytest.mark.parametrize("setting", TESTABLE, ids=str)
def test_permutation_test_is_brute_force_over_5(setting):
    agrees_with_brute_force(setting, 5)


ONE_PER_MEASURE = [s for s in PLAIN if s in TESTABLE]


@pytest.mark.parametrize("setting", ONE_PER_MEASURE, ids=str)
def test_permutation_test_is_brute_force_over_6(setting):
    agrees_with_brute_force(setting, 6)


@pytest.mark.parametrize("setting", ONE_PER_MEASURE, ids=str)
def test_permutation_test_is_brute_force_over_7(setting):
    agrees_with_brute_force(setting, 7)


@pytest.mark.parametrize(
    ("setting", "n"), [(s, 5) for s in TESTABLE] + [(s, n) for s in ONE_PER_MEASURE for n in (6, 7)], ids=str
)
def test_drawn_permutations_are_permutations(setting, n):
    """With fewer resamples than n! the engines of the forms take over: each value is that of some matching."""
    setting, x, y = tiny(setting, n)
    scores = np.sort(brute_force(setting, x, y))
    found = rs.permutation_test(x, y, setting.bound(x), n_resamples=n * 9, rng=4, return_null=True)
    assert found.method != "exact"
    at = np.searchsorted(scores, found.null_distribution).clip(1, len(scores) - 1)
    gaps = np.minimum(abs(scores[at] - found.null_distribution), abs(scores[at - 1] - found.null_distribution))
    assert max(gaps) < 1e-8 * max(1.0, abs(scores).max())
    assert found.pvalue == pytest.approx(p_values(found.null_distribution)[found.alternative], abs=1e-12)


@pytest.mark.parametrize("setting", TESTABLE, ids=str)
def test_drawn_permutations_are_uniform(setting):
    """Mean and spread of the null agree with those of independent shuffles, within the noise of both."""
    x, y = pair(setting, 14)
    rng = np.random.default_rng(8)
    shuffled = np.array([permuted_score(setting, x, y, rng.permutation(14)) for _ in range(300)])
    found = rs.permutation_test(x, y, setting.bound(x), n_resamples=1399, rng=5)
    spread = shuffled.std() + 1e-12
    assert abs(found.null_mean - shuffled.mean()) < 5 * spread / math.sqrt(300) + 1e-9
    assert 0.8 * spread - 1e-9 < found.null_std < 1.25 * spread + 1e-9 or len(set(shuffled)) < 20
    assert found.n_resamples >= 1399
    assert 1 / (found.n_resamples + 1) <= found.min_pvalue <= found.pvalue <= 1


@pytest.mark.parametrize("setting", ONE_PER_MEASURE, ids=str)
def test_fields_of_a_permutation_test(setting):
    x, y = pair(setting, 16)
    measure = setting.bound(x)
    found = rs.permutation_test(x, y, measure, n_resamples=199, rng=7, return_null=True)
    facts = setting.facts
    assert found.alternative == ("greater" if facts.kind == "similarity" else "less")
    assert found.statistic == float(found) == pytest.approx(setting.library(x, y), rel=1e-12, abs=1e-14)
    assert found.measure == setting.measure
    assert repr(found.facts) == repr(facts)
    assert len(found.null_distribution) == found.n_resamples + 1
    if facts.link in ("root", "arccos"):  # the exact moments belong to what the root is taken of
        square = rs.permutation_moments(x, y, measure)
        assert square.before == facts.link
        assert found.zscore == pytest.approx((square.statistic - square.mean) / square.std, rel=1e-9)
    else:
        assert found.zscore == pytest.approx((found.statistic - found.null_mean) / found.null_std, rel=1e-9)
    identity = facts.identity_value
    if identity is not None and math.isfinite(identity):
        assert found.calibrated_mean == pytest.approx(
            (found.statistic - found.null_mean) / (identity - found.null_mean), rel=1e-9
        )
    assert "\n" not in str(found)
    assert len(bytes.fromhex(found.key)) == 32
    json.dumps(found.to_dict())
    again = rs.replay(found, x, y)
    assert again.pvalue == found.pvalue
    assert np.array_equal(again.null_distribution, found.null_distribution)
    with raises("replay_differs"):
        rs.replay(found, x, permuted(setting, y, range(len(y) - 1, -1, -1)))
    assert rs.permutation_test(x, y, measure, n_resamples=199, rng=7).null_distribution is None


@pytest.mark.parametrize("setting", ONE_PER_MEASURE, ids=str)
def test_random_numbers(setting):
    x, y = pair(setting, 16)
    measure = setting.bound(x)

    def run(rng):
        found = rs.permutation_test(x, y, measure, n_resamples=99, rng=rng, return_null=True)
        return found.key, found.null_distribution.tobytes()

    assert run(1) == run(1) == run(np.random.SeedSequence(1))
    assert run(1) != run(2)
    assert run(None) != run(None)
    assert run(np.random.default_rng(1)) == run(np.random.default_rng(1))
    generator = np.random.default_rng(1)
    assert run(generator) != run(generator)
    assert run(np.random.PCG64(1)) == run(np.random.default_rng(1))


@pytest.mark.parametrize("rng", ["seed", -1, 1.5, object()])
def test_bad_random_numbers(rng):
    x, y = pairs.related(16, 4, 3)
    with raises("bad_option"):
        rs.permutation_test(x, y, rs.cka, rng=rng)


def test_streams_are_frozen():
    """The permutations of stream r of seed 42, as the reference implementation of the design gives them."""
    key = np.random.SeedSequence(42).generate_state(8, np.uint32).astype("<u4").tobytes()
    for stream in range(4):
        for n in (1, 2, 10, 100):
            assert _core.permutation(key, stream, n).tolist() == permutation(n, 42, stream)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if not s.facts.rows_paired], ids=str)
def test_statistics_cannot_be_permuted(setting):
    x, y = pair(setting)
    with raises("permutation_undefined") as caught:
        rs.permutation_test(x, y, setting.bound(x))
    assert setting.measure in str(caught.value)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if not s.facts.rows_paired], ids=str)
def test_intervals_need_rows(setting):
    x, y = pair(setting)
    with raises("not_offered") as caught:
        rs.confidence_interval(x, y, setting.bound(x))
    assert "which row is which" in str(caught.value)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if not s.facts.rows_paired], ids=str)
def test_sides_of_different_length(setting):
    """Where no row is paired, x and y may have different numbers of rows, in every operation, and both are told."""
    x, y = pair(setting)
    x = x[:13]
    expected = setting.oracle(x, y)
    assert setting.library(x, y) == pytest.approx(expected, rel=1e-9)
    found = rs.compare(x, y, setting.bound(x))[0]
    assert (found.value, found.n, found.m, found.null_mean) == (setting.library(x, y), 13, 20, None)
    assert "n = 13, 20" in str(found)
    assert rs.compare(y, x, setting.bound(x))[0].n == 20
    assert "n = 20, 20" not in str(rs.compare(y, y, setting.bound(x))[0])
    prepared = [rs.prepare(side, setting.bound(x)) for side in (x, y)]
    assert setting.library_of(*prepared, x) == setting.library_of(prepared[0], y, x) == found.value
    grid = rs.pairwise({"short": x, "long": y, "prepared": prepared[0]}, setting.bound(x))[0]
    assert grid.values[0, 1] == grid.values[1, 2] == found.value


@pytest.mark.parametrize("setting", [s for s in ONE_PER_MEASURE if s.input == "matrix"], ids=str)
def test_repeated_pairs_are_not_exchangeable(setting):
    x, y = pair(setting)
    rows = [*range(20), 0, 1]
    with raises("not_exchangeable"):
        rs.permutation_test(x[rows], y[rows], setting.bound(x))
    rs.permutation_test(x[rows], pairs.related(22, y.shape[1], 2, seed=9)[0], setting.bound(x), n_resamples=30)


@pytest.mark.parametrize("setting", [s for s in ONE_PER_MEASURE if s.input not in ("matrix", "pair_matrix")], ids=str)
def test_predictions_repeat_by_nature(setting):
    x, y = (np.repeat(a, 2, axis=0) for a in pair(setting, 10))
    assert 0 < rs.permutation_test(x, y, setting.bound(x), n_resamples=99, rng=0).pvalue <= 1


def test_permutation_test_of_own_function():
    x, y = (a[:5] for a in pairs.related(5, 3, 3))

    def last(x, y):
        return float(x[0] @ y[0])

    scores = np.array([last(x, y[list(p)]) for p in itertools.permutations(range(5))])
    for alternative in (None, *ALTERNATIVES):
        found = rs.permutation_test(x, y, last, alternative=alternative)
        assert found.method == "exact"
        assert found.pvalue == pytest.approx(p_values(scores)[alternative or "greater"], abs=1e-12)
        assert found.null_mean == pytest.approx(scores.mean(), rel=1e-12)
    x, y = pairs.related(30, 3, 3)
    one, two = (rs.permutation_test(x, y, last, n_resamples=99, rng=3, return_null=True) for _ in range(2))
    assert np.array_equal(one.null_distribution, two.null_distribution)
    assert rs.replay(one, x, y, last).pvalue == one.pvalue
    with raises("not_offered"):
        rs.replay(one, x, y)


def test_own_copy_of_a_measure_finds_the_same_p():
    """The general path, for a function of one's own, and the engine of a form agree within the noise of both."""
    x, y = pairs.related(25, 4, 3, noise=4.0)

    for measure in (rs.cka, rs.procrustes, rs.knn_jaccard, rs.aligned_cosine):
        y = y if measure is not rs.aligned_cosine else pairs.related(25, 4, 4, noise=4.0)[1]

        def mine(x, y, measure=measure):
            return measure(x, y)

        ours = rs.permutation_test(x, y, measure, n_resamples=1999, rng=1, alternative="two-sided")
        theirs = rs.permutation_test(x, y, mine, n_resamples=999, rng=2, alternative="two-sided")
        assert ours.pvalue == pytest.approx(theirs.pvalue, abs=0.12)
        assert ours.zscore == pytest.approx(theirs.zscore, abs=0.4)


def test_labels_stay_with_the_first_argument():
    x, y = pairs.ids(6, 3, seed=3)
    labels = np.array([0, 1, 2, 0, 1, 2])
    measure = functools.partial(rs.error_corrected_disagreement, labels=labels)
    found = rs.permutation_test(x, y, measure, return_null=True)
    scores = [measure(x, y[list(p)]) for p in itertools.permutations(range(6))]
    assert sorted(found.null_distribution) == pytest.approx(sorted(scores))
    order = np.array([3, 1, 0, 5, 4, 2])
    shuffled = functools.partial(rs.error_corrected_disagreement, labels=labels[order])
    assert rs.permutation_test(x[order], y[order], shuffled).pvalue == found.pvalue
    second = functools.partial(rs.error_corrected_disagreement, labels=labels, reference="second")
    moved = rs.permutation_test(x, y, second, return_null=True)
    rate = np.mean(y != labels)  # of y with its own inputs, wherever its rows go
    by_hand = [rs.disagreement(x, y[list(p)]) / rate for p in itertools.permutations(range(6))]
    assert sorted(moved.null_distribution) == pytest.approx(sorted(by_hand))


@pytest.mark.parametrize("setting", ONE_PER_MEASURE, ids=str)
def test_progress_of_permutation_test(setting):
    x, y = pair(setting, 16)
    told = []
    rs.permutation_test(
        x, y, setting.bound(x), n_resamples=320, progress=lambda done, total: told.append((done, total))
    )
    assert told
    assert told[-1][0] == told[-1][1] > 0
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize(
    "options", [{"n_resamples": 0}, {"n_resamples": -3}, {"n_resamples": 2.5}, {"alternative": "larger"}]
)
@pytest.mark.parametrize(
    "measure", [rs.cka, rs.procrustes, rs.disagreement, lambda x, y: 0.0], ids=lambda m: m.__name__
)
def test_bad_arguments_of_permutation_test(options, measure):
    x, y = pairs.ids(16, 3) if measure is rs.disagreement else pairs.related(16, 4, 3)
    with raises("bad_option"):
        rs.permutation_test(x, y, measure, **options)


# Ways to name a measure, and its options


@EACH_MEASURE
def test_a_measure_by_name(setting):
    required = [o.name for o in MEASURES[setting.measure].options if o.required]
    x, y = pair(setting)
    if required:
        with pytest.raises(rs.ResemblanceError) as caught:
            rs.compare(x, y, setting.measure)
        assert caught.value.code in ("kind_required", "bad_option")
        assert required[0] in str(caught.value)
    elif not setting.options:
        assert rs.compare(x, y, setting.measure)[0].value == as_a_pair(setting, x, y)


def test_unknown_measures():
    x, y = pairs.related(12, 3, 3)
    with raises("unknown_measure") as caught:
        rs.compare(x, y, "ckaa")
    assert "cka" in str(caught.value)
    for wrong in (3, None, [], {}):
        with raises("unknown_measure"):
            rs.compare(x, y, wrong)


@EACH_MEASURE
def test_misspelt_options(setting):
    x, y = pair(setting)
    for option in MEASURES[setting.measure].options:
        wrong = functools.partial(getattr(rs, setting.measure), **(setting.options_for(x) | {option.name + "s": 1}))
        with raises("unknown_option") as caught:
            rs.compare(x, y, wrong)
        assert f"{option.name}s" in str(caught.value)
        assert option.name in str(caught.value).replace(f"{option.name}s", "")
    with pytest.raises(TypeError):
        setting.library(x, y, colour="red")


@EACH_MEASURE
def test_choices_are_checked(setting):
    x, y = pair(setting)
    for option in MEASURES[setting.measure].options:
        if option.choices:
            with raises("bad_option") as caught:
                setting.library(x, y, **{option.name: option.choices[-1] + "x"})
            assert option.choices[-1] in str(caught.value)
            with raises("bad_option"):
                setting.library(x, y, **{option.name: 3})
        elif option.kind in ("int", "float"):
            for wrong in ("three", [1, 2]):
                with raises("bad_option"):
                    setting.library(x, y, **{option.name: wrong})
        elif option.kind == "bool":
            with raises("bad_option"):
                setting.library(x, y, **{option.name: "yes"})


@EACH_MEASURE
def test_defaults_stand_in_both_places(setting):
    """The Python signature and the compiled core agree on every option and its default."""
    parameters = inspect.signature(getattr(rs, setting.measure)).parameters
    options = {o.name: o for o in MEASURES[setting.measure].options}
    assert set(options) == set(parameters) - {"x", "y", "models"}
    for name, option in options.items():
        default = parameters[name].default
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        if option.required:
            assert default in (inspect.Parameter.empty, None)
        else:
            assert default == option.default


def test_facts_depend_on_options():
    assert facts_of("cka", {}).range == (0.0, 1.0)
    assert facts_of("cka", {"estimator": "debiased"}).range[0] < 0
    assert facts_of("knn_jaccard", {"k": 7}).min_rows == 8
