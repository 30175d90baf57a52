"""Each promise of the README is held by tests, which are named here.

A sentence that is changed in the README, or a test that is renamed, must be changed here too: then somebody has looked
at whether the one still holds the other.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
README = " ".join((HERE.parents[1] / "README.md").read_text(encoding="utf-8").split())

PROMISES = {
    "unrelated networks would reach as well says so": [
        "test_unrelated_data_that_score_high_are_told_from_related_ones",
        "test_what_is_told_is_true",
    ],
    "any function `f(x, y) -> float` of your own works in all of these places": [
        "test_compare_by_name_partial_and_own_function",
        "test_pairwise_with_own_function",
        "test_permutation_test_of_own_function",
        "test_own_functions_in_grids",
    ],
    "a test calls it through any executor that has `submit`": ["test_executors_call_own_functions"],
    "all of these compare them, and refuse two sides whose rows are in different orders": [
        "test_rows_in_another_order_are_refused_with_the_remedy",
    ],
    "never runs code from a file": [
        "test_formats_that_run_code_are_refused_with_the_remedy",
        "test_object_arrays_are_never_unpickled",
        "test_a_pickle_that_calls_itself_npy_is_refused",
    ],
    "The exit code is 0 when done, 1 after a failure": ["test_the_process_returns_the_exit_code"],
    "Every fact has a test that fails if it is wrong.": ["test_invariances", "test_min_rows"],
    "`RESEMBLANCE_NUM_THREADS` says otherwise. Results do not depend on the number.": [
        "test_threads_do_not_change_a_bit",
        "test_threads_change_nothing",
    ],
    "makes them errors": ["test_settings_of_warnings"],
    "There is never a silent NaN.": [
        "test_infinite_scores_of_own_functions",
        "test_kappa_of_one_and_the_same_class_is_undefined",
        "test_degenerate",
    ],
    "is refused (`over_budget`) before it begins": ["test_every_operation_respects_the_limit_of_the_caller"],
    "how much there is changes no result": [
        "test_memory_does_not_choose_the_arrangements",
        "test_memory_changes_no_bit_of_a_grid",
    ],
    "`rng=0` gives the same test everywhere": [
        "test_test_is_the_same_every_time_and_the_seed_matters",
        "test_golden_orbits",
    ],
    "checks an old one": ["test_replay"],
    "these must agree; `rs.align` joins them": ["test_the_remedy_that_is_named_gives_the_score_of_the_rows_in_order"],
    "Equal rows of codes, counts or one-hot data are chance; inputs that were shown twice are refused": [
        "test_level_of_discrete_data",
        "test_inputs_shown_again_are_refused",
    ],
    "tests by neighbors are exact for sparse, one-hot and binary data too": ["test_level_with_ties"],
    "`kind=` says it": ["test_a_table_of_whole_numbers_is_refused_until_its_meaning_is_said"],
    "`missing=` says what an input without an answer is": ["test_gaps_are_refused_dropped_or_a_class"],
    "in any memory layout": ["test_representations"],
    "Only NumPy is required": ["test_only_numpy_is_needed"],
}


def names_of_tests() -> set[str]:
    found: set[str] = set()
    for path in HERE.rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return found


NAMES = names_of_tests()


@pytest.mark.parametrize("promise", PROMISES)
def test_the_readme_says_so_and_tests_hold_it(promise):
    assert promise in README
    assert PROMISES[promise]
    missing = [name for name in PROMISES[promise] if name not in NAMES]
    assert not missing


def test_only_numpy_is_needed():
    """What is not there is missed where it is asked for, and nowhere else."""
    script = """
import sys
for name in ("matplotlib", "pandas", "xarray", "tqdm", "scipy", "sklearn"):
    sys.modules[name] = None
import numpy as np
import resemblance as rs
x = np.arange(12.0).reshape(6, 2) ** 2
print(rs.cka(x, x), rs.pairwise([x, x], rs.cka)[0].values.shape)
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert found.stdout.split()[0] == "1.0"
