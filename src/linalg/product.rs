//! Products of matrices, tile by tile.
//!
//! The tall products of this crate (many inputs, fewer units) are cut along the inputs as well where the result is small,
//! or it would leave most threads idle; the partial products are added in the order of their rows.

use std::ops::Range;

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef};

use super::Matrix;
use super::packed::{self, Lines};
use crate::error::Result;
use crate::numerics::float::Float;
use crate::numerics::sums;
use crate::par::Par;

/// Entries of results, all partial products together, that make enough tiles for many threads.
const ENOUGH: usize = 768 * 768;
/// Rows below which a partial product is not worth its addition.
const FEW: usize = 1024;
/// Most partial products.
const MOST: usize = 64;

/// `a'b`; with `upper`, what is below the diagonal is not to be relied upon.
fn tall(a: &Matrix, b: &Matrix, upper: bool, par: Par<'_>) -> Result<Matrix> {
    if !packed::pays() {
        return tall_by_faer(a, b, upper, par);
    }
    let count = (ENOUGH / (a.cols() * b.cols()).max(1)).clamp(1, MOST).min(a.rows() / FEW).max(1);
    let panels = pieces(a.rows(), a.rows().div_ceil(count).max(1));
    let (left, right) = (Lines::columns(a), Lines::columns(b));
    let parts =
        par.map(panels.len(), |at, inner| packed::product(&left, &right, &(panels[at].0..panels[at].1), upper, inner))?;
    let sum = parts.into_iter().reduce(|mut sum, part| {
        sum.data_mut().iter_mut().zip(part.data()).for_each(|(s, p)| *s += p);
        sum
    });
    Ok(sum.unwrap_or_else(|| Matrix::zeros(a.cols(), b.cols())))
}

/// Widest tile of a tall product: large enough to amortize packing, small enough for a share per thread.
const TILE: usize = 384;
/// Rows of a tall product that are summed in one call.
const PANEL: usize = 4096;

/// Cut `length` into equal pieces of at most `most`.
fn pieces(length: usize, most: usize) -> Vec<(usize, usize)> {
    let count = length.div_ceil(most).max(1);
    let size = length.div_ceil(count).max(1);
    (0..count).map(|i| (i * size, ((i + 1) * size).min(length))).filter(|(a, b)| a < b).collect()
}

fn gemm(out: MatMut<'_, f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    faer::linalg::matmul::matmul(out, Accum::Replace, a, b, 1.0, faer::Par::Seq);
}

/// One tile of `a'b`: which columns of either, which rows are summed.
struct ColumnTile {
    i: (usize, usize),
    j: (usize, usize),
    k: (usize, usize),
    diagonal: bool,
}

/// Rows of a tile that are multiplied at once: their transposed copy stays in cache.
const DEPTH: usize = 496;
/// Distance between the columns of that copy beyond its depth, so that they do not fall on the same cache lines.
const PAD: usize = 8;

/// The tile as a dense block, row-major.
///
/// The left factor is copied with rows and columns exchanged, a few hundred rows at a time. Taken where it lies, rows of
/// the product would be read across a stride of many pages, which costs a third of the speed.
fn tall_tile(a: &Matrix, b: &Matrix, tile: &ColumnTile) -> Vec<f64> {
    let (rows, cols) = (tile.i.1 - tile.i.0, tile.j.1 - tile.j.0);
    let mut out = vec![0.0; rows * cols];
    let mut copy = vec![0.0; rows * (DEPTH + PAD)];
    for k0 in (tile.k.0..tile.k.1).step_by(DEPTH) {
        let depth = DEPTH.min(tile.k.1 - k0);
        transpose(a, k0..k0 + depth, tile.i.0..tile.i.1, &mut copy);
        let left = MatRef::from_row_major_slice_with_stride(&copy, rows, depth, DEPTH + PAD);
        let right = b.view().submatrix(k0, tile.j.0, depth, cols);
        let view = MatMut::from_row_major_slice_mut(&mut out, rows, cols);
        let sum = if k0 == tile.k.0 { Accum::Replace } else { Accum::Add };
        if tile.diagonal {
            use BlockStructure::{Rectangular, TriangularUpper};
            let seq = faer::Par::Seq;
            triangular::matmul(view, TriangularUpper, sum, left, Rectangular, right, Rectangular, 1.0, seq);
        } else {
            faer::linalg::matmul::matmul(view, sum, left, right, 1.0, faer::Par::Seq);
        }
    }
    out
}

