//! Sections 8, 9, 12 and 13: every entity is written, read as it was written, and refused with its code.

use sluice_p4runtime::v1;
use v1::entity::Entity;
use v1::field_match::{self, FieldMatchType};
use v1::table_action::Type;
use v1::write_request::Atomicity;

use crate::bench::{
    Controller, action, codes, delete, errors, exact, forward, forward_entity, insert, modify, named, start,
    table_action,
};

const INVALID_ARGUMENT: i32 = 3;
const NOT_FOUND: i32 = 5;
const ALREADY_EXISTS: i32 = 6;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const FAILED_PRECONDITION: i32 = 9;
const ABORTED: i32 = 10;
const OUT_OF_RANGE: i32 = 11;
const UNIMPLEMENTED: i32 = 12;

fn field(field_id: u32, value: FieldMatchType) -> v1::FieldMatch {
    v1::FieldMatch { field_id, field_match_type: Some(value) }
}

fn lpm(value: &[u8], prefix_len: i32) -> FieldMatchType {
    FieldMatchType::Lpm(field_match::Lpm { value: value.to_vec(), prefix_len })
}

fn ternary(value: &[u8], mask: &[u8]) -> FieldMatchType {
    FieldMatchType::Ternary(field_match::Ternary { value: value.to_vec(), mask: mask.to_vec() })
}

fn range(low: &[u8], high: &[u8]) -> FieldMatchType {
    FieldMatchType::Range(field_match::Range { low: low.to_vec(), high: high.to_vec() })
}

fn to_port(port: u8) -> Option<v1::TableAction> {
    table_action(Type::Action(action("to_port", &[&[port]])))
}

