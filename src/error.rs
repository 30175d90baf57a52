//! Failures, each case named and said in a full sentence with its numbers.
//!
//! There is one enum. Every variant has a stable [`code`](Error::code) that programs may rely on, a message for people,
//! and [`details`](Error::details) that repeat the numbers of the message for machines. Python sees them as subclasses
//! of `ResemblanceError`; the one place that translates is `bindings/errors.rs`.

use crate::synonyms::Hint;
use crate::value::Value;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A named failure.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // the message of a variant says what its fields are
pub enum Error {
    /// NaN or infinity in the data.
    #[error(
        "{name} has {count} non-finite value{}, first at row {row}, column {column}.", if *count == 1 { "" } else { "s" }
    )]
    NonfiniteInput { name: String, count: usize, row: usize, column: usize },

    /// The two sides do not describe the same inputs.
    #[error("{x} has {n} rows, {y} has {m}; row i of both must belong to the same input.")]
    RowCountMismatch { x: String, y: String, n: usize, m: usize },

    /// Fewer rows than the measure needs.
    #[error("{measure} needs at least {needed} samples, {name} has {n}.")]
    TooFewSamples { measure: String, name: String, needed: usize, n: usize },

    /// Nothing is left after centering.
    #[error("All rows of {name} are equal.")]
    NoVariance { name: String },

    /// One row has no variance where the measure needs some.
    #[error(
        "Row {row} of {name} is constant: its {what} is undefined; pass constant_rows=\"mask\" to leave such rows out."
    )]
    ConstantRow { name: String, row: usize, what: &'static str },

    /// A matrix over pairs of rows that is zero up to round-off.
    #[error(
        "{name} has no structure to compare: nothing is left of its matrix over pairs of rows once means are subtracted."
    )]
    NoStructure { name: String },

    /// A ratio whose denominator is zero.
    #[error("{measure} is undefined here: {reason}.")]
    Undefined { measure: String, reason: String },

    /// The measure needs equal widths.
    #[error("{measure} needs equal widths, got {p} and {q}.")]
    WidthMismatch { measure: String, p: usize, q: usize },

    /// More neighbors asked for than there are other points.
    #[error("k={k} needs more than {k} samples, got {n}.")]
    KTooLarge { k: usize, n: usize },

    /// A soft measure was not told what its numbers are.
    #[error(
        "{measure} needs kind=: say whether the scores are \"probs\", \"logits\" or \"log_probs\"; it is never guessed."
    )]
    KindRequired { measure: String },

    /// Rows that should be probabilities are not.
    #[error("Row {row} of {name} {problem} ({count} such row{}); {remedy}.", if *count == 1 { "" } else { "s" })]
    NotProbabilities { name: String, row: usize, count: usize, problem: String, remedy: &'static str },

    /// A table of whole numbers whose meaning was not said.
    #[error(
        "{name} holds whole numbers in {rows} x {columns}, and {measure} does not guess what they mean: pass kind=\"tokens\" if each is an answer, kind=\"scores\" if each is the score of a class{}.",
        if *counts { ", kind=\"counts\" if they count votes" } else { "" }
    )]
    ContentRequired { measure: String, name: String, rows: usize, columns: usize, counts: bool },

    /// Inputs without an answer.
    #[error(
        "{name} has no answer in {count} place{}, first at row {row} (NaN or a negative id); pass missing=\"drop\" to leave such rows out, missing=\"class\" to count no answer as an answer.", if *count == 1 { "" } else { "s" }
    )]
    MissingAnswer { name: String, row: usize, count: usize },

    /// Two models that do not speak of the same classes.
    #[error("{x} and {y} do not speak of the same classes ({problem}); are labels written differently?")]
    ClassSetsDiffer { x: String, y: String, problem: String },

    /// Class ids that are not class ids.
    #[error("{name} holds {given} at row {row}; {expected}.")]
    BadLabel { name: String, row: usize, given: String, expected: String },

    /// A row-permutation test of a measure that ignores the order of rows.
    #[error("{measure} does not use which row is which; a permutation of rows cannot test it.")]
    PermutationUndefined { measure: String },

    /// A permutation test of rows that are not exchangeable.
    #[error(
        "{count} of {n} rows repeat an earlier one on both sides, and rows of one input cannot trade places with others: keep one row of each input, say with groups= which rows belong together, or with repeats=\"allow\" that different inputs have equal rows."
    )]
    NotExchangeable { count: usize, n: usize },

    /// A design under which every row stays where it is.
    #[error("None of the {n} rows can change places: {reason}.")]
    NothingToPermute { n: usize, reason: String },

    /// A decomposition or iteration that did not reach its accuracy.
    #[error("{solver} did not reach its accuracy on a {rows} x {cols} matrix (residual {residual:.1e}).")]
    NoConvergence { solver: &'static str, rows: usize, cols: usize, residual: f64 },

    /// More memory than there is.
    #[error(
        "{what} needs {}, and {} are available; use fewer rows or fewer representations at once.", bytes(*need), bytes(*free)
    )]
    OverBudget { what: String, need: f64, free: f64 },

    /// An array of the wrong number of axes.
    #[error("{name} must have two axes (one row per input, one column per unit), it has shape {shape}.")]
    NotTwoDimensional { name: String, shape: String },

    /// An array with no rows or no columns.
    #[error("{name} is empty: its shape is {shape}.")]
    EmptyInput { name: String, shape: String },

    /// A value type that no measure accepts.
    #[error("{name} holds {given}; {expected}.")]
    UnsupportedDtype { name: String, given: String, expected: String },

    /// A precomputed matrix that is not square or not symmetric.
    #[error("{name} must be a symmetric n x n matrix for \"precomputed\": {problem}.")]
    NotSymmetric { name: String, problem: String },

    /// An option nobody reads.
    #[error("{measure} has no option {given:?}{}", suggestion(.hint.as_ref(), .known))]
    UnknownOption { measure: String, given: String, hint: Option<Hint>, known: Vec<String> },

    /// An option whose value cannot be used.
    #[error("{measure}: {option}={given} {problem}")]
    BadOption { measure: String, option: String, given: String, problem: String },

    /// An option that must be given and was not.
    #[error("{measure} needs {option}=: {needed}.")]
    MissingOption { measure: String, option: String, needed: &'static str },

    /// A measure nobody knows.
    #[error("There is no measure {given:?}{}", suggestion(.hint.as_ref(), .known))]
    UnknownMeasure { given: String, hint: Option<Hint>, known: Vec<String> },

    /// An operation the measure does not offer.
    #[error("{measure} {problem}.")]
    NotOffered { measure: String, problem: String },

    /// A prepared summary used for something else than it was made for.
    #[error("The prepared summary {problem}; prepare the representation again.")]
    SummaryMismatch { problem: String },

    /// Stopped from outside.
    #[error("Stopped after {done} of {total} units of work.")]
    Interrupted { done: u64, total: u64 },
}

