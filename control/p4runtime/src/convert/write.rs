//! What a controller writes.

use sluice_entities::{
    Branch, CloneSession, Code, CounterData, CounterEntry, DefaultEntry, DigestConfig, DigestEntry,
    DirectCounterEntry, DirectMeterEntry, Entity, EntryAttributes, EntryKey, GroupMember, MeterConfig,
    MeterCounters, MeterEntry, MulticastGroup, ProfileGroup, ProfileMember, RegisterEntry, Replica,
    TableAction, TableEntry, Update, UpdateKind, ValueSetEntry,
};

use super::tables::{action, count, entry_key, matches, named, table, table_action, watch};
use super::{FormKey, Noted};
use crate::bytes::{port, port_number};
use crate::names::Names;
use crate::refusal::Refusal;
use crate::v1;

type Result<T> = std::result::Result<T, Refusal>;

/// Reads an update, and in which form it has its ports.
///
/// # Errors
///
/// What is wrong with it, at its field.
pub fn update(names: &Names, update: &v1::Update) -> Result<(Update, Noted)> {
    let kind = match v1::update::Type::try_from(update.r#type) {
        Ok(v1::update::Type::Insert) => UpdateKind::Insert,
        Ok(v1::update::Type::Modify) => UpdateKind::Modify,
        Ok(v1::update::Type::Delete) => UpdateKind::Delete,
        Ok(v1::update::Type::Unspecified) | Err(_) => {
            return Err(Refusal::invalid("type: say INSERT, MODIFY or DELETE"));
        }
    };
    let Some(given) = update.entity.as_ref().and_then(|entity| entity.entity.as_ref()) else {
        return Err(Refusal::invalid("entity: it is missing"));
    };
    let mut noted = Noted::default();
    let entity = entity(names, given, kind, &mut noted)?;
    Ok((Update { kind, entity }, noted))
}

pub(super) fn entity(
    names: &Names,
    given: &v1::entity::Entity,
    kind: UpdateKind,
    noted: &mut Noted,
) -> Result<Entity> {
    use v1::entity::Entity as Given;
    match given {
        Given::TableEntry(entry) => {
            table_entry(names, entry, kind).map_err(|refusal| refusal.at("table_entry"))
        }
        Given::ActionProfileMember(member) => {
            profile_member(names, member, kind).map_err(|refusal| refusal.at("action_profile_member"))
        }
        Given::ActionProfileGroup(group) => {
            profile_group(names, group, kind, noted).map_err(|refusal| refusal.at("action_profile_group"))
        }
        Given::MeterEntry(entry) => meter_entry(names, entry).map_err(|refusal| refusal.at("meter_entry")),
        Given::DirectMeterEntry(entry) => {
            direct_meter(names, entry).map_err(|refusal| refusal.at("direct_meter_entry"))
        }
        Given::CounterEntry(entry) => {
            counter_entry(names, entry).map_err(|refusal| refusal.at("counter_entry"))
        }
        Given::DirectCounterEntry(entry) => {
            direct_counter(names, entry).map_err(|refusal| refusal.at("direct_counter_entry"))
        }
        Given::PacketReplicationEngineEntry(entry) => {
            replication(entry, kind, noted).map_err(|refusal| refusal.at("packet_replication_engine_entry"))
        }
        Given::ValueSetEntry(entry) => {
            value_set(names, entry).map_err(|refusal| refusal.at("value_set_entry"))
        }
        Given::RegisterEntry(entry) => register(names, entry).map_err(|refusal| refusal.at("register_entry")),
        Given::DigestEntry(entry) => digest(names, entry, kind).map_err(|refusal| refusal.at("digest_entry")),
        Given::ExternEntry(_) => {
            Err(Refusal::new(Code::Unimplemented, "extern_entry: the architecture has no further externs"))
        }
    }
}

/// Rates of a meter.
fn meter_config(given: &v1::MeterConfig) -> Result<MeterConfig> {
    if given.eburst != 0 {
        let text = "eburst: meters here have two rates (RFC 2698), none has three colors by one rate";
        return Err(Refusal::new(Code::Unimplemented, text));
    }
    Ok(MeterConfig {
        cir: count(given.cir, "cir")?,
        cburst: count(given.cburst, "cburst")?,
        pir: count(given.pir, "pir")?,
        pburst: count(given.pburst, "pburst")?,
    })
}

