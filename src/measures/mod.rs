//! One file per measure, by the families of the survey, and the one list of them all.
//!
//! A family lists its measures in its own `mod.rs`; here the families are joined.

pub mod alignment;
pub mod cca;
pub mod functional;
pub mod neighbors;
pub mod registry;
pub mod rsm;
pub mod statistics;
pub mod topology;

use registry::Entry;

use crate::error::{Error, Result};
use crate::synonyms;

/// The measures of all families.
const FAMILIES: &[&[Entry]] =
    &[alignment::ALL, cca::ALL, functional::ALL, neighbors::ALL, rsm::ALL, statistics::ALL, topology::ALL];

/// All measures there are.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().copied().flatten()
}

/// The entry of that name, or the error that suggests one.
pub fn find(name: &str) -> Result<&'static Entry> {
    all().find(|entry| entry.name == name).ok_or_else(|| {
        let known: Vec<&str> = all().map(|entry| entry.name).collect();
        Error::UnknownMeasure {
            given: name.to_owned(),
            hint: synonyms::of_measure(name, &known),
            known: known.into_iter().map(str::to_owned).collect(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_synonyms_stand_for_one_of_them() {
        let names: Vec<&str> = all().map(|entry| entry.name).collect();
        let unique: std::collections::BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(unique.len(), names.len());
        for (_, name, _) in synonyms::MEASURES {
            assert!(unique.contains(name), "{name}");
        }
    }
}
