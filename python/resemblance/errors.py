"""What the library says when there is no number, or when a number misleads.

Every failure is a `ResemblanceError`, which is a ``ValueError``, and carries a stable ``code`` and the numbers of its
message in ``details``. Where Python or NumPy has a more exact word (``TypeError``, ``KeyError``,
``MemoryError``, ``numpy.linalg.LinAlgError``) the error is of that type as well. Warnings have the same two fields.

>>> import resemblance as rs
>>> try:
...     rs.cka([[1.0], [2.0], [3.0]], [[1.0], [2.0]])
... except rs.ResemblanceError as error:
...     print(error.code, error.details["n"], error.details["m"])
row_count_mismatch 3 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.linalg import LinAlgError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "NoConvergenceError",
    "OverBudgetError",
    "ResemblanceError",
    "ResemblanceWarning",
    "UnknownLabelError",
    "UnsupportedTypeError",
    "make",
]


class ResemblanceError(ValueError):
    """A named failure: there is no number, and this is why.

    Attributes
    ----------
    code : str
        Stable name of the failure, such as ``"row_count_mismatch"``.
    message : str
        One sentence with the numbers filled in.
    details : dict
        The numbers of the message, by name.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = dict(details or {})

    def __reduce__(self) -> tuple[type[ResemblanceError], tuple[str, str, dict[str, Any]]]:
        return type(self), (self.code, self.message, self.details)


class UnsupportedTypeError(ResemblanceError, TypeError):
    """The object is no array of real numbers."""


class OverBudgetError(ResemblanceError, MemoryError):
    """The work needs more memory than there is."""


class NoConvergenceError(ResemblanceError, LinAlgError):
    """A decomposition or an iteration did not reach its accuracy."""


class ResemblanceWarning(UserWarning):
    """The number is right and easily misread.

    Its text begins with the code, so that one kind can be filtered:
    ``warnings.filterwarnings("ignore", "null_inflated")``.

    Attributes
    ----------
    code : str
        Stable name of the warning, such as ``"null_inflated"``.
    message : str
        One sentence with the numbers filled in.
    details : dict
        The numbers of the message, by name.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = dict(details or {})

    def __reduce__(self) -> tuple[type[ResemblanceWarning], tuple[str, str, dict[str, Any]]]:
        return type(self), (self.code, self.message, self.details)


class UnknownLabelError(ResemblanceError, KeyError):
    """A result has no entry with this label."""

    __str__ = Exception.__str__  # KeyError would show the repr of the sentence


_CLASSES: dict[str, type[ResemblanceError]] = {
    "unsupported_dtype": UnsupportedTypeError,
    "over_budget": OverBudgetError,
    "no_convergence": NoConvergenceError,
    "unknown_label": UnknownLabelError,
}


def make(code: str, message: str, details: Mapping[str, Any] | None = None) -> ResemblanceError:
    """Build the error for a code; the compiled core calls this as well."""
    return _CLASSES.get(code, ResemblanceError)(code, message, details)
