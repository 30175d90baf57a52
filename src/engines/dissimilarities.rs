//! Dissimilarities of all pairs of rows of one representation, and what is remembered of them for comparisons.
//!
//! They come in any unit, for correlations and ranks of dissimilarities mind none: distances are relative to the largest, a
//! correlation is half of a squared distance of standardized rows. What differs by round-off alone is equal
//! ([`Inner::same`]), so that ranks depend on no rounding. Rows without a dissimilarity (a constant row has no correlation)
//! are listed, and left out by whoever compares.

use std::sync::OnceLock;

use super::dense::Dense;
use super::kernels;
use super::pair_matrix::PairMatrix;
use super::pair_order::PairOrder;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, unit_scale};
use crate::memory;
use crate::numerics::near_ranks::average_ranks_within;
use crate::numerics::ranks::{RankTies, Same};
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

/// Dissimilarities this close, relative to themselves, differ by round-off.
const ROUND_OFF: f64 = 1e-11;
/// Numbers that may be differences of larger ones have this much of it, where the larger ones are about 1.
const CANCELED: f64 = 1e-13;
/// Rows whose lengths differ by this factor have products whose round-off differs by its square, and that is where the
/// tolerance in units of the largest product exceeds the one in units of each.
const UNEVEN: f64 = 10.0;

/// Comparison of two rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inner {
    /// One minus the correlation.
    Pearson,
    /// One minus the cosine.
    Cosine,
    /// Distance.
    Euclidean,
    /// Squared distance.
    SqEuclidean,
    /// Distance under a precision matrix.
    Mahalanobis,
    /// Inner product, a similarity.
    Linear,
    /// Gaussian kernel, a similarity.
    Rbf {
        /// Width in units of the median distance.
        bandwidth: f64,
        /// Width in units of the data, instead.
        sigma: Option<f64>,
    },
    /// A matrix of the user's own.
    Precomputed,
}

/// Dissimilarities before they are compared.
pub struct RawDissimilarities {
    /// Pairs of rows.
    pub found: Dense,
    /// Rows that have none.
    pub left_out: Vec<usize>,
    /// Lengths of rows, if their products are ranked and differ so much in size that each needs a tolerance of its own.
    pub lengths: Option<Vec<f64>>,
}

/// Dissimilarities of one representation.
pub struct Dissimilarities {
    /// Ready for an inner product with another one, if no row is left out.
    pub pairs: PairMatrix,
    /// Rows for which there is no dissimilarity.
    pub left_out: Vec<usize>,
    /// Name of the representation in messages.
    pub name: String,
    /// Pairs whose value is shared by others, if there are ranks.
    pub tied: usize,
    /// Made on demand, and kept.
    order: OnceLock<PairOrder>,
}

impl Inner {
    /// Dissimilarities of all pairs of rows in any unit, for no comparison minds it; ranks do not see a root, nor an
    /// exponential, which would only tie what lies far apart.
    pub fn of(
        self,
        x: &Representation<'_>,
        precision: Option<&Matrix>,
        ranked: bool,
        par: Par<'_>,
    ) -> Result<RawDissimilarities> {
        let mut found = match self {
            Self::Pearson => {
                let (rows, constant) = kernels::standardized_rows(x, par)?;
                let found = kernels::Points::new(rows, 1.0).squared_distances(par)?;
                return Ok(RawDissimilarities { found, left_out: constant, lengths: None });
            }
            Self::Cosine => {
                let unit = kernels::unit_rows(x, par)?;
                let rows = unit.0.clone();
                let zero = (0..rows.rows()).filter(|i| unit.1 > 0 && rows.row(*i).iter().all(|v| *v == 0.0)).collect();
                let found = kernels::Points::new(rows, 1.0).squared_distances(par)?;
                return Ok(RawDissimilarities { found, left_out: zero, lengths: None });
            }
            Self::Euclidean | Self::SqEuclidean => kernels::relative_squared_distances(x, par)?,
            Self::Mahalanobis => mahalanobis(x, precision, par)?,
            Self::Linear => kernels::products(x, par)?.0,
            Self::Rbf { bandwidth, sigma } if !ranked => kernels::gaussian(x, bandwidth, sigma, par)?,
            Self::Rbf { .. } => kernels::relative_squared_distances(x, par)?,
            Self::Precomputed => kernels::precomputed(x, true, par)?,
        };
        match self {
            Self::Euclidean | Self::Mahalanobis if !ranked => kernels::each(&mut found, par, f64::sqrt)?,
            // A similarity falls where the distance rises.
            Self::Rbf { .. } if ranked => kernels::each(&mut found, par, |v| -v)?,
            Self::Linear | Self::Precomputed => rescale(&mut found, par)?,
            _ => {}
        }
        let lengths = if ranked && self == Self::Linear { uneven_lengths(&found) } else { None };
        found.drop_diagonal();
        Ok(RawDissimilarities { found, left_out: Vec::new(), lengths })
    }

