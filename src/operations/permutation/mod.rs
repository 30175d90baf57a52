//! Permutation tests: is the score beyond what rows matched at random would give?
//!
//! The null hypothesis: given x, every order of the rows of y that the [`Design`] allows is equally likely. With B
//! arrangements, the observed one included, p is the share that scores at least as extremely. What belongs to one side alone
//! is computed once; the form of the score decides by which road the rest comes (`roads.rs`). The p-value is exact on every
//! road; values of one orbit are not independent draws.
//!
//! Sigma of the orbits is stream 0 of the key and relabeling r is stream r; so is independent permutation r. More of them
//! never change those before, except that many orbits of a bilinear score share relabelings by multipliers, whose number
//! depends on how many are asked for. Results do not depend on the number of threads.
//!
//! ```text
//! design, family                        which pairings are allowed; corrections for many tests
//! moments, approximate, suggested       exact moments over all n! pairings; what p they suggest
//! strategy                              which arrangements: by form, shape, design and request alone
//! roads                                 one test: how the values of its arrangements come
//! settled                               bilinear scores: which engine, in which precision
//! orbits, strips, residual              n pairings by one transform
//! affine                                many orbits of one relabeling
//! features                              factors of few columns, or of too many items to store n x n numbers
//! restricted                            the same where not all pairings are allowed
//! lists, tied_lists                     neighbor lists: n pairings by counting
//! products, product_orbits              functions of a'b: many products by one transform, and bounds
//! pairings, sequential                 one pairing after the other; when to stop
//! tally, ties, attainable               what is kept of the values; which of them tie; the smallest p they can reach
//! grids, grid_roads, joint              all pairs at once: what is tested, how scores come, counted together
//! layered, layers                       their bilinear scores
//! grid_products                         their functions of a'b
//! ```

pub mod affine;
pub mod approximate;
mod attainable;
pub mod design;
pub mod family;
pub mod features;
mod grid_products;
mod grid_roads;
pub mod grids;
mod joint;
mod layered;
pub mod layers;
mod lists;
pub mod moments;
pub mod orbits;
mod pairings;
pub mod product_orbits;
pub mod products;
pub mod residual;
pub mod restricted;
mod roads;
pub mod sequential;
mod settled;
mod strategy;
pub mod strips;
pub mod suggested;
pub mod tally;
mod tied_lists;
pub mod ties;

#[cfg(test)]
mod tests;

pub use self::design::{Design, Scheme};

use std::collections::HashSet;

use self::attainable::Shares;
pub use self::attainable::floor;
use self::moments::Order;
use self::sequential::{interval_of_p, orbit_interval};
use self::suggested::NullMoments;
use self::tally::Scale;
use super::compare::{Instance, calibrated, checked_score, summaries, without_round_off};
use super::diagnose::{diagnose, of_sides};
use super::dominance;
use super::operand::Operand;
use super::repeats::{self, Repeats};
use crate::error::{Error, Result};
use crate::facts::{Facts, Kind};
use crate::form::Form;
use crate::par::Par;
use crate::warning::Warning;

/// How sure the interval of the p-value is.
const SURE: f64 = 0.95;

/// What speaks against the null hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// A high score.
    Greater,
    /// A low score.
    Less,
    /// Either: twice the smaller of the two p-values.
    TwoSided,
}

impl Alternative {
    /// Every alternative by its name.
    pub const CHOICES: [(&'static str, Self); 3] =
        [("greater", Self::Greater), ("less", Self::Less), ("two-sided", Self::TwoSided)];

    /// The word for it.
    pub fn name(self) -> &'static str {
        Self::CHOICES.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| *name)
    }

    /// -1 if low scores speak against the null hypothesis.
    pub fn towards(self) -> f64 {
        if self == Self::Less { -1.0 } else { 1.0 }
    }

    /// How many ends of the scores count.
    fn sides(self) -> usize {
        if self == Self::TwoSided { 2 } else { 1 }
    }

    /// What speaks for likeness.
    fn of(facts: &Facts) -> Self {
        if facts.larger_is_more_alike() { Self::Greater } else { Self::Less }
    }
}

/// How orbits are computed. Counts are the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// In single precision, unless the scores of all arrangements are to be kept.
    Auto,
    /// In single precision; what comes close to the observed value is computed again in double.
    Single,
    /// In double precision.
    Double,
}

impl Precision {
    /// Every precision by its name.
    pub const CHOICES: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("float32", Self::Single), ("float64", Self::Double)];
}

