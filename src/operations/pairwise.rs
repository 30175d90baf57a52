//! All pairs of two lists of representations, for several measures at once.
//!
//! Every representation is summarized once, whatever the number of pairs, and all measures asked for share the products of
//! the engines. A bilinear score of all pairs is one product of stacked matrices ([`super::stacked`]); every other pair is a
//! unit of work of its own. A pair without a score holds NaN and says why; the run goes on.

use super::chance;
use super::diagnose::{diagnose, of_lists};
use super::estimate::Estimate;
use super::instance::Instance;
use super::operand::{Operand, rows_must_match};
use super::outcome::{Chance, Origin, checked_score};
use super::stacked::stacked;
use crate::error::{Error, Result};
use crate::form::{Form, Over};
use crate::linalg::Matrix;
use crate::par::Par;
use crate::summary::AnySummary;
use crate::value::Value;
use crate::warning::Warning;

/// Scores of all pairs under one measure.
pub struct Grid {
    /// One row per representation of the first list, one column per representation of the second.
    pub values: Matrix,
    /// Mean scores of randomly matched rows, where they are known for every pair; NaN where there is no score.
    pub at_chance: Option<Matrix>,
    /// Origin of these means.
    pub origin: Option<Origin>,
    /// Pairs without a score, and why.
    pub failures: Vec<(usize, usize, Error)>,
    /// Warnings about pairs, each once, with the first pair it concerns and the number of pairs.
    pub warnings: Vec<(Warning, (usize, usize), usize)>,
    /// Warnings about single representations.
    pub general: Vec<Warning>,
}

impl Grid {
    /// The fields by name, for bindings; failures and warnings need the names of representations.
    pub fn fields(self) -> Vec<(&'static str, Value)> {
        vec![
            ("values", self.values.into()),
            ("null_mean", self.at_chance.into()),
            ("null_mean_from", self.origin.map(Origin::name).into()),
        ]
    }
}

/// Treatment of a pair without a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// Store NaN and the reason.
    Record,
    /// Stop with the error.
    Raise,
}

pub(super) type Summaries = Vec<Vec<Result<AnySummary>>>;

/// Scores of every x with every y (with every other x if there is no second list).
pub fn pairwise<'s>(
    instance: &[Instance],
    xs: &[Operand<'s>],
    ys: Option<&[Operand<'s>]>,
    on_error: OnError,
    par: Par<'_>,
) -> Result<Vec<Grid>> {
    let others = ys.unwrap_or(xs);
    Estimate::of_grid(instance, xs, ys).require("The scores of all pairs", par)?;
    par.expect(instance.len() * (xs.len() + ys.map_or(0, <[_]>::len) + xs.len() * others.len()));
    let of_x = summarize(instance, xs, par)?;
    let of_y = ys.map(|ys| summarize(instance, ys, par)).transpose()?;
    let of_y = of_y.as_ref().unwrap_or(&of_x);
    let one = |m: usize| one_measure(&instance[m], (xs, others), (&of_x[m], &of_y[m]), ys.is_none(), on_error, par);
    (0..instance.len()).map(one).collect()
}

/// All summaries, by measure and then by representation; one representation is one unit of work for all measures.
pub(super) fn summarize(instance: &[Instance], sides: &[Operand<'_>], par: Par<'_>) -> Result<Summaries> {
    let by_side = par.map(sides.len(), |at, par| {
        let mut made = Vec::with_capacity(instance.len());
        for one in instance {
            made.push(sides[at].summary(one, par));
            sides[at].profile(&one.measure.facts(), par);
            par.check()?;
            par.advance(1);
        }
        Ok(made)
    })?;
    let mut by_measure: Summaries = instance.iter().map(|_| Vec::with_capacity(sides.len())).collect();
    for made in by_side {
        made.into_iter().zip(&mut by_measure).for_each(|(summary, list)| list.push(summary));
    }
    Ok(by_measure)
}

fn one_measure<'s>(
    instance: &Instance,
    (xs, ys): (&[Operand<'s>], &[Operand<'s>]),
    (of_x, of_y): (&[Result<AnySummary>], &[Result<AnySummary>]),
    same: bool,
    on_error: OnError,
    par: Par<'_>,
) -> Result<Grid> {
    let measure = &*instance.measure;
    let facts = measure.facts();
    let mirrored = same && facts.symmetric;
    let pairs: Vec<(usize, usize)> =
        (0..xs.len()).flat_map(|i| (if mirrored { i } else { 0 }..ys.len()).map(move |j| (i, j))).collect();
    let form_of = |(i, j): (usize, usize)| -> Result<Form<'_>> {
        rows_must_match(measure, &xs[i], &ys[j])?;
        match (&of_x[i], &of_y[j]) {
            (Ok(x), Ok(y)) => measure.form(x, y),
            (Err(error), _) | (_, Err(error)) => Err(error.clone()),
        }
    };
    let mut forms: Vec<Result<Form<'_>>> = pairs.iter().map(|&pair| form_of(pair)).collect();
    let stack = stacked(&forms, &pairs, xs.len() + if same { 0 } else { ys.len() }, par)?;
    let scored = par.map(pairs.len(), |at, par| {
        let outcome = match &forms[at] {
            Err(error) => Err(error.clone()),
            Ok(form) => stack.as_ref().map(|all| all[at].clone()).transpose().and_then(|stacked| {
                let (value, at_chance) = score_of(form, stacked, par)?;
                let mut warnings = Vec::new();
                let value = checked_score(value, measure.name(), &facts, &mut warnings)?;
                warnings.clear(); // removed round-off is not worth a line per cell
                let (i, j) = pairs[at];
                if let (Ok(x), Ok(y)) = (&of_x[i], &of_y[j])
                    && !(same && i == j)
                {
                    warnings.extend(measure.warnings(x, y)?);
                    warnings.extend(diagnose(
                        &facts,
                        &xs[i],
                        &ys[j],
                        (at_chance.map(|found| found.mean), measure.largest(x, y)?),
                        form,
                    ));
                }
                Ok((value, at_chance, warnings))
            }),
        };
        if let Err(interrupted @ Error::Interrupted { .. }) = outcome {
            return Err(interrupted);
        }
        par.advance(if mirrored && pairs[at].0 != pairs[at].1 { 2 } else { 1 });
        Ok(outcome)
    })?;
    forms.clear();
    let mut grid = collect(scored, &pairs, (xs.len(), ys.len()), mirrored, on_error)?;
    grid.general = of_lists(&facts, xs, (!same).then_some(ys));
    Ok(grid)
}

