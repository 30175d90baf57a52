"""Topology: do two clouds of points have the same shape, whichever row is which?"""

from resemblance.measures.topology._imd import imd

__all__ = ["imd"]
