//! Headers, stacks, unions, and the fields that scalars live in.

use std::collections::{BTreeMap, BTreeSet};

use sluice_ir::{Handle, Header, HeaderType, Intrinsic, Module, Stack, Type, Union, Variable, VariableKind};

use super::Writer;
use crate::json::Json;

/// The header that the switch keeps its own metadata in.
pub(crate) const STANDARD: &str = "standard_metadata";
/// The header that all other scalars are fields of.
pub(crate) const SCALARS: &str = "scalars";
/// Bits of an error in the format.
pub(crate) const ERROR_BITS: u32 = 32;

/// What the switch itself calls fields of `standard_metadata`.
pub(crate) const ALIASES: [(&str, Intrinsic); 9] = [
    ("queueing_metadata.enq_timestamp", Intrinsic::EnqTimestamp),
    ("queueing_metadata.enq_qdepth", Intrinsic::EnqQdepth),
    ("queueing_metadata.deq_timedelta", Intrinsic::DeqTimedelta),
    ("queueing_metadata.deq_qdepth", Intrinsic::DeqQdepth),
    ("intrinsic_metadata.ingress_global_timestamp", Intrinsic::IngressGlobalTimestamp),
    ("intrinsic_metadata.egress_global_timestamp", Intrinsic::EgressGlobalTimestamp),
    ("intrinsic_metadata.mcast_grp", Intrinsic::McastGrp),
    ("intrinsic_metadata.egress_rid", Intrinsic::EgressRid),
    ("intrinsic_metadata.priority", Intrinsic::Priority),
];

/// What the format calls a stack.
#[derive(Clone, Debug)]
pub(super) enum StackName {
    /// A stack of headers.
    Headers(String),
    /// The part of a stack of unions that is one member.
    Unions { stack: String, member: String },
}

/// Names, and the scalars beside the module's.
#[derive(Debug)]
pub(super) struct Storage {
    stacks: Vec<StackName>,
    /// Scratch fields: name, bits, whether signed.
    scratch: Vec<(String, u32, bool)>,
    /// Copies of headers that the deparser emits.
    pub(super) emitted: Vec<(String, Handle<HeaderType>)>,
    /// Names of scalars that are taken.
    taken: BTreeSet<String>,
}

impl Storage {
    pub(super) fn new(module: &Module) -> Self {
        let stacks = stack_names(module);
        let taken = module.variables.iter().map(|(_, variable)| variable.name.clone()).collect();
        Self { stacks, scratch: Vec::new(), emitted: Vec::new(), taken }
    }

    pub(super) fn stack(&self, stack: Handle<Stack>) -> StackName {
        self.stacks[stack.index()].clone()
    }

    /// A field of its own, `name` or with a number behind it.
    pub(super) fn scratch(&mut self, name: &str, bits: u32, signed: bool) -> Json {
        let unique = unique(&mut self.taken, name);
        self.scratch.push((unique.clone(), bits, signed && bits > 1));
        field(SCALARS, &unique)
    }
}

/// A field as an operand.
pub(super) fn field(header: &str, name: &str) -> Json {
    Json::typed("field", field_value(header, name))
}

/// A field's two names.
pub(super) fn field_value(header: &str, name: &str) -> Json {
    Json::List(vec![Json::text(header), Json::text(name)])
}

/// The part of a path behind its last dot.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// What the format calls each of the module's stacks.
///
/// In the IR, a stack of unions is a stack for each member, and has no name of its own: it gets that of its first union
/// without the index. What stands behind the index tells copies apart, `tmp.u[0]` of one and `tmp.u[0]_2` of the next.
fn stack_names(module: &Module) -> Vec<StackName> {
    let mut wholes: BTreeMap<Handle<Union>, String> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let mut name = |stack: &Stack| {
        let first = stack.elements.first().map(|element| &module.headers[*element]);
        let Some((header, union)) = first.and_then(|header| Some((header, header.union?))) else {
            return StackName::Headers(stack.name.clone());
        };
        let whole = wholes
            .entry(union)
            .or_insert_with(|| unique(&mut taken, &without_index(&module.unions[union].name)));
        StackName::Unions { stack: whole.clone(), member: last_part(&header.name).to_string() }
    };
    module.stacks.iter().map(|(_, stack)| name(stack)).collect()
}

/// An element's name without the index: `a.u` of `a.u[0]`, `a.u_2` of `a.u[0]_2`.
fn without_index(name: &str) -> String {
    let parts = name.rfind('[').and_then(|open| {
        let close = open + name[open..].find(']')?;
        Some(format!("{}{}", &name[..open], &name[close + 1..]))
    });
    parts.unwrap_or_else(|| name.to_string())
}

/// `name` or, where it is taken, `name` with a number behind it; it is taken then.
fn unique(taken: &mut BTreeSet<String>, name: &str) -> String {
    let mut unique = name.to_string();
    let mut number = 1;
    while !taken.insert(unique.clone()) {
        unique = format!("{name}.{number}");
        number += 1;
    }
    unique
}

