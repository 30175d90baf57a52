//! Shift orbits: n permutations at once.
//!
//! Wanted are values of `T(pi) = sum_ij K[i, j] L[pi(i), pi(j)]` with symmetric K and L. Lay the items of x out on a circle
//! of n places in a random order sigma, and those of y in a random order tau. At shift s item `sigma(i)` meets item
//! `tau(i + s)`; the n shifts are an *orbit*. A shift keeps the distance d of two places and only moves the pair along its
//! cyclic diagonal, so for each d the sum over pairs is a correlation of two sequences:
//!
//! ```text
//! k_d(i) = K[sigma(i), sigma(i+d)]      l_d(i) = L[tau(i), tau(i+d)]      indices mod n,  d = 0, .., n/2
//! T(s) = sum_d w_d sum_i k_d(i) l_d(i+s)                                  w_0 = 1,  w_d = 2,  w_(n/2) = 1 for even n
//! ```
//!
//! The sum over d is taken in the frequency domain: n/2 transforms and one inverse give n values, and those of K serve all
//! orbits. The p-value of whole orbits is exact if the first of them has tau = sigma and so contains the observed matching
//! at s = 0: given the data, the observed value is a uniformly random element of all values.
//!
//! Only the quadratic part of T takes this road ([`Residual`]), and single precision is enough for it; the linear part is one
//! more correlation, in double precision. Work goes through the diagonals in *strips* of 16 or 32, which are transformed side
//! by side ([`StripFft`]); strips are gathered in *slabs* that bound the memory. Lengths with prime factors above 13 are
//! padded: l is continued periodically over 2n - 1 places and k with zeros, so the first n values of a longer correlation
//! are those wanted.

use std::sync::{Arc, Mutex, PoisonError};

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::residual::Residual;
use crate::error::Result;
use crate::numerics::fft::{Aligned, Goal, Real, Room, StripFft, is_smooth, next_smooth};
use crate::par::Par;

/// Strips that are transformed by one unit of work.
const GROUP: usize = 4;
/// Numbers of a slab, about.
const SLAB: usize = 1 << 24;
/// Numbers of the rows that are unpacked at a time, about: half of a second-level cache.
const UNPACKED: usize = 1 << 15;
/// From so many orbits on it pays to unpack y's matrix once and keep it.
const MANY: usize = 4;
/// The largest matrix that is kept unpacked, in bytes.
const UNPACKED_BYTES: usize = 1 << 28;

/// The engine: K transformed, L ready to be laid out anew.
pub struct Orbits<'a, T> {
    n: usize,
    l: &'a Residual<'a>,
    source: Source<'a, T>,
    mean: f64,
    /// The transform of the effects of K's items.
    effects: Vec<Complex<f64>>,
    around: Arc<dyn Fft<f64>>,
    back: Arc<dyn Fft<f64>>,
    diagonals: std::ops::Range<usize>,
    plan: StripFft,
    inverse: Arc<dyn Fft<f64>>,
    strips: usize,
    /// Strips per slab.
    slab: usize,
    /// Rows per block of a band.
    block: usize,
    /// The transforms of K's strips; those of the last slab if there is one orbit only.
    khat: Aligned<T>,
    desks: Mutex<Vec<Desk<T>>>,
    bands: Mutex<Vec<Aligned<T>>>,
}

/// A matrix that is read row after row.
enum Source<'a, T> {
    /// Made when they are read.
    Packed(&'a Residual<'a>),
    /// Whole rows, made once.
    Unpacked(Vec<T>),
}

/// Room for one thread.
struct Desk<T> {
    fourier: Room<T>,
    /// Whole rows of a matrix, one after the other.
    wide: Vec<f64>,
    /// The same, rounded.
    rows: Vec<T>,
    /// The strips of one unit, in the order of reading.
    strips: Aligned<T>,
}

/// Items along the circle.
struct Layout {
    /// Items by place, twice around.
    order: Vec<u32>,
    /// Place of every item.
    place: Vec<u32>,
    /// Items by point of the transform, in the order of reading; none where K is padded.
    points: Vec<Option<u32>>,
    /// Whether the middle diagonal of an even n, which holds every pair twice, counts half (K).
    weighted: bool,
}

impl<'a, T: Real> Orbits<'a, T> {
    /// Numbers per item of a unit of work.
    const WIDE: usize = GROUP * T::POINT;

