//! Candidates tied for the last places of a list, and certain members that are equally near.
//!
//! With `s_k` the k-th largest score of a row, candidates whose scores round-off cannot tell from `s_k` are *tied*, those
//! above are *certain*. Where certain and tied ones are more than k, the c certain ones are members of the list and the t
//! tied ones share its last k - c places equally, `(k - c) / t` of a place each. So no index says who is in a list, and
//! lists are relabeled as their rows are.
//!
//! Ties come by the thousand: to a row of an indicator code a whole class is equally near. Groups of tied candidates are
//! therefore stored once for all rows that share them. Rows of such a class differ in nothing but that each leaves out
//! itself; where a row would tie with its own candidates, it stands in the group as well and is left out when counting.
//!
//! Certain members that round-off cannot tell apart, each from the next, are a *run*: their order in the list means nothing.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::metric::nearer;
use crate::error::Result;
use crate::par::Par;

/// A group is counted against the limit on memory whenever another of so many members was stored.
const STEP: usize = 1 << 22;

/// Certain neighbors of one row.
#[derive(Default)]
pub struct Ranked {
    /// Nearest first.
    pub list: Vec<u32>,
    /// Places of those that are equally near, from the first to the one after the last; at least two in each.
    pub runs: Vec<[u32; 2]>,
}

impl Ranked {
    /// Append scored candidates, all of them farther than those already there.
    fn append(&mut self, mut scored: Vec<(f64, u32)>, error: impl Fn(f64, u32) -> f64) {
        scored.sort_unstable_by(nearer);
        let mut at = self.list.len() as u32;
        let (mut first, mut before) = (at, None);
        for equal in scored.chunk_by(|a, b| a.0 == b.0) {
            let off = equal.iter().map(|&(score, j)| error(score, j)).fold(0.0, f64::max);
            let is_tied = before.is_some_and(|(score, of_score): (f64, f64)| score - equal[0].0 <= of_score + off);
            if !is_tied {
                self.close(first, at);
                first = at;
            }
            before = Some((equal[0].0, off));
            at += equal.len() as u32;
        }
        self.close(first, at);
        self.list.extend(scored.into_iter().map(|item| item.1));
    }

    fn close(&mut self, first: u32, end: u32) {
        if end - first > 1 {
            self.runs.push([first, end]);
        }
    }
}

/// Neighbors chosen for one row.
pub struct Chosen {
    /// Certain neighbors.
    pub certain: Ranked,
    /// The candidates that share the other places, if the list is not full.
    pub tied: Option<Candidates>,
    /// The score of the last place, where it was computed.
    pub last: f64,
}

/// Candidates tied for the last places of one row.
pub struct Candidates {
    /// Rows in order; the row itself may be among them.
    pub members: Arc<[u32]>,
    /// Their number without the row itself.
    pub count: u32,
}

/// All groups of tied candidates found so far.
#[derive(Default)]
pub struct Groups {
    known: Mutex<HashSet<Arc<[u32]>>>,
    stored: AtomicUsize,
}

