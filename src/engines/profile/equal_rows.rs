//! Groups of equal and nearly equal rows, and how many of them chance would make.

use std::collections::HashSet;

use crate::engines::centered::Sizes;
use crate::error::Result;
use crate::par::Par;
use crate::representation::View;
use crate::saved::{SavedParts, damaged};
use crate::value::Value;

/// Rows closer than this share of the distance between two rows are nearly equal, and closer than the second divided by
/// the number of rows: on a line, chance puts hardly one row in a thousand as near to another.
const NEAR: (f64, f64) = (1e-6, 1e-3);
/// Number of rows of one norm that are compared with the next one.
const COMPARED: usize = 8;
/// Rows whose columns depend on each other are equal more often than the columns are; up to so many times as often is
/// taken for chance.
pub(super) const DEPENDENCE: f64 = 10.0;
/// Number of different rows that are enough to see what values the columns take.
const ENOUGH: usize = 2048;
/// More levels than these are no levels.
const LEVELS: f64 = 1e6;
/// Largest distance of a value from its level, in levels.
const OFF: f64 = 1e-3;

/// Rows by the first row that is like them; empty if every row is only like itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EqualRows(Vec<u32>);

impl EqualRows {
    /// Rows of equal hash.
    pub(super) fn equal(hashes: &[u64]) -> Self {
        let mut table = RowTable::new(hashes.len());
        Self::found(hashes.iter().enumerate().map(|(i, &hash)| {
            let same = table.after(hash).find(|&first| hashes[first] == hash);
            same.unwrap_or_else(|| {
                table.enter(hash, i);
                i
            })
        }))
    }

    /// Rows that differ by next to nothing, found among those of nearly the same distance from the mean.
    pub(super) fn alike(&self, view: &View<'_>, sizes: &Sizes, par: Par<'_>) -> Result<Self> {
        let n = sizes.row_squares.len();
        let between = 2.0 * sizes.squared_norm / n as f64; // the mean of squared distances
        let near = NEAR.0.min(NEAR.1 / n as f64);
        let (bound, cell) = (near * near * between, 16.0 * near * between);
        let d = sizes.means.len();
        let (mut row, mut other) = (vec![0.0; d], vec![0.0; d]);
        let mut is_near = |i: usize, j: usize| {
            view.read_row(i, &mut row);
            view.read_row(j, &mut other);
            let mut left = bound;
            row.chunks(64).zip(other.chunks(64)).all(|(a, b)| {
                left -= a.iter().zip(b).map(|(v, w)| ((v - w) * sizes.scale).powi(2)).sum::<f64>();
                left >= 0.0
            })
        };
        let mut table = RowTable::new(n);
        let mut first = Vec::with_capacity(n);
        for i in 0..n {
            if i % 4096 == 0 {
                par.check()?;
            }
            if self.first(i) != i {
                first.push(first[self.first(i)]);
                continue;
            }
            let key = mixed((sizes.row_squares[i] / cell).floor().to_bits());
            let like = table.after(key).take(COMPARED).find(|&j| is_near(i, j));
            if like.is_none() {
                table.enter(key, i);
            }
            first.push(like.unwrap_or(i));
        }
        Ok(Self::found(first.into_iter()))
    }

    fn found(first: impl Iterator<Item = usize>) -> Self {
        // More rows than this are more than any memory holds.
        let first: Vec<u32> = first.map(|i| i as u32).collect();
        let different = (0_u32..).zip(&first).all(|(i, first)| i == *first);
        Self(if different { Vec::new() } else { first })
    }

    /// True if no two rows are alike.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first row that is like row i.
    pub fn first(&self, i: usize) -> usize {
        self.0.get(i).map_or(i, |first| *first as usize)
    }

    /// Number of rows in every class of more than one row.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.0.len()];
        self.0.iter().for_each(|first| counts[*first as usize] += 1);
        counts.retain(|count| *count > 1);
        counts
    }

    /// Number of rows that repeat an earlier one.
    pub fn repeated(&self) -> usize {
        (0..self.0.len()).filter(|&i| self.first(i) != i).count()
    }

    /// Number of pairs of rows that are alike.
    pub fn pairs(&self) -> f64 {
        self.counts().iter().map(|count| pairs(*count)).sum()
    }

    /// Number of pairs of rows that would be equal if every column took its values by itself, as often as it does in pairs
    /// of rows that differ; no more is looked at than shows that it is far below the number there are.
    pub(super) fn expected(&self, view: &View<'_>, par: Par<'_>) -> Result<f64> {
        let (n, d) = view.shape();
        if self.is_empty() {
            return Ok(0.0);
        }
        let different: Vec<usize> = (0..n).filter(|&i| self.first(i) == i).take(ENOUGH).collect();
        let mut count_of = vec![0.0; n];
        (0..n).for_each(|i| count_of[self.first(i)] += 1.0);
        let counts: Vec<f64> = different.iter().map(|&i| count_of[i]).collect();
        let (there_are, mut expected) = (self.pairs(), pairs(n));
        let mut seen = HashSet::new();
        for j in 0..d {
            par.check()?;
            let values: Vec<f64> = different.iter().map(|&i| view.at(i, j)).collect();
            let column = ColumnLevels::of(&values, &counts);
            if column.equal >= 1.0 {
                continue;
            }
            // Columns that tell the same rows apart are one column.
            let is_coarse = column.equal > 0.0 || column.levels <= different.len() as f64;
            if is_coarse && !seen.insert(column.partition) {
                continue;
            }
            expected *= column.equal.max(1.0 / column.levels);
            if DEPENDENCE * expected < there_are {
                break;
            }
        }
        Ok(expected)
    }

    pub(super) fn save(&self) -> Value {
        Value::ints(self.0.iter().map(|first| i64::from(*first)).collect::<Vec<_>>())
    }

    pub(super) fn load(parts: &mut SavedParts, name: &'static str, n: usize) -> Result<Self> {
        let (saved, _) = parts.ints(name)?;
        let mut first = Vec::with_capacity(saved.len());
        for (i, &value) in saved.iter().enumerate() {
            let at = usize::try_from(value).unwrap_or(usize::MAX);
            if at > i || (at < i && first[at] != at as u32) {
                return Err(damaged(format!("row {i} cannot be like row {value}")));
            }
            first.push(at as u32);
        }
        if !first.is_empty() && first.len() != n {
            return Err(damaged(format!("it has {n} rows and classes of {}", first.len())));
        }
        Ok(Self(first))
    }
}

