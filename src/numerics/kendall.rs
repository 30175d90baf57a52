//! Kendall's rank correlation: how many pairs of entries two vectors put in the same order, and how many in opposite ones.
//!
//! ```text
//! concordance = C - D        C: pairs i < j with (x_i - x_j)(y_i - y_j) > 0,   D: with < 0
//! ```
//!
//! A pair that is tied in either vector counts for neither. [`Tau`] divides by the number of pairs. All counts are whole
//! numbers, so nothing is rounded before that: vectors of up to 2^32 entries have fewer than 2^63 pairs.
//!
//! The exact count ([`concordance`]) reads y in the order of x and counts inversions, O(m log m). Instead of merging sorted
//! runs, whose comparisons no processor can predict, entries are parted by the highest bit, then by the next, each part in
//! its old order: whoever has a 0 bit is smaller than all earlier ones with a 1 bit, and both are then done with each other.
//!
//! Often it is enough to know on which side of a number the concordance lies. An [`Order`] is cut into at most 256 bins,
//! only between different values; then a table of how many entries fall into bin a of x and bin b of y decides every two
//! entries that share neither bin, and [`interval`] counts those by sums over rectangles of the table. Entries that share a
//! bin are undecided, unless they are tied there. With G bins a side the interval is about 4/G of all pairs wide, and it
//! shrinks to a point where every bin holds one value.

use std::ops::Range;

use crate::error::Result;
use crate::memory;

/// A bin's number fits into a byte, and a row of the table into the innermost cache.
pub const BINS: usize = 256;
/// Largest number of entries whose pairs are all looked at.
const FEW: usize = 24;

/// Denominator of the concordance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tau {
    /// All pairs: ties bring it closer to 0.
    A,
    /// The geometric mean of the numbers of pairs that are not tied in x, and in y.
    B,
}

impl Tau {
    /// Kendall's tau of two vectors with that concordance; NaN where tau-b is 0/0.
    pub fn of(self, concordance: i64, x: &SortedOrder, y: &SortedOrder) -> f64 {
        let over = match self {
            Self::A => x.pairs() as f64,
            // The root of a rounded square is the number itself, so that a vector has exactly 1 with itself.
            Self::B => (x.untied() as f64 * y.untied() as f64).sqrt(),
        };
        concordance as f64 / over
    }
}

/// Purpose of the memory, in messages.
pub const ORDER: &str = "The order of all pairs of rows";

/// Order of the entries of a vector.
#[derive(Debug)]
pub struct SortedOrder {
    /// For each entry, how many are smaller.
    smaller: Vec<u32>,
    /// Place of each entry when all are sorted, tied ones side by side; None where nothing is tied, for it is the same.
    place: Option<Vec<u32>>,
    /// The places of tied entries.
    ties: Vec<Range<u32>>,
    /// Pairs that are tied.
    tied: u64,
    bins: Bins,
}

/// Entries that share a bin.
#[derive(Debug)]
struct Bins {
    cut: Binning,
    /// For each bin, pairs in it that are tied.
    tied: Vec<u64>,
    /// Pairs that share a bin.
    together: u64,
}

/// Bin by the number of smaller entries.
#[derive(Debug)]
enum Binning {
    /// Bins of about equal size, so many for each entry.
    Even(f64),
    /// A bin for each value, of which so many entries are smaller.
    Values(Vec<u32>),
}

