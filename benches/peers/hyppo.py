"""hyppo, https://hyppo.neurodata.io.

Install: ``pip install hyppo`` (0.5.2). The first call compiles for 18 s. ``auto=True``, its default, gives a chi-square
p-value without permutations: not the same job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peers._jobs import RESAMPLES

if TYPE_CHECKING:
    from peers._common import Data, Value
    from peers._jobs import Call

PACKAGES = ("hyppo", "numba")


def available() -> bool:
    """Tell whether the package is there."""
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec("hyppo") is not None


def load() -> None:
    """Import what the calls need."""
    import hyppo.independence  # noqa: F401, PLC0415


def threads(count: int) -> dict[str, str]:
    """Return what to set before import: worker processes, each with one thread."""
    return {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if count > 1 else {}


def distance_correlation(data: Data, threads: int) -> Call:  # noqa: ARG001
    """``bias=True`` is the plain estimate."""
    from hyppo.independence import Dcorr  # noqa: PLC0415

    return lambda: float(Dcorr(bias=True).statistic(data.x, data.y))


def permutation_distance_correlation(data: Data, threads: int) -> Call:
    """Permute, with the bias-corrected statistic."""
    from hyppo.independence import Dcorr  # noqa: PLC0415

    def call() -> Value:
        found = Dcorr().test(data.x, data.y, reps=RESAMPLES, workers=threads, auto=False, random_state=0)
        return {"statistic": float(found[0]), "pvalue": float(found[1]), "permutations": RESAMPLES}

    return call


JOBS = {
    "distance_correlation": distance_correlation,
    "permutation_distance_correlation": permutation_distance_correlation,
    "test_distance_correlation": permutation_distance_correlation,
}
