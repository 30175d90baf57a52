//! Against all pairings, golden numbers and the definition.

use std::sync::Arc;

use super::*;
use crate::engines::dense::{Centering, Dense};
use crate::engines::pair_matrix::PairMatrix;
use crate::linalg::{self, Matrix};
use crate::operations::permutation::moments::factored::Factored;
use crate::operations::permutation::moments::stored::SquaredResidual;
use crate::par::{Watch, with_threads};

fn stored(n: usize, entry: impl Fn(usize, usize) -> f64, diagonal: bool) -> Dense {
    let upper = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect();
    Dense::new(n, upper, diagonal.then(|| (0..n).map(|i| entry(i, i)).collect()))
}

/// The features of the design's golden numbers.
fn features(n: usize, d: usize, k: usize) -> Matrix {
    let entry = |i: usize, j: usize| ((i + 1) * (j + 2) * (k + 3) + i * i * (j + k + 1)) % 17;
    Matrix::from_fn(n, d, |i, j| entry(i, j) as f64 - 8.0)
}

fn gram(x: &Matrix) -> Dense {
    let (n, d) = (x.rows(), x.cols());
    let means: Vec<f64> = (0..d).map(|j| (0..n).map(|i| x.at(i, j)).sum::<f64>() / n as f64).collect();
    let c = |i: usize, j: usize| x.at(i, j) - means[j];
    stored(n, |i, j| (0..d).map(|m| c(i, m) * c(j, m)).sum(), true)
}

fn distances(x: &Matrix) -> Dense {
    stored(x.rows(), |i, j| (x.at(i, 0) - x.at(j, 0)).abs(), false)
}

/// A matrix without structure; without a diagonal or with any.
fn any(n: usize, pace: f64, diagonal: bool) -> Dense {
    stored(n, |i, j| (pace * (i * i + j * j + 3 * i * j) as f64).sin() + 0.3, diagonal)
}

/// Fewer than three items have no U-centered matrix but zero.
fn u_centered(mut k: Dense) -> Dense {
    if k.n() < 3 {
        return stored(k.n(), |_, _| 0.0, false);
    }
    k.u_center(Par::SEQ).unwrap();
    k
}

fn centered(mut k: Dense) -> Dense {
    k.center(Par::SEQ).unwrap();
    k
}

/// Every kind of matrix, those of no class included.
fn kinds(n: usize, pace: f64) -> Vec<Dense> {
    vec![
        gram(&features(n, 3, pace as usize)),
        centered(any(n, pace, true)),
        u_centered(any(n, pace, false)),
        distances(&features(n, 1, 2)),
        any(n, pace, false),
        any(n, pace, true),
    ]
}

fn statistic(k: &Dense, l: &Dense, order: &[usize]) -> f64 {
    let n = order.len();
    (0..n).map(|i| (0..n).map(|j| k.at(i, j) * l.at(order[i], order[j])).sum::<f64>()).sum()
}

fn every_order(n: usize, mut visit: impl FnMut(&[usize])) {
    fn go(order: &mut [usize], at: usize, visit: &mut impl FnMut(&[usize])) {
        if at == order.len() {
            return visit(order);
        }
        for other in at..order.len() {
            order.swap(at, other);
            go(order, at + 1, visit);
            order.swap(at, other);
        }
    }
    go(&mut (0..n).collect::<Vec<_>>(), 0, &mut visit);
}

/// By halves: sums of tens of thousands of terms one after the other would be less exact than what they test.
fn total(values: &[f64]) -> f64 {
    match values.len() {
        0..=32 => values.iter().sum(),
        length => total(&values[..length / 2]) + total(&values[length / 2..]),
    }
}

/// Mean, variance, skewness and kurtosis over all orders.
fn brute(k: &Dense, l: &Dense) -> [f64; 4] {
    let mut values = Vec::new();
    every_order(k.n(), |order| values.push(statistic(k, l, order)));
    let count = values.len() as f64;
    let mean = total(&values) / count;
    values.iter_mut().for_each(|v| *v -= mean);
    let moment = |r: i32| total(&values.iter().map(|v| v.powi(r)).collect::<Vec<_>>()) / count;
    let variance = moment(2);
    [mean, variance, moment(3) / variance.powf(1.5), moment(4) / variance.powi(2)]
}

fn of(k: &Dense, l: &Dense, order: MomentOrder) -> Moments {
    let [a, b] = [k, l].map(|matrix| Invariants::of_dense(matrix, order, Par::SEQ).unwrap());
    moments(&a, &b)
}

