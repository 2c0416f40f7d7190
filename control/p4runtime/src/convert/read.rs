//! What a controller is told.

use sluice_entities::{
    Branch, CounterData, DefaultEntry, Entity, EntryAttributes, EntryKey, MeterConfig, MeterCounters,
    Replica, TableAction, TableEntry,
};
use sluice_switch::DigestList;

use super::tables::{to_action, to_fields, to_port, to_table_action};
use super::{FormKey, Forms};
use crate::names::{Names, Table};
use crate::v1;

/// Counters are signed here, by the protocol.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn to_counter(data: CounterData) -> v1::CounterData {
    v1::CounterData { byte_count: signed(data.bytes), packet_count: signed(data.packets) }
}

fn to_meter(config: MeterConfig) -> v1::MeterConfig {
    v1::MeterConfig {
        cir: signed(config.cir),
        cburst: signed(config.cburst),
        pir: signed(config.pir),
        pburst: signed(config.pburst),
        eburst: 0,
    }
}

fn to_colors(counters: MeterCounters) -> v1::MeterCounterData {
    let of = |data| Some(to_counter(data));
    v1::MeterCounterData { green: of(counters.green), yellow: of(counters.yellow), red: of(counters.red) }
}

fn to_index(index: Option<u64>) -> Option<v1::Index> {
    index.map(|index| v1::Index { index: signed(index) })
}

fn with_attributes(entry: v1::TableEntry, attributes: &EntryAttributes) -> v1::TableEntry {
    v1::TableEntry {
        controller_metadata: attributes.controller_metadata,
        metadata: attributes.metadata.clone(),
        meter_config: attributes.meter.map(to_meter),
        counter_data: attributes.counter.map(to_counter),
        meter_counter_data: attributes.meter_counters.map(to_colors),
        idle_timeout_ns: signed(attributes.idle_timeout_ns),
        time_since_last_hit: attributes
            .time_since_hit_ns
            .map(|elapsed| v1::table_entry::IdleTimeout { elapsed_ns: signed(elapsed) }),
        is_const: attributes.is_const,
        ..entry
    }
}

pub(super) fn keyed(table: &Table, key: &EntryKey) -> v1::TableEntry {
    let entry = v1::TableEntry { table_id: table.id, ..v1::TableEntry::default() };
    match key {
        EntryKey::Default => v1::TableEntry { is_default_action: true, ..entry },
        EntryKey::Entry { matches, priority } => v1::TableEntry {
            r#match: to_fields(&table.keys, matches),
            priority: i32::try_from(*priority).unwrap_or(i32::MAX),
            ..entry
        },
    }
}

fn table_entry(names: &Names, entry: &TableEntry) -> Option<v1::TableEntry> {
    let table = names.tables.name(&entry.table)?;
    let key = EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority };
    let action = entry.action.as_ref().map(|action| to_table_action(names, action));
    Some(with_attributes(v1::TableEntry { action, ..keyed(table, &key) }, &entry.attributes))
}

fn default_entry(names: &Names, entry: &DefaultEntry) -> Option<v1::TableEntry> {
    let table = names.tables.name(&entry.table)?;
    let action = entry.action.clone().map(|call| to_table_action(names, &TableAction::Call(call)));
    // Tables with an action profile have no action to tell (section 9.1.3).
    let action = action.filter(|_| !table.has_profile);
    Some(with_attributes(v1::TableEntry { action, ..keyed(table, &EntryKey::Default) }, &entry.attributes))
}

/// An idle entry, as a notification names it.
pub fn idle_entry(names: &Names, entry: &TableEntry) -> Option<v1::TableEntry> {
    table_entry(names, entry)
}

fn to_replicas(branches: &[Branch], is_numbered: bool) -> Vec<v1::Replica> {
    use v1::replica::PortKind;
    let port = |port: u16| {
        if is_numbered { PortKind::EgressPort(u32::from(port)) } else { PortKind::Port(to_port(port)) }
    };
    let backup = |backup: &Replica| v1::BackupReplica {
        port: to_port(backup.port),
        instance: u32::from(backup.instance),
    };
    let replica = |branch: &Branch| v1::Replica {
        port_kind: Some(port(branch.replica.port)),
        instance: u32::from(branch.replica.instance),
        backup_replicas: branch.backups.iter().map(backup).collect(),
    };
    branches.iter().map(replica).collect()
}

