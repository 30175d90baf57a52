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
//! - Misleads when groups of different size are compared near the lower end, which is -1/(M - 1) and not -1; and, like
//!   every kappa, when shared accuracy is taken for a likeness beyond the task.
//! - Cost: O(n C) per model for scores of C classes, O(n M log M) per group.
//! - Reference: Fleiss (1971); for two models Scott (1955).

use std::collections::BTreeMap;

use crate::caution::Caution;
use crate::engines::predictions::{Classes, ties};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Form, Rows};
use crate::measure::Measure;
use crate::options::Named;
use crate::par::Par;
use crate::representation::Representation;

/// Agreement of a group beyond that of its pooled class frequencies. It has no options.
#[derive(Clone, Copy, Debug)]
pub struct FleissKappa;

impl Measure for FleissKappa {
    const NAME: &'static str = "fleiss_kappa";
    const FAMILY: &'static str = "functional";
    type Summary = Classes;

    fn from_options(_: &mut Named) -> Result<Self> {
        Ok(Self)
    }

    fn facts(&self) -> Facts {
        Facts {
            range: (-1.0, 1.0),
            groups: true,
            chance_corrected: true,
            reference: "Fleiss 1971; Scott 1955",
            cost: "O(n C) per model, O(n) per pair, O(n M log M) per group of M",
            ..Facts::PREDICTIONS
        }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Classes> {
        Ok((*Classes::of(x, par)?).clone())
    }

    fn form<'a>(&'a self, x: &'a Classes, y: &'a Classes) -> Result<Form<'a>> {
        Ok(Form::Rows(Rows {
            n: x.ids().len(),
            row: super::differ(x, y),
            factor: -1.0 / expected_disagreement(&[x, y])?,
            offset: 1.0,
            at_chance: Some(x.disagreement_at_chance(y)),
        }))
    }

    fn cautions(&self, x: &Classes, y: &Classes) -> Vec<Caution> {
        ties(x, y)
    }

    fn group(&self, models: &[&Classes]) -> Result<f64> {
        let expected = expected_disagreement(models)?;
        let (n, m) = (models[0].ids().len(), models.len());
        let mut votes = vec![0; m];
        let mut agreeing: u64 = 0;
        for i in 0..n {
            votes.iter_mut().zip(models).for_each(|(vote, model)| *vote = model.ids()[i]);
            votes.sort_unstable();
            agreeing += votes.chunk_by(|a, b| a == b).map(|same| (same.len() * same.len()) as u64).sum::<u64>();
        }
        let ordered_pairs = n as f64 * m as f64 * (m - 1) as f64;
        let disagreeing = (n as u64 * (m * m) as u64 - agreeing) as f64;
        Ok(1.0 - disagreeing / ordered_pairs / expected)
    }
}

/// `1 - P_e`, of two models or more with the same inputs.
fn expected_disagreement(models: &[&Classes]) -> Result<f64> {
    let undefined = |reason: &str| Error::Undefined { measure: FleissKappa::NAME.into(), reason: reason.into() };
    let Some(first) = models.first().filter(|_| models.len() > 1) else {
        return Err(undefined("there is no agreement of one model"));
    };
    let mut pooled: BTreeMap<i64, u128> = BTreeMap::new();
    for (class, count) in models.iter().flat_map(|model| model.counts()) {
        *pooled.entry(*class).or_default() += u128::from(*count);
    }
    if pooled.len() == 1 {
        return Err(undefined("all models predict one and the same class throughout"));
    }
    let all = (first.ids().len() * models.len()) as u128;
    let same: u128 = pooled.values().map(|count| count * count).sum();
    Ok((all * all - same) as f64 / (all * all) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, C, D, score};
    use super::*;

    fn group(models: &[&[i64]]) -> Result<f64> {
        let made: Vec<Classes> = models
            .iter()
            .map(|ids| FleissKappa.summarize(&Representation::labels("x", *ids).unwrap(), Par::SEQ).unwrap())
            .collect();
        FleissKappa.group(&made.iter().collect::<Vec<_>>())
    }

    /// By hand: pooled counts (5, 10, 5) of 20 give P_e = 150/400, so 1 - 0.4/0.625.
    #[test]
    fn two_models_are_scott() {
        assert!((score(&FleissKappa, &A, &B, None).unwrap() - 0.36).abs() < 1e-15);
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
        assert_eq!(score(&FleissKappa, &[3, 3], &[3, 3], None).unwrap_err().code(), "undefined");
        // three answers, all different, on every input: the least there is
        assert!((group(&[&[0, 1, 2], &[1, 2, 0], &[2, 0, 1]]).unwrap() + 0.5).abs() < 1e-15);
    }
}
