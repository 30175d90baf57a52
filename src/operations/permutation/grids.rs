//! Permutation tests of all pairs of two lists of representations, under shared permutations.
//!
//! One relabeling of the rows of all ys serves every pair, so the scores of all pairs come with their joint law: that is what
//! corrections for many tests ([`Family`]) are made of. Bilinear scores of all pairs come by the product of transforms
//! ([`Layers`]), their means and standard deviations from closed forms, and nothing is kept; neighbor lists come by orbits;
//! all other scores one permutation after the other. Without closed forms a score is standardized by the mean and the
//! standard deviation over all arrangements, the observed one included: these are the same whichever of them is called the
//! observed one, so the corrected p-values stay exact.

use super::family::{Adjust, Family, Member};
use super::layers::Layers;
use super::lists::Lists;
use super::matchings::Matchings;
use super::residual::Residual;
use super::roads;
use super::{Alternative, Design, Method, Precision, Request, Scheme, exchangeable, tie_window};
use crate::caution::Caution;
use crate::error::{Error, Result};
use crate::facts::{Facts, Kind};
use crate::form::{Bilinear, Form};
use crate::linalg::{Matrix, Number};
use crate::numerics::fft::Real;
use crate::numerics::streams::permutation;
use crate::operations::compare::{Asked, calibrated, settled};
use crate::operations::diagnose::diagnose;
use crate::operations::pairwise::{allowance, distinct, stacked, summarize};
use crate::operations::side::Side;
use crate::par::Par;

/// Single precision is right to this in units of z; closer values count as ties, which errs on the safe side.
const SINGLE: f64 = 1e-5;
/// Independent matchings per block.
const BATCH: usize = 256;

/// The tests of a grid. Cells without a score hold NaN.
pub struct TestedGrid {
    /// Scores.
    pub statistics: Matrix,
    /// p-values, each for itself; NaN for a representation with itself, which is no question.
    pub pvalues: Matrix,
    /// p-values corrected for all pairs that were tested.
    pub adjusted: Option<Matrix>,
    /// Means of the scores under random matching.
    pub null_mean: Matrix,
    /// Standard deviations likewise.
    pub null_std: Matrix,
    /// Whether these two are over all n! matchings.
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
    /// What a reader should know: each caution once, with the first pair it concerns and the number of pairs.
    pub cautions: Vec<(Caution, (usize, usize), usize)>,
    /// What a reader should know of all pairs alike.
    pub general: Vec<Caution>,
}

/// One pair that is tested.
struct Cell<'a> {
    at: (usize, usize),
    form: Form<'a>,
    statistic: f64,
}

/// What all arrangements say about one pair, in terms of its score.
pub struct Found {
    /// Mean over arrangements.
    pub mean: f64,
    /// Standard deviation over arrangements.
    pub std: f64,
    /// The observed score in these terms; NaN where nothing varies.
    pub z: f64,
}

