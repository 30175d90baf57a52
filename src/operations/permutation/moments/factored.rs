//! The sums that the moments need of a matrix `a a'`, from a: W differs only on its diagonal from a matrix of rank r + 2.

use crate::engines::dense::Centering;
use crate::engines::pair_matrix::PairMatrix;
use crate::error::Result;
use crate::linalg::{self, Matrix, rows_product};
use crate::numerics::sums;
use crate::operations::permutation::moments::invariants::{ROWS, TILE, Third, mixed};
use crate::operations::permutation::moments::parts::{Decomposition, per_row};
use crate::par::Par;

impl Decomposition {
    /// Decomposition of a matrix, stored or not.
    pub fn of(pairs: &PairMatrix, par: Par<'_>) -> Result<Self> {
        match pairs.factor() {
            Some((a, centering)) => Ok(Factored::new(a, 1.0, par)?.parts(centering)),
            None => Self::of_dense(&*pairs.dense(par)?, par),
        }
    }
}

/// A factor with its column means taken out: `a = x + 1 c'`, with `p = x c` and the squared row lengths of x.
///
/// Off the diagonal `a a'` is `x x' + p_i + p_j + c.c`, and rows of `x x'` sum to zero, diagonal included. Hence all
/// parts of the matrix without forming it. Dropping the diagonal and U-centering change k, m, u and d, never W.
pub(in crate::operations::permutation) struct Factored {
    pub(in crate::operations::permutation) x: Matrix,
    lengths: Vec<f64>,
    p: Vec<f64>,
    c: f64,
}

impl Factored {
    pub(in crate::operations::permutation) fn new(a: &Matrix, scale: f64, par: Par<'_>) -> Result<Self> {
        let (n, r) = (a.rows(), a.cols());
        let mut means = vec![0.0; r];
        (0..n).for_each(|i| means.iter_mut().zip(a.row(i)).for_each(|(s, v)| *s += v * scale));
        means.iter_mut().for_each(|s| *s /= n as f64);
        let mut x = a.clone();
        par.fill(x.data_mut(), ROWS * r.max(1), |_, rows| {
            for row in rows.chunks_mut(r.max(1)) {
                row.iter_mut().zip(&means).for_each(|(v, mean)| *v = *v * scale - mean);
            }
            Ok(())
        })?;
        let lengths = (0..n).map(|i| sums::squares(x.row(i))).collect();
        let p = (0..n).map(|i| sums::dot(x.row(i), &means)).collect();
        Ok(Self { x, lengths, p, c: sums::squares(&means) })
    }

    /// m and u of `x x'`.
    fn centered_parts(&self) -> (f64, Vec<f64>) {
        let n = self.lengths.len();
        let mean = sums::sum(&self.lengths) / n as f64;
        let m = if n > 1 { -mean / (n as f64 - 1.0) } else { 0.0 };
        (m, self.lengths.iter().map(|length| per_row(mean - length, n)).collect())
    }

    pub(super) fn parts(&self, centering: Centering) -> Decomposition {
        let n = self.lengths.len();
        let zeros = || vec![0.0; n];
        if centering == Centering::UCentered {
            return Decomposition { k: 0.0, m: 0.0, u: zeros(), d: zeros() };
        }
        let (m, mut u) = self.centered_parts();
        if n > 2 {
            u.iter_mut().zip(&self.p).for_each(|(u, p)| *u += p);
        }
        let mean = sums::sum(&self.lengths) / n as f64;
        let (k, d) = match centering {
            Centering::Plain => {
                (mean + self.c, self.lengths.iter().zip(&self.p).map(|(v, p)| v - mean + 2.0 * p).collect())
            }
            _ => (0.0, zeros()),
        };
        Decomposition { k, m: if n > 1 { m + self.c } else { 0.0 }, u, d }
    }
}

/// `M = x x' + b 1' + 1 b' = z s z'` with `z = [x b 1]`, where s exchanges the last two columns: `M_ij = W_ij` for i !=
/// j.
pub(super) struct LowRank {
    z: Matrix,
    /// `z s`
    zs: Matrix,
    /// `z' z`
    gram: Matrix,
    /// The diagonal of M.
    diagonal: Vec<f64>,
}

