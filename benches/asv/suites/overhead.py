"""What a call costs beside the arithmetic: arrays so small that there is none."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

import resemblance as rs


class SmallCall:
    """One call on 10 x 3 arrays, by road."""

    def setup(self) -> None:
        rng = np.random.default_rng(0)
        self.x, self.y = rng.standard_normal((10, 3)), rng.standard_normal((10, 3))
        self.halves = self.x.astype(np.float32), self.y.astype(np.float32)
        self.integers = (10 * self.x).astype(np.int64), (10 * self.y).astype(np.int64)
        self.classes = rng.integers(0, 3, 10), rng.integers(0, 3, 10)
        self.ready = rs.prepare(self.x, rs.cka), rs.prepare(self.y, rs.cka)

    def time_cka(self) -> None:
        rs.cka(self.x, self.y)

    def time_cka_without_warnings(self) -> None:
        with rs.config(on_warning="ignore"):
            rs.cka(self.x, self.y)

    def time_cka_float32(self) -> None:
        rs.cka(*self.halves)

    def time_cka_integers(self) -> None:
        rs.cka(*self.integers)

    def time_cka_prepared(self) -> None:
        rs.cka(*self.ready)

    def time_procrustes(self) -> None:
        rs.procrustes(self.x, self.y)

    def time_disagreement(self) -> None:
        rs.disagreement(*self.classes)

    def time_compare(self) -> None:
        rs.compare(self.x, self.y, [rs.cka])

    def time_pairwise(self) -> None:
        rs.pairwise([self.x, self.y], rs.cka)

    def time_permutation_test(self) -> None:
        rs.permutation_test(self.x, self.y, rs.cka, n_resamples=99, rng=0)


class Import:
    """A fresh interpreter; subtract `time_numpy`."""

    def time_resemblance(self) -> None:
        subprocess.run([sys.executable, "-c", "import resemblance"], check=True)

    def time_numpy(self) -> None:
        subprocess.run([sys.executable, "-c", "import numpy"], check=True)
