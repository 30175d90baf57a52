use super::*;
use crate::engines::pair_matrix::{Dense, PairMatrix};
use crate::form::{Link, Over, Step};
use crate::par::{Watch, with_threads};

fn dense(n: usize, pace: f64, diagonal: bool) -> Dense {
    let upper = (0..n * (n - 1) / 2).map(|at| (1.0 + pace * (at * at) as f64 + at as f64).sin()).collect();
    let diagonal = diagonal.then(|| (0..n).map(|i| 1.0 + (pace * i as f64).cos()).collect());
    Dense::new(n, upper, diagonal)
}

fn request(n_resamples: usize) -> Request {
    Request { n_resamples, key: [7; 32], alternative: None, return_null: true }
}

/// Every value of every orbit is the score of the matching that the layouts say, for every size.
#[test]
fn orbits_are_scores_of_matchings() {
    for n in (2..=20).chain([31, 60]) {
        for diagonal in [false, true] {
            let (a, b) = (dense(n, 0.31, diagonal), dense(n, 0.77, diagonal));
            let (k, l) = (PairMatrix::stored("x", a.clone(), 0.0), PairMatrix::stored("y", b.clone(), 0.0));
            let sigma = streams::permutation(&[7; 32], 0, n);
            let (engine, first) = Orbits::begin(&a, &b, &sigma, 2, Par::SEQ).unwrap();
            let tau = streams::permutation(&[7; 32], 1, n);
            let second = engine.run(&tau, Par::SEQ).unwrap();
            let size = k.norm(Par::SEQ).unwrap() * l.norm(Par::SEQ).unwrap();
            for (layout, orbit) in [(&sigma, &first), (&tau, &second)] {
                for s in 0..n {
                    let mut matching = vec![0; n];
                    (0..n).for_each(|i| matching[sigma[i]] = layout[(i + s) % n]);
                    let slow = k.inner(&l, Some(&matching), Par::SEQ).unwrap();
                    assert!((orbit[s] - slow).abs() < 1e-12 * size, "n = {n}, shift {s}: {} {slow}", orbit[s]);
                }
            }
        }
    }
}

#[test]
fn moments_are_those_of_all_matchings() {
    for n in [4, 5, 6, 7] {
        for diagonal in [false, true] {
            let (k, l) = (
                PairMatrix::stored("x", dense(n, 0.31, diagonal), 0.0),
                PairMatrix::stored("y", dense(n, 0.77, diagonal), 0.0),
            );
            let all: usize = (1..=n).product();
            let values = each_matching(n, all, |order| k.inner(&l, Some(order), Par::SEQ), Par::SEQ).unwrap();
            assert_eq!(values.len(), all);
            let mean = values.iter().sum::<f64>() / all as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / all as f64;
            let exact = moments::variance(&k.dense(Par::SEQ).unwrap(), &l.dense(Par::SEQ).unwrap(), Par::SEQ);
            let size = k.norm(Par::SEQ).unwrap() * l.norm(Par::SEQ).unwrap();
            assert!((k.inner_at_chance(&l, Par::SEQ).unwrap() - mean).abs() < 1e-12 * size);
            assert!((exact.unwrap().unwrap() - variance).abs() < 1e-12 * size * size, "n = {n}");
        }
    }
}

/// More orbits never change earlier ones, and threads change nothing.
#[test]
fn the_same_values_for_more_orbits_and_more_threads() {
    let (k, l) =
        (PairMatrix::stored("x", dense(37, 0.31, true), 0.0), PairMatrix::stored("y", dense(37, 0.77, true), 0.0));
    let form = Bilinear { k: &k, l: &l, link: Link::COSINE };
    let run = |count: usize, threads: usize| {
        let work = |par: Par<'_>| bilinear(&form, 37, &request(count), Alternative::Greater, par);
        with_threads(threads, &Watch::default(), work).unwrap().2
    };
    let (few, many) = (run(100, 1), run(900, 1));
    assert_eq!(few, many[..few.len()]);
    for threads in [2, 3, 8] {
        assert_eq!(many, run(900, threads), "{threads} threads");
    }
}

/// A link that falls turns the direction: for -T the small values of T are large scores.
#[test]
fn a_falling_link_turns_the_direction() {
    let (k, l) =
        (PairMatrix::stored("x", dense(12, 0.31, false), 0.0), PairMatrix::stored("y", dense(12, 0.77, false), 0.0));
    let with = |factor| Link { over: Over::Number(1.0), factor, offset: 0.0, step: Step::Identity };
    let p = |factor, alternative| {
        let form = Bilinear { k: &k, l: &l, link: with(factor) };
        bilinear(&form, 12, &request(500), alternative, Par::SEQ).unwrap().1
    };
    assert_eq!(p(1.0, Alternative::Greater), p(-1.0, Alternative::Less));
    assert_eq!(p(1.0, Alternative::Less), p(-1.0, Alternative::Greater));
}
