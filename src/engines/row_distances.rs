//! The centered matrix of distances between rows, kept as the rows.
//!
//! What distance correlation asks of two such matrices are inner products. Of n points on a line these follow from sorted
//! sums (`numerics/line.rs`) in O(n log n). Of other points every pair must be looked at, but no pair kept: one pass over
//! tiles of pairs finds the mean distance of every row, a second one the inner products of the centered distances, and
//! several representations share it. Memory is O(n d) where a stored matrix takes O(n^2).
//!
//! Which numbers of rows are worth it is decided by shape alone, so that results do not depend on free memory.

use super::dense::{Centering, Dense};
use super::kernels::Points;
use crate::error::Result;
use crate::linalg::{Matrix, product_nt};
use crate::numerics::double::Double;
use crate::numerics::{line, sums};
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

/// From so many rows of one column on, sorted sums are faster than distances.
const SORTED: usize = 4096;
/// From so many rows on a stored matrix would take more than 4 GB.
const UNSTORED: usize = 32_768;
/// Up to so many columns distances are taken anew faster than they are read from memory, once there are some more rows
/// than caches hold.
const NARROW: usize = 64;
const UNCACHED: usize = 8192;
/// Operand of a tile of pairs.
const TILE: usize = 256;
/// So few representations are multiplied one by one.
const FEW: usize = 4;
/// Strips of tiles whose sums are held at the same time.
const STRIPS: usize = 16;

/// Distances between rows, centered.
pub struct RowDistances {
    points: Points,
    centering: Centering,
    /// Means that are taken from every entry for its row and for its column, and the number added to it.
    means: Vec<f64>,
    grand: f64,
    /// The coordinates and, to twice the precision, sums of distances of points on a line.
    line: Option<(Vec<f64>, Vec<Double>)>,
}

/// Shapes of data whose distances are better not stored.
pub fn unstored(n: usize, d: usize) -> bool {
    let enough = match d {
        1 => SORTED,
        ..=NARROW => UNCACHED,
        _ => UNSTORED,
    };
    n >= enough
}

impl RowDistances {
    /// Of the rows of a representation; `centering` is `Kept` (row and column means subtracted) or `UCentered`.
    pub fn of(x: &Representation<'_>, centering: Centering, par: Par<'_>) -> Result<Self> {
        let points = Points::of(x, par)?;
        let sums = if points.rows().cols() == 1 { None } else { Some(distance_sums(&points, par)?) };
        Ok(Self::new(points, centering, sums))
    }

    /// With the sums of the distances of every row, unless they are points on a line.
    fn new(points: Points, centering: Centering, sums: Option<Vec<f64>>) -> Self {
        let n = points.rows().rows() as f64;
        let line = sums.is_none().then(|| {
            let values: Vec<f64> = points.rows().data().to_vec();
            let sums = line::distance_sums(&values);
            (values, sums)
        });
        let of_line = || line.iter().flat_map(|(_, sums)| sums).map(|sum| sum.value()).collect();
        let sums: Vec<f64> = sums.unwrap_or_else(of_line);
        let (of_row, of_all) = match centering {
            Centering::UCentered => (n - 2.0, (n - 1.0) * (n - 2.0)),
            Centering::Plain | Centering::HollowDiagonal => (n, n * n),
        };
        let grand = sums::sum(&sums) / of_all;
        Self { points, centering, means: sums.into_iter().map(|sum| sum / of_row).collect(), grand, line }
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.means.len()
    }

    /// Inner products from sorted sums.
    pub fn is_line(&self) -> bool {
        self.line.is_some()
    }

    /// Agreement with the other in centering and number of rows.
    pub fn goes_with(&self, other: &Self) -> bool {
        self.centering == other.centering && self.n() == other.n()
    }

    /// The stored matrix.
    pub fn dense(&self, par: Par<'_>) -> Result<Dense> {
        let mut found = self.points.squared_distances(par)?;
        super::kernels::each(&mut found, par, f64::sqrt)?;
        if self.centering == Centering::UCentered {
            found.u_center(par)?;
        } else {
            found.center(par)?;
        }
        Ok(found)
    }

    /// `<k, l>` of two matrices centered alike.
    pub fn inner(&self, other: &Self, par: Par<'_>) -> Result<f64> {
        if let (Some((x, a)), Some((y, b))) = (&self.line, &other.line) {
            return Ok(self.of_lines((x, a), (y, b)));
        }
        let sides = if std::ptr::eq(self, other) { vec![self] } else { vec![self, other] };
        Ok(inner_products(&sides, par)?.at(0, sides.len() - 1))
    }

