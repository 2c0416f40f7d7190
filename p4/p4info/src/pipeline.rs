//! P4Info, read as what the control plane works with: the way back from a message of somebody else's device.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_entities::{
    ActionInfo, ActionProfileInfo, ActionRef, ActionScope, CounterInfo, CounterUnit, DigestInfo, KeyInfo,
    MatchKind, MeterInfo, ParamInfo, PipelineInfo, RegisterInfo, SelectorSizes, SizeSemantics, TableInfo,
    ValueSetInfo,
};

use crate::proto::action_profile::SelectorSizeSemantics;
use crate::proto::{
    ActionProfile, MatchField, P4DataTypeSpec, P4Info, P4TypeInfo, Preamble, Table, action_ref, counter_spec,
    match_field, meter_spec, p4_bitstring_like_type_spec, p4_data_type_spec, p4_new_type_spec,
    p4_new_type_translation, table,
};

/// Types nest no deeper than this; a message is not trusted to end.
const MAX_DEPTH: usize = 32;

/// What a P4Info says of a program (P4Runtime 1.5, section 6), in the message's order.
///
/// For a program that was compiled here this is [`sluice_ir::Module::info`] but for what P4Info does not tell: hidden tables and actions, and the
/// keys that only feed a selector. Widths are those that the controller sees; of a value that it sees as a string the width is 0.
pub fn pipeline_info(info: &P4Info) -> PipelineInfo {
    let types = info.type_info.clone().unwrap_or_default();
    let reader = Reader { info, types: &types, names: names(info) };
    PipelineInfo {
        tables: info.tables.iter().map(|table| reader.table(table)).collect(),
        actions: info.actions.iter().map(action).collect(),
        counters: info
            .counters
            .iter()
            .map(|counter| CounterInfo {
                name: name(counter.preamble.as_ref()),
                size: size(counter.size),
                unit: counter.spec.as_ref().map_or(CounterUnit::Both, |spec| counter_unit(spec.unit)),
            })
            .collect(),
        meters: info
            .meters
            .iter()
            .map(|meter| MeterInfo {
                name: name(meter.preamble.as_ref()),
                size: size(meter.size),
                unit: meter.spec.as_ref().map_or(CounterUnit::Both, |spec| meter_unit(spec.unit)),
            })
            .collect(),
        registers: info
            .registers
            .iter()
            .map(|register| RegisterInfo {
                name: name(register.preamble.as_ref()),
                size: size(register.size.into()),
                width: reader.widths(register.type_spec.as_ref()).iter().sum(),
            })
            .collect(),
        action_profiles: info.action_profiles.iter().map(action_profile).collect(),
        value_sets: info
            .value_sets
            .iter()
            .map(|set| ValueSetInfo {
                name: name(set.preamble.as_ref()),
                size: size(set.size.into()),
                fields: set.r#match.iter().map(key).collect(),
            })
            .collect(),
        digests: info
            .digests
            .iter()
            .map(|digest| DigestInfo {
                name: name(digest.preamble.as_ref()),
                widths: reader.widths(digest.type_spec.as_ref()),
            })
            .collect(),
    }
}

/// Names by ids of everything that a table refers to.
fn names(info: &P4Info) -> BTreeMap<u32, Arc<str>> {
    let actions = info.actions.iter().map(|action| action.preamble.as_ref());
    let profiles = info.action_profiles.iter().map(|profile| profile.preamble.as_ref());
    actions.chain(profiles).flatten().map(|preamble| (preamble.id, name(Some(preamble)))).collect()
}

fn name(preamble: Option<&Preamble>) -> Arc<str> {
    Arc::from(preamble.map_or("", |preamble| preamble.name.as_str()))
}

/// A size, which the protocol has with a sign.
fn size(size: i64) -> u64 {
    u64::try_from(size).unwrap_or(0)
}

fn counter_unit(unit: i32) -> CounterUnit {
    match counter_spec::Unit::try_from(unit) {
        Ok(counter_spec::Unit::Packets) => CounterUnit::Packets,
        Ok(counter_spec::Unit::Bytes) => CounterUnit::Bytes,
        Ok(counter_spec::Unit::Both | counter_spec::Unit::Unspecified) | Err(_) => CounterUnit::Both,
    }
}

