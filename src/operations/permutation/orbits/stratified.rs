//! Shift orbits for restricted designs.
//!
//! Shifting the whole circle of items would carry rows out of their strata and tear groups apart. So the items of x lie
//! on a grid of q rows and U columns, and each column holds items that may take each other's places: a stratum with m
//! rows fills `m / q` columns, a stratum with m groups of w rows fills `w (m / q)` of them, the rows of a group side by
//! side. What does not fill a column *rests*. The shift c moves the items of every column along it, so c is an allowed
//! pairing itself.
//!
//! With sigma and tau drawn uniformly from the group G of allowed pairings, item `sigma(i)` of x meets item
//! `tau(c^s(i))` of y at shift s. The relative pairing `tau c^s sigma^-1` is in G, and `tau c^s` is uniform on G if
//! tau is: all that the proof for the free circle uses. So p-values of whole orbits, the first with tau = sigma, are
//! exact here too; unmoved items are still moved by tau.
//!
//! ```text
//! T(s) = sum_ij K[sigma(i), sigma(j)] L[tau(c^s(i)), tau(c^s(j))]      i = (a, v): row a of column v
//! ```
//!
//! A shift keeps the columns v, v' and the distance d of two places, and so T is a sum of correlations along a:
//!
//! ```text
//! k(a) = K[sigma(a, v), sigma(a + d, v')]    v < v':  d = 0, .., q - 1, each for two orders of the pair
//!                                            v = v':  d = 0, .., q/2, weights 1, 2, .., 2 and 1 for d = q/2
//! k(a) = K[sigma(a, v), sigma(f)]            f at rest, each for two orders
//! ```
//!
//! and pairs at rest add a constant. These are about n^2 / 2q sequences of length q, two of them in one complex
//! transform; one inverse transform gives all q values for about the price of two or three values one by one. The more
//! columns, the fewer values for the same work.
//!
//! Items at rest leave p exact but blur it: they are the same in all values of an orbit, which therefore vary together.
//! With a share f of the movable items at rest, two values correlate like f in the part of T that is linear in the
//! pairing (distances have one, centered kernels only inside strata) and like f^2 in the quadratic part. See
//! [`Lattice::variance_factor`].

use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::error::Result;
use crate::form::Bilinear;
use crate::linalg::Matrix;
use crate::memory;
use crate::numerics::fft::is_smooth;
use crate::operations::permutation::design::{Design, ExchangeClass, Scheme};
use crate::operations::permutation::orbits::{OrbitEngine, OrbitOrders};
use crate::par::{Par, ScratchPool};

/// Values, as independent ones count, below which an orbit is hardly quicker than its values one by one.
const SHORTEST: usize = 4;
/// Numbers that are transformed by one unit of work, about.
const UNIT: usize = 1 << 12;
/// Numbers that are gathered by one unit of work, about.
const GATHERED: usize = 1 << 14;

/// Lattice of places: places hold items of the identity; other elements of the group move them.
#[derive(Debug, Clone)]
pub struct Lattice {
    n: usize,
    /// Rows.
    length: usize,
    /// Items of one column after the other.
    columns: Vec<usize>,
    /// Items outside.
    unmoved: Vec<usize>,
    /// Share of the movable items that rest.
    share: f64,
}

impl Lattice {
    /// The grid that gives most for the work, or None if independent pairings are better.
    pub fn choose(design: &Design) -> Option<Self> {
        if design.scheme() == Scheme::Shift {
            return Some(Self::circle(design));
        }
        let longest = design.classes().iter().map(ExchangeClass::count).max()?;
        let values = |q: usize| q as f64 / varies_by(q, share_at_rest(design, q), TYPICAL);
        let cost = |q: usize| {
            // Gathering and multiplying beside log2 q stages, which are dearer for large prime factors.
            let stages = (q as f64).log2() * if is_smooth(q) { 1.0 } else { 2.0 };
            (8.0 + stages) / values(q)
        };
        let best = (SHORTEST..=longest).map(|q| (cost(q), q)).min_by(|a, b| a.0.total_cmp(&b.0))?.1;
        (values(best) >= SHORTEST as f64).then(|| Self::of_length(design, best))
    }

