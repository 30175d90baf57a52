//! Bilinear scores of all pairs, counted orbit by orbit.
//!
//! Means and standard deviations over all n! pairings are known in closed form, so a value is on the common scale of all
//! tests as soon as it is computed, and nothing is kept: one relabeling per orbit serves all pairs ([`CyclicGrid`]).
//!
//! Single precision could count only values close to the observed one of their pair wrongly. These are computed again from
//! the definition, and those told apart are moved out of reach of what ties: so a pair counts as it does when it is tested
//! alone. What is compared across pairs, for corrections, ties within the round-off, which errs on the safe side.

use crate::engines::pair_matrix::PairMatrix;
use crate::error::Result;
use crate::form::{Bilinear, Link};
use crate::linalg::ProductFloat;
use crate::numerics::fft::LaneFloat;
use crate::operations::permutation::null::joint::StandardizedPair;
use crate::operations::permutation::null::multiplicity::{Member, Multiplicity};
use crate::operations::permutation::null::ties::round_off;
use crate::operations::permutation::orbits::cyclic_grid::CyclicGrid;
use crate::operations::permutation::orbits::relabelings::Relabelings;
use crate::operations::permutation::orbits::residual::Residual;
use crate::operations::permutation::request::{Alternative, Precision};
use crate::operations::permutation::strategy::grid::{GridTest, GridValues, TestedPair};
use crate::operations::stacked::distinct;
use crate::par::Par;

/// Single precision is right to this in units of z: closer values are computed again.
const SINGLE: f64 = 1e-5;
/// More such values than this in one orbit of a pair, and everything is run in double precision: that is then quicker.
const FEW: usize = 8;

