//! Which tables stay as they are, so that they become constants.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The longest that a table has to stay as it is.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Constants that lasted so many times as long as it was waited for them were worth it.
const WORTH: u32 = 10;

/// How long a table has been as it is.
#[derive(Clone, Copy, Debug)]
struct Known {
    writes: u64,
    since: Instant,
    /// How long it has to stay as it is.
    wait: Duration,
}

/// How long tables have been as they are, and when they become constants: a table that was one in vain, twice as late as before.
#[derive(Clone, Debug)]
pub(super) struct Steady {
    /// Where waiting begins.
    least: Duration,
    tables: BTreeMap<usize, Known>,
    /// Tables that are constants, or would be if the kernel took it.
    constants: BTreeSet<usize>,
    /// Since when.
    constants_since: Instant,
}

impl Steady {
    pub(super) fn new(least: Duration, now: Instant) -> Self {
        Self { least, tables: BTreeMap::new(), constants: BTreeSet::new(), constants_since: now }
    }

    /// Tables that have been as they are for long enough, those that are constants included.
    pub(super) fn due(&self, now: Instant) -> BTreeSet<usize> {
        let tables = self.tables.iter().filter(|(_, known)| known.since + known.wait <= now);
        tables.map(|(table, _)| *table).chain(self.constants.iter().copied()).collect()
    }

    /// How long until another table is due; none where all are constants.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        let others = self.tables.iter().filter(|(table, _)| !self.constants.contains(table));
        others.map(|(_, known)| (known.since + known.wait).saturating_duration_since(now)).min()
    }

    /// These are constants now, or are refused.
    pub(super) fn tried(&mut self, tables: BTreeSet<usize>, now: Instant) {
        self.constants = tables;
        self.constants_since = now;
    }

    /// Somebody wrote: tables that can be constants, how often each was written to, and whether a program runs now in which none is.
    pub(super) fn written(&mut self, candidates: &[(usize, u64)], is_replaced: bool, now: Instant) {
        let lasted = now.saturating_duration_since(self.constants_since);
        let before = std::mem::take(&mut self.tables);
        let mut is_thawed = is_replaced;
        for (table, writes) in candidates {
            let known = match before.get(table) {
                Some(known) if known.writes == *writes => *known,
                Some(known) if self.constants.contains(table) => {
                    is_thawed = true;
                    let wait = if lasted > known.wait * WORTH { self.least } else { known.wait * 2 };
                    Known { writes: *writes, since: now, wait: wait.min(LONGEST) }
                }
                Some(known) => Known { writes: *writes, since: now, wait: known.wait },
                None => Known { writes: *writes, since: now, wait: self.least },
            };
            self.tables.insert(*table, known);
        }
        // One of them was written to: the program that looks all of them up runs.
        if is_thawed || self.constants.iter().any(|table| !self.tables.contains_key(table)) {
            self.constants.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn steady(now: Instant) -> Steady {
        let mut steady = Steady::new(SECOND, now);
        steady.written(&[(3, 1), (5, 1)], true, now);
        steady
    }

    #[test]
    fn tables_are_due_when_nobody_has_written_to_them() {
        let now = Instant::now();
        let mut steady = steady(now);
        assert_eq!(steady.patience(now), Some(SECOND));
        steady.written(&[(3, 1), (5, 2)], false, now + SECOND / 2);
        assert_eq!(steady.due(now + SECOND), [3].into());
        steady.tried([3].into(), now + SECOND);
        assert_eq!(steady.patience(now + SECOND), Some(SECOND / 2));
        let due = steady.due(now + SECOND * 3 / 2);
        assert_eq!(due, [3, 5].into());
        steady.tried(due, now + SECOND * 3 / 2);
        assert_eq!(steady.patience(now + SECOND * 9), None);
    }

    #[test]
    fn who_is_written_to_again_waits_twice_as_long_and_others_do_not() {
        let begin = Instant::now();
        let mut steady = steady(begin);
        let mut now = begin + SECOND;
        for (writes, wait) in [(2, 2), (3, 4), (4, 8)] {
            steady.tried([3, 5].into(), now);
            now += SECOND;
            steady.written(&[(3, 1), (5, writes)], false, now);
            assert_eq!(steady.due(now), [3].into());
            steady.tried([3].into(), now);
            assert_eq!(steady.patience(now), Some(SECOND * wait));
        }
        // Constants that lasted bring it back.
        steady.tried([3, 5].into(), now);
        now += SECOND * 81;
        steady.written(&[(3, 1), (5, 9)], false, now);
        steady.tried([3].into(), now);
        assert_eq!(steady.patience(now), Some(SECOND));
    }

    #[test]
    fn a_table_that_lost_its_entries_is_no_constant() {
        let now = Instant::now();
        let mut steady = steady(now);
        steady.tried([3, 5].into(), now + SECOND);
        steady.written(&[(3, 1)], false, now + SECOND * 2);
        assert_eq!(steady.patience(now + SECOND * 2), Some(Duration::ZERO));
        assert_eq!(steady.due(now + SECOND * 2), [3].into());
    }
}
