//! One matching after the other: all of them, or independent ones from the streams of a key.

use std::ops::Range;

use super::tally::{Scale, Tally, spread};
use crate::error::Result;
use crate::form::Form;
use crate::numerics::streams::permutation;
use crate::par::Par;

/// Matchings whose values are counted at a time.
const BATCH: usize = 4096;
/// Matchings that tell how far values spread, for the window of ties.
const FIRST: usize = 128;
/// Rows up to which the terms of all pairs of rows are kept.
const TABLE: usize = 2048;

/// Which matchings.
#[derive(Clone, Copy)]
pub enum Orders<'a> {
    /// Independent ones from the streams 1, 2, .. of a key, after the observed one.
    Drawn(&'a [u8; 32]),
    /// All n!, in the order of a dictionary, which begins with the observed one.
    All,
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
            _ => Self { value: Box::new(|order, par| form.score(Some(order), par)), unit: 1 },
        })
    }

    /// Count the first `count` matchings of n rows, the observed one included.
    pub fn tally<'t>(
        &self,
        scale: &'t Scale<'t>,
        window: impl Fn(f64, f64) -> f64,
        orders: Orders<'_>,
        (n, count): (usize, usize),
        keep: bool,
        par: Par<'_>,
    ) -> Result<Tally<'t>> {
        par.expect(count);
        let first = self.values(orders, n, 0..count.min(FIRST), par)?;
        let observed = first.first().copied().unwrap_or(f64::NAN);
        let mut tally = Tally::new(scale, observed, window(observed, spread(&first)), keep);
        tally.take(&first)?;
        for from in (first.len()..count).step_by(BATCH) {
            tally.take(&self.values(orders, n, from..(from + BATCH).min(count), par)?)?;
        }
        Ok(tally)
    }

    fn values(&self, orders: Orders<'_>, n: usize, range: Range<usize>, par: Par<'_>) -> Result<Vec<f64>> {
        let parts = par.map(range.len().div_ceil(self.unit), |unit, par| {
            let from = range.start + unit * self.unit;
            let mut order: Vec<usize> = Vec::new();
            let mut found = Vec::with_capacity(self.unit);
            for at in from..(from + self.unit).min(range.end) {
                par.check()?;
                match orders {
                    Orders::Drawn(_) if at == 0 => order = (0..n).collect(),
                    Orders::Drawn(key) => order = permutation(key, at as u64, n),
                    Orders::All if at == from => order = nth(n, at),
                    Orders::All => next(&mut order),
                }
                found.push((self.value)(&order, par)?);
                par.advance(1);
            }
            Ok(found)
        })?;
        Ok(parts.into_iter().flatten().collect())
    }
}

/// Order number `index` of 0, .., n - 1, in the order of a dictionary.
pub fn nth(n: usize, mut index: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..n).collect();
    let mut places: usize = (1..n).product();
    let mut order = Vec::with_capacity(n);
    for after in (0..n).rev() {
        order.push(left.remove(index / places));
        index %= places;
        places /= after.max(1);
    }
    order
}

/// The next order of a dictionary; the last one stays.
fn next(order: &mut [usize]) {
    let Some(at) = order.windows(2).rposition(|pair| pair[0] < pair[1]) else { return };
    let Some(other) = order.iter().rposition(|&item| item > order[at]) else { return };
    order.swap(at, other);
    order[at + 1..].reverse();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_of_a_dictionary() {
        for n in 1..=5 {
            let count: usize = (1..=n).product();
            let mut order: Vec<usize> = (0..n).collect();
            for index in 0..count {
                assert_eq!(nth(n, index), order);
                let before = order.clone();
                next(&mut order);
                assert!(order > before || index == count - 1);
            }
        }
    }
}
