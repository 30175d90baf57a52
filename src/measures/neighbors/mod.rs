//! Measures that compare, input by input, which other inputs are near.

pub mod knn_jaccard;
pub mod mutual_knn;
pub mod second_order_cosine;

use crate::caution::Caution;
use crate::engines::neighbors::{Metric, Neighbors};
use crate::facts::Change::{self, Orthogonal, Permutation, Scaling, Translation};

/// A chance level above this is worth a word, and so is this share of rows.
const WORTH_A_WORD: (f64, f64) = (0.02, 0.01);

/// Changes that leave all lists alone.
fn invariances(metric: Metric) -> &'static [Change] {
    match metric {
        Metric::Cosine | Metric::Inner => &[Permutation, Orthogonal, Scaling],
        Metric::Euclidean => &[Permutation, Orthogonal, Scaling, Translation],
        Metric::Precomputed => &[Scaling],
    }
}

/// What a reader should know about two lists of neighbors.
fn cautions(x: &Neighbors, y: &Neighbors, at_chance: Option<f64>) -> Vec<Caution> {
    let (n, k) = (x.n(), x.k());
    let mut found = Vec::new();
    if let Some(chance) = at_chance.filter(|chance| *chance > WORTH_A_WORD.0) {
        found.push(Caution::new(
            "null_inflated",
            format!("Unrelated data score {chance:.3} at k={k}, n={n}."),
            vec![("null_mean", chance.into()), ("k", k.into()), ("n", n.into())],
        ));
    }
    let tied = x.tied_rows().max(y.tied_rows());
    let share = tied as f64 / n as f64;
    if share > WORTH_A_WORD.1 {
        found.push(Caution::new(
            "ties",
            format!("In {:.1}% of rows, neighbors tied for the last places share them equally.", 100.0 * share),
            vec![("rows", tied.into()), ("share", share.into())],
        ));
    }
    let copies = x.copies().iter().filter(|row| y.copies().binary_search(row).is_ok()).count();
    if copies > 0 {
        found.push(Caution::new(
            "neighbors_duplicates",
            format!("Neighbor lists of {copies} rows contain only copies of the row."),
            vec![("rows", copies.into()), ("k", k.into())],
        ));
    }
    found
}
