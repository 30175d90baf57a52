//! Procrustes distance: what is left after the best rotation of one representation onto the other.
//!
//! ```text
//! procrustes(x, y) = min over orthogonal Q of |x Q - y| = sqrt(|x|^2 + |y|^2 - 2 |x'y|_*)
//! ```
//!
//! `|.|_*` is the sum of singular values. If the widths differ the narrower side is padded with zeros, which the formula
//! does by itself. `center=True` subtracts column means first; with `normalize=True` both sides have norm 1.
//!
//! - Misleads when the two representations differ in size: then it measures size. Nothing is subtracted for chance.
//! - Close representations lose half of the digits in the formula, so their distance comes from the residual.
//! - Cost: summary O(n d); pair O(n r^2 + r^3).
//! - Reference: Schönemann (1966); Williams, Kunz, Kornblith & Linderman (2021), arXiv:2110.14739.

use super::{CommonUnit, Shape, squared_distance};
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Change, Facts};
use crate::form::{Cross, Form};
use crate::measure::Measure;
use crate::options::Named;
use crate::par::Par;
use crate::representation::Representation;

/// Procrustes distance with its preprocessing.
#[derive(Clone, Copy, Debug)]
pub struct Procrustes {
    center: bool,
    normalize: bool,
    squared: bool,
}

impl Measure for Procrustes {
    const NAME: &'static str = "procrustes";
    const FAMILY: &'static str = "alignment";
    type Summary = Shape;

    fn from_options(options: &mut Named) -> Result<Self> {
        Ok(Self {
            center: options.bool("center", false)?,
            normalize: options.bool("normalize", false)?,
            squared: options.bool("squared", false)?,
        })
    }

    fn facts(&self) -> Facts {
        let invariant_to: &[Change] = match (self.center, self.normalize) {
            (false, false) => &[Permutation, Orthogonal],
            (true, false) => &[Permutation, Orthogonal, Translation],
            (false, true) => &[Permutation, Orthogonal, Scaling],
            (true, true) => &[Permutation, Orthogonal, Scaling, Translation],
        };
        let largest = match (self.normalize, self.squared) {
            (false, _) => f64::INFINITY,
            (true, false) => 2.0_f64.sqrt(),
            (true, true) => 2.0,
        };
        Facts {
            range: (0.0, largest),
            is_metric: !self.squared,
            invariant_to,
            reference: "Schönemann 1966; Williams et al. 2021, arXiv:2110.14739",
            cost: "O(n d) per representation, O(n r^2 + r^3) per pair",
            ..Facts::DISTANCE
        }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Shape> {
        let shape = Shape::of(x, self.center, par)?;
        if self.normalize && shape.norm == 0.0 {
            return Err(Error::NoVariance { name: x.name().to_owned() });
        }
        Ok(shape)
    }

    fn form<'a>(&'a self, x: &'a Shape, y: &'a Shape) -> Result<Form<'a>> {
        let by = if self.normalize { CommonUnit::of_norms(x, y) } else { CommonUnit::of_data(x, y) };
        let of = move |m: &_, matching: Option<&[usize]>| {
            let square = squared_distance(x, y, &by, m, matching)?.max(0.0);
            Ok(if self.squared { square * by.unit * by.unit } else { square.sqrt() * by.unit })
        };
        Ok(Form::Cross(Cross { a: &x.a, b: &y.a, of: Box::new(of) }))
    }
}
