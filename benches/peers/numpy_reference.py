"""Careful NumPy and SciPy: the code an expert would write, and the honest bar.

Install: ``pip install numpy scipy``. No packages beyond them, no Python threads; BLAS has T threads.

One BLAS pool per call: a job takes its products from the library that does its decompositions. NumPy's ``X.T @ X``
runs SYRK and mirrors the triangle. Each form was chosen by timing the alternatives on the shapes of the jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from peers._common import Probe
from peers._jobs import MANY, RESAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from peers._common import Array, Data, Value
    from peers._jobs import Call

PACKAGES = ("numpy", "scipy")
PROBED_LAYERS = 3
PROBED_PERMUTATIONS = 50


def available() -> bool:
    """Tell whether the packages are there: without them nothing runs."""
    return True


def load() -> None:
    """Import what the calls need."""
    import scipy.linalg.blas  # noqa: PLC0415
    import scipy.spatial.distance  # noqa: F401, PLC0415


def threads(count: int) -> dict[str, str]:  # noqa: ARG001 - the common variables suffice
    """Return what to set before import."""
    return {}


# Single measures -----------------------------------------------------------------------------------------------------


def cka(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Feature form: three d x d products."""
    x, y = data.x, data.y

    def call() -> float:
        a, b = x - x.mean(axis=0), y - y.mean(axis=0)
        cross, own_x, own_y = a.T @ b, a.T @ a, b.T @ b
        return float(np.vdot(cross, cross) / np.sqrt(np.vdot(own_x, own_x) * np.vdot(own_y, own_y)))

    def in_gram_form() -> float:
        a, b = x - x.mean(axis=0), y - y.mean(axis=0)
        k, m = a @ a.T, b @ b.T
        return float(np.vdot(k, m) / np.sqrt(np.vdot(k, k) * np.vdot(m, m)))

    return call if len(x) >= x.shape[1] else in_gram_form


def cca_mean(data: Data, threads: int) -> Call:  # noqa: ARG001
    """QR of both, one product, singular values; all of it in SciPy's LAPACK."""
    x, y = data.x, data.y

    def call() -> float:
        return _mean_correlation(_orthonormal(x), _orthonormal(y))

    return call


def knn_jaccard(data: Data, threads: int) -> Call:  # noqa: ARG001
    """SYRK for the cosines, argpartition by blocks of rows."""
    x, y, k = data.x, data.y, 10

    def call() -> float:
        a, b = _neighbors(x, k), _neighbors(y, k)
        common = (a[:, :, None] == b[:, None, :]).sum(axis=(1, 2))
        return float(np.mean(common / (2 * k - common)))

    return call


