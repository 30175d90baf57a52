"""The one table of jobs: what is computed, on which data, how we call ourselves, and what the machine's limit is.

A job of the table of targets has `targets`; the others are for `--job`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from peers._common import Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from peers._common import Data, Probe, Value
    from peers._limits import Limits

    Call = Callable[[], Value]
    Setup = Callable[[Data, int], Call | Probe]
    # From size and limits to seconds and what they are the time of.
    Limit = Callable[[Size, Limits], tuple[float, str]]

RESAMPLES = 999
MANY = 9999


@dataclass(frozen=True)
class Job:
    """One line of the table."""

    title: str
    ours: Setup
    size: Size
    quick: Size
    data: str = "pair"
    noise: float = 0.5
    tolerance: float = 1e-9
    against: str = "numpy_reference"  # whom the target is set against
    peers: tuple[str, ...] = ()  # packaged peers that `--table` times as well
    target_one: float | None = None  # at most this part of their time on one thread
    target_all: float | None = None  # and on all
    most_seconds: float | None = None  # a target in seconds, whoever is beside
    limit: Limit | None = None
    products: Callable[[Size], list[list[int]]] = lambda size: []  # noqa: ARG005
    decompositions: Callable[[Size], list[list[Any]]] = lambda size: []  # noqa: ARG005
    remark: str = ""
    per_call: int = 1  # permutations in a call, to tell the time of one
    names: dict[str, str] = field(default_factory=dict)

    @property
    def has_target(self) -> bool:
        return self.most_seconds is not None or self.target_one is not None

    def target(self, threads: int) -> float | None:
        return self.target_one if threads == 1 else self.target_all


# Our calls: setup(data, threads) -> call. The threads come from the environment.


def _cka(data: Data, threads: int) -> Call:  # noqa: ARG001 - the same signature for all
    import resemblance as rs  # noqa: PLC0415 - the workers of the peers do not have it

    x, y = data.x, data.y
    return lambda: rs.cka(x, y)


def _cca_mean(data: Data, threads: int) -> Call:  # noqa: ARG001
    import resemblance as rs  # noqa: PLC0415

    x, y = data.x, data.y
    return lambda: rs.cca_mean(x, y)


def _knn_jaccard(data: Data, threads: int) -> Call:  # noqa: ARG001
    import resemblance as rs  # noqa: PLC0415

    x, y = data.x, data.y
    return lambda: rs.knn_jaccard(x, y, k=10, metric="cosine")


def _rsa(data: Data, threads: int) -> Call:  # noqa: ARG001
    import resemblance as rs  # noqa: PLC0415

    x, y = data.x, data.y
    return lambda: rs.rsa(x, y, inner="euclidean", outer="spearman")


def _distance_correlation(data: Data, threads: int) -> Call:  # noqa: ARG001
    import resemblance as rs  # noqa: PLC0415

    x, y = data.x, data.y
    return lambda: rs.distance_correlation(x, y)


def _pairwise(measure: str) -> Setup:
    def setup(data: Data, threads: int) -> Call:  # noqa: ARG001
        import resemblance as rs  # noqa: PLC0415

        function = getattr(rs, measure)
        return lambda: np.asarray(rs.pairwise(data.xs, function, y=data.ys, on_error="raise")[0].values)

    return setup


def _permutation_test(measure: str, **options: Any) -> Setup:
    """Time the permutations alone: the summaries are ready."""

    def setup(data: Data, threads: int) -> Call:  # noqa: ARG001
        import resemblance as rs  # noqa: PLC0415

        wanted = partial(getattr(rs, measure), **options)
        x, y = rs.prepare(data.x, wanted), rs.prepare(data.y, wanted)

        def call() -> Value:
            found = rs.permutation_test(x, y, wanted, n_resamples=RESAMPLES, alternative="greater", rng=0)
            return {"statistic": found.statistic, "pvalue": found.pvalue, "permutations": found.n_resamples}

        return call

    return setup


def _test(measure: str, *, count: int, ready: bool = False, alternative: str = "greater", **options: Any) -> Setup:
    """Time a whole test, or its permutations alone if the summaries are ready."""

    def setup(data: Data, threads: int) -> Call:  # noqa: ARG001
        import resemblance as rs  # noqa: PLC0415

        wanted = partial(getattr(rs, measure), **options)
        x, y = (rs.prepare(side, wanted) for side in (data.x, data.y)) if ready else (data.x, data.y)

        def call() -> Value:
            found = rs.permutation_test(x, y, wanted, n_resamples=count, alternative=alternative, rng=0)
            return {"statistic": found.statistic, "pvalue": found.pvalue, "permutations": found.n_resamples}

        return call

    return setup


def _grid(data: Data, threads: int) -> Call:  # noqa: ARG001
    import resemblance as rs  # noqa: PLC0415

    return lambda: rs.pairwise_test(data.xs, rs.cka, y=data.ys, n_resamples=RESAMPLES, rng=0, adjust="maxT")[0].values


def _knn_orbits(data: Data, threads: int) -> Call:  # noqa: ARG001
    import resemblance as rs  # noqa: PLC0415

    x, y = rs.prepare(data.x, rs.knn_jaccard), rs.prepare(data.y, rs.knn_jaccard)
    return lambda: rs.permutation_test(x, y, rs.knn_jaccard, n_resamples=MANY, rng=0).statistic


def _interval(data: Data, threads: int) -> Call:  # noqa: ARG001
    import resemblance as rs  # noqa: PLC0415

    debiased = partial(rs.cka, estimator="debiased")
    return lambda: rs.confidence_interval(data.x, data.y, debiased).estimate


# Limits: the fewest operations of the class of algorithm, at the rates of this run.


def _features(size: Size, limits: Limits) -> tuple[float, str]:
    return limits.product(4 * size.n * size.d**2), "three products in feature form, 4 n d^2"


def _canonical(size: Size, limits: Limits) -> tuple[float, str]:
    factors = 2 * limits.many("qr", size.n, size.d)
    seconds = factors + limits.product(2 * size.n * size.d**2) + limits.lapack("svdvals", size.d)
    return seconds, "LAPACK: 2 QR, one product, svdvals"


def _two_grams(size: Size, limits: Limits) -> tuple[float, str]:
    return limits.product(2 * size.n**2 * size.d), "the two Gram matrices alone, n^2 d each in f64"


def _all_grams(size: Size, limits: Limits) -> tuple[float, str]:
    flops = 2 * size.layers * size.n**2 * size.d + size.layers**2 * size.n**2
    return limits.product(flops), "all Gram matrices, n^2 d each, and one stacked product"


def _all_crossed(size: Size, limits: Limits, factors: bool) -> tuple[float, str]:
    pairs = size.layers**2
    seconds = pairs * (limits.product(2 * size.n * size.d**2) + limits.many("svdvals", size.d))
    if factors:
        seconds += 2 * size.layers * limits.many("qr", size.n, size.d)
    return seconds, f"LAPACK: {'all QR, ' if factors else ''}one product and svdvals per pair"


def _square(size: Size) -> list[list[int]]:
    return [[size.d, size.d, size.n]]


def _tall(size: Size) -> list[list[int]]:
    return [[size.n, size.n, size.d]]


def _factors(size: Size) -> list[list[Any]]:
    return [["qr", size.n, size.d], ["svdvals", size.d], ["eigvalsh", size.d]]


_SINGLE, _LAYERS = Size(5000, 768), Size(2000, 768, 24)
_SMALL, _FEW = Size(400, 64), Size(200, 48, 4)
_ORBITS = "our permutations come in orbits: the p-value is exact, the null sample is not independent draws"

JOBS = {
    "cka": Job(
        "linear CKA",
        _cka,
        _SINGLE,
        _SMALL,
        target_one=0.9,
        target_all=0.9,
        limit=_features,
        products=_square,
    ),
    "cca_mean": Job(
        "mean CCA",
        _cca_mean,
        _SINGLE,
        _SMALL,
        target_one=0.7,
        target_all=0.7,
        limit=_canonical,
        products=_square,
        decompositions=_factors,
    ),
    "knn_jaccard": Job(
        "kNN Jaccard, k = 10, cosine",
        _knn_jaccard,
        _SINGLE,
        _SMALL,
        target_one=0.4,
        target_all=0.4,
        limit=_two_grams,
        products=_tall,
        remark="we screen in f32 and check again in f64, so we may be below the time of the f64 products",
    ),
    "rsa": Job(
        "RSA, Euclidean, Spearman",
        _rsa,
        _SINGLE,
        _SMALL,
        target_one=0.12,
        target_all=0.12,
        limit=_two_grams,
        products=_tall,
        remark="the rest is ranking n^2 / 2 distances of each side",
    ),
    "pairwise_cka": Job(
        "pairwise, linear CKA",
        _pairwise("cka"),
        _LAYERS,
        _FEW,
        data="layers",
        target_one=0.6,
        target_all=0.6,
        limit=_all_grams,
        products=_tall,
    ),
    "pairwise_cca_mean": Job(
        "pairwise, mean CCA",
        _pairwise("cca_mean"),
        _LAYERS,
        _FEW,
        data="layers",
        target_one=0.8,
        target_all=0.55,
        limit=partial(_all_crossed, factors=True),
        products=_square,
        decompositions=_factors,
    ),
    "pairwise_procrustes": Job(
        "pairwise, Procrustes",
        _pairwise("procrustes"),
        _LAYERS,
        _FEW,
        data="layers",
        target_one=0.8,
        target_all=0.55,
        limit=partial(_all_crossed, factors=False),
        products=_square,
        decompositions=_factors,
    ),
    "permutation_rsa": Job(
        f"permutation test, RSA Pearson, {RESAMPLES} permutations, summaries ready",
        _permutation_test("rsa", inner="euclidean", outer="pearson"),
        Size(1000, 512),
        Size(100, 16),
        noise=3.0,
        against="scikit_bio",
        peers=("scikit_bio",),
        target_one=0.05,
        target_all=0.05,
        remark=_ORBITS,
        per_call=RESAMPLES,
    ),
    "overhead": Job(
        "one call of cka",
        _cka,
        Size(10, 3),
        Size(10, 3),
        data="tiny",
        most_seconds=30e-6,
        remark="with the default settings, so the call also warns that unrelated data of this shape score high",
    ),
    "test_cka": Job(
        f"permutation test, linear CKA, {MANY} permutations, from the data",
        _test("cka", count=MANY),
        Size(5000, 512),
        Size(200, 32),
        noise=3.0,
        target_one=1 / 250,
        target_all=1 / 250,
        limit=_two_grams,
        products=_tall,
        remark=_ORBITS + "; NumPy gathers and multiplies n x n matrices, scaled from a few permutations",
        per_call=MANY,
    ),
    "test_rsa": Job(
        f"permutation test, RSA Pearson, {RESAMPLES} permutations, from the data",
        _test("rsa", count=RESAMPLES, inner="euclidean", outer="pearson"),
        Size(1000, 512),
        Size(100, 16),
        noise=3.0,
        against="scikit_bio",
        peers=("scikit_bio",),
        target_one=1 / 30,
        target_all=1 / 30,
        remark=_ORBITS,
        per_call=RESAMPLES,
    ),
    "test_distance_correlation": Job(
        f"permutation test, distance correlation, {RESAMPLES} permutations, from the data",
        _test("distance_correlation", count=RESAMPLES, bias_corrected=True),
        Size(1000, 512),
        Size(100, 16),
        noise=3.0,
        against="hyppo",
        peers=("dcor", "hyppo"),
        target_one=1 / 300,
        target_all=1 / 300,
        remark=_ORBITS,
        per_call=RESAMPLES,
    ),
    "million": Job(
        "permutation test, linear CKA, a million permutations, summaries ready",
        _test("cka", count=10**6, ready=True),
        Size(1009, 512),
        Size(101, 16),
        noise=3.0,
        against="ourselves",
        peers=("ourselves",),
        most_seconds=0.06e-6 * 1009 * 1008,
        remark="n is prime: all multipliers of one relabeling, beside a relabeling per orbit (scaled); " + _ORBITS,
        per_call=1009 * 1008,
    ),
    "grid_tests": Job(
        f"maxT over all pairs, linear CKA, {RESAMPLES} permutations, beside single tests",
        _grid,
        Size(1000, 768, 24),
        _FEW,
        data="layers",
        against="ourselves",
        peers=("ourselves",),
        target_one=1 / 20,
        target_all=1 / 20,
        limit=_all_grams,
        products=_tall,
    ),
    "grid_scores": Job(
        f"maxT over all pairs, linear CKA, {RESAMPLES} permutations, beside the scores alone",
        _grid,
        Size(1000, 768, 24),
        _FEW,
        data="layers",
        against="ourselves",
        peers=("ourselves",),
        target_one=3.0,
        target_all=3.0,
        limit=_all_grams,
        products=_tall,
    ),
    "knn_orbits": Job(
        f"permutation test, kNN Jaccard, {MANY} permutations, lists ready, beside finding the lists",
        _knn_orbits,
        Size(5000, 768),
        _SMALL,
        against="ourselves",
        peers=("ourselves",),
        target_one=0.2,
        target_all=0.2,
        per_call=MANY,
    ),
    "test_cca_mean": Job(
        f"permutation test, mean CCA, {RESAMPLES} permutations, related data, from the data",
        _test("cca_mean", count=RESAMPLES),
        Size(5000, 128),
        Size(300, 12),
        target_one=1 / 15,
        target_all=1 / 15,
        remark="observed far above chance, so that bounds decide nearly all permutations; NumPy is scaled",
        per_call=RESAMPLES,
    ),
    "test_cca_mean_full": Job(
        f"permutation test, mean CCA, {RESAMPLES} permutations, two-sided (nothing is pruned), from the data",
        _test("cca_mean", count=RESAMPLES, alternative="two-sided"),
        Size(5000, 128),
        Size(300, 12),
        target_one=1 / 6,
        target_all=1 / 6,
        remark="NumPy is scaled",
        per_call=RESAMPLES,
    ),
    "test_procrustes": Job(
        f"permutation test, Procrustes, {RESAMPLES} permutations, related data, from the data",
        _test("procrustes", count=RESAMPLES, alternative="less", center=True),
        Size(5000, 128),
        Size(300, 12),
        target_one=1 / 15,
        target_all=1 / 15,
        remark="as above",
        per_call=RESAMPLES,
    ),
    "interval": Job(
        "confidence interval of debiased CKA, beside the score alone",
        _interval,
        Size(5000, 512),
        _SMALL,
        against="ourselves",
        peers=("ourselves",),
        target_one=3.0,
        target_all=3.0,
    ),
    "distance_correlation": Job(
        "distance correlation",
        _distance_correlation,
        Size(1000, 512),
        Size(100, 16),
        limit=_two_grams,
        products=_tall,
        remark="the rest is passes over n^2 distances",
    ),
    "permutation_distance_correlation": Job(
        f"permutation test, bias-corrected distance correlation, {RESAMPLES} permutations, summaries ready",
        _permutation_test("distance_correlation", bias_corrected=True),
        Size(1000, 512),
        Size(100, 16),
        noise=3.0,
        remark=_ORBITS + "; hyppo and dcor compute the distances inside the call",
        per_call=RESAMPLES,
    ),
}
