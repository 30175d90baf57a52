//! Parallelism as an argument.
//!
//! [`Par`] says whether a piece of work may use the threads of the pool it runs in, and carries the flag by which it can
//! be stopped. Work is cut into units (tiles, permutations, pairs, decompositions) whose number and order never depend on
//! the number of threads; sums over units are taken in the order of their indices. So the bits of a result do not depend
//! on the number of threads either.

use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::Relaxed};

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

/// Whether to use several threads, whom to listen to, and how much memory may be taken.
#[derive(Debug, Clone, Copy)]
pub struct Par<'a> {
    parallel: bool,
    watch: Option<&'a Watch>,
    /// Whether units of work are counted.
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

    /// Whether several threads may be used.
    pub fn is_parallel(self) -> bool {
        self.parallel
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
        let all: Vec<Result<T>> = (0..count).into_par_iter().with_max_len(1).map(|index| unit(index, inner)).collect();
        all.into_iter().collect()
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
        out.par_chunks_mut(size.max(1)).enumerate().with_max_len(1).try_for_each(unit)
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

/// A pool that once was built and is kept for the life of its process.
struct Pool {
    process: u32,
    threads: usize,
    workers: rayon::ThreadPool,
    next: *const Pool,
}

// A list that only grows, read without a lock: a lock could be held by another thread at the moment of a fork and would
// then be locked for ever in the child.
static POOLS: AtomicPtr<Pool> = AtomicPtr::new(std::ptr::null_mut());

/// Run `work` on a pool of that many threads, which belongs to this process.
///
/// A pool made before a fork has no threads in the child, so pools are kept by process id and an inherited one is never
/// used nor dropped. If no threads can be had, the work runs on the calling thread: same bits, more time.
pub fn with_threads<R: Send>(threads: usize, watch: &Watch, work: impl FnOnce(Par<'_>) -> R + Send) -> R {
    match (threads > 1).then(|| pool(threads)).flatten() {
        Some(pool) => pool.install(|| work(Par::watched(true, watch))),
        None => work(Par::watched(false, watch)),
    }
}

#[allow(unsafe_code)] // one read of a pointer that never dangles
fn pool(threads: usize) -> Option<&'static rayon::ThreadPool> {
    let process = std::process::id();
    let mut head = POOLS.load(Acquire);
    let mut at: *const Pool = head;
    // SAFETY: every pointer in the list comes from `Box::leak` below and is never freed or changed afterwards.
    while let Some(entry) = unsafe { at.as_ref() } {
        if entry.process == process && entry.threads == threads {
            return Some(&entry.workers);
        }
        at = entry.next;
    }
    let workers = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("resemblance-{index}"))
        .build()
        .ok()?;
    let entry: &'static mut Pool = Box::leak(Box::new(Pool { process, threads, workers, next: head }));
    while let Err(newer) = POOLS.compare_exchange(head, entry, AcqRel, Acquire) {
        head = newer;
        entry.next = head;
    }
    Some(&entry.workers)
}
