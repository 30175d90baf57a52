//! The diagonals of a matrix, laid out along a circle of items and transformed.
//!
//! Work goes through the diagonals in *strips* of 16 or 32, which are transformed side by side ([`StripFft`]); strips are
//! gathered in *slabs* that bound the memory. Lengths with prime factors above 13 are padded: l is continued periodically
//! over 2n - 1 places and k with zeros, so the first n values of a longer correlation are those wanted.

use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::error::Result;
use crate::memory;
use crate::numerics::fft::{Aligned, FftScratch, Goal, LaneFloat, StripFft, is_smooth, next_smooth};
use crate::operations::permutation::orbits::residual::Residual;
use crate::par::{Par, ScratchPool};

/// Strips that are transformed by one unit of work.
pub const GROUP: usize = 4;
/// Numbers of a slab, about.
const SLAB: usize = 1 << 24;
/// Numbers of the rows that are unpacked at a time, about: half of a second-level cache.
const UNPACKED: usize = 1 << 15;
/// The largest matrix that is kept unpacked, in bytes.
const UNPACKED_BYTES: usize = 1 << 28;

/// Diagonals of n x n matrices, cut into strips, and scratch for the work.
pub struct CyclicDiagonals<T> {
    n: usize,
    diagonals: std::ops::Range<usize>,
    plan: StripFft,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
    /// Number of strips.
    count: usize,
    /// Strips per slab.
    slab: usize,
    /// Rows per block of a band.
    block: usize,
    scratch: ScratchPool<DiagonalScratch<T>>,
    slabs: ScratchPool<Aligned<T>>,
}

/// A matrix that is read row after row.
pub enum MatrixRows<'a, T> {
    /// Made when they are read.
    Packed(&'a Residual<'a>),
    /// Whole rows, made once.
    Unpacked(Vec<T>),
}

/// Scratch of one thread.
struct DiagonalScratch<T> {
    fourier: FftScratch<T>,
    /// Whole rows of a matrix, one after the other.
    wide: Vec<f64>,
    /// The same, rounded.
    rows: Vec<T>,
    /// The strips of one unit, in the order of reading.
    strips: Aligned<T>,
}

/// Items along the circle.
pub struct CircleLayout {
    /// Items by place, twice around.
    order: Vec<u32>,
    /// Place of every item.
    place: Vec<u32>,
    /// Items by point of the transform, in the order of reading; none where K is padded.
    points: Vec<Option<u32>>,
    /// True if the middle diagonal of an even n, which holds every pair twice, counts half (K).
    weighted: bool,
}

impl CircleLayout {
    /// Places of the transform that hold items: all of them, unless K is padded with zeros.
    fn filled(&self, length: usize) -> usize {
        let n = self.place.len();
        if self.weighted || length == n { n } else { 2 * n - 1 }
    }
}

impl<T: LaneFloat> CyclicDiagonals<T> {
    /// Numbers per item of a unit of work.
    const WIDE: usize = GROUP * T::POINT;

    /// For matrices of n items.
    pub fn new(n: usize) -> Self {
        Self::with_slab(n, SLAB)
    }

    /// With about so many numbers per slab.
    pub fn with_slab(n: usize, most: usize) -> Self {
        let length = if is_smooth(n) { n } else { next_smooth(2 * n - 1) };
        // The diagonal of the residual is zero.
        let diagonals = 1..n / 2 + 1;
        let strips = diagonals.len().div_ceil(T::POINT).next_multiple_of(GROUP).max(GROUP);
        let slab = (most / (length * T::POINT)).next_multiple_of(GROUP).max(GROUP).min(strips);
        let mut planner = FftPlanner::new();
        Self {
            n,
            diagonals,
            plan: StripFft::new(length),
            forward: planner.plan_fft_forward(length),
            inverse: planner.plan_fft_inverse(length),
            count: strips,
            slab,
            block: (UNPACKED / n.max(1)).clamp(16, 32),
            scratch: ScratchPool::default(),
            slabs: ScratchPool::default(),
        }
    }

    /// Number of items.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Length of the transforms.
    pub fn length(&self) -> usize {
        self.plan.len()
    }

    /// Numbers of one transformed strip.
    pub fn strip(&self) -> usize {
        self.plan.len() * T::POINT
    }

    /// Number of strips.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Strips per slab.
    pub fn slab(&self) -> usize {
        self.slab
    }

    /// The frequency at a place of a transformed strip.
    pub fn frequency(&self, place: usize) -> usize {
        self.plan.frequency(place)
    }

