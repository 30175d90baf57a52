//! The mathematical form of a score, which operations exploit.
//!
//! The form decides what is fast. A `Bilinear` score of all pairs of layers is one matrix product, and its permutation
//! test runs whole orbits through a Fourier transform; a `Cross` score needs one product and one small decomposition per
//! pair; `Neighbors` only relabels lists; `Rows` re-reads rows. [`Form::score`] with a row pairing is the general path,
//! valid for all of them, and the slow twin against which every fast engine is tested.

use crate::engines::neighbors::Neighbors;
use crate::engines::neighbors::overlap::Agreement;
use crate::engines::pair_matrix::PairMatrix;
use crate::error::Result;
use crate::facts::FormName;
pub use crate::facts::Step;
use crate::linalg::{self, Matrix};
use crate::par::Par;

/// Score of a pair, as far as two summaries determine it.
pub enum Form<'a> {
    /// A monotone function of `<k, l>`.
    Bilinear(Bilinear<'a>),
    /// A function of the small matrix `a'b`.
    Cross(Cross<'a>),
    /// A mean over rows of a function of the two neighbor lists of the row.
    Neighbors(NeighborLists<'a>),
    /// A score in which it plays no part which row is which.
    Unpaired(Unpaired),
    /// A mean of a function of one row of either side.
    Rows(Rows<'a>),
    /// Anything else.
    Pair(Pair<'a>),
}

/// `k` from x alone, `l` from y alone, both symmetric over pairs of inputs.
#[derive(Clone, Copy)]
pub struct Bilinear<'a> {
    /// The side of x.
    pub k: &'a PairMatrix,
    /// The side of y.
    pub l: &'a PairMatrix,
    /// From `<k, l>` to the score.
    pub link: Link,
}

/// `score = step(offset + factor * <k, l> / over)`.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Denominator of `<k, l>`.
    pub over: Over,
    /// A positive factor makes the score rise with `<k, l>`.
    pub factor: f64,
    /// Added before the step.
    pub offset: f64,
    /// At most one monotone step.
    pub step: Step,
    /// Equality of the argument of the step with `|k - l|^2`.
    pub is_gap: bool,
}

/// A gap below this share of the two squared norms has lost digits to the subtraction: it is summed from the differences.
const NEAR: f64 = 1e-3;

/// A denominator.
#[derive(Debug, Clone, Copy)]
pub enum Over {
    /// `|k| |l|`: the score is the cosine of the two matrices.
    Norms,
    /// A number.
    Number(f64),
}

impl Link {
    /// The cosine of k and l.
    pub const COSINE: Self = Self { over: Over::Norms, factor: 1.0, offset: 0.0, step: Step::Identity, is_gap: false };

    /// `<k, l>` over a number.
    pub fn over(number: f64) -> Self {
        Self { over: Over::Number(number), ..Self::COSINE }
    }

    /// `|k - l|^2`, from the squared norms of both.
    ///
    /// Where it is small beside them, scores are computed from the differences of entries ([`Bilinear::score_of`]): a root
    /// keeps half of the digits of a difference of large numbers.
    pub fn gap(k: f64, l: f64) -> Self {
        Self { over: Over::Number(1.0), factor: -2.0, offset: k + l, step: Step::Identity, is_gap: true }
    }

    /// Followed by a step.
    #[must_use]
    pub fn then(self, step: Step) -> Self {
        Self { step, ..self }
    }

    /// The score that belongs to an inner product.
    pub fn score(&self, inner: f64, denominator: f64) -> f64 {
        let value = self.offset + self.factor * inner / denominator;
        match self.step {
            Step::Identity => value,
            Step::Root => value.max(0.0).sqrt(),
            Step::Arccos => value.clamp(-1.0, 1.0).acos(),
        }
    }

    /// Nearness of k and l that costs the score digits, unless it is computed from their differences.
    fn is_near(&self, inner: f64, denominator: f64) -> bool {
        let value = self.offset + self.factor * inner / denominator;
        let is_angle = matches!((self.over, self.step), (Over::Norms, Step::Arccos));
        (self.is_gap && value < NEAR * self.offset) || (is_angle && self.offset == 0.0 && value > 1.0 - NEAR)
    }

    /// A score that rises with `<k, l>`.
    pub fn rises(&self) -> bool {
        (self.factor > 0.0) != (self.step == Step::Arccos)
    }

    /// Between which values of `<k, l>` scores differ: the root does not tell apart what is negative.
    pub fn told_apart(&self, denominator: f64) -> (f64, f64) {
        let end = -self.offset * denominator / self.factor;
        match self.step {
            Step::Root if self.factor > 0.0 => (end, f64::INFINITY),
            Step::Root => (f64::NEG_INFINITY, end),
            Step::Identity | Step::Arccos => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// An affine score, so that means carry over from `<k, l>`.
    pub fn is_affine(&self) -> bool {
        self.step == Step::Identity
    }
}

impl Bilinear<'_> {
    /// Denominator of `<k, l>`.
    pub fn denominator(&self, par: Par<'_>) -> Result<f64> {
        Ok(match self.link.over {
            Over::Norms => self.k.norm(par)? * self.l.norm(par)?,
            Over::Number(number) => number,
        })
    }

    fn score(&self, pairing: Option<&[usize]>, par: Par<'_>) -> Result<f64> {
        if let (None, Over::Norms) = (pairing, self.link.over)
            && let Some((inner, norms)) = self.k.inner_and_norms(self.l, par)?
        {
            return self.score_of(inner, norms, pairing, par);
        }
        let denominator = self.denominator(par)?;
        // A matrix with itself: the inner product is the squared norm already at hand, and the score exactly 1.
        let same = pairing.is_none() && std::ptr::eq(self.k, self.l) && matches!(self.link.over, Over::Norms);
        let inner = if same { denominator } else { self.k.inner(self.l, pairing, par)? };
        self.score_of(inner, denominator, pairing, par)
    }

    /// The score that belongs to an inner product and what it is divided by: from the differences of k and l where they are
    /// so near each other that the inner product cannot tell.
    pub fn score_of(&self, inner: f64, denominator: f64, pairing: Option<&[usize]>, par: Par<'_>) -> Result<f64> {
        if !self.link.is_near(inner, denominator) {
            return Ok(self.link.score(inner, denominator));
        }
        if self.link.is_gap {
            let gap = self.k.squared_gap(self.l, [1.0, 1.0], pairing, par)?;
            return Ok(if self.link.step == Step::Root { gap.sqrt() } else { gap });
        }
        let over_norms = [1.0 / self.k.norm(par)?, 1.0 / self.l.norm(par)?];
        // The angle at the tip of a triangle with two sides of length one.
        let chord = self.k.squared_gap(self.l, over_norms, pairing, par)?.sqrt();
        Ok(2.0 * (0.5 * chord).min(1.0).asin())
    }
}

/// A function of `a'b`, and of nothing else that depends on the pair.
pub struct Cross<'a> {
    /// n rows, from x alone.
    pub a: &'a Matrix,
    /// n rows, from y alone.
    pub b: &'a Matrix,
    /// From the product (of the rows as matched) to the score.
    pub of: CrossScore<'a>,
    /// Bounds of the score at a fraction of its cost.
    pub bound: Option<Bound<'a>>,
}

/// Bounds of a score by the singular values of `a'b`.
pub enum Bound<'a> {
    /// The score is a monotone function of their sum.
    Sum {
        /// From the sum to the score.
        link: Box<dyn Fn(f64) -> f64 + Send + Sync + 'a>,
        /// Direction: true if it rises.
        rises: bool,
    },
    /// The score is not above the largest of them.
    Largest,
}

/// From `a'b` to a score; the pairing is there for those who must look at the rows again.
pub type CrossScore<'a> = Box<dyn Fn(&Matrix, Option<&[usize]>, Par<'_>) -> Result<f64> + Send + Sync + 'a>;

