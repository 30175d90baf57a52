//! Shift orbits of all pairs of two lists of matrices at once.
//!
//! One relabeling serves all pairs: every matrix is laid out along the circle and transformed once per orbit, not once per
//! pair. The sum over diagonals of a pair is then an inner product of two long rows, and that of all pairs is, frequency by
//! frequency, one product of matrices:
//!
//! ```text
//! S(f)[a, b] = sum_d conj(k^_a,d(f)) l^_b,d(f)          Re S = rows of k^ times rows of l^,  Im S = rows of k^ times rows of -i l^
//! ```
//!
//! (real and imaginary parts lie side by side in a row). One inverse transform per two pairs gives n values of each: n
//! permutations of all pairs with their joint law, which is what corrections for many tests need.

use rustfft::num_complex::Complex;

use crate::error::Result;
use crate::numerics::fft::{LaneFloat, quarter_turn};
use crate::operations::permutation::orbits::diagonals::{CircleLayout, CyclicDiagonals, MatrixRows};
use crate::operations::permutation::orbits::residual::Residual;
use crate::par::Par;
use crate::{linalg, memory};

/// Bytes that transforms of all matrices may take.
const BUDGET: usize = 1 << 30;
/// Frequencies per unit of work.
const FREQUENCIES: usize = 16;
/// Pairs that are transformed back before they are handed out.
const PAIRS: usize = 64;

/// The engine: the matrices of both sides, and the transforms of the first where they fit.
pub struct CyclicGrid<'a, T> {
    strips: CyclicDiagonals<T>,
    ks: Vec<&'a Residual<'a>>,
    ls: Vec<&'a Residual<'a>>,
    rows_of_k: Vec<MatrixRows<'a, T>>,
    rows_of_l: Vec<MatrixRows<'a, T>>,
    of_k: CircleLayout,
    effects: Vec<Vec<Complex<f64>>>,
    /// Transforms of all of the first list, if one slab holds them.
    kept: Option<Vec<T>>,
}

impl<'a, T: LaneFloat + linalg::ProductFloat> CyclicGrid<'a, T> {
    /// Make ready for `count` orbits.
    pub fn new(
        ks: Vec<&'a Residual<'a>>,
        ls: Vec<&'a Residual<'a>>,
        sigma: &[usize],
        count: usize,
        par: Par<'_>,
    ) -> Result<Self> {
        let n = sigma.len();
        let most = BUDGET / size_of::<T>() / (ks.len() + 2 * ls.len()).max(1);
        let strips = CyclicDiagonals::with_slab(n, most);
        let sources = |of: &[&'a Residual<'a>], often| {
            // One after the other: the rows of one matrix are the units.
            of.iter().map(|&matrix| strips.source(matrix, often, par)).collect::<Result<Vec<_>>>()
        };
        let (rows_of_k, rows_of_l) = (sources(&ks, false)?, sources(&ls, count > 2 && n <= 1500)?);
        let of_k = strips.layout(sigma, true);
        let conjugate = |k: &&Residual<'_>| strips.effects(k, &of_k).iter().map(Complex::conj).collect();
        let effects = ks.iter().map(conjugate).collect();
        let mut found = Self { strips, ks, ls, rows_of_k, rows_of_l, of_k, effects, kept: None };
        if found.strips.slab() == found.strips.count() {
            found.kept =
                Some(found.transforms(&found.rows_of_k, &found.of_k, (0, found.strips.count()), false, par)?);
        }
        Ok(found)
    }

    /// Bytes this takes at most for lists of p and q matrices of n items, beside the matrices themselves.
    pub fn need(n: usize, p: usize, q: usize) -> f64 {
        let transforms = (2 * n * n * (p + 2 * q) * size_of::<T>()).min(BUDGET);
        let rows = if n <= 1500 { n * n * q * size_of::<T>() } else { 0 };
        (transforms + rows + 4 * n * p * q * size_of::<T>()) as f64
    }

    /// Visit the values of all pairs in the orbit of tau, pair after pair in the given order; a pair is
    /// `index of k * number of ls + index of l`.
    pub fn orbit(
        &self,
        tau: &[usize],
        order: &[usize],
        par: Par<'_>,
        mut visit: impl FnMut(usize, Vec<f64>) -> Result<()>,
    ) -> Result<()> {
        let layout = self.strips.layout(tau, false);
        let spectra = self.spectra(&layout, par)?;
        let effects: Vec<_> = par.map(self.ls.len(), |b, _| Ok(self.strips.effects(self.ls[b], &layout)))?;
        for pairs in order.chunks(PAIRS) {
            let twos: Vec<&[usize]> = pairs.chunks(2).collect();
            let values = par.map(twos.len(), |at, _| Ok(self.values(&spectra, &effects, twos[at])))?;
            pairs.iter().zip(values.into_iter().flatten()).try_for_each(|(&pair, values)| visit(pair, values))?;
        }
        Ok(())
    }

    /// `S` of all pairs: by place, index of k, and index of l; real and imaginary part by turns.
    fn spectra(&self, layout: &CircleLayout, par: Par<'_>) -> Result<Vec<T>> {
        let (length, p, q) = (self.strips.length(), self.ks.len(), 2 * self.ls.len());
        let mut spectra = memory::filled("The transforms of all layers", length * p * q, T::default())?;
        for (start, count) in self.strips.slabs() {
            let fresh = match self.kept {
                Some(_) => Vec::new(),
                None => self.transforms(&self.rows_of_k, &self.of_k, (start, count), false, par)?,
            };
            let of_k = self.kept.as_ref().unwrap_or(&fresh);
            let of_l = self.transforms(&self.rows_of_l, layout, (start, count), true, par)?;
            let width = count * T::POINT;
            par.fill(&mut spectra, FREQUENCIES * p * q, |unit, out| {
                for (at, out) in out.chunks_mut(p * q).enumerate() {
                    let from = (unit * FREQUENCIES + at) * width;
                    let (a, b) = (&of_k[from..], &of_l[from..]);
                    linalg::rows_product_add(a, p, b, q, (width, length * width), out);
                }
                Ok(())
            })?;
        }
        Ok(spectra)
    }

