//! By which road the scores of all pairs come.
//!
//! All pairs meet the same arrangements on every road, so that their scores come with their joint law:
//!
//! - few allowed matchings, or a single circle of them (`scheme="shift"`): all of them (`"exact"`);
//! - [`Form::Bilinear`]: orbits of shifts, counted as they come ([`layered`]); where strata or groups restrict the matchings,
//!   orbits on a grid ([`GridOrbits`]);
//! - [`Form::Neighbors`]: orbits by counting ([`Lists`]);
//! - [`Form::Cross`]: orbits of whole products ([`GridProducts`]);
//! - everything else: independent permutations (`"monte_carlo"`).
//!
//! All roads but the first of orbits fill a table with one score per pair and arrangement, which is counted at the end
//! ([`judged`]). The score of the observed arrangement is in it as it is without permutations, bit for bit.

use super::family::Family;
use super::grid_products::GridProducts;
use super::joint::{Found, judged};
use super::layered::layered;
use super::lists::Lists;
use super::matchings::Matchings;
use super::restricted::{Grid, GridOrbits, OfX};
use super::roads::{self, FEW};
use super::{Alternative, Design, Method, Request, Scheme};
use crate::engines::pair_matrix::PairMatrix;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Bilinear, Cross, Form, NeighborLists};
use crate::operations::pairwise::{allowance, distinct};
use crate::par::Par;

/// Independent matchings that are scored at a time.
const BATCH: usize = 256;
/// Bytes that transforms of whole matrices may take.
const BUDGET: usize = 1 << 30;

/// One pair that is tested.
pub struct Cell<'a> {
    /// Its row and column.
    pub at: (usize, usize),
    /// The form of its score.
    pub form: Form<'a>,
    /// The score.
    pub statistic: f64,
    /// Whether it is a question: a representation with itself is none.
    pub counts: bool,
}

/// What is to be found.
pub struct Plan<'a> {
    /// The pairs.
    pub cells: &'a [Cell<'a>],
    /// What is true of the measure.
    pub facts: &'a Facts,
    /// Which matchings are allowed.
    pub design: &'a Design,
    /// What was asked for.
    pub request: &'a Request,
    /// The direction that is tested.
    pub alternative: Alternative,
}

/// What a road brings back.
pub struct Outcome {
    /// The counts.
    pub family: Family,
    /// By pair.
    pub of_cells: Vec<Found>,
    /// The name of the road.
    pub method: &'static str,
    /// Number of orbits.
    pub n_orbits: Option<usize>,
    /// Whether means, and standard deviations, are over all allowed matchings.
    pub exact: (bool, bool),
}

/// The forms of all pairs, if they are alike.
enum Forms<'a> {
    Bilinear(Vec<&'a Bilinear<'a>>),
    Cross(Vec<&'a Cross<'a>>),
    Neighbors(Vec<&'a NeighborLists<'a>>),
    Other,
}

/// Scores by pair and then by arrangement, the observed one first.
struct Table {
    scores: Vec<Vec<f64>>,
    method: &'static str,
    n_orbits: Option<usize>,
}

/// Take the road that suits the forms, the design and the request; None if there is no pair.
pub fn find(plan: &Plan<'_>, par: Par<'_>) -> Result<Option<Outcome>> {
    let (design, method, arrangements) = (plan.design, plan.request.method, plan.arrangements());
    let order = design.order();
    let most = if method == Method::Exact { roads::ALL } else { arrangements as u128 };
    let every = order.filter(|order| *order <= most).map(|order| order as usize);
    let circle = plan.circle() && matches!(method, Method::Auto | Method::Orbits);
    match method {
        Method::Exact if every.is_none() => return Err(roads::too_many(order)),
        Method::Sequential => {
            let problem = "decides about one pair at a time, not about grids".into();
            return Err(Error::NotOffered { measure: "method=\"sequential\"".into(), problem });
        }
        _ if plan.cells.is_empty() => return Ok(None),
        _ => {}
    }
    let table = match (method, Forms::of(plan.cells)) {
        (_, Forms::Bilinear(forms)) if circle => restricted(plan, &forms, par),
        (_, Forms::Neighbors(forms)) if circle => lists(plan, &forms, par),
        (Method::Auto | Method::Exact, _) if every.is_some() => one_by_one(plan, every, par),
        (Method::MonteCarlo | Method::Exact, _) => one_by_one(plan, None, par),
        (_, Forms::Bilinear(forms)) if design.is_free() => return layered(plan, &forms, par).map(Some),
        (_, Forms::Neighbors(forms)) if design.is_free() => lists(plan, &forms, par),
        (Method::Auto, _) if arrangements < FEW => one_by_one(plan, None, par),
        (_, Forms::Cross(forms)) if design.is_free() => products(plan, forms, par),
        (_, Forms::Bilinear(forms)) => restricted(plan, &forms, par),
        _ => independent(plan, par),
    }?;
    table.judged(plan).map(Some)
}

