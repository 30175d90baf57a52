//! Affine orbits: many orbits of one relabeling at once.
//!
//! A shift orbit ([`orbits`](crate::operations::permutation::orbits::cyclic)) evaluates `T(pi) = sum_ij K[i, j] L[pi(i), pi(j)]` for the n shifts of a
//! circle on which the items lie in the orders sigma (of x) and tau (of y). Multiply the places as well: the maps
//! `i -> a (i + s)` modulo n with a *unit* a, a number without a common factor with n, are a group that contains the
//! shifts, and so
//!
//! ```text
//! T(a, s) = sum_ij K[sigma(i), sigma(j)] L[tau(a (i + s)), tau(a (j + s))]
//! ```
//!
//! are more values for an exact test; row a is the shift orbit of the relabeling `tau(a i)`. What makes them cheap: a
//! sends the cyclic diagonal of offset d to that of offset a d and stretches the places on it, which only reorders its
//! Fourier transform,
//!
//! ```text
//! S_a(f) = sum_d conj(khat_d(f)) lhat_(a d)(f / a)          all indices mod n,  T(a, .) the inverse transform of S_a
//! ```
//!
//! so one relabeling and one set of transforms serve all a. There are two engines:
//!
//! - [`PrimeMultipliers`] for odd primes n. Every number but 0 is a unit, and in the order of logarithms all multipliers together
//!   are a few matrix products: about n / 2 multiplications per value. Quicker than shifts from three orbits on.
//! - [`CompositeMultipliers`] for any other n: a sum of n^2 / 4 complex products per multiplier. Also quicker from three orbits on,
//!   but many units of a composite n give values that are too much alike.
//!
//! Matrices come as whole rows, in single or double precision; values are `f64`. In single precision the values of
//! centered Gram matrices of 1000 items are off by a few 1e-6 standard deviations of T. Which multipliers a test may
//! take, so that its p-value stays exact, is said in [`multipliers`].

pub mod choice;
mod composite;
mod prime;
mod transforms;

#[cfg(test)]
mod tests;

pub use crate::operations::permutation::orbits::multipliers::choice::PowerRange;
pub use crate::operations::permutation::orbits::multipliers::composite::CompositeMultipliers;
pub use crate::operations::permutation::orbits::multipliers::prime::{OrbitsOfRelabeling, PrimeMultipliers};
pub use crate::operations::permutation::orbits::multipliers::transforms::OrbitFloat;
