//! By which road the scores of all pairs come.
//!
//! All pairs meet the same arrangements on every road, so that their scores come with their joint law:
//!
//! - few allowed matchings, or a single circle of them (`scheme="shift"`): all of them (`"exact"`);
//! - [`Form::Bilinear`]: orbits of shifts, counted as they come ([`layered`]); where strata or groups restrict the matchings,
//!   orbits on a grid ([`GridOrbits`]);
//! - [`Form::Neighbors`]: orbits by counting ([`Lists`]);
//! - [`Form::Cross`]: orbits of whole products ([`GridProducts`]);
//! - everything else: independent permutations (`"monte_carlo"`).
//!
//! All roads but the first of orbits fill a table with one score per pair and arrangement, which is counted at the end
//! ([`judged`]). The score of the observed arrangement is in it as it is without permutations, bit for bit.

#[cfg(test)]
pub(super) mod tests;

use super::family::Family;
use super::grid_products::GridProducts;
use super::joint::{Found, judged};
use super::layered::layered;
use super::lists::Lists;
use super::matchings::Matchings;
use super::restricted::{Grid, GridOrbits, OfX};
use super::roads::{self, FEW, Whole};
use super::{Alternative, Design, Method, Request, Scheme};
use crate::engines::pair_matrix::PairMatrix;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Bilinear, Cross, Form, NeighborLists};
use crate::operations::pairwise::distinct;
use crate::par::Par;

/// Independent matchings that are scored at a time.
const BATCH: usize = 256;
/// Bytes that transforms of whole matrices may take.
const BUDGET: usize = 1 << 30;

/// One pair that is tested.
pub struct Cell<'a> {
    /// Its row and column.
    pub at: (usize, usize),
    /// The form of its score.
    pub form: Form<'a>,
    /// The score.
    pub statistic: f64,
    /// Whether it is a question: a representation with itself is none.
    pub counts: bool,
}

/// What is to be found.
pub struct Plan<'a> {
    /// The pairs.
    pub cells: &'a [Cell<'a>],
    /// What is true of the measure.
    pub facts: &'a Facts,
    /// Which matchings are allowed.
    pub design: &'a Design,
    /// What was asked for.
    pub request: &'a Request,
    /// The direction that is tested.
    pub alternative: Alternative,
}

/// What a road brings back.
pub struct Outcome {
    /// The counts.
    pub family: Family,
    /// By pair.
    pub of_cells: Vec<Found>,
    /// The name of the road.
    pub method: &'static str,
    /// Number of orbits.
    pub n_orbits: Option<usize>,
    /// Whether means, and standard deviations, are over all allowed matchings.
    pub exact: (bool, bool),
}

/// The forms of all pairs, if they are alike.
enum Forms<'a> {
    Bilinear(Vec<&'a Bilinear<'a>>),
    Cross(Vec<&'a Cross<'a>>),
    Neighbors(Vec<&'a NeighborLists<'a>>),
    Other,
}

/// Scores by pair and then by arrangement, the observed one first.
struct Table {
    scores: Vec<Vec<f64>>,
    method: &'static str,
    n_orbits: Option<usize>,
}

/// Take the road that suits the forms, the design and the request; None if there is no pair.
pub fn find(plan: &Plan<'_>, par: Par<'_>) -> Result<Option<Outcome>> {
    let (design, method, arrangements) = (plan.design, plan.request.method, plan.arrangements());
    let Whole { every, circle } = Whole::of(design, plan.request)?;
    match method {
        Method::Sequential => {
            let problem = "decides about one pair at a time, not about grids".into();
            return Err(Error::NotOffered { measure: "method=\"sequential\"".into(), problem });
        }
        _ if plan.cells.is_empty() => return Ok(None),
        _ => {}
    }
    let table = match (method, Forms::of(plan.cells)) {
        (_, Forms::Bilinear(forms)) if circle => restricted(plan, &forms, par),
        (_, Forms::Neighbors(forms)) if circle => lists(plan, &forms, par),
        (Method::Auto | Method::Exact, _) if every.is_some() => one_by_one(plan, every, par),
        (Method::MonteCarlo | Method::Exact, _) => one_by_one(plan, None, par),
        (_, Forms::Bilinear(forms)) if design.is_free() => return layered(plan, &forms, par).map(Some),
        (_, Forms::Neighbors(forms)) if design.is_free() => lists(plan, &forms, par),
        (Method::Auto, _) if arrangements < FEW => one_by_one(plan, None, par),
        (_, Forms::Cross(forms)) if design.is_free() => products(plan, forms, par),
        (_, Forms::Bilinear(forms)) => restricted(plan, &forms, par),
        _ => independent(plan, par),
    }?;
    table.judged(plan).map(Some)
}

