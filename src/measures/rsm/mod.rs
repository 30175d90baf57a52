//! Measures that compare n x n matrices of similarities or distances between inputs.

pub mod cka;
pub mod distance_correlation;
pub mod eigenspace_overlap;
pub mod gulp;
pub mod rsa;

use super::registry::Entry;

/// The measures of this family.
pub const ALL: &[Entry] = &[
    Entry::of::<cka::Cka>(),
    Entry::of::<distance_correlation::DistanceCorrelation>(),
    Entry::of::<eigenspace_overlap::EigenspaceOverlap>(),
    Entry::of::<gulp::Gulp>(),
    Entry::of::<rsa::Rsa>(),
];
