//! Which bit of `terms` each term owns.
//!
//! A term's content is its field sets, its ports and its copies. Content that stays keeps its bit, so an unchanged filter
//! is not touched by a change of others. New content takes bits that neither the old policy nor the new one uses.
//!
//! A filter's terms stand in one byte where they fit: one entry of that byte's `collect` table counts a packet
//! then, so a filter's hits are exact however its terms overlap. Where they do not fit, the filter's terms are made
//! disjoint, so that a packet has at most one of them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};
use sluice_diagnostics::{Diagnostic, Diagnostics};
use sluice_entities::Bits;

use super::layout::Layout;
use crate::config::{Filter, Policy};
use crate::term::{Term, disjoint};

/// Bits that one `collect` table looks at.
pub(crate) const BYTE: u32 = 8;

/// A term at its bit.
#[derive(Clone, Debug)]
pub(crate) struct PlacedTerm {
    pub(crate) bit: u32,
    pub(crate) term: Arc<Term>,
    /// Network ports, sorted.
    pub(crate) ports: Arc<[u16]>,
    pub(crate) copies: Bits,
    /// Index into the policy's filters; their number is `otherwise`.
    pub(crate) filter: usize,
    hash: u64,
}

/// The terms of a filter that did not fit a byte, as its expression gives them and made disjoint: kept so that an unchanged
/// expression is not made disjoint again.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    from: Arc<[Term]>,
    into: Vec<Arc<Term>>,
}

/// The terms of one policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// By bit.
    pub(crate) list: Vec<PlacedTerm>,
    /// Of the filters that did not fit a byte.
    pub(crate) splits: Vec<Split>,
}

impl Terms {
    /// Bits of all of them.
    pub(crate) fn alive(&self, width: u32) -> Bits {
        let mut alive = Bits::zero(width);
        for placed in &self.list {
            alive.set_bit(placed.bit, true);
        }
        alive
    }
}

/// One filter on its way to bits.
struct Unit<'a> {
    filter: &'a Filter,
    terms: Vec<Arc<Term>>,
    hashes: Vec<u64>,
    bits: Vec<Option<u32>>,
    copies: Bits,
    ports: Arc<[u16]>,
    /// Whether the terms were made disjoint.
    disjoint: bool,
}

struct Allocator<'a> {
    old: &'a Terms,
    by_hash: FxHashMap<u64, Vec<usize>>,
    /// Old terms that a new one has taken over.
    claimed: Vec<bool>,
    /// Bits that are neither the old policy's nor given out.
    free: Vec<u8>,
}

/// Gives every term of `policy` its bit; `copies` are those of each filter.
pub(crate) fn place(
    old: &Terms,
    old_policy: &Policy,
    policy: &Policy,
    copies: &[Bits],
    layout: &Layout,
) -> Result<Terms, Diagnostics> {
    let mut allocator = Allocator::new(old, layout.terms.min(layout.collect.len() as u32 * BYTE));
    let mut units: Vec<Unit<'_>> =
        policy.all_filters().zip(copies).map(|(filter, copies)| Unit::new(filter, copies.clone())).collect();
    let old_names: Vec<&str> = old_policy.all_filters().map(|filter| &*filter.name).collect();
    for unit in &mut units {
        allocator.keep(unit, &old_names);
    }
    let mut order: Vec<usize> = (0..units.len()).collect();
    // Large ones first: they fit fewer places.
    order.sort_by_key(|i| std::cmp::Reverse(units[*i].missing()));
    let mut split = Vec::new();
    for i in order {
        if !allocator.in_one_byte(&mut units[i]) {
            split.push(i);
        }
    }
    let total = layout.terms;
    for i in split {
        units[i].make_disjoint(old, total as usize);
        allocator.keep(&mut units[i], &old_names);
        allocator.anywhere(&mut units[i]);
    }
    let missing: usize = units.iter().map(Unit::missing).sum();
    if missing > 0 {
        return Err(no_space(&units, missing, old, layout));
    }
    Ok(finish(units))
}

