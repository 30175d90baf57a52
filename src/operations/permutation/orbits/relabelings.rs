//! The relabelings of shift orbits of all rows, and the multipliers of the circle.
//!
//! In an orbit the rows of x lie on a circle of n places in the order sigma, those of y in an order tau, and y turns
//! ([`crate::operations::permutation::orbits::cyclic`]). Multiplying the places by a unit a gives another orbit of the same relabeling, that of the order
//! `tau(a i)` ([`crate::operations::permutation::orbits::multipliers`]). Some engines evaluate many multipliers at once; to all others each is one more order.
//! So the arrangements of a test stand here, and are the same whichever engine evaluates them.
//!
//! Sigma is stream 0 of the key, relabeling r is stream r, and its multipliers are drawn from the same stream after it.

use crate::numerics::streams::{Stream, permutation};
use crate::operations::permutation::orbits::multipliers::PowerRange;
use crate::operations::permutation::orbits::multipliers::choice::{MOST_UNITS, draw_units, is_prime, units};
use crate::operations::permutation::orbits::{VARIANCE, VARIANCE_OF_UNITS};
use crate::operations::permutation::request::{Method, Request};

/// Number of orbits from which multipliers are quicker than relabelings.
const BREAK_EVEN: usize = 3;
/// The most items whose matrices are kept as whole rows for multipliers.
const ITEMS: usize = 8192;
/// The most values of one relabeling.
const VALUES: usize = 1 << 25;
/// One unit in so many pairs of them may be taken: many units of a composite number are too much alike.
const SPARSE: usize = 5;

/// Orbits of one relabeling: their number, and how they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multipliers {
    /// One.
    None,
    /// Consecutive powers of the primitive root of a prime.
    Powers(usize),
    /// Units of a composite number.
    Units(usize),
}

impl Multipliers {
    /// The choice for `orbits` orbits of n items.
    pub fn choose(n: usize, orbits: usize, method: Method) -> Self {
        if method == Method::Orbits || orbits < BREAK_EVEN || !(5..=ITEMS).contains(&n) {
            return Self::None;
        }
        if is_prime(n) {
            let most = VALUES / n;
            // From half of all powers on it is all of them.
            let most = if most < n - 1 { most.min((n - 1) / 2 - 1) } else { n - 1 };
            let all = orbits >= (n - 1) / 2 && most == n - 1;
            return Self::Powers(if all { n - 1 } else { orbits.min(most) });
        }
        let most = (units(n).len() / 2 / SPARSE).min(MOST_UNITS);
        if most < BREAK_EVEN {
            return Self::None;
        }
        // As many for each relabeling; of the larger halves of all counts the one that wastes least.
        let waste = |count: usize| (orbits.div_ceil(count) * count, most - count);
        let best = (most.div_ceil(2).max(2)..=most.min(orbits)).min_by_key(|&count| waste(count));
        Self::Units(best.unwrap_or(1))
    }

    /// Orbits per relabeling.
    pub fn count(self) -> usize {
        match self {
            Self::None => 1,
            Self::Powers(count) | Self::Units(count) => count,
        }
    }
}

/// All relabelings of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relabelings {
    key: [u8; 32],
    n: usize,
    multipliers: Multipliers,
    count: usize,
}

/// One order of the rows of y, and what the places of each of its orbits are multiplied by.
pub struct Relabeling {
    /// Row at each place.
    pub tau: Vec<usize>,
    /// The multipliers.
    pub factors: Vec<usize>,
    /// Powers of the primitive root that these are.
    pub window: Option<PowerRange>,
    /// The orbit that comes first: that of the multiplier 1, where it begins with the observed arrangement.
    pub first: usize,
}

impl Relabelings {
    /// Relabelings that hold what is asked for; without multipliers where the form of the scores has no use for them.
    pub fn new(n: usize, request: &Request, with_multipliers: bool) -> Self {
        let orbits = request.n_resamples.saturating_add(1).div_ceil(n.max(1));
        let multipliers =
            if with_multipliers { Multipliers::choose(n, orbits, request.method) } else { Multipliers::None };
        Self { key: request.key, n, multipliers, count: orbits.div_ceil(multipliers.count()) }
    }

    /// Number of relabelings.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Number of arrangements of each.
    pub fn size(&self) -> usize {
        self.n * self.multipliers.count()
    }

    /// Number of orbits of all of them.
    pub fn orbits(&self) -> usize {
        self.count.saturating_mul(self.multipliers.count())
    }

    /// Orbits of each.
    pub fn multipliers(&self) -> Multipliers {
        self.multipliers
    }

    /// Variance of the p-value, over that of as many independent pairings.
    pub fn variance_factor(&self) -> f64 {
        if matches!(self.multipliers, Multipliers::Units(_)) { VARIANCE_OF_UNITS } else { VARIANCE }
    }

    /// Row of x at each place.
    pub fn sigma(&self) -> Vec<usize> {
        permutation(&self.key, 0, self.n)
    }

    /// Relabeling r; the first arrangement of the first is the observed one.
    pub fn get(&self, r: usize) -> Relabeling {
        let n = self.n;
        let mut stream = Stream::new(&self.key, r as u64);
        let tau = stream.permutation(n);
        match self.multipliers {
            Multipliers::None => Relabeling { tau, factors: vec![1], window: None, first: 0 },
            Multipliers::Powers(count) => {
                let window = PowerRange::draw(n, count, |count| stream.below(count));
                let first = if r == 0 { window.identity() } else { 0 };
                Relabeling { tau, factors: window.factors(n), window: Some(window), first }
            }
            Multipliers::Units(count) => {
                let factors = draw_units(n, count, |count| stream.below(count));
                Relabeling { tau, factors, window: None, first: 0 }
            }
        }
    }
}

impl Relabeling {
    /// Orbit after orbit, which row of y lies at which place.
    pub fn orders(&self) -> Vec<Vec<usize>> {
        let n = self.tau.len();
        let order = |factor: &usize| (0..n).map(|i| self.tau[factor * i % n]).collect();
        let (later, sooner) = self.factors.split_at(self.first);
        sooner.iter().chain(later).map(order).collect()
    }

    /// The values of all orbits, in the order of the multipliers, brought in the order of [`Self::orders`].
    pub fn in_order(&self, mut values: Vec<f64>) -> Vec<f64> {
        values.rotate_left(self.first * self.tau.len());
        values
    }
}
