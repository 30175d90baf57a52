"""What an array of predictions means is said, never guessed; words, gaps, grades and votes."""

from __future__ import annotations

import pickle
from fractions import Fraction
from functools import partial
from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

import resemblance as rs

rng = np.random.default_rng(5)
WHOLE = rng.integers(0, 4, size=(32, 16))
OTHER = np.where(rng.random(WHOLE.shape) < 0.25, rng.integers(0, 4, size=WHOLE.shape), WHOLE)
TABLE = np.array([[3, 0, 1], [1, 3, 0], [0, 0, 4], [2, 2, 0], [4, 0, 0], [0, 1, 3]])  # six items, four votes each
PAIRED = [rs.disagreement, rs.cohen_kappa, partial(rs.error_corrected_disagreement, labels=WHOLE[:, 0])]


@pytest.mark.parametrize("measure", PAIRED, ids=["disagreement", "cohen_kappa", "error_corrected_disagreement"])
@pytest.mark.parametrize("dtype", [np.int64, np.float64, np.float32, np.uint8])
def test_a_table_of_whole_numbers_is_refused_until_its_meaning_is_said(measure, dtype):
    with pytest.raises(rs.ResemblanceError, match=r"x holds whole numbers in 32 x 16.*kind=\"tokens\"") as refused:
        measure(WHOLE.astype(dtype), OTHER.astype(dtype))
    assert refused.value.code == "kind_required"
    assert refused.value.details["columns"] == 16


def test_operations_refuse_it_too():
    models = {"a": WHOLE, "b": OTHER}
    for operation in (
        lambda: rs.compare(WHOLE, OTHER, rs.disagreement),
        lambda: rs.pairwise(models, rs.disagreement, on_error="raise"),
        lambda: rs.permutation_test(WHOLE, OTHER, rs.disagreement, rng=0),
        lambda: rs.confidence_interval(WHOLE, OTHER, rs.disagreement),
        lambda: rs.prepare(WHOLE, rs.disagreement),
        lambda: rs.rowwise(WHOLE, OTHER, rs.disagreement),
        lambda: rs.fleiss_kappa([WHOLE, OTHER]),
    ):
        with pytest.raises(rs.ResemblanceError) as refused:
            operation()
        assert refused.value.code == "kind_required"


def test_scores_are_scores_if_one_of_them_is_no_whole_number_or_all_rows_are_one_hot():
    scores = WHOLE.astype(float)
    scores[31, 15] += 0.5
    assert rs.disagreement(scores, scores.argmax(axis=1)) == 0
    ids = rng.integers(0, 3, 20)
    assert rs.disagreement(np.eye(3)[ids], ids) == 0


def test_said_meanings():
    scores = partial(rs.disagreement, kind="scores")
    assert scores(WHOLE, OTHER) == np.mean(WHOLE.argmax(axis=1) != OTHER.argmax(axis=1))
    tokens = partial(rs.disagreement, kind="tokens")
    assert tokens(WHOLE, OTHER) == pytest.approx(np.mean(WHOLE != OTHER), abs=1e-15)
    np.testing.assert_allclose(rs.rowwise(WHOLE, OTHER, tokens), np.mean(WHOLE != OTHER, axis=1), atol=1e-15)
    kappa = rs.cohen_kappa(WHOLE, OTHER, kind="tokens")
    assert kappa == pytest.approx(rs.cohen_kappa(WHOLE.ravel(), OTHER.ravel()), abs=1e-14)
    fleiss = rs.fleiss_kappa([WHOLE, OTHER], kind="tokens")
    assert fleiss == pytest.approx(rs.fleiss_kappa([WHOLE.ravel(), OTHER.ravel()]), abs=1e-14)
    column = WHOLE[:, :1]
    assert rs.disagreement(column, OTHER[:, 0]) == np.mean(WHOLE[:, 0] != OTHER[:, 0])


