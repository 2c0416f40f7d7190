//! Ids and names: what P4Info says of a program, in the form in which messages are converted.
//!
//! Widths are the data path's ([`PipelineInfo`]): where a type is translated for the controller (`@p4runtime_translation`), its numbers are the same on both sides, and those that the data
//! path's width does not hold are refused.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sluice_entities::{KeyInfo, MatchKind, PipelineInfo};
use sluice_p4info::match_kind;
use sluice_p4info::proto::{P4DataTypeSpec, P4Info, Preamble, controller_packet_metadata, table};

use crate::convert::shape::Shape;

/// A key field.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: u32,
    pub(crate) name: Arc<str>,
    pub(crate) kind: MatchKind,
    pub(crate) width: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) id: u32,
    pub(crate) name: Arc<str>,
    pub(crate) keys: Vec<Key>,
    pub(crate) has_profile: bool,
    pub(crate) has_idle_timeouts: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Param {
    pub(crate) id: u32,
    pub(crate) name: Arc<str>,
    pub(crate) width: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) id: u32,
    pub(crate) name: Arc<str>,
    pub(crate) params: Vec<Param>,
}

/// Anything that needs no more than its name, with what belongs to its kind.
#[derive(Clone, Debug)]
pub(crate) struct Object<T> {
    pub(crate) id: u32,
    pub(crate) name: Arc<str>,
    pub(crate) of: T,
}

/// One kind of object, by id and by name.
#[derive(Clone, Debug)]
pub(crate) struct Kind<T> {
    by_id: BTreeMap<u32, Arc<T>>,
    by_name: HashMap<Arc<str>, Arc<T>>,
}

impl<T> Kind<T> {
    fn new(all: impl IntoIterator<Item = (u32, Arc<str>, T)>) -> Self {
        let mut kind = Self { by_id: BTreeMap::new(), by_name: HashMap::new() };
        for (id, name, one) in all {
            let one = Arc::new(one);
            kind.by_id.insert(id, one.clone());
            kind.by_name.insert(name, one);
        }
        kind
    }

    pub(crate) fn id(&self, id: u32) -> Option<&T> {
        self.by_id.get(&id).map(|one| &**one)
    }

    pub(crate) fn name(&self, name: &str) -> Option<&T> {
        self.by_name.get(name).map(|one| &**one)
    }
}

/// A field of a header to or from the controller.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) width: u32,
}

/// Everything of one program.
#[derive(Clone, Debug)]
pub struct Names {
    pub(crate) tables: Kind<Table>,
    pub(crate) actions: Kind<Action>,
    pub(crate) profiles: Kind<Object<()>>,
    pub(crate) counters: Kind<Object<()>>,
    pub(crate) meters: Kind<Object<()>>,
    pub(crate) registers: Kind<Object<(u32, Shape)>>,
    pub(crate) value_sets: Kind<Object<Vec<Key>>>,
    pub(crate) digests: Kind<Object<Shape>>,
    pub(crate) packet_in: Option<Vec<Metadata>>,
    pub(crate) packet_out: Option<Vec<Metadata>>,
}

fn id_and_name(preamble: Option<&Preamble>) -> (u32, Arc<str>) {
    preamble.map_or((0, Arc::from("")), |preamble| (preamble.id, Arc::from(preamble.name.as_str())))
}

fn object<T>(preamble: Option<&Preamble>, of: T) -> (u32, Arc<str>, Object<T>) {
    let (id, name) = id_and_name(preamble);
    (id, name.clone(), Object { id, name, of })
}

/// Keys in the order of P4Info, with the data path's widths.
fn keys(fields: &[sluice_p4info::proto::MatchField], own: &[KeyInfo]) -> Vec<Key> {
    let key = |(index, field): (usize, &sluice_p4info::proto::MatchField)| Key {
        id: field.id,
        name: Arc::from(field.name.as_str()),
        kind: match_kind(field),
        width: own.get(index).map_or(field.bitwidth.unsigned_abs(), |own| own.width),
    };
    fields.iter().enumerate().map(key).collect()
}

