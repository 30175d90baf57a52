//! Scores of all pairs that are functions of `a'b`, an orbit of pairings at a time.
//!
//! One relabeling per orbit serves all pairs: every a is laid out and transformed once, every b once per orbit, and a pair
//! costs the product of their transforms ([`CrossTransforms`]) and its small decompositions. All pairs lie on one grid of rows,
//! chosen for their work together, because they must meet the same pairings. Unlike in a test of one pair no bound spares a
//! decomposition: corrections for many tests need every score.

use crate::error::Result;
use crate::form::Cross;
use crate::linalg::Matrix;
use crate::operations::permutation::orbits::cross_fft::{
    CrossLattice, CrossTransforms, OrbitProducts, TransformedSide, Widths,
};
use crate::operations::stacked::distinct;
use crate::par::{Par, ScratchPool};

/// Numbers of the products of an orbit up to which pairs are worked on side by side, each by one thread; beyond, one after
/// the other, so that no thread needs so much memory for itself.
const LARGE: usize = 1 << 22;

/// The engine: the sides of x transformed, those of y ready to be laid out.
pub struct CrossGrid<'a> {
    forms: Vec<&'a Cross<'a>>,
    orbits: CrossTransforms<'a>,
    of_x: Vec<TransformedSide>,
    bs: Vec<&'a Matrix>,
    /// By pair: which side of x, and which of y.
    places: Vec<(usize, usize)>,
    side_by_side: bool,
    scratch: ScratchPool<OrbitProducts>,
}

impl<'a> CrossGrid<'a> {
    /// Numbers of columns of the sides of all pairs.
    pub fn widths(forms: &[&Cross<'_>]) -> Widths {
        let (bs, _) = distinct(forms.iter().map(|form| Some(form.b)));
        Widths {
            pairs: forms.iter().map(|form| (form.a.cols(), form.b.cols())).collect(),
            columns: bs.iter().map(|side| side.cols()).sum(),
        }
    }

    /// Prepare orbits on a grid, with the streams of a key.
    pub fn begin(forms: Vec<&'a Cross<'a>>, grid: CrossLattice, key: &'a [u8; 32], par: Par<'_>) -> Result<Self> {
        let (xs, of_a) = distinct(forms.iter().map(|form| Some(form.a)));
        let (bs, of_b) = distinct(forms.iter().map(|form| Some(form.b)));
        let n = forms.first().map_or(0, |form| form.a.rows());
        let orbits = CrossTransforms::new(grid, n, key);
        let largest = grid.q * forms.iter().map(|form| form.a.cols() * form.b.cols()).max().unwrap_or(0);
        let sides = xs.iter().chain(&bs).map(|side| orbits.size_of_side(side.cols())).sum::<usize>();
        par.require(8.0 * (sides + largest) as f64, || "The transforms of all layers".into())?;
        let of_x = par.map(xs.len(), |at, par| orbits.of_x(xs[at], par))?;
        let places = of_a.into_iter().zip(of_b).filter_map(|(a, b)| a.zip(b)).collect();
        Ok(Self { forms, orbits, of_x, bs, places, side_by_side: largest <= LARGE, scratch: ScratchPool::default() })
    }

    /// Number of pairings of an orbit.
    pub fn size(&self) -> usize {
        self.orbits.grid().q
    }

    /// The scores of all pairs in orbit r, whose first pairing, in orbit 0, is the observed one.
    pub fn orbit(&self, r: usize, par: Par<'_>) -> Result<Vec<Vec<f64>>> {
        let tau = self.orbits.tau(r);
        let pairings: Vec<_> = (0..self.size()).map(|s| self.orbits.pairing(&tau, s)).collect();
        let of_y = par.map(self.bs.len(), |at, par| {
            let mut side = self.orbits.side(self.bs[at].cols());
            self.orbits.of_y(self.bs[at], &tau, &mut side, par)?;
            Ok(side)
        })?;
        let scores = |pair: usize, par: Par<'_>| self.scores(pair, &of_y, &pairings, par);
        if self.side_by_side {
            return par.map(self.forms.len(), scores);
        }
        (0..self.forms.len()).map(|pair| scores(pair, par)).collect()
    }

    /// The scores of one pair.
    fn scores(&self, pair: usize, of_y: &[TransformedSide], pairings: &[Vec<usize>], par: Par<'_>) -> Result<Vec<f64>> {
        let (form, (a, b)) = (self.forms[pair], self.places[pair]);
        self.scratch.with(OrbitProducts::default, |products| {
            self.orbits.products(&self.of_x[a], &of_y[b], products, par)?;
            par.map(pairings.len(), |s, par| (form.of)(&products.at(s), Some(&pairings[s]), par))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Form;
    use crate::operations::permutation::strategy::grid::TestedPair;
    use crate::operations::permutation::strategy::grid::tests::{KEY, with_cells};
    use crate::par::{Watch, with_threads};
    use crate::value::Value;

    fn crosses<'c>(cells: &'c [TestedPair<'c>]) -> Vec<&'c Cross<'c>> {
        let cross = |cell: &'c TestedPair<'c>| if let Form::Cross(form) = &cell.form { Some(form) } else { None };
        cells.iter().filter_map(cross).collect()
    }

    /// Every score of every pair is that of its pairing, the same for all pairs, by whatever number of threads and whether
    /// pairs are worked on side by side or not.
    #[test]
    fn orbits_are_scores_of_pairings() {
        let options: [(&str, &[(&str, Value)]); 6] = [
            ("cca_mean", &[]),
            ("cca_mean", &[("summary", "wilks".into())]),
            ("svcca", &[]),
            ("pwcca", &[]),
            ("procrustes", &[("center", true.into())]),
            ("angular_shape", &[]),
        ];
        let grids: [(usize, &[usize], &[usize]); 4] =
            [(12, &[2, 3], &[3]), (31, &[4, 2, 4], &[2, 3]), (50, &[9, 3], &[17, 1]), (130, &[3], &[3, 3])];
        for (name, options) in options {
            for (n, xs, ys) in grids {
                with_cells(name, options, n, (xs, ys), |cells| {
                    let forms = crosses(cells);
                    assert_eq!(forms.len(), xs.len() * ys.len());
                    let widths = CrossGrid::widths(&forms);
                    let grid = CrossLattice::choose(n, &widths.pairs, widths.columns).unwrap();
                    let mut engine = CrossGrid::begin(forms, grid, &KEY, Par::SEQ).unwrap();
                    assert_eq!((engine.of_x.len(), engine.bs.len()), (xs.len(), ys.len()), "{name}");
                    for r in [0, 2] {
                        let scores = engine.orbit(r, Par::SEQ).unwrap();
                        let tau = engine.orbits.tau(r);
                        for s in 0..engine.size() {
                            let order = engine.orbits.pairing(&tau, s);
                            assert!((r, s) != (0, 0) || order.iter().copied().eq(0..n));
                            for (cell, scores) in cells.iter().zip(&scores) {
                                let slow = cell.form.score(Some(&order), Par::SEQ).unwrap();
                                assert!((scores[s] - slow).abs() < 1e-10, "{name}, n = {n}, {r}, {s}");
                            }
                        }
                        for threads in [1, 2, 3] {
                            let again = with_threads(threads, &Watch::default(), |par| engine.orbit(r, par).unwrap());
                            assert_eq!(scores, again, "{name}");
                        }
                        engine.side_by_side = !engine.side_by_side;
                        let again = with_threads(2, &Watch::default(), |par| engine.orbit(r, par).unwrap());
                        assert_eq!(scores, again, "{name}");
                    }
                });
            }
        }
    }
}