#[test]
fn those_of_all_pairings() {
    for n in 1..=7 {
        for (k, l) in kinds(n, 1.0).iter().flat_map(|k| kinds(n, 2.0).into_iter().map(move |l| (k, l))) {
            let (found, [mean, variance, skewness, _]) = (of(k, &l, MomentOrder::Kurtosis), brute(k, &l));
            let size = mean.abs() + variance.sqrt() + 1e-12;
            assert!((found.mean - mean).abs() < 1e-13 * size, "n = {n}: mean {} {mean}", found.mean);
            let (a, b) = (found.variance, variance);
            assert!((a - b).abs() <= 1e-12 * b + 1e-26, "n = {n}: variance {a} {b}");
            assert_eq!(found.kurtosis, None);
            match found.skewness {
                Some(found) if n >= 6 => assert!((found - skewness).abs() < 6e-13, "n = {n}: {found} {skewness}"),
                other => assert!(n < 6 && other.is_none()),
            }
        }
    }
}

/// All pairings of eight items, each kind with itself and with the next, so that kinds mix; and of nine.
#[test]
fn the_fourth_moment() {
    let check = |k: &Dense, l: &Dense| {
        let (found, [_, _, skewness, kurtosis]) = (of(k, l, MomentOrder::Kurtosis), brute(k, l));
        let (s, t) = (found.skewness.unwrap(), found.kurtosis.unwrap());
        assert!((s - skewness).abs() < 1e-13, "{s} {skewness}");
        assert!((t - kurtosis).abs() < 1e-13, "{t} {kurtosis}");
    };
    let (k, l) = (kinds(8, 1.0), kinds(8, 2.0));
    for (at, k) in k.iter().enumerate() {
        check(k, &l[at]);
        check(k, &l[(at + 1) % l.len()]);
    }
    check(&any(9, 1.0, true), &any(9, 2.0, true));
}

#[test]
fn golden() {
    let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-12;
    for (n, of_grams, of_distances) in [
        (
            6,
            [9365.050000000001, 28850006.337777782, 92787462846.81067, 2216552103363030.0],
            [800.8000000000001, 4796.160000000002, 358683.9039999999, 86854649.30986688],
        ),
        (
            7,
            [14302.04081632653, 64511554.30392891, 326671042731.61584, 1.1828327095304736e16],
            [951.9999999999999, 5809.142857142857, 432143.08571428614, 137378725.48571372],
        ),
        (
            12,
            [23385.174242424244, 207169328.65621364, 3376763873494.326, 1.9065652078465034e17],
            [3299.636363636364, 38978.98157330885, 6898210.201719675, 6686752040.349301],
        ),
    ] {
        let grams = of(&gram(&features(n, 3, 0)), &gram(&features(n, 2, 1)), MomentOrder::Kurtosis);
        let lines = of(&distances(&features(n, 1, 0)), &distances(&features(n, 1, 2)), MomentOrder::Kurtosis);
        for (found, [mean, variance, third, fourth]) in [(grams, of_grams), (lines, of_distances)] {
            assert!(near(found.mean, mean) && near(found.variance, variance), "n = {n}");
            assert!(near(found.skewness.unwrap() * variance.powf(1.5), third), "n = {n}: {found:?} {third}");
            let kurtosis = found.kurtosis;
            assert!(kurtosis.map_or(n < 8, |v| near(v * variance * variance, fourth)), "n = {n}: {kurtosis:?}");
        }
    }
}

/// The design's vector is d where ours is u = -d/(n-2).
#[test]
fn golden_invariants_from_features() {
    let a = Factored::new(&features(12, 3, 0), 1.0, Par::SEQ).unwrap().x;
    let found = Invariants::of_factor(&a, Centering::Plain, MomentOrder::Skewness, Par::SEQ).unwrap();
    let third = found.third.clone().unwrap();
    let s = found.scale;
    for (name, found, expected) in [
        ("tr", 12.0 * found.means.0, 606.3333333333334),
        ("m", found.means.1, -4.593434343434343),
        ("p2", found.two[0] / s.powi(2), 9297.296296296297),
        ("p3", third.three[0] / s.powi(3), 126309.85596707824),
        ("w2", found.w / s.powi(2), 119139.52727272724),
        ("h", third.h[0] / s.powi(3), -83362.52525252511),
        ("g", third.g[0] / s.powi(3), 1610425.6888888888),
        ("c", third.cubes[0] / s.powi(3), 1220945.1084297523),
        ("t", third.cubes[1] / s.powi(3), 19768690.6552066),
        ("p2 of u", found.two[2] / s.powi(2), 9297.296296296297 / 100.0),
    ] {
        assert!((found / expected - 1.0).abs() < 1e-12, "{name}: {found} {expected}");
    }
}

