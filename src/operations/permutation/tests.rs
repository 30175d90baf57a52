use super::null::attainable::AttainableShares;
use super::pair::{PermutationResult, test_form};
use super::*;
use crate::engines::dense::{Centering, Dense};
use crate::engines::pair_matrix::PairMatrix;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::Form;
use crate::form::{Bilinear, Cross, Link, Over, Pair, Rows, Step};
use crate::linalg::Matrix;
use crate::numerics::streams::{permutation, tests::key_of_42};
use crate::operations::repeats::Repeats;
use crate::par::Par;
use crate::par::{Watch, with_threads};

/// The features of the design's golden numbers.
fn features(n: usize, d: usize, k: usize) -> Matrix {
    let entry = |i: usize, j: usize| ((i + 1) * (j + 2) * (k + 3) + i * i * (j + k + 1)) % 17;
    Matrix::from_fn(n, d, |i, j| entry(i, j) as f64 - 8.0)
}

fn pairs(n: usize, entry: impl Fn(usize, usize) -> f64, diagonal: bool) -> PairMatrix {
    let upper = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect();
    let diagonal = diagonal.then(|| (0..n).map(|i| entry(i, i)).collect());
    PairMatrix::stored("x", Dense::new(n, upper, diagonal), 0.0)
}

fn gram(x: &Matrix) -> PairMatrix {
    let (n, d) = (x.rows(), x.cols());
    let means: Vec<f64> = (0..d).map(|j| (0..n).map(|i| x.at(i, j)).sum::<f64>() / n as f64).collect();
    let c = |i: usize, j: usize| x.at(i, j) - means[j];
    pairs(n, |i, j| (0..d).map(|m| c(i, m) * c(j, m)).sum(), true)
}

fn distances(x: &Matrix) -> PairMatrix {
    pairs(x.rows(), |i, j| (x.at(i, 0) - x.at(j, 0)).abs(), false)
}

/// A matrix without structure; without a diagonal or with any.
fn any(n: usize, pace: f64, diagonal: bool) -> PairMatrix {
    pairs(n, |i, j| (pace * (i * i + j * j + 3 * i * j) as f64).sin() + 0.3, diagonal)
}

const PLAIN: Link = Link { over: Over::Number(1.0), factor: 1.0, offset: 0.0, step: Step::Identity, is_gap: false };

fn linked<'a>(k: &'a PairMatrix, l: &'a PairMatrix, link: Link) -> Form<'a> {
    Form::Bilinear(Bilinear { k, l, link })
}

const OPEN: Facts = Facts { range: (f64::NEG_INFINITY, f64::INFINITY), ..Facts::SIMILARITY };

pub(super) fn request(n_resamples: usize) -> Request {
    Request {
        n_resamples,
        key: key_of_42(),
        alternative: None,
        return_null: true,
        precision: Precision::Auto,
        method: Method::Auto,
        design: None,
        alpha: 0.05,
        moments: false,
        ids: None,
        repeats: Repeats::Auto,
    }
}

fn run(form: &Form<'_>, n: usize, request: &Request, par: Par<'_>) -> PermutationResult {
    tested(form, n, request, par).unwrap()
}

fn tested(form: &Form<'_>, n: usize, request: &Request, par: Par<'_>) -> Result<PermutationResult> {
    let design = request.design.clone().map_or_else(|| Design::new(n, None, None, Scheme::Permute), Ok)?;
    test_form(form, "test", &OPEN, (&design, &AttainableShares::unknown()), request, par)
}

fn tails(form: &Form<'_>, n: usize, n_resamples: usize) -> [f64; 3] {
    Alternative::CHOICES.map(|(_, alternative)| {
        let request = Request { alternative: Some(alternative), ..request(n_resamples) };
        run(form, n, &request, Par::SEQ).pvalue
    })
}

fn near(found: &[f64], expected: &[f64], tolerance: f64) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance)
}

/// `golden.txt`, section 1: the worked example over all 720 orders.
#[test]
fn golden_worked_example() {
    let column = |values: [f64; 6]| Matrix::from_vec(values.to_vec(), 6, 1);
    let k = distances(&column([0.0, 1.0, 2.0, 4.0, 7.0, 11.0]));
    let l = distances(&column([1.0, 0.0, 4.0, 3.0, 9.0, 12.0]));
    let form = linked(&k, &l, PLAIN);
    let found = tails(&form, 6, 719);
    assert!(near(&found, &[5.0 / 720.0, 716.0 / 720.0, 10.0 / 720.0], 1e-15), "{found:?}");
    let result = run(&form, 6, &request(719), Par::SEQ);
    assert_eq!((result.method, result.n_resamples, result.statistic), ("exact", 719, 1142.0));
    assert_eq!(run(&form, 6, &request(718), Par::SEQ).method, "orbits");
}

