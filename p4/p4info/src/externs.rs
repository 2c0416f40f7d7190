//! Counters, meters, registers, action profiles, value sets, digests and headers to the controller (P4Runtime 1.5, sections 6.4.3 to
//! 6.4.12).

use sluice_diagnostics::Diagnostic;
use sluice_entities::CounterUnit;
use sluice_ir::control_plane::find;
use sluice_ir::{
    ActionProfile, Annotation, Counter, DataType, DigestType, Member, Meter, NamedKind, NamedType, Register,
    Table, Type, ValueSet, ValueSetField,
};

use crate::annotations::{Annotations, is_hidden};
use crate::describe::Describer;
use crate::fields::field_ids;
use crate::proto;
use crate::proto::action_profile::{SelectorSizeSemantics, SumOfMembers, SumOfWeights};
use crate::proto::p4_ids::Prefix;
use crate::proto::{controller_packet_metadata, counter_spec, match_field, meter_spec};
use crate::tables::match_type;
use crate::types::small;

/// Annotations of an action profile that have places of their own in P4Info.
const PROFILE: [&str; 3] = ["max_group_size", "selector_size_semantics", "max_member_weight"];

/// Cells or members; what the verifier lets through fits.
fn size(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn counter_spec(unit: CounterUnit) -> Option<proto::CounterSpec> {
    let unit = match unit {
        CounterUnit::Packets => counter_spec::Unit::Packets,
        CounterUnit::Bytes => counter_spec::Unit::Bytes,
        CounterUnit::Both => counter_spec::Unit::Both,
    };
    Some(proto::CounterSpec { unit: unit.into() })
}

fn meter_spec(unit: CounterUnit) -> Option<proto::MeterSpec> {
    let unit = match unit {
        CounterUnit::Packets => meter_spec::Unit::Packets,
        CounterUnit::Bytes => meter_spec::Unit::Bytes,
        CounterUnit::Both => meter_spec::Unit::Unspecified,
    };
    Some(proto::MeterSpec { unit: unit.into(), r#type: meter_spec::Type::TwoRateThreeColor.into() })
}

/// A field of a header to the controller, structs taken apart.
struct HeaderField<'m> {
    name: String,
    member: &'m Member,
}

impl<'m> Describer<'m> {
    pub(crate) fn counter(&mut self, counter: &'m Counter) -> proto::Counter {
        let id = self.symbols.id(Prefix::Counter, &counter.name);
        proto::Counter {
            preamble: self.preamble(id, &counter.name, &counter.annotations),
            spec: counter_spec(counter.unit),
            size: size(counter.size),
            index_type_name: self.types.index(counter.index),
        }
    }

    pub(crate) fn meter(&mut self, meter: &'m Meter) -> proto::Meter {
        let id = self.symbols.id(Prefix::Meter, &meter.name);
        proto::Meter {
            preamble: self.preamble(id, &meter.name, &meter.annotations),
            spec: meter_spec(meter.unit),
            size: size(meter.size),
            index_type_name: self.types.index(meter.index),
        }
    }

    pub(crate) fn direct_counter(&self, table: &'m Table) -> Option<proto::DirectCounter> {
        let counter = table.direct_counter.as_ref()?;
        let id = self.symbols.id(Prefix::DirectCounter, &counter.name);
        Some(proto::DirectCounter {
            preamble: self.preamble(id, &counter.name, &counter.annotations),
            spec: counter_spec(counter.unit),
            direct_table_id: self.symbols.id(Prefix::Table, &table.name),
        })
    }

    pub(crate) fn direct_meter(&self, table: &'m Table) -> Option<proto::DirectMeter> {
        let meter = table.direct_meter.as_ref()?;
        let id = self.symbols.id(Prefix::DirectMeter, &meter.name);
        Some(proto::DirectMeter {
            preamble: self.preamble(id, &meter.name, &meter.annotations),
            spec: meter_spec(meter.unit),
            direct_table_id: self.symbols.id(Prefix::Table, &table.name),
        })
    }

    pub(crate) fn register(&mut self, register: &'m Register) -> proto::Register {
        let id = self.symbols.id(Prefix::Register, &register.name);
        proto::Register {
            preamble: self.preamble(id, &register.name, &register.annotations),
            type_spec: Some(self.types.cell(register.ty, register.named)),
            size: small(register.size),
            index_type_name: self.types.index(register.index),
        }
    }

    pub(crate) fn digest(&mut self, digest: &'m DigestType) -> proto::Digest {
        let id = self.symbols.id(Prefix::Digest, &digest.name);
        proto::Digest {
            preamble: self.preamble(id, &digest.name, &[]),
            type_spec: Some(self.types.data(&digest.ty)),
        }
    }

    /// An action profile that these tables use, in the order of their names.
    pub(crate) fn action_profile(
        &mut self,
        profile: &'m ActionProfile,
        mut tables: Vec<&'m Table>,
    ) -> proto::ActionProfile {
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        let id = self.symbols.id(Prefix::ActionProfile, &profile.name);
        let annotations = Annotations::of(&profile.annotations, &PROFILE);
        let number = |name| {
            let number = find(&profile.annotations, name)?.integer()?;
            i32::try_from(number).ok()
        };
        let has = |name: &str| find(&profile.annotations, name).is_some();
        let semantics = find(&profile.annotations, "selector_size_semantics").and_then(Annotation::string);
        let of_members = semantics.is_some_and(|name| name.eq_ignore_ascii_case("sum_of_members"));
        let selector = profile.selector.is_some();
        if !selector && let Some(annotation) = PROFILE.iter().find(|name| has(name)) {
            self.found.push(
                Diagnostic::warning(format!("`@{annotation}` of `{}` means nothing", profile.name))
                    .help("only an action selector has groups"),
            );
        }
        let semantics = if of_members {
            let max_member_weight = number("max_member_weight").unwrap_or(0);
            SelectorSizeSemantics::SumOfMembers(SumOfMembers { max_member_weight })
        } else {
            SelectorSizeSemantics::SumOfWeights(SumOfWeights {})
        };
        proto::ActionProfile {
            preamble: annotations.preamble(id, &profile.name, self.symbols.alias(&profile.name)),
            table_ids: tables.iter().map(|table| self.symbols.id(Prefix::Table, &table.name)).collect(),
            with_selector: selector,
            size: size(profile.size),
            max_group_size: if selector { number("max_group_size").unwrap_or(0) } else { 0 },
            weights_disallowed: false,
            selector_size_semantics: (selector && PROFILE.iter().any(|name| has(name))).then_some(semantics),
        }
    }

    pub(crate) fn value_set(&mut self, set: &'m ValueSet) -> proto::ValueSet {
        let id = self.symbols.id(Prefix::ValueSet, &set.name);
        let labels = set.fields.iter().map(|field| (field.name.as_str(), field.annotations.as_slice()));
        let ids = field_ids(&set.name, None, labels, &mut self.found);
        let field = |(field, id): (&ValueSetField, u32)| {
            let annotations = Annotations::of(&field.annotations, &["match"]);
            let kind = match_type(field.kind).unwrap_or(match_field::MatchType::Unspecified);
            proto::MatchField {
                id,
                name: field.name.clone(),
                annotations: annotations.unstructured,
                annotation_locations: Vec::new(),
                bitwidth: small(field.width),
                doc: annotations.doc,
                type_name: None,
                structured_annotations: annotations.structured,
                r#match: Some(match_field::Match::MatchType(kind.into())),
            }
        };
        let fields = set.fields.iter().zip(ids).map(field).collect();
        proto::ValueSet {
            preamble: self.preamble(id, &set.name, &set.annotations),
            r#match: fields,
            size: small(set.size),
        }
    }

    /// The header of packets from or to the controller, if the type is one: called what the annotation says.
    pub(crate) fn controller_header(&mut self, ty: &'m NamedType) -> Option<proto::ControllerPacketMetadata> {
        let NamedKind::Header(members) = &ty.kind else { return None };
        let annotation = find(&ty.annotations, "controller_header")?;
        if is_hidden(&ty.annotations) {
            return None;
        }
        let Some(name) = annotation.string() else {
            self.found.push(
                Diagnostic::error(format!("the `@controller_header` of `{}` has no name", ty.name))
                    .help("write `@controller_header(\"packet_in\")` or `(\"packet_out\")`"),
            );
            return None;
        };
        let mut fields = Vec::new();
        self.flatten("", members, &mut fields);
        let labels = fields.iter().map(|field| (field.name.as_str(), field.member.annotations.as_slice()));
        let ids = field_ids(&ty.name, None, labels, &mut self.found);
        let id = self.symbols.id(Prefix::ControllerHeader, &ty.name);
        let told = fields.iter().zip(ids).filter(|(field, _)| !is_hidden(&field.member.annotations));
        let metadata = told.map(|(field, id)| self.metadata(field, id)).collect();
        let annotations = Annotations::of(&ty.annotations, &[]);
        Some(proto::ControllerPacketMetadata { preamble: annotations.preamble(id, &name, &name), metadata })
    }

    fn flatten(&self, prefix: &str, members: &'m [Member], fields: &mut Vec<HeaderField<'m>>) {
        for member in members {
            let name = format!("{prefix}{}", member.name);
            match self.types.member_struct(member) {
                Some(members) => self.flatten(&format!("{name}."), members, fields),
                None => fields.push(HeaderField { name, member }),
            }
        }
    }

    fn metadata(&mut self, field: &HeaderField<'m>, id: u32) -> controller_packet_metadata::Metadata {
        let ty = match self.types.bits(&field.member.ty) {
            DataType::Int(width) => Type::Int(width),
            DataType::Varbit(width) => Type::Varbit(width),
            DataType::Bits(width) => Type::Bits(width),
            // A verified header has no others.
            _ => Type::Bits(0),
        };
        let named = match field.member.ty {
            DataType::Named(handle) => Some(handle),
            _ => None,
        };
        let scalar = self.types.scalar(ty, named);
        let annotations = Annotations::of(&field.member.annotations, &[]);
        controller_packet_metadata::Metadata {
            id,
            name: field.name.clone(),
            annotations: annotations.unstructured,
            annotation_locations: Vec::new(),
            bitwidth: scalar.bitwidth,
            type_name: scalar.type_name,
            structured_annotations: annotations.structured,
        }
    }
}
