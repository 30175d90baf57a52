//! The best one-to-one matching of two sets, by shortest augmenting paths.
//!
//! Every row is assigned in turn: a shortest path (Dijkstra on reduced costs, which potentials keep non-negative) leads
//! from it to a free column, and the matching is flipped along the path. O(p^2 q) for p rows and q >= p columns. Ties go to
//! the lower column, so the result is the same every time.
//!
//! Where several matchings are best, the order of columns should not choose. A second matrix decides between them: the
//! potentials tell which pairs occur in a best matching (complementary slackness), and among these pairs alone the second
//! sum is made as large as possible.

use crate::error::Result;
use crate::linalg::Matrix;

const FREE: usize = usize::MAX;

/// A best matching, and the potentials that prove it.
struct Assignment {
    col_of: Vec<usize>,
    row_price: Vec<f64>,
    col_price: Vec<f64>,
}

/// For every row of a square `value` the column it is matched with, so that the sum of values is as large as possible,
/// and the sum of `second` as large as that allows. The second matrix is made only if it is needed.
pub fn best_matching(value: &Matrix, second: impl FnOnce() -> Result<Matrix>) -> Result<Vec<usize>> {
    let found = assign(value);
    let p = value.rows();
    let round_off = 8.0 * p as f64 * f64::EPSILON * value.largest();
    let tight = |i: usize, j: usize| -value.at(i, j) - found.row_price[i] - found.col_price[j] <= round_off;
    if is_only_one(&found.col_of, &tight) {
        return Ok(found.col_of);
    }
    let second = second()?;
    // No sum over allowed pairs is as low as one of the others.
    let never = -(4.0 * p as f64 + 1.0) * second.largest().max(f64::MIN_POSITIVE);
    let allowed =
        Matrix::from_fn(p, p, |i, j| if tight(i, j) || found.col_of[i] == j { second.at(i, j) } else { never });
    Ok(assign(&allowed).col_of)
}

/// Uniqueness of a matching made of these pairs: in the graph of rows with an edge to every row whose column one could
/// take, there is no circle.
fn is_only_one(col_of: &[usize], allowed: &impl Fn(usize, usize) -> bool) -> bool {
    let p = col_of.len();
    let takes = |i: usize, k: usize| i != k && allowed(i, col_of[k]);
    let mut wanted: Vec<usize> = (0..p).map(|k| (0..p).filter(|&i| takes(i, k)).count()).collect();
    let mut free: Vec<usize> = (0..p).filter(|&k| wanted[k] == 0).collect();
    let mut done = 0;
    while let Some(i) = free.pop() {
        done += 1;
        for k in (0..p).filter(|&k| takes(i, k)) {
            wanted[k] -= 1;
            if wanted[k] == 0 {
                free.push(k);
            }
        }
    }
    done == p
}

/// For every row of `value` the column it is matched with, so that the sum of values is as large as possible.
///
/// There must be at least as many columns as rows, and the values must be finite.
fn assign(value: &Matrix) -> Assignment {
    let (rows, cols) = (value.rows(), value.cols());
    debug_assert!(rows <= cols);
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
    Assignment { col_of, row_price, col_price }
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
                let found = assign(&value).col_of;
                let mut columns = found.clone();
                columns.sort_unstable();
                columns.dedup();
                assert_eq!(columns.len(), rows, "every column once");
                let best = brute_force(&value, 0, &mut Vec::new());
                assert!((total(&value, &found) - best).abs() < 1e-12, "{rows} x {cols}, {seed}");
            }
        }
    }

    /// Small whole numbers, so that many matchings are best: the second sum is the largest any of them has.
    #[test]
    fn the_second_matrix_decides_between_best_matchings() {
        fn all(p: usize, taken: &mut Vec<usize>, visit: &mut impl FnMut(&[usize])) {
            if taken.len() == p {
                return visit(taken);
            }
            for j in (0..p).filter(|j| !taken.contains(j)).collect::<Vec<_>>() {
                taken.push(j);
                all(p, taken, visit);
                taken.pop();
            }
        }
        let mut instance = 0;
        for seed in 0..60 {
            let p = 2 + seed % 5;
            let wave = |i: usize, j: usize, pace: f64| ((i * 7 + j * 3 + seed * 11) as f64 * pace).sin();
            let value = Matrix::from_fn(p, p, |i, j| (1.5 * wave(i, j, 1.7)).round());
            let second = Matrix::from_fn(p, p, |i, j| wave(i, j, 2.9));
            let found = best_matching(&value, || {
                instance += 1;
                Ok(second.clone())
            })
            .unwrap();
            let (mut best, mut then) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
            all(p, &mut Vec::new(), &mut |matching| {
                let sums = (total(&value, matching), total(&second, matching));
                if sums.0 > best {
                    (best, then) = sums;
                } else if sums.0 == best {
                    then = then.max(sums.1);
                }
            });
            assert_eq!(total(&value, &found), best);
            assert!((total(&second, &found) - then).abs() < 1e-12, "{seed}");
        }
        assert!(instance > 10 && instance < 60, "{instance}");
    }
}
