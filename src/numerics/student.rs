//! Student's t distribution with a whole number of degrees of freedom.
//!
//! The upper tail is an incomplete beta function,
//!
//! ```text
//! P(T > t) = I_x(v/2, 1/2) / 2        x = v / (v + t^2),  t >= 0
//! ```
//!
//! evaluated as a continued fraction ([`super::beta`]), which keeps the digits of small probabilities. With many degrees of freedom
//! its first steps cancel: about nine digits remain at a million.

use std::f64::consts::PI;

use super::beta::fraction;

/// Degrees of freedom from which the ratio of gamma functions is its asymptotic series to the last digit.
const LARGE: usize = 10_000;

/// The distribution.
#[derive(Debug, Clone, Copy)]
pub struct Student {
    freedom: f64,
    /// 1 / B(v/2, 1/2).
    density: f64,
}

impl Student {
    /// With that many degrees of freedom, at least one.
    pub fn new(freedom: usize) -> Self {
        let freedom = freedom.max(1);
        let v = freedom as f64;
        // gamma((v + 1)/2) / gamma(v/2), two degrees at a time.
        let ratio = if freedom > LARGE {
            (v / 2.0).sqrt() * (1.0 - 0.25 / v * (1.0 - 0.125 / v * (1.0 + 1.25 / v)))
        } else if freedom % 2 == 1 {
            (1..freedom).step_by(2).fold(1.0 / PI.sqrt(), |ratio, at| ratio * (at as f64 + 1.0) / at as f64)
        } else {
            (2..freedom).step_by(2).fold(PI.sqrt() / 2.0, |ratio, at| ratio * (at as f64 + 1.0) / at as f64)
        };
        Self { freedom: v, density: ratio / PI.sqrt() }
    }

    /// The probability of a value above `t`.
    pub fn above(&self, t: f64) -> f64 {
        if t.is_nan() {
            return f64::NAN;
        }
        if t < 0.0 {
            return 1.0 - self.above(-t);
        }
        if t.is_infinite() {
            return 0.0;
        }
        let v = self.freedom;
        let (a, b) = (v / 2.0, 0.5);
        let square = t * t / v;
        let (x, rest) = (1.0 / (1.0 + square), square / (1.0 + square));
        let front = (-a * square.ln_1p()).exp() * rest.sqrt() * self.density;
        let tail = if x < (a + 1.0) / (a + b + 2.0) {
            front * fraction(a, b, x) / a
        } else {
            1.0 - front * fraction(b, a, rest) / b
        };
        0.5 * tail
    }

    /// The value that is exceeded with probability `tail`, at most one half.
    pub fn exceeded_with(&self, tail: f64) -> f64 {
        let mut high = 1.0;
        while self.above(high) > tail && high < 1e300 {
            high *= 2.0;
        }
        let mut low = if high > 1.0 { high / 2.0 } else { 0.0 };
        loop {
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                return high;
            }
            if self.above(middle) > tail {
                low = middle;
            } else {
                high = middle;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closed forms for one and two degrees of freedom.
    #[test]
    fn few_degrees_of_freedom() {
        for t in [0.0, 0.1, 0.9, 1.0, 2.5, 40.0, 1e4] {
            let one = 0.5 - f64::atan(t) / PI;
            let two = 1.0 / (2.0 + t * t) / (1.0 + t / (2.0_f64 + t * t).sqrt());
            assert!((Student::new(1).above(t) - one).abs() < 1e-15, "{t}");
            assert!((Student::new(2).above(t) / two - 1.0).abs() < 1e-13, "{t}");
            assert!((Student::new(2).above(-t) - (1.0 - two)).abs() < 1e-15, "{t}");
        }
    }

    /// Values of SciPy 1.17.1, `stats.t.ppf(1 - tail, v)` and `stats.t.sf(t, v)`.
    #[test]
    fn known_values() {
        let digits = |v: usize| 1e-12_f64.max(1e-15 * v as f64);
        for (v, tail, t) in VALUES {
            assert!((Student::new(v).exceeded_with(tail) / t - 1.0).abs() < digits(v), "{v} {tail}");
        }
        for (v, t, tail) in TAILS {
            assert!((Student::new(v).above(t) / tail - 1.0).abs() < 10.0 * digits(v), "{v} {t}");
        }
    }
    const VALUES: [(usize, f64, f64); 10] = [
        (1, 0.025, 12.706204736174705),
        (3, 0.05, 2.353363434801824),
        (9, 0.05, 1.8331129326562376),
        (39, 0.05, 1.6848751217112252),
        (40, 0.025, 2.0210753903062733),
        (4999, 0.025, 1.9604386466615251),
        (10000, 0.005, 2.5763210466685287),
        (10001, 0.005, 2.5763209974902983),
        (1000000, 0.025, 1.9599663568141072),
        (7, 5e-07, 15.767009437482583),
    ];
    const TAILS: [(usize, f64, f64); 5] = [
        (4, 10.0, 0.0002810018113579955),
        (39, 8.0, 4.732761206223772e-10),
        (999, 12.0, 2.171551953858165e-31),
        (20000, 9.0, 1.2272414488458857e-19),
        (39, 0.001, 0.4996036066523944),
    ];
}