    /// Transforms of the strips of a slab: by matrix (each followed by itself times -i, if `both`), place and strip.
    fn transforms(
        &self,
        sources: &[MatrixRows<'a, T>],
        layout: &CircleLayout,
        (start, count): (usize, usize),
        both: bool,
        par: Par<'_>,
    ) -> Result<Vec<T>> {
        let (length, point) = (self.strips.length(), T::POINT);
        let size = length * count * point;
        let times = if both { 2 } else { 1 };
        let mut found = memory::filled("The transforms of all layers", sources.len() * times * size, T::default())?;
        let inner = if sources.len() < 4 { par } else { par.sequential() };
        par.fill(&mut found, times * size, |at, out| {
            let mut slab = self.strips.memory_of_slab()?;
            self.strips.gather(&sources[at], layout, start, count, &mut slab, inner)?;
            let mut strips = vec![T::default(); size];
            self.strips.transform(slab.get(), layout, &mut strips, inner)?;
            self.strips.put_back(slab);
            let (straight, turned) = out.split_at_mut(size);
            for (strip, values) in strips.chunks_exact(length * point).enumerate() {
                for (place, values) in values.chunks_exact(point).enumerate() {
                    straight[(place * count + strip) * point..][..point].copy_from_slice(values);
                }
            }
            if both {
                quarter_turn(straight, turned);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The values of one or two pairs: the spectrum of a real sequence is symmetric, so two share one transform.
    fn values(&self, spectra: &[T], effects: &[Vec<Complex<f64>>], pairs: &[usize]) -> Vec<Vec<f64>> {
        let (length, p, q) = (self.strips.length(), self.ks.len(), self.ls.len());
        let mut packed = vec![Complex::new(0.0, 0.0); length];
        let mut turn = Complex::new(0.5, 0.0);
        for &pair in pairs {
            let (a, b) = (pair / q, pair % q);
            let products = self.effects[a].iter().zip(&effects[b]).map(|(k, l)| k * l);
            let mut spectrum: Vec<Complex<f64>> = products.collect();
            for place in 0..length {
                let row = &spectra[(place * p + a) * 2 * q..];
                // Sums over diagonals count every pair of items once.
                spectrum[self.strips.frequency(place)] +=
                    Complex::new(2.0 * row[2 * b].into(), 2.0 * row[2 * b + 1].into());
            }
            for f in 0..length {
                let opposite = spectrum[(length - f) % length].conj();
                packed[f] += turn * (spectrum[f] + opposite);
            }
            turn = Complex::new(0.0, 0.5);
        }
        let both = self.strips.complex_values(packed);
        let mean = |pair: usize| self.ks[pair / q].mean(self.ls[pair % q]);
        let part = |at: usize, value: &Complex<f64>| if at == 0 { value.re } else { value.im };
        let one = |(at, &pair): (usize, &usize)| both.iter().map(|v| mean(pair) + part(at, v)).collect();
        pairs.iter().enumerate().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::streams::permutation;
    use crate::operations::permutation::orbits::cyclic::CyclicOrbits;
    use crate::operations::permutation::orbits::residual::tests::dense;

    /// Every pair is what the engine of single pairs finds, in either precision, in one slab or several, padded or not.
    fn check<T: LaneFloat + linalg::ProductFloat>(n: usize, slab: Option<usize>, close: f64) {
        let matrices: Vec<_> = (0..5).map(|i| dense(n, i % 2 == 0, 0.3 + 0.2 * f64::from(i))).collect();
        let all: Vec<_> = matrices.iter().map(|m| Residual::of(m, Par::SEQ).unwrap()).collect();
        let (ks, ls): (Vec<_>, Vec<_>) = (all[..3].iter().collect(), all[2..].iter().collect());
        let sigma = permutation(&[9; 32], 0, n);
        let mut engine = CyclicGrid::<T>::new(ks.clone(), ls.clone(), &sigma, 2, Par::SEQ).unwrap();
        if let Some(most) = slab {
            engine.strips = CyclicDiagonals::with_slab(n, most);
            engine.kept = None;
            assert!(engine.strips.slab() < engine.strips.count());
        }
        for r in 0..2 {
            let tau = permutation(&[9; 32], r, n);
            let mut visited = Vec::new();
            engine
                .orbit(&tau, &[3, 1, 0, 8, 2, 4, 5, 6, 7], Par::ALL, |pair, values| {
                    let (twin, first) =
                        CyclicOrbits::<f64>::begin(ks[pair / 3], ls[pair % 3], &sigma, 2, Par::SEQ).unwrap();
                    let expected = if r == 0 { first } else { twin.run(&tau, Par::SEQ).unwrap() };
                    let worst = values.iter().zip(&expected).fold(0.0_f64, |w, (a, b)| w.max((a - b).abs()));
                    assert!(worst < close * (n * n) as f64, "n = {n}, pair {pair}: {worst}");
                    visited.push(pair);
                    Ok(())
                })
                .unwrap();
            assert_eq!(visited, [3, 1, 0, 8, 2, 4, 5, 6, 7]);
        }
    }

    #[test]
    fn pairs_are_single_tests() {
        for n in [5, 12, 34, 60, 131] {
            check::<f64>(n, None, 1e-14);
            check::<f32>(n, None, 1e-7);
        }
        check::<f64>(300, Some(300 * 64), 1e-14);
    }
}
