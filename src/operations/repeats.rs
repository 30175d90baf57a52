//! Rows that occur more than once: repetition, which no permutation test survives, or chance, which it does not mind.
//!
//! A permutation test asks whether rows are matched better than by accident, and takes them for independent. An input that
//! was shown twice gives two equal rows on *both* sides, and such pairs of rows are matched for a reason that has nothing to
//! do with the representations. In codes, counts, one-hot and binary data, on the other hand, different inputs have equal
//! rows all the time, and a test of them is exact as it stands.
//!
//! Nothing in the numbers can tell the two apart with certainty; two things speak for repetition together, and either side may
//! bear witness. Its equal rows are no accident: there are many more of them than its columns taken by themselves would give
//! ([`Profile::is_discrete`]; none at all in continuous data). And most of them are equal on the other side as well: a
//! codebook of continuous vectors has equal rows in plenty, but those of two unrelated codebooks cross.

use crate::engines::profile::{EqualRows, Profile, joint};
use crate::error::{Error, Result};

/// Treatment of rows that are equal on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeats {
    /// Refuse them where they look like inputs that were shown more than once.
    #[default]
    Auto,
    /// Refuse any.
    Refuse,
    /// Take them for chance.
    Allow,
}

impl Repeats {
    /// Every choice by its name.
    pub const CHOICES: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("refuse", Self::Refuse), ("allow", Self::Allow)];
}

/// Share of a side's repeated rows that must repeat on the other side too before it bears witness.
const MOST: f64 = 0.5;

/// Rows that repeat an earlier one on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repeated {
    /// Their number.
    pub rows: usize,
    /// Number of rows in the largest group of them.
    pub largest: usize,
}

impl Repeated {
    /// Rows alike by these classes.
    pub fn of(x: &EqualRows, y: &EqualRows) -> Self {
        let groups = joint(x, y);
        Self {
            rows: groups.iter().map(|rows| rows.len() - 1).sum(),
            largest: groups.iter().map(Vec::len).max().unwrap_or(1),
        }
    }
}

/// Rows that are equal on both sides, if these look like inputs that were shown more than once.
pub fn shown_again(x: &Profile, y: &Profile) -> Option<Repeated> {
    let found = Repeated::of(&x.equal, &y.equal);
    let witness = |side: &Profile| !side.is_discrete() && found.rows as f64 > MOST * side.equal.repeated() as f64;
    (found.rows > 0 && (witness(x) || witness(y))).then_some(found)
}

/// An error if rows must not trade places: by `groups`, rows of the same group do not.
pub fn exchangeable(x: &Profile, y: &Profile, repeats: Repeats, groups: Option<&[usize]>) -> Result<()> {
    let count = match (repeats, groups) {
        (Repeats::Allow, _) | (Repeats::Auto, Some(_)) => 0,
        (Repeats::Auto, None) => shown_again(x, y).map_or(0, |found| found.rows),
        (Repeats::Refuse, None) => Repeated::of(&x.equal, &y.equal).rows,
        (Repeats::Refuse, Some(groups)) => {
            let apart = |rows: &Vec<usize>| rows.iter().filter(|&&i| groups[i] != groups[rows[0]]).count();
            joint(&x.equal, &y.equal).iter().map(apart).sum()
        }
    };
    if count == 0 { Ok(()) } else { Err(Error::NotExchangeable { count, n: x.rows }) }
}
