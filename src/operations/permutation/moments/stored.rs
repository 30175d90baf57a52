//! The sums that the moments need of a stored W.

use std::array::from_fn;

use crate::engines::dense::Dense;
use crate::error::Result;
use crate::linalg::{Matrix, rows_product};
use crate::numerics::sums;
use crate::operations::permutation::moments::invariants::{Fourth, Invariants, ROWS, TILE, Third, mixed};
use crate::operations::permutation::moments::parts::Decomposition;
use crate::par::Par;

/// Sum of `W^2` of a stored matrix, W not kept.
pub(super) fn squares_of_residual(k: &Dense, parts: &Decomposition, scale: f64, par: Par<'_>) -> Result<f64> {
    let n = k.n();
    let blocks = par.map(n.div_ceil(ROWS), |block, _| {
        let mut rest = vec![0.0; n];
        let mut total = 0.0;
        for i in block * ROWS..((block + 1) * ROWS).min(n) {
            let rest = &mut rest[..n - 1 - i];
            rest.copy_from_slice(k.upper_row(i));
            parts.residual_piece(i, i + 1, rest);
            rest.iter_mut().for_each(|v| *v *= scale);
            total += sums::squares(rest);
        }
        Ok(total)
    })?;
    Ok(2.0 * blocks.iter().sum::<f64>())
}

/// Sums of one pass over the rows of W, per row: sums of powers, products of W and of its squares with d and u.
pub(super) struct RowSums(Vec<[f64; 7]>);

pub(super) const SQUARE: usize = 0;
const CUBE: usize = 1;
const QUARTIC: usize = 2;
/// `W d`, then `W u`.
const W_X: usize = 3;
/// The squares of W with d, then u.
const SQUARE_X: usize = 5;

impl RowSums {
    pub(super) fn of(w: &Matrix, d: &[f64], u: &[f64], par: Par<'_>) -> Result<Self> {
        let n = w.rows();
        let mut rows = vec![[0.0; 7]; n];
        par.fill(&mut rows, ROWS, |block, rows| {
            let mut square = vec![0.0; n];
            for (i, out) in (block * ROWS..).zip(rows) {
                let row = w.row(i);
                square.iter_mut().zip(row).for_each(|(s, v)| *s = v * v);
                let powers = [sums::sum(&square), sums::dot(&square, row), sums::squares(&square)];
                let products = [sums::dot(row, d), sums::dot(row, u), sums::dot(&square, d), sums::dot(&square, u)];
                out[..W_X].copy_from_slice(&powers);
                out[W_X..].copy_from_slice(&products);
            }
            Ok(())
        })?;
        Ok(Self(rows))
    }

    pub(super) fn total(&self, what: usize) -> f64 {
        self.0.iter().map(|row| row[what]).sum()
    }

    /// Sum of `x_i weight(row i, i)` for x = d, then u.
    fn with<const K: usize>(&self, (d, u): (&[f64], &[f64]), what: usize) -> [f64; K] {
        mixed(d, u, |i| self.0[i][what])
    }

    /// `x' y'` where y' is `W y` or the squares of W with y.
    fn between(&self, x: (&[f64], &[f64]), first: usize) -> [f64; 3] {
        let [[dd, ud], [_, uu]] = [first, first + 1].map(|what| self.with::<2>(x, what));
        [dd, ud, uu]
    }

    pub(super) fn third(&self, d: &[f64], u: &[f64], trace: f64) -> Third {
        let x = (d, u);
        Third {
            three: mixed(d, u, |_| 1.0),
            h: self.between(x, W_X),
            g: self.with(x, SQUARE),
            cubes: [self.total(CUBE), trace],
        }
    }

