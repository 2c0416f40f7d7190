//! Tables applied by packets: hits, misses, action data, direct counters.

use sluice_entities::{Bits, DefaultEntry, Entity, Match};
use sluice_switch::{CounterData, Switch};

use crate::common::{call, delete, entry, frame, insert, modify, name, pass, program, switch};

const DECLARATIONS: &str = "
metadata terms: bit<256>;
metadata hit: bool;
local run: bit<16>;
action set(value: bit<8>) { hdr.four.b = %value; }
action narrow(bits: bit<256>) { terms = terms & %bits; }
action quit() { exit; }
table t { key { a: exact = hdr.four.a; } actions { set; NoAction; } default NoAction(); size 4; }
table l { key { c: lpm = hdr.four.c; } actions { narrow; NoAction; } default NoAction(); size 8; }
table r { key { c: range = hdr.four.c; } actions { set; narrow; NoAction; } default NoAction(); size 8; }
table x { key { a: ternary = hdr.four.a; t: exact = terms; } actions { quit; set; NoAction; } default NoAction(); size 8; }
table k { actions { set; } default set(8w0x77); size 1; }
";

fn running(ingress: &str) -> Switch {
    switch(&program(DECLARATIONS, ingress, ""))
}

fn exact(value: u64) -> Match {
    Match::Exact(Bits::new(8, value))
}

#[test]
fn hits_misses_and_what_ran() {
    let switch = running("apply t hit hit run run; hdr.four.c = hit ? run : (run + 16w0x100);");
    let byte = |value| Bits::new(8, value);
    assert_eq!(frame(&switch, &[5, 0, 0, 0]), [5, 0, 1, 1]);
    switch
        .write(&[insert(Entity::Table(entry("t", &[exact(5)], 0, call("set", &[byte(9)]))))])
        .expect("written");
    assert_eq!(frame(&switch, &[5, 0, 0, 0]), [5, 9, 0, 0]);
    assert_eq!(frame(&switch, &[6, 0, 0, 0]), [6, 0, 1, 1]);
    let default = DefaultEntry::new(name("t"), Some(call("set", &[byte(3)])));
    switch.write(&[modify(Entity::Default(default))]).expect("written");
    assert_eq!(frame(&switch, &[6, 0, 0, 0]), [6, 3, 1, 0]);
    assert_eq!(switch.default_action("t"), Some(call("set", &[byte(3)])));
    let default = DefaultEntry::new(name("t"), None);
    switch.write(&[modify(Entity::Default(default))]).expect("written");
    assert_eq!(frame(&switch, &[6, 0, 0, 0]), [6, 0, 1, 1]);
}

#[test]
fn wide_action_data_and_mixed_keys() {
    let ingress =
        "terms = ~256w0x0; apply l; apply r; hdr.four.b = terms[207:200]; apply x; hdr.four.a = 8w0xee;";
    let switch = running(ingress);
    let wide = |byte: u64| Bits::new(256, byte).shl(200);
    let prefix = |value, length| Match::Lpm { value: Bits::new(16, value), length };
    let range = |low, high| Match::Range { low: Bits::new(16, low), high: Bits::new(16, high) };
    let any = Match::Ternary { value: Bits::zero(8), mask: Bits::zero(8) };
    switch
        .write(&[
            insert(Entity::Table(entry("l", &[prefix(0x1200, 8)], 0, call("narrow", &[wide(0xf0)])))),
            insert(Entity::Table(entry("l", &[prefix(0x1230, 12)], 0, call("narrow", &[wide(0xff)])))),
            insert(Entity::Table(entry("r", &[range(0x1200, 0x12ff)], 1, call("narrow", &[wide(0x3c)])))),
            insert(Entity::Table(entry("r", &[range(0x1235, 0x1235)], 2, call("narrow", &[wide(0x81)])))),
            insert(Entity::Table(entry("x", &[any, Match::Exact(wide(0x30))], 1, call("quit", &[])))),
        ])
        .expect("written");
    assert_eq!(frame(&switch, &[1, 2, 0x12, 0x00]), [1, 0x30, 0x12, 0x00]);
    assert_eq!(frame(&switch, &[1, 2, 0x12, 0x34]), [0xee, 0x3c, 0x12, 0x34]);
    assert_eq!(frame(&switch, &[1, 2, 0x12, 0x35]), [0xee, 0x81, 0x12, 0x35]);
    assert_eq!(frame(&switch, &[1, 2, 0x13, 0x35]), [0xee, 0xff, 0x13, 0x35]);
}

