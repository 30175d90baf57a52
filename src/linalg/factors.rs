//! Factors that a decomposition answers with.

use super::Matrix;

/// `a = u diag(s) v'` with min(rows, cols) columns in u and v, s decreasing.
pub struct Svd {
    /// Left singular vectors, one per column.
    pub u: Matrix,
    /// Singular values, largest first.
    pub s: Vec<f64>,
    /// Right singular vectors, one per column.
    pub v: Matrix,
}

/// `a = v diag(w) v'`, w increasing.
pub struct Eigen {
    /// Eigenvalues, smallest first.
    pub w: Vec<f64>,
    /// Eigenvectors, one per column.
    pub v: Matrix,
}
