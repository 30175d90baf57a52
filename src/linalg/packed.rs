//! The product of two matrices, packed: the innermost loop of everything that compares columns or rows.
//!
//! Both factors are copied into the order in which they are read. For a few hundred terms of every sum at a time
//! ([`DEPTH`]), the right factor becomes panels of [`VECTORS`] vectors, which stay in the first-level cache while they are
//! used, and [`BLOCK`] lines of the left one become strips of [`ROWS`], which stay in the second. The kernel multiplies a
//! strip by a panel; its sums fill twelve registers, two hold the panel and one an entry of the strip. Four rows of three
//! vectors would load less, but need a seventeenth register as soon as two entries are spread ahead, and spilled sums halve
//! the speed.
//!
//! Until the kernel comes back with the next terms, unfinished sums wait side by side in the order in which it will do
//! so. Waiting where they belong in the result, each row on another page, costs an eighth of the speed.
//!
//! An entry is the sum over pieces of [`DEPTH`] terms, in order, whatever tile it belongs to. So a product may be cut into
//! as many tiles as there are threads to feed, and its bits do not depend on that.
//!
//! Machines with 512-bit vectors take faer's kernel instead, which is written for them.

use std::cell::RefCell;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::Matrix;
use crate::error::Result;
use crate::par::Par;

/// Rows of sums in registers.
const ROWS: usize = 6;
/// Vectors in each of them.
const VECTORS: usize = 2;
/// Terms that are summed in registers.
const DEPTH: usize = 256;
/// Lines of the left factor that stay in the second-level cache, small enough where two threads share that.
const BLOCK: usize = 48;
/// Edge of the largest tile: packing costs a few percent there and twice as much at half of it.
const LARGEST: usize = 768;
/// Edge below which packing would cost more than a share of the work gains.
const SMALLEST: usize = 96;
/// Edges of tiles are multiples of this, so that strips and panels are full.
const GRAIN: usize = 24;
/// Distance, in entries, at which packed panels begin on a cache line.
const ALIGNED: usize = 8;

/// True if this kernel is the better one on this machine.
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

/// Some lines of a matrix, each multiplied by each of another factor.
#[derive(Debug, Clone)]
pub enum Lines<'a> {
    /// Terms of a sum lie below each other.
    Columns(&'a Matrix, Range<usize>),
    /// Terms of a sum lie side by side.
    Rows(&'a Matrix, Range<usize>),
}

impl<'a> Lines<'a> {
    /// All columns.
    pub fn columns(m: &'a Matrix) -> Self {
        Self::Columns(m, 0..m.cols())
    }

    /// All rows.
    pub fn rows(m: &'a Matrix) -> Self {
        Self::Rows(m, 0..m.rows())
    }

    fn len(&self) -> usize {
        match self {
            Self::Columns(_, lines) | Self::Rows(_, lines) => lines.len(),
        }
    }

    fn part(&self, lines: &Range<usize>) -> Self {
        let shifted = |own: &Range<usize>| own.start + lines.start..own.start + lines.end;
        match self {
            Self::Columns(m, own) => Self::Columns(m, shifted(own)),
            Self::Rows(m, own) => Self::Rows(m, shifted(own)),
        }
    }

    /// Terms `k` of these lines, `WIDTH` lines side by side, then the next so many; filled up with zeros.
    #[inline(always)]
    fn pack<const WIDTH: usize>(&self, k: &Range<usize>, out: &mut [f64]) {
        let full = self.len() / WIDTH;
        let (head, tail) = out.split_at_mut(full * WIDTH * k.len());
        match self {
            Self::Columns(m, lines) => pack_columns::<WIDTH>(m, k, lines.start..lines.start + full * WIDTH, head),
            Self::Rows(m, lines) => pack_rows::<WIDTH>(m, k, lines.start..lines.start + full * WIDTH, head),
        }
        let rest = self.len() - full * WIDTH;
        if rest > 0 {
            for (k, out) in k.clone().zip(tail.as_chunks_mut::<WIDTH>().0) {
                let value = |at| match self {
                    Self::Columns(m, lines) => m.at(k, lines.end - rest + at),
                    Self::Rows(m, lines) => m.at(lines.end - rest + at, k),
                };
                *out = std::array::from_fn(|at| if at < rest { value(at) } else { 0.0 });
            }
        }
    }

    /// The same where the width is known when the instructions are.
    #[inline(always)]
    fn pack_panels<S: Simd>(&self, k: &Range<usize>, out: &mut [f64]) {
        match S::F64_LANES {
            1 => self.pack::<VECTORS>(k, out),
            2 => self.pack::<{ 2 * VECTORS }>(k, out),
            4 => self.pack::<{ 4 * VECTORS }>(k, out),
            _ => self.pack::<{ 8 * VECTORS }>(k, out),
        }
    }
}

/// Rows that are read at a time: what is written then fills whole cache lines.
const TOGETHER: usize = 8;

#[inline(always)]
fn pack_columns<const WIDTH: usize>(m: &Matrix, k: &Range<usize>, columns: Range<usize>, out: &mut [f64]) {
    let even = k.len() / TOGETHER * TOGETHER;
    for at in (0..even).step_by(TOGETHER) {
        pack_together::<WIDTH, TOGETHER>(m, k, at, &columns, out);
    }
    for at in even..k.len() {
        pack_together::<WIDTH, 1>(m, k, at, &columns, out);
    }
}

#[inline(always)]
fn pack_together<const WIDTH: usize, const COUNT: usize>(
    m: &Matrix,
    k: &Range<usize>,
    at: usize,
    columns: &Range<usize>,
    out: &mut [f64],
) {
    let pieces = columns.len() / WIDTH;
    // Cut to one length, so that no index is checked below.
    let rows: [&[[f64; WIDTH]]; COUNT] =
        std::array::from_fn(|r| &m.row(k.start + at + r)[columns.clone()].as_chunks().0[..pieces]);
    for (piece, out) in out.chunks_exact_mut(WIDTH * k.len()).enumerate().take(pieces) {
        let (out, _) = out[at * WIDTH..].as_chunks_mut::<WIDTH>();
        for (out, row) in out.iter_mut().zip(&rows) {
            *out = row[piece];
        }
    }
}

#[inline(always)]
fn pack_rows<const WIDTH: usize>(m: &Matrix, k: &Range<usize>, rows: Range<usize>, out: &mut [f64]) {
    for (first, out) in rows.step_by(WIDTH).zip(out.chunks_exact_mut(WIDTH * k.len())) {
        let rows: [&[f64]; WIDTH] = std::array::from_fn(|r| &m.row(first + r)[k.clone()]);
        for (at, out) in out.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
            *out = std::array::from_fn(|r| rows[r][at]);
        }
    }
}

