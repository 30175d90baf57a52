//! The exact variance over all n! matchings, from four numbers and two vectors per matrix.
//!
//! Off the diagonal write `K_ij = m + u_i + u_j + W_ij` with `sum u = 0` and zero row sums of W; on it
//! `K_ii = mean + d_i`. Then T is its mean plus a sum of one term per item plus a sum over pairs with W, and the latter two
//! are uncorrelated over all matchings:
//!
//! ```text
//! var T = ( (d.d)(e.e) + 4(n-2)(d.u)(e.v) + 4(n-2)^2 (u.u)(v.v) ) / (n-1)  +  2 w w' / (n(n-3))      n >= 4
//! ```
//!
//! with d, u, w = sum W^2 of K and e, v, w' of L. No class of matrices is left out: for centered ones u = -d/(n-2), for
//! zero diagonals d = 0, and the formula becomes that of the text books.

use crate::engines::pair_matrix::Dense;
use crate::error::Result;
use crate::numerics::sums;
use crate::par::Par;

/// Rows per unit of work.
const ROWS: usize = 128;

/// What the variance needs of one matrix: `d.d`, `d.u`, `u.u` and the sum of squares of W.
struct Invariants {
    dd: f64,
    du: f64,
    uu: f64,
    w: f64,
}

fn invariants(k: &Dense, par: Par<'_>) -> Result<Invariants> {
    let (n, size) = (k.n(), k.n() as f64);
    let mut off = k.row_sums(par)?;
    let mut d = vec![0.0; n];
    if let Some(diagonal) = k.diagonal() {
        let mean = sums::sum(diagonal) / size;
        off.iter_mut().zip(diagonal).for_each(|(sum, v)| *sum -= v);
        d.iter_mut().zip(diagonal).for_each(|(d, v)| *d = v - mean);
    }
    let m = sums::sum(&off) / (size * (size - 1.0));
    let u: Vec<f64> = off.iter().map(|sum| (sum - (size - 1.0) * m) / (size - 2.0)).collect();
    let parts = par.map(n.div_ceil(ROWS), |part, _| {
        let mut rest = vec![0.0; n];
        let mut total = 0.0;
        for i in part * ROWS..((part + 1) * ROWS).min(n) {
            let begin = i * n - i * (i + 1) / 2;
            let rest = &mut rest[..n - 1 - i];
            let row = &k.upper()[begin..begin + n - 1 - i];
            rest.iter_mut().zip(row).zip(&u[i + 1..]).for_each(|((w, v), other)| *w = v - m - u[i] - other);
            total += sums::squares(rest);
        }
        Ok(total)
    })?;
    let w = 2.0 * parts.iter().sum::<f64>();
    Ok(Invariants { dd: sums::squares(&d), du: sums::dot(&d, &u), uu: sums::squares(&u), w })
}

/// Variance of `sum_ij K[i, j] L[pi(i), pi(j)]` over all pi; None for fewer than four items.
pub fn variance(k: &Dense, l: &Dense, par: Par<'_>) -> Result<Option<f64>> {
    if k.n() < 4 {
        return Ok(None);
    }
    let (a, b, n) = (invariants(k, par)?, invariants(l, par)?, k.n() as f64);
    let linear = a.dd * b.dd + 4.0 * (n - 2.0) * a.du * b.du + 4.0 * (n - 2.0) * (n - 2.0) * a.uu * b.uu;
    Ok(Some((linear / (n - 1.0) + 2.0 * a.w * b.w / (n * (n - 3.0))).max(0.0)))
}
