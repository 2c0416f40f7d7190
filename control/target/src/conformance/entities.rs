//! Entities of every kind: written, read, refused.

use sluice_entities::{
    Bits, Branch, CloneSession, Code, CounterData, CounterEntry, DefaultEntry, Details, DigestConfig,
    DigestEntry, DirectMeterEntry, Entity, EntryKey, GroupMember, Match, MeterConfig, MeterEntry,
    MulticastGroup, ProfileGroup, ProfileMember, Query, RegisterEntry, Replica, TableAction, TableEntry,
    TableQuery, Update, ValueSetEntry, WeightedAction,
};

use super::{
    Bench, Check, Verdict, call, delete, ensure, entries, exact, forward, forward_entry, frame, insert,
    modify, name, out, pass, read, same, stamp_entry, vanishes, write,
};
use crate::target::Capabilities;

pub(super) const CHECKS: &[Check] = &[
    Check::new("entries take effect, are changed and go", entries_work),
    Check::new("all kinds of keys match", keys),
    Check::new("what is read is what was written", symmetry),
    Check::new("reads keep to what they ask for", filters),
    Check::new("everything that was written can be deleted", deletion),
    Check::new("counters count, are read and set", counters),
    Check::new("registers are shared with packets", registers),
    Check::new("mistakes have their codes", codes),
];

fn entries_work(bench: &dyn Bench) -> Verdict {
    vanishes(bench, &frame(1, 1, 0, 0))?;
    write(bench, &[insert(forward_entry(1, 2, 0x77))])?;
    let left = pass(bench, 2, &frame(1, 1, 0, 0))?;
    same("mark", &left[4], &0x77)?;
    write(bench, &[modify(forward_entry(1, 3, 0x78))])?;
    same("changed mark", &pass(bench, 3, &frame(1, 1, 0, 0))?[4], &0x78)?;
    write(bench, &[delete(forward_entry(1, 3, 0))])?;
    vanishes(bench, &frame(1, 1, 0, 0))?;
    let default = DefaultEntry::new(name("ingress.stamp_t"), Some(call("ingress.stamp", &[(8, 0x55)])));
    write(bench, &[modify(Entity::Default(default)), insert(forward_entry(1, 2, 0))])?;
    same("default's stamp", &pass(bench, 2, &frame(1, 1, 0, 0))?[7], &0x55)
}

fn table(table: &str, matches: Vec<Match>, priority: u32, action: impl Into<TableAction>) -> Entity {
    Entity::Table(TableEntry::new(name(table), matches, priority, action))
}

fn sixteen(value: u64) -> Bits {
    Bits::new(16, value)
}

fn ternary(value: u64, mask: u64, key: Option<u64>, priority: u32, port: u64) -> Entity {
    let key = Match::Optional(key.map(|key| Bits::new(8, key)));
    let value = Match::Ternary { value: sixteen(value), mask: sixteen(mask) };
    table("ingress.ternary_t", vec![value, key], priority, call("ingress.paced_out", &[(9, port)]))
}

fn lpm(value: u64, length: u32, port: u64) -> Entity {
    table("ingress.lpm_t", vec![Match::Lpm { value: Bits::new(32, value), length }], 0, out(port))
}

fn range(low: u64, high: u64, priority: u32, port: u64) -> Entity {
    let range = Match::Range { low: sixteen(low), high: sixteen(high) };
    table("ingress.range_t", vec![range], priority, out(port))
}

