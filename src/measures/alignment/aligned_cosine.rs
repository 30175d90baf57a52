//! Aligned cosine: after the best rotation, do the two representations point the same way for each input?
//!
//! ```text
//! aligned_cosine(x, y) = mean over i of cos( (x Q)_i, y_i )        Q = the orthogonal map (or permutation) nearest to y
//! ```
//!
//! Both sides have the same width. Rows that are zero on either side have no direction and are left out. `group=
//! "permutation"` matches columns one to one instead of rotating.
//!
//! Neither side is the one that is mapped. Q is not unique where x'y is rank deficient. Then the partial map of its rank
//! stands for Q, and rows keep the lengths they have: what it takes to nothing counts as a right angle, which is what all
//! ways to complete Q give on average. Where several permutations are nearest, the one with the largest mean cosine counts.
//!
//! - Misleads when the width is not far below the number of rows: a rotation with many degrees of freedom aligns unrelated
//!   rows as well.
//! - A permutation of rows refits Q: with the map kept, unrelated data would look related.
//! - Cost: O(n d^2 + d^3) per pair.
//! - Reference: Hamilton, Leskovec & Jurafsky (2016), arXiv:1605.09096; Schumacher et al. (2021), arXiv:2005.10039.

use std::borrow::Cow;

use super::{Shape, matched_product};
use crate::cost::Cost;
use crate::engines::assignment::best_matching;
use crate::engines::centered::raw;
use crate::error::{Error, Result};
use crate::facts::Change::{Orthogonal, Permutation, Scaling};
use crate::facts::Facts;
use crate::form::{Form, Pair, mean_of_present};
use crate::linalg::{Matrix, product_nn, singular_values, svd};
use crate::measure::Measure;
use crate::numerics::sums;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::warning::Warning;

/// Aligned cosine and the group of maps.
#[derive(Clone, Copy, Debug)]
pub struct AlignedCosine {
    group: Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Orthogonal,
    Permutation,
}

/// Up to this width the rank of x'y is looked at for a warning.
const SMALL: usize = 64;

impl Measure for AlignedCosine {
    const NAME: &'static str = "aligned_cosine";
    const FAMILY: &'static str = "alignment";
    type Summary = Shape;

    fn from_options(options: &mut Options) -> Result<Self> {
        let groups = [("orthogonal", Group::Orthogonal), ("permutation", Group::Permutation)];
        Ok(Self { group: options.choice("group", &groups)? })
    }

    fn facts(&self) -> Facts {
        Facts {
            range: (-1.0, 1.0),
            invariant_to: match self.group {
                Group::Orthogonal => &[Permutation, Orthogonal, Scaling],
                Group::Permutation => &[Permutation, Scaling],
            },
            min_rows: 1,
            equal_widths: true,
            mean_matters: true,
            reference: "Hamilton et al. 2016, arXiv:1605.09096; Schumacher et al. 2021, arXiv:2005.10039",
            cost: "O(n d^2 + d^3) per pair",
            ..Facts::SIMILARITY
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        match self.group {
            Group::Orthogonal => Cost::directions(n, d),
            Group::Permutation => {
                let (rows, columns) = (n as f64, d as f64);
                let score = 2.0 * rows * columns * columns + columns.powi(3);
                Cost { score, scoring: 16.0 * columns * columns, ..Cost::entries(n, d) }
            }
        }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<Shape> {
        if self.group == Group::Orthogonal {
            // Rotations act alike on a representation and on its narrower stand-in.
            return Shape::of(x, false, par);
        }
        let columns = raw(x, par)?;
        let norm = columns.squared_norm.sqrt();
        Ok(Shape::new(columns.matrix.clone(), columns.scale, norm, x.cols()))
    }

    fn form<'a>(&'a self, x: &'a Shape, y: &'a Shape) -> Result<Form<'a>> {
        if x.columns != y.columns {
            return Err(Error::WidthMismatch { measure: Self::NAME.into(), p: x.columns, q: y.columns });
        }
        let rows = move |pairing: Option<&[usize]>, par: Par<'_>| self.rows(&x.a, &y.a, pairing, par);
        let of = move |pairing: Option<&[usize]>, par: Par<'_>| {
            mean_of_present(&self.rows(&x.a, &y.a, pairing, par)?).ok_or_else(|| Error::Undefined {
                measure: Self::NAME.into(),
                reason: "every row is zero on one side".into(),
            })
        };
        Ok(Form::Pair(Pair { rows: Some(Box::new(rows)), ..Pair::new(of) }))
    }

    fn warnings(&self, x: &Shape, y: &Shape) -> Vec<Warning> {
        let (n, d) = (x.a.rows(), x.columns);
        if self.group == Group::Permutation || x.columns != y.columns {
            return Vec::new();
        }
        let rank = if d > n {
            Some(n)
        } else if d <= SMALL {
            let product = matched_product(&x.a, &y.a, None, Par::SEQ);
            product.and_then(|m| singular_values(&m)).ok().map(|s| present(&s))
        } else {
            None
        };
        let Some(rank) = rank.filter(|rank| *rank < d) else { return Vec::new() };
        let message = format!("The alignment is not unique; the partial map of rank {rank} was used.");
        vec![Warning::new("rank_deficient_map", message, vec![("rank", rank.into()), ("width", d.into())])]
    }
}

