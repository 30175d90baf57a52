//! One pair: the score, the score of every row, and everything a reader should know beside it.

use super::side::{Side, rows_must_match};
use crate::caution::Caution;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Form, mean_of_present};
use crate::measure::{AnyMeasure, AnySummary};
use crate::par::Par;

/// A measure with its options written out, as operations receive it.
pub struct Asked {
    /// The measure.
    pub measure: Box<dyn AnyMeasure>,
    /// The options, in order of name.
    pub options: String,
}

/// A score with its chance level and cautions.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The score.
    pub value: f64,
    /// Mean score of randomly matched rows, where a closed form is exact.
    pub at_chance: Option<f64>,
    /// What a reader should know.
    pub cautions: Vec<Caution>,
}

/// Round-off that carries a score out of its range is taken away; anything larger is left to be seen.
const ROUND_OFF: f64 = 1e-12;

/// A finite score inside its range, or the error that says why there is none.
pub fn settled(value: f64, measure: &str, facts: &Facts, cautions: &mut Vec<Caution>) -> Result<f64> {
    if value.is_nan() {
        return Err(Error::Undefined { measure: measure.into(), reason: "a ratio is 0/0 for these data".into() });
    }
    let (low, high) = facts.range;
    let inside = value.clamp(low, high);
    let delta = (value - inside).abs();
    if delta > 0.0 && delta <= ROUND_OFF * inside.abs().max(1.0) {
        cautions.push(Caution::new(
            "clamped",
            format!("Round-off of {delta:.1e} was removed."),
            vec![("delta", delta.into())],
        ));
        return Ok(inside);
    }
    Ok(value + 0.0)
}

/// The summaries of both sides, made side by side.
pub fn summaries(asked: &Asked, x: &Side<'_>, y: &Side<'_>, par: Par<'_>) -> Result<(AnySummary, AnySummary)> {
    let measure = &*asked.measure;
    rows_must_match(measure, x, y)?;
    let (k, l) = par.join(
        |par| x.summary(measure, &asked.options, par),
        |par| y.summary(measure, &asked.options, par),
    );
    Ok((k?, l?))
}

/// The score of a pair and its cautions.
pub fn score(asked: &Asked, x: &Side<'_>, y: &Side<'_>, par: Par<'_>) -> Result<(f64, Vec<Caution>)> {
    compare(asked, x, y, par).map(|outcome| (outcome.value, outcome.cautions))
}

/// The score of a pair with its chance level.
pub fn compare(asked: &Asked, x: &Side<'_>, y: &Side<'_>, par: Par<'_>) -> Result<Outcome> {
    let (k, l) = summaries(asked, x, y, par)?;
    let measure = &*asked.measure;
    let form = measure.form(&k, &l)?;
    let facts = measure.facts();
    let mut cautions = measure.cautions(&k, &l)?;
    let value = settled(form.score(None, par)?, measure.name(), &facts, &mut cautions)?;
    let at_chance = form.at_chance(par)?;
    Ok(Outcome { value, at_chance, cautions })
}

/// The score of every row; NaN where the measure leaves a row out.
pub fn rows(asked: &Asked, x: &Side<'_>, y: &Side<'_>, par: Par<'_>) -> Result<(Vec<f64>, Vec<Caution>)> {
    let (k, l) = summaries(asked, x, y, par)?;
    let measure = &*asked.measure;
    let form = measure.form(&k, &l)?;
    let rows = form.rows(par)?.ok_or_else(|| Error::NotOffered {
        measure: measure.name().into(),
        problem: "is not a mean over rows, so there are no scores of single rows".into(),
    })?;
    if mean_of_present(&rows).is_none() {
        return Err(Error::Undefined { measure: measure.name().into(), reason: "every row is left out".into() });
    }
    Ok((rows, measure.cautions(&k, &l)?))
}

/// The number of one representation, for descriptive statistics.
pub fn statistic(asked: &Asked, x: &Side<'_>, par: Par<'_>) -> Result<f64> {
    let measure = &*asked.measure;
    let summary = x.summary(measure, &asked.options, par)?;
    match measure.form(&summary, &summary)? {
        Form::Statistic(form) => settled(form.x, measure.name(), &Facts { range: (f64::NEG_INFINITY, f64::INFINITY), ..measure.facts() }, &mut Vec::new()),
        _ => Err(Error::NotOffered { measure: measure.name().into(), problem: "compares two representations".into() }),
    }
}