fn meter_unit(unit: i32) -> CounterUnit {
    match meter_spec::Unit::try_from(unit) {
        Ok(meter_spec::Unit::Packets) => CounterUnit::Packets,
        Ok(meter_spec::Unit::Bytes) => CounterUnit::Bytes,
        Ok(meter_spec::Unit::Unspecified) | Err(_) => CounterUnit::Both,
    }
}

/// How a field is matched; [`MatchKind::Exact`] where it is in none of the ways of P4Runtime.
pub fn match_kind(field: &MatchField) -> MatchKind {
    use match_field::MatchType;
    let Some(match_field::Match::MatchType(kind)) = field.r#match else { return MatchKind::Exact };
    match MatchType::try_from(kind) {
        Ok(MatchType::Lpm) => MatchKind::Lpm,
        Ok(MatchType::Ternary) => MatchKind::Ternary,
        Ok(MatchType::Range) => MatchKind::Range,
        Ok(MatchType::Optional) => MatchKind::Optional,
        Ok(MatchType::Exact | MatchType::Unspecified) | Err(_) => MatchKind::Exact,
    }
}

fn key(field: &MatchField) -> KeyInfo {
    KeyInfo {
        name: Arc::from(field.name.as_str()),
        kind: match_kind(field),
        width: u32::try_from(field.bitwidth).unwrap_or(0),
    }
}

fn action(action: &crate::proto::Action) -> ActionInfo {
    let param = |param: &crate::proto::action::Param| ParamInfo {
        name: Arc::from(param.name.as_str()),
        width: u32::try_from(param.bitwidth).unwrap_or(0),
    };
    ActionInfo { name: name(action.preamble.as_ref()), params: action.params.iter().map(param).collect() }
}

fn action_profile(profile: &ActionProfile) -> ActionProfileInfo {
    let semantics = match &profile.selector_size_semantics {
        Some(SelectorSizeSemantics::SumOfMembers(sizes)) => SizeSemantics::SumOfMembers {
            max_member_weight: u32::try_from(sizes.max_member_weight).unwrap_or(0),
        },
        Some(SelectorSizeSemantics::SumOfWeights(_)) | None => SizeSemantics::SumOfWeights,
    };
    let max_group_size = u32::try_from(profile.max_group_size).unwrap_or(0);
    ActionProfileInfo {
        name: name(profile.preamble.as_ref()),
        size: size(profile.size),
        selector: profile.with_selector.then_some(SelectorSizes { semantics, max_group_size }),
    }
}

struct Reader<'i> {
    info: &'i P4Info,
    types: &'i P4TypeInfo,
    names: BTreeMap<u32, Arc<str>>,
}

