//! A dense matrix, row by row.

use crate::value::Value;

/// Rows are inputs, so a row is contiguous; views for faer are made from it without a copy.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix<T = f64> {
    data: Vec<T>,
    rows: usize,
    cols: usize,
}

impl<T: Copy + Default> Matrix<T> {
    /// All zero.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { data: vec![T::default(); rows * cols], rows, cols }
    }

    /// Matrix of numbers in row-major order.
    ///
    /// # Panics
    /// If there are not `rows * cols` of them.
    pub fn from_vec(data: Vec<T>, rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix has {} entries", rows * cols);
        Self { data, rows, cols }
    }

    /// Entry by entry.
    pub fn from_fn(rows: usize, cols: usize, mut entry: impl FnMut(usize, usize) -> T) -> Self {
        let data = (0..rows * cols).map(|at| entry(at / cols.max(1), at % cols.max(1))).collect();
        Self { data, rows, cols }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Row `i`, to be written.
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        &mut self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// All entries, row after row.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// All entries, to be written.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The entries themselves.
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// Entry (i, j).
    pub fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.cols + j]
    }

    /// Rows and columns exchanged.
    #[must_use]
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self.at(j, i))
    }

    /// The rows in another order: row i of the result is row `order[i]`.
    #[must_use]
    pub fn rows_in_order(&self, order: &[usize]) -> Self {
        let mut data = Vec::with_capacity(order.len() * self.cols);
        order.iter().for_each(|&i| data.extend_from_slice(self.row(i)));
        Self { data, rows: order.len(), cols: self.cols }
    }

    /// The first `k` columns.
    #[must_use]
    pub fn leading_columns(&self, k: usize) -> Self {
        let mut data = Vec::with_capacity(self.rows * k);
        (0..self.rows).for_each(|i| data.extend_from_slice(&self.row(i)[..k]));
        Self { data, rows: self.rows, cols: k }
    }

    pub(super) fn view(&self) -> faer::MatRef<'_, T> {
        faer::MatRef::from_row_major_slice(&self.data, self.rows, self.cols)
    }
}

impl Matrix {
    /// Column j multiplied by `factors[j]`.
    #[must_use]
    pub fn scale_columns(mut self, factors: &[f64]) -> Self {
        let cols = self.cols.max(1);
        self.data.chunks_mut(cols).for_each(|row| row.iter_mut().zip(factors).for_each(|(v, f)| *v *= f));
        self
    }

    /// Row i multiplied by `factors[i]`.
    #[must_use]
    pub fn scale_rows(mut self, factors: &[f64]) -> Self {
        let cols = self.cols.max(1);
        self.data.chunks_mut(cols).zip(factors).for_each(|(row, f)| row.iter_mut().for_each(|v| *v *= f));
        self
    }

    /// The largest absolute entry.
    pub fn largest(&self) -> f64 {
        self.data.iter().fold(0.0, |m, v| m.max(v.abs()))
    }

    /// Sum of squares of all entries, in a fixed order.
    pub fn squared_norm(&self) -> f64 {
        crate::numerics::sums::squares(&self.data)
    }

    pub(super) fn from_faer(m: faer::MatRef<'_, f64>) -> Self {
        Self::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)])
    }
}

impl From<Matrix> for Value {
    fn from(m: Matrix) -> Self {
        let shape = vec![m.rows(), m.cols()];
        Self::Floats { data: m.into_vec().into(), shape }
    }
}
