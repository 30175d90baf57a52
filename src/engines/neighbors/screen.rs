//! Which rows cannot be neighbors, and in which order the others stand, as far as single precision can tell.
//!
//! With a center m and `w = x - m`, whatever the metric, row i orders the others by
//!
//! ```text
//! v(i, j) = w_i . w_j - h_j        h_j = |w_j|^2 / 2 for distances,  -m . w_j (up to a constant) for products and cosines
//! ```
//!
//! which differs from the score by a constant of row i and, for distances, a factor 1/2. A common offset of all rows, which
//! would drown everything else in round-off, is gone. The products come from single precision, tile by tile, each serving
//! both of its rows. Whatever the order of its additions, a sum of d products is off by at most
//! `d u / (1 - d u) |w_i| |w_j|`, u = 2^-24 (Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1), and
//! `e(i, j)` below adds what the other steps may lose. So `v + e` and `v - e` hold the score computed in double precision
//! between them. An input is dropped once k others are certainly nearer. Of those that are left, the order is taken from v
//! where it is certain and from the scores in double precision where it is not. The lists are therefore those of double
//! precision, bit for bit, in whichever order tiles are done.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Metric;
use super::exact::{self, Chosen, Rows, nearer};
use crate::error::Result;
use crate::linalg::{Matrix, rows_product};
use crate::numerics::sums;
use crate::par::Par;

const PANEL: usize = 512;
/// Below this number of rows all pairs are looked at in double precision.
const FEW: usize = 128;
/// Half the distance from 1 to the next number in single precision.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// Columns that are compared at once.
const LANES: usize = 16;

/// Whether to screen at all: not where there is little to drop, nor where the error bound says nothing.
pub fn pays(rows: &Rows<'_>, k: usize) -> bool {
    rows.n() >= FEW && 8 * k <= rows.n() && (rows.d() as f64) * UNIT < 0.05
}

/// The centered rows in single precision, and what bounds the error of their products.
struct Screen {
    w: Matrix<f32>,
    /// `c` in `|v - exact| <= c |w_i| |w_j| + ...`.
    c: f64,
    /// Lengths of the rows of w.
    norms: Vec<f64>,
    /// `h_j`, and how far off it may be.
    shifts: Vec<(f64, f64)>,
    /// How far off every score of row i may be, whichever the other row.
    own: Vec<f64>,
    /// The same, rounded for the comparison in single precision: lengths up, shifts minus their error down.
    norms_up: Vec<f32>,
    slack_up: Vec<f32>,
    shifts_down: Vec<f32>,
}

fn up(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}

fn down(value: f64) -> f32 {
    -up(-value)
}

impl Screen {
    fn new(rows: &Rows<'_>, par: Par<'_>) -> Result<Self> {
        let (n, d) = (rows.n(), rows.d());
        let euclidean = rows.metric() == Metric::Euclidean;
        let mean = &rows.mean;
        let mut w = Matrix::<f32>::zeros(n, d);
        let parts = Mutex::new(Vec::new());
        par.fill(w.data_mut(), PANEL * d, |panel, block| {
            let mut row = vec![0.0; d];
            let mut part = Vec::with_capacity(PANEL.min(n));
            for (at, out) in block.chunks_mut(d).enumerate() {
                rows.read(panel * PANEL + at, &mut row);
                row.iter_mut().zip(mean).for_each(|(v, m)| *v -= m);
                out.iter_mut().zip(&row).for_each(|(o, v)| *o = *v as f32);
                let square = sums::squares(&row);
                part.push((square.sqrt(), if euclidean { 0.5 * square } else { -sums::dot(mean, &row) }));
            }
            parts.lock().unwrap_or_else(PoisonError::into_inner).push((panel, part));
            Ok(())
        })?;
        let mut parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
        parts.sort_unstable_by_key(|(panel, _)| *panel);
        let (norms, mut h): (Vec<f64>, Vec<f64>) = parts.into_iter().flat_map(|(_, part)| part).unzip();
        if !euclidean {
            // A constant changes no order; without it there is less to round.
            let middle = sums::sum(&h) / n as f64;
            h.iter_mut().for_each(|h| *h -= middle);
        }

        // A sum of d products, both factors rounded to single precision, plus the additions of the comparison.
        let (length, tiny) = (d as f64, f64::from(f32::MIN_POSITIVE));
        let c = (length + 8.0) * UNIT / (1.0 - (length + 8.0) * UNIT);
        // The sums of this crate run in 16 lanes; their error is bounded by the length of a lane.
        let g = (length / 16.0 + 16.0) * f64::EPSILON;
        // What is lost where numbers are too small for single precision.
        let absolute = 64.0 * length * tiny;
        let center = sums::squares(mean).sqrt();
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |m, v| v.abs().max(m));
        let (widest, highest) = (largest(&rows.lengths), largest(&h));
        let shifts: Vec<(f64, f64)> = norms
            .iter()
            .zip(&h)
            .map(|(norm, h)| {
                let double = if euclidean { norm * norm } else { center * norm + highest };
                (*h, 6.0 * UNIT * h.abs() + g * double + absolute)
            })
            .collect();
        let own = norms
            .iter()
            .zip(&rows.lengths)
            .map(|(norm, length)| g * if euclidean { norm * norm } else { length * widest })
            .collect();
        Ok(Self {
            norms_up: norms.iter().map(|norm| up(*norm)).collect(),
            slack_up: norms.iter().map(|norm| up((c + 8.0 * UNIT) * norm)).collect(),
            shifts_down: shifts.iter().map(|(h, off)| down(h - off)).collect(),
            w,
            c,
            norms,
            shifts,
            own,
        })
    }

    /// v and the error of v, without the part that is the same for all of row i.
    fn bounds(&self, i: usize, candidate: Candidate) -> (f64, f64) {
        let j = candidate.other as usize;
        let (h, off) = self.shifts[j];
        (f64::from(candidate.product) - h, self.c * self.norms[i] * self.norms[j] + off)
    }
}

