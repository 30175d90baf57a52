//! The functions of the module.

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::errors::{exception, remarks};
use super::inputs::{Held, options, to_python};
use super::prepared::{self, PyPrepared};
use super::run::run;
use crate::caution::Caution;
use crate::error::Error;
use crate::facts::Facts;
use crate::linalg::Matrix;
use crate::measures::ALL;
use crate::operations::permutation::grids::Found;
use crate::operations::permutation::sequential::{Betting, Decision, orbit_interval};
use crate::operations::permutation::{Design, Method, Scheme};
use crate::operations::{self, Adjust, Alternative, Asked, OnError, Precision, Request};
use crate::value::Value;

type Any<'py> = Bound<'py, PyAny>;
type Options<'py> = Bound<'py, PyDict>;

fn asked(py: Python<'_>, name: &str, given: &Options<'_>) -> PyResult<Asked> {
    Asked::new(name, options(given)?).map_err(|error| exception(py, &error))
}

fn several<'py>(py: Python<'py>, measures: &[(String, Options<'py>)]) -> PyResult<Vec<Asked>> {
    measures.iter().map(|(name, given)| asked(py, name, given)).collect()
}

/// A number alone where there is nothing to remark.
fn with_remarks<'py>(py: Python<'py>, value: Any<'py>, cautions: &[Caution]) -> PyResult<Any<'py>> {
    // Removed round-off is in the full result of `compare`; it is no news in a bare number.
    let news: Vec<Caution> = cautions.iter().filter(|caution| caution.code != "clamped").cloned().collect();
    if news.is_empty() { Ok(value) } else { Ok((value, remarks(py, &news)?).into_pyobject(py)?.into_any()) }
}

/// The score of a pair.
#[pyfunction]
pub fn score<'py>(
    py: Python<'py>,
    name: &str,
    given: Options<'py>,
    x: Any<'py>,
    y: Any<'py>,
    threads: usize,
) -> PyResult<Any<'py>> {
    let asked = asked(py, name, &given)?;
    let (x, y) = (Held::take(&x, "x")?, Held::take(&y, "y")?);
    let sides = x.side("x").and_then(|a| Ok((a, y.side("y")?))).map_err(|error| exception(py, &error))?;
    let size = x.size() + y.size();
    let outcome = run(py, threads, size, None, |par| operations::compare(&asked, &sides.0, &sides.1, par))?;
    with_remarks(py, outcome.value.into_pyobject(py)?.into_any(), &outcome.cautions)
}

/// The score of every row.
#[pyfunction]
pub fn rows<'py>(
    py: Python<'py>,
    name: &str,
    given: Options<'py>,
    x: Any<'py>,
    y: Any<'py>,
    threads: usize,
) -> PyResult<Any<'py>> {
    let asked = asked(py, name, &given)?;
    let (x, y) = (Held::take(&x, "x")?, Held::take(&y, "y")?);
    let sides = x.side("x").and_then(|a| Ok((a, y.side("y")?))).map_err(|error| exception(py, &error))?;
    let size = x.size() + y.size();
    let (values, cautions) = run(py, threads, size, None, |par| operations::rows(&asked, &sides.0, &sides.1, par))?;
    with_remarks(py, PyArray1::from_vec(py, values).into_any(), &cautions)
}

/// The number of one representation.
#[pyfunction]
pub fn statistic<'py>(
    py: Python<'py>,
    name: &str,
    given: Options<'py>,
    x: Any<'py>,
    threads: usize,
) -> PyResult<Any<'py>> {
    let asked = asked(py, name, &given)?;
    let x = Held::take(&x, "x")?;
    let side = x.side("x").map_err(|error| exception(py, &error))?;
    let (value, cautions) = run(py, threads, x.size(), None, |par| operations::statistic(&asked, &side, par))?;
    with_remarks(py, value.into_pyobject(py)?.into_any(), &cautions)
}

/// The score of a group of models.
#[pyfunction]
pub fn group<'py>(
    py: Python<'py>,
    name: &str,
    given: Options<'py>,
    models: Vec<Any<'py>>,
    threads: usize,
) -> PyResult<f64> {
    let asked = asked(py, name, &given)?;
    let names: Vec<String> = (0..models.len()).map(|at| format!("models[{at}]")).collect();
    let (held, size) = hold(&models, &names)?;
    let sides = sides(py, &held, &names)?;
    run(py, threads, size, None, |par| operations::group(&asked, &sides, par))
}