fn no_orbits() -> Error {
    roads::no_orbits("a grid of this measure")
}

impl<'a> Forms<'a> {
    fn of(cells: &'a [Cell<'a>]) -> Self {
        fn all<'a, F>(cells: &'a [Cell<'a>], as_form: fn(&'a Form<'a>) -> Option<&'a F>) -> Option<Vec<&'a F>> {
            cells.iter().map(|cell| as_form(&cell.form)).collect()
        }
        let bilinear = all(cells, |form| if let Form::Bilinear(form) = form { Some(form) } else { None });
        let cross = all(cells, |form| if let Form::Cross(form) = form { Some(form) } else { None });
        let lists = all(cells, |form| if let Form::Neighbors(form) = form { Some(form) } else { None });
        let bilinear = bilinear.map(Self::Bilinear);
        bilinear.or(cross.map(Self::Cross)).or(lists.map(Self::Neighbors)).unwrap_or(Self::Other)
    }
}

impl Plan<'_> {
    /// Number of arrangements that were asked for.
    fn arrangements(&self) -> usize {
        self.request.n_resamples.saturating_add(1)
    }

    /// Whether the allowed matchings are those of a single orbit.
    fn circle(&self) -> bool {
        self.design.scheme() == Scheme::Shift
    }

    /// Number of whole orbits of a size that hold them; a circle is all there is.
    pub fn orbits_of(&self, size: usize) -> usize {
        if self.circle() { 1 } else { self.arrangements().div_ceil(size) }
    }

    /// Whose row meets whose: relabeling r of the streams, none of a circle.
    fn relabeling(&self, r: usize) -> Vec<usize> {
        if self.circle() { self.design.nth(0) } else { self.design.draw(&self.request.key, r as u64) }
    }

    /// A table for so many arrangements.
    fn table(&self, count: usize, method: &'static str, n_orbits: Option<usize>, par: Par<'_>) -> Result<Table> {
        let need = 8.0 * self.cells.len() as f64 * count as f64;
        par.require(need, || format!("The scores of {} pairs under {count} permutations", self.cells.len()))?;
        Ok(Table { scores: self.cells.iter().map(|_| Vec::with_capacity(count)).collect(), method, n_orbits })
    }

    /// A table for whole orbits.
    fn table_of_orbits(&self, orbits: usize, size: usize, par: Par<'_>) -> Result<Table> {
        self.table(orbits.saturating_mul(size), if self.circle() { "exact" } else { "orbits" }, Some(orbits), par)
    }
}

impl Table {
    /// The scores of all pairs under some more arrangements.
    fn take(&mut self, scores: Vec<Vec<f64>>) {
        self.scores.iter_mut().zip(scores).for_each(|(all, some)| all.extend(some));
    }

    /// Count.
    fn judged(mut self, plan: &Plan<'_>) -> Result<Outcome> {
        for (cell, scores) in plan.cells.iter().zip(&mut self.scores) {
            // An engine's own value differs by round-off.
            scores[..1].fill(cell.statistic);
            if scores.iter().any(|score| score.is_nan()) {
                let reason = format!("other matchings of the rows of pair {:?} have no score", cell.at);
                return Err(Error::Undefined { measure: "the test".into(), reason });
            }
        }
        let counts: Vec<bool> = plan.cells.iter().map(|cell| cell.counts).collect();
        let all = self.method == "exact";
        let (family, of_cells) = judged(self.scores, &counts, plan.alternative, (roads::least_of(plan.facts), all));
        Ok(Outcome { family, of_cells, method: self.method, n_orbits: self.n_orbits, exact: (all, all) })
    }
}

/// Independent permutations where there are no orbits; refused if these were insisted on.
fn independent(plan: &Plan<'_>, par: Par<'_>) -> Result<Table> {
    if plan.request.method == Method::Orbits { Err(no_orbits()) } else { one_by_one(plan, None, par) }
}