    /// The single column of all rows, whose shifts are those of `scheme="shift"`.
    pub fn circle(design: &Design) -> Self {
        Self::of_length(design, design.n())
    }

    /// The grid with q rows.
    fn of_length(design: &Design, q: usize) -> Self {
        let (mut columns, mut unmoved) = (Vec::new(), Vec::new());
        for class in design.classes() {
            let wide = class.count() / q;
            for block in 0..wide {
                for within in 0..class.width {
                    columns.extend((0..q).map(|a| class.unit(block * q + a)[within]));
                }
            }
            unmoved.extend_from_slice(&class.rows[wide * q * class.width..]);
        }
        Self { n: design.n(), length: q, columns, unmoved, share: share_at_rest(design, q) }
    }

    /// Values per orbit, q.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Number of columns, U.
    pub fn columns(&self) -> usize {
        self.columns.len() / self.length
    }

    /// Number of items outside, F.
    pub fn unmoved(&self) -> usize {
        self.unmoved.len()
    }

    /// About how much more the share of an orbit's values above a bound varies than that of q independent values; for
    /// high bounds less.
    ///
    /// `linear` says whether T has a part that is linear in the pairing: always with strata, otherwise unless the rows
    /// of K or L sum to zero.
    pub fn variance_factor(&self, linear: bool) -> f64 {
        1.1 * varies_by(self.length, self.share, if linear { LINEAR } else { 0.0 })
    }

    /// The shift by s places, as a pairing.
    pub fn shift(&self, s: usize) -> Vec<usize> {
        let q = self.length;
        let mut moved: Vec<usize> = (0..self.n).collect();
        for column in self.columns.chunks_exact(q) {
            column.iter().enumerate().for_each(|(a, &item)| moved[item] = column[(a + s) % q]);
        }
        moved
    }
}

/// Covariance of values through the linear part: the most that was seen in simulations (distances) ..
const LINEAR: f64 = 0.7;
/// .. and what the choice of a grid reckons with, which does not know the matrices.
const TYPICAL: f64 = 0.4;

/// Variance over that of q independent values, where a share of the items rests. The quadratic part counts with 1/2,
/// which simulations of tails of 10 % bear out.
fn varies_by(q: usize, share: f64, linear: f64) -> f64 {
    1.0 + (q as f64 - 1.0) * share * (linear + 0.5 * share)
}

/// Share of the movable items that rest on a grid with q rows.
fn share_at_rest(design: &Design, q: usize) -> f64 {
    let moving = || design.classes().iter().filter(|class| class.count() > 1);
    let unmoved: usize = moving().map(|class| class.count() % q * class.width).sum();
    unmoved as f64 / moving().map(|class| class.rows.len()).sum::<usize>().max(1) as f64
}

/// The engine: Ks are transformed once, L is laid out anew for every orbit.
pub struct LatticeOrbits<'a> {
    grid: &'a Lattice,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
    scratch: ScratchPool<LatticeScratch>,
    gathered: ScratchPool<Vec<f64>>,
}

/// The side of x, laid out and transformed.
pub struct TransformedX {
    /// Transforms of the sequences of K, two in each, by column.
    khat: Vec<Complex<f64>>,
    /// Entries of K at rest.
    constant: Vec<f64>,
}

/// Scratch of one thread.
struct LatticeScratch {
    sequences: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

/// Places of the items of one side.
struct LatticeLayout {
    /// Items of one column after the other, twice along each.
    columns: Vec<u32>,
    unmoved: Vec<u32>,
}

impl<'a> LatticeOrbits<'a> {
    /// The engine of a grid.
    pub fn new(grid: &'a Lattice) -> Self {
        let mut planner = FftPlanner::new();
        Self {
            grid,
            forward: planner.plan_fft_forward(grid.length),
            inverse: planner.plan_fft_inverse(grid.length),
            scratch: ScratchPool::default(),
            gathered: ScratchPool::default(),
        }
    }

