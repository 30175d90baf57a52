//! Symmetric matrices reduced to a narrow band, and traces of their shifted inverses.
//!
//! A reduction to tridiagonal form spends half of its time in products of the matrix with one vector, at the speed of
//! memory. A band of [`WIDTH`] is reached by products with blocks of vectors, at the speed of the processor, and what is
//! asked of the matrix here, `tr (b + s)^-1` for a few dozen shifts s, costs a band hardly more than a tridiagonal matrix:
//! as many shifts as the machine has lanes go through one elimination side by side.
//!
//! Reflections of a later panel never touch the rows of an earlier one. So if the matrix is graded, large entries first,
//! the errors are graded as well: those of the trailing block are relative to the trailing block.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::{qr, triangular_solve};
use faer::prelude::{Reborrow, ReborrowMut};
use faer::{Accum, Mat, MatMut, MatRef, Spec};

use crate::numerics::sums;

/// Entries (i, j) of a band are zero for `|i - j| > WIDTH`.
pub(super) const WIDTH: usize = 16;
/// Entries of a column from the diagonal down.
const SIZE: usize = WIDTH + 1;

/// A symmetric band matrix.
pub(super) struct Band {
    /// Column j from the diagonal down: `columns[j][k]` is entry (j + k, j), zero below the matrix.
    columns: Vec<[f64; SIZE]>,
}

impl Band {
    /// Orthogonally similar to the matrix whose lower half is given.
    pub(super) fn similar_to(mut a: Mat<f64>) -> Self {
        let n = a.nrows();
        for start in (0..n).step_by(WIDTH) {
            let (next, width) = (start + WIDTH, WIDTH.min(n - start));
            if next + 1 >= n {
                break;
            }
            let (panel, rest) = a.as_mut().submatrix_mut(next, start, n - next, n - start).split_at_col_mut(width);
            reflect(panel, rest.submatrix_mut(0, 0, n - next, n - next));
        }
        let columns = (0..n).map(|j| std::array::from_fn(|k| if j + k < n { a[(j + k, j)] } else { 0.0 })).collect();
        Self { columns }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Sum of the diagonal.
    pub(super) fn trace(&self) -> f64 {
        self.columns.iter().map(|column| column[0]).sum()
    }

    /// Sum of squares of all entries.
    pub(super) fn squared_norm(&self) -> f64 {
        self.columns.iter().map(|column| 2.0 * sums::squares(column) - column[0] * column[0]).sum()
    }

    /// Product with a vector, of the block that begins at row and column `from`.
    fn times(&self, x: &[f64], from: usize) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        for (j, column) in self.columns[from..].iter().enumerate() {
            out[j] += column[0] * x[j];
            let below = WIDTH.min(x.len() - 1 - j);
            for k in 1..=below {
                out[j + k] += column[k] * x[j];
                out[j] += column[k] * x[j + k];
            }
        }
        out
    }

    /// Upper bound of the eigenvalues (Gershgorin).
    pub(super) fn upper_bound(&self) -> f64 {
        let size = |v: &f64| v.abs();
        let mut reach: Vec<f64> = self.columns.iter().map(|column| column.iter().map(size).sum()).collect();
        for (j, column) in self.columns.iter().enumerate() {
            let below = WIDTH.min(self.columns.len() - 1 - j);
            (1..=below).for_each(|k| reach[j + k] += column[k].abs());
        }
        reach.into_iter().fold(0.0, f64::max)
    }

    /// About the largest eigenvalue of the block that begins at row and column `from` (some percent below it).
    pub(super) fn largest_eigenvalue(&self, from: usize) -> f64 {
        let mut x = super::decompose::probe(self.columns.len() - from);
        let mut norm = 0.0;
        for _ in 0..12 {
            let size = sums::squares(&x).sqrt().max(f64::MIN_POSITIVE);
            x.iter_mut().for_each(|v| *v /= size);
            x = self.times(&x, from);
            norm = sums::squares(&x).sqrt();
        }
        norm
    }

    /// `tr b (b + s)^-1` for every shift s; None if a shifted matrix is not positive definite.
    pub(super) fn shares(&self, shifts: &[f64]) -> Option<Vec<f64>> {
        let (shares, pivots) = self.eliminated(shifts);
        let positive = pivots.iter().all(|pivot| *pivot > 0.0);
        (positive && shares.iter().all(|share| share.is_finite())).then_some(shares)
    }

