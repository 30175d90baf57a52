"""Golden numbers of alignments."""

from __future__ import annotations

from golden._lines import line

GOLDEN = [
    line("D", 0.4501201015, "linear_regression_r2"),
    line("D", 0.6049089524, "linear_regression_r2", "Y X"),
    line("D", 0.4393544177, "linear_regression_r2", alpha=1.0),
    line("B", 4.463917054, "procrustes"),
    line("B", 5.015384911, "procrustes", "X Z"),
    line("B", 4.288310899, "procrustes", center=True),
    line("B", 0.8455876079, "procrustes", center=True, normalize=True),
    line("B", 0.7150184026, "procrustes", center=True, normalize=True, squared=True),
    line("B", 0.3408563653, "procrustes", "A B", center=True, normalize=True),
    line("B", 0.8163721802, "angular_shape"),
    line("B", 0.8730520223, "angular_shape", center=True),
    line("F", 0.3504415677, "aligned_cosine", "X Z"),
]

# Mean score over all pairings of the rows, in closed form.
NULL_MEANS = [
    line("N", 3 / 9, "linear_regression_r2"),
    line("N", 4 / 9, "linear_regression_r2", "Y X"),
]

CLOSED_FORM = {"linear_regression_r2": lambda options: True}
