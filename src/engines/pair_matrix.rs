//! Symmetric n x n matrices: how alike any two inputs are within one representation.
//!
//! Such a matrix need not be stored. [`PairMatrix`] is either *dense* (the upper triangle, row after row, and the
//! diagonal) or a *factor* (`k = a a'` with an n x r matrix `a`). What the measures need is the inner product of two of
//! them. Dense with dense is a sum over the triangle; factor with factor is `|a'b|^2`, which for r well below n costs far
//! less. One function, [`dense_pays`], chooses.
//!
//! Three classes of matrices occur. The diagonal may be *kept* (centered kernels), *dropped*, or the matrix may be
//! *U-centered* (zero diagonal and zero row sums), which is what makes an estimator unbiased. For a factor the latter two
//! are corrections of the inner product that need only the squared lengths of the rows of `a`:
//!
//! ```text
//! dropped     <k, l> - p.q                                                    p, q: squared row lengths of a and b
//! U-centered  <k, l> - p.q - 2 p.q/(n-2) + (sum p)(sum q)/((n-1)(n-2))        columns of a and b centered
//! ```

use std::sync::{Arc, OnceLock};

use super::dense::{Centering, Dense};
use super::jackknife::{self, Factor, JackknifeUnits};
use super::row_distances::{self, RowDistances};
use crate::cost::dense_pays;
use crate::error::{Error, Result};
use crate::linalg::{self, Matrix, rows_product};
use crate::numerics::sums;
use crate::par::Par;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

const TILE: usize = 256;
/// A squared norm below this share of that of the diagonal which was taken away has lost the digits that a score needs.
const CANCELED: f64 = 1e-6;

enum PairStorage {
    Dense(Arc<Dense>),
    /// Centered distances between rows.
    Distances(Arc<RowDistances>),
    Factor {
        a: Arc<Matrix>,
        squares: Vec<f64>,
        centering: Centering,
    },
}

/// A symmetric matrix over pairs of inputs of one representation.
pub struct PairMatrix {
    name: String,
    kept: PairStorage,
    dense: OnceLock<Arc<Dense>>,
    norm: OnceLock<f64>,
    /// Trace and sum of all entries.
    totals: OnceLock<(f64, f64)>,
    /// Size of what was there before centering took most of it away; 0 if nothing was.
    before: f64,
}

impl PairMatrix {
    /// `a a'`, kept as a factor where that is smaller and cheaper.
    pub fn linear(name: &str, a: Arc<Matrix>, centering: Centering, par: Par<'_>) -> Result<Self> {
        let squares: Vec<f64> = (0..a.rows()).map(|i| sums::squares(a.row(i))).collect();
        let before = match centering {
            Centering::Plain => 0.0,
            Centering::HollowDiagonal | Centering::UCentered => squares.iter().sum(),
        };
        let store = dense_pays(a.rows(), a.cols(), 2, 1);
        let found = Self {
            name: name.to_owned(),
            kept: PairStorage::Factor { a, squares, centering },
            dense: OnceLock::new(),
            norm: OnceLock::new(),
            totals: OnceLock::new(),
            before,
        };
        if !store {
            return Ok(found);
        }
        let dense = found.dense(par)?;
        Ok(Self { kept: PairStorage::Dense(dense), ..found })
    }

    /// The U-centered `a a'` of centered columns; `rows` are the same rows before anything was subtracted.
    ///
    /// Where one row is far larger than the rest, next to all of `a a'` lies on its diagonal, and a factor would leave
    /// round-off of the difference. The matrix is stored then. A shift of all rows adds terms of single rows, which
    /// U-centering takes away, so the small half of the rows may as well lie about the origin, where the large one leaves
    /// their products alone.
    pub fn u_centered(
        name: &str,
        a: Arc<Matrix>,
        rows: impl FnOnce() -> Result<Arc<Matrix>>,
        par: Par<'_>,
    ) -> Result<Self> {
        let (n, d) = (a.rows(), a.cols());
        let squares: Vec<f64> = (0..n).map(|i| sums::squares(a.row(i))).collect();
        let found = Self::linear(name, a, Centering::UCentered, par)?;
        let square = found.inner(&found, None, par)?;
        if square > CANCELED * sums::squares(&squares) {
            // The score will ask for it.
            let norm = found.checked_norm(square)?;
            found.norm.get_or_init(|| norm);
            return Ok(found);
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| squares[i].total_cmp(&squares[j]));
        let rows = rows()?;
        order.truncate(n.div_ceil(2));
        let mut center = vec![0.0; d];
        for &i in &order {
            center.iter_mut().zip(rows.row(i)).for_each(|(sum, v)| *sum += v / order.len() as f64);
        }
        let shifted = Matrix::from_fn(n, d, |i, j| rows.at(i, j) - center[j]);
        let mut dense = Dense::of_rows(&shifted, false, |_, _, v| v, par)?;
        let before = dense.inner(&dense, par)?.sqrt();
        dense.u_center(par)?;
        Ok(Self::stored(name, dense, before))
    }

