//! Ties of values: those that round-off alone can tell apart.
//!
//! A value is a sum of terms. Another order of summation, or a transform, moves it by a few roundings of the size of its
//! *terms*, however small the value itself is and however far the values spread. So the window of ties follows that size: for
//! `<k, l>` it is `|k| |l|`. A share of the spread would not do. Where all arrangements score alike the spread is round-off too,
//! and where one arrangement lies ten thousand times as far away as all others are apart, a share of it takes others for equal.
//!
//! A window that is too wide makes p larger, never smaller; one that is too narrow makes p depend on the engine.

use crate::error::Result;
use crate::facts::Facts;
use crate::form::{Bound, Cross, Form};
use crate::linalg::Matrix;
use crate::numerics::sums;
use crate::par::Par;

/// Roundings between two ways to the same value. A test holds all engines below a quarter of it.
const ROUNDINGS: f64 = 100.0;
/// Scores between fixed ends that come from decompositions or from sums over rows are known to this.
const DECOMPOSED: f64 = 1e-12;
/// Halvings that find the sum of singular values behind a score.
const HALVINGS: usize = 60;

/// Error by round-off of a value whose terms have this size.
pub fn round_off(size: f64) -> f64 {
    ROUNDINGS * f64::EPSILON * size
}

/// The window of ties of these values, or of values of which these are some; they are known to `least` at best.
pub fn window(values: &[f64], least: f64) -> f64 {
    let largest = values.iter().map(|value| value.abs()).filter(|size| size.is_finite()).fold(0.0, f64::max);
    round_off(largest).max(least)
}

/// Tolerance of the values of a form: `<k, l>` of a bilinear one, scores of any other.
pub fn of_values(form: &Form<'_>, facts: &Facts, score: f64, par: Par<'_>) -> Result<f64> {
    let (low, high) = facts.range;
    let least = if (high - low).is_finite() { DECOMPOSED } else { 0.0 };
    Ok(match form {
        Form::Bilinear(form) => round_off(form.k.norm(par)? * form.l.norm(par)?),
        Form::Cross(form) => least.max(of_sum(form, score)),
        _ => least,
    })
}

/// Tolerance of scores.
pub fn of_scores(form: &Form<'_>, facts: &Facts, score: f64, par: Par<'_>) -> Result<f64> {
    let Form::Bilinear(bilinear) = form else { return of_values(form, facts, score, par) };
    let (inner, denominator) = (bilinear.k.inner(bilinear.l, None, par)?, bilinear.denominator(par)?);
    let by = of_values(form, facts, score, par)?;
    Ok(around(inner, by, |inner| bilinear.link.score(inner, denominator)))
}

/// Change of a function where its argument moves by that much.
fn around(at: f64, by: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (low, middle, high) = (of(at - by), of(at), of(at + by));
    (low - middle).abs().max((high - middle).abs())
}

/// A root or an angle of the sum of singular values is known less well where it is close to 0.
fn of_sum(form: &Cross<'_>, score: f64) -> f64 {
    let Some(Bound::Sum { link, rises }) = &form.bound else { return 0.0 };
    let size = norm(form.a) * norm(form.b);
    let (mut low, mut high) = (0.0, size);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if (link(middle) < score) == *rises { low = middle } else { high = middle }
    }
    let found = around(f64::midpoint(low, high), round_off(size), |sum| link(sum.max(0.0)));
    if found.is_finite() { found } else { 0.0 }
}

fn norm(matrix: &Matrix) -> f64 {
    sums::dot(matrix.data(), matrix.data()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_survive_infinity() {
        assert_eq!(window(&[f64::INFINITY, f64::NEG_INFINITY], 0.0), 0.0);
        assert_eq!(window(&[f64::INFINITY, -2.0, 1.0], 0.0), round_off(2.0));
        assert_eq!(window(&[1e-9], 1e-12), 1e-12);
    }

    /// Tolerance of a root: by the slope away from 0, by the root of the round-off at 0.
    #[test]
    fn roots_are_known_less_well_near_zero() {
        let root = |square: f64| square.max(0.0).sqrt();
        assert!((around(4.0, 1e-8, root) / 2.5e-9 - 1.0).abs() < 1e-6);
        assert!((around(0.0, 1e-8, root) / 1e-4 - 1.0).abs() < 1e-9);
    }
}
