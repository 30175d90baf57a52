"""The slow textbook twin of every measure, under the same name and with the same options: one file per family.

Each function follows the printed formula as literally as it can and takes another road than the library, so that one
mistake cannot be made twice: explicit centering matrices and traces, inverse roots of covariances, a rotation that is
really applied, least squares with an intercept column, loops over rows. NumPy and SciPy only. Where a formula divides
zero by zero the answer is NaN; the library must then raise a named error.

Two things are meant for exact data only: nothing here is scaled against overflow, and centering is done after the fact,
so huge offsets and 1e150 belong to tables of their own (`pairs.py`).

A family joins by lying here, a measure by being a function of its family's file.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from typing import Any

FAMILIES = {
    found.name: importlib.import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
    if not found.name.startswith("_")
}


@functools.cache
def of(measure: str) -> Any:
    """The oracle of a measure."""
    found = [
        function
        for family in FAMILIES.values()
        for name, function in inspect.getmembers(family, inspect.isfunction)
        if name == measure and function.__module__ == family.__name__
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} oracles are called {measure}: write one in tests/python/oracles/<family>.py")
    return found[0]
