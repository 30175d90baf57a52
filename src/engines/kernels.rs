//! Matrices over pairs of inputs that need every pair: distances and kernels.
//!
//! All pairs come from products of rows, tile by tile. A squared distance taken as `|x|^2 + |y|^2 - 2 x.y` loses digits
//! where two inputs lie close together, so those are computed again from the differences: the distance of equal rows is
//! exactly zero, and that of close ones as accurate as any other.

use std::sync::Arc;

use super::centered::{Columns, centered_if, raw};
use super::pair_matrix::Dense;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::numerics::sums;
use crate::par::Par;
use crate::representation::Representation;

/// Below this share of `|x|^2 + |y|^2` a squared distance has lost four digits and is computed again.
const LOST: f64 = 1e-4;

/// Squared distances of rows (of any matrix), unscaled by nothing but the caller's unit.
fn squared(a: &Matrix, squares: &[f64]) -> impl Fn(usize, usize, f64) -> f64 + Sync {
    move |i, j, product| {
        let lengths = squares[i] + squares[j];
        let value = lengths - 2.0 * product;
        if value > LOST * lengths {
            return value;
        }
        let difference = |(p, q): (&f64, &f64)| (p - q) * (p - q);
        a.row(i).iter().zip(a.row(j)).map(difference).sum()
    }
}

/// Squared Euclidean distances in units of the scaled data.
fn scaled_squared_distances(columns: &Columns, par: Par<'_>) -> Result<Dense> {
    let a = &*columns.matrix;
    Dense::of_rows(a, false, squared(a, &columns.row_squares), par)
}

/// Columns for distances: centered, which takes nothing away and keeps digits; equal rows are allowed here.
fn for_distances(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Columns>> {
    match centered_if(true, x, par) {
        Err(Error::NoVariance { .. }) => raw(x, par),
        other => other,
    }
}

/// Euclidean distances, in the units of the data.
pub fn distances(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Dense>> {
    x.shared("distances", || {
        let columns = for_distances(x, par)?;
        let mut found = scaled_squared_distances(&columns, par)?;
        let unit = 1.0 / columns.scale;
        each(&mut found, par, |v| v.sqrt() * unit)?;
        Ok(found)
    })
}

/// Squared Euclidean distances, in the units of the data.
pub fn squared_distances(x: &Representation<'_>, par: Par<'_>) -> Result<Dense> {
    let columns = for_distances(x, par)?;
    let mut found = scaled_squared_distances(&columns, par)?;
    let unit = 1.0 / columns.scale;
    each(&mut found, par, |v| v * unit * unit)?;
    Ok(found)
}

/// Mahalanobis distances `sqrt((x_i - x_j)' precision (x_i - x_j))` for a positive semidefinite precision.
pub fn mahalanobis(x: &Representation<'_>, precision: &Matrix, par: Par<'_>) -> Result<Dense> {
    let columns = for_distances(x, par)?;
    let factor = crate::linalg::eigh(precision)?;
    let roots: Vec<f64> = factor.w.iter().map(|w| w.max(0.0).sqrt()).collect();
    let largest = factor.w.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
    if factor.w.iter().any(|w| *w < -1e-10 * largest) || largest == 0.0 {
        return Err(Error::BadOption {
            measure: "rsa".into(),
            option: "precision".into(),
            given: format!("<{} x {}>", precision.rows(), precision.cols()),
            problem: "must be positive semidefinite and not zero.".into(),
        });
    }
    let mapped = crate::linalg::product_nn(&columns.matrix, &factor.v.scale_columns(&roots), par)?;
    let squares: Vec<f64> = (0..mapped.rows()).map(|i| sums::squares(mapped.row(i))).collect();
    let mut found = Dense::of_rows(&mapped, false, squared(&mapped, &squares), par)?;
    let unit = 1.0 / columns.scale;
    each(&mut found, par, |v| v.sqrt() * unit)?;
    Ok(found)
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

/// Cosine similarities of rows, with the diagonal.
pub fn cosines(x: &Representation<'_>, par: Par<'_>) -> Result<Dense> {
    let unit = unit_rows(x, par)?;
    Dense::of_rows(&unit.0, true, |_, _, v| v, par)
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

/// Pearson correlations between rows, with the diagonal, and which rows are constant.
pub fn row_correlations(x: &Representation<'_>, par: Par<'_>) -> Result<(Dense, Vec<usize>)> {
    let (a, constant) = standardized_rows(x, par)?;
    Ok((Dense::of_rows(&a, true, |_, _, v| v, par)?, constant))
}

/// Products of rows in the units of the data times `unit` (1 for the data as they are), with the diagonal.
pub fn products(x: &Representation<'_>, par: Par<'_>) -> Result<(Dense, f64)> {
    let columns = raw(x, par)?;
    Ok((Dense::of_rows(&columns.matrix, true, |_, _, v| v, par)?, columns.scale))
}

/// `(gamma x_i.x_j + coef0)^degree`.
pub fn polynomial(x: &Representation<'_>, gamma: f64, coef0: f64, degree: usize, par: Par<'_>) -> Result<Dense> {
    let columns = raw(x, par)?;
    let unit = gamma / columns.scale / columns.scale;
    let degree = i32::try_from(degree).unwrap_or(i32::MAX);
    Dense::of_rows(&columns.matrix, true, |_, _, v| unit.mul_add(v, coef0).powi(degree), par)
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
        None => bandwidth * median(d.upper()),
    };
    if width <= 0.0 {
        // More than half of all pairs coincide: a width of zero compares nothing.
        return Err(Error::Undefined {
            measure: "the kernel".into(),
            reason: format!("the median distance of {} is zero; give sigma=", x.name()),
        });
    }
    let mut found = (*d).clone();
    each(&mut found, par, |v| exponent(v / width).exp())?;
    Ok(found.with_diagonal(vec![1.0; x.rows()]))
}

/// The middle value, or the mean of the two middle ones.
pub fn median(values: &[f64]) -> f64 {
    let mut copy = values.to_vec();
    let middle = copy.len() / 2;
    if copy.is_empty() {
        return 0.0;
    }
    let (below, &mut upper, _) = copy.select_nth_unstable_by(middle, f64::total_cmp);
    if values.len() % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    lower + (upper - lower) / 2.0
}

/// Change every entry above the diagonal on its own.
pub fn each(dense: &mut Dense, par: Par<'_>, change: impl Fn(f64) -> f64 + Sync) -> Result<()> {
    par.fill(dense.upper_mut(), 1 << 16, |_, piece| {
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
    let mut upper = Vec::with_capacity(n * (n - 1) / 2);
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