fn keys(bench: &dyn Bench) -> Verdict {
    let updates = [
        insert(ternary(0x1200, 0xff00, None, 1, 2)),
        insert(ternary(0x1200, 0xff00, Some(9), 2, 3)),
        insert(lpm(0x0a00_0000, 8, 2)),
        insert(lpm(0x0a01_0000, 16, 3)),
        insert(range(100, 200, 1, 2)),
        insert(range(150, 160, 2, 3)),
    ];
    write(bench, &updates)?;
    for (port, frame) in [
        (2, frame(2, 1, 0x1234, 0)),
        (3, frame(2, 9, 0x1234, 0)),
        (2, frame(3, 0, 0, 0x0a02_0304)),
        (3, frame(3, 0, 0, 0x0a01_0304)),
        (2, frame(4, 0, 149, 0)),
        (3, frame(4, 0, 150, 0)),
        (3, frame(4, 0, 160, 0)),
        (2, frame(4, 0, 200, 0)),
    ] {
        pass(bench, port, &frame).map_err(|error| format!("{frame:?}: {error}"))?;
    }
    for frame in [frame(2, 1, 0x1134, 0), frame(3, 0, 0, 0x0b00_0000), frame(4, 0, 201, 0)] {
        vanishes(bench, &frame)?;
    }
    Ok(())
}

fn rates(base: u64) -> MeterConfig {
    MeterConfig { cir: base, cburst: base + 1, pir: base + 2, pburst: base + 3 }
}

fn full_entry(can: &Capabilities) -> Entity {
    let mut entry = TableEntry::new(name("ingress.exact_t"), exact(1), 0, forward(2, 3));
    entry.attributes.metadata = b"of the controller".to_vec();
    if can.idle_timeouts {
        entry.attributes.idle_timeout_ns = 3_600_000_000_000;
    }
    Entity::Table(entry)
}

/// Something of every kind that a data path can do, in an order in which it can be written.
fn everything(can: &Capabilities) -> Vec<Update> {
    let branch = |port, instance| Branch::from(Replica { port, instance });
    let backed =
        Branch { replica: Replica { port: 3, instance: 2 }, backups: vec![Replica { port: 1, instance: 7 }] };
    let multicast =
        MulticastGroup { id: 10, branches: vec![branch(2, 1), backed], metadata: b"group".to_vec() };
    let default = DefaultEntry::new(name("ingress.stamp_t"), Some(call("ingress.stamp", &[(8, 1)])));
    let mut all = vec![
        insert(full_entry(can)),
        insert(stamp_entry(1, 9)),
        insert(ternary(0x1200, 0xff00, Some(1), 7, 2)),
        insert(lpm(0x0a00_0000, 8, 2)),
        insert(range(5, 9, 3, 2)),
        modify(Entity::Default(default)),
        modify(Entity::Meter(MeterEntry {
            meter: name("ingress.rates"),
            index: Some(3),
            config: Some(rates(1000)),
            counters: None,
        })),
        modify(Entity::Counter(CounterEntry {
            counter: name("ingress.seen"),
            index: Some(4),
            data: Some(CounterData { packets: 11, bytes: 1100 }),
        })),
        modify(Entity::Register(RegisterEntry {
            register: name("ingress.memory"),
            index: Some(5),
            value: sixteen(0xbeef),
        })),
        insert(Entity::Multicast(multicast)),
    ];
    if can.profiles {
        all.extend(of_profiles());
    }
    if can.direct_meters {
        all.push(of_direct_meters());
    }
    if can.value_sets {
        all.push(modify(Entity::ValueSet(ValueSetEntry {
            set: name("Parse.special"),
            members: vec![vec![Match::Exact(Bits::new(8, 99))]],
        })));
    }
    if can.selectors {
        all.extend(of_selectors());
    }
    if can.clones {
        let session = CloneSession {
            id: 5,
            branches: vec![branch(3, 4)],
            class_of_service: 2,
            packet_length_bytes: 20,
        };
        all.push(insert(Entity::Clone(session)));
    }
    if can.digests {
        let config = DigestConfig { max_timeout_ns: 1000, max_list_size: 3, ack_timeout_ns: 2000 };
        all.push(insert(Entity::Digest(DigestEntry { digest: name("note_t"), config })));
    }
    all
}

fn member(profile: &std::sync::Arc<str>, id: u32, port: u64) -> Update {
    insert(Entity::Member(ProfileMember { profile: profile.clone(), id, action: out(port) }))
}

