//! Inner products of two matrices over pairs when inputs are left out, for all choices of what is left out at once.
//!
//! If nothing ties the entries of a matrix to other inputs but its centering, leaving inputs out means to center again
//! what stays. Let G be the inputs left out, m the number of those that stay, and `k`, `l` centered with all inputs, so
//! that their rows sum to zero. Then the rows of what stays sum to `-rho_a` and `-lambda_a`, with the sums over G
//!
//! ```text
//! rho_a = sum_(b in G) k_ab       lambda_a = sum_(b in G) l_ab        R = sum_(a in G) rho_a,  L likewise
//! ```
//!
//! and the inner product of what stays, centered again, follows from sums that cost one pass for all choices of G:
//!
//! ```text
//! stay = <k, l> - 2 sum_(a in G) sum_b k_ab l_ab + sum_(a, b in G) k_ab l_ab
//! cross = sum_(a not in G) rho_a lambda_a
//!
//! means subtracted   stay - 2 cross/m + R L/m^2
//! U-centered         stay - 2 cross/(m-2) + R L/((m-1)(m-2))
//! ```
//!
//! For one input i left out of U-centered matrices this is `<k, l> - 2 (n-2)/(n-3) sum_b k_ib l_ib`. The cost is O(n^2)
//! for stored matrices and O(n r s) for factors of r and s columns.
//!
//! Off the diagonal a U-centered factor is `k_ij = a_i.a_j + e_i + e_j` with `e_i = (p_i - P/(2(n-1)))/(n-2)`, p the
//! squared row lengths and P their sum: all sums follow from `a'b` and a few vectors.

use std::cmp::Ordering;

use super::dense::{Centering, Dense};
use crate::error::Result;
use crate::linalg::{Matrix, product_nt, squared_norm_of_product, times_upper};
use crate::numerics::sums;
use crate::par::Par;

/// Rows of a stored matrix whose sums over groups are held at a time.
const PANEL: usize = 64;

/// Rows of a factor per unit of work.
const BLOCK: usize = 128;

/// The inputs, and which of them are left out together.
#[derive(Debug, Clone)]
pub struct JackknifeUnits {
    of: Vec<usize>,
    members: Vec<Vec<usize>>,
}

impl JackknifeUnits {
    /// Every one of n inputs alone.
    pub fn single(n: usize) -> Self {
        Self { of: (0..n).collect(), members: (0..n).map(|i| vec![i]).collect() }
    }

    /// Input i belongs to the group `of[i]`; groups are numbered from 0 without gaps.
    pub fn groups(of: Vec<usize>) -> Self {
        let count = of.iter().max().map_or(0, |last| last + 1);
        let mut members = vec![Vec::new(); count];
        of.iter().enumerate().for_each(|(i, &group)| members[group].push(i));
        Self { of, members }
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.of.len()
    }

    /// Number of units.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// The inputs of a unit, in order.
    pub fn members(&self, unit: usize) -> &[usize] {
        &self.members[unit]
    }

    /// The inputs that stay when a unit is left out.
    pub fn others(&self, unit: usize) -> Vec<usize> {
        (0..self.of.len()).filter(|&i| self.of[i] != unit).collect()
    }

    /// Number of inputs in the largest unit.
    pub fn largest(&self) -> usize {
        self.members.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn are_single(&self) -> bool {
        self.count() == self.inputs()
    }
}

/// Sums that leaving one unit out takes away.
#[derive(Debug, Clone, Copy, Default)]
struct LeftOutSums {
    /// Sum of products in the rows that go.
    rows: f64,
    /// Sum of products among the inputs that go.
    block: f64,
    /// Sums of either matrix among them.
    sums: (f64, f64),
    /// Products of sums over the unit, in the rows that stay.
    cross: f64,
}

impl LeftOutSums {
    /// One input, with its sum of products and its entries on the diagonal.
    fn single(rows: f64, p: f64, q: f64) -> Self {
        Self { rows, block: p * q, sums: (p, q), cross: rows - p * q }
    }

    /// One entry among the inputs that go, or two equal ones.
    fn add(&mut self, p: f64, q: f64, times: f64) {
        self.block += times * p * q;
        self.sums.0 += times * p;
        self.sums.1 += times * q;
    }

