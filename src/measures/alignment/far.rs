//! Distances between representations whose rows lie far from the origin, closely together.
//!
//! With means m and what is left of the rows, a, the squared distance after a rotation Q is that of the means and that of
//! the rest, `n |m Q - l|^2 + |a Q - b|^2`, for the columns of a and b add up to zero. Far from the origin the first
//! product, `n m'l`, drowns the second, and the sum of singular values of both holds next to nothing of a and b.
//!
//! So the columns are turned until the means lie along the first axis, which changes no distance. The matrix whose singular
//! values are wanted is then `p q` in one corner, with `p = sqrt(n) |m|`, plus `c = a'b`, and
//!
//! ```text
//! distance^2 = (p - q)^2 + |a|^2 + |b|^2 - 2 (sum of singular values - p q)
//! ```
//!
//! Reflections of rows and of columns take what lies beside the corner away, turning everything else by angles of the size
//! of `|c| / p q`, so that small numbers are never added to large ones. What is left are the small singular values; the
//! largest follows from the sum of squares of all: `s - p q = d / (s + p q)` with `d = 2 p q c_11 + |c|^2 - small squares`.

use std::sync::Arc;

use crate::engines::rotation::squared_residual;
use crate::error::Result;
use crate::linalg::{Matrix, compact, singular_values};
use crate::numerics::sums;

/// Multiple of the rest that the mean must exceed, both as norms of n rows, before it is set apart.
const FAR: f64 = 100.0;
/// Below this share of what is left of both, the residual after the rotation holds more digits.
const NEAR: f64 = 1e-4;
/// Round-off of the formula in units of what is left.
const ROUND_OFF: f64 = 1e-12;
/// Reflections shrink what lies beside the corner by this factor or more each time.
const CORNER: f64 = 100.0;
/// Reflections after which nothing is left there.
const ROUNDS: usize = 12;

/// Rows of which the mean is set apart.
pub struct Far {
    /// The norm of n rows that are the mean.
    pub mean: f64,
    /// The norm of what is left.
    pub spread: f64,
    /// Rest of the rows, in columns turned so that the mean lies along the first.
    pub rest: Arc<Matrix>,
}

impl Far {
    /// From centered columns and their means.
    pub fn of(columns: &Matrix, means: &[f64]) -> Self {
        let mean = (columns.rows() as f64 * sums::squares(means)).sqrt();
        let rest = turned(columns, means);
        let rest = compact_beside(&rest).unwrap_or(rest);
        Self { mean, spread: columns.squared_norm().sqrt(), rest: Arc::new(rest) }
    }

    /// Need to set the mean apart, of rows with these means and this sum of squares.
    pub fn is_far(means: &[f64], n: usize, squares: f64) -> bool {
        let mean = n as f64 * sums::squares(means);
        squares - mean < mean / (FAR * FAR)
    }

    /// The mean as a first row, above the rest.
    fn stacked(&self, factor: f64, width: usize, order: Option<&[usize]>) -> Matrix {
        let row = |i: usize| order.map_or(i, |order| order[i]);
        Matrix::from_fn(self.rest.rows() + 1, width, |i, j| match (i, j) {
            (0, 0) => factor * self.mean,
            (i, j) if i > 0 && j < self.rest.cols() => factor * self.rest.at(row(i - 1), j),
            _ => 0.0,
        })
    }
}

/// Columns reflected so that `direction` lies along the first axis.
fn turned(a: &Matrix, direction: &[f64]) -> Matrix {
    let length = sums::squares(direction).sqrt();
    if length == 0.0 {
        return a.clone();
    }
    let unit: Vec<f64> = direction.iter().map(|v| v / length).collect();
    // The reflection of `unit` into the axis on its own side would subtract nearly equal numbers; this one does not, and
    // the sign of the first column, which is that of the mean, is put right afterwards.
    let mut mirror = unit;
    let sign = if mirror[0] < 0.0 { -1.0 } else { 1.0 };
    mirror[0] += sign;
    let size = 2.0 / sums::squares(&mirror);
    let mut out = a.clone();
    for i in 0..out.rows() {
        let row = out.row_mut(i);
        let along = size * sums::dot(row, &mirror);
        row.iter_mut().zip(&mirror).for_each(|(v, m)| *v -= along * m);
        row[0] *= -sign;
    }
    out
}

/// Fewer columns with the same products of rows, the first kept as it is; None if that saves nothing.
fn compact_beside(a: &Matrix) -> Option<Matrix> {
    if a.cols() <= a.rows() + 1 {
        return None;
    }
    let others = Matrix::from_fn(a.rows(), a.cols() - 1, |i, j| a.at(i, j + 1));
    let narrow = compact(&others);
    Some(Matrix::from_fn(a.rows(), narrow.cols() + 1, |i, j| if j == 0 { a.at(i, 0) } else { narrow.at(i, j - 1) }))
}

