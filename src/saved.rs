//! Parts of a saved summary: named values that come back from a pickle, none of which is believed unchecked.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::value::Value;

/// Named values of a saved summary, handed out one by one.
pub struct SavedParts {
    parts: Vec<(String, Value)>,
}

impl SavedParts {
    /// The parts as they were read.
    pub fn new(parts: Vec<(String, Value)>) -> Self {
        Self { parts }
    }

    /// Whole numbers.
    pub fn ints(&mut self, name: &'static str) -> Result<(Arc<[i64]>, Vec<usize>)> {
        match self.take(name)? {
            Value::Ints { data, shape } => Ok((data, shape)),
            other => Err(damaged(format!("part {name:?} is {}", other.kind()))),
        }
    }

    /// Real numbers.
    pub fn floats(&mut self, name: &'static str) -> Result<(Arc<[f64]>, Vec<usize>)> {
        match self.take(name)? {
            Value::Floats { data, shape } => Ok((data, shape)),
            other => Err(damaged(format!("part {name:?} is {}", other.kind()))),
        }
    }

    /// A matrix.
    pub fn matrix(&mut self, name: &'static str) -> Result<Matrix> {
        let (data, shape) = self.floats(name)?;
        match shape[..] {
            [rows, cols] => Ok(Matrix::from_vec(data.to_vec(), rows, cols)),
            _ => Err(damaged(format!("part {name:?} is not a matrix"))),
        }
    }

    /// One number.
    pub fn number(&mut self, name: &'static str) -> Result<f64> {
        match self.take(name)? {
            Value::Float(v) => Ok(v),
            Value::Int(v) => Ok(v as f64),
            other => Err(damaged(format!("part {name:?} is {}", other.kind()))),
        }
    }

    /// A finite number, or None.
    pub fn optional_number(&mut self, name: &'static str) -> Result<Option<f64>> {
        match self.take(name)? {
            Value::None => Ok(None),
            Value::Float(v) if v.is_finite() => Ok(Some(v)),
            Value::Int(v) => Ok(Some(v as f64)),
            other => Err(damaged(format!("part {name:?} is {other}"))),
        }
    }

    /// A whole number.
    pub fn int(&mut self, name: &'static str) -> Result<i64> {
        match self.take(name)? {
            Value::Int(v) => Ok(v),
            other => Err(damaged(format!("part {name:?} is {other}"))),
        }
    }

    /// A count.
    pub fn count(&mut self, name: &'static str) -> Result<usize> {
        match self.take(name)? {
            Value::Int(v) if v >= 0 => Ok(v as usize),
            other => Err(damaged(format!("part {name:?} is {other}"))),
        }
    }

    /// A name.
    pub fn text(&mut self, name: &'static str) -> Result<String> {
        match self.take(name)? {
            Value::Text(v) => Ok(v),
            other => Err(damaged(format!("part {name:?} is {}", other.kind()))),
        }
    }

    /// Presence of a part.
    pub fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|(given, _)| given == name)
    }

    fn take(&mut self, name: &'static str) -> Result<Value> {
        let at = self.parts.iter().position(|(given, _)| given == name);
        at.map(|at| self.parts.swap_remove(at).1).ok_or_else(|| damaged(format!("part {name:?} is missing")))
    }
}

/// Complaint about a saved summary that does not hold together.
pub fn damaged(problem: impl Into<String>) -> Error {
    Error::SummaryMismatch { problem: format!("is damaged: {}", problem.into()) }
}
