//! Cohen's kappa: do two models agree more than their habits make them?
//!
//! ```text
//! cohen_kappa(x, y) = 1 - sum_ab w_ab o_ab / sum_ab w_ab e_ab        e_ab = k_a k'_b / n^2
//! ```
//!
//! with `o_ab` the share of inputs that x puts in class a and y in class b, and `k_a`, `k'_b` how often either model
//! predicts them. Without weights `w_ab` is 1 for unlike classes, and kappa is `(p_o - p_e) / (1 - p_e)` with `p_o` the share
//! of equal predictions. For grades in order it is `|a - b|` (`"linear"`) or `(a - b)^2` (`"quadratic"`), a and b counted
//! along `classes`. The class counts stay as they are when rows are matched anew, so kappa is affine in a mean over rows.
//!
//! - Misleads when read as independence of two models: models that learned the same task are right on the same inputs and
//!   agree far beyond chance, which knows their class frequencies only. Equal kappas do not mean equal agreement either; the
//!   largest kappa that the frequencies allow may be far below 1.
//! - Cost: O(n C) per model for scores of C classes, O(n) per pair.
//! - Reference: Cohen (1960); with weights Cohen (1968).

use std::collections::HashMap;
use std::sync::Arc;

use super::OfClasses;
use crate::cost::Cost;
use crate::engines::predictions::{Classes, GAP, Missing, Reading, WORD, ties};
use crate::error::{Error, Result};
use crate::facts::Change::{Monotone, RowShift};
use crate::facts::Facts;
use crate::form::{Form, Rows};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Agreement beyond that of the class frequencies.
#[derive(Clone, Debug)]
pub struct CohenKappa {
    reading: Reading,
    weights: Weights,
    /// All classes in order; those that occur if not given.
    classes: Option<Arc<[i64]>>,
}

/// The cost of an unlike answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weights {
    Unlike,
    Linear,
    Quadratic,
}

impl Measure for CohenKappa {
    const NAME: &'static str = "cohen_kappa";
    const FAMILY: &'static str = "functional";
    type Summary = Classes;

    fn from_options(options: &mut Options) -> Result<Self> {
        let reading = Reading::of_pair(Self::NAME, options)?;
        let known = [("linear", Weights::Linear), ("quadratic", Weights::Quadratic)];
        let weights = options.optional_choice("weights", &known)?.unwrap_or(Weights::Unlike);
        let classes = options.classes("classes")?;
        let refuse = |option: &str, given: &str, problem: &str| {
            Err(Error::BadOption {
                measure: Self::NAME.into(),
                option: option.into(),
                given: given.into(),
                problem: problem.into(),
            })
        };
        if weights == Weights::Unlike && classes.is_some() {
            return refuse(
                "classes",
                "[..]",
                "has no effect without weights, which alone look at the order of classes.",
            );
        }
        if weights != Weights::Unlike && reading.missing == Missing::Class {
            return refuse(
                "missing",
                "\"class\"",
                "gives no answer a class, which has no place in the order of weights.",
            );
        }
        Ok(Self { reading, weights, classes })
    }

