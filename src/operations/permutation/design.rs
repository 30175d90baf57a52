//! Designs: the pairings of the rows that a test may use.
//!
//! A permutation test is exact if, under the null hypothesis, every pairing of a *group* G of permutations is equally
//! likely given the data. What G is depends on how the rows were sampled:
//!
//! - free: rows are exchangeable, all n! pairings;
//! - strata: rows are exchangeable inside a stratum only, and stay there;
//! - groups: whole groups of rows are exchangeable (the tokens of a sequence, the trials of a subject). They move as
//!   one, their rows in the order in which they appear, and only groups of equal size can take each other's place.
//!   Groups without a partner of their size stay, which costs power and not validity;
//! - strata with groups inside: groups of equal size in the same stratum;
//! - shift: rows are a stationary series, the n circular shifts.
//!
//! All but the last are one thing: *classes* of units of equal width that trade places. G is then the product of the
//! symmetric groups of the classes, and its order the product of the factorials of their sizes. Classes stand in the
//! order of their first rows, and so do the units of a class.
//!
//! # Frozen rules
//! Matching number `stream` of a key permutes the units of one class after the other by Fisher and Yates with the words
//! of that stream ([`permutations`]); classes of one unit take no words. Without strata and groups this is
//! [`permutation`]. A circular shift is by the first item of the free permutation of that stream. Enumeration is that
//! of a dictionary whose first letters are the first class; it begins with the identity.

use std::collections::HashMap;
use std::fmt;

use crate::error::{Error, Result};
use crate::numerics::streams::{permutation, permutations};

/// Scheme by which rows may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Units trade places in every way.
    Permute,
    /// The whole order moves around a circle.
    Shift,
}

