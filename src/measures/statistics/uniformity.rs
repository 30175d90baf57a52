//! Uniformity: how evenly are the rows of a representation spread out?
//!
//! ```text
//! uniformity(x) = log ( 1/n^2 sum_ij exp(-t |x_i - x_j|^2) )
//! ```
//!
//! The mean potential of pairs of rows under a Gaussian kernel, as a logarithm: 0 is a single point, and more negative is
//! more uniform. `pairs="distinct"` leaves out the pairs of a row with itself. Pairs are visited tile by tile and not kept;
//! of each tile the largest term is taken out before the sum, so that nothing vanishes.
//!
//! - Misleads when rows are far apart in units of 1/sqrt(t), as raw activations are: then only the pairs of a row with
//!   itself count, and the number is -log n for any data. Scale the rows (`normalize_rows`), or choose a smaller `t`.
//! - Cost: O(n^2 d) time, O(n d) memory.
//! - Reference: Wang & Isola (2020), arXiv:2005.10242.

use super::{Compare, Described, compared, facts, form};
use crate::cost::Cost;
use crate::engines::kernels::{self, Points};
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::Facts;
use crate::form::Form;
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// A number this close to its floor, relative to it, says nothing about the data.
const AT_FLOOR: f64 = 0.01;

/// Logarithm of the mean Gaussian potential of pairs of rows.
#[derive(Clone, Copy, Debug)]
pub struct Uniformity {
    t: f64,
    /// Pairs of each row with itself, if they count.
    all_pairs: bool,
    normalize_rows: bool,
    compare: Compare,
}