/// Some rows and columns of `a`, column after column.
fn transpose(a: &Matrix, k: Range<usize>, i: Range<usize>, out: &mut [f64]) {
    const BLOCK: usize = 8;
    let k0 = k.start;
    for i0 in i.clone().step_by(BLOCK) {
        let i1 = (i0 + BLOCK).min(i.end);
        for k in k.clone() {
            for (at, value) in a.row(k)[i0..i1].iter().enumerate() {
                out[(i0 - i.start + at) * (DEPTH + PAD) + k - k0] = *value;
            }
        }
    }
}

/// All tiles of `a'b`, each summed over its panels; `upper` leaves out those below the diagonal.
fn tall_by_faer(a: &Matrix, b: &Matrix, upper: bool, par: Par<'_>) -> Result<Matrix> {
    let panels = pieces(a.rows(), PANEL);
    let mut tiles = Vec::new();
    for &i in &pieces(a.cols(), TILE) {
        for &j in &pieces(b.cols(), TILE) {
            if !upper || i.0 <= j.0 {
                let diagonal = upper && i.0 == j.0;
                tiles.extend(panels.iter().map(|&k| ColumnTile { i, j, k, diagonal }));
            }
        }
    }
    let parts = par.map(tiles.len(), |at, _| Ok(tall_tile(a, b, &tiles[at])))?;
    let mut out = Matrix::zeros(a.cols(), b.cols());
    for (tile, part) in tiles.iter().zip(parts) {
        for (row, values) in (tile.i.0..tile.i.1).zip(part.chunks(tile.j.1 - tile.j.0)) {
            out.row_mut(row)[tile.j.0..tile.j.1].iter_mut().zip(values).for_each(|(o, v)| *o += v);
        }
    }
    Ok(out)
}