/// The score, and its chance level where that is known; `stacked` holds `<k, l>` and what it is divided by.
fn score_of(form: &Form<'_>, stacked: Option<(f64, f64)>, par: Par<'_>) -> Result<(f64, Option<Chance>)> {
    let (Form::Bilinear(form), Some((inner, denominator))) = (form, stacked) else {
        return Ok((form.score(None, par)?, chance::known(form, par)?));
    };
    // A representation with itself scores exactly what identity scores, as it does in a single comparison.
    let same = std::ptr::eq(form.k, form.l) && matches!(form.link.over, Over::Norms);
    let value = form.score_of(if same { denominator } else { inner }, denominator, None, par)?;
    let mean = form.link.score(form.k.inner_at_chance(form.l, par)?, denominator);
    let origin = if form.link.is_affine() { Origin::ClosedForm } else { Origin::Moments };
    Ok((value, Some(Chance { mean, origin }).filter(|found| found.mean.is_finite())))
}

type Scored = Result<(f64, Option<Chance>, Vec<Warning>)>;

fn collect(
    scored: Vec<Scored>,
    pairs: &[(usize, usize)],
    (rows, columns): (usize, usize),
    mirrored: bool,
    on_error: OnError,
) -> Result<Grid> {
    let mut values = Matrix::from_vec(vec![f64::NAN; rows * columns], rows, columns);
    let mut at_chance = values.clone();
    let (mut known, mut origin) = (true, None);
    let mut failures = Vec::new();
    let mut warnings: Vec<(Warning, (usize, usize), usize)> = Vec::new();
    for (outcome, &(i, j)) in scored.into_iter().zip(pairs) {
        let cells = if mirrored && i != j { vec![(i, j), (j, i)] } else { vec![(i, j)] };
        match outcome {
            Ok((value, chance, found)) => {
                for &(i, j) in &cells {
                    values.row_mut(i)[j] = value;
                    at_chance.row_mut(i)[j] = chance.map_or(f64::NAN, |found| found.mean);
                }
                known &= chance.is_some();
                origin = chance.map(|found| found.origin).or(origin);
                for warning in found {
                    match warnings.iter_mut().find(|(kept, _, _)| kept.code == warning.code) {
                        Some((_, _, count)) => *count += 1,
                        None => warnings.push((warning, (i, j), 1)),
                    }
                }
            }
            Err(error) if on_error == OnError::Raise => return Err(error),
            Err(error) => failures.extend(cells.into_iter().map(|(i, j)| (i, j, error.clone()))),
        }
    }
    failures.sort_by_key(|(i, j, _)| (*i, *j));
    let at_chance = known.then_some(at_chance);
    let origin = origin.filter(|_| known);
    Ok(Grid { values, at_chance, origin, failures, warnings, general: Vec::new() })
}
