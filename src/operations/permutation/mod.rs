//! Permutation tests: is the score beyond what rows matched at random would give?
//!
//! The null hypothesis: given x, every order of the rows of y is equally likely. With B arrangements, the observed one
//! included, p is the share that scores at least as extremely. What belongs to one side alone is computed once; the form of
//! the score decides how the rest is done:
//!
//! - so few rows that all n! orders fit into the number asked for: all of them, whatever the form (`"exact"`);
//! - [`Form::Bilinear`]: orbits of shifts, n permutations at a time ([`orbits`], `"orbits"`). The p-value is exact, and the
//!   observed value is counted once, as itself; the values are not independent draws;
//! - everything else: independent permutations (`"monte_carlo"`), p = (b + 1) / (m + 1), with what is quickest for one
//!   permutation ([`matchings`]).
//!
//! Sigma of the orbits is stream 0 of the key and relabeling r is stream r; so is independent permutation r. More of them
//! never change those before. Results do not depend on the number of threads.

mod matchings;
mod moments;
pub mod orbits;
pub mod product_orbits;
pub mod products;
mod tally;

#[cfg(test)]
mod tests;

use self::matchings::{OneByOne, Orders};
use self::orbits::Orbits;
use self::tally::{Scale, Tally, spread};
use super::compare::{Asked, calibrated, settled, summaries};
use super::diagnose::diagnose;
use super::repeats::repeats;
use super::side::Side;
use crate::caution::Caution;
use crate::error::{Error, Result};
use crate::facts::{Facts, Kind};
use crate::form::{Bilinear, Form};
use crate::numerics::streams::permutation;
use crate::par::Par;
use crate::representation::Data;

/// A test whose smallest p-value is above this cannot find anything.
const LEVEL: f64 = 0.05;
/// Values closer than this, relative to their spread, tie: what transforms and other orders of summation can do.
const TIE: f64 = 1e-9;
/// Up to here all threads work on different orbits, above on one after the other, whose matrices are large.
const SMALL: usize = 1500;
/// Orbits that are counted at a time.
const BATCH: usize = 64;

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

    /// What speaks for likeness.
    fn of(facts: &Facts) -> Self {
        if facts.larger_is_more_alike() { Self::Greater } else { Self::Less }
    }
}

/// A test, as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Number of permutations beside the observed arrangement; whole orbits may make it more.
    pub n_resamples: usize,
    /// The key of the random streams.
    pub key: [u8; 32],
    /// By default what speaks for likeness.
    pub alternative: Option<Alternative>,
    /// Whether to keep the scores of all arrangements.
    pub return_null: bool,
}

/// What a test found.
#[derive(Debug, Clone)]
pub struct Tested {
    /// The score of the pair.
    pub statistic: f64,
    /// Share of arrangements that are as extreme, the observed one included.
    pub pvalue: f64,
    /// What the p-value is about.
    pub alternative: Alternative,
    /// Mean score of randomly matched rows, and whether it is over all n! matchings.
    pub null_mean: (f64, bool),
    /// Standard deviation of the score of randomly matched rows, likewise.
    pub null_std: (f64, bool),
    /// The statistic in standard deviations from the mean, on the scale where both are exact; None if nothing varies.
    pub zscore: Option<f64>,
    /// The score on the scale where chance is 0 and identity is 1.
    pub calibrated_mean: Option<f64>,
    /// Number of arrangements beside the observed one.
    pub n_resamples: usize,
    /// The smallest p-value this test could have found.
    pub min_pvalue: f64,
    /// `"orbits"`, `"exact"` or `"monte_carlo"`.
    pub method: &'static str,
    /// Number of orbits.
    pub n_orbits: Option<usize>,
    /// Scores of all arrangements, the observed one first, if asked for.
    pub null_distribution: Option<Vec<f64>>,
    /// Number of arrangements that count for the p-value, the observed one included; for two sides the rarer side.
    pub exceedances: usize,
    /// What a reader should know.
    pub cautions: Vec<Caution>,
}

