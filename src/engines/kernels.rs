//! Matrices over pairs of inputs that need every pair: distances and kernels.
//!
//! All pairs come from products of rows, tile by tile. A squared distance taken as `|x|^2 + |y|^2 - 2 x.y` loses digits
//! where two inputs lie close together, so those are computed again from the differences: the distance of equal rows is
//! exactly zero, and that of close ones as accurate as any other.

use std::ops::Range;
use std::sync::Arc;

use super::centered::{centered_if, raw};
use super::dense::Dense;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, rows_product, unit_scale};
use crate::memory;
use crate::numerics::sums;
use crate::par::Par;
use crate::representation::Representation;

/// Key of the distances that measures share.
const DISTANCES: &str = "distances";
/// Below this share of `|x|^2 + |y|^2` a squared distance has lost four digits and is computed again.
const RECOMPUTED_BELOW: f64 = 1e-4;

/// Entries that one unit of work looks at.
const CHUNK: usize = 1 << 16;
/// Operand of a tile of pairs.
const TILE: usize = 256;

/// Rows whose distances are asked for, in a unit in which squares neither overflow nor vanish.
pub struct Points {
    rows: Arc<Matrix>,
    squares: Vec<f64>,
    scale: f64,
}

impl Points {
    /// The rows of a representation, scaled and centered, which moves no distance and keeps digits; equal rows are fine.
    pub fn of(x: &Representation<'_>, par: Par<'_>) -> Result<Self> {
        let columns = match centered_if(true, x, par) {
            Err(Error::NoVariance { .. }) => raw(x, par)?,
            other => other?,
        };
        Ok(Self { rows: columns.matrix.clone(), squares: columns.row_squares.clone(), scale: columns.scale })
    }

    /// Any rows, `scale` times as large as the data.
    pub fn new(rows: Matrix, scale: f64) -> Self {
        let squares = (0..rows.rows()).map(|i| sums::squares(rows.row(i))).collect();
        Self { rows: Arc::new(rows), squares, scale }
    }

    /// The rows, scaled.
    pub fn rows(&self) -> &Matrix {
        &self.rows
    }

    /// Squared distances of the pairs i < j of a tile, each where its row and column are; other entries are not set.
    pub fn squares_of(&self, rows: Range<usize>, cols: Range<usize>, tile: &mut [f64]) {
        rows_product(&self.rows, rows.clone(), &self.rows, cols.clone(), tile);
        let width = cols.len();
        for (i, products) in rows.zip(tile.chunks_mut(width)) {
            let first = (i + 1).max(cols.start);
            if first < cols.end {
                self.square(i, first, &mut products[first - cols.start..]);
            }
        }
    }

    /// A squared distance in the unit of the data.
    pub fn square_in_data(&self, square: f64) -> f64 {
        square / self.scale / self.scale
    }

    /// Squared distances in the unit of these points.
    pub fn squared_distances(&self, par: Par<'_>) -> Result<Dense> {
        Dense::of_row_pieces(&self.rows, |i, first, products| self.square(i, first, products), par)
    }

    /// `work(squared distances of the pairs in a tile)` for tiles that hold every pair once, in a fixed order.
    pub fn map_tiles<T: Send>(&self, par: Par<'_>, work: impl Fn(&[f64]) -> T + Sync) -> Result<Vec<T>> {
        let n = self.rows.rows();
        let starts = || (0..n).step_by(TILE);
        let tiles: Vec<(usize, usize)> = starts().flat_map(|i| starts().skip(i / TILE).map(move |j| (i, j))).collect();
        par.map(tiles.len(), |at, _| {
            let (i0, j0) = tiles[at];
            let (i1, j1) = ((i0 + TILE).min(n), (j0 + TILE).min(n));
            let mut tile = vec![0.0; TILE * TILE];
            self.squares_of(i0..i1, j0..j1, &mut tile);
            let cols = j1 - j0;
            let mut filled = 0;
            for i in i0..i1 {
                let first = (i + 1).max(j0);
                if first >= j1 {
                    continue;
                }
                let begin = (i - i0) * cols + first - j0;
                let end = (i - i0 + 1) * cols;
                tile.copy_within(begin..end, filled);
                filled += end - begin;
            }
            Ok(work(&tile[..filled]))
        })
    }

