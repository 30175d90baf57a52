//! Sums of singular values without a singular value decomposition, with a bound of the error.
//!
//! The singular values of t are the square roots of the eigenvalues w of the smaller of t't and tt', so their sum is a
//! trace, and no eigenvalue is needed for it either:
//!
//! ```text
//! sum sigma = tr (t't)^1/2 = 2/pi  integral  tr t't (t't + s^2)^-1  ds        over s > 0
//! ```
//!
//! With s = s(u) a quarter of a period of the elliptic function that fits the range of the spectrum, the midpoint rule
//! converges geometrically (Hale, Higham and Trefethen 2008): thirty values of s give all digits of a well-conditioned t,
//! and sixty of any. They cost little once t't is a band ([`super::band`]), and to get there takes about a third of the time of a singular value decomposition.
//!
//! Forming t't squares the condition number, so every sigma is off by about min(e / sigma, sqrt e), e = 4 eps sqrt(p)
//! times the largest w. Two things are done about it:
//!
//! - Where a few directions stand out (a common mean, a steep spectrum), t is first rotated so that its leading columns
//!   hold them (two rounds of subspace iteration). All later errors are relative to the columns they occur in, so e
//!   shrinks to the scale of the other columns.
//! - The sum of the errors, `e tr (t't)^-1/2`, comes from the same traces. Where it exceeds what the caller can bear, the
//!   singular values are computed after all.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::qr::no_pivoting::factor as qr;
use faer::{Accum, Conj, Mat, MatRef, Spec};

use super::band::{Band, WIDTH};
use super::{Matrix, singular_values};
use crate::error::Result;

/// Below this size a decomposition is as fast.
const SMALL: usize = 80;
/// Relative change of trace and norm above which a reduction is not believed. Honest ones stay below 1e-13.
const BELIEVED: f64 = 1e-10;
/// A sketch of a flat spectrum has about [`WIDTH`] equal singular values; one with fewer shows directions that stand out.
const FLAT: f64 = 0.75 * WIDTH as f64;
/// Possible ends of the spectrum, relative to its largest value; a test for each of them costs as much as four values of s,
/// together.
const ENDS: [f64; 4] = [3e-5, 1e-6, 3e-8, 3e-10];

/// A sum of singular values, and how far off it may be.
#[derive(Debug, Clone, Copy)]
pub struct BoundedSum {
    /// The sum.
    pub sum: f64,
    /// Bound of its error.
    pub error: f64,
}

/// Sum of the singular values of `t`, to a relative accuracy of `tolerance` or better.
pub fn sum_of_singular_values(t: &Matrix, tolerance: f64) -> Result<f64> {
    match estimate(t) {
        Some(bounded) if bounded.error <= tolerance * bounded.sum => Ok(bounded.sum),
        _ => Ok(singular_values(t)?.iter().sum()),
    }
}

/// The sum with a bound of its error; None where no strategy but the decomposition leads to it.
pub fn estimate(t: &Matrix) -> Option<BoundedSum> {
    let (rows, cols) = (t.rows(), t.cols());
    if rows.min(cols) < SMALL {
        return None;
    }
    let scale = super::unit_scale(t.largest());
    let tall = if rows < cols {
        Mat::from_fn(cols, rows, |i, j| scale * t.at(j, i))
    } else {
        Mat::from_fn(rows, cols, |i, j| scale * t.at(i, j))
    };
    let bounded = scaled(tall)?;
    Some(BoundedSum { sum: bounded.sum / scale, error: bounded.error / scale })
}

fn scaled(mut t: Mat<f64>) -> Option<BoundedSum> {
    let p = t.ncols();
    let mut sketch = Mat::zeros(t.nrows(), WIDTH);
    let seeds = super::decompose::probe(p * WIDTH);
    let seeds = MatRef::from_column_major_slice(&seeds, p, WIDTH);
    matmul(sketch.as_mut(), Accum::Replace, t.as_ref(), seeds, 1.0, faer::Par::Seq);
    let standing_out = participation(sketch.as_ref()) < FLAT;
    if standing_out {
        bring_forward(&mut t, sketch);
    }
    let mut gram = Mat::zeros(p, p);
    let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    let (left, right) = (t.as_ref().transpose(), t.as_ref());
    triangular::matmul(gram.as_mut(), lower, Accum::Replace, left, full, right, full, 1.0, faer::Par::Seq);
    let trace: f64 = (0..p).map(|i| gram[(i, i)]).sum();
    let squares: f64 =
        (0..p).map(|j| gram[(j, j)].powi(2) + 2.0 * (j + 1..p).map(|i| gram[(i, j)].powi(2)).sum::<f64>()).sum();
    let band = Band::similar_to(gram);
    // The invariants of a similar matrix; a comparison with NaN fails as well.
    let kept = |before: f64, after: f64| (after - before).abs() <= BELIEVED * before;
    if !(kept(trace, band.trace()) && kept(squares, band.squared_norm())) {
        return None;
    }
    sum_of_roots(&band, if standing_out { WIDTH } else { 0 })
}

