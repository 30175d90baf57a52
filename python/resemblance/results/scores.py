"""The result of `compare`: one row per measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, overload

from resemblance.errors import make
from resemblance.facts import Facts
from resemblance.results._labels import unknown
from resemblance.results._text import Shown, as_html, as_latex, as_text, digits_apart, number, plain

if TYPE_CHECKING:
    import pandas as pd

    from resemblance.errors import ResemblanceError, ResemblanceWarning

_HEADING = ["measure", "value", "by chance", "calibrated", "n", "kind", "remarks"]


@dataclass(frozen=True, eq=False, repr=False)
class Score(Shown):
    """The score of one pair under one measure, and how to read it.

    Attributes
    ----------
    measure, label : str
        The name, and the name with the options that were given.
    options : dict
        All options.
    facts : Facts
        What the measure states about itself.
    value : float or None
        The score; None if there is none.
    status : str
        ``"ok"``, or the code of the failure.
    error : Exception or None
        The failure.
    null_mean : float or None
        The mean score if the rows of y were matched at random, where it is known or was estimated.
    null_mean_from : {"closed_form", "moments", "estimated"} or None
        How it is known: exactly; from the exact mean of what the score is a root or an angle of; or from eight random
        pairings, which are made where they cost next to nothing.
    calibrated_mean : float or None
        ``(value - null_mean) / (value at identity - null_mean)``: 0 at chance, 1 at identity.
    n : int or None
        Number of rows, of x where rows are not paired.
    m : int or None
        Number of rows of y, for measures that do not use which row is which; None for others.
    warnings : list of ResemblanceWarning
        Why the value may be misread.
    """

    measure: str
    label: str
    options: dict[str, Any]
    value: float | None
    status: str = "ok"
    error: ResemblanceError | None = None
    facts: Facts = field(default=Facts(), repr=False)
    null_mean: float | None = None
    null_mean_from: str | None = None
    calibrated_mean: float | None = None
    n: int | None = None
    m: int | None = None
    warnings: list[ResemblanceWarning] = field(default_factory=list)

    def __float__(self) -> float:
        """Return the value; a failed score raises its failure."""
        if self.value is None:
            raise self.error or make("undefined", f"{self.label} has no value.")
        return float(self.value)

    def __str__(self) -> str:
        """Write one line: name, value, what chance gives, number of rows, remarks."""
        if self.value is None:
            return f"{self.label}: {self.error or self.status}"
        digits = digits_apart(self.value, self.null_mean, self.facts.identity_value)
        parts = [f"{self.label} = {number(self.value, digits + 1)}"]
        if self.null_mean is not None:
            about = "about " if self.null_mean_from == "estimated" else ""
            by_chance = f"by chance {about}{number(self.null_mean, digits)}"
            parts.append(f"{by_chance}, calibrated {number(self.calibrated_mean)}")
        if self.n is not None:
            parts.append(f"n = {self._rows()}")
        if self.warnings:
            parts.append(self._remarks())
        return ", ".join(parts)

    def _repr_html_(self) -> str:
        return as_html([_HEADING, self._cells()], "score")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them."""
        return {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)}

    def _rows(self) -> str:
        return str(self.n) if self.m in (None, self.n) else f"{self.n}, {self.m}"

    def _remarks(self) -> str:
        return ", ".join(dict.fromkeys(warning.code for warning in self.warnings))

    def _cells(self) -> list[str]:
        remarks = self._remarks() if self.status == "ok" else self.status
        digits = digits_apart(self.value, self.null_mean, self.facts.identity_value)
        middle = [number(self.value, digits + 1), number(self.null_mean, digits), number(self.calibrated_mean)]
        return [self.label, *middle, "-" if self.n is None else self._rows(), self.facts.kind, remarks]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown, Sequence[Score]):
    """The scores of one pair under several measures, by position, name or label.

    Attributes
    ----------
    scores : tuple of Score
        One per measure, in the order asked for.
    """

    scores: tuple[Score, ...]

    def __len__(self) -> int:
        return len(self.scores)

    @overload
    def __getitem__(self, key: int | str) -> Score: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Score, ...]: ...
    def __getitem__(self, key: int | slice | str) -> Score | tuple[Score, ...]:
        """Return a score by its position, its label, or its name if that says which."""
        return self.scores[find(key, self.scores)] if isinstance(key, str) else self.scores[key]

    def __float__(self) -> float:
        """Return the value, if there is just one."""
        if len(self.scores) != 1:
            raise make("not_offered", f"this comparison has {len(self.scores)} scores; choose one by its name.")
        return float(self.scores[0])

    def __str__(self) -> str:
        """Write a table with one line per measure."""
        return as_text(self._table())

    def _repr_html_(self) -> str:
        return as_html(self._table(), "scores")

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return all fields of all scores, by label."""
        return {score.label: score.to_dict() for score in self.scores}

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with one row per measure."""
        import pandas as pd  # noqa: PLC0415 - an optional dependency

        columns = ["measure", "value", "null_mean", "calibrated_mean", "n", "status"]
        frame = pd.DataFrame([{column: getattr(score, column) for column in columns} for score in self.scores])
        frame["kind"] = [score.facts.kind for score in self.scores]
        frame["warnings"] = [", ".join(warning.code for warning in score.warnings) for score in self.scores]
        frame.index = pd.Index([score.label for score in self.scores], name="label")
        return frame

    def to_latex(self) -> str:
        """Return a LaTeX table with one line per measure, without the remarks."""
        return as_latex(line[:-1] for line in self._table())

    def _table(self) -> list[list[str]]:
        return [_HEADING, *(score._cells() for score in self.scores)]  # noqa: SLF001 - of this module


def find(key: str, results: Sequence[Any]) -> int:
    """Find the result with this label, or the only one of this measure."""
    for wanted in ([result.label for result in results], [result.measure for result in results]):
        if wanted.count(key) == 1:
            return wanted.index(key)
    names = [result.measure for result in results]
    if names.count(key) > 1:
        labels = [result.label for result in results if result.measure == key]
        message = f"measure {key!r} is there {len(labels)} times; choose by label: {', '.join(map(repr, labels))}."
        raise make("unknown_label", message, {"given": key, "closest": labels[0]})
    raise unknown(key, list(dict.fromkeys([*(result.label for result in results), *names])), "measure")
