//! Singular values and eigenvalues, scaled before and verified after.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::{evd, svd as faer_svd};
use faer::{Mat, Spec};

use super::factors::{Eigen, Svd};
use super::{Matrix, jacobi, unit_scale};
use crate::error::{Error, Result};
use crate::numerics::sums;

/// Relative residual of the probe above which a decomposition is not believed. Honest ones stay below 1e-13.
const BELIEVED: f64 = 1e-10;

/// Thin singular value decomposition.
pub fn svd(a: &Matrix) -> Result<Svd> {
    let (rows, cols, size) = (a.rows(), a.cols(), a.rows().min(a.cols()));
    let scale = unit_scale(a.largest());
    let scaled = Mat::from_fn(rows, cols, |i, j| a.at(i, j) * scale);
    let (mut u, mut v, mut s) = (Mat::zeros(rows, size), Mat::zeros(cols, size), Diag::zeros(size));
    let thin = faer_svd::ComputeSvdVectors::Thin;
    let need = faer_svd::svd_scratch::<f64>(rows, cols, thin, thin, faer::Par::Seq, Spec::default());
    let outcome = faer_svd::svd(
        scaled.as_ref(),
        s.as_mut(),
        Some(u.as_mut()),
        Some(v.as_mut()),
        faer::Par::Seq,
        MemStack::new(&mut MemBuffer::new(need)),
        Spec::default(),
    );
    let values: Vec<f64> = (0..size).map(|i| s.column_vector()[i]).collect();
    let decomposed = Svd { u: Matrix::from_faer(u.as_ref()), s: values, v: Matrix::from_faer(v.as_ref()) };
    let scaled = Matrix::from_faer(scaled.as_ref());
    let residual = if outcome.is_ok() { svd_residual(&scaled, &decomposed) } else { f64::INFINITY };
    let mut decomposed = if residual < BELIEVED {
        decomposed
    } else {
        jacobi::svd(&scaled).ok_or_else(|| failed("svd", a, residual))?
    };
    decomposed.s.iter_mut().for_each(|v| *v = (*v / scale).max(0.0));
    Ok(decomposed)
}

/// Singular values alone, largest first.
pub fn singular_values(a: &Matrix) -> Result<Vec<f64>> {
    let (rows, cols, size) = (a.rows(), a.cols(), a.rows().min(a.cols()));
    let scale = unit_scale(a.largest());
    let scaled = Mat::from_fn(rows, cols, |i, j| a.at(i, j) * scale);
    let mut s = Diag::zeros(size);
    let none = faer_svd::ComputeSvdVectors::No;
    let need = faer_svd::svd_scratch::<f64>(rows, cols, none, none, faer::Par::Seq, Spec::default());
    let outcome = faer_svd::svd(
        scaled.as_ref(),
        s.as_mut(),
        None,
        None,
        faer::Par::Seq,
        MemStack::new(&mut MemBuffer::new(need)),
        Spec::default(),
    );
    let mut values: Vec<f64> = (0..size).map(|i| s.column_vector()[i]).collect();
    // Without vectors only an invariant can be tested: the squares add up to |a|^2.
    let total = Matrix::from_faer(scaled.as_ref()).squared_norm();
    let residual = (sums::squares(&values) - total).abs() / total.max(f64::MIN_POSITIVE);
    if outcome.is_err() || !(residual < BELIEVED || total == 0.0) {
        return svd(a).map(|full| full.s);
    }
    values.iter_mut().for_each(|v| *v = (*v / scale).max(0.0));
    Ok(values)
}

/// All eigenvalues and eigenvectors of a symmetric matrix.
pub fn eigh(a: &Matrix) -> Result<Eigen> {
    let n = a.rows();
    let scale = unit_scale(a.largest());
    let scaled = symmetric(a, scale);
    let mut decomposed = eigh_scaled(&scaled).map_err(|residual| failed("eigh", a, residual))?;
    decomposed.w.iter_mut().for_each(|w| *w /= scale);
    debug_assert_eq!(decomposed.w.len(), n);
    Ok(decomposed)
}

/// Eigenvalues of a symmetric matrix, smallest first.
pub fn eigenvalues(a: &Matrix) -> Result<Vec<f64>> {
    let scale = unit_scale(a.largest());
    let scaled = symmetric(a, scale);
    let mut w = Diag::zeros(a.rows());
    let outcome = run_evd(&scaled, &mut w, None);
    let mut values: Vec<f64> = (0..a.rows()).map(|i| w.column_vector()[i]).collect();
    // Two invariants of the similarity: the trace and the sum of squares.
    let trace: f64 = (0..a.rows()).map(|i| scaled.at(i, i)).sum();
    let total = scaled.squared_norm();
    let size = total.sqrt().max(f64::MIN_POSITIVE);
    let off = ((values.iter().sum::<f64>() - trace).abs() / (size * (a.rows() as f64).sqrt()))
        .max((sums::squares(&values) - total).abs() / (size * size));
    if outcome.is_err() || !(off < BELIEVED || total == 0.0) {
        return eigh(a).map(|full| full.w);
    }
    values.iter_mut().for_each(|v| *v /= scale);
    Ok(values)
}

