"""Tables: what is a header, what names rows, what is data, and what is refused instead of being guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import resemblance as rs
from resemblance import io

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> Any:
    """Write a table and open it."""

    def opening(text: str, name: str = "x.csv") -> Any:
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        return io.open(tmp_path / name)

    return opening


def refusal(table: Any, text: str) -> rs.ResemblanceError:
    with pytest.raises(rs.ResemblanceError) as caught:
        table(text)
    return caught.value


# -------------------------------------------------------------------------------------------------- names of rows


@pytest.mark.parametrize("name", ["id", "ID", "index", "Index", "Unnamed: 0", "unnamed: 0.1", ""])
def test_a_column_of_ids_is_never_data(table: Any, name: str) -> None:
    found = table(f"{name},a,b\n17,1,2\n4,3,4.5\n")
    np.testing.assert_array_equal(found, [[1, 2], [3, 4.5]])
    assert found.columns == ("a", "b")
    assert found.row_names == ("17", "4")


def test_a_column_of_ids_is_no_data_wherever_it_stands(table: Any) -> None:
    found = table("a,id,b\n1,x,2\n3,y,4\n")
    np.testing.assert_array_equal(found, [[1, 2], [3, 4]])
    assert (found.columns, found.row_names) == (("a", "b"), ("x", "y"))


def test_of_two_columns_of_ids_the_one_that_does_more_than_count_names_the_rows(table: Any) -> None:
    assert table("index,id,a,b\n0,x,1,2\n1,y,3,4\n").row_names == ("x", "y")
    assert table("index,id,a,b\n0,0,1,2\n1,1,3,4\n").row_names == ("0", "1")


@pytest.mark.parametrize("header", ["image,a,b\n", ",a,b\n", ""])
def test_words_in_front_of_numbers_name_the_rows(table: Any, header: str) -> None:
    found = table(header + "cat.png,5,2\ndög.png,3,4\n")
    np.testing.assert_array_equal(found, [[5, 2], [3, 4]])
    assert found.row_names == ("cat.png", "dög.png")
    assert found.columns == (("a", "b") if header else None)


def test_a_first_column_that_counts_rows_is_left_out_and_said(table: Any) -> None:
    for start in (0, 1):
        text = "".join(f"{row},{0.5 * row},{row * row}\n" for row in range(start, start + 4))
        with rs.config(on_warning="warn"), pytest.warns(rs.ResemblanceWarning, match="index_assumed"):
            found = table(text)
        assert found.shape == (4, 2)
        assert found.row_names == tuple(map(str, range(start, start + 4)))
    with rs.config(on_warning="warn"), pytest.warns(rs.ResemblanceWarning, match="index_assumed"):
        assert table("2,0.5,1\n0,3.5,1\n1,4.5,9\n").row_names == ("2", "0", "1")
    with rs.config(on_warning="raise"):
        assert table("a,b\n0,5\n1,6\n2,7\n").shape == (3, 2)  # a column with a name is data
        assert table("0,5\n1,6\n").shape == (2, 2)
        assert table("2,3\n1,2\n3,1\n").shape == (3, 2)  # ranks


def test_names_follow_slices_and_nothing_else(table: Any) -> None:
    found = table("id,a,b\nx,1,2\ny,3,4\nz,5,6\n")
    assert found[1:].row_names == ("y", "z")
    assert found[[2, 0]].row_names == ("z", "x")
    assert found[np.array([True, False, True])].row_names == ("x", "z")
    assert (found[::-1, 1:].row_names, found[::-1, 1:].columns) == (("z", "y", "x"), ("b",))
    assert found.astype(np.float32).row_names == ("x", "y", "z")
    assert type(found - found.mean(axis=0)) is np.ndarray
    assert found.T.row_names is None
    assert found[0].row_names is None
    assert found.copy().row_names is None
    with pytest.raises(ValueError, match="read-only"):
        np.random.default_rng(0).shuffle(found)  # would put the names out of order


# -------------------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize("first", ["NA,0.5,0.7", ",0.5,0.7", "0.5,NA,0.7", "0.5,,0.7", "NA,NA,NA", "a,b,0.7", "?,0,1"])
def test_a_first_line_with_an_unreadable_field_is_refused(table: Any, first: str) -> None:
    error = refusal(table, f"{first}\n0.1,0.2,0.3\n0.4,0.5,0.6\n")
    assert error.code == "not_a_number"
    assert error.details["line"] == 1


@pytest.mark.parametrize(
    ("header", "certain"),
    [(",0,1", True), ("id,0,1", True), ("id,1,2", True), ("0,1,2", False), ("label,0,1", False), ("label,1,2", False)],
)
def test_a_header_that_counts_columns_is_believed_and_doubt_is_said(table: Any, header: str, certain: bool) -> None:
    with rs.config(on_warning="raise"):
        if certain:
            assert table(f"{header}\n7,0.2,0.3\n5,0.5,0.6\n").shape == (2, 2)
        else:
            error = refusal(table, f"{header}\n7,0.2,0.3\n5,0.5,0.6\n")
            assert error.code == "header_assumed"


def test_a_number_among_words_that_name_rows_is_refused(table: Any) -> None:
    error = refusal(table, "a,b\nx,2\n3,4\n")
    assert (error.code, error.details["line"], error.details["column"]) == ("not_a_number", 2, 1)


# -------------------------------------------------------------------------------------------------- class ids, words


def test_words_are_class_ids(table: Any) -> None:
    with rs.config(on_warning="ignore"):
        assert table("answer\ncat\ndog\ncat\n").tolist() == ["cat", "dog", "cat"]
    assert table("cat\ndog\ncat\n").tolist() == ["cat", "dog", "cat"]
    found = table("id,answer\n3,cat\n1,dog\n")
    assert (found.tolist(), found.row_names, found.columns) == (["cat", "dog"], ("3", "1"), ("answer",))
    with rs.config(on_warning="raise"):
        assert refusal(table, "answer\ncat\ndog\ncat\n").code == "header_assumed"


def test_a_word_among_numbers_is_a_mistake(table: Any) -> None:
    assert refusal(table, "a\n1\n2\nx\n").details["line"] == 4
    assert refusal(table, "a\nx\n2\n3\n").details["line"] == 2
    assert refusal(table, "a\ncat\n\nNA\n").details["line"] == 2


def test_class_ids_are_exact(table: Any) -> None:
    found = table("9007199254740993\n9007199254740992\n")
    assert found.tolist() == [9007199254740993, 9007199254740992]


@pytest.mark.parametrize("text", ["1;2\n3;4\n", "a\n1 2\n3 4\n", "a;b\n1;2\n"])
def test_another_separator_is_no_word(table: Any, text: str) -> None:
    assert refusal(table, text).code == "not_a_number"


# ------------------------------------------------------------------------------------------------- malformed tables


@pytest.mark.parametrize("text", ["", "\n\n", ",,\n,,\n", "\ufeff", "  \n\t\n"])
def test_a_blank_table_is_a_damaged_file(table: Any, text: str) -> None:
    assert refusal(table, text).code == "damaged_file"


@pytest.mark.parametrize("header", ["", ",a,b\n", "id,a,b\n", "a,b,c\n"])
@pytest.mark.parametrize("row", ["x,1,2,3", "x,1", "x,1,2,"])
def test_rows_of_another_length_are_refused_with_their_line(table: Any, header: str, row: str) -> None:
    error = refusal(table, f"{header}p,1,2\nq,3,4\n{row}\n")
    assert error.code == "not_a_number"
    assert error.details["line"] == 3 + bool(header)


@pytest.mark.parametrize("blank", ["\x1c", "\x1d", "\x0b", "\x0c", "\x00", "\x85", "\x7f", "\x1f"])
def test_control_characters_are_no_blanks(table: Any, blank: str) -> None:
    error = refusal(table, f"1,2\n3,{blank}4\n")
    assert error.code == "damaged_file"
    assert "line 2" in str(error)


@pytest.mark.parametrize("field", ["\u00a01", "\u0661", "1_0", "\u20031", "\uff11", '"1\n"'])
def test_numbers_are_plain_digits(table: Any, field: str) -> None:
    assert refusal(table, f"1,2\n3,{field}\n").code == "not_a_number"


def test_long_fields_are_cut_in_messages(table: Any) -> None:
    error = refusal(table, "1,2\n3," + "x" * 5000 + "\n")
    assert len(str(error)) < 500
    assert refusal(table, "1,2\n3," + "x" * 200_000 + "\n").code == "damaged_file"


def test_tables_of_hostile_text_are_read_or_refused(table: Any) -> None:
    """Lines that look almost right, in every order of their parts."""
    parts = ["", "1", "0.5", "x", "NA", "id", '"a"', '"', "1e999", "-inf", "0", " 2 "]
    random = np.random.default_rng(0)
    codes = set()
    for _ in range(400):
        lines = (",".join(random.choice(parts, random.integers(1, 4))) for _ in range(random.integers(1, 5)))
        try:
            found = table("\n".join(lines))
            assert found.row_names is None or len(found.row_names) == len(found)
        except rs.ResemblanceError as error:
            codes.add(error.code)
    assert codes == {"not_a_number", "damaged_file"}


# ------------------------------------------------------------------------------------------------------ ids of rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s1\ns2\ns1\n", ["s1", "s2", "s1"]),
        ("subject\ns1\ns2\ns1\n", ["s1", "s2", "s1"]),
        ("3\n9007199254740993\n3\n", [3, 9007199254740993, 3]),
        ("id\n3\n1\n3\n", [3, 1, 3]),
        ("a\n3\nb\n", ["a", "3", "b"]),
        ("id,subject\n7,s1\n8,s2\n9,s1\n", ["s1", "s2", "s1"]),
        ("0,s1\n1,s2\n2,s1\n", ["s1", "s2", "s1"]),
        ("image,subject\na.png,2\nb.png,1\nc.png,2\n", [2, 1, 2]),
        ("0.5\n1.5\n0.5\n", [0.5, 1.5, 0.5]),
    ],
)
def test_ids_of_rows_from_text(tmp_path: Path, text: str, expected: list[Any]) -> None:
    path = tmp_path / "ids.csv"
    path.write_text(text)
    assert io.open_ids(str(path), 3).tolist() == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("s1\ns2\n", "row_count_mismatch"),
        ("a\ns1\ns2\ns1\ns2\n", "row_count_mismatch"),
        ("", "row_count_mismatch"),
        ("a,b\n1,2\n2,1\n2,2\n", "bad_option"),
        ('s1\n""\ns2\n', "row_count_mismatch"),
        ("id,s\n1,x\n2,\n3,x\n", "bad_option"),
        ("s1\ns2,s3\ns1\n", "not_a_number"),
    ],
)
def test_ids_that_are_not_one_per_row_are_refused(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "ids.csv"
    path.write_text(text)
    with pytest.raises(rs.ResemblanceError) as caught:
        io.open_ids(str(path), 3)
    assert caught.value.code == code


def test_ids_of_rows_from_arrays(tmp_path: Path) -> None:
    path = str(tmp_path / "ids.npy")
    np.save(path, np.array(["b", "a", "b"]))
    assert io.open_ids(path, 3).tolist() == ["b", "a", "b"]
    np.save(path, np.array([[2], [1], [2]]))
    assert io.open_ids(path, 3).tolist() == [2, 1, 2]
    for wrong in (np.zeros((3, 2), int), np.zeros(4, int), np.array(3)):
        np.save(path, wrong)
        with pytest.raises(rs.ResemblanceError):
            io.open_ids(path, 3)
