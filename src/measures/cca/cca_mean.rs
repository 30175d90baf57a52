//! Mean canonical correlation: how well can directions of one representation be found in the other?
//!
//! ```text
//! cca_mean(x, y) = (1/m) sum_i rho_i        rho_i = singular values of Qx' Qy,  m the smaller rank
//! ```
//!
//! `Qx` and `Qy` are orthonormal bases of the centered columns, so no covariance is inverted and a constant or repeated
//! column drops out. The mean needs only the *sum* of the singular values, which costs half of a decomposition and comes
//! with a bound of its error; other summaries of the correlations need each of them:
//!
//! ```text
//! first = rho_1,   sum = sum rho_i,   wilks = prod (1 - rho_i^2),   lawley_hotelling = sum rho_i^2 / (1 - rho_i^2)
//! ```
//!
//! - Misleads when n is not much larger than the ranks: for rx + ry > n - 1 some correlations are 1 for any data. Every
//!   direction counts alike, those of noise as well.
//! - Cost: summary O(n d^2); pair O(n r^2 + r^3).
//! - Reference: Hotelling (1936); Raghu et al. (2017), arXiv:1706.05806.

use super::{Divisor, saturation};
use crate::cost::Cost;
use crate::engines::spectrum::Basis;
use crate::error::Result;
use crate::facts::Change::{Affine, InvertibleLinear, Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Facts, FormName, Kind};
use crate::form::{Bound, Cross, Form};
use crate::linalg::{Matrix, singular_values, sum_of_singular_values};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// A summary of the canonical correlations.
#[derive(Clone, Copy, Debug)]
pub struct CcaMean {
    summary: CorrelationSummary,
    divisor: Divisor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CorrelationSummary {
    Mean,
    First,
    Sum,
    Wilks,
    LawleyHotelling,
}

/// Relative accuracy of the sum of correlations.
const TOLERANCE: f64 = 1e-11;

impl Measure for CcaMean {
    const NAME: &'static str = "cca_mean";
    const FAMILY: &'static str = "cca";
    type Summary = Basis;

    fn from_options(options: &mut Options) -> Result<Self> {
        let summaries = [
            ("mean", CorrelationSummary::Mean),
            ("first", CorrelationSummary::First),
            ("sum", CorrelationSummary::Sum),
            ("wilks", CorrelationSummary::Wilks),
            ("lawley_hotelling", CorrelationSummary::LawleyHotelling),
        ];
        let (summary, divisor) = (options.choice("summary", &summaries)?, Divisor::from_options(options)?);
        options.needs("divisor", summary == CorrelationSummary::Mean, "with summary=\"mean\"")?;
        Ok(Self { summary, divisor })
    }

    fn facts(&self) -> Facts {
        let (range, identity_value) = match (self.summary, self.divisor) {
            (CorrelationSummary::Mean, Divisor::Rank) | (CorrelationSummary::First, _) => ((0.0, 1.0), 1.0),
            // A repeated column takes identity below 1.
            (CorrelationSummary::Mean, Divisor::Columns) => ((0.0, 1.0), f64::NAN),
            (CorrelationSummary::Sum, _) => ((0.0, f64::INFINITY), f64::NAN),
            (CorrelationSummary::Wilks, _) => ((0.0, 1.0), 0.0),
            (CorrelationSummary::LawleyHotelling, _) => ((0.0, f64::INFINITY), f64::INFINITY),
        };
        Facts {
            form: FormName::Cross,
            // Wilks' lambda is 1 for unrelated and 0 for equal spaces: smaller is more alike.
            kind: if self.summary == CorrelationSummary::Wilks { Kind::Distance } else { Kind::Similarity },
            range,
            identity_value,
            invariant_to: &[Permutation, Orthogonal, Scaling, InvertibleLinear, Translation, Affine],
            reference: "Hotelling 1936; Raghu et al. 2017, arXiv:1706.05806",
            cost: "O(n d^2) per representation, O(n r^2 + r^3) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost::directions(n, d)
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Basis> {
        Ok((*Basis::of(x, true, par)?).clone())
    }

    fn form<'a>(&'a self, x: &'a Basis, y: &'a Basis) -> Result<Form<'a>> {
        let m = self.divisor.of((x.rank(), x.columns), (y.rank(), y.columns)) as f64;
        let bound = match self.summary {
            CorrelationSummary::Mean => Some(Bound::Sum { link: Box::new(move |sum| sum / m), rises: true }),
            CorrelationSummary::Sum => Some(Bound::Sum { link: Box::new(|sum| sum), rises: true }),
            CorrelationSummary::First => Some(Bound::Largest),
            CorrelationSummary::Wilks | CorrelationSummary::LawleyHotelling => None,
        };
        Ok(Form::Cross(Cross { a: &x.q, b: &y.q, of: Box::new(move |t, _, _| self.of_product(t, m)), bound }))
    }

    fn warnings(&self, x: &Basis, y: &Basis) -> Vec<Warning> {
        saturation(x.rank(), y.rank(), x.q.rows())
    }
}

impl CcaMean {
    fn of_product(&self, t: &Matrix, m: f64) -> Result<f64> {
        match self.summary {
            CorrelationSummary::Mean => return Ok(sum_of_correlations(t)? / m),
            CorrelationSummary::Sum => return sum_of_correlations(t),
            _ => {}
        }
        let rho = correlations(t)?;
        Ok(match self.summary {
            CorrelationSummary::First => rho[0],
            CorrelationSummary::Wilks => rho.iter().map(|r| 1.0 - r * r).product(),
            _ => rho.iter().map(|r| r * r / (1.0 - r * r)).sum(),
        })
    }
}

/// Sum of canonical correlations, none of which is above 1.
pub fn sum_of_correlations(t: &Matrix) -> Result<f64> {
    Ok(sum_of_singular_values(t, TOLERANCE)?.min(t.rows().min(t.cols()) as f64))
}

/// Canonical correlations, largest first; one that is 1 up to round-off is 1.
pub fn correlations(t: &Matrix) -> Result<Vec<f64>> {
    let round_off = 4.0 * f64::EPSILON * (t.rows().max(t.cols()) as f64).sqrt();
    let snap = |rho: f64| if rho > 1.0 - round_off { 1.0 } else { rho.max(0.0) };
    Ok(singular_values(t)?.into_iter().map(snap).collect())
}