impl Scheme {
    /// Every scheme by its name.
    pub const CHOICES: [(&'static str, Self); 2] = [("permute", Self::Permute), ("shift", Self::Shift)];
}

/// The group of allowed pairings.
#[derive(Debug, Clone)]
pub struct Design {
    n: usize,
    scheme: Scheme,
    classes: Vec<ExchangeClass>,
    strata: Option<usize>,
    groups: Option<usize>,
}

/// Units that trade places.
#[derive(Debug, Clone)]
pub(super) struct ExchangeClass {
    /// Rows per unit.
    pub width: usize,
    /// Rows of one unit after the other.
    pub rows: Vec<usize>,
}

impl ExchangeClass {
    /// Number of units.
    pub fn count(&self) -> usize {
        self.rows.len() / self.width
    }

    /// The rows of a unit.
    pub fn unit(&self, number: usize) -> &[usize] {
        &self.rows[number * self.width..][..self.width]
    }
}

/// Numbers that describe a design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesignSummary {
    /// Number of rows.
    pub rows: usize,
    /// Rows that some allowed pairing moves.
    pub movable: usize,
    /// Number of strata, if there are any.
    pub strata: Option<usize>,
    /// Number of groups, if there are any.
    pub groups: Option<usize>,
    /// Rows per group, if it is the same for all groups that can move.
    pub group_size: Option<usize>,
    /// Groups left in place, for want of another of their size (and stratum).
    pub groups_in_place: usize,
}

impl Design {
    /// The design for n rows; `strata` and `groups` hold one id per row.
    pub fn new(n: usize, strata: Option<&[i64]>, groups: Option<&[i64]>, scheme: Scheme) -> Result<Self> {
        for (name, ids) in [("strata", strata), ("groups", groups)] {
            match ids {
                Some(_) if scheme == Scheme::Shift => {
                    return Err(bad_option("scheme", "\"shift\"", format!("cannot be combined with {name}")));
                }
                Some(ids) if ids.len() != n => {
                    return Err(Error::RowCountMismatch { x: "x".into(), y: name.into(), n, m: ids.len() });
                }
                _ => {}
            }
        }
        let (stratum, strata_count) = strata.map_or_else(|| (vec![0; n], 1), numbered);
        let units = units(n, groups);
        if let (Some(strata), Some(groups)) = (strata, groups) {
            inside(&units, strata, groups)?;
        }
        let count = units.len();
        let design = Self {
            n,
            scheme,
            classes: classes(units, &stratum),
            strata: strata.map(|_| strata_count),
            groups: groups.map(|_| count),
        };
        if design.movable() == 0 {
            return Err(Error::NothingToPermute { n, reason: design.why_nothing_moves() });
        }
        Ok(design)
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Scheme by which rows may move.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Units that trade places; of a circular shift, all rows.
    pub(super) fn classes(&self) -> &[ExchangeClass] {
        &self.classes
    }

    /// True if every order of the rows is allowed.
    pub fn is_free(&self) -> bool {
        self.scheme == Scheme::Permute && matches!(&self.classes[..], [class] if class.width == 1)
    }

    /// True if rows move in groups.
    pub fn is_grouped(&self) -> bool {
        self.groups.is_some()
    }

    /// The number of the group of each row, if there are groups.
    pub fn groups(&self) -> Option<Vec<usize>> {
        self.groups?;
        let mut group_of = vec![0; self.n];
        let units = self.classes.iter().flat_map(|class| (0..class.count()).map(|at| class.unit(at)));
        units.enumerate().for_each(|(number, rows)| rows.iter().for_each(|&row| group_of[row] = number));
        Some(group_of)
    }

    /// Number of allowed pairings, or None if it is 2^128 or more.
    pub fn order(&self) -> Option<u128> {
        match self.scheme {
            Scheme::Shift => Some(self.n as u128),
            Scheme::Permute => self
                .classes
                .iter()
                .try_fold(1_u128, |product, class| (2..=class.count() as u128).try_fold(product, u128::checked_mul)),
        }
    }

    /// Matching number `stream` of a key, every allowed one equally likely: row i of x meets row `draw(..)[i]` of y.
    pub fn draw(&self, key: &[u8; 32], stream: u64) -> Vec<usize> {
        match self.scheme {
            Scheme::Shift => self.shifted(permutation(key, stream, self.n).first().copied().unwrap_or(0)),
            Scheme::Permute => {
                let counts: Vec<usize> = self.classes.iter().map(ExchangeClass::count).collect();
                self.pairing(&permutations(key, stream, &counts))
            }
        }
    }

    /// Allowed pairing number `index`, counted around if there are fewer. Number 0 is the identity.
    pub fn nth(&self, mut index: u128) -> Vec<usize> {
        if self.scheme == Scheme::Shift {
            return self.shifted((index % self.n as u128) as usize);
        }
        // The last class turns fastest.
        let mut places: Vec<Vec<usize>> =
            self.classes.iter().rev().map(|class| order_of_dictionary(class.count(), &mut index)).collect();
        places.reverse();
        self.pairing(&places)
    }

    /// Numbers that describe the design.
    pub fn summary(&self) -> DesignSummary {
        let mut moving = self.moving().map(|class| class.width);
        let group_size = self.groups.and(moving.next()).filter(|&first| moving.all(|width| width == first));
        let groups_in_place =
            if self.groups.is_some() { self.classes.iter().filter(|class| class.count() == 1).count() } else { 0 };
        DesignSummary {
            rows: self.n,
            movable: self.movable(),
            strata: self.strata,
            groups: self.groups,
            group_size,
            groups_in_place,
        }
    }

    fn moving(&self) -> impl Iterator<Item = &ExchangeClass> {
        self.classes.iter().filter(|class| class.count() > 1)
    }

    fn movable(&self) -> usize {
        self.moving().map(|class| class.rows.len()).sum()
    }

    fn why_nothing_moves(&self) -> String {
        match (self.strata, self.groups) {
            _ if self.n < 2 => "fewer than two rows have no other order".into(),
            (Some(count), None) => format!("each of the {count} strata has one row"),
            (None, Some(1)) => "all of them are in one group".into(),
            (_, Some(count)) => {
                let place = if self.strata.is_some() { " in the same stratum" } else { "" };
                format!("no two of the {count} groups have the same size{place}")
            }
            (None, None) => "there is one order only".into(),
        }
    }

    fn shifted(&self, by: usize) -> Vec<usize> {
        (0..self.n).map(|row| (row + by) % self.n).collect()
    }

    /// Rows, from the places of units in every class.
    fn pairing(&self, places: &[Vec<usize>]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.n).collect();
        for (class, places) in self.classes.iter().zip(places) {
            for (unit, &other) in places.iter().enumerate() {
                class.unit(unit).iter().zip(class.unit(other)).for_each(|(&row, &other)| order[row] = other);
            }
        }
        order
    }
}

impl fmt::Display for DesignSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        write!(f, "{} of {} rows can move", self.movable, self.rows)?;
        if let Some(groups) = self.groups {
            write!(f, ", in {groups} group{}", plural(groups))?;
            if let Some(size) = self.group_size {
                write!(f, " of {size} row{}", plural(size))?;
            }
        }
        if let Some(strata) = self.strata {
            write!(f, ", inside {strata} strat{}", if strata == 1 { "um" } else { "a" })?;
        }
        if self.groups_in_place > 0 {
            write!(
                f,
                "; {} group{} without a partner of equal size",
                self.groups_in_place,
                plural(self.groups_in_place)
            )?;
            write!(f, " stay{}", if self.groups_in_place == 1 { "s" } else { "" })?;
        }
        Ok(())
    }
}

