"""Distance correlation without n x n matrices: one column in sorted sums, many rows in passes over pairs."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import resemblance as rs

SORTED = 4096  # rows of one column from which sums are sorted
KINDS = [{}, {"squared": True}, {"bias_corrected": True}]


def columns(n, kind="related", seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 1))
    y = x**2 + rng.standard_normal((n, 1))
    if kind == "ties":
        x, y = np.round(2 * x), np.round(y)
    elif kind == "far":
        x, y = x + 1e6, y - 1e9
    elif kind == "outlier":
        x[3], y[5] = 1e8, -1e7
    return x, y


@pytest.mark.parametrize("options", KINDS, ids=str)
@pytest.mark.parametrize("kind", ["related", "ties", "far"])
def test_sorted_sums_are_the_stored_matrices(kind, options):
    x, y = columns(SORTED, kind)
    distances = [np.abs(a - a.T) for a in (x, y)]
    stored = rs.distance_correlation(*distances, metric="precomputed", **options)
    assert rs.distance_correlation(x, y, **options) == pytest.approx(stored, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_a_column_against_more_columns(options):
    x, y = columns(SORTED)
    wide = np.column_stack([y, x**3, np.ones(SORTED)])
    distances = [np.abs(x - x.T), np.sqrt((y - y.T) ** 2 + (x**3 - (x**3).T) ** 2)]
    stored = rs.distance_correlation(*distances, metric="precomputed", **options)
    assert rs.distance_correlation(x, wide, **options) == pytest.approx(stored, rel=1e-10)
    assert rs.distance_correlation(wide, x, **options) == pytest.approx(stored, rel=1e-10)


def test_one_point_far_away_takes_no_digits():
    """Whole numbers, so that the same sums can be taken without any round-off."""
    n = SORTED
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 50, (2, n)).astype(float)
    x[7] = 2.0**40
    expected = _bias_corrected(x, y)
    found = rs.distance_correlation(x[:, None], y[:, None], bias_corrected=True)
    assert found == pytest.approx(expected, rel=1e-12)


def _bias_corrected(x, y):
    n = len(x)

    def sums(a):
        return [int(v) for v in np.abs(a[:, None] - a).astype(np.int64).sum(axis=1)]

    def inner(a, b):
        u, v = a.astype(np.int64), b.astype(np.int64)
        products = sum(int(p) for i in range(n) for p in [np.dot(np.abs(u - u[i]), np.abs(v - v[i]))])
        r, s = sums(a), sums(b)
        crossed = sum(p * q for p, q in zip(r, s, strict=True))
        return products - Fraction(2 * crossed, n - 2) + Fraction(sum(r) * sum(s), (n - 1) * (n - 2))

    return float(inner(x, y)) / (float(_square(x)) * float(inner(y, y))) ** 0.5


def _square(x):
    """The same of x with itself, whose products of distances do not fit 64 bits."""
    n = len(x)
    values = [int(v) for v in x]
    total, squares = sum(values), sum(v * v for v in values)
    order = sorted(range(n), key=values.__getitem__)
    before, sums = 0, [0] * n
    for place, i in enumerate(order):
        sums[i] = (2 * place - n) * values[i] + total - 2 * before
        before += values[i]
    products = 2 * (n * squares - total * total)
    crossed = sum(s * s for s in sums)
    return products - Fraction(2 * crossed, n - 2) + Fraction(sum(sums) ** 2, (n - 1) * (n - 2))


def test_grids_intervals_summaries_and_tests_agree_with_scores():
    x, y = columns(SORTED)
    z = np.column_stack([x, y])
    sides = {"x": x, "y": y, "z": z}
    grid = rs.pairwise(sides, rs.distance_correlation)["distance_correlation"]
    for i, a in enumerate(sides.values()):
        for j, b in enumerate(sides.values()):
            assert grid[i, j] == pytest.approx(rs.distance_correlation(a, b), rel=1e-11)
    made = rs.prepare(x, rs.distance_correlation)
    assert rs.distance_correlation(made, y) == rs.distance_correlation(x, y)
    found = rs.permutation_test(x, y, rs.distance_correlation, n_resamples=99, rng=0)
    assert found.statistic == rs.distance_correlation(x, y)
    assert found.pvalue < 0.001


def test_identity_and_invariances():
    x, y = columns(SORTED, "ties")
    assert rs.distance_correlation(x, x) == pytest.approx(1, rel=1e-15)
    assert rs.distance_correlation(x, -3 * x + 7) == pytest.approx(1, rel=1e-14)
    order = np.random.default_rng(3).permutation(len(x))
    assert rs.distance_correlation(x[order], y[order]) == pytest.approx(rs.distance_correlation(x, y), rel=1e-13)
    for constant in (np.full((SORTED, 1), 0.1), np.zeros((SORTED, 1))):
        with pytest.raises(rs.ResemblanceError) as caught:
            rs.distance_correlation(constant, y)
        assert caught.value.code == "no_structure"


def test_many_rows_of_one_column_take_little_memory():
    n = 300_000
    program = f"""
import resource
import numpy as np
import resemblance as rs
x = np.random.default_rng(0).standard_normal(({n}, 1))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rs.distance_correlation(x, x**2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    grown = int(run.stdout)
    unit = 1 if sys.platform == "darwin" else 1024
    assert grown * unit < 1000 * n