/// `standard_metadata`'s fields where they change with time or place: the switch must keep numbers of them.
pub(super) fn force_arith() -> Json {
    Json::List(Intrinsic::NAMES.iter().map(|(_, name)| field_value(STANDARD, name)).collect())
}

pub(super) fn field_aliases() -> Json {
    let alias = |(alias, which): &(&str, Intrinsic)| {
        Json::List(vec![Json::text(*alias), field_value(STANDARD, which.name())])
    };
    Json::List(ALIASES.iter().map(alias).collect())
}

impl Writer<'_> {
    /// The field that a variable is.
    pub(super) fn variable(&self, variable: Handle<Variable>) -> (&'static str, String) {
        let variable = &self.module.variables[variable];
        match variable.kind {
            VariableKind::Intrinsic(which) => (STANDARD, which.name().to_string()),
            VariableKind::Metadata | VariableKind::Local => (SCALARS, variable.name.clone()),
        }
    }

    /// Header types, headers, stacks and unions, with the root's keys.
    pub(super) fn storage_entries(&mut self) -> Vec<(&'static str, Json)> {
        let module = self.module;
        for (_, header) in module.headers.iter() {
            if header.name == SCALARS || header.name == STANDARD {
                let span = module.header_types[header.ty].span;
                self.refuse(
                    span,
                    format!("a header is called `{}`", header.name),
                    "the switch has such a header of its own",
                );
            }
        }
        let mut types = vec![self.scalars_type(), standard_type()];
        for (handle, ty) in module.header_types.iter() {
            types.push(self.header_type(handle, ty));
        }
        let mut headers =
            vec![header_json(SCALARS, 0, SCALARS, true), header_json(STANDARD, 1, STANDARD, true)];
        for (handle, header) in module.headers.iter() {
            let ty = self.header_type_name(header.ty);
            headers.push(header_json(&header.name, header_id(handle), &ty, false));
        }
        for (name, ty) in &self.storage.emitted {
            let ty = self.header_type_name(*ty);
            headers.push(header_json(name, headers.len(), &ty, false));
        }
        let mut entries = vec![("header_types", Json::List(types)), ("headers", Json::List(headers))];
        entries.push(("header_stacks", self.header_stacks()));
        entries.extend(self.unions());
        entries
    }

    fn header_type_name(&self, ty: Handle<HeaderType>) -> String {
        let name = &self.module.header_types[ty].name;
        // The two types of scalars have these names.
        if name == SCALARS || name == STANDARD { format!("{name}$") } else { name.clone() }
    }

    fn scalars_type(&self) -> Json {
        let mut fields = Vec::new();
        let mut bits = 0;
        let mut add = |name: &str, width: u32, signed: bool| {
            bits = (bits + width) % 8;
            fields.push(field_type(name, width, signed));
        };
        for (_, variable) in self.module.variables.iter() {
            if !matches!(variable.kind, VariableKind::Intrinsic(_)) {
                let (width, signed) = shape(variable.ty);
                add(&variable.name, width, signed);
            }
        }
        for (name, width, signed) in &self.storage.scratch {
            add(name, *width, *signed);
        }
        pad(&mut fields, bits);
        header_type_json(SCALARS, 0, fields)
    }

    fn header_type(&self, handle: Handle<HeaderType>, ty: &HeaderType) -> Json {
        let mut fields = Vec::new();
        let mut bytes = 0_u32;
        for field in &ty.fields {
            let (width, signed) = shape(field.ty);
            bytes += width;
            fields.push(match field.ty {
                Type::Varbit(_) => Json::List(vec![Json::text(&field.name), Json::text("*")]),
                _ => field_type(&field.name, width, signed),
            });
        }
        let mut entries = vec![
            ("name", Json::text(self.header_type_name(handle))),
            ("id", Json::number(handle.index() + 2)),
            ("fields", Json::List(fields)),
        ];
        if let Some(field) = ty.fields.iter().find(|field| matches!(field.ty, Type::Varbit(_))) {
            entries.push(("length_exp", Json::Null));
            entries.push(("max_length", Json::number(bytes.div_ceil(8) as usize)));
            entries.push(("sluice", Json::Object(vec![("varbit", Json::number(field.ty.width() as usize))])));
        }
        self.source.add(&mut entries, ty.span);
        Json::Object(entries)
    }

    fn header_stacks(&self) -> Json {
        let mut list = Vec::new();
        for (handle, stack) in self.module.stacks.iter() {
            let StackName::Headers(name) = self.storage.stack(handle) else { continue };
            let ids = stack.elements.iter().map(|element| Json::number(header_id(*element)));
            let ty =
                stack.elements.first().map(|element| self.header_type_name(self.module.headers[*element].ty));
            list.push(Json::Object(vec![
                ("name", Json::text(name)),
                ("id", Json::number(list.len())),
                ("header_type", Json::text(ty.unwrap_or_default())),
                ("size", Json::number(stack.elements.len())),
                ("header_ids", Json::List(ids.collect())),
            ]));
        }
        Json::List(list)
    }

    /// Types of unions are not in the IR: unions with the same members are of one type.
    fn unions(&self) -> Vec<(&'static str, Json)> {
        let mut types: Vec<Vec<(String, String)>> = Vec::new();
        let mut unions = Vec::new();
        let mut type_of = Vec::new();
        for (handle, union) in self.module.unions.iter() {
            let member = |member: &Handle<Header>| {
                let header = &self.module.headers[*member];
                (last_part(&header.name).to_string(), self.header_type_name(header.ty))
            };
            let members: Vec<_> = union.members.iter().map(member).collect();
            let ty = types.iter().position(|known| *known == members).unwrap_or_else(|| {
                types.push(members);
                types.len() - 1
            });
            type_of.push(ty);
            let ids = union.members.iter().map(|member| Json::number(header_id(*member)));
            unions.push(Json::Object(vec![
                ("name", Json::text(&union.name)),
                ("id", Json::number(handle.index())),
                ("union_type", Json::text(union_type(ty))),
                ("header_ids", Json::List(ids.collect())),
                ("pi_omit", Json::Bool(true)),
            ]));
        }
        let types_json = types.iter().enumerate().map(|(i, members)| {
            let members = members.iter().map(|(member, ty)| field_value(member, ty));
            Json::Object(vec![
                ("name", Json::text(union_type(i))),
                ("id", Json::number(i)),
                ("headers", Json::List(members.collect())),
            ])
        });
        vec![
            ("header_union_types", Json::List(types_json.collect())),
            ("header_unions", Json::List(unions)),
            ("header_union_stacks", self.union_stacks(&type_of)),
        ]
    }

    fn union_stacks(&self, type_of: &[usize]) -> Json {
        let mut stacks: BTreeMap<String, Vec<Handle<Union>>> = BTreeMap::new();
        for (handle, stack) in self.module.stacks.iter() {
            if let StackName::Unions { stack: name, .. } = self.storage.stack(handle) {
                let unions = stack.elements.iter().filter_map(|element| self.module.headers[*element].union);
                stacks.entry(name).or_insert_with(|| unions.collect());
            }
        }
        let list = stacks.iter().enumerate().map(|(i, (name, unions))| {
            let ty = unions.first().and_then(|union| type_of.get(union.index())).copied().unwrap_or(0);
            let ids = unions.iter().map(|union| Json::number(union.index()));
            Json::Object(vec![
                ("name", Json::text(name)),
                ("id", Json::number(i)),
                ("union_type", Json::text(union_type(ty))),
                ("size", Json::number(unions.len())),
                ("header_union_ids", Json::List(ids.collect())),
            ])
        });
        Json::List(list.collect())
    }
}