/// Effective number of singular values of a sketch: `(sum w)^2 / sum w^2`.
fn participation(sketch: MatRef<'_, f64>) -> f64 {
    let mut gram = Mat::<f64>::zeros(sketch.ncols(), sketch.ncols());
    matmul(gram.as_mut(), Accum::Replace, sketch.transpose(), sketch, 1.0, faer::Par::Seq);
    let trace: f64 = (0..gram.nrows()).map(|i| gram[(i, i)]).sum();
    trace * trace / gram.squared_norm_l2().max(f64::MIN_POSITIVE)
}

/// Rotate the rows of `t` so that its leading columns hold the largest directions, found from a sketch `t omega`.
fn bring_forward(t: &mut Mat<f64>, mut sketch: Mat<f64>) {
    let (p, seq) = (t.ncols(), faer::Par::Seq);
    let mut basis = Mat::zeros(p, WIDTH);
    let mut factor = Mat::zeros(WIDTH, WIDTH);
    let need = qr::qr_in_place_scratch::<f64>(p, WIDTH, WIDTH, seq, Spec::default())
        .or(householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<f64>(p, WIDTH, WIDTH))
        .or(householder::apply_block_householder_sequence_on_the_right_in_place_scratch::<f64>(p, WIDTH, t.nrows()));
    let mut buffer = MemBuffer::new(need);
    for round in 0..2 {
        matmul(basis.as_mut(), Accum::Replace, t.as_ref().transpose(), sketch.as_ref(), 1.0, seq);
        qr::qr_in_place(basis.as_mut(), factor.as_mut(), seq, MemStack::new(&mut buffer), Spec::default());
        if round == 0 {
            let mut directions = Mat::zeros(p, WIDTH);
            directions.diagonal_mut().fill(1.0);
            householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
                basis.as_ref(),
                factor.as_ref(),
                Conj::No,
                directions.as_mut(),
                seq,
                MemStack::new(&mut buffer),
            );
            matmul(sketch.as_mut(), Accum::Replace, t.as_ref(), directions.as_ref(), 1.0, seq);
        }
    }
    householder::apply_block_householder_sequence_on_the_right_in_place_with_conj(
        basis.as_ref(),
        factor.as_ref(),
        Conj::No,
        t.as_mut(),
        seq,
        MemStack::new(&mut buffer),
    );
}

/// Sum of the square roots of the eigenvalues; errors are relative to the block that begins at `from`.
fn sum_of_roots(band: &Band, from: usize) -> Option<BoundedSum> {
    let p = band.len();
    let roundoff = 4.0 * f64::EPSILON * (p as f64).sqrt();
    let noise = roundoff * band.largest_eigenvalue(from);
    let largest = band.upper_bound();
    if !(noise > 0.0 && largest.is_finite()) {
        return None;
    }
    let ends = ENDS.map(|end| end * largest).map(|end| end.max(noise));
    let least = band.lower_bound(&ends).unwrap_or(noise);
    let nodes = nodes(least, largest);
    let shifts: Vec<f64> = nodes.iter().map(|(s, _)| s * s).collect();
    let shares = band.shares(&shifts)?;
    let (mut sum, mut inverse) = (0.0, 0.0);
    for ((_, weight), (shift, share)) in nodes.iter().zip(shifts.iter().zip(&shares)) {
        sum += weight * share;
        inverse += weight * (p as f64 - share) / shift;
    }
    Some(BoundedSum { sum, error: noise * inverse + roundoff * sum })
}

/// Minus the logarithm of the relative error of the rule.
const DIGITS: f64 = 37.0;

