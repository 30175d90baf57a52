"""The library's own measures that are functions in Python take part in all operations, as those of the core do."""

from __future__ import annotations

import itertools
import json
import math
import pickle
from functools import partial

import numpy as np
import pairs
import pytest
from settings import IN_PYTHON

import resemblance as rs
from resemblance import cli

EACH = pytest.mark.parametrize("setting", IN_PYTHON, ids=str)


def related(setting, n=20, seed=0):
    return setting.inputs(*pairs.related(n, 6, 6, seed=seed))


def test_there_are_some():
    assert IN_PYTHON
    assert all(rs.list_measures()[setting.measure].form == "function" for setting in IN_PYTHON)


@EACH
@pytest.mark.parametrize("seed", range(5))
def test_the_oracle_agrees(setting, seed):
    x, y = related(setting, seed=seed)
    for a, b in ((x, y), (x, x), (1e-200 * x, 1e200 * y), (x.astype(np.float32), y.tolist())):
        assert setting.library(a, b) == pytest.approx(setting.oracle(a, b), rel=1e-9 if a is not x else 1e-12)


@EACH
def test_by_name_by_function_and_by_partial(setting):
    x, y = related(setting)
    measure = setting.bound(x)
    score = rs.compare(x, y, measure)[0]
    assert score.value == setting.library(x, y)
    assert score.facts == setting.facts
    if not setting.options:
        assert rs.compare(x, y, setting.measure)[0].value == score.value
    assert pickle.loads(pickle.dumps(measure))(x, y) == score.value  # noqa: S301 - our own bytes


@EACH
def test_rows(setting):
    x, y = related(setting)
    rows = rs.rowwise(x, y, setting.bound(x))
    assert rows.shape == (20,)
    assert np.nanmean(rows) == pytest.approx(setting.library(x, y), rel=1e-14)


@EACH
def test_all_pairs(setting):
    models = [related(setting, seed=seed)[0] for seed in range(3)]
    grid = rs.pairwise(models, setting.bound(models[0]))[0]
    assert grid.values == pytest.approx(np.array([[setting.library(a, b) for b in models] for a in models]), abs=1e-15)
    assert np.array_equal(grid.values, grid.values.T) == setting.facts.symmetric


@EACH
def test_all_permutations_of_few_rows(setting):
    x, y = related(setting, n=5)
    found = rs.permutation_test(x, y, setting.bound(x), return_null=True)
    scores = sorted(setting.library(x, y[list(order)]) for order in itertools.permutations(range(5)))
    assert found.method == "exact"
    assert np.sort(found.null_distribution) == pytest.approx(scores, rel=1e-12)
    assert found.alternative == ("less" if setting.facts.kind == "distance" else "greater")
    assert found.calibrated_mean == pytest.approx((found.statistic - np.mean(scores)) / (1 - np.mean(scores)))
    assert rs.replay(found, x, y).pvalue == found.pvalue


@EACH
def test_a_grid_of_tests(setting):
    x, y = related(setting)
    grid = rs.pairwise_test([x, y], setting.bound(x), n_resamples=99, rng=0)[0]
    assert grid.unadjusted[0, 1] == grid.unadjusted[1, 0]
    assert grid.n_tests == 1


@EACH
def test_intervals_leave_out_rows(setting):
    x, y = related(setting)
    found = rs.confidence_interval(x, y, setting.bound(x))
    assert found.closed_form == (setting.facts.jackknife == "mean_of_rows")
    for row in range(20):
        stay = np.arange(20) != row
        assert found.leave_one_out[row] == pytest.approx(setting.library(x[stay], y[stay]), rel=1e-12)
    low, high = setting.facts.range
    assert low <= found.low < found.high <= high
    _, z = related(setting, seed=3)
    difference = rs.similarity_difference(x, y, z, setting.bound(x))
    assert difference.estimate == pytest.approx(setting.library(x, y) - setting.library(x, z))


@EACH
def test_summaries_are_not_offered(setting):
    x, _ = related(setting)
    with pytest.raises(rs.ResemblanceError) as caught:
        rs.prepare(x, setting.bound(x))
    assert caught.value.code == "not_offered"


