//! Match engines: from a key to the entry that wins.
//!
//! A table's [`Shape`] decides its engine once; its entries are put in all together or one by one ([`Engine::insert`],
//! [`Engine::remove`]), with the same result. All engines answer the same question: the slot of the entry of highest rank that matches, or [`MISS`]. The rank is the
//! priority (higher wins; P4Runtime section 9.1.1) or, in tables with prefixes and without priorities, the prefix length; among
//! equals the entry that was inserted first wins.
//!
//! - [`exact`]: an array for keys of a few bits, a hash table for longer ones;
//! - [`intervals`]: one prefix or range key of up to 128 bits, as sorted elementary intervals with their winners;
//! - [`ternary`]: any mix of exact, prefix, ternary and optional keys, as one hash table for each combination of masks ([`masked`]),
//!   or entry by entry where there are few entries and many combinations;
//! - [`scan`]: everything else, entry by entry in order of rank.

mod buckets;
mod exact;
mod intervals;
mod masked;
mod scan;
mod ternary;
#[cfg(test)]
mod tests;

use sluice_entities::{Match, MatchKind};

use exact::ExactMap;
pub(crate) use exact::{MIX_FACTOR, MIX_START};
use intervals::Intervals;
use scan::ScanList;
use ternary::Ternary;

/// No entry matches.
pub(crate) const MISS: u32 = u32::MAX;

/// Keys of at most this many bits are looked up in an array.
const DIRECT_BITS: u32 = 12;

/// Keys of at most this many words are masked on the stack.
const MASKED_WORDS: usize = 16;

/// One key field in the words of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyField {
    /// Its first word.
    pub(crate) word: usize,
    pub(crate) width: u32,
    pub(crate) kind: MatchKind,
}

impl KeyField {
    pub(crate) fn words(&self) -> usize {
        self.width.div_ceil(64) as usize
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Keyless,
    Direct { bits: u32 },
    Exact,
    Intervals,
    Masked,
    Scan,
}

/// How native code finds an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// There is no key: no entry ever matches.
    Nothing,
    /// The key is an index of so many bits.
    Array { bits: u32 },
    /// In a hash table of keys of so many words.
    Hash { words: usize },
    /// Among pieces of the number line, the key is one word.
    Pieces,
    /// By [`Engine::lookup`].
    Other,
}

/// What looking up in line needs; empty for engines that are not looked up so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookup<'e> {
    /// Slots, by value, by place or by piece.
    pub(crate) slots: &'e [u32],
    /// Words of keys, by place; first numbers of pieces.
    pub(crate) keys: &'e [u64],
    /// Number of places or buckets less one.
    pub(crate) mask: u64,
    /// First and last piece of each bucket, in the low and in the high half.
    pub(crate) index: &'e [u64],
    /// The first number of the first bucket.
    pub(crate) base: u64,
    /// A bucket holds 2^shift numbers.
    pub(crate) shift: u32,
}

impl<'e> Lookup<'e> {
    /// In an array, or a hash table.
    fn by_place(slots: &'e [u32], keys: &'e [u64], mask: u64) -> Self {
        Self { slots, keys, mask, index: &[], base: 0, shift: 0 }
    }
}

/// What a table's key looks like.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    fields: Vec<KeyField>,
    words: usize,
    kind: Kind,
}

/// An entry, as engines see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<'a> {
    pub(crate) slot: u32,
    /// One for each field of the shape.
    pub(crate) matches: &'a [Match],
    pub(crate) rank: u64,
}

impl Shape {
    pub(crate) fn new(fields: Vec<KeyField>) -> Self {
        let words = fields.iter().map(KeyField::words).sum();
        let only = |kinds: &[MatchKind]| fields.iter().all(|field| kinds.contains(&field.kind));
        let kind = match fields[..] {
            [] => Kind::Keyless,
            [field] if field.kind == MatchKind::Exact && field.width <= DIRECT_BITS => {
                Kind::Direct { bits: field.width }
            }
            [field] if matches!(field.kind, MatchKind::Lpm | MatchKind::Range) && field.width <= 128 => {
                Kind::Intervals
            }
            _ if only(&[MatchKind::Exact]) => Kind::Exact,
            _ if words <= MASKED_WORDS
                && only(&[MatchKind::Exact, MatchKind::Lpm, MatchKind::Ternary, MatchKind::Optional]) =>
            {
                Kind::Masked
            }
            _ => Kind::Scan,
        };
        Self { fields, words, kind }
    }

