//! Linear regression: how much of the variance of y does x predict?
//!
//! ```text
//! linear_regression_r2(x, y) = |Qx' yc|^2 / |yc|^2        Qx an orthonormal basis of the centered columns of x
//! ```
//!
//! In sample, with intercept: x is the source, y the target. A ridge penalty `alpha` enters as a filter on the singular
//! values of x: with `f_i = s_i^2 / (s_i^2 + alpha)` the i-th direction explains `2 f_i - f_i^2` of what it could.
//! `average="uniform"` averages the R2 of the columns of y instead of weighting them by their variance.
//!
//! - Misleads when x has many columns for its rows: unrelated data are fitted with an R2 of about rx / (n - 1), and with
//!   rx = n - 1 anything is fitted exactly.
//! - Cost: summary O(n d^2); pair O(n d r).
//! - Reference: Li et al. (2016), arXiv:1511.07543; Kornblith et al. (2019), arXiv:1905.00414.

use std::sync::Arc;

use crate::cost::Cost;
use crate::engines::centered::centered;
use crate::engines::dense::Centering;
use crate::engines::pair_matrix::PairMatrix;
use crate::engines::spectrum::{Basis, Spectrum, saved};
use crate::error::Result;
use crate::facts::Change::{Affine, InvertibleLinear, Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Change, Facts, FormName, Step};
use crate::form::{Bilinear, Form, Link};
use crate::linalg::Matrix;
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;
use crate::warning::Warning;

/// R2 with its penalty and the weights of the target's columns.
#[derive(Clone, Copy, Debug)]
pub struct LinearRegressionR2 {
    alpha: f64,
    uniform: bool,
}

/// Both roles of one representation: the filtered projector on its columns, and its columns themselves.
pub struct Roles {
    q: Arc<Matrix>,
    columns: Arc<Matrix>,
    source: PairMatrix,
    target: PairMatrix,
    /// Sum of squares of the target.
    total: f64,
}

impl Roles {
    fn new(name: &str, q: Arc<Matrix>, columns: Arc<Matrix>, total: f64, par: Par<'_>) -> Result<Self> {
        Ok(Self {
            source: PairMatrix::linear(name, q.clone(), Centering::Plain, par)?,
            target: PairMatrix::linear(name, columns.clone(), Centering::Plain, par)?,
            q,
            columns,
            total,
        })
    }
}

impl Measure for LinearRegressionR2 {
    const NAME: &'static str = "linear_regression_r2";
    const FAMILY: &'static str = "alignment";
    type Summary = Roles;

    fn from_options(options: &mut Options) -> Result<Self> {
        let alpha = options
            .float("alpha")
            .default(0.0)
            .within(|v| v >= 0.0, "a number of at least 0")
            .examples(&[1.0, 0.3])
            .read()?;
        Ok(Self { alpha, uniform: options.choice("average", &[("variance", false), ("uniform", true)])? })
    }

    fn facts(&self) -> Facts {
        let (invariant_to, source): (&[Change], &[Change]) = match (self.alpha > 0.0, self.uniform) {
            (false, false) => (&[Permutation, Orthogonal, Scaling, Translation], &[InvertibleLinear, Affine]),
            (false, true) => (&[Permutation, Scaling, Translation], &[Orthogonal, InvertibleLinear, Affine]),
            (true, false) => (&[Permutation, Orthogonal, Translation], &[]),
            (true, true) => (&[Permutation, Translation], &[Orthogonal]),
        };
        Facts {
            form: FormName::Bilinear(Step::Identity),
            // A penalty takes identity below 1, by an amount that depends on the data.
            identity_value: if self.alpha > 0.0 { f64::NAN } else { 1.0 },
            symmetric: false,
            invariant_to,
            source_invariant_to: source,
            column_sizes_matter: !self.uniform,
            reference: "Li et al. 2016, arXiv:1511.07543; Kornblith et al. 2019, arXiv:1905.00414",
            cost: "O(n d^2) per representation, O(n d r) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { score: Cost::linear(n, d).score, ..Cost::directions(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Roles> {
        let columns = centered(x, par)?;
        let q = if self.alpha > 0.0 {
            let spectrum = Spectrum::of(x, true, par)?;
            let penalty = self.alpha * spectrum.scale * spectrum.scale;
            let explained = |s: &f64| {
                let f = s * s / (s * s + penalty);
                (f * (2.0 - f)).sqrt()
            };
            let factors: Vec<f64> = spectrum.s.iter().map(explained).collect();
            spectrum.u.clone().scale_columns(&factors)
        } else {
            Basis::of(x, true, par)?.q.clone()
        };
        let (target, total) = if self.uniform {
            let live: Vec<usize> = (0..x.cols()).filter(|&j| !columns.is_constant(j)).collect();
            let unit = |i, j: usize| columns.matrix.at(i, live[j]) / columns.column_squares[live[j]].sqrt();
            (Arc::new(Matrix::from_fn(x.rows(), live.len(), unit)), live.len() as f64)
        } else {
            (columns.matrix.clone(), columns.squared_norm)
        };
        Roles::new(x.name(), Arc::new(q), target, total, par)
    }

    fn form<'a>(&'a self, x: &'a Roles, y: &'a Roles) -> Result<Form<'a>> {
        Ok(Form::Bilinear(Bilinear { k: &x.source, l: &y.target, link: Link::over(y.total) }))
    }

    fn warnings(&self, x: &Roles, _: &Roles) -> Vec<Warning> {
        let (rank, room) = (x.q.cols(), x.rows() - 1);
        let share = rank as f64 / room as f64;
        let details = vec![("rank", rank.into()), ("n", x.rows().into()), ("null_mean", share.into())];
        if self.alpha > 0.0 || share <= 0.1 {
            return Vec::new();
        }
        if rank >= room {
            let message = format!("The source has rank {rank} with n-1={room}: it predicts any target exactly.");
            return vec![Warning::new("rank_saturated", message, details)];
        }
        let message = format!("In-sample R2 of unrelated data is about {share:.2}; judge by held-out data instead.");
        vec![Warning::new("in_sample_fit", message, details)]
    }
}

impl Summary for Roles {
    fn save(&self) -> Vec<(&'static str, Value)> {
        vec![("q", saved(&self.q)), ("columns", saved(&self.columns)), ("total", self.total.into())]
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let (q, columns) = (parts.matrix("q")?, parts.matrix("columns")?);
        let total = parts.number("total")?;
        if q.rows() < 2 || q.rows() != columns.rows() || q.cols() == 0 || columns.cols() == 0 || total <= 0.0 {
            return Err(damaged("its two roles do not fit together"));
        }
        Self::new("prepared", Arc::new(q), Arc::new(columns), total, Par::SEQ)
    }

    fn rows(&self) -> usize {
        self.q.rows()
    }
}
