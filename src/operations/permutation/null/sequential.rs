//! When to stop drawing pairings, and how well p is known.
//!
//! Let S of t independent pairings score at least as extremely as the observed one. Three tools:
//!
//! - *Betting* ([`wealth`], [`BettingTest`]): `W = P(Beta(S + 1, t - S + 1) <= c) / c` is the wealth of a gambler who bets
//!   that p is below c; under the null hypothesis the chance that it ever reaches `1 / a` is at most a. So `1 / max W`
//!   is a p-value however one stops. The rule with c = 0.9 alpha rejects at `W >= 1 / alpha` and gives up below alpha.
//!   Its p-value is never below c: this is for decisions.
//! - *Confidence sequence* ([`interval_of_p`]): `{p : (m + 1) C(m, S) p^S (1 - p)^(m - S) > eps}` covers the p of all
//!   pairings for all m at once, except with probability eps.
//! - *Orbits* ([`orbit_interval`]): values of one orbit are not independent, so neither of these applies. The interval
//!   of Clopper and Pearson, for counts divided by the variance factor of the orbits. With ten or more orbits the
//!   spread between them tells more.
//!
//! The bilinear tests seldom need the first two: ten thousand pairings in orbits cost less than thinking about it.
//!
//! # References
//! Fischer and Ramdas 2024 (wealth); Stoepker and Castro, "Inference with sequential Monte-Carlo computation of
//! p-values: fast and valid approaches", 2024 (confidence sequence, after Robbins 1970).

use crate::numerics::beta::{incomplete_beta, ln_binomial};
use crate::operations::permutation::request::Alternative;

/// Distance of a bet below the level.
const BELOW: f64 = 0.9;
/// Independent pairings between two looks of a sequential test; the first of them say how large scores are.
pub const LOOK: usize = 64;

/// Decision of a sequential test so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Draw on.
    Continue,
    /// p is below the level.
    Reject,
    /// It will hardly be.
    GiveUp,
}

/// A sequential test at a level.
#[derive(Debug, Clone, Copy)]
pub struct BettingTest {
    alpha: f64,
    drawn: u64,
    exceedances: u64,
    most: f64,
    decision: Decision,
}

impl BettingTest {
    /// Nothing drawn yet; alpha is between 0 and 1.
    pub fn new(alpha: f64) -> Self {
        Self { alpha, drawn: 0, exceedances: 0, most: 1.0, decision: Decision::Continue }
    }

    /// One more independent pairing: whether it scores at least as extremely as the observed one. After a decision
    /// nothing changes any more.
    pub fn take(&mut self, exceeds: bool) -> Decision {
        if self.decision == Decision::Continue {
            self.drawn += 1;
            self.exceedances += u64::from(exceeds);
            let wealth = wealth(self.exceedances, self.drawn, BELOW * self.alpha);
            self.most = self.most.max(wealth);
            self.decision = decide(wealth, self.alpha);
        }
        self.decision
    }

    /// Number of pairings drawn, and how many of them count.
    pub fn counts(&self) -> (u64, u64) {
        (self.drawn, self.exceedances)
    }

    /// Valid however one stops; at least 0.9 alpha.
    pub fn pvalue(&self) -> f64 {
        1.0 / self.most
    }
}

/// A sequential test against one alternative: with two sides, two of them at half the level.
#[derive(Debug, Clone, Copy)]
pub struct SequentialTest {
    alternative: Alternative,
    above: BettingTest,
    below: BettingTest,
}

impl SequentialTest {
    /// Nothing drawn yet; alpha is between 0 and 1.
    pub fn new(alternative: Alternative, alpha: f64) -> Self {
        let betting = BettingTest::new(alpha / alternative.sides() as f64);
        Self { alternative, above: betting, below: betting }
    }

    /// One more independent pairing: whether it scores at least as high as the observed one, and at most as high.
    pub fn take(&mut self, (at_least, at_most): (bool, bool)) -> Decision {
        let (above, below) = (self.above.take(at_least), self.below.take(at_most));
        match self.alternative {
            Alternative::Greater => above,
            Alternative::Less => below,
            Alternative::TwoSided if above == Decision::Reject || below == Decision::Reject => Decision::Reject,
            Alternative::TwoSided if above == below => above,
            Alternative::TwoSided => Decision::Continue,
        }
    }

    /// Valid however one stops; at least 0.9 alpha.
    pub fn pvalue(&self) -> f64 {
        match self.alternative {
            Alternative::Greater => self.above.pvalue(),
            Alternative::Less => self.below.pvalue(),
            Alternative::TwoSided => (2.0 * self.above.pvalue().min(self.below.pvalue())).min(1.0),
        }
    }
}

impl Decision {
    /// True if p is below the level; None if that is not decided.
    pub fn verdict(self) -> Option<bool> {
        match self {
            Self::Continue => None,
            Self::Reject => Some(true),
            Self::GiveUp => Some(false),
        }
    }
}

