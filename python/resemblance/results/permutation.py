"""The results of `permutation_test` and `pairwise_test`: scores, their chance levels and p-values."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance.facts import Facts
from resemblance.results._text import Shown, as_html, as_text, digits_apart, field_text, number, plain, shortened
from resemblance.results.grids import Grid, Grids

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from resemblance.errors import ResemblanceWarning


@dataclass(frozen=True, eq=False, repr=False)
class PermutationResult(Shown):
    """What a permutation test found.

    Trained networks on the same inputs nearly always beat chance: read `zscore` and `calibrated_mean` before `pvalue`.

    Attributes
    ----------
    measure, label : str
        The name, and the name with the options that were given.
    options : dict
        All options.
    facts : Facts
        What the measure states about itself.
    statistic : float
        The score of the pair as it is.
    pvalue : float
        How often rows matched at random score at least as extremely; never 0.
    pvalue_ci : tuple of float
        Where the p-value over all allowed permutations lies, with 95 % confidence.
    null_mean, null_std, zscore : float or None
        Mean and standard deviation of the score under random pairing, and ``(statistic - null_mean) / null_std``, None
        where the score does not vary (then `null_std` is 0). Where some scores are infinite (warning
        ``infinite_scores``) the first two are NaN and the last is None.
    null_skew : float or None
        Skewness of the score under random pairing: 0 for a symmetric law, positive for a long tail of high scores.
    null_mean_exact, null_std_exact, null_skew_exact : bool
        Whether these are over all permutations, by a formula or because all were tried, rather than over those drawn.
    calibrated_mean : float or None
        ``(statistic - null_mean) / (score at identity - null_mean)``: 0 at chance, 1 at identity.
    calibrated_quantile : float or None
        The same with the score that chance exceeds with probability `alpha` in place of the mean: 0 is just
        significant.
    pvalue_moments : float or None
        What exact moments suggest the p-value to be, if they were asked for (``moments=True``): for ranking, planning
        and the far tail. It is no permutation p-value and may be several times too small.
    moments_reliable : bool or None
        A hint whether to trust it; None if that is not known.
    n_resamples : int
        Number of permutations beside the observed one; whole orbits, so it may exceed the number asked for.
    n_orbits : int or None
        Number of shift orbits; the p-value is exact all the same, but the null sample is not independent draws.
    multipliers_per_orbit : int
        How many of the orbits share a relabelling, whose places they multiply by different numbers.
    min_pvalue : float
        The smallest p-value these data can reach in this test, ties counted: where all permutations were tried, that of
        the most extreme of them; else one in their number, or the share of permutations that only trade places of
        equal rows. Never above `pvalue`.
    exceedances : int or None
        Number of arrangements that count for the p-value, the observed one included; for two sides of the rarer side.
    n_adjudicated : int
        Values so close to the statistic that single precision could not tell: each was computed again in double.
    n_pruned : int
        Permutations that were certain to score less than the observed one, or more, without being computed.
    decision : bool or None
        For ``method="sequential"``: whether p is below `alpha`; None if it did not come to a decision.
    alternative : str
        ``"greater"``, ``"less"`` or ``"two-sided"``.
    method : str
        How the permutations were made: ``"orbits"``, ``"monte_carlo"``, ``"exact"`` or ``"sequential"``.
    key : str
        The key of the random streams, in hexadecimal; `resemblance.replay` starts from it.
    request : dict
        What was asked for, as far as `resemblance.replay` needs it.
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
    null_skew: float | None = None
    null_skew_exact: bool = False
    pvalue_moments: float | None = None
    moments_reliable: bool | None = None
    pvalue_ci: tuple[float, float] = (0.0, 1.0)
    calibrated_quantile: float | None = None
    multipliers_per_orbit: int = 1
    exceedances: int | None = None
    n_pruned: int = 0
    decision: bool | None = None
    n_adjudicated: int = 0
    null_distribution: NDArray[np.float64] | None = field(default=None, repr=False)
    request: dict[str, Any] = field(default_factory=dict, repr=False)
    facts: Facts = field(default=Facts(), repr=False)
    warnings: list[ResemblanceWarning] = field(default_factory=list)

    def __float__(self) -> float:
        """Return the statistic."""
        return self.statistic

    def __str__(self) -> str:
        """Write one line: score, p-value, z, calibrated score, how many permutations."""
        how = f"{self.n_resamples} permutations" + (f" in {self.n_orbits} orbits" if self.n_orbits else "")
        digits = digits_apart(self.statistic, self.null_mean, self.facts.identity_value)
        parts = [
            f"{self.label} = {number(self.statistic, digits + 1)}",
            f"p = {self.pvalue:.4g} ({self.alternative})",
            f"z = {number(self.zscore, 2)}",
            f"by chance {number(self.null_mean, digits)}, calibrated {number(self.calibrated_mean)}",
            "all permutations" if self.method == "exact" else how,
        ]
        return ", ".join([*parts, *dict.fromkeys(warning.code for warning in self.warnings)])

    def _repr_html_(self) -> str:
        shown = ("statistic", "pvalue", "zscore", "null_mean", "null_std", "calibrated_mean", "n_resamples", "method")
        lines = [[name, field_text(getattr(self, name))] for name in (*shown, "alternative")]
        return as_html([["", self.label], *lines], "permutation test")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them."""
        return {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)}


@dataclass(frozen=True, eq=False, repr=False)
class PermutationGrid(Grid):
    """What permutation tests of all pairs found; a `Grid` whose `pvalues` are known, and which `plot` marks.

    All pairs were permuted together, so corrections and claims about the whole grid respect how pairs depend on each
    other. Trained networks on the same inputs nearly always beat chance: read `zscores` and `calibrated_mean` first.

    Attributes
    ----------
    pvalues : ndarray
        Corrected for all pairs as `adjust` says; without a correction the same as `unadjusted`.
    unadjusted : ndarray
        The p-value of each pair for itself; never 0, and NaN for a representation with itself, which is no question.
    adjust : str or None
        ``"maxT"``, ``"step-down"``, ``"bh"``, ``"by"`` or None.
    null_mean, null_std, zscores : ndarray
        Mean and standard deviation of each score under random pairing, and the score in these terms: NaN where nothing
        varies (then `null_std` is 0), and all three where some scores are infinite (warning ``infinite_scores``).
    null_mean_exact, null_std_exact : bool
        Whether these are over all n! permutations, by a formula, rather than over those drawn.
    calibrated_mean : ndarray
        The scores on the scale where chance is 0 and identity is 1.
    largest, mean : tuple of float or None
        The largest and the mean z of all pairs, turned so that large speaks against the null hypothesis, each with its
        p-value: for claims about the best pair (the choice is part of the test) and about the grid as a whole. With two
        sides the largest is that of the side further out. Pairs that do not vary have no part; None if none does.
    n_tests : int
        Number of pairs that were corrected for; a representation with itself is none.
    n_resamples, n_orbits, min_pvalue, alternative, method, key
        As in `PermutationResult`.
    """

    unadjusted: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    adjust: str | None = None
    zscores: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    null_std: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    null_mean_exact: bool = False
    null_std_exact: bool = False
    calibrated_mean: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    largest: tuple[float, float] | None = None
    mean: tuple[float, float] | None = None
    n_tests: int = 0
    n_resamples: int = 0
    n_orbits: int | None = None
    min_pvalue: float = 1.0
    alternative: str = "greater"
    method: str = "orbits"
    key: str = ""

    def pvalue_table(self) -> str:
        """Write the p-values as a matrix with its names, the middle left out if it is large."""
        return as_text(shortened(self.rows, self.columns, np.asarray(self.pvalues)))

    def __str__(self) -> str:
        """Write the scores and, below, the p-values, each as a matrix with its names."""
        return "\n".join([super().__str__(), "", self._heading(), self.pvalue_table()])

    def _repr_html_(self) -> str:
        pvalues = shortened(self.rows, self.columns, np.asarray(self.pvalues))
        return super()._repr_html_() + as_html(pvalues, self._heading())

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write one line per pair (`to_records`); every digit, and nothing where there is no number."""
        import csv  # noqa: PLC0415 - only wanted here
        from pathlib import Path  # noqa: PLC0415

        records = self.to_records()
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(records[0] if records else ())
            writer.writerows([["" if value is None else value for value in record.values()] for record in records])

    @property
    def correction(self) -> str:
        """What the p-values are corrected for, in words."""
        pairs = f"{self.n_tests} pair" + ("s" if self.n_tests != 1 else "")
        return f"corrected for {pairs} ({self.adjust})" if self.adjust else f"not corrected for {pairs}"

    def _tables(self) -> dict[str, NDArray[np.float64] | None]:
        return {
            "score": self.values,
            "zscore": self.zscores,
            "pvalue": self.pvalues,
            "unadjusted": self.unadjusted,
            "null_mean": self.null_mean,
            "null_std": self.null_std,
            "calibrated_mean": self.calibrated_mean,
        }

    def _heading(self) -> str:
        return f"p-values, {self.correction}"

    def _caption(self) -> str:
        how = f"{self.n_resamples} permutations" + (f" in {self.n_orbits} orbits" if self.n_orbits else "")
        parts = [super()._caption(), "all permutations" if self.method == "exact" else how]
        if self.largest is not None:
            parts.append(f"largest z {number(self.largest[0], 2)} (p = {self.largest[1]:.4g})")
        return "; ".join(parts)


