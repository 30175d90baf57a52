//! Other names of measures, options and choices, and how near a misspelt name is to a known one.
//!
//! One table for all hints. A synonym is never accepted in place of the name: `unbiased` and `debiased` would be two words
//! for one thing. Case and punctuation do not count, so that `CKA`, `Mean-CKA` and `two_sided` are understood.

use std::fmt;

/// A known name that somebody probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The known name.
    pub name: String,
    /// Relative clause for names of something near but not the same.
    pub note: Option<&'static str>,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.note {
            Some(note) => write!(f, "the nearest is {:?}, {note}.", self.name),
            None => write!(f, "did you mean {:?}?", self.name),
        }
    }
}

/// Synonyms, the name they stand for, and a note where the two differ.
pub(crate) type Row = (&'static [&'static str], &'static str, Option<&'static str>);

/// Names of measures. Written as [`plain`] leaves them.
pub(crate) const MEASURES: &[Row] = &[
    (&["centeredkernelalignment", "kernelalignment", "linearcka", "lincka", "ckalinear"], "cka", None),
    (&["hsic"], "cka", Some("which is its normalized form")),
    (&["rv", "rvcoefficient"], "cka", Some("which with the linear kernel is the RV coefficient")),
    (&["debiasedcka", "unbiasedcka", "ckadebiased"], "cka", Some("with the option estimator=\"debiased\"")),
    (&["rbfcka", "gaussiancka", "ckarbf"], "cka", Some("with the option kernel=\"rbf\"")),
    (
        &["meancka", "minibatchcka", "batchcka", "batchedcka"],
        "cka",
        Some("of all rows at once; a mean over batches is another number"),
    ),
    (&["representationalsimilarityanalysis", "rdm", "rsm"], "rsa", None),
    (&["mantel"], "rsa", Some("whose permutation test is Mantel's")),
    (&["dcor", "dcorr", "distcorr", "distancecorr", "energydistancecorrelation"], "distance_correlation", None),
    (&["dcov", "distancecovariance"], "distance_correlation", Some("which is its normalized form")),
    (&["eos", "subspaceoverlap"], "eigenspace_overlap", None),
    (
        &["yanai", "yanaigcd", "yanaisgcd", "gcd"],
        "eigenspace_overlap",
        Some("which divides by the larger rank where Yanai's coefficient divides by the geometric mean of both"),
    ),
    (&["cca", "meancca", "ccarho", "canonicalcorrelation", "canonicalcorrelationanalysis"], "cca_mean", None),
    (&["r2cca", "ccar2", "meansquaredcca", "squaredcca"], "cca_mean_squared", None),
    (&["singularvectorcca"], "svcca", None),
    (&["projectionweightedcca"], "pwcca", None),
    (
        &["linreg", "linearregression", "regression", "r2", "ridge", "linearpredictivity", "predictivity", "linr2"],
        "linear_regression_r2",
        None,
    ),
    (&["orthogonalprocrustes", "procrustesdistance"], "procrustes", None),
    (&["angularprocrustes", "shapemetric", "riemannianshape", "angular", "angulardistance"], "angular_shape", None),
    (&["alignedcosinesimilarity"], "aligned_cosine", None),
    (
        &["softmatching", "permutationprocrustes", "hungarian"],
        "aligned_cosine",
        Some("which with group=\"permutation\" matches the units one to one"),
    ),
    (&["knn", "jaccard", "nearestneighbors", "nearestneighbours", "jaccardsimilarity"], "knn_jaccard", None),
    (&["mknn", "mutualnearestneighbors", "mutualknnalignment", "platonic"], "mutual_knn", None),
    (&["cknna"], "mutual_knn", Some("which counts the same neighbors without their similarities")),
    (&["secondorder", "secondordercosinesimilarity", "socs"], "second_order_cosine", None),
    (&["churn", "predictionchurn", "flips", "hamming", "hammingdistance"], "disagreement", None),
    (&["agreement", "accuracy"], "disagreement", Some("which is 1 minus it")),
    (&["errorcorrected", "normalizeddisagreement"], "error_corrected_disagreement", None),
    (&["kappa", "cohen", "cohenskappa"], "cohen_kappa", None),
    (&["fleiss", "fleisskappas", "fleissskappa"], "fleiss_kappa", None),
    (&["jsd", "js", "jensenshannon", "jensenshannondivergence", "jsdiv"], "js_divergence", None),
    (&["jensenshannondistance", "jsdistance"], "js_divergence", Some("with the option sqrt=True")),
    (
        &["kl", "kld", "kldiv", "kldivergence", "kullbackleibler", "relativeentropy"],
        "js_divergence",
        Some("which is symmetric and always finite"),
    ),
    (
        &["pr", "effectivedimension", "effectivedimensionality", "dimensionality", "effectiverank"],
        "participation_ratio",
        None,
    ),
];