/// Decision at that wealth.
pub fn decide(wealth: f64, alpha: f64) -> Decision {
    if wealth >= 1.0 / alpha {
        Decision::Reject
    } else if wealth < alpha {
        Decision::GiveUp
    } else {
        Decision::Continue
    }
}

/// Wealth after t independent pairings (the observed one is none of them), for a bet on p below c, between 0 and 1.
pub fn wealth(exceedances: u64, t: u64, c: f64) -> f64 {
    let others = t.saturating_sub(exceedances);
    incomplete_beta(exceedances as f64 + 1.0, others as f64 + 1.0, c) / c
}

/// Bounds of p after m independent pairings (the observed one is none of them), which hold for all m at once except
/// with probability eps.
pub fn interval_of_p(exceedances: u64, m: u64, eps: f64) -> (f64, f64) {
    let (m, s) = (m as f64, exceedances.min(m) as f64);
    if m == 0.0 {
        return (0.0, 1.0);
    }
    let inside = |p: f64| (m + 1.0).ln() + ln_binomial(s, m, p) > eps.ln();
    let estimate = s / m;
    let low = if s == 0.0 { 0.0 } else { switch(0.0, estimate, inside) };
    let high = if s == m { 1.0 } else { switch(estimate, 1.0, |p| !inside(p)) };
    (low, high)
}

/// Bounds of p at a level such as 0.95, from whole orbits whose values vary `factor` times as much as independent ones.
///
/// Both counts include the observed arrangement, as the p-value does; it counts by definition, so it tells nothing
/// about the others and is left out.
pub fn orbit_interval(exceedances: u64, total: u64, factor: f64, level: f64) -> (f64, f64) {
    let factor = factor.max(1.0);
    let others = total.saturating_sub(1) as f64 / factor;
    let above = (exceedances.clamp(1, total.max(1)) - 1) as f64 / factor;
    let outside = (1.0 - level) / 2.0;
    let low = if above == 0.0 {
        0.0
    } else {
        switch(0.0, 1.0, |p| incomplete_beta(above, others - above + 1.0, p) >= outside)
    };
    let high = if above == others {
        1.0
    } else {
        switch(0.0, 1.0, |p| incomplete_beta(above + 1.0, others - above, p) >= 1.0 - outside)
    };
    (low, high)
}