    /// Make the engine for `count` orbits, and the values of the first of them, which begins with the observed one.
    pub fn begin(
        k: &'a Residual<'a>,
        l: &'a Residual<'a>,
        sigma: &[usize],
        count: usize,
        par: Par<'_>,
    ) -> Result<(Self, Vec<f64>)> {
        let n = k.n();
        let length = if is_smooth(n) { n } else { next_smooth(2 * n - 1) };
        // The diagonal of the residual is zero.
        let diagonals = 1..n / 2 + 1;
        let strips = diagonals.len().div_ceil(T::POINT).next_multiple_of(GROUP).max(GROUP);
        let slab = (SLAB / (length * T::POINT)).next_multiple_of(GROUP).max(GROUP).min(strips);
        let kept = if count > 1 { strips } else { slab };
        let block = (UNPACKED / n.max(1)).clamp(16, 32);
        let mut planner = FftPlanner::new();
        let mut engine = Self {
            n,
            l,
            source: Source::Packed(l),
            mean: k.mean(l),
            effects: Vec::new(),
            around: planner.plan_fft_forward(n),
            back: planner.plan_fft_inverse(n),
            diagonals,
            plan: StripFft::new(length),
            inverse: planner.plan_fft_inverse(length),
            strips,
            slab,
            block,
            khat: Aligned::zeros(kept * length * T::POINT),
            desks: Mutex::default(),
            bands: Mutex::default(),
        };
        if count >= MANY && n * n * size_of::<T>() <= UNPACKED_BYTES {
            let mut rows = vec![T::default(); n * n];
            par.fill(&mut rows, block * n, |number, rows| {
                engine.at_desk(|desk| desk.read(l, number * block, rows));
                Ok(())
            })?;
            engine.source = Source::Unpacked(rows);
        }
        engine.effects = engine.laid_out(k, sigma);
        engine.effects.iter_mut().for_each(|value| *value = value.conj());
        let values = engine.first(k, sigma, count > 1, par)?;
        Ok((engine, values))
    }

    /// The values of the orbit of sigma; K is transformed on the way.
    fn first(&mut self, k: &'a Residual<'a>, sigma: &[usize], keep: bool, par: Par<'_>) -> Result<Vec<f64>> {
        let strip = self.plan.len() * T::POINT;
        let (of_k, of_l) = (self.layout(sigma, true), self.layout(sigma, false));
        let mut khat = std::mem::replace(&mut self.khat, Aligned::zeros(0));
        let mut band = self.band();
        let mut sum = vec![0.0; 2 * self.plan.len()];
        for (start, count) in self.slabs() {
            let at = if keep { start * strip } else { 0 };
            let kept = &mut khat.get_mut()[at..at + count * strip];
            self.gather(&Source::Packed(k), &of_k, start, count, &mut band, par)?;
            let (from, places) = (band.get(), self.places(&of_k, count));
            par.fill(kept, GROUP * strip, |group, kept| {
                self.at_desk(|desk| {
                    self.pick(from, &places, group, &mut desk.strips);
                    for (from, kept) in desk.strips.get().chunks(strip).zip(kept.chunks_mut(strip)) {
                        self.plan.forward(from, &mut desk.fourier, Goal::Keep(kept));
                    }
                });
                Ok(())
            })?;
            self.gather(&self.source, &of_l, start, count, &mut band, par)?;
            self.correlate(band.get(), &of_l, &khat.get()[at..at + count * strip], count, &mut sum, par)?;
        }
        self.put_back(band);
        self.khat = khat;
        Ok(self.values(&sum, sigma))
    }

    /// The values of the orbit of tau.
    pub fn run(&self, tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        let strip = self.plan.len() * T::POINT;
        let layout = self.layout(tau, false);
        let mut band = self.band();
        let mut sum = vec![0.0; 2 * self.plan.len()];
        for (start, count) in self.slabs() {
            let khat = &self.khat.get()[start * strip..(start + count) * strip];
            self.gather(&self.source, &layout, start, count, &mut band, par)?;
            self.correlate(band.get(), &layout, khat, count, &mut sum, par)?;
        }
        self.put_back(band);
        Ok(self.values(&sum, tau))
    }

