//! What stands in a narrow table, from the field sets of the terms that constrain its field.
//!
//! Every kind of narrow table is a tree of regions in which the smallest region wins: prefixes under prefixes,
//! single values under the default, single MAC addresses under the two classes. Ranges are made one, too: an entry
//! is a *suffix* `start..=65535` with priority `start + 1`, so regions nest, and a set of intervals is a list of
//! places where membership changes. An entry's bitmap is its parent's with the bits changed of those terms that
//! mention the entry itself; entries with their parent's bitmap are left out.
//!
//! Nesting is what makes updates safe in any order. A term's membership changes only at entries that the term itself
//! mentions; so between an entry and any packet value inside it that no installed smaller entry takes, no old term
//! changes, and the entry's old bits are right for the value whatever else of the new entries is installed
//! yet. The argument holds backwards for removal, too.
//!
//! Bits that no term owns are *parked*: they have one value throughout the table, so that a term which takes such a bit
//! later touches few entries. Parked at one, a term that does not constrain the field touches none; parked at zero,
//! a term that does touches only the entries that it mentions. A bit that becomes free keeps the value that it had
//! almost everywhere; bits that were never used go with the majority of terms when the table gets its first entries.
//! A table that nothing constrains is empty with the program's own default, which removes nothing.

use sluice_entities::{Bits, Match, TableEntry};

use super::layout::{NarrowTable, Part, of_tunnel};
use crate::fields::Field;
use crate::sets::{FieldSet, PrefixKey, PrefixSet};
use crate::term::Term;

/// The bit that makes a MAC address a group address.
const GROUP_BIT: u64 = 1 << 40;
/// Length of a [`Node`] for a whole MAC address; that of the class of group addresses is 0.
const WHOLE_MAC: u8 = 48;

/// What names an entry within its table: (value, prefix length), (start, 0), (value, 0), (address, 0 or 48).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node {
    value: u128,
    length: u8,
}

/// A term at its bit.
pub(crate) struct Placed<'a> {
    pub(crate) bit: u32,
    pub(crate) term: &'a Term,
}

/// The contents of one narrow table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// Bitmaps of the default action: one, or two of a table with [`Part::None`]; empty for the program's default.
    pub(crate) default: Vec<Box<[u64]>>,
    /// Bits that no term owns and that are zero throughout.
    pub(crate) zeros: Bits,
    nodes: Vec<Node>,
    /// Bitmaps of the nodes, one behind the other.
    words: Vec<u64>,
}

impl Image {
    /// No entries, the program's own default action.
    pub(crate) fn empty(width: u32) -> Self {
        Self { default: Vec::new(), zeros: Bits::zero(width), nodes: Vec::new(), words: Vec::new() }
    }

    /// Whether the program's own default action is all there is.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.default.is_empty()
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The entries' bitmaps of `words` words each.
    pub(crate) fn rows(&self, words: usize) -> impl Iterator<Item = &[u64]> {
        self.words.chunks_exact(words.max(1))
    }

    fn row(&self, i: usize, words: usize) -> &[u64] {
        &self.words[i * words..(i + 1) * words]
    }
}

/// How a row of the old image becomes one of the new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Row of the new image that is not in the old.
    Insert(usize),
    /// Row of the new image whose bitmap differs.
    Modify(usize),
    /// Row of the old image that goes.
    Delete(usize),
}

/// Membership of one term from a node on.
struct Event {
    node: Node,
    bit: u32,
    member: bool,
}

/// Collects what terms say about one table.
struct Sets {
    root: Vec<u64>,
    group: Vec<u64>,
    events: Vec<Event>,
}

fn put(words: &mut [u64], bit: u32, value: bool) {
    if let Some(word) = words.get_mut(bit as usize / 64) {
        let mask = 1 << (bit % 64);
        *word = if value { *word | mask } else { *word & !mask };
    }
}

