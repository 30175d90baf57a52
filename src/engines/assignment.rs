//! The best one-to-one matching of two sets, by shortest augmenting paths.
//!
//! Every row is assigned in turn: a shortest path (Dijkstra on reduced costs, which potentials keep non-negative) leads
//! from it to a free column, and the matching is flipped along the path. O(p^2 q) for p rows and q >= p columns. Ties go to
//! the lower column, so the result is the same every time.

use crate::linalg::Matrix;

/// For every row of `value` the column it is matched with, so that the sum of values is as large as possible.
///
/// There must be at least as many columns as rows, and the values must be finite.
pub fn best_matching(value: &Matrix) -> Vec<usize> {
    let (rows, cols) = (value.rows(), value.cols());
    debug_assert!(rows <= cols);
    const FREE: usize = usize::MAX;
    let (mut row_price, mut col_price) = (vec![0.0; rows], vec![0.0; cols]);
    let (mut col_of, mut row_of) = (vec![FREE; rows], vec![FREE; cols]);
    for start in 0..rows {
        let (mut distance, mut came_from, mut settled) =
            (vec![f64::INFINITY; cols], vec![FREE; cols], vec![false; cols]);
        let (mut row, mut reached) = (start, 0.0);
        let end = loop {
            for j in (0..cols).filter(|&j| !settled[j]) {
                let through = reached - value.at(row, j) - row_price[row] - col_price[j];
                if through < distance[j] {
                    distance[j] = through;
                    came_from[j] = row;
                }
            }
            let mut nearest = FREE;
            for j in (0..cols).filter(|&j| !settled[j]) {
                if nearest == FREE || distance[j] < distance[nearest] {
                    nearest = j;
                }
            }
            settled[nearest] = true;
            reached = distance[nearest];
            if row_of[nearest] == FREE {
                break nearest;
            }
            row = row_of[nearest];
        };
        row_price[start] += reached;
        for j in (0..cols).filter(|&j| settled[j] && j != end) {
            col_price[j] -= reached - distance[j];
            row_price[row_of[j]] += reached - distance[j];
        }
        let mut col = end;
        loop {
            let row = came_from[col];
            row_of[col] = row;
            std::mem::swap(&mut col_of[row], &mut col);
            if row == start {
                break;
            }
        }
    }
    col_of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(value: &Matrix, matching: &[usize]) -> f64 {
        matching.iter().enumerate().map(|(i, &j)| value.at(i, j)).sum()
    }

    /// The largest sum over all ways to choose different columns, by trying them all.
    fn brute_force(value: &Matrix, row: usize, taken: &mut Vec<usize>) -> f64 {
        if row == value.rows() {
            return 0.0;
        }
        let mut best = f64::NEG_INFINITY;
        for j in 0..value.cols() {
            if !taken.contains(&j) {
                taken.push(j);
                best = best.max(value.at(row, j) + brute_force(value, row + 1, taken));
                taken.pop();
            }
        }
        best
    }

    #[test]
    fn no_other_matching_is_better() {
        for (rows, cols) in [(1, 1), (3, 3), (5, 5), (6, 6), (3, 6), (1, 4)] {
            for seed in 0..20 {
                let value = Matrix::from_fn(rows, cols, |i, j| {
                    let wave = ((i * 7 + j * 3 + seed * 11) as f64 * 1.7).sin() * 10.0;
                    if seed % 2 == 0 { wave.round() } else { wave } // rounded ones have ties
                });
                let found = best_matching(&value);
                let mut columns = found.clone();
                columns.sort_unstable();
                columns.dedup();
                assert_eq!(columns.len(), rows, "every column once");
                let best = brute_force(&value, 0, &mut Vec::new());
                assert!((total(&value, &found) - best).abs() < 1e-12, "{rows} x {cols}, {seed}");
            }
        }
    }
}
