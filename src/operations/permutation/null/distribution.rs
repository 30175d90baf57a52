//! The null distribution of a test: counts, sums, and the scores themselves if asked for.

use crate::error::{Error, Result};
use crate::form::Link;
use crate::linalg::unit_scale;
use crate::operations::permutation::request::Alternative;

/// Map from the values an engine computes to scores.
pub struct ScoreScale<'a> {
    measure: &'a str,
    link: Option<(Link, f64)>,
}

impl<'a> ScoreScale<'a> {
    /// The engine computes scores.
    pub fn scores(measure: &'a str) -> Self {
        Self { measure, link: None }
    }

    /// The engine computes `<k, l>`, which is linked to the score over a denominator.
    pub fn linked(measure: &'a str, link: Link, denominator: f64) -> Self {
        Self { measure, link: Some((link, denominator)) }
    }

    /// The score.
    pub fn score(&self, value: f64) -> f64 {
        self.link.map_or(value, |(link, denominator)| link.score(value, denominator))
    }

    /// True if the score rises with the value.
    pub fn rises(&self) -> bool {
        self.link.is_none_or(|(link, _)| link.rises())
    }

    /// Factor from the spread of values to that of scores, where means carry over.
    pub fn stretch(&self) -> Option<f64> {
        match self.link {
            None => Some(1.0),
            Some((link, denominator)) => link.is_affine().then_some((link.factor / denominator).abs()),
        }
    }

    /// Order of values that is that of scores.
    fn ordering(&self) -> ScoreOrder {
        let everything = (f64::NEG_INFINITY, f64::INFINITY);
        let (low, high) = self.link.map_or(everything, |(link, denominator)| link.told_apart(denominator));
        ScoreOrder { low, high, sign: if self.rises() { 1.0 } else { -1.0 } }
    }
}

/// Values within bounds, turned where the score falls.
#[derive(Clone, Copy)]
struct ScoreOrder {
    low: f64,
    high: f64,
    sign: f64,
}

impl ScoreOrder {
    fn of(self, value: f64) -> f64 {
        self.sign * value.max(self.low).min(self.high)
    }
}

/// Thresholds from which values count as at least, and as at most, the observed one.
struct Thresholds {
    ordering: ScoreOrder,
    low: f64,
    high: f64,
}

impl Thresholds {
    fn beyond(&self, value: f64) -> (bool, bool) {
        let at = self.ordering.of(value);
        (at >= self.low, at <= self.high)
    }
}

/// Scores that are computed in any case, for their mean and spread.
pub const KNOWN: usize = 250;
/// Scores that are kept for quantiles.
const SAMPLE: usize = 1 << 14;

/// Values of arrangements, the observed one first.
pub struct NullDistribution<'a> {
    scale: &'a ScoreScale<'a>,
    /// The value of the observed arrangement, as the engine computes it.
    pub observed: f64,
    window: f64,
    count: usize,
    /// Arrangements that are counted and not summed.
    certain: usize,
    sample: Vec<f64>,
    at_least: usize,
    at_most: usize,
    /// Arrangements whose values are infinite, which are not summed either.
    infinite: usize,
    ends: Extremes,
    /// The power of two by which differences are multiplied, so that neither their cubes nor their sums overflow.
    unit: f64,
    values: PowerSums,
    scores: PowerSums,
    kept: Option<Vec<f64>>,
}

/// Numbers of values that tie with the highest and with the lowest.
#[derive(Default)]
pub struct Extremes {
    high: Extreme,
    low: Extreme,
}

#[derive(Default)]
struct Extreme {
    value: f64,
    ties: usize,
}

impl Extreme {
    fn take(&mut self, value: f64, window: f64) {
        if self.ties == 0 || value > self.value + window {
            *self = Self { value, ties: 1 };
        } else if value >= self.value - window {
            self.ties += 1;
        }
    }
}

impl Extremes {
    /// One more value; closer ones than `window` tie.
    pub fn take(&mut self, value: f64, window: f64) {
        self.high.take(value, window);
        self.low.take(-value, window);
    }

    /// Numbers of values that tie with the highest, and with the lowest.
    pub fn ties(&self) -> (usize, usize) {
        (self.high.ties, self.low.ties)
    }

