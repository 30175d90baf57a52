//! Options options become typed fields.
//!
//! Reading an option declares it: its name, kind, default and choices are noted as [`Options`] hands out the value, so that
//! documentation, tests and the Python signatures can be compared with what the code really reads. What is left over when
//! everything has been read was misspelt, and the error says what was probably meant.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::synonyms;
use crate::value::Value;

/// What reading an option told about it.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionSpec {
    /// The option's name.
    pub name: &'static str,
    /// `"bool"`, `"int"`, `"float"`, `"choice"`, `"labels"` (one class per row), `"classes"` or `"matrix"`.
    pub kind: &'static str,
    /// The value used when nothing is given; `None` is a value too.
    pub default: Value,
    /// For a choice, all of them, the default first.
    pub choices: Vec<&'static str>,
    /// There is no default and the option must be given.
    pub required: bool,
}

/// Options by name, handed out one by one.
pub struct Options {
    owner: &'static str,
    given: Vec<(String, Value)>,
    declared: Vec<OptionSpec>,
    probing: bool,
    /// Options that were given another value than their default.
    changed: Vec<(&'static str, Value)>,
}

impl Options {
    /// Options given to the measure `owner`.
    pub fn new(owner: &'static str, given: Vec<(String, Value)>) -> Self {
        Self { owner, given, declared: Vec::new(), probing: false, changed: Vec::new() }
    }

    /// Options that answer every question with its default (or a placeholder), to learn what is asked.
    pub fn probe(owner: &'static str) -> Self {
        Self { probing: true, ..Self::new(owner, Vec::new()) }
    }

    /// What has been asked for so far.
    pub fn declared(self) -> Vec<OptionSpec> {
        self.declared
    }

    fn take(&mut self, declared: OptionSpec) -> Value {
        let name = declared.name;
        let value = match self.given.iter().position(|(given, _)| given == name) {
            Some(at) => self.given.swap_remove(at).1,
            None => declared.default.clone(),
        };
        if !value.is_same_as(&declared.default) {
            self.changed.push((name, value.clone()));
        }
        self.declared.push(declared);
        value
    }

    /// Refuse an option that was given although it changes nothing; `only` completes "has an effect only".
    pub fn needs(&self, option: &str, effective: bool, only: &str) -> Result<()> {
        match self.changed.iter().find(|(name, _)| *name == option) {
            Some((_, given)) if !effective => Err(self.bad(option, given, format!("has an effect only {only}"))),
            _ => Ok(()),
        }
    }

    fn bad(&self, option: &str, given: &Value, problem: impl Into<String>) -> Error {
        Error::BadOption {
            measure: self.owner.into(),
            option: option.into(),
            given: given.to_string(),
            problem: full_stop(problem.into()),
        }
    }

    /// A yes or no.
    pub fn bool(&mut self, name: &'static str, default: bool) -> Result<bool> {
        match self.take(OptionSpec { name, kind: "bool", default: default.into(), choices: vec![], required: false }) {
            Value::Bool(v) => Ok(v),
            other => Err(self.bad(name, &other, format!("must be True or False, not {}", other.kind()))),
        }
    }

    /// A whole number of at least `least`.
    pub fn int(&mut self, name: &'static str, default: usize, least: usize) -> Result<usize> {
        let value =
            self.take(OptionSpec { name, kind: "int", default: default.into(), choices: vec![], required: false });
        self.whole(name, value, least)
    }

    /// A whole number of at least `least`, or None.
    pub fn optional_int(&mut self, name: &'static str, least: usize) -> Result<Option<usize>> {
        match self.take(OptionSpec { name, kind: "int", default: Value::None, choices: vec![], required: false }) {
            Value::None => Ok(None),
            value => self.whole(name, value, least).map(Some),
        }
    }

    fn whole(&self, name: &'static str, value: Value, least: usize) -> Result<usize> {
        match value {
            Value::Int(v) if v >= least as i64 => Ok(v as usize),
            Value::Int(_) => Err(self.bad(name, &value, format!("must be at least {least}"))),
            other => Err(self.bad(name, &other, format!("must be a whole number, not {}", other.kind()))),
        }
    }

    /// A finite number that `accept` accepts; `expected` completes "must be ...".
    pub fn float(
        &mut self,
        name: &'static str,
        default: f64,
        accept: fn(f64) -> bool,
        expected: &'static str,
    ) -> Result<f64> {
        let value =
            self.take(OptionSpec { name, kind: "float", default: default.into(), choices: vec![], required: false });
        self.real(name, &value, accept, expected)
    }

    /// As [`float`](Self::float), or None.
    pub fn optional_float(
        &mut self,
        name: &'static str,
        accept: fn(f64) -> bool,
        expected: &'static str,
    ) -> Result<Option<f64>> {
        match self.take(OptionSpec { name, kind: "float", default: Value::None, choices: vec![], required: false }) {
            Value::None => Ok(None),
            value => self.real(name, &value, accept, expected).map(Some),
        }
    }

