//! The contract: what a measure is, and what the operations may know of it.
//!
//! A [`Measure`] turns one representation into a *summary* and, from two summaries, states the *form* of its score
//! ([`crate::form::Form`]). It has no loop over models, no thread, no seed and no word of Python in it. The score follows
//! from the form, and so do the grid of all pairs, the chance level and the permutation test, which are written once, in
//! `operations/`.
//!
//! Operations see measures through the object-safe twin [`AnyMeasure`].

use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Form, mean_of_present};
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::SavedParts;
use crate::summary::{AnySummary, Summary};
use crate::warning::Warning;

/// A number that says how alike two representations are.
pub trait Measure: Send + Sync + Sized + 'static {
    /// The name, the same in Rust, Python, tests and pages.
    const NAME: &'static str;
    /// The survey's family.
    const FAMILY: &'static str;
    /// Summary of one representation.
    type Summary: Summary;

    /// Read the options; reading one declares it.
    fn from_options(options: &mut Options) -> Result<Self>;

    /// Facts of this instance; options change them.
    fn facts(&self) -> Facts;

    /// Memory and work of a representation of n rows and d columns, and of a score of two of them.
    fn cost(&self, n: usize, d: usize) -> Cost;

    /// The work on one representation.
    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Self::Summary>;

    /// The shape of the score of a pair.
    fn form<'a>(&'a self, x: &'a Self::Summary, y: &'a Self::Summary) -> Result<Form<'a>>;

    /// The largest score these two can have, where that depends on the data.
    fn largest(&self, _x: &Self::Summary, _y: &Self::Summary) -> f64 {
        Measure::facts(self).range.1
    }

    /// Warnings about the score of this pair; cheap.
    fn warnings(&self, _x: &Self::Summary, _y: &Self::Summary) -> Vec<Warning> {
        Vec::new()
    }

    /// The score of a whole group of models, where the facts offer one: the mean over rows, unless said otherwise.
    fn group(&self, models: &[&Self::Summary]) -> Result<f64> {
        let rows = self.group_rows(models)?.ok_or_else(|| Error::NotOffered {
            measure: Self::NAME.into(),
            problem: "compares two models, not a group".into(),
        })?;
        mean_of_present(&rows)
            .ok_or_else(|| Error::Undefined { measure: Self::NAME.into(), reason: "no input has two answers".into() })
    }

    /// The score of every row of a group, where the score of the group is their mean; NaN for rows left out.
    fn group_rows(&self, _models: &[&Self::Summary]) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }
}

/// The object-safe twin of [`Measure`], implemented for every one of them.
pub trait AnyMeasure: Send + Sync {
    /// See [`Measure::NAME`].
    fn name(&self) -> &'static str;
    /// See [`Measure::facts`].
    fn facts(&self) -> Facts;
    /// See [`Measure::cost`].
    fn cost(&self, n: usize, d: usize) -> Cost;
    /// See [`Measure::summarize`].
    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<AnySummary>;
    /// See [`Summary::load`].
    fn load(&self, parts: &mut SavedParts) -> Result<AnySummary>;
    /// See [`Measure::form`].
    fn form<'a>(&'a self, x: &'a AnySummary, y: &'a AnySummary) -> Result<Form<'a>>;
    /// See [`Measure::largest`].
    fn largest(&self, x: &AnySummary, y: &AnySummary) -> Result<f64>;
    /// See [`Measure::warnings`].
    fn warnings(&self, x: &AnySummary, y: &AnySummary) -> Result<Vec<Warning>>;
    /// See [`Measure::group`].
    fn group(&self, models: &[&AnySummary]) -> Result<f64>;
    /// See [`Measure::group_rows`].
    fn group_rows(&self, models: &[&AnySummary]) -> Result<Option<Vec<f64>>>;
}

impl<M: Measure> AnyMeasure for M {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn facts(&self) -> Facts {
        Measure::facts(self)
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Measure::cost(self, n, d)
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<AnySummary> {
        let (needed, n) = (Measure::facts(self).min_rows, x.rows());
        if n < needed {
            // Too few rows for k neighbors is better said with k.
            return Err(match Measure::summarize(self, x, par) {
                Err(said @ Error::KTooLarge { .. }) => said,
                _ => Error::TooFewSamples { measure: M::NAME.into(), name: x.name().into(), needed, n },
            });
        }
        Ok(AnySummary::new(Measure::summarize(self, x, par)?))
    }

    fn load(&self, parts: &mut SavedParts) -> Result<AnySummary> {
        Ok(AnySummary::new(M::Summary::load(parts)?))
    }

    fn form<'a>(&'a self, x: &'a AnySummary, y: &'a AnySummary) -> Result<Form<'a>> {
        if Measure::facts(self).rows_paired && x.rows() != y.rows() {
            return Err(Error::RowCountMismatch { x: "x".into(), y: "y".into(), n: x.rows(), m: y.rows() });
        }
        Measure::form(self, x.get()?, y.get()?)
    }

    fn largest(&self, x: &AnySummary, y: &AnySummary) -> Result<f64> {
        Ok(Measure::largest(self, x.get()?, y.get()?))
    }

    fn warnings(&self, x: &AnySummary, y: &AnySummary) -> Result<Vec<Warning>> {
        Ok(Measure::warnings(self, x.get()?, y.get()?))
    }

    fn group(&self, models: &[&AnySummary]) -> Result<f64> {
        let typed: Vec<&M::Summary> = models.iter().map(|model| model.get()).collect::<Result<_>>()?;
        Measure::group(self, &typed)
    }

    fn group_rows(&self, models: &[&AnySummary]) -> Result<Option<Vec<f64>>> {
        let typed: Vec<&M::Summary> = models.iter().map(|model| model.get()).collect::<Result<_>>()?;
        Measure::group_rows(self, &typed)
    }
}
