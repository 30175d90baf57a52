//! Transforms of the cyclic diagonals of matrices, and values from spectra.
//!
//! Diagonal d of a matrix M in an order p is the sequence `M[p(i), p(i + d)]`. One row of M holds one entry of every
//! diagonal, so rows are read one at a time, wherever the diagonals begin. Each diagonal has a *turn*: its entry from
//! row i goes to place i + turn of the sequence, which saves a factor of phase later. Two sequences are packed in one
//! complex transform.

use std::ops::Range;
use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftNum, FftPlanner};

use crate::error::Result;
use crate::linalg::{self, Matrix};
use crate::numerics::float::Float;
use crate::par::Par;

/// Diagonals that lie side by side and are transformed by one unit of work.
pub(super) const GROUP: usize = 16;
/// Rows that are laid out by one unit of work.
const ROWS: usize = 32;
/// Orbits that one unit of work transforms back.
const ORBITS: usize = 16;

/// A real number of which orbits are made.
pub trait OrbitFloat: Float + FftNum {
    /// The block of `a b'` that belongs to some rows of either.
    fn rows_product(a: &Matrix<Self>, i: Range<usize>, b: &Matrix<Self>, j: Range<usize>, out: &mut [Self]);

    /// `sum conj(a_i) b_i`, or `sum a_i b_i`, over the entries before `split` and over the others, which are both
    /// multiples of 16 in number.
    fn dots(a: &[Complex<Self>], b: &[Complex<Self>], split: usize, conjugate: bool) -> [Complex<f64>; 2];
}

/// Two sums of complex products, vector by vector.
struct Dots<'a, T> {
    a: [&'a [Complex<T>]; 2],
    b: [&'a [Complex<T>]; 2],
    conjugate: bool,
}

/// Everything that differs between the precisions is a name.
macro_rules! real {
    ($float:ty, $vectors:ident, $mul:ident, $conj_mul:ident, $add:ident, $splat:ident, $sum:ident, $pieces:ident) => {
        impl OrbitFloat for $float {
            fn rows_product(a: &Matrix<Self>, i: Range<usize>, b: &Matrix<Self>, j: Range<usize>, out: &mut [Self]) {
                let (width, p, q) = (a.cols(), i.len(), j.len());
                let (left, right) = (&a.data()[i.start * width..], &b.data()[j.start * width..]);
                out[..p * q].fill(0.0);
                linalg::rows_product_add(left, p, right, q, (width, width), &mut out[..p * q]);
            }

            fn dots(a: &[Complex<Self>], b: &[Complex<Self>], split: usize, conjugate: bool) -> [Complex<f64>; 2] {
                let ((a, a_rest), (b, b_rest)) = (a.split_at(split), b.split_at(split));
                Arch::new().dispatch(Dots { a: [a, a_rest], b: [b, b_rest], conjugate })
            }
        }

        impl WithSimd for Dots<'_, $float> {
            type Output = [Complex<f64>; 2];

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
                if self.conjugate {
                    [$pieces::<S, true>(simd, self.a[0], self.b[0]), $pieces::<S, true>(simd, self.a[1], self.b[1])]
                } else {
                    [$pieces::<S, false>(simd, self.a[0], self.b[0]), $pieces::<S, false>(simd, self.a[1], self.b[1])]
                }
            }
        }

        #[inline(always)]
        fn $pieces<S: Simd, const CONJUGATE: bool>(
            simd: S,
            a: &[Complex<$float>],
            b: &[Complex<$float>],
        ) -> Complex<f64> {
            const AHEAD: usize = 4;
            let (a, b) = (S::$vectors(a).0, S::$vectors(b).0);
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<AHEAD>(), b.as_chunks::<AHEAD>());
            let mut sums = [simd.$splat(Complex::new(0.0, 0.0)); AHEAD];
            for (a, b) in a.iter().zip(b) {
                for at in 0..AHEAD {
                    sums[at] = if CONJUGATE {
                        simd.$conj_mul(a[at], b[at], sums[at])
                    } else {
                        simd.$mul(a[at], b[at], sums[at])
                    };
                }
            }
            for (at, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
                sums[at] = if CONJUGATE { simd.$conj_mul(*a, *b, sums[at]) } else { simd.$mul(*a, *b, sums[at]) };
            }
            let sum = simd.$sum(simd.$add(simd.$add(sums[0], sums[1]), simd.$add(sums[2], sums[3])));
            Complex::new(f64::from(sum.re), f64::from(sum.im))
        }
    };
}

real!(f32, as_simd_c32s, mul_add_e_c32s, conj_mul_add_e_c32s, add_c32s, splat_c32s, reduce_sum_c32s, pieces_of_singles);
real!(f64, as_simd_c64s, mul_add_e_c64s, conj_mul_add_e_c64s, add_c64s, splat_c64s, reduce_sum_c64s, pieces_of_doubles);

