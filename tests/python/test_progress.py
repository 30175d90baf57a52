"""Progress never runs past its end, never goes back, and ends at 100 %."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from permutations import DESIGNS, EACH_DESIGN, kendall, rbf, spearman

import resemblance as rs
from resemblance import _progress

MEASURES = {
    "cka": rs.cka,
    "rbf": rbf,
    "root": rs.distance_correlation,
    "spearman": spearman,
    "kendall": kendall,
    "cca_mean": rs.cca_mean,
    "procrustes": rs.procrustes,
    "neighbors": partial(rs.knn_jaccard, k=3),
    "rows": rs.aligned_cosine,
    "disagreement": rs.disagreement,
    "own": lambda x, y: float(np.sum(x * y)),
}
EACH = pytest.mark.parametrize("measure", MEASURES)


def arrays(measure: str, n: int, count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(n)
    return [rng.integers(0, 3, n) if measure == "disagreement" else rng.normal(size=(n, 3)) for _ in range(count)]


class Told(list):
    """What was told, checked."""

    def __call__(self, done: int, total: int) -> None:
        self.append((done, total))

    def check(self) -> None:
        assert self, "nothing was told"
        assert all(0 <= done <= total for done, total in self), self[:5]
        assert [done for done, _ in self] == sorted(done for done, _ in self)
        assert len({total for _, total in self}) == 1
        assert self[-1][0] == self[-1][1]


@EACH
@pytest.mark.parametrize(
    "options",
    [{}, {"method": "monte_carlo"}, {"method": "sequential"}, {"return_null": True}, {"alternative": "less"}],
    ids=str,
)
def test_tests_of_pairs(measure, options):
    x, y = arrays(measure, 40, 2)
    told = Told()
    rs.permutation_test(x, y, MEASURES[measure], n_resamples=250, rng=0, progress=told, **options)
    told.check()


@EACH
@pytest.mark.parametrize("options", [{}, {"method": "monte_carlo"}], ids=str)
def test_tests_of_grids(measure, options):
    told = Told()
    rs.pairwise_test(arrays(measure, 40, 3), MEASURES[measure], n_resamples=250, rng=0, progress=told, **options)
    told.check()


@EACH
@EACH_DESIGN
def test_designs(measure, design):
    n, options, _ = DESIGNS[design]
    x, y = arrays(measure, n, 2)
    told = Told()
    rs.permutation_test(x, y, MEASURES[measure], n_resamples=50, rng=0, progress=told, **options)
    told.check()
    told = Told()
    rs.pairwise_test([x, y], MEASURES[measure], y=[y], n_resamples=50, rng=0, progress=told, **options)
    told.check()


def test_several_measures_are_one_piece_of_work():
    several = [MEASURES[name] for name in ("cka", "own", "neighbors", "kendall")]
    for call in (rs.pairwise, partial(rs.pairwise_test, n_resamples=99, rng=0)):
        told = Told()
        call(arrays("cka", 30, 3), several, progress=told)
        told.check()


@pytest.mark.parametrize("measure", ["cka", "neighbors", "own"])
def test_pairs_and_intervals(measure):
    x, y = arrays(measure, 30, 2)
    for call in (
        partial(rs.pairwise, [x, y], MEASURES[measure], y=[x]),
        partial(rs.pairwise, [x, y, x * np.nan], MEASURES[measure]),
        partial(rs.confidence_interval, x, y, MEASURES[measure]),
        partial(rs.similarity_difference, x, y, x, MEASURES[measure]),
    ):
        told = Told()
        call(progress=told)
        told.check()


def test_a_large_grid_on_several_threads():
    told = Told()
    rs.pairwise_test(arrays("cka", 300, 4), rs.cka, n_resamples=1999, rng=0, progress=told, num_threads=3)
    told.check()


def test_the_line_ends_at_100_percent(capsys, monkeypatch):
    monkeypatch.setattr(_progress, "_bar", _progress._Line)
    rs.pairwise_test(arrays("cka", 40, 3), rs.cka, n_resamples=99, rng=0, progress=True)
    line = capsys.readouterr().err
    assert line.endswith("(100%)\n")
