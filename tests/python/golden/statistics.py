"""Golden numbers of descriptive statistics."""

from __future__ import annotations

from golden._lines import line

GOLDEN = [
    line("E", 2.512462982, "participation_ratio", "X"),
    line("E", 3.224355085, "participation_ratio", "Y"),
    line("E", 3.224355085 - 2.512462982, "participation_ratio"),
    line("F", -1.863489761, "uniformity", "X"),
    line("F", -1.267240548, "uniformity", "X", normalize_rows=True),
    line("F", -1.600546263, "uniformity", "X", normalize_rows=True, pairs="distinct"),
]