fn no_orbits() -> Error {
    roads::no_orbits("a grid of this measure")
}

impl<'a> Forms<'a> {
    fn of(cells: &'a [Cell<'a>]) -> Self {
        fn all<'a, F>(cells: &'a [Cell<'a>], as_form: fn(&'a Form<'a>) -> Option<&'a F>) -> Option<Vec<&'a F>> {
            cells.iter().map(|cell| as_form(&cell.form)).collect()
        }
        let bilinear = all(cells, |form| if let Form::Bilinear(form) = form { Some(form) } else { None });
        let cross = all(cells, |form| if let Form::Cross(form) = form { Some(form) } else { None });
        let lists = all(cells, |form| if let Form::Neighbors(form) = form { Some(form) } else { None });
        let bilinear = bilinear.map(Self::Bilinear);
        bilinear.or(cross.map(Self::Cross)).or(lists.map(Self::Neighbors)).unwrap_or(Self::Other)
    }
}

impl Plan<'_> {
    /// Number of arrangements that were asked for.
    fn arrangements(&self) -> usize {
        self.request.n_resamples.saturating_add(1)
    }

    /// Whether the allowed matchings are those of a single orbit.
    fn circle(&self) -> bool {
        self.design.scheme() == Scheme::Shift
    }

    /// Number of whole orbits of a size that hold them; a circle is all there is.
    pub fn orbits_of(&self, size: usize) -> usize {
        if self.circle() { 1 } else { self.arrangements().div_ceil(size) }
    }

    /// Whose row meets whose: relabeling r of the streams, none of a circle.
    fn relabeling(&self, r: usize) -> Vec<usize> {
        if self.circle() { self.design.nth(0) } else { self.design.draw(&self.request.key, r as u64) }
    }

    /// A table for so many arrangements.
    fn table(&self, count: usize, method: &'static str, n_orbits: Option<usize>) -> Result<Table> {
        let (need, free) = (8.0 * self.cells.len() as f64 * count as f64, allowance());
        if need > free {
            let what = format!("The scores of {} pairs under {count} permutations", self.cells.len());
            return Err(Error::OverBudget { what, need: need / 1e9, free: free / 1e9 });
        }
        Ok(Table { scores: self.cells.iter().map(|_| Vec::with_capacity(count)).collect(), method, n_orbits })
    }

    /// A table for whole orbits.
    fn table_of_orbits(&self, orbits: usize, size: usize) -> Result<Table> {
        self.table(orbits.saturating_mul(size), if self.circle() { "exact" } else { "orbits" }, Some(orbits))
    }
}

impl Table {
    /// The scores of all pairs under some more arrangements.
    fn take(&mut self, scores: Vec<Vec<f64>>) {
        self.scores.iter_mut().zip(scores).for_each(|(all, some)| all.extend(some));
    }

    /// Count.
    fn judged(mut self, plan: &Plan<'_>) -> Result<Outcome> {
        for (cell, scores) in plan.cells.iter().zip(&mut self.scores) {
            // An engine's own value differs by round-off.
            scores[..1].fill(cell.statistic);
            if scores.iter().any(|score| score.is_nan()) {
                let reason = format!("other matchings of the rows of pair {:?} have no score", cell.at);
                return Err(Error::Undefined { measure: "the test".into(), reason });
            }
        }
        let counts: Vec<bool> = plan.cells.iter().map(|cell| cell.counts).collect();
        let all = self.method == "exact";
        let (family, of_cells) = judged(self.scores, &counts, plan.alternative, (roads::least_of(plan.facts), all));
        Ok(Outcome { family, of_cells, method: self.method, n_orbits: self.n_orbits, exact: (all, all) })
    }
}