    /// The first of the given numbers that is below all eigenvalues, up to round-off.
    pub(super) fn lower_bound(&self, candidates: &[f64]) -> Option<f64> {
        let shifts: Vec<f64> = candidates.iter().map(|c| -c).collect();
        let (_, pivots) = self.eliminated(&shifts);
        candidates.iter().zip(pivots).find(|(_, pivot)| *pivot > 0.0).map(|(candidate, _)| *candidate)
    }

    /// For every shift s `tr b (b + s)^-1` and the smallest pivot, which is positive if and only if `b + s` is.
    fn eliminated(&self, shifts: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut sums, mut pivots) = (vec![0.0; shifts.len()], vec![0.0; shifts.len()]);
        let shares = SpectralShares { columns: &self.columns, shifts, sums: &mut sums, pivots: &mut pivots };
        pulp::Arch::new().dispatch(shares);
        (sums, pivots)
    }
}

/// Bring `panel` to upper triangular form by reflections and apply them to both sides of the symmetric `rest`.
fn reflect(mut panel: MatMut<'_, f64>, mut rest: MatMut<'_, f64>) {
    use BlockStructure::{Rectangular, StrictTriangularUpper, TriangularLower};
    let seq = faer::Par::Seq;
    let (rows, width) = (panel.nrows(), panel.ncols().min(panel.nrows()));
    let mut factor = Mat::zeros(WIDTH, width);
    let need = qr::no_pivoting::factor::qr_in_place_scratch::<f64>(rows, panel.ncols(), WIDTH, seq, Spec::default());
    let stack = &mut MemBuffer::new(need);
    qr::no_pivoting::factor::qr_in_place(panel.rb_mut(), factor.as_mut(), seq, MemStack::new(stack), Spec::default());

    // The reflections are 1 - v s v' with s the inverse of the triangular factor. With y = rest v s and
    // w = y - v (s' v'y) / 2, both sides together change rest by - v w' - w v'.
    let mut vw = Mat::zeros(rows, 2 * width);
    for j in 0..width {
        vw[(j, j)] = 1.0;
        (j + 1..rows).for_each(|i| vw[(i, j)] = panel[(i, j)]);
    }
    let factor: MatRef<'_, f64> = factor.as_ref().submatrix(0, 0, width, width);
    let (v, mut w) = vw.as_mut().split_at_col_mut(width);
    let v = v.rb();
    let lower = rest.rb();
    triangular::matmul(w.rb_mut(), Rectangular, Accum::Replace, lower, TriangularLower, v, Rectangular, 1.0, seq);
    let upper = lower.transpose();
    triangular::matmul(w.rb_mut(), Rectangular, Accum::Add, upper, StrictTriangularUpper, v, Rectangular, 1.0, seq);
    triangular_solve::solve_lower_triangular_in_place(factor.transpose(), w.rb_mut().transpose_mut(), seq);
    let mut half = Mat::zeros(width, width);
    matmul(half.as_mut(), Accum::Replace, v.transpose(), w.rb(), 0.5, seq);
    triangular_solve::solve_lower_triangular_in_place(factor.transpose(), half.as_mut(), seq);
    matmul(w.rb_mut(), Accum::Add, v, half.as_ref(), -1.0, seq);
    let mut wv = Mat::zeros(rows, 2 * width);
    wv.as_mut().subcols_mut(0, width).copy_from(w.rb());
    wv.as_mut().subcols_mut(width, width).copy_from(v);
    let (left, right) = (vw.as_ref(), wv.as_ref().transpose());
    triangular::matmul(rest.rb_mut(), TriangularLower, Accum::Add, left, Rectangular, right, Rectangular, -1.0, seq);
}

/// `tr b (b + s)^-1` for as many shifts at a time as the machine has lanes, by elimination of one row and column after
/// the other.
///
/// With d a pivot of `b + s`, that is `p - s d' / d` summed over the pivots. What is carried along beside the remaining
/// matrix e(s) is therefore not its derivative but `f = e - s e'`, which is b itself at the start and never suffers
/// from the cancellation when s is large.
struct SpectralShares<'a> {
    columns: &'a [[f64; SIZE]],
    shifts: &'a [f64],
    sums: &'a mut [f64],
    pivots: &'a mut [f64],
}

