"""Draw the picture of docs/significance.rst: the same score twice, once by chance.

Run it with ``python docs/images/significance.py``. It needs matplotlib, and writes significance.png beside itself.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import resemblance as rs

CHANCE, SCORE, IDENTITY = "#56B4E9", "#D55E00", "#333333"  # told apart by color-blind readers, and in gray
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def pairs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the two pairs of the page."""
    rng = np.random.default_rng(0)
    strangers = rng.standard_normal((20, 50)), rng.standard_normal((20, 60))
    shared = rng.standard_normal((400, 10))
    relatives = tuple(shared @ rng.standard_normal((10, d)) + 2.2 * rng.standard_normal((400, d)) for d in (50, 60))
    return {
        "20 inputs, nothing in common": strangers,
        "400 inputs, 10 directions in common": relatives,
    }


def panel(ax: plt.Axes, title: str, x: np.ndarray, y: np.ndarray) -> None:
    """Draw the scores of random matchings, the observed one, and the calibrated scale."""
    found = rs.permutation_test(x, y, rs.cka, rng=0, return_null=True)
    counts, _, _ = ax.hist(found.null_distribution, bins=np.linspace(0, 1, 161), color=CHANCE)
    top = counts.max()
    ax.plot([found.null_mean] * 2, [0, 1.12 * top], color=IDENTITY, linewidth=1.5, linestyle=":")
    ax.plot([found.statistic] * 2, [0, 1.12 * top], color=SCORE, linewidth=2.5)
    left = found.statistic < found.null_mean
    ax.annotate(
        f"score {found.statistic:.2f}\nz = {found.zscore:.1f}, p = {found.pvalue:.2g}",
        (found.statistic, 0.95 * top),
        xytext=(-8, 0),
        textcoords="offset points",
        ha="right",
        va="top",
        color=SCORE,
        fontsize=11,
        fontweight="bold",
    )
    ax.annotate(
        f"chance {found.null_mean:.2f}",
        (found.null_mean, 1.1 * top),
        xytext=(8, 0),
        textcoords="offset points",
        ha="left",
        va="top",
        color=IDENTITY,
        fontsize=11,
    )
    ax.set_title(title, loc="left", fontsize=12, fontweight="bold")
    ax.set(xlim=(0, 1.003), ylim=(0, 1.15 * top), yticks=[])
    ax.set_xticks(np.linspace(0, 1, 6))
    ax.tick_params(labelsize=11)
    ax.spines[["top", "right", "left"]].set_visible(False)
    scale = ax.secondary_xaxis(-0.27)
    scale.set_xticks([found.null_mean + tick * (1 - found.null_mean) for tick in TICKS])
    scale.set_xticklabels([f"{tick:g}" for tick in TICKS] if not left else ["0", "", "0.5", "", "1"], fontsize=11)
    scale.set_color(SCORE)
    ax.text(-0.035, -0.045, "CKA", transform=ax.transAxes, ha="right", va="top", fontsize=11)
    ax.text(-0.035, -0.315, "calibrated", transform=ax.transAxes, ha="right", va="top", fontsize=11, color=SCORE)


def main() -> None:
    """Draw both panels."""
    figure, axes = plt.subplots(2, 1, figsize=(7.2, 5.0))
    with rs.config(on_warning="ignore"):
        for ax, (title, (x, y)) in zip(axes, pairs().items(), strict=True):
            panel(ax, title, x, y)
    figure.subplots_adjust(left=0.15, right=0.97, top=0.93, bottom=0.13, hspace=0.75)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