fn symmetric(a: &Matrix, scale: f64) -> Matrix {
    let half = 0.5 * scale;
    Matrix::from_fn(a.rows(), a.rows(), |i, j| half * a.at(i, j) + half * a.at(j, i))
}

fn run_evd(a: &Matrix, w: &mut Diag<f64>, vectors: Option<&mut Mat<f64>>) -> std::result::Result<(), evd::EvdError> {
    let kind = if vectors.is_some() { evd::ComputeEigenvectors::Yes } else { evd::ComputeEigenvectors::No };
    let need = evd::self_adjoint_evd_scratch::<f64>(a.rows(), kind, faer::Par::Seq, Spec::default());
    evd::self_adjoint_evd(
        a.view(),
        w.as_mut(),
        vectors.map(Mat::as_mut),
        faer::Par::Seq,
        MemStack::new(&mut MemBuffer::new(need)),
        Spec::default(),
    )
}

/// The decomposition of a matrix of unit size, or the residual nobody could get below.
pub(super) fn eigh_scaled(a: &Matrix) -> std::result::Result<Eigen, f64> {
    let (mut v, mut w) = (Mat::zeros(a.rows(), a.rows()), Diag::zeros(a.rows()));
    let outcome = run_evd(a, &mut w, Some(&mut v));
    let w: Vec<f64> = (0..a.rows()).map(|i| w.column_vector()[i]).collect();
    let decomposed = Eigen { w, v: Matrix::from_faer(v.as_ref()) };
    let residual = if outcome.is_ok() { eigen_residual(a, &decomposed) } else { f64::INFINITY };
    if residual < BELIEVED { Ok(decomposed) } else { jacobi::eigh(a).ok_or(residual) }
}

fn failed(solver: &'static str, a: &Matrix, residual: f64) -> Error {
    Error::NoConvergence { solver, rows: a.rows(), cols: a.cols(), residual }
}

/// A fixed vector without structure.
pub(super) fn probe(n: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    (0..n).map(|_| next()).collect()
}

/// m x for a row-major matrix.
fn times(m: &Matrix, x: &[f64]) -> Vec<f64> {
    (0..m.rows()).map(|i| sums::dot(m.row(i), x)).collect()
}

/// m' x.
fn transposed_times(m: &Matrix, x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; m.cols()];
    for (i, &xi) in x.iter().enumerate() {
        out.iter_mut().zip(m.row(i)).for_each(|(o, v)| *o += xi * v);
    }
    out
}

fn gap(a: &[f64], b: &[f64], size: f64) -> f64 {
    let difference: Vec<f64> = a.iter().zip(b).map(|(p, q)| p - q).collect();
    let gap = sums::squares(&difference).sqrt() / size.max(f64::MIN_POSITIVE);
    if gap.is_nan() { f64::INFINITY } else { gap }
}

/// Larger of |a x - u s v' x| / |a| |x| and the loss of orthogonality of v and u seen by one vector each.
fn svd_residual(a: &Matrix, svd: &Svd) -> f64 {
    if !svd.s.is_sorted_by(|p, q| p >= q) {
        return f64::INFINITY;
    }
    let x = probe(a.cols());
    let mut inner = transposed_times(&svd.v, &x);
    inner.iter_mut().zip(&svd.s).for_each(|(c, s)| *c *= s);
    let size = a.squared_norm().sqrt() * sums::squares(&x).sqrt();
    let fit = gap(&times(a, &x), &times(&svd.u, &inner), size);
    let z = probe(svd.s.len());
    let length = sums::squares(&z).sqrt();
    let loss = |m: &Matrix| gap(&transposed_times(m, &times(m, &z)), &z, length);
    fit.max(loss(&svd.u)).max(loss(&svd.v))
}

