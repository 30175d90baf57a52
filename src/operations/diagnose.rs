//! Warnings from the data themselves: can a score be believed?
//!
//! Every check here reads the profiles of the two sides, which the data have left behind, and costs next to nothing. The
//! thresholds stand in one place, at the top.

use super::chance::is_inflated;
use super::dominance;
use super::operand::Operand;
use super::repeats::{Repeated, shown_again};
use crate::engines::profile::Profile;
use crate::facts::{Change, Facts, Input, Kind};
use crate::form::Form;
use crate::par::Par;
use crate::warning::Warning;

/// Share of rows from which repeats, padding and ties are worth a word.
const SHARE_OF_ROWS: f64 = 0.01;
/// A mean of so many spreads, which all rows share, decides what does not subtract it.
const COMMON_MEAN: f64 = 3.0;
/// Norms differing by more than this factor may be all that a size-sensitive measure sees.
const SIZE_RATIO: f64 = 2.0;
/// Round-off of storage over standard deviation from which a column has lost its signal.
const LOST_TO_STORAGE: f64 = 0.05;
/// Share of rows in one class, and share of all pairs of like rows that lie in it, from which a side has collapsed.
const COLLAPSED: (f64, f64) = (0.10, 0.5);
/// So many standard errors above chance predictions agree before they are taken to be of the same inputs.
const ABOVE_CHANCE: f64 = 2.0;
/// Fewest rows for that.
const ENOUGH_ROWS: usize = 30;

/// Warnings about one pair.
pub fn diagnose<'s>(
    facts: &Facts,
    x: &Operand<'s>,
    y: &Operand<'s>,
    (at_chance, largest): (Option<f64>, f64),
    form: &Form<'_>,
) -> Vec<Warning> {
    let mut found = Vec::new();
    if let Some(level) = at_chance.filter(|level| is_inflated(facts, largest, *level)) {
        let of_most = if facts.kind == Kind::Distance { format!(" of at most {largest:.2}") } else { String::new() };
        found.push(Warning::new(
            "null_inflated",
            format!(
                "Unrelated data of this shape would score {level:.2}{of_most}; read the calibrated or debiased value."
            ),
            vec![("null_mean", level.into())],
        ));
    }
    found.extend(at_chance.and_then(|level| no_better_than_chance(facts, form, level)));
    let (Some(p), Some(q)) = (x.profile(facts, Par::SEQ), y.profile(facts, Par::SEQ)) else { return found };
    if facts.input == Input::Matrix {
        found.extend(of_pair(facts, (x.name(), &p), (y.name(), &q)));
    }
    found
}

/// Warnings about the representations of a grid, each for itself.
pub fn of_lists<'s>(facts: &Facts, xs: &[Operand<'s>], ys: Option<&[Operand<'s>]>) -> Vec<Warning> {
    // Within one list everything is a source as well as a target.
    let (of_x, of_y) = (xs.iter().map(|x| (x, ys.is_some())), ys.unwrap_or_default().iter().map(|y| (y, false)));
    of_x.chain(of_y).flat_map(|(side, as_source)| of_side(facts, side, as_source)).collect()
}

fn of_side(facts: &Facts, x: &Operand<'_>, as_source: bool) -> Vec<Warning> {
    let Some(profile) = x.profile(facts, Par::SEQ).filter(|_| facts.input == Input::Matrix) else { return Vec::new() };
    let mut found = alone(facts, x.name(), &profile);
    found.extend(dominance::of_side(facts, x.name(), &profile, as_source));
    found
}

/// Warnings about both sides of one pair.
pub fn of_sides<'s>(facts: &Facts, x: &Operand<'s>, y: &Operand<'s>) -> Vec<Warning> {
    let (Some(p), Some(q)) = (x.profile(facts, Par::SEQ), y.profile(facts, Par::SEQ)) else { return Vec::new() };
    if facts.input != Input::Matrix {
        return Vec::new();
    }
    let mut found = alone(facts, x.name(), &p);
    found.extend(alone(facts, y.name(), &q));
    if facts.repeats_matter && repeated(&p, &q).is_some_and(|warning| warning.code == "padding_rows") {
        found.retain(|warning| warning.code != "collapsed_rows"); // the same, said of the pair
    }
    found
}