@EACH
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda x: x[:-1], "row_count_mismatch"),
        (lambda x: x[:, :-1], "width_mismatch"),
        (lambda x: np.where(np.arange(x.size).reshape(x.shape) == 8, np.nan, x), "nonfinite_input"),
        (lambda x: x[:, 0], "not_two_dimensional"),
        (lambda x: np.array(["a", "b"] * 10), "not_two_dimensional"),
        (lambda x: x[:, :1] > 0, "unsupported_dtype"),
        (lambda x: x[:, None], "layout_required"),
        (lambda x: {"x": x}, "unsupported_dtype"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(setting, spoil, code):
    x, y = related(setting)
    for call in (setting.library, partial(rs.compare, measures=setting.bound(x))):
        with pytest.raises(rs.ResemblanceError) as caught:
            call(x, spoil(y))
        assert caught.value.code == code
    with pytest.raises(rs.ResemblanceError) as empty:
        setting.library(x[:0], y[:0])
    assert empty.value.code == "empty_input"
    if code == "nonfinite_input":
        assert (caught.value.details["row"], caught.value.details["column"]) == (1, 2)


@EACH
def test_names_of_rows_are_compared(setting):
    pd = pytest.importorskip("pandas")
    x, y = (pd.DataFrame(side, index=[f"input {i}" for i in range(20)]) for side in related(setting))
    assert math.isfinite(setting.library(x, y))
    for call in (setting.library, partial(rs.compare, measures=setting.bound(x))):
        with pytest.raises(rs.ResemblanceError) as caught:
            call(x, y[::-1])
        assert caught.value.code == "rows_misaligned"


def test_saliency_of_several_outputs():
    x, y = pairs.related(20, 6, 6)
    for outputs in (1, 2, 3, 6):
        for absolute in (True, False):
            options = {"outputs": outputs, "absolute": absolute}
            want = np.mean(
                [
                    rs.saliency_similarity(x[:, cut], y[:, cut], absolute=absolute)
                    for cut in np.split(np.arange(6), outputs)
                ]
            )
            assert rs.saliency_similarity(x, y, **options) == pytest.approx(want, rel=1e-13)
    for wrong in (0, 4, 1.5, True):
        with pytest.raises(rs.ResemblanceError, match="outputs") as caught:
            rs.saliency_similarity(x, y, outputs=wrong)
        assert caught.value.code == "bad_option"
    with pytest.raises(rs.ResemblanceError, match="absolute"):
        rs.saliency_similarity(x, y, absolute="no")


def test_saliency_of_gradients_that_vanish():
    """A gradient of zero has no direction: its output, its row or the whole score is left out."""
    x, y = pairs.related(6, 4, 4)
    y[1, :2], y[4] = 0.0, 0.0
    rows = rs.rowwise(x, y, partial(rs.saliency_similarity, outputs=2))
    assert rows[1] == pytest.approx(rs.saliency_similarity(x[1:2, 2:], y[1:2, 2:]))
    assert math.isnan(rows[4])
    assert rs.saliency_similarity(x, y, outputs=2) == pytest.approx(np.nanmean(rows))
    with pytest.raises(rs.ResemblanceError) as caught:
        rs.saliency_similarity(x, 0 * y)
    assert caught.value.code == "undefined"
    found = rs.confidence_interval(x, y, partial(rs.saliency_similarity, outputs=2))
    assert found.leave_one_out[4] == pytest.approx(np.nanmean(rows))


def test_on_the_command_line(tmp_path, capsys):
    x, y = pairs.related(12, 4, 4)
    for name, side in (("x.npy", x), ("y.npy", y)):
        np.save(tmp_path / name, side)
    files = [str(tmp_path / "x.npy"), str(tmp_path / "y.npy")]
    assert cli.main(["compare", *files, "-m", "saliency_similarity:outputs=2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0]["value"] == rs.saliency_similarity(x, y, outputs=2)
    assert cli.main(["measures", "saliency_similarity"]) == 0
    assert "outputs (int), default 1" in capsys.readouterr().out
