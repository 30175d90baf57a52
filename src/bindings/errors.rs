//! The one place where errors become Python's.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::values::to_dict;
use crate::error::Error;
use crate::warning::Warning;

/// Code, message and numbers, as Python reads them.
pub type Remark<'py> = (&'static str, String, Bound<'py, PyDict>);

/// The exception that belongs to an error; `resemblance.errors.make` chooses the class.
pub fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let built = || -> PyResult<Bound<'_, PyAny>> {
        let details = to_dict(py, error.details())?;
        py.import("resemblance.errors")?.getattr("make")?.call1((error.code(), error.to_string(), details))
    };
    match built() {
        Ok(instance) => PyErr::from_value(instance),
        Err(failure) => failure,
    }
}

/// Exception of a panic, which is always a defect of this library.
pub fn internal(what: &str) -> PyErr {
    PyRuntimeError::new_err(format!("internal error, please report it: {what}"))
}

/// Warnings as the tuples that Python turns into warnings.
pub fn remarks<'py>(py: Python<'py>, warnings: &[Warning]) -> PyResult<Vec<Remark<'py>>> {
    warnings
        .iter()
        .map(|warning| Ok((warning.code, warning.message.clone(), to_dict(py, warning.details.iter().cloned())?)))
        .collect()
}