    /// The inner product of what stays of `all`, with m inputs, centered again.
    fn from(self, all: f64, m: usize, centering: Centering) -> f64 {
        let m = m as f64;
        let (once, twice) = match centering {
            Centering::UCentered => (m - 2.0, (m - 1.0) * (m - 2.0)),
            Centering::Plain | Centering::HollowDiagonal => (m, m * m),
        };
        let stay = all - 2.0 * self.rows + self.block;
        stay - 2.0 * self.cross / once + self.sums.0 * self.sums.1 / twice
    }
}

fn all_from(rows: &[f64], gone: &[LeftOutSums], units: &JackknifeUnits, centering: Centering) -> Vec<f64> {
    let all = sums::sum(rows);
    let n = units.inputs();
    gone.iter().enumerate().map(|(unit, gone)| gone.from(all, n - units.members(unit).len(), centering)).collect()
}

/// Sums of products in the rows of a unit.
fn of_rows(rows: &[f64], members: &[usize]) -> f64 {
    members.iter().map(|&i| rows[i]).sum()
}

/// From two stored matrices.
pub fn of_dense(k: &Dense, l: &Dense, units: &JackknifeUnits, centering: Centering, par: Par<'_>) -> Result<Vec<f64>> {
    let rows = k.row_products(l, par)?;
    let gone = if units.are_single() {
        (0..units.count()).map(|i| LeftOutSums::single(rows[i], k.at(i, i), l.at(i, i))).collect()
    } else {
        let crossed = crossed(k, l, units, par)?;
        par.map(units.count(), |unit, _| {
            let members = units.members(unit);
            let mut gone =
                LeftOutSums { rows: of_rows(&rows, members), cross: crossed[unit], ..LeftOutSums::default() };
            for (at, &i) in members.iter().enumerate() {
                gone.add(k.at(i, i), l.at(i, i), 1.0);
                members[at + 1..].iter().for_each(|&j| gone.add(k.at(i, j), l.at(i, j), 2.0));
            }
            Ok(gone)
        })?
    };
    Ok(all_from(&rows, &gone, units, centering))
}

/// For every unit, products of the sums over it in the rows that stay.
fn crossed(k: &Dense, l: &Dense, units: &JackknifeUnits, par: Par<'_>) -> Result<Vec<f64>> {
    let n = units.inputs();
    let same = std::ptr::eq(k, l);
    let parts = par.map(n.div_ceil(PANEL), |panel, _| {
        let rows = panel * PANEL..((panel + 1) * PANEL).min(n);
        let rho = k.sums_over(&units.of, units.count(), rows.clone());
        let other = if same { None } else { Some(l.sums_over(&units.of, units.count(), rows.clone())) };
        let lambda = other.as_ref().unwrap_or(&rho);
        let mut cross: Vec<f64> = (0..units.count()).map(|unit| sums::dot(rho.row(unit), lambda.row(unit))).collect();
        for (at, i) in rows.enumerate() {
            let own = units.of[i];
            cross[own] -= rho.at(own, at) * lambda.at(own, at);
        }
        Ok(cross)
    })?;
    let mut all = vec![0.0; units.count()];
    parts.iter().for_each(|part| all.iter_mut().zip(part).for_each(|(all, part)| *all += part));
    Ok(all)
}

/// A factor whose matrix has the entries `a_i . a_j + ends_i + ends_j`, and zeros on the diagonal if it is hollow.
pub struct Factor<'a> {
    a: &'a Matrix,
    squares: &'a [f64],
    ends: Vec<f64>,
    hollow: bool,
}

impl<'a> Factor<'a> {
    /// From a factor with centered columns and its squared row lengths.
    pub fn new(a: &'a Matrix, squares: &'a [f64], centering: Centering) -> Self {
        let n = a.rows() as f64;
        let hollow = centering == Centering::UCentered;
        let half = sums::sum(squares) / (2.0 * (n - 1.0));
        let end = |p: &f64| if hollow { (p - half) / (n - 2.0) } else { 0.0 };
        Self { a, squares, ends: squares.iter().map(end).collect(), hollow }
    }

