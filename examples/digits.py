"""Train a handful of small networks on handwritten digits and see how alike they are, layer by layer.

Run it with ``make demo``, or ``python examples/digits.py --out demo``. It needs NumPy, scikit-learn (for the digits)
and matplotlib (for the pictures), takes about a minute on two cores, and gives the same numbers every time.
"""
# ruff: noqa: T201, INP001, E402 - a script that talks, and that sets threads before it imports NumPy

from __future__ import annotations

import argparse
import csv
import itertools
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

# One thread for NumPy: the order of its sums, and with it the last digits, then never depends on the machine's load.
for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("RESEMBLANCE_NUM_THREADS", str(os.cpu_count() or 1))

import numpy as np

import resemblance as rs
from resemblance import plot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Row = dict[str, Any]

HELD_OUT = 600
PERMUTATIONS = 999
LEVEL = 0.01  # the chance of even one wrong mark in a map (maxT over all of its pairs)

MEASURES = {
    "cka": partial(rs.cka, estimator="debiased"),
    "rsa": partial(rs.rsa, inner="euclidean"),
    "knn_jaccard": rs.knn_jaccard,
    "cca_mean_squared": rs.cca_mean_squared,
}
TITLES = {
    "cka": "Debiased linear CKA",
    "rsa": "RSA (Euclidean distances, Spearman)",
    "knn_jaccard": "Shared nearest neighbors (Jaccard, k = 10)",
    "cca_mean_squared": "Mean squared canonical correlation",
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
CONTROL = "b mixed"  # network b with its images in another order: nothing is left to be alike
HIDDEN = 4  # hidden layers
LAYERS = [*(f"h{layer + 1}" for layer in range(HIDDEN)), "out"]


def rounded(array: Array) -> Array:
    """Round to a fixed grid, so that last-digit differences between processors do not grow over the training."""
    return np.round(array * 2.0**24) / 2.0**24


def forward(weights: list[Array], x: Array) -> list[Array]:
    """Return the activations of every layer; the last are the logits."""
    activations = [x]
    for layer, weight in enumerate(weights):
        z = activations[-1] @ weight[:-1] + weight[-1]  # the last row is the bias
        activations.append(np.maximum(z, 0.0) if layer < HIDDEN else z)
    return activations[1:]


def softmax(logits: Array) -> Array:
    """Return class probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def train(recipe: Recipe, x: Array, labels: Array) -> list[Array]:
    """Train by gradient descent with momentum; the step shrinks linearly to nothing."""
    random = np.random.default_rng(recipe.seed)
    sizes = [x.shape[1], *[recipe.width] * HIDDEN, 10]
    weights = [
        rounded(np.vstack([random.standard_normal((rows, cols)) * np.sqrt(2 / rows), np.zeros((1, cols))]))
        for rows, cols in itertools.pairwise(sizes)
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
        grids = {name: tested(name, activations) for name in MEASURES}
        say("measuring what chance gives")
        chance = chance_levels(activations)
        say("comparing predictions")
        agreement = functional(probabilities, labels)

    write(out / "similarity.csv", list(rows_of(grids)))
    write(out / "chance.csv", chance)
    write(out / "functional.csv", agreement)
    (out / "functional.txt").write_text(as_table(agreement) + "\n", encoding="utf-8")
    for name, grid in grids.items():
        grid.to_csv(out / f"{name}.csv")

    say("drawing")
    tests = next(iter(grids.values())).n_tests
    how = {"significance_label": f"p ≤ {LEVEL:g}, corrected for all {tests} pairs (maxT)"}
    for name, grid in grids.items():
        plot.save(grid, out / f"{name}.png", title=TITLES[name], significance=marked(grid), dpi=130, **how)
    masks = [marked(grid) for grid in grids.values()]
    plot.save(grids, out / "overview.png", titles=list(TITLES.values()), significance=masks, dpi=110, **how)

    text = reading(networks, grids, chance, agreement)
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


def train_all() -> tuple[dict[str, Array], dict[str, Array], Array, list[Row]]:
    """Train every network; return layers and class probabilities on held-out images, their labels, and a table.

    The layers of the control are added to those of the networks.
    """
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
        activations |= {f"{recipe.name}/{name}": layer for name, layer in zip(LAYERS, layers, strict=True)}
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
        say(f"network {recipe.name}: {recipe.what}; right on {right:.1%} of {HELD_OUT} held-out images")
    other = np.random.default_rng(2024).permutation(HELD_OUT)
    activations |= {f"{CONTROL}/{name}": activations[f"b/{name}"][other] for name in LAYERS}
    return activations, probabilities, labels[held_out], networks


def tested(name: str, activations: dict[str, Array]) -> rs.PermutationGrid:
    """Score every pair of layers, and test whether it is more alike than if images were matched at random."""
    seed = np.random.SeedSequence([2024, list(MEASURES).index(name)])
    grid = rs.pairwise_test(activations, MEASURES[name], n_resamples=PERMUTATIONS, rng=seed, adjust="maxT")[0]
    say(f"{name}: {grid.n_tests} pairs, {grid.n_resamples} permutations of all of them together")
    return grid


def marked(grid: rs.PermutationGrid) -> Array:
    """Return the significant pairs; a layer with itself was no question."""
    return (grid.pvalues <= LEVEL) & ~np.eye(len(grid.rows), dtype=bool)


def chance_levels(activations: dict[str, Array]) -> list[Row]:
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


def functional(probabilities: dict[str, Array], labels: Array) -> list[Row]:
    """Compare what the networks say about the held-out images, in pairs and as groups."""
    measures = {
        "disagreement": rs.disagreement,
        "cohen_kappa": rs.cohen_kappa,
        "js_divergence": partial(rs.js_divergence, kind="probs"),
        "error_corrected_disagreement": partial(rs.error_corrected_disagreement, labels=labels),
    }
    agreement = [
        {"x": x, "y": y}
        | {name: float(measure(probabilities[x], probabilities[y])) for name, measure in measures.items()}
        | {"fleiss_kappa": ""}
        for x, y in itertools.combinations(probabilities, 2)
    ]
    groups = {"all networks": list(probabilities), "those trained on true labels": ["a", "b", "wide"]}
    for who, members in groups.items():
        kappa = rs.fleiss_kappa([probabilities[name].argmax(axis=1) for name in members])
        agreement.append({"x": who, "y": ""} | dict.fromkeys(measures, "") | {"fleiss_kappa": float(kappa)})
    return agreement


# ------------------------------------------------------------------------------------------------------- the results


def rows_of(grids: dict[str, rs.PermutationGrid]) -> Iterator[Row]:
    """Yield one row per measure and pair of layers."""
    for name, grid in grids.items():
        mask = marked(grid)
        for i, x in enumerate(grid.rows):
            for j in range(i, len(grid.columns)):
                yield {
                    "measure": name,
                    "options": grid.label,
                    "x": x,
                    "y": grid.columns[j],
                    "value": float(grid.values[i, j]),
                    "null_mean": float(grid.null_mean[i, j]),
                    "null_std": float(grid.null_std[i, j]),
                    "zscore": float(grid.zscores[i, j]),
                    "calibrated": float(grid.calibrated_mean[i, j]),
                    "pvalue": "" if i == j else float(grid.unadjusted[i, j]),
                    "pvalue_maxT": "" if i == j else float(grid.pvalues[i, j]),
                    "significant": "" if i == j else "yes" if mask[i, j] else "no",
                }


def write(path: Path, rows: list[Row]) -> None:
    """Write a table as CSV, numbers to nine digits."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([f"{cell:.9g}" if isinstance(cell, float) else cell for cell in row.values()] for row in rows)


def as_table(rows: list[Row]) -> str:
    """Align a table for reading."""
    cells = [list(rows[0]), *([f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def reading(networks: list[Row], grids: dict[str, rs.PermutationGrid], chance: list[Row], agreement: list[Row]) -> str:
    """Say in plain words what the numbers show."""
    sections = (
        of_networks(networks),
        of_layers(grids),
        of_significance(grids),
        of_chance(grids, chance),
        of_predictions(grids, agreement),
        of_remarks(grids),
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def of_networks(networks: list[Row]) -> list[str]:
    """Say what was trained."""
    return [
        f"WHAT IS SEEN on {HELD_OUT} images that no network was trained on",
        *(f"   {row['network']:<10} {row['what']:<28} right on {row['accuracy']:.1%}" for row in networks),
        f"   {CONTROL:<10} b again, its images in another order: a control that is like nothing else",
    ]


def same_layer(grid: rs.Grid, other: str) -> list[float]:
    """Return the scores of network a with another one, layer by layer."""
    return [grid[f"a/{layer}", f"{other}/{layer}"] for layer in LAYERS]


def mean(scores: list[float]) -> float:
    """Return the mean as a plain number."""
    return float(np.mean(scores))


def of_layers(grids: dict[str, rs.Grid]) -> list[str]:
    """Say which networks are alike, and in which layers."""
    cka, others = grids["cka"], [*(recipe.name for recipe in RECIPES[1:]), CONTROL]
    columns = {other: same_layer(cka, other) for other in others}
    order = sorted(others, key=lambda other: -mean(columns[other]))
    block = np.array([[cka[f"a/{x}", f"b/{y}"] for y in LAYERS] for x in LAYERS])
    hits = int(np.sum(block.argmax(axis=1) == np.arange(len(LAYERS))))
    lines = [
        "1. The same layer in different networks (debiased CKA: 0 = unrelated, 1 = the same up to rotation and scale)",
        f"   {'layer':<6}" + "".join(f"{'a, ' + other:>14}" for other in others),
    ]
    for at, layer in enumerate(LAYERS):
        lines.append(f"   {layer:<6}" + "".join(f"{shown(columns[other][at]):>14}" for other in others))
    ranking = ", ".join(f"{other} ({shown(mean(columns[other]))})" for other in order)
    lines.append(f"   Most like a, on average over the layers: {ranking}.")
    for name, grid in list(grids.items())[1:]:
        ranked = sorted(others, key=lambda other: -mean(same_layer(grid, other)))
        lines.append(f"   {TITLES[name]}: {'the same order' if ranked == order else ', '.join(ranked)}.")
    lines.append(
        f"   For {hits} of the {len(LAYERS)} layers of a, the layer of b most like it is the one at the same depth."
    )
    return lines


def of_significance(grids: dict[str, rs.PermutationGrid]) -> list[str]:
    """Say what is beyond chance, and how far."""
    first = next(iter(grids.values()))
    lines = [
        f"2. Is it chance? {first.n_tests} pairs per measure under the same {first.n_resamples} permutations",
        f"   Marked is p <= {LEVEL:g}, corrected for all pairs (maxT): {LEVEL:.0%} of such maps have a wrong mark.",
    ]
    for name, grid in grids.items():
        control = np.array([row.startswith(CONTROL + "/") for row in grid.rows])
        kinds = {
            "of different networks": different(grid) & ~control[:, None] & ~control,
            "with the control": control[:, None] ^ control,
        }
        hits = marked(grid)
        found = ", ".join(
            f"{hits[pairs].sum() // 2} of {pairs.sum() // 2} pairs {kind}" for kind, pairs in kinds.items()
        )
        lines.append(f"   {TITLES[name]}: {found}.")
    lines += [
        "   A mark on a pair with the control would be wrong.",
        "   All networks see the same images, so even an untrained one is related to the others: the p-value answers",
        "   whether there is any relation, not how much of one. The z-score and calibrated score (0 at chance, 1 for",
        f"   the same) say more. Layer {LAYERS[-2]} of a with that of",
    ]
    others = [*(recipe.name for recipe in RECIPES[1:]), CONTROL]
    for name, grid in grids.items():
        row = grid.rows.index(f"a/{LAYERS[-2]}")
        at = [grid.columns.index(f"{other}/{LAYERS[-2]}") for other in others]
        told = ", ".join(
            f"{other} {shown(grid.calibrated_mean[row, column])} (z {grid.zscores[row, column]:.0f})"
            for other, column in zip(others, at, strict=True)
        )
        lines.append(f"   {TITLES[name]}: {told}.")
    return lines


def different(grid: rs.Grid) -> Array:
    """Return the pairs of layers of different networks."""
    networks = np.array([row.split("/")[0] for row in grid.rows])
    return networks[:, None] != networks


def of_chance(grids: dict[str, rs.Grid], chance: list[Row]) -> list[str]:
    """Say what unrelated networks would score."""
    layer = LAYERS[-2]
    rows = [row for row in chance if row["pair"] == f"a/{layer} b/{layer}"]
    few, many = rows[0], rows[-1]
    columns = ("cka_biased", "unrelated_biased", "unrelated_biased_formula", "cka_debiased", "unrelated_debiased")
    table = ["".join(f"{shown(row[column]):>14}" for column in columns) for row in rows]
    low, high = shown(few["unrelated_biased"]), shown(many["unrelated_biased"])
    return [
        f"3. What would unrelated networks of this shape score? Layer {layer} of a and b, images matched at random",
        f"   {'':<6}{'biased CKA':>42}{'debiased CKA':>28}",
        f"   {'images':<6}{'a, b':>14}{'unrelated':>14}{'by formula':>14}{'a, b':>14}{'unrelated':>14}",
        *(f"   {row['n']:<6}{line}" for row, line in zip(rows, table, strict=True)),
        f"   Under biased CKA, layers with nothing in common score {low} on {few['n']} images, {high} on {many['n']}.",
        "   The formula is what `compare` states beside each score, nothing being shuffled; debiased CKA needs none.",
        f"   Mean squared canonical correlation of unrelated layers: {chance_of(grids['cca_mean_squared'])}.",
    ]


def of_predictions(grids: dict[str, rs.Grid], agreement: list[Row]) -> list[str]:
    """Say how far the networks answer alike."""
    with_a = {row["y"]: row for row in agreement if row["x"] == "a"}
    lines = ["4. What the networks answer (functional similarity)"]
    for other, row in with_a.items():
        lines.append(
            f"   a and {other} differ on {row['disagreement']:.1%} of the images (kappa {shown(row['cohen_kappa'])}); "
            f"inside, they are alike by {shown(mean(same_layer(grids['cka'], other)))} (mean CKA of their layers)."
        )
    groups = [row for row in agreement if row["y"] == ""]
    lines += [f"   Fleiss' kappa of {row['x']}: {shown(row['fleiss_kappa'])}." for row in groups]
    return lines


def of_remarks(grids: dict[str, rs.Grid]) -> list[str]:
    """Repeat the warnings, each once, with the measures it was given for."""
    remarks: dict[tuple[str, str], list[str]] = {}
    for name, grid in grids.items():
        for warning in {warning.code: warning for warning in reversed(grid.warnings)}.values():
            remarks.setdefault((warning.code, warning.message), []).append(name)
    lines = [f"   {code} ({', '.join(names)}): {message}" for (code, message), names in remarks.items()]
    return ["5. What the library remarked", *(lines or ["   Nothing."])]


def chance_of(grid: rs.Grid) -> str:
    """Write the range of the chance levels of a grid."""
    levels = grid.null_mean[different(grid)]
    return f"{shown(levels.min())} to {shown(levels.max())}"


def shown(value: float) -> str:
    """Write a score with two digits, without a minus before zero."""
    return f"{value:.2f}".replace("-0.00", "0.00")


if __name__ == "__main__":
    main()
