//! One class per input, or one per position of every input's sequence, and what two models have in common.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::saved::{SavedParts, damaged};
use crate::summary::{AnySummary, Summary};
use crate::value::Value;
use crate::warning::Warning;

/// Ids from here on stand for words.
pub const WORD: i64 = 1 << 62;
/// The id of a gap: the input has no answer.
pub const GAP: i64 = i64::MAX;

/// Share of tied rows that is worth a warning.
const MANY_TIES: f64 = 0.01;
/// Ids below are counted in a table, others by sorting.
const TABLE: i64 = 1 << 16;

/// One class per input, or one per position of every input's sequence.
#[derive(Clone, Debug)]
pub struct Classes {
    name: String,
    ids: Arc<[i64]>,
    width: usize,
    /// Every class that occurs, in order, and how often; gaps are a class.
    counts: Arc<[(i64, u64)]>,
    pub(super) tied: usize,
}

impl Classes {
    /// The classes of inputs called `name`.
    pub fn of_ids(name: &str, ids: &[i64]) -> Self {
        Self::new(name, ids.to_vec(), 1, 0)
    }

    pub(super) fn new(name: &str, ids: Vec<i64>, width: usize, tied: usize) -> Self {
        Self { name: name.to_owned(), counts: counted(&ids).into(), ids: ids.into(), width, tied }
    }

    /// The class of every input, or of every position, one input after the other.
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// Number of answers per input.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The answers to input i.
    pub fn row(&self, i: usize) -> &[i64] {
        &self.ids[i * self.width..(i + 1) * self.width]
    }

    /// Name of the model in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every class that occurs, in order, and how often.
    pub fn counts(&self) -> &[(i64, u64)] {
        &self.counts
    }

    /// True if every input gets the same class.
    pub fn is_constant(&self) -> bool {
        self.counts.len() == 1
    }

    /// True if some input has no answer.
    pub fn has_gaps(&self) -> bool {
        self.counts.last().is_some_and(|(class, _)| *class == GAP)
    }

    /// True if some class is a word; None if there is no class at all.
    fn has_words(&self) -> Option<bool> {
        let last = self.counts.iter().rev().find(|(class, _)| *class != GAP)?;
        Some(last.0 >= WORD)
    }

    /// The refusal to compare models that do not speak of the same classes.
    pub fn comparable(&self, other: &Self, measure: &str) -> Result<()> {
        if self.width != other.width {
            return Err(Error::WidthMismatch { measure: measure.into(), p: self.width, q: other.width });
        }
        let differ = |problem: &str| {
            Err(Error::ClassSetsDiffer { x: self.name.clone(), y: other.name.clone(), problem: problem.into() })
        };
        match (self.has_words(), other.has_words()) {
            (Some(true), Some(false)) => differ("the first holds words, the second numbers"),
            (Some(false), Some(true)) => differ("the first holds numbers, the second words"),
            (Some(true), Some(true)) if self.common(other) == 0 => differ("no word is the same"),
            _ => Ok(()),
        }
    }

    /// Number of classes, gaps left aside, that occur on both sides.
    fn common(&self, other: &Self) -> usize {
        let there = |class: i64| other.counts.binary_search_by_key(&class, |(c, _)| *c).is_ok();
        self.counts.iter().filter(|(class, _)| *class != GAP && there(*class)).count()
    }

    /// On how many inputs the answers differ, where row i here is matched with row `pairing[i]` there.
    pub fn differences(&self, other: &[i64], pairing: Option<&[usize]>) -> usize {
        match pairing {
            None => self.ids.iter().zip(other).filter(|(a, b)| a != b).count(),
            Some(order) => self.ids.iter().zip(order).filter(|(a, j)| **a != other[**j]).count(),
        }
    }

    /// Number of pairs of an answer here and an answer there that have the same class.
    pub fn meetings(&self, other: &Self) -> u128 {
        meetings(&self.counts, &other.counts)
    }

    /// Share of the pairs of answers whose classes differ.
    pub fn expected_disagreement(&self, other: &Self) -> f64 {
        let all = (self.ids.len() as u128) * (other.ids.len() as u128);
        (all - self.meetings(other)) as f64 / all as f64
    }

    /// The mean disagreement of randomly matched rows: positions stay where they are.
    pub fn disagreement_at_chance(&self, other: &Self) -> f64 {
        if self.width == 1 {
            return self.expected_disagreement(other);
        }
        let at =
            |side: &Self, p: usize| counted(&side.ids.iter().skip(p).step_by(side.width).copied().collect::<Vec<_>>());
        let met: u128 = (0..self.width).map(|p| meetings(&at(self, p), &at(other, p))).sum();
        let rows = (self.ids.len() / self.width) as u128;
        let all = rows * rows * self.width as u128;
        (all - met) as f64 / all as f64
    }

