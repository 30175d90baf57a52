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

/// What one pass over the data tells.
pub struct Survey {
    /// The power of two by which values are multiplied everywhere below.
    pub scale: f64,
    /// Column means, scaled.
    pub means: Vec<f64>,
    /// One number per row that repeats exactly when the row does.
    pub marks: Vec<f64>,
}

/// The scaled data, centered or not.
pub struct Columns {
    /// n x d, one row per input.
    pub matrix: Arc<Matrix>,
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
    /// How the data were stored.
    pub storage: Storage,
}

impl Columns {
    /// How many columns are constant.
    pub fn constant_columns(&self) -> usize {
        (0..self.matrix.cols()).filter(|&j| self.is_constant(j)).count()
    }

    /// Whether column j holds one value up to round-off.
    pub fn is_constant(&self, j: usize) -> bool {
        let n = self.matrix.rows() as f64;
        let raw = self.column_squares[j] + n * self.means[j] * self.means[j];
        self.column_squares[j].sqrt() <= n * f64::EPSILON * raw.sqrt()
    }

    /// Singular values above this are neither round-off nor came from storage, whatever the columns are.
    pub fn certain_cut(&self, largest: f64) -> f64 {
        let size = self.matrix.rows().max(self.matrix.cols()) as f64;
        (size * f64::EPSILON * largest).max(self.storage.unit_roundoff() * self.uncentered_norm)
    }
}

/// The weight of column j in the mark of a row.
fn weight(j: usize) -> f64 {
    let mixed = (j as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    1.0 + (mixed >> 12) as f64 / (1_u64 << 52) as f64
}

/// Check that every value is finite, and learn scale, means and marks.
pub fn survey(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Survey>> {
    x.shared("survey", || {
        let (view, _) = x.view()?;
        let (n, d) = view.shape();
        let weights: Vec<f64> = (0..d).map(weight).collect();
        let pass = |scale: f64| {
            par.map(n.div_ceil(PANEL), |panel, _| {
                let mut row = vec![0.0; d];
                let (mut total, mut largest) = (vec![0.0; d], 0.0_f64);
                let mut marks = Vec::with_capacity(PANEL.min(n));
                for i in panel * PANEL..((panel + 1) * PANEL).min(n) {
                    view.read_row(i, &mut row);
                    if scale != 1.0 {
                        row.iter_mut().for_each(|v| *v *= scale);
                    }
                    largest = largest.max(largest_of(&row));
                    total.iter_mut().zip(&row).for_each(|(t, v)| *t += v);
                    marks.push(sums::dot(&row, &weights));
                }
                Ok((total, largest, marks))
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
        let mut marks = Vec::with_capacity(n);
        for (total, _, part) in panels {
            means.iter_mut().zip(total).for_each(|(m, t)| *m += t);
            marks.extend(part);
        }
        means.iter_mut().for_each(|m| *m /= n as f64);
        Ok(Survey { scale, means, marks })
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
        let survey = survey(x, par)?;
        columns(x, survey.scale, vec![0.0; x.cols()], par)
    })
}

/// The scaled data with every column centered; refused if all rows are equal.
pub fn centered(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Columns>> {
    x.shared("centered", || {
        let survey = survey(x, par)?;
        let found = columns(x, survey.scale, survey.means.clone(), par)?;
        // A column of 0.1 minus its mean is not exactly 0, so where next to nothing is left the rows themselves are asked.
        if found.constant_columns() == x.cols() && !rows_differ(x)? {
            return Err(Error::NoVariance { name: x.name().to_owned() });
        }
        Ok(found)
    })
}

/// Whether any row is another than the first.
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
    let size: f64 = tally.column_squares.iter().sum();
    let off: f64 = tally.column_sums.iter().map(|s| s * s / n as f64).sum();
    let subtracted = means.iter().any(|m| *m != 0.0);
    if subtracted && off > 1e-30 * size {
        // The mean of many large values is itself rounded; what it missed is visible in what it left.
        let missed: Vec<f64> = tally.column_sums.iter().map(|s| s / n as f64).collect();
        par.fill(matrix.data_mut(), PANEL * d, |_, block| {
            block.chunks_mut(d).for_each(|row| row.iter_mut().zip(&missed).for_each(|(v, m)| *v -= m));
            Ok(())
        })?;
        means.iter_mut().zip(&missed).for_each(|(m, e)| *m += e);
        tally = self::tally(&matrix, par)?;
    }
    let squared_norm: f64 = tally.column_squares.iter().sum();
    let uncentered = squared_norm + n as f64 * sums::squares(&means);
    Ok(Columns {
        matrix: Arc::new(matrix),
        scale,
        means,
        column_squares: tally.column_squares,
        row_squares: tally.row_squares,
        squared_norm,
        uncentered_norm: uncentered.sqrt(),
        storage,
    })
}

struct Tally {
    column_sums: Vec<f64>,
    column_squares: Vec<f64>,
    row_squares: Vec<f64>,
}

fn tally(matrix: &Matrix, par: Par<'_>) -> Result<Tally> {
    let (n, d) = (matrix.rows(), matrix.cols());
    let panels = par.map(n.div_ceil(PANEL), |panel, _| {
        let mut part = Tally { column_sums: vec![0.0; d], column_squares: vec![0.0; d], row_squares: Vec::new() };
        for i in panel * PANEL..((panel + 1) * PANEL).min(n) {
            let row = matrix.row(i);
            for ((v, sum), square) in row.iter().zip(&mut part.column_sums).zip(&mut part.column_squares) {
                *sum += v;
                *square += v * v;
            }
            part.row_squares.push(sums::squares(row));
        }
        Ok(part)
    })?;
    let mut all = Tally { column_sums: vec![0.0; d], column_squares: vec![0.0; d], row_squares: Vec::with_capacity(n) };
    for part in panels {
        all.column_sums.iter_mut().zip(part.column_sums).for_each(|(a, b)| *a += b);
        all.column_squares.iter_mut().zip(part.column_squares).for_each(|(a, b)| *a += b);
        all.row_squares.extend(part.row_squares);
    }
    Ok(all)
}
