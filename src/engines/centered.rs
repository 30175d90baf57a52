//! Column means, and what is left when they are subtracted.
//!
//! Everything is scaled by a power of two so that the largest entry lies between 1/2 and 1: squares and fourth powers
//! then neither overflow nor vanish, and scores that ignore scale ignore it bit for bit. Sums run over fixed panels of
//! rows which are added in order.

use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};

use crate::error::{Error, Result};
use crate::linalg::{Matrix, unit_scale};
use crate::numerics::sums;
use crate::par::Par;
use crate::representation::{Representation, Storage};

const PANEL: usize = 512;
const CENTERED: &str = "centered";

/// Results of one pass over the data.
pub struct Scan {
    /// The power of two by which values are multiplied everywhere below.
    pub scale: f64,
    /// Column means, scaled.
    pub means: Vec<f64>,
    /// One number per row that repeats exactly when the row does.
    pub checksums: Vec<f64>,
    /// A hash of every row, with the same property.
    pub hashes: Vec<u64>,
}

/// The scaled data, centered or not.
pub struct Columns {
    /// n x d, one row per input.
    pub matrix: Arc<Matrix>,
    /// Sizes of its rows and columns.
    pub sizes: Arc<Sizes>,
    /// Type that the data were stored in.
    pub storage: Storage,
}

impl std::ops::Deref for Columns {
    type Target = Sizes;

    fn deref(&self) -> &Sizes {
        &self.sizes
    }
}

impl Columns {
    /// Number of constant columns.
    pub fn constant_columns(&self) -> usize {
        (0..self.matrix.cols()).filter(|&j| self.is_constant(j)).count()
    }

    /// Singular values above this are neither round-off nor came from storage, whatever the columns are.
    pub fn certain_cut(&self, largest: f64) -> f64 {
        let size = self.matrix.rows().max(self.matrix.cols()) as f64;
        (size * f64::EPSILON * largest).max(self.storage.unit_roundoff() * self.uncentered_norm)
    }
}

/// The odd factor of column j in the hash of a row.
fn factor(j: usize) -> u64 {
    let mut word = (j as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (word ^ (word >> 31)) | 1
}

/// The sum of the entries' bits, each times the factor of its column: equal rows have equal hashes, other rows other ones
/// but for one pair in 2^60 or so.
struct Hash<'a>(&'a [f64], &'a [u64]);

impl WithSimd for Hash<'_> {
    type Output = u64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> u64 {
        self.0.iter().zip(self.1).fold(0, |sum, (value, factor)| {
            // Both zeros are equal; the lower half of a number that was stored in single precision is empty.
            let bits = (value + 0.0).to_bits();
            sum.wrapping_add((bits ^ (bits >> 32)).wrapping_mul(*factor))
        })
    }
}

/// Check that every value is finite, and learn scale, means and hashes.
pub fn scan(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Scan>> {
    x.shared("scan", || {
        let (view, _) = x.view()?;
        let (n, d) = view.shape();
        let factors: Vec<u64> = (0..d).map(factor).collect();
        let pass = |scale: f64| {
            par.map(n.div_ceil(PANEL), |panel, _| {
                let mut row = vec![0.0; d];
                let (mut total, mut largest) = (vec![0.0; d], 0.0_f64);
                let mut hashes = Vec::with_capacity(PANEL.min(n));
                for i in panel * PANEL..((panel + 1) * PANEL).min(n) {
                    view.read_row(i, &mut row);
                    hashes.push(Arch::new().dispatch(Hash(&row, &factors)));
                    if scale != 1.0 {
                        row.iter_mut().for_each(|v| *v *= scale);
                    }
                    largest = largest.max(largest_of(&row));
                    total.iter_mut().zip(&row).for_each(|(t, v)| *t += v);
                }
                Ok((total, largest, hashes))
            })
        };
        let mut panels = pass(1.0)?;
        let largest = panels.iter().map(|(_, largest, _)| *largest).fold(0.0, f64::max);
        if !largest.is_finite() {
            return Err(nonfinite(x)?);
        }
        let mut scale = unit_scale(largest);
        if !(1e-100..1e100).contains(&largest) && largest > 0.0 {
            panels = pass(scale)?;
        } else {
            panels.iter_mut().for_each(|(total, _, _)| total.iter_mut().for_each(|t| *t *= scale));
        }
        if largest == 0.0 {
            scale = 1.0;
        }
        let mut means = vec![0.0; d];
        let mut hashes: Vec<u64> = Vec::with_capacity(n);
        for (total, _, part) in panels {
            means.iter_mut().zip(total).for_each(|(m, t)| *m += t);
            hashes.extend(part);
        }
        means.iter_mut().for_each(|m| *m /= n as f64);
        // What fits into the digits of a number.
        let checksums = hashes.iter().map(|hash| (hash >> 11) as f64).collect();
        Ok(Scan { scale, means, checksums, hashes })
    })
}

/// The largest absolute value; infinite if any value is not finite.
struct Largest<'a>(&'a [f64]);

