//! Decomposition of a matrix beside its residual W: constants and shares of rows.

use crate::engines::dense::Dense;
use crate::error::Result;
use crate::numerics::sums;
use crate::par::Par;

/// Constants and row effects of a matrix: `K_ij = m + u_i + u_j + W_ij`, `K_ii = k + d_i`.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// Mean of the diagonal.
    pub k: f64,
    /// Mean off the diagonal.
    pub m: f64,
    /// Excess of the rows over m, diagonal left out.
    pub u: Vec<f64>,
    /// Excess of the diagonal over k.
    pub d: Vec<f64>,
}

impl Decomposition {
    /// Decomposition of a stored matrix.
    pub fn of_dense(k: &Dense, par: Par<'_>) -> Result<Self> {
        let n = k.n();
        let off = k.off_diagonal_sums(par)?;
        let pairs = n as f64 * (n as f64 - 1.0);
        let m = if n > 1 { sums::sum(&off) / pairs } else { 0.0 };
        let u = off.iter().map(|sum| per_row(sum - (n as f64 - 1.0) * m, n)).collect();
        let (k, d) = match k.diagonal() {
            Some(diagonal) => {
                let mean = sums::sum(diagonal) / n as f64;
                (mean, diagonal.iter().map(|v| v - mean).collect())
            }
            None => (0.0, vec![0.0; n]),
        };
        Ok(Self { k, m, u, d })
    }

    /// Mean over all pairings with a matrix of these other parts.
    pub fn mean(&self, other: &Self) -> f64 {
        mean(self.u.len(), (self.k, self.m), (other.k, other.m))
    }

    /// The linear part as a sum of `factor * sum_i x_i y_pi(i)`: `(factor, x, y)` each.
    pub fn linear<'a>(&'a self, other: &'a Self) -> [(f64, &'a [f64], &'a [f64]); 2] {
        [(1.0, &self.d, &other.d), (twice(self.u.len()), &self.u, &other.u)]
    }

    /// Turn entries (i, first), (i, first + 1), .. of K into those of W, which is zero on its diagonal.
    pub fn residual_piece(&self, i: usize, first: usize, entries: &mut [f64]) {
        let base = self.m + self.u[i];
        entries.iter_mut().zip(&self.u[first..]).for_each(|(v, u)| *v = *v - base - u);
        if let Some(own) = i.checked_sub(first).and_then(|at| entries.get_mut(at)) {
            *own = 0.0;
        }
    }

    /// Turn row i of K into row i of W.
    pub fn residual_row(&self, i: usize, row: &mut [f64]) {
        self.residual_piece(i, 0, row);
    }
}

/// Excess of a row over its share, per entry; two items have only one pair, which is its own mean.
pub(super) fn per_row(excess: f64, n: usize) -> f64 {
    if n > 2 { excess / (n as f64 - 2.0) } else { 0.0 }
}

/// The weight `2(n-2)` of u in the linear part.
fn twice(n: usize) -> f64 {
    2.0 * (n as f64 - 2.0).max(0.0)
}

/// Mean of the statistic from the means on and off the diagonals.
pub(super) fn mean(n: usize, (k, m): (f64, f64), (l, m_l): (f64, f64)) -> f64 {
    let n = n as f64;
    n * k * l + n * (n - 1.0) * m * m_l
}
