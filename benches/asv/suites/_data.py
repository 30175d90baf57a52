"""The arrays of the suites: a pair with a decaying spectrum, a network of layers, predictions. Seeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


def pair(n: int, d: int, *, noise: float = 0.5, dtype: DTypeLike = np.float64) -> tuple[NDArray, NDArray]:
    """Return two related representations."""
    rng = np.random.default_rng([n, d])
    x = _decaying(rng, n, d)
    mapped = x @ (rng.standard_normal((d, d)) / np.sqrt(d))
    y = mapped + noise * mapped.std() * rng.standard_normal((n, d))
    return x.astype(dtype), y.astype(dtype)


def layers(n: int, d: int, count: int) -> list[NDArray]:
    """Return the representations of a network, one per layer."""
    rng = np.random.default_rng([n, d, count])
    hidden, found = _decaying(rng, n, d), []
    for _ in range(count):
        weights = rng.standard_normal((d, d)) / np.sqrt(d)
        hidden = 0.7 * np.maximum(hidden @ weights, 0) + 0.5 * hidden + 0.05 * rng.standard_normal((n, d))
        found.append(hidden)
    return found


def predictions(n: int, classes: int) -> tuple[NDArray, NDArray]:
    """Return the class probabilities of two models that mostly agree."""
    rng = np.random.default_rng([n, classes])
    shared = 2 * rng.standard_normal((n, classes))
    scores = [np.exp(shared + rng.standard_normal((n, classes))) for _ in range(2)]
    first, second = (score / score.sum(axis=1, keepdims=True) for score in scores)
    return first, second


def _decaying(rng: np.random.Generator, n: int, d: int) -> NDArray:
    rank = max(8, d // 4)
    latent = rng.standard_normal((n, rank)) / np.sqrt(1 + np.arange(rank))
    spread = latent @ rng.standard_normal((rank, d)) / np.sqrt(rank)
    return spread + 0.1 * rng.standard_normal((n, d)) + 0.3
