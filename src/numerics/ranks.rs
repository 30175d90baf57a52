//! Ranks with ties averaged.
//!
//! The ranks of n(n-1)/2 distances decide what a Spearman comparison costs, and a sort spends most of its time on memory
//! far away. Here nothing is sorted as a whole, and no index is carried along:
//!
//! 1. Splitters from a sample cut the range of values into buckets that fit the cache. Every chunk of the input is
//!    partitioned by bucket, in place beside itself, equal values always into the same bucket.
//! 2. Of every bucket, gathered from all chunks, the ranks are found within the cache. In so narrow a range values are
//!    spread evenly enough that two passes over 12 bits of their proportion leave next to nothing out of order. The ranks
//!    are put back where the values were.
//! 3. Every chunk is put into its old order again by reading its buckets in step.
//!
//! All steps run through memory in order. Values that differ by no more than round-off count as equal ([`Same`]): what is
//! tied on paper shall not be ranked by the order in which a sum was taken.

use std::sync::Mutex;

use crate::error::Result;
use crate::memory;
use crate::par::Par;

/// Largest distance of two values that are equal but for round-off.
#[derive(Clone, Copy, Debug)]
pub struct Same {
    /// Distance in units of the larger one.
    pub relative: f64,
    /// Distance in units of 1.
    pub absolute: f64,
}

impl Same {
    /// Equal is equal.
    pub const EXACT: Self = Self { relative: 0.0, absolute: 0.0 };

    /// True if a value and the next larger one are the same.
    pub fn holds(self, smaller: f64, larger: f64) -> bool {
        smaller == larger || larger - smaller <= self.absolute + self.relative * larger.abs().max(smaller.abs())
    }
}

/// Ties found by ranking.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RankTies {
    /// Number of values that share their rank with another.
    pub values: usize,
    /// Sum of t^3 - t over all groups of t tied values.
    pub cubes: f64,
}

impl RankTies {
    /// A group of values that share their rank.
    pub fn add(&mut self, size: usize) {
        if size > 1 {
            let t = size as f64;
            self.values += size;
            self.cubes += t * t * t - t;
        }
    }

    /// Sum of squares of the ranks of `count` values about their mean.
    pub fn sum_of_squares(&self, count: usize) -> f64 {
        let m = count as f64;
        ((m * m - 1.0) * m - self.cubes) / 12.0
    }
}

/// Division of the work.
#[derive(Clone, Copy)]
struct Division {
    /// Values per chunk of the input.
    chunk: usize,
    /// Values per bucket, about.
    bucket: usize,
    /// Values in the sample per bucket.
    sample: usize,
    /// Buckets with fewer values are sorted by comparison.
    few: usize,
}

const CUT: Division = Division { chunk: 1 << 17, bucket: 16 << 10, sample: 16, few: 512 };
/// Most buckets; their numbers are kept in 16 bits.
const MOST: usize = 4096;
/// Buckets that share their scratch space.
const TOGETHER: usize = 8;
/// Cells of the table per splitter.
const CELLS: usize = 8;

/// Replace every value by `shift` plus its rank, 1 for the smallest, ties averaged.
pub fn average_ranks(values: &mut [f64], same: Same, shift: f64, par: Par<'_>) -> Result<RankTies> {
    ranked(values, same, shift, CUT, par)
}

