//! One side of a comparison: a representation, or the summary somebody prepared from one.

use std::sync::Arc;

use super::instance::Instance;
use crate::engines::profile::Profile;
use crate::error::{Error, Result};
use crate::facts::{Facts, Input};
use crate::measure::AnyMeasure;
use crate::par::Par;
use crate::representation::{Data, Representation};
use crate::summary::AnySummary;

/// Data or summary of one model, as an operation is given it.
pub enum Operand<'a> {
    /// The data.
    Data(Representation<'a>),
    /// A summary made earlier, for one measure with one set of options.
    Prepared(Prepared),
}

/// A summary with what must agree before it may be used again.
#[derive(Clone)]
pub struct Prepared {
    /// Name in messages.
    pub name: String,
    /// The measure it was made for.
    pub measure: &'static str,
    /// The options it was made with, written out in order of name.
    pub options: String,
    /// The summary.
    pub summary: AnySummary,
    /// Profile of the data; None for predictions.
    pub profile: Option<Arc<Profile>>,
}

impl<'a> Operand<'a> {
    /// Name in messages.
    pub fn name(&self) -> &str {
        match self {
            Self::Data(x) => x.name(),
            Self::Prepared(prepared) => &prepared.name,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Data(x) => x.rows(),
            Self::Prepared(prepared) => prepared.summary.rows(),
        }
    }

    /// The data, if they are at hand.
    pub fn data(&self) -> Option<&Representation<'a>> {
        match self {
            Self::Data(x) => Some(x),
            Self::Prepared(_) => None,
        }
    }

    /// Profile of the data, where the measure looks at rows and columns.
    ///
    /// None as well if it cannot be had: whoever wanted a score was told why.
    pub fn profile(&self, facts: &Facts, par: Par<'_>) -> Option<Arc<Profile>> {
        let of = |x: &Representation<'_>, over_pairs| match x.data() {
            Data::Matrix(..) => Profile::of(x, over_pairs, par).ok(),
            Data::Labels(_) | Data::Reals(_) => None,
        };
        match (self, facts.input) {
            (_, Input::Predictions | Input::Probabilities) => None,
            (Self::Data(x), input) => of(x, input == Input::PairMatrix),
            (Self::Prepared(made), _) => made.profile.clone(),
        }
    }

    /// The summary for this measure.
    pub fn summary(&self, instance: &Instance, par: Par<'_>) -> Result<AnySummary> {
        let name = instance.measure.name();
        let refuse = |problem| Err(Error::SummaryMismatch { problem });
        match self {
            Self::Data(x) => instance.measure.summarize(x, par),
            Self::Prepared(made) if made.measure != name => {
                refuse(format!("was made for {}, not for {name}", made.measure))
            }
            Self::Prepared(made) if made.options != instance.options() => {
                refuse(format!("was made with options {{{}}}, not {{{}}}", made.options, instance.options()))
            }
            Self::Prepared(made) => Ok(made.summary.clone()),
        }
    }
}

/// The rows of two sides must belong to the same inputs.
pub fn rows_must_match(measure: &dyn AnyMeasure, x: &Operand<'_>, y: &Operand<'_>) -> Result<()> {
    if measure.facts().rows_paired && x.rows() != y.rows() {
        return Err(Error::RowCountMismatch { x: x.name().into(), y: y.name().into(), n: x.rows(), m: y.rows() });
    }
    Ok(())
}
