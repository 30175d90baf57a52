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
from resemblance import _core, errors, measures
from resemblance._align import align
from resemblance._config import config, set_config, show_config
from resemblance._core import Prepared
from resemblance._stated import measure
from resemblance.errors import ResemblanceError, ResemblanceWarning
from resemblance.facts import Facts, Option
from resemblance.intervals import confidence_interval, similarity_difference
from resemblance.measures import *  # noqa: F403 - what `__all__` of the families lists
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
from resemblance.significance import permutation_moments, permutation_test, replay

__all__ = [
    "Comparison",
    "Difference",
    "Facts",
    "Grid",
    "Grids",
    "Info",
    "Interval",
    "MeasureList",
    "NullMoments",
    "Option",
    "PermutationGrid",
    "PermutationGrids",
    "PermutationResult",
    "Prepared",
    "ResemblanceError",
    "ResemblanceWarning",
    "Score",
    "align",
    "compare",
    "confidence_interval",
    "config",
    "describe",
    "errors",
    "list_measures",
    "measure",
    "pairwise",
    "pairwise_test",
    "permutation_moments",
    "permutation_test",
    "prepare",
    "replay",
    "rowwise",
    "set_config",
    "show_config",
    "similarity_difference",
]
__all__ += measures.__all__


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