def test_a_meaning_that_does_not_fit_is_refused():
    for kind, array in (("labels", WHOLE), ("scores", WHOLE[:, 0]), ("counts", WHOLE), ("token", WHOLE)):
        with pytest.raises(rs.ResemblanceError) as refused:
            rs.disagreement(array, array, kind=kind)
        assert refused.value.code == "bad_option"
    with pytest.raises(rs.ResemblanceError, match="equal widths"):
        rs.disagreement(WHOLE, OTHER[:, :3], kind="tokens")
    with pytest.raises(rs.ResemblanceError, match="labels for positions"):
        rs.error_corrected_disagreement(WHOLE, OTHER, labels=WHOLE[:, 0], kind="tokens")


@pytest.mark.parametrize("measure", [rs.disagreement, rs.cohen_kappa, rs.fleiss_kappa])
def test_sequences_move_as_a_whole(measure):
    """The chance level of tokens is the mean over all orders of the sequences."""
    x, y = WHOLE[:5, :3], OTHER[:5, :3]
    measure = partial(measure, kind="tokens")

    def score(y):
        return measure([x, y]) if measure.func is rs.fleiss_kappa else measure(x, y)

    scores = [score(y[list(order)]) for order in permutations(range(5))]
    assert rs.compare(x, y, measure)[0].null_mean == pytest.approx(np.mean(scores), abs=1e-14)
    test = rs.permutation_test(x, y, measure, rng=0, alternative="two-sided")
    assert test.method == "exact"
    assert test.null_mean == pytest.approx(np.mean(scores), abs=1e-14)


# words


WORDS = np.array(["cat", "dog", "bird"])


@pytest.mark.parametrize("as_words", [np.ndarray.tolist, lambda w: w, lambda w: w.astype(object)])
def test_words_give_the_scores_of_numbers(as_words):
    x, y, z = rng.integers(0, 3, (3, 40))
    a, b, labels = (as_words(WORDS[ids]) for ids in (x, y, z))
    for measure in (rs.disagreement, rs.cohen_kappa):
        assert measure(a, b) == measure(x, y)
    assert rs.error_corrected_disagreement(a, b, labels=labels) == rs.error_corrected_disagreement(x, y, labels=z)
    assert rs.fleiss_kappa([a, b, labels]) == rs.fleiss_kappa([x, y, z])
    prepared = pickle.loads(pickle.dumps(rs.prepare(a, rs.cohen_kappa)))  # noqa: S301 - ours
    assert rs.cohen_kappa(prepared, b) == rs.cohen_kappa(x, y)
    test = [rs.permutation_test(*pair, rs.cohen_kappa, rng=0, n_resamples=99).pvalue for pair in ((a, b), (x, y))]
    assert test[0] == test[1]


def test_classes_are_words_bools_whole_floats_or_objects_of_these():
    ids = np.array([0, 1, 1, 0])
    for other in (
        ids.astype(bool),
        ids.astype(float),
        ids.astype(object),
        [0.0, 1.0, 1.0, 0.0],
        [False, True, True, 0],
    ):
        assert rs.disagreement(ids, other) == 0
    assert rs.disagreement([True, False], [True, True]) == 0.5
    assert rs.error_corrected_disagreement([1, 0], [1, 1], labels=[True, 1.0]) == 1.0


def test_words_are_not_compared_with_numbers_nor_with_other_words():
    for x, y in ((["0", "1"], [0, 1]), ([0, 1], ["0", "1"]), (["cat", "dog"], ["Cat", "Dog"])):
        with pytest.raises(rs.ResemblanceError, match="labels written differently") as refused:
            rs.disagreement(x, y)
        assert refused.value.code == "class_sets_differ"
    with pytest.raises(rs.ResemblanceError, match="row 0 holds a number"):
        rs.disagreement([0, "a"], [0, 1])
    assert rs.disagreement([0, 0], [1, 1]) == 1.0  # numbers may share none


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([0.0, 0.5], r"x holds 0\.5 \(float64\) at row 1|x holds 0\.5 \(a float\) at row 1"),
        ([1.0, np.inf], r"row 1"),
        ([0, 2**62], r"below 2\*\*62"),
        (np.array([b"a", b"b"]), "bytes"),
        ([0, (1, 2)], "."),
    ],
)
def test_what_is_no_class_is_named(given, said):
    with pytest.raises(rs.ResemblanceError, match=said):
        rs.disagreement(given, [0, 1])


