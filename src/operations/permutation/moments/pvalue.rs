//! P-values from moments, without permutations: for ranking, for planning a test and for the far tail; never the answer
//! of a test.
//!
//! Two laws take the place of the law of the statistic over all n! pairings. Both have its mean and variance.
//!
//! - **Pearson III** ([`pearson`]): a shifted gamma law with its skewness g too. Its kurtosis is `3 + 1.5 g^2`. Far out
//!   it is often much too small where few directions carry a representation.
//! - **Saddlepoint** ([`saddlepoint`]): `a S + b Z`, where `S = sum w_i (chi^2_1 - 1)` with weights proportional to the
//!   products of the leading eigenvalues of the two centered matrices, `sum 2 w^2 = 1`, which is what the statistic
//!   tends to for many items, and Z is normal. `a^3` is the ratio of the skewnesses of T and S, held within [0, 1], and
//!   `a^2 + b^2 = 1`. With weights `a w` the cumulant function and the tail beyond z (Lugannani and Rice in the form of
//!   Barndorff-Nielsen) are
//!
//! ```text
//! C(t) = -1/2 sum (log(1 - 2 w t) + 2 w t) + b^2 t^2 / 2        C'(t) = z
//! r = sign(t) sqrt(2 (t z - C(t)))    v = t sqrt(C''(t))    P(a S + b Z >= z) = P(Z >= r + log(v/r) / r)
//! ```
//!
//! With `x = 2 w t`, `2 (t C' - C)` is a sum of `x / (1 - x) + log(1 - x)`, of which no term is negative: nothing
//! cancels. One root t serves both tails.
//!
//! Whether the tail can be trusted is a hint, not a proof: the kurtosis of the law is compared with the exact one.
//! Results are in (0, 1]; what is below the smallest normal number is reported as that. Tails of a gamma law fall by
//! nature; that those of the saddlepoint do is tested over many spectra, not proven.

use crate::engines::dense::Centering;
use crate::engines::pair_matrix::PairMatrix;
use crate::error::Result;
use crate::linalg;
use crate::numerics::gamma::{Tails, gamma_tails, normal_tails, series};
use crate::operations::permutation::moments::{Factored, Moments};
use crate::operations::permutation::request::Alternative;
use crate::par::Par;

/// Eigenvalues that are kept of each matrix.
const KEPT: usize = 80;
/// The largest n x n matrix whose eigenvalues are computed.
pub const LARGEST: usize = 2000;
/// Standard deviations beyond which every tail has left the range of numbers.
const FAR: f64 = 1e6;

/// A p-value and what is known about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ApproximatePValue {
    /// P-value in (0, 1].
    pub pvalue: f64,
    /// The kurtosis of the law it comes from (3 for a normal law); None where nothing varies and p is 1.
    pub kurtosis: Option<f64>,
    /// True if that is close to the exact kurtosis; None if the latter is not known.
    pub reliable: Option<bool>,
}

impl ApproximatePValue {
    /// P-value where no pairing changes the statistic.
    const CONSTANT: Self = Self { pvalue: 1.0, kurtosis: None, reliable: Some(true) };

    fn new(tails: Tails, kurtosis: f64, moments: &Moments, alternative: Alternative) -> Self {
        let pvalue = match alternative {
            Alternative::Greater => tails.upper,
            Alternative::Less => tails.lower,
            Alternative::TwoSided => 2.0 * tails.upper.min(tails.lower),
        };
        let reliable = moments.kurtosis.map(|exact| (kurtosis - exact).abs() <= 0.1 * (1.0 + (exact - 3.0).abs()));
        Self { pvalue: pvalue.clamp(f64::MIN_POSITIVE, 1.0), kurtosis: Some(kurtosis), reliable }
    }
}

/// P-value of the Pearson III law; None if the skewness is not known.
pub fn pearson(statistic: f64, moments: &Moments, alternative: Alternative) -> Option<ApproximatePValue> {
    let Some(z) = standardized(statistic, moments) else { return Some(ApproximatePValue::CONSTANT) };
    let g = moments.skewness?;
    let tails = if g < 0.0 { pearson_tails(-z, -g).reflected() } else { pearson_tails(z, g) };
    Some(ApproximatePValue::new(tails, 3.0 + 1.5 * g * g, moments, alternative))
}

