//! Bilinear scores of all pairs by one product of stacked matrices.
//!
//! `<k, l>` of all pairs is a product of two matrices with one row per representation, each row holding all pairs of inputs.
//! Whether that pays is decided by the numbers of inputs, columns and pairs. Where memory does not hold all matrices at once
//! some of them are made at a time, and made again for others: that costs time and changes no bit, because the blocks of the
//! product stay as they are and rows that are not there are zero.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cost::dense_pays;
use crate::engines::dense::Dense;
use crate::engines::pair_matrix::PairMatrix;
use crate::engines::row_distances::{self, RowDistances};
use crate::error::Result;
use crate::form::{Bilinear, Form, Over};
use crate::linalg::{Matrix, product_nt};
use crate::numerics::sums;
use crate::par::Par;

/// Rows of a block of the product.
const BLOCK: usize = 128;
/// Pairs of inputs of which a strip of every row is in cache.
const STRIP: usize = 2048;
/// Units of work into which the pairs of inputs are cut, at most.
const SEGMENTS: usize = 64;
/// Share of the memory there is that stacked matrices may take.
const SHARE: f64 = 0.5;

/// `<k, l>` and its divisor, or the reason why there is none.
pub(super) type Stacked = Result<(f64, f64)>;

/// `<k, l>` of all pairs by one product of stacked matrices; None where that does not pay.
pub(super) fn stacked(
    forms: &[Result<Form<'_>>],
    pairs: &[(usize, usize)],
    sides: usize,
    par: Par<'_>,
) -> Result<Option<Vec<Stacked>>> {
    let bilinear: Vec<Option<&Bilinear<'_>>> = forms
        .iter()
        .map(|form| match form {
            Ok(Form::Bilinear(form)) => Some(form),
            _ => None,
        })
        .collect();
    let Some(first) = bilinear.iter().flatten().next() else { return Ok(None) };
    let n = first.k.n();
    let width = bilinear.iter().flatten().filter_map(|form| form.k.factor_columns()).max().unwrap_or(0);
    if bilinear.len() < 2 || bilinear.iter().flatten().any(|form| form.k.n() != n) {
        return Ok(None);
    }
    if width > 0 && !dense_pays(n, width, sides, pairs.len()) {
        return Ok(None);
    }
    let (ks, k_of) = distinct(bilinear.iter().map(|form| form.map(|form| form.k)));
    let (ls, l_of) = distinct(bilinear.iter().map(|form| form.map(|form| form.l)));
    let mut all: Vec<&PairMatrix> = ks.clone();
    all.extend(ls.iter().filter(|l| !ks.iter().any(|k| std::ptr::eq(*k, **l))));
    let (table, k_norms, l_norms) = if let Some(distances) = unstored(&all) {
        if distances.iter().all(|side| side.is_line()) {
            return Ok(None);
        }
        let place = |side: &PairMatrix| all.iter().position(|other| std::ptr::eq(*other, side)).unwrap_or(0);
        let products = row_distances::inner_products(&distances, par)?;
        let norm = |side: &&PairMatrix| side.checked_norm(products.at(place(side), place(side)));
        let table = Matrix::from_fn(ks.len(), ls.len(), |i, j| products.at(place(ks[i]), place(ls[j])));
        (table, ks.iter().map(norm).collect::<Vec<_>>(), ls.iter().map(norm).collect::<Vec<_>>())
    } else {
        let together = if width > 0 { at_once(n, sides, par)? } else { sides };
        all_stored(&all, (&ks, &ls), together, par)?
    };
    let entry = |(form, (k, l)): (Option<&Bilinear<'_>>, (&Option<usize>, &Option<usize>))| {
        let (Some(form), Some(k), Some(l)) = (form, k, l) else { return Ok((f64::NAN, f64::NAN)) };
        let denominator = match form.link.over {
            Over::Norms => k_norms[*k].clone()? * l_norms[*l].clone()?,
            Over::Number(number) => number,
        };
        Ok((table.at(*k, *l), denominator))
    };
    Ok(Some(bilinear.iter().copied().zip(k_of.iter().zip(&l_of)).map(entry).collect()))
}

/// Inner products of two lists, and the norms of either.
type Products = (Matrix, Vec<Result<f64>>, Vec<Result<f64>>);

/// Of matrices of which so many are stored at a time; `all` are the different ones of both lists.
fn all_stored(
    all: &[&PairMatrix],
    (ks, ls): (&[&PairMatrix], &[&PairMatrix]),
    together: usize,
    par: Par<'_>,
) -> Result<Products> {
    let keep = together >= all.len();
    if keep {
        par.map(all.len(), |at, par| all[at].dense(par).map(drop))?;
    }
    let table = all_inner(ks, ls, together, par)?;
    // One after the other where not all of them are kept.
    let norms = |sides: &[&PairMatrix]| {
        if keep {
            return par.map(sides.len(), |at, par| Ok(sides[at].stored_norm(par)));
        }
        Ok(sides.iter().map(|side| side.stored_norm(par)).collect())
    };
    Ok((table, norms(ks)?, norms(ls)?))
}

/// Distances of all of these, if none is stored and all are centered alike.
fn unstored<'a>(all: &[&'a PairMatrix]) -> Option<Vec<&'a RowDistances>> {
    let distances: Vec<&RowDistances> = all.iter().map(|side| side.distances()).collect::<Option<_>>()?;
    distances.iter().all(|side| side.goes_with(distances[0])).then_some(distances)
}