    /// Bytes of a transformed side.
    pub fn need(&self) -> usize {
        self.all_pairs() * self.grid.length * size_of::<Complex<f64>>()
    }

    /// Lay x out by sigma, an element of the group, and transform its whole matrix K, row after row.
    pub fn of_x(&self, k: &[f64], sigma: &[usize], par: Par<'_>) -> Result<TransformedX> {
        let (q, unit) = (self.grid.length, self.unit());
        let layout = self.layout(sigma);
        let mut khat = memory::filled("The transform of an n x n matrix", self.all_pairs() * q, Complex::default())?;
        let mut rest = &mut khat[..];
        for v in 0..self.grid.columns() {
            let (of_column, others) = rest.split_at_mut(self.pairs(v) * q);
            rest = others;
            let weights = self.weights(v);
            self.gathered(k, &layout, v, par, |band| {
                par.fill(of_column, unit * q, |number, kept| {
                    self.with_scratch(|scratch| {
                        self.pick(band, v, number * unit, Some(&weights), kept);
                        self.forward.process_with_scratch(kept, &mut scratch.scratch);
                    });
                    Ok(())
                })
            })?;
        }
        Ok(TransformedX { khat, constant: self.at_rest(k, &layout) })
    }

    /// For every K the q values of the orbit of tau, an element of the group, with the whole matrix L, row after row.
    ///
    /// Value s is that of [`Lattice::shift`] between sigma and tau; with tau = sigma, value 0 is the observed one.
    pub fn run(&self, ks: &[&TransformedX], l: &[f64], tau: &[usize], par: Par<'_>) -> Result<Vec<Vec<f64>>> {
        let (q, unit) = (self.grid.length, self.unit());
        let layout = self.layout(tau);
        let nothing = || vec![vec![Complex::default(); q]; ks.len()];
        let mut spectra = nothing();
        let mut before = 0;
        for v in 0..self.grid.columns() {
            let pairs = self.pairs(v);
            let parts = self.gathered(l, &layout, v, par, |band| {
                par.map(pairs.div_ceil(unit), |number, _| {
                    let (first, end) = (number * unit, pairs.min((number + 1) * unit));
                    let mut part = nothing();
                    self.with_scratch(|scratch| {
                        let sequences = &mut scratch.sequences[..(end - first) * q];
                        self.pick(band, v, first, None, sequences);
                        self.forward.process_with_scratch(sequences, &mut scratch.scratch);
                        for (k, sum) in ks.iter().zip(&mut part) {
                            let with = &k.khat[(before + first) * q..(before + end) * q];
                            Arch::new().dispatch(Correlate { k: with, l: sequences, sum });
                        }
                    });
                    Ok(part)
                })
            })?;
            before += pairs;
            for part in parts {
                for (spectrum, part) in spectra.iter_mut().zip(part) {
                    spectrum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
                }
            }
        }
        let at_rest = self.at_rest(l, &layout);
        let values = |(k, mut spectrum): (&&TransformedX, Vec<Complex<f64>>)| {
            self.inverse.process(&mut spectrum);
            let constant: f64 = k.constant.iter().zip(&at_rest).map(|(k, l)| k * l).sum();
            spectrum.into_iter().map(|value| value.re / q as f64 + constant).collect()
        };
        Ok(ks.iter().zip(spectra).map(values).collect())
    }

    fn layout(&self, order: &[usize]) -> LatticeLayout {
        let place = |&item: &usize| order[item] as u32;
        let columns = self.grid.columns.chunks_exact(self.grid.length);
        LatticeLayout {
            columns: columns.flat_map(|column| column.iter().chain(column)).map(place).collect(),
            unmoved: self.grid.unmoved.iter().map(place).collect(),
        }
    }

