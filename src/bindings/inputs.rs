//! Arrays and options on their way in, values on their way out.

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::errors::exception;
use super::prepared::PyPrepared;
use crate::error::{Error, Result};
use crate::operations::{Operand, Prepared};
use crate::representation::{Representation, Storage, View};

/// An array that is kept alive, and not written to by anyone who asks its leave, while it is looked at.
pub enum Held<'py> {
    /// A matrix in double precision.
    F64(PyReadonlyArray2<'py, f64>, Storage),
    /// A matrix in single precision.
    F32(PyReadonlyArray2<'py, f32>, Storage),
    /// Class ids.
    Ids(PyReadonlyArray1<'py, i64>),
    /// Real numbers in a row.
    Reals(PyReadonlyArray1<'py, f64>),
    /// A summary made earlier.
    Prepared(Prepared),
}

impl<'py> Held<'py> {
    /// Take hold of what Python hands over as the input called `name`.
    pub fn take(given: &Bound<'py, PyAny>, name: &str) -> PyResult<Self> {
        let (array, storage) = match given.cast::<PyTuple>() {
            Ok(pair) => (pair.get_item(0)?, Some(storage(&pair.get_item(1)?)?)),
            Err(_) => (given.clone(), None),
        };
        if let Ok(held) = array.extract::<PyReadonlyArray2<'py, f64>>() {
            return Ok(Self::F64(held, storage.unwrap_or(Storage::F64)));
        }
        if let Ok(held) = array.extract::<PyReadonlyArray2<'py, f32>>() {
            return Ok(Self::F32(held, storage.unwrap_or(Storage::F32)));
        }
        if let Ok(held) = array.extract::<PyReadonlyArray1<'py, i64>>() {
            return Ok(Self::Ids(held));
        }
        if let Ok(held) = array.extract::<PyReadonlyArray1<'py, f64>>() {
            return Ok(Self::Reals(held));
        }
        if let Ok(prepared) = array.cast::<PyPrepared>() {
            return Ok(Self::Prepared(prepared.get().summary_called(name)));
        }
        let error = match array.cast::<PyUntypedArray>() {
            Ok(untyped) if untyped.ndim() != 2 => {
                Error::NotTwoDimensional { name: name.to_owned(), shape: shape_text(untyped.shape()) }
            }
            _ => Error::UnsupportedDtype {
                name: name.to_owned(),
                given: array.get_type().name()?.to_string_lossy().into_owned(),
                expected: "real numbers are needed".into(),
            },
        };
        Err(exception(given.py(), &error))
    }

    /// Look at it.
    pub fn side<'a>(&'a self, name: &str) -> Result<Operand<'a>> {
        Ok(match self {
            Self::F64(held, storage) => {
                Operand::Data(Representation::matrix(name, View::F64(held.as_array()), *storage)?)
            }
            Self::F32(held, storage) => {
                Operand::Data(Representation::matrix(name, View::F32(held.as_array()), *storage)?)
            }
            Self::Ids(held) => {
                let ids: std::borrow::Cow<'a, [i64]> = match held.as_slice() {
                    Ok(slice) => slice.into(),
                    Err(_) => held.as_array().to_vec().into(),
                };
                Operand::Data(Representation::labels(name, ids)?)
            }
            Self::Reals(held) => Operand::Data(Representation::reals(name, held.as_array().to_vec())?),
            Self::Prepared(prepared) => Operand::Prepared(prepared.clone()),
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::F64(held, _) => held.shape()[0],
            Self::F32(held, _) => held.shape()[0],
            Self::Ids(held) => held.len(),
            Self::Reals(held) => held.len(),
            Self::Prepared(prepared) => prepared.summary.rows(),
        }
    }

    /// The short name of the type it was stored in.
    pub fn storage(&self) -> &'static str {
        match self {
            Self::F64(_, storage) | Self::F32(_, storage) => storage.name(),
            Self::Ids(_) => "int",
            Self::Reals(_) => "f64",
            Self::Prepared(_) => "prepared",
        }
    }
}

/// Inputs that are looked at together, with their names.
pub struct Inputs<'py> {
    held: Vec<Held<'py>>,
    names: Vec<String>,
}

impl<'py> Inputs<'py> {
    /// Take hold of all of them.
    pub fn take(given: &[Bound<'py, PyAny>], names: Vec<String>) -> PyResult<Self> {
        let held = given.iter().zip(&names).map(|(array, name)| Held::take(array, name)).collect::<PyResult<_>>()?;
        Ok(Self { held, names })
    }

    /// The two sides of a pair.
    pub fn pair(x: Bound<'py, PyAny>, y: Bound<'py, PyAny>) -> PyResult<Self> {
        Self::take(&[x, y], vec!["x".to_owned(), "y".to_owned()])
    }

    /// Look at them.
    pub fn sides(&self, py: Python<'_>) -> PyResult<Vec<Operand<'_>>> {
        let sides = self.held.iter().zip(&self.names).map(|(held, name)| held.side(name));
        sides.collect::<Result<_>>().map_err(|error| exception(py, &error))
    }

    /// Number of rows of the first.
    pub fn rows(&self) -> usize {
        self.held.first().map_or(0, Held::rows)
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// The two lists of a grid; without the second the first is compared with itself.
pub struct Lists<'py> {
    /// The rows of the grid.
    pub xs: Inputs<'py>,
    /// Its columns, if they are others.
    pub ys: Option<Inputs<'py>>,
}

impl<'py> Lists<'py> {
    /// Take hold of both.
    pub fn take(
        (xs, x_names): (&[Bound<'py, PyAny>], Vec<String>),
        (ys, y_names): (Option<&[Bound<'py, PyAny>]>, Option<Vec<String>>),
    ) -> PyResult<Self> {
        let xs = Inputs::take(xs, x_names)?;
        Ok(Self { xs, ys: ys.map(|ys| Inputs::take(ys, y_names.unwrap_or_default())).transpose()? })
    }

    /// Look at them.
    pub fn sides(&self, py: Python<'_>) -> PyResult<(Vec<Operand<'_>>, Option<Vec<Operand<'_>>>)> {
        Ok((self.xs.sides(py)?, self.ys.as_ref().map(|ys| ys.sides(py)).transpose()?))
    }

    /// Names of rows and of columns.
    pub fn names(&self) -> (&[String], &[String]) {
        (self.xs.names(), self.ys.as_ref().unwrap_or(&self.xs).names())
    }
}

fn shape_text(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn storage(given: &Bound<'_, PyAny>) -> PyResult<Storage> {
    let name: String = given.extract()?;
    Storage::named(&name).ok_or_else(|| pyo3::exceptions::PyValueError::new_err(format!("unknown storage {name:?}")))
}
