"""What a measure states about itself, and what its options are: the same for every measure, compiled or not."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Facts", "Option"]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a measure states about itself; the defaults are those of a function of which nothing is known.

    Attributes
    ----------
    kind : {"similarity", "distance", "statistic", "unknown"}
        How to read the score: whether larger or smaller means more alike.
    input : str
        What is compared: ``"matrix"``, ``"pair_matrix"``, ``"predictions"``, ``"probabilities"`` or ``"unknown"``.
    form : str or None
        The mathematical form, which decides how scores are computed and tested; ``"function"`` for one in Python.
    link : str or None
        Of a bilinear form, the step from the inner product to the score.
    range : tuple of float or None
        Smallest and largest possible score.
    identity_value : float or None
        The score of a representation with itself; NaN where it depends on the data.
    symmetric : bool
        Whether exchanging `x` and `y` leaves the score alone.
    is_metric : bool
        Whether it is a distance that obeys the triangle inequality.
    triangle : str or None
        How far it obeys: ``"no"``, ``"pseudo"`` (unlike representations may be at distance 0) or ``"metric"``.
    degree : int or None
        Exponent g of the factor ``s**g`` by which the score grows where both sides are multiplied by s.
    invariant_to, source_invariant_to : tuple of str
        Changes of either argument that leave the score alone, and further ones of the first argument.
    min_rows : int
        Fewest rows for which there is a score.
    rows_paired : bool
        Whether row i of both sides must belong to the same input.
    equal_widths : bool
        Whether both sides must have as many columns.
    groups : bool
        Whether it compares whole groups of models.
    fewest_models : int
        Fewest models of such a group.
    mean_matters : bool
        Whether a mean that all rows share moves the score.
    chance_corrected : bool
        Whether an unrelated pair is expected to score about 0, whatever its shape.
    repeats_matter : bool
        Whether rows that occur twice on both sides forbid a permutation test.
    row_sizes_matter, column_sizes_matter : bool
        Whether the score follows rows far from the others, or columns of large variance.
    jackknife : {"recompute", "centered", "u_centered", "mean_of_rows"}
        How the score of fewer rows follows from what was made of all.
    jumps : str or None
        What changes in jumps when rows come or go, so that leaving them out tells little about precision.
    reference, cost : str
        Where the definition comes from; time and memory in n rows and d columns.
    """

    kind: str = "unknown"
    input: str = "unknown"
    form: str | None = None
    link: str | None = None
    range: tuple[float, float] | None = None
    identity_value: float | None = None
    symmetric: bool = False
    is_metric: bool = False
    triangle: str | None = None
    degree: int | None = None
    invariant_to: tuple[str, ...] = ()
    source_invariant_to: tuple[str, ...] = ()
    min_rows: int = 1
    rows_paired: bool = True
    equal_widths: bool = False
    groups: bool = False
    fewest_models: int = 2
    mean_matters: bool = False
    chance_corrected: bool = False
    repeats_matter: bool = True
    row_sizes_matter: bool = False
    column_sizes_matter: bool = False
    jackknife: str = "recompute"
    jumps: str | None = None
    reference: str = ""
    cost: str = ""

    @classmethod
    def of_core(cls, found: Mapping[str, Any]) -> Facts:
        """Take what the compiled core states; it and this class know the same facts."""
        return cls(**_frozen(found))

    def to_dict(self) -> dict[str, Any]:
        """Return all facts by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def calibrated(self, score: float, at_chance: float) -> float | None:
        """Put a score on the scale where chance is 0 and identity is 1; None where there is no such scale."""
        if self.identity_value is None:
            return None
        room = self.identity_value - at_chance
        if not abs(room) > 1e-12:
            return None
        found = (score - at_chance) / room
        return found if math.isfinite(found) else None


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option of a measure.

    Attributes
    ----------
    name : str
        Its name.
    kind : str
        What it holds: ``"int"``, ``"float"``, ``"bool"``, ``"choice"``, or what else the measure calls it.
    default : object
        What stands in where nothing is given; None where nothing does.
    choices : tuple of str
        All that a choice may be.
    required : bool
        Whether it must be given.
    per_row : bool
        Whether it has one entry per row, which goes where the row goes.
    examples : tuple
        Values worth a trial beside the default.
    """

    name: str
    kind: str
    default: Any = None
    choices: tuple[str, ...] = ()
    required: bool = False
    per_row: bool = False
    examples: tuple[Any, ...] = ()

    @classmethod
    def of_core(cls, found: Mapping[str, Any]) -> Option:
        """Take what the compiled core declares."""
        return cls(**_frozen(found))

    def to_dict(self) -> dict[str, Any]:
        """Return all fields by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


def _frozen(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
