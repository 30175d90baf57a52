//! Exact moments over all n! matchings, from a short list of numbers per matrix.
//!
//! The statistic is `T(pi) = sum_ij K[i, j] L[pi(i), pi(j)]`. Each symmetric matrix is cut into constants, a share per
//! row and a rest that sums to zero over every row. Off the diagonal, and on it,
//!
//! ```text
//! K_ij = m + u_i + u_j + W_ij        K_ii = k + d_i        sum u = sum d = 0, W symmetric, row sums and diagonal zero
//!
//! R_i = sum of K_ij over j != i      m = sum R / (n (n-1))      u_i = (R_i - (n-1) m) / (n-2)
//! ```
//!
//! With m', v, V, k', e for the parts of L,
//!
//! ```text
//! T(pi) = n k k' + n(n-1) m m'  +  sum_i d_i e_pi(i) + 2(n-2) sum_i u_i v_pi(i)  +  sum_{i != j} W_ij V_pi(i)pi(j)
//!                mean           +                 linear part A                  +         quadratic part Q
//! ```
//!
//! Proof: on the diagonal, `sum (k + d_i)(k' + e_pi(i))` loses its mixed terms because d and e sum to zero. Off it, a
//! constant meets u, v, W or V in sums that vanish; `u_i` meets `v_pi(i)` n-1 times and `v_pi(j)`, j != i, with the sum
//! `-u_i v_pi(i)`, and so does `u_j`: together `2(n-1) - 2`; `u_i` meets `V_pi(i)pi(j)`, whose sum over j is zero. This
//! holds for every symmetric matrix with any diagonal: no class of matrices is left out. [`Parts`] holds m, k, u and d
//! and turns rows of K into rows of W.
//!
//! A moment of A + Q is a sum over the ways in which indices can coincide. What remains of a matrix are sums over
//! products of its d, u and W (its [`Invariants`]), and the coefficients are rational functions of n. For the variance,
//!
//! ```text
//! var T = ( (d.d)(e.e) + 4(n-2)(d.u)(e.v) + 4(n-2)^2 (u.u)(v.v) ) / (n-1)  +  2 w w' / (n(n-3))      w = sum W^2
//! ```
//!
//! Every power of A stands for a choice of d or u in each of its factors, weighted by `2(n-2)` per u. So sums in which
//! the factors have equal roles are kept by their number of u, and binomial coefficients count the choices. The third
//! moment needs n >= 6, the fourth n >= 8. All are sums of central quantities.
//!
//! Cost per matrix: for a stored one O(n^2) for the variance; beyond it `W W`, one product of n^3, which is why they
//! end at [`LARGEST`]. For a factor `a a'` with r columns, O(n r^2) for the variance and O(n^2 r) for the skewness: W
//! differs only on its diagonal from a matrix M of rank r + 2 (`Factored`). Per pair of matrices: O(1).

use std::array::from_fn;

use crate::engines::pair_matrix::{Dense, Diagonal, PairMatrix};
use crate::error::Result;
use crate::linalg::{self, Matrix, rows_product, unit_scale};
use crate::numerics::sums;
use crate::par::Par;

/// Rows per unit of work.
const ROWS: usize = 128;
/// Side of a tile of a product.
const TILE: usize = 256;
/// The largest stored matrix whose product with itself is formed.
pub const LARGEST: usize = 3000;

/// The highest moment that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Mean and variance.
    Variance,
    /// The third moment too.
    Skewness,
    /// The fourth moment too.
    Kurtosis,
}

/// Moments of the statistic over all n! matchings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Variance; zero for a single item.
    pub variance: f64,
    /// Third central moment in standard deviations; None below six items, if nothing varies, or if it was not prepared.
    pub skewness: Option<f64>,
    /// Fourth central moment in standard deviations, 3 for a normal law; None below eight items, likewise.
    pub kurtosis: Option<f64>,
}

/// What a matrix is off W: `K_ij = m + u_i + u_j + W_ij`, `K_ii = k + d_i`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// Mean of the diagonal.
    pub k: f64,
    /// Mean off the diagonal.
    pub m: f64,
    /// How much more than m the rows are, diagonal left out.
    pub u: Vec<f64>,
    /// How much more than k the diagonal is.
    pub d: Vec<f64>,
}

impl Parts {
    /// Of a matrix, stored or not.
    pub fn of(pairs: &PairMatrix, par: Par<'_>) -> Result<Self> {
        match pairs.factor() {
            Some((a, diagonal)) => Ok(Factored::new(a, 1.0, par)?.parts(diagonal)),
            None => Self::of_dense(&*pairs.dense(par)?, par),
        }
    }

    /// Of a stored matrix.
    pub fn of_dense(k: &Dense, par: Par<'_>) -> Result<Self> {
        let n = k.n();
        let off = off_diagonal_sums(k, par)?;
        let pairs = n as f64 * (n as f64 - 1.0);
        let m = if n > 1 { sums::sum(&off) / pairs } else { 0.0 };
        let u = off.iter().map(|sum| per_row(sum - (n as f64 - 1.0) * m, n)).collect();
        let (k, d) = match k.diagonal() {
            Some(diagonal) => {
                let mean = sums::sum(diagonal) / n as f64;
                (mean, diagonal.iter().map(|v| v - mean).collect())
            }
            None => (0.0, vec![0.0; n]),
        };
        Ok(Self { k, m, u, d })
    }

    /// Mean over all matchings with a matrix of these other parts.
    pub fn mean(&self, other: &Self) -> f64 {
        mean(self.u.len(), (self.k, self.m), (other.k, other.m))
    }

    /// The linear part as a sum of `factor * sum_i x_i y_pi(i)`: `(factor, x, y)` each.
    pub fn linear<'a>(&'a self, other: &'a Self) -> [(f64, &'a [f64], &'a [f64]); 2] {
        [(1.0, &self.d, &other.d), (twice(self.u.len()), &self.u, &other.u)]
    }

    /// Turn entries (i, first), (i, first + 1), .. of K into those of W, which is zero on its diagonal.
    pub fn residual_piece(&self, i: usize, first: usize, entries: &mut [f64]) {
        let base = self.m + self.u[i];
        entries.iter_mut().zip(&self.u[first..]).for_each(|(v, u)| *v = *v - base - u);
        if let Some(own) = i.checked_sub(first).and_then(|at| entries.get_mut(at)) {
            *own = 0.0;
        }
    }

    /// Turn row i of K into row i of W.
    pub fn residual_row(&self, i: usize, row: &mut [f64]) {
        self.residual_piece(i, 0, row);
    }
}