fn ranked(values: &mut [f64], same: Same, shift: f64, cut: Division, par: Par<'_>) -> Result<RankTies> {
    let splitters = Splitters::of(values, cut);
    let mut numbers = memory::filled("The order of pairs of rows", values.len(), 0_u16)?;
    let chunks: Vec<_> = values.chunks_mut(cut.chunk).zip(numbers.chunks_mut(cut.chunk)).map(Mutex::new).collect();
    let counts = par.map(chunks.len(), |at, _| {
        let (values, numbers) = &mut *lock(&chunks[at]);
        Ok(splitters.part(values, numbers))
    })?;
    drop(chunks);

    let mut buckets: Vec<(usize, Vec<&mut [f64]>)> =
        (0..splitters.buckets()).map(|_| (0, Vec::with_capacity(counts.len()))).collect();
    for (chunk, counts) in values.chunks_mut(cut.chunk).zip(&counts) {
        let mut rest = chunk;
        for ((_, runs), count) in buckets.iter_mut().zip(counts) {
            let (run, tail) = rest.split_at_mut(*count as usize);
            runs.push(run);
            rest = tail;
        }
    }
    let mut before = 0;
    for (start, runs) in &mut buckets {
        *start = before;
        before += runs.iter().map(|run| run.len()).sum::<usize>();
    }
    let groups: Vec<_> = buckets.chunks_mut(TOGETHER).map(Mutex::new).collect();
    let of_groups = par.map(groups.len(), |at, _| {
        let mut scratch = Scratch::default();
        let ranked = |(start, runs): &mut (usize, Vec<&mut [f64]>)| scratch.rank(runs, *start, same, shift, cut.few);
        Ok(lock(&groups[at]).iter_mut().map(ranked).collect::<Vec<_>>())
    })?;
    drop(groups);

    let ranked: Vec<Bucket> = of_groups.into_iter().flatten().collect();
    let (changes, ties) = joined(&ranked, same);
    for change in changes {
        let runs = buckets[change.bucket].1.iter_mut().flat_map(|run| run.iter_mut());
        runs.filter(|rank| **rank == shift + change.from).for_each(|rank| *rank = shift + change.to);
    }
    drop(buckets);

    let chunks: Vec<_> = values.chunks_mut(cut.chunk).zip(numbers.chunks(cut.chunk)).map(Mutex::new).collect();
    par.map(chunks.len(), |at, _| {
        let (chunk, numbers) = &mut *lock(&chunks[at]);
        let mut cursors = counts[at].clone();
        starts(&mut cursors);
        let parted = chunk.to_vec();
        for (value, number) in chunk.iter_mut().zip(*numbers) {
            let cursor = &mut cursors[usize::from(*number)];
            *value = parted[*cursor as usize];
            *cursor += 1;
        }
        Ok(())
    })?;
    Ok(ties)
}

