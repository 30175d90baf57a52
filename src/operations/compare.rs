//! One pair: the score, the score of every row, and everything a reader should know beside it.

use super::chance;
use super::diagnose::{diagnose, of_sides};
use super::dominance;
use super::estimate::Estimate;
use super::instance::Instance;
use super::operand::{Operand, rows_must_match};
use super::outcome::{Outcome, checked_score};
use crate::error::{Error, Result};
use crate::form::{Form, Unpaired};
use crate::par::Par;
use crate::summary::AnySummary;
use crate::warning::Warning;

/// The summaries of both sides, made side by side, each with its profile.
pub fn summaries<'s>(
    instance: &Instance,
    x: &Operand<'s>,
    y: &Operand<'s>,
    par: Par<'_>,
) -> Result<(AnySummary, AnySummary)> {
    let measure = &*instance.measure;
    rows_must_match(measure, x, y)?;
    Estimate::of_pair([instance], [x, y]).require(measure.name(), par)?;
    let facts = measure.facts();
    let of = |side: &Operand<'s>, par: Par<'_>| {
        let made = side.summary(instance, par);
        side.profile(&facts, par);
        made
    };
    let (k, l) = par.join(|par| of(x, par), |par| of(y, par));
    Ok((k?, l?))
}

/// The score of a pair with its chance level and everything a reader should know, at next to no cost.
pub fn score<'s>(instance: &Instance, x: &Operand<'s>, y: &Operand<'s>, par: Par<'_>) -> Result<Outcome> {
    let (k, l) = summaries(instance, x, y, par)?;
    let mut outcome = scored(instance, (x, &k), (y, &l), false, par)?;
    let facts = instance.measure.facts();
    if let (Some(p), Some(q)) = (x.profile(&facts, par), y.profile(&facts, par)) {
        outcome.warnings.extend(dominance::of_pair(&facts, (x.name(), &p), (y.name(), &q)));
    }
    Ok(outcome)
}

/// The score of a pair with its chance level and everything a reader should know; what dominates is left out once.
pub fn compare<'s>(instance: &Instance, x: &Operand<'s>, y: &Operand<'s>, par: Par<'_>) -> Result<Outcome> {
    let (k, l) = summaries(instance, x, y, par)?;
    compared(instance, (x, &k), (y, &l), par)
}

/// The same with the summaries at hand.
pub fn compared<'s>(
    instance: &Instance,
    (x, k): (&Operand<'s>, &AnySummary),
    (y, l): (&Operand<'s>, &AnySummary),
    par: Par<'_>,
) -> Result<Outcome> {
    let mut outcome = scored(instance, (x, k), (y, l), true, par)?;
    let facts = instance.measure.facts();
    if let (Some(p), Some(q)) = (x.profile(&facts, par), y.profile(&facts, par)) {
        outcome.warnings.extend(dominance::without_dominant(instance, (x, &p), (y, &q), outcome.value, par));
    }
    Ok(outcome)
}

fn scored<'s>(
    instance: &Instance,
    (x, k): (&Operand<'s>, &AnySummary),
    (y, l): (&Operand<'s>, &AnySummary),
    estimate: bool,
    par: Par<'_>,
) -> Result<Outcome> {
    let measure = &*instance.measure;
    let form = measure.form(k, l)?;
    let facts = measure.facts();
    let mut warnings = measure.warnings(k, l)?;
    let value = checked_score(form.score(None, par)?, measure.name(), &facts, &mut warnings)?;
    let columns = |side: &Operand<'s>| side.profile(&facts, par).map(|profile| profile.columns);
    let at_chance = match (columns(x), columns(y)) {
        (Some(p), Some(q)) if estimate => chance::of_pair(&form, (x.rows(), p, q), (measure.name(), &facts), par)?,
        _ => chance::known(&form, par)?,
    };
    warnings.extend(of_sides(&facts, x, y));
    warnings.extend(diagnose(&facts, x, y, (at_chance.map(|found| found.mean), measure.largest(k, l)?), &form));
    Ok(Outcome { value, at_chance, warnings })
}

/// The score of a group of models.
pub fn group(instance: &Instance, models: &[Operand<'_>], par: Par<'_>) -> Result<f64> {
    let members = members(instance, models, par)?;
    let measure = &*instance.measure;
    let value = measure.group(&members.iter().collect::<Vec<_>>())?;
    checked_score(value, measure.name(), &measure.facts(), &mut Vec::new())
}

/// The score of every row of a group of models; NaN where the measure leaves a row out.
pub fn group_rows(instance: &Instance, models: &[Operand<'_>], par: Par<'_>) -> Result<Vec<f64>> {
    let members = members(instance, models, par)?;
    let measure = &*instance.measure;
    measure.group_rows(&members.iter().collect::<Vec<_>>())?.ok_or_else(|| no_rows(measure.name()))
}

fn no_rows(measure: &str) -> Error {
    let problem = "is not a mean over rows, so there are no scores of single rows".into();
    Error::NotOffered { measure: measure.into(), problem }
}

/// The summaries of the models of a group, checked.
fn members(instance: &Instance, models: &[Operand<'_>], par: Par<'_>) -> Result<Vec<AnySummary>> {
    let measure = &*instance.measure;
    let facts = measure.facts();
    if !facts.groups {
        let problem = "compares two models, not a group".into();
        return Err(Error::NotOffered { measure: measure.name().into(), problem });
    }
    if models.len() < facts.fewest_models {
        let problem = format!("needs at least {} models, got {}", facts.fewest_models, models.len());
        return Err(Error::NotOffered { measure: measure.name().into(), problem });
    }
    for other in &models[1..] {
        rows_must_match(measure, &models[0], other)?;
    }
    Estimate::of_pair([instance], models).require(measure.name(), par)?;
    par.map(models.len(), |at, par| models[at].summary(instance, par))
}

/// The score of every row; NaN where the measure leaves a row out.
pub fn rows<'s>(
    instance: &Instance,
    x: &Operand<'s>,
    y: &Operand<'s>,
    par: Par<'_>,
) -> Result<(Vec<f64>, Vec<Warning>)> {
    let (k, l) = summaries(instance, x, y, par)?;
    let measure = &*instance.measure;
    let form = measure.form(&k, &l)?;
    let rows = form.rows(par)?.ok_or_else(|| no_rows(measure.name()))?;
    Ok((rows, measure.warnings(&k, &l)?))
}

/// The number of one representation, for descriptive statistics.
pub fn statistic(instance: &Instance, x: &Operand<'_>, par: Par<'_>) -> Result<(f64, Vec<Warning>)> {
    let measure = &*instance.measure;
    Estimate::of_pair([instance], [x]).require(measure.name(), par)?;
    let summary = x.summary(instance, par)?;
    let warnings = measure.warnings(&summary, &summary)?;
    match measure.form(&summary, &summary)? {
        Form::Unpaired(Unpaired { numbers: Some([x, _]), .. }) if x.is_nan() => {
            Err(Error::Undefined { measure: measure.name().into(), reason: "a ratio is 0/0 for these data".into() })
        }
        Form::Unpaired(Unpaired { numbers: Some([x, _]), .. }) => Ok((x, warnings)),
        _ => {
            let problem = "compares two representations and is no number of one of them: give it a pair";
            Err(Error::NotOffered { measure: measure.name().into(), problem: problem.into() })
        }
    }
}
