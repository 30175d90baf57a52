//! The smallest p-value that data can reach: equal rows make arrangements tie.
//!
//! Rows of x that are equal can trade places without changing a score, and so can rows of y. So every arrangement ties with at
//! least as many others as there are orders of equal rows on one side: with `m_1, m_2, ..` rows in the groups of equal ones, p is
//! never below `m_1! m_2! .. / n!`, whatever the score is. One row of a rare class among n labels makes that 1/n.
//!
//! Where all allowed pairings are tried, the share of the most extreme of them is known and takes the place of this bound.

use std::collections::HashMap;

use crate::engines::centered::scan;
use crate::error::{Error, Result};
use crate::operations::instance::Instance;
use crate::operations::operand::Operand;
use crate::operations::permutation::design::{Design, Scheme};
use crate::operations::permutation::request::Alternative;
use crate::par::Par;
use crate::representation::{Data, Representation};
use crate::warning::Warning;

/// For every row the number of the first row that equals it; None without data.
pub fn equal_rows(side: &Operand<'_>, par: Par<'_>) -> Result<Option<Vec<usize>>> {
    let Some(data) = side.data() else { return Ok(None) };
    Ok(match data.data() {
        Data::Labels(ids) => {
            let mut first = HashMap::new();
            Some(ids.iter().enumerate().map(|(i, id)| *first.entry(*id).or_insert(i)).collect())
        }
        Data::Matrix(..) => Some(equal_rows_of_matrix(data, par)?),
        Data::Reals(_) => None,
    })
}

fn equal_rows_of_matrix(data: &Representation<'_>, par: Par<'_>) -> Result<Vec<usize>> {
    let (scan, (view, _)) = (scan(data, par)?, data.view()?);
    let (mut row, mut other) = (vec![0.0; data.cols()], vec![0.0; data.cols()]);
    let mut first: HashMap<u64, usize> = HashMap::with_capacity(scan.checksums.len());
    let mut same = |i: usize, mark: &f64| {
        let candidate = *first.entry(mark.to_bits()).or_insert(i);
        if candidate == i {
            return i;
        }
        view.read_row(candidate, &mut row);
        view.read_row(i, &mut other);
        if row == other { candidate } else { i }
    };
    Ok(scan.checksums.iter().enumerate().map(|(i, mark)| same(i, mark)).collect())
}

/// The share of the allowed pairings that only trade places of equal rows.
pub fn share(equal: &[usize], design: &Design) -> f64 {
    if design.scheme() == Scheme::Shift {
        return 0.0;
    }
    let mut log = 0.0;
    for class in design.classes() {
        let mut count: HashMap<Vec<usize>, usize> = HashMap::new();
        for unit in 0..class.count() {
            *count.entry(class.unit(unit).iter().map(|&row| equal[row]).collect()).or_default() += 1;
        }
        let mut sizes: Vec<usize> = count.into_values().collect();
        sizes.sort_unstable();
        log += sizes.into_iter().map(log_factorial).sum::<f64>() - log_factorial(class.count());
    }
    log.exp().min(1.0)
}

fn log_factorial(count: usize) -> f64 {
    (2..=count).map(|k| (k as f64).ln()).sum()
}

/// The same of both sides of a pair. What stays with the inputs, such as labels, tells equal rows of x apart.
pub struct AttainableShares {
    xs: Vec<f64>,
    ys: Vec<f64>,
}

impl AttainableShares {
    /// Shares of all sides of a test; the second list is the first where there is none.
    pub fn of(
        instance: &Instance,
        xs: &[Operand<'_>],
        ys: Option<&[Operand<'_>]>,
        design: &Design,
        par: Par<'_>,
    ) -> Result<Self> {
        let of = |sides: &[Operand<'_>]| {
            par.map(sides.len(), |at, par| match equal_rows(&sides[at], par) {
                Err(stop @ Error::Interrupted { .. }) => Err(stop),
                // A side that cannot be read has no score, which says why.
                found => Ok(found.ok().flatten().map_or(0.0, |equal| share(&equal, design))),
            })
        };
        let all: Vec<usize> = (0..design.n()).collect();
        let of_xs = of(xs)?;
        let ys = ys.map_or_else(|| Ok(of_xs.clone()), of)?;
        let told_apart = instance.for_rows(&all)?.is_some();
        Ok(Self { xs: if told_apart { vec![0.0; of_xs.len()] } else { of_xs }, ys })
    }

    /// Shares of one pair of which nothing is known.
    #[cfg(test)]
    pub fn unknown() -> Self {
        Self { xs: vec![0.0], ys: vec![0.0] }
    }

    /// The smallest p-value of a pair where so many arrangements are looked at.
    pub fn smallest_p(&self, (i, j): (usize, usize), arrangements: usize, alternative: Alternative) -> f64 {
        let tied = self.xs[i].max(self.ys[j]);
        (alternative.sides() as f64 * tied.max(1.0 / arrangements as f64)).min(1.0)
    }
}

/// The warning that no result could have been significant.
pub fn floor(min_pvalue: f64, level: f64) -> Option<Warning> {
    let message = if min_pvalue >= 1.0 {
        "All orders of the rows score alike: p is 1 whatever the score, and there is no z.".into()
    } else {
        format!("The smallest p these data can reach is {min_pvalue:.3}; no result can be significant at {level}.")
    };
    (min_pvalue > level).then(|| Warning::new("p_floor", message, vec![("min_pvalue", min_pvalue.into())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 3! 2! of 5!, and of 2! 3! where the first two rows are a stratum of their own.
    #[test]
    fn equal_rows_trade_places() {
        let equal = [0, 1, 0, 0, 1];
        let share_of = |strata: Option<&[i64]>| share(&equal, &Design::new(5, strata, None, Scheme::Permute).unwrap());
        assert!((share_of(None) - 12.0 / 120.0).abs() < 1e-12);
        assert!((share_of(Some(&[0, 0, 1, 1, 1])) - 2.0 / 12.0).abs() < 1e-12);
    }

    /// By hand: of three groups of two rows, the first and the last are equal.
    #[test]
    fn equal_groups_trade_places() {
        let design = Design::new(6, None, Some(&[0, 0, 1, 1, 2, 2]), Scheme::Permute).unwrap();
        assert!((share(&[0, 1, 1, 0, 0, 1], &design) - 2.0 / 6.0).abs() < 1e-12);
    }
}
