//! The score of rows that were matched at random: known, or estimated.
//!
//! ```text
//! closed_form   the exact mean over all n! pairings
//! moments       of a root or an angle of a score whose exact mean is known: the root, or angle, of that mean
//! estimated     the mean over a few pairings, drawn from a fixed stream
//! ```
//!
//! By Jensen's inequality the second is an upper bound for a root; the two differ by about the variance of the score, which
//! is small wherever the level is high. The third is told by [`Origin`] and made only in comparisons of single pairs, where a
//! few more scores are affordable: what is affordable depends on the shape of the data alone, so that results do not depend
//! on the machine.

use super::outcome::{Chance, Origin, checked_score};
use crate::error::Result;
use crate::facts::{Facts, Input, Kind};
use crate::form::Form;
use crate::numerics::streams::permutation;
use crate::par::Par;

/// Pairings behind an estimate: unrelated data of one shape differ little, and the level is told with two digits.
const PAIRINGS: usize = 8;
/// Most multiplications of one score that is estimated, about a hundredth of a second.
const AFFORDABLE: f64 = 5e7;
/// A chance level from here on is worth a word, on the scale from no likeness at all to identity.
const INFLATED: f64 = 0.10;

/// The chance level of a form, where it is known without a further score.
pub fn known(form: &Form<'_>, par: Par<'_>) -> Result<Option<Chance>> {
    if let Form::Bilinear(form) = form
        && !form.link.is_affine()
    {
        let mean = form.link.score(form.k.inner_at_chance(form.l, par)?, form.denominator(par)?);
        return Ok(Some(Chance { mean, origin: Origin::Moments }).filter(|found| found.mean.is_finite()));
    }
    Ok(form.at_chance(par)?.map(|mean| Chance { mean, origin: Origin::ClosedForm }))
}

/// The chance level of a pair of n rows and so many columns: known, or estimated where that is affordable.
pub fn of_pair(
    form: &Form<'_>,
    (n, p, q): (usize, usize, usize),
    (measure, facts): (&str, &Facts),
    par: Par<'_>,
) -> Result<Option<Chance>> {
    if let Some(found) = known(form, par)? {
        return Ok(Some(found));
    }
    let (width, cells) = (p.min(q).min(n) as f64, n as f64 * p as f64 * q as f64);
    let cost = cells + 20.0 * width.powi(3);
    if !facts.rows_paired || facts.input != Input::Matrix || cost > AFFORDABLE || n < 2 {
        return Ok(None);
    }
    let scores = par.map(PAIRINGS, |at, par| {
        let pairing = permutation(&[0; 32], at as u64 + 1, n);
        Ok(form
            .score(Some(&pairing), par.sequential())
            .and_then(|value| checked_score(value, measure, facts, &mut Vec::new())))
    })?;
    // What other pairings make of the data is no reason to refuse the score of this one.
    let scores: Option<Vec<f64>> = scores.into_iter().map(|score| score.ok().filter(|v| v.is_finite())).collect();
    Ok(scores.map(|all| Chance { mean: all.iter().sum::<f64>() / all.len() as f64, origin: Origin::Estimated }))
}

/// Chance levels that are worth a warning: unrelated data score high (for a distance, far below the `largest`).
pub fn is_inflated(facts: &Facts, largest: f64, level: f64) -> bool {
    if facts.chance_corrected {
        return false;
    }
    match facts.kind {
        Kind::Similarity => facts.identity_value == 1.0 && level >= INFLATED,
        // Of predictions it is common: two models that know nothing agree on the frequent classes.
        Kind::Distance if matches!(facts.input, Input::Matrix | Input::PairMatrix) && largest.is_finite() => {
            (largest - level) / (largest - facts.identity_value) >= INFLATED
        }
        _ => false,
    }
}
