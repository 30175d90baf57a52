"""What operations ask of a measure: one protocol for those of the compiled core and for functions in Python.

An operation says what is wanted and never how it is computed. Whatever it gets back are the fields of its result, the
same for both kinds of measures.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from resemblance._config import Resources
    from resemblance._core import Prepared
    from resemblance._executors import Submits
    from resemblance._inputs import Models
    from resemblance._progress import Callback
    from resemblance._request import Request
    from resemblance.facts import Facts

    MeasureLike: TypeAlias = str | Callable[..., Any]
    MeasuresLike: TypeAlias = MeasureLike | Sequence[MeasureLike]
    Fields: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Measure(ABC):
    """A measure, the options given for it, and its name in tables."""

    name: str
    given: dict[str, Any]
    label: str
    arrays: tuple[tuple[str, Any], ...] = ()  # the options that are arrays, as they were given

    # Whether work is shared with other measures of the kind: they are computed together.
    shares_work: ClassVar[bool]
    # Whether an executor may call it.
    takes_executor: ClassVar[bool]

    @property
    @abstractmethod
    def options(self) -> dict[str, Any]:
        """All options, the defaults included."""

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """What is known about the score."""

    def about(self) -> Fields:
        """Return the fields of every result that tell which measure it is."""
        return {"measure": self.name, "label": self.label, "options": self.options, "facts": self.facts}

    @classmethod
    @abstractmethod
    def compare(cls, measures: Sequence[Measure], x: Any, y: Any, limits: Resources) -> list[Fields]:
        """Score one pair under measures of this kind."""

    @classmethod
    @abstractmethod
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
        """Score all pairs under measures of this kind."""

    @abstractmethod
    def alone(self, x: Any, limits: Resources) -> Fields:
        """Score a group of models, or describe one representation."""

    @abstractmethod
    def rowwise(self, x: Any, y: Any, limits: Resources) -> Any:
        """Return what each row contributes to the score of a pair."""

    @abstractmethod
    def rowwise_of_group(self, models: Any, limits: Resources) -> Any:
        """Return what each row contributes to the score of a group."""

    @abstractmethod
    def describe(self, x: Any, limits: Resources) -> float:
        """Return the number of one representation."""

    @abstractmethod
    def prepare(self, x: Any, limits: Resources) -> Prepared:
        """Summarize one representation."""

    @abstractmethod
    def permutation_test(
        self, x: Any, y: Any, request: Request, limits: Resources, *, executor: Submits | None, tell: Callback | None
    ) -> Fields:
        """Test the score of a pair."""

    @abstractmethod
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
        """Test the scores of all pairs."""

    @abstractmethod
    def permutation_moments(self, x: Any, y: Any, order: int, alternative: str | None, limits: Resources) -> Fields:
        """Return the exact moments over all orders of the rows."""

    @abstractmethod
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

    @abstractmethod
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

    @abstractmethod
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


def in_batches(
    measures: Sequence[Measure], compute: Callable[[list[Measure], int, int], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Compute measures that share work together and the others one by one; back come their fields in order."""
    shared = [at for at, measure in enumerate(measures) if measure.shares_work]
    batches = [shared] if shared else []
    batches += [[at] for at, measure in enumerate(measures) if not measure.shares_work]
    found: dict[int, dict[str, Any]] = {}
    for number, batch in enumerate(batches):
        found |= zip(batch, compute([measures[at] for at in batch], number, len(batches)), strict=True)
    return [found[at] for at in range(len(measures))]


def arrays_of(measures: Iterable[Measure]) -> list[tuple[str, Any]]:
    """List the options of measures that are arrays, whose rows may have names."""
    return [array for measure in measures for array in measure.arrays]


def require_executor(executor: Submits | None, measures: Sequence[Measure]) -> None:
    """Refuse an executor that cannot be used, or that has nothing to do."""
    if executor is None:
        return
    given = type(executor).__name__
    details = {"option": "executor", "given": given}
    if not callable(getattr(executor, "submit", None)):
        raise make("bad_option", f"executor must have a method submit, as executors have; got a {given}.", details)
    for measure in measures:
        if not measure.takes_executor:
            message = f"executor calls functions of your own; {measure.name} is computed on threads (num_threads=)."
            raise make("bad_option", message, details)