    /// Tolerance within which dissimilarities are equal, as [`of`](Self::of) scales them.
    pub fn same(self) -> Same {
        let absolute = match self {
            // The square of an angle between directions that are the same.
            Self::Pearson | Self::Cosine => ROUND_OFF * ROUND_OFF,
            Self::Linear => CANCELED,
            // Numbers of the user's are what they are.
            Self::Precomputed => return Same::EXACT,
            _ => 0.0,
        };
        Same { relative: ROUND_OFF, absolute }
    }
}

fn mahalanobis(x: &Representation<'_>, precision: Option<&Matrix>, par: Par<'_>) -> Result<Dense> {
    let precision = sound(precision)?;
    if x.cols() != precision.rows() {
        let measure = "rsa with this precision".into();
        return Err(Error::WidthMismatch { measure, p: x.cols(), q: precision.rows() });
    }
    kernels::relative_squared_mahalanobis(x, precision, par)?
        .ok_or_else(|| unsound(Some(precision), "must be positive semidefinite and not zero."))
}

impl Dissimilarities {
    /// Ready pairs of a representation; `before` is their size before means were subtracted.
    pub fn new(name: &str, found: Dense, before: f64, left_out: Vec<usize>, tied: usize) -> Self {
        let pairs = PairMatrix::stored(name, found, before);
        Self { pairs, left_out, name: name.to_owned(), tied, order: OnceLock::new() }
    }

    /// The order of the pairs, if no row is left out.
    pub fn order(&self, par: Par<'_>) -> Result<&PairOrder> {
        if let Some(order) = self.order.get() {
            return Ok(order);
        }
        let made = PairOrder::of_ranks(self.pairs.n(), self.pairs.dense(par)?.upper(), par)?;
        Ok(self.order.get_or_init(|| made))
    }

    /// The same, refused where all pairs are tied.
    pub fn varied(&self, par: Par<'_>) -> Result<&PairOrder> {
        let order = self.order(par)?;
        if order.is_constant() { Err(Error::NoStructure { name: self.name.clone() }) } else { Ok(order) }
    }
}

/// A precision that can be one: square, finite and symmetric.
pub fn sound(precision: Option<&Matrix>) -> Result<&Matrix> {
    let Some(given) = precision else {
        return Err(unsound(None, "is required for inner=\"mahalanobis\": the inverse covariance of the noise."));
    };
    let p = given.rows();
    if p != given.cols() || p == 0 {
        return Err(unsound(precision, "must be a square matrix with one row per column of x."));
    }
    if given.data().iter().any(|v| !v.is_finite()) {
        return Err(unsound(precision, "must be finite."));
    }
    let tolerance = 1e-9 * given.largest();
    if (0..p).any(|i| (0..i).any(|j| (given.at(i, j) - given.at(j, i)).abs() > tolerance)) {
        return Err(unsound(precision, "must be symmetric."));
    }
    Ok(given)
}

fn unsound(precision: Option<&Matrix>, problem: &str) -> Error {
    Error::BadOption {
        measure: "rsa".into(),
        option: "precision".into(),
        given: precision.map_or("None".into(), |m| format!("<array of shape [{}, {}]>", m.rows(), m.cols())),
        problem: problem.into(),
    }
}

