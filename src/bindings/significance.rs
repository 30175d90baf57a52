//! Permutation tests and intervals for Python: is it more than chance, and how precise is it?

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::answers::{Any, GivenOptions, failed, instance, of_pairs};
use super::errors::{Remark, exception, remarks};
use super::inputs::{Inputs, Lists};
use super::run::{Resources, run};
use super::values::to_dict;
use crate::error::Error;
use crate::facts::Facts;
use crate::operations::interval::remarks as of_interval;
use crate::operations::permutation::checks::infinite;
use crate::operations::permutation::design::{Design, Scheme};
use crate::operations::permutation::null::attainable::floor;
use crate::operations::permutation::null::distribution::{NullDistribution, ScoreScale};
use crate::operations::permutation::null::joint::{StandardizedPair, standardize_and_count};
use crate::operations::permutation::null::sequential::{
    BettingTest, Decision, SequentialTest, interval_of_p, orbit_interval,
};
use crate::operations::permutation::null::ties::window;
use crate::operations::permutation::request::Method;
use crate::operations::{self, Adjust, Alternative, Estimate, Interval, IntervalRequest, Precision, Repeats, Request};
use crate::options::no_choice;

/// Permutation tests of all pairs.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn permutation_grid<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    xs: Vec<Any<'py>>,
    x_names: Vec<String>,
    ys: Option<Vec<Any<'py>>>,
    y_names: Option<Vec<String>>,
    request: GivenOptions<'py>,
    adjust: Option<&str>,
    resources: Resources,
    progress: Option<Any<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let instance = instance(py, name, &given)?;
    let adjust = adjust.map(|name| chosen(py, "adjust", name, &Adjust::CHOICES)).transpose()?;
    let lists = Lists::take((&xs, x_names), (ys.as_deref(), y_names))?;
    let (sides_x, sides_y) = lists.sides(py)?;
    let request = requested(py, &request, lists.xs.rows())?;
    let estimate = Estimate::of_grid(std::slice::from_ref(&instance), &sides_x, sides_y.as_deref());
    let work = of_test(estimate, &request, lists.xs.rows());
    let mut tested = run(py, resources, work, progress.as_ref(), |par| {
        operations::permutation_tests(&instance, &sides_x, sides_y.as_deref(), &request, adjust, par)
    })?;
    let status = failed(py, &tested.failures)?;
    let (rows, columns) = lists.names();
    let mut warnings = of_pairs(std::mem::take(&mut tested.warnings), rows, columns);
    warnings.append(&mut tested.general);
    let fields = to_dict(py, tested.fields())?;
    fields.set_item("status", status)?;
    fields.set_item("warnings", remarks(py, &warnings)?)?;
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
    exact: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let alternative = chosen(py, "alternative", alternative, &Alternative::CHOICES)?;
    let adjust = adjust.map(|name| chosen(py, "adjust", name, &Adjust::CHOICES)).transpose()?;
    let rows = values.as_array().outer_iter().map(|row| row.to_vec()).collect();
    let (family, found) = standardize_and_count(rows, &counts, alternative, &vec![0.0; counts.len()], exact);
    let sign = alternative.sign();
    let (largest, mean) = family.claims(|at| sign * found[at].z);
    let fields = PyDict::new(py);
    let column = |of: fn(&StandardizedPair) -> f64| PyArray1::from_iter(py, found.iter().map(of));
    fields.set_item("unadjusted", PyArray1::from_vec(py, family.pvalues()))?;
    fields.set_item("adjusted", adjust.map(|adjust| PyArray1::from_vec(py, family.adjusted(adjust))))?;
    fields.set_item("null_mean", column(|found| found.mean))?;
    fields.set_item("null_std", column(|found| found.std))?;
    fields.set_item("zscores", column(|found| found.z))?;
    fields.set_item("varies", found.iter().map(|found| found.varies).collect::<Vec<_>>())?;
    fields.set_item("infinite", found.iter().map(|found| found.infinite).collect::<Vec<_>>())?;
    fields.set_item("smallest_p", column(|found| found.smallest_p))?;
    fields.set_item("largest", largest)?;
    fields.set_item("mean", mean)?;
    Ok(fields)
}

/// A permutation test of a pair.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn permutation_test<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    x: Any<'py>,
    y: Any<'py>,
    request: GivenOptions<'py>,
    resources: Resources,
    progress: Option<Any<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let instance = instance(py, name, &given)?;
    let pair = Inputs::pair(x, y)?;
    let sides = pair.sides(py)?;
    let request = requested(py, &request, pair.rows())?;
    let work = of_test(Estimate::of_pair([&instance], &sides), &request, pair.rows());
    let tested = run(py, resources, work, progress.as_ref(), |par| {
        operations::permutation_test(&instance, &sides[0], &sides[1], &request, par)
    })?;
    to_dict(py, tested.fields())
}

