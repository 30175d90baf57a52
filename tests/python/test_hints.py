"""A refusal names what was meant: measures, options, choices, labels, and how to reduce an array."""

from __future__ import annotations

import ast
import re
from functools import partial

import numpy as np
import pytest

import resemblance as rs

X, Y = np.random.default_rng(0).normal(size=(2, 12, 3))
NAMED = {"conv1": X, "conv2": Y}


def refusal(call, *arguments, **options) -> rs.ResemblanceError:
    with pytest.raises(rs.ResemblanceError) as caught:
        call(*arguments, **options)
    return caught.value


MEASURES = {
    "jsd": "js_divergence",
    "kl": "js_divergence",
    "CKA": "cka",
    "mean_cka": "cka",
    "hsic": "cka",
    "dcor": "distance_correlation",
    "churn": "disagreement",
    "yanai": "eigenspace_overlap",
    "Linear-CKA": "cka",
    "ckaa": "cka",
    "procustes": "procrustes",
    "mantel": "rsa",
    "cca": "cca_mean",
}


@pytest.mark.parametrize(("given", "meant"), MEASURES.items())
def test_measures_by_other_names(given, meant):
    error = refusal(rs.compare, X, Y, given)
    assert (error.code, error.details["closest"]) == ("unknown_measure", meant)
    assert f'"{meant}"' in str(error)


def test_what_is_near_but_not_the_same_is_said_to_be():
    assert "which is its normalized form" in str(refusal(rs.compare, X, Y, "hsic"))
    assert "geometric mean" in str(refusal(rs.compare, X, Y, "yanai"))
    assert "did you mean" in str(refusal(rs.compare, X, Y, "jsd"))


def test_what_is_near_nothing_lists_all():
    error = refusal(rs.compare, X, Y, "banana")
    assert error.details["closest"] is None
    assert all(info.name in str(error) for info in rs.list_measures())


CHOICES = [
    (partial(rs.cka, X, Y), {"estimator": "unbiased"}, "debiased"),
    (partial(rs.cka, X, Y), {"estimator": "Debiased"}, "debiased"),
    (partial(rs.cka, X, Y), {"kernel": "gaussian"}, "rbf"),
    (partial(rs.rsa, X, Y), {"inner": "correlation"}, "pearson"),
    (partial(rs.rsa, X, Y), {"outer": "kendall"}, "kendall_tau_b"),
    (partial(rs.rsa, X, Y), {"inner": "sqeuclidean"}, "sq_euclidean"),
    (partial(rs.knn_jaccard, X, Y), {"metric": "l2"}, "euclidean"),
    (partial(rs.js_divergence, X, Y), {"kind": "softmax"}, "probs"),
    (partial(rs.permutation_test, X, Y, rs.cka), {"alternative": "two_sided"}, "two-sided"),
    (partial(rs.permutation_test, X, Y, rs.cka), {"method": "montecarlo"}, "monte_carlo"),
    (partial(rs.permutation_test, X, Y, rs.cka), {"precision": "single"}, "float32"),
    (partial(rs.pairwise_test, NAMED, rs.cka), {"adjust": "fdr"}, "bh"),
    (partial(rs.pairwise_test, NAMED, rs.cka), {"adjust": "maxt"}, "maxT"),
    (rs.config, {"on_warning": "error"}, "raise"),
]


@pytest.mark.parametrize(("call", "options", "meant"), CHOICES)
def test_choices_by_other_names(call, options, meant):
    error = refusal(call, **options)
    assert error.code == "bad_option"
    assert f'did you mean "{meant}"?' in str(error)


def test_options_by_other_names():
    for measure, meant in (
        (partial(rs.knn_jaccard, n_neighbors=3), "k"),
        (partial(rs.procrustes, centered=True), "center"),
        (partial(rs.cka, kernal="rbf"), "kernel"),
        (partial(rs.cka, unbiased=True), "estimator"),
    ):
        error = refusal(rs.compare, X, Y, measure)
        assert (error.code, error.details["closest"]) == ("unknown_option", meant)


def test_labels_of_grids():
    grid = rs.pairwise(NAMED, rs.cka)[0]
    for key, word in ((("conv1", "conv22"), "conv2"), (("Conv1", "conv2"), "conv1"), (("fc", "conv1"), "conv1")):
        with pytest.raises(KeyError, match=f"'{word}'") as caught:
            grid[key]
        assert isinstance(caught.value, rs.ResemblanceError)
        assert caught.value.code == "unknown_label"
        assert "tuple.index" not in str(caught.value)
    assert "row 'Conv1'" in str(refusal(grid.__getitem__, ("Conv1", "conv2")))
    assert "column 'conv22'" in str(refusal(grid.__getitem__, ("conv1", "conv22")))
    with pytest.raises(IndexError):
        grid[5, 0]


def test_labels_of_measures():
    two = [partial(rs.cka, kernel="rbf"), partial(rs.cka, estimator="debiased")]
    for found in (rs.pairwise(NAMED, [*two, rs.rsa]), rs.compare(X, Y, [*two, rs.rsa])):
        assert "cka[kernel=rbf]" in str(refusal(found.__getitem__, "cka"))
        assert "did you mean 'rsa'" in str(refusal(found.__getitem__, "rsaa"))
        assert found["rsa"] is found[2]
    grids = rs.pairwise(NAMED, rs.cka)
    assert grids.get("rsa") is None  # a mapping like any other
    assert "rsa" not in grids


@pytest.mark.parametrize("axes", [3, 4, 5])
def test_how_to_reduce_an_array_that_has_more_axes(axes):
    """Each piece of advice is taken, and gives as many columns as there are units."""
    shape = (12, 4, 5, 6, 7)[:axes]
    x = np.random.default_rng(0).normal(size=shape)
    error = refusal(rs.cka, x, Y)
    assert error.code == "layout_required"
    advised = [ast.literal_eval(axis) for axis in re.findall(r"x\.mean\(axis=(\d+|\([\d, ]+\))\)", str(error))]
    pooled = [x.mean(axis=axis).shape for axis in advised]
    assert pooled == ([(12, 5)] if axes == 3 else [(12, 4), (12, shape[-1])])
    assert "x.reshape(len(x), -1)" in str(error)


def test_sets_of_representations_are_sent_to_the_operations_for_them():
    for given in (NAMED, [X, Y]):
        for call in (partial(rs.permutation_test, given, Y, rs.cka), partial(rs.cka, given, Y)):
            assert "pairwise_test" in str(refusal(call))
