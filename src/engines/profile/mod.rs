//! Profile of a representation: what its data say about whether a score can be believed, learned once.
//!
//! A [`Profile`] holds which rows are equal, or nearly so; which few rows and columns hold most of the variance; how many
//! columns are constant; the norm; where storage has lost the signal; and a hash of all values. It is made beside the
//! first summary, kept in the memo, and travels with prepared summaries, so that checks of a pair read two profiles,
//! whatever became of the arrays. Pairwise matrices have equal rows and a hash, and nothing else of this.

mod equal_rows;
mod heavy;

use std::sync::Arc;

pub use self::equal_rows::{EqualRows, joint};
pub use self::heavy::Heavy;

use super::centered::{Sizes, scan, sizes};
use crate::error::Result;
use crate::par::Par;
use crate::representation::{Representation, Storage, View};
use crate::saved::{SavedParts, damaged};
use crate::value::Value;

/// Smallest share of the variance with which a column counts when the worst ratio of mean and standard deviation is sought.
const COLUMN_COUNTS: f64 = 0.01;

/// Profile of one representation.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// The type the data were stored in.
    pub storage: Storage,
    /// A hash of all values.
    pub content: u64,
    /// Address of the data: the same values at the same place are one representation, compared with itself on purpose.
    pub place: usize,
    /// Rows that are equal, bit for bit.
    pub equal: EqualRows,
    /// Number of pairs of equal rows to be expected if no input occurs twice, by what the columns take for values; an
    /// upper bound where it is far below the number of pairs that are equal.
    pub expected: f64,
    /// Sizes of rows and columns.
    pub spread: Option<Spread>,
}

/// Sizes of rows and columns of the centered data.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Rows that are equal up to a millionth of their distance from others, or less where there are many.
    pub alike: EqualRows,
    /// Number of constant columns.
    pub constant: usize,
    /// Logarithm to base 2 of the norm of the centered data, and of the data as they are; None for 0.
    pub norms: [Option<f64>; 2],
    /// The column whose mean is the most standard deviations away from 0, of those that count, and how many.
    pub worst: Option<(usize, f64)>,
    /// The few rows that hold much of the variance.
    pub heavy_rows: Option<Heavy>,
    /// The few columns that do.
    pub heavy_columns: Option<Heavy>,
}

impl Profile {
    /// The profile of a representation: in full, or what makes sense of a matrix over pairs.
    pub fn of(x: &Representation<'_>, over_pairs: bool, par: Par<'_>) -> Result<Arc<Self>> {
        x.shared(if over_pairs { "profile of pairs" } else { "profile" }, || {
            let (view, storage) = x.view()?;
            let hashes = &scan(x, par)?.hashes;
            let equal = EqualRows::equal(hashes);
            let expected = equal.expected(view, par)?;
            let spread = if over_pairs { None } else { Some(Spread::of(x, &equal, par)?) };
            let (rows, columns) = view.shape();
            let content = hashes.iter().fold((rows as u64) << 32 ^ columns as u64, |all, hash| {
                (all ^ hash).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
            });
            Ok(Self { rows, columns, storage, content, place: place(view), equal, expected, spread })
        })
    }

    /// True if both hold the same values, at different places.
    pub fn is_copy_of(&self, other: &Self) -> bool {
        let shape = |it: &Self| (it.rows, it.columns, it.storage, it.content);
        shape(self) == shape(other) && self.place != other.place
    }

    /// True if equal rows are what the values of the columns make likely: codes, counts, one-hot and binary data.
    ///
    /// Columns may depend on each other, which makes more rows equal than their values taken one by one do.
    pub fn is_discrete(&self) -> bool {
        self.is_discrete_in(&self.equal)
    }

    /// The same of other classes of rows.
    pub fn is_discrete_in(&self, classes: &EqualRows) -> bool {
        classes.pairs() <= equal_rows::DEPENDENCE * self.expected
    }

    /// Options arrays and numbers.
    pub fn save(&self) -> Vec<(&'static str, Value)> {
        let int = |bits: u64| Value::Int(i64::from_ne_bytes(bits.to_ne_bytes()));
        let mut parts = vec![
            ("rows", self.rows.into()),
            ("columns", self.columns.into()),
            ("storage", self.storage.name().into()),
            ("content", int(self.content)),
            ("place", int(self.place as u64)),
            ("equal", self.equal.save()),
            ("expected", self.expected.into()),
        ];
        if let Some(spread) = &self.spread {
            let some = |value: Option<f64>| value.map_or(Value::None, Value::from);
            parts.extend([
                ("alike", spread.alike.save()),
                ("constant", spread.constant.into()),
                ("norm", some(spread.norms[0])),
                ("uncentered_norm", some(spread.norms[1])),
                ("worst_column", spread.worst.map_or(Value::None, |(column, _)| column.into())),
                ("worst_ratio", some(spread.worst.map(|(_, ratio)| ratio))),
            ]);
            parts.extend(Heavy::save(
                spread.heavy_rows.as_ref(),
                ["heavy_rows", "heavy_rows_share", "heavy_rows_ratio"],
            ));
            let names = ["heavy_columns", "heavy_columns_share", "heavy_columns_ratio"];
            parts.extend(Heavy::save(spread.heavy_columns.as_ref(), names));
        }
        parts
    }

