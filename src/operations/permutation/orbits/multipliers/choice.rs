//! Choice of multipliers: those that there are, and those that a test takes.
//!
//! The values of some of the orbits of a relabeling are still exact if the one that was observed is a random member of
//! them: whichever member had been observed, the same set would have come up as often. A window of consecutive powers
//! of a primitive root has this property if the power 0 is at a uniformly random place of it; a set of units has it if
//! the others are drawn without replacement, signs included. (Always taking the smaller of a and -a would not do: seen
//! from another member of the set, larger ones appear.) All relabelings of a test must take equally many.

/// The most units that one relabeling takes: more of them are too much alike.
pub const MOST_UNITS: usize = 20;

/// Consecutive powers `r^from, r^(from + 1), ..` of the primitive root, `count` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerRange {
    /// The first exponent; exponents count modulo n - 1.
    pub from: i64,
    /// Number of powers, at most n - 1.
    pub count: usize,
}

impl PowerRange {
    /// All multipliers of a prime n, the identity first.
    pub fn all(n: usize) -> Self {
        Self { from: 0, count: n - 1 }
    }

    /// A window with the identity at a random place; from (n - 1) / 2 powers on, where a meets -a, all of them.
    ///
    /// `below(m)` is a random whole number in 0, .., m - 1.
    pub fn draw(n: usize, count: usize, mut below: impl FnMut(u32) -> u32) -> Self {
        if count >= n / 2 {
            return Self::all(n);
        }
        Self { from: -i64::from(below(count.max(1) as u32)), count: count.max(1) }
    }

    /// The place of the identity in a window that was drawn.
    pub fn identity(&self) -> usize {
        self.from.unsigned_abs() as usize
    }

    /// The powers themselves, modulo a prime n.
    pub fn factors(&self, n: usize) -> Vec<usize> {
        let root = primitive_root(n);
        let exponent = self.from.rem_euclid(n as i64 - 1);
        let first = power(root, exponent as usize, n);
        std::iter::successors(Some(first), |power| Some(power * root % n)).take(self.count).collect()
    }
}

/// The identity and other units drawn without replacement, never both a and -a: `count` of them, or [`MOST_UNITS`], or
/// as many as there are.
///
/// `below(m)` is a random whole number in 0, .., m - 1.
pub fn draw_units(n: usize, count: usize, mut below: impl FnMut(u32) -> u32) -> Vec<usize> {
    let mut pairs: Vec<usize> = units(n).into_iter().filter(|&a| a > 1 && 2 * a < n).collect();
    let others = count.min(MOST_UNITS).saturating_sub(1).min(pairs.len());
    let mut drawn = vec![1];
    for at in 0..others {
        let other = at + below((pairs.len() - at) as u32) as usize;
        pairs.swap(at, other);
        drawn.push(if below(2) == 0 { pairs[at] } else { n - pairs[at] });
    }
    drawn
}

/// The numbers from 1 to n - 1 that have no factor in common with n.
pub fn units(n: usize) -> Vec<usize> {
    (1..n).filter(|&a| greatest_common_divisor(a, n) == 1).collect()
}

