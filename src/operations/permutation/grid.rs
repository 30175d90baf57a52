//! Permutation tests of all pairs of two lists of representations, under shared permutations.
//!
//! One relabeling of the rows of all ys serves every pair, so the scores of all pairs come with their joint law: that is what
//! corrections for many tests ([`Multiplicity`](crate::operations::permutation::null::multiplicity::Multiplicity)) are made of. By which strategy they come is told in
//! `grid_roads`.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::form::Form;
use crate::linalg::Matrix;
use crate::operations::diagnose::{diagnose, of_lists};
use crate::operations::estimate::Estimate;
use crate::operations::instance::Instance;
use crate::operations::operand::Operand;
use crate::operations::outcome::{calibrated, checked_score};
use crate::operations::pairwise::summarize;
use crate::operations::permutation::checks::{dependent, in_place, infinite};
use crate::operations::permutation::design::{Design, Scheme};
use crate::operations::permutation::null::attainable::{AttainableShares, floor};
pub use crate::operations::permutation::null::joint::{StandardizedPair, standardize_and_count};
use crate::operations::permutation::null::multiplicity::Adjust;
use crate::operations::permutation::request::{Alternative, Request};
use crate::operations::permutation::strategy::grid;
use crate::operations::permutation::strategy::grid::{GridTest, TestedPair};
use crate::operations::stacked::stacked;
use crate::par::Par;
use crate::value::Value;
use crate::warning::Warning;

/// The tests of a grid. Cells without a score hold NaN.
pub struct PermutationGrid {
    /// Scores.
    pub statistics: Matrix,
    /// p-values, each for itself; NaN for a representation with itself, which is no question.
    pub pvalues: Matrix,
    /// p-values corrected for all pairs that were tested.
    pub adjusted: Option<Matrix>,
    /// Means of the scores under random pairing.
    pub null_mean: Matrix,
    /// Standard deviations likewise.
    pub null_std: Matrix,
    /// True if these two are over all n! pairings.
    pub exact: (bool, bool),
    /// Standardized scores; NaN where nothing varies.
    pub zscores: Matrix,
    /// Scores on the scale where chance is 0 and identity is 1; NaN where that is undefined.
    pub calibrated: Matrix,
    /// Largest z of all pairs, turned in the direction that was tested, and its p-value.
    pub largest: Option<(f64, f64)>,
    /// Mean z of all pairs, likewise.
    pub mean: Option<(f64, f64)>,
    /// Number of pairs that were corrected for.
    pub family: usize,
    /// The direction that was tested.
    pub alternative: Alternative,
    /// Number of arrangements beside the observed one.
    pub n_resamples: usize,
    /// The smallest p-value of a single pair that could have come out.
    pub min_pvalue: f64,
    /// `"orbits"`, `"exact"` or `"monte_carlo"`.
    pub method: &'static str,
    /// Number of orbits.
    pub n_orbits: Option<usize>,
    /// Pairs without a test, and why.
    pub failures: Vec<(usize, usize, Error)>,
    /// Warnings, each once, with the first pair it concerns and the number of pairs.
    pub warnings: Vec<(Warning, (usize, usize), usize)>,
    /// Warnings about all pairs alike.
    pub general: Vec<Warning>,
}

impl PermutationGrid {
    /// The fields by name, for bindings; failures and warnings need the names of representations.
    pub fn fields(self) -> Vec<(&'static str, Value)> {
        vec![
            ("values", self.statistics.into()),
            ("unadjusted", self.pvalues.into()),
            ("adjusted", self.adjusted.into()),
            ("null_mean", self.null_mean.into()),
            ("null_std", self.null_std.into()),
            ("null_mean_exact", self.exact.0.into()),
            ("null_std_exact", self.exact.1.into()),
            ("zscores", self.zscores.into()),
            ("calibrated_mean", self.calibrated.into()),
            ("largest", self.largest.into()),
            ("mean", self.mean.into()),
            ("n_tests", self.family.into()),
            ("n_resamples", self.n_resamples.into()),
            ("min_pvalue", self.min_pvalue.into()),
            ("alternative", self.alternative.name().into()),
            ("method", self.method.into()),
            ("n_orbits", self.n_orbits.into()),
        ]
    }
}

