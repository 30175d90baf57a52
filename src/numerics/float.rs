//! Single or double precision, for what is written once for both.

use crate::memory::ZeroableNumber;

/// A real number of single or double precision.
pub trait Float: ZeroableNumber + Default + Into<f64> + Send + Sync + 'static {
    /// The nearest number of this precision.
    fn of(value: f64) -> Self;
}

impl Float for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }
}

impl Float for f64 {
    fn of(value: f64) -> Self {
        value
    }
}