    /// First strip and number of strips of every slab.
    fn slabs(&self) -> impl Iterator<Item = (usize, usize)> {
        let (strips, slab) = (self.strips, self.slab);
        (0..strips).step_by(slab.max(1)).map(move |start| (start, slab.min(strips - start)))
    }

    fn layout(&self, order: &[usize], weighted: bool) -> Layout {
        let n = self.n;
        let mut place = vec![0; n];
        order.iter().zip(0..).for_each(|(&item, at)| place[item] = at);
        let filled = if weighted || self.plan.len() == n { n } else { 2 * n - 1 };
        let points = self.plan.reading_order().map(|at| (at < filled).then(|| order[at % n] as u32)).collect();
        Layout { order: order.iter().chain(order).map(|&item| item as u32).collect(), place, points, weighted }
    }

    /// Where the points of the first unit of a slab lie, in the order of reading.
    fn places(&self, layout: &Layout, count: usize) -> Vec<Option<usize>> {
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
    fn gather(
        &self,
        matrix: &Source<'_, T>,
        layout: &Layout,
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
                Source::Unpacked(all) => lay_rows_out(&all[item * self.n..(item + rows) * self.n]),
                Source::Packed(matrix) => self.at_desk(|desk| {
                    let mut unpacked = std::mem::take(&mut desk.rows);
                    desk.read(matrix, item, &mut unpacked[..rows * self.n]);
                    lay_rows_out(&unpacked[..rows * self.n]);
                    desk.rows = unpacked;
                }),
            }
            if layout.weighted && 2 * (first + width - 1) == self.n {
                let lane = width - 1;
                let middle = &mut out[lane / wide * self.block * wide + lane % wide..];
                middle.iter_mut().step_by(wide).take(rows).for_each(|v| *v = T::of(0.5 * v.widen()));
            }
            Ok(())
        })
    }

    /// Transform a slab and add its products with the transforms of K to `sum`.
    fn correlate(
        &self,
        band: &[T],
        layout: &Layout,
        khat: &[T],
        count: usize,
        sum: &mut [f64],
        par: Par<'_>,
    ) -> Result<()> {
        let strip = self.plan.len() * T::POINT;
        let places = self.places(layout, count);
        let parts = par.map(count / GROUP, |unit, _| {
            let mut part = vec![0.0; 2 * self.plan.len()];
            self.at_desk(|desk| {
                self.pick(band, &places, unit, &mut desk.strips);
                let khat = khat[unit * GROUP * strip..].chunks(strip);
                for (from, khat) in desk.strips.get().chunks(strip).zip(khat) {
                    self.plan.forward(from, &mut desk.fourier, Goal::Correlate { with: khat, sum: &mut part });
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
    fn laid_out(&self, matrix: &Residual<'_>, order: &[usize]) -> Vec<Complex<f64>> {
        let effects: Vec<[f64; 2]> = matrix.effects().collect();
        let mut laid: Vec<_> = order.iter().map(|&item| Complex::new(effects[item][0], effects[item][1])).collect();
        self.around.process(&mut laid);
        laid
    }

    /// From the spectrum to the values.
    fn values(&self, sum: &[f64], tau: &[usize]) -> Vec<f64> {
        let mut linear = self.laid_out(self.l, tau);
        linear.iter_mut().zip(&self.effects).for_each(|(l, k)| *l *= k);
        self.back.process(&mut linear);
        let length = self.plan.len();
        let mut spectrum = vec![Complex::new(0.0, 0.0); length];
        for (place, value) in sum.as_chunks::<2>().0.iter().enumerate() {
            spectrum[self.plan.frequency(place)] = Complex::new(value[0], value[1]);
        }
        self.inverse.process(&mut spectrum);
        let quadratic = spectrum[..self.n].iter().map(|value| 2.0 * value.re / length as f64);
        quadratic.zip(linear).map(|(q, a)| self.mean + (a.re / self.n as f64 + q)).collect()
    }

    fn band(&self) -> Aligned<T> {
        let spare = self.bands.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| Aligned::zeros(self.n.next_multiple_of(self.block) * self.slab * T::POINT))
    }

    fn put_back(&self, band: Aligned<T>) {
        self.bands.lock().unwrap_or_else(PoisonError::into_inner).push(band);
    }

    fn at_desk<R>(&self, work: impl FnOnce(&mut Desk<T>) -> R) -> R {
        let spare = self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut desk = spare.unwrap_or_else(|| Desk {
            fourier: self.plan.room(),
            wide: vec![0.0; self.block.min(self.n) * self.n],
            rows: vec![T::default(); self.block.min(self.n) * self.n],
            strips: Aligned::zeros(self.plan.len() * Self::WIDE),
        });
        let found = work(&mut desk);
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
        found
    }
}

impl<T: Real> Desk<T> {
    /// Rows of the residual, rounded.
    fn read(&mut self, matrix: &Residual<'_>, first: usize, rows: &mut [T]) {
        let wide = &mut self.wide[..rows.len()];
        matrix.rows(first, wide);
        rows.iter_mut().zip(wide).for_each(|(to, from)| *to = T::of(*from));
    }
}

/// Entries of a row, by item, to the lanes of unit after unit; lanes left over are zero.
fn lay_out<'t, T: Real>(row: &[T], items: &[u32], wide: usize, target: impl Iterator<Item = &'t mut [T]>) {
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

#[cfg(test)]
mod tests {
    use super::super::residual::tests::dense;
    use super::*;
    use crate::engines::pair_matrix::Dense;
    use crate::numerics::streams::permutation;

    /// Which item of y meets which of x at shift s.
    fn matching(sigma: &[usize], tau: &[usize], s: usize) -> Vec<usize> {
        let mut found = vec![0; sigma.len()];
        sigma.iter().enumerate().for_each(|(i, &item)| found[item] = tau[(i + s) % sigma.len()]);
        found
    }

    fn direct(k: &Dense, l: &Dense, order: &[usize]) -> f64 {
        let n = k.n();
        (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| k.at(i, j) * l.at(order[i], order[j])).sum()
    }

    /// Every shift of every orbit equals the definition: odd, even, prime, padded, with and without a diagonal.
    fn check<T: Real>(round_off: f64) {
        let key = [5; 32];
        for n in (3..=20).chain([31, 34, 60, 130]) {
            for (with_k, with_l) in [(true, true), (false, false), (true, false)] {
                let (k, l) = (dense(n, with_k, 0.7), dense(n, with_l, 1.3));
                let (a, b) = (Residual::of(&k, Par::SEQ).unwrap(), Residual::of(&l, Par::SEQ).unwrap());
                let sigma = permutation(&key, 0, n);
                for count in [1, 2, MANY] {
                    let (engine, first) = Orbits::<T>::begin(&a, &b, &sigma, count, Par::SEQ).unwrap();
                    for r in 0..count {
                        let tau = permutation(&key, r as u64, n);
                        let found = if r == 0 { first.clone() } else { engine.run(&tau, Par::SEQ).unwrap() };
                        for (s, value) in found.iter().enumerate() {
                            let expected = direct(&k, &l, &matching(&sigma, &tau, s));
                            let error = (value - expected).abs();
                            assert!(error < round_off * (n * n) as f64, "n = {n}, orbit {r}, shift {s}: {value} {expected}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn orbits_equal_the_definition() {
        check::<f64>(1e-14);
        check::<f32>(1e-7);
    }

    /// Whole numbers that can be checked by hand.
    #[test]
    fn worked_example() {
        let distances = |values: [f64; 6]| {
            let upper =
                (0..6).flat_map(|i| (i + 1..6).map(move |j| (i, j))).map(|(i, j)| (values[i] - values[j]).abs());
            Dense::new(6, upper.collect(), None)
        };
        let k = distances([0.0, 1.0, 2.0, 4.0, 7.0, 11.0]);
        let l = distances([1.0, 0.0, 4.0, 3.0, 9.0, 12.0]);
        let (k, l) = (Residual::of(&k, Par::SEQ).unwrap(), Residual::of(&l, Par::SEQ).unwrap());
        let sigma = [2, 0, 4, 1, 5, 3];
        let (engine, first) = Orbits::<f64>::begin(&k, &l, &sigma, 2, Par::SEQ).unwrap();
        let whole = |values: &[f64]| values.iter().map(|v| v.round() as i64).collect::<Vec<_>>();
        assert_eq!(whole(&first), [1142, 850, 782, 814, 806, 866]);
        assert_eq!(whole(&engine.run(&[5, 3, 0, 2, 1, 4], Par::SEQ).unwrap()), [862, 906, 938, 742, 798, 806]);
        assert!(first.iter().all(|v| (v - v.round()).abs() < 1e-10));
    }
}
