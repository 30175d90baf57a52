//! Measures that map one representation onto the other and look at what is left.

pub mod aligned_cosine;
pub mod angular_shape;
pub mod linear_regression_r2;
pub mod procrustes;

use std::borrow::Cow;
use std::sync::Arc;

use crate::engines::centered::centered_if;
use crate::engines::rotation::squared_residual;
use crate::engines::spectrum::saved;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, compact, estimate, product, singular_values};
use crate::measure::Summary;
use crate::options::{Named, damaged};
use crate::par::Par;
use crate::representation::Representation;
use crate::value::Value;

/// A representation up to rotation: a matrix with the same products of rows and at most as many columns as rows.
pub struct Shape {
    a: Arc<Matrix>,
    scale: f64,
    norm: f64,
    columns: usize,
}

/// Certified accuracy of a squared distance from a sum of singular values.
const ACCURACY: f64 = 1e-9;
/// Below this share of `|x|^2 + |y|^2` the squared distance is computed from the residual, which loses no digits.
const NEAR: f64 = 1e-4;

impl Shape {
    /// Of the raw or the centered data.
    fn of(x: &Representation<'_>, center: bool, par: Par<'_>) -> Result<Self> {
        let columns = centered_if(center, x, par)?;
        par.check()?;
        let a = match compact(&columns.matrix) {
            Cow::Borrowed(_) => columns.matrix.clone(),
            // The rows of centered data add up to zero, so the last column of the triangle is nothing but round-off.
            Cow::Owned(a) if center && a.cols() > 1 => Arc::new(a.leading_columns(a.cols() - 1)),
            Cow::Owned(a) => Arc::new(a),
        };
        Ok(Self { a, scale: columns.scale, norm: columns.squared_norm.sqrt(), columns: x.cols() })
    }

    /// The same, and a single point where all rows are equal.
    fn or_point(x: &Representation<'_>, center: bool, par: Par<'_>) -> Result<Self> {
        match Self::of(x, center, par) {
            Err(Error::NoVariance { .. }) => {
                Ok(Self { a: Arc::new(Matrix::zeros(x.rows(), 1)), scale: 1.0, norm: 0.0, columns: x.cols() })
            }
            other => other,
        }
    }
}

/// Two shapes in one unit: `x / unit` has norm `fx * norm of the stored matrix`.
#[derive(Clone, Copy)]
struct CommonUnit {
    unit: f64,
    fx: f64,
    fy: f64,
}

impl CommonUnit {
    /// The larger of the two units of the data; a shape without size has none.
    fn of_data(x: &Shape, y: &Shape) -> Self {
        let own = |shape: &Shape| if shape.norm > 0.0 { 1.0 / shape.scale } else { 0.0 };
        let unit = own(x).max(own(y));
        let unit = if unit > 0.0 { unit } else { 1.0 };
        Self { unit, fx: own(x) / unit, fy: own(y) / unit }
    }

    /// Both at norm 1.
    fn of_norms(x: &Shape, y: &Shape) -> Self {
        Self { unit: 1.0, fx: 1.0 / x.norm, fy: 1.0 / y.norm }
    }
}

/// The squared distance that belongs to a sum of singular values; loses digits where it is small.
fn squared_distance_of_sum(x: &Shape, y: &Shape, by: &CommonUnit, sum: f64) -> f64 {
    let (p, q) = (by.fx * x.norm, by.fy * y.norm);
    p * p + q * q - 2.0 * by.fx * by.fy * sum
}

/// `min |x Q - y|^2` over orthogonal Q, in squared common units; `m` is `a'b` of the stored matrices.
fn squared_distance(x: &Shape, y: &Shape, by: &CommonUnit, m: &Matrix, matching: Option<&[usize]>) -> Result<f64> {
    if matching.is_none() && by.fx == by.fy && x.a == y.a {
        return Ok(0.0);
    }
    let (p, q) = (by.fx * x.norm, by.fy * y.norm);
    let (total, factor) = (p * p + q * q, 2.0 * by.fx * by.fy);
    let mut near = false;
    if let Some(found) = estimate(m) {
        let (far, error) = (total - factor * found.sum, factor * found.error);
        if far > NEAR * total && error <= ACCURACY * far {
            return Ok(far);
        }
        near = far + error <= NEAR * total;
    }
    if !near {
        let far = total - factor * singular_values(m)?.iter().sum::<f64>();
        if far > NEAR * total || total == 0.0 {
            return Ok(far);
        }
    }
    let scaled = |a: &Matrix, f: f64| a.clone().scale_columns(&vec![f; a.cols()]);
    let b = match matching {
        None => scaled(&y.a, by.fy),
        Some(order) => scaled(&y.a.rows_in_order(order), by.fy),
    };
    squared_residual(&scaled(&x.a, by.fx), &b)
}

impl Summary for Shape {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let numbers = [("scale", self.scale), ("norm", self.norm)].map(|(name, v)| (name, Value::from(v)));
        let mut parts = vec![("a", saved(&self.a)), ("columns", self.columns.into())];
        parts.extend(numbers);
        parts
    }

    fn load(parts: &mut Named) -> Result<Self> {
        let found = Self {
            a: Arc::new(parts.saved_matrix("a")?),
            scale: parts.saved_number("scale")?,
            norm: parts.saved_number("norm")?,
            columns: parts.saved_count("columns")?,
        };
        let fits = found.a.rows() > 0 && found.a.cols() > 0 && found.scale > 0.0 && found.norm >= 0.0;
        if fits { Ok(found) } else { Err(damaged("it is no shape")) }
    }

    fn rows(&self) -> usize {
        self.a.rows()
    }
}

/// `a'b` with the rows of b as matched.
fn matched_product(a: &Matrix, b: &Matrix, matching: Option<&[usize]>, par: Par<'_>) -> Result<Matrix> {
    match matching {
        None => product(a, b, par),
        Some(order) => product(a, &b.rows_in_order(order), par),
    }
}
