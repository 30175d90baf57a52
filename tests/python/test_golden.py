"""The golden numbers of the catalogues, for the library and for its oracles."""

from __future__ import annotations

from functools import partial

import golden
import naive
import numpy as np
import pytest

import resemblance as rs


def _value(module, line):
    function, arrays = getattr(module, line.measure), golden.arrays(line)
    if line.measure == "fleiss_kappa":
        return function(arrays, **golden.options(line))
    if module is rs and len(arrays) == 1:
        return rs.describe(*arrays, _bound(line))
    if np.ndim(line.value):
        return (
            rs.rowwise(*arrays, _bound(line))
            if module is rs
            else function(*arrays, reduce=None, **golden.options(line))
        )
    return function(*arrays, **golden.options(line))


@pytest.mark.parametrize("line", golden.GOLDEN, ids=str)
@pytest.mark.parametrize("module", [rs, naive], ids=["library", "oracle"])
def test_golden(module, line):
    assert _value(module, line) == pytest.approx(line.value, rel=1e-9, abs=1e-15), f"source {line.source}"


@pytest.mark.parametrize("line", golden.NULL_MEANS, ids=str)
def test_null_mean(line):
    x, y = golden.arrays(line)
    (score,) = rs.compare(x, y, _bound(line)).scores
    assert score.null_mean == pytest.approx(line.value, rel=1e-9, abs=1e-12)
    assert score.calibrated_mean == pytest.approx((score.value - line.value) / (1 - line.value), rel=1e-8)


def _bound(line):
    return partial(getattr(rs, line.measure), **golden.options(line))


def test_every_measure_has_a_golden_number():
    assert {line.measure for line in golden.GOLDEN} == {info.name for info in rs.list_measures()}


def test_data_are_those_of_the_catalogue():
    assert golden.X[0] == pytest.approx([0.25, 1.144217687, 1.08498815], rel=1e-9)
    assert golden.Y[0] == pytest.approx([1.51537415, 0.5215866416, -0.9885011173, -1.07210562], rel=1e-9)
