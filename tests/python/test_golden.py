"""The golden numbers of the catalogues, for the library and for its oracles."""

from __future__ import annotations

from functools import partial

import golden
import numpy as np
import oracles
import pytest
from settings import MEASURES, is_group

import resemblance as rs


def library(line):
    arrays = golden.arrays(line)
    if is_group(line.measure):
        return getattr(rs, line.measure)(arrays, **golden.options(line))
    if len(arrays) == 1:
        return rs.describe(*arrays, _bound(line))
    return rs.rowwise(*arrays, _bound(line)) if np.ndim(line.value) else _bound(line)(*arrays)


def oracle(line):
    function, arrays = oracles.of(line.measure), golden.arrays(line)
    if is_group(line.measure):
        return function(arrays, **golden.options(line))
    return function(*arrays, **golden.options(line), **({"reduce": None} if np.ndim(line.value) else {}))


@pytest.mark.parametrize("line", golden.GOLDEN, ids=str)
@pytest.mark.parametrize("value", [library, oracle])
def test_golden(value, line):
    assert value(line) == pytest.approx(line.value, rel=1e-9, abs=1e-15), f"source {line.source}"


@pytest.mark.parametrize("line", golden.NULL_MEANS, ids=str)
def test_null_mean(line):
    x, y = golden.arrays(line)
    (score,) = rs.compare(x, y, _bound(line)).scores
    assert score.null_mean_from == "closed_form"
    assert golden.has_closed_form(line.measure, line.options)
    assert score.null_mean == pytest.approx(line.value, rel=1e-9, abs=1e-12)
    assert score.calibrated_mean == pytest.approx((score.value - line.value) / (1 - line.value), rel=1e-8)


def _bound(line):
    return partial(getattr(rs, line.measure), **golden.options(line))


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_an_oracle_and_a_golden_number_in_the_files_of_its_family(measure):
    family = getattr(rs, measure).__module__.split(".")[2]
    assert oracles.of(measure).__module__ == f"oracles.{family}"
    assert measure in {line.measure for line in golden.FAMILIES[family].GOLDEN}


def test_golden_numbers_are_of_measures():
    assert {line.measure for line in golden.GOLDEN + golden.NULL_MEANS} <= set(MEASURES)


def test_data_are_those_of_the_catalogue():
    assert golden.DATA["X"][0] == pytest.approx([0.25, 1.144217687, 1.08498815], rel=1e-9)
    assert golden.DATA["Y"][0] == pytest.approx([1.51537415, 0.5215866416, -0.9885011173, -1.07210562], rel=1e-9)
