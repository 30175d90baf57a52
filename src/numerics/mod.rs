//! Arithmetic that knows no word of the domain: sums in a fixed order, ranks, random streams, Fourier transforms.

pub mod ranks;
pub mod sums;