fn finish(units: Vec<Unit<'_>>) -> Terms {
    let mut terms = Terms::default();
    for (filter, unit) in units.into_iter().enumerate() {
        for ((term, hash), bit) in unit.terms.iter().zip(&unit.hashes).zip(&unit.bits) {
            let Some(bit) = *bit else { continue };
            terms.list.push(PlacedTerm {
                bit,
                term: Arc::clone(term),
                ports: Arc::clone(&unit.ports),
                copies: unit.copies.clone(),
                filter,
                hash: *hash,
            });
        }
        if unit.disjoint {
            terms.splits.push(Split { from: Arc::clone(&unit.filter.terms), into: unit.terms });
        }
    }
    terms.list.sort_by_key(|placed| placed.bit);
    terms
}

impl<'a> Unit<'a> {
    fn new(filter: &'a Filter, copies: Bits) -> Self {
        let listens = !filter.from.is_empty();
        let terms: Vec<Arc<Term>> = filter.terms.iter().cloned().map(Arc::new).collect();
        let terms = if listens { terms } else { Vec::new() };
        let mut unit = Self {
            filter,
            hashes: Vec::new(),
            bits: vec![None; terms.len()],
            terms,
            copies,
            ports: filter.from.clone().into(),
            disjoint: false,
        };
        unit.rehash();
        unit
    }

    fn rehash(&mut self) {
        let hash = |term: &Arc<Term>| {
            let mut hasher = FxHasher::default();
            (&**term, &self.ports, &self.copies).hash(&mut hasher);
            hasher.finish()
        };
        self.hashes = self.terms.iter().map(hash).collect();
    }

    fn missing(&self) -> usize {
        self.bits.iter().filter(|bit| bit.is_none()).count()
    }

    fn make_disjoint(&mut self, old: &Terms, limit: usize) {
        let known = old.splits.iter().find(|split| split.from == self.filter.terms);
        self.terms = match known {
            Some(split) => split.into.clone(),
            // Where there is no such list within the bound, there is no place for its terms either.
            None => match disjoint(&self.filter.terms, limit) {
                Some(terms) => terms.into_iter().map(Arc::new).collect(),
                None => vec![Arc::default(); limit + 1],
            },
        };
        self.disjoint = true;
        self.bits = vec![None; self.terms.len()];
        self.rehash();
    }
}

impl<'a> Allocator<'a> {
    fn new(old: &'a Terms, width: u32) -> Self {
        let mut by_hash: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        let mut free = vec![0xFFu8; width.div_ceil(BYTE) as usize];
        for (i, placed) in old.list.iter().enumerate() {
            by_hash.entry(placed.hash).or_default().push(i);
            if let Some(byte) = free.get_mut((placed.bit / BYTE) as usize) {
                *byte &= !(1 << (placed.bit % BYTE));
            }
        }
        Self { old, by_hash, claimed: vec![false; old.list.len()], free }
    }

    /// Takes over the bits of old terms with the same content, of the filter with the same name.
    fn keep(&mut self, unit: &mut Unit<'_>, old_names: &[&str]) {
        for i in 0..unit.terms.len() {
            let same = |index: &&usize| {
                let placed = &self.old.list[**index];
                !self.claimed[**index]
                    && placed.ports == unit.ports
                    && placed.copies == unit.copies
                    && (Arc::ptr_eq(&placed.term, &unit.terms[i]) || placed.term == unit.terms[i])
            };
            // Of another filter it is another term: counters are kept by filter.
            let named =
                |index: &&usize| old_names.get(self.old.list[**index].filter) == Some(&&*unit.filter.name);
            let candidates = self.by_hash.get(&unit.hashes[i]).map_or(&[][..], Vec::as_slice);
            let chosen = candidates.iter().filter(named).find(same).copied();
            if let Some(index) = chosen {
                self.claimed[index] = true;
                unit.bits[i] = Some(self.old.list[index].bit);
                // The same set may be written in two ways: what is installed was made from the old one.
                unit.terms[i] = Arc::clone(&self.old.list[index].term);
            }
        }
    }

