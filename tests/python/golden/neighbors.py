"""Golden numbers of nearest neighbors."""

from __future__ import annotations

from golden._lines import DATA as OF_ALL, line

DATA = {"X7": OF_ALL["X"][:7], "Y7": OF_ALL["Y"][:7]}

GOLDEN = [
    line("G", 0.28, "knn_jaccard", k=3),
    line("G", 0.33, "knn_jaccard", k=3, metric="euclidean"),
    line("G", 0.4, "mutual_knn", k=3),
    line("G", 0.4688888889, "rank_similarity", k=3),
    line("G", 0.5488369390, "second_order_cosine", k=3),
    line("G", 0.6886915772, "second_order_cosine", k=3, inner="distance"),
]

# Mean score over all pairings of the rows, in closed form.
NULL_MEANS = [
    line("N", 0.2261904762, "knn_jaccard", k=3),
    line("N", 3 / 9, "mutual_knn", k=3),
    line("N", 0.406616161616, "rank_similarity", "X7 Y7", k=3),
]

CLOSED_FORM = {name: lambda options: True for name in ("knn_jaccard", "mutual_knn", "rank_similarity")}
