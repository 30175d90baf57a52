//! Strategies of the tests of all pairs, carried out.
//!
//! Which arrangements are evaluated is decided in [`strategy`](crate::operations::permutation::strategy), as for one pair. All pairs meet the same
//! ones, so that their scores come with their joint law. The engines: orbits of bilinear scores are counted as they come
//! ([`layered`]), or run on a grid of rows where strata or groups restrict the pairings ([`LatticeOrbits`]); neighbor lists by
//! counting ([`NeighborOrbits`]); whole products ([`CrossGrid`]); single pairings.
//!
//! All of them but the first fill a table with one score per pair and arrangement, which is counted at the end ([`standardize_and_count`]).
//! The score of the observed arrangement is in it as it is without permutations, bit for bit.

#[cfg(test)]
pub(in crate::operations::permutation) mod tests;

use crate::engines::pair_matrix::PairMatrix;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Bilinear, Cross, Form, NeighborLists};
use crate::operations::permutation::design::Design;
use crate::operations::permutation::draws::Draws;
use crate::operations::permutation::null::joint::{StandardizedPair, standardize_and_count};
use crate::operations::permutation::null::multiplicity::Multiplicity;
use crate::operations::permutation::null::ties;
use crate::operations::permutation::orbits::cross_fft::CrossLattice;
use crate::operations::permutation::orbits::cross_grid::CrossGrid;
use crate::operations::permutation::orbits::neighbors::NeighborOrbits;
use crate::operations::permutation::orbits::relabelings::Relabelings;
use crate::operations::permutation::orbits::side_by_side;
use crate::operations::permutation::orbits::stratified::{Lattice, LatticeOrbits, TransformedX};
use crate::operations::permutation::request::{Alternative, Request};
use crate::operations::permutation::strategy::bilinear_grid::bilinear_grid;
use crate::operations::permutation::strategy::{ScoresByForm, Strategy, choose};
use crate::operations::stacked::distinct;
use crate::par::Par;

/// Independent pairings that are scored at a time.
const BATCH: usize = 256;
/// Bytes that transforms of whole matrices may take.
const BUDGET: usize = 1 << 30;

/// One pair that is tested.
pub struct TestedPair<'a> {
    /// Row and column.
    pub at: (usize, usize),
    /// The form of its score.
    pub form: Form<'a>,
    /// The score.
    pub statistic: f64,
    /// True if it is a question: a representation with itself is none.
    pub counts: bool,
}

/// A test of all pairs.
pub struct GridTest<'a> {
    /// The name of the measure.
    pub measure: &'a str,
    /// The pairs.
    pub cells: &'a [TestedPair<'a>],
    /// Facts of the measure.
    pub facts: &'a Facts,
    /// Allowed pairings.
    pub design: &'a Design,
    /// Request.
    pub request: &'a Request,
    /// The direction that is tested.
    pub alternative: Alternative,
}

/// Values of a test of all pairs.
pub struct GridValues {
    /// The counts.
    pub family: Multiplicity,
    /// By pair.
    pub of_cells: Vec<StandardizedPair>,
    /// The name of the strategy.
    pub method: &'static str,
    /// Number of orbits.
    pub n_orbits: Option<usize>,
    /// True if means, and if standard deviations, are over all allowed pairings.
    pub exact: (bool, bool),
    /// Pairs, by their number, whose scores do not exist for some arrangement.
    pub failures: Vec<(usize, Error)>,
}

/// The scores of all pairs by their form, if it is one.
type AllScores<'a> = ScoresByForm<Vec<&'a Bilinear<'a>>, Vec<&'a NeighborLists<'a>>, Vec<&'a Cross<'a>>>;

/// Scores by pair and then by arrangement, the observed one first.
struct ScoreTable {
    scores: Vec<Vec<f64>>,
    method: &'static str,
    n_orbits: Option<usize>,
}

