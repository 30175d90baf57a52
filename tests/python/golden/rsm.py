"""Golden numbers of similarity matrices."""

from __future__ import annotations

from golden._lines import line

GOLDEN = [
    line("D", 0.4286283463, "eigenspace_overlap"),
    line("D", 0.3580314057, "eigenspace_overlap", center=True),
    line("F", 0.4648221344, "rsa"),
    line("F", 0.4119894598, "rsa", inner="euclidean"),
    line("F", 0.3725697765, "rsa", inner="euclidean", outer="pearson"),
    line("F", 0.4080502061, "rsa", inner="cosine", outer="pearson"),
    line("F", 0.2787878788, "rsa", inner="euclidean", outer="kendall_tau_a"),
    line("F", 0.2787878788, "rsa", inner="euclidean", outer="kendall_tau_b"),
    line("I", 0.8437745817, "rsa", inner="sq_euclidean", outer="cosine"),
    line("E", 0.5379527770, "cka"),
    line("E", 0.2954649001, "cka", estimator="debiased"),
    line("I", 0.3370078065, "cka", estimator="lange"),
    line("F", 0.7889388931, "cka", kernel="rbf", bandwidth=0.4),
    line("F", 0.6296872573, "cka", kernel="rbf"),
    line("I", 0.3061322090, "cka", kernel="rbf", estimator="debiased"),
    line("E", 0.8436727406, "cka", "A B"),
    line("E", 0.8737784976, "cka", "A B", estimator="debiased"),
    line("F", 0.8505155754, "distance_correlation"),
    line("F", 0.7233767441, "distance_correlation", squared=True),
    line("F", 0.2667358201, "distance_correlation", bias_corrected=True),
    line("D", 2.033654040, "gulp", lam=0.0),
    line("D", 1.923117604, "gulp", lam=0.01),
    line("D", 1.346409374, "gulp", lam=0.1),
    line("D", 0.4119808655, "gulp", lam=1.0),
    line("D", 1.467065318, "gulp", lam=0.1, preprocess="row_norm"),
]

# Mean score over all pairings of the rows, in closed form.
NULL_MEANS = [
    line("N", 0.3162487065, "cka"),
    line("N", 0.6076730441, "distance_correlation", squared=True),
    line("N", 0.0, "cka", estimator="debiased"),
    line("N", 0.0, "rsa"),
    line("N", 0.0, "rsa", inner="euclidean", outer="pearson"),
    line("N", 0.0, "rsa", inner="euclidean", outer="kendall_tau_b"),
]

CLOSED_FORM = {
    "cka": lambda options: options.get("estimator") != "lange",
    "distance_correlation": lambda options: bool(options.get("squared") or options.get("bias_corrected")),
    "rsa": lambda options: options.get("outer") != "cosine",
}