    /// Turn products of row i with rows `first..` into squared distances.
    fn square(&self, i: usize, first: usize, products: &mut [f64]) {
        let (own, others) = (self.squares[i], &self.squares[first..]);
        let lost = pulp::Arch::new().dispatch(Square { own, others, products });
        if !lost {
            return;
        }
        let row = self.rows.row(i);
        for (j, value) in (first..).zip(products) {
            if *value <= RECOMPUTED_BELOW * (own + self.squares[j]) {
                let difference = |(p, q): (&f64, &f64)| (p - q) * (p - q);
                *value = row.iter().zip(self.rows.row(j)).map(difference).sum();
            }
        }
    }
}

/// From products of a row with others to squared distances; tells whether any has lost its digits.
struct Square<'a> {
    own: f64,
    others: &'a [f64],
    products: &'a mut [f64],
}

impl pulp::WithSimd for Square<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> bool {
        let mut lost = false;
        for (value, other) in self.products.iter_mut().zip(self.others) {
            let lengths = self.own + other;
            *value = lengths - 2.0 * *value;
            lost |= *value <= RECOMPUTED_BELOW * lengths;
        }
        lost
    }
}

/// Euclidean distances, in the units of the data.
pub fn distances(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Dense>> {
    x.shared(DISTANCES, || {
        let points = Points::of(x, par)?;
        let mut found = points.squared_distances(par)?;
        let unit = 1.0 / points.scale;
        each(&mut found, par, |v| v.sqrt() * unit)?;
        Ok(found)
    })
}

/// Squared distances up to a common factor; from the distances where somebody has made them already.
pub fn relative_squared_distances(x: &Representation<'_>, par: Par<'_>) -> Result<Dense> {
    let Some(made) = x.find::<Dense>(DISTANCES) else { return Points::of(x, par)?.squared_distances(par) };
    let mut found = made.copy()?;
    let scale = unit_scale(largest(found.upper(), par)?);
    each(&mut found, par, |v| (v * scale) * (v * scale))?;
    Ok(found)
}

/// Squared Mahalanobis distances `(x_i - x_j)' precision (x_i - x_j)` up to a common factor, for a symmetric precision;
/// None if it is not positive semidefinite.
pub fn relative_squared_mahalanobis(x: &Representation<'_>, precision: &Matrix, par: Par<'_>) -> Result<Option<Dense>> {
    let points = Points::of(x, par)?;
    let found =
        crate::linalg::eigh(&precision.clone().scale_rows(&vec![unit_scale(precision.largest()); precision.rows()]))?;
    let largest = found.w.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
    if found.w.iter().any(|w| *w < -1e-10 * largest) || largest == 0.0 {
        return Ok(None);
    }
    // The root would make a lot of what is nothing but round-off.
    let cut = precision.rows() as f64 * f64::EPSILON * largest;
    let roots: Vec<f64> = found.w.iter().map(|w| if *w > cut { w.sqrt() } else { 0.0 }).collect();
    let mapped = crate::linalg::product_nn(&points.rows, &found.v.scale_columns(&roots), par)?;
    Points::new(mapped, points.scale).squared_distances(par).map(Some)
}

/// Rows at unit length; zero rows stay zero and are counted.
pub fn unit_rows(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<(Matrix, usize)>> {
    x.shared("unit rows", || {
        let columns = raw(x, par)?;
        let mut zero = 0;
        let factors: Vec<f64> = columns
            .row_squares
            .iter()
            .enumerate()
            .map(|(i, square)| {
                if *square > 1e-280 {
                    return 1.0 / square.sqrt();
                }
                // Squares of a row far below the largest may vanish although the row is not zero.
                let largest = columns.matrix.row(i).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
                if largest == 0.0 {
                    zero += 1;
                    return 0.0;
                }
                let length: f64 = columns.matrix.row(i).iter().map(|v| (v / largest).powi(2)).sum::<f64>().sqrt();
                1.0 / largest / length
            })
            .collect();
        Ok(((*columns.matrix).clone().scale_rows(&factors), zero))
    })
}

/// Rows at unit length with the mean of every column subtracted. Their products are the centered cosines of the rows, and
/// keep the digits that are lost where all cosines are nearly 1.
pub fn centered_unit_rows(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Matrix>> {
    x.shared("centered unit rows", || {
        let mut rows = unit_rows(x, par)?.0.clone();
        let n = rows.rows() as f64;
        // The mean is rounded as well, and what it missed is visible in what it left.
        for _ in 0..2 {
            let mut means = vec![0.0; rows.cols()];
            (0..rows.rows()).for_each(|i| means.iter_mut().zip(rows.row(i)).for_each(|(m, v)| *m += v / n));
            (0..rows.rows()).for_each(|i| rows.row_mut(i).iter_mut().zip(&means).for_each(|(v, m)| *v -= m));
        }
        if rows.squared_norm().sqrt() <= 16.0 * f64::EPSILON * n.sqrt() {
            return Err(Error::NoStructure { name: x.name().to_owned() });
        }
        Ok(rows)
    })
}

/// Rows with their own mean subtracted and at unit length, and which rows are constant.
pub fn standardized_rows(x: &Representation<'_>, par: Par<'_>) -> Result<(Matrix, Vec<usize>)> {
    let columns = raw(x, par)?;
    let mut a = (*columns.matrix).clone();
    let d = a.cols();
    let mut constant = Vec::new();
    for i in 0..a.rows() {
        let row = a.row_mut(i);
        let mean = sums::sum(row) / d as f64;
        row.iter_mut().for_each(|v| *v -= mean);
        let rest = sums::sum(row) / d as f64;
        row.iter_mut().for_each(|v| *v -= rest);
        let length = sums::squares(row).sqrt();
        if length <= d as f64 * f64::EPSILON * (mean.abs() * (d as f64).sqrt()) || length == 0.0 {
            constant.push(i);
            row.fill(0.0);
        } else {
            row.iter_mut().for_each(|v| *v /= length);
        }
    }
    Ok((a, constant))
}

/// Products of rows in the units of the data times `unit` (1 for the data as they are), with the diagonal.
pub fn products(x: &Representation<'_>, par: Par<'_>) -> Result<(Dense, f64)> {
    let columns = raw(x, par)?;
    Ok((Dense::of_rows(&columns.matrix, true, |_, _, v| v, par)?, columns.scale))
}

/// `(gamma x_i.x_j + coef0)^degree`, up to a factor and to terms of single rows, which centering takes away.
pub fn polynomial(x: &Representation<'_>, gamma: f64, coef0: f64, degree: usize, par: Par<'_>) -> Result<Dense> {
    if let Some(found) = polynomial_about_the_mean(x, gamma, coef0, degree as f64, par)? {
        return Ok(found);
    }
    let columns = raw(x, par)?;
    let unit = gamma / columns.scale / columns.scale;
    let degree = i32::try_from(degree).unwrap_or(i32::MAX);
    Dense::of_rows(&columns.matrix, true, |_, _, v| unit.mul_add(v, coef0).powi(degree), par)
}

/// The same where the mean m of the rows is so large that all entries are nearly equal, and their differences would be
/// round-off; None elsewhere.
///
/// With rows `m + a_i`, the entries are powers of `b (1 + s_i + s_j + g_ij)`, where `b = gamma m.m + coef0`,
/// `b s_i = gamma m.a_i` and `b g_ij = gamma a_i.a_j`. Powers of `(1 + s_i)(1 + s_j) = 1 + s_i + s_j + s_i s_j` make a matrix
/// of rank one, `(1 + e_i)(1 + e_j)`, of which centering leaves `e_i e_j`; what is left, `g_ij - s_i s_j`, is small.
fn polynomial_about_the_mean(
    x: &Representation<'_>,
    gamma: f64,
    coef0: f64,
    degree: f64,
    par: Par<'_>,
) -> Result<Option<Dense>> {
    /// Entries that differ by a larger share have lost no digit worth the care.
    const NEARLY: f64 = 0.05;
    /// Exponents of powers that stay in range.
    const IN_RANGE: f64 = 500.0;
    let columns = match centered_if(true, x, par) {
        Err(Error::NoVariance { .. }) => return Ok(None),
        other => other?,
    };
    let unit = gamma / columns.scale / columns.scale;
    let base = unit.mul_add(sums::squares(&columns.means), coef0);
    let along: Vec<f64> =
        (0..x.rows()).map(|i| unit * sums::dot(columns.matrix.row(i), &columns.means) / base).collect();
    let own = columns.row_squares.iter().fold(0.0_f64, |m, v| m.max(unit * v / base));
    let most = along.iter().fold(own, |m, v| m.max(v.abs()));
    if !(base > 0.0 && most < NEARLY && degree * most < IN_RANGE) {
        return Ok(None);
    }
    let power = |v: f64| (degree * v.ln_1p()).exp_m1();
    let powers: Vec<f64> = along.iter().map(|s| power(*s)).collect();
    let entry = |i: usize, j: usize, product: f64| {
        let (s, t, e, f) = (along[i], along[j], powers[i], powers[j]);
        let rest = unit * product / base - s * t;
        e * f + (1.0 + e) * (1.0 + f) * power(rest / ((1.0 + s) * (1.0 + t)))
    };
    Dense::of_rows(&columns.matrix, true, entry, par).map(Some)
}

/// `exp(-d^2 / (2 sigma^2))` with the given width, or `bandwidth` times the median distance.
pub fn gaussian(x: &Representation<'_>, bandwidth: f64, sigma: Option<f64>, par: Par<'_>) -> Result<Dense> {
    decaying(x, bandwidth, sigma, |t| -0.5 * t * t, par)
}

/// `exp(-d / sigma)` with the given width, or `bandwidth` times the median distance.
pub fn laplacian(x: &Representation<'_>, bandwidth: f64, sigma: Option<f64>, par: Par<'_>) -> Result<Dense> {
    decaying(x, bandwidth, sigma, |t| -t, par)
}

fn decaying(
    x: &Representation<'_>,
    bandwidth: f64,
    sigma: Option<f64>,
    exponent: fn(f64) -> f64,
    par: Par<'_>,
) -> Result<Dense> {
    let d = distances(x, par)?;
    let width = match sigma {
        Some(sigma) => sigma,
        None => bandwidth * median(d.upper())?,
    };
    if width <= 0.0 {
        // More than half of all pairs coincide: a width of zero compares nothing.
        return Err(Error::Undefined {
            measure: "the kernel".into(),
            reason: format!("the median distance of {} is zero; give sigma=", x.name()),
        });
    }
    let mut found = d.copy()?;
    each(&mut found, par, |v| exponent(v / width).exp())?;
    Ok(found.with_diagonal(vec![1.0; x.rows()]))
}

/// The middle value, or the mean of the two middle ones.
pub fn median(values: &[f64]) -> Result<f64> {
    let mut copy = memory::room("A copy of the distances", values.len())?;
    copy.extend_from_slice(values);
    let middle = copy.len() / 2;
    if copy.is_empty() {
        return Ok(0.0);
    }
    let (below, &mut upper, _) = copy.select_nth_unstable_by(middle, f64::total_cmp);
    if values.len() % 2 == 1 {
        return Ok(upper);
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Ok(lower + (upper - lower) / 2.0)
}

/// The largest absolute value.
pub fn largest(values: &[f64], par: Par<'_>) -> Result<f64> {
    let parts = par.map(values.len().div_ceil(CHUNK), |at, _| {
        let piece = &values[at * CHUNK..((at + 1) * CHUNK).min(values.len())];
        Ok(piece.iter().fold(0.0_f64, |m, v| m.max(v.abs())))
    })?;
    Ok(parts.into_iter().fold(0.0, f64::max))
}

/// Change every entry above the diagonal on its own.
pub fn each(dense: &mut Dense, par: Par<'_>, change: impl Fn(f64) -> f64 + Sync) -> Result<()> {
    par.fill(dense.upper_mut(), CHUNK, |_, piece| {
        piece.iter_mut().for_each(|v| *v = change(*v));
        Ok(())
    })
}

/// A matrix over pairs that the user computed: checked to be square, finite and symmetric.
pub fn precomputed(x: &Representation<'_>, zero_diagonal: bool, par: Par<'_>) -> Result<Dense> {
    let (n, d) = (x.rows(), x.cols());
    let wrong = |problem: String| Error::NotSymmetric { name: x.name().to_owned(), problem };
    if n != d {
        return Err(wrong(format!("its shape is ({n}, {d})")));
    }
    if n < 2 {
        return Err(wrong("it needs at least two rows".into()));
    }
    let columns = raw(x, par)?;
    let (m, unit) = (&*columns.matrix, 1.0 / columns.scale);
    let tolerance = (8.0 * columns.storage.unit_roundoff()).max(1e-12);
    let mut upper = memory::room("A matrix over pairs of rows", n * (n - 1) / 2)?;
    for i in 0..n {
        for j in i + 1..n {
            let (a, b) = (m.at(i, j), m.at(j, i));
            if (a - b).abs() > tolerance * a.abs().max(b.abs()).max(1e-3) {
                return Err(wrong(format!("entry ({i}, {j}) is {}, entry ({j}, {i}) is {}", a * unit, b * unit)));
            }
            upper.push(0.5 * (a + b) * unit);
        }
        if zero_diagonal && m.at(i, i).abs() > tolerance {
            return Err(wrong(format!("the distance of row {i} to itself is {}", m.at(i, i) * unit)));
        }
    }
    let diagonal = if zero_diagonal { None } else { Some((0..n).map(|i| m.at(i, i) * unit).collect()) };
    Ok(Dense::new(n, upper, diagonal))
}
