"""Alignment: how far apart are two representations once one has been moved onto the other as well as it can be?"""

from resemblance.measures.alignment._aligned_cosine import aligned_cosine
from resemblance.measures.alignment._angular_shape import angular_shape
from resemblance.measures.alignment._linear_regression_r2 import linear_regression_r2
from resemblance.measures.alignment._procrustes import procrustes

__all__ = [
    "aligned_cosine",
    "angular_shape",
    "linear_regression_r2",
    "procrustes",
]
