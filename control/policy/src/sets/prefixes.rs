//! Sets of fixed-width keys, written as nested prefixes: each node says whether the keys under it are in the set, until
//! a longer prefix says otherwise. That is what a longest-prefix table holds, so nodes are entries.
//!
//! A node that says what its parent says is dropped. Two lists of nodes may still mean one set (two halves, or the
//! whole), and which of them is kept is not chosen here: entries stay what people wrote. Equality and hash go by
//! meaning, through the places where membership changes.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::Combine;
use crate::fields::ICMP_BITS;

/// An unsigned integer wide enough for a key.
pub trait PrefixKey: Copy + Ord + Hash + fmt::Debug + Into<u128> {
    /// The low bits of `wide`; the callers' values fit.
    fn narrow(wide: u128) -> Self;
}

impl PrefixKey for u32 {
    fn narrow(wide: u128) -> Self {
        wide as Self
    }
}

impl PrefixKey for u128 {
    fn narrow(wide: u128) -> Self {
        wide
    }
}

/// One node: the keys that start with the first `length` bits of `value` are in the set, or not, as `member` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix<K> {
    /// The key's upper bits, the rest zero.
    pub value: K,
    /// How many bits count.
    pub length: u8,
    /// Whether keys under it are in the set.
    pub member: bool,
}

/// A set of `BITS`-bit keys. See the module for its form.
#[derive(Clone)]
pub struct PrefixSet<K, const BITS: u8> {
    root: bool,
    nodes: Arc<[Prefix<K>]>,
}

/// IPv4 addresses.
pub type Ipv4Set = PrefixSet<u32, 32>;
/// IPv6 addresses.
pub type Ipv6Set = PrefixSet<u128, 128>;
/// ICMP keys: family (2 bits), type (8), code (8).
pub type IcmpSet = PrefixSet<u32, ICMP_BITS>;

impl<K: PrefixKey, const BITS: u8> Default for PrefixSet<K, BITS> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<K: PrefixKey, const BITS: u8> PrefixSet<K, BITS> {
    /// The largest key.
    const LAST: u128 = u128::MAX >> (128 - BITS as u32);

    /// The set without keys.
    pub fn empty() -> Self {
        Self { root: false, nodes: Arc::from([]) }
    }

    /// The set of all keys.
    pub fn full() -> Self {
        Self { root: true, nodes: Arc::from([]) }
    }

    /// The keys under the given prefixes (value, length); bits behind the length do not count, and a length above
    /// `BITS` is `BITS`.
    pub fn of(prefixes: impl IntoIterator<Item = (K, u8)>) -> Self {
        let mut sorted: Vec<(u128, u8)> = prefixes
            .into_iter()
            .map(|(value, length)| {
                let length = length.min(BITS);
                (value.into() & Self::LAST & !Self::below(length), length)
            })
            .collect();
        sorted.sort_unstable();
        let mut nodes: Vec<Prefix<K>> = Vec::with_capacity(sorted.len());
        let mut covered: Option<u128> = None;
        for (value, length) in sorted {
            if length == 0 {
                return Self::full();
            }
            if covered.is_none_or(|last| value > last) {
                covered = Some(value | Self::below(length));
                nodes.push(Prefix { value: K::narrow(value), length, member: true });
            }
        }
        Self { root: false, nodes: nodes.into() }
    }

    /// Whether keys under no node are in the set: the membership of the prefix of length 0.
    pub fn root(&self) -> bool {
        self.root
    }

    /// The nodes, sorted by value, then length (so parents stand before children); lengths are 1 to `BITS`.
    pub fn nodes(&self) -> &[Prefix<K>] {
        &self.nodes
    }

    /// Whether it is written as prefixes that are in it, and nothing else.
    pub(super) fn is_plain(&self) -> bool {
        !self.root && self.nodes.iter().all(|node| node.member)
    }

    /// Whether the key is in the set.
    pub fn contains(&self, key: K) -> bool {
        let key: u128 = key.into();
        let mut end = self.nodes.partition_point(|node| node.value.into() <= key);
        // Of the nodes that start at or before the key, the last one that reaches it is the longest such prefix.
        // Those behind it are smaller neighbors of the key; each round leaves a shorter common prefix.
        while let Some(i) = end.checked_sub(1) {
            let node = &self.nodes[i];
            if key <= Self::last_of(node) {
                return node.member;
            }
            end = self.holders(i, key);
        }
        self.root
    }

    /// Whether it contains nothing.
    pub fn is_empty(&self) -> bool {
        self.pieces().all(|piece| !piece.member)
    }

    /// Whether it contains every key.
    pub fn is_full(&self) -> bool {
        self.pieces().all(|piece| piece.member)
    }

