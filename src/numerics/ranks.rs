//! Ranks with ties averaged.
//!
//! The ranks of n(n-1)/2 distances decide what a Spearman comparison costs, and a sort spends most of its time on memory
//! far away. Here nothing is sorted as a whole, and no index is carried along:
//!
//! 1. Splitters from a sample cut the range of values into buckets that fit the cache. Every chunk of the input is
//!    partitioned by bucket, in place beside itself, equal values always into the same bucket.
//! 2. Of every bucket, gathered from all chunks, the ranks are found within the cache: as a value is spread evenly enough
//!    in so narrow a range, a counting sort by proportion leaves little to do. They are put back where the values were.
//! 3. Every chunk is put into its old order again by reading its buckets in step.
//!
//! All steps run through memory in order. Values that differ by no more than round-off count as equal ([`Same`]): what is
//! tied on paper shall not be ranked by the order in which a sum was taken.

use std::sync::Mutex;

use crate::error::Result;
use crate::par::Par;

/// How far apart two values may be that are equal but for round-off.
#[derive(Clone, Copy, Debug)]
pub struct Same {
    /// In units of the larger one.
    pub relative: f64,
    /// In units of 1.
    pub absolute: f64,
}

impl Same {
    /// Equal is equal.
    pub const EXACT: Self = Self { relative: 0.0, absolute: 0.0 };

    /// Whether a value and the next larger one are the same.
    fn holds(self, smaller: f64, larger: f64) -> bool {
        smaller == larger || larger - smaller <= self.absolute + self.relative * larger.abs().max(smaller.abs())
    }
}

/// What ranking told about ties.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ties {
    /// How many values share their rank with another.
    pub values: usize,
    /// Sum of t^3 - t over all groups of t tied values.
    pub cubes: f64,
}