impl Cross<'_> {
    /// `a'b` with the rows of b as matched.
    pub fn product(&self, pairing: Option<&[usize]>, par: Par<'_>) -> Result<Matrix> {
        match pairing {
            None => linalg::product(self.a, self.b, par),
            Some(order) => linalg::product(self.a, &self.b.rows_in_order(order), par),
        }
    }
}

/// Neighbor lists of both sides and what a row's score is.
pub struct NeighborLists<'a> {
    /// The lists of x.
    pub x: &'a Neighbors,
    /// The lists of y.
    pub y: &'a Neighbors,
    /// Score of a row by the overlap of its lists.
    pub agreement: Agreement,
    /// The score of a row that shares o neighbors, of weight 1, is `of_overlap[o]`.
    pub of_overlap: Vec<f64>,
    /// The weight of the shared neighbor at place r of one list and place s of the other, counted from 0; None if all weigh 1.
    pub weight: Option<Matrix>,
}

impl<'a> NeighborLists<'a> {
    /// The lists of two sides.
    pub fn new(x: &'a Neighbors, y: &'a Neighbors, agreement: Agreement) -> Self {
        let of_overlap = (0..=x.k()).map(|o| agreement.of(o as f64, x.k())).collect();
        Self { x, y, agreement, of_overlap, weight: None }
    }

