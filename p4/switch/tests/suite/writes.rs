//! Writes: all or nothing, and every mistake is told with what would be right.

use sluice_entities::{
    Bits, DefaultEntry, Entity, Match, MeterConfig, MeterEntry, RegisterEntry, Update, UpdateKind,
};
use sluice_switch::Switch;

use crate::common::{call, delete, entry, group, insert, modify, name, program, switch};

const DECLARATIONS: &str = "
meter m: packets, size 2;
register r: bit<16>, size 2;
action set(value: bit<8>) { hdr.four.b = %value; }
table t { key { a: exact = hdr.four.a; } actions { set; defaultonly NoAction; } const default NoAction(); size 2; }
table p { key { c: lpm = hdr.four.c; } actions { set; } default set(8w0x1); size 9; }
table q { key { c: range = hdr.four.c; a: ternary = hdr.four.a; } actions { set; NoAction; } default NoAction(); size 9; }
";

fn running() -> Switch {
    switch(&program(DECLARATIONS, "apply t; apply p; apply q;", ""))
}

fn exact(width: u32, value: u64) -> Match {
    Match::Exact(Bits::new(width, value))
}

fn set() -> sluice_entities::ActionCall {
    call("set", &[Bits::new(8, 1)])
}

/// What is wrong with one update.
fn wrong(update: Update) -> String {
    let text = running().write(&[update]).expect_err("a mistake").to_string();
    text.strip_prefix("update 0: ").expect("the first update").to_string()
}

fn wrong_entry(table: &str, matches: &[Match], priority: u32, action: sluice_entities::ActionCall) -> String {
    wrong(insert(Entity::Table(entry(table, matches, priority, action))))
}