/// `golden.txt`, section 2, and the closed forms of section 3.
#[test]
fn golden_exact_p() {
    let sides = |n: usize, centered: bool| {
        if centered {
            (gram(&features(n, 3, 0)), gram(&features(n, 2, 1)))
        } else {
            (distances(&features(n, 1, 0)), distances(&features(n, 1, 2)))
        }
    };
    for (n, centered, statistic, expected) in [
        (5, true, 8062.4, [75.0, 46.0, 92.0]),
        (5, false, 592.0, [36.0, 87.0, 72.0]),
        (6, true, 9651.25, [310.0, 411.0, 620.0]),
        (6, false, 792.0, [312.0, 420.0, 624.0]),
        (7, true, 17_116.244_897_959_183, [1657.0, 3384.0, 3314.0]),
        (7, false, 936.0, [2636.0, 2476.0, 4952.0]),
    ] {
        let (k, l) = sides(n, centered);
        let form = linked(&k, &l, PLAIN);
        let all = (1..=n).product::<usize>() as f64;
        let found = tails(&form, n, 9999);
        assert!(near(&found, &expected.map(|count| count / all), 1e-12), "n = {n}: {found:?}");
        assert!((form.score(None, Par::SEQ).unwrap() - statistic).abs() < 1e-9);
    }
    for (centered, mean, variance, z) in [
        (true, 23_385.174_242_424_244, 207_169_328.656_213_64, 0.616_955_643_890_726_3),
        (false, 3_299.636_363_636_364, 38_978.981_573_308_85, -0.362_842_615_137_521_6),
    ] {
        let (k, l) = sides(12, centered);
        let found = run(&linked(&k, &l, PLAIN), 12, &request(99), Par::SEQ);
        assert!((found.null_mean.0 / mean - 1.0).abs() < 1e-12 && found.null_mean.1);
        assert!((found.null_std.0.powi(2) / variance - 1.0).abs() < 1e-12 && found.null_std.1);
        assert!((found.zscore.unwrap() - z).abs() < 1e-11);
    }
}

/// `golden.txt`, section 4: three orbits with the streams of seed 42.
#[test]
fn golden_orbits() {
    let expected = [
        29997.14, 38793.74, 21164.94, 17818.74, 14833.54, 31078.94, 7639.14, 8001.74, 11933.94, 14790.74, 27432.34,
        31329.54, 26307.54, 8087.34, 34029.94, 29958.94, 34689.34, 19366.34, 8665.14, 38248.14, 21701.14, 35647.94,
        25620.54, 36781.94, 15872.34, 22236.74, 1729.14, 13906.74, 8791.14, 21598.94,
    ];
    let (k, l) = (gram(&features(10, 3, 0)), gram(&features(10, 2, 1)));
    let form = linked(&k, &l, PLAIN);
    let found = run(&form, 10, &request(29), Par::SEQ);
    assert!(near(found.null_distribution.as_deref().unwrap(), &expected, 1e-9));
    assert_eq!((found.n_orbits, found.n_resamples, found.exceedances), (Some(3), 29, 9));
    assert!(near(&tails(&form, 10, 29), &[0.3, 22.0 / 30.0, 0.6], 1e-15));
}

/// Every value of every orbit is the score of the pairing it stands for, through the general path.
#[test]
fn orbits_are_scores_of_pairings() {
    for n in (3..=20).chain([31, 60]) {
        for (of_k, of_l) in [(true, true), (false, false), (false, true)] {
            let (k, l) = (any(n, 0.7, of_k), any(n, 1.3, of_l));
            let form = linked(&k, &l, Link { factor: -0.25, offset: 3.0, ..Link::COSINE });
            // Few enough that not all orders are counted instead.
            let count = if n == 3 { 4 } else { 2 * n - 1 };
            let instance = Request { method: Method::Orbits, ..request(count) };
            let tested = run(&form, n, &instance, Par::SEQ);
            assert_eq!(tested.method, "orbits");
            let sigma = permutation(&instance.key, 0, n);
            for (at, value) in tested.null_distribution.unwrap().iter().enumerate() {
                let tau = permutation(&instance.key, (at / n) as u64, n);
                let mut pairing = vec![0; n];
                (0..n).for_each(|i| pairing[sigma[i]] = tau[(i + at) % n]);
                let slow = form.score(Some(&pairing), Par::SEQ).unwrap();
                assert!((value - slow).abs() < 1e-12, "n = {n}, value {at}: {value} {slow}");
            }
        }
    }
}