fn of_profiles() -> Vec<Update> {
    let profile = name("ingress.profile");
    vec![
        member(&profile, 1, 2),
        member(&profile, 2, 3),
        insert(table("ingress.profile_t", exact(1), 0, TableAction::Member(1))),
        insert(table("ingress.profile_t", exact(2), 0, TableAction::Member(2))),
    ]
}

fn of_direct_meters() -> Update {
    let key = EntryKey::Entry {
        matches: vec![
            Match::Ternary { value: sixteen(0x1200), mask: sixteen(0xff00) },
            Match::Optional(Some(Bits::new(8, 1))),
        ],
        priority: 7,
    };
    modify(Entity::DirectMeter(DirectMeterEntry {
        table: name("ingress.ternary_t"),
        key,
        config: Some(rates(50)),
        counters: None,
    }))
}

fn of_selectors() -> Vec<Update> {
    let selector = name("ingress.selector");
    let group = ProfileGroup {
        profile: selector.clone(),
        id: 1,
        members: vec![
            GroupMember { member: 1, weight: 1, watch_port: Some(2) },
            GroupMember { member: 2, weight: 2, watch_port: None },
        ],
        max_size: 4,
    };
    vec![
        member(&selector, 1, 2),
        member(&selector, 2, 3),
        insert(Entity::Group(group)),
        insert(table("ingress.selector_t", exact(1), 0, TableAction::Group(1))),
        insert(table("ingress.selector_t", exact(2), 0, TableAction::Member(2))),
    ]
}

/// As [`everything`], of what a bench can do.
fn all_of(bench: &dyn Bench) -> Vec<Update> {
    everything(&bench.target().capabilities())
}

pub(super) fn write_everything(bench: &dyn Bench) -> Verdict {
    write(bench, &all_of(bench))
}

fn all_queries() -> Vec<Query> {
    let details = Details { meter: true, ..Details::default() };
    vec![
        Query::Table(TableQuery { details, ..TableQuery::default() }),
        Query::Default { table: None, details },
        Query::Member { profile: None, id: None },
        Query::Group { profile: None, id: None },
        Query::Meter { meter: None, index: None, counters: false },
        Query::DirectMeter { table: None, key: None, counters: false },
        Query::Counter { counter: None, index: None },
        Query::Multicast { id: None },
        Query::Clone { id: None },
        Query::ValueSet { set: None },
        Query::Register { register: None, index: None },
        Query::Digest { digest: None },
    ]
}

pub(super) fn read_everything(bench: &dyn Bench) -> Result<Vec<Entity>, String> {
    let mut all = Vec::new();
    for query in all_queries() {
        all.extend(read(bench, &query)?);
    }
    Ok(all)
}

fn symmetry(bench: &dyn Bench) -> Verdict {
    write_everything(bench)?;
    let read = read_everything(bench)?;
    for update in all_of(bench) {
        let is_it = |found: &&Entity| match (*found, &update.entity) {
            // A read of entries tells the rates, too; they were written apart.
            (Entity::Table(found), Entity::Table(written)) => {
                let mut found = found.clone();
                found.attributes.meter = None;
                found == *written
            }
            (found, written) => found == written,
        };
        ensure(read.iter().any(|found| is_it(&found)), || {
            format!("{:?} was written and is not read", update.entity)
        })?;
    }
    // Cells that nobody wrote are read as they are.
    let cells = super::read(bench, &Query::Register { register: Some(name("ingress.memory")), index: None })?;
    same("cells", &cells.len(), &16)
}

