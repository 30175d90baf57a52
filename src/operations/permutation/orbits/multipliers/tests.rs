use super::*;
use crate::engines::dense::Dense;
use crate::numerics::streams::permutation;
use crate::operations::permutation::orbits::cyclic::CyclicOrbits;
use crate::operations::permutation::orbits::residual::Residual;
use crate::par::{Par, Watch, with_threads};

/// Any symmetric matrix, diagonal included.
fn symmetric<T: OrbitFloat>(n: usize, pace: f64) -> Vec<T> {
    let entry = |i: usize, j: usize| (pace * (i * i + j * j + 3 * i * j) as f64).sin() + 0.1;
    (0..n * n).map(|at| T::of(entry(at / n, at % n))).collect()
}

/// The definition, in double precision.
fn direct<T: OrbitFloat>(k: &[T], l: &[T], sigma: &[usize], tau: &[usize], a: usize, s: usize) -> f64 {
    let n = sigma.len();
    let image = |i: usize| tau[a * (i + s) % n];
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    pairs.map(|(i, j)| k[sigma[i] * n + sigma[j]].into() * l[image(i) * n + image(j)].into()).sum()
}

/// Largest difference from the definition, relative to the largest value.
fn error<T: OrbitFloat>(found: &[f64], n: usize, multipliers: &[usize], seeds: (u64, u64)) -> f64 {
    let (k, l) = (symmetric::<T>(n, 0.7), symmetric::<T>(n, 1.3));
    let (sigma, tau) = (permutation(&[5; 32], seeds.0, n), permutation(&[5; 32], seeds.1, n));
    assert_eq!(found.len(), n * multipliers.len());
    let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
    for (&a, row) in multipliers.iter().zip(found.chunks(n)) {
        for (s, value) in row.iter().enumerate() {
            let expected = direct(&k, &l, &sigma, &tau, a, s);
            worst = worst.max((value - expected).abs());
            largest = largest.max(expected.abs());
        }
    }
    worst / largest
}

fn powers(n: usize, from: i64, count: usize) -> Vec<usize> {
    let root = choice::primitive_root(n);
    let all: Vec<usize> = std::iter::successors(Some(1), |x| Some(x * root % n)).take(n - 1).collect();
    (0..count).map(|t| all[(from + t as i64).rem_euclid(n as i64 - 1) as usize]).collect()
}

fn primes_equal_the_definition<T: OrbitFloat>(tolerance: f64) {
    for n in [3, 5, 7, 11, 31] {
        let (sigma, tau) = (permutation(&[5; 32], 0, n), permutation(&[5; 32], 1, n));
        let affine = PrimeMultipliers::new(&symmetric::<T>(n, 0.7), &sigma, Par::SEQ).unwrap();
        for (from, count) in [(0, n - 1), (-3, n - 1), (0, 1), (1, 1), (-1, 3), (n as i64 / 2 - 1, 2), (-40, 5)] {
            let count = count.min(n - 1);
            let found = affine.run(&symmetric::<T>(n, 1.3), &tau, PowerRange { from, count }, Par::SEQ).unwrap();
            let error = error::<T>(&found, n, &powers(n, from, count), (0, 1));
            assert!(error < tolerance, "n = {n}, {count} powers from {from}: {error}");
        }
    }
}

/// Every multiplier and shift, and windows at any place.
#[test]
fn primes_equal_the_definition_in_either_precision() {
    primes_equal_the_definition::<f64>(1e-14);
    primes_equal_the_definition::<f32>(1e-5);
}

fn units_equal_the_definition<T: OrbitFloat>(tolerance: f64) {
    for n in (1..=34).chain([64, 66]) {
        let (sigma, tau) = (permutation(&[5; 32], 2, n), permutation(&[5; 32], 3, n));
        let engine = CompositeMultipliers::new(&symmetric::<T>(n, 0.7), &sigma, Par::SEQ).unwrap();
        let units = if n < 3 { vec![1] } else { choice::units(n) };
        let units = if n < 60 { units } else { units[units.len() - 3..].to_vec() };
        let found = engine.run(&symmetric::<T>(n, 1.3), &tau, &units, Par::SEQ).unwrap();
        let error = error::<T>(&found, n, &units, (2, 3));
        assert!(error < tolerance, "n = {n}: {error}");
        assert!(engine.run(&symmetric::<T>(n, 1.3), &tau, &[], Par::SEQ).unwrap().is_empty());
    }
}

