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
use crate::engines::pair_matrix::PairMatrix;
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
use crate::saved::SavedParts;
use crate::summary::Summary;
use crate::value::Value;
use crate::warning::Warning;

/// Eigenspace overlap, of raw or centered data.
#[derive(Clone, Copy, Debug)]
pub struct EigenspaceOverlap {
    center: bool,
    by_columns: bool,
}

/// The projector on a column space, as a factor.
pub struct Space {
    projector: PairMatrix,
    basis: Basis,
}

impl Space {
    fn new(name: &str, basis: Basis, par: Par<'_>) -> Result<Self> {
        let projector = PairMatrix::linear(name, Arc::new(basis.q.clone()), Centering::Plain, par)?;
        Ok(Self { projector, basis })
    }
}

impl Measure for EigenspaceOverlap {
    const NAME: &'static str = "eigenspace_overlap";
    const FAMILY: &'static str = "rsm";
    type Summary = Space;

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

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Space> {
        Space::new(x.name(), (*Basis::of(x, self.center, par)?).clone(), par)
    }

    fn form<'a>(&'a self, x: &'a Space, y: &'a Space) -> Result<Form<'a>> {
        let size = |side: &Space| if self.by_columns { side.basis.columns } else { side.basis.rank() };
        let over = size(x).max(size(y)) as f64;
        Ok(Form::Bilinear(Bilinear { k: &x.projector, l: &y.projector, link: Link::over(over) }))
    }

    fn warnings(&self, x: &Space, y: &Space) -> Vec<Warning> {
        if self.center { saturation(x.basis.rank(), y.basis.rank(), x.rows()) } else { Vec::new() }
    }
}

impl Summary for Space {
    fn save(&self) -> Vec<(&'static str, Value)> {
        self.basis.save()
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        Self::new("prepared", Basis::load(parts)?, Par::SEQ)
    }

    fn rows(&self) -> usize {
        self.basis.q.rows()
    }
}