    /// A stored matrix; `before` is its norm before centering took most of it away.
    pub fn stored(name: &str, dense: Dense, before: f64) -> Self {
        Self {
            name: name.to_owned(),
            kept: PairStorage::Dense(Arc::new(dense)),
            dense: OnceLock::new(),
            norm: OnceLock::new(),
            totals: OnceLock::new(),
            before,
        }
    }

    /// Centered distances between rows, which are not stored until somebody asks for all of them.
    pub fn of_distances(name: &str, distances: RowDistances) -> Self {
        let before = distances.squared_size().sqrt();
        Self {
            name: name.to_owned(),
            kept: PairStorage::Distances(Arc::new(distances)),
            dense: OnceLock::new(),
            norm: OnceLock::new(),
            totals: OnceLock::new(),
            before,
        }
    }

    /// The distances that are not stored.
    pub fn distances(&self) -> Option<&RowDistances> {
        match &self.kept {
            PairStorage::Distances(distances) => Some(distances),
            PairStorage::Dense(_) | PairStorage::Factor { .. } => None,
        }
    }

    /// Name of the representation in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of inputs.
    pub fn n(&self) -> usize {
        match &self.kept {
            PairStorage::Dense(dense) => dense.n(),
            PairStorage::Distances(distances) => distances.n(),
            PairStorage::Factor { a, .. } => a.rows(),
        }
    }

    /// Number of columns of the factor; None for a stored matrix.
    pub fn factor_columns(&self) -> Option<usize> {
        match &self.kept {
            PairStorage::Dense(_) | PairStorage::Distances(_) => None,
            PairStorage::Factor { a, .. } => Some(a.cols()),
        }
    }

    /// The factor and what happens on its diagonal; None for a stored matrix.
    pub fn factor(&self) -> Option<(&Matrix, Centering)> {
        match &self.kept {
            PairStorage::Dense(_) | PairStorage::Distances(_) => None,
            PairStorage::Factor { a, centering, .. } => Some((a, *centering)),
        }
    }

    /// The stored matrix, made on demand and kept.
    pub fn dense(&self, par: Par<'_>) -> Result<Arc<Dense>> {
        let dense = self.dense_once(par)?;
        Ok(match &self.kept {
            PairStorage::Dense(_) => dense,
            PairStorage::Distances(_) | PairStorage::Factor { .. } => self.dense.get_or_init(|| dense).clone(),
        })
    }

    /// The same, not kept: where memory for the matrices of many representations would run out.
    pub fn dense_once(&self, par: Par<'_>) -> Result<Arc<Dense>> {
        if let Some(dense) = self.dense.get() {
            return Ok(dense.clone());
        }
        let (a, centering) = match &self.kept {
            PairStorage::Dense(dense) => return Ok(dense.clone()),
            PairStorage::Distances(distances) => return distances.dense(par).map(Arc::new),
            PairStorage::Factor { a, centering, .. } => (a, *centering),
        };
        let mut dense = Dense::of_rows(a, centering == Centering::Plain, |_, _, v| v, par)?;
        if centering == Centering::UCentered {
            dense.u_center(par)?;
        }
        Ok(Arc::new(dense))
    }

