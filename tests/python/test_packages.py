"""Against independent packages, where they are installed: SciPy, scikit-learn, dcor."""

from __future__ import annotations

import math

import numpy as np
import pairs
import pytest

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
        assert rs.js_divergence(p, q, kind="probs", sqrt=True, reduce=None) == pytest.approx(rows, rel=1e-9)
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
