//! Sums in a fixed order.
//!
//! Sixteen partial sums run side by side, whatever vector instructions the machine has, and are added as a tree at the
//! end. The instruction set is chosen at run time; the order, and so the result up to fused multiplication, is not.

use pulp::{Arch, Simd, WithSimd};

const LANES: usize = 16;

fn tree(mut lanes: [f64; LANES]) -> f64 {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn dot_lanes(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (a_head, a_rest) = a.as_chunks::<LANES>();
    let (b_head, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a_head.iter().zip(b_head) {
        for l in 0..LANES {
            lanes[l] = x[l].mul_add(y[l], lanes[l]);
        }
    }
    for (l, (x, y)) in a_rest.iter().zip(b_rest).enumerate() {
        lanes[l] = x.mul_add(*y, lanes[l]);
    }
    tree(lanes)
}

#[inline(always)]
fn sum_lanes(a: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (head, rest) = a.as_chunks::<LANES>();
    for x in head {
        for l in 0..LANES {
            lanes[l] += x[l];
        }
    }
    for (l, x) in rest.iter().enumerate() {
        lanes[l] += x;
    }
    tree(lanes)
}

// Structs rather than closures: a closure is compiled on its own, without the instructions chosen at run time.
struct Dot<'a>(&'a [f64], &'a [f64]);

impl WithSimd for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        dot_lanes(self.0, self.1)
    }
}

struct Sum<'a>(&'a [f64]);

impl WithSimd for Sum<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        sum_lanes(self.0)
    }
}

/// Sum of products.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    Arch::new().dispatch(Dot(a, b))
}

struct DotInto<'a>(&'a [f64], &'a [f64], &'a mut [f64]);

impl WithSimd for DotInto<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut lanes = [0.0; LANES];
        let (a_head, a_rest) = self.0.as_chunks::<LANES>();
        let (b_head, b_rest) = self.1.as_chunks::<LANES>();
        let (out_head, out_rest) = self.2.as_chunks_mut::<LANES>();
        for ((x, y), out) in a_head.iter().zip(b_head).zip(out_head) {
            for l in 0..LANES {
                let product = x[l] * y[l];
                lanes[l] += product;
                out[l] += product;
            }
        }
        for (l, ((x, y), out)) in a_rest.iter().zip(b_rest).zip(out_rest).enumerate() {
            lanes[l] += x * y;
            *out += x * y;
        }
        tree(lanes)
    }
}

/// Sum of products, each of which is added to `out` as well.
pub fn dot_into(a: &[f64], b: &[f64], out: &mut [f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    debug_assert_eq!(a.len(), out.len());
    Arch::new().dispatch(DotInto(a, b, out))
}

/// Sum of squares.
pub fn squares(a: &[f64]) -> f64 {
    dot(a, a)
}

/// Sum.
pub fn sum(a: &[f64]) -> f64 {
    Arch::new().dispatch(Sum(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_the_plain_loop_at_every_length() {
        for n in 0..70 {
            let a: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin()).collect();
            let b: Vec<f64> = (0..n).map(|i| (i as f64 * 1.1).cos()).collect();
            let plain: f64 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
            assert!((dot(&a, &b) - plain).abs() < 1e-13);
            assert!((sum(&a) - a.iter().sum::<f64>()).abs() < 1e-13);
            let mut out = b.clone();
            assert!((dot_into(&a, &b, &mut out) - plain).abs() < 1e-13);
            assert!(out.iter().zip(a.iter().zip(&b)).all(|(out, (x, y))| (out - (y + x * y)).abs() < 1e-15));
        }
    }
}
