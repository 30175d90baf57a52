"""Golden numbers of canonical correlations."""

from __future__ import annotations

from golden._lines import line

GOLDEN = [
    line("A", 0.9601679150, "cca_mean", summary="first"),
    line("A", 0.6233802276, "cca_mean"),
    line("A", 0.9601679150 + 0.6742784026 + 0.2356943653, "cca_mean", summary="sum"),
    line("A", 0.04021412979, "cca_mean", summary="wilks"),
    line("A", 12.70028356, "cca_mean", summary="lawley_hotelling"),
    line("A", 0.4773752077, "cca_mean_squared"),
    line("A", 1.432125623, "cca_mean_squared", summary="sum"),
    line("A", 0.6233802276, "svcca", threshold=0.99),
    line("A", 0.8083077112, "svcca", threshold=0.85),
    line("A", 0.7732440014, "svcca", threshold=0.7),
    line("A", 0.7732440014, "svcca", k=2),
    line("A", 0.6825697539, "pwcca"),
    line("A", 0.6429909533, "pwcca", "Y X"),
    line("A", 0.6429909533, "pwcca", weights_from="y"),
    line("A", 0.6825697539, "pwcca", weights_from="smaller"),
    line("A", 0.6825697539, "pwcca", "Y X", weights_from="smaller"),
]

# Mean score over all pairings of the rows, in closed form.
NULL_MEANS = [
    line("N", 0.4444444444, "cca_mean_squared"),
]

CLOSED_FORM = {"cca_mean_squared": lambda options: True}
