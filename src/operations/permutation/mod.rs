//! Permutation tests: would the score be this large if the rows of y had nothing to do with the rows of x?
//!
//! The null hypothesis: given x, every order of the rows of y is equally likely. Everything that belongs to one
//! representation alone is computed once; what a permutation changes depends on the form of the score:
//!
//! - few inputs: all matchings, one by one; the test and its moments are exact without qualification;
//! - bilinear: orbits of n matchings each, evaluated by a Fourier transform (`orbits.rs`), and the exact mean and variance of
//!   the inner product over all matchings (`moments.rs`);
//! - everything else: independent random matchings through [`Form::score`], which re-reads rows, relabels neighbor lists,
//!   takes one product and a small decomposition, or recomputes, as the form has it.
//!
//! The p-value is the share of arrangements, the observed one included, that are at least as extreme. Permutation number r
//! comes from stream r of a generator keyed by the seed, so more permutations never change earlier ones.

mod moments;
mod orbits;

use self::orbits::Orbits;
use super::compare::{Asked, calibrated, settled, summaries};
use super::repeats::repeats;
use super::side::Side;
use crate::caution::Caution;
use crate::error::{Error, Result};
use crate::facts::{Facts, Input, Kind};
use crate::form::{Bilinear, Form};
use crate::numerics::streams;
use crate::par::Par;

/// In which direction a score is extreme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// Large scores are.
    Greater,
    /// Small scores are.
    Less,
    /// Both: twice the smaller of the two p-values, at most 1.
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

    fn of(facts: &Facts) -> Self {
        if facts.kind == Kind::Distance { Self::Less } else { Self::Greater }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Number of permutations, rounded up to whole orbits.
    pub n_resamples: usize,
    /// Where the permutations come from.
    pub key: [u8; 32],
    /// By default what speaks for likeness.
    pub alternative: Option<Alternative>,
    /// Whether to keep the scores of all permutations.
    pub return_null: bool,
}

/// A tested score.
#[derive(Debug, Clone)]
pub struct Tested {
    /// The score.
    pub statistic: f64,
    /// The share of arrangements at least as extreme, the observed one included.
    pub pvalue: f64,
    /// The direction that was tested.
    pub alternative: Alternative,
    /// Mean score over matchings, and whether it is exact or taken from those drawn.
    pub null_mean: (f64, bool),
    /// Standard deviation over matchings, likewise.
    pub null_std: (f64, bool),
    /// How many standard deviations the score lies above its mean.
    pub zscore: Option<f64>,
    /// The score on the scale where chance is 0 and identity is 1.
    pub calibrated_mean: Option<f64>,
    /// Number of arrangements besides the observed one.
    pub n_resamples: usize,
    /// The smallest p-value that could have come out.
    pub min_pvalue: f64,
    /// `"exact"`, `"orbits"` or `"monte_carlo"`.
    pub method: &'static str,
    /// Number of orbits.
    pub n_orbits: Option<usize>,
    /// Scores of all arrangements, the observed one first.
    pub null_distribution: Option<Vec<f64>>,
    /// What a reader should know.
    pub cautions: Vec<Caution>,
}

/// Values of the statistic over arrangements, the observed one first.
struct Draws {
    values: Vec<f64>,
    method: &'static str,
    orbits: Option<usize>,
}

/// Independent matchings that are handed out at once.
const BATCH: usize = 4096;
/// A p-value above this for every possible outcome is worth a word.
const SIGNIFICANT: f64 = 0.05;

