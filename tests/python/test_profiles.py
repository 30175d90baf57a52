"""What the data say about themselves: of each side by itself, of arrays and prepared summaries, in every operation."""

from __future__ import annotations

import functools
import pickle
import warnings

import numpy as np
import pytest

import resemblance as rs

debiased = functools.partial(rs.cka, estimator="debiased")


@pytest.fixture(autouse=True)
def _loud():
    with rs.config(on_warning="warn"):
        yield


def said(function, *given, **how) -> list[rs.ResemblanceWarning]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(*given, **how)
    return [one.message for one in caught if isinstance(one.message, rs.ResemblanceWarning)]


def told(function, *given, code, **how) -> str:
    """Return the message of that code, or nothing."""
    return " ".join(one.message for one in said(function, *given, **how) if one.code == code)


def unrelated(n, d, seed=0):
    rng = np.random.default_rng([seed, n, d])
    return rng.normal(size=(n, d)), rng.normal(size=(n, d))


def with_a_shared_column(d, sd=60.0):
    """One column in common, at another place on either side."""
    x, y = unrelated(500, d)
    x[:, 0] = y[:, d - 1] = sd * np.random.default_rng(1).normal(size=500)
    return x, y


OPERATIONS = {
    "plain": rs.cka,
    "compare": lambda x, y: rs.compare(x, y, rs.cka),
    "grid": lambda x, y: rs.pairwise({"x": x}, rs.cka, y={"y": y}),
    "grid_of_one_list": lambda x, y: rs.pairwise({"x": x, "y": y}, rs.cka),
    "test": lambda x, y: rs.permutation_test(x, y, rs.cka, n_resamples=19),
    "grid_of_tests": lambda x, y: rs.pairwise_test({"x": x}, rs.cka, y={"y": y}, n_resamples=19),
}
EACH_OPERATION = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


@EACH_OPERATION
@pytest.mark.parametrize("d", [64, 11, 10, 6, 2])
def test_a_column_that_dominates_is_seen_at_any_place_and_width(operation, d):
    message = told(operation, *with_a_shared_column(d), code="dominant_dimension")
    assert "column 0 of x" in message
    assert "x.std" in message
    assert told(operation, *unrelated(500, d), code="dominant_dimension") == ""


def test_columns_of_both_sides_are_named_once():
    message = told(rs.cka, *with_a_shared_column(64), code="dominant_dimension")
    assert "column 63 of y" in message
    x, y = with_a_shared_column(8)
    with rs.config(on_warning="ignore"):
        grid = rs.pairwise({"x": x, "y": y, "z": unrelated(500, 8)[0]}, rs.cka)[0]
    names = [one.details["name"] for one in grid.warnings if one.code == "dominant_dimension"]
    assert names == ["x", "y"]


