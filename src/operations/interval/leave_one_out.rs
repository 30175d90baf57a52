//! Scores of a pair without each row or group in turn: from the sums of all rows where a closed form allows it, else anew.

use ndarray::Array2;

use crate::engines::dense::Centering;
use crate::engines::jackknife::JackknifeUnits;
use crate::error::{Error, Result};
use crate::facts::{Facts, Input, Jackknife};
use crate::form::{Bilinear, Form, Over, mean_of_present};
use crate::operations::compare::compared;
use crate::operations::estimate::Estimate;
use crate::operations::instance::Instance;
use crate::operations::operand::{Operand, rows_must_match};
use crate::operations::outcome::{Outcome, checked_score};
use crate::operations::repeats::shown_again;
use crate::par::Par;
use crate::representation::{Data, Representation, View};
use crate::summary::AnySummary;
use crate::warning::Warning;

use super::result::{Interval, IntervalRequest, remarks};

/// One representation, those it is compared with, and which rows are left out together.
pub(super) struct LeaveOneOut<'j, 's> {
    instance: &'j Instance,
    x: &'j Operand<'s>,
    ys: Vec<&'j Operand<'s>>,
    units: JackknifeUnits,
    grouped: bool,
}

pub(super) type Scores = Vec<Vec<f64>>;

impl<'j, 's> LeaveOneOut<'j, 's> {
    pub(super) fn new(
        instance: &'j Instance,
        x: &'j Operand<'s>,
        ys: Vec<&'j Operand<'s>>,
        wanted: &IntervalRequest,
    ) -> Result<Self> {
        let measure = &*instance.measure;
        let facts = measure.facts();
        let name = || measure.name().to_owned();
        if !facts.rows_paired {
            let problem =
                "does not use which row is which; an interval by leaving out rows cannot tell how precise it is";
            return Err(Error::NotOffered { measure: name(), problem: problem.into() });
        }
        for y in &ys {
            rows_must_match(measure, x, y)?;
        }
        let grouped = wanted.groups.is_some();
        let units = units_of(instance, x.name(), x.rows(), wanted)?;
        Ok(Self { instance, x, ys, units, grouped })
    }

