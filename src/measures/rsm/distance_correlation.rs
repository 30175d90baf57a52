//! Distance correlation: does y depend on x in any way, linear or not?
//!
//! ```text
//! distance_correlation(x, y) = sqrt( <A, B> / (|A| |B|) )
//! ```
//!
//! with A and B the n x n Euclidean distances of the rows, row and column means subtracted. In the population it is 0 only
//! if x and y are independent. *Bias-corrected*, A and B are U-centered instead (zero diagonal, zero row sums): the mean
//! over unrelated data is then 0, and the value, given without a root, may be negative.
//!
//! - Misleads when n is small or widths are large: the uncorrected value of unrelated data is far from 0 and tends to 1 as
//!   the width grows.
//! - Cost: O(n^2 d) per representation, O(n^2) per pair; for one column on either side O(n log n), with O(n) memory.
//! - Reference: Szekely, Rizzo & Bakirov (2007); bias-corrected: Szekely & Rizzo (2013).

use crate::cost::Cost;
use crate::engines::dense::Centering;
use crate::engines::kernels;
use crate::engines::pair_matrix::PairMatrix;
use crate::engines::row_distances::{self, RowDistances};
use crate::error::Result;
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Facts, FormName, Input, Jackknife};
use crate::form::{Bilinear, Form, Link, Step};
use crate::linalg::unit_scale;
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;

/// Distance correlation with its variants.
#[derive(Clone, Copy, Debug)]
pub struct DistanceCorrelation {
    squared: bool,
    bias_corrected: bool,
    precomputed: bool,
}

impl Measure for DistanceCorrelation {
    const NAME: &'static str = "distance_correlation";
    const FAMILY: &'static str = "rsm";
    type Summary = PairMatrix;

    fn from_options(options: &mut Options) -> Result<Self> {
        let (squared, bias_corrected) = (options.bool("squared", false)?, options.bool("bias_corrected", false)?);
        options.needs("squared", !bias_corrected, "without bias_corrected, which has no root")?;
        Ok(Self {
            squared,
            bias_corrected,
            precomputed: options.choice("metric", &[("euclidean", false), ("precomputed", true)])?,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            form: FormName::Bilinear(self.step()),
            input: if self.precomputed { Input::PairMatrix } else { Input::Matrix },
            // Distances of the user's need not be those of points in any space.
            range: (if self.bias_corrected || (self.precomputed && self.squared) { -1.0 } else { 0.0 }, 1.0),
            invariant_to: if self.precomputed { &[Scaling] } else { &[Permutation, Orthogonal, Scaling, Translation] },
            min_rows: if self.bias_corrected { 4 } else { 2 },
            chance_corrected: self.bias_corrected,
            jackknife: if self.bias_corrected { Jackknife::UCentered } else { Jackknife::Centered },
            reference: "Szekely, Rizzo & Bakirov 2007; Szekely & Rizzo 2013",
            cost: "O(n^2 d) per representation, O(n^2) per pair; one column against one O(n log n)",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        if self.precomputed {
            return Cost::pairs(n, d);
        }
        if row_distances::unstored(n, d) {
            // Distances come again with every pass over the pairs.
            let pass = Cost::pairs(n, d).summary;
            return Cost { summary: pass, score: 2.0 * pass, ..Cost::entries(n, d) };
        }
        Cost::of_distances(n, d)
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<PairMatrix> {
        if !self.precomputed && row_distances::unstored(x.rows(), x.cols()) {
            let centering = if self.bias_corrected { Centering::UCentered } else { Centering::Plain };
            return Ok(PairMatrix::of_distances(x.name(), RowDistances::of(x, centering, par)?));
        }
        let mut found =
            if self.precomputed { kernels::precomputed(x, true, par)? } else { kernels::distances(x, par)?.copy()? };
        found.scale(unit_scale(kernels::largest(found.upper(), par)?), par)?;
        let before = found.inner(&found, par)?.sqrt();
        if self.bias_corrected {
            found.u_center(par)?
        } else {
            found.center(par)?
        }
        Ok(PairMatrix::stored(x.name(), found, before))
    }

    fn form<'a>(&'a self, k: &'a PairMatrix, l: &'a PairMatrix) -> Result<Form<'a>> {
        Ok(Form::Bilinear(Bilinear { k, l, link: Link::COSINE.then(self.step()) }))
    }
}

impl DistanceCorrelation {
    fn step(&self) -> Step {
        if self.squared || self.bias_corrected { Step::Identity } else { Step::Root }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::testing::representation;

    fn score(squared: bool, bias_corrected: bool, x: &[f64], y: &[f64]) -> Result<f64> {
        let measure = DistanceCorrelation { squared, bias_corrected, precomputed: false };
        let side = |values| measure.summarize(&representation("x", values, 1), Par::SEQ);
        let (k, l) = (side(x)?, side(y)?);
        measure.form(&k, &l)?.score(None, Par::SEQ)
    }

    /// Values by hand: distances of -1, 0, 1 have row means 1, 2/3, 1 and mean 8/9; those of 1, 0, 1 have 1/3, 2/3, 1/3 and 4/9.
    /// So <A, B> = 32/81, |A|^2 = 160/81 and |B|^2 = 64/81.
    #[test]
    fn a_parabola_of_three_points() {
        let (x, y) = ([-1.0, 0.0, 1.0], [1.0, 0.0, 1.0]);
        let squared = score(true, false, &x, &y).unwrap();
        let (a, b) = (centered(&x), centered(&y));
        let dot = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(p, q)| p * q).sum::<f64>();
        assert!((squared - dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()).abs() < 1e-15);
        assert!((score(false, false, &x, &y).unwrap() - squared.sqrt()).abs() < 1e-15);
        assert_eq!(score(false, false, &x, &[5.0, 3.0, 1.0]).unwrap(), 1.0);
        assert_eq!(score(false, false, &x.map(|v| 1e150 * v), &y.map(|v| 1e-150 * v)).unwrap(), squared.sqrt());
    }

    /// The definition, entry by entry.
    fn centered(points: &[f64]) -> Vec<f64> {
        let n = points.len();
        let d = |i: usize, j: usize| (points[i] - points[j]).abs();
        let mean = |i: usize| (0..n).map(|j| d(i, j)).sum::<f64>() / n as f64;
        let grand = (0..n).map(mean).sum::<f64>() / n as f64;
        (0..n * n).map(|at| d(at / n, at % n) - mean(at / n) - mean(at % n) + grand).collect()
    }

    #[test]
    fn points_without_structure_are_refused() {
        assert!(matches!(score(false, false, &[2.0; 4], &[1.0, 2.0, 3.0, 5.0]), Err(Error::NoStructure { .. })));
        let simplex: Vec<f64> = (0..36).map(|k| f64::from(u8::from(k % 7 == 0))).collect();
        let measure = DistanceCorrelation { squared: false, bias_corrected: true, precomputed: false };
        let k = measure.summarize(&representation("x", &simplex, 6), Par::SEQ).unwrap();
        assert!(matches!(measure.form(&k, &k).unwrap().score(None, Par::SEQ), Err(Error::NoStructure { .. })));
    }
}