impl Reader<'_> {
    fn named(&self, id: u32) -> Arc<str> {
        self.names.get(&id).cloned().unwrap_or_else(|| Arc::from(""))
    }

    fn table(&self, table: &Table) -> TableInfo {
        let id = table.preamble.as_ref().map_or(0, |preamble| preamble.id);
        let listed = |listed: &crate::proto::ActionRef| {
            let scope = match action_ref::Scope::try_from(listed.scope) {
                Ok(action_ref::Scope::TableOnly) => ActionScope::TableOnly,
                Ok(action_ref::Scope::DefaultOnly) => ActionScope::DefaultOnly,
                Ok(action_ref::Scope::TableAndDefault) | Err(_) => ActionScope::TableAndDefault,
            };
            // A hidden action is listed, and not told of.
            Some(ActionRef { name: self.names.get(&listed.id)?.clone(), scope })
        };
        let default = table.initial_default_action.as_ref().map_or(0, |call| call.action_id);
        let default = if default == 0 { table.const_default_action_id } else { default };
        let counter = self.info.direct_counters.iter().find(|counter| counter.direct_table_id == id);
        let meter = self.info.direct_meters.iter().find(|meter| meter.direct_table_id == id);
        let notify = table::IdleTimeoutBehavior::NotifyControl as i32;
        TableInfo {
            name: name(table.preamble.as_ref()),
            keys: table.match_fields.iter().map(key).collect(),
            selector_keys: Vec::new(),
            actions: table.action_refs.iter().filter_map(listed).collect(),
            size: size(table.size),
            default_action: self.named(default),
            default_is_const: table.const_default_action_id != 0,
            entries_are_const: table.is_const_table,
            direct_counter: counter.map(|counter| {
                counter.spec.as_ref().map_or(CounterUnit::Both, |spec| counter_unit(spec.unit))
            }),
            direct_meter: meter
                .map(|meter| meter.spec.as_ref().map_or(CounterUnit::Both, |spec| meter_unit(spec.unit))),
            action_profile: (table.implementation_id != 0).then(|| self.named(table.implementation_id)),
            has_idle_timeouts: table.idle_timeout_behavior == notify,
        }
    }

    /// Widths of the numbers that a value of a type is made of.
    fn widths(&self, spec: Option<&P4DataTypeSpec>) -> Vec<u32> {
        let mut widths = Vec::new();
        self.add_widths(spec, 0, &mut widths);
        widths
    }

    fn add_widths(&self, spec: Option<&P4DataTypeSpec>, depth: usize, widths: &mut Vec<u32>) {
        use p4_data_type_spec::TypeSpec;
        let spec = spec.and_then(|spec| spec.type_spec.as_ref()).filter(|_| depth < MAX_DEPTH);
        match spec {
            Some(TypeSpec::Bitstring(bits)) => widths.push(bitstring(bits)),
            Some(TypeSpec::Bool(_)) => widths.push(1),
            Some(TypeSpec::Tuple(tuple)) => {
                for member in &tuple.members {
                    self.add_widths(Some(member), depth + 1, widths);
                }
            }
            Some(TypeSpec::Struct(named)) => {
                let found = self.types.structs.get(&named.name);
                for member in found.map(|found| found.members.as_slice()).unwrap_or_default() {
                    self.add_widths(member.type_spec.as_ref(), depth + 1, widths);
                }
            }
            Some(TypeSpec::Header(named)) => {
                let found = self.types.headers.get(&named.name);
                let members = found.map(|found| found.members.as_slice()).unwrap_or_default();
                widths.extend(members.iter().map(|member| member.type_spec.as_ref().map_or(0, bitstring)));
            }
            Some(TypeSpec::SerializableEnum(named)) => {
                let found = self.types.serializable_enums.get(&named.name);
                let width = found.and_then(|found| found.underlying_type.as_ref());
                widths.push(width.map_or(0, |bits| u32::try_from(bits.bitwidth).unwrap_or(0)));
            }
            Some(TypeSpec::NewType(named)) => {
                use p4_new_type_spec::Representation;
                match self.types.new_types.get(&named.name).and_then(|found| found.representation.as_ref()) {
                    Some(Representation::OriginalType(original)) => {
                        self.add_widths(Some(original), depth + 1, widths);
                    }
                    Some(Representation::TranslatedType(translated)) => {
                        use p4_new_type_translation::SdnType;
                        widths.push(match &translated.sdn_type {
                            Some(SdnType::SdnBitwidth(width)) => u32::try_from(*width).unwrap_or(0),
                            Some(SdnType::SdnString(_)) | None => 0,
                        });
                    }
                    None => widths.push(0),
                }
            }
            // Strings to the controller, and what no register or digest holds.
            Some(
                TypeSpec::HeaderUnion(_)
                | TypeSpec::HeaderStack(_)
                | TypeSpec::HeaderUnionStack(_)
                | TypeSpec::Enum(_)
                | TypeSpec::Error(_),
            )
            | None => widths.push(0),
        }
    }
}

fn bitstring(bits: &crate::proto::P4BitstringLikeTypeSpec) -> u32 {
    use p4_bitstring_like_type_spec::TypeSpec;
    let width = match &bits.type_spec {
        Some(TypeSpec::Bit(bit)) => bit.bitwidth,
        Some(TypeSpec::Int(int)) => int.bitwidth,
        Some(TypeSpec::Varbit(varbit)) => varbit.max_bitwidth,
        None => 0,
    };
    u32::try_from(width).unwrap_or(0)
}