impl Ties {
    fn add(&mut self, size: usize) {
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

/// How the work is cut.
#[derive(Clone, Copy)]
struct Cut {
    /// Values per chunk of the input.
    chunk: usize,
    /// Values per bucket, about.
    bucket: usize,
    /// Values in the sample per bucket.
    sample: usize,
}

const CUT: Cut = Cut { chunk: 1 << 17, bucket: 12 << 10, sample: 16 };
/// Most buckets; their numbers are kept in 16 bits.
const MOST: usize = 4096;
/// Buckets that share their scratch space.
const TOGETHER: usize = 8;
/// From here on a crowd of values is sorted and searched rather than looked through.
const CROWD: usize = 16;

/// Replace every value by `shift` plus its rank, 1 for the smallest, ties averaged.
pub fn average_ranks(values: &mut [f64], same: Same, shift: f64, par: Par<'_>) -> Result<Ties> {
    ranked(values, same, shift, CUT, par)
}

fn ranked(values: &mut [f64], same: Same, shift: f64, cut: Cut, par: Par<'_>) -> Result<Ties> {
    let splitters = Splitters::of(values, cut);
    let buckets = splitters.buckets();
    let mut parted = vec![0.0; values.len()];
    let mut numbers = vec![0_u16; values.len()];
    let chunks: Vec<_> =
        values.chunks(cut.chunk).zip(parted.chunks_mut(cut.chunk)).zip(numbers.chunks_mut(cut.chunk)).collect();
    let chunks: Vec<_> = chunks.into_iter().map(Mutex::new).collect();
    let counts = par.map(chunks.len(), |at, _| {
        let mut chunk = lock(&chunks[at]);
        let ((values, parted), numbers) = &mut *chunk;
        Ok(splitters.part(values, parted, numbers))
    })?;
    drop(chunks);

    let mut runs: Vec<Vec<&mut [f64]>> = (0..buckets).map(|_| Vec::with_capacity(counts.len())).collect();
    for (chunk, counts) in parted.chunks_mut(cut.chunk).zip(&counts) {
        let mut rest = chunk;
        for (runs, count) in runs.iter_mut().zip(counts) {
            let (run, tail) = rest.split_at_mut(*count as usize);
            runs.push(run);
            rest = tail;
        }
    }
    let groups: Vec<_> = runs.chunks_mut(TOGETHER).map(Mutex::new).collect();
    let found = par.map(groups.len(), |at, _| {
        let mut scratch = Scratch::default();
        Ok(lock(&groups[at]).iter_mut().map(|runs| scratch.rank(runs, same)).collect::<Vec<_>>())
    })?;
    drop(groups);

    let found: Vec<Bucket> = found.into_iter().flatten().collect();
    let (places, ties) = joined(&found, same, shift);
    let chunks: Vec<_> = values.chunks_mut(cut.chunk).map(Mutex::new).collect();
    par.map(chunks.len(), |at, _| {
        let begin = at * cut.chunk;
        let mut chunk = lock(&chunks[at]);
        let mut next = 0;
        let mut cursors: Vec<usize> = counts[at]
            .iter()
            .map(|count| {
                next += *count as usize;
                begin + next - *count as usize
            })
            .collect();
        let numbers = &numbers[begin..begin + chunk.len()];
        for (value, number) in chunk.iter_mut().zip(numbers) {
            let bucket = usize::from(*number);
            *value = places[bucket].of(parted[cursors[bucket]]);
            cursors[bucket] += 1;
        }
        Ok(())
    })?;
    Ok(ties)
}

fn lock<T>(held: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Values at which one bucket ends and the next begins, and a table that finds them.
struct Splitters {
    /// In order; a value belongs to the bucket whose number is how many of these it reaches.
    at: Vec<f64>,
    lowest: f64,
    pace: f64,
    /// For every cell of a proportional division of their range, how many of them lie in cells before it.
    before: Vec<u16>,
}

impl Splitters {
    fn of(values: &[f64], cut: Cut) -> Self {
        let buckets = (values.len() / cut.bucket).clamp(1, MOST);
        let size = buckets * cut.sample;
        // Multiples of the golden ratio visit every part of the values, and no pattern of rows falls into step with them.
        let place = |k: u64| {
            let turn = (k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((u128::from(turn) * values.len() as u128) >> 64) as usize
        };
        let mut sample: Vec<f64> =
            if buckets > 1 { (0..size as u64).map(|k| values[place(k)] + 0.0).collect() } else { Vec::new() };
        sample.sort_unstable_by(f64::total_cmp);
        let mut at: Vec<f64> = sample.chunks(cut.sample.max(1)).skip(1).map(|part| part[0]).collect();
        at.dedup();
        let (lowest, highest) = (at.first().copied().unwrap_or(0.0), at.last().copied().unwrap_or(0.0));
        let cells = 8 * (at.len() + 1);
        let pace = cells as f64 / (highest - lowest);
        let mut found = Self { at, lowest, pace: if pace.is_finite() { pace } else { 0.0 }, before: Vec::new() };
        let mut before = vec![0; cells + 2];
        found.at.iter().for_each(|splitter| before[found.cell(*splitter, cells) + 1] += 1);
        (1..before.len()).for_each(|cell| before[cell] += before[cell - 1]);
        found.before = before;
        found
    }

    fn buckets(&self) -> usize {
        self.at.len() + 1
    }

    /// Rises with the value, as every step of it does.
    #[inline(always)]
    fn cell(&self, value: f64, cells: usize) -> usize {
        (((value - self.lowest) * self.pace) as usize).min(cells)
    }

    #[inline(always)]
    fn bucket(&self, value: f64) -> usize {
        let cell = self.cell(value, self.before.len() - 2);
        let (first, end) = (usize::from(self.before[cell]), usize::from(self.before[cell + 1]));
        let within = &self.at[first..end];
        if within.len() > CROWD {
            return first + within.partition_point(|splitter| *splitter <= value);
        }
        first + within.iter().take_while(|splitter| **splitter <= value).count()
    }

    /// Copy values by bucket, each bucket in the old order; notes the bucket of every value and counts them.
    fn part(&self, values: &[f64], parted: &mut [f64], numbers: &mut [u16]) -> Vec<u32> {
        let mut counts = vec![0_u32; self.buckets()];
        for (value, number) in values.iter().zip(numbers.iter_mut()) {
            let bucket = self.bucket(*value);
            *number = bucket as u16;
            counts[bucket] += 1;
        }
        let mut next = 0;
        let mut cursors: Vec<u32> = counts
            .iter()
            .map(|count| {
                next += count;
                next - count
            })
            .collect();
        for (value, number) in values.iter().zip(numbers) {
            let cursor = &mut cursors[usize::from(*number)];
            parted[*cursor as usize] = value + 0.0; // both zeros are the same
            *cursor += 1;
        }
        counts
    }
}

/// What is known of a bucket once it is ranked.
#[derive(Clone, Copy, Default)]
struct Bucket {
    count: usize,
    lowest: f64,
    highest: f64,
    /// Sizes of the groups of equal values at either end, which may go on in the next bucket.
    first: usize,
    last: usize,
    /// Ties between them.
    inside: Ties,
}

#[derive(Default)]
struct Scratch {
    values: Vec<f64>,
    sorted: Vec<f64>,
    ranks: Vec<f64>,
    cells: Vec<u32>,
    ends: Vec<u32>,
}

impl Scratch {
    /// Replace the values of a bucket by their ranks among themselves.
    fn rank(&mut self, runs: &mut [&mut [f64]], same: Same) -> Bucket {
        self.values.clear();
        runs.iter().for_each(|run| self.values.extend_from_slice(run));
        let (lowest, highest) = range(&self.values);
        let count = self.values.len();
        let mut bucket = Bucket { count, lowest, highest, first: count, last: count, ..Bucket::default() };
        if count == 0 {
            return bucket;
        }
        if lowest == highest {
            runs.iter_mut().for_each(|run| run.fill((count as f64 + 1.0) / 2.0));
            return bucket;
        }
        let crowded = self.sort(lowest, highest);
        self.number(same, &mut bucket);
        self.look_up(crowded);
        let mut rest = self.values.as_slice();
        for run in runs {
            let (part, tail) = rest.split_at(run.len());
            run.copy_from_slice(part);
            rest = tail;
        }
        bucket
    }

    /// Sort by proportion, then within each cell; tells whether any cell is crowded.
    fn sort(&mut self, lowest: f64, highest: f64) -> bool {
        let count = self.values.len();
        let most = count.next_power_of_two();
        let pace = (most - 1) as f64 / (highest - lowest);
        let pace = if pace.is_finite() { pace } else { 0.0 };
        self.ends.clear();
        self.ends.resize(most + 1, 0);
        self.cells.clear();
        for value in &self.values {
            let cell = (((value - lowest) * pace) as u32).min(most as u32 - 1);
            self.cells.push(cell);
            self.ends[cell as usize + 1] += 1;
        }
        let mut largest = 0;
        let mut total = 0;
        for end in &mut self.ends {
            largest = largest.max(*end);
            total += *end;
            *end = total;
        }
        self.sorted.clear();
        self.sorted.resize(count, 0.0);
        // `ends[c]` begins as the start of cell c and becomes its end.
        for (value, cell) in self.values.iter().zip(&self.cells) {
            let end = &mut self.ends[*cell as usize];
            self.sorted[*end as usize] = *value;
            *end += 1;
        }
        let crowded = largest as usize > CROWD;
        if crowded {
            let mut start = 0;
            for end in &self.ends[..most] {
                self.sorted[start..*end as usize].sort_unstable_by(f64::total_cmp);
                start = *end as usize;
            }
        } else {
            insert(&mut self.sorted);
        }
        crowded
    }

    /// The rank of every sorted value.
    fn number(&mut self, same: Same, bucket: &mut Bucket) {
        self.ranks.clear();
        let count = self.sorted.len();
        let mut start = 0;
        for at in 1..=count {
            if at < count && same.holds(self.sorted[at - 1], self.sorted[at]) {
                continue;
            }
            let size = at - start;
            self.ranks.resize(at, start as f64 + (size as f64 + 1.0) / 2.0);
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

    /// Replace every value by the rank of its place.
    fn look_up(&mut self, crowded: bool) {
        for (value, cell) in self.values.iter_mut().zip(&self.cells) {
            let cell = *cell as usize;
            let mut place = if cell == 0 { 0 } else { self.ends[cell - 1] as usize };
            let end = self.ends[cell] as usize;
            if crowded && end - place > CROWD {
                place += self.sorted[place..end].partition_point(|other| other < value);
            } else {
                while place + 1 < end && self.sorted[place] != *value {
                    place += 1;
                }
            }
            *value = self.ranks[place];
        }
    }
}

fn range(values: &[f64]) -> (f64, f64) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let (mut low, mut high) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
            let (head, rest) = values.as_chunks::<8>();
            for chunk in head {
                for l in 0..8 {
                    low[l] = if chunk[l] < low[l] { chunk[l] } else { low[l] };
                    high[l] = if chunk[l] > high[l] { chunk[l] } else { high[l] };
                }
            }
            let (low, high) = (low.iter().chain(rest), high.iter().chain(rest));
            (low.fold(f64::INFINITY, |m, v| m.min(*v)), high.fold(f64::NEG_INFINITY, |m, v| m.max(*v)))
        },
    )
}

/// Insertion sort of values that are nearly in order.
fn insert(sorted: &mut [f64]) {
    for at in 1..sorted.len() {
        let value = sorted[at];
        let mut to = at;
        while to > 0 && sorted[to - 1] > value {
            sorted[to] = sorted[to - 1];
            to -= 1;
        }
        sorted[to] = value;
    }
}

/// From ranks within a bucket to ranks among all.
#[derive(Clone, Copy)]
struct Place {
    shift: f64,
    /// Ranks within the bucket of the groups at its ends, and what they are among all.
    first: (f64, f64),
    last: (f64, f64),
}

impl Place {
    #[inline(always)]
    fn of(&self, rank: f64) -> f64 {
        if rank == self.first.0 {
            self.first.1
        } else if rank == self.last.0 {
            self.last.1
        } else {
            rank + self.shift
        }
    }
}

/// A group of equal values that may reach over the end of a bucket.
struct Open {
    start: usize,
    size: usize,
    /// The value that the next one is compared with.
    highest: f64,
    /// Buckets whose last group it is, with the bucket whose first group it is at the end.
    members: Vec<(usize, End)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
    Both,
}

/// Put the buckets side by side, joining groups of equal values across their ends.
fn joined(buckets: &[Bucket], same: Same, shift: f64) -> (Vec<Place>, Ties) {
    let mut ties = Ties::default();
    let mut places = Vec::with_capacity(buckets.len());
    let mut open: Option<Open> = None;
    let mut before = 0;
    let close = |open: Option<Open>, places: &mut Vec<Place>, ties: &mut Ties| {
        let Some(group) = open else { return };
        ties.add(group.size);
        let rank = shift + group.start as f64 + (group.size as f64 + 1.0) / 2.0;
        for (bucket, end) in group.members {
            let place: &mut Place = &mut places[bucket];
            if end != End::Last {
                place.first.1 = rank;
            }
            if end != End::First {
                place.last.1 = rank;
            }
        }
    };
    for (number, bucket) in buckets.iter().enumerate() {
        let middle = |size: usize| (size as f64 + 1.0) / 2.0;
        let (first, last) = (middle(bucket.first), (bucket.count - bucket.last) as f64 + middle(bucket.last));
        let shift = shift + before as f64;
        places.push(Place { shift, first: (first, first + shift), last: (last, last + shift) });
        if bucket.count == 0 {
            continue;
        }
        let whole = bucket.first == bucket.count;
        let end = if whole { End::Both } else { End::First };
        let goes_on = open.as_ref().is_some_and(|group| same.holds(group.highest, bucket.lowest));
        if !goes_on {
            close(open.take(), &mut places, &mut ties);
        }
        let group = open.get_or_insert_with(|| Open { start: before, size: 0, highest: 0.0, members: Vec::new() });
        group.size += bucket.first;
        group.highest = bucket.highest;
        group.members.push((number, end));
        if !whole {
            close(open.take(), &mut places, &mut ties);
            ties.values += bucket.inside.values;
            ties.cubes += bucket.inside.cubes;
            let start = before + bucket.count - bucket.last;
            open = Some(Open { start, size: bucket.last, highest: bucket.highest, members: vec![(number, End::Last)] });
        }
        before += bucket.count;
    }
    close(open, &mut places, &mut ties);
    (places, ties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROUND_OFF: Same = Same { relative: 1e-11, absolute: 0.0 };

    /// The slow twin: sort, walk, average.
    fn twin(values: &[f64], same: Same) -> (Vec<f64>, Ties) {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].partial_cmp(&values[*b]).unwrap());
        let (mut ranks, mut ties) = (vec![0.0; values.len()], Ties::default());
        for group in order.chunk_by(|a, b| same.holds(values[*a], values[*b])) {
            let start = order.iter().position(|i| *i == group[0]).unwrap();
            group.iter().for_each(|i| ranks[*i] = start as f64 + (group.len() as f64 + 1.0) / 2.0);
            ties.add(group.len());
        }
        (ranks, ties)
    }

    fn check(values: &[f64], same: Same, cut: Cut) {
        let (expected, ties) = twin(values, same);
        for par in [Par::SEQ, Par::ALL] {
            let mut found = values.to_vec();
            let tied = ranked(&mut found, same, 0.0, cut, par).unwrap();
            assert_eq!(found, expected);
            assert_eq!(tied.values, ties.values);
            assert!((tied.cubes - ties.cubes).abs() <= 1e-12 * ties.cubes);
            let mean = (values.len() as f64 + 1.0) / 2.0;
            let squares: f64 = found.iter().map(|r| (r - mean) * (r - mean)).sum();
            assert!((squares - tied.sum_of_squares(values.len())).abs() <= 1e-12 * squares);
        }
    }

    const SMALL: [Cut; 4] = [
        Cut { chunk: 64, bucket: 8, sample: 2 },
        Cut { chunk: 7, bucket: 1, sample: 1 },
        Cut { chunk: 1 << 20, bucket: 40, sample: 16 },
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
