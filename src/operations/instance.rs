//! A measure with its options, as operations receive it.

use std::sync::OnceLock;

use crate::error::Result;
use crate::measure::AnyMeasure;
use crate::measures::find;
use crate::measures::registry::Entry;
use crate::value::Value;

/// A measure with its options, as operations receive it.
pub struct Instance {
    /// The measure.
    pub measure: Box<dyn AnyMeasure>,
    given: Vec<(String, Value)>,
    written: OnceLock<String>,
}

impl Instance {
    /// The measure of that name with these options.
    pub fn new(name: &str, given: Vec<(String, Value)>) -> Result<Self> {
        let measure = find(name)?.with(given.clone())?;
        Ok(Self { measure, given, written: OnceLock::new() })
    }

    /// The same for some of the rows: options with one entry per row keep those of the rows that stay; None if there are none.
    pub fn for_rows(&self, stay: &[usize]) -> Result<Option<Self>> {
        let (_, declared) = find(self.measure.name())?.probe()?;
        let of_rows = |name: &str| declared.iter().any(|option| option.name == name && option.per_row);
        if !self.given.iter().any(|(name, _)| of_rows(name)) {
            return Ok(None);
        }
        let some = |name: &str, value: &Value| if of_rows(name) { value.of_rows(stay) } else { value.clone() };
        let given = self.given.iter().map(|(name, value)| (name.clone(), some(name, value))).collect();
        Self::new(self.measure.name(), given).map(Some)
    }

    /// The options that differ from their defaults, in order of name: two requests with the same text are the same.
    pub fn options(&self) -> &str {
        self.written.get_or_init(|| {
            let declared = find(self.measure.name()).and_then(Entry::probe).map(|(_, declared)| declared);
            let declared = declared.unwrap_or_default();
            let default = |name: &str| declared.iter().find(|d| d.name == name).map(|d| d.default.clone());
            let differs = |(name, value): &&(String, Value)| !default(name).is_some_and(|it| it.is_same_as(value));
            let mut written: Vec<String> =
                self.given.iter().filter(differs).map(|(name, value)| format!("{name}={}", value.written())).collect();
            written.sort();
            written.join(", ")
        })
    }
}
