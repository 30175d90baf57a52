//! Functional measures: do two models give the same answers?

pub mod ambiguity;
pub mod cohen_kappa;
pub mod disagreement;
pub mod error_corrected_disagreement;
pub mod fleiss_kappa;
pub mod js_divergence;

use crate::engines::predictions::{Classes, Missing, Reading};
use crate::error::{Error, Result};
use crate::form::{Form, Pair, RowScore, Rows};
use crate::measures::registry::Entry;
use crate::par::Par;

/// The measures of this family.
pub const ALL: &[Entry] = &[
    Entry::of::<ambiguity::Ambiguity>(),
    Entry::of::<cohen_kappa::CohenKappa>(),
    Entry::of::<disagreement::Disagreement>(),
    Entry::of::<error_corrected_disagreement::ErrorCorrectedDisagreement>(),
    Entry::of::<fleiss_kappa::FleissKappa>(),
    Entry::of::<js_divergence::JsDivergence>(),
];

/// A score that is an affine map of a mean over inputs that both models answer.
trait OfClasses: Sync {
    /// Reading of predictions.
    fn reading(&self) -> &Reading;
    /// The score of two models that answer every input; `inputs` says which these are, if not all.
    fn rows<'a>(&'a self, x: &'a Classes, y: &'a Classes, inputs: Option<&[usize]>) -> Result<Rows<'a>>;
}

/// The form of a score of classes. Where gaps are left out, which inputs count depends on who meets whom, and the score is
/// that of the inputs that are answered on both sides as they are matched.
fn form<'a, M: OfClasses>(measure: &'a M, name: &'static str, x: &'a Classes, y: &'a Classes) -> Result<Form<'a>> {
    x.comparable(y, name)?;
    if measure.reading().missing == Missing::Class || !(x.has_gaps() || y.has_gaps()) {
        return Ok(Form::Rows(measure.rows(x, y, None)?));
    }
    let complete = move |pairing: Option<&[usize]>| {
        let (kept, a, b) = x.complete(y, pairing);
        if kept.is_empty() {
            let reason = format!("{} and {} answer no input in common", x.name(), y.name());
            return Err(Error::Undefined { measure: name.into(), reason });
        }
        Ok((kept, a, b))
    };
    let of = move |pairing: Option<&[usize]>, par: Par<'_>| {
        let (kept, a, b) = complete(pairing)?;
        Form::Rows(measure.rows(&a, &b, Some(&kept))?).score(None, par)
    };
    let rows = move |pairing: Option<&[usize]>, _: Par<'_>| {
        let (kept, a, b) = complete(pairing)?;
        let form = measure.rows(&a, &b, Some(&kept))?;
        let mut all = vec![f64::NAN; x.ids().len() / x.width()];
        kept.iter().enumerate().for_each(|(at, &i)| all[i] = form.offset + form.factor * (form.row)(at, at));
        Ok(all)
    };
    Ok(Form::Pair(Pair { rows: Some(Box::new(rows)), ..Pair::new(of) }))
}

/// The share of answers that differ, over inputs, with its mean over all pairings.
fn share_that_differs<'a>(x: &'a Classes, y: &'a Classes) -> Rows<'a> {
    Rows {
        n: x.ids().len() / x.width(),
        row: differ(x, y),
        factor: 1.0,
        offset: 0.0,
        at_chance: Some(x.disagreement_at_chance(y)),
    }
}

/// The share of an input's answers that differ: 0 or 1 where there is one.
fn differ<'a>(x: &'a Classes, y: &'a Classes) -> RowScore<'a> {
    let (a, b, width) = (x.ids(), y.ids(), x.width());
    if width == 1 {
        return Box::new(move |i, j| f64::from(u8::from(a[i] != b[j])));
    }
    Box::new(move |i, j| x.row(i).iter().zip(y.row(j)).filter(|(a, b)| a != b).count() as f64 / width as f64)
}

#[cfg(test)]
mod tests {
    //! The examples of the golden table.

    use crate::par::Par;
    use crate::representation::Representation;

    pub const TRUTH: [i64; 10] = [0, 0, 1, 1, 2, 2, 0, 1, 2, 0];
    pub const A: [i64; 10] = [0, 0, 1, 1, 2, 0, 1, 1, 2, 2];
    pub const B: [i64; 10] = [1, 1, 1, 1, 2, 0, 0, 1, 2, 1];
    pub const C: [i64; 10] = [0, 0, 1, 2, 2, 2, 0, 1, 1, 0];
    pub const D: [i64; 10] = [0, 0, 1, 1, 2, 0, 1, 1, 0, 2];

    /// The measure with options that are words.
    pub fn measure<M: crate::measure::Measure>(options: &[(&str, &str)]) -> M {
        let options = options.iter().map(|(name, word)| ((*name).to_owned(), (*word).into())).collect();
        M::from_options(&mut crate::options::Options::new(M::NAME, options)).unwrap()
    }

    /// The score of two vectors of class ids, with or without a pairing.
    pub fn score<M: crate::measure::Measure>(
        measure: &M,
        x: &[i64],
        y: &[i64],
        pairing: Option<&[usize]>,
    ) -> crate::error::Result<f64> {
        let summary = |ids| measure.summarize(&Representation::labels("x", ids)?, Par::SEQ);
        let (x, y) = (summary(x)?, summary(y)?);
        measure.form(&x, &y)?.score(pairing, Par::SEQ)
    }
}