@dataclass(frozen=True, eq=False, repr=False)
class PermutationGrids(Grids[PermutationGrid]):
    """What `pairwise_test` found: a `PermutationGrid` per measure, by name, label or position.

    Attributes
    ----------
    grids : tuple of PermutationGrid
        One per measure, in the order asked for.
    """


@dataclass(frozen=True, eq=False, repr=False)
class NullMoments(Shown):
    """Exact moments of a score over all n! orders of the rows, found without a permutation.

    Attributes
    ----------
    measure, label : str
        The name, and the name with the options that were given.
    options : dict
        All options.
    statistic : float
        The score of the pair, before a root or an angle is taken (`before`).
    mean, std : float
        Mean and standard deviation of it under random pairing.
    skewness, kurtosis : float or None
        Standardized third and fourth central moments, 0 and 3 for a normal law; None for fewer than 6 and 8 rows, for
        stored matrices of more than 3000 rows, or if not asked for.
    zscore : float or None
        ``(statistic - mean) / std``.
    pvalue_moments : float or None
        What these moments suggest: for ranking, for planning and for the far tail. It is no permutation p-value and may
        be several times too small.
    moments_reliable : bool or None
        A hint: whether the law behind `pvalue_moments` has nearly the exact kurtosis; None if that is not known.
    law : str or None
        ``"saddlepoint"`` or ``"pearson"`` (Pearson III).
    alternative : str
        The direction of `pvalue_moments`.
    before : str or None
        ``"root"`` or ``"arccos"``: what separates all this from the score; None if nothing does.
    """

    measure: str
    label: str
    options: dict[str, Any]
    statistic: float
    mean: float
    std: float
    skewness: float | None
    kurtosis: float | None
    pvalue_moments: float | None
    moments_reliable: bool | None
    law: str | None
    alternative: str
    before: str | None

    @property
    def zscore(self) -> float | None:
        """The statistic in standard deviations from the mean; None if nothing varies."""
        return (self.statistic - self.mean) / self.std if self.std > 0 else None

    def __str__(self) -> str:
        """Write one line: score, moments, z, and the p-value they suggest."""
        what = self.label if self.before is None else f"{self.label} before the {self.before}"
        parts = [
            f"{what} = {number(self.statistic, 4)}",
            f"by chance {number(self.mean, 4)} ± {number(self.std, 4)}",
            f"skewness {number(self.skewness)}, kurtosis {number(self.kurtosis)}",
            f"z = {number(self.zscore, 2)}",
        ]
        if self.pvalue_moments is not None:
            trust = {True: "", False: ", not reliable", None: ", not checked"}[self.moments_reliable]
            parts.append(f"suggests p = {self.pvalue_moments:.3g} ({self.law}{trust})")
        return ", ".join(parts)

    def _repr_html_(self) -> str:
        shown = (
            "statistic",
            "mean",
            "std",
            "skewness",
            "kurtosis",
            "zscore",
            "pvalue_moments",
            "moments_reliable",
            "law",
        )
        lines = [[name, field_text(getattr(self, name))] for name in (*shown, "alternative", "before")]
        return as_html([["", self.label], *lines], "moments over all orders of the rows")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them."""
        return {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)} | {"zscore": self.zscore}
