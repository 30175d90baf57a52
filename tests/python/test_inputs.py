"""What the library refuses, and how: a named error with argument, row and column. No panic, no silent NaN."""

from __future__ import annotations

import functools
import math
import pickle
import re

import hypothesis
import numpy as np
import pairs
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from settings import PLAIN, SETTINGS, Setting

import resemblance as rs

# Of scores the largest decides, and a class with minus infinity is one that is never chosen.
CASES = [
    (s, refusal)
    for s in PLAIN
    for refusal in pairs.REFUSED
    if not (refusal.name == "minus_inf" and s.input == "predictions")
]
CASES += [(s, refusal) for s in PLAIN if s.input in ("matrix", "probabilities") for refusal in pairs.REFUSED_MATRICES]
ID_CASES = [(s, refusal) for s in PLAIN if s.input == "predictions" for refusal in pairs.REFUSED_IDS]


def good(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    if setting.input in ("matrix", "pair_matrix"):
        return setting.inputs(*pairs.related(16, 4, 4))
    return setting.inputs(*pairs.scores(16, 4))


def names(message: str, argument: str) -> bool:
    return re.search(rf"\b{re.escape(argument)}", message) is not None


def refused(call, refusal: pairs.Refusal, argument: str) -> None:
    with pytest.raises(rs.ResemblanceError) as caught:
        call()
    error = caught.value
    assert error.code == refusal.code, str(error)
    assert isinstance(error, ValueError)
    assert isinstance(error, TypeError) == (refusal.code == "unsupported_dtype")
    assert names(str(error), argument), f"{argument!r} is not in {error}"
    for word in refusal.words:
        assert word in str(error)
    assert error.details.get("name") == argument or argument in error.details.values()


@pytest.mark.parametrize(("setting", "refusal"), CASES, ids=str)
def test_refused(setting, refusal):
    x, y = good(setting)
    arguments = ("models[0]", "models[1]") if setting.is_group else ("x", "y")
    refused(lambda: setting.library_of(refusal.spoil(x), y, x), refusal, arguments[0])
    refused(lambda: setting.library_of(x, refusal.spoil(y), x), refusal, arguments[1])
    if refusal.name != "none":  # without y, `compare` is about x alone
        refused(lambda: rs.compare(x, refusal.spoil(y), setting.bound(x)), refusal, "y")
    refused(lambda: rs.prepare(refusal.spoil(x), setting.bound(x)), refusal, "x")
    refused(
        lambda: rs.pairwise({"first": x, "second": refusal.spoil(y)}, setting.bound(x), on_error="raise"),
        refusal,
        "second",
    )
    if setting.facts.rows_paired:
        refused(lambda: rs.permutation_test(x, refusal.spoil(y), setting.bound(x), n_resamples=9), refusal, "y")


@pytest.mark.parametrize(("setting", "refusal"), ID_CASES, ids=str)
def test_refused_class_ids(setting, refusal):
    x, y = pairs.ids(16, 3)
    arguments = ("models[0]", "models[1]") if setting.is_group else ("x", "y")
    refused(lambda: setting.library_of(refusal.spoil(x), y, x), refusal, arguments[0])
    refused(lambda: setting.library_of(x, refusal.spoil(y), x), refusal, arguments[1])


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_row_counts(setting):
    x, y = good(setting)
    short = y[:15, :15] if setting.input == "pair_matrix" else y[:15]
    if not setting.facts.rows_paired:
        assert setting.library(x, short) == pytest.approx(setting.oracle(x, short), rel=1e-9)
        return
    for first, second, n, m in ((x, short, 16, 15), (short, x, 15, 16)):
        with pytest.raises(rs.ResemblanceError) as caught:
            setting.library_of(first, second, first)
        assert caught.value.code == "row_count_mismatch"
        assert (caught.value.details["n"], caught.value.details["m"]) == (n, m)
        assert f"{n}" in str(caught.value)
        assert f"{m}" in str(caught.value)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.input == "pair_matrix"], ids=str)
