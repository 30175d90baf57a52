//! Jensen-Shannon divergence: how differently do two models distribute their belief over the classes?
//!
//! ```text
//! js_divergence(x, y) = 1/(2n) sum_i [KL(p_i, m_i) + KL(q_i, m_i)]        m_i = (p_i + q_i) / 2
//! ```
//!
//! Written as a difference of entropies it loses all digits where p and q are close and may turn negative. So it is summed
//! class by class in a form whose terms are never negative: with `s = p + q` and `d = (p - q)/s`,
//!
//! ```text
//! js(p, q) = sum_c s/4 f(d)        f(d) = (1 + d) log(1 + d) + (1 - d) log(1 - d) = d^2 + d^4/6 + d^6/15 + ...
//! ```
//!
//! With `sqrt` the root of every input's value is taken before the mean, which makes it a metric; that is not the root of
//! the mean.
//!
//! - Misleads when confidence is taken for knowledge: two models that predict the same class everywhere differ if one is
//!   surer, and scaling the logits (temperature) changes the value.
//! - Cost: O(n C) per model and per pair.
//! - Reference: Lin (1991); as a metric, Endres & Schindelin (2003).

use crate::cost::Cost;
use crate::engines::predictions::{Probabilities, ScoreKind};
use crate::error::{Error, Result};
use crate::facts::Change::{Relabeling, RowShift};
use crate::facts::{Facts, Input, Jackknife, Kind, Triangle};
use crate::form::{Form, Rows};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;

/// Mean divergence of the class probabilities.
#[derive(Clone, Copy, Debug)]
pub struct JsDivergence {
    kind: ScoreKind,
    /// Nats per unit.
    unit: f64,
    sqrt: bool,
    renormalize: bool,
}

impl Measure for JsDivergence {
    const NAME: &'static str = "js_divergence";
    const FAMILY: &'static str = "functional";
    type Summary = Probabilities;

    fn from_options(options: &mut Options) -> Result<Self> {
        let kinds = [("probs", ScoreKind::Probs), ("logits", ScoreKind::Logits), ("log_probs", ScoreKind::LogProbs)];
        let kind = options.required_choice("kind", &kinds)?;
        // A base below 1 would turn the distance upside down.
        let base = options.float("base").within(|v| v > 1.0, "a number above 1").examples(&[2.0, 10.0]).or_none()?;
        let (sqrt, renormalize) = (options.bool("sqrt", false)?, options.bool("renormalize", false)?);
        let kind = kind.ok_or_else(|| Error::KindRequired { measure: Self::NAME.into() })?;
        Ok(Self { kind, unit: base.map_or(1.0, f64::ln), sqrt, renormalize })
    }

