//! Sets of 16-bit numbers that are matched by ranges, with "absent" beside them.

use std::sync::Arc;

use super::Combine;

/// A set of 16-bit numbers as sorted intervals that neither overlap nor touch, and whether absent is in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IntervalSet {
    optional: bool,
    absent: bool,
    intervals: Arc<[(u16, u16)]>,
}

impl IntervalSet {
    /// No value. `optional`: whether absent is a value of the domain.
    pub fn empty(optional: bool) -> Self {
        Self { optional, absent: false, intervals: Arc::from([]) }
    }

    /// The values of the given intervals, both ends included, in any order; one with its ends reversed is empty.
    pub fn of(optional: bool, intervals: impl IntoIterator<Item = (u16, u16)>) -> Self {
        let mut sorted: Vec<(u16, u16)> = intervals.into_iter().filter(|(low, high)| low <= high).collect();
        sorted.sort_unstable();
        let mut joined: Vec<(u16, u16)> = Vec::with_capacity(sorted.len());
        for (low, high) in sorted {
            match joined.last_mut() {
                Some(last) if u32::from(low) <= u32::from(last.1) + 1 => last.1 = last.1.max(high),
                _ => joined.push((low, high)),
            }
        }
        Self { optional, absent: false, intervals: joined.into() }
    }

    /// The same with absent in it, where the domain has that.
    pub fn with_absent(mut self) -> Self {
        self.absent = self.optional;
        self
    }

    /// Whether the value is in the set; `None` is absent.
    pub fn contains(&self, value: Option<u16>) -> bool {
        let Some(value) = value else { return self.absent };
        let behind = self.intervals.partition_point(|(low, _)| *low <= value);
        behind.checked_sub(1).is_some_and(|i| value <= self.intervals[i].1)
    }

    /// The intervals, sorted, not touching, ends included.
    pub fn intervals(&self) -> &[(u16, u16)] {
        &self.intervals
    }

    /// Whether absent is in the set.
    pub fn has_absent(&self) -> bool {
        self.absent
    }

    /// Whether it contains nothing.
    pub fn is_empty(&self) -> bool {
        !self.absent && self.intervals.is_empty()
    }

    /// Whether it contains every number, and absent where the domain has that.
    pub fn is_full(&self) -> bool {
        self.absent == self.optional && *self.intervals == [(0, u16::MAX)]
    }

    /// Values not in the set.
    pub fn complement(&self) -> Self {
        self.combine(self, |a, _| !a)
    }

    pub(super) fn combine(&self, other: &Self, op: Combine) -> Self {
        let mut out: Vec<(u16, u16)> = Vec::new();
        let (mut a, mut b) = (Edges::new(&self.intervals), Edges::new(&other.intervals));
        let mut at = 0u32;
        while at <= u32::from(u16::MAX) {
            let (in_a, until_a) = a.state(at);
            let (in_b, until_b) = b.state(at);
            let until = until_a.min(until_b);
            if op(in_a, in_b) {
                // `at` and `until - 1` are both below 65,536.
                let (low, high) = (at as u16, (until - 1) as u16);
                match out.last_mut() {
                    Some(last) if u32::from(last.1) + 1 == at => last.1 = high,
                    _ => out.push((low, high)),
                }
            }
            at = until;
        }
        let optional = self.optional;
        Self { optional, absent: optional && op(self.absent, other.absent), intervals: out.into() }
    }
}

/// Reads a list of intervals as a function that changes at edges.
struct Edges<'a> {
    left: &'a [(u16, u16)],
}

impl<'a> Edges<'a> {
    fn new(intervals: &'a [(u16, u16)]) -> Self {
        Self { left: intervals }
    }

    /// Membership at `at`, and where it changes next; called with growing `at`.
    fn state(&mut self, at: u32) -> (bool, u32) {
        while let Some(((_, high), rest)) = self.left.split_first()
            && u32::from(*high) < at
        {
            self.left = rest;
        }
        match self.left.first() {
            Some((low, _)) if at < u32::from(*low) => (false, u32::from(*low)),
            Some((_, high)) => (true, u32::from(*high) + 1),
            None => (false, u32::from(u16::MAX) + 1),
        }
    }
}