    /// The outcome for every y, the scores without each unit, and whether these came from a closed form.
    pub(super) fn run(&self, par: Par<'_>) -> Result<(Vec<Outcome>, Scores, bool)> {
        let facts = self.instance.measure.facts();
        if facts.jackknife == Jackknife::Recompute {
            self.needs_arrays()?;
        }
        let sides: Vec<&Operand<'_>> = std::iter::once(self.x).chain(self.ys.iter().copied()).collect();
        let estimate = Estimate::of_pair([self.instance], sides.iter().copied());
        estimate.leaving_out(self.instance, self.units.count()).require(self.instance.measure.name(), par)?;
        let made = par.map(sides.len(), |at, par| sides[at].summary(self.instance, par))?;
        let [k, ls @ ..] = made.as_slice() else { return Err(lost(self.instance)) };
        let of_pair = |(l, y): (&AnySummary, &&Operand<'s>)| compared(self.instance, (self.x, k), (y, l), par);
        // Closed forms first, for they leave norms behind; but what is wrong with all rows is the better explanation.
        let closed = match facts.jackknife {
            Jackknife::Centered => Some(self.recentered(k, ls, Centering::Plain, par)),
            Jackknife::UCentered => Some(self.recentered(k, ls, Centering::UCentered, par)),
            Jackknife::MeanOfRows => Some(self.means(k, ls, par)),
            Jackknife::Recompute => None,
        };
        let outcomes = ls.iter().zip(&self.ys).map(of_pair).collect::<Result<Vec<_>>>()?;
        if let Some(scores) = closed {
            return Ok((outcomes, scores?, true));
        }
        drop(made);
        Ok((outcomes, self.anew(&facts, par)?, false))
    }

    /// For every y, on which inputs the answers differ, where the score is the share of these and inputs are drawn one by
    /// one.
    pub(super) fn zeros_and_ones(&self, par: Par<'_>) -> Result<Option<Vec<Vec<bool>>>> {
        let measure = &*self.instance.measure;
        let facts = measure.facts();
        if self.grouped || facts.input != Input::Predictions || facts.jackknife != Jackknife::MeanOfRows {
            return Ok(None);
        }
        let k = self.x.summary(self.instance, par)?;
        let mut all = Vec::with_capacity(self.ys.len());
        for y in &self.ys {
            let l = y.summary(self.instance, par)?;
            let Some(rows) = measure.form(&k, &l)?.rows(par)? else { return Ok(None) };
            if rows.iter().any(|v| *v != 0.0 && *v != 1.0) {
                return Ok(None);
            }
            all.push(rows.into_iter().map(|v| v == 1.0).collect());
        }
        Ok(Some(all))
    }

    fn needs_arrays(&self) -> Result<()> {
        let prepared = std::iter::once(self.x).chain(self.ys.iter().copied()).find(|side| side.data().is_none());
        prepared.map_or(Ok(()), |side| {
            let problem =
                format!("is computed anew without each row, and {} is a prepared summary: pass the array", side.name());
            Err(Error::NotOffered { measure: self.instance.measure.name().into(), problem })
        })
    }

    /// A score without a unit.
    fn checked_score(&self, unit: usize, facts: &Facts, score: f64) -> Result<f64> {
        self.explained(unit, checked_score(score, self.instance.measure.name(), facts, &mut Vec::new()))
    }

    /// Error of a score without a unit.
    fn explained<T>(&self, unit: usize, found: Result<T>) -> Result<T> {
        explained(self.instance.measure.name(), self.grouped, unit, found)
    }

    fn recentered(&self, k: &AnySummary, ls: &[AnySummary], centering: Centering, par: Par<'_>) -> Result<Scores> {
        let measure = &*self.instance.measure;
        let facts = measure.facts();
        let mut of_x = None;
        let mut all = Vec::with_capacity(ls.len());
        for l in ls {
            let Form::Bilinear(Bilinear { k, l, link }) = measure.form(k, l)? else { return Err(lost(self.instance)) };
            if !matches!(link.over, Over::Norms) {
                return Err(lost(self.instance));
            }
            let own = match of_x.take() {
                Some(own) => own,
                None => k.jackknife_inner(k, &self.units, centering, par)?,
            };
            let same = std::ptr::eq(k, l);
            let other = if same { own.clone() } else { l.jackknife_inner(l, &self.units, centering, par)? };
            let both = if same { own.clone() } else { k.jackknife_inner(l, &self.units, centering, par)? };
            let score = |unit: usize| {
                let norms = k.checked_norm(own[unit]).and_then(|a| Ok(a * l.checked_norm(other[unit])?));
                self.checked_score(unit, &facts, link.score(both[unit], self.explained(unit, norms)?))
            };
            all.push((0..self.units.count()).map(score).collect::<Result<Vec<_>>>()?);
            of_x = Some(own);
        }
        Ok(all)
    }

    fn means(&self, k: &AnySummary, ls: &[AnySummary], par: Par<'_>) -> Result<Scores> {
        let measure = &*self.instance.measure;
        let facts = measure.facts();
        let of = |l: &AnySummary| {
            let rows = measure.form(k, l)?.rows(par)?.ok_or_else(|| lost(self.instance))?;
            let without = means_without(&rows, &self.units);
            without.into_iter().enumerate().map(|(unit, mean)| self.checked_score(unit, &facts, mean)).collect()
        };
        ls.iter().map(of).collect()
    }

    /// Every score from the rows that stay.
    pub(super) fn anew(&self, facts: &Facts, par: Par<'_>) -> Result<Scores> {
        let whole = |side: &'j Operand<'s>| Whole::new(side, self.instance, par);
        let x = whole(self.x)?;
        let ys = self.ys.iter().map(|y| whole(y)).collect::<Result<Vec<_>>>()?;
        par.expect(self.units.count());
        let by_unit = par.map(self.units.count(), |unit, par| {
            let stay = self.units.others(unit);
            let scores = |fewer: Option<Instance>| {
                let instance = fewer.as_ref().unwrap_or(self.instance);
                let k = x.summary(instance, &stay, par)?;
                let score =
                    |y: &Whole<'_, '_>| instance.measure.form(&k, &y.summary(instance, &stay, par)?)?.score(None, par);
                ys.iter().map(score).collect::<Result<Vec<_>>>()
            };
            let scores = self.instance.for_rows(&stay).and_then(scores);
            par.advance(1);
            self.explained(unit, scores)?.into_iter().map(|score| self.checked_score(unit, facts, score)).collect()
        })?;
        let of = |at: usize| by_unit.iter().map(|scores: &Vec<f64>| scores[at]).collect();
        Ok((0..self.ys.len()).map(of).collect())
    }

    /// Warnings about the interval.
    pub(super) fn warnings(&self, facts: &Facts, interval: &Interval, known: &[Warning], par: Par<'_>) -> Vec<Warning> {
        let mut found = Vec::new();
        let known = |code: &str| known.iter().any(|warning| warning.code == code);
        if facts.repeats_matter && !self.grouped && !known("duplicate_samples") && !known("padding_rows") {
            found.extend(self.repeated(facts, par));
        }
        found.extend(remarks(interval, facts.jumps, self.grouped));
        found
    }

    fn repeated(&self, facts: &Facts, par: Par<'_>) -> Option<Warning> {
        let x = self.x.profile(facts, par)?;
        let others = self.ys.iter().filter_map(|y| y.profile(facts, par));
        let most = others.filter_map(|y| shown_again(&x, &y)).map(|found| found.rows).max().unwrap_or(0);
        let n = x.rows;
        (most > 0).then(|| {
            let message = format!(
                "{most} of {n} rows repeat an earlier one on both sides; the interval takes them for new samples and is \
                 too narrow: leave them out or pass groups=."
            );
            Warning::new("duplicate_samples", message, vec![("repeats", most.into()), ("n", n.into())])
        })
    }
}

/// Rows that are left out together, checked.
pub(super) fn units_of(instance: &Instance, name: &str, n: usize, wanted: &IntervalRequest) -> Result<JackknifeUnits> {
    let measure = &*instance.measure;
    let owner = || measure.name().to_owned();
    let grouped = wanted.groups.is_some();
    let units = match &wanted.groups {
        None => JackknifeUnits::single(n),
        Some(groups) if groups.len() != n => {
            let (x, y) = ("groups".into(), name.into());
            return Err(Error::RowCountMismatch { x, y, n: groups.len(), m: n });
        }
        Some(groups) => JackknifeUnits::groups(groups.clone()),
    };
    if grouped && units.count() < 2 {
        let (option, given, problem) =
            ("groups".into(), "one group".into(), "leaves nothing: at least two groups are needed.".into());
        return Err(Error::BadOption { measure: owner(), option, given, problem });
    }
    let needed = measure.facts().min_rows.max(1) + units.largest();
    if n < needed.max(2) {
        return Err(Error::TooFewSamples { measure: owner(), name: name.into(), needed, n });
    }
    Ok(units)
}

/// Error of a score without a unit.
pub(super) fn explained<T>(measure: &str, grouped: bool, unit: usize, found: Result<T>) -> Result<T> {
    found.map_err(|error| match error {
        stop @ (Error::Interrupted { .. } | Error::OverBudget { .. }) => stop,
        other => {
            let what = if grouped { "group" } else { "row" };
            let said = other.to_string();
            let reason = format!("without {what} {unit} there is no score ({})", said.trim_end_matches('.'));
            Error::Undefined { measure: measure.into(), reason }
        }
    })
}

/// Data from which rows can be taken.
struct Whole<'a, 's> {
    data: &'a Representation<'s>,
    /// Summaries of all rows, where every row stands for itself.
    summary: Option<AnySummary>,
    input: Input,
}

impl<'a, 's> Whole<'a, 's> {
    fn new(side: &'a Operand<'s>, instance: &Instance, par: Par<'_>) -> Result<Self> {
        // `needs_arrays` has refused summaries.
        let missing = || Error::SummaryMismatch { problem: "has no rows to leave out".into() };
        let data = side.data().ok_or_else(missing)?;
        let input = instance.measure.facts().input;
        let summary = (input == Input::Predictions).then(|| side.summary(instance, par)).transpose()?;
        Ok(Self { data, summary, input })
    }