    pub(crate) fn search(&self) -> Search {
        match self.kind {
            Kind::Keyless => Search::Nothing,
            Kind::Direct { bits } => Search::Array { bits },
            Kind::Exact => Search::Hash { words: self.words },
            Kind::Intervals if self.words == 1 => Search::Pieces,
            Kind::Intervals | Kind::Masked | Kind::Scan => Search::Other,
        }
    }

    pub(crate) fn fields(&self) -> &[KeyField] {
        &self.fields
    }

    /// Whether entries have priorities (P4Runtime section 9.1).
    pub(crate) fn has_priorities(&self) -> bool {
        let kinds = [MatchKind::Ternary, MatchKind::Range, MatchKind::Optional];
        self.fields.iter().any(|field| kinds.contains(&field.kind))
    }

    /// Rank of an entry: priority or prefix length, then age.
    pub(crate) fn rank(&self, matches: &[Match], priority: u32, sequence: u32) -> u64 {
        let weight = if self.has_priorities() {
            priority
        } else {
            let lengths =
                matches.iter().map(|value| if let Match::Lpm { length, .. } = value { *length } else { 0 });
            lengths.sum()
        };
        u64::from(weight) << 32 | u64::from(!sequence)
    }
}

/// The entries of one table, ready to be looked up.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Empty,
    /// Slots by value.
    Direct(Box<[u32]>),
    Exact(ExactMap),
    Narrow(Intervals<u64>),
    Wide(Intervals<u128>),
    Masked(Ternary),
    Scan(ScanList),
}

impl Engine {
    pub(crate) fn build(shape: &Shape, rules: &[Rule<'_>]) -> Self {
        if rules.is_empty() {
            return Self::Empty;
        }
        match shape.kind {
            Kind::Keyless => Self::Empty,
            Kind::Direct { bits } => {
                let mut slots = vec![MISS; 1 << bits].into_boxed_slice();
                for rule in rules {
                    if let Some(slot) = direct_place(&mut slots, rule.matches) {
                        *slot = rule.slot;
                    }
                }
                Self::Direct(slots)
            }
            Kind::Exact => {
                let mut map = ExactMap::with_capacity(shape.words, rules.len());
                let mut key = vec![0; shape.words];
                for rule in rules {
                    values_and_masks(shape, rule.matches, &mut key, None);
                    map.insert(&key, rule.slot);
                }
                Self::Exact(map)
            }
            Kind::Intervals => {
                let width = shape.fields[0].width;
                if width <= 64 {
                    Self::Narrow(Intervals::build(width, rules))
                } else {
                    Self::Wide(Intervals::build(width, rules))
                }
            }
            Kind::Masked => Self::Masked(Ternary::build(shape, rules)),
            Kind::Scan => Self::Scan(ScanList::build(shape, rules)),
        }
    }

    /// Whether building it anew takes less than changing so many of its entries one by one.
    pub(crate) fn is_better_built(&self, changes: usize, entries: usize) -> bool {
        match self {
            Self::Empty => changes > 1,
            // A change is a change of one place.
            Self::Direct(_) | Self::Exact(_) => false,
            Self::Narrow(_) | Self::Wide(_) | Self::Masked(_) | Self::Scan(_) => changes * 8 > entries + 64,
        }
    }

    /// Adds an entry; its slot has none. [`Self::settle`] ends a row of such changes.
    pub(crate) fn insert(&mut self, shape: &Shape, rule: &Rule<'_>) {
        match self {
            Self::Empty => *self = Self::build(shape, std::slice::from_ref(rule)),
            Self::Direct(slots) => {
                if let Some(slot) = direct_place(slots, rule.matches) {
                    *slot = rule.slot;
                }
            }
            Self::Exact(map) => {
                let mut key = vec![0; shape.words];
                values_and_masks(shape, rule.matches, &mut key, None);
                map.insert(&key, rule.slot);
            }
            Self::Narrow(intervals) => intervals.insert(rule),
            Self::Wide(intervals) => intervals.insert(rule),
            Self::Masked(ternary) => ternary.insert(shape, rule),
            Self::Scan(list) => list.insert(shape, rule),
        }
    }

    /// Takes an entry out that was put in like this. [`Self::settle`] ends a row of such changes.
    pub(crate) fn remove(&mut self, shape: &Shape, rule: &Rule<'_>) {
        match self {
            Self::Empty => {}
            Self::Direct(slots) => {
                if let Some(slot) = direct_place(slots, rule.matches) {
                    *slot = MISS;
                }
            }
            Self::Exact(map) => {
                let mut key = vec![0; shape.words];
                values_and_masks(shape, rule.matches, &mut key, None);
                map.remove(&key);
            }
            Self::Narrow(intervals) => intervals.remove(rule),
            Self::Wide(intervals) => intervals.remove(rule),
            Self::Masked(ternary) => ternary.remove(shape, rule),
            Self::Scan(list) => list.remove(rule),
        }
    }

    /// Ends a row of changes: nothing may be looked up between them.
    pub(crate) fn settle(&mut self) {
        match self {
            Self::Narrow(intervals) => intervals.settle(),
            Self::Wide(intervals) => intervals.settle(),
            Self::Empty | Self::Direct(_) | Self::Exact(_) | Self::Masked(_) | Self::Scan(_) => {}
        }
    }

    pub(crate) fn lookup_parts(&self) -> Lookup<'_> {
        match self {
            Self::Direct(slots) => Lookup::by_place(slots, &[], 0),
            Self::Exact(map) => map.lookup_parts(),
            Self::Narrow(intervals) => intervals.lookup_parts(),
            Self::Empty | Self::Wide(_) | Self::Masked(_) | Self::Scan(_) => Lookup::by_place(&[], &[], 0),
        }
    }

