"""Neighbors: do the same inputs stand next to each other in two representations?

Inputs tied for the last places of a list share them equally, and a point is never its own neighbor, whatever its
duplicates.
"""

from resemblance.measures.neighbors._knn_jaccard import knn_jaccard
from resemblance.measures.neighbors._mutual_knn import mutual_knn
from resemblance.measures.neighbors._rank_similarity import rank_similarity
from resemblance.measures.neighbors._second_order_cosine import second_order_cosine

__all__ = [
    "knn_jaccard",
    "mutual_knn",
    "rank_similarity",
    "second_order_cosine",
]
