"""Golden numbers: values known from two independent computations, one line each.

`source` says where a value comes from. A single letter is the way of the representational catalogue: A singular values
of QR bases / eigenvalues of covariances, B nuclear norm / explicit rotation, C assignment / enumeration, D bases and
filters / least squares, E n x n matrices / moments, F own formula / SciPy, scikit-learn or dcor, G loops / masks on
scikit-learn lists, I two different sums of one definition, N closed form / enumeration of permutations. G with a number
is a line of the functional catalogue, checked by SciPy, scikit-learn, statsmodels or by hand.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


def _x(n: int, p: int) -> np.ndarray:
    i, j = np.ogrid[:n, :p]
    return np.sin(1.3 * i + 0.7 * j**2 + 0.4 * i * j) + 0.25 * (j + 1)


def _y(n: int, q: int) -> np.ndarray:
    i, j = np.ogrid[:n, :q]
    m = (j + 1) % 3
    return np.cos(2.1 * i + 1.1 * j + 0.6 * i * j) + 0.8 * np.sin(1.3 * i + 0.7 * m**2 + 0.4 * i * m) - 0.2 * j


X, Y = _x(10, 3), _y(10, 4)
Z = Y[:, :3]
A, B = _x(4, 6), _y(4, 5)

DATA: dict[str, Any] = {
    "X": X,
    "Y": Y,
    "Z": Z,
    "A": A,
    "B": B,
    # predictions of four models on ten inputs of three classes, and what is right
    "y": [0, 0, 1, 1, 2, 2, 0, 1, 2, 0],
    "a": [0, 0, 1, 1, 2, 0, 1, 1, 2, 2],
    "b": [1, 1, 1, 1, 2, 0, 0, 1, 2, 1],
    "c": [0, 0, 1, 2, 2, 2, 0, 1, 1, 0],
    "d": [0, 0, 1, 1, 2, 0, 1, 1, 0, 2],
    # two classes, five inputs
    "a2": [1, 0, 1, 0, 0],
    "b2": [1, 0, 1, 1, 1],
    # class probabilities, and logits
    "P1": [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.6, 0.4, 0]],
    "P2": [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.4, 0.35, 0.25], [0.1, 0.9, 0]],
    "Z1": [[2, 0, -1], [0, 1, 0]],
    "Z2": [[1, 1.5, 0], [0, 1, 0.5]],
}


class Golden(NamedTuple):
    source: str
    value: Any  # a number, or one per row
    measure: str
    arguments: str  # names in DATA; a group measure takes them all
    options: dict[str, Any]

    def __str__(self) -> str:
        options = ",".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.measure}({self.arguments.replace(' ', ',')}{';' * bool(options)}{options})"


def _line(source: str, value: Any, measure: str, arguments: str = "X Y", **options: Any) -> Golden:
    return Golden(source, value, measure, arguments, options)


GOLDEN = [
    _line("A", 0.9601679150, "cca_mean", summary="first"),
    _line("A", 0.6233802276, "cca_mean"),
    _line("A", 0.9601679150 + 0.6742784026 + 0.2356943653, "cca_mean", summary="sum"),
    _line("A", 0.04021412979, "cca_mean", summary="wilks"),
    _line("A", 12.70028356, "cca_mean", summary="lawley_hotelling"),
    _line("A", 0.4773752077, "cca_mean_squared"),
    _line("A", 1.432125623, "cca_mean_squared", summary="sum"),
    _line("D", 0.4286283463, "eigenspace_overlap"),
    _line("D", 0.3580314057, "eigenspace_overlap", center=True),
    _line("A", 0.6233802276, "svcca", threshold=0.99),
    _line("A", 0.8083077112, "svcca", threshold=0.85),
    _line("A", 0.7732440014, "svcca", threshold=0.7),
    _line("A", 0.7732440014, "svcca", k=2),
    _line("A", 0.6825697539, "pwcca"),
    _line("A", 0.6429909533, "pwcca", "Y X"),
    _line("A", 0.6429909533, "pwcca", weights_from="y"),
    _line("A", 0.6825697539, "pwcca", weights_from="smaller"),
    _line("A", 0.6825697539, "pwcca", "Y X", weights_from="smaller"),
    _line("D", 0.4501201015, "linear_regression_r2"),
    _line("D", 0.6049089524, "linear_regression_r2", "Y X"),
    _line("D", 0.4393544177, "linear_regression_r2", alpha=1.0),
    _line("B", 4.463917054, "procrustes"),
    _line("B", 5.015384911, "procrustes", "X Z"),
    _line("B", 4.288310899, "procrustes", center=True),
    _line("B", 0.8455876079, "procrustes", center=True, normalize=True),
    _line("B", 0.7150184026, "procrustes", center=True, normalize=True, squared=True),
    _line("B", 0.3408563653, "procrustes", "A B", center=True, normalize=True),
    _line("B", 0.8163721802, "angular_shape"),
    _line("B", 0.8730520223, "angular_shape", center=True),
    _line("F", 0.3504415677, "aligned_cosine", "X Z"),
    _line("F", 0.4648221344, "rsa"),
    _line("F", 0.4119894598, "rsa", inner="euclidean"),
    _line("F", 0.3725697765, "rsa", inner="euclidean", outer="pearson"),
    _line("F", 0.4080502061, "rsa", inner="cosine", outer="pearson"),
    _line("F", 0.2787878788, "rsa", inner="euclidean", outer="kendall_tau_a"),
    _line("F", 0.2787878788, "rsa", inner="euclidean", outer="kendall_tau_b"),
    _line("I", 0.8437745817, "rsa", inner="sq_euclidean", outer="cosine"),
    _line("E", 0.5379527770, "cka"),
    _line("E", 0.2954649001, "cka", estimator="debiased"),
    _line("I", 0.3370078065, "cka", estimator="lange"),
    _line("F", 0.7889388931, "cka", kernel="rbf", bandwidth=0.4),
    _line("F", 0.6296872573, "cka", kernel="rbf"),
    _line("I", 0.3061322090, "cka", kernel="rbf", estimator="debiased"),
    _line("E", 0.8436727406, "cka", "A B"),
    _line("E", 0.8737784976, "cka", "A B", estimator="debiased"),
    _line("F", 0.8505155754, "distance_correlation"),
    _line("F", 0.7233767441, "distance_correlation", squared=True),
    _line("F", 0.2667358201, "distance_correlation", bias_corrected=True),
    _line("G", 0.28, "knn_jaccard", k=3),
    _line("G", 0.33, "knn_jaccard", k=3, metric="euclidean"),
    _line("G", 0.4, "mutual_knn", k=3),
    _line("G", 0.5488369390, "second_order_cosine", k=3),
    _line("G", 0.6886915772, "second_order_cosine", k=3, inner="distance"),
    _line("E", 2.512462982, "participation_ratio", "X"),
    _line("E", 3.224355085, "participation_ratio", "Y"),
    _line("E", 3.224355085 - 2.512462982, "participation_ratio"),
    _line("F", -1.863489761, "uniformity", "X"),
    _line("F", -1.267240548, "uniformity", "X", normalize_rows=True),
    _line("F", -1.600546263, "uniformity", "X", normalize_rows=True, pairs="distinct"),
    _line("G2", 0.4, "disagreement", "a b"),
    _line("G4", 4 / 3, "error_corrected_disagreement", "a b", labels="y"),
    _line("G4", 1.0, "error_corrected_disagreement", "b a", labels="y"),
    _line("G4", 1.0, "error_corrected_disagreement", "a b", labels="y", reference="second"),
    _line("G4", 0.4 / 0.35, "error_corrected_disagreement", "a b", labels="y", reference="mean"),
    _line("G6", 0.4, "disagreement", "a2 b2"),
    _line("G9", 0.375, "cohen_kappa", "a b"),
    _line("G11", 0.36, "fleiss_kappa", "a b"),
    _line("G11", 0.334612923864, "fleiss_kappa", "a b c d"),
    _line("G21", 0.5, "disagreement", "P1 P2"),
    _line("G22", 0.0523725675144, "js_divergence", "P1 P2", kind="probs"),
    _line("G22", 0.0755576434317, "js_divergence", "P1 P2", kind="probs", base=2.0),
    _line(
        "G23",
        [0.0219011789685, 0, 0.0391897722548, 0.148399318834],
        "js_divergence",
        "P1 P2",
        kind="probs",
    ),
    _line("G24", 0.182795214712, "js_divergence", "P1 P2", kind="probs", sqrt=True),
    _line("G26", 0.0753776759548, "js_divergence", "Z1 Z2", kind="logits"),
    _line("G27", 0.0107032006888, "js_divergence", "S1 S2", kind="logits"),
    _line("G28", 0.0109042134154, "js_divergence", "P1 P2", kind="logits", base=2.0),
]

# Mean score over all pairings of the rows, in closed form.
NULL_MEANS = [
    _line("N", 0.3162487065, "cka"),
    _line("N", 0.4444444444, "cca_mean_squared"),
    _line("N", 0.6076730441, "distance_correlation", squared=True),
    _line("N", 0.2261904762, "knn_jaccard", k=3),
    _line("N", 3 / 9, "mutual_knn", k=3),
    _line("N", 3 / 9, "linear_regression_r2"),
    _line("N", 4 / 9, "linear_regression_r2", "Y X"),
    _line("N", 0.0, "cka", estimator="debiased"),
    _line("N", 0.0, "rsa"),
    _line("N", 0.0, "rsa", inner="euclidean", outer="pearson"),
    _line("N", 0.0, "rsa", inner="euclidean", outer="kendall_tau_b"),
]


def _softmax(z: Any) -> np.ndarray:
    e = np.exp(np.asarray(z, dtype=float))
    return e / e.sum(axis=1, keepdims=True)


DATA["S1"], DATA["S2"] = _softmax(DATA["Z1"]), _softmax(DATA["Z2"])


def arrays(line: Golden) -> list[np.ndarray]:
    """The arrays a line names."""
    return [np.asarray(DATA[name]) for name in line.arguments.split()]


def options(line: Golden) -> dict[str, Any]:
    """The options of a line, with labels looked up."""
    return {k: np.asarray(DATA[v]) if k == "labels" else v for k, v in line.options.items()}