    /// Lists whose shared neighbors weigh by their places, which are counted from 1 here: by its overlap, a row scores a
    /// multiple of the sum of the weights, the multiple of the overlap that it scores without.
    #[must_use]
    pub fn weighted(self, weight: impl Fn(usize, usize) -> f64) -> Self {
        let weight = Matrix::from_fn(self.x.k(), self.y.k(), |r, s| weight(r + 1, s + 1));
        Self { weight: Some(weight), ..self }
    }

    /// The score of a row by the sum of its weights and its overlap.
    pub fn row(&self, (weights, overlap): (f64, f64)) -> f64 {
        if overlap > 0.0 { weights * self.agreement.per_neighbor(overlap, self.x.k()) } else { 0.0 }
    }

    /// Presence of tied neighbors, which share places, so that overlaps are not whole numbers.
    pub fn has_ties(&self) -> bool {
        self.x.tied_rows() + self.y.tied_rows() > 0
    }

    /// The score of every row.
    pub fn rows(&self, pairing: Option<&[usize]>) -> Vec<f64> {
        match &self.weight {
            None => self.x.overlaps(self.y, pairing).into_iter().map(|o| self.agreement.of(o, self.x.k())).collect(),
            Some(weights) => {
                self.x.weighted_overlaps(self.y, weights, pairing).into_iter().map(|met| self.row(met)).collect()
            }
        }
    }

    /// The mean over rows, from whole numbers where there are neither ties nor weights: pairings that share alike score alike, bit for bit.
    pub fn mean(&self, pairing: &[usize]) -> f64 {
        let n = self.x.n() as f64;
        if self.has_ties() || self.weight.is_some() {
            return self.rows(Some(pairing)).iter().sum::<f64>() / n;
        }
        let mut rows = vec![0_u64; self.of_overlap.len()];
        self.x.overlaps(self.y, Some(pairing)).into_iter().for_each(|shared| rows[shared as usize] += 1);
        rows.iter().zip(&self.of_overlap).map(|(&rows, score)| rows as f64 * score).sum::<f64>() / n
    }
}

/// A score that no order of the rows changes, so that permutations and intervals by leaving out rows are refused; the sides
/// may have different numbers of rows.
pub struct Unpaired {
    /// The score.
    pub score: f64,
    /// The numbers of x and y, where the score compares one number per representation.
    pub numbers: Option<[f64; 2]>,
}

/// `offset + factor * mean of row(i, j) over matched rows`.
pub struct Rows<'a> {
    /// Number of rows.
    pub n: usize,
    /// The term of row i of x with row j of y.
    pub row: RowScore<'a>,
    /// Multiplies the mean.
    pub factor: f64,
    /// Added to it.
    pub offset: f64,
    /// The mean over all rows and all pairings, where it is cheap to know.
    pub at_chance: Option<f64>,
}