/// All pairs, in the precision that was asked for.
pub fn bilinear_grid(
    plan: &GridTest<'_>,
    forms: &[&Bilinear<'_>],
    relabelings: &Relabelings,
    par: Par<'_>,
) -> Result<GridValues> {
    par.expect(relabelings.orbits().saturating_mul(plan.design.n()));
    if plan.request.precision != Precision::Double {
        let (outcome, fine) = bilinear_grid_in::<f32>(plan, forms, relabelings, par)?;
        if fine {
            return Ok(outcome);
        }
    }
    Ok(bilinear_grid_in::<f64>(plan, forms, relabelings, par)?.0)
}

/// All pairs in that precision, and whether it is fine enough.
fn bilinear_grid_in<T: LaneFloat + ProductFloat>(
    plan: &GridTest<'_>,
    forms: &[&Bilinear<'_>],
    relabelings: &Relabelings,
    par: Par<'_>,
) -> Result<(GridValues, bool)> {
    let (cells, n) = (plan.cells, plan.design.n());
    let sign = plan.alternative.sign();
    let (ks, k_of) = distinct(forms.iter().map(|form| Some(form.k)));
    let (ls, l_of) = distinct(forms.iter().map(|form| Some(form.l)));
    par.require(CyclicGrid::<T>::need(n, ks.len(), ls.len()), || "The transforms of all layers".into())?;
    let dense = |sides: &[&PairMatrix]| par.map(sides.len(), |at, par| sides[at].dense(par));
    let (dense_k, dense_l) = (dense(&ks)?, dense(&ls)?);
    let apart_k = par.map(ks.len(), |at, par| Residual::of(&dense_k[at], par))?;
    let apart_l = par.map(ls.len(), |at, par| Residual::of(&dense_l[at], par))?;
    let place = |cell: usize| (k_of[cell].unwrap_or_default(), l_of[cell].unwrap_or_default());

    let (orbits, sigma) = (relabelings.orbits(), relabelings.sigma());
    let engine = CyclicGrid::<T>::new(apart_k.iter().collect(), apart_l.iter().collect(), &sigma, orbits, par)?;
    let mut about = Vec::with_capacity(cells.len());
    for (cell, form) in forms.iter().enumerate() {
        let (a, b) = place(cell);
        let (mean, std) = (apart_k[a].mean(&apart_l[b]), apart_k[a].std(&apart_l[b]));
        let denominator = form.denominator(par)?;
        let inner = inner_of(form, cells[cell].statistic, denominator, par)?;
        let sign = if form.link.rises() { 1.0 } else { -1.0 };
        let tolerance = round_off(apart_k[a].norm() * apart_l[b].norm());
        // Where all pairings have one value up to round-off, so is the spread.
        let std = if std > tolerance { std } else { 0.0 };
        about.push(InnerProductMoments {
            mean,
            std,
            sign,
            inner,
            denominator,
            ends: form.link.told_apart(denominator),
            tolerance,
        });
    }
    let single = size_of::<T>() == size_of::<f32>();
    let member = |(about, cell): (&InnerProductMoments, &TestedPair<'_>)| Member {
        observed: sign * about.sign * about.clamped_z(about.inner),
        window: (about.tolerance / about.std.max(f64::MIN_POSITIVE)).max(if single { SINGLE } else { 0.0 }),
        counts: cell.counts,
        varies: about.std > 0.0,
        finite: true,
    };
    let two_sided = plan.alternative == Alternative::TwoSided;
    let mut family = Multiplicity::new(about.iter().zip(cells).map(member).collect(), two_sided);
    let order: Vec<usize> = family.order().to_vec();
    let engine_order: Vec<usize> = order.iter().map(|&cell| place(cell).0 * ls.len() + place(cell).1).collect();
    let affine = forms[0].link.is_affine();
    let mut sums = vec![(0.0, 0.0); cells.len()];
    let mut fine = true;
    let orders = (0..relabelings.count()).flat_map(|r| relabelings.get(r).orders());
    for (r, tau) in orders.enumerate() {
        par.check()?;
        let mut next = order.iter();
        family.begin(n);
        engine.orbit(&tau, &engine_order, par, |_, mut values| {
            let Some(&cell) = next.next() else { return Ok(()) };
            let about = &about[cell];
            if r == 0 {
                values[0] = about.inner;
            }
            if single {
                let close = about.close(&values, r == 0);
                fine &= r > 0 || close.len() <= FEW;
                for s in close.into_iter().filter(|_| fine) {
                    let mut order = vec![0; n];
                    sigma.iter().enumerate().for_each(|(i, &item)| order[item] = tau[(i + s) % n]);
                    values[s] = about.separated(forms[cell].k.inner(forms[cell].l, Some(&order), par)?);
                }
            }
            if !affine {
                let start = cells[cell].statistic;
                for &value in &values {
                    let delta = forms[cell].link.score(value, about.denominator) - start;
                    sums[cell].0 += delta;
                    sums[cell].1 += delta * delta;
                }
            }
            let turn = sign * about.sign;
            values.iter_mut().for_each(|value| *value = turn * about.clamped_z(*value));
            family.take(cell, &values);
            Ok(())
        })?;
        if !fine {
            break;
        }
        family.end();
        par.advance(n);
    }
    // The observed score is not part of what it is compared with.
    let others = (family.arrangements() as f64 - 1.0).max(1.0);
    let of_pair = |(cell, about): (usize, &InnerProductMoments)| {
        let differences = (!affine).then(|| (sums[cell], others));
        about.standardized(&forms[cell].link, cells[cell].statistic, differences)
    };
    let of_cells = about.iter().enumerate().map(of_pair).collect();
    let exact = (affine, affine);
    Ok((GridValues { family, of_cells, method: "orbits", n_orbits: Some(orbits), exact, failures: Vec::new() }, fine))
}

/// Inner product of one pair: the observed one, and its moments over all pairings.
struct InnerProductMoments {
    mean: f64,
    /// 0 where all pairings have one value.
    std: f64,
    /// -1 where the score falls as the inner product rises.
    sign: f64,
    inner: f64,
    denominator: f64,
    /// Inner products between which scores differ.
    ends: (f64, f64),
    /// Closer inner products tie.
    tolerance: f64,
}

impl InnerProductMoments {
    /// The pair in terms of its score. `differences` from the statistic are summed, with their squares, over the others
    /// of so many pairings; None where means carry over to the score.
    fn standardized(&self, link: &Link, statistic: f64, differences: Option<((f64, f64), f64)>) -> StandardizedPair {
        let varies = self.std > 0.0;
        let z = if varies { self.sign * self.z(self.inner) } else { f64::NAN };
        let (mean, std) = match differences {
            None => {
                let std = (link.factor / self.denominator).abs() * self.std;
                (link.score(self.mean, self.denominator), std)
            }
            Some(((first, second), others)) => {
                let (mean, freedom) = (first / others, (others - 1.0).max(1.0));
                (statistic + mean, ((second - mean * first) / freedom).max(0.0).sqrt())
            }
        };
        let smallest_p = if varies { 0.0 } else { 1.0 };
        StandardizedPair { mean, std: if varies { std } else { 0.0 }, z, varies, infinite: 0, smallest_p }
    }

    fn z(&self, value: f64) -> f64 {
        if self.std > 0.0 { (value - self.mean) / self.std } else { 0.0 }
    }

    /// Inner products order as their scores do.
    fn clamped(&self, value: f64) -> f64 {
        value.max(self.ends.0).min(self.ends.1)
    }

    fn clamped_z(&self, value: f64) -> f64 {
        self.z(self.clamped(value))
    }

    /// Values that single precision may count wrongly, the first of them apart where it is the observed one.
    fn close(&self, values: &[f64], observed_first: bool) -> Vec<usize> {
        let (observed, margin) = (self.clamped(self.inner), SINGLE * self.std);
        let beyond = |value: f64| value < self.ends.0 || value > self.ends.1;
        let close = |&s: &usize| {
            (self.clamped(values[s]) - observed).abs() <= margin && !(beyond(values[s]) && beyond(self.inner))
        };
        (usize::from(observed_first)..values.len()).filter(|_| margin > 0.0).filter(close).collect()
    }

    /// A value computed again: the observed one if it ties with it, else moved beyond what single precision takes for a tie.
    fn separated(&self, value: f64) -> f64 {
        let (observed, apart) = (self.clamped(self.inner), self.clamped(value) - self.clamped(self.inner));
        if apart.abs() <= self.tolerance {
            self.inner
        } else {
            observed + apart + 2.0 * SINGLE * self.std * apart.signum()
        }
    }
}

/// The inner product behind a score: taken back through the link where that loses nothing.
fn inner_of(form: &Bilinear<'_>, statistic: f64, denominator: f64, par: Par<'_>) -> Result<f64> {
    if form.link.is_affine() {
        return Ok((statistic - form.link.offset) * denominator / form.link.factor);
    }
    form.k.inner(form.l, None, par)
}
