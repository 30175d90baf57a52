//! Eigenspace overlap: which share of the larger column space do the two have in common?
//!
//! ```text
//! eigenspace_overlap(x, y) = |Ux' Uy|^2 / max(rx, ry)        Ux, Uy orthonormal bases of the columns
//! ```
//!
//! The bases are those of the data as they are; `center=True` subtracts column means first, and the score is then the mean
//! squared canonical correlation times the ratio of the smaller to the larger rank. `divisor="columns"` divides by the
//! larger number of columns, as the survey prints.
//!
//! - Misleads when there are as many columns as rows: both spaces are then everything, and the score is 1 for any data.
//! - Cost: summary O(n d^2); score O(n r^2).
//! - Reference: May, Zhang, Dao & Ré (2019), arXiv:1909.01264.

use std::sync::Arc;

use crate::cost::Cost;
use crate::engines::dense::Centering;
use crate::engines::pair_matrix::{PairMatrix, PairMatrixWith};
use crate::engines::spectrum::Basis;
use crate::error::Result;
use crate::facts::Change::{Affine, InvertibleLinear, Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Facts, FormName, Step};
use crate::form::{Bilinear, Form, Link};
use crate::measure::Measure;
use crate::measures::cca::saturation;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Eigenspace overlap, of raw or centered data.
#[derive(Clone, Copy, Debug)]
pub struct EigenspaceOverlap {
    center: bool,
    by_columns: bool,
}

impl Measure for EigenspaceOverlap {
    const NAME: &'static str = "eigenspace_overlap";
    const FAMILY: &'static str = "rsm";
    /// The projector on the column space, its rank and the number of columns.
    type Summary = PairMatrixWith<2>;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self {
            center: options.bool("center", false)?,
            by_columns: options.choice("divisor", &[("rank", false), ("columns", true)])?,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            form: FormName::Bilinear(Step::Identity),
            // A repeated column takes identity below 1 where columns are the divisor.
            identity_value: if self.by_columns { f64::NAN } else { 1.0 },
            invariant_to: if self.center {
                &[Permutation, Orthogonal, Scaling, InvertibleLinear, Translation, Affine]
            } else {
                &[Permutation, Orthogonal, Scaling, InvertibleLinear]
            },
            reference: "May et al. 2019, arXiv:1909.01264",
            cost: "O(n d^2) per representation, O(n r^2) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { score: Cost::linear(n, d).score, ..Cost::directions(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<PairMatrixWith<2>> {
        let basis = Basis::of(x, self.center, par)?;
        let pairs = PairMatrix::linear(x.name(), Arc::new(basis.q.clone()), Centering::Plain, par)?;
        Ok(PairMatrixWith { pairs, numbers: [basis.rank(), basis.columns].map(|count| count as f64) })
    }

    fn form<'a>(&'a self, x: &'a PairMatrixWith<2>, y: &'a PairMatrixWith<2>) -> Result<Form<'a>> {
        let size = usize::from(self.by_columns);
        let over = x.numbers[size].max(y.numbers[size]);
        Ok(Form::Bilinear(Bilinear { k: &x.pairs, l: &y.pairs, link: Link::over(over) }))
    }

    fn warnings(&self, x: &PairMatrixWith<2>, y: &PairMatrixWith<2>) -> Vec<Warning> {
        if self.center { saturation(x.numbers[0] as usize, y.numbers[0] as usize, x.pairs.n()) } else { Vec::new() }
    }
}
