//! Round-off of a representation, and the rank that stands out from it.
//!
//! A number stored with unit round-off u is off by up to u times itself, so a column x is off by a vector no longer than
//! `u |x|`, however little of x is left when its mean is subtracted. What that does to singular values is settled by the
//! largest singular value of the matrix of errors (Weyl): none above it can come from errors alone. For the data as they
//! are this says little. A column a thousand times the rest brings errors larger than all the others, which it cannot have
//! put there.
//!
//! So columns are weighed first, each by the inverse of its own errors. No weight changes the space that the columns span,
//! nor its dimension, and now all errors are of one size, about 1: what stands out does so by itself. A column of which
//! storage has left nothing but round-off is no longer than 1 and adds no dimension.
//!
//! Errors are independent of each other but for accidents, and then the norm of their matrix is about the longest column
//! plus the longest row of it (Bandeira and van Handel 2016), which for wide data is far below the root of the sum of all
//! squares; the smaller one counts. Errors of rounding are shorter than their bound by the root of three, which is what
//! makes up for "about".
//!
//! Arithmetic has its own round-off, which a weight makes larger as it does the column. Weights therefore end where that
//! of the decomposition would reach 1. They are powers of two, so that nothing is rounded by them.

use super::centered::Columns;
use crate::error::Result;
use crate::linalg::{self, Matrix};
use crate::numerics::sums;
use crate::par::Par;
use crate::representation::Storage;

const PANEL: usize = 512;

/// Weights of columns under which errors are of one size.
pub struct Whitening {
    /// Powers of two, and 0 for constant columns.
    pub weights: Vec<f64>,
    /// No singular value of the errors is above this, once weighed.
    errors: f64,
    /// Round-off of a decomposition in units of the largest singular value.
    decomposition: f64,
}

impl Whitening {
    /// Of these columns.
    pub fn of(columns: &Columns, par: Par<'_>) -> Result<Self> {
        let (n, d) = (columns.matrix.rows(), columns.matrix.cols());
        // Subtracting a mean rounds as well.
        let unit = columns.storage.unit_roundoff().max(f64::EPSILON / 2.0);
        let decomposition = n.max(d) as f64 * f64::EPSILON;
        let most = 1.0 / (decomposition * (d as f64).sqrt());
        let error = |j: usize| {
            let mean = columns.means[j];
            unit * (columns.column_squares[j] + n as f64 * mean * mean).sqrt()
        };
        let all = (0..d).all(|j| columns.is_constant(j));
        let weight = |j: usize| {
            let left = columns.column_squares[j].sqrt();
            let counts = left > 0.0 && (all || !columns.is_constant(j));
            if counts { (1.0 / error(j)).min(most / left).log2().floor().exp2() } else { 0.0 }
        };
        let weights: Vec<f64> = (0..d).map(weight).collect();
        let lengths: Vec<f64> = (0..d).map(|j| weights[j] * error(j)).collect();
        let mut errors = sums::squares(&lengths).sqrt();
        // Errors of double precision are below those of the decomposition.
        if !matches!(columns.storage, Storage::F64 | Storage::Int) {
            let longest = lengths.iter().copied().fold(0.0, f64::max);
            errors = errors.min(longest + unit * longest_row(columns, &weights, par)?);
        }
        Ok(Self { weights, errors, decomposition })
    }

    /// Singular values of weighed columns up to here may be round-off; `largest` is the largest of them or above it.
    pub fn cut(&self, largest: f64) -> f64 {
        self.errors.max(self.decomposition * largest)
    }

    /// An orthonormal basis of the directions that stand out, from the decomposition of the weighed columns.
    ///
    /// Rows that are equal are rounded alike, so where any differ one direction is certain.
    pub fn basis(&self, columns: &Columns) -> Result<Matrix> {
        let found = linalg::svd(&(*columns.matrix).clone().scale_columns(&self.weights))?;
        let cut = self.cut(found.s[0]);
        Ok(found.u.leading_columns(found.s.iter().filter(|s| **s > cut).count().max(1)))
    }
}

/// The longest row of the data with their means, once weighed.
fn longest_row(columns: &Columns, weights: &[f64], par: Par<'_>) -> Result<f64> {
    let n = columns.matrix.rows();
    let panels = par.map(n.div_ceil(PANEL), |panel, _| {
        let rows = (panel * PANEL..((panel + 1) * PANEL).min(n)).map(|i| columns.matrix.row(i));
        let square = |row: &[f64]| -> f64 {
            row.iter().zip(&columns.means).zip(weights).map(|((v, mean), weight)| ((v + mean) * weight).powi(2)).sum()
        };
        Ok(rows.map(square).fold(0.0, f64::max))
    })?;
    Ok(panels.into_iter().fold(0.0, f64::max).sqrt())
}