/// Ids as numbers 0, 1, .. in the order of their first appearance, and how many there are.
fn numbered(ids: &[i64]) -> (Vec<usize>, usize) {
    let mut numbers = HashMap::new();
    let found = ids
        .iter()
        .map(|&id| {
            let next = numbers.len();
            *numbers.entry(id).or_insert(next)
        })
        .collect();
    (found, numbers.len())
}

/// The rows of every group; without groups, every row for itself.
fn units(n: usize, groups: Option<&[i64]>) -> Vec<Vec<usize>> {
    let Some(groups) = groups else { return (0..n).map(|row| vec![row]).collect() };
    let (numbers, count) = numbered(groups);
    let mut units = vec![Vec::new(); count];
    numbers.into_iter().enumerate().for_each(|(row, group)| units[group].push(row));
    units
}

/// Units of equal width in the same stratum.
fn classes(units: Vec<Vec<usize>>, stratum: &[usize]) -> Vec<ExchangeClass> {
    let mut places = HashMap::new();
    let mut classes: Vec<ExchangeClass> = Vec::new();
    for unit in units {
        let place = *places.entry((stratum[unit[0]], unit.len())).or_insert(classes.len());
        if place == classes.len() {
            classes.push(ExchangeClass { width: unit.len(), rows: Vec::new() });
        }
        classes[place].rows.extend(unit);
    }
    classes
}

/// Every group must lie in one stratum.
fn inside(units: &[Vec<usize>], strata: &[i64], groups: &[i64]) -> Result<()> {
    for unit in units {
        let first = unit[0];
        if let Some(&row) = unit.iter().find(|&&row| strata[row] != strata[first]) {
            let (one, other) = (strata[first], strata[row]);
            let problem =
                format!("has row {first} in stratum {one} and row {row} in stratum {other}; a group must lie in one");
            return Err(bad_option("groups", &groups[first].to_string(), problem));
        }
    }
    Ok(())
}

fn bad_option(option: &str, given: &str, problem: String) -> Error {
    let measure = "permutation_test".into();
    Error::BadOption { measure, option: option.into(), given: given.into(), problem }
}