/// P-value from the leading eigenvalues of the two matrices ([`leading_eigenvalues`]); None if the skewness is not known.
pub fn saddlepoint(
    statistic: f64,
    moments: &Moments,
    (a, b): (&[f64], &[f64]),
    alternative: Alternative,
) -> Option<ApproximatePValue> {
    let Some(z) = standardized(statistic, moments) else { return Some(ApproximatePValue::CONSTANT) };
    let law = Law::new(a, b, moments.skewness?);
    Some(ApproximatePValue::new(normal_tails(law.root(z)), 3.0 + law.fourth, moments, alternative))
}

/// The largest eigenvalues, by absolute value, of the matrix with row and column means taken out; None if it is too
/// large.
///
/// They are those of `x'x`, x the centered factor, if that is smaller.
pub fn leading_eigenvalues(pairs: &PairMatrix, par: Par<'_>) -> Result<Option<Vec<f64>>> {
    let mut values = match pairs.factor() {
        Some((a, Centering::Plain)) if a.cols() < a.rows() => {
            linalg::eigenvalues(&linalg::gram(&Factored::new(a, 1.0, par)?.x, par)?)?
        }
        _ if pairs.n() > LARGEST => return Ok(None),
        _ => {
            let mut dense = pairs.dense(par)?.copy()?;
            dense.center(par)?;
            linalg::eigenvalues(&dense.full()?)?
        }
    };
    values.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
    values.truncate(KEPT);
    Ok(Some(values))
}

/// Standard deviations from the mean; None if these are nothing but round-off of the mean.
fn standardized(statistic: f64, moments: &Moments) -> Option<f64> {
    let std = moments.variance.sqrt();
    let z = (statistic - moments.mean) / std;
    (std > 100.0 * f64::EPSILON * moments.mean.abs() && !z.is_nan()).then(|| z.clamp(-FAR, FAR))
}

/// Tails of the standardized Pearson III law with skewness g >= 0: `2 z / g + 4 / g^2` has a gamma law.
fn pearson_tails(z: f64, g: f64) -> Tails {
    let shape = 4.0 / (g * g);
    if shape < 1e200 { gamma_tails(shape, shape + 2.0 * z / g, 0.5 * z * g) } else { normal_tails(z) }
}

/// `aS + bZ`.
struct Law {
    /// The weights of S times a.
    weights: Vec<f64>,
    /// `b^2`
    normal: f64,
    /// Third and fourth cumulant.
    third: f64,
    fourth: f64,
}

impl Law {
    fn new(a: &[f64], b: &[f64], skewness: f64) -> Self {
        let units = [a, b].map(|values| linalg::unit_scale(values.iter().fold(0.0, |m, v| v.abs().max(m))));
        let products = a.iter().flat_map(|a| b.iter().map(move |b| (a * units[0]) * (b * units[1])));
        let mut weights: Vec<f64> = products.filter(|w| *w != 0.0 && w.is_finite()).collect();
        let size = (2.0 * weights.iter().map(|w| w * w).sum::<f64>()).sqrt();
        weights.iter_mut().for_each(|w| *w /= size);
        let ratio = skewness / (8.0 * weights.iter().map(|w| w.powi(3)).sum::<f64>());
        let share = if ratio > 0.0 { ratio.min(1.0).cbrt() } else { 0.0 };
        weights.iter_mut().for_each(|w| *w *= share);
        weights.retain(|w| *w != 0.0);
        let cumulant = |factor: f64, power: i32| factor * weights.iter().map(|w| w.powi(power)).sum::<f64>();
        let (third, fourth) = (cumulant(8.0, 3), cumulant(48.0, 4));
        let normal = if weights.is_empty() { 1.0 } else { 1.0 - share * share };
        Self { weights, normal, third, fourth }
    }

    /// `C'` and `C''`.
    fn slopes(&self, t: f64) -> (f64, f64) {
        let (mut first, mut second) = (self.normal * t, self.normal);
        for w in &self.weights {
            let x = 2.0 * w * t;
            first += w * x / (1.0 - x);
            second += 2.0 * (w / (1.0 - x)).powi(2);
        }
        (first, second)
    }