/// Pairs of that many things.
fn pairs(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

impl SortedOrder {
    /// Order from average ranks less their mean; None if these are no ranks, or more than can be numbered.
    pub fn of_ranks(centered: &[f64]) -> Result<Option<Self>> {
        let Some(count) = u32::try_from(centered.len()).ok().filter(|&count| count < u32::MAX) else { return Ok(None) };
        let room = || memory::room(ORDER, centered.len());
        // The whole part of an average rank is the number, from 1, of a place that is taken by one of those who share it.
        let mean = f64::from(count) / 2.0 + 0.5;
        let middle = |value: f64| ((value + mean) as u32).min(count);
        if all_differ(centered.iter().map(|&value| middle(value)), count) {
            let mut smaller = room()?;
            smaller.extend(centered.iter().map(|&value| middle(value) - 1));
            let bins = Bins::cut(count, &[], count as usize);
            return Ok(Some(Self { smaller, place: None, ties: Vec::new(), tied: 0, bins }));
        }
        let mut groups = memory::zeros::<u32>(ORDER, centered.len() + 1)?;
        centered.iter().for_each(|&value| groups[middle(value) as usize] += 1);
        let (mut ties, mut before, mut values) = (Vec::new(), 0, 0);
        for (at, size) in groups.iter_mut().enumerate().filter(|(_, size)| **size > 0) {
            if at != (before + size.div_ceil(2)) as usize {
                return Ok(None);
            }
            values += 1;
            let places = before..before + *size;
            before = places.end;
            // From here on: 1 for an entry of its own, or the number of the tie.
            if *size > 1 {
                *size = ties.len() as u32 + 2;
                ties.push(places);
            }
        }
        let mut next: Vec<u32> = ties.iter().map(|places| places.start).collect();
        let number = |value: f64| {
            let at = middle(value);
            match groups[at as usize].checked_sub(2) {
                None => (at - 1, at - 1),
                Some(tie) => {
                    let next = &mut next[tie as usize];
                    *next += 1;
                    (ties[tie as usize].start, *next - 1)
                }
            }
        };
        let (mut smaller, mut place) = (room()?, room()?);
        for (of_smaller, of_place) in centered.iter().copied().map(number) {
            smaller.push(of_smaller);
            place.push(of_place);
        }
        let tied = ties.iter().map(|places| pairs(places.len() as u64)).sum();
        let bins = Bins::cut(count, &ties, values);
        Ok(Some(Self { smaller, place: Some(place), ties, tied, bins }))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.smaller.len()
    }

    /// Place of entry `at` when all are sorted.
    pub fn place(&self, at: usize) -> usize {
        self.place.as_ref().unwrap_or(&self.smaller)[at] as usize
    }

    /// Number of entries smaller than entry `at`.
    pub fn smaller(&self, at: usize) -> u32 {
        self.smaller[at]
    }

    /// The bin of entry `at`, below [`Order::bins`].
    pub fn bin(&self, at: usize) -> u8 {
        self.bins.cut.of(self.smaller[at])
    }

    /// Number of bins.
    pub fn bins(&self) -> usize {
        self.bins.tied.len()
    }

    /// Pairs of entries that are not tied.
    pub fn untied(&self) -> u64 {
        self.pairs() - self.tied
    }

    /// Pairs of entries.
    pub fn pairs(&self) -> u64 {
        pairs(self.len() as u64)
    }
}

/// True if all numbers from 1 to `count` occur, if there are so many of them.
fn all_differ(numbers: impl Iterator<Item = u32>, count: u32) -> bool {
    let mut seen = vec![0_u64; count as usize / 64 + 1];
    seen[0] = 1;
    numbers.fold(true, |differ, number| {
        let (word, bit) = (&mut seen[number as usize / 64], 1 << (number % 64));
        let new = *word & bit == 0;
        *word |= bit;
        differ & new
    })
}

impl Binning {
    fn of(&self, smaller: u32) -> u8 {
        match self {
            Self::Even(bins) => (f64::from(smaller) * bins) as u8,
            Self::Values(first) => first.partition_point(|&first| first < smaller) as u8,
        }
    }
}

impl Bins {
    /// A bin for every value, where these are few; else bins of about equal size, as many as make a table as large as the
    /// vectors, which costs about what it costs to fill it.
    fn cut(count: u32, ties: &[Range<u32>], values: usize) -> Self {
        let most = (count as usize).isqrt().clamp(1, BINS);
        let few = values <= most;
        let mut first = Vec::new();
        let even = Binning::Even(most as f64 / f64::from(count));
        let (mut tied, mut sizes) = (vec![0; most], vec![0; most]);
        let (mut at, mut next) = (0, ties.iter().peekable());
        while at < count {
            let group = next.next_if(|places| places.start == at).map_or(1, ExactSizeIterator::len);
            let bin = if few { first.len() } else { usize::from(even.of(at)) };
            if few {
                first.push(at);
            }
            tied[bin] += pairs(group as u64);
            sizes[bin] += group as u64;
            at += group as u32;
        }
        let cut = if few { Binning::Values(first) } else { even };
        Self { cut, tied, together: sizes.into_iter().map(pairs).sum() }
    }
}

/// Concordant less discordant pairs; `sequence` is how many entries of y are smaller ([`Order::smaller`]), in order of the
/// places of x.
pub fn concordance(x: &SortedOrder, y: &SortedOrder, mut sequence: Vec<u32>) -> Result<i64> {
    let mut tied_in_both = 0;
    // Where x is tied nothing may be out of order.
    for range in &x.ties {
        let part = &mut sequence[range.start as usize..range.end as usize];
        part.sort_unstable();
        tied_in_both += part.chunk_by(|a, b| a == b).map(|run| pairs(run.len() as u64)).sum::<u64>();
    }
    let bits = u32::BITS - (sequence.len() as u32).leading_zeros();
    let mut spare = memory::zeros(ORDER, sequence.len())?;
    let discordant = inversions(&mut sequence, &mut spare, bits);
    let untied = x.pairs() - x.tied - y.tied + tied_in_both;
    Ok(untied as i64 - 2 * discordant as i64)
}

/// Pairs of which the earlier is larger; the numbers are below 2^bits where it matters.
fn inversions(numbers: &mut [u32], spare: &mut [u32], bits: u32) -> u64 {
    if numbers.len() <= FEW {
        let later = |(at, a): (usize, &u32)| numbers[at + 1..].iter().map(|b| u32::from(b < a)).sum::<u32>();
        return numbers.iter().enumerate().map(later).map(u64::from).sum();
    }
    let Some(bit) = bits.checked_sub(1) else { return 0 };
    let (mut zeros, mut ones, mut count) = (0, 0, 0);
    for at in 0..numbers.len() {
        let number = numbers[at];
        let one = (number >> bit & 1) as usize;
        // Both are written and one is kept, which is quicker than to guess.
        numbers[zeros] = number;
        spare[ones] = number;
        count += (ones * (1 - one)) as u64;
        ones += one;
        zeros += 1 - one;
    }
    numbers[zeros..].copy_from_slice(&spare[..ones]);
    let (low, high) = numbers.split_at_mut(zeros);
    let (spare_low, spare_high) = spare.split_at_mut(zeros);
    count + inversions(low, spare_low, bit) + inversions(high, spare_high, bit)
}

/// Ends between which concordant less discordant pairs lie; `table[a][b]` entries are in bin a of x and bin b of y.
pub fn interval(x: &SortedOrder, y: &SortedOrder, table: &[[u32; BINS]]) -> (i64, i64) {
    let (x_tied, y_tied) = (&x.bins.tied, &y.bins.tied);
    let no_ties = x.tied == 0 || y.tied == 0;
    let mut below = [0_u32; BINS];
    let (mut concordant, mut share_both, mut tied_in_both) = (0, 0, 0);
    for (row, &tied) in table.iter().zip(x_tied) {
        let mut rectangle = 0;
        for (&count, column) in row.iter().zip(&mut below).take(y_tied.len()) {
            concordant += u64::from(count) * u64::from(rectangle);
            share_both += pairs(u64::from(count));
            rectangle += *column;
            *column += count;
        }
        if !no_ties && tied > 0 {
            let both = |(&count, &other): (&u32, &u64)| pairs(u64::from(count)).min(tied).min(other);
            tied_in_both += row.iter().zip(y_tied).map(both).sum::<u64>();
        }
    }
    let (x_together, y_together) = (x.bins.together, y.bins.together);
    let decided = x.pairs() + share_both - x_together - y_together;
    // Pairs that share a bin of x and are not tied there, likewise of y; those that share both were counted twice. A pair
    // tied in both was counted never, and is taken away all the same: at most so many are.
    let undecided = (x_together - x.tied) + (y_together - y.tied) + tied_in_both - share_both;
    let middle = 2 * concordant as i64 - decided as i64;
    (middle - undecided as i64, middle + undecided as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::ranks::{Same, average_ranks};
    use crate::numerics::streams::Stream;
    use crate::par::Par;
    use proptest::prelude::*;

    fn order(values: &[f64]) -> SortedOrder {
        let mut ranks = values.to_vec();
        let middle = (values.len() as f64 + 1.0) / 2.0;
        average_ranks(&mut ranks, Same::EXACT, -middle, Par::SEQ).unwrap();
        SortedOrder::of_ranks(&ranks).unwrap().unwrap()
    }

    fn count(x: &SortedOrder, y: &SortedOrder) -> i64 {
        let mut sequence = vec![0; x.len()];
        (0..x.len()).for_each(|at| sequence[x.place(at)] = y.smaller(at));
        concordance(x, y, sequence).unwrap()
    }

    fn bounds(x: &SortedOrder, y: &SortedOrder) -> (i64, i64) {
        let mut table = vec![[0; BINS]; x.bins()];
        (0..x.len()).for_each(|at| table[usize::from(x.bin(at))][usize::from(y.bin(at))] += 1);
        interval(x, y, &table)
    }

    /// The slow twin: the definition.
    fn twin(x: &[f64], y: &[f64]) -> i64 {
        let sign = |a: f64, b: f64| i64::from(a > b) - i64::from(a < b);
        let of = |i: usize| (0..i).map(|j| sign(x[i], x[j]) * sign(y[i], y[j])).sum::<i64>();
        (0..x.len()).map(of).sum()
    }

    fn check(x: &[f64], y: &[f64]) -> (i64, i64) {
        let (a, b, expected) = (order(x), order(y), twin(x, y));
        assert_eq!(count(&a, &b), expected);
        assert_eq!(count(&b, &a), expected);
        let (low, high) = bounds(&a, &b);
        assert!(low <= expected && expected <= high, "{low} {expected} {high}");
        assert_eq!(bounds(&b, &a), (low, high));
        assert_eq!(a.untied(), twin(x, x) as u64);
        (low, high)
    }

    fn noise(stream: u64, count: usize) -> Vec<f64> {
        Stream::new(&[4; 32], stream).permutation(count).into_iter().map(|v| v as f64).collect()
    }

    #[test]
    fn by_hand() {
        let (x, y) = ([1.0, 2.0, 3.0, 4.0], [1.0, 4.0, 2.0, 3.0]);
        assert_eq!(count(&order(&x), &order(&y)), 2); // 6 pairs, of which (2, 3) and (2, 4) are discordant
        assert_eq!(count(&order(&x), &order(&[1.0, 1.0, 2.0, 2.0])), 4);
        assert_eq!(count(&order(&[1.0, 1.0, 2.0, 2.0]), &order(&[2.0, 1.0, 2.0, 1.0])), 0);
        assert_eq!(count(&order(&[]), &order(&[])), 0);
    }

    /// Sizes around those at which parting and binning begin; ties of every weight, in blocks and everywhere.
    #[test]
    fn counts_and_intervals() {
        for size in [1, 2, 3, 10, 24, 25, 26, 64, 255, 256, 257, 700, 1500] {
            let (x, y) = (noise(1, size), noise(2, size));
            let coarse = |v: &[f64], step: f64| -> Vec<f64> { v.iter().map(|v| (v / step).floor()).collect() };
            let heavy = |v: &[f64]| -> Vec<f64> { v.iter().map(|v| v.max(size as f64 / 2.0)).collect() };
            let blend: Vec<f64> = x.iter().zip(&y).map(|(a, b)| a + 0.3 * b).collect();
            let sides = [x.clone(), y, blend, coarse(&x, 2.0), coarse(&x, 40.0), heavy(&x), vec![0.0; size]];
            for (a, b) in sides.iter().flat_map(|a| sides.iter().map(move |b| (a, b))) {
                check(a, b);
            }
        }
    }

    /// With so few values every bin holds one of them, and nothing is undecided.
    #[test]
    fn few_values_are_decided() {
        for values in [2.0, 7.0, 50.0] {
            let [x, y] = [5, 6].map(|stream| -> Vec<f64> {
                noise(stream, 3000).into_iter().map(|v| (v * values / 3000.0).floor()).collect()
            });
            let (low, high) = check(&x, &y);
            assert_eq!(low, high);
        }
    }

    /// Without ties the interval is about 4/G of all pairs wide, and with them it is not wider.
    #[test]
    fn the_interval_is_narrow() {
        let size = 70_000;
        let (x, y) = (noise(7, size), noise(8, size));
        let tied: Vec<f64> = x.iter().map(|v| (v / 20.0).floor()).collect();
        let all = size as f64 * (size as f64 - 1.0) / 2.0;
        let width = |x: &[f64], y: &[f64]| {
            let (low, high) = bounds(&order(x), &order(y));
            (high - low) as f64 / all
        };
        let plain = width(&x, &y);
        assert!((plain * 256.0 - 4.0).abs() < 0.1, "{plain}");
        assert!(width(&tied, &y) < plain && width(&tied, &tied) < plain);
    }

    #[test]
    fn no_ranks() {
        for odd in [[f64::NAN, 0.0, 1.0], [1e300, 1.0, 0.0], [-1.0, 0.0, -5.0], [0.0, 0.0, 1.0], [-1.0, -1.0, -1.0]] {
            assert!(SortedOrder::of_ranks(&odd).unwrap().is_none(), "{odd:?}");
        }
        assert!(SortedOrder::of_ranks(&[-0.5, 1.0, -0.5]).unwrap().is_some());
    }

    proptest! {
        #[test]
        fn any_values(both in prop::collection::vec((-20..20_i32, prop_oneof![-3..3_i32, -500..500_i32]), 0..400)) {
            let (x, y): (Vec<f64>, Vec<f64>) = both.iter().map(|(a, b)| (f64::from(*a), f64::from(*b))).unzip();
            check(&x, &y);
        }
    }
}