/// Test the score of a pair.
pub fn permutation_test<'s>(
    asked: &Asked,
    x: &Side<'s>,
    y: &Side<'s>,
    request: &Request,
    par: Par<'_>,
) -> Result<Tested> {
    let measure = &*asked.measure;
    let facts = measure.facts();
    if !facts.rows_paired {
        return Err(Error::PermutationUndefined { measure: measure.name().into() });
    }
    let (k, l) = summaries(asked, x, y, par)?;
    exchangeable(&facts, x, y, par)?;
    let form = measure.form(&k, &l)?;
    let mut cautions = measure.cautions(&k, &l)?;
    let statistic = settled(form.score(None, par)?, measure.name(), &facts, &mut cautions)?;
    let alternative = request.alternative.unwrap_or_else(|| Alternative::of(&facts));
    let tested = match &form {
        Form::Statistic(_) => return Err(Error::PermutationUndefined { measure: measure.name().into() }),
        Form::Bilinear(form) => bilinear(form, k.rows(), request, alternative, par)?,
        _ => general(&form, k.rows(), request, alternative, par)?,
    };
    let (draws, pvalue, scores, null_mean, null_std, zscore) = tested;
    let count = draws.values.len();
    let min_pvalue = (if alternative == Alternative::TwoSided { 2.0 } else { 1.0 } / count as f64).min(1.0);
    if min_pvalue > SIGNIFICANT {
        cautions.push(Caution::new(
            "p_floor",
            format!("The smallest reachable p is {min_pvalue:.3}; no result can be significant."),
            vec![("min_pvalue", min_pvalue.into())],
        ));
    }
    Ok(Tested {
        statistic,
        pvalue,
        alternative,
        null_mean,
        null_std,
        zscore,
        calibrated_mean: calibrated(statistic, null_mean.0, &facts),
        n_resamples: count - 1,
        min_pvalue,
        method: draws.method,
        n_orbits: draws.orbits,
        null_distribution: request.return_null.then_some(scores),
        cautions,
    })
}

type Found = (Draws, f64, Vec<f64>, (f64, bool), (f64, bool), Option<f64>);

/// Sample pairs that repeat cannot be exchanged with others: wherever one copy goes, the other stays its equal.
fn exchangeable(facts: &Facts, x: &Side<'_>, y: &Side<'_>, par: Par<'_>) -> Result<()> {
    let (Some(a), Some(b)) = (x.data(), y.data()) else { return Ok(()) };
    if !facts.repeats_matter || facts.input != Input::Matrix {
        return Ok(());
    }
    let count = repeats(a, b, par)?.repeated;
    if count > 0 { Err(Error::NotExchangeable { count, n: a.rows() }) } else { Ok(()) }
}

/// The inner product over orbits (or over all matchings), and the score that belongs to it.
fn bilinear(form: &Bilinear<'_>, n: usize, request: &Request, alternative: Alternative, par: Par<'_>) -> Result<Found> {
    let (k, l) = (form.k.dense(par)?, form.l.dense(par)?);
    let draws = if let Some(all) = few(n, request) {
        Draws {
            values: each_matching(n, all, |order| form.k.inner(form.l, Some(order), Par::SEQ), par)?,
            method: "exact",
            orbits: None,
        }
    } else {
        let count = (request.n_resamples + 1).div_ceil(n);
        par.expect(count * n);
        let sigma = streams::permutation(&request.key, 0, n);
        let (engine, mut values) = Orbits::begin(&k, &l, &sigma, count, par)?;
        par.advance(n);
        let more = par.map(count - 1, |at, par| {
            let orbit = engine.run(&streams::permutation(&request.key, at as u64 + 1, n), par)?;
            par.advance(n);
            Ok(orbit)
        })?;
        values.extend(more.into_iter().flatten());
        Draws { values, method: "orbits", orbits: Some(count) }
    };
    let denominator = form.denominator(par)?;
    let score = |inner: &f64| form.link.score(*inner, denominator);
    let scores: Vec<f64> = draws.values.iter().map(score).collect();
    let (mean, std) = moments_of(&draws, &draws.values);
    let exact_mean = form.k.inner_at_chance(form.l, par)?;
    let exact_std = match moments::variance(&k, &l, par)? {
        _ if draws.method == "exact" => (std, true),
        Some(variance) => (variance.sqrt(), true),
        None => (std, false),
    };
    let mean = if draws.method == "exact" { mean } else { exact_mean };
    let rises = form.link.rises();
    let zscore = standardized(draws.values[0], mean, exact_std.0).map(|z| if rises { z } else { -z });
    let towards = match (alternative, rises) {
        (Alternative::Greater, false) => Alternative::Less,
        (Alternative::Less, false) => Alternative::Greater,
        (same, _) => same,
    };
    let pvalue = pvalue(&draws.values, exact_std.0, towards);
    let (sampled_mean, sampled_std) = moments_of(&draws, &scores);
    let affine = form.link.is_affine();
    let enumerated = draws.method == "exact";
    let null_mean = if affine { (score(&mean), true) } else { (sampled_mean, enumerated) };
    let null_std = if affine {
        ((form.link.factor / denominator).abs() * exact_std.0, exact_std.1)
    } else {
        (sampled_std, enumerated)
    };
    Ok((draws, pvalue, scores, null_mean, null_std, zscore))
}

