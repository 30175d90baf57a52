//! Measures that compare n x n matrices of similarities or distances between inputs.

pub mod cka;
pub mod distance_correlation;
pub mod eigenspace_overlap;
pub mod rsa;
