//! A summary that Python keeps, pickles and hands back.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::errors::exception;
use super::inputs::{from_python, options, to_python};
use crate::error::{Error, Result};
use crate::measure::AnySummary;
use crate::operations::{Asked, Prepared};
use crate::options::{Named, damaged};
use crate::value::Value;

/// The layout of a saved summary; another one is refused.
const VERSION: i64 = 1;

/// What one measure needs of one representation: accepted wherever an array is.
#[pyclass(frozen, name = "Prepared", module = "resemblance._core")]
pub struct PyPrepared {
    pub(super) asked: Asked,
    pub(super) given: Vec<(String, Value)>,
    pub(super) summary: AnySummary,
    pub(super) dtype: String,
    pub(super) fingerprint: String,
    pub(super) row_names: Option<String>,
}

impl PyPrepared {
    /// The summary under the name by which messages call it.
    pub(super) fn summary_called(&self, name: &str) -> Prepared {
        Prepared {
            name: name.to_owned(),
            measure: self.asked.measure.name(),
            options: self.asked.options().to_owned(),
            summary: self.summary.clone(),
        }
    }
}

#[pymethods]
impl PyPrepared {
    /// The measure it was made for.
    #[getter]
    fn measure(&self) -> &'static str {
        self.asked.measure.name()
    }

    /// The options it was made with.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (name, value) in &self.given {
            found.set_item(name, to_python(py, value)?)?;
        }
        Ok(found)
    }

    /// Number of rows.
    #[getter]
    fn n(&self) -> usize {
        self.summary.rows()
    }

    /// The type the data were stored in.
    #[getter]
    fn dtype(&self) -> &str {
        &self.dtype
    }

    /// A fingerprint of the data.
    #[getter]
    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// A fingerprint of the names of the rows, if they came with names.
    #[getter]
    fn row_names(&self) -> Option<&str> {
        self.row_names.as_deref()
    }

    fn __repr__(&self) -> String {
        let options =
            if self.asked.options().is_empty() { String::new() } else { format!(", {}", self.asked.options()) };
        format!(
            "Prepared({}{options}; n={}, {}, {})",
            self.asked.measure.name(),
            self.summary.rows(),
            self.dtype,
            &self.fingerprint[..8.min(self.fingerprint.len())]
        )
    }

    fn __len__(&self) -> usize {
        self.summary.rows()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let parts = PyList::empty(py);
        for (name, value) in self.summary.save() {
            parts.append((name, to_python(py, &value)?))?;
        }
        let load = py.import("resemblance._core")?.getattr("load_prepared")?;
        let names = &self.row_names;
        let state =
            (VERSION, self.measure(), self.options(py)?, self.n(), &self.dtype, &self.fingerprint, parts, names);
        Ok((load, state.into_pyobject(py)?))
    }
}

/// Back from a pickle. Nothing in it is believed unchecked.
pub(super) fn load(py: Python<'_>, state: &Bound<'_, PyTuple>) -> PyResult<PyPrepared> {
    type Parts<'py> = Vec<(String, Bound<'py, PyAny>)>;
    type State<'py> = (i64, String, Bound<'py, PyDict>, usize, String, String, Parts<'py>, Option<String>);
    let refuse = |problem: &str| exception(py, &damaged(problem));
    let (version, measure, given, n, dtype, fingerprint, parts, row_names): State<'_> =
        state.extract().map_err(|_| refuse("it is no saved summary"))?;
    if version != VERSION {
        let problem = format!("was saved in layout {version}, this version reads layout {VERSION}");
        return Err(exception(py, &Error::SummaryMismatch { problem }));
    }
    let given = options(&given)?;
    let parts =
        parts.into_iter().map(|(name, value)| Ok((name, from_python(&value)?))).collect::<PyResult<Vec<_>>>()?;
    let made = || -> Result<PyPrepared> {
        let asked = Asked::new(&measure, given.clone())?;
        let mut named = Named::new("saved", parts);
        let summary = asked.measure.load(&mut named)?;
        if summary.rows() != n {
            return Err(damaged(format!("it says {n} rows and has {}", summary.rows())));
        }
        Ok(PyPrepared { asked, given, summary, dtype, fingerprint, row_names })
    };
    made().map_err(|error| exception(py, &error))
}