/// Test every x against every y (every other x if there is no second list).
pub fn permutation_tests<'s>(
    asked: &Asked,
    xs: &[Side<'s>],
    ys: Option<&[Side<'s>]>,
    request: &Request,
    adjust: Option<Adjust>,
    par: Par<'_>,
) -> Result<TestedGrid> {
    let measure = &*asked.measure;
    let (facts, others) = (measure.facts(), ys.unwrap_or(xs));
    if facts.kind == Kind::Statistic || !facts.rows_paired {
        return Err(Error::PermutationUndefined { measure: measure.name().into() });
    }
    let n = xs.first().map_or(0, Side::rows);
    if let Some(other) = xs.iter().chain(others).find(|side| side.rows() != n) {
        let (x, y) = (xs[0].name().to_owned(), other.name().to_owned());
        return Err(Error::RowCountMismatch { x, y, n, m: other.rows() });
    }
    let one = std::slice::from_ref(asked);
    let of_x = summarize(one, xs, par)?.remove(0);
    let of_y = ys.map(|ys| summarize(one, ys, par)).transpose()?.map(|mut all| all.remove(0));
    let of_y = of_y.as_ref().unwrap_or(&of_x);
    let mirrored = ys.is_none() && facts.symmetric;
    let mut found =
        TestedGrid::empty(xs.len(), others.len(), request.alternative.unwrap_or_else(|| Alternative::of(&facts)));

    let grouped = request.design.as_ref().is_some_and(|design| design.summary().groups.is_some());
    let pairs: Vec<(usize, usize)> =
        (0..xs.len()).flat_map(|i| (if mirrored { i } else { 0 }..others.len()).map(move |j| (i, j))).collect();
    let form_of = |&(i, j): &(usize, usize)| -> Result<Form<'_>> {
        let (x, y) = (of_x[i].as_ref().map_err(Clone::clone)?, of_y[j].as_ref().map_err(Clone::clone)?);
        if facts.repeats_matter && !grouped && (ys.is_some() || i != j) {
            exchangeable(&xs[i], &others[j], par.sequential())?;
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
                (Form::Bilinear(form), Some(known)) => known.map(|(inner, over)| form.link.score(inner, over)),
                _ => form.score(None, par),
            }?;
            Ok((settled(value, measure.name(), &facts, &mut Vec::new())?, form))
        });
        match scored {
            Ok((statistic, form)) => cells.push(Cell { at, form, statistic }),
            Err(stop @ Error::Interrupted { .. }) => return Err(stop),
            Err(error) => found.failures.push((at.0, at.1, error)),
        }
    }
    let counts: Vec<bool> = cells.iter().map(|cell| ys.is_some() || cell.at.0 != cell.at.1).collect();
    let tested = run(&cells, &counts, &facts, n, request, &mut found, par)?;
    found.family = counts.iter().filter(|counts| **counts).count();
    let Some((family, mut of_cells)) = tested else { return Ok(found) };
    if request.design.is_none() && !found.exact.0 {
        found.exact.0 = exact_means(&cells, &mut of_cells, par)?;
    }
    let (pvalues, adjusted) = (family.pvalues(), adjust.map(|adjust| family.adjusted(adjust)));
    let towards = if found.alternative == Alternative::Less { -1.0 } else { 1.0 };
    (found.largest, found.mean) = family.claims(|at| towards * of_cells[at].z);
    found.n_resamples = family.arrangements() - 1;
    let sided = if found.alternative == Alternative::TwoSided { 2.0 } else { 1.0 };
    found.min_pvalue = (sided / family.arrangements() as f64).min(1.0);
    found.adjusted = adjusted.as_ref().map(|_| found.statistics.clone());
    for (place, (cell, of_cell)) in cells.iter().zip(of_cells).enumerate() {
        let (i, j) = cell.at;
        let both = [(i, j), if mirrored { (j, i) } else { (i, j) }];
        for (i, j) in both {
            found.statistics.row_mut(i)[j] = cell.statistic;
            if counts[place] {
                found.pvalues.row_mut(i)[j] = pvalues[place];
            }
            found.null_mean.row_mut(i)[j] = of_cell.mean;
            found.null_std.row_mut(i)[j] = of_cell.std;
            found.zscores.row_mut(i)[j] = of_cell.z;
            let calibrated = calibrated(cell.statistic, of_cell.mean, &facts);
            found.calibrated.row_mut(i)[j] = calibrated.unwrap_or(f64::NAN);
            if let (Some(table), Some(values), true) = (&mut found.adjusted, &adjusted, counts[place]) {
                table.row_mut(i)[j] = values[place];
            }
        }
        if counts[place]
            && let (Ok(x), Ok(y)) = (&of_x[i], &of_y[j])
        {
            let mut cautions = measure.cautions(x, y)?;
            let at_chance = found.exact.0.then_some(of_cell.mean);
            cautions.extend(diagnose(&facts, &xs[i], &others[j], at_chance, &cell.form));
            found.remark(cautions, cell.at);
        }
    }
    let mut general: Vec<Caution> = super::floor(found.min_pvalue).into_iter().collect();
    general.extend(request.design.as_ref().and_then(super::in_place));
    general.extend(super::dependent(request.ids.as_deref(), n, request.design.as_ref())?);
    found.general = general;
    if mirrored {
        let turned: Vec<_> =
            found.failures.iter().filter(|(i, j, _)| i != j).map(|(i, j, e)| (*j, *i, e.clone())).collect();
        found.failures.extend(turned);
    }
    found.failures.sort_by_key(|(i, j, _)| (*i, *j));
    Ok(found)
}

