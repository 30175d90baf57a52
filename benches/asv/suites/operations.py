"""The operations: several measures of a pair, all pairs of layers, permutation tests of every form, summaries."""

from __future__ import annotations

import pickle
from functools import partial

import resemblance as rs

from ._data import layers, pair

# One measure per form, and the bilinear ones that differ in their summaries.
FORMS = {
    "cka (bilinear)": rs.cka,
    "rsa pearson (bilinear)": partial(rs.rsa, inner="euclidean", outer="pearson"),
    "rsa spearman (bilinear)": rs.rsa,
    "distance_correlation (bilinear)": rs.distance_correlation,
    "knn_jaccard (neighbors)": rs.knn_jaccard,
    "cca_mean (cross)": rs.cca_mean,
    "procrustes (cross)": rs.procrustes,
    "second_order_cosine (pair)": rs.second_order_cosine,
    "rsa kendall (intervals)": partial(rs.rsa, inner="euclidean", outer="kendall_tau_a"),
}


class Compare:
    """Measures that share the spectrum of each side."""

    def setup(self) -> None:
        self.x, self.y = pair(1000, 256)
        self.measures = [rs.cca_mean, rs.svcca, rs.pwcca, rs.cca_mean_squared, rs.linear_regression_r2]

    def time_shared_spectrum(self) -> None:
        rs.compare(self.x, self.y, self.measures)


class Pairwise:
    """All pairs of two networks of 12 layers, and of one with itself."""

    params = (["cka", "cca_mean", "procrustes", "knn_jaccard", "rsa"],)
    param_names = ("measure",)
    timeout = 600

    def setup(self, measure: str) -> None:
        self.rows, self.columns = layers(1000, 256, 12), layers(1000, 256, 12)[::-1]
        self.measure = getattr(rs, measure)

    def time_two_networks(self, measure: str) -> None:  # noqa: ARG002
        rs.pairwise(self.rows, self.measure, y=self.columns)

    def time_one_network(self, measure: str) -> None:  # noqa: ARG002
        rs.pairwise(self.rows, self.measure)

    def peakmem_two_networks(self, measure: str) -> None:  # noqa: ARG002
        rs.pairwise(self.rows, self.measure, y=self.columns)


class PermutationTest:
    """Set-up and 999 permutations of one pair, by form; few where each costs a decomposition."""

    params = (list(FORMS), [200, 1000])
    param_names = ("measure", "n")
    timeout = 600

    def setup(self, measure: str, n: int) -> None:
        self.x, self.y = pair(n, 64, noise=3.0)
        self.measure = FORMS[measure]
        self.count = 999 if measure.endswith(("(bilinear)", "(neighbors)", "(intervals)")) else 19

    def time_permutation_test(self, measure: str, n: int) -> None:  # noqa: ARG002
        rs.permutation_test(self.x, self.y, self.measure, n_resamples=self.count, rng=0)

    def peakmem_permutation_test(self, measure: str, n: int) -> None:  # noqa: ARG002
        rs.permutation_test(self.x, self.y, self.measure, n_resamples=self.count, rng=0)


class Prepared:
    """Permutations alone, the summaries ready; and the summaries on their way to another process."""

    params = (["cka (bilinear)", "rsa pearson (bilinear)", "rsa spearman (bilinear)", "knn_jaccard (neighbors)"],)
    param_names = ("measure",)
    timeout = 300

    def setup(self, measure: str) -> None:
        x, y = pair(1000, 512, noise=3.0)
        self.measure = FORMS[measure]
        self.x, self.y = rs.prepare(x, self.measure), rs.prepare(y, self.measure)
        self.raw = x

    def time_permutations(self, measure: str) -> None:  # noqa: ARG002
        rs.permutation_test(self.x, self.y, self.measure, n_resamples=999, rng=0)

    def time_prepare(self, measure: str) -> None:  # noqa: ARG002
        rs.prepare(self.raw, self.measure)

    def time_pickle(self, measure: str) -> None:  # noqa: ARG002
        pickle.loads(pickle.dumps(self.x, protocol=5))  # noqa: S301 - our own bytes