/// Operations of a test of n rows, each arrangement of which is drawn and scored.
fn of_test(estimate: Estimate, request: &Request, n: usize) -> f64 {
    const DRAWN: f64 = 10.0;
    let arrangements = request.n_resamples.saturating_add(1);
    estimate.repeated(arrangements).and_operations(DRAWN * n as f64 * arrangements as f64).operations()
}

/// A test of n rows as Python asks for it.
fn requested(py: Python<'_>, given: &GivenOptions<'_>, n: usize) -> PyResult<Request> {
    let text = |name: &str| given.as_any().get_item(name).and_then(|value| value.extract::<Option<String>>());
    let some = |name: &str| Ok::<_, PyErr>(text(name)?.unwrap_or_default());
    let alternative = text("alternative")?;
    let alternative = alternative.map(|name| chosen(py, "alternative", &name, &Alternative::CHOICES)).transpose()?;
    Ok(Request {
        n_resamples: given.as_any().get_item("n_resamples")?.extract()?,
        key: given.as_any().get_item("key")?.extract()?,
        alternative,
        return_null: given.as_any().get_item("return_null")?.extract()?,
        precision: chosen(py, "precision", &some("precision")?, &Precision::CHOICES)?,
        method: chosen(py, "method", &some("method")?, &Method::CHOICES)?,
        design: design(py, given, n)?,
        alpha: given.as_any().get_item("alpha")?.extract()?,
        moments: given.as_any().get_item("moments")?.extract()?,
        ids: ids(given, "ids")?,
        repeats: chosen(py, "repeats", &some("repeats")?, &Repeats::CHOICES)?,
    })
}

/// One id per row, if there are any.
fn ids(given: &GivenOptions<'_>, name: &str) -> PyResult<Option<Vec<i64>>> {
    let array: Option<PyReadonlyArray1<'_, i64>> = given.as_any().get_item(name)?.extract()?;
    Ok(array.map(|ids| ids.as_array().to_vec()))
}

/// The design of a test, unless every pairing is allowed.
fn design(py: Python<'_>, given: &GivenOptions<'_>, n: usize) -> PyResult<Option<Design>> {
    let (strata, groups) = (ids(given, "strata")?, ids(given, "groups")?);
    let scheme: String = given.as_any().get_item("scheme")?.extract()?;
    let scheme = chosen(py, "scheme", &scheme, &Scheme::CHOICES)?;
    if strata.is_none() && groups.is_none() && scheme == Scheme::Permute {
        return Ok(None);
    }
    Design::new(n, strata.as_deref(), groups.as_deref(), scheme).map(Some).map_err(|error| exception(py, &error))
}

/// Number of allowed pairings, some of them, and what to know about the design.
type Pairings<'py> = (Option<u128>, Vec<Bound<'py, PyArray1<i64>>>, Vec<Remark<'py>>);

/// The pairings that a design allows: their number (None if astronomical), and some of them, those of the streams of a key
/// or, without one, those with these numbers.
#[pyfunction]
pub fn pairings<'py>(
    py: Python<'py>,
    request: GivenOptions<'py>,
    n: usize,
    numbers: Vec<u64>,
    drawn: bool,
) -> PyResult<Pairings<'py>> {
    let key: [u8; 32] = request.as_any().get_item("key")?.extract()?;
    let free = || Design::new(n, None, None, Scheme::Permute).map_err(|error| exception(py, &error));
    let design = design(py, &request, n)?.map_or_else(free, Ok)?;
    let pairing = |number: u64| if drawn { design.draw(&key, number) } else { design.nth(u128::from(number)) };
    let rows = |number| PyArray1::from_iter(py, pairing(number).into_iter().map(|row| row as i64));
    let mut warnings: Vec<_> = operations::permutation::checks::in_place(&design).into_iter().collect();
    let dependent =
        operations::permutation::checks::dependent(ids(&request, "ids")?.as_deref(), n, design.is_grouped());
    warnings.extend(dependent.map_err(|error| exception(py, &error))?);
    Ok((design.order(), numbers.into_iter().map(rows).collect(), remarks(py, &warnings)?))
}