fn greatest_common_divisor(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// True if n is a prime number.
pub fn is_prime(n: usize) -> bool {
    n > 1 && prime_factors(n) == [n]
}

/// The smallest number whose powers are all numbers from 1 to q - 1 modulo a prime q.
pub fn primitive_root(q: usize) -> usize {
    let factors = prime_factors(q - 1);
    let generates = |r: usize| factors.iter().all(|factor| power(r, (q - 1) / factor, q) != 1);
    (1..q).find(|&r| generates(r)).unwrap_or(1)
}

/// The different prime factors, ascending.
fn prime_factors(mut n: usize) -> Vec<usize> {
    let mut factors = Vec::new();
    let mut factor = 2;
    while factor * factor <= n {
        if n.is_multiple_of(factor) {
            factors.push(factor);
            while n.is_multiple_of(factor) {
                n /= factor;
            }
        }
        factor += 1;
    }
    if n > 1 {
        factors.push(n);
    }
    factors
}

/// `base^exponent` modulo q.
fn power(base: usize, mut exponent: usize, q: usize) -> usize {
    let (mut square, mut found) = (base % q, 1 % q);
    while exponent > 0 {
        if exponent % 2 == 1 {
            found = found * square % q;
        }
        square = square * square % q;
        exponent /= 2;
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::numerics::streams::permutation;

    #[test]
    fn primes_and_roots() {
        let by_sieve = |n: usize| n > 1 && (2..n).all(|d| !n.is_multiple_of(d));
        assert!((0..2000).all(|n| is_prime(n) == by_sieve(n)));
        for q in (2..2000).filter(|&n| is_prime(n)) {
            let root = primitive_root(q);
            let mut seen = vec![false; q];
            (0..q - 1).fold(1 % q, |x, _| {
                seen[x] = true;
                x * root % q
            });
            assert!(seen[1..].iter().all(|&s| s), "q = {q}, root {root}");
        }
        assert_eq!([3, 7, 23, 41, 191, 1009, 5003].map(primitive_root), [2, 3, 5, 6, 19, 11, 2]);
    }

    #[test]
    fn units_have_inverses() {
        for n in 1..200 {
            let inverse = |a: usize| (1..n).any(|b| a * b % n == 1 % n);
            assert_eq!(units(n), (1..n).filter(|&a| inverse(a)).collect::<Vec<_>>());
        }
        assert_eq!(units(1000).len(), 400);
    }

    /// A source of random numbers that is not the one of the crate.
    fn source(seed: u64) -> impl FnMut(u32) -> u32 {
        let mut number = 0;
        move |m| {
            number += 1;
            let key = [seed.to_le_bytes()[0]; 32];
            (permutation(&key, seed << 20 | number, m as usize)[0]) as u32
        }
    }

    /// Whichever member of a set is called 1, the sets look alike: for every S with 1 in it and every a in S, S and
    /// S / a come up equally often.
    #[test]
    fn the_identity_is_a_random_member() {
        for (n, count, kinds) in [(15, 3, 12), (16, 2, 6), (21, 2, 10)] {
            let draws = 1000 * kinds;
            let mut below = source(3);
            let mut seen: HashMap<Vec<usize>, i32> = HashMap::new();
            for _ in 0..draws {
                let drawn = draw_units(n, count, &mut below);
                assert_eq!((drawn[0], drawn.len()), (1, count));
                let mut drawn = drawn;
                drawn.sort_unstable();
                *seen.entry(drawn).or_default() += 1;
            }
            // Every set without a and -a, and all equally often.
            assert_eq!(seen.len(), kinds, "n = {n}");
            for (set, times) in &seen {
                assert!(set.iter().all(|a| !set.contains(&(n - a))));
                assert!((times - 1000).abs() < 160, "n = {n}, {set:?}: {times}");
                for &a in set {
                    let inverse = (1..n).find(|b| a * b % n == 1).unwrap();
                    let mut other: Vec<usize> = set.iter().map(|b| b * inverse % n).collect();
                    other.sort_unstable();
                    assert!(seen.contains_key(&other));
                }
            }
        }
        assert_eq!(draw_units(1000, 500, source(1)).len(), MOST_UNITS);
        assert_eq!(draw_units(6, 5, source(1)), [1]);
        assert_eq!(draw_units(12, 5, source(1)).len(), 2);
    }

    #[test]
    fn windows_hold_the_identity_at_every_place() {
        let mut below = source(2);
        let mut seen = [0; 5];
        for _ in 0..5000 {
            let window = PowerRange::draw(31, 5, &mut below);
            assert_eq!(window.count, 5);
            assert_eq!(window.from + window.identity() as i64, 0);
            seen[window.identity()] += 1;
        }
        assert!(seen.iter().all(|&times: &i32| (times - 1000).abs() < 120), "{seen:?}");
        assert_eq!(PowerRange::draw(31, 14, |_| 13), PowerRange { from: -13, count: 14 });
        assert_eq!(PowerRange::draw(31, 15, |_| 3), PowerRange::all(31));
        assert_eq!(PowerRange::draw(31, 99, |_| 3), PowerRange { from: 0, count: 30 });
        assert_eq!(PowerRange::draw(5, 0, |_| 0), PowerRange { from: 0, count: 1 });
    }
}
