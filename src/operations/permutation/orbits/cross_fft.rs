//! Orbits of whole products: `a'b` for q pairings of the rows at once.
//!
//! A score that is a function of `m = a'b` needs that matrix for every pairing, a product of 2 n d1 d2 operations. Lay the
//! rows of a out on a grid of q x u places in a random order sigma, those of b in a random order tau, and slide b along the
//! axis of length q: the q pairings are an *orbit*, and entry by entry their products are correlations of columns,
//!
//! ```text
//! m_s = sum over t, v of a[sigma(t, v)]' b[tau(t + s, v)]  =  1/q sum_f exp(2 pi i f s / q) A_f^H B_f
//! ```
//!
//! with `A_f`, `B_f` (u x d) the Fourier transforms along t. Since the rows are real only frequencies up to q/2 are needed,
//! so q products cost 4 n d1 d2 operations and q log q d1 d2 of the inverse transforms, that is q/2 times less. The n - q u
//! rows that do not fit the grid rest: they are still laid out anew by every tau, but do not move with s. Their product
//! joins frequency 0, whose share in all `m_s` is the same.
//!
//! The p-value of whole orbits is exact, as in [`crate::operations::permutation::orbits::cyclic`], if the first has tau = sigma. Sigma is stream 0 of the key,
//! tau of orbit r is stream r. Each side is transformed for itself, a once and b once per orbit, however many others it meets.
//!
//! **The length q.** Longer orbits cost less per product, but more memory (q d1 d2 numbers), more scores in the first
//! orbit, which is always computed in full, and products over so few rows that they only write. Resting rows tie the
//! pairings of an orbit together: with F of n at rest the count of exceedances varies by about 1 + 8 (F/n)^2 times
//! as much as that of independent pairings (measured: 1.85 for a third), so they cost like that many more pairings. The
//! rule weighs all of this in operations per pairing, for all pairs that share the orbit together, and takes the smallest.
//!
//! **Layout.** Columns go in panels of eight, which are transformed side by side ([`StripFft`]), two rows as one complex
//! sequence. A row of a panel at one frequency is eight real and eight imaginary parts. Blocks of the product small enough
//! for the second-level cache run through all frequencies; two panels of the result make one complex sequence again.

use std::borrow::Cow;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::error::Result;
use crate::linalg::Matrix;
use crate::numerics::fft::{Aligned, FftScratch, Goal, LaneFloat, StripFft, is_smooth};
use crate::numerics::streams::permutation;
use crate::par::{Par, ScratchPool};

/// Numbers per point of a strip.
const POINT: usize = f64::POINT;

/// Columns of a panel.
const WIDE: usize = POINT / 2;
/// Panels of either side of the block of a product that goes through all frequencies at a time.
const BLOCK: (usize, usize) = (2, 4);
/// Longest orbit.
const LONGEST: usize = 128;
/// Usual number of pairings; orbits that do not divide it waste the rest of the last one.
const USUAL: usize = 1000;
/// Numbers that the products of an orbit may have, 256 MiB.
const ROOM: usize = 1 << 25;

/// Numbers of columns of the sides of functions of `a'b`.
pub struct Widths {
    /// By pair, those of a and of b.
    pub pairs: Vec<(usize, usize)>,
    /// Columns of all bs together, each counted once.
    pub columns: usize,
}

/// The places of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrossLattice {
    /// Length of an orbit.
    pub q: usize,
    /// Rows that move side by side.
    pub u: usize,
    /// Rows at rest.
    pub rest: usize,
}

impl CrossLattice {
    /// The cheapest grid for n rows and products of these sizes d1 x d2, whose bs have so many columns together, each
    /// counted once; None if no orbit fits into memory.
    ///
    /// It does not depend on how many pairings are wanted: more of them must not change those before.
    pub fn choose(n: usize, sizes: &[(usize, usize)], columns: usize) -> Option<Self> {
        let widest = sizes.iter().map(|(d1, d2)| d1 * d2).max()?;
        let longest = LONGEST.min(n).min(ROOM / widest.max(1));
        let over = |term: fn(f64, f64) -> f64| sizes.iter().map(|&(d1, d2)| term(d1 as f64, d2 as f64)).sum::<f64>();
        let work = Work {
            entries: over(|d1, d2| d1 * d2),
            scores: over(|d1, d2| 20.0 * d1 * d2 * d1.min(d2)),
            columns: columns as f64,
        };
        let lengths = (2..=longest).filter(|&q| is_smooth(q));
        let grids = lengths.map(|q| Self { q, u: n / q, rest: n % q });
        grids.min_by(|a, b| a.cost(n, &work).total_cmp(&b.cost(n, &work)))
    }

