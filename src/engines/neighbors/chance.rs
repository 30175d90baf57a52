//! Mean overlap of neighbor lists when inputs are paired at random.
//!
//! Without ties the overlap of a list of k and a list of l among the n-1 others is hypergeometric,
//!
//! ```text
//! P(m) = C(k, m) C(n-1-k, l-m) / C(n-1, l)
//! ```
//!
//! and the same for all rows. With ties it depends on how many certain and tied ones (c, t) either list of a row has, and any
//! row meets any other equally often. With weights `a <= b` of the tied ones the overlap of (c, t; a) and (c', t'; b) is
//!
//! ```text
//! i + b l + a q        of the c:  i meet the c', l the t'        of the t:  q meet any of the c' + t'
//! ```
//!
//! where `i + l` is hypergeometric, then i and q are, independently. The mean overlap itself needs means alone.
//!
//! Where shared neighbors have weights, any certain one of one list meets any certain one of the other equally often, whatever
//! the overlap, and so do tied ones: four mean weights, by what meets what, multiply the mean numbers of meetings. Of the q
//! those that meet certain ones are as many, on average, as certain ones are among those left.

use std::collections::BTreeMap;

use super::Neighbors;
use super::overlap::Agreement;
use super::places::Places;
use crate::linalg::Matrix;

/// More terms than this are not summed.
const TERMS: f64 = (1 << 21) as f64;

/// Sizes of a list: certain places and tied candidates.
#[derive(Clone)]
struct ListSizes {
    certain: usize,
    tied: usize,
    /// The share of a place of a tied one.
    weight: f64,
    /// The share of rows with such a list.
    frequency: f64,
    /// Places of certain and of tied ones, each with the share that has them; empty where nobody asked.
    places: [Vec<(Places, f64)>; 2],
}

/// Numbers of certain and of tied members by the places they hold.
type PlaceCounts = [BTreeMap<Places, usize>; 2];

impl Neighbors {
    /// The mean score when inputs are matched at random; None if it takes too long to find.
    pub fn at_chance(&self, other: &Self, agreement: Agreement, weights: Option<&Matrix>) -> Option<f64> {
        if let Some(weights) = weights {
            return self.weighted_at_chance(other, agreement, weights);
        }
        if self.tied_rows() + other.tied_rows() == 0 {
            let scores: Vec<f64> = (0..=self.k.min(other.k)).map(|m| agreement.of(m as f64, self.k)).collect();
            return Some(self.untied_at_chance(other, &scores));
        }
        let (xs, ys) = (self.shapes(false), other.shapes(false));
        let pairs = || xs.iter().flat_map(|x| ys.iter().map(move |y| (x, y)));
        match agreement {
            Agreement::Share => {
                let mean = |(x, y): (&ListSizes, &ListSizes)| x.frequency * y.frequency * self.mean_overlap(x, y);
                Some(agreement.of(pairs().map(mean).sum(), self.k))
            }
            Agreement::Jaccard | Agreement::Scaled(_) => {
                if pairs().map(|(x, y)| x.terms(y)).sum::<f64>() > TERMS {
                    return None;
                }
                let mean = |(x, y): (&ListSizes, &ListSizes)| {
                    let (x, y) = if x.weight <= y.weight { (x, y) } else { (y, x) };
                    x.frequency * y.frequency * self.mean_of(x, y, &|overlap, _| agreement.of(overlap, self.k))
                };
                Some(pairs().map(mean).sum())
            }
        }
    }

    /// The mean score of lists whose shared neighbors have weights.
    fn weighted_at_chance(&self, other: &Self, agreement: Agreement, weights: &Matrix) -> Option<f64> {
        let (xs, ys) = (self.shapes(true), other.shapes(true));
        if let ([x], [y]) = (&xs[..], &ys[..])
            && x.tied + y.tied == 0
        {
            let weight = mean_weight(&x.places[0], &y.places[0], weights);
            let scores: Vec<f64> = (0..=self.k.min(other.k)).map(|m| agreement.of(m as f64, self.k) * weight).collect();
            return Some(self.untied_at_chance(other, &scores));
        }
        let pairs = || xs.iter().flat_map(|x| ys.iter().map(move |y| (x, y)));
        let lookups = |side: &ListSizes| side.places.iter().map(Vec::len).sum::<usize>() as f64;
        if pairs().map(|(x, y)| x.terms(y).max(y.terms(x)) + lookups(x) * lookups(y)).sum::<f64>() > TERMS {
            return None;
        }
        let mean = |(x, y): (&ListSizes, &ListSizes)| {
            let [[both, x_certain], [y_certain, both_tied]] =
                x.places.each_ref().map(|a| y.places.each_ref().map(|b| mean_weight(a, b, weights)));
            let (x, y, [x_certain, y_certain]) =
                if x.weight <= y.weight { (x, y, [x_certain, y_certain]) } else { (y, x, [y_certain, x_certain]) };
            let of_row = |overlap: f64, [certain, first_certain, second_certain, tied]: [f64; 4]| {
                let total = certain * both + first_certain * x_certain + second_certain * y_certain + tied * both_tied;
                if overlap > 0.0 { total * agreement.per_neighbor(overlap, self.k) } else { 0.0 }
            };
            x.frequency * y.frequency * self.mean_of(x, y, &of_row)
        };
        Some(pairs().map(mean).sum())
    }

