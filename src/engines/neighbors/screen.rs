//! Screening of candidates in 16-bit integers: rows that cannot be neighbors, and the order of the others.
//!
//! With a center m and `w = x - m`, whatever the metric, row i orders the others by
//!
//! ```text
//! v(i, j) = w_i . w_j - h_j        h_j = |w_j|^2 / 2 for distances,  -m . w_j (up to a constant) for products and cosines
//! ```
//!
//! which differs from the score by a constant of row i and, for distances, a factor 1/2. A common offset of all rows, which
//! would drown everything else in rounding, is gone. Rows are rounded to 16-bit integers times a unit, `w = q r + rest`, and
//! the products of integers are all but exact (see [`integers`](super::integers)). By the inequality of Cauchy and Schwarz
//!
//! ```text
//! |w_i . w_j - r_i r_j q_i . q_j| <= |rest_i| |w_j| + |w_i| |rest_j| + |rest_i| |rest_j| <= c |w_i| |w_j|
//! ```
//!
//! where the rests are computed, not estimated; the other steps of `e(i, j)` below account for all other round-off, that of
//! h and of the scores themselves included. So `v - e` and `v + e` hold the score in double precision between them.
//!
//! An input is dropped once k others are certainly nearer. Of those that are left, the order is taken from v where it is
//! certain and from the scores in double precision where it is not. The lists therefore are those of double precision, in
//! whichever order tiles are done. Every product serves both of its rows.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pulp::{Arch, Simd, WithSimd};

use super::exact::{self, ROUNDED, ScaledRows, error_of_square, round_off};
use super::integers::{self, BLOCK, CHUNK, Chunk};
use super::metric::Metric;
use super::ties::{Chosen, Groups, Ranked};
use crate::error::Result;
use crate::numerics::sums;
use crate::par::Par;

/// Below this number of rows all pairs are looked at in double precision.
const FEW: usize = 128;
/// Rows of a tile, a multiple of `CHUNK`: tile and packed rows stay in the second-level cache.
const TILE: usize = 240;
/// Half the distance from 1 to the next number in single precision.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// Columns that are compared at once.
const LANES: usize = 16;
/// Rows shorter than this are rounded to zero.
const SHORT: f64 = 1e-33;

/// Decision to screen at all: not where there is little to drop.
pub fn pays(rows: &ScaledRows<'_>, k: usize) -> bool {
    rows.n() >= FEW && 8 * k <= rows.n()
}

/// Numbers known of a row beside its integers.
#[derive(Clone, Copy)]
struct Known {
    /// `|w|`.
    norm: f64,
    /// `|rest| / |w|`.
    rest: f64,
    /// `r`.
    unit: f64,
    /// `h`.
    shift: f64,
}

/// The rounded rows, and what bounds the error of their products.
struct Screen {
    chunks: Vec<Chunk>,
    known: Vec<Known>,
    /// `c` above.
    c: f64,
    /// Error bounds of `h_j`, and of every score of row i, whichever the other row.
    off: Vec<(f64, f64)>,
    /// Within which scores of a row are tied.
    ties: Vec<TieMargin>,
    /// The same for comparisons in single precision, on the safe side, filled up to whole tiles.
    units: Vec<f32>,
    norms: Vec<f32>,
    slacks: Vec<f32>,
    /// Shifts minus and plus what they may be off.
    shifts_down: Vec<f32>,
    shifts_up: Vec<f32>,
}

/// Largest difference of two tied scores of a row, in units of v.
enum TieMargin {
    /// By this much.
    Within(f64),
    /// By an amount that depends on the distance, whose square is `square - 2 v`, and on the length of the row.
    OfSquares { square: f64, length: f64, g: f64 },
}

impl TieMargin {
    /// The most that somebody tied with a score of v or more is below it.
    fn below(&self, v: f64) -> f64 {
        match *self {
            Self::Within(most) => most,
            Self::OfSquares { square, length, g } => {
                // Rows as close as this are tied with copies.
                let distance = (square - 2.0 * v).max(0.0).sqrt() + 8.0 * f64::EPSILON * length;
                1.01 * error_of_square(g, distance, length)
            }
        }
    }
}

fn up(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}

fn down(value: f64) -> f32 {
    -up(-value)
}