    /// Operations per pairing asked for, about.
    fn cost(self, n: usize, work: &Work) -> f64 {
        let (n, q) = (n as f64, self.q as f64);
        // What lies around the inner loop of a product costs as much as some rows more.
        let product = 4.0 * (self.u as f64 + 8.0) * work.entries;
        let transforms = 5.0 * q.log2() * (work.entries + n * work.columns / q);
        let rounded = (USUAL.div_ceil(self.q) * self.q) as f64 / USUAL as f64;
        let tied = 1.0 + 8.0 * (self.rest as f64 / n).powi(2);
        (product + transforms + work.scores) * rounded * tied
    }

    /// Rows of a panel of transforms before frequency f.
    fn before(self, f: usize) -> usize {
        if f == 0 { 0 } else { f * self.u + self.rest }
    }

    /// Numbers of a transformed panel.
    fn size(self) -> usize {
        self.before(self.frequencies()) * POINT
    }

    /// Number of frequencies of a real sequence.
    fn frequencies(self) -> usize {
        self.q / 2 + 1
    }
}

/// Use of the pairings of an orbit.
struct Work {
    /// Entries of all products.
    entries: f64,
    /// Operations from products to scores, about.
    scores: f64,
    /// Columns of all bs.
    columns: f64,
}

/// The engine: how rows are laid out, and how two sides become products.
pub struct CrossTransforms<'a> {
    grid: CrossLattice,
    key: &'a [u8; 32],
    sigma: Vec<usize>,
    plan: StripFft,
    scratch: ScratchPool<CrossScratch>,
}

/// One side, laid out and transformed, panel after panel.
pub struct TransformedSide {
    panels: Aligned<f64>,
    columns: usize,
}

/// Scratch of one thread.
struct CrossScratch {
    fourier: FftScratch<f64>,
    /// Sequences before their transform.
    strips: Aligned<f64>,
    /// One after it.
    transformed: Aligned<f64>,
}

/// The products of an orbit; its memory serves one orbit after the other.
#[derive(Default)]
pub struct OrbitProducts {
    /// Block after block: its part of one product after the other.
    blocks: Vec<f64>,
    rows: usize,
    cols: usize,
    q: usize,
}

/// Rows and columns of a block of the product.
const SIZE: (usize, usize) = (BLOCK.0 * WIDE, BLOCK.1 * WIDE);

impl<'a> CrossTransforms<'a> {
    /// For pairings of n rows, with the streams of a key.
    pub fn new(grid: CrossLattice, n: usize, key: &'a [u8; 32]) -> Self {
        let (sigma, plan) = (permutation(key, 0, n), StripFft::new(grid.q));
        Self { grid, key, sigma, plan, scratch: ScratchPool::default() }
    }

    /// The grid.
    pub fn grid(&self) -> CrossLattice {
        self.grid
    }