    /// Entry (i, j) of the matrix, i unlike j.
    fn entry(&self, i: usize, j: usize) -> f64 {
        sums::dot(self.a.row(i), self.a.row(j)) + self.ends[i] + self.ends[j]
    }

    /// Value of the formula on the diagonal, where a hollow matrix has nothing.
    fn formula(&self, i: usize) -> f64 {
        self.squares[i] + 2.0 * self.ends[i]
    }

    fn on_diagonal(&self, i: usize) -> f64 {
        if self.hollow { 0.0 } else { self.formula(i) }
    }

    /// Rows added up by unit, and their ends.
    fn totals(&self, units: &JackknifeUnits) -> (Matrix, Vec<f64>) {
        let (mut rows, mut ends) = (Matrix::zeros(units.count(), self.a.cols()), vec![0.0; units.count()]);
        for (i, &unit) in units.of.iter().enumerate() {
            add(rows.row_mut(unit), self.a.row(i), 1.0);
            ends[unit] += self.ends[i];
        }
        (rows, ends)
    }

    /// `sum_j weights_j a_j`.
    fn weighted(&self, weights: &[f64]) -> Vec<f64> {
        let mut sum = vec![0.0; self.a.cols()];
        weights.iter().enumerate().for_each(|(j, weight)| add(&mut sum, self.a.row(j), *weight));
        sum
    }
}

fn add(sum: &mut [f64], row: &[f64], weight: f64) {
    sum.iter_mut().zip(row).for_each(|(sum, v)| *sum += weight * v);
}

/// Sums over all inputs that two factors have in common.
struct Common<'c> {
    /// Number of inputs.
    inputs: f64,
    /// `b'a`, transposed so that products read it along rows.
    cross: &'c Matrix,
    /// Of two equal factors, the upper triangle of `a'a` with twice the entries above the diagonal, which gives the same
    /// `s'(a'a)s` for half the work.
    upper: Option<Matrix>,
    /// `sum_j f_j a_j` and `sum_j e_j b_j` with the ends e of k and f of l.
    weighted: (Vec<f64>, Vec<f64>),
    /// Sums of the ends.
    sums: (f64, f64),
    /// Sum of their products.
    both: f64,
}

impl<'c> Common<'c> {
    fn new(k: &Factor<'_>, l: &Factor<'_>, cross: &'c Matrix) -> Self {
        let weighted = (k.weighted(&l.ends), l.weighted(&k.ends));
        let sums = (sums::sum(&k.ends), sums::sum(&l.ends));
        let both = sums::dot(&k.ends, &l.ends);
        let upper = std::ptr::eq(k.a, l.a).then(|| {
            let entry = |i: usize, j: usize| match i.cmp(&j) {
                Ordering::Less => 2.0 * cross.at(i, j),
                Ordering::Equal => cross.at(i, j),
                Ordering::Greater => 0.0,
            };
            Matrix::from_fn(cross.rows(), cross.cols(), entry)
        });
        Self { inputs: k.a.rows() as f64, cross, upper, weighted, sums, both }
    }

    /// `sum_j (a_j . s + e_j m + E)(b_j . t + f_j m + F)` over all inputs j for many (s, E) and (t, F), which are the
    /// totals of m inputs. Columns of a and b are centered, so sums of rows alone vanish.
    fn over_all(
        &self,
        (s, e): (&Matrix, &[f64]),
        (t, f): (&Matrix, &[f64]),
        m: impl Fn(usize) -> f64 + Sync,
        par: Par<'_>,
    ) -> Result<Vec<f64>> {
        let turned = match &self.upper {
            Some(upper) => times_upper(s, upper, par)?,
            None => product_nt(s, self.cross, par)?,
        };
        let parts = par.map(s.rows().div_ceil(BLOCK), |block, _| {
            let one = |row: usize| {
                let (m, e, f) = (m(row), e[row], f[row]);
                sums::dot(turned.row(row), t.row(row))
                    + m * (sums::dot(s.row(row), &self.weighted.0) + sums::dot(t.row(row), &self.weighted.1))
                    + m * (m * self.both + self.sums.0 * f + self.sums.1 * e)
                    + self.inputs * e * f
            };
            Ok((block * BLOCK..((block + 1) * BLOCK).min(s.rows())).map(one).collect::<Vec<f64>>())
        })?;
        Ok(parts.concat())
    }
}