    /// The summary of the rows that stay.
    fn summary(&self, instance: &Instance, stay: &[usize], par: Par<'_>) -> Result<AnySummary> {
        if let Some(some) = self.summary.as_ref().and_then(|all| all.some_rows(stay)) {
            return Ok(some);
        }
        let name = self.data.name();
        if let Data::Labels(ids) = self.data.data() {
            let ids: Vec<i64> = stay.iter().map(|&i| ids[i]).collect();
            return instance.measure.summarize(&Representation::labels(name, ids)?, par);
        }
        let (view, storage) = self.data.view()?;
        let rows = rows_of(view, stay, self.input == Input::PairMatrix);
        let rows = Representation::matrix(name, View::F64(rows.view()), storage)?;
        instance.measure.summarize(&rows, par)
    }
}

/// Some rows, and of a matrix over pairs the same columns.
fn rows_of(view: &View<'_>, stay: &[usize], square: bool) -> Array2<f64> {
    let (_, d) = view.shape();
    let mut row = vec![0.0; d];
    let width = if square { stay.len() } else { d };
    let mut out = Array2::zeros((stay.len(), width));
    for (mut out, &i) in out.rows_mut().into_iter().zip(stay) {
        view.read_row(i, &mut row);
        if square {
            out.iter_mut().zip(stay).for_each(|(out, &j)| *out = row[j]);
        } else {
            out.iter_mut().zip(&row).for_each(|(out, v)| *out = *v);
        }
    }
    out
}

/// The mean of rows without each unit, from the mean of all; NaN rows are left out anyway.
pub(super) fn means_without(rows: &[f64], units: &JackknifeUnits) -> Vec<f64> {
    let present = |v: &&f64| !v.is_nan();
    let mean = mean_of_present(rows).unwrap_or(f64::NAN);
    let count = rows.iter().filter(present).count() as f64;
    let without = |unit: usize| {
        let members = || units.members(unit).iter().map(|&i| &rows[i]).filter(present);
        let gap: f64 = members().map(|v| mean - v).sum();
        mean + gap / (count - members().count() as f64)
    };
    (0..units.count()).map(without).collect()
}

pub(super) fn lost(instance: &Instance) -> Error {
    Error::Undefined { measure: instance.measure.name().into(), reason: "a score was lost".into() }
}
