//! Fourier transforms of many short columns side by side.
//!
//! The permutation engine transforms thousands of sequences of one length. Here eight complex sequences of double
//! precision, or sixteen of single, lie side by side, one per vector lane, so that every step of the transform is the same
//! arithmetic on neighboring numbers: nothing is transposed or shuffled. A *strip* is n *points* of [`LaneFloat::POINT`]
//! numbers. Which of them are real and which imaginary parts depends on the width of the vectors and is nobody's business:
//! pack any two real sequences into a column, and the real part of the inverse transform of `conj(Zk) Zl` is the sum of
//! their two correlations.
//!
//! For n = p q the transform takes two passes over the strip (Cooley and Tukey): p points, q apart, at a time, and q
//! points in a row at a time. Each of these short transforms happens in the first-level cache, by the self-sorting scheme
//! of Stockham with radices up to 13. Frequencies are left in the order in which they fall out; [`StripFft::frequency`]
//! tells which is where. Lengths with larger prime factors are not offered: the caller pads.

use std::f64::consts::TAU;

use pulp::{Arch, Simd, WithSimd};

use crate::error::Result;
use crate::memory;
use crate::numerics::float::Float;

/// A real number that fills the lanes of vectors.
pub trait LaneFloat: Float {
    /// A vector of them.
    type Vector<S: Simd>: Copy;
    /// Complex sequences side by side: the widest vectors there are hold one real part of each.
    const LANES: usize;
    /// Numbers per point of a strip: as many real sequences fit, two per lane.
    const POINT: usize = 2 * Self::LANES;
    /// Pairs of vectors in a slice.
    fn pairs<S: Simd>(values: &[Self]) -> &[ComplexVectors<S, Self>];
    /// The same, to be written.
    fn pairs_mut<S: Simd>(values: &mut [Self]) -> &mut [ComplexVectors<S, Self>];
    /// One number in all lanes.
    fn splat<S: Simd>(simd: S, value: f64) -> Self::Vector<S>;
    /// a + b
    fn add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a - b
    fn sub<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a b
    fn mul<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a b + c
    fn mul_add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// c - a b
    fn sub_mul<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// The sum of all lanes.
    fn sum<S: Simd>(simd: S, a: Self::Vector<S>) -> f64;
}

/// Complex numbers in the lanes of two vectors.
pub type ComplexVectors<S, T> = [<T as LaneFloat>::Vector<S>; 2];

macro_rules! real {
    ($number:ty, $vector:ident, $lanes:literal, $view:ident, $view_mut:ident,
     $splat:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident, $sub_mul:ident, $sum:ident) => {
        impl LaneFloat for $number {
            type Vector<S: Simd> = S::$vector;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn pairs<S: Simd>(values: &[Self]) -> &[ComplexVectors<S, Self>] {
                S::$view(values).0.as_chunks().0
            }

            #[inline(always)]
            fn pairs_mut<S: Simd>(values: &mut [Self]) -> &mut [ComplexVectors<S, Self>] {
                S::$view_mut(values).0.as_chunks_mut().0
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: f64) -> S::$vector {
                simd.$splat(value as Self)
            }

            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }

            #[inline(always)]
            fn sub<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }

            #[inline(always)]
            fn mul<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }

            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn sub_mul<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$sub_mul(a, b, c)
            }

            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$vector) -> f64 {
                simd.$sum(a).into()
            }
        }
    };
}

real!(
    f32,
    f32s,
    16,
    as_simd_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    add_f32s,
    sub_f32s,
    mul_f32s,
    mul_add_e_f32s,
    negate_mul_add_e_f32s,
    reduce_sum_f32s
);
real!(
    f64,
    f64s,
    8,
    as_simd_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    add_f64s,
    sub_f64s,
    mul_f64s,
    mul_add_e_f64s,
    negate_mul_add_e_f64s,
    reduce_sum_f64s
);
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

/// Scratch memory for one transform.
pub struct FftScratch<T> {
    short: Aligned<T>,
    strip: Aligned<T>,
}

/// Zeros that begin at a cache line, so that no vector lies across two of them.
pub struct Aligned<T> {
    numbers: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: LaneFloat> Aligned<T> {
    /// Zeros.
    pub fn zeros(len: usize) -> Self {
        Self::of(vec![T::default(); len + T::LANES], len)
    }

    /// Zeros whose number grows with the square of the number of rows.
    pub fn many_zeros(what: &str, len: usize) -> Result<Self> {
        Ok(Self::of(memory::zeros(what, len + T::LANES)?, len))
    }

    fn of(numbers: Vec<T>, len: usize) -> Self {
        let start = numbers.as_ptr().align_offset(64).min(T::LANES);
        Self { numbers, start, len }
    }

    /// The numbers.
    pub fn get(&self) -> &[T] {
        &self.numbers[self.start..self.start + self.len]
    }

    /// The numbers, to be written.
    pub fn get_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..self.start + self.len]
    }
}

