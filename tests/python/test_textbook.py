"""Every measure, in every setting of its closed options, equals its oracle on every input of the tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import oracles
import pairs
import pytest
from settings import MEASURES, PLAIN, SETTINGS, every_setting, has_rows, with_inputs

import resemblance as rs

if TYPE_CHECKING:
    from settings import Setting

REPRESENTATIONS = [s for s in SETTINGS if s.input in ("matrix", "pair_matrix")]
PREDICTIONS = [s for s in SETTINGS if s.input == "predictions"]
PROBABILITIES = [s for s in SETTINGS if s.input == "probabilities"]

# What a measure may say where the oracle divides zero by zero.
NO_VALUE = {"no_variance", "no_structure", "undefined", "constant_row"}


def check(setting: Setting, pair: pairs.Pair) -> bool:
    """Compare with the oracle; NaN there must be a named error here. Returns whether there was a value."""
    x, y = (pair.dress(a) for a in setting.inputs(pair.x, pair.y))
    expected = setting.oracle(x, y)
    if math.isnan(expected):
        with pytest.raises(rs.ResemblanceError) as caught:
            setting.library(x, y)
        assert caught.value.code in NO_VALUE
        return False
    ours = setting.library(x, y)
    assert isinstance(ours, float)
    assert ours == pytest.approx(expected, rel=pair.rel, abs=pair.abs)
    return True


@pytest.mark.parametrize(("setting", "pair"), with_inputs(REPRESENTATIONS, pairs.DEFINED), ids=str)
def test_representations(setting, pair):
    check(setting, pair)


@pytest.mark.parametrize(("setting", "pair"), with_inputs(PREDICTIONS, pairs.PREDICTIONS + pairs.SCORES), ids=str)
def test_predictions(setting, pair):
    check(setting, pair)


@pytest.mark.parametrize(("setting", "pair"), with_inputs(PROBABILITIES, pairs.SCORES), ids=str)
def test_probabilities(setting, pair):
    check(setting, pair)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_combination_of_choices(measure):
    """All combinations, those of three choices and more included, on one pair of inputs."""
    for setting in every_setting(measure):
        plain = pairs.DEFINED if setting.input in ("matrix", "pair_matrix") else pairs.SCORES
        assert check(setting, plain[0]), setting


def is_round_off(setting: Setting, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether the oracle has no value, or one that a change in the last digits turns into another."""
    values = [setting.oracle(x, y), setting.oracle(x * (1 + 3e-16), y * (1 - 3e-16))]
    return any(map(math.isnan, values)) or abs(values[0] - values[1]) > 1e-9 * max(1.0, abs(values[0]))


@pytest.mark.parametrize(("setting", "pair"), with_inputs(REPRESENTATIONS, pairs.DEGENERATE), ids=str)
def test_degenerate(setting, pair):
    """A value where there is one; a named error where it would be 0/0, and for a representation without variance."""
    x, y = (pair.dress(a) for a in setting.inputs(pair.x, pair.y))
    equal = any(np.ptp(side, axis=0).max() == 0 for side in (x, y))
    try:
        ours = setting.library(x, y)
    except rs.ResemblanceError as error:
        named = error.code in NO_VALUE
        assert named
        assert equal or is_round_off(setting, x, y)
    else:
        if not is_round_off(setting, x, y):
            assert ours == pytest.approx(setting.oracle(x, y), rel=pair.rel, abs=pair.abs)
        else:
            low, high = setting.facts.range  # of directions with equal variance, any may be kept
            assert low <= ours <= high


@pytest.mark.parametrize("setting", PLAIN, ids=str)
def test_the_tables_are_not_empty_promises(setting):
    """Each measure has a value on nearly all of the table: a NaN of the oracle must not hide a refusal of all."""
    table = {
        "matrix": pairs.DEFINED,
        "predictions": pairs.PREDICTIONS + pairs.SCORES,
        "probabilities": pairs.SCORES,
    }[setting.input]
    without = [str(pair) for pair in table if not check(setting, pair)]
    assert without in ([], ["one_column"])  # which makes every row constant