/// Write `row * factor - center`; returns the largest absolute value.
struct Centered<'a> {
    row: &'a [f64],
    factor: f64,
    center: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for Centered<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Self { row, factor, center, out } = self;
        let mut largest = [0.0_f64; LANES];
        let (heads, tail) = row.as_chunks::<LANES>();
        let (centers, center_tail) = center.as_chunks::<LANES>();
        let (out_heads, out_tail) = out.as_chunks_mut::<LANES>();
        for ((values, center), out) in heads.iter().zip(centers).zip(out_heads) {
            for l in 0..LANES {
                out[l] = values[l] * factor - center[l];
                let size = out[l].abs();
                largest[l] = if size > largest[l] { size } else { largest[l] };
            }
        }
        for (l, ((value, center), out)) in tail.iter().zip(center_tail).zip(out_tail).enumerate() {
            *out = value * factor - center;
            largest[l] = largest[l].max(out.abs());
        }
        largest.iter().fold(0.0, |m, v| v.max(m))
    }
}

/// Round a row to integers times a unit; returns the square of what is left.
struct Rounded<'a> {
    row: &'a [f64],
    unit: f64,
    out: &'a mut [i16],
}

impl WithSimd for Rounded<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        // Added and subtracted, it leaves the nearest integer, whose bits stand at the end of the sum.
        const MAGIC: f64 = (3_u64 << 51) as f64;
        let Self { row, unit, out } = self;
        let per_unit = 1.0 / unit;
        let mut left = [0.0; LANES];
        let (heads, tail) = row.as_chunks::<LANES>();
        let (out_heads, out_tail) = out.as_chunks_mut::<LANES>();
        for (values, out) in heads.iter().zip(out_heads) {
            for l in 0..LANES {
                let moved = values[l] * per_unit + MAGIC;
                out[l] = moved.to_bits() as i16;
                let rest = values[l] - (moved - MAGIC) * unit;
                left[l] += rest * rest;
            }
        }
        for (l, (value, out)) in tail.iter().zip(out_tail).enumerate() {
            let moved = value * per_unit + MAGIC;
            *out = moved.to_bits() as i16;
            let rest = value - (moved - MAGIC) * unit;
            left[l] += rest * rest;
        }
        left.iter().sum()
    }
}

impl Screen {
    fn new(rows: &ScaledRows<'_>, par: Par<'_>) -> Result<Self> {
        let (n, d) = (rows.n(), rows.d());
        let euclidean = rows.metric() == Metric::Euclidean;
        let center = rows.center();
        let parts = par.map(n.div_ceil(CHUNK), |at, _| {
            let (mut chunk, mut known) = (Chunk::new(d), Vec::with_capacity(CHUNK));
            let (mut buffer, mut row, mut integers) = (vec![0.0; d], vec![0.0; d], vec![0_i16; d]);
            for i in at * CHUNK..((at + 1) * CHUNK).min(n) {
                let source = rows.row(i, &mut buffer);
                let centered = Centered { row: source, factor: rows.factor(i), center, out: &mut row };
                let largest = Arch::new().dispatch(centered);
                let square = sums::squares(&row);
                let norm = square.sqrt();
                let shift = if euclidean { 0.5 * square } else { -sums::dot(center, &row) };
                let (mut unit, mut rest) = (0.0, 0.0);
                if norm >= SHORT {
                    // No integer leaves 16 bits, and no block is longer than exact products allow, once rounded.
                    let block = row.chunks(BLOCK).map(sums::squares).fold(0.0, f64::max).sqrt();
                    let longest = integers::LONGEST - 1.0 - 0.5 * (BLOCK as f64).sqrt();
                    unit = f64::from(up((block / longest).max(largest / 32_766.0)));
                    let left = Arch::new().dispatch(Rounded { row: &row, unit, out: &mut integers });
                    rest = left.sqrt() / norm * (1.0 + 1e-9);
                    chunk.set(i % CHUNK, &integers);
                }
                known.push(Known { norm, rest, unit, shift });
            }
            Ok((chunk, known))
        })?;
        let (chunks, known): (Vec<Chunk>, Vec<Vec<Known>>) = parts.into_iter().unzip();
        let mut known: Vec<Known> = known.into_iter().flatten().collect();
        if !euclidean {
            // A constant changes no order; without it there is less to round.
            let middle = known.iter().map(|known| known.shift).sum::<f64>() / n as f64;
            known.iter_mut().for_each(|known| known.shift -= middle);
        }
        Ok(Self::bounded(chunks, known, rows))
    }