/// Points of transforms times -i, whichever of their numbers are real and which imaginary parts.
pub fn quarter_turn<T: LaneFloat>(from: &[T], to: &mut [T]) {
    Arch::new().dispatch(QuarterTurn { from, to });
}

struct QuarterTurn<'a, T> {
    from: &'a [T],
    to: &'a mut [T],
}

impl<T: LaneFloat> WithSimd for QuarterTurn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (to, from) in T::pairs_mut::<S>(self.to).iter_mut().zip(T::pairs::<S>(self.from)) {
            *to = [from[1], T::sub(simd, T::splat(simd, 0.0), from[0])];
        }
    }
}

/// Use of a transform.
pub enum Goal<'a, T> {
    /// Kept.
    Keep(&'a mut [T]),
    /// Product with the conjugate of a kept one: summed over the lanes, is added to `sum` (real and imaginary part
    /// by turns).
    Correlate {
        /// The kept one.
        with: &'a [T],
        /// Two numbers per point.
        sum: &'a mut [f64],
    },
}

/// True of a length without a prime factor above 13.
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

    /// Scratch memory for one transform at a time.
    pub fn scratch<T: LaneFloat>(&self) -> FftScratch<T> {
        let longest = self.outer.n.max(self.inner.n);
        let strip = if self.outer.n > 1 { self.n * T::POINT } else { 0 };
        FftScratch { short: Aligned::zeros(2 * longest * T::POINT), strip: Aligned::zeros(strip) }
    }

    /// The points of a sequence in the order in which [`Self::forward`] wants them.
    pub fn reading_order(&self) -> impl Iterator<Item = usize> {
        let (p, q) = (self.outer.n, self.inner.n);
        (0..self.n).map(move |at| if p == 1 { at } else { at % p * q + at / p })
    }

    /// Transform a strip whose points are in the order of reading.
    pub fn forward<T: LaneFloat>(&self, strip: &[T], scratch: &mut FftScratch<T>, goal: Goal<'_, T>) {
        Arch::new().dispatch(ForwardTransform { plan: self, from: &strip[..self.n * T::POINT], scratch, goal });
    }
}

/// The length of the outer transform: of all ways to write n = p q with both short enough, the cheapest.
fn outer_length(n: usize) -> usize {
    let cost = |m: usize| radices(m).iter().map(|r| 8 + 2 * r).sum::<usize>();
    let mut best = (usize::MAX, 1);
    for p in (2..=n).take_while(|p| p * p <= n * 4).filter(|&p| n.is_multiple_of(p)) {
        let q = n / p;
        // Beyond the first-level cache every stage costs about twice.
        let far = |m: usize| if m * 256 > 32_768 { 2 } else { 1 };
        let total = cost(p) * far(p) + cost(q) * far(q) + p.abs_diff(q) / 16;
        best = best.min((total, p));
    }
    best.1
}

/// The radices of a length, largest first.
fn radices(mut n: usize) -> Vec<usize> {
    let mut radices = Vec::new();
    for prime in [13, 11, 7, 5, 3] {
        while n.is_multiple_of(prime) {
            radices.push(prime);
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
    radices.extend(std::iter::repeat_n(8, eights));
    radices.extend(rest);
    radices.sort_unstable_by(|a, b| b.cmp(a));
    radices
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

struct ForwardTransform<'a, T> {
    plan: &'a StripFft,
    from: &'a [T],
    scratch: &'a mut FftScratch<T>,
    goal: Goal<'a, T>,
}

impl<T: LaneFloat> WithSimd for ForwardTransform<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (p, q) = (self.plan.outer.n, self.plan.inner.n);
        let width = width::<S, T>();
        let short = T::pairs_mut::<S>(self.scratch.short.get_mut());
        let half = p.max(q) * width;
        let (a, b) = short[..2 * half].split_at_mut(half);
        let from = T::pairs::<S>(self.from);
        if p == 1 {
            let result = transform::<S, T>(simd, &self.plan.inner, width, from, a, b);
            finish::<S, T>(simd, &mut self.goal, 0, result);
            return;
        }
        let strip = T::pairs_mut::<S>(self.scratch.strip.get_mut());
        for (j, from) in from.chunks_exact(p * width).enumerate() {
            let result = transform::<S, T>(simd, &self.plan.outer, width, from, a, b);
            let twist = &self.plan.twist[j * p..(j + 1) * p];
            for (k, (values, &w)) in result.chunks_exact(width).zip(twist).enumerate() {
                let w = splat::<S, T>(simd, w);
                let to = &mut strip[(k * q + j) * width..][..width];
                for (to, &value) in to.iter_mut().zip(values) {
                    *to = times::<S, T>(simd, value, w);
                }
            }
        }
        for (k, row) in strip.chunks_exact(q * width).enumerate() {
            let result = transform::<S, T>(simd, &self.plan.inner, width, row, a, b);
            finish::<S, T>(simd, &mut self.goal, k * q, result);
        }
    }
}

