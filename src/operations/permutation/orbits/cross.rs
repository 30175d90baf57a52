//! Scores that are functions of `a'b`, an orbit of pairings at a time.
//!
//! The products of an orbit come from Fourier transforms ([`crate::operations::permutation::orbits::cross_fft`]); what is left per pairing is a small
//! decomposition. Many pairings need not even that. If only scores at least as extreme as the observed one count, a bound
//! that shows a score to lie on the other side of it is as good as the score:
//!
//! - a score that rises or falls with `|m|_*`, the sum of singular values of `m = a'b`, by
//!   `|m|_* <= min(sum of column norms, sum of row norms)`. The sum of singular values does not depend on the bases in
//!   which the columns of a and b are written, but its bound does: in the principal axes of each side it is 1.2 (flat
//!   spectra) to 1.7 times (steep ones) the sum for unrelated rows, in others up to 9 times;
//! - a score that is not above the largest singular value, by a Cholesky factorization
//!   ([`norm_is_below`](crate::linalg::norm_is_below)).
//!
//! A bound this close to the bar, relatively, decides nothing: round-off is no evidence. The first orbit holds the observed
//! pairing and is the one the spread of scores is taken from.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::error::Result;
use crate::form::{Bound, Cross};
use crate::linalg::{Matrix, eigh, gram, norm_is_below, product_nn};
use crate::numerics::sums;
use crate::operations::permutation::orbits::cross_fft::{
    CrossLattice, CrossTransforms, OrbitProducts, TransformedSide,
};
use crate::operations::permutation::orbits::{OrbitEngine, VARIANCE_OF_UNITS};
use crate::par::{Par, ScratchPool};

/// Orbits that are run side by side, so that threads share out short ones and memory stays bounded.
const SIDE_BY_SIDE: usize = 4;
/// Products so narrow that a bound is no quicker than the score.
const NARROW: usize = 8;
/// Relative distance from the bar within which a bound decides nothing.
const MARGIN: f64 = 1e-9;
/// Columns whose inner products are smaller than this, relative to their norms, are principal axes already.
const ALIGNED: f64 = 1e-8;

/// The engine.
pub struct CrossOrbits<'a> {
    form: &'a Cross<'a>,
    orbits: CrossTransforms<'a>,
    a: TransformedSide,
    b: Cow<'a, Matrix>,
    scratch: ScratchPool<(TransformedSide, OrbitProducts)>,
}

impl<'a> CrossOrbits<'a> {
    /// Prepare orbits on a grid, with the streams of a key.
    pub fn begin(form: &'a Cross<'a>, grid: CrossLattice, key: &'a [u8; 32], par: Par<'_>) -> Result<Self> {
        let turned = |m: &'a Matrix| match form.bound {
            Some(Bound::Sum { .. }) => on_principal_axes(m, par),
            _ => Ok(Cow::Borrowed(m)),
        };
        let (a, b) = (turned(form.a)?, turned(form.b)?);
        let orbits = CrossTransforms::new(grid, a.rows(), key);
        let a = orbits.of_x(&a, par)?;
        Ok(Self { form, orbits, a, b, scratch: ScratchPool::default() })
    }

    /// Side of a bar on which scores can be shown to lie without computing them.
    fn bounded_side(&self) -> Option<Ordering> {
        self.form.bound.as_ref().map(|bound| match bound {
            Bound::Sum { rises: false, .. } => Ordering::Greater,
            _ => Ordering::Less,
        })
    }

    /// The scores of orbit r; None for those shown to lie on the side of the bar that [`Self::bounded_side`] names. The first of
    /// orbit 0 is the observed one.
    fn orbit(&self, r: usize, bar: Option<f64>, par: Par<'_>) -> Result<Vec<Option<f64>>> {
        let tau = self.orbits.tau(r);
        let spare = self.scratch.take();
        let (mut side, mut products) =
            spare.unwrap_or_else(|| (self.orbits.side(self.b.cols()), OrbitProducts::default()));
        self.orbits.of_y(&self.b, &tau, &mut side, par)?;
        self.orbits.products(&self.a, &side, &mut products, par)?;
        let scores = par.map(self.size(), |s, par| {
            par.advance(1);
            if (r, s) == (0, 0) {
                // Bit for bit what it is without permutations.
                return (self.form.of)(&self.form.product(None, par)?, None, par).map(Some);
            }
            let product = products.at(s);
            if bar.is_some_and(|bar| self.is_decided(&product, bar)) {
                return Ok(None);
            }
            (self.form.of)(&product, Some(&self.orbits.pairing(&tau, s)), par).map(Some)
        });
        self.scratch.put_back((side, products));
        scores
    }

    /// True where a bound is no quicker than the score.
    fn is_narrow(&self) -> bool {
        self.form.a.cols().min(self.form.b.cols()) < NARROW
    }

    fn is_decided(&self, product: &Matrix, bar: f64) -> bool {
        match &self.form.bound {
            Some(Bound::Sum { link, rises }) => {
                let limit = link(bound_of_sum(product) * (1.0 + MARGIN));
                if *rises { limit < bar } else { limit > bar }
            }
            Some(Bound::Largest) => norm_is_below(product, bar),
            None => false,
        }
    }
}

