//! Projection-weighted canonical correlation: directions count by how much of one representation they carry.
//!
//! ```text
//! pwcca(x, y) = sum_i a_i rho_i / sum_i a_i        a_i = sum_j |<h_i, x_j>|,  i <= min(rx, ry)
//! ```
//!
//! `h_i` is the i-th canonical variate of x (unit length), `x_j` the j-th centered column. With `T = Ux' Uy = A diag(rho)
//! B'` and `x = Ux diag(s) V'` the weights are sums of absolute entries of `A' diag(s) V'`, so the rows are not needed.
//!
//! - Not symmetric: the weights are those of the first argument (`weights_from="x"`, as the survey prints), of the second,
//!   or of the one with fewer columns (`"smaller"`, as in the authors' code). Where two correlations are nearly equal the
//!   variates, and so the weights, are not unique.
//! - Cost: summary O(n d min(n, d)); pair O(n r^2 + r^3 + r^2 d).
//! - Reference: Morcos, Raghu & Bengio (2018), arXiv:1806.05759.

use super::saturation;
use crate::cost::Cost;
use crate::engines::spectrum::Spectrum;
use crate::error::Result;
use crate::facts::Change::{Affine, InvertibleLinear, Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Change, Facts, FormName};
use crate::form::{Bound, Cross, Form};
use crate::linalg::{Matrix, product_nn, svd};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// PWCCA and the side its weights come from.
#[derive(Clone, Copy, Debug)]
pub struct Pwcca {
    weights_from: From,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    X,
    Y,
    Smaller,
}

impl Measure for Pwcca {
    const NAME: &'static str = "pwcca";
    const FAMILY: &'static str = "cca";
    type Summary = Spectrum;

    fn from_options(options: &mut Options) -> Result<Self> {
        let sides = [("x", From::X), ("y", From::Y), ("smaller", From::Smaller)];
        Ok(Self { weights_from: options.choice("weights_from", &sides)? })
    }

    fn facts(&self) -> Facts {
        // The side that gives no weights may undergo any invertible map; only that of "y" is the first argument.
        let source: &[Change] =
            if self.weights_from == From::Y { &[Orthogonal, InvertibleLinear, Affine] } else { &[] };
        Facts {
            form: FormName::Cross,
            symmetric: false,
            invariant_to: &[Permutation, Scaling, Translation],
            source_invariant_to: source,
            reference: "Morcos et al. 2018, arXiv:1806.05759",
            cost: "O(n d min(n, d)) per representation, O(n r^2 + r^3 + r^2 d) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost::directions(n, d)
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Spectrum> {
        Ok((*Spectrum::of(x, true, par)?).clone())
    }

    fn form<'a>(&'a self, x: &'a Spectrum, y: &'a Spectrum) -> Result<Form<'a>> {
        let from_x = match self.weights_from {
            From::X => true,
            From::Y => false,
            From::Smaller => x.v.rows() <= y.v.rows(),
        };
        let of = move |t: &Matrix, _: Option<&[usize]>, _: Par<'_>| {
            if from_x { weighted(t, x) } else { weighted(&t.transposed(), y) }
        };
        // A weighted mean is not above its largest term.
        Ok(Form::Cross(Cross { a: &x.u, b: &y.u, of: Box::new(of), bound: Some(Bound::Largest) }))
    }

    fn warnings(&self, x: &Spectrum, y: &Spectrum) -> Vec<Warning> {
        saturation(x.rank(), y.rank(), x.u.rows())
    }
}

/// The mean of correlations with the weights of the side that gives the rows of `t`.
fn weighted(t: &Matrix, side: &Spectrum) -> Result<f64> {
    let found = svd(t)?;
    let turned = product_nn(&found.u.transposed().scale_columns(&side.s), &side.v.transposed(), Par::SEQ)?;
    let weights = (0..found.s.len()).map(|i| turned.row(i).iter().map(|v| v.abs()).sum::<f64>());
    let (mut sum, mut total) = (0.0, 0.0);
    for (weight, rho) in weights.zip(&found.s) {
        sum += weight * rho.min(1.0);
        total += weight;
    }
    Ok(sum / total)
}
