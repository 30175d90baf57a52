"""Options are checked: by name, by type, and whether they do anything."""

from __future__ import annotations

import inspect
import pickle
from contextlib import suppress
from functools import partial

import numpy as np
import pytest

import resemblance as rs
from resemblance import _core
from resemblance.errors import ResemblanceError

X = np.random.default_rng(0).standard_normal((20, 4))
Y = np.random.default_rng(1).standard_normal((20, 4))


def refused(call, code: str = "bad_option") -> str:
    with pytest.raises(ResemblanceError) as caught:
        call()
    assert caught.value.code == code
    return str(caught.value)


@pytest.mark.parametrize(
    ("measure", "options", "named"),
    [
        (rs.cka, {"sigma": 2.0}, "sigma"),
        (rs.cka, {"bandwidth": 0.5}, "bandwidth"),
        (rs.cka, {"kernel": "rbf", "sigma": 2.0, "bandwidth": 0.5}, "bandwidth"),
        (rs.cka, {"kernel": "cosine", "degree": 2}, "degree"),
        (rs.cka, {"kernel": "rbf", "gamma": 2.0}, "gamma"),
        (rs.cka, {"coef0": 2.0}, "coef0"),
        (rs.rsa, {"sigma": 2.0}, "sigma"),
        (rs.rsa, {"inner": "rbf", "outer": "pearson", "sigma": 2.0, "bandwidth": 0.5}, "bandwidth"),
        (rs.rsa, {"inner": "euclidean", "precision": np.eye(4)}, "precision"),
        (rs.rsa, {"inner": "rbf", "sigma": 2.0}, "sigma"),
        (rs.rsa, {"inner": "rbf", "bandwidth": 2.0, "outer": "kendall_tau_b"}, "bandwidth"),
        (rs.rsa, {"inner": "euclidean", "constant_rows": "mask"}, "constant_rows"),
        (rs.distance_correlation, {"squared": True, "bias_corrected": True}, "squared"),
        (rs.cca_mean, {"summary": "sum", "divisor": "columns"}, "divisor"),
        (rs.cca_mean_squared, {"summary": "sum", "divisor": "columns"}, "divisor"),
        (rs.svcca, {"k": 2, "threshold": 0.5}, "threshold"),
    ],
)
def test_an_option_without_effect_is_refused(measure, options, named):
    for call in (lambda: measure(X, Y, **options), lambda: rs.compare(X, Y, partial(measure, **options))):
        assert f"{named}=" in (said := refused(call))
        assert "has an effect only" in said


def test_the_default_of_an_option_without_effect_may_be_written():
    assert rs.cka(X, Y, sigma=None, degree=3, bandwidth=1.0) == rs.cka(X, Y)


@pytest.mark.parametrize("info", rs.list_measures(), ids=lambda info: info.name)
def test_options_say_how_they_are_to_be_tried(info):
    for option in info.options:
        examples, kind = option.examples, option.kind
        assert examples or kind == "choice", option
        assert all(np.size(example) > 1 or example != option.default for example in examples)
        assert option.per_row == (kind == "labels")
        types = {"bool": bool, "int": int, "float": float, "choice": str}.get(kind, np.ndarray)
        assert all(type(example) is types for example in examples)
        if kind == "choice":
            assert [*examples, option.default].count(None) <= 1
            assert set(examples) == set(option.choices) - {option.default}


def test_an_option_that_must_be_given_is_named():
    said = refused(lambda: rs.compare(X, Y, rs.error_corrected_disagreement))
    assert said == "error_corrected_disagreement needs labels=: one class id per row."


@pytest.mark.parametrize("options", [{"kernal": "rbf"}, {"sgima": None}, {"kernel": "rbf", "sgima": None}])
def test_what_is_misspelt_in_a_partial_is_found(options):
    said = refused(lambda: rs.compare(X, Y, partial(rs.cka, **options)), "unknown_option")
    assert "did you mean" in said


@pytest.mark.parametrize("field", [1, 4, 5])
@pytest.mark.parametrize("with_what", ["é" * 9, "\N{SNOWMAN}" * 20, "{}", ""])
def test_a_tampered_summary_is_refused_or_shown(field, with_what):
    load, state = rs.prepare(X, rs.cka).__reduce__()
    tampered = (*state[:field], with_what, *state[field + 1 :])
    try:
        made = load(*tampered)
    except ResemblanceError:
        return
    assert repr(made).startswith("Prepared(cka")
    assert pickle.loads(pickle.dumps(made)).n == 20  # noqa: S301


def test_words_beyond_unicode_are_no_choice():
    assert "kernel" in refused(lambda: _core.score("cka", {"kernel": "\ud800"}, X, Y, (1, None)))


WRONG = ["x", [1], 2.9, {}, object(), -1, np.eye(2), b"x", 10**400, float("nan"), 1j]
OPERATIONS = {
    rs.permutation_test: (X, Y, rs.cka),
    rs.pairwise_test: ([X, Y], rs.cka),
    rs.confidence_interval: (X, Y, rs.cka),
    rs.similarity_difference: (X, Y, Y + 1, rs.cka),
    rs.permutation_moments: (X, Y, rs.cka),
    rs.pairwise: ([X, Y], rs.cka),
    rs.compare: (X, Y, rs.cka),
    rs.prepare: (X, rs.cka),
}


@pytest.mark.filterwarnings("ignore::resemblance.ResemblanceWarning")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_options_of_a_wrong_type_are_refused_by_name(operation):
    given = OPERATIONS[operation]
    for option in inspect.signature(operation).parameters.values():
        if option.kind is option.KEYWORD_ONLY and option.name not in {"progress", "y"}:
            for wrong in WRONG:
                with suppress(ResemblanceError):
                    operation(*given, **{option.name: wrong})


@pytest.mark.parametrize("order", [2.9, True, "3", 5, -1, 10**400, np.eye(2)])
def test_the_order_of_moments_is_whole(order):
    assert "order" in refused(lambda: rs.permutation_moments(X, Y, rs.cka, order=order))
