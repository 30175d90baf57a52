//! Mean squared canonical correlation: which share of the smaller column space lies in the other?
//!
//! ```text
//! cca_mean_squared(x, y) = |Qx' Qy|^2 / m        Qx, Qy orthonormal bases of the centered columns,  m the smaller rank
//! ```
//!
//! The squared singular values of `Qx' Qy` are the squared canonical correlations, so no decomposition of a pair is
//! needed. Without the divisor (`summary="sum"`) it is the Pillai trace. Also known as Yanai's GCD.
//!
//! - Misleads when n is not much larger than the ranks: for rx + ry > n - 1 some correlations are 1 for any data.
//! - Cost: summary O(n d^2); score O(n r^2), by the cheaper of two ways.
//! - Reference: Yanai (1974); Kornblith et al. (2019), arXiv:1905.00414.

use std::sync::Arc;

use super::{Divisor, saturation};
use crate::cost::Cost;
use crate::engines::dense::Centering;
use crate::engines::pair_matrix::{PairMatrix, PairMatrixWith};
use crate::engines::spectrum::Basis;
use crate::error::Result;
use crate::facts::Change::{Affine, InvertibleLinear, Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Facts, FormName, Step};
use crate::form::{Bilinear, Form, Link};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Mean of squared canonical correlations, or their sum.
#[derive(Clone, Copy, Debug)]
pub struct CcaMeanSquared {
    sum: bool,
    divisor: Divisor,
}

impl Measure for CcaMeanSquared {
    const NAME: &'static str = "cca_mean_squared";
    const FAMILY: &'static str = "cca";
    /// The projector on the centered column space, its rank and the number of columns.
    type Summary = PairMatrixWith<2>;

    fn from_options(options: &mut Options) -> Result<Self> {
        let sum = options.choice("summary", &[("mean", false), ("sum", true)])?;
        let divisor = Divisor::from_options(options)?;
        options.needs("divisor", !sum, "with summary=\"mean\"")?;
        Ok(Self { sum, divisor })
    }

    fn facts(&self) -> Facts {
        Facts {
            form: FormName::Bilinear(Step::Identity),
            range: (0.0, if self.sum { f64::INFINITY } else { 1.0 }),
            // The sum of a space with itself is its dimension, which no constant can name.
            // A repeated column takes identity below 1 where columns are the divisor.
            identity_value: if self.sum || self.divisor == Divisor::Columns { f64::NAN } else { 1.0 },
            invariant_to: &[Permutation, Orthogonal, Scaling, InvertibleLinear, Translation, Affine],
            reference: "Yanai 1974; Kornblith et al. 2019, arXiv:1905.00414",
            cost: "O(n d^2) per representation, O(n r^2) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { score: Cost::linear(n, d).score, ..Cost::directions(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<PairMatrixWith<2>> {
        let basis = Basis::of(x, true, par)?;
        let q = Arc::new(basis.q.clone());
        let pairs = PairMatrix::linear(x.name(), q, Centering::Plain, par)?;
        Ok(PairMatrixWith { pairs, numbers: [basis.rank(), basis.columns].map(|count| count as f64) })
    }

    fn form<'a>(&'a self, x: &'a PairMatrixWith<2>, y: &'a PairMatrixWith<2>) -> Result<Form<'a>> {
        let m = self.divisor.of(sizes(x), sizes(y));
        let over = if self.sum { 1.0 } else { m as f64 };
        Ok(Form::Bilinear(Bilinear { k: &x.pairs, l: &y.pairs, link: Link::over(over) }))
    }

    fn warnings(&self, x: &PairMatrixWith<2>, y: &PairMatrixWith<2>) -> Vec<Warning> {
        saturation(sizes(x).0, sizes(y).0, x.pairs.n())
    }
}

/// Rank and number of columns.
fn sizes(x: &PairMatrixWith<2>) -> (usize, usize) {
    (x.numbers[0] as usize, x.numbers[1] as usize)
}
