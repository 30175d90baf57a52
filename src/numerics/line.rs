//! Distances of points on a line, summed without looking at every pair.
//!
//! With the points in order of x, the term of a pair i before j is `(x_j - x_i) |y_j - y_i|`, and the sign of the second
//! factor is all that a sum of products needs to know of it. A merge sort by y meets every pair once: when a right half is
//! merged with a left one, the points of the left that lie below a point of the right enter with one sign and the others
//! with the other, and sums of 1, x, y and xy over them are all it takes. So n(n-1)/2 products cost O(n log n) (Huo and
//! Szekely 2016; Chaudhuri and Hu 2019). Sums are of twice the precision, for what is wanted of them is what is left when
//! their means are subtracted.

use super::double::Double;

/// Sum over pairs i < j of `|x_i - x_j| |y_i - y_j|`.
pub fn sum_of_products(x: &[f64], y: &[f64]) -> Double {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
    let mut points: Vec<(f64, f64)> = order.into_iter().map(|i| (x[i], y[i])).collect();
    let mut merged = points.clone();
    let (mut total, mut width) = (Double::default(), 1);
    while width < points.len() {
        for (block, into) in points.chunks(2 * width).zip(merged.chunks_mut(2 * width)) {
            let (left, right) = block.split_at(width.min(block.len()));
            total += merge(left, right, into);
        }
        std::mem::swap(&mut points, &mut merged);
        width *= 2;
    }
    total
}

/// For every point the sum of its distances to all.
pub fn distance_sums(x: &[f64]) -> Vec<Double> {
    let n = x.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
    let total: Double = x.iter().map(|v| Double::from(*v)).sum();
    let (mut before, mut sums) = (Double::default(), vec![Double::default(); n]);
    for (place, i) in order.into_iter().enumerate() {
        let own = Double::product(2.0 * place as f64 - n as f64, x[i]);
        sums[i] = own + total - before - before;
        before += Double::from(x[i]);
    }
    sums
}

/// Sums over some points.
#[derive(Clone, Copy, Default)]
struct PointSums {
    count: f64,
    x: Double,
    y: Double,
    product: Double,
}

impl PointSums {
    fn add(&mut self, (x, y): (f64, f64)) {
        self.count += 1.0;
        self.x += Double::from(x);
        self.y += Double::from(y);
        self.product += Double::product(x, y);
    }

    /// Sum of `(x - x_i) (y - y_i)` over these points.
    fn products_with(&self, (x, y): (f64, f64)) -> Double {
        Double::product(x, y) * self.count - self.y * x - self.x * y + self.product
    }
}

/// Merge two runs in order of y, all of the left with an x no larger than any of the right, and sum over pairs of one
/// of each.
fn merge(left: &[(f64, f64)], right: &[(f64, f64)], into: &mut [(f64, f64)]) -> Double {
    let mut all = PointSums::default();
    left.iter().for_each(|point| all.add(*point));
    let (mut below, mut taken, mut sum) = (PointSums::default(), 0, Double::default());
    for (at, point) in right.iter().enumerate() {
        while taken < left.len() && left[taken].1 <= point.1 {
            below.add(left[taken]);
            into[taken + at] = left[taken];
            taken += 1;
        }
        into[taken + at] = *point;
        sum += below.products_with(*point) * 2.0 - all.products_with(*point);
    }
    into[taken + right.len()..].copy_from_slice(&left[taken..]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(x: &[f64], y: &[f64]) -> f64 {
        let pairs = (0..x.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs.map(|(i, j)| (x[i] - x[j]).abs() * (y[i] - y[j]).abs()).sum()
    }

    #[test]
    fn every_pair_is_met_once() {
        for n in [1, 2, 3, 7, 8, 100, 257] {
            let x: Vec<f64> = (0..n).map(|i| f64::from(i * i % 23)).collect(); // whole numbers, with ties
            let y: Vec<f64> = (0..n).map(|i| f64::from(i * 7 % 11) - 5.0).collect();
            assert_eq!(sum_of_products(&x, &y).value(), slow(&x, &y), "{n}");
            assert_eq!(sum_of_products(&x, &x).value(), slow(&x, &x), "{n}");
            let sums = distance_sums(&x);
            for i in 0..x.len() {
                assert_eq!(sums[i].value(), x.iter().map(|v| (v - x[i]).abs()).sum::<f64>());
            }
        }
    }

    /// Far from the origin, where products of coordinates hold nothing of the products of their differences.
    #[test]
    fn a_large_mean_takes_no_digits() {
        let wave = |pace: f64| (0..300).map(|i| (pace * f64::from(i * i)).sin()).collect::<Vec<f64>>();
        let (x, y) = (wave(0.7), wave(1.3));
        let far = |values: &[f64]| values.iter().map(|v| v + 1e9).collect::<Vec<f64>>();
        let (x, y) = (far(&x), far(&y));
        let (fast, slow) = (sum_of_products(&x, &y).value(), slow(&x, &y));
        assert!((fast / slow - 1.0).abs() < 1e-14);
    }
}
