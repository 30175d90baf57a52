"""Ourselves, without the road that a job is about: what it is worth, or what it costs beside its input."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from peers._common import Probe
from peers._jobs import RESAMPLES

if TYPE_CHECKING:
    from peers._common import Data, Value
    from peers._jobs import Call

PACKAGES = ("resemblance",)
PROBED = 12  # single tests of a grid that are timed


def available() -> bool:
    """Tell whether the package is there."""
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec("resemblance") is not None


def load() -> None:
    """Import what the calls need."""
    import resemblance as rs  # noqa: PLC0415

    rs.set_config(on_warning="ignore")


def threads(count: int) -> dict[str, str]:
    """Return what to set before import."""
    return {"RESEMBLANCE_NUM_THREADS": str(count)}


def grid_tests(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """Test one pair after the other."""
    import resemblance as rs  # noqa: PLC0415

    layers = len(data.xs)
    pairs = [(i * 7 % layers, i * 11 % layers) for i in range(PROBED)]

    def run() -> None:
        for i, j in pairs:
            rs.permutation_test(data.xs[i], data.ys[j], rs.cka, n_resamples=RESAMPLES, rng=0)

    def value() -> Value:
        return np.asarray(rs.pairwise(data.xs, rs.cka, y=data.ys)[0].values)

    return Probe([(run, layers**2 / PROBED)], value)


def grid_scores(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Score all pairs, and test none."""
    import resemblance as rs  # noqa: PLC0415

    return lambda: np.asarray(rs.pairwise(data.xs, rs.cka, y=data.ys)[0].values)


def knn_orbits(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Find the neighbors of both sides, and score them once."""
    import resemblance as rs  # noqa: PLC0415

    return lambda: float(rs.knn_jaccard(data.x, data.y))


def million(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """Relabel for every orbit, instead of multiplying."""
    import resemblance as rs  # noqa: PLC0415

    x, y, count = rs.prepare(data.x, rs.cka), rs.prepare(data.y, rs.cka), 20 * len(data.x)
    found: dict[str, float | None] = {}

    def run() -> None:
        test = rs.permutation_test(x, y, rs.cka, n_resamples=count - 1, rng=0, method="orbits", alternative="greater")
        found.update(statistic=test.statistic, pvalue=None, permutations=count)

    return Probe([(run, len(data.x) * (len(data.x) - 1) / count)], lambda: found)


def interval(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Compute one score."""
    import resemblance as rs  # noqa: PLC0415

    return lambda: float(rs.compare(data.x, data.y, partial(rs.cka, estimator="debiased"))[0].value or 0.0)


JOBS = {
    "grid_tests": grid_tests,
    "grid_scores": grid_scores,
    "knn_orbits": knn_orbits,
    "million": million,
    "interval": interval,
}
