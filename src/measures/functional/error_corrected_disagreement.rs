//! Error-corrected disagreement: do two models differ more than their mistakes make them?
//!
//! ```text
//! error_corrected_disagreement(x, y) = disagreement(x, y) / e        e = 1/n sum_i [a_i != label_i]
//! ```
//!
//! `reference` says whose error rate e is: that of the first model, of the second, or the mean of both. It is the rate of a
//! model on its own inputs, and stays as it is when rows of y are matched anew: otherwise a model that is often right would
//! seem to make more mistakes under every other pairing, and to disagree less in units of them.
//!
//! - Misleads when models of different accuracy are compared: the value lies between |e - e'|/e and min(e + e', 1)/e, so
//!   where it may lie depends on both error rates. It is not symmetric unless the mean is the reference.
//! - Cost: O(n C) per model for scores of C classes, O(n) per pair.
//! - Reference: Fort, Hu & Lakshminarayanan (2019), arXiv:1912.02757.

use std::sync::Arc;

use super::OfClasses;
use crate::cost::Cost;
use crate::engines::predictions::{Classes, Content, Missing, Reading, checked, ties};
use crate::error::{Error, Result};
use crate::facts::{Facts, FormName, Kind};
use crate::form::{Form, Pair, Rows};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Disagreement in units of an error rate.
#[derive(Clone, Debug)]
pub struct ErrorCorrectedDisagreement {
    reading: Reading,
    labels: Arc<[i64]>,
    reference: Reference,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reference {
    First,
    Second,
    Mean,
}

impl Measure for ErrorCorrectedDisagreement {
    const NAME: &'static str = "error_corrected_disagreement";
    const FAMILY: &'static str = "functional";
    type Summary = Classes;

    fn from_options(options: &mut Options) -> Result<Self> {
        let references = [("first", Reference::First), ("second", Reference::Second), ("mean", Reference::Mean)];
        let reading = Reading::of_pair(Self::NAME, options)?;
        if reading.content == Some(Content::Tokens) {
            return Err(Error::BadOption {
                measure: Self::NAME.into(),
                option: "kind".into(),
                given: "\"tokens\"".into(),
                problem: "has no labels for positions; pass the answers and labels of all positions in one row.".into(),
            });
        }
        let reference = options.choice("reference", &references)?;
        let labels = options.labels("labels")?;
        checked("labels", &labels)?;
        Ok(Self { reading, labels, reference })
    }

    fn facts(&self) -> Facts {
        let mean = self.reference == Reference::Mean;
        Facts {
            form: if self.reference == Reference::First { FormName::Rows } else { FormName::Pair },
            kind: Kind::Distance,
            identity_value: 0.0,
            // At most e + e' over the mean of both.
            range: (0.0, if mean { 2.0 } else { f64::INFINITY }),
            symmetric: mean,
            reference: "Fort, Hu & Lakshminarayanan 2019, arXiv:1912.02757",
            cost: "O(n C) per model, O(n) per pair",
            ..Facts::PREDICTIONS
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { score: n as f64, ..Cost::entries(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Classes> {
        if x.rows() != self.labels.len() {
            return Err(Error::RowCountMismatch {
                x: "labels".into(),
                y: x.name().into(),
                n: self.labels.len(),
                m: x.rows(),
            });
        }
        self.reading.classes(x, par)
    }

    fn form<'a>(&'a self, x: &'a Classes, y: &'a Classes) -> Result<Form<'a>> {
        Classes::of_ids("labels", &self.labels).comparable(x, Self::NAME)?;
        if self.reference == Reference::First {
            return super::form(self, Self::NAME, x, y);
        }
        x.comparable(y, Self::NAME)?;
        let of = move |pairing: Option<&[usize]>, _: Par<'_>| {
            if self.reading.missing == Missing::Drop && (x.has_gaps() || y.has_gaps()) {
                let (kept, a, b) = x.complete(y, pairing);
                let of_y: Vec<usize> = kept.iter().map(|&i| pairing.map_or(i, |order| order[i])).collect();
                return self.by_errors_of_both((&a, &self.labels_of(&kept)), (&b, &self.labels_of(&of_y)), None);
            }
            self.by_errors_of_both((x, &self.labels), (y, &self.labels), pairing)
        };
        Ok(Form::Pair(Pair::new(of)))
    }

    fn warnings(&self, x: &Classes, y: &Classes) -> Vec<Warning> {
        ties(x, y)
    }
}

impl OfClasses for ErrorCorrectedDisagreement {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn rows<'a>(&'a self, x: &'a Classes, y: &'a Classes, inputs: Option<&[usize]>) -> Result<Rows<'a>> {
        let n = x.ids().len();
        let wrong = match inputs {
            None => x.differences(&self.labels, None),
            Some(inputs) => x.differences(&self.labels_of(inputs), None),
        };
        Ok(Rows {
            n,
            row: super::differ(x, y),
            factor: n as f64 / self.defined(wrong, "the first model")?,
            offset: 0.0,
            at_chance: Some(x.disagreement_at_chance(y)),
        })
    }
}