/// Evaluate the arrangements of the tests; None if there is no pair.
pub fn evaluate(plan: &GridTest<'_>, par: Par<'_>) -> Result<Option<GridValues>> {
    let table = match choose(scores_of(plan.cells), plan.design, plan.request, plan.measure)? {
        Strategy::Sequential => {
            let problem = "decides about one pair at a time, not about grids".into();
            return Err(Error::NotOffered { measure: "method=\"sequential\"".into(), problem });
        }
        _ if plan.cells.is_empty() => return Ok(None),
        Strategy::Exhaustive(count) => one_by_one(plan, Some(count), par),
        Strategy::Independent => one_by_one(plan, None, par),
        Strategy::AllShifts(forms, grid) => all_shifts(plan, &forms, &grid, par),
        Strategy::AllShiftsOfNeighbors(forms) => all_shifts_of_neighbors(plan, &forms, par),
        Strategy::CyclicOrbits(forms, relabelings) => return bilinear_grid(plan, &forms, &relabelings, par).map(Some),
        Strategy::NeighborOrbits(forms, relabelings) => neighbor_orbits(plan, &forms, &relabelings, par),
        Strategy::LatticeOrbits(forms, grid, orbits) => lattice_orbits(plan, &forms, (&grid, orbits), par),
        Strategy::CrossOrbits(forms, grid, orbits) => cross_orbits(plan, forms, (grid, orbits), par),
    }?;
    table.standardize_and_count(plan, par).map(Some)
}

fn scores_of<'a>(cells: &'a [TestedPair<'a>]) -> AllScores<'a> {
    fn all<'a, F>(cells: &'a [TestedPair<'a>], as_form: fn(&'a Form<'a>) -> Option<&'a F>) -> Option<Vec<&'a F>> {
        cells.iter().map(|cell| as_form(&cell.form)).collect()
    }
    let bilinear = all(cells, |form| if let Form::Bilinear(form) = form { Some(form) } else { None });
    let cross = all(cells, |form| if let Form::Cross(form) = form { Some(form) } else { None });
    let lists = all(cells, |form| if let Form::Neighbors(form) = form { Some(form) } else { None });
    let cross = || {
        cross.map(|forms| {
            let widths = CrossGrid::widths(&forms);
            ScoresByForm::Cross(forms, widths)
        })
    };
    bilinear
        .map(ScoresByForm::Bilinear)
        .or_else(cross)
        .or(lists.map(ScoresByForm::Neighbors))
        .unwrap_or(ScoresByForm::Other)
}

impl GridTest<'_> {
    /// Number of arrangements that were asked for.
    fn arrangements(&self) -> usize {
        self.request.n_resamples.saturating_add(1)
    }

    /// A table for so many arrangements.
    fn table(&self, count: usize, method: &'static str, n_orbits: Option<usize>, par: Par<'_>) -> Result<ScoreTable> {
        let need = 8.0 * self.cells.len() as f64 * count as f64;
        par.require(need, || format!("The scores of {} pairs under {count} permutations", self.cells.len()))?;
        Ok(ScoreTable { scores: self.cells.iter().map(|_| Vec::with_capacity(count)).collect(), method, n_orbits })
    }

    /// A table for whole orbits.
    fn table_of_orbits(&self, orbits: usize, size: usize, par: Par<'_>) -> Result<ScoreTable> {
        self.table(orbits.saturating_mul(size), "orbits", Some(orbits), par)
    }

    /// A table for the only orbit there is.
    fn table_of_circle(&self, par: Par<'_>) -> Result<ScoreTable> {
        self.table(self.design.n(), "exact", Some(1), par)
    }
}

impl ScoreTable {
    /// The scores of all pairs under the arrangements of one orbit after the other.
    fn fill(
        mut self,
        orbits: usize,
        size: usize,
        orbit: impl Fn(usize) -> Result<Vec<Vec<f64>>>,
        par: Par<'_>,
    ) -> Result<Self> {
        for r in 0..orbits {
            self.scores.iter_mut().zip(orbit(r)?).for_each(|(all, some)| all.extend(some));
            par.advance(size);
        }
        Ok(self)
    }

