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
//! With two sides a p-value, corrected or not, is *twice the smaller of those of the two directions* ([`Multiplicity`]). So a
//! corrected one is never below the plain one: it is not in either direction. The chance of even one false discovery is at most
//! half the level in each direction, whatever the shape of the laws, and a discovery says on which side it lies.
//!
//! Both bound the chance of even one false discovery, and the second is never worse. `bh` and `by` bound the expected share
//! of false discoveries instead (Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001, valid under any dependence). The
//! observed arrangement counts as one of all, so no p-value is 0. Claims about the best pair or about the mean over pairs
//! are tested by the largest and by the mean z: the choice of the pair is part of what is permuted.

/// Correction for many tests.
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
    /// True if it counts for the largest and for the mean; a representation with itself does not.
    pub counts: bool,
    /// True if its z differs between pairings; one that does not has p-value 1 and no part in the largest or the mean.
    pub varies: bool,
    /// True if its z is finite under all pairings, as a mean over members needs.
    pub finite: bool,
}

/// A z and its p-value.
pub type Standardized = (f64, f64);

/// Counts of one direction over the arrangements seen so far.
pub struct ExceedanceCounts {
    members: Vec<Member>,
    /// Members by observed z, the smallest first.
    order: Vec<usize>,
    arrangements: usize,
    at_least: Vec<usize>,
    single: Vec<usize>,
    down: Vec<usize>,
    of_mean: usize,
    /// Largest z so far of the block at hand, and the sum.
    largest: Vec<f64>,
    sum: Vec<f64>,
}

impl ExceedanceCounts {
    /// Nothing counted yet.
    pub fn new(members: Vec<Member>) -> Self {
        let count = members.len();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| members[a].observed.total_cmp(&members[b].observed).then(a.cmp(&b)));
        let zero = || vec![0; count];
        let (at_least, single, down) = (zero(), zero(), zero());
        let (largest, sum) = (Vec::new(), Vec::new());
        Self { members, order, arrangements: 0, at_least, single, down, of_mean: 0, largest, sum }
    }

    /// Order in which members must be handed over.
    fn order(&self) -> &[usize] {
        &self.order
    }

    /// Begin a block of so many arrangements.
    fn begin(&mut self, size: usize) {
        self.largest.clear();
        self.largest.resize(size, f64::NEG_INFINITY);
        self.sum.clear();
        self.sum.resize(size, 0.0);
    }

    /// The z of a member in all arrangements of the block.
    pub fn take(&mut self, at: usize, z: &[f64]) {
        let (bar, Member { counts, varies, finite, .. }) = (self.bar(at), self.members[at]);
        self.at_least[at] += z.iter().filter(|z| **z >= bar).count();
        if !counts || !varies {
            return;
        }
        self.largest.iter_mut().zip(z).for_each(|(most, z)| *most = most.max(*z));
        if finite {
            self.sum.iter_mut().zip(z).for_each(|(sum, z)| *sum += z);
        }
        self.down[at] += self.largest.iter().filter(|z| **z >= bar).count();
    }

    /// End the block.
    pub fn end(&mut self) {
        for at in 0..self.members.len() {
            let bar = self.bar(at);
            self.single[at] += self.largest.iter().filter(|z| **z >= bar).count();
        }
        if let Some((observed, window)) = self.mean_observed() {
            let count = self.averaged().count() as f64;
            self.of_mean += self.sum.iter().filter(|sum| **sum / count >= observed - window).count();
        }
        self.arrangements += self.largest.len();
    }

    fn bar(&self, at: usize) -> f64 {
        self.members[at].observed - self.members[at].window
    }

    fn averaged(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.counts && member.varies && member.finite)
    }

    /// Mean observed z, and its window.
    fn mean_observed(&self) -> Option<(f64, f64)> {
        let count = self.averaged().count();
        let window = self.averaged().fold(0.0_f64, |most, member| most.max(member.window));
        (count > 0).then(|| (self.averaged().map(|member| member.observed).sum::<f64>() / count as f64, window))
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
        self.at_least.iter().map(|count| self.share(*count)).collect()
    }

    fn is_in(&self, at: usize) -> bool {
        self.members[at].counts && self.members[at].varies
    }

    /// The p-value of every member, corrected by the largest z; those that do not count, or do not vary, keep their own.
    fn by_largest(&self) -> Vec<f64> {
        let mut found = self.pvalues();
        (0..found.len()).filter(|at| self.is_in(*at)).for_each(|at| found[at] = self.share(self.single[at]));
        found
    }

    /// The same step by step.
    fn step_down(&self) -> Vec<f64> {
        let mut found = self.pvalues();
        let mut least: f64 = 0.0;
        for at in self.order.iter().copied().rev().filter(|at| self.is_in(*at)) {
            least = least.max(self.share(self.down[at]));
            found[at] = least;
        }
        found
    }

    /// The member with the largest observed z, and the p-value of its being so large.
    fn largest(&self) -> Option<(usize, f64)> {
        let top = self.order.iter().copied().rev().find(|&at| self.is_in(at))?;
        Some((top, self.share(self.single[top])))
    }

    /// The p-value of the mean observed z.
    fn mean(&self) -> Option<f64> {
        self.averaged().next().map(|_| self.share(self.of_mean))
    }
}