fn hold<'py>(given: &[Any<'py>], names: &[String]) -> PyResult<(Vec<Held<'py>>, usize)> {
    let held: Vec<Held<'py>> =
        given.iter().zip(names).map(|(array, name)| Held::take(array, name)).collect::<PyResult<_>>()?;
    let size = held.iter().map(Held::size).sum();
    Ok((held, size))
}

fn sides<'a>(py: Python<'_>, held: &'a [Held<'_>], names: &[String]) -> PyResult<Vec<operations::Side<'a>>> {
    held.iter().zip(names).map(|(held, name)| held.side(name).map_err(|error| exception(py, &error))).collect()
}

/// Several measures of one pair, each with its chance level and cautions.
#[pyfunction]
pub fn compare<'py>(
    py: Python<'py>,
    measures: Vec<(String, Options<'py>)>,
    x: Any<'py>,
    y: Any<'py>,
    threads: usize,
    progress: Option<Any<'py>>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let asked = several(py, &measures)?;
    let (x, y) = (Held::take(&x, "x")?, Held::take(&y, "y")?);
    let sides = x.side("x").and_then(|a| Ok((a, y.side("y")?))).map_err(|error| exception(py, &error))?;
    let size = x.size() + y.size();
    let outcomes = run(py, threads, size, progress.as_ref(), |par| {
        par.expect(asked.len());
        let mut all = Vec::with_capacity(asked.len());
        for one in &asked {
            let outcome = operations::compare(one, &sides.0, &sides.1, par);
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
        .zip(&asked)
        .map(|(outcome, asked)| {
            let fields = PyDict::new(py);
            fields.set_item("n", x.rows())?;
            fields.set_item("facts", facts_dict(py, &asked.measure.facts())?)?;
            match outcome {
                Ok(outcome) => {
                    fields.set_item("value", outcome.value)?;
                    fields.set_item("status", "ok")?;
                    fields.set_item("error", py.None())?;
                    fields.set_item("null_mean", outcome.at_chance)?;
                    fields.set_item("calibrated_mean", outcome.calibrated(&asked.measure.facts()))?;
                    fields.set_item("warnings", remarks(py, &outcome.cautions)?)?;
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

fn table(py: Python<'_>, m: Matrix) -> PyResult<Any<'_>> {
    let shape = [m.rows(), m.cols()];
    Ok(PyArray1::from_vec(py, m.into_vec()).reshape(shape)?.into_any())
}

/// All pairs.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn pairwise<'py>(
    py: Python<'py>,
    measures: Vec<(String, Options<'py>)>,
    xs: Vec<Any<'py>>,
    x_names: Vec<String>,
    ys: Option<Vec<Any<'py>>>,
    y_names: Option<Vec<String>>,
    threads: usize,
    on_error: &str,
    progress: Option<Any<'py>>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let asked = several(py, &measures)?;
    let on_error = if on_error == "raise" { OnError::Raise } else { OnError::Record };
    let (held_x, size_x) = hold(&xs, &x_names)?;
    let y_names = y_names.unwrap_or_default();
    let (held_y, size_y) =
        ys.map_or_else(|| Ok((None, 0)), |ys| hold(&ys, &y_names).map(|(held, size)| (Some(held), size)))?;
    let sides_x = sides(py, &held_x, &x_names)?;
    let sides_y = held_y.as_ref().map(|held| sides(py, held, &y_names)).transpose()?;
    let grids = run(py, threads, size_x + size_y, progress.as_ref(), |par| {
        operations::pairwise(&asked, &sides_x, sides_y.as_deref(), on_error, par)
    })?;
    let columns = if sides_y.is_some() { &y_names } else { &x_names };
    grids
        .into_iter()
        .map(|grid| {
            let fields = PyDict::new(py);
            let status = failed(py, &grid.failures)?;
            let cautions = of_pairs(grid.cautions, &x_names, columns);
            fields.set_item("values", table(py, grid.values)?)?;
            fields.set_item("null_mean", grid.at_chance.map(|m| table(py, m)).transpose()?)?;
            fields.set_item("status", status)?;
            fields.set_item("warnings", remarks(py, &cautions)?)?;
            Ok(fields)
        })
        .collect()
}

/// Cautions with the names of the first pair they concern.
fn of_pairs(cautions: Vec<(Caution, (usize, usize), usize)>, rows: &[String], columns: &[String]) -> Vec<Caution> {
    let named = |(mut caution, (i, j), count): (Caution, (usize, usize), usize)| {
        let others = if count > 1 { format!(" ({count} pairs like this.)") } else { String::new() };
        caution.message = format!("{} with {}: {}{others}", rows[i], columns[j], caution.message);
        caution.details.push(("pairs", Value::from(count)));
        caution
    };
    cautions.into_iter().map(named).collect()
}

/// Pairs without a value, and why.
fn failed<'py>(py: Python<'py>, failures: &[(usize, usize, Error)]) -> PyResult<Bound<'py, PyDict>> {
    let status = PyDict::new(py);
    for (i, j, error) in failures {
        status.set_item((i, j), (error.code(), error.to_string()))?;
    }
    Ok(status)
}

/// Permutation tests of all pairs.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn permutation_grid<'py>(
    py: Python<'py>,
    name: &str,
    given: Options<'py>,
    xs: Vec<Any<'py>>,
    x_names: Vec<String>,
    ys: Option<Vec<Any<'py>>>,
    y_names: Option<Vec<String>>,
    request: Options<'py>,
    adjust: Option<&str>,
    threads: usize,
    progress: Option<Any<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let asked = asked(py, name, &given)?;
    let adjust = adjust.map(|name| chosen(py, "adjust", name, &Adjust::CHOICES)).transpose()?;
    let (held_x, size_x) = hold(&xs, &x_names)?;
    let y_names = y_names.unwrap_or_default();
    let (held_y, size_y) =
        ys.map_or_else(|| Ok((None, 0)), |ys| hold(&ys, &y_names).map(|(held, size)| (Some(held), size)))?;
    let sides_x = sides(py, &held_x, &x_names)?;
    let sides_y = held_y.as_ref().map(|held| sides(py, held, &y_names)).transpose()?;
    let request = requested(py, &request, sides_x.first().map_or(0, operations::Side::rows))?;
    let size = (size_x + size_y).max(request.n_resamples.saturating_mul(8));
    let tested = run(py, threads, size, progress.as_ref(), |par| {
        operations::permutation_tests(&asked, &sides_x, sides_y.as_deref(), &request, adjust, par)
    })?;
    let columns = if sides_y.is_some() { &y_names } else { &x_names };
    let fields = PyDict::new(py);
    fields.set_item("values", table(py, tested.statistics)?)?;
    fields.set_item("unadjusted", table(py, tested.pvalues)?)?;
    fields.set_item("adjusted", tested.adjusted.map(|m| table(py, m)).transpose()?)?;
    fields.set_item("null_mean", table(py, tested.null_mean)?)?;
    fields.set_item("null_std", table(py, tested.null_std)?)?;
    fields.set_item("null_mean_exact", tested.exact.0)?;
    fields.set_item("null_std_exact", tested.exact.1)?;
    fields.set_item("zscores", table(py, tested.zscores)?)?;
    fields.set_item("calibrated_mean", table(py, tested.calibrated)?)?;
    fields.set_item("largest", tested.largest)?;
    fields.set_item("mean", tested.mean)?;
    fields.set_item("n_tests", tested.family)?;
    fields.set_item("n_resamples", tested.n_resamples)?;
    fields.set_item("min_pvalue", tested.min_pvalue)?;
    fields.set_item("alternative", tested.alternative.name())?;
    fields.set_item("method", tested.method)?;
    fields.set_item("n_orbits", tested.n_orbits)?;
    fields.set_item("status", failed(py, &tested.failures)?)?;
    fields.set_item("warnings", remarks(py, &of_pairs(tested.cautions, &x_names, columns))?)?;
    Ok(fields)
}

/// Scores of several pairs under the same arrangements, the observed one first, counted and corrected.
#[pyfunction]
pub fn judge<'py>(
    py: Python<'py>,
    values: PyReadonlyArray2<'py, f64>,
    counts: Vec<bool>,
    alternative: &str,
    adjust: Option<&str>,
) -> PyResult<Bound<'py, PyDict>> {
    let alternative = chosen(py, "alternative", alternative, &Alternative::CHOICES)?;
    let adjust = adjust.map(|name| chosen(py, "adjust", name, &Adjust::CHOICES)).transpose()?;
    let rows = values.as_array().outer_iter().map(|row| row.to_vec()).collect();
    let (family, found) = operations::permutation::grids::judged(rows, &counts, alternative, 0.0);
    let fields = PyDict::new(py);
    let column = |of: fn(&Found) -> f64| PyArray1::from_iter(py, found.iter().map(of));
    fields.set_item("unadjusted", PyArray1::from_vec(py, family.pvalues()))?;
    fields.set_item("adjusted", adjust.map(|adjust| PyArray1::from_vec(py, family.adjusted(adjust))))?;
    fields.set_item("null_mean", column(|found| found.mean))?;
    fields.set_item("null_std", column(|found| found.std))?;
    fields.set_item("zscores", column(|found| found.z))?;
    fields.set_item("largest", family.largest())?;
    fields.set_item("mean", family.mean())?;
    Ok(fields)
}

/// A permutation test of a pair.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn permutation_test<'py>(
    py: Python<'py>,
    name: &str,
    given: Options<'py>,
    x: Any<'py>,
    y: Any<'py>,
    request: Options<'py>,
    threads: usize,
    progress: Option<Any<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let asked = asked(py, name, &given)?;
    let (x, y) = (Held::take(&x, "x")?, Held::take(&y, "y")?);
    let sides = x.side("x").and_then(|a| Ok((a, y.side("y")?))).map_err(|error| exception(py, &error))?;
    let request = requested(py, &request, x.rows())?;
    let size = (x.size() + y.size()).max(request.n_resamples.saturating_mul(8));
    let tested = run(py, threads, size, progress.as_ref(), |par| {
        operations::permutation_test(&asked, &sides.0, &sides.1, &request, par)
    })?;
    let fields = PyDict::new(py);
    fields.set_item("statistic", tested.statistic)?;
    fields.set_item("pvalue", tested.pvalue)?;
    fields.set_item("null_mean", tested.null_mean.0)?;
    fields.set_item("null_mean_exact", tested.null_mean.1)?;
    fields.set_item("null_std", tested.null_std.0)?;
    fields.set_item("null_std_exact", tested.null_std.1)?;
    fields.set_item("zscore", tested.zscore)?;
    fields.set_item("calibrated_mean", tested.calibrated_mean)?;
    fields.set_item("n_resamples", tested.n_resamples)?;
    fields.set_item("min_pvalue", tested.min_pvalue)?;
    fields.set_item("alternative", tested.alternative.name())?;
    fields.set_item("method", tested.method)?;
    fields.set_item("n_orbits", tested.n_orbits)?;
    fields.set_item("pvalue_ci", tested.pvalue_ci)?;
    fields.set_item("calibrated_quantile", tested.calibrated_quantile)?;
    fields.set_item("multipliers_per_orbit", tested.multipliers)?;
    fields.set_item("n_pruned", tested.pruned)?;
    fields.set_item("decision", tested.decision)?;
    fields.set_item("exceedances", tested.exceedances)?;
    fields.set_item("n_adjudicated", tested.adjudicated)?;
    fields.set_item("null_distribution", tested.null_distribution.map(|all| PyArray1::from_vec(py, all)))?;
    fields.set_item("warnings", remarks(py, &tested.cautions)?)?;
    Ok(fields)
}

/// A test of n rows as Python asks for it.
fn requested(py: Python<'_>, given: &Options<'_>, n: usize) -> PyResult<Request> {
    let text = |name: &str| given.as_any().get_item(name).and_then(|value| value.extract::<Option<String>>());
    let some = |name: &str| Ok::<_, PyErr>(text(name)?.unwrap_or_default());
    let alternative = text("alternative")?;
    let alternative = alternative.map(|name| chosen(py, "alternative", &name, &Alternative::CHOICES)).transpose()?;
    Ok(Request {
        n_resamples: given.as_any().get_item("n_resamples")?.extract()?,
        key: given.as_any().get_item("key")?.extract()?,
        alternative,
        return_null: given.as_any().get_item("return_null")?.extract()?,
        precision: chosen(py, "dtype", &some("dtype")?, &Precision::CHOICES)?,
        method: chosen(py, "method", &some("method")?, &Method::CHOICES)?,
        design: design(py, given, n)?,
        alpha: given.as_any().get_item("alpha")?.extract()?,
    })
}

/// The design of a test, unless every matching is allowed.
fn design(py: Python<'_>, given: &Options<'_>, n: usize) -> PyResult<Option<Design>> {
    let ids = |name: &str| -> PyResult<Option<Vec<i64>>> {
        let array: Option<PyReadonlyArray1<'_, i64>> = given.as_any().get_item(name)?.extract()?;
        Ok(array.map(|ids| ids.as_array().to_vec()))
    };
    let (strata, groups) = (ids("strata")?, ids("groups")?);
    let scheme: String = given.as_any().get_item("scheme")?.extract()?;
    let scheme = chosen(py, "scheme", &scheme, &Scheme::CHOICES)?;
    if strata.is_none() && groups.is_none() && scheme == Scheme::Permute {
        return Ok(None);
    }
    Design::new(n, strata.as_deref(), groups.as_deref(), scheme).map(Some).map_err(|error| exception(py, &error))
}

/// The matchings that a design allows: their number (None if astronomical), and some of them, those of the streams of a key
/// or, without one, those with these numbers.
#[pyfunction]
pub fn matchings<'py>(
    py: Python<'py>,
    request: Options<'py>,
    n: usize,
    numbers: Vec<u64>,
    drawn: bool,
) -> PyResult<(Option<u128>, Vec<Bound<'py, PyArray1<i64>>>)> {
    let key: [u8; 32] = request.as_any().get_item("key")?.extract()?;
    let free = || Design::new(n, None, None, Scheme::Permute).map_err(|error| exception(py, &error));
    let design = design(py, &request, n)?.map_or_else(free, Ok)?;
    let matching = |number: u64| if drawn { design.draw(&key, number) } else { design.nth(u128::from(number)) };
    let rows = |number| PyArray1::from_iter(py, matching(number).into_iter().map(|row| row as i64));
    Ok((design.order(), numbers.into_iter().map(rows).collect()))
}

/// Exact moments of a score over all orders of the rows.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn permutation_moments<'py>(
    py: Python<'py>,
    name: &str,
    given: Options<'py>,
    x: Any<'py>,
    y: Any<'py>,
    order: usize,
    alternative: Option<&str>,
    threads: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let asked = asked(py, name, &given)?;
    let alternative = alternative.map(|name| chosen(py, "alternative", name, &Alternative::CHOICES)).transpose()?;
    let (x, y) = (Held::take(&x, "x")?, Held::take(&y, "y")?);
    let sides = x.side("x").and_then(|a| Ok((a, y.side("y")?))).map_err(|error| exception(py, &error))?;
    let found = run(py, threads, x.size() + y.size(), None, |par| {
        operations::suggested(&asked, &sides.0, &sides.1, order, alternative, par)
    })?;
    let fields = PyDict::new(py);
    fields.set_item("statistic", found.statistic)?;
    fields.set_item("mean", found.mean)?;
    fields.set_item("std", found.std)?;
    fields.set_item("skewness", found.skewness)?;
    fields.set_item("kurtosis", found.kurtosis)?;
    fields.set_item("pvalue_moments", found.pvalue)?;
    fields.set_item("moments_reliable", found.reliable)?;
    fields.set_item("law", found.law)?;
    fields.set_item("alternative", found.alternative.name())?;
    fields.set_item("before", found.before)?;
    Ok(fields)
}

/// A sequential test at a level, told matching after matching whether it counts: how many were looked at, the p-value, and
/// whether it is below the level.
#[pyfunction]
pub fn bet(exceeds: Vec<bool>, alpha: f64) -> (u64, f64, Option<bool>) {
    let mut betting = Betting::new(alpha);
    let decision = exceeds.into_iter().map(|one| betting.take(one)).find(|found| *found != Decision::Continue);
    (betting.counts().0, betting.pvalue(), decision.map(|found| found == Decision::Reject))
}

/// Where the p-value of independent matchings lies, with 95 % confidence; both counts include the observed one.
#[pyfunction]
pub fn pvalue_interval(exceedances: u64, total: u64) -> (f64, f64) {
    orbit_interval(exceedances, total, 1.0, 0.95)
}

/// One of several choices, by its name.
fn chosen<T: Copy>(py: Python<'_>, option: &str, name: &str, choices: &[(&'static str, T)]) -> PyResult<T> {
    choices.iter().find(|(choice, _)| *choice == name).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let problem = format!("is not a choice; known are {}.", names.join(", "));
        let (measure, given) = ("permutation_test".into(), format!("{name:?}"));
        exception(py, &Error::BadOption { measure, option: option.into(), given, problem })
    })
}

