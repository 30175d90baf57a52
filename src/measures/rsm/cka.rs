//! Centered kernel alignment: do two representations arrange the same inputs alike?
//!
//! ```text
//! cka(x, y) = <K, L> / (|K| |L|)
//! ```
//!
//! `K` and `L` are n x n and say how alike any two inputs are within one representation (by default their inner product),
//! centered: `K = H k(x, x) H` with `H = 1 - 11'/n`. The score is the cosine of the angle between them, so x and y may
//! differ in width and no matching of columns is sought.
//!
//! The *debiased* estimator U-centers instead (zero diagonal, zero row sums), which takes the chance level to zero; it may
//! be negative. *lange* centers and then leaves the diagonal out.
//!
//! - Misleads when n is small: unrelated Gaussian data of shapes 20 x 50 and 20 x 60 score 0.735 on average, because
//!   nothing subtracts the chance level. It also listens mostly to the few directions of largest variance; two
//!   representations that agree there and nowhere else still look alike. `1 - cka` is not a metric; its arc cosine is.
//! - Cost: linear kernel, summary O(n d min(n, d)), score O(n^2) or O(n d^2), as `dense_pays` decides; others O(n^2 d).
//! - Reference: Kornblith, Norouzi, Lee & Hinton (2019), arXiv:1905.00414, section 3; debiased: Song et al. (2012), Nguyen
//!   et al. (2020), arXiv:2010.15327.

use std::sync::Arc;