/// An error if rows of these two must not trade places.
#[pyfunction]
pub fn exchangeable<'py>(
    py: Python<'py>,
    x: Any<'py>,
    y: Any<'py>,
    request: GivenOptions<'py>,
    resources: Resources,
) -> PyResult<()> {
    let pair = Inputs::pair(x, y)?;
    let sides = pair.sides(py)?;
    let request = requested(py, &request, pair.rows())?;
    let entries: usize = sides.iter().filter_map(|side| side.data()).map(|x| x.rows() * x.cols()).sum();
    run(py, resources, entries as f64, None, |par| request.exchangeable(&Facts::SIMILARITY, &sides[0], &sides[1], par))
}

/// Exact moments of a score over all orders of the rows.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn permutation_moments<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    x: Any<'py>,
    y: Any<'py>,
    order: usize,
    alternative: Option<&str>,
    resources: Resources,
) -> PyResult<Bound<'py, PyDict>> {
    let instance = instance(py, name, &given)?;
    let alternative = alternative.map(|name| chosen(py, "alternative", name, &Alternative::CHOICES)).transpose()?;
    let pair = Inputs::pair(x, y)?;
    let sides = pair.sides(py)?;
    // From the skewness on, the products of all rows of a matrix over pairs with each other.
    let products = if order > 2 { 2.0 * (pair.rows() as f64).powi(3) } else { 0.0 };
    let work = Estimate::of_pair([&instance], &sides).and_operations(products).operations();
    let found = run(py, resources, work, None, |par| {
        operations::suggested(&instance, &sides[0], &sides[1], order, alternative, par)
    })?;
    to_dict(py, found.fields())
}

/// A bet at a level, told pairing after pairing whether it counts: how many were looked at, the p-value, and whether it is
/// below the level.
#[pyfunction]
pub fn bet(exceeds: Vec<bool>, alpha: f64) -> (u64, f64, Option<bool>) {
    let mut betting = BettingTest::new(alpha);
    let decision = exceeds.into_iter().map(|one| betting.take(one)).find(|found| *found != Decision::Continue);
    (betting.counts().0, betting.pvalue(), decision.and_then(Decision::verdict))
}

/// Scores of arrangements, the observed one first, counted as those of a measure of this library are; their size is judged
/// by the first `look` of them. All of them tell of the null distribution if they are all pairings there are.
#[pyfunction]
pub fn tallied<'py>(
    py: Python<'py>,
    scores: PyReadonlyArray1<'py, f64>,
    alternative: &str,
    look: usize,
    all_pairings: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let alternative = chosen(py, "alternative", alternative, &Alternative::CHOICES)?;
    let scores = scores.as_array().to_vec();
    let scale = ScoreScale::scores("the function");
    let observed = scores.first().copied().unwrap_or(f64::NAN);
    let window = window(&scores[..look.min(scores.len())], 0.0);
    let mut tally = NullDistribution::new(&scale, observed, window, false);
    tally.take(&scores).map_err(|error| exception(py, &error))?;
    let (at_least, at_most) = tally.exceedances();
    let (mean, std) = tally.scores(!all_pairings);
    let fields = PyDict::new(py);
    fields.set_item("at_least", at_least)?;
    fields.set_item("at_most", at_most)?;
    fields.set_item("null_mean", mean)?;
    fields.set_item("null_std", std)?;
    fields.set_item("null_skew", tally.skewness(!all_pairings))?;
    fields.set_item("all_tie", tally.all_tie())?;
    fields.set_item("smallest_p", tally.smallest_p(alternative))?;
    fields.set_item(
        "warnings",
        remarks(py, &infinite(tally.infinite(), scores.len()).into_iter().collect::<Vec<_>>())?,
    )?;
    Ok(fields)
}

/// A sequential test that is told score after score.
#[pyclass]
pub struct Sequential {
    observed: f64,
    window: f64,
    course: SequentialTest,
}

#[pymethods]
impl Sequential {
    /// From the first scores, the observed one before all others, which say how large scores are.
    #[new]
    fn new(py: Python<'_>, first: Vec<f64>, alternative: &str, alpha: f64) -> PyResult<Self> {
        let alternative = chosen(py, "alternative", alternative, &Alternative::CHOICES)?;
        let observed = first.first().copied().unwrap_or(f64::NAN);
        Ok(Self { observed, window: window(&first, 0.0), course: SequentialTest::new(alternative, alpha) })
    }

    /// One more score; whether p is below the level, if that is decided.
    fn take(&mut self, score: f64) -> Option<bool> {
        let sides = (score >= self.observed - self.window, score <= self.observed + self.window);
        self.course.take(sides).verdict()
    }

    /// Valid however one stops; at least 0.9 alpha.
    #[getter]
    fn pvalue(&self) -> f64 {
        self.course.pvalue()
    }
}