    fn facts(&self) -> Facts {
        Facts {
            range: (-1.0, 1.0),
            chance_corrected: true,
            // Weights look at the order of classes.
            invariant_to: if self.weights == Weights::Unlike {
                Facts::PREDICTIONS.invariant_to
            } else {
                &[Monotone, RowShift]
            },
            reference: "Cohen 1960",
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

impl OfClasses for CohenKappa {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn rows<'a>(&'a self, x: &'a Classes, y: &'a Classes, _: Option<&[usize]>) -> Result<Rows<'a>> {
        let n = x.ids().len() / x.width();
        let (expected, at_chance, row) = if self.weights == Weights::Unlike {
            (x.expected_disagreement(y), x.disagreement_at_chance(y), super::differ(x, y))
        } else {
            let grades = self.grades(x, y)?;
            let expected = grades.expected();
            // Positions of sequences keep their place when rows are matched at random.
            let at_chance = if x.width() == 1 { expected } else { grades.at_chance(x.width()) };
            let width = x.width();
            let row = move |i: usize, j: usize| {
                let (a, b) = (&grades.x[i * width..(i + 1) * width], &grades.y[j * width..(j + 1) * width]);
                a.iter().zip(b).map(|(a, b)| grades.weight(*a, *b)).sum::<u64>() as f64 / width as f64
            };
            (expected, at_chance, Box::new(row) as crate::form::RowScore<'a>)
        };
        if expected == 0.0 {
            let reason = format!("{} and {} predict one and the same class throughout", x.name(), y.name());
            return Err(Error::Undefined { measure: Self::NAME.into(), reason });
        }
        // Whoever always gives the same answer agrees with anybody exactly as often as expected. In numbers that is
        // n/(n-k) times (n-k)/n, which need not round to 1.
        let constant = x.is_constant() || y.is_constant();
        let (offset, factor) = if constant { (0.0, 0.0) } else { (1.0, -1.0 / expected) };
        Ok(Rows { n, row, factor, offset, at_chance: Some(at_chance) })
    }
}

impl CohenKappa {
    /// The places of all answers in the order of classes.
    fn grades(&self, x: &Classes, y: &Classes) -> Result<Grades> {
        let refuse = |option: &str, given: String, problem: String| Error::BadOption {
            measure: Self::NAME.into(),
            option: option.into(),
            given,
            problem,
        };
        let order: Vec<i64> = if let Some(classes) = &self.classes {
            classes.to_vec()
        } else {
            let mut all: Vec<i64> = x.counts().iter().chain(y.counts()).map(|(class, _)| *class).collect();
            all.sort_unstable();
            all.dedup();
            if all.iter().any(|class| (WORD..GAP).contains(class)) {
                let problem = "needs classes=, all words in order: words have no order of their own.".into();
                return Err(refuse("weights", format!("{:?}", self.weights).to_lowercase(), problem));
            }
            all
        };
        let place: HashMap<i64, u64> = order.iter().copied().zip(0..).collect();
        if place.len() < order.len() {
            return Err(refuse("classes", "[..]".into(), "names a class twice.".into()));
        }
        let places = |side: &Classes| {
            let of = |(at, id): (usize, &i64)| {
                place.get(id).copied().ok_or_else(|| {
                    let row = at / side.width();
                    refuse("classes", "[..]".into(), format!("lacks the class of row {row} of {}.", side.name()))
                })
            };
            side.ids().iter().enumerate().map(of).collect::<Result<Vec<u64>>>()
        };
        Ok(Grades { x: places(x)?, y: places(y)?, classes: order.len(), quadratic: self.weights == Weights::Quadratic })
    }
}

/// Answers as places in the order of classes.
struct Grades {
    x: Vec<u64>,
    y: Vec<u64>,
    classes: usize,
    quadratic: bool,
}

impl Grades {
    fn weight(&self, a: u64, b: u64) -> u64 {
        let apart = a.abs_diff(b);
        if self.quadratic { apart * apart } else { apart }
    }

    /// The mean weight of all pairs of an answer of x and an answer of y.
    fn expected(&self) -> f64 {
        self.total(|_| true) as f64 / (self.x.len() as f64 * self.y.len() as f64)
    }

    /// The mean weight when sequences of `width` positions are matched at random.
    fn at_chance(&self, width: usize) -> f64 {
        let total: u128 = (0..width).map(|p| self.total(|at| at % width == p)).sum();
        let rows = (self.x.len() / width) as f64;
        total as f64 / (rows * rows * width as f64)
    }

    /// The sum of weights over all pairs of some answers, in whole numbers.
    fn total(&self, counts_in: impl Fn(usize) -> bool) -> u128 {
        let counted = |side: &[u64]| {
            let mut counts = vec![0_u128; self.classes];
            side.iter()
                .enumerate()
                .filter(|(at, _)| counts_in(*at))
                .for_each(|(_, place)| counts[*place as usize] += 1);
            counts
        };
        let (k, l) = (counted(&self.x), counted(&self.y));
        if self.quadratic {
            // sum (a - b)^2 = sum a^2 + sum b^2 - 2 sum a sum b, all over the pairs.
            let power = |counts: &[u128], p: u32| -> u128 { (0..).zip(counts).map(|(a, c)| u128::pow(a, p) * c).sum() };
            return power(&k, 2) * power(&l, 0) + power(&l, 2) * power(&k, 0) - 2 * power(&k, 1) * power(&l, 1);
        }
        // |a - b| is the number of steps between neighboring places that lie between the two.
        let (all_k, all_l): (u128, u128) = (k.iter().sum(), l.iter().sum());
        let (mut below_k, mut below_l, mut total) = (0, 0, 0);
        for (k, l) in k.iter().zip(&l) {
            below_k += k;
            below_l += l;
            total += below_k * (all_l - below_l) + below_l * (all_k - below_k);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, measure, score};
    use super::*;

    /// Values by hand: 6 of 10 agree; counts (3, 4, 3) and (2, 6, 2) give p_e = (6 + 24 + 6) / 100.
    #[test]
    fn six_of_ten_where_thirty_six_percent_are_expected() {
        assert!((score(&measure::<CohenKappa>(&[]), &A, &B, None).unwrap() - 0.375).abs() < 1e-15);
        assert_eq!(score(&measure::<CohenKappa>(&[]), &A, &A, None).unwrap(), 1.0);
    }

    #[test]
    fn opposite_answers_to_a_balanced_question() {
        assert_eq!(score(&measure::<CohenKappa>(&[]), &[0, 1, 0, 1], &[1, 0, 1, 0], None).unwrap(), -1.0);
    }

    #[test]
    fn a_constant_model_has_exactly_the_chance_level() {
        for n in 3..200 {
            let y: Vec<i64> = (0..n).map(|i| i64::from(i % 7 == 0) + i64::from(i % 3 == 1)).collect();
            for x in (0..4).map(|answer| vec![answer; n]) {
                assert_eq!(score(&measure::<CohenKappa>(&[]), &x, &y, None).unwrap(), 0.0);
                assert_eq!(score(&measure::<CohenKappa>(&[]), &y, &x, None).unwrap(), 0.0);
            }
        }
        assert_eq!(score(&measure::<CohenKappa>(&[]), &[2; 5], &[3; 5], None).unwrap(), 0.0);
        assert_eq!(score(&measure::<CohenKappa>(&[]), &[2; 5], &[2; 5], None).unwrap_err().code(), "undefined");
    }

    /// Values by hand: distances 1 0 0 2 over three pairs, expected ones from all pairs of answers.
    #[test]
    fn weights_count_how_far_grades_are_apart() {
        let (x, y) = ([0, 1, 2, 0], [1, 1, 2, 2]);
        // |a - b| over all 16 pairs: 1 1 2 2, 0 0 1 1, 1 1 0 0, 1 1 2 2.
        let linear = score(&measure::<CohenKappa>(&[("weights", "linear")]), &x, &y, None).unwrap();
        assert!((linear - (1.0 - (3.0 / 4.0) / (16.0 / 16.0))).abs() < 1e-15);
        let quadratic = score(&measure::<CohenKappa>(&[("weights", "quadratic")]), &x, &y, None).unwrap();
        assert!((quadratic - (1.0 - (5.0 / 4.0) / (24.0 / 16.0))).abs() < 1e-15);
    }
}
