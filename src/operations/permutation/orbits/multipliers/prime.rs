//! All multipliers of a prime number of items.
//!
//! Two orders make a product of matrices of the spectra of all multipliers. First, *midpoint diagonals*
//! `k_d(i) = K[sigma(i - d/2), sigma(i + d/2)]`, halves taken modulo the prime q: those of d and -d are the same, so
//! h = (q - 1) / 2 of them and the main diagonal are enough. Second, *logarithms*: with a primitive root r, the offset
//! r^k or -r^k is class k (modulo h) and the frequency r^m is row m. Multiplication by r^p shifts both by p, and in the
//! *skewed* arrays whose row m has class k at column k + m, it shifts rows only. With A for K, all offsets counted, and
//! B for L,
//!
//! ```text
//! G1 = conj(A) B'     G2 = conj(A) conj(B)'       y = m - p modulo 2 h
//! S_(r^p)(r^m) = G1[m, y] if y < h, else G2[m, y - h], because r^h = -1 conjugates
//! ```
//!
//! Real and imaginary parts are kept as rows of their own, in turn, so that one real product has all that G1 and G2
//! need. Rows of B are stored from the last to the first: then consecutive powers are consecutive columns, and a window
//! of few powers is a narrow band of the product.

use std::ops::Range;

use rustfft::num_complex::Complex;

use crate::error::Result;
use crate::linalg::Matrix;
use crate::numerics::sums;
use crate::operations::permutation::orbits::multipliers::choice::{PowerRange, primitive_root};
use crate::operations::permutation::orbits::multipliers::transforms::{
    CyclicDiagonal, DiagonalTransformer, DiagonalTransforms, GROUP, InverseTransforms, MatrixRole, OrbitFloat,
    OrbitSpectra,
};
use crate::par::Par;

/// Rows of the arrays that are written by one unit of work.
const ROWS: usize = 32;
/// Most and fewest frequencies of one block of the product.
const FREQUENCIES: (usize, usize) = (128, 16);
/// Multiplications of one block, about: what a thread does within a fraction of a second.
const BLOCK: usize = 3 << 30;

/// The engine for an odd prime number of items: K in one order, transformed.
pub struct PrimeMultipliers<T> {
    q: usize,
    /// Powers of the root from 0 to h - 1.
    powers: Vec<usize>,
    forward: DiagonalTransformer<T>,
    inverse: InverseTransforms,
    a: TransformedOperand<T>,
}

/// All orbits of one relabeling: L in its order, transformed.
pub struct OrbitsOfRelabeling<'a, T> {
    affine: &'a PrimeMultipliers<T>,
    b: TransformedOperand<T>,
}

/// Transforms of one matrix.
struct TransformedOperand<T> {
    /// Two rows per frequency, real and imaginary parts: the classes, skewed, and the main diagonal.
    rows: Matrix<T>,
    /// The classes at frequency 0.
    sums: Vec<f64>,
    /// The main diagonal there.
    trace: f64,
}

/// Some columns of the product for some of its rows.
struct ProductColumns<T> {
    first: usize,
    count: usize,
    values: Vec<T>,
}

impl<T: OrbitFloat> PrimeMultipliers<T> {
    /// Lay the items of x out in the order sigma; `k` has n rows of n numbers and is symmetric.
    ///
    /// # Panics
    /// If the number of items is not an odd prime, or `k` is smaller than its square.
    pub fn new(k: &[T], sigma: &[usize], par: Par<'_>) -> Result<Self> {
        let q = sigma.len();
        assert!(
            q > 2 && crate::operations::permutation::orbits::multipliers::choice::is_prime(q),
            "{q} is not an odd prime"
        );
        let root = primitive_root(q);
        let powers: Vec<usize> = std::iter::successors(Some(1), |x| Some(x * root % q)).take(q / 2).collect();
        let half = q.div_ceil(2);
        let mut diagonals: Vec<CyclicDiagonal> =
            powers.iter().map(|&offset| CyclicDiagonal { offset, turn: offset * half % q, weight: 2 }).collect();
        diagonals.push(CyclicDiagonal { offset: 0, turn: 0, weight: 1 });
        let frequencies = powers.iter().copied().chain([0]).collect();
        let untwisted = (usize::MAX, Vec::new());
        let forward = DiagonalTransformer::new(q, diagonals, frequencies, untwisted);
        let a = TransformedOperand::new(&forward.run(k, sigma, MatrixRole::X, par)?, q / 2, |row| row, par)?;
        Ok(Self { q, powers, forward, inverse: InverseTransforms::new(q), a })
    }

