//! Strategies of the test of one pair, carried out.
//!
//! Which arrangements are evaluated is decided in [`strategy`](crate::operations::permutation::strategy). Here each of them meets its engine:
//!
//! - orbits of bilinear scores: stored matrices ([`MixedPrecision`]), or factors of few columns ([`LowRankOrbits`]), or those of a grid of
//!   rows where strata or groups restrict the pairings ([`LatticeOrbits`]);
//! - orbits of neighbor lists by counting ([`NeighborOrbits`]), and of whole products, with bounds that spare most decompositions
//!   ([`CrossOrbits`]);
//! - single pairings, with what is quickest for one ([`PairingValues`]), which may be an interval that shows on which side of the
//!   observed score it lies; on request until a decision is reached.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::form::{Bilinear, Cross, Form, NeighborLists};
use crate::operations::permutation::design::Design;
use crate::operations::permutation::draws::{Draws, Evaluation, PairingValues};
use crate::operations::permutation::moments::{Invariants, MomentOrder, moments};
use crate::operations::permutation::null::distribution::{KNOWN, NullDistribution, ScoreScale};
use crate::operations::permutation::null::sequential::{Decision, LOOK, SequentialTest};
use crate::operations::permutation::null::ties;
use crate::operations::permutation::orbits::cross::CrossOrbits;
use crate::operations::permutation::orbits::cross_fft::CrossLattice;
use crate::operations::permutation::orbits::low_rank::LowRankOrbits;
use crate::operations::permutation::orbits::mixed_precision::MixedPrecision;
use crate::operations::permutation::orbits::neighbors::NeighborOrbits;
use crate::operations::permutation::orbits::relabelings::{OrbitsInOrder, Relabelings};
use crate::operations::permutation::orbits::residual::Residual;
use crate::operations::permutation::orbits::stratified::{Lattice, LatticeOrbits, RestrictedOrbits};
use crate::operations::permutation::orbits::{OrbitEngine, VARIANCE_OF_UNITS};
use crate::operations::permutation::request::{Alternative, Request};
use crate::operations::permutation::strategy::{ScoresByForm, Strategy, Widths, choose};
use crate::par::Par;

/// Size up to which all threads work on different orbits; above, on one after the other, whose matrices are large.
const SMALL: usize = 1500;
/// Orbits that are counted at a time.
const BATCH: usize = 64;
/// Orbits of whole products at a time, so that threads share out short ones and memory stays bounded.
const SIDE_BY_SIDE: usize = 4;
/// Products so narrow that a bound is no quicker than the score.
const NARROW: usize = 8;

/// A test of one pair.
pub struct PairTest<'a> {
    /// The name of the measure.
    pub measure: &'a str,
    /// Allowed pairings.
    pub design: &'a Design,
    /// Request.
    pub request: &'a Request,
    /// The direction that is tested.
    pub alternative: Alternative,
    /// Tolerance of the values of the form ([`ties::of_values`]).
    pub tolerance: f64,
}

/// Values of a test of one pair.
pub struct PairValues<'t> {
    /// The values.
    pub null: NullDistribution<'t>,
    /// The name of the strategy.
    pub method: &'static str,
    /// Number of orbits.
    pub n_orbits: Option<usize>,
    /// Multipliers per orbit.
    pub multipliers: usize,
    /// Mean and standard deviation of the engine's values over all n! pairings.
    pub exact: Option<(f64, f64)>,
    /// Values that were computed again from the definition.
    pub adjudicated: usize,
    /// Arrangements whose values were not needed.
    pub pruned: usize,
    /// Variance of the p-value over that of independent permutations.
    pub factor: f64,
    /// The p-value, where it is not the share of arrangements.
    pub pvalue: Option<f64>,
    /// Decision of a sequential test.
    pub decision: Option<bool>,
}

impl<'t> PairValues<'t> {
    fn new(null: NullDistribution<'t>, method: &'static str) -> Self {
        Self {
            null,
            method,
            n_orbits: None,
            multipliers: 1,
            exact: None,
            adjudicated: 0,
            pruned: 0,
            factor: 1.0,
            pvalue: None,
            decision: None,
        }
    }

    fn orbits(null: NullDistribution<'t>, orbits: usize, factor: f64) -> Self {
        Self { n_orbits: Some(orbits), factor, ..Self::new(null, "orbits") }
    }
}