/// Names of options and of choices; the first target that is known where it is asked counts.
const WORDS: &[(&[&str], &[&str])] = &[
    // choices of measures
    (&["unbiased", "ucentered", "ustatistic", "hsic1", "corrected"], &["debiased"]),
    (&["plugin", "standard", "vstatistic", "hsic0", "uncorrected"], &["biased"]),
    (&["gaussian", "gauss", "squaredexponential", "sqexp"], &["rbf"]),
    (&["laplacian", "exponential"], &["laplace"]),
    (&["poly"], &["polynomial"]),
    (&["dot", "dotproduct", "innerproduct"], &["inner", "linear"]),
    (&["l2", "euclid"], &["euclidean"]),
    (&["squaredeuclidean", "squeuclidean"], &["sq_euclidean"]),
    (&["correlation", "corr", "pearsonr", "r"], &["pearson"]),
    (&["rank", "ranks", "spearmanr", "rho"], &["spearman"]),
    (&["cos", "cosinesimilarity"], &["cosine"]),
    (&["kendall", "tau", "kendalltau", "taub", "kendallstau"], &["kendall_tau_b"]),
    (&["taua", "rhoa"], &["kendall_tau_a"]),
    (&["distances", "rdm", "gram"], &["precomputed"]),
    (&["prob", "probability", "probabilities", "softmax"], &["probs"]),
    (&["logprob", "logprobabilities", "logsoftmax"], &["log_probs"]),
    (&["logit", "scores", "raw"], &["logits"]),
    (&["perm", "permutations"], &["permutation", "permute"]),
    (&["rotation", "rotations"], &["orthogonal"]),
    (&["skip", "ignore", "drop"], &["mask"]),
    (&["error"], &["raise"]),
    (&["difference", "abs", "absolute"], &["absolute_difference"]),
    (&["unique"], &["distinct"]),
    // choices of tests
    (&["random", "mc", "sampled"], &["monte_carlo", "permute"]),
    (&["enumerate", "all", "complete"], &["exact"]),
    (&["fft", "orbit"], &["orbits"]),
    (&["larger", "bigger", "upper", "right"], &["greater"]),
    (&["smaller", "lower", "left"], &["less"]),
    (&["both", "twotailed"], &["two-sided"]),
    (&["westfallyoung", "fwer", "max"], &["maxT"]),
    (&["holm", "stepdownmaxt"], &["step-down"]),
    (&["benjaminihochberg", "fdr", "fdrbh"], &["bh"]),
    (&["benjaminiyekutieli", "fdrby"], &["by"]),
    (&["f32", "single"], &["float32"]),
    (&["f64", "double"], &["float64"]),
    (&["circular", "cyclic", "roll", "rotate"], &["shift"]),
    (&["shuffle"], &["permute"]),
    // options
    (&["nneighbors", "neighbors", "kneighbors", "numneighbors"], &["k"]),
    (&["unbiased", "debiased", "biascorrection"], &["estimator", "bias_corrected"]),
    (&["distance", "dissimilarity"], &["metric", "inner"]),
    (&["comparison", "correlation", "compare"], &["outer"]),
    (&["centre", "centered", "centering", "demean"], &["center"]),
    (&["normalise", "normalized", "scale"], &["normalize", "normalize_rows"]),
    (&["lengthscale", "width"], &["sigma", "bandwidth"]),
    (&["ridge", "penalty", "regularization", "lambda"], &["alpha"]),
    (&["targets", "truth", "ytrue", "target"], &["labels"]),
    (&["variance", "explained"], &["threshold"]),
    (&["temperature"], &["t"]),
];