/// From two factors a and b; `cross` is `b'a`.
pub fn of_factors(
    k: &Factor<'_>,
    l: &Factor<'_>,
    cross: &Matrix,
    units: &JackknifeUnits,
    centering: Centering,
    par: Par<'_>,
) -> Result<Vec<f64>> {
    let common = Common::new(k, l, cross);
    let mut rows = common.over_all((k.a, &k.ends), (l.a, &l.ends), |_| 1.0, par)?;
    let extra = |i: usize| k.formula(i) * l.formula(i) - k.on_diagonal(i) * l.on_diagonal(i);
    rows.iter_mut().enumerate().for_each(|(i, row)| *row -= extra(i));
    let gone = if units.are_single() {
        let one = |i: usize| LeftOutSums::single(rows[i], k.on_diagonal(i), l.on_diagonal(i));
        (0..units.count()).map(one).collect()
    } else {
        let ((s, e), (t, f)) = (k.totals(units), l.totals(units));
        let size = |unit: usize| units.members(unit).len() as f64;
        let everywhere = common.over_all((&s, &e), (&t, &f), size, par)?;
        par.map(units.count(), |unit, par| {
            let members = units.members(unit);
            let m = size(unit);
            let mut gone =
                LeftOutSums { rows: of_rows(&rows, members), cross: everywhere[unit], ..LeftOutSums::default() };
            for &i in members {
                let rho = sums::dot(k.a.row(i), s.row(unit)) + m * k.ends[i] + e[unit];
                let lambda = sums::dot(l.a.row(i), t.row(unit)) + m * l.ends[i] + f[unit];
                gone.cross -= rho * lambda;
                gone.sums.0 += rho - k.formula(i) + k.on_diagonal(i);
                gone.sums.1 += lambda - l.formula(i) + l.on_diagonal(i);
            }
            gone.block = block(k, l, members, (e[unit], f[unit]), par)?;
            Ok(gone)
        })?
    };
    Ok(all_from(&rows, &gone, units, centering))
}