/// Mean and variance over all pairings, for every kind of matrix, those of no class included.
#[test]
fn moments_are_those_of_all_pairings() {
    for n in 4..=7 {
        let kinds = [gram(&features(n, 3, 0)), distances(&features(n, 1, 2)), any(n, 0.7, true), any(n, 1.3, false)];
        for (k, l) in kinds.iter().flat_map(|k| kinds.iter().map(move |l| (k, l))) {
            let form = linked(k, l, Link::COSINE);
            let orbits = Request { method: Method::Orbits, ..request(n) };
            let (all, some) = (run(&form, n, &request(5039), Par::SEQ), run(&form, n, &orbits, Par::SEQ));
            assert_eq!((all.method, some.method), ("exact", "orbits"));
            assert!((all.null_mean.0 - some.null_mean.0).abs() < 1e-12 && some.null_mean.1);
            assert!((all.null_std.0 - some.null_std.0).abs() < 1e-11 && some.null_std.1, "n = {n}");
        }
    }
}

/// Data for the forms without orbits.
fn with_forms(n: usize, check: impl Fn(&str, &Form<'_>)) {
    let (a, b) = (features(n, 3, 0), features(n, 2, 1));
    let of = |product: &Matrix, _: Option<&[usize]>, _: Par<'_>| Ok(product.data().iter().map(|v| v.abs()).sum());
    check("cross", &Form::Cross(Cross { a: &a, b: &b, of: Box::new(of), bound: None }));
    let row = |i: usize, j: usize| f64::from(a.at(i, 0) > 0.0) * f64::from(b.at(j, 0) > 0.0);
    let rows = Rows { n, row: Box::new(row), factor: -1.0, offset: 1.0, at_chance: None };
    check("rows", &Form::Rows(rows));
    let of = |order: Option<&[usize]>, _: Par<'_>| {
        let term = |i: usize| a.at(i, 1) * b.at(order.map_or(i, |order| order[i]), 1);
        Ok(term(0) + (0..n).map(term).fold(f64::MIN, f64::max))
    };
    check("pair", &Form::Pair(Pair::new(of)));
}

/// The other forms: independent pairings from streams 1, 2, .., and all of them for few rows.
#[test]
fn other_forms_are_scores_of_pairings() {
    for n in [2, 3, 5, 9, 31] {
        with_forms(n, |name, form| {
            let every = n <= 5;
            let method = if every { Method::Exact } else { Method::MonteCarlo };
            let instance = Request { method, ..request(300) };
            let found = run(form, n, &instance, Par::SEQ);
            let all = found.method == "exact";
            assert_eq!(all, every, "{name}, n = {n}");
            let null = found.null_distribution.as_ref().unwrap();
            let observed = form.score(None, Par::SEQ).unwrap();
            assert!((null[0] - observed).abs() < 1e-12 * observed.abs().max(1.0));
            if all {
                let mean = null.iter().sum::<f64>() / null.len() as f64;
                assert!((found.null_mean.0 - mean).abs() < 1e-9 * mean.abs().max(1.0) && found.null_mean.1);
            } else {
                for (r, value) in null.iter().enumerate().skip(1) {
                    let order = permutation(&instance.key, r as u64, n);
                    let slow = form.score(Some(&order), Par::SEQ).unwrap();
                    assert!((value - slow).abs() < 1e-12 * slow.abs().max(1.0), "{name}, n = {n}");
                }
            }
            let count = null.iter().filter(|v| **v >= observed - 1e-9).count();
            assert_eq!(found.exceedances, count, "{name}, n = {n}");
            assert!((found.pvalue - count as f64 / null.len() as f64).abs() < 1e-15);
        });
    }
}