/// Multiply by a power of two so that the largest value, the diagonal included, is about 1.
fn rescale(found: &mut Dense, par: Par<'_>) -> Result<()> {
    let own = found.diagonal().map_or(0.0, |d| d.iter().fold(0.0_f64, |m, v| m.max(v.abs())));
    let scale = unit_scale(kernels::largest(found.upper(), par)?.max(own));
    if scale == 1.0 { Ok(()) } else { found.scale(scale, par) }
}

/// The lengths of rows with these products, where the longest is so much longer than the shortest that a tolerance which
/// suits its products would tie those of the others.
fn uneven_lengths(products: &Dense) -> Option<Vec<f64>> {
    let lengths: Vec<f64> = products.diagonal()?.iter().map(|square| square.max(0.0).sqrt()).collect();
    let (low, high) = lengths.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(*v), high.max(*v)));
    (high > UNEVEN * low).then_some(lengths)
}

/// Ranks of products of rows with these lengths: the round-off of a product is that of its two lengths.
pub fn uneven_ranks(products: &mut Dense, lengths: &[f64], par: Par<'_>) -> Result<RankTies> {
    let mut tolerance = Vec::with_capacity(products.upper().len());
    for (i, own) in lengths.iter().enumerate() {
        tolerance.extend(lengths[i + 1..].iter().map(|other| (CANCELED * own * other) as f32));
    }
    let middle = (tolerance.len() as f64 + 1.0) / 2.0;
    average_ranks_within(products.upper_mut(), &tolerance, ROUND_OFF, -middle, par)
}

/// Marks of the rows that stay.
pub fn mask(n: usize, left_out: &[usize]) -> Vec<bool> {
    let mut kept = vec![true; n];
    left_out.iter().for_each(|i| kept[*i] = false);
    kept
}

/// Rows that stay.
pub fn present(n: usize, left_out: &[usize]) -> Vec<usize> {
    (0..n).zip(mask(n, left_out)).filter(|(_, kept)| *kept).map(|(i, _)| i).collect()
}

/// Entries of the pairs i < j of `rows`, where row i stands for row `to(i)`.
pub fn gathered(found: &Dense, rows: &[usize], to: impl Fn(usize) -> usize) -> Result<Vec<f64>> {
    let mut values = memory::room("The pairs of rows that stay", rows.len() * rows.len().saturating_sub(1) / 2)?;
    for (at, &i) in rows.iter().enumerate() {
        values.extend(rows[at + 1..].iter().map(|&j| found.at(to(i), to(j))));
    }
    Ok(values)
}

/// The opposite: put values of pairs of `rows`, which are in order, back.
pub fn scatter(found: &mut Dense, rows: &[usize], values: &[f64]) {
    let n = found.n();
    let upper = found.upper_mut();
    let mut values = values.iter();
    for (at, &i) in rows.iter().enumerate() {
        let start = i * n - i * (i + 1) / 2;
        for (&j, value) in rows[at + 1..].iter().zip(&mut values) {
            upper[start + j - i - 1] = *value;
        }
    }
}

impl Summary for Dissimilarities {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let left_out: Vec<i64> = self.left_out.iter().map(|i| *i as i64).collect();
        let mut parts = self.pairs.save();
        parts.extend([("left_out", Value::ints(left_out)), ("tied", self.tied.into())]);
        parts
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let (given, _) = parts.ints("left_out")?;
        let tied = parts.count("tied")?;
        let pairs = PairMatrix::load(parts)?;
        let left_out: Vec<usize> = given.iter().map(|i| usize::try_from(*i).unwrap_or(usize::MAX)).collect();
        let in_order = left_out.is_sorted_by(|a, b| a < b) && left_out.last().is_none_or(|last| *last < pairs.n());
        if !in_order || pairs.n() < 3 || tied > pairs.n() * (pairs.n() - 1) / 2 {
            return Err(damaged("the rows left out are not among its rows"));
        }
        Ok(Self { name: pairs.name().into(), pairs, left_out, tied, order: OnceLock::new() })
    }

    fn rows(&self) -> usize {
        self.pairs.n()
    }
}
