//! Values that cross the border, both ways.

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::value::Value;

/// Options by name.
pub fn options(given: &Bound<'_, PyDict>) -> PyResult<Vec<(String, Value)>> {
    given.iter().map(|(name, value)| Ok((name.extract()?, from_python(&value)?))).collect()
}

/// A value that Python hands over.
pub fn from_python(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    if given.is_none() {
        return Ok(Value::None);
    }
    if let Ok(value) = given.cast::<PyBool>() {
        return Ok(Value::Bool(value.is_true()));
    }
    if given.is_instance_of::<PyInt>() {
        return match given.extract::<i64>() {
            Ok(value) => Ok(Value::Int(value)),
            Err(_) => Ok(Value::Text(given.str()?.to_string_lossy().into_owned())),
        };
    }
    if let Ok(value) = given.cast::<PyFloat>() {
        return Ok(Value::Float(value.value()));
    }
    if let Ok(value) = given.cast::<PyString>() {
        // To write it by `str` would look for signals, and lose the text and the signal if there is one.
        return Ok(Value::Text(value.to_string_lossy().into_owned()));
    }
    if let Ok(array) = given.extract::<PyReadonlyArray1<'_, i64>>() {
        return Ok(Value::ints(array.as_array().to_vec()));
    }
    if let Ok(array) = given.extract::<PyReadonlyArray1<'_, f64>>() {
        return Ok(Value::floats(array.as_array().to_vec()));
    }
    if let Ok(array) = given.extract::<PyReadonlyArray2<'_, f64>>() {
        let view = array.as_array();
        return Ok(Value::Floats { data: view.iter().copied().collect(), shape: view.shape().to_vec() });
    }
    if let Ok(array) = given.extract::<PyReadonlyArray2<'_, i64>>() {
        let view = array.as_array();
        return Ok(Value::Ints { data: view.iter().copied().collect(), shape: view.shape().to_vec() });
    }
    Ok(Value::Text(given.get_type().name()?.to_string_lossy().into_owned()))
}

/// A value that Python is handed.
pub fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::Bool(v) => PyBool::new(py, *v).to_owned().into_any(),
        Value::Int(v) => v.into_pyobject(py)?.into_any(),
        Value::Float(v) => PyFloat::new(py, *v).into_any(),
        Value::Text(v) => PyString::new(py, v).into_any(),
        Value::Ints { data, shape } => shaped(PyArray1::from_slice(py, data), shape)?,
        Value::Floats { data, shape } => shaped(PyArray1::from_slice(py, data), shape)?,
        Value::List(values) => PyList::new(py, each(py, values)?)?.into_any(),
        Value::Tuple(values) => PyTuple::new(py, each(py, values)?)?.into_any(),
        Value::Fields(fields) => to_dict(py, fields.iter().cloned())?.into_any(),
    })
}

fn each<'py>(py: Python<'py>, values: &[Value]) -> PyResult<Vec<Bound<'py, PyAny>>> {
    values.iter().map(|one| to_python(py, one)).collect()
}

/// Named values as a dictionary.
pub fn to_dict(py: Python<'_>, fields: impl IntoIterator<Item = (&'static str, Value)>) -> PyResult<Bound<'_, PyDict>> {
    let all = PyDict::new(py);
    for (name, value) in fields {
        all.set_item(name, to_python(py, &value)?)?;
    }
    Ok(all)
}

fn shaped<'py, T: numpy::Element>(flat: Bound<'py, PyArray1<T>>, shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    Ok(match shape {
        [rows, cols] => flat.reshape([*rows, *cols])?.into_any(),
        _ => flat.into_any(),
    })
}
