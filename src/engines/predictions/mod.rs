//! Answers of a model: one class per input, or a probability for every class.
//!
//! Class ids are taken as they are. Of scores the largest decides, and the lowest column among equal ones; how many rows
//! were tied is remembered, for in half precision ties are a floor under every disagreement. What scores mean is never
//! guessed: logits may happen to lie between 0 and 1, and the softmax of probabilities is a plausible wrong number. Nor is
//! it guessed what a table of whole numbers means: they may be scores, one class per position of a sequence, or votes.
//!
//! Ids from [`WORD`] on stand for words, which have no order of their own; a negative id is a gap, an input without an
//! answer.
//!
//! ```text
//! reading         what an array holds, as it was said
//! classes         one class per input
//! probabilities   a probability for every class
//! scores          the largest of a row
//! votes           of the models of a group
//! ```

mod classes;
mod probabilities;
mod reading;
mod scores;
#[cfg(test)]
mod tests;
pub mod votes;

pub use self::classes::{Classes, GAP, WORD, checked, ties};
pub use self::probabilities::{Probabilities, ScoreKind};
pub use self::reading::{Content, Missing, Reading};
