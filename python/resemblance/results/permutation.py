"""The result of `permutation_test`: a score, its chance level and its p-value."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance.errors import make
from resemblance.results._text import as_html, number, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from resemblance._inputs import Representation
    from resemblance.errors import ResemblanceWarning


@dataclass(frozen=True, eq=False)
class PermutationResult:
    """What a permutation test found.

    Trained networks on the same inputs nearly always beat chance: read `zscore` and `calibrated_mean` before `pvalue`.

    Attributes
    ----------
    measure, label : str
        The name, and the name with the options that were given.
    options, facts : dict
        All options, and what the measure states about itself.
    statistic : float
        The score of the pair as it is.
    pvalue : float
        How often rows matched at random score at least as extremely; never 0.
    null_mean, null_std, zscore : float or None
        Mean and standard deviation of the score under random matching, and ``(statistic - null_mean) / null_std``.
    null_mean_exact, null_std_exact : bool
        Whether these are over all n! permutations, by a formula, rather than over those drawn.
    calibrated_mean : float or None
        ``(statistic - null_mean) / (score at identity - null_mean)``: 0 at chance, 1 at identity.
    n_resamples : int
        Number of permutations beside the observed one; whole orbits, so it may exceed the number asked for.
    n_orbits : int or None
        Number of shift orbits; the p-value is exact all the same, but the null sample is not independent draws.
    min_pvalue : float
        The smallest p-value this test could have found.
    alternative : str
        ``"greater"``, ``"less"`` or ``"two-sided"``.
    method : str
        How the permutations were made: ``"orbits"``, ``"monte_carlo"`` or ``"exact"``.
    key : str
        The key of the random streams, in hexadecimal; `replay` starts from it.
    null_distribution : ndarray or None
        The scores of all permutations, if asked for.
    warnings : list of ResemblanceWarning
        Why the result may be misread.
    """

    measure: str
    label: str
    options: dict[str, Any]
    statistic: float
    pvalue: float
    null_mean: float | None
    null_std: float | None
    zscore: float | None
    calibrated_mean: float | None
    n_resamples: int
    min_pvalue: float
    alternative: str
    method: str
    n_orbits: int | None
    key: str
    null_mean_exact: bool = False
    null_std_exact: bool = False
    null_distribution: NDArray[np.float64] | None = field(default=None, repr=False)
    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    warnings: list[ResemblanceWarning] = field(default_factory=list)

    def __float__(self) -> float:
        """Return the statistic."""
        return self.statistic

    def __str__(self) -> str:
        """Write one line: score, p-value, z, calibrated score, how many permutations."""
        how = f"{self.n_resamples} permutations" + (f" in {self.n_orbits} orbits" if self.n_orbits else "")
        parts = [
            f"{self.label} = {number(self.statistic, 4)}",
            f"p = {self.pvalue:.4g} ({self.alternative})",
            f"z = {number(self.zscore, 2)}",
            f"by chance {number(self.null_mean)}, calibrated {number(self.calibrated_mean)}",
            "all permutations" if self.method == "exact" else how,
        ]
        return ", ".join([*parts, *dict.fromkeys(warning.code for warning in self.warnings)])

    def _repr_html_(self) -> str:
        shown = ("statistic", "pvalue", "zscore", "null_mean", "null_std", "calibrated_mean", "n_resamples", "method")
        lines = [[name, str(getattr(self, name))] for name in (*shown, "alternative")]
        return as_html([["", self.label], *lines], "permutation test")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them."""
        return {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)}

    def replay(
        self, x: Representation, y: Representation, measure: Callable[..., float] | None = None
    ) -> PermutationResult:
        """Compute the test again from its key, and raise if it does not come out the same.

        Parameters
        ----------
        x, y : array_like
            The data of the test.
        measure : callable, optional
            Needed if the test was of a function of your own, which a result does not keep.

        Returns
        -------
        PermutationResult
            The result found again.

        Raises
        ------
        ResemblanceError
            With the code ``replay_differs`` if a number is another one: other data, or another version.
        """
        from resemblance.operations import replay  # noqa: PLC0415 - operations make results

        again = replay(self, x, y, measure)
        for name in ("statistic", "pvalue", "null_mean", "null_std"):
            before, after = getattr(self, name), getattr(again, name)
            if before != after and not (before and after and np.isclose(before, after, rtol=1e-9, atol=0.0)):
                message = f"{name} was {before} and is now {after}: these are other data, or another version."
                raise make("replay_differs", message, {"field": name, "before": before, "after": after})
        return again
