//! Operations: which representations, which pairs, how often. Written once for all measures.

pub mod compare;
pub mod side;

pub use compare::{Outcome, compare, rows, score, statistic};
pub use side::Side;
