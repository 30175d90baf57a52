"""Canonical correlations: which directions of one representation can be read off the other, and how well?"""

from resemblance.measures.cca._cca_mean import cca_mean
from resemblance.measures.cca._cca_mean_squared import cca_mean_squared
from resemblance.measures.cca._pwcca import pwcca
from resemblance.measures.cca._svcca import svcca

__all__ = [
    "cca_mean",
    "cca_mean_squared",
    "pwcca",
    "svcca",
]
