//! Intervals: what they were asked for, what they are, and what is to be said of them.

use crate::numerics::student::Student;
use crate::numerics::sums;
use crate::value::Value;
use crate::warning::Warning;

/// A bias of more than this many standard errors spoils an interval: nominal 90 % cover 86 % at one half, 74 % at one.
pub(super) const BIAS: f64 = 0.5;
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
    pub(super) fn with_ends(self, (low, high): (f64, f64)) -> Self {
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
