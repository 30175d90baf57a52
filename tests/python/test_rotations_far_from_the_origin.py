"""Procrustes distances of uncentered data whose mean drowns everything else."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

import resemblance as rs


def exact_square(x, y):
    """For two columns the sum of singular values of m is the root of |m|^2 + 2 |det m|; to 80 digits."""
    a, b = ([[Fraction(v) for v in row] for row in side.tolist()] for side in (x, y))
    m = [[sum(p[i] * q[j] for p, q in zip(a, b, strict=True)) for j in range(2)] for i in range(2)]
    inside = sum(v * v for row in m for v in row) + 2 * abs(m[0][0] * m[1][1] - m[0][1] * m[1][0])
    sizes = sum(v * v for side in (a, b) for row in side for v in row)
    with localcontext() as context:
        context.prec = 80
        root = (Decimal(inside.numerator) / Decimal(inside.denominator)).sqrt()
        return float(Decimal(sizes.numerator) / Decimal(sizes.denominator) - 2 * root)


def pair(mean, seed=0, n=20):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 2)) + mean * np.array([0.6, -0.8])
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return x, (x + rng.standard_normal((n, 2))) @ turn


@pytest.mark.parametrize("mean", [0.0, 30.0, 90.0, 110.0, 1e3, 1e5, 1e7, 3e7, 1e8, 1e10])
@pytest.mark.parametrize("seed", range(3))
def test_procrustes(mean, seed):
    x, y = pair(mean, seed)
    expected = exact_square(x, y)
    inherent = 1e-9 + 1e-15 * mean
    assert rs.procrustes(x, y) ** 2 == pytest.approx(expected, rel=inherent)
    assert rs.procrustes(x, y, squared=True) == pytest.approx(expected, rel=inherent)
    assert rs.procrustes(y, x) == pytest.approx(rs.procrustes(x, y), rel=inherent)


def test_one_side_far_and_the_other_not():
    x, y = pair(1e7)[0], pair(1.0)[1]
    for a, b in [(x, y), (y, x), (x, y - y.mean(0))]:
        assert rs.procrustes(a, b, squared=True) == pytest.approx(exact_square(a, b), rel=1e-12)


def test_wide_data_are_what_narrow_ones_are_in_other_columns():
    x, y = pair(1e6)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((30, 30)))[0][:2]
    for measure in (rs.procrustes, rs.angular_shape):
        assert measure(x @ turn, y @ turn) == pytest.approx(measure(x, y), rel=1e-8)
        assert measure(x @ turn, y) == pytest.approx(measure(x, y), rel=1e-8)


def test_far_apart_in_angle_alone():
    """The angle between two far clouds is that of their spreads."""
    x, y = pair(1e6)
    sizes = [np.sum((a - a.mean(0)) ** 2) + len(a) * np.sum(a.mean(0) ** 2) for a in (x, y)]
    y = y * np.sqrt(sizes[0] / sizes[1])
    expected = np.sqrt(exact_square(x, y) / sizes[0])  # for equal norms and small angles, to (d^2/24)
    assert rs.angular_shape(x, y) == pytest.approx(expected, rel=1e-8)
    assert rs.procrustes(x, y, normalize=True) == pytest.approx(expected, rel=1e-8)


def test_identity_rotation_and_summaries():
    x, y = pair(1e6)
    assert rs.procrustes(x, x) == 0
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert rs.procrustes(x, x @ turn) < 1e-9 * np.linalg.norm(x)
    made = rs.prepare(x, rs.procrustes)
    assert rs.procrustes(made, y) == rs.procrustes(x, y)
    order = np.random.default_rng(2).permutation(len(x))
    assert rs.procrustes(x[order], y[order]) == pytest.approx(rs.procrustes(x, y), rel=1e-9)


def test_permutations_see_what_the_distance_sees():
    x, y = pair(1e6, n=12)
    near = rs.permutation_test(x, y, rs.procrustes, n_resamples=199, rng=0)
    plain = rs.permutation_test(x - x.mean(0), y - y.mean(0), rs.procrustes, n_resamples=199, rng=0)
    assert near.pvalue == pytest.approx(plain.pvalue, abs=0.02)
