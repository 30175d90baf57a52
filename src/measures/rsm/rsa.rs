//! Representational similarity analysis: are the pairs of inputs that one representation sets far apart those that the
//! other does?
//!
//! ```text
//! rsa(x, y) = outer(v(x), v(y))        v(x) = the n(n-1)/2 dissimilarities of pairs i < j of rows of x
//! ```
//!
//! `inner` says how unlike two rows are: 1 minus their correlation across units (`pearson`, the default) or their cosine,
//! a distance, or, alike on both sides, a similarity (`linear`, `rbf`). `outer` compares the two vectors: by ranks
//! (`spearman`), correlation or cosine. Ranks, or what is left when the mean is subtracted, belong to one representation
//! alone; what a pair adds is one inner product of matrices over pairs, whose cosine is the score. Kendall's tau asks of
//! every two pairs of inputs whether both sides put them in the same order (C of them) or in opposite ones (D):
//!
//! ```text
//! kendall_tau_a = (C - D) / (m(m-1)/2)        kendall_tau_b = (C - D) / sqrt(u(x) u(y))        m = n(n-1)/2
//! ```
//!
//! where u counts those that a side does not tie. It is no inner product of matrices over pairs. Its mean over all
//! pairings is 0: to exchange the inputs of two pairs turns their contribution around, and is a pairing like any other.
//!
//! - Misleads when a few clusters decide: pairs within and between them are two crowds, and two representations that agree
//!   on the clusters alone score high. The n(n-1)/2 pairs are not independent, so the p-value of the correlation itself is
//!   far too small. `pearson` compares rows across units and is degenerate for one or two of them.
//!   Many ties raise `spearman` and `kendall_tau_b`, which may prefer a coarse model to the true one; `kendall_tau_a` does
//!   not reward them, and is below 1 where there are any, even of a representation with itself.
//! - Cost: O(n^2 d) per representation, O(n^2) per pair; O(n^2 log n) with Kendall's tau.
//! - Reference: Kriegeskorte, Mur & Bandettini (2008); on ties, Nili et al. (2014).

use std::sync::Arc;

use crate::cost::Cost;
use crate::engines::dissimilarities::{
    Dissimilarities, Inner, RawDissimilarities, gathered, mask, present, scatter, sound, uneven_ranks,
};
use crate::engines::pair_order;
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Change, Facts, FormName, Input, Step};
use crate::form::{Bilinear, Form, Link, Pair};
use crate::linalg::Matrix;
use crate::measure::Measure;
use crate::numerics::kendall::Tau;
use crate::numerics::ranks::{Same, average_ranks};
use crate::numerics::sums;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Share of tied pairs that is worth a warning.
const MANY_TIES: f64 = 0.01;
/// RSA with its two comparisons.
#[derive(Clone, Debug)]
pub struct Rsa {
    inner: Inner,
    outer: Outer,
    precision: Option<Arc<Matrix>>,
    /// Treatment of rows without a dissimilarity: left out if true, refused if not.
    mask: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outer {
    Spearman,
    Pearson,
    Cosine,
    Kendall(Tau),
}

impl Outer {
    /// Comparisons that see nothing but the order of dissimilarities.
    fn is_ranked(self) -> bool {
        matches!(self, Self::Spearman | Self::Kendall(_))
    }
}

impl Measure for Rsa {
    const NAME: &'static str = "rsa";
    const FAMILY: &'static str = "rsm";
    type Summary = Dissimilarities;