    /// Order of the rows of b in orbit r.
    pub fn tau(&self, r: usize) -> Cow<'_, [usize]> {
        if r == 0 { Cow::Borrowed(&self.sigma) } else { Cow::Owned(permutation(self.key, r as u64, self.sigma.len())) }
    }

    /// Pairing of the rows of a and b at shift s.
    pub fn pairing(&self, tau: &[usize], s: usize) -> Vec<usize> {
        let moving = self.grid.q * self.grid.u;
        let mut found = vec![0; tau.len()];
        let slid = tau[..moving].iter().cycle().skip(s * self.grid.u);
        self.sigma[..moving].iter().zip(slid).for_each(|(&of_a, &of_b)| found[of_a] = of_b);
        self.sigma[moving..].iter().zip(&tau[moving..]).for_each(|(&of_a, &of_b)| found[of_a] = of_b);
        found
    }

    /// Numbers of a transformed side.
    pub fn size_of_side(&self, columns: usize) -> usize {
        columns.div_ceil(WIDE) * self.grid.size()
    }

    /// Memory for a side of so many columns.
    pub fn side(&self, columns: usize) -> TransformedSide {
        TransformedSide { panels: Aligned::zeros(self.size_of_side(columns)), columns }
    }

    /// The side of x, in the order sigma.
    pub fn of_x(&self, a: &Matrix, par: Par<'_>) -> Result<TransformedSide> {
        let mut side = self.side(a.cols());
        self.transform(a, &self.sigma, 1.0 / self.grid.q as f64, &mut side.panels, par)?;
        Ok(side)
    }

    /// The side of y, in the order tau.
    pub fn of_y(&self, b: &Matrix, tau: &[usize], side: &mut TransformedSide, par: Par<'_>) -> Result<()> {
        self.transform(b, tau, 1.0, &mut side.panels, par)
    }

    /// The products of an orbit from its two sides.
    pub fn products(
        &self,
        a: &TransformedSide,
        b: &TransformedSide,
        orbit: &mut OrbitProducts,
        par: Par<'_>,
    ) -> Result<()> {
        let (panel, size) = (self.grid.size(), self.grid.q * SIZE.0 * SIZE.1);
        let (down, across) = (a.columns.div_ceil(SIZE.0), b.columns.div_ceil(SIZE.1));
        (orbit.rows, orbit.cols, orbit.q) = (a.columns, b.columns, self.grid.q);
        orbit.blocks.resize(down * across * size, 0.0);
        let (a, b) = (a.panels.get(), b.panels.get());
        par.fill(&mut orbit.blocks, size, |at, out| {
            let (left, right) = (&a[at / across * BLOCK.0 * panel..], &b[at % across * BLOCK.1 * panel..]);
            let left = &left[..left.len().min(BLOCK.0 * panel)];
            let right = &right[..right.len().min(BLOCK.1 * panel)];
            self.with_scratch(|scratch| {
                Arch::new().dispatch(ProductBlock { grid: self.grid, plan: &self.plan, left, right, scratch, out });
            });
            Ok(())
        })
    }

    /// Transform one side, panel after panel; rows that move are multiplied by a number.
    fn transform(&self, m: &Matrix, order: &[usize], moving: f64, out: &mut Aligned<f64>, par: Par<'_>) -> Result<()> {
        par.fill(out.get_mut(), self.grid.size(), |panel, out| {
            let columns = panel * WIDE..((panel + 1) * WIDE).min(m.cols());
            self.with_scratch(|scratch| {
                let (grid, plan) = (self.grid, &self.plan);
                Arch::new().dispatch(ColumnPanel { grid, plan, matrix: m, order, moving, columns, scratch, out });
            });
            Ok(())
        })
    }

    fn with_scratch<R>(&self, work: impl FnOnce(&mut CrossScratch) -> R) -> R {
        let make = || CrossScratch {
            fourier: self.plan.scratch(),
            strips: Aligned::zeros(SIZE.0 * (BLOCK.1 / 2) * (self.grid.q + 1) * POINT),
            transformed: Aligned::zeros(self.grid.q * POINT),
        };
        self.scratch.with(make, work)
    }
}

impl OrbitProducts {
    /// The product at shift s.
    pub fn at(&self, s: usize) -> Matrix {
        let mut out = Matrix::zeros(self.rows, self.cols);
        let across = self.cols.div_ceil(SIZE.1);
        for (at, block) in self.blocks.chunks_exact(self.q * SIZE.0 * SIZE.1).enumerate() {
            let (i, j) = (at / across * SIZE.0, at % across * SIZE.1);
            let (high, wide) = (SIZE.0.min(self.rows - i), SIZE.1.min(self.cols - j));
            let values = &block[s * SIZE.0 * SIZE.1..][..SIZE.0 * SIZE.1];
            for (row, values) in values.chunks_exact(SIZE.1).take(high).enumerate() {
                out.row_mut(i + row)[j..j + wide].copy_from_slice(&values[..wide]);
            }
        }
        out
    }
}

