//! Bilinear scores of all pairs, counted orbit by orbit.
//!
//! Means and standard deviations over all n! matchings are known in closed form, so a value is on the common scale of all
//! tests as soon as it is computed, and nothing is kept: one relabeling per orbit serves all pairs ([`Layers`]).

use super::family::{Family, Member};
use super::grid_roads::{Cell, Outcome, Plan};
use super::joint::Found;
use super::layers::Layers;
use super::residual::Residual;
use super::{Alternative, Precision, tie_window};
use crate::engines::pair_matrix::PairMatrix;
use crate::error::Result;
use crate::form::Bilinear;
use crate::linalg::Number;
use crate::numerics::fft::Real;
use crate::numerics::streams::permutation;
use crate::operations::pairwise::distinct;
use crate::par::Par;

/// Single precision is right to this in units of z; closer values count as ties, which errs on the safe side.
const SINGLE: f64 = 1e-5;

/// All pairs, in the precision that was asked for.
pub fn layered(plan: &Plan<'_>, forms: &[&Bilinear<'_>], par: Par<'_>) -> Result<Outcome> {
    if plan.request.precision == Precision::Double {
        layered_in::<f64>(plan, forms, par)
    } else {
        layered_in::<f32>(plan, forms, par)
    }
}

fn layered_in<T: Real + Number>(plan: &Plan<'_>, forms: &[&Bilinear<'_>], par: Par<'_>) -> Result<Outcome> {
    let (cells, request, n) = (plan.cells, plan.request, plan.design.n());
    let towards = plan.alternative.towards();
    let (ks, k_of) = distinct(forms.iter().map(|form| Some(form.k)));
    let (ls, l_of) = distinct(forms.iter().map(|form| Some(form.l)));
    par.require(Layers::<T>::need(n, ks.len(), ls.len()), || "The transforms of all layers".into())?;
    let dense = |sides: &[&PairMatrix]| par.map(sides.len(), |at, par| sides[at].dense(par));
    let (dense_k, dense_l) = (dense(&ks)?, dense(&ls)?);
    let apart_k = par.map(ks.len(), |at, par| Residual::of(&dense_k[at], par))?;
    let apart_l = par.map(ls.len(), |at, par| Residual::of(&dense_l[at], par))?;
    let place = |cell: usize| (k_of[cell].unwrap_or_default(), l_of[cell].unwrap_or_default());

    let orbits = plan.orbits_of(n);
    par.expect(orbits.saturating_mul(n));
    let sigma = permutation(&request.key, 0, n);
    let engine = Layers::<T>::new(apart_k.iter().collect(), apart_l.iter().collect(), &sigma, orbits, par)?;
    let mut about = Vec::with_capacity(cells.len());
    for (cell, form) in forms.iter().enumerate() {
        let (a, b) = place(cell);
        let (mean, std) = (apart_k[a].mean(&apart_l[b]), apart_k[a].std(&apart_l[b]));
        let denominator = form.denominator(par)?;
        let inner = inner_of(form, cells[cell].statistic, denominator, par)?;
        let sign = if form.link.rises() { 1.0 } else { -1.0 };
        let window = if size_of::<T>() == 4 { SINGLE } else { tie_window(inner, std) / std.max(f64::MIN_POSITIVE) };
        about.push(About { mean, std, sign, inner, denominator, window });
    }
    let member = |(about, cell): (&About, &Cell<'_>)| Member {
        observed: towards * about.sign * about.z(about.inner),
        window: about.window,
        counts: cell.counts,
    };
    let two_sided = plan.alternative == Alternative::TwoSided;
    let mut family = Family::new(about.iter().zip(cells).map(member).collect(), two_sided);
    let order: Vec<usize> = family.order().to_vec();
    let engine_order: Vec<usize> = order.iter().map(|&cell| place(cell).0 * ls.len() + place(cell).1).collect();
    let affine = forms[0].link.is_affine();
    let mut sums = vec![(0.0, 0.0); cells.len()];
    for r in 0..orbits {
        par.check()?;
        let tau = permutation(&request.key, r as u64, n);
        let mut next = order.iter();
        family.begin(n);
        engine.orbit(&tau, &engine_order, par, |_, mut values| {
            let Some(&cell) = next.next() else { return };
            let about = &about[cell];
            if r == 0 {
                values[0] = about.inner;
            }
            if !affine {
                let start = cells[cell].statistic;
                for &value in &values {
                    let delta = forms[cell].link.score(value, about.denominator) - start;
                    sums[cell].0 += delta;
                    sums[cell].1 += delta * delta;
                }
            }
            let turn = towards * about.sign;
            values.iter_mut().for_each(|value| *value = turn * about.z(*value));
            family.take(cell, &values);
        })?;
        family.end();
        par.advance(n);
    }
    let total = family.arrangements() as f64;
    let one = |(cell, about): (usize, &About)| {
        let link = &forms[cell].link;
        let z = if about.std > 0.0 { about.sign * about.z(about.inner) } else { f64::NAN };
        if affine {
            let std = (link.factor / about.denominator).abs() * about.std;
            return Found { mean: link.score(about.mean, about.denominator), std, z };
        }
        let (first, second) = (sums[cell].0 / total, sums[cell].1 / total);
        Found { mean: cells[cell].statistic + first, std: (second - first * first).max(0.0).sqrt(), z }
    };
    let of_cells = about.iter().enumerate().map(one).collect();
    Ok(Outcome { family, of_cells, method: "orbits", n_orbits: Some(orbits), exact: (affine, affine) })
}

/// What is known of the inner product of one pair.
struct About {
    mean: f64,
    std: f64,
    /// -1 where the score falls as the inner product rises.
    sign: f64,
    inner: f64,
    denominator: f64,
    window: f64,
}

impl About {
    fn z(&self, value: f64) -> f64 {
        if self.std > 0.0 { (value - self.mean) / self.std } else { 0.0 }
    }
}

/// The inner product behind a score: taken back through the link where that loses nothing.
fn inner_of(form: &Bilinear<'_>, statistic: f64, denominator: f64, par: Par<'_>) -> Result<f64> {
    if form.link.is_affine() {
        return Ok((statistic - form.link.offset) * denominator / form.link.factor);
    }
    form.k.inner(form.l, None, par)
}