fn rates(given: Option<&v1::MeterConfig>, field: &str) -> Result<Option<MeterConfig>> {
    given.map(meter_config).transpose().map_err(|refusal| refusal.at(field))
}

fn counter_data(given: &v1::CounterData) -> Result<CounterData> {
    Ok(CounterData {
        packets: count(given.packet_count, "packet_count")?,
        bytes: count(given.byte_count, "byte_count")?,
    })
}

fn counted(given: Option<&v1::CounterData>, field: &str) -> Result<Option<CounterData>> {
    given.map(counter_data).transpose().map_err(|refusal| refusal.at(field))
}

fn colored(given: Option<&v1::MeterCounterData>, field: &str) -> Result<Option<MeterCounters>> {
    let Some(given) = given else { return Ok(None) };
    let of = |data: &Option<v1::CounterData>, color: &str| {
        counted(data.as_ref(), color).map(Option::unwrap_or_default).map_err(|refusal| refusal.at(field))
    };
    Ok(Some(MeterCounters {
        green: of(&given.green, "green")?,
        yellow: of(&given.yellow, "yellow")?,
        red: of(&given.red, "red")?,
    }))
}

fn attributes(has_idle_timeouts: bool, entry: &v1::TableEntry) -> Result<EntryAttributes> {
    if entry.is_const {
        return Err(Refusal::invalid("is_const: only the program makes entries constant"));
    }
    if entry.time_since_last_hit.is_some() {
        return Err(Refusal::invalid("time_since_last_hit: it is read, not written"));
    }
    if entry.idle_timeout_ns != 0 && !has_idle_timeouts {
        return Err(Refusal::invalid("idle_timeout_ns: the table has no idle timeouts"));
    }
    Ok(EntryAttributes {
        metadata: entry.metadata.clone(),
        controller_metadata: entry.controller_metadata,
        idle_timeout_ns: count(entry.idle_timeout_ns, "idle_timeout_ns")?,
        meter: rates(entry.meter_config.as_ref(), "meter_config")?,
        counter: counted(entry.counter_data.as_ref(), "counter_data")?,
        meter_counters: colored(entry.meter_counter_data.as_ref(), "meter_counter_data")?,
        ..EntryAttributes::default()
    })
}

fn table_entry(names: &Names, entry: &v1::TableEntry, kind: UpdateKind) -> Result<Entity> {
    let known = table(names, entry.table_id)?;
    let key = entry_key(known, entry)?;
    // A deletion looks at the key alone, whatever the rest is.
    let (given, attributes) = match kind {
        UpdateKind::Delete => (None, EntryAttributes::default()),
        UpdateKind::Insert | UpdateKind::Modify => {
            let given = entry.action.as_ref().map(|action| table_action(names, action));
            (
                given.transpose().map_err(|refusal| refusal.at("action"))?,
                attributes(known.has_idle_timeouts, entry)?,
            )
        }
    };
    match key {
        EntryKey::Entry { matches, priority } => Ok(Entity::Table(TableEntry {
            table: known.name.clone(),
            matches,
            priority,
            action: given,
            attributes,
        })),
        EntryKey::Default => {
            let action = match given {
                None => None,
                Some(TableAction::Call(call)) => Some(call),
                Some(_) => {
                    return Err(Refusal::invalid("action: a default action is one of the table's actions"));
                }
            };
            Ok(Entity::Default(DefaultEntry { table: known.name.clone(), action, attributes }))
        }
    }
}

fn profile_member(names: &Names, member: &v1::ActionProfileMember, kind: UpdateKind) -> Result<Entity> {
    let profile = named(&names.profiles, member.action_profile_id, "action_profile")?;
    let action = match (&member.action, kind) {
        (_, UpdateKind::Delete) => sluice_entities::ActionCall { action: "".into(), params: Vec::new() },
        (Some(given), _) => action(names, given).map_err(|refusal| refusal.at("action"))?,
        (None, _) => return Err(Refusal::invalid("action: it is missing")),
    };
    Ok(Entity::Member(ProfileMember { profile, id: member.member_id, action }))
}