/// All bits of a result.
fn bits(found: &PermutationResult) -> Vec<u64> {
    let z = found.zscore.unwrap_or(-1.0);
    let numbers = [found.statistic, found.pvalue, found.null_mean.0, found.null_std.0, z];
    numbers.iter().chain(found.null_distribution.as_ref().unwrap()).map(|v| v.to_bits()).collect()
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let check = |name: &str, form: &Form<'_>, n: usize| {
        let alone = bits(&run(form, n, &request(4 * n), Par::SEQ));
        for threads in [1, 2, 3, 8] {
            let found = with_threads(threads, &Watch::default(), |par| bits(&run(form, n, &request(4 * n), par)));
            assert_eq!(alone, found, "{name}, {threads} threads");
        }
    };
    for n in [20, 37, 300] {
        let (k, l) = (any(n, 0.7, true), any(n, 1.3, true));
        check("orbits", &linked(&k, &l, Link::COSINE), n);
        check("root", &linked(&k, &l, Link::COSINE.then(Step::Root)), n);
    }
    with_forms(40, |name, form| check(name, form, 40));
}

/// A large matrix, whose orbits are shared out over threads strip by strip.
#[test]
fn the_same_bits_where_one_orbit_is_shared_out() {
    let n = 1504;
    let (k, l) = (any(n, 0.7, false), any(n, 1.3, false));
    let form = linked(&k, &l, Link::COSINE);
    let alone = bits(&run(&form, n, &request(n), Par::SEQ));
    let found = with_threads(3, &Watch::default(), |par| bits(&run(&form, n, &request(n), par)));
    assert_eq!(alone, found);
}

/// More permutations never change those before.
#[test]
fn earlier_values_stay() {
    let check = |form: &Form<'_>, n: usize| {
        // Multipliers depend on the number of orbits; plain orbits do not.
        let method = if matches!(form, Form::Bilinear(_)) { Method::Orbits } else { Method::Auto };
        let instance = |count| Request { method, ..request(count) };
        let [few, many] = [n / 2, 40 * n].map(|count| run(form, n, &instance(count), Par::SEQ).null_distribution);
        let (few, many) = (few.unwrap(), many.unwrap());
        assert!(few.len() < many.len());
        assert_eq!(few[..], many[..few.len()]);
    };
    let (k, l) = (any(37, 0.7, true), any(37, 1.3, true));
    check(&linked(&k, &l, Link::COSINE), 37);
    // Whether the terms of rows are looked up or computed depends on how many are wanted; their sum does not.
    with_forms(37, |_, form| check(form, 37));
}

/// Multipliers give other pairings, none twice, whose counts do not depend on the precision; the first is the observed one.
#[test]
fn multipliers_are_pairings_too() {
    for n in [11, 31, 60, 98] {
        let (k, l) = (any(n, 0.7, false), any(n, 1.3, false));
        let form = linked(&k, &l, Link::COSINE);
        let found = run(&form, n, &request(12 * n - 1), Par::SEQ);
        let single = Request { precision: Precision::Single, ..request(12 * n - 1) };
        let again = run(&form, n, &single, Par::SEQ);
        assert_eq!((found.exceedances, found.n_resamples), (again.exceedances, again.n_resamples));
        assert_eq!(found.multipliers > 1, n != 60, "n = {n}: {}", found.multipliers);
        let null = found.null_distribution.unwrap();
        assert!((null[0] - found.statistic).abs() < 1e-12);
        let count = null.iter().filter(|v| **v >= null[0] - 1e-9).count();
        assert_eq!(count, found.exceedances);
        let mut sorted = null.clone();
        sorted.sort_by(f64::total_cmp);
        let repeats = sorted.windows(2).filter(|pair| pair[1] - pair[0] < 1e-13).count();
        assert!(repeats * 50 < null.len(), "n = {n}: {repeats} of {}", null.len());
        let (mean, std) = (found.null_mean.0, found.null_std.0);
        let sampled = null.iter().sum::<f64>() / null.len() as f64;
        assert!((sampled - mean).abs() < 5.0 * std / (null.len() as f64).sqrt());
    }
}