/// Eight real parts and eight imaginary parts.
type PointRow = [f64; POINT];

/// Some columns of one side, to be transformed.
struct ColumnPanel<'a> {
    grid: CrossLattice,
    plan: &'a StripFft,
    matrix: &'a Matrix,
    order: &'a [usize],
    /// Multiplies rows that move.
    moving: f64,
    columns: Range<usize>,
    scratch: &'a mut CrossScratch,
    out: &'a mut [f64],
}

impl WithSimd for ColumnPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { grid, plan, matrix, order, moving, columns, scratch, out } = self;
        let row = |place: usize| part(matrix.row(order[place]), columns.clone());
        let out = out.as_chunks_mut::<POINT>().0;
        for (out, place) in out[grid.u..grid.u + grid.rest].iter_mut().zip(grid.q * grid.u..) {
            *out = [0.0; POINT];
            out[..WIDE].copy_from_slice(&row(place));
        }
        let CrossScratch { fourier, strips, transformed } = scratch;
        let strip = &mut strips.get_mut()[..grid.q * POINT];
        let half = 0.5 * moving;
        for v in (0..grid.u).step_by(2) {
            for (t, point) in strip.as_chunks_mut::<POINT>().0.iter_mut().enumerate() {
                let second = if v + 1 < grid.u { row(t * grid.u + v + 1) } else { [0.0; WIDE] };
                *point = to_lanes::<S>(&row(t * grid.u + v), &second);
            }
            plan.forward(strip, fourier, Goal::Keep(transformed.get_mut()));
            let points = transformed.get().as_chunks::<POINT>().0;
            for f in 0..grid.frequencies() {
                let (z, y) = (from_lanes::<S>(&points[f]), from_lanes::<S>(&points[(grid.q - f) % grid.q]));
                // The sequence is x1 + i x2; of real sequences frequency -f is the conjugate of f.
                let (mut first, mut second) = ([0.0; POINT], [0.0; POINT]);
                for c in 0..WIDE {
                    first[c] = half * (z[c] + y[c]);
                    first[WIDE + c] = half * (z[WIDE + c] - y[WIDE + c]);
                    second[c] = half * (z[WIDE + c] + y[WIDE + c]);
                    second[WIDE + c] = half * (y[c] - z[c]);
                }
                let at = grid.before(f) + v;
                out[at] = first;
                if v + 1 < grid.u {
                    out[at + 1] = second;
                }
            }
        }
    }
}

/// Some entries of a row, filled up with zeros.
#[inline(always)]
fn part(row: &[f64], columns: Range<usize>) -> [f64; WIDE] {
    let from = &row[columns];
    match <&[f64; WIDE]>::try_from(from) {
        Ok(from) => *from,
        Err(_) => std::array::from_fn(|c| from.get(c).copied().unwrap_or(0.0)),
    }
}

/// A point of a strip from real and imaginary parts.
#[inline(always)]
fn to_lanes<S: Simd>(re: &[f64; WIDE], im: &[f64; WIDE]) -> PointRow {
    let lanes = S::F64_LANES;
    let mut point = [0.0; POINT];
    for c in 0..WIDE {
        let at = c / lanes * 2 * lanes + c % lanes;
        point[at] = re[c];
        point[at + lanes] = im[c];
    }
    point
}

/// All real parts, then all imaginary parts, of a point of a strip.
#[inline(always)]
fn from_lanes<S: Simd>(point: &PointRow) -> PointRow {
    let lanes = S::F64_LANES;
    let mut row = [0.0; POINT];
    for c in 0..WIDE {
        let at = c / lanes * 2 * lanes + c % lanes;
        row[c] = point[at];
        row[WIDE + c] = point[at + lanes];
    }
    row
}

/// A block of all products of an orbit.
struct ProductBlock<'a> {
    grid: CrossLattice,
    plan: &'a StripFft,
    /// Panels of a.
    left: &'a [f64],
    /// Panels of b.
    right: &'a [f64],
    scratch: &'a mut CrossScratch,
    out: &'a mut [f64],
}