/// Independent permutations where there are no orbits; refused if these were insisted on.
fn independent(plan: &Plan<'_>, par: Par<'_>) -> Result<Table> {
    if plan.request.method == Method::Orbits { Err(no_orbits()) } else { one_by_one(plan, None, par) }
}

/// One matching after the other: all `every` of them, or independent ones.
fn one_by_one(plan: &Plan<'_>, every: Option<usize>, par: Par<'_>) -> Result<Table> {
    let count = every.unwrap_or_else(|| plan.arrangements());
    let mut table = plan.table(count, if every.is_some() { "exact" } else { "monte_carlo" }, None)?;
    par.expect(count);
    let matchings = Matchings { design: plan.design, key: every.is_none().then_some(&plan.request.key) };
    for start in (0..count).step_by(BATCH) {
        let scores = par.map(BATCH.min(count - start), |at, par| {
            let order = matchings.number(start + at);
            par.advance(1);
            let score = |cell: &Cell<'_>| cell.form.score(Some(&order), par.sequential());
            plan.cells.iter().map(score).collect::<Result<Vec<_>>>()
        })?;
        for row in scores {
            table.scores.iter_mut().zip(row).for_each(|(all, score)| all.push(score));
        }
    }
    Ok(table)
}

/// Orbits of neighbor lists, or the circle of all shifts.
fn lists(plan: &Plan<'_>, forms: &[&NeighborLists<'_>], par: Par<'_>) -> Result<Table> {
    let n = plan.design.n();
    let orbits = plan.orbits_of(n);
    let mut table = plan.table_of_orbits(orbits, n)?;
    par.expect(orbits * n);
    let sigma = plan.relabeling(0);
    let engines: Vec<Lists<'_>> = forms.iter().map(|form| Lists::new(form, &sigma)).collect();
    for r in 0..orbits {
        let tau = plan.relabeling(r);
        table.take(par.map(engines.len(), |at, par| engines[at].orbit(&tau, par))?);
        par.advance(n);
    }
    Ok(table)
}

/// Orbits of whole products.
fn products(plan: &Plan<'_>, forms: Vec<&Cross<'_>>, par: Par<'_>) -> Result<Table> {
    let Some(engine) = GridProducts::begin(forms, &plan.request.key, par)? else { return independent(plan, par) };
    let orbits = plan.orbits_of(engine.size());
    let mut table = plan.table_of_orbits(orbits, engine.size())?;
    par.expect(orbits * engine.size());
    for r in 0..orbits {
        table.take(engine.orbit(r, par)?);
        par.advance(engine.size());
    }
    Ok(table)
}

/// Orbits of bilinear scores where not all matchings are allowed.
fn restricted(plan: &Plan<'_>, forms: &[&Bilinear<'_>], par: Par<'_>) -> Result<Table> {
    match Grid::choose(plan.design) {
        Some(grid) => on_grid(plan, forms, &grid, BUDGET, par),
        None => independent(plan, par),
    }
}