@pytest.mark.parametrize("setting", PREDICTIONS, ids=str)
def test_ids_and_scores_mix(setting):
    x, y = pairs.scores(25, 3)
    expected = setting.oracle(x, y)
    assert setting.library(x.argmax(axis=1), y) == pytest.approx(expected, rel=1e-12)
    assert setting.library(x, y.argmax(axis=1).tolist()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if has_rows(s.measure)], ids=str)
def test_rows(setting):
    """`rowwise` gives the value of every row, and their mean is the score."""
    table = {"predictions": pairs.PREDICTIONS + pairs.SCORES, "probabilities": pairs.SCORES}
    for pair in table.get(setting.input, pairs.DEFINED + [p for p in pairs.DEGENERATE if p.name == "zero_row"]):
        x, y = (pair.dress(a) for a in setting.inputs(pair.x, pair.y))
        rows, expected = setting.rowwise(x, y), setting.oracle(x, y, reduce=None)
        assert rows.dtype == np.float64
        assert rows == pytest.approx(expected, rel=pair.rel, abs=pair.abs, nan_ok=True), pair
        if np.isnan(rows).all():  # every row is left out, and a mean of none would be a silent NaN
            with pytest.raises(rs.ResemblanceError):
                setting.library(x, y)
        else:
            assert np.nanmean(rows) == pytest.approx(setting.library(x, y), rel=1e-12), pair


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.facts.kind == "statistic"], ids=str)
def test_statistic_of_one_representation(setting):
    for pair in pairs.DEFINED:
        x, y = pair.dress(pair.x), pair.dress(pair.y)
        measure = setting.bound(x)
        expected = setting.oracle(x, y, compare=None)
        assert [rs.describe(side, measure) for side in (x, y)] == pytest.approx(expected, rel=pair.rel), pair
        assert rs.describe(rs.prepare(x, measure), measure) == rs.describe(x, measure)
        fewer = setting.oracle(x, y[:9], compare=None)[1]
        assert rs.describe(y[:9], measure) == pytest.approx(fewer, rel=pair.rel), pair


SCALES = [("huge", "huge"), ("tiny", "tiny"), ("huge", "tiny"), ("large", "small")]


@pytest.mark.parametrize(("setting", "scales"), with_inputs(REPRESENTATIONS, SCALES), ids=str)
def test_scale(setting, scales):
    """At 1e150 a square nearly overflows and a fourth power does: the score must not notice."""
    x, y = setting.inputs(*pairs.related(20, 4, 3))
    s, t = (pairs.SCALES[name] for name in scales)
    degree = setting.facts.degree or 0
    if "scaling" in setting.facts.invariant_to or (degree and s == t):
        expected = setting.oracle(x, y)
        if math.isnan(expected):
            return
        assert setting.library(s * x, t * y) == pytest.approx(expected * s**degree, rel=1e-9)
        return
    try:  # elsewhere a kernel may saturate; there is a true value in range, or a name for what is missing
        value = setting.library(s * x, t * y)
    except rs.ResemblanceError as error:
        known = error.code in NO_VALUE
        assert known
    else:
        low, high = setting.facts.range
        assert low <= value <= high
        assert not math.isnan(value)