/// The classes of pairs of rows: those alike on both sides, in order of their first row.
pub fn joint(x: &EqualRows, y: &EqualRows) -> Vec<Vec<usize>> {
    if x.is_empty() || y.is_empty() {
        return Vec::new();
    }
    let mut order: Vec<(usize, usize, usize)> =
        (0..x.0.len().min(y.0.len())).map(|i| (x.first(i), y.first(i), i)).collect();
    order.sort_unstable();
    let mut found: Vec<Vec<usize>> = order
        .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
        .filter(|rows| rows.len() > 1)
        .map(|rows| rows.iter().map(|row| row.2).collect())
        .collect();
    found.sort_unstable();
    found
}

fn pairs(count: usize) -> f64 {
    count as f64 * (count as f64 - 1.0) / 2.0
}

/// The values of a column in rows that differ.
struct ColumnLevels {
    /// Share of the pairs of different rows that have the same value.
    equal: f64,
    /// Number of equally spaced levels from the smallest to the largest, all values among them; infinite if there are none.
    levels: f64,
    /// A hash of which rows have the same value.
    partition: u64,
}

impl ColumnLevels {
    /// Column of the values in different rows, and how often each row occurs.
    fn of(values: &[f64], counts: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
        let runs: Vec<&[usize]> = order.chunk_by(|&a, &b| values[a] == values[b]).collect();
        let mut of_row = vec![0; values.len()];
        runs.iter().for_each(|run| run.iter().for_each(|&row| of_row[row] = run[0] as u64));
        let (total, within) = (counts.iter().sum::<f64>(), counts.iter().map(|c| c * c).sum::<f64>());
        let same: f64 = runs.iter().map(|run| run.iter().map(|&row| counts[row]).sum::<f64>().powi(2)).sum();
        Self {
            equal: if runs.len() < 2 { 1.0 } else { (same - within) / (total * total - within) },
            levels: levels(&runs.iter().map(|run| values[run[0]]).collect::<Vec<_>>()),
            partition: of_row.iter().fold(0, |all, first| mixed(all ^ first)),
        }
    }
}

/// Number of levels between the first and the last of some ascending values, the smallest gap apart.
fn levels(values: &[f64]) -> f64 {
    let step = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return f64::INFINITY };
    let count = (last - first) / step;
    // Small steps add up to what their rounding does.
    let on_level = |value: &f64| ((value - first) / step - ((value - first) / step).round()).abs() <= OFF;
    if count < LEVELS && values.iter().all(on_level) { count.round() + 1.0 } else { f64::INFINITY }
}

fn mixed(word: u64) -> u64 {
    let word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// Rows by a hash, in a table of open addresses.
struct RowTable {
    slots: Vec<u32>,
    bits: u32,
}

impl RowTable {
    const EMPTY: u32 = u32::MAX;

    fn new(n: usize) -> Self {
        let size = (2 * n).next_power_of_two().max(2);
        Self { slots: vec![Self::EMPTY; size], bits: size.trailing_zeros() }
    }

    fn start(&self, hash: u64) -> usize {
        (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - self.bits)) as usize
    }

    /// The rows that were entered from where this hash belongs up to the next gap.
    fn after(&self, hash: u64) -> impl Iterator<Item = usize> + '_ {
        let (start, mask) = (self.start(hash), self.slots.len() - 1);
        (0..self.slots.len())
            .map(move |step| self.slots[(start + step) & mask])
            .take_while(|&row| row != Self::EMPTY)
            .map(|row| row as usize)
    }

    fn enter(&mut self, hash: u64, row: usize) {
        let (start, mask) = (self.start(hash), self.slots.len() - 1);
        if let Some(gap) =
            (0..self.slots.len()).map(|step| (start + step) & mask).find(|&at| self.slots[at] == Self::EMPTY)
        {
            self.slots[gap] = row as u32;
        }
    }
}