/// The term of one row of x with one row of y.
pub type RowScore<'a> = Box<dyn Fn(usize, usize) -> f64 + Send + Sync + 'a>;

/// A score that must be computed anew for every pairing.
pub struct Pair<'a> {
    /// The score when row i of x is matched with row `pairing[i]` of y.
    pub of: PairScore<'a>,
    /// The score of every row, where the measure is a mean over rows (NaN for rows left out).
    pub rows: Option<PairRows<'a>>,
    /// The mean over all pairings, where it is known.
    pub at_chance: Option<f64>,
    /// Bounds of the score at a fraction of its cost.
    pub interval: Option<PairInterval<'a>>,
}

impl<'a> Pair<'a> {
    /// A score of which nothing else is known.
    pub fn new(of: impl Fn(Option<&[usize]>, Par<'_>) -> Result<f64> + Send + Sync + 'a) -> Self {
        Self { of: Box::new(of), rows: None, at_chance: None, interval: None }
    }
}

/// From a pairing to a score.
pub type PairScore<'a> = Box<dyn Fn(Option<&[usize]>, Par<'_>) -> Result<f64> + Send + Sync + 'a>;
/// From a pairing to two numbers between which the score certainly lies, at a fraction of its cost.
pub type PairInterval<'a> = Box<dyn Fn(&[usize], Par<'_>) -> Result<[f64; 2]> + Send + Sync + 'a>;
/// From a pairing to the scores of all rows.
pub type PairRows<'a> = Box<dyn Fn(Option<&[usize]>, Par<'_>) -> Result<Vec<f64>> + Send + Sync + 'a>;

/// Rows left out are NaN; the mean is over the others.
pub fn mean_of_present(rows: &[f64]) -> Option<f64> {
    let (sum, count) = rows.iter().filter(|v| !v.is_nan()).fold((0.0, 0_usize), |(s, c), v| (s + v, c + 1));
    (count > 0).then(|| sum / count as f64)
}