    /// Back from them; nothing about them is believed without a check.
    pub fn load(parts: &mut SavedParts) -> Result<Self> {
        let (rows, columns) = (parts.count("rows")?, parts.count("columns")?);
        let storage = Storage::named(&parts.text("storage")?).ok_or_else(|| damaged("its storage is unknown"))?;
        let mut word = |name| parts.int(name).map(|value| u64::from_ne_bytes(value.to_ne_bytes()));
        let (content, place) = (word("content")?, word("place")? as usize);
        let equal = EqualRows::load(parts, "equal", rows)?;
        let expected = parts.number("expected")?;
        if rows == 0 || columns == 0 || !expected.is_finite() || expected < 0.0 {
            return Err(damaged("its profile has impossible numbers"));
        }
        let spread =
            if parts.has("alike") || parts.has("constant") { Some(Spread::load(parts, rows, columns)?) } else { None };
        Ok(Self { rows, columns, storage, content, place, equal, expected, spread })
    }
}

impl Spread {
    fn of(x: &Representation<'_>, equal: &EqualRows, par: Par<'_>) -> Result<Self> {
        let (view, _) = x.view()?;
        let sizes = sizes(x, par)?;
        let norm = |size: f64| (size > 0.0).then(|| size.log2() - sizes.scale.log2());
        let nothing = sizes.squared_norm.sqrt() <= round_off(&sizes) * sizes.uncentered_norm;
        let found = |heavy: Option<Heavy>| if nothing { None } else { heavy };
        Ok(Self {
            alike: if nothing { equal.clone() } else { equal.alike(view, &sizes, par)? },
            constant: (0..x.cols()).filter(|&j| sizes.is_constant(j)).count(),
            norms: [norm(if nothing { 0.0 } else { sizes.squared_norm.sqrt() }), norm(sizes.uncentered_norm)],
            worst: if nothing { None } else { worst(&sizes) },
            heavy_rows: found(Heavy::rows(view, &sizes)),
            heavy_columns: found(Heavy::columns(&sizes)),
        })
    }

    fn load(parts: &mut SavedParts, rows: usize, columns: usize) -> Result<Self> {
        let alike = EqualRows::load(parts, "alike", rows)?;
        let constant = parts.count("constant")?;
        let norms = [parts.optional_number("norm")?, parts.optional_number("uncentered_norm")?];
        let (column, ratio) = (parts.optional_number("worst_column")?, parts.optional_number("worst_ratio")?);
        let index = |column: f64| (0..columns).contains(&(column as usize)) && (column as usize) as f64 == column;
        let possible = column.zip(ratio).is_none_or(|(column, ratio)| index(column) && ratio >= 0.0);
        let worst = column.zip(ratio).map(|(column, ratio)| (column as usize, ratio));
        if constant > columns || !possible || column.is_some() != ratio.is_some() {
            return Err(damaged("its profile has impossible numbers"));
        }
        let names = ["heavy_rows", "heavy_rows_share", "heavy_rows_ratio"];
        let heavy_rows = Heavy::load(parts, names, rows)?;
        let names = ["heavy_columns", "heavy_columns_share", "heavy_columns_ratio"];
        Ok(Self { alike, constant, norms, worst, heavy_rows, heavy_columns: Heavy::load(parts, names, columns)? })
    }
}

/// Error bound of centered data that were all equal, relative to what they were.
fn round_off(sizes: &Sizes) -> f64 {
    sizes.row_squares.len().max(sizes.means.len()) as f64 * f64::EPSILON
}

fn worst(sizes: &Sizes) -> Option<(usize, f64)> {
    let n = sizes.row_squares.len() as f64;
    let ratio = |j: usize| sizes.means[j].abs() / (sizes.column_squares[j] / n).sqrt();
    (0..sizes.means.len())
        .filter(|&j| sizes.column_squares[j] > COLUMN_COUNTS * sizes.squared_norm)
        .map(|j| (j, ratio(j)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn place(view: &View<'_>) -> usize {
    match view {
        View::F64(view) => view.as_ptr() as usize,
        View::F32(view) => view.as_ptr() as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::centered::centered;
    use crate::numerics::streams;

    fn numbers(n: usize) -> Vec<f64> {
        streams::permutation(&[7; 32], 0, n).into_iter().map(|i| (i as f64 * 0.7).sin() + i as f64 / 7.0).collect()
    }

    fn with<R>(values: &[f64], d: usize, look: impl FnOnce(&Representation<'_>) -> R) -> R {
        let view = ndarray::ArrayView2::from_shape((values.len() / d, d), values).unwrap();
        look(&Representation::matrix("x", View::F64(view), Storage::F64).unwrap())
    }

    /// A profile does not depend on whether the data were centered before.
    #[test]
    fn a_profile_is_the_same_with_and_without_the_centered_data() {
        for offset in [0.0, 1e9] {
            let values: Vec<f64> = numbers(1400).iter().map(|v| v + offset).collect();
            let alone = with(&values, 2, |x| Profile::of(x, false, Par::SEQ).unwrap());
            let after = with(&values, 2, |x| {
                centered(x, Par::SEQ).unwrap();
                Profile::of(x, false, Par::ALL).unwrap()
            });
            assert_eq!(alone, after);
        }
    }

    #[test]
    fn a_profile_comes_back_as_it_was_saved() {
        let mut values = numbers(120);
        values.copy_within(0..4, 80);
        values[17] = 1e4;
        let made = with(&values, 4, |x| Profile::of(x, false, Par::SEQ).unwrap());
        assert_eq!(made.equal.pairs(), 1.0);
        let parts = made.save().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(Profile::load(&mut SavedParts::new(parts)).unwrap(), *made);
    }
}
