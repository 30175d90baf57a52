//! What runs over all pairs of inputs: distances, their ranks, and the best one-to-one matching of units.

use std::hint::black_box;

use _core::engines::assignment::best_matching;
use _core::engines::kernels;
use _core::linalg::Matrix;
use _core::numerics::ranks::{Same, average_ranks};
use _core::par::{Watch, with_threads};
use _core::representation::{Representation, Storage, View};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::Array2;

fn pairs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pairs of inputs");
    group.sample_size(10);
    for n in [1000, 5000] {
        let data = Array2::from_shape_fn((n, 256), |(i, j)| (0.7 * (i * 256 + j) as f64).sin());
        for threads in [1, 2] {
            let watch = Watch::default();
            let id = |what: &str| BenchmarkId::new(format!("{what}, threads {threads}"), n);
            // A fresh representation each time: distances are kept once they are made.
            let distances = || {
                let x = Representation::matrix("x", View::F64(data.view()), Storage::F64).expect("not empty");
                with_threads(threads, &watch, |par| kernels::distances(&x, par)).expect("rows differ")
            };
            group.bench_function(id("distances, d = 256"), |bencher| bencher.iter(|| black_box(distances())));
            let values = distances().upper().to_vec();
            group.bench_function(id("ranks"), |bencher| {
                bencher.iter_batched_ref(
                    || values.clone(),
                    |values| with_threads(threads, &watch, |par| average_ranks(values, Same::EXACT, 0.0, par).is_ok()),
                    BatchSize::LargeInput,
                )
            });
        }
    }
    group.finish();
}

fn matching(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("assignment");
    for d in [64, 256, 768] {
        let value = Matrix::from_fn(d, d, |i, j| (0.7 * (i * d + j) as f64).sin());
        group.bench_function(BenchmarkId::from_parameter(d), |bencher| {
            bencher.iter(|| best_matching(&value, || Ok(value.clone())))
        });
    }
    group.finish();
}

criterion_group!(benches, pairs, matching);
criterion_main!(benches);
