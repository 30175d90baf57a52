"""Golden numbers of predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from golden._lines import line

DATA: dict[str, Any] = {
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
    # input gradients of two models: two inputs, two outputs, three entries
    "GA": [[1, -2, 2, 0, 3, 4], [1, 1, 0, -1, 0, 1]],
    "GB": [[2, 1, 2, 0, -3, 4], [1, -1, 0, 1, 0, 1]],
    "Z1": [[2, 0, -1], [0, 1, 0]],
    "Z2": [[1, 1.5, 0], [0, 1, 0.5]],
}


def _softmax(z: Any) -> np.ndarray:
    e = np.exp(np.asarray(z, dtype=float))
    return e / e.sum(axis=1, keepdims=True)


DATA["S1"], DATA["S2"] = _softmax(DATA["Z1"]), _softmax(DATA["Z2"])

GOLDEN = [
    line("G2", 0.4, "disagreement", "a b"),
    line("G4", 4 / 3, "error_corrected_disagreement", "a b", labels=DATA["y"]),
    line("G4", 1.0, "error_corrected_disagreement", "b a", labels=DATA["y"]),
    line("G4", 1.0, "error_corrected_disagreement", "a b", labels=DATA["y"], reference="second"),
    line("G4", 0.4 / 0.35, "error_corrected_disagreement", "a b", labels=DATA["y"], reference="mean"),
    line("G6", 0.4, "disagreement", "a2 b2"),
    line("G9", 0.375, "cohen_kappa", "a b"),
    line("G11", 0.36, "fleiss_kappa", "a b"),
    line("G11", 0.334612923864, "fleiss_kappa", "a b c d"),
    line("G13", 0.7, "ambiguity", "a b c d"),
    line("G21", 0.5, "disagreement", "P1 P2"),
    line("G22", 0.0523725675144, "js_divergence", "P1 P2", kind="probs"),
    line("G22", 0.0755576434317, "js_divergence", "P1 P2", kind="probs", base=2.0),
    line(
        "G23",
        [0.0219011789685, 0, 0.0391897722548, 0.148399318834],
        "js_divergence",
        "P1 P2",
        kind="probs",
    ),
    line("G24", 0.182795214712, "js_divergence", "P1 P2", kind="probs", sqrt=True),
    line("G26", 0.0753776759548, "js_divergence", "Z1 Z2", kind="logits"),
    line("G27", 0.0107032006888, "js_divergence", "S1 S2", kind="logits"),
    line("G28", 0.0109042134154, "js_divergence", "P1 P2", kind="logits", base=2.0),
    line("G42", 0.972222222222, "saliency_similarity", "GA GB", outputs=2),
    line("G42", [17 / 18, 1], "saliency_similarity", "GA GB", outputs=2),
    line("G42", 0.181111111111, "saliency_similarity", "GA GB", outputs=2, absolute=False),
]
