//! Measures that map one representation onto the other and look at what is left.

pub mod aligned_cosine;
pub mod angular_shape;
pub mod linear_regression_r2;
pub mod procrustes;

use std::borrow::Cow;

use crate::engines::centered::centered_if;
use crate::engines::spectrum::saved;
use crate::error::Result;
use crate::linalg::{Matrix, compact, product, product_nn, sum_of_singular_values, svd};
use crate::measure::Summary;
use crate::options::{Named, damaged};
use crate::par::Par;
use crate::representation::Representation;
use crate::value::Value;

/// A representation up to rotation: a matrix with the same products of rows and at most as many columns as rows.
pub struct Shape {
    a: Matrix,
    scale: f64,
    norm: f64,
    columns: usize,
}

/// Accuracy of a sum of singular values where the distance is not small.
const TOLERANCE: f64 = 1e-12;
/// Below this share of `|x|^2 + |y|^2` the squared distance is computed from the residual, which loses no digits.
const NEAR: f64 = 0.03;

impl Shape {
    /// Of the raw or the centered data.
    fn of(x: &Representation<'_>, center: bool, par: Par<'_>) -> Result<Self> {
        let columns = centered_if(center, x, par)?;
        par.check()?;
        let a = match compact(&columns.matrix) {
            Cow::Borrowed(a) => a.clone(),
            Cow::Owned(a) => a,
        };
        Ok(Self { a, scale: columns.scale, norm: columns.squared_norm.sqrt(), columns: x.cols() })
    }
}

/// Two shapes in one unit: `x / unit` has norm `fx * norm of the stored matrix`.
struct CommonUnit {
    unit: f64,
    fx: f64,
    fy: f64,
}

impl CommonUnit {
    /// The larger of the two units of the data.
    fn of_data(x: &Shape, y: &Shape) -> Self {
        let unit = (1.0 / x.scale).max(1.0 / y.scale);
        Self { unit, fx: 1.0 / x.scale / unit, fy: 1.0 / y.scale / unit }
    }

    /// Both at norm 1.
    fn of_norms(x: &Shape, y: &Shape) -> Self {
        Self { unit: 1.0, fx: 1.0 / x.norm, fy: 1.0 / y.norm }
    }
}

/// `min |x Q - y|^2` over orthogonal Q, in squared common units; `m` is `a'b` of the stored matrices.
fn squared_distance(x: &Shape, y: &Shape, by: &CommonUnit, m: &Matrix, matching: Option<&[usize]>) -> Result<f64> {
    let (p, q) = (by.fx * x.norm, by.fy * y.norm);
    let total = p * p + q * q;
    let far = total - 2.0 * by.fx * by.fy * sum_of_singular_values(m, TOLERANCE)?;
    if far > NEAR * total {
        return Ok(far);
    }
    let rotated = svd(m)?;
    let y_rows = match matching {
        None => Cow::Borrowed(&y.a),
        Some(order) => Cow::Owned(y.a.rows_in_order(order)),
    };
    // The narrower side is rotated into the wider one: no part of it can fall outside.
    let (narrow, turn, into, wide, f, g) = if x.a.cols() <= y.a.cols() {
        (&x.a, &rotated.u, &rotated.v, &*y_rows, by.fx, by.fy)
    } else {
        (&*y_rows, &rotated.v, &rotated.u, &x.a, by.fy, by.fx)
    };
    let image = product_nn(&product_nn(narrow, turn, Par::SEQ)?, &into.transposed(), Par::SEQ)?;
    let left = image.data().iter().zip(wide.data()).map(|(p, q)| (f * p - g * q) * (f * p - g * q));
    Ok(left.sum())
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
            a: parts.saved_matrix("a")?,
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
