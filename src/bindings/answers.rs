//! The functions of the module.

use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::errors::{exception, remarks};
use super::inputs::{Held, Inputs, Lists};
use super::prepared::{self, PyPrepared};
use super::run::{Resources, run};
use super::values::{options, to_dict};
use crate::error::Error;
use crate::measures::all;
use crate::operations::{self, Estimate, Instance, OnError};
use crate::value::Value;
use crate::warning::Warning;

pub(super) type Any<'py> = Bound<'py, PyAny>;
pub(super) type GivenOptions<'py> = Bound<'py, PyDict>;

pub(super) fn instance(py: Python<'_>, name: &str, given: &GivenOptions<'_>) -> PyResult<Instance> {
    Instance::new(name, options(given)?).map_err(|error| exception(py, &error))
}

fn several<'py>(py: Python<'py>, measures: &[(String, GivenOptions<'py>)]) -> PyResult<Vec<Instance>> {
    measures.iter().map(|(name, given)| instance(py, name, given)).collect()
}

/// A number alone where there is nothing to remark.
fn with_remarks<'py>(py: Python<'py>, value: Any<'py>, warnings: &[Warning]) -> PyResult<Any<'py>> {
    // Removed round-off is in the full result of `compare`; it is no news in a bare number.
    let news: Vec<Warning> = warnings.iter().filter(|warning| warning.code != "clamped").cloned().collect();
    if news.is_empty() { Ok(value) } else { Ok((value, remarks(py, &news)?).into_pyobject(py)?.into_any()) }
}

/// The score of a pair.
#[pyfunction]
pub fn score<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    x: Any<'py>,
    y: Any<'py>,
    resources: Resources,
) -> PyResult<Any<'py>> {
    let instance = instance(py, name, &given)?;
    let pair = Inputs::pair(x, y)?;
    let sides = pair.sides(py)?;
    let work = Estimate::of_pair([&instance], &sides).operations();
    let outcome = run(py, resources, work, None, |par| operations::score(&instance, &sides[0], &sides[1], par))?;
    with_remarks(py, outcome.value.into_pyobject(py)?.into_any(), &outcome.warnings)
}

/// The score of every row.
#[pyfunction]
pub fn rows<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    x: Any<'py>,
    y: Any<'py>,
    resources: Resources,
) -> PyResult<Any<'py>> {
    let instance = instance(py, name, &given)?;
    let pair = Inputs::pair(x, y)?;
    let sides = pair.sides(py)?;
    let work = Estimate::of_pair([&instance], &sides).operations();
    let (values, warnings) =
        run(py, resources, work, None, |par| operations::rows(&instance, &sides[0], &sides[1], par))?;
    with_remarks(py, PyArray1::from_vec(py, values).into_any(), &warnings)
}

/// The number of one representation.
#[pyfunction]
pub fn statistic<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    x: Any<'py>,
    resources: Resources,
) -> PyResult<Any<'py>> {
    let instance = instance(py, name, &given)?;
    let x = Held::take(&x, "x")?;
    let side = x.side("x").map_err(|error| exception(py, &error))?;
    let work = Estimate::of_pair([&instance], [&side]).operations();
    let (value, warnings) = run(py, resources, work, None, |par| operations::statistic(&instance, &side, par))?;
    with_remarks(py, value.into_pyobject(py)?.into_any(), &warnings)
}

/// The score of a group of models.
#[pyfunction]
pub fn group<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    models: Vec<Any<'py>>,
    resources: Resources,
) -> PyResult<f64> {
    let instance = instance(py, name, &given)?;
    let names: Vec<String> = (0..models.len()).map(|at| format!("models[{at}]")).collect();
    let held = Inputs::take(&models, names)?;
    let sides = held.sides(py)?;
    let work = Estimate::of_pair([&instance], &sides).operations();
    run(py, resources, work, None, |par| operations::group(&instance, &sides, par))
}

