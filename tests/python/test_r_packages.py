"""Against R, whose packages need not be there: what they said about data that a formula makes.

R 4.2.2 with FactoMineR 2.7 (`coeffRV`), vegan 2.6-4 (`mantel`, `protest`) and ade4 1.7-22 (`RV.rtest`, `mantel.rtest`,
`procuste.rtest`), printed with 15 digits.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

import resemblance as rs


class Said(NamedTuple):
    """What R said about n rows of d_x and d_y columns."""

    n: int
    d_x: int
    d_y: int
    rv: float
    mean: float
    variance: float
    skewness: float
    pvalue: float
    mantel: float
    mantel_spearman: float
    protest: float


ALL = [
    Said(
        *(6, 2, 3, 0.656328101151952, 0.338250961517896, 0.0269189953617169, 0.355580923068497),
        *(0.0351513507111224, 0.464520588309125, 0.507142857142857, 0.683681775761821),
    ),
    Said(
        *(8, 3, 2, 0.537289879482228, 0.266356626559166, 0.0229157030479252, 0.734867153702336),
        *(0.0527214550675488, 0.324652537633243, 0.359605911330049, 0.685559052538809),
    ),
    Said(
        *(20, 4, 3, 0.350280013385161, 0.166058058700344, 0.00373447345438812, 0.579744404762646),
        *(0.00603217823887623, 0.102428027665931, 0.0715444807481181, 0.471191014157393),
    ),
    Said(
        *(100, 5, 8, 0.25507738400893, 0.0554530802985052, 0.000181885406421674, 0.604961266896156),
        *(1.72580499204052e-15, 0.137906733438979, 0.0843418450724334, 0.323712957155451),
    ),
]


def data(said: Said) -> tuple[np.ndarray, np.ndarray]:
    def wave(d: int, pace: float) -> np.ndarray:
        i, j = np.ogrid[: said.n, :d]
        return np.sin(pace * i * i + 0.7 * j * i + j)

    x = wave(said.d_x, 1.3)
    return x, wave(said.d_y, 2.1) + 0.4 * x[:, :1]


@pytest.mark.parametrize("said", ALL, ids=lambda said: f"n{said.n}")
class TestR:
    def test_the_rv_coefficient_and_its_moments(self, said):
        x, y = data(said)
        assert rs.cka(x, y) == pytest.approx(said.rv, rel=1e-13)
        found = rs.permutation_moments(x, y, rs.cka, order=3)
        assert found.mean == pytest.approx(said.mean, rel=1e-13)
        assert found.std**2 == pytest.approx(said.variance, rel=1e-12)
        assert found.skewness == pytest.approx(said.skewness, rel=1e-10)

    def test_pearson_three(self, said):
        """Its p-value is the tail of Pearson's third law, at our z and our skewness."""
        found = rs.permutation_moments(*data(said), rs.cka, order=3)
        assert stats.pearson3.sf(found.zscore, found.skewness) == pytest.approx(said.pvalue, rel=1e-6)

    def test_mantel(self, said):
        x, y = data(said)
        mantel = functools.partial(rs.rsa, inner="euclidean")
        assert mantel(x, y, outer="pearson") == pytest.approx(said.mantel, rel=1e-12)
        assert mantel(x, y, outer="spearman") == pytest.approx(said.mantel_spearman, rel=1e-12)

    def test_protest(self, said):
        assert math.cos(rs.angular_shape(*data(said), center=True)) == pytest.approx(said.protest, rel=1e-12)
