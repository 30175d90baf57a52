"""Heatmaps of grids, drawn to be read: what the colours mean, what chance gives, which cells are significant.

matplotlib is imported when something is drawn, not before, and a figure made for a file (`save`) never needs a display.
The colours are those of *cividis*, even in lightness and safe for the colour-blind; bright is always more alike, so
that distances and similarities look the same.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from resemblance.errors import make

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from resemblance.results import Grid

__all__ = ["heatmap", "heatmaps", "save"]

COLORS = "cividis"
MISSING = "0.82"  # the grey behind the hatching of cells without a value
FONT = 8.0  # points
CELL = 13.0  # points per row in a new figure, if there is room
MOST_ANNOTATED = 12  # rows up to which the numbers are written into the cells


def heatmap(
    grid: Grid,
    ax: Axes | None = None,
    *,
    significance: float | ArrayLike | None = 0.05,
    significance_label: str | None = None,
    annotate: bool | None = None,
    title: str | None = None,
    chance: float | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
) -> Axes:
    """Draw a grid as a heatmap.

    Parameters
    ----------
    grid : Grid
        What `pairwise` returned.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of fitting size otherwise.
    significance : float, array of bool or None, default 0.05
        Cells to mark with a dot: those whose entry in ``grid.pvalues`` is at most this level, or those that are true in
        a mask of the shape of the grid (for levels adjusted for many tests). None marks none.
    significance_label : str, optional
        What the dot means, for the legend. By default ``p ≤`` the level and what it is corrected
        for, or ``significant``.
    annotate : bool, optional
        Whether to write the values into the cells; by default in grids of at most 12 rows and columns.
    title : str, optional
        By default the measure with its options.
    chance : float, optional
        The chance level to mark beside the colours; by default the median of ``grid.null_mean``.
    vmin, vmax : float, optional
        Ends of the colours. By default the range of the measure where it is bounded, and that of the values elsewhere.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Notes
    -----
    Names such as ``net/layer`` (or ``file:layer``) are grouped: white lines separate the groups, and each group is
    named once. Labels are thinned out when there are too many to be read. Cells without a value are grey and hatched.
    """
    _need_matplotlib()
    names = _Names.of(grid.rows), _Names.of(grid.columns)
    if ax is None:
        ax = _new_figure(_size(names), pyplot=True).subplots()
    scale = _Scale.of(grid, chance, vmin, vmax)
    image = ax.imshow(
        np.ma.masked_invalid(grid.values),
        cmap=COLORS + ("_r" if scale.reversed else ""),
        vmin=scale.low,
        vmax=scale.high,
        interpolation="nearest",
        aspect="equal" if 1 / 3 <= len(grid.rows) / max(len(grid.columns), 1) <= 3 else "auto",
    )
    _missing(ax, grid)
    _label(ax, "y", names[0])
    _label(ax, "x", names[1])
    written = max(grid.values.shape, default=0) <= MOST_ANNOTATED if annotate is None else annotate
    if written:
        _write(ax, image, grid.values)
    mask, label = _significant(grid, significance, significance_label)
    if mask is not None:
        _mark(ax, image, grid, mask, corner=written)
    _heading(ax, grid, title, label if mask is not None else None)
    _color_bar(ax, image, grid, scale)
    return ax


def heatmaps(
    grids: Iterable[Grid],
    *,
    columns: int | None = None,
    titles: Sequence[str | None] | None = None,
    significance: Sequence[Any] | float | None = 0.05,
    figure: Figure | None = None,
    **how: Any,
) -> Figure:
    """Draw several grids side by side, each with its own colours.

    Parameters
    ----------
    grids : iterable of Grid
        What `pairwise` returned for several measures (`Grids` as well).
    columns : int, optional
        How many in a row; by default about as many as rows of them.
    titles : sequence of str, optional
        One per grid.
    significance : sequence or float, optional
        As for `heatmap`: one level for all grids, or a level or mask per grid.
    figure : matplotlib.figure.Figure, optional
        An empty figure to draw on; a new one of fitting size otherwise.
    **how
        Passed on to `heatmap`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure drawn on.
    """
    _need_matplotlib()
    listed = _listed(grids)
    across = columns or math.ceil(math.sqrt(len(listed)))
    down = math.ceil(len(listed) / across)
    if figure is None:
        figure = _new_figure(_total(listed, across, down), pyplot=True)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for ax in axes[len(listed) :]:
        ax.remove()
    levels = list(significance) if isinstance(significance, list | tuple) else [significance] * len(listed)
    for ax, grid, title, level in zip(axes, listed, titles or [None] * len(listed), levels, strict=False):
        heatmap(grid, ax, title=title, significance=level, **how)
    return figure


def save(grids: Grid | Iterable[Grid], path: str | os.PathLike[str], *, dpi: int = 150, **how: Any) -> None:
    """Draw a grid, or several, into a file; the suffix (``.png``, ``.svg``, ``.pdf``) decides the format.

    Parameters
    ----------
    grids : Grid or iterable of Grid
        What to draw.
    path : path-like
        Where to.
    dpi : int, default 150
        Dots per inch of a picture made of dots.
    **how
        Passed on to `heatmap` or `heatmaps`.
    """
    _need_matplotlib()
    listed = _listed(grids)
    if len(listed) == 1 and hasattr(grids, "measure"):
        figure = _new_figure(_size((_Names.of(listed[0].rows), _Names.of(listed[0].columns))))
        heatmap(listed[0], figure.subplots(), **how)
    else:
        across = how.get("columns") or math.ceil(math.sqrt(len(listed)))
        figure = _new_figure(_total(listed, across, math.ceil(len(listed) / across)))
        heatmaps(listed, figure=figure, **how)
    figure.savefig(path, dpi=dpi)


def _need_matplotlib() -> None:
    try:
        import matplotlib.figure  # noqa: F401, PLC0415 - an optional dependency
    except ImportError as error:
        message = "Drawing needs matplotlib, which is not installed: pip install matplotlib."
        raise ModuleNotFoundError(message, name="matplotlib") from error


def _listed(grids: Any) -> list[Grid]:
    if hasattr(grids, "measure"):
        return [grids]
    listed = list(grids.values() if hasattr(grids, "values") else grids)
    if not listed:
        raise make("empty_input", "There is no grid to draw.")
    return listed


# ---------------------------------------------------------------------------------------------------------- the figure


def _new_figure(size: tuple[float, float], *, pyplot: bool = False) -> Figure:
    """Make a figure; with pyplot it shows itself in notebooks, without it no display is touched."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an optional dependency

    if pyplot:
        from matplotlib import pyplot as plt  # noqa: PLC0415 - an optional dependency

        figure = plt.figure(figsize=size, layout="constrained")
    else:
        figure = Figure(figsize=size, layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.1, h_pad=0.1)
    return figure