/// Row sums of a stored matrix without its diagonal, which may be of any size.
fn off_diagonal_sums(k: &Dense, par: Par<'_>) -> Result<Vec<f64>> {
    let n = k.n();
    let parts = par.map(n.div_ceil(ROWS), |part, _| {
        let mut total = vec![0.0; n];
        for i in part * ROWS..((part + 1) * ROWS).min(n) {
            let row = upper_row(k, i);
            total[i] += sums::sum(row);
            total[i + 1..].iter_mut().zip(row).for_each(|(t, v)| *t += v);
        }
        Ok(total)
    })?;
    let mut all = vec![0.0; n];
    parts.iter().for_each(|part| all.iter_mut().zip(part).for_each(|(a, p)| *a += p));
    Ok(all)
}

/// Entries (i, i+1), (i, i+2), ..
fn upper_row(k: &Dense, i: usize) -> &[f64] {
    let begin = i * k.n() - i * (i + 1) / 2;
    &k.upper()[begin..begin + k.n() - 1 - i]
}

/// What a row has more than its share, per entry; two items have only one pair, which is its own mean.
fn per_row(excess: f64, n: usize) -> f64 {
    if n > 2 { excess / (n as f64 - 2.0) } else { 0.0 }
}

/// The weight `2(n-2)` of u in the linear part.
fn twice(n: usize) -> f64 {
    2.0 * (n as f64 - 2.0).max(0.0)
}

fn mean(n: usize, (k, m): (f64, f64), (l, m_l): (f64, f64)) -> f64 {
    let n = n as f64;
    n * k * l + n * (n - 1.0) * m * m_l
}

/// What the moments need of one matrix. Sums over d and u are indexed by how often u occurs.
#[derive(Debug, Clone, PartialEq)]
pub struct Invariants {
    n: usize,
    /// Means on and off the diagonal.
    means: (f64, f64),
    /// The power of two by which the matrix was multiplied for all that follows.
    scale: f64,
    /// `x.y`
    two: [f64; 3],
    /// Sum of `W^2`.
    w: f64,
    third: Option<Third>,
    fourth: Option<Fourth>,
}

#[derive(Debug, Clone, PartialEq)]
struct Third {
    /// Sum of `x y z`.
    three: [f64; 4],
    /// `x' W y`
    h: [f64; 3],
    /// `x.r`, where `r_i` is the sum of `W_ij^2` over j.
    g: [f64; 2],
    /// Sum of `W^3` entry by entry, and the trace of `W W W`.
    cubes: [f64; 2],
}

#[derive(Debug, Clone, PartialEq)]
struct Fourth {
    /// Sum of `x y z z'`.
    four: [f64; 5],
    /// Sum of `x_i y_i W_ij z_j` with z = d, then z = u.
    hooks: [[f64; 3]; 2],
    /// Sum of `x_i y_i r_i`; `(x.y) w`; sum of `x_i W_ij^2 y_j`; `(W x).(W y)`.
    squares: [[f64; 4]; 3],
    /// Sum of `x_i W_ij^3`; of `x_i (W W W)_ii`; of `x_i W_ij r_j`.
    cubes: [[f64; 3]; 2],
    /// Sum of `W^4`; of `r^2`; of `W_ij^2 (W W)_ij`; `w^2`; the trace of `W W W W`.
    quartics: [f64; 5],
}

impl Invariants {
    /// Of a matrix, stored or not, up to the order its size and kind allow.
    pub fn of(pairs: &PairMatrix, order: Order, par: Par<'_>) -> Result<Self> {
        match pairs.factor() {
            Some((a, diagonal)) if order < Order::Kurtosis || a.rows() > LARGEST => {
                Self::of_factor(a, diagonal, order, par)
            }
            _ => Self::of_dense(&*pairs.dense(par)?, order, par),
        }
    }

    /// Of a stored matrix; beyond [`LARGEST`] items for mean and variance only.
    pub fn of_dense(k: &Dense, order: Order, par: Par<'_>) -> Result<Self> {
        Self::of_parts(k, &Parts::of_dense(k, par)?, order, par)
    }

    /// The same, the parts being known.
    pub fn of_parts(k: &Dense, parts: &Parts, order: Order, par: Par<'_>) -> Result<Self> {
        let n = k.n();
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let scale = within_reach(unit_scale(largest(k.upper()).max(largest(k.diagonal().unwrap_or(&[])))));
        let [d, u] = [&parts.d, &parts.u].map(|x| x.iter().map(|v| v * scale).collect::<Vec<f64>>());
        let base = Self {
            n,
            means: (parts.k, parts.m),
            scale,
            two: mixed(&d, &u, |_| 1.0),
            w: 0.0,
            third: None,
            fourth: None,
        };
        if order == Order::Variance || !(6..=LARGEST).contains(&n) {
            return Ok(Self { w: squares_of_residual(k, parts, scale, par)?, ..base });
        }
        let mut w = k.full();
        par.fill(w.data_mut(), ROWS * n, |block, rows| {
            for (i, row) in (block * ROWS..).zip(rows.chunks_mut(n)) {
                parts.residual_row(i, row);
                row.iter_mut().for_each(|v| *v *= scale);
            }
            Ok(())
        })?;
        let (rows, product) = (RowSums::of(&w, &d, &u, par)?, Product::of(&w, par)?);
        let base = Self { w: rows.total(SQUARE), ..base };
        let third = rows.third(&d, &u, product.trace());
        let fourth =
            if order == Order::Kurtosis { Some(rows.fourth(&w, (&d, &u), &base, &product, par)?) } else { None };
        Ok(Self { third: Some(third), fourth, ..base })
    }

    /// The norm of the matrix, from its parts.
    pub fn norm(&self) -> f64 {
        let (n, (k, m)) = (self.n as f64, self.means);
        let varying = (self.two[0] + 2.0 * (n - 2.0) * self.two[2] + self.w) / (self.scale * self.scale);
        (n * k * k + n * (n - 1.0) * m * m + varying).max(0.0).sqrt()
    }

    /// Of `a a'` from `a`: mean, variance and skewness.
    pub fn of_factor(a: &Matrix, diagonal: Diagonal, order: Order, par: Par<'_>) -> Result<Self> {
        let scale = within_reach(unit_scale(a.largest()));
        let factored = Factored::new(a, scale, par)?;
        let parts = factored.parts(diagonal);
        let low_rank = LowRank::of(&factored, par)?;
        let r = low_rank.squares(par)?;
        let scale = scale * scale;
        let third = order > Order::Variance && a.rows() >= 6;
        Ok(Self {
            n: a.rows(),
            means: (parts.k / scale, parts.m / scale),
            scale,
            two: mixed(&parts.d, &parts.u, |_| 1.0),
            w: sums::sum(&r).max(0.0),
            third: if third { Some(low_rank.third(&parts, &r, par)?) } else { None },
            fourth: None,
        })
    }
}

