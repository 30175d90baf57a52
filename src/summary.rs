//! Summaries: the compact form of one representation that all scores of a measure are computed from.
//!
//! A [`Summary`] belongs to whoever makes it, an engine or a measure; operations and bindings hold [`AnySummary`], whose type
//! is known to its measure alone. It can be saved as named values, which is what a pickle of a prepared representation holds.

use std::any::Any;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::saved::SavedParts;
use crate::value::Value;

/// The summary that an engine or a measure keeps of one representation; it can be written down as named values and read back.
pub trait Summary: Any + Send + Sync {
    /// Named arrays and numbers.
    fn save(&self) -> Vec<(&'static str, Value)>;
    /// Back from them; nothing about them may be believed without a check.
    fn load(parts: &mut SavedParts) -> Result<Self>
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

    /// Named arrays and numbers.
    pub fn save(&self) -> Vec<(&'static str, Value)> {
        self.kept.save()
    }

    /// The summary with its type, which its measure knows.
    pub fn get<S: Summary>(&self) -> Result<&S> {
        let kept: &dyn Any = &*self.kept;
        kept.downcast_ref().ok_or_else(|| Error::SummaryMismatch { problem: "belongs to another measure".into() })
    }
}
