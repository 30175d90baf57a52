//! Entries of the list of measures: a name, a family, and how a measure is made from options.

use crate::error::{Error, Result};
use crate::measure::{AnyMeasure, Measure};
use crate::options::{OptionSpec, Options};
use crate::value::Value;

/// An entry of the list of measures.
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
}