/// Point at which a condition that fails at `low` and holds at `high` begins to hold, by halving.
fn switch(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    // A bound near 1e-50 would take this many; p near 1e-10 is exact to the last bits.
    for _ in 0..220 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) { high = middle } else { low = middle }
    }
    low + (high - low) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) -> bool {
        (found - expected).abs() <= tolerance * expected.abs()
    }

    /// `P(Beta(S + 1, t - S + 1) <= c)` is a tail of t + 1 draws.
    #[test]
    fn wealth_is_a_binomial_tail() {
        for (s, t, c) in [(0, 1, 0.045), (0, 50, 0.045), (3, 60, 0.045), (10, 100, 0.2), (7, 7, 0.3)] {
            let draws = t as f64 + 1.0;
            let tail: f64 = (s + 1..=t + 1).map(|k| ln_binomial(k as f64, draws, c).exp()).sum();
            assert!(close(wealth(s, t, c), tail / c, 1e-12));
        }
        for s in 1..40 {
            assert!(wealth(s, 200, 0.045) < wealth(s - 1, 200, 0.045));
            assert!(wealth(s, 201, 0.045) > wealth(s, 200, 0.045));
        }
    }

    /// Section 9 of the golden numbers, and the quickest rejection.
    #[test]
    fn golden_bets() {
        let mut betting = BettingTest::new(0.05);
        let stop = (1..400).find(|i| betting.take(7 * i % 10 == 0) != Decision::Continue).unwrap();
        assert_eq!((stop, betting.decision, betting.counts()), (140, Decision::GiveUp, (140, 14)));
        assert!(close(betting.pvalue(), 0.12195331151122998, 1e-12));
        let mut betting = BettingTest::new(0.05);
        while betting.take(false) == Decision::Continue {}
        assert_eq!((betting.take(true), betting.counts()), (Decision::Reject, (betting.drawn, 0)));
        assert!(betting.pvalue() <= 0.05 && betting.pvalue() >= 0.045 && betting.drawn < 60);
    }

    /// Probability that a walk of ones and zeros ever stops, summed over all its paths: `one(s, t)` is the chance of a
    /// one, `stops` whether it stops there.
    fn ever(steps: u64, one: impl Fn(f64, f64) -> f64, stops: impl Fn(u64, u64) -> Option<bool>) -> f64 {
        let mut chances = vec![1.0];
        let mut stopped = 0.0;
        for t in 1..=steps {
            let mut next = vec![0.0; chances.len() + 1];
            for (s, chance) in chances.iter().enumerate() {
                let one = one(s as f64, t as f64 - 1.0);
                next[s] += chance * (1.0 - one);
                next[s + 1] += chance * one;
            }
            for (s, chance) in next.iter_mut().enumerate().filter(|(_, chance)| **chance > 0.0) {
                if let Some(counts) = stops(s as u64, t) {
                    stopped += if counts { *chance } else { 0.0 };
                    *chance = 0.0;
                }
            }
            chances = next;
        }
        stopped
    }

    /// Under the null hypothesis p is uniform, and a one comes with chance (s + 1) / (t + 2): the level, exactly.
    #[test]
    fn bets_keep_the_level() {
        for alpha in [0.05, 0.2] {
            let level = ever(
                400,
                |s, t| (s + 1.0) / (t + 2.0),
                |s, t| match decide(wealth(s, t, 0.9 * alpha), alpha) {
                    Decision::Continue => None,
                    decision => Some(decision == Decision::Reject),
                },
            );
            assert!(level <= alpha && level > 0.7 * alpha, "{level} at {alpha}");
        }
    }

    /// The chance that the bounds ever miss p within 200 steps, exactly; and that one binomial interval would.
    #[test]
    fn bounds_hold_at_all_times() {
        for p in [0.02, 0.3] {
            let missed = ever(
                400,
                |_, _| p,
                |s, t| {
                    let (low, high) = interval_of_p(s, t, 0.01);
                    (p < low || p > high).then_some(true)
                },
            );
            assert!(missed <= 0.01 && missed > 1e-5, "{missed} at {p}");
            let naive = ever(
                400,
                |_, _| p,
                |s, t| {
                    let (low, high) = orbit_interval(s + 1, t + 1, 1.0, 0.99);
                    (p < low || p > high).then_some(true)
                },
            );
            assert!(naive > 0.02, "{naive} at {p}");
        }
    }

    /// Decimal arithmetic with 60 digits; the golden numbers agree to the tolerance of their root finder.
    #[test]
    fn bounds_are_exact() {
        for (m, s, low, high) in [
            (200, 4, 0.000982704227062565, 0.08869082040450042),
            (999, 0, 0.0, 0.011458297808042667),
            (9999, 3, 1.8285915990233619e-6, 0.002116644549319682),
            (9999, 100, 0.006086361389919856, 0.015296570949630096),
            (10, 10, 0.4964331009429058, 1.0),
        ] {
            let found = interval_of_p(s, m, 0.01);
            assert!(close(found.0, low, 1e-12) && close(found.1, high, 1e-12), "{found:?}");
        }
        assert_eq!(interval_of_p(0, 0, 0.01), (0.0, 1.0));
    }

    /// `scipy.stats.beta.ppf` with counts over the factor.
    #[test]
    fn orbit_bounds_are_those_of_clopper_and_pearson() {
        for (s, total, factor, level, low, high) in [
            (1, 10000, 1.1, 0.95, 0.0, 0.0004057349889731352),
            (51, 10000, 1.1, 0.95, 0.003655894454796975, 0.006675760597369972),
            (5000, 10000, 1.9, 0.99, 0.4821079881154229, 0.5177920929085709),
            (100, 100, 1.1, 0.95, 0.9598410803842253, 1.0),
        ] {
            let found = orbit_interval(s, total, factor, level);
            assert!(close(found.0, low, 1e-9) && close(found.1, high, 1e-9), "{found:?}");
        }
        assert_eq!(orbit_interval(1, 1, 1.1, 0.95), (0.0, 1.0));
        // Covers what an independent binomial would give at least as often as it says.
        for p in [0.01, 0.2] {
            let covered: f64 = (0..=99_u64)
                .filter(|&s| {
                    let (low, high) = orbit_interval(s + 1, 100, 1.0, 0.9);
                    (low..=high).contains(&p)
                })
                .map(|s| ln_binomial(s as f64, 99.0, p).exp())
                .sum();
            assert!((0.9..0.99).contains(&covered), "{covered} at {p}");
        }
    }

    #[test]
    fn bounds_move_with_the_counts() {
        for s in 1..60_u64 {
            for bounds in [
                (interval_of_p(s - 1, 60, 0.01), interval_of_p(s, 60, 0.01)),
                (orbit_interval(s, 61, 1.5, 0.95), orbit_interval(s + 1, 61, 1.5, 0.95)),
            ] {
                assert!(bounds.0.0 < bounds.1.0 && bounds.0.1 < bounds.1.1);
            }
            let p = s as f64 / 60.0;
            let (narrow, wide) = (orbit_interval(s + 1, 61, 1.1, 0.95), orbit_interval(s + 1, 61, 1.9, 0.95));
            assert!(wide.0 < narrow.0 && narrow.0 < p && p < narrow.1.min(wide.1) + 1e-12);
        }
    }
}
