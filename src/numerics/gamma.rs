//! The gamma law and the normal law: probabilities below and above, each with its own digits.

/// Probabilities below and above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tails {
    /// Below.
    pub lower: f64,
    /// Above.
    pub upper: f64,
}

impl Tails {
    /// The other way round.
    #[must_use]
    pub fn reflected(self) -> Self {
        Self { lower: self.upper, upper: self.lower }
    }
}

/// Tails of the normal law: a square of it has the gamma law of shape 1/2.
pub fn normal_tails(z: f64) -> Tails {
    let beyond = 0.5 * gamma_tails(0.5, 0.5 * z * z, z * z - 1.0).upper;
    if z > 0.0 { Tails { lower: 1.0 - beyond, upper: beyond } } else { Tails { lower: beyond, upper: 1.0 - beyond } }
}

/// The value that a normal variable exceeds with probability `tail`, at most one half.
pub fn normal_exceeded_with(tail: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        if normal_tails(middle).upper > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// Sum of `coefficient(k) x^k` over k >= 2, for |x| < 1/2.
pub fn series(x: f64, coefficient: impl Fn(f64) -> f64) -> f64 {
    let (mut power, mut total) = (x * x, 0.0);
    for k in 2..60 {
        let term = coefficient(f64::from(k)) * power;
        total += term;
        if term.abs() <= 1e-17 * total.abs() {
            break;
        }
        power *= x;
    }
    total
}

/// Shape above which the expansion in 1/shape takes over.
pub const LARGE_SHAPE: f64 = 1e5;

/// Tails of the gamma law: the regularized incomplete gamma functions P and Q at x, where `mu = x / shape - 1`, given on its
/// own because it is known to more digits.
///
/// The power series of P below the mean, the continued fraction of Q above, and for large shapes Temme's uniform
/// expansion. All have small relative error on the smaller side.
pub fn gamma_tails(shape: f64, x: f64, mu: f64) -> Tails {
    if x <= 0.0 || mu <= -1.0 && shape > LARGE_SHAPE {
        return Tails { lower: 0.0, upper: 1.0 };
    }
    if x.is_infinite() {
        return Tails { lower: 1.0, upper: 0.0 };
    }
    if shape > LARGE_SHAPE {
        return large_shape(shape, mu);
    }
    if x < shape + 1.0 {
        let (mut term, mut sum, mut k) = (1.0, 1.0, shape);
        while term > 1e-17 * sum {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        let lower = (density(shape, x, mu) * sum).min(1.0);
        return Tails { lower, upper: 1.0 - lower };
    }
    let upper = (density(shape, x, mu) * shape * fraction(shape, x)).min(1.0);
    Tails { lower: 1.0 - upper, upper }
}

/// `x^shape e^-x / Gamma(shape + 1)`.
fn density(shape: f64, x: f64, mu: f64) -> f64 {
    const SHIFT: i32 = 12;
    if shape >= f64::from(SHIFT) {
        return (-shape * deviance(mu) - stirling(shape)).exp() / (std::f64::consts::TAU * shape).sqrt();
    }
    let far = shape + 1.0 + f64::from(SHIFT);
    let log_gamma = (far - 0.5) * far.ln() - far + 0.5 * std::f64::consts::TAU.ln() + stirling(far);
    let rising: f64 = (1..=SHIFT).map(|k| shape + f64::from(k)).product();
    (shape * x.ln() - x - log_gamma).exp() * rising
}

/// `mu - log(1 + mu)`.
fn deviance(mu: f64) -> f64 {
    if mu.abs() >= 0.3 { mu - mu.ln_1p() } else { series(-mu, |k| 1.0 / k) }
}

/// `log Gamma(a) - (a - 1/2) log a + a - log(2 pi) / 2` for a >= 12.
fn stirling(a: f64) -> f64 {
    let s = 1.0 / (a * a);
    (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s / 1188.0)))) / a
}

