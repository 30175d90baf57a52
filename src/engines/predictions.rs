//! What a model answers: one class per input, or a probability for every class.
//!
//! Class ids are taken as they are. Of scores the largest decides, and the lowest column among equal ones; how many rows
//! were tied is remembered, for in half precision ties are a floor under every disagreement. What scores mean is never
//! guessed: logits may happen to lie between 0 and 1, and the softmax of probabilities is a plausible wrong number.

use std::sync::Arc;

use crate::caution::Caution;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::measure::Summary;
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

/// One class per input.
#[derive(Clone, Debug)]
pub struct Classes {
    name: String,
    ids: Arc<[i64]>,
    /// Every class that occurs, in order, and how often.
    counts: Arc<[(i64, u64)]>,
    tied: usize,
}

impl Classes {
    /// The ids themselves, or the column of the largest score in every row.
    pub fn of(x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Self>> {
        x.shared("classes", || {
            let (ids, tied) = match x.data() {
                Data::Labels(ids) => (checked(x.name(), ids)?.to_vec(), 0),
                Data::Matrix(view, _) => decided(x.name(), view, par)?,
                Data::Reals(values) => return Err(no_class(x.name(), values)),
            };
            Ok(Self::new(x.name(), ids, tied))
        })
    }

    fn new(name: &str, ids: Vec<i64>, tied: usize) -> Self {
        Self { name: name.to_owned(), counts: counted(&ids).into(), ids: ids.into(), tied }
    }

    /// The class of every input.
    pub fn ids(&self) -> &[i64] {
        &self.ids
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

    /// On how many inputs the answers differ, where row i here is matched with row `matching[i]` there.
    pub fn differences(&self, other: &[i64], matching: Option<&[usize]>) -> usize {
        match matching {
            None => self.ids.iter().zip(other).filter(|(a, b)| a != b).count(),
            Some(order) => self.ids.iter().zip(order).filter(|(a, j)| **a != other[**j]).count(),
        }
    }

    /// Of all n x n pairs of a row here and a row there, how many have the same class.
    pub fn meetings(&self, other: &Self) -> u128 {
        let mut there = other.counts.iter().peekable();
        let mut total = 0;
        for &(class, count) in self.counts.iter() {
            while there.next_if(|(c, _)| *c < class).is_some() {}
            if let Some((_, same)) = there.next_if(|(c, _)| *c == class) {
                total += u128::from(count) * u128::from(*same);
            }
        }
        total
    }

    /// Share of the n x n pairs of rows whose classes differ: the mean disagreement of randomly matched rows.
    pub fn disagreement_at_chance(&self, other: &Self) -> f64 {
        let all = (self.ids.len() as u128) * (other.ids.len() as u128);
        (all - self.meetings(other)) as f64 / all as f64
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

/// Cautions about the two sides of a comparison of classes; one if they are the same.
pub fn ties(x: &Classes, y: &Classes) -> Vec<Caution> {
    let other = if std::ptr::eq(x, y) { None } else { y.ties() };
    x.ties().into_iter().chain(other).collect()
}

/// Class ids that are class ids: integers from 0.
pub fn checked<'a>(name: &str, ids: &'a [i64]) -> Result<&'a [i64]> {
    match ids.iter().position(|id| *id < 0) {
        None => Ok(ids),
        Some(row) => Err(Error::BadLabel {
            name: name.to_owned(),
            row,
            given: ids[row].to_string(),
            expected: "class ids are integers from 0".into(),
        }),
    }
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
            expected: "pass class ids as a vector of integers, or scores with one column per class".into(),
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
        vec![("name", self.name.as_str().into()), ("ids", Value::ints(self.ids.clone())), ("tied", self.tied.into())]
    }

    fn load(parts: &mut Named) -> Result<Self> {
        let (name, tied) = (parts.saved_text("name")?, parts.saved_count("tied")?);
        let (ids, shape) = parts.saved_ints("ids")?;
        if shape.len() != 1 || ids.is_empty() || tied > ids.len() || ids.iter().any(|id| *id < 0) {
            return Err(damaged("these are no class ids"));
        }
        Ok(Self::new(&name, ids.to_vec(), tied))
    }

    fn rows(&self) -> usize {
        self.ids.len()
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
            let read = Reading { kind, renormalize, tolerance: tolerance(storage) };
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

struct Reading {
    kind: Scores,
    renormalize: bool,
    tolerance: f64,
}

impl Reading {
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
                if row.iter().any(|v| !(*v < f64::INFINITY)) {
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

/// Real numbers are no classes, be they whole or not: the first that is not whole is named.
fn no_class(name: &str, values: &[f64]) -> Error {
    let row = values.iter().position(|v| v.fract() != 0.0 || !v.is_finite()).unwrap_or(0);
    Error::BadLabel {
        name: name.to_owned(),
        row,
        given: values[row].to_string(),
        expected: "class ids are integers of at least 0; scores have one column per class".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;

    fn classes(values: &[f64], columns: usize) -> Result<Arc<Classes>> {
        Classes::of(&representation("x", values, columns), Par::SEQ)
    }

    fn labels(ids: &[i64]) -> Classes {
        (*Classes::of(&Representation::labels("x", ids).unwrap(), Par::SEQ).unwrap()).clone()
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
        let negative = Classes::of(&Representation::labels("x", vec![0, -1]).unwrap(), Par::SEQ);
        assert!(matches!(negative, Err(Error::BadLabel { row: 1, .. })));
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
        for (at, value) in
            [(1, Value::ints(vec![0, -1])), (1, Value::ints(vec![])), (2, 9_usize.into()), (1, 2.0.into())]
        {
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