/// One cyclic diagonal.
#[derive(Clone, Copy)]
pub(super) struct CyclicDiagonal {
    /// Distance of the two places.
    pub offset: usize,
    /// Start of its sequence.
    pub turn: usize,
    /// Weight: 2 stands for the offset and its negative, 0 is none at all.
    pub weight: u8,
}

impl CyclicDiagonal {
    /// Fills the last group.
    pub const NONE: Self = Self { offset: 0, turn: 0, weight: 0 };
}

/// Owner of a matrix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MatrixRole {
    /// K, whose diagonals are weighted.
    X,
    /// L.
    Y,
}

/// The transforms of all diagonals of a matrix.
pub(super) struct DiagonalTransformer<T> {
    fft: Arc<dyn Fft<T>>,
    /// Whole groups of [`GROUP`].
    diagonals: Vec<CyclicDiagonal>,
    /// The frequencies that are kept, in this order.
    frequencies: Vec<usize>,
    /// First diagonal whose transforms are multiplied by a factor per frequency, and these factors.
    twists: (usize, Vec<Complex<T>>),
}

/// Transforms: group after group of diagonals, in it frequency after frequency.
pub(super) struct DiagonalTransforms<T> {
    data: Vec<Complex<T>>,
    frequencies: usize,
}

impl<T> DiagonalTransforms<T> {
    /// A group of diagonals at a frequency.
    pub fn at(&self, group: usize, frequency: usize) -> &[Complex<T>] {
        &self.data[(group * self.frequencies + frequency) * GROUP..][..GROUP]
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.data.len() / (self.frequencies * GROUP)
    }

    /// All diagonals at a frequency, group by group.
    pub fn all_at(&self, frequency: usize) -> impl Iterator<Item = &[Complex<T>]> {
        (0..self.groups()).map(move |group| self.at(group, frequency))
    }
}

impl<T: OrbitFloat> DiagonalTransformer<T> {
    /// For sequences of length n; `twisted` is the first diagonal that is multiplied by the factors.
    pub fn new(
        n: usize,
        mut diagonals: Vec<CyclicDiagonal>,
        frequencies: Vec<usize>,
        twists: (usize, Vec<Complex<T>>),
    ) -> Self {
        diagonals.resize(diagonals.len().next_multiple_of(GROUP), CyclicDiagonal::NONE);
        Self { fft: FftPlanner::new().plan_fft_forward(n), diagonals, frequencies, twists }
    }

    /// The diagonals, in whole groups.
    pub fn diagonals(&self) -> &[CyclicDiagonal] {
        &self.diagonals
    }

    /// Transform the diagonals of a matrix in an order.
    pub fn run(&self, matrix: &[T], order: &[usize], of: MatrixRole, par: Par<'_>) -> Result<DiagonalTransforms<T>> {
        let laid_out = self.lay_out(matrix, order, par)?;
        let frequencies = self.frequencies.len();
        let mut data = vec![Complex::default(); self.diagonals.len() * frequencies];
        par.fill(&mut data, GROUP * frequencies, |group, out| {
            let mut points = self.sequences(&laid_out, group);
            let mut scratch = vec![Complex::default(); self.fft.get_inplace_scratch_len()];
            self.fft.process_with_scratch(&mut points, &mut scratch);
            self.unpack(&points, group, of, out);
            Ok(())
        })?;
        Ok(DiagonalTransforms { data, frequencies })
    }

