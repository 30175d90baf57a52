//! Stored symmetric matrices over pairs of inputs: the upper triangle, row after row, and the diagonal.

use std::ops::Range;

use crate::cost::Cost;
use crate::error::Result;
use crate::linalg::{self, Matrix, rows_product};
use crate::memory;
use crate::numerics::sums;
use crate::par::Par;

const TILE: usize = 256;
const CHUNK: usize = 1 << 16;
/// Name of the request in messages about memory.
const PAIRS: &str = "A matrix over pairs of rows";

/// Centering of a factor's matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Centering {
    /// `a a'` as it is.
    Plain,
    /// `a a'` with zeros on the diagonal.
    HollowDiagonal,
    /// `a a'` with zeros on the diagonal and row sums brought to zero; needs centered columns.
    UCentered,
}

/// A stored matrix.
#[derive(Debug)]
pub struct Dense {
    n: usize,
    upper: Vec<f64>,
    /// None where all of it is zero.
    diagonal: Option<Vec<f64>>,
}

impl Dense {
    /// From entries above the diagonal, row after row, and those on it.
    pub fn new(n: usize, upper: Vec<f64>, diagonal: Option<Vec<f64>>) -> Self {
        debug_assert_eq!(upper.len(), n * n.saturating_sub(1) / 2);
        Self { n, upper, diagonal }
    }

    /// The same once more.
    pub fn copy(&self) -> Result<Self> {
        let mut upper = memory::room(PAIRS, self.upper.len())?;
        upper.extend_from_slice(&self.upper);
        Ok(Self { n: self.n, upper, diagonal: self.diagonal.clone() })
    }

    /// Number of inputs.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Entries above the diagonal, row after row.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }

    /// The same, to be written.
    pub fn upper_mut(&mut self) -> &mut [f64] {
        &mut self.upper
    }

    /// The same entries with `diagonal` beside them.
    #[must_use]
    pub fn with_diagonal(self, diagonal: Vec<f64>) -> Self {
        Self { diagonal: Some(diagonal), ..self }
    }

    /// The diagonal; None if it is zero.
    pub fn diagonal(&self) -> Option<&[f64]> {
        self.diagonal.as_deref()
    }

    /// Forget the diagonal.
    pub fn drop_diagonal(&mut self) {
        self.diagonal = None;
    }

    /// Place of the first entry of row i; entry (i, j) with i < j is at `start(i) + j - i - 1`.
    fn start(&self, i: usize) -> usize {
        i * self.n - i * (i + 1) / 2
    }

    /// Entry (i, j).
    pub fn at(&self, i: usize, j: usize) -> f64 {
        match i.cmp(&j) {
            std::cmp::Ordering::Less => self.upper[self.start(i) + j - i - 1],
            std::cmp::Ordering::Greater => self.upper[self.start(j) + i - j - 1],
            std::cmp::Ordering::Equal => self.diagonal.as_ref().map_or(0.0, |d| d[i]),
        }
    }

    /// The products of rows of `a` with each other, each passed through `entry(i, j, product)`.
    pub fn of_rows(
        a: &Matrix,
        diagonal: bool,
        entry: impl Fn(usize, usize, f64) -> f64 + Sync,
        par: Par<'_>,
    ) -> Result<Self> {
        let of_piece = |i: usize, first: usize, products: &mut [f64]| {
            products.iter_mut().zip(first..).for_each(|(v, j)| *v = entry(i, j, *v));
        };
        let mut found = Self::of_row_pieces(a, of_piece, par)?;
        if diagonal {
            found.diagonal = Some((0..a.rows()).map(|i| entry(i, i, sums::squares(a.row(i)))).collect());
        }
        Ok(found)
    }