def test_precomputed_matrices(setting):
    x, y = good(setting)
    lopsided = y.copy()
    lopsided[3, 7] += 1.0
    for bad in (y[:, :9], y[:9], lopsided):
        with pytest.raises(rs.ResemblanceError) as caught:
            setting.library(x, bad)
        assert caught.value.code in ("not_symmetric", "row_count_mismatch")
        assert names(str(caught.value), "y")
    nan = y.copy()
    nan[2, 5] = nan[5, 2] = np.nan
    with pytest.raises(rs.ResemblanceError) as caught:
        setting.library(x, nan)
    assert caught.value.code == "nonfinite_input"
    assert "row 2, column 5" in str(caught.value)
    rounded = y + 1e-16 * np.triu(y)  # symmetric but for round-off
    assert setting.library(x, rounded) == pytest.approx(setting.library(x, y), rel=1e-9, abs=1e-9)


BAD_NUMBERS = [
    (rs.cka, {"kernel": "rbf", "bandwidth": 0.0}),
    (rs.cka, {"kernel": "rbf", "bandwidth": -1.0}),
    (rs.cka, {"kernel": "rbf", "bandwidth": math.nan}),
    (rs.cka, {"kernel": "rbf", "sigma": math.inf}),
    (rs.cka, {"kernel": "laplace", "sigma": 0.0}),
    (rs.cka, {"kernel": "polynomial", "degree": 0}),
    (rs.cka, {"kernel": "polynomial", "degree": 1.5}),
    (rs.cka, {"kernel": "polynomial", "gamma": -1.0}),
    (rs.cka, {"kernel": "polynomial", "coef0": math.nan}),
    (rs.rsa, {"inner": "rbf", "sigma": -1.0}),
    (rs.rsa, {"inner": "mahalanobis"}),
    (rs.rsa, {"inner": "mahalanobis", "precision": np.eye(3)}),
    (rs.rsa, {"inner": "mahalanobis", "precision": np.ones(4)}),
    (rs.rsa, {"inner": "mahalanobis", "precision": np.triu(np.ones((4, 4)))}),
    (rs.rsa, {"inner": "mahalanobis", "precision": np.full((4, 4), np.nan)}),
    (rs.rsa, {"inner": "mahalanobis", "precision": -np.eye(4)}),
    (rs.svcca, {"threshold": 0.0}),
    (rs.svcca, {"threshold": 1.5}),
    (rs.svcca, {"k": 0}),
    (rs.linear_regression_r2, {"alpha": -1.0}),
    (rs.linear_regression_r2, {"alpha": math.inf}),
    (rs.knn_jaccard, {"k": 0}),
    (rs.knn_jaccard, {"k": -1}),
    (rs.knn_jaccard, {"k": 2.5}),
    (rs.knn_jaccard, {"k": True}),
    (rs.mutual_knn, {"k": 0}),
    (rs.second_order_cosine, {"k": 0}),
    (rs.uniformity, {"t": 0.0}),
    (rs.uniformity, {"t": -1.0}),
    (rs.uniformity, {"t": math.nan}),
]


def _label(value: object) -> str:
    return getattr(value, "__name__", None) or "-".join(
        f"{name}={given if np.ndim(given) == 0 else 'array'}" for name, given in value.items()
    )


@pytest.mark.parametrize(("measure", "options"), BAD_NUMBERS, ids=_label)
def test_bad_numbers(measure, options):
    x, y = pairs.related(16, 4, 4)
    with pytest.raises(rs.ResemblanceError) as caught:
        measure(x, y, **options)
    assert caught.value.code in ("bad_option", "width_mismatch", "not_symmetric", "nonfinite_input")
    assert list(options)[-1] in str(caught.value) or "precision" in str(caught.value)
    assert measure.__name__ in str(caught.value) or "precision" in str(caught.value)


