//! The order of the pairs of inputs of one representation, and Kendall's tau with that of another.
//!
//! With m = n(n-1)/2 pairs of inputs, two orders of them are compared by m(m-1)/2 pairs of pairs. The exact count sorts
//! nothing but reads one side in the order of the other, O(m log m). Where a pairing only has to be shown to score less
//! than another, the table of [`kendall::interval`] is filled in one walk over two n x n tables of bins, a byte each, and
//! neither side is put into order: some 20 times quicker for n = 1000.

use crate::error::{Error, Result};
use crate::linalg::mirror;
use crate::memory;
use crate::numerics::kendall::{self, BINS, ORDER, SortedOrder, Tau};
use crate::par::Par;
use crate::saved::damaged;

/// The order of all pairs i < j, and their bins as a full matrix.
pub struct PairOrder {
    n: usize,
    order: SortedOrder,
    /// Row after row, both triangles; what is on the diagonal is never read.
    bins: Vec<u8>,
}

impl PairOrder {
    /// From the average ranks of all pairs i < j less their mean, row after row.
    pub fn of_ranks(n: usize, centered: &[f64], par: Par<'_>) -> Result<Self> {
        let order = order_of(centered)?;
        let mut bins = memory::filled(ORDER, n * n, 0)?;
        let mut pairs = 0..order.len();
        for i in 0..n {
            par.check()?;
            let row = &mut bins[i * n + i + 1..(i + 1) * n];
            row.iter_mut().zip(&mut pairs).for_each(|(bin, at)| *bin = order.bin(at));
        }
        mirror(&mut bins, n);
        Ok(Self { n, order, bins })
    }

    /// A tie of all pairs.
    pub fn is_constant(&self) -> bool {
        self.order.untied() == 0
    }

    /// Kendall's tau, where input i meets input `pairing[i]` of the other side.
    pub fn tau(&self, other: &Self, tau: Tau, pairing: Option<&[usize]>) -> Result<f64> {
        Ok(tau.of(self.concordance(other, pairing)?, &self.order, &other.order))
    }

    /// Numbers between which [`Self::tau`] certainly lies.
    pub fn interval(&self, other: &Self, tau: Tau, pairing: &[usize]) -> [f64; 2] {
        let (low, high) = self.ends(other, pairing);
        [low, high].map(|end| tau.of(end, &self.order, &other.order))
    }

    fn concordance(&self, other: &Self, pairing: Option<&[usize]>) -> Result<i64> {
        let n = self.n;
        let mut sequence = memory::zeros(ORDER, self.order.len())?;
        let mut pairs = 0..self.order.len();
        for i in 0..n {
            let a = pairing.map_or(i, |m| m[i]);
            for (j, at) in (i + 1..n).zip(&mut pairs) {
                let b = pairing.map_or(j, |m| m[j]);
                let (low, high) = (a.min(b), a.max(b));
                sequence[self.order.place(at)] = other.order.smaller(low * n - low * (low + 1) / 2 + high - low - 1);
            }
        }
        kendall::concordance(&self.order, &other.order, sequence)
    }

    fn ends(&self, other: &Self, pairing: &[usize]) -> (i64, i64) {
        let n = self.n;
        let mut table = vec![[0_u32; BINS]; self.order.bins()];
        for (i, (row, &to)) in self.bins.chunks_exact(n).zip(pairing).enumerate() {
            let theirs = &other.bins[to * n..(to + 1) * n];
            for (&mine, &j) in row[i + 1..].iter().zip(&pairing[i + 1..]) {
                table[usize::from(mine)][usize::from(theirs[j])] += 1;
            }
        }
        kendall::interval(&self.order, &other.order, &table)
    }
}

/// Kendall's tau of two vectors of average ranks less their mean.
pub fn tau(x: &[f64], y: &[f64], tau: Tau) -> Result<f64> {
    let (x, y) = (order_of(x)?, order_of(y)?);
    let mut sequence = memory::zeros(ORDER, x.len())?;
    (0..x.len()).for_each(|at| sequence[x.place(at)] = y.smaller(at));
    Ok(tau.of(kendall::concordance(&x, &y, sequence)?, &x, &y))
}

fn order_of(centered: &[f64]) -> Result<SortedOrder> {
    if centered.len() >= u32::MAX as usize {
        let problem = format!("orders at most {} pairs of inputs, not {}", u32::MAX - 1, centered.len());
        return Err(Error::NotOffered { measure: "Kendall's tau".into(), problem });
    }
    SortedOrder::of_ranks(centered)?.ok_or_else(|| damaged("what should be ranks of pairs are none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::ranks::{Same, average_ranks};
    use crate::numerics::streams::permutation;

    fn ranks(n: usize, entry: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> =
            (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect();
        let middle = (values.len() as f64 + 1.0) / 2.0;
        average_ranks(&mut values, Same::EXACT, -middle, Par::SEQ).unwrap();
        values
    }

    /// Neither free of ties nor full of them, and both.
    fn sides(n: usize) -> [Vec<f64>; 4] {
        let wave = |pace: f64| move |i: usize, j: usize| (pace * (i * i + j * j + 3 * i * j) as f64).sin();
        let near = move |i: usize, j: usize| wave(0.7)(i, j) + 0.5 * wave(1.3)(i, j);
        let classes = |i: usize, j: usize| f64::from(u8::from(i % 3 == j % 3));
        [ranks(n, wave(0.7)), ranks(n, near), ranks(n, |i, j| (i as f64 - j as f64).abs()), ranks(n, classes)]
    }

    #[test]
    fn a_pairing_is_another_order_of_the_inputs() {
        for n in [3, 4, 9, 30] {
            let sides = sides(n);
            for (x, y) in sides.iter().flat_map(|x| sides.iter().map(move |y| (x, y))) {
                let [a, b] = [x, y].map(|side| PairOrder::of_ranks(n, side, Par::SEQ).unwrap());
                assert_eq!(a.tau(&b, Tau::A, None).unwrap(), tau(x, y, Tau::A).unwrap());
                for stream in 0..5 {
                    let order = permutation(&[1; 32], stream, n);
                    let at = |i: usize, j: usize| i * n - i * (i + 1) / 2 + j - i - 1;
                    let moved = ranks(n, |i, j| y[at(order[i].min(order[j]), order[i].max(order[j]))]);
                    for variant in [Tau::A, Tau::B] {
                        let found = a.tau(&b, variant, Some(&order)).unwrap();
                        assert_eq!(found.to_bits(), tau(x, &moved, variant).unwrap().to_bits());
                        let [low, high] = a.interval(&b, variant, &order);
                        assert!(found.is_nan() || low <= found && found <= high, "{low} {found} {high}");
                    }
                }
            }
        }
    }

    /// Many pairings, on sides with ties and without: no interval is ever wrong, and those of untied sides are narrow.
    #[test]
    fn intervals_hold() {
        let n = 40;
        let sides = sides(n).map(|side| PairOrder::of_ranks(n, &side, Par::SEQ).unwrap());
        for (x, y) in sides.iter().flat_map(|x| sides.iter().map(move |y| (x, y))) {
            for stream in 0..1000 {
                let order = permutation(&[2; 32], stream, n);
                let (found, (low, high)) = (x.concordance(y, Some(&order)).unwrap(), x.ends(y, &order));
                assert!(low <= found && found <= high, "{low} {found} {high}");
                assert!((high - low) as f64 <= 4.5 / 27.0 * x.order.pairs() as f64, "{low} {high}");
            }
        }
    }
}
