//! Singular vector canonical correlation: mean correlation of the directions that carry the variance.
//!
//! ```text
//! svcca(x, y) = (1/min(kx, ky)) sum_i rho_i        rho_i = singular values of the leading kx x ky block of Ux' Uy
//! ```
//!
//! Per side the fewest principal directions are kept whose squared singular values reach the share `threshold` of their
//! total (on centered data), or a fixed number `k` of them.
//!
//! - Misleads near the threshold: the value jumps when one more direction is kept, so it is discontinuous in `threshold`.
//! - Cost: summary O(n d min(n, d)), one singular value decomposition; pair O(n k^2 + k^3).
//! - Reference: Raghu, Gilmer, Yosinski & Sohl-Dickstein (2017), arXiv:1706.05806.

use super::cca_mean::sum_of_correlations;
use super::saturation;
use crate::cost::Cost;
use crate::engines::spectrum::{Basis, Spectrum};
use crate::error::Result;
use crate::facts::Change::{Affine, InvertibleLinear, Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Facts, FormName};
use crate::form::{Bound, Cross, Form};
use crate::linalg::Matrix;
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// SVCCA with its rule for how many directions are kept.
#[derive(Clone, Copy, Debug)]
pub struct Svcca {
    threshold: f64,
    k: Option<usize>,
}

/// Relative slack of the comparison with the threshold, so that round-off does not decide.
const SLACK: f64 = 1e-12;

impl Measure for Svcca {
    const NAME: &'static str = "svcca";
    const FAMILY: &'static str = "cca";
    type Summary = Basis;

    fn from_options(options: &mut Options) -> Result<Self> {
        let share = |v: f64| v > 0.0 && v <= 1.0;
        let threshold = options
            .float("threshold")
            .default(0.99)
            .within(share, "a share above 0 and up to 1")
            .examples(&[0.7, 1.0])
            .read()?;
        let k = options.int("k").least(1).examples(&[3, 4]).or_none()?;
        options.needs("threshold", k.is_none(), "without k")?;
        Ok(Self { threshold, k })
    }

    fn facts(&self) -> Facts {
        // With every direction kept it is the mean canonical correlation, which no invertible map changes.
        let all = self.k.is_none() && self.threshold >= 1.0;
        Facts {
            form: FormName::Cross,
            invariant_to: if all {
                &[Permutation, Orthogonal, Scaling, InvertibleLinear, Translation, Affine]
            } else {
                &[Permutation, Orthogonal, Scaling, Translation]
            },
            jumps: Some("the number of components kept"),
            reference: "Raghu et al. 2017, arXiv:1706.05806",
            cost: "O(n d min(n, d)) per representation, O(n k^2 + k^3) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost::directions(n, d)
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Basis> {
        let spectrum = Spectrum::of(x, true, par)?;
        Ok(Basis { q: spectrum.u.leading_columns(self.kept(&spectrum.s)), columns: x.cols() })
    }

    fn form<'a>(&'a self, x: &'a Basis, y: &'a Basis) -> Result<Form<'a>> {
        let m = x.rank().min(y.rank()) as f64;
        let of = move |t: &Matrix, _: Option<&[usize]>, _: Par<'_>| Ok(sum_of_correlations(t)? / m);
        let bound = Some(Bound::Sum { link: Box::new(move |sum| sum / m), rises: true });
        Ok(Form::Cross(Cross { a: &x.q, b: &y.q, of: Box::new(of), bound }))
    }

    fn warnings(&self, x: &Basis, y: &Basis) -> Vec<Warning> {
        saturation(x.rank(), y.rank(), x.q.rows())
    }
}

impl Svcca {
    /// Number of these singular values that are kept; at most all there are.
    fn kept(&self, s: &[f64]) -> usize {
        if let Some(k) = self.k {
            return k.min(s.len());
        }
        if self.threshold >= 1.0 {
            return s.len();
        }
        let total: f64 = s.iter().map(|v| v * v).sum();
        let mut sum = 0.0;
        for (at, v) in s.iter().enumerate() {
            sum += v * v;
            if sum >= self.threshold * total * (1.0 - SLACK) {
                return at + 1;
            }
        }
        s.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variances 9, 4, 1 of 14: one direction holds 0.643, two hold 0.929.
    #[test]
    fn the_fewest_directions_that_reach_the_share() {
        for (threshold, kept) in [(0.6, 1), (9.0 / 14.0, 1), (0.9, 2), (13.0 / 14.0, 2), (0.99, 3), (1.0, 3)] {
            assert_eq!(Svcca { threshold, k: None }.kept(&[3.0, 2.0, 1.0]), kept, "{threshold}");
        }
        assert_eq!(Svcca { threshold: 0.99, k: Some(7) }.kept(&[3.0, 2.0, 1.0]), 3);
    }
}