/// Number of stored matrices that memory holds beside what else is there: all of them, or at least one of either side.
fn at_once(n: usize, sides: usize, par: Par<'_>) -> Result<usize> {
    let one = 4.0 * (n as f64).powi(2);
    let what = || "Two matrices of all pairs of rows".to_owned();
    if par.require(sides as f64 * one / SHARE, what).is_ok() {
        return Ok(sides);
    }
    par.require(2.0 * one, what)?;
    Ok(((SHARE * par.available() / one) as usize).clamp(2, sides.max(2)))
}

/// The different matrices in a list, and which of them each entry is.
pub(super) fn distinct<'a, T>(list: impl Iterator<Item = Option<&'a T>>) -> (Vec<&'a T>, Vec<Option<usize>>) {
    let mut seen: HashMap<*const T, usize> = HashMap::new();
    let mut kept = Vec::new();
    let which = list
        .map(|side| {
            side.map(|side| {
                *seen.entry(std::ptr::from_ref(side)).or_insert_with(|| {
                    kept.push(side);
                    kept.len() - 1
                })
            })
        })
        .collect();
    (kept, which)
}

/// All inner products of two lists of matrices, of which so many are stored at a time: a product of matrices with one row per
/// list entry, cut along the pairs of inputs so that a strip of every row is in cache, the strips added in order.
fn all_inner(ks: &[&PairMatrix], ls: &[&PairMatrix], together: usize, par: Par<'_>) -> Result<Matrix> {
    let mut out = Matrix::zeros(ks.len(), ls.len());
    let either = if together >= distinct(ks.iter().chain(ls).copied().map(Some)).0.len() {
        BLOCK
    } else {
        (together / 2).max(1)
    };
    let stored = |sides: &[&PairMatrix]| sides.iter().map(|side| side.dense_once(par)).collect::<Result<Vec<_>>>();
    for (i0, ks) in ks.chunks(BLOCK).enumerate() {
        for (at_k, some_ks) in ks.chunks(either).enumerate() {
            let of_k = stored(some_ks)?;
            for (j0, ls) in ls.chunks(BLOCK).enumerate() {
                for (at_l, some_ls) in ls.chunks(either).enumerate() {
                    let of_l = stored(some_ls)?;
                    let (k, l) = (at_k * either, at_l * either);
                    let block = Block { of_k: &of_k, of_l: &of_l, from: (k, l), size: (ks.len(), ls.len()) };
                    let found = block.inner(par)?;
                    for i in k..k + of_k.len() {
                        for j in l..l + of_l.len() {
                            out.row_mut(i0 * BLOCK + i)[j0 * BLOCK + j] = found.at(i, j);
                        }
                    }
                }
            }
        }
    }
    Ok(out)
}

/// Some rows of either side of a block of the product; the others are zero.
struct Block<'a> {
    of_k: &'a [Arc<Dense>],
    of_l: &'a [Arc<Dense>],
    from: (usize, usize),
    size: (usize, usize),
}