fn filters(bench: &dyn Bench) -> Verdict {
    write_everything(bench)?;
    let cell = |index| Query::Counter { counter: Some(name("ingress.seen")), index: Some(index) };
    same("one cell", &read(bench, &cell(4))?.len(), &1)?;
    let beyond = bench.target().read_each(&cell(16), &mut |_| {}).map_err(|fault| fault.code);
    same("a cell beyond the last", &beyond, &Err(Code::OutOfRange))?;
    let unknown = Query::Table(TableQuery { table: Some(name("ingress.nothing")), ..TableQuery::default() });
    let unknown = bench.target().read_each(&unknown, &mut |_| {}).map_err(|fault| fault.code);
    same("an unknown table", &unknown, &Err(Code::InvalidArgument))?;
    let by = |query: TableQuery| read(bench, &Query::Table(query)).map(|found| found.len());
    let constant = || Some(name("ingress.const_t"));
    same("all of a table", &by(TableQuery { table: constant(), ..TableQuery::default() })?, &2)?;
    let keyed = TableQuery { table: constant(), matches: Some(exact(2)), ..TableQuery::default() };
    same("one key", &by(keyed)?, &1)?;
    if bench.target().capabilities().profiles {
        let member = Query::Member { profile: Some(name("ingress.profile")), id: Some(2) };
        same("one member", &read(bench, &member)?.len(), &1)?;
    }
    same("no group", &read(bench, &Query::Multicast { id: Some(77) })?.len(), &0)
}

fn deletion(bench: &dyn Bench) -> Verdict {
    write_everything(bench)?;
    let only_modified = |entity: &Entity| {
        matches!(
            entity,
            Entity::Default(_)
                | Entity::Meter(_)
                | Entity::DirectMeter(_)
                | Entity::Counter(_)
                | Entity::Register(_)
                | Entity::ValueSet(_)
        )
    };
    let mut updates = all_of(bench);
    updates.retain(|update| !only_modified(&update.entity));
    updates.reverse();
    updates.iter_mut().for_each(|update| update.kind = sluice_entities::UpdateKind::Delete);
    write(bench, &updates)?;
    let can = bench.target().capabilities();
    let some = [can.profiles.then_some("profile_t"), can.selectors.then_some("selector_t")];
    for table in
        ["exact_t", "stamp_t", "ternary_t", "lpm_t", "range_t"].into_iter().chain(some.into_iter().flatten())
    {
        same(table, &entries(bench, &format!("ingress.{table}"))?, &Vec::new())?;
    }
    for query in [
        Query::Member { profile: None, id: None },
        Query::Group { profile: None, id: None },
        Query::Multicast { id: None },
        Query::Clone { id: None },
        Query::Digest { digest: None },
    ] {
        same("what is left", &read(bench, &query)?, &Vec::new())?;
    }
    Ok(())
}

fn counters(bench: &dyn Bench) -> Verdict {
    write(bench, &[insert(forward_entry(1, 2, 0))])?;
    for _ in 0..3 {
        pass(bench, 2, &frame(1, 1, 0, 0))?;
        pass(bench, 1, &frame(10, 7, 0, 0))?;
    }
    let direct = Query::DirectCounter { table: Some(name("ingress.exact_t")), key: None };
    let counted = |entities: Vec<Entity>| match entities.first() {
        Some(Entity::DirectCounter(entry)) => entry.data,
        Some(Entity::Counter(entry)) => entry.data,
        _ => None,
    };
    let three = Some(CounterData { packets: 3, bytes: 3 * 64 });
    same("direct counter", &counted(read(bench, &direct)?), &three)?;
    let cell = Query::Counter { counter: Some(name("ingress.seen")), index: Some(7) };
    same("cell", &counted(read(bench, &cell)?), &three)?;
    let data = Some(CounterData { packets: 100, bytes: 0 });
    write(
        bench,
        &[modify(Entity::Counter(CounterEntry { counter: name("ingress.seen"), index: Some(7), data }))],
    )?;
    pass(bench, 1, &frame(10, 7, 0, 0))?;
    same(
        "cell after it was set",
        &counted(read(bench, &cell)?),
        &Some(CounterData { packets: 101, bytes: 64 }),
    )
}