    /// Lay the items of y out in the order tau.
    pub fn family(&self, l: &[T], tau: &[usize], par: Par<'_>) -> Result<OrbitsOfRelabeling<'_, T>> {
        let h = self.q / 2;
        let b = TransformedOperand::new(&self.forward.run(l, tau, MatrixRole::Y, par)?, h, |row| h - 1 - row, par)?;
        Ok(OrbitsOfRelabeling { affine: self, b })
    }

    /// The values of some orbits of the relabeling tau: multiplier after multiplier, the n shifts.
    pub fn run(&self, l: &[T], tau: &[usize], window: PowerRange, par: Par<'_>) -> Result<Vec<f64>> {
        self.family(l, tau, par)?.values(window, par)
    }
}

impl<T: OrbitFloat> TransformedOperand<T> {
    /// The arrays from the transforms; row number i is for the frequency `order(i)`.
    fn new(
        transforms: &DiagonalTransforms<T>,
        h: usize,
        order: impl Fn(usize) -> usize + Sync,
        par: Par<'_>,
    ) -> Result<Self> {
        let mut rows = Matrix::zeros(2 * h, h + 1);
        par.fill(rows.data_mut(), 2 * (h + 1) * ROWS, |number, out| {
            for group in 0..transforms.groups() {
                for (at, two) in out.chunks_exact_mut(2 * (h + 1)).enumerate() {
                    let m = order(number * ROWS + at);
                    let (re, im) = two.split_at_mut(h + 1);
                    for (class, value) in (group * GROUP..=h).zip(transforms.at(group, m)) {
                        let column = match class + m {
                            _ if class == h => h,
                            column if column < h => column,
                            column => column - h,
                        };
                        (re[column], im[column]) = (value.re, value.im);
                    }
                }
            }
            Ok(())
        })?;
        let mut sums: Vec<f64> = transforms.all_at(h).flatten().take(h + 1).map(|value| value.re.into()).collect();
        let trace = sums.pop().unwrap_or_default();
        Ok(Self { rows, sums, trace })
    }
}

impl<T: OrbitFloat> OrbitsOfRelabeling<'_, T> {
    /// The values of some orbits: multiplier after multiplier, the n shifts.
    ///
    /// Many windows may be asked for one after the other where not all values fit into memory at once.
    pub fn values(&self, window: PowerRange, par: Par<'_>) -> Result<Vec<f64>> {
        let h = self.affine.q / 2;
        let from = window.from.rem_euclid(2 * h as i64) as usize;
        let count = window.count.min(2 * h);
        let mut spectra = vec![Complex::default(); h * count];
        let block = block(h, count);
        par.fill(&mut spectra, block * count, |number, out| {
            self.spectra(number * block, from, count, out);
            Ok(())
        })?;
        let zero = self.zero(from, count);
        let spectra = OrbitSpectra { count, frequencies: &self.affine.powers, values: &spectra, zero: &zero };
        self.affine.inverse.run(&spectra, par)
    }

    /// The spectra of the powers at frequency 0. Those of p and p + h are the same.
    fn zero(&self, from: usize, count: usize) -> Vec<f64> {
        let (h, a, b) = (self.affine.q / 2, &self.affine.a, &self.b);
        let twice = b.sums.repeat(2);
        let at = |class: usize| sums::dot(&a.sums, &twice[class..class + h]) + a.trace * b.trace;
        let classes: Vec<f64> = (0..count.min(h)).map(|t| at((from + t) % h)).collect();
        (0..count).map(|t| classes[t % h]).collect()
    }

    /// The spectra of the powers at some frequencies, from number `first` on.
    fn spectra(&self, first: usize, from: usize, count: usize, out: &mut [Complex<T>]) {
        let h = self.affine.q / 2;
        let rows = out.len() / count;
        let last = first + rows - 1;
        // Row m and power p meet at column p - m - 1 modulo h.
        let (start, width) = match count + rows - 1 {
            width if width < h => ((from + 2 * h - last - 1) % h, width),
            _ => (0, h),
        };
        let head = width.min(h - start);
        let parts = [self.product(first..=last, start..start + head), self.product(first..=last, 0..width - head)];
        for (row, out) in out.chunks_exact_mut(count).enumerate() {
            let mut done = 0;
            while done < count {
                let place = (from + done + 2 * h - (first + row) - 1) % (2 * h);
                let column = place % h;
                let columns = &parts[usize::from(column < start)];
                let run = (h - column).min(count - done);
                columns.combine(row, column, place < h, &mut out[done..done + run]);
                done += run;
            }
        }
    }

    /// Some columns of the product of real and imaginary parts.
    fn product(&self, rows: std::ops::RangeInclusive<usize>, columns: Range<usize>) -> ProductColumns<T> {
        let (a, b) = (2 * rows.start()..2 * (rows.end() + 1), 2 * columns.start..2 * columns.end);
        let mut values = vec![T::default(); a.len() * b.len()];
        if !b.is_empty() {
            T::rows_product(&self.affine.a.rows, a, &self.b.rows, b, &mut values);
        }
        ProductColumns { first: columns.start, count: columns.len(), values }
    }
}

impl<T: OrbitFloat> ProductColumns<T> {
    /// Entries of G1 (or, conjugate, of G2) in a row, from a column on.
    fn combine(&self, row: usize, column: usize, conjugate: bool, out: &mut [Complex<T>]) {
        let width = 2 * self.count;
        let at = 2 * row * width + 2 * (column - self.first);
        let of_real = self.values[at..][..2 * out.len()].as_chunks::<2>().0;
        let of_imaginary = self.values[at + width..][..2 * out.len()].as_chunks::<2>().0;
        for (out, (re, im)) in out.iter_mut().zip(of_real.iter().zip(of_imaginary)) {
            *out = if conjugate {
                Complex::new(re[0] - im[1], -(re[1] + im[0]))
            } else {
                Complex::new(re[0] + im[1], re[1] - im[0])
            };
        }
    }
}

/// Frequencies of one block of the product for a window of so many powers.
///
/// A block of a band is a parallelogram inside a rectangle; as many rows as powers waste half of it.
fn block(h: usize, count: usize) -> usize {
    let (most, fewest) = FREQUENCIES;
    if count + fewest > h {
        return (BLOCK / (4 * h * h)).clamp(fewest, most);
    }
    count.clamp(fewest, most)
}