    fn of_lines(&self, (x, a): (&[f64], &[Double]), (y, b): (&[f64], &[Double])) -> f64 {
        let n = self.n() as f64;
        let products = line::sum_of_products(x, y) * 2.0;
        let of_rows: Double = a.iter().zip(b).map(|(a, b)| *a * *b).sum();
        let (all_a, all_b) = (a.iter().copied().sum::<Double>(), b.iter().copied().sum::<Double>());
        let (of_row, of_all) = match self.centering {
            Centering::UCentered => (n - 2.0, (n - 1.0) * (n - 2.0)),
            Centering::Plain | Centering::HollowDiagonal => (n, n * n),
        };
        // One division each, for a quotient is no longer of twice the precision: (of_all * p - c r + s) / of_all.
        let scaled = products * of_all - of_rows * (2.0 * of_all / of_row) + all_a * all_b;
        scaled.value() / of_all
    }

    /// Squared size of the distances before anything is subtracted.
    pub fn squared_size(&self) -> f64 {
        // |x_i - x_j|^2 summed over all pairs, both ways.
        let rows = self.points.rows();
        let mut total = vec![0.0; rows.cols()];
        (0..rows.rows()).for_each(|i| total.iter_mut().zip(rows.row(i)).for_each(|(t, v)| *t += v));
        (2.0 * (self.n() as f64 * rows.squared_norm() - sums::squares(&total))).max(0.0)
    }

    /// Centered distances of the pairs i < j of a tile, row after row, and zeros for the others.
    fn tile(&self, rows: std::ops::Range<usize>, cols: std::ops::Range<usize>, out: &mut [f64]) {
        self.points.squares_of(rows.clone(), cols.clone(), out);
        let width = cols.len();
        for (i, row) in rows.zip(out.chunks_mut(width)) {
            let first = (i + 1).max(cols.start).min(cols.end);
            row[..first - cols.start].fill(0.0);
            let shift = self.grand - self.means[i];
            let entries = row[first - cols.start..].iter_mut().zip(&self.means[first..cols.end]);
            entries.for_each(|(v, mean)| *v = v.sqrt() - mean + shift);
        }
    }

    /// Entries on the diagonal of the centered matrix.
    fn diagonal(&self) -> Vec<f64> {
        match self.centering {
            Centering::UCentered => vec![0.0; self.n()],
            Centering::Plain | Centering::HollowDiagonal => {
                self.means.iter().map(|mean| self.grand - 2.0 * mean).collect()
            }
        }
    }

    /// Sum of the diagonal; the sum of all entries is zero.
    pub fn trace(&self) -> f64 {
        sums::sum(&self.diagonal())
    }
}

/// All inner products of some of them, centered alike, in one pass over tiles of pairs which are added in order.
pub fn inner_products(sides: &[&RowDistances], par: Par<'_>) -> Result<Matrix> {
    let (n, count) = (sides.first().map_or(0, |side| side.n()), sides.len());
    let starts: Vec<usize> = (0..n).step_by(TILE).collect();
    let mut table: Matrix = Matrix::zeros(count, count);
    for strips in starts.chunks(STRIPS) {
        let tiles: Vec<(usize, usize)> =
            strips.iter().flat_map(|i| starts.iter().filter(move |j| *j >= i).map(move |j| (*i, *j))).collect();
        let parts = par.map(tiles.len(), |at, par| {
            par.check()?;
            let (i, j) = tiles[at];
            let (rows, cols) = (i..(i + TILE).min(n), j..(j + TILE).min(n));
            let mut entries: Matrix = Matrix::zeros(count, rows.len() * cols.len());
            for (at, side) in sides.iter().enumerate() {
                side.tile(rows.clone(), cols.clone(), entries.row_mut(at));
            }
            if count > FEW {
                return product_nt(&entries, &entries, Par::SEQ);
            }
            Ok(Matrix::from_fn(
                count,
                count,
                |k, l| if k <= l { sums::dot(entries.row(k), entries.row(l)) } else { 0.0 },
            ))
        })?;
        for part in parts {
            table.data_mut().iter_mut().zip(part.data()).for_each(|(sum, v)| *sum += v);
        }
    }
    let diagonals: Vec<Vec<f64>> = sides.iter().map(|side| side.diagonal()).collect();
    let entry = |k: usize, l: usize| 2.0 * table.at(k.min(l), k.max(l)) + sums::dot(&diagonals[k], &diagonals[l]);
    Ok(Matrix::from_fn(count, count, entry))
}

