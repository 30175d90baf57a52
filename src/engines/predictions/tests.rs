use std::sync::Arc;

use super::*;
use crate::error::{Error, Result};
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::SavedParts;
use crate::summary::Summary;
use crate::testing::representation;
use crate::value::Value;

fn reading(content: Option<Content>) -> Reading {
    Reading { measure: "test", counts: false, content, missing: Missing::Error }
}

fn classes(values: &[f64], columns: usize) -> Result<Classes> {
    reading(Some(Content::Scores)).classes(&representation("x", values, columns), Par::SEQ)
}

fn labels(ids: &[i64]) -> Classes {
    reading(None).classes(&Representation::labels("x", ids).unwrap(), Par::SEQ).unwrap()
}

fn probabilities(values: &[f64], kind: ScoreKind, renormalize: bool) -> Result<Arc<Probabilities>> {
    Probabilities::of(&representation("x", values, 3), kind, renormalize, Par::SEQ)
}

fn reloaded<S: Summary>(parts: Vec<(&'static str, Value)>) -> Result<S> {
    S::load(&mut SavedParts::new(parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

#[test]
fn the_first_of_the_largest_scores_decides() {
    let found = classes(&[0.1, 0.7, 0.2, 5.0, -1.0, 5.0, f64::NEG_INFINITY, -3.0, -4.0], 3).unwrap();
    assert_eq!(found.ids(), [1, 0, 1]);
    assert_eq!(found.tied, 1);
    assert_eq!(found.counts(), [(0, 1), (1, 2)]);
    assert_eq!(ties(&found, &found).len(), 1);
}

#[test]
fn wide_rows_are_read_to_the_end() {
    for at in 0..21 {
        let mut row = vec![-1.0; 21];
        row[at] = 2.0;
        assert_eq!(classes(&row, 21).unwrap().ids(), [at as i64]);
        row[at] = f64::NAN;
        assert!(matches!(classes(&row, 21), Err(Error::NonfiniteInput { column, .. }) if column == at));
    }
}

#[test]
fn scores_without_a_largest_are_refused() {
    let refused = |values: &[f64]| match classes(values, 2) {
        Err(Error::NonfiniteInput { count, row, column, .. }) => (count, row, column),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[1.0, 2.0, f64::NAN, 0.0]), (1, 1, 0));
    assert_eq!(refused(&[1.0, f64::INFINITY, f64::NAN, 0.0]), (2, 0, 1));
    assert_eq!(refused(&[1.0, 0.0, f64::NEG_INFINITY, f64::NEG_INFINITY]), (2, 1, 0));
    assert!(matches!(classes(&[1.0, 2.0], 1), Err(Error::BadLabel { .. })));
}

#[test]
fn ids_may_be_any_integers_from_0() {
    let (a, b) = (labels(&[5, 5, 0, 1_000_000_000_000]), labels(&[5, 0, 0, 7]));
    assert_eq!(a.counts(), [(0, 1), (5, 2), (1_000_000_000_000, 1)]);
    assert_eq!(a.meetings(&b), 2 + 2);
    assert_eq!(a.disagreement_at_chance(&b), 0.75);
    assert_eq!(a.differences(b.ids(), None), 2);
    assert_eq!(a.differences(b.ids(), Some(&[0, 1, 3, 2])), 3);
    let gap = reading(None).classes(&Representation::labels("x", vec![0, -1]).unwrap(), Par::SEQ);
    assert!(matches!(gap, Err(Error::MissingAnswer { row: 1, count: 1, .. })));
}

#[test]
fn whole_numbers_in_a_table_are_not_guessed_at() {
    let read = |values: &[f64], content| reading(content).classes(&representation("x", values, 2), Par::SEQ);
    let table = [3.0, 1.0, 0.0, 2.0];
    assert!(matches!(read(&table, None), Err(Error::ContentRequired { rows: 2, columns: 2, .. })));
    assert_eq!(read(&table, Some(Content::Scores)).unwrap().ids(), [0, 1]);
    let tokens = read(&table, Some(Content::Tokens)).unwrap();
    assert_eq!((tokens.row(1), Summary::rows(&tokens)), (&[0, 2][..], 2));
    assert_eq!(read(&table, Some(Content::Labels)).unwrap_err().code(), "bad_option");
    assert_eq!(read(&[0.0, 1.0, 1.0, 0.0], None).unwrap().ids(), [1, 0]);
    assert_eq!(read(&[3.0, 1.0, 0.0, 2.5], None).unwrap().ids(), [0, 1]);
}

/// All pairings of sequences: positions meet positions of the same number.
#[test]
fn the_chance_level_of_tokens_keeps_positions() {
    let read = |values: &[f64]| reading(Some(Content::Tokens)).classes(&representation("x", values, 2), Par::SEQ);
    let (x, y) = (read(&[7.0, 1.0, 7.0, 2.0]).unwrap(), read(&[7.0, 1.0, 7.0, 3.0]).unwrap());
    assert_eq!(x.disagreement_at_chance(&y), (0.0 + 3.0) / 8.0);
    assert_eq!(x.expected_disagreement(&y), 1.0 - (2.0 * 2.0 + 1.0) / 16.0);
}

#[test]
fn words_and_numbers_are_not_compared() {
    let (words, others) = (labels(&[WORD + 5, WORD + 9]), labels(&[WORD + 4, WORD + 8]));
    assert_eq!(words.comparable(&labels(&[0, 1]), "test").unwrap_err().code(), "class_sets_differ");
    assert_eq!(words.comparable(&others, "test").unwrap_err().code(), "class_sets_differ");
    assert!(words.comparable(&labels(&[WORD + 9, WORD + 1]), "test").is_ok());
    assert!(labels(&[0, 0]).comparable(&labels(&[1, 1]), "test").is_ok());
}

#[test]
fn three_kinds_of_the_same_scores() {
    let logits = [2.0, 0.0, -1.0, 700.0, 800.0, f64::NEG_INFINITY];
    let soft = probabilities(&logits, ScoreKind::Logits, false).unwrap();
    let total: f64 = [2.0_f64, 0.0, -1.0].iter().map(|z| z.exp()).sum();
    assert!((soft.row(0)[0] - 2.0_f64.exp() / total).abs() < 3e-16);
    assert_eq!(soft.row(1)[1..], [1.0, 0.0]);
    let probs: Vec<f64> = [soft.row(0), soft.row(1)].concat();
    assert_eq!(probabilities(&probs, ScoreKind::Probs, false).unwrap().row(0), soft.row(0));
    let logs: Vec<f64> = probs.iter().map(|p| p.ln()).collect();
    let again = probabilities(&logs, ScoreKind::LogProbs, false).unwrap();
    assert!((again.row(0)[2] - soft.row(0)[2]).abs() < 1e-15);
    let sized: Vec<f64> = probs.iter().map(|p| 3.0 * p).collect();
    assert!((probabilities(&sized, ScoreKind::Probs, true).unwrap().row(0)[1] - probs[1]).abs() < 1e-15);
}

#[test]
fn a_row_that_is_none_is_named_with_its_sum() {
    let error = probabilities(&[0.2, 0.3, 0.5, 0.5, 0.5, 0.5], ScoreKind::Probs, false).unwrap_err();
    let said = "Row 1 of x sums to 1.500000 (1 such row); pass kind=\"logits\" or renormalize=True.";
    assert_eq!(error.to_string(), said);
    let error = probabilities(&[1.2, 0.3, -0.5], ScoreKind::Probs, true).unwrap_err();
    assert_eq!(error.code(), "not_probabilities");
    assert_eq!(probabilities(&[0.0; 3], ScoreKind::Probs, true).unwrap_err().code(), "not_probabilities");
    assert_eq!(probabilities(&[-1.0; 3], ScoreKind::LogProbs, false).unwrap_err().code(), "not_probabilities");
    for kind in [ScoreKind::Probs, ScoreKind::Logits, ScoreKind::LogProbs] {
        for bad in [f64::NAN, f64::INFINITY] {
            let error = probabilities(&[0.2, 0.3, 0.5, 0.5, bad, 0.5], kind, false).unwrap_err();
            assert!(matches!(error, Error::NonfiniteInput { count: 1, row: 1, column: 1, .. }), "{error:?}");
        }
    }
    let masked = [f64::NEG_INFINITY; 3];
    assert_eq!(probabilities(&masked, ScoreKind::Logits, false).unwrap_err().code(), "nonfinite_input");
    assert_eq!(probabilities(&masked, ScoreKind::Probs, true).unwrap_err().code(), "nonfinite_input");
}

#[test]
fn what_is_saved_is_read_back_and_nothing_else() {
    let a = labels(&[3, 0, 3]);
    let again: Classes = reloaded(a.save()).unwrap();
    assert_eq!((again.ids(), again.counts()), (a.ids(), a.counts()));
    let spoiled = |at: usize, value: Value| {
        let mut parts = a.save();
        parts[at].1 = value;
        reloaded::<Classes>(parts).unwrap_err().code()
    };
    for (at, value) in [
        (1, Value::ints(vec![0, -1])),
        (1, Value::ints(vec![])),
        (2, 2_usize.into()),
        (2, 0_usize.into()),
        (3, 9_usize.into()),
        (1, 2.0.into()),
    ] {
        assert_eq!(spoiled(at, value), "summary_mismatch");
    }
    let soft = probabilities(&[0.2, 0.3, 0.5], ScoreKind::Probs, false).unwrap();
    assert_eq!(reloaded::<Probabilities>(soft.save()).unwrap().row(0), soft.row(0));
    for bad in [[0.2, 0.3, 0.9], [f64::NAN, 0.5, 0.5], [1.2, -0.2, 0.0]] {
        let mut parts = soft.save();
        parts[1].1 = Value::Floats { data: bad.to_vec().into(), shape: vec![1, 3] };
        assert_eq!(reloaded::<Probabilities>(parts).unwrap_err().code(), "summary_mismatch");
    }
}