impl OrbitEngine for CrossOrbits<'_> {
    fn size(&self) -> usize {
        self.orbits.grid().q
    }

    fn block(&self, r: usize, par: Par<'_>) -> Result<Vec<f64>> {
        Ok(self.orbit(r, None, par)?.into_iter().flatten().collect())
    }

    fn side_by_side(&self) -> usize {
        if self.is_narrow() { 1 } else { SIDE_BY_SIDE }
    }

    fn variance_factor(&self) -> f64 {
        VARIANCE_OF_UNITS
    }

    fn prunes(&self) -> Option<Ordering> {
        if self.is_narrow() { None } else { self.bounded_side() }
    }

    fn pruned_block(&self, r: usize, bar: f64, par: Par<'_>) -> Result<Vec<Option<f64>>> {
        self.orbit(r, Some(bar), par)
    }
}

/// Upper bound of the sum of singular values.
fn bound_of_sum(m: &Matrix) -> f64 {
    let mut columns = vec![0.0; m.cols()];
    let mut rows = 0.0;
    for i in 0..m.rows() {
        let row = m.row(i);
        rows += sums::squares(row).sqrt();
        columns.iter_mut().zip(row).for_each(|(sum, v)| *sum += v * v);
    }
    columns.into_iter().map(f64::sqrt).sum::<f64>().min(rows)
}