impl AlignedCosine {
    /// The cosine of every row; NaN for rows without a direction.
    fn rows(&self, x: &Matrix, y: &Matrix, pairing: Option<&[usize]>, par: Par<'_>) -> Result<Vec<f64>> {
        let m = matched_product(x, y, pairing, par)?;
        par.check()?;
        let image = match self.group {
            Group::Orthogonal => {
                let found = svd(&m)?;
                let rank = present(&found.s);
                let turned = product_nn(x, &found.u.leading_columns(rank), par)?;
                product_nn(&turned, &found.v.leading_columns(rank).transposed(), par)?
            }
            Group::Permutation => {
                let to = best_matching(&m, || {
                    let [a, b] = [x, y].map(unit_rows);
                    matched_product(&a, &b, pairing, par)
                })?;
                let mut image = Matrix::zeros(x.rows(), x.cols());
                for i in 0..x.rows() {
                    to.iter().enumerate().for_each(|(from, &to)| image.row_mut(i)[to] = x.at(i, from));
                }
                image
            }
        };
        let y = match pairing {
            None => Cow::Borrowed(y),
            Some(order) => Cow::Owned(y.rows_in_order(order)),
        };
        Ok((0..x.rows()).map(|i| cosine(image.row(i), y.row(i), x.row(i))).collect())
    }
}

/// Number of singular values that are more than round-off.
fn present(s: &[f64]) -> usize {
    let cut = s.len() as f64 * f64::EPSILON * s.first().copied().unwrap_or(0.0);
    s.iter().filter(|v| **v > cut).count()
}

/// The cosine of a row with its partner, for an image of the row that is no longer than the row itself. The lengths are
/// those of both rows, so that neither side is the one that is mapped.
fn cosine(image: &[f64], partner: &[f64], row: &[f64]) -> f64 {
    let (p, q) = (length(row), length(partner));
    if p == 0.0 || q == 0.0 {
        return f64::NAN;
    }
    let (image, partner): (Vec<f64>, Vec<f64>) =
        (image.iter().map(|v| v / p).collect(), partner.iter().map(|v| v / q).collect());
    sums::dot(&image, &partner).clamp(-1.0, 1.0)
}

fn length(row: &[f64]) -> f64 {
    let largest = row.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let scaled: f64 = if largest > 0.0 { row.iter().map(|x| (x / largest).powi(2)).sum() } else { 0.0 };
    largest * scaled.sqrt()
}

/// Rows at length 1; zeros stay.
fn unit_rows(x: &Matrix) -> Matrix {
    let inverse = |i: usize| {
        let length = length(x.row(i));
        if length > 0.0 { 1.0 / length } else { 0.0 }
    };
    let factors: Vec<f64> = (0..x.rows()).map(inverse).collect();
    x.clone().scale_rows(&factors)
}