    /// The p-value of the most extreme of so many arrangements.
    pub fn smallest_p(&self, count: usize, alternative: Alternative) -> f64 {
        let ties = match alternative {
            Alternative::Greater => self.high.ties,
            Alternative::Less => self.low.ties,
            Alternative::TwoSided => 2 * self.high.ties.min(self.low.ties),
        };
        (ties as f64 / count.max(1) as f64).min(1.0)
    }
}

/// Sums of differences from the observed one, of their squares and of their cubes.
#[derive(Default)]
struct PowerSums {
    first: f64,
    second: f64,
    third: f64,
}

impl PowerSums {
    fn of(differences: impl Iterator<Item = f64>) -> Self {
        differences.fold(Self::default(), |sums, d| Self {
            first: sums.first + d,
            second: sums.second + d * d,
            third: sums.third + d * d * d,
        })
    }

    fn add(&mut self, part: &Self) {
        self.first += part.first;
        self.second += part.second;
        self.third += part.third;
    }

    /// Mean and standard deviation of the differences.
    fn moments(&self, count: usize, sample: bool) -> (f64, f64) {
        let others = count.saturating_sub(1);
        let over = if sample { others } else { count }.max(1) as f64;
        let mean = self.first / over;
        let freedom = if sample && others > 1 { over - 1.0 } else { over };
        (mean, ((self.second - mean * self.first) / freedom).max(0.0).sqrt())
    }

    /// Third central moment in standard deviations; None if these are round-off.
    fn skewness(&self, over: usize) -> Option<f64> {
        let over = over.max(1) as f64;
        let (mean, square, cube) = (self.first / over, self.second / over, self.third / over);
        let variance = (square - mean * mean).max(0.0);
        let skewness = (cube - 3.0 * mean * square + 2.0 * mean.powi(3)) / variance.powf(1.5);
        (variance > 0.0 && skewness.is_finite()).then_some(skewness)
    }
}

impl<'a> NullDistribution<'a> {
    /// Nothing counted yet; values closer to the observed one than `window` tie with it.
    pub fn new(scale: &'a ScoreScale<'a>, observed: f64, window: f64, keep: bool) -> Self {
        let (values, scores) = (PowerSums::default(), PowerSums::default());
        let kept = keep.then(Vec::new);
        let sample = Vec::new();
        Self {
            scale,
            observed,
            window,
            count: 0,
            certain: 0,
            sample,
            at_least: 0,
            at_most: 0,
            infinite: 0,
            ends: Extremes::default(),
            unit: 0.0,
            values,
            scores,
            kept,
        }
    }

    /// Count some more.
    pub fn take(&mut self, values: &[f64]) -> Result<()> {
        if values.iter().any(|value| value.is_nan()) {
            let reason = "other pairings of the rows have no score".into();
            return Err(Error::Undefined { measure: self.scale.measure.into(), reason });
        }
        self.count_beyond(values);
        let differences = || values.iter().filter(|value| value.is_finite()).map(|value| value - self.observed);
        if self.unit == 0.0 && self.observed.is_finite() {
            let largest = differences().fold(0.0_f64, |most, d| most.max(d.abs()));
            self.unit = if largest > 0.0 { unit_scale(largest) } else { 0.0 };
        }
        let unit = if self.unit == 0.0 { 1.0 } else { self.unit };
        // Where the observed one is infinite there is nothing to sum.
        let of_values = PowerSums::of(differences().filter(|d| d.is_finite()).map(|d| d * unit));
        let mut of_scores = PowerSums::default();
        if self.scale.stretch().is_none() {
            let start = self.scale.score(self.observed);
            of_scores = PowerSums::of(values.iter().map(|&value| self.scale.score(value) - start));
        }
        let room = SAMPLE.saturating_sub(self.sample.len()).min(values.len());
        self.sample.extend(values[..room].iter().map(|&value| self.scale.score(value)));
        if let Some(kept) = &mut self.kept {
            kept.extend(values.iter().map(|&value| self.scale.score(value)));
        }
        self.count += values.len();
        self.values.add(&of_values);
        self.scores.add(&of_scores);
        Ok(())
    }

