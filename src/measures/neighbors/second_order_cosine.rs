//! Second-order cosine: are the similarities of an input to its neighbors alike?
//!
//! ```text
//! second_order_cosine(x, y) = mean over i of cos( s(i), t(i) )
//! s(i), t(i) = cosine similarities of input i to the inputs in  A_i or B_i,  in x and in y
//! ```
//!
//! `A_i` and `B_i` are the k nearest other inputs of input i and all that are tied for the last places, so that no index
//! decides who is looked at. `neighbors="intersection"` looks at shared neighbors only;
//! `inner="distance"` compares `1 - cosine`, which has a high floor: unrelated data score around 0.5.
//!
//! - Misleads when all similarities are high, as in narrow cones: then the two vectors are alike whatever the neighbors.
//! - Cost: lists O(n^2 d), once per representation; score O(n k d).
//! - Reference: Hamilton, Leskovec & Jurafsky (2016), arXiv:1606.02821; Schumacher et al. (2021), arXiv:2005.10039.

use std::sync::Arc;

use super::warnings;
use crate::cost::Cost;
use crate::engines::kernels::unit_rows;
use crate::engines::neighbors::{Metric, Neighbors};
use crate::engines::spectrum::saved;
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling};
use crate::facts::Facts;
use crate::form::{Form, Pair, mean_of_present};
use crate::linalg::{Matrix, unit_scale};
use crate::measure::Measure;
use crate::numerics::sums;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;
use crate::warning::Warning;

/// Second-order cosine and its choices.
#[derive(Clone, Copy, Debug)]
pub struct SecondOrderCosine {
    k: usize,
    metric: Metric,
    distance: bool,
    intersection: bool,
}

/// Rows at unit length, and the lists.
pub struct Directions {
    unit: Matrix,
    lists: Arc<Neighbors>,
}

impl Measure for SecondOrderCosine {
    const NAME: &'static str = "second_order_cosine";
    const FAMILY: &'static str = "neighbors";
    type Summary = Directions;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self {
            k: options.int("k").default(10).least(1).examples(&[3, 4]).read()?,
            metric: options.choice("metric", &Metric::CHOICES[..3])?,
            distance: options.choice("inner", &[("similarity", false), ("distance", true)])?,
            intersection: options.choice("neighbors", &[("union", false), ("intersection", true)])?,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            // Distances are not negative, so neither is the cosine of two vectors of them.
            range: if self.distance { (0.0, 1.0) } else { (-1.0, 1.0) },
            invariant_to: &[Permutation, Orthogonal, Scaling],
            min_rows: self.k + 1,
            row_sizes_matter: false,
            jumps: Some("lists of neighbors"),
            mean_matters: true,
            reference: "Hamilton et al. 2016, arXiv:1606.02821; Schumacher et al. 2021, arXiv:2005.10039",
            cost: "lists O(n^2 d) per representation, O(n k d) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        // Similarities to the neighbors on either side, on both sides, which are put in order first.
        let looked_at = n as f64 * 2.0 * self.k as f64;
        Cost { score: looked_at * (4.0 * d as f64 + 20.0), ..Cost::neighbors(n, d, self.k) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Directions> {
        let lists = Neighbors::of(x, self.metric, self.k, par)?;
        Ok(Directions { unit: unit_rows(x, par)?.0.clone(), lists })
    }

    fn form<'a>(&'a self, x: &'a Directions, y: &'a Directions) -> Result<Form<'a>> {
        let rows = move |pairing: Option<&[usize]>, par: Par<'_>| self.rows(x, y, pairing, par);
        let of = move |pairing: Option<&[usize]>, par: Par<'_>| {
            mean_of_present(&self.rows(x, y, pairing, par)?).ok_or_else(|| Error::Undefined {
                measure: Self::NAME.into(),
                reason: "no row has similarities to compare".into(),
            })
        };
        Ok(Form::Pair(Pair { rows: Some(Box::new(rows)), ..Pair::new(of) }))
    }

    fn warnings(&self, x: &Directions, y: &Directions) -> Vec<Warning> {
        warnings(&x.lists, &y.lists)
    }
}

impl SecondOrderCosine {
    /// The cosine of every row; NaN where a vector of similarities is zero or there are no shared neighbors.
    fn rows(&self, x: &Directions, y: &Directions, pairing: Option<&[usize]>, par: Par<'_>) -> Result<Vec<f64>> {
        const ROWS: usize = 64;
        let n = x.lists.n();
        let to = |i: usize| pairing.map_or(i, |m| m[i]);
        // The input of x that meets input j of y.
        let mut back: Vec<usize> = (0..n).collect();
        (0..n).for_each(|i| back[to(i)] = i);
        let parts = par.map(n.div_ceil(ROWS), |part, _| {
            let range = part * ROWS..((part + 1) * ROWS).min(n);
            Ok(range.map(|i| self.row(x, y, i, &to, &back)).collect::<Vec<f64>>())
        })?;
        Ok(parts.concat())
    }

    fn row(&self, x: &Directions, y: &Directions, i: usize, to: &dyn Fn(usize) -> usize, back: &[usize]) -> f64 {
        let mut mine: Vec<usize> = members(&x.lists, i).collect();
        let theirs = members(&y.lists, to(i)).map(|j| back[j]);
        let mut looked_at: Vec<usize> = if self.intersection {
            mine.sort_unstable();
            theirs.filter(|j| mine.binary_search(j).is_ok()).collect()
        } else {
            theirs.chain(mine).collect()
        };
        looked_at.sort_unstable();
        looked_at.dedup();
        // Equal directions are at distance 0, not at the round-off of their cosine.
        let distance = |cosine: f64| if 1.0 - cosine > 8.0 * f64::EPSILON { 1.0 - cosine } else { 0.0 };
        let value = |cosine: f64| if self.distance { distance(cosine) } else { cosine };
        let both_sides = |&j: &usize| {
            let s = value(sums::dot(x.unit.row(i), x.unit.row(j)));
            let t = value(sums::dot(y.unit.row(to(i)), y.unit.row(to(j))));
            (s, t)
        };
        let pairs: Vec<(f64, f64)> = looked_at.iter().map(both_sides).collect();
        // All but orthogonal rows have similarities whose squares vanish.
        let largest = |of: fn(&(f64, f64)) -> f64| unit_scale(pairs.iter().map(of).fold(0.0, |m, v| v.abs().max(m)));
        let (of_x, of_y) = (largest(|pair| pair.0), largest(|pair| pair.1));
        let (mut both, mut own, mut other) = (0.0, 0.0, 0.0);
        for (s, t) in pairs {
            let (s, t) = (s * of_x, t * of_y);
            both += s * t;
            own += s * s;
            other += t * t;
        }
        both / (own * other).sqrt()
    }
}

/// All inputs that are neighbors of input i with some weight.
fn members(lists: &Neighbors, i: usize) -> impl Iterator<Item = usize> + '_ {
    lists.certain(i).iter().copied().chain(lists.tied(i)).map(|j| j as usize)
}

impl Summary for Directions {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let mut parts = self.lists.save();
        parts.push(("unit", saved(&self.unit)));
        parts
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let unit = parts.matrix("unit")?;
        let lists = <Arc<Neighbors> as Summary>::load(parts)?;
        if unit.rows() == lists.n() { Ok(Self { unit, lists }) } else { Err(damaged("rows and lists do not fit")) }
    }

    fn rows(&self) -> usize {
        self.lists.n()
    }
}
