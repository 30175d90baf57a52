//! Some multipliers of any number of items.
//!
//! Without logarithms an index table does the work, and without halves modulo n (there are none for even n) a phase:
//! instead of the transform of diagonal d, `k_d(i) = K[sigma(i), sigma(i + d)]`, the number
//! `g_d(f) = exp(-pi i f d / n) khat_d(f)` is kept for whole d and f. Then d and -d have the same, f and -f have
//! conjugate ones, and reducing an index costs a sign only:
//!
//! ```text
//! g_(d + n)(f) = (-1)^f g_d(f)          g_d(f + n) = (-1)^d g_d(f)
//! S_a(a f) = sum_d w_d conj(g^K_d(a f)) g^L_(a d)(f)          d = 0, .., n/2,  w_d as for shifts
//! ```
//!
//! At one frequency f of L, all its numbers for 0 <= d <= n lie in the first-level cache; each multiplier picks
//! every a d among them and multiplies with the row a f of K. Even and odd d are summed apart, because the sign of a
//! row depends on that only. Half of the phase is free: a sequence that begins d/2 places later has it.

use std::f64::consts::PI;

use rustfft::num_complex::Complex;

use crate::error::Result;
use crate::operations::permutation::orbits::multipliers::transforms::{
    CyclicDiagonal, DiagonalTransformer, DiagonalTransforms, GROUP, InverseTransforms, MatrixRole, OrbitFloat,
    OrbitSpectra,
};
use crate::par::Par;

/// Frequencies of one unit of work.
const FREQUENCIES: usize = 16;

/// The engine for any number of items: K in one order, transformed.
pub struct CompositeMultipliers<T> {
    n: usize,
    forward: DiagonalTransformer<T>,
    inverse: InverseTransforms,
    /// Number of places for even diagonals, which come first.
    even: usize,
    /// Frequency after frequency, the diagonals.
    k: Vec<Complex<T>>,
}

/// A multiplier and which of the n + 1 numbers of a frequency it picks.
struct Pick {
    unit: usize,
    places: Vec<u32>,
}

impl<T: OrbitFloat> CompositeMultipliers<T> {
    /// Lay the items of x out in the order sigma; `k` has n rows of n numbers and is symmetric.
    ///
    /// # Panics
    /// If `k` is smaller than the square of the number of items.
    pub fn new(k: &[T], sigma: &[usize], par: Par<'_>) -> Result<Self> {
        let n = sigma.len();
        let diagonal = |offset: usize| {
            let weight = if offset == 0 || 2 * offset == n { 1 } else { 2 };
            CyclicDiagonal { offset, turn: offset / 2, weight }
        };
        let mut diagonals: Vec<CyclicDiagonal> = (0..=n / 2).step_by(2).map(diagonal).collect();
        diagonals.resize(diagonals.len().next_multiple_of(GROUP), CyclicDiagonal::NONE);
        let even = diagonals.len();
        diagonals.extend((1..=n / 2).step_by(2).map(diagonal));
        let phase = |f: usize| {
            let (sine, cosine) = (-PI * f as f64 / n as f64).sin_cos();
            Complex::new(T::of(cosine), T::of(sine))
        };
        let frequencies: Vec<usize> = (0..=n / 2).collect();
        let phases = frequencies.iter().map(|&f| phase(f)).collect();
        let forward = DiagonalTransformer::new(n, diagonals, frequencies, (even, phases));
        let transforms = forward.run(k, sigma, MatrixRole::X, par)?;
        let width = forward.diagonals().len();
        let mut k = vec![Complex::default(); (n / 2 + 1) * width];
        par.fill(&mut k, FREQUENCIES * width, |number, out| {
            for (f, out) in (number * FREQUENCIES..).zip(out.chunks_exact_mut(width)) {
                out.chunks_exact_mut(GROUP)
                    .zip(transforms.all_at(f))
                    .for_each(|(out, group)| out.copy_from_slice(group));
            }
            Ok(())
        })?;
        Ok(Self { n, forward, inverse: InverseTransforms::new(n), even, k })
    }

    /// The values of some orbits of the relabeling tau: unit after unit, the n shifts.
    ///
    /// Numbers below n that are no units give values without a meaning.
    pub fn run(&self, l: &[T], tau: &[usize], units: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        let (n, count) = (self.n, units.len());
        let transforms = self.forward.run(l, tau, MatrixRole::Y, par)?;
        let picks: Vec<Pick> = units.iter().map(|&unit| self.pick(unit)).collect();
        let mut found = vec![Complex::default(); (n / 2 + 1) * count];
        par.fill(&mut found, FREQUENCIES * count, |number, out| {
            let mut row = vec![Complex::default(); n + 1];
            let mut picked = vec![Complex::default(); self.forward.diagonals().len()];
            for (f, out) in (number * FREQUENCIES..).zip(out.chunks_exact_mut(count)) {
                self.extend(&transforms, f, &mut row);
                for (out, pick) in out.iter_mut().zip(&picks) {
                    picked.iter_mut().zip(&pick.places).for_each(|(to, &place)| *to = row[place as usize]);
                    *out = self.correlate(pick.unit * f, &picked);
                }
            }
            Ok(())
        })?;
        let mut values = vec![Complex::default(); found.len()];
        for (f, found) in found.chunks_exact(count.max(1)).enumerate() {
            for (at, (found, unit)) in found.iter().zip(units).enumerate() {
                let frequency = unit * f % n;
                values[frequency.min(n - frequency) * count + at] = *found;
            }
        }
        let zero: Vec<f64> = values[..count].iter().map(|value| value.re).collect();
        let frequencies: Vec<usize> = (1..=n / 2).collect();
        let spectra = OrbitSpectra { count, frequencies: &frequencies, values: &values[count..], zero: &zero };
        self.inverse.run(&spectra, par)
    }

    fn pick(&self, unit: usize) -> Pick {
        let period = 2 * self.n;
        let place = |diagonal: &CyclicDiagonal| {
            let index = unit * diagonal.offset % period;
            index.min(period - index) as u32
        };
        Pick { unit, places: self.forward.diagonals().iter().map(place).collect() }
    }

    /// The numbers of a frequency for d = 0, .., n.
    fn extend(&self, transforms: &DiagonalTransforms<T>, f: usize, row: &mut [Complex<T>]) {
        let diagonals = self.forward.diagonals().chunks_exact(GROUP);
        for (diagonals, values) in diagonals.zip(transforms.all_at(f)) {
            for (diagonal, &value) in diagonals.iter().zip(values).filter(|(diagonal, _)| diagonal.weight > 0) {
                row[self.n - diagonal.offset] = if f.is_multiple_of(2) { value } else { -value };
                row[diagonal.offset] = value;
            }
        }
    }

    /// The spectrum at that frequency, or its conjugate for the negative one, whichever is within 0, .., n/2.
    fn correlate(&self, frequency: usize, picked: &[Complex<T>]) -> Complex<f64> {
        let (turns, rest) = (frequency / self.n, frequency % self.n);
        let beyond = 2 * rest > self.n;
        let row = if beyond { self.n - rest } else { rest };
        let k = &self.k[row * picked.len()..][..picked.len()];
        let [even, odd] = T::dots(k, picked, self.even, !beyond);
        let sum = if (turns + usize::from(beyond)).is_multiple_of(2) { even + odd } else { even - odd };
        if beyond { sum.conj() } else { sum }
    }
}
