//! Orthonormal bases of tall matrices without a decomposition, where that is certain to be safe.
//!
//! With `a'a = l l'` (Cholesky), the columns of `q = a l'^-1` are orthonormal up to the square of the condition number
//! times the round-off; doing it twice leaves round-off alone, provided the condition is below about 1e7. Everything is a
//! product or a triangular solve, tile by tile, at the speed of a product. The condition is known afterwards without a
//! singular value decomposition: `1 / |l^-1|` is a lower bound of the smallest singular value. If the bound does not
//! clear the caller's cut, or the condition is large, there is no answer here and the caller takes the decomposition.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::{cholesky::llt, qr, triangular_inverse, triangular_solve};
use faer::{Mat, MatMut, Spec};

use super::{Matrix, gram};
use crate::error::Result;
use crate::par::Par;

const WELL_CONDITIONED: f64 = 1e6;

/// An orthonormal basis of the columns of `a`, if all singular values of `a` surely exceed `cut`.
pub fn orthonormal(a: &Matrix, cut: f64, par: Par<'_>) -> Result<Option<Matrix>> {
    if a.rows() < a.cols() {
        return Ok(None);
    }
    let Some((l, smallest)) = cholesky(&gram(a, par)?) else { return Ok(None) };
    let size = a.squared_norm().sqrt();
    if smallest <= 2.0 * cut || size > WELL_CONDITIONED * smallest {
        return Ok(None);
    }
    let once = divided(a.clone(), &l, par)?;
    let Some((l, _)) = cholesky(&gram(&once, par)?) else { return Ok(None) };
    divided(once, &l, par).map(Some)
}

/// The lower factor and a lower bound of its smallest singular value; None if the matrix is not positive definite.
fn cholesky(g: &Matrix) -> Option<(Mat<f64>, f64)> {
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
    let squares: f64 = (0..p).map(|j| (j..p).map(|i| inverse[(i, j)] * inverse[(i, j)]).sum::<f64>()).sum();
    let bound = 1.0 / squares.sqrt();
    bound.is_finite().then_some((l, bound))
}

/// `a l'^-1`: the rows of `a` are the columns of a right-hand side of `l`.
fn divided(mut a: Matrix, l: &Mat<f64>, par: Par<'_>) -> Result<Matrix> {
    const ROWS: usize = 256;
    let width = a.cols();
    par.fill(a.data_mut(), ROWS * width, |_, block| {
        let count = block.len() / width;
        let columns = MatMut::from_column_major_slice_mut(block, width, count);
        triangular_solve::solve_lower_triangular_in_place(l.as_ref(), columns, faer::Par::Seq);
        Ok(())
    })?;
    Ok(a)
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
        let q = orthonormal(&a, 1e-12, Par::SEQ).unwrap().unwrap();
        let unit = gram(&q, Par::SEQ).unwrap();
        let off = (0..40)
            .flat_map(|i| (0..40).map(move |j| (i, j)))
            .map(|(i, j)| (unit.at(i, j) - f64::from(u8::from(i == j))).abs());
        assert!(off.fold(0.0, f64::max) < 1e-14);
    }

    #[test]
    fn a_doubtful_rank_is_left_to_the_decomposition() {
        let a = wave(50, 4);
        let twice = Matrix::from_fn(50, 5, |i, j| a.at(i, j.min(3)));
        assert!(orthonormal(&twice, 1e-14, Par::SEQ).unwrap().is_none());
        let near = Matrix::from_fn(50, 5, |i, j| a.at(i, j.min(3)) + if j == 4 { 1e-9 * a.at(i, 0) } else { 0.0 });
        assert!(orthonormal(&near, 1e-14, Par::SEQ).unwrap().is_none());
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