/// Independent matchings (or all of them) through the general path.
fn general(form: &Form<'_>, n: usize, request: &Request, alternative: Alternative, par: Par<'_>) -> Result<Found> {
    let draws = if let Some(all) = few(n, request) {
        Draws {
            values: each_matching(n, all, |order| form.score(Some(order), Par::SEQ), par)?,
            method: "exact",
            orbits: None,
        }
    } else {
        par.expect(request.n_resamples);
        let mut values = vec![form.score(None, par)?];
        // Batches, so that a stopped run does not walk through millions of units it will not do.
        for start in (0..request.n_resamples).step_by(BATCH) {
            values.extend(par.map(BATCH.min(request.n_resamples - start), |at, par| {
                let order = streams::permutation(&request.key, (start + at) as u64 + 1, n);
                let score = form.score(Some(&order), par.sequential())?;
                par.advance(1);
                Ok(score)
            })?);
        }
        Draws { values, method: "monte_carlo", orbits: None }
    };
    let enumerated = draws.method == "exact";
    let (mean, std) = moments_of(&draws, &draws.values);
    let null_mean = match form.at_chance(par)? {
        Some(exact) => (exact, true),
        None => (mean, enumerated),
    };
    let pvalue = pvalue(&draws.values, std, alternative);
    let zscore = standardized(draws.values[0], null_mean.0, std);
    let scores = draws.values.clone();
    Ok((draws, pvalue, scores, null_mean, (std, enumerated), zscore))
}

/// The number of all matchings, if that is no more than was asked for.
fn few(n: usize, request: &Request) -> Option<usize> {
    let all =
        (1..=n).try_fold(1_usize, |product, i| product.checked_mul(i).filter(|p| *p <= request.n_resamples + 1))?;
    (all <= request.n_resamples + 1).then_some(all)
}

/// The statistic of every matching in lexicographic order, the observed one first.
fn each_matching(n: usize, all: usize, statistic: impl Fn(&[usize]) -> Result<f64>, par: Par<'_>) -> Result<Vec<f64>> {
    par.expect(all);
    let mut order: Vec<usize> = (0..n).collect();
    let mut values = Vec::with_capacity(all);
    loop {
        par.check()?;
        values.push(statistic(&order)?);
        par.advance(1);
        let Some(at) = (1..n).rev().find(|&i| order[i - 1] < order[i]) else { return Ok(values) };
        let next = (at..n).rev().find(|&i| order[i] > order[at - 1]).unwrap_or(at);
        order.swap(at - 1, next);
        order[at..].reverse();
    }
}

/// Mean and standard deviation: of all values where they are all there are, of those drawn otherwise.
fn moments_of(draws: &Draws, values: &[f64]) -> (f64, f64) {
    let enumerated = draws.method == "exact";
    let null = if enumerated || values.len() < 2 { values } else { &values[1..] };
    let count = null.len() as f64;
    let mean = null.iter().sum::<f64>() / count;
    let squares: f64 = null.iter().map(|v| (v - mean) * (v - mean)).sum();
    let freedom = if enumerated || null.len() < 2 { count } else { count - 1.0 };
    (mean, (squares / freedom).sqrt())
}

fn standardized(value: f64, mean: f64, std: f64) -> Option<f64> {
    let z = (value - mean) / std;
    (std > 0.0 && z.is_finite()).then_some(z)
}

/// The share of arrangements, the observed one (the first) included, at least as extreme up to round-off.
fn pvalue(values: &[f64], std: f64, alternative: Alternative) -> f64 {
    let observed = values[0];
    let window = (100.0 * f64::EPSILON * observed.abs()).max(1e-9 * std);
    let count = values.len() as f64;
    let greater = values.iter().filter(|v| **v >= observed - window).count() as f64 / count;
    let less = values.iter().filter(|v| **v <= observed + window).count() as f64 / count;
    match alternative {
        Alternative::Greater => greater,
        Alternative::Less => less,
        Alternative::TwoSided => (2.0 * greater.min(less)).min(1.0),
    }
}

#[cfg(test)]
mod tests;
