"""Digits where they are easily lost: means far above spreads, one row far above the rest, numbers far apart."""

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

import resemblance as rs


def pair(n=24, d=3, shift=0.0):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, d))
    return x + shift, x[:, : d - 1] + rng.standard_normal((n, d - 1)) + shift


def exactly(x):
    """Give the numbers as they are stored, without round-off in what follows."""
    return [[Fraction(v) for v in row] for row in x.tolist()]


def centered(kernel):
    """Subtract row and column means."""
    n = len(kernel)
    means = [sum(row) / n for row in kernel]
    grand = sum(means) / n
    return [[v - means[i] - means[j] + grand for j, v in enumerate(row)] for i, row in enumerate(kernel)]


def u_centered(kernel):
    """Take the diagonal out and bring row sums to zero."""
    n = len(kernel)
    off = [[v if i != j else 0 * v for j, v in enumerate(row)] for i, row in enumerate(kernel)]
    sums = [sum(row) for row in off]
    grand = sum(sums) / ((n - 1) * (n - 2))
    return [
        [v - sums[i] / (n - 2) - sums[j] / (n - 2) + grand if i != j else 0 * v for j, v in enumerate(row)]
        for i, row in enumerate(off)
    ]


def cosine(k, m):
    def inner(a, b):
        return sum(p * q for u, v in zip(a, b, strict=True) for p, q in zip(u, v, strict=True))

    ratio = inner(k, m) ** 2 / (inner(k, k) * inner(m, m))
    return float(np.sign(float(inner(k, m)))) * float(ratio) ** 0.5


def products(x):
    return [[sum(p * q for p, q in zip(a, b, strict=True)) for b in x] for a in x]


def cubes(x):
    d = len(x[0])
    return [[(v / d + 1) ** 3 for v in row] for row in products(x)]


def cosines(x):
    """To 60 digits, for roots are no fractions."""
    rows = [[Decimal(v.numerator) / Decimal(v.denominator) for v in row] for row in x]
    lengths = [sum(v * v for v in row).sqrt() for row in rows]
    return products([[v / length for v in row] for row, length in zip(rows, lengths, strict=True)])


@pytest.mark.parametrize(("estimator", "center"), [("biased", centered), ("debiased", u_centered)])
@pytest.mark.parametrize(("kernel", "entries"), [("cosine", cosines), ("polynomial", cubes), ("linear", products)])
@pytest.mark.parametrize("shift", [0.0, 1e3, 1e6, 1e8])
def test_kernels_of_data_far_from_the_origin(shift, kernel, entries, estimator, center):
    x, y = pair(shift=shift)
    with localcontext() as context:
        context.prec = 60
        expected = cosine(*(center(entries(exactly(side))) for side in (x, y)))
    # rows at unit length are rounded once, in units of the mean
    inherent = 1e-12 + (1e-16 * shift if kernel == "cosine" else 0)
    assert rs.cka(x, y, kernel=kernel, estimator=estimator) == pytest.approx(expected, rel=inherent)


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("n", [5, 24])
def test_debiased_cka_beside_one_row_far_above_the_rest(n, factor):
    x, y = pair(n)
    x[3] *= factor
    expected = cosine(*(u_centered(products(exactly(side))) for side in (x, y)))
    assert rs.cka(x, y, estimator="debiased") == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("x", [np.eye(13, 3), np.eye(6), np.eye(40, 2)])
@pytest.mark.parametrize("scale", [1.0, 0.1, 1e-200])
def test_debiased_cka_without_structure_is_refused_everywhere(x, scale):
    other = np.random.default_rng(1).standard_normal(x.shape)
    for a, b in [(x * scale, x * scale), (x * scale, other), (other, x * scale)]:
        with pytest.raises(rs.ResemblanceError) as caught:
            rs.cka(a, b, estimator="debiased")
        assert caught.value.code == "no_structure"
        assert "equally far apart" not in str(caught.value)  # not true of all of them


