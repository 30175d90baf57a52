//! Small helpers of the unit tests.

use ndarray::ArrayView2;

use crate::representation::{Representation, Storage, View};

/// A representation from numbers in row-major order.
pub fn representation<'a>(name: &str, values: &'a [f64], columns: usize) -> Representation<'a> {
    let view = ArrayView2::from_shape((values.len() / columns, columns), values).unwrap();
    Representation::matrix(name, View::F64(view), Storage::F64).unwrap()
}

/// Every order of what stands from a place on.
pub fn permute(order: &mut [usize], at: usize, visit: &mut dyn FnMut(&[usize])) {
    if at == order.len() {
        return visit(order);
    }
    for other in at..order.len() {
        order.swap(at, other);
        permute(order, at + 1, visit);
        order.swap(at, other);
    }
}
