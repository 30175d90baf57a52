"""Pictures: what is drawn, labelled and marked, and that nothing needs a display."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from resemblance.errors import ResemblanceError
from resemblance.facts import Facts
from resemblance.results import Grid, Grids

pytest.importorskip("matplotlib")

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resemblance import plot

if TYPE_CHECKING:
    from pathlib import Path

SIMILARITY = Facts(kind="similarity", range=(0.0, 1.0), identity_value=1.0, symmetric=True)
DISTANCE = Facts(kind="distance", range=(0.0, np.inf), identity_value=0.0, symmetric=True)
LAYERS = tuple(f"{net}/h{layer}" for net in ("first", "second") for layer in range(1, 5))


def grid(
    rows: tuple[str, ...] = LAYERS,
    columns: tuple[str, ...] | None = None,
    label: str = "cka[estimator=debiased]",
    **fields: Any,
) -> Grid:
    """Return a grid of made-up scores."""
    columns = rows if columns is None else columns
    values = np.random.default_rng(0).random((len(rows), len(columns)))
    given = {"values": values, "facts": SIMILARITY} | fields
    return Grid(label.partition("[")[0], label, {}, rows=rows, columns=columns, **given)


def drawn(of: Grid, **how: Any) -> Any:
    """Draw a grid on a figure that has been laid out."""
    ax = plot.heatmap(of, **how)
    ax.figure.draw_without_rendering()
    return ax


def bar(ax: Any) -> Any:
    """Return the axes of the color bar."""
    return ax.child_axes[0]


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def marks(ax: Any) -> np.ndarray:
    """Return row and column of the cells with a dot."""
    found = [offset for collection in ax.collections if collection.get_gid() == "significance"
             for offset in collection.get_offsets()]  # fmt: skip
    return np.round(np.array(found).reshape(-1, 2)[:, ::-1]).astype(int)


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    plt.close("all")


def test_colors_are_those_of_the_values() -> None:
    one = grid()
    image = drawn(one).images[0]
    np.testing.assert_array_equal(np.asarray(image.get_array()), one.values)
    assert image.get_cmap().name == "cividis"
    assert image.get_clim() == (0.0, 1.0)


def test_the_color_bar_states_measure_direction_identity_and_chance() -> None:
    label = bar(drawn(grid(null_mean=np.full((8, 8), 0.123)))).get_ylabel()
    for part in ("cka[estimator=debiased]", "higher = more alike", "1 = the same", "chance level 0.12"):
        assert part in label


def test_bright_is_more_alike_for_distances_too() -> None:
    ax = drawn(grid(label="procrustes", facts=DISTANCE, values=30 * grid().values))
    assert ax.images[0].get_cmap().name == "cividis_r"
    label = bar(ax).get_ylabel()
    assert "lower = more alike" in label
    assert "0 = the same" in label


def test_chance_leaves_out_the_diagonal() -> None:
    null_mean = np.full((8, 8), 0.25)
    np.fill_diagonal(null_mean, 0.99)
    assert "chance level 0.25" in bar(drawn(grid(null_mean=null_mean))).get_ylabel()
    assert "chance level 0.00" in bar(drawn(grid(null_mean=null_mean * -1e-4))).get_ylabel()


def test_negative_scores_stretch_the_scale() -> None:
    values = grid().values.copy()
    values[0, 1] = -0.2
    assert drawn(grid(values=values)).images[0].get_clim() == (-0.2, 1.0)
    assert drawn(grid(values=values), vmin=0, vmax=0.5).images[0].get_clim() == (0, 0.5)


def test_groups_are_named_once_and_separated() -> None:
    ax = drawn(grid())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["h1", "h2", "h3", "h4"] * 2
    assert sorted(text for text in texts(ax) if text in {"first", "second"}) == ["first", "first", "second", "second"]
    assert sum(line.get_color() == "white" for line in ax.lines) == 2  # one across, one down


def test_names_without_groups() -> None:
    ax = drawn(grid(("x", "y", "z")))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["x", "y", "z"]
    assert not ax.lines


def test_many_labels_are_thinned_and_do_not_overlap() -> None:
    ax = drawn(grid(tuple(f"layer{i}" for i in range(120))))
    for axis in (ax.xaxis, ax.yaxis):
        boxes = [label.get_window_extent() for label in axis.get_ticklabels() if label.get_text()]
        assert 10 < len(boxes) < 120
        assert not any(one.overlaps(two) for one, two in pairwise(boxes))


@pytest.mark.parametrize("count", [2, 5, 12, 25, 40])
def test_labels_do_not_overlap(count: int) -> None:
    ax = drawn(grid(tuple(f"a rather long name {i}" for i in range(count))))
    for axis in (ax.xaxis, ax.yaxis):
        boxes = [label.get_window_extent() for label in axis.get_ticklabels() if label.get_text()]
        assert not any(one.overlaps(two) for one, two in pairwise(boxes))


def test_long_names_keep_what_tells_them_apart() -> None:
    names = tuple(f"encoder.layer.{i}.attention.output.dense.activation.of.the.last.token" for i in range(3))
    labels = [label.get_text() for label in drawn(grid(names)).get_yticklabels()]
    assert len(set(labels)) == 3


def test_small_grids_hold_their_numbers() -> None:
    one = grid(("x", "y"))
    assert f"{one.values[0, 1]:.2f}" in texts(drawn(one))
    assert not any("0." in text for text in texts(drawn(one, annotate=False)))
    assert not any("0." in text for text in texts(drawn(grid(tuple("abcdefghijklmnop")))))


@pytest.mark.parametrize("annotate", [True, False])
def test_cells_at_or_below_the_level_are_marked(annotate: bool) -> None:
    pvalues = np.full((8, 8), 0.5)
    pvalues[1, 2], pvalues[3, 0], pvalues[4, 4], pvalues[5, 5] = 0.05, 0.001, 0.0501, np.nan
    ax = drawn(grid(pvalues=pvalues), annotate=annotate)
    assert marks(ax).tolist() == [[1, 2], [3, 0]]
    assert any("● p ≤ 0.05" in text for text in texts(ax))


def test_a_mask_with_its_own_words() -> None:
    mask = np.zeros((8, 8), dtype=bool)
    mask[7, 1] = True
    ax = drawn(grid(), significance=mask, significance_label="beyond chance")
    assert marks(ax).tolist() == [[7, 1]]
    assert any("● beyond chance" in text for text in texts(ax))
    with pytest.raises(ResemblanceError, match="shape"):
        plot.heatmap(grid(), significance=mask[:3])


def test_no_pvalues_no_marks() -> None:
    for ax in (drawn(grid()), drawn(grid(pvalues=np.zeros((8, 8))), significance=None)):
        assert not marks(ax).size
        assert not any("●" in text for text in texts(ax))


def test_cells_without_a_value_are_hatched_and_explained() -> None:
    values = grid().values.copy()
    values[2, 3] = np.nan
    pvalues = np.zeros((8, 8))
    ax = drawn(grid(values=values, status={(2, 3): ("no_variance", "All rows of x are equal.")}, pvalues=pvalues))
    hatched = [patch for patch in ax.patches if patch.get_hatch()]
    assert [(patch.get_x(), patch.get_y()) for patch in hatched] == [(2.5, 1.5)]
    assert any("no value (no_variance)" in text for text in texts(ax))
    assert [2, 3] not in marks(ax).tolist()


def test_a_grid_without_any_value() -> None:
    drawn(grid(values=np.full((8, 8), np.nan)))


@pytest.mark.parametrize(
    "one",
    [
        grid(("x",)),
        grid(("x",), tuple("abcdefghijklmnopqrst")),
        grid(values=np.zeros((8, 8))),
        grid(values=np.full((8, 8), 1e9), facts=DISTANCE),
        grid(facts=Facts()),
        grid(("a $ b", "c_$x^2$_d", "e\nf", "")),
        grid(LAYERS, ("p/1", "p/2", "q/1"), facts=replace(SIMILARITY, symmetric=False)),
    ],
    ids=["one cell", "one row", "equal", "huge", "a function of the user's own", "odd names", "asymmetric"],
)
def test_awkward_grids(one: Grid, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot.save(one, tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_an_asymmetric_measure_says_which_way() -> None:
    ax = drawn(grid(facts=replace(SIMILARITY, symmetric=False)))
    assert any("row → column" in text for text in texts(ax))


def test_titles() -> None:
    assert drawn(grid()).get_title(loc="left") == "cka[estimator=debiased]"
    assert drawn(grid(), title="Mine").get_title(loc="left") == "Mine"


def test_drawing_on_given_axes() -> None:
    figure = Figure()
    ax = figure.subplots()
    assert plot.heatmap(grid(), ax) is ax
    assert grid().plot(ax=figure.add_subplot(), annotate=False).figure is figure


def test_several_grids() -> None:
    three = Grids((grid(label="cka"), grid(label="rsa"), grid(label="procrustes", facts=DISTANCE)))
    figure = plot.heatmaps(three, titles=["one", "two", "three"], columns=2)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["one", "two", "three"]
    with pytest.raises(ResemblanceError, match="no grid"):
        plot.heatmaps([])


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_files(tmp_path: Path, suffix: str) -> None:
    plot.save([grid(label="cka"), grid(label="rsa")], tmp_path / f"x.{suffix}")
    assert (tmp_path / f"x.{suffix}").stat().st_size > 1000


def test_matplotlib_waits_until_something_is_drawn() -> None:
    code = "import sys, resemblance, resemblance.plot; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_saving_never_opens_a_window(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from resemblance import plot; from resemblance.results import Grid\n"
        "plot.save(Grid('cka', 'cka', {}, np.eye(2), ('x', 'y'), ('x', 'y')), sys.argv[1])\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "x.png")]
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match="pip install matplotlib"):
        plot.heatmap(grid())