    pub(super) fn fourth(
        &self,
        w: &Matrix,
        x: (&[f64], &[f64]),
        base: &Invariants,
        product: &SquaredResidual,
        par: Par<'_>,
    ) -> Result<Fourth> {
        let r: Vec<f64> = self.0.iter().map(|row| row[SQUARE]).collect();
        let mut w_r = vec![0.0; r.len()];
        par.fill(&mut w_r, ROWS, |block, out| {
            (block * ROWS..).zip(out).for_each(|(i, v)| *v = sums::dot(w.row(i), &r));
            Ok(())
        })?;
        let [w_d, w_u] = [W_X, W_X + 1].map(|what| self.0.iter().map(|row| row[what]).collect::<Vec<f64>>());
        let columns =
            [self.with(x, SQUARE), base.two.map(|v| v * base.w), self.between(x, SQUARE_X), mixed(&w_d, &w_u, |_| 1.0)];
        let cubes = [self.with(x, CUBE), mixed(x.0, x.1, |i| product.cube[i]), mixed(x.0, x.1, |i| w_r[i])];
        Ok(Fourth {
            four: mixed(x.0, x.1, |_| 1.0),
            hooks: [self.with(x, W_X), self.with(x, W_X + 1)],
            squares: from_fn(|c| columns.map(|column: [f64; 3]| column[c])),
            cubes: from_fn(|c| cubes.map(|cube: [f64; 2]| cube[c])),
            quartics: [self.total(QUARTIC), sums::squares(&r), product.with_squares, base.w * base.w, product.squares],
        })
    }
}

/// Sums over the product `P = W W`; P itself is not kept.
pub(super) struct SquaredResidual {
    /// `(W W W)_ii`
    pub(super) cube: Vec<f64>,
    /// Sum of `W_ij^2 P_ij`.
    pub(super) with_squares: f64,
    /// Sum of `P_ij^2`.
    pub(super) squares: f64,
}

impl SquaredResidual {
    pub(super) fn of(w: &Matrix, par: Par<'_>) -> Result<Self> {
        let n = w.rows();
        let starts: Vec<usize> = (0..n).step_by(TILE).collect();
        let tiles: Vec<(usize, usize)> =
            starts.iter().flat_map(|&i| starts.iter().filter(move |j| **j >= i).map(move |&j| (i, j))).collect();
        let parts = par.map(tiles.len(), |at, _| Ok(Self::of_tile(w, tiles[at])))?;
        let mut all = Self { cube: vec![0.0; n], with_squares: 0.0, squares: 0.0 };
        for (&(i, j), (rows, cols, part)) in tiles.iter().zip(&parts) {
            // A tile off the diagonal stands for its mirror image too.
            let twice = if i == j { 1.0 } else { 2.0 };
            all.cube[i..].iter_mut().zip(rows).for_each(|(v, r)| *v += r);
            if i != j {
                all.cube[j..].iter_mut().zip(cols).for_each(|(v, c)| *v += c);
            }
            all.with_squares += twice * part[0];
            all.squares += twice * part[1];
        }
        Ok(all)
    }

    /// Row sums and column sums of `W_ij P_ij` over one tile, and its share of the other two.
    fn of_tile(w: &Matrix, (i0, j0): (usize, usize)) -> (Vec<f64>, Vec<f64>, [f64; 2]) {
        let n = w.rows();
        let (i1, j1) = ((i0 + TILE).min(n), (j0 + TILE).min(n));
        let mut tile = vec![0.0; (i1 - i0) * (j1 - j0)];
        rows_product(w, i0..i1, w, j0..j1, &mut tile);
        let (mut rows, mut cols) = (Vec::with_capacity(i1 - i0), vec![0.0; j1 - j0]);
        let mut part = [0.0, sums::squares(&tile)];
        for (i, p) in (i0..i1).zip(tile.chunks_mut(j1 - j0)) {
            let w = &w.row(i)[j0..j1];
            p.iter_mut().zip(w).for_each(|(p, w)| *p *= w);
            rows.push(sums::sum(p));
            cols.iter_mut().zip(&*p).for_each(|(c, p)| *c += p);
            part[0] += sums::dot(p, w);
        }
        (rows, cols, part)
    }

    pub(super) fn trace(&self) -> f64 {
        sums::sum(&self.cube)
    }
}
