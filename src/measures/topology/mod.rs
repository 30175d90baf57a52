//! Measures of shape: what graphs and complexes on the rows have in common, whichever row is which.

pub mod imd;

use crate::measures::registry::Entry;

/// The measures of this family.
pub const ALL: &[Entry] = &[Entry::of::<imd::Imd>()];
