"""The command line as a user meets it: what is printed where, and the exit code."""

from __future__ import annotations

import csv
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import resemblance as rs
from resemblance import cli

if TYPE_CHECKING:
    from pathlib import Path

N = 60


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Provide a folder with representations and predictions in all formats."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    x = random.standard_normal((N, 5))
    y = x @ random.standard_normal((5, 7)) + 0.5 * random.standard_normal((N, 7))
    np.save("x.npy", x)
    np.save("y.npy", y)
    np.save("noise.npy", random.standard_normal((N, 6)))
    np.save("short.npy", x[:-1])
    np.save("constant.npy", np.ones((N, 3)))
    np.savez("net.npz", h10=y, h9=x)
    np.savez("one.npz", only=x)
    labels = random.integers(3, size=N)
    np.save("labels.npy", labels)
    for name, flips in (("p", 5), ("q", 15)):
        answers = labels.copy()
        answers[:flips] = (answers[:flips] + 1) % 3
        np.savetxt(f"{name}.csv", answers, fmt="%d", header="answer", comments="")


def run(*arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "resemblance", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, **how)  # noqa: S603


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command line in this process, which is quicker."""

    def calling(*arguments: str) -> tuple[int, str, str]:
        with rs.config(on_warning="warn"):
            code = cli.main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return calling


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and "Traceback" not in text


# ------------------------------------------------------------------------------------------------------------ compare


def test_compare(call: Any) -> None:
    code, out, err = call("compare", "x.npy", "y.npy", "--measure", "cka:estimator=debiased", "-m", "rsa")
    assert (code, err) == (0, "")
    heading, first, second = out.splitlines()
    assert heading.split()[:2] == ["measure", "value"]
    assert first.split()[0] == "cka[estimator=debiased]"
    expected = rs.cka(np.load("x.npy"), np.load("y.npy"), estimator="debiased")
    assert f"{expected:.4f}" in first
    assert second.split()[0] == "rsa"


def test_the_measure_is_cka_unless_said(call: Any) -> None:
    assert call("compare", "x.npy", "y.npy")[1].splitlines()[1].split()[0] == "cka"


def test_options_are_read_as_what_they_are(call: Any) -> None:
    x, y = np.load("x.npy"), np.load("y.npy")
    for text, expected in (
        ("cka:kernel=rbf,bandwidth=0.5", rs.cka(x, y, kernel="rbf", bandwidth=0.5)),
        ("cka:kernel=polynomial,degree=2,coef0=1", rs.cka(x, y, kernel="polynomial", degree=2, coef0=1)),
        ("procrustes:center=true,normalize=True", rs.procrustes(x, y, center=True, normalize=True)),
        ("knn_jaccard:k=3,metric=euclidean", rs.knn_jaccard(x, y, k=3, metric="euclidean")),
        ("svcca:k=2", rs.svcca(x, y, k=2)),
    ):
        code, out, _ = call("compare", "x.npy", "y.npy", "-m", text, "--json")
        assert code == 0
        assert json.loads(out)[0]["value"] == expected


def test_option_for_a_single_measure(call: Any) -> None:
    _, out, _ = call(
        "compare", "x.npy", "y.npy", "--measure", "cka", "--option", "kernel=rbf", "--option", "bandwidth=2"
    )
    assert "cka[kernel=rbf, bandwidth=2.0]" in out or "cka[kernel=rbf, bandwidth=2]" in out


def test_predictions(call: Any) -> None:
    code, out, _ = call(
        "compare",
        "p.csv",
        "q.csv",
        "-m",
        "disagreement",
        "-m",
        "error_corrected_disagreement:labels=labels.npy",
        "--json",
    )
    assert code == 0
    found = json.loads(out)
    assert found[0]["value"] == pytest.approx(10 / N)
    assert found[1]["measure"] == "error_corrected_disagreement"


def test_a_group_and_a_single_file(call: Any) -> None:
    code, out, _ = call("compare", "p.csv", "q.csv", "labels.npy", "-m", "fleiss_kappa", "--json")
    assert code == 0
    assert 0 < json.loads(out)[0]["value"] < 1
    code, out, _ = call("compare", "x.npy", "-m", "participation_ratio", "--json")
    assert code == 0
    assert json.loads(out)[0]["value"] == pytest.approx(rs.describe(np.load("x.npy"), rs.participation_ratio))


def test_arrays_of_a_container(call: Any) -> None:
    whole = call("compare", "x.npy", "y.npy")[1]
    assert call("compare", "net.npz:h9", "net.npz:h10")[1] == whole
    assert call("compare", "one.npz", "net.npz:h10")[1] == whole
    code, _, err = call("compare", "x.npy", "net.npz")
    assert code == 1
    assert one_line(err)
    assert err.startswith("key_required: ")
    assert "h10" in err


def test_threads_change_nothing(call: Any) -> None:
    outputs = {call("compare", "x.npy", "y.npy", "--threads", threads, "--json")[1] for threads in ("1", "2", "3")}
    assert len(outputs) == 1


def test_a_warning_is_one_line(call: Any) -> None:
    rng = np.random.default_rng(0)
    np.save("wide1.npy", rng.standard_normal((20, 300)))
    np.save("wide2.npy", rng.standard_normal((20, 300)))
    code, out, err = call("compare", "wide1.npy", "wide2.npy", "-m", "cka")
    assert code == 0
    assert "null_inflated" in out
    lines = [line for line in err.splitlines() if "null_inflated" in line]
    assert len(lines) == 1
    assert lines[0].startswith("warning: null_inflated: ")


# ----------------------------------------------------------------------------------------------------------- pairwise


def test_pairwise_prints(call: Any) -> None:
    code, out, _ = call("pairwise", "x.npy", "net.npz", "--measure", "cka")
    assert code == 0
    assert out.splitlines()[1].split() == ["x", "net:h9", "net:h10"]


def test_pairwise_writes_tables_and_pictures(call: Any) -> None:
    pytest.importorskip("matplotlib")
    arguments = ("-m", "cka", "-m", "rsa:inner=euclidean", "-m", "rsa:inner=cosine", "-o", "deep/out")
    code, out, err = call("pairwise", "[xy].npy", *arguments)
    assert (code, err) == (0, "")
    files = out.split()
    assert sorted(file.rpartition(".")[2] for file in files) == ["csv"] * 3 + ["png"] * 3
    for file in files:
        assert os.path.getsize(file) > 20  # noqa: PTH202
    with open("deep/out/cka.csv", encoding="utf-8") as file:  # noqa: PTH123
        table = list(csv.reader(file))
    assert table[0] == ["", "x", "y"]
    assert float(table[1][2]) == rs.pairwise([np.load("x.npy"), np.load("y.npy")], rs.cka)[0].values[0, 1]


def test_pairwise_without_matplotlib(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda _: None)
    code, out, err = call("pairwise", "x.npy", "y.npy", "-o", "out")
    assert code == 0
    assert out.split() == [os.path.join("out", "cka.csv")]  # noqa: PTH118
    assert [line for line in err.splitlines() if line.startswith("note:")] == [
        "note: no pictures, because matplotlib is not installed (pip install matplotlib)"
    ]


def test_pairwise_of_two_sets(call: Any) -> None:
    code, out, _ = call("pairwise", "x.npy", "--y", "y.npy", "noise.npy", "--json")
    assert code == 0
    grid = json.loads(out)[0]
    assert (grid["rows"], grid["columns"]) == (["x"], ["y", "noise"])
    assert np.shape(grid["values"]) == (1, 2)


def test_a_pair_without_a_value_is_recorded(call: Any) -> None:
    code, out, err = call("pairwise", "x.npy", "y.npy", "constant.npy", "--json")
    assert code == 0
    assert json.loads(out)[0]["values"][0][2] is None
    assert sum("warning: failed_pairs: " in line for line in err.splitlines()) == 1
    code, out, err = call("pairwise", "x.npy", "y.npy", "constant.npy", "--on-error", "raise")
    assert (code, out) == (1, "")
    assert one_line(err)
    assert err.startswith("no_variance: ")


def test_nothing_but_failures_is_a_failure(call: Any) -> None:
    code, out, err = call("pairwise", "x.npy", "--y", "constant.npy")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("no_variance: ")


# --------------------------------------------------------------------------------------------------------------- test


def test_test(call: Any) -> None:
    arguments = ("test", "x.npy", "y.npy", "-m", "cka", "--permutations", "199", "--seed", "3")
    code, out, err = call(*arguments)
    assert (code, err) == (0, "")
    assert one_line(out)
    assert out.startswith("cka = ")
    code, document, _ = call(*arguments, "--json")
    found = json.loads(document)[0]
    expected = rs.permutation_test(np.load("x.npy"), np.load("y.npy"), rs.cka, n_resamples=199, rng=3)
    assert (found["statistic"], found["pvalue"]) == (expected.statistic, expected.pvalue)
    assert found["alternative"] == "greater"


def test_test_is_the_same_every_time_and_the_seed_matters(call: Any) -> None:
    arguments = ("test", "x.npy", "noise.npy", "--permutations", "99", "--json")
    outputs = [call(*arguments, "--seed", seed)[1] for seed in ("0", "0", "1")]
    assert outputs[0] == outputs[1] == call(*arguments)[1]
    assert json.loads(outputs[0])[0]["key"] != json.loads(outputs[2])[0]["key"]


def test_alternative(call: Any) -> None:
    arguments = ("test", "x.npy", "y.npy", "--permutations", "99", "--json", "--alternative")
    assert json.loads(call(*arguments, "less")[1])[0]["pvalue"] > 0.9
    assert json.loads(call(*arguments, "two-sided")[1])[0]["alternative"] == "two-sided"


def test_ids_say_which_rows_belong_together(call: Any) -> None:
    np.save("stimuli.npy", np.arange(N) // 2)
    arguments = ("test", "x.npy", "y.npy", "--permutations", "99", "--ids", "stimuli.npy")
    code, out, err = call(*arguments)
    assert (code, "dependent_rows" in out + err) == (0, True)
    out, err = call(*arguments, "--groups", "stimuli.npy")[1:]
    assert "dependent_rows" not in out + err


def test_a_test_that_makes_no_sense_is_refused_by_name(call: Any) -> None:
    code, out, err = call("test", "x.npy", "y.npy", "-m", "participation_ratio")
    assert (code, out) == (1, "")
    assert one_line(err)
    assert err.startswith("permutation_undefined: ")


# ----------------------------------------------------------------------------------------------------------- measures


def test_measures_lists_all(call: Any) -> None:
    code, out, err = call("measures")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:] if line][: len(rs.list_measures())] == [
        info.name for info in rs.list_measures()
    ]


def test_measures_tells_all_about_every_one(call: Any) -> None:
    for info in rs.list_measures():
        code, out, _ = call("measures", info.name)
        assert code == 0
        assert out.startswith(info.name + ":")
        for option in info.options:
            assert option.name in out
        assert json.loads(call("measures", info.name, "--json")[1])[0]["facts"]["kind"] in out


# ---------------------------------------------------------------------------------------------- failures and exit codes


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["compare"],
        ["test", "x.npy"],
        ["compare", "x.npy", "y.npy", "--measure", "ckaa"],
        ["compare", "x.npy", "y.npy", "--measure", "cka:kernel"],
        ["compare", "x.npy", "y.npy", "-m", "cka", "-m", "rsa", "--option", "kernel=rbf"],
        ["compare", "x.npy", "y.npy", "--threads", "0"],
        ["test", "x.npy", "y.npy", "--permutations", "many"],
        ["test", "x.npy", "y.npy", "--alternative", "larger"],
        ["measures", "ckaa"],
    ],
)
def test_usage_errors(call: Any, arguments: list[str]) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert "usage: resemblance" in err
    assert "error: " in err.splitlines()[-1]


def test_a_misspelt_measure_is_answered_with_the_right_one(call: Any) -> None:
    for given in ("ckaa", "CKA", "mean_cka"):
        assert '"cka"' in call("compare", "x.npy", "y.npy", "-m", given)[2]
        assert '"cka"' in call("measures", given)[2]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compare", "x.npy", "missing.npy"], "file_not_found"),
        (["pairwise", "missing*.npy"], "file_not_found"),
        (["compare", "x.npy", "."], "unknown_format"),
        (["compare", "x.npy", "short.npy"], "row_count_mismatch"),
        (["compare", "x.npy", "constant.npy"], "no_variance"),
        (["compare", "x.npy", "y.npy", "-m", "cka:krnel=rbf"], "unknown_option"),
        (["compare", "x.npy", "y.npy", "-m", "cka:kernel=rfb"], "bad_option"),
        (["compare", "x.npy", "y.npy", "-m", "knn_jaccard:k=three"], "bad_option"),
        (["compare", "x.npy", "y.npy", "-m", "knn_jaccard:k=60"], "k_too_large"),
        (["compare", "x.npy", "net.npz:h11"], "unknown_key"),
        (["compare", "x.npy", "pickled.npy"], "unsafe_file"),
        (["compare", "x.npy", "weights.pt"], "unsafe_file"),
        (["compare", "x.npy", "bad.csv"], "not_a_number"),
        (["compare", "x.npy", "nan.npy"], "nonfinite_input"),
        (["compare", "x.npy", "cube.npy"], "layout_required"),
        (["compare", "p.csv", "q.csv", "-m", "js_divergence"], None),
    ],
)
def test_named_failures_are_one_line(call: Any, arguments: list[str], code: str | None) -> None:
    np.save("pickled.npy", np.array([{"a": 1}]), allow_pickle=True)
    np.save("nan.npy", np.full((N, 2), np.nan))
    np.save("cube.npy", np.ones((N, 2, 2)))
    with open("weights.pt", "wb") as file:  # noqa: PTH123
        pickle.dump([1.0], file)
    with open("bad.csv", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("a,b\n1,2\n3,x\n")
    exit_code, out, err = call(*arguments)
    assert (exit_code, out) == (1, "")
    assert one_line(err)
    if code is not None:
        assert err.startswith(code + ": ")


def test_the_process_returns_the_exit_code() -> None:
    assert run("compare", "x.npy", "y.npy").returncode == 0
    failed = run("compare", "x.npy", "short.npy")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert one_line(failed.stderr)
    assert run("compare", "x.npy").returncode in {1, 2}
    assert run("nonsense").returncode == 2
    assert run("--help").returncode == 0


def test_the_version() -> None:
    shown = run("--version")
    assert (shown.returncode, shown.stdout) == (0, f"resemblance {rs.__version__}\n")


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    command = [sys.executable, "-m", "resemblance", "measures", *[info.name for info in rs.list_measures()] * 200]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == cli.PIPE


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_ends_with_130() -> None:
    rng = np.random.default_rng(0)
    np.save("big.npy", rng.standard_normal((400, 300)))
    np.save("big2.npy", rng.standard_normal((400, 300)))
    command = [sys.executable, "-m", "resemblance", "test", "big.npy", "big2.npy", "-m", "procrustes"]
    command += ["--permutations", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            time.sleep(2.5)
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            took = time.monotonic() - sent
        finally:
            process.kill()
    assert process.returncode == 130
    assert out == ""
    assert one_line(err)
    assert err.startswith("interrupted")
    assert took < 5  # generous: the machine may be busy; the core itself is tested to a tenth of this


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_progress_is_shown_on_a_terminal_only() -> None:
    import pty  # noqa: PLC0415 - only on POSIX

    command = [sys.executable, "-m", "resemblance", "pairwise", "x.npy", "y.npy", "noise.npy"]
    parent, child = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=child) as process:  # noqa: S603
        os.close(child)
        process.communicate(timeout=60)
        shown = os.read(parent, 10_000)
        os.close(parent)
    assert b"pairs" in shown
    assert "pairs" not in run(*command[3:]).stderr