/// Pairs per point.
#[inline(always)]
fn width<S: Simd, T: LaneFloat>() -> usize {
    T::POINT * size_of::<T>() / size_of::<ComplexVectors<S, T>>()
}

/// Hand over points of the result, from place `first` on.
#[inline(always)]
fn finish<S: Simd, T: LaneFloat>(simd: S, goal: &mut Goal<'_, T>, first: usize, result: &[ComplexVectors<S, T>]) {
    let width = width::<S, T>();
    match goal {
        Goal::Keep(kept) => T::pairs_mut::<S>(&mut kept[first * T::POINT..])[..result.len()].copy_from_slice(result),
        Goal::Correlate { with, sum } => {
            let points = result.len() / width;
            let with = &T::pairs::<S>(&with[first * T::POINT..])[..result.len()];
            let sum = sum[2 * first..][..2 * points].as_chunks_mut::<2>().0;
            for ((l, k), sum) in result.chunks_exact(width).zip(with.chunks_exact(width)).zip(sum) {
                let (mut re, mut im) = (T::splat(simd, 0.0), T::splat(simd, 0.0));
                for (l, k) in l.iter().zip(k) {
                    re = T::mul_add(simd, k[0], l[0], T::mul_add(simd, k[1], l[1], re));
                    im = T::mul_add(simd, k[0], l[1], T::sub_mul(simd, k[1], l[0], im));
                }
                sum[0] += T::sum(simd, re);
                sum[1] += T::sum(simd, im);
            }
        }
    }
}

/// Transform points of `width` pairs each.
#[inline(always)]
fn transform<'r, S: Simd, T: LaneFloat>(
    simd: S,
    plan: &Short,
    width: usize,
    from: &'r [ComplexVectors<S, T>],
    a: &'r mut [ComplexVectors<S, T>],
    b: &'r mut [ComplexVectors<S, T>],
) -> &'r [ComplexVectors<S, T>] {
    let size = plan.n * width;
    let Some((first, rest)) = plan.stages.split_first() else { return from };
    let (mut done, mut next) = (&mut a[..size], &mut b[..size]);
    simd.vectorize(StageTransform::<S, T> { simd, stage: first, from, to: &mut *done, stride: width });
    for stage in rest {
        simd.vectorize(StageTransform::<S, T> {
            simd,
            stage,
            from: &*done,
            to: &mut *next,
            stride: stage.stride * width,
        });
        std::mem::swap(&mut done, &mut next);
    }
    done
}

/// One stage.
struct StageTransform<'a, S: Simd, T: LaneFloat> {
    simd: S,
    stage: &'a Stage,
    from: &'a [ComplexVectors<S, T>],
    to: &'a mut [ComplexVectors<S, T>],
    /// Pairs that are treated alike.
    stride: usize,
}

impl<S: Simd, T: LaneFloat> pulp::NullaryFnOnce for StageTransform<'_, S, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        match self.stage.radix {
            2 => self.all(
                #[inline(always)]
                |simd, _, x| two::<S, T>(simd, x),
            ),
            3 => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, T, 3>(simd, circle, x),
            ),
            4 => self.all(
                #[inline(always)]
                |simd, _, x| four::<S, T>(simd, x),
            ),
            5 => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, T, 5>(simd, circle, x),
            ),
            7 => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, T, 7>(simd, circle, x),
            ),
            8 => self.all(
                #[inline(always)]
                |simd, _, x| eight::<S, T>(simd, x),
            ),
            11 => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, T, 11>(simd, circle, x),
            ),
            _ => self.all(
                #[inline(always)]
                |simd, circle, x| odd::<S, T, LARGEST>(simd, circle, x),
            ),
        }
    }
}

