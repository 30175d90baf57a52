//! Neighbor lists: the kernel alone, and both sides of a pair side by side.

use std::hint::black_box;

use _core::engines::neighbors::{Metric, Neighbors};
use _core::par::{Watch, with_threads};
use _core::representation::{Representation, Storage, View};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2};

const K: usize = 10;

/// Repeatable numbers, with columns that fall off like those of a network.
fn layer(n: usize, d: usize, seed: u64) -> Array2<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    Array2::from_shape_fn((n, d), |(_, j)| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0) / (1.0 + j as f64 / 32.0).sqrt()
    })
}

/// A fresh representation each time: lists are kept once they are made.
fn representation(view: ArrayView2<'_, f64>) -> Representation<'_> {
    Representation::matrix("x", View::F64(view), Storage::F64).expect("not empty")
}

fn neighbors(c: &mut Criterion) {
    let (n, d) = (5000, 768);
    let (x, y) = (layer(n, d, 1), layer(n, d, 2));
    let watch = Watch::default();
    let mut group = c.benchmark_group("neighbors 5000x768");
    group.sample_size(10);
    for threads in [1, 2] {
        for (name, metric) in [("cosine", Metric::Cosine), ("euclidean", Metric::Euclidean), ("inner", Metric::Inner)] {
            group.bench_function(format!("{name}, one side, {threads} threads"), |b| {
                b.iter(|| {
                    with_threads(threads, &watch, |par| Neighbors::of(&representation(x.view()), metric, K, par))
                });
            });
        }
        group.bench_function(format!("cosine, a pair, {threads} threads"), |b| {
            b.iter(|| {
                with_threads(threads, &watch, |par| {
                    let of =
                        |side: &Array2<f64>, par| Neighbors::of(&representation(side.view()), Metric::Cosine, K, par);
                    let (x, y) = par.join(|par| of(&x, par), |par| of(&y, par));
                    black_box(x.and_then(|x| y.map(|y| x.overlaps(&y, None))))
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, neighbors);
criterion_main!(benches);
