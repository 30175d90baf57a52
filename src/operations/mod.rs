//! Operations: which representations, which pairs, how often. Written once for all measures.

pub mod chance;
pub mod compare;
pub mod diagnose;
pub mod dominance;
pub mod estimate;
pub mod interval;
pub mod operand;
pub mod pairwise;
pub mod permutation;
pub mod proportions;
pub mod repeats;
mod stacked;

pub use compare::{Instance, Outcome, compare, group, group_rows, rows, score, statistic};
pub use estimate::Estimate;
pub use interval::{
    Difference, Interval, IntervalRequest, IntervalResult, confidence_interval, group_confidence_interval,
    similarity_difference,
};
pub use operand::{Operand, Prepared};
pub use pairwise::{Grid, OnError, pairwise};
pub use permutation::family::Adjust;
pub use permutation::grids::{PermutationGrid, permutation_tests};
pub use permutation::suggested::{NullMoments, suggested};
pub use permutation::{Alternative, PermutationResult, Precision, Request, permutation_test};
pub use repeats::Repeats;
