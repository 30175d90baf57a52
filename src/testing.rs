//! Small helpers of the unit tests.

use ndarray::ArrayView2;

use crate::representation::{Representation, Storage, View};

/// A representation from numbers in row-major order.
pub fn representation<'a>(name: &str, values: &'a [f64], columns: usize) -> Representation<'a> {
    let view = ArrayView2::from_shape((values.len() / columns, columns), values).unwrap();
    Representation::matrix(name, View::F64(view), Storage::F64).unwrap()
}
