//! The rows as the definition sees them, the score of a pair, and lists found by looking at every pair.

use super::Metric;
use crate::engines::centered::Survey;
use crate::engines::pair_matrix::Dense;
use crate::error::Result;
use crate::linalg::{Matrix, unit_scale};
use crate::numerics::sums;
use crate::par::Par;
use crate::representation::{Representation, View};

/// Rows that share one walk through all others.
const TOGETHER: usize = 8;
const PANEL: usize = 512;

/// What was chosen for one row.
pub struct Chosen {
    /// Neighbors, nearest first.
    pub list: Vec<u32>,
    /// Whether the first one left out is as near as the last one taken.
    pub tied: bool,
    /// The score of the last one, where it was computed.
    pub last: f64,
}

/// The rows of a representation in double precision, scaled by powers of two, at unit length for cosines.
pub struct Rows<'a> {
    source: Source<'a>,
    metric: Metric,
    n: usize,
    d: usize,
    /// The mean of all rows (of some, for unit rows).
    pub mean: Vec<f64>,
    /// Length of every row, 0 for zero rows; not known for distances.
    pub lengths: Vec<f64>,
}

enum Source<'a> {
    /// Rows that lie together in memory are read where they are.
    View { view: View<'a>, factors: Vec<(f64, f64)> },
    /// Others are copied.
    Copy(Matrix),
}

