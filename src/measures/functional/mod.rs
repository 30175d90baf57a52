//! Functional measures: do two models give the same answers?

pub mod cohen_kappa;
pub mod disagreement;
pub mod error_corrected_disagreement;
pub mod fleiss_kappa;
pub mod js_divergence;

use crate::engines::predictions::Classes;

/// 1 where the answers of two rows differ.
fn differ<'a>(x: &'a Classes, y: &'a Classes) -> crate::form::RowScore<'a> {
    let (a, b) = (x.ids(), y.ids());
    Box::new(move |i, j| f64::from(u8::from(a[i] != b[j])))
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

    /// The score of two vectors of class ids, with or without a matching.
    pub fn score<M: crate::measure::Measure>(
        measure: &M,
        x: &[i64],
        y: &[i64],
        matching: Option<&[usize]>,
    ) -> crate::error::Result<f64> {
        let summary = |ids| measure.summarize(&Representation::labels("x", ids)?, Par::SEQ);
        let (x, y) = (summary(x)?, summary(y)?);
        measure.form(&x, &y)?.score(matching, Par::SEQ)
    }
}
