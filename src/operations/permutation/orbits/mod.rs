//! Orbits: n pairings that differ by turns of a circle, evaluated at once.
//!
//! Lay the inputs of x out on a circle, those of y on another, and turn. The n pairings so obtained share one
//! cross-correlation, whatever the form of the score: of diagonals of matrices, of rows of factors, of meetings of
//! neighbors. If the observed pairing belongs to the first orbit, and the other orbits begin with random relabelings, the
//! share of values at least as extreme as the observed one is an exact p-value.
//!
//! An [`OrbitEngine`] evaluates the orbits of one pair; whoever counts them knows nothing else. The engines of all pairs
//! ([`cyclic_grid`], [`cross_grid`]) transform every side once for all of its pairs, and give values pair by pair.

use std::cmp::Ordering;

use crate::error::Result;
use crate::par::Par;

pub mod cross;
pub mod cross_fft;
pub mod cross_grid;
pub mod cyclic;
pub mod cyclic_grid;
pub mod diagonals;
pub mod edges;
pub mod low_rank;
pub mod mixed_precision;
pub mod multipliers;
pub mod neighbors;
pub mod relabelings;
pub mod residual;
pub mod stratified;
pub mod tied_neighbors;
pub mod weighted_neighbors;

/// Size up to which all threads work on different blocks; above, on one after the other, whose matrices are large.
const SMALL: usize = 1500;
/// Most blocks that are evaluated side by side.
const BATCH: usize = 64;
/// Variance of the share of an orbit's values above a bound, over that of independent values.
pub const VARIANCE: f64 = 1.1;
/// The same where an orbit's places are multiplied by units of a composite number, and of orbits of products.
pub const VARIANCE_OF_UNITS: f64 = 1.3;

/// Number of blocks of a size that are evaluated side by side.
pub fn side_by_side(size: usize) -> usize {
    if size <= SMALL { BATCH } else { 1 }
}

/// Order in which the rows of y are laid out, by number of the orbit; in orbit 0 it is the order of the rows of x.
pub type OrbitOrders<'a> = Box<dyn Fn(usize) -> Vec<usize> + Send + Sync + 'a>;

/// An engine of orbits: the values of many pairings at once, block after block.
///
/// A block is an orbit, or several that share a relabeling. The strategy of a test of one pair runs every engine by the
/// same loop; a new form of scores needs a new engine and nothing else.
pub trait OrbitEngine: Sync {
    /// Number of pairings of a block.
    fn size(&self) -> usize;

    /// Values of block r, whose pairings are reported as done; those of block 0 begin with the observed one.
    fn block(&self, r: usize, par: Par<'_>) -> Result<Vec<f64>>;

    /// Values of block 0, asked for once and before all others, for engines that are made ready on the way.
    fn first(&mut self, par: Par<'_>) -> Result<Vec<f64>> {
        self.block(0, par)
    }

    /// Number of orbits of a block: multipliers of the circle.
    fn multipliers(&self) -> usize {
        1
    }

    /// Number of blocks that are evaluated side by side.
    fn side_by_side(&self) -> usize {
        side_by_side(self.size())
    }

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

    /// Side of a bar on which values can be shown to lie without being computed, where that is quicker.
    fn prunes(&self) -> Option<Ordering> {
        None
    }

    /// Values of block r; None for those shown to lie on that side of the bar.
    fn pruned_block(&self, r: usize, _bar: f64, par: Par<'_>) -> Result<Vec<Option<f64>>> {
        Ok(self.block(r, par)?.into_iter().map(Some).collect())
    }
}
