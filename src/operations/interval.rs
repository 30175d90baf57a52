//! Precision of a score and of the difference of two, by leaving out one row after the other (the jackknife).
//!
//! With `theta_i` the score of a pair without row i of either side, i = 1 .. n,
//!
//! ```text
//! se^2 = (n-1)/n sum_i (theta_i - mean)^2       bias = (n-1) (mean - theta)
//! theta -+ t se                                 t: the quantile of Student's distribution, n-1 degrees of freedom
//! ```
//!
//! Where the score is a share of inputs drawn one by one (disagreement), the ends come from the law of a share instead
//! ([`super::proportions`]): that nothing was seen to differ does not show that nothing does.
//!
//! The interval is cut to the range of the score. If rows come in groups that belong together (the tokens of one text),
//! whole groups are left out and n is their number. Student's quantile rather than the normal one matters there: in
//! simulations with five groups, nominal 90 % intervals covered 84 to 88 % with the normal quantile and 90 to 94 % with
//! Student's.
//!
//! Centered kernels and distances need not be computed again ([`crate::engines::jackknife`]); all n scores cost about as
//! much as one. A bandwidth that came from the data stays that of all rows. A mean over rows is as easy. Every other
//! measure is computed n times.
//!
//! The difference of two similarities to the same x is treated the same way, row by row, so that what both have in
//! common cancels. Two one-sided tests at level `alpha`/2 say whether it is smaller than a margin. Neither is a
//! permutation test: rows are not exchangeable under "equally similar".

use ndarray::Array2;

use super::compare::{compared, group};
use super::estimate::Estimate;
use super::instance::Instance;
use super::operand::{Operand, rows_must_match};
use super::outcome::{Outcome, checked_score};
use super::proportions::{Paired, wilson};
use super::repeats::shown_again;
use crate::engines::dense::Centering;
use crate::engines::jackknife::JackknifeUnits;
use crate::error::{Error, Result};
use crate::facts::{Facts, Input, Jackknife, Kind};
use crate::form::{Bilinear, Form, Over, mean_of_present};
use crate::measure::AnyMeasure;
use crate::numerics::student::Student;
use crate::numerics::sums;
use crate::par::Par;
use crate::representation::{Data, Representation, View};
use crate::summary::AnySummary;
use crate::value::Value;
use crate::warning::Warning;

/// A bias of more than this many standard errors spoils an interval: nominal 90 % cover 86 % at one half, 74 % at one.
const BIAS: f64 = 0.5;
/// With few rows or groups the bias itself is uncertain by about this much, divided by their number.
const BIAS_NOISE: f64 = 4.0;
/// With fewer groups than this a standard error is a rough guess.
const FEW_GROUPS: usize = 5;

/// An interval, as it is asked for.
#[derive(Debug, Clone)]
pub struct IntervalRequest {
    /// Share of intervals that may miss the true score.
    pub alpha: f64,
    /// The group of every row, numbered from 0 without gaps.
    pub groups: Option<Vec<usize>>,
}

/// Interval of one number, from leaving units out.
#[derive(Debug, Clone)]
pub struct Interval {
    /// The number with all rows.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Bias of the estimate, as far as leaving out can tell.
    pub bias: f64,
    /// The number without each row or group.
    pub leave_one_out: Vec<f64>,
    /// Method that gave the ends.
    pub method: IntervalMethod,
}

impl Interval {
    /// The fields by name, for bindings.
    pub fn fields(self) -> Vec<(&'static str, Value)> {
        vec![
            ("estimate", self.estimate.into()),
            ("standard_error", self.standard_error.into()),
            ("low", self.low.into()),
            ("high", self.high.into()),
            ("bias", self.bias.into()),
            ("method", self.method.name().into()),
            ("n_units", self.leave_one_out.len().into()),
            ("leave_one_out", self.leave_one_out.into()),
        ]
    }
}

/// Method that gives the ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalMethod {
    /// From the spread of the scores without each row.
    Jackknife,
    /// From the law of a share of the inputs, which needs no spread.
    Score,
}

impl IntervalMethod {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jackknife => "jackknife",
            Self::Score => "score",
        }
    }
}