/// Orbits on a grid. The Ks are transformed at once as far as so many bytes hold them, and every L is laid out and
/// transformed once per orbit for all of them.
fn on_grid(plan: &Plan<'_>, forms: &[&Bilinear<'_>], grid: &Grid, budget: usize, par: Par<'_>) -> Result<Table> {
    let (n, q) = (plan.design.n(), grid.length());
    let orbits = plan.orbits_of(q);
    let mut table = plan.table_of_orbits(orbits, q)?;
    let engine = GridOrbits::new(grid);
    let (ks, k_of) = distinct(forms.iter().map(|form| Some(form.k)));
    let (ls, l_of) = distinct(forms.iter().map(|form| Some(form.l)));
    let at_once = (budget / engine.need().max(1)).clamp(1, ks.len().max(1));
    // Beside the transforms, one matrix as it is stored and whole.
    let need = (at_once * engine.need()) as f64 + 12.0 * (n as f64).powi(2);
    let free = 2.0 * allowance();
    if need > free {
        let what = "The transforms of whole matrices".into();
        return Err(Error::OverBudget { what, need: need / 1e9, free: free / 1e9 });
    }
    let denominators = par.map(forms.len(), |at, par| forms[at].denominator(par))?;
    let whole = |side: &PairMatrix| Ok(side.dense_once(par)?.full());
    let sigma = plan.relabeling(0);
    par.expect(orbits * q * ls.len() * ks.len().div_ceil(at_once));
    for from in (0..ks.len()).step_by(at_once) {
        let some = &ks[from..ks.len().min(from + at_once)];
        let of_x = |k: &&PairMatrix| engine.of_x(whole(k)?.data(), &sigma, par);
        let of_x = some.iter().map(of_x).collect::<Result<Vec<_>>>()?;
        for (at, l) in ls.iter().enumerate() {
            let meets = |(cell, (k, l)): (usize, (&Option<usize>, &Option<usize>))| {
                let place = k.and_then(|k| k.checked_sub(from)).filter(|_| *l == Some(at))?;
                of_x.get(place).map(|side| (cell, side))
            };
            let (cells, sides): (Vec<usize>, Vec<&OfX>) = k_of.iter().zip(&l_of).enumerate().filter_map(meets).unzip();
            if cells.is_empty() {
                par.advance(orbits * q);
                continue;
            }
            let l = whole(l)?;
            let orbit = |r: usize, par: Par<'_>| {
                let values = engine.run(&sides, l.data(), &plan.relabeling(r), par)?;
                par.advance(q);
                Ok(values)
            };
            let batch = roads::at_a_time(q);
            for first in (0..orbits).step_by(batch) {
                let found = par.map(batch.min(orbits - first), |at, par| orbit(first + at, par))?;
                for (&cell, values) in found.iter().flat_map(|values| cells.iter().zip(values)) {
                    let score = |&value: &f64| forms[cell].link.score(value, denominators[cell]);
                    table.scores[cell].extend(values.iter().map(score));
                }
            }
        }
    }
    Ok(table)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::measure::find as measure;
    use crate::numerics::streams::permutation;
    use crate::operations::permutation::design::tests::lawful;
    use crate::operations::permutation::tests::request as any_request;
    use crate::par::{Watch, with_threads};
    use crate::testing::representation;
    use crate::value::Value;

    pub const KEY: [u8; 32] = [9; 32];

    /// Uniform numbers.
    fn noise(count: usize, stream: u64) -> Vec<f64> {
        permutation(&[7; 32], stream, count).into_iter().map(|at| (at as f64 + 0.5) / count as f64 - 0.5).collect()
    }

    /// All pairs of representations of these widths, that share some of their first column.
    pub fn with_cells(
        name: &str,
        options: &[(&str, Value)],
        n: usize,
        widths: (&[usize], &[usize]),
        check: impl Fn(&[Cell<'_>]),
    ) {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let measure = measure(name).unwrap().with(options).unwrap();
        let common = noise(n, 1);
        let sides = |widths: &[usize], stream: u64| -> Vec<Vec<f64>> {
            let side = |(at, &d): (usize, &usize)| {
                let mut own = noise(n * d, stream + at as u64);
                own.chunks_exact_mut(d).zip(&common).for_each(|(row, common)| row[0] += 0.5 * common);
                own
            };
            widths.iter().enumerate().map(side).collect()
        };
        let (xs, ys) = (sides(widths.0, 10), sides(widths.1, 20));
        let summaries = |sides: &[Vec<f64>], widths: &[usize]| -> Vec<_> {
            let one =
                |(side, &d): (&Vec<f64>, &usize)| measure.summarize(&representation("x", side, d), Par::SEQ).unwrap();
            sides.iter().zip(widths).map(one).collect()
        };
        let (of_x, of_y) = (summaries(&xs, widths.0), summaries(&ys, widths.1));
        let mut cells = Vec::new();
        for (i, x) in of_x.iter().enumerate() {
            for (j, y) in of_y.iter().enumerate() {
                let form = measure.form(x, y).unwrap();
                let statistic = form.score(None, Par::SEQ).unwrap();
                cells.push(Cell { at: (i, j), form, statistic, counts: true });
            }
        }
        check(&cells);
    }

    fn request(n_resamples: usize, method: Method) -> Request {
        Request { key: KEY, method, ..any_request(n_resamples) }
    }

    fn planned<R>(cells: &[Cell<'_>], design: &Design, request: &Request, work: impl FnOnce(&Plan<'_>) -> R) -> R {
        work(&Plan { cells, facts: &Facts::SIMILARITY, design, request, alternative: Alternative::Greater })
    }

    /// Bilinear scores: of centered matrices, of distances, linked by a root; the second x has as many columns as the first.
    fn bilinear(n: usize, check: impl Fn(&str, &[Cell<'_>])) {
        let options: [(&str, &[(&str, Value)]); 4] = [
            ("cka", &[]),
            ("cka", &[("estimator", "debiased".into())]),
            ("rsa", &[("inner", "euclidean".into())]),
            ("distance_correlation", &[]),
        ];
        for (name, options) in options {
            with_cells(name, options, n, (&[3, 2, 3], &[4, 1]), |cells| check(name, cells));
        }
    }

    type Ids = Option<Vec<i64>>;

    fn designs() -> Vec<(usize, Ids, Ids)> {
        let by = |n: usize, id: &dyn Fn(usize) -> usize| Some((0..n).map(|i| id(i) as i64).collect::<Vec<_>>());
        vec![
            (28, by(28, &|i| (i * i + i / 3) % 3), None),
            (30, None, by(30, &|i| i % 10)),
            (41, None, by(41, &|i| if i < 24 { i % 8 } else { 8 + i % 9 })),
            (40, by(40, &|i| usize::from(i % 20 > 9)), by(40, &|i| i % 20)),
        ]
    }

    fn bilinear_forms<'c>(cells: &'c [Cell<'c>]) -> Vec<&'c Bilinear<'c>> {
        match Forms::of(cells) {
            Forms::Bilinear(forms) => forms,
            _ => panic!("another form"),
        }
    }

    /// Every value of every pair is the score of a lawful matching, the same for all pairs; however many Ks are transformed
    /// at once, the same bits, and the same for any number of threads.
    #[test]
    fn restricted_orbits_are_scores_of_matchings() {
        for (n, strata, groups) in designs() {
            let (strata, groups) = (strata.as_deref(), groups.as_deref());
            let design = Design::new(n, strata, groups, Scheme::Permute).unwrap();
            let grid = Grid::choose(&design).unwrap();
            let asked = request(3 * grid.length() - 1, Method::Orbits);
            bilinear(n, |name, cells| {
                planned(cells, &design, &asked, |plan| {
                    let forms = bilinear_forms(cells);
                    let table = |budget: usize, par: Par<'_>| on_grid(plan, &forms, &grid, budget, par).unwrap().scores;
                    let found = table(BUDGET, Par::SEQ);
                    for r in 0..3 {
                        let (sigma, tau) = (design.draw(&KEY, 0), design.draw(&KEY, r));
                        for s in 0..grid.length() {
                            let moved = grid.shift(s);
                            let mut order = vec![0; n];
                            sigma.iter().zip(moved).for_each(|(&item, place)| order[item] = tau[place]);
                            assert!(lawful(&order, strata, groups));
                            for (cell, found) in cells.iter().zip(&found) {
                                let slow = cell.form.score(Some(&order), Par::SEQ).unwrap();
                                let fast = found[r as usize * grid.length() + s];
                                // A root near zero has half the digits.
                                let close = if name == "distance_correlation" { 1e-7 } else { 1e-12 };
                                assert!((fast - slow).abs() < close, "{name}, n = {n}, {r}, {s}: {fast} {slow}");
                            }
                        }
                    }
                    for budget in [0, 2 * GridOrbits::new(&grid).need()] {
                        assert_eq!(found, table(budget, Par::SEQ));
                    }
                    for threads in [1, 2, 3] {
                        assert_eq!(found, with_threads(threads, &Watch::default(), |par| table(BUDGET, par)));
                    }
                });
            });
        }
    }

    /// The single circle: all shifts in their order.
    #[test]
    fn circles_are_all_shifts() {
        let n = 13;
        let design = Design::new(n, None, None, Scheme::Shift).unwrap();
        let check = |cells: &[Cell<'_>]| {
            planned(cells, &design, &request(5, Method::Auto), |plan| {
                let table = match Forms::of(cells) {
                    Forms::Bilinear(forms) => restricted(plan, &forms, Par::SEQ),
                    Forms::Neighbors(forms) => lists(plan, &forms, Par::SEQ),
                    _ => panic!("another form"),
                }
                .unwrap();
                assert_eq!((table.method, table.n_orbits), ("exact", Some(1)));
                for (cell, scores) in cells.iter().zip(&table.scores) {
                    assert_eq!(scores.len(), n);
                    for (s, score) in scores.iter().enumerate() {
                        let slow = cell.form.score(Some(&design.nth(s as u128)), Par::SEQ).unwrap();
                        assert!((score - slow).abs() < 1e-7, "{s}: {score} {slow}");
                    }
                }
                assert_eq!(find(plan, Par::SEQ).unwrap().unwrap().family.arrangements(), n);
            });
        };
        bilinear(n, |_, cells| check(cells));
        with_cells("knn_jaccard", &[("k", 3_usize.into())], n, (&[2, 3], &[2, 1]), check);
    }

    /// More permutations never change those before, on any road that keeps its scores.
    #[test]
    fn earlier_scores_stay() {
        let check = |cells: &[Cell<'_>], design: &Design| {
            let scores = |count: usize| {
                planned(cells, design, &request(count, Method::Auto), |plan| {
                    let table = match Forms::of(cells) {
                        Forms::Bilinear(forms) => restricted(plan, &forms, Par::SEQ),
                        Forms::Cross(forms) => products(plan, forms, Par::SEQ),
                        Forms::Neighbors(forms) => lists(plan, &forms, Par::SEQ),
                        Forms::Other => one_by_one(plan, None, Par::SEQ),
                    };
                    table.unwrap().scores
                })
            };
            let (few, many) = (scores(70), scores(300));
            assert!(few[0].len() < many[0].len());
            few.iter().zip(&many).for_each(|(few, many)| assert_eq!(few[..], many[..few.len()]));
        };
        let free = Design::new(40, None, None, Scheme::Permute).unwrap();
        let grouped: Vec<i64> = (0..40).map(|i| i / 2).collect();
        let grouped = Design::new(40, None, Some(&grouped), Scheme::Permute).unwrap();
        with_cells("cka", &[], 40, (&[2, 3], &[4]), |cells| check(cells, &grouped));
        with_cells("pwcca", &[], 40, (&[2, 3], &[4]), |cells| check(cells, &free));
        with_cells("knn_jaccard", &[("k", 3_usize.into())], 40, (&[2, 3], &[4]), |cells| check(cells, &free));
        with_cells("aligned_cosine", &[], 40, (&[2, 2], &[2]), |cells| check(cells, &free));
    }

    /// Which road is taken, and how many arrangements it stands for.
    #[test]
    fn roads() {
        let free = Design::new(40, None, None, Scheme::Permute).unwrap();
        let groups: Vec<i64> = (0..40).map(|i| i / 2).collect();
        let grouped = Design::new(40, None, Some(&groups), Scheme::Permute).unwrap();
        let threes: Vec<i64> = (0..40).map(|i| i / 3).collect();
        let scattered = Design::new(40, Some(&threes), None, Scheme::Permute).unwrap();
        let road = |name: &str, design: &Design, count: usize, method: Method| {
            let found = std::cell::Cell::new(None);
            with_cells(name, &[], 40, (&[2, 2], &[2]), |cells| {
                let outcome = planned(cells, design, &request(count, method), |plan| find(plan, Par::SEQ));
                found.set(outcome.ok().flatten().map(|outcome| {
                    let arrangements = outcome.family.arrangements();
                    assert!(outcome.n_orbits.is_none_or(|orbits| arrangements % orbits == 0 && arrangements > count));
                    (outcome.method, outcome.n_orbits.is_some(), arrangements > count + 1)
                }));
            });
            found.get()
        };
        let (orbits, one_by_one) = (Some(("orbits", true, true)), Some(("monte_carlo", false, false)));
        for method in [Method::Auto, Method::Orbits] {
            assert_eq!(road("cka", &free, 41, method), orbits);
            assert_eq!(road("cka", &grouped, 41, method), orbits);
            assert_eq!(road("cca_mean", &free, 41, method), orbits);
            assert_eq!(road("procrustes", &free, 41, method), orbits);
            let none = if method == Method::Auto { one_by_one } else { None };
            assert_eq!(road("cka", &scattered, 41, method), none);
            assert_eq!(road("cca_mean", &grouped, 41, method), none);
            assert_eq!(road("aligned_cosine", &free, 41, method), none);
        }
        for (name, design) in [("cka", &free), ("cka", &grouped), ("cca_mean", &free), ("knn_jaccard", &free)] {
            assert_eq!(road(name, design, 41, Method::MonteCarlo), one_by_one, "{name}");
        }
        // So few are not worth an orbit.
        assert_eq!(road("cka", &grouped, FEW - 2, Method::Auto), one_by_one);
        assert_eq!(road("cca_mean", &free, FEW - 2, Method::Auto), one_by_one);
    }
}
