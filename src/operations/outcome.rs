//! A score with what a reader should know beside it, and the check that a number is a score at all.

use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::value::Value;
use crate::warning::Warning;

/// Origin of a chance level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The exact mean over all pairings.
    ClosedForm,
    /// From the exact mean of what the score is a root or an angle of.
    Moments,
    /// From some pairings.
    Estimated,
}

impl Origin {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClosedForm => "closed_form",
            Self::Moments => "moments",
            Self::Estimated => "estimated",
        }
    }
}

/// The mean score of randomly matched rows.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    /// The mean.
    pub mean: f64,
    /// Origin of the mean.
    pub origin: Origin,
}

/// A score with its chance level and warnings.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The score.
    pub value: f64,
    /// Mean score of randomly matched rows, where it is known or was estimated.
    pub at_chance: Option<Chance>,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

impl Outcome {
    /// The fields by name, for bindings.
    pub fn fields(self, facts: &Facts) -> Vec<(&'static str, Value)> {
        vec![
            ("value", self.value.into()),
            ("null_mean", self.at_chance.map(|found| found.mean).into()),
            ("null_mean_from", self.at_chance.map(|found| found.origin.name()).into()),
            ("calibrated_mean", self.calibrated(facts).into()),
            ("warnings", self.warnings.into()),
        ]
    }
}

impl Outcome {
    /// The score on the scale where chance is 0 and identity is 1.
    pub fn calibrated(&self, facts: &Facts) -> Option<f64> {
        calibrated(self.value, self.at_chance?.mean, facts)
    }
}

/// A score on the scale where chance is 0 and identity is 1, for distances as well; None where the two coincide.
pub fn calibrated(value: f64, at_chance: f64, facts: &Facts) -> Option<f64> {
    let room = facts.identity_value - at_chance;
    let found = (value - at_chance) / room;
    (room.abs() > 1e-12 && found.is_finite()).then_some(found)
}

/// Round-off that carries a score out of its range is taken away up to here; a score further out is none.
const ROUND_OFF: f64 = 1e-9;

/// A value inside the range if round-off alone carried it out. What lies further out stays: with error rates that stay with
/// their models, other orders of the rows may score more than any pair of models can.
pub fn without_round_off(value: f64, (low, high): (f64, f64)) -> f64 {
    let inside = value.clamp(low, high);
    if (value - inside).abs() <= ROUND_OFF * inside.abs().max(1.0) { inside } else { value }
}

/// A finite score inside its range, or the error that says why there is none.
pub fn checked_score(value: f64, measure: &str, facts: &Facts, warnings: &mut Vec<Warning>) -> Result<f64> {
    if value.is_nan() {
        return Err(Error::Undefined { measure: measure.into(), reason: "a ratio is 0/0 for these data".into() });
    }
    let (low, high) = facts.range;
    let inside = without_round_off(value, facts.range);
    let delta = (value - inside).abs();
    if !(low..=high).contains(&inside) {
        let reason = format!(
            "round-off takes it to {value:.3e}, outside of its range from {low} to {high}; the data leave too few digits"
        );
        return Err(Error::Undefined { measure: measure.into(), reason });
    }
    if delta > 0.0 {
        warnings.push(Warning::new(
            "clamped",
            format!("Round-off of {delta:.1e} was removed."),
            vec![("delta", delta.into())],
        ));
    }
    Ok(inside + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a measure from 0 to 1: a little round-off is taken away and said, and what lies further out is no score.
    #[test]
    fn a_score_lies_in_its_range_or_is_none() {
        let facts = Facts { range: (0.0, 1.0), ..Facts::SIMILARITY };
        let of = |value: f64| {
            let mut warnings = Vec::new();
            checked_score(value, "cka", &facts, &mut warnings).map(|value| (value, warnings.len()))
        };
        for (value, expected) in [(0.25, (0.25, 0)), (1.0, (1.0, 0)), (1.0 + 1e-10, (1.0, 1)), (-1e-15, (0.0, 1))] {
            assert_eq!(of(value).unwrap(), expected);
        }
        for value in [1.444, -0.1, 1.0 + 1e-6, f64::NAN, f64::INFINITY] {
            assert_eq!(of(value).unwrap_err().code(), "undefined", "{value}");
        }
    }
}