/// A power of two whose fourth power is still a number.
fn within_reach(scale: f64) -> f64 {
    scale.clamp(2.0_f64.powi(-240), 2.0_f64.powi(240))
}

/// Sum of `d_i^(K-1-c) u_i^c weight(i)` for c = 0, .., K-1.
fn mixed<const K: usize>(d: &[f64], u: &[f64], weight: impl Fn(usize) -> f64) -> [f64; K] {
    let mut out = [0.0; K];
    for (i, (d, u)) in d.iter().zip(u).enumerate() {
        let weight = weight(i);
        for (c, sum) in out.iter_mut().enumerate() {
            *sum += weight * d.powi((K - 1 - c) as i32) * u.powi(c as i32);
        }
    }
    out
}

/// Sum of `W^2` of a stored matrix, W not kept.
fn squares_of_residual(k: &Dense, parts: &Parts, scale: f64, par: Par<'_>) -> Result<f64> {
    let n = k.n();
    let blocks = par.map(n.div_ceil(ROWS), |block, _| {
        let mut rest = vec![0.0; n];
        let mut total = 0.0;
        for i in block * ROWS..((block + 1) * ROWS).min(n) {
            let rest = &mut rest[..n - 1 - i];
            rest.copy_from_slice(upper_row(k, i));
            parts.residual_piece(i, i + 1, rest);
            rest.iter_mut().for_each(|v| *v *= scale);
            total += sums::squares(rest);
        }
        Ok(total)
    })?;
    Ok(2.0 * blocks.iter().sum::<f64>())
}

/// What one pass over the rows of W gives, per row: sums of powers, products of W and of its squares with d and u.
struct RowSums(Vec<[f64; 7]>);

const SQUARE: usize = 0;
const CUBE: usize = 1;
const QUARTIC: usize = 2;
/// `W d`, then `W u`.
const W_X: usize = 3;
/// The squares of W with d, then u.
const SQUARE_X: usize = 5;