/// By which road the permutations come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All of them if these are no more than asked for; else orbits where the score has them; else independent ones.
    Auto,
    /// Whole orbits.
    Orbits,
    /// Independent ones.
    MonteCarlo,
    /// All that the design allows.
    Exact,
    /// Independent ones until it is clear whether p is below a level.
    Sequential,
}

impl Method {
    /// Every method by its name.
    pub const CHOICES: [(&'static str, Self); 5] = [
        ("auto", Self::Auto),
        ("orbits", Self::Orbits),
        ("monte_carlo", Self::MonteCarlo),
        ("exact", Self::Exact),
        ("sequential", Self::Sequential),
    ];
}

/// A test, as it is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Number of permutations beside the observed arrangement; whole orbits may make it more.
    pub n_resamples: usize,
    /// The key of the random streams.
    pub key: [u8; 32],
    /// By default what speaks for likeness.
    pub alternative: Option<Alternative>,
    /// Whether to keep the scores of all arrangements.
    pub return_null: bool,
    /// How orbits are computed.
    pub precision: Precision,
    /// By which road the permutations come.
    pub method: Method,
    /// Which pairings are allowed; None for all n! of them.
    pub design: Option<Design>,
    /// The level of a sequential decision, and of the calibrated quantile.
    pub alpha: f64,
    /// Whether exact skewness and kurtosis are worth their cost, and the p-value they suggest.
    pub moments: bool,
    /// Which stimulus each row belongs to, if that is known: repeated ones are not exchangeable row by row.
    pub ids: Option<Vec<i64>>,
    /// What to make of equal rows; which stimulus each belongs to says more.
    pub repeats: Repeats,
}

impl Request {
    /// An error if rows of these two must not trade places.
    pub fn exchangeable<'s>(&self, facts: &Facts, x: &Operand<'s>, y: &Operand<'s>, par: Par<'_>) -> Result<()> {
        let known = self.ids.is_some() && self.repeats == Repeats::Auto;
        if !facts.repeats_matter || known {
            return Ok(());
        }
        let (Some(x), Some(y)) = (x.profile(facts, par), y.profile(facts, par)) else { return Ok(()) };
        let groups = self.design.as_ref().and_then(Design::groups);
        repeats::exchangeable(&x, &y, self.repeats, groups.as_deref())
    }

    /// Whether rows move in groups.
    fn is_grouped(&self) -> bool {
        self.design.as_ref().is_some_and(Design::is_grouped)
    }
}

