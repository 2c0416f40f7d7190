//! Combinations of copies that a packet can have, before and after each stage of selection: the keys of `asked`,
//! `sampled`, `repeated` and `deliver`.
//!
//! A packet's terms meet pairwise, so its copies are those of a clique of the relation [`Meets`]. All cliques are
//! enumerated by their unions of copies; a term whose copies are all there already only narrows what may follow, so it is
//! never taken, and the depth is bounded by the number of different copies, not of terms. Every shortcut adds
//! combinations that cannot occur, never misses one that can.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_entities::Bits;

use super::copies::{Copies, GroupContent};
use super::meets::Meets;
use super::terms::Terms;

/// Buckets of a port group.
pub(crate) const BUCKETS: u64 = 64;
/// Sets of candidates kept apart for one union of copies; more are joined into one.
const APART: usize = 4;

/// Keys of the counting tables and of `deliver`, each sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Combos {
    pub(crate) asked: Vec<Bits>,
    /// (before, after).
    pub(crate) sampled: Vec<(Bits, Bits)>,
    /// (before, after).
    pub(crate) repeated: Vec<(Bits, Bits)>,
    pub(crate) deliver: Vec<Bits>,
}

/// More combinations than a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany {
    /// Which table.
    pub(crate) table: &'static str,
    /// The bound that was passed.
    pub(crate) bound: usize,
}

/// Terms that differ in nothing that matters here, as one.
struct Nodes {
    /// By bit of `terms`: the copies of the term, and the terms that it meets.
    of: FxHashMap<u32, (Bits, Bits)>,
    all: Bits,
    /// Terms by equal copies.
    classes: Vec<(Bits, Bits)>,
}

impl Nodes {
    fn new(terms: &Terms, meets: &Meets, otherwise: &Bits, width: u32) -> Self {
        let mut of: FxHashMap<u32, (Bits, Bits)> = FxHashMap::default();
        let mut all = Bits::zero(width);
        for placed in &terms.list {
            if (&placed.copies & &!otherwise).is_zero() {
                continue;
            }
            all.set_bit(placed.bit, true);
            let row = meets.get(&placed.bit).cloned().unwrap_or_else(|| Bits::ones(width));
            of.insert(placed.bit, (placed.copies.clone(), row));
        }
        let mut nodes = Self { of, all, classes: Vec::new() };
        // Terms with the same copies that meet the same others, first those that meet each other, then those that do not.
        nodes.merge(true);
        nodes.merge(false);
        let mut classes: FxHashMap<&Bits, Bits> = FxHashMap::default();
        for bit in nodes.all.iter_ones() {
            if let Some((copies, _)) = nodes.of.get(&bit) {
                classes.entry(copies).or_insert_with(|| Bits::zero(width)).set_bit(bit, true);
            }
        }
        nodes.classes = classes.into_iter().map(|(copies, bits)| (copies.clone(), bits)).collect();
        nodes.classes.sort_unstable();
        nodes
    }

    fn merge(&mut self, meeting: bool) {
        let mut first: FxHashSet<(Bits, Bits)> = FxHashSet::default();
        for bit in self.all.clone().iter_ones() {
            let Some((copies, row)) = self.of.get(&bit) else { continue };
            let mut row = row.clone();
            row.set_bit(bit, meeting);
            if !first.insert((copies.clone(), row)) {
                self.all.set_bit(bit, false);
                self.of.remove(&bit);
            }
        }
        for (_, row) in self.of.values_mut() {
            *row &= &self.all;
        }
    }
}

/// Unions of copies of all cliques, `otherwise` alone among them; sorted.
pub(crate) fn reachable(
    terms: &Terms,
    meets: &Meets,
    copies: &Copies,
    width: u32,
    bound: usize,
) -> Result<Vec<Bits>, TooMany> {
    let nodes = Nodes::new(terms, meets, &copies.otherwise, width);
    let nothing = Bits::zero(copies.otherwise.width());
    let mut useful: FxHashMap<Bits, Bits> = FxHashMap::default();
    let mut seen: FxHashMap<Bits, Vec<Bits>> = FxHashMap::default();
    let mut open = vec![(nothing.clone(), nodes.all.clone())];
    while let Some((union, candidates)) = open.pop() {
        for bit in candidates.iter_ones() {
            let Some((own, row)) = nodes.of.get(&bit) else { continue };
            let next = &union | own;
            let adding = useful.entry(next.clone()).or_insert_with(|| {
                let mut bits = Bits::zero(width);
                for (copies, terms) in &nodes.classes {
                    if !(copies & &!&next).is_zero() {
                        bits |= terms;
                    }
                }
                bits
            });
            let left = &(&candidates & row) & adding;
            let known = seen.entry(next.clone()).or_default();
            if known.iter().any(|other| (&left & &!other).is_zero()) {
                continue;
            }
            known.retain(|other| !(other & &!&left).is_zero());
            known.push(left.clone());
            let left = if known.len() > APART {
                let joined = known.iter().fold(Bits::zero(width), |all, one| &all | one);
                *known = vec![joined.clone()];
                joined
            } else {
                left
            };
            if seen.len() > bound {
                return Err(TooMany { table: "asked", bound });
            }
            open.push((next, left));
        }
    }
    let mut unions: Vec<Bits> = seen.into_keys().collect();
    if !copies.otherwise.is_zero() {
        unions.push(copies.otherwise.clone());
    }
    unions.sort_unstable();
    unions.dedup();
    Ok(unions)
}

