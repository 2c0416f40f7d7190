//! Value sets, direct resources, registers, idle timeouts, digests, backup replicas, and the kinds of batches.

use sluice_entities::{
    Atomicity, Bits, Branch, Code, CounterEntry, DefaultEntry, Details, DigestConfig, DigestEntry,
    DirectCounterEntry, DirectMeterEntry, Entity, EntryAttributes, EntryKey, Match, MeterConfig,
    MeterCounters, MeterEntry, MulticastGroup, Query, RegisterEntry, Replica, TableEntry, TableQuery,
    ValueSetEntry,
};
use sluice_switch::{CounterData, Ingress, Switch};

use crate::common::{
    DEPARSER, Kept, PRELUDE, call, delete, entry, frame, insert, modify, name, pass, program, switch,
};

fn exact(value: u64) -> Match {
    Match::Exact(Bits::new(8, value))
}

fn counted(packets: u64) -> CounterData {
    CounterData { packets, bytes: packets * 4 }
}

#[test]
fn value_sets_decide_in_the_parser() {
    let parser = "parser {
        state start { extract(hdr.four); select (hdr.four.a, hdr.four.c) { (value_set vs): odd; (_, _): accept; } }
        state odd { hdr.four.b = 8w0xee; goto accept; } }";
    let set = "value_set vs: size 2 { a: exact, width 8; c: lpm, width 16; }";
    let source = format!(
        "{PRELUDE}{set}\n{parser}\nverify_checksum {{ }}\ningress {{ }}\negress {{ }}\ncompute_checksum {{ }}\n{DEPARSER}"
    );
    let switch = switch(&source);
    let member = |a: u64, c: u64, length: u32| vec![exact(a), Match::Lpm { value: Bits::new(16, c), length }];
    let write = |members: Vec<Vec<Match>>| {
        switch.write(&[modify(Entity::ValueSet(ValueSetEntry { set: name("vs"), members }))])
    };
    let seen = |a, c| frame(&switch, &[a, 0, c, 0])[1] == 0xee;
    assert!(!seen(1, 0x10));
    write(vec![member(1, 0x1000, 8), member(2, 0, 0)]).expect("written");
    assert_eq!([seen(1, 0x10), seen(1, 0x11), seen(2, 0x55), seen(3, 0x10)], [true, false, true, false]);
    let errors = write(vec![member(1, 0, 0), member(1, 0, 0)]).expect_err("twice");
    assert_eq!(
        (errors.errors[0].1.code(), errors.to_string().as_str()),
        (Code::AlreadyExists, "update 0: value set `vs` has a member twice",)
    );
    let errors = write(vec![member(1, 0, 0), member(2, 0, 0), member(3, 0, 0)]).expect_err("too many");
    assert_eq!(
        (errors.errors[0].1.code(), errors.to_string().as_str()),
        (Code::ResourceExhausted, "update 0: value set `vs` holds 2 members, not 3",)
    );
    let read = switch.read(&Query::ValueSet { set: None }).expect("a query");
    let members = vec![member(1, 0x1000, 8), member(2, 0, 0)];
    assert_eq!(read, [Entity::ValueSet(ValueSetEntry { set: name("vs"), members })]);
    write(Vec::new()).expect("emptied");
    assert!(!seen(2, 0x55));
}

const RESOURCES: &str = "
local color: bit<2>;
counter c: both, size 3;
meter m: packets, size 2;
register r: bit<16>, size 3;
action set(value: bit<8>) { hdr.four.b = %value; count_direct(t); color = meter_direct(t); hdr.four.c = 14w0x0 ++ color; }
table t { key { a: exact = hdr.four.a; } actions { set; NoAction; } default set(8w0x0); size 4; counter t.c: both; meter t.m: packets; support_timeout; }
table k { key { a: exact = hdr.four.a; } actions { NoAction; } default NoAction(); size 4; }
";

fn resources() -> Switch {
    switch(&program(
        RESOURCES,
        "apply t; count(c, hdr.four.a); register_write(r, hdr.four.a, hdr.four.c); digest(\"seen_t\", 32w0x0, {hdr.four.a});",
        "",
    ))
}

const RATES: MeterConfig = MeterConfig { cir: 0, cburst: 1, pir: 0, pburst: 2 };

fn with(key: u64, attributes: EntryAttributes) -> Entity {
    let mut entry = entry("t", &[exact(key)], 0, call("set", &[Bits::new(8, 9)]));
    entry.attributes = attributes;
    Entity::Table(entry)
}

