"""Null data and what tests make of them, shared by the fast tests and the long ones."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from test_level import heavy, standard_error

import resemblance as rs

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = (0.05, 0.1, 0.25)


def normal(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return rng.normal(size=(n, d))


@dataclass(frozen=True)
class Engine:
    """A way to make permutations, and data of which it holds that nothing is related."""

    measure: Any
    n: int
    n_resamples: int
    options: dict[str, Any] = field(default_factory=dict)
    shared: np.ndarray | None = None  # ids of what x and y have in common: the signal of strata, or of groups
    ties: bool = False
    orbits: int | None = None
    multipliers: int = 1

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x, y = heavy(rng, self.n, 3), heavy(rng, self.n, 2)
        if self.shared is None:
            return x, y
        many = self.shared.max() + 1
        effects = rng.normal(size=(many, 5))
        if "strata" in self.options:  # one signal for both sides
            effects[:, 3:] = effects[:, :2]
        effects = 4 * effects[self.shared]
        return x + effects[:, :3], y + effects[:, 3:]

    def test(self, x, y, seed: int, **more: Any) -> rs.PermutationResult:
        options = self.options | more
        return rs.permutation_test(x, y, self.measure, n_resamples=self.n_resamples, rng=seed, num_threads=1, **options)

    def shares(self, sets: int, seed: int = 1, **more: Any) -> tuple[dict[float, float], int]:
        """The share of null data sets with p <= level, and the number of arrangements."""
        rng = np.random.default_rng(seed)
        found = [self.test(*self.sample(rng), i, **more) for i in range(sets)]
        p = np.array([one.pvalue for one in found])
        return {level: float(np.mean(p <= level + 1e-12)) for level in LEVELS}, found[0].n_resamples + 1


def check_level(engine: Engine, sets: int, seed: int = 1, **more: Any) -> None:
    """Of null data the share a is rejected at level a, as far as the steps of p allow; with ties no more than that."""
    shares, arrangements = engine.shares(sets, seed, **more)
    sides = 2 if more.get("alternative") == "two-sided" else 1
    for level, share in shares.items():
        reachable = sides * math.floor(level * arrangements / sides + 1e-9) / arrangements
        # About a hundred comparisons of this kind: 4 standard errors for each are 0.6 % for all of them.
        margin = 4 * standard_error(level, sets)
        assert share <= reachable + margin, (shares, arrangements)
        assert engine.ties or share >= reachable - margin, (shares, arrangements)


_rbf = functools.partial(rs.cka, kernel="rbf")
_spearman = functools.partial(rs.rsa, inner="euclidean")
_kendall = functools.partial(rs.rsa, inner="euclidean", outer="kendall_tau_b")
_lists = functools.partial(rs.knn_jaccard, k=4)
_halves, _quarters, _uneven = np.arange(40) // 20, np.arange(40) // 10, np.repeat([0, 1, 2], [11, 16, 13])
_pairs = np.arange(40) // 2

ENGINES = {
    "one_orbit_of_20": Engine(rs.cka, 20, 19, orbits=1),
    "two_orbits_of_20": Engine(rs.distance_correlation, 20, 39, orbits=2),
    "five_orbits_of_20": Engine(functools.partial(rs.cka, estimator="debiased"), 20, 99, orbits=5),
    "one_orbit_of_31": Engine(rs.cka, 31, 30, orbits=1),
    "two_orbits_of_31": Engine(_spearman, 31, 61, orbits=2),
    "five_orbits_of_31": Engine(rs.cka, 31, 154, {"method": "orbits"}, orbits=5),
    "factors_of_98": Engine(rs.cka, 98, 391, orbits=4, multipliers=4),
    "five_powers_of_31": Engine(_rbf, 31, 154, orbits=5, multipliers=5),
    "all_powers_of_31": Engine(_rbf, 31, 929, orbits=30, multipliers=30),
    "all_powers_of_31_twice": Engine(_spearman, 31, 1859, orbits=60, multipliers=30),
    "powers_in_double": Engine(_rbf, 31, 154, {"precision": "float64"}, orbits=5, multipliers=5),
    "units_of_98": Engine(_rbf, 98, 98 * 20 - 1, orbits=20, multipliers=4),
    "lists_of_20": Engine(_lists, 20, 99, orbits=5, ties=True),
    "lists_of_31": Engine(_lists, 31, 30, orbits=1, ties=True),
    "products_of_20": Engine(rs.cca_mean, 20, 19),
    "products_of_31": Engine(rs.pwcca, 31, 99),
    "products_of_31_down": Engine(functools.partial(rs.procrustes, center=True), 31, 39),
    "strata": Engine(rs.cka, 40, 99, {"strata": _quarters}, shared=_quarters, orbits=10),
    "strata_of_unlike_size": Engine(rs.cka, 40, 99, {"strata": _uneven}, shared=_uneven),
    "strata_one_by_one": Engine(rs.cca_mean, 40, 99, {"strata": _quarters}, shared=_quarters),
    "groups": Engine(rs.cka, 40, 99, {"groups": _pairs}, shared=_pairs, orbits=5),
    "groups_of_products": Engine(rs.cca_mean, 40, 39, {"groups": _pairs}, shared=_pairs),
    "groups_in_strata": Engine(rs.cka, 40, 99, {"groups": _pairs, "strata": _halves}, shared=_halves, orbits=10),
    "shift": Engine(rs.cka, 20, 19, {"scheme": "shift"}, orbits=1),
    "shift_of_lists": Engine(_lists, 20, 19, {"scheme": "shift"}, orbits=1, ties=True),
    "monte_carlo": Engine(rs.cka, 20, 39, {"method": "monte_carlo"}),
    "intervals": Engine(_kendall, 20, 299),
    "intervals_in_strata": Engine(_kendall, 40, 299, {"strata": _quarters}, shared=_quarters),
}


def tokens(rng: np.random.Generator, sequences: int = 20, length: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tokens of a sequence are alike on either side; the two sides have nothing to do with each other."""
    groups = np.repeat(np.arange(sequences), length)
    x, y = (rng.normal(size=(sequences, 3))[groups] + 0.5 * rng.normal(size=(len(groups), 3)) for _ in range(2))
    return x, y, groups


