//! Named options become typed fields.
//!
//! Reading an option declares it: its name, kind, default, choices and examples are noted as [`Options`] hands out the value,
//! so that documentation, tests and the Python signatures can be compared with what the code really reads. What is left over
//! when everything has been read was misspelt, and the error says what was probably meant.
//!
//! Every option says how it is to be tried: its *examples* are values other than the default that change some score. The
//! first of them stands in where an option that must be given was not, and nobody wants a score ([`Options::probe`]). Arrays
//! among them fit data of [`EXAMPLE_ROWS`] rows and [`EXAMPLE_COLUMNS`] columns.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::synonyms;
use crate::value::Value;

/// Rows that an example of one value per row is for.
pub const EXAMPLE_ROWS: i64 = 12;
/// Columns that an example matrix is for.
pub const EXAMPLE_COLUMNS: usize = 3;

/// Declaration of an option.
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
    /// It has one entry per row: a row that goes takes its entry with it.
    pub per_row: bool,
    /// Values worth a trial beside the default; of choices, the others.
    pub examples: Vec<Value>,
}

impl OptionSpec {
    fn new(name: &'static str, kind: &'static str) -> Self {
        let (choices, examples) = (Vec::new(), Vec::new());
        Self { name, kind, default: Value::None, choices, required: false, per_row: false, examples }
    }

    fn of_choices<T>(name: &'static str, choices: &[(&'static str, T)]) -> Self {
        let choices: Vec<&'static str> = choices.iter().map(|(choice, _)| *choice).collect();
        let examples = choices.iter().map(|choice| Value::from(*choice)).collect();
        Self { choices, examples, ..Self::new(name, "choice") }
    }

    /// Name, kind, default and so on, as values.
    pub fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("name", self.name.into()),
            ("kind", self.kind.into()),
            ("default", self.default.clone()),
            ("choices", Value::List(self.choices.iter().map(|choice| Value::from(*choice)).collect())),
            ("required", self.required.into()),
            ("per_row", self.per_row.into()),
            ("examples", Value::List(self.examples.clone())),
        ]
    }
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

    /// Declarations so far.
    pub fn declared(self) -> Vec<OptionSpec> {
        self.declared
    }

    fn take(&mut self, mut declared: OptionSpec) -> Value {
        let name = declared.name;
        declared.examples.retain(|example| !example.is_same_as(&declared.default));
        let value = match (self.given.iter().position(|(given, _)| given == name), declared.examples.first()) {
            (Some(at), _) => self.given.swap_remove(at).1,
            (None, Some(example)) if self.probing && declared.required => example.clone(),
            (None, _) => declared.default.clone(),
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

    fn missing(&self, option: &str, needed: &'static str) -> Error {
        Error::MissingOption { measure: self.owner.into(), option: option.into(), needed }
    }

    fn bad(&self, option: &str, given: &Value, problem: impl Into<String>) -> Error {
        Error::BadOption {
            measure: self.owner.into(),
            option: option.into(),
            given: given.to_string(),
            problem: full_stop(problem.into()),
        }
    }

    /// An option that is true or false.
    pub fn bool(&mut self, name: &'static str, default: bool) -> Result<bool> {
        let examples = vec![Value::from(!default)];
        match self.take(OptionSpec { default: default.into(), examples, ..OptionSpec::new(name, "bool") }) {
            Value::Bool(v) => Ok(v),
            other => Err(self.bad(name, &other, format!("must be True or False, not {}", other.kind()))),
        }
    }

    /// A whole number, to be completed.
    pub fn int(&mut self, name: &'static str) -> IntOption<'_> {
        IntOption { options: self, spec: OptionSpec::new(name, "int"), least: 0 }
    }

    /// A finite real number, to be completed.
    pub fn float(&mut self, name: &'static str) -> FloatOption<'_> {
        FloatOption { options: self, spec: OptionSpec::new(name, "float"), accept: |_| true, expected: "a number" }
    }

    /// One of a closed list of names; the first is the default.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Result<T> {
        let value = self.take(OptionSpec { default: choices[0].0.into(), ..OptionSpec::of_choices(name, choices) });
        self.pick(name, &value, choices)
    }

    /// One of a closed list of names, or None, which is the default.
    pub fn optional_choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Result<Option<T>> {
        match self.take(OptionSpec::of_choices(name, choices)) {
            Value::None => Ok(None),
            value => self.pick(name, &value, choices).map(Some),
        }
    }

    /// One of a closed list of names, or an explicit None that stands for `none`; the first is the default.
    pub fn choice_or_none<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)], none: T) -> Result<T> {
        match self.take(OptionSpec { default: choices[0].0.into(), ..OptionSpec::of_choices(name, choices) }) {
            Value::None => Ok(none),
            value => self.pick(name, &value, choices),
        }
    }

    fn pick<T: Copy>(&self, name: &'static str, value: &Value, choices: &[(&'static str, T)]) -> Result<T> {
        let names: Vec<&'static str> = choices.iter().map(|(choice, _)| *choice).collect();
        let Value::Text(given) = value else {
            return Err(self.bad(name, value, format!("must be one of {}", names.join(", "))));
        };
        choices
            .iter()
            .find(|(choice, _)| choice == given)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| self.bad(name, value, no_choice(given, &names)))
    }

    /// One of a closed list of names that must be given; None if it was not.
    pub fn required_choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Result<Option<T>> {
        match self.take(OptionSpec { required: true, ..OptionSpec::of_choices(name, choices) }) {
            Value::None => Ok(None),
            value => self.pick(name, &value, choices).map(Some),
        }
    }

    /// Class ids, one per row, that must be given.
    pub fn labels(&mut self, name: &'static str) -> Result<Arc<[i64]>> {
        let examples = vec![Value::ints((0..EXAMPLE_ROWS).map(|i| i % 3).collect::<Vec<_>>())];
        let spec = OptionSpec { required: true, per_row: true, examples, ..OptionSpec::new(name, "labels") };
        match self.take(spec) {
            Value::Ints { data, shape } if shape.len() == 1 => Ok(data),
            Value::None => Err(self.missing(name, "one class id per row")),
            other => Err(self.bad(name, &other, "must be a vector of integers, one class id per row")),
        }
    }

    /// Classes in order, or None.
    pub fn classes(&mut self, name: &'static str) -> Result<Option<Arc<[i64]>>> {
        let examples = vec![Value::ints(vec![2, 0, 1])];
        match self.take(OptionSpec { examples, ..OptionSpec::new(name, "classes") }) {
            Value::None => Ok(None),
            Value::Ints { data, shape } if shape.len() == 1 => Ok(Some(data)),
            other => Err(self.bad(name, &other, "must be a vector of classes, in order")),
        }
    }

    /// A matrix of reals, or None; the example is positive definite.
    pub fn optional_matrix(&mut self, name: &'static str) -> Result<Option<Arc<Matrix>>> {
        let data = [2.0, 0.5, 0.0, 0.5, 1.0, -0.25, 0.0, -0.25, 1.5].into();
        let examples = vec![Value::Floats { data, shape: vec![EXAMPLE_COLUMNS; 2] }];
        match self.take(OptionSpec { examples, ..OptionSpec::new(name, "matrix") }) {
            Value::None => Ok(None),
            Value::Floats { data, shape } if shape.len() == 2 => {
                Ok(Some(Arc::new(Matrix::from_vec(data.to_vec(), shape[0], shape[1]))))
            }
            other => Err(self.bad(name, &other, "must be a matrix of real numbers")),
        }
    }

    fn whole(&self, name: &'static str, value: &Value, least: usize) -> Result<usize> {
        match value {
            Value::Int(v) if *v >= least as i64 => Ok(*v as usize),
            Value::Int(_) => Err(self.bad(name, value, format!("must be at least {least}"))),
            other => Err(self.bad(name, other, format!("must be a whole number, not {}", other.kind()))),
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

    /// Declarations of all options, or the error about one that nobody read.
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

/// A whole number among the options.
#[must_use]
pub struct IntOption<'a> {
    options: &'a mut Options,
    spec: OptionSpec,
    least: usize,
}

impl IntOption<'_> {
    /// The value where nothing is given.
    pub fn default(self, value: usize) -> Self {
        Self { spec: OptionSpec { default: value.into(), ..self.spec }, ..self }
    }

    /// The smallest value that is accepted.
    pub fn least(self, least: usize) -> Self {
        Self { least, ..self }
    }

    /// Values worth a trial.
    pub fn examples(self, values: &[usize]) -> Self {
        let examples = values.iter().map(|&value| value.into()).collect();
        Self { spec: OptionSpec { examples, ..self.spec }, ..self }
    }

    /// The number.
    pub fn read(self) -> Result<usize> {
        let name = self.spec.name;
        let value = self.options.take(self.spec);
        self.options.whole(name, &value, self.least)
    }

    /// The number, or None, which is the default.
    pub fn or_none(self) -> Result<Option<usize>> {
        let name = self.spec.name;
        match self.options.take(self.spec) {
            Value::None => Ok(None),
            value => self.options.whole(name, &value, self.least).map(Some),
        }
    }
}

