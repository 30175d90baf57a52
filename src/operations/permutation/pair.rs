//! The permutation test of one pair.

use super::checks::{dependent, in_place, infinite};
use super::design::{Design, Scheme};
use super::moments::MomentOrder;
use super::moments::null_moments::{self, NullMoments};
use super::null::attainable::{AttainableShares, floor};
use super::null::distribution::ScoreScale;
use super::null::sequential::{interval_of_p, orbit_interval};
use super::null::ties;
use super::request::{Alternative, Request};
use super::strategy;
use crate::error::{Error, Result};
use crate::facts::{Facts, Kind};
use crate::form::Form;
use crate::operations::compare::summaries;
use crate::operations::diagnose::{diagnose, of_sides};
use crate::operations::dominance;
use crate::operations::instance::Instance;
use crate::operations::operand::Operand;
use crate::operations::outcome::{calibrated, checked_score, without_round_off};
use crate::par::Par;
use crate::value::Value;
use crate::warning::Warning;

/// Confidence of the interval of the p-value.
const CONFIDENCE: f64 = 0.95;

/// Result of a permutation test.
#[derive(Debug, Clone)]
pub struct PermutationResult {
    /// The score of the pair.
    pub statistic: f64,
    /// Share of arrangements that are as extreme, the observed one included.
    pub pvalue: f64,
    /// Interval of the p-value over all allowed pairings, with 95 % confidence.
    pub pvalue_ci: (f64, f64),
    /// Direction of the test.
    pub alternative: Alternative,
    /// Mean score of randomly matched rows, and whether it is over all allowed pairings.
    pub null_mean: (f64, bool),
    /// Standard deviation of the score of randomly matched rows, likewise.
    pub null_std: (f64, bool),
    /// Skewness of the score of randomly matched rows, likewise; None if nothing varies.
    pub null_skew: (Option<f64>, bool),
    /// P-value that exact moments suggest, if they were asked for, and whether it is to be trusted.
    pub suggested: (Option<f64>, Option<bool>),
    /// The statistic in standard deviations from the mean, on the scale where both are exact; None if nothing varies.
    pub zscore: Option<f64>,
    /// The score on the scale where chance is 0 and identity is 1.
    pub calibrated_mean: Option<f64>,
    /// The same with the score that chance exceeds with probability alpha in place of the mean.
    pub calibrated_quantile: Option<f64>,
    /// Number of arrangements beside the observed one.
    pub n_resamples: usize,
    /// The smallest p-value this test could have found.
    pub min_pvalue: f64,
    /// `"orbits"`, `"exact"`, `"monte_carlo"` or `"sequential"`.
    pub method: &'static str,
    /// Number of orbits.
    pub n_orbits: Option<usize>,
    /// Arrangements that a relabeling stands for beyond one orbit: multipliers of the circle.
    pub multipliers: usize,
    /// Scores of all arrangements, the observed one first, if asked for.
    pub null_distribution: Option<Vec<f64>>,
    /// Number of arrangements that count for the p-value, the observed one included; for two sides the rarer side.
    pub exceedances: usize,
    /// Number of values so close to the observed one that they were computed again from the definition.
    pub adjudicated: usize,
    /// Number of arrangements whose side of the observed one was certain without computing them.
    pub pruned: usize,
    /// Decision of a sequential test: whether p is below alpha; None if it did not come to a decision.
    pub decision: Option<bool>,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

impl PermutationResult {
    /// The fields by name, for bindings.
    pub fn fields(self) -> Vec<(&'static str, Value)> {
        vec![
            ("statistic", self.statistic.into()),
            ("pvalue", self.pvalue.into()),
            ("null_mean", self.null_mean.0.into()),
            ("null_mean_exact", self.null_mean.1.into()),
            ("null_std", self.null_std.0.into()),
            ("null_std_exact", self.null_std.1.into()),
            ("null_skew", self.null_skew.0.into()),
            ("null_skew_exact", self.null_skew.1.into()),
            ("pvalue_moments", self.suggested.0.into()),
            ("moments_reliable", self.suggested.1.into()),
            ("zscore", self.zscore.into()),
            ("calibrated_mean", self.calibrated_mean.into()),
            ("n_resamples", self.n_resamples.into()),
            ("min_pvalue", self.min_pvalue.into()),
            ("alternative", self.alternative.name().into()),
            ("method", self.method.into()),
            ("n_orbits", self.n_orbits.into()),
            ("pvalue_ci", self.pvalue_ci.into()),
            ("calibrated_quantile", self.calibrated_quantile.into()),
            ("multipliers_per_orbit", self.multipliers.into()),
            ("n_pruned", self.pruned.into()),
            ("decision", self.decision.into()),
            ("exceedances", self.exceedances.into()),
            ("n_adjudicated", self.adjudicated.into()),
            ("null_distribution", self.null_distribution.into()),
            ("warnings", self.warnings.into()),
        ]
    }
}

/// Test the score of a pair against rows matched at random.
pub fn permutation_test<'s>(
    instance: &Instance,
    x: &Operand<'s>,
    y: &Operand<'s>,
    request: &Request,
    par: Par<'_>,
) -> Result<PermutationResult> {
    let measure = &*instance.measure;
    let facts = measure.facts();
    if !facts.rows_paired {
        return Err(Error::PermutationUndefined { measure: measure.name().into() });
    }
    if request.return_null {
        let need = 8.0 * request.n_resamples as f64;
        par.require(need, || format!("The null distribution of {} permutations", request.n_resamples))?;
    }
    let (k, l) = summaries(instance, x, y, par)?;
    request.exchangeable(&facts, x, y, par)?;
    let form = measure.form(&k, &l)?;
    let design = match &request.design {
        Some(design) => design.clone(),
        None => Design::new(x.rows(), None, None, Scheme::Permute)?,
    };
    let shares = AttainableShares::of(instance, std::slice::from_ref(x), Some(std::slice::from_ref(y)), &design, par)?;
    let mut result = test_form(&form, measure.name(), &facts, (&design, &shares), request, par)?;
    let mut warnings = measure.warnings(&k, &l)?;
    // Known or just estimated, it is told.
    let at_chance = Some(result.null_mean.0).filter(|mean| mean.is_finite());
    warnings.extend(of_sides(&facts, x, y));
    warnings.extend(diagnose(&facts, x, y, (at_chance, measure.largest(&k, &l)?), &form));
    if let (Some(p), Some(q)) = (x.profile(&facts, par), y.profile(&facts, par)) {
        warnings.extend(dominance::of_pair(&facts, (x.name(), &p), (y.name(), &q)));
    }
    warnings.append(&mut result.warnings);
    result.warnings = warnings;
    Ok(result)
}