impl RowSums {
    fn of(w: &Matrix, d: &[f64], u: &[f64], par: Par<'_>) -> Result<Self> {
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

    fn total(&self, what: usize) -> f64 {
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

    fn third(&self, d: &[f64], u: &[f64], trace: f64) -> Third {
        let x = (d, u);
        Third {
            three: mixed(d, u, |_| 1.0),
            h: self.between(x, W_X),
            g: self.with(x, SQUARE),
            cubes: [self.total(CUBE), trace],
        }
    }

    fn fourth(
        &self,
        w: &Matrix,
        x: (&[f64], &[f64]),
        base: &Invariants,
        product: &Product,
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

/// What the product `P = W W` is needed for; P itself is not kept.
struct Product {
    /// `(W W W)_ii`
    cube: Vec<f64>,
    /// Sum of `W_ij^2 P_ij`.
    with_squares: f64,
    /// Sum of `P_ij^2`.
    squares: f64,
}

impl Product {
    fn of(w: &Matrix, par: Par<'_>) -> Result<Self> {
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

    fn trace(&self) -> f64 {
        sums::sum(&self.cube)
    }
}

/// A factor with its column means taken out: `a = x + 1 c'`, with `p = x c` and the squared row lengths of x.
///
/// Off the diagonal `a a'` is `x x' + p_i + p_j + c.c`, and rows of `x x'` sum to zero, diagonal included. Hence all
/// parts of the matrix without forming it. Dropping the diagonal and U-centering change k, m, u and d, never W.
pub(super) struct Factored {
    pub(super) x: Matrix,
    lengths: Vec<f64>,
    p: Vec<f64>,
    c: f64,
}

impl Factored {
    pub(super) fn new(a: &Matrix, scale: f64, par: Par<'_>) -> Result<Self> {
        let (n, r) = (a.rows(), a.cols());
        let mut means = vec![0.0; r];
        (0..n).for_each(|i| means.iter_mut().zip(a.row(i)).for_each(|(s, v)| *s += v * scale));
        means.iter_mut().for_each(|s| *s /= n as f64);
        let mut x = a.clone();
        par.fill(x.data_mut(), ROWS * r.max(1), |_, rows| {
            for row in rows.chunks_mut(r.max(1)) {
                row.iter_mut().zip(&means).for_each(|(v, mean)| *v = *v * scale - mean);
            }
            Ok(())
        })?;
        let lengths = (0..n).map(|i| sums::squares(x.row(i))).collect();
        let p = (0..n).map(|i| sums::dot(x.row(i), &means)).collect();
        Ok(Self { x, lengths, p, c: sums::squares(&means) })
    }

    /// m and u of `x x'`.
    fn centered_parts(&self) -> (f64, Vec<f64>) {
        let n = self.lengths.len();
        let mean = sums::sum(&self.lengths) / n as f64;
        let m = if n > 1 { -mean / (n as f64 - 1.0) } else { 0.0 };
        (m, self.lengths.iter().map(|length| per_row(mean - length, n)).collect())
    }

    fn parts(&self, diagonal: Diagonal) -> Parts {
        let n = self.lengths.len();
        let zeros = || vec![0.0; n];
        if diagonal == Diagonal::UCentered {
            return Parts { k: 0.0, m: 0.0, u: zeros(), d: zeros() };
        }
        let (m, mut u) = self.centered_parts();
        if n > 2 {
            u.iter_mut().zip(&self.p).for_each(|(u, p)| *u += p);
        }
        let mean = sums::sum(&self.lengths) / n as f64;
        let (k, d) = match diagonal {
            Diagonal::Kept => {
                (mean + self.c, self.lengths.iter().zip(&self.p).map(|(v, p)| v - mean + 2.0 * p).collect())
            }
            _ => (0.0, zeros()),
        };
        Parts { k, m: if n > 1 { m + self.c } else { 0.0 }, u, d }
    }
}

/// `M = x x' + b 1' + 1 b' = z s z'` with `z = [x b 1]`, where s exchanges the last two columns: `M_ij = W_ij` for i !=
/// j.
struct LowRank {
    z: Matrix,
    /// `z s`
    zs: Matrix,
    /// `z' z`
    gram: Matrix,
    /// The diagonal of M.
    diagonal: Vec<f64>,
}

impl LowRank {
    fn of(factored: &Factored, par: Par<'_>) -> Result<Self> {
        let (n, r) = (factored.x.rows(), factored.x.cols());
        let (m, u) = factored.centered_parts();
        let b: Vec<f64> = u.iter().map(|u| -u - 0.5 * m).collect();
        let wide = |ends: fn(f64) -> [f64; 2]| {
            let mut z = Matrix::zeros(n, r + 2);
            for i in 0..n {
                let row = z.row_mut(i);
                row[..r].copy_from_slice(factored.x.row(i));
                row[r..].copy_from_slice(&ends(b[i]));
            }
            z
        };
        let (z, zs) = (wide(|b| [b, 1.0]), wide(|b| [1.0, b]));
        let gram = linalg::gram(&z, par)?;
        let diagonal = factored.lengths.iter().zip(&b).map(|(length, b)| length + 2.0 * b).collect();
        Ok(Self { z, zs, gram, diagonal })
    }

    /// Row sums of `W^2`: those of `M^2` without its diagonal.
    fn squares(&self, par: Par<'_>) -> Result<Vec<f64>> {
        let product = linalg::product_nn(&self.zs, &self.gram, par)?;
        let row = |i: usize| sums::dot(product.row(i), self.zs.row(i)) - self.diagonal[i] * self.diagonal[i];
        Ok((0..self.z.rows()).map(row).collect())
    }

    fn third(&self, parts: &Parts, r: &[f64], par: Par<'_>) -> Result<Third> {
        let (d, u) = (&parts.d, &parts.u);
        Ok(Third {
            three: mixed(d, u, |_| 1.0),
            h: self.between(d, u, par)?,
            g: mixed(d, u, |i| r[i]),
            cubes: [self.cubes(par)?, self.trace(r, par)?],
        })
    }

    /// `x' W y = (z'x)' s (z'y) - sum M_ii x_i y_i`.
    fn between(&self, d: &[f64], u: &[f64], par: Par<'_>) -> Result<[f64; 3]> {
        let x = Matrix::from_fn(d.len(), 2, |i, j| if j == 0 { d[i] } else { u[i] });
        let (left, right) = (linalg::product(&self.z, &x, par)?, linalg::product(&self.zs, &x, par)?);
        let own: [f64; 3] = mixed(d, u, |i| self.diagonal[i]);
        let pair = |p: usize, q: usize| (0..left.rows()).map(|i| left.at(i, p) * right.at(i, q)).sum::<f64>();
        Ok([pair(0, 0) - own[0], pair(0, 1) - own[1], pair(1, 1) - own[2]])
    }

    /// `tr W^3 = tr M^3 - 3 sum M_ii (M M)_ii + 2 sum M_ii^3`, where `(M M)_ii` is r plus the square of `M_ii`.
    fn trace(&self, r: &[f64], par: Par<'_>) -> Result<f64> {
        let size = self.gram.rows();
        let exchange = |i: usize| match size - i {
            1 => i - 1,
            2 => i + 1,
            _ => i,
        };
        let sg = self.gram.rows_in_order(&(0..size).map(exchange).collect::<Vec<_>>());
        let square = linalg::product_nn(&sg, &sg, par)?;
        let whole: f64 = (0..size).map(|i| (0..size).map(|j| square.at(i, j) * sg.at(j, i)).sum::<f64>()).sum();
        let own: f64 = self.diagonal.iter().zip(r).map(|(v, r)| v * (3.0 * r + v * v)).sum();
        Ok(whole - own)
    }

    /// Sum of `W^3` entry by entry: the only pass over all pairs.
    fn cubes(&self, par: Par<'_>) -> Result<f64> {
        let n = self.z.rows();
        let strips = par.map(n.div_ceil(TILE), |strip, par| {
            let i0 = strip * TILE;
            let rows = TILE.min(n - i0);
            let mut tile = vec![0.0; rows * TILE];
            let mut square = vec![0.0; TILE];
            let mut total = 0.0;
            for j0 in (i0..n).step_by(TILE) {
                par.check()?;
                let cols = TILE.min(n - j0);
                rows_product(&self.z, i0..i0 + rows, &self.zs, j0..j0 + cols, &mut tile);
                for (i, row) in (i0..i0 + rows).zip(tile.chunks(cols)) {
                    let row = &row[(i + 1).saturating_sub(j0).min(cols)..];
                    let square = &mut square[..row.len()];
                    square.iter_mut().zip(row).for_each(|(s, v)| *s = v * v);
                    total += sums::dot(square, row);
                }
            }
            Ok(total)
        })?;
        Ok(2.0 * strips.iter().sum::<f64>())
    }
}

/// Moments of the pair of matrices with these invariants, which must be of equally many items.
pub fn moments(a: &Invariants, b: &Invariants) -> Moments {
    debug_assert_eq!(a.n, b.n);
    let n = a.n as f64;
    let mean = mean(a.n, a.means, b.means);
    let variance = second(a, b);
    let unit = 1.0 / (a.scale * b.scale);
    let standard = |moment: Option<f64>, power: f64| {
        moment.map(|v| v / variance.powf(power)).filter(|v| variance > 0.0 && v.is_finite())
    };
    let third = match (&a.third, &b.third) {
        (Some(p), Some(q)) if a.n >= 6 => Some(third(n, p, q)),
        _ => None,
    };
    let fourth = match (&a.fourth, &b.fourth) {
        (Some(p), Some(q)) if a.n >= 8 => Some(fourth(n, (a, p), (b, q))),
        _ => None,
    };
    Moments { mean, variance: variance * unit * unit, skewness: standard(third, 1.5), kurtosis: standard(fourth, 2.0) }
}

fn second(a: &Invariants, b: &Invariants) -> f64 {
    let n = a.n as f64;
    let linear = if a.n > 1 { choices(n, &a.two, &b.two) / (n - 1.0) } else { 0.0 };
    let quadratic = if a.n > 3 { 2.0 * a.w * b.w / (n * (n - 3.0)) } else { 0.0 };
    (linear + quadratic).max(0.0)
}

/// Sum over all choices of d or u for K - 1 factors of A with equal roles.
fn choices<const K: usize>(n: f64, a: &[f64; K], b: &[f64; K]) -> f64 {
    let weight = 2.0 * (n - 2.0);
    let (mut total, mut factor) = (0.0, 1.0);
    for c in 0..K {
        total += factor * a[c] * b[c];
        factor *= weight * (K - 1 - c) as f64 / (c + 1) as f64;
    }
    total
}

/// `a' C b` for a symmetric C, given by its upper triangle row after row.
fn form<const N: usize>(upper: &[f64], a: &[f64; N], b: &[f64; N]) -> f64 {
    let mut entries = upper.iter();
    let mut total = 0.0;
    for i in 0..N {
        for (j, c) in (i..N).zip(&mut entries) {
            total += c * if i == j { a[i] * b[i] } else { a[i] * b[j] + a[j] * b[i] };
        }
    }
    total
}

/// `x^k c_0 + x^(k-1) c_1 + .. + c_k`
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

/// The coefficients of `E Q^3`, which return in `E A^2 Q^2`.
fn cubic(n: f64) -> [f64; 3] {
    let below = n * (n - 1.0) * (n - 2.0) * (n - 3.0) * (n - 4.0) * (n - 5.0);
    [
        4.0 * polynomial(n, &[1.0, -8.0, 19.0, -4.0, -16.0]) / below,
        -8.0 * polynomial(n, &[3.0, -15.0, 16.0]) / below,
        8.0 * polynomial(n, &[1.0, -9.0, 26.0, -22.0]) / below,
    ]
}

/// The third central moment: `E A^3 + 3 E A^2 Q + 3 E A Q^2 + E Q^3`.
fn third(n: f64, a: &Third, b: &Third) -> f64 {
    n / ((n - 1.0) * (n - 2.0)) * choices(n, &a.three, &b.three)
        + 6.0 / (n * (n - 3.0)) * choices(n, &a.h, &b.h)
        + 12.0 * (n - 2.0) / ((n - 1.0) * (n - 3.0) * (n - 4.0)) * choices(n, &a.g, &b.g)
        + form(&cubic(n), &a.cubes, &b.cubes)
}

/// The fourth central moment: `E A^4 + 4 E A^3 Q + 6 E A^2 Q^2 + 4 E A Q^3 + E Q^4`.
fn fourth(n: f64, (a, p): (&Invariants, &Fourth), (b, q): (&Invariants, &Fourth)) -> f64 {
    let weight = 2.0 * (n - 2.0);
    let cubes: f64 = (0..2).map(|c| weight.powi(c as i32) * form(&a_q3(n), &p.cubes[c], &q.cubes[c])).sum();
    let squares = |c: usize| form(&a2_q2(n), &p.squares[c], &q.squares[c]);
    a4(n, (&p.four, &a.two), (&q.four, &b.two))
        + 4.0 * a3_q(n, &p.hooks, &q.hooks)
        + 6.0 * (squares(0) + 2.0 * weight * squares(1) + weight * weight * squares(2))
        + 4.0 * cubes
        + form(&q4(n), &p.quartics, &q.quartics)
}

/// `E A^4`. The four factors of A, each with d or u, fall on one index, or on two in one of three ways.
fn a4(n: f64, (four, two): (&[f64; 5], &[f64; 3]), (four_b, two_b): (&[f64; 5], &[f64; 3])) -> f64 {
    let below = (n - 1.0) * (n - 2.0) * (n - 3.0);
    let (one, mixed) = (n * (n + 1.0) / below, -1.0 / ((n - 2.0) * (n - 3.0)));
    let (same, any) = (1.0 / ((n - 1.0) * (n - 2.0)), 1.0 / (n * below));
    let mut total = 0.0;
    for choice in 0..16_usize {
        let s: [usize; 4] = from_fn(|at| choice >> at & 1);
        let u = s.iter().sum::<usize>();
        let ways = |two: &[f64; 3]| {
            [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2)].map(|(i, j, k, l)| two[s[i] + s[j]] * two[s[k] + s[l]])
        };
        let (p, q) = (ways(two), ways(two_b));
        let (all_p, all_q): (f64, f64) = (p.iter().sum(), q.iter().sum());
        let equal: f64 = p.iter().zip(&q).map(|(p, q)| p * q).sum();
        let term = one * four[u] * four_b[u]
            + mixed * (four[u] * all_q + all_p * four_b[u])
            + same * equal
            + any * all_p * all_q;
        total += (2.0 * (n - 2.0)).powi(u as i32) * term;
    }
    total
}

/// `E A^3 Q`. One of the three factors of A stands alone at its end of W.
fn a3_q(n: f64, hooks: &[[f64; 3]; 2], hooks_b: &[[f64; 3]; 2]) -> f64 {
    let same = 2.0 / ((n - 1.0) * (n - 3.0));
    let any = same / (n - 4.0);
    let mut total = 0.0;
    for choice in 0..8_usize {
        let s: [usize; 3] = from_fn(|at| choice >> at & 1);
        let u = s.iter().sum::<usize>();
        let ways = |hooks: &[[f64; 3]; 2]| s.map(|alone| hooks[alone][u - alone]);
        let (p, q) = (ways(hooks), ways(hooks_b));
        let equal: f64 = p.iter().zip(&q).map(|(p, q)| p * q).sum();
        let term = same * equal + any * p.iter().sum::<f64>() * q.iter().sum::<f64>();
        total += (2.0 * (n - 2.0)).powi(u as i32) * term;
    }
    total
}

/// The coefficients of `E A^2 Q^2`.
fn a2_q2(n: f64) -> [f64; 10] {
    let below = n * (n - 1.0) * (n - 3.0) * (n - 4.0) * (n - 5.0);
    let [cc, ct, tt] = cubic(n);
    [
        4.0 * (n - 2.0) * polynomial(n, &[1.0, -1.0, -4.0]) / below,
        -4.0 / (n * (n - 5.0) * (n - 3.0)),
        8.0 * polynomial(n, &[1.0, -1.0, -4.0]) / below,
        -8.0 * polynomial(n, &[1.0, -5.0, 8.0]) / below,
        2.0 * polynomial(n, &[1.0, -6.0, 6.0]) / (n * (n - 1.0) * (n - 2.0) * (n - 4.0) * (n - 5.0)),
        -4.0 * polynomial(n, &[1.0, -5.0, 8.0]) / (below * (n - 2.0)),
        8.0 / (n * (n - 1.0) * (n - 2.0) * (n - 4.0) * (n - 5.0)),
        cc,
        ct,
        tt,
    ]
}

/// The coefficients of `E A Q^3`.
fn a_q3(n: f64) -> [f64; 6] {
    let below = (n - 1.0) * (n - 3.0) * (n - 5.0) * (n - 6.0);
    [
        8.0 * polynomial(n, &[1.0, -7.0, 10.0, 24.0]) / (below * (n - 4.0)),
        -96.0 / below,
        -24.0 * polynomial(n, &[1.0, -7.0, 14.0]) / (below * (n - 4.0)),
        24.0 * polynomial(n, &[1.0, -9.0, 22.0]) / (below * (n - 4.0)),
        48.0 / below,
        24.0 * polynomial(n, &[1.0, -10.0, 33.0, -30.0]) / (below * n * (n - 4.0)),
    ]
}

/// The coefficients of `E Q^4`.
fn q4(n: f64) -> [f64; 15] {
    let below: f64 = (0..8).map(|i| n - f64::from(i)).product();
    let over = |factor: f64, coefficients: &[f64]| factor * polynomial(n, coefficients) / below;
    [
        over(8.0, &[1.0, -13.0, 49.0, 29.0, -338.0, -112.0, 960.0]),
        over(-48.0, &[1.0, -13.0, 59.0, -61.0, -214.0, 384.0]),
        over(-96.0, &[3.0, -26.0, 53.0, 66.0, -192.0]),
        over(24.0, &[1.0, -14.0, 71.0, -154.0, 144.0]),
        over(48.0, &[1.0, -14.0, 87.0, -266.0, 288.0]),
        over(48.0, &[1.0, -11.0, 24.0, 150.0, -722.0, 804.0]),
        over(192.0, &[1.0, -4.0, -30.0, 177.0, -222.0]),
        over(-48.0, &[1.0, -16.0, 92.0, -221.0, 198.0]),
        over(-96.0, &[1.0, -16.0, 100.0, -277.0, 270.0]),
        over(96.0, &[1.0, -10.0, 31.0, 18.0, -104.0]) * (n - 4.0),
        over(-96.0, &[1.0, -5.0, 10.0]) * (n - 5.0),
        over(-192.0, &[3.0, -34.0, 125.0, -142.0]),
        over(12.0, &[1.0, -18.0, 115.0, -306.0, 292.0]),
        over(96.0, &[1.0]) * (n - 4.0) * (n - 5.0),
        over(48.0, &[1.0, -14.0, 63.0, -82.0]) * (n - 4.0),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::par::{Watch, with_threads};

    fn stored(n: usize, entry: impl Fn(usize, usize) -> f64, diagonal: bool) -> Dense {
        let upper = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect();
        Dense::new(n, upper, diagonal.then(|| (0..n).map(|i| entry(i, i)).collect()))
    }

    /// The features of the design's golden numbers.
    fn features(n: usize, d: usize, k: usize) -> Matrix {
        let entry = |i: usize, j: usize| ((i + 1) * (j + 2) * (k + 3) + i * i * (j + k + 1)) % 17;
        Matrix::from_fn(n, d, |i, j| entry(i, j) as f64 - 8.0)
    }

    fn gram(x: &Matrix) -> Dense {
        let (n, d) = (x.rows(), x.cols());
        let means: Vec<f64> = (0..d).map(|j| (0..n).map(|i| x.at(i, j)).sum::<f64>() / n as f64).collect();
        let c = |i: usize, j: usize| x.at(i, j) - means[j];
        stored(n, |i, j| (0..d).map(|m| c(i, m) * c(j, m)).sum(), true)
    }

    fn distances(x: &Matrix) -> Dense {
        stored(x.rows(), |i, j| (x.at(i, 0) - x.at(j, 0)).abs(), false)
    }

    /// No structure at all; without a diagonal or with any.
    fn any(n: usize, pace: f64, diagonal: bool) -> Dense {
        stored(n, |i, j| (pace * (i * i + j * j + 3 * i * j) as f64).sin() + 0.3, diagonal)
    }

    /// Fewer than three items have no U-centered matrix but zero.
    fn u_centered(mut k: Dense) -> Dense {
        if k.n() < 3 {
            return stored(k.n(), |_, _| 0.0, false);
        }
        k.u_center(Par::SEQ).unwrap();
        k
    }

    fn centered(mut k: Dense) -> Dense {
        k.center(Par::SEQ).unwrap();
        k
    }

    /// Every kind of matrix, those of no class included.
    fn kinds(n: usize, pace: f64) -> Vec<Dense> {
        vec![
            gram(&features(n, 3, pace as usize)),
            centered(any(n, pace, true)),
            u_centered(any(n, pace, false)),
            distances(&features(n, 1, 2)),
            any(n, pace, false),
            any(n, pace, true),
        ]
    }

    fn statistic(k: &Dense, l: &Dense, order: &[usize]) -> f64 {
        let n = order.len();
        (0..n).map(|i| (0..n).map(|j| k.at(i, j) * l.at(order[i], order[j])).sum::<f64>()).sum()
    }

    fn every_order(n: usize, mut visit: impl FnMut(&[usize])) {
        fn go(order: &mut [usize], at: usize, visit: &mut impl FnMut(&[usize])) {
            if at == order.len() {
                return visit(order);
            }
            for other in at..order.len() {
                order.swap(at, other);
                go(order, at + 1, visit);
                order.swap(at, other);
            }
        }
        go(&mut (0..n).collect::<Vec<_>>(), 0, &mut visit);
    }

    /// By halves: sums of tens of thousands of terms one after the other would be less exact than what they test.
    fn total(values: &[f64]) -> f64 {
        match values.len() {
            0..=32 => values.iter().sum(),
            length => total(&values[..length / 2]) + total(&values[length / 2..]),
        }
    }

    /// Mean, variance, skewness and kurtosis over all orders.
    fn brute(k: &Dense, l: &Dense) -> [f64; 4] {
        let mut values = Vec::new();
        every_order(k.n(), |order| values.push(statistic(k, l, order)));
        let count = values.len() as f64;
        let mean = total(&values) / count;
        values.iter_mut().for_each(|v| *v -= mean);
        let moment = |r: i32| total(&values.iter().map(|v| v.powi(r)).collect::<Vec<_>>()) / count;
        let variance = moment(2);
        [mean, variance, moment(3) / variance.powf(1.5), moment(4) / variance.powi(2)]
    }

    fn of(k: &Dense, l: &Dense, order: Order) -> Moments {
        let [a, b] = [k, l].map(|matrix| Invariants::of_dense(matrix, order, Par::SEQ).unwrap());
        moments(&a, &b)
    }

    #[test]
    fn those_of_all_matchings() {
        for n in 1..=7 {
            for (k, l) in kinds(n, 1.0).iter().flat_map(|k| kinds(n, 2.0).into_iter().map(move |l| (k, l))) {
                let (found, [mean, variance, skewness, _]) = (of(k, &l, Order::Kurtosis), brute(k, &l));
                let size = mean.abs() + variance.sqrt() + 1e-12;
                assert!((found.mean - mean).abs() < 1e-13 * size, "n = {n}: mean {} {mean}", found.mean);
                let (a, b) = (found.variance, variance);
                assert!((a - b).abs() <= 1e-12 * b + 1e-26, "n = {n}: variance {a} {b}");
                assert_eq!(found.kurtosis, None);
                match found.skewness {
                    Some(found) if n >= 6 => assert!((found - skewness).abs() < 6e-13, "n = {n}: {found} {skewness}"),
                    other => assert!(n < 6 && other.is_none()),
                }
            }
        }
    }

    /// All matchings of eight items, each kind with itself and with the next, so that kinds mix; and of nine.
    #[test]
    fn the_fourth_moment() {
        let check = |k: &Dense, l: &Dense| {
            let (found, [_, _, skewness, kurtosis]) = (of(k, l, Order::Kurtosis), brute(k, l));
            let (s, t) = (found.skewness.unwrap(), found.kurtosis.unwrap());
            assert!((s - skewness).abs() < 1e-13, "{s} {skewness}");
            assert!((t - kurtosis).abs() < 1e-13, "{t} {kurtosis}");
        };
        let (k, l) = (kinds(8, 1.0), kinds(8, 2.0));
        for (at, k) in k.iter().enumerate() {
            check(k, &l[at]);
            check(k, &l[(at + 1) % l.len()]);
        }
        check(&any(9, 1.0, true), &any(9, 2.0, true));
    }

    #[test]
    fn golden() {
        let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-12;
        for (n, of_grams, of_distances) in [
            (
                6,
                [9365.050000000001, 28850006.337777782, 92787462846.81067, 2216552103363030.0],
                [800.8000000000001, 4796.160000000002, 358683.9039999999, 86854649.30986688],
            ),
            (
                7,
                [14302.04081632653, 64511554.30392891, 326671042731.61584, 1.1828327095304736e16],
                [951.9999999999999, 5809.142857142857, 432143.08571428614, 137378725.48571372],
            ),
            (
                12,
                [23385.174242424244, 207169328.65621364, 3376763873494.326, 1.9065652078465034e17],
                [3299.636363636364, 38978.98157330885, 6898210.201719675, 6686752040.349301],
            ),
        ] {
            let grams = of(&gram(&features(n, 3, 0)), &gram(&features(n, 2, 1)), Order::Kurtosis);
            let lines = of(&distances(&features(n, 1, 0)), &distances(&features(n, 1, 2)), Order::Kurtosis);
            for (found, [mean, variance, third, fourth]) in [(grams, of_grams), (lines, of_distances)] {
                assert!(near(found.mean, mean) && near(found.variance, variance), "n = {n}");
                assert!(near(found.skewness.unwrap() * variance.powf(1.5), third), "n = {n}: {found:?} {third}");
                let kurtosis = found.kurtosis;
                assert!(kurtosis.map_or(n < 8, |v| near(v * variance * variance, fourth)), "n = {n}: {kurtosis:?}");
            }
        }
    }

    /// The design's vector is d where ours is u = -d/(n-2).
    #[test]
    fn golden_invariants_from_features() {
        let a = Factored::new(&features(12, 3, 0), 1.0, Par::SEQ).unwrap().x;
        let found = Invariants::of_factor(&a, Diagonal::Kept, Order::Skewness, Par::SEQ).unwrap();
        let third = found.third.clone().unwrap();
        let s = found.scale;
        for (name, found, expected) in [
            ("tr", 12.0 * found.means.0, 606.3333333333334),
            ("m", found.means.1, -4.593434343434343),
            ("p2", found.two[0] / s.powi(2), 9297.296296296297),
            ("p3", third.three[0] / s.powi(3), 126309.85596707824),
            ("w2", found.w / s.powi(2), 119139.52727272724),
            ("h", third.h[0] / s.powi(3), -83362.52525252511),
            ("g", third.g[0] / s.powi(3), 1610425.6888888888),
            ("c", third.cubes[0] / s.powi(3), 1220945.1084297523),
            ("t", third.cubes[1] / s.powi(3), 19768690.6552066),
            ("p2 of u", found.two[2] / s.powi(2), 9297.296296296297 / 100.0),
        ] {
            assert!((found / expected - 1.0).abs() < 1e-12, "{name}: {found} {expected}");
        }
    }

    fn wave(n: usize, r: usize, pace: f64) -> Matrix {
        Matrix::from_fn(n, r, |i, j| (pace * (i * i) as f64 + 0.7 * (j * i) as f64).sin() / (1 + j) as f64 + 0.2)
    }

    fn near(a: &[f64], b: &[f64], size: f64) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * size)
    }

    /// Factors, whose columns need not be centered, against their stored matrices, for all three diagonals; sizes on
    /// both sides of the tiles.
    #[test]
    fn factors_are_their_matrices() {
        for (n, r) in [(1, 2), (2, 1), (3, 2), (7, 1), (40, 5), (300, 40)] {
            let a = wave(n, r, 1.3);
            for diagonal in [Diagonal::Kept, Diagonal::Dropped, Diagonal::UCentered] {
                if n < 3 && diagonal == Diagonal::UCentered {
                    continue;
                }
                let mut dense = Dense::of_rows(&a, diagonal == Diagonal::Kept, |_, _, v| v, Par::SEQ).unwrap();
                if diagonal == Diagonal::UCentered {
                    dense.u_center(Par::SEQ).unwrap();
                }
                let slow = Parts::of_dense(&dense, Par::SEQ).unwrap();
                let fast = Factored::new(&a, 1.0, Par::SEQ).unwrap().parts(diagonal);
                let size = r as f64;
                assert!(near(&[fast.k, fast.m], &[slow.k, slow.m], size), "{n} {diagonal:?}");
                assert!(near(&fast.u, &slow.u, size) && near(&fast.d, &slow.d, size), "{n} {diagonal:?}");
                let other = Invariants::of_dense(&any(n, 0.7, true), Order::Skewness, Par::SEQ).unwrap();
                let fast = Invariants::of_factor(&a, diagonal, Order::Skewness, Par::SEQ).unwrap();
                let slow = Invariants::of_dense(&dense, Order::Skewness, Par::SEQ).unwrap();
                let [fast, slow] = [fast, slow].map(|it| moments(&it, &other));
                assert!((fast.variance - slow.variance).abs() <= 2e-12 * slow.variance + 1e-26, "{n} {r} {diagonal:?}");
                assert!((fast.mean - slow.mean).abs() < 1e-12 * (slow.mean.abs() + slow.variance.sqrt() + 1e-12));
                assert_eq!(fast.skewness.is_some(), n >= 6);
                if let (Some(a), Some(b)) = (fast.skewness, slow.skewness) {
                    assert!((a - b).abs() < 1e-12, "{n} {r} {diagonal:?}: {a} {b}");
                }
            }
        }
    }

    /// The choice between the two roads.
    #[test]
    fn of_pairs() {
        let a = Arc::new(wave(60, 3, 1.3));
        let pairs = PairMatrix::linear("x", a.clone(), Diagonal::Kept, Par::SEQ).unwrap();
        assert_eq!(pairs.factor_columns(), Some(3));
        let of = |order| Invariants::of(&pairs, order, Par::SEQ).unwrap();
        assert_eq!(of(Order::Skewness), Invariants::of_factor(&a, Diagonal::Kept, Order::Skewness, Par::SEQ).unwrap());
        assert!(of(Order::Variance).third.is_none() && of(Order::Kurtosis).fourth.is_some());
        let (fast, slow) = (of(Order::Skewness), of(Order::Kurtosis));
        let [fast, slow] = [&fast, &slow].map(|it| moments(it, &slow));
        assert!((fast.variance / slow.variance - 1.0).abs() < 1e-12 && fast.kurtosis.is_none());
        assert!((fast.skewness.unwrap() - slow.skewness.unwrap()).abs() < 1e-12);
        let parts = (Parts::of(&pairs, Par::SEQ).unwrap(), Parts::of_dense(&pairs.dense(Par::SEQ).unwrap(), Par::SEQ));
        assert!(near(&parts.0.u, &parts.1.unwrap().u, 1.0));
    }

    /// The tiles of the product against three loops, with a last tile that is not full.
    #[test]
    fn products_by_tiles() {
        let n = 260;
        let w = any(n, 0.7, true).full();
        let found = Product::of(&w, Par::SEQ).unwrap();
        let p = linalg::product_nn(&w, &w, Par::SEQ).unwrap();
        let direct = |i: usize, j: usize| (0..n).map(|k| w.at(i, k) * w.at(k, j)).sum::<f64>();
        assert!((p.at(3, 259) - direct(3, 259)).abs() < 1e-11);
        let cube = |i: usize| (0..n).map(|j| w.at(i, j) * p.at(i, j)).sum::<f64>();
        let size = p.squared_norm();
        assert!((0..n).all(|i| (found.cube[i] - cube(i)).abs() < 1e-13 * size));
        assert!((found.squares - size).abs() < 1e-12 * size);
        let with: f64 = w.data().iter().zip(p.data()).map(|(w, p)| w * w * p).sum();
        assert!((found.with_squares - with).abs() < 1e-13 * size);
    }

    /// The statistic of every matching of five items is its parts put together, whatever the matrices are.
    #[test]
    fn parts_make_up_the_statistic() {
        for n in [1, 2, 3, 5] {
            for (k, l) in kinds(n, 1.0).iter().flat_map(|k| kinds(n, 2.0).into_iter().map(move |l| (k, l))) {
                let [p, q] = [k, &l].map(|matrix| Parts::of_dense(matrix, Par::SEQ).unwrap());
                let [w, v] = [(k, &p), (&l, &q)].map(|(matrix, parts)| {
                    let mut w = matrix.full();
                    (0..n).for_each(|i| parts.residual_row(i, w.row_mut(i)));
                    w
                });
                for w in [&w, &v] {
                    assert!((0..n).all(|i| w.at(i, i) == 0.0 && w.row(i).iter().sum::<f64>().abs() < 1e-11));
                }
                let mut piece = k.full().row(0)[1..].to_vec();
                p.residual_piece(0, 1, &mut piece);
                assert_eq!(piece, w.row(0)[1..]);
                every_order(n, |order| {
                    let linear = |x: &[f64], y: &[f64]| (0..n).map(|i| x[i] * y[order[i]]).sum::<f64>();
                    let pair = |i: usize| (0..n).map(|j| w.at(i, j) * v.at(order[i], order[j])).sum::<f64>();
                    let parts = p.mean(&q)
                        + p.linear(&q).iter().map(|(factor, x, y)| factor * linear(x, y)).sum::<f64>()
                        + (0..n).map(pair).sum::<f64>();
                    let direct = statistic(k, &l, order);
                    assert!((parts - direct).abs() < 1e-13 * direct.abs().max(1e3), "n = {n}: {parts} {direct}");
                });
            }
        }
    }

    /// Scores that ignore scale ignore it bit for bit, and nothing overflows or vanishes on the way.
    #[test]
    fn scale_does_not_matter() {
        let (k, l) = (any(12, 0.7, true), any(12, 1.3, true));
        let plain = of(&k, &l, Order::Kurtosis);
        for exponent in [-200, 200] {
            let [small, other] = [(&k, exponent), (&l, exponent - 3)].map(|(matrix, exponent)| {
                let mut scaled = matrix.clone();
                scaled.scale(2.0_f64.powi(exponent), Par::SEQ).unwrap();
                scaled
            });
            let found = of(&small, &other, Order::Kurtosis);
            assert_eq!((found.skewness, found.kurtosis), (plain.skewness, plain.kurtosis));
            assert_eq!(found.mean, plain.mean * 2.0_f64.powi(2 * exponent - 3));
        }
    }

    /// A large constant and a large constant diagonal change no moment but the mean.
    #[test]
    fn constants_do_not_matter() {
        let (k, l) = (any(30, 0.7, true), any(30, 1.3, true));
        let plain = of(&k, &l, Order::Kurtosis);
        let moved = |i: usize, j: usize| k.at(i, j) + 1024.0 + if i == j { 1e6 } else { 0.0 };
        let found = of(&stored(30, moved, true), &l, Order::Kurtosis);
        assert!((found.variance / plain.variance - 1.0).abs() < 1e-8);
        assert!((found.skewness.unwrap() - plain.skewness.unwrap()).abs() < 1e-8);
        assert!((found.kurtosis.unwrap() - plain.kurtosis.unwrap()).abs() < 1e-8);
        let flat = of(&stored(9, |_, _| 1.0, true), &any(9, 1.3, true), Order::Kurtosis);
        assert!(flat.variance < 1e-25);
    }

    #[test]
    fn the_same_bits_for_any_number_of_threads() {
        let n = 300;
        let (k, a) = (any(n, 0.7, true), wave(n, 40, 1.3));
        let all = |par: Par<'_>| {
            let dense = Invariants::of_dense(&k, Order::Kurtosis, par).unwrap();
            let factor = Invariants::of_factor(&a, Diagonal::Kept, Order::Skewness, par).unwrap();
            (dense, factor, Invariants::of_dense(&k, Order::Variance, par).unwrap())
        };
        let alone = all(Par::SEQ);
        for threads in [1, 2, 3, 8] {
            assert!(with_threads(threads, &Watch::default(), all) == alone, "{threads} threads");
        }
    }
}
