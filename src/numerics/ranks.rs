//! Ranks with ties averaged.
//!
//! The ranks of n(n-1)/2 distances decide the cost of a Spearman comparison, so they are found without comparisons: the
//! bits of a float, suitably flipped, order like an unsigned integer, and such integers are sorted by their digits.

use crate::error::Result;
use crate::par::Par;

const DIGIT: u32 = 11;
const BUCKETS: usize = 1 << DIGIT;

/// An unsigned integer that orders like the number; both zeros are the same.
fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Replace every value by its rank, 1 for the smallest, ties averaged; returns the number of tied values.
pub fn average_ranks(values: &mut [f64], par: Par<'_>) -> Result<usize> {
    let mut items: Vec<(u64, u32)> = Vec::with_capacity(values.len());
    items.extend(values.iter().zip(0_u32..).map(|(&value, at)| (key(value), at)));
    sort(&mut items, par)?;
    let mut tied = 0;
    let mut start = 0;
    while start < items.len() {
        let same = items[start..].iter().take_while(|item| item.0 == items[start].0).count();
        let rank = start as f64 + (same as f64 + 1.0) / 2.0;
        items[start..start + same].iter().for_each(|item| values[item.1 as usize] = rank);
        tied += if same > 1 { same } else { 0 };
        start += same;
    }
    Ok(tied)
}

/// Stable sort by key, least significant digit first; digits in which all keys agree are skipped.
fn sort(items: &mut Vec<(u64, u32)>, par: Par<'_>) -> Result<()> {
    let mut spare = vec![(0_u64, 0_u32); items.len()];
    let differing = items.iter().fold(0, |bits, item| bits | (item.0 ^ items[0].0));
    let mut shift = 0;
    while shift < 64 {
        par.check()?;
        if (differing >> shift) as usize & (BUCKETS - 1) != 0 {
            let mut starts = [0_usize; BUCKETS + 1];
            items.iter().for_each(|item| starts[((item.0 >> shift) as usize & (BUCKETS - 1)) + 1] += 1);
            (0..BUCKETS).for_each(|b| starts[b + 1] += starts[b]);
            for &item in items.iter() {
                let bucket = (item.0 >> shift) as usize & (BUCKETS - 1);
                spare[starts[bucket]] = item;
                starts[bucket] += 1;
            }
            std::mem::swap(items, &mut spare);
        }
        shift += DIGIT;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_a_plain_sort() {
        let values: Vec<f64> =
            (0..500).map(|i| ((i * 37 % 101) as f64 - 50.0) * 1e-3).chain([0.0, -0.0, 1e300, -1e-300]).collect();
        let mut ranks = values.clone();
        let tied = average_ranks(&mut ranks, Par::SEQ).unwrap();
        for (value, rank) in values.iter().zip(&ranks) {
            let below = values.iter().filter(|v| *v < value).count() as f64;
            let same = values.iter().filter(|v| *v == value).count() as f64;
            assert_eq!(*rank, below + (same + 1.0) / 2.0);
        }
        assert_eq!(tied, values.iter().filter(|v| values.iter().filter(|w| w == v).count() > 1).count());
    }
}
