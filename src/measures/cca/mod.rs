//! Measures built on canonical correlations: what the two column spaces share.

pub mod cca_mean;
pub mod cca_mean_squared;
pub mod pwcca;
pub mod svcca;

use crate::error::Result;
use crate::measures::registry::Entry;
use crate::options::Options;
use crate::warning::Warning;

/// The measures of this family.
pub const ALL: &[Entry] = &[
    Entry::of::<cca_mean::CcaMean>(),
    Entry::of::<cca_mean_squared::CcaMeanSquared>(),
    Entry::of::<pwcca::Pwcca>(),
    Entry::of::<svcca::Svcca>(),
];

/// Divisor of a sum over canonical correlations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The smaller rank: constant and repeated columns do not count.
    Rank,
    /// The smaller number of columns, as the survey prints.
    Columns,
}

impl Divisor {
    fn from_options(options: &mut Options) -> Result<Self> {
        options.choice("divisor", &[("rank", Self::Rank), ("columns", Self::Columns)])
    }

    /// Its value for two sides of (rank, columns).
    fn of(self, x: (usize, usize), y: (usize, usize)) -> usize {
        match self {
            Self::Rank => x.0.min(y.0),
            Self::Columns => x.1.min(y.1),
        }
    }
}

/// The warning that correlations are 1 for any data, because the two spaces do not fit side by side.
pub fn saturation(rank_x: usize, rank_y: usize, n: usize) -> Vec<Warning> {
    let room = n - 1;
    if rank_x + rank_y <= room {
        return Vec::new();
    }
    let surely = rank_x + rank_y - room;
    let message =
        format!("Ranks {rank_x}+{rank_y} exceed n-1={room}: {surely} canonical correlations are 1 for any data.");
    let details =
        vec![("rank_x", rank_x.into()), ("rank_y", rank_y.into()), ("n", n.into()), ("saturated", surely.into())];
    vec![Warning::new("rank_saturated", message, details)]
}
