//! A few rows or columns that hold most of the variance, and with it the score.

use super::estimate::Estimate;
use super::instance::Instance;
use super::operand::{Operand, rows_must_match};
use super::outcome::checked_score;
use crate::engines::profile::{Heavy, Profile};
use crate::error::Result;
use crate::facts::{Change, Facts, Input};
use crate::par::Par;
use crate::representation::{Data, Representation, Storage, View};
use crate::value::Value;
use crate::warning::Warning;

/// A score that moves by more than this when rows or columns are left out rests on them.
const SCORE_CHANGE_REPORTED: f64 = 0.1;

/// Rows or columns, either of which may hold the variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Rows,
    Columns,
}

impl Axis {
    fn of(self, profile: &Profile) -> Option<&Heavy> {
        let spread = profile.spread.as_ref()?;
        if self == Self::Rows { spread.heavy_rows.as_ref() } else { spread.heavy_columns.as_ref() }
    }

    /// Measures that listen to them more than to others; a regression takes any mixture of its source for the same.
    fn counts(self, facts: &Facts, is_source: bool) -> bool {
        if facts.input != Input::Matrix || !facts.rows_paired {
            return false;
        }
        let mixed = |changes: &[Change]| changes.contains(&Change::InvertibleLinear);
        match self {
            Self::Rows => facts.row_sizes_matter,
            Self::Columns => {
                let source = is_source && mixed(facts.source_invariant_to);
                facts.column_sizes_matter && !mixed(facts.invariant_to) && !source
            }
        }
    }
}

/// Warnings about one representation, as the first or second of a pair (in a grid, as either).
pub fn of_side(facts: &Facts, name: &str, profile: &Profile, as_source: bool) -> Vec<Warning> {
    let found = |of: Axis| {
        let heavy = of.of(profile).filter(|heavy| heavy.dominates() && of.counts(facts, as_source))?;
        Some(warning(of, &[(name, heavy)], None))
    };
    [Axis::Rows, Axis::Columns].into_iter().filter_map(found).collect()
}

/// Warnings about a pair, both sides in one sentence.
pub fn of_pair(facts: &Facts, x: (&str, &Profile), y: (&str, &Profile)) -> Vec<Warning> {
    let found = |of: Axis| {
        let heavy: Vec<_> = sides(of, facts, x, y).into_iter().filter(|(_, heavy)| heavy.dominates()).collect();
        (!heavy.is_empty()).then(|| warning(of, &heavy, None))
    };
    [Axis::Rows, Axis::Columns].into_iter().filter_map(found).collect()
}

fn sides<'a>(
    of: Axis,
    facts: &Facts,
    x: (&'a str, &'a Profile),
    y: (&'a str, &'a Profile),
) -> Vec<(&'a str, &'a Heavy)> {
    let counted = |(name, profile): (&'a str, &'a Profile), is_source: bool| {
        of.of(profile).filter(|_| of.counts(facts, is_source)).map(|heavy| (name, heavy))
    };
    [counted(x, true), counted(y, false)].into_iter().flatten().collect()
}

