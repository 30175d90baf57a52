//! Moments of the statistic from the invariants of two matrices: rational functions of n.

use std::array::from_fn;

use crate::operations::permutation::moments::invariants::{Fourth, Invariants, Moments, Third};
use crate::operations::permutation::moments::parts::mean;

/// Moments of the pair of matrices with these invariants, which must be of equally many items.
pub fn moments(a: &Invariants, b: &Invariants) -> Moments {
    debug_assert_eq!(a.n, b.n);
    let n = a.n as f64;
    let mean = mean(a.n, a.means, b.means);
    let variance = second(a, b);
    let unit = 1.0 / (a.scale * b.scale);
    let standard = |moment: Option<f64>, power: f64| {
        moment.map(|v| v / variance.powf(power)).filter(|v| variance > 0.0 && v.is_finite())
    };
    let third = match (&a.third, &b.third) {
        (Some(p), Some(q)) if a.n >= 6 => Some(third(n, p, q)),
        _ => None,
    };
    let fourth = match (&a.fourth, &b.fourth) {
        (Some(p), Some(q)) if a.n >= 8 => Some(fourth(n, (a, p), (b, q))),
        _ => None,
    };
    Moments { mean, variance: variance * unit * unit, skewness: standard(third, 1.5), kurtosis: standard(fourth, 2.0) }
}

fn second(a: &Invariants, b: &Invariants) -> f64 {
    let n = a.n as f64;
    let linear = if a.n > 1 { choices(n, &a.two, &b.two) / (n - 1.0) } else { 0.0 };
    let quadratic = if a.n > 3 { 2.0 * a.w * b.w / (n * (n - 3.0)) } else { 0.0 };
    (linear + quadratic).max(0.0)
}

/// Sum over all choices of d or u for K - 1 factors of A with equal roles.
fn choices<const K: usize>(n: f64, a: &[f64; K], b: &[f64; K]) -> f64 {
    let weight = 2.0 * (n - 2.0);
    let (mut total, mut factor) = (0.0, 1.0);
    for c in 0..K {
        total += factor * a[c] * b[c];
        factor *= weight * (K - 1 - c) as f64 / (c + 1) as f64;
    }
    total
}

/// `a' C b` for a symmetric C, given by its upper triangle row after row.
fn form<const N: usize>(upper: &[f64], a: &[f64; N], b: &[f64; N]) -> f64 {
    let mut entries = upper.iter();
    let mut total = 0.0;
    for i in 0..N {
        for (j, c) in (i..N).zip(&mut entries) {
            total += c * if i == j { a[i] * b[i] } else { a[i] * b[j] + a[j] * b[i] };
        }
    }
    total
}

/// `x^k c_0 + x^(k-1) c_1 + .. + c_k`
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

/// The coefficients of `E Q^3`, which return in `E A^2 Q^2`.
fn cubic(n: f64) -> [f64; 3] {
    let below = n * (n - 1.0) * (n - 2.0) * (n - 3.0) * (n - 4.0) * (n - 5.0);
    [
        4.0 * polynomial(n, &[1.0, -8.0, 19.0, -4.0, -16.0]) / below,
        -8.0 * polynomial(n, &[3.0, -15.0, 16.0]) / below,
        8.0 * polynomial(n, &[1.0, -9.0, 26.0, -22.0]) / below,
    ]
}

/// The third central moment: `E A^3 + 3 E A^2 Q + 3 E A Q^2 + E Q^3`.
fn third(n: f64, a: &Third, b: &Third) -> f64 {
    n / ((n - 1.0) * (n - 2.0)) * choices(n, &a.three, &b.three)
        + 6.0 / (n * (n - 3.0)) * choices(n, &a.h, &b.h)
        + 12.0 * (n - 2.0) / ((n - 1.0) * (n - 3.0) * (n - 4.0)) * choices(n, &a.g, &b.g)
        + form(&cubic(n), &a.cubes, &b.cubes)
}

/// The fourth central moment: `E A^4 + 4 E A^3 Q + 6 E A^2 Q^2 + 4 E A Q^3 + E Q^4`.
fn fourth(n: f64, (a, p): (&Invariants, &Fourth), (b, q): (&Invariants, &Fourth)) -> f64 {
    let weight = 2.0 * (n - 2.0);
    let cubes: f64 = (0..2).map(|c| weight.powi(c as i32) * form(&a_q3(n), &p.cubes[c], &q.cubes[c])).sum();
    let squares = |c: usize| form(&a2_q2(n), &p.squares[c], &q.squares[c]);
    a4(n, (&p.four, &a.two), (&q.four, &b.two))
        + 4.0 * a3_q(n, &p.hooks, &q.hooks)
        + 6.0 * (squares(0) + 2.0 * weight * squares(1) + weight * weight * squares(2))
        + 4.0 * cubes
        + form(&q4(n), &p.quartics, &q.quartics)
}

