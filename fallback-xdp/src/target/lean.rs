//! A thread that lets the program run which is needed for what is written, as soon as nobody writes for a while.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Core;

/// Nobody writes for so long before the program is compiled.
const QUIET: Duration = Duration::from_millis(300);

/// What there is to do.
#[derive(Debug, Default)]
struct Todo {
    /// How many writes there were.
    writes: u64,
    /// That many the thread has seen.
    seen: u64,
    ends: bool,
}

#[derive(Debug, Default)]
struct Bell {
    todo: Mutex<Todo>,
    rung: Condvar,
}

impl Bell {
    fn todo(&self) -> MutexGuard<'_, Todo> {
        self.todo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a write, and until there was none for a while; whether the thread goes on.
    fn wait(&self) -> bool {
        let mut todo = self.todo();
        while !todo.ends && todo.writes == todo.seen {
            todo = self.rung.wait(todo).unwrap_or_else(PoisonError::into_inner);
        }
        while !todo.ends && todo.writes != todo.seen {
            todo.seen = todo.writes;
            let waited = self.rung.wait_timeout(todo, QUIET);
            todo = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(todo, _)| todo);
        }
        !todo.ends
    }
}

/// The thread. It ends with this.
#[derive(Debug)]
pub(super) struct Specializer {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Specializer {
    pub(super) fn start(core: &Arc<Mutex<Core>>) -> Self {
        let bell = Arc::new(Bell::default());
        let (core, heard) = (Arc::downgrade(core), bell.clone());
        let thread = std::thread::Builder::new().name("xdp-specializer".to_string()).spawn(move || {
            while heard.wait() {
                specialize(&core);
            }
        });
        let thread = thread.inspect_err(|why| tracing::warn!(%why, "the whole program stays"));
        Self { bell, thread: thread.ok() }
    }

    /// Something was written.
    pub(super) fn ring(&self) {
        self.bell.todo().writes += 1;
        self.bell.rung.notify_all();
    }
}

impl Drop for Specializer {
    fn drop(&mut self) {
        self.bell.todo().ends = true;
        self.bell.rung.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Compiles beside the traffic and beside writes; a write that comes meanwhile rings again.
fn specialize(core: &Weak<Mutex<Core>>) {
    let Some(held) = core.upgrade() else { return };
    let (source, generation) = {
        let core = held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(loaded) = &core.loaded else { return };
        (loaded.device.lean_source(), core.generation)
    };
    drop(held);
    let object = match source {
        Ok(Some(source)) => source.compile(),
        Ok(None) => return,
        Err(why) => Err(why),
    };
    let Some(held) = core.upgrade() else { return };
    let mut core = held.lock().unwrap_or_else(PoisonError::into_inner);
    if core.generation != generation {
        return;
    }
    let Some(loaded) = &mut core.loaded else { return };
    match object.and_then(|object| loaded.device.run_lean(&object)) {
        Ok(true) => {
            let left_out = loaded.device.tables_left_out();
            tracing::info!(left_out, "the program that runs does without tables that are empty");
        }
        Ok(false) => {}
        Err(why) => tracing::warn!(%why, "the whole program stays, which is slower"),
    }
}
