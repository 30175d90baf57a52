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

mod leave_one_out;
mod result;

use crate::engines::jackknife::JackknifeUnits;
use crate::error::{Error, Result};
use crate::facts::{Facts, Jackknife};
use crate::measure::AnyMeasure;
use crate::operations::compare::group;
use crate::operations::instance::Instance;
use crate::operations::operand::Operand;
use crate::operations::outcome::{Outcome, checked_score};
use crate::operations::proportions::{Paired, wilson};
use crate::par::Par;
use crate::summary::AnySummary;
use crate::warning::Warning;

use self::leave_one_out::{LeaveOneOut, explained, lost, means_without, units_of};
use self::result::BIAS;
pub use self::result::{Difference, Interval, IntervalMethod, IntervalRequest, IntervalResult, remarks};

/// The score of a pair with its jackknife interval.
pub fn confidence_interval<'s>(
    instance: &Instance,
    x: &Operand<'s>,
    y: &Operand<'s>,
    wanted: &IntervalRequest,
    par: Par<'_>,
) -> Result<IntervalResult> {
    let job = LeaveOneOut::new(instance, x, vec![y], wanted)?;
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

/// Difference of the likeness of x to y1 and to y2.
pub fn similarity_difference<'s>(
    instance: &Instance,
    x: &Operand<'s>,
    (y1, y2): (&Operand<'s>, &Operand<'s>),
    wanted: &IntervalRequest,
    margin: Option<f64>,
    par: Par<'_>,
) -> Result<Difference> {
    let job = LeaveOneOut::new(instance, x, vec![y1, y2], wanted)?;
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
                let job = LeaveOneOut::new(&instance, &x, vec![&y], &wanted).unwrap();
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
