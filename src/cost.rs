//! Demands of a measure on a machine: bytes, and operations on numbers.
//!
//! Whether there is enough memory must be known before the first byte, and whether a call is so short that it need not be
//! watched before it starts; neither needs more than the order of magnitude. Every measure says what a summary of n rows
//! and d columns and a score of two of them cost (`Measure::cost`), in most cases as the
//! engine does that makes its summaries.

/// Bytes of a number.
const NUMBER: f64 = 8.0;

/// Memory and work of a measure.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Bytes that the summary of one representation holds, and what its representation remembers for others.
    pub kept: f64,
    /// Further bytes while it is made.
    pub making: f64,
    /// Further bytes while a pair is scored.
    pub scoring: f64,
    /// Operations per summary.
    pub summary: f64,
    /// Operations per score.
    pub score: f64,
}

impl Cost {
    /// Of what looks at every entry a few times, and at the entries of a pair once.
    pub fn entries(n: usize, d: usize) -> Self {
        let entries = n as f64 * d as f64;
        Self {
            kept: NUMBER * entries,
            making: 2.0 * NUMBER * entries,
            scoring: 2.0 * NUMBER * n as f64,
            summary: 10.0 * entries,
            score: entries,
        }
    }

    /// Of a decomposition into orthogonal directions, and of one of the product of two sides.
    pub fn directions(n: usize, d: usize) -> Self {
        let (rows, columns, r) = (n as f64, d as f64, n.min(d) as f64);
        Self {
            kept: NUMBER * (rows * columns + (rows + columns) * r),
            making: NUMBER * (2.0 * rows * columns + 4.0 * r * r),
            scoring: NUMBER * 6.0 * r * r,
            summary: 10.0 * rows * columns * r,
            score: 2.0 * rows * r * r + 20.0 * r * r * r,
        }
    }

    /// Of the products of all pairs of rows of a linear kernel, stored only where that is less than the columns.
    pub fn linear(n: usize, d: usize) -> Self {
        let (rows, columns) = (n as f64, d as f64);
        if dense_pays(n, d, 2, 1) {
            let entries = Self::entries(n, d);
            let pairs = Self::pairs(n, d);
            return Self { kept: entries.kept + pairs.kept, making: entries.making, ..pairs };
        }
        Self { score: 4.0 * rows * columns * columns, scoring: NUMBER * columns * columns, ..Self::entries(n, d) }
    }

    /// Of a stored matrix over pairs of rows.
    pub fn pairs(n: usize, d: usize) -> Self {
        let (rows, columns) = (n as f64, d as f64);
        let pairs = 0.5 * rows * rows;
        Self {
            kept: NUMBER * (pairs + rows * columns),
            making: 2.0 * NUMBER * rows * columns,
            scoring: 0.0,
            summary: pairs * (2.0 * columns + 10.0),
            score: 2.0 * pairs,
        }
    }

    /// The same, made from distances that are remembered beside it.
    pub fn of_distances(n: usize, d: usize) -> Self {
        let distances = Self::pairs(n, 0);
        Self { kept: Self::pairs(n, d).kept + distances.kept, ..Self::pairs(n, d) }
    }

    /// Of lists of k neighbors.
    pub fn neighbors(n: usize, d: usize, k: usize) -> Self {
        // No list is longer than the rows: more neighbors are refused as such, not for the memory they would take.
        let (rows, columns, k) = (n as f64, d as f64, k.min(n) as f64);
        Self {
            kept: NUMBER * rows * (columns + k),
            making: NUMBER * rows * (2.0 * columns + 8.0 * k),
            scoring: NUMBER * rows,
            summary: rows * rows * columns,
            score: 4.0 * rows * k,
        }
    }

    /// Bytes of a number for every pair of rows.
    pub fn triangle(n: usize) -> f64 {
        NUMBER * 0.5 * (n as f64).powi(2)
    }

    /// With more bytes while a summary is made.
    #[must_use]
    pub fn making_too(self, bytes: f64) -> Self {
        Self { making: self.making + bytes, ..self }
    }
}

/// The choice to store n x n matrices of factors with r columns rather than multiply the factors for every pair of them.
///
/// Flops: a dense matrix costs n^2 r once per side and n^2 per pair; a factor costs n r^2 once and 2 n r^2 per pair.
pub fn dense_pays(n: usize, r: usize, sides: usize, pairs: usize) -> bool {
    let (n, r, sides, pairs) = (n as f64, r as f64, sides as f64, pairs as f64);
    sides * n * n * r + pairs * n * n < sides * n * r * r + pairs * 2.0 * n * r * r
}
