//! Orthonormal bases of tall matrices without a decomposition, where that is certain to be safe.
//!
//! With `a'a = l l'` (Cholesky), the columns of `q = a l'^-1` are orthonormal up to the square of the condition number
//! times the round-off; doing it twice leaves round-off alone, provided the condition is below about 1e7. Often once is
//! enough, which is seen from the outside: for a vector v of random signs `|q'q v - v|^2` is on average the squared norm of
//! `q'q - 1`. Everything is a product, tile by tile. The condition is known afterwards without a
//! singular value decomposition: `1 / |l^-1|` is a lower bound of the smallest singular value. If the bound does not
//! clear the caller's cut, or the condition is large, there is no answer here and the caller takes the decomposition.
//!
//! Columns may be weighed, which changes the condition and not the space. Weights enter the small matrices alone.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::{cholesky::llt, qr, triangular_inverse};
use faer::{Mat, Spec};

use super::Matrix;
use super::product::{gram, times_upper};
use crate::error::Result;
use crate::par::Par;

const WELL_CONDITIONED: f64 = 1e6;
/// Squares below this have lost digits to the end of the range of numbers.
const VANISHING: f64 = 1e-280;
/// A departure from orthonormality that is not worth a second pass; singular values of products are off by no more.
const ORTHONORMAL: f64 = 5e-13;

/// An orthonormal basis of the columns of `a`, if all singular values of the weighed columns surely exceed `cut(|a|)`, with
/// the norm of the weighed columns.
pub fn orthonormal(a: &Matrix, weights: &[f64], cut: impl FnOnce(f64) -> f64, par: Par<'_>) -> Result<Option<Matrix>> {
    if a.rows() < a.cols() || weights.contains(&0.0) {
        return Ok(None);
    }
    let products = gram(a, par)?;
    if (0..a.cols()).any(|j| products.at(j, j) < VANISHING) {
        return Ok(None);
    }
    let weighed = products.scale_columns(weights).scale_rows(weights);
    let size = (0..a.cols()).map(|j| weighed.at(j, j)).sum::<f64>().sqrt();
    let Some((inverse, smallest)) = cholesky(&weighed) else { return Ok(None) };
    if smallest <= 2.0 * cut(size) || size > WELL_CONDITIONED * smallest {
        return Ok(None);
    }
    let once = times_upper(a, &inverse.scale_rows(weights), par)?;
    if departure(&once, par)? <= ORTHONORMAL {
        return Ok(Some(once));
    }
    let Some((inverse, _)) = cholesky(&gram(&once, par)?) else { return Ok(None) };
    times_upper(&once, &inverse, par).map(Some)
}

/// About the norm of `q'q - 1`: the largest of three estimates, each from a fixed vector of signs.
fn departure(q: &Matrix, par: Par<'_>) -> Result<f64> {
    const ROWS: usize = 512;
    let d = q.cols();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut sign = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if state >> 63 == 0 { 1.0 } else { -1.0 }
    };
    let signs: Vec<[f64; 3]> = (0..d).map(|_| [sign(), sign(), sign()]).collect();
    let parts = par.map(q.rows().div_ceil(ROWS), |part, _| {
        let mut sums = vec![[0.0; 3]; d];
        for i in part * ROWS..((part + 1) * ROWS).min(q.rows()) {
            let row = q.row(i);
            let mut along = [0.0; 3];
            for (v, signs) in row.iter().zip(&signs) {
                (0..3).for_each(|c| along[c] += v * signs[c]);
            }
            for (sum, v) in sums.iter_mut().zip(row) {
                (0..3).for_each(|c| sum[c] += v * along[c]);
            }
        }
        Ok(sums)
    })?;
    let mut rest: Vec<[f64; 3]> = signs.iter().map(|signs| signs.map(|sign| -sign)).collect();
    for part in parts {
        rest.iter_mut().zip(part).for_each(|(rest, sum)| (0..3).for_each(|c| rest[c] += sum[c]));
    }
    let square = |c: usize| rest.iter().map(|rest| rest[c] * rest[c]).sum::<f64>();
    Ok((0..3).map(square).fold(0.0, f64::max).sqrt())
}

/// The inverse of the upper factor and a lower bound of the latter's smallest singular value; None if the matrix is not
/// positive definite.
fn cholesky(g: &Matrix) -> Option<(Matrix, f64)> {
    let p = g.rows();
    let mut l = g.view().to_owned();
    let need = llt::factor::cholesky_in_place_scratch::<f64>(p, faer::Par::Seq, Spec::default());
    llt::factor::cholesky_in_place(
        l.as_mut(),
        llt::factor::LltRegularization::default(),
        faer::Par::Seq,
        MemStack::new(&mut MemBuffer::new(need)),
        Spec::default(),
    )
    .ok()?;
    let mut inverse = Mat::<f64>::zeros(p, p);
    triangular_inverse::invert_lower_triangular(inverse.as_mut(), l.as_ref(), faer::Par::Seq);
    let upper = Matrix::from_fn(p, p, |i, j| if i <= j { inverse[(j, i)] } else { 0.0 });
    let bound = 1.0 / upper.squared_norm().sqrt();
    bound.is_finite().then_some((upper, bound))
}