impl pulp::WithSimd for SpectralShares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let lanes = self.shifts.chunks(S::F64_LANES).zip(self.sums.chunks_mut(S::F64_LANES));
        for ((shifts, sums), pivots) in lanes.zip(self.pivots.chunks_mut(S::F64_LANES)) {
            let shift = simd.partial_load_f64s(shifts);
            let (share, least) = shares(simd, self.columns, shift);
            simd.partial_store_f64s(sums, share);
            simd.partial_store_f64s(pivots, least);
        }
    }
}

/// Rows and columns in reach of two pivots.
const REACH: usize = WIDTH + 2;

/// Entry (i + r, i + c) of what is left when i columns are eliminated, at `[c][r]` for c <= r. Aligned, or half of all
/// vectors lie across two cache lines.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct RemainingBlock<V>([[V; REACH]; REACH]);

/// One column of it.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct BlockColumn<V>([V; REACH]);

/// A column that is eliminated: itself, what is carried along beside it, and minus its multiples that are subtracted.
struct Pivot<V> {
    e: BlockColumn<V>,
    f: BlockColumn<V>,
    share: BlockColumn<V>,
}

impl<V: Copy> Pivot<V> {
    #[inline(always)]
    fn new<S: pulp::Simd<f64s = V>>(simd: S, e: [V; REACH], f: [V; REACH], inverse: V) -> Self {
        let mut share = BlockColumn([simd.splat_f64s(0.0); REACH]);
        for (to, entry) in share.0.iter_mut().zip(&e) {
            *to = simd.neg_f64s(simd.mul_f64s(*entry, inverse));
        }
        Self { e: BlockColumn(e), f: BlockColumn(f), share }
    }
}