/// An order of 0, .., count - 1 by its number in a dictionary of count! orders; `index` keeps what goes beyond.
fn order_of_dictionary(count: usize, index: &mut u128) -> Vec<usize> {
    // Digits from the right: the last but one place has two choices, the one before three.
    let mut choices = vec![0; count];
    for (base, choice) in (1_u128..).zip(choices.iter_mut().rev()) {
        *choice = (*index % base) as usize;
        *index /= base;
    }
    let mut left: Vec<usize> = (0..count).collect();
    choices.into_iter().map(|choice| left.remove(choice)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::numerics::streams::tests::key_of_42;

    /// True if a pairing is allowed, from the ids alone.
    pub(crate) fn lawful(order: &[usize], strata: Option<&[i64]>, groups: Option<&[i64]>) -> bool {
        let rows_of = |id: i64, ids: &[i64]| (0..ids.len()).filter(|&row| ids[row] == id).collect::<Vec<_>>();
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        sorted.into_iter().eq(0..order.len())
            && strata.is_none_or(|ids| order.iter().enumerate().all(|(row, &other)| ids[row] == ids[other]))
            && groups.is_none_or(|ids| {
                ids.iter().all(|&id| {
                    let moved: Vec<usize> = rows_of(id, ids).into_iter().map(|row| order[row]).collect();
                    moved == rows_of(ids[moved[0]], ids)
                })
            })
    }

    const STRATA: [i64; 9] = [7, -1, 7, 7, -1, 7, 7, 7, -1];
    /// Four groups of two rows and one of one row, each in one stratum.
    const GROUPS: [i64; 9] = [5, 0, 8, 5, 0, 8, 3, 3, 2];

    fn permuted(n: usize, strata: Option<&[i64]>, groups: Option<&[i64]>) -> Design {
        Design::new(n, strata, groups, Scheme::Permute).unwrap()
    }

    /// Enumeration meets every lawful order exactly once, found by trying all n! of them.
    #[test]
    fn enumeration_is_the_whole_group() {
        let (strata, groups) = (&STRATA[..7], &GROUPS[..7]);
        for (strata, groups) in [(None, None), (Some(strata), None), (None, Some(groups)), (Some(strata), Some(groups))]
        {
            let (free, design) = (permuted(7, None, None), permuted(7, strata, groups));
            let all: HashSet<_> = (0..5040).map(|index| free.nth(index)).collect();
            assert_eq!(all.len(), 5040);
            let expected: HashSet<_> = all.into_iter().filter(|order| lawful(order, strata, groups)).collect();
            let order = design.order().unwrap();
            let found: HashSet<_> = (0..order).map(|index| design.nth(index)).collect();
            assert_eq!(found, expected);
            assert_eq!(order, expected.len() as u128);
            assert_eq!(design.nth(0), (0..7).collect::<Vec<_>>());
            assert_eq!(design.nth(order + 1), design.nth(1));
        }
        let free = permuted(4, None, None);
        assert!((1..24).all(|index| free.nth(index - 1) < free.nth(index)), "the order of a dictionary");
    }

    /// Draws of every design are all lawful, and all lawful ones are equally likely: chi-square below its 99.9 % point.
    #[test]
    fn draws_are_uniform_on_the_group() {
        let bounds = [(6, 20.5), (12, 31.3), (24, 49.7), (48, 82.7)];
        for (n, strata, groups, order) in [
            (4, None, None, 24),
            (6, Some(&STRATA[..6]), None, 48),
            (9, None, Some(&GROUPS[..]), 24),
            (9, Some(&STRATA[..]), Some(&GROUPS[..]), 6),
            (9, None, Some(&[1, 1, 1, 2, 2, 2, 3, 4, 5]), 12),
        ] {
            let design = permuted(n, strata, groups);
            assert_eq!(design.order(), Some(order));
            let mut counts = HashMap::new();
            let each = 500;
            for stream in 0..each * order as u64 {
                let order = design.draw(&[3; 32], stream);
                assert!(lawful(&order, strata, groups));
                *counts.entry(order).or_insert(0.0) += 1.0;
            }
            let each = each as f64;
            assert_eq!(counts.len() as u128, order);
            let chi_square: f64 = counts.values().map(|c: &f64| (c - each) * (c - each) / each).sum();
            let bound = bounds.iter().find(|(of, _)| *of == order).unwrap().1;
            assert!(chi_square < bound, "{order}: {chi_square}");
        }
    }

    #[test]
    fn draws_are_frozen() {
        let key = key_of_42();
        let free = permuted(10, None, None);
        assert!(free.is_free());
        assert_eq!(free.draw(&key, 1), permutation(&key, 1, 10));
        let shift = Design::new(10, None, None, Scheme::Shift).unwrap();
        assert_eq!(shift.draw(&key, 2), [4, 5, 6, 7, 8, 9, 0, 1, 2, 3]);
        // The first class uses the first words: six rows of stratum 7, then three of stratum -1.
        assert_eq!(permuted(9, Some(&STRATA), None).draw(&key, 1), FROZEN[0]);
        assert_eq!(permuted(9, None, Some(&GROUPS)).draw(&key, 1), FROZEN[1]);
        assert_eq!(permuted(9, Some(&STRATA), Some(&GROUPS)).draw(&key, 1), FROZEN[2]);
    }

    /// Golden pairings by the rule written in plain integers, with the words of the reference.
    const FROZEN: [[usize; 9]; 3] =
        [[5, 4, 6, 7, 1, 0, 2, 3, 8], [6, 2, 0, 7, 5, 3, 1, 4, 8], [6, 1, 0, 7, 4, 3, 2, 5, 8]];

    #[test]
    fn summaries() {
        let summary = permuted(9, Some(&STRATA), Some(&GROUPS)).summary();
        let expected = DesignSummary {
            rows: 9,
            movable: 6,
            strata: Some(2),
            groups: Some(5),
            group_size: Some(2),
            groups_in_place: 2,
        };
        assert_eq!(summary, expected);
        assert_eq!(
            summary.to_string(),
            "6 of 9 rows can move, in 5 groups of 2 rows, inside 2 strata; 2 groups without a partner of equal size stay"
        );
        assert_eq!(permuted(5, None, None).summary().to_string(), "5 of 5 rows can move");
        assert_eq!(permuted(5, None, Some(&[1, 1, 2, 3, 3])).summary().groups_in_place, 1);
        assert_eq!(permuted(9, None, Some(&[1, 1, 2, 2, 3, 3, 3, 4, 5])).summary().group_size, None);
    }

    #[test]
    fn orders() {
        assert_eq!(permuted(34, None, None).order(), Some((1..=34).product()));
        assert_eq!(permuted(35, None, None).order(), None);
        let large = permuted(60, None, None);
        assert_eq!(large.nth(1)[57..], [57, 59, 58]);
        let shift = Design::new(40, None, None, Scheme::Shift).unwrap();
        assert_eq!(shift.order(), Some(40));
        assert_eq!(shift.nth(39)[..2], [39, 0]);
        assert!(!shift.is_free());
    }

    #[test]
    fn refusals() {
        let code = |n, strata, groups, scheme| Design::new(n, strata, groups, scheme).unwrap_err().code();
        let ids = Some(&[1_i64, 2, 3][..]);
        for (n, strata, groups) in [
            (3, ids, None),
            (1, None, None),
            (0, None, None),
            (0, Some(&[][..]), Some(&[][..])),
            (3, None, Some(&[1, 1, 1][..])),
            (3, None, Some(&[1, 1, 2][..])),
            (3, Some(&[1, 2, 2][..]), Some(&[1, 2, 2][..])),
        ] {
            assert_eq!(code(n, strata, groups, Scheme::Permute), "nothing_to_permute", "{n} {strata:?} {groups:?}");
        }
        assert_eq!(code(1, None, None, Scheme::Shift), "nothing_to_permute");
        assert_eq!(code(4, ids, None, Scheme::Permute), "row_count_mismatch");
        assert_eq!(code(4, None, ids, Scheme::Permute), "row_count_mismatch");
        assert_eq!(code(3, ids, None, Scheme::Shift), "bad_option");
        assert_eq!(code(3, None, ids, Scheme::Shift), "bad_option");
        let across = Design::new(3, Some(&[1, 1, 2]), Some(&[5, 4, 5]), Scheme::Permute).unwrap_err();
        assert_eq!(
            across.to_string(),
            "permutation_test: groups=5 has row 0 in stratum 1 and row 2 in stratum 2; a group must lie in one"
        );
        let single = Design::new(3, ids, None, Scheme::Permute).unwrap_err();
        assert_eq!(single.to_string(), "None of the 3 rows can change places: each of the 3 strata has one row.");
    }
}
