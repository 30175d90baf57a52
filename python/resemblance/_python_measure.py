"""A measure that is a function in Python: ``f(x, y) -> float``, called here or by an executor.

Nothing is summarized, so every score calls the function. What `measure` states of a function is used wherever it helps:
symmetric scores are computed once for both orders, a permutation test knows its direction and puts the score on the
scale of chance and identity, and a score outside of the stated range is refused.
"""

# ruff: noqa: ARG002, ARG003 - the protocol asks more than a function can answer

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from resemblance import _core, _python_tests
from resemblance._inputs import as_array
from resemblance._measure import Measure
from resemblance._stated import defaults_of, stated_of
from resemblance.errors import ResemblanceError, make
from resemblance.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from resemblance._config import Resources
    from resemblance._executors import Submits
    from resemblance._inputs import Array, Models
    from resemblance._measure import Fields
    from resemblance._progress import Callback
    from resemblance._request import Request
    from resemblance._stated import Stated

_ROUND_OFF = 1e-9  # what is taken away where it carries a score out of its range, as in the core


@dataclass(frozen=True, kw_only=True)
class PythonMeasure(Measure):
    """A function in Python, or a partial of it."""

    function: Callable[..., Any]
    stated: Stated | None = None

    shares_work: ClassVar[bool] = False
    takes_executor: ClassVar[bool] = True

    @classmethod
    def of(cls, function: Callable[..., Any], own: Stated | None = None) -> PythonMeasure:
        """Read what is stated of a function, and the options that a partial fixes."""
        fixed = function if isinstance(function, partial) else partial(function)
        inner = fixed.func
        name = getattr(inner, "__name__", type(inner).__name__)
        own = own or stated_of(function)
        found = own or stated_of(inner)
        if found is None or own is not None:
            return cls(name, {}, name, function=function, stated=found)
        given = {option: value for option, value in fixed.keywords.items() if value is not None}
        shown = ", ".join(f"{option}={value}" for option, value in given.items() if np.ndim(value) == 0)
        arrays = tuple((option, value) for option, value in given.items() if option in found.per_row)
        return cls(name, given, f"{name}[{shown}]" if shown else name, arrays, function=function, stated=found)

    def __reduce__(self) -> tuple[Callable[..., PythonMeasure], tuple[Callable[..., Any], Stated | None]]:
        # A function brings along what is stated of it; a partial that was marked loses it on the way to a process.
        return type(self).of, (self.function, stated_of(self.function) if isinstance(self.function, partial) else None)

    @cached_property
    def options(self) -> dict[str, Any]:
        """All options of a function of which something is stated, the defaults included."""
        if self.stated is None:
            return {}
        return {
            name: default for name, default in defaults_of(self.function).items() if default is not None
        } | self.given

    @cached_property
    def facts(self) -> Facts:
        """What is stated of the function with these options."""
        if self.stated is None:
            return Facts()
        known = self.stated.facts
        return known if isinstance(known, Facts) else known(self.options)

    def score(self, x: Array, y: Array, pair: str, stay: NDArray[np.bool_] | None = None) -> float:
        """Call the function on one pair, with the options of the rows that stay; failures say which pair it was."""
        if self.stated is not None:
            self._require(x, y, pair)
        try:
            value = float(self.function(x, y, **self._of_rows(stay)))
        except StopIteration as error:
            # It would end the loop that calls, as if there were no more orders.
            message = f"{self.name} raised StopIteration for {pair}: an iterator in it ran out."
            raise make("function_failed", message, {"measure": self.name, "pair": pair}) from error
        except Exception as error:
            error.add_note(f"in {self.name}, for {pair}")
            raise
        if np.isnan(value):
            raise make("undefined", f"{self.name} returned NaN for {pair}.", {"measure": self.name, "pair": pair})
        return value if self.facts.range is None else self._inside(value, self.facts.range, pair)

    def require_same_rows(self, x: Array, y: Array, x_name: str, y_name: str) -> None:
        """Refuse different numbers of rows."""
        if len(x) != len(y):
            message = f"{x_name} has {len(x)} rows, {y_name} has {len(y)}; row i of both must belong to the same input."
            raise make("row_count_mismatch", message, {"x": x_name, "y": y_name, "n": len(x), "m": len(y)})

    def require_paired(self) -> None:
        """Refuse to move rows about where it is stated that none belongs to another."""
        if not self.facts.rows_paired:
            message = f"{self.name} does not use which row of x belongs to which row of y: no order of rows changes it."
            raise make("permutation_undefined", message, {"measure": self.name})

    @classmethod
    def compare(cls, measures: Sequence[Measure], x: Any, y: Any, limits: Resources) -> list[Fields]:
        """Score one pair."""
        return [one._compare(x, y) for one in measures if isinstance(one, cls)]  # noqa: SLF001 - of this class

    def _compare(self, x: Any, y: Any) -> Fields:
        left, right = as_array(x, "x"), as_array(y, "y")
        try:
            value, error = self.score(left, right, "x and y"), None
        except ResemblanceError as failure:
            value, error = None, failure
        return {"value": value, "status": error.code if error else "ok", "error": error, "n": len(left), "warnings": []}

    @classmethod
    def pairwise(
        cls,
        measures: Sequence[Measure],
        left: Models,
        others: Models | None,
        limits: Resources,
        *,
        on_error: str,
        tell: Callback | None,
    ) -> list[Fields]:
        """Score all pairs."""
        return [one._pairwise(left, others, on_error, tell) for one in measures if isinstance(one, cls)]  # noqa: SLF001

    def _pairwise(self, left: Models, others: Models | None, on_error: str, tell: Callback | None) -> Fields:
        right = left if others is None else others
        xs, ys = left.arrays(), right.arrays()
        mirrored = others is None and self.facts.symmetric
        values = np.full((len(xs), len(ys)), np.nan)
        status: dict[tuple[int, int], tuple[str, str]] = {}
        for done, (i, j) in enumerate(np.ndindex(values.shape), start=1):
            if mirrored and j < i:
                values[i, j] = values[j, i]
                if (j, i) in status:
                    status[i, j] = status[j, i]
            else:
                try:
                    values[i, j] = self.score(xs[i], ys[j], f"{left.names[i]} and {right.names[j]}")
                except ResemblanceError as failure:
                    if on_error == "raise":
                        raise
                    status[i, j] = failure.code, failure.message
            if tell is not None:
                tell(done, values.size)
        return {"values": values, "null_mean": None, "status": status, "warnings": []}

    def alone(self, x: Any, limits: Resources) -> Fields:
        """Refuse: a function needs a pair."""
        raise self._not_offered("needs a pair: y is missing")

    def rowwise(self, x: Any, y: Any, limits: Resources) -> Any:
        """Return what each row contributes, where that is stated."""
        return self.contributions(as_array(x, "x"), as_array(y, "y"))

    def contributions(self, x: Array, y: Array) -> NDArray[np.float64]:
        """Call the function that says what each row contributes."""
        if self.stated is None or self.stated.rows is None:
            raise self._not_offered("nothing is known about its rows")
        self._require(x, y, "x and y")
        given = self.function.keywords if isinstance(self.function, partial) else {}
        found = np.asarray(self.stated.rows(x, y, **given), dtype=np.float64)
        if found.shape != (len(x),):
            message = f"the rows of {self.name} have shape {found.shape}; one number per row is needed, {len(x)}."
            raise make("function_failed", message, {"measure": self.name, "pair": "x and y"})
        return found

    def rowwise_of_group(self, models: Any, limits: Resources) -> Any:
        """Refuse: a function needs a pair."""
        return self.alone(models, limits)

    def describe(self, x: Any, limits: Resources) -> float:
        """Refuse: a function needs a pair."""
        raise self._not_offered("needs a pair")

    def prepare(self, x: Any, limits: Resources) -> _core.Prepared:
        """Refuse: there is nothing but the data."""
        raise self._not_offered("has no summary to prepare")

    def permutation_test(
        self,
        x: Any,
        y: Any,
        request: Request,
        limits: Resources,
        *,
        executor: Submits | None,
        tell: Callback | None,
    ) -> Fields:
        """Score the pair with the rows of y in other orders."""
        return _python_tests.permutation_test(self, x, y, request, limits, executor=executor, tell=tell)

    def permutation_grid(
        self,
        left: Models,
        others: Models | None,
        request: Request,
        limits: Resources,
        *,
        adjust: str | None,
        executor: Submits | None,
        tell: Callback | None,
    ) -> Fields:
        """Score all pairs with the rows of all of `others` in other orders."""
        return _python_tests.permutation_grid(
            self, left, others, request, limits, adjust=adjust, executor=executor, tell=tell
        )

    def permutation_moments(
        self,
        x: Any,
        y: Any,
        order: int,
        alternative: str | None,
        limits: Resources,
    ) -> Fields:
        """Refuse: moments need a closed form."""
        raise self._not_offered("nothing is known about its moments")

    def confidence_interval(
        self,
        x: Any,
        y: Any,
        alpha: float,
        groups: list[int] | None,
        *,
        limits: Resources,
        tell: Callback | None,
    ) -> Fields:
        """Leave out the rows of a pair one after the other."""
        (score,), (without,), about = self._leave_one_out(x, {"y": y}, groups, tell)
        found = _core.jackknife(score, without, alpha, None, groups is not None)
        del found["pvalue_equivalence"]
        if self.facts.range is not None:  # the interval ends where scores do
            low, high = self.facts.range
            found |= {"low": max(found["low"], low), "high": min(found["high"], high)}
        return found | about

    def confidence_interval_of_group(
        self,
        models: Any,
        alpha: float,
        groups: list[int] | None,
        *,
        limits: Resources,
        tell: Callback | None,
    ) -> Fields:
        """Refuse: a function needs a pair."""
        return self.alone(models, limits)

    def similarity_difference(
        self,
        x: Any,
        ys: tuple[Any, Any],
        alpha: float,
        margin: float | None,
        groups: list[int] | None,
        *,
        limits: Resources,
        tell: Callback | None,
    ) -> Fields:
        """Leave out rows of x and two others, for the difference of two scores."""
        (first, second), (a, b), about = self._leave_one_out(x, {"y1": ys[0], "y2": ys[1]}, groups, tell)
        without = [p - q for p, q in zip(a, b, strict=True)]
        found = _core.jackknife(first - second, without, alpha, margin, groups is not None)
        return found | {"first": first, "second": second} | about

    def _leave_one_out(
        self, x: Any, ys: Mapping[str, Any], groups: Sequence[int] | None, tell: Callback | None
    ) -> tuple[list[float], list[list[float]], Fields]:
        """Score x with every y, with all rows and without each row or group."""
        if not self.facts.rows_paired:
            raise self._not_offered("does not use which row is which: there is no row of both to leave out")
        left, rights = as_array(x, "x"), {name: as_array(y, name) for name, y in ys.items()}
        n = len(left)
        for name, right in [*rights.items()] + ([("groups", groups)] if groups is not None else []):
            self.require_same_rows(left, right, "x", name)  # type: ignore[arg-type]  # has a length
        unit_of = np.arange(n) if groups is None else np.asarray(groups)
        units = int(unit_of.max()) + 1
        if units < 2:
            problem = f"{self.name}: there must be at least two rows, or groups of rows, to leave one out; got {units}."
            raise make("too_few_samples", problem, {"measure": self.name, "needed": 2, "n": units})
        scores = [self.score(left, right, f"x and {name}") for name, right in rights.items()]
        if self.stated is not None and self.stated.rows is not None:
            without = [
                self._means_without(self.contributions(left, right), unit_of, units) for right in rights.values()
            ]
            if tell is not None:
                tell(units, units)
            return scores, without, {"n": n, "closed_form": True}
        without = [[] for _ in rights]
        for unit in range(units):
            stay = unit_of != unit
            for found, right in zip(without, rights.values(), strict=True):
                what = "row" if groups is None else "group"
                found.append(self.score(left[stay], right[stay], f"all but {what} {unit}", stay))
            if tell is not None:
                tell(unit + 1, units)
        return scores, without, {"n": n, "closed_form": False}

    def _means_without(self, rows: NDArray[np.float64], unit_of: NDArray[Any], units: int) -> list[float]:
        counts = ~np.isnan(rows)
        sums = np.bincount(unit_of, np.where(counts, rows, 0.0), units)
        sizes = np.bincount(unit_of, counts, units)
        left = sizes.sum() - sizes
        if not left.all():
            unit = int(left.argmin())
            message = f"{self.name} has no row left without row or group {unit}."
            raise make("undefined", message, {"measure": self.name, "pair": f"all but {unit}"})
        means: list[float] = ((sums.sum() - sums) / left).tolist()
        return means

    def _require(self, x: Array, y: Array, pair: str) -> None:
        facts = self.facts
        if facts.rows_paired:
            self.require_same_rows(x, y, *(pair.split(" and ", 1) if " and " in pair else ("x", "y")))
        if (fewest := min(len(x), len(y))) < facts.min_rows:
            message = f"{self.name} needs at least {facts.min_rows} rows, and {pair} have {fewest}."
            raise make("too_few_samples", message, {"measure": self.name, "needed": facts.min_rows, "n": fewest})

    def _of_rows(self, stay: NDArray[np.bool_] | None) -> dict[str, Any]:
        if stay is None or self.stated is None:
            return {}
        return {name: np.asarray(self.given[name])[stay] for name in self.stated.per_row if name in self.given}

    def _inside(self, value: float, within: tuple[float, float], pair: str) -> float:
        inside = min(max(value, within[0]), within[1])
        if abs(value - inside) <= _ROUND_OFF * max(1.0, abs(inside)) or value == inside:
            return inside
        message = f"{self.name} is {value} for {pair}, outside of its stated range from {within[0]} to {within[1]}."
        raise make("outside_range", message, {"measure": self.name, "pair": pair, "value": value})

    def _not_offered(self, reason: str) -> Exception:
        message = f"{self.name} is a function in Python: it {reason}."
        if reason.startswith("nothing"):
            message = f"{self.name} is a function in Python: {reason}."
        return make("not_offered", message, {"measure": self.name})
