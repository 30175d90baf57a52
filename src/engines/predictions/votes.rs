//! Votes of the models of a group: a class per input from each, or one table that counts them.

use super::{Classes, Content, GAP, Missing, Reading};
use crate::error::{Error, Result};
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::{SavedParts, damaged};
use crate::summary::{AnySummary, Summary};
use crate::value::Value;
use crate::warning::Warning;

/// The answers of one model, or the votes of a whole group.
#[derive(Clone, Debug)]
pub enum Votes {
    /// The answers of one model.
    Of(Classes),
    /// Votes of a group, by input and then by class.
    Table {
        /// The counts, one row after the other.
        counts: Vec<u64>,
        /// Number of classes.
        classes: usize,
    },
}

impl Summary for Votes {
    fn save(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Of(classes) => classes.save(),
            Self::Table { counts, classes } => {
                let data: Vec<i64> = counts.iter().map(|c| *c as i64).collect();
                let shape = vec![data.len() / classes, *classes];
                vec![("votes", Value::Ints { data: data.into(), shape })]
            }
        }
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        if !parts.has("votes") {
            return Classes::load(parts).map(Self::Of);
        }
        let (data, shape) = parts.ints("votes")?;
        let [rows, classes] = shape[..] else { return Err(damaged("the votes are no table")) };
        let counts: Option<Vec<u64>> = data.iter().map(|v| u64::try_from(*v).ok()).collect();
        match counts {
            Some(counts) if rows > 0 && classes > 0 && rows.checked_mul(classes) == Some(counts.len()) => {
                Ok(Self::Table { counts, classes })
            }
            _ => Err(damaged("the votes are no counts")),
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Of(classes) => classes.rows(),
            Self::Table { counts, classes } => counts.len() / classes,
        }
    }

    fn some_rows(&self, rows: &[usize]) -> Option<AnySummary> {
        Some(AnySummary::new(match self {
            Self::Of(classes) => Self::Of(classes.some(rows)),
            Self::Table { counts, classes } => {
                let row = |i: &usize| counts[i * classes..(i + 1) * classes].iter().copied();
                Self::Table { counts: rows.iter().flat_map(row).collect(), classes: *classes }
            }
        }))
    }
}

impl Votes {
    /// The answers or votes that a representation holds, by the way it is read.
    pub fn of(x: &Representation<'_>, reading: &Reading, par: Par<'_>) -> Result<Self> {
        if reading.content == Some(Content::Counts) { table(x) } else { reading.classes(x, par).map(Self::Of) }
    }
}

/// The answers of two models; a table of votes has no partner.
pub fn pair<'a>(measure: &str, x: &'a Votes, y: &'a Votes) -> Result<(&'a Classes, &'a Classes)> {
    match (x, y) {
        (Votes::Of(x), Votes::Of(y)) => Ok((x, y)),
        _ => Err(Error::NotOffered {
            measure: measure.into(),
            problem: "of a table of votes is that of a whole group; there is no pair of tables".into(),
        }),
    }
}

/// Warnings about tied scores of two models.
pub fn ties(x: &Votes, y: &Votes) -> Vec<Warning> {
    match (x, y) {
        (Votes::Of(x), Votes::Of(y)) => super::ties(x, y),
        _ => Vec::new(),
    }
}

/// The classes that got votes, with their numbers, for each answer of a group in turn; `take` is told the input as well.
///
/// An input has one answer, or one per position of its sequence. What is left out by the reading of gaps is not visited.
pub fn visit(
    measure: &str,
    models: &[&Votes],
    reading: &Reading,
    mut take: impl FnMut(usize, &[(i64, u64)]) -> Result<()>,
) -> Result<()> {
    let undefined = |reason: &str| Err(Error::Undefined { measure: measure.into(), reason: reason.into() });
    let mut first_number = None;
    let mut counted = Vec::new();
    let mut checked = |row: usize, counted: &[(i64, u64)]| {
        let number: u64 = counted.iter().map(|(_, count)| count).sum();
        let (first, expected) = *first_number.get_or_insert((row, number));
        if number != expected && reading.missing != Missing::Skip {
            return Err(Error::BadLabel {
                name: "models".into(),
                row,
                given: format!("{number} votes"),
                expected: format!(
                    "row {first} has {expected}, and every input needs as many; pass missing=\"skip\" if numbers may \
                     differ, or the transpose if rows are classes"
                ),
            });
        }
        take(row, counted)
    };
    if let [Votes::Table { counts, classes }] = models {
        for (row, votes) in counts.chunks(*classes).enumerate() {
            counted.clear();
            counted.extend((0..).zip(votes.iter().copied()).filter(|(_, count)| *count > 0));
            checked(row, &counted)?;
        }
        return Ok(());
    }
    let mut members: Vec<&Classes> = Vec::with_capacity(models.len());
    for votes in models {
        match votes {
            Votes::Of(classes) => members.push(classes),
            Votes::Table { .. } => return undefined("a table of votes is a whole group by itself"),
        }
    }
    let Some((first, others)) = members.split_first().filter(|(_, others)| !others.is_empty()) else {
        return undefined("there is no agreement of one model");
    };
    for other in others {
        first.comparable(other, measure)?;
    }
    let mut votes = vec![0; members.len()];
    for at in 0..first.ids().len() {
        votes.iter_mut().zip(&members).for_each(|(vote, model)| *vote = model.ids()[at]);
        if reading.missing == Missing::Drop && votes.contains(&GAP) {
            continue;
        }
        votes.sort_unstable();
        let same = votes.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64));
        counted.clear();
        counted.extend(same.filter(|(class, _)| reading.missing == Missing::Class || *class != GAP));
        checked(at / first.width(), &counted)?;
    }
    Ok(())
}

/// A table of votes, checked.
fn table(x: &Representation<'_>) -> Result<Votes> {
    let (view, _) = x.view()?;
    let (n, classes) = view.shape();
    let (mut row, mut counts) = (vec![0.0; classes], Vec::with_capacity(n * classes));
    for i in 0..n {
        view.read_row(i, &mut row);
        for v in &row {
            if !(*v >= 0.0 && v.fract() == 0.0 && *v < 9e15) {
                return Err(Error::BadLabel {
                    name: x.name().into(),
                    row: i,
                    given: v.to_string(),
                    expected: "votes are counted in whole numbers of at least 0".into(),
                });
            }
            counts.push(*v as u64);
        }
    }
    Ok(Votes::Table { counts, classes })
}