impl<'a> Rows<'a> {
    /// The rows of x for this metric.
    pub fn new(x: &Representation<'a>, metric: Metric, survey: &Survey, par: Par<'_>) -> Result<Self> {
        let (view, _) = x.view()?;
        let (n, d) = view.shape();
        let factors = par.map(n.div_ceil(PANEL), |panel, _| {
            let mut row = vec![0.0; d];
            let mut part = Vec::with_capacity(PANEL.min(n));
            for i in panel * PANEL..((panel + 1) * PANEL).min(n) {
                if metric == Metric::Euclidean {
                    part.push((survey.scale, 1.0, f64::NAN));
                    continue;
                }
                view.read_row(i, &mut row);
                let mut scale = survey.scale;
                let mut length = length_at(scale, &row);
                if length < 1e-100 {
                    // Squares of a row far below the largest might vanish: it gets a power of two of its own.
                    scale = unit_scale(row.iter().fold(0.0, |m, v| v.abs().max(m)));
                    length = length_at(scale, &row);
                }
                part.push(match metric {
                    _ if length == 0.0 => (survey.scale, 1.0, 0.0),
                    Metric::Cosine => (scale, length, 1.0),
                    _ => (survey.scale, 1.0, (length / scale * survey.scale).max(f64::MIN_POSITIVE)),
                });
            }
            Ok(part)
        })?;
        let factors: Vec<(f64, f64, f64)> = factors.into_iter().flatten().collect();
        let lengths = factors.iter().map(|factor| factor.2).collect();
        let factors = factors.into_iter().map(|(scale, length, _)| (scale, length)).collect();
        let source = Source::View { view: view.clone(), factors };
        let mut rows = Self { source, metric, n, d, mean: survey.means.clone(), lengths };
        if !rows_are_contiguous(view) {
            let mut copy = Matrix::zeros(n, d);
            par.fill(copy.data_mut(), PANEL * d, |panel, block| {
                block.chunks_mut(d).enumerate().for_each(|(i, row)| rows.read(panel * PANEL + i, row));
                Ok(())
            })?;
            rows.source = Source::Copy(copy);
        }
        if metric == Metric::Cosine {
            rows.mean = rows.mean_of_some();
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

    /// What makes a neighbor.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// How many rows are zero.
    pub fn zero(&self) -> usize {
        self.lengths.iter().filter(|&&length| length == 0.0).count()
    }

    /// Write row i into `out`.
    pub fn read(&self, i: usize, out: &mut [f64]) {
        match &self.source {
            Source::Copy(copy) => out.copy_from_slice(copy.row(i)),
            Source::View { view, factors } => {
                view.read_row(i, out);
                let (scale, length) = factors[i];
                if length == 1.0 {
                    out.iter_mut().for_each(|v| *v *= scale);
                } else {
                    // A quotient: rows of one column then are exactly 1 or -1, and tied as they should be.
                    out.iter_mut().for_each(|v| *v = *v * scale / length);
                }
            }
        }
    }

    /// The score of two rows, larger for nearer ones; `spare` is overwritten.
    pub fn score(&self, a: &[f64], b: &[f64], spare: &mut [f64]) -> f64 {
        if self.metric != Metric::Euclidean {
            return sums::dot(a, b);
        }
        spare.iter_mut().zip(a.iter().zip(b)).for_each(|(s, (p, q))| *s = p - q);
        -sums::squares(spare)
    }

    /// Any point near the middle will do to center at.
    fn mean_of_some(&self) -> Vec<f64> {
        let step = self.n.div_ceil(256);
        let (mut total, mut row) = (vec![0.0; self.d], vec![0.0; self.d]);
        for i in (0..self.n).step_by(step) {
            self.read(i, &mut row);
            total.iter_mut().zip(&row).for_each(|(t, v)| *t += v);
        }
        let count = self.n.div_ceil(step) as f64;
        total.iter().map(|t| t / count).collect()
    }
}

fn rows_are_contiguous(view: &View<'_>) -> bool {
    match view {
        View::F64(view) => view.row(0).as_slice().is_some(),
        View::F32(view) => view.row(0).as_slice().is_some(),
    }
}

/// The length of a row multiplied by a power of two.
fn length_at(scale: f64, row: &[f64]) -> f64 {
    // The square of the scale might overflow where the squares of the scaled row do not.
    let scaled: Vec<f64> = row.iter().map(|v| v * scale).collect();
    sums::squares(&scaled).sqrt()
}

/// Larger scores first, then smaller indices.
pub fn nearer(a: &(f64, u32), b: &(f64, u32)) -> std::cmp::Ordering {
    b.0.partial_cmp(&a.0).unwrap_or(std::cmp::Ordering::Equal).then(a.1.cmp(&b.1))
}

/// The first k of some scored inputs.
fn first(mut scored: Vec<(f64, u32)>, k: usize) -> Chosen {
    let mut tied = false;
    if scored.len() > k {
        let (_, _, rest) = scored.select_nth_unstable_by(k - 1, nearer);
        let next = rest.iter().map(|item| item.0).fold(f64::NEG_INFINITY, f64::max);
        scored.truncate(k);
        tied = scored[k - 1].0 == next;
    }
    scored.sort_unstable_by(nearer);
    let last = scored.last().map_or(0.0, |item| item.0);
    Chosen { list: scored.into_iter().map(|item| item.1).collect(), tied, last }
}

/// The lists of some rows, by the scores of all pairs.
pub fn choose(rows: &Rows<'_>, which: &[usize], k: usize, par: Par<'_>) -> Result<Vec<Chosen>> {
    let (n, d) = (rows.n(), rows.d());
    let groups = par.map(which.len().div_ceil(TOGETHER), |at, _| {
        let group = &which[at * TOGETHER..((at + 1) * TOGETHER).min(which.len())];
        let mut own = vec![0.0; d * group.len()];
        own.chunks_mut(d).zip(group).for_each(|(out, &i)| rows.read(i, out));
        let mut scored: Vec<Vec<(f64, u32)>> = group.iter().map(|_| Vec::with_capacity(n)).collect();
        let (mut other, mut spare) = (vec![0.0; d], vec![0.0; d]);
        for j in 0..n {
            rows.read(j, &mut other);
            for ((&i, row), scored) in group.iter().zip(own.chunks(d)).zip(&mut scored) {
                if i != j {
                    scored.push((rows.score(row, &other, &mut spare), j as u32));
                }
            }
        }
        Ok(scored.into_iter().map(|scored| first(scored, k)).collect::<Vec<_>>())
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// The lists of all rows of a matrix of distances.
pub fn choose_by_distance(distances: &Dense, k: usize, par: Par<'_>) -> Result<Vec<Chosen>> {
    let n = distances.n();
    let groups = par.map(n.div_ceil(TOGETHER), |at, _| {
        let group = at * TOGETHER..((at + 1) * TOGETHER).min(n);
        let mut scored: Vec<Vec<(f64, u32)>> = group.clone().map(|_| Vec::with_capacity(n)).collect();
        for j in 0..n {
            for (i, scored) in group.clone().zip(&mut scored).filter(|(i, _)| *i != j) {
                scored.push((-distances.at(i, j), j as u32));
            }
        }
        Ok(scored.into_iter().map(|scored| first(scored, k)).collect::<Vec<_>>())
    })?;
    Ok(groups.into_iter().flatten().collect())
}