/// Warnings that need nothing but one profile.
fn alone(facts: &Facts, name: &str, profile: &Profile) -> Vec<Warning> {
    // Only what is centered loses its constant columns, and has nothing but differences to lose to storage.
    let centered = facts.invariant_to.contains(&Change::Translation);
    let found = [
        common_mean(name, profile).filter(|_| !centered && facts.mean_matters),
        dead_units(name, profile).filter(|_| centered),
        storage_precision(name, profile).filter(|_| centered),
        collapsed(name, profile).filter(|_| facts.rows_paired),
    ];
    found.into_iter().flatten().collect()
}

fn of_pair(facts: &Facts, x: (&str, &Profile), y: (&str, &Profile)) -> Vec<Warning> {
    let found =
        [size_decides(facts, x.1, y.1), repeated(x.1, y.1).filter(|_| facts.repeats_matter), same_content(x, y)];
    found.into_iter().flatten().collect()
}

/// A mean that all rows share, which measures that do not subtract it take for likeness.
fn common_mean(name: &str, profile: &Profile) -> Option<Warning> {
    let [Some(centered), Some(uncentered)] = profile.spread.as_ref()?.norms else { return None };
    let spreads = (4.0_f64.powf(uncentered - centered) - 1.0).max(0.0).sqrt();
    (spreads > COMMON_MEAN).then(|| {
        Warning::new(
            "common_mean",
            format!(
                "The rows of {name} share a mean of {spreads:.1} spreads, which this measure takes for likeness; subtract \
                 it first: {name} - {name}.mean(0)."
            ),
            vec![("name", name.into()), ("spreads", spreads.into())],
        )
    })
}

fn dead_units(name: &str, profile: &Profile) -> Option<Warning> {
    let (dead, d) = (profile.spread.as_ref()?.constant, profile.columns);
    (dead > 0).then(|| {
        Warning::new(
            "dead_units",
            format!("{dead} of {d} units of {name} are constant and carry no weight."),
            vec![("name", name.into()), ("dead", dead.into()), ("units", d.into())],
        )
    })
}

fn storage_precision(name: &str, profile: &Profile) -> Option<Warning> {
    let (worst, ratio) = profile.spread.as_ref()?.worst?;
    let dtype = profile.storage.name();
    (2.0 * profile.storage.unit_roundoff() * ratio > LOST_TO_STORAGE).then(|| {
        let r = ratio.round();
        Warning::new(
            "storage_precision",
            format!(
                "Column {worst} of {name} has mean/sd {r}: {dtype} storage has already lost its signal; export f32 or \
                 f64, or subtract the mean first."
            ),
            vec![("name", name.into()), ("column", worst.into()), ("ratio", r.into())],
        )
    })
}

/// One vector in the place of many rows, unless the columns take so few values that this is chance.
fn collapsed(name: &str, profile: &Profile) -> Option<Warning> {
    let alike = &profile.spread.as_ref()?.alike;
    let largest = alike.counts().into_iter().max()?;
    let share = largest as f64 / profile.rows as f64;
    let pairs = largest as f64 * (largest as f64 - 1.0) / 2.0;
    let one_vector = largest > 2 && share >= COLLAPSED.0 && pairs > COLLAPSED.1 * alike.pairs();
    (one_vector && !profile.is_discrete_in(alike)).then(|| {
        let n = profile.rows;
        Warning::new(
            "collapsed_rows",
            format!("{largest} of {n} rows of {name} are one vector, up to round-off (padding? a dead layer?)."),
            vec![("name", name.into()), ("rows", largest.into()), ("n", n.into())],
        )
    })
}

