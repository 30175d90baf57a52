//! Fast code that turns one representation into what measures need of it. Engines know no measure.

pub mod assignment;
pub mod centered;
pub mod dense;
pub mod dissimilarities;
pub mod jackknife;
pub mod kernels;
pub mod neighbors;
pub mod pair_matrix;
pub mod pair_order;
pub mod predictions;
pub mod profile;
pub mod rotation;
pub mod roundoff;
pub mod row_distances;
pub mod spectrum;