    /// Entries of pairs at rest.
    fn at_rest(&self, matrix: &[f64], layout: &LatticeLayout) -> Vec<f64> {
        let rows = layout.unmoved.iter().map(|&i| &matrix[i as usize * self.grid.n..][..self.grid.n]);
        rows.flat_map(|row| layout.unmoved.iter().map(|&j| row[j as usize])).collect()
    }

    /// Sequences that begin in column v: in it, with later columns, with items at rest.
    fn sequences(&self, v: usize) -> usize {
        let q = self.grid.length;
        q / 2 + 1 + (self.grid.columns() - v - 1) * q + self.grid.unmoved()
    }

    /// The same, two by two.
    fn pairs(&self, v: usize) -> usize {
        self.sequences(v).div_ceil(2)
    }

    /// Pairs of sequences of all columns.
    fn all_pairs(&self) -> usize {
        (0..self.grid.columns()).map(|v| self.pairs(v)).sum()
    }

    /// Pairs of sequences that are transformed by one unit of work.
    fn unit(&self) -> usize {
        (UNIT / self.grid.length).max(8)
    }

    /// Number of orders of a pair of items that every sequence stands for.
    fn weights(&self, v: usize) -> Vec<f64> {
        let q = self.grid.length;
        let once = |j: usize| j == 0 || 2 * j == q;
        (0..2 * self.pairs(v)).map(|j| if once(j) { 1.0 } else { 2.0 }).collect()
    }

    /// Lay the sequences of column v out side by side, place after place, and use them.
    ///
    /// Every row of the matrix is read once, and written in the order of reading.
    fn gathered<R>(
        &self,
        matrix: &[f64],
        layout: &LatticeLayout,
        v: usize,
        par: Par<'_>,
        work: impl FnOnce(&[f64]) -> Result<R>,
    ) -> Result<R> {
        let (n, q) = (self.grid.n, self.grid.length);
        let width = 2 * self.pairs(v);
        let mut band = self.gathered.take().unwrap_or_default();
        if band.len() < q * width {
            band.resize(q * width, 0.0);
        }
        let rows = (GATHERED / width).max(1);
        let columns = layout.columns.chunks_exact(2 * q).skip(v);
        par.fill(&mut band[..q * width], rows * width, |number, out| {
            for (a, out) in (number * rows..).zip(out.chunks_exact_mut(width)) {
                let row = &matrix[layout.columns[2 * q * v + a] as usize * n..][..n];
                let mut rest = out;
                for (at, column) in columns.clone().enumerate() {
                    let count = if at == 0 { q / 2 + 1 } else { q };
                    rest = lay_out(row, &column[a..a + count], rest);
                }
                lay_out(row, &layout.unmoved, rest).fill(0.0);
            }
            Ok(())
        })?;
        let result = work(&band[..q * width]);
        self.gathered.put_back(band);
        result
    }

    /// Sequences of column v from number `first` on, two in each complex one, one after the other.
    fn pick(&self, band: &[f64], v: usize, first: usize, weights: Option<&[f64]>, out: &mut [Complex<f64>]) {
        let q = self.grid.length;
        let (width, count) = (2 * self.pairs(v), out.len() / q);
        let lanes = 2 * first..2 * (first + count);
        for (a, row) in band.chunks_exact(width).enumerate() {
            for (j, &[re, im]) in row[lanes.clone()].as_chunks::<2>().0.iter().enumerate() {
                out[j * q + a] = Complex { re, im };
            }
        }
        if let Some(weights) = weights {
            for (sequence, weights) in out.chunks_exact_mut(q).zip(weights[lanes].as_chunks::<2>().0) {
                sequence.iter_mut().for_each(|z| *z = Complex { re: z.re * weights[0], im: z.im * weights[1] });
            }
        }
    }