impl Groups {
    /// The stored group with these members.
    fn shared(&self, members: Vec<u32>, par: Par<'_>) -> Result<Arc<[u32]>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = known.get(members.as_slice()) {
            return Ok(group.clone());
        }
        let before = self.stored.fetch_add(members.len(), Relaxed);
        if before / STEP != (before + members.len()) / STEP {
            par.require(4.0 * STEP as f64, || "The groups of neighbors that are equally near".into())?;
        }
        let group: Arc<[u32]> = members.into();
        known.insert(group.clone());
        Ok(group)
    }

    /// The list of row i, of which all others are equally near.
    pub fn all_tied(&self, i: u32, n: usize, k: usize, par: Par<'_>) -> Result<Chosen> {
        if k == n - 1 {
            let list = (0..n as u32).filter(|&j| j != i).collect();
            let runs = if k > 1 { vec![[0, k as u32]] } else { Vec::new() };
            return Ok(Chosen { certain: Ranked { list, runs }, tied: None, last: 0.0 });
        }
        let members = self.shared((0..n as u32).collect(), par)?;
        let tied = Some(Candidates { members, count: n as u32 - 1 });
        Ok(Chosen { certain: Ranked::default(), tied, last: 0.0 })
    }

    /// Append to `certain`, which holds nearer ones, those of `scored` that belong to the k nearest of row i.
    ///
    /// `own` is the score of the row with itself, `error(score, j)` how far off a score may be.
    pub fn split(
        &self,
        (i, own): (u32, f64),
        k: usize,
        mut certain: Ranked,
        mut scored: Vec<(f64, u32)>,
        error: impl Fn(f64, u32) -> f64,
        par: Par<'_>,
    ) -> Result<Chosen> {
        let room = k - certain.list.len();
        let mut tied = None;
        let mut last = f64::NAN;
        if scored.len() > room {
            last = scored.select_nth_unstable_by(room - 1, nearer).1.0;
            let reached = scored.iter().filter(|item| item.0 == last);
            let of_last = reached.map(|&(score, j)| error(score, j)).fold(0.0, f64::max);
            let is_tied = |score: f64, j: u32| (score - last).abs() <= error(score, j) + of_last;
            let mut members: Vec<(f64, u32)> = Vec::new();
            scored.retain(|&(score, j)| {
                let tied = is_tied(score, j);
                if tied {
                    members.push((score, j));
                }
                score > last && !tied
            });
            if scored.len() + members.len() == room {
                // All of them find a place.
                scored.extend(members);
            } else {
                let count = members.len() as u32;
                let mut members: Vec<u32> = members.into_iter().map(|item| item.1).collect();
                if is_tied(own, i) {
                    members.push(i);
                }
                members.sort_unstable();
                tied = Some(Candidates { members: self.shared(members, par)?, count });
            }
        }
        if last.is_nan() {
            last = scored.iter().copied().max_by(nearer).map_or(last, |item| item.0);
        }
        certain.append(scored, error);
        Ok(Chosen { certain, tied, last })
    }
}

/// Candidates that share the last places of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Number of certain members.
    pub certain: u32,
    /// Number of tied candidates, the row itself not counted.
    pub candidates: u32,
    /// Their group.
    pub group: u32,
    /// True if the row itself stands in the group.
    pub with_self: bool,
}

impl Cut {
    /// Number of places that `met` tied candidates of a list of k share; a whole number for all of them.
    pub fn places(&self, met: u32, k: usize) -> f64 {
        f64::from(met) * (k as f64 - f64::from(self.certain)) / f64::from(self.candidates)
    }
}

/// The tied candidates of all rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cuts {
    /// By row; empty if no row has any.
    pub of_rows: Vec<Option<Cut>>,
    /// Groups in the order in which rows use them first.
    pub groups: Vec<Arc<[u32]>>,
}

impl Cuts {
    /// Choices, row by row.
    pub fn of(chosen: &[Chosen]) -> Self {
        if chosen.iter().all(|row| row.tied.is_none()) {
            return Self::default();
        }
        let (mut at, mut groups) = (HashMap::new(), Vec::new());
        let mut cut = |row: &Chosen| {
            let Candidates { members, count } = row.tied.as_ref()?;
            let group = *at.entry(Arc::as_ptr(members)).or_insert_with(|| {
                groups.push(members.clone());
                groups.len() as u32 - 1
            });
            let with_self = members.len() as u32 > *count;
            Some(Cut { certain: row.certain.list.len() as u32, candidates: *count, group, with_self })
        };
        let of_rows = chosen.iter().map(&mut cut).collect();
        Self { of_rows, groups }
    }

    /// The cut of row i, if it has tied candidates.
    pub fn get(&self, i: usize) -> Option<Cut> {
        self.of_rows.get(i).copied().flatten()
    }

    /// The members of the group of a cut, the row itself possibly among them.
    pub fn group(&self, cut: Cut) -> &[u32] {
        &self.groups[cut.group as usize]
    }

    /// Number of rows that have one.
    pub fn count(&self) -> usize {
        self.of_rows.iter().flatten().count()
    }

    /// Members of all groups.
    pub fn stored(&self) -> usize {
        self.groups.iter().map(|group| group.len()).sum()
    }
}
