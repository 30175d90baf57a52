//! What the data themselves say about whether a score can be believed.
//!
//! Every check here reads what the engines left in the memo of a representation and costs next to nothing; a check whose
//! product nobody made is not made for its sake. The thresholds stand in one place, at the top.

use super::repeats::repeats;
use super::side::Side;
use crate::caution::Caution;
use crate::engines::centered::{Columns, survey};
use crate::facts::{Change, Facts, Input, Kind};
use crate::form::Form;
use crate::par::Par;
use crate::representation::{Data, Representation, Storage, View};

/// A chance level from here on is worth a word.
const NULL_INFLATED: f64 = 0.10;
/// Share of rows from which repeats, padding and ties are worth a word.
const SHARE_OF_ROWS: f64 = 0.01;
/// Norms differing by more than this factor may be all that a size-sensitive measure sees.
const SIZE_RATIO: f64 = 2.0;
/// Round-off of storage over standard deviation from which a column has lost its signal.
const LOST_TO_STORAGE: f64 = 0.05;
/// Smallest share of the variance that makes a column count for that.
const COLUMN_COUNTS: f64 = 0.01;
/// Shares of the variance from which one row, or one column, dominates; more where there are few of them.
const ROW_DOMINATES: (f64, f64) = (0.10, 20.0);
const COLUMN_DOMINATES: (f64, f64) = (0.20, 10.0);

/// Cautions about one pair.
pub fn diagnose<'s>(
    facts: &Facts,
    x: &Side<'s>,
    y: &Side<'s>,
    at_chance: Option<f64>,
    form: &Form<'_>,
) -> Vec<Caution> {
    let mut found = Vec::new();
    if let (Form::Bilinear(_), Some(level), Kind::Similarity) = (form, at_chance, facts.kind)
        && !facts.chance_corrected
        && facts.range == (0.0, 1.0)
        && level >= NULL_INFLATED
    {
        found.push(Caution::new(
            "null_inflated",
            format!("Unrelated data of this shape would score {level:.2}; read the calibrated or debiased value."),
            vec![("null_mean", level.into())],
        ));
    }
    let (Some(x), Some(y)) = (x.data(), y.data()) else { return found };
    if facts.input != Input::Matrix {
        return found;
    }
    for side in [x, y] {
        if let Some(columns) = made(side, "centered") {
            found.extend(dead_units(side, &columns));
            found.extend(storage_precision(side, &columns));
        }
    }
    found.extend(size_decides(facts, x, y));
    if facts.repeats_matter {
        found.extend(repeated(x, y));
    }
    found.extend(same_content(x, y));
    found
}

/// Columns that an engine has already made; never made for a caution's sake.
fn made(x: &Representation<'_>, key: &str) -> Option<std::sync::Arc<Columns>> {
    x.find(key)
}

fn dead_units(x: &Representation<'_>, columns: &Columns) -> Option<Caution> {
    let dead = columns.constant_columns();
    (dead > 0).then(|| {
        let d = x.cols();
        Caution::new(
            "dead_units",
            format!("{dead} of {d} units of {} are constant and carry no weight.", x.name()),
            vec![("name", x.name().into()), ("dead", dead.into()), ("units", d.into())],
        )
    })
}

fn storage_precision(x: &Representation<'_>, columns: &Columns) -> Option<Caution> {
    let roundoff = 2.0 * columns.storage.unit_roundoff();
    let n = x.rows() as f64;
    let counts = |j: &usize| columns.column_squares[*j] > COLUMN_COUNTS * columns.squared_norm;
    let ratio = |j: usize| columns.means[j].abs() / (columns.column_squares[j] / n).sqrt();
    let worst = (0..x.cols()).filter(counts).max_by(|a, b| ratio(*a).total_cmp(&ratio(*b)))?;
    let (r, dtype) = (ratio(worst), columns.storage.name());
    (roundoff * r > LOST_TO_STORAGE).then(|| {
        Caution::new(
            "storage_precision",
            format!(
                "Column {worst} of {} has mean/sd {r}: {dtype} storage has already lost its signal; export f32 or \
                 f64, or subtract the mean first.",
                x.name(),
                r = r.round()
            ),
            vec![("name", x.name().into()), ("column", worst.into()), ("ratio", r.into())],
        )
    })
}

fn size_decides(facts: &Facts, x: &Representation<'_>, y: &Representation<'_>) -> Option<Caution> {
    if facts.invariant_to.contains(&Change::Scaling) || facts.kind != Kind::Distance {
        return None;
    }
    let norm = |side: &Representation<'_>| {
        let columns = made(side, "centered").or_else(|| made(side, "raw"))?;
        Some(columns.squared_norm.sqrt().log2() - columns.scale.log2())
    };
    let gap = norm(x)? - norm(y)?;
    let ratio = gap.abs().exp2();
    (ratio > SIZE_RATIO).then(|| {
        Caution::new(
            "size_decides",
            format!("The norms differ by {ratio:.1}x; this measure may be reading size only."),
            vec![("ratio", ratio.into())],
        )
    })
}

