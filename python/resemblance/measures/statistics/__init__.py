"""Descriptive statistics: how much the numbers of two representations differ; `describe` tells the number of one."""

from resemblance.measures.statistics._participation_ratio import participation_ratio
from resemblance.measures.statistics._uniformity import uniformity

__all__ = [
    "participation_ratio",
    "uniformity",
]
