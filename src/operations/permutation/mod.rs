//! Permutation tests: is the score beyond what rows paired at random would give?
//!
//! The null hypothesis: given x, every order of the rows of y that the [`Design`] allows is equally likely. With B
//! pairings, the observed one included, p is the share that scores at least as extremely. What belongs to one side alone is
//! computed once; the form of the score decides by which strategy the rest comes ([`strategy::choose`]). The p-value is
//! exact by every strategy; values of one orbit are not independent draws.
//!
//! Sigma of the orbits is stream 0 of the key and relabeling r is stream r; so is independent permutation r. More of them
//! never change those before, except that many orbits of a bilinear score share relabelings by multipliers, whose number
//! depends on how many are asked for. Results do not depend on the number of threads.
//!
//! ```text
//! request, design, checks      what is asked; which pairings are allowed; warnings about rows
//! pair, grid                   the test of one pair; of all pairs at once
//! draws                        pairings one by one: all of them, or independent ones
//! strategy/                    which pairings: by form, shape, design and request alone; and how their scores come
//! orbits/                      n pairings at once
//!   relabelings                  the orders in which inputs are laid out on the circle
//!   cyclic, cyclic_grid          bilinear scores of stored matrices, of one pair and of all
//!   diagonals, residual          what is transformed, and what is left of a matrix without its row effects
//!   mixed_precision              in single precision, doubtful values once more in double
//!   multipliers/                 many orbits of one relabeling
//!   low_rank                     bilinear scores of factors of few columns
//!   stratified                   bilinear scores under restricted designs
//!   neighbors, tied_neighbors    neighbor lists, by counting
//!   weighted_neighbors           neighbor lists with weights by place
//!   cross, cross_grid, cross_fft functions of A'B: many products by one transform, and bounds
//! null/                        the null distribution
//!   distribution, ties           counts, sums and quantiles of its values; which of them tie
//!   attainable                   the smallest p-value they can reach
//!   joint, multiplicity          values of many pairs together: maxT, step-down, false discovery rates
//!   sequential                   when to stop
//! moments/                     no permutation at all: exact moments over all n! pairings, and the p-value they suggest
//! ```

pub mod checks;
pub mod design;
mod draws;
pub mod grid;
pub mod moments;
pub mod null;
pub mod orbits;
pub mod pair;
pub mod request;
mod strategy;

#[cfg(test)]
mod tests;

pub use self::design::{Design, Scheme};
pub use self::request::{Alternative, Method, Precision, Request};
