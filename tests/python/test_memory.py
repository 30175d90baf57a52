"""What does not fit is refused by name before it begins, whoever sets the limit."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import resemblance as rs
from resemblance.errors import OverBudgetError, ResemblanceError

# Measures whose matrices over pairs of rows grow with the square of their number.
DENSE = [
    rs.rsa,
    partial(rs.rsa, inner="euclidean", outer="kendall_tau_b"),
    partial(rs.rsa, inner="rbf", outer="pearson"),
    partial(rs.cka, kernel="rbf"),
    partial(rs.cka, kernel="laplace", estimator="debiased"),
    partial(rs.cka, kernel="polynomial"),
    rs.distance_correlation,
]

OPERATIONS = {
    "compare": rs.compare,
    "prepare": lambda x, y, measure: rs.prepare(x, measure),
    "pairwise": lambda x, y, measure: rs.pairwise([x, y], measure),
    "permutation_test": lambda x, y, measure: rs.permutation_test(x, y, measure, n_resamples=20, rng=0),
    "pairwise_test": lambda x, y, measure: rs.pairwise_test([x, y], measure, n_resamples=20, rng=0),
    "confidence_interval": rs.confidence_interval,
}


def pair(n: int, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(n)
    return random.standard_normal((n, d)), random.standard_normal((n, d))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("measure", DENSE)
def test_every_operation_respects_the_limit_of_the_caller(measure, operation):
    x, y = pair(300)
    with rs.config(memory_limit=300_000), pytest.raises(OverBudgetError, match="available") as caught:
        OPERATIONS[operation](x, y, measure)
    assert caught.value.code == "over_budget"
    assert caught.value.details["free"] <= 300_000 < caught.value.details["need"]


def test_moments_respect_the_limit():
    with rs.config(memory_limit=300_000), pytest.raises(OverBudgetError):
        rs.permutation_moments(*pair(300), rs.rsa)


def test_a_null_distribution_counts():
    x, y = pair(12)
    rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, return_null=True)
    with rs.config(memory_limit="1 MB"), pytest.raises(OverBudgetError, match="null distribution"):
        rs.permutation_test(x, y, rs.cka, n_resamples=10**9, rng=0, return_null=True)


def test_nothing_is_refused_that_fits():
    x, y = pair(300)
    assert rs.rsa(x, y) == rs.compare(x, y, rs.rsa)["rsa"].value
    with rs.config(memory_limit="3 MB"):
        assert rs.rsa(x, y) == rs.compare(x, y, rs.rsa)["rsa"].value


def test_many_rows_are_refused_at_once():
    x = np.zeros((200_000, 4))
    x[:, 0] = np.arange(len(x))
    with rs.config(memory_limit="64 GB"), pytest.raises(OverBudgetError, match=r"rsa needs 7.. GB, and"):
        rs.rsa(x, x)


@pytest.mark.parametrize("limit", [0, -1, True, 2.5, "much", "4 Gib b", "1e9", [], 2**70])
def test_a_limit_is_a_number_of_bytes(limit):
    with pytest.raises(ResemblanceError, match="memory_limit") as caught:
        rs.config(memory_limit=limit)
    assert caught.value.code == "bad_option"


@pytest.mark.parametrize(
    ("limit", "count"), [(5, 5), ("5", 5), ("2 kB", 2000), ("1.5 GiB", 3 << 29), ("4gib", 4 << 30), ("7 bytes", 7)]
)
def test_limits_have_units(limit, count):
    with rs.config(memory_limit=limit):
        assert rs.show_config()["memory_limit"] == count
        with rs.config(num_threads=1):
            assert rs.show_config()["memory_limit"] == count


def test_the_process_and_the_environment_have_limits():
    script = """if True:
        import resemblance as rs
        assert rs.show_config()["memory_limit"] == 1 << 30
        rs.set_config(memory_limit="2 GiB")
        assert rs.show_config()["memory_limit"] == 2 << 30
        rs.set_config(memory_limit=None)
        assert rs.show_config()["memory_limit"] == 1 << 30
    """
    run(script, RESEMBLANCE_MEMORY_LIMIT="1 GiB")


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-c", script]
    found = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, env=os.environ | environment
    )
    assert found.returncode == 0, found.stderr
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are those of Linux")
@pytest.mark.parametrize("gib", [2, 4])
def test_a_limited_address_space_ends_in_errors_and_never_in_an_abort(gib):
    script = f"""if True:
        import resource
        import sys
        from functools import partial
        import numpy as np
        sys.path.insert(0, "tests/python")
        import resemblance as rs
        from resemblance.errors import OverBudgetError
        from test_memory import DENSE, OPERATIONS, pair
        resource.setrlimit(resource.RLIMIT_AS, ({gib} << 30, {gib} << 30))
        x, y = pair(32_000, 2)
        for measure in DENSE[:-1]:  # distance correlation reads the distances of so many rows without storing them
            for name, operation in OPERATIONS.items():
                try:
                    operation(x, y, measure)
                except OverBudgetError:
                    print(name, measure)
    """
    found = run(script, OPENBLAS_NUM_THREADS="1")
    assert len(found.stdout.splitlines()) == len(DENSE[:-1]) * len(OPERATIONS)