/// The squared distance, with x and y multiplied by `fx` and `fy`; `c` is the product of what is left of the rows.
pub fn squared_distance(
    (x, fx): (&Far, f64),
    (y, fy): (&Far, f64),
    c: &Matrix,
    pairing: Option<&[usize]>,
) -> Result<f64> {
    if pairing.is_none() && fx == fy && x.mean == y.mean && x.rest == y.rest {
        return Ok(0.0);
    }
    let gap = fx * x.mean - fy * y.mean;
    let (a, b) = (fx * x.spread, fy * y.spread);
    let size = a * a + b * b;
    let beyond = beyond_the_corner(c, x.mean * y.mean)?;
    let found = (gap * gap + size - 2.0 * fx * fy * beyond).max(0.0);
    if found > NEAR * size {
        return Ok(found);
    }
    // No rotation leaves less than the best one, so unless Newton's steps have failed their residual is the better number.
    let width = x.rest.cols().max(y.rest.cols());
    let residual = squared_residual(&x.stacked(fx, width, None), &y.stacked(fy, width, pairing))?;
    Ok(if residual <= found + ROUND_OFF * size { residual } else { found })
}

/// The sum of singular values of `c` with `corner` added to its first entry, less `corner`.
fn beyond_the_corner(c: &Matrix, corner: f64) -> Result<f64> {
    let (p, q) = (c.rows(), c.cols());
    let squares = c.squared_norm();
    let mut m = c.clone();
    m.row_mut(0)[0] += corner;
    if corner <= CORNER * squares.sqrt() {
        return Ok(singular_values(&m)?.iter().sum::<f64>() - corner);
    }
    for _ in 0..ROUNDS {
        let below: Vec<f64> = (0..p).map(|i| m.at(i, 0)).collect();
        let beside = m.row(0).to_vec();
        if below[1..].iter().chain(&beside[1..]).all(|v| *v == 0.0) {
            break;
        }
        if let Some(mirror) = reflection(&below) {
            let mut along = vec![0.0; q];
            (0..p).for_each(|i| along.iter_mut().zip(m.row(i)).for_each(|(sum, v)| *sum += mirror[i] * v));
            let size = 2.0 / sums::squares(&mirror);
            (0..p).for_each(|i| m.row_mut(i).iter_mut().zip(&along).for_each(|(v, sum)| *v -= size * mirror[i] * sum));
            (1..p).for_each(|i| m.row_mut(i)[0] = 0.0);
        }
        if let Some(mirror) = reflection(m.row(0)) {
            let size = 2.0 / sums::squares(&mirror);
            for i in 0..p {
                let along = size * sums::dot(m.row(i), &mirror);
                m.row_mut(i).iter_mut().zip(&mirror).for_each(|(v, w)| *v -= along * w);
            }
            m.row_mut(0)[1..].fill(0.0);
        }
    }
    let small = if p > 1 && q > 1 {
        singular_values(&Matrix::from_fn(p - 1, q - 1, |i, j| m.at(i + 1, j + 1)))?
    } else {
        Vec::new()
    };
    let difference = 2.0 * corner * c.at(0, 0) + squares - sums::squares(&small);
    let largest = (corner * corner + difference).max(0.0).sqrt();
    Ok(small.iter().sum::<f64>() + difference / (largest + corner))
}

/// The mirror that sends a vector, most of which is its first entry, along the first axis; None if it lies there.
fn reflection(v: &[f64]) -> Option<Vec<f64>> {
    let largest = v[0].abs();
    if v[1..].iter().all(|x| *x == 0.0) || largest == 0.0 {
        return None;
    }
    let mut mirror: Vec<f64> = v.iter().map(|x| x / v[0]).collect();
    mirror[0] += sums::squares(&mirror).sqrt();
    Some(mirror)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A corner of moderate size, where plain singular values still hold all digits.
    #[test]
    fn reflections_leave_the_singular_values() {
        for (p, q) in [(1, 1), (1, 4), (4, 1), (5, 5), (6, 3)] {
            let c = Matrix::from_fn(p, q, |i, j| ((i * 7 + j * 3) as f64 * 1.7).sin());
            for corner in [0.0, 10.0, 1e3, 1e5] {
                let mut m = c.clone();
                m.row_mut(0)[0] += corner;
                let plain = singular_values(&m).unwrap().iter().sum::<f64>() - corner;
                let found = beyond_the_corner(&c, corner).unwrap();
                assert!((found - plain).abs() < 1e-14 * (corner + 10.0), "{p} {q} {corner}: {found} {plain}");
            }
        }
    }

    /// In the limit of a large corner the first entry and the singular values of the rest are what is left.
    #[test]
    fn a_corner_far_above_everything() {
        let c = Matrix::from_fn(5, 4, |i, j| ((i * 7 + j * 3) as f64 * 1.7).sin());
        let rest = Matrix::from_fn(4, 3, |i, j| c.at(i + 1, j + 1));
        let limit = c.at(0, 0) + singular_values(&rest).unwrap().iter().sum::<f64>();
        for corner in [1e14, 1e18, 1e30] {
            assert!((beyond_the_corner(&c, corner).unwrap() - limit).abs() < 1e-13);
        }
    }

    #[test]
    fn the_mean_lies_along_the_first_axis() {
        for direction in [[3.0, -4.0, 12.0], [-3.0, 4.0, 12.0], [1.0, 0.0, 0.0], [-2.0, 0.0, 0.0]] {
            let a = Matrix::from_vec(direction.to_vec(), 1, 3);
            let found = turned(&a, &direction);
            let length = sums::squares(&direction).sqrt();
            assert!((found.at(0, 0) - length).abs() < 1e-14 && found.at(0, 1).abs().max(found.at(0, 2).abs()) < 1e-14);
        }
    }
}