/// Somebody who may be a neighbor.
#[derive(Clone, Copy)]
struct Candidate {
    product: f32,
    other: u32,
}

/// The candidates of some rows that follow each other.
struct Block {
    start: usize,
    /// What `v + e` of a newcomer must reach, per row.
    thresholds: Vec<f32>,
    rows: Vec<Candidates>,
}

struct Candidates {
    found: Vec<Candidate>,
    /// At this number the threshold is raised.
    room: usize,
    /// Too many were too close to call.
    crowded: bool,
}

impl Block {
    fn new(start: usize, end: usize, rows: &Rows<'_>, k: usize) -> Self {
        let all_tied = |i: usize| rows.lengths[i] == 0.0;
        let candidates = |i: usize| {
            let room = 2 * k + 16;
            Candidates { found: Vec::with_capacity(if all_tied(i) { 0 } else { room }), room, crowded: all_tied(i) }
        };
        Self {
            start,
            thresholds: (start..end).map(|i| if all_tied(i) { f32::INFINITY } else { f32::NEG_INFINITY }).collect(),
            rows: (start..end).map(candidates).collect(),
        }
    }

    fn push(&mut self, screen: &Screen, at: usize, candidate: Candidate, k: usize) {
        let row = &mut self.rows[at];
        let (v, e) = screen.bounds(self.start + at, candidate);
        if row.crowded || v + e < f64::from(self.thresholds[at]) {
            return;
        }
        row.found.push(candidate);
        if row.found.len() >= row.room {
            self.raise(screen, at, k);
        }
    }

    /// Raise the threshold of a row to what k candidates certainly reach, and drop who falls below.
    fn raise(&mut self, screen: &Screen, at: usize, k: usize) {
        let (i, row) = (self.start + at, &mut self.rows[at]);
        let mut sure: Vec<f64> = row
            .found
            .iter()
            .map(|&candidate| {
                let (v, e) = screen.bounds(i, candidate);
                v - e
            })
            .collect();
        let (_, kth, _) = sure.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        let threshold = down(*kth - 2.0 * screen.own[i]);
        self.thresholds[at] = self.thresholds[at].max(threshold);
        let least = f64::from(self.thresholds[at]);
        row.found.retain(|&candidate| {
            let (v, e) = screen.bounds(i, candidate);
            v + e >= least
        });
        row.room = row.room.max(2 * row.found.len());
        if row.found.len() > crowd(k) {
            row.crowded = true;
            row.found = Vec::new();
            self.thresholds[at] = f32::INFINITY;
        }
    }
}

/// More candidates than this are a crowd: copies, or rows so close that the row is better done in double precision.
fn crowd(k: usize) -> usize {
    4 * k + 512
}

