//! An order between what workers write and then read and what a writer writes and then reads, which costs the writer.
//!
//! A worker says that it enters and then reads which configuration is current; a writer publishes a configuration and then reads who has
//! entered. One of the two has to see what the other wrote, for which each needs a fence in between. A worker's fence would be run for every
//! packet, and takes as long as several tables. Linux can put one into all running threads of a process on behalf of one of them
//! (membarrier(2)): where it does, workers only keep the compiler from changing the order. Elsewhere both have a fence.

use std::sync::OnceLock;
use std::sync::atomic::{Ordering, compiler_fence, fence};

/// Whether fences can be put into other threads. It does not change while the process lives.
pub(crate) fn is_remote() -> bool {
    static IS_REMOTE: OnceLock<bool> = OnceLock::new();
    *IS_REMOTE.get_or_init(register)
}

/// The worker's side: what was written before is seen by the writer, or what is read behind was published before the writer's side.
#[inline(always)]
pub(crate) fn of_worker(is_remote: bool) {
    if is_remote {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// The writer's side; whether there is an order now.
pub(crate) fn of_writer() -> bool {
    fence(Ordering::SeqCst);
    !is_remote() || everywhere()
}

#[cfg(target_os = "linux")]
fn register() -> bool {
    use rustix::thread::{MembarrierCommand, membarrier, membarrier_query};
    membarrier_query().contains_command(MembarrierCommand::PrivateExpedited)
        && membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
}

#[cfg(target_os = "linux")]
fn everywhere() -> bool {
    use rustix::thread::{MembarrierCommand, membarrier};
    membarrier(MembarrierCommand::PrivateExpedited).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn register() -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn everywhere() -> bool {
    false
}
