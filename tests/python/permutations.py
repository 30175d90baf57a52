"""What the tests of permutation tests share: pairings from the streams, matrices of the textbook, designs, data."""

from __future__ import annotations

import contextlib
import functools

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist
from settings import Setting

import resemblance as rs
from resemblance import _core

ALTERNATIVES = ("greater", "less", "two-sided")
debiased = functools.partial(rs.cka, estimator="debiased")
rbf = functools.partial(rs.cka, kernel="rbf")
mantel = functools.partial(rs.rsa, inner="euclidean", outer="pearson")
spearman = functools.partial(rs.rsa, inner="euclidean")
distances = functools.partial(rs.rsa, inner="euclidean", outer="cosine")
kendall = functools.partial(rs.rsa, inner="euclidean", outer="kendall_tau_b")
kendall_a = functools.partial(rs.rsa, inner="euclidean", outer="kendall_tau_a")
CROSS = [rs.cca_mean, rs.svcca, rs.pwcca, rs.procrustes, rs.angular_shape]
squared_dcor = functools.partial(rs.distance_correlation, squared=True)


@contextlib.contextmanager
def raises(code: str, *words: str):
    with pytest.raises(rs.ResemblanceError) as caught:
        yield
    assert caught.value.code == code, str(caught.value)
    for word in words:
        assert word in str(caught.value)


def as_grid(x, y, measure, **options):
    """Test one pair as a grid of one pair."""
    return rs.pairwise_test([x], measure, y=[y], **options)[0]


TESTS = {"pair": rs.permutation_test, "grid": as_grid}


def codes(found) -> list[str]:
    return [warning.code for warning in found.warnings]


def key(seed: int) -> bytes:
    return np.random.SeedSequence(seed).generate_state(8, np.uint32).astype("<u4").tobytes()


def orbit(seed: int, n: int, relabeling: int, factor: int = 1) -> np.ndarray:
    """The pairings of an orbit: the item at place i of x meets the one at place factor * (i + shift) of y."""
    sigma, tau = (_core.permutation(key(seed), stream, n) for stream in (0, relabeling))
    found = np.empty((n, n), dtype=int)
    for shift in range(n):
        found[shift, sigma] = tau[factor * (np.arange(n) + shift) % n]
    return found


def orbits(seed: int, n: int, count: int) -> np.ndarray:
    return np.concatenate([orbit(seed, n, r) for r in range(count)])


def drawn(n: int, numbers, *, seed: int | None = 0, strata=None, groups=None, scheme="permute"):
    """The number of pairings that a design allows, and some of them: drawn by a seed, or (None) of all in order."""
    ids = {
        name: None if of is None else np.unique(of, return_inverse=True)[1]
        for name, of in (("strata", strata), ("groups", groups))
    }
    request = {
        "n_resamples": 99,
        "method": "auto",
        "scheme": scheme,
        "alpha": 0.05,
        "precision": "auto",
        "alternative": None,
        "key": key(seed or 0),
        "return_null": False,
        "ids": None,
    }
    order, found, _ = _core.pairings(request | ids, n, list(numbers), drawn=seed is not None)
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


def unrelated(n: int, d_x: int = 3, d_y: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, n, d_x, d_y])
    return rng.normal(size=(n, d_x)) / np.arange(1, d_x + 1), rng.normal(size=(n, d_y)) + 0.5


def weakly(n: int, seed: int = 0, weight: float = 0.3, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A middling effect."""
    x, y = unrelated(n, d, d, seed)
    return x, weight * x + y


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
EACH_DESIGN = pytest.mark.parametrize("design", DESIGNS)


def share(values, alternative: str, observed: float | None = None) -> float:
    """The p-value of the first of all values."""
    observed = values[0] if observed is None else observed
    window = max(100 * np.finfo(float).eps * abs(observed), 1e-9 * np.std(values))
    sides = [np.mean(values >= observed - window), np.mean(values <= observed + window)]
    return {"greater": sides[0], "less": sides[1], "two-sided": min(1.0, 2 * min(sides))}[alternative]


def share_of_integers(values, alternative: str) -> float:
    sides = [np.mean(values >= values[0]), np.mean(values <= values[0])]
    return {"greater": sides[0], "less": sides[1], "two-sided": min(1.0, 2 * min(sides))}[alternative]


OWN = {
    "bilinear": lambda x, y: 1.0 * rs.cka(x, y),
    "own": lambda x, y: float(abs(np.sum(x[:, 0] * y[:, 0]))),
}
MEASURES = {
    "bilinear": rs.cka,
    "product": rs.procrustes,
    "lists": rs.knn_jaccard,
    "rows": rs.aligned_cosine,
    "own": OWN["own"],
}
EACH_FORM = pytest.mark.parametrize("form", MEASURES)


def models(count: int, n: int, seed: int) -> dict[str, np.ndarray]:
    """Models with a common part, so that pairs depend on each other."""
    rng = np.random.default_rng([seed, n])
    common = rng.normal(size=(n, 3))
    return {f"{seed}{i}": 0.5 * common + rng.normal(size=(n, 3)) for i in range(count)}


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
