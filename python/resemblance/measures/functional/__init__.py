"""Functional measures: do two models give the same answers?

They compare predictions on the same inputs: one class per input (whole numbers, truth values or words), or scores, one
column per class, whose largest entry is the predicted class (the lowest index if tied). Column c means the same class
in every array. A table of whole numbers may be many things, and what it is must be said (``kind=``). Words are compared
as they are; an input without an answer is NaN, None, an empty word or a negative id.
"""

from resemblance.measures.functional._ambiguity import ambiguity
from resemblance.measures.functional._cohen_kappa import cohen_kappa
from resemblance.measures.functional._disagreement import disagreement
from resemblance.measures.functional._error_corrected_disagreement import error_corrected_disagreement
from resemblance.measures.functional._fleiss_kappa import fleiss_kappa
from resemblance.measures.functional._js_divergence import js_divergence
from resemblance.measures.functional._saliency_similarity import saliency_similarity

__all__ = [
    "ambiguity",
    "cohen_kappa",
    "disagreement",
    "error_corrected_disagreement",
    "fleiss_kappa",
    "js_divergence",
    "saliency_similarity",
]
