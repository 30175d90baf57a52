//! Inner products of two matrices over pairs when inputs are left out, for all choices of what is left out at once.
//!
//! If nothing ties the entries of a matrix to other inputs but its centering, leaving inputs out means to center again
//! what stays. Let G be the inputs left out, m the number of those that stay, and `k`, `l` centered with all inputs, so that
//! their rows sum to zero. Then the rows of what stays sum to `-rho_a` and `-lambda_a`, with the sums over G
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
//! For one input i left out of U-centered matrices this is `<k, l> - 2 (n-2)/(n-3) sum_b k_ib l_ib`. The cost is O(n^2) for
//! stored matrices and O(n r s) for factors of r and s columns.
//!
//! A U-centered factor is a plain product of longer rows: off the diagonal
//! `k_ab = [a_a, p_a, 1] . [a_b, w, w p_b - w P/(n-1)]` with squared row lengths p of sum P and `w = 1/(n-2)`.

use super::pair_matrix::{Dense, Diagonal};
use crate::error::Result;
use crate::linalg::{Matrix, product, product_nn};
use crate::numerics::sums;
use crate::par::Par;

/// Rows of a stored matrix whose sums over groups are held at a time.
const PANEL: usize = 64;

/// The inputs, and which of them are left out together.
#[derive(Debug, Clone)]
pub struct Units {
    of: Vec<usize>,
    members: Vec<Vec<usize>>,
}

impl Units {
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

/// What leaving one unit out takes away.
#[derive(Debug, Clone, Copy, Default)]
struct Gone {
    /// Sum of products in the rows that go.
    rows: f64,
    /// Sum of products among the inputs that go.
    block: f64,
    /// Sums of either matrix among them.
    sums: (f64, f64),
    /// Products of sums over the unit, in the rows that stay.
    cross: f64,
}

impl Gone {
    /// The inner product of what stays of `all`, with m inputs, centered again.
    fn from(self, all: f64, m: usize, diagonal: Diagonal) -> f64 {
        let m = m as f64;
        let (once, twice) = match diagonal {
            Diagonal::UCentered => (m - 2.0, (m - 1.0) * (m - 2.0)),
            Diagonal::Kept | Diagonal::Dropped => (m, m * m),
        };
        let stay = all - 2.0 * self.rows + self.block;
        stay - 2.0 * self.cross / once + self.sums.0 * self.sums.1 / twice
    }
}

fn all_from(rows: &[f64], gone: &[Gone], units: &Units, diagonal: Diagonal) -> Vec<f64> {
    let all = sums::sum(rows);
    let n = units.inputs();
    gone.iter().enumerate().map(|(unit, gone)| gone.from(all, n - units.members(unit).len(), diagonal)).collect()
}

/// Sums of products in the rows of a unit.
fn of_rows(rows: &[f64], members: &[usize]) -> f64 {
    members.iter().map(|&i| rows[i]).sum()
}

/// From two stored matrices.
pub fn of_dense(k: &Dense, l: &Dense, units: &Units, diagonal: Diagonal, par: Par<'_>) -> Result<Vec<f64>> {
    let rows = k.row_products(l, par)?;
    let both = |i: usize| (k.at(i, i), l.at(i, i));
    let gone = if units.are_single() {
        let one = |i: usize| {
            let (p, q) = both(i);
            Gone { rows: rows[i], block: p * q, sums: (p, q), cross: rows[i] - p * q }
        };
        (0..units.count()).map(one).collect()
    } else {
        let crossed = crossed(k, l, units, par)?;
        par.map(units.count(), |unit, _| {
            let members = units.members(unit);
            let mut gone = Gone { rows: of_rows(&rows, members), cross: crossed[unit], ..Gone::default() };
            for (at, &i) in members.iter().enumerate() {
                let (p, q) = both(i);
                gone.add(p, q, 1.0);
                members[at + 1..].iter().for_each(|&j| gone.add(k.at(i, j), l.at(i, j), 2.0));
            }
            Ok(gone)
        })?
    };
    Ok(all_from(&rows, &gone, units, diagonal))
}

impl Gone {
    /// One entry among the inputs that go, or two equal ones.
    fn add(&mut self, p: f64, q: f64, times: f64) {
        self.block += times * p * q;
        self.sums.0 += times * p;
        self.sums.1 += times * q;
    }
}

/// For every unit, products of the sums over it in the rows that stay.
fn crossed(k: &Dense, l: &Dense, units: &Units, par: Par<'_>) -> Result<Vec<f64>> {
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

/// The rows of a factor, made longer where it is U-centered: entry (a, b) of its matrix is `left_a . right_b`.
struct Factor<'a> {
    left: std::borrow::Cow<'a, Matrix>,
    right: std::borrow::Cow<'a, Matrix>,
    /// What the product has on the diagonal and the matrix has not.
    extra: Vec<f64>,
}

impl<'a> Factor<'a> {
    fn new(a: &'a Matrix, squares: &[f64], diagonal: Diagonal) -> Self {
        let (n, r) = (a.rows(), a.cols());
        if diagonal != Diagonal::UCentered {
            return Self {
                left: std::borrow::Cow::Borrowed(a),
                right: std::borrow::Cow::Borrowed(a),
                extra: vec![0.0; n],
            };
        }
        let w = 1.0 / (n as f64 - 2.0);
        let mean = w * sums::sum(squares) / (n as f64 - 1.0);
        let longer = |ends: &dyn Fn(usize) -> [f64; 2]| {
            let mut rows = Vec::with_capacity(n * (r + 2));
            for i in 0..n {
                rows.extend_from_slice(a.row(i));
                rows.extend_from_slice(&ends(i));
            }
            std::borrow::Cow::Owned(Matrix::from_vec(rows, n, r + 2))
        };
        let left = longer(&|i| [squares[i], 1.0]);
        let right = longer(&|i| [w, w * squares[i] - mean]);
        Self { left, right, extra: squares.iter().map(|p| p + 2.0 * w * p - mean).collect() }
    }