    /// Root of `C'(t) = z`; infinite if z is not in the range of the law.
    fn saddle(&self, z: f64) -> f64 {
        let sign = z.signum();
        let steepest = self.weights.iter().fold(0.0_f64, |m, w| m.max(sign * w));
        let value = |t: f64| (sign * self.slopes(sign * t).0) - z.abs();
        let (mut near, mut far) = (0.0, 1.0);
        if steepest > 0.0 {
            far = (1.0 - 1e-15) * 0.5 / steepest;
        } else {
            while value(far) < 0.0 && far < 1e100 {
                far *= 2.0;
            }
        }
        if value(far) < 0.0 {
            return sign * f64::INFINITY;
        }
        let mut t = z.abs().min(0.5 * far);
        for _ in 0..200 {
            let (first, second) = self.slopes(sign * t);
            let excess = sign * first - z.abs();
            if excess > 0.0 {
                far = t
            } else {
                near = t
            }
            let newton = t - excess / second;
            let next = if near < newton && newton < far { newton } else { 0.5 * (near + far) };
            if (next - t).abs() <= f64::EPSILON * t {
                break;
            }
            t = next;
        }
        sign * t
    }

    /// The point of the normal law with the same tails.
    fn root(&self, z: f64) -> f64 {
        let t = self.saddle(z.clamp(-1e4, 1e4));
        if t.is_infinite() {
            return t;
        }
        let depth = self.weights.iter().map(|w| excess(2.0 * w * t)).sum::<f64>() + self.normal * t * t;
        let r = depth.sqrt().copysign(t);
        if r.abs() < 1e-5 {
            // The series of log(v/r)/r, whose terms would cancel.
            return r + self.third / 6.0 + r * (self.fourth / 8.0 - 7.0 * self.third * self.third / 36.0);
        }
        r + (t * self.slopes(t).1.sqrt() / r).ln() / r
    }
}

