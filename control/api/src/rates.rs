//! How often somebody may call.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Most callers that are told apart at a time.
const MAX_CALLERS: usize = 4096;

/// A bucket a caller: it holds so many calls, and fills at so many a second.
#[derive(Debug)]
pub(crate) struct Rates<K> {
    burst: f64,
    per_second: f64,
    buckets: Mutex<HashMap<K, (f64, Instant)>>,
}

impl<K: Eq + Hash> Rates<K> {
    pub(crate) fn new(burst: u32, per_second: u32) -> Self {
        Self { burst: f64::from(burst), per_second: f64::from(per_second), buckets: Mutex::default() }
    }

    /// Whether a call may be made now.
    pub(crate) fn take(&self, caller: K, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |level: f64, since: Instant| {
            let seconds = now.saturating_duration_since(since).as_secs_f64();
            (level + seconds * self.per_second).min(self.burst)
        };
        if buckets.len() >= MAX_CALLERS && !buckets.contains_key(&caller) {
            // Whoever has a full bucket is as good as unknown.
            buckets.retain(|_, (level, since)| filled(*level, *since) < self.burst);
            if buckets.len() >= MAX_CALLERS {
                return false;
            }
        }
        let (level, since) = buckets.entry(caller).or_insert((self.burst, now));
        let full = filled(*level, *since);
        *since = now;
        *level = if full >= 1.0 { full - 1.0 } else { full };
        full >= 1.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_then_a_rate() {
        let rates = Rates::new(3, 2);
        let start = Instant::now();
        let passes = |after: u64| rates.take("ann", start + Duration::from_millis(after));
        assert_eq!([0, 0, 0, 0].map(passes), [true, true, true, false]);
        assert_eq!([400, 500, 600].map(passes), [false, true, false]);
        assert_eq!([60_000, 60_000, 60_000, 60_000].map(passes), [true, true, true, false]);
        assert!(rates.take("bob", start), "others have their own");
    }

    #[test]
    fn callers_beyond_the_bound_are_refused_until_others_are_forgotten() {
        let rates = Rates::new(1, 1);
        let start = Instant::now();
        assert!((0..MAX_CALLERS).all(|caller| rates.take(caller, start)));
        assert!(!rates.take(MAX_CALLERS, start));
        assert!(rates.take(MAX_CALLERS, start + Duration::from_secs(2)));
    }
}
