//! Any mix of exact, prefix, ternary and optional keys: by masks or entry by entry, whichever takes less.
//!
//! A hash table for each combination of masks takes time by the combinations, a list takes time by the entries. A table that is small keeps
//! both; decision 16 says where one overtakes the other.

use super::masked::MaskedGroups;
use super::scan::ScanList;
use super::{Rule, Shape};

/// Entries up to which there is a list.
const LISTED: usize = 512;

/// So many entries of a list take as long as one group.
const ENTRIES_A_GROUP: usize = 24;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Ternary {
    groups: MaskedGroups,
    /// `None` in a table that was larger than a list may be, until it is built anew.
    list: Option<ScanList>,
    /// Whether the list is quicker.
    scans: bool,
}

impl Ternary {
    pub(super) fn build(shape: &Shape, rules: &[Rule<'_>]) -> Self {
        let list = (rules.len() <= LISTED).then(|| ScanList::build(shape, rules));
        let mut built = Self { groups: MaskedGroups::build(shape, rules), list, scans: false };
        built.decide();
        built
    }

    fn decide(&mut self) {
        self.list.take_if(|list| list.len() > LISTED);
        let scans = |list: &ScanList| list.len() < self.groups.len() * ENTRIES_A_GROUP;
        self.scans = self.list.as_ref().is_some_and(scans);
    }

    pub(super) fn insert(&mut self, shape: &Shape, rule: &Rule<'_>) {
        self.groups.insert(shape, rule);
        if let Some(list) = &mut self.list {
            list.insert(shape, rule);
        }
        self.decide();
    }

    pub(super) fn remove(&mut self, shape: &Shape, rule: &Rule<'_>) {
        self.groups.remove(shape, rule);
        if let Some(list) = &mut self.list {
            list.remove(rule);
        }
        self.decide();
    }

    /// What the groups find, and the list, if there is one.
    #[cfg(test)]
    pub(super) fn lookup_both(&self, key: &[u64]) -> Vec<u32> {
        self.list.iter().map(|list| list.lookup(key)).chain([self.groups.lookup(key)]).collect()
    }

    #[inline]
    pub(super) fn lookup(&self, key: &[u64]) -> u32 {
        match &self.list {
            Some(list) if self.scans => list.lookup(key),
            _ => self.groups.lookup(key),
        }
    }
}