@pytest.mark.parametrize("base", [1.0, 0.0, -2.0, math.nan, math.inf])
def test_bad_base(base):
    x, y = good(next(s for s in PLAIN if s.measure == "js_divergence"))
    with pytest.raises(rs.ResemblanceError) as caught:
        rs.js_divergence(x, y, kind="probs", base=base)
    assert caught.value.code == "bad_option"


@pytest.mark.parametrize("measure", [rs.knn_jaccard, rs.mutual_knn, rs.second_order_cosine])
def test_k_below_n(measure):
    x, y = pairs.related(10, 4, 4)
    measure(x, y, k=9)
    for k in (10, 11, 10**9):
        with pytest.raises(rs.ResemblanceError) as caught:
            measure(x, y, k=k)
        assert caught.value.code in ("k_too_large", "too_few_samples")
        assert "10" in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        (np.zeros(15, dtype=int), "row_count_mismatch"),
        (np.zeros((16, 2), dtype=int), "bad_option"),
        (np.full(16, 0.5), "bad_label"),
        (np.full(16, np.nan), "bad_label"),
        (np.full(16, -1), "bad_label"),
        (["cat"] * 16, "class_sets_differ"),
        (None, "bad_option"),
        (7, "bad_option"),
    ],
    ids=["short", "two_axes", "fractions", "nan", "negative", "words", "none", "number"],
)
def test_bad_labels(labels, code):
    x, y = pairs.ids(16, 3)
    with pytest.raises(rs.ResemblanceError) as caught:
        rs.error_corrected_disagreement(x, y, labels=labels)
    assert caught.value.code in (code, "bad_label")
    assert "labels" in str(caught.value)


class TestProbabilities:
    """`kind=` is explicit, and what it says is checked."""

    def setup_method(self):
        self.z, _ = pairs.scores(10, 3)
        self.p = np.exp(self.z) / np.exp(self.z).sum(axis=1, keepdims=True)

    def refused(self, x, y, **options):
        with pytest.raises(rs.ResemblanceError) as caught:
            rs.js_divergence(x, y, **options)
        return caught.value

    def test_logits_are_no_probabilities(self):
        error = self.refused(self.z, self.p, kind="probs")
        assert error.code == "not_probabilities"
        assert "logits" in str(error)
        assert names(str(error), "x")

    def test_a_row_that_does_not_sum_to_one(self):
        bad = self.p.copy()
        bad[4] *= 1.5
        error = self.refused(self.p, bad, kind="probs")
        assert error.code == "not_probabilities"
        assert "4" in str(error)
        assert names(str(error), "y")
        assert "1.5" in str(error)
        assert "renormalize" in str(error)
        assert error.details["row"] == 4
        fixed = rs.js_divergence(self.p, bad, kind="probs", renormalize=True)
        assert fixed == pytest.approx(0.0, abs=1e-15)

    def test_negative_probabilities(self):
        bad = self.p.copy()
        bad[2] = [1.5, -0.5, 0.0]
        for renormalize in (False, True):
            assert self.refused(bad, self.p, kind="probs", renormalize=renormalize).code == "not_probabilities"

    def test_a_row_of_zeros_cannot_be_renormalized(self):
        bad = self.p.copy()
        bad[2] = 0.0
        assert self.refused(bad, self.p, kind="probs", renormalize=True).code == "not_probabilities"

    def test_log_probabilities(self):
        assert self.refused(self.p, np.log(self.p), kind="log_probs").code == "not_probabilities"
        assert rs.js_divergence(np.log(self.p), np.log(self.p), kind="log_probs") == 0.0

    def test_infinite_logits(self):
        bad = self.z.copy()
        bad[3, 1] = np.inf
        assert self.refused(bad, self.z, kind="logits").code in ("nonfinite_input", "not_probabilities")
        bad[3] = -np.inf
        assert self.refused(bad, self.z, kind="logits").code in ("nonfinite_input", "not_probabilities")

    def test_kind_is_required(self):
        with pytest.raises((rs.ResemblanceError, TypeError)) as caught:
            rs.js_divergence(self.p, self.p)
        assert "kind" in str(caught.value)
        with pytest.raises(rs.ResemblanceError) as caught:
            rs.compare(self.p, self.p, rs.js_divergence)
        assert caught.value.code == "kind_required"

    def test_class_ids_have_no_probabilities(self):
        error = self.refused(self.p.argmax(axis=1), self.p, kind="probs")
        assert error.code == "not_two_dimensional"

    def test_tolerance_follows_the_storage(self):
        """A sum that is right for float16 would be wrong for float64."""
        for dtype, good, bad in ((np.float64, 1e-8, 1e-5), (np.float32, 1e-5, 1e-3), (np.float16, 1e-3, 5e-2)):
            near = (self.p * (1 + good)).astype(dtype)
            assert rs.js_divergence(near, near, kind="probs") == 0.0
            far = (self.p * (1 + bad)).astype(dtype)
            assert self.refused(far, far, kind="probs").code == "not_probabilities"