/// Everything that can be asked of entries.
const ALL: Details = Details { meter: true, counter: true, meter_counters: true, time_since_hit: true };

fn read_entry(switch: &Switch) -> EntryAttributes {
    let query = Query::Table(TableQuery { table: Some(name("t")), details: ALL, ..TableQuery::default() });
    match switch.read(&query).expect("a query").as_slice() {
        [Entity::Table(entry)] => entry.attributes.clone(),
        other => panic!("{other:?}"),
    }
}

fn at(switch: &Switch, time_ns: u64, data: &[u8]) -> Vec<u8> {
    let mut kept = Kept::default();
    switch.worker().process(&Ingress::new(1, time_ns, data), &mut kept);
    kept.sent[0].data.clone()
}

#[test]
fn direct_resources_come_and_go_with_entries() {
    let switch = resources();
    let attributes = EntryAttributes {
        meter: Some(RATES),
        counter: Some(counted(10)),
        metadata: vec![1, 2, 3],
        controller_metadata: 77,
        ..EntryAttributes::default()
    };
    switch.write(&[insert(with(1, attributes.clone()))]).expect("written");
    let colors = [0; 4].map(|_| frame(&switch, &[1, 0, 0, 0])[3]);
    assert_eq!(colors, [0, 1, 2, 2]);
    let colored = MeterCounters { green: counted(1), yellow: counted(1), red: counted(2) };
    let told = EntryAttributes {
        counter: Some(counted(14)),
        meter_counters: Some(colored),
        time_since_hit_ns: Some(0),
        ..attributes.clone()
    };
    assert_eq!(read_entry(&switch), told);
    // Without an action a modification is of counter and meter alone.
    let mut change = entry("t", &[exact(1)], 0, call("set", &[Bits::new(8, 9)]));
    change.action = None;
    change.attributes.counter = Some(counted(0));
    change.attributes.meter_counters = Some(MeterCounters::default());
    switch.write(&[modify(Entity::Table(change))]).expect("written");
    let told = EntryAttributes {
        meter: None,
        counter: Some(counted(0)),
        meter_counters: Some(MeterCounters::default()),
        time_since_hit_ns: Some(0),
        ..attributes
    };
    assert_eq!(read_entry(&switch), told);
    assert_eq!(frame(&switch, &[1, 0, 0, 0])[3], 0, "without rates everything is green");
    let key = EntryKey::Entry { matches: vec![exact(1)], priority: 0 };
    let (table, config) = (name("t"), Some(RATES));
    let meter = DirectMeterEntry { table: table.clone(), key: key.clone(), config, counters: None };
    let counter = DirectCounterEntry { table: table.clone(), key: key.clone(), data: Some(counted(5)) };
    switch
        .write(&[modify(Entity::DirectMeter(meter.clone())), modify(Entity::DirectCounter(counter.clone()))])
        .expect("written");
    let ask = Query::DirectMeter { table: Some(table.clone()), key: Some(key.clone()), counters: false };
    assert_eq!(switch.read(&ask), Ok(vec![Entity::DirectMeter(meter)]));
    let ask = Query::DirectCounter { table: Some(table), key: None };
    assert_eq!(switch.read(&ask), Ok(vec![Entity::DirectCounter(counter)]));
    switch.write(&[delete(with(1, EntryAttributes::default()))]).expect("written");
    switch.write(&[insert(with(1, EntryAttributes::default()))]).expect("written");
    assert_eq!((read_entry(&switch).counter, read_entry(&switch).meter), (Some(counted(0)), None));
    // The default action has both, too.
    let data = Some(counted(3));
    let default = DirectCounterEntry { table: name("t"), key: EntryKey::Default, data };
    switch.write(&[modify(Entity::DirectCounter(default))]).expect("written");
    pass(&switch, &[9, 0, 0, 0]);
    let ask = Query::DirectCounter { table: Some(name("t")), key: Some(EntryKey::Default) };
    let default = DirectCounterEntry { table: name("t"), key: EntryKey::Default, data: Some(counted(4)) };
    assert_eq!(switch.read(&ask), Ok(vec![Entity::DirectCounter(default)]));
}