    /// `<k, l>`: the sum of products of all entries, where input i of k meets input `pairing[i]` of l.
    pub fn inner(&self, other: &Self, pairing: Option<&[usize]>, par: Par<'_>) -> Result<f64> {
        // Whether somebody has stored the matrix meanwhile must not decide which bits come out.
        if let (
            PairStorage::Factor { a, squares: p, centering },
            PairStorage::Factor { a: b, squares: q, centering: same },
        ) = (&self.kept, &other.kept)
            && centering == same
        {
            let (b, q) = match pairing {
                None => (std::borrow::Cow::Borrowed(&**b), std::borrow::Cow::Borrowed(q.as_slice())),
                Some(order) => (
                    std::borrow::Cow::Owned(b.rows_in_order(order)),
                    std::borrow::Cow::Owned(order.iter().map(|&j| q[j]).collect()),
                ),
            };
            let full = if pairing.is_none() && std::ptr::from_ref::<Matrix>(a) == std::ptr::from_ref::<Matrix>(&b) {
                linalg::squared_norm_of_gram(a, par)?
            } else {
                linalg::squared_norm_of_product(a, &b, par)?
            };
            return Ok(corrected(full, p, &q, *centering));
        }
        if let (PairStorage::Distances(k), PairStorage::Distances(l), None) = (&self.kept, &other.kept, pairing)
            && k.goes_with(l)
        {
            return k.inner(l, par);
        }
        let (k, l) = (self.dense(par)?, other.dense(par)?);
        match pairing {
            None => k.inner(&l, par),
            Some(order) => k.inner_matched(&l, order, par),
        }
    }

    /// `|p k - q l|^2`, summed from the differences of entries, where input i of k meets input `pairing[i]` of l.
    pub fn squared_gap(&self, other: &Self, [p, q]: [f64; 2], pairing: Option<&[usize]>, par: Par<'_>) -> Result<f64> {
        let (
            PairStorage::Factor { a, centering: Centering::Plain, .. },
            PairStorage::Factor { a: b, centering: Centering::Plain, .. },
        ) = (&self.kept, &other.kept)
        else {
            return self.dense(par)?.squared_gap(&*other.dense(par)?, [p, q], pairing, par);
        };
        let matched = pairing.map(|order| b.rows_in_order(order));
        let b: &Matrix = matched.as_ref().unwrap_or(b);
        let n = a.rows();
        let starts: Vec<usize> = (0..n).step_by(TILE).collect();
        let parts = par.map(starts.len(), |at, par| {
            let (i0, rows) = (starts[at], TILE.min(n - starts[at]));
            let (mut k, mut l) = (vec![0.0; TILE * TILE], vec![0.0; TILE * TILE]);
            let mut sum = 0.0;
            for &j0 in &starts[at..] {
                par.check()?;
                let cols = TILE.min(n - j0);
                rows_product(a, i0..i0 + rows, a, j0..j0 + cols, &mut k);
                rows_product(b, i0..i0 + rows, b, j0..j0 + cols, &mut l);
                let entries = rows * cols;
                k[..entries].iter_mut().zip(&l[..entries]).for_each(|(k, l)| *k = p * *k - q * l);
                let both_triangles = if j0 == i0 { 1.0 } else { 2.0 };
                sum += both_triangles * sums::squares(&k[..entries]);
            }
            Ok(sum)
        })?;
        Ok(sums::sum(&parts))
    }

    /// `sqrt <k, k>`; refused if it is nothing but the round-off of what was subtracted.
    pub fn norm(&self, par: Par<'_>) -> Result<f64> {
        if let Some(norm) = self.norm.get() {
            return Ok(*norm);
        }
        let norm = self.checked_norm(self.inner(self, None, par)?)?;
        Ok(*self.norm.get_or_init(|| norm))
    }

    /// `<k, l>` and both norms from one pass over the pairs of rows, where distances of either are not stored and a norm
    /// would take a pass of its own.
    pub fn inner_and_norms(&self, other: &Self, par: Par<'_>) -> Result<Option<(f64, f64)>> {
        let (PairStorage::Distances(k), PairStorage::Distances(l)) = (&self.kept, &other.kept) else { return Ok(None) };
        if !k.goes_with(l) || (k.is_line() && l.is_line()) {
            return Ok(None);
        }
        let table = row_distances::inner_products(&[k, l], par)?;
        let norms = [self.checked_norm(table.at(0, 0))?, other.checked_norm(table.at(1, 1))?];
        // The chance level will ask for them.
        let kept = [self, other].into_iter().zip(norms).map(|(side, norm)| side.norm.get_or_init(|| norm));
        Ok(Some((table.at(0, 1), kept.product())))
    }

