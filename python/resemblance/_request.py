"""What a permutation test is asked for, checked as far as Python can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance.errors import make

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class Request:
    """A test, but for its data and its measure."""

    n_resamples: int
    alternative: str | None
    method: str
    strata: NDArray[np.int64] | None
    groups: NDArray[np.int64] | None
    scheme: str
    alpha: float
    key: bytes
    dtype: str
    return_null: bool = False

    def __post_init__(self) -> None:
        count: Any = self.n_resamples
        alpha: Any = self.alpha
        if isinstance(count, bool) or not hasattr(count, "__index__") or count < 1:
            raise refuse("n_resamples", count, "must be a whole number of at least 1.")
        if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0.0 < alpha < 1.0:
            raise refuse("alpha", alpha, "must lie between 0 and 1.")

    def fields(self) -> dict[str, Any]:
        """Hand all of it to the core."""
        return vars(self) | {"n_resamples": int(self.n_resamples), "alpha": float(self.alpha)}

    def kept(self) -> dict[str, Any]:
        """Tell what a result keeps to be run again."""
        given = self.fields()
        return {name: given[name] for name in ("n_resamples", "method", "scheme", "alpha", "dtype")}


def as_ids(given: ArrayLike | None, name: str) -> NDArray[np.int64] | None:
    """Give every different value a number; whole numbers stand for themselves."""
    if given is None:
        return None
    array = np.asarray(given)
    if array.ndim != 1 or (array.dtype.kind == "f" and np.isnan(array).any()):
        raise refuse(name, f"an array of shape {array.shape}", "must be one id per row, none of them missing.")
    if array.dtype.kind == "i":
        return array.astype(np.int64)
    try:
        return np.unique(array, return_inverse=True)[1].astype(np.int64).reshape(-1)
    except TypeError as error:
        raise refuse(name, "values of several types", "must be ids that can be told apart by sorting.") from error


def refuse(option: str, given: object, problem: str) -> Exception:
    """Name the option that cannot be used."""
    return make("bad_option", f"{option}={given!r} {problem}", {"option": option, "given": repr(given)})
