//! Every engine against a plain look at each entry.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sluice_entities::{Bits, Match, MatchKind};

use super::*;

fn random_bits(rng: &mut ChaCha8Rng, width: u32, values: u64) -> Bits {
    // Few different values, at both ends of the width, so that entries meet.
    let low = Bits::new(width, rng.random_range(0..values));
    let high = Bits::new(width, rng.random_range(0..values)).shl(width.saturating_sub(4));
    &low | &high
}

fn random_match(rng: &mut ChaCha8Rng, field: &KeyField) -> Match {
    let width = field.width;
    let value = random_bits(rng, width, 6);
    match field.kind {
        MatchKind::Exact | MatchKind::Selector => Match::Exact(value),
        MatchKind::Lpm => {
            let length = rng.random_range(0..=width);
            Match::Lpm { value: &value & &Bits::prefix_mask(width, length), length }
        }
        MatchKind::Ternary => {
            let masks =
                [Bits::zero(width), Bits::ones(width), Bits::new(width, 3), Bits::prefix_mask(width, 2)];
            let mask = masks[rng.random_range(0..masks.len())].clone();
            Match::Ternary { value: &value & &mask, mask }
        }
        MatchKind::Range => {
            let other = random_bits(rng, width, 6);
            Match::Range { low: value.clone().min(other.clone()), high: value.max(other) }
        }
        MatchKind::Optional => Match::Optional(rng.random_bool(0.7).then_some(value)),
    }
}

fn holds(wanted: &Match, key: &Bits) -> bool {
    match wanted {
        Match::Exact(value) => key == value,
        Match::Lpm { value, length } => {
            let mask = Bits::prefix_mask(key.width(), *length);
            key & &mask == value & &mask
        }
        Match::Ternary { value, mask } => key & mask == value & mask,
        Match::Range { low, high } => low <= key && key <= high,
        Match::Optional(value) => value.as_ref().is_none_or(|value| value == key),
    }
}

fn check(kinds: &[(MatchKind, u32)], expected: Kind, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut word = 0;
    let fields: Vec<KeyField> = kinds
        .iter()
        .map(|(kind, width)| {
            let field = KeyField { word, width: *width, kind: *kind };
            word += field.words();
            field
        })
        .collect();
    let shape = Shape::new(fields);
    assert_eq!(shape.kind, expected);
    for round in 0..20 {
        let count = rng.random_range(0..40);
        let mut entries: Vec<(Vec<Match>, u32)> = Vec::new();
        for _ in 0..count {
            let matches: Vec<_> = shape.fields.iter().map(|field| random_match(&mut rng, field)).collect();
            let priority = if shape.has_priorities() { rng.random_range(1..5) } else { 0 };
            if !entries.contains(&(matches.clone(), priority)) {
                entries.push((matches, priority));
            }
        }
        let rules: Vec<Rule<'_>> = entries
            .iter()
            .enumerate()
            .map(|(i, (matches, priority))| Rule {
                slot: i as u32,
                matches,
                rank: shape.rank(matches, *priority, i as u32),
            })
            .collect();
        let engine = Engine::build(&shape, &rules);
        look_up(&mut rng, &engine, &shape, &rules, &format!("round {round}"));
        change(&mut rng, engine, &shape, &rules);
    }
}

