"""How much of the column space rounding leaves: data in half precision give the numbers of the data themselves."""

import numpy as np
import pytest

import resemblance as rs
from resemblance.io._safetensors import Narrow

UNITS = 64
BY_SPACE = [rs.cca_mean, rs.cca_mean_squared, rs.linear_regression_r2, rs.pwcca, rs.svcca]


def stored(values, storage):
    """Round to a narrow type, as a file or a tensor would hand it over."""
    if storage != "bf16":
        return values.astype({"f64": float, "f32": np.float32, "f16": np.float16}[storage])
    bits = values.astype(np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    narrow = bits.astype(np.uint32).view(np.float32).view(Narrow)
    narrow.storage = "bf16"
    return narrow


def unlike_columns(kind, n=500, rank=None):
    """Give data whose columns differ: a few of them large, all of falling size, one of large mean."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, rank or UNITS))
    x = x @ rng.standard_normal((rank, UNITS)) if rank else x
    y = x + rng.standard_normal((n, UNITS))
    if kind == "large":
        x[:, [7, 9]] *= 1000
    elif kind == "hundredfold":
        x[:, 7] *= 100
    elif kind == "mean":
        x[:, 7] += 100
    elif kind == "falling":
        sizes = np.arange(1, UNITS + 1) ** -2.0
        x, y = x * sizes, y * sizes
    return x, y


@pytest.mark.parametrize("storage", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("kind", ["plain", "large", "hundredfold", "mean", "falling"])
def test_narrow_storage_gives_the_numbers_of_the_data(kind, storage):
    x, y = unlike_columns(kind)
    for measure in BY_SPACE:
        expected = measure(x, y)
        # what rounding itself does to the numbers, not to the rank
        assert measure(stored(x, storage), stored(y, storage)) == pytest.approx(expected, abs=0.02), measure


@pytest.mark.parametrize("storage", ["f64", "f32", "f16", "bf16"])
@pytest.mark.parametrize("kind", ["plain", "hundredfold", "mean", "falling"])
@pytest.mark.parametrize("n", [500, 5000])
def test_rank_eight_stays_eight(n, kind, storage):
    if (n, storage) == (5000, "f64"):
        pytest.skip("the round-off of double precision is tested at 500 rows")
    x, _ = unlike_columns(kind, n, rank=8)
    assert round(rs.cca_mean(stored(x, storage), stored(x, storage), summary="sum"), 6) == 8


def test_a_column_that_storage_has_emptied_is_left_out():
    x, y = unlike_columns("plain")
    x[:, 7] += 1000  # the numbers of bf16 are 4 apart there
    narrow = stored(x, "bf16")
    assert round(rs.cca_mean(narrow, narrow, summary="sum"), 6) == UNITS - 1
    assert rs.cca_mean(narrow, y) == pytest.approx(rs.cca_mean(x, y), abs=0.02)


@pytest.mark.parametrize("measure", [*BY_SPACE, rs.cka, rs.procrustes, rs.eigenspace_overlap])
def test_rows_that_differ_are_never_called_equal(measure):
    rng = np.random.default_rng(1)
    one = 1000 + 4 * rng.integers(0, 3, (50, 1))  # neighbors in bf16
    y = rng.standard_normal((50, 3))
    assert np.isfinite(measure(stored(one.astype(float), "bf16"), y))
    beside = np.column_stack([np.full(50, 1e17), y])  # one column drowns what the others say
    assert measure(beside, y) == pytest.approx(measure(np.column_stack([np.full(50, 1.0), y]), y), rel=1e-9) or (
        measure in (rs.procrustes, rs.eigenspace_overlap)  # they look at means as well
    )


def test_rows_that_are_equal_are_called_equal():
    for value in (0.1, 1e17, 1 / 3):
        with pytest.raises(rs.ResemblanceError, match="All rows of x are equal") as caught:
            rs.cca_mean(np.full((40, 3), value), np.eye(40, 3))
        assert caught.value.code == "no_variance"


@pytest.mark.parametrize("measure", BY_SPACE[:3])
@pytest.mark.parametrize("size", [1e-14, 1e-30, 1e30])
def test_the_space_does_not_depend_on_the_size_of_a_column(measure, size):
    x, y = unlike_columns("plain")
    scaled = x.copy()
    scaled[:, 7] *= size
    assert measure(scaled, y) == pytest.approx(measure(x, y), rel=1e-11)


def test_a_repeated_column_adds_no_dimension_at_any_size():
    x, y = unlike_columns("plain")
    for size in (1.0, 1e-14, 3e7):
        twice = np.column_stack([x, size * x[:, 7]])
        assert rs.cca_mean(twice, y) == pytest.approx(rs.cca_mean(x, y), rel=1e-9)
        assert rs.linear_regression_r2(twice, y) == pytest.approx(rs.linear_regression_r2(x, y), rel=1e-9)


def test_one_large_unit_in_nearly_constant_columns():
    """The first token of a sentence encoder: means far above spreads, correlated units, one of them huge."""
    rng = np.random.default_rng(2)
    n, d = 400, 192
    factors = rng.standard_normal((n, d)) * np.arange(1, d + 1) ** -0.5
    mixed = factors @ np.linalg.qr(rng.standard_normal((d, d)))[0]
    x = 0.5 + 0.1 * mixed
    x[:, 11] = 12 + 0.02 * mixed[:, 11]
    y = mixed[:, :20] + 0.5 * rng.standard_normal((n, 20))
    narrow = stored(x, "f16")
    assert rs.linear_regression_r2(narrow, y) == pytest.approx(rs.linear_regression_r2(x, y), abs=0.01)
    assert rs.cca_mean(narrow, y) == pytest.approx(rs.cca_mean(x, y), abs=0.01)
