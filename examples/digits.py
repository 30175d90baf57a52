"""Train a handful of small networks on handwritten digits and see how alike they are, layer by layer.

Run it with ``make demo``, or ``python examples/digits.py --out demo``. It needs NumPy, scikit-learn (for the digits) and
matplotlib (for the pictures), takes about a minute on two cores, and gives the same numbers every time.
"""
# ruff: noqa: T201, INP001 - a script that talks

from __future__ import annotations

import argparse
import csv
import os
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

# One thread for NumPy: the order of its sums, and with it the last digits, then never depends on the machine's load.
for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("RESEMBLANCE_NUM_THREADS", str(os.cpu_count() or 1))

import numpy as np

import resemblance as rs
from resemblance import plot

HELD_OUT = 600
PERMUTATIONS = 999
LEVEL = 0.05  # false discovery rate

MEASURES = {
    "cka": partial(rs.cka, estimator="debiased"),
    "rsa": partial(rs.rsa, inner="euclidean"),
    "knn_jaccard": rs.knn_jaccard,
    "cca_mean": rs.cca_mean,
}
TITLES = {
    "cka": "Debiased linear CKA",
    "rsa": "RSA (Euclidean distances, Spearman)",
    "knn_jaccard": "Shared nearest neighbors (Jaccard, k = 10)",
    "cca_mean": "Mean canonical correlation",
}


# --------------------------------------------------------------------------------------------------------- networks


@dataclass(frozen=True)
class Recipe:
    """How a network is made."""

    name: str
    what: str
    seed: int
    width: int = 64
    epochs: int = 30
    shuffled: bool = False


RECIPES = (
    Recipe("a", "trained, seed 0", 0),
    Recipe("b", "trained, seed 1", 1),
    Recipe("wide", "trained, twice as wide", 2, width=128),
    Recipe("shuffled", "trained on shuffled labels", 3, epochs=220, shuffled=True),
    Recipe("untrained", "random weights", 4, epochs=0),
)
HIDDEN = 4  # hidden layers
LAYERS = [*(f"h{layer + 1}" for layer in range(HIDDEN)), "out"]


def rounded(array: np.ndarray) -> np.ndarray:
    """Round to a fixed grid, so that last-digit differences between processors do not grow over the training."""
    return np.round(array * 2.0**24) / 2.0**24


