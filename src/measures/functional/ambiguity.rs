//! Ambiguity: on which share of the inputs do the models of a group conflict?
//!
//! ```text
//! ambiguity(models) = mean over inputs of [ not all models give the same answer ]
//! ```
//!
//! Any two models conflict where someone differs from the first, so a group of M models takes O(n M) and not O(n M^2). Of
//! two models it is their disagreement. Where an input has several answers (tokens), its term is the share of positions
//! with a conflict. A table of votes (`kind="counts"`) is a whole group by itself: an input with votes for two classes is
//! one of conflict. By `missing="skip"` an input with one vote or none is left out.
//!
//! - Cost: O(n C) per model for scores of C classes, O(n M log M) per group.
//! - Reference: Marx, Calmon & Ustun (2020), arXiv:1909.06677.

use super::OfClasses;
use crate::cost::Cost;
use crate::engines::predictions::votes::{self, Votes};
use crate::engines::predictions::{Classes, Content, Reading};
use crate::error::Result;
use crate::facts::{Facts, Jackknife, Kind, Triangle};
use crate::form::{Form, Rows};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Share of inputs on which models of a group conflict.
#[derive(Clone, Copy, Debug)]
pub struct Ambiguity {
    reading: Reading,
}

impl Measure for Ambiguity {
    const NAME: &'static str = "ambiguity";
    const FAMILY: &'static str = "functional";
    type Summary = Votes;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self { reading: Reading::of_group(Self::NAME, options)? })
    }

    fn facts(&self) -> Facts {
        Facts {
            kind: Kind::Distance,
            identity_value: 0.0,
            triangle: Triangle::Metric, // of pairs
            groups: true,
            fewest_models: if self.reading.content == Some(Content::Counts) { 1 } else { 2 },
            jackknife: Jackknife::MeanOfRows,
            reference: "Marx, Calmon & Ustun 2020, arXiv:1909.06677",
            cost: "O(n C) per model, O(n) per pair, O(n M log M) per group of M",
            ..Facts::PREDICTIONS
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        Cost { score: n as f64, ..Cost::entries(n, d) }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Votes> {
        Votes::of(x, &self.reading, par)
    }

    fn form<'a>(&'a self, x: &'a Votes, y: &'a Votes) -> Result<Form<'a>> {
        let (x, y) = votes::pair(Self::NAME, x, y)?;
        super::form(self, Self::NAME, x, y)
    }

    fn warnings(&self, x: &Votes, y: &Votes) -> Vec<Warning> {
        votes::ties(x, y)
    }

    fn group_rows(&self, models: &[&Votes]) -> Result<Option<Vec<f64>>> {
        let n = models.first().map_or(0, |model| crate::summary::Summary::rows(*model));
        let (mut conflicts, mut answers) = (vec![0_u32; n], vec![0_u32; n]);
        votes::visit(Self::NAME, models, &self.reading, |input, votes| {
            if votes.iter().map(|(_, count)| count).sum::<u64>() > 1 {
                answers[input] += 1;
                conflicts[input] += u32::from(votes.len() > 1);
            }
            Ok(())
        })?;
        let share = |(conflicts, answers): (&u32, &u32)| match answers {
            0 => f64::NAN,
            _ => f64::from(*conflicts) / f64::from(*answers),
        };
        Ok(Some(conflicts.iter().zip(&answers).map(share).collect()))
    }
}

impl OfClasses for Ambiguity {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn rows<'a>(&'a self, x: &'a Classes, y: &'a Classes, _: Option<&[usize]>) -> Result<Rows<'a>> {
        Ok(super::share_that_differs(x, y))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{A, B, C, D, measure, score};
    use super::*;
    use crate::testing::representation;

    fn rows(models: &[&[i64]]) -> Vec<f64> {
        let ambiguity = measure::<Ambiguity>(&[]);
        let summarized: Vec<Votes> = models
            .iter()
            .map(|ids| ambiguity.summarize(&Representation::labels("x", *ids).unwrap(), Par::SEQ).unwrap())
            .collect();
        ambiguity.group_rows(&summarized.iter().collect::<Vec<_>>()).unwrap().unwrap()
    }

    /// Values by hand: all four agree on inputs 2, 4 and 7.
    #[test]
    fn seven_of_ten() {
        assert_eq!(rows(&[&A, &B, &C, &D]), [1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn of_two_models_it_is_their_disagreement() {
        assert_eq!(score(&measure::<Ambiguity>(&[]), &A, &B, None).unwrap(), 0.4);
        assert_eq!(rows(&[&A, &B]).iter().sum::<f64>(), 4.0);
    }

    /// Items (2, 0), (1, 1) and (0, 1): the last has one vote, which conflicts with none.
    #[test]
    fn a_table_of_votes_is_a_group() {
        let any = measure::<Ambiguity>(&[("kind", "counts"), ("missing", "skip")]);
        let table = any.summarize(&representation("x", &[2.0, 0.0, 1.0, 1.0, 0.0, 1.0], 2), Par::SEQ).unwrap();
        let rows = any.group_rows(&[&table]).unwrap().unwrap();
        assert_eq!(rows[..2], [0.0, 1.0]);
        assert!(rows[2].is_nan());
        assert_eq!(any.group(&[&table]).unwrap(), 0.5);
    }
}