/// Test the score of a pair against rows matched at random.
pub fn permutation_test<'s>(
    asked: &Asked,
    x: &Side<'s>,
    y: &Side<'s>,
    request: &Request,
    par: Par<'_>,
) -> Result<Tested> {
    let measure = &*asked.measure;
    let facts = measure.facts();
    if facts.kind == Kind::Statistic || !facts.rows_paired {
        return Err(Error::PermutationUndefined { measure: measure.name().into() });
    }
    let (k, l) = summaries(asked, x, y, par)?;
    if facts.repeats_matter {
        exchangeable(x, y, par)?;
    }
    let form = measure.form(&k, &l)?;
    let mut result = test_form(&form, measure.name(), &facts, x.rows(), request, par)?;
    let mut cautions = measure.cautions(&k, &l)?;
    let at_chance = result.null_mean.1.then_some(result.null_mean.0);
    cautions.extend(diagnose(&facts, x, y, at_chance, &form));
    cautions.append(&mut result.cautions);
    result.cautions = cautions;
    Ok(result)
}

/// Repeated sample pairs cannot be exchanged with others.
fn exchangeable<'s>(x: &Side<'s>, y: &Side<'s>, par: Par<'_>) -> Result<()> {
    let (Some(x), Some(y)) = (x.data(), y.data()) else { return Ok(()) };
    if !matches!((x.data(), y.data()), (Data::Matrix(..), Data::Matrix(..))) {
        return Ok(());
    }
    match repeats(x, y, par)?.repeated {
        0 => Ok(()),
        count => Err(Error::NotExchangeable { count, n: x.rows() }),
    }
}

/// What an engine brings back.
struct Found<'t> {
    tally: Tally<'t>,
    method: &'static str,
    n_orbits: Option<usize>,
    /// Mean and standard deviation of the engine's values over all n! matchings.
    exact: Option<(f64, f64)>,
}

/// Test a score of that form.
fn test_form(
    form: &Form<'_>,
    measure: &str,
    facts: &Facts,
    n: usize,
    request: &Request,
    par: Par<'_>,
) -> Result<Tested> {
    let mut cautions = Vec::new();
    let statistic = settled(form.score(None, par)?, measure, facts, &mut cautions)?;
    let scale = match form {
        Form::Statistic(_) => return Err(Error::PermutationUndefined { measure: measure.into() }),
        Form::Bilinear(form) => Scale::linked(measure, form.link, form.denominator(par)?),
        _ => Scale::scores(measure),
    };
    let arrangements = request.n_resamples.saturating_add(1);
    let every = factorial(n).filter(|&every| every <= arrangements);
    let count = every.unwrap_or(arrangements);
    let found = match form {
        Form::Bilinear(form) if every.is_none() => orbits_of(form, &scale, n, request, par)?,
        _ => {
            // Scores between fixed ends are known to about their round-off, however small the observed one is.
            let (low, high) = facts.range;
            let least = if matches!(form, Form::Bilinear(_)) || !(high - low).is_finite() { 0.0 } else { 1e-12 };
            let window = |observed: f64, spread: f64| tie_window(observed, spread).max(least);
            let engine = OneByOne::new(form, count, par)?;
            let orders = if every.is_some() { Orders::All } else { Orders::Drawn(&request.key) };
            let tally = engine.tally(&scale, window, orders, (n, count), request.return_null, par)?;
            let method = if every.is_some() { "exact" } else { "monte_carlo" };
            Found { tally, method, n_orbits: None, exact: None }
        }
    };
    let Found { tally, method, n_orbits, exact } = found;
    let all = every.is_some();
    let (mut null_mean, mut null_std) = tally.scores(!all);
    let (mut mean_exact, mut std_exact) = (all, all);
    if let (false, Some(mean)) = (all, form.at_chance(par)?) {
        (null_mean, mean_exact) = (mean, true);
    }
    if let (Some((_, std)), Some(stretch)) = (exact, scale.stretch()) {
        (null_std, std_exact) = (std * stretch, true);
    }
    let zscore = match (form, exact) {
        (Form::Bilinear(_), _) => {
            let (mean, std) = exact.unwrap_or_else(|| tally.values(!all));
            let z = distance(tally.observed, mean, std);
            if scale.rises() { z } else { z.map(|z| -z) }
        }
        _ => distance(statistic, null_mean, null_std),
    };
    let alternative = request.alternative.unwrap_or_else(|| Alternative::of(facts));
    let total = tally.count();
    let (at_least, at_most) = tally.exceedances();
    let (exceedances, sides) = match alternative {
        Alternative::Greater => (at_least, 1),
        Alternative::Less => (at_most, 1),
        Alternative::TwoSided => (at_least.min(at_most), 2),
    };
    let share = |count: usize| (count as f64 / total as f64).min(1.0);
    let min_pvalue = share(sides);
    if min_pvalue > LEVEL {
        cautions.push(Caution::new(
            "p_floor",
            format!("The smallest reachable p is {min_pvalue:.3}; no result can be significant."),
            vec![("min_pvalue", min_pvalue.into())],
        ));
    }
    let null_distribution = tally.into_kept().map(|mut kept| {
        // The engine's own value of the observed arrangement differs from the score by round-off.
        kept[..1].fill(statistic);
        kept
    });
    Ok(Tested {
        statistic,
        pvalue: share(sides * exceedances),
        alternative,
        null_mean: (null_mean, mean_exact),
        null_std: (null_std, std_exact),
        zscore,
        calibrated_mean: calibrated(statistic, null_mean, facts),
        n_resamples: total - 1,
        min_pvalue,
        method,
        n_orbits,
        null_distribution,
        exceedances,
        cautions,
    })
}

