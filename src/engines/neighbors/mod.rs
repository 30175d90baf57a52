//! Lists of nearest neighbors: those of double precision, at the speed of 16-bit integers.
//!
//! ```text
//! exact      the rows as the definition sees them, the score of a pair in double precision, and lists found the plain way
//! integers   products of rows that were rounded to 16-bit integers
//! screen     what these products, with a bound of their error, say for certain; the rest is settled in double precision
//! ties       candidates that are equally near, and share the last places of a list
//! places     where a neighbor stands, and what shared neighbors weigh by their places
//! overlap    how much two lists have in common
//! chance     how much they have in common on average when inputs are matched at random
//! ```
//!
//! A list holds the k inputs with the largest score, the input itself left out by its index. Candidates tied at the k-th
//! place share the places that are left equally.
//! The score is the inner product of unit rows (`cosine`), minus the squared distance (`euclidean`), the inner product
//! (`inner`) or minus the distance given (`precomputed`). A zero row has cosine 0 to all others.

mod chance;
mod exact;
mod integers;
pub mod metric;
pub mod overlap;
pub mod places;
mod saved;
mod screen;
#[cfg(test)]
mod tests;
pub mod ties;

use std::sync::Arc;

use self::exact::ScaledRows;
pub use self::metric::Metric;
use self::ties::{Chosen, Cut, Cuts, Groups};
use super::{centered, kernels};
use crate::error::{Error, Result};
use crate::par::Par;
use crate::representation::Representation;

/// Stands where a list has places that tied candidates share.
const SHARED: u32 = u32::MAX;

/// The k nearest other inputs of every input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbors {
    n: usize,
    k: usize,
    /// The certain members of all lists, nearest first, filled up to k.
    lists: Vec<u32>,
    /// The first place of those that are equally near, by place of all lists; empty where nobody is.
    runs: Vec<u32>,
    cuts: Cuts,
    zero: usize,
    copies: Vec<u32>,
}

impl Neighbors {
    /// The lists of a representation; made once for a metric and a k.
    pub fn of(x: &Representation<'_>, metric: Metric, k: usize, par: Par<'_>) -> Result<Arc<Self>> {
        let n = x.rows();
        if k == 0 {
            return Err(Error::BadOption {
                measure: "neighbors".into(),
                option: "k".into(),
                given: k.to_string(),
                problem: "must be at least 1.".into(),
            });
        }
        if k >= n {
            return Err(Error::KTooLarge { k, n });
        }
        x.shared(&format!("neighbors {metric:?} {k}"), || match metric {
            Metric::Precomputed => Self::of_distances(x, k, par),
            _ => Self::of_rows(x, metric, k, par),
        })
    }

    fn of_rows(x: &Representation<'_>, metric: Metric, k: usize, par: Par<'_>) -> Result<Self> {
        let scan = centered::scan(x, par)?;
        let rows = ScaledRows::new(x, metric, &scan, par)?;
        let groups = Groups::default();
        let chosen = if screen::pays(&rows, k) {
            screen::choose(&rows, k, &groups, par)?
        } else {
            let all: Vec<usize> = (0..x.rows()).collect();
            exact::choose(&rows, &all, k, &groups, par)?
        };
        // What has no direction has no cosine.
        let zero = if metric == Metric::Cosine { (0..x.rows()).filter(|&i| rows.is_zero(i)).count() } else { 0 };
        Ok(Self { zero, copies: copies(x, &scan.checksums, k)?, ..Self::from_chosen(k, chosen) })
    }

    fn of_distances(x: &Representation<'_>, k: usize, par: Par<'_>) -> Result<Self> {
        let distances = kernels::precomputed(x, true, par)?;
        let chosen = exact::choose_by_distance(&distances, k, &Groups::default(), par)?;
        let copies = (0_u32..).zip(&chosen).filter(|(_, row)| row.last == 0.0).map(|(i, _)| i).collect();
        Ok(Self { copies, ..Self::from_chosen(k, chosen) })
    }

    fn from_chosen(k: usize, chosen: Vec<Chosen>) -> Self {
        let n = chosen.len();
        let cuts = Cuts::of(&chosen);
        let mut runs = Vec::new();
        if chosen.iter().any(|row| !row.certain.runs.is_empty()) {
            runs.extend((0..n).flat_map(|_| 0..k as u32));
            for (i, [first, end]) in
                (0..).zip(&chosen).flat_map(|(i, row)| row.certain.runs.iter().map(move |&r| (i, r)))
            {
                runs[i * k + first as usize..i * k + end as usize].fill(first);
            }
        }
        let mut lists = Vec::with_capacity(n * k);
        for (i, row) in chosen.into_iter().enumerate() {
            lists.extend(row.certain.list);
            lists.resize((i + 1) * k, SHARED);
        }
        Self { n, k, lists, runs, cuts, zero: 0, copies: Vec::new() }
    }

    /// Number of inputs.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Length of a list.
    pub fn k(&self) -> usize {
        self.k
    }

    /// The certain neighbors of input i, nearest first: k of them unless others share the last places.
    pub fn certain(&self, i: usize) -> &[u32] {
        let certain = self.cuts.get(i).map_or(self.k, |cut| cut.certain as usize);
        &self.lists[i * self.k..][..certain]
    }

    /// Candidates that share the last places of the list of input i.
    pub fn cut(&self, i: usize) -> Option<Cut> {
        self.cuts.get(i)
    }

    /// The candidates that share the last places of the list of input i, in order.
    pub fn tied(&self, i: usize) -> impl Iterator<Item = u32> + '_ {
        let group = self.cuts.get(i).map_or(&[][..], |cut| self.cuts.group(cut));
        group.iter().copied().filter(move |&j| j as usize != i)
    }

    /// Tied candidates of all rows together.
    pub fn candidates(&self) -> usize {
        self.cuts.of_rows.iter().flatten().map(|cut| cut.candidates as usize).sum()
    }

    /// Number of different groups of tied candidates.
    pub fn groups(&self) -> usize {
        self.cuts.groups.len()
    }

    /// Members of all different groups.
    pub fn stored(&self) -> usize {
        self.cuts.stored()
    }

    /// Number of lists with places that are shared.
    pub fn tied_rows(&self) -> usize {
        self.cuts.count()
    }

    /// Number of rows that are zero and so have no cosine; 0 for other metrics.
    pub fn zero(&self) -> usize {
        self.zero
    }

    /// The inputs of which at least k others are exact copies, in order.
    pub fn copies(&self) -> &[u32] {
        &self.copies
    }
}

/// The rows that at least k others repeat value for value, by the marks of the survey, which repeat when the row does.
fn copies(x: &Representation<'_>, checksums: &[f64], k: usize) -> Result<Vec<u32>> {
    let (view, _) = x.view()?;
    let mut order: Vec<usize> = (0..checksums.len()).collect();
    order.sort_by(|&a, &b| checksums[a].total_cmp(&checksums[b]).then(a.cmp(&b)));
    let mut found = Vec::new();
    let (mut first, mut row) = (vec![0.0; x.cols()], vec![0.0; x.cols()]);
    for run in order.chunk_by(|&a, &b| checksums[a] == checksums[b]).filter(|run| run.len() > k) {
        let mut rest = run.to_vec();
        while rest.len() > k {
            view.read_row(rest[0], &mut first);
            let (same, different): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(|&i| {
                view.read_row(i, &mut row);
                row == first
            });
            if same.len() > k {
                found.extend(same.into_iter().map(|i| i as u32));
            }
            rest = different;
        }
    }
    found.sort_unstable();
    Ok(found)
}
