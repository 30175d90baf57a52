//! Shift orbits of neighbor lists whose shared neighbors weigh by their places.
//!
//! Edges meet as they do where they are only counted; each meeting adds the weight of its two places to the sum of its row,
//! and its membership to the overlap of the row. Edges with the same places on one side are of one class, and the weights of
//! classes are looked up. Sums run over the rows in a fixed order, so they have the same bits for any number of threads.

use std::collections::BTreeMap;

use crate::engines::neighbors::Neighbors;
use crate::engines::neighbors::places::Places;
use crate::error::Result;
use crate::form::NeighborLists;
use crate::linalg::Matrix;
use crate::operations::permutation::orbits::edges::{offset, places};
use crate::operations::permutation::orbits::tied_neighbors::{EDGES, one_by_one};
use crate::par::Par;

/// Fewest rows per unit of work, and most units: each has sums of its own.
const ROWS: usize = 2048;
const UNITS: usize = 8;
/// Largest number of pairs of classes that are tabulated.
const CLASSES: usize = 1 << 20;

/// An edge: its offset, or the place where it starts, and its class.
type Edge = (u32, u32);

/// The lists of x along the circle, those of y by class.
pub struct WeightedNeighborOrbits<'a> {
    form: &'a NeighborLists<'a>,
    sigma: Vec<usize>,
    /// None where pairings are better scored one by one.
    counted: Option<Counted>,
}

/// Edges of x, classes of y, and what a meeting of two classes adds: the weight and the membership.
struct Counted {
    x: Edges,
    of_y: Vec<Vec<Edge>>,
    classes_of_y: usize,
    meetings: Vec<(f64, f64)>,
}

/// Edges by place, each with its offset.
struct Edges {
    begin: Vec<usize>,
    edges: Vec<Edge>,
}

impl<'a> WeightedNeighborOrbits<'a> {
    /// Lay the inputs of x out in the order sigma.
    pub fn new(form: &'a NeighborLists<'a>, weights: &Matrix, sigma: &[usize]) -> Self {
        Self { form, sigma: sigma.to_vec(), counted: Counted::new(form, weights, sigma) }
    }

    /// The scores of the orbit of tau.
    pub fn orbit(&self, tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        let Some(counted) = &self.counted else { return one_by_one(self.form, &self.sigma, tau, par) };
        let n = tau.len();
        let buckets = counted.buckets(tau);
        let size = n.div_ceil(UNITS).max(ROWS);
        let parts = par.map(n.div_ceil(size), |part, par| {
            self.sums(counted, part * size..((part + 1) * size).min(n), &buckets, par)
        })?;
        Ok((0..n).map(|s| parts.iter().map(|part| part[s]).sum::<f64>() / n as f64).collect())
    }

    /// By shift, the sum of the scores of some rows of x.
    fn sums(&self, counted: &Counted, rows: std::ops::Range<usize>, buckets: &Edges, par: Par<'_>) -> Result<Vec<f64>> {
        let n = self.sigma.len();
        let mut sums = vec![0.0; n];
        let mut met = vec![(0.0, 0.0); n];
        let mut touched = Vec::new();
        for p in rows {
            par.check()?;
            for &(edge, class) in counted.x.of(p) {
                let meetings = &counted.meetings[class as usize * counted.classes_of_y..][..counted.classes_of_y];
                for &(q, other) in buckets.of(edge as usize) {
                    let s = offset(p as u32, q, n) as usize;
                    let (weight, membership) = meetings[other as usize];
                    // Whoever meets is a member with some part of itself.
                    if met[s].1 == 0.0 {
                        touched.push(s);
                    }
                    met[s].0 += weight;
                    met[s].1 += membership;
                }
            }
            for s in touched.drain(..) {
                sums[s] += self.form.row(met[s]);
                met[s] = (0.0, 0.0);
            }
        }
        Ok(sums)
    }
}

impl Counted {
    /// None if there are too many edges, or too many classes of them.
    fn new(form: &NeighborLists<'_>, weights: &Matrix, sigma: &[usize]) -> Option<Self> {
        let edges = |lists: &Neighbors| (lists.n() * lists.k() + lists.candidates()) as f64;
        if edges(form.x).max(edges(form.y)) > EDGES {
            return None;
        }
        let (of_x, of_y) = (classes(form.x), classes(form.y));
        if of_x.len().saturating_mul(of_y.len()) > CLASSES {
            return None;
        }
        let meets = |a: &Places, b: &Places| (a.weight(*b, weights), a.membership().min(b.membership()));
        let meetings = of_x.keys().flat_map(|a| of_y.keys().map(move |b| meets(a, b))).collect();
        let (place, rows) = (places(sigma), edges_of(form.x, &of_x));
        let (mut begin, mut edges) = (vec![0], Vec::new());
        for (p, &item) in (0..).zip(sigma) {
            let to = |&(j, class): &Edge| (offset(p, place[j as usize], sigma.len()), class);
            edges.extend(rows[item].iter().map(to));
            begin.push(edges.len());
        }
        let x = Edges { begin, edges };
        Some(Self { x, of_y: edges_of(form.y, &of_y), classes_of_y: of_y.len(), meetings })
    }