def test_grids_tests_and_intervals_refuse_what_scores_refuse():
    x, y = np.eye(13, 3), np.random.default_rng(1).standard_normal((13, 3))
    debiased = partial(rs.cka, estimator="debiased")
    for operation in (
        partial(rs.permutation_test, x, y, debiased, groups=np.arange(13)),
        partial(rs.confidence_interval, x, y, measure=debiased),
        partial(rs.pairwise, [x, y], debiased, on_error="raise"),
    ):
        with pytest.raises(rs.ResemblanceError, match="no structure"):
            operation()


@pytest.mark.parametrize("n", [6, 9])
def test_arrangements_of_saturated_scores_stay_in_range(n):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, n, n + 2))
    for measure in (rs.linear_regression_r2, rs.cca_mean, rs.cca_mean_squared, rs.eigenspace_overlap):
        found = rs.permutation_test(x, y, measure, n_resamples=99, rng=0, return_null=True)
        assert found.statistic <= 1
        assert found.null_mean <= 1
        assert max(found.null_distribution) <= 1


def test_products_of_rows_of_different_size_are_told_apart():
    x, y = pair(60, 8)
    ranks = _ranks_of_products
    for change in ("one row", "columns"):
        z = x.copy()
        if change == "one row":
            z[3] *= 1e6
        else:
            z *= 10.0 ** np.linspace(0, 14, 8)
        expected = np.corrcoef(ranks(z), ranks(y))[0, 1]
        assert rs.rsa(z, y, inner="linear") == pytest.approx(expected, rel=1e-12)
        assert rs.rsa(z, y, inner="linear", outer="kendall_tau_b") == rs.rsa(
            z, y, inner="linear", outer="kendall_tau_a"
        )  # no ties


def test_products_that_are_equal_on_paper_stay_tied():
    x = np.array([[0.1, 0.2], [0.2, -0.1], [0.3, 0.6], [-0.6, 0.3], [1e3, 0.7], [0.4, 0.1]])
    y = np.array([[0.1], [0.2], [0.3], [0.5], [0.8], [1.3]])
    assert rs.rsa(x, y, inner="linear") == rs.rsa(np.round(10 * x), y, inner="linear")


def _ranks_of_products(x):
    rows = exactly(x)
    values = [sum(p * q for p, q in zip(a, b, strict=True)) for i, a in enumerate(rows) for b in rows[i + 1 :]]
    assert len(set(values)) == len(values)
    return np.argsort(np.argsort(np.array(values, dtype=object)))


def test_given_distances_are_exact():
    def rdm(a, b, c):
        return np.array([[0, a, b], [a, 0, c], [b, c, 0.0]])

    for x in (rdm(1, 1e-13, 2e-13), rdm(1, 1e-300, 2e-300), rdm(1 + 2e-12, 1, 1 + 1e-12)):
        for outer in ("spearman", "kendall_tau_a", "kendall_tau_b"):
            assert rs.rsa(x, rdm(3, 1, 2), inner="precomputed", outer=outer) == 1.0


def test_the_identity_of_a_divisor_by_columns_depends_on_the_data():
    x = np.random.default_rng(2).standard_normal((20, 3))
    twice = x[:, [0, 1, 2, 0]]
    for measure in (rs.cca_mean, rs.cca_mean_squared, rs.eigenspace_overlap):
        assert measure(twice, twice, divisor="columns") == pytest.approx(0.75)
        assert measure(twice, twice) == pytest.approx(1)


def test_bases_of_logarithms_below_one_are_refused_as_documented():
    p = [[0.5, 0.5], [0.9, 0.1]]
    for base in (0.5, 1.0):
        with pytest.raises(rs.ResemblanceError, match="above 1"):
            rs.js_divergence(p, p, kind="probs", base=base)
    assert "above 1;" in (rs.js_divergence.__doc__ or "")