    /// Places what is missing in the byte of what was kept, or all of it in another byte.
    fn in_one_byte(&mut self, unit: &mut Unit<'_>) -> bool {
        let count = unit.terms.len();
        if count > BYTE as usize {
            self.release(unit);
            return false;
        }
        let mut bytes: Vec<u32> = unit.bits.iter().flatten().map(|bit| bit / BYTE).collect();
        bytes.sort_unstable();
        bytes.dedup();
        if let [byte] = bytes[..]
            && self.free[byte as usize].count_ones() as usize >= unit.missing()
        {
            self.fill(byte as usize, unit);
            return true;
        }
        if unit.missing() == 0 && bytes.len() <= 1 {
            return true;
        }
        self.release(unit);
        // The fullest byte that has room: whole bytes stay for filters that need one.
        let room = |byte: &usize| self.free[*byte].count_ones() as usize >= count;
        let Some(byte) = (0..self.free.len()).filter(room).min_by_key(|byte| self.free[*byte].count_ones())
        else {
            return false;
        };
        self.fill(byte, unit);
        true
    }

    fn fill(&mut self, byte: usize, unit: &mut Unit<'_>) {
        for bit in unit.bits.iter_mut().filter(|bit| bit.is_none()) {
            let free = self.free[byte];
            if free == 0 {
                return;
            }
            let low = free.trailing_zeros();
            self.free[byte] = free & (free - 1);
            *bit = Some(byte as u32 * BYTE + low);
        }
    }

    /// Gives back what was kept: the old policy still owns it.
    fn release(&mut self, unit: &mut Unit<'_>) {
        for bit in &mut unit.bits {
            if let Some(bit) = bit.take()
                && let Ok(index) = self.old.list.binary_search_by_key(&bit, |placed| placed.bit)
            {
                self.claimed[index] = false;
            }
        }
    }

    fn anywhere(&mut self, unit: &mut Unit<'_>) {
        let mut bytes: Vec<usize> = (0..self.free.len()).collect();
        bytes.sort_by_key(|byte| self.free[*byte].count_ones());
        for byte in bytes {
            self.fill(byte, unit);
        }
    }
}

fn no_space(units: &[Unit<'_>], missing: usize, old: &Terms, layout: &Layout) -> Diagnostics {
    let needed: usize = units.iter().map(|unit| unit.terms.len()).sum();
    let stay = old.list.len();
    let alive = match stay {
        0 => String::new(),
        _ => format!(", and the {stay} of the policy that is alive stay until the change is made"),
    };
    let mut error = Diagnostic::error(format!(
        "{missing} terms too many: the filters make {needed} terms, the target has {}{alive}",
        layout.terms
    ));
    let mut largest: Vec<&Unit<'_>> = units.iter().filter(|unit| unit.missing() > 0).collect();
    largest.sort_by_key(|unit| std::cmp::Reverse(unit.terms.len()));
    for (i, unit) in largest.iter().take(3).enumerate() {
        let count = unit.terms.len();
        let text = if count > layout.terms as usize {
            "this filter's terms overlap too much to be counted apart".to_string()
        } else {
            format!("terms of `{}`: {count}, of them new: {}", unit.filter.name, unit.missing())
        };
        error = if i == 0 {
            error.at(unit.filter.match_span, text)
        } else {
            error.also(unit.filter.match_span, text)
        };
    }
    if largest.first().is_some_and(|unit| unit.terms.len() > BYTE as usize) {
        error = error.help(
            "alternatives over different fields multiply: write lists of one field as one set (`src in @servers`, `port 80 or 443`), \
             or split the filter by tool",
        );
    }
    if stay > 0 && needed <= layout.terms as usize {
        error =
            error.help("change fewer filters at once: first those named here, the others in a second step");
    } else {
        error = error.help("merge filters that differ in one field only and send to the same tools");
    }
    error.into()
}