    fn bounded(chunks: Vec<Chunk>, known: Vec<Known>, rows: &ScaledRows<'_>) -> Self {
        let euclidean = rows.metric() == Metric::Euclidean;
        let d = rows.d() as f64;
        let largest = |of: fn(&Known) -> f64| known.iter().map(of).fold(0.0_f64, |m, v| v.abs().max(m));
        let rest = largest(|known| known.rest);
        // Sums of blocks become floats, and are added as such.
        let c = rest * (2.0 + rest) + (d / BLOCK as f64 + 3.0) * UNIT;
        let g = round_off(rows.d());
        // What is lost by rows rounded to zero, and where single precision runs out of small numbers.
        let absolute = 1e-30 * d;
        let center = sums::squares(rows.center()).sqrt();
        let highest = largest(|known| known.shift);
        let length = |i: usize| rows.length(i) * rows.factor(i);
        let widest = (0..known.len()).map(length).fold(0.0, f64::max);
        let off: Vec<(f64, f64)> = (0..known.len())
            .map(|i| {
                let Known { norm, shift, .. } = known[i];
                let of_shift = if euclidean { norm * norm } else { center * norm + highest };
                let of_score = if euclidean { norm * norm } else { length(i) * widest };
                (6.0 * UNIT * shift.abs() + g * of_shift + absolute, g * of_score)
            })
            .collect();
        let of_ties = |i: usize| match rows.metric() {
            Metric::Euclidean => {
                let norm = known[i].norm;
                TieMargin::OfSquares { square: norm * norm, length: (norm + center) * (1.0 + 1e-9), g }
            }
            _ => TieMargin::Within(2.02 * (g + ROUNDED) * length(i) * widest),
        };
        let filled = |of: &dyn Fn(usize) -> f32, fill: f32| {
            (0..chunks.len() * CHUNK).map(|i| if i < known.len() { of(i) } else { fill }).collect::<Vec<f32>>()
        };
        Self {
            units: filled(&|i| known[i].unit as f32, 0.0),
            norms: filled(&|i| up(known[i].norm), 0.0),
            slacks: filled(&|i| up((c + 8.0 * UNIT) * known[i].norm), 0.0),
            shifts_down: filled(&|i| down(known[i].shift - off[i].0), f32::INFINITY),
            shifts_up: filled(&|i| up(known[i].shift + off[i].0), f32::INFINITY),
            ties: (0..known.len()).map(of_ties).collect(),
            chunks,
            known,
            c,
            off,
        }
    }

    /// v and the error of v, without the part that is the same for all of row i.
    fn bounds(&self, i: usize, candidate: Candidate) -> (f64, f64) {
        let j = candidate.other as usize;
        let (a, b) = (&self.known[i], &self.known[j]);
        (f64::from(candidate.product) * (a.unit * b.unit) - b.shift, self.c * a.norm * b.norm + self.off[j].0)
    }
}

/// Somebody who may be a neighbor.
#[derive(Clone, Copy)]
struct Candidate {
    product: f32,
    other: u32,
}

/// The candidates of some rows that follow each other.
struct CandidateBlock {
    start: usize,
    /// Values of `v + e` that a newcomer must reach, per row; filled up to a whole tile with what cannot be reached.
    thresholds: Vec<f32>,
    rows: Vec<ScreenedRow>,
}

struct ScreenedRow {
    found: Vec<Candidate>,
    /// At this number the threshold is raised.
    room: usize,
    /// Too many were too close to call.
    crowded: bool,
}

/// More candidates than this are a crowd: copies, or rows so close that all pairs of the row are better done exactly.
fn crowd(k: usize) -> usize {
    4 * k + 512
}

impl CandidateBlock {
    fn new(range: Range<usize>, rows: &ScaledRows<'_>, k: usize) -> Self {
        let room = 2 * k + 16;
        // A zero row is as near to one as to another.
        let alike = |i: usize| rows.is_zero(i);
        let threshold = |i: usize| if i >= rows.n() || alike(i) { f32::INFINITY } else { f32::MIN };
        let present = range.start..range.end.min(rows.n());
        Self {
            start: range.start,
            thresholds: range.map(threshold).collect(),
            rows: present.map(|i| ScreenedRow { found: Vec::with_capacity(room), room, crowded: alike(i) }).collect(),
        }
    }

    fn push(&mut self, screen: &Screen, at: usize, candidate: Candidate, k: usize) {
        let (v, e) = screen.bounds(self.start + at, candidate);
        if v + e < f64::from(self.thresholds[at]) {
            return;
        }
        let row = &mut self.rows[at];
        row.found.push(candidate);
        if row.found.len() >= row.room {
            self.raise(screen, at, k);
        }
    }