    /// A matrix whose rows are made once, if they are to be read often and fit.
    pub fn source<'a>(&self, matrix: &'a Residual<'a>, often: bool, par: Par<'_>) -> Result<MatrixRows<'a, T>> {
        if !often || self.n * self.n * size_of::<T>() > UNPACKED_BYTES {
            return Ok(MatrixRows::Packed(matrix));
        }
        let mut rows = memory::zeros("The rows of an n x n matrix", self.n * self.n)?;
        par.fill(&mut rows, self.block * self.n, |number, rows| {
            self.with_scratch(|scratch| scratch.read(matrix, number * self.block, rows));
            Ok(())
        })?;
        Ok(MatrixRows::Unpacked(rows))
    }

    /// Transform a slab into `kept`, strip after strip.
    pub fn transform(&self, band: &[T], layout: &CircleLayout, kept: &mut [T], par: Par<'_>) -> Result<()> {
        let strip = self.strip();
        let places = self.places(layout, kept.len() / strip);
        par.fill(kept, GROUP * strip, |unit, kept| {
            self.with_scratch(|scratch| {
                self.pick(band, &places, unit, &mut scratch.strips);
                for (from, kept) in scratch.strips.get().chunks(strip).zip(kept.chunks_mut(strip)) {
                    self.plan.forward(from, &mut scratch.fourier, Goal::Keep(kept));
                }
            });
            Ok(())
        })
    }

    /// Transform a slab and add its products with the transforms of K to `sum`.
    pub fn correlate(
        &self,
        band: &[T],
        layout: &CircleLayout,
        khat: &[T],
        sum: &mut [f64],
        par: Par<'_>,
    ) -> Result<()> {
        let strip = self.strip();
        let count = khat.len() / strip;
        let places = self.places(layout, count);
        let parts = par.map(count / GROUP, |unit, _| {
            let mut part = vec![0.0; 2 * self.length()];
            self.with_scratch(|scratch| {
                self.pick(band, &places, unit, &mut scratch.strips);
                let khat = khat[unit * GROUP * strip..].chunks(strip);
                for (from, khat) in scratch.strips.get().chunks(strip).zip(khat) {
                    self.plan.forward(from, &mut scratch.fourier, Goal::Correlate { with: khat, sum: &mut part });
                }
            });
            Ok(part)
        })?;
        for part in parts {
            sum.iter_mut().zip(part).for_each(|(s, p)| *s += p);
        }
        Ok(())
    }

    /// The transform of the effects of the items in an order; the two of an item make one complex number.
    pub fn effects(&self, matrix: &Residual<'_>, layout: &CircleLayout) -> Vec<Complex<f64>> {
        let effects: Vec<[f64; 2]> = matrix.effects().collect();
        let filled = layout.filled(self.length());
        let at = |place: usize| effects[layout.order[place % self.n] as usize];
        let laid = (0..self.length()).map(|place| if place < filled { at(place) } else { [0.0; 2] });
        let mut laid: Vec<_> = laid.map(|[d, u]| Complex::new(d, u)).collect();
        self.forward.process(&mut laid);
        laid
    }

    /// The first n values of a spectrum, which is used up; `mean` is added.
    pub fn values(&self, spectrum: Vec<Complex<f64>>, mean: f64) -> Vec<f64> {
        self.complex_values(spectrum).iter().map(|value| mean + value.re).collect()
    }

    /// The same, real and imaginary parts.
    pub fn complex_values(&self, mut spectrum: Vec<Complex<f64>>) -> Vec<Complex<f64>> {
        self.inverse.process(&mut spectrum);
        let over = 1.0 / self.length() as f64;
        spectrum.truncate(self.n);
        spectrum.iter_mut().for_each(|value| *value *= over);
        spectrum
    }

    /// First strip and number of strips of every slab.
    pub fn slabs(&self) -> impl Iterator<Item = (usize, usize)> {
        let (strips, slab) = (self.count, self.slab);
        (0..strips).step_by(slab.max(1)).map(move |start| (start, slab.min(strips - start)))
    }

    /// Items along the circle in an order.
    pub fn layout(&self, order: &[usize], weighted: bool) -> CircleLayout {
        let n = self.n;
        let mut place = vec![0; n];
        order.iter().zip(0..).for_each(|(&item, at)| place[item] = at);
        let order = order.iter().chain(order).map(|&item| item as u32).collect();
        let mut layout = CircleLayout { order, place, points: Vec::new(), weighted };
        let filled = layout.filled(self.length());
        let at = |place: usize| (place < filled).then(|| layout.order[place % n]);
        layout.points = self.plan.reading_order().map(at).collect();
        layout
    }

    /// Places of the points of the first unit of a slab, in the order of reading.
    fn places(&self, layout: &CircleLayout, count: usize) -> Vec<Option<usize>> {
        let units = count / GROUP;
        let at = |item: usize| (item / self.block * units * self.block + item % self.block) * Self::WIDE;
        layout.points.iter().map(|item| item.map(|item| at(item as usize))).collect()
    }

    /// The strips of a unit, every point from where it lies.
    fn pick(&self, band: &[T], places: &[Option<usize>], unit: usize, strips: &mut Aligned<T>) {
        let offset = unit * self.block * Self::WIDE;
        let length = self.plan.len() * T::POINT;
        let strips = strips.get_mut();
        for (point, place) in places.iter().enumerate() {
            let at = |strip: usize| strip * length + point * T::POINT;
            match place {
                Some(place) => {
                    let from = &band[place + offset..][..Self::WIDE];
                    for (strip, from) in from.chunks_exact(T::POINT).enumerate() {
                        strips[at(strip)..][..T::POINT].copy_from_slice(from);
                    }
                }
                None => (0..GROUP).for_each(|strip| strips[at(strip)..][..T::POINT].fill(T::default())),
            }
        }
    }

    /// Lay a slab of diagonals out: block after block of items, in it unit after unit, in it item after item.
    ///
    /// Items stay in their own order here, so that the matrix is read from front to back, whatever the layout; the
    /// transform then picks its points.
    pub fn gather(
        &self,
        matrix: &MatrixRows<'_, T>,
        layout: &CircleLayout,
        start: usize,
        count: usize,
        band: &mut Aligned<T>,
        par: Par<'_>,
    ) -> Result<()> {
        let (point, wide) = (T::POINT, Self::WIDE);
        let first = self.diagonals.start + start * point;
        let width = (self.diagonals.end.saturating_sub(first)).min(count * point);
        let size = self.block * count * point;
        par.fill(&mut band.get_mut()[..self.n.div_ceil(self.block) * size], size, |number, out| {
            let item = number * self.block;
            let rows = self.block.min(self.n - item);
            let mut lay_rows_out = |rows: &[T]| {
                for (at, row) in rows.chunks_exact(self.n).enumerate() {
                    let place = layout.place[item + at] as usize;
                    let others = &layout.order[place + first..place + first + width];
                    lay_out(row, others, wide, out[at * wide..].chunks_mut(self.block * wide));
                }
            };
            match matrix {
                MatrixRows::Unpacked(all) => lay_rows_out(&all[item * self.n..(item + rows) * self.n]),
                MatrixRows::Packed(matrix) => self.with_scratch(|scratch| {
                    let mut unpacked = std::mem::take(&mut scratch.rows);
                    scratch.read(matrix, item, &mut unpacked[..rows * self.n]);
                    lay_rows_out(&unpacked[..rows * self.n]);
                    scratch.rows = unpacked;
                }),
            }
            if layout.weighted && 2 * (first + width - 1) == self.n {
                let lane = width - 1;
                let middle = &mut out[lane / wide * self.block * wide + lane % wide..];
                middle.iter_mut().step_by(wide).take(rows).for_each(|v| *v = T::of(0.5 * (*v).into()));
            }
            Ok(())
        })
    }

    /// Memory of a slab.
    pub fn memory_of_slab(&self) -> Result<Aligned<T>> {
        let size = self.n.next_multiple_of(self.block) * self.slab * T::POINT;
        self.slabs.take().map_or_else(|| Aligned::many_zeros("A slab of an n x n matrix", size), Ok)
    }

    /// Memory of a slab for whoever comes next.
    pub fn put_back(&self, slab: Aligned<T>) {
        self.slabs.put_back(slab);
    }

    fn with_scratch<R>(&self, work: impl FnOnce(&mut DiagonalScratch<T>) -> R) -> R {
        let make = || DiagonalScratch {
            fourier: self.plan.scratch(),
            wide: vec![0.0; self.block.min(self.n) * self.n],
            rows: vec![T::default(); self.block.min(self.n) * self.n],
            strips: Aligned::zeros(self.plan.len() * Self::WIDE),
        };
        self.scratch.with(make, work)
    }
}

impl<T: LaneFloat> DiagonalScratch<T> {
    /// Rows of the residual, rounded.
    fn read(&mut self, matrix: &Residual<'_>, first: usize, rows: &mut [T]) {
        let wide = &mut self.wide[..rows.len()];
        matrix.rows(first, wide);
        rows.iter_mut().zip(wide).for_each(|(to, from)| *to = T::of(*from));
    }
}

/// Entries of a row, by item, to the lanes of unit after unit; lanes left over are zero.
fn lay_out<'t, T: LaneFloat>(row: &[T], items: &[u32], wide: usize, target: impl Iterator<Item = &'t mut [T]>) {
    for (at, to) in target.enumerate() {
        let items = &items[(at * wide).min(items.len())..];
        let (to, items) = (&mut to[..wide], &items[..wide.min(items.len())]);
        let (used, left) = to.split_at_mut(items.len());
        for (to, &item) in used.iter_mut().zip(items) {
            *to = row[item as usize];
        }
        left.fill(T::default());
    }
}