    fn with_scratch<R>(&self, work: impl FnOnce(&mut LatticeScratch) -> R) -> R {
        let zeros = |count: usize| vec![Complex::default(); count];
        let make = || LatticeScratch {
            sequences: zeros(self.unit() * self.grid.length),
            scratch: zeros(self.forward.get_inplace_scratch_len()),
        };
        self.scratch.with(make, work)
    }
}

/// The orbits of one pair within strata and groups, or of all shifts: matrices as whole rows.
pub struct LatticeEngine<'a> {
    orbits: LatticeOrbits<'a>,
    of_x: TransformedX,
    l: Matrix,
    orders: OrbitOrders<'a>,
}

impl<'a> LatticeEngine<'a> {
    /// Engine of the orbits of these orders, with the matrix of x transformed.
    pub fn new(form: &Bilinear<'_>, lattice: &'a Lattice, orders: OrbitOrders<'a>, par: Par<'_>) -> Result<Self> {
        let (k, l) = (form.k.dense(par)?.full()?, form.l.dense(par)?.full()?);
        let orbits = LatticeOrbits::new(lattice);
        let of_x = orbits.of_x(k.data(), &orders(0), par)?;
        Ok(Self { orbits, of_x, l, orders })
    }
}

impl OrbitEngine for LatticeEngine<'_> {
    fn size(&self) -> usize {
        self.orbits.grid.length
    }

    fn block(&self, r: usize, par: Par<'_>) -> Result<Vec<f64>> {
        let values = self.orbits.run(&[&self.of_x], self.l.data(), &(self.orders)(r), par)?.remove(0);
        par.advance(self.size());
        Ok(values)
    }

    fn variance_factor(&self) -> f64 {
        self.orbits.grid.variance_factor(true)
    }
}

/// Entries of a row, by item; the rest of the room.
fn lay_out<'t>(row: &[f64], items: &[u32], out: &'t mut [f64]) -> &'t mut [f64] {
    let (to, rest) = out.split_at_mut(items.len());
    for (to, &item) in to.iter_mut().zip(items) {
        *to = row[item as usize];
    }
    rest
}

