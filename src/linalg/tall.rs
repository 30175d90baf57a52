//! The product `a'b` of two tall matrices stored row by row: the innermost loop of everything that compares columns.
//!
//! With rows contiguous, the slices that one step of the product needs (a few entries of a row of `a`, a few more of the
//! same row of `b`) lie together already, so packing is plain copying. Panels of `b` stay in the first-level cache, blocks
//! of `a` in the second; the kernel holds a block of sums in vector registers. Where only sums on and above the diagonal
//! are wanted, blocks that lie below it are never computed.
//!
//! Machines with 512-bit vectors take faer's kernel instead, which is written for them.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::Matrix;

/// Rows of sums in registers; the columns are `VECTORS` vectors. Four rows of three vectors would load less, but need a
/// seventeenth register as soon as two values are spread ahead, and one spilled sum halves the speed.
const ROWS: usize = 6;
const VECTORS: usize = 2;
/// Rows of the matrices that one block sums.
const DEPTH: usize = 256;
/// Columns of `a` whose packed rows stay in the second-level cache.
const BLOCK: usize = 96;

/// Whether this kernel is the better one here.
pub fn pays() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("fma") && !std::arch::is_x86_feature_detected!("avx512f")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// `a[k, i]' b[k, j]`, row-major; with `upper`, entries below the diagonal may be left zero.
pub fn product(a: &Matrix, i: Range<usize>, b: &Matrix, j: Range<usize>, k: Range<usize>, upper: bool) -> Vec<f64> {
    let mut out = vec![0.0; i.len() * j.len()];
    Arch::new().dispatch(Tall { a, b, i, j, k, upper, out: &mut out });
    out
}

struct Tall<'a> {
    a: &'a Matrix,
    b: &'a Matrix,
    i: Range<usize>,
    j: Range<usize>,
    k: Range<usize>,
    upper: bool,
    out: &'a mut [f64],
}

impl WithSimd for Tall<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, b, i, j, k, upper, out } = self;
        let (width, columns) = (VECTORS * S::F64_LANES, j.len());
        let panels = columns.div_ceil(width);
        let mut right = vec![0.0; panels * width * DEPTH];
        let mut left = vec![0.0; BLOCK * DEPTH];
        for k0 in k.clone().step_by(DEPTH) {
            let depth = DEPTH.min(k.end - k0);
            for panel in 0..panels {
                let j0 = j.start + panel * width;
                pack(b, k0, depth, j0..(j0 + width).min(j.end), width, &mut right[panel * width * DEPTH..]);
            }
            for i0 in i.clone().step_by(BLOCK) {
                let i1 = (i0 + BLOCK).min(i.end);
                for (at, r0) in (i0..i1).step_by(ROWS).enumerate() {
                    pack(a, k0, depth, r0..(r0 + ROWS).min(i1), ROWS, &mut left[at * ROWS * DEPTH..]);
                }
                for panel in 0..panels {
                    let c0 = panel * width;
                    let wide = width.min(columns - c0);
                    let slice = &right[panel * width * DEPTH..][..depth * width];
                    for (at, r0) in (i0..i1).step_by(ROWS).enumerate() {
                        if upper && j.start + c0 + wide <= r0 {
                            continue;
                        }
                        let sums = kernel(simd, &left[at * ROWS * DEPTH..][..depth * ROWS], slice);
                        for (r, sums) in sums.iter().enumerate().take((i1 - r0).min(ROWS)) {
                            let start = (r0 - i.start + r) * columns + c0;
                            let values: &[f64] = pulp::bytemuck::cast_slice(sums);
                            out[start..start + wide].iter_mut().zip(values).for_each(|(o, v)| *o += v);
                        }
                    }
                }
            }
        }
    }
}

/// A few columns of some rows, row after row, filled up with zeros.
#[inline(always)]
fn pack(m: &Matrix, k0: usize, depth: usize, columns: Range<usize>, width: usize, out: &mut [f64]) {
    let rows = out.chunks_exact_mut(width).take(depth).enumerate();
    if columns.len() == width {
        for (k, out) in rows {
            let from = &m.row(k0 + k)[columns.start..];
            // A call of memcpy for six numbers costs more than the copy.
            #[allow(clippy::manual_memcpy)]
            for at in 0..width {
                out[at] = from[at];
            }
        }
        return;
    }
    for (k, out) in rows {
        let (head, tail) = out.split_at_mut(columns.len());
        head.copy_from_slice(&m.row(k0 + k)[columns.clone()]);
        tail.fill(0.0);
    }
}

/// Sums of products of all entries of a left and a right slice over all rows.
#[inline(always)]
fn kernel<S: Simd>(simd: S, left: &[f64], right: &[f64]) -> [[S::f64s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f64s(0.0); VECTORS]; ROWS];
    let (vectors, _) = S::as_simd_f64s(right);
    let (steps, _) = left.as_chunks::<ROWS>();
    let (slices, _) = vectors.as_chunks::<VECTORS>();
    for (x, y) in steps.iter().zip(slices) {
        for r in 0..ROWS {
            let value = simd.splat_f64s(x[r]);
            for v in 0..VECTORS {
                sums[r][v] = simd.mul_add_f64s(value, y[v], sums[r][v]);
            }
        }
    }
    sums
}
