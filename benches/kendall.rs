//! Kendall's tau of pairs of inputs under a pairing: the exact count, and the interval that spares most of them.

use std::hint::black_box;

use _core::engines::pair_order::PairOrder;
use _core::numerics::kendall::Tau;
use _core::numerics::ranks::{Same, average_ranks};
use _core::numerics::streams::permutation;
use _core::par::Par;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn ranks(n: usize, pace: f64) -> Vec<f64> {
    let mut values: Vec<f64> = (0..n * (n - 1) / 2).map(|at| (pace * at as f64).sin()).collect();
    let middle = (values.len() as f64 + 1.0) / 2.0;
    average_ranks(&mut values, Same::EXACT, -middle, Par::SEQ).expect("never stopped");
    values
}

fn kendall(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kendall");
    group.sample_size(20);
    for n in [50, 200, 1000, 3000] {
        let (k, l) = (ranks(n, 0.7), ranks(n, 1.3));
        let of = |ranks: &[f64]| PairOrder::of_ranks(n, ranks, Par::SEQ).expect("never stopped");
        group.bench_function(BenchmarkId::new("order", n), |bencher| bencher.iter(|| black_box(of(&k))));
        let (x, y, pairing) = (of(&k), of(&l), permutation(&[3; 32], 1, n));
        group.bench_function(BenchmarkId::new("count", n), |bencher| {
            bencher.iter(|| black_box(x.tau(&y, Tau::A, Some(&pairing))));
        });
        group.bench_function(BenchmarkId::new("interval", n), |bencher| {
            bencher.iter(|| black_box(x.interval(&y, Tau::A, &pairing)));
        });
    }
    group.finish();
}

criterion_group!(benches, kendall);
criterion_main!(benches);