/// Entries of a tile row whose bound reaches one threshold.
#[inline(always)]
fn reach_one(products: &[f32], slack: f32, norms: &[f32], shifts: &[f32], threshold: f32, hits: &mut Vec<u32>) {
    let bound = |p: f32, norm: f32, shift: f32| slack.mul_add(norm, p) - shift;
    let (heads, rest) = products.as_chunks::<LANES>();
    let (norm_heads, norm_rest) = norms.as_chunks::<LANES>();
    let (shift_heads, shift_rest) = shifts.as_chunks::<LANES>();
    for (at, ((p, norm), shift)) in heads.iter().zip(norm_heads).zip(shift_heads).enumerate() {
        let mut any = [0_u32; LANES];
        for l in 0..LANES {
            any[l] = u32::from(bound(p[l], norm[l], shift[l]) >= threshold);
        }
        if any.iter().fold(0, |a, b| a | b) != 0 {
            hits.extend((0..LANES).filter(|&l| any[l] != 0).map(|l| (at * LANES + l) as u32));
        }
    }
    let at = heads.len() * LANES;
    for (l, ((p, norm), shift)) in rest.iter().zip(norm_rest).zip(shift_rest).enumerate() {
        if bound(*p, *norm, *shift) >= threshold {
            hits.push((at + l) as u32);
        }
    }
}

/// Entries of a tile row whose bound, as seen from the columns, reaches the threshold of their column.
#[inline(always)]
fn reach_each(products: &[f32], slack: f32, norms: &[f32], shift: f32, thresholds: &[f32], hits: &mut Vec<u32>) {
    let bound = |p: f32, norm: f32| slack.mul_add(norm, p) - shift;
    let (heads, rest) = products.as_chunks::<LANES>();
    let (norm_heads, norm_rest) = norms.as_chunks::<LANES>();
    let (threshold_heads, threshold_rest) = thresholds.as_chunks::<LANES>();
    for (at, ((p, norm), threshold)) in heads.iter().zip(norm_heads).zip(threshold_heads).enumerate() {
        let mut any = [0_u32; LANES];
        for l in 0..LANES {
            any[l] = u32::from(bound(p[l], norm[l]) >= threshold[l]);
        }
        if any.iter().fold(0, |a, b| a | b) != 0 {
            hits.extend((0..LANES).filter(|&l| any[l] != 0).map(|l| (at * LANES + l) as u32));
        }
    }
    let at = heads.len() * LANES;
    for (l, ((p, norm), threshold)) in rest.iter().zip(norm_rest).zip(threshold_rest).enumerate() {
        if bound(*p, *norm) >= *threshold {
            hits.push((at + l) as u32);
        }
    }
}

/// The screen, the candidates, and the products of one tile.
struct Search<'a> {
    screen: &'a Screen,
    blocks: Vec<Mutex<Block>>,
    size: usize,
    k: usize,
}

impl Search<'_> {
    fn range(&self, block: usize) -> std::ops::Range<usize> {
        block * self.size..((block + 1) * self.size).min(self.screen.w.rows())
    }

    fn lock(&self, block: usize) -> MutexGuard<'_, Block> {
        self.blocks[block].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All products of two blocks, offered to the rows of the first and, if they are two, to those of the second.
    fn tile(&self, a: usize, b: usize) {
        let (rows, columns) = (self.range(a), self.range(b));
        let mut products = vec![0.0_f32; rows.len() * columns.len()];
        rows_product(&self.screen.w, rows.clone(), &self.screen.w, columns.clone(), &mut products);
        self.offer_columns(a, &products, columns.clone());
        if a != b {
            self.offer_rows(b, &products, rows);
        }
    }

    /// Offer the columns of a tile to the rows of a block.
    fn offer_columns(&self, block: usize, products: &[f32], columns: std::ops::Range<usize>) {
        let screen = self.screen;
        let (norms, shifts) = (&screen.norms_up[columns.clone()], &screen.shifts_down[columns.clone()]);
        let mut block = self.lock(block);
        let mut hits: Vec<u32> = Vec::with_capacity(columns.len());
        for (at, products) in products.chunks(columns.len()).enumerate() {
            let (i, threshold) = (block.start + at, block.thresholds[at]);
            hits.clear();
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || reach_one(products, screen.slack_up[i], norms, shifts, threshold, &mut hits),
            );
            for &hit in &hits {
                let j = columns.start + hit as usize;
                if i != j {
                    block.push(screen, at, Candidate { product: products[hit as usize], other: j as u32 }, self.k);
                }
            }
        }
    }

    /// Offer the rows of a tile to the columns, which are the rows of a block.
    fn offer_rows(&self, block: usize, products: &[f32], rows: std::ops::Range<usize>) {
        let screen = self.screen;
        let columns = self.range(block);
        let norms = &screen.norms_up[columns.clone()];
        let mut block = self.lock(block);
        let mut hits: Vec<u32> = Vec::with_capacity(columns.len());
        for (i, products) in rows.zip(products.chunks(columns.len())) {
            hits.clear();
            let (slack, shift) = (screen.slack_up[i], screen.shifts_down[i]);
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || reach_each(products, slack, norms, shift, &block.thresholds, &mut hits),
            );
            for &hit in &hits {
                let at = hit as usize;
                block.push(screen, at, Candidate { product: products[at], other: i as u32 }, self.k);
            }
        }
    }
}

