//! Bound of the largest singular value: is it below a number? A Cholesky factorization answers, at a tenth of the price of the value.
//!
//! `|t| < c` is the same as `c^2 - t't` being positive definite. A factorization that comes to its end is an exact one of a
//! matrix some units of round-off away, so c is lowered by [`MARGIN`] first: the answer "below" is certain.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{self, LltRegularization};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, Spec};

use super::Matrix;

/// Relative; far above the round-off of matrices up to [`LARGEST`].
const MARGIN: f64 = 1e-9;
/// Number of columns above which round-off might reach the margin.
const LARGEST: usize = 2000;

/// True if the largest singular value of `t` is certainly below `bar`; false if it is not, or too close to say.
pub fn norm_is_below(t: &Matrix, bar: f64) -> bool {
    let size = t.rows().min(t.cols());
    let scale = super::unit_scale(t.largest());
    let low = bar * scale * (1.0 - MARGIN);
    if !(low > 0.0 && low.is_finite()) || size > LARGEST {
        return false;
    }
    let square = low * low;
    let tall = if t.rows() < t.cols() {
        Mat::from_fn(t.cols(), size, |i, j| scale * t.at(j, i))
    } else {
        Mat::from_fn(t.rows(), size, |i, j| scale * t.at(i, j))
    };
    if tall.squared_norm_l2() < square {
        return true;
    }
    let mut rest = Mat::zeros(size, size);
    rest.diagonal_mut().fill(square);
    let (lower, full, seq) = (BlockStructure::TriangularLower, BlockStructure::Rectangular, faer::Par::Seq);
    let (left, right) = (tall.as_ref().transpose(), tall.as_ref());
    triangular::matmul(rest.as_mut(), lower, Accum::Add, left, full, right, full, -1.0, seq);
    let need = factor::cholesky_in_place_scratch::<f64>(size, seq, Spec::default());
    let stack = &mut MemBuffer::new(need);
    let none = LltRegularization::default();
    let done = factor::cholesky_in_place(rest.as_mut(), none, seq, MemStack::new(stack), Spec::default());
    // A pivot that is not a number is no answer.
    done.is_ok() && rest.diagonal().column_vector().iter().all(|pivot| pivot.is_finite() && *pivot > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::singular_values;

    #[test]
    fn it_is_below_what_is_above_it() {
        for (rows, cols, scale) in [(1, 1, 1.0), (3, 5, 1e-150), (40, 17, 1.0), (90, 100, 1e150), (128, 128, 3.0)] {
            let entry = |i: usize, j: usize| scale * (1.0 + (i * i + 3 * j * (i + 1)) as f64 * 0.37).sin();
            let t = Matrix::from_fn(rows, cols, entry);
            let largest = singular_values(&t).unwrap()[0];
            for (factor, expected) in [(0.5, false), (1.0 - 1e-8, false), (1.0, false), (1.0 + 1e-8, true), (9.0, true)]
            {
                assert_eq!(norm_is_below(&t, factor * largest), expected, "{rows} x {cols}, {factor}");
            }
            assert!(!norm_is_below(&t, f64::NAN) && !norm_is_below(&t, -1.0));
        }
        assert!(norm_is_below(&Matrix::zeros(3, 2), 1e-100) && !norm_is_below(&Matrix::zeros(3, 2), 0.0));
        assert!(!norm_is_below(&Matrix::from_fn(3, 3, |_, _| f64::NAN), 1.0));
    }
}