impl<S: Simd, T: LaneFloat> StageTransform<'_, S, T> {
    #[inline(always)]
    fn all<const R: usize>(
        self,
        butterfly: impl Fn(S, &[[f64; 2]; LARGEST], [ComplexVectors<S, T>; R]) -> [ComplexVectors<S, T>; R],
    ) {
        let Self { simd, stage, from, to, stride } = self;
        let read = |group: usize| &from[group * stride..][..stride];
        if stage.count == 1 {
            // The last stage has no twiddle factors.
            let x: [&[ComplexVectors<S, T>]; R] = std::array::from_fn(&read);
            for at in 0..stride {
                let y = butterfly(simd, &stage.circle, std::array::from_fn(|k| x[k][at]));
                for k in 0..R {
                    to[k * stride + at] = y[k];
                }
            }
            return;
        }
        for (p, (to, factors)) in to.chunks_exact_mut(R * stride).zip(stage.twiddles.chunks_exact(R - 1)).enumerate() {
            let x: [&[ComplexVectors<S, T>]; R] = std::array::from_fn(|k| read(k * stage.count + p));
            for at in 0..stride {
                let y = butterfly(simd, &stage.circle, std::array::from_fn(|k| x[k][at]));
                to[at] = y[0];
                for k in 1..R {
                    to[k * stride + at] = times::<S, T>(simd, y[k], splat::<S, T>(simd, factors[k - 1]));
                }
            }
        }
    }
}

#[inline(always)]
fn splat<S: Simd, T: LaneFloat>(simd: S, w: [f64; 2]) -> ComplexVectors<S, T> {
    [T::splat(simd, w[0]), T::splat(simd, w[1])]
}

#[inline(always)]
fn add<S: Simd, T: LaneFloat>(simd: S, a: ComplexVectors<S, T>, b: ComplexVectors<S, T>) -> ComplexVectors<S, T> {
    [T::add(simd, a[0], b[0]), T::add(simd, a[1], b[1])]
}

#[inline(always)]
fn sub<S: Simd, T: LaneFloat>(simd: S, a: ComplexVectors<S, T>, b: ComplexVectors<S, T>) -> ComplexVectors<S, T> {
    [T::sub(simd, a[0], b[0]), T::sub(simd, a[1], b[1])]
}

#[inline(always)]
fn times<S: Simd, T: LaneFloat>(simd: S, a: ComplexVectors<S, T>, w: ComplexVectors<S, T>) -> ComplexVectors<S, T> {
    [T::sub_mul(simd, a[1], w[1], T::mul(simd, a[0], w[0])), T::mul_add(simd, a[1], w[0], T::mul(simd, a[0], w[1]))]
}

/// `a + i b` and `a - i b`.
#[inline(always)]
fn across<S: Simd, T: LaneFloat>(
    simd: S,
    a: ComplexVectors<S, T>,
    b: ComplexVectors<S, T>,
) -> [ComplexVectors<S, T>; 2] {
    [[T::sub(simd, a[0], b[1]), T::add(simd, a[1], b[0])], [T::add(simd, a[0], b[1]), T::sub(simd, a[1], b[0])]]
}

#[inline(always)]
fn two<S: Simd, T: LaneFloat>(simd: S, x: [ComplexVectors<S, T>; 2]) -> [ComplexVectors<S, T>; 2] {
    [add::<S, T>(simd, x[0], x[1]), sub::<S, T>(simd, x[0], x[1])]
}

#[inline(always)]
fn four<S: Simd, T: LaneFloat>(simd: S, x: [ComplexVectors<S, T>; 4]) -> [ComplexVectors<S, T>; 4] {
    let ([a, b], [c, d]) = (two::<S, T>(simd, [x[0], x[2]]), two::<S, T>(simd, [x[1], x[3]]));
    let [plus, minus] = across::<S, T>(simd, b, d);
    [add::<S, T>(simd, a, c), minus, sub::<S, T>(simd, a, c), plus]
}

