//! Fourier transforms of many short columns side by side.
//!
//! The permutation engine transforms thousands of sequences of one length. Here eight complex sequences lie side by side,
//! one per vector lane, so that every step of the transform is the same arithmetic on neighboring numbers: nothing is
//! transposed or shuffled. A *strip* is n *points* of [`POINT`] numbers. Which of them are real and which imaginary parts
//! depends on the width of the vectors and is nobody's business: pack any two real sequences into a column, and the real
//! part of the inverse transform of `conj(Zk) Zl` is the sum of their two correlations.
//!
//! For n = p q the transform takes two passes over the strip (Cooley and Tukey): p points, q apart, at a time, and q
//! points in a row at a time. Each of these short transforms happens in the first-level cache, by the self-sorting scheme
//! of Stockham with radices up to 13. Frequencies are left in the order in which they fall out; [`StripFft::frequency`]
//! tells which is where. Lengths with larger prime factors are not offered: the caller pads.

use std::f64::consts::TAU;

use pulp::{Arch, Simd, WithSimd};

/// Complex sequences side by side.
const LANES: usize = 8;
/// Numbers per point of a strip: as many sequences fit, two per lane.
pub const POINT: usize = 2 * LANES;
/// Longest sequence transformed in one go; longer ones take two passes.
const SHORT: usize = 400;
/// The largest radix.
const LARGEST: usize = 13;

/// The transform of strips of one length.
pub struct StripFft {
    n: usize,
    /// Over points that are q apart; of length 1 if n is short.
    outer: Short,
    /// Over q points in a row.
    inner: Short,
    /// `exp(-2 pi i j k / n)` for place j in the row and frequency k of the outer transform, row after row.
    twist: Vec<[f64; 2]>,
}

/// Room for one transform.
pub struct Room {
    short: Aligned,
    strip: Aligned,
}

/// Zeros that begin at a cache line, so that no vector lies across two of them.
pub struct Aligned {
    numbers: Vec<f64>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// Zeros.
    pub fn zeros(len: usize) -> Self {
        let numbers = vec![0.0; len + 8];
        let start = numbers.as_ptr().align_offset(64).min(8);
        Self { numbers, start, len }
    }

    /// The numbers.
    pub fn get(&self) -> &[f64] {
        &self.numbers[self.start..self.start + self.len]
    }

    /// The numbers, to be written.
    pub fn get_mut(&mut self) -> &mut [f64] {
        &mut self.numbers[self.start..self.start + self.len]
    }
}

/// What is done with a transform.
pub enum Goal<'a> {
    /// Kept.
    Keep(&'a mut [f64]),
    /// Its product with the conjugate of a kept one, summed over the lanes, is added to `sum` (real and imaginary part
    /// by turns).
    Correlate {
        /// The kept one.
        with: &'a [f64],
        /// Two numbers per point.
        sum: &'a mut [f64],
    },
}

/// Whether a length has no prime factor above 13.
pub fn is_smooth(mut n: usize) -> bool {
    for radix in [2, 3, 5, 7, 11, 13] {
        while n > 0 && n.is_multiple_of(radix) {
            n /= radix;
        }
    }
    n == 1
}

/// The smallest length with prime factors 2, 3 and 5 only that is not below n.
pub fn next_smooth(n: usize) -> usize {
    let easy = |mut m: usize| {
        for radix in [2, 3, 5] {
            while m.is_multiple_of(radix) {
                m /= radix;
            }
        }
        m == 1
    };
    (n.max(1)..).find(|&m| easy(m)).unwrap_or(n)
}

impl StripFft {
    /// A plan for a length that [`is_smooth`].
    pub fn new(n: usize) -> Self {
        debug_assert!(is_smooth(n));
        let p = if n <= SHORT { 1 } else { outer_length(n) };
        let q = n / p;
        let root = |power: usize| {
            let angle = -TAU * (power % n) as f64 / n as f64;
            [angle.cos(), angle.sin()]
        };
        let twist = (0..q).flat_map(|j| (0..p).map(move |k| root(j * k))).collect();
        Self { n, outer: Short::new(p), inner: Short::new(q), twist }
    }

    /// The length.
    pub fn len(&self) -> usize {
        self.n
    }