impl Form<'_> {
    /// The score when row i of x is matched with row `pairing[i]` of y (with row i if there is no pairing).
    pub fn score(&self, pairing: Option<&[usize]>, par: Par<'_>) -> Result<f64> {
        match self {
            Self::Bilinear(form) => form.score(pairing, par),
            Self::Cross(form) => (form.of)(&form.product(pairing, par)?, pairing, par),
            Self::Neighbors(form) => {
                let rows = form.rows(pairing);
                Ok(rows.iter().sum::<f64>() / rows.len() as f64)
            }
            Self::Unpaired(form) => Ok(form.score),
            Self::Rows(form) => {
                let total: f64 = (0..form.n).map(|i| (form.row)(i, pairing.map_or(i, |m| m[i]))).sum();
                Ok(form.offset + form.factor * total / form.n as f64)
            }
            Self::Pair(form) => (form.of)(pairing, par),
        }
    }

    /// The score of every row, for measures that are a mean over rows.
    pub fn rows(&self, par: Par<'_>) -> Result<Option<Vec<f64>>> {
        Ok(match self {
            Self::Neighbors(form) => Some(form.rows(None)),
            Self::Rows(form) => Some((0..form.n).map(|i| form.offset + form.factor * (form.row)(i, i)).collect()),
            Self::Pair(Pair { rows: Some(rows), .. }) => Some(rows(None, par)?),
            _ => None,
        })
    }

    /// The mean score of randomly matched rows, where a closed form of it is exact.
    pub fn at_chance(&self, par: Par<'_>) -> Result<Option<f64>> {
        Ok(match self {
            Self::Bilinear(form) if form.link.is_affine() => {
                let mean = form.k.inner_at_chance(form.l, par)?;
                Some(form.link.score(mean, form.denominator(par)?))
            }
            Self::Neighbors(form) => form.x.at_chance(form.y, form.agreement, form.weight.as_ref()),
            Self::Rows(form) => form.at_chance.map(|mean| form.offset + form.factor * mean),
            Self::Pair(form) => form.at_chance,
            _ => None,
        })
    }

    /// The name of the form, as [`Facts::form`](crate::facts::Facts::form) states it.
    pub fn name(&self) -> FormName {
        match self {
            Self::Bilinear(form) => FormName::Bilinear(form.link.step),
            Self::Cross(_) => FormName::Cross,
            Self::Neighbors(_) => FormName::Neighbors,
            Self::Unpaired(_) => FormName::Unpaired,
            Self::Rows(_) => FormName::Rows,
            Self::Pair(_) => FormName::Pair,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engines::dense::Centering;
    use crate::engines::neighbors::Metric;
    use crate::testing::representation;

    fn side(e: f64) -> PairMatrix {
        let entry = |i: usize, j: usize| ((i * i) as f64 + 0.7 * (i * j) as f64).sin() + e * ((i + 5 * j) as f64).cos();
        PairMatrix::linear("x", Arc::new(Matrix::from_fn(40, 3, entry)), Centering::Plain, Par::SEQ).unwrap()
    }

    /// Distances and angles fall with the step, as far as steps can be seen at all.
    #[test]
    fn roots_and_angles_keep_their_digits_near_identity() {
        let k = side(0.0);
        let square = |m: &PairMatrix| m.inner(m, None, Par::SEQ).unwrap();
        let score = |e: f64, link: &dyn Fn(&PairMatrix) -> Link| {
            let l = side(e);
            Bilinear { k: &k, l: &l, link: link(&l) }.score(None, Par::SEQ).unwrap() / e
        };
        let distance = |l: &PairMatrix| Link::gap(square(&k), square(l)).then(Step::Root);
        let angle = |_: &PairMatrix| Link::COSINE.then(Step::Arccos);
        for link in [&distance as &dyn Fn(&PairMatrix) -> Link, &angle] {
            let slope = score(1e-4, link);
            for e in [1e-5, 1e-7, 1e-9] {
                assert!((score(e, link) / slope - 1.0).abs() < 1e-3, "{e}: {} {slope}", score(e, link));
            }
        }
    }

    /// The mean over all pairings of six inputs is the closed form of lists with weights by place, with ties at the end of
    /// lists and within them.
    #[test]
    fn weighted_chance_is_the_mean_over_all_pairings() {
        let n = 6;
        let mut state = 9_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let sides = [
            (0..n * 2).map(|_| next()).collect(),
            vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 2.0, 0.0, 0.0, 1.0, 5.0, 5.0],
            vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 3.0, 3.0, 3.0, 3.0, 0.0, 1.0],
            vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 2.0, 2.0],
            vec![0.0; 12],
        ];
        let agreement = Agreement::Scaled(|overlap, k| 1.0 / (overlap * k as f64 + 1.0));
        let mut cut = 0;
        for (x, y) in sides.iter().flat_map(|x| sides.iter().map(move |y| (x, y))) {
            for k in 1..n {
                let x = Neighbors::of(&representation("x", x, 2), Metric::Euclidean, k, Par::SEQ).unwrap();
                let y = Neighbors::of(&representation("y", y, 2), Metric::Euclidean, k, Par::SEQ).unwrap();
                cut += usize::from(x.tied_rows() > 0 && y.tied_rows() > 0);
                let form = NeighborLists::new(&x, &y, agreement).weighted(|r, s| 1.0 / (r as f64 + 2.0 * s as f64));
                let mut pairing: Vec<usize> = (0..n).collect();
                let (mut total, mut count) = (0.0, 0);
                crate::testing::permute(&mut pairing, 0, &mut |order| {
                    total += form.mean(order);
                    count += 1;
                });
                let found = x.at_chance(&y, agreement, form.weight.as_ref()).unwrap();
                assert!((total / f64::from(count) - found).abs() < 1e-13, "k = {k}");
            }
        }
        assert!(cut > 20);
    }
}