def family_wise_error(
    adjust: str | None, sets: int, seed: int = 5, measure: Callable[..., float] = rs.cka, rows: int = 1
) -> float:
    """The share of families of 9 strongly dependent null pairs with at least one discovery at .05.

    With several rows per group these are alike, and move together.
    """
    groups = np.repeat(np.arange(20), rows)
    options = {"groups": groups} if rows > 1 else {}
    rng = np.random.default_rng(seed)
    hits = 0
    for i in range(sets):
        x, y = heavy(rng, 20, 3), heavy(rng, 20, 3)
        xs, ys = ([one[groups] + 0.5 * heavy(rng, len(groups), 3) for _ in range(3)] for one in (x, y))
        grid = rs.pairwise_test(xs, measure, y=ys, n_resamples=99, rng=i, adjust=adjust, num_threads=1, **options)[0]
        assert grid.method == "orbits"
        hits += bool((grid.pvalues <= 0.05 + 1e-12).any())
    return hits / sets


SPECTRA = {
    "rank_one": lambda rng, n: rng.normal(size=(n, 1)),
    "falling": lambda rng, n: rng.normal(size=(n, 8)) / np.arange(1, 9),
    "flat": lambda rng, n: rng.normal(size=(n, 30)),
    "sorted_classes": lambda rng, n: 2 * np.eye(5)[np.arange(n) * 5 // n] + 0.3 * rng.normal(size=(n, 5)),
}


def variance_ratio(spectrum: str, n: int, n_resamples: int, p: float, *, keys: int, method: str = "auto") -> float:
    """Variance of the estimate of a tail of size p, over that of as many independent permutations."""
    rng = np.random.default_rng(3)
    x, y = SPECTRA[spectrum](rng, n), SPECTRA[spectrum](rng, n)
    values = []
    for seed in range(keys):
        # The first relabeling holds the observed arrangement; what comes after it does not.
        found = rs.permutation_test(
            x, y, _rbf, n_resamples=n_resamples, rng=seed, method=method, return_null=True, num_threads=1
        )
        values.append(found.null_distribution[n * found.multipliers_per_orbit :])
    values = np.array(values)
    shares = (values >= np.quantile(values, 1 - p)).mean(axis=1)
    tail = shares.mean()
    return float(shares.var(ddof=1) * values.shape[1] / (tail * (1 - tail)))