    /// The frequency that lies at a place of the result.
    pub fn frequency(&self, place: usize) -> usize {
        let (p, q) = (self.outer.n, self.inner.n);
        place / q + p * (place % q)
    }

    /// Room for one transform at a time.
    pub fn room(&self) -> Room {
        let longest = self.outer.n.max(self.inner.n);
        let strip = if self.outer.n > 1 { self.n * POINT } else { 0 };
        Room { short: Aligned::zeros(2 * longest * POINT), strip: Aligned::zeros(strip) }
    }

    /// The points of a sequence in the order in which [`Self::forward`] wants them.
    pub fn reading_order(&self) -> impl Iterator<Item = usize> {
        let (p, q) = (self.outer.n, self.inner.n);
        (0..self.n).map(move |at| if p == 1 { at } else { at % p * q + at / p })
    }

    /// Transform a strip whose points are in the order of reading.
    pub fn forward(&self, strip: &[f64], room: &mut Room, goal: Goal<'_>) {
        Arch::new().dispatch(Forward { plan: self, from: &strip[..self.n * POINT], room, goal });
    }
}

/// The length of the outer transform: of all ways to write n = p q with both short enough, the cheapest.
fn outer_length(n: usize) -> usize {
    let cost = |m: usize| radices(m).iter().map(|r| 8 + 2 * r).sum::<usize>();
    let mut best = (usize::MAX, 1);
    for p in (2..=n).take_while(|p| p * p <= n * 4).filter(|&p| n.is_multiple_of(p)) {
        let q = n / p;
        // Beyond the first-level cache every stage costs about twice.
        let far = |m: usize| if m * POINT * 16 > 32_768 { 2 } else { 1 };
        let total = cost(p) * far(p) + cost(q) * far(q) + p.abs_diff(q) / 16;
        best = best.min((total, p));
    }
    best.1
}

/// The radices of a length, largest first.
fn radices(mut n: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for prime in [13, 11, 7, 5, 3] {
        while n.is_multiple_of(prime) {
            found.push(prime);
            n /= prime;
        }
    }
    let twos = n.trailing_zeros() as usize;
    let (eights, rest): (usize, &[usize]) = match twos % 3 {
        0 => (twos / 3, &[]),
        1 if twos >= 4 => (twos / 3 - 1, &[4, 4]),
        1 => (0, &[2]),
        _ => (twos / 3, &[4]),
    };
    found.extend(std::iter::repeat_n(8, eights));
    found.extend(rest);
    found.sort_unstable_by(|a, b| b.cmp(a));
    found
}

/// A transform short enough for the first-level cache.
struct Short {
    n: usize,
    stages: Vec<Stage>,
}

/// `n` points, in groups of `stride`, become `radix` times as wide groups.
struct Stage {
    radix: usize,
    /// Points of one group before, over the radix: the number of different twiddle factors.
    count: usize,
    /// Points that are treated alike.
    stride: usize,
    /// `count` times `radix - 1` factors.
    twiddles: Vec<[f64; 2]>,
    /// Cosine and sine of the multiples of a full turn over the radix.
    circle: [[f64; 2]; LARGEST],
}

impl Short {
    fn new(n: usize) -> Self {
        let (mut left, mut stride) = (n, 1);
        let mut stages = Vec::new();
        for radix in radices(n) {
            let count = left / radix;
            let factor = |p: usize, k: usize| {
                let angle = -TAU * (p * k) as f64 / left as f64;
                [angle.cos(), angle.sin()]
            };
            let twiddles = (0..count).flat_map(|p| (1..radix).map(move |k| factor(p, k))).collect();
            let turn = |j: usize| TAU * j as f64 / radix as f64;
            let circle = std::array::from_fn(|j| [turn(j).cos(), turn(j).sin()]);
            stages.push(Stage { radix, count, stride, twiddles, circle });
            (left, stride) = (count, stride * radix);
        }
        Self { n, stages }
    }
}

/// Complex numbers in the lanes of two vectors.
type Pair<S> = [<S as Simd>::f64s; 2];

fn pairs<S: Simd>(values: &[f64]) -> &[Pair<S>] {
    S::as_simd_f64s(values).0.as_chunks().0
}

fn pairs_mut<S: Simd>(values: &mut [f64]) -> &mut [Pair<S>] {
    S::as_mut_simd_f64s(values).0.as_chunks_mut().0
}

