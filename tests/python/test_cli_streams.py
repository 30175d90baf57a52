"""The command line where its output cannot go where it should: one line, the right exit code, and no result lost."""

from __future__ import annotations

import json
import os
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

FULL = "/dev/full"
needs_full = pytest.mark.skipif(not os.path.exists(FULL), reason="needs /dev/full")  # noqa: PTH110


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    np.save("x.npy", random.standard_normal((200, 3)))
    np.save("y.npy", random.standard_normal((200, 4)))


def run(*arguments: str, redirect: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line behind a shell, which can close and redirect its streams."""
    command = ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", sys.executable, "-m", "resemblance", *arguments]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | environment
    return subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, encoding="utf-8", errors="surrogateescape", check=False, env=variables
    )


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and "Traceback" not in text


# ------------------------------------------------------------------------------------------------------- the streams


def test_a_closed_stdout_is_refused_before_the_work() -> None:
    done = run("pairwise", "x.npy", "y.npy", redirect=">&-")
    assert done.returncode == 1
    assert one_line(done.stderr)
    assert done.stderr == "file_error: stdout: it is closed\n"


@pytest.mark.parametrize("redirect", ["2>&-", "2>/dev/full"])
def test_a_closed_or_full_stderr_is_no_reason_to_fail(redirect: str) -> None:
    np.save("wide.npy", np.random.default_rng(0).standard_normal((200, 300)))  # warns
    done = run("compare", "x.npy", "wide.npy", "--verbose", redirect=redirect)
    assert done.returncode == 0
    assert done.stdout.startswith("measure")
    assert run("compare", "x.npy", "missing.npy", redirect=redirect).returncode == 1
    assert run("nonsense", redirect=redirect).returncode == 2


@needs_full
@pytest.mark.parametrize("arguments", [["compare", "x.npy", "y.npy"], ["measures"], ["--help"], ["--version"]])
def test_a_full_disk_behind_stdout_is_a_failure_in_one_line(arguments: list[str]) -> None:
    done = run(*arguments, redirect=">/dev/full")
    assert done.returncode == 1
    assert one_line(done.stderr)
    assert done.stderr.startswith("file_error: stdout: ")


def test_output_in_ascii() -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    listed = run("measures", **ascii_only)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "inf" in listed.stdout
    assert "\\u" not in listed.stdout
    os.rename("x.npy", "größe.npy")  # noqa: PTH104
    document = run("pairwise", "größe.npy", "y.npy", "--json", **ascii_only)
    assert json.loads(document.stdout)[0]["rows"] == ["größe", "y"]
    assert run("compare", "größe.npy", "missing-größe.npy", **ascii_only).returncode == 1


def test_names_of_files_that_are_no_text() -> None:
    raw = b"h\xff.npy"
    os.rename("x.npy", raw)  # noqa: PTH104
    name = os.fsdecode(raw)
    for arguments in (["pairwise", name, "y.npy"], ["pairwise", "*.npy"]):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "h\\udcff" in done.stdout
    assert json.loads(run("pairwise", name, "y.npy", "--json").stdout)[0]["rows"] == ["h\\udcff", "y"]
    pictures = run("pairwise", name, "y.npy", "-o", "out")
    assert pictures.returncode == 0, pictures.stderr
    assert "h\\udcff" in open("out/cka.csv", encoding="utf-8").read()  # noqa: PTH123, SIM115
    missing = run("compare", name, os.fsdecode(b"missing\xff.npy"))
    assert missing.returncode == 1
    assert one_line(missing.stderr)


# ------------------------------------------------------------------------------------------------------- the arguments


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "x.npy", "y.npy", "--threads", "1" + "0" * 30],
        ["compare", "x.npy", "y.npy", "--threads", "9" * 5000],
        ["test", "x.npy", "y.npy", "--seed", "9" * 5000],
        ["test", "x.npy", "y.npy", "--permutations", "²"],
        ["compare", "x.npy", "-m", "ckaa"],
    ],
)
def test_arguments_that_cannot_be_meant_are_usage_errors(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()[-1]) < 300


@pytest.mark.parametrize("arguments", [[], ["-m", "knn_jaccard"], ["-m", "participation_ratio", "-m", "cka"]])
def test_one_file_for_a_measure_of_two_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "x.npy", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert one_line(err)
    assert "give two files" in err
    assert cli.main(["compare", "x.npy", "-m", "participation_ratio"]) == 0


def test_more_threads_than_processors_are_not_started(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "x.npy", "y.npy", "--threads", "1" + "0" * 17]) == 0
    assert capsys.readouterr().out.startswith("measure")


def test_a_test_of_very_many_permutations_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["test", "x.npy", "y.npy", "--permutations", "9" * 17]) == 1
    assert capsys.readouterr().err.startswith("bad_option: ")


# --------------------------------------------------------------------------------------------------------- the folder


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which operations were reached."""
    reached: list[str] = []

    def noting(name: str) -> Any:
        real = getattr(rs, name)

        def operation(*how: Any, **options: Any) -> Any:
            reached.append(name)
            return real(*how, **options)

        return operation

    for name in ("pairwise", "pairwise_test"):
        monkeypatch.setattr(rs, name, noting(name))
    return reached


@pytest.mark.parametrize("command", ["pairwise", "test"])
def test_a_folder_that_takes_no_files_is_found_before_the_work(
    command: str, computed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "cka.csv").mkdir(parents=True)
    for out in ("file", "file/deeper", "taken", "/dev/null/out", "/proc/out"):
        assert cli.main([command, "x.npy", "y.npy", "-o", out]) == 1
        assert one_line(capsys.readouterr().err)
    assert computed == []
    assert cli.main([command, "x.npy", "y.npy", "-o", "fine/deep"]) == 0
    assert len(computed) == 1


def test_results_that_a_file_does_not_take_after_all_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device", "out/cka.csv")

    monkeypatch.setattr(cli, "_write", full)
    assert cli.main(["pairwise", "x.npy", "y.npy", "-o", "out"]) == 1
    out, err = capsys.readouterr()
    assert "cka" in out
    assert err == "file_error: out/cka.csv: No space left on device\n"


# ------------------------------------------------------------------------------------------------------------- Ctrl-C


def test_ctrl_c_while_the_program_is_loaded() -> None:
    """A module that loads slowly stands in for NumPy on a cold disk."""
    with open("numpy.py", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("import time\nprint('loading', flush=True)\ntime.sleep(30)\n")
    command = [sys.executable, "-m", "resemblance", "measures"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([".", *sys.path])}
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "interrupted\n")
    assert time.monotonic() - start < 25
