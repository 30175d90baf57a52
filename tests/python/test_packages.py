"""Against independent packages, where they are installed: SciPy, scikit-learn, scikit-bio, dcor, hyppo."""

from __future__ import annotations

import functools
import math

import numpy as np
import pairs
import pytest
from permutations import ALTERNATIVES, kendall, mantel, spearman, squared_dcor, weakly
from scipy.spatial.distance import cdist

import resemblance as rs

pytestmark = pytest.mark.packages
SHAPES = [(30, 5, 4), (25, 40, 30), (60, 3, 3)]


@pytest.fixture(params=SHAPES, ids=str)
def xy(request):
    return pairs.related(*request.param, seed=50)


class TestSciPy:
    def test_rsa(self, xy):
        distance = pytest.importorskip("scipy.spatial.distance", reason="SciPy is not installed")
        stats = pytest.importorskip("scipy.stats")
        x, y = xy
        names = {"pearson": "correlation", "cosine": "cosine", "euclidean": "euclidean", "sq_euclidean": "sqeuclidean"}
        for inner, name in names.items():
            u, v = distance.pdist(x, name), distance.pdist(y, name)
            assert rs.rsa(x, y, inner=inner) == pytest.approx(stats.spearmanr(u, v).statistic, rel=1e-10)
            assert rs.rsa(x, y, inner=inner, outer="pearson") == pytest.approx(
                stats.pearsonr(u, v).statistic, rel=1e-10
            )
            assert rs.rsa(x, y, inner=inner, outer="kendall_tau_b") == pytest.approx(
                stats.kendalltau(u, v, variant="b").statistic, rel=1e-12
            )
        # whole numbers, for ties that are ties to SciPy as well
        d, e = (np.rint(distance.squareform(distance.pdist(a))) for a in (x, y))
        upper = np.triu_indices(len(x), 1)
        assert len(np.unique(d[upper])) < len(d[upper]) / 4
        assert rs.rsa(d, e, inner="precomputed", outer="kendall_tau_b") == pytest.approx(
            stats.kendalltau(d[upper], e[upper], variant="b").statistic, rel=1e-12
        )

    def test_procrustes(self, xy):
        spatial = pytest.importorskip("scipy.spatial", reason="SciPy is not installed")
        x, y = xy
        width = max(x.shape[1], y.shape[1])
        padded = [np.pad(a, ((0, 0), (0, width - a.shape[1]))) for a in (x, y)]
        # SciPy's disparity also scales one side freely: 1 - cos^2 of the angle
        disparity = spatial.procrustes(*padded)[2]
        assert math.sin(rs.angular_shape(x, y, center=True)) ** 2 == pytest.approx(disparity, rel=1e-9)

    def test_canonical_correlations(self, xy):
        linalg = pytest.importorskip("scipy.linalg", reason="SciPy is not installed")
        x, y = (a - a.mean(axis=0) for a in xy)
        if sum(a.shape[1] for a in (x, y)) > len(x) - 1:
            assert rs.cca_mean(x, y) == pytest.approx(1.0, abs=1e-9)
            return
        rho = np.cos(linalg.subspace_angles(x, y))
        assert rs.cca_mean(x, y) == pytest.approx(rho.mean(), rel=1e-10)
        assert rs.cca_mean_squared(x, y) == pytest.approx((rho**2).mean(), rel=1e-10)

    def test_js_divergence(self):
        distance = pytest.importorskip("scipy.spatial.distance", reason="SciPy is not installed")
        special = pytest.importorskip("scipy.special")
        x, y = pairs.scores(40, 6)
        p, q = special.softmax(x, axis=1), special.softmax(y, axis=1)
        rows = distance.jensenshannon(p, q, axis=1)
        ours = rs.rowwise(p, q, functools.partial(rs.js_divergence, kind="probs", sqrt=True))
        assert ours == pytest.approx(rows, rel=1e-9)
        assert rs.js_divergence(x, y, kind="logits") == pytest.approx(np.mean(rows**2), rel=1e-9)

    def test_disagreement(self):
        distance = pytest.importorskip("scipy.spatial.distance", reason="SciPy is not installed")
        x, y = pairs.ids(50, 4)
        assert rs.disagreement(x, y) == pytest.approx(distance.hamming(x, y), rel=1e-15)

    def test_permutation_p(self):
        """The p-value of scipy.stats.permutation_test, within the noise of both."""
        stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
        x, y = pairs.related(25, 3, 3, noise=5.0)
        for measure in (rs.cka, rs.cca_mean):
            theirs = stats.permutation_test(
                (np.arange(25),),
                lambda order, measure=measure: measure(x, y[order]),
                permutation_type="pairings",
                vectorized=False,
                n_resamples=1500,
                alternative="greater",
                rng=1,
            )
            ours = rs.permutation_test(x, y, measure, n_resamples=9999, rng=1)
            spread = math.sqrt(ours.pvalue * (1 - ours.pvalue) / 1500)
            assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-12)
            assert abs(ours.pvalue - theirs.pvalue) < 4 * spread + 1e-3


