//! Shift orbits: n permutations at once.
//!
//! Wanted are values of `T(pi) = sum_ij K[i, j] L[pi(i), pi(j)]` with symmetric K and L. Lay the items of x out on a circle
//! of n places in a random order sigma, and those of y in a random order tau. At shift s item `sigma(i)` meets item
//! `tau(i + s)`; the n shifts are an *orbit*. A shift keeps the distance d of two places and only moves the pair along its
//! cyclic diagonal, so for each d the sum over pairs is a correlation of two sequences:
//!
//! ```text
//! k_d(i) = K[sigma(i), sigma(i+d)]      l_d(i) = L[tau(i), tau(i+d)]      indices mod n,  d = 0, .., n/2
//! T(s) = sum_d w_d sum_i k_d(i) l_d(i+s)                                  w_0 = 1,  w_d = 2,  w_(n/2) = 1 for even n
//! ```
//!
//! The sum over d is taken in the frequency domain: n/2 transforms and one inverse give n values, and those of K serve all
//! orbits. The p-value of whole orbits is exact if the first of them has tau = sigma and so contains the observed pairing
//! at s = 0: given the data, the observed value is a uniformly random element of all values.
//!
//! Only the quadratic part of T takes this strategy ([`Residual`]), and single precision is enough for it; the linear part is one
//! more correlation, in double precision. How diagonals are laid out and transformed is told in `strips.rs`.

use rustfft::num_complex::Complex;

use crate::error::Result;
use crate::numerics::fft::{Aligned, LaneFloat};
use crate::operations::permutation::orbits::diagonals::{CircleLayout, CyclicDiagonals, MatrixRows};
use crate::operations::permutation::orbits::residual::Residual;
use crate::par::Par;

/// Number of orbits from which it pays to unpack y's matrix once and keep it.
const MANY: usize = 4;

/// The engine: K transformed, L ready to be laid out anew.
pub struct CyclicOrbits<'a, T> {
    strips: CyclicDiagonals<T>,
    l: &'a Residual<'a>,
    source: MatrixRows<'a, T>,
    mean: f64,
    /// The transform of the effects of K's items, conjugate.
    effects: Vec<Complex<f64>>,
    /// The transforms of K's strips; those of the last slab if there is one orbit only.
    khat: Aligned<T>,
}

impl<'a, T: LaneFloat> CyclicOrbits<'a, T> {
    /// Make the engine for `count` orbits, and the values of the first of them, which begins with the observed one.
    pub fn begin(
        k: &'a Residual<'a>,
        l: &'a Residual<'a>,
        sigma: &[usize],
        count: usize,
        par: Par<'_>,
    ) -> Result<(Self, Vec<f64>)> {
        let strips = CyclicDiagonals::new(k.n());
        let source = strips.source(l, count >= MANY, par)?;
        let kept = if count > 1 { strips.count() } else { strips.slab() };
        let of_k = strips.layout(sigma, true);
        let effects = strips.effects(k, &of_k).iter().map(Complex::conj).collect();
        let khat = Aligned::many_zeros("The transform of an n x n matrix", kept * strips.strip())?;
        let mut engine = Self { strips, l, source, mean: k.mean(l), effects, khat };
        let values = engine.first(k, &of_k, sigma, count > 1, par)?;
        Ok((engine, values))
    }

    /// The values of the orbit of sigma; K is transformed on the way.
    fn first(
        &mut self,
        k: &'a Residual<'a>,
        of_k: &CircleLayout,
        sigma: &[usize],
        keep: bool,
        par: Par<'_>,
    ) -> Result<Vec<f64>> {
        let strips = &self.strips;
        let of_l = strips.layout(sigma, false);
        let mut slab = strips.memory_of_slab()?;
        let mut sum = vec![0.0; 2 * strips.length()];
        for (start, count) in strips.slabs() {
            let at = if keep { start * strips.strip() } else { 0 };
            let kept = &mut self.khat.get_mut()[at..at + count * strips.strip()];
            strips.gather(&MatrixRows::Packed(k), of_k, start, count, &mut slab, par)?;
            strips.transform(slab.get(), of_k, kept, par)?;
            strips.gather(&self.source, &of_l, start, count, &mut slab, par)?;
            strips.correlate(slab.get(), &of_l, kept, &mut sum, par)?;
        }
        strips.put_back(slab);
        Ok(self.values(&sum, &of_l))
    }

