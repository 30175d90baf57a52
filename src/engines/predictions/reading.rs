//! Reading of predictions: what an array holds is said, and only what is certain is taken without a word.

use super::classes::{Classes, GAP, gap_if_negative};
use super::scores::{PANEL, largest_score, nonfinite};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::par::Par;
use crate::representation::{Data, Representation, View};

/// Content of a table of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// One class per input.
    Labels,
    /// One score per class, of which the largest decides.
    Scores,
    /// One class per position of a sequence.
    Tokens,
    /// For every class the number of votes.
    Counts,
}

/// Treatment of inputs without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// They are refused.
    Error,
    /// They are left out, with what the other side answered.
    Drop,
    /// A missing answer is a class of its own.
    Class,
    /// The votes that there are count.
    Skip,
}

/// Reading of predictions: their content, and the treatment of gaps.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub(super) measure: &'static str,
    /// Tables of votes may be read as well.
    pub(super) counts: bool,
    /// Content, where it was said.
    pub content: Option<Content>,
    /// Treatment of gaps.
    pub missing: Missing,
}

impl Reading {
    const CONTENTS: [(&'static str, Content); 4] = [
        ("labels", Content::Labels),
        ("scores", Content::Scores),
        ("tokens", Content::Tokens),
        ("counts", Content::Counts),
    ];
    const MISSING: [(&'static str, Missing); 4] =
        [("error", Missing::Error), ("drop", Missing::Drop), ("class", Missing::Class), ("skip", Missing::Skip)];

    /// Reading by a measure of pairs.
    pub fn of_pair(measure: &'static str, options: &mut Options) -> Result<Self> {
        let content = options.optional_choice("kind", &Self::CONTENTS[..3])?;
        Ok(Self { measure, counts: false, content, missing: options.choice("missing", &Self::MISSING[..3])? })
    }

    /// Reading by a measure of groups, which also knows tables of votes and unequal numbers of votes.
    pub fn of_group(measure: &'static str, options: &mut Options) -> Result<Self> {
        let content = options.optional_choice("kind", &Self::CONTENTS)?;
        Ok(Self { measure, counts: true, content, missing: options.choice("missing", &Self::MISSING)? })
    }

    /// The classes of a representation.
    pub fn classes(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Classes> {
        let made = x.shared(&format!("classes {:?}", self.content), || self.read(x, par))?;
        let gap = made.ids().iter().position(|id| *id == GAP);
        match (gap, self.missing) {
            (Some(at), Missing::Error) => Err(Error::MissingAnswer {
                name: x.name().to_owned(),
                row: at / made.width(),
                count: made.ids().iter().filter(|id| **id == GAP).count(),
            }),
            _ => Ok((*made).clone()),
        }
    }

    fn read(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Classes> {
        let name = x.name();
        let bad = |given: &str, problem: &str| Error::BadOption {
            measure: self.measure.into(),
            option: "kind".into(),
            given: format!("{given:?}"),
            problem: problem.into(),
        };
        match (x.data(), self.content) {
            (Data::Labels(_) | Data::Reals(_), Some(Content::Scores)) => {
                Err(bad("scores", &format!("needs one column per class, and {name} has one axis.")))
            }
            (Data::Labels(ids), _) => Ok(Classes::new(name, ids.iter().map(|id| gap_if_negative(*id)).collect(), 1, 0)),
            (Data::Reals(values), _) => Ok(Classes::new(name, whole(name, values)?, 1, 0)),
            (Data::Matrix(view, _), Some(Content::Tokens)) => {
                let (n, width) = view.shape();
                let (mut row, mut ids) = (vec![0.0; width], Vec::with_capacity(n * width));
                for i in 0..n {
                    view.read_row(i, &mut row);
                    ids.extend(whole_row(name, i, &row)?);
                }
                Ok(Classes::new(name, ids, width, 0))
            }
            (Data::Matrix(view, _), Some(Content::Labels)) if view.shape().1 > 1 => {
                Err(bad("labels", &format!("needs one class per input, and {name} has {} columns.", view.shape().1)))
            }
            (Data::Matrix(view, _), Some(Content::Labels) | None) if view.shape().1 == 1 => {
                Ok(Classes::new(name, whole(name, &column(view))?, 1, 0))
            }
            (Data::Matrix(view, _), content) => {
                if content.is_none() && is_ambiguous(view) {
                    let (rows, columns) = view.shape();
                    return Err(Error::ContentRequired {
                        measure: self.measure.into(),
                        name: name.to_owned(),
                        rows,
                        columns,
                        counts: self.counts,
                    });
                }
                let (ids, tied) = decided(name, view, par)?;
                Ok(Classes::new(name, ids, 1, tied))
            }
        }
    }
}

/// Class ids from whole numbers that came as floats; NaN is a gap.
fn whole(name: &str, values: &[f64]) -> Result<Vec<i64>> {
    values.iter().enumerate().map(|(row, value)| id_of(name, row, *value)).collect()
}

fn whole_row(name: &str, row: usize, values: &[f64]) -> Result<Vec<i64>> {
    values.iter().map(|value| id_of(name, row, *value)).collect()
}

fn id_of(name: &str, row: usize, value: f64) -> Result<i64> {
    /// Beyond this not every whole number is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.is_nan() || (value < 0.0 && value.fract() == 0.0) {
        return Ok(GAP);
    }
    if value.fract() == 0.0 && value <= EXACT {
        return Ok(value as i64);
    }
    Err(Error::BadLabel {
        name: name.to_owned(),
        row,
        given: format!("{value} (a float)"),
        expected: "class ids are whole numbers of at least 0; scores have one column per class".into(),
    })
}

fn column(view: &View<'_>) -> Vec<f64> {
    let (n, d) = view.shape();
    let mut row = vec![0.0; d];
    (0..n)
        .map(|i| {
            view.read_row(i, &mut row);
            row[0]
        })
        .collect()
}

/// True of a table that may hold scores, tokens or votes: all its numbers are whole, and its rows are not all one-hot.
fn is_ambiguous(view: &View<'_>) -> bool {
    let (n, d) = view.shape();
    let (mut row, mut one_hot) = (vec![0.0; d], true);
    for i in 0..n {
        view.read_row(i, &mut row);
        // What is not finite is no answer and no vote, and as a score it is refused with its place.
        if row.iter().any(|v| v.is_nan() || *v == f64::INFINITY || v.is_finite() && v.fract() != 0.0) {
            return false;
        }
        let (ones, zeros) = (row.iter().filter(|v| **v == 1.0).count(), row.iter().filter(|v| **v == 0.0).count());
        one_hot &= ones == 1 && zeros == d - 1;
    }
    !one_hot
}

/// The column of the largest entry of every row, and how many rows had more than one.
fn decided(name: &str, view: &View<'_>, par: Par<'_>) -> Result<(Vec<i64>, usize)> {
    let (n, classes) = view.shape();
    if classes < 2 {
        return Err(Error::BadLabel {
            name: name.to_owned(),
            row: 0,
            given: "the score of one class".into(),
            expected: "pass class ids as a vector, or scores with one column per class".into(),
        });
    }
    let panels = par.map(n.div_ceil(PANEL), |panel, _| {
        let rows = panel * PANEL..((panel + 1) * PANEL).min(n);
        let (mut ids, mut tied) = (Vec::with_capacity(rows.len()), 0);
        let mut row = vec![0.0; classes];
        for i in rows {
            view.read_row(i, &mut row);
            let Some(largest) = largest_score(&row) else { return Ok(None) };
            let first = row.iter().position(|v| *v == largest).unwrap_or(0);
            tied += usize::from(row[first + 1..].contains(&largest));
            ids.push(first as i64);
        }
        Ok(Some((ids, tied)))
    })?;
    let (mut all, mut total) = (Vec::with_capacity(n), 0);
    for panel in panels {
        let Some((ids, tied)) = panel else { return Err(nonfinite(name, view, true)) };
        all.extend(ids);
        total += tied;
    }
    Ok((all, total))
}
