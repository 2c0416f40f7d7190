//! A thread that lets the program run which is needed for what is written, as soon as nobody writes for a while.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Core;
use super::steady::Steady;
use crate::lean::Freeze;

/// Nobody writes for so long before the program is compiled.
const QUIET: Duration = Duration::from_millis(300);

/// What there is to do.
#[derive(Debug, Default)]
struct Todo {
    /// How many writes there were.
    writes: u64,
    /// That many the thread has seen.
    seen: u64,
    /// Nothing is left to be done for what was written.
    is_done: bool,
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

    /// Waits for a write, and until there was none for a while; or for that long, where nobody writes.
    fn wait(&self, patience: Option<Duration>) -> Woken {
        let until = patience.map(|patience| Instant::now() + patience);
        let mut todo = self.todo();
        while !todo.ends && todo.writes == todo.seen {
            let Some(until) = until else {
                todo = self.rung.wait(todo).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Woken::Steady;
            }
            let waited = self.rung.wait_timeout(todo, left);
            todo = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(todo, _)| todo);
        }
        while !todo.ends && todo.writes != todo.seen {
            todo.seen = todo.writes;
            let waited = self.rung.wait_timeout(todo, QUIET);
            todo = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(todo, _)| todo);
        }
        if todo.ends { Woken::Ends } else { Woken::Written }
    }
}

/// Why the thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    /// Something was written.
    Written,
    /// Nothing was for as long as it would wait.
    Steady,
    /// It is to end.
    Ends,
}

/// The thread. It ends with this.
#[derive(Debug)]
pub(super) struct Specializer {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Specializer {
    /// Begins; what has not been written to for `steady` becomes constants.
    pub(super) fn start(core: &Arc<Mutex<Core>>, steady: Duration) -> Self {
        let bell = Arc::new(Bell::default());
        let (core, heard) = (Arc::downgrade(core), bell.clone());
        let thread = std::thread::Builder::new()
            .name("xdp-specializer".to_string())
            .spawn(move || follow(&core, &heard, Steady::new(steady, Instant::now())));
        let thread = thread.inspect_err(|why| tracing::warn!(%why, "the whole program stays"));
        Self { bell, thread: thread.ok() }
    }

    /// Something was written.
    pub(super) fn ring(&self) {
        let mut todo = self.bell.todo();
        todo.writes += 1;
        todo.is_done = false;
        self.bell.rung.notify_all();
    }

    /// Whether no other program is to come unless something is written.
    pub(super) fn is_done(&self) -> bool {
        self.bell.todo().is_done
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

/// The thread's work.
fn follow(core: &Weak<Mutex<Core>>, bell: &Bell, mut steady: Steady) {
    loop {
        match bell.wait(steady.patience(Instant::now())) {
            Woken::Ends => return,
            Woken::Written => {
                let is_replaced = specialize(core, Freeze::Nothing);
                steady.written(&candidates(core), is_replaced, Instant::now());
            }
            Woken::Steady => {
                let due = steady.due(Instant::now());
                specialize(core, Freeze::Tables(&due));
                steady.tried(due, Instant::now());
            }
        }
        let mut todo = bell.todo();
        todo.is_done = todo.writes == todo.seen && steady.patience(Instant::now()).is_none();
    }
}

/// Tables that can be constants, and how often each was written to.
fn candidates(core: &Weak<Mutex<Core>>) -> Vec<(usize, u64)> {
    let Some(held) = core.upgrade() else { return Vec::new() };
    let core = held.lock().unwrap_or_else(PoisonError::into_inner);
    core.loaded.as_ref().map(|loaded| loaded.device.candidates()).unwrap_or_default()
}

/// Compiles beside the traffic and beside writes; a write that comes meanwhile rings again. Whether another program runs now.
fn specialize(core: &Weak<Mutex<Core>>, freeze: Freeze<'_>) -> bool {
    let Some(held) = core.upgrade() else { return false };
    let (source, generation) = {
        let core = held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(loaded) = &core.loaded else { return false };
        (loaded.device.lean_source(freeze), core.generation)
    };
    drop(held);
    let object = match source {
        Ok(Some(source)) => source.compile(),
        Ok(None) => return false,
        Err(why) => Err(why),
    };
    let Some(held) = core.upgrade() else { return false };
    let mut core = held.lock().unwrap_or_else(PoisonError::into_inner);
    if core.generation != generation {
        return false;
    }
    let Some(loaded) = &mut core.loaded else { return false };
    match object.and_then(|object| loaded.device.run_lean(&object)) {
        Ok(true) => {
            let (left_out, constant) = (loaded.device.tables_left_out(), loaded.device.frozen_tables().len());
            tracing::info!(left_out, constant, "a program runs that does without empty tables");
            true
        }
        Ok(false) => false,
        Err(why) => {
            tracing::warn!(%why, "the program from before stays, which is slower");
            false
        }
    }
}