/// A real number among the options.
#[must_use]
pub struct FloatOption<'a> {
    options: &'a mut Options,
    spec: OptionSpec,
    accept: fn(f64) -> bool,
    expected: &'static str,
}

impl FloatOption<'_> {
    /// The value where nothing is given.
    pub fn default(self, value: f64) -> Self {
        Self { spec: OptionSpec { default: value.into(), ..self.spec }, ..self }
    }

    /// The numbers that are accepted; `expected` completes "must be ...".
    pub fn within(self, accept: fn(f64) -> bool, expected: &'static str) -> Self {
        Self { accept, expected, ..self }
    }

    /// Any positive number.
    pub fn positive(self) -> Self {
        self.within(|v| v > 0.0, "a positive number")
    }

    /// Values worth a trial.
    pub fn examples(self, values: &[f64]) -> Self {
        let examples = values.iter().map(|&value| value.into()).collect();
        Self { spec: OptionSpec { examples, ..self.spec }, ..self }
    }

    /// The number.
    pub fn read(self) -> Result<f64> {
        let name = self.spec.name;
        let value = self.options.take(self.spec);
        self.options.real(name, &value, self.accept, self.expected)
    }

    /// The number, or None, which is the default.
    pub fn or_none(self) -> Result<Option<f64>> {
        let name = self.spec.name;
        match self.options.take(self.spec) {
            Value::None => Ok(None),
            value => self.options.real(name, &value, self.accept, self.expected).map(Some),
        }
    }

    /// The number, which must be given.
    pub fn required(self) -> Result<f64> {
        let name = self.spec.name;
        match self.options.take(OptionSpec { required: true, ..self.spec }) {
            Value::None => Err(self.options.missing(name, self.expected)),
            value => self.options.real(name, &value, self.accept, self.expected),
        }
    }
}

/// Complaint about a name that is none of the known choices.
pub fn no_choice(given: &str, known: &[&str]) -> String {
    match synonyms::of_word(given, known) {
        Some(hint) => format!("is not a choice; {hint}"),
        None => format!("is not a choice; known are {}.", known.join(", ")),
    }
}

fn full_stop(sentence: String) -> String {
    if sentence.ends_with(['.', '?']) { sentence } else { sentence + "." }
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