fn suggestion(hint: Option<&Hint>, known: &[String]) -> String {
    match hint {
        Some(hint) => format!("; {hint}"),
        None if known.is_empty() => "; it has no options.".to_owned(),
        None => format!("; known are {}.", known.join(", ")),
    }
}

fn closest(hint: Option<&Hint>) -> Value {
    hint.map_or(Value::None, |hint| Value::from(hint.name.as_str()))
}

impl Error {
    /// The stable name of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NonfiniteInput { .. } => "nonfinite_input",
            Self::RowCountMismatch { .. } => "row_count_mismatch",
            Self::TooFewSamples { .. } => "too_few_samples",
            Self::NoVariance { .. } => "no_variance",
            Self::ConstantRow { .. } => "constant_row",
            Self::NoStructure { .. } => "no_structure",
            Self::Undefined { .. } => "undefined",
            Self::WidthMismatch { .. } => "width_mismatch",
            Self::KTooLarge { .. } => "k_too_large",
            Self::KindRequired { .. } | Self::ContentRequired { .. } => "kind_required",
            Self::MissingAnswer { .. } => "missing_answer",
            Self::ClassSetsDiffer { .. } => "class_sets_differ",
            Self::NotProbabilities { .. } => "not_probabilities",
            Self::BadLabel { .. } => "bad_label",
            Self::PermutationUndefined { .. } => "permutation_undefined",
            Self::NotExchangeable { .. } => "not_exchangeable",
            Self::NothingToPermute { .. } => "nothing_to_permute",
            Self::NoConvergence { .. } => "no_convergence",
            Self::OverBudget { .. } => "over_budget",
            Self::NotTwoDimensional { .. } => "not_two_dimensional",
            Self::EmptyInput { .. } => "empty_input",
            Self::UnsupportedDtype { .. } => "unsupported_dtype",
            Self::NotSymmetric { .. } => "not_symmetric",
            Self::UnknownOption { .. } => "unknown_option",
            Self::BadOption { .. } | Self::MissingOption { .. } => "bad_option",
            Self::UnknownMeasure { .. } => "unknown_measure",
            Self::NotOffered { .. } => "not_offered",
            Self::SummaryMismatch { .. } => "summary_mismatch",
            Self::Interrupted { .. } => "interrupted",
        }
    }

    /// The numbers of the message, by name.
    pub fn details(&self) -> Vec<(&'static str, Value)> {
        let text = |s: &String| Value::from(s.as_str());
        match self {
            Self::NonfiniteInput { name, count, row, column } => vec![
                ("name", text(name)),
                ("count", (*count).into()),
                ("row", (*row).into()),
                ("column", (*column).into()),
            ],
            Self::RowCountMismatch { x, y, n, m } => {
                vec![("x", text(x)), ("y", text(y)), ("n", (*n).into()), ("m", (*m).into())]
            }
            Self::TooFewSamples { measure, name, needed, n } => {
                vec![("measure", text(measure)), ("name", text(name)), ("needed", (*needed).into()), ("n", (*n).into())]
            }
            Self::NoVariance { name } | Self::NoStructure { name } => vec![("name", text(name))],
            Self::ConstantRow { name, row, .. } => vec![("name", text(name)), ("row", (*row).into())],
            Self::Undefined { measure, reason } => vec![("measure", text(measure)), ("reason", text(reason))],
            Self::WidthMismatch { measure, p, q } => {
                vec![("measure", text(measure)), ("p", (*p).into()), ("q", (*q).into())]
            }
            Self::KTooLarge { k, n } => vec![("k", (*k).into()), ("n", (*n).into())],
            Self::NotProbabilities { name, row, count, .. } => {
                vec![("name", text(name)), ("row", (*row).into()), ("count", (*count).into())]
            }
            Self::ContentRequired { measure, name, rows, columns, .. } => vec![
                ("measure", text(measure)),
                ("name", text(name)),
                ("rows", (*rows).into()),
                ("columns", (*columns).into()),
            ],
            Self::MissingAnswer { name, row, count } => {
                vec![("name", text(name)), ("row", (*row).into()), ("count", (*count).into())]
            }
            Self::ClassSetsDiffer { x, y, .. } => vec![("x", text(x)), ("y", text(y))],
            Self::BadLabel { name, row, given, .. } => {
                vec![("name", text(name)), ("row", (*row).into()), ("given", text(given))]
            }
            Self::NotExchangeable { count, n } => vec![("count", (*count).into()), ("n", (*n).into())],
            Self::NothingToPermute { n, reason } => vec![("n", (*n).into()), ("reason", text(reason))],
            Self::NoConvergence { solver, rows, cols, residual } => vec![
                ("solver", Value::from(*solver)),
                ("rows", (*rows).into()),
                ("cols", (*cols).into()),
                ("residual", (*residual).into()),
            ],
            Self::OverBudget { what, need, free } => {
                vec![("what", text(what)), ("need", (*need).into()), ("free", (*free).into())]
            }
            Self::NotTwoDimensional { name, shape } | Self::EmptyInput { name, shape } => {
                vec![("name", text(name)), ("shape", text(shape))]
            }
            Self::UnsupportedDtype { name, given, .. } => vec![("name", text(name)), ("given", text(given))],
            Self::NotSymmetric { name, problem } => vec![("name", text(name)), ("problem", text(problem))],
            Self::UnknownOption { measure, given, hint, .. } => {
                vec![("measure", text(measure)), ("given", text(given)), ("closest", closest(hint.as_ref()))]
            }
            Self::BadOption { measure, option, given, .. } => {
                vec![("measure", text(measure)), ("option", text(option)), ("given", text(given))]
            }
            Self::MissingOption { measure, option, .. } => vec![("measure", text(measure)), ("option", text(option))],
            Self::UnknownMeasure { given, hint, .. } => {
                vec![("given", text(given)), ("closest", closest(hint.as_ref()))]
            }
            Self::KindRequired { measure }
            | Self::PermutationUndefined { measure }
            | Self::NotOffered { measure, .. } => vec![("measure", text(measure))],
            Self::SummaryMismatch { problem } => vec![("problem", text(problem))],
            Self::Interrupted { done, total } => {
                vec![("done", Value::Int(*done as i64)), ("total", Value::Int(*total as i64))]
            }
        }
    }
}

/// A number of bytes for people.
fn bytes(count: f64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    match units.into_iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) if count / size < 9.95 => format!("{:.1} {unit}", count / size),
        Some((unit, size)) => format!("{:.0} {unit}", count / size),
        None => format!("{count:.0} bytes"),
    }
}
