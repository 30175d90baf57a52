//! The null distribution: what becomes of the scores of all pairings.

pub mod attainable;
pub mod distribution;
pub mod joint;
pub mod multiplicity;
pub mod sequential;
pub mod ties;
