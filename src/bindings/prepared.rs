//! A summary that Python keeps, pickles and hands back.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::errors::exception;
use super::values::{from_python, options, to_python};
use crate::engines::profile::Profile;
use crate::error::{Error, Result};
use crate::operations::{Instance, Prepared};
use crate::saved::{SavedParts, damaged};
use crate::summary::AnySummary;
use crate::value::Value;

/// The layout of a saved summary; another one is refused.
const VERSION: i64 = 3;
/// Names of the types that data may be stored in, and of a summary made of a summary.
const STORED: [&str; 6] = ["f64", "f32", "f16", "bf16", "int", "prepared"];

/// Summary of one representation for one measure, accepted wherever an array is.
#[pyclass(frozen, name = "Prepared", module = "resemblance._core")]
pub struct PyPrepared {
    pub(super) instance: Instance,
    pub(super) given: Vec<(String, Value)>,
    pub(super) summary: AnySummary,
    pub(super) profile: Option<Arc<Profile>>,
    pub(super) dtype: String,
    pub(super) fingerprint: String,
    pub(super) row_names: Option<String>,
}

impl PyPrepared {
    /// The summary under the name by which messages call it.
    pub(super) fn summary_called(&self, name: &str) -> Prepared {
        Prepared {
            name: name.to_owned(),
            measure: self.instance.measure.name(),
            options: self.instance.options().to_owned(),
            summary: self.summary.clone(),
            profile: self.profile.clone(),
        }
    }
}

#[pymethods]
impl PyPrepared {
    /// The measure it was made for.
    #[getter]
    fn measure(&self) -> &'static str {
        self.instance.measure.name()
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
            if self.instance.options().is_empty() { String::new() } else { format!(", {}", self.instance.options()) };
        format!(
            "Prepared({}{options}; n={}, {}, {})",
            self.instance.measure.name(),
            self.summary.rows(),
            self.dtype,
            self.fingerprint.get(..8).unwrap_or(&self.fingerprint)
        )
    }

    fn __len__(&self) -> usize {
        self.summary.rows()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let list = |saved: Vec<(&'static str, Value)>| {
            let parts = PyList::empty(py);
            for (name, value) in saved {
                parts.append((name, to_python(py, &value)?))?;
            }
            Ok::<_, PyErr>(parts)
        };
        let parts = list(self.summary.save())?;
        let profile = self.profile.as_ref().map(|profile| list(profile.save())).transpose()?;
        let load = py.import("resemblance._core")?.getattr("load_prepared")?;
        let (measure, n, names) = (self.measure(), self.n(), &self.row_names);
        let (given, dtype, fingerprint) = (self.options(py)?, &self.dtype, &self.fingerprint);
        let state = (VERSION, measure, given, n, dtype, fingerprint, parts, names, profile);
        Ok((load, state.into_pyobject(py)?))
    }
}

/// Back from a pickle. Nothing in it is believed unchecked.
pub(super) fn load(py: Python<'_>, state: &Bound<'_, PyTuple>) -> PyResult<PyPrepared> {
    type Parts<'py> = Vec<(String, Bound<'py, PyAny>)>;
    type Made<'py> = (i64, String, Bound<'py, PyDict>, usize, String, String);
    type Extras<'py> = (Parts<'py>, Option<String>, Option<Parts<'py>>);
    let refuse = |problem: &str| exception(py, &damaged(problem));
    let no_summary = |_| refuse("it is no saved summary");
    let (version, measure, given, n, dtype, fingerprint): Made<'_> =
        state.get_slice(0, 6).extract().map_err(no_summary)?;
    if version != VERSION {
        let problem = format!("was saved in layout {version}, this version reads layout {VERSION}");
        return Err(exception(py, &Error::SummaryMismatch { problem }));
    }
    let (parts, row_names, profile): Extras<'_> = state.get_slice(6, state.len()).extract().map_err(no_summary)?;
    let given = options(&given)?;
    let values = |parts: Parts<'_>| {
        parts.into_iter().map(|(name, value)| Ok((name, from_python(&value)?))).collect::<PyResult<Vec<_>>>()
    };
    let (parts, profile) = (values(parts)?, profile.map(values).transpose()?);
    let made = || -> Result<PyPrepared> {
        let instance = Instance::new(&measure, given.clone())?;
        let mut named = SavedParts::new(parts);
        let summary = instance.measure.load(&mut named)?;
        if summary.rows() != n {
            return Err(damaged(format!("it says {n} rows and has {}", summary.rows())));
        }
        let profile = profile.map(|parts| Profile::load(&mut SavedParts::new(parts)).map(Arc::new)).transpose()?;
        if profile.as_ref().is_some_and(|profile| profile.rows != n) {
            return Err(damaged(format!("it says {n} rows, and its profile something else")));
        }
        if !STORED.contains(&dtype.as_str()) {
            return Err(damaged(format!("there is no type {dtype:?}")));
        }
        if !fingerprint.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(damaged("its fingerprint is none"));
        }
        Ok(PyPrepared { instance, given, summary, profile, dtype, fingerprint, row_names })
    };
    made().map_err(|error| exception(py, &error))
}