def test_integers_that_double_precision_would_round_are_refused():
    big = np.array([[2**53 + 1, 0], [1, 2], [5, 1]])
    with pytest.raises(rs.ResemblanceError, match="9007199254740993 at row 0, column 0"):
        rs.cka(big, big)
    assert rs.cka(big - 2**53, big - 2**53) == 1.0
    assert rs.disagreement([2**53 + 1, 0], [2**53, 0]) == 0.5  # ids are exact


# gaps


GAPS = [[0, None, 2, 1, 0], [0, np.nan, 2, 1, 0], [0, -1, 2, 1, 0], [0, -100, 2, 1, 0]]


@pytest.mark.parametrize("x", GAPS, ids=str)
def test_gaps_are_refused_dropped_or_a_class(x):
    y = [0, 1, 2, 0, 0]
    with pytest.raises(rs.ResemblanceError, match="no answer in 1 place, first at row 1") as refused:
        rs.disagreement(x, y)
    assert refused.value.code == "missing_answer"
    assert rs.disagreement(x, y, missing="drop") == 1 / 4
    assert rs.disagreement(x, y, missing="class") == 2 / 5
    assert rs.disagreement(x, x, missing="class") == 0
    np.testing.assert_array_equal(rs.rowwise(x, y, partial(rs.disagreement, missing="drop")), [0, np.nan, 0, 1, 0])
    assert rs.cohen_kappa(x, y, missing="drop") == rs.cohen_kappa([0, 2, 1, 0], [0, 2, 0, 0])
    labels = [0, 0, 2, 0, 1]
    assert rs.error_corrected_disagreement(x, y, labels=labels, missing="drop") == rs.error_corrected_disagreement(
        [0, 2, 1, 0], [0, 2, 0, 0], labels=[0, 2, 0, 1]
    )
    assert rs.error_corrected_disagreement(x, y, labels=labels, missing="class") == pytest.approx((2 / 5) / (3 / 5))


def test_words_have_gaps_too():
    assert rs.disagreement(["a", "", "b"], ["a", "b", "a"], missing="drop") == 0.5
    pandas = pytest.importorskip("pandas")
    answers = pandas.Series(["a", pandas.NA, "b"], dtype="string")
    assert rs.disagreement(answers, ["a", "b", "a"], missing="drop") == 0.5


def test_a_test_with_gaps_is_exact():
    """Which inputs count depends on who meets whom, and all orders are scored alike."""
    x, y = [0, -1, 2, 1, 0], [0, 1, -1, 1, 0]
    measure = partial(rs.cohen_kappa, missing="drop")
    scores = np.array([measure(x, np.array(y)[list(order)]) for order in permutations(range(5))])
    p = np.mean(scores >= scores[0] - 1e-12)
    assert rs.permutation_test(x, y, measure, rng=0).pvalue == pytest.approx(p)


def test_where_no_input_is_answered_twice_there_is_no_score():
    with pytest.raises(rs.ResemblanceError, match="no input in common"):
        rs.disagreement([0, -1], [-1, 0], missing="drop")


# grades