    /// Raise the threshold of a row to what k candidates certainly reach, and drop who falls below.
    fn raise(&mut self, screen: &Screen, at: usize, k: usize) {
        let (i, row) = (self.start + at, &mut self.rows[at]);
        let sure = |&candidate: &Candidate| {
            let (v, e) = screen.bounds(i, candidate);
            v - e
        };
        let mut sure: Vec<f64> = row.found.iter().map(sure).collect();
        let (_, kth, _) = sure.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        let kth = *kth - 2.0 * screen.off[i].1;
        let threshold = self.thresholds[at].max(down(kth - screen.ties[i].below(kth)));
        row.found.retain(|&candidate| {
            let (v, e) = screen.bounds(i, candidate);
            v + e >= f64::from(threshold)
        });
        self.thresholds[at] = threshold;
        row.room = row.room.max(2 * row.found.len());
        if row.found.len() > crowd(k) {
            row.crowded = true;
            row.found = Vec::new();
            self.thresholds[at] = f32::INFINITY;
        }
    }
}

/// Numbers that the columns of a tile bring along.
struct TileColumns<'a> {
    units: &'a [f32],
    norms: &'a [f32],
    shifts_down: &'a [f32],
    shifts_up: &'a [f32],
}

impl<'a> TileColumns<'a> {
    fn of(screen: &'a Screen, range: Range<usize>) -> Self {
        Self {
            units: &screen.units[range.clone()],
            norms: &screen.norms[range.clone()],
            shifts_down: &screen.shifts_down[range.clone()],
            shifts_up: &screen.shifts_up[range],
        }
    }
}

/// A row of a tile and what its row brings along.
#[derive(Clone, Copy)]
struct TileRow<'a> {
    products: &'a [f32],
    unit: f32,
    slack: f32,
    shift: f32,
    threshold: f32,
}

/// Places of a tile that may hold a neighbor of their row, or of the row that their column stands for.
struct Reached<'a> {
    row: TileRow<'a>,
    columns: &'a TileColumns<'a>,
    thresholds: &'a [f32],
    of_row: &'a mut Vec<u32>,
    of_columns: &'a mut Vec<u32>,
}

impl WithSimd for Reached<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { row: TileRow { products, unit, slack, shift, threshold }, columns, thresholds, of_row, of_columns } =
            self;
        let (products, _) = products.as_chunks::<LANES>();
        let (units, _) = columns.units.as_chunks::<LANES>();
        let (norms, _) = columns.norms.as_chunks::<LANES>();
        let (shifts, _) = columns.shifts_down.as_chunks::<LANES>();
        let (thresholds, _) = thresholds.as_chunks::<LANES>();
        for (at, ((((p, u), norm), h), t)) in
            products.iter().zip(units).zip(norms).zip(shifts).zip(thresholds).enumerate()
        {
            let (mut by_row, mut by_column) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            let mut any = 0_u32;
            for l in 0..LANES {
                let bound = (p[l] * u[l]).mul_add(unit, slack * norm[l]);
                by_row[l] = bound - h[l];
                by_column[l] = bound - shift;
                any |= u32::from(by_row[l] >= threshold) | u32::from(by_column[l] >= t[l]);
            }
            if any != 0 {
                for l in 0..LANES {
                    if by_row[l] >= threshold {
                        of_row.push((at * LANES + l) as u32);
                    }
                    if by_column[l] >= t[l] {
                        of_columns.push((at * LANES + l) as u32);
                    }
                }
            }
        }
    }
}

/// Value that the k-th nearest among the columns of a tile certainly reaches, as seen from the row.
struct Floor<'a> {
    row: TileRow<'a>,
    columns: &'a TileColumns<'a>,
    k: usize,
}

impl WithSimd for Floor<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let Self { row: TileRow { products, unit, slack, .. }, columns, k } = self;
        let (products, _) = products.as_chunks::<CHUNK>();
        let (units, _) = columns.units.as_chunks::<CHUNK>();
        let (norms, _) = columns.norms.as_chunks::<CHUNK>();
        let (shifts, _) = columns.shifts_up.as_chunks::<CHUNK>();
        // The best of every 48th column: k of them are k different columns.
        let mut best = [f32::MIN; CHUNK];
        for (((p, u), norm), h) in products.iter().zip(units).zip(norms).zip(shifts) {
            for l in 0..CHUNK {
                let bound = (p[l] * u[l]).mul_add(unit, -slack * norm[l]) - h[l];
                best[l] = if bound > best[l] { bound } else { best[l] };
            }
        }
        *best.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a)).1
    }
}