#[test]
fn units_equal_the_definition_in_either_precision() {
    units_equal_the_definition::<f64>(1e-14);
    units_equal_the_definition::<f32>(1e-5);
}

/// Both sizes of blocks and every way a band can lie, against all multipliers at once.
#[test]
fn windows_are_rows_of_all() {
    let n = 211;
    let (k, l) = (symmetric::<f64>(n, 0.7), symmetric::<f64>(n, 1.3));
    let (sigma, tau) = (permutation(&[5; 32], 0, n), permutation(&[5; 32], 1, n));
    let affine = PrimeMultipliers::new(&k, &sigma, Par::SEQ).unwrap();
    let family = affine.family(&l, &tau, Par::SEQ).unwrap();
    let all = family.values(PowerRange::all(n), Par::SEQ).unwrap();
    let scale = all.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    for (from, count) in
        [(0, 1), (-1, 2), (-7, 20), (95, 20), (100, 20), (104, 3), (200, 20), (17, 88), (90, 104), (5, 130)]
    {
        let found = family.values(PowerRange { from, count }, Par::SEQ).unwrap();
        for (t, row) in found.chunks(n).enumerate() {
            let p = (from + t as i64).rem_euclid(n as i64 - 1) as usize;
            let error = row.iter().zip(&all[p * n..]).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
            assert!(error < 1e-13 * scale, "{count} powers from {from}, number {t}: {error}");
        }
    }
    for (&a, row) in powers(n, 0, n - 1).iter().zip(all.chunks(n)).step_by(23) {
        let expected = direct(&k, &l, &sigma, &tau, a, 77);
        assert!((row[77] - expected).abs() < 1e-12 * scale, "a = {a}: {} {expected}", row[77]);
    }
}

