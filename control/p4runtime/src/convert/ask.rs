//! What is asked of somebody else's device: the way back from [`super::query`].

use sluice_entities::{Code, Details, EntryKey, Query, TableQuery};

use super::read::keyed;
use super::tables::to_fields;
use crate::names::{Kind, Names, Object};
use crate::refusal::Refusal;
use crate::v1;

type Result<T> = std::result::Result<T, Refusal>;

/// A query as an entity of a ReadRequest.
///
/// # Errors
///
/// It names what the program does not have: `INVALID_ARGUMENT`, as a server would say it.
pub fn asked(names: &Names, query: &Query) -> Result<v1::Entity> {
    use v1::entity::Entity as Asked;
    let asked = match query {
        Query::Table(query) => Asked::TableEntry(table_entry(names, query)?),
        Query::Default { table, details } => {
            let table_id = table_id(names, table.as_deref())?;
            let entry = v1::TableEntry { table_id, is_default_action: true, ..Default::default() };
            Asked::TableEntry(with_details(entry, *details))
        }
        Query::Member { profile, id } => Asked::ActionProfileMember(v1::ActionProfileMember {
            action_profile_id: object_id(&names.profiles, profile.as_deref(), "action profile")?,
            member_id: id.unwrap_or(0),
            action: None,
        }),
        Query::Group { profile, id } => Asked::ActionProfileGroup(v1::ActionProfileGroup {
            action_profile_id: object_id(&names.profiles, profile.as_deref(), "action profile")?,
            group_id: id.unwrap_or(0),
            ..Default::default()
        }),
        Query::Meter { meter, index, counters } => Asked::MeterEntry(v1::MeterEntry {
            meter_id: object_id(&names.meters, meter.as_deref(), "meter")?,
            index: cell(*index),
            config: None,
            counter_data: counters.then(v1::MeterCounterData::default),
        }),
        Query::DirectMeter { table, key, counters } => Asked::DirectMeterEntry(v1::DirectMeterEntry {
            table_entry: Some(owner(names, table.as_deref(), key.as_ref())?),
            config: None,
            counter_data: counters.then(v1::MeterCounterData::default),
        }),
        Query::Counter { counter, index } => Asked::CounterEntry(v1::CounterEntry {
            counter_id: object_id(&names.counters, counter.as_deref(), "counter")?,
            index: cell(*index),
            data: None,
        }),
        Query::DirectCounter { table, key } => Asked::DirectCounterEntry(v1::DirectCounterEntry {
            table_entry: Some(owner(names, table.as_deref(), key.as_ref())?),
            data: None,
        }),
        Query::Multicast { id } => {
            let multicast_group_id = u32::from(id.unwrap_or(0));
            let group = v1::MulticastGroupEntry { multicast_group_id, ..Default::default() };
            replication(v1::packet_replication_engine_entry::Type::MulticastGroupEntry(group))
        }
        Query::Clone { id } => {
            let session_id = u32::from(id.unwrap_or(0));
            let session = v1::CloneSessionEntry { session_id, ..Default::default() };
            replication(v1::packet_replication_engine_entry::Type::CloneSessionEntry(session))
        }
        Query::ValueSet { set } => Asked::ValueSetEntry(v1::ValueSetEntry {
            value_set_id: object_id(&names.value_sets, set.as_deref(), "value set")?,
            members: Vec::new(),
        }),
        Query::Register { register, index } => Asked::RegisterEntry(v1::RegisterEntry {
            register_id: object_id(&names.registers, register.as_deref(), "register")?,
            index: cell(*index),
            data: None,
        }),
        Query::Digest { digest } => Asked::DigestEntry(v1::DigestEntry {
            digest_id: object_id(&names.digests, digest.as_deref(), "digest")?,
            config: None,
        }),
    };
    Ok(v1::Entity { entity: Some(asked) })
}

fn replication(kind: v1::packet_replication_engine_entry::Type) -> v1::entity::Entity {
    let entry = v1::PacketReplicationEngineEntry { r#type: Some(kind) };
    v1::entity::Entity::PacketReplicationEngineEntry(entry)
}

fn cell(index: Option<u64>) -> Option<v1::Index> {
    index.map(|index| v1::Index { index: i64::try_from(index).unwrap_or(i64::MAX) })
}

fn unknown(what: &str, name: &str) -> Refusal {
    Refusal::new(Code::InvalidArgument, format!("the program has no {what} `{name}`"))
}

/// The id of an object; 0, which asks for all, where none is named.
fn object_id<T>(kind: &Kind<Object<T>>, name: Option<&str>, what: &str) -> Result<u32> {
    let Some(name) = name else { return Ok(0) };
    kind.name(name).map(|object| object.id).ok_or_else(|| unknown(what, name))
}

fn table_id(names: &Names, name: Option<&str>) -> Result<u32> {
    let Some(name) = name else { return Ok(0) };
    names.tables.name(name).map(|table| table.id).ok_or_else(|| unknown("table", name))
}

fn with_details(entry: v1::TableEntry, details: Details) -> v1::TableEntry {
    v1::TableEntry {
        meter_config: details.meter.then(v1::MeterConfig::default),
        counter_data: details.counter.then(v1::CounterData::default),
        meter_counter_data: details.meter_counters.then(v1::MeterCounterData::default),
        time_since_last_hit: details.time_since_hit.then(v1::table_entry::IdleTimeout::default),
        ..entry
    }
}

fn table_entry(names: &Names, query: &TableQuery) -> Result<v1::TableEntry> {
    let mut entry =
        v1::TableEntry { table_id: table_id(names, query.table.as_deref())?, ..Default::default() };
    let table = query.table.as_deref().and_then(|name| names.tables.name(name));
    if let (Some(table), Some(matches)) = (table, &query.matches) {
        entry.r#match = to_fields(&table.keys, matches);
    }
    if let Some(name) = &query.action {
        let known = names.actions.name(name).ok_or_else(|| unknown("action", name))?;
        let action = v1::Action { action_id: known.id, params: Vec::new() };
        entry.action = Some(v1::TableAction { r#type: Some(v1::table_action::Type::Action(action)) });
    }
    entry.priority = i32::try_from(query.priority).unwrap_or(i32::MAX);
    entry.metadata.clone_from(&query.metadata);
    entry.controller_metadata = query.controller_metadata;
    Ok(with_details(entry, query.details))
}

/// The entry that a direct resource belongs to, or all of a table, or all.
fn owner(names: &Names, table: Option<&str>, key: Option<&EntryKey>) -> Result<v1::TableEntry> {
    let Some(name) = table else { return Ok(v1::TableEntry::default()) };
    let table = names.tables.name(name).ok_or_else(|| unknown("table", name))?;
    let all = || v1::TableEntry { table_id: table.id, ..Default::default() };
    Ok(key.map_or_else(all, |key| keyed(table, key)))
}