/// Test a score of that form.
pub(super) fn test_form(
    form: &Form<'_>,
    measure: &str,
    facts: &Facts,
    (design, shares): (&Design, &AttainableShares),
    request: &Request,
    par: Par<'_>,
) -> Result<PermutationResult> {
    let mut warnings = Vec::new();
    let statistic = checked_score(form.score(None, par)?, measure, facts, &mut warnings)?;
    let scale = match form {
        Form::Unpaired(_) => return Err(Error::PermutationUndefined { measure: measure.into() }),
        Form::Bilinear(form) => ScoreScale::linked(measure, form.link, form.denominator(par)?),
        _ => ScoreScale::scores(measure),
    };
    warnings.extend(in_place(design));
    warnings.extend(dependent(request.ids.as_deref(), design.n(), request.is_grouped())?);
    let alternative = request.alternative.unwrap_or_else(|| Alternative::of(facts));
    let suggested = if request.moments { Some(suggest(form, measure, design, alternative, par)?) } else { None };
    let tolerance = ties::of_values(form, facts, statistic, par)?;
    let plan = strategy::pair::PairTest { measure, design, request, alternative, tolerance };
    let mut found = strategy::pair::evaluate(form, &scale, &plan, par)?;
    let null = &mut found.null;
    let all = found.method == "exact";
    let (mut null_mean, mut null_std) = null.scores(!all);
    let (mut mean_exact, mut std_exact) = (all, all);
    if let (false, true, Some(mean)) = (all, design.is_free(), form.at_chance(par)?) {
        (null_mean, mean_exact) = (mean, true);
    }
    if let (Some((_, std)), Some(stretch)) = (found.exact, scale.stretch()) {
        (null_std, std_exact) = (if std > null.window() { std * stretch } else { 0.0 }, true);
    }
    let null_skew = match &suggested {
        Some(NullMoments { skewness: Some(skewness), before: None, .. }) => (Some(*skewness), true),
        _ => (null.skewness(!all), all),
    };
    let zscore = match found.exact {
        Some((mean, std)) => {
            let z = zscore(null.observed, mean, std, null.window());
            if scale.rises() { z } else { z.map(|z| -z) }
        }
        None => zscore(statistic, null_mean, null_std, 0.0),
    };
    let total = null.count();
    let (at_least, at_most) = null.exceedances();
    let sides = alternative.sides();
    let exceedances = match alternative {
        Alternative::Greater => at_least,
        Alternative::Less => at_most,
        Alternative::TwoSided => at_least.min(at_most),
    };
    let share = |count: usize| (count as f64 / total as f64).min(1.0);
    let pvalue = found.pvalue.unwrap_or_else(|| share(sides * exceedances));
    let pvalue_ci = if all {
        (pvalue, pvalue)
    } else {
        let (counted, of) = (exceedances as u64, total as u64);
        let (low, high) = if found.pvalue.is_some() {
            // It holds whenever one stops; the observed arrangement is no draw.
            interval_of_p(counted.saturating_sub(1), of - 1, 1.0 - CONFIDENCE)
        } else {
            orbit_interval(counted, of, found.factor, CONFIDENCE)
        };
        ((sides as f64 * low).min(1.0), (sides as f64 * high).min(1.0))
    };
    let min_pvalue = match () {
        () if all => null.smallest_p(alternative),
        () if null.all_tie() && total > 1 => 1.0,
        () => shares.smallest_p((0, 0), total, alternative),
    };
    // A bet on p below 0.9 alpha wins no more than that.
    let min_pvalue = if found.pvalue.is_some() { min_pvalue.max(0.9 * request.alpha) } else { min_pvalue };
    // Chance can take an independent sample below the share of arrangements that tie.
    let min_pvalue = min_pvalue.min(pvalue);
    warnings.extend(floor(min_pvalue, request.alpha));
    warnings.extend(infinite(null.infinite(), total));
    let low = facts.kind == Kind::Distance;
    let bar = null.quantile(if low { request.alpha } else { 1.0 - request.alpha });
    let null_distribution = null.take_kept().map(|mut kept| {
        // The engine's own value of the observed arrangement differs from the score by round-off.
        kept[..1].fill(statistic);
        kept.iter_mut().for_each(|value| *value = without_round_off(*value, facts.range));
        kept
    });
    Ok(PermutationResult {
        statistic,
        pvalue,
        pvalue_ci,
        alternative,
        null_mean: (without_round_off(null_mean, facts.range), mean_exact),
        null_std: (null_std, std_exact),
        null_skew,
        suggested: suggested.map_or((None, None), |suggested| (suggested.pvalue, suggested.reliable)),
        zscore,
        calibrated_mean: calibrated(statistic, null_mean, facts),
        calibrated_quantile: bar.and_then(|bar| calibrated(statistic, bar, facts)),
        n_resamples: total - 1,
        min_pvalue,
        method: found.method,
        n_orbits: found.n_orbits,
        multipliers: found.multipliers,
        null_distribution,
        exceedances,
        adjudicated: found.adjudicated,
        pruned: found.pruned,
        decision: found.decision,
        warnings,
    })
}

/// The exact moments of a form, and the p-value that they suggest for a test of all n! pairings.
fn suggest(
    form: &Form<'_>,
    measure: &str,
    design: &Design,
    alternative: Alternative,
    par: Par<'_>,
) -> Result<NullMoments> {
    if !design.is_free() {
        let problem = "has exact moments over all orders of the rows only, not over those of a design".into();
        return Err(Error::NotOffered { measure: measure.into(), problem });
    }
    null_moments::of_form(form, measure, MomentOrder::Kurtosis, alternative, par)
}

/// Difference from the mean in standard deviations; None if these are round-off, or if there are none.
fn zscore(value: f64, mean: f64, std: f64, window: f64) -> Option<f64> {
    let z = (value - mean) / std;
    (std > window && z.is_finite()).then_some(z)
}