    /// All shapes of lists.
    fn shapes(&self, with_places: bool) -> Vec<ListSizes> {
        let mut rows: BTreeMap<(usize, usize), (usize, PlaceCounts)> = BTreeMap::new();
        let mut members = Vec::new();
        for i in 0..self.n {
            let shape = self.cut(i).map_or((self.k, 0), |cut| (cut.certain as usize, cut.candidates as usize));
            let (rows, places) = rows.entry(shape).or_default();
            *rows += 1;
            if with_places {
                self.places(i, &mut members);
                for (at, &(_, of)) in members.iter().enumerate() {
                    *places[usize::from(at >= shape.0)].entry(of).or_default() += 1;
                }
            }
        }
        let shape = |((certain, tied), (rows, places)): ((usize, usize), (usize, PlaceCounts))| {
            let share = |count: usize, all: usize| count as f64 / (rows * all) as f64;
            let [of_certain, of_tied] = places;
            ListSizes {
                certain,
                tied,
                // Certain ones weigh 1, and none is tied where all are.
                weight: if tied == 0 { 1.0 } else { (self.k - certain) as f64 / tied as f64 },
                frequency: rows as f64 / self.n as f64,
                places: [(of_certain, certain), (of_tied, tied)]
                    .map(|(counts, all)| counts.into_iter().map(|(of, count)| (of, share(count, all))).collect()),
            }
        };
        rows.into_iter().map(shape).collect()
    }

    /// The mean overlap of lists of these shapes.
    fn mean_overlap(&self, x: &ListSizes, y: &ListSizes) -> f64 {
        let [c, t, d, u] = [x.certain, x.tied, y.certain, y.tied].map(|count| count as f64);
        let in_one = c * u * y.weight + t * d * x.weight;
        (c * d + in_one + t * u * x.weight.min(y.weight)) / (self.n - 1) as f64
    }

    /// The mean of a function of the overlap of lists of these shapes, the weight of the first not above that of the second,
    /// and of the mean numbers of inputs certain in both, in the first only, in the second only, and tied in both.
    fn mean_of(&self, x: &ListSizes, y: &ListSizes, score: &dyn Fn(f64, [f64; 4]) -> f64) -> f64 {
        let (others, any) = (self.n - 1, y.certain + y.tied);
        let mut mean = 0.0;
        for (hits, of_hits) in hypergeometric(others, any, x.certain) {
            let meet_certain = hypergeometric(any, y.certain, hits);
            let meet_any = hypergeometric(others - x.certain, any - hits, x.tied);
            for &(i, of_certain) in &meet_certain {
                let certain = i as f64 + y.weight * (hits - i) as f64;
                let certain_left = (y.certain - i) as f64 / (any - hits).max(1) as f64;
                let with_tied = |&(q, of_any): &(usize, f64)| {
                    let of_tied = q as f64 * certain_left;
                    let met = [i as f64, (hits - i) as f64, of_tied, q as f64 - of_tied];
                    of_any * score(certain + x.weight * q as f64, met)
                };
                mean += of_hits * of_certain * meet_any.iter().map(with_tied).sum::<f64>();
            }
        }
        mean
    }

    /// The mean of what is given by overlap, for lists without ties.
    fn untied_at_chance(&self, other: &Self, of_overlap: &[f64]) -> f64 {
        let (others, k, l) = (self.n - 1, self.k, other.k);
        let least = (k + l).saturating_sub(others);
        let most = k.min(l);
        // Weights from the most likely overlap outwards, so that none overflows.
        let top = ((k * l) / others).clamp(least, most);
        let step = |m: usize| {
            ((k - m) as f64 * (l - m) as f64) / ((m + 1) as f64 * ((others + m + 1) as f64 - (k + l) as f64))
        };
        let (mut total, mut sum) = (1.0, of_overlap[top]);
        let mut weight = 1.0;
        for m in top..most {
            weight *= step(m);
            total += weight;
            sum += weight * of_overlap[m + 1];
        }
        weight = 1.0;
        for m in (least..top).rev() {
            weight /= step(m);
            total += weight;
            sum += weight * of_overlap[m];
        }
        sum / total
    }
}

impl ListSizes {
    /// Terms of the mean of a function of the overlap with lists of another shape.
    fn terms(&self, other: &Self) -> f64 {
        let hits = (1 + self.certain.min(other.certain + other.tied)) as f64;
        hits * hits * (1 + self.tied.min(other.certain + other.tied)) as f64
    }
}

/// The mean weight of an input with one of the places in one list and of the others in the other.
fn mean_weight(x: &[(Places, f64)], y: &[(Places, f64)], weights: &Matrix) -> f64 {
    x.iter().flat_map(|a| y.iter().map(move |b| a.1 * b.1 * a.0.weight(b.0, weights))).sum()
}

/// Hypergeometric law: numbers of draws out of `total` that hit one of `marked`, with their probabilities.
fn hypergeometric(total: usize, marked: usize, draws: usize) -> Vec<(usize, f64)> {
    let (least, most) = ((marked + draws).saturating_sub(total), marked.min(draws));
    // From the most likely number outwards, so that no weight overflows.
    let top = (((marked + 1) as f64 * (draws + 1) as f64 / (total + 2) as f64) as usize).clamp(least, most);
    let step = |m: usize| {
        let left = (total + m + 1) as f64 - (marked + draws) as f64;
        ((marked - m) as f64 * (draws - m) as f64) / ((m + 1) as f64 * left)
    };
    let mut weights = vec![1.0; most - least + 1];
    for m in top..most {
        weights[m + 1 - least] = weights[m - least] * step(m);
    }
    for m in (least..top).rev() {
        weights[m - least] = weights[m + 1 - least] / step(m);
    }
    let sum: f64 = weights.iter().sum();
    weights.into_iter().enumerate().map(|(at, weight)| (least + at, weight / sum)).collect()
}
