//! Descriptive statistics: a number of one representation; of a pair, the comparison of the two numbers.
//!
//! Two representations may have equal numbers and nothing else in common, and no statistic uses which row is which.

pub mod participation_ratio;
pub mod uniformity;

use crate::error::Result;
use crate::facts::{Change, Facts};
use crate::form::{Form, Unpaired};
use crate::measures::registry::Entry;
use crate::options::Options;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

/// The measures of this family.
pub const ALL: &[Entry] =
    &[Entry::of::<participation_ratio::ParticipationRatio>(), Entry::of::<uniformity::Uniformity>()];

/// The number of one representation.
#[derive(Clone, Debug)]
pub struct Described {
    name: String,
    rows: usize,
    value: f64,
}

/// Comparison of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    /// `|x - y|`.
    AbsoluteDifference,
    /// The smaller of the two over the larger.
    Ratio,
}

impl Compare {
    fn score(self, x: f64, y: f64) -> f64 {
        match self {
            Self::AbsoluteDifference => (x - y).abs(),
            Self::Ratio if x.abs() > y.abs() => y / x,
            Self::Ratio => x / y,
        }
    }
}

/// Read `compare`. Python answers None itself, by asking for the two numbers.
fn compared(options: &mut Options) -> Result<Compare> {
    let choices = [("absolute_difference", Compare::AbsoluteDifference), ("ratio", Compare::Ratio)];
    options.choice_or_none("compare", &choices, Compare::AbsoluteDifference)
}

/// Facts common to all statistics.
fn facts(compare: Compare, invariant_to: &'static [Change]) -> Facts {
    let ratio = compare == Compare::Ratio;
    Facts {
        range: (0.0, if ratio { 1.0 } else { f64::INFINITY }),
        identity_value: if ratio { 1.0 } else { 0.0 },
        invariant_to,
        ..Facts::STATISTIC
    }
}

/// The two numbers, compared.
fn form(x: &Described, y: &Described, compare: Compare) -> Form<'static> {
    Form::Unpaired(Unpaired { score: compare.score(x.value, y.value), numbers: Some([x.value, y.value]) })
}

impl Summary for Described {
    fn save(&self) -> Vec<(&'static str, Value)> {
        vec![("name", self.name.as_str().into()), ("rows", self.rows.into()), ("value", self.value.into())]
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let name = parts.text("name")?;
        let (rows, value) = (parts.count("rows")?, parts.number("value")?);
        if rows == 0 || value.is_nan() {
            return Err(damaged("it holds no number"));
        }
        Ok(Self { name, rows, value })
    }

    fn rows(&self) -> usize {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_number_is_divided_by_the_larger() {
        let score = |x, y, compare: Compare| compare.score(x, y);
        assert_eq!(score(-4.0, -1.0, Compare::Ratio), 0.25);
        assert_eq!(score(1.0, 4.0, Compare::Ratio), 0.25);
        assert_eq!(score(-4.0, -1.0, Compare::AbsoluteDifference), 3.0);
    }
}
