//! One pair: the score, the score of every row, and everything a reader should know beside it.

use std::sync::OnceLock;

use super::chance::{self, Chance};
use super::diagnose::{diagnose, of_sides};
use super::dominance;
use super::estimate::Estimate;
use super::operand::{Operand, rows_must_match};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::Form;
use crate::measure::{AnyMeasure, AnySummary, Entry, find};
use crate::par::Par;
use crate::value::Value;
use crate::warning::Warning;

/// A measure with its options, as operations receive it.
pub struct Instance {
    /// The measure.
    pub measure: Box<dyn AnyMeasure>,
    given: Vec<(String, Value)>,
    written: OnceLock<String>,
}

impl Instance {
    /// The measure of that name with these options.
    pub fn new(name: &str, given: Vec<(String, Value)>) -> Result<Self> {
        let measure = find(name)?.with(given.clone())?;
        Ok(Self { measure, given, written: OnceLock::new() })
    }

    /// The same for some of the rows: class ids that were given for all n rows are those of the rows that stay.
    pub fn for_rows(&self, n: usize, stay: &[usize]) -> Result<Option<Self>> {
        let (_, declared) = find(self.measure.name())?.probe()?;
        let of_rows = |name: &str| declared.iter().any(|option| option.name == name && option.kind == "labels");
        if !self.given.iter().any(|(name, _)| of_rows(name)) {
            return Ok(None);
        }
        let some = |name: &str, value: &Value| match value {
            Value::Ints { data, shape } if of_rows(name) && shape.len() == 1 && data.len() == n => {
                Value::ints(stay.iter().map(|&i| data[i]).collect::<Vec<_>>())
            }
            other => other.clone(),
        };
        let given = self.given.iter().map(|(name, value)| (name.clone(), some(name, value))).collect();
        Self::new(self.measure.name(), given).map(Some)
    }

    /// The options that differ from their defaults, in order of name: two requests with the same text are the same.
    pub fn options(&self) -> &str {
        self.written.get_or_init(|| {
            let declared = find(self.measure.name()).and_then(Entry::probe).map(|(_, declared)| declared);
            let declared = declared.unwrap_or_default();
            let default = |name: &str| declared.iter().find(|d| d.name == name).map(|d| d.default.clone());
            let differs = |(name, value): &&(String, Value)| !default(name).is_some_and(|it| it.is_same_as(value));
            let mut written: Vec<String> =
                self.given.iter().filter(differs).map(|(name, value)| format!("{name}={}", value.written())).collect();
            written.sort();
            written.join(", ")
        })
    }
}

/// A score with its chance level and warnings.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The score.
    pub value: f64,
    /// Mean score of randomly matched rows, where it is known or was estimated.
    pub at_chance: Option<Chance>,
    /// What a reader should know.
    pub warnings: Vec<Warning>,
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

/// The score of a pair, and nothing else.
pub fn score_of_sides<'s>(instance: &Instance, x: &Operand<'s>, y: &Operand<'s>, par: Par<'_>) -> Result<f64> {
    rows_must_match(&*instance.measure, x, y)?;
    Estimate::of_pair([instance], [x, y]).require(instance.measure.name(), par)?;
    let (k, l) = par.join(|par| x.summary(instance, par), |par| y.summary(instance, par));
    let (k, l) = (k?, l?);
    let value = instance.measure.form(&k, &l)?.score(None, par)?;
    checked_score(value, instance.measure.name(), &instance.measure.facts(), &mut Vec::new())
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
        Form::Statistic(form) if form.x.is_nan() => {
            Err(Error::Undefined { measure: measure.name().into(), reason: "a ratio is 0/0 for these data".into() })
        }
        Form::Statistic(form) => Ok((form.x, warnings)),
        _ => Err(Error::NotOffered { measure: measure.name().into(), problem: "compares two representations".into() }),
    }
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