fn lock<T>(held: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Values at which one bucket ends and the next begins.
struct Splitters {
    /// Splitters in order; a value belongs to the bucket whose number is how many of these it reaches.
    at: Vec<f64>,
    lowest: f64,
    pace: f64,
    /// For every cell of a proportional division of their range, how many of them lie in cells before it.
    before: Vec<u16>,
    /// True if buckets end with cells, so that the cell alone tells the bucket.
    by_cell: bool,
}

impl Splitters {
    fn of(values: &[f64], cut: Division) -> Self {
        let buckets = (values.len() / cut.bucket).clamp(1, MOST);
        let size = if buckets > 1 { buckets * cut.sample } else { 0 };
        // Multiples of the golden ratio visit every part of the values, and no pattern of rows falls into step with them.
        let place = |k: u64| {
            let turn = (k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((u128::from(turn) * values.len() as u128) >> 64) as usize
        };
        let mut sample: Vec<f64> = (0..size as u64).map(|k| values[place(k)] + 0.0).collect();
        sample.sort_unstable_by(f64::total_cmp);
        let mut at: Vec<f64> = sample.chunks(cut.sample).skip(1).map(|part| part[0]).collect();
        at.dedup();
        let (lowest, highest) = (at.first().copied().unwrap_or(0.0), at.last().copied().unwrap_or(0.0));
        let cells = CELLS * (at.len() + 1);
        let mut splitters =
            Self { at, lowest, pace: pace(cells, lowest, highest), before: vec![0; cells + 2], by_cell: false };
        let mut apart = 0;
        for k in 0..splitters.at.len() {
            let cell = splitters.cell(splitters.at[k]);
            apart += usize::from(splitters.before[cell + 1] == 0);
            splitters.before[cell + 1] += 1;
        }
        (1..splitters.before.len()).for_each(|cell| splitters.before[cell] += splitters.before[cell - 1]);
        // Where nearly every splitter has a cell of its own, it may as well stand at the beginning of the cell.
        splitters.by_cell = 4 * apart >= 3 * splitters.at.len();
        if splitters.by_cell {
            splitters.before.remove(0);
        }
        splitters
    }

    fn buckets(&self) -> usize {
        self.at.len() + 1
    }

    /// Rises with the value, as every step of it does.
    #[inline(always)]
    fn cell(&self, value: f64) -> usize {
        (((value - self.lowest) * self.pace) as usize).min(CELLS * (self.at.len() + 1))
    }

    #[inline(always)]
    fn bucket(&self, value: f64) -> usize {
        let cell = self.cell(value);
        let (first, end) = (usize::from(self.before[cell]), usize::from(self.before[cell + 1]));
        first + self.at[first..end].partition_point(|splitter| *splitter <= value)
    }

    /// Put values in order of bucket, each bucket in the old order; notes the bucket of every value and counts them.
    fn part(&self, values: &mut [f64], numbers: &mut [u16]) -> Vec<u32> {
        if self.by_cell {
            for (value, number) in values.iter().zip(numbers.iter_mut()) {
                *number = self.before[self.cell(*value)];
            }
        } else {
            for (value, number) in values.iter().zip(numbers.iter_mut()) {
                *number = self.bucket(*value) as u16;
            }
        }
        let mut counts = vec![0_u32; self.buckets()];
        numbers.iter().for_each(|number| counts[usize::from(*number)] += 1);
        let mut cursors = counts.clone();
        starts(&mut cursors);
        let old = values.to_vec();
        for (value, number) in old.iter().zip(numbers) {
            let cursor = &mut cursors[usize::from(*number)];
            values[*cursor as usize] = value + 0.0; // both zeros are the same
            *cursor += 1;
        }
        counts
    }
}

/// Cells per unit of the way from the lowest to the highest value; 0, and so one cell, if that is beyond numbers.
fn pace(cells: usize, lowest: f64, highest: f64) -> f64 {
    let pace = cells as f64 / (highest - lowest);
    if pace.is_finite() { pace } else { 0.0 }
}

/// Bucket once it is ranked.
#[derive(Clone, Copy)]
struct Bucket {
    /// Number of values below it.
    start: usize,
    count: usize,
    lowest: f64,
    highest: f64,
    /// Sizes of the groups of equal values at either end, which may go on in the next bucket.
    first: usize,
    last: usize,
    /// Ties between them.
    inside: RankTies,
}

#[derive(Default)]
struct Scratch {
    values: Vec<f64>,
    /// Place of a value among `values` below, its proportion above.
    items: Vec<u64>,
    spare: Vec<u64>,
    sorted: Vec<f64>,
}

/// Bits of a digit of a proportion, which has two.
const DIGIT: u32 = 12;
const DIGITS: usize = 1 << DIGIT;

impl Scratch {
    /// Replace the values of a bucket by their ranks, of which `start` are taken.
    fn rank(&mut self, runs: &mut [&mut [f64]], start: usize, same: Same, shift: f64, few: usize) -> Bucket {
        self.values.clear();
        runs.iter().for_each(|run| self.values.extend_from_slice(run));
        let (lowest, highest) = pulp::Arch::new().dispatch(Range(&self.values));
        let count = self.values.len();
        let mut bucket =
            Bucket { start, count, lowest, highest, first: count, last: count, inside: RankTies::default() };
        if count == 0 {
            return bucket;
        }
        if lowest == highest {
            runs.iter_mut().for_each(|run| run.fill(shift + middle(start, count)));
            return bucket;
        }
        if count < few {
            self.items.clear();
            self.items.extend(0..count as u64);
            self.sort_by_comparison();
        } else {
            self.sort_by_proportion(lowest, highest);
        }
        self.number(same, shift, &mut bucket);
        let mut rest = self.values.as_slice();
        for run in runs {
            let (part, tail) = rest.split_at(run.len());
            run.copy_from_slice(part);
            rest = tail;
        }
        bucket
    }

    /// Places and values in order of value.
    fn sort_by_proportion(&mut self, lowest: f64, highest: f64) {
        let most = (1_u64 << (2 * DIGIT)) - 1;
        let pace = pace(most as usize, lowest, highest);
        let (mut low, mut high) = ([0_u32; DIGITS], [0_u32; DIGITS]);
        self.items.clear();
        for (place, value) in self.values.iter().enumerate() {
            let part = (((value - lowest) * pace) as u64).min(most);
            low[part as usize % DIGITS] += 1;
            high[part as usize >> DIGIT] += 1;
            self.items.push(part << 32 | place as u64);
        }
        starts(&mut low);
        starts(&mut high);
        self.spare.resize(self.items.len(), 0);
        self.sorted.resize(self.items.len(), 0.0);
        let (values, sorted) = (&self.values, &mut self.sorted[..self.items.len()]);
        for item in &self.items {
            let next = &mut low[(item >> 32) as usize % DIGITS];
            self.spare[*next as usize] = *item;
            *next += 1;
        }
        for item in &self.spare[..self.items.len()] {
            let next = &mut high[(item >> (32 + DIGIT)) as usize % DIGITS];
            self.items[*next as usize] = *item;
            sorted[*next as usize] = values[*item as u32 as usize];
            *next += 1;
        }
        if !insert(sorted, &mut self.items) {
            self.sort_by_comparison();
        }
    }

    /// The same, whatever the values.
    fn sort_by_comparison(&mut self) {
        let values = &self.values;
        let value = |item: &u64| values[*item as u32 as usize];
        self.items.sort_unstable_by(|a, b| value(a).total_cmp(&value(b)));
        self.sorted.clear();
        self.sorted.extend(self.items.iter().map(value));
    }

    /// Put the rank of every value in its place.
    fn number(&mut self, same: Same, shift: f64, bucket: &mut Bucket) {
        let (values, items) = (&mut self.values, self.items.as_slice());
        let (count, sorted) = (items.len(), &self.sorted[..items.len()]);
        let mut start = 0;
        for at in 1..=count {
            if at < count && same.holds(sorted[at - 1], sorted[at]) {
                continue;
            }
            let size = at - start;
            let rank = shift + middle(bucket.start + start, size);
            items[start..at].iter().for_each(|item| values[*item as u32 as usize] = rank);
            if start == 0 {
                bucket.first = size;
            } else if at < count {
                bucket.inside.add(size);
            }
            if at == count {
                bucket.last = size;
            }
            start = at;
        }
    }
}

/// The rank of a group of equal values that begins after `start` others.
fn middle(start: usize, size: usize) -> f64 {
    start as f64 + (size as f64 + 1.0) / 2.0
}

/// Start of each group, from counts.
fn starts(counts: &mut [u32]) {
    let mut next = 0;
    for count in counts {
        next += *count;
        *count = next - *count;
    }
}

/// The smallest and the largest value.
struct Range<'a>(&'a [f64]);

impl pulp::WithSimd for Range<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> (f64, f64) {
        let (mut low, mut high) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
        let (head, rest) = self.0.as_chunks::<8>();
        for chunk in head {
            for l in 0..8 {
                low[l] = if chunk[l] < low[l] { chunk[l] } else { low[l] };
                high[l] = if chunk[l] > high[l] { chunk[l] } else { high[l] };
            }
        }
        let (low, high) = (low.iter().chain(rest), high.iter().chain(rest));
        (low.fold(f64::INFINITY, |m, v| m.min(*v)), high.fold(f64::NEG_INFINITY, |m, v| m.max(*v)))
    }
}

