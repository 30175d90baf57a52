//! Residual of two point sets after the best rotation of one onto the other, to full accuracy.
//!
//! The best rotation Q of a onto b comes from the singular vectors of `a'b`. Between nearly equal sets that is not
//! accurate enough: in directions where a is small, a thousandth of its largest extent say, `a'b` holds the square of
//! that, and round-off of the largest products decides how those directions are turned. So Q is corrected by Newton steps,
//! whose right-hand side comes from the residual `b - a Q`, where the large parts have cancelled before they are multiplied.

use crate::error::Result;
use crate::linalg::{Matrix, eigh, product, product_nn, svd};
use crate::par::Par;

/// Steps gain half of the digits each, so few are needed.
const STEPS: usize = 4;

/// `min |a Q - b|^2` over orthogonal Q, the narrower side padded with zeros.
pub fn squared_residual(a: &Matrix, b: &Matrix) -> Result<f64> {
    if a.cols() > b.cols() {
        return squared_residual(b, a);
    }
    let a = padded(a, b.cols());
    let mut turn = nearest_rotation(&product(&a, b, Par::SEQ)?)?;
    let mut best = f64::INFINITY;
    for _ in 0..STEPS {
        let image = product_nn(&a, &turn, Par::SEQ)?;
        let left = b.data().iter().zip(image.data()).map(|(b, a)| b - a).collect();
        let left = Matrix::from_vec(left, b.rows(), b.cols());
        let found = left.squared_norm();
        let settled = found > 0.25 * best;
        best = best.min(found);
        if settled || best == 0.0 {
            break;
        }
        let step = product_nn(&turn, &correction(&image, &left)?, Par::SEQ)?;
        let moved = turn.data().iter().zip(step.data()).map(|(t, s)| t + s).collect();
        turn = nearest_rotation(&Matrix::from_vec(moved, turn.rows(), turn.cols()))?;
    }
    Ok(best)
}

fn padded(a: &Matrix, width: usize) -> Matrix {
    Matrix::from_fn(a.rows(), width, |i, j| if j < a.cols() { a.at(i, j) } else { 0.0 })
}

/// The orthogonal matrix nearest to a square one.
fn nearest_rotation(m: &Matrix) -> Result<Matrix> {
    let found = svd(m)?;
    product_nn(&found.u, &found.v.transposed(), Par::SEQ)
}

/// The skew-symmetric c for which `image (1 + c)` is nearest to `image + left`: the solution of `s c + c s = g - g'`
/// with `g = image' left` and s the symmetric part of `image' (image + left)`.
fn correction(image: &Matrix, left: &Matrix) -> Result<Matrix> {
    let (g, own) = (product(image, left, Par::SEQ)?, product(image, image, Par::SEQ)?);
    let q = g.rows();
    let s = eigh(&Matrix::from_fn(q, q, |i, j| own.at(i, j) + 0.5 * (g.at(i, j) + g.at(j, i))))?;
    let skew = Matrix::from_fn(q, q, |i, j| g.at(i, j) - g.at(j, i));
    let largest = s.w.last().copied().unwrap_or(0.0);
    let mut inner = product_nn(&product(&s.v, &skew, Par::SEQ)?, &s.v, Par::SEQ)?;
    for i in 0..q {
        for (j, value) in inner.row_mut(i).iter_mut().enumerate() {
            // A direction that neither side has may be turned at will.
            let extent = s.w[i] + s.w[j];
            *value = if extent > f64::EPSILON * f64::EPSILON * largest { *value / extent } else { 0.0 };
        }
    }
    product_nn(&product_nn(&s.v, &inner, Par::SEQ)?, &s.v.transposed(), Par::SEQ)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A matrix whose columns shrink from 1 to `smallest`, and the same rotated.
    fn rotated(n: usize, d: usize, smallest: f64) -> (Matrix, Matrix) {
        let wave = Matrix::from_fn(n, d, |i, j| ((i * i) as f64 * 0.37 + (j as f64 + 1.0) * i as f64 * 0.91).sin());
        let factors: Vec<f64> = (0..d).map(|j| smallest.powf(j as f64 / (d - 1) as f64)).collect();
        let square = Matrix::from_fn(d, d, |i, j| ((i * i + 3 * j + 1) as f64 * 1.3 + (i * j) as f64 * 0.7).cos());
        let a = wave.scale_columns(&factors);
        let b = product_nn(&a, &svd(&square).unwrap().u, Par::SEQ).unwrap();
        (a, b)
    }

    #[test]
    fn a_rotated_copy_is_at_distance_zero() {
        // Below the root of the round-off the correction itself loses its digits; without it 1e-9 would be left there.
        for (smallest, limit) in [(0.5, 3e-15), (1e-3, 3e-15), (1e-6, 3e-15), (1e-9, 1e-11)] {
            let (a, b) = rotated(40, 8, smallest);
            let left = (squared_residual(&a, &b).unwrap() / a.squared_norm()).sqrt();
            assert!(left < limit, "columns down to {smallest}: {left:.1e}");
        }
    }

    #[test]
    fn a_small_difference_is_seen_and_widths_may_differ() {
        let (a, mut b) = rotated(40, 6, 0.1);
        let wider = padded(&b, 9);
        assert!(squared_residual(&a, &wider).unwrap() < 1e-28 * a.squared_norm());
        assert!(squared_residual(&wider, &a).unwrap() < 1e-28 * a.squared_norm());
        // Twice the size leaves the size itself.
        b.data_mut().iter_mut().for_each(|v| *v *= 1.0 + 1e-6);
        let expected = 1e-12 * a.squared_norm();
        assert!((squared_residual(&a, &b).unwrap() / expected - 1.0).abs() < 1e-8);
    }
}
