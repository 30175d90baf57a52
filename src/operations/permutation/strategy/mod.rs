//! Strategies: which pairings a test evaluates.
//!
//! [`choose`] is the one table, for tests of one pair ([`crate::operations::permutation::strategy::pair`]) and of all pairs of two lists
//! ([`crate::operations::permutation::strategy::grid`]). It reads the form of the scores, the number of rows and columns, the design and the request, and
//! nothing else: not how much memory is free, not the number of threads, not which engine will evaluate the arrangements. So a
//! key stands for one set of arrangements, and a pair and the grid of that one pair find the same p-value.
//!
//! ```text
//! few allowed pairings                   all of them, whatever the form
//! a circle of them (scheme="shift")       all of them, in one orbit where the form has one
//! fewer than FEW are wanted               independent ones
//! bilinear, neighbor lists                orbits of shifts of all rows; bilinear ones with multipliers from three orbits on
//! bilinear, within strata or groups       orbits on a grid of rows, unless the design is too scattered for one
//! functions of a'b                        orbits of whole products
//! everything else                         independent ones, p = (b + 1) / (m + 1)
//! ```

use crate::error::{Error, Result};
use crate::operations::permutation::design::{Design, Scheme};
use crate::operations::permutation::orbits::cross_fft::{CrossLattice, Widths};
use crate::operations::permutation::orbits::relabelings::Relabelings;
use crate::operations::permutation::orbits::stratified::Lattice;
use crate::operations::permutation::request::{Method, Request};

/// Fewer arrangements than these are not worth an orbit.
pub const FEW: usize = 15;
/// The most pairings that are tried when all are asked for.
const ALL: u128 = 10_000_000;

/// The scores of a test by their form: of one pair, or of all pairs that are tested together.
pub enum ScoresByForm<B, N, C> {
    /// Inner products of two matrices over pairs of rows.
    Bilinear(B),
    /// Means over two neighbor lists.
    Neighbors(N),
    /// Functions of `a'b`.
    Cross(C, Widths),
    /// Any others.
    Other,
}

/// The arrangements, and the scores that have an engine for them.
pub enum Strategy<B, N, C> {
    /// All allowed pairings, so many of them.
    Exhaustive(usize),
    /// The shifts of a single circle, all of them, of bilinear scores.
    AllShifts(B, Lattice),
    /// The same of neighbor lists.
    AllShiftsOfNeighbors(N),
    /// Independent permutations, one after the other.
    Independent,
    /// The same until it is clear whether p is below a level.
    Sequential,
    /// Shift orbits of all rows, of bilinear scores.
    CyclicOrbits(B, Relabelings),
    /// The same of neighbor lists.
    NeighborOrbits(N, Relabelings),
    /// Shift orbits of bilinear scores within strata and groups, so many of them.
    LatticeOrbits(B, Lattice, usize),
    /// Orbits of whole products, so many of them.
    CrossOrbits(C, CrossLattice, usize),
}

/// The arrangements for scores of that form.
pub fn choose<B, N, C>(
    scores: ScoresByForm<B, N, C>,
    design: &Design,
    request: &Request,
    measure: &str,
) -> Result<Strategy<B, N, C>> {
    let (method, wanted) = (request.method, request.n_resamples.saturating_add(1));
    if method == Method::Sequential {
        return Ok(Strategy::Sequential);
    }
    let orbits_allowed = matches!(method, Method::Auto | Method::Orbits);
    let scores = match scores {
        ScoresByForm::Bilinear(scores) if orbits_allowed && design.scheme() == Scheme::Shift => {
            return Ok(Strategy::AllShifts(scores, Lattice::circle(design)));
        }
        ScoresByForm::Neighbors(scores) if orbits_allowed && design.scheme() == Scheme::Shift => {
            return Ok(Strategy::AllShiftsOfNeighbors(scores));
        }
        other => other,
    };
    let within = |most: u128| design.order().filter(|order| *order <= most).map(|order| order as usize);
    match method {
        Method::Exact => return within(ALL).map(Strategy::Exhaustive).ok_or_else(|| too_many(design.order())),
        Method::Auto => {
            if let Some(count) = within(wanted as u128) {
                return Ok(Strategy::Exhaustive(count));
            }
            if wanted < FEW {
                return Ok(Strategy::Independent);
            }
        }
        Method::MonteCarlo => return Ok(Strategy::Independent),
        Method::Orbits | Method::Sequential => {}
    }
    let n = design.n();
    let orbits = match scores {
        ScoresByForm::Bilinear(scores) if design.is_free() => {
            Some(Strategy::CyclicOrbits(scores, Relabelings::new(n, request, true)))
        }
        ScoresByForm::Neighbors(scores) if design.is_free() => {
            Some(Strategy::NeighborOrbits(scores, Relabelings::new(n, request, false)))
        }
        ScoresByForm::Cross(scores, widths) if design.is_free() => {
            CrossLattice::choose(n, &widths.pairs, widths.columns)
                .map(|grid| Strategy::CrossOrbits(scores, grid, wanted.div_ceil(grid.q)))
        }
        ScoresByForm::Bilinear(scores) => Lattice::choose(design).map(|grid| {
            let orbits = wanted.div_ceil(grid.length());
            Strategy::LatticeOrbits(scores, grid, orbits)
        }),
        _ => None,
    };
    match orbits {
        Some(orbits) => Ok(orbits),
        None if method == Method::Orbits => Err(no_orbits(measure)),
        None => Ok(Strategy::Independent),
    }
}

fn too_many(order: Option<u128>) -> Error {
    let count = order.map_or("more than 1e38".into(), |order| order.to_string());
    let problem = format!("would try {count} pairings, and at most {ALL} are tried.");
    Error::BadOption { measure: "permutation_test".into(), option: "method".into(), given: "\"exact\"".into(), problem }
}

/// The refusal to make orbits where there are none.
fn no_orbits(measure: &str) -> Error {
    let problem = "has no orbits under this design; independent permutations are method=\"monte_carlo\"".into();
    Error::NotOffered { measure: measure.into(), problem }
}

mod bilinear_grid;
pub mod grid;
pub mod pair;
#[cfg(test)]
mod tests;