/// Insertion sort of values that are nearly in order, with something beside each; gives up where they are not.
fn insert<T: Copy>(sorted: &mut [f64], beside: &mut [T]) -> bool {
    let mut moves = 0;
    for at in 1..sorted.len() {
        let value = sorted[at];
        if sorted[at - 1] <= value {
            continue;
        }
        let (item, mut to) = (beside[at], at);
        while to > 0 && sorted[to - 1] > value {
            (sorted[to], beside[to]) = (sorted[to - 1], beside[to - 1]);
            to -= 1;
        }
        (sorted[to], beside[to]) = (value, item);
        moves += at - to;
        if moves > 4 * sorted.len() {
            return false;
        }
    }
    true
}

/// A rank that a bucket gave to a group of equal values which goes on in another bucket.
struct RankChange {
    bucket: usize,
    from: f64,
    to: f64,
}

/// A group of equal values that may reach over the end of a bucket.
struct OpenGroup {
    start: usize,
    size: usize,
    /// The value that the next one is compared with.
    highest: f64,
    /// The buckets it has been seen in, and its rank there.
    seen: Vec<(usize, f64)>,
}

impl OpenGroup {
    fn close(self, changes: &mut Vec<RankChange>, ties: &mut RankTies) {
        ties.add(self.size);
        let to = middle(self.start, self.size);
        changes.extend(
            self.seen.into_iter().map(|(bucket, from)| RankChange { bucket, from, to }).filter(|c| c.from != to),
        );
    }
}