/// The screen and the candidates found so far.
struct Search<'a> {
    screen: &'a Screen,
    blocks: Vec<Mutex<CandidateBlock>>,
    size: usize,
    k: usize,
}

impl Search<'_> {
    fn lock(&self, block: usize) -> MutexGuard<'_, CandidateBlock> {
        self.blocks[block].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn row<'a>(&self, i: usize, products: &'a [f32], threshold: f32) -> TileRow<'a> {
        let screen = self.screen;
        TileRow { products, unit: screen.units[i], slack: screen.slacks[i], shift: screen.shifts_down[i], threshold }
    }

    /// All products of two blocks, offered to the rows of the first and, if they are two, to those of the second.
    fn tile(&self, a: usize, b: usize) {
        let screen = self.screen;
        let range = |block: usize| block * self.size..((block + 1) * self.size).min(screen.units.len());
        let chunks = |range: Range<usize>| &screen.chunks[range.start / CHUNK..range.end / CHUNK];
        let (rows, columns) = (range(a), range(b));
        let width = columns.len();
        let mut products = integers::products(chunks(rows.clone()), chunks(columns.clone()), a == b);
        let of_columns = TileColumns::of(screen, columns.clone());
        if a == b {
            // Nobody is a neighbor of itself: what is not a number reaches nothing.
            (0..width).for_each(|at| products[at * width + at] = f32::NAN);
            self.set_floors(a, &products, &of_columns);
        }
        // Thresholds may rise meanwhile; then a little too much is found here and left out below.
        let row_thresholds = self.lock(a).thresholds.clone();
        let column_thresholds = if a == b { vec![f32::INFINITY; width] } else { self.lock(b).thresholds.clone() };
        let (mut hits, mut column_hits) = (Vec::with_capacity(width), Vec::with_capacity(width));
        let (mut in_rows, mut in_columns) = (Vec::new(), Vec::new());
        for (at, products) in products.chunks(width).enumerate().take(screen.known.len() - rows.start) {
            hits.clear();
            column_hits.clear();
            Arch::new().dispatch(Reached {
                row: self.row(rows.start + at, products, row_thresholds[at]),
                columns: &of_columns,
                thresholds: &column_thresholds,
                of_row: &mut hits,
                of_columns: &mut column_hits,
            });
            let found =
                |column: u32| Candidate { product: products[column as usize], other: columns.start as u32 + column };
            in_rows.extend(hits.iter().map(|&column| (at, found(column))));
            let mirrored = |column: u32| Candidate { other: (rows.start + at) as u32, ..found(column) };
            in_columns.extend(column_hits.iter().map(|&column| (column as usize, mirrored(column))));
        }
        self.push(a, &in_rows);
        self.push(b, &in_columns);
    }

    fn push(&self, block: usize, candidates: &[(usize, Candidate)]) {
        let mut block = self.lock(block);
        for &(at, candidate) in candidates {
            block.push(self.screen, at, candidate, self.k);
        }
    }

    /// First thresholds, from the rows of the same block.
    fn set_floors(&self, block: usize, products: &[f32], columns: &TileColumns<'_>) {
        if self.k > CHUNK / 2 {
            return;
        }
        let mut block = self.lock(block);
        let (start, width) = (block.start, columns.units.len());
        for at in 0..block.rows.len() {
            let row = self.row(start + at, &products[at * width..][..width], 0.0);
            let floor = Arch::new().dispatch(Floor { row, columns, k: self.k });
            if floor > f32::MIN {
                let floor = f64::from(floor) - 2.0 * self.screen.off[start + at].1;
                let floor = floor - self.screen.ties[start + at].below(floor);
                block.thresholds[at] = block.thresholds[at].max(down(floor));
            }
        }
    }
}