    /// The values of the orbit of tau.
    pub fn run(&self, tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        let strips = &self.strips;
        let layout = strips.layout(tau, false);
        let mut slab = strips.memory_of_slab()?;
        let mut sum = vec![0.0; 2 * strips.length()];
        for (start, count) in strips.slabs() {
            let khat = &self.khat.get()[start * strips.strip()..(start + count) * strips.strip()];
            strips.gather(&self.source, &layout, start, count, &mut slab, par)?;
            strips.correlate(slab.get(), &layout, khat, &mut sum, par)?;
        }
        strips.put_back(slab);
        Ok(self.values(&sum, &layout))
    }

    /// Values, from the sums over diagonals, which count every pair once.
    fn values(&self, sum: &[f64], layout: &CircleLayout) -> Vec<f64> {
        let mut spectrum = self.strips.effects(self.l, layout);
        spectrum.iter_mut().zip(&self.effects).for_each(|(l, k)| *l *= k);
        for (place, value) in sum.as_chunks::<2>().0.iter().enumerate() {
            spectrum[self.strips.frequency(place)] += Complex::new(2.0 * value[0], 2.0 * value[1]);
        }
        self.strips.values(spectrum, self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::dense::Dense;
    use crate::numerics::streams::permutation;
    use crate::operations::permutation::orbits::residual::tests::dense;

    /// Pairing at shift s.
    fn pairing(sigma: &[usize], tau: &[usize], s: usize) -> Vec<usize> {
        let mut found = vec![0; sigma.len()];
        sigma.iter().enumerate().for_each(|(i, &item)| found[item] = tau[(i + s) % sigma.len()]);
        found
    }

    fn direct(k: &Dense, l: &Dense, order: &[usize]) -> f64 {
        let n = k.n();
        (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| k.at(i, j) * l.at(order[i], order[j])).sum()
    }

    /// Every shift of every orbit equals the definition: odd, even, prime, padded, with and without a diagonal.
    fn check<T: LaneFloat>(round_off: f64) {
        let key = [5; 32];
        for n in (3..=20).chain([31, 34, 60, 130]) {
            for (with_k, with_l) in [(true, true), (false, false), (true, false)] {
                let (k, l) = (dense(n, with_k, 0.7), dense(n, with_l, 1.3));
                let (a, b) = (Residual::of(&k, Par::SEQ).unwrap(), Residual::of(&l, Par::SEQ).unwrap());
                let sigma = permutation(&key, 0, n);
                for count in [1, 2, MANY] {
                    let (engine, first) = CyclicOrbits::<T>::begin(&a, &b, &sigma, count, Par::SEQ).unwrap();
                    for r in 0..count {
                        let tau = permutation(&key, r as u64, n);
                        let found = if r == 0 { first.clone() } else { engine.run(&tau, Par::SEQ).unwrap() };
                        for (s, value) in found.iter().enumerate() {
                            let expected = direct(&k, &l, &pairing(&sigma, &tau, s));
                            let error = (value - expected).abs();
                            assert!(
                                error < round_off * (n * n) as f64,
                                "n = {n}, orbit {r}, shift {s}: {value} {expected}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn orbits_equal_the_definition() {
        check::<f64>(1e-14);
        check::<f32>(1e-7);
    }

    /// Whole numbers that can be checked by hand.
    #[test]
    fn worked_example() {
        let distances = |values: [f64; 6]| {
            let upper =
                (0..6).flat_map(|i| (i + 1..6).map(move |j| (i, j))).map(|(i, j)| (values[i] - values[j]).abs());
            Dense::new(6, upper.collect(), None)
        };
        let k = distances([0.0, 1.0, 2.0, 4.0, 7.0, 11.0]);
        let l = distances([1.0, 0.0, 4.0, 3.0, 9.0, 12.0]);
        let (k, l) = (Residual::of(&k, Par::SEQ).unwrap(), Residual::of(&l, Par::SEQ).unwrap());
        let sigma = [2, 0, 4, 1, 5, 3];
        let (engine, first) = CyclicOrbits::<f64>::begin(&k, &l, &sigma, 2, Par::SEQ).unwrap();
        let whole = |values: &[f64]| values.iter().map(|v| v.round() as i64).collect::<Vec<_>>();
        assert_eq!(whole(&first), [1142, 850, 782, 814, 806, 866]);
        assert_eq!(whole(&engine.run(&[5, 3, 0, 2, 1, 4], Par::SEQ).unwrap()), [862, 906, 938, 742, 798, 806]);
        assert!(first.iter().all(|v| (v - v.round()).abs() < 1e-10));
    }
}
