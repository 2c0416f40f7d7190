//! Sets over a domain of numbers that are matched exactly: finitely many, or all but finitely many.

use std::sync::Arc;

use super::{Combine, merged};

/// A set of numbers `0..=max`: the listed ones, or all but the listed ones.
///
/// Canonical: the shorter of the two ways (the first on a tie), sorted, without repeats; so derived equality is
/// equality of sets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValueSet {
    max: u64,
    others: bool,
    listed: Arc<[u64]>,
}

impl ValueSet {
    /// No value of the domain `0..=max`.
    pub fn empty(max: u64) -> Self {
        Self { max, others: false, listed: Arc::from([]) }
    }

    /// The given values; those above `max` are not in the domain and left out.
    pub fn of(max: u64, values: impl IntoIterator<Item = u64>) -> Self {
        let mut listed: Vec<u64> = values.into_iter().filter(|value| *value <= max).collect();
        listed.sort_unstable();
        listed.dedup();
        Self::canonical(max, false, listed)
    }

    /// Whether the value is in the set.
    pub fn contains(&self, value: u64) -> bool {
        value <= self.max && (self.listed.binary_search(&value).is_ok() != self.others)
    }

    /// The values mentioned, in order: in the set if [`ValueSet::others`] is false, not in it if it is true.
    pub fn listed(&self) -> &[u64] {
        &self.listed
    }

    /// Whether the values not listed are in the set.
    pub fn others(&self) -> bool {
        self.others
    }

    /// Largest value of the domain.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Whether it contains nothing.
    pub fn is_empty(&self) -> bool {
        !self.others && self.listed.is_empty()
    }

    /// Whether it contains the whole domain.
    pub fn is_full(&self) -> bool {
        self.others && self.listed.is_empty()
    }

    /// Values not in the set.
    pub fn complement(&self) -> Self {
        if self.listed.len() as u64 * 2 == self.max + 1 {
            // A tie: the way of writing it stays "the listed ones".
            return Self::canonical(self.max, true, self.listed.to_vec());
        }
        Self { max: self.max, others: !self.others, listed: Arc::clone(&self.listed) }
    }

    pub(super) fn combine(&self, other: &Self, op: Combine) -> Self {
        let others = op(self.others, other.others);
        let listed = merged(&self.listed, &other.listed)
            .filter(|value| op(self.contains(*value), other.contains(*value)) != others)
            .collect();
        Self::canonical(self.max, others, listed)
    }

    /// `listed` is sorted and within the domain.
    fn canonical(max: u64, others: bool, listed: Vec<u64>) -> Self {
        let twice = listed.len() as u64 * 2;
        let size = max + 1;
        if twice < size || (twice == size && !others) {
            return Self { max, others, listed: listed.into() };
        }
        let rest: Vec<u64> = (0..=max).filter(|value| listed.binary_search(value).is_err()).collect();
        Self { max, others: !others, listed: rest.into() }
    }
}
