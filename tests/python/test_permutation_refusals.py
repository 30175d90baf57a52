"""What permutation tests refuse, what they remark on, and which forms of input are one."""

from __future__ import annotations

import functools
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from permutations import ALTERNATIVES, EACH_FORM, MEASURES, OWN, TESTS, as_grid, codes, raises, unrelated

import resemblance as rs

N = 20
REFUSED = [
    ("nothing_to_permute", {"strata": np.arange(N)}, "strata has one row"),
    ("nothing_to_permute", {"groups": np.zeros(N)}, "in one group"),
    ("nothing_to_permute", {"groups": np.repeat([0, 1], [5, 15])}, "the same size"),
    ("bad_option", {"groups": np.arange(N) // 2, "strata": np.arange(N) % 2}, "a group must lie in one"),
    ("row_count_mismatch", {"strata": np.arange(5)}, "strata has 5"),
    ("row_count_mismatch", {"groups": np.zeros(N + 1)}, "groups has 21"),
    ("bad_option", {"scheme": "shift", "strata": np.arange(N) // 2}, "cannot be combined"),
    ("bad_option", {"scheme": "shift", "groups": np.arange(N) // 2}, "cannot be combined"),
    ("bad_option", {"strata": np.where(np.arange(N) == 3, np.nan, 1.0)}, "none of them missing"),
    ("bad_option", {"strata": np.array(["NaT"] + ["2020-01-01"] * (N - 1), dtype="M8[D]")}, "none of them missing"),
    ("bad_option", {"strata": [None] + [1] * (N - 1)}, "strata"),
    ("bad_option", {"strata": ["a", "b"] * (N // 2 - 1) + ["a", math.nan]}, "strata"),
    ("bad_option", {"strata": np.array([1.0, math.nan] + [1.0] * (N - 2), dtype=object)}, "strata"),
    ("bad_option", {"groups": np.zeros((N, 1))}, "one id per row"),
    ("bad_option", {"n_resamples": 99.0}, "whole number"),
    ("bad_option", {"n_resamples": True}, "whole number"),
    ("bad_option", {"n_resamples": 0}, "at least 1"),
    ("bad_option", {"n_resamples": None}, "whole number"),
    ("bad_option", {"alpha": 0.0}, "between 0 and 1"),
    ("bad_option", {"alpha": 1}, "between 0 and 1"),
    ("bad_option", {"alpha": math.nan}, "between 0 and 1"),
    ("bad_option", {"alpha": "small"}, "between 0 and 1"),
    ("bad_option", {"method": "orbit"}, "orbits"),
    ("bad_option", {"method": "banana"}, "monte_carlo"),
    ("bad_option", {"precision": "float16"}, "float32"),
    ("bad_option", {"scheme": "rotate"}, "shift"),
    ("bad_option", {"alternative": "bigger"}, "greater"),
    ("bad_option", {"alternative": "banana"}, "two-sided"),
    ("bad_option", {"method": "exact"}, "10000000"),
]


@EACH_FORM
@pytest.mark.parametrize(("code", "options", "words"), REFUSED, ids=lambda v: str(list(v))[:30] * isinstance(v, dict))
def test_refusals(form, code, options, words):
    """For one pair and for grids, for measures and for functions of one's own."""
    x, y = unrelated(N, 3, 3)
    with raises(code, words):
        rs.permutation_test(x, y, MEASURES[form], **{"n_resamples": 99} | options)
    if "alpha" not in options:  # which is for sequential tests, of one pair
        with raises(code):
            rs.pairwise_test({"x": x}, MEASURES[form], y={"y": y}, **{"n_resamples": 99} | options)


@EACH_FORM
def test_what_is_for_one_pair_only(form):
    x, y = unrelated(N, 3, 3)
    with raises("bad_option", "adjust", "step-down"):
        rs.pairwise_test([x], MEASURES[form], y=[y], adjust="holm", n_resamples=99)
    with raises("not_offered"):
        rs.pairwise_test([x], MEASURES[form], y=[y], method="sequential")


@pytest.mark.parametrize("form", ["rows", "own"])
def test_orbits_where_there_are_none(form):
    """Asked for by name, for one pair and for grids: refused, not replaced."""
    x, y = unrelated(N, 3, 3)
    with raises("not_offered"):
        rs.permutation_test(x, y, MEASURES[form], method="orbits", n_resamples=99)
    with raises("not_offered"):
        rs.pairwise_test([x], MEASURES[form], y=[y], method="orbits", n_resamples=99)


@pytest.mark.parametrize(("form", "options"), [("product", {}), ("bilinear", {"groups": np.arange(N) // 2})], ids=str)
def test_orbits_of_grids(form, options):
    """Where single pairs have orbits, a grid has them too, and the same where it is of one pair."""
    x, y = unrelated(N, 3, 3)
    for method in ("orbits", "auto"):
        found = {"method": method, "n_resamples": 99, "rng": 0} | options
        one = rs.permutation_test(x, y, MEASURES[form], **found)
        grid = rs.pairwise_test([x], MEASURES[form], y=[y], **found)[0]
        assert one.method == grid.method == "orbits"
        assert (grid.n_orbits, grid.n_resamples, grid.unadjusted[0, 0]) == (one.n_orbits, one.n_resamples, one.pvalue)
    alone = rs.pairwise_test([x], MEASURES[form], y=[y], **{"method": "monte_carlo", "n_resamples": 99} | options)[0]
    assert (alone.method, alone.n_orbits, alone.n_resamples) == ("monte_carlo", None, 99)


def test_no_orbits_of_scattered_strata():
    x, y = unrelated(N, 3, 3)
    options = {"strata": np.arange(N) // 3, "n_resamples": 99}
    assert rs.pairwise_test([x], rs.cka, y=[y], **options)[0].method == "monte_carlo"
    with raises("not_offered", "orbits"):
        rs.permutation_test(x, y, rs.cka, method="orbits", **options)
    with raises("not_offered", "orbits"):
        rs.pairwise_test([x], rs.cka, y=[y], method="orbits", **options)


@EACH_FORM
def test_exact_grids(form):
    """`exact` insists on all orders, in grids as for one pair, whatever `n_resamples` is."""
    x, y = unrelated(5, 2, 2)
    measure = functools.partial(rs.knn_jaccard, k=2) if form == "lists" else MEASURES[form]
    grid = rs.pairwise_test([x], measure, y=[y], method="exact", n_resamples=9)[0]
    one = rs.permutation_test(x, y, measure, method="exact", n_resamples=9)
    assert (grid.method, grid.n_resamples) == (one.method, one.n_resamples) == ("exact", 119)
    assert grid.pvalues[0, 0] == one.pvalue


@EACH_FORM
@pytest.mark.parametrize("test", TESTS)
def test_remarks(form, test):
    """Groups without a partner stay in place, and a test that can find nothing says so."""
    run = functools.partial(TESTS[test], *unrelated(N, 3, 3), MEASURES[form], rng=0)
    alone = np.r_[0, 0, 0, np.arange(1, N - 2)]
    found = run(groups=alone, n_resamples=99)
    assert "groups_in_place" in codes(found)
    (remark,) = [one for one in found.warnings if one.code == "groups_in_place"]
    assert (remark.details["groups_in_place"], remark.details["movable"], remark.details["n"]) == (1, N - 3, N)
    assert "groups_in_place" not in codes(run(groups=np.arange(N) // 2, n_resamples=99))
    for options in ({"n_resamples": 15, "method": "monte_carlo"}, {"groups": np.arange(N) // 10}):
        found = run(**options)
        assert found.min_pvalue > 0.05
        assert "p_floor" in codes(found)
    assert "p_floor" not in codes(run(n_resamples=99))


def test_repeated_pairs_need_groups():
    x, y = unrelated(10, 3, 3)
    rows = np.repeat(np.arange(10), 2)
    with raises("not_exchangeable", "20"):
        rs.permutation_test(x[rows], y[rows], rs.cka, n_resamples=99)
    grid = as_grid(x[rows], y[rows], rs.cka, n_resamples=99)
    assert {code for code, _ in grid.status.values()} == {"not_exchangeable"}
    for test in TESTS.values():
        assert test(x[rows], y[rows], rs.cka, n_resamples=99, groups=rows).n_resamples >= 99


def test_ids_of_any_kind():
    """What matters is who is alike, not by which name."""
    x, y = unrelated(N)
    ids = np.arange(N) % 4
    forms = [
        ids,
        ids.tolist(),
        ids.astype(np.uint8),
        ids + 0.5,
        -(10**12) * ids,
        np.array(list("cabd"))[ids],
        np.array(["2020-01-01", "2020-01-02", "2021-01-01", "2022-01-01"], dtype="M8[D]")[ids],
    ]
    for name in ("strata", "groups"):
        found = {rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, **{name: form}).pvalue for form in forms}
        assert len(found) == 1
    two = rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, strata=ids > 1)
    assert two.pvalue == rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, strata=(ids > 1).astype(int)).pvalue


@pytest.mark.parametrize("form", ["bilinear", "product", "lists"])
def test_more_resamples_than_can_be_counted(form):
    x, y = unrelated(N, 3, 3)
    with raises("bad_option", "n_resamples"):
        rs.permutation_test(x, y, MEASURES[form], n_resamples=10**30)


def test_numbers_of_numpy():
    x, y = unrelated(N)
    plain = rs.permutation_test(x, y, rs.cka, n_resamples=99, alpha=0.25, rng=0)
    numpy = rs.permutation_test(x, y, rs.cka, n_resamples=np.int32(99), alpha=np.float32(0.25), rng=np.int64(0))
    assert numpy.to_dict() == plain.to_dict()


def test_executors_call_own_functions():
    x, y = unrelated(N)
    alone = rs.permutation_test(x, y, OWN["own"], n_resamples=199, rng=0, return_null=True)
    with ThreadPoolExecutor(3) as pool:
        shared = rs.permutation_test(x, y, OWN["own"], n_resamples=199, rng=0, return_null=True, executor=pool)
        assert shared.to_dict() == alone.to_dict()
        for refused in (
            {"x": x, "y": y, "measure": rs.cka},
            {"x": x, "y": y, "measure": OWN["own"], "method": "sequential"},
        ):
            with raises("bad_option", "executor"):
                rs.permutation_test(**refused, executor=pool)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_infinite_scores_of_own_functions(alternative):
    """Refused, or counted like any other number: p is never 0."""
    x, y = unrelated(N)

    def own(x, z):
        return math.inf if np.array_equal(y, z) else float(np.sum(x[:, 0] * z[:, 0]))

    for test in TESTS.values():
        try:
            found = test(x, y, own, n_resamples=99, rng=0, alternative=alternative)
        except rs.ResemblanceError as error:
            assert error.code == "undefined"  # noqa: PT017 - one of two good answers
        else:
            p = float(np.ravel(getattr(found, "pvalues", getattr(found, "pvalue", None)))[0])
            assert p == pytest.approx({"greater": 0.01, "less": 1.0, "two-sided": 0.02}[alternative])


def test_one_id_for_all_is_no_restriction():
    x, y = unrelated(N)
    free, strata, groups = (
        rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, return_null=True, **options)
        for options in ({}, {"strata": np.zeros(N)}, {"groups": np.arange(N)})
    )
    assert np.array_equal(free.null_distribution, strata.null_distribution)
    assert np.array_equal(free.null_distribution, groups.null_distribution)
