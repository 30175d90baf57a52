"""Permutation tests against their definition: which matchings are scored, what is counted, how often it is right."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import math
from concurrent.futures import ThreadPoolExecutor

import naive
import numpy as np
import pairs
import pytest
from scipy import stats
from scipy.spatial.distance import cdist
from settings import Setting
from simulations import ENGINES, SPECTRA, check_level, family_wise_error, tokens, variance_ratio
from test_level import standard_error

import resemblance as rs
from resemblance import _core

ALTERNATIVES = ("greater", "less", "two-sided")
debiased = functools.partial(rs.cka, estimator="debiased")
rbf = functools.partial(rs.cka, kernel="rbf")
mantel = functools.partial(rs.rsa, inner="euclidean", outer="pearson")
spearman = functools.partial(rs.rsa, inner="euclidean")
distances = functools.partial(rs.rsa, inner="euclidean", outer="cosine")
squared_dcor = functools.partial(rs.distance_correlation, squared=True)


@contextlib.contextmanager
def raises(code: str, *words: str):
    with pytest.raises(rs.ResemblanceError) as caught:
        yield
    assert caught.value.code == code, str(caught.value)
    for word in words:
        assert word in str(caught.value)


def codes(found) -> list[str]:
    return [warning.code for warning in found.warnings]


# Matchings, from the streams


def key(seed: int) -> bytes:
    return np.random.SeedSequence(seed).generate_state(8, np.uint32).astype("<u4").tobytes()


def orbit(seed: int, n: int, relabeling: int, factor: int = 1) -> np.ndarray:
    """The matchings of an orbit: the item at place i of x meets the one at place factor * (i + shift) of y."""
    sigma, tau = (_core.permutation(key(seed), stream, n) for stream in (0, relabeling))
    found = np.empty((n, n), dtype=int)
    for shift in range(n):
        found[shift, sigma] = tau[factor * (np.arange(n) + shift) % n]
    return found


def orbits(seed: int, n: int, count: int) -> np.ndarray:
    return np.concatenate([orbit(seed, n, r) for r in range(count)])


def drawn(n: int, numbers, *, seed: int | None = 0, strata=None, groups=None, scheme="permute"):
    """The number of matchings that a design allows, and some of them: drawn by a seed, or (None) of all in order."""
    ids = {
        name: None if of is None else np.unique(of, return_inverse=True)[1]
        for name, of in (("strata", strata), ("groups", groups))
    }
    request = {
        "n_resamples": 99,
        "method": "auto",
        "scheme": scheme,
        "alpha": 0.05,
        "dtype": "auto",
        "alternative": None,
        "key": key(seed or 0),
        "return_null": False,
    }
    order, found, _ = _core.matchings(request | ids, n, list(numbers), drawn=seed is not None)
    return order, np.array(found)


def factors_of(setting: Setting, x, y) -> tuple[np.ndarray, np.ndarray]:  # noqa: C901 - one formula per measure
    """Two matrices over pairs of inputs whose inner product is the score, from the formulas of the textbook."""
    n, options = len(x), setting.options
    center = np.eye(n) - 1 / n
    off = ~np.eye(n, dtype=bool)

    def basis(a):
        return np.linalg.qr(a - a.mean(axis=0))[0]

    def unit(a):
        return a / np.linalg.norm(a)

    def u_centered(a):
        a = np.where(off, a, 0.0)
        rows = a.sum(axis=1) / (n - 2)
        return np.where(off, a - rows[:, None] - rows + a.sum() / ((n - 1) * (n - 2)), 0.0)

    def pearson(a):
        return unit(np.where(off, a - a[off].mean(), 0.0))

    def ranks(a):
        upper = np.triu_indices(n, 1)
        found = np.zeros((n, n))
        found[upper] = stats.rankdata(a[upper])
        return found + found.T

    def kernel(a):
        if options.get("kernel") != "rbf":
            return a @ a.T
        d = cdist(a, a)
        return np.exp(-(d**2) / (2 * np.median(d[np.triu_indices(n, 1)]) ** 2))

    if setting.measure == "cka":
        of = u_centered if options.get("estimator") == "debiased" else lambda a: center @ a @ center
        return unit(of(kernel(x))), unit(of(kernel(y)))
    if setting.measure == "rsa":
        outer = options.get("outer", "spearman")
        return tuple(pearson(cdist(a, a) if outer == "pearson" else ranks(cdist(a, a))) for a in (x, y))
    if setting.measure == "distance_correlation":
        return tuple(unit(center @ cdist(a, a) @ center) for a in (x, y))
    p, q = basis(x), basis(y)
    if setting.measure == "cca_mean_squared":
        return p @ p.T, q @ q.T / min(p.shape[1], q.shape[1])
    assert setting.measure == "linear_regression_r2"
    y = y - y.mean(axis=0)
    return p @ p.T, y @ y.T / np.sum(y * y)


BILINEAR = [
    Setting("cka"),
    Setting("cka", {"estimator": "debiased"}),
    Setting("cka", {"kernel": "rbf"}),
    Setting("cka", {"kernel": "rbf", "estimator": "debiased"}),
    Setting("rsa", {"inner": "euclidean", "outer": "pearson"}),
    Setting("rsa", {"inner": "euclidean"}),
    Setting("distance_correlation", {"squared": True}),
    Setting("cca_mean_squared"),
    Setting("linear_regression_r2"),
]
ROOT = Setting("distance_correlation")
EACH = pytest.mark.parametrize("setting", BILINEAR, ids=str)


def scores(setting: Setting, x, y, matchings) -> np.ndarray:
    k, m = factors_of(setting, x, y)
    return np.array([np.sum(k * m[np.ix_(order, order)]) for order in matchings])


def unrelated(n: int, d_x: int = 3, d_y: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, n, d_x, d_y])
    return rng.normal(size=(n, d_x)) / np.arange(1, d_x + 1), rng.normal(size=(n, d_y)) + 0.5


def weakly(n: int, seed: int = 0, weight: float = 0.3, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A middling effect."""
    x, y = unrelated(n, d, d, seed)
    return x, weight * x + y


# Orbits are the definition


@EACH
@pytest.mark.parametrize("n", [6, 9])
def test_the_matrices_are_the_measure(setting, n):
    """The oracle of this module against the oracle of all others."""
    x, y = unrelated(n)
    for order in orbits(3, n, 2):
        assert scores(setting, x, y, [order])[0] == pytest.approx(setting.oracle(x, y[order]), rel=1e-9, abs=1e-11)


@EACH
@pytest.mark.parametrize("n", [5, 6, 9, 16, 31, 46, 59, 74])
def test_orbits(setting, n):
    """Every value of every orbit: odd, even, prime, twice a prime."""
    x, y = unrelated(n)
    found = rs.permutation_test(
        x, y, setting.bound(x), n_resamples=3 * n - 1, method="orbits", rng=3, return_null=True, dtype="float64"
    )
    expected = scores(setting, x, y, orbits(3, n, 3))
    assert found.null_distribution == pytest.approx(expected, rel=1e-9, abs=1e-10)
    assert (found.method, found.n_orbits, found.n_resamples) == ("orbits", 3, 3 * n - 1)
    assert found.null_distribution[0] == found.statistic


@pytest.mark.parametrize("n", [6, 31, 74])
def test_orbits_of_a_root(n):
    x, y = unrelated(n)
    found = rs.permutation_test(
        x, y, rs.distance_correlation, n_resamples=2 * n - 1, method="orbits", rng=3, return_null=True
    )
    square = scores(Setting("distance_correlation", {"squared": True}), x, y, orbits(3, n, 2))
    assert found.null_distribution == pytest.approx(np.sqrt(square), rel=1e-8, abs=1e-8)
    assert found.null_distribution[:4] == pytest.approx([ROOT.oracle(x, y[order]) for order in orbits(3, n, 1)[:4]])
    assert not found.null_std_exact


