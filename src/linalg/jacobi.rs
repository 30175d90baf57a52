//! Jacobi rotations: the last rung of the ladder. Slow, simple, and convergent for every finite matrix.

use super::Matrix;
use super::factors::{Eigen, Svd};
use crate::numerics::sums;

/// Larger matrices would take minutes.
const LARGEST: usize = 512;
const SWEEPS: usize = 60;

/// Eigenvalues and vectors of a symmetric matrix by cyclic sweeps; None if it is too large or does not settle.
pub(super) fn eigh(a: &Matrix) -> Option<Eigen> {
    let n = a.rows();
    if n > LARGEST {
        return None;
    }
    let mut m = a.clone();
    let mut v = Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)));
    let size = m.squared_norm().sqrt();
    for _ in 0..SWEEPS {
        let off: f64 = (0..n).map(|i| sums::squares(&m.row(i)[i + 1..])).sum();
        if off.sqrt() <= 1e-16 * size {
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&i, &j| m.at(i, i).total_cmp(&m.at(j, j)));
            return Some(Eigen {
                w: order.iter().map(|&i| m.at(i, i)).collect(),
                v: Matrix::from_fn(n, n, |i, j| v.at(i, order[j])),
            });
        }
        for p in 0..n {
            for q in p + 1..n {
                let apq = m.at(p, q);
                if apq == 0.0 {
                    continue;
                }
                let (c, s) = rotation(m.at(p, p), m.at(q, q), apq);
                for k in 0..n {
                    let (x, y) = (m.at(k, p), m.at(k, q));
                    m.row_mut(k)[p] = c * x - s * y;
                    m.row_mut(k)[q] = s * x + c * y;
                    let (x, y) = (v.at(k, p), v.at(k, q));
                    v.row_mut(k)[p] = c * x - s * y;
                    v.row_mut(k)[q] = s * x + c * y;
                }
                for k in 0..n {
                    let (x, y) = (m.at(p, k), m.at(q, k));
                    m.row_mut(p)[k] = c * x - s * y;
                    m.row_mut(q)[k] = s * x + c * y;
                }
            }
        }
    }
    None
}

/// The rotation that makes [[a, c], [c, b]] diagonal.
fn rotation(a: f64, b: f64, c: f64) -> (f64, f64) {
    let theta = (b - a) / (2.0 * c);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let t = if theta == 0.0 { 1.0 } else { t };
    let cos = 1.0 / t.hypot(1.0);
    (cos, t * cos)
}

/// One-sided rotations on the columns; None if the smaller side is too large or nothing settles.
pub(super) fn svd(a: &Matrix) -> Option<Svd> {
    if a.rows() < a.cols() {
        let Svd { u, s, v } = svd(&a.transposed())?;
        return Some(Svd { u: v, s, v: u });
    }
    let (n, p) = (a.rows(), a.cols());
    if p > LARGEST {
        return None;
    }
    // Columns of a as rows here, so that a rotation touches contiguous memory.
    let mut w = a.transposed();
    let mut v = Matrix::from_fn(p, p, |i, j| f64::from(u8::from(i == j)));
    let mut settled = false;
    for _ in 0..SWEEPS {
        settled = true;
        for i in 0..p {
            for j in i + 1..p {
                let (x, y) = (sums::squares(w.row(i)), sums::squares(w.row(j)));
                let z = sums::dot(w.row(i), w.row(j));
                if z.abs() <= 1e-15 * (x * y).sqrt() || z == 0.0 {
                    continue;
                }
                settled = false;
                let (c, s) = rotation(x, y, z);
                for m in [&mut w, &mut v] {
                    for k in 0..m.cols() {
                        let (x, y) = (m.at(i, k), m.at(j, k));
                        m.row_mut(i)[k] = c * x - s * y;
                        m.row_mut(j)[k] = s * x + c * y;
                    }
                }
            }
        }
        if settled {
            break;
        }
    }
    if !settled {
        return None;
    }
    let lengths: Vec<f64> = (0..p).map(|i| sums::squares(w.row(i)).sqrt()).collect();
    let mut order: Vec<usize> = (0..p).collect();
    order.sort_by(|&i, &j| lengths[j].total_cmp(&lengths[i]));
    let s: Vec<f64> = order.iter().map(|&i| lengths[i]).collect();
    let mut u = Matrix::zeros(n, p);
    for (column, &i) in order.iter().enumerate() {
        let mut unit: Vec<f64> =
            if lengths[i] > 1e-300 { w.row(i).iter().map(|v| v / lengths[i]).collect() } else { vec![0.0; n] };
        if lengths[i] <= 1e-14 * s[0] {
            unit = fresh_direction(&u, column);
        }
        (0..n).for_each(|k| u.row_mut(k)[column] = unit[k]);
    }
    Some(Svd { u, s, v: Matrix::from_fn(p, p, |i, j| v.at(order[j], i)) })
}

/// A unit vector orthogonal to the first `k` columns: where a singular value is zero, its left vector is free.
fn fresh_direction(u: &Matrix, k: usize) -> Vec<f64> {
    let n = u.rows();
    let mut best = vec![0.0; n];
    for axis in 0..n {
        let mut e = vec![0.0; n];
        e[axis] = 1.0;
        for _ in 0..2 {
            for j in 0..k {
                let along: f64 = (0..n).map(|i| u.at(i, j) * e[i]).sum();
                (0..n).for_each(|i| e[i] -= along * u.at(i, j));
            }
        }
        let length = sums::squares(&e).sqrt();
        if length > 0.5 / (n as f64).sqrt() {
            return e.iter().map(|v| v / length).collect();
        }
        best = e;
    }
    best
}