/// `E A^4`. The four factors of A, each with d or u, fall on one index, or on two in one of three ways.
fn a4(n: f64, (four, two): (&[f64; 5], &[f64; 3]), (four_b, two_b): (&[f64; 5], &[f64; 3])) -> f64 {
    let below = (n - 1.0) * (n - 2.0) * (n - 3.0);
    let (one, mixed) = (n * (n + 1.0) / below, -1.0 / ((n - 2.0) * (n - 3.0)));
    let (same, any) = (1.0 / ((n - 1.0) * (n - 2.0)), 1.0 / (n * below));
    let mut total = 0.0;
    for choice in 0..16_usize {
        let s: [usize; 4] = from_fn(|at| choice >> at & 1);
        let u = s.iter().sum::<usize>();
        let ways = |two: &[f64; 3]| {
            [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2)].map(|(i, j, k, l)| two[s[i] + s[j]] * two[s[k] + s[l]])
        };
        let (p, q) = (ways(two), ways(two_b));
        let (all_p, all_q): (f64, f64) = (p.iter().sum(), q.iter().sum());
        let equal: f64 = p.iter().zip(&q).map(|(p, q)| p * q).sum();
        let term = one * four[u] * four_b[u]
            + mixed * (four[u] * all_q + all_p * four_b[u])
            + same * equal
            + any * all_p * all_q;
        total += (2.0 * (n - 2.0)).powi(u as i32) * term;
    }
    total
}

/// `E A^3 Q`. One of the three factors of A stands alone at its end of W.
fn a3_q(n: f64, hooks: &[[f64; 3]; 2], hooks_b: &[[f64; 3]; 2]) -> f64 {
    let same = 2.0 / ((n - 1.0) * (n - 3.0));
    let any = same / (n - 4.0);
    let mut total = 0.0;
    for choice in 0..8_usize {
        let s: [usize; 3] = from_fn(|at| choice >> at & 1);
        let u = s.iter().sum::<usize>();
        let ways = |hooks: &[[f64; 3]; 2]| s.map(|alone| hooks[alone][u - alone]);
        let (p, q) = (ways(hooks), ways(hooks_b));
        let equal: f64 = p.iter().zip(&q).map(|(p, q)| p * q).sum();
        let term = same * equal + any * p.iter().sum::<f64>() * q.iter().sum::<f64>();
        total += (2.0 * (n - 2.0)).powi(u as i32) * term;
    }
    total
}

/// The coefficients of `E A^2 Q^2`.
fn a2_q2(n: f64) -> [f64; 10] {
    let below = n * (n - 1.0) * (n - 3.0) * (n - 4.0) * (n - 5.0);
    let [cc, ct, tt] = cubic(n);
    [
        4.0 * (n - 2.0) * polynomial(n, &[1.0, -1.0, -4.0]) / below,
        -4.0 / (n * (n - 5.0) * (n - 3.0)),
        8.0 * polynomial(n, &[1.0, -1.0, -4.0]) / below,
        -8.0 * polynomial(n, &[1.0, -5.0, 8.0]) / below,
        2.0 * polynomial(n, &[1.0, -6.0, 6.0]) / (n * (n - 1.0) * (n - 2.0) * (n - 4.0) * (n - 5.0)),
        -4.0 * polynomial(n, &[1.0, -5.0, 8.0]) / (below * (n - 2.0)),
        8.0 / (n * (n - 1.0) * (n - 2.0) * (n - 4.0) * (n - 5.0)),
        cc,
        ct,
        tt,
    ]
}

/// The coefficients of `E A Q^3`.
fn a_q3(n: f64) -> [f64; 6] {
    let below = (n - 1.0) * (n - 3.0) * (n - 5.0) * (n - 6.0);
    [
        8.0 * polynomial(n, &[1.0, -7.0, 10.0, 24.0]) / (below * (n - 4.0)),
        -96.0 / below,
        -24.0 * polynomial(n, &[1.0, -7.0, 14.0]) / (below * (n - 4.0)),
        24.0 * polynomial(n, &[1.0, -9.0, 22.0]) / (below * (n - 4.0)),
        48.0 / below,
        24.0 * polynomial(n, &[1.0, -10.0, 33.0, -30.0]) / (below * n * (n - 4.0)),
    ]
}

/// The coefficients of `E Q^4`.
fn q4(n: f64) -> [f64; 15] {
    let below: f64 = (0..8).map(|i| n - f64::from(i)).product();
    let over = |factor: f64, coefficients: &[f64]| factor * polynomial(n, coefficients) / below;
    [
        over(8.0, &[1.0, -13.0, 49.0, 29.0, -338.0, -112.0, 960.0]),
        over(-48.0, &[1.0, -13.0, 59.0, -61.0, -214.0, 384.0]),
        over(-96.0, &[3.0, -26.0, 53.0, 66.0, -192.0]),
        over(24.0, &[1.0, -14.0, 71.0, -154.0, 144.0]),
        over(48.0, &[1.0, -14.0, 87.0, -266.0, 288.0]),
        over(48.0, &[1.0, -11.0, 24.0, 150.0, -722.0, 804.0]),
        over(192.0, &[1.0, -4.0, -30.0, 177.0, -222.0]),
        over(-48.0, &[1.0, -16.0, 92.0, -221.0, 198.0]),
        over(-96.0, &[1.0, -16.0, 100.0, -277.0, 270.0]),
        over(96.0, &[1.0, -10.0, 31.0, 18.0, -104.0]) * (n - 4.0),
        over(-96.0, &[1.0, -5.0, 10.0]) * (n - 5.0),
        over(-192.0, &[3.0, -34.0, 125.0, -142.0]),
        over(12.0, &[1.0, -18.0, 115.0, -306.0, 292.0]),
        over(96.0, &[1.0]) * (n - 4.0) * (n - 5.0),
        over(48.0, &[1.0, -14.0, 63.0, -82.0]) * (n - 4.0),
    ]
}