def _size(names: tuple[_Names, _Names]) -> tuple[float, float]:
    """Choose inches: readable cells up to a page, plus room for labels and colours."""
    rows, columns = (len(side.leaves) for side in names)
    margin = [side.extent + 2.2 * FONT * (side.groups is not None) for side in names]
    # few cells hold numbers and want room for them
    cells = [count * (CELL if max(rows, columns) > MOST_ANNOTATED else 2.4 * CELL) for count in (columns, rows)]
    width = min(max(cells[0], 170), 560) + margin[0] + 110
    height = min(max(cells[1], 170), 560) + margin[1] + 55
    return width / 72, height / 72


def _total(grids: list[Grid], across: int, down: int) -> tuple[float, float]:
    sizes = [_size((_Names.of(grid.rows), _Names.of(grid.columns))) for grid in grids]
    width, height = (max(side) for side in zip(*sizes, strict=True))
    shrink = 1.0 if len(grids) == 1 else 0.85
    return across * width * shrink, down * height * shrink


# ---------------------------------------------------------------------------------------------------------- the labels


class _Names(NamedTuple):
    """Labels of one side; a group (name, first, last) shares what stands before the layer."""

    leaves: list[str]
    groups: list[tuple[str, int, int]] | None

    @classmethod
    def of(cls, labels: Sequence[str]) -> _Names:
        split = [_split(str(label)) for label in labels]
        groups: list[tuple[str, int, int]] = []
        for at, (group, _) in enumerate(split):
            if groups and groups[-1][0] == group:
                groups[-1] = (group, groups[-1][1], at)
            else:
                groups.append((group, at, at))
        named = all(group for group, _ in split)
        if not named or len(groups) == len(split) or len({group for group, *_ in groups}) < len(groups):
            return cls(_shortened([str(label) for label in labels]), None)
        return cls(_shortened([leaf for _, leaf in split]), groups)

    @property
    def extent(self) -> float:
        """How far the longest label reaches, in points."""
        return max((_width(leaf) for leaf in self.leaves), default=0.0)


def _split(label: str) -> tuple[str, str]:
    at = max(label.rfind("/"), label.rfind(":"))
    return (label[:at], label[at + 1 :]) if at > 0 else ("", label)


