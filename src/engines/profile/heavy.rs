//! The few rows, or the few columns, that hold most of the variance.
//!
//! Candidates are those above the largest drop in the sorted sizes. Columns are compared with the other columns; rows with
//! the mean of the *other* rows, since a few far rows draw the mean of all towards them: among 12 rows none could be more
//! than 11 times as far from the common mean as the others, however far it is.

use crate::engines::centered::Sizes;
use crate::error::Result;
use crate::representation::View;
use crate::saved::{SavedParts, damaged};
use crate::value::Value;

/// More than so many are not few.
const MOST: usize = 8;
/// Share of the variance, and number of standard deviations of the others, from which rows or columns dominate.
const DOMINATES: (f64, f64) = (0.5, 10.0);
/// The same from which they are left out once, to see whether the score moves.
const SUSPECT: (f64, f64) = (0.2, 5.0);

/// A few rows or columns, and how much they hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Heavy {
    /// Rows or columns, in order.
    pub at: Vec<usize>,
    /// Share of the variance that goes when they are left out.
    pub share: f64,
    /// The least of them, in root mean squares of the others.
    pub ratio: f64,
}

impl Heavy {
    /// True if the score of whatever weighs by variance rests on them.
    pub fn dominates(&self) -> bool {
        self.share >= DOMINATES.0 && self.ratio >= DOMINATES.1
    }

    pub(super) fn columns(sizes: &Sizes) -> Option<Self> {
        let at = above_the_drop(&sizes.column_squares, sizes.means.len() / 2)?;
        let held: f64 = at.iter().map(|&j| sizes.column_squares[j]).sum();
        let others = (sizes.squared_norm - held).max(0.0) / (sizes.means.len() - at.len()) as f64;
        let least = at.iter().map(|&j| sizes.column_squares[j]).fold(f64::INFINITY, f64::min);
        Self::suspect(at, held / sizes.squared_norm, least, others)
    }

    pub(super) fn rows(view: &View<'_>, sizes: &Sizes) -> Option<Self> {
        let n = sizes.row_squares.len();
        let at = above_the_drop(&sizes.row_squares, n / 4)?;
        let rest = (n - at.len()) as f64;
        let mut rows = vec![vec![0.0; sizes.means.len()]; at.len()];
        for (row, &i) in rows.iter_mut().zip(&at) {
            view.read_row(i, row);
            row.iter_mut().zip(&sizes.means).for_each(|(v, m)| *v = *v * sizes.scale - m);
        }
        // The mean of all is zero, so that of the others is known from these.
        let others: Vec<f64> =
            (0..sizes.means.len()).map(|j| -rows.iter().map(|row| row[j]).sum::<f64>() / rest).collect();
        let held: f64 = at.iter().map(|&i| sizes.row_squares[i]).sum();
        let about_own_mean = sizes.squared_norm - held - rest * others.iter().map(|v| v * v).sum::<f64>();
        let left = about_own_mean.max(f64::EPSILON * sizes.squared_norm);
        let distance = |row: &Vec<f64>| row.iter().zip(&others).map(|(v, m)| (v - m) * (v - m)).sum::<f64>();
        let least = rows.iter().map(distance).fold(f64::INFINITY, f64::min);
        Self::suspect(at, 1.0 - left / sizes.squared_norm, least, left / rest)
    }

    fn suspect(at: Vec<usize>, share: f64, least: f64, others: f64) -> Option<Self> {
        // Nothing at all besides them is as much as a quotient can say.
        let ratio = (least / others.max(least / f64::MAX.sqrt())).sqrt();
        (share >= SUSPECT.0 && ratio >= SUSPECT.1).then_some(Self { at, share: share.min(1.0), ratio })
    }

    pub(super) fn save(found: Option<&Self>, names: [&'static str; 3]) -> [(&'static str, Value); 3] {
        let at = found.map_or(Vec::new(), |found| found.at.iter().map(|&i| i as i64).collect());
        let some = |value: Option<f64>| value.map_or(Value::None, Value::from);
        [
            (names[0], Value::ints(at)),
            (names[1], some(found.map(|found| found.share))),
            (names[2], some(found.map(|found| found.ratio))),
        ]
    }

    pub(super) fn load(parts: &mut SavedParts, names: [&'static str; 3], count: usize) -> Result<Option<Self>> {
        let (at, _) = parts.ints(names[0])?;
        let (share, ratio) = (parts.optional_number(names[1])?, parts.optional_number(names[2])?);
        let at: Vec<usize> = at.iter().map(|&i| usize::try_from(i).unwrap_or(count)).collect();
        let (Some(share), Some(ratio)) = (share, ratio) else {
            return if at.is_empty() { Ok(None) } else { Err(damaged("its profile lacks a share")) };
        };
        let possible = (0.0..=1.0).contains(&share) && ratio >= 0.0 && (1..=MOST).contains(&at.len());
        let in_order = at.windows(2).all(|pair| pair[0] < pair[1]) && at.last().is_some_and(|i| *i < count);
        if possible && in_order {
            Ok(Some(Self { at, share, ratio }))
        } else {
            Err(damaged("its profile is impossible"))
        }
    }
}

/// The few largest, down to the largest drop from one to the next; None if there is none to stand out.
fn above_the_drop(sizes: &[f64], most: usize) -> Option<Vec<usize>> {
    let few = most.min(MOST);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    if few == 0 || order.len() <= few {
        return None;
    }
    let larger = |a: &usize, b: &usize| sizes[*b].total_cmp(&sizes[*a]).then(a.cmp(b));
    order.select_nth_unstable_by(few, larger);
    order.truncate(few + 1);
    order.sort_unstable_by(larger);
    let drop = |k: usize| sizes[order[k]] / sizes[order[k + 1]].max(f64::MIN_POSITIVE);
    let last = (0..few).max_by(|&a, &b| drop(a).total_cmp(&drop(b)).then(b.cmp(&a)))?;
    order.truncate(last + 1);
    let found = sizes[order[0]] > 0.0;
    order.sort_unstable();
    found.then_some(order)
}
