"""What the machine can do, measured in the same run: products, bandwidth and LAPACK calls.

`limit = max(flops / gemm, bytes / triad)`, summed over the stages of an algorithm that cannot overlap. The
product rate is the best of n = 2000, n = 4000 and the shapes of the jobs themselves; the best of three runs counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REPEATS = 3


@dataclass(frozen=True)
class Limits:
    """Rates and times of one number of threads; `single` holds those of one thread."""

    threads: int
    gemm: float  # floating-point operations per second
    triad: float  # bytes per second
    times: dict[str, float]
    single: Limits | None = None

    @classmethod
    def read(cls, measured: dict[str, Any], single: Limits | None) -> Limits:
        return cls(measured["threads"], measured["gemm"], measured["triad"], measured["times"], single)

    def product(self, flops: float) -> float:
        """Return the least time of that many operations."""
        return flops / self.gemm

    def lapack(self, *call: str | int) -> float:
        """Return the time of one decomposition."""
        return self.times[key(*call)]

    def many(self, *call: str | int) -> float:
        """Return the time per decomposition if many are to be done: side by side on the cores, or one by one."""
        alone = self.lapack(*call)
        return min(alone, self.single.lapack(*call) / self.threads) if self.single else alone


def key(name: str | int, *shape: str | int) -> str:
    """Name a decomposition of a shape: ``qr 5000x768``."""
    return f"{name} {'x'.join(str(length) for length in shape)}"


def measure(
    threads: int, products: Sequence[Sequence[int]], decompositions: Sequence[Sequence[Any]], quick: bool
) -> dict[str, Any]:
    """Measure the machine; `products` are shapes (m, n, k), `decompositions` names with shapes."""
    from scipy.linalg import blas, eigh, eigvalsh, qr, svdvals  # noqa: PLC0415 - only the worker needs it

    rng = np.random.default_rng(0)

    def columns(*shape: int) -> Any:
        return np.asfortranarray(rng.standard_normal(shape))

    rates = {}
    squares = (500, 1000) if quick else (2000, 4000)
    for m, n, k in [(side, side, side) for side in squares] + [tuple(shape) for shape in products]:
        a, b = columns(k, m), columns(k, n)
        rates[f"gemm {m}x{n}x{k}"] = 2 * m * n * k / _best(partial(blas.dgemm, 1.0, a, b, trans_a=True))
    side = squares[0]
    a = columns(side, side)
    syrk = side**3 / _best(lambda: blas.dsyrk(1.0, a, trans=1))

    length = 2**22 if quick else 2**25
    x, y = rng.standard_normal(length), np.zeros(length)
    triad = 24 * length / _best(lambda: blas.daxpy(x, y, a=1e-9))  # two reads, one write

    times = {}
    for name, *shape in decompositions:
        matrix = columns(shape[0], shape[-1])
        symmetric = blas.dsyrk(1.0, matrix, trans=1) if name.startswith("eig") else None
        calls: dict[str, Callable[[], object]] = {
            "qr": partial(qr, matrix, mode="economic", check_finite=False),
            "svdvals": partial(svdvals, matrix, check_finite=False),
            "eigh": partial(eigh, symmetric, lower=False, check_finite=False, driver="evd"),
            "eigvalsh": partial(eigvalsh, symmetric, lower=False, check_finite=False, driver="evd"),
        }
        times[key(name, *shape)] = _best(calls[name])
    return {
        "threads": threads,
        "gemm": max(rates.values()),
        "rates": rates,
        "syrk": syrk,
        "triad": triad,
        "times": times,
    }


def _best(call: Callable[[], object]) -> float:
    call()
    best = float("inf")
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best