    fn from_options(options: &mut Options) -> Result<Self> {
        let bandwidth = options.float("bandwidth").default(1.0).positive().examples(&[0.4]).read()?;
        let sigma = options.float("sigma").positive().examples(&[15.0]).or_none()?;
        let precision = options.optional_matrix("precision")?;
        let inners = [
            ("pearson", Inner::Pearson),
            ("cosine", Inner::Cosine),
            ("euclidean", Inner::Euclidean),
            ("sq_euclidean", Inner::SqEuclidean),
            ("mahalanobis", Inner::Mahalanobis),
            ("linear", Inner::Linear),
            ("rbf", Inner::Rbf { bandwidth, sigma }),
            ("precomputed", Inner::Precomputed),
        ];
        let inner = options.choice("inner", &inners)?;
        let rbf = matches!(inner, Inner::Rbf { .. });
        options.needs("precision", inner == Inner::Mahalanobis, "with inner=\"mahalanobis\"")?;
        let outers = [
            ("spearman", Outer::Spearman),
            ("pearson", Outer::Pearson),
            ("cosine", Outer::Cosine),
            ("kendall_tau_a", Outer::Kendall(Tau::A)),
            ("kendall_tau_b", Outer::Kendall(Tau::B)),
        ];
        let outer = options.choice("outer", &outers)?;
        // Another width keeps the order of the pairs.
        let weighed = rbf && !outer.is_ranked();
        options.needs("sigma", weighed, "with inner=\"rbf\", and an outer that does not rank")?;
        let only = "with inner=\"rbf\", an outer that does not rank, and without sigma";
        options.needs("bandwidth", weighed && sigma.is_none(), only)?;
        let mask = options.choice("constant_rows", &[("raise", false), ("mask", true)])?;
        let may_be_constant = matches!(inner, Inner::Pearson | Inner::Cosine);
        options.needs("constant_rows", may_be_constant, "with inner=\"pearson\" or \"cosine\"")?;
        if inner == Inner::Mahalanobis {
            sound(precision.as_deref())?;
        }
        Ok(Self { inner, outer, precision, mask })
    }

    fn facts(&self) -> Facts {
        let ranked = self.outer.is_ranked();
        let invariant_to: &[Change] = match self.inner {
            Inner::Pearson => &[Permutation, Scaling],
            Inner::Cosine | Inner::Linear => &[Permutation, Orthogonal, Scaling],
            Inner::Euclidean | Inner::SqEuclidean => &[Permutation, Orthogonal, Scaling, Translation],
            Inner::Mahalanobis => &[Scaling, Translation],
            // Another width keeps the order of the pairs.
            Inner::Rbf { sigma, .. } if sigma.is_none() || ranked => &[Permutation, Orthogonal, Scaling, Translation],
            Inner::Rbf { .. } => &[Permutation, Orthogonal, Translation],
            Inner::Precomputed => &[Scaling],
        };
        let signed = matches!(self.inner, Inner::Linear | Inner::Precomputed);
        Facts {
            form: if matches!(self.outer, Outer::Kendall(_)) {
                FormName::Pair
            } else {
                FormName::Bilinear(Step::Identity)
            },
            input: if self.inner == Inner::Precomputed { Input::PairMatrix } else { Input::Matrix },
            range: (if self.outer == Outer::Cosine && !signed { 0.0 } else { -1.0 }, 1.0),
            // The share of pairs that are not tied.
            identity_value: if self.outer == Outer::Kendall(Tau::A) { f64::NAN } else { 1.0 },
            invariant_to,
            equal_widths: self.inner == Inner::Mahalanobis,
            min_rows: 3,
            chance_corrected: self.outer != Outer::Cosine,
            row_sizes_matter: !ranked && !matches!(self.inner, Inner::Pearson | Inner::Cosine | Inner::Rbf { .. }),
            reference: "Kriegeskorte, Mur & Bandettini 2008",
            cost: match self.outer {
                Outer::Kendall(_) => "O(n^2 d) per representation, O(n^2 log n) per pair",
                _ => "O(n^2 d) per representation, O(n^2) per pair",
            },
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        let made = if matches!(self.inner, Inner::Rbf { .. }) && !self.outer.is_ranked() {
            Cost::of_distances(n, d)
        } else {
            Cost::pairs(n, d)
        };
        let pairs = Cost::triangle(n) / 8.0;
        match self.outer {
            // While pairs are ranked, the number of a bucket stands beside each; which order they are in takes 14 bytes
            // to keep, and a score puts one side into the order of the other.
            Outer::Kendall(_) => Cost {
                kept: made.kept + 14.0 * pairs,
                making: made.making + 10.0 * pairs,
                scoring: 12.0 * pairs,
                summary: made.summary + 100.0 * pairs,
                score: 40.0 * pairs,
            },
            Outer::Spearman => Cost { summary: made.summary + 40.0 * pairs, ..made.making_too(10.0 * pairs) },
            Outer::Pearson | Outer::Cosine => made,
        }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Dissimilarities> {
        let ranked = self.outer.is_ranked();
        let RawDissimilarities { mut found, left_out, lengths } =
            self.inner.of(x, self.precision.as_deref(), ranked, par)?;
        if let (Some(&row), false) = (left_out.first(), self.mask) {
            let what =
                if self.inner == Inner::Cosine { "cosine with other rows" } else { "correlation with other rows" };
            // Left out, all of them would leave nothing.
            if left_out.len() == x.rows() {
                let reason = format!(
                    "every row of {} is constant and has no {what}{}; compare distances, with inner=\"euclidean\"",
                    x.name(),
                    if x.cols() == 1 { ", as there is one column" } else { "" }
                );
                return Err(Error::Undefined { measure: Self::NAME.into(), reason });
            }
            return Err(Error::ConstantRow { name: x.name().into(), row, what });
        }
        let (before, tied) = if let Some(lengths) = lengths {
            (0.0, uneven_ranks(&mut found, &lengths, par)?.values)
        } else if left_out.is_empty() {
            self.ready(found.upper_mut(), self.inner.same(), par)?
        } else {
            let kept = present(x.rows(), &left_out);
            let mut values = gathered(&found, &kept, |i| i)?;
            let told = self.ready(&mut values, self.inner.same(), par)?;
            found.upper_mut().fill(0.0);
            scatter(&mut found, &kept, &values);
            told
        };
        let made = Dissimilarities::new(x.name(), found, before, left_out, tied);
        if matches!(self.outer, Outer::Kendall(_)) && made.left_out.is_empty() {
            made.order(par)?;
        }
        Ok(made)
    }

    fn form<'a>(&'a self, x: &'a Dissimilarities, y: &'a Dissimilarities) -> Result<Form<'a>> {
        if !x.left_out.is_empty() || !y.left_out.is_empty() {
            return Ok(Form::Pair(Pair::new(move |pairing, par| self.of_present(x, y, pairing, par))));
        }
        let Outer::Kendall(tau) = self.outer else {
            return Ok(Form::Bilinear(Bilinear { k: &x.pairs, l: &y.pairs, link: Link::COSINE }));
        };
        let of = move |pairing: Option<&[usize]>, par: Par<'_>| x.varied(par)?.tau(y.varied(par)?, tau, pairing);
        let interval = move |pairing: &[usize], par: Par<'_>| Ok(x.order(par)?.interval(y.order(par)?, tau, pairing));
        Ok(Form::Pair(Pair { at_chance: Some(0.0), interval: Some(Box::new(interval)), ..Pair::new(of) }))
    }

