//! One file per measure, by the families of the survey, and the one list of them all.

pub mod cca;
pub mod rsm;

use crate::measure::Entry;

/// Every measure there is.
pub static ALL: &[Entry] = &[Entry::of::<cca::cca_mean_squared::CcaMeanSquared>(), Entry::of::<rsm::cka::Cka>()];