fn eigen_residual(a: &Matrix, eigen: &Eigen) -> f64 {
    if !eigen.w.is_sorted() {
        return f64::INFINITY;
    }
    let x = probe(a.rows());
    let inner = transposed_times(&eigen.v, &x);
    let scaled: Vec<f64> = inner.iter().zip(&eigen.w).map(|(c, w)| c * w).collect();
    let length = sums::squares(&x).sqrt();
    let fit = gap(&times(a, &x), &times(&eigen.v, &scaled), a.squared_norm().sqrt() * length);
    fit.max(gap(&times(&eigen.v, &inner), &x, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{product_nn, product_nt};
    use crate::par::Par;

    /// A symmetric matrix with known eigenvalues 1, 1/2, 1/3, .. in a basis of cosines.
    fn known(n: usize, scale: f64) -> (Matrix, Vec<f64>) {
        let q = Matrix::from_fn(n, n, |i, j| {
            let norm = if j == 0 { 1.0 / n as f64 } else { 2.0 / n as f64 };
            norm.sqrt() * (std::f64::consts::PI * (i as f64 + 0.5) * j as f64 / n as f64).cos()
        });
        let w: Vec<f64> = (0..n).map(|j| scale / (1.0 + j as f64)).collect();
        let qw = q.clone().scale_columns(&w);
        (super::super::product_nt(&qw, &q, crate::Par::SEQ).unwrap(), w)
    }

    fn worst(w: &[f64], known: &[f64]) -> f64 {
        let largest = known[0];
        w.iter().rev().zip(known).map(|(a, b)| (a - b).abs() / largest).fold(0.0, f64::max)
    }

    /// The defect of faer 0.24.4 that scaling cures: without it the error at 1e-13 is of the order of a percent.
    #[test]
    fn small_norms_keep_their_eigenvalues() {
        for scale in [1e-13, 1e-8, 1.0, 1e150] {
            let (a, known) = known(300, scale);
            let off = worst(&eigh(&a).unwrap().w, &known);
            assert!(off < 1e-13, "scale {scale}: {off:.1e}");
            let off = worst(&eigenvalues(&a).unwrap(), &known);
            assert!(off < 1e-13, "values only, scale {scale}: {off:.1e}");
        }
        let (a, known) = known(300, 1e-13);
        let (mut v, mut w) = (Mat::zeros(300, 300), Diag::zeros(300));
        run_evd(&a, &mut w, Some(&mut v)).unwrap();
        let raw: Vec<f64> = (0..300).map(|i| w.column_vector()[i]).collect();
        assert!(worst(&raw, &known) > 1e-6, "faer no longer needs the scaling: simplify");
    }

    #[test]
    fn svd_is_the_one_of_a_known_matrix() {
        let (a, known) = known(64, 1e-9);
        let wide = Matrix::from_fn(20, 64, |i, j| a.at(i, j));
        let decomposed = svd(&wide).unwrap();
        assert_eq!(
            (decomposed.u.rows(), decomposed.u.cols(), decomposed.v.rows(), decomposed.v.cols()),
            (20, 20, 64, 20)
        );
        let values = singular_values(&a).unwrap();
        assert!(values.iter().zip(&known).all(|(a, b)| (a - b).abs() < 1e-22));
    }

    #[test]
    fn the_probe_sees_a_wrong_decomposition() {
        let (a, _) = known(40, 1.0);
        let mut decomposed = eigh(&a).unwrap();
        assert!(eigen_residual(&a, &decomposed) < 1e-13);
        decomposed.w[39] *= 1.0 + 1e-6;
        assert!(eigen_residual(&a, &decomposed) > BELIEVED);
    }

    #[test]
    fn the_last_rung_agrees_with_the_first() {
        let a = Matrix::from_fn(12, 12, |i, j| ((i + j) as f64 * 0.9).sin() + ((i * j) as f64).cos());
        let b = Matrix::from_fn(12, 12, |i, j| a.at(i, j) + a.at(j, i));
        let slow = jacobi::eigh(&b).unwrap();
        let fast = eigh(&b).unwrap();
        assert!(slow.w.iter().zip(&fast.w).all(|(x, y)| (x - y).abs() < 1e-12));
        let rank_one = Matrix::from_fn(9, 4, |i, j| (i as f64 + 1.0) * (j as f64 - 1.5));
        for m in [a, rank_one.clone(), rank_one.transposed()] {
            let slow = jacobi::svd(&m).unwrap();
            let fast = svd(&m).unwrap();
            assert!(slow.s.iter().zip(&fast.s).all(|(x, y)| (x - y).abs() < 1e-12 * fast.s[0]));
            let back = product_nt(&slow.u.clone().scale_columns(&slow.s), &slow.v, Par::SEQ).unwrap();
            let worst = back.data().iter().zip(m.data()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-12 * fast.s[0], "{worst}");
            let unit = product_nn(&slow.u.transposed(), &slow.u, Par::SEQ).unwrap();
            assert!((0..unit.rows()).all(|i| (unit.at(i, i) - 1.0).abs() < 1e-12));
        }
    }
}
