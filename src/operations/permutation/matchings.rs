//! One matching after the other: all that are allowed, or independent ones from the streams of a key.

use std::ops::Range;

use super::design::Design;
use super::tally::{Scale, Tally, spread};
use crate::error::Result;
use crate::form::{Cross, Form};
use crate::par::Par;

/// Matchings whose values are counted at a time.
const BATCH: usize = 4096;
/// Matchings that tell how far values spread, for the window of ties.
const FIRST: usize = 128;
/// Rows up to which the terms of all pairs of rows are kept.
const TABLE: usize = 2048;

/// Which matchings: all that a design allows, or independent ones from the streams of a key; the observed one first.
#[derive(Clone, Copy)]
pub struct Matchings<'a> {
    /// What is allowed.
    pub design: &'a Design,
    /// The streams 1, 2, .. of it; None for all matchings, which begin with the observed one.
    pub key: Option<&'a [u8; 32]>,
}

impl Matchings<'_> {
    /// Number `at` of them.
    pub fn number(&self, at: usize) -> Vec<usize> {
        match self.key {
            None => self.design.nth(at as u128),
            Some(_) if at == 0 => (0..self.design.n()).collect(),
            Some(key) => self.design.draw(key, at as u64),
        }
    }
}

/// From a matching to a value.
type Value<'a> = Box<dyn Fn(&[usize], Par<'_>) -> Result<f64> + Send + Sync + 'a>;

/// The value of one matching after the other, and how many of them make a unit of work.
pub struct OneByOne<'a> {
    value: Value<'a>,
    unit: usize,
}

impl<'a> OneByOne<'a> {
    /// The quickest way to the value of a single matching; `count` of them are wanted.
    pub fn new(form: &'a Form<'a>, count: usize, par: Par<'_>) -> Result<Self> {
        Ok(match form {
            Form::Bilinear(form) => {
                Self { value: Box::new(|order, par| form.k.inner(form.l, Some(order), par)), unit: 16 }
            }
            Form::Neighbors(form) => {
                let n = form.x.n() as f64;
                // Whole numbers first: matchings that share alike score alike, bit for bit.
                let value = move |order: &[usize], _: Par<'_>| {
                    let mut rows = vec![0_u64; form.of_overlap.len()];
                    form.x.overlaps(form.y, Some(order)).into_iter().for_each(|shared| rows[shared as usize] += 1);
                    Ok(rows.iter().zip(&form.of_overlap).map(|(&rows, score)| rows as f64 * score).sum::<f64>() / n)
                };
                Self { value: Box::new(value), unit: 16 }
            }
            Form::Rows(rows) if rows.n <= TABLE && count >= rows.n => {
                let n = rows.n;
                let mut table = vec![0.0; n * n];
                par.fill(&mut table, n, |i, terms| {
                    terms.iter_mut().enumerate().for_each(|(j, term)| *term = (rows.row)(i, j));
                    Ok(())
                })?;
                let value = move |order: &[usize], _: Par<'_>| {
                    let total: f64 = order.iter().zip(table.chunks_exact(n)).map(|(&j, terms)| terms[j]).sum();
                    Ok(rows.offset + rows.factor * total / n as f64)
                };
                Self { value: Box::new(value), unit: 16 }
            }
            Form::Cross(form) => Self::cross(form),
            _ => Self { value: Box::new(|order, par| form.score(Some(order), par)), unit: 1 },
        })
    }

    /// A function of `a'b`, product by product.
    pub fn cross(form: &'a Cross<'a>) -> Self {
        Self { value: Box::new(|order, par| (form.of)(&form.product(Some(order), par)?, Some(order))), unit: 1 }
    }

    /// The value of one matching.
    pub fn score(&self, order: &[usize], par: Par<'_>) -> Result<f64> {
        (self.value)(order, par)
    }

    /// Count the first `count` matchings, the observed one included.
    pub fn tally<'t>(
        &self,
        scale: &'t Scale<'t>,
        window: impl Fn(f64, f64) -> f64,
        matchings: Matchings<'_>,
        count: usize,
        keep: bool,
        par: Par<'_>,
    ) -> Result<Tally<'t>> {
        par.expect(count);
        let first = self.values(matchings, 0..count.min(FIRST), par)?;
        let observed = first.first().copied().unwrap_or(f64::NAN);
        let mut tally = Tally::new(scale, observed, window(observed, spread(&first)), keep);
        tally.take(&first)?;
        for from in (first.len()..count).step_by(BATCH) {
            tally.take(&self.values(matchings, from..(from + BATCH).min(count), par)?)?;
        }
        Ok(tally)
    }

    /// The values of some of the matchings.
    pub fn values(&self, matchings: Matchings<'_>, range: Range<usize>, par: Par<'_>) -> Result<Vec<f64>> {
        let parts = par.map(range.len().div_ceil(self.unit), |unit, par| {
            let from = range.start + unit * self.unit;
            let mut found = Vec::with_capacity(self.unit);
            for at in from..(from + self.unit).min(range.end) {
                par.check()?;
                found.push(self.score(&matchings.number(at), par)?);
                par.advance(1);
            }
            Ok(found)
        })?;
        Ok(parts.into_iter().flatten().collect())
    }
}