    /// Count. A pair without a score in some arrangement is left out of everything.
    fn standardize_and_count(mut self, plan: &GridTest<'_>, par: Par<'_>) -> Result<GridValues> {
        let (mut counts, mut failures) = (Vec::with_capacity(plan.cells.len()), Vec::new());
        for (place, (cell, scores)) in plan.cells.iter().zip(&mut self.scores).enumerate() {
            // An engine's own value differs by round-off.
            scores[..1].fill(cell.statistic);
            let undefined = scores.iter().any(|score| score.is_nan());
            if undefined {
                let reason = "other pairings of the rows have no score".into();
                failures.push((place, Error::Undefined { measure: plan.measure.into(), reason }));
                scores.fill(0.0);
            }
            counts.push(cell.counts && !undefined);
        }
        let tolerance = |at: usize, par: Par<'_>| {
            let cell = &plan.cells[at];
            ties::of_scores(&cell.form, plan.facts, cell.statistic, par)
        };
        let tolerance = par.map(plan.cells.len(), tolerance)?;
        let all = self.method == "exact";
        let (family, of_cells) = standardize_and_count(self.scores, &counts, plan.alternative, &tolerance, all);
        Ok(GridValues { family, of_cells, method: self.method, n_orbits: self.n_orbits, exact: (all, all), failures })
    }
}

/// One pairing after the other: all `every` of them, or independent ones.
fn one_by_one(plan: &GridTest<'_>, every: Option<usize>, par: Par<'_>) -> Result<ScoreTable> {
    let count = every.unwrap_or_else(|| plan.arrangements());
    let mut table = plan.table(count, if every.is_some() { "exact" } else { "monte_carlo" }, None, par)?;
    par.expect(count);
    let pairings = Draws { design: plan.design, key: every.is_none().then_some(&plan.request.key) };
    for start in (0..count).step_by(BATCH) {
        let scores = par.map(BATCH.min(count - start), |at, par| {
            let order = pairings.number(start + at);
            par.advance(1);
            // What has no score is told apart from what stops everything.
            let score = |cell: &TestedPair<'_>| match cell.form.score(Some(&order), par.sequential()) {
                Err(Error::Undefined { .. }) => Ok(f64::NAN),
                other => other,
            };
            plan.cells.iter().map(score).collect::<Result<Vec<_>>>()
        })?;
        for row in scores {
            table.scores.iter_mut().zip(row).for_each(|(all, score)| all.push(score));
        }
    }
    Ok(table)
}

/// Orbits of neighbor lists.
fn neighbor_orbits(
    plan: &GridTest<'_>,
    forms: &[&NeighborLists<'_>],
    relabelings: &Relabelings,
    par: Par<'_>,
) -> Result<ScoreTable> {
    let (orbits, size) = (relabelings.orbits(), relabelings.size());
    let table = plan.table_of_orbits(orbits, size, par)?;
    of_neighbors(table, forms, (orbits, size), |r| relabelings.get(r).tau, par)
}

/// All shifts of neighbor lists.
fn all_shifts_of_neighbors(plan: &GridTest<'_>, forms: &[&NeighborLists<'_>], par: Par<'_>) -> Result<ScoreTable> {
    of_neighbors(plan.table_of_circle(par)?, forms, (1, plan.design.n()), |_| plan.design.nth(0), par)
}