struct Forward<'a> {
    plan: &'a StripFft,
    from: &'a [f64],
    room: &'a mut Room,
    goal: Goal<'a>,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (p, q) = (self.plan.outer.n, self.plan.inner.n);
        let width = LANES / S::F64_LANES;
        let short = pairs_mut::<S>(self.room.short.get_mut());
        let half = p.max(q) * width;
        let (a, b) = short[..2 * half].split_at_mut(half);
        let from = pairs::<S>(self.from);
        if p == 1 {
            let result = transform(simd, &self.plan.inner, width, from, a, b);
            finish(simd, &mut self.goal, 0, result);
            return;
        }
        let strip = pairs_mut::<S>(self.room.strip.get_mut());
        for (j, from) in from.chunks_exact(p * width).enumerate() {
            let result = transform(simd, &self.plan.outer, width, from, a, b);
            let twist = &self.plan.twist[j * p..(j + 1) * p];
            for (k, (values, &w)) in result.chunks_exact(width).zip(twist).enumerate() {
                let w = splat(simd, w);
                let to = &mut strip[(k * q + j) * width..][..width];
                for (to, &value) in to.iter_mut().zip(values) {
                    *to = times(simd, value, w);
                }
            }
        }
        for (k, row) in strip.chunks_exact(q * width).enumerate() {
            let result = transform(simd, &self.plan.inner, width, row, a, b);
            finish(simd, &mut self.goal, k * q, result);
        }
    }
}

/// Hand over points of the result, from place `first` on.
#[inline(always)]
fn finish<S: Simd>(simd: S, goal: &mut Goal<'_>, first: usize, result: &[Pair<S>]) {
    let width = LANES / S::F64_LANES;
    match goal {
        Goal::Keep(kept) => pairs_mut::<S>(&mut kept[first * POINT..])[..result.len()].copy_from_slice(result),
        Goal::Correlate { with, sum } => {
            let points = result.len() / width;
            let with = &pairs::<S>(&with[first * POINT..])[..result.len()];
            let sum = sum[2 * first..][..2 * points].as_chunks_mut::<2>().0;
            for ((l, k), sum) in result.chunks_exact(width).zip(with.chunks_exact(width)).zip(sum) {
                let (mut re, mut im) = (simd.splat_f64s(0.0), simd.splat_f64s(0.0));
                for (l, k) in l.iter().zip(k) {
                    re = simd.mul_add_e_f64s(k[0], l[0], simd.mul_add_e_f64s(k[1], l[1], re));
                    im = simd.mul_add_e_f64s(k[0], l[1], simd.negate_mul_add_e_f64s(k[1], l[0], im));
                }
                sum[0] += simd.reduce_sum_f64s(re);
                sum[1] += simd.reduce_sum_f64s(im);
            }
        }
    }
}

/// Transform points of `width` pairs each.
#[inline(always)]
fn transform<'r, S: Simd>(
    simd: S,
    plan: &Short,
    width: usize,
    from: &'r [Pair<S>],
    a: &'r mut [Pair<S>],
    b: &'r mut [Pair<S>],
) -> &'r [Pair<S>] {
    let size = plan.n * width;
    let Some((first, rest)) = plan.stages.split_first() else { return from };
    let (mut done, mut next) = (&mut a[..size], &mut b[..size]);
    simd.vectorize(Step { simd, stage: first, from, to: &mut *done, stride: width });
    for stage in rest {
        simd.vectorize(Step { simd, stage, from: &*done, to: &mut *next, stride: stage.stride * width });
        std::mem::swap(&mut done, &mut next);
    }
    done
}

/// One stage.
struct Step<'a, S: Simd> {
    simd: S,
    stage: &'a Stage,
    from: &'a [Pair<S>],
    to: &'a mut [Pair<S>],
    /// Pairs that are treated alike.
    stride: usize,
}