fn repeated(x: &Representation<'_>, y: &Representation<'_>) -> Option<Caution> {
    let found = repeats(x, y, Par::SEQ).ok()?;
    let n = x.rows();
    let share = |count: usize| count as f64 / n as f64 > SHARE_OF_ROWS;
    if found.largest_group > 2 && share(found.largest_group) && 2 * found.largest_group > found.repeated {
        let k = found.largest_group;
        return Some(Caution::new(
            "padding_rows",
            format!("{k} rows are the same constant row on both sides (padding?); leave them out."),
            vec![("rows", k.into()), ("n", n.into())],
        ));
    }
    share(found.repeated).then(|| {
        let k = found.repeated;
        Caution::new(
            "duplicate_samples",
            format!("{k} of {n} sample pairs are repeats; debiasing does not remove this, leave the repeats out."),
            vec![("repeats", k.into()), ("n", n.into())],
        )
    })
}

fn same_content(x: &Representation<'_>, y: &Representation<'_>) -> Option<Caution> {
    let (Data::Matrix(a, s), Data::Matrix(b, t)) = (x.data(), y.data()) else { return None };
    if a.shape() != b.shape() || s != t || same_place(a, b) {
        return None;
    }
    let (p, q) = (survey(x, Par::SEQ).ok()?, survey(y, Par::SEQ).ok()?);
    if p.marks != q.marks {
        return None;
    }
    let (n, d) = a.shape();
    let (mut row, mut other) = (vec![0.0; d], vec![0.0; d]);
    let equal = (0..n).all(|i| {
        a.read_row(i, &mut row);
        b.read_row(i, &mut other);
        row == other
    });
    equal.then(|| {
        Caution::new(
            "same_content",
            format!("{} and {} hold identical values; captured after an in-place operation?", x.name(), y.name()),
            vec![("x", x.name().into()), ("y", y.name().into())],
        )
    })
}

/// The same memory: somebody compares a representation with itself on purpose.
fn same_place(a: &View<'_>, b: &View<'_>) -> bool {
    match (a, b) {
        (View::F64(a), View::F64(b)) => a.as_ptr() == b.as_ptr(),
        (View::F32(a), View::F32(b)) => a.as_ptr() == b.as_ptr(),
        _ => false,
    }
}

/// One row, or one column, that carries much of the variance on both sides.
pub struct Dominant {
    /// `"dominant_sample"` or `"dominant_dimension"`.
    pub code: &'static str,
    /// Its number.
    pub at: usize,
    /// Its share of the variance on the side where it is smaller.
    pub share: f64,
}

/// Rows and columns worth leaving out once to see whether the score rests on them.
pub fn dominant<'s>(facts: &Facts, x: &Side<'s>, y: &Side<'s>) -> Vec<Dominant> {
    let (Some(x), Some(y)) = (x.data(), y.data()) else { return Vec::new() };
    let (Some(p), Some(q)) = (made(x, "centered"), made(y, "centered")) else { return Vec::new() };
    if facts.input != Input::Matrix || !facts.rows_paired {
        return Vec::new();
    }
    let mut found = Vec::new();
    let largest = |parts: &[f64], total: f64| {
        let at = (0..parts.len()).max_by(|a, b| parts[*a].total_cmp(&parts[*b])).unwrap_or(0);
        (at, parts.get(at).map_or(0.0, |part| part / total))
    };
    let n = x.rows() as f64;
    let ((row, s), (same, t)) = (largest(&p.row_squares, p.squared_norm), largest(&q.row_squares, q.squared_norm));
    if row == same && s.min(t) > ROW_DOMINATES.0.max(ROW_DOMINATES.1 / n) {
        found.push(Dominant { code: "dominant_sample", at: row, share: s.min(t) });
    }
    let ((column, s), (same, t)) =
        (largest(&p.column_squares, p.squared_norm), largest(&q.column_squares, q.squared_norm));
    let bar = |d: usize| COLUMN_DOMINATES.0.max(COLUMN_DOMINATES.1 / d as f64);
    if column == same && x.cols() > 1 && y.cols() > 1 && s > bar(x.cols()) && t > bar(y.cols()) {
        found.push(Dominant { code: "dominant_dimension", at: column, share: s.min(t) });
    }
    found
}

/// The data of a representation without one row or column.
pub fn without(
    x: &Representation<'_>,
    row: Option<usize>,
    column: Option<usize>,
) -> Option<(ndarray::Array2<f64>, Storage)> {
    let Data::Matrix(view, storage) = x.data() else { return None };
    let (n, d) = view.shape();
    let mut out = Vec::with_capacity(n * d);
    let mut values = vec![0.0; d];
    for i in (0..n).filter(|i| Some(*i) != row) {
        view.read_row(i, &mut values);
        out.extend(values.iter().enumerate().filter(|(j, _)| Some(*j) != column).map(|(_, v)| *v));
    }
    let shape = (n - usize::from(row.is_some()), d - usize::from(column.is_some()));
    ndarray::Array2::from_shape_vec(shape, out).ok().map(|array| (array, *storage))
}
