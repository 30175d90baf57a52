//! One file per measure, by the families of the survey, and the one list of them all.

pub mod alignment;
pub mod cca;
pub mod functional;
pub mod neighbors;
pub mod rsm;
pub mod statistics;

use crate::measure::Entry;

/// Every measure there is.
pub static ALL: &[Entry] = &[
    Entry::of::<alignment::aligned_cosine::AlignedCosine>(),
    Entry::of::<alignment::angular_shape::AngularShape>(),
    Entry::of::<alignment::linear_regression_r2::LinearRegressionR2>(),
    Entry::of::<alignment::procrustes::Procrustes>(),
    Entry::of::<cca::cca_mean::CcaMean>(),
    Entry::of::<cca::cca_mean_squared::CcaMeanSquared>(),
    Entry::of::<cca::pwcca::Pwcca>(),
    Entry::of::<cca::svcca::Svcca>(),
    Entry::of::<functional::ambiguity::Ambiguity>(),
    Entry::of::<functional::cohen_kappa::CohenKappa>(),
    Entry::of::<functional::disagreement::Disagreement>(),
    Entry::of::<functional::error_corrected_disagreement::ErrorCorrectedDisagreement>(),
    Entry::of::<functional::fleiss_kappa::FleissKappa>(),
    Entry::of::<functional::js_divergence::JsDivergence>(),
    Entry::of::<neighbors::knn_jaccard::KnnJaccard>(),
    Entry::of::<neighbors::mutual_knn::MutualKnn>(),
    Entry::of::<neighbors::second_order_cosine::SecondOrderCosine>(),
    Entry::of::<rsm::cka::Cka>(),
    Entry::of::<rsm::distance_correlation::DistanceCorrelation>(),
    Entry::of::<rsm::eigenspace_overlap::EigenspaceOverlap>(),
    Entry::of::<rsm::rsa::Rsa>(),
    Entry::of::<statistics::participation_ratio::ParticipationRatio>(),
    Entry::of::<statistics::uniformity::Uniformity>(),
];