use crate::cost::Cost;
use crate::engines::centered::{centered, raw};
use crate::engines::dense::{Centering, Dense};
use crate::engines::kernels;
use crate::engines::pair_matrix::PairMatrix;
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Change, Facts, FormName, Input, Jackknife, Step};
use crate::form::{Bilinear, Form, Link};
use crate::linalg::Matrix;
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// CKA with its kernel and estimator.
#[derive(Clone, Copy, Debug)]
pub struct Cka {
    kernel: Kernel,
    estimator: Estimator,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kernel {
    Linear,
    Rbf { bandwidth: f64, sigma: Option<f64> },
    Laplace { bandwidth: f64, sigma: Option<f64> },
    Cosine,
    Polynomial { gamma: Option<f64>, coef0: f64, degree: usize },
    Precomputed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Estimator {
    Biased,
    Debiased,
    Lange,
}

/// A standard error from here on may be taken for a likeness.
const WIDE: f64 = 0.05;

impl Measure for Cka {
    const NAME: &'static str = "cka";
    const FAMILY: &'static str = "rsm";
    type Summary = PairMatrix;

    fn from_options(options: &mut Options) -> Result<Self> {
        let bandwidth = options.float("bandwidth").default(1.0).positive().examples(&[0.4]).read()?;
        let sigma = options.float("sigma").positive().examples(&[15.0]).or_none()?;
        let gamma = options.float("gamma").positive().examples(&[0.3]).or_none()?;
        let coef0 = options.float("coef0").default(1.0).examples(&[0.5]).read()?;
        let degree = options.int("degree").default(3).least(1).examples(&[2]).read()?;
        let kernels = [
            ("linear", Kernel::Linear),
            ("rbf", Kernel::Rbf { bandwidth, sigma }),
            ("laplace", Kernel::Laplace { bandwidth, sigma }),
            ("cosine", Kernel::Cosine),
            ("polynomial", Kernel::Polynomial { gamma, coef0, degree }),
            ("precomputed", Kernel::Precomputed),
        ];
        let estimators =
            [("biased", Estimator::Biased), ("debiased", Estimator::Debiased), ("lange", Estimator::Lange)];
        let kernel = options.choice("kernel", &kernels)?;
        let (polynomial, decaying) = match kernel {
            Kernel::Polynomial { .. } => (true, false),
            Kernel::Rbf { .. } | Kernel::Laplace { .. } => (false, true),
            Kernel::Linear | Kernel::Cosine | Kernel::Precomputed => (false, false),
        };
        options.needs("sigma", decaying, "with kernel=\"rbf\" or \"laplace\"")?;
        let only = "with kernel=\"rbf\" or \"laplace\", and without sigma";
        options.needs("bandwidth", decaying && sigma.is_none(), only)?;
        for option in ["gamma", "coef0", "degree"] {
            options.needs(option, polynomial, "with kernel=\"polynomial\"")?;
        }
        Ok(Self { kernel, estimator: options.choice("estimator", &estimators)? })
    }

    fn facts(&self) -> Facts {
        let invariant_to: &[Change] = match self.kernel {
            Kernel::Linear => &[Permutation, Orthogonal, Scaling, Translation],
            Kernel::Rbf { sigma: None, .. } | Kernel::Laplace { sigma: None, .. } => {
                &[Permutation, Orthogonal, Scaling, Translation]
            }
            Kernel::Rbf { .. } | Kernel::Laplace { .. } => &[Permutation, Orthogonal, Translation],
            Kernel::Cosine => &[Permutation, Orthogonal, Scaling],
            Kernel::Polynomial { .. } => &[Permutation, Orthogonal],
            Kernel::Precomputed => &[Scaling],
        };
        Facts {
            form: FormName::Bilinear(Step::Identity),
            input: if self.kernel == Kernel::Precomputed { Input::PairMatrix } else { Input::Matrix },
            // A kernel matrix of the user's may be indefinite.
            range: if self.estimator == Estimator::Biased && self.kernel != Kernel::Precomputed {
                (0.0, 1.0)
            } else {
                (-1.0, 1.0)
            },
            invariant_to,
            min_rows: if self.estimator == Estimator::Debiased { 4 } else { 2 },
            chance_corrected: self.estimator == Estimator::Debiased,
            // Of a far row the bounded kernels see only that it is far.
            row_sizes_matter: !matches!(self.kernel, Kernel::Cosine | Kernel::Rbf { .. } | Kernel::Laplace { .. }),
            // A bandwidth taken from the data stays that of all rows.
            jackknife: match self.estimator {
                Estimator::Biased => Jackknife::Centered,
                Estimator::Debiased => Jackknife::UCentered,
                Estimator::Lange => Jackknife::Recompute,
            },
            reference: "Kornblith et al. 2019, arXiv:1905.00414",
            cost: "linear kernel O(n d min(n, d)) per representation and O(n min(n, d)^2) per pair; others O(n^2 d)",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        match self.kernel {
            Kernel::Linear | Kernel::Cosine => Cost::linear(n, d),
            // The median, where no width is given, is found in a copy.
            Kernel::Rbf { .. } | Kernel::Laplace { .. } => Cost::of_distances(n, d).making_too(Cost::triangle(n)),
            Kernel::Polynomial { .. } | Kernel::Precomputed => Cost::pairs(n, d),
        }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<PairMatrix> {
        let kernel = match self.kernel {
            // Products of columns once centered are the centered products.
            Kernel::Linear => {
                let rows = || Ok(raw(x, par)?.matrix.clone());
                return self.of_products(x.name(), centered(x, par)?.matrix.clone(), rows, par);
            }
            Kernel::Cosine => {
                let rows = || Ok(Arc::new(kernels::unit_rows(x, par)?.0.clone()));
                return self.of_products(x.name(), kernels::centered_unit_rows(x, par)?, rows, par);
            }
            Kernel::Rbf { bandwidth, sigma } => kernels::gaussian(x, bandwidth, sigma, par)?,
            Kernel::Laplace { bandwidth, sigma } => kernels::laplacian(x, bandwidth, sigma, par)?,
            Kernel::Polynomial { gamma, coef0, degree } => {
                kernels::polynomial(x, gamma.unwrap_or(1.0 / x.cols() as f64), coef0, degree, par)?
            }
            Kernel::Precomputed => kernels::precomputed(x, false, par)?,
        };
        self.center(x.name(), kernel, par)
    }

    fn form<'a>(&'a self, k: &'a PairMatrix, l: &'a PairMatrix) -> Result<Form<'a>> {
        Ok(Form::Bilinear(Bilinear { k, l, link: Link::COSINE }))
    }

    fn warnings(&self, k: &PairMatrix, _: &PairMatrix) -> Vec<Warning> {
        let n = k.n();
        // The exact standard deviation over all pairings of two U-centered matrices, in units of their norms.
        let se = (2.0 / (n as f64 * (n as f64 - 3.0))).sqrt();
        if self.estimator != Estimator::Debiased || se < WIDE {
            return Vec::new();
        }
        vec![Warning::new(
            "small_sample",
            format!("With n={n} this estimate has a standard error near {se:.2}."),
            vec![("n", n.into()), ("standard_error", se.into())],
        )]
    }
}

impl Cka {
    /// Of the products of rows, which need not be stored; `a` are those rows with column means subtracted.
    fn of_products(
        &self,
        name: &str,
        a: Arc<Matrix>,
        rows: impl FnOnce() -> Result<Arc<Matrix>>,
        par: Par<'_>,
    ) -> Result<PairMatrix> {
        match self.estimator {
            Estimator::Biased => PairMatrix::linear(name, a, Centering::Plain, par),
            Estimator::Lange => PairMatrix::linear(name, a, Centering::HollowDiagonal, par),
            Estimator::Debiased => PairMatrix::u_centered(name, a, rows, par),
        }
    }

    fn center(&self, name: &str, mut k: Dense, par: Par<'_>) -> Result<PairMatrix> {
        let largest = k.upper().iter().chain(k.diagonal().unwrap_or(&[])).fold(0.0_f64, |m, v| m.max(v.abs()));
        if !largest.is_finite() {
            return Err(Error::Undefined {
                measure: Self::NAME.into(),
                reason: format!("the kernel of {name} exceeds the range of numbers; scale the data down"),
            });
        }
        let scale = crate::linalg::unit_scale(largest);
        k.scale(scale, par)?;
        let before = k.inner(&k, par)?.sqrt();
        match self.estimator {
            Estimator::Biased => k.center(par)?,
            Estimator::Debiased => k.u_center(par)?,
            Estimator::Lange => {
                k.center(par)?;
                k.drop_diagonal();
            }
        }
        Ok(PairMatrix::stored(name, k, before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values by hand: with u and v orthogonal and of equal length, K = uu' and L = uu' + vv', so the cosine is 1/sqrt 2.
    #[test]
    fn one_direction_of_two() {
        let cka = Cka { kernel: Kernel::Linear, estimator: Estimator::Biased };
        let x = crate::testing::representation("x", &[1.0, -1.0, 0.0, 0.0], 1); // u
        let y = crate::testing::representation("y", &[1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, -1.0], 2); // u beside v
        let [k, l] = [x, y].map(|side| cka.summarize(&side, Par::SEQ).unwrap());
        let score = cka.form(&k, &l).unwrap().score(None, Par::SEQ).unwrap();
        assert!((score - 0.5_f64.sqrt()).abs() < 1e-15);
    }
}
