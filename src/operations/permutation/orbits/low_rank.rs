//! Shift orbits of factors: n permutations at once where no n x n matrix is stored.
//!
//! For `K = a a'` and `L = b b'` the statistic is `|a' P b|^2`, a sum over pairs of columns. Lay the items out along a circle;
//! at shift s
//!
//! ```text
//! T(s) = sum over columns p of a, r of b of ( sum_i a_p(sigma(i)) b_r(tau(i + s)) )^2
//! ```
//!
//! so every pair of columns is one correlation, and two pairs share a complex transform. This beats the diagonals of stored
//! matrices for few columns, and it is the only strategy where the number of items forbids n x n numbers. Where the diagonal is
//! left out the products of squared row lengths are taken away, which is one more correlation; U-centering adds a constant:
//!
//! ```text
//! dropped     T - p.q                                                    p, q: squared row lengths of a and b
//! U-centered  T - p.q - 2 p.q/(n-2) + (sum p)(sum q)/((n-1)(n-2))        columns of a and b centered
//! ```

use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::engines::dense::Centering;
use crate::error::Result;
use crate::form::Bilinear;
use crate::linalg::Matrix;
use crate::numerics::sums;
use crate::operations::permutation::moments::{Invariants, MomentOrder, moments};
use crate::operations::permutation::orbits::OrbitEngine;
use crate::operations::permutation::orbits::relabelings::Relabelings;
use crate::par::Par;

/// A pair of columns costs as much as so many diagonals of a stored matrix.
const DEAR: usize = 4;

/// The columns of x, transformed; those of y, ready to be laid out.
pub struct LowRankOrbits<'a> {
    n: usize,
    b: &'a Matrix,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
    /// Conjugate transforms of the columns of a, one after the other.
    columns: Vec<Complex<f64>>,
    /// Weight of p.q to be subtracted, the conjugate transform of p, and q.
    own: Option<(f64, Vec<Complex<f64>>, Vec<f64>)>,
    constant: f64,
    relabelings: Relabelings,
    /// Mean and standard deviation over all pairings.
    exact: (f64, f64),
}

impl<'a> LowRankOrbits<'a> {
    /// True if this engine serves, and is the cheaper one; `fits` says whether n x n matrices may be stored.
    pub fn pays(form: &Bilinear<'_>, fits: bool) -> bool {
        match (form.k.factor(), form.l.factor()) {
            (Some((a, d)), Some((b, e))) => d == e && (!fits || a.cols() * b.cols() * DEAR < a.rows()),
            _ => false,
        }
    }

    /// Lay the items of x out in the order sigma; None where the sides are no factors of one kind.
    pub fn new(form: &'a Bilinear<'a>, relabelings: Relabelings, par: Par<'_>) -> Result<Option<Self>> {
        let (Some((a, diagonal)), Some((b, same))) = (form.k.factor(), form.l.factor()) else { return Ok(None) };
        if diagonal != same {
            return Ok(None);
        }
        let (n, sigma) = (a.rows(), relabelings.sigma());
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let mut columns = transforms(a, &sigma, &*forward, par)?;
        columns.iter_mut().for_each(|value| *value = value.conj());
        let lengths = |m: &Matrix| (0..n).map(|i| sums::squares(m.row(i))).collect::<Vec<f64>>();
        let size = n as f64;
        let (factor, constant) = match diagonal {
            Centering::Plain => (0.0, 0.0),
            Centering::HollowDiagonal => (1.0, 0.0),
            Centering::UCentered => {
                let (p, q) = (sums::sum(&lengths(a)), sums::sum(&lengths(b)));
                (1.0 + 2.0 / (size - 2.0), p * q / ((size - 1.0) * (size - 2.0)))
            }
        };
        let own = (factor > 0.0).then(|| {
            let p = lengths(a);
            let mut of_p: Vec<_> = sigma.iter().map(|&item| Complex::new(p[item], 0.0)).collect();
            forward.process(&mut of_p);
            of_p.iter_mut().for_each(|value| *value = value.conj());
            (factor, of_p, lengths(b))
        });
        let of = |side| Invariants::of(side, MomentOrder::Variance, par);
        let exact = moments(&of(form.k)?, &of(form.l)?);
        let exact = (exact.mean, exact.variance.sqrt());
        Ok(Some(Self { n, b, forward, inverse, columns, own, constant, relabelings, exact }))
    }

