//! Scores of all pairs counted together.
//!
//! Without closed forms a score is standardized by the mean and the standard deviation over all arrangements, the observed
//! one included: these are the same whichever of them is called the observed one, so the corrected p-values stay exact. That
//! is known at the end only, and so all scores are kept until then.
//!
//! Infinite scores have neither. They stay infinite, and count for what they are: beyond all others, and equal among
//! themselves. Finite ones of the same pair are standardized without them.

use crate::linalg::unit_scale;
use crate::operations::permutation::null::distribution::Extremes;
use crate::operations::permutation::null::multiplicity::{Member, Multiplicity};
use crate::operations::permutation::null::ties::window;
use crate::operations::permutation::request::Alternative;

/// Significance of one pair among many, in terms of its score.
pub struct StandardizedPair {
    /// Mean over arrangements; NaN if some score is infinite.
    pub mean: f64,
    /// Standard deviation over arrangements, 0 where nothing varies; NaN if some score is infinite.
    pub std: f64,
    /// The observed score in these terms; NaN where nothing varies, and if some score is infinite.
    pub z: f64,
    /// True if it differs between pairings by more than round-off.
    pub varies: bool,
    /// Number of infinite scores.
    pub infinite: usize,
    /// The smallest p-value that any of the arrangements has.
    pub smallest_p: f64,
}

/// Mean and standard deviation of finite values, from their differences to one of them, over so many in either way.
fn moments(values: &[f64], start: f64) -> (f64, f64) {
    let differences = || values.iter().filter(|value| value.is_finite()).map(|value| value - start);
    let scale = unit_scale(differences().fold(0.0_f64, |most, d| most.max(d.abs())));
    let sum = differences().map(|d| d * scale).sum::<f64>();
    let squares = differences().map(|d| (d * scale) * (d * scale)).sum::<f64>();
    (sum / scale, squares / scale / scale)
}

/// Count scores that are all at hand, by pair and then by arrangement, the observed one first; those of a pair are known to
/// `tolerance` of it.
///
/// Members are standardized by all arrangements, which keeps corrections exact; what is found is told of the others, unless
/// these are all pairings there are.
pub fn standardize_and_count(
    mut values: Vec<Vec<f64>>,
    counts: &[bool],
    alternative: Alternative,
    tolerance: &[f64],
    all_pairings: bool,
) -> (Multiplicity, Vec<StandardizedPair>) {
    let sign = alternative.sign();
    let mut members = Vec::with_capacity(values.len());
    let mut found = Vec::with_capacity(values.len());
    for ((all, &counts), &least) in values.iter_mut().zip(counts).zip(tolerance) {
        let window = window(all, least);
        let mut ends = Extremes::default();
        all.iter().for_each(|value| ends.take(*value, window));
        let infinite = all.iter().filter(|value| value.is_infinite()).count();
        let finite = all.len() - infinite;
        let start = all.iter().copied().find(|value| value.is_finite()).unwrap_or(0.0);
        let (sum, squares) = moments(all, start);
        let of = |over: f64, freedom: f64| {
            let (mean, scale) = (sum / over, unit_scale(squares.sqrt()));
            let apart = squares * scale * scale - (mean * scale) * (sum * scale);
            (start + mean, (apart.max(0.0) / freedom).sqrt() / scale)
        };
        let total = (finite as f64).max(1.0);
        let (mean, std) = of(total, total);
        let spread = std > window;
        let varies = spread || (infinite > 0 && ends.ties().0 < all.len());
        let unit = if spread { std } else { 1.0 };
        let observed = all[0];
        let standardized = |value: f64| if value.is_finite() && !spread { 0.0 } else { sign * (value - mean) / unit };
        all.iter_mut().for_each(|v| *v = if varies { standardized(*v) } else { 0.0 });
        let window = if spread { window / unit } else { 0.0 };
        members.push(Member { observed: all[0], window, counts, varies, finite: infinite == 0 });
        // For the reader the observed score is not part of what it is compared with.
        let others = (total - 1.0).max(1.0);
        let (mean, std) = match infinite {
            0 if all_pairings => (mean, std),
            0 => of(others, (others - 1.0).max(1.0)),
            _ => (f64::NAN, f64::NAN),
        };
        let z = if infinite == 0 && varies && std > 0.0 { (observed - mean) / std } else { f64::NAN };
        let std = if infinite == 0 && !varies { 0.0 } else { std };
        let smallest_p = ends.smallest_p(all.len(), alternative);
        found.push(StandardizedPair { mean, std, z, varies, infinite, smallest_p });
    }
    (Multiplicity::counted(members, values, alternative == Alternative::TwoSided), found)
}
