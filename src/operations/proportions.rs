//! Intervals of shares that need no spread: a share of 0 is not known exactly because nothing was seen.
//!
//! ```text
//! one share k/n (Wilson)               (k/n - p)^2 = z^2 p (1 - p) / n
//! a difference of paired shares        T(d) = (b - c - n d) / sqrt(n (2 q + d (1 - d))),  |T(d)| = z
//! (Tango 1998)                         q = (sqrt(B^2 - 4AC) - B) / 2A,  A = 2n,  B = -b - c + (2n - b + c) d,  C = -c d (1 - d)
//! ```
//!
//! with b the number of inputs on which the first answer alone differs from x, c that of the second alone. For b = c = 0
//! the interval is `-+ z^2 / (n + z^2)`.
//!
//! Reference: Wilson (1927); Tango, Statistics in Medicine 17 (1998).

use crate::numerics::gamma::{normal_exceeded_with, normal_tails};

/// The interval of a share, from how many of n there are.
pub fn wilson(count: usize, n: usize, alpha: f64) -> (f64, f64) {
    let z = normal_exceeded_with(alpha / 2.0);
    let (n, k) = (n as f64, count as f64);
    let share = k / n;
    let center = share + z * z / (2.0 * n);
    let reach = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let over = 1.0 + z * z / n;
    // The ends of an empty and of a full share are exact.
    let low = if count == 0 { 0.0 } else { (center - reach) / over };
    let high = if k == n { 1.0 } else { (center + reach) / over };
    (low, high)
}

/// Discordant pairs of two shares of the same n inputs.
#[derive(Debug, Clone, Copy)]
pub struct Paired {
    /// Inputs that count for the first share alone.
    pub first: usize,
    /// Inputs that count for the second alone.
    pub second: usize,
    /// All inputs.
    pub n: usize,
}

impl Paired {
    /// Tango's statistic of the hypothesis that the difference of the shares is d.
    fn statistic(&self, d: f64) -> f64 {
        let (b, c, n) = (self.first as f64, self.second as f64, self.n as f64);
        if d < 0.0 {
            // The two shares trade places.
            return -Self { first: self.second, second: self.first, n: self.n }.statistic(-d);
        }
        let (p, q) = (-b - c + (2.0 * n - b + c) * d, -c * d * (1.0 - d));
        let root = (p * p - 8.0 * n * q).max(0.0).sqrt();
        // The larger root; where p is positive it is written without a difference.
        let nuisance = if p > 0.0 { -2.0 * q / (root + p) } else { (root - p) / (4.0 * n) };
        let gap = b - c - n * d;
        let spread = (n * (2.0 * nuisance + d * (1.0 - d))).max(0.0).sqrt();
        if gap == 0.0 { 0.0 } else { gap / spread }
    }

    /// The interval of the first share minus the second.
    pub fn interval(&self, alpha: f64) -> (f64, f64) {
        let z = normal_exceeded_with(alpha / 2.0);
        let estimate = (self.first as f64 - self.second as f64) / self.n as f64;
        let end = |mut inside: f64, mut outside: f64| loop {
            let middle = inside + (outside - inside) / 2.0;
            if middle == inside || middle == outside {
                return middle;
            }
            if self.statistic(middle).abs() <= z {
                inside = middle;
            } else {
                outside = middle;
            }
        };
        (end(estimate, -1.0), end(estimate, 1.0))
    }

    /// The larger p-value of the two one-sided tests that the difference lies within -`margin` and `margin`.
    pub fn pvalue_within(&self, margin: f64) -> f64 {
        if margin >= 1.0 {
            return normal_tails(self.statistic(-1.0)).upper.max(normal_tails(self.statistic(1.0)).lower);
        }
        normal_tails(self.statistic(-margin)).upper.max(normal_tails(self.statistic(margin)).lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: (f64, f64), low: f64, high: f64) {
        assert!((found.0 - low).abs() < 1e-12 && (found.1 - high).abs() < 1e-12, "{found:?}");
    }

    /// Closed forms where nothing differs.
    #[test]
    fn nothing_seen_is_not_nothing() {
        let z = 1.959963984540054_f64;
        near(wilson(0, 200, 0.05), 0.0, z * z / (200.0 + z * z));
        near(wilson(200, 200, 0.05), 200.0 / (200.0 + z * z), 1.0);
        let reach = z * z / (200.0 + z * z);
        let same = Paired { first: 0, second: 0, n: 200 };
        near(same.interval(0.05), -reach, reach);
        // The tests and the interval are two sides of one thing.
        let (_, high) = same.interval(0.1);
        assert!((same.pvalue_within(high) - 0.05).abs() < 1e-10);
        assert!(same.pvalue_within(0.001) > 0.3);
    }

    /// Both ends have the statistic z, and the order of the shares does not matter.
    #[test]
    fn ends_solve_the_equation() {
        for (first, second, n) in [(9, 3, 44), (0, 5, 30), (1, 0, 12), (20, 20, 40), (12, 0, 12)] {
            let pair = Paired { first, second, n };
            let (low, high) = pair.interval(0.05);
            let swapped = Paired { first: second, second: first, n }.interval(0.05);
            near(swapped, -high, -low);
            for end in [low, high].into_iter().filter(|end| end.abs() < 1.0 - 1e-9) {
                assert!((pair.statistic(end).abs() - 1.959963984540054).abs() < 1e-6, "{pair:?} {end}");
            }
        }
    }
}
