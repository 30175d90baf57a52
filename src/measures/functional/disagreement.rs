//! Disagreement: on how many inputs do two models decide differently?
//!
//! ```text
//! disagreement(x, y) = 1/n sum_i [a_i != b_i]
//! ```
//!
//! with `a_i` and `b_i` the classes that x and y predict for input i; of sequences, the share of positions. Also called churn, jitter, or the Hamming
//! difference of predictions. It is a metric of predictions.
//!
//! - Misleads when accuracies are high: two models with error rates e and e' disagree on at least |e - e'| and at most
//!   e + e' of the inputs, however different they are.
//! - Cost: O(n C) per model for scores of C classes, O(n) per pair.
//! - Reference: Madani, Pennock & Flake (2004).

use super::OfClasses;
use crate::cost::Cost;
use crate::engines::predictions::{Classes, Reading, ties};
use crate::error::Result;
use crate::facts::{Facts, Jackknife, Kind, Triangle};
use crate::form::{Form, Rows};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Share of inputs with different answers.
#[derive(Clone, Copy, Debug)]
pub struct Disagreement {
    reading: Reading,
}

impl Measure for Disagreement {
    const NAME: &'static str = "disagreement";
    const FAMILY: &'static str = "functional";
    type Summary = Classes;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self { reading: Reading::of_pair(Self::NAME, options)? })
    }

    fn facts(&self) -> Facts {
        Facts {
            kind: Kind::Distance,
            identity_value: 0.0,
            jackknife: Jackknife::MeanOfRows,
            triangle: Triangle::Metric,
            reference: "Madani, Pennock & Flake 2004",
            cost: "O(n C) per model, O(n) per pair",
            ..Facts::PREDICTIONS
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { score: n as f64, ..Cost::entries(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Classes> {
        self.reading.classes(x, par)
    }

    fn form<'a>(&'a self, x: &'a Classes, y: &'a Classes) -> Result<Form<'a>> {
        super::form(self, Self::NAME, x, y)
    }

    fn warnings(&self, x: &Classes, y: &Classes) -> Vec<Warning> {
        ties(x, y)
    }
}

impl OfClasses for Disagreement {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn rows<'a>(&'a self, x: &'a Classes, y: &'a Classes, _: Option<&[usize]>) -> Result<Rows<'a>> {
        Ok(super::share_that_differs(x, y))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, measure, score};
    use super::*;

    #[test]
    fn four_of_ten() {
        assert_eq!(score(&measure::<Disagreement>(&[]), &A, &B, None).unwrap(), 0.4);
    }

    /// All rotations together match every row with every other equally often, so their mean is the chance level.
    #[test]
    fn the_chance_level_is_the_mean_over_rotations() {
        let rotation = |by: usize| (0..10).map(|i| (i + by) % 10).collect::<Vec<_>>();
        let total: f64 =
            (0..10).map(|by| score(&measure::<Disagreement>(&[]), &A, &B, Some(&rotation(by))).unwrap()).sum();
        let measure = measure::<Disagreement>(&[]);
        let side =
            |ids: &'static [i64]| measure.summarize(&Representation::labels("x", ids).unwrap(), Par::SEQ).unwrap();
        let (a, b) = (side(&A), side(&B));
        let level = measure.form(&a, &b).unwrap().at_chance(Par::SEQ).unwrap().unwrap();
        assert!((level - total / 10.0).abs() < 1e-15);
        assert_eq!(level, 0.64);
    }
}
