"""dcor, https://github.com/vnmabus/dcor.

Install: ``pip install dcor`` (0.7). It makes an n x n x d array for the distances: 3.9 GB at 1000 x 512. The first
import compiles for 20 s and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peers._jobs import RESAMPLES

if TYPE_CHECKING:
    from peers._common import Data, Value
    from peers._jobs import Call

PACKAGES = ("dcor", "numba")


def available() -> bool:
    """Tell whether the package is there."""
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec("dcor") is not None


def load() -> None:
    """Import what the calls need."""
    import dcor  # noqa: F401, PLC0415


def threads(count: int) -> dict[str, str]:
    """Return what to set before import: n_jobs processes, each with one thread."""
    return {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if count > 1 else {}


def distance_correlation(data: Data, threads: int) -> Call:  # noqa: ARG001
    """The square root, as ours."""
    import dcor  # noqa: PLC0415

    return lambda: float(dcor.distance_correlation(data.x, data.y))


def permutation_distance_correlation(data: Data, threads: int) -> Call:
    """Its statistic is n times the squared covariance, so only p-values can be compared."""
    from dcor.independence import distance_covariance_test  # noqa: PLC0415

    def call() -> Value:
        found = distance_covariance_test(data.x, data.y, num_resamples=RESAMPLES, random_state=0, n_jobs=threads)
        return {"statistic": None, "pvalue": float(found.pvalue), "permutations": RESAMPLES}

    return call


JOBS = {
    "distance_correlation": distance_correlation,
    "permutation_distance_correlation": permutation_distance_correlation,
    "test_distance_correlation": permutation_distance_correlation,
}