/// The interval of a score.
#[derive(Debug, Clone)]
pub struct IntervalResult {
    /// The interval.
    pub interval: Interval,
    /// Number of rows.
    pub n: usize,
    /// Scores without a row from those sums that the score itself needs.
    pub closed_form: bool,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

impl IntervalResult {
    /// The fields by name, for bindings.
    pub fn fields(self) -> Vec<(&'static str, Value)> {
        let mut fields = self.interval.fields();
        fields.extend([
            ("n", self.n.into()),
            ("closed_form", self.closed_form.into()),
            ("warnings", self.warnings.into()),
        ]);
        fields
    }
}

/// The difference of two scores.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The interval of the first score minus the second.
    pub interval: Interval,
    /// Both scores.
    pub scores: (f64, f64),
    /// The larger p-value of the two one-sided tests, if a margin was given.
    pub pvalue_equivalence: Option<f64>,
    /// Number of rows.
    pub n: usize,
    /// Scores without a row from those sums that the scores themselves need.
    pub closed_form: bool,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

impl Difference {
    /// The fields by name, for bindings.
    pub fn fields(self) -> Vec<(&'static str, Value)> {
        let mut fields = self.interval.fields();
        fields.extend([
            ("first", self.scores.0.into()),
            ("second", self.scores.1.into()),
            ("pvalue_equivalence", self.pvalue_equivalence.into()),
            ("n", self.n.into()),
            ("closed_form", self.closed_form.into()),
            ("warnings", self.warnings.into()),
        ]);
        fields
    }
}

impl Interval {
    /// From a number and what it is without each row or group; cut to `range`.
    pub fn new(estimate: f64, leave_one_out: Vec<f64>, alpha: f64, range: (f64, f64)) -> Self {
        let units = leave_one_out.len() as f64;
        let mean = sums::sum(&leave_one_out) / units;
        let scatter: f64 = leave_one_out.iter().map(|v| (v - mean) * (v - mean)).sum();
        let standard_error = ((units - 1.0) / units * scatter).sqrt();
        let reach = student(leave_one_out.len()).exceeded_with(alpha / 2.0) * standard_error;
        Self {
            estimate,
            standard_error,
            low: (estimate - reach).max(range.0),
            high: (estimate + reach).min(range.1),
            bias: (units - 1.0) * (mean - estimate),
            leave_one_out,
            method: IntervalMethod::Jackknife,
        }
    }

    /// The same with ends that come from the law of a share.
    fn with_ends(self, (low, high): (f64, f64)) -> Self {
        Self { low, high, method: IntervalMethod::Score, ..self }
    }

    /// The larger p-value of the two one-sided tests that the number lies within -`margin` and `margin`; None where
    /// nothing varies, for no spread is no evidence.
    pub fn pvalue_within(&self, margin: f64) -> Option<f64> {
        let room = margin - self.estimate.abs();
        // The test against the nearer end has the larger p-value.
        (self.standard_error > 0.0).then(|| student(self.leave_one_out.len()).above(room / self.standard_error))
    }
}

fn student(units: usize) -> Student {
    Student::new(units.saturating_sub(1))
}

/// The score of a pair with its jackknife interval.
pub fn confidence_interval<'s>(
    instance: &Instance,
    x: &Operand<'s>,
    y: &Operand<'s>,
    wanted: &IntervalRequest,
    par: Par<'_>,
) -> Result<IntervalResult> {
    let job = Job::new(instance, x, vec![y], wanted)?;
    let (outcomes, mut scores, closed_form) = job.run(par)?;
    let facts = instance.measure.facts();
    let [outcome] = outcomes.as_slice() else { return Err(lost(instance)) };
    let without = scores.pop().ok_or_else(|| lost(instance))?;
    let mut interval = Interval::new(outcome.value, without, wanted.alpha, facts.range);
    if let Some([differ]) = job.zeros_and_ones(par)?.as_deref() {
        let count = differ.iter().filter(|differs| **differs).count();
        interval = interval.with_ends(wilson(count, differ.len(), wanted.alpha));
    }
    let mut warnings = outcome.warnings.clone();
    warnings.extend(job.warnings(&facts, &interval, &warnings, par));
    Ok(IntervalResult { interval, n: x.rows(), closed_form, warnings })
}

