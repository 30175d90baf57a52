//! Parallelism as an argument.
//!
//! [`Par`] says whether a piece of work may use the threads of the pool it runs in, and carries the flag by which it can
//! be stopped. Work is cut into units (tiles, permutations, pairs, decompositions) whose number and order never depend on
//! the number of threads; sums over units are taken in the order of their indices. So the bits of a result do not depend
//! on the number of threads either.

use std::sync::atomic::Ordering::AcqRel;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::memory;

/// A run seen from outside: how far it is, and a way to stop it.
#[derive(Debug, Default)]
pub struct Watch {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Watch {
    /// Ask the run to stop at the next unit of work.
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// The run has come to its end: before all units that were announced if a test was decided early, and without any if
    /// it was too short to have some.
    pub fn complete(&self) {
        self.total.fetch_max(1, Relaxed);
        self.done.store(self.total.load(Relaxed), Relaxed);
    }

    /// Units done, and units known so far.
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Relaxed), self.total.load(Relaxed))
    }
}

/// Scratch memory of threads: what one of them is done with serves whichever comes next.
#[derive(Debug)]
pub struct ScratchPool<T>(Mutex<Vec<T>>);

impl<T> Default for ScratchPool<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> ScratchPool<T> {
    /// Scratch that lies ready.
    pub fn take(&self) -> Option<T> {
        held(&self.0).pop()
    }

    /// Scratch for whoever comes next.
    pub fn put_back(&self, scratch: T) {
        held(&self.0).push(scratch);
    }

    /// The result of some work with scratch that lies ready, or was made for it.
    pub fn with<R>(&self, make: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let mut scratch = self.take().unwrap_or_else(make);
        let result = work(&mut scratch);
        self.put_back(scratch);
        result
    }
}

/// Threads to use, watch to listen to, and limit on memory.
#[derive(Debug, Clone, Copy)]
pub struct Par<'a> {
    parallel: bool,
    watch: Option<&'a Watch>,
    /// Counting of units of work.
    counted: bool,
    /// In bytes.
    memory_limit: Option<u64>,
}

impl<'a> Par<'a> {
    /// On the calling thread, not to be stopped.
    pub const SEQ: Par<'static> = Par { parallel: false, watch: None, counted: false, memory_limit: None };

    /// On all threads of the current rayon pool.
    pub const ALL: Par<'static> = Par { parallel: true, watch: None, counted: false, memory_limit: None };

    /// The same, watched.
    pub fn watched(parallel: bool, watch: &'a Watch) -> Self {
        Self { parallel, watch: Some(watch), counted: true, memory_limit: None }
    }

    /// The same with at most so many bytes for what an operation needs.
    #[must_use]
    pub fn with_memory_limit(self, memory_limit: Option<u64>) -> Self {
        Self { memory_limit, ..self }
    }

    /// The same watch, on one thread.
    #[must_use]
    pub fn sequential(self) -> Self {
        Self { parallel: false, ..self }
    }

    /// The same for work that belongs to a larger piece and is not counted for itself.
    #[must_use]
    pub fn uncounted(self) -> Self {
        Self { counted: false, ..self }
    }

    /// Permission to use several threads.
    pub fn is_parallel(self) -> bool {
        self.parallel
    }

    /// Number of threads that may be used at once.
    pub fn threads(self) -> usize {
        if self.parallel { rayon::current_num_threads() } else { 1 }
    }

    /// Bytes that an operation may take: what the system has left, and no more than the limit.
    pub fn available(self) -> f64 {
        memory::available().min(self.limit())
    }

    fn limit(self) -> f64 {
        self.memory_limit.map_or(f64::INFINITY, |bytes| bytes as f64)
    }

    /// An error if so many bytes are not available for this.
    pub fn require(self, need: f64, what: impl FnOnce() -> String) -> Result<()> {
        if need <= memory::SMALL.min(self.limit()) {
            return Ok(());
        }
        let free = self.available();
        if need <= free { Ok(()) } else { Err(Error::OverBudget { what: what(), need, free }) }
    }