    /// The edges of y in the order tau by offset, each with the place where it starts.
    fn buckets(&self, tau: &[usize]) -> Edges {
        let (n, place) = (tau.len(), places(tau));
        let all = || {
            (0..).zip(tau).flat_map(|(q, &item)| {
                let to = |&(j, class): &Edge| (offset(q, place[j as usize], n) as usize, (q, class));
                self.of_y[item].iter().map(to).collect::<Vec<_>>()
            })
        };
        let mut begin = vec![0_usize; n + 1];
        all().for_each(|(at, _)| begin[at + 1] += 1);
        (0..n).for_each(|at| begin[at + 1] += begin[at]);
        let mut next = begin.clone();
        let mut edges = vec![(0, 0); begin[n]];
        for (at, edge) in all() {
            edges[next[at]] = edge;
            next[at] += 1;
        }
        Edges { begin, edges }
    }
}

impl Edges {
    /// Those of a place or an offset.
    fn of(&self, at: usize) -> &[Edge] {
        &self.edges[self.begin[at]..self.begin[at + 1]]
    }
}

/// All places that members of lists have, with a number for each.
fn classes(lists: &Neighbors) -> BTreeMap<Places, u32> {
    let mut classes = BTreeMap::new();
    let mut members = Vec::new();
    for i in 0..lists.n() {
        lists.places(i, &mut members);
        members.iter().for_each(|&(_, places)| _ = classes.insert(places, 0));
    }
    classes.values_mut().zip(0..).for_each(|(class, number)| *class = number);
    classes
}

/// By input, its neighbors with their classes.
fn edges_of(lists: &Neighbors, classes: &BTreeMap<Places, u32>) -> Vec<Vec<Edge>> {
    let mut members = Vec::new();
    let mut row = |i: usize| {
        lists.places(i, &mut members);
        members.iter().filter_map(|(j, places)| Some((*j, *classes.get(places)?))).collect()
    };
    (0..lists.n()).map(&mut row).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engines::neighbors::Metric;
    use crate::engines::neighbors::overlap::Agreement;
    use crate::numerics::streams::permutation;
    use crate::testing::representation;

    fn lists(n: usize, k: usize, most: f64, pace: f64) -> Arc<Neighbors> {
        let value = |at: usize| (most * (pace * (at * at) as f64).sin()).round();
        let values: Vec<f64> = (0..2 * n).map(value).collect();
        Neighbors::of(&representation("x", &values, 2), Metric::Euclidean, k, Par::SEQ).unwrap()
    }

    /// Counted or one by one, with ties and without, every shift of every orbit is the score of its pairing.
    #[test]
    fn weighted_orbits_are_scores_of_pairings() {
        for (n, k, most) in [(3, 1, 0.0), (5, 2, 1.0), (31, 3, 1.0), (31, 30, 3.0), (60, 10, 2.0), (60, 7, 1e6)] {
            for (x, y) in [(most, most), (most, 1e6), (1e6, most)] {
                let (x, y) = (lists(n, k, x, 0.7), lists(n, k, y, 1.3));
                // Not symmetric, so that sides cannot be mistaken for each other.
                let form = NeighborLists::new(&x, &y, Agreement::Scaled(|overlap, k| 1.0 / (k as f64 + overlap)))
                    .weighted(|r, s| 1.0 / (r as f64 + 2.0 * s as f64));
                let sigma = permutation(&[3; 32], 0, n);
                let counted = WeightedNeighborOrbits::new(&form, form.weight.as_ref().unwrap(), &sigma);
                assert!(counted.counted.is_some());
                let by_itself = WeightedNeighborOrbits { form: &form, sigma: sigma.clone(), counted: None };
                let tau = permutation(&[3; 32], 1, n);
                let found = counted.orbit(&tau, Par::ALL).unwrap();
                assert_eq!(found, counted.orbit(&tau, Par::SEQ).unwrap());
                let other = by_itself.orbit(&tau, Par::SEQ).unwrap();
                for s in 0..n {
                    let mut order = vec![0; n];
                    sigma.iter().enumerate().for_each(|(i, &item)| order[item] = tau[(i + s) % n]);
                    let expected = form.mean(&order);
                    assert_eq!(other[s], expected);
                    assert!((found[s] - expected).abs() < 1e-14, "n = {n}, k = {k}, shift {s}");
                }
            }
        }
    }
}