fn wave(n: usize, r: usize, pace: f64) -> Matrix {
    Matrix::from_fn(n, r, |i, j| (pace * (i * i) as f64 + 0.7 * (j * i) as f64).sin() / (1 + j) as f64 + 0.2)
}

fn near(a: &[f64], b: &[f64], size: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * size)
}

/// Factors, whose columns need not be centered, against their stored matrices, for all three diagonals; sizes on
/// both sides of the tiles.
#[test]
fn factors_are_their_matrices() {
    for (n, r) in [(1, 2), (2, 1), (3, 2), (7, 1), (40, 5), (300, 40)] {
        let a = wave(n, r, 1.3);
        for centering in [Centering::Plain, Centering::HollowDiagonal, Centering::UCentered] {
            if n < 3 && centering == Centering::UCentered {
                continue;
            }
            let mut dense = Dense::of_rows(&a, centering == Centering::Plain, |_, _, v| v, Par::SEQ).unwrap();
            if centering == Centering::UCentered {
                dense.u_center(Par::SEQ).unwrap();
            }
            let slow = Decomposition::of_dense(&dense, Par::SEQ).unwrap();
            let fast = Factored::new(&a, 1.0, Par::SEQ).unwrap().parts(centering);
            let size = r as f64;
            assert!(near(&[fast.k, fast.m], &[slow.k, slow.m], size), "{n} {centering:?}");
            assert!(near(&fast.u, &slow.u, size) && near(&fast.d, &slow.d, size), "{n} {centering:?}");
            let other = Invariants::of_dense(&any(n, 0.7, true), MomentOrder::Skewness, Par::SEQ).unwrap();
            let fast = Invariants::of_factor(&a, centering, MomentOrder::Skewness, Par::SEQ).unwrap();
            let slow = Invariants::of_dense(&dense, MomentOrder::Skewness, Par::SEQ).unwrap();
            let [fast, slow] = [fast, slow].map(|it| moments(&it, &other));
            assert!((fast.variance - slow.variance).abs() <= 2e-12 * slow.variance + 1e-26, "{n} {r} {centering:?}");
            assert!((fast.mean - slow.mean).abs() < 1e-12 * (slow.mean.abs() + slow.variance.sqrt() + 1e-12));
            assert_eq!(fast.skewness.is_some(), n >= 6);
            if let (Some(a), Some(b)) = (fast.skewness, slow.skewness) {
                assert!((a - b).abs() < 1e-12, "{n} {r} {centering:?}: {a} {b}");
            }
        }
    }
}

/// The choice between the two ways.
#[test]
fn of_pairs() {
    let a = Arc::new(wave(60, 3, 1.3));
    let pairs = PairMatrix::linear("x", a.clone(), Centering::Plain, Par::SEQ).unwrap();
    assert_eq!(pairs.factor_columns(), Some(3));
    let of = |order| Invariants::of(&pairs, order, Par::SEQ).unwrap();
    assert_eq!(
        of(MomentOrder::Skewness),
        Invariants::of_factor(&a, Centering::Plain, MomentOrder::Skewness, Par::SEQ).unwrap()
    );
    assert!(of(MomentOrder::Variance).third.is_none() && of(MomentOrder::Kurtosis).fourth.is_some());
    let (fast, slow) = (of(MomentOrder::Skewness), of(MomentOrder::Kurtosis));
    let [fast, slow] = [&fast, &slow].map(|it| moments(it, &slow));
    assert!((fast.variance / slow.variance - 1.0).abs() < 1e-12 && fast.kurtosis.is_none());
    assert!((fast.skewness.unwrap() - slow.skewness.unwrap()).abs() < 1e-12);
    let parts = (
        Decomposition::of(&pairs, Par::SEQ).unwrap(),
        Decomposition::of_dense(&pairs.dense(Par::SEQ).unwrap(), Par::SEQ),
    );
    assert!(near(&parts.0.u, &parts.1.unwrap().u, 1.0));
}

/// The tiles of the product against three loops, with a last tile that is not full.
#[test]
fn products_by_tiles() {
    let n = 260;
    let w = any(n, 0.7, true).full().unwrap();
    let found = SquaredResidual::of(&w, Par::SEQ).unwrap();
    let p = linalg::product_nn(&w, &w, Par::SEQ).unwrap();
    let direct = |i: usize, j: usize| (0..n).map(|k| w.at(i, k) * w.at(k, j)).sum::<f64>();
    assert!((p.at(3, 259) - direct(3, 259)).abs() < 1e-11);
    let cube = |i: usize| (0..n).map(|j| w.at(i, j) * p.at(i, j)).sum::<f64>();
    let size = p.squared_norm();
    assert!((0..n).all(|i| (found.cube[i] - cube(i)).abs() < 1e-13 * size));
    assert!((found.squares - size).abs() < 1e-12 * size);
    let with: f64 = w.data().iter().zip(p.data()).map(|(w, p)| w * w * p).sum();
    assert!((found.with_squares - with).abs() < 1e-13 * size);
}