impl<S: Simd> pulp::NullaryFnOnce for Step<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        match self.stage.radix {
            2 => self.all(
                #[inline(always)]
                |simd, _, x| two(simd, x),
            ),
            3 => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, 3>(simd, circle, x),
            ),
            4 => self.all(
                #[inline(always)]
                |simd, _, x| four(simd, x),
            ),
            5 => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, 5>(simd, circle, x),
            ),
            7 => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, 7>(simd, circle, x),
            ),
            8 => self.all(
                #[inline(always)]
                |simd, _, x| eight(simd, x),
            ),
            11 => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, 11>(simd, circle, x),
            ),
            _ => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, LARGEST>(simd, circle, x),
            ),
        }
    }
}

impl<S: Simd> Step<'_, S> {
    #[inline(always)]
    fn all<const R: usize>(self, butterfly: impl Fn(S, &[[f64; 2]; LARGEST], [Pair<S>; R]) -> [Pair<S>; R]) {
        let Self { simd, stage, from, to, stride } = self;
        let read = |group: usize| &from[group * stride..][..stride];
        if stage.count == 1 {
            // The last stage has no twiddle factors.
            let x: [&[Pair<S>]; R] = std::array::from_fn(|k| read(k));
            for at in 0..stride {
                let y = butterfly(simd, &stage.circle, std::array::from_fn(|k| x[k][at]));
                for k in 0..R {
                    to[k * stride + at] = y[k];
                }
            }
            return;
        }
        for (p, (to, factors)) in to.chunks_exact_mut(R * stride).zip(stage.twiddles.chunks_exact(R - 1)).enumerate() {
            let x: [&[Pair<S>]; R] = std::array::from_fn(|k| read(k * stage.count + p));
            for at in 0..stride {
                let y = butterfly(simd, &stage.circle, std::array::from_fn(|k| x[k][at]));
                to[at] = y[0];
                for k in 1..R {
                    to[k * stride + at] = times(simd, y[k], splat(simd, factors[k - 1]));
                }
            }
        }
    }
}

#[inline(always)]
fn splat<S: Simd>(simd: S, w: [f64; 2]) -> Pair<S> {
    [simd.splat_f64s(w[0]), simd.splat_f64s(w[1])]
}

#[inline(always)]
fn add<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    [simd.add_f64s(a[0], b[0]), simd.add_f64s(a[1], b[1])]
}

#[inline(always)]
fn sub<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    [simd.sub_f64s(a[0], b[0]), simd.sub_f64s(a[1], b[1])]
}

#[inline(always)]
fn times<S: Simd>(simd: S, a: Pair<S>, w: Pair<S>) -> Pair<S> {
    [
        simd.negate_mul_add_e_f64s(a[1], w[1], simd.mul_f64s(a[0], w[0])),
        simd.mul_add_e_f64s(a[1], w[0], simd.mul_f64s(a[0], w[1])),
    ]
}

/// `a + i b` and `a - i b`.
#[inline(always)]
fn across<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> [Pair<S>; 2] {
    [[simd.sub_f64s(a[0], b[1]), simd.add_f64s(a[1], b[0])], [simd.add_f64s(a[0], b[1]), simd.sub_f64s(a[1], b[0])]]
}

#[inline(always)]
fn two<S: Simd>(simd: S, x: [Pair<S>; 2]) -> [Pair<S>; 2] {
    [add(simd, x[0], x[1]), sub(simd, x[0], x[1])]
}

#[inline(always)]
fn four<S: Simd>(simd: S, x: [Pair<S>; 4]) -> [Pair<S>; 4] {
    let ([a, b], [c, d]) = (two(simd, [x[0], x[2]]), two(simd, [x[1], x[3]]));
    let [plus, minus] = across(simd, b, d);
    [add(simd, a, c), minus, sub(simd, a, c), plus]
}

#[inline(always)]
fn eight<S: Simd>(simd: S, x: [Pair<S>; 8]) -> [Pair<S>; 8] {
    let even = four(simd, [x[0], x[2], x[4], x[6]]);
    let [a, b, c, d] = four(simd, [x[1], x[3], x[5], x[7]]);
    let root = simd.splat_f64s(std::f64::consts::FRAC_1_SQRT_2);
    let minus_root = simd.splat_f64s(-std::f64::consts::FRAC_1_SQRT_2);
    // b (1 - i) / sqrt 2 and d (-1 - i) / sqrt 2
    let b = [simd.mul_f64s(root, simd.add_f64s(b[0], b[1])), simd.mul_f64s(root, simd.sub_f64s(b[1], b[0]))];
    let d = [simd.mul_f64s(root, simd.sub_f64s(d[1], d[0])), simd.mul_f64s(minus_root, simd.add_f64s(d[0], d[1]))];
    let [plus, minus] = across(simd, even[2], c);
    [
        add(simd, even[0], a),
        add(simd, even[1], b),
        minus,
        add(simd, even[3], d),
        sub(simd, even[0], a),
        sub(simd, even[1], b),
        plus,
        sub(simd, even[3], d),
    ]
}

