//! Which terms can match one packet together, as far as pairs of terms tell.
//!
//! Read off the narrow tables: two terms meet in a field if some entry, or the default action, holds both bits. That
//! takes time in the entries, not in pairs of sets. Terms that no table separates are taken to meet, so the
//! relation errs to the side that costs space, never correctness.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sluice_entities::Bits;

use super::layout::{Layout, Part};
use super::narrow::Image;
use super::terms::Terms;
use crate::fields::Field;

/// For each term's bit, the bits of the terms that it meets, itself included.
pub(crate) type Meets = FxHashMap<u32, Bits>;

/// For each term that constrains a field: which terms share a value of the field with it.
struct Shared {
    of: FxHashMap<u32, Vec<u64>>,
}

/// The relation among `terms`; `fresh` are the bits that `old` says nothing about. `images` are the tables of
/// `terms` alone, by index into the layout's narrow tables.
pub(crate) fn meets(
    old: &Meets,
    terms: &Terms,
    fresh: &Bits,
    images: &[Arc<Image>],
    layout: &Layout,
) -> Meets {
    let alive = terms.alive(layout.terms);
    let either = |pick: fn(&crate::term::Term) -> bool| {
        let mut bits = Bits::zero(layout.terms);
        for placed in terms.list.iter().filter(|placed| pick(&placed.term)) {
            bits.set_bit(placed.bit, true);
        }
        bits
    };
    let either_address = either(|term| term.either_address);
    let either_port = either(|term| term.either_port);
    let mut fields: FxHashMap<Field, Shared> = FxHashMap::default();
    let mut all: Meets =
        old.iter().filter(|(bit, _)| alive.bit(**bit)).map(|(bit, row)| (*bit, row & &alive)).collect();
    for placed in terms.list.iter().filter(|placed| fresh.bit(placed.bit)) {
        let mut row = alive.clone();
        let mut of = |field: Field| {
            if !placed.term.sets.contains_key(&field) {
                return alive.clone();
            }
            let shared = fields.entry(field).or_insert_with(|| Shared::of(field, terms, images, layout));
            shared
                .of
                .get(&placed.bit)
                .map_or_else(|| alive.clone(), |words| Bits::from_limbs(layout.terms, words))
        };
        for (src, dst, own, eithers) in [
            (Field::AddressSrc, Field::AddressDst, placed.term.either_address, &either_address),
            (Field::L4Src, Field::L4Dst, placed.term.either_port, &either_port),
        ] {
            let (s, d) = (of(src), of(dst));
            let any = &s | &d;
            // Two "either" conditions can always both hold, one on each side.
            row &= &if own { &any | eithers } else { &(&s & &d) | &(eithers & &any) };
        }
        let paired = [Field::AddressSrc, Field::AddressDst, Field::L4Src, Field::L4Dst];
        for field in placed.term.sets.keys().filter(|field| !paired.contains(field)) {
            row &= &of(*field);
        }
        for other in &terms.list {
            if !other.ports.iter().any(|port| placed.ports.binary_search(port).is_ok()) {
                row.set_bit(other.bit, false);
            }
        }
        for bit in row.iter_ones() {
            if let Some(other) = all.get_mut(&bit) {
                other.set_bit(placed.bit, true);
            }
        }
        all.insert(placed.bit, row);
    }
    all
}

impl Shared {
    fn of(field: Field, terms: &Terms, images: &[Arc<Image>], layout: &Layout) -> Self {
        let width = layout.terms.div_ceil(64) as usize;
        let mut mask = vec![0u64; width];
        let mut of: FxHashMap<u32, Vec<u64>> = FxHashMap::default();
        for placed in terms.list.iter().filter(|placed| placed.term.sets.contains_key(&field)) {
            mask[placed.bit as usize / 64] |= 1 << (placed.bit % 64);
            of.insert(placed.bit, vec![0; width]);
        }
        for (table, image) in layout.narrow.iter().zip(images) {
            // Without a tunnel several fields are tested at once; the tables of each know its absence, too.
            if !table.tests(field) || table.part == Part::NoTunnel {
                continue;
            }
            let default =
                if table.other == Some(field) { image.default.get(1) } else { image.default.first() };
            let ones = vec![u64::MAX; width];
            let default = default.map_or(&ones[..], |words| words);
            for row in image.rows(width).chain([default]) {
                for (i, word) in row.iter().enumerate() {
                    let mut rest = word & mask[i];
                    while rest != 0 {
                        let bit = i as u32 * 64 + rest.trailing_zeros();
                        rest &= rest - 1;
                        if let Some(shared) = of.get_mut(&bit) {
                            shared.iter_mut().zip(row).for_each(|(to, from)| *to |= from);
                        }
                    }
                }
            }
        }
        Self { of }
    }
}
