//! Shift orbits of neighbor lists in which tied candidates share places.
//!
//! Edges to certain and to tied neighbors are counted apart, on either side, which makes four counts per row and shift; from
//! these comes the overlap, as on the general path. Ties can be so many that pairings are better scored one by one: all rows
//! of a class of an indicator code share one group of candidates, and groups meet once however many rows have them.

use crate::engines::neighbors::Neighbors;
use crate::engines::neighbors::overlap::{Met, overlap};
use crate::error::Result;
use crate::form::NeighborLists;
use crate::operations::permutation::orbits::edges::{EdgeBuckets, offset, places};
use crate::par::Par;

/// Fewest rows per unit of work, and most units, of counts; shifts per unit of work otherwise.
const ROWS: usize = 2048;
const UNITS: usize = 8;
const SHIFTS: usize = 16;
/// Steps that a look for a tied neighbor takes, about.
const SEARCH: f64 = 8.0;
/// Largest number of edges that are laid out.
pub const EDGES: f64 = (1_u64 << 28) as f64;

/// The lists of x along the circle.
pub struct TiedNeighborOrbits<'a> {
    form: &'a NeighborLists<'a>,
    sigma: Vec<usize>,
    /// Places of the inputs of x, where edges are counted at all.
    place: Option<Vec<u32>>,
}

impl<'a> TiedNeighborOrbits<'a> {
    /// Lay the inputs of x out in the order sigma.
    pub fn new(form: &'a NeighborLists<'a>, sigma: &[usize]) -> Self {
        Self { form, sigma: sigma.to_vec(), place: counting_pays(form).then(|| places(sigma)) }
    }

    /// The scores of the orbit of tau.
    pub fn orbit(&self, tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        match &self.place {
            Some(place) => self.counted(place, tau, par),
            None => one_by_one(self.form, &self.sigma, tau, par),
        }
    }

    fn counted(&self, place: &[u32], tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        let (n, y) = (tau.len(), self.form.y);
        let certain = |q: usize, place: &[u32], found: &mut Vec<u32>| found.extend(certain(y, tau, q, place));
        let tied = |q: usize, place: &[u32], found: &mut Vec<u32>| found.extend(tied(y, tau, q, place));
        let buckets = [EdgeBuckets::new(tau, certain), EdgeBuckets::new(tau, tied)];
        let size = n.div_ceil(UNITS).max(ROWS);
        let parts = par.map(n.div_ceil(size), |part, par| {
            let rows = part * size..((part + 1) * size).min(n);
            self.count(rows, place, tau, &buckets, par)
        })?;
        Ok((0..n).map(|s| parts.iter().map(|part| part[s]).sum::<f64>() / n as f64).collect())
    }

    /// By shift, the sum of the scores of some rows of x.
    fn count(
        &self,
        rows: std::ops::Range<usize>,
        place: &[u32],
        tau: &[usize],
        buckets: &[EdgeBuckets; 2],
        par: Par<'_>,
    ) -> Result<Vec<f64>> {
        let (n, x, y, agreement) = (tau.len(), self.form.x, self.form.y, self.form.agreement);
        let mut sums = vec![0.0; n];
        let mut met: Vec<Met> = vec![[0; 4]; n];
        let mut touched = Vec::new();
        for p in rows {
            par.check()?;
            let edges = certain(x, &self.sigma, p, place).map(|edge| (0, edge));
            for (kind, edge) in edges.chain(tied(x, &self.sigma, p, place).map(|edge| (2, edge))) {
                for (kind, bucket) in (kind..).zip(buckets) {
                    for &q in bucket.of(edge) {
                        let s = offset(p as u32, q, n) as usize;
                        if met[s] == [0; 4] {
                            touched.push(s);
                        }
                        met[s][kind] += 1;
                    }
                }
            }
            let first = (x.cut(self.sigma[p]), x.k());
            for s in touched.drain(..) {
                let second = (y.cut(tau[(p + s) % n]), y.k());
                sums[s] += agreement.of(overlap(met[s], first, second), x.k());
                met[s] = [0; 4];
            }
        }
        Ok(sums)
    }
}

/// The scores of the orbit of tau, pairing after pairing.
pub fn one_by_one(form: &NeighborLists<'_>, sigma: &[usize], tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
    let n = tau.len();
    let parts = par.map(n.div_ceil(SHIFTS), |part, par| {
        let mut order = vec![0; n];
        let mut scores = Vec::with_capacity(SHIFTS);
        for s in part * SHIFTS..((part + 1) * SHIFTS).min(n) {
            par.check()?;
            sigma.iter().enumerate().for_each(|(p, &item)| order[item] = tau[(p + s) % n]);
            scores.push(form.mean(&order));
        }
        Ok(scores)
    })?;
    Ok(parts.concat())
}

/// Offsets of the edges from a place to certain neighbors.
fn certain<'b>(
    lists: &'b Neighbors,
    order: &[usize],
    p: usize,
    place: &'b [u32],
) -> impl Iterator<Item = u32> + use<'b> {
    lists.certain(order[p]).iter().map(move |&j| offset(p as u32, place[j as usize], place.len()))
}

/// Offsets of the edges from a place to tied ones.
fn tied<'b>(lists: &'b Neighbors, order: &[usize], p: usize, place: &'b [u32]) -> impl Iterator<Item = u32> + use<'b> {
    lists.tied(order[p]).map(move |j| offset(p as u32, place[j as usize], place.len()))
}

/// True if it pays to count meetings of edges, rather than to score pairings one by one.
fn counting_pays(form: &NeighborLists<'_>) -> bool {
    let (n, k) = (form.x.n() as f64, form.x.k() as f64);
    let edges = |lists: &Neighbors| n * k + lists.candidates() as f64;
    let (of_x, of_y) = (edges(form.x), edges(form.y));
    let meetings = of_x * of_y / n;
    // Every group there is laid out once, every group here is looked at by each of those, or once per row.
    let looks = (form.x.candidates() as f64).min((form.y.groups() * form.x.stored()) as f64);
    let one_by_one = n * (SEARCH * n * k + form.y.stored() as f64 + looks);
    of_x.max(of_y) <= EDGES && meetings <= one_by_one
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

    /// Counted or one by one, every shift of every orbit is the score of its pairing on the general path.
    #[test]
    fn orbits_with_ties_are_scores_of_pairings() {
        for (n, k, most) in [(3, 1, 0.0), (5, 2, 1.0), (31, 3, 1.0), (31, 3, 3.0), (60, 10, 2.0)] {
            for (x, y) in [(most, most), (most, 1e6), (1e6, most)] {
                let (x, y) = (lists(n, k, x, 0.7), lists(n, k, y, 1.3));
                for agreement in [Agreement::Share, Agreement::Jaccard] {
                    let form = NeighborLists::new(&x, &y, agreement);
                    assert!(form.has_ties(), "n = {n}, k = {k}");
                    let sigma = permutation(&[3; 32], 0, n);
                    let counted =
                        TiedNeighborOrbits { place: Some(places(&sigma)), ..TiedNeighborOrbits::new(&form, &sigma) };
                    let by_itself = TiedNeighborOrbits { place: None, ..TiedNeighborOrbits::new(&form, &sigma) };
                    let tau = permutation(&[3; 32], 1, n);
                    let found = counted.orbit(&tau, Par::ALL).unwrap();
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
}
