//! Available memory, and requests for large pieces of it.
//!
//! What grows with the square of the number of rows outgrows a machine quickly: 200,000 rows have 160 GB of distances. The
//! system answers such a request late and rudely, by ending the process. So an operation says what it needs before the
//! first byte ([`Par::require`](crate::Par::require)), and is refused by a named error where that is more than there is.
//!
//! There is as much as the least of these leaves: the memory of the machine, the limits of the control groups the process
//! belongs to (those of a container or of a batch job; version 1 and 2, and all groups above), its resource limits on
//! address space and data, and the limit the caller gave. Where the system says nothing of these (outside of Linux), only
//! the limit of the caller counts.
//!
//! What is asked for last may still not be given, since others take memory too; [`zeros`], [`filled`] and [`room`] then
//! return the same named error where the collections of the standard library end the process.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Up to so many bytes nobody looks how much there is: looking takes longer than filling them.
pub const SMALL: f64 = (1 << 26) as f64;

/// Bytes that this process may still take, as the system tells; infinite where it does not.
pub fn available() -> f64 {
    available_under(Path::new("/"))
}

/// The same, told by the files under another root.
pub fn available_under(root: &Path) -> f64 {
    machine(root).min(control_groups(root)).min(resource_limits(root)).max(0.0)
}

fn machine(root: &Path) -> f64 {
    field(&root.join("proc/meminfo"), "MemAvailable:").map_or(f64::INFINITY, |kib| 1024.0 * kib)
}

/// The number behind a word at the beginning of a line.
fn field(file: &Path, word: &str) -> Option<f64> {
    let text = read_to_string(file).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Bytes that the soft limits on address space and on data leave.
fn resource_limits(root: &Path) -> f64 {
    let own = root.join("proc/self");
    let limits = read_to_string(own.join("limits")).unwrap_or_default();
    let left = |limit: &str, used: &str| {
        let rest = limits.lines().find_map(|line| line.strip_prefix(limit))?;
        let most: f64 = rest.split_whitespace().next()?.parse().ok()?; // a word if there is no limit
        Some(most - 1024.0 * field(&own.join("status"), used)?)
    };
    let address_space = left("Max address space", "VmSize:").unwrap_or(f64::INFINITY);
    address_space.min(left("Max data size", "VmData:").unwrap_or(f64::INFINITY))
}

/// Mount point of the control groups of memory, which of them is the root there, and the names of their files.
struct Hierarchy {
    mounted: PathBuf,
    root: String,
    files: &'static Files,
}

struct Files {
    /// Of the one hierarchy for everything of version 2, or of that of memory in version 1.
    unified: bool,
    /// Limits, whichever are set.
    limits: &'static [&'static str],
    usage: &'static str,
    /// Prefix of the words of `memory.stat` that concern the whole group.
    prefix: &'static str,
}

const VERSION_2: Files =
    Files { unified: true, limits: &["memory.max", "memory.high"], usage: "memory.current", prefix: "" };
const VERSION_1: Files =
    Files { unified: false, limits: &["memory.limit_in_bytes"], usage: "memory.usage_in_bytes", prefix: "total_" };

/// Bytes that the control groups of this process and those above them leave.
fn control_groups(root: &Path) -> f64 {
    let groups = read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mounts = read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default();
    let mut least = f64::INFINITY;
    for hierarchy in mounts.lines().filter_map(|line| hierarchy(root, line)) {
        let unified = hierarchy.files.unified;
        let own = groups.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            let concerns =
                if unified { controllers.is_empty() } else { controllers.split(',').any(|it| it == "memory") };
            concerns.then_some(path)
        });
        // A container may see its own group as the root of the mount, under the name the host has for it.
        let below = own.and_then(|own| own.strip_prefix(hierarchy.root.trim_end_matches('/'))).unwrap_or_default();
        let group = hierarchy.mounted.join(below.trim_start_matches('/'));
        let inside = group.ancestors().take_while(|group| group.starts_with(&hierarchy.mounted));
        least = inside.filter_map(|group| left_in(group, hierarchy.files)).fold(least, f64::min);
    }
    least
}

/// The hierarchy that a line of `/proc/self/mountinfo` tells of, if it limits memory.
fn hierarchy(root: &Path, line: &str) -> Option<Hierarchy> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let (group, mounted) = (before.next()?, before.next()?);
    let mut after = after.split(' ');
    let files = match after.next()? {
        "cgroup2" => &VERSION_2,
        "cgroup" if after.nth(1)?.split(',').any(|option| option == "memory") => &VERSION_1,
        _ => return None,
    };
    Some(Hierarchy { mounted: root.join(mounted.trim_start_matches('/')), root: group.to_owned(), files })
}

/// Bytes that one group leaves: its limit less what is used and cannot be had back by forgetting files read.
fn left_in(group: &Path, files: &Files) -> Option<f64> {
    let number = |file: &str| -> Option<f64> { read_to_string(group.join(file)).ok()?.trim().parse().ok() };
    let limit = files.limits.iter().filter_map(|file| number(file)).reduce(f64::min)?;
    let stat = group.join("memory.stat");
    let cached = |word: &str| field(&stat, &format!("{}{word} ", files.prefix)).unwrap_or(0.0);
    let used = number(files.usage)? - cached("inactive_file") - cached("active_file");
    Some(limit - used.max(0.0))
}

