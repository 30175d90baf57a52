"""Settings for all tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# With `--import-mode=importlib` pytest adds no folder to the path, and the tests share their tables and oracles.
sys.path.insert(0, str(Path(__file__).parent))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "packages: compares with independent packages, where they are installed")


@pytest.fixture(autouse=True)
def _quiet(request):
    """Warnings are the business of test_warnings.py; elsewhere they would only be noise."""
    import resemblance  # noqa: PLC0415 - the oracles can be tested without the library

    if request.module.__name__.rpartition(".")[2] == "test_warnings":
        yield
    else:
        with resemblance.config(on_warning="ignore"):
            yield