/// Test every x against every y (every other x if there is no second list).
pub fn permutation_tests<'s>(
    instance: &Instance,
    xs: &[Operand<'s>],
    ys: Option<&[Operand<'s>]>,
    request: &Request,
    adjust: Option<Adjust>,
    par: Par<'_>,
) -> Result<PermutationGrid> {
    let measure = &*instance.measure;
    let (facts, others) = (measure.facts(), ys.unwrap_or(xs));
    if !facts.rows_paired {
        return Err(Error::PermutationUndefined { measure: measure.name().into() });
    }
    let n = xs.first().map_or(0, Operand::rows);
    if let Some(other) = xs.iter().chain(others).find(|side| side.rows() != n) {
        let (x, y) = (xs[0].name().to_owned(), other.name().to_owned());
        return Err(Error::RowCountMismatch { x, y, n, m: other.rows() });
    }
    let one = std::slice::from_ref(instance);
    Estimate::of_grid(one, xs, ys).require(measure.name(), par)?;
    let of_x = summarize(one, xs, par.uncounted())?.remove(0);
    let of_y = ys.map(|ys| summarize(one, ys, par.uncounted())).transpose()?.map(|mut all| all.remove(0));
    let of_y = of_y.as_ref().unwrap_or(&of_x);
    let mirrored = ys.is_none() && facts.symmetric;
    let mut found =
        PermutationGrid::empty(xs.len(), others.len(), request.alternative.unwrap_or_else(|| Alternative::of(&facts)));

    let grouped = request.is_grouped();
    let dependent = dependent(request.ids.as_deref(), n, grouped)?;
    let pairs: Vec<(usize, usize)> =
        (0..xs.len()).flat_map(|i| (if mirrored { i } else { 0 }..others.len()).map(move |j| (i, j))).collect();
    let form_of = |&(i, j): &(usize, usize)| -> Result<Form<'_>> {
        let (x, y) = (of_x[i].as_ref().map_err(Clone::clone)?, of_y[j].as_ref().map_err(Clone::clone)?);
        if ys.is_some() || i != j {
            request.exchangeable(&facts, &xs[i], &others[j], par.sequential())?;
        }
        measure.form(x, y)
    };
    let forms = par.map(pairs.len(), |at, _| Ok(form_of(&pairs[at])))?;
    let sides = xs.len() + ys.map_or(0, <[_]>::len);
    let stack = stacked(&forms, &pairs, sides, par)?;
    let mut cells = Vec::with_capacity(pairs.len());
    for (place, (form, &at)) in forms.into_iter().zip(&pairs).enumerate() {
        let known = stack.as_ref().map(|all| all[place].clone());
        let scored = form.and_then(|form| {
            let value = match (&form, known) {
                (Form::Bilinear(form), Some(known)) => {
                    known.and_then(|(inner, over)| form.score_of(inner, over, None, par))
                }
                _ => form.score(None, par),
            }?;
            Ok((checked_score(value, measure.name(), &facts, &mut Vec::new())?, form))
        });
        match scored {
            Ok((statistic, form)) => {
                cells.push(TestedPair { at, form, statistic, counts: ys.is_some() || at.0 != at.1 });
            }
            Err(stop @ Error::Interrupted { .. }) => return Err(stop),
            Err(error) => found.failures.push((at.0, at.1, error)),
        }
    }
    found.general.extend(of_lists(&facts, xs, ys));
    let design = request.design.clone().map_or_else(|| Design::new(n, None, None, Scheme::Permute), Ok)?;
    let (name, alternative) = (measure.name(), found.alternative);
    let plan = GridTest { measure: name, cells: &cells, facts: &facts, design: &design, request, alternative };
    let Some(outcome) = grid::evaluate(&plan, par)? else { return Ok(found) };
    let (family, mut of_cells) = (outcome.family, outcome.of_cells);
    let undefined: HashSet<usize> = outcome.failures.iter().map(|(place, _)| *place).collect();
    found
        .failures
        .extend(outcome.failures.into_iter().map(|(place, error)| (cells[place].at.0, cells[place].at.1, error)));
    found.family = cells.iter().enumerate().filter(|(place, cell)| cell.counts && !undefined.contains(place)).count();
    (found.method, found.n_orbits, found.exact) = (outcome.method, outcome.n_orbits, outcome.exact);
    if design.is_free() && !found.exact.0 {
        found.exact.0 = exact_means(&cells, &mut of_cells, par)?;
    }
    let (pvalues, adjusted) = (family.pvalues(), adjust.map(|adjust| family.adjusted(adjust)));
    let shares = AttainableShares::of(instance, xs, ys, &design, par)?;
    let sign = found.alternative.sign();
    (found.largest, found.mean) = family.claims(|at| sign * of_cells[at].z);
    found.n_resamples = family.arrangements() - 1;
    found.adjusted = adjusted.as_ref().map(|_| found.statistics.clone());
    for (place, (cell, of_cell)) in cells.iter().zip(of_cells).enumerate().filter(|(at, _)| !undefined.contains(at)) {
        let (i, j) = cell.at;
        let calibrated = calibrated(cell.statistic, of_cell.mean, &facts).unwrap_or(f64::NAN);
        let p = (pvalues[place], adjusted.as_ref().map(|adjusted| adjusted[place]));
        found.enter((i, j), cell, &of_cell, calibrated, p);
        if mirrored {
            found.enter((j, i), cell, &of_cell, calibrated, p);
        }
        if cell.counts
            && let (Ok(x), Ok(y)) = (&of_x[i], &of_y[j])
        {
            let mut warnings = measure.warnings(x, y)?;
            let at_chance = Some(of_cell.mean).filter(|mean| mean.is_finite());
            warnings.extend(diagnose(&facts, &xs[i], &others[j], (at_chance, measure.largest(x, y)?), &cell.form));
            warnings.extend(found.limits(&of_cell, &shares, cell.at, pvalues[place], request.alpha));
            found.remark(warnings, cell.at);
        }
    }
    found.general.extend(request.design.as_ref().and_then(in_place));
    found.general.extend(dependent);
    if mirrored {
        let turned: Vec<_> =
            found.failures.iter().filter(|(i, j, _)| i != j).map(|(i, j, e)| (*j, *i, e.clone())).collect();
        found.failures.extend(turned);
    }
    found.failures.sort_by_key(|(i, j, _)| (*i, *j));
    Ok(found)
}