fn profile_group(
    names: &Names,
    group: &v1::ActionProfileGroup,
    kind: UpdateKind,
    noted: &mut Noted,
) -> Result<Entity> {
    use v1::action_profile_group::member::WatchKind;
    let profile = named(&names.profiles, group.action_profile_id, "action_profile")?;
    let mut is_numbered = false;
    let mut members = Vec::with_capacity(group.members.len());
    let given = if kind == UpdateKind::Delete { [].as_slice() } else { &group.members };
    for (at, member) in given.iter().enumerate() {
        let here = |refusal: Refusal| refusal.at(format!("members[{at}]"));
        let (watch_port, numbered) = match &member.watch_kind {
            Some(WatchKind::Watch(number)) => watch(Some(*number), None),
            Some(WatchKind::WatchPort(bytes)) => watch(None, Some(bytes)),
            None => Ok((None, false)),
        }
        .map_err(here)?;
        is_numbered |= numbered;
        let weight = count(member.weight, "weight").map_err(here)?;
        members.push(GroupMember { member: member.member_id, weight, watch_port });
    }
    noted.0 = Some((FormKey::Group(profile.clone(), group.group_id), is_numbered));
    let max_size = if kind == UpdateKind::Delete { 0 } else { count(group.max_size, "max_size")? };
    Ok(Entity::Group(ProfileGroup { profile, id: group.group_id, members, max_size }))
}

fn index(given: Option<&v1::Index>) -> Result<Option<u64>> {
    given.map(|index| count(index.index, "index")).transpose()
}

fn meter_entry(names: &Names, entry: &v1::MeterEntry) -> Result<Entity> {
    Ok(Entity::Meter(MeterEntry {
        meter: named(&names.meters, entry.meter_id, "meter")?,
        index: index(entry.index.as_ref())?,
        config: rates(entry.config.as_ref(), "config")?,
        counters: colored(entry.counter_data.as_ref(), "counter_data")?,
    }))
}

fn counter_entry(names: &Names, entry: &v1::CounterEntry) -> Result<Entity> {
    Ok(Entity::Counter(CounterEntry {
        counter: named(&names.counters, entry.counter_id, "counter")?,
        index: index(entry.index.as_ref())?,
        data: counted(entry.data.as_ref(), "data")?,
    }))
}

/// The entry that a direct resource belongs to.
fn owner(names: &Names, entry: Option<&v1::TableEntry>) -> Result<(std::sync::Arc<str>, EntryKey)> {
    let Some(entry) = entry else { return Err(Refusal::invalid("table_entry: it is missing")) };
    let found =
        table(names, entry.table_id).and_then(|known| Ok((known.name.clone(), entry_key(known, entry)?)));
    found.map_err(|refusal| refusal.at("table_entry"))
}

fn direct_meter(names: &Names, entry: &v1::DirectMeterEntry) -> Result<Entity> {
    let (table, key) = owner(names, entry.table_entry.as_ref())?;
    let config = rates(entry.config.as_ref(), "config")?;
    let counters = colored(entry.counter_data.as_ref(), "counter_data")?;
    Ok(Entity::DirectMeter(DirectMeterEntry { table, key, config, counters }))
}

fn direct_counter(names: &Names, entry: &v1::DirectCounterEntry) -> Result<Entity> {
    let (table, key) = owner(names, entry.table_entry.as_ref())?;
    Ok(Entity::DirectCounter(DirectCounterEntry { table, key, data: counted(entry.data.as_ref(), "data")? }))
}

/// A number of 16 bits, of fields that have 32.
fn short(value: impl Into<i64>, field: &str) -> Result<u16> {
    let value = value.into();
    u16::try_from(value)
        .map_err(|_| Refusal::new(Code::OutOfRange, format!("{field}: {value} does not fit 16 bits")))
}

fn branches(replicas: &[v1::Replica]) -> Result<(Vec<Branch>, bool)> {
    use v1::replica::PortKind;
    let mut is_numbered = false;
    let mut all = Vec::with_capacity(replicas.len());
    for (at, replica) in replicas.iter().enumerate() {
        let here = |refusal: Refusal| refusal.at(format!("replicas[{at}]"));
        let number = match &replica.port_kind {
            Some(PortKind::EgressPort(number)) => {
                is_numbered = true;
                port_number(u64::from(*number)).map_err(|refusal| here(refusal.at("egress_port")))?
            }
            Some(PortKind::Port(bytes)) => port(bytes).map_err(|refusal| here(refusal.at("port")))?,
            None => return Err(here(Refusal::invalid("port: it is missing"))),
        };
        let backup = |(place, backup): (usize, &v1::BackupReplica)| -> Result<Replica> {
            let inner = |refusal: Refusal| refusal.at(format!("backup_replicas[{place}]"));
            Ok(Replica {
                port: port(&backup.port).map_err(|refusal| inner(refusal.at("port")))?,
                instance: short(backup.instance, "instance").map_err(inner)?,
            })
        };
        let backups =
            replica.backup_replicas.iter().enumerate().map(backup).collect::<Result<_>>().map_err(here)?;
        let instance = short(replica.instance, "instance").map_err(here)?;
        all.push(Branch { replica: Replica { port: number, instance }, backups });
    }
    Ok((all, is_numbered))
}

