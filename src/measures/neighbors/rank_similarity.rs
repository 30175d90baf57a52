//! Rank similarity: are shared neighbors near in the same order?
//!
//! ```text
//! rank_similarity(x, y) = mean over i of 1/H(m_i) sum over j in A_i and B_i of  2 / ((1 + |r - s|) (r + s))
//! ```
//!
//! `A_i` and `B_i` are the k nearest other inputs of input i in x and in y, `m_i` is the number of inputs in both, r and s are
//! the places of j in the two lists, counted from 1, and `H(m) = 1 + 1/2 + .. + 1/m`. Shared neighbors count more the nearer
//! they are and the closer their places; a row that shares none scores 0. H(m) is the most that m shared neighbors reach.
//!
//! Inputs that are equally near share their places, and meet part by part (see [`places`](crate::engines::neighbors::places));
//! m is then the sum of the smaller of two memberships and H grows linearly between whole numbers. So identical lists score 1
//! whatever their ties, and no index decides.
//!
//! - Misleads when few neighbors are shared: a single one at the same place scores 1/r, whatever else differs. To ask how many
//!   are shared, see `knn_jaccard`.
//! - Cost: lists O(n^2 d), once per representation; score O(n k).
//! - Reference: Wang et al. (2020); Klabunde et al. (2025), arXiv:2305.06329.

use std::sync::Arc;

use super::{invariances, warnings};
use crate::cost::Cost;
use crate::engines::neighbors::overlap::Agreement;
use crate::engines::neighbors::{Metric, Neighbors};
use crate::error::Result;
use crate::facts::{Facts, FormName, Input};
use crate::form::{Form, NeighborLists};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Order of shared neighbors.
#[derive(Clone, Copy, Debug)]
pub struct RankSimilarity {
    k: usize,
    metric: Metric,
}

impl Measure for RankSimilarity {
    const NAME: &'static str = "rank_similarity";
    const FAMILY: &'static str = "neighbors";
    type Summary = Arc<Neighbors>;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self {
            k: options.int("k").default(10).least(1).examples(&[3, 4]).read()?,
            metric: options.choice("metric", &Metric::CHOICES)?,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            form: FormName::Neighbors,
            input: if self.metric == Metric::Precomputed { Input::PairMatrix } else { Input::Matrix },
            invariant_to: invariances(self.metric),
            min_rows: self.k + 1,
            row_sizes_matter: false,
            jumps: Some("lists of neighbors"),
            reference: "Wang et al. 2020",
            cost: "lists O(n^2 d) per representation, O(n k) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost::neighbors(n, d, self.k)
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Arc<Neighbors>> {
        Neighbors::of(x, self.metric, self.k, par)
    }

    fn form<'a>(&'a self, x: &'a Arc<Neighbors>, y: &'a Arc<Neighbors>) -> Result<Form<'a>> {
        let lists = NeighborLists::new(x, y, Agreement::Scaled(|shared, _| 1.0 / harmonic(shared)));
        Ok(Form::Neighbors(lists.weighted(|r, s| 2.0 / ((1 + r.abs_diff(s)) * (r + s)) as f64)))
    }

    fn warnings(&self, x: &Arc<Neighbors>, y: &Arc<Neighbors>) -> Vec<Warning> {
        warnings(x, y)
    }
}

/// `1 + 1/2 + .. + 1/m`, linear between whole numbers.
fn harmonic(m: f64) -> f64 {
    let whole = m.floor();
    let sum: f64 = (1..=whole as usize).map(|r| 1.0 / r as f64).sum();
    sum + (m - whole) / (whole + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonic_numbers() {
        for (m, expected) in [(0.25, 0.25), (1.0, 1.0), (2.0, 1.5), (2.5, 1.5 + 0.5 / 3.0), (4.0, 25.0 / 12.0)] {
            assert!((harmonic(m) - expected).abs() < 1e-15, "{m}");
        }
    }
}