#[test]
fn mistakes_in_entries() {
    let range = |low, high| Match::Range { low: Bits::new(16, low), high: Bits::new(16, high) };
    let ternary = |value, mask| Match::Ternary { value: Bits::new(8, value), mask: Bits::new(8, mask) };
    let prefix = |value, length| Match::Lpm { value: Bits::new(16, value), length };
    for (found, expected) in [
        (wrong_entry("none", &[], 0, set()), "there is no table `none`"),
        (wrong_entry("t", &[], 0, set()), "table `t` has 1 key fields, not 0"),
        (wrong_entry("t", &[exact(9, 1)], 0, set()), "key `a` of table `t` has 8 bits, not 9"),
        (wrong_entry("t", &[prefix(0, 0)], 0, set()), "key `a` of table `t` is matched as Exact"),
        (
            wrong_entry("t", &[exact(8, 1)], 3, set()),
            "entries of table `t` have no priority (0), not priority 3",
        ),
        (
            wrong_entry("t", &[exact(8, 1)], 0, call("NoAction", &[])),
            "table `t` cannot run `NoAction` in an entry; it can run `set`",
        ),
        (wrong_entry("t", &[exact(8, 1)], 0, call("set", &[])), "action `set` has 1 parameters, not 0"),
        (
            wrong_entry("t", &[exact(8, 1)], 0, call("set", &[Bits::new(9, 1)])),
            "parameter `value` of `set` has 8 bits, not 9",
        ),
        (
            wrong_entry("p", &[prefix(0, 17)], 0, set()),
            "key `c` of table `p` has 16 bits: the prefix length is at most that, not 17",
        ),
        (
            wrong_entry("p", &[prefix(1, 15)], 0, set()),
            "key `c` of table `p` has bits set outside its prefix; they must be zero",
        ),
        (
            wrong_entry("q", &[range(0, 1), ternary(2, 1)], 1, set()),
            "key `a` of table `q` has bits set outside its mask; they must be zero",
        ),
        (
            wrong_entry("q", &[range(2, 1), ternary(0, 0)], 1, set()),
            "key `c` of table `q` has a range from 0x2 to 0x1; the first must not be larger",
        ),
        (
            wrong_entry("q", &[range(0, 1), ternary(0, 0)], 0, set()),
            "entries of table `q` have a priority of at least 1, not priority 0",
        ),
        (
            wrong(delete(Entity::Table(entry("t", &[exact(8, 1)], 0, set())))),
            "this entry of table `t` is not there; insert it first",
        ),
        (
            wrong(modify(Entity::Default(DefaultEntry::new(name("t"), Some(set()))))),
            "the default action of table `t` is constant in the program",
        ),
        (
            wrong(insert(Entity::Default(DefaultEntry::new(name("p"), Some(set()))))),
            "a default action is always there: it can be modified, not inserted or deleted",
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn mistakes_elsewhere() {
    let config = MeterConfig { cir: 2, cburst: 1, pir: 1, pburst: 1 };
    let meter = |name: &str, index, config| {
        Entity::Meter(MeterEntry {
            meter: crate::common::name(name),
            index: Some(index),
            config,
            counters: None,
        })
    };
    let register = |index, width| {
        Entity::Register(RegisterEntry { register: name("r"), index: Some(index), value: Bits::zero(width) })
    };
    for (found, expected) in [
        (wrong(insert(group(0, &[]))), "multicast group 0 means none: ids start at 1"),
        (wrong(insert(group(1, &[(511, 0)]))), "port 511 does not exist: ports are 0 to 510"),
        (wrong(insert(group(1, &[(5, 1), (5, 1)]))), "multicast group 1 has port 5 with instance 1 twice"),
        (wrong(modify(group(1, &[]))), "multicast group 1 is not there; insert it first"),
        (wrong(modify(meter("n", 0, None))), "there is no meter `n`"),
        (
            wrong(modify(meter("m", 2, None))),
            "meter `m` has 2 cells, the last is 1, so that there is no cell 2",
        ),
        (
            wrong(modify(meter("m", 1, Some(config)))),
            "meter `m`: the peak rate and burst must be at least the committed ones",
        ),
        (
            wrong(modify(register(2, 16))),
            "register `r` has 2 cells, the last is 1, so that there is no cell 2",
        ),
        (wrong(modify(register(0, 8))), "register `r` has 16 bits, not 8"),
        (
            wrong(Update { kind: UpdateKind::Delete, entity: register(0, 16) }),
            "a register cell is always there: it can be modified, not inserted or deleted",
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_batch_is_all_or_nothing() {
    let switch = running();
    let update = |value| insert(Entity::Table(entry("t", &[exact(8, value)], 0, set())));
    let errors = switch
        .write(&[update(1), insert(group(0, &[])), update(1), update(2), update(3)])
        .expect_err("wrong");
    assert_eq!(
        errors.to_string(),
        "update 1: multicast group 0 means none: ids start at 1\n\
         update 2: this entry of table `t` is there already; modify it instead\n\
         update 4: table `t` holds 2 entries"
    );
    assert_eq!(switch.entries("t"), Some(Vec::new()));
    switch.write(&[update(1), update(2)]).expect("it fits");
    let removed = delete(Entity::Table(entry("t", &[exact(8, 1)], 0, set())));
    let changed = modify(Entity::Table(entry("t", &[exact(8, 2)], 0, call("set", &[Bits::new(8, 7)]))));
    assert!(switch.write(&[removed.clone(), changed.clone(), insert(group(0, &[]))]).is_err());
    let values = |switch: &Switch| -> Vec<(u64, u64)> {
        let number = |bits: &Bits| bits.to_u64().expect("a byte");
        let entries = switch.entries("t").expect("a table").into_iter();
        let mut values: Vec<_> = entries
            .map(|entry| match &entry.matches[0] {
                Match::Exact(key) => (number(key), number(&entry.call().expect("an action").params[0])),
                other => panic!("{other:?}"),
            })
            .collect();
        values.sort_unstable();
        values
    };
    assert_eq!(values(&switch), [(1, 1), (2, 1)]);
    switch.write(&[removed, changed, update(3)]).expect("it fits");
    assert_eq!(values(&switch), [(2, 7), (3, 1)]);
}