impl WithSimd for ProductBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { grid, plan, left, right, scratch, out } = self;
        let spectra = BlockSpectra { grid, left, right, strips: scratch.strips.get_mut() };
        match S::F64_LANES {
            8 => spectra.fill::<S, 1, 8>(simd),
            4 => spectra.fill::<S, 2, 2>(simd),
            2 => spectra.fill::<S, 4, 2>(simd),
            _ => spectra.fill::<S, 8, 1>(simd),
        }
        // Back to shifts. The inverse transform is the forward one read backwards.
        let (q, panel) = (grid.q, grid.size());
        let (rows, pairs) = (left.len() / panel * WIDE, (right.len() / panel).div_ceil(2));
        for (at, strip) in scratch.strips.get().chunks_exact((q + 1) * POINT).take(rows * pairs).enumerate() {
            plan.forward(&strip[..q * POINT], &mut scratch.fourier, Goal::Keep(scratch.transformed.get_mut()));
            let start = at / pairs * SIZE.1 + at % pairs * POINT;
            for (f, point) in scratch.transformed.get().as_chunks::<POINT>().0.iter().enumerate() {
                let start = (q - f) % q * SIZE.0 * SIZE.1 + start;
                out[start..start + POINT].copy_from_slice(&from_lanes::<S>(point));
            }
        }
    }
}

/// The transforms of a block, in strips of complex sequences, each made of two panels of a row.
struct BlockSpectra<'a> {
    grid: CrossLattice,
    left: &'a [f64],
    right: &'a [f64],
    /// They lie one point farther apart than needed: at distances that are powers of two they would fall on the same
    /// cache lines.
    strips: &'a mut [f64],
}

