"""The bridge to the compiled core: one function per kind of answer a measure gives.

A measure is one line: its name, its arrays and its options go to `score`, `score_or_rows`, `statistic` or `group`. The
arrays are converted (`_inputs`), the number of threads is looked up (`config`), and what the core remarks is reported.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

from resemblance import _core
from resemblance._inputs import as_input, as_models, as_options
from resemblance.config import on_warning, threads
from resemblance.errors import ResemblanceWarning, make

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from resemblance._inputs import CoreInput, Models, ModelsLike, Representation

    Remark: TypeAlias = tuple[str, str, Mapping[str, Any]]

_HERE = __file__.removesuffix("_call.py")


def score(measure: str, x: Representation, y: Representation, **options: Any) -> float:
    """Return the score of a pair."""
    found = _core.score(measure, as_options(options), as_input(x, "x"), as_input(y, "y"), threads())
    return found if isinstance(found, float) else _reported(found)


def score_or_rows(
    measure: str, x: Representation, y: Representation, reduce: str | None, **options: Any
) -> float | NDArray[np.float64]:
    """Return the score of a pair, or what each row contributes to it."""
    if reduce == "mean":
        return score(measure, x, y, **options)
    if reduce is not None:
        raise _no_choice(measure, "reduce", reduce, '"mean", None')
    found = _core.rows(measure, as_options(options), as_input(x, "x"), as_input(y, "y"), threads())
    return _reported(found) if isinstance(found, tuple) else found


def statistic(
    measure: str, x: Representation, y: Representation | None, compare: str | None, **options: Any
) -> float | tuple[float, float]:
    """Return a number of one representation, or the comparison of two such numbers."""
    if y is not None and compare is not None:
        return score(measure, x, y, compare=compare, **options)
    numbers = [
        _number(_core.statistic(measure, as_options(options), as_input(side, name), threads()))
        for side, name in ((x, "x"), (y, "y"))
        if side is not None
    ]
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def group(measure: str, models: ModelsLike, **options: Any) -> float:
    """Return the score of a group of models."""
    return _number(_core.group(measure, as_options(options), as_group(models), threads()))


def as_group(models: Any) -> list[CoreInput]:
    """Convert the models of a group, at least two."""
    members = as_models(models, "models").inputs()
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


def _no_choice(measure: str, option: str, given: object, known: str) -> Exception:
    message = f"{measure}: {option}={given!r} is not a choice; known are {known}."
    return make("bad_option", message, {"measure": measure, "option": option, "given": repr(given)})


def _depth_of_user() -> int:
    """Count the frames up to the caller outside this package, so that a warning points at the user's own line."""
    frame = sys._getframe(1)  # noqa: SLF001 - the way CPython documents; `skip_file_prefixes` needs Python 3.12
    depth = 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
        depth += 1
    return depth