impl Measure for Uniformity {
    const NAME: &'static str = "uniformity";
    const FAMILY: &'static str = "statistics";
    type Summary = Described;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self {
            t: options.float("t").default(2.0).positive().examples(&[0.5]).read()?,
            all_pairs: options.choice("pairs", &[("all", true), ("distinct", false)])?,
            normalize_rows: options.bool("normalize_rows", false)?,
            compare: compared(options)?,
        })
    }

    fn facts(&self) -> Facts {
        let (raw, unit) = (&[Permutation, Orthogonal, Translation], &[Permutation, Orthogonal, Scaling]);
        Facts {
            reference: "Wang & Isola 2020, arXiv:2005.10242",
            cost: "O(n^2 d) time and O(n d) memory per representation",
            ..facts(self.compare, if self.normalize_rows { unit } else { raw })
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { summary: Cost::pairs(n, d).summary, score: 1.0, ..Cost::entries(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Described> {
        let points = if self.normalize_rows { unit_rows(x, par)? } else { Points::of(x, par)? };
        let n = x.rows() as f64;
        let mut sum = LogSum::default();
        if self.all_pairs {
            sum.add(0.0, 0.5 * n);
        }
        let exponent = |square: f64| points.square_in_data(square) * self.t;
        for tile in points.map_tiles(par, |squares| LogSum::of(squares, exponent))? {
            sum.add(tile.least, tile.sum);
        }
        let pairs = if self.all_pairs { 0.5 * n * n } else { 0.5 * n * (n - 1.0) };
        Ok(Described { name: x.name().to_owned(), rows: x.rows(), value: (sum.sum / pairs).ln() - sum.least })
    }

    fn form<'a>(&'a self, x: &'a Described, y: &'a Described) -> Result<Form<'a>> {
        Ok(form(x, y, self.compare))
    }

    fn warnings(&self, x: &Described, y: &Described) -> Vec<Warning> {
        let other = if std::ptr::eq(x, y) { None } else { self.at_floor(y) };
        self.at_floor(x).into_iter().chain(other).collect()
    }
}

impl Uniformity {
    fn at_floor(&self, x: &Described) -> Option<Warning> {
        let floor = -(x.rows as f64).ln();
        (self.all_pairs && x.value <= (1.0 - AT_FLOOR) * floor).then(|| {
            let message = format!(
                "The uniformity of {} is at its floor, log(1/{}) = {floor:.3}: its rows are too far apart for t={}; \
                 choose a smaller t or normalize_rows=True.",
                x.name, x.rows, self.t
            );
            let details = vec![("name", x.name.as_str().into()), ("value", x.value.into()), ("floor", floor.into())];
            Warning::new("uniformity_floor", message, details)
        })
    }
}

fn unit_rows(x: &Representation<'_>, par: Par<'_>) -> Result<Points> {
    let unit = kernels::unit_rows(x, par)?;
    if unit.1 > 0 {
        let row = (0..unit.0.rows()).find(|i| unit.0.row(*i).iter().all(|v| *v == 0.0)).unwrap_or(0);
        let reason = format!("row {row} of {} is zero and has no direction", x.name());
        return Err(Error::Undefined { measure: Uniformity::NAME.into(), reason });
    }
    Ok(Points::new(unit.0.clone(), 1.0))
}

/// `sum exp(-e)` over exponents e, as `sum` times `exp(-least)`.
struct LogSum {
    least: f64,
    sum: f64,
}

impl Default for LogSum {
    fn default() -> Self {
        Self { least: f64::INFINITY, sum: 0.0 }
    }
}

impl LogSum {
    fn of(values: &[f64], exponent: impl Fn(f64) -> f64) -> Self {
        let least = exponent(values.iter().copied().fold(f64::INFINITY, f64::min));
        if least == f64::INFINITY {
            return Self::default();
        }
        Self { least, sum: values.iter().map(|v| (least - exponent(*v)).exp()).sum() }
    }

    fn add(&mut self, least: f64, sum: f64) {
        if sum == 0.0 {
            return;
        }
        let common = self.least.min(least);
        let old = if self.sum == 0.0 { 0.0 } else { self.sum * (common - self.least).exp() };
        *self = Self { least: common, sum: old + sum * (common - least).exp() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;

    const CROSS: [f64; 8] = [2.0, 0.0, 0.0, 1.0, -2.0, 0.0, 0.0, -1.0];

    fn number(values: &[f64], columns: usize, t: f64, all_pairs: bool, normalize_rows: bool) -> Described {
        let measure = Uniformity { t, all_pairs, normalize_rows, compare: Compare::AbsoluteDifference };
        measure.summarize(&representation("x", values, columns), Par::SEQ).unwrap()
    }

    /// Values by hand: six squared distances, four of 5, one of 16, one of 4.
    #[test]
    fn six_pairs() {
        let terms = |t: f64| 4.0 * (-5.0 * t).exp() + (-16.0 * t).exp() + (-4.0 * t).exp();
        for t in [0.1, 2.0] {
            let all = ((4.0 + 2.0 * terms(t)) / 16.0).ln();
            assert!((number(&CROSS, 2, t, true, false).value - all).abs() < 1e-14);
            assert!((number(&CROSS, 2, t, false, false).value - (terms(t) / 6.0).ln()).abs() < 1e-14);
        }
        let unit: f64 = 4.0 * (-2.0 * 2.0_f64).exp() + 2.0 * (-2.0 * 4.0_f64).exp();
        assert!((number(&CROSS, 2, 2.0, false, true).value - (unit / 6.0).ln()).abs() < 1e-14);
    }

    #[test]
    fn one_point_is_0_and_far_points_are_at_the_floor() {
        assert_eq!(number(&[0.1, 0.7, 0.1, 0.7, 0.1, 0.7], 2, 2.0, true, false).value, 0.0);
        let far: Vec<f64> = CROSS.iter().map(|v| 1e150 * v).collect();
        let found = number(&far, 2, 2.0, true, false);
        assert_eq!(found.value, -4.0_f64.ln());
        let measure = Uniformity { t: 2.0, all_pairs: true, normalize_rows: false, compare: Compare::Ratio };
        assert_eq!(measure.warnings(&found, &found).len(), 1);
        // of distinct pairs the nearest is left, however far
        let distinct = number(&far, 2, 2.0, false, false).value;
        assert!((distinct / -8e300 - 1.0).abs() < 1e-15);
    }

    /// More rows than fit one tile: the sum over tiles is the sum over pairs.
    #[test]
    fn tiles_add_up() {
        let values: Vec<f64> = (0..900).map(|i| (0.37 * f64::from(i * i % 1013)).sin()).collect();
        let mut terms = 0.0;
        for i in 0..300 {
            for j in 0..300 {
                let square: f64 = (0..3).map(|k| (values[3 * i + k] - values[3 * j + k]).powi(2)).sum();
                terms += (-0.5 * square).exp();
            }
        }
        assert!((number(&values, 3, 0.5, true, false).value - (terms / 90000.0).ln()).abs() < 1e-13);
    }

    #[test]
    fn a_zero_row_has_no_direction() {
        let measure = Uniformity { t: 2.0, all_pairs: true, normalize_rows: true, compare: Compare::Ratio };
        let error = measure.summarize(&representation("x", &[1.0, 0.0, 0.0, 0.0], 2), Par::SEQ).unwrap_err();
        assert_eq!(error.to_string(), "uniformity is undefined here: row 1 of x is zero and has no direction.");
    }
}
