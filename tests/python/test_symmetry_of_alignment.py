"""Aligned cosine has no side that is mapped, even where the best map is not the only one."""

import itertools

import numpy as np
import pytest

import resemblance as rs


def low_rank(n, d, rank, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d))
    return x, x[:, ::-1] + rng.standard_normal((n, d))


@pytest.mark.parametrize("seed", range(5))
def test_rank_deficient_sides(seed):
    x, y = low_rank(20, 6, 3, seed)
    narrow, wide = low_rank(4, 9, 4, seed)
    for a, b in [(x, y), (narrow, wide), (x, np.column_stack([y[:, :2], np.zeros((20, 4))]))]:
        assert rs.aligned_cosine(a, b) == pytest.approx(rs.aligned_cosine(b, a), rel=1e-12)
        assert rs.aligned_cosine(a, a) == pytest.approx(1)


def test_the_part_without_a_map_counts_as_all_its_completions():
    """One direction of three is shared; the mean over rotations of the others is what is returned."""
    rng = np.random.default_rng(0)
    n = 12
    basis = np.linalg.qr(rng.standard_normal((n, 4)))[0]
    x = np.column_stack([basis[:, 0] * 3, basis[:, 1], np.zeros(n)])
    y = np.column_stack([basis[:, 0] * 2 + basis[:, 2], np.zeros(n), basis[:, 3]])
    values = []
    for angle in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
        mapped = x @ turn
        lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
        values.append(float(np.mean(np.sum(mapped * y, axis=1) / lengths)))
    assert np.ptp(values) > 0.01
    assert rs.aligned_cosine(x, y) == pytest.approx(np.mean(values), rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_tied_permutations(seed):
    """Whole numbers: many orders of columns are equally near, and the one with the largest mean cosine counts."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(-1, 2, (2, 6, 4)).astype(float)
    found = rs.aligned_cosine(x, y, group="permutation")
    assert found == pytest.approx(rs.aligned_cosine(y, x, group="permutation"), rel=1e-12)
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    present = lengths > 0
    orders = [list(order) for order in itertools.permutations(range(4))]
    sums = [float(np.sum(x[:, order] * y)) for order in orders]
    means = [
        float(np.mean(np.sum(x[:, order] * y, axis=1)[present] / lengths[present]))
        for order, total in zip(orders, sums, strict=True)
        if total == max(sums)
    ]
    assert found == pytest.approx(max(means), rel=1e-12)
    relabeled = rng.permutation(4)
    assert rs.aligned_cosine(x[:, relabeled], y, group="permutation") == pytest.approx(found, rel=1e-12)


def test_ties_are_met_by_these_data():
    met = 0
    for seed in range(10):
        x, y = np.random.default_rng(seed).integers(-1, 2, (2, 6, 4)).astype(float)
        sums = [float(np.sum(x[:, list(order)] * y)) for order in itertools.permutations(range(4))]
        met += sums.count(max(sums)) > 1
    assert met >= 3