    /// The products of rows of `a` with each other, without a diagonal, changed by `of_piece(i, first, products)` where
    /// they are those of row i with rows `first..`.
    pub fn of_row_pieces(a: &Matrix, of_piece: impl Fn(usize, usize, &mut [f64]) + Sync, par: Par<'_>) -> Result<Self> {
        let n = a.rows();
        par.require(Cost::triangle(n), || PAIRS.into())?;
        let mut found = Self { n, upper: memory::zeros(PAIRS, n * (n - 1) / 2)?, diagonal: None };
        let starts: Vec<usize> = (0..n).step_by(TILE).collect();
        found.row_blocks(&starts, par, |i0, rows, block| {
            let mut tile = vec![0.0; TILE * TILE];
            let mut offsets = Vec::with_capacity(rows);
            let mut offset = 0;
            for i in i0..i0 + rows {
                offsets.push(offset);
                offset += n - 1 - i;
            }
            for j0 in (i0..n).step_by(TILE) {
                par.check()?;
                let cols = TILE.min(n - j0);
                rows_product(a, i0..i0 + rows, a, j0..j0 + cols, &mut tile);
                for (at, products) in tile.chunks_mut(cols).take(rows).enumerate() {
                    let i = i0 + at;
                    let first = (i + 1).max(j0).min(j0 + cols);
                    let products = &mut products[first - j0..];
                    of_piece(i, first, products);
                    let begin = offsets[at] + first - i - 1;
                    block[begin..begin + products.len()].copy_from_slice(products);
                }
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Hand out the packed rows in blocks that begin at `starts`: `work(first row, number of rows, their entries)`.
    fn row_blocks(
        &mut self,
        starts: &[usize],
        par: Par<'_>,
        work: impl Fn(usize, usize, &mut [f64]) -> Result<()> + Sync,
    ) -> Result<()> {
        let n = self.n;
        let mut blocks = Vec::with_capacity(starts.len());
        let mut rest = self.upper.as_mut_slice();
        for (at, &i0) in starts.iter().enumerate() {
            let i1 = starts.get(at + 1).copied().unwrap_or(n);
            let size: usize = (i0..i1).map(|i| n - 1 - i).sum();
            let (block, tail) = rest.split_at_mut(size);
            blocks.push(std::sync::Mutex::new((i0, i1 - i0, block)));
            rest = tail;
        }
        par.map(blocks.len(), |at, _| {
            let mut guard = blocks[at].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let (i0, rows, block) = &mut *guard;
            work(*i0, *rows, block)
        })?;
        Ok(())
    }

    /// Change every entry: `change(i, entries (i, i+1..n))` and the diagonal likewise by `on_diagonal(i, value)`.
    fn change_rows(
        &mut self,
        par: Par<'_>,
        change: impl Fn(usize, &mut [f64]) + Sync,
        on_diagonal: impl Fn(usize, f64) -> f64,
    ) -> Result<()> {
        let n = self.n;
        let starts: Vec<usize> = (0..n).step_by(64).collect();
        self.row_blocks(&starts, par, |i0, rows, block| {
            let mut rest = block;
            for i in i0..i0 + rows {
                let (row, tail) = rest.split_at_mut(n - 1 - i);
                change(i, row);
                rest = tail;
            }
            Ok(())
        })?;
        if let Some(diagonal) = &mut self.diagonal {
            diagonal.iter_mut().enumerate().for_each(|(i, v)| *v = on_diagonal(i, *v));
        }
        Ok(())
    }

    /// Entries (i, i + 1), (i, i + 2), ..
    pub fn upper_row(&self, i: usize) -> &[f64] {
        &self.upper[self.start(i)..][..self.n - 1 - i]
    }

    /// Sum of every row, both triangles and the diagonal.
    pub fn row_sums(&self, par: Par<'_>) -> Result<Vec<f64>> {
        self.add_rows_to(self.diagonal.clone().unwrap_or_else(|| vec![0.0; self.n]), par)
    }

    /// Sum of every row without its diagonal, which may be of any size.
    pub fn off_diagonal_sums(&self, par: Par<'_>) -> Result<Vec<f64>> {
        self.add_rows_to(vec![0.0; self.n], par)
    }

    fn add_rows_to(&self, mut all: Vec<f64>, par: Par<'_>) -> Result<Vec<f64>> {
        const ROWS: usize = 128;
        let n = self.n;
        let parts = par.map(n.div_ceil(ROWS), |part, _| {
            let mut total = vec![0.0; n];
            for i in part * ROWS..((part + 1) * ROWS).min(n) {
                let row = self.upper_row(i);
                total[i] += sums::sum(row);
                total[i + 1..].iter_mut().zip(row).for_each(|(t, v)| *t += v);
            }
            Ok(total)
        })?;
        for part in parts {
            all.iter_mut().zip(part).for_each(|(a, p)| *a += p);
        }
        Ok(all)
    }

    /// Sum of products with another matrix in every row, both triangles and the diagonal.
    pub fn row_products(&self, other: &Self, par: Par<'_>) -> Result<Vec<f64>> {
        const ROWS: usize = 128;
        let n = self.n;
        let parts = par.map(n.div_ceil(ROWS), |part, _| {
            let mut total = vec![0.0; n];
            for i in part * ROWS..((part + 1) * ROWS).min(n) {
                let row = self.start(i)..self.start(i) + n - 1 - i;
                let own = sums::dot_into(&self.upper[row.clone()], &other.upper[row], &mut total[i + 1..]);
                total[i] += own;
            }
            Ok(total)
        })?;
        let mut all: Vec<f64> = match (&self.diagonal, &other.diagonal) {
            (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| a * b).collect(),
            _ => vec![0.0; n],
        };
        for part in parts {
            all.iter_mut().zip(part).for_each(|(a, p)| *a += p);
        }
        Ok(all)
    }

    /// Sums of some rows over groups of inputs: entry (g, at) belongs to row `rows.start + at` and the inputs j with
    /// `of[j] == g`.
    pub fn sums_over(&self, of: &[usize], groups: usize, rows: Range<usize>) -> Matrix {
        let mut out = Matrix::zeros(groups, rows.len());
        for above in 0..rows.start {
            let begin = self.start(above) + rows.start - above - 1;
            let piece = &self.upper[begin..begin + rows.len()];
            out.row_mut(of[above]).iter_mut().zip(piece).for_each(|(sum, v)| *sum += v);
        }
        for i in rows.clone() {
            let at = i - rows.start;
            for (j, v) in (i + 1..self.n).zip(&self.upper[self.start(i)..]) {
                out.row_mut(of[j])[at] += v;
                if j < rows.end {
                    out.row_mut(of[i])[j - rows.start] += v;
                }
            }
            out.row_mut(of[i])[at] += self.diagonal.as_ref().map_or(0.0, |d| d[i]);
        }
        out
    }

    /// Multiply every entry.
    pub fn scale(&mut self, factor: f64, par: Par<'_>) -> Result<()> {
        self.change_rows(par, |_, row| row.iter_mut().for_each(|v| *v *= factor), |_, v| v * factor)
    }

    /// Subtract row and column means: `h k h`.
    pub fn center(&mut self, par: Par<'_>) -> Result<()> {
        let n = self.n as f64;
        let means: Vec<f64> = self.row_sums(par)?.into_iter().map(|s| s / n).collect();
        let grand = sums::sum(&means) / n;
        self.diagonal.get_or_insert_with(|| vec![0.0; self.n]);
        let means = &means;
        self.change_rows(
            par,
            |i, row| row.iter_mut().zip(&means[i + 1..]).for_each(|(v, m)| *v = *v - means[i] - m + grand),
            |i, v| v - 2.0 * means[i] + grand,
        )
    }

    /// Drop the diagonal and bring every row sum to zero.
    pub fn u_center(&mut self, par: Par<'_>) -> Result<()> {
        self.diagonal = None;
        let n = self.n as f64;
        let sums_of_rows = self.row_sums(par)?;
        let grand = sums::sum(&sums_of_rows) / ((n - 1.0) * (n - 2.0));
        let means: Vec<f64> = sums_of_rows.into_iter().map(|s| s / (n - 2.0)).collect();
        let means = &means;
        self.change_rows(
            par,
            |i, row| row.iter_mut().zip(&means[i + 1..]).for_each(|(v, m)| *v = *v - means[i] - m + grand),
            |_, v| v,
        )
    }

    /// Sum of products of all entries.
    pub fn inner(&self, other: &Self, par: Par<'_>) -> Result<f64> {
        let parts = par.map(self.upper.len().div_ceil(CHUNK), |at, _| {
            let range = at * CHUNK..((at + 1) * CHUNK).min(self.upper.len());
            Ok(sums::dot(&self.upper[range.clone()], &other.upper[range]))
        })?;
        let diagonal = match (&self.diagonal, &other.diagonal) {
            (Some(a), Some(b)) => sums::dot(a, b),
            _ => 0.0,
        };
        Ok(2.0 * parts.iter().sum::<f64>() + diagonal)
    }

    /// Sum of products where input i here meets input `pairing[i]` there.
    pub(super) fn inner_matched(&self, other: &Self, pairing: &[usize], par: Par<'_>) -> Result<f64> {
        let n = self.n;
        let parts = par.map(n, |i, _| {
            let row = self.upper_row(i);
            let partner = pairing[i];
            Ok(row.iter().zip(&pairing[i + 1..]).map(|(v, &j)| v * other.at(partner, j)).sum::<f64>())
        })?;
        let diagonal: f64 = match (&self.diagonal, &other.diagonal) {
            (Some(a), Some(b)) => a.iter().zip(pairing).map(|(v, &j)| v * b[j]).sum(),
            _ => 0.0,
        };
        Ok(2.0 * parts.iter().sum::<f64>() + diagonal)
    }

    /// `|p k - q l|^2`, where input i here meets input `pairing[i]` there.
    pub(super) fn squared_gap(
        &self,
        other: &Self,
        [p, q]: [f64; 2],
        pairing: Option<&[usize]>,
        par: Par<'_>,
    ) -> Result<f64> {
        let n = self.n;
        let to = |i: usize| pairing.map_or(i, |order| order[i]);
        let squared = |k: f64, l: f64| (p * k - q * l) * (p * k - q * l);
        let parts = par.map(n, |i, _| {
            let row = self.upper_row(i).iter().zip(i + 1..);
            Ok(row.map(|(&k, j)| squared(k, other.at(to(i), to(j)))).sum::<f64>())
        })?;
        let diagonal: f64 = (0..n).map(|i| squared(self.at(i, i), other.at(to(i), to(i)))).sum();
        Ok(2.0 * sums::sum(&parts) + diagonal)
    }

    /// All n x n entries.
    pub fn full(&self) -> Result<Matrix> {
        let n = self.n;
        let mut out = Matrix::from_vec(memory::zeros(PAIRS, n * n)?, n, n);
        for i in 0..n {
            out.row_mut(i)[i] = self.diagonal.as_ref().map_or(0.0, |d| d[i]);
            let row = self.upper_row(i);
            out.row_mut(i)[i + 1..].copy_from_slice(row);
        }
        linalg::mirror(out.data_mut(), n);
        Ok(out)
    }

    /// Sum of the diagonal, and sum of all entries.
    pub(super) fn trace_and_total(&self, par: Par<'_>) -> Result<(f64, f64)> {
        let trace = self.diagonal.as_ref().map_or(0.0, |d| sums::sum(d));
        let parts = par.map(self.upper.len().div_ceil(CHUNK), |at, _| {
            Ok(sums::sum(&self.upper[at * CHUNK..((at + 1) * CHUNK).min(self.upper.len())]))
        })?;
        Ok((trace, trace + 2.0 * parts.iter().sum::<f64>()))
    }
}
