//! Places of neighbors in their lists, and the weights of shared neighbors by their places.
//!
//! Without ties the neighbor at place r of one list and at place s of the other weighs `w(r, s)`. Inputs that are equally
//! near share the places that are theirs: each of t such inputs has each of their p places for the 1/t-th part of itself,
//! nearest first, and stands outside of the list with the rest of it, if p < t. Two lists meet part by part,
//!
//! ```text
//! weight of a shared neighbor = integral over u from 0 to 1 of w(r(u), s(u)),   where both r(u) and s(u) are in the list
//! ```
//!
//! with r(u) and s(u) the places of part u. For `w = 1` that is the smaller of two memberships, so the sum of weights is the
//! [`overlap`](super::overlap). A list meets itself place by place, whatever its ties, and no index decides.

use super::{Neighbors, SHARED};
use crate::linalg::Matrix;

/// Places that are shared by inputs equally near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Places {
    /// The first of them, counted from 0.
    first: u32,
    /// Their number.
    count: u32,
    /// Number of inputs that share them.
    sharers: u32,
}

impl Places {
    /// Part of each input that is in the list.
    pub fn membership(self) -> f64 {
        f64::from(self.count) / f64::from(self.sharers)
    }

    /// Weight of an input with these places in one list and others in the other, by weights of single places.
    pub fn weight(self, other: Self, weights: &Matrix) -> f64 {
        let (mut r, mut s) = (self.first as usize, other.first as usize);
        if self.sharers == 1 && other.sharers == 1 {
            return weights.at(r, s);
        }
        // Both divide an input into parts of whole length.
        let (mine, theirs) = (u64::from(other.sharers), u64::from(self.sharers));
        let end = (u64::from(self.count) * mine).min(u64::from(other.count) * theirs);
        let (mut at, mut next, mut next_there) = (0, mine, theirs);
        let mut total = 0.0;
        while at < end {
            let to = next.min(next_there);
            total += (to - at) as f64 * weights.at(r, s);
            at = to;
            if at == next {
                (r, next) = (r + 1, next + mine);
            }
            if at == next_there {
                (s, next_there) = (s + 1, next_there + theirs);
            }
        }
        total / (mine * theirs) as f64
    }
}

impl Neighbors {
    /// All members of the list of input i with their places, certain ones first.
    pub fn places(&self, i: usize, found: &mut Vec<(u32, Places)>) {
        found.clear();
        let certain = self.certain(i);
        let single = |(&j, first): (&u32, u32)| (j, Places { first, count: 1, sharers: 1 });
        if self.runs.is_empty() {
            found.extend(certain.iter().zip(0..).map(single));
        } else {
            let mut rest = certain;
            for run in self.runs[i * self.k..][..certain.len()].chunk_by(|a, b| a == b) {
                let (members, others) = rest.split_at(run.len());
                let count = run.len() as u32;
                found.extend(members.iter().map(|&j| (j, Places { first: run[0], count, sharers: count })));
                rest = others;
            }
        }
        if let Some(cut) = self.cut(i) {
            let count = self.k as u32 - cut.certain;
            let places = Places { first: cut.certain, count, sharers: cut.candidates };
            found.extend(self.tied(i).map(|j| (j, places)));
        }
    }

    /// The sum of the weights of shared neighbors and the overlap of every row, where row i here meets row `pairing[i]` there.
    pub fn weighted_overlaps(&self, other: &Self, weights: &Matrix, pairing: Option<&[usize]>) -> Vec<(f64, f64)> {
        let to = |i: usize| pairing.map_or(i, |m| m[i]);
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        // By input of the other side: the row that met it last, and where in its list.
        let mut met = vec![(SHARED, 0_u32); self.n];
        let mut row = |i: usize| {
            let stamp = i as u32;
            other.places(to(i), &mut theirs);
            theirs.iter().zip(0..).for_each(|(&(j, _), at)| met[j as usize] = (stamp, at));
            self.places(i, &mut mine);
            let (mut total, mut overlap) = (0.0, 0.0);
            for &(j, places) in &mine {
                let (by, at) = met[to(j as usize)];
                if by == stamp {
                    let there = theirs[at as usize].1;
                    total += places.weight(there, weights);
                    overlap += places.membership().min(there.membership());
                }
            }
            (total, overlap)
        };
        (0..self.n).map(&mut row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(first: u32, count: u32, sharers: u32) -> Places {
        Places { first, count, sharers }
    }

    /// By hand: two inputs that share places 0 and 1 in one list, three that share place 1 in the other.
    #[test]
    fn parts_meet_in_order() {
        let weights = Matrix::from_fn(3, 3, |r, s| (10 * r + s) as f64);
        assert_eq!(places(2, 1, 1).weight(places(1, 1, 1), &weights), 21.0);
        // A third of the input: all of it at place 0 here.
        assert!((places(0, 2, 2).weight(places(1, 1, 3), &weights) - 1.0 / 3.0).abs() < 1e-15);
        // Half at 0, then a sixth at 1: the third place of the other list begins after a third.
        let expected = (1.0 + 0.5 * 2.0 + 0.5 * 12.0) / 3.0;
        assert!((places(0, 2, 2).weight(places(1, 2, 3), &weights) - expected).abs() < 1e-15);
        for shared in [places(0, 3, 3), places(1, 2, 2), places(1, 2, 7)] {
            let own = (shared.first..shared.first + shared.count).map(|r| 11.0 * f64::from(r)).sum::<f64>();
            assert!((shared.weight(shared, &weights) - own / f64::from(shared.sharers)).abs() < 1e-14);
        }
    }

    #[test]
    fn weights_of_one_are_memberships() {
        let ones = Matrix::from_fn(9, 9, |_, _| 1.0);
        for a in [places(0, 1, 1), places(2, 3, 3), places(4, 2, 7), places(8, 1, 40)] {
            for b in [places(3, 1, 1), places(0, 5, 5), places(1, 3, 4)] {
                let smaller = a.membership().min(b.membership());
                assert!((a.weight(b, &ones) - smaller).abs() < 1e-15);
            }
        }
    }
}