    fn facts(&self) -> Facts {
        let most = self.of_nats(std::f64::consts::LN_2);
        Facts {
            kind: Kind::Distance,
            input: Input::Probabilities,
            range: (0.0, most),
            identity_value: 0.0,
            jackknife: Jackknife::MeanOfRows,
            triangle: if self.sqrt { Triangle::Metric } else { Triangle::No },
            invariant_to: if self.kind == ScoreKind::Logits { &[Relabeling, RowShift] } else { &[Relabeling] },
            equal_widths: true,
            reference: "Lin 1991",
            cost: "O(n C) per model and per pair",
            ..Facts::PREDICTIONS
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        // A logarithm or two per entry.
        Cost { score: 50.0 * n as f64 * d as f64, ..Cost::entries(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Probabilities> {
        Ok((*Probabilities::of(x, self.kind, self.renormalize, par)?).clone())
    }

    fn form<'a>(&'a self, x: &'a Probabilities, y: &'a Probabilities) -> Result<Form<'a>> {
        let (p, q) = (x.classes(), y.classes());
        if p != q {
            return Err(Error::WidthMismatch { measure: Self::NAME.into(), p, q });
        }
        Ok(Form::Rows(Rows {
            n: crate::summary::Summary::rows(x),
            row: Box::new(|i, j| self.of_nats(divergence(x.row(i), y.row(j)))),
            factor: 1.0,
            offset: 0.0,
            at_chance: None,
        }))
    }
}

impl JsDivergence {
    fn of_nats(&self, nats: f64) -> f64 {
        let value = nats / self.unit;
        if self.sqrt { value.sqrt() } else { value }
    }
}

/// The divergence of two rows of probabilities, in nats.
fn divergence(p: &[f64], q: &[f64]) -> f64 {
    let term = |(p, q): (&f64, &f64)| {
        let sum = p + q;
        if sum > 0.0 { sum * spread((p - q) / sum) } else { 0.0 }
    };
    0.25 * p.iter().zip(q).map(term).sum::<f64>()
}

/// `(1 + d) log(1 + d) + (1 - d) log(1 - d)` for d from -1 to 1.
fn spread(d: f64) -> f64 {
    if d.abs() < 0.1 {
        // sum over k of d^2k / (k (2k - 1)); the ninth term is below the last digit.
        let z = d * d;
        let series = [1.0, 6.0, 15.0, 28.0, 45.0, 66.0, 91.0, 120.0];
        return z * series.iter().rev().fold(0.0_f64, |sum, c| sum.mul_add(z, 1.0 / c));
    }
    let half = |d: f64| if d > -1.0 { (1.0 + d) * d.ln_1p() } else { 0.0 };
    half(d) + half(-d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;

    const P1: [f64; 12] = [0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.2, 0.3, 0.5, 0.6, 0.4, 0.0];
    const P2: [f64; 12] = [0.5, 0.3, 0.2, 0.1, 0.8, 0.1, 0.4, 0.35, 0.25, 0.1, 0.9, 0.0];

    fn js(kind: ScoreKind, unit: f64, sqrt: bool) -> JsDivergence {
        JsDivergence { kind, unit, sqrt, renormalize: false }
    }

    fn form_rows(measure: &JsDivergence, x: &[f64], y: &[f64]) -> (f64, Vec<f64>) {
        let side = |values| measure.summarize(&representation("x", values, 3), Par::SEQ).unwrap();
        let (x, y) = (side(x), side(y));
        let form = measure.form(&x, &y).unwrap();
        (form.score(None, Par::SEQ).unwrap(), form.rows(Par::SEQ).unwrap().unwrap())
    }

    #[test]
    fn equals_the_golden_rows() {
        let (nats, rows) = form_rows(&js(ScoreKind::Probs, 1.0, false), &P1, &P2);
        for (row, expected) in rows.iter().zip([0.0219011789685, 0.0, 0.0391897722548, 0.148399318834]) {
            assert!((row - expected).abs() < 1e-12);
        }
        assert!((nats - 0.0523725675144).abs() < 1e-13);
        let (bits, _) = form_rows(&js(ScoreKind::Probs, 2.0_f64.ln(), false), &P1, &P2);
        assert!((bits - 0.0755576434317).abs() < 1e-13);
        let (root, _) = form_rows(&js(ScoreKind::Probs, 1.0, true), &P1, &P2);
        assert!((root - 0.182795214712).abs() < 1e-12);
        let (z1, z2) = ([2.0, 0.0, -1.0, 0.0, 1.0, 0.0], [1.0, 1.5, 0.0, 0.0, 1.0, 0.5]);
        let (soft, _) = form_rows(&js(ScoreKind::Logits, 1.0, false), &z1, &z2);
        assert!((soft - 0.0753776759548).abs() < 1e-13);
    }

    /// One-hot rows differ by log 2 or not at all.
    #[test]
    fn certainty_is_disagreement() {
        assert_eq!(divergence(&[1.0, 0.0, 0.0], &[0.0, 0.0, 1.0]), std::f64::consts::LN_2);
        assert_eq!(divergence(&[0.0, 1.0, 0.0], &[0.0, 1.0, 0.0]).to_bits(), 0);
    }

    /// The series and the logarithms meet, and both equal a slow twin that sums far more terms than are needed.
    #[test]
    fn the_spread_has_all_its_digits() {
        for step in 1..=2000 {
            let d = 0.6 * f64::from(step) / 2000.0;
            let twin: f64 = (1..400).rev().map(|k| f64::from(k)).map(|k| d.powf(2.0 * k) / (k * (2.0 * k - 1.0))).sum();
            assert!((spread(d) / twin - 1.0).abs() < 1e-14, "{d}");
            assert_eq!(spread(d), spread(-d));
        }
        assert_eq!(spread(1.0), 2.0 * std::f64::consts::LN_2);
        assert_eq!(spread(-1.0), spread(1.0));
    }

    /// Near-identical rows: to second order the divergence is the sum of (p - q)^2 / (8 m).
    #[test]
    fn close_rows_keep_their_digits() {
        for size in [1e-3, 1e-6, 1e-9] {
            let (p, q) = ([0.5 + size, 0.3 - size, 0.2], [0.5, 0.3, 0.2]);
            let expected: f64 = p.iter().zip(&q).map(|(p, q)| (p - q) * (p - q) / (4.0 * (p + q))).sum();
            let found = divergence(&p, &q);
            assert!(
                found > 0.0 && (found / expected - 1.0).abs() < 10.0 * size.powi(2) + 1e-6 * size + 1e-14,
                "{size}"
            );
        }
    }

    #[test]
    fn widths_must_agree_and_the_kind_be_told() {
        let measure = js(ScoreKind::Probs, 1.0, false);
        let x = measure.summarize(&representation("x", &P1, 3), Par::SEQ).unwrap();
        let y =
            measure.summarize(&representation("y", &[0.5, 0.5, 0.1, 0.9, 1.0, 0.0, 0.0, 1.0], 2), Par::SEQ).unwrap();
        assert!(matches!(measure.form(&x, &y), Err(Error::WidthMismatch { p: 3, q: 2, .. })));
        let from = |given: Vec<(String, crate::value::Value)>| {
            JsDivergence::from_options(&mut Options::new("js_divergence", given)).map(|_| ()).unwrap_err().code()
        };
        assert_eq!(from(vec![]), "kind_required");
        assert_eq!(from(vec![("kind".into(), "probs".into()), ("base".into(), 1.0.into())]), "bad_option");
    }
}
