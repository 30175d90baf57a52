//! Measures that compare, input by input, which other inputs are near.

pub mod knn_jaccard;
pub mod mutual_knn;
pub mod rank_similarity;
pub mod second_order_cosine;

use crate::engines::neighbors::{Metric, Neighbors};
use crate::facts::Change::{self, Orthogonal, Permutation, Scaling, Translation};
use crate::measures::registry::Entry;
use crate::warning::Warning;

/// The measures of this family.
pub const ALL: &[Entry] = &[
    Entry::of::<knn_jaccard::KnnJaccard>(),
    Entry::of::<mutual_knn::MutualKnn>(),
    Entry::of::<rank_similarity::RankSimilarity>(),
    Entry::of::<second_order_cosine::SecondOrderCosine>(),
];

/// Share of rows that is worth a word.
const SHARE_OF_ROWS: f64 = 0.01;

/// Changes that leave all lists alone.
fn invariances(metric: Metric) -> &'static [Change] {
    match metric {
        Metric::Cosine | Metric::Inner => &[Permutation, Orthogonal, Scaling],
        Metric::Euclidean => &[Permutation, Orthogonal, Scaling, Translation],
        Metric::Precomputed => &[Scaling],
    }
}

/// Warnings about two lists of neighbors.
fn warnings(x: &Neighbors, y: &Neighbors) -> Vec<Warning> {
    let (n, k) = (x.n(), x.k());
    let mut found = Vec::new();
    let tied = x.tied_rows().max(y.tied_rows());
    let share = tied as f64 / n as f64;
    if share > SHARE_OF_ROWS {
        found.push(Warning::new(
            "ties",
            format!("In {:.1}% of rows, neighbors tied for the last places share them equally.", 100.0 * share),
            vec![("rows", tied.into()), ("share", share.into())],
        ));
    }
    let copies = x.copies().iter().filter(|row| y.copies().binary_search(row).is_ok()).count();
    if copies > 0 {
        found.push(Warning::new(
            "neighbors_duplicates",
            format!("Neighbor lists of {copies} rows contain only copies of the row."),
            vec![("rows", copies.into()), ("k", k.into())],
        ));
    }
    found
}
