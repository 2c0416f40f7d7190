//! What somebody else's device tells: the way back from [`super::entity`], [`super::digest_list`] and [`super::idle_entry`].

use sluice_entities::{Entity, PipelineInfo, TableEntry, Update, UpdateKind};
use sluice_switch::DigestList;

use super::fit::{fits, key_fits};
use super::shape::Shape;
use super::{Forms, Noted, write};
use crate::names::Names;
use crate::refusal::Refusal;
use crate::v1;

type Result<T> = std::result::Result<T, Refusal>;

/// An update as a message.
///
/// # Errors
///
/// It is of an object that P4Info does not tell of, or not of that object's form.
pub fn sent(names: &Names, update: &Update) -> Result<v1::Update> {
    let kind = match update.kind {
        UpdateKind::Insert => v1::update::Type::Insert,
        UpdateKind::Modify => v1::update::Type::Modify,
        UpdateKind::Delete => v1::update::Type::Delete,
    };
    match (update.kind, &update.entity) {
        // A deletion looks at the key alone (section 12.1).
        (UpdateKind::Delete, Entity::Table(entry)) => key_fits(names, &entry.table, Some(&entry.matches))?,
        (UpdateKind::Delete, _) => {}
        (UpdateKind::Insert | UpdateKind::Modify, entity) => fits(names, entity)?,
    }
    let entity = super::entity(names, &update.entity, &Forms::default())
        .ok_or_else(|| Refusal::invalid("the program's P4Info does not tell of what it is about"))?;
    Ok(v1::Update { r#type: kind.into(), entity: Some(entity) })
}

/// An entity of a ReadResponse.
///
/// # Errors
///
/// It is not one of the program's, or not in P4Runtime's form.
pub fn told(names: &Names, given: &v1::Entity) -> Result<Entity> {
    use v1::entity::Entity as Given;
    let Some(given) = &given.entity else { return Err(Refusal::invalid("entity: it is missing")) };
    let mut noted = Noted::default();
    let Given::TableEntry(entry) = given else {
        return write::entity(names, given, UpdateKind::Insert, &mut noted);
    };
    // What is told of an entry and cannot be written is put beside what can.
    let mut written = entry.clone();
    written.is_const = false;
    let since_hit = written.time_since_last_hit.take().map(|since| since.elapsed_ns);
    let mut entity = write::entity(names, &Given::TableEntry(written), UpdateKind::Insert, &mut noted)?;
    let attributes = match &mut entity {
        Entity::Table(entry) => Some(&mut entry.attributes),
        Entity::Default(entry) => Some(&mut entry.attributes),
        _ => None,
    };
    if let Some(attributes) = attributes {
        attributes.is_const = entry.is_const;
        attributes.time_since_hit_ns = since_hit.map(|elapsed| u64::try_from(elapsed).unwrap_or(0));
    }
    Ok(entity)
}

/// An entry of an idle notification.
///
/// # Errors
///
/// As [`told`]; default actions are never idle.
pub fn told_idle(names: &Names, entry: &v1::TableEntry) -> Result<TableEntry> {
    let given = v1::Entity { entity: Some(v1::entity::Entity::TableEntry(entry.clone())) };
    match told(names, &given)? {
        Entity::Table(entry) => Ok(entry),
        _ => Err(Refusal::invalid("table_entry: it is no entry of a table")),
    }
}

/// A list of digest messages.
///
/// # Errors
///
/// It is of no digest of the program, or its messages are not of that digest's type.
pub fn told_digests(names: &Names, info: &PipelineInfo, list: &v1::DigestList) -> Result<DigestList> {
    let known = names.digests.id(list.digest_id);
    let own = known.and_then(|known| info.digests.iter().find(|own| own.name == known.name));
    let Some(own) = own else {
        return Err(Refusal::invalid(format!(
            "digest_id: the program has no digest {:#010x}",
            list.digest_id
        )));
    };
    let message = |(at, data): (usize, &v1::P4Data)| {
        Shape::fields(data, &own.widths).map_err(|refusal| refusal.at(format!("data[{at}]")))
    };
    Ok(DigestList {
        digest: own.name.clone(),
        list: list.list_id,
        time_ns: u64::try_from(list.timestamp).unwrap_or(0),
        messages: list.data.iter().enumerate().map(message).collect::<Result<_>>()?,
    })
}
