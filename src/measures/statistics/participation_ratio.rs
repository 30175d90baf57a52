//! Participation ratio: how many directions share the variance of a representation?
//!
//! ```text
//! participation_ratio(x) = (sum_i l_i)^2 / sum_i l_i^2 = (tr C)^2 / |C|^2
//! ```
//!
//! with `l_i` the eigenvalues of the covariance C of the columns. d directions of equal variance give d, a single one gives
//! 1. Trace and norm of C (or of the n x n Gram matrix, which has the same eigenvalues) are enough, so none is computed.
//!
//! - Misleads when n is small: the number is at most n - 1, and far below the truth while n is not many times larger than
//!   it. One large column pulls it towards 1 whatever the others do.
//! - Cost: O(n d min(n, d)).
//! - Reference: Gao et al. (2017).

use super::{Compare, Described, compared, facts, form};
use crate::cost::Cost;
use crate::engines::centered::centered_if;
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::Facts;
use crate::form::Form;
use crate::linalg::squared_norm_of_gram;
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;

/// Effective number of directions.
#[derive(Clone, Copy, Debug)]
pub struct ParticipationRatio {
    center: bool,
    compare: Compare,
}

impl Measure for ParticipationRatio {
    const NAME: &'static str = "participation_ratio";
    const FAMILY: &'static str = "statistics";
    type Summary = Described;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self { center: options.bool("center", true)?, compare: compared(options)? })
    }

    fn facts(&self) -> Facts {
        let (all, centered) = (&[Permutation, Orthogonal, Scaling], &[Permutation, Orthogonal, Scaling, Translation]);
        Facts {
            reference: "Gao et al. 2017",
            cost: "O(n d min(n, d)) per representation",
            ..facts(self.compare, if self.center { centered } else { all })
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        let (rows, columns, r) = (n as f64, d as f64, n.min(d) as f64);
        Cost { summary: 2.0 * rows * columns * r, score: 1.0, ..Cost::entries(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Described> {
        let columns = centered_if(self.center, x, par)?;
        let a = &*columns.matrix;
        if columns.squared_norm == 0.0 {
            return Err(Error::NoVariance { name: x.name().to_owned() });
        }
        let squares = if a.cols() > a.rows() {
            squared_norm_of_gram(&a.transposed(), par)?
        } else {
            squared_norm_of_gram(a, par)?
        };
        let value = columns.squared_norm * columns.squared_norm / squares;
        Ok(Described { name: x.name().to_owned(), rows: a.rows(), value })
    }

    fn form<'a>(&'a self, x: &'a Described, y: &'a Described) -> Result<Form<'a>> {
        Ok(form(x, y, self.compare))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;

    fn number(values: &[f64], columns: usize, center: bool) -> f64 {
        let measure = ParticipationRatio { center, compare: Compare::AbsoluteDifference };
        measure.summarize(&representation("x", values, columns), Par::SEQ).unwrap().value
    }

    /// Values by hand: variances of 4 and 1 give 5^2 / 17, on either side of n = d.
    #[test]
    fn two_directions_of_unequal_variance() {
        let tall = [2.0, 0.0, 0.0, 1.0, -2.0, 0.0, 0.0, -1.0];
        assert!((number(&tall, 2, true) - 25.0 / 17.0).abs() < 1e-15);
        let wide = [2.0, 0.0, -2.0, 0.0, 0.0, 1.0, 0.0, -1.0];
        assert!((number(&wide, 4, false) - 25.0 / 17.0).abs() < 1e-15);
    }

    #[test]
    fn equal_directions_count_and_scale_does_not() {
        let cross = |a: f64| [a, 0.0, 0.0, a, -a, 0.0, 0.0, -a];
        for scale in [1.0, 1e150, 1e-150] {
            assert!((number(&cross(scale), 2, true) - 2.0).abs() < 1e-15);
        }
        assert!((number(&[1.0, 5.0, 2.0, 10.0, -3.0, -15.0], 2, true) - 1.0).abs() < 1e-15);
    }
}