    fn real(&self, name: &'static str, value: &Value, accept: fn(f64) -> bool, expected: &str) -> Result<f64> {
        let number = match value {
            Value::Float(v) => *v,
            Value::Int(v) => *v as f64,
            other => return Err(self.bad(name, other, format!("must be {expected}, not {}", other.kind()))),
        };
        if number.is_finite() && accept(number) {
            Ok(number)
        } else {
            Err(self.bad(name, value, format!("must be {expected}")))
        }
    }

    /// One of a closed list of names; the first is the default.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Result<T> {
        let names: Vec<&'static str> = choices.iter().map(|(choice, _)| *choice).collect();
        let default = Value::from(names[0]);
        let value = self.take(OptionSpec { name, kind: "choice", default, choices: names.clone(), required: false });
        self.pick(name, &value, choices, &names)
    }

    /// One of a closed list of names, or None, which is the default.
    pub fn optional_choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Result<Option<T>> {
        let names: Vec<&'static str> = choices.iter().map(|(choice, _)| *choice).collect();
        match self.take(OptionSpec {
            name,
            kind: "choice",
            default: Value::None,
            choices: names.clone(),
            required: false,
        }) {
            Value::None => Ok(None),
            value => self.pick(name, &value, choices, &names).map(Some),
        }
    }

