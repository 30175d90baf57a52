//! Mutual k nearest neighbors: which share of the neighbors of an input is the same?
//!
//! ```text
//! mutual_knn(x, y) = mean over i of |A_i and B_i| / k
//! ```
//!
//! `A_i` and `B_i` are the k nearest other inputs of input i in x and in y (by cosine, Euclidean distance or inner product).
//! Only who is near counts, not how near. Candidates tied for the last places share them equally: `|A and B|` is the sum of
//! the smaller of two memberships. No index decides, so a permutation test is exact with ties.
//!
//! - Misleads when k is not far below n: unrelated data share k/(n-1) of their neighbors by chance. Repeated inputs fill each
//!   other's lists.
//! - Cost: lists O(n^2 d), once per representation; score O(n k).
//! - Reference: Huh, Cheung, Wang & Isola (2024), arXiv:2405.07987.

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

/// The share of neighbors in common.
#[derive(Clone, Copy, Debug)]
pub struct MutualKnn {
    k: usize,
    metric: Metric,
}

impl Measure for MutualKnn {
    const NAME: &'static str = "mutual_knn";
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
            reference: "Huh et al. 2024, arXiv:2405.07987",
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
        Ok(Form::Neighbors(NeighborLists::new(x, y, Agreement::Share)))
    }

    fn warnings(&self, x: &Arc<Neighbors>, y: &Arc<Neighbors>) -> Vec<Warning> {
        warnings(x, y)
    }
}
