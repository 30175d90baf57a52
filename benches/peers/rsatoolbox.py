"""rsatoolbox, https://github.com/rsagroup/rsatoolbox.

Install: ``pip install rsatoolbox`` (0.3.2). Its default comparison is the cosine; results are 1 x 1 arrays. Its
Euclidean distances are squared and divided by the width, which ranks do not see. 15 s and more at n = 5000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peers._common import Data
    from peers._jobs import Call

PACKAGES = ("rsatoolbox",)


def available() -> bool:
    """Tell whether the package is there."""
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec("rsatoolbox") is not None


def load() -> None:
    """Import what the calls need."""
    import rsatoolbox  # noqa: F401, PLC0415


def threads(count: int) -> dict[str, str]:  # noqa: ARG001 - NumPy's variables suffice
    """Return what to set before import."""
    return {}


def rsa(data: Data, threads: int) -> Call:  # noqa: ARG001
    """One dissimilarity matrix per side, then their comparison."""
    from rsatoolbox.data import Dataset  # noqa: PLC0415
    from rsatoolbox.rdm import calc_rdm, compare  # noqa: PLC0415

    def call() -> float:
        a, b = (calc_rdm(Dataset(side), method="euclidean") for side in (data.x, data.y))
        return float(compare(a, b, method="spearman")[0, 0])

    return call


JOBS = {"rsa": rsa}
