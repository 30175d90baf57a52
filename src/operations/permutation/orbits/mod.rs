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
