r"""Similarity of neural networks: every measure, its chance level, and exact permutation significance.

A representation is an array with one row per input and one column per unit; row i of `x` and of `y` belongs to the same
input.

>>> import numpy as np
>>> import resemblance as rs
>>> x = np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
>>> y = x[:, :1]

A measure is a function of two representations:

>>> round(rs.cka(x, y), 6)
0.970143

Operations take measures: `compare` one pair under several, `pairwise` all pairs; `permutation_test` and
`pairwise_test` do the same with p-values:

>>> grid = rs.pairwise({"both": x, "first": y, "second": x[:, 1:]}, rs.cka)["cka"]
>>> round(grid["both", "second"], 6), round(grid["first", "second"], 6)
(0.242536, 0.0)
>>> [warning.code for warning in grid.warnings]
['null_inflated']

The score of unrelated data is high if there are four rows: every result that may mislead says so.
"""

from resemblance import _startup  # noqa: F401  # isort: skip - first, for what follows takes a while
from resemblance import _core, errors
from resemblance._config import config, set_config, show_config
from resemblance._core import Prepared
from resemblance._rows import align
from resemblance.errors import ResemblanceError, ResemblanceWarning
from resemblance.intervals import confidence_interval, similarity_difference
from resemblance.measures.alignment import aligned_cosine, angular_shape, linear_regression_r2, procrustes
from resemblance.measures.cca import cca_mean, cca_mean_squared, pwcca, svcca
from resemblance.measures.functional import (
    ambiguity,
    cohen_kappa,
    disagreement,
    error_corrected_disagreement,
    fleiss_kappa,
    js_divergence,
)
from resemblance.measures.neighbors import knn_jaccard, mutual_knn, second_order_cosine
from resemblance.measures.rsm import cka, distance_correlation, eigenspace_overlap, rsa
from resemblance.measures.statistics import participation_ratio, uniformity
from resemblance.operations import compare, describe, list_measures, pairwise, prepare, rowwise
from resemblance.pairwise_tests import pairwise_test
from resemblance.results import (
    Comparison,
    Difference,
    Grid,
    Grids,
    Info,
    Interval,
    MeasureList,
    NullMoments,
    PermutationGrid,
    PermutationGrids,
    PermutationResult,
    Score,
)
from resemblance.significance import permutation_moments, permutation_test

__all__ = [
    "Comparison",
    "Difference",
    "Grid",
    "Grids",
    "Info",
    "Interval",
    "MeasureList",
    "NullMoments",
    "PermutationGrid",
    "PermutationGrids",
    "PermutationResult",
    "Prepared",
    "ResemblanceError",
    "ResemblanceWarning",
    "Score",
    "align",
    "aligned_cosine",
    "ambiguity",
    "angular_shape",
    "cca_mean",
    "cca_mean_squared",
    "cka",
    "cohen_kappa",
    "compare",
    "confidence_interval",
    "config",
    "describe",
    "disagreement",
    "distance_correlation",
    "eigenspace_overlap",
    "error_corrected_disagreement",
    "errors",
    "fleiss_kappa",
    "js_divergence",
    "knn_jaccard",
    "linear_regression_r2",
    "list_measures",
    "mutual_knn",
    "pairwise",
    "pairwise_test",
    "participation_ratio",
    "permutation_moments",
    "permutation_test",
    "prepare",
    "procrustes",
    "pwcca",
    "rowwise",
    "rsa",
    "second_order_cosine",
    "set_config",
    "show_config",
    "similarity_difference",
    "svcca",
    "uniformity",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked for

        return version("resemblance")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if _core.show_config().get("debug_build"):
    import warnings

    warnings.warn(
        "this is an unoptimized build of resemblance, some thirty times slower; build it with `make` or `--release`",
        RuntimeWarning,
        stacklevel=2,
    )
