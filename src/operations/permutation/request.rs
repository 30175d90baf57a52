//! The request of a test: what is asked, and with which pairings, precision and level.

use super::design::Design;
use crate::error::Result;
use crate::facts::Facts;
use crate::operations::operand::Operand;
use crate::operations::repeats::{self, Repeats};
use crate::par::Par;

/// Alternative hypothesis: the direction that speaks against the null hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// A high score.
    Greater,
    /// A low score.
    Less,
    /// Either: twice the smaller of the two p-values.
    TwoSided,
}

impl Alternative {
    /// Every alternative by its name.
    pub const CHOICES: [(&'static str, Self); 3] =
        [("greater", Self::Greater), ("less", Self::Less), ("two-sided", Self::TwoSided)];

    /// The word for it.
    pub fn name(self) -> &'static str {
        Self::CHOICES.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| *name)
    }

    /// Sign of the direction: -1 if low scores speak against the null hypothesis.
    pub fn sign(self) -> f64 {
        if self == Self::Less { -1.0 } else { 1.0 }
    }

    /// Number of ends of the null distribution that count.
    pub fn sides(self) -> usize {
        if self == Self::TwoSided { 2 } else { 1 }
    }

    /// The direction that speaks for likeness.
    pub fn of(facts: &Facts) -> Self {
        if facts.larger_is_more_alike() { Self::Greater } else { Self::Less }
    }
}

/// Precision of orbits. Counts are the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Single precision, unless the scores of all arrangements are to be kept.
    Auto,
    /// Single precision; what comes close to the observed value is computed again in double.
    Single,
    /// Double precision.
    Double,
}

impl Precision {
    /// Every precision by its name.
    pub const CHOICES: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("float32", Self::Single), ("float64", Self::Double)];
}

/// Way in which a test takes its pairings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All of them if these are no more than asked for; else orbits where the score has them; else independent ones.
    Auto,
    /// Whole orbits.
    Orbits,
    /// Independent ones.
    MonteCarlo,
    /// All that the design allows.
    Exact,
    /// Independent ones until it is clear whether p is below a level.
    Sequential,
}

impl Method {
    /// Every method by its name.
    pub const CHOICES: [(&'static str, Self); 5] = [
        ("auto", Self::Auto),
        ("orbits", Self::Orbits),
        ("monte_carlo", Self::MonteCarlo),
        ("exact", Self::Exact),
        ("sequential", Self::Sequential),
    ];
}

/// A test, as it is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Number of permutations beside the observed arrangement; whole orbits may make it more.
    pub n_resamples: usize,
    /// The key of the random streams.
    pub key: [u8; 32],
    /// Direction; by default the one that speaks for likeness.
    pub alternative: Option<Alternative>,
    /// True to keep the scores of all arrangements.
    pub return_null: bool,
    /// Precision of orbits.
    pub precision: Precision,
    /// Way in which pairings are taken.
    pub method: Method,
    /// Allowed pairings; None for all n! of them.
    pub design: Option<Design>,
    /// The level of a sequential decision, and of the calibrated quantile.
    pub alpha: f64,
    /// True if exact skewness and kurtosis are worth their cost, and the p-value they suggest.
    pub moments: bool,
    /// Stimulus of each row, if that is known: repeated ones are not exchangeable row by row.
    pub ids: Option<Vec<i64>>,
    /// Treatment of equal rows; the stimulus of each row says more.
    pub repeats: Repeats,
}

impl Request {
    /// An error if rows of these two must not trade places.
    pub fn exchangeable<'s>(&self, facts: &Facts, x: &Operand<'s>, y: &Operand<'s>, par: Par<'_>) -> Result<()> {
        let known = self.ids.is_some() && self.repeats == Repeats::Auto;
        if !facts.repeats_matter || known {
            return Ok(());
        }
        let (Some(x), Some(y)) = (x.profile(facts, par), y.profile(facts, par)) else { return Ok(()) };
        let groups = self.design.as_ref().and_then(Design::groups);
        repeats::exchangeable(&x, &y, self.repeats, groups.as_deref())
    }

    /// True if rows move in groups.
    pub fn is_grouped(&self) -> bool {
        self.design.as_ref().is_some_and(Design::is_grouped)
    }
}
