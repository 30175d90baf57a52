//! Measures that map one representation onto the other and look at what is left.

pub mod aligned_cosine;
pub mod angular_shape;
pub mod far;
pub mod linear_regression_r2;
pub mod procrustes;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use far::Far;

use crate::engines::centered::{centered, centered_if, scan};
use crate::engines::rotation::squared_residual;
use crate::engines::spectrum::saved;
use crate::error::{Error, Result};
use crate::form::{Bound, Cross, Form};
use crate::linalg::{Matrix, compact, estimate, product, singular_values};
use crate::measures::registry::Entry;
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

/// The measures of this family.
pub const ALL: &[Entry] = &[
    Entry::of::<aligned_cosine::AlignedCosine>(),
    Entry::of::<angular_shape::AngularShape>(),
    Entry::of::<linear_regression_r2::LinearRegressionR2>(),
    Entry::of::<procrustes::Procrustes>(),
];

/// A representation up to rotation: a matrix with the same products of rows and at most as many columns as rows.
pub struct Shape {
    a: Arc<Matrix>,
    scale: f64,
    norm: f64,
    columns: usize,
    /// The same with its mean set apart, made at once where the mean drowns the rest, else when the other side needs it.
    far: OnceLock<Far>,
    is_far: bool,
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
        let found = Self::new(a, columns.scale, columns.squared_norm.sqrt(), x.cols());
        if center || !Far::is_far(&scan(x, par)?.means, x.rows(), columns.squared_norm) {
            return Ok(found);
        }
        match centered(x, par) {
            Ok(columns) => Ok(found.with(Far::of(&columns.matrix, &columns.means))),
            // One point.
            Err(Error::NoVariance { .. }) => Ok(found),
            Err(error) => Err(error),
        }
    }

    fn new(a: Arc<Matrix>, scale: f64, norm: f64, columns: usize) -> Self {
        Self { a, scale, norm, columns, far: OnceLock::new(), is_far: false }
    }

    fn with(self, far: Far) -> Self {
        Self { far: OnceLock::from(far), is_far: true, ..self }
    }

    /// The same with its mean set apart.
    fn far(&self) -> &Far {
        self.far.get_or_init(|| {
            let (n, d) = (self.a.rows(), self.a.cols());
            let mut means = vec![0.0; d];
            (0..n).for_each(|i| means.iter_mut().zip(self.a.row(i)).for_each(|(m, v)| *m += v / n as f64));
            Far::of(&Matrix::from_fn(n, d, |i, j| self.a.at(i, j) - means[j]), &means)
        })
    }

    /// The same, and a single point where all rows are equal.
    fn or_point(x: &Representation<'_>, center: bool, par: Par<'_>) -> Result<Self> {
        match Self::of(x, center, par) {
            Err(Error::NoVariance { .. }) => Ok(Self::new(Arc::new(Matrix::zeros(x.rows(), 1)), 1.0, 0.0, x.cols())),
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

/// A distance as a function of the product of two matrices: `of` turns a squared distance in these units into it.
fn cross<'a>(
    x: &'a Shape,
    y: &'a Shape,
    by: CommonUnit,
    of: impl Fn(f64) -> f64 + Send + Sync + Copy + 'a,
) -> Form<'a> {
    if x.is_far || y.is_far {
        let (p, q) = ((x.far(), by.fx), (y.far(), by.fy));
        let score =
            move |c: &Matrix, pairing: Option<&[usize]>, _: Par<'_>| far::squared_distance(p, q, c, pairing).map(of);
        return Form::Cross(Cross { a: &p.0.rest, b: &q.0.rest, of: Box::new(score), bound: None });
    }
    let score =
        move |m: &Matrix, pairing: Option<&[usize]>, _: Par<'_>| squared_distance(x, y, &by, m, pairing).map(of);
    let link = move |sum: f64| of(squared_distance_of_sum(x, y, &by, sum));
    let bound = Some(Bound::Sum { link: Box::new(link), rises: false });
    Form::Cross(Cross { a: &x.a, b: &y.a, of: Box::new(score), bound })
}

/// `min |x Q - y|^2` over orthogonal Q, in squared common units; `m` is `a'b` of the stored matrices.
fn squared_distance(x: &Shape, y: &Shape, by: &CommonUnit, m: &Matrix, pairing: Option<&[usize]>) -> Result<f64> {
    if pairing.is_none() && by.fx == by.fy && x.a == y.a {
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
    let b = match pairing {
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
        if self.is_far {
            let far = self.far();
            parts.extend([("mean", far.mean.into()), ("spread", far.spread.into()), ("rest", saved(&far.rest))]);
        }
        parts
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let a = Arc::new(parts.matrix("a")?);
        let (scale, norm) = (parts.number("scale")?, parts.number("norm")?);
        let found = Self::new(a, scale, norm, parts.count("columns")?);
        let fits = found.a.rows() > 0 && found.a.cols() > 0 && found.scale > 0.0 && found.norm >= 0.0;
        if !fits {
            return Err(damaged("it is no shape"));
        }
        if !parts.has("rest") {
            return Ok(found);
        }
        let (mean, spread) = (parts.number("mean")?, parts.number("spread")?);
        let far = Far { mean, spread, rest: Arc::new(parts.matrix("rest")?) };
        if far.rest.rows() != found.a.rows() || far.rest.cols() == 0 || far.mean < 0.0 || far.spread < 0.0 {
            return Err(damaged("its rows do not lie about their mean"));
        }
        Ok(found.with(far))
    }

    fn rows(&self) -> usize {
        self.a.rows()
    }
}

/// `a'b` with the rows of b as matched.
fn matched_product(a: &Matrix, b: &Matrix, pairing: Option<&[usize]>, par: Par<'_>) -> Result<Matrix> {
    match pairing {
        None => product(a, b, par),
        Some(order) => product(a, &b.rows_in_order(order), par),
    }
}