fn replication(entry: v1::packet_replication_engine_entry::Type) -> v1::entity::Entity {
    let entry = v1::PacketReplicationEngineEntry { r#type: Some(entry) };
    v1::entity::Entity::PacketReplicationEngineEntry(entry)
}

/// An entity as a message; nothing of what P4Info does not tell of (hidden tables).
pub fn entity(names: &Names, entity: &Entity, forms: &Forms) -> Option<v1::Entity> {
    use v1::entity::Entity as Told;
    use v1::packet_replication_engine_entry::Type;
    let told = match entity {
        Entity::Table(entry) => Told::TableEntry(table_entry(names, entry)?),
        Entity::Default(entry) => Told::TableEntry(default_entry(names, entry)?),
        Entity::Member(member) => Told::ActionProfileMember(v1::ActionProfileMember {
            action_profile_id: names.profiles.name(&member.profile)?.id,
            member_id: member.id,
            action: Some(to_action(names, &member.action)),
        }),
        Entity::Group(group) => Told::ActionProfileGroup(profile_group(names, group, forms)?),
        Entity::Meter(entry) => Told::MeterEntry(v1::MeterEntry {
            meter_id: names.meters.name(&entry.meter)?.id,
            index: to_index(entry.index),
            config: entry.config.map(to_meter),
            counter_data: entry.counters.map(to_colors),
        }),
        Entity::DirectMeter(entry) => Told::DirectMeterEntry(v1::DirectMeterEntry {
            table_entry: Some(keyed(names.tables.name(&entry.table)?, &entry.key)),
            config: entry.config.map(to_meter),
            counter_data: entry.counters.map(to_colors),
        }),
        Entity::Counter(entry) => Told::CounterEntry(v1::CounterEntry {
            counter_id: names.counters.name(&entry.counter)?.id,
            index: to_index(entry.index),
            data: entry.data.map(to_counter),
        }),
        Entity::DirectCounter(entry) => Told::DirectCounterEntry(v1::DirectCounterEntry {
            table_entry: Some(keyed(names.tables.name(&entry.table)?, &entry.key)),
            data: entry.data.map(to_counter),
        }),
        Entity::Multicast(group) => replication(Type::MulticastGroupEntry(v1::MulticastGroupEntry {
            multicast_group_id: u32::from(group.id),
            replicas: to_replicas(&group.branches, forms.is_numbered(&FormKey::Multicast(group.id))),
            metadata: group.metadata.clone(),
        })),
        Entity::Clone(session) => replication(Type::CloneSessionEntry(v1::CloneSessionEntry {
            session_id: u32::from(session.id),
            replicas: to_replicas(&session.branches, forms.is_numbered(&FormKey::Clone(session.id))),
            class_of_service: session.class_of_service,
            packet_length_bytes: i32::from(session.packet_length_bytes),
        })),
        Entity::ValueSet(entry) => {
            let known = names.value_sets.name(&entry.set)?;
            let member = |member: &Vec<_>| v1::ValueSetMember { r#match: to_fields(&known.of, member) };
            let members = entry.members.iter().map(member).collect();
            Told::ValueSetEntry(v1::ValueSetEntry { value_set_id: known.id, members })
        }
        Entity::Register(entry) => {
            let known = names.registers.name(&entry.register)?;
            Told::RegisterEntry(v1::RegisterEntry {
                register_id: known.id,
                index: to_index(entry.index),
                data: Some(known.of.1.value(std::slice::from_ref(&entry.value))),
            })
        }
        Entity::Digest(entry) => Told::DigestEntry(v1::DigestEntry {
            digest_id: names.digests.name(&entry.digest)?.id,
            config: Some(v1::digest_entry::Config {
                max_timeout_ns: signed(entry.config.max_timeout_ns),
                max_list_size: i32::try_from(entry.config.max_list_size).unwrap_or(i32::MAX),
                ack_timeout_ns: signed(entry.config.ack_timeout_ns),
            }),
        }),
    };
    Some(v1::Entity { entity: Some(told) })
}

fn profile_group(
    names: &Names,
    group: &sluice_entities::ProfileGroup,
    forms: &Forms,
) -> Option<v1::ActionProfileGroup> {
    use v1::action_profile_group::member::WatchKind;
    let is_numbered = forms.is_numbered(&FormKey::Group(group.profile.clone(), group.id));
    let watch = |port: u16| {
        if is_numbered { WatchKind::Watch(i32::from(port)) } else { WatchKind::WatchPort(to_port(port)) }
    };
    let member = |member: &sluice_entities::GroupMember| v1::action_profile_group::Member {
        member_id: member.member,
        weight: i32::try_from(member.weight).unwrap_or(i32::MAX),
        watch_kind: member.watch_port.map(watch),
    };
    Some(v1::ActionProfileGroup {
        action_profile_id: names.profiles.name(&group.profile)?.id,
        group_id: group.id,
        members: group.members.iter().map(member).collect(),
        max_size: i32::try_from(group.max_size).unwrap_or(i32::MAX),
    })
}

/// A list of digest messages.
pub fn digest_list(names: &Names, list: &DigestList) -> Option<v1::DigestList> {
    let known = names.digests.name(&list.digest)?;
    Some(v1::DigestList {
        digest_id: known.id,
        list_id: list.list,
        data: list.messages.iter().map(|message| known.of.value(message)).collect(),
        timestamp: signed(list.time_ns),
    })
}