GRADES = rng.integers(1, 6, size=(2, 80))


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_weighted_kappa_is_that_of_scikit_learn(weights):
    x, y = GRADES
    y = np.where(rng.random(80) < 0.6, x, y)
    kappa = partial(rs.cohen_kappa, weights=weights)
    assert kappa(x, y) == pytest.approx(cohen_kappa_score(x, y, weights=weights), abs=1e-14)
    words = np.array(["", "poor", "fair", "good", "better", "best"])
    assert kappa(words[x], words[y], classes=words[1:]) == pytest.approx(kappa(x, y), abs=1e-15)
    assert kappa(x, y, classes=range(9)) == pytest.approx(kappa(x, y), abs=1e-15)  # what nobody answers changes nothing
    few = x % 5 < 3
    expected = cohen_kappa_score(x[few], y[few], weights=weights, labels=[1, 2, 3, 4, 5])
    assert kappa(x[few], y[few], classes=[1, 2, 3, 4, 5]) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_weighted_kappa_by_fractions(weights):
    x, y = [0, 2, 1, 1, 4], [1, 2, 0, 4, 4]
    place = {0: 0, 1: 1, 2: 2, 4: 3}
    power = {"linear": 1, "quadratic": 2}[weights]

    def mean(pairs):
        costs = [Fraction(abs(place[a] - place[b]) ** power) for a, b in pairs]
        return sum(costs) / len(costs)

    expected = 1 - mean(list(zip(x, y, strict=True))) / mean([(a, b) for a in x for b in y])
    assert rs.cohen_kappa(x, y, weights=weights) == pytest.approx(float(expected), abs=1e-15)
    scores = [rs.cohen_kappa(x, np.array(y)[list(o)], weights=weights) for o in permutations(range(5))]
    test = rs.permutation_test(x, y, partial(rs.cohen_kappa, weights=weights), rng=0)
    assert test.pvalue == pytest.approx(np.mean(np.array(scores) >= scores[0] - 1e-12))
    assert test.null_mean == pytest.approx(np.mean(scores), abs=1e-14)


def test_words_need_an_order():
    words = WORDS[[0, 1, 2, 0]]
    with pytest.raises(rs.ResemblanceError, match=r"needs classes=, all words in order"):
        rs.cohen_kappa(words, words, weights="linear")
    with pytest.raises(rs.ResemblanceError, match="lacks the class of row 2 of x"):
        rs.cohen_kappa(words, words, weights="linear", classes=["cat", "dog"])
    with pytest.raises(rs.ResemblanceError, match="has no effect without weights"):
        rs.cohen_kappa(words, words, classes=["cat", "dog", "bird"])
    with pytest.raises(rs.ResemblanceError, match="twice"):
        rs.cohen_kappa(words, words, weights="linear", classes=["cat", "dog", "bird", "cat"])


def test_the_order_of_classes_is_no_value_per_row():
    """As many classes as rows: leaving rows out leaves the order alone."""
    x, y = [0, 1, 2, 3, 1, 0], [0, 2, 2, 3, 1, 1]
    kappa = partial(rs.cohen_kappa, weights="linear", classes=[0, 1, 2, 3, 4, 5])
    without = rs.confidence_interval(x, y, kappa).leave_one_out
    expected = [kappa(np.delete(x, i), np.delete(y, i)) for i in range(6)]
    np.testing.assert_allclose(without, expected, atol=1e-15)


# votes


def votes_of(table):
    """Answers of as many models as there are votes: which model voted how does not matter."""
    return [np.array([np.repeat(range(table.shape[1]), row)[vote] for row in table]) for vote in range(table[0].sum())]


def test_a_table_of_votes_is_that_of_its_models():
    expected = rs.fleiss_kappa(votes_of(TABLE))
    assert rs.fleiss_kappa(TABLE, kind="counts") == pytest.approx(expected, abs=1e-15)
    assert rs.compare(TABLE, None, partial(rs.fleiss_kappa, kind="counts"))[0].value == pytest.approx(
        expected, abs=1e-15
    )


def test_a_table_of_votes_is_not_turned_or_guessed():
    with pytest.raises(rs.ResemblanceError, match="or the transpose if rows are classes"):
        rs.fleiss_kappa(TABLE.T, kind="counts")
    with pytest.raises(rs.ResemblanceError, match=r"kind=\"counts\"") as refused:
        rs.fleiss_kappa(TABLE)
    assert refused.value.code == "kind_required"
    with pytest.raises(rs.ResemblanceError, match="whole numbers"):
        rs.fleiss_kappa(TABLE + 0.5, kind="counts")