/// A matrix with the same `a a'` and at most as many columns as rows: `a` itself, or the triangle of a QR of `a'`.
pub fn compact(a: &Matrix) -> std::borrow::Cow<'_, Matrix> {
    let (n, d) = (a.rows(), a.cols());
    if d <= n {
        return std::borrow::Cow::Borrowed(a);
    }
    let mut work = a.view().transpose().to_owned();
    let block = qr::no_pivoting::factor::recommended_block_size::<f64>(d, n);
    let mut factor = Mat::zeros(block, n);
    let need = qr::no_pivoting::factor::qr_in_place_scratch::<f64>(d, n, block, faer::Par::Seq, Spec::default());
    qr::no_pivoting::factor::qr_in_place(
        work.as_mut(),
        factor.as_mut(),
        faer::Par::Seq,
        MemStack::new(&mut MemBuffer::new(need)),
        Spec::default(),
    );
    std::borrow::Cow::Owned(Matrix::from_fn(n, n, |i, j| if j <= i { work[(j, i)] } else { 0.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::product_nt;

    fn wave(rows: usize, cols: usize) -> Matrix {
        Matrix::from_fn(rows, cols, |i, j| ((i * i) as f64 * 0.37 + (j as f64 + 1.0) * i as f64 * 0.91).sin())
    }

    #[test]
    fn columns_are_orthonormal_and_span_the_same_space() {
        let a = wave(700, 40);
        let q = orthonormal(&a, &[1.0; 40], |_| 1e-12, Par::SEQ).unwrap().unwrap();
        let unit = gram(&q, Par::SEQ).unwrap();
        let off = (0..40)
            .flat_map(|i| (0..40).map(move |j| (i, j)))
            .map(|(i, j)| (unit.at(i, j) - f64::from(u8::from(i == j))).abs());
        assert!(off.fold(0.0, f64::max) < 1e-14);
    }

    /// Columns that once leaves crooked are orthonormal in the end, and the estimate knows it.
    #[test]
    fn a_second_pass_where_it_is_needed() {
        let a = wave(300, 12).scale_columns(&[1.0, 1e-2, 1e-2, 1.0, 1.0, 1e2, 1.0, 1.0, 1e-2, 1.0, 1.0, 1.0]);
        let mixed = Matrix::from_fn(300, 12, |i, j| a.at(i, j) + 0.5 * a.at(i, (j + 5) % 12));
        let (inverse, _) = cholesky(&gram(&mixed, Par::SEQ).unwrap()).unwrap();
        let once = times_upper(&mixed, &inverse, Par::SEQ).unwrap();
        let norm = |q: &Matrix| {
            let unit = gram(q, Par::SEQ).unwrap();
            let entry = |i: usize, j: usize| unit.at(i, j) - f64::from(u8::from(i == j));
            (0..12).flat_map(|i| (0..12).map(move |j| (i, j))).map(|(i, j)| entry(i, j).powi(2)).sum::<f64>().sqrt()
        };
        let seen = departure(&once, Par::SEQ).unwrap();
        assert!(norm(&once) > ORTHONORMAL && seen > 0.2 * norm(&once) && seen < 5.0 * norm(&once));
        let twice = orthonormal(&mixed, &[1.0; 12], |_| 1e-14, Par::SEQ).unwrap().unwrap();
        assert!(norm(&twice) < 1e-14);
    }

    /// Columns of 1 and of 1e-9 are beyond this strategy as they are, and no trouble once they are weighed.
    #[test]
    fn weights_cure_columns_of_different_size() {
        let factors: Vec<f64> = (0..12).map(|j| if j % 2 == 0 { 1.0 } else { 1e-9 }).collect();
        let a = wave(300, 12).scale_columns(&factors);
        assert!(orthonormal(&a, &[1.0; 12], |size| 1e-13 * size, Par::SEQ).unwrap().is_none());
        let weights: Vec<f64> = factors.iter().map(|f| 1.0 / f).collect();
        let q = orthonormal(&a, &weights, |size| 1e-13 * size, Par::SEQ).unwrap().unwrap();
        let plain = orthonormal(&wave(300, 12), &[1.0; 12], |size| 1e-13 * size, Par::SEQ).unwrap().unwrap();
        let worst = q.data().iter().zip(plain.data()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-13, "{worst:.1e}");
    }

    #[test]
    fn a_doubtful_rank_is_left_to_the_decomposition() {
        let a = wave(50, 4);
        let twice = Matrix::from_fn(50, 5, |i, j| a.at(i, j.min(3)));
        assert!(orthonormal(&twice, &[1.0; 5], |_| 1e-14, Par::SEQ).unwrap().is_none());
        let near = Matrix::from_fn(50, 5, |i, j| a.at(i, j.min(3)) + if j == 4 { 1e-9 * a.at(i, 0) } else { 0.0 });
        assert!(orthonormal(&near, &[1.0; 5], |_| 1e-14, Par::SEQ).unwrap().is_none());
    }

    #[test]
    fn compact_keeps_the_products_of_rows() {
        let a = wave(6, 30);
        let c = compact(&a);
        assert_eq!((c.rows(), c.cols()), (6, 6));
        let (k, l) = (product_nt(&a, &a, Par::SEQ).unwrap(), product_nt(&c, &c, Par::SEQ).unwrap());
        assert!(k.data().iter().zip(l.data()).all(|(x, y)| (x - y).abs() < 1e-12));
    }
}
