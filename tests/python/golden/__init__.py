"""Golden numbers: values known from two independent computations, one line each, in one file per family.

`source` says where a value comes from. A single letter is the way of the representational catalogue: A singular values
of QR bases / eigenvalues of covariances, B nuclear norm / explicit rotation, C assignment / enumeration, D bases and
filters / least squares, E n x n matrices / moments, F own formula / SciPy, scikit-learn or dcor, G loops / masks on
scikit-learn lists, I two different sums of one definition, N closed form / enumeration of permutations. G with a number
is a line of the functional catalogue, checked by SciPy, scikit-learn, statsmodels or by hand.

A family's file has the list `GOLDEN` and may have `NULL_MEANS` (mean scores over all pairings), `CLOSED_FORM` (which
options have such a mean in closed form, by measure) and `DATA` (arrays of its own).
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import numpy as np

from golden import _lines

if TYPE_CHECKING:
    from golden._lines import Golden

FAMILIES = {
    found.name: importlib.import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
    if not found.name.startswith("_")
}
GOLDEN: list[Golden] = [line for family in FAMILIES.values() for line in family.GOLDEN]
NULL_MEANS: list[Golden] = [line for family in FAMILIES.values() for line in getattr(family, "NULL_MEANS", [])]
DATA: dict[str, Any] = dict(_lines.DATA)
for _family in FAMILIES.values():
    for _name, _array in getattr(_family, "DATA", {}).items():
        if _name in DATA:
            raise ValueError(f"two arrays are called {_name}")
        DATA[_name] = _array


def arrays(line: Golden) -> list[np.ndarray]:
    """The arrays a line names."""
    return [np.asarray(DATA[name]) for name in line.arguments.split()]


def options(line: Golden) -> dict[str, Any]:
    """The options of a line."""
    return {name: np.asarray(value) if np.ndim(value) else value for name, value in line.options.items()}


def has_closed_form(measure: str, options: dict[str, Any]) -> bool:
    """Whether the mean over all pairings is known in closed form."""
    return any(
        getattr(family, "CLOSED_FORM", {}).get(measure, lambda options: False)(options) for family in FAMILIES.values()
    )
