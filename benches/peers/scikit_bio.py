"""scikit-bio, https://scikit.bio: the bar for Mantel-type permutation tests.

Install: ``pip install scikit-bio`` (0.7.4). Threads through OpenMP. The default engine (Cython)
is the faster one at n = 1000: the Numba engine took 1.0 to 1.7 times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peers._jobs import RESAMPLES

if TYPE_CHECKING:
    from peers._common import Data, Value
    from peers._jobs import Call

PACKAGES = ("scikit-bio", "numba")


def available() -> bool:
    """Tell whether the package is there."""
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec("skbio") is not None


def load() -> None:
    """Import what the calls need."""
    import skbio.stats.distance  # noqa: F401, PLC0415


def threads(count: int) -> dict[str, str]:  # noqa: ARG001 - OMP_NUM_THREADS is set for all
    """Return what to set before import."""
    return {}


def permutation_rsa(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Time the permutations alone: the distances are ready."""
    from scipy.spatial.distance import pdist, squareform  # noqa: PLC0415
    from skbio.stats.distance import DistanceMatrix, mantel  # noqa: PLC0415

    a, b = (DistanceMatrix(squareform(pdist(side))) for side in (data.x, data.y))

    def call() -> Value:
        statistic, pvalue, _ = mantel(a, b, method="pearson", permutations=RESAMPLES, alternative="greater", seed=0)
        return {"statistic": float(statistic), "pvalue": float(pvalue), "permutations": RESAMPLES}

    return call


def test_rsa(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Time distances and permutations."""
    from scipy.spatial.distance import pdist, squareform  # noqa: PLC0415
    from skbio.stats.distance import DistanceMatrix, mantel  # noqa: PLC0415

    def call() -> Value:
        a, b = (DistanceMatrix(squareform(pdist(side))) for side in (data.x, data.y))
        statistic, pvalue, _ = mantel(a, b, method="pearson", permutations=RESAMPLES, alternative="greater", seed=0)
        return {"statistic": float(statistic), "pvalue": float(pvalue), "permutations": RESAMPLES}

    return call


JOBS = {"permutation_rsa": permutation_rsa, "test_rsa": test_rsa}