/// The sum of the distances of every row to all, by strips of tiles which are added in order.
fn distance_sums(points: &Points, par: Par<'_>) -> Result<Vec<f64>> {
    let n = points.rows().rows();
    let mut all = vec![0.0; n];
    let starts: Vec<usize> = (0..n).step_by(TILE).collect();
    for strips in starts.chunks(STRIPS) {
        let parts = par.map(strips.len(), |at, par| {
            let rows = strips[at]..(strips[at] + TILE).min(n);
            let mut sums = vec![0.0; n - rows.start];
            let mut tile = vec![0.0; TILE * TILE];
            for start in (rows.start..n).step_by(TILE) {
                par.check()?;
                let cols = start..(start + TILE).min(n);
                points.squares_of(rows.clone(), cols.clone(), &mut tile);
                for (i, row) in rows.clone().zip(tile.chunks_mut(cols.len())) {
                    let first = (i + 1).max(cols.start).min(cols.end);
                    let distances = &mut row[first - cols.start..];
                    distances.iter_mut().for_each(|v| *v = v.sqrt());
                    sums[i - rows.start] += sums::sum(distances);
                    let others = &mut sums[first - rows.start..cols.end - rows.start];
                    others.iter_mut().zip(distances).for_each(|(sum, v)| *sum += *v);
                }
            }
            Ok(sums)
        })?;
        for (start, part) in strips.iter().zip(parts) {
            all[*start..].iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
        }
    }
    Ok(all)
}

impl Summary for RowDistances {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let mut parts = vec![
            ("points", super::spectrum::saved(self.points.rows())),
            ("u_centered", i64::from(self.centering == Centering::UCentered).into()),
        ];
        if self.line.is_none() {
            let n = self.n() as f64;
            let of_row = if self.centering == Centering::UCentered { n - 2.0 } else { n };
            parts.push(("sums", Value::floats(self.means.iter().map(|mean| mean * of_row).collect::<Vec<_>>())));
        }
        parts
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let rows = parts.matrix("points")?;
        let centering = if parts.count("u_centered")? == 1 { Centering::UCentered } else { Centering::Plain };
        let sums = if parts.has("sums") { Some(parts.floats("sums")?.0.to_vec()) } else { None };
        let fits = match &sums {
            Some(sums) => sums.len() == rows.rows(),
            None => rows.cols() == 1,
        };
        if !fits || rows.rows() < 4 {
            return Err(damaged("its sums are not those of its rows"));
        }
        Ok(Self::new(Points::new(rows, 1.0), centering, sums))
    }

    fn rows(&self) -> usize {
        self.n()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;

    fn wave(n: usize, d: usize, pace: f64) -> Vec<f64> {
        (0..n * d).map(|at| (pace * (at * at) as f64).sin() + 0.6 * (1.3 * (at / d) as f64).cos()).collect()
    }

    /// Sorted sums, passes over tiles and the stored matrices agree, for either centering and across tiles.
    #[test]
    fn three_ways_to_the_inner_product() {
        for n in [5, 300, 700] {
            for centering in [Centering::Plain, Centering::UCentered] {
                let of = |d: usize, pace: f64| {
                    RowDistances::of(&representation("x", &wave(n, d, pace), d), centering, Par::SEQ).unwrap()
                };
                let sides = [of(1, 1.3), of(1, 0.4), of(3, 0.9), of(7, 2.2)];
                let all: Vec<&RowDistances> = sides.iter().collect();
                let table = inner_products(&all, Par::SEQ).unwrap();
                let size = |side: &RowDistances| side.inner(side, Par::SEQ).unwrap().sqrt();
                for (i, k) in sides.iter().enumerate() {
                    for (j, l) in sides.iter().enumerate() {
                        let (a, b) = (k.dense(Par::SEQ).unwrap(), l.dense(Par::SEQ).unwrap());
                        let stored = a.inner(&b, Par::SEQ).unwrap();
                        let unit = size(k) * size(l);
                        assert!((k.inner(l, Par::SEQ).unwrap() - stored).abs() < 1e-12 * unit, "{n} {i} {j}");
                        assert!((table.at(i, j) - stored).abs() < 1e-12 * unit, "{n} {i} {j}");
                    }
                    let raw: f64 = k.points.squared_distances(Par::SEQ).unwrap().upper().iter().sum();
                    assert!((k.squared_size() / (2.0 * raw) - 1.0).abs() < 1e-12);
                }
            }
        }
    }
}