def rsa(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Squared distances (ranks do not see the root), ranked by one argsort; Pearson of the ranks."""
    x, y = data.x, data.y

    def call() -> float:
        a, b = (_ranks(_condensed(_squared_distances(side))) for side in (x, y))
        a -= (a.size - 1) / 2
        b -= (b.size - 1) / 2
        return float(np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)))

    return call


def distance_correlation(data: Data, threads: int) -> Call:  # noqa: ARG001
    """Distances from the Gram matrix, centred in place."""
    x, y = data.x, data.y

    def call() -> float:
        a, b = _centered(_distances(x)), _centered(_distances(y))
        return float(np.sqrt(np.vdot(a, b) / np.sqrt(np.vdot(a, a) * np.vdot(b, b))))

    return call


# All pairs of two networks -------------------------------------------------------------------------------------------


def pairwise_cka(data: Data, threads: int) -> Call:  # noqa: ARG001
    """One Gram matrix per layer, one product of all that are stacked."""
    n = len(data.x)

    def stacked(layers: list[Array]) -> Array:
        grams = np.empty((len(layers), n, n))
        for gram, layer in zip(grams, layers, strict=True):
            centered = layer - layer.mean(axis=0)
            np.matmul(centered, centered.T, out=gram)
        flat = grams.reshape(len(layers), n * n)
        flat /= np.sqrt([[np.dot(row, row)] for row in flat])
        return flat

    return lambda: stacked(data.xs) @ stacked(data.ys).T


def pairwise_cca_mean(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """QR once per layer; a product and its singular values per pair."""
    layers, probed = len(data.xs), len(data.xs) if data.full else PROBED_LAYERS
    grid = np.full((layers, layers), np.nan)
    rows: list[Array] = []
    columns: list[Array] = []

    def factorize() -> None:
        rows[:] = [_orthonormal(layer) for layer in data.xs[:probed]]
        columns[:] = [_orthonormal(layer) for layer in data.ys[:probed]]

    return _all_pairs(grid, rows, columns, summarize=factorize, score=_mean_correlation, probed=probed)


def pairwise_procrustes(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """Norms once per layer; a product and its singular values per pair."""
    layers, probed = len(data.xs), len(data.xs) if data.full else PROBED_LAYERS
    grid = np.full((layers, layers), np.nan)
    squares: dict[int, float] = {}
    rows, columns = data.xs[:probed], data.ys[:probed]

    def norms() -> None:
        squares.update({id(layer): float(np.vdot(layer, layer)) for layer in rows + columns})

    def distance(x: Array, y: Array) -> float:
        nuclear = float(_singular_values(x.T, y.T).sum())
        return float(np.sqrt(max(squares[id(x)] + squares[id(y)] - 2 * nuclear, 0.0)))

    return _all_pairs(grid, rows, columns, summarize=norms, score=distance, probed=probed)


def _all_pairs(
    grid: Array,
    rows: list[Array],
    columns: list[Array],
    *,
    summarize: Callable[[], None],
    score: Callable[[Any, Any], float],
    probed: int,
) -> Probe:
    def pairs() -> None:
        for i, x in enumerate(rows):
            for j, y in enumerate(columns):
                grid[i, j] = score(x, y)

    layers = len(grid)
    return Probe([(summarize, layers / probed), (pairs, (layers / probed) ** 2)], lambda: grid)


# Permutation tests ---------------------------------------------------------------------------------------------------


def permutation_rsa(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """Distances centred once; per permutation one gather and one dot product."""
    a, b = (_off_diagonal_centered(_distances(side)) for side in (data.x, data.y))
    return _permutations(a, b, np.sqrt(np.vdot(a, a) * np.vdot(b, b)), data.full)


def permutation_distance_correlation(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """U-centred distances once; per permutation one gather and one dot product."""
    a, b = (_u_centered(_distances(side)) for side in (data.x, data.y))
    return _permutations(a, b, np.sqrt(np.vdot(a, a) * np.vdot(b, b)), data.full)


def test_cka(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """Both Gram matrices, then per permutation one gather and one dot product."""
    sides: dict[str, Array] = {}

    def grams() -> None:
        for name, side in (("a", data.x), ("b", data.y)):
            centered = side - side.mean(axis=0)
            sides[name] = centered @ centered.T

    def permute() -> None:
        a, b, rng, n = sides["a"], sides["b"], np.random.default_rng(0), len(data.x)
        rows, gathered = np.empty_like(b), np.empty_like(b)
        for _ in range(PROBED_PERMUTATIONS):
            order = rng.permutation(n)
            np.take(b, order, axis=0, out=rows, mode="clip")
            np.take(rows, order, axis=1, out=gathered, mode="clip")
            np.vdot(a, gathered)

    def value() -> Value:
        a, b = sides["a"], sides["b"]
        statistic = float(np.vdot(a, b) / np.sqrt(np.vdot(a, a) * np.vdot(b, b)))
        return {"statistic": statistic, "pvalue": None, "permutations": PROBED_PERMUTATIONS}

    return Probe([(grams, 1.0), (permute, MANY / PROBED_PERMUTATIONS)], value)


def test_cca_mean(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """Orthonormal bases once; per permutation one product and its singular values."""
    return _crossed(data, _orthonormal, lambda values, _: float(np.minimum(values, 1.0).mean()))


def test_procrustes(data: Data, threads: int) -> Probe:  # noqa: ARG001
    """Centre once; per permutation one product and its singular values."""

    def distance(values: Array, squares: float) -> float:
        return float(np.sqrt(max(squares - 2 * values.sum(), 0.0)))

    return _crossed(data, lambda side: np.asfortranarray(side - side.mean(axis=0)), distance)


def _crossed(data: Data, summarize: Callable[[Array], Array], score: Callable[[Array, float], float]) -> Probe:
    sides: dict[str, Array] = {}
    found: dict[str, float | None] = {"pvalue": None, "permutations": PROBED_PERMUTATIONS}

    def prepare() -> None:
        sides.update(a=summarize(data.x), b=summarize(data.y))
        squares = float(sum(np.vdot(side, side) for side in sides.values()))
        found["statistic"] = score(_singular_values(sides["a"], sides["b"], transposed=True), squares)

    def permute() -> None:
        rng = np.random.default_rng(0)
        for _ in range(PROBED_PERMUTATIONS):
            moved = np.asfortranarray(sides["b"][rng.permutation(len(data.x))])
            _singular_values(sides["a"], moved, transposed=True)

    return Probe([(prepare, 1.0), (permute, RESAMPLES / PROBED_PERMUTATIONS)], lambda: found)


def _permutations(a: Array, b: Array, norm: float, full: bool) -> Probe:
    n, count = len(a), RESAMPLES if full else PROBED_PERMUTATIONS
    found: dict[str, float | None] = {}

    def observe() -> None:
        found["statistic"] = float(np.vdot(a, b) / norm)

    def permute() -> None:
        rng = np.random.default_rng(0)
        rows, gathered = np.empty_like(b), np.empty_like(b)
        statistics = np.empty(count)
        for index in range(count):
            order = rng.permutation(n)
            np.take(b, order, axis=0, out=rows, mode="clip")
            np.take(rows, order, axis=1, out=gathered, mode="clip")
            statistics[index] = np.vdot(a, gathered) / norm
        reached = np.count_nonzero(statistics >= np.vdot(a, b) / norm * (1 - 1e-12))
        found["permutations"] = count
        found["pvalue"] = (1 + reached) / (1 + count) if full else None

    return Probe([(observe, 1.0), (permute, RESAMPLES / count)], lambda: found)


# Pieces --------------------------------------------------------------------------------------------------------------


def _orthonormal(x: Array) -> Array:
    from scipy.linalg import qr  # noqa: PLC0415

    centered = np.subtract(x, x.mean(axis=0), order="F")
    basis: Array = qr(centered, mode="economic", overwrite_a=True, check_finite=False)[0]
    return basis


def _mean_correlation(basis_x: Array, basis_y: Array) -> float:
    return float(np.minimum(_singular_values(basis_x, basis_y, transposed=True), 1.0).mean())


def _singular_values(a: Array, b: Array, *, transposed: bool = False) -> Array:
    """Return the singular values of a b' (or a' b) for Fortran-ordered arrays, product and values in one library."""
    from scipy.linalg import svdvals  # noqa: PLC0415
    from scipy.linalg.blas import dgemm  # noqa: PLC0415

    product = dgemm(1.0, a, b, trans_a=transposed, trans_b=not transposed)
    values: Array = svdvals(product, overwrite_a=True, check_finite=False)
    return values


def _neighbors(x: Array, k: int, block: int = 500) -> NDArray[np.intp]:
    n = len(x)
    unit = x / np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    lists = [np.argpartition(cosines[at : at + block], n - k, axis=1)[:, n - k :] for at in range(0, n, block)]
    return np.concatenate(lists)


def _squared_distances(x: Array) -> Array:
    centered = x - x.mean(axis=0)  # less to cancel
    squared: Array = centered @ centered.T
    own = squared.diagonal().copy()
    squared *= -2.0
    squared += own
    squared += own[:, None]
    return squared


def _distances(x: Array) -> Array:
    squared = _squared_distances(x)
    np.fill_diagonal(squared, 0.0)
    np.maximum(squared, 0.0, out=squared)
    return np.sqrt(squared, out=squared)


def _condensed(distances: Array) -> Array:
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    upper: Array = squareform(distances, checks=False)
    return upper


def _ranks(values: Array) -> Array:
    """Return ranks from 0, ties averaged; four times as fast as `scipy.stats.rankdata`."""
    order = np.argsort(values)
    ranked = np.empty(values.size)
    ranked[order] = np.arange(values.size)
    ascending = values[order]
    tied = ascending[1:] == ascending[:-1]
    if tied.any():
        starts = np.concatenate(([0], np.flatnonzero(~tied) + 1, [values.size]))
        ranked[order] = np.repeat((starts[:-1] + starts[1:] - 1) / 2, np.diff(starts))
    return ranked


def _centered(distances: Array) -> Array:
    means = distances.mean(axis=0)
    total = means.mean()
    distances -= means
    distances -= (means - total)[:, None]
    return distances


def _off_diagonal_centered(distances: Array) -> Array:
    n = len(distances)
    distances -= distances.sum() / (n * (n - 1))
    np.fill_diagonal(distances, 0.0)
    return distances


def _u_centered(distances: Array) -> Array:
    n = len(distances)
    sums = distances.sum(axis=0)
    distances -= sums / (n - 2)
    distances -= (sums / (n - 2) - sums.sum() / ((n - 1) * (n - 2)))[:, None]
    np.fill_diagonal(distances, 0.0)
    return distances


JOBS: dict[str, Callable[[Data, int], Callable[[], Value] | Probe]] = {
    "cka": cka,
    "cca_mean": cca_mean,
    "knn_jaccard": knn_jaccard,
    "rsa": rsa,
    "distance_correlation": distance_correlation,
    "pairwise_cka": pairwise_cka,
    "pairwise_cca_mean": pairwise_cca_mean,
    "pairwise_procrustes": pairwise_procrustes,
    "permutation_rsa": permutation_rsa,
    "permutation_distance_correlation": permutation_distance_correlation,
    "test_cka": test_cka,
    "test_cca_mean": test_cca_mean,
    "test_cca_mean_full": test_cca_mean,
    "test_procrustes": test_procrustes,
    "overhead": cka,
}