    /// An error if the run was asked to stop.
    pub fn check(self) -> Result<()> {
        match self.watch {
            Some(watch) if watch.cancelled.load(Relaxed) => {
                let (done, total) = watch.progress();
                Err(Error::Interrupted { done, total })
            }
            _ => Ok(()),
        }
    }

    /// Announce units of work to come.
    pub fn expect(self, units: usize) {
        if let Some(watch) = self.watch.filter(|_| self.counted) {
            watch.total.fetch_add(units as u64, Relaxed);
        }
    }

    /// Report units of work done.
    pub fn advance(self, units: usize) {
        if let Some(watch) = self.watch.filter(|_| self.counted) {
            watch.done.fetch_add(units as u64, Relaxed);
        }
    }

    /// `work(0), work(1), ..` in order of index, stopping at the first error (that of the smallest index).
    ///
    /// Where there are fewer units than threads, each unit may use several threads itself.
    pub fn map<T: Send>(self, count: usize, work: impl Fn(usize, Par<'a>) -> Result<T> + Sync) -> Result<Vec<T>> {
        let unit = |index: usize, inner: Par<'a>| {
            self.check()?;
            work(index, inner)
        };
        if !self.parallel || count < 2 {
            return (0..count).map(|index| unit(index, self)).collect();
        }
        let inner = if count < rayon::current_num_threads() { self } else { self.sequential() };
        let slots: Vec<Mutex<Option<Result<T>>>> = (0..count).map(|_| Mutex::new(None)).collect();
        on_all_threads(count, &|index| *held(&slots[index]) = Some(unit(index, inner)));
        slots.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    /// Fill `out` by pieces of `size` entries: `work(number of the piece, the piece)`.
    pub fn fill<T: Send>(
        self,
        out: &mut [T],
        size: usize,
        work: impl Fn(usize, &mut [T]) -> Result<()> + Sync,
    ) -> Result<()> {
        let unit = |(index, piece): (usize, &mut [T])| {
            self.check()?;
            work(index, piece)
        };
        if !self.parallel || out.len() <= size {
            return out.chunks_mut(size.max(1)).enumerate().try_for_each(unit);
        }
        let pieces: Vec<Mutex<&mut [T]>> = out.chunks_mut(size.max(1)).map(Mutex::new).collect();
        let failed = Mutex::new(None);
        let stop = AtomicBool::new(false);
        on_all_threads(pieces.len(), &|index| {
            if stop.load(Relaxed) {
                return;
            }
            if let Err(error) = unit((index, &mut held(&pieces[index]))) {
                stop.store(true, Relaxed);
                held(&failed).get_or_insert(error);
            }
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Run both, side by side if allowed.
    pub fn join<A: Send, B: Send>(
        self,
        a: impl FnOnce(Par<'a>) -> A + Send,
        b: impl FnOnce(Par<'a>) -> B + Send,
    ) -> (A, B) {
        if self.parallel { rayon::join(|| a(self), || b(self)) } else { (a(self), b(self)) }
    }
}

/// `work(0), .., work(count - 1)` on the threads of the pool, in any order.
///
/// The one place in which rayon's machinery is compiled. Where it is generic over the work, every closure of the crate
/// adds its own copy of it, all of them in the few objects of rayon's modules: a measure that is added then compiles
/// twenty megabytes again.
#[inline(never)]
fn on_all_threads(count: usize, work: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().with_max_len(1).for_each(work);
}

/// The guarded value, whether or not a unit of work panicked while it had it.
fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pools that are kept from call to call, those used last; a call with another number of threads makes its own.
const KEPT: usize = 3;

/// Threads that wait for work.
struct Pool {
    process: u32,
    threads: usize,
    workers: rayon::ThreadPool,
}

// Whoever looks at the pools takes all of them for that moment and puts them back. A lock could be held by another thread
// at the moment of a fork and would then be locked for ever in the child; here the child finds none, and makes its own.
static POOLS: AtomicPtr<Vec<Arc<Pool>>> = AtomicPtr::new(std::ptr::null_mut());

/// The pools of this process, nobody else's until they are put back.
#[allow(unsafe_code)] // a pointer becomes the box it was made from
fn take_pools() -> Vec<Arc<Pool>> {
    let taken = POOLS.swap(std::ptr::null_mut(), AcqRel);
    if taken.is_null() {
        return Vec::new();
    }
    // SAFETY: it comes from `put_pools`, and the swap gave it to this thread alone.
    let pools = *unsafe { Box::from_raw(taken) };
    let (own, inherited): (Vec<_>, Vec<_>) = pools.into_iter().partition(|pool| pool.process == std::process::id());
    // To end threads that a fork has left behind would wait for them.
    inherited.into_iter().for_each(std::mem::forget);
    own
}

/// Put pools back; those that another thread has put there meanwhile end when their work is done.
#[allow(unsafe_code)] // the same
fn put_pools(pools: Vec<Arc<Pool>>) {
    let others = POOLS.swap(Box::into_raw(Box::new(pools)), AcqRel);
    if !others.is_null() {
        // SAFETY: it comes from the line above in another thread of this process, and the swap gave it to this one alone.
        drop(unsafe { Box::from_raw(others) });
    }
}

/// Run `work` on a pool of that many threads, which belongs to this process.
///
/// A pool made before a fork has no threads in the child, so an inherited one is neither used nor dropped. If no threads can be had, the work runs on the calling thread: same bits, more time.
pub fn with_threads<R: Send>(threads: usize, watch: &Watch, work: impl FnOnce(Par<'_>) -> R + Send) -> R {
    match (threads > 1).then(|| pool(threads)).flatten() {
        Some(pool) => pool.workers.install(|| work(Par::watched(true, watch))),
        None => work(Par::watched(false, watch)),
    }
}

fn pool(threads: usize) -> Option<Arc<Pool>> {
    let mut pools = take_pools();
    if let Some(at) = pools.iter().position(|pool| pool.threads == threads) {
        pools[..=at].rotate_right(1);
        let found = pools[0].clone();
        put_pools(pools);
        return Some(found);
    }
    put_pools(pools);
    let workers = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("resemblance-{index}"))
        .build()
        .ok()?;
    let made = Arc::new(Pool { process: std::process::id(), threads, workers });
    let mut pools = take_pools();
    pools.insert(0, made.clone());
    pools.truncate(KEPT);
    put_pools(pools);
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_the_first_error_is_told() {
        let told = |at: usize| Error::OverBudget { what: at.to_string(), need: 1.0, free: 0.0 };
        for threads in [1, 4] {
            let (all, failed) = with_threads(threads, &Watch::default(), |par| {
                let all = par.map(100, |at, _| Ok(at * at)).unwrap();
                (all, par.map(100, |at, _| if at % 30 == 29 { Err(told(at)) } else { Ok(at) }).unwrap_err())
            });
            assert_eq!(all, (0..100).map(|at| at * at).collect::<Vec<_>>());
            assert_eq!(failed.to_string(), told(29).to_string());
        }
    }

    #[test]
    fn pieces_are_filled_once_each_and_an_error_is_told() {
        for threads in [1, 4] {
            let mut out = vec![0; 103];
            let failed = with_threads(threads, &Watch::default(), |par| {
                par.fill(&mut out, 10, |index, piece| {
                    piece.iter_mut().for_each(|entry| *entry += index + 1);
                    Ok(())
                })
                .unwrap();
                let fails = |index: usize, _: &mut [usize]| if index == 7 { Err(told()) } else { Ok(()) };
                par.fill(&mut out, 10, fails).unwrap_err()
            });
            assert!(matches!(failed, Error::OverBudget { .. }));
            assert_eq!(out, (0..103).map(|at| at / 10 + 1).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_limit_of_the_caller_counts() {
        let limited = Par::SEQ.with_memory_limit(Some(1000));
        assert_eq!(limited.available(), 1000.0);
        let error = limited.require(1500.0, || "A matrix".into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "A matrix needs 1.5 kB, and 1.0 kB are available; use fewer rows or fewer representations at once."
        );
        assert_eq!(limited.sequential().require(1000.0, || "A matrix".into()), Ok(()));
        assert!(Par::SEQ.require(1e18, || "A matrix".into()).is_err());
    }

    fn told() -> Error {
        Error::OverBudget { what: "a piece".into(), need: 1.0, free: 0.0 }
    }
}
