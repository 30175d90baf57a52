//! What a matching can change of `T(pi) = sum_ij K[i, j] L[pi(i), pi(j)]`, taken apart.
//!
//! Off the diagonal write `K_ij = m + u_i + u_j + W_ij` with `sum u = 0` and zero row sums of W, whose diagonal is zero; on it
//! `K_ii = mean + d_i` with `sum d = 0`. With m', v, V, mean', e for L all mixed terms vanish, and
//!
//! ```text
//! T(pi) = n mean mean' + n(n-1) m m'  +  sum_i [ d_i e_pi(i) + 2(n-2) u_i v_pi(i) ]  +  sum_ij W_ij V_pi(i)pi(j)
//! ```
//!
//! (For the middle term: `sum_{i != j} (u_i + u_j)(v_i + v_j) = 2(n-1) u.v + 2 (sum u)(sum v) - 2 u.v = 2(n-2) u.v`.)
//! The constant may be hundreds of standard deviations; what is left of single precision after it would be useless. W has
//! no such part, so its orbits may be computed in single precision and the other two terms in double. The three terms are
//! uncorrelated over all matchings, which also gives the exact variance (`moments.rs`).

use crate::engines::pair_matrix::Dense;
use crate::error::Result;
use crate::numerics::sums;
use crate::par::Par;

/// Rows per unit of work.
const ROWS: usize = 128;
/// Columns that are unpacked at a time, so that whole cache lines are written.
const COLUMNS: usize = 8;

/// A matrix taken apart.
pub struct Residual<'a> {
    matrix: &'a Dense,
    /// Mean off the diagonal.
    m: f64,
    /// Effects of the items.
    u: Vec<f64>,
    /// Mean on the diagonal.
    own: f64,
    /// Differences from it.
    d: Vec<f64>,
    /// Sum of squares of W.
    squares: f64,
}

impl<'a> Residual<'a> {
    /// Take a matrix of at least three items apart.
    pub fn of(matrix: &'a Dense, par: Par<'_>) -> Result<Self> {
        let (n, size) = (matrix.n(), matrix.n() as f64);
        let mut off = matrix.row_sums(par)?;
        let (mut own, mut d) = (0.0, vec![0.0; n]);
        if let Some(diagonal) = matrix.diagonal() {
            own = sums::sum(diagonal) / size;
            off.iter_mut().zip(diagonal).for_each(|(sum, v)| *sum -= v);
            d.iter_mut().zip(diagonal).for_each(|(d, v)| *d = v - own);
        }
        let m = sums::sum(&off) / (size * (size - 1.0));
        let u: Vec<f64> = off.iter().map(|sum| (sum - (size - 1.0) * m) / (size - 2.0)).collect();
        let parts = par.map(n.div_ceil(ROWS), |part, _| {
            let mut rest = vec![0.0; n];
            let mut total = 0.0;
            for i in part * ROWS..((part + 1) * ROWS).min(n) {
                let begin = i * n - i * (i + 1) / 2;
                let rest = &mut rest[..n - 1 - i];
                let row = &matrix.upper()[begin..begin + n - 1 - i];
                let level = m + u[i];
                rest.iter_mut().zip(row).zip(&u[i + 1..]).for_each(|((w, v), other)| *w = v - level - other);
                total += sums::squares(rest);
            }
            Ok(total)
        })?;
        Ok(Self { matrix, m, u, own, d, squares: 2.0 * parts.iter().sum::<f64>() })
    }

    /// Number of items.
    pub fn n(&self) -> usize {
        self.matrix.n()
    }

    /// The matrix itself.
    pub fn matrix(&self) -> &Dense {
        self.matrix
    }

    /// Mean of T over all matchings.
    pub fn mean(&self, other: &Self) -> f64 {
        let n = self.n() as f64;
        n * self.own * other.own + n * (n - 1.0) * self.m * other.m
    }

    /// Variance of T over all matchings; None for fewer than four items.
    ///
    /// ```text
    /// ( (d.d)(e.e) + 4(n-2)(d.u)(e.v) + 4(n-2)^2 (u.u)(v.v) ) / (n-1)  +  2 |W|^2 |V|^2 / (n(n-3))
    /// ```
    pub fn variance(&self, other: &Self) -> Option<f64> {
        let n = self.n() as f64;
        if self.n() < 4 {
            return None;
        }
        let products = |a: &Self| (sums::squares(&a.d), sums::dot(&a.d, &a.u), sums::squares(&a.u));
        let ((dd, du, uu), (ee, ev, vv)) = (products(self), products(other));
        let linear = dd * ee + 4.0 * (n - 2.0) * du * ev + 4.0 * (n - 2.0) * (n - 2.0) * uu * vv;
        Some((linear / (n - 1.0) + 2.0 * self.squares * other.squares / (n * (n - 3.0))).max(0.0))
    }