/// Warnings about a pair whose data are at hand: the score is computed once more without the rows, or the columns, and they
/// are named only if it moves.
pub fn without_dominant(
    instance: &Instance,
    x: (&Operand<'_>, &Profile),
    y: (&Operand<'_>, &Profile),
    value: f64,
    par: Par<'_>,
) -> Vec<Warning> {
    let facts = instance.measure.facts();
    let found = |of: Axis| {
        let (a, b) = ((x.0.name(), x.1), (y.0.name(), y.1));
        let heavy = sides(of, &facts, a, b);
        if heavy.is_empty() {
            return None;
        }
        let Some(rest) = rest(of, instance, x, y, par) else {
            let heavy: Vec<_> = heavy.into_iter().filter(|(_, heavy)| heavy.dominates()).collect();
            return (!heavy.is_empty()).then(|| warning(of, &heavy, None));
        };
        let size = if facts.range.1.is_finite() { 1.0 } else { value.abs().max(rest.abs()) };
        ((rest - value).abs() > SCORE_CHANGE_REPORTED * size).then(|| warning(of, &heavy, Some((value, rest))))
    };
    [Axis::Rows, Axis::Columns].into_iter().filter_map(found).collect()
}

/// The score without what holds the variance; None if there is none.
fn rest(
    of: Axis,
    instance: &Instance,
    x: (&Operand<'_>, &Profile),
    y: (&Operand<'_>, &Profile),
    par: Par<'_>,
) -> Option<f64> {
    let facts = instance.measure.facts();
    let at = |profile: &Profile, is_source| {
        let heavy = of.of(profile).filter(|_| of.counts(&facts, is_source));
        heavy.map_or(Vec::new(), |heavy| heavy.at.clone())
    };
    let (mut p, mut q) = (at(x.1, true), at(y.1, false));
    if of == Axis::Rows {
        p.append(&mut q);
        q.clone_from(&p);
    }
    let without = |side: &Operand<'_>, at: &[usize]| match of {
        Axis::Rows => without(side.data()?, at, &[]),
        Axis::Columns => without(side.data()?, &[], at),
    };
    let ((a, s), (b, t)) = (without(x.0, &p)?, without(y.0, &q)?);
    let side = |array, storage| Representation::matrix("", View::F64(array), storage).ok().map(Operand::Data);
    score_of_sides(instance, &side(a.view(), s)?, &side(b.view(), t)?, par).ok()
}

/// The data of a representation without some rows and columns.
fn without(x: &Representation<'_>, rows: &[usize], columns: &[usize]) -> Option<(ndarray::Array2<f64>, Storage)> {
    let Data::Matrix(view, storage) = x.data() else { return None };
    let (n, d) = view.shape();
    let stay = |count: usize, left_out: &[usize]| (0..count).filter(|i| !left_out.contains(i)).collect::<Vec<_>>();
    let (rows, columns) = (stay(n, rows), stay(d, columns));
    let (mut out, mut values) = (Vec::with_capacity(rows.len() * columns.len()), vec![0.0; d]);
    for i in &rows {
        view.read_row(*i, &mut values);
        out.extend(columns.iter().map(|&j| values[j]));
    }
    ndarray::Array2::from_shape_vec((rows.len(), columns.len()), out).ok().map(|array| (array, *storage))
}

fn warning(of: Axis, heavy: &[(&str, &Heavy)], moved: Option<(f64, f64)>) -> Warning {
    let (one, many) = if of == Axis::Rows { ("row", "rows") } else { ("column", "columns") };
    let told = |(name, heavy): &(&str, &Heavy)| {
        let numbers: Vec<String> = heavy.at.iter().map(usize::to_string).collect();
        let word = if numbers.len() == 1 { one } else { many };
        format!("{word} {} of {name}: {}", numbers.join(", "), percent(heavy.share))
    };
    let who = heavy.iter().map(told).collect::<Vec<_>>().join("; ");
    let then = match moved {
        Some((value, rest)) => format!("without them the score is {rest:.2} instead of {value:.2}"),
        None => "the score follows them".to_owned(),
    };
    let remedy = if of == Axis::Rows {
        "look at them, and compare without them on both sides"
    } else {
        "leave them out, or standardize the columns (x = (x - x.mean(axis=0)) / x.std(axis=0)), and compare"
    };
    let mut details: Vec<(&'static str, Value)> = vec![];
    if let [(name, heavy), ..] = heavy {
        details.push(("name", (*name).into()));
        details.push(("at", Value::ints(heavy.at.iter().map(|&i| i as i64).collect::<Vec<_>>())));
        details.push(("share", heavy.share.into()));
    }
    if let [_, (name, heavy)] = heavy {
        details.push(("other_name", (*name).into()));
        details.push(("other_at", Value::ints(heavy.at.iter().map(|&i| i as i64).collect::<Vec<_>>())));
        details.push(("other_share", heavy.share.into()));
    }
    if let Some((_, rest)) = moved {
        details.push(("value", rest.into()));
    }
    let message = format!("Few {many} hold much of the variance ({who}), {then}; {remedy}.");
    match of {
        Axis::Rows => Warning::new("dominant_sample", message, details),
        Axis::Columns => Warning::new("dominant_dimension", message, details),
    }
}

/// A share, never rounded up to all.
fn percent(share: f64) -> String {
    if share > 0.995 { "more than 99%".to_owned() } else { format!("{:.0}%", 100.0 * share) }
}

/// The score of a pair, and nothing else.
fn score_of_sides<'s>(instance: &Instance, x: &Operand<'s>, y: &Operand<'s>, par: Par<'_>) -> Result<f64> {
    rows_must_match(&*instance.measure, x, y)?;
    Estimate::of_pair([instance], [x, y]).require(instance.measure.name(), par)?;
    let (k, l) = par.join(|par| x.summary(instance, par), |par| y.summary(instance, par));
    let (k, l) = (k?, l?);
    let value = instance.measure.form(&k, &l)?.score(None, par)?;
    checked_score(value, instance.measure.name(), &instance.measure.facts(), &mut Vec::new())
}