/// Products of the lines of two factors over terms `k`; with `upper`, entries below the diagonal may be left zero.
pub fn product(left: &Lines<'_>, right: &Lines<'_>, k: &Range<usize>, upper: bool, par: Par<'_>) -> Result<Matrix> {
    let mut out = Matrix::zeros(left.len(), right.len());
    if out.data().is_empty() {
        return Ok(out);
    }
    let (rows, columns) = edges(left.len(), right.len(), upper, par);
    let mut tiles = Vec::new();
    let mut rest: Vec<&mut [f64]> = out.data_mut().chunks_mut(right.len()).collect();
    for i0 in (0..left.len()).step_by(rows) {
        let i = i0..(i0 + rows).min(left.len());
        let mut band: Vec<&mut [f64]> = rest.drain(..i.len()).collect();
        for j0 in (0..right.len()).step_by(columns) {
            let j = j0..(j0 + columns).min(right.len());
            let target: Vec<&mut [f64]> = band.iter_mut().filter_map(|row| row.split_off_mut(..j.len())).collect();
            if !upper || j.end > i.start {
                tiles.push((i.clone(), j, target));
            }
        }
    }
    par.fill(&mut tiles, 1, |_, tile| {
        for (i, j, out) in tile {
            let diagonal = upper.then_some(i.start as isize - j.start as isize);
            tile_of(&left.part(i), &right.part(j), k, diagonal, out, par)?;
        }
        Ok(())
    })?;
    Ok(out)
}

/// Edges of tiles: the largest that leave every thread two.
fn edges(rows: usize, columns: usize, upper: bool, par: Par<'_>) -> (usize, usize) {
    let even = |length: usize, most: usize| {
        let count = length.div_ceil(most).max(1);
        length.div_ceil(count).next_multiple_of(GRAIN).max(GRAIN)
    };
    let threads = par.threads();
    // Half of the tiles of half a product are empty.
    let wanted = if upper { 4 * threads } else { 2 * threads };
    let (mut high, mut wide) = (even(rows, LARGEST), even(columns, LARGEST));
    while par.is_parallel() && rows.div_ceil(high) * columns.div_ceil(wide) < wanted && high.max(wide) > SMALLEST {
        if high > wide { high = even(rows, high / 2) } else { wide = even(columns, wide / 2) }
    }
    (high, wide)
}

