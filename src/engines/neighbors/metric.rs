//! Metrics by which an input is near, and the order of scores.

use std::cmp::Ordering;

/// Similarity or distance that makes an input near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// A large cosine.
    Cosine,
    /// A small Euclidean distance.
    Euclidean,
    /// A large inner product.
    Inner,
    /// A small distance, of which the user gives the n x n matrix.
    Precomputed,
}

impl Metric {
    /// Every metric by its name, the default first.
    pub const CHOICES: [(&'static str, Self); 4] = [
        ("cosine", Self::Cosine),
        ("euclidean", Self::Euclidean),
        ("inner", Self::Inner),
        ("precomputed", Self::Precomputed),
    ];
}

/// Larger scores first, then smaller indices.
pub fn nearer(a: &(f64, u32), b: &(f64, u32)) -> Ordering {
    b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1))
}
