//! A probability for every class, from scores of a stated kind.

use std::sync::Arc;

use super::scores::{PANEL, largest_score, nonfinite};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::numerics::sums;
use crate::par::Par;
use crate::representation::{Representation, Storage, View};
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

/// Rows of saved probabilities may be as far from 1 as half precision allows.
const LOOSEST: f64 = 0.011;

/// Meaning of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreKind {
    /// Probabilities: rows sum to 1.
    Probs,
    /// Anything whose softmax is meant; minus infinity rules a class out.
    Logits,
    /// Logarithms of probabilities.
    LogProbs,
}

/// A probability for every class, one row per input.
#[derive(Clone, Debug)]
pub struct Probabilities {
    name: String,
    p: Arc<Matrix>,
}

/// Why a row is no row of scores of the stated kind.
enum Problem {
    Nonfinite,
    Negative(f64),
    Sum(f64),
}

impl Probabilities {
    /// Probabilities from scores of a stated kind; `renormalize` divides probabilities by their sum instead of refusing what is not 1.
    pub fn of(x: &Representation<'_>, kind: ScoreKind, renormalize: bool, par: Par<'_>) -> Result<Arc<Self>> {
        x.shared(&format!("probabilities {kind:?} {renormalize}"), || {
            let (view, storage) = x.view()?;
            let (n, classes) = view.shape();
            let read = ScoreReading { kind, renormalize, tolerance: tolerance(storage) };
            let mut p = Matrix::zeros(n, classes);
            par.fill(p.data_mut(), PANEL * classes, |panel, block| {
                for (i, row) in block.chunks_mut(classes).enumerate() {
                    view.read_row(panel * PANEL + i, row);
                    if read.probabilities(row).is_err() {
                        row.fill(f64::NAN);
                    }
                }
                Ok(())
            })?;
            if (0..n).any(|i| p.at(i, 0).is_nan()) {
                return Err(read.complaint(x.name(), view));
            }
            Ok(Self { name: x.name().to_owned(), p: Arc::new(p) })
        })
    }

    /// The probabilities of input i.
    pub fn row(&self, i: usize) -> &[f64] {
        self.p.row(i)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.p.cols()
    }
}

/// Largest departure of a sum of probabilities from 1, by the type that rounded them.
fn tolerance(storage: Storage) -> f64 {
    match storage {
        Storage::F64 | Storage::Int => 1e-6,
        Storage::F32 => 1e-4,
        Storage::F16 | Storage::Bf16 => 1e-2,
    }
}

struct ScoreReading {
    kind: ScoreKind,
    renormalize: bool,
    tolerance: f64,
}

impl ScoreReading {
    /// Turn a row of scores into probabilities.
    fn probabilities(&self, row: &mut [f64]) -> std::result::Result<(), Problem> {
        match self.kind {
            ScoreKind::Probs => self.given(row),
            ScoreKind::Logits => {
                let largest = largest_score(row).ok_or(Problem::Nonfinite)?;
                row.iter_mut().for_each(|v| *v = (*v - largest).exp());
                let total = sums::sum(row);
                row.iter_mut().for_each(|v| *v /= total);
                Ok(())
            }
            ScoreKind::LogProbs => {
                if row.iter().any(|v| v.is_nan() || *v == f64::INFINITY) {
                    return Err(Problem::Nonfinite);
                }
                row.iter_mut().for_each(|v| *v = v.exp());
                let total = sums::sum(row);
                if (total.ln()).abs() <= self.tolerance { Ok(()) } else { Err(Problem::Sum(total)) }
            }
        }
    }

    fn given(&self, row: &mut [f64]) -> std::result::Result<(), Problem> {
        if row.iter().any(|v| !v.is_finite()) {
            return Err(Problem::Nonfinite);
        }
        if let Some(negative) = row.iter().find(|v| **v < -self.tolerance) {
            return Err(Problem::Negative(*negative));
        }
        if !self.renormalize {
            let total = sums::sum(row);
            if (total - 1.0).abs() > self.tolerance {
                return Err(Problem::Sum(total));
            }
        }
        // What is negative within the tolerance is a rounded zero.
        row.iter_mut().for_each(|v| *v = v.max(0.0));
        if self.renormalize {
            let largest = row.iter().fold(0.0, |m: f64, v| m.max(*v));
            if largest == 0.0 {
                return Err(Problem::Sum(0.0));
            }
            row.iter_mut().for_each(|v| *v /= largest);
            let total = sums::sum(row);
            row.iter_mut().for_each(|v| *v /= total);
        }
        Ok(())
    }

    /// Error for the rows that were refused.
    fn complaint(&self, name: &str, view: &View<'_>) -> Error {
        let (n, classes) = view.shape();
        let mut row = vec![0.0; classes];
        let (mut infinite, mut first, mut count) = (false, None, 0);
        for i in 0..n {
            view.read_row(i, &mut row);
            match self.probabilities(&mut row) {
                Ok(()) => {}
                Err(Problem::Nonfinite) => infinite = true,
                Err(problem) => {
                    first = first.or(Some((i, problem)));
                    count += 1;
                }
            }
        }
        match first {
            Some((row, problem)) if !infinite => {
                let problem = match problem {
                    Problem::Negative(value) => format!("holds the negative number {value}"),
                    Problem::Sum(total) if self.kind == ScoreKind::LogProbs => {
                        format!("has exponentials that sum to {total:.6}")
                    }
                    Problem::Sum(total) => format!("sums to {total:.6}"),
                    Problem::Nonfinite => "is not finite".into(),
                };
                let remedy = match self.kind {
                    ScoreKind::Probs if !self.renormalize => "pass kind=\"logits\" or renormalize=True",
                    _ => "pass kind=\"logits\" if these are logits",
                };
                Error::NotProbabilities { name: name.to_owned(), row, count, problem, remedy }
            }
            _ => nonfinite(name, view, self.kind != ScoreKind::Probs),
        }
    }
}

impl Summary for Probabilities {
    fn save(&self) -> Vec<(&'static str, Value)> {
        vec![("name", self.name.as_str().into()), ("p", crate::engines::spectrum::saved(&self.p))]
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let (name, p) = (parts.text("name")?, parts.matrix("p")?);
        let sound = |row: &[f64]| row.iter().all(|v| *v >= 0.0) && (sums::sum(row) - 1.0).abs() <= LOOSEST;
        if p.rows() == 0 || p.cols() == 0 || !(0..p.rows()).all(|i| sound(p.row(i))) {
            return Err(damaged("its rows are no probabilities"));
        }
        Ok(Self { name, p: Arc::new(p) })
    }

    fn rows(&self) -> usize {
        self.p.rows()
    }
}
