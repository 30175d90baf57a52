//! Lists of nearest neighbors: those of double precision, at the speed of 16-bit integers.
//!
//! ```text
//! exact      the rows as the definition sees them, the score of a pair in double precision, and lists found the plain way
//! integers   products of rows that were rounded to 16-bit integers
//! screen     what these products, with a bound of their error, say for certain; the rest is settled in double precision
//! ```
//!
//! A list holds the k inputs with the largest score, nearest first, ties by index, the input itself left out by its index.
//! The score is the inner product of unit rows (`cosine`), minus the squared distance (`euclidean`), the inner product
//! (`inner`) or minus the distance given (`precomputed`). A zero row has cosine 0 to all others.

mod exact;
mod integers;
mod screen;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::exact::{Chosen, Rows};
use super::{centered, kernels};
use crate::error::{Error, Result};
use crate::measure::Summary;
use crate::options::{Named, damaged};
use crate::par::Par;
use crate::representation::Representation;
use crate::value::Value;

/// What makes an input near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// A large cosine.
    Cosine,
    /// A small Euclidean distance.
    Euclidean,
    /// A large inner product.
    Inner,
    /// A small distance, of which the user gives the n x n matrix.
    Precomputed,
}

impl Metric {
    /// Every metric by its name, the default first.
    pub const CHOICES: [(&'static str, Self); 4] = [
        ("cosine", Self::Cosine),
        ("euclidean", Self::Euclidean),
        ("inner", Self::Inner),
        ("precomputed", Self::Precomputed),
    ];
}

/// The k nearest other inputs of every input, nearest first, ties by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbors {
    n: usize,
    k: usize,
    lists: Vec<u32>,
    tied: usize,
    zero: usize,
    copies: Vec<u32>,
}

impl Neighbors {
    /// The lists of a representation; made once for a metric and a k.
    pub fn of(x: &Representation<'_>, metric: Metric, k: usize, par: Par<'_>) -> Result<Arc<Self>> {
        let n = x.rows();
        if k == 0 {
            return Err(Error::BadOption {
                measure: "neighbors".into(),
                option: "k".into(),
                given: k.to_string(),
                problem: "must be at least 1.".into(),
            });
        }
        if k >= n {
            return Err(Error::KTooLarge { k, n });
        }
        x.shared(&format!("neighbors {metric:?} {k}"), || match metric {
            Metric::Precomputed => Self::of_distances(x, k, par),
            _ => Self::of_rows(x, metric, k, par),
        })
    }

    fn of_rows(x: &Representation<'_>, metric: Metric, k: usize, par: Par<'_>) -> Result<Self> {
        let survey = centered::survey(x, par)?;
        let rows = Rows::new(x, metric, &survey, par)?;
        let chosen = if screen::pays(&rows, k) {
            screen::choose(&rows, k, par)?
        } else {
            let all: Vec<usize> = (0..x.rows()).collect();
            exact::choose(&rows, &all, k, par)?
        };
        // What has no direction has no cosine.
        let zero = if metric == Metric::Cosine { (0..x.rows()).filter(|&i| rows.is_zero(i)).count() } else { 0 };
        Ok(Self { zero, copies: copies(x, &survey.marks, k)?, ..Self::from_chosen(k, chosen) })
    }

    fn of_distances(x: &Representation<'_>, k: usize, par: Par<'_>) -> Result<Self> {
        let distances = kernels::precomputed(x, true, par)?;
        let chosen = exact::choose_by_distance(&distances, k, par)?;
        let copies = (0_u32..).zip(&chosen).filter(|(_, row)| row.last == 0.0).map(|(i, _)| i).collect();
        Ok(Self { copies, ..Self::from_chosen(k, chosen) })
    }

    fn from_chosen(k: usize, chosen: Vec<Chosen>) -> Self {
        let n = chosen.len();
        let tied = chosen.iter().filter(|row| row.tied).count();
        let mut lists = Vec::with_capacity(n * k);
        chosen.into_iter().for_each(|row| lists.extend(row.list));
        Self { n, k, lists, tied, zero: 0, copies: Vec::new() }
    }

    /// Number of inputs.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Length of a list.
    pub fn k(&self) -> usize {
        self.k
    }

    /// The neighbors of input i.
    pub fn list(&self, i: usize) -> &[u32] {
        &self.lists[i * self.k..(i + 1) * self.k]
    }

    /// How many lists could end otherwise: what they leave out first is as near as what they hold last.
    pub fn tied(&self) -> usize {
        self.tied
    }

    /// How many rows are zero and so have no cosine; 0 for other metrics.
    pub fn zero(&self) -> usize {
        self.zero
    }

    /// The inputs of which at least k others are exact copies, in order.
    pub fn copies(&self) -> &[u32] {
        &self.copies
    }

