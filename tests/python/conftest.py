"""Settings for all tests."""

from __future__ import annotations

import functools
import signal
import sys
from pathlib import Path

import pytest

# With `--import-mode=importlib` pytest adds no folder to the path, and the tests share their tables and oracles.
sys.path.insert(0, str(Path(__file__).parent))


# A shell without job control starts what it runs in the background deaf to Ctrl-C, and so would be all our children.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--measure", help="run the tests of one measure: those that get it as an argument")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    measure = config.getoption("--measure")
    if measure is None:
        return
    kept = [item for item in items if hasattr(item, "callspec") and any(_is_of(measure, v) for v in _values(item))]
    if not kept:
        raise pytest.UsageError(f"no test has a measure {measure!r}")
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def _values(item: pytest.Item) -> list[object]:
    return [part for value in item.callspec.params.values() for part in (value if type(value) is tuple else (value,))]


def _is_of(measure: str, value: object) -> bool:
    function = value.func if isinstance(value, functools.partial) else value
    return measure in (value if isinstance(value, str) else None, getattr(value, "measure", None)) or (
        callable(function) and getattr(function, "__name__", None) == measure
    )


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


def pytest_make_parametrize_id(val):
    """Name functions by their name: an address would be another one in every process."""
    if isinstance(val, functools.partial):
        options = ", ".join(f"{name}={value}" for name, value in val.keywords.items())
        return f"{val.func.__name__}[{options}]"
    return val.__name__ if callable(val) and hasattr(val, "__name__") else None
