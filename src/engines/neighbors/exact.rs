//! The rows as the definition sees them, the score of a pair, and lists found by looking at every pair.

use std::collections::HashMap;

use super::metric::Metric;
use super::ties::{Chosen, Groups, Ranked};
use crate::engines::centered::Scan;
use crate::engines::dense::Dense;
use crate::error::Result;
use crate::linalg::{Matrix, unit_scale};
use crate::numerics::sums;
use crate::par::Par;
use crate::representation::{Representation, View};

/// Rows that share one walk through all others.
const TOGETHER: usize = 8;
const PANEL: usize = 512;
/// A point near the middle of this many rows will do to center at.
const SAMPLE: usize = 256;

/// Error of a score because its rows were rounded.
pub const ROUNDED: f64 = 2.0 * f64::EPSILON;

/// Error bound of an inner product of rows of d numbers, in units of their lengths: sums run in 16 lanes, so their error is
/// that of the length of a lane, with room to spare.
pub fn round_off(d: usize) -> f64 {
    (d as f64 / 16.0 + 16.0) * f64::EPSILON
}

/// Error bound of the square of a distance, between a row of this length and one at this distance, hence no longer than
/// both together: g by its computation, and by rows that were rounded.
pub fn error_of_square(g: f64, distance: f64, length: f64) -> f64 {
    g * distance * distance + ROUNDED * distance * (2.0 * length + distance)
}

/// The rows of a representation in double precision.
///
/// They are used as they lie in memory where possible: a common power of two changes neither cosines nor any order, and
/// is only applied where squares would overflow or vanish.
pub struct ScaledRows<'a> {
    source: RowSource<'a>,
    metric: Metric,
    n: usize,
    d: usize,
    /// Applied to all rows.
    scale: f64,
    /// Power of two that would then bring the largest value of all to between 1/2 and 1.
    unit: f64,
    /// Lengths of the scaled rows; empty for distances, which do not need them.
    lengths: Vec<f64>,
    /// Further powers of two of rows far below the largest, whose squares would vanish in a cosine.
    rescued: HashMap<usize, f64>,
    center: Vec<f64>,
}

enum RowSource<'a> {
    /// Rows that lie together in memory are read where they are.
    View(View<'a>),
    /// Others are copied.
    Copy(Matrix),
}

