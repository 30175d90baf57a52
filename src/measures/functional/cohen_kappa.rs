//! Cohen's kappa: do two models agree more than their habits make them?
//!
//! ```text
//! cohen_kappa(x, y) = (p_o - p_e) / (1 - p_e) = 1 - disagreement / (1 - p_e)        p_e = sum_c k_c k'_c / n^2
//! ```
//!
//! with `p_o` the share of equal predictions and `k_c`, `k'_c` how often either model predicts class c. The class counts
//! stay as they are when rows are matched anew, so kappa is affine in the disagreement.
//!
//! - Misleads when read as independence of two models: models that learned the same task are right on the same inputs and
//!   agree far beyond p_e, which knows their class frequencies only. Equal kappas do not mean equal agreement either; the
//!   largest kappa that the frequencies allow may be far below 1.
//! - Cost: O(n C) per model for scores of C classes, O(n) per pair.
//! - Reference: Cohen (1960).

use crate::caution::Caution;
use crate::engines::predictions::{Classes, ties};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Form, Rows};
use crate::measure::Measure;
use crate::options::Named;
use crate::par::Par;
use crate::representation::Representation;

/// Agreement beyond that of the class frequencies. It has no options.
#[derive(Clone, Copy, Debug)]
pub struct CohenKappa;

impl Measure for CohenKappa {
    const NAME: &'static str = "cohen_kappa";
    const FAMILY: &'static str = "functional";
    type Summary = Classes;

    fn from_options(_: &mut Named) -> Result<Self> {
        Ok(Self)
    }

    fn facts(&self) -> Facts {
        Facts {
            range: (-1.0, 1.0),
            chance_corrected: true,
            reference: "Cohen 1960",
            cost: "O(n C) per model, O(n) per pair",
            ..Facts::PREDICTIONS
        }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Classes> {
        Ok((*Classes::of(x, par)?).clone())
    }

    fn form<'a>(&'a self, x: &'a Classes, y: &'a Classes) -> Result<Form<'a>> {
        let expected = x.disagreement_at_chance(y);
        if expected == 0.0 {
            let reason = format!("{} and {} predict one and the same class throughout", x.name(), y.name());
            return Err(Error::Undefined { measure: Self::NAME.into(), reason });
        }
        // Whoever always gives the same answer agrees with anybody exactly as often as expected. In numbers that is
        // n/(n-k) times (n-k)/n, which need not round to 1.
        let constant = x.is_constant() || y.is_constant();
        let (offset, factor) = if constant { (0.0, 0.0) } else { (1.0, -1.0 / expected) };
        let n = x.ids().len();
        Ok(Form::Rows(Rows { n, row: super::differ(x, y), factor, offset, at_chance: Some(expected) }))
    }

    fn cautions(&self, x: &Classes, y: &Classes) -> Vec<Caution> {
        ties(x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, score};
    use super::*;

    /// By hand: 6 of 10 agree; counts (3, 4, 3) and (2, 6, 2) give p_e = (6 + 24 + 6) / 100.
    #[test]
    fn six_of_ten_where_thirty_six_percent_are_expected() {
        assert!((score(&CohenKappa, &A, &B, None).unwrap() - 0.375).abs() < 1e-15);
        assert_eq!(score(&CohenKappa, &A, &A, None).unwrap(), 1.0);
    }

    #[test]
    fn opposite_answers_to_a_balanced_question() {
        assert_eq!(score(&CohenKappa, &[0, 1, 0, 1], &[1, 0, 1, 0], None).unwrap(), -1.0);
    }

    #[test]
    fn a_constant_model_has_exactly_the_chance_level() {
        for n in 3..200 {
            let y: Vec<i64> = (0..n).map(|i| i64::from(i % 7 == 0) + i64::from(i % 3 == 1)).collect();
            for x in (0..4).map(|answer| vec![answer; n]) {
                assert_eq!(score(&CohenKappa, &x, &y, None).unwrap(), 0.0);
                assert_eq!(score(&CohenKappa, &y, &x, None).unwrap(), 0.0);
            }
        }
        assert_eq!(score(&CohenKappa, &[2; 5], &[3; 5], None).unwrap(), 0.0);
        assert_eq!(score(&CohenKappa, &[2; 5], &[2; 5], None).unwrap_err().code(), "undefined");
    }
}