/// The score of every row of a group of models.
#[pyfunction]
pub fn group_rows<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    models: Vec<Any<'py>>,
    resources: Resources,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let instance = instance(py, name, &given)?;
    let names: Vec<String> = (0..models.len()).map(|at| format!("models[{at}]")).collect();
    let held = Inputs::take(&models, names)?;
    let sides = held.sides(py)?;
    let work = Estimate::of_pair([&instance], &sides).operations();
    let rows = run(py, resources, work, None, |par| operations::group_rows(&instance, &sides, par))?;
    Ok(PyArray1::from_vec(py, rows))
}

/// Several measures of one pair, each with its chance level and warnings.
#[pyfunction]
pub fn compare<'py>(
    py: Python<'py>,
    measures: Vec<(String, GivenOptions<'py>)>,
    x: Any<'py>,
    y: Any<'py>,
    resources: Resources,
    progress: Option<Any<'py>>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let instances = several(py, &measures)?;
    let pair = Inputs::pair(x, y)?;
    let sides = pair.sides(py)?;
    let work = Estimate::of_pair(&instances, &sides).operations();
    let outcomes = run(py, resources, work, progress.as_ref(), |par| {
        par.expect(instances.len());
        let mut all = Vec::with_capacity(instances.len());
        for one in &instances {
            let outcome = operations::compare(one, &sides[0], &sides[1], par);
            if let Err(stop @ Error::Interrupted { .. }) = outcome {
                return Err(stop);
            }
            par.advance(1);
            all.push(outcome);
        }
        Ok(all)
    })?;
    outcomes
        .into_iter()
        .zip(&instances)
        .map(|(outcome, instance)| {
            let fields = PyDict::new(py);
            fields.set_item("n", pair.rows())?;
            fields.set_item("m", (!instance.measure.facts().rows_paired).then(|| sides[1].rows()))?;
            fields.set_item("facts", to_dict(py, instance.measure.facts().fields())?)?;
            match outcome {
                Ok(outcome) => {
                    fields.update(to_dict(py, outcome.fields(&instance.measure.facts()))?.as_mapping())?;
                    fields.set_item("status", "ok")?;
                    fields.set_item("error", py.None())?;
                }
                Err(error) => {
                    fields.set_item("value", py.None())?;
                    fields.set_item("status", error.code())?;
                    fields.set_item("error", exception(py, &error).into_value(py))?;
                    fields.set_item("warnings", remarks(py, &[])?)?;
                }
            }
            Ok(fields)
        })
        .collect()
}

/// All pairs.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn pairwise<'py>(
    py: Python<'py>,
    measures: Vec<(String, GivenOptions<'py>)>,
    xs: Vec<Any<'py>>,
    x_names: Vec<String>,
    ys: Option<Vec<Any<'py>>>,
    y_names: Option<Vec<String>>,
    resources: Resources,
    on_error: &str,
    progress: Option<Any<'py>>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let instances = several(py, &measures)?;
    let on_error = if on_error == "raise" { OnError::Raise } else { OnError::Record };
    let lists = Lists::take((&xs, x_names), (ys.as_deref(), y_names))?;
    let (sides_x, sides_y) = lists.sides(py)?;
    let work = Estimate::of_grid(&instances, &sides_x, sides_y.as_deref()).operations();
    let grids = run(py, resources, work, progress.as_ref(), |par| {
        operations::pairwise(&instances, &sides_x, sides_y.as_deref(), on_error, par)
    })?;
    let (rows, columns) = lists.names();
    grids
        .into_iter()
        .map(|mut grid| {
            let status = failed(py, &grid.failures)?;
            let mut warnings = of_pairs(std::mem::take(&mut grid.warnings), rows, columns);
            warnings.append(&mut grid.general);
            let fields = to_dict(py, grid.fields())?;
            fields.set_item("status", status)?;
            fields.set_item("warnings", remarks(py, &warnings)?)?;
            Ok(fields)
        })
        .collect()
}

