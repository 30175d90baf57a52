//! Shift orbits: what n permutations of a bilinear score cost.
//!
//! `first` is a whole test of n - 1 permutations, set-up included; `further` is one orbit more, by the packed matrix (few
//! orbits) or by the unpacked one (many).

use std::hint::black_box;

use _core::engines::dense::Dense;
use _core::numerics::fft::LaneFloat;
use _core::numerics::streams::permutation;
use _core::operations::permutation::orbits::cyclic::CyclicOrbits;
use _core::operations::permutation::orbits::residual::Residual;
use _core::par::{Par, Watch, with_threads};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const KEY: [u8; 32] = [3; 32];

fn dense(n: usize, pace: f64) -> Dense {
    Dense::new(n, (0..n * (n - 1) / 2).map(|at| (pace * at as f64).sin()).collect(), None)
}

fn orbits<T: LaneFloat>(criterion: &mut Criterion, precision: &str) {
    let mut group = criterion.benchmark_group(format!("orbits {precision}"));
    group.sample_size(10);
    for n in [200, 1000, 1009, 2000, 5000] {
        let (k, l) = (dense(n, 0.7), dense(n, 1.3));
        let (k, l) = (residual(&k), residual(&l));
        let (sigma, tau) = (permutation(&KEY, 0, n), permutation(&KEY, 1, n));
        for threads in [1, 2] {
            let id = |what: &str| BenchmarkId::new(format!("{what}, threads {threads}"), n);
            let watch = Watch::default();
            let begin = |count: usize| {
                with_threads(threads, &watch, |par| CyclicOrbits::<T>::begin(&k, &l, &sigma, count, par))
                    .expect("never stopped")
            };
            group.bench_function(id("first"), |bencher| bencher.iter(|| black_box(begin(1).1)));
            for (what, count) in [("further, packed", 2), ("further, unpacked", 9)] {
                let (engine, _) = begin(count);
                let run = || with_threads(threads, &watch, |par| engine.run(&tau, par));
                group.bench_function(id(what), |bencher| bencher.iter(|| black_box(run())));
            }
        }
    }
    group.finish();
}

fn residual(matrix: &Dense) -> Residual<'_> {
    Residual::of(matrix, Par::SEQ).expect("never stopped")
}

fn both(criterion: &mut Criterion) {
    orbits::<f32>(criterion, "f32");
    orbits::<f64>(criterion, "f64");
}

criterion_group!(benches, both);
criterion_main!(benches);
