"""Orbits that the pairs of a grid share: against scores of their pairings, exact p, and the level of corrections."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from permutations import ALTERNATIVES, CROSS, corrected, key, mantel, models, share, unrelated, weakly
from simulations import family_wise_error
from test_level import standard_error

import resemblance as rs
from resemblance import _core


def product_orbits(seed: int, n: int, q: int, count: int) -> np.ndarray:
    """The pairings of orbits of whole products: rows on q places, side by side, those that do not fit at rest."""
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
    """Pairs of unlike widths meet the same pairings; p-values and corrections are those of the scores of these."""
    xs = [unrelated(31, d, 2, seed=d)[0] for d in (2, 4)]
    ys = [unrelated(31, 2, d, seed=d)[1] for d in (3, 2, 5)]
    grid = rs.pairwise_test(xs, measure, y=ys, n_resamples=99, rng=3, alternative=alternative, adjust="maxT")[0]
    q, over = divmod(grid.n_resamples + 1, grid.n_orbits)
    assert (grid.method, over) == ("orbits", 0)
    assert 99 <= grid.n_resamples < 99 + q
    assert grid.min_pvalue == (2 if alternative == "two-sided" else 1) / (grid.n_resamples + 1)
    pairings = product_orbits(3, 31, q, grid.n_orbits)
    assert np.array_equal(pairings[0], np.arange(31))
    scored = []
    for (i, x), (j, y) in itertools.product(enumerate(xs), enumerate(ys)):
        scored.append([rs.compare(x, y[order], measure)[0].value for order in pairings])
        assert grid.values[i, j] == measure(x, y)
        assert grid.unadjusted[i, j] == share(scored[-1], alternative)
        assert grid.null_mean[i, j] == pytest.approx(np.mean(scored[-1][1:]), rel=1e-9)
        assert grid.null_std[i, j] == pytest.approx(np.std(scored[-1][1:], ddof=1), rel=1e-6)
    scored = np.array(scored)
    z = (scored - scored.mean(axis=1, keepdims=True)) / scored.std(axis=1, keepdims=True)
    high, low = corrected(z, "maxT"), corrected(-z, "maxT")
    expected = {"greater": high, "less": low, "two-sided": np.minimum(1, 2 * np.minimum(high, low))}[alternative]
    assert grid.pvalues.ravel() == pytest.approx(expected, abs=1e-12)


IN_ORBITS = {
    "products": (rs.cca_mean, 7, {}),
    "distances": (rs.procrustes, 7, {}),
    "groups": (rs.cka, 14, {"groups": np.arange(14) // 2}),
    "strata": (mantel, 10, {"strata": np.arange(10) // 5}),
}


@pytest.mark.parametrize("case", IN_ORBITS)
def test_orbits_of_grids_estimate_the_exact_p(case):
    """All pairings of few rows can be tried: many orbits find the same p, and so do independent permutations."""
    measure, n, options = IN_ORBITS[case]
    (a, b), (c, d) = weakly(n, d=2), weakly(n, d=2, seed=1)
    exact, *others = (
        rs.pairwise_test([a, c], measure, y=[b, d], method=method, n_resamples=3999, rng=0, **options)[0]
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
        grid = rs.pairwise_test(
            [a, c], measure, y=[b, d], alternative="greater", method="orbits", n_resamples=count, rng=0, **options
        )[0]
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
        grid = rs.pairwise_test(
            xs, mantel, y=ys, adjust="maxT", num_threads=threads, rng=1, n_resamples=199, **options
        )[0]
        tables = (grid.values, grid.pvalues, grid.unadjusted, grid.zscores, grid.null_mean, grid.null_std)
        found.add((*(table.tobytes() for table in tables), grid.largest, grid.mean, grid.method))
    assert len(found) == 1


@pytest.mark.parametrize("case", ["products", "groups"])
def test_family_wise_error_of_orbits(case):
    """The same where pairs share orbits of whole products, or of groups of rows that are alike."""
    measure, rows = (rs.cca_mean, 1) if case == "products" else (rs.cka, 3)
    assert family_wise_error(None, 300, measure=measure, rows=rows) > 0.1
    error = family_wise_error("maxT", 300, measure=measure, rows=rows)
    assert abs(error - 0.05) <= 3 * standard_error(0.05, 300)