/// Values of whole orbits.
fn orbits_of<'t>(
    form: &Bilinear<'_>,
    scale: &'t Scale<'t>,
    n: usize,
    request: &Request,
    par: Par<'_>,
) -> Result<Found<'t>> {
    let orbits = request.n_resamples.saturating_add(1).div_ceil(n);
    par.expect(orbits.saturating_mul(n));
    let (k, l) = (form.k.dense(par)?, form.l.dense(par)?);
    let exact = moments::variance(&k, &l, par)?.map(f64::sqrt);
    let exact = exact.map(|std| Ok((form.k.inner_at_chance(form.l, par)?, std))).transpose()?;
    let (engine, first) = Orbits::begin(&k, &l, &permutation(&request.key, 0, n), orbits, par)?;
    par.advance(n);
    let std = exact.map_or_else(|| spread(&first), |(_, std)| std);
    // What rounding in the transforms can do, whatever the values are.
    let size = k.inner(&k, par)?.sqrt() * l.inner(&l, par)?.sqrt();
    let window = tie_window(first[0], std).max(10.0 * f64::EPSILON * size);
    let mut tally = Tally::new(scale, first[0], window, request.return_null);
    tally.take(&first)?;
    let orbit = |r: usize, par: Par<'_>| {
        let values = engine.run(&permutation(&request.key, r as u64, n), par)?;
        par.advance(n);
        Ok(values)
    };
    let batch = if n <= SMALL { BATCH } else { 1 };
    for from in (1..orbits).step_by(batch) {
        for values in par.map(batch.min(orbits - from), |at, par| orbit(from + at, par))? {
            tally.take(&values)?;
        }
    }
    Ok(Found { tally, method: "orbits", n_orbits: Some(orbits), exact })
}

/// Values this close to the observed one tie with it.
fn tie_window(observed: f64, spread: f64) -> f64 {
    (100.0 * f64::EPSILON * observed.abs()).max(TIE * spread)
}

/// A difference in standard deviations; None if these are round-off.
fn distance(value: f64, mean: f64, std: f64) -> Option<f64> {
    let nothing = 100.0 * f64::EPSILON * value.abs().max(mean.abs());
    (std > nothing).then(|| (value - mean) / std)
}

/// n!, if it is a number.
fn factorial(n: usize) -> Option<usize> {
    (1..=n).try_fold(1_usize, usize::checked_mul)
}
