"""What a permutation test is asked for, checked as far as Python can."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance._inputs import as_numpy, require_choice, whole
from resemblance.errors import make

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_METHODS = ("auto", "orbits", "monte_carlo", "exact", "sequential")
_PRECISIONS = ("auto", "float32", "float64")
_SCHEMES = ("permute", "shift")
_REPEATS = ("auto", "refuse", "allow")
ALTERNATIVES = ("greater", "less", "two-sided")
_MOST = 2**48  # permutations


@dataclass(frozen=True, kw_only=True)
class Request:
    """A test, but for its data and its measure."""

    n_resamples: int
    alternative: str | None
    method: str
    strata: NDArray[np.int64] | None
    groups: NDArray[np.int64] | None
    scheme: str
    key: bytes
    precision: str
    alpha: float = 0.05
    return_null: bool = False
    moments: bool = False
    ids: NDArray[np.int64] | None = None
    repeats: str = "auto"

    def __post_init__(self) -> None:
        count = whole(self.n_resamples)
        if count is None or count < 1:
            raise refuse("n_resamples", self.n_resamples, "must be a whole number of at least 1.")
        if count > _MOST:
            raise refuse("n_resamples", count, f"is more than can be counted, {_MOST}.")
        if isinstance(self.alpha, bool) or not isinstance(self.alpha, Real) or not 0 < self.alpha < 1:
            raise refuse("alpha", self.alpha, "must lie between 0 and 1.")
        for option in ("return_null", "moments"):
            if not isinstance(given := getattr(self, option), bool):
                raise refuse(option, given, "must be True or False.")
        require_choice("method", self.method, _METHODS)
        require_choice("precision", self.precision, _PRECISIONS)
        require_choice("scheme", self.scheme, _SCHEMES)
        require_choice("repeats", self.repeats, _REPEATS)
        if self.alternative is not None:
            require_choice("alternative", self.alternative, ALTERNATIVES)

    def fields(self) -> dict[str, Any]:
        """Hand all of it to the core."""
        return vars(self) | {"n_resamples": int(self.n_resamples), "alpha": float(self.alpha)}

    def kept(self) -> dict[str, Any]:
        """Tell what a result keeps to be run again."""
        given = self.fields()
        known = self.ids is not None and self.repeats == "auto"  # the ids, which said it, are not kept
        kept = {name: given[name] for name in ("n_resamples", "method", "scheme", "alpha", "precision", "moments")}
        return kept | {"repeats": "allow" if known else self.repeats}


def as_ids(given: ArrayLike | None, name: str) -> NDArray[np.int64] | None:
    """Give every different value a number; whole numbers stand for themselves."""
    if given is None:
        return None
    array = as_numpy(given, name)
    if array.ndim != 1 or _missing(array) or _missing_objects(given):
        raise refuse(name, f"an array of shape {array.shape}", "must be one id per row, none of them missing.")
    if array.dtype.kind == "i":
        return array.astype(np.int64)
    try:
        return np.unique(array, return_inverse=True)[1].astype(np.int64).reshape(-1)
    except TypeError as error:
        raise refuse(name, "values of several types", "must be ids that can be told apart by sorting.") from error


def _missing_objects(given: Any) -> bool:
    if isinstance(given, np.ndarray) and given.dtype.kind != "O":
        return False
    return any(one is None or one != one for one in np.asarray(given, dtype=object).ravel())  # noqa: PLR0124 - NaN


def _missing(array: NDArray[Any]) -> bool:
    if array.dtype.kind in "mM":
        return bool(np.isnat(array).any())
    return array.dtype.kind in "fc" and bool(np.isnan(array).any())


def refuse(option: str, given: object, problem: str) -> Exception:
    """Name the option that cannot be used."""
    return make("bad_option", f"{option}={given!r} {problem}", {"option": option, "given": repr(given)})
