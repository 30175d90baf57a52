//! Operations: which representations, which pairs, how often. Written once for all measures.

pub mod chance;
pub mod compare;
pub mod diagnose;
pub mod dominance;
pub mod estimate;
pub mod interval;
pub mod pairwise;
pub mod permutation;
pub mod proportions;
pub mod repeats;
pub mod side;
mod stacked;

pub use compare::{Asked, Outcome, compare, group, rows, score, statistic};
pub use estimate::Estimate;
pub use interval::{
    Difference, Estimated, Interval, Wanted, confidence_interval, group_confidence_interval, similarity_difference,
};
pub use pairwise::{Grid, OnError, pairwise};
pub use permutation::family::Adjust;
pub use permutation::grids::{TestedGrid, permutation_tests};
pub use permutation::suggested::{Suggested, suggested};
pub use permutation::{Alternative, Precision, Request, Tested, permutation_test};
pub use repeats::Repeats;
pub use side::{Prepared, Side};