    /// `sqrt <k, k>` from the stored matrix.
    pub fn stored_norm(&self, par: Par<'_>) -> Result<f64> {
        let dense = self.dense_once(par)?;
        self.checked_norm(dense.inner(&dense, par)?)
    }

    /// `<k, l>` of what stays when one unit is left out, centered again, for every unit in turn. The matrices must be
    /// centered as `centering` says, and nothing else may tie their entries to other inputs.
    pub fn jackknife_inner(
        &self,
        other: &Self,
        units: &JackknifeUnits,
        centering: Centering,
        par: Par<'_>,
    ) -> Result<Vec<f64>> {
        if let (
            PairStorage::Factor { a, squares: p, centering: own },
            PairStorage::Factor { a: b, squares: q, centering: same },
        ) = (&self.kept, &other.kept)
            && own == same
        {
            let (k, l) = (Factor::new(a, p, centering), Factor::new(b, q, centering));
            if !std::ptr::eq(a, b) {
                return jackknife::of_factors(&k, &l, &linalg::product(b, a, par)?, units, centering, par);
            }
            let (gram, square) = linalg::gram_with_squared_norm(a, par)?;
            if let Ok(norm) = self.checked_norm(corrected(square, p, p, *own)) {
                // The score will ask for it.
                self.norm.get_or_init(|| norm);
            }
            return jackknife::of_factors(&k, &l, &gram, units, centering, par);
        }
        let (k, l) = (self.dense(par)?, other.dense(par)?);
        jackknife::of_dense(&k, &l, units, centering, par)
    }

    /// The norm that belongs to a squared norm; refused if it is nothing but the round-off of what was subtracted.
    pub fn checked_norm(&self, square: f64) -> Result<f64> {
        let norm = square.max(0.0).sqrt();
        if norm <= self.n() as f64 * f64::EPSILON * self.before || norm == 0.0 {
            return Err(Error::NoStructure { name: self.name.clone() });
        }
        Ok(norm)
    }

    /// Mean of `<k, l>` when inputs are matched at random: exact, from the sums of the two matrices.
    pub fn inner_at_chance(&self, other: &Self, par: Par<'_>) -> Result<f64> {
        let ((t, s), (u, v)) = (self.trace_and_total(par)?, other.trace_and_total(par)?);
        let n = self.n() as f64;
        Ok(t * u / n + (s - t) * (v - u) / (n * (n - 1.0)))
    }

    fn trace_and_total(&self, par: Par<'_>) -> Result<(f64, f64)> {
        match self.totals.get() {
            Some(totals) => Ok(*totals),
            None => self.count_totals(par).map(|totals| *self.totals.get_or_init(|| totals)),
        }
    }

    fn count_totals(&self, par: Par<'_>) -> Result<(f64, f64)> {
        match &self.kept {
            PairStorage::Dense(dense) => dense.trace_and_total(par),
            PairStorage::Distances(distances) => Ok((distances.trace(), 0.0)),
            PairStorage::Factor { a, squares, centering } => {
                let trace: f64 = sums::sum(squares);
                let mut total = vec![0.0; a.cols()];
                (0..a.rows()).for_each(|i| total.iter_mut().zip(a.row(i)).for_each(|(t, v)| *t += v));
                Ok(match centering {
                    Centering::Plain => (trace, sums::squares(&total)),
                    Centering::HollowDiagonal => (0.0, sums::squares(&total) - trace),
                    Centering::UCentered => (0.0, 0.0),
                })
            }
        }
    }
}

