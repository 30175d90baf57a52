//! Shift orbits of neighbor lists: n permutations at once, by counting.
//!
//! A list is a set of directed edges from an input to its neighbors. Lay the inputs of x out on a circle in the order sigma
//! and those of y in the order tau: at shift s the input at place p of x meets the one at place p + s of y. An edge keeps its
//! *offset*, the number of places from its start to its end, under every shift. So an edge of x that starts at p meets an
//! edge of y of the same offset that starts at q at exactly one shift, s = q - p, and the row at p shares one neighbor more
//! there. With y's edges sorted by offset all meetings are found one by one: about n k^2 of them for n permutations.
//!
//! Everything counted is a whole number, so pairings that share alike score alike, bit for bit, as they do on the general
//! path. Where tied neighbors share places, [`TiedNeighborOrbits`] counts; where shared neighbors have weights,
//! [`WeightedNeighborOrbits`] sums.

use crate::error::Result;
use crate::form::NeighborLists;
use crate::operations::permutation::orbits::edges::{EdgeBuckets, offset, places};
use crate::operations::permutation::orbits::tied_neighbors::TiedNeighborOrbits;
use crate::operations::permutation::orbits::weighted_neighbors::WeightedNeighborOrbits;
use crate::operations::permutation::orbits::{OrbitEngine, OrbitOrders};
use crate::par::Par;

/// Fewest rows per unit of work, and most units: several threads share one orbit, and each unit has counts of its own.
const ROWS: usize = 2048;
const UNITS: usize = 8;

/// The lists of x along the circle, those of y ready to be laid out.
pub struct NeighborOrbits<'a> {
    form: &'a NeighborLists<'a>,
    n: usize,
    /// Offsets of x's edges, place after place.
    edges: Vec<u32>,
    /// Take over where counts are not enough.
    other: Option<OtherOrbits<'a>>,
}

/// Lists that whole numbers do not tell all of.
enum OtherOrbits<'a> {
    /// Tied neighbors share places.
    Tied(TiedNeighborOrbits<'a>),
    /// Shared neighbors have weights.
    Weighted(WeightedNeighborOrbits<'a>),
}

impl<'a> NeighborOrbits<'a> {
    /// Lay the inputs of x out in the order sigma.
    pub fn new(form: &'a NeighborLists<'a>, sigma: &[usize]) -> Self {
        let (n, place) = (form.x.n(), places(sigma));
        let other = match &form.weight {
            Some(weights) => Some(OtherOrbits::Weighted(WeightedNeighborOrbits::new(form, weights, sigma))),
            None if form.has_ties() => Some(OtherOrbits::Tied(TiedNeighborOrbits::new(form, sigma))),
            None => None,
        };
        if other.is_some() {
            return Self { form, n, edges: Vec::new(), other };
        }
        let offsets = |p: usize| form.x.certain(sigma[p]).iter().map(move |&j| (j, p));
        let edges = (0..n).flat_map(offsets).map(|(j, p)| offset(p as u32, place[j as usize], n)).collect();
        Self { form, n, edges, other: None }
    }

    /// The scores of the orbit of tau.
    pub fn orbit(&self, tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        match &self.other {
            Some(OtherOrbits::Tied(lists)) => return lists.orbit(tau, par),
            Some(OtherOrbits::Weighted(lists)) => return lists.orbit(tau, par),
            None => {}
        }
        let offsets = |q: usize, place: &[u32], found: &mut Vec<u32>| {
            found.extend(self.form.y.certain(tau[q]).iter().map(|&j| offset(q as u32, place[j as usize], self.n)));
        };
        let buckets = EdgeBuckets::new(tau, offsets);
        let (n, sizes) = (self.n, self.form.of_overlap.len());
        let size = n.div_ceil(UNITS).max(ROWS);
        let parts = par.map(n.div_ceil(size), |part, _| {
            let rows = part * size..((part + 1) * size).min(n);
            Ok(self.count(rows, &buckets))
        })?;
        // How many rows share how many neighbors, by shift; rows that share none were not counted.
        let counts = |s: usize, o: usize| parts.iter().map(|part| part[s * sizes + o]).sum::<u32>();
        let score = |s: usize| {
            let some: u32 = (1..sizes).map(|o| counts(s, o)).sum();
            let none = f64::from(n as u32 - some) * self.form.of_overlap[0];
            let total = (1..sizes).fold(none, |sum, o| sum + f64::from(counts(s, o)) * self.form.of_overlap[o]);
            total / n as f64
        };
        Ok((0..n).map(score).collect())
    }

    /// For some rows of x: by shift, how many of them share how many neighbors.
    fn count(&self, rows: std::ops::Range<usize>, buckets: &EdgeBuckets) -> Vec<u32> {
        let (n, k, sizes) = (self.n as u32, self.form.x.k(), self.form.of_overlap.len());
        let mut counts = vec![0_u32; self.n * sizes];
        let mut shared = vec![0_u32; self.n];
        let mut touched = Vec::new();
        for p in rows {
            for &edge in &self.edges[p * k..(p + 1) * k] {
                for &q in buckets.of(edge) {
                    let s = offset(p as u32, q, n as usize) as usize;
                    if shared[s] == 0 {
                        touched.push(s as u32);
                    }
                    shared[s] += 1;
                }
            }
            for s in touched.drain(..) {
                counts[s as usize * sizes + shared[s as usize] as usize] += 1;
                shared[s as usize] = 0;
            }
        }
        counts
    }
}

/// The orbits of a test of one pair.
pub struct NeighborEngine<'a> {
    orbits: NeighborOrbits<'a>,
    orders: OrbitOrders<'a>,
}