    fn warnings(&self, x: &Dissimilarities, y: &Dissimilarities) -> Vec<Warning> {
        let other = if std::ptr::eq(x, y) { None } else { self.ties(y) };
        self.ties(x).into_iter().chain(other).collect()
    }
}

impl Rsa {
    /// Bring dissimilarities into the form in which two sides are multiplied. Returns the size that round-off is measured
    /// by, and how many are tied.
    fn ready(&self, values: &mut [f64], same: Same, par: Par<'_>) -> Result<(f64, usize)> {
        let noise = same.absolute / f64::EPSILON;
        match self.outer {
            Outer::Spearman | Outer::Kendall(_) => {
                let middle = (values.len() as f64 + 1.0) / 2.0;
                Ok((0.0, average_ranks(values, same, -middle, par)?.values))
            }
            Outer::Pearson => Ok((centered(values, par)?.max(noise), 0)),
            Outer::Cosine => Ok((noise, 0)),
        }
    }

    /// The score where rows are left out on either side: ranks and means are those of the pairs that are left.
    fn of_present(
        &self,
        x: &Dissimilarities,
        y: &Dissimilarities,
        pairing: Option<&[usize]>,
        par: Par<'_>,
    ) -> Result<f64> {
        let to = |i: usize| pairing.map_or(i, |m| m[i]);
        let (mine, theirs) = (mask(x.pairs.n(), &x.left_out), mask(y.pairs.n(), &y.left_out));
        let kept: Vec<usize> = (0..x.pairs.n()).filter(|i| mine[*i] && theirs[to(*i)]).collect();
        if kept.len() < 3 {
            let reason =
                format!("{} of {} rows are constant on neither side, and three are needed", kept.len(), mine.len());
            return Err(Error::Undefined { measure: Self::NAME.into(), reason });
        }
        let mut u = gathered(&*x.pairs.dense(par)?, &kept, |i| i)?;
        let mut v = gathered(&*y.pairs.dense(par)?, &kept, to)?;
        let mut norms = [0.0; 2];
        for ((values, side), norm) in [&mut u, &mut v].into_iter().zip([x, y]).zip(&mut norms) {
            // What is left out leaves gaps between ranks, but what was tied is equal.
            let same = if self.outer.is_ranked() { Same::EXACT } else { self.inner.same() };
            let (before, _) = self.ready(values, same, par)?;
            *norm = sums::squares(values).sqrt();
            if *norm <= kept.len() as f64 * f64::EPSILON * before || *norm == 0.0 {
                return Err(Error::NoStructure { name: side.name.clone() });
            }
        }
        match self.outer {
            Outer::Kendall(tau) => pair_order::tau(&u, &v, tau),
            _ => Ok(sums::dot(&u, &v) / norms[0] / norms[1]),
        }
    }

