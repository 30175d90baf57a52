//! Exact moments over all n! pairings, from a short list of numbers per matrix.
//!
//! The statistic is `T(pi) = sum_ij K[i, j] L[pi(i), pi(j)]`. Each symmetric matrix is cut into constants, a share per
//! row and a rest that sums to zero over every row. Off the diagonal, and on it,
//!
//! ```text
//! K_ij = m + u_i + u_j + W_ij        K_ii = k + d_i        sum u = sum d = 0, W symmetric, row sums and diagonal zero
//!
//! R_i = sum of K_ij over j != i      m = sum R / (n (n-1))      u_i = (R_i - (n-1) m) / (n-2)
//! ```
//!
//! With m', v, V, k', e for the parts of L,
//!
//! ```text
//! T(pi) = n k k' + n(n-1) m m'  +  sum_i d_i e_pi(i) + 2(n-2) sum_i u_i v_pi(i)  +  sum_{i != j} W_ij V_pi(i)pi(j)
//!                mean           +                 linear part A                  +         quadratic part Q
//! ```
//!
//! Proof: on the diagonal, `sum (k + d_i)(k' + e_pi(i))` loses its mixed terms because d and e sum to zero. Off it, a
//! constant meets u, v, W or V in sums that vanish; `u_i` meets `v_pi(i)` n-1 times and `v_pi(j)`, j != i, with the sum
//! `-u_i v_pi(i)`, and so does `u_j`: together `2(n-1) - 2`; `u_i` meets `V_pi(i)pi(j)`, whose sum over j is zero. This
//! holds for every symmetric matrix with any diagonal: no class of matrices is left out. [`Decomposition`] holds m, k, u and d
//! and turns rows of K into rows of W.
//!
//! A moment of A + Q is a sum over the ways in which indices can coincide. What remains of a matrix are sums over
//! products of its d, u and W (its [`Invariants`]), and the coefficients are rational functions of n. For the variance,
//!
//! ```text
//! var T = ( (d.d)(e.e) + 4(n-2)(d.u)(e.v) + 4(n-2)^2 (u.u)(v.v) ) / (n-1)  +  2 w w' / (n(n-3))      w = sum W^2
//! ```
//!
//! Every power of A stands for a choice of d or u in each of its factors, weighted by `2(n-2)` per u. So sums in which
//! the factors have equal roles are kept by their number of u, and binomial coefficients count the choices. The third
//! moment needs n >= 6, the fourth n >= 8. All are sums of central quantities.
//!
//! Cost per matrix: for a stored one O(n^2) for the variance; beyond it `W W`, one product of n^3, which is why they
//! end at [`LARGEST`]. For a factor `a a'` with r columns, O(n r^2) for the variance and O(n^2 r) for the skewness: W
//! differs only on its diagonal from a matrix M of rank r + 2 (`Factored`). Per pair of matrices: O(1).

mod factored;
mod formulas;
mod invariants;
pub mod null_moments;
mod parts;
pub mod pvalue;
mod stored;

#[cfg(test)]
mod tests;

pub(super) use crate::operations::permutation::moments::factored::Factored;
pub use crate::operations::permutation::moments::formulas::moments;
pub use crate::operations::permutation::moments::invariants::{Invariants, MomentOrder, Moments};
pub use crate::operations::permutation::moments::parts::Decomposition;

use crate::engines::dense::{Centering, Dense};
use crate::engines::pair_matrix::PairMatrix;
use crate::error::Result;
use crate::linalg::{Matrix, unit_scale};
use crate::numerics::sums;
use crate::operations::permutation::moments::factored::LowRank;
use crate::operations::permutation::moments::invariants::{ROWS, mixed};
use crate::operations::permutation::moments::stored::{RowSums, SQUARE, SquaredResidual, squares_of_residual};
use crate::par::Par;

/// The largest stored matrix whose product with itself is formed.
pub const LARGEST: usize = 3000;

