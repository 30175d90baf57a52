"""The measures: one module per family, one typed function per measure.

To add a measure, write its function in the module of its family and add its name here and, for the top level, in
``resemblance/__init__.py``. The function's name is the name in the compiled core; operations recognise the function
itself.
"""

from resemblance.measures.alignment import aligned_cosine, angular_shape, linear_regression_r2, procrustes
from resemblance.measures.cca import cca_mean, cca_mean_squared, pwcca, svcca
from resemblance.measures.functional import (
    cohen_kappa,
    disagreement,
    error_corrected_disagreement,
    fleiss_kappa,
    js_divergence,
)
from resemblance.measures.neighbors import knn_jaccard, mutual_knn, second_order_cosine
from resemblance.measures.rsm import cka, distance_correlation, rsa
from resemblance.measures.statistics import participation_ratio, uniformity

__all__ = [
    "aligned_cosine",
    "angular_shape",
    "cca_mean",
    "cca_mean_squared",
    "cka",
    "cohen_kappa",
    "disagreement",
    "distance_correlation",
    "error_corrected_disagreement",
    "fleiss_kappa",
    "js_divergence",
    "knn_jaccard",
    "linear_regression_r2",
    "mutual_knn",
    "participation_ratio",
    "procrustes",
    "pwcca",
    "rsa",
    "second_order_cosine",
    "svcca",
    "uniformity",
]