#[inline(always)]
fn eight<S: Simd, T: LaneFloat>(simd: S, x: [ComplexVectors<S, T>; 8]) -> [ComplexVectors<S, T>; 8] {
    let even = four::<S, T>(simd, [x[0], x[2], x[4], x[6]]);
    let [a, b, c, d] = four::<S, T>(simd, [x[1], x[3], x[5], x[7]]);
    let root = T::splat(simd, std::f64::consts::FRAC_1_SQRT_2);
    let minus_root = T::splat(simd, -std::f64::consts::FRAC_1_SQRT_2);
    // b (1 - i) / sqrt 2 and d (-1 - i) / sqrt 2
    let b = [T::mul(simd, root, T::add(simd, b[0], b[1])), T::mul(simd, root, T::sub(simd, b[1], b[0]))];
    let d = [T::mul(simd, root, T::sub(simd, d[1], d[0])), T::mul(simd, minus_root, T::add(simd, d[0], d[1]))];
    let [plus, minus] = across::<S, T>(simd, even[2], c);
    [
        add::<S, T>(simd, even[0], a),
        add::<S, T>(simd, even[1], b),
        minus,
        add::<S, T>(simd, even[3], d),
        sub::<S, T>(simd, even[0], a),
        sub::<S, T>(simd, even[1], b),
        plus,
        sub::<S, T>(simd, even[3], d),
    ]
}

/// An odd prime radix: the terms j and R - j share their cosines and sines.
#[inline(always)]
fn odd<S: Simd, T: LaneFloat, const R: usize>(
    simd: S,
    circle: &[[f64; 2]; LARGEST],
    x: [ComplexVectors<S, T>; R],
) -> [ComplexVectors<S, T>; R] {
    let half = R / 2;
    let (mut sums, mut differences) = (x, x);
    let mut y = x;
    for j in 1..=half {
        sums[j] = add::<S, T>(simd, x[j], x[R - j]);
        differences[j] = sub::<S, T>(simd, x[j], x[R - j]);
        y[0] = add::<S, T>(simd, y[0], sums[j]);
    }
    for k in 1..=half {
        let mut a = x[0];
        let mut b = [T::splat(simd, 0.0); 2];
        for j in 1..=half {
            let [cosine, sine] = splat::<S, T>(simd, circle[j * k % R]);
            a = [T::mul_add(simd, cosine, sums[j][0], a[0]), T::mul_add(simd, cosine, sums[j][1], a[1])];
            b = if j == 1 {
                [T::mul(simd, sine, differences[1][0]), T::mul(simd, sine, differences[1][1])]
            } else {
                [T::mul_add(simd, sine, differences[j][0], b[0]), T::mul_add(simd, sine, differences[j][1], b[1])]
            };
        }
        [y[R - k], y[k]] = across::<S, T>(simd, a, b);
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: usize = f64::POINT;

    /// All smooth lengths up to 200 and some beyond, against the definition.
    #[test]
    fn transforms_are_those_of_the_definition() {
        for n in (1..=200).chain([256, 360, 500, 546, 1000, 1001, 1024, 1430]).filter(|&n| is_smooth(n)) {
            let plan = StripFft::new(n);
            let points: Vec<f64> =
                (0..n * POINT).map(|at| (at as f64 * 0.37 + (at * at % 1009) as f64).sin()).collect();
            let strip: Vec<f64> = plan.reading_order().flat_map(|i| points[i * POINT..][..POINT].to_vec()).collect();
            let mut out = vec![0.0; n * POINT];
            plan.forward(&strip, &mut plan.scratch(), Goal::Keep(&mut out));
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
                    let computed = [out[place * POINT + at], out[place * POINT + at + width]];
                    let error = (computed[0] - re).abs().max((computed[1] - im).abs());
                    assert!(error < 1e-12 * n as f64, "n = {n}, place {place}, lane {lane}: {computed:?} {re} {im}");
                }
            }
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..n));
        }
    }

    /// Single precision is double precision, rounded.
    #[test]
    fn both_precisions_agree() {
        for n in [1, 12, 91, 500, 1000] {
            let plan = StripFft::new(n);
            let point = f32::POINT;
            let wide: Vec<f64> = (0..n * point).map(|at| (at as f64 * 0.37).sin()).collect();
            let narrow: Vec<f32> = wide.iter().map(|&v| f32::of(v)).collect();
            let mut sum = vec![0.0; 2 * n];
            let mut kept = vec![0.0; n * point];
            plan.forward(&narrow, &mut plan.scratch(), Goal::Keep(&mut kept));
            plan.forward(&narrow, &mut plan.scratch(), Goal::Correlate { with: &kept, sum: &mut sum });
            // By Parseval, whichever number lies in which lane.
            let computed: f64 = sum.as_chunks::<2>().0.iter().map(|s| s[0]).sum();
            let expected = n as f64 * wide.iter().map(|v| v * v).sum::<f64>();
            assert!((computed / expected - 1.0).abs() < 1e-6, "n = {n}: {computed} {expected}");
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