    /// `|K|`, from its parts.
    pub fn norm(&self) -> f64 {
        let n = self.n() as f64;
        let level = n * self.own * self.own + n * (n - 1.0) * self.m * self.m;
        (level + sums::squares(&self.d) + 2.0 * (n - 2.0) * sums::squares(&self.u) + self.squares).sqrt()
    }

    /// Two numbers per item whose products, summed over matched items, are the linear part of T.
    pub fn effects(&self) -> impl Iterator<Item = [f64; 2]> {
        let root = (2.0 * (self.n() as f64 - 2.0)).max(0.0).sqrt();
        self.d.iter().zip(&self.u).map(move |(d, u)| [*d, root * u])
    }

    /// Some whole rows of W, from row `first` on.
    pub fn rows(&self, first: usize, rows: &mut [f64]) {
        let n = self.n();
        unpack(self.matrix, first, rows);
        for (i, row) in (first..).zip(rows.chunks_exact_mut(n)) {
            let level = self.m + self.u[i];
            row.iter_mut().zip(&self.u).for_each(|(w, u)| *w -= level + u);
            row[i] = 0.0;
        }
    }
}

/// Some whole rows, from row `first` on; the diagonal is left as it was.
fn unpack(matrix: &Dense, first: usize, rows: &mut [f64]) {
    let (n, upper) = (matrix.n(), matrix.upper());
    let count = rows.len() / n;
    // Entry (i, j) with i < j is at begin(i) + j - i - 1.
    let begin = |i: usize| i * n - i * (i + 1) / 2;
    // To the left of these rows: a piece of every row above.
    let left = first - first % COLUMNS;
    for column in (0..left).step_by(COLUMNS) {
        let above: [&[f64]; COLUMNS] = std::array::from_fn(|c| {
            let j = column + c;
            &upper[begin(j) + first - j - 1..][..count]
        });
        for (at, row) in rows.chunks_exact_mut(n).enumerate() {
            let to = &mut row[column..column + COLUMNS];
            (0..COLUMNS).for_each(|c| to[c] = above[c][at]);
        }
    }
    for (i, row) in (first..).zip(rows.chunks_exact_mut(n)) {
        for j in left..i {
            row[j] = upper[begin(j) + i - j - 1];
        }
        row[i + 1..].copy_from_slice(&upper[begin(i)..begin(i) + n - 1 - i]);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Any symmetric matrix.
    pub fn dense(n: usize, diagonal: bool, pace: f64) -> Dense {
        let entry = |i: usize, j: usize| (pace * (i * i + j * j + 3 * i * j) as f64).sin() + 0.3;
        let upper = (0..n).flat_map(|i| (i + 1..n).map(move |j| entry(i, j))).collect();
        Dense::new(n, upper, diagonal.then(|| (0..n).map(|i| entry(i, i)).collect()))
    }

    #[test]
    fn unpacked_rows_are_whole() {
        for n in [1, 2, 3, 63, 64, 65, 130] {
            let matrix = dense(n, true, 0.9);
            for first in [0, n / 2, n - 1] {
                let mut rows = vec![0.0; 8.min(n - first) * n];
                unpack(&matrix, first, &mut rows);
                let off = (0..rows.len()).filter(|at| first + at / n != at % n);
                assert!(off.into_iter().all(|at| rows[at] == matrix.at(first + at / n, at % n)));
            }
        }
    }

    /// The parts add up for every matching, W has no row sums, and the moments are those of all matchings.
    #[test]
    fn parts_add_up() {
        let n = 5;
        for (with_k, with_l) in [(true, true), (false, false), (true, false)] {
            let (k, l) = (dense(n, with_k, 0.7), dense(n, with_l, 1.3));
            let (a, b) = (Residual::of(&k, Par::SEQ).unwrap(), Residual::of(&l, Par::SEQ).unwrap());
            let (mut w, mut v) = (vec![0.0; n * n], vec![0.0; n * n]);
            a.rows(0, &mut w);
            b.rows(0, &mut v);
            assert!(w.chunks(n).all(|row| row.iter().sum::<f64>().abs() < 1e-14));
            let (left, right): (Vec<_>, Vec<_>) = (a.effects().collect(), b.effects().collect());
            let mut all = Vec::new();
            for index in 0..120_usize {
                let order = crate::operations::permutation::matchings::nth(n, index);
                let mut direct = 0.0;
                let mut found = a.mean(&b);
                for i in 0..n {
                    found += left[i].iter().zip(right[order[i]]).map(|(x, y)| x * y).sum::<f64>();
                    for j in 0..n {
                        direct += k.at(i, j) * l.at(order[i], order[j]);
                        found += w[i * n + j] * v[order[i] * n + order[j]];
                    }
                }
                assert!((direct - found).abs() < 1e-13, "{direct} {found}");
                all.push(direct);
            }
            let mean = all.iter().sum::<f64>() / 120.0;
            let variance = all.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / 120.0;
            assert!((a.mean(&b) - mean).abs() < 1e-13);
            assert!((a.variance(&b).unwrap() / variance - 1.0).abs() < 1e-12);
        }
    }
}