/// Numbers whose zero is all bytes zero.
///
/// # Safety
/// It must be, and a value must need no care when it is dropped.
#[allow(unsafe_code)]
pub unsafe trait ZeroableNumber: Copy {}

#[allow(unsafe_code)] // IEEE 754 and two's complement
unsafe impl ZeroableNumber for f64 {}
#[allow(unsafe_code)] // the same
unsafe impl ZeroableNumber for f32 {}
#[allow(unsafe_code)] // the same
unsafe impl ZeroableNumber for u32 {}

/// So many zeros. Fresh pages of the system are zero, so nothing is written; a single thread that did would take as long as
/// the work on them does.
#[allow(unsafe_code)]
pub fn zeros<T: ZeroableNumber>(what: &str, len: usize) -> Result<Vec<T>> {
    if len == 0 {
        return Ok(Vec::new());
    }
    let layout = std::alloc::Layout::array::<T>(len).map_err(|_| refused::<T>(what, len))?;
    // SAFETY: no number is of size zero and there is one, so neither is the layout.
    let begin = unsafe { std::alloc::alloc_zeroed(layout) }.cast::<T>();
    if begin.is_null() {
        return Err(refused::<T>(what, len));
    }
    // SAFETY: the global allocator gave it for this layout, that of `len` values, and all of them are zero.
    Ok(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(begin, len)) }.into_vec())
}

/// The same value so many times.
pub fn filled<T: Clone>(what: &str, len: usize, value: T) -> Result<Vec<T>> {
    let mut made = room(what, len)?;
    made.resize(len, value);
    Ok(made)
}

/// Room for so many values.
pub fn room<T>(what: &str, len: usize) -> Result<Vec<T>> {
    let mut made = Vec::new();
    made.try_reserve_exact(len).map_err(|_| refused::<T>(what, len))?;
    Ok(made)
}

/// The error for so many values that the allocator did not give.
fn refused<T>(what: &str, len: usize) -> Error {
    Error::OverBudget { what: what.into(), need: size_of::<T>() as f64 * len as f64, free: available() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that stands for the root of a system, with these files.
    fn system(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("resemblance-memory-{}-{name}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    fn available(name: &str, files: &[(&str, &str)]) -> f64 {
        let root = system(name, files);
        let available = available_under(&root);
        std::fs::remove_dir_all(root).unwrap();
        available
    }

    const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal: 8000 kB\nMemFree: 10 kB\nMemAvailable:    5000 kB\n");

    #[test]
    fn a_system_that_says_nothing_sets_no_limit() {
        assert_eq!(available("nothing", &[("proc/other", "")]), f64::INFINITY);
        assert_eq!(available("machine", &[MACHINE]), 5000.0 * 1024.0);
    }

    #[test]
    fn the_groups_above_limit_too() {
        let mount = "30 20 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";
        let files = [
            ("proc/meminfo", "MemAvailable: 90000000 kB\n"),
            ("proc/self/cgroup", "0::/batch/job/step\n"),
            ("proc/self/mountinfo", mount),
            ("sys/fs/cgroup/batch/job/step/memory.max", "max\n"),
            ("sys/fs/cgroup/batch/job/step/memory.current", "400000\n"),
            ("sys/fs/cgroup/batch/job/memory.max", "3000000\n"),
            ("sys/fs/cgroup/batch/job/memory.current", "2000000\n"),
            ("sys/fs/cgroup/batch/job/memory.stat", "anon 5\ninactive_file 300000\nactive_file 200000\n"),
            ("sys/fs/cgroup/batch/memory.max", "90000000\n"),
            ("sys/fs/cgroup/batch/memory.current", "1\n"),
        ];
        assert_eq!(available("unified", &files), 1500000.0);
    }

    #[test]
    fn a_container_that_calls_its_group_as_the_host_does_is_found() {
        let mount = "40 20 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        let files = [
            ("proc/self/cgroup", "5:cpu:/docker/abc\n4:memory:/docker/abc\n0::/\n"),
            ("proc/self/mountinfo", mount),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "400000\n"),
            ("sys/fs/cgroup/memory/memory.stat", "inactive_file 9\ntotal_inactive_file 100000\n"),
        ];
        assert_eq!(available("version-1", &files), 700000.0);
    }

    #[test]
    fn resource_limits_count_what_the_process_holds() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max data size             unlimited            unlimited            bytes\n\
                      Max address space         2097152              unlimited            bytes\n";
        let status = "Name:\tpython\nVmPeak:\t  3000 kB\nVmSize:\t  1024 kB\nVmData:\t  10 kB\n";
        let files = [MACHINE, ("proc/self/limits", limits), ("proc/self/status", status)];
        assert_eq!(available("limits", &files), 1048576.0);
        let full = [MACHINE, files[1], ("proc/self/status", "VmSize:\t  4000 kB\n")];
        assert_eq!(available("full", &full), 0.0);
    }

    #[test]
    fn what_the_allocator_does_not_give_is_a_named_error() {
        for refused in
            [zeros::<f64>("this", usize::MAX / 16), filled("this", usize::MAX / 16, 1.0), room("this", 1 << 62)]
        {
            assert!(matches!(refused, Err(Error::OverBudget { .. })));
        }
        assert_eq!(zeros::<f64>("this", 3).unwrap(), filled("this", 3, 0.0).unwrap());
    }
}
