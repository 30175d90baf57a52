//! What a model answers: one class per input, or a probability for every class.
//!
//! Class ids are taken as they are. Of scores the largest decides, and the lowest column among equal ones; how many rows
//! were tied is remembered, for in half precision ties are a floor under every disagreement. What scores mean is never
//! guessed: logits may happen to lie between 0 and 1, and the softmax of probabilities is a plausible wrong number. Nor is
//! it guessed what a table of whole numbers means: they may be scores, one class per position of a sequence, or votes.
//!
//! Ids from [`WORD`] on stand for words, which have no order of their own; a negative id is a gap, an input without an
//! answer.

use std::sync::Arc;

use crate::caution::Caution;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::measure::{AnySummary, Summary};
use crate::numerics::sums;
use crate::options::{Named, damaged};
use crate::par::Par;
use crate::representation::{Data, Representation, Storage, View};
use crate::value::Value;

/// Rows that one unit of work looks at.
const PANEL: usize = 1024;
/// Share of tied rows that is worth a caution.
const MANY_TIES: f64 = 0.01;
/// Ids below are counted in a table, others by sorting.
const TABLE: i64 = 1 << 16;
/// Rows of saved probabilities may be as far from 1 as half precision allows.
const LOOSEST: f64 = 0.011;

/// Ids from here on stand for words.
pub const WORD: i64 = 1 << 62;
/// The id of a gap: the input has no answer.
pub const GAP: i64 = i64::MAX;

/// What a table of predictions holds.
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

/// What is done about inputs without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// They are refused.
    Error,
    /// They are left out, with what the other side answered.
    Drop,
    /// No answer is a class of its own.
    Class,
    /// The votes that there are count.
    Skip,
}

/// How predictions are read: what they hold, and what is done about gaps.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    measure: &'static str,
    /// What was said about their content.
    pub content: Option<Content>,
    /// What is done about gaps.
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

    /// As a measure of pairs reads them.
    pub fn of_pair(measure: &'static str, options: &mut Named) -> Result<Self> {
        let content = options.optional_choice("kind", &Self::CONTENTS[..3])?;
        Ok(Self { measure, content, missing: options.choice("missing", &Self::MISSING[..3])? })
    }

    /// As a measure of groups reads them, which also knows tables of votes and unequal numbers of votes.
    pub fn of_group(measure: &'static str, options: &mut Named) -> Result<Self> {
        let content = options.optional_choice("kind", &Self::CONTENTS)?;
        Ok(Self { measure, content, missing: options.choice("missing", &Self::MISSING)? })
    }

    /// The classes of a representation.
    pub fn classes(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Classes> {
        let made = x.shared(&format!("classes {:?}", self.content), || self.read(x, par))?;
        let gap = made.ids.iter().position(|id| *id == GAP);
        match (gap, self.missing) {
            (Some(at), Missing::Error) => Err(Error::MissingAnswer {
                name: x.name().to_owned(),
                row: at / made.width,
                count: made.ids.iter().filter(|id| **id == GAP).count(),
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
                    });
                }
                let (ids, tied) = decided(name, view, par)?;
                Ok(Classes::new(name, ids, 1, tied))
            }
        }
    }
}

/// One class per input, or one per position of every input's sequence.
#[derive(Clone, Debug)]
pub struct Classes {
    name: String,
    ids: Arc<[i64]>,
    width: usize,
    /// Every class that occurs, in order, and how often; gaps are a class.
    counts: Arc<[(i64, u64)]>,
    tied: usize,
}

impl Classes {
    /// The classes of inputs called `name`.
    pub fn of_ids(name: &str, ids: &[i64]) -> Self {
        Self::new(name, ids.to_vec(), 1, 0)
    }

