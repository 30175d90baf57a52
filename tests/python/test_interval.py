"""Intervals and differences: what the jackknife finds, against leaving rows out by hand, and how often it is right."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import signal
import threading
import time
import warnings

import numpy as np
import pairs
import pytest
from scipy import stats
from settings import PLAIN, SETTINGS

import resemblance as rs

PAIRED = [s for s in SETTINGS if s.facts.rows_paired]
debiased = functools.partial(rs.cka, estimator="debiased")
GROUPS = np.array([5, 5, 2, 9, 9, 9, 2, 7, 5, 7, 2, 2, 9, 5, 4, 4, 5, 7, 7, 4])  # of 20 rows


@contextlib.contextmanager
def raises(code: str):
    with pytest.raises(rs.ResemblanceError) as caught:
        yield caught
    assert caught.value.code == code, str(caught.value)


def codes(found) -> list[str]:
    return [warning.code for warning in found.warnings]


def data(setting, n: int = 20, seed: int = 0):
    if setting.input in ("matrix", "pair_matrix"):
        x, y = pairs.related(n, 4, 3, seed=seed)
    else:
        x, y = pairs.scores(n, 3, seed=seed)
    return setting.inputs(x, y)


def rows_of(setting, array, stay):
    return array[np.ix_(stay, stay)] if setting.input == "pair_matrix" else array[stay]


def left_out(setting, x, y, groups) -> list[float]:
    """Score what stays, for every row or every group in sorted order."""
    found = []
    options = setting.options_for(x)
    for group in np.unique(groups):
        stay = groups != group
        some = {name: v[stay] if name == "labels" else v for name, v in options.items()}
        a, b = rows_of(setting, x, stay), rows_of(setting, y, stay)
        found.append(by_library(setting, a, b, some))
    return found


def by_library(setting, a, b, options) -> float:
    function = getattr(rs, setting.measure)
    return function([a, b], **options) if setting.is_group else function(a, b, **options)


def from_the_data(setting) -> bool:
    """Whether a closed form holds on to something that recomputation would take from fewer rows."""
    options = setting.options
    bandwidth = options.get("kernel") in ("rbf", "laplace") and "sigma" not in options
    return setting.measure == "cka" and options.get("estimator") != "lange" and bandwidth


# What the jackknife is made of


@pytest.mark.parametrize("setting", [s for s in PAIRED if not from_the_data(s)])
@pytest.mark.parametrize("groups", [None, GROUPS], ids=["rows", "groups"])
def test_leave_one_out_is_leaving_out(setting, groups):
    """For every measure in every setting, whichever way the values are found."""
    units = np.arange(20) if groups is None else groups
    x, y = data(setting)
    found = rs.confidence_interval(x, y, setting.bound(x), groups=groups)
    expected = left_out(setting, x, y, units)
    assert found.leave_one_out == pytest.approx(expected, rel=1e-10, abs=1e-12)
    value = setting.library(x, y)  # of a group of two, the general formula for groups may round otherwise
    assert found.estimate == float(found) == (pytest.approx(value, rel=1e-14) if setting.is_group else value)
    check(found, len(expected))


def check(found, units: int) -> None:
    """The formulas, from the values."""
    theta, mean = found.leave_one_out, np.mean(found.leave_one_out)
    error = math.sqrt((units - 1) / units * np.sum((theta - mean) ** 2))
    assert found.standard_error == pytest.approx(error, rel=1e-10, abs=1e-14)
    assert found.bias == pytest.approx((units - 1) * (mean - found.estimate), rel=1e-6, abs=1e-11)
    if found.method == "score":  # tested with the meaning of predictions
        assert found.low < found.estimate < found.high
        return
    reach = stats.t.ppf(0.5 + (1 - found.alpha) / 2, units - 1) * error
    low, high = found.facts.range or (-math.inf, math.inf)
    if isinstance(found, rs.Difference):
        low, high = low - high, high - low
    assert found.low == pytest.approx(max(found.estimate - reach, low), rel=1e-10, abs=1e-12)
    assert found.high == pytest.approx(min(found.estimate + reach, high), rel=1e-10, abs=1e-12)


def zero_diagonal_debiased(p, q):
    """Debiased CKA from the definition of the unbiased estimator, sum by sum."""

    def hsic(p, q):
        n = len(p)
        p, q = p - np.diag(np.diag(p)), q - np.diag(np.diag(q))
        one = np.ones(n)
        cross = 2 * one @ p @ q @ one / (n - 2)
        return np.trace(p @ q) + (one @ p @ one) * (one @ q @ one) / ((n - 1) * (n - 2)) - cross

    return hsic(p, q) / math.sqrt(hsic(p, p) * hsic(q, q))


@pytest.mark.parametrize(("d_x", "d_y"), [(3, 2), (3, 90), (90, 70)], ids=["factors", "mixed", "stored"])
@pytest.mark.parametrize("groups", [None, np.arange(60) % 11, np.repeat([0, 1, 2], [5, 15, 40])], ids=["1", "5", "40"])
def test_debiased_cka_without_rows(d_x, d_y, groups):
    """The closed form against the definition, where matrices are stored and where they are factors."""
    x, y = pairs.related(60, d_x, d_y)
    p, q = x @ x.T, y @ y.T
    found = rs.confidence_interval(x, y, debiased, groups=groups)
    assert found.closed_form
    units = np.arange(60) if groups is None else groups
    for unit, value in enumerate(found.leave_one_out):
        stay = np.ix_(units != unit, units != unit)
        assert value == pytest.approx(zero_diagonal_debiased(p[stay], q[stay]), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("kernel", ["rbf", "laplace"])
@pytest.mark.parametrize("estimator", ["biased", "debiased"])
def test_a_bandwidth_from_the_data_stays(kernel, estimator):
    x, y = pairs.related(30, 4, 3)
    sigma = [float(np.median([np.linalg.norm(a[i] - a[j]) for i in range(30) for j in range(i)])) for a in (x, y)]
    found = rs.confidence_interval(x, y, functools.partial(rs.cka, kernel=kernel, estimator=estimator))
    distances = [np.linalg.norm(a[:, None] - a, axis=2) for a in (x, y)]
    p, q = (np.exp(-((d / s) ** 2) / 2 if kernel == "rbf" else -d / s) for d, s in zip(distances, sigma, strict=True))
    expected = [
        rs.cka(*(np.delete(np.delete(m, i, 0), i, 1) for m in (p, q)), kernel="precomputed", estimator=estimator)
        for i in range(30)
    ]
    assert found.leave_one_out == pytest.approx(expected, rel=1e-9)


def test_golden_numbers():
    """Section 8 of the reference of the design: debiased CKA of 8 rows, its standard error and what is left out."""

    def features(k):
        i, j = np.ogrid[:8, :3]
        return (((i + 1) * (j + 2) * (k + 3) + i * i * (j + k + 1)) % 17 - 8).astype(float)

    expected = [
        *(0.10761194858857055, 0.40881542097981355, 0.13760440461159512, 0.42064038354674366),
        *(0.24143427140033127, 0.25828384744170535, 0.4212268602801181, 0.29511462239098674),
    ]
    x, y = features(0), features(0) + features(1)
    found = rs.confidence_interval(x, y, debiased)
    assert found.estimate == pytest.approx(0.2902755868501544, rel=1e-12)
    assert found.standard_error == pytest.approx(0.3076616702512694, rel=1e-12)
    assert found.leave_one_out == pytest.approx(expected, rel=1e-12)


# How often it is right


def draws(n: int, d: int, rng):
    """The two simulated settings of the design: ten common directions, noise, and the CKA of the population."""
    a, b = rng.normal(size=(10, d)), rng.normal(size=(10, d))
    q = rng.normal(size=(10, 10)) * 0.3 + np.eye(10)
    common, own = np.linalg.norm(a.T @ q @ b), np.linalg.norm(a.T @ a + np.eye(d))
    true = common**2 / own / np.linalg.norm(b.T @ q.T @ q @ b + np.eye(d))

    def draw():
        z = rng.normal(size=(n, 10))
        return z @ a + rng.normal(size=(n, d)), z @ q @ b + rng.normal(size=(n, d))

    return draw, true


@pytest.mark.parametrize("d", [20, 200])
def test_coverage(d):
    draw, true = draws(40, d, np.random.default_rng(4))
    inside, biases = [], []
    for _ in range(500):
        found = rs.confidence_interval(*draw(), debiased, alpha=0.1)
        inside.append(found.low <= true <= found.high)
        biases.append(found.estimate - true)
    assert 0.86 <= np.mean(inside) <= 0.95
    assert abs(np.mean(biases)) < 0.01


@pytest.mark.parametrize("d", [20, 200])
def test_coverage_of_biased_intervals_is_poor(d):
    """Why the warning is there: the bias is larger than the standard error, and the jackknife sees most of it."""
    draw, true = draws(40, d, np.random.default_rng(4))
    found = [rs.confidence_interval(*draw(), rs.cka, alpha=0.1) for _ in range(200)]
    assert np.mean([one.low <= true <= one.high for one in found]) < 0.85
    bias = np.mean([one.estimate - true for one in found])
    assert 0.03 < bias < 0.09
    assert np.mean([one.bias for one in found]) == pytest.approx(bias, abs=0.02)
    assert np.mean(["biased_interval" in codes(one) for one in found]) > 0.95


def test_coverage_with_groups():
    """Rows of a group share much on both sides: rows left out one by one promise too much, groups do not."""
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=(6, 12)), rng.normal(size=(6, 12))
    groups = np.repeat(np.arange(16), 4)

    def draw(size=64, of=groups):
        z = 0.95 * rng.normal(size=(of[-1] + 1, 6))[of] + 0.3 * rng.normal(size=(size, 6))
        return z @ a + rng.normal(size=(size, 12)), z @ b + rng.normal(size=(size, 12))

    true = float(debiased(*draw(20_000, np.arange(20_000))))
    by_row, by_group = [], []
    for _ in range(250):
        x, y = draw()
        for found, units in ((by_row, None), (by_group, groups)):
            one = rs.confidence_interval(x, y, debiased, alpha=0.1, groups=units)
            found.append(one.low <= true <= one.high)
    assert np.mean(by_row) < 0.75
    assert 0.82 <= np.mean(by_group) <= 0.97


def test_coverage_of_a_difference():
    rng = np.random.default_rng(11)
    draw, _ = draws(60, 20, rng)
    inside = []
    for _ in range(300):
        x, y = draw()
        one, other = (y + 2 * rng.normal(size=y.shape) for _ in range(2))  # equally similar to x
        found = rs.similarity_difference(x, one, other, debiased, alpha=0.1)
        inside.append(found.low <= 0 <= found.high)
    assert 0.85 <= np.mean(inside) <= 0.96


def test_one_sample_stands_for_many():
    """The standard error of one sample is the scatter of scores over samples."""
    draw, _ = draws(80, 20, np.random.default_rng(3))
    found = [rs.confidence_interval(*draw(), debiased) for _ in range(150)]
    scatter = np.std([one.estimate for one in found])
    assert np.mean([one.standard_error for one in found]) == pytest.approx(scatter, rel=0.2)


# Differences


@pytest.mark.parametrize("setting", [s for s in PLAIN if s in PAIRED])
def test_a_difference_is_paired(setting):
    x, y = data(setting)
    other = data(setting, seed=1)[1]
    found = rs.similarity_difference(x, y, other, setting.bound(x), alpha=0.2)
    one, two = (rs.confidence_interval(x, b, setting.bound(x)) for b in (y, other))
    assert (found.first, found.second) == (one.estimate, two.estimate)
    assert found.estimate == float(found) == found.first - found.second
    assert np.array_equal(found.leave_one_out, one.leave_one_out - two.leave_one_out)
    assert (found.margin, found.equivalent, found.pvalue_equivalence) == (None, None, None)
    check(found, 20)
    turned = rs.similarity_difference(x, other, y, setting.bound(x), alpha=0.2)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("margin", [0.01, 0.05, 0.1, 0.3, 0.9])
@pytest.mark.parametrize("alpha", [0.2, 0.1, 0.01])
def test_equivalence_is_two_one_sided_tests(margin, alpha):
    x, y = pairs.related(50, 5, 5, noise=0.2)
    other = y + 0.3 * pairs.related(50, 5, 5, seed=2)[0]
    found = rs.similarity_difference(x, y, other, debiased, margin=margin, alpha=alpha)
    t = stats.t(49)
    below = t.sf((found.estimate + margin) / found.standard_error)
    above = t.cdf((found.estimate - margin) / found.standard_error)
    assert found.pvalue_equivalence == pytest.approx(max(below, above), rel=1e-9)
    assert found.equivalent == (-margin <= found.low and found.high <= margin)
    assert found.equivalent == (found.pvalue_equivalence <= alpha / 2)


def test_known_differences():
    x, y = pairs.related(80, 6, 6, noise=0.1)
    rng = np.random.default_rng(0)
    far = rng.normal(size=y.shape)
    turned = y @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    assert rs.similarity_difference(x, y, far, debiased).low > 0.3
    same = rs.similarity_difference(x, y, turned, debiased, margin=0.02)
    assert abs(same.estimate) < 1e-12
    assert same.equivalent
    assert same.pvalue_equivalence < 1e-6
    assert not rs.similarity_difference(x, y, far, debiased, margin=0.02).equivalent


def test_a_side_with_itself():
    x, y = pairs.related(30, 4, 4)
    found = rs.similarity_difference(x, y, y, debiased, margin=0.1)
    assert (found.estimate, found.standard_error) == (0.0, 0.0)
    assert found.pvalue_equivalence is None  # no spread is no evidence
    assert found.equivalent is None
    assert "no_spread" in codes(found)


# Functions of one's own


def correlation(x, y):
    return float(np.corrcoef(x[:, 0], y[:, 0])[0, 1])


def mine(x, y):
    return debiased(x, y)


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_own_function(groups):
    x, y = pairs.related(20, 4, 3)
    ours = rs.confidence_interval(x, y, debiased, groups=groups)
    theirs = rs.confidence_interval(x, y, mine, groups=groups)
    assert theirs.leave_one_out == pytest.approx(ours.leave_one_out, rel=1e-10, abs=1e-12)
    for name in ("estimate", "standard_error", "low", "high"):
        assert getattr(theirs, name) == pytest.approx(getattr(ours, name), rel=1e-9)
    assert (theirs.n, theirs.n_groups, theirs.closed_form) == (20, None if groups is None else 5, False)
    check(theirs, 20 if groups is None else 5)
    other = y + x[:, :3]
    ours, theirs = (rs.similarity_difference(x, y, other, m, groups=groups, margin=0.3) for m in (debiased, mine))
    assert theirs.pvalue_equivalence == pytest.approx(ours.pvalue_equivalence, rel=1e-8)
    assert (theirs.first, theirs.second) == (ours.first, ours.second)


def test_own_function_that_fails():
    x, y = pairs.related(20, 4, 3)
    with raises("undefined") as caught:
        rs.confidence_interval(x, y, lambda x, y: math.nan if len(x) == 19 else 0.5)
    assert "all but row 0" in str(caught.value)
    with raises("row_count_mismatch"):
        rs.confidence_interval(x, y[:19], correlation)
    with raises("row_count_mismatch"):
        rs.confidence_interval(x, y, correlation, groups=GROUPS[:19])
    with raises("too_few_samples"):
        rs.confidence_interval(x[:1], y[:1], correlation)
    with raises("summary_mismatch"):
        rs.confidence_interval(rs.prepare(x, debiased), y, mine)


# Results


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_results_in_other_forms(groups):
    x, y = pairs.related(20, 4, 3)
    interval = rs.confidence_interval(x, y, debiased, groups=groups)
    difference = rs.similarity_difference(x, y, x, debiased, groups=groups, margin=0.1)
    for found in (interval, difference):
        assert "\n" not in str(found)
        assert str(found).startswith("cka[estimator=debiased]")
        assert "95% interval" in str(found)
        assert json.loads(json.dumps(found.to_dict()))["n"] == 20
        assert "<table" in found._repr_html_()
        assert (found.measure, found.method, found.alpha) == ("cka", "jackknife", 0.05)
        assert found.options["estimator"] == "debiased"
        assert found.facts.chance_corrected
        assert found.n_groups == (None if groups is None else 5)
        assert ("5 groups" in str(found)) == (groups is not None)
        assert "leave_one_out" not in repr(found)
    assert "equivalent within 0.100" in str(difference)


def test_groups_may_be_words():
    x, y = pairs.related(20, 4, 3)
    by_number = rs.confidence_interval(x, y, debiased, groups=GROUPS)
    words = [f"text {group}" for group in GROUPS]
    assert np.array_equal(rs.confidence_interval(x, y, debiased, groups=words).leave_one_out, by_number.leave_one_out)
    alone = rs.confidence_interval(x, y, debiased, groups=np.arange(20))
    assert np.array_equal(alone.leave_one_out, rs.confidence_interval(x, y, debiased).leave_one_out)


@pytest.mark.parametrize("measure", [debiased, rs.distance_correlation, rs.disagreement])
def test_prepared_summaries(measure):
    x, y = pairs.ids(20, 3) if measure is rs.disagreement else pairs.related(20, 4, 3)
    plain = rs.confidence_interval(x, y, measure)
    prepared = rs.confidence_interval(rs.prepare(x, measure), rs.prepare(y, measure), measure)
    assert np.array_equal(plain.leave_one_out, prepared.leave_one_out)


# Refusals


def test_refusals():
    x, y = pairs.related(20, 4, 3)
    for statistic in (rs.participation_ratio, rs.uniformity):
        with raises("not_offered") as caught:
            rs.confidence_interval(x, y, statistic)
        assert statistic.__name__ in str(caught.value)
    for a, b in ((rs.prepare(x, rs.rsa), y), (x, rs.prepare(y, rs.rsa))):
        with raises("not_offered") as caught:
            rs.confidence_interval(a, b, rs.rsa)
        assert "prepared" in str(caught.value)
    with raises("summary_mismatch"):
        rs.confidence_interval(rs.prepare(x, rs.cka), y, debiased)
    with raises("row_count_mismatch"):
        rs.confidence_interval(x, y[:19], debiased)
    with raises("row_count_mismatch"):
        rs.similarity_difference(x, y, y[:19], rs.rsa)
    with raises("too_few_samples") as caught:
        rs.confidence_interval(x[:4], y[:4], debiased)
    assert "5" in str(caught.value)
    assert rs.confidence_interval(x[:5], y[:5], debiased).n == 5
    bad = x.copy()
    bad[3, 1] = np.nan
    with raises("nonfinite_input"):
        rs.confidence_interval(bad, y, debiased)


def test_groups_that_make_no_sense():
    x, y = pairs.related(20, 4, 3)
    for measure in (debiased, rs.rsa):
        with raises("row_count_mismatch") as caught:
            rs.confidence_interval(x, y, measure, groups=GROUPS[:19])
        assert "groups" in str(caught.value)
        with raises("bad_option"):
            rs.confidence_interval(x, y, measure, groups=np.zeros(20, dtype=int))
        with raises("too_few_samples"):
            rs.confidence_interval(x, y, measure, groups=np.arange(20) < 19)
        with raises("row_count_mismatch"):
            rs.confidence_interval(x, y, measure, groups=[])
        for wrong in (GROUPS[:, None], 3, [None] * 20):
            with raises("bad_option"):
                rs.confidence_interval(x, y, measure, groups=wrong)


@pytest.mark.parametrize("measure", [debiased, rs.rsa, correlation], ids=["closed", "anew", "own"])
@pytest.mark.parametrize(
    "options", [{"alpha": 0}, {"alpha": 1}, {"alpha": 95}, {"alpha": "high"}, {"alpha": math.nan}, {"alpha": True}]
)
def test_bad_values_of_alpha(measure, options):
    x, y = pairs.related(12, 4, 3)
    with raises("bad_option") as caught:
        rs.confidence_interval(x, y, measure, **options)
    assert "alpha" in str(caught.value)
    with raises("bad_option"):
        rs.similarity_difference(x, y, x, measure, **options)


def test_other_bad_options():
    x, y = pairs.related(12, 4, 3)
    with raises("bad_option"):
        rs.confidence_interval(x, y, debiased, method="bootstrap")
    for margin in (0, -0.1, math.inf, math.nan, "small", True):
        with raises("bad_option"):
            rs.similarity_difference(x, y, x, debiased, margin=margin)
    with raises("unknown_measure"):
        rs.confidence_interval(x, y, "ckaa")


def test_a_score_that_a_row_holds_up():
    x, y = np.zeros((8, 2)), pairs.related(8, 3, 3)[1]
    x[3] = 1.0
    with raises("undefined") as caught:
        rs.confidence_interval(x, y, functools.partial(rs.rsa, inner="euclidean"))
    assert "without row 3" in str(caught.value)
    with raises("undefined") as caught:
        rs.confidence_interval(x, y, rs.cka)
    assert "without row 3" in str(caught.value)


# Warnings


def test_warning_of_repeated_pairs():
    x, y = pairs.related(300, 4, 3)
    rows = [*range(300), 0]
    once = rs.confidence_interval(x[rows], y[rows], debiased)
    warning = next(w for w in once.warnings if w.code == "duplicate_samples")
    assert warning.details == {"repeats": 1, "n": 301}
    fresh = pairs.related(301, 4, 3, seed=1)[1]
    assert "duplicate_samples" in codes(rs.similarity_difference(x[rows], fresh, y[rows], debiased))
    for clean in (
        rs.confidence_interval(x, y, debiased),
        rs.confidence_interval(x[rows], y[rows], debiased, groups=rows),
        rs.confidence_interval(x[rows], pairs.related(301, 4, 3)[1], debiased),
    ):
        assert "duplicate_samples" not in codes(clean)
    a, b = pairs.ids(30, 3)
    assert "duplicate_samples" not in codes(rs.confidence_interval(a, b, rs.disagreement))
    thrice = rs.confidence_interval(np.tile(x, (3, 1)), np.tile(y, (3, 1)), debiased)
    assert codes(thrice).count("duplicate_samples") == 1


@pytest.mark.parametrize("measure", [rs.knn_jaccard, rs.mutual_knn, rs.second_order_cosine, rs.svcca])
def test_warning_of_jumps(measure):
    x, y = pairs.related(40, 4, 3)
    found = rs.confidence_interval(x, y, measure)
    warning = next(w for w in found.warnings if w.code == "not_smooth")
    assert warning.details["standard_error"] == found.standard_error
    assert "biased_interval" not in codes(found)


def test_warning_of_bias():
    draw, _ = draws(40, 20, np.random.default_rng(1))
    x, y = draw()
    for measure in (rs.cka, rs.distance_correlation, rs.linear_regression_r2):
        found = rs.confidence_interval(x, y, measure)
        warning = next(w for w in found.warnings if w.code == "biased_interval")
        assert warning.details["bias"] == found.bias
        assert f"{found.bias:+.3f}" in warning.message
    for measure in (debiased, functools.partial(rs.distance_correlation, bias_corrected=True), rs.rsa):
        assert "biased_interval" not in codes(rs.confidence_interval(x, y, measure))


def test_warning_of_few_groups_and_no_spread():
    x, y = pairs.related(20, 4, 3)
    assert "few_groups" in codes(rs.confidence_interval(x, y, debiased, groups=np.arange(20) % 4))
    assert "few_groups" not in codes(rs.confidence_interval(x, y, debiased, groups=np.arange(20) % 5))
    ids = pairs.ids(20, 3)[0]
    found = rs.confidence_interval(ids, ids.copy(), rs.cohen_kappa)
    assert (found.low, found.high) == (1.0, 1.0)
    assert "no_spread" in codes(found)
    assert "no_spread" not in codes(rs.confidence_interval(ids, ids.copy(), rs.disagreement))  # which needs none


def test_warnings_are_reported():
    x, y = pairs.related(40, 4, 3)
    with rs.config(on_warning="warn"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rs.confidence_interval(x, y, rs.knn_jaccard)
    told = [w for w in caught if isinstance(w.message, rs.ResemblanceWarning)]
    assert "not_smooth" in [w.message.code for w in told]
    assert all(w.filename == __file__ for w in told)
    with rs.config(on_warning="raise"), pytest.raises(rs.ResemblanceError):
        rs.confidence_interval(x, y, rs.knn_jaccard)


# Threads, progress, Ctrl-C, time


@pytest.mark.parametrize("measure", [debiased, rs.cka, rs.distance_correlation, rs.rsa, rs.cca_mean])
@pytest.mark.parametrize("groups", [None, np.arange(90) % 13], ids=["rows", "groups"])
def test_threads_do_not_change_a_bit(measure, groups):
    for d_x, d_y in ((5, 4), (150, 5)):
        x, y = pairs.related(90, d_x, d_y)
        if measure is rs.cca_mean and d_x > 90:
            continue
        found = [rs.confidence_interval(x, y, measure, groups=groups, num_threads=t) for t in (1, 2, 3, 8)]
        assert len({one.leave_one_out.tobytes() for one in found}) == 1
        assert len({(one.estimate, one.low, one.high) for one in found}) == 1


@pytest.mark.parametrize("measure", [rs.rsa, rs.knn_jaccard, correlation], ids=["rsa", "knn_jaccard", "own"])
@pytest.mark.parametrize("groups", [None, GROUPS])
def test_progress(measure, groups):
    x, y = pairs.related(20, 4, 3)
    told = []
    rs.confidence_interval(x, y, measure, groups=groups, progress=lambda done, total: told.append((done, total)))
    units = 20 if groups is None else 5
    assert told[-1] == (units, units)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_ctrl_c_stops_soon():
    x, y = pairs.related(1500, 40, 40)
    main = threading.get_ident()

    def interrupt():
        time.sleep(0.4)
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        rs.confidence_interval(x, y, rs.rsa)
    assert time.perf_counter() - start < 2.0
    thread.join()