impl<'a> NeighborEngine<'a> {
    /// The engine of the orbits of these orders.
    pub fn new(form: &'a NeighborLists<'a>, orders: OrbitOrders<'a>) -> Self {
        Self { orbits: NeighborOrbits::new(form, &orders(0)), orders }
    }
}

impl OrbitEngine for NeighborEngine<'_> {
    fn size(&self) -> usize {
        self.orbits.n
    }

    fn block(&self, r: usize, par: Par<'_>) -> Result<Vec<f64>> {
        let scores = self.orbits.orbit(&(self.orders)(r), par)?;
        par.advance(self.size());
        Ok(scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::neighbors::overlap::Agreement;
    use crate::engines::neighbors::{Metric, Neighbors};
    use crate::form::Form;
    use crate::numerics::streams::permutation;
    use crate::operations::permutation::draws::PairingValues;
    use crate::representation::{Representation, Storage, View};

    fn lists(n: usize, k: usize, pace: f64) -> std::sync::Arc<Neighbors> {
        let data = ndarray::Array2::from_shape_fn((n, 4), |(i, j)| (pace * (i * i * (j + 1)) as f64).sin());
        let x = Representation::matrix("x", View::F64(data.view()), Storage::F64).unwrap();
        Neighbors::of(&x, Metric::Euclidean, k, Par::SEQ).unwrap()
    }

    /// Every shift of every orbit is, to the bit, the score of its pairing on the general path.
    #[test]
    fn orbits_are_scores_of_pairings() {
        for (n, k) in [(2, 1), (5, 2), (6, 5), (31, 3), (60, 10)] {
            let (x, y) = (lists(n, k, 0.7), lists(n, k, 1.3));
            let form = Form::Neighbors(NeighborLists::new(&x, &y, Agreement::Jaccard));
            let direct = PairingValues::new(&form, 1, Par::SEQ).unwrap();
            let Form::Neighbors(lists) = &form else { unreachable!() };
            let sigma = permutation(&[3; 32], 0, n);
            let engine = NeighborOrbits::new(lists, &sigma);
            for r in 0..3 {
                let tau = permutation(&[3; 32], r, n);
                for (s, found) in engine.orbit(&tau, Par::ALL).unwrap().into_iter().enumerate() {
                    let mut order = vec![0; n];
                    sigma.iter().enumerate().for_each(|(i, &item)| order[item] = tau[(i + s) % n]);
                    assert_eq!(
                        found,
                        direct.score(&order, Par::SEQ).unwrap(),
                        "n = {n}, k = {k}, orbit {r}, shift {s}"
                    );
                }
            }
        }
    }
}
