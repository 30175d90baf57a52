//! Sums of singular values without a singular value decomposition, with a bound of the error.
//!
//! The singular values of t are the square roots of the eigenvalues w of the smaller of t't and tt', which costs about
//! half. The road squares the condition number, so the error is bounded afterwards: with e = 4 eps sqrt(p) w_max every
//! singular value is off by at most min(e / sigma, sqrt e). Where the bound exceeds what the caller can bear (a matrix
//! that is nearly singular in many directions), the decomposition is computed after all.

use super::{Matrix, eigenvalues, gram, singular_values};
use crate::error::Result;
use crate::par::Par;

/// Sum of the singular values of `t`, to a relative accuracy of `tolerance` or better.
pub fn sum_of_singular_values(t: &Matrix, tolerance: f64) -> Result<f64> {
    if t.rows().min(t.cols()) < 24 {
        return Ok(singular_values(t)?.iter().sum());
    }
    let scale = super::unit_scale(t.largest());
    let flipped;
    let tall = if t.rows() < t.cols() {
        flipped = t.transposed();
        &flipped
    } else {
        t
    };
    let scaled = Matrix::from_vec(tall.data().iter().map(|v| v * scale).collect(), tall.rows(), tall.cols());
    let w = eigenvalues(&gram(&scaled, Par::SEQ)?)?;
    let largest = w.last().copied().unwrap_or(0.0).max(0.0);
    let e = 4.0 * f64::EPSILON * (w.len() as f64).sqrt() * largest;
    let (mut sum, mut bound) = (0.0, 0.0);
    for &value in &w {
        let sigma = value.max(0.0).sqrt();
        sum += sigma;
        bound += if sigma > 0.0 { (e / sigma).min(e.sqrt()) } else { e.sqrt() };
    }
    if bound <= tolerance * sum {
        return Ok(sum / scale);
    }
    Ok(singular_values(t)?.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_decomposition_on_easy_and_hard_matrices() {
        for decay in [0.0_f64, 0.3, 2.0] {
            let t = Matrix::from_fn(60, 40, |i, j| {
                ((i * 7 + j * j * 3) as f64 * 0.31).sin() * (-decay * j as f64).exp() * 1e-40
            });
            let direct: f64 = singular_values(&t).unwrap().iter().sum();
            let fast = sum_of_singular_values(&t, 1e-10).unwrap();
            assert!((fast / direct - 1.0).abs() < 1e-10, "decay {decay}: {fast} {direct}");
            let flipped = sum_of_singular_values(&t.transposed(), 1e-10).unwrap();
            assert!((flipped / direct - 1.0).abs() < 1e-10);
        }
    }
}
