//! Python: the only folder that names pyo3.
//!
//! A dozen functions serve every measure there is. Each translates its arguments, lets an operation run without the
//! interpreter's lock, and translates the answer; nothing is computed here.

#[allow(clippy::needless_pass_by_value)] // Python hands arguments over
mod answers;
mod errors;
mod inputs;
mod prepared;
mod run;

use pyo3::prelude::*;

/// The compiled core of `resemblance`.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::answers::{
        compare, confidence_interval, default_threads, facts, group, jackknife, load_prepared, measures, pairwise,
        permutation, permutation_test, prepare, rows, score, show_config, similarity_difference, statistic,
    };
    #[pymodule_export]
    use super::prepared::PyPrepared;
}