impl Summary for PairMatrix {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let mut parts = vec![("name", Value::from(self.name.as_str())), ("before", self.before.into())];
        match &self.kept {
            PairStorage::Dense(dense) => {
                parts.push(("n", dense.n().into()));
                parts.push(("upper", Value::floats(dense.upper().to_vec())));
                if let Some(diagonal) = dense.diagonal() {
                    parts.push(("diagonal", Value::floats(diagonal.to_vec())));
                }
            }
            PairStorage::Distances(distances) => parts.extend(distances.save()),
            PairStorage::Factor { a, centering, .. } => {
                parts.push(("factor", super::spectrum::saved(a)));
                let class = match centering {
                    Centering::Plain => 0_i64,
                    Centering::HollowDiagonal => 1,
                    Centering::UCentered => 2,
                };
                parts.push(("class", class.into()));
            }
        }
        parts
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let (name, before) = (parts.text("name")?, parts.number("before")?);
        if parts.has("factor") {
            let a = parts.matrix("factor")?;
            let centering = match parts.count("class")? {
                0 => Centering::Plain,
                1 => Centering::HollowDiagonal,
                2 => Centering::UCentered,
                other => return Err(damaged(format!("there is no class {other}"))),
            };
            let squares = (0..a.rows()).map(|i| sums::squares(a.row(i))).collect();
            let kept = PairStorage::Factor { a: Arc::new(a), squares, centering };
            return Ok(Self {
                name,
                kept,
                dense: OnceLock::new(),
                norm: OnceLock::new(),
                totals: OnceLock::new(),
                before,
            });
        }
        if parts.has("points") {
            return Ok(Self { before, ..Self::of_distances(&name, RowDistances::load(parts)?) });
        }
        let n = parts.count("n")?;
        let upper = parts.floats("upper")?.0.to_vec();
        let diagonal = if parts.has("diagonal") { Some(parts.floats("diagonal")?.0.to_vec()) } else { None };
        let pairs = n.checked_mul(n.saturating_sub(1)).map(|m| m / 2);
        if n < 1 || pairs != Some(upper.len()) || diagonal.as_ref().is_some_and(|d| d.len() != n) {
            return Err(damaged("the number of pairs does not fit the number of rows"));
        }
        Ok(Self::stored(&name, Dense::new(n, upper, diagonal), before))
    }

    fn rows(&self) -> usize {
        self.n()
    }
}

/// A matrix over pairs of rows with a few numbers that belong to it: a norm, a rank, a width.
pub struct PairMatrixWith<const N: usize> {
    /// The matrix.
    pub pairs: PairMatrix,
    /// Numbers, finite and not negative.
    pub numbers: [f64; N],
}

impl<const N: usize> Summary for PairMatrixWith<N> {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let mut parts = self.pairs.save();
        parts.push(("numbers", Value::floats(self.numbers)));
        parts
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let numbers = <[f64; N]>::try_from(&*parts.floats("numbers")?.0);
        match numbers {
            Ok(numbers) if numbers.iter().all(|v| v.is_finite() && *v >= 0.0) => {
                Ok(Self { pairs: PairMatrix::load(parts)?, numbers })
            }
            _ => Err(damaged(format!("it has no {N} numbers"))),
        }
    }

    fn rows(&self) -> usize {
        self.pairs.n()
    }
}