fn entry(
    table: &str,
    fields: Vec<v1::FieldMatch>,
    priority: i32,
    action: Option<v1::TableAction>,
) -> v1::TableEntry {
    v1::TableEntry { table_id: named(table), r#match: fields, priority, action, ..v1::TableEntry::default() }
}

fn ternary_entry() -> v1::TableEntry {
    let optional = FieldMatchType::Optional(field_match::Optional { value: vec![9] });
    let fields = vec![field(1, ternary(&[0x12, 0], &[0xff, 0])), field(2, optional)];
    entry("ternary_t", fields, 7, table_action(Type::Action(action("paced_out", &[&[2]]))))
}

fn rates(cir: i64) -> v1::MeterConfig {
    v1::MeterConfig { cir, cburst: cir + 1, pir: cir + 2, pburst: cir + 3, eburst: 0 }
}

fn member(profile: &str, member_id: u32, port: u8) -> Entity {
    Entity::ActionProfileMember(v1::ActionProfileMember {
        action_profile_id: named(profile),
        member_id,
        action: Some(action("to_port", &[&[port]])),
    })
}

fn group() -> v1::ActionProfileGroup {
    use v1::action_profile_group::{Member, member::WatchKind};
    let member = |member_id, weight, watch_kind| Member { member_id, weight, watch_kind };
    v1::ActionProfileGroup {
        action_profile_id: named("selector"),
        group_id: 1,
        members: vec![member(1, 1, Some(WatchKind::WatchPort(vec![2]))), member(2, 2, None)],
        max_size: 4,
    }
}

fn replica(port: u8, instance: u32) -> v1::Replica {
    let port_kind = Some(v1::replica::PortKind::Port(vec![port]));
    v1::Replica { port_kind, instance, backup_replicas: Vec::new() }
}

fn replication(kind: v1::packet_replication_engine_entry::Type) -> Entity {
    Entity::PacketReplicationEngineEntry(v1::PacketReplicationEngineEntry { r#type: Some(kind) })
}

fn multicast(id: u32, replicas: Vec<v1::Replica>) -> Entity {
    let metadata = b"of the controller".to_vec();
    let group = v1::MulticastGroupEntry { multicast_group_id: id, replicas, metadata };
    replication(v1::packet_replication_engine_entry::Type::MulticastGroupEntry(group))
}

fn clone_session(id: u32) -> Entity {
    let session = v1::CloneSessionEntry {
        session_id: id,
        replicas: vec![replica(3, 1)],
        class_of_service: 2,
        packet_length_bytes: 100,
    };
    replication(v1::packet_replication_engine_entry::Type::CloneSessionEntry(session))
}

fn cell(index: i64) -> Option<v1::Index> {
    Some(v1::Index { index })
}

fn bitstring(bytes: &[u8]) -> Option<v1::P4Data> {
    Some(v1::P4Data { data: Some(v1::p4_data::Data::Bitstring(bytes.to_vec())) })
}

/// Entities that are inserted, each with the query that finds it alone, in an order in which they can be written.
fn inserted() -> Vec<(Entity, Entity)> {
    let full = v1::TableEntry {
        metadata: b"mine".to_vec(),
        controller_metadata: 77,
        idle_timeout_ns: 3_600_000_000_000,
        ..forward(1, 2, 3)
    };
    let of_table =
        |table: &str| Entity::TableEntry(v1::TableEntry { table_id: named(table), ..Default::default() });
    let backed = v1::Replica {
        backup_replicas: vec![v1::BackupReplica { port: vec![2], instance: 9 }],
        ..replica(3, 1)
    };
    let digest = v1::DigestEntry {
        digest_id: named("note_t"),
        config: Some(v1::digest_entry::Config { max_timeout_ns: 1, max_list_size: 2, ack_timeout_ns: 3 }),
    };
    let tables = [
        full,
        ternary_entry(),
        entry("lpm_t", vec![field(1, lpm(&[10, 0, 0, 0], 8))], 0, to_port(2)),
        entry("range_t", vec![field(1, range(&[5], &[9]))], 3, to_port(2)),
        entry("profile_t", exact(1), 0, table_action(Type::ActionProfileMemberId(1))),
        entry("selector_t", exact(1), 0, table_action(Type::ActionProfileGroupId(1))),
    ];
    let names = ["exact_t", "ternary_t", "lpm_t", "range_t", "profile_t", "selector_t"];
    let mut all = vec![
        (member("profile", 1, 2), member("profile", 1, 2)),
        (member("selector", 1, 2), member("selector", 1, 2)),
        (member("selector", 2, 3), member("selector", 2, 3)),
        (Entity::ActionProfileGroup(group()), Entity::ActionProfileGroup(group())),
    ];
    all.extend(
        tables.into_iter().zip(names).map(|(entry, name)| (Entity::TableEntry(entry), of_table(name))),
    );
    all.push((multicast(10, vec![replica(2, 1), backed]), multicast(10, Vec::new())));
    all.push((clone_session(5), clone_session(5)));
    all.push((Entity::DigestEntry(digest), Entity::DigestEntry(digest)));
    all
}

/// Entities that are always there.
fn modified() -> Vec<Entity> {
    let default = v1::TableEntry {
        table_id: named("stamp_t"),
        is_default_action: true,
        action: table_action(Type::Action(action("stamp", &[&[8]]))),
        metadata: b"mine".to_vec(),
        ..Default::default()
    };
    let key = v1::TableEntry { action: None, ..ternary_entry() };
    let special = v1::ValueSetMember { r#match: exact(99) };
    vec![
        Entity::TableEntry(default),
        Entity::MeterEntry(v1::MeterEntry {
            meter_id: named("rates"),
            index: cell(3),
            config: Some(rates(1000)),
            counter_data: None,
        }),
        Entity::DirectMeterEntry(v1::DirectMeterEntry {
            table_entry: Some(key),
            config: Some(rates(10)),
            counter_data: None,
        }),
        Entity::CounterEntry(v1::CounterEntry {
            counter_id: named("seen"),
            index: cell(4),
            data: Some(v1::CounterData { byte_count: 1100, packet_count: 11 }),
        }),
        Entity::DirectCounterEntry(v1::DirectCounterEntry {
            table_entry: Some(v1::TableEntry {
                table_id: named("exact_t"),
                r#match: exact(1),
                ..Default::default()
            }),
            data: Some(v1::CounterData { byte_count: 5, packet_count: 6 }),
        }),
        Entity::ValueSetEntry(v1::ValueSetEntry { value_set_id: named("special"), members: vec![special] }),
        Entity::RegisterEntry(v1::RegisterEntry {
            register_id: named("memory"),
            index: cell(5),
            data: bitstring(&[0xbe, 0xef]),
        }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_are_read_as_they_were_written() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    for (entity, query) in inserted() {
        controller
            .write(vec![insert(entity.clone())])
            .await
            .unwrap_or_else(|status| panic!("{entity:?}: {:?}", errors(&status)));
        assert_eq!(controller.all(query).await, std::slice::from_ref(&entity));
        let again = controller.write(vec![insert(entity.clone())]).await.expect_err("it is there");
        assert_eq!(codes(&again), [ALREADY_EXISTS], "{entity:?}");
        controller.write(vec![modify(entity)]).await.expect("it is there");
    }
    for entity in modified() {
        controller
            .write(vec![modify(entity.clone())])
            .await
            .unwrap_or_else(|status| panic!("{entity:?}: {:?}", errors(&status)));
        assert_eq!(controller.all(entity.clone()).await, std::slice::from_ref(&entity));
        for update in [insert(entity.clone()), delete(entity.clone())] {
            let refused = controller.write(vec![update]).await.expect_err("it is always there");
            assert_eq!(codes(&refused), [INVALID_ARGUMENT], "{entity:?}");
        }
    }
    for (entity, _) in inserted().into_iter().rev() {
        controller
            .write(vec![delete(entity.clone())])
            .await
            .unwrap_or_else(|status| panic!("{entity:?}: {:?}", errors(&status)));
        let again = controller.write(vec![delete(entity.clone())]).await.expect_err("it is gone");
        assert_eq!(codes(&again), [NOT_FOUND], "{entity:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wildcards_read_all() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let updates = inserted().into_iter().map(|(entity, _)| insert(entity)).collect();
    controller.write(updates).await.expect("all are right");
    let table = |entry| Entity::TableEntry(entry);
    for (query, count) in [
        // Six written, two of the program.
        (table(v1::TableEntry::default()), 8),
        // Eight tables.
        (table(v1::TableEntry { is_default_action: true, ..Default::default() }), 8),
        (table(v1::TableEntry { table_id: named("const_t"), ..Default::default() }), 2),
        (table(v1::TableEntry { table_id: named("range_t"), priority: 4, ..Default::default() }), 0),
        (
            table(v1::TableEntry {
                table_id: named("exact_t"),
                metadata: b"mine".to_vec(),
                ..Default::default()
            }),
            1,
        ),
        (Entity::ActionProfileMember(v1::ActionProfileMember::default()), 3),
        (Entity::ActionProfileGroup(v1::ActionProfileGroup::default()), 1),
        (Entity::MeterEntry(v1::MeterEntry::default()), 16),
        (
            Entity::MeterEntry(v1::MeterEntry {
                meter_id: named("rates"),
                index: cell(0),
                ..Default::default()
            }),
            1,
        ),
        (Entity::DirectMeterEntry(v1::DirectMeterEntry::default()), 1),
        (Entity::CounterEntry(v1::CounterEntry::default()), 16),
        (Entity::DirectCounterEntry(v1::DirectCounterEntry::default()), 1),
        (multicast(0, Vec::new()), 1),
        (clone_session(0), 1),
        (Entity::ValueSetEntry(v1::ValueSetEntry::default()), 1),
        (Entity::RegisterEntry(v1::RegisterEntry::default()), 16),
        (Entity::DigestEntry(v1::DigestEntry::default()), 1),
    ] {
        let found = controller.all(query.clone()).await;
        assert_eq!(found.len(), count, "{query:?}: {found:?}");
    }
    let consts =
        controller.all(table(v1::TableEntry { table_id: named("const_t"), ..Default::default() })).await;
    assert!(consts.iter().all(|entity| matches!(entity, Entity::TableEntry(entry) if entry.is_const)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_with_mistakes_answers_the_rest() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    controller.write(vec![insert(forward_entity(1, 2, 3))]).await.expect("there is room");
    let right = Entity::TableEntry(v1::TableEntry { table_id: named("exact_t"), ..Default::default() });
    let unknown = Entity::TableEntry(v1::TableEntry { table_id: 5, ..Default::default() });
    let beyond =
        Entity::CounterEntry(v1::CounterEntry { counter_id: named("seen"), index: cell(99), data: None });
    let external = Entity::ExternEntry(v1::ExternEntry::default());
    let (found, status) = controller.read(vec![right.clone(), unknown, right, beyond, external]).await;
    assert_eq!(found, [forward_entity(1, 2, 3), forward_entity(1, 2, 3)]);
    let codes = codes(&status.expect("three are wrong"));
    assert_eq!(codes, [0, INVALID_ARGUMENT, 0, OUT_OF_RANGE, UNIMPLEMENTED]);
    let empty = v1::ReadRequest {
        device_id: crate::bench::DEVICE,
        entities: vec![v1::Entity { entity: None }],
        ..Default::default()
    };
    let mut parts = controller.client.read(empty).await.expect("it begins").into_inner();
    assert_eq!(
        crate::bench::codes(&parts.message().await.expect_err("it asks for nothing")),
        [INVALID_ARGUMENT]
    );
    let elsewhere = v1::ReadRequest { device_id: 99, ..Default::default() };
    assert_eq!(controller.client.read(elsewhere).await.expect_err("no device").code(), tonic::Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_keep_their_promise() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let wrong = v1::Update { r#type: 0, ..insert(forward_entity(9, 2, 3)) };
    let batch = || {
        let first = insert(forward_entity(1, 2, 3));
        vec![first.clone(), wrong.clone(), first, insert(forward_entity(2, 2, 3))]
    };
    let entries = || Entity::TableEntry(v1::TableEntry { table_id: named("exact_t"), ..Default::default() });
    for (atomicity, expected, left) in [
        (Atomicity::RollbackOnError, [ABORTED, INVALID_ARGUMENT, ABORTED, ABORTED], 0),
        (Atomicity::DataplaneAtomic, [ABORTED, INVALID_ARGUMENT, ABORTED, ABORTED], 0),
        (Atomicity::ContinueOnError, [0, INVALID_ARGUMENT, ALREADY_EXISTS, 0], 2),
    ] {
        let refused = controller.batch(batch(), atomicity).await.expect_err("two are wrong");
        assert_eq!(codes(&refused), expected, "{atomicity:?}");
        assert_eq!(controller.all(entries()).await.len(), left, "{atomicity:?}");
    }
    // Of what the data path refuses, all or the first is told.
    let there = || {
        vec![
            insert(forward_entity(3, 2, 3)),
            insert(forward_entity(1, 2, 3)),
            modify(forward_entity(8, 2, 3)),
        ]
    };
    let refused = controller.batch(there(), Atomicity::RollbackOnError).await.expect_err("two are wrong");
    assert_eq!(codes(&refused), [ABORTED, ALREADY_EXISTS, ABORTED]);
    let refused = controller.batch(there(), Atomicity::DataplaneAtomic).await.expect_err("two are wrong");
    assert_eq!(codes(&refused), [ABORTED, ALREADY_EXISTS, NOT_FOUND]);
    controller.write(Vec::new()).await.expect("nothing is wrong with nothing");
}

/// What is wrong, its code, and a part of the message, which begins with the field.
fn mistakes() -> Vec<(v1::Update, i32, &'static str)> {
    let table = |entry| insert(Entity::TableEntry(entry));
    let with = |table: &str, fields, priority| entry(table, fields, priority, to_port(2));
    let acted = |kind| v1::TableEntry { action: table_action(kind), ..forward(3, 2, 3) };
    let twice = [exact(3), exact(3)].concat();
    let optional = |value: &[u8]| FieldMatchType::Optional(field_match::Optional { value: value.to_vec() });
    let set = |weight| {
        let one =
            v1::ActionProfileAction { action: Some(action("to_port", &[&[2]])), weight, watch_kind: None };
        let set = v1::ActionProfileActionSet { action_profile_actions: vec![one], ..Default::default() };
        entry("selector_t", exact(7), 0, table_action(Type::ActionProfileActionSet(set)))
    };
    let default = v1::TableEntry {
        table_id: named("const_t"),
        is_default_action: true,
        action: to_port(2),
        ..Default::default()
    };
    let keyed_default = v1::TableEntry { is_default_action: true, ..forward(1, 2, 3) };
    vec![
        (v1::Update { r#type: 2, entity: None }, INVALID_ARGUMENT, "entity: it is missing"),
        (
            table(v1::TableEntry { table_id: 5, ..forward(3, 2, 3) }),
            INVALID_ARGUMENT,
            "table_entry.table_id: the program has no table",
        ),
        (
            table(with("exact_t", vec![field(9, lpm(&[1], 1))], 0)),
            INVALID_ARGUMENT,
            "table_entry.match[0].field_id: ",
        ),
        (
            table(with("exact_t", Vec::new(), 0)),
            INVALID_ARGUMENT,
            "table_entry.match: `hdr.frame.key` is missing",
        ),
        (
            table(with("exact_t", twice, 0)),
            INVALID_ARGUMENT,
            "table_entry.match[1].field_id: field 1 is there twice",
        ),
        (
            table(with("exact_t", vec![field(1, lpm(&[1], 1))], 0)),
            INVALID_ARGUMENT,
            "table_entry.match[0]: `hdr.frame.key` is matched as Exact",
        ),
        (
            table(with("exact_t", vec![v1::FieldMatch { field_id: 1, field_match_type: None }], 0)),
            INVALID_ARGUMENT,
            "table_entry.match[0]: it says nothing",
        ),
        (
            table(with("lpm_t", vec![field(1, lpm(&[0], 0))], 0)),
            INVALID_ARGUMENT,
            "table_entry.match[0].lpm: it matches everything",
        ),
        (
            table(with("lpm_t", vec![field(1, lpm(&[1], 8))], 0)),
            INVALID_ARGUMENT,
            "has bits set outside its prefix",
        ),
        (table(with("lpm_t", vec![field(1, lpm(&[1], 33))], 0)), INVALID_ARGUMENT, "has 32 bits"),
        (
            table(with("lpm_t", vec![field(1, lpm(&[1, 0, 0, 0, 0], 32))], 0)),
            OUT_OF_RANGE,
            "table_entry.match[0].lpm.value: 0x100000000 does not fit 32 bits",
        ),
        (
            table(with("range_t", vec![field(1, range(&[0], &[0xff, 0xff]))], 1)),
            INVALID_ARGUMENT,
            "table_entry.match[0].range: it matches everything",
        ),
        (table(with("range_t", vec![field(1, range(&[9], &[5]))], 1)), INVALID_ARGUMENT, "range"),
        (
            table(with("range_t", vec![field(1, range(&[], &[5]))], 1)),
            INVALID_ARGUMENT,
            "table_entry.match[0].range.low: the value is empty",
        ),
        (table(with("range_t", vec![field(1, range(&[1], &[5]))], 0)), INVALID_ARGUMENT, "priority"),
        (
            table(with("range_t", vec![field(1, range(&[1], &[5]))], -1)),
            INVALID_ARGUMENT,
            "table_entry.priority: -1 cannot be",
        ),
        (
            table(with("ternary_t", vec![field(1, ternary(&[0], &[0]))], 1)),
            INVALID_ARGUMENT,
            "table_entry.match[0].ternary: it matches everything",
        ),
        (
            table(with("ternary_t", vec![field(2, optional(&[]))], 1)),
            INVALID_ARGUMENT,
            "table_entry.match[0].optional.value: the value is empty",
        ),
        (table(v1::TableEntry { priority: 1, ..forward(3, 2, 3) }), INVALID_ARGUMENT, "priority"),
        (table(v1::TableEntry { action: None, ..forward(3, 2, 3) }), INVALID_ARGUMENT, "action"),
        (
            table(acted(Type::Action(v1::Action { action_id: 5, params: Vec::new() }))),
            INVALID_ARGUMENT,
            "table_entry.action.action.action_id: ",
        ),
        (table(acted(Type::Action(action("stamp", &[&[1]])))), INVALID_ARGUMENT, "cannot run"),
        (table(acted(Type::Action(action("drop", &[])))), PERMISSION_DENIED, "cannot run"),
        (
            table(acted(Type::Action(action("forward", &[&[1]])))),
            INVALID_ARGUMENT,
            "table_entry.action.action.params: `mark` of `ingress.forward` is missing",
        ),
        (
            table(acted(Type::Action(action("forward", &[&[1], &[1], &[1]])))),
            INVALID_ARGUMENT,
            "table_entry.action.action.params[2].param_id: ",
        ),
        (
            table(acted(Type::Action(action("forward", &[&[2, 0], &[1]])))),
            OUT_OF_RANGE,
            "table_entry.action.action.params[0].value: 0x200 does not fit 9 bits",
        ),
        (table(acted(Type::ActionProfileMemberId(1))), INVALID_ARGUMENT, "entries of table"),
        (
            table(entry("profile_t", exact(7), 0, table_action(Type::ActionProfileMemberId(99)))),
            NOT_FOUND,
            "is not there",
        ),
        (table(entry("profile_t", exact(7), 0, to_port(2))), INVALID_ARGUMENT, "entries of table"),
        (table(set(0)), INVALID_ARGUMENT, "weight"),
        (
            table(set(-1)),
            INVALID_ARGUMENT,
            "table_entry.action.action_profile_action_set.action_profile_actions[0].weight: -1 cannot be",
        ),
        (
            table(v1::TableEntry { is_const: true, ..forward(3, 2, 3) }),
            INVALID_ARGUMENT,
            "table_entry.is_const: ",
        ),
        (
            table(v1::TableEntry {
                idle_timeout_ns: 5,
                ..with("lpm_t", vec![field(1, lpm(&[10, 0, 0, 0], 8))], 0)
            }),
            INVALID_ARGUMENT,
            "table_entry.idle_timeout_ns: ",
        ),
        (
            table(v1::TableEntry { idle_timeout_ns: -5, ..forward(3, 2, 3) }),
            INVALID_ARGUMENT,
            "table_entry.idle_timeout_ns: -5 cannot be",
        ),
        (
            table(v1::TableEntry { meter_config: Some(rates(1)), ..forward(3, 2, 3) }),
            INVALID_ARGUMENT,
            "direct meter",
        ),
        (modify(Entity::TableEntry(default)), PERMISSION_DENIED, "constant"),
        (
            modify(Entity::TableEntry(keyed_default.clone())),
            INVALID_ARGUMENT,
            "table_entry.is_default_action: ",
        ),
        (
            table(v1::TableEntry {
                table_id: named("const_t"),
                action: to_port(2),
                r#match: exact(9),
                ..Default::default()
            }),
            PERMISSION_DENIED,
            "constant",
        ),
        (insert(multicast(0, Vec::new())), INVALID_ARGUMENT, "0 means none"),
        (
            insert(multicast(70_000, Vec::new())),
            OUT_OF_RANGE,
            "packet_replication_engine_entry.multicast_group_entry.multicast_group_id: ",
        ),
        (insert(multicast(3, vec![replica(2, 1), replica(2, 1)])), INVALID_ARGUMENT, "twice"),
        (
            insert(multicast(3, vec![v1::Replica::default()])),
            INVALID_ARGUMENT,
            "packet_replication_engine_entry.multicast_group_entry.replicas[0].port: it is missing",
        ),
        (
            insert(Entity::ActionProfileGroup(v1::ActionProfileGroup {
                group_id: 2,
                max_size: 99,
                ..group()
            })),
            INVALID_ARGUMENT,
            "size",
        ),
        (
            insert(Entity::DigestEntry(v1::DigestEntry { digest_id: 5, config: None })),
            INVALID_ARGUMENT,
            "digest_entry.digest_id: the program has no digest",
        ),
        (
            modify(Entity::RegisterEntry(v1::RegisterEntry {
                register_id: named("memory"),
                index: cell(16),
                data: bitstring(&[1]),
            })),
            OUT_OF_RANGE,
            "no cell 16",
        ),
        (
            modify(Entity::RegisterEntry(v1::RegisterEntry {
                register_id: named("memory"),
                index: cell(-1),
                data: bitstring(&[1]),
            })),
            INVALID_ARGUMENT,
            "register_entry.index: -1 cannot be",
        ),
        (
            modify(Entity::RegisterEntry(v1::RegisterEntry {
                register_id: named("memory"),
                index: cell(1),
                data: None,
            })),
            INVALID_ARGUMENT,
            "register_entry.data: the value is missing",
        ),
        (
            modify(Entity::MeterEntry(v1::MeterEntry {
                meter_id: named("rates"),
                index: cell(1),
                config: Some(v1::MeterConfig { eburst: 4, ..rates(3) }),
                counter_data: None,
            })),
            UNIMPLEMENTED,
            "meter_entry.config.eburst: ",
        ),
        (
            modify(Entity::MeterEntry(v1::MeterEntry {
                meter_id: named("rates"),
                index: cell(1),
                config: Some(v1::MeterConfig { pir: 1, ..rates(3) }),
                counter_data: None,
            })),
            INVALID_ARGUMENT,
            "peak",
        ),
        (insert(Entity::ExternEntry(v1::ExternEntry::default())), UNIMPLEMENTED, "extern_entry: "),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_their_codes_and_places() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    controller.write(vec![insert(member("profile", 1, 2))]).await.expect("there is room");
    let mut wrong = Vec::new();
    for (update, code, told) in mistakes() {
        let Err(refused) = controller.write(vec![update.clone()]).await else {
            wrong.push(format!("{told}: it is taken"));
            continue;
        };
        let found = errors(&refused).remove(0);
        if found.0 != code || !found.1.contains(told) {
            wrong.push(format!("{told}: {found:?}, should be {code}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let used = vec![
        insert(Entity::TableEntry(entry(
            "profile_t",
            exact(7),
            0,
            table_action(Type::ActionProfileMemberId(1)),
        ))),
        delete(member("profile", 1, 2)),
    ];
    assert_eq!(codes(&controller.write(used).await.expect_err("it is used")), [0, FAILED_PRECONDITION]);
    let many = (0..17).map(|key| insert(forward_entity(key, 2, 3))).collect();
    let refused = controller.write(many).await.expect_err("one too many");
    assert_eq!(codes(&refused)[15..], [0, RESOURCE_EXHAUSTED]);
    // Deleting looks at the key alone, whatever the rest is.
    let nonsense = v1::TableEntry { action: to_port(200), idle_timeout_ns: -1, ..forward(3, 2, 3) };
    controller.write(vec![delete(Entity::TableEntry(nonsense))]).await.expect("the key is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_told_in_their_shortest_form() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let long = v1::TableEntry {
        r#match: vec![field(1, FieldMatchType::Exact(field_match::Exact { value: vec![0, 0, 0, 1] }))],
        action: table_action(Type::Action(action("forward", &[&[0, 0, 2], &[0, 0]]))),
        ..forward(1, 2, 0)
    };
    controller.write(vec![insert(Entity::TableEntry(long))]).await.expect("the values fit");
    let entries = Entity::TableEntry(v1::TableEntry { table_id: named("exact_t"), ..Default::default() });
    assert_eq!(controller.all(entries).await, [forward_entity(1, 2, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn older_forms_of_ports_are_read_as_they_were_written() {
    use v1::action_profile_group::member::WatchKind;
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let numbered = v1::Replica { port_kind: Some(v1::replica::PortKind::EgressPort(2)), ..replica(2, 1) };
    let mut watched = group();
    watched.members[0].watch_kind = Some(WatchKind::Watch(2));
    controller
        .write(vec![insert(member("selector", 1, 2)), insert(member("selector", 2, 3))])
        .await
        .expect("room");
    let (old, new) = (multicast(3, vec![numbered]), multicast(3, vec![replica(2, 1)]));
    controller
        .write(vec![insert(old.clone()), insert(Entity::ActionProfileGroup(watched.clone()))])
        .await
        .expect("room");
    assert_eq!(controller.all(multicast(0, Vec::new())).await, [old]);
    let groups = || Entity::ActionProfileGroup(v1::ActionProfileGroup::default());
    assert_eq!(controller.all(groups()).await, [Entity::ActionProfileGroup(watched)]);
    controller.write(vec![insert(new.clone())]).await.expect_err("it is there, and stays as it is");
    controller.write(vec![modify(new.clone())]).await.expect("it is there");
    assert_eq!(controller.all(multicast(0, Vec::new())).await, [new]);
}

#[tokio::test(flavor = "multi_thread")]
async fn action_sets_and_direct_resources_are_read_with_their_entries() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let one = |port: u8, weight, watch_kind| v1::ActionProfileAction {
        action: Some(action("to_port", &[&[port]])),
        weight,
        watch_kind,
    };
    let watch = v1::action_profile_action::WatchKind::WatchPort(vec![3]);
    let actions = vec![one(2, 1, None), one(3, 2, Some(watch))];
    let set = v1::ActionProfileActionSet { action_profile_actions: actions, ..Default::default() };
    let one_shot =
        Entity::TableEntry(entry("selector_t", exact(1), 0, table_action(Type::ActionProfileActionSet(set))));
    controller.write(vec![insert(one_shot.clone())]).await.expect("it is right");
    let entries = |entry| Entity::TableEntry(entry);
    let of_selector = v1::TableEntry { table_id: named("selector_t"), ..Default::default() };
    assert_eq!(controller.all(entries(of_selector)).await, [one_shot]);
    let data = v1::CounterData { byte_count: 7, packet_count: 1 };
    let counted = v1::TableEntry { counter_data: Some(data), ..forward(1, 2, 3) };
    let metered = v1::TableEntry { meter_config: Some(rates(5)), ..ternary_entry() };
    controller
        .write(vec![insert(entries(counted.clone())), insert(entries(metered.clone()))])
        .await
        .expect("room");
    let asked = |table: &str| v1::TableEntry { table_id: named(table), ..Default::default() };
    assert_eq!(
        controller.all(entries(asked("exact_t"))).await,
        [forward_entity(1, 2, 3)],
        "only where asked for"
    );
    let with = v1::TableEntry { counter_data: Some(v1::CounterData::default()), ..asked("exact_t") };
    assert_eq!(controller.all(entries(with)).await, [entries(counted)]);
    let with = v1::TableEntry { meter_config: Some(v1::MeterConfig::default()), ..asked("ternary_t") };
    assert_eq!(controller.all(entries(with)).await, [entries(metered)]);
}
