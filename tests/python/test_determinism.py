"""The same bits for any number of threads, and nothing that hangs: fork, spawn, Python threads, Ctrl-C."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pairs
import pytest
from settings import PLAIN

import resemblance as rs

if TYPE_CHECKING:
    from settings import Setting

THREADS = (1, 2, 3, 8)
pytestmark = pytest.mark.timeout(120)


def pair(setting: Setting, n: int = 257, d: int = 40):
    """Large enough for several tiles and several blocks."""
    if setting.input in ("matrix", "pair_matrix"):
        return setting.inputs(*pairs.related(n, d, d))
    return setting.inputs(*pairs.scores(n, 7))


EACH = pytest.mark.parametrize("setting", PLAIN, ids=str)


@EACH
def test_a_score_has_the_same_bits(setting):
    x, y = pair(setting)
    found = []
    for threads in THREADS:
        with rs.config(num_threads=threads):
            found.append(setting.library(x, y))
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    "measure",
    [
        rs.cka,
        functools.partial(rs.cka, kernel="rbf", estimator="debiased"),
        functools.partial(rs.rsa, inner="euclidean"),
        rs.rsa,
        rs.distance_correlation,
        rs.cca_mean,
        rs.procrustes,
        rs.knn_jaccard,
        functools.partial(rs.knn_jaccard, metric="euclidean"),
        rs.linear_regression_r2,
    ],
    ids=lambda m: getattr(m, "__name__", None) or f"{m.func.__name__}{m.keywords}",
)
def test_a_large_score_has_the_same_bits(measure):
    for n, d_x, d_y in ((1100, 64, 130), (150, 900, 300)):
        x, y = pairs.related(n, d_x, d_y)
        for dtype in (np.float64, np.float32):
            a, b = x.astype(dtype), y.astype(dtype)
            assert len({rs.compare(a, b, measure, num_threads=threads)[0].value for threads in THREADS}) == 1


@EACH
def test_a_grid_has_the_same_bits(setting):
    x, y = pair(setting, 120)
    models = [x, y, *(pair(setting, 120, 20 + i)[0] for i in range(0 if setting.facts.equal_widths else 3))]
    if setting.input in ("predictions", "probabilities"):
        models = [x, y, y]
    grids = [rs.pairwise(models, setting.bound(x), num_threads=threads)[0].values.tobytes() for threads in THREADS]
    assert len(set(grids)) == 1


@pytest.mark.parametrize("setting", [s for s in PLAIN if s.facts.rows_paired], ids=str)
def test_a_permutation_test_has_the_same_bits(setting):
    x, y = pair(setting, 61, 6)
    found = set()
    for threads in THREADS:
        result = rs.permutation_test(
            x, y, setting.bound(x), n_resamples=300, rng=5, num_threads=threads, return_null=True
        )
        numbers = (result.statistic, result.pvalue, result.null_mean, result.null_std, result.zscore)
        found.add((numbers, result.null_distribution.tobytes()))
    assert len(found) == 1


def test_prepared_summaries_have_the_same_bits():
    x, y = pairs.related(300, 40, 30)
    for measure in (rs.cka, rs.cca_mean, rs.rsa, rs.knn_jaccard, rs.procrustes):
        summaries = [rs.prepare(x, measure, num_threads=threads) for threads in THREADS]
        assert len({measure(summary, y) for summary in summaries} | {measure(x, y)}) == 1


def test_a_second_run_has_the_same_bits():
    x, y = pairs.related(200, 30, 30)
    for setting in PLAIN:
        if setting.input == "matrix":
            assert len({setting.library(x, y) for _ in range(3)}) == 1


# Processes and threads

WORK = functools.partial(rs.rsa, inner="euclidean")


def _work(seed: int) -> list[float]:
    x, y = pairs.related(200, 20, 20, seed=seed)
    with rs.config(num_threads=2, on_warning="ignore"):
        test = rs.permutation_test(x, y, rs.cca_mean, n_resamples=50, rng=seed)
        return [WORK(x, y), rs.cka(x, y), rs.cca_mean(x, y), rs.knn_jaccard(x, y), test.pvalue]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_fork_after_use():
    """A thread pool does not survive a fork; the child must make its own and not wait for threads that are gone."""
    expected = _work(1)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # nothing of pytest may run in here
        status = 1
        try:
            os.write(write, repr(_work(1)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert os.waitstatus_to_exitcode(status) == 0
    assert os.read(read, 10_000).decode() == repr(expected)
    os.close(read)
    assert _work(1) == expected


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this platform cannot {method}")
    script = f"""
        import multiprocessing, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_determinism import _work
        if __name__ == "__main__":
            here = [_work(seed) for seed in range(3)]
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                there = pool.map(_work, range(3))
            assert here == there, (here, there)
            print("equal")
    """
    assert run(script, timeout=90).stdout.strip() == "equal"


def run(script: str, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a script in a file of its own, as `spawn` needs one, and in a folder that has no other modules."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.py")
        path.write_text(textwrap.dedent(script), encoding="utf-8")
        found = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(path)], capture_output=True, text=True, timeout=timeout, check=False
        )
    assert found.returncode == 0, found.stderr
    return found


def test_many_python_threads():
    expected = [_work(seed) for seed in range(4)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(_work, [0, 1, 2, 3] * 4)) == expected * 4


def test_threads_share_one_summary():
    x, y = pairs.related(200, 20, 20)
    summary, expected = rs.prepare(x, rs.cka), rs.cka(x, y)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: rs.cka(summary, y), range(32))) == {expected}


def test_the_lock_is_released():
    """While the core works, other Python threads run."""
    x, y = pairs.related(1500, 60, 60)
    with ThreadPoolExecutor(1) as pool:
        work, ticks = pool.submit(lambda: [WORK(x, y) for _ in range(3)]), 0
        while not work.done():
            time.sleep(0.001)
            ticks += 1
    assert ticks > 5


def test_settings_of_threads():
    assert rs.show_config()["num_threads"] >= 1
    with rs.config(num_threads=3):
        assert rs.show_config()["num_threads"] == 3
        assert rs.show_config()["num_threads_from"] == "config"
        with ThreadPoolExecutor(1) as pool:  # a block holds for its own thread only
            assert pool.submit(lambda: rs.show_config()["num_threads_from"]).result() != "config"
    for wrong in (0, -1, 1.5, "two", True):
        with pytest.raises(rs.ResemblanceError) as caught:
            rs.config(num_threads=wrong)
        assert caught.value.code == "bad_option"
        with pytest.raises(rs.ResemblanceError):
            rs.pairwise([np.eye(4), np.eye(4)], rs.cka, num_threads=wrong)
    script = "import resemblance; s = resemblance.show_config(); print(s['num_threads'], s['num_threads_from'])"
    environment = os.environ | {"RESEMBLANCE_NUM_THREADS": "5"}
    found = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert found.stdout.split() == ["5", "RESEMBLANCE_NUM_THREADS"]


# Ctrl-C

LONG = {
    "pairwise": "rs.pairwise([rng.normal(size=(800, 100)) for _ in range(80)], partial(rs.rsa, inner='euclidean'))",
    "pairwise_cross": "rs.pairwise([rng.normal(size=(400, 120)) for _ in range(120)], rs.cca_mean)",
    "permutation_orbits": "rs.permutation_test(x, y, rs.cka, n_resamples=10**8)",
    "permutation_cross": "rs.permutation_test(x, y, rs.procrustes, n_resamples=10**7)",
    "permutation_neighbors": "rs.permutation_test(x, y, rs.knn_jaccard, n_resamples=10**7)",
    "permutation_rows": "rs.permutation_test(x[:, :9], y[:, :9], rs.disagreement, n_resamples=10**7)",
    "permutation_pair": "rs.permutation_test(x, x + y, rs.aligned_cosine, n_resamples=10**7)",
    "own_function": "rs.permutation_test(x, y, lambda x, y: float(x[0] @ y[0]), n_resamples=10**7)",
    "large_pair": "rs.rsa(rng.normal(size=(9000, 50)), rng.normal(size=(9000, 50)), inner='euclidean')",
    "neighbors": "rs.knn_jaccard(rng.normal(size=(20000, 200)), rng.normal(size=(20000, 200)))",
}


@pytest.mark.skipif(os.name == "nt", reason="Windows delivers Ctrl-C in another way")
@pytest.mark.parametrize("work", LONG)
def test_ctrl_c(work):
    """KeyboardInterrupt within half a second, from whatever the core is doing."""
    script = textwrap.dedent(f"""
        import sys, time
        from functools import partial
        import numpy as np
        import resemblance as rs
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(600, 40)), rng.normal(size=(600, 40))
        rs.cka(x, y)
        print("started", flush=True)
        try:
            {LONG[work]}
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)
            sys.exit(0)
        print("finished", flush=True)
        sys.exit(3)
    """)
    waits = []
    for _ in range(3):  # a busy machine may be late once
        child = subprocess.Popen([sys.executable, "-W", "ignore", "-c", script], stdout=subprocess.PIPE, text=True)  # noqa: S603
        try:
            assert child.stdout.readline() == "started\n"
            time.sleep(0.4)
            pressed = time.monotonic()
            child.send_signal(signal.SIGINT)
            answer, _ = child.communicate(timeout=20)
        finally:
            child.kill()
            child.wait()
        assert child.returncode == 0, f"exit code {child.returncode}: {answer}"
        waits.append(float(answer) - pressed)
        if waits[-1] < 0.5:
            break
    assert min(waits) < 0.5