#[test]
fn keyless_tables_run_their_default() {
    assert_eq!(frame(&running("apply k;"), &[1, 2, 3, 4])[1], 0x77);
}

#[test]
fn direct_counters_follow_their_entries() {
    let declarations = "
        action set(value: bit<8>) { hdr.four.b = %value; count_direct(t); }
        table t { key { a: exact = hdr.four.a; } actions { set; NoAction; } default NoAction(); size 4; counter t.c: both; }
        table k { actions { NoAction; } default NoAction(); size 1; }";
    let switch = switch(&program(declarations, "apply t; apply k;", ""));
    let set = |value| call("set", &[Bits::new(8, value)]);
    let first = entry("t", &[exact(1)], 0, set(1));
    let second = entry("t", &[exact(2)], 0, set(2));
    switch
        .write(&[insert(Entity::Table(first.clone())), insert(Entity::Table(second.clone()))])
        .expect("written");
    let counted = |switch: &Switch| switch.direct_counters("t").expect("it has counters");
    for byte in [1, 1, 2, 3] {
        pass(&switch, &[byte, 0, 0, 0]);
    }
    let data = |packets| CounterData { packets, bytes: packets * 4 };
    assert_eq!(counted(&switch).entries, [(first.clone(), data(2)), (second.clone(), data(1))]);
    assert_eq!(counted(&switch).default, data(0));
    let changed = entry("t", &[exact(1)], 0, set(9));
    switch.write(&[modify(Entity::Table(changed.clone()))]).expect("written");
    pass(&switch, &[1, 0, 0, 0]);
    assert_eq!(counted(&switch).entries[0], (changed.clone(), data(3)));
    // A new entry starts from zero, whichever cell it gets.
    for _ in 0..5 {
        switch.write(&[delete(Entity::Table(changed.clone()))]).expect("written");
        switch.write(&[insert(Entity::Table(first.clone()))]).expect("written");
        assert_eq!(counted(&switch).entries[0], (first.clone(), data(0)));
        pass(&switch, &[1, 0, 0, 0]);
        assert_eq!(counted(&switch).entries[0], (first.clone(), data(1)));
    }
    assert!(switch.direct_counters("k").is_none());
    assert!(switch.direct_counters("nothing").is_none());
}

#[test]
fn entries_of_the_program_are_there() {
    let declarations = "action set(v: bit<8>) { hdr.four.b = %v; }
        table t { key { a: exact = hdr.four.a; } actions { set; NoAction; } default NoAction(); size 4;
          const entries { const (8w0x1): set(8w0x42); } }";
    let switch = switch(&program(declarations, "apply t;", ""));
    assert_eq!(frame(&switch, &[1, 0, 0, 0])[1], 0x42);
    assert_eq!(switch.entries("t").expect("a table").len(), 1);
    assert_eq!(switch.table_usage("t").map(|usage| (usage.used, usage.size)), Some((1, 4)));
    let errors =
        switch.write(&[delete(Entity::Table(entry("t", &[exact(1)], 0, call("set", &[Bits::new(8, 0)]))))]);
    assert_eq!(
        errors.expect_err("const").to_string(),
        "update 0: the entries of table `t` is constant in the program"
    );
}

#[test]
fn a_key_that_moves_to_another_entrys_place_stays() {
    let switch = running("apply t;");
    let with = |key, value| entry("t", &[exact(key)], 0, call("set", &[Bits::new(8, value)]));
    let (kept, other) = (|value| Entity::Table(with(5, value)), || Entity::Table(with(6, 1)));
    switch.write(&[insert(kept(1))]).expect("written");
    switch.write(&[insert(other())]).expect("written");
    // The state of before `other` is brought up to date: there the key stands in the place that is free now.
    switch.write(&[delete(kept(1)), delete(other()), insert(kept(2))]).expect("written");
    assert_eq!(frame(&switch, &[5, 0, 0, 0]), [5, 2, 0, 0]);
}