    /// Whether every key of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.nodes, &other.nodes) && self.root == other.root {
            return true;
        }
        let (mut a, mut b) = (self.pieces(), other.pieces());
        let (mut x, mut y) = (a.next(), b.next());
        while let (Some(p), Some(q)) = (x, y) {
            if p.member && !q.member {
                return false;
            }
            if p.last <= q.last {
                x = a.next();
            }
            if q.last <= p.last {
                y = b.next();
            }
        }
        true
    }

    /// Keys in either.
    pub fn union(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a || b)
    }

    /// Keys not in the set.
    pub fn complement(&self) -> Self {
        let flip = |node: &Prefix<K>| Prefix { member: !node.member, ..*node };
        Self { root: !self.root, nodes: self.nodes.iter().map(flip).collect() }
    }

    /// One walk over both lists, with the open prefixes of both on a stack.
    pub(super) fn combine(&self, other: &Self, op: Combine) -> Self {
        let root = op(self.root, other.root);
        let mut nodes: Vec<Prefix<K>> = Vec::with_capacity(self.nodes.len() + other.nodes.len());
        let mut stack = vec![Open { last: Self::LAST, a: self.root, b: other.root, out: root }];
        let (mut i, mut j) = (0, 0);
        loop {
            let (x, y) = (self.nodes.get(i), other.nodes.get(j));
            let place = |node: &Prefix<K>| (node.value, node.length);
            let Some(next) = [x, y].into_iter().flatten().map(place).min() else { break };
            let value: u128 = next.0.into();
            while stack.len() > 1 && stack.last().is_some_and(|open| open.last < value) {
                stack.pop();
            }
            // The stack's first entry covers every key and is never popped.
            let mut open =
                *stack.last().unwrap_or(&Open { last: Self::LAST, a: self.root, b: other.root, out: root });
            if let Some(node) = x.filter(|node| place(node) == next) {
                open.a = node.member;
                i += 1;
            }
            if let Some(node) = y.filter(|node| place(node) == next) {
                open.b = node.member;
                j += 1;
            }
            open.last = value | Self::below(next.1);
            let member = op(open.a, open.b);
            if member != open.out {
                open.out = member;
                nodes.push(Prefix { value: next.0, length: next.1, member });
            }
            stack.push(open);
        }
        Self { root, nodes: nodes.into() }
    }

    /// The low bits that a prefix of this length leaves free.
    fn below(length: u8) -> u128 {
        let free = u32::from(BITS - length.min(BITS));
        if free == 0 { 0 } else { u128::MAX >> (128 - free) }
    }

    fn last_of(node: &Prefix<K>) -> u128 {
        node.value.into() | Self::below(node.length)
    }

    /// The nodes `..result` are those of `..i` that may still hold `key`, which node `i` does not: a prefix that holds
    /// both starts at or before their common upper bits.
    fn holders(&self, i: usize, key: u128) -> usize {
        let value: u128 = self.nodes[i].value.into();
        let common = (value ^ key).leading_zeros().saturating_sub(128 - u32::from(BITS));
        let start = key & !Self::below(common.min(u32::from(BITS)) as u8);
        // Prefixes with both in them are at most `common` bits long: among the nodes that start at or before `start`
        // with that length. Nodes that start there but are longer do not hold the key and are skipped in turn.
        self.nodes[..i].partition_point(|node| {
            let at: u128 = node.value.into();
            at < start || (at == start && u32::from(node.length) <= common)
        })
    }

    fn pieces(&self) -> Pieces<'_, K, BITS> {
        Pieces { left: &self.nodes, open: vec![(Self::LAST, self.root)], at: Some(0) }
    }

    /// The places where membership changes, and what it changes to: the set's meaning, whatever its nodes.
    fn changes(&self) -> impl Iterator<Item = (u128, bool)> + '_ {
        let mut before = None;
        self.pieces().filter_map(move |piece| {
            let changed = before != Some(piece.member);
            before = Some(piece.member);
            changed.then_some((piece.first, piece.member))
        })
    }
}

/// A prefix that [`PrefixSet::combine`] is inside: its last key and memberships.
#[derive(Clone, Copy)]
struct Open {
    last: u128,
    a: bool,
    b: bool,
    out: bool,
}

/// A run of keys under one node.
#[derive(Clone, Copy)]
struct Piece {
    first: u128,
    last: u128,
    member: bool,
}

/// All keys in order, as runs.
struct Pieces<'a, K, const BITS: u8> {
    left: &'a [Prefix<K>],
    open: Vec<(u128, bool)>,
    at: Option<u128>,
}

impl<K: PrefixKey, const BITS: u8> Iterator for Pieces<'_, K, BITS> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let first = self.at?;
        while let Some((node, rest)) = self.left.split_first()
            && node.value.into() == first
        {
            self.open.push((PrefixSet::<K, BITS>::last_of(node), node.member));
            self.left = rest;
        }
        let (mut last, member) = *self.open.last()?;
        if let Some(node) = self.left.first() {
            last = last.min(node.value.into() - 1);
        }
        while self.open.last().is_some_and(|open| open.0 <= last) {
            self.open.pop();
        }
        self.at = if self.open.is_empty() { None } else { Some(last + 1) };
        Some(Piece { first, last, member })
    }
}

impl<K: PrefixKey, const BITS: u8> PartialEq for PrefixSet<K, BITS> {
    fn eq(&self, other: &Self) -> bool {
        let same = Arc::ptr_eq(&self.nodes, &other.nodes) && self.root == other.root;
        same || self.changes().eq(other.changes())
    }
}

impl<K: PrefixKey, const BITS: u8> Eq for PrefixSet<K, BITS> {}

impl<K: PrefixKey, const BITS: u8> Hash for PrefixSet<K, BITS> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for change in self.changes() {
            change.hash(state);
        }
    }
}

impl<K: PrefixKey, const BITS: u8> fmt::Debug for PrefixSet<K, BITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrefixSet").field("root", &self.root).field("nodes", &self.nodes).finish()
    }
}
