//! Many tests at once: what each p-value becomes when all of them were looked at.
//!
//! All members of the family are permuted together, so their joint law under the null hypothesis is at hand, however much
//! they depend on each other. Every statistic is put on one scale, z = (T - mean) / sd, turned so that large values speak
//! against the null hypothesis. Then (Westfall & Young 1993):
//!
//! ```text
//! maxT         p_j = share of arrangements whose largest z, over the whole family, is at least z_j
//! step-down    the same with the largest z over j and all members below it; then made non-decreasing from the top
//! ```
//!
//! Both bound the chance of even one false discovery, and the second is never worse. `bh` and `by` bound the expected share
//! of false discoveries instead (Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001, valid under any dependence). The
//! observed arrangement counts as one of all, so no p-value is 0. Claims about the best pair or about the mean over pairs
//! are tested by the largest and by the mean z: the choice of the pair is part of what is permuted.

/// What is done about many tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjust {
    /// The largest statistic of the family.
    MaxT,
    /// The largest of those not yet rejected.
    StepDown,
    /// False discovery rate, for tests that do not contradict each other.
    BenjaminiHochberg,
    /// False discovery rate, for any tests.
    BenjaminiYekutieli,
}

impl Adjust {
    /// Every correction by its name.
    pub const CHOICES: [(&'static str, Self); 4] = [
        ("maxT", Self::MaxT),
        ("step-down", Self::StepDown),
        ("bh", Self::BenjaminiHochberg),
        ("by", Self::BenjaminiYekutieli),
    ];
}

/// One test of the family.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Observed z, turned so that large values speak against the null hypothesis.
    pub observed: f64,
    /// Values closer than this tie, in units of z.
    pub window: f64,
    /// Whether it counts for the largest and for the mean; a representation with itself does not.
    pub counts: bool,
}

/// A z and its p-value.
pub type Claim = (f64, f64);

/// Counts over the arrangements seen so far.
pub struct Family {
    members: Vec<Member>,
    two_sided: bool,
    /// Members by observed extremity, the smallest first.
    order: Vec<usize>,
    arrangements: usize,
    at_least: Vec<usize>,
    at_most: Vec<usize>,
    single: Vec<usize>,
    down: Vec<usize>,
    of_mean: usize,
    /// Of the block at hand: the largest z so far, and the sum.
    largest: Vec<f64>,
    sum: Vec<f64>,
}

impl Family {
    /// Nothing counted yet.
    pub fn new(members: Vec<Member>, two_sided: bool) -> Self {
        let count = members.len();
        let mut order: Vec<usize> = (0..count).collect();
        let extreme = |m: usize| extremity(members[m].observed, two_sided);
        order.sort_by(|&a, &b| extreme(a).total_cmp(&extreme(b)).then(a.cmp(&b)));
        let zero = || vec![0; count];
        let (at_least, at_most, single, down) = (zero(), zero(), zero(), zero());
        let (largest, sum) = (Vec::new(), Vec::new());
        Self { members, two_sided, order, arrangements: 0, at_least, at_most, single, down, of_mean: 0, largest, sum }
    }

    /// In which order members must be handed over.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Begin a block of so many arrangements.
    pub fn begin(&mut self, size: usize) {
        self.largest.clear();
        self.largest.resize(size, f64::NEG_INFINITY);
        self.sum.clear();
        self.sum.resize(size, 0.0);
    }

    /// The z of a member in all arrangements of the block.
    pub fn take(&mut self, at: usize, z: &[f64]) {
        let Member { observed, window, counts } = self.members[at];
        self.at_least[at] += z.iter().filter(|z| **z >= observed - window).count();
        self.at_most[at] += z.iter().filter(|z| **z <= observed + window).count();
        if !counts {
            return;
        }
        let two_sided = self.two_sided;
        self.largest.iter_mut().zip(z).for_each(|(most, z)| *most = most.max(extremity(*z, two_sided)));
        self.sum.iter_mut().zip(z).for_each(|(sum, z)| *sum += z);
        let bar = self.bar(at);
        self.down[at] += self.largest.iter().filter(|z| **z >= bar).count();
    }

    /// End the block.
    pub fn end(&mut self) {
        for at in 0..self.members.len() {
            let bar = self.bar(at);
            self.single[at] += self.largest.iter().filter(|z| **z >= bar).count();
        }
        let (observed, window) = self.mean_observed();
        let bar = extremity(observed, self.two_sided) - window;
        let count = self.members.iter().filter(|member| member.counts).count().max(1) as f64;
        self.of_mean += self.sum.iter().filter(|sum| extremity(**sum / count, self.two_sided) >= bar).count();
        self.arrangements += self.largest.len();
    }

    fn bar(&self, at: usize) -> f64 {
        extremity(self.members[at].observed, self.two_sided) - self.members[at].window
    }

    /// Mean observed z, and its window.
    fn mean_observed(&self) -> (f64, f64) {
        let counted = || self.members.iter().filter(|member| member.counts);
        let count = counted().count().max(1) as f64;
        let window = counted().fold(0.0_f64, |most, member| most.max(member.window));
        (counted().map(|member| member.observed).sum::<f64>() / count, window)
    }

    /// Number of arrangements, the observed one included.
    pub fn arrangements(&self) -> usize {
        self.arrangements
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.arrangements.max(1) as f64
    }

