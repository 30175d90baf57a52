//! Lists of neighbors as parts of a file, and back; what comes back is not believed.

use std::sync::Arc;

use super::ties::{Cut, Cuts};
use super::{Neighbors, SHARED};
use crate::error::Result;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

/// Stands for [`SHARED`], and for the group of a row without one.
const NONE: i64 = -1;

fn ints(values: impl IntoIterator<Item = u32>) -> Vec<i64> {
    values.into_iter().map(|v| if v == SHARED { NONE } else { i64::from(v) }).collect()
}

impl Summary for Arc<Neighbors> {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let cuts = &self.cuts;
        vec![
            ("lists", Value::Ints { data: ints(self.lists.iter().copied()).into(), shape: vec![self.n, self.k] }),
            ("runs", Value::ints(ints(self.runs.iter().copied()))),
            ("tied", Value::ints(ints(cuts.of_rows.iter().map(|cut| cut.map_or(SHARED, |cut| cut.group))))),
            ("group_sizes", Value::ints(ints(cuts.groups.iter().map(|group| group.len() as u32)))),
            ("groups", Value::ints(ints(cuts.groups.iter().flat_map(|group| group.iter().copied())))),
            ("zero", self.zero.into()),
            ("copies", Value::ints(ints(self.copies.iter().copied()))),
        ]
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let (data, shape) = parts.ints("lists")?;
        let [n, k] = shape[..] else { return Err(damaged("the lists are not a matrix")) };
        if k == 0 || k >= n || u32::try_from(n).is_err() || n.checked_mul(k) != Some(data.len()) {
            return Err(damaged(format!("there cannot be {n} lists of {k} neighbors in {} numbers", data.len())));
        }
        let groups = groups(parts, n)?;
        let (of_rows, _) = parts.ints("tied")?;
        if of_rows.len() != if groups.is_empty() { 0 } else { n } {
            return Err(damaged("the ties do not fit the lists"));
        }
        let mut cuts = Cuts { of_rows: Vec::with_capacity(of_rows.len()), groups };
        let mut met = vec![usize::MAX; n];
        let mut lists = Vec::with_capacity(data.len());
        for (i, list) in data.chunks(k).enumerate() {
            let cut = match of_rows.get(i) {
                None | Some(&NONE) => None,
                Some(&group) => Some(cut(&cuts, (i, list), group)?),
            };
            let certain = cut.map_or(k, |cut| cut.certain as usize);
            for &j in &list[..certain] {
                let at = usize::try_from(j).unwrap_or(n);
                let is_tied = cut.is_some_and(|cut| cuts.group(cut).binary_search(&(at as u32)).is_ok());
                if at >= n || at == i || met[at] == i || is_tied {
                    return Err(damaged(format!("{j} cannot stand in the list of row {i}")));
                }
                met[at] = i;
                lists.push(at as u32);
            }
            lists.resize((i + 1) * k, SHARED);
            if !of_rows.is_empty() {
                cuts.of_rows.push(cut);
            }
        }
        let (runs, _) = parts.ints("runs")?;
        let is_run = |(i, firsts): (usize, &[i64])| {
            let certain = cuts.get(i).map_or(k, |cut| cut.certain as usize);
            let continues = |at: usize| 0 < at && at < certain && firsts[at] == firsts[at - 1];
            (0..k).all(|at| firsts[at] == at as i64 || continues(at))
        };
        if !(runs.is_empty() || runs.len() == n * k && runs.chunks(k).enumerate().all(is_run)) {
            return Err(damaged("the neighbors that are equally near do not fit the lists"));
        }
        let runs = runs.iter().map(|&first| first as u32).collect();
        let zero = parts.count("zero")?;
        let (copies, _) = parts.ints("copies")?;
        if zero > n || !is_ordered(&copies, n) {
            return Err(damaged("the counts of zero rows and copies do not fit the lists"));
        }
        let copies = copies.iter().map(|&i| i as u32).collect();
        Ok(Arc::new(Neighbors { n, k, lists, runs, cuts, zero, copies }))
    }

    fn rows(&self) -> usize {
        self.n
    }
}

/// True of rows among n, in order and without repetition.
fn is_ordered(rows: &[i64], n: usize) -> bool {
    rows.windows(2).all(|pair| pair[0] < pair[1]) && rows.iter().all(|&i| i >= 0 && (i as u64) < n as u64)
}

/// All groups of tied candidates among n rows.
fn groups(parts: &mut SavedParts, n: usize) -> Result<Vec<Arc<[u32]>>> {
    let (sizes, _) = parts.ints("group_sizes")?;
    let (members, _) = parts.ints("groups")?;
    let mut rest = &members[..];
    let mut groups = Vec::with_capacity(sizes.len());
    for &size in sizes.iter() {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Some((group, others)) = rest.split_at_checked(size).filter(|(group, _)| is_ordered(group, n)) else {
            return Err(damaged("the groups of tied neighbors do not fit their sizes"));
        };
        groups.push(group.iter().map(|&j| j as u32).collect());
        rest = others;
    }
    if rest.is_empty() { Ok(groups) } else { Err(damaged("there are more tied neighbors than the groups hold")) }
}

/// The cut of row i, of which the list and the group are given.
fn cut(cuts: &Cuts, (i, list): (usize, &[i64]), group: i64) -> Result<Cut> {
    let refused = || damaged(format!("row {i} cannot have the tied neighbors {group}"));
    let members = usize::try_from(group).ok().and_then(|group| cuts.groups.get(group)).ok_or_else(refused)?;
    let certain = list.iter().position(|&j| j == NONE).ok_or_else(refused)?;
    let with_self = members.binary_search(&(i as u32)).is_ok();
    let candidates = members.len() - usize::from(with_self);
    if list[certain..].iter().any(|&j| j != NONE) || candidates <= list.len() - certain {
        return Err(refused());
    }
    Ok(Cut { certain: certain as u32, candidates: candidates as u32, group: group as u32, with_self })
}