@EACH_OPERATION
def test_three_columns_that_vary_by_themselves_are_named_together(operation):
    """Wide columns of language models: each model has its own, and the score is about nothing else."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(300, 10))

    def model():
        rest = common @ rng.normal(size=(10, 60)) + rng.normal(size=(300, 60))
        rest[:, [7, 20, 41]] = 400 * rng.normal(size=(300, 3))
        return rest

    x, y = model(), model()
    message = told(operation, x, y, code="dominant_dimension")
    assert all(str(column) in message for column in (7, 20, 41))
    with rs.config(on_warning="ignore"):
        assert rs.cka(x, y) < 0.05
        assert rs.cka(x / x.std(0), y / y.std(0)) > 0.6


@EACH_OPERATION
@pytest.mark.parametrize("n", [12, 20, 300])
def test_a_row_that_dominates_is_seen_among_few(operation, n):
    x, y = unrelated(n, 8)
    x[3] += 50
    y[3] += 50
    assert "row 3 of x" in told(operation, x, y, code="dominant_sample")
    x[7] += 45
    y[7] -= 40
    assert "rows 3, 7 of x" in told(operation, x, y, code="dominant_sample") or operation is OPERATIONS["compare"]


def test_compare_names_what_dominates_only_if_the_score_moves():
    x, y = with_a_shared_column(8)
    with rs.config(on_warning="ignore"):
        scores = rs.cka(x[:, 1:], y[:, :-1]), rs.cka(x, y)
    message = told(rs.compare, x, y, rs.cka, code="dominant_dimension")
    assert "{:.2f} instead of {:.2f}".format(*scores) in message
    x, _ = unrelated(60, 6)
    x[5] *= 30
    assert told(rs.compare, x, x + 1e-3, rs.cka, code="dominant_sample") == "", "1 with it and without"


def test_measures_that_do_not_react_say_nothing():
    x, y = with_a_shared_column(8)
    for measure in (rs.cca_mean, rs.cca_mean_squared, rs.eigenspace_overlap, rs.participation_ratio):
        assert told(measure, x, y, code="dominant_dimension") == "", measure
    assert "of y" in told(rs.linear_regression_r2, x, y, code="dominant_dimension")
    assert "of x" not in told(rs.linear_regression_r2, x, y, code="dominant_dimension")
    x, y = unrelated(60, 8)
    x[3] += 50
    ranked = functools.partial(rs.rsa, inner="euclidean")
    for measure in (rs.knn_jaccard, rs.second_order_cosine, rs.rsa, ranked, functools.partial(rs.cka, kernel="rbf")):
        assert told(measure, x, y, code="dominant_sample") == "", measure
    assert "of x" in told(functools.partial(rs.rsa, inner="euclidean", outer="pearson"), x, y, code="dominant_sample")


def clean(rng):
    """Data in which nothing dominates."""
    yield from ((rng.normal(size=(n, d)), rng.normal(size=(n, d))) for n, d in ((20, 1), (20, 4), (200, 10), (300, 64)))
    for d in (10, 64, 400):
        variances = np.arange(1.0, d + 1) ** -1
        yield tuple(rng.normal(size=(200, d)) * np.sqrt(variances) for _ in range(2))
    yield tuple(rng.standard_t(3, size=(200, 20)) for _ in range(2))
    yield tuple(np.exp(rng.normal(size=(200, 20))) for _ in range(2))
    yield tuple(np.maximum(rng.normal(size=(200, 20)) * rng.uniform(0.2, 2, size=20), 0) for _ in range(2))
    line = rng.normal(size=(2000, 1)) * np.arange(1, 5)
    yield line, np.sin(line)


def test_clean_data_are_quiet():
    rng = np.random.default_rng(0)
    quiet = {"dominant_dimension", "dominant_sample", "near_duplicates", "collapsed_rows", "padding_rows"}
    for x, y in (pair for _ in range(10) for pair in clean(rng)):
        assert not quiet & {one.code for one in said(debiased, x, y)}, (x.shape, y.shape)
    for pair in ((rng.poisson(0.3, (200, 5)) * 1.0, rng.poisson(2, (200, 2)) * 1.0) for _ in range(5)):
        assert not (quiet | {"duplicate_samples"}) & {one.code for one in said(debiased, *pair)}


def suspicious():
    """A pair that has every kind of remark about data made of it."""
    x, y = (a.astype(np.float32) for a in with_a_shared_column(8))
    x[:, 3] = 7.0
    y[:, 7] += 1e8
    x[100:160] = x[0]
    return x, y


@pytest.mark.parametrize("operation", ["plain", "grid", "grid_of_one_list", "grid_of_tests"])
def test_prepared_summaries_say_what_arrays_say(operation):
    x, y = suspicious()
    prepared = rs.prepare(x, rs.cka), rs.prepare(y, rs.cka)
    unpickled = pickle.loads(pickle.dumps(prepared))  # noqa: S301 - our own bytes
    kinds = [
        {(one.code, one.message) for one in said(OPERATIONS[operation], *pair)}
        for pair in ((x, y), prepared, unpickled)
    ]
    assert kinds[0] == kinds[1] == kinds[2]
    wanted = {"dominant_dimension", "dead_units", "storage_precision", "collapsed_rows"}
    assert wanted <= {code for code, _ in kinds[0]}


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_a_profile_is_that_of_the_data_whatever_the_measure(offset):
    """To the bit, whether the measure has centered the data or not."""
    x = unrelated(700, 5)[0] + offset
    x[17] += 1000
    first, other = (rs.prepare(x, one).__reduce__()[1][-1] for one in (rs.cka, functools.partial(rs.knn_jaccard, k=3)))
    assert [name for name, _ in first] == [name for name, _ in other]
    assert all(np.array_equal(value, same) for (_, value), (_, same) in zip(first, other, strict=True))


def test_prepared_summaries_know_their_copies():
    x, _ = unrelated(50, 4)
    first, copy = rs.prepare(x, rs.cka), rs.prepare(x.copy(), rs.cka)
    assert told(rs.cka, first, copy, code="same_content")
    assert not told(rs.cka, first, first, code="same_content")
    assert not told(rs.cka, first, x, code="same_content")


@pytest.mark.filterwarnings("ignore::resemblance.ResemblanceWarning")
def test_a_tampered_profile_is_refused():
    x, _ = unrelated(40, 4)
    x[7] = x[3]
    x[9] += 1000
    load, state = rs.prepare(x, rs.cka).__reduce__()
    *most, profile = state
    assert rs.cka(load(*most, profile), x) == pytest.approx(1)
    broken = {
        "rows": [41, -1, 1.5],
        "columns": [0, 2**70],
        "storage": ["f128", 3],
        "equal": [np.arange(39), np.full(40, 39), np.r_[-1, np.arange(1, 40)], np.zeros((40, 2)), None],
        "alike": [np.arange(1, 41)],
        "expected": [np.nan, -1.0, np.inf],
        "constant": [5],
        "norm": [np.nan, "large"],
        "worst_column": [4, None, -1],
        "heavy_rows": [np.array([40]), np.array([-1]), np.array([9, 9]), np.arange(20), np.array([], dtype=np.int64)],
        "heavy_rows_share": [1.5, np.nan, None],
        "heavy_rows_ratio": [-1.0],
    }
    for name, values in broken.items():
        assert name in dict(profile)
        for value in values:
            changed = [(other, value if other == name else kept) for other, kept in profile]
            with pytest.raises(rs.ResemblanceError) as caught:
                load(*most, changed)
            assert getattr(caught.value, "code", "") == "summary_mismatch", (name, value)
        with pytest.raises(rs.ResemblanceError, match="missing"):
            load(*most, [(other, kept) for other, kept in profile if other != name])
    assert rs.cka(load(*most, None), x) == pytest.approx(1), "a summary without a profile says less"