#[test]
fn cells_are_written_one_by_one_or_all() {
    let switch = resources();
    let counter = |index, packets| {
        Entity::Counter(CounterEntry { counter: name("c"), index, data: Some(counted(packets)) })
    };
    switch.write(&[modify(counter(None, 7)), modify(counter(Some(2), 1))]).expect("written");
    pass(&switch, &[2, 0, 0, 0]);
    let ask = Query::Counter { counter: None, index: None };
    assert_eq!(switch.read(&ask), Ok(vec![counter(Some(0), 7), counter(Some(1), 7), counter(Some(2), 2)]));
    let register = |index, value| {
        Entity::Register(RegisterEntry { register: name("r"), index, value: Bits::new(16, value) })
    };
    switch.write(&[modify(register(None, 5)), modify(register(Some(1), 6))]).expect("written");
    let ask = |index| Query::Register { register: Some(name("r")), index };
    assert_eq!(
        switch.read(&ask(None)),
        Ok(vec![register(Some(0), 5), register(Some(1), 6), register(Some(2), 5)])
    );
    assert_eq!(switch.read(&ask(Some(1))), Ok(vec![register(Some(1), 6)]));
    assert_eq!(switch.read(&ask(Some(3))).expect_err("none").code(), Code::OutOfRange);
    let meter = |index, config| Entity::Meter(MeterEntry { meter: name("m"), index, config, counters: None });
    switch.write(&[modify(meter(None, Some(RATES))), modify(meter(Some(0), None))]).expect("written");
    let ask = Query::Meter { meter: Some(name("m")), index: None, counters: false };
    assert_eq!(switch.read(&ask), Ok(vec![meter(Some(0), None), meter(Some(1), Some(RATES))]));
}

#[test]
fn idle_entries_are_told_once_for_each_time() {
    let switch = resources();
    let idle = |timeout| EntryAttributes { idle_timeout_ns: timeout, ..EntryAttributes::default() };
    switch.write(&[insert(with(1, idle(100))), insert(with(2, idle(0)))]).expect("written");
    let told = |switch: &Switch| -> Vec<_> {
        let idle = switch.idle_entries().into_iter();
        idle.map(|idle| (idle.entry.matches, idle.entry.attributes.time_since_hit_ns)).collect()
    };
    // Before the first packet there is no time.
    assert_eq!(told(&switch), []);
    at(&switch, 1_000, &[9, 0, 0, 0]);
    assert_eq!(told(&switch), []);
    at(&switch, 1_099, &[9, 0, 0, 0]);
    assert_eq!(told(&switch), []);
    switch.advance(1_100);
    assert_eq!(told(&switch), [(vec![exact(1)], Some(100))]);
    switch.advance(1_199);
    assert_eq!(told(&switch), []);
    // Told again after another time (P4Runtime section 16.4).
    switch.advance(1_500);
    assert_eq!(told(&switch), [(vec![exact(1)], Some(500))]);
    assert_eq!(told(&switch), []);
    at(&switch, 2_000, &[1, 0, 0, 0]);
    switch.advance(2_099);
    assert_eq!(told(&switch), []);
    switch.advance(2_100);
    assert_eq!(told(&switch), [(vec![exact(1)], Some(100))]);
    let refused = with(3, idle(1)).clone();
    let mut elsewhere = match refused {
        Entity::Table(entry) => entry,
        other => panic!("{other:?}"),
    };
    elsewhere = TableEntry { table: name("k"), action: Some(call("NoAction", &[]).into()), ..elsewhere };
    let errors = switch.write(&[insert(Entity::Table(elsewhere))]).expect_err("no idle timeouts");
    assert_eq!(errors.to_string(), "update 0: table `k` has no idle timeouts");
}

#[test]
fn digests_come_in_lists() {
    let switch = resources();
    let config = DigestConfig { max_timeout_ns: 1_000, max_list_size: 3, ack_timeout_ns: 5_000 };
    let digest = Entity::Digest(DigestEntry { digest: name("seen_t"), config });
    at(&switch, 10, &[1, 0, 0, 0]);
    switch.write(&[insert(digest.clone())]).expect("written");
    assert_eq!(switch.read(&Query::Digest { digest: None }), Ok(vec![digest.clone()]));
    let lists = |switch: &Switch| -> Vec<(u64, Vec<u64>)> {
        let value = |message: &Vec<Bits>| message[0].to_u64().expect("a byte");
        let lists = switch.digest_lists().into_iter();
        lists.map(|list| (list.list, list.messages.iter().map(value).collect())).collect()
    };
    for byte in [1, 2, 1, 3, 4, 2] {
        at(&switch, 100, &[byte, 0, 0, 0]);
    }
    assert_eq!(lists(&switch), [(1, vec![1, 2, 3])]);
    switch.advance(1_100);
    assert_eq!(lists(&switch), [(2, vec![4])]);
    // What was sent is not sent again until it is acknowledged, or until the time for that is over.
    assert!(switch.acknowledge_digests("seen_t", 2));
    assert!(!switch.acknowledge_digests("nothing", 2));
    for byte in [1, 4] {
        at(&switch, 1_200, &[byte, 0, 0, 0]);
    }
    switch.advance(2_200);
    assert_eq!(lists(&switch), [(3, vec![4])]);
    at(&switch, 5_100, &[1, 0, 0, 0]);
    switch.advance(9_999);
    assert_eq!(lists(&switch), [(4, vec![1])]);
    switch.write(&[delete(digest)]).expect("written");
    at(&switch, 20_000, &[1, 0, 0, 0]);
    switch.advance(30_000);
    assert_eq!(lists(&switch), []);
}