@pytest.mark.parametrize("models", [[], [[0, 1, 2]], None, 5, "ab"], ids=str)
def test_groups_need_two_models(models):
    with pytest.raises(rs.ResemblanceError) as caught:
        rs.fleiss_kappa(models)
    assert caught.value.code in ("too_few_models", "unsupported_dtype")


# Property tests: whatever the array, the answer is a number in range or a named error

NUMBERS = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-100, 100),
    st.sampled_from([0.0, -0.0, 1e-300, 1e300, -1e300, 5e-324, 1.7e308, 1e150, 1e-150, math.nan, math.inf]),
)


@st.composite
def arrays_of(draw, rows: int):
    shape = (rows, draw(st.integers(0, 4)))
    elements = draw(st.sampled_from([NUMBERS, st.integers(-2, 2).map(float), st.floats(-10, 10)]))
    array = draw(hnp.arrays(np.float64, shape, elements=elements))
    dtype = draw(st.sampled_from([np.float64, np.float64, np.float32, np.float16, np.int64]))
    with np.errstate(all="ignore"):
        return array.astype(dtype) if np.isfinite(array).all() or dtype is not np.int64 else array


def number_or_name(setting: Setting, x, y) -> None:
    try:
        value = setting.library_of(x, y, x)
    except rs.ResemblanceError as error:
        named = bool(error.code and str(error))
        assert named
        return
    low, high = setting.facts.range
    assert not math.isnan(value)
    assert low <= value <= high
    assert math.isfinite(value) or math.isinf(high)


@hypothesis.settings(max_examples=600, deadline=None, derandomize=True)
@hypothesis.given(data=st.data())
def test_any_matrices(data):
    setting = data.draw(st.sampled_from([s for s in SETTINGS if s.input in ("matrix", "predictions")]))
    rows = data.draw(st.integers(0, 8))
    x, y = data.draw(arrays_of(rows)), data.draw(arrays_of(rows))
    if setting.options.get("inner") == "mahalanobis" and x.shape[1] == 0:
        return
    number_or_name(setting, x, y)


@hypothesis.settings(max_examples=200, deadline=None, derandomize=True)
@hypothesis.given(data=st.data())
def test_any_square_matrices(data):
    setting = data.draw(st.sampled_from([s for s in SETTINGS if s.input == "pair_matrix"]))
    n = data.draw(st.integers(1, 7))
    sides = [data.draw(hnp.arrays(np.float64, (n, n), elements=NUMBERS)) for _ in "xy"]
    with np.errstate(all="ignore"):
        x, y = (np.where(np.tri(n, dtype=bool), a, a.T) for a in sides)
    number_or_name(setting, x, y)