class TestScikitLearn:
    def test_regression(self, xy):
        linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
        metrics = pytest.importorskip("sklearn.metrics")
        x, y = xy
        for alpha in (0.0, 1.0, 30.0):
            model = linear.Ridge(alpha, solver="svd") if alpha else linear.LinearRegression()
            fitted = model.fit(x, y).predict(x)
            for average, name in (("variance", "variance_weighted"), ("uniform", "uniform_average")):
                expected = metrics.r2_score(y, fitted, multioutput=name)
                assert rs.linear_regression_r2(x, y, alpha=alpha, average=average) == pytest.approx(expected, rel=1e-8)

    def test_kernels(self, xy):
        kernels = pytest.importorskip("sklearn.metrics.pairwise", reason="scikit-learn is not installed")
        x, y = xy
        for name, options, function in (
            ("polynomial", {}, kernels.polynomial_kernel),
            ("cosine", {}, kernels.cosine_similarity),
            ("rbf", {"sigma": 3.0}, lambda a: kernels.rbf_kernel(a, gamma=1 / 18)),
        ):
            for estimator in ("biased", "debiased", "lange"):
                theirs = rs.cka(*map(function, xy), kernel="precomputed", estimator=estimator)
                assert rs.cka(x, y, kernel=name, estimator=estimator, **options) == pytest.approx(theirs, rel=1e-9)

    def test_neighbors(self, xy):
        neighbors = pytest.importorskip("sklearn.neighbors", reason="scikit-learn is not installed")
        for metric in ("cosine", "euclidean"):
            lists = [
                neighbors.NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute")
                .fit(a)
                .kneighbors(return_distance=False)
                for a in xy
            ]
            shared = np.array([len(set(a) & set(b)) for a, b in zip(*lists, strict=True)])
            assert rs.mutual_knn(*xy, k=7, metric=metric) == pytest.approx(np.mean(shared / 7), rel=1e-12)
            assert rs.knn_jaccard(*xy, k=7, metric=metric) == pytest.approx(np.mean(shared / (14 - shared)), rel=1e-12)

    def test_kappa(self):
        metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
        for seed in range(5):
            x, y = pairs.ids(60, 2 + seed, seed=seed)
            assert rs.cohen_kappa(x, y) == pytest.approx(metrics.cohen_kappa_score(x, y), rel=1e-12)

    def test_principal_components(self):
        decomposition = pytest.importorskip("sklearn.decomposition", reason="scikit-learn is not installed")
        x, y = pairs.related(40, 8, 6)
        cut = [decomposition.PCA(2, svd_solver="full").fit_transform(a) for a in (x, y)]
        assert rs.svcca(x, y, k=2) == pytest.approx(rs.cca_mean(*cut), rel=1e-10)


class TestDcor:
    def test_distance_correlation(self, xy):
        dcor = pytest.importorskip("dcor", reason="dcor is not installed")
        x, y = xy
        assert rs.distance_correlation(x, y) == pytest.approx(dcor.distance_correlation(x, y), rel=1e-9)
        assert rs.distance_correlation(x, y, squared=True) == pytest.approx(
            dcor.distance_correlation_sqr(x, y), rel=1e-9
        )
        assert rs.distance_correlation(x, y, bias_corrected=True) == pytest.approx(
            dcor.u_distance_correlation_sqr(x, y), rel=1e-9
        )

    def test_one_column_of_many_rows(self):
        dcor = pytest.importorskip("dcor", reason="dcor is not installed")
        x = np.random.default_rng(0).standard_normal(5000)
        y = np.round(x**2 + np.random.default_rng(1).standard_normal(5000), 1)
        ours = functools.partial(rs.distance_correlation, x[:, None], y[:, None])
        assert ours() == pytest.approx(dcor.distance_correlation(x, y), rel=1e-11)
        assert ours(bias_corrected=True) == pytest.approx(dcor.u_distance_correlation_sqr(x, y), rel=1e-11)


CORRECTED = functools.partial(rs.distance_correlation, bias_corrected=True)
SIGNALS = {"none": (2, 0.0), "some": (1, 0.4)}  # seed, weight


def close(ours: float, theirs: float, count: int) -> bool:
    """Two estimates of one p, each from so many permutations: four standard errors of their difference."""
    p = (ours + theirs) / 2
    return abs(ours - theirs) < 4 * math.sqrt(2 * max(p, 1 / count) * (1 - p) / count) + 2 / count


