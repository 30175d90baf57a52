//! Needs of an operation, known before it begins.
//!
//! The costs of measures add up: every representation is summarized once, and the summaries of a grid are held together.
//! An operation whose bytes are not there is refused ([`Estimate::require`]); one of few operations on numbers is done
//! before anybody could want to stop it, and needs no watch.

use super::instance::Instance;
use super::operand::Operand;
use crate::cost::Cost;
use crate::error::Result;
use crate::facts::Jackknife;
use crate::memory;
use crate::par::Par;

/// Bytes and work of an operation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Estimate {
    kept: f64,
    /// Of the largest summary.
    making: f64,
    /// Summaries that are to be made.
    summaries: usize,
    /// Of the largest pair.
    scoring: f64,
    pairs: f64,
    operations_of_summaries: f64,
    operations_of_scores: f64,
}

impl Estimate {
    /// Of scores of one pair, or of several summaries of a group, one measure after the other.
    pub fn of_pair<'a, 's: 'a>(
        instance: impl IntoIterator<Item = &'a Instance>,
        sides: impl IntoIterator<Item = &'a Operand<'s>>,
    ) -> Self {
        let sides: Vec<&Operand<'s>> = sides.into_iter().collect();
        let each = instance.into_iter().map(|one| Self::of_sides(one, sides.iter().copied(), 1.0));
        each.reduce(|all, one| Self { kept: all.kept.max(one.kept), ..all.beside(one) }).unwrap_or_default()
    }

    /// Of all pairs of two lists, for all measures at once; without the second list the first with itself.
    pub fn of_grid<'s>(instance: &[Instance], xs: &[Operand<'s>], ys: Option<&[Operand<'s>]>) -> Self {
        let sides = || xs.iter().chain(ys.unwrap_or_default());
        let pairs = |one: &Instance| {
            let (rows, columns) = (xs.len() as f64, ys.unwrap_or(xs).len() as f64);
            if ys.is_none() && one.measure.facts().symmetric { 0.5 * rows * (columns + 1.0) } else { rows * columns }
        };
        let each = instance.iter().map(|one| Self::of_sides(one, sides(), pairs(one)));
        each.reduce(Self::beside).unwrap_or_default()
    }

    fn of_sides<'a, 's: 'a>(one: &Instance, sides: impl IntoIterator<Item = &'a Operand<'s>>, pairs: f64) -> Self {
        let mut all = Self { pairs, ..Self::default() };
        let mut score = 0.0_f64;
        for side in sides {
            let Cost { kept, making, scoring, summary, score: one_score } = match side {
                Operand::Data(x) => one.measure.cost(x.rows(), x.cols()),
                // It is made, and nobody knows from how many columns.
                Operand::Prepared(made) => {
                    let (n, cost) = (made.summary.rows(), |n| one.measure.cost(n, n));
                    Cost { kept: 0.0, making: 0.0, summary: 0.0, ..cost(n) }
                }
            };
            all.kept += kept;
            all.making = all.making.max(making);
            all.summaries += usize::from(side.data().is_some());
            all.scoring = all.scoring.max(scoring);
            all.operations_of_summaries += summary;
            score = score.max(one_score);
        }
        Self { operations_of_scores: pairs * score, ..all }
    }

    fn beside(self, other: Self) -> Self {
        Self {
            kept: self.kept + other.kept,
            making: self.making.max(other.making),
            summaries: self.summaries.max(other.summaries),
            scoring: self.scoring.max(other.scoring),
            pairs: self.pairs.max(other.pairs),
            operations_of_summaries: self.operations_of_summaries + other.operations_of_summaries,
            operations_of_scores: self.operations_of_scores + other.operations_of_scores,
        }
    }

    /// With so many scores in the place of one.
    #[must_use]
    pub fn repeated(self, scores: usize) -> Self {
        Self { operations_of_scores: scores as f64 * self.operations_of_scores, ..self }
    }

    /// With scores that leave out one of so many units after the other.
    #[must_use]
    pub fn leaving_out(self, instance: &Instance, units: usize) -> Self {
        // Where sums tell what leaving out changes, all scores cost about what a few do.
        const SUMS: usize = 10;
        if instance.measure.facts().jackknife != Jackknife::Recompute {
            return self.repeated(SUMS);
        }
        let again = self.repeated(units);
        Self {
            kept: 2.0 * self.kept,
            operations_of_summaries: (units + 1) as f64 * self.operations_of_summaries,
            ..again
        }
    }

    /// With further operations.
    #[must_use]
    pub fn and_operations(self, more: f64) -> Self {
        Self { operations_of_scores: self.operations_of_scores + more, ..self }
    }

    /// Operations on numbers.
    pub fn operations(&self) -> f64 {
        self.operations_of_summaries + self.operations_of_scores
    }

    /// An error if the memory for it is not there.
    pub fn require(&self, what: &str, par: Par<'_>) -> Result<()> {
        let side_by_side = |units: f64| {
            if self.kept + units * self.making.max(self.scoring) <= memory::SMALL || !par.is_parallel() {
                1.0
            } else {
                units.min(par.threads() as f64)
            }
        };
        let summaries = side_by_side(self.summaries as f64).min(self.summaries as f64) * self.making;
        let scores = side_by_side(self.pairs).min(self.pairs) * self.scoring;
        par.require(self.kept + summaries.max(scores), || what.to_owned())
    }
}