    fn ties(&self, x: &Dissimilarities) -> Option<Warning> {
        let n = x.pairs.n();
        let pairs = n * (n - 1) / 2;
        let share = x.tied as f64 / pairs as f64;
        let so = match self.outer {
            Outer::Kendall(Tau::A) => ", which holds the score below 1",
            Outer::Kendall(Tau::B) => " and out of the comparison with each other",
            _ => " and share the mean of their ranks",
        };
        (share > MANY_TIES).then(|| {
            Warning::new(
                "ties",
                format!("{:.1}% of the pairs of {} are tied{so}.", 100.0 * share, x.name),
                vec![("name", x.name.as_str().into()), ("tied", x.tied.into()), ("pairs", pairs.into())],
            )
        })
    }
}

/// Subtract the mean; returns the norm before that, both triangles counted.
fn centered(values: &mut [f64], par: Par<'_>) -> Result<f64> {
    const CHUNK: usize = 1 << 16;
    let parts = par.map(values.len().div_ceil(CHUNK), |at, _| {
        let piece = &values[at * CHUNK..((at + 1) * CHUNK).min(values.len())];
        Ok((sums::sum(piece), sums::squares(piece)))
    })?;
    let (total, squares) = parts.into_iter().fold((0.0, 0.0), |(t, s), (a, b)| (t + a, s + b));
    let mean = total / values.len() as f64;
    par.fill(values, CHUNK, |_, piece| {
        piece.iter_mut().for_each(|v| *v -= mean);
        Ok(())
    })?;
    Ok((2.0 * squares).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::SavedParts;
    use crate::summary::Summary;
    use crate::testing::representation;
    use crate::value::Value;

    const OUTERS: [Outer; 5] =
        [Outer::Spearman, Outer::Pearson, Outer::Cosine, Outer::Kendall(Tau::A), Outer::Kendall(Tau::B)];

    fn rsa(inner: Inner, outer: Outer) -> Rsa {
        Rsa { inner, outer, precision: None, mask: false }
    }

    fn score(measure: &Rsa, x: (&[f64], usize), y: (&[f64], usize), pairing: Option<&[usize]>) -> Result<f64> {
        let x = measure.summarize(&representation("x", x.0, x.1), Par::SEQ)?;
        let y = measure.summarize(&representation("y", y.0, y.1), Par::SEQ)?;
        measure.form(&x, &y)?.score(pairing, Par::SEQ)
    }

    /// Values by hand: distances 1 3 7 2 6 4 and 1 3 7 2 8 10, ranks 1 3 6 2 5 4 and 1 3 4 2 5 6.
    #[test]
    fn six_pairs() {
        let (x, y) = ([0.0, 1.0, 3.0, 7.0], [0.0, 1.0, 3.0, -7.0]);
        let of = |outer, y: &[f64]| score(&rsa(Inner::Euclidean, outer), (&x, 1), (y, 1), None).unwrap();
        assert!((of(Outer::Spearman, &y) - (1.0 - 6.0 * 8.0 / 210.0)).abs() < 1e-15);
        assert!((of(Outer::Pearson, &y) - 0.759578).abs() < 1e-6);
        let (dot, norms) = (1.0 + 9.0 + 49.0 + 4.0 + 48.0 + 40.0, 115.0_f64.sqrt() * 227.0_f64.sqrt());
        assert!((of(Outer::Cosine, &y) - dot / norms).abs() < 1e-15);
        // In the order of x, ranks 1 2 3 6 5 4 and then values 1 1 2 1 2 3: 3 and 1 of 15 are discordant, 0 and 4 tied.
        assert_eq!([Tau::A, Tau::B].map(|tau| of(Outer::Kendall(tau), &y)), [9.0 / 15.0; 2]);
        let tied = [0.0, 1.0, 2.0, 3.0];
        assert_eq!(of(Outer::Kendall(Tau::A), &tied), 9.0 / 15.0);
        assert!((of(Outer::Kendall(Tau::B), &tied) - 9.0 / (15.0 * 11.0_f64).sqrt()).abs() < 1e-15);
        for outer in [Outer::Spearman, Outer::Kendall(Tau::A), Outer::Kendall(Tau::B)] {
            assert_eq!(of(outer, &[-4.0, 6.0, 26.0, 66.0]), 1.0);
        }
    }

    #[test]
    fn rows_without_a_correlation_are_refused_or_left_out() {
        let x: Vec<f64> = (0..24).map(|k| f64::from(k * k % 17) - 3.0).collect();
        let mut flat = x.clone();
        flat[6..9].fill(0.1);
        let y: Vec<f64> = (0..24).map(|k| f64::from(k * k * k % 19) - 2.0).collect();
        let refused = score(&rsa(Inner::Pearson, Outer::Spearman), (&flat, 3), (&y, 3), None).unwrap_err();
        assert!(matches!(refused, Error::ConstantRow { row: 2, .. }));
        let order = [3, 1, 2, 0, 7, 5, 6, 4];
        for outer in OUTERS {
            let masking = Rsa { mask: true, ..rsa(Inner::Pearson, outer) };
            for pairing in [None, Some(&order[..])] {
                let to = |i: usize| pairing.map_or(i, |m| m[i]);
                let without = |rows: &[f64], skip: usize, to: &dyn Fn(usize) -> usize| -> Vec<f64> {
                    (0..8).filter(|i| *i != skip).flat_map(|i| rows[3 * to(i)..3 * to(i) + 3].to_vec()).collect()
                };
                let (a, b) = (without(&x, 2, &|i| i), without(&y, 2, &to));
                let expected = score(&masking, (&a, 3), (&b, 3), None).unwrap();
                let found = score(&masking, (&flat, 3), (&y, 3), pairing).unwrap();
                assert!((found - expected).abs() < 1e-14, "{outer:?}: {found} {expected}");
                // the other side leaves out the row that is matched with row 2
                let back = |i: usize| (0..8).position(|j| to(j) == i).unwrap();
                let (a, b) = (without(&y, back(2), &|i| i), without(&x, back(2), &to));
                let expected = score(&masking, (&a, 3), (&b, 3), None).unwrap();
                let found = score(&masking, (&y, 3), (&flat, 3), pairing).unwrap();
                assert!((found - expected).abs() < 1e-14, "{outer:?}: {found} {expected}");
            }
        }
        let nothing = [1.0; 24];
        let masking = Rsa { mask: true, ..rsa(Inner::Cosine, Outer::Spearman) };
        assert_eq!(score(&masking, (&[0.0; 24], 3), (&y, 3), None).unwrap_err().code(), "undefined");
        let masking = Rsa { mask: true, ..rsa(Inner::Pearson, Outer::Spearman) };
        assert_eq!(score(&masking, (&nothing, 3), (&y, 3), None).unwrap_err().code(), "undefined");
    }

    /// A simplex: all pairs are equally far apart, up to round-off.
    #[test]
    fn equidistant_points_have_no_structure() {
        let simplex: Vec<f64> = (0..36).map(|k| f64::from(u8::from(k % 7 == 0))).collect();
        let y: Vec<f64> = (0..12).map(|k| f64::from(k * k % 7)).collect();
        for inner in [Inner::Euclidean, Inner::SqEuclidean, Inner::Cosine, Inner::Pearson] {
            for outer in OUTERS.into_iter().filter(|outer| *outer != Outer::Cosine) {
                let error = score(&rsa(inner, outer), (&simplex, 6), (&simplex, 6), None).unwrap_err();
                assert_eq!(error.code(), "no_structure", "{inner:?} {outer:?}");
                assert!(score(&rsa(inner, Outer::Cosine), (&simplex, 6), (&simplex, 6), None).is_ok());
            }
        }
        assert!(score(&rsa(Inner::Euclidean, Outer::Spearman), (&y, 2), (&y, 2), None).is_ok());
    }

    #[test]
    fn scale_is_not_seen() {
        let (x, y) = ([0.0, 1.0, 3.0, 7.0, 2.5, 9.0], [0.3, 1.0, 3.0, -7.0, 4.0, 2.0]);
        for inner in [Inner::Pearson, Inner::Cosine, Inner::Euclidean, Inner::SqEuclidean, Inner::Linear] {
            for outer in OUTERS {
                let (columns, measure) = (if inner == Inner::Pearson { 2 } else { 1 }, rsa(inner, outer));
                let Ok(expected) = score(&measure, (&x, columns), (&y, columns), None) else { continue };
                for scale in [1e150, 1e-150, 1e300] {
                    let scaled = x.map(|v| scale * v);
                    let found = score(&measure, (&scaled, columns), (&y, columns), None).unwrap();
                    assert!((found - expected).abs() < 1e-13, "{inner:?} {outer:?} {scale}");
                }
            }
        }
    }

    /// With the unit matrix as precision the distances are Euclidean; with a singular one the lost direction is not seen.
    #[test]
    fn mahalanobis_distances() {
        let (x, y) = ([0.0, 9.0, 1.0, 2.0, 3.0, 5.0, 7.0, 0.5], [0.3, 1.0, 3.0, -7.0, 4.0, 2.0, 0.1, 0.2]);
        let with = |entries: [f64; 4]| Rsa {
            precision: Some(Arc::new(Matrix::from_vec(entries.to_vec(), 2, 2))),
            ..rsa(Inner::Mahalanobis, Outer::Pearson)
        };
        let of = |measure: &Rsa| score(measure, (&x, 2), (&y, 2), None);
        let euclidean = of(&rsa(Inner::Euclidean, Outer::Pearson)).unwrap();
        for size in [1.0, 1e300, 1e-300] {
            assert!((of(&with([size, 0.0, 0.0, size])).unwrap() - euclidean).abs() < 1e-14);
        }
        let firsts = |v: [f64; 8]| [v[0], v[2], v[4], v[6]];
        let first = score(&rsa(Inner::Euclidean, Outer::Pearson), (&firsts(x), 1), (&firsts(y), 1), None).unwrap();
        assert!((of(&with([4.0, 0.0, 0.0, 0.0])).unwrap() - first).abs() < 1e-14);
        assert_eq!(of(&with([1.0, 0.0, 0.0, -1.0])).unwrap_err().code(), "bad_option");
        assert_eq!(score(&with([1.0, 0.0, 0.0, 1.0]), (&x, 4), (&x, 4), None).unwrap_err().code(), "width_mismatch");
    }

    #[test]
    fn what_is_saved_is_read_back_and_nothing_else() {
        let x: Vec<f64> = (0..24).map(|k| if k < 3 { 1.0 } else { f64::from(k * k % 17) }).collect();
        let measure = Rsa { mask: true, ..rsa(Inner::Pearson, Outer::Spearman) };
        let made = measure.summarize(&representation("x", &x, 3), Par::SEQ).unwrap();
        let parts = || made.save().into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>();
        let again = Dissimilarities::load(&mut SavedParts::new(parts())).unwrap();
        assert_eq!(again.left_out, [0]);
        let value = |side: &Dissimilarities| measure.form(side, &made).unwrap().score(None, Par::SEQ).unwrap();
        assert_eq!(value(&again), value(&made));
        for bad in [vec![8], vec![3, 3], vec![-1], vec![2, 1]] {
            let mut spoiled = parts();
            spoiled.iter_mut().filter(|(name, _)| name == "left_out").for_each(|(_, v)| *v = Value::ints(bad.clone()));
            assert_eq!(Dissimilarities::load(&mut SavedParts::new(spoiled)).err().unwrap().code(), "summary_mismatch");
        }
    }
}
