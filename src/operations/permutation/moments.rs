//! Exact variance of `T(pi) = sum_ij K[i, j] L[pi(i), pi(j)]` over all matchings pi.
//!
//! Off the diagonal write `K_ij = m + u_i + u_j + W_ij` with sum u = 0 and W of zero row sums, on it `K_ii = mean + d_i`;
//! e and u' likewise for L. The linear and the quadratic part of T are uncorrelated, so
//!
//! ```text
//! var T = sum_ij c_ij^2 / (n-1)  +  2 |W|^2 |W'|^2 / (n (n-3))        c_ij = d_i e_j + 2 (n-2) u_i u'_j
//! ```

use crate::engines::pair_matrix::Dense;
use crate::error::Result;
use crate::numerics::sums;
use crate::par::Par;

/// What the variance needs of one matrix.
struct Parts {
    dd: f64,
    du: f64,
    uu: f64,
    ww: f64,
}

/// The variance over all matchings; None for fewer than four inputs.
pub fn variance(k: &Dense, l: &Dense, par: Par<'_>) -> Result<Option<f64>> {
    let n = k.n() as f64;
    if k.n() < 4 {
        return Ok(None);
    }
    let (a, b) = (parts(k, par)?, parts(l, par)?);
    let reach = 2.0 * (n - 2.0);
    let linear = a.dd * b.dd + 2.0 * reach * a.du * b.du + reach * reach * a.uu * b.uu;
    Ok(Some((linear / (n - 1.0) + 2.0 * a.ww * b.ww / (n * (n - 3.0))).max(0.0)))
}

fn parts(k: &Dense, par: Par<'_>) -> Result<Parts> {
    let n = k.n() as f64;
    let zeros = vec![0.0; k.n()];
    let diagonal = k.diagonal().unwrap_or(&zeros);
    let rows: Vec<f64> = k.row_sums(par)?.iter().zip(diagonal).map(|(row, own)| row - own).collect();
    let (mean, own) = (sums::sum(&rows) / (n * (n - 1.0)), sums::sum(diagonal) / n);
    let u: Vec<f64> = rows.iter().map(|row| (row - (n - 1.0) * mean) / (n - 2.0)).collect();
    let d: Vec<f64> = diagonal.iter().map(|v| v - own).collect();
    let uu = sums::squares(&u);
    let off = 2.0 * sums::squares(k.upper());
    // The three parts off the diagonal are orthogonal to each other.
    let ww = (off - n * (n - 1.0) * mean * mean - 2.0 * (n - 2.0) * uu).max(0.0);
    Ok(Parts { dd: sums::squares(&d), du: sums::dot(&d, &u), uu, ww })
}
