//! Python: the only folder that names pyo3.
//!
//! Two dozen functions serve every measure there is. Each translates its arguments, lets an operation run without the
//! interpreter's lock, and translates the answer; nothing is computed here.

#[allow(clippy::needless_pass_by_value)] // Python hands arguments over
mod answers;
mod errors;
mod inputs;
mod memory;
mod prepared;
mod run;
#[allow(clippy::needless_pass_by_value)] // Python hands arguments over
mod significance;
mod values;

use pyo3::prelude::*;

/// The compiled core of `resemblance`.
#[pymodule]
mod _core {
    #[pymodule_init]
    #[allow(clippy::unnecessary_wraps)] // the signature that is asked for
    fn init(_module: &super::Bound<'_, super::PyModule>) -> super::PyResult<()> {
        super::memory::keep();
        Ok(())
    }

    #[pymodule_export]
    use super::answers::{
        compare, default_threads, facts, group, group_rows, load_prepared, measures, no_choice, pairwise, permutation,
        prepare, rows, score, show_config, statistic,
    };
    #[pymodule_export]
    use super::prepared::PyPrepared;
    #[pymodule_export]
    use super::significance::{
        Sequential, bet, confidence_interval, exchangeable, group_confidence_interval, jackknife, judge, p_floor,
        pairings, permutation_grid, permutation_moments, permutation_test, pvalue_interval, similarity_difference,
        tallied,
    };
}