/// The lists of all rows.
pub fn choose(rows: &ScaledRows<'_>, k: usize, groups: &Groups, par: Par<'_>) -> Result<Vec<Chosen>> {
    let n = rows.n();
    let screen = Screen::new(rows, par)?;
    // Few rows leave work for several threads only in small tiles.
    let size = n.div_ceil(8).next_multiple_of(CHUNK).min(TILE);
    let count = n.div_ceil(size);
    let filled = screen.units.len();
    let block = |b: usize| Mutex::new(CandidateBlock::new(b * size..((b + 1) * size).min(filled), rows, k));
    let search = Search { screen: &screen, blocks: (0..count).map(block).collect(), size, k };
    // First every row meets its own block, which gives it a threshold.
    par.map(count, |b, _| {
        search.tile(b, b);
        Ok(())
    })?;
    let pairs: Vec<(usize, usize)> = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).collect();
    par.map(pairs.len(), |at, _| {
        search.tile(pairs[at].0, pairs[at].1);
        Ok(())
    })?;
    let chosen = par.map(count, |b, par| {
        let block = search.lock(b);
        let mut order = SearchOrder::new(rows, &screen, k, groups);
        (0..block.rows.len()).map(|at| order.choose(&block, at, par)).collect::<Result<Vec<_>>>()
    })?;
    let mut chosen: Vec<Option<Chosen>> = chosen.into_iter().flatten().collect();
    let crowded: Vec<usize> = (0..n).filter(|&i| chosen[i].is_none()).collect();
    for (&i, found) in crowded.iter().zip(exact::choose(rows, &crowded, k, groups, par)?) {
        chosen[i] = Some(found);
    }
    Ok(chosen.into_iter().flatten().collect())
}

/// Puts candidates in order, with the rows in double precision at hand for those too close to call.
struct SearchOrder<'a, 'b> {
    rows: &'a ScaledRows<'b>,
    screen: &'a Screen,
    k: usize,
    groups: &'a Groups,
    own: Vec<f64>,
    other: Vec<f64>,
    spare: Vec<f64>,
}

impl<'a, 'b> SearchOrder<'a, 'b> {
    fn new(rows: &'a ScaledRows<'b>, screen: &'a Screen, k: usize, groups: &'a Groups) -> Self {
        let empty = vec![0.0; rows.d()];
        Self { rows, screen, k, groups, own: empty.clone(), other: empty.clone(), spare: empty }
    }

    /// The list of a row; None if its candidates are a crowd.
    fn choose(&mut self, block: &CandidateBlock, at: usize, par: Par<'_>) -> Result<Option<Chosen>> {
        let (i, k) = (block.start + at, self.k);
        if self.rows.is_zero(i) {
            return self.groups.all_tied(i as u32, self.rows.n(), k, par).map(Some);
        }
        if block.rows[at].crowded {
            return Ok(None);
        }
        let bounded = |&candidate: &Candidate| {
            let (v, e) = self.screen.bounds(i, candidate);
            (v, e + self.screen.off[i].1, candidate.other)
        };
        let mut all: Vec<(f64, f64, u32)> = block.rows[at].found.iter().map(bounded).collect();
        all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        // The most that anybody from here on can reach.
        let mut reach = vec![f64::NEG_INFINITY; all.len() + 1];
        for (r, (v, e, _)) in all.iter().enumerate().rev() {
            reach[r] = reach[r + 1].max(v + e);
        }
        let mut certain = Ranked { list: Vec::with_capacity(k), runs: Vec::new() };
        let (mut start, mut sure) = (0, f64::INFINITY);
        for (r, (v, e, j)) in all.iter().enumerate() {
            sure = sure.min(v - e);
            let apart = sure > reach[r + 1] && sure - reach[r + 1] > self.screen.ties[i].below(sure);
            if !apart {
                continue;
            }
            // All up to here are certainly nearer than all that follow, and not tied with them.
            if start == r {
                certain.list.push(*j);
            } else {
                let chosen = self.settle(i, &all[start..=r], certain, par)?;
                if chosen.tied.is_some() || chosen.certain.list.len() >= k {
                    return Ok(Some(chosen));
                }
                certain = chosen.certain;
            }
            if certain.list.len() >= k {
                break;
            }
            start = r + 1;
        }
        Ok(Some(Chosen { certain, tied: None, last: f64::NAN }))
    }

    /// Append those of a group that still belong to the list, by their scores in double precision.
    fn settle(&mut self, i: usize, group: &[(f64, f64, u32)], certain: Ranked, par: Par<'_>) -> Result<Chosen> {
        let own = self.rows.row(i, &mut self.own);
        let mut scored = Vec::with_capacity(group.len());
        for &(_, _, j) in group {
            let other = self.rows.row(j as usize, &mut self.other);
            scored.push((self.rows.score((i, own), (j as usize, other), &mut self.spare), j));
        }
        self.rows.split((i, own), self.k, (certain, scored), self.groups, par)
    }
}
