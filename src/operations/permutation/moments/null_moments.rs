//! Exact moments of a score over all pairings, without a single permutation.
//!
//! Bilinear scores have closed forms for mean, variance, skewness and kurtosis over all n! pairings ([`crate::operations::permutation::moments`]).
//! The p-value they suggest ([`crate::operations::permutation::moments::pvalue`]) is for ranking, for planning a test and for the far tail; it goes by
//! its own name and is never the answer of a test.

use crate::error::{Error, Result};
use crate::form::{Form, Step};
use crate::operations::compare::summaries;
use crate::operations::instance::Instance;
use crate::operations::operand::Operand;
use crate::operations::permutation::moments::pvalue::{leading_eigenvalues, pearson, saddlepoint};
use crate::operations::permutation::moments::{Invariants, MomentOrder, Moments, moments};
use crate::operations::permutation::null::ties::round_off;
use crate::operations::permutation::request::Alternative;
use crate::par::Par;
use crate::value::Value;

/// Moments of a score over all n! pairings.
#[derive(Debug, Clone)]
pub struct NullMoments {
    /// The score of the pair, before a root or an angle is taken.
    pub statistic: f64,
    /// Mean of it.
    pub mean: f64,
    /// Standard deviation.
    pub std: f64,
    /// Third central moment in standard deviations; None below six rows, or if nothing varies.
    pub skewness: Option<f64>,
    /// Fourth central moment in standard deviations, 3 for a normal law; None below eight rows, or if not asked for.
    pub kurtosis: Option<f64>,
    /// The p-value these suggest, in the direction asked for.
    pub pvalue: Option<f64>,
    /// True if the kurtosis of the law it comes from is close to the exact one; None if that is not known.
    pub reliable: Option<bool>,
    /// `"saddlepoint"` or `"pearson"`.
    pub law: Option<&'static str>,
    /// The direction.
    pub alternative: Alternative,
    /// Link that still separates all this from the score: a root or an angle.
    pub before: Option<&'static str>,
}

impl NullMoments {
    /// The fields by name, for bindings.
    pub fn fields(self) -> Vec<(&'static str, Value)> {
        vec![
            ("statistic", self.statistic.into()),
            ("mean", self.mean.into()),
            ("std", self.std.into()),
            ("skewness", self.skewness.into()),
            ("kurtosis", self.kurtosis.into()),
            ("pvalue_moments", self.pvalue.into()),
            ("moments_reliable", self.reliable.into()),
            ("law", self.law.into()),
            ("alternative", self.alternative.name().into()),
            ("before", self.before.into()),
        ]
    }
}

/// The exact moments of the score of a pair, up to an order from 2 to 4.
pub fn suggested<'s>(
    instance: &Instance,
    x: &Operand<'s>,
    y: &Operand<'s>,
    order: usize,
    alternative: Option<Alternative>,
    par: Par<'_>,
) -> Result<NullMoments> {
    let measure = &*instance.measure;
    let order = match order {
        2 => MomentOrder::Variance,
        3 => MomentOrder::Skewness,
        4 => MomentOrder::Kurtosis,
        _ => {
            let (option, given, problem) = ("order".into(), order.to_string(), "must be 2, 3 or 4.".into());
            return Err(Error::BadOption { measure: "permutation_moments".into(), option, given, problem });
        }
    };
    let (k, l) = summaries(instance, x, y, par)?;
    let alternative = alternative.unwrap_or_else(|| Alternative::of(&measure.facts()));
    of_form(&measure.form(&k, &l)?, measure.name(), order, alternative, par)
}

/// The same for a score of that form.
pub fn of_form(
    form: &Form<'_>,
    measure: &str,
    order: MomentOrder,
    alternative: Alternative,
    par: Par<'_>,
) -> Result<NullMoments> {
    let Form::Bilinear(form) = form else {
        let problem = "has no closed form for its null moments; permutation_test estimates them".into();
        return Err(Error::NotOffered { measure: measure.into(), problem });
    };
    let of = |pairs| Invariants::of(pairs, order, par);
    let mut found = moments(&of(form.k)?, &of(form.l)?);
    if found.variance.sqrt() <= round_off(form.k.norm(par)? * form.l.norm(par)?) {
        // All pairings score alike, and these are moments of round-off.
        found = Moments { variance: 0.0, skewness: None, kurtosis: None, ..found };
    }
    let (inner, denominator) = (form.k.inner(form.l, None, par)?, form.denominator(par)?);
    // The inner product speaks in the other direction where the score falls as it rises.
    let sign = match (alternative, form.link.rises()) {
        (Alternative::Greater, false) => Alternative::Less,
        (Alternative::Less, false) => Alternative::Greater,
        (same, _) => same,
    };
    let eigenvalues = if order > MomentOrder::Variance {
        leading_eigenvalues(form.k, par)?.zip(leading_eigenvalues(form.l, par)?)
    } else {
        None
    };
    let (approximate, law) = match &eigenvalues {
        Some((a, b)) => (saddlepoint(inner, &found, (a, b), sign), "saddlepoint"),
        None => (pearson(inner, &found, sign), "pearson"),
    };
    let slope = form.link.factor / denominator;
    let value = |inner: f64| form.link.offset + slope * inner;
    Ok(NullMoments {
        statistic: value(inner),
        mean: value(found.mean),
        std: slope.abs() * found.variance.sqrt(),
        skewness: found.skewness.map(|skewness| skewness * slope.signum()),
        kurtosis: found.kurtosis,
        pvalue: approximate.map(|approximate| approximate.pvalue),
        reliable: approximate.and_then(|approximate| approximate.reliable),
        law: approximate.map(|_| law),
        alternative,
        before: match form.link.step {
            Step::Identity => None,
            Step::Root => Some("root"),
            Step::Arccos => Some("arccos"),
        },
    })
}