def _shortened(labels: list[str]) -> list[str]:
    """Cut the middle out of long labels, as long as that leaves them different."""
    labels = [" ".join(label.split()) for label in labels]
    for most in (32, 48, 64):
        short = [
            label if len(label) <= most else label[: most // 2 - 1] + "…" + label[-most // 2 :] for label in labels
        ]
        if len(set(short)) == len(set(labels)):
            return short
    return labels


def _width(text: str, size: float = FONT) -> float:
    """Width of a text in points."""
    from matplotlib.textpath import TextPath  # noqa: PLC0415 - an optional dependency

    return float(TextPath((0, 0), text.replace("$", r"\$"), size=size).get_extents().width) if text.strip() else 0.0


def _label(ax: Axes, side: str, names: _Names) -> None:
    count = len(names.leaves)
    axis = ax.xaxis if side == "x" else ax.yaxis
    length = _extent(ax)[side == "y"]
    step = max(1, math.ceil(1.15 * FONT * count / max(length, 1.0)))
    shown = list(range(0, count, step)) if names.groups is None else _thinned(names.groups, step)
    axis.set_ticks(shown, [names.leaves[at].replace("$", r"\$") for at in shown], fontsize=FONT)
    axis.set_tick_params(length=2, pad=2)
    upright = side == "x" and max((_width(names.leaves[at]) for at in shown), default=0) > 0.8 * step * length / max(
        count, 1
    )
    if upright:
        ax.tick_params(axis="x", rotation=90)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if names.groups is None:
        return
    reach = (1.04 * names.extent if side == "y" or upright else FONT) + 8
    for name, first, last in names.groups:
        if first:
            (ax.axvline if side == "x" else ax.axhline)(first - 0.5, color="white", linewidth=1.4)
        middle = (first + last) / 2
        room = (last - first + 1) * length / count
        text = _fitted(name, room)
        ax.annotate(
            text.replace("$", r"\$"),
            (middle, 0) if side == "x" else (0, middle),
            xycoords=("data", "axes fraction") if side == "x" else ("axes fraction", "data"),
            xytext=(0, -reach) if side == "x" else (-reach, 0),
            textcoords="offset points",
            ha="center" if side == "x" else "right",
            va="top" if side == "x" else "center",
            rotation=0 if side == "x" else 90,
            fontsize=FONT + 0.5,
            fontweight="bold",
            annotation_clip=False,
        )


def _thinned(groups: list[tuple[str, int, int]], step: int) -> list[int]:
    """Thin within groups, so that each begins with its first layer."""
    return [
        at for _, first, last in groups for at in range(first, last + 1, step) if step == 1 or last + 1 - at >= step / 2
    ]


def _fitted(name: str, room: float) -> str:
    """Keep the end of a group's name, which tells groups apart, if all of it does not fit."""
    while len(name) > 3 and 1.1 * _width(name, FONT + 0.5) > room:
        name = "…" + name[2:]
    return name


# ------------------------------------------------------------------------------------------------ the colours and marks


class _Scale(NamedTuple):
    low: float
    high: float
    reversed: bool
    identity: float | None
    chance: float | None

    @classmethod
    def of(cls, grid: Grid, chance: float | None, vmin: float | None, vmax: float | None) -> _Scale:
        facts = grid.facts
        kind = facts.kind
        finite = grid.values[np.isfinite(grid.values)]
        least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        low, high = facts.range or (-math.inf, math.inf)
        if kind == "similarity":
            low = min(0.0, least)  # a range down to -1 is there for the rare negative score; half the colours are not
            high = high if math.isfinite(high) else most
        else:
            low = low if math.isfinite(low) else least
            high = most  # distances rarely come near their bound
        low, high = low if vmin is None else vmin, high if vmax is None else vmax
        if not low < high:
            high = low + 1.0
        if chance is None and grid.null_mean is not None and np.isfinite(grid.null_mean).any():
            chance = float(np.nanmedian(_off_diagonal(grid, grid.null_mean)))
        reverse = kind in {"distance", "statistic"}
        return cls(low, high, reverse, facts.identity_value, chance)


def _off_diagonal(grid: Grid, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if tuple(grid.rows) == tuple(grid.columns) and len(grid.rows) > 1:
        return values[~np.eye(len(values), dtype=bool)]
    return values


def _color_bar(ax: Axes, image: Any, grid: Grid, scale: _Scale) -> None:
    width, height = _extent(ax)
    figure: Any = ax.figure
    bar: Any = figure.colorbar(
        image, cax=ax.inset_axes((1 + 9 / width, 0, 11 / width, 1)), extend=_extend(grid, scale), extendfrac=0.03
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=FONT, length=2)
    kind = grid.facts.kind
    parts = [_plain(grid.label)]
    if kind != "unknown":
        parts.append({"similarity": "higher = more alike"}.get(kind, "lower = more alike"))
        if scale.identity is not None:
            parts.append(f"{scale.identity:g} = the same")
    if scale.chance is not None:
        digits = max(0, 2 - math.floor(math.log10(scale.high - scale.low)))
        parts.append(f"chance level {round(scale.chance, digits) + 0.0:.{digits}f}")
        if scale.low <= scale.chance <= scale.high:
            for color, line in (("black", 2.6), ("white", 1.2)):
                bar.ax.axhline(scale.chance, color=color, linewidth=line)
    bar.set_label("\n".join(_lines(parts, max(height, 120))), fontsize=FONT, linespacing=1.35)


def _lines(parts: list[str], room: float) -> list[str]:
    """Set the parts on as few lines as fit the room."""
    lines = parts[:1]
    for part in parts[1:]:
        longer = f"{lines[-1]}; {part}"
        if _width(longer) <= 0.9 * room:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _extent(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes in points, as far as they are known before the layout is made."""
    box = ax.get_position()
    figure: Any = ax.figure
    inches = figure.get_size_inches()
    return 72 * inches[0] * box.width, 72 * inches[1] * box.height


def _plain(label: str) -> str:
    return label.replace("$", r"\$").replace("_", " ")


def _extend(grid: Grid, scale: _Scale) -> str:
    finite = grid.values[np.isfinite(grid.values)]
    slack = 1e-9 * (scale.high - scale.low)
    below = bool(finite.size and finite.min() < scale.low - slack)
    above = bool(finite.size and finite.max() > scale.high + slack)
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[below, above]


def _missing(ax: Axes, grid: Grid) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - an optional dependency

    ax.patch.set_facecolor(MISSING)
    for i, j in np.argwhere(~np.isfinite(grid.values)):
        ax.add_patch(
            Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=MISSING, edgecolor="0.55", hatch="////", linewidth=0)
        )


def _ink(image: Any, value: float) -> str:
    """Black on bright cells, white on dark ones."""
    red, green, blue, _ = image.cmap(image.norm(value))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def _write(ax: Axes, image: Any, values: NDArray[np.float64]) -> None:
    finite = np.abs(values[np.isfinite(values)])
    digits = 2 if not finite.size or finite.max() < 10 else max(0, 2 - math.floor(math.log10(finite.max())))
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            text = f"{value:.{digits}f}" if finite.max() < 1e4 else f"{value:.1e}"
            ax.text(
                j,
                i,
                text.replace("-0.00", "0.00"),
                ha="center",
                va="center",
                fontsize=FONT - 1,
                color=_ink(image, value),
            )


def _significant(grid: Grid, significance: Any, label: str | None) -> tuple[NDArray[np.bool_] | None, str]:
    if significance is None:
        return None, ""
    if np.ndim(significance) == 0:
        if grid.pvalues is None:
            return None, ""
        with np.errstate(invalid="ignore"):
            corrected = getattr(grid, "correction", None)  # of a grid of tests
            level = f"p ≤ {float(significance):g}" + (f", {corrected}" if corrected else "")
            return np.asarray(grid.pvalues <= significance), label or level
    mask = np.asarray(significance, dtype=bool)
    if mask.shape != grid.values.shape:
        message = f"The mask of significant cells has shape {mask.shape}, the grid {grid.values.shape}."
        raise make("bad_option", message, {"given": mask.shape, "expected": grid.values.shape})
    return mask, label or "significant"


def _mark(ax: Axes, image: Any, grid: Grid, mask: NDArray[np.bool_], *, corner: bool) -> None:
    """Put a dot into each marked cell, in its middle or beside its number."""
    width, height = _extent(ax)
    cell = min(width / len(grid.columns), height / len(grid.rows))
    size = min(max((0.1 if corner else 0.2) * cell, 1.0), 4.0)
    at = np.argwhere(mask & np.isfinite(grid.values))
    shift = 0.36 if corner else 0.0
    ink = [_ink(image, grid.values[i, j]) for i, j in at]
    ax.scatter(
        at[:, 1] + shift, at[:, 0] - shift, s=size**2, c=ink or None, linewidths=0, marker="o", gid="significance"
    )


def _heading(ax: Axes, grid: Grid, title: str | None, mark: str | None) -> None:
    notes = []
    if mark:
        notes.append(f"● {mark}")
    if not np.isfinite(grid.values).all():
        codes = sorted({code for code, _ in grid.status.values()}) if grid.status else []
        notes.append("hatched: no value" + (f" ({', '.join(codes)})" if codes else ""))
    if not grid.facts.symmetric:
        notes.append("row → column")
    if notes:
        ax.annotate(
            "   ".join(notes),
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=FONT,
            annotation_clip=False,
        )
    ax.set_title(
        title if title is not None else _plain(grid.label), loc="left", fontsize=FONT + 2, pad=17 if notes else 6
    )
