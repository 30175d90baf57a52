//! Fleiss' kappa: do the models of a group agree more than their common habits make them?
//!
//! ```text
//! fleiss_kappa(models) = (P - P_e) / (1 - P_e)        P   = mean over inputs of (sum_c n_ic^2 - M) / (M (M - 1))
//!                                                     P_e = sum_c (sum_i n_ic / (n M))^2
//! ```
//!
//! with `n_ic` how many of the M models predict class c for input i. P is the mean agreement of all pairs of models. For
//! two models this is Scott's pi, which is affine in their disagreement and differs from Cohen's kappa in that the class
//! frequencies of both are pooled.
//!
//! A table of votes (`kind="counts"`, one row per input and one column per class) is a whole group by itself. Where inputs
//! have different numbers of votes (`missing="skip"`), M is each input's own number, inputs with one vote or none have no
//! `P_i`, and `P_e` comes from all votes.
//!
//! - Misleads when groups of different size are compared near the lower end, which is -1/(M - 1) and not -1; and, like
//!   every kappa, when shared accuracy is taken for a likeness beyond the task.
//! - Cost: O(n C) per model for scores of C classes, O(n M log M) per group.
//! - Reference: Fleiss (1971); for two models Scott (1955).

use std::collections::BTreeMap;

use super::OfClasses;
use crate::cost::Cost;
use crate::engines::predictions::votes::{self, Votes};
use crate::engines::predictions::{Classes, Content, Missing, Reading};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Form, Rows};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Agreement of a group beyond that of its pooled class frequencies.
#[derive(Clone, Copy, Debug)]
pub struct FleissKappa {
    reading: Reading,
}

impl Measure for FleissKappa {
    const NAME: &'static str = "fleiss_kappa";
    const FAMILY: &'static str = "functional";
    type Summary = Votes;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self { reading: Reading::of_group(Self::NAME, options)? })
    }

    fn facts(&self) -> Facts {
        Facts {
            range: (-1.0, 1.0),
            groups: true,
            fewest_models: if self.reading.content == Some(Content::Counts) { 1 } else { 2 },
            chance_corrected: true,
            reference: "Fleiss 1971; Scott 1955",
            cost: "O(n C) per model, O(n) per pair, O(n M log M) per group of M",
            ..Facts::PREDICTIONS
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { score: n as f64, ..Cost::entries(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Votes> {
        Votes::of(x, &self.reading, par)
    }

    fn form<'a>(&'a self, x: &'a Votes, y: &'a Votes) -> Result<Form<'a>> {
        let (x, y) = votes::pair(Self::NAME, x, y)?;
        super::form(self, Self::NAME, x, y)
    }

    fn warnings(&self, x: &Votes, y: &Votes) -> Vec<Warning> {
        votes::ties(x, y)
    }

    fn group(&self, models: &[&Votes]) -> Result<f64> {
        let mut agreement = PairAgreement::new(self.reading.missing == Missing::Skip);
        votes::visit(Self::NAME, models, &self.reading, |_, votes| {
            agreement.take(votes);
            Ok(())
        })?;
        agreement.kappa()
    }
}

impl OfClasses for FleissKappa {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn rows<'a>(&'a self, x: &'a Classes, y: &'a Classes, _: Option<&[usize]>) -> Result<Rows<'a>> {
        let mut pooled = Pooled::default();
        x.counts().iter().chain(y.counts()).for_each(|(class, count)| pooled.add(*class, *count));
        let factor = -1.0 / pooled.expected_disagreement()?;
        Ok(Rows { factor, offset: 1.0, ..super::share_that_differs(x, y) })
    }
}

fn undefined(reason: &str) -> Error {
    Error::Undefined { measure: FleissKappa::NAME.into(), reason: reason.into() }
}

/// Votes of all inputs by class.
#[derive(Default)]
struct Pooled(BTreeMap<i64, u128>);

impl Pooled {
    fn add(&mut self, class: i64, count: u64) {
        if count > 0 {
            *self.0.entry(class).or_default() += u128::from(count);
        }
    }

    /// `1 - P_e`.
    fn expected_disagreement(&self) -> Result<f64> {
        if self.0.len() < 2 {
            return Err(undefined("all models predict one and the same class throughout"));
        }
        let all: u128 = self.0.values().sum();
        let same: u128 = self.0.values().map(|count| count * count).sum();
        Ok((all * all - same) as f64 / (all * all) as f64)
    }
}

