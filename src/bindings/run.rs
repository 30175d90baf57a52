//! Work without the interpreter's lock: on a pool of threads, watched from the calling thread.
//!
//! The calling thread wakes every few hundredths of a second, lets Python look for Ctrl-C and reports progress. Workers
//! never touch Python, so nothing can wait for anything that waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pyo3::prelude::*;

use super::errors::{exception, internal};
use super::memory;
use crate::error::{Error, Result};
use crate::par::{Par, Watch, with_threads};

const TICK: Duration = Duration::from_millis(50);
/// So many operations on numbers, a few milliseconds of work, are done on the calling thread, which is not asked meanwhile
/// whether it should stop.
const SMALL: f64 = 4e6;

/// Number of threads, and the limit on memory in bytes.
#[derive(Clone, Copy, FromPyObject)]
pub struct Resources(usize, Option<u64>);

/// Run `work`, which takes so many `operations` on numbers.
pub fn run<R: Send>(
    py: Python<'_>,
    resources: Resources,
    operations: f64,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(Par<'_>) -> Result<R> + Send,
) -> PyResult<R> {
    let Resources(threads, memory_limit) = resources;
    let work = move |par: Par<'_>| work(par.with_memory_limit(memory_limit));
    if operations <= SMALL && progress.is_none() {
        return finish(py, catch_unwind(AssertUnwindSafe(|| work(Par::SEQ))), None);
    }
    let watch = Watch::default();
    let (mut pending, mut told) = (None, None);
    let outcome = std::thread::scope(|scope| {
        let (send, receive) = channel();
        let watched = &watch;
        let job = move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| with_threads(threads, watched, work)));
            // The receiver lives until this arrives.
            let _ = send.send(outcome);
        };
        if std::thread::Builder::new().name("resemblance".into()).spawn_scoped(scope, job).is_err() {
            return Ok(Err(Error::OverBudget { what: "a new thread".into(), need: 0.0, free: 0.0 }));
        }
        let receive = Mutex::new(receive);
        loop {
            let wait = || receive.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv_timeout(TICK);
            let arrived = py.detach(wait);
            if pending.is_none() {
                pending = py.check_signals().err().or_else(|| tell(progress, &watch, &mut told).err());
                if pending.is_some() {
                    watch.cancel();
                }
            }
            match arrived {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Box::new("a worker was lost")),
            }
        }
    });
    if pending.is_none() && matches!(outcome, Ok(Ok(_))) {
        watch.complete();
        pending = tell(progress, &watch, &mut told).err();
    }
    memory::give_back();
    finish(py, outcome, pending)
}

/// Tell the caller how far it is, if that changed.
fn tell(progress: Option<&Bound<'_, PyAny>>, watch: &Watch, told: &mut Option<(u64, u64)>) -> PyResult<()> {
    let (Some(callback), now) = (progress, watch.progress()) else { return Ok(()) };
    if now.1 > 0 && *told != Some(now) {
        *told = Some(now);
        callback.call1(now)?;
    }
    Ok(())
}

fn finish<R>(py: Python<'_>, outcome: std::thread::Result<Result<R>>, pending: Option<PyErr>) -> PyResult<R> {
    match (outcome, pending) {
        (Ok(Ok(answer)), None) => Ok(answer),
        (_, Some(error)) => Err(error),
        (Ok(Err(error)), None) => Err(exception(py, &error)),
        (Err(panic), None) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(internal(&text.unwrap_or_else(|| "no message".into())))
        }
    }
}