/// Carries the combinations through the stages of selection.
pub(crate) fn select(
    asked: Vec<Bits>,
    copies: &Copies,
    down: &Down,
    bound: usize,
) -> Result<Combos, TooMany> {
    let stages = Stages::of(copies, down);
    let (mut sampled, mut repeated) = (FxHashSet::default(), FxHashSet::default());
    let mut deliver: FxHashSet<Bits> = FxHashSet::default();
    let mut balanced: FxHashSet<Bits> = FxHashSet::default();
    for before in &asked {
        for thinned in stages.sampled(before) {
            if thinned != *before {
                sampled.insert((before.clone(), thinned.clone()));
            }
            let unique = &thinned & &!&stages.dedup;
            let mut ends = vec![thinned.clone()];
            if unique != thinned {
                repeated.insert((thinned, unique.clone()));
                ends.push(unique);
            }
            for end in ends {
                if balanced.insert(end.clone()) {
                    deliver.extend(stages.balanced(end));
                }
            }
        }
        for (table, count) in
            [("sampled", sampled.len()), ("repeated", repeated.len()), ("deliver", deliver.len())]
        {
            if count > bound {
                return Err(TooMany { table, bound });
            }
        }
    }
    deliver.retain(|combination| !combination.is_zero());
    let mut combos = Combos {
        asked,
        sampled: sampled.into_iter().collect(),
        repeated: repeated.into_iter().collect(),
        deliver: deliver.into_iter().collect(),
    };
    combos.sampled.sort_unstable();
    combos.repeated.sort_unstable();
    combos.deliver.sort_unstable();
    Ok(combos)
}

/// What the stages may take.
struct Stages {
    /// By growing threshold: the copies of that share.
    sample: Vec<Bits>,
    dedup: Bits,
    /// By way to hash (flows, hosts), by bucket: copies that the buckets' owners do not have.
    drops: [Vec<Bits>; 2],
}

impl Stages {
    fn of(copies: &Copies, down: &Down) -> Self {
        let width = copies.otherwise.width();
        let mut shares: Vec<(u32, Bits)> = Vec::new();
        let mut dedup = Bits::zero(width);
        let none = || vec![Bits::zero(width); BUCKETS as usize];
        let mut drops = [none(), none()];
        for copy in &copies.list {
            let Some(send) = &copy.send else { continue };
            if let Some(threshold) = send.selection.sample {
                let at = shares.iter().position(|(other, _)| *other == threshold).unwrap_or_else(|| {
                    shares.push((threshold, Bits::zero(width)));
                    shares.len() - 1
                });
                shares[at].1.set_bit(copy.bit, true);
            }
            dedup.set_bit(copy.bit, dedup.bit(copy.bit) || send.selection.dedup.is_some());
            if let Some(group) = &send.selection.group {
                let owners = owners(group, down);
                for (bucket, owner) in owners.iter().enumerate() {
                    if group.members[*owner] != send.tool {
                        drops[usize::from(group.hosts)][bucket].set_bit(copy.bit, true);
                    }
                }
            }
        }
        shares.sort_unstable();
        Self { sample: shares.into_iter().map(|(_, bits)| bits).collect(), dedup, drops }
    }

    /// A digest above a threshold is above all smaller ones: the shares go from the smallest on.
    fn sampled(&self, before: &Bits) -> Vec<Bits> {
        let mut all = vec![before.clone()];
        let mut left = before.clone();
        for share in &self.sample {
            let next = &left & &!share;
            if next != left {
                left = next;
                all.push(left.clone());
            }
        }
        all
    }

    fn balanced(&self, before: Bits) -> FxHashSet<Bits> {
        let mut all = FxHashSet::from_iter([before]);
        for drops in &self.drops {
            if drops.iter().all(Bits::is_zero) {
                continue;
            }
            let mut next = FxHashSet::default();
            for combination in &all {
                next.extend(drops.iter().map(|drop| combination & &!drop));
            }
            all = next;
        }
        all
    }
}

/// Ports of tools that get no share of a group.
pub(crate) type Down = BTreeSet<u16>;

/// The member that owns each bucket: of those whose ports are not down (of all, where all are), the one with the highest weight. The weight of a member does not depend on the other
/// members, so when one leaves or is down, only its own buckets move.
pub(crate) fn owners(group: &GroupContent, down: &Down) -> Vec<usize> {
    let weight = |bucket: u64, member: &str| {
        let mut hash = 0xCBF2_9CE4_8422_2325u64;
        let bytes = group.name.bytes().chain([0]).chain(bucket.to_be_bytes()).chain(member.bytes());
        for byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        // FNV-1a's upper bits depend little on the last bytes: mix them (the finalizer of SplitMix64).
        hash = (hash ^ hash >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        hash = (hash ^ hash >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        hash ^ hash >> 31
    };
    let mut able: Vec<usize> =
        (0..group.members.len()).filter(|i| !down.contains(&group.members[*i].port)).collect();
    if able.is_empty() {
        able = (0..group.members.len()).collect();
    }
    let best = |bucket: u64| {
        let key = |i: &usize| (weight(bucket, &group.members[*i].name), std::cmp::Reverse(*i));
        able.iter().copied().max_by_key(key).unwrap_or(0)
    };
    (0..BUCKETS).map(best).collect()
}