    /// Place after place, the entries of all diagonals.
    fn lay_out(&self, matrix: &[T], order: &[usize], par: Par<'_>) -> Result<Vec<T>> {
        let (n, width) = (order.len(), self.diagonals.len());
        let twice: Vec<u32> = order.iter().chain(order).map(|&item| item as u32).collect();
        let offsets: Vec<u32> = self.diagonals.iter().map(|diagonal| diagonal.offset as u32).collect();
        let mut out = vec![T::default(); n * width];
        par.fill(&mut out, ROWS * width, |number, out| {
            for (place, out) in (number * ROWS..).zip(out.chunks_exact_mut(width)) {
                let row = &matrix[order[place] * n..][..n];
                let others = &twice[place..place + n];
                for (out, &offset) in out.iter_mut().zip(&offsets) {
                    *out = row[others[offset as usize] as usize];
                }
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// The sequences of a group, two by two.
    fn sequences(&self, laid_out: &[T], group: usize) -> Vec<Complex<T>> {
        let (n, width) = (self.fft.len(), self.diagonals.len());
        let first = group * GROUP;
        let mut places: [usize; GROUP] = std::array::from_fn(|lane| self.diagonals[first + lane].turn);
        let mut points = vec![Complex::default(); n * GROUP / 2];
        for row in laid_out.chunks_exact(width) {
            let row = &row[first..first + GROUP];
            for (pair, points) in points.chunks_exact_mut(n).enumerate() {
                let (a, b) = (2 * pair, 2 * pair + 1);
                points[places[a]].re = row[a];
                points[places[b]].im = row[b];
                places[a] = if places[a] + 1 == n { 0 } else { places[a] + 1 };
                places[b] = if places[b] + 1 == n { 0 } else { places[b] + 1 };
            }
        }
        points
    }

    /// The two transforms in every packed one, weighted.
    fn unpack(&self, points: &[Complex<T>], group: usize, of: MatrixRole, out: &mut [Complex<T>]) {
        let n = self.fft.len();
        let first = group * GROUP;
        let scales: [T; GROUP] = std::array::from_fn(|lane| match of {
            MatrixRole::X => T::of(f64::from(self.diagonals[first + lane].weight) / 2.0),
            MatrixRole::Y => T::of(0.5),
        });
        let twisted = first >= self.twists.0;
        for (row, (&f, out)) in self.frequencies.iter().zip(out.chunks_exact_mut(GROUP)).enumerate() {
            let mirrored = (n - f) % n;
            for (pair, points) in points.chunks_exact(n).enumerate() {
                let (z, w) = (points[f], points[mirrored].conj());
                let (sum, difference) = (z + w, z - w);
                out[2 * pair] = sum * scales[2 * pair];
                out[2 * pair + 1] = Complex::new(difference.im, -difference.re) * scales[2 * pair + 1];
            }
            if twisted {
                let twist = self.twists.1[row];
                out.iter_mut().for_each(|value| *value = *value * twist);
            }
        }
    }
}

/// Inverse transforms, in double precision.
pub(super) struct InverseTransforms {
    n: usize,
    fft: Arc<dyn Fft<f64>>,
}

/// The spectra of some orbits: frequency after frequency, in it orbit after orbit.
pub(super) struct OrbitSpectra<'a, T> {
    /// Number of orbits.
    pub count: usize,
    /// One of any frequency and its negative, without 0.
    pub frequencies: &'a [usize],
    /// At these.
    pub values: &'a [Complex<T>],
    /// At frequency 0.
    pub zero: &'a [f64],
}

impl InverseTransforms {
    /// For orbits of n values.
    pub fn new(n: usize) -> Self {
        Self { n, fft: FftPlanner::new().plan_fft_inverse(n) }
    }

    /// Orbit after orbit, the n values.
    pub fn run<T: OrbitFloat>(&self, spectra: &OrbitSpectra<'_, T>, par: Par<'_>) -> Result<Vec<f64>> {
        let n = self.n;
        let mut out = vec![0.0; spectra.count * n];
        par.fill(&mut out, ORBITS * n, |unit, out| {
            let first = unit * ORBITS;
            let mut points = self.pack(spectra, first..first + out.len() / n);
            let mut scratch = vec![Complex::default(); self.fft.get_inplace_scratch_len()];
            self.fft.process_with_scratch(&mut points, &mut scratch);
            for (two, points) in out.chunks_mut(2 * n).zip(points.chunks_exact(n)) {
                let (one, other) = two.split_at_mut(n);
                one.iter_mut().zip(points).for_each(|(value, point)| *value = point.re / n as f64);
                other.iter_mut().zip(points).for_each(|(value, point)| *value = point.im / n as f64);
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// Values are real, so two orbits go into one transform.
    fn pack<T: OrbitFloat>(&self, spectra: &OrbitSpectra<'_, T>, orbits: Range<usize>) -> Vec<Complex<f64>> {
        let n = self.n;
        let mut points = vec![Complex::default(); orbits.len().div_ceil(2) * n];
        let zero = spectra.zero[orbits.clone()].chunks(2);
        for (points, zero) in points.chunks_exact_mut(n).zip(zero) {
            points[0] = Complex::new(zero[0], zero.get(1).copied().unwrap_or(0.0));
        }
        for (&f, values) in spectra.frequencies.iter().zip(spectra.values.chunks_exact(spectra.count)) {
            for (points, two) in points.chunks_exact_mut(n).zip(values[orbits.clone()].chunks(2)) {
                let a = two[0];
                let b = two.get(1).copied().unwrap_or_default();
                let (a, b) = (Complex::new(a.re.into(), a.im.into()), Complex::new(b.re.into(), b.im.into()));
                points[f] = Complex::new(a.re - b.im, a.im + b.re);
                points[n - f] = Complex::new(a.re + b.im, b.re - a.im);
            }
        }
        points
    }
}