/// Add `conj(k) l` of one sequence after the other to the spectrum.
struct Correlate<'a> {
    k: &'a [Complex<f64>],
    l: &'a [Complex<f64>],
    sum: &'a mut [Complex<f64>],
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let q = self.sum.len();
        for (k, l) in self.k.chunks_exact(q).zip(self.l.chunks_exact(q)) {
            for ((sum, k), l) in self.sum.iter_mut().zip(k).zip(l) {
                sum.re += k.re * l.re + k.im * l.im;
                sum.im += k.re * l.im - k.im * l.re;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::permutation::design::tests::lawful;
    use crate::par::{Watch, with_threads};

    /// Any symmetric matrix with a diagonal.
    fn symmetric(n: usize, pace: f64) -> Vec<f64> {
        let entry = |i: usize, j: usize| (pace * (i * i + j * j + 3 * i * j) as f64).sin() + 0.3;
        (0..n * n).map(|at| entry(at / n, at % n)).collect()
    }

    fn direct(k: &[f64], l: &[f64], order: &[usize]) -> f64 {
        let n = order.len();
        (0..n * n).map(|at| k[at] * l[order[at / n] * n + order[at % n]]).sum()
    }

    /// Pairing at shift s.
    fn pairing(grid: &Lattice, sigma: &[usize], tau: &[usize], s: usize) -> Vec<usize> {
        let moved = grid.shift(s);
        let mut found = vec![0; sigma.len()];
        sigma.iter().zip(moved).for_each(|(&item, place)| found[item] = tau[place]);
        found
    }

    /// The values of the orbit of tau for one K.
    fn single(engine: &LatticeOrbits<'_>, k: &TransformedX, l: &[f64], tau: &[usize], par: Par<'_>) -> Vec<f64> {
        engine.run(&[k], l, tau, par).unwrap().remove(0)
    }

    /// Designs with interleaved ids: free, strata, groups of two sizes, both.
    fn designs() -> Vec<(usize, Option<Vec<i64>>, Option<Vec<i64>>)> {
        let by = |n: usize, id: &dyn Fn(usize) -> usize| Some((0..n).map(|i| id(i) as i64).collect::<Vec<_>>());
        vec![
            (12, None, None),
            (13, None, None),
            (28, by(28, &|i| (i * i + i / 3) % 3), None),
            (31, by(31, &|i| usize::from(i % 4 == 1)), None),
            (30, None, by(30, &|i| i % 10)),
            (32, None, by(32, &|i| if i < 2 { 99 } else { i % 10 })),
            (41, None, by(41, &|i| if i < 24 { i % 8 } else { 8 + i % 9 })),
            (40, by(40, &|i| usize::from(i % 20 > 8)), by(40, &|i| i % 20)),
        ]
    }

    /// Every shift of every orbit equals the definition, and its pairing is in the group.
    #[test]
    fn orbits_equal_the_definition() {
        let mut with_unmoved = 0;
        for (n, strata, groups) in designs() {
            let (strata, groups) = (strata.as_deref(), groups.as_deref());
            let design = Design::new(n, strata, groups, Scheme::Permute).unwrap();
            let (k, l) = (symmetric(n, 0.7), symmetric(n, 1.3));
            for q in 1..=8 {
                let grid = Lattice::of_length(&design, q);
                assert_eq!(grid.length() * grid.columns() + grid.unmoved(), n);
                with_unmoved += usize::from(grid.unmoved() > 0);
                let sigma = design.draw(&[5; 32], 0);
                let engine = LatticeOrbits::new(&grid);
                let of_x = engine.of_x(&k, &sigma, Par::SEQ).unwrap();
                let of_l = engine.of_x(&l, &sigma, Par::SEQ).unwrap();
                assert_eq!(of_x.khat.len() * size_of::<Complex<f64>>(), engine.need());
                for r in 0..3 {
                    let tau = design.draw(&[5; 32], r);
                    let found = single(&engine, &of_x, &l, &tau, Par::SEQ);
                    // Several at a time, in any order: the same bits.
                    let both = engine.run(&[&of_l, &of_x], &l, &tau, Par::SEQ).unwrap();
                    assert_eq!((&both[0], &both[1]), (&single(&engine, &of_l, &l, &tau, Par::SEQ), &found));
                    assert_eq!(found.len(), q);
                    for (s, value) in found.iter().enumerate() {
                        let order = pairing(&grid, &sigma, &tau, s);
                        assert!(lawful(&order, strata, groups), "n = {n}, q = {q}, shift {s}");
                        assert!(order.iter().copied().eq(0..n) == (r == 0 && s == 0) || grid.columns() == 0);
                        let expected = direct(&k, &l, &order);
                        assert!((value - expected).abs() < 1e-11 * n as f64, "n = {n}, q = {q}: {value} {expected}");
                    }
                }
            }
        }
        assert!(with_unmoved > 20);
    }

    /// Section 4 of the golden numbers: q = 3, U = 2, F = 4.
    #[test]
    fn golden_orbit() {
        let features = |d: usize, k: usize| -> Vec<Vec<f64>> {
            let at = |i: usize, j: usize| (i + 1) * (j + 2) * (k + 3) + i * i * (j + k + 1);
            (0..d).map(|j| (0..10).map(|i| (at(i, j) % 17) as f64 - 8.0).collect()).collect()
        };
        let gram = |columns: Vec<Vec<f64>>| {
            let mut gram = vec![0.0; 100];
            for column in columns {
                let mean = column.iter().sum::<f64>() / 10.0;
                (0..100).for_each(|at| gram[at] += (column[at / 10] - mean) * (column[at % 10] - mean));
            }
            gram
        };
        let (k, l) = (gram(features(3, 0)), gram(features(2, 1)));
        let design = Design::new(10, Some(&[0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), None, Scheme::Permute).unwrap();
        let grid = Lattice::of_length(&design, 3);
        assert_eq!((grid.columns(), grid.unmoved()), (2, 4));
        let engine = LatticeOrbits::new(&grid);
        let of_x = engine.of_x(&k, &[0, 2, 4, 1, 3, 5, 6, 7, 8, 9], Par::SEQ).unwrap();
        let found = single(&engine, &of_x, &l, &[1, 3, 5, 0, 2, 4, 6, 7, 8, 9], Par::SEQ);
        for (found, expected) in found.iter().zip([21202.34, 25124.139999999996, 13426.339999999998]) {
            assert!((found - expected).abs() < 1e-10 * expected, "{found} {expected}");
        }
    }

    /// Section 3.3 of the design, shift scheme: whole numbers.
    #[test]
    fn circular_shifts() {
        let distances = |v: [f64; 6]| (0..36).map(|at| (v[at / 6] - v[at % 6]).abs()).collect::<Vec<_>>();
        let k = distances([0.0, 1.0, 2.0, 4.0, 7.0, 11.0]);
        let l = distances([1.0, 0.0, 4.0, 3.0, 9.0, 12.0]);
        let design = Design::new(6, None, None, Scheme::Shift).unwrap();
        let grid = Lattice::choose(&design).unwrap();
        let identity: Vec<usize> = (0..6).collect();
        let engine = LatticeOrbits::new(&grid);
        let of_x = engine.of_x(&k, &identity, Par::SEQ).unwrap();
        let found = single(&engine, &of_x, &l, &identity, Par::SEQ);
        let whole: Vec<i64> = found.iter().map(|v| v.round() as i64).collect();
        assert_eq!(whole, [1142, 838, 862, 778, 826, 862]);
        assert_eq!(grid.shift(2), design.nth(2));
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        let n = 300;
        let strata: Vec<i64> = (0..n).map(|i| i64::from(i % 7 > 2)).collect();
        let design = Design::new(n, Some(&strata), None, Scheme::Permute).unwrap();
        let grid = Lattice::choose(&design).unwrap();
        let (k, l) = (symmetric(n, 0.7), symmetric(n, 1.3));
        let run = |par: Par<'_>| {
            let engine = LatticeOrbits::new(&grid);
            let of_x = engine.of_x(&k, &design.draw(&[5; 32], 0), par).unwrap();
            (0..3).flat_map(|r| single(&engine, &of_x, &l, &design.draw(&[5; 32], r), par)).collect::<Vec<_>>()
        };
        let alone = run(Par::SEQ);
        for threads in [1, 2, 3, 8] {
            assert_eq!(with_threads(threads, &Watch::default(), run), alone);
        }
    }

    fn chosen(n: usize, strata: impl Fn(usize) -> usize, groups: impl Fn(usize) -> usize) -> Option<[usize; 3]> {
        let strata: Vec<i64> = (0..n).map(|i| strata(i) as i64).collect();
        let groups: Vec<i64> = (0..n).map(|i| groups(i) as i64).collect();
        let design = Design::new(n, Some(&strata), Some(&groups), Scheme::Permute).unwrap();
        Lattice::choose(&design).map(|grid| [grid.length(), grid.columns(), grid.unmoved()])
    }

    #[test]
    fn choices() {
        assert_eq!(chosen(1000, |_| 0, |i| i), Some([1000, 1, 0]));
        assert_eq!(chosen(1000, |i| i % 2, |i| i), Some([500, 2, 0]));
        assert_eq!(chosen(1000, |_| 0, |i| i / 4), Some([250, 4, 0]));
        // One stratum of a few rows rests rather than breaking the rest into short columns.
        assert_eq!(chosen(1000, |i| usize::from(i < 5), |i| i), Some([995, 1, 5]));
        assert_eq!(chosen(1000, |i| i / 4, |i| i), Some([4, 250, 0]));
        assert_eq!(chosen(1000, |i| i / 3, |i| i), None);
        // Uneven strata: no length fits all.
        let uneven = |i: usize| [12, 27, 44].iter().filter(|&&end| i >= end).count();
        assert_eq!(chosen(64, uneven, |i| i), Some([10, 5, 14]));
    }

    /// Simulated tails of 10 %, n = 500: 3.6 for centered Gram matrices and 21.8 for distances with 50 items at rest,
    /// 1.06 and 0.63 with none.
    #[test]
    fn variance_factors() {
        let design = Design::new(500, None, None, Scheme::Permute).unwrap();
        let factor = |q: usize, linear: bool| Lattice::of_length(&design, q).variance_factor(linear);
        assert_eq!(factor(500, true), 1.1);
        assert!((3.5..4.5).contains(&factor(450, false)) && (21.0..45.0).contains(&factor(450, true)));
    }

    /// Normal numbers, good enough for a simulation.
    struct Normal(u64);

    impl Normal {
        fn uniform(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        }

        fn next(&mut self) -> f64 {
            (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
        }
    }

    /// Strata carry a strong signal and nothing else does: the test inside strata keeps its level, the free one
    /// rejects.
    #[test]
    fn level_with_strata_that_carry_signal() {
        const N: usize = 28;
        let strata: Vec<i64> = (0..N).map(|i| [0, 0, 0, 0, 1, 1, 1, 2, 2, 2][i * 7 % 10]).collect();
        let inside = Design::new(N, Some(&strata), None, Scheme::Permute).unwrap();
        let free = Design::new(N, None, None, Scheme::Permute).unwrap();
        let mut normal = Normal(11);
        let mut gram = || {
            let centers: Vec<f64> = (0..12).map(|_| 2.0 * normal.next()).collect();
            let mut gram = vec![0.0; N * N];
            for d in 0..4 {
                let x: Vec<f64> = strata.iter().map(|&k| centers[4 * k as usize + d] + normal.next()).collect();
                let mean = x.iter().sum::<f64>() / N as f64;
                (0..N * N).for_each(|at| gram[at] += (x[at / N] - mean) * (x[at % N] - mean));
            }
            gram
        };
        let pvalue = |k: &[f64], l: &[f64], design: &Design, q: usize, orbits: u64, run: u8| {
            let grid = Lattice::of_length(design, q);
            let key = [run; 32].map(|byte: u8| byte.wrapping_mul(37));
            let engine = LatticeOrbits::new(&grid);
            let of_x = engine.of_x(k, &design.draw(&key, 0), Par::SEQ).unwrap();
            let values: Vec<f64> =
                (0..orbits).flat_map(|r| single(&engine, &of_x, l, &design.draw(&key, r), Par::SEQ)).collect();
            values.iter().filter(|&&v| v >= values[0] - 1e-9).count() as f64 / values.len() as f64
        };
        let runs = 800;
        let (mut of_inside, mut of_free) = (Vec::new(), Vec::new());
        for run in 0..runs {
            let (k, l) = (gram(), gram());
            of_inside.push(pvalue(&k, &l, &inside, 7, 5, run as u8));
            of_free.push(pvalue(&k, &l, &free, 28, 2, run as u8));
        }
        let share =
            |ps: &[f64], level: f64| ps.iter().filter(|&&p| p <= level + 1e-12).count() as f64 / f64::from(runs);
        for level in [0.05, 0.1, 0.25, 0.5] {
            let attained = (35.0_f64 * level + 1e-9).floor() / 35.0;
            let error = (attained * (1.0 - attained) / f64::from(runs)).sqrt();
            let found = share(&of_inside, level);
            assert!((found - attained).abs() < 4.0 * error, "{found} at {level}");
        }
        assert!(share(&of_free, 0.05) > 0.8, "{}", share(&of_free, 0.05));
    }
}
