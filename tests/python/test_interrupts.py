"""Who waits can stop a call, other threads run meanwhile, and a signal at the wrong moment spoils nothing."""

from __future__ import annotations

import operator
import os
import pickle
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import resemblance as rs
from resemblance import _core

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")


def pair(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(n)
    return random.standard_normal((n, d)), random.standard_normal((n, d))


def moments(x, y):
    return rs.permutation_moments(x, y, partial(rs.cka, kernel="rbf"), order=4)


def second_order(x, y):
    return rs.second_order_cosine(x, y, k=len(x) // 2)


# Few entries, and much to do.
LONG = {
    "rsa": (rs.rsa, (3000, 1)),
    "kendall": (partial(rs.rsa, inner="euclidean", outer="kendall_tau_a"), (1500, 2)),
    "moments": (moments, (800, 2)),
    "second_order_cosine": (second_order, (1200, 3)),
}


@pytest.mark.filterwarnings("ignore::resemblance.ResemblanceWarning")
@pytest.mark.parametrize("name", LONG)
def test_other_threads_run_while_few_entries_take_long(name):
    call, shape = LONG[name]
    x, y = pair(*shape)
    if name == "rsa":
        call = partial(rs.rsa, inner="euclidean")
    beats, over = [], threading.Event()

    def beat():
        while not over.wait(0.001):
            beats.append(time.perf_counter())

    other = threading.Thread(target=beat)
    other.start()
    try:
        begin = time.perf_counter()
        call(x, y)
        end = time.perf_counter()
    finally:
        over.set()
        other.join()
    inside = [at for at in beats if begin < at < end]
    assert len(inside) > 5, f"{len(inside)} in {end - begin:.3f} s"


@pytest.fixture
def alarm():
    """Let SIGALRM do what Ctrl-C does."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize(
    ("name", "options"), [("cka", {"kernel": "rbf", "bandwidth": 0.5}), ("rsa", {"inner": "euclidean"})]
)
def test_a_signal_at_the_beginning_of_a_small_call_spoils_nothing(name, options):
    x, _ = pair(10, 3)
    made = []
    # None of these steps is one of the interpreter's own, so the signal is pending when the core begins.
    steps = map(
        operator.call,
        [partial(os.kill, os.getpid(), signal.SIGALRM), partial(_core.prepare, name, options, x, None, (1, None))],
    )
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - between these two the interpreter looks for signals
        made.extend(steps)
        time.sleep(1)
    for summary in made[1:]:
        assert summary.options == options
        assert pickle.loads(pickle.dumps(summary)).options == options  # noqa: S301
    assert rs.prepare(x, partial(getattr(rs, name), **options)).options == options


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize(
    "call",
    [
        lambda x, y: rs.rsa(x, y, inner="euclidean", outer="kendall_tau_b"),
        lambda x, y: rs.prepare(x, partial(rs.rsa, inner="euclidean")),
        lambda x, y: rs.pairwise([x, y] * 20, partial(rs.rsa, inner="euclidean")),
        lambda x, y: rs.permutation_test(x, y, partial(rs.rsa, inner="euclidean"), n_resamples=10**7, rng=0),
        lambda x, y: rs.confidence_interval(x, y, partial(rs.rsa, inner="euclidean")),
    ],
    ids=["score", "prepare", "pairwise", "permutation_test", "confidence_interval"],
)
def test_a_signal_stops_a_long_call(call):
    x, y = pair(4000, 2)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    with pytest.raises(KeyboardInterrupt):
        call(x, y)
    assert rs.cka(x[:50], y[:50]) > 0


def test_pools_of_threads_are_bounded():
    x, y = pair(400, 3)
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        pytest.skip("nobody tells the number of threads")
    before = len(list(tasks.iterdir()))
    values = {score_with(count, x, y) for count in range(1, 25)}
    deadline = time.monotonic() + 5
    while len(list(tasks.iterdir())) > before + 3 * 24 and time.monotonic() < deadline:
        time.sleep(0.02)  # threads end when they are told, not before
    assert len(list(tasks.iterdir())) <= before + 3 * 24
    assert len(values) == 1


def score_with(count, x, y):
    with rs.config(num_threads=count):
        return rs.rsa(x, y, inner="euclidean")