/// `x / (1 - x) + log(1 - x)`, by its series `sum (1 - 1/k) x^k` where the two cancel.
fn excess(x: f64) -> f64 {
    if x.abs() >= 0.1 {
        return x / (1.0 - x) + (-x).ln_1p();
    }
    series(x, |k| 1.0 - 1.0 / k)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engines::dense::Dense;
    use crate::linalg::Matrix;
    use crate::numerics::gamma::LARGE_SHAPE;

    fn near(found: f64, expected: f64, tolerance: f64) -> bool {
        (found - expected).abs() <= tolerance * expected.abs()
    }

    #[test]
    fn both_sides_of_the_border_between_the_methods_agree() {
        for z in [-3.0, 0.0, 4.0, 20.0] {
            let [below, above] =
                [1.0 - 1e-12, 1.0 + 1e-12].map(|near| pearson_tails(z, (4.0 / LARGE_SHAPE).sqrt() * near));
            assert!(near(below.upper, above.upper, 1e-10) && near(below.lower, above.lower, 1e-10), "{z}");
        }
    }

    fn standard(skewness: f64) -> Moments {
        Moments { mean: 0.0, variance: 1.0, skewness: Some(skewness), kurtosis: None }
    }

    fn three(of: impl Fn(Alternative) -> Option<ApproximatePValue>) -> [f64; 3] {
        Alternative::CHOICES.map(|(_, alternative)| of(alternative).unwrap().pvalue)
    }

    /// SciPy 1.17, `gamma.sf` and `gamma.cdf` as the oracle uses them.
    #[test]
    fn pearson_three() {
        let at = [-3.0, -1.0, 0.0, 0.5, 2.0, 5.0, 9.0];
        for (g, expected) in [
            (
                0.95,
                [
                    1.0,
                    0.8551892169624364,
                    0.43679580506137555,
                    0.2671752702245505,
                    0.04173282402911985,
                    0.0004120828994410193,
                    3.8465080032518356e-07,
                ],
            ),
            (
                0.06,
                [
                    0.998982119607315,
                    0.8413818336250308,
                    0.49601055728894966,
                    0.3058987124365711,
                    0.02434505603320617,
                    8.777559682455449e-07,
                    4.888517104421414e-17,
                ],
            ),
            (
                -0.5,
                [
                    0.9945742546441638,
                    0.8434868653602571,
                    0.5332551086122796,
                    0.3306400824374797,
                    0.008231010986844851,
                    0.0,
                    0.0,
                ],
            ),
            (
                40.0,
                [
                    1.0,
                    1.0,
                    0.013455639440896974,
                    0.0075852158153635494,
                    0.004495919602802341,
                    0.0025917761986146816,
                    0.0015562712982031838,
                ],
            ),
        ] {
            for (z, expected) in at.into_iter().zip::<[f64; 7]>(expected) {
                let [greater, less, both] = three(|side| pearson(z, &standard(g), side));
                assert!(near(greater, expected.max(f64::MIN_POSITIVE), 1e-11), "{g} {z}: {greater} {expected}");
                assert!((greater + less - 1.0).abs() < 1e-14);
                assert!(near(both, (2.0 * greater.min(less)).min(1.0), 1e-15) || both == f64::MIN_POSITIVE);
                let [mirrored, ..] = three(|side| pearson(-z, &standard(-g), side));
                assert_eq!(mirrored, less);
            }
        }
    }

    fn features(n: usize, d: usize, k: usize) -> Matrix {
        let entry = |i: usize, j: usize| ((i + 1) * (j + 2) * (k + 3) + i * i * (j + k + 1)) % 17;
        Matrix::from_fn(n, d, |i, j| entry(i, j) as f64 - 8.0)
    }

    fn distances(x: &Matrix) -> PairMatrix {
        let n = x.rows();
        let upper = (0..n).flat_map(|i| (i + 1..n).map(move |j| (x.at(i, 0) - x.at(j, 0)).abs())).collect();
        PairMatrix::stored("x", Dense::new(n, upper, None), 0.0)
    }

    /// The oracle, on the matrices of the golden numbers: tails and implied kurtosis.
    #[test]
    fn saddlepoint_of_golden_matrices() {
        let grams = [features(12, 3, 0), features(12, 2, 1)].map(|a| {
            let a = Arc::new(Factored::new(&a, 1.0, Par::SEQ).unwrap().x);
            PairMatrix::linear("x", a, Centering::Plain, Par::SEQ).unwrap()
        });
        let lines = [features(12, 1, 0), features(12, 1, 2)].map(|x| distances(&x));
        for (pairs, g, kurtosis, expected) in [
            (
                grams,
                1.1324329693441988,
                5.945398828712207,
                [0.24298534170010294, 0.07207485859862617, 0.012016364981824401, 0.00039580961104003157],
            ),
            (
                lines,
                0.896376974643425,
                5.424006422037647,
                [0.24673078730884074, 0.06767526983918196, 0.010656439181490064, 0.000331737187933689],
            ),
        ] {
            let [a, b] = pairs.map(|pairs| leading_eigenvalues(&pairs, Par::SEQ).unwrap().unwrap());
            for (z, expected) in [0.5, 1.5, 3.0, 6.0].into_iter().zip(expected) {
                let of = |z: f64, g: f64, a: &[f64]| three(|side| saddlepoint(z, &standard(g), (a, &b), side));
                let [greater, less, _] = of(z, g, &a);
                assert!(near(greater, expected, 1e-10), "{z}: {greater} {expected}");
                assert!((greater + less - 1.0).abs() < 1e-14);
                let mirrored: Vec<f64> = a.iter().map(|v| -v).collect();
                assert!(near(of(-z, -g, &mirrored)[1], expected, 1e-10));
                let found = saddlepoint(z, &standard(g), (&a, &b), Alternative::Greater).unwrap();
                assert!(near(found.kurtosis.unwrap(), kurtosis, 1e-10) && found.reliable.is_none());
            }
        }
    }

    /// The factor's eigenvalues are those of its matrix, but for zeros.
    #[test]
    fn eigenvalues_on_the_smaller_side() {
        let a = Arc::new(features(60, 3, 0));
        let factor = PairMatrix::linear("x", a, Centering::Plain, Par::SEQ).unwrap();
        assert!(factor.factor_columns().is_some());
        let stored = PairMatrix::stored("x", factor.dense(Par::SEQ).unwrap().copy().unwrap(), 0.0);
        let [few, all] = [factor, stored].map(|pairs| leading_eigenvalues(&pairs, Par::SEQ).unwrap().unwrap());
        assert_eq!((few.len(), all.len()), (3, 60));
        assert!(few.iter().zip(&all).all(|(a, b)| near(*a, *b, 1e-11)), "{few:?} {:?}", &all[..3]);
        assert!(all[3..].iter().all(|v| v.abs() < 1e-10 * all[0]));
    }

    /// Equal weights make a chi-squared law, which is known; the saddlepoint is close to it in both tails.
    #[test]
    fn known_law() {
        for freedom in [1, 2, 5, 40] {
            let k = freedom as f64;
            let weights = vec![1.0; freedom];
            let g = (8.0 / k).sqrt();
            for z in [-0.9, -0.5, 0.0, 1e-7, 0.5, 2.0, 6.0, 15.0] {
                let [greater, less, _] = three(|side| saddlepoint(z, &standard(g), (&weights, &[3.0]), side));
                let x = 0.5 * (k + z * (2.0 * k).sqrt());
                let known = gamma_tails(0.5 * k, x, x / (0.5 * k) - 1.0);
                let most = 0.1 / k;
                let known = [known.upper, known.lower].map(|v| v.max(f64::MIN_POSITIVE));
                assert!(near(greater, known[0], most), "{freedom} {z}: {greater} {known:?}");
                assert!(near(less, known[1], most), "{freedom} {z}: {less} {known:?}");
            }
        }
    }

    type TestedMoments<'a> = dyn Fn(f64, Alternative) -> Option<ApproximatePValue> + 'a;

    /// Every p is in (0, 1], none is NaN, and none rises toward its side, whatever the spectra and the skewness.
    #[test]
    fn monotone_and_in_range() {
        let decaying = |pace: i32| (1..=8).map(|i| f64::from(i).powi(-pace)).collect::<Vec<f64>>();
        let signed: Vec<f64> = (1..=8).map(|i| (1.7 * f64::from(i)).sin()).collect();
        let spectra = [
            decaying(0),
            decaying(1),
            decaying(3),
            signed,
            vec![1.0],
            vec![1.0, -1.0],
            vec![1e-200, 1e200],
            vec![0.0],
            vec![],
        ];
        let grid = (-50..=150).map(|i| 0.2 * f64::from(i));
        let ends = [-f64::MAX, -1e9, -1e3, -50.0];
        let places: Vec<f64> = ends.into_iter().chain(grid).chain(ends.iter().rev().map(|z| -z)).collect();
        for g in [0.0, 1e-300, 1e-9, 1e-3, 0.3, 1.5, 8.0, 300.0, 1e200] {
            for g in [g, -g] {
                let mut laws: Vec<Box<TestedMoments<'_>>> =
                    vec![Box::new(move |z, side| pearson(z, &standard(g), side))];
                for (at, a) in spectra.iter().enumerate() {
                    let b = &spectra[(2 * at + 1) % spectra.len()];
                    laws.push(Box::new(move |z, side| saddlepoint(z, &standard(g), (a, b), side)));
                }
                for (which, law) in laws.iter().enumerate() {
                    let mut before = [1.0, 0.0];
                    for &z in &places {
                        let [greater, less, both] = three(|side| law(z, side));
                        assert!([greater, less, both].iter().all(|p| *p > 0.0 && *p <= 1.0), "{g} {which} {z}");
                        assert!(greater <= before[0] * (1.0 + 1e-12), "{g} {which} {z}: {greater} {}", before[0]);
                        assert!(less >= before[1] * (1.0 - 1e-12), "{g} {which} {z}: {less} {}", before[1]);
                        before = [greater, less];
                    }
                    assert!(before[0] < 1e-6 || g.abs() > 1e3, "{g} {which}: {}", before[0]);
                }
            }
        }
    }

    #[test]
    fn degenerate_and_unknown() {
        let flat = Moments { mean: 3.0, variance: 0.0, skewness: None, kurtosis: None };
        for moments in [flat, Moments { variance: 1e-32, ..flat }, Moments { variance: f64::NAN, ..flat }] {
            for statistic in [3.0, -1e300, 4.0] {
                assert_eq!(three(|side| pearson(statistic, &moments, side)), [1.0; 3]);
                assert_eq!(three(|side| saddlepoint(statistic, &moments, (&[1.0], &[1.0]), side)), [1.0; 3]);
            }
        }
        let unknown = Moments { variance: 1.0, ..flat };
        assert!(pearson(3.0, &unknown, Alternative::Less).is_none());
        assert!(saddlepoint(3.0, &unknown, (&[1.0], &[1.0]), Alternative::Less).is_none());
    }

    /// The flag follows the kurtosis.
    #[test]
    fn reliable() {
        for (kurtosis, expected) in
            [(4.5, true), (4.29, true), (4.27, false), (4.77, true), (4.79, false), (3.0, false)]
        {
            let moments = Moments { kurtosis: Some(kurtosis), ..standard(1.0) };
            let found = pearson(1.0, &moments, Alternative::Greater).unwrap();
            assert_eq!((found.kurtosis, found.reliable), (Some(4.5), Some(expected)), "{kurtosis}");
        }
    }
}