    /// The values of the orbit of tau.
    fn orbit(&self, tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        let n = self.n;
        let of_y = transforms(self.b, tau, &*self.forward, par)?;
        let parts = par.map(self.columns.len() / n.max(1), |at, par| {
            let of_x = &self.columns[at * n..(at + 1) * n];
            let mut total = vec![0.0; n];
            let mut packed = vec![Complex::default(); n];
            let mut scratch = vec![Complex::default(); self.inverse.get_inplace_scratch_len()];
            for two in of_y.chunks(2 * n) {
                par.check()?;
                let (first, second) = two.split_at(n);
                for (i, value) in packed.iter_mut().enumerate() {
                    let both = second.get(i).map_or(first[i], |other| first[i] + other * Complex::i());
                    *value = of_x[i] * both;
                }
                self.inverse.process_with_scratch(&mut packed, &mut scratch);
                total.iter_mut().zip(&packed).for_each(|(t, v)| *t += v.re * v.re + v.im * v.im);
            }
            Ok(total)
        })?;
        let over = 1.0 / (n as f64 * n as f64);
        let mut values = vec![0.0; n];
        parts.iter().for_each(|part| values.iter_mut().zip(part).for_each(|(v, p)| *v += p));
        values.iter_mut().for_each(|v| *v = *v * over + self.constant);
        if let Some((factor, of_p, q)) = &self.own {
            let mut own: Vec<_> = tau.iter().map(|&item| Complex::new(q[item], 0.0)).collect();
            self.forward.process(&mut own);
            own.iter_mut().zip(of_p).for_each(|(l, k)| *l *= k);
            self.inverse.process(&mut own);
            values.iter_mut().zip(&own).for_each(|(v, own)| *v -= factor * own.re / n as f64);
        }
        Ok(values)
    }
}

impl OrbitEngine for LowRankOrbits<'_> {
    fn size(&self) -> usize {
        self.relabelings.size()
    }

    fn block(&self, r: usize, par: Par<'_>) -> Result<Vec<f64>> {
        let orders = self.relabelings.get(r).orders();
        let values = par.map(orders.len(), |at, par| self.orbit(&orders[at], par))?.concat();
        par.advance(self.size());
        Ok(values)
    }

    fn multipliers(&self) -> usize {
        self.relabelings.multipliers().count()
    }

    fn exact(&self) -> Option<(f64, f64)> {
        Some(self.exact)
    }

    fn variance_factor(&self) -> f64 {
        self.relabelings.variance_factor()
    }
}

/// Transforms of the columns of a matrix whose rows are laid out in an order, one after the other.
fn transforms(m: &Matrix, order: &[usize], fft: &dyn Fft<f64>, par: Par<'_>) -> Result<Vec<Complex<f64>>> {
    let n = order.len();
    let mut found = vec![Complex::default(); m.cols() * n];
    par.fill(&mut found, n, |column, out| {
        out.iter_mut().zip(order).for_each(|(to, &item)| *to = Complex::new(m.at(item, column), 0.0));
        fft.process(out);
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::pair_matrix::PairMatrix;
    use crate::form::Link;
    use crate::operations::permutation::tests::request;

    /// Every shift is the inner product of its pairing, whatever happens on the diagonal.
    #[test]
    fn orbits_are_inner_products() {
        for n in [40, 61] {
            for diagonal in [Centering::Plain, Centering::HollowDiagonal, Centering::UCentered] {
                let side = |d: usize, pace: f64| {
                    let raw = Matrix::from_fn(n, d, |i, j| (pace * (i * i + 3 * i * j) as f64).sin());
                    let mean = |j: usize| (0..n).map(|i| raw.at(i, j)).sum::<f64>() / n as f64;
                    let means: Vec<f64> = (0..d).map(mean).collect();
                    let a = Matrix::from_fn(n, d, |i, j| raw.at(i, j) - means[j]);
                    PairMatrix::linear("x", Arc::new(a), diagonal, Par::SEQ).unwrap()
                };
                let (k, l) = (side(3, 0.7), side(2, 1.3));
                let form = Bilinear { k: &k, l: &l, link: Link::COSINE };
                let relabelings = Relabelings::new(n, &request(n), false);
                let (sigma, tau) = (relabelings.sigma(), relabelings.get(1).tau);
                let engine = LowRankOrbits::new(&form, relabelings, Par::SEQ).unwrap().unwrap();
                assert!(LowRankOrbits::pays(&form, true));
                for (s, value) in engine.block(1, Par::ALL).unwrap().into_iter().enumerate() {
                    let mut order = vec![0; n];
                    sigma.iter().enumerate().for_each(|(i, &item)| order[item] = tau[(i + s) % n]);
                    let expected = k.inner(&l, Some(&order), Par::SEQ).unwrap();
                    assert!((value - expected).abs() < 1e-10, "{diagonal:?}, n = {n}, shift {s}: {value} {expected}");
                }
            }
        }
    }
}