fn size_decides(facts: &Facts, x: &Profile, y: &Profile) -> Option<Warning> {
    if facts.invariant_to.contains(&Change::Scaling) || facts.kind != Kind::Distance {
        return None;
    }
    let centered = facts.invariant_to.contains(&Change::Translation);
    let norm = |side: &Profile| side.spread.as_ref()?.norms[usize::from(!centered)];
    let ratio = (norm(x)? - norm(y)?).abs().exp2();
    (ratio > SIZE_RATIO).then(|| {
        Warning::new(
            "size_decides",
            format!("The norms differ by {ratio:.1}x; this measure may be reading size only."),
            vec![("ratio", ratio.into())],
        )
    })
}

fn repeated(x: &Profile, y: &Profile) -> Option<Warning> {
    let (p, q) = (x.spread.as_ref()?, y.spread.as_ref()?);
    let n = x.rows;
    let share = |count: usize| count as f64 / n as f64 > SHARE_OF_ROWS;
    let equal = shown_again(x, y).unwrap_or_default();
    let alike = Repeated::of(&p.alike, &q.alike);
    // Equal rows that are chance are no news; rows that differ by next to nothing are never chance.
    let near = alike.rows - Repeated::of(&x.equal, &y.equal).rows.min(alike.rows);
    let found = if near > 0 { alike } else { equal };
    if found.largest > 2 && share(found.largest) && 2 * found.largest > found.rows {
        let k = found.largest;
        return Some(Warning::new(
            "padding_rows",
            format!("{k} rows are the same constant row on both sides (padding?); leave them out."),
            vec![("rows", k.into()), ("n", n.into())],
        ));
    }
    if share(equal.rows) {
        let k = equal.rows;
        let message = format!(
            "{k} of {n} rows repeat an earlier one on both sides, which counts as likeness, debiased or not; keep one row \
             of each input."
        );
        return Some(Warning::new("duplicate_samples", message, vec![("repeats", k.into()), ("n", n.into())]));
    }
    share(near).then(|| {
        let message = format!(
            "{near} of {n} rows repeat an earlier one on both sides up to round-off, which counts as likeness; keep one \
             row of each input, and move what belongs together with groups= in a test."
        );
        Warning::new("near_duplicates", message, vec![("rows", near.into()), ("n", n.into())])
    })
}

fn same_content((x, p): (&str, &Profile), (y, q): (&str, &Profile)) -> Option<Warning> {
    p.is_copy_of(q).then(|| {
        Warning::new(
            "same_content",
            format!("{x} and {y} hold identical values; captured after an in-place operation?"),
            vec![("x", x.into()), ("y", y.into())],
        )
    })
}

/// Predictions that agree no more than by chance may list the inputs in another order.
fn no_better_than_chance(facts: &Facts, form: &Form<'_>, level: f64) -> Option<Warning> {
    let predictions = matches!(facts.input, Input::Predictions | Input::Probabilities);
    let Form::Rows(rows) = form else { return None };
    // Where everything or nothing agrees by chance there is no room to be better.
    if !predictions || rows.n < ENOUGH_ROWS || (facts.identity_value - level).abs() < SHARE_OF_ROWS {
        return None;
    }
    let n = rows.n as f64;
    let terms = || (0..rows.n).map(|i| rows.offset + rows.factor * (rows.row)(i, i));
    let value = terms().sum::<f64>() / n;
    let error = (terms().map(|term| (term - value).powi(2)).sum::<f64>() / n / n).sqrt();
    let better = if facts.larger_is_more_alike() { value - level } else { level - value };
    (better <= ABOVE_CHANCE * error).then(|| {
        Warning::new(
            "at_chance",
            format!(
                "The score, {value:.3}, is about what rows in random order give ({level:.3}): do both sides list the same \
                 inputs in the same order?"
            ),
            vec![("value", value.into()), ("null_mean", level.into()), ("n", rows.n.into())],
        )
    })
}
