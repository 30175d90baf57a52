//! Operations: which representations, which pairs, how often. Written once for all measures.

pub mod chance;
pub mod compare;
pub mod diagnose;
pub mod dominance;
pub mod estimate;
pub mod instance;
pub mod interval;
pub mod operand;
pub mod outcome;
pub mod pairwise;
pub mod permutation;
pub mod proportions;
pub mod repeats;
mod stacked;

pub use compare::{compare, group, group_rows, rows, score, statistic};
pub use estimate::Estimate;
pub use instance::Instance;
pub use interval::{
    Difference, Interval, IntervalRequest, IntervalResult, confidence_interval, group_confidence_interval,
    similarity_difference,
};
pub use operand::{Operand, Prepared};
pub use outcome::Outcome;
pub use pairwise::{Grid, OnError, pairwise};
pub use permutation::grid::{PermutationGrid, permutation_tests};
pub use permutation::moments::null_moments::{NullMoments, suggested};
pub use permutation::null::multiplicity::Adjust;
pub use permutation::pair::{PermutationResult, permutation_test};
pub use permutation::request::{Alternative, Precision, Request};
pub use repeats::Repeats;
