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
//! - Rows far from the origin have their mean set apart (`far.rs`).
//! - Close representations lose half of the digits in the formula, so their distance comes from the residual.
//! - Cost: summary O(n d); pair O(n r^2 + r^3).
//! - Reference: Schönemann (1966); Williams, Kunz, Kornblith & Linderman (2021), arXiv:2110.14739.

use super::{CommonUnit, Shape, cross};
use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Change, Facts, FormName, Triangle};
use crate::form::Form;
use crate::measure::Measure;
use crate::options::Options;
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

    fn from_options(options: &mut Options) -> Result<Self> {
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
            form: FormName::Cross,
            range: (0.0, largest),
            triangle: if self.squared { Triangle::No } else { Triangle::Metric },
            degree: Some(if self.squared { 2 } else { 1 }),
            invariant_to,
            mean_matters: true,
            reference: "Schönemann 1966; Williams et al. 2021, arXiv:2110.14739",
            cost: "O(n d) per representation, O(n r^2 + r^3) per pair",
            ..Facts::DISTANCE
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost::directions(n, d)
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Shape> {
        if !self.normalize {
            return Shape::or_point(x, self.center, par);
        }
        let shape = Shape::of(x, self.center, par)?;
        if shape.norm == 0.0 {
            return Err(Error::NoVariance { name: x.name().to_owned() });
        }
        Ok(shape)
    }

    /// Residual of representations which no rotation brings any closer.
    fn largest(&self, x: &Shape, y: &Shape) -> f64 {
        let square = if self.normalize { 2.0 } else { (x.norm / x.scale).powi(2) + (y.norm / y.scale).powi(2) };
        if self.squared { square } else { square.sqrt() }
    }

    fn form<'a>(&'a self, x: &'a Shape, y: &'a Shape) -> Result<Form<'a>> {
        let by = if self.normalize { CommonUnit::of_norms(x, y) } else { CommonUnit::of_data(x, y) };
        let distance = move |square: f64| {
            let square = square.max(0.0);
            if self.squared { square * by.unit * by.unit } else { square.sqrt() * by.unit }
        };
        Ok(cross(x, y, by, distance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;

    fn distance(x: &[f64], y: &[f64], columns: (usize, usize)) -> f64 {
        let plain = Procrustes { center: false, normalize: false, squared: false };
        let [x, y] = [("x", x, columns.0), ("y", y, columns.1)]
            .map(|(name, values, d)| Measure::summarize(&plain, &representation(name, values, d), Par::SEQ).unwrap());
        Measure::form(&plain, &x, &y).unwrap().score(None, Par::SEQ).unwrap()
    }

    /// Values by hand: twice the size is as far away as the size itself, the root of 10, and a quarter turn is no distance.
    #[test]
    fn a_turned_and_doubled_square() {
        let x = [2.0, 0.0, 0.0, 1.0, -2.0, 0.0, 0.0, -1.0];
        let turned = [0.0, 2.0, -1.0, 0.0, 0.0, -2.0, 1.0, 0.0];
        assert!(distance(&x, &turned, (2, 2)) < 1e-14);
        for unit in [1.0, 1e-150, 1e150] {
            let [x, doubled] = [unit, 2.0 * unit].map(|f| turned.map(|v| f * v));
            assert!((distance(&x, &doubled, (2, 2)) / unit - 10.0_f64.sqrt()).abs() < 1e-14);
        }
    }

    /// A point at the origin is as far away as the other side is large, whatever the units.
    #[test]
    fn nothing_but_zeros() {
        let (zeros, tiny) = ([0.0; 4], [3e-200, 0.0, 0.0, 4e-200]);
        assert!((distance(&zeros, &tiny, (1, 1)) / 5e-200 - 1.0).abs() < 1e-15);
        assert_eq!(distance(&zeros, &zeros, (1, 1)), 0.0);
    }
}
