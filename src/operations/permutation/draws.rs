//! One pairing after the other: all that are allowed, or independent ones from the streams of a key.
//!
//! A score that comes with an interval ([`Pair::interval`]) need not be computed where only its side matters: an interval
//! beyond all that ties with the observed score counts as the score would. Counts are those of the scores, on both sides.

use std::ops::Range;

use crate::error::Result;
use crate::form::{Cross, Form, Pair, PairInterval};
use crate::memory;
use crate::operations::permutation::design::Design;
use crate::operations::permutation::null::distribution::{KNOWN, NullDistribution, ScoreScale};
use crate::operations::permutation::null::ties;
use crate::par::Par;

/// Pairings whose values are counted at a time.
const BATCH: usize = 4096;
/// Pairings that tell how large values are, for the window of ties.
const FIRST: usize = 128;
/// Rows up to which the terms of all pairs of rows are kept.
const TABLE: usize = 2048;

/// Pairings one by one: all that a design allows, or independent ones from the streams of a key; the observed one first.
#[derive(Clone, Copy)]
pub struct Draws<'a> {
    /// Allowed pairings.
    pub design: &'a Design,
    /// The streams 1, 2, .. of it; None for all pairings, which begin with the observed one.
    pub key: Option<&'a [u8; 32]>,
}

impl Draws<'_> {
    /// Number `at` of them.
    pub fn number(&self, at: usize) -> Vec<usize> {
        match self.key {
            None => self.design.nth(at as u128),
            Some(_) if at == 0 => (0..self.design.n()).collect(),
            Some(key) => self.design.draw(key, at as u64),
        }
    }
}

/// Use of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluation {
    /// To be kept, as scores.
    Scores,
    /// All of them, for their mean and spread.
    Values,
    /// On which side of the observed one they lie; mean and spread are those of the first ones.
    Sides,
}

/// Side of a value, where that is all that matters.
enum Verdict {
    Below,
    Above,
    /// Too close to tell without it.
    At(f64),
}

/// Value of a pairing.
type ValueOfPairing<'a> = Box<dyn Fn(&[usize], Par<'_>) -> Result<f64> + Send + Sync + 'a>;

/// The value of one pairing after the other, and how many of them make a unit of work.
pub struct PairingValues<'a> {
    value: ValueOfPairing<'a>,
    interval: Option<&'a PairInterval<'a>>,
    unit: usize,
}

impl<'a> PairingValues<'a> {
    /// The quickest way to the value of a single pairing; `count` of them are wanted.
    pub fn new(form: &'a Form<'a>, count: usize, par: Par<'_>) -> Result<Self> {
        Ok(match form {
            Form::Bilinear(form) => Self::new_of(16, |order, par| form.k.inner(form.l, Some(order), par)),
            Form::Neighbors(form) => Self::new_of(16, |order, _| Ok(form.mean(order))),
            Form::Rows(rows) if rows.n <= TABLE && count >= rows.n => {
                let n = rows.n;
                let mut table = memory::zeros("A table of pairs of rows", n * n)?;
                par.fill(&mut table, n, |i, terms| {
                    terms.iter_mut().enumerate().for_each(|(j, term)| *term = (rows.row)(i, j));
                    Ok(())
                })?;
                let value = move |order: &[usize], _: Par<'_>| {
                    let total: f64 = order.iter().zip(table.chunks_exact(n)).map(|(&j, terms)| terms[j]).sum();
                    Ok(rows.offset + rows.factor * total / n as f64)
                };
                Self::new_of(16, value)
            }
            Form::Cross(form) => Self::cross(form),
            Form::Pair(Pair { of, interval: Some(interval), .. }) => {
                Self { interval: Some(interval), ..Self::new_of(4, |order, par| of(Some(order), par)) }
            }
            _ => Self::new_of(1, |order, par| form.score(Some(order), par)),
        })
    }

    fn new_of(unit: usize, value: impl Fn(&[usize], Par<'_>) -> Result<f64> + Send + Sync + 'a) -> Self {
        Self { value: Box::new(value), interval: None, unit }
    }

    /// A function of `a'b`, product by product.
    pub fn cross(form: &'a Cross<'a>) -> Self {
        Self::new_of(1, |order, par| (form.of)(&form.product(Some(order), par)?, Some(order), par))
    }

    /// The value of one pairing.
    pub fn score(&self, order: &[usize], par: Par<'_>) -> Result<f64> {
        (self.value)(order, par)
    }

    /// Count the first `count` pairings, the observed one included, whose values are known to `tolerance`; and how many of
    /// them were counted without computing the value.
    pub fn null_distribution<'t>(
        &self,
        scale: &'t ScoreScale<'t>,
        tolerance: f64,
        pairings: Draws<'_>,
        count: usize,
        wanted: Evaluation,
        par: Par<'_>,
    ) -> Result<(NullDistribution<'t>, usize)> {
        par.expect(count);
        let first = self.values(pairings, 0..count.min(FIRST), par)?;
        let observed = first.first().copied().unwrap_or(f64::NAN);
        let mut null =
            NullDistribution::new(scale, observed, ties::window(&first, tolerance), wanted == Evaluation::Scores);
        null.take(&first)?;
        let interval = self.interval.filter(|_| wanted == Evaluation::Sides);
        let full = if interval.is_some() { count.min(KNOWN) } else { count };
        for from in (first.len()..full).step_by(BATCH) {
            null.take(&self.values(pairings, from..(from + BATCH).min(full), par)?)?;
        }
        let Some(interval) = interval else { return Ok((null, 0)) };
        let (low, high) = (null.observed - null.window(), null.observed + null.window());
        let side = |order: &[usize], par: Par<'_>| {
            let [least, most] = interval(order, par)?;
            Ok(match () {
                () if most < low => Verdict::Below,
                () if least > high => Verdict::Above,
                () => Verdict::At(self.score(order, par)?),
            })
        };
        let mut pruned = 0;
        for from in (full..count).step_by(BATCH) {
            let found = self.each(pairings, from..(from + BATCH).min(count), side, par)?;
            let (mut below, mut above, mut values) = (0, 0, Vec::new());
            for side in found {
                match side {
                    Verdict::Below => below += 1,
                    Verdict::Above => above += 1,
                    Verdict::At(value) => values.push(value),
                }
            }
            null.take_certain(below, true);
            null.take_certain(above, false);
            null.take_counts(&values);
            pruned += below + above;
        }
        Ok((null, pruned))
    }

    /// The values of some of the pairings.
    pub fn values(&self, pairings: Draws<'_>, range: Range<usize>, par: Par<'_>) -> Result<Vec<f64>> {
        self.each(pairings, range, |order, par| self.score(order, par), par)
    }

    fn each<T: Send>(
        &self,
        pairings: Draws<'_>,
        range: Range<usize>,
        of: impl Fn(&[usize], Par<'_>) -> Result<T> + Sync,
        par: Par<'_>,
    ) -> Result<Vec<T>> {
        let parts = par.map(range.len().div_ceil(self.unit), |unit, par| {
            let from = range.start + unit * self.unit;
            let mut found = Vec::with_capacity(self.unit);
            for at in from..(from + self.unit).min(range.end) {
                par.check()?;
                found.push(of(&pairings.number(at), par)?);
                par.advance(1);
            }
            Ok(found)
        })?;
        Ok(parts.into_iter().flatten().collect())
    }
}