/// Takes entries out and puts them in again, one by one.
fn change(rng: &mut ChaCha8Rng, mut engine: Engine, shape: &Shape, rules: &[Rule<'_>]) {
    let mut there = vec![true; rules.len()];
    for step in 0..rules.len() * 3 {
        let i = rng.random_range(0..rules.len());
        there[i] = !there[i];
        if there[i] {
            engine.insert(shape, &rules[i]);
        } else {
            engine.remove(shape, &rules[i]);
        }
        // In rows: nothing is looked up within one.
        if rng.random_bool(0.5) {
            continue;
        }
        engine.settle();
        let left: Vec<Rule<'_>> =
            rules.iter().zip(&there).filter(|(_, there)| **there).map(|(rule, _)| *rule).collect();
        look_up(rng, &engine, shape, &left, &format!("step {step}"));
    }
    // An engine that starts with nothing comes to the same.
    let mut grown = Engine::build(shape, &[]);
    rules.iter().for_each(|rule| grown.insert(shape, rule));
    grown.settle();
    look_up(rng, &grown, shape, rules, "one by one");
}

/// Compares with a look at each entry, for keys in and about the entries.
fn look_up(rng: &mut ChaCha8Rng, engine: &Engine, shape: &Shape, rules: &[Rule<'_>], when: &str) {
    for _ in 0..40 {
        let key: Vec<Bits> = match rules.len() {
            0 => shape.fields.iter().map(|field| random_bits(rng, field.width, 6)).collect(),
            _ if rng.random_bool(0.5) => {
                shape.fields.iter().map(|field| random_bits(rng, field.width, 6)).collect()
            }
            count => {
                let wanted = rules[rng.random_range(0..count)].matches.iter().zip(&shape.fields);
                wanted.map(|(wanted, field)| inside(rng, wanted, field)).collect()
            }
        };
        let words: Vec<u64> = key.iter().flat_map(|bits| bits.limbs().to_vec()).collect();
        let winner = rules
            .iter()
            .filter(|rule| rule.matches.iter().zip(&key).all(|(wanted, key)| holds(wanted, key)))
            .max_by_key(|rule| rule.rank)
            .map_or(MISS, |rule| rule.slot);
        assert_eq!(engine.lookup(&words), winner, "{when}: {key:?} in {rules:?}");
        if let Engine::Masked(ternary) = engine {
            let both = ternary.lookup_both(&words);
            assert!(both.iter().all(|found| *found == winner), "{when}: {both:?} for {key:?} in {rules:?}");
        }
    }
}

/// A key that the match takes, or one beside its bounds.
fn inside(rng: &mut ChaCha8Rng, wanted: &Match, field: &KeyField) -> Bits {
    let noise = Bits::new(field.width, rng.next_u64());
    match wanted {
        Match::Exact(value) | Match::Optional(Some(value)) => value.clone(),
        Match::Optional(None) => noise,
        Match::Lpm { value, length } => value | &(&noise & &!&Bits::prefix_mask(field.width, *length)),
        Match::Ternary { value, mask } => value | &(&noise & &!mask),
        Match::Range { low, high } => if rng.random_bool(0.5) { low } else { high }.clone(),
    }
}

#[test]
fn exact_keys() {
    check(&[(MatchKind::Exact, 8)], Kind::Direct { bits: 8 }, 1);
    check(&[(MatchKind::Exact, 16)], Kind::Exact, 2);
    check(&[(MatchKind::Exact, 128)], Kind::Exact, 3);
    check(&[(MatchKind::Exact, 9), (MatchKind::Exact, 70), (MatchKind::Exact, 1)], Kind::Exact, 4);
}

#[test]
fn prefixes() {
    for (seed, width) in [(10, 8), (11, 32), (12, 64), (13, 65), (14, 128), (15, 3)] {
        check(&[(MatchKind::Lpm, width)], Kind::Intervals, seed);
    }
    check(&[(MatchKind::Exact, 1), (MatchKind::Lpm, 32)], Kind::Masked, 16);
    check(&[(MatchKind::Lpm, 200)], Kind::Masked, 17);
}

#[test]
fn neighbors_have_a_bucket_each() {
    let starts: Vec<u64> = [0].into_iter().chain(0x0a00_0001..0x0a00_0200).collect();
    let index = buckets::Buckets::of(&starts);
    for (piece, start) in starts.iter().enumerate() {
        assert_eq!(index.find(*start), (piece, piece));
    }
    assert_eq!(index.find(0x0900_0000), (0, 0));
    assert_eq!(index.find(u64::MAX), (starts.len() - 1, starts.len() - 1));
}

#[test]
fn ranges() {
    for (seed, width) in [(20, 16), (21, 5), (22, 64), (23, 100), (24, 128)] {
        check(&[(MatchKind::Range, width)], Kind::Intervals, seed);
    }
    check(&[(MatchKind::Range, 16), (MatchKind::Exact, 1)], Kind::Scan, 25);
    check(&[(MatchKind::Range, 130), (MatchKind::Ternary, 9), (MatchKind::Range, 7)], Kind::Scan, 26);
}

#[test]
fn masks() {
    check(&[(MatchKind::Ternary, 48)], Kind::Masked, 30);
    check(&[(MatchKind::Optional, 16)], Kind::Masked, 31);
    check(
        &[(MatchKind::Ternary, 70), (MatchKind::Exact, 8), (MatchKind::Lpm, 32), (MatchKind::Optional, 4)],
        Kind::Masked,
        32,
    );
}
