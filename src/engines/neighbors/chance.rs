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

use std::collections::BTreeMap;

use super::Neighbors;
use super::overlap::Agreement;

/// More terms than this are not summed.
const TERMS: f64 = (1 << 21) as f64;

/// Sizes of a list: certain places and tied candidates.
#[derive(Clone, Copy)]
struct ListSizes {
    certain: usize,
    tied: usize,
    /// The share of a place of a tied one.
    weight: f64,
    /// The share of rows with such a list.
    frequency: f64,
}

impl Neighbors {
    /// The mean score when inputs are matched at random; None if it takes too long to find.
    pub fn at_chance(&self, other: &Self, agreement: Agreement) -> Option<f64> {
        if self.tied_rows() + other.tied_rows() == 0 {
            let scores: Vec<f64> = (0..=self.k.min(other.k)).map(|m| agreement.of(m as f64, self.k)).collect();
            return Some(self.untied_at_chance(other, &scores));
        }
        let (xs, ys) = (self.shapes(), other.shapes());
        let pairs = || xs.iter().flat_map(|x| ys.iter().map(move |y| (x, y)));
        match agreement {
            Agreement::Share => {
                let mean = |(x, y): (&ListSizes, &ListSizes)| x.frequency * y.frequency * self.mean_overlap(x, y);
                Some(agreement.of(pairs().map(mean).sum(), self.k))
            }
            Agreement::Jaccard => {
                let terms = |(x, y): (&ListSizes, &ListSizes)| {
                    let hits = (1 + x.certain.min(y.certain + y.tied)) as f64;
                    hits * hits * (1 + x.tied.min(y.certain + y.tied)) as f64
                };
                if pairs().map(terms).sum::<f64>() > TERMS {
                    return None;
                }
                let mean = |(x, y): (&ListSizes, &ListSizes)| {
                    let (x, y) = if x.weight <= y.weight { (x, y) } else { (y, x) };
                    x.frequency * y.frequency * self.mean_of(x, y, &|overlap| agreement.of(overlap, self.k))
                };
                Some(pairs().map(mean).sum())
            }
        }
    }

    /// All shapes of lists.
    fn shapes(&self) -> Vec<ListSizes> {
        let mut rows: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for i in 0..self.n {
            let shape = self.cut(i).map_or((self.k, 0), |cut| (cut.certain as usize, cut.candidates as usize));
            *rows.entry(shape).or_default() += 1;
        }
        let shape = |((certain, tied), rows): ((usize, usize), usize)| ListSizes {
            certain,
            tied,
            // Certain ones weigh 1, and none is tied where all are.
            weight: if tied == 0 { 1.0 } else { (self.k - certain) as f64 / tied as f64 },
            frequency: rows as f64 / self.n as f64,
        };
        rows.into_iter().map(shape).collect()
    }

    /// The mean overlap of lists of these shapes.
    fn mean_overlap(&self, x: &ListSizes, y: &ListSizes) -> f64 {
        let [c, t, d, u] = [x.certain, x.tied, y.certain, y.tied].map(|count| count as f64);
        let in_one = c * u * y.weight + t * d * x.weight;
        (c * d + in_one + t * u * x.weight.min(y.weight)) / (self.n - 1) as f64
    }

    /// The mean of a function of the overlap of lists of these shapes, the weight of the first not above that of the second.
    fn mean_of(&self, x: &ListSizes, y: &ListSizes, score: &dyn Fn(f64) -> f64) -> f64 {
        let (others, any) = (self.n - 1, y.certain + y.tied);
        let mut mean = 0.0;
        for (hits, of_hits) in hypergeometric(others, any, x.certain) {
            let meet_certain = hypergeometric(any, y.certain, hits);
            let meet_any = hypergeometric(others - x.certain, any - hits, x.tied);
            for &(i, of_certain) in &meet_certain {
                let certain = i as f64 + y.weight * (hits - i) as f64;
                let with_tied = |&(q, of_any): &(usize, f64)| of_any * score(certain + x.weight * q as f64);
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
