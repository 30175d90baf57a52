//! Scores that are functions of `a'b`, an orbit of matchings at a time.
//!
//! The products of an orbit come from Fourier transforms ([`super::product_orbits`]); what is left per matching is a small
//! decomposition. Many matchings need not even that. If only scores at least as extreme as the observed one count, a bound
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
//! matching and is the one the spread of scores is taken from.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};

use super::product_orbits::{Grid, ProductOrbits, Products as Room};
use crate::error::Result;
use crate::form::{Bound, Cross};
use crate::linalg::{Matrix, eigh, gram, norm_is_below, product_nn};
use crate::numerics::sums;
use crate::par::Par;

/// Relative distance from the bar within which a bound decides nothing.
const MARGIN: f64 = 1e-9;
/// Columns whose inner products are smaller than this, relative to their norms, are principal axes already.
const ALIGNED: f64 = 1e-8;

/// The engine.
pub struct Products<'a> {
    form: &'a Cross<'a>,
    orbits: ProductOrbits<'a>,
    rooms: Mutex<Vec<Room>>,
}

impl<'a> Products<'a> {
    /// Prepare orbits for about `count` matchings, with the streams of a key; None if not even a short orbit fits into
    /// memory.
    pub fn begin(form: &'a Cross<'a>, key: &'a [u8; 32], count: usize, par: Par<'_>) -> Result<Option<Self>> {
        let Some(grid) = Grid::choose(form.a.rows(), (form.a.cols(), form.b.cols()), count) else { return Ok(None) };
        Self::on(form, grid, key, par).map(Some)
    }

    fn on(form: &'a Cross<'a>, grid: Grid, key: &'a [u8; 32], par: Par<'_>) -> Result<Self> {
        let turned = |m: &'a Matrix| match form.bound {
            Some(Bound::Sum { .. }) => on_principal_axes(m, par),
            _ => Ok(Cow::Borrowed(m)),
        };
        let (a, b) = (turned(form.a)?, turned(form.b)?);
        let orbits = ProductOrbits::new(&a, b, grid, key, par)?;
        Ok(Self { form, orbits, rooms: Mutex::default() })
    }

    /// Number of matchings of an orbit.
    pub fn size(&self) -> usize {
        self.orbits.grid().q
    }

    /// On which side of a bar scores can be shown to lie without computing them.
    pub fn prunes(&self) -> Option<Ordering> {
        self.form.bound.as_ref().map(|bound| match bound {
            Bound::Sum { rises: false, .. } => Ordering::Greater,
            _ => Ordering::Less,
        })
    }

    /// The scores of orbit r; None for those shown to lie on the side of the bar that [`Self::prunes`] names. The first of
    /// orbit 0 is the observed one.
    pub fn orbit(&self, r: usize, bar: Option<f64>, par: Par<'_>) -> Result<Vec<Option<f64>>> {
        let tau = self.orbits.tau(r);
        let spare = self.rooms.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut room = spare.unwrap_or_else(|| self.orbits.room());
        self.orbits.products(&tau, &mut room, par)?;
        let scores = par.map(self.size(), |s, par| {
            par.advance(1);
            if (r, s) == (0, 0) {
                // Bit for bit what it is without permutations.
                return (self.form.of)(&self.form.product(None, par)?, None).map(Some);
            }
            let product = room.at(s);
            if bar.is_some_and(|bar| self.is_decided(&product, bar)) {
                return Ok(None);
            }
            (self.form.of)(&product, Some(&self.orbits.matching(&tau, s))).map(Some)
        });
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        scores
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

/// No sum of singular values is larger.
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