/// The contents of `table` for the terms that constrain it, with the bits of `zeros`, which no term owns, parked at zero.
pub(crate) fn image<'a>(table: &NarrowTable, zeros: Bits, terms: impl Iterator<Item = Placed<'a>>) -> Image {
    let start: Vec<u64> = zeros.limbs().iter().map(|word| !word).collect();
    let mut sets = Sets { root: start.clone(), group: start.clone(), events: Vec::new() };
    let mut other = start;
    for Placed { bit, term } in terms {
        if table.part == Part::NoTunnel {
            let stays =
                |(field, set): (&Field, &FieldSet)| !of_tunnel(*field) || set.contains(field.absent());
            put(&mut sets.root, bit, term.sets.iter().all(stays));
            continue;
        }
        if let Some(set) = term.sets.get(&table.field) {
            sets.add(table.part, bit, set);
        }
        if let Some(set) = table.other.and_then(|field| term.sets.get(&field)) {
            put(&mut other, bit, absent(set));
        }
    }
    sets.events.sort_unstable_by_key(|event| (event.node, event.bit));
    let mut image = match table.part {
        Part::V4 => sets.tree(32),
        Part::V6 => sets.tree(128),
        Part::Icmp => sets.tree(u32::from(crate::fields::ICMP_BITS)),
        Part::Range => sets.ranges(),
        Part::Mac => sets.macs(),
        Part::Values | Part::None | Part::NoTunnel => sets.values(),
    };
    image.zeros = zeros;
    let all = |words: &[u64]| words.iter().all(|word| *word == u64::MAX);
    if table.part == Part::None {
        if !all(&sets.root) || !all(&other) {
            image.default = vec![sets.root.into(), other.into()];
        }
    } else if !all(&sets.root) {
        image.default = vec![sets.root.into()];
    }
    image
}

fn absent(set: &FieldSet) -> bool {
    match set {
        FieldSet::Addresses(set) => set.absent,
        FieldSet::Intervals(set) => set.has_absent(),
        FieldSet::Values(_) | FieldSet::Macs(_) | FieldSet::Icmp(_) => true,
    }
}

impl Sets {
    fn add(&mut self, part: Part, bit: u32, set: &FieldSet) {
        match (part, set) {
            (Part::Values, FieldSet::Values(set)) => {
                put(&mut self.root, bit, set.others());
                for value in set.listed() {
                    self.event(u128::from(*value), 0, bit, !set.others());
                }
            }
            (Part::Range, FieldSet::Intervals(set)) => {
                let at_zero = set.contains(Some(0));
                put(&mut self.root, bit, at_zero);
                for (low, high) in set.intervals() {
                    if *low > 0 {
                        self.event(u128::from(*low), 0, bit, true);
                    }
                    if *high < u16::MAX {
                        self.event(u128::from(*high) + 1, 0, bit, false);
                    }
                }
            }
            (Part::V4, FieldSet::Addresses(set)) => self.prefixes(bit, &set.v4),
            (Part::V6, FieldSet::Addresses(set)) => self.prefixes(bit, &set.v6),
            (Part::Icmp, FieldSet::Icmp(set)) => self.prefixes(bit, set),
            (Part::Mac, FieldSet::Macs(set)) => {
                put(&mut self.root, bit, set.unicast());
                put(&mut self.group, bit, set.multicast());
                for address in set.listed() {
                    let member = set.contains(*address);
                    self.event(u128::from(*address), WHOLE_MAC, bit, member);
                }
            }
            (Part::None, set) => put(&mut self.root, bit, absent(set)),
            // A set of another kind than its field's cannot be made; the term would match everything.
            _ => {}
        }
    }

    fn prefixes<K: PrefixKey, const BITS: u8>(&mut self, bit: u32, set: &PrefixSet<K, BITS>) {
        put(&mut self.root, bit, set.root());
        for node in set.nodes() {
            self.event(node.value.into(), node.length, bit, node.member);
        }
    }

    fn event(&mut self, value: u128, length: u8, bit: u32, member: bool) {
        self.events.push(Event { node: Node { value, length }, bit, member });
    }

    /// Rows for runs of events at one node; `base` gives the bitmap that a node starts from.
    fn rows(&self, mut base: impl FnMut(Node, &mut Vec<u64>), mut done: impl FnMut(Node, &[u64])) -> Image {
        let mut image = Image::empty(0);
        let mut now = Vec::with_capacity(self.root.len());
        let mut parent = Vec::with_capacity(self.root.len());
        for run in self.events.chunk_by(|a, b| a.node == b.node) {
            let node = run[0].node;
            now.clear();
            base(node, &mut now);
            parent.clone_from(&now);
            for event in run {
                put(&mut now, event.bit, event.member);
            }
            if now != parent {
                image.nodes.push(node);
                image.words.extend_from_slice(&now);
            }
            done(node, &now);
        }
        image
    }

    fn values(&self) -> Image {
        self.rows(|_, now| now.extend_from_slice(&self.root), |_, _| {})
    }