/// The measure that was probably meant.
pub fn of_measure(given: &str, known: &[&str]) -> Option<Hint> {
    let named = plain(given);
    let synonym = || {
        let row = MEASURES.iter().find(|(said, name, _)| said.contains(&named.as_str()) && known.contains(name));
        row.map(|(_, name, note)| Hint { name: (*name).to_owned(), note: *note })
    };
    exact(&named, known).or_else(synonym).or_else(|| nearest(&named, known))
}

/// The option, or the choice of an option, that was probably meant.
pub fn of_word(given: &str, known: &[&str]) -> Option<Hint> {
    let named = plain(given);
    let synonym = || {
        let rows = WORDS.iter().filter(|(said, _)| said.contains(&named.as_str()));
        rows.flat_map(|(_, names)| *names).find(|name| known.contains(name)).map(|name| same(name))
    };
    exact(&named, known).or_else(synonym).or_else(|| nearest(&named, known))
}

fn same(name: &str) -> Hint {
    Hint { name: name.to_owned(), note: None }
}

/// Lower case without punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn exact(named: &str, known: &[&str]) -> Option<Hint> {
    known.iter().find(|name| !named.is_empty() && plain(name) == named).map(|name| same(name))
}

/// Most characters of a name that are compared: what is longer is no misspelling of anything here.
const LONGEST: usize = 64;

/// The known name with the fewest mistakes, if these are few for its length.
fn nearest(named: &str, known: &[&str]) -> Option<Hint> {
    if named.chars().count() > LONGEST {
        return None;
    }
    let mistakes = |name: &str| {
        let name = plain(name);
        let most = (named.chars().count().max(name.chars().count()) / 4).clamp(1, 3);
        Some(distance(named, &name)).filter(|found| *found <= most)
    };
    let near = known.iter().filter_map(|name| Some((mistakes(name)?, *name)));
    near.min_by_key(|(mistakes, _)| *mistakes).map(|(_, name)| same(name))
}

/// Number of letters to insert, delete, replace or swap with their neighbor to turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<&'static str> {
        MEASURES.iter().map(|(_, name, _)| *name).collect()
    }

    #[test]
    fn every_synonym_of_a_measure_leads_to_one() {
        for (said, name, _) in MEASURES {
            for synonym in *said {
                assert_eq!(&plain(synonym), synonym);
                let hint = of_measure(synonym, &names());
                assert_eq!(hint.map(|hint| hint.name).as_deref(), Some(*name), "{synonym}");
            }
        }
    }

    #[test]
    fn every_synonym_of_a_word_is_plain_and_no_name_itself() {
        for (said, names) in WORDS {
            for synonym in *said {
                assert_eq!(&plain(synonym), synonym);
                assert!(names.iter().all(|name| plain(name) != *synonym), "{synonym}");
                assert_eq!(of_word(synonym, names).map(|hint| hint.name).as_deref(), Some(names[0]), "{synonym}");
            }
        }
    }

    #[test]
    fn case_and_misspellings() {
        for (given, meant) in
            [("CKA", "cka"), ("ckaa", "cka"), ("js-Divergence", "js_divergence"), ("proscrutes", "procrustes")]
        {
            assert_eq!(of_measure(given, &names()).map(|hint| hint.name).as_deref(), Some(meant), "{given}");
        }
        for strange in ["", "_", "xyz", "banana", &"c".repeat(100_000)] {
            assert_eq!(of_measure(strange, &names()), None, "{strange}");
        }
        assert_eq!(of_word("lienar", &["rbf", "linear"]).map(|hint| hint.name).as_deref(), Some("linear"));
        assert_eq!((distance("ab", "ba"), distance("kitten", "sitting"), distance("", "abc")), (1, 3, 3));
    }
}
