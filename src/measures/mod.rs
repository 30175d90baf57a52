//! One file per measure, by the families of the survey, and the one list of them all.

pub mod cca;
pub mod functional;
pub mod rsm;
pub mod statistics;

use crate::measure::Entry;

/// Every measure there is.
pub static ALL: &[Entry] = &[
    Entry::of::<cca::cca_mean_squared::CcaMeanSquared>(),
    Entry::of::<functional::cohen_kappa::CohenKappa>(),
    Entry::of::<functional::disagreement::Disagreement>(),
    Entry::of::<functional::error_corrected_disagreement::ErrorCorrectedDisagreement>(),
    Entry::of::<functional::fleiss_kappa::FleissKappa>(),
    Entry::of::<functional::js_divergence::JsDivergence>(),
    Entry::of::<rsm::cka::Cka>(),
    Entry::of::<rsm::distance_correlation::DistanceCorrelation>(),
    Entry::of::<rsm::rsa::Rsa>(),
    Entry::of::<statistics::participation_ratio::ParticipationRatio>(),
    Entry::of::<statistics::uniformity::Uniformity>(),
];
