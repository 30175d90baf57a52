"""netrep, https://github.com/ahwillia/netrep.

Install: from source, commit 3059f54 (0.0.2; not on PyPI); it needs scikit-learn and tqdm. Its results are angles: the
cosine is the similarity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from peers._common import Data
    from peers._jobs import Call

PACKAGES = ("netrep", "scikit-learn")


def available() -> bool:
    """Tell whether the package is there."""
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec("netrep") is not None


def load() -> None:
    """Import what the calls need."""
    import netrep.metrics  # noqa: F401, PLC0415


def threads(count: int) -> dict[str, str]:  # noqa: ARG001 - NumPy's variables suffice
    """Return what to set before import."""
    return {}


def cka(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Always in Gram form."""
    from netrep.metrics import LinearCKA  # noqa: PLC0415

    measure = LinearCKA()
    return lambda: float(np.cos(measure.score(data.x, data.y)))


def cca_mean(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Whitening of both (alpha = 0), then the angle after the best rotation."""
    from netrep.metrics import LinearMetric  # noqa: PLC0415

    measure = LinearMetric(alpha=0.0, center_columns=True)
    return lambda: float(np.cos(measure.fit_score(data.x, data.y)))


JOBS = {"cka": cka, "cca_mean": cca_mean}