/// Put exact means in the place of sampled ones, where every pair has one.
fn exact_means(cells: &[Cell<'_>], found: &mut [Found], par: Par<'_>) -> Result<bool> {
    let means = par.map(cells.len(), |at, par| cells[at].form.at_chance(par))?;
    let Some(means) = means.into_iter().collect::<Option<Vec<f64>>>() else { return Ok(false) };
    for ((cell, found), mean) in cells.iter().zip(found).zip(means) {
        found.mean = mean;
        found.z = (cell.statistic - mean) / found.std;
    }
    Ok(true)
}

impl TestedGrid {
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
            cautions: Vec::new(),
            general: Vec::new(),
        }
    }

    fn remark(&mut self, cautions: Vec<Caution>, at: (usize, usize)) {
        for caution in cautions {
            match self.cautions.iter_mut().find(|(kept, _, _)| kept.code == caution.code) {
                Some((_, _, count)) => *count += 1,
                None => self.cautions.push((caution, at, 1)),
            }
        }
    }
}

type Tested = Option<(Family, Vec<Found>)>;

/// All arrangements of all cells.
fn run(
    cells: &[Cell<'_>],
    counts: &[bool],
    facts: &Facts,
    n: usize,
    request: &Request,
    found: &mut TestedGrid,
    par: Par<'_>,
) -> Result<Tested> {
    let arrangements = request.n_resamples.saturating_add(1);
    let design = match &request.design {
        Some(design) => design.clone(),
        None => Design::new(n, None, None, Scheme::Permute)?,
    };
    let orderly = matches!(request.method, Method::Auto | Method::Orbits);
    let most = match request.method {
        Method::Exact => roads::ALL,
        Method::Auto => arrangements as u128,
        Method::Orbits | Method::MonteCarlo | Method::Sequential => 0,
    };
    let all = design.order().filter(|&all| all <= most).map(|all| all as usize);
    match request.method {
        Method::Exact if all.is_none() => return Err(roads::too_many(design.order())),
        Method::Sequential => {
            let problem = "decides about one pair at a time, not about grids".into();
            return Err(Error::NotOffered { measure: "method=\"sequential\"".into(), problem });
        }
        _ => {}
    }
    let Some(first) = cells.first() else { return Ok(None) };
    let towards = if found.alternative == Alternative::Less { -1.0 } else { 1.0 };
    let bilinear: Option<Vec<&Bilinear<'_>>> = cells
        .iter()
        .map(|cell| match &cell.form {
            Form::Bilinear(form) => Some(form),
            _ => None,
        })
        .collect();
    match bilinear {
        Some(forms) if all.is_none() && orderly && design.is_free() => {
            found.method = "orbits";
            found.n_orbits = Some(arrangements.div_ceil(n));
            found.exact = (forms[0].link.is_affine(), forms[0].link.is_affine());
            let single = request.precision != Precision::Double;
            let tested = if single {
                layered::<f32>(&forms, cells, counts, towards, n, request, found, par)
            } else {
                layered::<f64>(&forms, cells, counts, towards, n, request, found, par)
            };
            tested.map(Some)
        }
        _ if request.method == Method::Orbits && !(matches!(first.form, Form::Neighbors(_)) && design.is_free()) => {
            Err(roads::no_orbits("a grid of this measure"))
        }
        _ => {
            let orbits = matches!(first.form, Form::Neighbors(_)) && all.is_none() && orderly && design.is_free();
            found.method = if all.is_some() {
                "exact"
            } else if orbits {
                "orbits"
            } else {
                "monte_carlo"
            };
            found.n_orbits = orbits.then(|| arrangements.div_ceil(n));
            found.exact = (all.is_some(), all.is_some());
            let count = if orbits { arrangements.div_ceil(n) * n } else { all.unwrap_or(arrangements) };
            kept(cells, counts, facts, (&design, count, all.is_some(), orbits), request, found.alternative, par)
                .map(Some)
        }
    }
}

/// Bilinear scores: nothing is kept, since means and standard deviations are known.
#[allow(clippy::too_many_arguments)] // one per thing that differs between grids
fn layered<T: Real + Number>(
    forms: &[&Bilinear<'_>],
    cells: &[Cell<'_>],
    counts: &[bool],
    towards: f64,
    n: usize,
    request: &Request,
    found: &TestedGrid,
    par: Par<'_>,
) -> Result<(Family, Vec<Found>)> {
    let (ks, k_of) = distinct(forms.iter().map(|form| Some(form.k)));
    let (ls, l_of) = distinct(forms.iter().map(|form| Some(form.l)));
    let (need, free) = (Layers::<T>::need(n, ks.len(), ls.len()), 2.0 * allowance());
    if need > free {
        return Err(Error::OverBudget {
            what: "The transforms of all layers".into(),
            need: need / 1e9,
            free: free / 1e9,
        });
    }
    let dense =
        |sides: &[&crate::engines::pair_matrix::PairMatrix]| par.map(sides.len(), |at, par| sides[at].dense(par));
    let (dense_k, dense_l) = (dense(&ks)?, dense(&ls)?);
    let apart_k = par.map(ks.len(), |at, par| Residual::of(&dense_k[at], par))?;
    let apart_l = par.map(ls.len(), |at, par| Residual::of(&dense_l[at], par))?;
    let place = |cell: usize| (k_of[cell].unwrap_or_default(), l_of[cell].unwrap_or_default());

    let orbits = request.n_resamples.saturating_add(1).div_ceil(n);
    par.expect(orbits);
    let sigma = permutation(&request.key, 0, n);
    let engine = Layers::<T>::new(apart_k.iter().collect(), apart_l.iter().collect(), &sigma, orbits, par)?;
    let mut about = Vec::with_capacity(cells.len());
    for (cell, form) in forms.iter().enumerate() {
        let (a, b) = place(cell);
        let (mean, std) = (apart_k[a].mean(&apart_l[b]), apart_k[a].std(&apart_l[b]));
        let denominator = form.denominator(par)?;
        let inner = inner_of(form, cells[cell].statistic, denominator, par)?;
        let sign = if form.link.rises() { 1.0 } else { -1.0 };
        let window = if size_of::<T>() == 4 { SINGLE } else { tie_window(inner, std) / std.max(f64::MIN_POSITIVE) };
        about.push(About { mean, std, sign, inner, denominator, window });
    }
    let member = |(about, counts): (&About, &bool)| Member {
        observed: towards * about.sign * about.z(about.inner),
        window: about.window,
        counts: *counts,
    };
    let two_sided = found.alternative == Alternative::TwoSided;
    let mut family = Family::new(about.iter().zip(counts).map(member).collect(), two_sided);
    let order: Vec<usize> = family.order().to_vec();
    let engine_order: Vec<usize> = order.iter().map(|&cell| place(cell).0 * ls.len() + place(cell).1).collect();
    let affine = forms[0].link.is_affine();
    let mut sums = vec![(0.0, 0.0); cells.len()];
    for r in 0..orbits {
        par.check()?;
        let tau = permutation(&request.key, r as u64, n);
        let mut next = order.iter();
        family.begin(n);
        engine.orbit(&tau, &engine_order, par, |_, mut values| {
            let Some(&cell) = next.next() else { return };
            let about = &about[cell];
            if r == 0 {
                values[0] = about.inner;
            }
            if !affine {
                let start = cells[cell].statistic;
                for &value in &values {
                    let delta = forms[cell].link.score(value, about.denominator) - start;
                    sums[cell].0 += delta;
                    sums[cell].1 += delta * delta;
                }
            }
            let turn = towards * about.sign;
            values.iter_mut().for_each(|value| *value = turn * about.z(*value));
            family.take(cell, &values);
        })?;
        family.end();
        par.advance(1);
    }
    let total = family.arrangements() as f64;
    let one = |(cell, about): (usize, &About)| {
        let link = &forms[cell].link;
        let z = if about.std > 0.0 { about.sign * about.z(about.inner) } else { f64::NAN };
        if affine {
            let std = (link.factor / about.denominator).abs() * about.std;
            return Found { mean: link.score(about.mean, about.denominator), std, z };
        }
        let (first, second) = (sums[cell].0 / total, sums[cell].1 / total);
        Found { mean: cells[cell].statistic + first, std: (second - first * first).max(0.0).sqrt(), z }
    };
    let of_cells = about.iter().enumerate().map(one).collect();
    Ok((family, of_cells))
}

/// What is known of the inner product of one pair.
struct About {
    mean: f64,
    std: f64,
    /// -1 where the score falls as the inner product rises.
    sign: f64,
    inner: f64,
    denominator: f64,
    window: f64,
}

impl About {
    fn z(&self, value: f64) -> f64 {
        if self.std > 0.0 { (value - self.mean) / self.std } else { 0.0 }
    }
}

/// The inner product behind a score: taken back through the link where that loses nothing.
fn inner_of(form: &Bilinear<'_>, statistic: f64, denominator: f64, par: Par<'_>) -> Result<f64> {
    if form.link.is_affine() {
        return Ok((statistic - form.link.offset) * denominator / form.link.factor);
    }
    form.k.inner(form.l, None, par)
}

/// All other scores: kept, because their mean and spread are known only at the end.
#[allow(clippy::too_many_arguments)] // one per thing that differs between grids
fn kept(
    cells: &[Cell<'_>],
    counts: &[bool],
    facts: &Facts,
    (design, count, all, orbits): (&Design, usize, bool, bool),
    request: &Request,
    alternative: Alternative,
    par: Par<'_>,
) -> Result<(Family, Vec<Found>)> {
    let (need, free) = (8.0 * cells.len() as f64 * count as f64, allowance());
    if need > free {
        let what = format!("The scores of {} pairs under {count} permutations", cells.len());
        return Err(Error::OverBudget { what, need: need / 1e9, free: free / 1e9 });
    }
    par.expect(count);
    let mut values: Vec<Vec<f64>> = cells.iter().map(|_| Vec::with_capacity(count)).collect();
    if orbits {
        let n = design.n();
        let sigma = permutation(&request.key, 0, n);
        let lists: Vec<Lists<'_>> = cells.iter().filter_map(|cell| lists_of(cell, &sigma)).collect();
        for r in 0..count / n {
            let tau = permutation(&request.key, r as u64, n);
            let orbits = par.map(lists.len(), |at, par| lists[at].orbit(&tau, par))?;
            values.iter_mut().zip(orbits).for_each(|(kept, orbit)| kept.extend(orbit));
            par.advance(n);
        }
    } else {
        let matchings = Matchings { design, key: (!all).then_some(&request.key) };
        for start in (0..count).step_by(BATCH) {
            let scores = par.map(BATCH.min(count - start), |at, par| {
                let order = matchings.number(start + at);
                par.advance(1);
                cells.iter().map(|cell| cell.form.score(Some(&order), par.sequential())).collect::<Result<Vec<_>>>()
            })?;
            scores.iter().for_each(|row| values.iter_mut().zip(row).for_each(|(kept, score)| kept.push(*score)));
        }
    }
    if let Some(place) = values.iter().position(|all| all.iter().any(|v| v.is_nan())) {
        let (i, j) = cells[place].at;
        let reason = format!("other matchings of the rows of pair ({i}, {j}) have no score");
        return Err(Error::Undefined { measure: "the test".into(), reason });
    }
    let (low, high) = facts.range;
    let least = if (high - low).is_finite() { 1e-12 } else { 0.0 };
    Ok(judged(values, counts, alternative, (least, all)))
}

/// Count scores that are all at hand, by pair and then by arrangement, the observed one first; scores are known to `least`.
///
/// Members are standardized by all arrangements, which keeps corrections exact; what is found is told of the others, unless
/// these are all matchings there are.
pub fn judged(
    mut values: Vec<Vec<f64>>,
    counts: &[bool],
    alternative: Alternative,
    (least, all_matchings): (f64, bool),
) -> (Family, Vec<Found>) {
    let towards = if alternative == Alternative::Less { -1.0 } else { 1.0 };
    let mut members = Vec::with_capacity(values.len());
    let mut found = Vec::with_capacity(values.len());
    for (all, &counts) in values.iter_mut().zip(counts) {
        let (total, start) = (all.len() as f64, all[0]);
        let first = all.iter().map(|v| v - start).sum::<f64>() / total;
        let second = all.iter().map(|v| (v - start) * (v - start)).sum::<f64>() / total;
        let (mean, std) = (start + first, (second - first * first).max(0.0).sqrt());
        let window = tie_window(start, std).max(least);
        let varies = std > window;
        all.iter_mut().for_each(|v| *v = if varies { towards * (*v - mean) / std } else { 0.0 });
        members.push(Member { observed: all[0], window: if varies { window / std } else { 0.0 }, counts });
        // For the reader the observed score is not part of what it is compared with.
        let others = (total - 1.0).max(1.0);
        let (first, second) = (first * total / others, second * total / others);
        let apart = (second - first * first).max(0.0) * others / (others - 1.0).max(1.0);
        let (mean, std) = if all_matchings { (mean, std) } else { (start + first, apart.sqrt()) };
        found.push(Found { mean, std, z: if std > window { (start - mean) / std } else { f64::NAN } });
    }
    let mut family = Family::new(members, alternative == Alternative::TwoSided);
    family.begin(values.first().map_or(0, Vec::len));
    for cell in family.order().to_vec() {
        family.take(cell, &values[cell]);
    }
    family.end();
    (family, found)
}

fn lists_of<'c>(cell: &'c Cell<'_>, sigma: &[usize]) -> Option<Lists<'c>> {
    match &cell.form {
        Form::Neighbors(form) => Some(Lists::new(form, sigma)),
        _ => None,
    }
}
