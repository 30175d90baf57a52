//! Overlap of two lists of neighbors.
//!
//! ```text
//! overlap of a row = sum over inputs j of min( membership of j in one list, membership of j in the other )
//! ```
//!
//! A certain neighbor is a member with weight 1, a tied candidate with its share of a place. Without ties the overlap is the
//! number of inputs in both lists. With them four numbers are counted: by whether an input is certain or tied here and there.

use super::ties::Cut;
use super::{Neighbors, SHARED};

/// Score of a row by the overlap of its lists.
#[derive(Debug, Clone, Copy)]
pub enum Agreement {
    /// The overlap as a share of k.
    Share,
    /// The overlap as a share of the union, which is the sum of the larger memberships.
    Jaccard,
    /// The overlap times a function of the overlap and of k.
    Scaled(fn(f64, usize) -> f64),
}

impl Agreement {
    /// The score of a row with this overlap of lists of k.
    pub fn of(self, overlap: f64, k: usize) -> f64 {
        match self {
            Self::Share => overlap / k as f64,
            Self::Jaccard => overlap / (2.0 * k as f64 - overlap),
            Self::Scaled(factor) if overlap > 0.0 => overlap * factor(overlap, k),
            Self::Scaled(_) => 0.0,
        }
    }

    /// The score per shared neighbor of a row with this overlap of lists of k, which is positive.
    pub fn per_neighbor(self, overlap: f64, k: usize) -> f64 {
        match self {
            Self::Share => 1.0 / k as f64,
            Self::Jaccard => 1.0 / (2.0 * k as f64 - overlap),
            Self::Scaled(factor) => factor(overlap, k),
        }
    }
}

/// Inputs that two lists have in common: certain in both, tied in the second only, tied in the first only, tied in both.
pub type Met = [u32; 4];

/// The overlap of a list of k and a list of l, by what they have in common.
pub fn overlap(met: Met, (first, k): (Option<Cut>, usize), (second, l): (Option<Cut>, usize)) -> f64 {
    let [both, second_tied, first_tied, both_tied] = met;
    let places = |cut: Option<Cut>, met: u32, k: usize| cut.map_or(0.0, |cut| cut.places(met, k));
    let in_one = places(second, second_tied, l) + places(first, first_tied, k);
    let in_both = places(first, both_tied, k).min(places(second, both_tied, l));
    f64::from(both) + in_one + in_both
}

impl Neighbors {
    /// The overlap of the lists of every row, where row i here meets row `pairing[i]` there.
    pub fn overlaps(&self, other: &Self, pairing: Option<&[usize]>) -> Vec<f64> {
        let to = |i: usize| pairing.map_or(i, |m| m[i]);
        let mut met = vec![SHARED; self.n];
        let both = (0..self.n).map(|i| {
            let stamp = i as u32;
            other.certain(to(i)).iter().for_each(|&j| met[j as usize] = stamp);
            self.certain(i).iter().filter(|&&j| met[to(j as usize)] == stamp).count() as u32
        });
        if self.tied_rows() + other.tied_rows() == 0 {
            return both.map(f64::from).collect();
        }
        let both: Vec<u32> = both.collect();
        let mut back = vec![0; self.n];
        (0..self.n).for_each(|i| back[to(i)] = i);
        let both_tied = self.tied_in_both(other, &to);
        let row = |i: usize| {
            let (first, second) = (self.cut(i), other.cut(to(i)));
            let first_tied = first.map_or(0, |cut| {
                let group = self.cuts.group(cut);
                let is_tied = |&&j: &&u32| group.binary_search(&(back[j as usize] as u32)).is_ok();
                other.certain(to(i)).iter().filter(is_tied).count() as u32
            });
            let second_tied = second.map_or(0, |cut| {
                let group = other.cuts.group(cut);
                let is_tied = |&&j: &&u32| group.binary_search(&(to(j as usize) as u32)).is_ok();
                self.certain(i).iter().filter(is_tied).count() as u32
            });
            overlap([both[i], second_tied, first_tied, both_tied[i]], (first, self.k), (second, other.k))
        };
        (0..self.n).map(row).collect()
    }

    /// Number of inputs that are tied in both lists of every row; rows that share their groups are counted together.
    fn tied_in_both(&self, other: &Self, to: &dyn Fn(usize) -> usize) -> Vec<u32> {
        let mut pairs: Vec<(u32, u32, usize)> =
            (0..self.n).filter_map(|i| Some((other.cut(to(i))?.group, self.cut(i)?.group, i))).collect();
        pairs.sort_unstable();
        let mut found = vec![0; self.n];
        let mut stamps = vec![SHARED; self.n];
        for of_second in pairs.chunk_by(|a, b| a.0 == b.0) {
            let second = of_second[0].0;
            other.cuts.groups[second as usize].iter().for_each(|&j| stamps[j as usize] = second);
            for of_both in of_second.chunk_by(|a, b| a.1 == b.1) {
                let first = &self.cuts.groups[of_both[0].1 as usize];
                let common = first.iter().filter(|&&j| stamps[to(j as usize)] == second).count() as u32;
                for &(_, _, i) in of_both {
                    // A row that stands in both groups is no neighbor of itself.
                    let with_self = |cut: Option<Cut>| cut.is_some_and(|cut| cut.with_self);
                    found[i] = common - u32::from(with_self(self.cut(i)) && with_self(other.cut(to(i))));
                }
            }
        }
        found
    }
}
