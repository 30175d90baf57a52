//! Products of rows of 16-bit integers, half as long again as fast as those of single precision.
//!
//! Vector units multiply such numbers two by two and add the pair in one step; two values that follow each other in a row
//! are therefore kept in one 32-bit word. Rows are cut into blocks of [`BLOCK`] columns in which the sum of squares is
//! below 2^31: then no sum of products within a block leaves 32 bits, in whatever order it is taken, and is exact. The few
//! sums of the blocks are added in single precision. Rows are stored twice, in panels of `LEFT` and of `RIGHT` rows, so
//! that what one step of the kernel needs lies together.

use pulp::{Arch, Simd, WithSimd};

/// Rows of sums in registers.
const LEFT: usize = 6;
/// Columns of sums in registers.
const RIGHT: usize = 16;
const LANES: usize = 8;
const VECTORS: usize = RIGHT / LANES;
/// Pairs of values that are summed at once.
const DEPTH: usize = BLOCK / 2;

/// Rows of a chunk: full panels of either kind.
pub const CHUNK: usize = 48;
/// Columns whose products are summed exactly. Fewer leave more bits to each value, but more sums to be added up.
pub const BLOCK: usize = 192;
/// Longest block of a row, so that no sum of products exceeds 2^31 - 1.
pub const LONGEST: f64 = 46_340.0;

/// Some rows that follow each other, packed.
pub struct Chunk {
    pairs: usize,
    left: Vec<i32>,
    right: Vec<i32>,
}

impl Chunk {
    /// Zero rows of d columns.
    pub fn new(d: usize) -> Self {
        let pairs = d.div_ceil(2);
        Self { pairs, left: vec![0; CHUNK * pairs], right: vec![0; CHUNK * pairs] }
    }

    /// Set one row.
    pub fn set(&mut self, at: usize, row: &[i16]) {
        let (left, right) = (at / LEFT * LEFT * self.pairs + at % LEFT, at / RIGHT * RIGHT * self.pairs + at % RIGHT);
        for (p, pair) in row.chunks(2).enumerate() {
            let second = pair.get(1).copied().unwrap_or(0);
            let word = i32::from(pair[0] as u16) | i32::from(second) << 16;
            self.left[left + p * LEFT] = word;
            self.right[right + p * RIGHT] = word;
        }
    }
}

/// All products of the rows of two sequences of chunks, row-major; with `same`, the sequences are one and the same.
pub fn products(a: &[Chunk], b: &[Chunk], same: bool) -> Vec<f32> {
    let (rows, columns) = (a.len() * CHUNK, b.len() * CHUNK);
    let mut out = vec![0.0; rows * columns];
    multiply(a, b, same, &mut out);
    if same {
        for i in 0..rows {
            for j in 0..i {
                out[i * columns + j] = out[j * columns + i];
            }
        }
    }
    out
}

fn multiply(a: &[Chunk], b: &[Chunk], upper: bool, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(Multiply { pairwise: avx2::Avx2(simd), a, b, upper, out });
    }
    Arch::new().dispatch(Multiply { pairwise: Portable, a, b, upper, out });
}

/// One step of the kernel: eight words times one word, both values of each multiplied, the pair of products added.
trait Pairwise: Copy {
    type Sums: Copy;
    fn zero(self) -> Self::Sums;
    fn splat(self, word: i32) -> Self::Sums;
    fn load(self, words: &[i32; LANES]) -> Self::Sums;
    fn add(self, sums: Self::Sums, a: Self::Sums, b: Self::Sums) -> Self::Sums;
    fn store(self, sums: Self::Sums) -> [i32; LANES];
}

#[derive(Clone, Copy)]
struct Portable;

impl Pairwise for Portable {
    type Sums = [i32; LANES];

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [0; LANES]
    }

    #[inline(always)]
    fn splat(self, word: i32) -> Self::Sums {
        [word; LANES]
    }

    #[inline(always)]
    fn load(self, words: &[i32; LANES]) -> Self::Sums {
        *words
    }

    #[inline(always)]
    fn add(self, mut sums: Self::Sums, a: Self::Sums, b: Self::Sums) -> Self::Sums {
        for l in 0..LANES {
            let first = i32::from(a[l] as i16) * i32::from(b[l] as i16);
            let second = (a[l] >> 16) * (b[l] >> 16);
            sums[l] = sums[l].wrapping_add(first).wrapping_add(second);
        }
        sums
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums) -> [i32; LANES] {
        sums
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use pulp::bytemuck::cast;
    use pulp::i32x8;

    use super::{LANES, Pairwise};

    #[derive(Clone, Copy)]
    pub struct Avx2(pub pulp::x86::V3);

    impl Pairwise for Avx2 {
        type Sums = i32x8;

        #[inline(always)]
        fn zero(self) -> i32x8 {
            self.0.splat_i32x8(0)
        }

        #[inline(always)]
        fn splat(self, word: i32) -> i32x8 {
            self.0.splat_i32x8(word)
        }

        #[inline(always)]
        fn load(self, words: &[i32; LANES]) -> i32x8 {
            cast(*words)
        }

        #[inline(always)]
        fn add(self, sums: i32x8, a: i32x8, b: i32x8) -> i32x8 {
            self.0.wrapping_add_i32x8(sums, cast(self.0.avx2._mm256_madd_epi16(cast(a), cast(b))))
        }

        #[inline(always)]
        fn store(self, sums: i32x8) -> [i32; LANES] {
            cast(sums)
        }
    }

    impl pulp::NullaryFnOnce for super::Multiply<'_, Avx2> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            self.run();
        }
    }
}