/// The family in the direction that is tested, or in both.
pub struct Multiplicity {
    up: ExceedanceCounts,
    down: Option<ExceedanceCounts>,
    /// Values of the block at hand, by member, for the second direction, whose order is another.
    block: Vec<Vec<f64>>,
}

impl Multiplicity {
    /// Nothing counted yet.
    pub fn new(members: Vec<Member>, two_sided: bool) -> Self {
        let turned = || members.iter().map(|member| Member { observed: -member.observed, ..*member }).collect();
        let down = two_sided.then(|| ExceedanceCounts::new(turned()));
        Self {
            block: vec![Vec::new(); if two_sided { members.len() } else { 0 }],
            up: ExceedanceCounts::new(members),
            down,
        }
    }

    /// Everything counted at once, from the z of every member in all arrangements.
    pub fn counted(members: Vec<Member>, mut z: Vec<Vec<f64>>, two_sided: bool) -> Self {
        let mut found = Self::new(members, two_sided);
        let size = z.first().map_or(0, Vec::len);
        for family in [Some(&mut found.up), found.down.as_mut()].into_iter().flatten() {
            family.begin(size);
            for at in family.order().to_vec() {
                family.take(at, &z[at]);
            }
            family.end();
            z.iter_mut().flatten().for_each(|z| *z = -*z);
        }
        found
    }

    /// Order in which members must be handed over.
    pub fn order(&self) -> &[usize] {
        self.up.order()
    }

    /// Begin a block of so many arrangements.
    pub fn begin(&mut self, size: usize) {
        self.up.begin(size);
    }

    /// The z of a member in all arrangements of the block.
    pub fn take(&mut self, at: usize, z: &[f64]) {
        self.up.take(at, z);
        if let Some(block) = self.block.get_mut(at) {
            block.clear();
            block.extend(z.iter().map(|z| -z));
        }
    }

    /// End the block.
    pub fn end(&mut self) {
        self.up.end();
        if let Some(down) = &mut self.down {
            down.begin(self.block.first().map_or(0, Vec::len));
            for at in down.order().to_vec() {
                down.take(at, &self.block[at]);
            }
            down.end();
        }
    }

    /// Number of arrangements, the observed one included.
    pub fn arrangements(&self) -> usize {
        self.up.arrangements()
    }

    /// Twice the smaller of the p-values of both directions.
    fn joined(&self, of: impl Fn(&ExceedanceCounts) -> Vec<f64>) -> Vec<f64> {
        let up = of(&self.up);
        match &self.down {
            None => up,
            Some(down) => up.into_iter().zip(of(down)).map(|(up, down)| (2.0 * up.min(down)).min(1.0)).collect(),
        }
    }

    /// The p-value of every member, for itself alone.
    pub fn pvalues(&self) -> Vec<f64> {
        self.joined(ExceedanceCounts::pvalues)
    }

    /// The p-value of every member, corrected; those that do not count keep their own.
    pub fn adjusted(&self, adjust: Adjust) -> Vec<f64> {
        match adjust {
            Adjust::MaxT => self.joined(ExceedanceCounts::by_largest),
            Adjust::StepDown => self.joined(ExceedanceCounts::step_down),
            Adjust::BenjaminiHochberg | Adjust::BenjaminiYekutieli => {
                let mut found = self.pvalues();
                let mut by_p: Vec<usize> = (0..found.len()).filter(|at| self.up.members[*at].counts).collect();
                by_p.sort_by(|&a, &b| found[a].total_cmp(&found[b]));
                let m = by_p.len();
                let any =
                    if adjust == Adjust::BenjaminiYekutieli { (1..=m).map(|i| 1.0 / i as f64).sum() } else { 1.0 };
                let mut most: f64 = 1.0;
                for (rank, &at) in by_p.iter().enumerate().rev() {
                    most = most.min(any * m as f64 * found[at] / (rank + 1) as f64);
                    found[at] = most;
                }
                found
            }
        }
    }

