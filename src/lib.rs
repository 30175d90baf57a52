//! Similarity of neural networks: how alike are they, and is that more than chance?
//!
//! `resemblance` computes similarity measures of representations and of predictions. An **engine** turns one
//! representation into a summary. A **measure** turns two summaries into a number and states its **form**. An
//! **operation** decides which representations, which pairs, how often.
//!
//! ```text
//! representation   the only door for data: a checked view, and a memo of what engines made of it
//! measure          the contract every measure fulfils, and its object-safe twin    (start reading here)
//! form             the mathematical shape of a score; the score itself, in general
//! summary          what is kept of one representation
//! facts            what a measure states about itself
//! options          named options become typed fields
//! cost             the memory and the work of a measure
//! engines/         centering, spectra, matrices over pairs, neighbors, predictions
//! measures/        one file per measure, and the list of them all
//! operations/      compare, all pairs, permutation tests, intervals
//! linalg/          the only door to linear algebra
//! numerics/        sums, ranks, random streams, Student's t, Fourier transforms
//! par              parallelism as an argument; pools; cancelling; the limit on memory
//! memory           how much memory there is; large pieces of it, refused by name
//! bindings/        Python (feature `python`)
//! ```

pub mod cost;
pub mod engines;
pub mod error;
pub mod facts;
pub mod form;
pub mod linalg;
pub mod measure;
pub mod measures;
pub mod memory;
pub mod numerics;
pub mod operations;
pub mod options;
pub mod par;
pub mod representation;
pub mod saved;
pub mod summary;
pub mod synonyms;
pub mod value;
pub mod warning;

#[cfg(feature = "python")]
mod bindings;
#[cfg(test)]
mod testing;

pub use error::{Error, Result};
pub use par::Par;
pub use representation::Representation;