struct Multiply<'a, P> {
    pairwise: P,
    a: &'a [Chunk],
    b: &'a [Chunk],
    upper: bool,
    out: &'a mut [f32],
}

impl WithSimd for Multiply<'_, Portable> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.run();
    }
}

impl<P: Pairwise> Multiply<'_, P> {
    #[inline(always)]
    fn run(self) {
        let Self { pairwise, a, b, upper, out } = self;
        let (pairs, columns) = (a[0].pairs, b.len() * CHUNK);
        for start in (0..pairs).step_by(DEPTH) {
            let depth = start..(start + DEPTH).min(pairs);
            for j0 in (0..columns).step_by(RIGHT) {
                let right = &b[j0 / CHUNK].right[j0 % CHUNK * pairs..][depth.start * RIGHT..depth.end * RIGHT];
                for i0 in (0..a.len() * CHUNK).step_by(LEFT) {
                    if upper && i0 >= j0 + RIGHT {
                        break;
                    }
                    let left = &a[i0 / CHUNK].left[i0 % CHUNK * pairs..][depth.start * LEFT..depth.end * LEFT];
                    let sums = kernel(pairwise, left, right);
                    for (r, row) in sums.iter().enumerate() {
                        let out = &mut out[(i0 + r) * columns + j0..][..RIGHT];
                        for (out, sums) in out.chunks_exact_mut(LANES).zip(row) {
                            let sums = pairwise.store(*sums);
                            for l in 0..LANES {
                                out[l] += sums[l] as f32;
                            }
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn kernel<P: Pairwise>(pairwise: P, left: &[i32], right: &[i32]) -> [[P::Sums; VECTORS]; LEFT] {
    let mut sums = [[pairwise.zero(); VECTORS]; LEFT];
    let (steps, _) = left.as_chunks::<LEFT>();
    let (vectors, _) = right.as_chunks::<LANES>();
    let (slices, _) = vectors.as_chunks::<VECTORS>();
    for (x, y) in steps.iter().zip(slices) {
        for r in 0..LEFT {
            let value = pairwise.splat(x[r]);
            for v in 0..VECTORS {
                sums[r][v] = pairwise.add(sums[r][v], value, pairwise.load(&y[v]));
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize, d: usize, seed: i64) -> Vec<Vec<i16>> {
        let value = |i: usize, j: usize| ((i as i64 * 7919 + j as i64 * 104_729 + seed) % 1201 - 600) as i16;
        let mut rows: Vec<Vec<i16>> = (0..n).map(|i| (0..d).map(|j| value(i, j)).collect()).collect();
        // The largest sums there may be.
        rows[0] = (0..d).map(|j| if j < 2 { -32767 } else { 0 }).collect();
        rows[1] = rows[0].iter().map(|v| -v).collect();
        rows
    }

    fn packed(rows: &[Vec<i16>]) -> Vec<Chunk> {
        rows.chunks(CHUNK)
            .map(|rows| {
                let mut chunk = Chunk::new(rows[0].len());
                rows.iter().enumerate().for_each(|(at, row)| chunk.set(at, row));
                chunk
            })
            .collect()
    }

    /// Both ways give the sums of products, for odd and even widths on both sides of every cut.
    #[test]
    fn products_are_exact() {
        for (n, m, d) in [(48, 48, 1), (96, 48, 2), (50, 100, 7), (48, 144, 191), (96, 96, 193), (60, 48, 1000)] {
            let (x, y) = (rows(n, d, 1), rows(m, d, 5));
            let (a, b) = (packed(&x), packed(&y));
            let block = |p: &[i16], q: &[i16]| p.iter().zip(q).map(|(p, q)| i32::from(*p) * i32::from(*q)).sum::<i32>();
            let dot = |p: &[i16], q: &[i16]| {
                p.chunks(BLOCK).zip(q.chunks(BLOCK)).fold(0.0_f32, |sum, (p, q)| sum + block(p, q) as f32)
            };
            let fast = products(&a, &b, false);
            let mut portable = vec![0.0; fast.len()];
            Multiply { pairwise: Portable, a: &a, b: &b, upper: false, out: &mut portable }.run();
            assert_eq!(fast, portable);
            for i in 0..n {
                for j in 0..m {
                    assert_eq!(fast[i * b.len() * CHUNK + j], dot(&x[i], &y[j]), "{n} {m} {d}: {i} {j}");
                }
            }
            let with_itself = products(&a, &a, true);
            assert!(with_itself == products(&a, &a, false));
        }
    }
}