    /// Largest and mean of some other z of the members, each with its p-value; with two sides the largest on the side that is
    /// further from what chance gives. None where no member varies.
    pub fn claims(&self, z: impl Fn(usize) -> f64) -> (Option<Standardized>, Option<Standardized>) {
        let averaged: Vec<f64> = (0..self.up.members.len())
            .filter(|&at| self.up.is_in(at) && self.up.members[at].finite)
            .map(&z)
            .filter(|z| !z.is_nan())
            .collect();
        let mean = averaged.iter().sum::<f64>() / averaged.len().max(1) as f64;
        let (up, down) = (self.up.largest(), self.down.as_ref().map(|down| (down.largest(), down.mean())));
        let largest = up.map(|(at, p)| match down.and_then(|(largest, _)| largest) {
            None => (z(at), p),
            Some((other, q)) if q < p => (z(other), (2.0 * q).min(1.0)),
            Some(_) => (z(at), (2.0 * p).min(1.0)),
        });
        let of_mean = self.up.mean().map(|p| match down.and_then(|(_, mean)| mean) {
            None => (mean, p),
            Some(q) => (mean, (2.0 * p.min(q)).min(1.0)),
        });
        (largest, of_mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// z of three members in five arrangements, the observed one first; all counts by hand.
    fn counted(two_sided: bool) -> Multiplicity {
        let z = [[1.0, 0.0, 2.0, -1.0, -2.5], [2.0, 0.5, 1.0, -3.0, 0.0], [3.0, 2.0, 0.0, 1.0, 1.0]];
        let member =
            |row: &[f64; 5]| Member { observed: row[0], window: 1e-9, counts: true, varies: true, finite: true };
        let mut family = Multiplicity::new(z.iter().map(member).collect(), two_sided);
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
        // Largest of -z: -1, 0, 0, 3, 2.5: all but the observed one in the way of every member.
        assert_eq!(family.adjusted(Adjust::MaxT), [1.0, 1.0, 0.4]);
        assert_eq!(family.adjusted(Adjust::StepDown), [0.8, 0.8, 0.4]);
        assert_eq!(family.claims(|at| at as f64), (Some((2.0, 0.4)), Some((1.0, 0.4))));
    }

    #[test]
    fn everything_at_once_is_the_same_as_in_blocks() {
        let z = vec![vec![1.0, 0.0, 2.0, -1.0, -2.5], vec![-2.0, 0.5, 1.0, -3.0, 0.0], vec![3.0, 2.0, 0.0, 1.0, 1.0]];
        let member =
            |row: &Vec<f64>| Member { observed: row[0], window: 0.0, counts: true, varies: true, finite: true };
        let members: Vec<Member> = z.iter().map(member).collect();
        let mut blocks = Multiplicity::new(members.clone(), true);
        for part in [0..1, 1..5] {
            blocks.begin(part.len());
            for at in blocks.order().to_vec() {
                blocks.take(at, &z[at][part.clone()]);
            }
            blocks.end();
        }
        let whole = Multiplicity::counted(members, z, true);
        for adjust in [Adjust::MaxT, Adjust::StepDown, Adjust::BenjaminiHochberg] {
            assert_eq!(blocks.adjusted(adjust), whole.adjusted(adjust));
            // Never below the plain ones.
            assert!(whole.adjusted(adjust).iter().zip(whole.pvalues()).all(|(corrected, plain)| *corrected >= plain));
        }
    }

    /// Infinite members count for what they are in the largest, and have no part in the mean; constant ones in neither.
    #[test]
    fn infinite_and_constant_members() {
        let of = |observed: f64, varies, finite| Member { observed, window: 0.0, counts: true, varies, finite };
        let members = vec![of(1.0, true, true), of(f64::INFINITY, true, false), of(0.0, false, true)];
        let z = vec![vec![1.0, 0.0, -1.0], vec![f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY], vec![0.0; 3]];
        let family = Multiplicity::counted(members.clone(), z, false);
        let third = 1.0 / 3.0;
        assert_eq!(family.pvalues(), [third, 2.0 * third, 1.0]);
        assert_eq!(family.adjusted(Adjust::MaxT), [2.0 * third, 2.0 * third, 1.0]);
        assert_eq!(family.claims(|at| at as f64), (Some((1.0, 2.0 * third)), Some((0.0, third))));
        let constant = Multiplicity::counted(vec![members[2]], vec![vec![0.0; 3]], true);
        assert_eq!((constant.pvalues(), constant.claims(|_| 7.0)), (vec![1.0], (None, None)));
    }

    #[test]
    fn who_does_not_count_changes_nothing() {
        let members = [(1.0, true), (9.0, false)];
        let member = |(observed, counts)| Member { observed, window: 0.0, counts, varies: true, finite: true };
        let z = vec![vec![1.0, 0.0], vec![9.0, 5.0]];
        let family = Multiplicity::counted(members.map(member).to_vec(), z, false);
        assert_eq!(family.adjusted(Adjust::MaxT), [0.5, 0.5]);
        assert_eq!(family.claims(|at| at as f64).0, Some((0.0, 0.5)));
    }
}
