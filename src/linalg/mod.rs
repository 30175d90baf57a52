//! The only door to linear algebra.
//!
//! Behind it stand faer and a kernel of our own for products. Four rules hold in this folder and nowhere else need anyone think of them:
//!
//! 1. **Tiles outside, sequential inside.** A large product is cut into tiles, each one sequential call. faer's tiles
//!    depend on the matrices alone; the packed kernel's may depend on threads, because an entry has the same bits in any
//!    tile. Partial sums are cut by shape and added in a fixed order. The bits do not depend on threads.
//! 2. **One decomposition is one unit of work** and runs on one thread; independent ones run side by side.
//! 3. **Scaled by a power of two first.** faer 0.24.4 deflates eigenvalues with a tolerance that is absolute for matrices
//!    of small norm: at scale 1e-13 eigenvalues are off by a percent. Scaling is exact and removes it.
//! 4. **Verified, with a ladder below.** Every decomposition is tested on a fixed pseudo-random vector. One that fails is
//!    replaced by Jacobi rotations, which are slow and do not fail; if the matrix is too large for that, the error is named.

mod band;
mod decompose;
mod factors;
mod jacobi;
mod largest;
mod matrix;
mod orthonormal;
mod packed;
mod product;
mod scale;
mod singular_sums;

pub use decompose::{eigenvalues, eigh, singular_values, svd};
pub use factors::{Eigen, Svd};
pub use largest::norm_is_below;
pub use matrix::Matrix;
pub use orthonormal::{compact, orthonormal};
pub use product::{
    ProductFloat, gram, gram_with_squared_norm, mirror, product, product_nn, product_nt, rows_product,
    rows_product_add, squared_norm_of_gram, squared_norm_of_product, times_upper,
};
pub use scale::unit_scale;
pub use singular_sums::{BoundedSum, estimate, sum_of_singular_values};