    /// Number of shared neighbors per row, where row i here meets row `matching[i]` there.
    pub fn overlaps(&self, other: &Self, matching: Option<&[usize]>) -> Vec<u32> {
        let mut met = vec![u32::MAX; self.n];
        let to = |i: usize| matching.map_or(i, |m| m[i]);
        (0..self.n)
            .map(|i| {
                let stamp = i as u32;
                other.list(to(i)).iter().for_each(|&j| met[j as usize] = stamp);
                self.list(i).iter().filter(|&&j| met[to(j as usize)] == stamp).count() as u32
            })
            .collect()
    }

    /// The mean of `of_overlap` when inputs are matched at random: the overlap is then hypergeometric.
    ///
    /// ```text
    /// P(m) = C(k, m) C(n-1-k, l-m) / C(n-1, l)        lists of k and of l among the n-1 others
    /// ```
    pub fn at_chance(&self, other: &Self, of_overlap: &[f64]) -> f64 {
        let (others, k, l) = (self.n - 1, self.k, other.k);
        let least = (k + l).saturating_sub(others);
        let most = k.min(l);
        // Weights from the most likely overlap outwards, so that none overflows.
        let top = ((k * l) / others).clamp(least, most);
        let step = |m: usize| {
            ((k - m) as f64 * (l - m) as f64) / ((m + 1) as f64 * ((others + m + 1) as f64 - (k + l) as f64))
        };
        let (mut total, mut sum) = (1.0, of_overlap[top]);
        let mut weight = 1.0;
        for m in top..most {
            weight *= step(m);
            total += weight;
            sum += weight * of_overlap[m + 1];
        }
        weight = 1.0;
        for m in (least..top).rev() {
            weight /= step(m);
            total += weight;
            sum += weight * of_overlap[m];
        }
        sum / total
    }
}

/// The rows that at least k others repeat value for value, by the marks of the survey, which repeat when the row does.
fn copies(x: &Representation<'_>, marks: &[f64], k: usize) -> Result<Vec<u32>> {
    let (view, _) = x.view()?;
    let mut order: Vec<usize> = (0..marks.len()).collect();
    order.sort_by(|&a, &b| marks[a].total_cmp(&marks[b]).then(a.cmp(&b)));
    let mut found = Vec::new();
    let (mut first, mut row) = (vec![0.0; x.cols()], vec![0.0; x.cols()]);
    for run in order.chunk_by(|&a, &b| marks[a] == marks[b]).filter(|run| run.len() > k) {
        let mut rest = run.to_vec();
        while rest.len() > k {
            view.read_row(rest[0], &mut first);
            let (same, different): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(|&i| {
                view.read_row(i, &mut row);
                row == first
            });
            if same.len() > k {
                found.extend(same.into_iter().map(|i| i as u32));
            }
            rest = different;
        }
    }
    found.sort_unstable();
    Ok(found)
}

impl Summary for Arc<Neighbors> {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let ints = |values: &[u32]| values.iter().map(|&v| i64::from(v)).collect::<Vec<i64>>();
        vec![
            ("lists", Value::Ints { data: ints(&self.lists).into(), shape: vec![self.n, self.k] }),
            ("tied", self.tied.into()),
            ("zero", self.zero.into()),
            ("copies", Value::ints(ints(&self.copies))),
        ]
    }

    fn load(parts: &mut Named) -> Result<Self> {
        let (data, shape) = parts.saved_ints("lists")?;
        let [n, k] = shape[..] else { return Err(damaged("the lists are not a matrix")) };
        if k == 0 || k >= n || u32::try_from(n).is_err() || n.checked_mul(k) != Some(data.len()) {
            return Err(damaged(format!("there cannot be {n} lists of {k} neighbors in {} numbers", data.len())));
        }
        let mut met = vec![usize::MAX; n];
        let mut lists = Vec::with_capacity(data.len());
        for (i, list) in data.chunks(k).enumerate() {
            for &j in list {
                let at = usize::try_from(j).unwrap_or(n);
                if at >= n || at == i || met[at] == i {
                    return Err(damaged(format!("{j} cannot stand in the list of row {i}")));
                }
                met[at] = i;
                lists.push(at as u32);
            }
        }
        let (tied, zero) = (parts.saved_count("tied")?, parts.saved_count("zero")?);
        let (copies, _) = parts.saved_ints("copies")?;
        let ordered = copies.windows(2).all(|pair| pair[0] < pair[1]);
        if tied > n || zero > n || !ordered || copies.iter().any(|&i| i < 0 || i >= n as i64) {
            return Err(damaged("the counts of ties and copies do not fit the lists"));
        }
        let copies = copies.iter().map(|&i| i as u32).collect();
        Ok(Arc::new(Neighbors { n, k, lists, tied, zero, copies }))
    }

    fn rows(&self) -> usize {
        self.n
    }
}
