//! Keys, list members and action data as the maps have them: see [`sluice_ebpf::Layout`].

use sluice_ebpf::{EntriesLayout, ListLayout, words_of};
use sluice_entities::{Bits, Match, MatchKind};

/// The words of a value, the least significant first.
pub(crate) fn words(value: &Bits, width: u32) -> Vec<u64> {
    let value = value.resize(width);
    (0..words_of(width)).map(|i| value.limbs().get(i).copied().unwrap_or(0)).collect()
}

/// Words as a map has them.
pub(crate) fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// The key of an entry in a hash map or trie; none for intervals or a list, or for matches of another shape.
pub(crate) fn key(entries: &EntriesLayout, matches: &[Match]) -> Option<Vec<u8>> {
    match entries {
        EntriesLayout::Hash { widths, .. } => key_words(widths, matches).map(|words| bytes(&words)),
        EntriesLayout::Trie { fields, .. } => trie_key(entries, fields, matches),
        EntriesLayout::Direct { .. } | EntriesLayout::Intervals { .. } | EntriesLayout::List(_) => None,
    }
}

/// The words of a key of exact fields; none for matches of another shape.
pub(crate) fn key_words(widths: &[u32], matches: &[Match]) -> Option<Vec<u64>> {
    let mut key = Vec::new();
    for (found, width) in matches.iter().zip(widths) {
        let Match::Exact(value) = found else { return None };
        key.extend(words(value, *width));
    }
    Some(key)
}

/// The index of an entry in an array; none for matches of another shape.
pub(crate) fn index(widths: &[u32], matches: &[Match]) -> Option<usize> {
    matches.iter().zip(widths).try_fold(0, |index, (found, width)| match found {
        Match::Exact(value) => Some(index << width | value.resize(*width).to_u64()? as usize),
        _ => None,
    })
}

fn trie_key(entries: &EntriesLayout, fields: &[(u32, bool)], matches: &[Match]) -> Option<Vec<u8>> {
    let sluice_ebpf::Shape::Trie(size) = entries.shape() else { return None };
    let mut bits = Vec::new();
    for (found, (width, _)) in matches.iter().zip(fields).filter(|(_, field)| !field.1) {
        let Match::Exact(value) = found else { return None };
        bits.extend(value.resize(width.div_ceil(8) * 8).to_bytes());
    }
    let mut length = bits.len() as u32 * 8;
    for (found, (width, _)) in matches.iter().zip(fields).filter(|(_, field)| field.1) {
        let Match::Lpm { value, length: prefix } = found else { return None };
        let whole = width.div_ceil(8) * 8;
        bits.extend(value.resize(whole).shl(whole - width).to_bytes());
        length += prefix;
    }
    bits.resize(size, 0);
    Some(length.to_ne_bytes().into_iter().chain(bits).collect())
}

/// The bounds of the one range of an entry; none for matches of another shape.
pub(crate) fn range(width: u32, matches: &[Match]) -> Option<(u32, u32)> {
    let bound = |value: &Bits| u32::try_from(value.resize(width).to_u64()?).ok();
    match matches {
        [Match::Range { low, high }] => bound(low).zip(bound(high)),
        [Match::Exact(value)] => bound(value).map(|value| (value, value)),
        _ => None,
    }
}

/// The words of a member of a list, without its reference.
pub(crate) fn member(list: &ListLayout, matches: &[Match]) -> Vec<u64> {
    let mut member = Vec::new();
    for (found, (kind, width)) in matches.iter().zip(&list.fields) {
        let all = || vec![u64::MAX; words_of(*width)];
        let (first, second) = match (found, kind) {
            (Match::Exact(value) | Match::Optional(Some(value)), _) if *kind == MatchKind::Range => {
                (words(value, *width), words(value, *width))
            }
            (Match::Exact(value) | Match::Optional(Some(value)), _) => (words(value, *width), all()),
            (Match::Ternary { value, mask }, _) => (words(&(value & mask), *width), words(mask, *width)),
            (Match::Lpm { value, length }, _) => {
                let mask = Bits::prefix_mask(*width, *length);
                (words(&(value & &mask), *width), words(&mask, *width))
            }
            (Match::Range { low, high }, _) => (words(low, *width), words(high, *width)),
            (Match::Optional(None), _) => (vec![0; words_of(*width)], vec![0; words_of(*width)]),
        };
        member.extend(first);
        member.extend(second);
    }
    member
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_behind_exact_fields_and_is_filled_behind() {
        let entries = EntriesLayout::Trie { slot: 0, fields: vec![(12, true), (9, false)] };
        let matches =
            [Match::Lpm { value: Bits::new(12, 0xab0), length: 8 }, Match::Exact(Bits::new(9, 0x101))];
        let key = key(&entries, &matches).unwrap_or_default();
        assert_eq!(key, [&24u32.to_ne_bytes()[..], &[0x01, 0x01, 0xab, 0x00]].concat());
    }

    #[test]
    fn members_have_value_and_mask_or_bounds() {
        let list = ListLayout {
            slot: 0,
            fields: vec![(MatchKind::Ternary, 8), (MatchKind::Range, 16), (MatchKind::Optional, 8)],
            has_references: true,
            capacity: 4,
        };
        let matches = [
            Match::Ternary { value: Bits::new(8, 0x50), mask: Bits::new(8, 0xf0) },
            Match::Range { low: Bits::new(16, 5), high: Bits::new(16, 9) },
            Match::Optional(None),
        ];
        assert_eq!(member(&list, &matches), [0x50, 0xf0, 5, 9, 0, 0]);
        assert_eq!(list.member_words(), 7);
    }
}