/// A reusable summary.
#[pyfunction]
pub fn prepare<'py>(
    py: Python<'py>,
    name: &str,
    given: Options<'py>,
    x: Any<'py>,
    threads: usize,
) -> PyResult<PyPrepared> {
    let asked = asked(py, name, &given)?;
    let held = Held::take(&x, "x")?;
    let side = held.side("x").map_err(|error| exception(py, &error))?;
    let (summary, hash) = run(py, threads, held.size(), None, |par| {
        let hash = side.data().map(crate::Representation::fingerprint).unwrap_or_default();
        Ok((side.summary(&asked, par)?, hash))
    })?;
    Ok(PyPrepared { asked, given: options(&given)?, summary, dtype: held.storage().to_owned(), hash })
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
    ALL.iter()
        .map(|entry| {
            let (measure, declared) = entry.probe().map_err(|error| exception(py, &error))?;
            let fields = PyDict::new(py);
            fields.set_item("name", entry.name)?;
            fields.set_item("family", entry.family)?;
            fields.set_item("form", entry.form_name())?;
            let mut options = Vec::with_capacity(declared.len());
            for option in declared {
                let one = PyDict::new(py);
                one.set_item("name", option.name)?;
                one.set_item("kind", option.kind)?;
                one.set_item("default", to_python(py, &option.default)?)?;
                one.set_item("choices", option.choices)?;
                one.set_item("required", option.required)?;
                options.push(one);
            }
            fields.set_item("options", options)?;
            fields.set_item("facts", facts_dict(py, &measure.facts())?)?;
            Ok(fields)
        })
        .collect()
}

