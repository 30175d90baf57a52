"""What results look like: tables, HTML, records, xarray, LaTeX, pictures."""

from __future__ import annotations

import json
import math
import re
from functools import partial

import numpy as np
import pytest

import resemblance as rs

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 30, 4))
NAMED = {"x": X, "y": X + 0.5 * Y, "z": Y}
debiased = partial(rs.cka, estimator="debiased")


@pytest.fixture(scope="module")
def tested() -> rs.PermutationGrid:
    with rs.config(on_warning="ignore"):
        return rs.pairwise_test(NAMED, debiased, rng=0, n_resamples=299, adjust="maxT")[0]


@pytest.fixture(scope="module")
def results(tested):
    with rs.config(on_warning="ignore"):
        comparison = rs.compare(X, Y, [rs.cka, debiased])
        return {
            "score": comparison[0],
            "comparison": comparison,
            "grid": rs.pairwise(NAMED, debiased)[0],
            "grids": rs.pairwise(NAMED, [rs.cka, debiased]),
            "test": rs.permutation_test(X, Y, debiased, rng=0),
            "tested": tested,
            "interval": rs.confidence_interval(X, Y, debiased),
            "difference": rs.similarity_difference(X, Y, X + Y, debiased, margin=0.3),
            "moments": rs.permutation_moments(X, Y, debiased, order=4),
            "measures": rs.list_measures(),
        }


EACH = pytest.mark.parametrize(
    "name",
    ["score", "comparison", "grid", "grids", "test", "tested", "interval", "difference", "moments", "measures"],
)


@EACH
def test_html_is_for_people(name, results):
    """A table, and no number of sixteen digits in it."""
    html = results[name]._repr_html_()
    assert html.count("<table>") == html.count("</table>") >= 1
    assert not re.search(r"\d\.\d{7,}", html)
    assert "None" not in html


@EACH
def test_text_is_for_people(name, results):
    text = str(results[name])
    assert not re.search(r"\d\.\d{7,}", text)
    assert max(map(len, text.splitlines())) < 200


@EACH
def test_the_prompt_shows_what_print_shows(name, results):
    """No page of fields and arrays."""
    text, shown = str(results[name]), repr(results[name])
    assert shown in (text, f"<{type(results[name]).__name__}: {text}>")
    assert "array(" not in shown


def test_records_and_xarray_hold_all_that_is_known_of_each_pair(tested):
    tables = {
        "score": tested.values,
        "zscore": tested.zscores,
        "pvalue": tested.pvalues,
        "unadjusted": tested.unadjusted,
        "null_mean": tested.null_mean,
        "null_std": tested.null_std,
        "calibrated_mean": tested.calibrated_mean,
    }
    records = tested.to_records()
    assert [(record["x"], record["y"]) for record in records] == [(a, b) for a in NAMED for b in NAMED]
    for name, table in tables.items():
        column = [math.nan if record[name] is None else record[name] for record in records]
        assert np.array_equal(column, table.ravel(), equal_nan=True), name
    assert records[0]["pvalue"] is None  # of a representation with itself
    json.dumps(records, allow_nan=False)
    pytest.importorskip("xarray", reason="xarray is an optional dependency")
    found = tested.to_xarray()
    assert set(found) == set(tables)
    for name, table in tables.items():
        assert np.array_equal(found[name].sel(x="x").values, table[0], equal_nan=True)


def test_grids_of_scores_have_records_too(results):
    grid = results["grid"]
    records = grid.to_records()
    assert {"x", "y", "score", "null_mean"} == set(records[0])
    assert [record["score"] for record in records] == grid.values.ravel().tolist()


def test_a_grid_of_tests_shows_its_p_values(tested):
    text = str(tested)
    assert "p-values, corrected for 3 pairs (maxT)" in text
    assert tested.pvalue_table() in text
    assert f"{tested.pvalues[0, 1]:.3f}" in text
    raw = rs.pairwise_test(NAMED, debiased, rng=0, n_resamples=299)[0]
    assert "not corrected for 3 pairs" in str(raw)
    assert "corrected for 1 pair (bh)" in str(rs.pairwise_test([X], debiased, y=[Y], n_resamples=99, adjust="bh")[0])


def test_the_list_of_measures_is_a_table():
    listed = rs.list_measures()
    lines = repr(listed).splitlines()
    assert len(lines) == len(listed) + 1
    assert lines[0].split() == ["measure", "kind", "range", "family", "form", "options"]
    assert listed["cka"] is listed[[info.name for info in listed].index("cka")]
    with pytest.raises(KeyError, match="procrustes"):
        listed["procrutes"]
    pandas = pytest.importorskip("pandas", reason="pandas is an optional dependency")
    frame = listed.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.loc["cka", "kind"] == "similarity"


def test_latex_escapes_all_that_latex_reads():
    name = r"a\b_c^d~e%f#g&h$i{j}k<l>m|n" + '"o'
    latex = rs.pairwise({name: X, "z": Y}, rs.cka)[0].to_latex()
    row = next(line for line in latex.splitlines() if line.startswith("a"))
    bare = re.sub(r"\\text[a-z]+\{\}|\\[_&%$#{}]", "", row.removesuffix(r" \\").split(" & ")[0])
    assert bare == "abcdefghijklmno"


@pytest.mark.parametrize("adjust", ["maxT", None])
def test_pictures_say_what_p_values_are_corrected_for(adjust):
    pytest.importorskip("matplotlib", reason="matplotlib is an optional dependency").use("Agg")
    grid = rs.pairwise_test(NAMED, debiased, rng=0, n_resamples=299, adjust=adjust)[0]
    ax = grid.plot()
    ax.figure.draw_without_rendering()
    words = " ".join(text.get_text() for text in ax.texts)
    assert f"p ≤ 0.05, {grid.correction}" in words
    assert ("3 pairs (maxT)" if adjust else "not corrected for 3 pairs") in words


@pytest.mark.parametrize("call", [rs.pairwise, partial(rs.pairwise_test, n_resamples=99)], ids=["scores", "tests"])
def test_a_failure_is_told_of_both_triangles(call):
    """A symmetric measure scores a pair once, and both of its cells say why they are empty."""
    broken = X.copy()
    broken[3, 1] = np.nan
    grid = call({"x": X, "broken": broken, "y": Y}, rs.cka)[0]
    empty = {tuple(map(int, at)) for at in np.argwhere(np.isnan(grid.values))}
    assert empty == set(grid.status) == {(0, 1), (1, 0), (1, 1), (1, 2), (2, 1)}
    warning = next(warning for warning in grid.warnings if warning.code == "failed_pairs")
    assert (warning.details["count"], warning.details["total"]) == (5, 9)