/// The statistic within a ten-thousandth of a standard deviation of nearly all values: all of these are decided in double.
#[test]
fn ties_are_decided() {
    let n = 40;
    let k = pairs(n, |i, j| f64::from(i % 2 == j % 2), false);
    let form = linked(&k, &k, Link::COSINE);
    let [single, double] = [Precision::Single, Precision::Double].map(|precision| {
        let instance = Request { precision, return_null: false, ..request(400) };
        run(&form, n, &instance, Par::SEQ)
    });
    assert_eq!(single.exceedances, double.exceedances);
    let other = pairs(n, |i, j| f64::from(i * i % 7 < 3 && j * j % 7 < 3), false);
    let form = linked(&k, &other, Link::COSINE);
    let [single, double] = [Precision::Single, Precision::Double].map(|precision| {
        let instance = Request { precision, return_null: false, ..request(4000) };
        run(&form, n, &instance, Par::SEQ)
    });
    assert_eq!((single.exceedances, double.adjudicated), (double.exceedances, 0));
    assert!(single.adjudicated > 0);
}

/// A link that falls turns the direction; a root that flattens what is negative makes ties of it.
#[test]
fn links() {
    let (k, l) = (any(12, 0.7, false), any(12, 1.3, false));
    let [up, down] = [1.0, -1.0].map(|factor| tails(&linked(&k, &l, Link { factor, ..PLAIN }), 12, 500));
    assert_eq!((up[0], up[1], up[2]), (down[1], down[0], down[2]));
    let z = |factor| run(&linked(&k, &l, Link { factor, ..PLAIN }), 12, &request(500), Par::SEQ).zscore.unwrap();
    assert!((z(1.0) + z(-1.0)).abs() < 1e-12);
    let observed = run(&linked(&k, &l, PLAIN), 12, &request(500), Par::SEQ).statistic;
    let root = Link { offset: -observed - 1.0, step: Step::Root, ..PLAIN };
    let found = run(&linked(&k, &l, root), 12, &request(500), Par::SEQ);
    assert_eq!((found.statistic, found.pvalue), (0.0, 1.0));
    assert!(!found.null_mean.1 && !found.null_std.1);
}

/// Pairings all tie where none changes anything.
#[test]
fn all_equal() {
    let (flat, other) = (pairs(9, |_, _| 1.0, false), any(9, 1.3, false));
    let form = linked(&flat, &other, Link::COSINE);
    assert_eq!(tails(&form, 9, 99), [1.0; 3]);
    assert_eq!(run(&form, 9, &request(99), Par::SEQ).zscore, None);
    let rows = Rows { n: 9, row: Box::new(|_, _| 0.1), factor: 1.0, offset: 0.0, at_chance: None };
    assert_eq!(tails(&Form::Rows(rows), 9, 99), [1.0; 3]);
}

/// Tiny scores are told apart like any others.
#[test]
fn scale_does_not_matter() {
    let p = |scale: f64| {
        let of = move |order: Option<&[usize]>, _: Par<'_>| {
            Ok(scale * (0..30).map(|i| ((i * order.map_or(i, |order| order[i])) as f64).sin()).sum::<f64>())
        };
        tails(&Form::Pair(Pair::new(of)), 30, 99)
    };
    assert_eq!(p(1.0), p(2.0_f64.powi(-500)));
}

/// A pairing without a score ends the test with a name.
#[test]
fn undefined_scores_are_refused() {
    let of = |order: Option<&[usize]>, _: Par<'_>| Ok(if order.is_none_or(|o| o[0] == 0) { 1.0 } else { f64::NAN });
    let form = Form::Pair(Pair::new(of));
    let found = tested(&form, 20, &request(99), Par::SEQ);
    assert!(matches!(found, Err(Error::Undefined { .. })));
}

#[test]
fn few_arrangements_come_with_a_caution() {
    let codes = |n: usize, n_resamples: usize| {
        let (k, l) = (any(n, 0.7, true), any(n, 1.3, true));
        let found = run(&linked(&k, &l, Link::COSINE), n, &request(n_resamples), Par::SEQ);
        found.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(3, 99), ["p_floor"]);
    assert_eq!(codes(30, 9), ["p_floor"]);
    assert!(codes(30, 20).is_empty());
}

/// A run that is stopped stops, and counts what it does.
#[test]
fn stopped_and_counted() {
    let (k, l) = (any(30, 0.7, true), any(30, 1.3, true));
    let form = linked(&k, &l, Link::COSINE);
    let watch = Watch::default();
    run(&form, 30, &request(99), Par::watched(false, &watch));
    assert_eq!(watch.progress(), (120, 120));
    watch.cancel();
    let stopped = tested(&form, 30, &request(99), Par::watched(false, &watch));
    assert!(matches!(stopped, Err(Error::Interrupted { .. })));
}

