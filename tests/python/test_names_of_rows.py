"""Names of rows that came with the data are compared: the same order, or a refusal with the remedy."""

from __future__ import annotations

import functools
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import resemblance as rs
from resemblance import io

pd = pytest.importorskip("pandas")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N = 40
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((N, 3))
Y = X @ RANDOM.standard_normal((3, 4)) + 0.3 * RANDOM.standard_normal((N, 4))
ORDER = RANDOM.permutation(N)
NAMES = [f"image{row}.png" for row in range(N)]


def frame(values: Any, names: Any = None) -> Any:
    return pd.DataFrame(np.asarray(values), index=names)


def correlation(x: Any, y: Any) -> float:
    return float(np.corrcoef(x[:, 0], y[:, 0])[0, 1])


LABELS = RANDOM.integers(3, size=N)
P, Q = (np.where(RANDOM.random(N) < 0.2, RANDOM.integers(3, size=N), LABELS) for _ in range(2))

OPERATIONS: dict[str, Callable[[Any, Any], object]] = {
    "a measure": rs.cka,
    "another measure": lambda x, y: rs.knn_jaccard(x, y, k=3),
    "compare": lambda x, y: rs.compare(x, y, [rs.cka, rs.rsa]),
    "compare own": lambda x, y: rs.compare(x, y, correlation),
    "rowwise": lambda x, y: rs.rowwise(x, y, functools.partial(rs.knn_jaccard, k=3)),
    "pairwise": lambda x, y: rs.pairwise({"x": x, "y": y}, rs.cka),
    "pairwise of two sets": lambda x, y: rs.pairwise([x], rs.cka, y=[y]),
    "pairwise own": lambda x, y: rs.pairwise([x, y], correlation),
    "permutation_test": lambda x, y: rs.permutation_test(x, y, rs.cka, n_resamples=99),
    "permutation_test own": lambda x, y: rs.permutation_test(x, y, correlation, n_resamples=99),
    "strata": lambda x, y: rs.permutation_test(x, Y, rs.cka, n_resamples=99, strata=y[y.columns[0]] > 0),
    "groups of an interval": lambda x, y: rs.confidence_interval(x, Y, rs.cka, groups=y.iloc[:, 0] > 0),
    "pairwise_test": lambda x, y: rs.pairwise_test([x, y], rs.cka, n_resamples=99),
    "permutation_moments": lambda x, y: rs.permutation_moments(x, y, rs.cka),
    "confidence_interval": lambda x, y: rs.confidence_interval(x, y, rs.cka),
    "similarity_difference": lambda x, y: rs.similarity_difference(x, X, y, rs.cka),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_compares_names(operation: str) -> None:
    run = OPERATIONS[operation]
    x, y = frame(X, NAMES), frame(Y, NAMES)
    run(x, y)  # the same names in the same order
    with pytest.raises(rs.ResemblanceError, match=r"Row 0 is 'image0\.png'") as caught:
        run(x, y.iloc[ORDER])
    assert caught.value.code == "rows_misaligned"
    run(x, y.loc[x.index])


def test_names_are_compared_in_groups_and_in_options() -> None:
    answers = [pd.Series(one, index=NAMES) for one in (P, Q, LABELS)]
    shuffled = answers[2].iloc[ORDER]
    labels = functools.partial(rs.error_corrected_disagreement, labels=shuffled)
    for wrong in (
        lambda: rs.fleiss_kappa([*answers[:2], shuffled]),
        lambda: rs.compare([*answers[:2], shuffled], None, rs.fleiss_kappa),
        lambda: rs.error_corrected_disagreement(answers[0], answers[1], labels=shuffled),
        lambda: rs.compare(answers[0], answers[1], labels),
        lambda: rs.pairwise(answers[:2], labels),
    ):
        with pytest.raises(rs.ResemblanceError) as caught:
            wrong()
        assert caught.value.code == "rows_misaligned"
    expected = rs.error_corrected_disagreement(P, Q, labels=LABELS)
    assert rs.error_corrected_disagreement(answers[0], answers[1], labels=answers[2]) == expected


def test_measures_that_pair_no_rows_do_not_ask_for_their_names() -> None:
    x, y = frame(X, NAMES), frame(Y, NAMES).iloc[ORDER]
    assert rs.participation_ratio(x, y) == rs.participation_ratio(X, Y[ORDER])
    rs.compare(x, y, rs.participation_ratio)
    rs.pairwise([x, y], rs.participation_ratio)


def test_the_remedy_that_is_named_gives_the_score_of_the_rows_in_order() -> None:
    x, y = frame(X, NAMES), frame(Y, NAMES).iloc[ORDER]
    with pytest.raises(rs.ResemblanceError, match=r"y = y\.loc\[x\.index\]") as caught:
        rs.cka(x, y)
    assert caught.value.details["row"] == next(row for row in range(N) if ORDER[row] != row)
    assert rs.cka(x, y.loc[x.index]) == rs.cka(*rs.align(x, y)) == rs.cka(X, Y)
    with pytest.raises(rs.ResemblanceError, match="no name is on both sides"):
        rs.cka(x, frame(Y, [f"other{row}" for row in range(N)]))
    with pytest.raises(rs.ResemblanceError, match=r"39 of 40 names .*align\(x, y\)"):
        rs.cka(x, frame(Y, [*NAMES[1:], "another"]))


# ---------------------------------------------------------------------------------------------- what counts as names


def test_arrays_without_names_are_paired_by_position() -> None:
    x, y = frame(X, NAMES), frame(Y[ORDER], np.array(NAMES)[ORDER])
    assert rs.cka(x, y.to_numpy()) == rs.cka(X, Y[ORDER])
    assert rs.cka(x, y.reset_index(drop=True)) == rs.cka(X, Y[ORDER])
    assert rs.cka(x, Y.tolist()) == rs.cka(X, Y)
    assert rs.cka(frame(X), frame(Y)) == rs.cka(X, Y)


def test_an_index_that_counts_says_nothing_unless_the_other_side_holds_the_same_numbers_in_another_order() -> None:
    x, y = frame(X), frame(Y)
    with pytest.raises(rs.ResemblanceError, match="another order"):
        rs.cka(x, y.sample(frac=1, random_state=0))
    subset = frame(Y, np.arange(N) * 3)
    assert rs.cka(x, subset) == rs.cka(X, Y)
    assert rs.cka(frame(X, np.arange(1, N + 1)), y) == rs.cka(X, Y)
    with pytest.raises(rs.ResemblanceError):
        rs.pairwise([x, subset, frame(Y, 3 * np.arange(N)[::-1])], rs.cka)


def test_numbers_are_the_same_names_whatever_their_type() -> None:
    names = RANDOM.permutation(N) * 7
    assert rs.cka(frame(X, names), frame(Y, names.astype(float))) == rs.cka(X, Y)
    assert rs.cka(frame(X, names), frame(Y, names.astype(str))) == rs.cka(X, Y)


def test_names_may_be_of_several_parts_and_need_not_differ() -> None:
    parts = pd.MultiIndex.from_product([range(4), list("abcdefghij")])
    assert rs.cka(frame(X, parts), frame(Y, parts)) == rs.cka(X, Y)
    with pytest.raises(rs.ResemblanceError, match="another order"):
        rs.cka(frame(X, parts), frame(Y, parts).iloc[ORDER])
    twice = [*NAMES[: N // 2], *NAMES[: N // 2]]
    assert rs.cka(frame(X, twice), frame(Y, twice)) == rs.cka(X, Y)


def test_the_coordinate_of_the_first_axis_names_the_rows() -> None:
    xr = pytest.importorskip("xarray")

    def array(values: Any, names: Any) -> Any:
        return xr.DataArray(values, dims=("stimulus", "unit"), coords={"stimulus": names})

    x = array(X, NAMES)
    assert rs.cka(x, array(Y, NAMES)) == rs.cka(X, Y)
    y = array(Y, NAMES)[ORDER]
    with pytest.raises(rs.ResemblanceError, match="another order"):
        rs.cka(x, y)
    with pytest.raises(rs.ResemblanceError, match="another order"):
        rs.cka(frame(X, NAMES), y)
    assert rs.cka(*rs.align(x, y)) == rs.cka(X, Y)


def test_a_column_of_ids_in_a_frame_is_refused_with_the_remedy() -> None:
    for name in ("id", "Index", "Unnamed: 0"):
        given = frame(X).assign(**{name: np.arange(N) * 1000})
        with pytest.raises(rs.ResemblanceError, match="set_index") as caught:
            rs.cka(given, Y)
        assert caught.value.code == "id_column"
        assert rs.cka(given.set_index(name), Y) == rs.cka(X, Y)


def test_a_prepared_summary_keeps_what_its_rows_are_called() -> None:
    x, y = frame(X, NAMES), frame(Y, NAMES)
    summary = rs.prepare(x, rs.cka)
    for prepared in (summary, pickle.loads(pickle.dumps(summary))):  # noqa: S301 - our own
        assert rs.cka(prepared, y) == rs.cka(X, Y)
        assert rs.cka(prepared, Y) == rs.cka(X, Y)
        for wrong in (y.iloc[ORDER], rs.prepare(y.iloc[ORDER], rs.cka)):
            with pytest.raises(rs.ResemblanceError) as caught:
                rs.cka(prepared, wrong)
            assert caught.value.code == "rows_misaligned"
    assert rs.prepare(X, rs.cka).row_names is None
    counted = rs.prepare(frame(X), rs.cka)
    assert rs.cka(counted, y.iloc[ORDER]) == rs.cka(X, Y[ORDER])


# ------------------------------------------------------------------------------------------------------------- tables


def write(path: Path, values: Any, names: Any, header: str = "") -> Path:
    rows = [f"{name},{','.join(map(repr, row.tolist()))}" for name, row in zip(names, np.asarray(values), strict=True)]
    path.write_text("\n".join([header, *rows] if header else rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["", ",a,b,c", "id,a,b,c", "image,a,b,c"])
def test_tables_in_another_order_are_refused_and_joined_on_request(tmp_path: Path, header: str) -> None:
    x = io.open(write(tmp_path / "x.csv", X, NAMES, header))
    y = io.open(write(tmp_path / "y.csv", Y[ORDER, :3], np.array(NAMES)[ORDER], header))
    with pytest.raises(rs.ResemblanceError, match="another order"):
        rs.cka(x, y)
    assert rs.cka(*rs.align(x, y)) == rs.cka(X, Y[:, :3])
    with pytest.raises(rs.ResemblanceError, match="another order"):
        rs.cka(x, frame(Y, NAMES).iloc[ORDER])
    with pytest.raises(rs.ResemblanceError, match="another order"):
        rs.pairwise(io.load_many(tmp_path / "*.csv"), rs.cka)


def test_an_integer_column_of_ids_is_no_feature(tmp_path: Path) -> None:
    ids = 1000 * np.arange(N)
    x = io.open(write(tmp_path / "x.csv", X, ids, "id,a,b,c"))
    y = io.open(write(tmp_path / "y.csv", Y, ids, "id,a,b,c,d"))
    assert rs.cka(x, y) == rs.cka(X, Y)


# -------------------------------------------------------------------------------------------------------------- align


def test_rows_that_one_side_lacks_are_left_out_and_said() -> None:
    x, y, z = frame(X, NAMES), frame(Y, NAMES).iloc[ORDER[3:]], frame(Y, NAMES).iloc[::-1]
    with rs.config(on_warning="warn"), pytest.warns(rs.ResemblanceWarning, match="rows_left_out") as caught:
        aligned = rs.align(x, y, z)
    assert caught[0].message.details["kept"] == N - 3  # type: ignore[union-attr]
    kept = [name for name in NAMES if name in set(y.index)]
    assert [list(one.index) for one in aligned] == [kept] * 3


def test_names_that_are_missing_or_repeated_cannot_be_joined() -> None:
    x = frame(X, NAMES)
    for wrong, code in (
        (Y, "row_names_missing"),
        (rs.prepare(x, rs.cka), "row_names_missing"),
        (frame(Y, [*NAMES[:-1], NAMES[0]]), "row_names_repeated"),
        (frame(Y, [f"other{row}" for row in range(N)]), "rows_misaligned"),
    ):
        with pytest.raises(rs.ResemblanceError) as caught:
            rs.align(x, wrong)
        assert caught.value.code == code