/// An odd prime radix: the terms j and R - j share their cosines and sines.
#[inline(always)]
fn odd<S: Simd, const R: usize>(simd: S, circle: &[[f64; 2]; LARGEST], x: [Pair<S>; R]) -> [Pair<S>; R] {
    let half = R / 2;
    let (mut sums, mut differences) = (x, x);
    let mut y = x;
    for j in 1..=half {
        sums[j] = add(simd, x[j], x[R - j]);
        differences[j] = sub(simd, x[j], x[R - j]);
        y[0] = add(simd, y[0], sums[j]);
    }
    for k in 1..=half {
        let mut a = x[0];
        let mut b = [simd.splat_f64s(0.0); 2];
        for j in 1..=half {
            let [cosine, sine] = splat(simd, circle[j * k % R]);
            a = [simd.mul_add_e_f64s(cosine, sums[j][0], a[0]), simd.mul_add_e_f64s(cosine, sums[j][1], a[1])];
            b = if j == 1 {
                [simd.mul_f64s(sine, differences[1][0]), simd.mul_f64s(sine, differences[1][1])]
            } else {
                [simd.mul_add_e_f64s(sine, differences[j][0], b[0]), simd.mul_add_e_f64s(sine, differences[j][1], b[1])]
            };
        }
        [y[R - k], y[k]] = across(simd, a, b);
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All smooth lengths up to 200 and some beyond, against the definition.
    #[test]
    fn transforms_are_those_of_the_definition() {
        for n in (1..=200).chain([256, 360, 500, 546, 1000, 1001, 1024, 1430]).filter(|&n| is_smooth(n)) {
            let plan = StripFft::new(n);
            let points: Vec<f64> =
                (0..n * POINT).map(|at| (at as f64 * 0.37 + (at * at % 1009) as f64).sin()).collect();
            let strip: Vec<f64> = plan.reading_order().flat_map(|i| points[i * POINT..][..POINT].to_vec()).collect();
            let mut out = vec![0.0; n * POINT];
            plan.forward(&strip, &mut plan.room(), Goal::Keep(&mut out));
            // Which numbers of a point are the real and which the imaginary parts depends on the machine.
            let width = lanes();
            let mut seen: Vec<usize> = (0..n).map(|place| plan.frequency(place)).collect();
            for place in [0, 1, n / 2, n - 1].into_iter().filter(|&place| place < n) {
                for lane in [0, 3, 7] {
                    let at = lane / width * 2 * width + lane % width;
                    let (mut re, mut im) = (0.0, 0.0);
                    for i in 0..n {
                        let angle = -TAU * (i * plan.frequency(place) % n) as f64 / n as f64;
                        let (a, b) = (points[i * POINT + at], points[i * POINT + at + width]);
                        re += a * angle.cos() - b * angle.sin();
                        im += a * angle.sin() + b * angle.cos();
                    }
                    let found = [out[place * POINT + at], out[place * POINT + at + width]];
                    let error = (found[0] - re).abs().max((found[1] - im).abs());
                    assert!(error < 1e-12 * n as f64, "n = {n}, place {place}, lane {lane}: {found:?} {re} {im}");
                }
            }
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..n));
        }
    }

    fn lanes() -> usize {
        struct Count;
        impl WithSimd for Count {
            type Output = usize;
            fn with_simd<S: Simd>(self, _: S) -> usize {
                S::F64_LANES
            }
        }
        Arch::new().dispatch(Count)
    }

    #[test]
    fn smooth_lengths() {
        assert_eq!((1..30).filter(|&n| !is_smooth(n)).collect::<Vec<_>>(), [17, 19, 23, 29]);
        assert_eq!([1, 7, 2017, 9985].map(next_smooth), [1, 8, 2025, 10_000]);
    }
}