    fn count_beyond(&mut self, values: &[f64]) {
        let bars = self.bars();
        for &value in values {
            let (at_least, at_most) = bars.beyond(value);
            self.at_least += usize::from(at_least);
            self.at_most += usize::from(at_most);
            self.infinite += usize::from(value.is_infinite());
            self.ends.take(bars.ordering.of(value), self.window);
        }
    }

    fn bars(&self) -> Thresholds {
        let ordering = self.scale.ordering();
        let bar = ordering.of(self.observed);
        Thresholds { ordering, low: bar - self.window, high: bar + self.window }
    }

    /// Count some whose like were partly not computed: their sums would tell of the extreme ones only.
    pub fn take_counts(&mut self, values: &[f64]) {
        self.count_beyond(values);
        self.count += values.len();
        self.certain += values.len();
    }

    /// Count arrangements whose scores are certain to be lower (or higher) than the observed one.
    pub fn take_certain(&mut self, count: usize, lower: bool) {
        self.count += count;
        self.certain += count;
        *(if lower { &mut self.at_most } else { &mut self.at_least }) += count;
    }

    /// Sides of a value: is its score at least as high as the observed one, and is it at most as high?
    pub fn beyond(&self, value: f64) -> (bool, bool) {
        self.bars().beyond(value)
    }

    /// A quantile of the scores, of those that were kept for it.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let mut sorted = self.sample.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(at.clamp(1, sorted.len().max(1)) - 1).copied()
    }

    /// Values closer to the observed one than this tie with it.
    pub fn window(&self) -> f64 {
        self.window
    }

    /// Number of arrangements, the observed one included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Numbers of values that score at least as high, and at most as high.
    pub fn exceedances(&self) -> (usize, usize) {
        (self.at_least, self.at_most)
    }

    /// Mean and standard deviation of the values: of all of them, or as a sample estimates them from the others; NaN if some
    /// are infinite.
    pub fn values(&self, sample: bool) -> (f64, f64) {
        if self.infinite > 0 {
            return (f64::NAN, f64::NAN);
        }
        let unit = if self.unit == 0.0 { 1.0 } else { self.unit };
        let (mean, spread) = self.values.moments(self.known(), sample);
        (self.observed + mean / unit, spread / unit)
    }

    /// The same of the scores; a spread that is round-off is none.
    pub fn scores(&self, sample: bool) -> (f64, f64) {
        let start = self.scale.score(self.observed);
        let (mean, spread) = self.values(sample);
        let varies = spread.is_nan() || spread > self.window;
        match self.scale.stretch() {
            None => {
                let (mean, spread) = self.scores.moments(self.known(), sample);
                (start + mean, if varies { spread } else { 0.0 })
            }
            Some(stretch) => (self.scale.score(mean), if varies { spread * stretch } else { 0.0 }),
        }
    }

    /// Skewness of the scores: of all of them, or of the others than the observed one; None if nothing varies, or if some are
    /// infinite.
    pub fn skewness(&self, sample: bool) -> Option<f64> {
        let over = self.known() - usize::from(sample);
        if self.infinite > 0 || self.values(sample).1 <= self.window {
            return None;
        }
        if self.scale.stretch().is_none() {
            return self.scores.skewness(over);
        }
        let skewness = self.values.skewness(over);
        if self.scale.rises() { skewness } else { skewness.map(|skewness| -skewness) }
    }

    /// Number of arrangements whose scores are infinite.
    pub fn infinite(&self) -> usize {
        self.infinite
    }

    /// The p-value of the most extreme of all arrangements.
    pub fn smallest_p(&self, alternative: Alternative) -> f64 {
        self.ends.smallest_p(self.count, alternative)
    }

    /// True if all pairings tie with the observed one.
    pub fn all_tie(&self) -> bool {
        self.at_least == self.count && self.at_most == self.count
    }

    /// Number of arrangements whose values are summed.
    fn known(&self) -> usize {
        self.count - self.certain
    }

    /// The scores, if they were to be kept.
    pub fn take_kept(&mut self) -> Option<Vec<f64>> {
        self.kept.take()
    }
}