@pytest.mark.parametrize("signal", SIGNALS)
class TestPermutations:
    """p-values of other packages, within the noise of both, where nothing is related and where p is .05 to .3."""

    def data(self, signal: str) -> tuple[np.ndarray, np.ndarray]:
        return weakly(40, *SIGNALS[signal])

    def test_p_is_in_the_middle(self, signal):
        """Where p is next to 0 or 1, tests of unlike statistics would agree as well."""
        x, y = self.data(signal)
        for measure in (mantel, spearman, squared_dcor, CORRECTED):
            p = rs.permutation_test(x, y, measure, rng=1).pvalue
            assert 0.05 < p < 0.3 if signal == "some" else 0.25 < p < 0.9
            assert not close(p, 1 - p, 1999), "the two sides cannot be told apart"

    @pytest.mark.parametrize("alternative", ALTERNATIVES)
    def test_scipy(self, signal, alternative):
        """Pairings of SciPy, vectorized by the definition of the Mantel statistic."""
        stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
        x, y = self.data(signal)
        d, e = cdist(x, x), cdist(y, y)
        upper = np.triu_indices(40, 1)

        def statistic(order, axis=-1):
            order = order.reshape(-1, 40).astype(int)
            moved = e[order[:, upper[0]], order[:, upper[1]]]
            return stats.pearsonr(d[upper][None], moved, axis=-1).statistic.reshape(order.shape[:-1])

        theirs = stats.permutation_test(
            (np.arange(40),),
            statistic,
            permutation_type="pairings",
            vectorized=True,
            n_resamples=4999,
            batch=500,
            alternative=alternative,
            rng=1,
        )
        ours = rs.permutation_test(x, y, mantel, rng=1, alternative=alternative)
        assert ours.statistic == pytest.approx(np.ravel(theirs.statistic)[0], rel=1e-10)
        of = 2 if alternative == "two-sided" else 1  # sides that p is made of: twice the smaller one
        assert close(ours.pvalue / of, float(np.ravel(theirs.pvalue)[0]) / of, 4999)

    @pytest.mark.parametrize(
        ("method", "measure"), [("pearson", mantel), ("spearman", spearman), ("kendalltau", kendall)]
    )
    @pytest.mark.parametrize("alternative", ALTERNATIVES)
    def test_scikit_bio(self, signal, method, measure, alternative):
        distance = pytest.importorskip("skbio.stats.distance", reason="scikit-bio is not installed")
        x, y = self.data(signal)
        count = 1999 if measure is kendall else 4999  # its Kendall takes a millisecond each
        statistic, p, _ = distance.mantel(
            distance.DistanceMatrix(cdist(x, x)),
            distance.DistanceMatrix(cdist(y, y)),
            method=method,
            permutations=count,
            alternative=alternative,
            seed=1,
        )
        ours = rs.permutation_test(x, y, measure, rng=1, alternative=alternative, return_null=True)
        assert ours.statistic == pytest.approx(statistic, rel=1e-10, abs=1e-12)
        if alternative == "two-sided":  # its two-sided p compares absolute values, ours is twice the smaller side
            assert close(float(np.mean(abs(ours.null_distribution) >= abs(ours.statistic) - 1e-12)), p, count)
        else:
            assert close(ours.pvalue, p, count)

    def test_dcor(self, signal):
        """Its statistic is n times the squared distance covariance."""
        dcor = pytest.importorskip("dcor", reason="dcor is not installed")
        x, y = self.data(signal)
        theirs, *own = (
            dcor.independence.distance_covariance_test(a, b, num_resamples=count, random_state=1)
            for a, b, count in ((x, y, 1999), (x, x, 0), (y, y, 0))
        )
        ours = rs.permutation_test(x, y, squared_dcor, rng=1)
        assert ours.statistic == pytest.approx(
            theirs.statistic / math.sqrt(own[0].statistic * own[1].statistic), rel=1e-9
        )
        assert close(ours.pvalue, theirs.pvalue, 1999)

    @pytest.mark.parametrize("corrected", [False, True])
    def test_hyppo_distance_correlation(self, signal, corrected):
        """Without correction of bias its statistic is a root, as ours is."""
        independence = pytest.importorskip("hyppo.independence", reason="hyppo is not installed")
        x, y = self.data(signal)
        statistic, p = independence.Dcorr(bias=not corrected).test(x, y, reps=1999, auto=False, random_state=1)[:2]
        ours = rs.permutation_test(x, y, CORRECTED if corrected else rs.distance_correlation, rng=1)
        assert ours.statistic == pytest.approx(statistic, rel=1e-9)
        assert close(ours.pvalue, p, 1999)

    @pytest.mark.parametrize("estimator", ["biased", "debiased"])
    def test_hyppo_hsic(self, signal, estimator):
        """Its biased statistic is the root of CKA.

        Its own permutation test leaves ones on the diagonals, which the debiased statistic would count: so the test
        of its other class is asked, with 1 - kernel for the distances. The two are one statistic.
        """
        independence = pytest.importorskip("hyppo.independence", reason="hyppo is not installed")
        x, y = self.data(signal)
        sigma, biased = 1.5, estimator == "biased"
        statistic = independence.Hsic(bias=biased, gamma=1 / (2 * sigma**2)).statistic(x, y)
        kernels = [np.exp(-(cdist(a, a) ** 2) / (2 * sigma**2)) for a in (x, y)]
        again, p = independence.Dcorr(bias=biased, compute_distance=None).test(
            *(1 - kernel for kernel in kernels), reps=1999, auto=False, random_state=1
        )[:2]
        assert again == pytest.approx(statistic, rel=1e-9)
        measure = functools.partial(rs.cka, kernel="rbf", sigma=sigma, estimator=estimator)
        ours = rs.permutation_test(x, y, measure, rng=1)
        assert ours.statistic == pytest.approx(statistic**2 if biased else statistic, rel=1e-9)
        assert close(ours.pvalue, p, 1999)
