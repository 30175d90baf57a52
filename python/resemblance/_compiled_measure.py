"""A measure of the compiled core: every question is one call of the core, with arrays converted and names checked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from resemblance import _core
from resemblance._bridge import as_group, rows, statistic
from resemblance._inputs import as_input, as_models, row_count
from resemblance._measure import Measure
from resemblance._rows import fingerprint_of
from resemblance.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resemblance._config import Resources
    from resemblance._executors import Submits
    from resemblance._inputs import Models
    from resemblance._measure import Fields
    from resemblance._progress import Callback
    from resemblance._request import Request


class CompiledMeasure(Measure):
    """A measure of the compiled core."""

    shares_work: ClassVar[bool] = True
    takes_executor: ClassVar[bool] = False

    @property
    def options(self) -> dict[str, Any]:
        """All options, the defaults included."""
        declared = core_measures()[self.name]["options"]
        return {one["name"]: one["default"] for one in declared if one["default"] is not None} | self.given

    @property
    def facts(self) -> Facts:
        """What the core states of it with these options."""
        return Facts.of_core(_core.facts(self.name, self.given))

    @classmethod
    def compare(cls, measures: Sequence[Measure], x: Any, y: Any, limits: Resources) -> list[Fields]:
        """Score one pair; what measures have in common is computed once."""
        return _core.compare(
            [(one.name, one.given) for one in measures], as_input(x, "x"), as_input(y, "y"), limits, None
        )

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
        """Score all pairs; what measures have in common is computed once."""
        named = [(one.name, one.given) for one in measures]
        return _core.pairwise(named, left.inputs(), left.names, *_others(others), limits, on_error, tell)

    def alone(self, x: Any, limits: Resources) -> Fields:
        """Score a group of models, or describe one representation."""
        if self.facts.kind == "statistic":
            single = as_input(x, "x")
            found, n = _core.statistic(self.name, self.given, single, limits), row_count(single)
        else:
            members = as_group(x, self.given)
            found, n = _core.group(self.name, self.given, members, limits), row_count(members[0])
        value, remarks = found if isinstance(found, tuple) else (found, [])
        return {"value": value, "n": n, "warnings": remarks}

    def rowwise(self, x: Any, y: Any, limits: Resources) -> Any:
        """Return what each row contributes to the score of a pair."""
        return rows(self.name, self.given, x, y, limits)

    def rowwise_of_group(self, models: Any, limits: Resources) -> Any:
        """Return what each row contributes to the score of a group."""
        return _core.group_rows(self.name, self.given, as_group(models, self.given), limits)

    def describe(self, x: Any, limits: Resources) -> float:
        """Return the number of one representation."""
        return statistic(self.name, self.given, x, limits)

    def prepare(self, x: Any, limits: Resources) -> _core.Prepared:
        """Summarize one representation."""
        return _core.prepare(self.name, self.given, as_input(x, "x"), fingerprint_of(x), limits)

    def permutation_test(
        self,
        x: Any,
        y: Any,
        request: Request,
        limits: Resources,
        *,
        executor: Submits | None,  # noqa: ARG002 - refused before
        tell: Callback | None,
    ) -> Fields:
        """Test the score of a pair."""
        left, right = as_input(x, "x"), as_input(y, "y")
        return _core.permutation_test(self.name, self.given, left, right, request.fields(), limits, tell)

    def permutation_grid(
        self,
        left: Models,
        others: Models | None,
        request: Request,
        limits: Resources,
        *,
        adjust: str | None,
        executor: Submits | None,  # noqa: ARG002 - refused before
        tell: Callback | None,
    ) -> Fields:
        """Test the scores of all pairs."""
        xs, ys = left.inputs(), _others(others)
        return _core.permutation_grid(
            self.name, self.given, xs, left.names, *ys, request.fields(), adjust, limits, tell
        )

    def permutation_moments(self, x: Any, y: Any, order: int, alternative: str | None, limits: Resources) -> Fields:
        """Return the exact moments over all orders of the rows."""
        left, right = as_input(x, "x"), as_input(y, "y")
        return _core.permutation_moments(self.name, self.given, left, right, order, alternative, limits)

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
        left, right = as_input(x, "x"), as_input(y, "y")
        return _core.confidence_interval(self.name, self.given, left, right, alpha, groups, limits, tell)

    def confidence_interval_of_group(
        self,
        models: Any,
        alpha: float,
        groups: list[int] | None,
        *,
        limits: Resources,
        tell: Callback | None,
    ) -> Fields:
        """Leave out the rows of a group of models one after the other."""
        members = as_group(models, self.given)
        names = ["models"] if len(members) == 1 else as_models(models, "models").names
        return _core.group_confidence_interval(self.name, self.given, members, names, alpha, groups, limits, tell)

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
        sides = as_input(x, "x"), as_input(ys[0], "y1"), as_input(ys[1], "y2")
        return _core.similarity_difference(self.name, self.given, *sides, alpha, margin, groups, limits, tell)


@cache
def core_measures() -> dict[str, dict[str, Any]]:
    """Return the measures of the core by name."""
    return {entry["name"]: entry for entry in _core.measures()}


def _others(others: Models | None) -> tuple[Any, Any]:
    return (None, None) if others is None else (others.inputs(), others.names)