/// The lists of all rows.
pub fn choose(rows: &Rows<'_>, k: usize, par: Par<'_>) -> Result<Vec<Chosen>> {
    let n = rows.n();
    let screen = Screen::new(rows, par)?;
    // Wide enough to pay for packing, narrow enough to stay in the cache and to leave work for many threads.
    let size = n.div_ceil(8).next_multiple_of(LANES).clamp(64, 256);
    let count = n.div_ceil(size);
    let blocks = (0..count).map(|b| Mutex::new(Block::new(b * size, ((b + 1) * size).min(n), rows, k))).collect();
    let search = Search { screen: &screen, blocks, size, k };
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
    let chosen = par.map(count, |b, _| {
        let mut block = search.lock(b);
        let mut order = Order::new(rows, &screen, k);
        Ok((0..block.rows.len()).map(|at| order.choose(&mut block, at)).collect::<Vec<_>>())
    })?;
    let mut chosen: Vec<Option<Chosen>> = chosen.into_iter().flatten().collect();
    let crowded: Vec<usize> = (0..n).filter(|&i| chosen[i].is_none()).collect();
    let (alike, rest): (Vec<usize>, Vec<usize>) = crowded.into_iter().partition(|&i| rows.lengths[i] == 0.0);
    alike.into_iter().for_each(|i| chosen[i] = Some(all_alike(i, n, k)));
    for (&i, found) in rest.iter().zip(exact::choose(rows, &rest, k, par)?) {
        chosen[i] = Some(found);
    }
    Ok(chosen.into_iter().flatten().collect())
}

/// A zero row is as near to one input as to any other.
fn all_alike(i: usize, n: usize, k: usize) -> Chosen {
    Chosen { list: (0..n).filter(|&j| j != i).map(|j| j as u32).take(k).collect(), tied: k + 1 < n, last: 0.0 }
}

/// Puts candidates in order, with the rows in double precision at hand for those too close to call.
struct Order<'a, 'b> {
    rows: &'a Rows<'b>,
    screen: &'a Screen,
    k: usize,
    own: Vec<f64>,
    other: Vec<f64>,
    spare: Vec<f64>,
}

impl<'a, 'b> Order<'a, 'b> {
    fn new(rows: &'a Rows<'b>, screen: &'a Screen, k: usize) -> Self {
        let empty = vec![0.0; rows.d()];
        Self { rows, screen, k, own: empty.clone(), other: empty.clone(), spare: empty }
    }

    /// The list of a row; None if its candidates are a crowd.
    fn choose(&mut self, block: &mut Block, at: usize) -> Option<Chosen> {
        if block.rows[at].crowded {
            return None;
        }
        let (i, k) = (block.start + at, self.k);
        let mut all: Vec<(f64, f64, u32)> = block.rows[at]
            .found
            .iter()
            .map(|&candidate| {
                let (v, e) = self.screen.bounds(i, candidate);
                (v, e + self.screen.own[i], candidate.other)
            })
            .collect();
        all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        // The most that anybody from here on can reach.
        let mut reach = vec![f64::NEG_INFINITY; all.len() + 1];
        for (r, (v, e, _)) in all.iter().enumerate().rev() {
            reach[r] = reach[r + 1].max(v + e);
        }
        let mut chosen = Chosen { list: Vec::with_capacity(k), tied: false, last: f64::NAN };
        let (mut start, mut sure) = (0, f64::INFINITY);
        for (r, (v, e, j)) in all.iter().enumerate() {
            sure = sure.min(v - e);
            if sure <= reach[r + 1] {
                continue;
            }
            // All up to here are certainly nearer than all that follow.
            if start == r {
                chosen.list.push(*j);
            } else {
                self.settle(i, &all[start..=r], &mut chosen);
            }
            if chosen.list.len() >= k {
                break;
            }
            start = r + 1;
        }
        Some(chosen)
    }

    /// Append those of a group that still belong to the list, by their scores in double precision.
    fn settle(&mut self, i: usize, group: &[(f64, f64, u32)], chosen: &mut Chosen) {
        self.rows.read(i, &mut self.own);
        let mut scored = Vec::with_capacity(group.len());
        for &(_, _, j) in group {
            self.rows.read(j as usize, &mut self.other);
            scored.push((self.rows.score(&self.own, &self.other, &mut self.spare), j));
        }
        scored.sort_unstable_by(nearer);
        let room = self.k - chosen.list.len();
        chosen.list.extend(scored.iter().take(room).map(|item| item.1));
        chosen.tied = scored.len() > room && scored[room - 1].0 == scored[room].0;
    }
}