/// Join groups of equal values across the ends of buckets.
fn joined(buckets: &[Bucket], same: Same) -> (Vec<RankChange>, RankTies) {
    let (mut changes, mut ties) = (Vec::new(), RankTies::default());
    let mut open: Option<OpenGroup> = None;
    for (number, bucket) in buckets.iter().enumerate().filter(|(_, bucket)| bucket.count > 0) {
        if let Some(group) = open.take_if(|group| !same.holds(group.highest, bucket.lowest)) {
            group.close(&mut changes, &mut ties);
        }
        let mut group =
            open.take().unwrap_or(OpenGroup { start: bucket.start, size: 0, highest: 0.0, seen: Vec::new() });
        group.size += bucket.first;
        group.highest = bucket.highest;
        group.seen.push((number, middle(bucket.start, bucket.first)));
        if bucket.first < bucket.count {
            group.close(&mut changes, &mut ties);
            ties.values += bucket.inside.values;
            ties.cubes += bucket.inside.cubes;
            let start = bucket.start + bucket.count - bucket.last;
            let seen = vec![(number, middle(start, bucket.last))];
            group = OpenGroup { start, size: bucket.last, highest: bucket.highest, seen };
        }
        open = Some(group);
    }
    if let Some(group) = open {
        group.close(&mut changes, &mut ties);
    }
    (changes, ties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROUND_OFF: Same = Same { relative: 1e-11, absolute: 0.0 };

    /// The slow twin: sort, walk, average.
    fn twin(values: &[f64], same: Same) -> (Vec<f64>, RankTies) {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].partial_cmp(&values[*b]).unwrap());
        let (mut ranks, mut ties) = (vec![0.0; values.len()], RankTies::default());
        for group in order.chunk_by(|a, b| same.holds(values[*a], values[*b])) {
            let start = order.iter().position(|i| *i == group[0]).unwrap();
            group.iter().for_each(|i| ranks[*i] = start as f64 + (group.len() as f64 + 1.0) / 2.0);
            ties.add(group.len());
        }
        (ranks, ties)
    }

    fn check(values: &[f64], same: Same, cut: Division) {
        let (expected, ties) = twin(values, same);
        for par in [Par::SEQ, Par::ALL] {
            let mut ranks = values.to_vec();
            let tied = ranked(&mut ranks, same, 0.0, cut, par).unwrap();
            assert_eq!(ranks, expected);
            assert_eq!(tied.values, ties.values);
            assert!((tied.cubes - ties.cubes).abs() <= 1e-12 * ties.cubes);
            let mean = (values.len() as f64 + 1.0) / 2.0;
            let squares: f64 = ranks.iter().map(|r| (r - mean) * (r - mean)).sum();
            assert!((squares - tied.sum_of_squares(values.len())).abs() <= 1e-12 * squares);
        }
    }

    const SMALL: [Division; 4] = [
        Division { chunk: 64, bucket: 50, sample: 2, few: 0 },
        Division { chunk: 7, bucket: 1, sample: 1, few: 512 },
        Division { chunk: 1 << 20, bucket: 40, sample: 16, few: 30 },
        CUT,
    ];

    fn noise(k: u64) -> f64 {
        (k.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64
            / (1_u64 << 53) as f64
    }

    #[test]
    fn ranks_are_those_of_a_plain_sort() {
        let even: Vec<f64> = (0..1500).map(noise).collect();
        let tables: Vec<(&str, Vec<f64>)> = vec![
            ("none", vec![]),
            ("one", vec![3.0]),
            ("equal", vec![-2.5; 700]),
            ("even", even.clone()),
            ("coarse", even.iter().map(|v| (v * 20.0).floor() - 10.0).collect()),
            ("two values", even.iter().map(|v| f64::from(u8::from(*v > 0.3))).collect()),
            ("long tails", even.iter().map(|v| (80.0 * (v - 0.5)).exp() * (v - 0.4).signum()).collect()),
            ("longest", even.iter().map(|v| (1400.0 * (v - 0.5)).exp() * (v - 0.5).signum()).collect()),
            ("an outlier", even.iter().enumerate().map(|(i, v)| if i == 77 { 1e300 } else { *v }).collect()),
            ("whole range", even.iter().map(|v| (v - 0.5) * 2.0 * f64::MAX).collect()),
            ("crowds", even.iter().map(|v| if *v < 0.4 { v * 1e-9 } else { 1e3 + v * 1e-9 }).collect()),
            ("smallest", even.iter().map(|v| v * 1e-308).collect()),
            ("both zeros", even.iter().map(|v| if *v < 0.5 { -0.0 } else { 0.0 }).collect()),
            ("in order", (0..1200).map(f64::from).collect()),
            ("in reverse", (0..1200).rev().map(f64::from).collect()),
        ];
        for (name, values) in tables {
            println!("{name}");
            SMALL.iter().for_each(|cut| check(&values, Same::EXACT, *cut));
            SMALL.iter().for_each(|cut| check(&values, ROUND_OFF, *cut));
        }
    }

    /// Several chunks and buckets as they are used.
    #[test]
    fn many_values() {
        let values: Vec<f64> = (0..700_000).map(|k| noise(k) + noise(k + (1 << 40))).collect();
        let (mut one, mut two) = (values.clone(), values.clone());
        average_ranks(&mut one, ROUND_OFF, -0.5, Par::SEQ).unwrap();
        average_ranks(&mut two, ROUND_OFF, -0.5, Par::ALL).unwrap();
        assert_eq!(one, two);
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        for (value, rank) in values.iter().zip(&one) {
            let place = sorted.partition_point(|v| v < value) as f64 + 0.5;
            assert!((rank - place).abs() <= 2.0, "{rank} {place}");
        }
    }

    /// Values equal but for round-off are tied although they fall into different buckets, one of them not next door.
    #[test]
    fn ties_reach_over_the_ends_of_buckets() {
        let step = 1e-13;
        let chain: Vec<f64> = (0..60).map(|i| 1.0 + step * f64::from(i * 7 % 60)).collect();
        let with_others: Vec<f64> = chain.iter().copied().chain((0..60).map(|i| f64::from(i) / 7.0)).collect();
        for cut in SMALL {
            check(&chain, ROUND_OFF, cut);
            check(&with_others, ROUND_OFF, cut);
        }
        let mut ranks = chain.clone();
        ranked(&mut ranks, ROUND_OFF, 0.0, SMALL[1], Par::SEQ).unwrap();
        assert!(ranks.iter().all(|r| *r == 30.5));
    }

    proptest! {
        #[test]
        fn any_values(values in prop::collection::vec(prop_oneof![
            -1e3..1e3_f64,
            (-9..9_i32).prop_map(f64::from),
            prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL,
            (1..4_i32).prop_map(|i| 1.0 + 1e-12 * f64::from(i)),
        ], 0..300)) {
            for cut in SMALL {
                check(&values, Same::EXACT, cut);
                check(&values, ROUND_OFF, cut);
            }
        }
    }
}