    /// The p-value of every member, for itself alone.
    pub fn pvalues(&self) -> Vec<f64> {
        let one = |(least, most): (&usize, &usize)| {
            if self.two_sided { (2.0 * self.share(*least.min(most))).min(1.0) } else { self.share(*least) }
        };
        self.at_least.iter().zip(&self.at_most).map(one).collect()
    }

    /// The p-value of every member, corrected; those that do not count keep their own.
    pub fn adjusted(&self, adjust: Adjust) -> Vec<f64> {
        let mut found = self.pvalues();
        let counted = |at: &usize| self.members[*at].counts;
        match adjust {
            Adjust::MaxT => (0..found.len()).filter(counted).for_each(|at| found[at] = self.share(self.single[at])),
            Adjust::StepDown => {
                let mut least: f64 = 0.0;
                for at in self.order.iter().copied().rev().filter(counted) {
                    least = least.max(self.share(self.down[at]));
                    found[at] = least;
                }
            }
            Adjust::BenjaminiHochberg | Adjust::BenjaminiYekutieli => {
                let mut by_p: Vec<usize> = (0..found.len()).filter(counted).collect();
                by_p.sort_by(|&a, &b| found[a].total_cmp(&found[b]));
                let m = by_p.len();
                let any =
                    if adjust == Adjust::BenjaminiYekutieli { (1..=m).map(|i| 1.0 / i as f64).sum() } else { 1.0 };
                let mut most: f64 = 1.0;
                for (rank, &at) in by_p.iter().enumerate().rev() {
                    most = most.min(any * m as f64 * found[at] / (rank + 1) as f64);
                    found[at] = most;
                }
            }
        }
        found
    }

    /// The member with the largest observed z, and the p-value of its being so large.
    pub fn largest(&self) -> Option<(usize, f64)> {
        let top = self.order.iter().copied().rev().find(|&at| self.members[at].counts)?;
        Some((top, self.share(self.single[top])))
    }

    /// The p-value of the mean observed z.
    pub fn mean(&self) -> Option<f64> {
        self.members.iter().any(|member| member.counts).then(|| self.share(self.of_mean))
    }

    /// Largest and mean of some other z of the members, each with its p-value.
    pub fn claims(&self, z: impl Fn(usize) -> f64) -> (Option<Claim>, Option<Claim>) {
        let counted = (0..self.members.len()).filter(|&at| self.members[at].counts).map(&z);
        let counted: Vec<f64> = counted.filter(|z| !z.is_nan()).collect();
        let mean = counted.iter().sum::<f64>() / counted.len().max(1) as f64;
        (self.largest().map(|(at, p)| (z(at), p)), self.mean().map(|p| (mean, p)))
    }
}

fn extremity(z: f64, two_sided: bool) -> f64 {
    if two_sided { z.abs() } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// z of three members in five arrangements, the observed one first; all counts by hand.
    fn counted(two_sided: bool) -> Family {
        let z = [[1.0, 0.0, 2.0, -1.0, -2.5], [2.0, 0.5, 1.0, -3.0, 0.0], [3.0, 2.0, 0.0, 1.0, 1.0]];
        let member = |row: &[f64; 5]| Member { observed: row[0], window: 1e-9, counts: true };
        let mut family = Family::new(z.iter().map(member).collect(), two_sided);
        // In two blocks.
        for part in [0..2, 2..5] {
            family.begin(part.len());
            for at in family.order().to_vec() {
                family.take(at, &z[at][part.clone()]);
            }
            family.end();
        }
        family
    }

    #[test]
    fn counts_by_hand() {
        let family = counted(false);
        assert_eq!(family.pvalues(), [0.4, 0.2, 0.2]);
        // Largest by arrangement: 3, 2, 2, 1, 1.
        assert_eq!(family.adjusted(Adjust::MaxT), [1.0, 0.6, 0.2]);
        // Largest of the first two: 2, 0.5, 2, -1, 0; of the first: 1, 0, 2, -1, -2.5.
        assert_eq!(family.adjusted(Adjust::StepDown), [0.4, 0.4, 0.2]);
        assert_eq!(family.largest(), Some((2, 0.2)));
        // Sums: 6, 2.5, 3, -3, -1.5.
        assert_eq!(family.claims(|at| at as f64), (Some((2.0, 0.2)), Some((1.0, 0.2))));
        let near = |found: Vec<f64>, expected: [f64; 3]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        };
        near(family.adjusted(Adjust::BenjaminiHochberg), [0.4, 0.3, 0.3]);
        let any = 1.0 + 0.5 + 1.0 / 3.0;
        near(family.adjusted(Adjust::BenjaminiYekutieli), [any * 0.4, any * 0.3, any * 0.3]);
    }

    #[test]
    fn two_sides() {
        let family = counted(true);
        assert_eq!(family.pvalues(), [0.8, 0.4, 0.4]);
        // Largest |z|: 3, 2, 2, 3, 2.5.
        assert_eq!(family.adjusted(Adjust::MaxT), [1.0, 1.0, 0.4]);
    }

    #[test]
    fn who_does_not_count_changes_nothing() {
        let members = [(1.0, true), (9.0, false)];
        let member = |(observed, counts)| Member { observed, window: 0.0, counts };
        let mut family = Family::new(members.map(member).to_vec(), false);
        family.begin(2);
        family.take(0, &[1.0, 0.0]);
        family.take(1, &[9.0, 5.0]);
        family.end();
        assert_eq!(family.adjusted(Adjust::MaxT), [0.5, 0.5]);
        assert_eq!(family.largest(), Some((0, 0.5)));
    }
}
