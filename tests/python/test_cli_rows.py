"""Rows and their names on the command line: ids from text, names compared, rows joined on request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import resemblance as rs
from resemblance import cli

if TYPE_CHECKING:
    from pathlib import Path

N = 40
NAMES = np.array([f"image{row}.png" for row in range(N)])
WORDS = np.array(["red", "green", "blue", "white"])


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    x = random.standard_normal((N, 3))
    y = x @ random.standard_normal((3, 3)) + 0.3 * random.standard_normal((N, 3))
    order = random.permutation(N)
    np.save("x.npy", x)
    np.save("y.npy", y)
    np.save("order.npy", order)
    write("x.csv", x, NAMES)
    write("y.csv", y, NAMES)
    write("shuffled.csv", y[order], NAMES[order])
    write("fewer.csv", y[order[2:]], NAMES[order[2:]])


def write(path: str, values: Any, names: Any, header: str = "") -> None:
    lines = [header] if header else []
    lines += [f"{name},{','.join(map(repr, row.tolist()))}" for name, row in zip(names, values, strict=True)]
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("\n".join(lines))


def text(path: str, lines: Any) -> str:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("\n".join(map(str, lines)))
    return path


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    def calling(*arguments: str) -> tuple[int, str, str]:
        with rs.config(on_warning="warn"):
            code = cli.main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return calling


# ------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("command", ["compare", "pairwise", "test"])
def test_rows_in_another_order_are_refused_with_the_remedy(call: Any, command: str) -> None:
    code, out, err = call(command, "x.csv", "shuffled.csv")
    assert (code, out) == (1, "")
    assert err.startswith("rows_misaligned: Row 0 is 'image0.png' in ")
    assert err.count("\n") == 1


def test_rows_are_joined_on_request(call: Any) -> None:
    expected = rs.cka(np.load("x.npy"), np.load("y.npy"))
    for files in (("x.csv", "y.csv"), ("x.npy", "y.npy"), ("x.csv", "shuffled.csv", "--join")):
        code, out, _ = call("compare", *files, "--json")
        assert code == 0
        assert json.loads(out)[0]["value"] == expected
    code, out, _ = call("pairwise", "x.csv", "shuffled.csv", "--join", "--json")
    assert json.loads(out)[0]["values"][0][1] == pytest.approx(expected, rel=1e-12)
    _, out, _ = call("test", "x.csv", "shuffled.csv", "--join", "--json", "--permutations", "99")
    assert json.loads(out)[0]["statistic"] == pytest.approx(expected, rel=1e-12)
    code, out, err = call("compare", "x.csv", "fewer.csv", "--join", "--json")
    assert (code, json.loads(out)[0]["n"]) == (0, N - 2)
    assert "warning: rows_left_out: " in err


def test_the_message_names_the_remedy_that_the_command_line_has(call: Any) -> None:
    assert "--join" in call("pairwise", "x.csv", "shuffled.csv")[2]


def test_files_without_names_cannot_be_joined(call: Any) -> None:
    code, out, err = call("compare", "x.npy", "y.csv", "--join")
    assert (code, out) == (1, "")
    assert err.startswith("row_names_missing: x.npy ")


def test_labels_of_a_measure_are_joined_as_well(call: Any) -> None:
    random = np.random.default_rng(1)
    labels, order = random.integers(3, size=N), np.load("order.npy")
    answers = [np.where(random.random(N) < 0.3, random.integers(3, size=N), labels) for _ in range(2)]
    for name, one in zip("pq", answers, strict=True):
        write(f"{name}.csv", one[:, None], NAMES, "id,answer")
    write("labels.csv", labels[order][:, None], NAMES[order], "id,label")
    measure = "error_corrected_disagreement:labels=labels.csv"
    assert call("compare", "p.csv", "q.csv", "-m", measure)[2].startswith("rows_misaligned: ")
    code, out, _ = call("compare", "p.csv", "q.csv", "-m", measure, "--join", "--json")
    assert code == 0
    assert json.loads(out)[0]["value"] == rs.error_corrected_disagreement(*answers, labels=labels)


def test_an_integer_column_of_ids_is_no_feature_and_what_was_read_is_said(call: Any) -> None:
    x, y = np.load("x.npy"), np.load("y.npy")
    write("a.csv", x, 1000 * np.arange(N), "id,u,v,w")
    write("b.csv", y, 1000 * np.arange(N), "id,u,v,w")
    _, out, err = call("compare", "a.csv", "b.csv", "--json", "--verbose")
    assert json.loads(out)[0]["value"] == rs.cka(x, y)
    assert [line for line in err.splitlines() if line.startswith("read:")] == [
        f"read: {name}: 40 x 3, float64; columns u, v, w; rows 0, 1000, 2000, ..." for name in ("a.csv", "b.csv")
    ]
    assert call("compare", "x.npy", "y.npy", "--verbose")[2].startswith("read: x.npy: 40 x 3, float64\n")


# --------------------------------------------------------------------------------------------------------------- ids


def statistics(call: Any, *arguments: str) -> Any:
    code, out, err = call("test", "x.npy", "y.npy", "--permutations", "199", "--json", *arguments)
    assert code == 0, err
    found = json.loads(out)[0]
    return found["statistic"], found["pvalue"], found["null_mean"]


@pytest.mark.parametrize("option", ["--strata", "--groups"])
@pytest.mark.parametrize("form", ["words", "words below a header", "numbers", "named rows"])
def test_ids_from_text_are_those_from_an_array(call: Any, option: str, form: str) -> None:
    numbers = np.arange(N) % 4
    np.save("ids.npy", numbers)
    lines = {
        "words": WORDS[numbers],
        "words below a header": ["color", *WORDS[numbers]],
        "numbers": numbers,
        "named rows": ["id,color", *(f"{name},{word}" for name, word in zip(NAMES, WORDS[numbers], strict=True))],
    }[form]
    found = statistics(call, option, text("ids.csv", lines))
    assert found[0] == statistics(call, option, "ids.npy")[0]
    np.save("words.npy", WORDS[numbers])
    assert found == statistics(call, option, "ids.npy" if form == "numbers" else "words.npy")


def test_ids_of_stimuli_from_text(call: Any) -> None:
    code, out, err = call("test", "x.npy", "y.npy", "--ids", text("ids.csv", NAMES[np.arange(N) // 2]))
    assert code == 0
    assert "dependent_rows" in out + err


def test_ids_of_another_number_of_rows_are_refused(call: Any) -> None:
    code, out, err = call("test", "x.npy", "y.npy", "--strata", text("ids.csv", WORDS))
    assert (code, out) == (1, "")
    assert err.startswith("row_count_mismatch: ids.csv has 4 lines for 40 rows")


def test_ids_in_another_order_than_the_rows_are_refused_and_joined_on_request(call: Any) -> None:
    order, numbers = np.load("order.npy"), np.arange(N) % 4
    rows = [f"{NAMES[row]},{WORDS[numbers[row]]}" for row in order]
    ids = text("ids.csv", ["id,color", *rows])
    arguments = ("test", "x.csv", "y.csv", "--permutations", "199", "--json", "--strata", ids)
    assert call(*arguments)[2].startswith("rows_misaligned: ")
    code, out, err = call(*arguments, "--join")
    assert code == 0, err
    np.save("words.npy", WORDS[numbers])
    assert json.loads(out)[0]["pvalue"] == statistics(call, "--strata", "words.npy")[1]