impl Block<'_> {
    fn inner(&self, par: Par<'_>) -> Result<Matrix> {
        let length = self.of_k.first().map_or(0, |k| k.upper().len());
        let segment = length.div_ceil(SEGMENTS).max(STRIP);
        let parts = par.map(length.div_ceil(segment), |at, par| {
            let mut sum: Matrix = Matrix::zeros(self.size.0, self.size.1);
            let end = ((at + 1) * segment).min(length);
            for start in (at * segment..end).step_by(STRIP) {
                par.check()?;
                let strip = start..(start + STRIP).min(end);
                let gather = |sides: &[Arc<Dense>], from: usize, size: usize| {
                    let mut rows = Matrix::zeros(size, strip.len());
                    for (at, side) in sides.iter().enumerate() {
                        rows.row_mut(from + at).copy_from_slice(&side.upper()[strip.clone()]);
                    }
                    rows
                };
                let k = gather(self.of_k, self.from.0, self.size.0);
                let l = gather(self.of_l, self.from.1, self.size.1);
                let part = product_nt(&k, &l, Par::SEQ)?;
                sum.data_mut().iter_mut().zip(part.data()).for_each(|(s, p)| *s += p);
            }
            Ok(sum)
        })?;
        let mut out = Matrix::zeros(self.size.0, self.size.1);
        for (i, k) in (self.from.0..).zip(self.of_k) {
            for (j, l) in (self.from.1..).zip(self.of_l) {
                let diagonal = match (k.diagonal(), l.diagonal()) {
                    (Some(a), Some(b)) => sums::dot(a, b),
                    _ => 0.0,
                };
                let upper: f64 = parts.iter().map(|part| part.at(i, j)).sum();
                out.row_mut(i)[j] = 2.0 * upper + diagonal;
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::find as measure;
    use crate::par::{Watch, with_threads};
    use crate::testing::representation;
    use crate::value::Value;

    /// However little memory there is, as long as two matrices fit, and however many threads: the same bits.
    #[test]
    fn memory_changes_no_bit() {
        let (n, d, count) = (100, 40, 7);
        let sides: Vec<Vec<f64>> = (0..count)
            .map(|at| (0..n * d).map(|i| ((i * i % 1009) as f64 * 0.01 * (at + 1) as f64).sin()).collect())
            .collect();
        for options in [vec![], vec![("estimator".to_owned(), Value::from("debiased"))]] {
            let measure = measure("cka").unwrap().with(options.into_iter().collect()).unwrap();
            let bits = |limit: Option<u64>, par: Par<'_>| {
                let par = par.with_memory_limit(limit);
                let of: Vec<_> =
                    sides.iter().map(|x| measure.summarize(&representation("x", x, d), Par::SEQ).unwrap()).collect();
                let pairs: Vec<(usize, usize)> = (0..count).flat_map(|i| (0..count).map(move |j| (i, j))).collect();
                let forms: Vec<_> = pairs.iter().map(|&(i, j)| measure.form(&of[i], &of[j])).collect();
                assert!(matches!(&forms[1], Ok(Form::Bilinear(form)) if form.k.factor_columns().is_some()));
                let found = stacked(&forms, &pairs, count, par)?.unwrap();
                Ok(found.into_iter().map(|entry| entry.map(|(inner, over)| (inner.to_bits(), over.to_bits())).unwrap()))
                    .map(Iterator::collect::<Vec<_>>)
            };
            let all: Result<_> = bits(None, Par::SEQ);
            let all = all.unwrap();
            let one = 4 * (n * n) as u64;
            for limit in [2 * one, 5 * one, 9 * one, 12 * one, 100 * one] {
                assert_eq!(bits(Some(limit), Par::SEQ).unwrap(), all, "{limit}");
                let threaded = with_threads(3, &Watch::default(), |par| bits(Some(limit), par)).unwrap();
                assert_eq!(threaded, all, "{limit}, three threads");
            }
            assert_eq!(bits(Some(2 * one - 1), Par::SEQ).unwrap_err().code(), "over_budget");
        }
    }
}