/// Agreement of the votes of one input after the other.
struct PairAgreement {
    /// Possibility of different numbers of votes for different inputs.
    any_number: bool,
    votes_of_first: Option<u64>,
    pooled: Pooled,
    inputs: u64,
    /// Pairs of votes that differ and all pairs, in whole numbers as long as all inputs have as many votes.
    disagreeing: u128,
    /// The same as shares of the pairs of every input.
    shares: f64,
}

impl PairAgreement {
    fn new(any_number: bool) -> Self {
        let pooled = Pooled::default();
        Self { any_number, votes_of_first: None, pooled, inputs: 0, disagreeing: 0, shares: 0.0 }
    }

    fn take(&mut self, votes: &[(i64, u64)]) {
        let (mut all, mut same) = (0_u64, 0_u128);
        for (class, count) in votes {
            all += count;
            same += u128::from(*count) * u128::from(*count);
            self.pooled.add(*class, *count);
        }
        self.votes_of_first.get_or_insert(all);
        if all > 1 {
            let differ = u128::from(all) * u128::from(all) - same;
            self.inputs += 1;
            self.disagreeing += differ;
            self.shares += differ as f64 / (all as f64 * (all - 1) as f64);
        }
    }

    fn kappa(&self) -> Result<f64> {
        if self.inputs == 0 {
            return Err(undefined("no input has two votes"));
        }
        let expected = self.pooled.expected_disagreement()?;
        let disagreement = match self.votes_of_first {
            Some(m) if !self.any_number => self.disagreeing as f64 / (self.inputs as f64 * m as f64 * (m - 1) as f64),
            _ => self.shares / self.inputs as f64,
        };
        Ok(1.0 - disagreement / expected)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::representation;

    use super::super::tests::{A, B, C, D, measure, score};
    use super::*;

    fn group(models: &[&[i64]]) -> Result<f64> {
        let kappa = measure::<FleissKappa>(&[]);
        let made: Vec<Votes> = models
            .iter()
            .map(|ids| kappa.summarize(&Representation::labels("x", *ids).unwrap(), Par::SEQ).unwrap())
            .collect();
        kappa.group(&made.iter().collect::<Vec<_>>())
    }

    /// Values by hand: pooled counts (5, 10, 5) of 20 give P_e = 150/400, so 1 - 0.4/0.625.
    #[test]
    fn two_models_are_scott() {
        assert!((score(&measure::<FleissKappa>(&[]), &A, &B, None).unwrap() - 0.36).abs() < 1e-15);
        assert!((group(&[&A, &B]).unwrap() - 0.36).abs() < 1e-15);
    }

    #[test]
    fn four_models() {
        assert!((group(&[&A, &B, &C, &D]).unwrap() - 0.334612923864).abs() < 1e-12);
        assert_eq!(group(&[&A, &A, &A]).unwrap(), 1.0);
    }

    #[test]
    fn without_a_second_class_or_model_it_is_undefined() {
        assert_eq!(group(&[&[1, 1], &[1, 1], &[1, 1]]).unwrap_err().code(), "undefined");
        assert_eq!(group(&[&A]).unwrap_err().code(), "undefined");
        assert_eq!(score(&measure::<FleissKappa>(&[]), &[3, 3], &[3, 3], None).unwrap_err().code(), "undefined");
        // three answers, all different, on every input: the least there is
        assert!((group(&[&[0, 1, 2], &[1, 2, 0], &[2, 0, 1]]).unwrap() + 0.5).abs() < 1e-15);
    }

    /// Values by hand.
    #[test]
    fn a_table_of_votes_is_a_group() {
        let kappa = measure::<FleissKappa>(&[("kind", "counts")]);
        let of = |values: &[f64], kappa: &FleissKappa| {
            kappa.group(&[&kappa.summarize(&representation("x", values, 2), Par::SEQ)?])
        };
        // Items (2, 0), (1, 1), (0, 2): two of three agree, and P_e = 1/2.
        assert!((of(&[2.0, 0.0, 1.0, 1.0, 0.0, 2.0], &kappa).unwrap() - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(of(&[2.0, 0.0, 1.0, 2.0], &kappa).unwrap_err().code(), "bad_label");
        let any = measure::<FleissKappa>(&[("kind", "counts"), ("missing", "skip")]);
        // Items (2, 0) and (1, 2): P = (1 + 1/3)/2, P_e = (9 + 4)/25.
        assert!((of(&[2.0, 0.0, 1.0, 2.0], &any).unwrap() - (2.0 / 3.0 - 0.52) / 0.48).abs() < 1e-15);
    }
}
