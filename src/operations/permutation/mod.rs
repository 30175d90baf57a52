//! Permutation tests.
pub mod orbits;
