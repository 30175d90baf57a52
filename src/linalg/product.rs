//! Products of matrices, tile by tile.
//!
//! The tall products of this crate (many inputs, fewer units) are cut along the inputs as well, or a small result would
//! leave most threads idle; the partial products are added in the order of their rows.

use std::ops::Range;

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef};

use super::Matrix;
use crate::error::Result;
use crate::numerics::sums;
use crate::par::Par;

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

fn gemm<T: ComplexField + Copy>(out: MatMut<'_, T>, a: MatRef<'_, T>, b: MatRef<'_, T>) {
    faer::linalg::matmul::matmul(out, Accum::Replace, a, b, T::one_impl(), faer::Par::Seq);
}

/// One tile of `a'b`: which columns of either, which rows are summed.
struct Tile {
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
fn tall_tile(a: &Matrix, b: &Matrix, tile: &Tile) -> Vec<f64> {
    let (rows, cols) = (tile.i.1 - tile.i.0, tile.j.1 - tile.j.0);
    if super::tall::pays() {
        return super::tall::product(a, tile.i.0..tile.i.1, b, tile.j.0..tile.j.1, tile.k.0..tile.k.1, tile.diagonal);
    }
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

/// All tiles of `a'b`, each summed over its panels; `symmetric` leaves out those below the diagonal.
fn tall_tiles(a: &Matrix, b: &Matrix, symmetric: bool, par: Par<'_>) -> Result<Vec<(Tile, Vec<f64>)>> {
    let panels = pieces(a.rows(), PANEL);
    let mut tiles = Vec::new();
    for &i in &pieces(a.cols(), TILE) {
        for &j in &pieces(b.cols(), TILE) {
            if !symmetric || i.0 <= j.0 {
                let diagonal = symmetric && i.0 == j.0;
                tiles.extend(panels.iter().map(|&k| Tile { i, j, k, diagonal }));
            }
        }
    }
    let parts = par.map(tiles.len(), |at, _| Ok(tall_tile(a, b, &tiles[at])))?;
    let mut summed: Vec<(Tile, Vec<f64>)> = Vec::with_capacity(tiles.len() / panels.len().max(1));
    for (tile, part) in tiles.into_iter().zip(parts) {
        match summed.last_mut() {
            Some((last, sum)) if tile.k.0 > 0 && last.i == tile.i && last.j == tile.j => {
                sum.iter_mut().zip(&part).for_each(|(s, p)| *s += p);
            }
            _ => summed.push((tile, part)),
        }
    }
    Ok(summed)
}

/// `a'b` for two matrices with the same rows.
pub fn product(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<Matrix> {
    let mut out = Matrix::zeros(a.cols(), b.cols());
    for (tile, block) in tall_tiles(a, b, false, par)? {
        let width = tile.j.1 - tile.j.0;
        for (row, values) in (tile.i.0..tile.i.1).zip(block.chunks(width)) {
            out.row_mut(row)[tile.j.0..tile.j.1].copy_from_slice(values);
        }
    }
    Ok(out)
}

/// `a'a`, half of it computed.
pub fn gram(a: &Matrix, par: Par<'_>) -> Result<Matrix> {
    Ok(from_half(a.cols(), &tall_tiles(a, a, true, par)?))
}

/// `a'a` and its squared norm, to the bit that of [`squared_norm_of_gram`].
pub fn gram_with_squared_norm(a: &Matrix, par: Par<'_>) -> Result<(Matrix, f64)> {
    let tiles = tall_tiles(a, a, true, par)?;
    Ok((from_half(a.cols(), &tiles), squared_norm_from_half(&tiles)))
}

/// A symmetric matrix from the tiles on and above its diagonal.
fn from_half(size: usize, tiles: &[(Tile, Vec<f64>)]) -> Matrix {
    let mut out = Matrix::zeros(size, size);
    for (tile, block) in tiles {
        let width = tile.j.1 - tile.j.0;
        for (row, values) in (tile.i.0..tile.i.1).zip(block.chunks(width)) {
            for (col, &value) in (tile.j.0..tile.j.1).zip(values) {
                if row <= col {
                    out.row_mut(row)[col] = value;
                    out.row_mut(col)[row] = value;
                }
            }
        }
    }
    out
}

/// `|a'b|^2`, the sum of squares of a product that is not kept.
pub fn squared_norm_of_product(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<f64> {
    let tiles = tall_tiles(a, b, false, par)?;
    Ok(tiles.iter().map(|(_, block)| sums::squares(block)).sum())
}

/// `|a'a|^2`.
pub fn squared_norm_of_gram(a: &Matrix, par: Par<'_>) -> Result<f64> {
    Ok(squared_norm_from_half(&tall_tiles(a, a, true, par)?))
}

fn squared_norm_from_half(tiles: &[(Tile, Vec<f64>)]) -> f64 {
    let mut total = 0.0;
    for (tile, block) in tiles {
        if tile.diagonal {
            let width = tile.j.1 - tile.j.0;
            for (i, row) in block.chunks(width).enumerate() {
                total += row[i] * row[i] + 2.0 * sums::squares(&row[i + 1..]);
            }
        } else {
            total += 2.0 * sums::squares(block);
        }
    }
    total
}

/// `a b` for matrices small enough for one call, or cut by rows of `a`.
pub fn product_nn(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<Matrix> {
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

/// `a b'`.
pub fn product_nt(a: &Matrix, b: &Matrix, par: Par<'_>) -> Result<Matrix> {
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

/// What products of rows are offered for: single or double precision.
pub trait Number: ComplexField + Copy + Default {}
impl Number for f32 {}
impl Number for f64 {}

/// Add `a b'` to `out`; `p` rows of a and `q` rows of b have `width` numbers and begin `stride` numbers apart.
pub fn rows_product_add<T: Number>(
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
pub fn rows_product<T: ComplexField + Copy + Default>(
    a: &Matrix<T>,
    i: Range<usize>,
    b: &Matrix<T>,
    j: Range<usize>,
    out: &mut [T],
) {
    let (rows, cols) = (i.len(), j.len());
    let left = a.view().submatrix(i.start, 0, rows, a.cols());
    let right = b.view().submatrix(j.start, 0, cols, b.cols()).transpose();
    gemm(MatMut::from_row_major_slice_mut(&mut out[..rows * cols], rows, cols), left, right);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(rows: usize, cols: usize, pace: f64) -> Matrix {
        Matrix::from_fn(rows, cols, |i, j| (1.0 + pace * i as f64 + 0.7 * (j * j) as f64).sin())
    }

    /// Sizes on both sides of every cut.
    #[test]
    fn tiles_add_up() {
        for (n, p, q) in [(1, 1, 1), (5, 3, 4), (4097, 2, 385), (300, 400, 390)] {
            let (a, b) = (wave(n, p, 1.3), wave(n, q, 2.1));
            let (fast, gram_a) = (product(&a, &b, Par::SEQ).unwrap(), gram(&a, Par::SEQ).unwrap());
            let (mut worst, mut total): (f64, f64) = (0.0, 0.0);
            for i in 0..p {
                for j in 0..q {
                    let direct: f64 = (0..n).map(|k| a.at(k, i) * b.at(k, j)).sum();
                    worst = worst.max((direct - fast.at(i, j)).abs());
                    total += direct * direct;
                }
                for j in 0..p {
                    let direct: f64 = (0..n).map(|k| a.at(k, i) * a.at(k, j)).sum();
                    worst = worst.max((direct - gram_a.at(i, j)).abs());
                }
            }
            assert!(worst < 1e-12 * n as f64, "{n} x {p} x {q}: {worst}");
            assert!((squared_norm_of_product(&a, &b, Par::SEQ).unwrap() / total - 1.0).abs() < 1e-12);
            let gram_norm = squared_norm_of_gram(&a, Par::SEQ).unwrap();
            assert!((gram_norm / gram_a.squared_norm() - 1.0).abs() < 1e-12);
        }
    }
}
