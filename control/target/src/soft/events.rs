//! What the switch tells of its own accord.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Inner;
use crate::target::Event;

/// Most events that wait to be asked for; what comes beyond is lost, and counted.
pub const MAX_EVENTS: usize = 1 << 16;

/// How often digests and ports are looked at while somebody waits.
const TICK: Duration = Duration::from_millis(5);
/// How often all entries are looked at for idle ones.
const IDLE_TICK: Duration = Duration::from_millis(50);

#[derive(Default)]
struct State {
    waiting: VecDeque<Event>,
    idle_looked: Option<Instant>,
}

/// A queue with a bound.
#[derive(Default)]
pub(super) struct Events {
    state: Mutex<State>,
    changed: Condvar,
    lost: AtomicU64,
}

impl Events {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, event: Event) {
        let mut state = self.state();
        if state.waiting.len() >= MAX_EVENTS {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.waiting.push_back(event);
        self.changed.notify_one();
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether it is time to look for idle entries.
    fn is_idle_due(&self) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        let is_due = state.idle_looked.is_none_or(|last| now.duration_since(last) >= IDLE_TICK);
        if is_due {
            state.idle_looked = Some(now);
        }
        is_due
    }
}

impl Inner {
    pub(super) fn poll(&self, timeout: Duration) -> Vec<Event> {
        let end = Instant::now() + timeout;
        loop {
            self.look();
            let mut state = self.events.state();
            if state.waiting.is_empty()
                && let Some(left) = end.checked_duration_since(Instant::now())
            {
                let waited = self.events.changed.wait_timeout(state, left.min(TICK));
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            if !state.waiting.is_empty() || Instant::now() >= end {
                return std::mem::take(&mut state.waiting).into();
            }
        }
    }

    /// Fetches what the switch tells only when it is asked.
    fn look(&self) {
        self.look_at_ports();
        let Some(loaded) = self.loaded() else { return };
        if self.options.wall_clock {
            loaded.switch.advance(self.options.system.now_ns());
        }
        for list in loaded.switch.digest_lists() {
            self.events.push(Event::Digest(list));
        }
        if self.events.is_idle_due() {
            let entries: Vec<_> = loaded.switch.idle_entries().into_iter().map(|idle| idle.entry).collect();
            if !entries.is_empty() {
                self.events.push(Event::Idle { entries, time_ns: loaded.switch.now_ns() });
            }
        }
    }
}
