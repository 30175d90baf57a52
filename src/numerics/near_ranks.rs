//! Ranks of values of which every one has a round-off of its own.
//!
//! [`super::ranks`] finds ties by a tolerance that all values share, and carries no index along. Here the ranks without any
//! tolerance tell where each value lies in order; a walk through that order then joins neighbors that are no further
//! apart than the larger of their tolerances.

use super::ranks::{RankTies, Same, average_ranks};
use crate::error::Result;
use crate::par::Par;

/// Replace every value by `shift` plus its rank, 1 for the smallest, ties averaged; `tolerance[at]` is the round-off of
/// `values[at]`, and `relative` that of any in units of itself.
pub fn average_ranks_within(
    values: &mut [f64],
    tolerance: &[f32],
    relative: f64,
    shift: f64,
    par: Par<'_>,
) -> Result<RankTies> {
    let given = values.to_vec();
    average_ranks(values, Same::EXACT, 0.0, par)?;
    let order = in_order(values);
    par.check()?;
    let mut ties = RankTies::default();
    let mut start = 0;
    for end in 1..=order.len() {
        let goes_on = end < order.len() && {
            let (a, b) = (order[end - 1] as usize, order[end] as usize);
            let absolute = f64::from(tolerance[a].max(tolerance[b]));
            Same { relative, absolute }.holds(given[a], given[b])
        };
        if !goes_on {
            let rank = shift + 0.5 * (start + 1 + end) as f64;
            order[start..end].iter().for_each(|&at| values[at as usize] = rank);
            ties.add(end - start);
            start = end;
        }
    }
    Ok(ties)
}

/// Places by rank. Twice an average rank is a whole number, so they are counted, not sorted.
fn in_order(ranks: &[f64]) -> Vec<u32> {
    let key = |rank: f64| (2.0 * rank) as usize;
    let mut next = vec![0_u32; 2 * ranks.len() + 2];
    ranks.iter().for_each(|rank| next[key(*rank) + 1] += 1);
    (1..next.len()).for_each(|at| next[at] += next[at - 1]);
    let mut order = vec![0_u32; ranks.len()];
    for (at, rank) in ranks.iter().enumerate() {
        let place = &mut next[key(*rank)];
        order[*place as usize] = at as u32;
        *place += 1;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(values: &[f64], tolerance: &[f32], relative: f64) -> (Vec<f64>, RankTies) {
        let mut ranked = values.to_vec();
        let ties = average_ranks_within(&mut ranked, tolerance, relative, 0.0, Par::SEQ).unwrap();
        (ranked, ties)
    }

    #[test]
    fn small_values_are_told_apart_beside_large_ones() {
        let values = [1.0, 1.0 + 1e-9, 2e-9, 1e-9, -5.0, 1.0, 0.0, 0.0];
        let tolerance = [1e-8, 1e-8, 0.0, 0.0, 1e-8, 1e-8, 0.0, 0.0];
        let (ranked, ties) = ranks(&values, &tolerance, 0.0);
        assert_eq!(ranked, [7.0, 7.0, 5.0, 4.0, 1.0, 7.0, 2.5, 2.5]);
        assert_eq!(ties, RankTies { values: 5, cubes: 24.0 + 6.0 });
    }

    /// One tolerance for all is what the other ranks do.
    #[test]
    fn equal_tolerances_are_a_common_one() {
        let values: Vec<f64> = (0..5000)
            .map(|k| (f64::from(k) * 0.7).sin() + 1e-10 * f64::from(k % 3))
            .map(|v| (v * 1e4).round() / 1e4 + v * 1e-13)
            .collect();
        for absolute in [0.0, 1e-12, 1e-5] {
            let same = Same { relative: 1e-11, absolute };
            let mut expected = values.clone();
            let ties = average_ranks(&mut expected, same, -2.0, Par::SEQ).unwrap();
            let mut ranked = values.clone();
            let tolerance = vec![absolute as f32; values.len()];
            let same_ties = average_ranks_within(&mut ranked, &tolerance, 1e-11, -2.0, Par::SEQ).unwrap();
            assert_eq!(ranked, expected);
            assert_eq!(same_ties, ties);
        }
    }
}
