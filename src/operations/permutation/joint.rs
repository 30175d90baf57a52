//! Scores of all pairs counted together.
//!
//! Without closed forms a score is standardized by the mean and the standard deviation over all arrangements, the observed
//! one included: these are the same whichever of them is called the observed one, so the corrected p-values stay exact. That
//! is known at the end only, and so all scores are kept until then.

use super::family::{Family, Member};
use super::{Alternative, tie_window};

/// What all arrangements say about one pair, in terms of its score.
pub struct Found {
    /// Mean over arrangements.
    pub mean: f64,
    /// Standard deviation over arrangements.
    pub std: f64,
    /// The observed score in these terms; NaN where nothing varies.
    pub z: f64,
}

/// Count scores that are all at hand, by pair and then by arrangement, the observed one first; scores are known to `least`.
///
/// Members are standardized by all arrangements, which keeps corrections exact; what is found is told of the others, unless
/// these are all matchings there are.
pub fn judged(
    mut values: Vec<Vec<f64>>,
    counts: &[bool],
    alternative: Alternative,
    (least, all_matchings): (f64, bool),
) -> (Family, Vec<Found>) {
    let towards = alternative.towards();
    let mut members = Vec::with_capacity(values.len());
    let mut found = Vec::with_capacity(values.len());
    for (all, &counts) in values.iter_mut().zip(counts) {
        let (total, start) = (all.len() as f64, all[0]);
        let first = all.iter().map(|v| v - start).sum::<f64>() / total;
        let second = all.iter().map(|v| (v - start) * (v - start)).sum::<f64>() / total;
        let (mean, std) = (start + first, (second - first * first).max(0.0).sqrt());
        let window = tie_window(start, std).max(least);
        let varies = std > window;
        all.iter_mut().for_each(|v| *v = if varies { towards * (*v - mean) / std } else { 0.0 });
        members.push(Member { observed: all[0], window: if varies { window / std } else { 0.0 }, counts });
        // For the reader the observed score is not part of what it is compared with.
        let others = (total - 1.0).max(1.0);
        let (first, second) = (first * total / others, second * total / others);
        let apart = (second - first * first).max(0.0) * others / (others - 1.0).max(1.0);
        let (mean, std) = if all_matchings { (mean, std) } else { (start + first, apart.sqrt()) };
        found.push(Found { mean, std, z: if std > window { (start - mean) / std } else { f64::NAN } });
    }
    let mut family = Family::new(members, alternative == Alternative::TwoSided);
    family.begin(values.first().map_or(0, Vec::len));
    for cell in family.order().to_vec() {
        family.take(cell, &values[cell]);
    }
    family.end();
    (family, found)
}