@pytest.mark.parametrize("measure", ["knn_jaccard", "mutual_knn"])
@pytest.mark.parametrize("n", [6, 17, 46])
def test_orbits_of_neighbors(measure, n):
    """Every value, and counts of shared neighbors in whole numbers: ties are ties."""
    setting = Setting(measure, {"k": 3})
    x, y = unrelated(n)
    matchings = orbits(3, n, 2)
    a, b = (adjacency(of, 3) for of in (x, y))
    shared = [np.sum(a & b[np.ix_(order, order)], axis=1) for order in matchings]
    expected = np.array([np.mean(of / 3 if measure == "mutual_knn" else of / (6 - of)) for of in shared])
    whole = np.array([np.sum(30 * of if measure == "mutual_knn" else 60 // (6 - of) * of) for of in shared])
    for alternative in ALTERNATIVES:
        found = rs.permutation_test(
            x,
            y,
            setting.bound(x),
            n_resamples=2 * n - 1,
            method="orbits",
            rng=3,
            return_null=True,
            alternative=alternative,
        )
        assert found.null_distribution == pytest.approx(expected, rel=1e-13)
        assert found.pvalue == pytest.approx(share_of_integers(whole, alternative), abs=1e-12)
    assert expected[:3] == pytest.approx([setting.oracle(x, y[order]) for order in matchings[:3]], rel=1e-12)


def adjacency(x, k: int) -> np.ndarray:
    found = np.zeros((len(x), len(x)), dtype=bool)
    for row, neighbors in zip(found, naive.neighbors_of(x, k, "cosine"), strict=True):
        row[neighbors] = True
    return found


def rows_of_multipliers(x, y, n, relabeling, factors):
    return {a: scores(Setting("cka", {"kernel": "rbf"}), x, y, orbit(3, n, relabeling, a)) for a in factors}


def multipliers_of(found, expected, n) -> list[int]:
    """Which multiplier each orbit of a block has."""
    names = list(expected)
    gaps = np.array([[abs(row - expected[a]).max() for a in names] for row in found.reshape(-1, n)])
    assert gaps.min(axis=1).max() < 1e-10
    return [names[at] for at in gaps.argmin(axis=1)]


@pytest.mark.parametrize(
    ("n", "n_resamples", "count", "relabelings"), [(7, 83, 6, 2), (13, 3 * 13 - 1, 3, 1), (31, 31 * 60 - 1, 30, 2)]
)
def test_powers_of_a_prime(n, n_resamples, count, relabelings):
    """Consecutive powers of a primitive root, or all of them; the first orbit is that of the observed matching."""
    x, y = unrelated(n)
    found = rs.permutation_test(x, y, rbf, n_resamples=n_resamples, rng=3, return_null=True)
    assert (found.multipliers_per_orbit, found.n_orbits) == (count, count * relabelings)
    for r, block in enumerate(found.null_distribution.reshape(relabelings, -1)):
        factors = multipliers_of(block, rows_of_multipliers(x, y, n, r, range(1, n)), n)
        assert len(set(factors)) == count
        assert 1 in factors
        assert r > 0 or factors[0] == 1
        if count < n - 1:
            ratios = {b * pow(a, -1, n) % n for a, b in itertools.pairwise(factors)}
            assert len(ratios - {pow(factors[-1], -1, n) * factors[0] % n}) <= 2
            assert all((a + b) % n for a, b in itertools.combinations(factors, 2)), "a and -a are too much alike"


def test_units_of_a_composite_number():
    n, (x, y) = 62, unrelated(62)
    found = rs.permutation_test(x, y, rbf, n_resamples=62 * 6 - 1, rng=3, return_null=True)
    assert (found.multipliers_per_orbit, found.n_orbits) == (3, 6)
    units = [a for a in range(1, n) if math.gcd(a, n) == 1]
    for r, block in enumerate(found.null_distribution.reshape(2, -1)):
        factors = multipliers_of(block, rows_of_multipliers(x, y, n, r, units), n)
        assert len(set(factors)) == 3
        assert factors[0] == 1
        assert all((a + b) % n for a, b in itertools.combinations(factors, 2)), "a and -a are too much alike"


def test_more_orbits_do_not_change_those_before():
    x, y = unrelated(40)
    for measure in (rs.cka, rs.cca_mean, functools.partial(rs.knn_jaccard, k=4)):
        few, many = (
            rs.permutation_test(x, y, measure, n_resamples=m, method="orbits", rng=1, return_null=True)
            for m in (119, 399)
        )
        assert np.array_equal(few.null_distribution, many.null_distribution[: few.n_resamples + 1])


# Restricted matchings

_EIGHT, _TEN, _SIXTEEN = np.arange(8) % 2, np.array([5, 5, 2, 2, 9, 9, 9, 0, 0, 1]), np.arange(16)
DESIGNS = {
    "strata": (8, {"strata": _EIGHT}, 576),
    "strata_of_unlike_size": (9, {"strata": np.array(list("aabaabaab"))}, 4320),
    "groups": (10, {"groups": np.repeat([4, 1, 7, 0, 3], 2)}, 120),
    "groups_apart": (10, {"groups": np.arange(10) % 5}, 120),
    "groups_of_unlike_size": (10, {"groups": _TEN}, 6),
    "both": (16, {"groups": _SIXTEEN // 2, "strata": _SIXTEEN // 8}, 576),
    "shift": (12, {"scheme": "shift"}, 12),
}
NO_ORBITS = ("shift", "groups_of_unlike_size", "strata_of_unlike_size")  # these have none, or all at once
EACH_DESIGN = pytest.mark.parametrize("design", DESIGNS)


def lawful(order, strata=None, groups=None, scheme="permute") -> bool:
    n = len(order)
    if scheme == "shift":
        return np.array_equal(order, (np.arange(n) + order[0]) % n)
    if strata is not None and not np.array_equal(strata[order], strata):
        return False
    if groups is None:
        return sorted(order) == list(range(n))
    rows = {group: np.flatnonzero(groups == group).tolist() for group in groups}
    return all([order[i] for i in own] == rows[groups[order[own[0]]]] for own in rows.values())


def all_of(design: str) -> np.ndarray:
    n, ids, order = DESIGNS[design]
    count, found = drawn(n, range(order), seed=None, **ids)
    assert count == order
    return found


@EACH_DESIGN
def test_designs(design):
    """All lawful matchings, each once; of eight and nine rows by trying all orders."""
    n, ids, order = DESIGNS[design]
    found = all_of(design)
    assert all(lawful(one, **ids) for one in found)
    assert len({tuple(one) for one in found}) == order
    _, some = drawn(n, range(1, 50), **ids)
    assert all(lawful(one, **ids) for one in some)
    if n == 8:
        every = map(np.array, itertools.permutations(range(n)))
        assert sum(lawful(one, **ids) for one in every) == order


@EACH_DESIGN
@pytest.mark.parametrize("measure", [rs.cka, spearman, rs.cca_mean, rs.procrustes, rs.knn_jaccard, "own"], ids=str)
def test_restricted_tests(design, measure):
    """All matchings, independent ones and whole orbits: scores of lawful matchings, and where it is known, of which."""
    n, ids, order = DESIGNS[design]
    x, y = unrelated(n, 2, 2)
    if measure is rs.knn_jaccard:
        measure = functools.partial(rs.knn_jaccard, k=3)
    if measure == "own":

        def measure(x, y):
            return float(np.sum(x * np.roll(y, 1, axis=1)))

    def score(order):
        own = not isinstance(measure, functools.partial) and measure.__module__ == __name__
        return measure(x, y[order]) if own else rs.compare(x, y[order], measure)[0].value

    every = np.array([score(one) for one in all_of(design)])
    exact = rs.permutation_test(x, y, measure, method="exact", return_null=True, **ids)
    assert exact.method == "exact"
    assert exact.n_resamples == order - 1
    assert np.sort(exact.null_distribution) == pytest.approx(np.sort(every), rel=1e-9, abs=1e-10)
    assert exact.pvalue == pytest.approx(share(every, exact.alternative), abs=1e-12)
    assert (exact.null_mean, exact.null_std) == pytest.approx((every.mean(), every.std()), rel=1e-6, abs=1e-9)
    if design == "shift":
        assert exact.null_distribution == pytest.approx(every, rel=1e-9, abs=1e-10)

    some = rs.permutation_test(x, y, measure, method="monte_carlo", n_resamples=30, rng=0, return_null=True, **ids)
    _, matchings = drawn(n, range(1, 31), **ids)
    assert some.null_distribution[1:] == pytest.approx([score(one) for one in matchings], rel=1e-9, abs=1e-10)
    if measure not in (rs.cka, spearman) or design in NO_ORBITS:
        return
    whole = rs.permutation_test(x, y, measure, method="orbits", n_resamples=99, rng=0, return_null=True, **ids)
    assert whole.method == "orbits"
    gaps = abs(whole.null_distribution[:, None] - every).min(axis=1)
    assert gaps.max() < 1e-10
    assert whole.null_distribution[0] == whole.statistic
    assert (whole.n_resamples + 1) % whole.n_orbits == 0


def share(values, alternative: str, observed: float | None = None) -> float:
    """The p-value of the first of all values."""
    observed = values[0] if observed is None else observed
    window = max(100 * np.finfo(float).eps * abs(observed), 1e-9 * np.std(values))
    sides = [np.mean(values >= observed - window), np.mean(values <= observed + window)]
    return {"greater": sides[0], "less": sides[1], "two-sided": min(1.0, 2 * min(sides))}[alternative]


def test_orbits_inside_strata_are_uniform():
    """Mean and spread of many restricted orbits are those over all lawful matchings."""
    n, ids, _ = DESIGNS["strata"]
    x, y = unrelated(n, 2, 2)
    exact = rs.permutation_test(x, y, rs.cka, method="exact", **ids)
    found = rs.permutation_test(x, y, rs.cka, method="orbits", n_resamples=19_999, rng=0, **ids)
    assert found.null_mean == pytest.approx(exact.null_mean, abs=4 * exact.null_std / math.sqrt(20_000))
    assert found.null_std == pytest.approx(exact.null_std, rel=0.05)
    assert found.pvalue == pytest.approx(exact.pvalue, abs=5 * math.sqrt(exact.pvalue / 20_000))


# Whole products


CROSS = [rs.cca_mean, rs.svcca, rs.pwcca, rs.procrustes, rs.angular_shape]


@pytest.mark.parametrize("measure", CROSS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("d", [3, 10])
def test_products(measure, d):
    """Orbits of products and independent matchings: the same law, within the noise of both; the observed one first."""
    x, y = unrelated(50, d, d)
    by_orbits, one_by_one = (
        rs.permutation_test(x, y, measure, method=method, n_resamples=2999, rng=1, return_null=True)
        for method in ("orbits", "monte_carlo")
    )
    assert (by_orbits.method, one_by_one.method) == ("orbits", "monte_carlo")
    a, b = by_orbits.null_distribution, one_by_one.null_distribution
    assert a[0] == b[0] == by_orbits.statistic == measure(x, y)
    assert a.mean() == pytest.approx(b.mean(), abs=4.5 * b.std() * math.sqrt(2 / 3000))
    assert a.std() == pytest.approx(b.std(), rel=0.1)
    assert stats.ks_2samp(a, b).pvalue > 1e-3
    p = one_by_one.pvalue
    assert by_orbits.pvalue == pytest.approx(p, abs=4 * math.sqrt(2 * p * (1 - p) / 3000) + 1e-3)


@pytest.mark.parametrize("measure", CROSS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("weight", [0.25, 0.6, 3.0])
def test_pruned_scores(measure, weight):
    """What is certain without being computed changes nothing: neither p, nor mean, spread, z and calibrated scores."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 10))
    y = weight * x + rng.normal(size=(120, 10))
    found = rs.permutation_test(x, y, measure, n_resamples=1999, rng=1)
    full = rs.permutation_test(x, y, measure, n_resamples=1999, rng=1, return_null=True)
    assert full.n_pruned == 0
    assert (found.pvalue, found.exceedances, found.n_resamples) == (full.pvalue, full.exceedances, full.n_resamples)
    if weight == 3.0:
        assert found.n_pruned > 0
    # All of these are estimates, from the same permutations or from some of them.
    assert found.null_mean == pytest.approx(full.null_mean, abs=0.3 * full.null_std)
    assert found.null_std == pytest.approx(full.null_std, rel=0.25)
    assert found.zscore == pytest.approx(full.zscore, rel=0.25)
    assert found.calibrated_mean == pytest.approx(full.calibrated_mean, rel=0.15)
    assert found.calibrated_quantile == pytest.approx(full.calibrated_quantile, rel=0.3)


# Golden numbers


def features(n: int, d: int, k: int) -> np.ndarray:
    i, j = np.ogrid[:n, :d]
    return (((i + 1) * (j + 2) * (k + 3) + i * i * (j + k + 1)) % 17 - 8).astype(float)


X6, Y6 = (np.array(v, dtype=float)[:, None] for v in ([0, 1, 2, 4, 7, 11], [1, 0, 4, 3, 9, 12]))
NORM6 = math.sqrt(np.sum(cdist(X6, X6) ** 2) * np.sum(cdist(Y6, Y6) ** 2))


def test_worked_example():
    """Six rows, by hand: p over all 720 orders, and the circle of shifts."""
    for alternative, count in (("greater", 5), ("less", 716), ("two-sided", 10)):
        found = rs.permutation_test(X6, Y6, distances, alternative=alternative)
        assert found.method == "exact"
        assert found.pvalue * 720 == pytest.approx(count)
    assert found.statistic * NORM6 == pytest.approx(1142)
    circle = rs.permutation_test(X6, Y6, distances, scheme="shift", return_null=True)
    assert circle.null_distribution * NORM6 == pytest.approx([1142, 838, 862, 778, 826, 862])
    assert circle.pvalue == circle.min_pvalue == 1 / 6


@pytest.mark.parametrize(
    ("measure", "n", "widths", "numbers", "expected"),
    [
        (rs.cka, 5, (3, 2), (0, 1), (75 / 120, 46 / 120, 92 / 120)),
        (distances, 5, (1, 1), (0, 2), (0.3, 0.725, 0.6)),
        (rs.cka, 6, (3, 2), (0, 1), (310 / 720, 411 / 720, 620 / 720)),
        (distances, 6, (1, 1), (0, 2), (312 / 720, 420 / 720, 624 / 720)),
        (rs.cka, 7, (3, 2), (0, 1), (1657 / 5040, 3384 / 5040, 3314 / 5040)),
        (distances, 7, (1, 1), (0, 2), (2636 / 5040, 2476 / 5040, 4952 / 5040)),
    ],
)
def test_golden_p_over_all_orders(measure, n, widths, numbers, expected):
    x, y = (features(n, d, k) for d, k in zip(widths, numbers, strict=True))
    for alternative, p in zip(ALTERNATIVES, expected, strict=True):
        found = rs.permutation_test(x, y, measure, alternative=alternative)
        assert found.method == "exact"
        assert found.pvalue == pytest.approx(p, abs=1e-12)


THREE_ORBITS = (
    29997.14, 38793.74, 21164.94, 17818.74, 14833.54, 31078.94, 7639.14, 8001.74, 11933.94, 14790.74,
    27432.34, 31329.54, 26307.54, 8087.34, 34029.94, 29958.94, 34689.34, 19366.34, 8665.14, 38248.14,
    21701.14, 35647.94, 25620.54, 36781.94, 15872.34, 22236.74, 1729.14, 13906.74, 8791.14, 21598.94,
)  # fmt: skip


def gram_norms(x, y) -> float:
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return float(np.linalg.norm(x @ x.T) * np.linalg.norm(y @ y.T))


def test_golden_orbits():
    x, y = features(10, 3, 0), features(10, 2, 1)
    for alternative, p in zip(ALTERNATIVES, (0.3, 22 / 30, 0.6), strict=True):
        found = rs.permutation_test(
            x, y, rs.cka, method="orbits", n_resamples=29, rng=42, alternative=alternative, return_null=True
        )
        assert found.null_distribution * gram_norms(x, y) == pytest.approx(THREE_ORBITS, rel=1e-10)
        assert found.pvalue == pytest.approx(p, abs=1e-12)


ALL_POWERS_OF_7 = (
    (7783.244897959183, 14528.816326530616, 11765.102040816326, 16272.102040816326, 7757.387755102041),
    (19151.81632653061, 8109.816326530615, 11152.816326530612, 9014.673469387757, 20671.67346938775),
    (13082.81632653061, 21696.95918367347, 30978.81632653061, 14004.102040816328, 6344.673469387753),
    (18083.5306122449, 15252.530612244898, 7111.95918367347, 4224.95918367347, 14474.102040816326),
    (5815.244897959184, 25633.959183673465, 12102.673469387757, 29770.387755102034, 2571.8163265306107),
    (20394.95918367347, 11605.387755102036, 9266.102040816326, 10447.102040816326, 28471.95918367347),
)  # the first five of seven places each


def test_golden_powers():
    """All maps of a prime circle form a sharply 2-transitive group: their mean is that over all orders."""
    x, y = features(7, 3, 0), features(7, 2, 1)
    found = rs.permutation_test(x, y, rs.cka, n_resamples=83, rng=42, return_null=True)
    values = found.null_distribution.reshape(2, 6, 7) * gram_norms(x, y)
    for row in ALL_POWERS_OF_7:
        assert abs(values[1][:, None, :] - np.array(row)[:, None]).min(axis=(0, 2)) == pytest.approx(0, abs=1e-6)
    assert values.mean(axis=(1, 2)) == pytest.approx(14302.040816326531, rel=1e-10)
    for alternative, p in zip(ALTERNATIVES, (15 / 42, 28 / 42, 30 / 42), strict=True):
        found = rs.permutation_test(x, y, rs.cka, n_resamples=41, rng=42, alternative=alternative)
        assert (found.n_resamples, found.pvalue) == (41, pytest.approx(p, abs=1e-12))


def test_golden_neighbors():
    x, y = features(9, 3, 0), features(9, 3, 4)
    for measure, expected in (
        (rs.mutual_knn, np.array([12, 12, 9, 11, 7, 7, 9, 12, 11]) / 27),
        (rs.knn_jaccard, np.array([27, 29, 20, 25, 16, 14, 20, 28, 25]) / 90),
    ):
        found = rs.permutation_test(
            x,
            y,
            functools.partial(measure, k=3, metric="euclidean"),
            method="orbits",
            n_resamples=17,
            rng=42,
            return_null=True,
        )
        assert found.null_distribution[9:] == pytest.approx(expected, rel=1e-12)


def test_golden_family():
    """Four layer pairs, three orbits: standardized scores and both corrections.

    Two rows of one pair are alike: refused unless each is called a group of its own.
    """
    xs, ys = [features(8, 3, k) for k in (0, 1)], [features(8, 2, k) for k in (1, 4)]
    for adjust, expected in (("maxT", (17, 24, 1, 8)), ("step-down", (16, 23, 1, 8))):
        grid = rs.permutation_test(
            xs, ys, rs.cka, n_resamples=23, rng=42, adjust=adjust, dtype="float64", groups=np.arange(8)
        )
        assert grid.zscores.ravel() == pytest.approx([0.294295836, -1.258843976, 3.519177812, 1.272238240], rel=1e-8)
        assert grid.pvalues.ravel() * 24 == pytest.approx(expected)


def test_golden_bets():
    """The rule of the sequential test on a fixed sequence, and the interval of a p-value."""
    exceeds = [(7 * i) % 10 == 0 for i in range(1, 400)]
    drawn, p, decision = _core.bet(exceeds, 0.05)
    assert (drawn, decision) == (140, False)
    assert p == pytest.approx(0.12195331151122998, rel=1e-9)


# Single precision


def counts(x, y, measure, **options) -> list[tuple[int, float]]:
    found = [rs.permutation_test(x, y, measure, dtype=dtype, **options) for dtype in ("float64", "float32", "auto")]
    assert found[0].n_adjudicated == 0
    return [(one.exceedances, one.pvalue) for one in found]


@pytest.mark.parametrize("measure", [rs.cka, debiased, rbf, mantel, spearman, rs.distance_correlation, rs.cca_mean])
@pytest.mark.parametrize(("n", "method"), [(40, "orbits"), (97, "auto"), (98, "auto")])
def test_single_precision_counts_alike(measure, n, method):
    for seed in range(4):
        x, y = weakly(n, seed, 0.1)
        options = {"n_resamples": 4000, "rng": seed, "method": method, "alternative": ALTERNATIVES[seed % 3]}
        assert len(set(counts(x, y, measure, **options))) == 1
        single = rs.permutation_test(x, y, measure, dtype="float32", **options)
        # A ten-thousandth of a standard deviation on either side: less than one value in ten thousand.
        assert single.n_adjudicated <= 8


def test_a_mean_far_above_the_spread():
    """A flat spectrum: the mean is more than 300 standard deviations, and all that counts is in the last digits."""
    x, y = unrelated(500, 1, 1)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(500, 1500)), rng.normal(size=(500, 1500))
    moments = rs.permutation_moments(x, y, rs.cka, order=2)
    assert moments.mean > 300 * moments.std
    for seed in range(3):
        assert len(set(counts(x, y, rs.cka, n_resamples=4999, rng=seed))) == 1
    null = [
        rs.permutation_test(x, y, rs.cka, n_resamples=999, rng=0, dtype=dtype, return_null=True, method="orbits")
        for dtype in ("float32", "float64")
    ]
    gap = abs(null[0].null_distribution - null[1].null_distribution).max()
    assert gap < 2e-5 * moments.std


def classes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.eye(3)[rng.permutation(np.arange(n) % 3)], np.eye(4)[rng.permutation(np.arange(n) % 4)]


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("n", [24, 97])
def test_ties_are_ties(n, alternative):
    """Class indicators and whole distances: counts of whole numbers, in every precision."""
    options = {"n_resamples": 10 * n - 1, "rng": 2, "alternative": alternative, "method": "orbits"}
    options["groups"] = np.arange(n)  # rows repeat on both sides, which is refused otherwise
    matchings = orbits(2, n, 10)
    for seed in range(3):
        x, y = classes(n, seed)
        p, q = x.astype(int), y.astype(int)
        both = np.outer(p.sum(axis=0), q.sum(axis=0))
        whole = np.array([np.sum((n * (p.T @ q[order]) - both) ** 2) for order in matchings])
        for exceedances, pvalue in counts(x, y, rs.cka, **options):
            assert pvalue == pytest.approx(share_of_integers(whole, alternative), abs=1e-12)
            assert exceedances > 1
        x, y = (np.random.default_rng(seed + s).integers(0, 4, size=(n, 1)) for s in (0, 50))
        d, e = (abs(a - a.T) for a in (x, y))
        whole = np.array([np.sum(d * e[np.ix_(order, order)]) for order in matchings])
        for _, pvalue in counts(d.astype(float), e.astype(float), precomputed, **options):
            assert pvalue == pytest.approx(share_of_integers(whole, alternative), abs=1e-12)


precomputed = functools.partial(rs.rsa, inner="precomputed", outer="pearson")


def share_of_integers(values, alternative: str) -> float:
    sides = [np.mean(values >= values[0]), np.mean(values <= values[0])]
    return {"greater": sides[0], "less": sides[1], "two-sided": min(1.0, 2 * min(sides))}[alternative]


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [40, 41])
def test_all_scores_equal(alternative, dtype, n):
    """One input per column: no order of the rows changes anything."""
    y = np.random.default_rng(0).normal(size=(n, 2))
    for measure in (rs.cka, distances):
        if measure is distances:
            y = y + 10
        found = rs.permutation_test(np.eye(n), y, measure, alternative=alternative, dtype=dtype, n_resamples=999)
        assert found.pvalue == 1.0, measure


# Levels and power; the long tests repeat these with more data


@pytest.mark.parametrize("name", ENGINES)
def test_level_of_engines(name):
    engine = ENGINES[name]
    found = engine.test(*engine.sample(np.random.default_rng(0)), 0)
    assert engine.orbits is None or found.n_orbits == engine.orbits
    assert found.multipliers_per_orbit == engine.multipliers
    check_level(engine, 500)


def test_strata_that_carry_signal():
    """The free test finds the strata; the one inside strata keeps its level (above)."""
    shares, _ = ENGINES["strata"].shares(100, strata=None)
    assert shares[0.05] > 0.95


def test_tokens_of_a_sequence():
    """Rows that are not exchangeable: far too many rejections; whole sequences are."""
    rng = np.random.default_rng(4)
    rejected = np.zeros(2)
    for i in range(300):
        x, y, groups = tokens(rng)
        for at, options in enumerate(({}, {"groups": groups})):
            found = rs.permutation_test(x, y, rs.cka, n_resamples=199, rng=i, **options)
            rejected[at] += found.pvalue <= 0.05 + 1e-12
    by_token, by_sequence = rejected / 300
    assert by_token > 0.3
    assert abs(by_sequence - 0.05) <= 4 * standard_error(0.05, 300)


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_orbits_are_worth_as_much_as_independent_permutations(spectrum):
    """Variance of the estimate of a tail of 10 %; the standard error of the ratio is .08."""
    assert variance_ratio(spectrum, 101, 201, 0.1, keys=300, method="orbits") < 1.25
    assert variance_ratio(spectrum, 31, 2 * 930 - 1, 0.1, keys=200) < 1.0, "all maps of a circle do better"


# All pairs at once


def models(count: int, n: int, seed: int) -> dict[str, np.ndarray]:
    """Models with a common part, so that pairs depend on each other."""
    rng = np.random.default_rng([seed, n])
    common = rng.normal(size=(n, 3))
    return {f"{seed}{i}": 0.5 * common + rng.normal(size=(n, 3)) for i in range(count)}


GRID_OPTIONS = {"n_resamples": 119, "rng": 6}
LAYERED = [s for s in BILINEAR if s.measure != "linear_regression_r2"] + [BILINEAR[-1], ROOT]


@pytest.mark.parametrize("setting", LAYERED, ids=str)
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_a_grid_is_its_pairs(setting, alternative):
    xs, ys = models(3, 30, 1), models(2, 30, 2)
    measure, options = setting.bound(None), GRID_OPTIONS | {"alternative": alternative}
    grid = rs.permutation_test(xs, ys, measure, dtype="float64", **options)
    assert (grid.method, grid.n_orbits, grid.n_resamples, grid.n_tests) == ("orbits", 4, 119, 6)
    for i, x in enumerate(xs.values()):
        for j, y in enumerate(ys.values()):
            one = rs.permutation_test(x, y, measure, method="orbits", dtype="float64", **options)
            assert grid.unadjusted[i, j] == one.pvalue
            assert grid.values[i, j] == pytest.approx(one.statistic, rel=1e-12)
            assert grid.zscores[i, j] == pytest.approx(one.zscore, rel=1e-9)
            # The moments of a root are estimates: with or without the observed score, and over how many.
            rel = 0.03 if setting is ROOT else 1e-9
            assert grid.null_mean[i, j] == pytest.approx(one.null_mean, rel=rel, abs=1e-12)
            assert grid.null_std[i, j] == pytest.approx(one.null_std, rel=rel)
            assert grid.calibrated_mean[i, j] == pytest.approx(one.calibrated_mean, rel=0.1 if rel > 0.01 else 1e-8)
    assert grid.null_mean_exact == grid.null_std_exact == (setting is not ROOT)
    assert np.array_equal(grid.pvalues, grid.unadjusted)


def corrected(z: np.ndarray, adjust: str) -> np.ndarray:
    """All corrections, from the z of all pairs (rows) under all arrangements; large speaks against the null."""
    observed, order = z[:, 0], np.argsort(z[:, 0])[::-1]
    close = 1e-8
    single = np.array([np.mean(z.max(axis=0) >= one - close) for one in observed])
    if adjust == "maxT":
        return single
    if adjust == "step-down":
        found, least = np.empty(len(z)), 0.0
        for at, member in enumerate(order):
            least = max(least, float(np.mean(z[order[at:]].max(axis=0) >= observed[member] - close)))
            found[member] = least
        return found
    raw = np.array([np.mean(row >= row[0] - close) for row in z])
    return stats.false_discovery_control(raw, method=adjust)


def z_of_pairs(xs, ys, measure, method: str, towards: float, **options) -> tuple[np.ndarray, np.ndarray]:
    """Of all pairs, one test after the other, under the same permutations: z of all arrangements, and z as reported."""
    rows, reported = [], []
    for x, y in itertools.product(xs, ys):
        found = rs.permutation_test(x, y, measure, method=method, dtype="float64", return_null=True, **options)
        null = found.null_distribution
        mean, std = (found.null_mean, found.null_std) if found.null_std_exact else (null.mean(), null.std())
        rows.append(towards * (null - mean) / std)
        reported.append(found.zscore)
    return np.array(rows), np.array(reported)


_FIFTEEN = {"groups": np.arange(30) // 2}
_TWO = {"strata": np.arange(30) % 2}
FAMILIES = {
    "cka": (rs.cka, "orbits", None, 1, {}),
    "debiased": (debiased, "orbits", "two-sided", 1, {}),
    "less": (rs.cka, "orbits", "less", -1, {}),
    "mantel": (mantel, "orbits", None, 1, {}),
    "neighbors": (functools.partial(rs.knn_jaccard, k=4), "orbits", None, 1, {}),
    "distance": (rs.procrustes, "monte_carlo", None, -1, {}),
    "correlations": (rs.cca_mean, "monte_carlo", "two-sided", 1, {}),
    "groups": (rs.cka, "orbits", None, 1, _FIFTEEN),
    "groups_less": (spearman, "orbits", "less", -1, _FIFTEEN),
    "strata": (mantel, "orbits", "two-sided", 1, _TWO),
    "groups_one_by_one": (rs.cka, "monte_carlo", None, 1, _FIFTEEN),
    "groups_of_products": (rs.cca_mean, "monte_carlo", None, 1, _FIFTEEN),
    "own": (lambda x, y: float(np.sum(x * y)), "monte_carlo", None, 1, {}),
}


@pytest.mark.parametrize("adjust", ["maxT", "step-down", "bh", "by"])
@pytest.mark.parametrize("family", FAMILIES)
def test_corrections(family, adjust):
    measure, method, alternative, towards, design = FAMILIES[family]
    if alternative == "two-sided" and adjust in ("bh", "by"):
        pytest.skip("these correct the p-values of the pairs, whatever they are")
    xs, ys = models(3, 30, 1), models(2, 30, 2)
    options = GRID_OPTIONS | {"alternative": alternative} | design
    grid = rs.permutation_test(xs, ys, measure, dtype="float64", adjust=adjust, method=method, **options)
    assert grid.method == method
    z, reported = z_of_pairs(xs.values(), ys.values(), measure, method, towards, **options)
    turned = abs(z) if alternative == "two-sided" else z
    assert grid.adjust == adjust
    assert grid.pvalues.ravel() == pytest.approx(corrected(turned, adjust), abs=1e-12)
    assert grid.zscores.ravel() == pytest.approx(reported, rel=1e-7)
    assert (grid.pvalues >= grid.unadjusted - 1e-15).all() or alternative == "two-sided"
    # Claims about the best pair and about all of them.
    top, means = turned[:, 0].argmax(), z.mean(axis=0)
    if alternative == "two-sided":
        means = abs(means)
    assert grid.largest == pytest.approx(
        (towards * reported[top], np.mean(turned.max(axis=0) >= turned[top, 0] - 1e-8)), rel=1e-7
    )
    assert grid.mean == pytest.approx((towards * reported.mean(), np.mean(means >= means[0] - 1e-8)), rel=1e-7)


def test_step_down_is_never_worse_and_in_order():
    for seed in range(20):
        xs, ys = models(3, 24, seed), models(3, 24, seed + 100)
        single, down = (
            rs.permutation_test(xs, ys, rs.cka, n_resamples=239, rng=seed, adjust=adjust)
            for adjust in ("maxT", "step-down")
        )
        assert (down.pvalues <= single.pvalues).all()
        order = np.argsort(-down.zscores.ravel())
        assert (np.diff(down.pvalues.ravel()[order]) >= 0).all()
        assert (np.diff(single.pvalues.ravel()[order]) >= 0).all()


@pytest.mark.parametrize("measure", [rs.cka, rs.linear_regression_r2, rs.pwcca, rs.knn_jaccard, "own"], ids=str)
def test_pairs_within_a_list(measure):
    """y=None: a representation with itself is no test; symmetric measures are mirrored."""
    named = models(3, 30, 1)

    def own(x, y):
        return float(np.sum(x * y[:, ::-1]))

    measure = own if measure == "own" else measure
    symmetric = measure in (rs.cka, rs.knn_jaccard)
    grid = rs.permutation_test(named, None, measure, adjust="maxT", **GRID_OPTIONS)
    assert grid.rows == grid.columns == tuple(named)
    assert grid.n_tests == (3 if symmetric else 6)
    both = rs.permutation_test(named, named, measure, adjust="maxT", **GRID_OPTIONS)
    assert both.n_tests == 9
    apart = ~np.eye(3, dtype=bool)
    if symmetric:
        for table in (grid.values, grid.pvalues, grid.unadjusted, grid.zscores, grid.null_mean, grid.null_std):
            assert np.array_equal(table, table.T, equal_nan=True)
        upper = np.triu_indices(3, 1)
        assert grid.unadjusted[upper] == pytest.approx(both.unadjusted[upper])
    else:
        assert grid.unadjusted[apart] == pytest.approx(both.unadjusted[apart])
    # The largest of fewer pairs is smaller.
    assert (grid.pvalues[apart] <= both.pvalues[apart] + 1e-12).all()
    assert grid.largest[0] == pytest.approx(np.nanmax(grid.zscores[apart]))


@pytest.mark.parametrize("measure", [rs.cka, rs.cca_mean, rs.knn_jaccard, rs.disagreement], ids=lambda m: m.__name__)
def test_failures_cost_their_pairs_only(measure):
    if measure is rs.disagreement:
        xs, ys = ({str(i): pairs.scores(30, 3, seed=i)[s] for i in range(2)} for s in (0, 1))
    else:
        xs, ys = models(2, 30, 1), models(2, 30, 2)
    good = rs.permutation_test(xs, ys, measure, adjust="maxT", **GRID_OPTIONS)
    broken = np.array(ys[next(iter(ys))])
    broken[3, 1] = np.nan
    grid = rs.permutation_test(xs, {"broken": broken} | ys, measure, adjust="maxT", **GRID_OPTIONS)
    assert set(grid.status) == {(0, 0), (1, 0)}
    assert {code for code, _ in grid.status.values()} == {"nonfinite_input"}
    assert "failed_pairs" in codes(grid)
    assert grid.n_tests == 4
    assert np.isnan(grid.pvalues[:, 0]).all()
    assert np.isnan(grid.values[:, 0]).all()
    for name in ("values", "pvalues", "unadjusted", "zscores", "null_mean"):
        assert np.array_equal(getattr(grid, name)[:, 1:], getattr(good, name))
    json.dumps(grid.to_dict())


def test_all_pairs_fail():
    bad = np.full((20, 3), np.nan)
    grid = rs.permutation_test({"a": bad}, {"b": bad}, rs.cka, n_resamples=99, adjust="maxT")
    assert np.isnan(grid.pvalues).all()
    assert (grid.n_tests, grid.largest, grid.mean) == (0, None, None)


def test_other_row_counts_in_a_grid():
    xs = models(2, 30, 1)
    with raises("row_count_mismatch"):
        rs.permutation_test(xs, {"short": next(iter(xs.values()))[:20]}, rs.cka)


def test_own_functions_in_grids():
    """Pair by pair the same as one pair at a time; failures are recorded, errors name the pair."""
    xs, ys = models(2, 20, 1), models(2, 20, 2)

    def own(x, y):
        return math.nan if x is xs["10"] and y[0, 0] == ys["21"][0, 0] else float(np.sum(x * y))

    for options in ({}, {"strata": np.arange(20) // 5}, {"groups": np.arange(20) // 2}, {"scheme": "shift"}):
        grid = rs.permutation_test(xs, ys, own, n_resamples=59, rng=1, **options)
        assert set(grid.status) in ({(0, 1)}, set())
        for i, j in [(0, 0), (1, 0), (1, 1)]:
            one = rs.permutation_test(list(xs.values())[i], list(ys.values())[j], own, n_resamples=59, rng=1, **options)
            assert grid.values[i, j] == one.statistic
            assert grid.unadjusted[i, j] == one.pvalue
            assert grid.n_resamples == one.n_resamples
            assert grid.method == one.method


@EACH_DESIGN
@pytest.mark.parametrize("measure", [rs.cka, rs.cca_mean, functools.partial(rs.knn_jaccard, k=3)])
def test_restricted_grids(design, measure):
    """The same matchings, lawful ones, as those of single pairs."""
    n, ids, _ = DESIGNS[design]
    (a, b), (c, d) = unrelated(n, 2, 2), unrelated(n, 2, 2, seed=1)
    grid = rs.permutation_test([a, c], [b, d], measure, n_resamples=49, rng=2, **ids)
    for (i, x), (j, y) in itertools.product(enumerate((a, c)), enumerate((b, d))):
        method = "auto" if grid.method == "exact" else grid.method
        one = rs.permutation_test(x, y, measure, n_resamples=49, rng=2, method=method, **ids)
        assert grid.unadjusted[i, j] == one.pvalue
        assert grid.n_resamples == one.n_resamples
        assert grid.n_orbits == one.n_orbits
        assert grid.values[i, j] == one.statistic == measure(x, y)


def product_orbits(seed: int, n: int, q: int, count: int) -> np.ndarray:
    """The matchings of orbits of whole products: rows on q places, side by side, those that do not fit at rest."""
    wide = n // q
    sigma = _core.permutation(key(seed), 0, n)
    found = []
    for relabeling in range(count):
        tau = _core.permutation(key(seed), relabeling, n)
        for shift in range(q):
            order = np.empty(n, dtype=int)
            order[sigma] = np.concatenate([np.roll(tau[: q * wide], -shift * wide), tau[q * wide :]])
            found.append(order)
    return np.array(found)


@pytest.mark.parametrize("measure", CROSS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_products_of_grids(measure, alternative):
    """Pairs of unlike widths meet the same matchings; p-values and corrections are those of the scores of these."""
    xs = [unrelated(31, d, 2, seed=d)[0] for d in (2, 4)]
    ys = [unrelated(31, 2, d, seed=d)[1] for d in (3, 2, 5)]
    grid = rs.permutation_test(xs, ys, measure, n_resamples=99, rng=3, alternative=alternative, adjust="maxT")
    q, over = divmod(grid.n_resamples + 1, grid.n_orbits)
    assert (grid.method, over) == ("orbits", 0)
    assert 99 <= grid.n_resamples < 99 + q
    assert grid.min_pvalue == (2 if alternative == "two-sided" else 1) / (grid.n_resamples + 1)
    matchings = product_orbits(3, 31, q, grid.n_orbits)
    assert np.array_equal(matchings[0], np.arange(31))
    scored = []
    for (i, x), (j, y) in itertools.product(enumerate(xs), enumerate(ys)):
        scored.append([rs.compare(x, y[order], measure)[0].value for order in matchings])
        assert grid.values[i, j] == measure(x, y)
        assert grid.unadjusted[i, j] == share(scored[-1], alternative)
        assert grid.null_mean[i, j] == pytest.approx(np.mean(scored[-1][1:]), rel=1e-9)
        assert grid.null_std[i, j] == pytest.approx(np.std(scored[-1][1:], ddof=1), rel=1e-6)
    scored = np.array(scored)
    z = (scored - scored.mean(axis=1, keepdims=True)) / scored.std(axis=1, keepdims=True)
    turned = {"greater": z, "less": -z, "two-sided": abs(z)}[alternative]
    assert grid.pvalues.ravel() == pytest.approx(corrected(turned, "maxT"), abs=1e-12)


IN_ORBITS = {
    "products": (rs.cca_mean, 7, {}),
    "distances": (rs.procrustes, 7, {}),
    "groups": (rs.cka, 14, {"groups": np.arange(14) // 2}),
    "strata": (mantel, 10, {"strata": np.arange(10) // 5}),
}


@pytest.mark.parametrize("case", IN_ORBITS)
def test_orbits_of_grids_estimate_the_exact_p(case):
    """All matchings of few rows can be tried: many orbits find the same p, and so do independent permutations."""
    measure, n, options = IN_ORBITS[case]
    (a, b), (c, d) = weakly(n, d=2), weakly(n, d=2, seed=1)
    exact, *others = (
        rs.permutation_test([a, c], [b, d], measure, method=method, n_resamples=3999, rng=0, **options)
        for method in ("exact", "orbits", "monte_carlo")
    )
    for found in others:
        error = np.sqrt(exact.unadjusted * (1 - exact.unadjusted) / 4000)
        assert (abs(found.unadjusted - exact.unadjusted) <= 5 * error + 1e-3).all(), found.method
    assert [one.method for one in others] == ["orbits", "monte_carlo"]


@pytest.mark.parametrize("case", IN_ORBITS)
def test_more_orbits_of_grids_keep_those_before(case):
    """The arrangements of a short test are among those of a longer one: counts grow, by no more than is new."""
    measure, n, options = IN_ORBITS[case]
    (a, b), (c, d) = unrelated(n, 2, 2), unrelated(n, 2, 2, seed=1)
    before, arrangements = np.zeros((2, 2)), 0
    for count in (19, 60, 61, 400):
        grid = rs.permutation_test(
            [a, c], [b, d], measure, alternative="greater", method="orbits", n_resamples=count, rng=0, **options
        )
        total = grid.n_resamples + 1
        counts = np.rint(grid.unadjusted * total)
        assert (counts >= before).all()
        assert (counts - before <= total - arrangements).all()
        before, arrangements = counts, total


@pytest.mark.parametrize(
    "options",
    [{"groups": np.arange(60) // 3}, {"strata": np.arange(60) % 2}, {"scheme": "shift"}],
    ids=lambda o: next(iter(o)),
)
def test_threads_do_not_matter_to_restricted_grids(options):
    xs, ys = models(3, 60, 1), models(4, 60, 2)
    found = set()
    for threads in (1, 2, 3):
        grid = rs.permutation_test(
            xs, ys, mantel, adjust="maxT", num_threads=threads, rng=1, n_resamples=199, **options
        )
        tables = (grid.values, grid.pvalues, grid.unadjusted, grid.zscores, grid.null_mean, grid.null_std)
        found.add((*(table.tobytes() for table in tables), grid.largest, grid.mean, grid.method))
    assert len(found) == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "measure", [rs.cka, mantel, rs.cca_mean, rs.knn_jaccard, rs.distance_correlation], ids=lambda m: str(m)[:40]
)
def test_threads_do_not_matter(dtype, measure):
    xs, ys = models(3, 61, 1), models(4, 61, 2)
    found = set()
    for threads in (1, 2, 3, 8):
        grid = rs.permutation_test(
            xs, ys, measure, adjust="step-down", dtype=dtype, num_threads=threads, rng=1, n_resamples=999
        )
        tables = (grid.values, grid.pvalues, grid.unadjusted, grid.zscores, grid.null_mean, grid.null_std)
        found.add((*(table.tobytes() for table in tables), grid.largest, grid.mean))
    assert len(found) == 1


@pytest.mark.parametrize("name", ENGINES)
def test_threads_do_not_matter_to_engines(name):
    engine = ENGINES[name]
    x, y = engine.sample(np.random.default_rng(0))
    found = set()
    for threads in (1, 2, 3, 8):
        for keep in (False, True):
            one = rs.permutation_test(
                x,
                y,
                engine.measure,
                n_resamples=engine.n_resamples,
                rng=0,
                num_threads=threads,
                return_null=keep,
                **engine.options,
            )
            null = one.null_distribution.tobytes() if keep else None
            found.add((keep, null, one.pvalue, one.zscore, one.null_mean, one.null_std, one.pvalue_ci, one.statistic))
    assert len(found) == 2


def test_family_wise_error():
    """Nine pairs that depend on each other: at least one discovery at .05 in no more than 5 % of the families."""
    assert family_wise_error(None, 300) > 0.1
    for adjust in ("maxT", "step-down"):
        assert family_wise_error(adjust, 300) <= 0.05 + 3 * standard_error(0.05, 300)


@pytest.mark.parametrize("case", ["products", "groups"])
def test_family_wise_error_of_orbits(case):
    """The same where pairs share orbits of whole products, or of groups of rows that are alike."""
    measure, rows = (rs.cca_mean, 1) if case == "products" else (rs.cka, 3)
    assert family_wise_error(None, 300, measure=measure, rows=rows) > 0.1
    error = family_wise_error("maxT", 300, measure=measure, rows=rows)
    assert abs(error - 0.05) <= 3 * standard_error(0.05, 300)


def test_the_picture_marks_what_is_significant():
    pytest.importorskip("matplotlib").use("Agg")
    x, y = weakly(40, weight=3.0)
    a, b = unrelated(40, seed=5)
    grid = rs.permutation_test({"x": x, "a": a}, {"y": y, "b": b}, rs.cka, n_resamples=399, rng=0, adjust="maxT")
    assert (grid.pvalues <= 0.05).tolist() == [[True, False], [False, False]]
    ax = grid.plot()
    ax.figure.draw_without_rendering()
    (dots,) = [one for one in ax.collections if one.get_gid() == "significance"]
    assert np.round(dots.get_offsets()).astype(int).tolist() == [[0, 0]]


# Moments


def central(values: np.ndarray) -> list[float]:
    std = values.std()
    return [values.mean(), std, *(np.mean(((values - values.mean()) / std) ** k) for k in (3, 4))]


@EACH
@pytest.mark.parametrize("n", [7, 8])
def test_moments_are_those_over_all_orders(setting, n):
    x, y = unrelated(n)
    k, m = factors_of(setting, x, y)
    every = np.array(list(itertools.permutations(range(n))))
    values = np.concatenate([(m[p[:, :, None], p[:, None, :]] * k).sum(axis=(1, 2)) for p in np.array_split(every, 20)])
    expected = central(values)
    found = rs.permutation_moments(x, y, setting.bound(x), order=4)
    assert found.statistic == pytest.approx(values[0], rel=1e-10, abs=1e-12)
    assert (found.mean, found.std) == pytest.approx(expected[:2], rel=1e-9, abs=1e-12)
    assert found.skewness == pytest.approx(expected[2], rel=1e-7, abs=1e-7)
    assert found.kurtosis == (None if n < 8 else pytest.approx(expected[3], rel=1e-7))
    assert found.zscore == pytest.approx((values[0] - expected[0]) / expected[1], rel=1e-7, abs=1e-9)


@EACH
def test_moments_are_those_of_many_orbits(setting):
    x, y = unrelated(40, 4, 3)
    found = rs.permutation_moments(x, y, setting.bound(x), order=4)
    null = rs.permutation_test(
        x, y, setting.bound(x), method="orbits", n_resamples=40_000, rng=0, return_null=True
    ).null_distribution
    mean, std, skewness, kurtosis = central(null)
    assert found.mean == pytest.approx(mean, abs=5 * std / 200)
    assert found.std == pytest.approx(std, rel=0.03)
    assert found.skewness == pytest.approx(skewness, abs=0.12)
    assert found.kurtosis == pytest.approx(kurtosis, rel=0.12)


def test_moments_of_an_order():
    x, y = unrelated(20)
    second, third, fourth = (rs.permutation_moments(x, y, rs.cka, order=order) for order in (2, 3, 4))
    assert second.skewness is None is second.kurtosis is third.kurtosis
    assert second.moments_reliable is None is third.moments_reliable
    assert (second.mean, second.std) == (third.mean, third.std) == (fourth.mean, fourth.std)
    assert third.skewness == pytest.approx(fourth.skewness, rel=1e-12)
    for few in (4, 5):
        assert rs.permutation_moments(*unrelated(few, 2, 2), rs.cka, order=4).skewness is None
    found = rs.permutation_test(x, y, rs.cka, n_resamples=99)
    assert (found.null_mean, found.null_std) == pytest.approx((second.mean, second.std), rel=1e-12)
    root = rs.permutation_moments(x, y, rs.distance_correlation)
    assert root.before == "root"
    assert root.statistic == pytest.approx(rs.distance_correlation(x, y) ** 2, rel=1e-12)
    json.dumps(fourth.to_dict())
    assert "\n" not in str(fourth)


def test_refused_moments():
    x, y = unrelated(20)
    for measure in (rs.pwcca, rs.procrustes, rs.knn_jaccard, rs.participation_ratio, lambda x, y: 0.0):
        with raises("not_offered"):
            rs.permutation_moments(x, y, measure)
    for options in ({"order": 1}, {"order": 5}, {"alternative": "larger"}):
        with raises("bad_option"):
            rs.permutation_moments(x, y, rs.cka, **options)
    with raises("row_count_mismatch"):
        rs.permutation_moments(x, y[:15], rs.cka)


def test_p_of_moments():
    """Where it calls itself reliable it is within a factor of 2 at about one in a hundred."""
    checked = 0
    for seed in range(60):
        x, y = weakly(60, seed, 0.2)
        for measure in (rs.cka, squared_dcor, mantel):
            alternative = None if seed % 3 else "less"
            found = rs.permutation_moments(x, y, measure, order=4, alternative=alternative)
            p = rs.permutation_test(x, y, measure, n_resamples=19_999, rng=seed, alternative=alternative).pvalue
            assert 0 < found.pvalue_moments <= 1
            if found.moments_reliable and 0.004 < p < 0.04:
                checked += 1
                assert p / 2 < found.pvalue_moments < 2 * p, (seed, measure)
            elif p > 0.2:
                assert found.pvalue_moments > 0.1
    assert checked >= 8


# Sequential decisions


OWN = {
    "bilinear": lambda x, y: 1.0 * rs.cka(x, y),
    "own": lambda x, y: float(abs(np.sum(x[:, 0] * y[:, 0]))),
}


def test_sequential_decides():
    x, y = weakly(40, weight=3.0)
    for measure in (rs.cka, rs.procrustes, rs.knn_jaccard, rs.cca_mean, rs.aligned_cosine, OWN["own"]):
        found = rs.permutation_test(x, y, measure, method="sequential", rng=0)
        assert (found.method, found.decision) == ("sequential", True)
        # p is bounded by what the bet can win.
        assert 0.045 <= found.pvalue <= 0.05
        assert found.min_pvalue == pytest.approx(0.045)
        assert found.n_resamples < 100
    x, y = unrelated(40, 3, 3, seed=3)
    for measure in (rs.cka, rs.procrustes, rs.aligned_cosine, OWN["own"]):
        found = rs.permutation_test(x, y, measure, method="sequential", rng=0)
        assert found.decision is False, measure
        assert found.pvalue > 0.05
        assert found.n_resamples < 9999


def test_sequential_stops_at_the_cap():
    x, y = weakly(40, weight=3.0)
    found = rs.permutation_test(x, y, rs.cka, method="sequential", n_resamples=10, rng=0)
    assert (found.decision, found.n_resamples) == (None, 10)
    assert found.pvalue > 0.05
    for measure in (rs.procrustes, OWN["own"]):
        found = rs.permutation_test(x, y, measure, method="sequential", n_resamples=5, rng=0)
        assert (found.decision, found.n_resamples) == (None, 5)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_sequential_own_functions_decide_alike(alternative):
    for seed in range(6):
        x, y = weakly(25, seed, weight=0.25 * seed)
        ours, theirs = (
            rs.permutation_test(x, y, measure, method="sequential", alternative=alternative, rng=seed, n_resamples=400)
            for measure in (rs.cka, OWN["bilinear"])
        )
        assert (ours.decision, ours.n_resamples, ours.exceedances) == (
            theirs.decision,
            theirs.n_resamples,
            theirs.exceedances,
        )
        assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-12)
        bets = [_core.bet(beyond(x, y, seed, ours.n_resamples, side), alpha) for side, alpha in sides(alternative)]
        assert ours.pvalue == pytest.approx(min(1.0, len(bets) * min(p for _, p, _ in bets)), rel=1e-12)


def sides(alternative: str) -> list[tuple[int, float]]:
    return {"greater": [(1, 0.05)], "less": [(-1, 0.05)], "two-sided": [(1, 0.025), (-1, 0.025)]}[alternative]


def beyond(x, y, seed: int, count: int, side: int) -> list[bool]:
    observed = rs.cka(x, y)
    _, orders = drawn(len(x), range(1, count + 1), seed=seed)
    return [side * (rs.cka(x, y[order]) - observed) >= -1e-12 for order in orders]


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_level_of_sequential(alternative):
    engine = ENGINES["monte_carlo"]
    rng = np.random.default_rng(8)
    found = [
        rs.permutation_test(
            *engine.sample(rng), rs.cka, method="sequential", n_resamples=2000, rng=i, alternative=alternative
        )
        for i in range(400)
    ]
    rejected = np.mean([one.decision is True for one in found])
    assert rejected <= 0.05 + 4 * standard_error(0.05, 400)
    assert rejected > 0.01
    assert np.mean([one.pvalue <= 0.1 for one in found]) <= 0.1 + 4 * standard_error(0.1, 400)


def test_sequential_at_another_level():
    x, y = weakly(40, weight=3.0)
    found = rs.permutation_test(x, y, rs.cka, method="sequential", alpha=0.001, rng=0, n_resamples=20_000)
    assert found.decision is True
    assert 0.0009 <= found.pvalue <= 0.001


# Refusals and remarks

MEASURES = {
    "bilinear": rs.cka,
    "product": rs.procrustes,
    "lists": rs.knn_jaccard,
    "rows": rs.aligned_cosine,
    "own": OWN["own"],
}
EACH_FORM = pytest.mark.parametrize("form", MEASURES)
N = 20
REFUSED = [
    ("nothing_to_permute", {"strata": np.arange(N)}, "strata has one row"),
    ("nothing_to_permute", {"groups": np.zeros(N)}, "in one group"),
    ("nothing_to_permute", {"groups": np.repeat([0, 1], [5, 15])}, "the same size"),
    ("bad_option", {"groups": np.arange(N) // 2, "strata": np.arange(N) % 2}, "a group must lie in one"),
    ("row_count_mismatch", {"strata": np.arange(5)}, "strata has 5"),
    ("row_count_mismatch", {"groups": np.zeros(N + 1)}, "groups has 21"),
    ("bad_option", {"scheme": "shift", "strata": np.arange(N) // 2}, "cannot be combined"),
    ("bad_option", {"scheme": "shift", "groups": np.arange(N) // 2}, "cannot be combined"),
    ("bad_option", {"strata": np.where(np.arange(N) == 3, np.nan, 1.0)}, "none of them missing"),
    ("bad_option", {"strata": np.array(["NaT"] + ["2020-01-01"] * (N - 1), dtype="M8[D]")}, "none of them missing"),
    ("bad_option", {"strata": [None] + [1] * (N - 1)}, "strata"),
    ("bad_option", {"strata": ["a", "b"] * (N // 2 - 1) + ["a", math.nan]}, "strata"),
    ("bad_option", {"strata": np.array([1.0, math.nan] + [1.0] * (N - 2), dtype=object)}, "strata"),
    ("bad_option", {"groups": np.zeros((N, 1))}, "one id per row"),
    ("bad_option", {"n_resamples": 99.0}, "whole number"),
    ("bad_option", {"n_resamples": True}, "whole number"),
    ("bad_option", {"n_resamples": 0}, "at least 1"),
    ("bad_option", {"n_resamples": None}, "whole number"),
    ("bad_option", {"alpha": 0.0}, "between 0 and 1"),
    ("bad_option", {"alpha": 1}, "between 0 and 1"),
    ("bad_option", {"alpha": math.nan}, "between 0 and 1"),
    ("bad_option", {"alpha": "small"}, "between 0 and 1"),
    ("bad_option", {"method": "orbit"}, "monte_carlo"),
    ("bad_option", {"dtype": "float16"}, "float32"),
    ("bad_option", {"scheme": "rotate"}, "shift"),
    ("bad_option", {"alternative": "bigger"}, "two-sided"),
    ("bad_option", {"method": "exact"}, "10000000"),
]


@EACH_FORM
@pytest.mark.parametrize(("code", "options", "words"), REFUSED, ids=lambda v: str(list(v))[:30] * isinstance(v, dict))
def test_refusals(form, code, options, words):
    """For one pair and for grids, for measures and for functions of one's own."""
    x, y = unrelated(N, 3, 3)
    with raises(code, words):
        rs.permutation_test(x, y, MEASURES[form], **{"n_resamples": 99} | options)
    with raises(code):
        rs.permutation_test({"x": x}, {"y": y}, MEASURES[form], **{"n_resamples": 99} | options)


@EACH_FORM
def test_one_pair_and_grids(form):
    x, y = unrelated(N, 3, 3)
    with raises("bad_option", "adjust"):
        rs.permutation_test(x, y, MEASURES[form], adjust="maxT")
    with raises("bad_option", "adjust", "step-down"):
        rs.permutation_test([x], [y], MEASURES[form], adjust="holm", n_resamples=99)
    with raises("bad_option", "return_null"):
        rs.permutation_test([x], [y], MEASURES[form], return_null=True)
    with raises("not_offered"):
        rs.permutation_test([x], [y], MEASURES[form], method="sequential")


@pytest.mark.parametrize("form", ["rows", "own"])
def test_orbits_where_there_are_none(form):
    """Asked for by name, for one pair and for grids: refused, not replaced."""
    x, y = unrelated(N, 3, 3)
    with raises("not_offered"):
        rs.permutation_test(x, y, MEASURES[form], method="orbits", n_resamples=99)
    with raises("not_offered"):
        rs.permutation_test([x], [y], MEASURES[form], method="orbits", n_resamples=99)


@pytest.mark.parametrize(("form", "options"), [("product", {}), ("bilinear", {"groups": np.arange(N) // 2})], ids=str)
def test_orbits_of_grids(form, options):
    """Where single pairs have orbits, a grid has them too, and the same where it is of one pair."""
    x, y = unrelated(N, 3, 3)
    for method in ("orbits", "auto"):
        found = {"method": method, "n_resamples": 99, "rng": 0} | options
        one = rs.permutation_test(x, y, MEASURES[form], **found)
        grid = rs.permutation_test([x], [y], MEASURES[form], **found)
        assert one.method == grid.method == "orbits"
        assert (grid.n_orbits, grid.n_resamples, grid.unadjusted[0, 0]) == (one.n_orbits, one.n_resamples, one.pvalue)
    alone = rs.permutation_test([x], [y], MEASURES[form], **{"method": "monte_carlo", "n_resamples": 99} | options)
    assert (alone.method, alone.n_orbits, alone.n_resamples) == ("monte_carlo", None, 99)


def test_no_orbits_of_scattered_strata():
    x, y = unrelated(N, 3, 3)
    options = {"strata": np.arange(N) // 3, "n_resamples": 99}
    assert rs.permutation_test([x], [y], rs.cka, **options).method == "monte_carlo"
    for given in ((x, y), ([x], [y])):
        with raises("not_offered", "orbits"):
            rs.permutation_test(*given, rs.cka, method="orbits", **options)


@EACH_FORM
def test_exact_grids(form):
    """`exact` insists on all orders, in grids as for one pair, whatever `n_resamples` is."""
    x, y = unrelated(5, 2, 2)
    measure = functools.partial(rs.knn_jaccard, k=2) if form == "lists" else MEASURES[form]
    grid = rs.permutation_test([x], [y], measure, method="exact", n_resamples=9)
    one = rs.permutation_test(x, y, measure, method="exact", n_resamples=9)
    assert (grid.method, grid.n_resamples) == (one.method, one.n_resamples) == ("exact", 119)
    assert grid.pvalues[0, 0] == one.pvalue


@EACH_FORM
@pytest.mark.parametrize("as_grid", [False, True], ids=["pair", "grid"])
def test_remarks(form, as_grid):
    """Groups without a partner stay in place, and a test that can find nothing says so."""
    x, y = unrelated(N, 3, 3)
    x, y = ([x], [y]) if as_grid else (x, y)
    run = functools.partial(rs.permutation_test, x, y, MEASURES[form], rng=0)
    alone = np.r_[0, 0, 0, np.arange(1, N - 2)]
    found = run(groups=alone, n_resamples=99)
    assert "groups_in_place" in codes(found)
    (remark,) = [one for one in found.warnings if one.code == "groups_in_place"]
    assert (remark.details["groups_in_place"], remark.details["movable"], remark.details["n"]) == (1, N - 3, N)
    assert "groups_in_place" not in codes(run(groups=np.arange(N) // 2, n_resamples=99))
    for options in ({"n_resamples": 15, "method": "monte_carlo"}, {"groups": np.arange(N) // 10}):
        found = run(**options)
        assert found.min_pvalue > 0.05
        assert "p_floor" in codes(found)
    assert "p_floor" not in codes(run(n_resamples=99))


def test_repeated_pairs_need_groups():
    x, y = unrelated(10, 3, 3)
    rows = np.repeat(np.arange(10), 2)
    for given in ((x[rows], y[rows]), ([x[rows]], [y[rows]])):
        if isinstance(given[0], list):
            grid = rs.permutation_test(*given, rs.cka, n_resamples=99)
            assert {code for code, _ in grid.status.values()} == {"not_exchangeable"}
        else:
            with raises("not_exchangeable", "20"):
                rs.permutation_test(*given, rs.cka, n_resamples=99)
        rs.permutation_test(*given, rs.cka, n_resamples=99, groups=rows)


def test_ids_of_any_kind():
    """What matters is who is alike, not by which name."""
    x, y = unrelated(N)
    ids = np.arange(N) % 4
    forms = [
        ids,
        ids.tolist(),
        ids.astype(np.uint8),
        ids + 0.5,
        -(10**12) * ids,
        np.array(list("cabd"))[ids],
        np.array(["2020-01-01", "2020-01-02", "2021-01-01", "2022-01-01"], dtype="M8[D]")[ids],
    ]
    for name in ("strata", "groups"):
        found = {rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, **{name: form}).pvalue for form in forms}
        assert len(found) == 1
    two = rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, strata=ids > 1)
    assert two.pvalue == rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, strata=(ids > 1).astype(int)).pvalue


@pytest.mark.parametrize("form", ["bilinear", "product", "lists"])
def test_more_resamples_than_can_be_counted(form):
    x, y = unrelated(N, 3, 3)
    with raises("bad_option", "n_resamples"):
        rs.permutation_test(x, y, MEASURES[form], n_resamples=10**30)


def test_numbers_of_numpy():
    x, y = unrelated(N)
    plain = rs.permutation_test(x, y, rs.cka, n_resamples=99, alpha=0.25, rng=0)
    numpy = rs.permutation_test(x, y, rs.cka, n_resamples=np.int32(99), alpha=np.float32(0.25), rng=np.int64(0))
    assert numpy.to_dict() == plain.to_dict()


def test_executors_call_own_functions():
    x, y = unrelated(N)
    alone = rs.permutation_test(x, y, OWN["own"], n_resamples=199, rng=0, return_null=True)
    with ThreadPoolExecutor(3) as pool:
        shared = rs.permutation_test(x, y, OWN["own"], n_resamples=199, rng=0, return_null=True, executor=pool)
        assert shared.to_dict() == alone.to_dict()
        for refused in (
            {"x": x, "y": y, "measure": rs.cka},
            {"x": [x], "y": [y], "measure": OWN["own"]},
            {"x": x, "y": y, "measure": OWN["own"], "method": "sequential"},
        ):
            with raises("bad_option", "executor"):
                rs.permutation_test(**refused, executor=pool)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_infinite_scores_of_own_functions(alternative):
    """Refused, or counted like any other number: p is never 0."""
    x, y = unrelated(N)

    def own(x, z):
        return math.inf if np.array_equal(y, z) else float(np.sum(x[:, 0] * z[:, 0]))

    for given in ((x, y), ([x], [y])):
        try:
            found = rs.permutation_test(*given, own, n_resamples=99, rng=0, alternative=alternative)
        except rs.ResemblanceError as error:
            assert error.code == "undefined"  # noqa: PT017 - one of two good answers
        else:
            p = float(np.ravel(getattr(found, "pvalues", getattr(found, "pvalue", None)))[0])
            assert p == pytest.approx({"greater": 0.01, "less": 1.0, "two-sided": 0.02}[alternative])


def test_one_id_for_all_is_no_restriction():
    x, y = unrelated(N)
    free, strata, groups = (
        rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, return_null=True, **options)
        for options in ({}, {"strata": np.zeros(N)}, {"groups": np.arange(N)})
    )
    assert np.array_equal(free.null_distribution, strata.null_distribution)
    assert np.array_equal(free.null_distribution, groups.null_distribution)


# Fields of a result


@pytest.mark.parametrize(
    "options",
    [
        {"strata": np.arange(24) % 3},
        {"groups": np.arange(24) // 2},
        {"groups": np.arange(24) // 2, "strata": np.arange(24) // 12},
        {"scheme": "shift"},
        {"dtype": "float32"},
        {"dtype": "float64"},
        {"method": "orbits"},
        {"method": "monte_carlo"},
        {"method": "sequential", "alpha": 0.2},
        {"alternative": "less"},
        {"alternative": "two-sided", "return_null": True},
        {"n_resamples": 2000},
        {"alpha": 0.3},
    ],
    ids=str,
)
@EACH_FORM
def test_replay(form, options):
    """Whatever a test was asked for, its key finds it again; the numbers are then the same."""
    measure = MEASURES[form]
    if options.get("method") == "orbits" and form in ("rows", "own"):
        return
    x, y = weakly(24)
    found = rs.permutation_test(x, y, measure, **{"n_resamples": 99} | options)
    ids = {name: options[name] for name in ("strata", "groups") if name in options}
    again = found.replay(x, y, measure if form == "own" else None, **ids)
    assert again.to_dict() == found.to_dict()
    with raises("replay_differs"):
        found.replay(x, y[::-1], measure if form == "own" else None, **ids)
    if ids and form != "own":
        with raises("replay_differs"):
            found.replay(x, y)


@pytest.mark.parametrize("measure", [rs.cka, rs.cca_mean, mantel], ids=str)
def test_the_interval_of_p(measure):
    """It holds p over all orders in nearly all cases: 95 % were promised, orbits counted as if they varied more."""
    x, y = weakly(7, 2, 0.8, d=2)
    exact = rs.permutation_test(x, y, measure)
    assert exact.pvalue_ci == (exact.pvalue, exact.pvalue)
    assert 1 / 5040 < exact.pvalue < 0.5
    for method in ("orbits", "monte_carlo"):
        for alternative in ALTERNATIVES:
            truth = rs.permutation_test(x, y, measure, alternative=alternative).pvalue
            held = 0
            for seed in range(100):
                found = rs.permutation_test(
                    x, y, measure, method=method, n_resamples=209, rng=seed, alternative=alternative
                )
                low, high = found.pvalue_ci
                assert 0 <= low <= high <= 1
                held += low <= truth <= high
            assert held >= 88


@pytest.mark.parametrize("measure", [rs.cka, debiased, rs.procrustes, rs.knn_jaccard, rs.distance_correlation], ids=str)
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_calibrated_quantile(measure, alpha):
    """The score on the scale where the score that chance exceeds with probability alpha is 0 and identity is 1."""
    x, y = weakly(40)
    found = rs.permutation_test(x, y, measure, n_resamples=1999, rng=0, alpha=alpha, return_null=True)
    low = found.facts["kind"] == "distance"
    bar = np.quantile(found.null_distribution, alpha if low else 1 - alpha, method="inverted_cdf")
    identity = found.facts["identity_value"]
    assert found.calibrated_quantile == pytest.approx((found.statistic - bar) / (identity - bar), rel=1e-6)
    assert (found.calibrated_quantile > 0) == (found.pvalue <= alpha)


def test_sides_of_a_test():
    """Both one-sided p-values share the arrangements; ties with the observed one count for both."""
    x, y = weakly(30)
    for measure in (rs.cka, rs.knn_jaccard, rs.procrustes, spearman):
        found = {a: rs.permutation_test(x, y, measure, n_resamples=599, rng=0, alternative=a) for a in ALTERNATIVES}
        one, other, both = found.values()
        total = one.n_resamples + 1
        assert one.exceedances + other.exceedances > total
        assert both.exceedances == min(one.exceedances, other.exceedances)
        assert both.pvalue == pytest.approx(min(1.0, 2 * both.exceedances / total))
        assert both.min_pvalue == pytest.approx(2 / total)
        assert one.zscore == other.zscore == both.zscore


@EACH
def test_invariances(setting):
    """Scale, rotation and translation, where the measure does not see them, leave p as it is."""
    x, y = weakly(30)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    measure, options = setting.bound(x), {"n_resamples": 599, "rng": 0}
    plain = rs.permutation_test(x, y, measure, **options)
    moved = rs.permutation_test(3 * x @ turn + 5, 0.2 * y @ turn.T - 1, measure, **options)
    assert moved.pvalue == plain.pvalue
    assert moved.zscore == pytest.approx(plain.zscore, rel=1e-6)


# Other packages


@pytest.mark.packages
class TestPackages:
    def close(self, ours: float, theirs: float, count: int) -> bool:
        return abs(ours - theirs) < 4.5 * math.sqrt(2 * max(theirs, 1 / count) * (1 - theirs) / count) + 2 / count

    @pytest.mark.parametrize("alternative", ALTERNATIVES)
    def test_scipy(self, alternative):
        """Pairings of SciPy, vectorized by the definition of the Mantel statistic."""
        x, y = weakly(25)
        d, e = cdist(x, x), cdist(y, y)
        upper = np.triu_indices(25, 1)

        def statistic(order, axis=-1):
            order = order.reshape(-1, 25).astype(int)
            moved = e[order[:, upper[0]], order[:, upper[1]]]
            return stats.pearsonr(d[upper][None], moved, axis=-1).statistic.reshape(order.shape[:-1])

        theirs = stats.permutation_test(
            (np.arange(25),),
            statistic,
            permutation_type="pairings",
            vectorized=True,
            n_resamples=9999,
            batch=1000,
            alternative=alternative,
            rng=1,
        )
        ours = rs.permutation_test(x, y, mantel, rng=1, alternative=alternative)
        assert ours.statistic == pytest.approx(np.ravel(theirs.statistic)[0], rel=1e-10)
        assert self.close(ours.pvalue, float(np.ravel(theirs.pvalue)[0]), 9999)

    @pytest.mark.parametrize(("method", "measure"), [("pearson", mantel), ("spearman", spearman)])
    @pytest.mark.parametrize("alternative", ALTERNATIVES)
    def test_scikit_bio(self, method, measure, alternative):
        distance = pytest.importorskip("skbio.stats.distance", reason="scikit-bio is not installed")
        x, y = weakly(25)
        statistic, p, _ = distance.mantel(
            distance.DistanceMatrix(cdist(x, x)),
            distance.DistanceMatrix(cdist(y, y)),
            method=method,
            permutations=9999,
            alternative=alternative,
            seed=1,
        )
        ours = rs.permutation_test(x, y, measure, rng=1, alternative=alternative)
        assert ours.statistic == pytest.approx(statistic, rel=1e-10)
        # Its two-sided p compares absolute values.
        assert alternative == "two-sided" or self.close(ours.pvalue, p, 9999)

    def test_dcor(self):
        dcor = pytest.importorskip("dcor", reason="dcor is not installed")
        x, y = weakly(25)
        theirs = dcor.independence.distance_covariance_test(x, y, num_resamples=1999, random_state=1)
        ours = rs.permutation_test(x, y, squared_dcor, rng=1)
        assert self.close(ours.pvalue, theirs.pvalue, 1999)