fn registers(bench: &dyn Bench) -> Verdict {
    let cell = |value| {
        Entity::Register(RegisterEntry {
            register: name("ingress.memory"),
            index: Some(2),
            value: sixteen(value),
        })
    };
    write(bench, &[modify(cell(0x1234))])?;
    let left = pass(bench, 1, &frame(10, 2, 0x5678, 0))?;
    same("what the packet read", &left[2..4].to_vec(), &vec![0x12, 0x34])?;
    let read = read(bench, &Query::Register { register: Some(name("ingress.memory")), index: Some(2) })?;
    same("what the packet wrote", &read, &vec![cell(0x5678)])
}

fn codes(bench: &dyn Bench) -> Verdict {
    write_everything(bench)?;
    let weighted = WeightedAction { action: out(1), weight: 1, watch_port: None };
    let cases = [
        (
            "a table that is not there",
            insert(table("ingress.nothing", exact(1), 0, out(1))),
            Code::InvalidArgument,
        ),
        (
            "an action of another table",
            insert(table(
                "ingress.lpm_t",
                vec![Match::Lpm { value: Bits::new(32, 0), length: 0 }],
                0,
                forward(1, 1),
            )),
            Code::InvalidArgument,
        ),
        (
            "an action for defaults only",
            insert(table("ingress.exact_t", exact(3), 0, call("ingress.drop", &[]))),
            Code::PermissionDenied,
        ),
        (
            "a key of another width",
            insert(table("ingress.exact_t", vec![Match::Exact(Bits::new(9, 1))], 0, forward(1, 1))),
            Code::InvalidArgument,
        ),
        (
            "a priority without need",
            insert(table("ingress.exact_t", exact(3), 4, forward(1, 1))),
            Code::InvalidArgument,
        ),
        ("no priority", insert(range(1, 2, 0, 1)), Code::InvalidArgument),
        ("an entry that is there", insert(forward_entry(1, 1, 1)), Code::AlreadyExists),
        ("an entry that is not there", modify(forward_entry(8, 1, 1)), Code::NotFound),
        ("an entry that is not there to delete", delete(forward_entry(8, 1, 1)), Code::NotFound),
        ("a const entry", delete(table("ingress.const_t", exact(1), 0, out(1))), Code::PermissionDenied),
        (
            "action sets beside members",
            insert(table("ingress.selector_t", exact(9), 0, TableAction::Set(vec![weighted]))),
            Code::InvalidArgument,
        ),
        (
            "a cell beyond the last",
            modify(Entity::Counter(CounterEntry {
                counter: name("ingress.seen"),
                index: Some(16),
                data: Some(CounterData::default()),
            })),
            Code::OutOfRange,
        ),
        ("group 0", insert(Entity::Multicast(MulticastGroup::new(0, []))), Code::InvalidArgument),
    ];
    let of_profiles = if bench.target().capabilities().profiles { member_codes() } else { Vec::new() };
    for (what, wrong, code) in cases.into_iter().chain(of_profiles) {
        let refused =
            bench.target().write(std::slice::from_ref(&wrong), sluice_entities::Atomicity::ContinueOnError);
        let found = refused.map_err(|fault| fault.errors.first().map(|(at, fault)| (*at, fault.code)));
        same(what, &found, &Err(Some((0, code))))?;
    }
    // Sixteen entries fit, one is there.
    let many: Vec<Update> = (10..26).map(|key| insert(stamp_entry(key, 1))).collect();
    let full = bench.target().write(&many, sluice_entities::Atomicity::ContinueOnError);
    let full = full.map_err(|fault| fault.errors.first().map(|(at, fault)| (*at, fault.code)));
    same("one too many", &full, &Err(Some((15, Code::ResourceExhausted))))
}

fn member_codes() -> Vec<(&'static str, Update, Code)> {
    vec![
        (
            "a member in use",
            delete(Entity::Member(ProfileMember { profile: name("ingress.profile"), id: 1, action: out(2) })),
            Code::FailedPrecondition,
        ),
        (
            "a member that is not there",
            insert(table("ingress.profile_t", exact(9), 0, TableAction::Member(99))),
            Code::NotFound,
        ),
    ]
}
