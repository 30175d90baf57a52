//! Products, bases and decompositions, on the shapes that layers have.

use std::hint::black_box;

use _core::linalg::{self, Matrix};
use _core::par::{Watch, with_threads};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Repeatable numbers without structure.
fn matrix(rows: usize, cols: usize, pace: f64) -> Matrix {
    Matrix::from_fn(rows, cols, |i, j| (pace * ((i * cols + j) as f64)).sin())
}

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("products");
    group.sample_size(10);
    for (n, d) in [(1000, 128), (2000, 768), (5000, 768)] {
        let (a, b) = (matrix(n, d, 0.7), matrix(n, d, 1.3));
        for threads in [1, 2] {
            let watch = Watch::default();
            let id = |what: &str| BenchmarkId::new(format!("{what}, threads {threads}"), format!("{n}x{d}"));
            group.throughput(Throughput::Elements((2 * n * d * d) as u64));
            group.bench_function(id("a'b"), |bencher| {
                bencher.iter(|| with_threads(threads, &watch, |par| black_box(linalg::product(&a, &b, par))))
            });
            group.throughput(Throughput::Elements((n * d * d) as u64));
            group.bench_function(id("a'a"), |bencher| {
                bencher.iter(|| with_threads(threads, &watch, |par| black_box(linalg::gram(&a, par))))
            });
        }
    }
    group.finish();
}

fn decompositions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decompositions");
    group.sample_size(10);
    for d in [64, 256, 768] {
        let square = matrix(d, d, 0.7);
        let watch = Watch::default();
        let id = |what: &str| BenchmarkId::new(what, d);
        group.bench_function(id("sum of singular values"), |bencher| {
            bencher.iter(|| with_threads(1, &watch, |_| linalg::sum_of_singular_values(&square, 1e-10)))
        });
        group.bench_function(id("singular values"), |bencher| bencher.iter(|| linalg::singular_values(&square)));
        let tall = matrix(3 * d, d, 1.3);
        let weights = vec![1.0; d];
        group.bench_function(id("basis of 3d x d"), |bencher| {
            bencher.iter(|| with_threads(1, &watch, |par| linalg::orthonormal(&tall, &weights, |_| 1e-12, par)))
        });
    }
    group.finish();
}

criterion_group!(benches, products, decompositions);
criterion_main!(benches);