/// Put exact means in the place of sampled ones, where every pair has one.
fn exact_means(cells: &[TestedPair<'_>], found: &mut [StandardizedPair], par: Par<'_>) -> Result<bool> {
    let means = par.map(cells.len(), |at, par| cells[at].form.at_chance(par))?;
    let Some(means) = means.into_iter().collect::<Option<Vec<f64>>>() else { return Ok(false) };
    for ((cell, found), mean) in cells.iter().zip(found).zip(means) {
        found.mean = if found.infinite == 0 { mean } else { f64::NAN };
        found.z = if found.varies && found.infinite == 0 { (cell.statistic - mean) / found.std } else { f64::NAN };
    }
    Ok(true)
}

impl PermutationGrid {
    fn empty(rows: usize, columns: usize, alternative: Alternative) -> Self {
        let nothing = || Matrix::from_vec(vec![f64::NAN; rows * columns], rows, columns);
        Self {
            statistics: nothing(),
            pvalues: nothing(),
            adjusted: None,
            null_mean: nothing(),
            null_std: nothing(),
            exact: (false, false),
            zscores: nothing(),
            calibrated: nothing(),
            largest: None,
            mean: None,
            family: 0,
            alternative,
            n_resamples: 0,
            min_pvalue: 1.0,
            method: "monte_carlo",
            n_orbits: None,
            failures: Vec::new(),
            warnings: Vec::new(),
            general: Vec::new(),
        }
    }

    /// Fields of a pair; p-values only if it is a question.
    fn enter(
        &mut self,
        (i, j): (usize, usize),
        cell: &TestedPair<'_>,
        of_cell: &StandardizedPair,
        calibrated: f64,
        (pvalue, adjusted): (f64, Option<f64>),
    ) {
        self.statistics.row_mut(i)[j] = cell.statistic;
        self.null_mean.row_mut(i)[j] = of_cell.mean;
        self.null_std.row_mut(i)[j] = of_cell.std;
        self.zscores.row_mut(i)[j] = of_cell.z;
        self.calibrated.row_mut(i)[j] = calibrated;
        if !cell.counts {
            return;
        }
        self.pvalues.row_mut(i)[j] = pvalue;
        if let (Some(table), Some(value)) = (&mut self.adjusted, adjusted) {
            table.row_mut(i)[j] = value;
        }
    }

    /// Warnings about what limits the p-value of a pair: the smallest that it can reach, and infinite scores.
    fn limits(
        &mut self,
        of_cell: &StandardizedPair,
        shares: &AttainableShares,
        at: (usize, usize),
        pvalue: f64,
        level: f64,
    ) -> impl Iterator<Item = Warning> + use<> {
        let arrangements = self.n_resamples + 1;
        let smallest_p = match self.method {
            "exact" => of_cell.smallest_p,
            _ if !of_cell.varies => of_cell.smallest_p,
            _ => shares.smallest_p(at, arrangements, self.alternative),
        };
        let smallest_p = smallest_p.min(pvalue);
        self.min_pvalue = self.min_pvalue.min(smallest_p);
        floor(smallest_p, level).into_iter().chain(infinite(of_cell.infinite, arrangements))
    }

    fn remark(&mut self, warnings: Vec<Warning>, at: (usize, usize)) {
        for warning in warnings {
            match self.warnings.iter_mut().find(|(kept, _, _)| kept.code == warning.code) {
                Some((_, _, count)) => *count += 1,
                None => self.warnings.push((warning, at, 1)),
            }
        }
    }
}
