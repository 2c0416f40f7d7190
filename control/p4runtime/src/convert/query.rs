//! What a controller asks for.

use sluice_entities::{Code, Details, EntryKey, Query, TableQuery};

use super::tables::{count, entry_key, matches, named, table};
use crate::names::Names;
use crate::refusal::Refusal;
use crate::v1;

type Result<T> = std::result::Result<T, Refusal>;

/// Reads an entity of a ReadRequest; what it leaves open is read for all.
///
/// # Errors
///
/// What is wrong with it, at its field.
pub fn query(names: &Names, given: &v1::Entity) -> Result<Query> {
    use v1::entity::Entity as Given;
    let Some(given) = &given.entity else { return Err(Refusal::invalid("entity: it is missing")) };
    match given {
        Given::TableEntry(entry) => table_query(names, entry).map_err(|refusal| refusal.at("table_entry")),
        Given::ActionProfileMember(member) => {
            let profile =
                optional(member.action_profile_id, |id| named(&names.profiles, id, "action_profile"));
            let profile = profile.map_err(|refusal| refusal.at("action_profile_member"))?;
            Ok(Query::Member { profile, id: (member.member_id != 0).then_some(member.member_id) })
        }
        Given::ActionProfileGroup(group) => {
            let profile =
                optional(group.action_profile_id, |id| named(&names.profiles, id, "action_profile"));
            let profile = profile.map_err(|refusal| refusal.at("action_profile_group"))?;
            Ok(Query::Group { profile, id: (group.group_id != 0).then_some(group.group_id) })
        }
        Given::MeterEntry(entry) => {
            let here = |refusal: Refusal| refusal.at("meter_entry");
            Ok(Query::Meter {
                meter: optional(entry.meter_id, |id| named(&names.meters, id, "meter")).map_err(here)?,
                index: index(entry.index.as_ref()).map_err(here)?,
                counters: entry.counter_data.is_some(),
            })
        }
        Given::DirectMeterEntry(entry) => {
            let here = |refusal: Refusal| refusal.at("direct_meter_entry");
            let (table, key) = owner(names, entry.table_entry.as_ref()).map_err(here)?;
            Ok(Query::DirectMeter { table, key, counters: entry.counter_data.is_some() })
        }
        Given::CounterEntry(entry) => {
            let here = |refusal: Refusal| refusal.at("counter_entry");
            Ok(Query::Counter {
                counter: optional(entry.counter_id, |id| named(&names.counters, id, "counter"))
                    .map_err(here)?,
                index: index(entry.index.as_ref()).map_err(here)?,
            })
        }
        Given::DirectCounterEntry(entry) => {
            let here = |refusal: Refusal| refusal.at("direct_counter_entry");
            let (table, key) = owner(names, entry.table_entry.as_ref()).map_err(here)?;
            Ok(Query::DirectCounter { table, key })
        }
        Given::PacketReplicationEngineEntry(entry) => {
            replication(entry).map_err(|refusal| refusal.at("packet_replication_engine_entry"))
        }
        Given::ValueSetEntry(entry) => {
            let set = optional(entry.value_set_id, |id| named(&names.value_sets, id, "value_set"));
            Ok(Query::ValueSet { set: set.map_err(|refusal| refusal.at("value_set_entry"))? })
        }
        Given::RegisterEntry(entry) => {
            let here = |refusal: Refusal| refusal.at("register_entry");
            let register = optional(entry.register_id, |id| named(&names.registers, id, "register"));
            Ok(Query::Register {
                register: register.map_err(here)?,
                index: index(entry.index.as_ref()).map_err(here)?,
            })
        }
        Given::DigestEntry(entry) => {
            let digest = optional(entry.digest_id, |id| named(&names.digests, id, "digest"));
            Ok(Query::Digest { digest: digest.map_err(|refusal| refusal.at("digest_entry"))? })
        }
        Given::ExternEntry(_) => {
            Err(Refusal::new(Code::Unimplemented, "extern_entry: the architecture has no further externs"))
        }
    }
}

/// An id, 0 for all.
fn optional<T>(id: u32, find: impl FnOnce(u32) -> Result<T>) -> Result<Option<T>> {
    if id == 0 { Ok(None) } else { find(id).map(Some) }
}

fn index(given: Option<&v1::Index>) -> Result<Option<u64>> {
    given.map(|index| count(index.index, "index")).transpose()
}

fn table_query(names: &Names, entry: &v1::TableEntry) -> Result<Query> {
    let known = optional(entry.table_id, |id| table(names, id))?;
    let details = Details {
        meter: entry.meter_config.is_some(),
        counter: entry.counter_data.is_some(),
        meter_counters: entry.meter_counter_data.is_some(),
        time_since_hit: entry.time_since_last_hit.is_some(),
    };
    let table = known.map(|known| known.name.clone());
    if entry.is_default_action {
        if !entry.r#match.is_empty() || entry.priority != 0 {
            return Err(Refusal::invalid(
                "is_default_action: the default action has neither match nor priority",
            ));
        }
        return Ok(Query::Default { table, details });
    }
    let matches = match known {
        Some(known) if !entry.r#match.is_empty() => Some(matches(&known.keys, &known.name, &entry.r#match)?),
        _ => None,
    };
    let action = match entry.action.as_ref().and_then(|action| action.r#type.as_ref()) {
        Some(v1::table_action::Type::Action(action)) => {
            let known = names.actions.id(action.action_id);
            let known =
                known.ok_or_else(|| Refusal::invalid("action.action_id: the program has no such action"))?;
            Some(known.name.clone())
        }
        _ => None,
    };
    Ok(Query::Table(TableQuery {
        table,
        matches,
        priority: count(entry.priority, "priority")?,
        action,
        metadata: entry.metadata.clone(),
        controller_metadata: entry.controller_metadata,
        details,
    }))
}

/// The entry that a direct resource belongs to: none for all, of a table or of all tables.
fn owner(
    names: &Names,
    entry: Option<&v1::TableEntry>,
) -> Result<(Option<std::sync::Arc<str>>, Option<EntryKey>)> {
    let Some(entry) = entry else { return Ok((None, None)) };
    let find = || {
        let Some(known) = optional(entry.table_id, |id| table(names, id))? else { return Ok((None, None)) };
        let is_open = entry.r#match.is_empty() && !entry.is_default_action && !known.keys.is_empty();
        let key = if is_open { None } else { Some(entry_key(known, entry)?) };
        Ok((Some(known.name.clone()), key))
    };
    find().map_err(|refusal: Refusal| refusal.at("table_entry"))
}

fn replication(entry: &v1::PacketReplicationEngineEntry) -> Result<Query> {
    use v1::packet_replication_engine_entry::Type;
    let short = |id: u32, field: &str| match u16::try_from(id) {
        Ok(id) => Ok((id != 0).then_some(id)),
        Err(_) => Err(Refusal::new(Code::OutOfRange, format!("{field}: {id} does not fit 16 bits"))),
    };
    match &entry.r#type {
        Some(Type::MulticastGroupEntry(group)) => {
            let id = short(group.multicast_group_id, "multicast_group_entry.multicast_group_id")?;
            Ok(Query::Multicast { id })
        }
        Some(Type::CloneSessionEntry(session)) => {
            Ok(Query::Clone { id: short(session.session_id, "clone_session_entry.session_id")? })
        }
        None => Err(Refusal::invalid("it says nothing: set one of its kinds")),
    }
}