/// Warnings with the names of the first pair they concern.
pub(super) fn of_pairs(
    warnings: Vec<(Warning, (usize, usize), usize)>,
    rows: &[String],
    columns: &[String],
) -> Vec<Warning> {
    let named = |(mut warning, (i, j), count): (Warning, (usize, usize), usize)| {
        let others = if count > 1 { format!(" ({count} pairs like this.)") } else { String::new() };
        warning.message = format!("{} with {}: {}{others}", rows[i], columns[j], warning.message);
        warning.details.push(("pairs", Value::from(count)));
        warning
    };
    warnings.into_iter().map(named).collect()
}

/// Pairs without a value, and why.
pub(super) fn failed<'py>(py: Python<'py>, failures: &[(usize, usize, Error)]) -> PyResult<Bound<'py, PyDict>> {
    let status = PyDict::new(py);
    for (i, j, error) in failures {
        status.set_item((i, j), (error.code(), error.to_string()))?;
    }
    Ok(status)
}

/// A reusable summary.
#[pyfunction]
pub fn prepare<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    x: Any<'py>,
    row_names: Option<String>,
    resources: Resources,
) -> PyResult<PyPrepared> {
    let instance = instance(py, name, &given)?;
    let held = Held::take(&x, "x")?;
    let side = held.side("x").map_err(|error| exception(py, &error))?;
    let estimate = Estimate::of_pair([&instance], [&side]);
    let (summary, profile, fingerprint) = run(py, resources, estimate.operations(), None, |par| {
        estimate.require(instance.measure.name(), par)?;
        let fingerprint = side.data().map(crate::Representation::fingerprint).unwrap_or_default();
        let summary = side.summary(&instance, par)?;
        Ok((summary, side.profile(&instance.measure.facts(), par), fingerprint))
    })?;
    let dtype = held.storage().to_owned();
    Ok(PyPrepared { instance, given: options(&given)?, summary, profile, dtype, fingerprint, row_names })
}

/// Back from a pickle.
#[pyfunction]
#[pyo3(signature = (*state))]
pub fn load_prepared(py: Python<'_>, state: &Bound<'_, PyTuple>) -> PyResult<PyPrepared> {
    prepared::load(py, state)
}

/// The list of measures.
#[pyfunction]
pub fn measures(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    all()
        .map(|entry| {
            let (measure, declared) = entry.probe().map_err(|error| exception(py, &error))?;
            let facts = measure.facts();
            let fields = PyDict::new(py);
            fields.set_item("name", entry.name)?;
            fields.set_item("family", entry.family)?;
            fields.set_item("form", facts.form.name())?;
            let options = declared.iter().map(|option| to_dict(py, option.fields())).collect::<PyResult<Vec<_>>>()?;
            fields.set_item("options", options)?;
            fields.set_item("facts", to_dict(py, facts.fields())?)?;
            Ok(fields)
        })
        .collect()
}

/// Complaint about a name that is none of the known choices: for options that only Python knows.
#[pyfunction]
pub fn no_choice(given: &str, known: Vec<String>) -> String {
    crate::options::no_choice(given, &known.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The facts of a measure with these options.
#[pyfunction]
pub fn facts<'py>(py: Python<'py>, name: &str, given: GivenOptions<'py>) -> PyResult<Bound<'py, PyDict>> {
    to_dict(py, instance(py, name, &given)?.measure.facts().fields())
}

/// A permutation of a stream.
#[pyfunction]
pub fn permutation(py: Python<'_>, key: [u8; 32], stream: u64, n: usize) -> Bound<'_, PyArray1<i64>> {
    let order = crate::numerics::streams::permutation(&key, stream, n);
    PyArray1::from_vec(py, order.into_iter().map(|i| i as i64).collect())
}

/// Version, linear algebra and instruction set of this build.
#[pyfunction]
pub fn show_config(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("version", env!("CARGO_PKG_VERSION"))?;
    fields.set_item("linear_algebra", "faer 0.24.4")?;
    fields.set_item("instruction_set", crate::numerics::instruction_set())?;
    fields.set_item("debug_build", cfg!(debug_assertions))?;
    fields.set_item("measures", all().count())?;
    Ok(fields)
}

/// As many threads as this process may use: affinity, cpusets and quotas counted.
#[pyfunction]
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