impl Invariants {
    /// Invariants of a matrix, stored or not, up to the order its size and kind allow.
    pub fn of(pairs: &PairMatrix, order: MomentOrder, par: Par<'_>) -> Result<Self> {
        match pairs.factor() {
            Some((a, centering)) if order < MomentOrder::Kurtosis || a.rows() > LARGEST => {
                Self::of_factor(a, centering, order, par)
            }
            _ => Self::of_dense(&*pairs.dense(par)?, order, par),
        }
    }

    /// Invariants of a stored matrix; beyond [`LARGEST`] items for mean and variance only.
    pub fn of_dense(k: &Dense, order: MomentOrder, par: Par<'_>) -> Result<Self> {
        Self::of_parts(k, &Decomposition::of_dense(k, par)?, order, par)
    }

    /// The same, the parts being known.
    pub fn of_parts(k: &Dense, parts: &Decomposition, order: MomentOrder, par: Par<'_>) -> Result<Self> {
        let n = k.n();
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let scale = within_reach(unit_scale(largest(k.upper()).max(largest(k.diagonal().unwrap_or(&[])))));
        let [d, u] = [&parts.d, &parts.u].map(|x| x.iter().map(|v| v * scale).collect::<Vec<f64>>());
        let base = Self {
            n,
            means: (parts.k, parts.m),
            scale,
            two: mixed(&d, &u, |_| 1.0),
            w: 0.0,
            third: None,
            fourth: None,
        };
        if order == MomentOrder::Variance || !(6..=LARGEST).contains(&n) {
            return Ok(Self { w: squares_of_residual(k, parts, scale, par)?, ..base });
        }
        let mut w = k.full()?;
        par.fill(w.data_mut(), ROWS * n, |block, rows| {
            for (i, row) in (block * ROWS..).zip(rows.chunks_mut(n)) {
                parts.residual_row(i, row);
                row.iter_mut().for_each(|v| *v *= scale);
            }
            Ok(())
        })?;
        let (rows, product) = (RowSums::of(&w, &d, &u, par)?, SquaredResidual::of(&w, par)?);
        let base = Self { w: rows.total(SQUARE), ..base };
        let third = rows.third(&d, &u, product.trace());
        let fourth =
            if order == MomentOrder::Kurtosis { Some(rows.fourth(&w, (&d, &u), &base, &product, par)?) } else { None };
        Ok(Self { third: Some(third), fourth, ..base })
    }

    /// The norm of the matrix, from its parts.
    pub fn norm(&self) -> f64 {
        let (n, (k, m)) = (self.n as f64, self.means);
        let varying = (self.two[0] + 2.0 * (n - 2.0) * self.two[2] + self.w) / (self.scale * self.scale);
        (n * k * k + n * (n - 1.0) * m * m + varying).max(0.0).sqrt()
    }

    /// Invariants of `a a'` from `a`: mean, variance and skewness.
    pub fn of_factor(a: &Matrix, centering: Centering, order: MomentOrder, par: Par<'_>) -> Result<Self> {
        let scale = within_reach(unit_scale(a.largest()));
        let factored = Factored::new(a, scale, par)?;
        let parts = factored.parts(centering);
        let low_rank = LowRank::of(&factored, par)?;
        let r = low_rank.squares(par)?;
        let scale = scale * scale;
        let third = order > MomentOrder::Variance && a.rows() >= 6;
        Ok(Self {
            n: a.rows(),
            means: (parts.k / scale, parts.m / scale),
            scale,
            two: mixed(&parts.d, &parts.u, |_| 1.0),
            w: sums::sum(&r).max(0.0),
            third: if third { Some(low_rank.third(&parts, &r, par)?) } else { None },
            fourth: None,
        })
    }
}

/// A power of two whose fourth power is still a number.
fn within_reach(scale: f64) -> f64 {
    scale.clamp(2.0_f64.powi(-240), 2.0_f64.powi(240))
}
