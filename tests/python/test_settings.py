"""Settings hold where they were asked for and nowhere else; modules are what their names say."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import resemblance as rs


def in_force() -> tuple[int, str]:
    shown = rs.show_config()
    return shown["num_threads"], shown["on_warning"]


def test_nothing_happens_before_a_block_is_entered():
    before = in_force()
    settings = rs.config(num_threads=7, on_warning="raise")
    assert in_force() == before
    with settings:
        assert in_force() == (7, "raise")
    assert in_force() == before


def test_one_object_may_be_entered_again_and_within_itself():
    before, settings = in_force(), rs.config(num_threads=7)
    for _ in range(2):
        with settings, rs.config(num_threads=3), settings:
            assert in_force()[0] == 7
    assert in_force() == before


def test_inner_blocks_keep_what_they_do_not_set():
    with rs.config(num_threads=5, on_warning="raise"):
        with rs.config(num_threads=2):
            assert in_force() == (2, "raise")
        with pytest.raises(ZeroDivisionError), rs.config(on_warning="ignore"):
            raise ZeroDivisionError
        assert in_force() == (5, "raise")


def test_blocks_of_threads_do_not_meet():
    """Two threads are inside their blocks at the same time, and enter one object that both have."""
    barrier, shared = threading.Barrier(2), rs.config(on_warning="raise")

    def work(count: int) -> list[tuple[int, str]]:
        seen = []
        with rs.config(num_threads=count):
            barrier.wait()
            seen.append(in_force())
            with shared:
                barrier.wait()
                seen.append(in_force())
            barrier.wait()
            seen.append(in_force())
        return seen

    outside = in_force()
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(work, (3, 5)))
    policy = found[0][0][1]
    assert found == [[(count, policy), (count, "raise"), (count, policy)] for count in (3, 5)]
    assert in_force() == outside


def test_blocks_of_tasks_do_not_meet():
    async def work(count: int) -> list[int]:
        seen = []
        with rs.config(num_threads=count):
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(in_force()[0])
        return seen

    async def both() -> list[list[int]]:
        return await asyncio.gather(work(3), work(5))

    assert asyncio.run(both()) == [[3, 3, 3], [5, 5, 5]]


def test_set_config_is_for_all_threads_and_blocks_come_first():
    outside = rs.show_config()
    try:
        rs.set_config(num_threads=4)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(in_force).result()[0] == 4
        with rs.config(num_threads=2):
            assert in_force()[0] == 2
        rs.set_config(on_warning="raise")  # leaves the other setting alone
        assert in_force()[0] == 4
    finally:
        rs.set_config(num_threads=None, on_warning=None)
    assert rs.show_config() == outside


@pytest.mark.parametrize("wrong", [{"num_threads": 0}, {"num_threads": "two"}, {"on_warning": "loud"}], ids=str)
def test_bad_settings_are_refused_by_both(wrong):
    for function in (rs.config, rs.set_config):
        with pytest.raises(rs.ResemblanceError, match=next(iter(wrong))) as caught:
            function(**wrong)
        assert caught.value.code == "bad_option"


def test_no_module_is_shadowed():
    """`import a.b as m` looks at the attribute first."""
    skipped = {"resemblance.__main__"}
    names = [one.name for one in pkgutil.walk_packages(rs.__path__, "resemblance.")]
    assert "resemblance.measures.rsm" in names
    for name in set(names) - skipped:
        module = importlib.import_module(name)
        parent, _, last = name.rpartition(".")
        assert getattr(importlib.import_module(parent), last) is module, name
    code = "import resemblance.measures.rsm as m, resemblance._config as c; print(m.cka.__name__, c.config.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == ["cka", "config"]


def test_one_type_of_answer_per_function():
    x, y = np.random.default_rng(0).normal(size=(2, 20, 3))
    named = {"x": x, "y": y}
    for measures in (rs.cka, [rs.cka], "cka", ["cka", rs.rsa]):
        assert isinstance(rs.compare(x, y, measures), rs.Comparison)
        assert isinstance(rs.pairwise(named, measures), rs.Grids)
        tested = rs.pairwise_test(named, measures, n_resamples=19)
        assert isinstance(tested, rs.PermutationGrids)
        assert tested["cka"] is tested[0]
        assert all(isinstance(grid, rs.PermutationGrid) for grid in tested.values())
    assert isinstance(rs.permutation_test(x, y, rs.cka, n_resamples=19), rs.PermutationResult)
    assert isinstance(rs.participation_ratio(x, y), float)
    assert isinstance(rs.describe(x, rs.participation_ratio), float)
    assert rs.rowwise(x, y, rs.mutual_knn).shape == (20,)


@pytest.mark.parametrize("call", [rs.rowwise, rs.describe], ids=lambda call: call.__name__)
def test_measures_without_rows_or_numbers_of_their_own_are_refused(call):
    x, y = np.random.default_rng(0).normal(size=(2, 20, 3))
    arrays = (x, y) if call is rs.rowwise else (x,)
    for measure in (rs.cka, lambda a, b: 0.0):
        with pytest.raises(rs.ResemblanceError) as caught:
            call(*arrays, measure)
        assert caught.value.code == "not_offered"


def test_measures_of_one_test_share_permutations():
    """A grid of several measures is the grids of each."""
    rng = np.random.default_rng(0)
    named = {name: rng.normal(size=(24, 3)) for name in "abc"}
    both = rs.pairwise_test(named, [rs.cka, rs.rsa], rng=3, n_resamples=99, adjust="maxT")
    for measure in (rs.cka, rs.rsa):
        alone = rs.pairwise_test(named, measure, rng=3, n_resamples=99, adjust="maxT")[0]
        assert np.array_equal(both[measure.__name__].pvalues, alone.pvalues, equal_nan=True)
        assert both[measure.__name__].key == alone.key