/// Unrelated data with heavy tails: the share of p-values up to a is a, within four standard errors.
#[test]
fn level() {
    let (n, sets) = (20, 600_u16);
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let mut heavy =
        || Matrix::from_fn(n, 2, |_, _| (1.0 / uniform()).sqrt() * if uniform() < 0.5 { -1.0 } else { 1.0 });
    let p: Vec<f64> = (0..sets)
        .map(|set| {
            let (k, l) = (gram(&heavy()), gram(&heavy()));
            let mut instance = Request { return_null: false, ..request(39) };
            instance.key[..2].copy_from_slice(&set.to_le_bytes());
            run(&linked(&k, &l, Link::COSINE), n, &instance, Par::SEQ).pvalue
        })
        .collect();
    for level in [0.05, 0.1, 0.25, 0.5] {
        let share = p.iter().filter(|p| **p <= level + 1e-12).count() as f64 / f64::from(sets);
        let error = (level * (1.0 - level) / f64::from(sets)).sqrt();
        assert!((share - level).abs() < 4.0 * error, "at {level}: {share}");
    }
}

/// Scores that come with an interval: Kendall's tau of sides with something in common, with ties and without.
fn with_intervals(n: usize, shared: f64, check: impl Fn(&str, &Form<'_>)) {
    let noise = |stream: u64| -> Vec<f64> {
        permutation(&[7; 32], stream, 2 * n).into_iter().map(|at| at as f64 / (2 * n) as f64 - 0.5).collect()
    };
    let (common, x, y) = (noise(1), noise(2), noise(3));
    for (outer, step) in [("kendall_tau_a", 0.0), ("kendall_tau_b", 0.0), ("kendall_tau_b", 0.25)] {
        // Whole steps make whole distances, most of which are tied.
        let round = |v: f64| if step > 0.0 { (v / step).round() * step } else { v };
        let side = |own: &[f64]| -> Vec<f64> { own.iter().zip(&common).map(|(v, c)| round(v + shared * c)).collect() };
        let [x, y] = [side(&x), side(&y)];
        let options = [("inner", "euclidean"), ("outer", outer)].map(|(k, v)| (k.to_owned(), v.into())).into();
        let measure = crate::measures::find("rsa").unwrap().with(options).unwrap();
        let [k, l] = [("x", &x), ("y", &y)].map(|(name, values)| {
            measure.summarize(&crate::testing::representation(name, values, 2), Par::SEQ).unwrap()
        });
        check(&format!("{outer}, steps of {step}, shared {shared}, n = {n}"), &measure.form(&k, &l).unwrap());
    }
}

/// Counts are those of scores, whichever side is asked for and whichever pairings are allowed.
#[test]
fn intervals_count_like_scores() {
    let (pruned, total) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let designs = |n: usize| {
        let strata: Vec<i64> = (0..n as i64).map(|i| i % 3).collect();
        let groups: Vec<i64> = (0..n as i64).map(|i| i / 2).collect();
        [
            Design::new(n, None, None, Scheme::Permute).unwrap(),
            Design::new(n, Some(&strata), None, Scheme::Permute).unwrap(),
            Design::new(n, None, Some(&groups), Scheme::Permute).unwrap(),
        ]
    };
    for (n, shared) in [(12, 0.5), (40, 0.0), (40, 0.4), (90, 0.2), (90, 1.0)] {
        with_intervals(n, shared, |label, form| {
            for design in designs(n) {
                for alternative in [Alternative::Greater, Alternative::Less] {
                    let instance = Request {
                        method: Method::MonteCarlo,
                        alternative: Some(alternative),
                        design: Some(design.clone()),
                        ..request(600)
                    };
                    let full = run(form, n, &instance, Par::SEQ);
                    let found = run(form, n, &Request { return_null: false, ..instance }, Par::SEQ);
                    let counts = |found: &PermutationResult| (found.exceedances, found.n_resamples, found.pvalue);
                    assert_eq!(counts(&found), counts(&full), "{label}, {alternative:?}");
                    assert_eq!(full.pruned, 0);
                    pruned.set(pruned.get() + found.pruned);
                    total.set(total.get() + 601 - 250);
                }
            }
        });
    }
    let (pruned, total) = (pruned.get(), total.get());
    assert!(pruned > total / 3 && pruned < total, "{pruned} of {total}");
}

/// Nothing is pruned where every value is wanted: for both sides, for all pairings, and for the null distribution.
#[test]
fn every_value_where_every_value_is_wanted() {
    with_intervals(60, 1.0, |label, form| {
        let plain = Request { return_null: false, ..request(400) };
        assert!(run(form, 60, &plain, Par::SEQ).pruned > 0, "{label}");
        let both = Request { alternative: Some(Alternative::TwoSided), ..plain.clone() };
        let circle = Design::new(60, None, None, Scheme::Shift).unwrap();
        for instance in [both, Request { design: Some(circle), ..plain }, request(400)] {
            assert_eq!(run(form, 60, &instance, Par::SEQ).pruned, 0, "{label}");
        }
    });
}

#[test]
fn intervals_find_the_same_with_any_number_of_threads_and_stop() {
    with_intervals(50, 0.4, |label, form| {
        let instance = Request { return_null: false, ..request(500) };
        let of = |par: Par<'_>| {
            let found = run(form, 50, &instance, par);
            let bits = [found.pvalue, found.null_mean.0, found.null_std.0].map(f64::to_bits);
            (bits, found.exceedances, found.pruned)
        };
        let alone = of(Par::SEQ);
        for threads in [1, 2, 3] {
            let watch = Watch::default();
            assert_eq!(alone, with_threads(threads, &watch, of), "{label}, {threads} threads");
            assert_eq!(watch.progress(), (501, 501), "{label}");
            watch.cancel();
            let stopped = with_threads(threads, &watch, |par| tested(form, 50, &instance, par).map(|_| ()));
            assert!(matches!(stopped, Err(Error::Interrupted { .. })));
        }
    });
}