/// Sum of products among some inputs whose ends sum to those given: pair by pair, or by a product of their rows where
/// they are many.
fn block(k: &Factor<'_>, l: &Factor<'_>, members: &[usize], (e, f): (f64, f64), par: Par<'_>) -> Result<f64> {
    let (r, s) = (k.a.cols(), l.a.cols());
    let own: f64 = members.iter().map(|&i| k.on_diagonal(i) * l.on_diagonal(i)).sum();
    if members.len() * (r + s) < 2 * r * s {
        let of = |i: usize, j: usize| k.entry(i, j) * l.entry(i, j);
        let ahead = |at: usize| members[at + 1..].iter().map(|&j| of(members[at], j)).sum::<f64>();
        return Ok(own + 2.0 * (0..members.len()).map(ahead).sum::<f64>());
    }
    let (a, b) = (k.a.rows_in_order(members), l.a.rows_in_order(members));
    let m = members.len() as f64;
    let mut total = squared_norm_of_product(&a, &b, par)?;
    let (mut sum_a, mut sum_b, mut both) = (vec![0.0; r], vec![0.0; s], 0.0);
    let (mut weighted_a, mut weighted_b) = (vec![0.0; r], vec![0.0; s]);
    for (at, &i) in members.iter().enumerate() {
        add(&mut sum_a, a.row(at), 1.0);
        add(&mut sum_b, b.row(at), 1.0);
        add(&mut weighted_a, a.row(at), l.ends[i]);
        add(&mut weighted_b, b.row(at), k.ends[i]);
        both += k.ends[i] * l.ends[i];
        total -= k.formula(i) * l.formula(i);
    }
    // All terms of (a_i.a_j + e_i + e_j)(b_i.b_j + f_i + f_j), summed over i and j.
    let mixed = sums::dot(&sum_a, &weighted_a) + sums::dot(&sum_b, &weighted_b);
    Ok(own + total + 2.0 * mixed + 2.0 * m * both + 2.0 * e * f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{gram, product};

    const N: usize = 90;

    fn columns_centered(d: usize, pace: f64) -> Matrix {
        let mut m = Matrix::from_fn(N, d, |i, j| (pace * (i * i) as f64 + 0.7 * (j * i) as f64).sin());
        for j in 0..d {
            let mean = (0..N).map(|i| m.at(i, j)).sum::<f64>() / N as f64;
            (0..N).for_each(|i| m.row_mut(i)[j] -= mean);
        }
        m
    }

    fn centered(mut k: Dense, centering: Centering) -> Dense {
        match centering {
            Centering::UCentered => k.u_center(Par::SEQ).unwrap(),
            _ => k.center(Par::SEQ).unwrap(),
        }
        k
    }

    /// The definition: take the rows that stay, multiply, center, multiply.
    fn by_definition(a: &Matrix, b: &Matrix, stay: &[usize], centering: Centering) -> f64 {
        let of = |m: &Matrix| {
            let k =
                Dense::of_rows(&m.rows_in_order(stay), centering == Centering::Plain, |_, _, v| v, Par::SEQ).unwrap();
            centered(k, centering).full().unwrap()
        };
        of(a).data().iter().zip(of(b).data()).map(|(p, q)| p * q).sum()
    }

    fn all_units() -> [JackknifeUnits; 4] {
        let uneven = |i: usize| [0, 0, 1, 2, 2, 2, 3][i % 7];
        let large = |i: usize| usize::from(i > 70);
        [
            JackknifeUnits::single(N),
            JackknifeUnits::groups((0..N).map(uneven).collect()),
            JackknifeUnits::groups((0..N).map(large).collect()),
            JackknifeUnits::groups((0..N).map(|i| i / 2).collect()),
        ]
    }

    #[test]
    fn stored_and_factored_matrices_agree_with_the_definition() {
        let (a, b) = (columns_centered(3, 1.3), columns_centered(5, 2.1));
        let squares = |m: &Matrix| (0..N).map(|i| sums::squares(m.row(i))).collect::<Vec<_>>();
        let (p, q) = (squares(&a), squares(&b));
        for centering in [Centering::Plain, Centering::UCentered] {
            let stored = |m: &Matrix| {
                centered(Dense::of_rows(m, centering == Centering::Plain, |_, _, v| v, Par::SEQ).unwrap(), centering)
            };
            let (k, l) = (stored(&a), stored(&b));
            for units in all_units() {
                for (same, other, q, l) in [(false, &b, &q, &l), (true, &a, &p, &k)] {
                    let dense = of_dense(&k, l, &units, centering, Par::SEQ).unwrap();
                    let (of_a, of_other) = (Factor::new(&a, &p, centering), Factor::new(other, q, centering));
                    let factored = of_factors(
                        &of_a,
                        &of_other,
                        &product(other, &a, Par::SEQ).unwrap(),
                        &units,
                        centering,
                        Par::SEQ,
                    )
                    .unwrap();
                    for unit in 0..units.count() {
                        let expected = by_definition(&a, other, &units.others(unit), centering);
                        let size = 1e-12
                            * sums::squares(k.full().unwrap().data()).max(sums::squares(l.full().unwrap().data()));
                        let found = (dense[unit], factored[unit]);
                        assert!((found.0 - expected).abs() < size, "{centering:?} {same} {unit}: {found:?} {expected}");
                        assert!((found.1 - expected).abs() < size, "{centering:?} {same} {unit}: {found:?} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (a, b) = (columns_centered(3, 1.3), columns_centered(5, 2.1));
        let stored =
            |m: &Matrix| centered(Dense::of_rows(m, false, |_, _, v| v, Par::SEQ).unwrap(), Centering::UCentered);
        let (k, l) = (stored(&a), stored(&b));
        let p: Vec<f64> = (0..N).map(|i| sums::squares(a.row(i))).collect();
        for units in all_units() {
            let found = |par| {
                let dense = of_dense(&k, &l, &units, Centering::UCentered, par).unwrap();
                let of_a = Factor::new(&a, &p, Centering::UCentered);
                (dense, of_factors(&of_a, &of_a, &gram(&a, par).unwrap(), &units, Centering::UCentered, par).unwrap())
            };
            assert_eq!(found(Par::SEQ), found(Par::ALL));
        }
    }
}