/// Evaluate the arrangements of the test.
pub fn evaluate<'t>(
    form: &Form<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let scores = match form {
        Form::Bilinear(form) => ScoresByForm::Bilinear(form),
        Form::Neighbors(form) => ScoresByForm::Neighbors(form),
        Form::Cross(form) => {
            ScoresByForm::Cross(form, Widths { pairs: vec![(form.a.cols(), form.b.cols())], columns: form.b.cols() })
        }
        _ => ScoresByForm::Other,
    };
    match choose(scores, plan.design, plan.request, plan.measure)? {
        Strategy::Exhaustive(count) => one_by_one(form, scale, plan, Some(count), par),
        Strategy::Independent => one_by_one(form, scale, plan, None, par),
        Strategy::Sequential => sequential(form, scale, plan, par),
        Strategy::AllShifts(form, grid) => all_shifts(form, scale, plan, &grid, par),
        Strategy::AllShiftsOfNeighbors(form) => all_shifts_of_neighbors(form, scale, plan, par),
        Strategy::CyclicOrbits(form, relabelings) => cyclic_orbits(form, scale, plan, relabelings, par),
        Strategy::NeighborOrbits(form, relabelings) => neighbor_orbits(form, scale, plan, &relabelings, par),
        Strategy::LatticeOrbits(form, grid, orbits) => lattice_orbits(form, scale, plan, (&grid, orbits), par),
        Strategy::CrossOrbits(form, grid, orbits) => cross_orbits(form, scale, plan, (grid, orbits), par),
    }
}

/// Null distribution of values that begin with the observed one.
fn null_distribution<'t>(scale: &'t ScoreScale<'t>, plan: &PairTest<'_>, first: &[f64]) -> NullDistribution<'t> {
    NullDistribution::new(scale, first[0], ties::window(first, plan.tolerance), plan.request.return_null)
}

/// Values of an engine, block after block.
fn run<'t>(
    engine: &dyn OrbitEngine,
    (blocks, orbits): (usize, usize),
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let first = engine.block(0, par)?;
    par.advance(engine.size());
    let mut null = null_distribution(scale, plan, &first);
    null.take(&first)?;
    let batch = at_a_time(engine.size());
    for from in (1..blocks).step_by(batch) {
        let values = par.map(batch.min(blocks - from), |at, par| {
            let values = engine.block(from + at, par)?;
            par.advance(engine.size());
            Ok(values)
        })?;
        for values in values {
            null.take(&values)?;
        }
    }
    Ok(PairValues {
        exact: engine.exact(),
        adjudicated: engine.adjudicated(),
        ..PairValues::orbits(null, orbits, engine.variance_factor())
    })
}

/// Values of cyclic orbits: of factors of few columns, or of stored matrices.
fn cyclic_orbits<'t>(
    form: &Bilinear<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    relabelings: Relabelings,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let (blocks, multipliers) = ((relabelings.count(), relabelings.orbits()), relabelings.multipliers().count());
    // Both matrices, one of them as whole rows, and the transforms of the other.
    let (need, free) = (8.0 * (plan.design.n() as f64).powi(2) * 1.75, par.available());
    let pairings = relabelings.orbits().saturating_mul(plan.design.n());
    if LowRankOrbits::pays(form, need <= free)
        && let Some(engine) = LowRankOrbits::new(form, &relabelings.sigma(), par)?
    {
        par.expect(pairings);
        let of = |side| Invariants::of(side, MomentOrder::Variance, par);
        let exact = moments(&of(form.k)?, &of(form.l)?);
        let orbit = |order: &[usize], par: Par<'_>| engine.run(order, par);
        let exact = Some((exact.mean, exact.variance.sqrt()));
        let engine = OrbitsInOrder { relabelings: &relabelings, orbit, exact };
        return Ok(PairValues { multipliers, ..run(&engine, blocks, scale, plan, par)? });
    }
    if need > free {
        return Err(Error::OverBudget { what: "Orbits of n x n matrices".into(), need, free });
    }
    par.expect(pairings);
    let (k, l) = (form.k.dense(par)?, form.l.dense(par)?);
    let (k, l) = (Residual::of(&k, par)?, Residual::of(&l, par)?);
    let engine = MixedPrecision::begin(form, &k, &l, relabelings, plan.request, par)?;
    Ok(PairValues { multipliers, ..run(&engine, blocks, scale, plan, par)? })
}

/// Scores of cyclic orbits of neighbor lists.
fn neighbor_orbits<'t>(
    form: &NeighborLists<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    relabelings: &Relabelings,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    par.expect(relabelings.orbits().saturating_mul(relabelings.size()));
    let engine = NeighborOrbits::new(form, &relabelings.sigma());
    let orbit = |order: &[usize], par: Par<'_>| engine.orbit(order, par);
    let engine = OrbitsInOrder { relabelings, orbit, exact: None };
    run(&engine, (relabelings.orbits(), relabelings.orbits()), scale, plan, par)
}

/// Scores of all shifts of neighbor lists.
fn all_shifts_of_neighbors<'t>(
    form: &NeighborLists<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let identity: Vec<usize> = (0..plan.design.n()).collect();
    let values = NeighborOrbits::new(form, &identity).orbit(&identity, par)?;
    let mut null = null_distribution(scale, plan, &values);
    null.take(&values)?;
    Ok(PairValues { n_orbits: Some(1), ..PairValues::new(null, "exact") })
}

