"""Functions of the user's own may be called elsewhere, by anything that has `submit`: the same results to the bit."""

from __future__ import annotations

from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
from permutations import DESIGNS

import resemblance as rs

X, Y, Z = np.random.default_rng(0).normal(size=(3, 20, 3))
NAMED = {"x": X, "y": Y, "z": Z}


def own(x, y):
    return float(np.sum(x * y) / (1 + np.abs(x[:, 0] - y[:, 0]).sum()))


def fails(x, y):
    if not np.array_equal(y, Y):
        raise RuntimeError("mine")
    return 0.0


class Remote:
    """A client such as Dask's: it cannot map over endless iterators, and its futures come done, in any order."""

    def __init__(self) -> None:
        self.waiting: list[Future] = []
        self.most = 0

    def map(self, *_):
        raise TypeError("no longer supports mapping over Iterators")

    def submit(self, function, *args, **options):
        assert not options
        future: Future = Future()
        future.call = lambda: function(*args)
        future.result = lambda: self._finish(future)
        self.waiting.append(future)
        self.most = max(self.most, len(self.waiting))
        return future

    def _finish(self, future):
        self.waiting.remove(future)
        return future.call()


def pair(measure=own, **options):
    return rs.permutation_test(X, Y, measure, n_resamples=999, rng=0, **options).to_dict()


def grid(measure=own, **options):
    return rs.pairwise_test(NAMED, measure, n_resamples=199, rng=0, adjust="maxT", **options)[0].to_dict()


BOTH = pytest.mark.parametrize("test", [pair, grid], ids=["pair", "grid"])


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


@BOTH
def test_anything_with_submit(test, processes):
    """Whoever it is: a pool of threads, one of processes, and somebody else's client that has no usable `map`."""
    expected = repr(test())
    with ThreadPoolExecutor(3) as pool:
        assert repr(test(executor=pool)) == expected
    assert repr(test(executor=processes)) == expected
    remote = Remote()
    assert repr(test(executor=remote)) == expected
    assert remote.waiting == []


@pytest.mark.parametrize("design", DESIGNS)
def test_designs(design):
    n, options, _ = DESIGNS[design]
    for call in (
        partial(rs.permutation_test, X[:n], Y[:n]),
        lambda m, **o: rs.pairwise_test([X[:n], Y[:n]], m, **o)[0],
    ):
        alone = call(own, n_resamples=59, rng=1, **options)
        assert repr(call(own, n_resamples=59, rng=1, executor=Remote(), **options).to_dict()) == repr(alone.to_dict())


def test_work_goes_out_a_bounded_number_of_blocks_at_a_time():
    remote, told = Remote(), []
    found = rs.permutation_test(
        X, Y, own, n_resamples=9_999, rng=0, executor=remote, progress=lambda *now: told.append(now)
    )
    assert found.n_resamples == 9_999
    assert 1 < remote.most <= 64
    assert told[-1] == (10_000, 10_000)
    assert [done for done, _ in told] == list(range(1, 10_001))


@BOTH
def test_what_goes_wrong_elsewhere_is_raised_here_and_the_rest_is_called_off(test):
    with ThreadPoolExecutor(2) as pool, pytest.raises(RuntimeError, match="mine"):
        test(fails, executor=pool)
    remote = Remote()
    with pytest.raises(RuntimeError, match="mine"):
        test(fails, executor=remote)
    assert all(future.cancelled() for future in remote.waiting)


def test_settings_travel_with_the_work():
    def policy(x, y):
        return float(rs.show_config()["num_threads"])

    with rs.config(num_threads=7), ThreadPoolExecutor(2) as pool:
        found = rs.permutation_test(X, Y, policy, n_resamples=99, executor=pool, return_null=True)
    assert set(found.null_distribution) == {7.0}


@pytest.mark.parametrize(
    ("test", "options", "words"),
    [
        (pair, {"measure": rs.cka}, "cka"),
        (grid, {"measure": rs.cka}, "cka"),
        (grid, {"measure": [own, "rsa"]}, "rsa"),
        (pair, {"method": "sequential"}, "sequential"),
        (pair, {"executor": 4}, "submit"),
        (grid, {"executor": []}, "submit"),
    ],
)
def test_executors_that_have_nothing_to_do_are_refused(test, options, words):
    with pytest.raises(rs.ResemblanceError, match=words) as caught:
        test(**{"executor": Remote()} | options)
    assert caught.value.code == "bad_option"
    assert "executor" in str(caught.value)