/// Row a is the shift orbit of the relabeling tau(a i), by the engine for shifts; and the engines agree at a prime.
#[test]
fn rows_are_shift_orbits() {
    let dense = |matrix: &[f64], n: usize| {
        let upper = (0..n).flat_map(|i| (i + 1..n).map(move |j| matrix[i * n + j])).collect();
        Dense::new(n, upper, Some((0..n).map(|i| matrix[i * n + i]).collect()))
    };
    for (n, multipliers) in [(101, vec![1, 2, 50, 99]), (60, vec![1, 7, 31, 59]), (81, vec![1, 2, 40, 79])] {
        let (k, l) = (symmetric::<f64>(n, 0.7), symmetric::<f64>(n, 1.3));
        let (sigma, tau) = (permutation(&[5; 32], 0, n), permutation(&[5; 32], 1, n));
        let found =
            CompositeMultipliers::new(&k, &sigma, Par::SEQ).unwrap().run(&l, &tau, &multipliers, Par::SEQ).unwrap();
        let (k_pairs, l_pairs) = (dense(&k, n), dense(&l, n));
        let apart = |pairs| Residual::of(pairs, Par::SEQ).unwrap();
        let (k_apart, l_apart) = (apart(&k_pairs), apart(&l_pairs));
        let (shifts, _) = CyclicOrbits::<f64>::begin(&k_apart, &l_apart, &sigma, 2, Par::SEQ).unwrap();
        let affine = choice::is_prime(n).then(|| PrimeMultipliers::new(&k, &sigma, Par::SEQ).unwrap());
        let all = affine.map(|affine| affine.run(&l, &tau, PowerRange::all(n), Par::SEQ).unwrap());
        for (&a, row) in multipliers.iter().zip(found.chunks(n)) {
            let stretched: Vec<usize> = (0..n).map(|i| tau[a * i % n]).collect();
            let expected = shifts.run(&stretched, Par::SEQ).unwrap();
            let close = |row: &[f64]| row.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12 * (n * n) as f64);
            assert!(close(row), "n = {n}, a = {a}");
            if let Some(all) = &all {
                let power = powers(n, 0, n - 1).iter().position(|&b| b == a).unwrap();
                assert!(close(&all[power * n..(power + 1) * n]), "n = {n}, a = {a}");
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    let run = |n: usize, threads: usize| {
        with_threads(threads, &Watch::default(), |par| {
            let (k, l) = (symmetric::<f32>(n, 0.7), symmetric::<f32>(n, 1.3));
            let (sigma, tau) = (permutation(&[5; 32], 0, n), permutation(&[5; 32], 1, n));
            if choice::is_prime(n) {
                let affine = PrimeMultipliers::new(&k, &sigma, par).unwrap();
                let mut values = affine.run(&l, &tau, PowerRange::all(n), par).unwrap();
                values.extend(affine.run(&l, &tau, PowerRange { from: -9, count: 21 }, par).unwrap());
                values
            } else {
                CompositeMultipliers::new(&k, &sigma, par).unwrap().run(&l, &tau, &[1, 7, 13], par).unwrap()
            }
        })
    };
    for n in [331, 330] {
        let alone = run(n, 1);
        assert!([2, 3, 8].into_iter().all(|threads| run(n, threads) == alone), "n = {n}");
    }
}

#[test]
fn can_be_stopped() {
    let watch = Watch::default();
    watch.cancel();
    let (k, sigma) = (symmetric::<f32>(31, 0.7), permutation(&[5; 32], 0, 31));
    assert!(PrimeMultipliers::new(&k, &sigma, Par::watched(false, &watch)).is_err());
    assert!(CompositeMultipliers::new(&k, &sigma, Par::watched(false, &watch)).is_err());
    let affine = PrimeMultipliers::new(&k, &sigma, Par::SEQ).unwrap();
    let family = affine.family(&k, &sigma, Par::SEQ).unwrap();
    assert!(family.values(PowerRange::all(31), Par::watched(false, &watch)).is_err());
}

/// The group of a prime is sharply 2-transitive, so the mean over it is the mean over all permutations.
#[test]
fn mean_is_that_of_all_permutations() {
    let n = 31;
    let (k, l) = (symmetric::<f64>(n, 0.7), symmetric::<f64>(n, 1.3));
    let (sigma, tau) = (permutation(&[5; 32], 0, n), permutation(&[5; 32], 1, n));
    let values =
        PrimeMultipliers::new(&k, &sigma, Par::SEQ).unwrap().run(&l, &tau, PowerRange::all(n), Par::SEQ).unwrap();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let sums = |m: &[f64]| {
        let trace: f64 = (0..n).map(|i| m[i * n + i]).sum();
        (trace, m.iter().sum::<f64>() - trace)
    };
    let ((k_trace, k_rest), (l_trace, l_rest)) = (sums(&k), sums(&l));
    let expected = k_trace * l_trace / n as f64 + k_rest * l_rest / (n * (n - 1)) as f64;
    assert!((mean - expected).abs() < 1e-12 * (n * n) as f64, "{mean} {expected}");
}

/// Multipliers of a relabeling come from its stream, after its permutation.
#[test]
fn multipliers_are_those_of_the_reference() {
    use crate::numerics::streams::Stream;
    use crate::numerics::streams::tests::key_of_42;
    use crate::operations::permutation::orbits::multipliers::choice::{PowerRange, draw_units};
    let key = key_of_42();
    let after = |r: u64, n: usize| {
        let mut stream = Stream::new(&key, r);
        stream.permutation(n);
        move |count: u32| stream.below(count)
    };
    assert_eq!([0, 1, 2, 3].map(|r| PowerRange::draw(1009, 20, after(r, 1009)).identity()), [13, 19, 14, 16]);
    assert_eq!(draw_units(1000, 5, after(0, 1000)), [1, 761, 331, 541, 757]);
    assert_eq!(draw_units(1000, 5, after(1, 1000)), [1, 541, 643, 377, 819]);
}