    fn entry(&self, i: usize, j: usize) -> f64 {
        sums::dot(self.left.row(i), self.right.row(j))
    }

    /// The sum of the right-hand rows of every unit.
    fn totals(&self, units: &Units) -> Matrix {
        let mut totals = Matrix::zeros(units.count(), self.right.cols());
        for (i, &unit) in units.of.iter().enumerate() {
            totals.row_mut(unit).iter_mut().zip(self.right.row(i)).for_each(|(t, v)| *t += v);
        }
        totals
    }
}

/// `a_i' m b_i` for every row.
fn forms(a: &Matrix, m: &Matrix, b: &Matrix, par: Par<'_>) -> Result<Vec<f64>> {
    let half = product_nn(a, m, par)?;
    Ok((0..a.rows()).map(|i| sums::dot(half.row(i), b.row(i))).collect())
}

/// From two factors with their squared row lengths.
pub fn of_factors(
    (a, p): (&Matrix, &[f64]),
    (b, q): (&Matrix, &[f64]),
    units: &Units,
    diagonal: Diagonal,
    par: Par<'_>,
) -> Result<Vec<f64>> {
    let (k, l) = (Factor::new(a, p, diagonal), Factor::new(b, q, diagonal));
    let mut rows = forms(&k.left, &product(&k.right, &l.right, par)?, &l.left, par)?;
    rows.iter_mut().zip(k.extra.iter().zip(&l.extra)).for_each(|(row, (p, q))| *row -= p * q);
    let gone = if units.are_single() {
        let one = |i: usize| {
            let (p, q) = (k.entry(i, i) - k.extra[i], l.entry(i, i) - l.extra[i]);
            let (p, q) = if diagonal == Diagonal::UCentered { (0.0, 0.0) } else { (p, q) };
            Gone { rows: rows[i], block: p * q, sums: (p, q), cross: rows[i] - p * q }
        };
        (0..units.count()).map(one).collect()
    } else {
        let (z, y) = (k.totals(units), l.totals(units));
        let everywhere = forms(&z, &product(&k.left, &l.left, par)?, &y, par)?;
        par.map(units.count(), |unit, par| {
            let members = units.members(unit);
            let mut gone = Gone { rows: of_rows(&rows, members), cross: everywhere[unit], ..Gone::default() };
            for &i in members {
                let (rho, lambda) = (sums::dot(k.left.row(i), z.row(unit)), sums::dot(l.left.row(i), y.row(unit)));
                gone.cross -= rho * lambda;
                gone.sums.0 += rho - k.extra[i];
                gone.sums.1 += lambda - l.extra[i];
            }
            gone.block = block(&k, &l, members, par)?;
            Ok(gone)
        })?
    };
    Ok(all_from(&rows, &gone, units, diagonal))
}

/// Sum of products among some inputs: pair by pair, or by a product of their rows where they are many.
fn block(k: &Factor<'_>, l: &Factor<'_>, members: &[usize], par: Par<'_>) -> Result<f64> {
    let (r, s) = (k.left.cols(), l.left.cols());
    if members.len() * (r + s) < 2 * r * s {
        let of = |i: usize, j: usize| k.entry(i, j) * l.entry(i, j);
        let own = |i: usize| (k.entry(i, i) - k.extra[i]) * (l.entry(i, i) - l.extra[i]);
        let ahead = |at: usize| members[at + 1..].iter().map(|&j| of(members[at], j)).sum::<f64>();
        return Ok((0..members.len()).map(|at| own(members[at]) + 2.0 * ahead(at)).sum());
    }
    let some = |m: &Matrix| m.rows_in_order(members);
    let (left, right) =
        (product(&some(&k.left), &some(&l.left), par)?, product(&some(&k.right), &some(&l.right), par)?);
    let extra: f64 = members
        .iter()
        .map(|&i| {
            // The diagonal of the product is that of the matrices and what is extra, on either side.
            let (p, q) = (k.entry(i, i), l.entry(i, i));
            p * q - (p - k.extra[i]) * (q - l.extra[i])
        })
        .sum();
    Ok(sums::dot(left.data(), right.data()) - extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 90;

    fn columns_centered(d: usize, pace: f64) -> Matrix {
        let mut m = Matrix::from_fn(N, d, |i, j| (pace * (i * i) as f64 + 0.7 * (j * i) as f64).sin());
        for j in 0..d {
            let mean = (0..N).map(|i| m.at(i, j)).sum::<f64>() / N as f64;
            (0..N).for_each(|i| m.row_mut(i)[j] -= mean);
        }
        m
    }

    fn centered(mut k: Dense, diagonal: Diagonal) -> Dense {
        match diagonal {
            Diagonal::UCentered => k.u_center(Par::SEQ).unwrap(),
            _ => k.center(Par::SEQ).unwrap(),
        }
        k
    }

    /// The definition: take the rows that stay, multiply, center, multiply.
    fn by_definition(a: &Matrix, b: &Matrix, stay: &[usize], diagonal: Diagonal) -> f64 {
        let of = |m: &Matrix| {
            let k = Dense::of_rows(&m.rows_in_order(stay), diagonal == Diagonal::Kept, |_, _, v| v, Par::SEQ).unwrap();
            centered(k, diagonal).full()
        };
        of(a).data().iter().zip(of(b).data()).map(|(p, q)| p * q).sum()
    }

    fn all_units() -> [Units; 4] {
        let uneven = |i: usize| [0, 0, 1, 2, 2, 2, 3][i % 7];
        let large = |i: usize| usize::from(i > 70);
        [
            Units::single(N),
            Units::groups((0..N).map(uneven).collect()),
            Units::groups((0..N).map(large).collect()),
            Units::groups((0..N).map(|i| i / 2).collect()),
        ]
    }

    #[test]
    fn stored_and_factored_matrices_agree_with_the_definition() {
        let (a, b) = (columns_centered(3, 1.3), columns_centered(5, 2.1));
        let squares = |m: &Matrix| (0..N).map(|i| sums::squares(m.row(i))).collect::<Vec<_>>();
        let (p, q) = (squares(&a), squares(&b));
        for diagonal in [Diagonal::Kept, Diagonal::UCentered] {
            let stored = |m: &Matrix| {
                centered(Dense::of_rows(m, diagonal == Diagonal::Kept, |_, _, v| v, Par::SEQ).unwrap(), diagonal)
            };
            let (k, l) = (stored(&a), stored(&b));
            for units in all_units() {
                for (same, other, q, l) in [(false, &b, &q, &l), (true, &a, &p, &k)] {
                    let dense = of_dense(&k, l, &units, diagonal, Par::SEQ).unwrap();
                    let factored = of_factors((&a, &p), (other, q), &units, diagonal, Par::SEQ).unwrap();
                    for unit in 0..units.count() {
                        let expected = by_definition(&a, other, &units.others(unit), diagonal);
                        let size = 1e-12 * sums::squares(k.full().data()).max(sums::squares(l.full().data()));
                        let found = (dense[unit], factored[unit]);
                        assert!((found.0 - expected).abs() < size, "{diagonal:?} {same} {unit}: {found:?} {expected}");
                        assert!((found.1 - expected).abs() < size, "{diagonal:?} {same} {unit}: {found:?} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (a, b) = (columns_centered(3, 1.3), columns_centered(5, 2.1));
        let stored =
            |m: &Matrix| centered(Dense::of_rows(m, false, |_, _, v| v, Par::SEQ).unwrap(), Diagonal::UCentered);
        let (k, l) = (stored(&a), stored(&b));
        let p: Vec<f64> = (0..N).map(|i| sums::squares(a.row(i))).collect();
        for units in all_units() {
            let found = |par| {
                let dense = of_dense(&k, &l, &units, Diagonal::UCentered, par).unwrap();
                (dense, of_factors((&a, &p), (&a, &p), &units, Diagonal::UCentered, par).unwrap())
            };
            assert_eq!(found(Par::SEQ), found(Par::ALL));
        }
    }
}
