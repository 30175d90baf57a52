"""The results of `confidence_interval` and `similarity_difference`: a number and how precise it is."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from resemblance.facts import Facts
from resemblance.results._text import Shown, as_html, field_text, number, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from resemblance.errors import ResemblanceWarning


@dataclass(frozen=True, eq=False, repr=False)
class Interval(Shown):
    """A score with its confidence interval.

    An interval says how far the score would move with other inputs of the same kind. It says nothing about chance: that
    is `permutation_test`.

    Attributes
    ----------
    measure, label : str
        The name, and the name with the options that were given.
    options : dict
        All options.
    facts : Facts
        What the measure states about itself.
    estimate : float
        The score of the pair as it is.
    standard_error : float
        Its standard error.
    low, high : float
        The ends of the interval, cut to the range of the score.
    alpha : float
        The share of such intervals that may miss the true score.
    method : str
        ``"jackknife"``, or ``"score"`` where the ends come from the law of a share of inputs.
    n : int
        Number of rows.
    n_groups : int or None
        Number of groups, if whole groups were left out.
    bias : float
        By how much the score is too high at this number of rows, as far as leaving out can tell; the interval is not
        corrected for it.
    closed_form : bool
        Whether the scores without a row came from sums over all rows rather than from computing anew.
    leave_one_out : ndarray
        The score without row i, or without each group in sorted order of their ids: how much each of them matters.
    warnings : list of ResemblanceWarning
        Why the result may be misread.
    """

    measure: str
    label: str
    options: dict[str, Any]
    estimate: float
    standard_error: float
    low: float
    high: float
    alpha: float
    method: str
    n: int
    n_groups: int | None
    bias: float
    closed_form: bool
    leave_one_out: NDArray[np.float64] = field(repr=False)
    facts: Facts = field(default=Facts(), repr=False)
    warnings: list[ResemblanceWarning] = field(default_factory=list)

    def __float__(self) -> float:
        """Return the score."""
        return self.estimate

    def __str__(self) -> str:
        """Write one line: score, interval, standard error, how many rows."""
        return _line(self, f"{self.label} = {number(self.estimate, 4)}")

    def _repr_html_(self) -> str:
        shown = ("estimate", "low", "high", "alpha", "standard_error", "bias", "method", "n", "n_groups")
        return _table(self, shown, "confidence interval")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them."""
        return {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)}


@dataclass(frozen=True, eq=False, repr=False)
class Difference(Shown):
    """The difference of two scores with its confidence interval.

    No permutation is involved: rows are not exchangeable if the two scores are merely equal.

    Attributes
    ----------
    measure, label : str
        The name, and the name with the options that were given.
    options : dict
        All options.
    facts : Facts
        What the measure states about itself.
    estimate : float
        The score of x with y1 minus the score of x with y2.
    first, second : float
        The two scores.
    standard_error : float
        The standard error of the difference; what the scores have in common cancels.
    low, high : float
        The ends of the interval.
    alpha : float
        The share of such intervals that may miss the true difference.
    method : str
        ``"jackknife"``, or ``"score"`` where the ends come from the law of a share of inputs.
    n : int
        Number of rows.
    n_groups : int or None
        Number of groups, if whole groups were left out.
    bias : float
        By how much the difference is too high at this number of rows, as far as leaving out can tell.
    margin : float or None
        The largest difference that was declared negligible.
    equivalent : bool or None
        Whether the interval lies within -margin and margin; None without a margin, and where nothing varies, which
        shows nothing. Two one-sided tests, each at level `alpha`/2.
    pvalue_equivalence : float or None
        The larger p-value of the two tests.
    closed_form : bool
        Whether the scores without a row came from sums over all rows rather than from computing anew.
    leave_one_out : ndarray
        The difference without row i, or without each group in sorted order of their ids.
    warnings : list of ResemblanceWarning
        Why the result may be misread.
    """

    measure: str
    label: str
    options: dict[str, Any]
    estimate: float
    first: float
    second: float
    standard_error: float
    low: float
    high: float
    alpha: float
    method: str
    n: int
    n_groups: int | None
    bias: float
    margin: float | None
    equivalent: bool | None
    pvalue_equivalence: float | None
    closed_form: bool
    leave_one_out: NDArray[np.float64] = field(repr=False)
    facts: Facts = field(default=Facts(), repr=False)
    warnings: list[ResemblanceWarning] = field(default_factory=list)

    def __float__(self) -> float:
        """Return the difference."""
        return self.estimate

    def __str__(self) -> str:
        """Write one line: both scores, difference, interval, equivalence."""
        scores = f"{number(self.first, 4)} - {number(self.second, 4)}"
        found = () if self.margin is None else (self._verdict(),)
        return _line(self, f"{self.label}: {scores} = {number(self.estimate, 4)}", *found)

    def _verdict(self) -> str:
        if self.equivalent is None:
            return f"equivalence within {number(self.margin)} undecided"
        word = "equivalent" if self.equivalent else "not shown equivalent"
        return f"{word} within {number(self.margin)} (p = {self.pvalue_equivalence:.4g})"

    def _repr_html_(self) -> str:
        shown = ("estimate", "first", "second", "low", "high", "alpha", "standard_error", "bias", "method", "n")
        return _table(self, (*shown, "n_groups", "margin", "equivalent", "pvalue_equivalence"), "difference")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them."""
        return {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)}


def _line(found: Interval | Difference, head: str, *tail: str) -> str:
    units = f"n = {found.n}" + (f" in {found.n_groups} groups" if found.n_groups is not None else "")
    parts = [
        head,
        f"{100 * (1 - found.alpha):.4g}% interval {number(found.low, 4)} to {number(found.high, 4)}",
        f"standard error {number(found.standard_error, 4)}",
        *tail,
        units,
    ]
    return ", ".join([*parts, *dict.fromkeys(warning.code for warning in found.warnings)])


def _table(found: Interval | Difference, shown: tuple[str, ...], caption: str) -> str:
    return as_html([["", found.label], *([name, field_text(getattr(found, name))] for name in shown)], caption)