    /// The inputs that both sides answer throughout, as matched: their rows here, and the classes of both sides.
    pub fn complete(&self, other: &Self, pairing: Option<&[usize]>) -> (Vec<usize>, Self, Self) {
        let to = |i: usize| pairing.map_or(i, |order| order[i]);
        let answered = |row: &[i64]| row.iter().all(|id| *id != GAP);
        let rows = self.ids.len() / self.width;
        let kept: Vec<usize> = (0..rows).filter(|&i| answered(self.row(i)) && answered(other.row(to(i)))).collect();
        let there: Vec<usize> = kept.iter().map(|&i| to(i)).collect();
        let (x, y) = (self.some(&kept), other.some(&there));
        (kept, x, y)
    }

    /// The same of some rows.
    #[must_use]
    pub fn some(&self, rows: &[usize]) -> Self {
        let ids = rows.iter().flat_map(|&i| self.row(i)).copied().collect();
        Self::new(&self.name, ids, self.width, 0)
    }

    /// The warning that many rows had no single largest score.
    fn ties(&self) -> Option<Warning> {
        let n = self.ids.len();
        let share = self.tied as f64 / n as f64;
        (share > MANY_TIES).then(|| {
            Warning::new(
                "ties",
                format!(
                    "{:.1}% of rows of {} have tied scores; ties are broken by lowest index.",
                    100.0 * share,
                    self.name
                ),
                vec![("name", self.name.as_str().into()), ("tied", self.tied.into()), ("n", n.into())],
            )
        })
    }
}

/// Number of pairs of an answer of one list of counts and an answer of another that have the same class.
fn meetings(here: &[(i64, u64)], there: &[(i64, u64)]) -> u128 {
    let mut there = there.iter().peekable();
    let mut total = 0;
    for &(class, count) in here {
        while there.next_if(|(c, _)| *c < class).is_some() {}
        if let Some((_, same)) = there.next_if(|(c, _)| *c == class) {
            total += u128::from(count) * u128::from(*same);
        }
    }
    total
}

/// Warnings about the two sides of a comparison of classes; one if they are the same.
pub fn ties(x: &Classes, y: &Classes) -> Vec<Warning> {
    let other = if std::ptr::eq(x, y) { None } else { y.ties() };
    x.ties().into_iter().chain(other).collect()
}

/// Class ids without gaps.
pub fn checked<'a>(name: &str, ids: &'a [i64]) -> Result<&'a [i64]> {
    match ids.iter().position(|id| *id < 0 || *id == GAP) {
        None => Ok(ids),
        Some(row) => Err(Error::BadLabel {
            name: name.to_owned(),
            row,
            given: ids[row].to_string(),
            expected: "class ids are integers from 0".into(),
        }),
    }
}

pub fn gap_if_negative(id: i64) -> i64 {
    if id < 0 { GAP } else { id }
}

fn counted(ids: &[i64]) -> Vec<(i64, u64)> {
    let largest = ids.iter().copied().max().unwrap_or(0);
    if largest < TABLE {
        let mut table = vec![0_u64; largest as usize + 1];
        ids.iter().for_each(|id| table[*id as usize] += 1);
        return (0..).zip(table).filter(|(_, count)| *count > 0).collect();
    }
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect()
}

impl Summary for Classes {
    fn save(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("name", self.name.as_str().into()),
            ("ids", Value::ints(self.ids.clone())),
            ("width", self.width.into()),
            ("tied", self.tied.into()),
        ]
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let (name, tied) = (parts.text("name")?, parts.count("tied")?);
        let (ids, shape) = parts.ints("ids")?;
        let width = parts.count("width")?;
        let fits = width > 0 && ids.len().is_multiple_of(width) && tied <= ids.len();
        if shape.len() != 1 || ids.is_empty() || !fits || ids.iter().any(|id| *id < 0) {
            return Err(damaged("these are no class ids"));
        }
        Ok(Self::new(&name, ids.to_vec(), width, tied))
    }

    fn rows(&self) -> usize {
        self.ids.len() / self.width
    }

    fn some_rows(&self, rows: &[usize]) -> Option<AnySummary> {
        Some(AnySummary::new(self.some(rows)))
    }
}