#[test]
fn backups_stand_in_for_ports_that_are_down() {
    let switch = switch(&program("", "sm.mcast_grp = 16w0x7;", ""));
    let replica = |port, instance| Replica { port, instance };
    let backups = vec![replica(3, 5), replica(4, 6)];
    let branches = vec![Branch { replica: replica(2, 1), backups }, Branch::from(replica(9, 2))];
    let group = MulticastGroup { id: 7, branches, metadata: vec![0xab] };
    switch.write(&[insert(Entity::Multicast(group.clone()))]).expect("written");
    let sent = |switch: &Switch| -> Vec<(u16, u16)> {
        pass(switch, &[1, 2, 3, 4]).1.sent.iter().map(|sent| (sent.port, sent.instance)).collect()
    };
    assert_eq!(sent(&switch), [(2, 1), (9, 2)]);
    switch.set_port_up(2, false).expect("a port");
    assert_eq!(sent(&switch), [(3, 5), (9, 2)]);
    switch.set_port_up(3, false).expect("a port");
    assert_eq!(sent(&switch), [(4, 6), (9, 2)]);
    switch.set_port_up(4, false).expect("a port");
    assert_eq!(sent(&switch), [(9, 2)]);
    switch.set_port_up(2, true).expect("a port");
    assert_eq!(sent(&switch), [(2, 1), (9, 2)]);
    assert_eq!(switch.read(&Query::Multicast { id: Some(7) }), Ok(vec![Entity::Multicast(group.clone())]));
    let mut wrong = group;
    wrong.branches[0].backups[0].port = 2;
    let errors = switch.write(&[modify(Entity::Multicast(wrong))]).expect_err("its own port");
    let text = "update 0: multicast group 7 has a copy for port 2 with a backup for the same port";
    assert_eq!(errors.to_string(), text);
}

#[test]
fn batches_end_as_they_say() {
    let update = |key| insert(with(key, EntryAttributes::default()));
    let batch = [update(1), update(1), update(2), delete(with(9, EntryAttributes::default())), update(3)];
    let keys = |switch: &Switch| switch.entries("t").expect("a table").len();
    let codes = |atomicity| {
        let switch = resources();
        let errors = switch.write_batch(&batch, atomicity).expect_err("two are wrong");
        (keys(&switch), errors.codes(batch.len(), atomicity))
    };
    let (exists, missing, aborted) = (Some(Code::AlreadyExists), Some(Code::NotFound), Some(Code::Aborted));
    assert_eq!(codes(Atomicity::ContinueOnError), (3, vec![None, exists, None, missing, None]));
    assert_eq!(codes(Atomicity::RollbackOnError), (0, vec![aborted, exists, aborted, aborted, aborted]));
    assert_eq!(codes(Atomicity::DataplaneAtomic), (0, vec![aborted, exists, aborted, missing, aborted]));
}

#[test]
fn the_default_action_is_put_back_with_all_that_belongs_to_it() {
    let switch = resources();
    let attributes = EntryAttributes { metadata: vec![9], meter: Some(RATES), ..EntryAttributes::default() };
    let action = Some(call("set", &[Bits::new(8, 5)]));
    let written = DefaultEntry { table: name("t"), action, attributes };
    switch.write(&[modify(Entity::Default(written.clone()))]).expect("written");
    let details = Details { meter: true, ..Details::default() };
    let ask = Query::Default { table: Some(name("t")), details };
    assert_eq!(switch.read(&ask), Ok(vec![Entity::Default(written)]));
    switch.write(&[modify(Entity::Default(DefaultEntry::new(name("t"), None)))]).expect("written");
    let original = DefaultEntry::new(name("t"), Some(call("set", &[Bits::new(8, 0)])));
    assert_eq!(switch.read(&ask), Ok(vec![Entity::Default(original)]));
}
