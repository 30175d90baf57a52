//! Angular shape distance: the angle between two representations after the best rotation.
//!
//! ```text
//! angular_shape(x, y) = arccos( |x'y|_* / (|x| |y|) )
//! ```
//!
//! `|.|_*` is the sum of singular values. `center=True` subtracts column means first. Its cosine is the normalized Bures
//! similarity of the two Gram matrices. Close to 0 the arc cosine loses half of the digits, so there the angle is
//! `2 arcsin(d/2)` with the normalized Procrustes distance d.
//!
//! - Misleads when means dominate: without centering, two representations with large equal means are close.
//! - Cost: summary O(n d); pair O(n r^2 + r^3).
//! - Reference: Williams, Kunz, Kornblith & Linderman (2021), arXiv:2110.14739.

use std::f64::consts::FRAC_PI_2;

use super::{CommonUnit, Shape, cross};
use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Facts, FormName, Triangle};
use crate::form::Form;
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;

/// The angle, of raw or centered data.
#[derive(Clone, Copy, Debug)]
pub struct AngularShape {
    center: bool,
}

impl Measure for AngularShape {
    const NAME: &'static str = "angular_shape";
    const FAMILY: &'static str = "alignment";
    type Summary = Shape;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self { center: options.bool("center", false)? })
    }

    fn facts(&self) -> Facts {
        Facts {
            form: FormName::Cross,
            range: (0.0, FRAC_PI_2),
            triangle: Triangle::Metric,
            invariant_to: if self.center {
                &[Permutation, Orthogonal, Scaling, Translation]
            } else {
                &[Permutation, Orthogonal, Scaling]
            },
            mean_matters: true,
            reference: "Williams et al. 2021, arXiv:2110.14739",
            cost: "O(n d) per representation, O(n r^2 + r^3) per pair",
            ..Facts::DISTANCE
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost::directions(n, d)
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Shape> {
        let shape = Shape::of(x, self.center, par)?;
        if shape.norm == 0.0 {
            return Err(Error::NoVariance { name: x.name().to_owned() });
        }
        Ok(shape)
    }

    fn form<'a>(&'a self, x: &'a Shape, y: &'a Shape) -> Result<Form<'a>> {
        let by = CommonUnit::of_norms(x, y);
        let angle = |square: f64| 2.0 * (square.clamp(0.0, 2.0).sqrt() / 2.0).asin();
        Ok(cross(x, y, by, angle))
    }
}