impl<'a> ScaledRows<'a> {
    /// The rows of x for this metric.
    pub fn new(x: &Representation<'a>, metric: Metric, scan: &Scan, par: Par<'_>) -> Result<Self> {
        let (view, _) = x.view()?;
        let (n, d) = view.shape();
        let moderate = (1e-30..1e30).contains(&scan.scale);
        let mut rows = Self {
            source: RowSource::View(view.clone()),
            metric,
            n,
            d,
            scale: if moderate { 1.0 } else { scan.scale },
            unit: if moderate { scan.scale } else { 1.0 },
            lengths: Vec::new(),
            rescued: HashMap::new(),
            center: scan.means.clone(),
        };
        if !rows_are_contiguous(view) {
            let mut copy = Matrix::zeros(n, d);
            par.fill(copy.data_mut(), PANEL * d, |panel, block| {
                block.chunks_mut(d).enumerate().for_each(|(i, row)| view.read_row(panel * PANEL + i, row));
                Ok(())
            })?;
            rows.source = RowSource::Copy(copy);
        }
        if metric != Metric::Euclidean {
            rows.measure(par)?;
        }
        if metric == Metric::Cosine {
            rows.center = rows.mean_of_some();
        }
        Ok(rows)
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Number of columns.
    pub fn d(&self) -> usize {
        self.d
    }

    /// Metric by which neighbors are chosen.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Factor that brings row i to a size near 1: to length 1 for cosines, the same power of two for all rows otherwise.
    pub fn factor(&self, i: usize) -> f64 {
        match self.metric {
            Metric::Cosine if self.is_zero(i) => 1.0,
            Metric::Cosine => 1.0 / self.length(i),
            _ => self.unit,
        }
    }

    /// A point near the middle of all rows, multiplied by their factors.
    pub fn center(&self) -> &[f64] {
        &self.center
    }

    /// Length of row i.
    pub fn length(&self, i: usize) -> f64 {
        self.lengths.get(i).copied().unwrap_or(f64::NAN)
    }

    /// True of a zero row; not asked of distances.
    pub fn is_zero(&self, i: usize) -> bool {
        self.length(i) == 0.0
    }

    /// Row i, read into `buffer` if it cannot be used where it is.
    pub fn row<'b>(&'b self, i: usize, buffer: &'b mut [f64]) -> &'b [f64] {
        let found = match &self.source {
            RowSource::Copy(copy) => Some(copy.row(i)),
            RowSource::View(View::F64(view)) => view.row(i).to_slice(),
            RowSource::View(View::F32(_)) => None,
        };
        let scale = self.scale * self.rescued.get(&i).copied().unwrap_or(1.0);
        match (found, &self.source) {
            (Some(row), _) if scale == 1.0 => return row,
            (Some(row), _) => buffer.copy_from_slice(row),
            (None, RowSource::View(view)) => view.read_row(i, buffer),
            (None, RowSource::Copy(_)) => {}
        }
        multiply(buffer, scale);
        buffer
    }

    /// The score of row i, which is `a`, and row j, which is `b`: larger for nearer ones; `spare` is overwritten.
    pub fn score(&self, (i, a): (usize, &[f64]), (j, b): (usize, &[f64]), spare: &mut [f64]) -> f64 {
        match self.metric {
            Metric::Cosine => {
                // Lengths multiplied: rows of one column then have cosine 1 or -1, and are tied as they should be.
                let lengths = self.length(i) * self.length(j);
                if lengths > 0.0 { sums::dot(a, b) / lengths } else { 0.0 }
            }
            Metric::Euclidean => {
                spare.iter_mut().zip(a.iter().zip(b)).for_each(|(s, (p, q))| *s = p - q);
                -sums::squares(spare)
            }
            Metric::Inner | Metric::Precomputed => sums::dot(a, b),
        }
    }

    /// The score of row i, which is `a`, with itself.
    fn own_score(&self, i: usize, a: &[f64]) -> f64 {
        match self.metric {
            Metric::Cosine if self.is_zero(i) => 0.0,
            Metric::Cosine => 1.0,
            Metric::Euclidean | Metric::Precomputed => 0.0,
            Metric::Inner => sums::squares(a),
        }
    }

    /// Error bound of the score of row i, which is `a`, and row j: by the round-off of its own computation, and by that
    /// of the numbers in the rows, so that rows multiplied by a number keep their ties.
    fn error<'b>(&'b self, i: usize, a: &[f64]) -> impl Fn(f64, u32) -> f64 + use<'a, 'b> {
        let length = if self.metric == Metric::Euclidean { sums::squares(a).sqrt() } else { self.length(i) };
        let g = round_off(self.d);
        move |score: f64, j: u32| match self.metric {
            Metric::Cosine => g + ROUNDED,
            Metric::Euclidean => error_of_square(g, score.abs().sqrt(), length),
            Metric::Inner => (g + ROUNDED) * length * self.length(j as usize),
            Metric::Precomputed => ROUNDED * score.abs(),
        }
    }

    /// Append to `certain` those of some scored rows that belong to the k nearest of row i, which is `a`.
    pub fn split(
        &self,
        (i, a): (usize, &[f64]),
        k: usize,
        (certain, scored): (Ranked, Vec<(f64, u32)>),
        groups: &Groups,
        par: Par<'_>,
    ) -> Result<Chosen> {
        groups.split((i as u32, self.own_score(i, a)), k, certain, scored, self.error(i, a), par)
    }

