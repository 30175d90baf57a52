//! Numbers of twice the precision, as unevaluated sums of two.
//!
//! For sums from which nearly everything will be subtracted again. The parts are found by error-free transformations
//! (Dekker 1971; Knuth), which need no fused multiplication; relative errors are about 1e-31.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// `high + low`, the second below half a unit in the last place of the first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Double {
    high: f64,
    low: f64,
}

impl Double {
    /// The product of two numbers, exactly.
    pub fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        let ((a1, a0), (b1, b0)) = (split(a), split(b));
        Self { high, low: ((a1 * b1 - high) + a1 * b0 + a0 * b1) + a0 * b0 }
    }

    /// The nearest number of single length.
    pub fn value(self) -> f64 {
        self.high + self.low
    }
}

/// Halves of 26 bits.
fn split(a: f64) -> (f64, f64) {
    let shifted = 134_217_729.0 * a;
    let high = shifted - (shifted - a);
    (high, a - high)
}

fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

fn normalized(high: f64, low: f64) -> Double {
    let sum = high + low;
    Double { high: sum, low: low - (sum - high) }
}

impl From<f64> for Double {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Add for Double {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (high, rest) = two_sum(self.high, other.high);
        let (low, last) = two_sum(self.low, other.low);
        let sum = normalized(high, rest + low);
        normalized(sum.high, sum.low + last)
    }
}

impl AddAssign for Double {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Double {
    type Output = Self;

    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Sub for Double {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Double {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = Self::product(self.high, other.high);
        normalized(product.high, product.low + (self.high * other.low + self.low * other.high))
    }
}

impl Mul<f64> for Double {
    type Output = Self;

    fn mul(self, other: f64) -> Self {
        let product = Self::product(self.high, other);
        normalized(product.high, product.low + self.low * other)
    }
}

impl std::iter::Sum for Double {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cancels_leaves_its_digits() {
        let third = Double::from(1.0) + Double::from(2.0_f64.powi(-80));
        assert_eq!((third - Double::from(1.0)).value(), 2.0_f64.powi(-80));
        let (a, b) = (1.0 + 2.0_f64.powi(-40), 1.0 - 2.0_f64.powi(-40));
        assert_eq!((Double::product(a, b) - Double::from(1.0)).value(), -(2.0_f64.powi(-80)));
        // Of 1e16 two numbers hold what is above 1e-16.
        let square = (Double::from(1e8) + Double::from(1e-4)) * (Double::from(1e8) - Double::from(1e-4));
        assert!(((square - Double::from(1e16)).value() + 1e-8).abs() < 1e-15);
        let terms = [1e30, 1.0, -1e30, 1e-10];
        assert_eq!(terms.into_iter().map(Double::from).sum::<Double>().value(), 1.0 + 1e-10);
        assert_eq!((Double::product(1.0 / 3.0, 3.0) * 3.0).value(), 3.0 * (1.0 / 3.0) * 3.0);
    }
}
