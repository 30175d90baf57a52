"""One pair: every measure of arrays with its defaults and the options that take another road, and predictions."""

from __future__ import annotations

from functools import partial

import resemblance as rs

from ._data import pair, predictions

MEASURES = {
    "cka": rs.cka,
    "cka debiased": partial(rs.cka, estimator="debiased"),
    "cka rbf": partial(rs.cka, kernel="rbf"),
    "rsa pearson, spearman": rs.rsa,
    "rsa euclidean, spearman": partial(rs.rsa, inner="euclidean"),
    "rsa euclidean, pearson": partial(rs.rsa, inner="euclidean", outer="pearson"),
    "distance_correlation": rs.distance_correlation,
    "cca_mean": rs.cca_mean,
    "cca_mean_squared": rs.cca_mean_squared,
    "svcca": rs.svcca,
    "pwcca": rs.pwcca,
    "linear_regression_r2": rs.linear_regression_r2,
    "procrustes": rs.procrustes,
    "angular_shape": rs.angular_shape,
    "knn_jaccard": rs.knn_jaccard,
    "mutual_knn": rs.mutual_knn,
    "second_order_cosine": rs.second_order_cosine,
    "aligned_cosine": rs.aligned_cosine,
    "participation_ratio": rs.participation_ratio,
    "uniformity": rs.uniformity,
}
FUNCTIONAL = {
    "disagreement": rs.disagreement,
    "cohen_kappa": rs.cohen_kappa,
    "js_divergence": partial(rs.js_divergence, kind="probs"),
}


class Pair:
    """n > d, as in benchmarks of peers; `wide` has d > n."""

    params = (list(MEASURES), ["1000x128", "1000x512", "wide 256x1024"])
    param_names = ("measure", "size")
    timeout = 300

    def setup(self, measure: str, size: str) -> None:
        n, d = (int(part) for part in size.rsplit(maxsplit=1)[-1].split("x"))
        self.x, self.y = pair(n, d)
        self.measure = MEASURES[measure]

    def time_pair(self, measure: str, size: str) -> None:  # noqa: ARG002 - asv hands over the parameters
        self.measure(self.x, self.y)


class LargePair:
    """The sizes of the table of targets; memory as well."""

    params = (["cka", "cca_mean", "procrustes", "knn_jaccard", "rsa euclidean, spearman"], ["float64", "float32"])
    param_names = ("measure", "dtype")
    timeout = 300

    def setup(self, measure: str, dtype: str) -> None:
        self.x, self.y = pair(5000, 768, dtype=dtype)
        self.measure = MEASURES[measure]

    def time_large(self, measure: str, dtype: str) -> None:  # noqa: ARG002
        self.measure(self.x, self.y)

    def peakmem_large(self, measure: str, dtype: str) -> None:  # noqa: ARG002
        self.measure(self.x, self.y)


class Predictions:
    """Measures of predictions on ten thousand inputs and a hundred classes."""

    params = (list(FUNCTIONAL),)
    param_names = ("measure",)

    def setup(self, measure: str) -> None:
        self.x, self.y = predictions(10_000, 100)
        self.measure = FUNCTIONAL[measure]

    def time_predictions(self, measure: str) -> None:  # noqa: ARG002
        self.measure(self.x, self.y)
