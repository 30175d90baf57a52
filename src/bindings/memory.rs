//! The memory of the core: what calls free is kept for the next, up to a limit.
//!
//! Matrices over pairs of inputs come and go with every call. The system's allocator returns their pages when they are
//! freed, and fresh ones cost a quarter of a permutation test of a thousand rows, and much more on a virtual machine that
//! must ask its host for them. This allocator keeps them for a while ([`keep`]), but looks after what it keeps only when it
//! is asked for memory again: a notebook would hold many gigabytes from one large call until the next. So a call that leaves
//! more than [`KEPT`] behind gives everything back.

use std::ffi::c_long;
use std::ptr::null_mut;

/// Serves what the core allocates, and nothing of Python's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes that may stay from call to call.
const KEPT: usize = 1 << 30;
/// Milliseconds after which freed pages may go back to the system; the default, a second, is shorter than many a call.
const DELAY: c_long = 30_000;
/// The number of that option, which the crate does not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keep freed pages for [`DELAY`]; to be called when the module is imported, before there are threads.
#[allow(unsafe_code)]
pub fn keep() {
    // SAFETY: it sets a number, and nobody reads it meanwhile.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, DELAY) }
}

/// Return the pages of freed memory to the system if they are many.
#[allow(unsafe_code)]
pub fn give_back() {
    let mut held = 0;
    let none = null_mut();
    // SAFETY: every place to write to may be null but `held`, which lives until it returns.
    unsafe { libmimalloc_sys::mi_process_info(none, none, none, none, none, &raw mut held, none, none) }
    if held > KEPT {
        // SAFETY: it has no precondition, may be called from any thread, and touches freed memory only.
        unsafe { libmimalloc_sys::mi_collect(true) }
    }
}