def forward(weights: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """Return the activations of every layer; the last are the logits."""
    activations = [x]
    for layer, weight in enumerate(weights):
        z = activations[-1] @ weight[:-1] + weight[-1]  # the last row is the bias
        activations.append(np.maximum(z, 0.0) if layer < HIDDEN else z)
    return activations[1:]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return class probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def train(recipe: Recipe, x: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Train by gradient descent with momentum; the step shrinks linearly to nothing."""
    random = np.random.default_rng(recipe.seed)
    sizes = [x.shape[1], *[recipe.width] * HIDDEN, 10]
    weights = [
        rounded(np.vstack([random.standard_normal((rows, cols)) * np.sqrt(2 / rows), np.zeros((1, cols))]))
        for rows, cols in zip(sizes, sizes[1:])
    ]
    if recipe.shuffled:
        labels = random.permutation(labels)
    targets, speeds, batch = np.eye(10)[labels], [np.zeros_like(weight) for weight in weights], 64
    for epoch in range(recipe.epochs):
        order, step = random.permutation(len(x)), 0.05 * (1 - epoch / recipe.epochs)
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            inputs = [x[rows], *forward(weights, x[rows])]
            gradient = (softmax(inputs.pop()) - targets[rows]) / len(rows)
            for layer in reversed(range(HIDDEN + 1)):
                slope = np.vstack([inputs[layer].T @ gradient, gradient.sum(axis=0)])
                gradient = (gradient @ weights[layer][:-1].T) * (inputs[layer] > 0)
                speeds[layer] = rounded(0.9 * speeds[layer] - step * slope)
                weights[layer] = weights[layer] + speeds[layer]
    return weights


# ---------------------------------------------------------------------------------------------------- the comparison


def main() -> None:
    """Train, compare, test, draw, and say what is seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the results (default: demo)")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    activations, probabilities, labels, networks = train_all()
    write(out / "networks.csv", networks)
    (out / "activations").mkdir(exist_ok=True)
    for recipe in RECIPES:
        layers = {layer: activations[f"{recipe.name}/{layer}"].astype(np.float32) for layer in LAYERS}
        np.savez(out / "activations" / f"{recipe.name}.npz", **layers)

    with rs.config(on_warning="ignore"):  # they are in the results, and the reading at the end repeats them
        say(f"comparing {len(activations)} layers with each other by {len(MEASURES)} measures")
        grids = dict(zip(MEASURES, rs.pairwise(activations, list(MEASURES.values())).grids))
        grids = {name: with_pvalues(name, grid, activations) for name, grid in grids.items()}
        threshold, tests = benjamini_hochberg([pair for grid in grids.values() for pair in upper(grid.pvalues)])
        say("measuring what chance gives")
        chance = chance_levels(activations)
        say("comparing predictions")
        agreement, kappas = functional(probabilities, labels)

    write(out / "similarity.csv", list(rows_of(grids, threshold)))
    write(out / "chance.csv", chance)
    write(out / "functional.csv", agreement)
    table = as_table(agreement) + "\n\n" + "\n".join(f"Fleiss' kappa of {who}: {kappa:.3f}" for who, kappa in kappas)
    (out / "functional.txt").write_text(table + "\n", encoding="utf-8")
    for name, grid in grids.items():
        grid.to_csv(out / f"{name}.csv")

    say("drawing")
    how = {"significance_label": f"p ≤ {threshold:.3g} (false discovery rate {LEVEL:.0%} over {tests} tests)"}
    for name, grid in grids.items():
        plot.save(grid, out / f"{name}.png", title=TITLES[name], significance=marked(grid, threshold), **how)
    masks = [marked(grid, threshold) for grid in grids.values()]
    plot.save(grids, out / "overview.png", titles=list(TITLES.values()), significance=masks, dpi=110, **how)

    text = reading(networks, grids, threshold, tests, chance, agreement, kappas)
    (out / "reading.txt").write_text(text, encoding="utf-8")
    say("done")
    print(f"\n{text}\nEverything is in {out}/:")
    for file, what in {
        "overview.png": "all maps in one picture; one per measure beside it",
        "reading.txt": "the text above",
        "similarity.csv": "every pair of layers: score, chance level, calibrated score, z, p",
        "functional.csv": "every pair of networks: how far their predictions agree (functional.txt to look at)",
        "chance.csv": "what unrelated layers score, by number of images",
        "networks.csv": "what was trained, and how well",
        "activations/": f"for experiments of your own: resemblance pairwise '{out}/activations/*.npz' -m cka -o out/",
    }.items():
        print(f"  {file:<16} {what}")


START = time.perf_counter()


def say(what: str) -> None:
    """Show how far the work is."""
    print(f"[{time.perf_counter() - START:5.1f} s] {what}", flush=True)


def train_all() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray, list[dict[str, object]]]:
    """Train every network; return layers and class probabilities on held-out images, their labels, and a table."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - slow to import: say something first

    say("loading the digits")
    digits = load_digits()
    order = np.random.default_rng(2024).permutation(len(digits.target))
    seen, held_out = order[HELD_OUT:], order[:HELD_OUT]
    x, labels = digits.data / 16.0, digits.target
    activations, probabilities, networks = {}, {}, []
    for recipe in RECIPES:
        weights = train(recipe, x[seen], labels[seen])
        layers = forward(weights, x[held_out])
        activations |= {f"{recipe.name}/{name}": layer for name, layer in zip(LAYERS, layers)}
        probabilities[recipe.name] = softmax(layers[-1])
        right = float(np.mean(layers[-1].argmax(axis=1) == labels[held_out]))
        networks.append(
            {
                "network": recipe.name,
                "what": recipe.what,
                "width": recipe.width,
                "epochs": recipe.epochs,
                "accuracy": right,
            }
        )
        say(f"network {recipe.name}: {recipe.what}, right on {right:.1%} of {HELD_OUT} held-out images")
    return activations, probabilities, labels[held_out], networks


def with_pvalues(name: str, grid: rs.Grid, activations: dict[str, np.ndarray]) -> rs.Grid:
    """Test every pair of layers: are they more alike than if their images were matched at random?"""
    measure, layers = MEASURES[name], list(activations)
    summaries = [rs.prepare(activations[layer], measure) for layer in layers]  # each layer is summarized once
    pvalues, null_mean = np.ones(grid.shape), np.zeros(grid.shape)
    for i in range(len(layers)):
        for j in range(i, len(layers)):
            seed = np.random.SeedSequence([2024, list(MEASURES).index(name), i, j])
            found = rs.permutation_test(summaries[i], summaries[j], measure, n_resamples=PERMUTATIONS, rng=seed)
            pvalues[i, j] = pvalues[j, i] = found.pvalue
            null_mean[i, j] = null_mean[j, i] = found.null_mean
        if i % 5 == 4:
            say(f"{name}: tested {layers[i - 4]} to {layers[i]} against all layers that follow")
    return replace(grid, pvalues=pvalues, null_mean=null_mean)


def upper(matrix: np.ndarray) -> list[float]:
    """Return the entry of every pair of different layers once."""
    return matrix[np.triu_indices(len(matrix), 1)].tolist()


def benjamini_hochberg(pvalues: list[float]) -> tuple[float, int]:
    """Return the largest p-value to be called significant, and the number of tests."""
    ordered = np.sort(pvalues)
    below = np.flatnonzero(ordered <= LEVEL * np.arange(1, len(ordered) + 1) / len(ordered))
    return (float(ordered[below[-1]]) if below.size else 0.0), len(ordered)


def marked(grid: rs.Grid, threshold: float) -> np.ndarray:
    """Return the significant pairs; a layer with itself was no question."""
    return (grid.pvalues <= threshold) & ~np.eye(len(grid.rows), dtype=bool)


def chance_levels(activations: dict[str, np.ndarray]) -> list[dict[str, object]]:
    """Score layers whose images were matched at random, so that nothing they share is left."""
    random = np.random.default_rng(2024)
    found = []
    for layer in LAYERS:
        for n in (20, 50, 100, 200, HELD_OUT):
            x, y = activations[f"a/{layer}"][:n], activations[f"b/{layer}"][:n]
            strangers = [y[random.permutation(n)] for _ in range(20)]
            matched = rs.compare(x, y, [rs.cka, MEASURES["cka"]])
            found.append(
                {
                    "pair": f"a/{layer} b/{layer}",
                    "n": n,
                    "cka_biased": matched[0].value,
                    "cka_debiased": matched[1].value,
                    "unrelated_biased_formula": matched[0].null_mean,
                    "unrelated_biased": float(np.mean([rs.cka(x, other) for other in strangers])),
                    "unrelated_debiased": float(np.mean([MEASURES["cka"](x, other) for other in strangers])),
                }
            )
    return found


def functional(
    probabilities: dict[str, np.ndarray], labels: np.ndarray
) -> tuple[list[dict[str, object]], list[tuple[str, float]]]:
    """Compare what the networks say about the held-out images."""
    measures = {
        "disagreement": rs.disagreement,
        "cohen_kappa": rs.cohen_kappa,
        "js_divergence": partial(rs.js_divergence, kind="probs"),
        "error_corrected_disagreement": partial(rs.error_corrected_disagreement, labels=labels),
    }
    names = list(probabilities)
    pairs = [(x, y) for i, x in enumerate(names) for y in names[i + 1 :]]
    agreement = [
        {"x": x, "y": y}
        | {name: float(measure(probabilities[x], probabilities[y])) for name, measure in measures.items()}
        for x, y in pairs
    ]
    classes = {name: scores.argmax(axis=1) for name, scores in probabilities.items()}
    groups = {"all five networks": names, "the three trained on true labels": names[:3]}
    return agreement, [(who, rs.fleiss_kappa([classes[name] for name in members])) for who, members in groups.items()]


# ------------------------------------------------------------------------------------------------------- the results


def rows_of(grids: dict[str, rs.Grid], threshold: float):  # noqa: ANN201 - rows of a table
    """Yield one row per measure and pair of layers."""
    for name, grid in grids.items():
        identity, mask = grid.facts["identity_value"], marked(grid, threshold)
        for i, x in enumerate(grid.rows):
            for j in range(i, len(grid.columns)):
                value, null_mean = float(grid.values[i, j]), float(grid.null_mean[i, j])
                yield {
                    "measure": name,
                    "options": grid.label,
                    "x": x,
                    "y": grid.columns[j],
                    "value": value,
                    "null_mean": null_mean,
                    "calibrated": (value - null_mean) / (identity - null_mean),
                    "pvalue": float(grid.pvalues[i, j]),
                    "significant": "" if i == j else "yes" if mask[i, j] else "no",
                }


def write(path: Path, rows: list[dict[str, object]]) -> None:
    """Write a table as CSV, numbers to nine digits."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([f"{cell:.9g}" if isinstance(cell, float) else cell for cell in row.values()] for row in rows)


def as_table(rows: list[dict[str, object]]) -> str:
    """Align a table for reading."""
    cells = [list(rows[0]), *([f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in cells)


def reading(
    networks: list[dict[str, object]],
    grids: dict[str, rs.Grid],
    threshold: float,
    tests: int,
    chance: list[dict[str, object]],
    agreement: list[dict[str, object]],
    kappas: list[tuple[str, float]],
) -> str:
    """Say in plain words what the numbers show."""
    cka = grids["cka"]
    names = [str(network["network"]) for network in networks]
    others = names[1:]

    def same_layer(grid: rs.Grid, x: str, y: str) -> list[float]:
        return [float(grid[f"{x}/{layer}", f"{y}/{layer}"]) for layer in LAYERS]

    lines = ["WHAT IS SEEN", ""]
    lines += [
        f"{HELD_OUT} images that no network has seen. " + " ".join(
            f"{network['network']} ({network['what']}) is right on {network['accuracy']:.1%}." for network in networks
        ),
        "",
        "1. The same layer in different networks (debiased CKA: 0 = unrelated, 1 = the same up to rotation and scale)",
        f"   {'layer':<8}" + "".join(f"{'a, ' + other:>14}" for other in others),
    ]  # fmt: skip
    lines += [
        f"   {layer:<8}" + "".join(f"{same_layer(cka, 'a', other)[at]:14.2f}" for other in others)
        for at, layer in enumerate(LAYERS)
    ]
    means = {other: float(np.mean(same_layer(cka, "a", other))) for other in others}
    order = sorted(others, key=means.__getitem__, reverse=True)
    ranking = ", ".join(f"{other} ({means[other]:.2f})" for other in order)
    lines += [f"   Most like a, on average over the layers: {ranking}."]
    for name, grid in list(grids.items())[1:]:
        ranked = sorted(others, key=lambda other: float(np.mean(same_layer(grid, "a", other))), reverse=True)
        agrees = "the same order" if ranked == order else "another order: " + ", ".join(ranked)
        lines += [f"   {TITLES[name]}: {agrees}."]
    block = np.array([[cka[f"a/{x}", f"b/{y}"] for y in LAYERS] for x in LAYERS])
    hits = int(np.sum(block.argmax(axis=1) == np.arange(len(LAYERS))))
    lines += [
        f"   For {hits} of the {len(LAYERS)} layers of a, the most similar layer of b is the one at the same depth.",
        "",
        f"2. Is it chance? One permutation test per pair and measure, {PERMUTATIONS} permutations or more, {tests} tests.",
        f"   A false discovery rate of {LEVEL:.0%} (Benjamini-Hochberg) allows p <= {threshold:.3g}.",
    ]
    for name, grid in grids.items():
        mask = marked(grid, threshold)
        pairs = len(grid.rows) * (len(grid.rows) - 1) // 2
        lines += [f"   {TITLES[name]}: {int(mask.sum()) // 2} of {pairs} pairs are significant."]
    blank = [name for name in names if name in {"shuffled", "untrained"}]
    share = np.mean([marked(cka, threshold)[i, j] for i, x in enumerate(cka.rows) for j, y in enumerate(cka.columns)
                     if x.startswith("a/") and y.split("/")[0] in blank])  # fmt: skip
    lines += [
        f"   Even of the pairs of a with {' or '.join(blank)} {share:.0%} are significant: all networks see the same images,",
        "   and any function of the same images is related to any other. A p-value answers whether, not how much:",
        "   read the score beside its chance level.",
        "",
        "3. What would unrelated networks of this shape score? The last hidden layers of a and b, images matched at random:",
        f"   {'images':>8}{'a, b matched':>14}{'unrelated':>12}{'matched':>12}{'unrelated':>12}",
        f"   {'':>8}{'biased CKA':>14}{'biased':>12}{'debiased':>12}{'debiased':>12}",
    ]
    last = [row for row in chance if row["pair"] == f"a/{LAYERS[-2]} b/{LAYERS[-2]}"]
    for row in last:
        columns = ("cka_biased", "unrelated_biased", "cka_debiased", "unrelated_debiased")
        shown = [f"{row[column] + 0.0:.2f}".replace("-0.00", "0.00") for column in columns]
        lines += [f"   {row['n']:8d}{shown[0]:>14}{shown[1]:>12}{shown[2]:>12}{shown[3]:>12}"]
    few, many = last[0], last[-1]
    lines += [
        f"   With {few['n']} images a biased score of {few['unrelated_biased']:.2f} means nothing at all; with {many['n']}"
        f" images chance is down to {many['unrelated_biased']:.2f}.",
        f"   `compare` states this level beside each score without any shuffling ({few['unrelated_biased_formula']:.2f} and"
        f" {many['unrelated_biased_formula']:.2f} by formula).",
        f"   Mean canonical correlation has the highest one here: {chance_of(grids['cca_mean'])} for {HELD_OUT} images.",
        "",
        "4. What the networks say (functional similarity)",
    ]
    pairs = {(row["x"], row["y"]): row for row in agreement}
    ab = pairs["a", "b"]
    lines += [
        f"   a and b give different answers for {ab['disagreement']:.1%} of the images (kappa {ab['cohen_kappa']:.2f}); "
        f"a and wide for {pairs['a', 'wide']['disagreement']:.1%}.",
        f"   a and shuffled differ on {pairs['a', 'shuffled']['disagreement']:.1%} (kappa {pairs['a', 'shuffled']['cohen_kappa']:.2f}), "
        f"a and untrained on {pairs['a', 'untrained']['disagreement']:.1%} (kappa {pairs['a', 'untrained']['cohen_kappa']:.2f}).",
        *(f"   Fleiss' kappa of {who}: {kappa:.2f}." for who, kappa in kappas),
        f"   Inside, shuffled is still {means['shuffled']:.2f} like a: layers can be alike in networks that answer differently.",
        "",
    ]
    remarks = {}
    for grid in grids.values():
        for warning in grid.warnings:
            remarks.setdefault(warning.code, (grid.label, warning.message))
    lines += [
        "5. What the library remarked",
        *(f"   {code} ({label}): {text}" for code, (label, text) in remarks.items()),
    ]
    lines += [] if remarks else ["   Nothing."]
    return "\n".join(lines) + "\n"


def chance_of(grid: rs.Grid) -> str:
    """Write the range of the chance levels of a grid."""
    levels = upper(grid.null_mean)
    return f"{min(levels):.2f} to {max(levels):.2f}"


if __name__ == "__main__":
    main()
