"""The bridge to the compiled core: one function per kind of answer a measure gives.

A measure is one line: its name, its arrays and its options go to `score` or `group`. The arrays are converted
(`_inputs`), threads and memory are looked up (`_config`), and what the core remarks is reported.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from resemblance import _core
from resemblance._config import on_warning, resources
from resemblance._inputs import as_array, as_input, as_models, as_options
from resemblance._rows import NAMELESS, require_same_rows
from resemblance.errors import ResemblanceWarning, make

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from resemblance._config import Resources
    from resemblance._inputs import CoreInput, Models, ModelsLike, Representation

    Remark: TypeAlias = tuple[str, str, Mapping[str, Any]]

_HERE = __file__.removesuffix("_bridge.py")


def score(measure: str, x: Representation, y: Representation, **options: Any) -> float:
    """Return the score of a pair."""
    if not NAMELESS.issuperset(map(type, (x, y, *options.values()))):
        require_same_rows((("x", x), ("y", y), *options.items()))
    found = _core.score(measure, as_options(options), as_input(x, "x"), as_input(y, "y"), resources())
    return found if isinstance(found, float) else _reported(found)


def statistics(measure: str, x: Representation, y: Representation, **options: Any) -> float:
    """Return the comparison of two numbers, each of one representation, whose rows are not paired."""
    found = _core.score(measure, as_options(options), as_input(x, "x"), as_input(y, "y"), resources())
    return found if isinstance(found, float) else _reported(found)


def rows(measure: str, given: Mapping[str, Any], x: Any, y: Any, limits: Resources) -> Any:
    """Return what each row contributes to the score of a pair."""
    found = _core.rows(measure, given, as_input(x, "x"), as_input(y, "y"), limits)
    return _reported(found) if isinstance(found, tuple) else found


def statistic(measure: str, given: Mapping[str, Any], x: Representation, limits: Resources) -> float:
    """Return the number of one representation."""
    return _number(_core.statistic(measure, given, as_input(x, "x"), limits))


def group(measure: str, models: ModelsLike, **options: Any) -> float:
    """Return the score of a group of models."""
    return _number(_core.group(measure, as_options(options), as_group(models, options), resources()))


def as_pair(x: Representation, y: Representation, measure: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Convert both sides for a measure of this library that is a function in Python, and refuse what the core would."""
    require_same_rows((("x", x), ("y", y)))
    left, right = (_as_matrix(side, name) for side, name in ((x, "x"), (y, "y")))
    if len(left) != len(right):
        message = f"x has {len(left)} rows, y has {len(right)}; row i of both must belong to the same input."
        raise make("row_count_mismatch", message, {"x": "x", "y": "y", "n": len(left), "m": len(right)})
    if left.shape[1] != right.shape[1]:
        p, q = left.shape[1], right.shape[1]
        raise make(
            "width_mismatch", f"{measure} needs equal widths, got {p} and {q}.", {"measure": measure, "p": p, "q": q}
        )
    return left, right


def _as_matrix(given: Representation, name: str) -> NDArray[np.float64]:
    array = as_array(given, name)
    if array.ndim != 2:
        message = f"{name} must have two axes (one row per input, one column per unit), it has shape {array.shape}."
        raise make("not_two_dimensional", message, {"name": name, "shape": array.shape})
    if not array.size:
        message = f"{name} has shape {array.shape}: there are no rows or no columns."
        raise make("empty_input", message, {"name": name, "shape": array.shape})
    if array.dtype.kind not in "fiu":
        raise make(
            "unsupported_dtype", f"{name} holds classes; real numbers are needed.", {"name": name, "given": "classes"}
        )
    matrix = array.astype(np.float64)
    if count := int((bad := ~np.isfinite(matrix)).sum()):
        row, column = map(int, np.argwhere(bad)[0])
        message = f"{name} has {count} non-finite value{'s' * (count > 1)}, first at row {row}, column {column}."
        raise make("nonfinite_input", message, {"name": name, "count": count, "row": row, "column": column})
    return matrix


def as_group(models: Any, options: Mapping[str, Any]) -> list[CoreInput]:
    """Convert the models of a group, at least two, or a table of all their votes."""
    if options.get("kind") == "counts":
        return [as_input(models, "models")]
    listed = as_models(models, "models")
    require_same_rows(listed.sides())
    members = listed.inputs()
    if len(members) < 2:
        message = f"models must hold at least two models, got {len(members)}."
        raise make("too_few_models", message, {"given": len(members)})
    return members


def as_warnings(remarks: Iterable[Remark]) -> list[ResemblanceWarning]:
    """Turn what the core remarks into warnings."""
    return [ResemblanceWarning(code, message, details) for code, message, details in remarks]


def failed_pairs(
    status: Mapping[tuple[int, int], tuple[str, str]], left: Models, right: Models
) -> list[ResemblanceWarning]:
    """Warn of the pairs of a grid that have no value, with the reason of the first."""
    if not status:
        return []
    (i, j), (code, reason) = next(iter(status.items()))
    row, column, total = left.labels[i], right.labels[j], len(left.labels) * len(right.labels)
    message = f"{len(status)} of {total} pairs have no value; {row} with {column}: {reason}"
    details = {"count": len(status), "total": total, "code": code, "row": row, "column": column}
    return [ResemblanceWarning("failed_pairs", message, details)]


def report(found: Iterable[ResemblanceWarning]) -> None:
    """Report each kind of warning once, as the user asked (`config`)."""
    policy = on_warning()
    if policy == "ignore":
        return
    first: dict[str, ResemblanceWarning] = {}
    for warning in found:
        first.setdefault(warning.code, warning)
    for warning in first.values():
        if policy == "raise":
            raise make(warning.code, warning.message, warning.details)
        warnings.warn(warning, stacklevel=_depth_of_user())


def _number(found: float | tuple[float, list[Remark]]) -> float:
    return found if isinstance(found, float) else _reported(found)


def _reported(found: tuple[Any, list[Remark]]) -> Any:
    value, remarks = found
    if on_warning() != "ignore":
        report(as_warnings(remarks))
    return value


def _depth_of_user() -> int:
    """Count the frames up to the caller outside this package, so that a warning points at the user's own line."""
    frame = sys._getframe(1)  # noqa: SLF001 - the way CPython documents; `skip_file_prefixes` needs Python 3.12
    depth = 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
        depth += 1
    return depth