impl BlockSpectra<'_> {
    #[inline(always)]
    fn fill<S: Simd, const V: usize, const R: usize>(self, simd: S) {
        let Self { grid, left, right, strips } = self;
        let (q, panel) = (grid.q, grid.size());
        let pairs = (right.len() / panel).div_ceil(2);
        for f in 0..grid.frequencies() {
            let rows = grid.before(f) * POINT..grid.before(f + 1) * POINT;
            for (p, right) in right.chunks(2 * panel).enumerate() {
                let first = &right[rows.clone()];
                let second = if right.len() > panel { &right[panel..][rows.clone()] } else { &[] };
                for (i, left) in left.chunks_exact(panel).enumerate() {
                    let left = &left[rows.clone()];
                    for r in (0..WIDE).step_by(R) {
                        let [re, im] = kernel::<S, V, R>(simd, left, r, first);
                        let [re2, im2] = kernel::<S, V, R>(simd, left, r, second);
                        for k in 0..R {
                            let start = ((i * WIDE + r + k) * pairs + p) * (q + 1);
                            let to = point::<S>(strips, start + f);
                            for v in 0..V {
                                let (re, im) = (simd.sub_f64s(re[k][v], im2[k][v]), simd.add_f64s(im[k][v], re2[k][v]));
                                (to[2 * v], to[2 * v + 1]) = (re, im);
                            }
                            if f > 0 && 2 * f != q {
                                let to = point::<S>(strips, start + q - f);
                                for v in 0..V {
                                    let re = simd.add_f64s(re[k][v], im2[k][v]);
                                    (to[2 * v], to[2 * v + 1]) = (re, simd.sub_f64s(re2[k][v], im[k][v]));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The vectors of a point.
#[inline(always)]
fn point<S: Simd>(strips: &mut [f64], at: usize) -> &mut [S::f64s] {
    S::as_mut_simd_f64s(&mut strips[at * POINT..(at + 1) * POINT]).0
}

/// Real and imaginary parts of `left^H right` for `R` columns of left, from column r on, and all of right.
#[inline(always)]
fn kernel<S: Simd, const V: usize, const R: usize>(
    simd: S,
    left: &[f64],
    r: usize,
    right: &[f64],
) -> [[[S::f64s; V]; R]; 2] {
    let mut re = [[simd.splat_f64s(0.0); V]; R];
    let mut im = re;
    let left = left.as_chunks::<POINT>().0;
    let right = S::as_simd_f64s(right).0.as_chunks::<V>().0.as_chunks::<2>().0;
    for (x, [y_re, y_im]) in left.iter().zip(right) {
        for k in 0..R {
            let value = simd.splat_f64s(x[r + k]);
            for v in 0..V {
                re[k][v] = simd.mul_add_e_f64s(value, y_re[v], re[k][v]);
                im[k][v] = simd.mul_add_e_f64s(value, y_im[v], im[k][v]);
            }
            let value = simd.splat_f64s(x[WIDE + r + k]);
            for v in 0..V {
                re[k][v] = simd.mul_add_e_f64s(value, y_im[v], re[k][v]);
                im[k][v] = simd.negate_mul_add_e_f64s(value, y_re[v], im[k][v]);
            }
        }
    }
    [re, im]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::product;

    fn wave(rows: usize, cols: usize, pace: f64) -> Matrix {
        Matrix::from_fn(rows, cols, |i, j| (1.0 + pace * (i * i) as f64 + 0.7 * ((j + 2) * (i + 1)) as f64).sin())
    }

    /// Every product of every orbit equals the definition: all kinds of grids, widths on both sides of every cut.
    #[test]
    fn orbits_equal_the_definition() {
        let key = [5; 32];
        let sizes = [(1, 1), (3, 2), (8, 17), (9, 8), (17, 33), (40, 5)];
        for n in (5..=20).chain([31, 34, 60, 125, 130]) {
            for (d1, d2) in sizes {
                let (a, b) = (wave(n, d1, 0.37), wave(n, d2, 0.91));
                let best = CrossLattice::choose(n, &[(d1, d2)], d2).unwrap();
                let other = [2, 3, 4, 5, 7, 8].map(|q| CrossLattice { q, u: n / q, rest: n % q });
                for grid in other.into_iter().filter(|grid| grid.u > 0).chain([best]) {
                    let engine = CrossTransforms::new(grid, n, &key);
                    let (of_a, mut of_b) = (engine.of_x(&a, Par::SEQ).unwrap(), engine.side(d2));
                    let mut orbit = OrbitProducts::default();
                    for r in [0, 3] {
                        let tau = engine.tau(r);
                        engine.of_y(&b, &tau, &mut of_b, Par::SEQ).unwrap();
                        engine.products(&of_a, &of_b, &mut orbit, Par::SEQ).unwrap();
                        for s in 0..grid.q {
                            let order = engine.pairing(&tau, s);
                            let direct = product(&a, &b.rows_in_order(&order), Par::SEQ).unwrap();
                            let found = orbit.at(s);
                            let off = found.data().iter().zip(direct.data()).map(|(x, y)| (x - y).abs());
                            let off = off.fold(0.0, f64::max);
                            assert!(off < 1e-14 * n as f64, "n = {n}, {d1} x {d2}, {grid:?}, shift {s}: {off:.1e}");
                        }
                        assert_eq!(engine.pairing(&tau, 0) == (0..n).collect::<Vec<_>>(), r == 0);
                    }
                }
            }
        }
    }

    #[test]
    fn grids() {
        let of = |n, d| CrossLattice::choose(n, &[(d, d)], d).map(|grid| (grid.q, grid.rest));
        assert_eq!(of(5000, 128), Some((125, 0)));
        assert_eq!(of(5, 3), Some((5, 0)));
        assert!(of(1009, 64).is_some_and(|(q, rest)| q >= 50 && rest < 30));
        assert!(of(5000, 1024).is_some_and(|(q, _)| q <= 32));
        assert_eq!(of(50_000, 6000), None);
        // Pairs that share an orbit: the widest bounds its length, and what most of the work is for decides.
        let shared = |n, sizes: &[(usize, usize)]| CrossLattice::choose(n, sizes, 64).map(|grid| grid.q);
        assert_eq!(shared(5000, &[(3, 3), (6000, 6000)]), None);
        assert_eq!(shared(5000, &[(3, 3), (1024, 1024)]), of(5000, 1024).map(|(q, _)| q));
        assert_eq!(CrossLattice::choose(5000, &[], 0), None);
    }
}