/// `a'b` for two matrices with the same rows.
pub fn product(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<Matrix> {
    tall(a, b, false, par)
}

/// `a'a`, half of it computed.
pub fn gram(a: &Matrix, par: Par<'_>) -> Result<Matrix> {
    let mut out = tall(a, a, true, par)?;
    mirror(out.data_mut(), a.cols());
    Ok(out)
}

/// Symmetric completion of a square matrix from what is above its diagonal.
pub fn mirror<T: Copy>(square: &mut [T], n: usize) {
    /// Both blocks fit into the first-level cache.
    const BLOCK: usize = 32;
    for i0 in (0..n).step_by(BLOCK) {
        for j0 in (i0..n).step_by(BLOCK) {
            for i in i0..(i0 + BLOCK).min(n) {
                for j in j0.max(i + 1)..(j0 + BLOCK).min(n) {
                    square[j * n + i] = square[i * n + j];
                }
            }
        }
    }
}

/// `|a'b|^2`, the sum of squares of a product.
pub fn squared_norm_of_product(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<f64> {
    Ok(tall(a, b, false, par)?.squared_norm())
}

/// `|a'a|^2`.
pub fn squared_norm_of_gram(a: &Matrix, par: Par<'_>) -> Result<f64> {
    Ok(squared_norm_from_half(&tall(a, a, true, par)?))
}

/// `a'a` and its squared norm, to the bit that of [`squared_norm_of_gram`].
pub fn gram_with_squared_norm(a: &Matrix, par: Par<'_>) -> Result<(Matrix, f64)> {
    let mut out = tall(a, a, true, par)?;
    let norm = squared_norm_from_half(&out);
    mirror(out.data_mut(), a.cols());
    Ok((out, norm))
}

/// The squared norm of a symmetric matrix, from what is on and above its diagonal.
fn squared_norm_from_half(gram: &Matrix) -> f64 {
    let of_row = |i: usize| gram.at(i, i) * gram.at(i, i) + 2.0 * sums::squares(&gram.row(i)[i + 1..]);
    (0..gram.rows()).map(of_row).sum()
}

/// Columns of a product of rows below which faer, which reads the left factor where it lies, is faster than packing it.
const WIDE: usize = 256;

/// `a b` for matrices small enough for one call, or cut by rows of `a`.
pub fn product_nn(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<Matrix> {
    if packed::pays() && b.cols() >= WIDE {
        return packed::product(&Lines::rows(a), &Lines::columns(b), &(0..a.cols()), false, par);
    }
    let mut out = Matrix::zeros(a.rows(), b.cols());
    let (width, depth) = (b.cols(), a.cols());
    const ROWS: usize = 256;
    par.fill(out.data_mut(), ROWS * width.max(1), |piece, block| {
        let rows = block.len() / width.max(1);
        let left = a.view().submatrix(piece * ROWS, 0, rows, depth);
        gemm(MatMut::from_row_major_slice_mut(block, rows, width), left, b.view());
        Ok(())
    })?;
    Ok(out)
}

/// `a b` for an upper triangular b, whose zeros are left out block by block.
pub fn times_upper(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<Matrix> {
    let d = b.cols();
    if !packed::pays() || d < 2 * WIDE {
        return product_nn(a, b, par);
    }
    let mut out = Matrix::zeros(a.rows(), d);
    for (first, end) in pieces(d, WIDE) {
        let some = packed::product(&Lines::rows(a), &Lines::Columns(b, first..end), &(0..end), false, par)?;
        for i in 0..a.rows() {
            out.row_mut(i)[first..end].copy_from_slice(some.row(i));
        }
    }
    Ok(out)
}

/// `a b'`.
pub fn product_nt(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<Matrix> {
    if packed::pays() && b.rows() >= WIDE {
        return packed::product(&Lines::rows(a), &Lines::rows(b), &(0..a.cols()), false, par);
    }
    let mut out = Matrix::zeros(a.rows(), b.rows());
    let width = b.rows();
    const ROWS: usize = 256;
    par.fill(out.data_mut(), ROWS * width.max(1), |piece, block| {
        let rows = block.len() / width.max(1);
        rows_product(a, piece * ROWS..piece * ROWS + rows, b, 0..width, block);
        Ok(())
    })?;
    Ok(out)
}

/// A real number of which matrices are multiplied.
pub trait ProductFloat: Float + ComplexField {}
impl ProductFloat for f32 {}
impl ProductFloat for f64 {}

/// Add `a b'` to `out`; `p` rows of a and `q` rows of b have `width` numbers and begin `stride` numbers apart.
pub fn rows_product_add<T: ProductFloat>(
    a: &[T],
    p: usize,
    b: &[T],
    q: usize,
    (width, stride): (usize, usize),
    out: &mut [T],
) {
    let out = MatMut::from_row_major_slice_mut(out, p, q);
    let a = MatRef::from_row_major_slice_with_stride(a, p, width, stride);
    let b = MatRef::from_row_major_slice_with_stride(b, q, width, stride).transpose();
    faer::linalg::matmul::matmul(out, Accum::Add, a, b, T::one_impl(), faer::Par::Seq);
}

/// The block of `a b'` that belongs to some rows of either, row-major into `out`; one sequential call.
pub fn rows_product(a: &Matrix, i: Range<usize>, b: &Matrix, j: Range<usize>, out: &mut [f64]) {
    let (rows, cols) = (i.len(), j.len());
    let out = &mut out[..rows * cols];
    if !packed::pays() {
        let left = a.view().submatrix(i.start, 0, rows, a.cols());
        let right = b.view().submatrix(j.start, 0, cols, b.cols()).transpose();
        return gemm(MatMut::from_row_major_slice_mut(out, rows, cols), left, right);
    }
    let symmetric = std::ptr::eq(a, b) && i == j;
    packed::block(&Lines::Rows(a, i), &Lines::Rows(b, j), &(0..a.cols()), symmetric, out);
    if symmetric {
        mirror(out, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::par::{Watch, with_threads};

    fn wave(rows: usize, cols: usize, pace: f64) -> Matrix {
        Matrix::from_fn(rows, cols, |i, j| (1.0 + pace * i as f64 + 0.7 * (j * j) as f64).sin())
    }

    /// Largest difference of entries, for rows from their `first(i)` on.
    fn gap(a: &Matrix, b: &Matrix, first: impl Fn(usize) -> usize) -> f64 {
        let of_row = |i| a.row(i)[first(i)..].iter().zip(&b.row(i)[first(i)..]).map(|(p, q)| (p - q).abs());
        (0..a.rows()).flat_map(of_row).fold(0.0, f64::max)
    }

    /// Sizes on both sides of every cut; both ways to multiply, whichever this machine takes.
    #[test]
    fn tiles_add_up() {
        for (n, p, q) in [(1, 1, 1), (5, 3, 4), (4097, 2, 385), (300, 400, 390)] {
            let (a, b) = (wave(n, p, 1.3), wave(n, q, 2.1));
            let direct = |a: &Matrix, b: &Matrix| {
                Matrix::from_fn(a.cols(), b.cols(), |i, j| (0..n).map(|k| a.at(k, i) * b.at(k, j)).sum())
            };
            let (slow, slow_gram) = (direct(&a, &b), direct(&a, &a));
            let most = 1e-13 * n as f64;
            assert!(gap(&product(&a, &b, Par::SEQ).unwrap(), &slow, |_| 0) < most, "{n} x {p} x {q}");
            assert!(gap(&tall_by_faer(&a, &b, false, Par::SEQ).unwrap(), &slow, |_| 0) < most);
            assert!(gap(&gram(&a, Par::SEQ).unwrap(), &slow_gram, |_| 0) < most);
            assert!(gap(&tall_by_faer(&a, &a, true, Par::SEQ).unwrap(), &slow_gram, |i| i) < most);
            let norms = [squared_norm_of_product(&a, &b, Par::SEQ), squared_norm_of_gram(&a, Par::SEQ)];
            for (norm, slow) in norms.into_iter().zip([slow, slow_gram]) {
                assert!((norm.unwrap() / slow.squared_norm() - 1.0).abs() < 1e-12);
            }
        }
    }

    /// Results that are cut along the inputs, and results that are not.
    #[test]
    fn threads_do_not_matter() {
        for (n, p, q) in [(5000, 60, 40), (1100, 700, 850)] {
            let (a, b) = (wave(n, p, 1.3), wave(n, q, 2.1));
            let of = |threads| {
                with_threads(threads, &Watch::default(), |par| {
                    let norms = (squared_norm_of_product(&a, &b, par), squared_norm_of_gram(&a, par));
                    (product(&a, &b, par).unwrap(), gram(&b, par).unwrap(), norms.0.unwrap(), norms.1.unwrap())
                })
            };
            assert!(of(1) == of(3));
        }
    }

    #[test]
    fn products_of_rows() {
        for (n, p, q) in [(3, 7, 5), (300, 280, 290)] {
            let (a, b) = (wave(p, n, 1.3), wave(q, n, 2.1));
            let slow = product(&a.transposed(), &b.transposed(), Par::SEQ).unwrap();
            assert!(gap(&product_nt(&a, &b, Par::SEQ).unwrap(), &slow, |_| 0) < 1e-13 * n as f64);
            assert!(gap(&product_nn(&a, &b.transposed(), Par::SEQ).unwrap(), &slow, |_| 0) < 1e-13 * n as f64);
        }
    }

    /// Half of a block on the diagonal is copied from the other half.
    #[test]
    fn blocks_on_the_diagonal() {
        let a = wave(50, 300, 1.3);
        let copy = a.clone();
        let (mut half, mut whole) = (vec![0.0; 41 * 41], vec![1.0; 41 * 41]);
        rows_product(&a, 3..44, &a, 3..44, &mut half);
        rows_product(&a, 3..44, &copy, 3..44, &mut whole);
        assert!(half == whole);
    }
}