    /// One of a closed list of names, or an explicit None that stands for `none`; the first is the default.
    pub fn choice_or_none<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)], none: T) -> Result<T> {
        let names: Vec<&'static str> = choices.iter().map(|(choice, _)| *choice).collect();
        let default = Value::from(names[0]);
        match self.take(OptionSpec { name, kind: "choice", default, choices: names.clone(), required: false }) {
            Value::None => Ok(none),
            value => self.pick(name, &value, choices, &names),
        }
    }

    fn pick<T: Copy>(
        &self,
        name: &'static str,
        value: &Value,
        choices: &[(&'static str, T)],
        names: &[&str],
    ) -> Result<T> {
        let Value::Text(given) = value else {
            return Err(self.bad(name, value, format!("must be one of {}", names.join(", "))));
        };
        choices
            .iter()
            .find(|(choice, _)| choice == given)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| self.bad(name, value, no_choice(given, names)))
    }

    /// One of a closed list of names that must be given; None if it was not.
    pub fn required_choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Result<Option<T>> {
        let names: Vec<&'static str> = choices.iter().map(|(choice, _)| *choice).collect();
        let probing = self.probing;
        match self.take(OptionSpec {
            name,
            kind: "choice",
            default: Value::None,
            choices: names.clone(),
            required: true,
        }) {
            Value::None if probing => Ok(Some(choices[0].1)),
            Value::None => Ok(None),
            value => self.pick(name, &value, choices, &names).map(Some),
        }
    }

    /// Class ids, one per row, that must be given.
    pub fn labels(&mut self, name: &'static str) -> Result<Arc<[i64]>> {
        let probing = self.probing;
        match self.take(OptionSpec { name, kind: "labels", default: Value::None, choices: vec![], required: true }) {
            Value::Ints { data, shape } if shape.len() == 1 => Ok(data),
            // As many as an example has rows.
            Value::None if probing => Ok((0..12).map(|i| i % 3).collect()),
            Value::None => Err(self.bad(name, &Value::None, "is required: one class id per row")),
            other => Err(self.bad(name, &other, "must be a vector of integers, one class id per row")),
        }
    }

    /// Classes in order, or None.
    pub fn classes(&mut self, name: &'static str) -> Result<Option<Arc<[i64]>>> {
        match self.take(OptionSpec { name, kind: "classes", default: Value::None, choices: vec![], required: false }) {
            Value::None => Ok(None),
            Value::Ints { data, shape } if shape.len() == 1 => Ok(Some(data)),
            other => Err(self.bad(name, &other, "must be a vector of classes, in order")),
        }
    }

    /// A matrix of reals, or None.
    pub fn optional_matrix(&mut self, name: &'static str) -> Result<Option<Arc<Matrix>>> {
        match self.take(OptionSpec { name, kind: "matrix", default: Value::None, choices: vec![], required: false }) {
            Value::None => Ok(None),
            Value::Floats { data, shape } if shape.len() == 2 => {
                Ok(Some(Arc::new(Matrix::from_vec(data.to_vec(), shape[0], shape[1]))))
            }
            other => Err(self.bad(name, &other, "must be a matrix of real numbers")),
        }
    }

    /// A part of a saved summary: whole numbers.
    pub fn saved_ints(&mut self, name: &'static str) -> Result<(Arc<[i64]>, Vec<usize>)> {
        match self.saved(name)? {
            Value::Ints { data, shape } => Ok((data, shape)),
            other => Err(damaged(format!("part {name:?} is {}", other.kind()))),
        }
    }

    /// A part of a saved summary: real numbers.
    pub fn saved_floats(&mut self, name: &'static str) -> Result<(Arc<[f64]>, Vec<usize>)> {
        match self.saved(name)? {
            Value::Floats { data, shape } => Ok((data, shape)),
            other => Err(damaged(format!("part {name:?} is {}", other.kind()))),
        }
    }

    /// A part of a saved summary: a matrix.
    pub fn saved_matrix(&mut self, name: &'static str) -> Result<Matrix> {
        let (data, shape) = self.saved_floats(name)?;
        match shape[..] {
            [rows, cols] => Ok(Matrix::from_vec(data.to_vec(), rows, cols)),
            _ => Err(damaged(format!("part {name:?} is not a matrix"))),
        }
    }

    /// A part of a saved summary: one number.
    pub fn saved_number(&mut self, name: &'static str) -> Result<f64> {
        match self.saved(name)? {
            Value::Float(v) => Ok(v),
            Value::Int(v) => Ok(v as f64),
            other => Err(damaged(format!("part {name:?} is {}", other.kind()))),
        }
    }

    /// A part of a saved summary: a finite number, or None.
    pub fn saved_optional_number(&mut self, name: &'static str) -> Result<Option<f64>> {
        match self.saved(name)? {
            Value::None => Ok(None),
            Value::Float(v) if v.is_finite() => Ok(Some(v)),
            Value::Int(v) => Ok(Some(v as f64)),
            other => Err(damaged(format!("part {name:?} is {other}"))),
        }
    }

    /// A part of a saved summary: a whole number.
    pub fn saved_int(&mut self, name: &'static str) -> Result<i64> {
        match self.saved(name)? {
            Value::Int(v) => Ok(v),
            other => Err(damaged(format!("part {name:?} is {other}"))),
        }
    }

    /// A part of a saved summary: a count.
    pub fn saved_count(&mut self, name: &'static str) -> Result<usize> {
        match self.saved(name)? {
            Value::Int(v) if v >= 0 => Ok(v as usize),
            other => Err(damaged(format!("part {name:?} is {other}"))),
        }
    }

    /// A part of a saved summary: a name.
    pub fn saved_text(&mut self, name: &'static str) -> Result<String> {
        match self.saved(name)? {
            Value::Text(v) => Ok(v),
            other => Err(damaged(format!("part {name:?} is {}", other.kind()))),
        }
    }

    /// Is there such a part?
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }

    fn saved(&mut self, name: &'static str) -> Result<Value> {
        let at = self.given.iter().position(|(given, _)| given == name);
        at.map(|at| self.given.swap_remove(at).1).ok_or_else(|| damaged(format!("part {name:?} is missing")))
    }

    /// Everything given must have been read.
    pub fn finish(self) -> Result<Vec<OptionSpec>> {
        let Some((given, _)) = self.given.first() else { return Ok(self.declared) };
        let known: Vec<&str> = self.declared.iter().map(|d| d.name).collect();
        Err(Error::UnknownOption {
            measure: self.owner.into(),
            given: given.clone(),
            hint: synonyms::of_word(given, &known),
            known: known.into_iter().map(str::to_owned).collect(),
        })
    }
}

/// What is wrong with a name that is none of the known choices.
pub fn no_choice(given: &str, known: &[&str]) -> String {
    match synonyms::of_word(given, known) {
        Some(hint) => format!("is not a choice; {hint}"),
        None => format!("is not a choice; known are {}.", known.join(", ")),
    }
}

fn full_stop(sentence: String) -> String {
    if sentence.ends_with(['.', '?']) { sentence } else { sentence + "." }
}

/// The complaint about a saved summary that does not hold together.
pub fn damaged(problem: impl Into<String>) -> Error {
    Error::SummaryMismatch { problem: format!("is damaged: {}", problem.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_option_is_answered_with_the_right_one() {
        let mut named = Options::new("cka", vec![("kernal".into(), "rbf".into())]);
        named.choice("kernel", &[("linear", 0), ("rbf", 1)]).unwrap();
        let error = named.finish().unwrap_err();
        assert_eq!(error.to_string(), "cka has no option \"kernal\"; did you mean \"kernel\"?");
    }

    #[test]
    fn a_misspelt_choice_too() {
        let mut named = Options::new("cka", vec![("kernel".into(), "liner".into())]);
        let error = named.choice("kernel", &[("linear", 0), ("rbf", 1)]).unwrap_err();
        assert_eq!(error.to_string(), "cka: kernel=\"liner\" is not a choice; did you mean \"linear\"?");
    }
}