/// The chance level of Kendall's tau is 0, exactly: over all pairings.
#[test]
fn kendall_at_chance() {
    for n in [3, 5, 6] {
        with_intervals(n, 0.5, |label, form| {
            let found = run(form, n, &request(719), Par::SEQ);
            assert_eq!((found.method, form.at_chance(Par::SEQ).unwrap()), ("exact", Some(0.0)));
            assert!(found.null_mean.0.abs() < 1e-15, "{label}: {:?}", found.null_mean);
        });
    }
}

/// Factors, where memory holds no n x n numbers, find the same counts on the same arrangements; without factors the test is
/// refused by name.
#[test]
fn memory_changes_no_arrangement() {
    let factor = |n: usize, d: usize, pace: f64| {
        let raw = Matrix::from_fn(n, d, |i, j| (pace * (i * i + 5 * i * j + 3 * j) as f64).sin());
        let means: Vec<f64> = (0..d).map(|j| (0..n).map(|i| raw.at(i, j)).sum::<f64>() / n as f64).collect();
        let a = Matrix::from_fn(n, d, |i, j| raw.at(i, j) - means[j]);
        PairMatrix::linear("x", std::sync::Arc::new(a), Centering::Plain, Par::SEQ).unwrap()
    };
    for (n, n_resamples, multipliers) in [(101, 999, 10), (101, 9999, 100), (98, 98 * 20 - 1, 4), (60, 300, 1)] {
        let (k, l) = (factor(n, 8, 0.7), factor(n, 9, 1.3));
        assert!(k.factor().is_some() && l.factor().is_some());
        let form = linked(&k, &l, Link::COSINE);
        let instance = Request { return_null: false, ..request(n_resamples) };
        let little = Par::SEQ.with_memory_limit(Some(8 * (n * n) as u64));
        let (stored, factors) = (run(&form, n, &instance, Par::SEQ), run(&form, n, &instance, little));
        assert_eq!((stored.multipliers, factors.multipliers), (multipliers, multipliers), "n = {n}");
        assert_eq!((stored.n_resamples, stored.n_orbits), (factors.n_resamples, factors.n_orbits));
        assert_eq!((stored.exceedances, stored.pvalue), (factors.exceedances, factors.pvalue));
        assert!((stored.null_std.0 / factors.null_std.0 - 1.0).abs() < 1e-12);
        assert!((stored.zscore.unwrap() - factors.zscore.unwrap()).abs() < 1e-9);
        let every = Request { return_null: true, ..instance };
        let [all, others] = [Par::SEQ, little].map(|par| run(&form, n, &every, par).null_distribution.unwrap());
        assert!(near(&all, &others, 1e-12), "n = {n}");
        let (k, l) = (any(n, 0.7, true), any(n, 1.3, true));
        let refused = tested(&linked(&k, &l, Link::COSINE), n, &every, little);
        assert_eq!(refused.unwrap_err().code(), "over_budget");
    }
}