@pytest.mark.parametrize("setting", [s for s in REPRESENTATIONS if "translation" in s.facts.invariant_to], ids=str)
def test_large_offset(setting):
    """A mean of a million standard deviations: squares of the raw data would lose every digit of the variance."""
    x, y = setting.inputs(*pairs.related(20, 4, 3))
    assert setting.library(x + 1e6, y - 1e6) == pytest.approx(setting.oracle(x, y), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("shape", [(390, 260, 130), (300, 520, 41)], ids=str)
@pytest.mark.parametrize("setting", [s for s in PLAIN if s.input == "matrix"], ids=str)
def test_several_tiles(setting, shape):
    """Large enough that products, distances and lists are made tile by tile, with rests at the edges."""
    dtype = np.float64 if shape[0] > shape[1] else np.float32
    x, y = (a.astype(dtype) for a in setting.inputs(*pairs.related(*shape, noise=3.0)))
    assert setting.library(x, y) == pytest.approx(setting.oracle(x, y), rel=1e-9)


@pytest.mark.parametrize("group", [2, 3, 7])
def test_groups(group):
    """Group measures take any number of models; of one table it must be said what its rows are."""
    models = [pairs.ids(40, 3, seed)[0] for seed in range(group)]
    assert rs.fleiss_kappa(models) == pytest.approx(oracles.of("fleiss_kappa")(models), rel=1e-12)
    assert rs.fleiss_kappa(list(np.array(models))) == rs.fleiss_kappa(models)
    as_scores = [np.eye(3)[m] for m in models]
    assert rs.fleiss_kappa(as_scores) == rs.fleiss_kappa(models)


def test_without_errors_the_corrected_disagreement_is_undefined():
    labels = np.array([0, 1, 2, 1])
    other = np.array([0, 1, 2, 0])
    with pytest.raises(rs.ResemblanceError) as caught:
        rs.error_corrected_disagreement(labels, other, labels=labels)
    assert caught.value.code == "undefined"
    assert rs.error_corrected_disagreement(labels, other, labels=labels, reference="second") == 1.0


@pytest.mark.parametrize("measure", [rs.cohen_kappa, lambda x, y: rs.fleiss_kappa([x, y])], ids=["cohen", "fleiss"])
def test_kappa_of_one_and_the_same_class_is_undefined(measure):
    with pytest.raises(rs.ResemblanceError) as caught:
        measure([1, 1, 1], [1, 1, 1])
    assert caught.value.code == "undefined"


def test_one_input_is_enough_for_predictions():
    assert rs.disagreement([1], [2]) == 1.0
    assert rs.js_divergence([[0.5, 0.5]], [[0.5, 0.5]], kind="probs") == 0.0


def test_masked_logits():
    """A class that neither model may choose has logit minus infinity and probability 0."""
    x, y = pairs.scores(10, 4)
    x[:, 2] = y[:, 2] = -np.inf
    kept = [0, 1, 3]
    expected = rs.js_divergence(x[:, kept], y[:, kept], kind="logits")
    assert rs.js_divergence(x, y, kind="logits") == pytest.approx(expected, rel=1e-12)


def test_never_minus_zero():
    x = pairs.scores(10, 3)[0]
    for value in (rs.js_divergence(x, x, kind="logits"), rs.disagreement(x, x), rs.procrustes(x, x, squared=True)):
        assert math.copysign(1.0, value) == 1.0


def test_second_moment_identities():
    """Ties between measures that the catalogue states, over random shapes."""
    for seed in range(5):
        x, y = pairs.related(25, 4 + seed, 3, seed=seed)
        rank = min(x.shape[1], 3)
        assert rs.cca_mean_squared(x, y, summary="sum") == pytest.approx(rank * rs.cca_mean_squared(x, y), rel=1e-12)
        assert math.cos(rs.angular_shape(x, y)) * np.linalg.norm(x) * np.linalg.norm(y) == pytest.approx(
            np.linalg.norm(x.T @ y, "nuc"), rel=1e-10
        )
        distances = [np.linalg.norm(a[:, None] - a[None], axis=2) for a in (x, y)]
        assert rs.distance_correlation(x, y, squared=True) == pytest.approx(
            rs.cka(*(-d for d in distances), kernel="precomputed"), rel=1e-10
        )
        assert rs.cka(x, y) == pytest.approx(rs.cka(x @ x.T, y @ y.T, kernel="precomputed"), rel=1e-10)
