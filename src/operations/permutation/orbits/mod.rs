//! Orbits: n pairings that differ by turns of a circle, evaluated at once.
//!
//! Lay the inputs of x out on a circle, those of y on another, and turn. The n pairings so obtained share one
//! cross-correlation, whatever the form of the score: of diagonals of matrices, of rows of factors, of meetings of
//! neighbors. If the observed pairing belongs to the first orbit, and the other orbits begin with random relabelings, the
//! share of values at least as extreme as the observed one is an exact p-value.

pub mod cross;
pub mod cross_fft;
pub mod cross_grid;
pub mod cyclic;
pub mod cyclic_grid;
pub mod diagonals;
pub mod low_rank;
pub mod mixed_precision;
pub mod multipliers;
pub mod neighbors;
pub mod relabelings;
pub mod residual;
pub mod stratified;
pub mod tied_neighbors;

use crate::error::Result;
use crate::par::Par;

/// Variance of the share of an orbit's values above a bound, over that of independent values.
pub const VARIANCE: f64 = 1.1;
/// The same where an orbit's places are multiplied by units of a composite number.
pub const VARIANCE_OF_UNITS: f64 = 1.3;

/// An engine of orbits: the values of many pairings at once, block after block.
///
/// A block is an orbit, or several that share a relabeling. The strategy of a test of one pair runs every engine by the
/// same loop; a new form of scores needs a new engine and nothing else.
pub trait OrbitEngine: Sync {
    /// Number of pairings of a block.
    fn size(&self) -> usize;

    /// Values of block r; those of block 0 begin with the observed one.
    fn block(&self, r: usize, par: Par<'_>) -> Result<Vec<f64>>;

    /// Mean and standard deviation of the values over all n! pairings, where they are known.
    fn exact(&self) -> Option<(f64, f64)> {
        None
    }

    /// Variance of the p-value, over that of as many independent pairings.
    fn variance_factor(&self) -> f64 {
        VARIANCE
    }

    /// Number of values that were computed again from the definition.
    fn adjudicated(&self) -> usize {
        0
    }
}