/// Scores of so many orbits of a size, the rows of y laid out in these orders, those of x in the first of them.
fn of_neighbors(
    table: ScoreTable,
    forms: &[&NeighborLists<'_>],
    (orbits, size): (usize, usize),
    orders: impl Fn(usize) -> Vec<usize>,
    par: Par<'_>,
) -> Result<ScoreTable> {
    par.expect(orbits.saturating_mul(size));
    let sigma = orders(0);
    let engines: Vec<NeighborOrbits<'_>> = forms.iter().map(|form| NeighborOrbits::new(form, &sigma)).collect();
    table.fill(
        orbits,
        size,
        |r| {
            let tau = orders(r);
            par.map(engines.len(), |at, par| engines[at].orbit(&tau, par))
        },
        par,
    )
}

/// Orbits of whole products.
fn cross_orbits(
    plan: &GridTest<'_>,
    forms: Vec<&Cross<'_>>,
    (lattice, orbits): (CrossLattice, usize),
    par: Par<'_>,
) -> Result<ScoreTable> {
    let engine = CrossGrid::begin(forms, lattice, &plan.request.key, par)?;
    let table = plan.table_of_orbits(orbits, engine.size(), par)?;
    par.expect(orbits * engine.size());
    table.fill(orbits, engine.size(), |r| engine.orbit(r, par), par)
}

/// Orbits on a grid of rows.
fn lattice_orbits(
    plan: &GridTest<'_>,
    forms: &[&Bilinear<'_>],
    (grid, orbits): (&Lattice, usize),
    par: Par<'_>,
) -> Result<ScoreTable> {
    let table = plan.table_of_orbits(orbits, grid.length(), par)?;
    let relabeling = |r: usize| plan.design.draw(&plan.request.key, r as u64);
    on_grid(table, forms, (grid, orbits), relabeling, BUDGET, par)
}

/// All shifts of bilinear scores.
fn all_shifts(plan: &GridTest<'_>, forms: &[&Bilinear<'_>], grid: &Lattice, par: Par<'_>) -> Result<ScoreTable> {
    on_grid(plan.table_of_circle(par)?, forms, (grid, 1), |_| plan.design.nth(0), BUDGET, par)
}

/// Orbits on a grid. The Ks are transformed at once as far as so many bytes hold them, and every L is laid out and
/// transformed once per orbit for all of them.
fn on_grid(
    mut table: ScoreTable,
    forms: &[&Bilinear<'_>],
    (grid, orbits): (&Lattice, usize),
    relabeling: impl Fn(usize) -> Vec<usize> + Sync,
    budget: usize,
    par: Par<'_>,
) -> Result<ScoreTable> {
    let (n, q) = (forms.first().map_or(0, |form| form.k.n()), grid.length());
    let engine = LatticeOrbits::new(grid);
    let (ks, k_of) = distinct(forms.iter().map(|form| Some(form.k)));
    let (ls, l_of) = distinct(forms.iter().map(|form| Some(form.l)));
    let at_once = (budget / engine.need().max(1)).clamp(1, ks.len().max(1));
    // Beside the transforms, one matrix as it is stored and whole.
    let need = (at_once * engine.need()) as f64 + 12.0 * (n as f64).powi(2);
    par.require(need, || "The transforms of whole matrices".into())?;
    let denominators = par.map(forms.len(), |at, par| forms[at].denominator(par))?;
    let whole = |side: &PairMatrix| side.dense_once(par)?.full();
    let sigma = relabeling(0);
    par.expect(orbits * q * ls.len() * ks.len().div_ceil(at_once));
    for from in (0..ks.len()).step_by(at_once) {
        let some = &ks[from..ks.len().min(from + at_once)];
        let of_x = |k: &&PairMatrix| engine.of_x(whole(k)?.data(), &sigma, par);
        let of_x = some.iter().map(of_x).collect::<Result<Vec<_>>>()?;
        for (at, l) in ls.iter().enumerate() {
            let meets = |(cell, (k, l)): (usize, (&Option<usize>, &Option<usize>))| {
                let place = k.and_then(|k| k.checked_sub(from)).filter(|_| *l == Some(at))?;
                of_x.get(place).map(|side| (cell, side))
            };
            let (cells, sides): (Vec<usize>, Vec<&TransformedX>) =
                k_of.iter().zip(&l_of).enumerate().filter_map(meets).unzip();
            if cells.is_empty() {
                par.advance(orbits * q);
                continue;
            }
            let l = whole(l)?;
            let orbit = |r: usize, par: Par<'_>| {
                let values = engine.run(&sides, l.data(), &relabeling(r), par)?;
                par.advance(q);
                Ok(values)
            };
            let batch = side_by_side(q);
            for first in (0..orbits).step_by(batch) {
                let found = par.map(batch.min(orbits - first), |at, par| orbit(first + at, par))?;
                for (&cell, values) in found.iter().flat_map(|values| cells.iter().zip(values)) {
                    let score = |&value: &f64| forms[cell].link.score(value, denominators[cell]);
                    table.scores[cell].extend(values.iter().map(score));
                }
            }
        }
    }
    Ok(table)
}
