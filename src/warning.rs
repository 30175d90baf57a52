//! A number that may mislead comes with a warning: a stable code, a sentence with the numbers, and the numbers themselves.

use crate::value::Value;

/// Something a reader should know before believing a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    /// The stable name.
    pub code: &'static str,
    /// One sentence with the numbers filled in.
    pub message: String,
    /// The numbers.
    pub details: Vec<(&'static str, Value)>,
}

impl Warning {
    /// A warning with its numbers.
    pub fn new(code: &'static str, message: String, details: Vec<(&'static str, Value)>) -> Self {
        Self { code, message, details }
    }
}

impl From<Warning> for Value {
    fn from(warning: Warning) -> Self {
        Self::Tuple(vec![warning.code.into(), warning.message.into(), Self::Fields(warning.details)])
    }
}

impl From<Vec<Warning>> for Value {
    fn from(warnings: Vec<Warning>) -> Self {
        Self::List(warnings.into_iter().map(Value::from).collect())
    }
}