impl WithSimd for Largest<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let (mut largest, mut poison) = ([0.0_f64; 8], [0.0_f64; 8]);
        let (head, rest) = self.0.as_chunks::<8>();
        for chunk in head {
            for l in 0..8 {
                let size = chunk[l].abs();
                largest[l] = if size > largest[l] { size } else { largest[l] };
                poison[l] += chunk[l] * 0.0;
            }
        }
        for (l, v) in rest.iter().enumerate() {
            largest[l] = largest[l].max(v.abs());
            poison[l] += v * 0.0;
        }
        if poison.iter().sum::<f64>() == 0.0 { largest.iter().copied().fold(0.0, f64::max) } else { f64::INFINITY }
    }
}

fn largest_of(row: &[f64]) -> f64 {
    Arch::new().dispatch(Largest(row))
}

fn nonfinite(x: &Representation<'_>) -> Result<Error> {
    let (view, _) = x.view()?;
    let (n, d) = view.shape();
    let mut row = vec![0.0; d];
    let (mut first, mut count) = (None, 0);
    for i in 0..n {
        view.read_row(i, &mut row);
        for (j, value) in row.iter().enumerate() {
            if !value.is_finite() {
                first = first.or(Some((i, j)));
                count += 1;
            }
        }
    }
    let (row, column) = first.unwrap_or((0, 0));
    Ok(Error::NonfiniteInput { name: x.name().to_owned(), count, row, column })
}

