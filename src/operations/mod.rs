//! Operations: which representations, which pairs, how often. Written once for all measures.

pub mod compare;
pub mod diagnose;
pub mod interval;
pub mod pairwise;
pub mod permutation;
pub mod repeats;
pub mod side;

pub use compare::{Asked, Outcome, compare, group, rows, statistic};
pub use interval::{Difference, Interval, Precision, Wanted, confidence_interval, similarity_difference};
pub use pairwise::{Grid, OnError, pairwise};
pub use permutation::{Alternative, Request, Tested, permutation_test};
pub use side::{Prepared, Side};
