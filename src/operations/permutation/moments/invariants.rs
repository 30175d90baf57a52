//! Invariants of one matrix, from which moments follow, and the moments.

/// Rows per unit of work.
pub(super) const ROWS: usize = 128;
/// Operand of a tile of a product.
pub(super) const TILE: usize = 256;

/// The highest moment that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MomentOrder {
    /// Mean and variance.
    Variance,
    /// The third moment too.
    Skewness,
    /// The fourth moment too.
    Kurtosis,
}

/// Moments of the statistic over all n! pairings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Variance; zero for a single item.
    pub variance: f64,
    /// Third central moment in standard deviations; None below six items, if nothing varies, or if it was not prepared.
    pub skewness: Option<f64>,
    /// Fourth central moment in standard deviations, 3 for a normal law; None below eight items, likewise.
    pub kurtosis: Option<f64>,
}

/// Invariants of one matrix, from which moments follow. Sums over d and u are indexed by how often u occurs.
#[derive(Debug, Clone, PartialEq)]
pub struct Invariants {
    pub(super) n: usize,
    /// Means on and off the diagonal.
    pub(super) means: (f64, f64),
    /// The power of two by which the matrix was multiplied for all that follows.
    pub(super) scale: f64,
    /// `x.y`
    pub(super) two: [f64; 3],
    /// Sum of `W^2`.
    pub(super) w: f64,
    pub(super) third: Option<Third>,
    pub(super) fourth: Option<Fourth>,
}

/// Invariants behind the third moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Third {
    /// Sum of `x y z`.
    pub(super) three: [f64; 4],
    /// `x' W y`
    pub(super) h: [f64; 3],
    /// `x.r`, where `r_i` is the sum of `W_ij^2` over j.
    pub(super) g: [f64; 2],
    /// Sum of `W^3` entry by entry, and the trace of `W W W`.
    pub(super) cubes: [f64; 2],
}

/// Invariants behind the fourth moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Fourth {
    /// Sum of `x y z z'`.
    pub(super) four: [f64; 5],
    /// Sum of `x_i y_i W_ij z_j` with z = d, then z = u.
    pub(super) hooks: [[f64; 3]; 2],
    /// Sum of `x_i y_i r_i`; `(x.y) w`; sum of `x_i W_ij^2 y_j`; `(W x).(W y)`.
    pub(super) squares: [[f64; 4]; 3],
    /// Sum of `x_i W_ij^3`; of `x_i (W W W)_ii`; of `x_i W_ij r_j`.
    pub(super) cubes: [[f64; 3]; 2],
    /// Sum of `W^4`; of `r^2`; of `W_ij^2 (W W)_ij`; `w^2`; the trace of `W W W W`.
    pub(super) quartics: [f64; 5],
}

/// Sum of `d_i^(K-1-c) u_i^c weight(i)` for c = 0, .., K-1.
pub(super) fn mixed<const K: usize>(d: &[f64], u: &[f64], weight: impl Fn(usize) -> f64) -> [f64; K] {
    let mut out = [0.0; K];
    for (i, (d, u)) in d.iter().zip(u).enumerate() {
        let weight = weight(i);
        for (c, sum) in out.iter_mut().enumerate() {
            *sum += weight * d.powi((K - 1 - c) as i32) * u.powi(c as i32);
        }
    }
    out
}
