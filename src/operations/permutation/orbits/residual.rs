//! The part of a matrix whose orbits need work: its rows less constants and effects of items.
//!
//! [`Decomposition`] takes a matrix K apart: `K_ij = m + u_i + u_j + W_ij` off the diagonal, `k + d_i` on it. The constant part of
//! the statistic may be hundreds of standard deviations; what is left of single precision after it would be useless. W has
//! no such part, so its orbits may be computed in single precision, and the other parts in double.

use crate::engines::dense::Dense;
use crate::error::Result;
use crate::memory;
use crate::numerics::fft::LaneFloat;
use crate::operations::permutation::moments::{Decomposition, Invariants, MomentOrder, moments};
use crate::par::Par;

/// Columns that are unpacked at a time, so that whole cache lines are written.
const COLUMNS: usize = 8;
/// Numbers that differ by less than this, relative to the largest, differ by round-off.
const SAME: f64 = 1e-10;
/// Rows per unit of work.
const ROWS: usize = 64;

/// A stored matrix taken apart.
pub struct Residual<'a> {
    matrix: &'a Dense,
    parts: Decomposition,
    invariants: Invariants,
}

impl<'a> Residual<'a> {
    /// Take a matrix apart.
    pub fn of(matrix: &'a Dense, par: Par<'_>) -> Result<Self> {
        let parts = Decomposition::of_dense(matrix, par)?;
        let invariants = Invariants::of_parts(matrix, &parts, MomentOrder::Variance, par)?;
        Ok(Self { matrix, parts, invariants })
    }

    /// Number of items.
    pub fn n(&self) -> usize {
        self.matrix.n()
    }

    /// Mean of the statistic over all pairings.
    pub fn mean(&self, other: &Self) -> f64 {
        self.parts.mean(&other.parts)
    }

    /// Standard deviation of the statistic over all pairings.
    pub fn std(&self, other: &Self) -> f64 {
        moments(&self.invariants, &other.invariants).variance.sqrt()
    }

    /// The norm of the matrix.
    pub fn norm(&self) -> f64 {
        self.invariants.norm()
    }

    /// Two numbers per item whose products, summed over matched items, are the linear part of the statistic.
    pub fn effects(&self) -> impl Iterator<Item = [f64; 2]> {
        let weight = self.parts.linear(&self.parts)[1].0.sqrt();
        self.parts.d.iter().zip(&self.parts.u).map(move |(d, u)| [*d, weight * u])
    }

    /// Diagonals for W and that of the other matrix, so that their product is the linear part: possible if one number per
    /// item describes it, as with centered matrices, whose u is d over 2 - n, and with those whose diagonal is constant.
    pub fn diagonals(&self, other: &Self) -> Option<[Vec<f64>; 2]> {
        let both = [&self.parts, &other.parts];
        let n = self.n() as f64;
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        let scaled = |values: &[f64], factor: f64| values.iter().map(|v| factor * v).collect::<Vec<f64>>();
        if both.iter().all(|parts| largest(&parts.d) == 0.0) {
            let weight = self.parts.linear(&self.parts)[1].0.sqrt();
            return Some(both.map(|parts| scaled(&parts.u, weight)));
        }
        let centered = |parts: &&Decomposition| {
            let apart = |(u, d): (&f64, &f64)| (u * (n - 2.0) + d).abs();
            let worst = parts.u.iter().zip(&parts.d).map(apart).fold(0.0_f64, f64::max);
            worst <= SAME * largest(&parts.d)
        };
        both.iter().all(centered).then(|| both.map(|parts| scaled(&parts.d, (n / (n - 2.0)).sqrt())))
    }

    /// All rows of W in another precision, with this diagonal.
    pub fn whole<T: LaneFloat>(&self, diagonal: Option<&[f64]>, par: Par<'_>) -> Result<Vec<T>> {
        let n = self.n();
        let mut all = memory::zeros("The rows of an n x n matrix", n * n)?;
        par.fill(&mut all, ROWS * n, |block, out| {
            let mut rows = vec![0.0; out.len()];
            self.rows(block * ROWS, &mut rows);
            out.iter_mut().zip(rows).for_each(|(to, from)| *to = T::of(from));
            if let Some(diagonal) = diagonal {
                for (i, row) in (block * ROWS..).zip(out.chunks_exact_mut(n)) {
                    row[i] = T::of(diagonal[i]);
                }
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Some whole rows of W, from row `first` on.
    pub fn rows(&self, first: usize, rows: &mut [f64]) {
        unpack(self.matrix, first, rows);
        for (i, row) in (first..).zip(rows.chunks_exact_mut(self.n())) {
            self.parts.residual_row(i, row);
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
    use crate::operations::permutation::design::{Design, Scheme};

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

    /// The parts add up for every pairing, W has no row sums, and the moments are those of all pairings.
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
            let design = Design::new(n, None, None, Scheme::Permute).unwrap();
            for index in 0..120 {
                let order = design.nth(index);
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
            assert!((a.std(&b) / variance.sqrt() - 1.0).abs() < 1e-12);
        }
    }
}
