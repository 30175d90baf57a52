//! Binomial probabilities and the incomplete beta function, which is their sum.
//!
//! ```text
//! I_x(a, b) = P(Beta(a, b) <= x) = P(at least a of a + b - 1 draws succeed)      each with chance x, a and b whole numbers
//! ```
//!
//! Both stay accurate for counts of millions: probabilities are written around their largest value, so that nothing large
//! cancels, and the sum is a continued fraction.
//!
//! Reference: Loader, "Fast and accurate computation of binomial probabilities", 2000.

use std::f64::consts::TAU;

/// Logarithm of `C(m, s) p^s (1 - p)^(m - s)`, also between whole numbers; accurate for large counts, where differences
/// of logarithms of factorials are not (Loader).
pub fn ln_binomial(s: f64, m: f64, p: f64) -> f64 {
    if s <= 0.0 {
        return m * (-p).ln_1p();
    }
    if s >= m {
        return m * p.ln();
    }
    let errors = stirling_error(m) - stirling_error(s) - stirling_error(m - s);
    let deviance = deviance(s, m * p) + deviance(m - s, m * (1.0 - p));
    errors - deviance + 0.5 * (m / (TAU * s * (m - s))).ln()
}

/// `ln x! - (x ln x - x + ln(2 pi x) / 2)` for x above 0: the error of Stirling's formula.
fn stirling_error(x: f64) -> f64 {
    if x >= 16.0 {
        // Bernoulli numbers over 2k (2k - 1): terms of the asymptotic series in 1/x.
        const SERIES: [f64; 5] = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
        let square = 1.0 / (x * x);
        return SERIES.iter().rev().fold(0.0, |sum, term| sum * square + term) / x;
    }
    // From x + 1 down to x: what Stirling's formula says of ln (x + 1), and what it is.
    stirling_error(x + 1.0) + (x + 0.5) * (1.0 / x).ln_1p() - 1.0
}

/// `x ln(x / mean) + mean - x`, which is small where x is near its mean.
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() - difference;
    }
    // With v = (x - mean) / (x + mean): x ln(x / mean) = 2 x (v + v^3 / 3 + ..).
    let v = difference / (x + mean);
    let (mut term, mut sum) = (2.0 * x * v, difference * v);
    for odd in (3..100).step_by(2) {
        term *= v * v;
        let next = sum + term / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// Regularized incomplete beta function: `P(Beta(a, b) <= x)` for a, b above 0.
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return f64::from(x >= 1.0);
    }
    // The fraction converges quickly up to about the mean.
    if x <= (a + 1.0) / (a + b + 2.0) { lower_part(a, b, x) } else { 1.0 - lower_part(b, a, 1.0 - x) }
}

/// `x^a (1 - x)^b / (a B(a, b))` times [`fraction`], for x up to about the mean.
fn lower_part(a: f64, b: f64, x: f64) -> f64 {
    // The head in terms of a binomial probability, which stays accurate for large counts.
    (ln_binomial(a, a + b, x).exp() * b / (a + b) * fraction(a, b, x)).min(1.0)
}

/// `I_x(a, b) a B(a, b) / (x^a (1 - x)^b)`, as a continued fraction (DLMF 8.17.22) from its head on (Lentz).
pub fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let coefficient = |k: f64, even: bool| {
        if even {
            k * (b - k) * x / ((a + 2.0 * k - 1.0) * (a + 2.0 * k))
        } else {
            -(a + k) * (a + b + k) * x / ((a + 2.0 * k) * (a + 2.0 * k + 1.0))
        }
    };
    let (mut c, mut d) = (1.0, 0.0);
    let mut value = 1.0;
    // Some multiple of the root of the larger count; the bound only guards against NaN.
    for step in 1..200_000_u32 {
        let term = coefficient(f64::from(step / 2), step % 2 == 0);
        d = 1.0 / away(1.0 + term * d);
        c = away(1.0 + term / c);
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    1.0 / value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(computed: f64, expected: f64, tolerance: f64) -> bool {
        (computed - expected).abs() <= tolerance * expected.abs()
    }

    /// `scipy.special.betainc`.
    #[test]
    fn incomplete_beta_is_that_of_scipy() {
        for (a, b, x, expected) in [
            (1.0, 1.0, 0.3, 0.3),
            (3.0, 5.0, 0.045, 0.002781484260198045),
            (1.0, 10000.0, 0.0009, 0.9998770892937453),
            (5001.0, 5001.0, 0.5, 0.5),
            (5001.0, 4999.0, 0.51, 0.9761565795229882),
            (120.0, 99881.0, 0.001, 0.028167005850853494),
            (0.5, 0.5, 0.2, 0.2951672353008665),
            (2.5, 1e6, 1e-6, 0.15085530983853124),
            (300.0, 2.0, 0.99, 0.19616357628514303),
            (1e5, 3e5, 0.2505, 0.7674823538033129),
        ] {
            let computed = incomplete_beta(a, b, x);
            assert!(close(computed, expected, 1e-11), "{a} {b} {x}: {computed} {expected}");
            assert!((incomplete_beta(b, a, 1.0 - x) + computed - 1.0).abs() < 1e-11);
        }
        assert_eq!([0.0, 1.0].map(|x| incomplete_beta(2.0, 3.0, x)), [0.0, 1.0]);
    }

    /// Decimal arithmetic with 60 digits (SciPy's `binom.logpmf` is 1e-10 off in the last one); and sums over all s.
    #[test]
    fn binomial_probabilities_are_exact() {
        for (s, m, p, expected) in [
            (0.0, 10.0, 0.2, -2.2314355131420976),
            (4.0, 200.0, 0.03, -2.0111971359256944),
            (10.0, 10.0, 0.9, -1.053605156578263),
            (5000.0, 10000.0, 0.5, -4.830986538632777),
            (3.0, 9999.0, 1e-5, -8.800075318025526),
            (900.0, 1000.0, 0.1, -1760.949347827159),
            (123456.0, 1e6, 0.1234, -6.729368570603043),
        ] {
            assert!(close(ln_binomial(s, m, p), expected, 1e-12), "{s} {m} {p}: {}", ln_binomial(s, m, p));
        }
        for m in [1, 2, 15, 16, 40, 333] {
            for p in [0.001, 0.3, 0.5, 0.97] {
                let total: f64 = (0..=m).map(|s| ln_binomial(f64::from(s), f64::from(m), p).exp()).sum();
                assert!((total - 1.0).abs() < 1e-12, "{m} {p}: {total}");
            }
        }
    }
}