impl LowRank {
    pub(super) fn of(factored: &Factored, par: Par<'_>) -> Result<Self> {
        let (n, r) = (factored.x.rows(), factored.x.cols());
        let (m, u) = factored.centered_parts();
        let b: Vec<f64> = u.iter().map(|u| -u - 0.5 * m).collect();
        let wide = |ends: fn(f64) -> [f64; 2]| {
            let mut z = Matrix::zeros(n, r + 2);
            for i in 0..n {
                let row = z.row_mut(i);
                row[..r].copy_from_slice(factored.x.row(i));
                row[r..].copy_from_slice(&ends(b[i]));
            }
            z
        };
        let (z, zs) = (wide(|b| [b, 1.0]), wide(|b| [1.0, b]));
        let gram = linalg::gram(&z, par)?;
        let diagonal = factored.lengths.iter().zip(&b).map(|(length, b)| length + 2.0 * b).collect();
        Ok(Self { z, zs, gram, diagonal })
    }

    /// Row sums of `W^2`: those of `M^2` without its diagonal.
    pub(super) fn squares(&self, par: Par<'_>) -> Result<Vec<f64>> {
        let product = linalg::product_nn(&self.zs, &self.gram, par)?;
        let row = |i: usize| sums::dot(product.row(i), self.zs.row(i)) - self.diagonal[i] * self.diagonal[i];
        Ok((0..self.z.rows()).map(row).collect())
    }

    pub(super) fn third(&self, parts: &Decomposition, r: &[f64], par: Par<'_>) -> Result<Third> {
        let (d, u) = (&parts.d, &parts.u);
        Ok(Third {
            three: mixed(d, u, |_| 1.0),
            h: self.between(d, u, par)?,
            g: mixed(d, u, |i| r[i]),
            cubes: [self.cubes(par)?, self.trace(r, par)?],
        })
    }

    /// `x' W y = (z'x)' s (z'y) - sum M_ii x_i y_i`.
    fn between(&self, d: &[f64], u: &[f64], par: Par<'_>) -> Result<[f64; 3]> {
        let x = Matrix::from_fn(d.len(), 2, |i, j| if j == 0 { d[i] } else { u[i] });
        let (left, right) = (linalg::product(&self.z, &x, par)?, linalg::product(&self.zs, &x, par)?);
        let own: [f64; 3] = mixed(d, u, |i| self.diagonal[i]);
        let pair = |p: usize, q: usize| (0..left.rows()).map(|i| left.at(i, p) * right.at(i, q)).sum::<f64>();
        Ok([pair(0, 0) - own[0], pair(0, 1) - own[1], pair(1, 1) - own[2]])
    }

    /// `tr W^3 = tr M^3 - 3 sum M_ii (M M)_ii + 2 sum M_ii^3`, where `(M M)_ii` is r plus the square of `M_ii`.
    fn trace(&self, r: &[f64], par: Par<'_>) -> Result<f64> {
        let size = self.gram.rows();
        let exchange = |i: usize| match size - i {
            1 => i - 1,
            2 => i + 1,
            _ => i,
        };
        let sg = self.gram.rows_in_order(&(0..size).map(exchange).collect::<Vec<_>>());
        let square = linalg::product_nn(&sg, &sg, par)?;
        let whole: f64 = (0..size).map(|i| (0..size).map(|j| square.at(i, j) * sg.at(j, i)).sum::<f64>()).sum();
        let own: f64 = self.diagonal.iter().zip(r).map(|(v, r)| v * (3.0 * r + v * v)).sum();
        Ok(whole - own)
    }

    /// Sum of `W^3` entry by entry: the only pass over all pairs.
    fn cubes(&self, par: Par<'_>) -> Result<f64> {
        let n = self.z.rows();
        let strips = par.map(n.div_ceil(TILE), |strip, par| {
            let i0 = strip * TILE;
            let rows = TILE.min(n - i0);
            let mut tile = vec![0.0; rows * TILE];
            let mut square = vec![0.0; TILE];
            let mut total = 0.0;
            for j0 in (i0..n).step_by(TILE) {
                par.check()?;
                let cols = TILE.min(n - j0);
                rows_product(&self.z, i0..i0 + rows, &self.zs, j0..j0 + cols, &mut tile);
                for (i, row) in (i0..i0 + rows).zip(tile.chunks(cols)) {
                    let row = &row[(i + 1).saturating_sub(j0).min(cols)..];
                    let square = &mut square[..row.len()];
                    square.iter_mut().zip(row).for_each(|(s, v)| *s = v * v);
                    total += sums::dot(square, row);
                }
            }
            Ok(total)
        })?;
        Ok(2.0 * strips.iter().sum::<f64>())
    }
}