fn replication(
    entry: &v1::PacketReplicationEngineEntry,
    kind: UpdateKind,
    noted: &mut Noted,
) -> Result<Entity> {
    use v1::packet_replication_engine_entry::Type;
    let is_deleted = kind == UpdateKind::Delete;
    let all = |replicas| if is_deleted { Ok((Vec::new(), false)) } else { branches(replicas) };
    match &entry.r#type {
        Some(Type::MulticastGroupEntry(group)) => {
            let here = |refusal: Refusal| refusal.at("multicast_group_entry");
            let id = short(group.multicast_group_id, "multicast_group_id").map_err(here)?;
            let (branches, is_numbered) = all(&group.replicas).map_err(here)?;
            noted.0 = Some((FormKey::Multicast(id), is_numbered));
            Ok(Entity::Multicast(MulticastGroup { id, branches, metadata: group.metadata.clone() }))
        }
        Some(Type::CloneSessionEntry(session)) => {
            let here = |refusal: Refusal| refusal.at("clone_session_entry");
            let id = short(session.session_id, "session_id").map_err(here)?;
            let (branches, is_numbered) = all(&session.replicas).map_err(here)?;
            noted.0 = Some((FormKey::Clone(id), is_numbered));
            let length = if is_deleted { 0 } else { session.packet_length_bytes };
            Ok(Entity::Clone(CloneSession {
                id,
                branches,
                class_of_service: session.class_of_service,
                packet_length_bytes: short(length, "packet_length_bytes").map_err(here)?,
            }))
        }
        None => Err(Refusal::invalid("it says nothing: set one of its kinds")),
    }
}

fn value_set(names: &Names, entry: &v1::ValueSetEntry) -> Result<Entity> {
    let set = named(&names.value_sets, entry.value_set_id, "value_set")?;
    let keys = names.value_sets.id(entry.value_set_id).map(|known| known.of.as_slice()).unwrap_or_default();
    let member = |(at, member): (usize, &v1::ValueSetMember)| {
        matches(keys, &set, &member.r#match).map_err(|refusal| refusal.at(format!("members[{at}]")))
    };
    let members = entry.members.iter().enumerate().map(member).collect::<Result<_>>()?;
    Ok(Entity::ValueSet(ValueSetEntry { set, members }))
}

fn register(names: &Names, entry: &v1::RegisterEntry) -> Result<Entity> {
    let register = named(&names.registers, entry.register_id, "register")?;
    let Some(known) = names.registers.id(entry.register_id) else {
        return Err(Refusal::invalid("register_id: there is no such register"));
    };
    let (width, shape) = &known.of;
    let value = shape.number(entry.data.as_ref(), *width).map_err(|refusal| refusal.at("data"))?;
    Ok(Entity::Register(RegisterEntry { register, index: index(entry.index.as_ref())?, value }))
}

fn digest(names: &Names, entry: &v1::DigestEntry, kind: UpdateKind) -> Result<Entity> {
    let digest = named(&names.digests, entry.digest_id, "digest")?;
    let config = match (&entry.config, kind) {
        (None, UpdateKind::Delete) => DigestConfig::default(),
        (None, _) => return Err(Refusal::invalid("config: it is missing")),
        (Some(given), _) => DigestConfig {
            max_timeout_ns: count(given.max_timeout_ns, "max_timeout_ns")
                .map_err(|refusal| refusal.at("config"))?,
            max_list_size: count(given.max_list_size, "max_list_size")
                .map_err(|refusal| refusal.at("config"))?,
            ack_timeout_ns: count(given.ack_timeout_ns, "ack_timeout_ns")
                .map_err(|refusal| refusal.at("config"))?,
        },
    };
    Ok(Entity::Digest(DigestEntry { digest, config }))
}