    /// Find the lengths, and the rows that need a power of two of their own.
    fn measure(&mut self, par: Par<'_>) -> Result<()> {
        let parts = par.map(self.n.div_ceil(PANEL), |panel, _| {
            let mut buffer = vec![0.0; self.d];
            let mut part = Vec::with_capacity(PANEL.min(self.n));
            for i in panel * PANEL..((panel + 1) * PANEL).min(self.n) {
                let row = self.row(i, &mut buffer);
                let mut length = sums::squares(row).sqrt();
                let mut scale = 1.0;
                if length < 1e-100 {
                    let scaled = |scale: f64| row.iter().map(|v| v * scale).collect::<Vec<f64>>();
                    let own = unit_scale(row.iter().fold(0.0, |m, v| v.abs().max(m)));
                    let own_length = sums::squares(&scaled(own)).sqrt();
                    if own_length > 0.0 && self.metric == Metric::Cosine {
                        (length, scale) = (own_length, own);
                    } else if own_length > 0.0 {
                        length = (own_length / own).max(f64::MIN_POSITIVE);
                    }
                }
                part.push((length, scale));
            }
            Ok(part)
        })?;
        for (i, (length, scale)) in parts.into_iter().flatten().enumerate() {
            self.lengths.push(length);
            if scale != 1.0 {
                self.rescued.insert(i, scale);
            }
        }
        Ok(())
    }

    fn mean_of_some(&self) -> Vec<f64> {
        let step = self.n.div_ceil(SAMPLE);
        let (mut total, mut buffer) = (vec![0.0; self.d], vec![0.0; self.d]);
        for i in (0..self.n).step_by(step).filter(|&i| !self.is_zero(i)) {
            let (row, length) = (self.row(i, &mut buffer), self.length(i));
            total.iter_mut().zip(row).for_each(|(t, v)| *t += v / length);
        }
        multiply(&mut total, 1.0 / self.n.div_ceil(step) as f64);
        total
    }
}

fn rows_are_contiguous(view: &View<'_>) -> bool {
    match view {
        View::F64(view) => view.row(0).as_slice().is_some(),
        View::F32(view) => view.row(0).as_slice().is_some(),
    }
}

fn multiply(row: &mut [f64], factor: f64) {
    row.iter_mut().for_each(|v| *v *= factor);
}

/// The lists of some rows, by the scores of all pairs.
pub fn choose(rows: &ScaledRows<'_>, which: &[usize], k: usize, groups: &Groups, par: Par<'_>) -> Result<Vec<Chosen>> {
    let (n, d) = (rows.n(), rows.d());
    let chosen = par.map(which.len().div_ceil(TOGETHER), |at, par| {
        let group = &which[at * TOGETHER..((at + 1) * TOGETHER).min(which.len())];
        let mut buffers = vec![0.0; d * group.len()];
        let own: Vec<&[f64]> = buffers.chunks_mut(d).zip(group).map(|(buffer, &i)| rows.row(i, buffer)).collect();
        let mut scored: Vec<Vec<(f64, u32)>> = group.iter().map(|_| Vec::with_capacity(n)).collect();
        let (mut buffer, mut spare) = (vec![0.0; d], vec![0.0; d]);
        for j in 0..n {
            let other = rows.row(j, &mut buffer);
            for ((&i, row), scored) in group.iter().zip(&own).zip(&mut scored) {
                if i != j {
                    scored.push((rows.score((i, row), (j, other), &mut spare), j as u32));
                }
            }
        }
        let rest = group.iter().zip(&own).zip(scored);
        rest.map(|((&i, row), scored)| rows.split((i, row), k, (Ranked::default(), scored), groups, par))
            .collect::<Result<Vec<_>>>()
    })?;
    Ok(chosen.into_iter().flatten().collect())
}

/// The lists of all rows of a matrix of distances.
pub fn choose_by_distance(distances: &Dense, k: usize, groups: &Groups, par: Par<'_>) -> Result<Vec<Chosen>> {
    let n = distances.n();
    let chosen = par.map(n.div_ceil(TOGETHER), |at, par| {
        let group = at * TOGETHER..((at + 1) * TOGETHER).min(n);
        let mut scored: Vec<Vec<(f64, u32)>> = group.clone().map(|_| Vec::with_capacity(n)).collect();
        for j in 0..n {
            for (i, scored) in group.clone().zip(&mut scored).filter(|(i, _)| *i != j) {
                scored.push((-distances.at(i, j), j as u32));
            }
        }
        let error = |score: f64, _: u32| ROUNDED * score.abs();
        let split = |(i, scored)| groups.split((i as u32, 0.0), k, Ranked::default(), scored, error, par);
        group.zip(scored).map(split).collect::<Result<Vec<_>>>()
    })?;
    Ok(chosen.into_iter().flatten().collect())
}