/// Nodes s and weights such that `sum weight w / (w + s^2)` is the square root of w for `least <= w <= largest`, and
/// `sum weight / (w + s^2)` one over it, both up to [`DIGITS`].
fn nodes(least: f64, largest: f64) -> Vec<(f64, f64)> {
    use std::f64::consts::PI;
    let range = (largest / least).ln();
    let count = ((range + 3.0) * DIGITS / (2.0 * PI * PI)).ceil() as usize;
    // With the modulus as small as it is here, theta functions are elementary: for the first half of the period s is
    // proportional to (sinh y - q^2 sinh 3y) / (1 - 2 q cosh 2y), and the second half mirrors it.
    let q = least / (16.0 * largest);
    let period = -q.ln();
    let middle = (least * largest).powf(0.25);
    let half = |x: f64| {
        let y = 0.5 * period * x;
        let rest = 1.0 - 2.0 * q * (2.0 * y).cosh();
        let (sine, cosine) = (y.sinh() - q * q * (3.0 * y).sinh(), y.cosh() - 3.0 * q * q * (3.0 * y).cosh());
        let s = 2.0 * q.powf(0.25) * sine / rest;
        (s, s * 0.5 * period * (cosine / sine + 4.0 * q * (2.0 * y).sinh() / rest))
    };
    (0..count)
        .map(|j| {
            let x = (j as f64 + 0.5) / count as f64;
            let (s, slope) = if x <= 0.5 {
                half(x)
            } else {
                let (s, slope) = half(1.0 - x);
                (1.0 / s, slope / (s * s))
            };
            (middle * s, 2.0 / PI * middle * slope / count as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_give_roots() {
        for least in [3e-5, 1e-6, 3e-10, 1e-13, 1e-16, 1e-22] {
            let nodes = nodes(least, 1.0);
            for exponent in 0..=100 {
                let w = least.powf(exponent as f64 / 100.0);
                let root: f64 = nodes.iter().map(|(s, weight)| weight * w / (w + s * s)).sum();
                assert!((root / w.sqrt() - 1.0).abs() < 4e-15, "least {least}, w {w}: {}", root / w.sqrt() - 1.0);
                let inverse: f64 = nodes.iter().map(|(s, weight)| weight / (w + s * s)).sum();
                assert!((inverse * w.sqrt() - 1.0).abs() < 4e-15);
            }
        }
    }

    /// Orthonormal columns without structure.
    fn basis(rows: usize, cols: usize, shift: usize) -> Matrix {
        let noise = super::super::decompose::probe(rows * cols + shift);
        super::super::svd(&Matrix::from_vec(noise[shift..].to_vec(), rows, cols)).unwrap().u
    }

    /// A matrix with these singular values.
    fn with(s: &[f64], rows: usize, cols: usize) -> Matrix {
        let (u, v) = (basis(rows, s.len(), 0), basis(cols, s.len(), 77));
        super::super::product_nt(&u.scale_columns(s), &v, crate::Par::SEQ).unwrap()
    }

    /// Flat, steep, one direction far above the rest, all scales, both orientations: the error is within its bound, and
    /// the bound is small where it can be.
    #[test]
    fn the_bound_holds() {
        type SpectralLaw = fn(f64) -> f64;
        let spectra: [(SpectralLaw, f64); 5] = [
            (|t| 1.0 - t, 1e-11),
            (|t| 1.0 / (1.0 + 1e3 * t), 1e-11),
            (|t| if t == 0.0 { 1e4 } else { 1.0 - t }, 1e-12),
            (|t| (-20.0 * t).exp(), 1e-7),
            (|t| (-40.0 * t).exp(), 1e-3),
        ];
        for (at, (spectrum, small)) in spectra.iter().enumerate() {
            let s: Vec<f64> = (0..90).map(|i| spectrum(i as f64 / 90.0)).collect();
            let direct: f64 = s.iter().sum();
            for (rows, cols, scale) in [(90, 90, 1.0), (150, 90, 1e-150), (90, 100, 1e150)] {
                let t = with(&s, rows, cols).scale_rows(&vec![scale; rows]);
                let Some(bounded) = estimate(&t) else { panic!("spectrum {at}: no estimate") };
                let (off, error) = ((bounded.sum / scale - direct).abs() / direct, bounded.error / scale / direct);
                assert!(off <= error + 1e-14, "spectrum {at}: off by {off:.1e}, bound {error:.1e}");
                assert!(error < *small, "spectrum {at}: bound {error:.1e}");
                let safe = sum_of_singular_values(&t, 1e-11).unwrap() / scale;
                assert!((safe / direct - 1.0).abs() < 1e-11, "spectrum {at}");
            }
        }
    }

    #[test]
    fn a_rank_that_is_not_full_is_no_trap() {
        for rank in [1, 15, 16, 17, 60] {
            let t = with(&vec![1.0; rank], 100, 90);
            let off = |sum: f64| (sum / rank as f64 - 1.0).abs();
            assert!(estimate(&t).is_none_or(|bounded| off(bounded.sum) <= bounded.error / bounded.sum), "rank {rank}");
            assert!(off(sum_of_singular_values(&t, 1e-12).unwrap()) < 1e-12, "rank {rank}");
        }
        assert_eq!(sum_of_singular_values(&Matrix::zeros(100, 90), 1e-12).unwrap(), 0.0);
    }
}