    /// The slot of the winner. The key has the shape's words.
    #[inline]
    pub(crate) fn lookup(&self, key: &[u64]) -> u32 {
        match self {
            Self::Empty => MISS,
            Self::Direct(slots) => {
                let value = key.first().copied().unwrap_or(0);
                slots.get(value as usize).copied().unwrap_or(MISS)
            }
            Self::Exact(map) => map.lookup(key),
            Self::Narrow(intervals) => intervals.lookup(key.first().copied().unwrap_or(0)),
            Self::Wide(intervals) => match key {
                [low, high, ..] => intervals.lookup(u128::from(*high) << 64 | u128::from(*low)),
                _ => MISS,
            },
            Self::Masked(ternary) => ternary.lookup(key),
            Self::Scan(list) => list.lookup(key),
        }
    }
}

/// Where the entry of an exact value stands.
fn direct_place<'s>(slots: &'s mut [u32], matches: &[Match]) -> Option<&'s mut u32> {
    let [Match::Exact(value)] = matches else { return None };
    slots.get_mut(usize::try_from(value.to_u64()?).ok()?)
}

/// Writes the values that an entry wants, and the masks under which it wants them, in the words of a key. Ranges leave
/// both zero.
fn values_and_masks(shape: &Shape, matches: &[Match], values: &mut [u64], mut masks: Option<&mut [u64]>) {
    for (field, wanted) in shape.fields.iter().zip(matches) {
        let at = field.word..field.word + field.words();
        let zero = sluice_entities::Bits::zero(field.width);
        let ones = sluice_entities::Bits::ones(field.width);
        let (value, mask) = match wanted {
            Match::Exact(value) | Match::Optional(Some(value)) => (value.clone(), ones),
            Match::Optional(None) | Match::Range { .. } => (zero.clone(), zero),
            Match::Lpm { value, length } => {
                let mask = sluice_entities::Bits::prefix_mask(field.width, *length);
                (value & &mask, mask)
            }
            Match::Ternary { value, mask } => (value & mask, mask.clone()),
        };
        values[at.clone()].copy_from_slice(value.resize(field.width).limbs());
        if let Some(masks) = masks.as_deref_mut() {
            masks[at].copy_from_slice(mask.resize(field.width).limbs());
        }
    }
}