/// Ids 0 and 1 are those of the scalars.
pub(super) fn header_id(header: Handle<Header>) -> usize {
    header.index() + 2
}

fn union_type(number: usize) -> String {
    format!("union_{number}")
}

/// Bits of a field, and whether it is signed. The format's signed fields have two bits at least.
pub(super) fn shape(ty: Type) -> (u32, bool) {
    match ty {
        Type::Error => (ERROR_BITS, false),
        Type::Int(width) => (width, width > 1),
        Type::Bool | Type::Bits(_) | Type::Varbit(_) => (ty.width(), false),
    }
}

fn field_type(name: &str, width: u32, signed: bool) -> Json {
    Json::List(vec![Json::text(name), Json::number(width as usize), Json::Bool(signed)])
}

/// Fills up to whole bytes.
fn pad(fields: &mut Vec<Json>, bits: u32) {
    if !bits.is_multiple_of(8) {
        fields.push(field_type("_padding", 8 - bits % 8, false));
    }
}

fn standard_type() -> Json {
    let mut fields = Vec::new();
    let mut bits = 0;
    for (which, name) in Intrinsic::NAMES {
        let (width, signed) = shape(which.ty());
        bits += width;
        fields.push(field_type(name, width, signed));
    }
    pad(&mut fields, bits);
    header_type_json(STANDARD, 1, fields)
}

fn header_type_json(name: &str, id: usize, fields: Vec<Json>) -> Json {
    Json::Object(vec![("name", Json::text(name)), ("id", Json::number(id)), ("fields", Json::List(fields))])
}

fn header_json(name: &str, id: usize, ty: &str, metadata: bool) -> Json {
    Json::Object(vec![
        ("name", Json::text(name)),
        ("id", Json::number(id)),
        ("header_type", Json::text(ty)),
        ("metadata", Json::Bool(metadata)),
        ("pi_omit", Json::Bool(true)),
    ])
}