    /// Each entry's bitmap goes on until the next entry.
    fn ranges(&self) -> Image {
        let last = std::cell::RefCell::new(self.root.clone());
        self.rows(
            |_, now| now.extend_from_slice(&last.borrow()),
            |_, now| last.borrow_mut().copy_from_slice(now),
        )
    }

    /// Prefixes in order: each is inside the last open one that reaches it.
    fn tree(&self, bits: u32) -> Image {
        let words = self.root.len();
        let whole = u128::MAX >> (128 - bits);
        let last_of = |node: Node| {
            let free = bits.saturating_sub(u32::from(node.length));
            node.value | if free == 0 { 0 } else { u128::MAX >> (128 - free) }
        };
        // Open prefixes: where each ends, and their bitmaps one behind the other. The first one is everything.
        let open = std::cell::RefCell::new((vec![whole], self.root.clone()));
        self.rows(
            |node, now| {
                let (ends, maps) = &mut *open.borrow_mut();
                while ends.len() > 1 && ends.last().is_some_and(|end| *end < node.value) {
                    ends.pop();
                }
                maps.truncate(ends.len() * words);
                now.extend_from_slice(&maps[maps.len() - words..]);
            },
            |node, now| {
                let (ends, maps) = &mut *open.borrow_mut();
                ends.push(last_of(node));
                maps.extend_from_slice(now);
            },
        )
    }

    /// One entry for the class of group addresses if it differs, then single addresses.
    fn macs(&self) -> Image {
        let base = |node: Node, now: &mut Vec<u64>| {
            let class = if node.value as u64 & GROUP_BIT != 0 { &self.group } else { &self.root };
            now.extend_from_slice(class);
        };
        let mut image = self.rows(base, |_, _| {});
        if self.group != self.root {
            let node = Node { value: u128::from(GROUP_BIT), length: 0 };
            let at = image.nodes.partition_point(|other| *other < node);
            image.nodes.insert(at, node);
            let words = self.root.len();
            image.words.splice(at * words..at * words, self.group.iter().copied());
        }
        image
    }
}

/// What turns `old` into `new`, in the order of the nodes.
pub(crate) fn changes(old: &Image, new: &Image, width: u32) -> Vec<Change> {
    let words = width.div_ceil(64) as usize;
    let (mut i, mut j) = (0, 0);
    let mut changes = Vec::new();
    loop {
        let order = match (old.nodes.get(i), new.nodes.get(j)) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.cmp(b),
        };
        match order {
            std::cmp::Ordering::Less => {
                changes.push(Change::Delete(i));
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                changes.push(Change::Insert(j));
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                if old.row(i, words) != new.row(j, words) {
                    changes.push(Change::Modify(j));
                }
                i += 1;
                j += 1;
            }
        }
    }
}

/// Row `i` as an entry; `None` if the table's action is not as it should be.
pub(crate) fn entry(table: &NarrowTable, image: &Image, i: usize, width: u32) -> Option<TableEntry> {
    let node = image.nodes[i];
    let key_width = table.slot.keys.first().copied()?;
    let value = Bits::from_u128(key_width, node.value);
    let (matched, priority) = match table.part {
        Part::Values | Part::None | Part::NoTunnel => (Match::Exact(value), 0),
        Part::V4 | Part::V6 | Part::Icmp => (Match::Lpm { value, length: u32::from(node.length) }, 0),
        Part::Range => (Match::Range { low: value, high: Bits::ones(key_width) }, node.value as u32 + 1),
        Part::Mac if node.length == WHOLE_MAC => (Match::Ternary { value, mask: Bits::ones(key_width) }, 2),
        Part::Mac => (Match::Ternary { mask: value.clone(), value }, 1),
    };
    let words = width.div_ceil(64) as usize;
    let bitmap = Bits::from_limbs(width, image.row(i, words));
    let action = table.slot.narrowing(&[bitmap])?;
    Some(TableEntry::new(table.slot.table.clone(), vec![matched], priority, action))
}

/// The default action's bitmaps; empty for the program's own.
pub(crate) fn default_bitmaps(image: &Image, width: u32) -> Vec<Bits> {
    image.default.iter().map(|words| Bits::from_limbs(width, words)).collect()
}

/// Whether the term constrains the table.
pub(crate) fn constrains(table: &NarrowTable, term: &Term) -> bool {
    term.sets.keys().any(|field| table.tests(*field))
}
