//! The contract: what a measure is, and what the operations may know of it.
//!
//! A [`Measure`] turns one representation into a *summary* and, from two summaries, states the *form* of its score
//! ([`crate::form::Form`]). It has no loop over models, no thread, no seed and no word of Python in it. The score follows
//! from the form, and so do the grid of all pairs, the chance level and the permutation test, which are written once, in
//! `operations/`.
//!
//! Operations see measures through the object-safe twin [`AnyMeasure`], and find them in the one list
//! [`crate::measures::ALL`], whose entries are made by [`Entry::of`].

use std::any::Any;
use std::sync::Arc;

use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::form::{Form, mean_of_present};
use crate::options::{OptionSpec, Options, damaged};
use crate::par::Par;
use crate::representation::{Representation, Storage, View};
use crate::synonyms;
use crate::value::Value;
use crate::warning::Warning;

/// A number that says how alike two representations are.
pub trait Measure: Send + Sync + Sized + 'static {
    /// The name, the same in Rust, Python, tests and pages.
    const NAME: &'static str;
    /// The survey's family.
    const FAMILY: &'static str;
    /// What is kept of one representation.
    type Summary: Summary;

    /// Read the options; reading one declares it.
    fn from_options(options: &mut Options) -> Result<Self>;

    /// What is true of this instance; options change facts.
    fn facts(&self) -> Facts;

    /// What a representation of n rows and d columns, and a score of two of them, ask of the machine.
    fn cost(&self, n: usize, d: usize) -> Cost;

    /// The work on one representation.
    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Self::Summary>;

    /// The shape of the score of a pair.
    fn form<'a>(&'a self, x: &'a Self::Summary, y: &'a Self::Summary) -> Result<Form<'a>>;

    /// The largest score these two can have, where that depends on the data.
    fn largest(&self, _x: &Self::Summary, _y: &Self::Summary) -> f64 {
        Measure::facts(self).range.1
    }

    /// What a reader should know before believing the score of this pair; cheap.
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

/// What an engine keeps of one representation. It can be written down as named arrays and read back.
pub trait Summary: Any + Send + Sync {
    /// Options arrays and numbers.
    fn save(&self) -> Vec<(&'static str, Value)>;
    /// Back from them; nothing about them may be believed without a check.
    fn load(parts: &mut Options) -> Result<Self>
    where
        Self: Sized;
    /// Number of rows it was made from, to be matched with those of another.
    fn rows(&self) -> usize;
    /// The summary of some of the rows, where every row stands for itself.
    fn some_rows(&self, _rows: &[usize]) -> Option<AnySummary> {
        None
    }
}

/// A summary whose type only its measure knows.
#[derive(Clone)]
pub struct AnySummary {
    kept: Arc<dyn Summary>,
}

impl AnySummary {
    /// The summary of a measure.
    pub fn new(summary: impl Summary) -> Self {
        Self { kept: Arc::new(summary) }
    }

    /// See [`Summary::some_rows`].
    pub fn some_rows(&self, rows: &[usize]) -> Option<Self> {
        self.kept.some_rows(rows)
    }

    /// Number of rows it was made from.
    pub fn rows(&self) -> usize {
        self.kept.rows()
    }

    /// Options arrays and numbers.
    pub fn save(&self) -> Vec<(&'static str, Value)> {
        self.kept.save()
    }

    fn get<S: Summary>(&self) -> Result<&S> {
        let kept: &dyn Any = &*self.kept;
        kept.downcast_ref().ok_or_else(|| Error::SummaryMismatch { problem: "belongs to another measure".into() })
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
    fn load(&self, parts: &mut Options) -> Result<AnySummary>;
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
        Ok(AnySummary { kept: Arc::new(Measure::summarize(self, x, par)?) })
    }

    fn load(&self, parts: &mut Options) -> Result<AnySummary> {
        Ok(AnySummary { kept: Arc::new(M::Summary::load(parts)?) })
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

/// One row of the list of measures.
pub struct Entry {
    /// See [`Measure::NAME`].
    pub name: &'static str,
    /// See [`Measure::FAMILY`].
    pub family: &'static str,
    make: fn(&mut Options) -> Result<Box<dyn AnyMeasure>>,
}

impl Entry {
    /// The row of a measure.
    pub const fn of<M: Measure>() -> Self {
        fn make<M: Measure>(options: &mut Options) -> Result<Box<dyn AnyMeasure>> {
            Ok(Box::new(M::from_options(options)?))
        }
        Self { name: M::NAME, family: M::FAMILY, make: make::<M> }
    }

    /// The measure with these options.
    pub fn with(&self, options: Vec<(String, Value)>) -> Result<Box<dyn AnyMeasure>> {
        let mut named = Options::new(self.name, options);
        let measure = (self.make)(&mut named);
        match named.finish() {
            // A misspelt option is the better explanation of a missing one.
            Err(unknown) if measure.is_ok() || matches!(measure, Err(Error::KindRequired { .. })) => Err(unknown),
            _ => measure,
        }
    }

    /// The measure with default options (placeholders where there is no default), and all its options.
    pub fn probe(&self) -> Result<(Box<dyn AnyMeasure>, Vec<OptionSpec>)> {
        let mut named = Options::probe(self.name);
        let measure = (self.make)(&mut named)?;
        Ok((measure, named.declared()))
    }

    /// The form of the score with default options, seen on a small example.
    pub fn form_name(&self) -> &'static str {
        example_form(self).unwrap_or("pair")
    }
}

/// Number of rows of the example; the placeholder of class ids has as many.
const EXAMPLE_ROWS: usize = 12;

fn example_form(entry: &Entry) -> Result<&'static str> {
    let (measure, _) = entry.probe()?;
    let wave = |phase: f64| (0..EXAMPLE_ROWS * 3).map(move |at| (phase + (at * at) as f64).sin());
    let scores = |phase: f64| -> Vec<f64> {
        let raw: Vec<f64> = wave(phase).map(f64::exp).collect();
        raw.chunks(3).flat_map(|row| row.iter().map(|v| v / row.iter().sum::<f64>()).collect::<Vec<_>>()).collect()
    };
    let soft = matches!(measure.facts().input, crate::facts::Input::Predictions | crate::facts::Input::Probabilities);
    let (a, b) = if soft { (scores(0.0), scores(1.0)) } else { (wave(0.0).collect(), wave(1.0).collect::<Vec<_>>()) };
    let view = |values| {
        let view = ndarray::ArrayView2::from_shape((EXAMPLE_ROWS, 3), values).map_err(|_| damaged("shape"))?;
        Representation::matrix("example", View::F64(view), Storage::F64)
    };
    let (x, y) = (measure.summarize(&view(&a)?, Par::SEQ)?, measure.summarize(&view(&b)?, Par::SEQ)?);
    Ok(measure.form(&x, &y)?.name())
}

/// The entry of that name, or the error that suggests one.
pub fn find(name: &str) -> Result<&'static Entry> {
    let all = crate::measures::ALL;
    all.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|entry| entry.name).collect();
        Error::UnknownMeasure {
            given: name.to_owned(),
            hint: synonyms::of_measure(name, &known),
            known: known.into_iter().map(str::to_owned).collect(),
        }
    })
}
