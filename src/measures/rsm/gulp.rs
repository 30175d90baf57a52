//! GULP: how differently two representations can be used by ridge regression.
//!
//! ```text
//! gulp = |K(x) - K(y)|,   K(x) = xc (xc' xc + n lam 1)^-1 xc'
//!      = U diag(a) U',    a = s^2 / (s^2 + n lam)          xc: columns centered, |xc|^2 = n;  xc = U diag(s) V'
//!      = sqrt(sum a^2 + sum b^2 - 2 sum_ij a_i b_j (u_i . v_j)^2)
//! ```
//!
//! Of all regression targets of unit size it is the root mean square of the difference of the two predictions, up to a
//! factor of n. It is a distance of two matrices over pairs of rows, and near identity the root is taken of the summed
//! squares of their differences ([`Link::gap`]). One decomposition per representation serves every `lam`.
//!
//! - Invariances: permutation, orthogonal maps, translation, scaling; with lam = 0 any invertible linear map.
//! - Range: 0 (the same predictions) to the root of the sum of the ranks.
//! - Misleads: with lam = 0 and as many columns as rows it is 0 or constant for any data; `lam` counts in units of the
//!   total variance, so that one value means the same for all representations.
//! - Cost: summary O(n d min(n, d)), score O(n r^2).
//! - Reference: Boix-Adsera et al. 2022, arXiv:2210.06545.

use std::sync::Arc;

use crate::cost::Cost;
use crate::engines::dense::Centering;
use crate::engines::pair_matrix::{PairMatrix, PairMatrixWith};
use crate::engines::spectrum::Spectrum;
use crate::error::Result;
use crate::facts::Change::{Affine, InvertibleLinear, Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Facts, FormName, Step, Triangle};
use crate::form::{Bilinear, Form, Link};
use crate::linalg::{Matrix, svd};
use crate::measure::Measure;
use crate::measures::cca::saturation;
use crate::numerics::sums;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Distance of the predictions of ridge regression from two representations.
pub struct Gulp {
    lam: f64,
    unit_rows: bool,
}

impl Measure for Gulp {
    const NAME: &'static str = "gulp";
    const FAMILY: &'static str = "rsm";
    /// The matrix of predictions, its squared norm and its rank.
    type Summary = PairMatrixWith<2>;

    fn from_options(options: &mut Options) -> Result<Self> {
        let lam = options
            .float("lam")
            .within(|v| v >= 0.0, "a number of at least 0")
            .examples(&[0.1, 0.0, 1.0])
            .required()?;
        Ok(Self { lam, unit_rows: options.choice("preprocess", &[("matrix_norm", false), ("row_norm", true)])? })
    }

    fn facts(&self) -> Facts {
        Facts {
            form: FormName::Bilinear(Step::Root),
            triangle: Triangle::Metric,
            invariant_to: if self.lam == 0.0 && !self.unit_rows {
                &[Permutation, Orthogonal, Scaling, InvertibleLinear, Translation, Affine]
            } else {
                &[Permutation, Orthogonal, Scaling, Translation]
            },
            row_sizes_matter: !self.unit_rows,
            reference: "Boix-Adsera et al. 2022, arXiv:2210.06545",
            cost: "O(n d min(n, d)) per representation, O(n r^2) per pair",
            ..Facts::DISTANCE
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { score: Cost::linear(n, d).score, ..Cost::directions(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<PairMatrixWith<2>> {
        let spectrum = Spectrum::of(x, true, par)?;
        let (u, squares) = if self.unit_rows { of_unit_rows(&spectrum)? } else { shares(&spectrum) };
        let weight = |square: f64| square / (square + self.lam);
        let roots: Vec<f64> = squares.iter().map(|&square| weight(square).sqrt()).collect();
        let norm: f64 = squares.iter().map(|&square| weight(square).powi(2)).sum();
        let factor = Arc::new(u.scale_columns(&roots));
        let pairs = PairMatrix::linear(x.name(), factor, Centering::Plain, par)?;
        Ok(PairMatrixWith { pairs, numbers: [norm, roots.len() as f64] })
    }

    fn form<'a>(&'a self, x: &'a PairMatrixWith<2>, y: &'a PairMatrixWith<2>) -> Result<Form<'a>> {
        let link = Link::gap(x.numbers[0], y.numbers[0]).then(Step::Root);
        Ok(Form::Bilinear(Bilinear { k: &x.pairs, l: &y.pairs, link }))
    }

    fn warnings(&self, x: &PairMatrixWith<2>, y: &PairMatrixWith<2>) -> Vec<Warning> {
        let rank = |side: &PairMatrixWith<2>| side.numbers[1] as usize;
        if self.lam == 0.0 { saturation(rank(x), rank(y), x.pairs.n()) } else { Vec::new() }
    }
}

/// Left singular vectors, and the shares of the total variance.
fn shares(spectrum: &Spectrum) -> (Matrix, Vec<f64>) {
    let total = sums::squares(&spectrum.s);
    (spectrum.u.clone(), spectrum.s.iter().map(|s| s * s / total).collect())
}

/// The same of the rows brought to length one; a row at the mean has no direction and stays there.
fn of_unit_rows(spectrum: &Spectrum) -> Result<(Matrix, Vec<f64>)> {
    let mut rows = spectrum.u.clone().scale_columns(&spectrum.s);
    let n = rows.rows();
    let longest = spectrum.s[0];
    for i in 0..n {
        let length = sums::squares(rows.row(i)).sqrt();
        let factor = if length > n as f64 * f64::EPSILON * longest { 1.0 / length } else { 0.0 };
        rows.row_mut(i).iter_mut().for_each(|v| *v *= factor);
    }
    let found = svd(&rows)?;
    let cut = n as f64 * f64::EPSILON * found.s[0];
    let rank = found.s.iter().filter(|s| **s > cut).count();
    Ok((found.u.leading_columns(rank), found.s[..rank].iter().map(|s| s * s / n as f64).collect()))
}