impl Names {
    /// Of a program that a data path runs; `info` is what the data path says of it.
    pub fn new(p4info: &P4Info, info: &PipelineInfo) -> Self {
        let types = p4info.type_info.clone().unwrap_or_default();
        let shape = |spec: Option<&P4DataTypeSpec>| Shape::new(spec, &types);
        let registers = p4info.registers.iter().map(|register| {
            let own = info
                .registers
                .iter()
                .find(|own| register.preamble.as_ref().is_some_and(|preamble| *preamble.name == *own.name));
            let width = own.map_or(0, |own| own.width);
            object(register.preamble.as_ref(), (width, shape(register.type_spec.as_ref())))
        });
        let value_sets = p4info.value_sets.iter().map(|set| {
            let own = info
                .value_sets
                .iter()
                .find(|own| set.preamble.as_ref().is_some_and(|preamble| *preamble.name == *own.name));
            let own = own.map(|own| own.fields.as_slice()).unwrap_or_default();
            object(set.preamble.as_ref(), keys(&set.r#match, own))
        });
        Self {
            tables: Kind::new(p4info.tables.iter().map(|table| named_table(table, info))),
            actions: Kind::new(p4info.actions.iter().map(|action| named_action(action, info))),
            profiles: Kind::new(p4info.action_profiles.iter().map(|one| object(one.preamble.as_ref(), ()))),
            counters: Kind::new(p4info.counters.iter().map(|one| object(one.preamble.as_ref(), ()))),
            meters: Kind::new(p4info.meters.iter().map(|one| object(one.preamble.as_ref(), ()))),
            registers: Kind::new(registers),
            value_sets: Kind::new(value_sets),
            digests: Kind::new(
                p4info.digests.iter().map(|one| object(one.preamble.as_ref(), shape(one.type_spec.as_ref()))),
            ),
            packet_in: header(p4info, "packet_in"),
            packet_out: header(p4info, "packet_out"),
        }
    }
}

fn named_table(table: &sluice_p4info::proto::Table, info: &PipelineInfo) -> (u32, Arc<str>, Table) {
    let (id, name) = id_and_name(table.preamble.as_ref());
    let own = info.table(&name).map(|own| own.keys.as_slice()).unwrap_or_default();
    let notify = table::IdleTimeoutBehavior::NotifyControl as i32;
    let named = Table {
        id,
        name: name.clone(),
        keys: keys(&table.match_fields, own),
        has_profile: table.implementation_id != 0,
        has_idle_timeouts: table.idle_timeout_behavior == notify,
    };
    (id, name, named)
}

fn named_action(action: &sluice_p4info::proto::Action, info: &PipelineInfo) -> (u32, Arc<str>, Action) {
    let (id, name) = id_and_name(action.preamble.as_ref());
    let own = info.action(&name).map(|own| own.params.as_slice()).unwrap_or_default();
    let param = |(index, param): (usize, &sluice_p4info::proto::action::Param)| Param {
        id: param.id,
        name: Arc::from(param.name.as_str()),
        width: own.get(index).map_or(param.bitwidth.unsigned_abs(), |own| own.width),
    };
    let params = action.params.iter().enumerate().map(param).collect();
    (id, name.clone(), Action { id, name, params })
}

fn header(p4info: &P4Info, name: &str) -> Option<Vec<Metadata>> {
    let is_it = |header: &&sluice_p4info::proto::ControllerPacketMetadata| {
        header.preamble.as_ref().is_some_and(|preamble| preamble.name == name)
    };
    let field = |field: &controller_packet_metadata::Metadata| Metadata {
        id: field.id,
        name: field.name.clone(),
        width: field.bitwidth.unsigned_abs(),
    };
    p4info
        .controller_packet_metadata
        .iter()
        .find(is_it)
        .map(|header| header.metadata.iter().map(field).collect())
}
