//! The memory of the core: kept from one short call to the next, given back after a long one.
//!
//! Matrices over pairs of inputs come and go with every call. The system's allocator returns their pages when they are
//! freed, and fresh ones cost a quarter of a permutation test of a thousand rows. This allocator keeps them, but looks
//! after what it keeps only when it is asked for memory again: a notebook would hold gigabytes from a call of minutes
//! until the next. So a long call gives everything back at its end, which costs the one after it a small part of its time.

use std::time::Duration;

/// Serves what the core allocates, and nothing of Python's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A call that took as long gives back what it freed.
pub const LONG: Duration = Duration::from_millis(500);

/// Return the pages of freed memory to the system.
#[allow(unsafe_code)]
pub fn give_back() {
    // SAFETY: it has no precondition, may be called from any thread, and touches freed memory only.
    unsafe { libmimalloc_sys::mi_collect(true) }
}