/// The columns of `m` rotated so that their inner products vanish.
fn on_principal_axes<'m>(m: &'m Matrix, par: Par<'_>) -> Result<Cow<'m, Matrix>> {
    let gram = gram(m, par)?;
    let skew = |i: usize, j: usize| gram.at(i, j).powi(2) > ALIGNED * ALIGNED * gram.at(i, i) * gram.at(j, j);
    let stays = !(0..m.cols()).any(|i| (0..i).any(|j| skew(i, j)));
    if stays || !gram.largest().is_finite() {
        return Ok(Cow::Borrowed(m));
    }
    par.check()?;
    let Ok(axes) = eigh(&gram) else { return Ok(Cow::Borrowed(m)) };
    product_nn(m, &axes.v, par).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Form;
    use crate::measures::find;
    use crate::numerics::streams::permutation;
    use crate::par::{Watch, with_threads};
    use crate::testing::representation;
    use crate::value::Value;

    const KEY: [u8; 32] = [9; 32];

    /// Uniform numbers.
    fn noise(count: usize, stream: u64) -> Vec<f64> {
        permutation(&[7; 32], stream, count).into_iter().map(|at| (at as f64 + 0.5) / count as f64 - 0.5).collect()
    }

    /// The forms of the measures on two sides that share some of their columns' noise; columns fall off in size.
    fn with_forms(n: usize, (d1, d2): (usize, usize), shared: f64, check: impl Fn(&str, &Cross<'_>)) {
        let side = |d: usize, stream: u64| -> Vec<f64> {
            let (common, own) = (noise(n * d1.max(d2), 1), noise(n * d, stream));
            let entry = |i: usize, j: usize| shared * common[i * d1.max(d2) + j] + own[i * d + j] + 0.1;
            (0..n * d).map(|at| entry(at / d, at % d) / (1.0 + (at % d) as f64).sqrt()).collect()
        };
        let (x, y) = (side(d1, 2), side(d2, 3));
        let (x, y) = (representation("x", &x, d1), representation("y", &y, d2));
        let options: [(&str, Vec<(&str, Value)>); 9] = [
            ("cca_mean", vec![]),
            ("cca_mean", vec![("summary", "sum".into())]),
            ("cca_mean", vec![("summary", "first".into())]),
            ("cca_mean", vec![("summary", "wilks".into())]),
            ("svcca", vec![]),
            ("pwcca", vec![]),
            ("procrustes", vec![("center", true.into())]),
            ("procrustes", vec![("squared", true.into()), ("normalize", true.into())]),
            ("angular_shape", vec![]),
        ];
        for (name, options) in options {
            let label = format!("{name} {options:?}, n = {n}, {d1} x {d2}");
            let options = options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            let measure = find(name).unwrap().with(options).unwrap();
            let [k, l] = [&x, &y].map(|side| measure.summarize(side, Par::SEQ).unwrap());
            let form = measure.form(&k, &l).unwrap();
            let Form::Cross(form) = form else { panic!("{label} has another form") };
            check(&label, &form);
        }
    }

    fn general(form: &Cross<'_>, order: &[usize]) -> f64 {
        (form.of)(&form.product(Some(order), Par::SEQ).unwrap(), Some(order), Par::SEQ).unwrap()
    }

    #[test]
    fn scores_are_those_of_pairings() {
        for (n, sizes) in [(12, (2, 3)), (31, (4, 2)), (50, (9, 17)), (130, (3, 3))] {
            with_forms(n, sizes, 1.0, |label, form| {
                let best = CrossLattice::choose(n, &[sizes], sizes.1).unwrap();
                for grid in [best, CrossLattice { q: 9, u: n / 9, rest: n % 9 }] {
                    let engine = CrossOrbits::begin(form, grid, &KEY, Par::SEQ).unwrap();
                    for r in [0, 2] {
                        let (scores, tau) = (engine.orbit(r, None, Par::SEQ).unwrap(), engine.orbits.tau(r));
                        assert_eq!(scores.len(), engine.size());
                        for (s, score) in scores.into_iter().enumerate() {
                            let (score, slow) = (score.unwrap(), general(form, &engine.orbits.pairing(&tau, s)));
                            assert!((score - slow).abs() < 1e-10, "{label}, {r}, {s}: {score} {slow}");
                            assert!((r, s) != (0, 0) || score == slow);
                        }
                    }
                }
            });
        }
    }

    fn grid_of(form: &Cross<'_>) -> CrossLattice {
        CrossLattice::choose(form.a.rows(), &[(form.a.cols(), form.b.cols())], form.b.cols()).unwrap()
    }

    /// Whatever the bar, what is said to lie beyond it does; a bar far away is always seen to be beyond, one at the score
    /// itself never.
    #[test]
    fn bounds_hold() {
        for (n, sizes) in [(40, (3, 3)), (60, (9, 5))] {
            with_forms(n, sizes, 0.7, |label, form| {
                let engine = CrossOrbits::begin(form, grid_of(form), &KEY, Par::SEQ).unwrap();
                assert_eq!(engine.bounded_side().is_none(), label.contains("wilks"), "{label}");
                let Some(side) = engine.bounded_side() else { return };
                for r in 1..=6 {
                    let scores = engine.orbit(r, None, Par::SEQ).unwrap();
                    for bar in [0, 7, 20].map(|at| scores[at].unwrap()) {
                        let pruned = engine.orbit(r, Some(bar), Par::SEQ).unwrap();
                        for (score, kept) in scores.iter().zip(pruned) {
                            let beyond = score.unwrap().total_cmp(&bar) == side;
                            assert!(kept.is_some() || beyond, "{label}: {score:?}, bar {bar}");
                            assert!(kept.is_none_or(|kept| Some(kept) == *score));
                        }
                    }
                    let far = if side == Ordering::Less { 1e3 } else { -1e3 };
                    assert!(engine.orbit(r, Some(far), Par::SEQ).unwrap().iter().all(Option::is_none), "{label}");
                }
            });
        }
    }

    /// Neither nothing nor everything is pruned, and what remains counts alike.
    #[test]
    fn counts_are_the_same_with_pruning() {
        let pruned = std::cell::Cell::new((0, 0));
        for shared in [0.3, 0.6, 1.0] {
            with_forms(60, (5, 4), shared, |label, form| {
                let engine = CrossOrbits::begin(form, grid_of(form), &KEY, Par::SEQ).unwrap();
                let Some(side) = engine.bounded_side() else { return };
                let observed = engine.orbit(0, None, Par::SEQ).unwrap()[0].unwrap();
                let extreme = |score: f64| score.total_cmp(&observed) != side;
                for r in 0..10 {
                    let [all, some] = [None, Some(observed)].map(|bar| engine.orbit(r, bar, Par::SEQ).unwrap());
                    let (mut slow, mut fast) = (0, 0);
                    all.iter().for_each(|score| slow += usize::from(extreme(score.unwrap())));
                    some.iter().flatten().for_each(|&score| fast += usize::from(extreme(score)));
                    assert_eq!(slow, fast, "{label}");
                    let (none, total) = pruned.get();
                    pruned.set((none + some.iter().filter(|score| score.is_none()).count(), total + some.len()));
                }
            });
        }
        let (none, total) = pruned.get();
        assert!(none > total / 10 && none < total * 9 / 10, "{none} of {total}");
    }

    #[test]
    fn the_same_bits_for_any_number_of_threads() {
        with_forms(90, (33, 18), 1.0, |label, form| {
            let bits = |par: Par<'_>| {
                let engine = CrossOrbits::begin(form, grid_of(form), &KEY, par).unwrap();
                let scores = [0, 1, 2].map(|r| engine.orbit(r, None, par).unwrap());
                scores.into_iter().flatten().map(|score| score.unwrap().to_bits()).collect::<Vec<_>>()
            };
            let alone = bits(Par::SEQ);
            for threads in [1, 2, 3] {
                assert_eq!(alone, with_threads(threads, &Watch::default(), bits), "{label}, {threads} threads");
            }
        });
    }

    /// Both bounds reach the sum where they can: a diagonal matrix, and one row.
    #[test]
    fn bound_of_a_sum() {
        assert_eq!(bound_of_sum(&Matrix::from_vec(vec![3.0, 0.0, 0.0, -4.0], 2, 2)), 7.0);
        assert_eq!(bound_of_sum(&Matrix::from_vec(vec![3.0, 4.0], 1, 2)), 5.0);
        let noise = Matrix::from_vec(noise(40 * 30, 5), 40, 30);
        let sum: f64 = crate::linalg::singular_values(&noise).unwrap().iter().sum();
        assert!((1.0..1.3).contains(&(bound_of_sum(&noise) / sum)));
    }
}