/// The score of a group of models with its jackknife interval: inputs are left out of all models at once.
pub fn group_confidence_interval(
    instance: &Instance,
    models: &[Operand<'_>],
    wanted: &IntervalRequest,
    par: Par<'_>,
) -> Result<IntervalResult> {
    let measure = &*instance.measure;
    let facts = measure.facts();
    let score = group(instance, models, par)?;
    let n = models[0].rows();
    let units = units_of(instance, models[0].name(), n, wanted)?;
    let made = par.map(models.len(), |at, par| models[at].summary(instance, par))?;
    if facts.jackknife == Jackknife::MeanOfRows
        && let Some(rows) = measure.group_rows(&made.iter().collect::<Vec<_>>())?
    {
        let interval = interval_of_rows(measure, score, &rows, &units, wanted)?;
        let warnings = remarks(&interval, facts.jumps, wanted.groups.is_some());
        return Ok(IntervalResult { interval, n, closed_form: true, warnings });
    }
    par.expect(units.count());
    let without = par.map(units.count(), |unit, par| {
        let stay = units.others(unit);
        let fewer: Option<Vec<AnySummary>> = made.iter().map(|summary| summary.some_rows(&stay)).collect();
        let fewer = fewer.ok_or_else(|| Error::NotOffered {
            measure: measure.name().into(),
            problem: "needs all inputs at once; there is no interval by leaving some out".into(),
        })?;
        par.advance(1);
        let of = |instance: &Instance| {
            let value = instance.measure.group(&fewer.iter().collect::<Vec<_>>())?;
            checked_score(value, measure.name(), &facts, &mut Vec::new())
        };
        let scored = match instance.for_rows(&stay)? {
            Some(instance) => of(&instance),
            None => of(instance),
        };
        explained(measure.name(), wanted.groups.is_some(), unit, scored)
    })?;
    let interval = Interval::new(score, without, wanted.alpha, facts.range);
    let warnings = remarks(&interval, facts.jumps, wanted.groups.is_some());
    Ok(IntervalResult { interval, n, closed_form: false, warnings })
}

/// The interval of a mean over rows; of a share of rows, which are drawn one by one, it is Wilson's.
fn interval_of_rows(
    measure: &dyn AnyMeasure,
    score: f64,
    rows: &[f64],
    units: &JackknifeUnits,
    wanted: &IntervalRequest,
) -> Result<Interval> {
    let (facts, grouped) = (measure.facts(), wanted.groups.is_some());
    let checked = |(unit, mean)| {
        let checked = checked_score(mean, measure.name(), &facts, &mut Vec::new());
        explained(measure.name(), grouped, unit, checked)
    };
    let without = means_without(rows, units).into_iter().enumerate().map(checked).collect::<Result<_>>()?;
    let interval = Interval::new(score, without, wanted.alpha, facts.range);
    let present = || rows.iter().filter(|v| !v.is_nan());
    if grouped || present().any(|v| *v != 0.0 && *v != 1.0) {
        return Ok(interval);
    }
    let count = present().filter(|v| **v == 1.0).count();
    Ok(interval.with_ends(wilson(count, present().count(), wanted.alpha)))
}

/// The mean of rows without each unit, from the mean of all; NaN rows are left out anyway.
fn means_without(rows: &[f64], units: &JackknifeUnits) -> Vec<f64> {
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

/// Rows that are left out together, checked.
fn units_of(instance: &Instance, name: &str, n: usize, wanted: &IntervalRequest) -> Result<JackknifeUnits> {
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
fn explained<T>(measure: &str, grouped: bool, unit: usize, found: Result<T>) -> Result<T> {
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

/// Difference of the likeness of x to y1 and to y2.
pub fn similarity_difference<'s>(
    instance: &Instance,
    x: &Operand<'s>,
    (y1, y2): (&Operand<'s>, &Operand<'s>),
    wanted: &IntervalRequest,
    margin: Option<f64>,
    par: Par<'_>,
) -> Result<Difference> {
    let job = Job::new(instance, x, vec![y1, y2], wanted)?;
    let (outcomes, scores, closed_form) = job.run(par)?;
    let facts = instance.measure.facts();
    let ([first, second], [a, b]) = (outcomes.as_slice(), scores.as_slice()) else { return Err(lost(instance)) };
    let without = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let difference = first.value - second.value;
    let mut interval = Interval::new(difference, without, wanted.alpha, range_of_difference(facts.range));
    let mut pvalue_equivalence = margin.and_then(|margin| interval.pvalue_within(margin));
    if let Some([a, b]) = job.zeros_and_ones(par)?.as_deref()
        && a.len() == b.len()
    {
        let alone = |first: &[bool], second: &[bool]| first.iter().zip(second).filter(|(a, b)| **a && !**b).count();
        let pair = Paired { first: alone(a, b), second: alone(b, a), n: a.len() };
        interval = interval.with_ends(pair.interval(wanted.alpha));
        pvalue_equivalence = margin.map(|margin| pair.pvalue_within(margin));
    }
    let mut warnings = first.warnings.clone();
    warnings.extend(second.warnings.iter().filter(|warning| !first.warnings.contains(warning)).cloned());
    warnings.extend(job.warnings(&facts, &interval, &warnings, par));
    warnings.extend(biased(&facts, first, second, interval.standard_error));
    let scores = (first.value, second.value);
    Ok(Difference { interval, scores, pvalue_equivalence, n: x.rows(), closed_form, warnings })
}

/// The warning that two biased scores owe unlike amounts to chance.
fn biased(facts: &Facts, first: &Outcome, second: &Outcome, standard_error: f64) -> Option<Warning> {
    let by_chance = first.at_chance?.mean - second.at_chance?.mean;
    (!facts.chance_corrected && by_chance.abs() > BIAS * standard_error && standard_error > 0.0).then(|| {
        let message = format!(
            "Unrelated data of these shapes would differ by {by_chance:+.3}: the scores are biased, and by unlike amounts; \
             use a debiased form, such as estimator=\"debiased\" of cka."
        );
        let details = vec![("null_difference", by_chance.into()), ("standard_error", standard_error.into())];
        Warning::new("biased_difference", message, details)
    })
}

/// The range of the difference of two numbers of that range.
fn range_of_difference((low, high): (f64, f64)) -> (f64, f64) {
    (low - high, high - low)
}

fn lost(instance: &Instance) -> Error {
    Error::Undefined { measure: instance.measure.name().into(), reason: "a score was lost".into() }
}

/// One representation, those it is compared with, and which rows are left out together.
struct Job<'j, 's> {
    instance: &'j Instance,
    x: &'j Operand<'s>,
    ys: Vec<&'j Operand<'s>>,
    units: JackknifeUnits,
    grouped: bool,
}

type Scores = Vec<Vec<f64>>;

impl<'j, 's> Job<'j, 's> {
    fn new(
        instance: &'j Instance,
        x: &'j Operand<'s>,
        ys: Vec<&'j Operand<'s>>,
        wanted: &IntervalRequest,
    ) -> Result<Self> {
        let measure = &*instance.measure;
        let facts = measure.facts();
        let name = || measure.name().to_owned();
        if facts.kind == Kind::Statistic || !facts.rows_paired {
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
    fn run(&self, par: Par<'_>) -> Result<(Vec<Outcome>, Scores, bool)> {
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
    fn zeros_and_ones(&self, par: Par<'_>) -> Result<Option<Vec<Vec<bool>>>> {
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
    fn anew(&self, facts: &Facts, par: Par<'_>) -> Result<Scores> {
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
    fn warnings(&self, facts: &Facts, interval: &Interval, known: &[Warning], par: Par<'_>) -> Vec<Warning> {
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

/// Warnings that the scores without each row or group give.
pub fn remarks(interval: &Interval, jumps: Option<&'static str>, grouped: bool) -> Vec<Warning> {
    let (se, bias) = (interval.standard_error, interval.bias);
    let units = interval.leave_one_out.len();
    let mut found = Vec::new();
    if se == 0.0 && interval.method == IntervalMethod::Jackknife {
        let message = format!(
            "All {units} scores with something left out are equal: this says nothing about precision. The interval is a \
             point, and whether differences are negligible stays undecided."
        );
        found.push(Warning::new("no_spread", message, vec![("units", units.into())]));
    }
    if let Some(what) = jumps {
        let message = format!(
            "Leaving rows out changes {what} in jumps, so neither the standard error {se:.3} nor the bias {bias:+.3} can \
             be relied on; in simulations such standard errors were 1.2 to 2.2 times the true one."
        );
        found.push(Warning::new("not_smooth", message, vec![("standard_error", se.into()), ("bias", bias.into())]));
    } else if bias.abs() > (BIAS + BIAS_NOISE / units as f64) * se && se > 0.0 {
        let ratio = bias.abs() / se;
        let message = format!(
            "The score depends on the number of rows: its bias is about {bias:+.3}, {ratio:.1} standard errors, and \
             the interval does not allow for it; use a debiased form of the measure."
        );
        let details = vec![("bias", bias.into()), ("standard_error", se.into())];
        found.push(Warning::new("biased_interval", message, details));
    }
    if grouped && units < FEW_GROUPS {
        let message = format!("A standard error from {units} groups is a rough guess.");
        found.push(Warning::new("few_groups", message, vec![("groups", units.into())]));
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;
    use crate::value::Value;

    fn wave(n: usize, d: usize, pace: f64) -> Vec<f64> {
        (0..n * d).map(|at| (pace * (at * at) as f64).sin() + 0.6 * (1.3 * (at / d) as f64).cos()).collect()
    }

    fn instance(name: &str, options: &[(&str, &str)]) -> Instance {
        Instance::new(name, options.iter().map(|(k, v)| ((*k).into(), Value::Text((*v).into()))).collect()).unwrap()
    }

    fn wanted(groups: Option<Vec<usize>>) -> IntervalRequest {
        IntervalRequest { alpha: 0.1, groups }
    }

    /// The sample mean: its standard error is s / sqrt n, it has no bias, and its interval is the textbook's.
    #[test]
    fn the_mean_has_its_textbook_interval() {
        let values = [2.0, 3.0, 5.0, 8.0, 9.0, 15.0];
        let (n, sum) = (6.0, 42.0);
        let found = Interval::new(sum / n, values.iter().map(|v| (sum - v) / (n - 1.0)).collect(), 0.05, (-9.0, 11.0));
        let variance: f64 = values.iter().map(|v| (v - 7.0) * (v - 7.0)).sum::<f64>() / 5.0;
        assert!((found.standard_error - (variance / 6.0).sqrt()).abs() < 1e-14);
        assert!(found.bias.abs() < 1e-13);
        assert!((found.low - (7.0 - 2.570581835636314 * found.standard_error)).abs() < 1e-12);
        assert_eq!(found.high, 11.0);
        // Both one-sided tests: the interval at level 1 - 2p just touches the margin.
        let p = found.pvalue_within(9.0).unwrap();
        let touching = Interval::new(7.0, found.leave_one_out.clone(), 2.0 * p, (-99.0, 99.0));
        assert!((touching.high - 9.0).abs() < 1e-12, "{p}");
        assert!(found.pvalue_within(6.0).unwrap() > 0.5 && found.pvalue_within(7.0) == Some(0.5));
    }

    /// Closed forms against scores computed anew, for rows and for groups.
    #[test]
    fn closed_forms_are_recomputation() {
        let (n, facts) = (14, |instance: &Instance| instance.measure.facts());
        let (x, y) = (wave(n, 3, 1.3), wave(n, 4, 2.1));
        let (x, y) = (Operand::Data(representation("x", &x, 3)), Operand::Data(representation("y", &y, 4)));
        let groups: Vec<usize> = (0..n).map(|i| i % 5).collect();
        for options in [&[("estimator", "debiased")][..], &[], &[("estimator", "debiased"), ("kernel", "cosine")]] {
            let instance = instance("cka", options);
            for wanted in [wanted(None), wanted(Some(groups.clone()))] {
                let job = Job::new(&instance, &x, vec![&y], &wanted).unwrap();
                let (_, fast, closed) = job.run(Par::SEQ).unwrap();
                let slow = job.anew(&facts(&instance), Par::SEQ).unwrap();
                assert!(closed);
                for (fast, slow) in fast[0].iter().zip(&slow[0]) {
                    assert!((fast - slow).abs() < 1e-12, "{options:?}: {fast} {slow}");
                }
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let values = wave(5, 2, 1.3);
        let side = || Operand::Data(representation("x", &values, 2));
        let of =
            |name: &str, groups| confidence_interval(&instance(name, &[]), &side(), &side(), &wanted(groups), Par::SEQ);
        assert!(matches!(of("participation_ratio", None), Err(Error::NotOffered { .. })));
        assert!(matches!(of("rsa", Some(vec![0; 5])), Err(Error::BadOption { .. })));
        assert!(matches!(of("rsa", Some(vec![0, 1])), Err(Error::RowCountMismatch { .. })));
        assert!(matches!(of("rsa", Some(vec![0, 0, 0, 1, 1])), Err(Error::TooFewSamples { .. })));
    }
}