/// The scaled data as they are.
pub fn raw(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Columns>> {
    x.shared("raw", || {
        let scan = scan(x, par)?;
        columns(x, scan.scale, vec![0.0; x.cols()], par)
    })
}

/// The scaled data with every column centered; refused if all rows are equal.
pub fn centered(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Columns>> {
    x.shared(CENTERED, || {
        let scan = scan(x, par)?;
        let found = columns(x, scan.scale, scan.means.clone(), par)?;
        // A column of 0.1 minus its mean is not exactly 0, so where next to nothing is left the rows themselves are asked.
        if found.constant_columns() == x.cols() && !rows_differ(x)? {
            return Err(Error::NoVariance { name: x.name().to_owned() });
        }
        Ok(found)
    })
}

/// Presence of a row unlike the first.
fn rows_differ(x: &Representation<'_>) -> Result<bool> {
    let (view, _) = x.view()?;
    let (n, d) = view.shape();
    let (mut first, mut row) = (vec![0.0; d], vec![0.0; d]);
    view.read_row(0, &mut first);
    Ok((1..n).any(|i| {
        view.read_row(i, &mut row);
        row != first
    }))
}

/// Centered or raw, as asked.
pub fn centered_if(center: bool, x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Columns>> {
    if center { centered(x, par) } else { raw(x, par) }
}

fn columns(x: &Representation<'_>, scale: f64, means: Vec<f64>, par: Par<'_>) -> Result<Columns> {
    let (view, storage) = x.view()?;
    let (n, d) = view.shape();
    let mut matrix = Matrix::zeros(n, d);
    par.fill(matrix.data_mut(), PANEL * d, |panel, block| {
        for (i, row) in block.chunks_mut(d).enumerate() {
            view.read_row(panel * PANEL + i, row);
            row.iter_mut().zip(&means).for_each(|(v, m)| *v = *v * scale - m);
        }
        Ok(())
    })?;
    let mut means = means;
    let mut tally = tally(&matrix, par)?;
    if let Some(missed) = missed(&tally, &means, n) {
        par.fill(matrix.data_mut(), PANEL * d, |_, block| {
            block.chunks_mut(d).for_each(|row| row.iter_mut().zip(&missed).for_each(|(v, m)| *v -= m));
            Ok(())
        })?;
        means.iter_mut().zip(&missed).for_each(|(m, e)| *m += e);
        tally = self::tally(&matrix, par)?;
    }
    Ok(Columns { matrix: Arc::new(matrix), sizes: Arc::new(Sizes::of(scale, means, tally)), storage })
}

/// Sizes of scaled data, without the data themselves.
pub struct Sizes {
    /// The power of two by which the data were multiplied.
    pub scale: f64,
    /// Scaled column means; zeros if nothing was subtracted.
    pub means: Vec<f64>,
    /// Sum of squares per column.
    pub column_squares: Vec<f64>,
    /// Sum of squares per row.
    pub row_squares: Vec<f64>,
    /// Sum of squares of all entries.
    pub squared_norm: f64,
    /// Norm of the scaled data before anything was subtracted.
    pub uncentered_norm: f64,
}

impl Sizes {
    fn of(scale: f64, means: Vec<f64>, tally: Tally) -> Self {
        let squared_norm: f64 = tally.column_squares.iter().sum();
        let uncentered = squared_norm + tally.row_squares.len() as f64 * sums::squares(&means);
        let Tally { column_squares, row_squares, .. } = tally;
        Self { scale, means, column_squares, row_squares, squared_norm, uncentered_norm: uncentered.sqrt() }
    }

    /// Constancy of column j, up to round-off.
    pub fn is_constant(&self, j: usize) -> bool {
        let n = self.row_squares.len() as f64;
        let raw = self.column_squares[j] + n * self.means[j] * self.means[j];
        self.column_squares[j].sqrt() <= n * f64::EPSILON * raw.sqrt()
    }
}

/// The sizes of the centered data: read from them if somebody has made them, else by a pass over the data that keeps no
/// copy, to the same bits.
pub fn sizes(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Sizes>> {
    let scan = scan(x, par)?;
    if let Some(made) = x.find::<Columns>(CENTERED) {
        return Ok(made.sizes.clone());
    }
    let (view, _) = x.view()?;
    let (n, scale) = (x.rows(), scan.scale);
    let mut means = scan.means.clone();
    let shifted = |means: &[f64], i: usize, row: &mut [f64]| {
        view.read_row(i, row);
        row.iter_mut().zip(means).for_each(|(v, m)| *v = *v * scale - m);
    };
    let mut tally = tally_of(n, x.cols(), |i, row| shifted(&means, i, row), par)?;
    if let Some(missed) = missed(&tally, &means, n) {
        let twice = |i: usize, row: &mut [f64]| {
            shifted(&means, i, row);
            row.iter_mut().zip(&missed).for_each(|(v, m)| *v -= m);
        };
        tally = tally_of(n, x.cols(), twice, par)?;
        means.iter_mut().zip(&missed).for_each(|(m, e)| *m += e);
    }
    Ok(Arc::new(Sizes::of(scale, means, tally)))
}

/// Error of the means, where it is seen: the mean of many large values is itself rounded.
fn missed(tally: &Tally, means: &[f64], n: usize) -> Option<Vec<f64>> {
    let size: f64 = tally.column_squares.iter().sum();
    let off: f64 = tally.column_sums.iter().map(|s| s * s / n as f64).sum();
    let subtracted = means.iter().any(|m| *m != 0.0);
    (subtracted && off > 1e-30 * size).then(|| tally.column_sums.iter().map(|s| s / n as f64).collect())
}

struct Tally {
    column_sums: Vec<f64>,
    column_squares: Vec<f64>,
    row_squares: Vec<f64>,
}

fn tally(matrix: &Matrix, par: Par<'_>) -> Result<Tally> {
    let panels = par.map(matrix.rows().div_ceil(PANEL), |panel, _| {
        let mut part = Tally::new(matrix.cols());
        let rows = panel * PANEL..((panel + 1) * PANEL).min(matrix.rows());
        rows.for_each(|i| part.add(matrix.row(i)));
        Ok(part)
    })?;
    Ok(Tally::in_order(panels, matrix.cols()))
}

/// The same for rows that `read` writes down.
fn tally_of(n: usize, d: usize, read: impl Fn(usize, &mut [f64]) + Sync, par: Par<'_>) -> Result<Tally> {
    let panels = par.map(n.div_ceil(PANEL), |panel, _| {
        let (mut part, mut row) = (Tally::new(d), vec![0.0; d]);
        for i in panel * PANEL..((panel + 1) * PANEL).min(n) {
            read(i, &mut row);
            part.add(&row);
        }
        Ok(part)
    })?;
    Ok(Tally::in_order(panels, d))
}

impl Tally {
    fn new(d: usize) -> Self {
        Self { column_sums: vec![0.0; d], column_squares: vec![0.0; d], row_squares: Vec::new() }
    }

    fn add(&mut self, row: &[f64]) {
        for ((v, sum), square) in row.iter().zip(&mut self.column_sums).zip(&mut self.column_squares) {
            *sum += v;
            *square += v * v;
        }
        self.row_squares.push(sums::squares(row));
    }

    fn in_order(panels: Vec<Self>, d: usize) -> Self {
        let mut all = Self::new(d);
        for part in panels {
            all.column_sums.iter_mut().zip(part.column_sums).for_each(|(a, b)| *a += b);
            all.column_squares.iter_mut().zip(part.column_squares).for_each(|(a, b)| *a += b);
            all.row_squares.extend(part.row_squares);
        }
        all
    }
}