impl ErrorCorrectedDisagreement {
    fn labels_of(&self, inputs: &[usize]) -> Vec<i64> {
        inputs.iter().map(|&i| self.labels[i]).collect()
    }

    /// The score where the error rate is that of the second model, or the mean of both: each on its own inputs, wherever its
    /// rows are moved.
    fn by_errors_of_both(
        &self,
        (x, of_x): (&Classes, &[i64]),
        (y, of_y): (&Classes, &[i64]),
        pairing: Option<&[usize]>,
    ) -> Result<f64> {
        let wrong = y.differences(of_y, None);
        let (errors, whose) = match self.reference {
            Reference::Mean => (x.differences(of_x, None) + wrong, "either model"),
            _ => (2 * wrong, "the second model"),
        };
        Ok(2.0 * x.differences(y.ids(), pairing) as f64 / self.defined(errors, whose)?)
    }

    /// A number of errors to divide by.
    fn defined(&self, errors: usize, whose: &str) -> Result<f64> {
        if errors > 0 {
            return Ok(errors as f64);
        }
        Err(Error::Undefined { measure: Self::NAME.into(), reason: format!("the error rate of {whose} is 0") })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, TRUTH, score};
    use super::*;

    fn measure(reference: Reference) -> ErrorCorrectedDisagreement {
        let reading = Reading::of_pair("test", &mut Options::new("test", Vec::new())).unwrap();
        ErrorCorrectedDisagreement { reading, labels: TRUTH.into(), reference }
    }

    /// Values by hand: 4 of 10 differ; A is wrong on 3, B on 4.
    #[test]
    fn whose_errors_matters() {
        let of = |reference| score(&measure(reference), &A, &B, None).unwrap();
        assert!((of(Reference::First) - 4.0 / 3.0).abs() < 1e-15);
        assert_eq!(of(Reference::Second), 1.0);
        assert_eq!(of(Reference::Mean), 4.0 / 3.5);
        assert_eq!(score(&measure(Reference::First), &B, &A, None).unwrap(), 1.0);
    }

    /// Error rates stay with the models: pairing rows of y anew changes how many differ, and nothing else.
    #[test]
    fn a_pairing_leaves_error_rates_as_they_are() {
        let order: Vec<usize> = (0..10).map(|i| (3 * i + 4) % 10).collect();
        let differ = (0..10).filter(|&i| A[i] != B[order[i]]).count() as f64;
        for (reference, errors) in [(Reference::First, 3.0), (Reference::Second, 4.0), (Reference::Mean, 3.5)] {
            assert_eq!(score(&measure(reference), &A, &B, Some(&order)).unwrap(), differ / errors);
        }
    }

    #[test]
    fn without_errors_or_with_other_labels_it_is_refused() {
        assert_eq!(score(&measure(Reference::First), &TRUTH, &B, None).unwrap_err().code(), "undefined");
        assert_eq!(score(&measure(Reference::Second), &A, &TRUTH, None).unwrap_err().code(), "undefined");
        assert_eq!(score(&measure(Reference::Mean), &TRUTH, &TRUTH, None).unwrap_err().code(), "undefined");
        assert_eq!(score(&measure(Reference::First), &A[..9], &B[..9], None).unwrap_err().code(), "row_count_mismatch");
    }
}