/// One matching after the other: all `every` of them, or independent ones.
fn one_by_one(plan: &Plan<'_>, every: Option<usize>, par: Par<'_>) -> Result<Table> {
    let count = every.unwrap_or_else(|| plan.arrangements());
    let mut table = plan.table(count, if every.is_some() { "exact" } else { "monte_carlo" }, None, par)?;
    par.expect(count);
    let matchings = Matchings { design: plan.design, key: every.is_none().then_some(&plan.request.key) };
    for start in (0..count).step_by(BATCH) {
        let scores = par.map(BATCH.min(count - start), |at, par| {
            let order = matchings.number(start + at);
            par.advance(1);
            let score = |cell: &Cell<'_>| cell.form.score(Some(&order), par.sequential());
            plan.cells.iter().map(score).collect::<Result<Vec<_>>>()
        })?;
        for row in scores {
            table.scores.iter_mut().zip(row).for_each(|(all, score)| all.push(score));
        }
    }
    Ok(table)
}

/// Orbits of neighbor lists, or the circle of all shifts.
fn lists(plan: &Plan<'_>, forms: &[&NeighborLists<'_>], par: Par<'_>) -> Result<Table> {
    let n = plan.design.n();
    let orbits = plan.orbits_of(n);
    let mut table = plan.table_of_orbits(orbits, n, par)?;
    par.expect(orbits * n);
    let sigma = plan.relabeling(0);
    let engines: Vec<Lists<'_>> = forms.iter().map(|form| Lists::new(form, &sigma)).collect();
    for r in 0..orbits {
        let tau = plan.relabeling(r);
        table.take(par.map(engines.len(), |at, par| engines[at].orbit(&tau, par))?);
        par.advance(n);
    }
    Ok(table)
}

/// Orbits of whole products.
fn products(plan: &Plan<'_>, forms: Vec<&Cross<'_>>, par: Par<'_>) -> Result<Table> {
    let Some(engine) = GridProducts::begin(forms, &plan.request.key, par)? else { return independent(plan, par) };
    let orbits = plan.orbits_of(engine.size());
    let mut table = plan.table_of_orbits(orbits, engine.size(), par)?;
    par.expect(orbits * engine.size());
    for r in 0..orbits {
        table.take(engine.orbit(r, par)?);
        par.advance(engine.size());
    }
    Ok(table)
}

/// Orbits of bilinear scores where not all matchings are allowed.
fn restricted(plan: &Plan<'_>, forms: &[&Bilinear<'_>], par: Par<'_>) -> Result<Table> {
    match Grid::choose(plan.design) {
        Some(grid) => on_grid(plan, forms, &grid, BUDGET, par),
        None => independent(plan, par),
    }
}

/// Orbits on a grid. The Ks are transformed at once as far as so many bytes hold them, and every L is laid out and
/// transformed once per orbit for all of them.
fn on_grid(plan: &Plan<'_>, forms: &[&Bilinear<'_>], grid: &Grid, budget: usize, par: Par<'_>) -> Result<Table> {
    let (n, q) = (plan.design.n(), grid.length());
    let orbits = plan.orbits_of(q);
    let mut table = plan.table_of_orbits(orbits, q, par)?;
    let engine = GridOrbits::new(grid);
    let (ks, k_of) = distinct(forms.iter().map(|form| Some(form.k)));
    let (ls, l_of) = distinct(forms.iter().map(|form| Some(form.l)));
    let at_once = (budget / engine.need().max(1)).clamp(1, ks.len().max(1));
    // Beside the transforms, one matrix as it is stored and whole.
    let need = (at_once * engine.need()) as f64 + 12.0 * (n as f64).powi(2);
    par.require(need, || "The transforms of whole matrices".into())?;
    let denominators = par.map(forms.len(), |at, par| forms[at].denominator(par))?;
    let whole = |side: &PairMatrix| side.dense_once(par)?.full();
    let sigma = plan.relabeling(0);
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
            let (cells, sides): (Vec<usize>, Vec<&OfX>) = k_of.iter().zip(&l_of).enumerate().filter_map(meets).unzip();
            if cells.is_empty() {
                par.advance(orbits * q);
                continue;
            }
            let l = whole(l)?;
            let orbit = |r: usize, par: Par<'_>| {
                let values = engine.run(&sides, l.data(), &plan.relabeling(r), par)?;
                par.advance(q);
                Ok(values)
            };
            let batch = roads::at_a_time(q);
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