fn corrected(full: f64, p: &[f64], q: &[f64], centering: Centering) -> f64 {
    let n = p.len() as f64;
    let own = sums::dot(p, q);
    match centering {
        Centering::Plain => full,
        Centering::HollowDiagonal => full - own,
        Centering::UCentered => {
            full - own - 2.0 * own / (n - 2.0) + sums::sum(p) * sums::sum(q) / ((n - 1.0) * (n - 2.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn centered(n: usize, d: usize, pace: f64) -> Arc<Matrix> {
        let mut m = Matrix::from_fn(n, d, |i, j| (pace * (i * i) as f64 + 0.7 * (j * i) as f64).sin());
        for j in 0..d {
            let mean = (0..n).map(|i| m.at(i, j)).sum::<f64>() / n as f64;
            (0..n).for_each(|i| m.row_mut(i)[j] -= mean);
        }
        Arc::new(m)
    }

    fn factor(a: &Arc<Matrix>, centering: Centering) -> PairMatrix {
        let squares = (0..a.rows()).map(|i| sums::squares(a.row(i))).collect();
        let kept = PairStorage::Factor { a: a.clone(), squares, centering };
        PairMatrix {
            name: "x".into(),
            kept,
            dense: OnceLock::new(),
            norm: OnceLock::new(),
            totals: OnceLock::new(),
            before: 0.0,
        }
    }

    /// The factor strategy, the dense strategy and the definition agree, for every class, with and without a pairing.
    #[test]
    fn three_roads_to_the_inner_product() {
        let n = 300;
        let (a, b) = (centered(n, 3, 1.3), centered(n, 5, 2.1));
        let order: Vec<usize> = (0..n).map(|i| (i * 7 + 3) % n).collect();
        for centering in [Centering::Plain, Centering::HollowDiagonal, Centering::UCentered] {
            let (k, l) = (factor(&a, centering), factor(&b, centering));
            let (dense_k, dense_l) =
                (k.dense(Par::SEQ).unwrap().full().unwrap(), l.dense(Par::SEQ).unwrap().full().unwrap());
            for pairing in [None, Some(order.as_slice())] {
                let to = |i: usize| pairing.map_or(i, |m| m[i]);
                let direct: f64 = (0..n)
                    .flat_map(|i| (0..n).map(move |j| (i, j)))
                    .map(|(i, j)| dense_k.at(i, j) * dense_l.at(to(i), to(j)))
                    .sum();
                let (fresh_k, fresh_l) = (factor(&a, centering), factor(&b, centering));
                let by_factor = fresh_k.inner(&fresh_l, pairing, Par::SEQ).unwrap();
                let (stored_k, stored_l) = (k.dense(Par::SEQ).unwrap(), l.dense(Par::SEQ).unwrap());
                let by_dense = match pairing {
                    None => stored_k.inner(&stored_l, Par::SEQ).unwrap(),
                    Some(order) => stored_k.inner_matched(&stored_l, order, Par::SEQ).unwrap(),
                };
                let size = k.norm(Par::SEQ).unwrap() * l.norm(Par::SEQ).unwrap();
                assert!((k.stored_norm(Par::SEQ).unwrap() / k.norm(Par::SEQ).unwrap() - 1.0).abs() < 1e-12);
                assert!((by_factor - direct).abs() < 1e-12 * size, "{centering:?}: {by_factor} {direct}");
                assert!((by_dense - direct).abs() < 1e-12 * size, "{centering:?}: {by_dense} {direct}");
            }
            if centering == Centering::UCentered {
                assert!(k.dense(Par::SEQ).unwrap().row_sums(Par::SEQ).unwrap().iter().all(|s| s.abs() < 1e-11));
            }
        }
    }

    /// Gaps by tiles, from stored matrices and by definition: of unlike matrices, and of such that are nearly equal.
    #[test]
    fn gaps_keep_their_digits() {
        let n = 300;
        let (a, z) = (centered(n, 3, 1.3), centered(n, 3, 2.1));
        let order: Vec<usize> = (0..n).map(|i| (i * 7 + 3) % n).collect();
        for e in [1.0, 1e-5, 1e-10] {
            let b = Arc::new(Matrix::from_fn(n, 3, |i, j| a.at(i, j) + e * z.at(i, j)));
            for pairing in [None, Some(order.as_slice())] {
                let to = |i: usize| pairing.map_or(i, |m| m[i]);
                // (a + e z)(a + e z)' - a a' without the subtraction, where rows meet themselves.
                let entry = |i: usize, j: usize| -> f64 {
                    let dot = |p: &Matrix, i: usize, q: &Matrix, j: usize| sums::dot(p.row(i), q.row(j));
                    if pairing.is_none() {
                        e * (dot(&a, i, &z, j) + dot(&z, i, &a, j)) + e * e * dot(&z, i, &z, j)
                    } else {
                        dot(&b, to(i), &b, to(j)) - dot(&a, i, &a, j)
                    }
                };
                let expected: f64 = (0..n * n).map(|at| entry(at / n, at % n).powi(2)).sum();
                for centering in [Centering::Plain, Centering::HollowDiagonal] {
                    let (k, l) = (factor(&a, centering), factor(&b, centering));
                    let own: f64 = (0..n).map(|i| entry(i, i).powi(2)).sum();
                    let expected = expected - if centering == Centering::Plain { 0.0 } else { own };
                    let found = k.squared_gap(&l, [1.0, 1.0], pairing, Par::SEQ).unwrap();
                    assert!((found / expected - 1.0).abs() < 1e-5, "{e}: {found} {expected}");
                    let twice = k.squared_gap(&l, [2.0, 2.0], pairing, Par::SEQ).unwrap();
                    assert!((twice / found - 4.0).abs() < 1e-9);
                    assert_eq!(k.squared_gap(&factor(&a, centering), [1.0, 1.0], None, Par::SEQ).unwrap(), 0.0);
                }
            }
        }
    }
}