/// The facts of a measure with these options.
#[pyfunction]
pub fn facts<'py>(py: Python<'py>, name: &str, given: Options<'py>) -> PyResult<Bound<'py, PyDict>> {
    facts_dict(py, &asked(py, name, &given)?.measure.facts())
}

fn facts_dict<'py>(py: Python<'py>, facts: &Facts) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    let names = |changes: &[crate::facts::Change]| changes.iter().map(|change| change.name()).collect::<Vec<_>>();
    fields.set_item("kind", facts.kind.name())?;
    fields.set_item("input", facts.input.name())?;
    fields.set_item("range", facts.range)?;
    fields.set_item("identity_value", facts.identity_value)?;
    fields.set_item("symmetric", facts.symmetric)?;
    fields.set_item("is_metric", facts.is_metric)?;
    fields.set_item("invariant_to", names(facts.invariant_to))?;
    fields.set_item("source_invariant_to", names(facts.source_invariant_to))?;
    fields.set_item("min_rows", facts.min_rows)?;
    fields.set_item("rows_paired", facts.rows_paired)?;
    fields.set_item("equal_widths", facts.equal_widths)?;
    fields.set_item("groups", facts.groups)?;
    fields.set_item("chance_corrected", facts.chance_corrected)?;
    fields.set_item("reference", facts.reference)?;
    fields.set_item("cost", facts.cost)?;
    Ok(fields)
}

/// A permutation of a stream.
#[pyfunction]
pub fn permutation(py: Python<'_>, key: [u8; 32], stream: u64, n: usize) -> Bound<'_, PyArray1<i64>> {
    let order = crate::numerics::streams::permutation(&key, stream, n);
    PyArray1::from_vec(py, order.into_iter().map(|i| i as i64).collect())
}

/// What this build is.
#[pyfunction]
pub fn show_config(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("version", env!("CARGO_PKG_VERSION"))?;
    fields.set_item("linear_algebra", "faer 0.24.4")?;
    fields.set_item("instruction_set", crate::numerics::instruction_set())?;
    fields.set_item("debug_build", cfg!(debug_assertions))?;
    fields.set_item("measures", ALL.len())?;
    Ok(fields)
}

/// As many threads as this process may use: affinity, cpusets and quotas counted.
#[pyfunction]
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