@hypothesis.settings(max_examples=200, deadline=None, derandomize=True)
@hypothesis.given(data=st.data())
def test_any_scores(data):
    setting = data.draw(st.sampled_from([s for s in SETTINGS if s.input == "probabilities"]))
    shape = (data.draw(st.integers(0, 5)), data.draw(st.integers(0, 4)))
    elements = st.one_of(NUMBERS, st.just(-math.inf), st.floats(0, 1), st.sampled_from([0.5, 0.25]))
    x, y = (data.draw(hnp.arrays(np.float64, shape, elements=elements)) for _ in "xy")
    number_or_name(setting, x, y)


@hypothesis.settings(max_examples=200, deadline=None, derandomize=True)
@hypothesis.given(data=st.data())
def test_any_class_ids(data):
    setting = data.draw(st.sampled_from([s for s in SETTINGS if s.input == "predictions"]))
    n = data.draw(st.integers(1, 12))
    x, y = (data.draw(hnp.arrays(np.int64, n, elements=st.sampled_from([0, 1, 2, 7, 2**62 - 1]))) for _ in "xy")
    number_or_name(setting, x, y)
    try:
        expected = setting.oracle(x, y)
    except ZeroDivisionError:
        return
    if math.isnan(expected):
        with pytest.raises(rs.ResemblanceError):
            setting.library(x, y)
    else:
        assert setting.library(x, y) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@hypothesis.settings(max_examples=150, deadline=None, derandomize=True)
@hypothesis.given(data=st.data())
def test_any_small_integers_equal_the_textbook(data):
    """Ties, repeated rows, constant columns and low rank, all at once."""
    setting = data.draw(st.sampled_from([s for s in SETTINGS if s.measure in ("rsa", "distance_correlation", "cka")]))
    n, d_x, d_y = data.draw(st.integers(4, 9)), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    x, y = (data.draw(hnp.arrays(np.float64, (n, d), elements=st.integers(-2, 2).map(float))) for d in (d_x, d_y))
    x, y = setting.inputs(x, y)
    with np.errstate(all="ignore"):
        expected = setting.oracle(x, y)
    try:
        ours = setting.library(x, y)
    except rs.ResemblanceError:
        hypothesis.event("refused")
        assert math.isnan(expected)
    else:
        hypothesis.event("a number")
        assert ours == pytest.approx(expected, rel=1e-8, abs=1e-9)


@hypothesis.settings(max_examples=150, deadline=None, derandomize=True)
@hypothesis.given(data=st.data())
def test_tied_neighbors_share_the_last_places(data):
    measure = data.draw(st.sampled_from(["knn_jaccard", "mutual_knn"]))
    metric = data.draw(st.sampled_from(["cosine", "euclidean", "inner", "precomputed"]))
    n = data.draw(st.integers(4, 40))
    setting = Setting(measure, {"metric": metric, "k": data.draw(st.integers(1, 3))})
    dtype = data.draw(st.sampled_from([np.float64, np.float32, np.int64]))
    x, y = (
        data.draw(hnp.arrays(np.float64, (n, d), elements=st.integers(-2, 2).map(float))).astype(dtype) for d in (2, 3)
    )
    x, y = setting.inputs(x, y)
    rows = setting.rowwise(x, y)
    assert rows == pytest.approx(setting.oracle(x, y, reduce=None), rel=1e-12)


def test_errors_pickle_and_carry_details():
    x, y = pairs.related(16, 4, 3)
    x[5, 1] = np.nan
    with pytest.raises(rs.ResemblanceError) as caught:
        rs.cka(x, y)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (again.code, str(again), again.details) == (caught.value.code, str(caught.value), caught.value.details)
    assert caught.value.details == {"name": "x", "count": 1, "row": 5, "column": 1}


def test_operations_do_not_swallow_type_errors():
    x, y = pairs.related(16, 4, 3)
    with pytest.raises(TypeError):
        rs.cka(x)
    with pytest.raises(TypeError):
        rs.cka(x, y, "linear")
    with pytest.raises(rs.ResemblanceError):
        rs.compare(x, y, functools.partial(rs.cka, x))
