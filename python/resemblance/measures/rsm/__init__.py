"""Similarity matrices: how alike are any two inputs within one representation, and do two representations agree?"""

from resemblance.measures.rsm._cka import cka
from resemblance.measures.rsm._distance_correlation import distance_correlation
from resemblance.measures.rsm._eigenspace_overlap import eigenspace_overlap
from resemblance.measures.rsm._gulp import gulp
from resemblance.measures.rsm._rsa import rsa

__all__ = [
    "cka",
    "distance_correlation",
    "eigenspace_overlap",
    "gulp",
    "rsa",
]