/// The smallest p-value of so many arrangements, and what to say if that is above a level.
#[pyfunction]
pub fn p_floor(py: Python<'_>, min_pvalue: f64, level: f64) -> PyResult<Vec<Remark<'_>>> {
    remarks(py, &floor(min_pvalue, level).into_iter().collect::<Vec<_>>())
}

/// Confidence interval of the p-value of independent pairings, at 95 %; both counts include the observed one. It holds
/// whenever one stops if the test was sequential.
#[pyfunction]
pub fn pvalue_interval(exceedances: u64, total: u64, sequential: bool) -> (f64, f64) {
    if sequential {
        interval_of_p(exceedances.saturating_sub(1), total.saturating_sub(1), 0.05)
    } else {
        orbit_interval(exceedances, total, 1.0, 0.95)
    }
}

/// One of several choices, by its name.
fn chosen<T: Copy>(py: Python<'_>, option: &str, name: &str, choices: &[(&'static str, T)]) -> PyResult<T> {
    choices.iter().find(|(choice, _)| *choice == name).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let problem = no_choice(name, &names);
        let (measure, given) = ("permutation_test".into(), format!("{name:?}"));
        exception(py, &Error::BadOption { measure, option: option.into(), given, problem })
    })
}

/// The jackknife interval of a score.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn confidence_interval<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    x: Any<'py>,
    y: Any<'py>,
    alpha: f64,
    groups: Option<Vec<usize>>,
    resources: Resources,
    progress: Option<Any<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let instance = instance(py, name, &given)?;
    let pair = Inputs::pair(x, y)?;
    let sides = pair.sides(py)?;
    let wanted = IntervalRequest { alpha, groups };
    let work = Estimate::of_pair([&instance], &sides).leaving_out(&instance, pair.rows()).operations();
    let found = run(py, resources, work, progress.as_ref(), |par| {
        operations::confidence_interval(&instance, &sides[0], &sides[1], &wanted, par)
    })?;
    to_dict(py, found.fields())
}

/// The jackknife interval of the score of a group.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn group_confidence_interval<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    models: Vec<Any<'py>>,
    names: Vec<String>,
    alpha: f64,
    groups: Option<Vec<usize>>,
    resources: Resources,
    progress: Option<Any<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let instance = instance(py, name, &given)?;
    let held = Inputs::take(&models, names)?;
    let sides = held.sides(py)?;
    let wanted = IntervalRequest { alpha, groups };
    let work = Estimate::of_pair([&instance], &sides).leaving_out(&instance, held.rows()).operations();
    let found = run(py, resources, work, progress.as_ref(), |par| {
        operations::group_confidence_interval(&instance, &sides, &wanted, par)
    })?;
    to_dict(py, found.fields())
}

/// The jackknife interval of a difference of two scores.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one per argument of the Python function it serves
pub fn similarity_difference<'py>(
    py: Python<'py>,
    name: &str,
    given: GivenOptions<'py>,
    x: Any<'py>,
    y1: Any<'py>,
    y2: Any<'py>,
    alpha: f64,
    margin: Option<f64>,
    groups: Option<Vec<usize>>,
    resources: Resources,
    progress: Option<Any<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let instance = instance(py, name, &given)?;
    let held = Inputs::take(&[x, y1, y2], ["x", "y1", "y2"].map(str::to_owned).into())?;
    let sides = held.sides(py)?;
    let wanted = IntervalRequest { alpha, groups };
    let work = Estimate::of_pair([&instance], &sides).leaving_out(&instance, held.rows()).operations();
    let found = run(py, resources, work, progress.as_ref(), |par| {
        operations::similarity_difference(&instance, &sides[0], (&sides[1], &sides[2]), &wanted, margin, par)
    })?;
    to_dict(py, found.fields())
}

/// The interval of a number from what it is without each unit, for functions in Python.
#[pyfunction]
pub fn jackknife(
    py: Python<'_>,
    estimate: f64,
    leave_one_out: Vec<f64>,
    alpha: f64,
    margin: Option<f64>,
    grouped: bool,
) -> PyResult<Bound<'_, PyDict>> {
    let everything = (f64::NEG_INFINITY, f64::INFINITY);
    let interval = Interval::new(estimate, leave_one_out, alpha, everything);
    let pvalue = margin.and_then(|margin| interval.pvalue_within(margin));
    let warnings = of_interval(&interval, None, grouped);
    let mut fields = interval.fields();
    fields.extend([("pvalue_equivalence", pvalue.into()), ("warnings", warnings.into())]);
    to_dict(py, fields)
}