def test_ratings_with_gaps_by_their_own_number_of_votes():
    ratings = [[0, 0, 1, 2, -1], [0, 1, 1, -1, 2], [0, 0, -1, -1, 2]]
    # Items with two votes or more: 1, 1/3, 1, -, 1; votes 5, 3, 3 of 11.
    agreement = (1 + 1 / 3 + 1 + 1) / 4
    expected = (25 + 9 + 9) / 121
    kappa = rs.fleiss_kappa(ratings, missing="skip")
    assert kappa == pytest.approx((agreement - expected) / (1 - expected), abs=1e-15)
    table = np.array([[3, 0, 0], [2, 1, 0], [0, 2, 0], [0, 0, 1], [0, 0, 2]])
    assert rs.fleiss_kappa(table, kind="counts", missing="skip") == pytest.approx(kappa, abs=1e-15)
    dropped = rs.fleiss_kappa([[0, 0], [0, 1], [0, 0]])
    assert rs.fleiss_kappa(ratings, missing="drop") == pytest.approx(dropped, abs=1e-15)
    with pytest.raises(rs.ResemblanceError) as refused:
        rs.fleiss_kappa(ratings)
    assert refused.value.code == "missing_answer"


# intervals


def test_an_interval_of_a_group_leaves_inputs_out_of_all_models():
    models = votes_of(TABLE)
    found = rs.confidence_interval(models, None, rs.fleiss_kappa)
    without = [rs.fleiss_kappa([np.delete(model, i) for model in models]) for i in range(6)]
    np.testing.assert_allclose(found.leave_one_out, without, atol=1e-15)
    assert found.estimate == rs.fleiss_kappa(models)
    assert found.n == 6
    of_table = rs.confidence_interval(TABLE, None, partial(rs.fleiss_kappa, kind="counts"))
    np.testing.assert_allclose(of_table.leave_one_out, without, atol=1e-15)
    with pytest.raises(rs.ResemblanceError):
        rs.confidence_interval(models, models, rs.fleiss_kappa)
    with pytest.raises(rs.ResemblanceError, match="group"):
        rs.confidence_interval(models, None, rs.disagreement)


def test_no_difference_seen_is_no_proof_of_none():
    x = rng.integers(0, 3, 200)
    y = np.where(rng.random(200) < 0.2, 0, x)
    found = rs.similarity_difference(x, y, y, rs.disagreement, margin=0.01)
    assert found.estimate == 0
    assert not found.equivalent
    assert found.pvalue_equivalence > 0.05
    z2 = 1.959963984540054**2
    assert found.high == pytest.approx(z2 / (200 + z2), abs=1e-12)  # Tango's interval where nothing differs
    assert found.method == "score"
    assert rs.similarity_difference(x, y, y, rs.disagreement, margin=0.02).equivalent
    same = rs.confidence_interval(x, x, rs.disagreement)
    assert (same.low, same.high) == (0, pytest.approx(z2 / (200 + z2), abs=1e-12))


def test_without_spread_equivalence_is_undecided():
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
    with rs.config(on_warning="ignore"):
        found = rs.similarity_difference(x, y, y, partial(rs.cka, estimator="debiased"), margin=0.1)
    assert found.equivalent is None
    assert found.pvalue_equivalence is None
    assert "undecided" in str(found)
    assert "no_spread" in [warning.code for warning in found.warnings]


def test_score_intervals_cover():
    """At 30 inputs and a rate of .05, the jackknife's interval would miss one time in five."""
    draws = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        wrong = draws.random(30) < 0.05
        found = rs.confidence_interval(np.zeros(30, int), wrong.astype(int), rs.disagreement)
        held += found.low <= 0.05 <= found.high
    assert held >= 400 * 0.95 - 3 * np.sqrt(400 * 0.05 * 0.95)