/// The sums and the smallest pivots of a group of shifts, two pivots at a time: every entry that is left is read and
/// written once for both.
#[inline(always)]
fn shares<S: pulp::Simd>(simd: S, columns: &[[f64; SIZE]], shift: S::f64s) -> (S::f64s, S::f64s) {
    let (n, zero, one) = (columns.len(), simd.splat_f64s(0.0), simd.splat_f64s(1.0));
    // Beyond the matrix stands an identity, whose pivots are 1 and add nothing.
    let mut e = RemainingBlock([[zero; REACH]; REACH]);
    for c in 0..REACH {
        for r in c..REACH {
            let known = columns.get(c).and_then(|column| column.get(r - c));
            e.0[c][r] = simd.splat_f64s(known.copied().unwrap_or(0.0));
        }
    }
    let mut f = e;
    for c in 0..REACH {
        e.0[c][c] = simd.add_f64s(e.0[c][c], if c < n { shift } else { one });
    }
    let (mut total, mut least) = (zero, one);
    for i in (0..n).step_by(2) {
        let inverse = simd.div_f64s(one, e.0[0][0]);
        least = simd.min_f64s(least, e.0[0][0]);
        total = simd.mul_add_e_f64s(f.0[0][0], inverse, total);
        let p = Pivot::new(simd, e.0[0], f.0[0], inverse);
        let own = p.share.0[1];
        let less = simd.mul_add_e_f64s(p.f.0[0], own, p.f.0[1]);
        for r in 1..REACH {
            e.0[1][r] = simd.mul_add_e_f64s(own, p.e.0[r], e.0[1][r]);
            let other = simd.mul_add_e_f64s(own, p.f.0[r], f.0[1][r]);
            f.0[1][r] = simd.mul_add_e_f64s(less, p.share.0[r], other);
        }
        let inverse = simd.div_f64s(one, e.0[1][1]);
        least = simd.min_f64s(least, e.0[1][1]);
        total = simd.mul_add_e_f64s(f.0[1][1], inverse, total);
        let q = Pivot::new(simd, e.0[1], f.0[1], inverse);
        for c in 2..REACH {
            let (own_p, own_q) = (p.share.0[c], q.share.0[c]);
            let less_p = simd.mul_add_e_f64s(p.f.0[0], own_p, p.f.0[c]);
            let less_q = simd.mul_add_e_f64s(q.f.0[1], own_q, q.f.0[c]);
            for r in c..REACH {
                let entry = simd.mul_add_e_f64s(own_p, p.e.0[r], e.0[c][r]);
                e.0[c - 2][r - 2] = simd.mul_add_e_f64s(own_q, q.e.0[r], entry);
                let entry = simd.mul_add_e_f64s(own_p, p.f.0[r], f.0[c][r]);
                let entry = simd.mul_add_e_f64s(less_p, p.share.0[r], entry);
                let entry = simd.mul_add_e_f64s(own_q, q.f.0[r], entry);
                f.0[c - 2][r - 2] = simd.mul_add_e_f64s(less_q, q.share.0[r], entry);
            }
        }
        // The next two rows come into reach.
        let ahead = columns.get(i + 2..).unwrap_or(&[]);
        for c in 0..=WIDTH {
            let new = simd.splat_f64s(ahead.get(c).map_or(0.0, |column| column[WIDTH - c]));
            (e.0[c][WIDTH], f.0[c][WIDTH]) = (new, new);
            let new = simd.splat_f64s(ahead.get(c + 1).map_or(0.0, |column| column[WIDTH - c]));
            (e.0[c + 1][WIDTH + 1], f.0[c + 1][WIDTH + 1]) = (new, new);
        }
        (e.0[0][WIDTH + 1], f.0[0][WIDTH + 1]) = (zero, zero);
        for r in [WIDTH, WIDTH + 1] {
            e.0[r][r] = simd.add_f64s(e.0[r][r], if r < ahead.len() { shift } else { one });
        }
    }
    (total, least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{Matrix, eigenvalues};

    fn wave(n: usize) -> Matrix {
        let half = Matrix::from_fn(n, n, |i, j| ((i * j) as f64 * 0.37).sin() + ((3 * i + j) as f64 * 1.7).cos());
        Matrix::from_fn(n, n, |i, j| (0..n).map(|k| half.at(i, k) * half.at(j, k)).sum())
    }

    fn band_of(a: &Matrix) -> Band {
        Band::similar_to(Mat::from_fn(a.rows(), a.rows(), |i, j| if i < j { f64::NAN } else { a.at(i, j) }))
    }

    /// Sizes on both sides of every cut; the half that is not given is not read.
    #[test]
    fn the_spectrum_is_kept() {
        for n in [1, 2, 15, 16, 17, 18, 32, 33, 34, 70] {
            let a = wave(n);
            let band = band_of(&a);
            let full = Matrix::from_fn(n, n, |i, j| {
                let (low, gap) = (i.min(j), i.abs_diff(j));
                if gap > WIDTH { 0.0 } else { band.columns[low][gap] }
            });
            let (before, after) = (eigenvalues(&a).unwrap(), eigenvalues(&full).unwrap());
            let largest = before[n - 1];
            let off = before.iter().zip(&after).fold(0.0_f64, |m, (p, q)| m.max((p - q).abs()));
            assert!(off < 1e-13 * largest, "n={n}: {off:.1e} of {largest:.1e}");
            assert!((band.trace() / before.iter().sum::<f64>() - 1.0).abs() < 1e-13);
            assert!((band.squared_norm() / a.squared_norm() - 1.0).abs() < 1e-13);
            assert!(band.upper_bound() >= largest * (1.0 - 1e-14));
            assert!((0.8..1.0 + 1e-12).contains(&(band.largest_eigenvalue(0) / largest)), "n={n}");
        }
    }

    #[test]
    fn shares_are_sums_over_the_spectrum() {
        for n in [1, 5, 17, 18, 50] {
            let a = wave(n);
            let values = eigenvalues(&a).unwrap();
            let band = band_of(&a);
            let shifts: Vec<f64> = (-4..7).map(|k| values[n - 1] * 10.0_f64.powi(-k)).collect();
            let shares = band.shares(&shifts).unwrap();
            for (shift, trace) in shifts.iter().zip(shares) {
                let direct: f64 = values.iter().map(|w| w / (w + shift)).sum();
                let round_off = 1e-15 * n as f64 * values[n - 1] / shift;
                assert!((trace - direct).abs() < round_off, "n={n}, shift {shift}: {trace} {direct}");
            }
            assert!(band.shares(&[1.0, -2.0 * values[n - 1]]).is_none());
            let (below, above) = (values[0] - 1e-6 * values[n - 1], values[0] + 1e-6 * values[n - 1]);
            assert_eq!(band.lower_bound(&[values[n - 1], above, below, below - 1.0]), Some(below));
            assert_eq!(band.lower_bound(&[above]), None);
        }
    }
}