/// What a test found.
#[derive(Debug, Clone)]
pub struct PermutationResult {
    /// The score of the pair.
    pub statistic: f64,
    /// Share of arrangements that are as extreme, the observed one included.
    pub pvalue: f64,
    /// Where the p-value over all allowed pairings lies, with 95 % confidence.
    pub pvalue_ci: (f64, f64),
    /// What the p-value is about.
    pub alternative: Alternative,
    /// Mean score of randomly matched rows, and whether it is over all allowed pairings.
    pub null_mean: (f64, bool),
    /// Standard deviation of the score of randomly matched rows, likewise.
    pub null_std: (f64, bool),
    /// Skewness of the score of randomly matched rows, likewise; None if nothing varies.
    pub null_skew: (Option<f64>, bool),
    /// What exact moments suggest the p-value to be, if they were asked for, and whether that is to be trusted.
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
    /// What a sequential test decided: whether p is below alpha; None if it did not come to a decision.
    pub decision: Option<bool>,
    /// What a reader should know.
    pub warnings: Vec<Warning>,
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
    if facts.kind == Kind::Statistic || !facts.rows_paired {
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
    let shares = Shares::of(instance, std::slice::from_ref(x), Some(std::slice::from_ref(y)), &design, par)?;
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
fn test_form(
    form: &Form<'_>,
    measure: &str,
    facts: &Facts,
    (design, shares): (&Design, &Shares),
    request: &Request,
    par: Par<'_>,
) -> Result<PermutationResult> {
    let mut warnings = Vec::new();
    let statistic = checked_score(form.score(None, par)?, measure, facts, &mut warnings)?;
    let scale = match form {
        Form::Statistic(_) => return Err(Error::PermutationUndefined { measure: measure.into() }),
        Form::Bilinear(form) => Scale::linked(measure, form.link, form.denominator(par)?),
        _ => Scale::scores(measure),
    };
    warnings.extend(in_place(design));
    warnings.extend(dependent(request.ids.as_deref(), design.n(), request.is_grouped())?);
    let alternative = request.alternative.unwrap_or_else(|| Alternative::of(facts));
    let suggested = if request.moments { Some(suggest(form, measure, design, alternative, par)?) } else { None };
    let known_to = ties::of_values(form, facts, statistic, par)?;
    let plan = roads::Plan { measure, design, request, alternative, known_to };
    let mut found = roads::find(form, &scale, &plan, par)?;
    let tally = &mut found.tally;
    let all = found.method == "exact";
    let (mut null_mean, mut null_std) = tally.scores(!all);
    let (mut mean_exact, mut std_exact) = (all, all);
    if let (false, true, Some(mean)) = (all, design.is_free(), form.at_chance(par)?) {
        (null_mean, mean_exact) = (mean, true);
    }
    if let (Some((_, std)), Some(stretch)) = (found.exact, scale.stretch()) {
        (null_std, std_exact) = (if std > tally.window() { std * stretch } else { 0.0 }, true);
    }
    let null_skew = match &suggested {
        Some(NullMoments { skewness: Some(skewness), before: None, .. }) => (Some(*skewness), true),
        _ => (tally.skewness(!all), all),
    };
    let zscore = match found.exact {
        Some((mean, std)) => {
            let z = distance(tally.observed, mean, std, tally.window());
            if scale.rises() { z } else { z.map(|z| -z) }
        }
        None => distance(statistic, null_mean, null_std, 0.0),
    };
    let total = tally.count();
    let (at_least, at_most) = tally.exceedances();
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
            interval_of_p(counted.saturating_sub(1), of - 1, 1.0 - SURE)
        } else {
            orbit_interval(counted, of, found.factor, SURE)
        };
        ((sides as f64 * low).min(1.0), (sides as f64 * high).min(1.0))
    };
    let min_pvalue = match () {
        () if all => tally.least_p(alternative),
        () if tally.all_tie() && total > 1 => 1.0,
        () => shares.least_p((0, 0), total, alternative),
    };
    // A bet on p below 0.9 alpha wins no more than that.
    let min_pvalue = if found.pvalue.is_some() { min_pvalue.max(0.9 * request.alpha) } else { min_pvalue };
    // Chance can take an independent sample below the share of arrangements that tie.
    let min_pvalue = min_pvalue.min(pvalue);
    warnings.extend(floor(min_pvalue, request.alpha));
    warnings.extend(infinite(tally.infinite(), total));
    let low = facts.kind == Kind::Distance;
    let bar = tally.quantile(if low { request.alpha } else { 1.0 - request.alpha });
    let null_distribution = tally.take_kept().map(|mut kept| {
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

/// The warning that rows cannot move for want of partners.
pub fn in_place(design: &Design) -> Option<Warning> {
    let summary = design.summary();
    (summary.groups_in_place > 0).then(|| {
        let details = vec![
            ("groups_in_place", summary.groups_in_place.into()),
            ("movable", summary.movable.into()),
            ("n", summary.rows.into()),
        ];
        Warning::new("groups_in_place", format!("{summary}."), details)
    })
}

/// The warning that rows of one stimulus trade places with those of others one by one.
pub fn dependent(ids: Option<&[i64]>, n: usize, grouped: bool) -> Result<Option<Warning>> {
    let Some(ids) = ids else { return Ok(None) };
    if ids.len() != n {
        return Err(Error::RowCountMismatch { x: "x".into(), y: "ids".into(), n, m: ids.len() });
    }
    let stimuli = ids.iter().collect::<HashSet<_>>().len();
    if stimuli == n || grouped {
        return Ok(None);
    }
    let message = format!("{n} rows belong to {stimuli} stimuli: p-values assume exchangeable rows; pass groups=.");
    Ok(Some(Warning::new("dependent_rows", message, vec![("n", n.into()), ("stimuli", stimuli.into())])))
}

/// What the exact moments of a form say about a test of all n! pairings.
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
    suggested::of_form(form, measure, Order::Kurtosis, alternative, par)
}

/// The warning that scores are infinite.
pub fn infinite(count: usize, total: usize) -> Option<Warning> {
    let message = format!(
        "{count} of {total} orders of the rows score infinity: p counts them as equal, and there is no mean, no standard \
         deviation and no z."
    );
    let details = vec![("infinite", count.into()), ("n", total.into())];
    (count > 0).then(|| Warning::new("infinite_scores", message, details))
}

/// A difference in standard deviations; None if these are round-off, or if there are none.
fn distance(value: f64, mean: f64, std: f64, window: f64) -> Option<f64> {
    let z = (value - mean) / std;
    (std > window && z.is_finite()).then_some(z)
}