/// The continued fraction of `Q Gamma(shape) / (x^shape e^-x)` by Lentz's method.
fn fraction(shape: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut h = d;
    for i in 1..20_000 {
        let i = f64::from(i);
        let a = i * (shape - i);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        h *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// Q is the normal tail at `eta sqrt(shape)`, `eta^2 / 2 = mu - log(1 + mu)`, plus `c_0(eta) + c_1(eta) / shape` times
/// `exp(-shape eta^2 / 2) / sqrt(2 pi shape)`.
fn large_shape(shape: f64, mu: f64) -> Tails {
    const C0: [f64; 9] = [
        -1.0 / 3.0,
        1.0 / 12.0,
        -2.0 / 135.0,
        1.0 / 864.0,
        1.0 / 2835.0,
        -139.0 / 777_600.0,
        1.0 / 25_515.0,
        -571.0 / 261_273_600.0,
        -281.0 / 151_559_100.0,
    ];
    const C1: [f64; 5] = [-1.0 / 540.0, -1.0 / 288.0, 1.0 / 378.0, -77.0 / 77_760.0, 1.0 / 4860.0];
    let depth = deviance(mu);
    let eta = (2.0 * depth).sqrt().copysign(mu);
    let normal = normal_tails(eta * shape.sqrt());
    let at = |c: &[f64]| c.iter().rev().fold(0.0, |sum, c| sum * eta + c);
    let size = (-shape * depth).exp();
    if size == 0.0 {
        return normal;
    }
    let rest = size / (std::f64::consts::TAU * shape).sqrt() * (at(&C0) + at(&C1) / shape);
    Tails { lower: (normal.lower - rest).clamp(0.0, 1.0), upper: (normal.upper + rest).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(computed: f64, expected: f64, tolerance: f64) -> bool {
        (computed - expected).abs() <= tolerance * expected.abs()
    }

    /// SciPy 1.17, `gammainc` and `gammaincc`.
    #[test]
    fn gamma_function() {
        for (shape, x, lower, upper) in [
            (0.001, 0.5, 0.9994399333435291, 0.0005600666564707501),
            (0.02, 3e-09, 0.6829903272290195, 0.31700967277098074),
            (0.02, 1e-09, 0.668147161922846, 0.33185283807715404),
            (0.5, 0.125, 0.3829249225480261, 0.6170750774519739),
            (0.5, 50.0, 1.0, 1.5239706048320995e-23),
            (1.0, 20.0, 0.9999999979388464, 2.0611536224385566e-09),
            (3.7, 0.4, 0.0015977331557593987, 0.9984022668442406),
            (3.7, 40.0, 0.9999999999999769, 2.3074505966101734e-14),
            (11.9, 9.0, 0.20560485474559442, 0.7943951452544056),
            (12.1, 30.0, 0.9999293895900646, 7.061040993537379e-05),
            (300.0, 150.0, 3.130415125696088e-27, 1.0),
            (300.0, 301.0, 0.5306533094742562, 0.46934669052574385),
            (300.0, 480.0, 1.0, 4.373431981287122e-19),
            (4000.0, 3800.0, 0.0006607203642264562, 0.9993392796357735),
            (90000.0, 93000.0, 1.0, 2.2521930337731074e-23),
            (110000.0, 108000.0, 6.550241987991526e-10, 0.9999999993449759),
            (110000.0, 120000.0, 1.0, 8.278758809421963e-189),
            (3000000.0, 3000000.0, 0.5000767764778025, 0.49992322352219754),
            (3000000.0, 3030000.0, 1.0, 4.444165167142128e-67),
            (40000000000.0, 40002000000.0, 1.0, 7.632559217760105e-24),
        ] {
            let computed = gamma_tails(shape, x, (x - shape) / shape);
            assert!(near(computed.lower, lower, 1e-12), "P({shape}, {x}): {} {lower}", computed.lower);
            assert!(near(computed.upper, upper, 1e-12), "Q({shape}, {x}): {} {upper}", computed.upper);
        }
    }

    /// SciPy 1.17, `norm.sf`.
    #[test]
    fn normal_law() {
        for (z, upper) in [
            (-8.0, 0.9999999999999993),
            (-1.0, 0.8413447460685429),
            (-1e-09, 0.5000000003989423),
            (0.0, 0.5),
            (1e-05, 0.49999601057719606),
            (0.3, 0.3820885778110474),
            (1.0, 0.15865525393145707),
            (4.0, 3.167124183311986e-05),
            (10.0, 7.61985302416047e-24),
            (30.0, 4.906713927147908e-198),
            (37.0, 5.7255712225239266e-300),
            (f64::INFINITY, 0.0),
            (f64::NEG_INFINITY, 1.0),
        ] {
            let computed = normal_tails(z);
            assert!(near(computed.upper, upper, 1e-12), "{z}: {} {upper}", computed.upper);
            assert_eq!(normal_tails(-z).lower, if z == 0.0 { 0.5 } else { computed.upper });
        }
    }

    #[test]
    fn normal_quantiles() {
        assert!(near(normal_exceeded_with(0.025), 1.959963984540054, 1e-14));
        assert!(normal_exceeded_with(0.5) < 1e-15);
    }
}
