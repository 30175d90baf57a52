"""What the operations return: small frozen objects with labels, tables and conversions."""

from resemblance.results.grids import Grid, Grids
from resemblance.results.info import Info, MeasureList
from resemblance.results.interval import Difference, Interval
from resemblance.results.permutation import NullMoments, PermutationGrid, PermutationGrids, PermutationResult
from resemblance.results.scores import Comparison, Score

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
    "Score",
]