/// Scores of orbits of whole products; those certain to be less extreme are not computed.
fn cross_orbits<'t>(
    form: &Cross<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    (grid, orbits): (CrossLattice, usize),
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let request = plan.request;
    let engine = CrossOrbits::begin(form, grid, &request.key, par)?;
    let size = engine.size();
    par.expect(orbits.saturating_mul(size));
    let first: Vec<f64> = engine.orbit(0, None, par)?.into_iter().flatten().collect();
    let mut null = null_distribution(scale, plan, &first);
    null.take(&first)?;
    // Mean and spread come from scores that are known.
    let narrow = form.a.cols().min(form.b.cols()) < NARROW;
    let full = if narrow { orbits } else { KNOWN.div_ceil(size).min(orbits) };
    for r in 1..full {
        let scores: Vec<f64> = engine.orbit(r, None, par)?.into_iter().flatten().collect();
        null.take(&scores)?;
    }
    let bar = match (plan.alternative, engine.prunes()) {
        _ if request.return_null => None,
        (Alternative::Greater, Some(Ordering::Less)) => Some(null.observed - null.window()),
        (Alternative::Less, Some(Ordering::Greater)) => Some(null.observed + null.window()),
        _ => None,
    };
    let mut pruned = 0;
    for from in (full..orbits).step_by(SIDE_BY_SIDE) {
        let found = par.map(SIDE_BY_SIDE.min(orbits - from), |at, par| engine.orbit(from + at, bar, par))?;
        for scores in found {
            let known: Vec<f64> = scores.iter().copied().flatten().collect();
            null.take_certain(scores.len() - known.len(), plan.alternative == Alternative::Greater);
            pruned += scores.len() - known.len();
            if bar.is_some() {
                null.take_counts(&known);
            } else {
                null.take(&known)?;
            }
        }
    }
    Ok(PairValues { pruned, ..PairValues::orbits(null, orbits, VARIANCE_OF_UNITS) })
}

/// Values of orbits on a lattice of rows.
fn lattice_orbits<'t>(
    form: &Bilinear<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    (lattice, orbits): (&Lattice, usize),
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    par.expect(orbits.saturating_mul(lattice.length()));
    let engine = RestrictedOrbits::new(form, lattice, (plan.design, &plan.request.key), par)?;
    run(&engine, (orbits, orbits), scale, plan, par)
}

/// Values of all shifts.
fn all_shifts<'t>(
    form: &Bilinear<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    grid: &Lattice,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    par.expect(grid.length());
    let (k, l) = (form.k.dense(par)?.full()?, form.l.dense(par)?.full()?);
    let (engine, identity) = (LatticeOrbits::new(grid), plan.design.nth(0));
    let of_x = engine.of_x(k.data(), &identity, par)?;
    let values = engine.run(&[&of_x], l.data(), &identity, par)?.remove(0);
    par.advance(grid.length());
    let mut null = null_distribution(scale, plan, &values);
    null.take(&values)?;
    Ok(PairValues { n_orbits: Some(1), ..PairValues::new(null, "exact") })
}

/// Number of orbits of a size that are computed side by side.
pub fn at_a_time(size: usize) -> usize {
    if size <= SMALL { BATCH } else { 1 }
}

/// Values of one pairing after the other: all `every` of them, or independent ones.
fn one_by_one<'t>(
    form: &Form<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    every: Option<usize>,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let count = every.unwrap_or(plan.request.n_resamples.saturating_add(1));
    let engine = PairingValues::new(form, count, par)?;
    let key = if every.is_some() { None } else { Some(&plan.request.key) };
    let pairings = Draws { design: plan.design, key };
    let wanted = match plan.alternative {
        _ if plan.request.return_null => Evaluation::Scores,
        Alternative::Greater | Alternative::Less if every.is_none() => Evaluation::Sides,
        _ => Evaluation::Values,
    };
    let (null, pruned) = engine.null_distribution(scale, plan.tolerance, pairings, count, wanted, par)?;
    Ok(PairValues { pruned, ..PairValues::new(null, if every.is_some() { "exact" } else { "monte_carlo" }) })
}

/// Independent pairings until it is clear whether p is below alpha.
fn sequential<'t>(
    form: &Form<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let count = plan.request.n_resamples.saturating_add(1);
    let pairings = Draws { design: plan.design, key: Some(&plan.request.key) };
    let engine = PairingValues::new(form, count, par)?;
    par.expect(count);
    let mut values = engine.values(pairings, 0..count.min(LOOK), par)?;
    let mut null = null_distribution(scale, plan, &values);
    null.take(&values[..1])?;
    let mut course = SequentialTest::new(plan.alternative, plan.request.alpha);
    let (mut decision, mut drawn) = (Decision::Continue, 1);
    'looks: loop {
        let skip = usize::from(drawn == 1);
        for value in &values[skip..] {
            null.take(&[*value])?;
            decision = course.take(null.beyond(*value));
            drawn += 1;
            if decision != Decision::Continue {
                break 'looks;
            }
        }
        if drawn >= count {
            break;
        }
        values = engine.values(pairings, drawn..(drawn + LOOK).min(count), par)?;
    }
    let (pvalue, decision) = (Some(course.pvalue()), decision.verdict());
    Ok(PairValues { pvalue, decision, ..PairValues::new(null, "sequential") })
}
