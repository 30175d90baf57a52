use super::*;
use crate::measures::find as measure;
use crate::numerics::streams::permutation;
use crate::operations::permutation::design::Scheme;
use crate::operations::permutation::design::tests::lawful;
use crate::operations::permutation::request::Method;
use crate::operations::permutation::strategy::FEW;
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
    check: impl Fn(&[TestedPair<'_>]),
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
        let one = |(side, &d): (&Vec<f64>, &usize)| measure.summarize(&representation("x", side, d), Par::SEQ).unwrap();
        sides.iter().zip(widths).map(one).collect()
    };
    let (of_x, of_y) = (summaries(&xs, widths.0), summaries(&ys, widths.1));
    let mut cells = Vec::new();
    for (i, x) in of_x.iter().enumerate() {
        for (j, y) in of_y.iter().enumerate() {
            let form = measure.form(x, y).unwrap();
            let statistic = form.score(None, Par::SEQ).unwrap();
            cells.push(TestedPair { at: (i, j), form, statistic, counts: true });
        }
    }
    check(&cells);
}

fn request(n_resamples: usize, method: Method) -> Request {
    Request { key: KEY, method, ..any_request(n_resamples) }
}

fn planned<R>(
    cells: &[TestedPair<'_>],
    design: &Design,
    request: &Request,
    work: impl FnOnce(&GridTest<'_>) -> R,
) -> R {
    work(&GridTest {
        measure: "test",
        cells,
        facts: &Facts::SIMILARITY,
        design,
        request,
        alternative: Alternative::Greater,
    })
}

/// Bilinear scores: of centered matrices, of distances, linked by a root; the second x has as many columns as the first.
fn bilinear(n: usize, check: impl Fn(&str, &[TestedPair<'_>])) {
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

fn bilinear_forms<'c>(cells: &'c [TestedPair<'c>]) -> Vec<&'c Bilinear<'c>> {
    match scores_of(cells) {
        ScoresByForm::Bilinear(forms) => forms,
        _ => panic!("another form"),
    }
}

/// The scores of all arrangements.
fn table(plan: &GridTest<'_>) -> ScoreTable {
    match choose(scores_of(plan.cells), plan.design, plan.request, plan.measure).unwrap() {
        Strategy::AllShifts(forms, grid) => all_shifts(plan, &forms, &grid, Par::SEQ),
        Strategy::AllShiftsOfNeighbors(forms) => all_shifts_of_neighbors(plan, &forms, Par::SEQ),
        Strategy::LatticeOrbits(forms, grid, orbits) => lattice_orbits(plan, &forms, (&grid, orbits), Par::SEQ),
        Strategy::CrossOrbits(forms, grid, orbits) => cross_orbits(plan, forms, (grid, orbits), Par::SEQ),
        Strategy::NeighborOrbits(forms, relabelings) => neighbor_orbits(plan, &forms, &relabelings, Par::SEQ),
        Strategy::Independent => one_by_one(plan, None, Par::SEQ),
        _ => panic!("keeps no scores"),
    }
    .unwrap()
}

/// Every value of every pair is the score of a lawful pairing, the same for all pairs; however many Ks are transformed
/// at once, the same bits, and the same for any number of threads.
#[test]
fn restricted_orbits_are_scores_of_pairings() {
    for (n, strata, groups) in designs() {
        let (strata, groups) = (strata.as_deref(), groups.as_deref());
        let design = Design::new(n, strata, groups, Scheme::Permute).unwrap();
        let grid = Lattice::choose(&design).unwrap();
        let instance = request(3 * grid.length() - 1, Method::Orbits);
        bilinear(n, |name, cells| {
            planned(cells, &design, &instance, |plan| {
                let forms = bilinear_forms(cells);
                let table = |budget: usize, par: Par<'_>| {
                    let empty = plan.table_of_orbits(3, grid.length(), Par::SEQ).unwrap();
                    let relabeling = |r: usize| design.draw(&KEY, r as u64);
                    on_grid(empty, &forms, (&grid, 3), relabeling, budget, par).unwrap().scores
                };
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
                for budget in [0, 2 * LatticeOrbits::new(&grid).need()] {
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
    let check = |cells: &[TestedPair<'_>]| {
        planned(cells, &design, &request(5, Method::Auto), |plan| {
            let table = table(plan);
            assert_eq!((table.method, table.n_orbits), ("exact", Some(1)));
            for (cell, scores) in cells.iter().zip(&table.scores) {
                assert_eq!(scores.len(), n);
                for (s, score) in scores.iter().enumerate() {
                    let slow = cell.form.score(Some(&design.nth(s as u128)), Par::SEQ).unwrap();
                    assert!((score - slow).abs() < 1e-7, "{s}: {score} {slow}");
                }
            }
            assert_eq!(evaluate(plan, Par::SEQ).unwrap().unwrap().family.arrangements(), n);
        });
    };
    bilinear(n, |_, cells| check(cells));
    with_cells("knn_jaccard", &[("k", 3_usize.into())], n, (&[2, 3], &[2, 1]), check);
}

/// More permutations never change those before, on any strategy that keeps its scores.
#[test]
fn earlier_scores_stay() {
    let check = |cells: &[TestedPair<'_>], design: &Design| {
        let scores = |count: usize| planned(cells, design, &request(count, Method::Auto), |plan| table(plan).scores);
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

/// Strategy, and the number of pairings it stands for.
#[test]
fn strategies() {
    let free = Design::new(40, None, None, Scheme::Permute).unwrap();
    let groups: Vec<i64> = (0..40).map(|i| i / 2).collect();
    let grouped = Design::new(40, None, Some(&groups), Scheme::Permute).unwrap();
    let threes: Vec<i64> = (0..40).map(|i| i / 3).collect();
    let scattered = Design::new(40, Some(&threes), None, Scheme::Permute).unwrap();
    let strategy = |name: &str, design: &Design, count: usize, method: Method| {
        let found = std::cell::Cell::new(None);
        with_cells(name, &[], 40, (&[2, 2], &[2]), |cells| {
            let outcome = planned(cells, design, &request(count, method), |plan| evaluate(plan, Par::SEQ));
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
        assert_eq!(strategy("cka", &free, 41, method), orbits);
        assert_eq!(strategy("cka", &grouped, 41, method), orbits);
        assert_eq!(strategy("cca_mean", &free, 41, method), orbits);
        assert_eq!(strategy("procrustes", &free, 41, method), orbits);
        let none = if method == Method::Auto { one_by_one } else { None };
        assert_eq!(strategy("cka", &scattered, 41, method), none);
        assert_eq!(strategy("cca_mean", &grouped, 41, method), none);
        assert_eq!(strategy("aligned_cosine", &free, 41, method), none);
    }
    for (name, design) in [("cka", &free), ("cka", &grouped), ("cca_mean", &free), ("knn_jaccard", &free)] {
        assert_eq!(strategy(name, design, 41, Method::MonteCarlo), one_by_one, "{name}");
    }
    // So few are not worth an orbit.
    for (name, design) in [("cka", &free), ("cka", &grouped), ("cca_mean", &free), ("knn_jaccard", &free)] {
        assert_eq!(strategy(name, design, FEW - 2, Method::Auto), one_by_one, "{name}");
    }
}