/// The same row by row into `out`, on this thread.
pub fn block(left: &Lines<'_>, right: &Lines<'_>, k: &Range<usize>, upper: bool, out: &mut [f64]) {
    let mut rows: Vec<&mut [f64]> = out.chunks_mut(right.len().max(1)).take(left.len()).collect();
    let done = tile_of(left, right, k, upper.then_some(0), &mut rows, Par::SEQ);
    debug_assert!(done.is_ok(), "nobody stops a run without a watch");
}

thread_local! {
    // Fresh memory for every tile of a matrix of distances would cost a few percent.
    static SCRATCH: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

fn tile_of(
    left: &Lines<'_>,
    right: &Lines<'_>,
    k: &Range<usize>,
    diagonal: Option<isize>,
    out: &mut [&mut [f64]],
    par: Par<'_>,
) -> Result<()> {
    SCRATCH.with_borrow_mut(|scratch| Arch::new().dispatch(PackedTile { left, right, k, diagonal, out, scratch, par }))
}

/// One tile of a product.
struct PackedTile<'a, 'm, 'o> {
    left: &'a Lines<'m>,
    right: &'a Lines<'m>,
    k: &'a Range<usize>,
    /// Start of the diagonal, if entries below it are not wanted: the line of the right factor that meets the first of the left there.
    diagonal: Option<isize>,
    out: &'a mut [&'o mut [f64]],
    scratch: &'a mut Vec<f64>,
    par: Par<'a>,
}