/// The statistic of every pairing of five items is its parts put together, whatever the matrices are.
#[test]
fn parts_make_up_the_statistic() {
    for n in [1, 2, 3, 5] {
        for (k, l) in kinds(n, 1.0).iter().flat_map(|k| kinds(n, 2.0).into_iter().map(move |l| (k, l))) {
            let [p, q] = [k, &l].map(|matrix| Decomposition::of_dense(matrix, Par::SEQ).unwrap());
            let [w, v] = [(k, &p), (&l, &q)].map(|(matrix, parts)| {
                let mut w = matrix.full().unwrap();
                (0..n).for_each(|i| parts.residual_row(i, w.row_mut(i)));
                w
            });
            for w in [&w, &v] {
                assert!((0..n).all(|i| w.at(i, i) == 0.0 && w.row(i).iter().sum::<f64>().abs() < 1e-11));
            }
            let mut piece = k.full().unwrap().row(0)[1..].to_vec();
            p.residual_piece(0, 1, &mut piece);
            assert_eq!(piece, w.row(0)[1..]);
            every_order(n, |order| {
                let linear = |x: &[f64], y: &[f64]| (0..n).map(|i| x[i] * y[order[i]]).sum::<f64>();
                let pair = |i: usize| (0..n).map(|j| w.at(i, j) * v.at(order[i], order[j])).sum::<f64>();
                let parts = p.mean(&q)
                    + p.linear(&q).iter().map(|(factor, x, y)| factor * linear(x, y)).sum::<f64>()
                    + (0..n).map(pair).sum::<f64>();
                let direct = statistic(k, &l, order);
                assert!((parts - direct).abs() < 1e-13 * direct.abs().max(1e3), "n = {n}: {parts} {direct}");
            });
        }
    }
}

/// Scores that ignore scale ignore it bit for bit, and nothing overflows or vanishes on the way.
#[test]
fn scale_does_not_matter() {
    let (k, l) = (any(12, 0.7, true), any(12, 1.3, true));
    let plain = of(&k, &l, MomentOrder::Kurtosis);
    for exponent in [-200, 200] {
        let [small, other] = [(&k, exponent), (&l, exponent - 3)].map(|(matrix, exponent)| {
            let mut scaled = matrix.copy().unwrap();
            scaled.scale(2.0_f64.powi(exponent), Par::SEQ).unwrap();
            scaled
        });
        let found = of(&small, &other, MomentOrder::Kurtosis);
        assert_eq!((found.skewness, found.kurtosis), (plain.skewness, plain.kurtosis));
        assert_eq!(found.mean, plain.mean * 2.0_f64.powi(2 * exponent - 3));
    }
}

/// A large constant and a large constant diagonal change no moment but the mean.
#[test]
fn constants_do_not_matter() {
    let (k, l) = (any(30, 0.7, true), any(30, 1.3, true));
    let plain = of(&k, &l, MomentOrder::Kurtosis);
    let moved = |i: usize, j: usize| k.at(i, j) + 1024.0 + if i == j { 1e6 } else { 0.0 };
    let found = of(&stored(30, moved, true), &l, MomentOrder::Kurtosis);
    assert!((found.variance / plain.variance - 1.0).abs() < 1e-8);
    assert!((found.skewness.unwrap() - plain.skewness.unwrap()).abs() < 1e-8);
    assert!((found.kurtosis.unwrap() - plain.kurtosis.unwrap()).abs() < 1e-8);
    let flat = of(&stored(9, |_, _| 1.0, true), &any(9, 1.3, true), MomentOrder::Kurtosis);
    assert!(flat.variance < 1e-25);
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let n = 300;
    let (k, a) = (any(n, 0.7, true), wave(n, 40, 1.3));
    let all = |par: Par<'_>| {
        let dense = Invariants::of_dense(&k, MomentOrder::Kurtosis, par).unwrap();
        let factor = Invariants::of_factor(&a, Centering::Plain, MomentOrder::Skewness, par).unwrap();
        (dense, factor, Invariants::of_dense(&k, MomentOrder::Variance, par).unwrap())
    };
    let alone = all(Par::SEQ);
    for threads in [1, 2, 3, 8] {
        assert!(with_threads(threads, &Watch::default(), all) == alone, "{threads} threads");
    }
}
