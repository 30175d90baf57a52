//! Strategies of the test of one pair, carried out.
//!
//! Which arrangements are evaluated is decided in [`strategy`](crate::operations::permutation::strategy). Here each of them
//! meets its engine:
//!
//! - orbits, whatever the form of the score: one loop over an [`OrbitEngine`]. Those of bilinear scores have two, stored
//!   matrices ([`MixedPrecision`]) and factors of few columns ([`LowRankOrbits`]), and a third where strata or groups restrict
//!   the pairings ([`LatticeEngine`]); neighbor lists count ([`NeighborEngine`]); whole products come with bounds that spare
//!   most decompositions ([`CrossOrbits`]);
//! - single pairings, with what is quickest for one ([`PairingValues`]), which may be an interval that shows on which side of
//!   the observed score it lies; on request until a decision is reached.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::form::{Bilinear, Form};
use crate::operations::permutation::design::Design;
use crate::operations::permutation::draws::{Draws, Evaluation, PairingValues};
use crate::operations::permutation::null::distribution::{KNOWN, NullDistribution, ScoreScale};
use crate::operations::permutation::null::sequential::{Decision, LOOK, SequentialTest};
use crate::operations::permutation::null::ties;
use crate::operations::permutation::orbits::cross::CrossOrbits;
use crate::operations::permutation::orbits::cross_fft::Widths;
use crate::operations::permutation::orbits::low_rank::LowRankOrbits;
use crate::operations::permutation::orbits::mixed_precision::MixedPrecision;
use crate::operations::permutation::orbits::neighbors::NeighborEngine;
use crate::operations::permutation::orbits::relabelings::Relabelings;
use crate::operations::permutation::orbits::residual::Residual;
use crate::operations::permutation::orbits::stratified::{Lattice, LatticeEngine};
use crate::operations::permutation::orbits::{OrbitEngine, OrbitOrders};
use crate::operations::permutation::request::{Alternative, Request};
use crate::operations::permutation::strategy::{ScoresByForm, Strategy, choose};
use crate::par::Par;

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
    let orders = |r: usize| plan.design.draw(&plan.request.key, r as u64);
    let circle = |_| plan.design.nth(0);
    match choose(scores, plan.design, plan.request, plan.measure)? {
        Strategy::Exhaustive(count) => one_by_one(form, scale, plan, Some(count), par),
        Strategy::Independent => one_by_one(form, scale, plan, None, par),
        Strategy::Sequential => sequential(form, scale, plan, par),
        Strategy::CyclicOrbits(form, relabelings) => cyclic_orbits(form, relabelings, scale, plan, par),
        Strategy::AllShifts(form, lattice) => {
            let found = lattice_orbits(form, (&lattice, 1), Box::new(circle), scale, plan, par)?;
            Ok(PairValues { method: "exact", ..found })
        }
        Strategy::LatticeOrbits(form, lattice, count) => {
            lattice_orbits(form, (&lattice, count), Box::new(orders), scale, plan, par)
        }
        Strategy::AllShiftsOfNeighbors(form) => {
            par.expect(plan.design.n());
            let found = orbits(&mut NeighborEngine::new(form, Box::new(circle)), 1, scale, plan, par)?;
            Ok(PairValues { method: "exact", ..found })
        }
        Strategy::NeighborOrbits(form, relabelings) => {
            let count = relabelings.orbits();
            par.expect(count.saturating_mul(relabelings.size()));
            let orders = Box::new(|r| relabelings.get(r).tau);
            orbits(&mut NeighborEngine::new(form, orders), count, scale, plan, par)
        }
        Strategy::CrossOrbits(form, lattice, count) => {
            let mut engine = CrossOrbits::begin(form, lattice, &plan.request.key, par)?;
            par.expect(count.saturating_mul(engine.size()));
            orbits(&mut engine, count, scale, plan, par)
        }
    }
}

/// Null distribution of values that begin with the observed one, without any of them.
fn null_distribution<'t>(scale: &'t ScoreScale<'t>, plan: &PairTest<'_>, first: &[f64]) -> NullDistribution<'t> {
    NullDistribution::new(scale, first[0], ties::window(first, plan.tolerance), plan.request.return_null)
}

/// Values of so many orbits of an engine. Those certain to be less extreme than the observed one are not computed, if there
/// are bounds and no use for the values.
fn orbits<'t>(
    engine: &mut dyn OrbitEngine,
    count: usize,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let first = engine.first(par)?;
    let mut null = null_distribution(scale, plan, &first);
    null.take(&first)?;
    let engine = &*engine;
    let bar = match (plan.alternative, engine.prunes()) {
        _ if plan.request.return_null => None,
        (Alternative::Greater, Some(Ordering::Less)) => Some(null.observed - null.window()),
        (Alternative::Less, Some(Ordering::Greater)) => Some(null.observed + null.window()),
        _ => None,
    };
    // Mean and spread come from values that are known.
    let known = if bar.is_some() { KNOWN.div_ceil(engine.size()).min(count) } else { count };
    let (batch, mut pruned) = (engine.side_by_side(), 0);
    for from in (1..known).step_by(batch) {
        for values in par.map(batch.min(known - from), |at, par| engine.block(from + at, par))? {
            null.take(&values)?;
        }
    }
    if let Some(bar) = bar {
        for from in (known..count).step_by(batch) {
            for values in par.map(batch.min(count - from), |at, par| engine.pruned_block(from + at, bar, par))? {
                let known: Vec<f64> = values.iter().copied().flatten().collect();
                null.take_certain(values.len() - known.len(), plan.alternative == Alternative::Greater);
                null.take_counts(&known);
                pruned += values.len() - known.len();
            }
        }
    }
    let multipliers = engine.multipliers();
    Ok(PairValues {
        n_orbits: Some(count.saturating_mul(multipliers)),
        multipliers,
        exact: engine.exact(),
        adjudicated: engine.adjudicated(),
        pruned,
        factor: engine.variance_factor(),
        ..PairValues::new(null, "orbits")
    })
}

/// Values of cyclic orbits, by the cheaper of two engines.
fn cyclic_orbits<'t>(
    form: &Bilinear<'_>,
    relabelings: Relabelings,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    let (n, count) = (plan.design.n(), relabelings.count());
    // Both matrices, one of them as whole rows, and the transforms of the other.
    let (need, free) = (8.0 * (n as f64).powi(2) * 1.75, par.available());
    par.expect(relabelings.orbits().saturating_mul(n));
    if LowRankOrbits::pays(form, need <= free)
        && let Some(mut engine) = LowRankOrbits::new(form, relabelings.clone(), par)?
    {
        return orbits(&mut engine, count, scale, plan, par);
    }
    if need > free {
        return Err(Error::OverBudget { what: "Orbits of n x n matrices".into(), need, free });
    }
    let (k, l) = (form.k.dense(par)?, form.l.dense(par)?);
    let (k, l) = (Residual::of(&k, par)?, Residual::of(&l, par)?);
    orbits(&mut MixedPrecision::new(form, &k, &l, relabelings, plan.request), count, scale, plan, par)
}

/// Values of so many orbits on a lattice.
fn lattice_orbits<'t>(
    form: &Bilinear<'_>,
    (lattice, count): (&Lattice, usize),
    orders: OrbitOrders<'_>,
    scale: &'t ScoreScale<'t>,
    plan: &PairTest<'_>,
    par: Par<'_>,
) -> Result<PairValues<'t>> {
    par.expect(count.saturating_mul(lattice.length()));
    let mut engine = LatticeEngine::new(form, lattice, orders, par)?;
    orbits(&mut engine, count, scale, plan, par)
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