    fn new(name: &str, ids: Vec<i64>, width: usize, tied: usize) -> Self {
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

    /// How messages call the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every class that occurs, in order, and how often.
    pub fn counts(&self) -> &[(i64, u64)] {
        &self.counts
    }

    /// Whether every input gets the same class.
    pub fn is_constant(&self) -> bool {
        self.counts.len() == 1
    }

    /// Whether some input has no answer.
    pub fn has_gaps(&self) -> bool {
        self.counts.last().is_some_and(|(class, _)| *class == GAP)
    }

    /// Whether some class is a word; None if there is no class at all.
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

    /// On how many inputs the answers differ, where row i here is matched with row `matching[i]` there.
    pub fn differences(&self, other: &[i64], matching: Option<&[usize]>) -> usize {
        match matching {
            None => self.ids.iter().zip(other).filter(|(a, b)| a != b).count(),
            Some(order) => self.ids.iter().zip(order).filter(|(a, j)| **a != other[**j]).count(),
        }
    }

    /// Of all pairs of an answer here and an answer there, how many have the same class.
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
    pub fn complete(&self, other: &Self, matching: Option<&[usize]>) -> (Vec<usize>, Self, Self) {
        let to = |i: usize| matching.map_or(i, |order| order[i]);
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

    /// The caution that many rows had no single largest score.
    fn ties(&self) -> Option<Caution> {
        let n = self.ids.len();
        let share = self.tied as f64 / n as f64;
        (share > MANY_TIES).then(|| {
            Caution::new(
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

/// Of all pairs of an answer of one list of counts and an answer of another, how many have the same class.
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

/// Cautions about the two sides of a comparison of classes; one if they are the same.
pub fn ties(x: &Classes, y: &Classes) -> Vec<Caution> {
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

fn gap_if_negative(id: i64) -> i64 {
    if id < 0 { GAP } else { id }
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

/// Whether a table may hold scores, tokens or votes: all its numbers are whole, and its rows are not all one-hot.
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

/// The largest score of a row; None if one is NaN or infinite, or all are minus infinity. A single class may be ruled out
/// by minus infinity.
fn largest_score(row: &[f64]) -> Option<f64> {
    let (largest, defined) = pulp::Arch::new().dispatch(Largest(row));
    (defined && largest > f64::NEG_INFINITY).then_some(largest)
}

/// The largest value, and whether all are numbers below infinity.
struct Largest<'a>(&'a [f64]);

impl pulp::WithSimd for Largest<'_> {
    type Output = (f64, bool);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> (f64, bool) {
        const LANES: usize = 8;
        let (mut lanes, mut defined) = ([f64::NEG_INFINITY; LANES], [true; LANES]);
        let (head, rest) = self.0.as_chunks::<LANES>();
        for chunk in head {
            for l in 0..LANES {
                lanes[l] = if chunk[l] > lanes[l] { chunk[l] } else { lanes[l] };
                defined[l] &= chunk[l] < f64::INFINITY;
            }
        }
        for (l, v) in rest.iter().enumerate() {
            lanes[l] = lanes[l].max(*v);
            defined[l] &= *v < f64::INFINITY;
        }
        (lanes.into_iter().fold(f64::NEG_INFINITY, f64::max), defined.iter().all(|d| *d))
    }
}

/// The error about values that are not finite; minus infinity may be `allowed`, but not for all classes of a row.
fn nonfinite(name: &str, view: &View<'_>, allowed: bool) -> Error {
    let (n, classes) = view.shape();
    let mut row = vec![0.0; classes];
    let (mut first, mut count) = (None, 0);
    for i in 0..n {
        view.read_row(i, &mut row);
        let masked = |v: &f64| allowed && *v == f64::NEG_INFINITY;
        let nothing_left = row.iter().all(masked);
        for (j, v) in row.iter().enumerate() {
            if !v.is_finite() && (nothing_left || !masked(v)) {
                first = first.or(Some((i, j)));
                count += 1;
            }
        }
    }
    let (row, column) = first.unwrap_or((0, 0));
    Error::NonfiniteInput { name: name.to_owned(), count, row, column }
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

    fn load(parts: &mut Named) -> Result<Self> {
        let (name, tied) = (parts.saved_text("name")?, parts.saved_count("tied")?);
        let (ids, shape) = parts.saved_ints("ids")?;
        let width = parts.saved_count("width")?;
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

/// What scores mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scores {
    /// Probabilities: rows sum to 1.
    Probs,
    /// Anything whose softmax is meant; minus infinity rules a class out.
    Logits,
    /// Logarithms of probabilities.
    LogProbs,
}

/// A probability for every class, one row per input.
#[derive(Clone, Debug)]
pub struct Probabilities {
    name: String,
    p: Arc<Matrix>,
}

/// Why a row is no row of scores of the stated kind.
enum Problem {
    Nonfinite,
    Negative(f64),
    Sum(f64),
}

impl Probabilities {
    /// From scores of a stated kind; `renormalize` divides probabilities by their sum instead of refusing what is not 1.
    pub fn of(x: &Representation<'_>, kind: Scores, renormalize: bool, par: Par<'_>) -> Result<Arc<Self>> {
        x.shared(&format!("probabilities {kind:?} {renormalize}"), || {
            let (view, storage) = x.view()?;
            let (n, classes) = view.shape();
            let read = ScoreReading { kind, renormalize, tolerance: tolerance(storage) };
            let mut p = Matrix::zeros(n, classes);
            par.fill(p.data_mut(), PANEL * classes, |panel, block| {
                for (i, row) in block.chunks_mut(classes).enumerate() {
                    view.read_row(panel * PANEL + i, row);
                    if read.probabilities(row).is_err() {
                        row.fill(f64::NAN);
                    }
                }
                Ok(())
            })?;
            if (0..n).any(|i| p.at(i, 0).is_nan()) {
                return Err(read.complaint(x.name(), view));
            }
            Ok(Self { name: x.name().to_owned(), p: Arc::new(p) })
        })
    }

    /// The probabilities of input i.
    pub fn row(&self, i: usize) -> &[f64] {
        self.p.row(i)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.p.cols()
    }
}

/// How far a sum of probabilities may be from 1, by the type that rounded them.
fn tolerance(storage: Storage) -> f64 {
    match storage {
        Storage::F64 | Storage::Int => 1e-6,
        Storage::F32 => 1e-4,
        Storage::F16 | Storage::Bf16 => 1e-2,
    }
}

struct ScoreReading {
    kind: Scores,
    renormalize: bool,
    tolerance: f64,
}

impl ScoreReading {
    /// Turn a row of scores into probabilities.
    fn probabilities(&self, row: &mut [f64]) -> std::result::Result<(), Problem> {
        match self.kind {
            Scores::Probs => self.given(row),
            Scores::Logits => {
                let largest = largest_score(row).ok_or(Problem::Nonfinite)?;
                row.iter_mut().for_each(|v| *v = (*v - largest).exp());
                let total = sums::sum(row);
                row.iter_mut().for_each(|v| *v /= total);
                Ok(())
            }
            Scores::LogProbs => {
                if row.iter().any(|v| v.is_nan() || *v == f64::INFINITY) {
                    return Err(Problem::Nonfinite);
                }
                row.iter_mut().for_each(|v| *v = v.exp());
                let total = sums::sum(row);
                if (total.ln()).abs() <= self.tolerance { Ok(()) } else { Err(Problem::Sum(total)) }
            }
        }
    }

    fn given(&self, row: &mut [f64]) -> std::result::Result<(), Problem> {
        if row.iter().any(|v| !v.is_finite()) {
            return Err(Problem::Nonfinite);
        }
        if let Some(negative) = row.iter().find(|v| **v < -self.tolerance) {
            return Err(Problem::Negative(*negative));
        }
        if !self.renormalize {
            let total = sums::sum(row);
            if (total - 1.0).abs() > self.tolerance {
                return Err(Problem::Sum(total));
            }
        }
        // What is negative within the tolerance is a rounded zero.
        row.iter_mut().for_each(|v| *v = v.max(0.0));
        if self.renormalize {
            let largest = row.iter().fold(0.0, |m: f64, v| m.max(*v));
            if largest == 0.0 {
                return Err(Problem::Sum(0.0));
            }
            row.iter_mut().for_each(|v| *v /= largest);
            let total = sums::sum(row);
            row.iter_mut().for_each(|v| *v /= total);
        }
        Ok(())
    }

    /// What to say when at least one row was refused.
    fn complaint(&self, name: &str, view: &View<'_>) -> Error {
        let (n, classes) = view.shape();
        let mut row = vec![0.0; classes];
        let (mut infinite, mut first, mut count) = (false, None, 0);
        for i in 0..n {
            view.read_row(i, &mut row);
            match self.probabilities(&mut row) {
                Ok(()) => {}
                Err(Problem::Nonfinite) => infinite = true,
                Err(problem) => {
                    first = first.or(Some((i, problem)));
                    count += 1;
                }
            }
        }
        match first {
            Some((row, problem)) if !infinite => {
                let problem = match problem {
                    Problem::Negative(value) => format!("holds the negative number {value}"),
                    Problem::Sum(total) if self.kind == Scores::LogProbs => {
                        format!("has exponentials that sum to {total:.6}")
                    }
                    Problem::Sum(total) => format!("sums to {total:.6}"),
                    Problem::Nonfinite => "is not finite".into(),
                };
                let remedy = match self.kind {
                    Scores::Probs if !self.renormalize => "pass kind=\"logits\" or renormalize=True",
                    _ => "pass kind=\"logits\" if these are logits",
                };
                Error::NotProbabilities { name: name.to_owned(), row, count, problem, remedy }
            }
            _ => nonfinite(name, view, self.kind != Scores::Probs),
        }
    }
}

impl Summary for Probabilities {
    fn save(&self) -> Vec<(&'static str, Value)> {
        vec![("name", self.name.as_str().into()), ("p", super::spectrum::saved(&self.p))]
    }

    fn load(parts: &mut Named) -> Result<Self> {
        let (name, p) = (parts.saved_text("name")?, parts.saved_matrix("p")?);
        let sound = |row: &[f64]| row.iter().all(|v| *v >= 0.0) && (sums::sum(row) - 1.0).abs() <= LOOSEST;
        if p.rows() == 0 || p.cols() == 0 || !(0..p.rows()).all(|i| sound(p.row(i))) {
            return Err(damaged("its rows are no probabilities"));
        }
        Ok(Self { name, p: Arc::new(p) })
    }

    fn rows(&self) -> usize {
        self.p.rows()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;

    fn reading(content: Option<Content>) -> Reading {
        Reading { measure: "test", content, missing: Missing::Error }
    }

    fn classes(values: &[f64], columns: usize) -> Result<Classes> {
        reading(Some(Content::Scores)).classes(&representation("x", values, columns), Par::SEQ)
    }

    fn labels(ids: &[i64]) -> Classes {
        reading(None).classes(&Representation::labels("x", ids).unwrap(), Par::SEQ).unwrap()
    }

    fn probabilities(values: &[f64], kind: Scores, renormalize: bool) -> Result<Arc<Probabilities>> {
        Probabilities::of(&representation("x", values, 3), kind, renormalize, Par::SEQ)
    }

    fn reloaded<S: Summary>(parts: Vec<(&'static str, Value)>) -> Result<S> {
        S::load(&mut Named::new("test", parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
    }

    #[test]
    fn the_first_of_the_largest_scores_decides() {
        let found = classes(&[0.1, 0.7, 0.2, 5.0, -1.0, 5.0, f64::NEG_INFINITY, -3.0, -4.0], 3).unwrap();
        assert_eq!(found.ids(), [1, 0, 1]);
        assert_eq!(found.tied, 1);
        assert_eq!(found.counts(), [(0, 1), (1, 2)]);
        assert_eq!(ties(&found, &found).len(), 1);
    }

    #[test]
    fn wide_rows_are_read_to_the_end() {
        for at in 0..21 {
            let mut row = vec![-1.0; 21];
            row[at] = 2.0;
            assert_eq!(classes(&row, 21).unwrap().ids(), [at as i64]);
            row[at] = f64::NAN;
            assert!(matches!(classes(&row, 21), Err(Error::NonfiniteInput { column, .. }) if column == at));
        }
    }

    #[test]
    fn scores_without_a_largest_are_refused() {
        let refused = |values: &[f64]| match classes(values, 2) {
            Err(Error::NonfiniteInput { count, row, column, .. }) => (count, row, column),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(&[1.0, 2.0, f64::NAN, 0.0]), (1, 1, 0));
        assert_eq!(refused(&[1.0, f64::INFINITY, f64::NAN, 0.0]), (2, 0, 1));
        assert_eq!(refused(&[1.0, 0.0, f64::NEG_INFINITY, f64::NEG_INFINITY]), (2, 1, 0));
        assert!(matches!(classes(&[1.0, 2.0], 1), Err(Error::BadLabel { .. })));
    }

    #[test]
    fn ids_may_be_any_integers_from_0() {
        let (a, b) = (labels(&[5, 5, 0, 1_000_000_000_000]), labels(&[5, 0, 0, 7]));
        assert_eq!(a.counts(), [(0, 1), (5, 2), (1_000_000_000_000, 1)]);
        assert_eq!(a.meetings(&b), 2 + 2);
        assert_eq!(a.disagreement_at_chance(&b), 0.75);
        assert_eq!(a.differences(b.ids(), None), 2);
        assert_eq!(a.differences(b.ids(), Some(&[0, 1, 3, 2])), 3);
        let gap = reading(None).classes(&Representation::labels("x", vec![0, -1]).unwrap(), Par::SEQ);
        assert!(matches!(gap, Err(Error::MissingAnswer { row: 1, count: 1, .. })));
    }

    #[test]
    fn whole_numbers_in_a_table_are_not_guessed_at() {
        let read = |values: &[f64], content| reading(content).classes(&representation("x", values, 2), Par::SEQ);
        let table = [3.0, 1.0, 0.0, 2.0];
        assert!(matches!(read(&table, None), Err(Error::ContentRequired { rows: 2, columns: 2, .. })));
        assert_eq!(read(&table, Some(Content::Scores)).unwrap().ids(), [0, 1]);
        let tokens = read(&table, Some(Content::Tokens)).unwrap();
        assert_eq!((tokens.row(1), Summary::rows(&tokens)), (&[0, 2][..], 2));
        assert_eq!(read(&table, Some(Content::Labels)).unwrap_err().code(), "bad_option");
        assert_eq!(read(&[0.0, 1.0, 1.0, 0.0], None).unwrap().ids(), [1, 0]);
        assert_eq!(read(&[3.0, 1.0, 0.0, 2.5], None).unwrap().ids(), [0, 1]);
    }

    /// All pairings of sequences: positions meet positions of the same number.
    #[test]
    fn the_chance_level_of_tokens_keeps_positions() {
        let read = |values: &[f64]| reading(Some(Content::Tokens)).classes(&representation("x", values, 2), Par::SEQ);
        let (x, y) = (read(&[7.0, 1.0, 7.0, 2.0]).unwrap(), read(&[7.0, 1.0, 7.0, 3.0]).unwrap());
        assert_eq!(x.disagreement_at_chance(&y), (0.0 + 3.0) / 8.0);
        assert_eq!(x.expected_disagreement(&y), 1.0 - (2.0 * 2.0 + 1.0) / 16.0);
    }

    #[test]
    fn words_and_numbers_are_not_compared() {
        let (words, others) = (labels(&[WORD + 5, WORD + 9]), labels(&[WORD + 4, WORD + 8]));
        assert_eq!(words.comparable(&labels(&[0, 1]), "test").unwrap_err().code(), "class_sets_differ");
        assert_eq!(words.comparable(&others, "test").unwrap_err().code(), "class_sets_differ");
        assert!(words.comparable(&labels(&[WORD + 9, WORD + 1]), "test").is_ok());
        assert!(labels(&[0, 0]).comparable(&labels(&[1, 1]), "test").is_ok());
    }

    #[test]
    fn three_kinds_of_the_same_scores() {
        let logits = [2.0, 0.0, -1.0, 700.0, 800.0, f64::NEG_INFINITY];
        let soft = probabilities(&logits, Scores::Logits, false).unwrap();
        let total: f64 = [2.0_f64, 0.0, -1.0].iter().map(|z| z.exp()).sum();
        assert!((soft.row(0)[0] - 2.0_f64.exp() / total).abs() < 3e-16);
        assert_eq!(soft.row(1)[1..], [1.0, 0.0]);
        let probs: Vec<f64> = [soft.row(0), soft.row(1)].concat();
        assert_eq!(probabilities(&probs, Scores::Probs, false).unwrap().row(0), soft.row(0));
        let logs: Vec<f64> = probs.iter().map(|p| p.ln()).collect();
        let again = probabilities(&logs, Scores::LogProbs, false).unwrap();
        assert!((again.row(0)[2] - soft.row(0)[2]).abs() < 1e-15);
        let sized: Vec<f64> = probs.iter().map(|p| 3.0 * p).collect();
        assert!((probabilities(&sized, Scores::Probs, true).unwrap().row(0)[1] - probs[1]).abs() < 1e-15);
    }

    #[test]
    fn a_row_that_is_none_is_named_with_its_sum() {
        let error = probabilities(&[0.2, 0.3, 0.5, 0.5, 0.5, 0.5], Scores::Probs, false).unwrap_err();
        let said = "Row 1 of x sums to 1.500000 (1 such row); pass kind=\"logits\" or renormalize=True.";
        assert_eq!(error.to_string(), said);
        let error = probabilities(&[1.2, 0.3, -0.5], Scores::Probs, true).unwrap_err();
        assert_eq!(error.code(), "not_probabilities");
        assert_eq!(probabilities(&[0.0; 3], Scores::Probs, true).unwrap_err().code(), "not_probabilities");
        assert_eq!(probabilities(&[-1.0; 3], Scores::LogProbs, false).unwrap_err().code(), "not_probabilities");
        for kind in [Scores::Probs, Scores::Logits, Scores::LogProbs] {
            for bad in [f64::NAN, f64::INFINITY] {
                let error = probabilities(&[0.2, 0.3, 0.5, 0.5, bad, 0.5], kind, false).unwrap_err();
                assert!(matches!(error, Error::NonfiniteInput { count: 1, row: 1, column: 1, .. }), "{error:?}");
            }
        }
        let masked = [f64::NEG_INFINITY; 3];
        assert_eq!(probabilities(&masked, Scores::Logits, false).unwrap_err().code(), "nonfinite_input");
        assert_eq!(probabilities(&masked, Scores::Probs, true).unwrap_err().code(), "nonfinite_input");
    }

    #[test]
    fn what_is_saved_is_read_back_and_nothing_else() {
        let a = labels(&[3, 0, 3]);
        let again: Classes = reloaded(a.save()).unwrap();
        assert_eq!((again.ids(), again.counts()), (a.ids(), a.counts()));
        let spoiled = |at: usize, value: Value| {
            let mut parts = a.save();
            parts[at].1 = value;
            reloaded::<Classes>(parts).unwrap_err().code()
        };
        for (at, value) in [
            (1, Value::ints(vec![0, -1])),
            (1, Value::ints(vec![])),
            (2, 2_usize.into()),
            (2, 0_usize.into()),
            (3, 9_usize.into()),
            (1, 2.0.into()),
        ] {
            assert_eq!(spoiled(at, value), "summary_mismatch");
        }
        let soft = probabilities(&[0.2, 0.3, 0.5], Scores::Probs, false).unwrap();
        assert_eq!(reloaded::<Probabilities>(soft.save()).unwrap().row(0), soft.row(0));
        for bad in [[0.2, 0.3, 0.9], [f64::NAN, 0.5, 0.5], [1.2, -0.2, 0.0]] {
            let mut parts = soft.save();
            parts[1].1 = Value::Floats { data: bad.to_vec().into(), shape: vec![1, 3] };
            assert_eq!(reloaded::<Probabilities>(parts).unwrap_err().code(), "summary_mismatch");
        }
    }
}