impl WithSimd for PackedTile<'_, '_, '_> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Result<()> {
        let Self { left, right, k, diagonal, out, scratch, par } = self;
        let width = VECTORS * S::F64_LANES;
        let (rows, columns) = (left.len(), right.len());
        let (strips, panels, depth) = (rows.div_ceil(ROWS), columns.div_ceil(width), DEPTH.min(k.len()));
        let waiting = if k.len() > DEPTH { strips * ROWS * panels * width } else { 0 };
        let sizes = [panels * width * depth, waiting, BLOCK * depth];
        let needed = sizes.iter().sum::<usize>() + ALIGNED;
        if scratch.len() < needed {
            scratch.resize(needed, 0.0);
        }
        let skipped = scratch.as_ptr().align_offset(ALIGNED * size_of::<f64>()).min(ALIGNED);
        let (packed_right, rest) = scratch[skipped..].split_at_mut(sizes[0]);
        let (waiting, packed_left) = rest.split_at_mut(sizes[1]);
        for k0 in k.clone().step_by(DEPTH) {
            par.check()?;
            let k1 = (k0 + DEPTH).min(k.end);
            let (depth, first, last) = (k1 - k0, k0 == k.start, k1 == k.end);
            right.pack_panels::<S>(&(k0..k1), packed_right);
            let mut places = waiting.chunks_exact_mut(ROWS * width);
            for i0 in (0..rows).step_by(BLOCK) {
                let i1 = (i0 + BLOCK).min(rows);
                left.part(&(i0..i1)).pack::<ROWS>(&(k0..k1), packed_left);
                for (c0, panel) in (0..columns).step_by(width).zip(packed_right.chunks_exact(width * depth)) {
                    for (r0, strip) in (i0..i1).step_by(ROWS).zip(packed_left.chunks_exact(ROWS * depth)) {
                        if diagonal.is_some_and(|shift| (c0 + width) as isize <= r0 as isize + shift) {
                            continue;
                        }
                        let mut sums = kernel(simd, strip, panel);
                        if let Some(place) = places.next() {
                            let (place, _) = S::as_mut_simd_f64s(place);
                            let (place, _) = place.as_chunks_mut::<VECTORS>();
                            if !first {
                                add(simd, &mut sums, place);
                            }
                            if !last {
                                place.copy_from_slice(&sums);
                                continue;
                            }
                        }
                        let height = ROWS.min(i1 - r0);
                        store::<S>(&sums, &mut out[r0..r0 + height], c0..(c0 + width).min(columns));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Sums of products of all entries of a strip and a panel.
#[inline(always)]
fn kernel<S: Simd>(simd: S, strip: &[f64], panel: &[f64]) -> [[S::f64s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f64s(0.0); VECTORS]; ROWS];
    let (steps, _) = strip.as_chunks::<ROWS>();
    let (vectors, _) = S::as_simd_f64s(panel);
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

#[inline(always)]
fn add<S: Simd>(simd: S, sums: &mut [[S::f64s; VECTORS]; ROWS], more: &[[S::f64s; VECTORS]]) {
    for (sums, more) in sums.iter_mut().zip(more) {
        for v in 0..VECTORS {
            sums[v] = simd.add_f64s(more[v], sums[v]);
        }
    }
}

/// Into some columns of some rows.
#[inline(always)]
fn store<S: Simd>(sums: &[[S::f64s; VECTORS]; ROWS], out: &mut [&mut [f64]], columns: Range<usize>) {
    for (sums, row) in sums.iter().zip(out) {
        let to = &mut row[columns.clone()];
        if columns.len() == VECTORS * S::F64_LANES {
            let (to, _) = S::as_mut_simd_f64s(to);
            to.copy_from_slice(sums);
        } else {
            let values: &[f64] = pulp::bytemuck::cast_slice(sums);
            to.copy_from_slice(&values[..columns.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::par::{Watch, with_threads};

    fn wave(rows: usize, columns: usize, pace: f64) -> Matrix {
        Matrix::from_fn(rows, columns, |i, j| (1.0 + pace * i as f64 + 0.7 * (j * j) as f64).sin())
    }

    fn direct(a: &Matrix, b: &Matrix, k: &Range<usize>) -> Matrix {
        Matrix::from_fn(a.cols(), b.cols(), |i, j| k.clone().map(|k| a.at(k, i) * b.at(k, j)).sum())
    }

    fn gap(a: &Matrix, b: &Matrix) -> f64 {
        a.data().iter().zip(b.data()).fold(0.0, |most, (p, q)| most.max((p - q).abs()))
    }

    /// Sizes on both sides of strips, panels, blocks and pieces; every pairing of rows and columns.
    #[test]
    fn agrees_with_the_definition() {
        for (n, p, q) in [(1, 1, 1), (7, 6, 8), (9, 5, 17), (256, 49, 7), (257, 12, 16), (600, 55, 101), (3, 100, 100)]
        {
            let (a, b) = (wave(n, p, 1.3), wave(n, q, 2.1));
            let (across, down) = (a.transposed(), b.transposed());
            for k in [0..n, n / 3..n] {
                let slow = direct(&a, &b, &k);
                for left in [Lines::columns(&a), Lines::rows(&across)] {
                    for right in [Lines::columns(&b), Lines::rows(&down)] {
                        let fast = product(&left, &right, &k, false, Par::SEQ).unwrap();
                        assert!(gap(&fast, &slow) < 1e-13 * n as f64, "{n} x {p} x {q}");
                    }
                }
            }
        }
    }

    #[test]
    fn parts_of_factors_make_blocks() {
        let (a, b) = (wave(40, 300, 1.3), wave(70, 300, 2.1));
        let whole = product(&Lines::rows(&a), &Lines::rows(&b), &(0..300), false, Par::SEQ).unwrap();
        let mut out = vec![f64::NAN; 23 * 41 + 1];
        block(&Lines::Rows(&a, 7..30), &Lines::Rows(&b, 20..61), &(0..300), false, &mut out);
        for (at, value) in out[..23 * 41].iter().enumerate() {
            assert_eq!(*value, whole.at(7 + at / 41, 20 + at % 41));
        }
        assert!(out[23 * 41].is_nan());
    }

    /// An entry has the same bits in tiles of any size.
    #[test]
    fn threads_do_not_matter() {
        let (a, b) = (wave(700, 390, 1.3), wave(700, 410, 2.1));
        let of = |threads, upper| {
            let (left, right) = (Lines::columns(&a), Lines::columns(if upper { &a } else { &b }));
            with_threads(threads, &Watch::default(), |par| product(&left, &right, &(0..700), upper, par)).unwrap()
        };
        let (whole, half) = (of(1, false), of(1, true));
        for threads in [2, 3, 8] {
            assert!(of(threads, false) == whole);
            let other = of(threads, true);
            (0..390).for_each(|i| assert_eq!(other.row(i)[i..], half.row(i)[i..]));
        }
        let square = direct(&a, &a, &(0..700));
        (0..390).for_each(|i| (i..390).for_each(|j| assert!((half.at(i, j) - square.at(i, j)).abs() < 1e-10)));
    }

    /// Zeros that fill up panels must not meet what is not finite.
    #[test]
    fn what_is_not_finite_stays_in_its_line() {
        let mut a = wave(10, 7, 1.3);
        a.row_mut(3)[6] = f64::INFINITY;
        let products = product(&Lines::columns(&a), &Lines::columns(&a), &(0..10), false, Par::SEQ).unwrap();
        (0..7).for_each(|i| (0..7).for_each(|j| assert_eq!(products.at(i, j).is_finite(), i < 6 && j < 6)));
    }

    #[test]
    fn stops_when_asked() {
        let (a, watch) = (wave(10, 3, 1.3), Watch::default());
        watch.cancel();
        let stopped = Par::watched(false, &watch);
        assert!(product(&Lines::columns(&a), &Lines::columns(&a), &(0..10), false, stopped).is_err());
    }
}
