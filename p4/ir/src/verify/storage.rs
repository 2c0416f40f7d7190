//! Rules about names, types, headers, variables and extern instances.

use std::collections::{BTreeMap, BTreeSet};

use sluice_diagnostics::Span;
use sluice_entities::MatchKind;

use super::{Checker, show};
use crate::{
    Handle, Header, HeaderType, Intrinsic, Stack, Type, Union, ValueSetField, VariableKind, limits, text,
};

impl Checker<'_> {
    /// Checks everything but expressions, code and tables.
    pub(super) fn storage(&mut self) {
        self.names();
        let module = self.module;
        for (_, ty) in module.header_types.iter() {
            self.header_type(ty);
        }
        for (handle, header) in module.headers.iter() {
            self.header_item(handle, header);
        }
        let mut stack_of = BTreeMap::new();
        for (handle, stack) in module.stacks.iter() {
            self.stack(handle, stack, &mut stack_of);
        }
        for (handle, union) in module.unions.iter() {
            self.union(handle, union);
        }
        self.variables();
        self.extern_instances();
        self.control_plane();
    }

    fn names(&mut self) {
        let module = self.module;
        if !module.errors.iter().map(String::as_str).take(7).eq(text::CORE_ERRORS) {
            self.placeless("the errors do not begin with core.p4's", format!("{:?}", text::CORE_ERRORS));
        }
        self.unique("error", module.errors.iter().map(String::as_str));
        self.unique("header type", module.header_types.iter().map(|(_, item)| item.name.as_str()));
        self.unique("header", module.headers.iter().map(|(_, item)| item.name.as_str()));
        self.unique("stack", module.stacks.iter().map(|(_, item)| item.name.as_str()));
        self.unique("union", module.unions.iter().map(|(_, item)| item.name.as_str()));
        self.unique("variable", module.variables.iter().map(|(_, item)| item.name.as_str()));
        self.unique("table", module.tables.iter().map(|(_, item)| item.name.as_str()));
        self.unique("register", module.registers.iter().map(|(_, item)| item.name.as_str()));
        self.unique("action profile", module.action_profiles.iter().map(|(_, item)| item.name.as_str()));
        self.unique("value set", module.value_sets.iter().map(|(_, item)| item.name.as_str()));
        self.unique("state", module.pipeline.parser.states.iter().map(|(_, item)| item.name.as_str()));
        let direct = module.tables.iter().filter_map(|(_, table)| table.direct_counter.as_ref());
        let counters = module.counters.iter().map(|(_, item)| item.name.as_str());
        self.unique("counter", counters.chain(direct.map(|counter| counter.name.as_str())));
        let direct = module.tables.iter().filter_map(|(_, table)| table.direct_meter.as_ref());
        let meters = module.meters.iter().map(|(_, item)| item.name.as_str());
        self.unique("meter", meters.chain(direct.map(|meter| meter.name.as_str())));
    }

    pub(super) fn unique<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.placeless(
                    format!("two of kind {what} are called `{name}`"),
                    "names are unique in their kind",
                );
            }
        }
    }

    /// Checks that the fields' names are unique.
    pub(super) fn field_names<'n>(&mut self, names: impl Iterator<Item = &'n String>, span: Span) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                let message = format!("two are called `{name}`");
                self.error(span, message, "names of fields and parameters are unique");
            }
        }
    }

    fn header_type(&mut self, ty: &HeaderType) {
        let mut fixed_bits = 0_u64;
        let mut varbits = 0;
        for field in &ty.fields {
            self.width(field.ty, &format!("field `{}`", field.name), Some(ty.span));
            match field.ty {
                Type::Varbit(_) => varbits += 1,
                Type::Bits(_) | Type::Int(_) | Type::Bool => fixed_bits += u64::from(field.ty.width()),
                Type::Error => {
                    let message = format!("field `{}` is of type error", field.name);
                    self.error(ty.span, message, "headers have bit, int, bool and varbit fields");
                }
            }
        }
        if varbits > 1 {
            self.error(ty.span, format!("`{}` has {varbits} varbit fields", ty.name), "one is possible");
        }
        if !fixed_bits.is_multiple_of(8) {
            let message = format!("`{}` has {fixed_bits} bits", ty.name);
            self.error(ty.span, message, "headers consist of whole bytes");
        }
        self.field_names(ty.fields.iter().map(|field| &field.name), ty.span);
    }

    fn header_item(&mut self, handle: Handle<Header>, header: &Header) {
        let module = self.module;
        let of = format!("header `{}`", header.name);
        self.in_range(&module.header_types, header.ty, &of, None);
        if let Some(union) = header.union
            && self.in_range(&module.unions, union, &of, None)
            && !module.unions[union].members.contains(&handle)
        {
            let message = format!("{of} names a union that does not have it");
            self.placeless(message, "list it among the union's members");
        }
    }

    fn stack(
        &mut self,
        handle: Handle<Stack>,
        stack: &Stack,
        stack_of: &mut BTreeMap<Handle<Header>, Handle<Stack>>,
    ) {
        let module = self.module;
        let of = format!("stack `{}`", stack.name);
        if stack.elements.is_empty() {
            self.placeless(format!("{of} has no elements"), "a stack has at least one");
        }
        let mut ty = None;
        for element in &stack.elements {
            if !self.in_range(&module.headers, *element, &of, None) {
                continue;
            }
            if stack_of.insert(*element, handle).is_some() {
                let name = &module.headers[*element].name;
                self.placeless(format!("`{name}` is twice an element"), "an element is in one stack, once");
            }
            if *ty.get_or_insert(module.headers[*element].ty) != module.headers[*element].ty {
                self.placeless(format!("{of} has elements of several types"), "all elements have one type");
            }
        }
        if let Some(other) = stack.shares_index_of
            && self.in_range(&module.stacks, other, &of, None)
        {
            let other = &module.stacks[other];
            if other.shares_index_of.is_some() || other.elements.len() != stack.elements.len() {
                let message = format!("{of} cannot share the index of `{}`", other.name);
                self.placeless(message, "share that of a stack of the same size that has its own");
            }
        }
    }

    fn union(&mut self, handle: Handle<Union>, union: &Union) {
        let module = self.module;
        let of = format!("union `{}`", union.name);
        let mut seen = BTreeSet::new();
        for member in &union.members {
            if !self.in_range(&module.headers, *member, &of, None) {
                continue;
            }
            if module.headers[*member].union != Some(handle) || !seen.insert(member) {
                let message = format!("`{}` is not once a member of {of}", module.headers[*member].name);
                self.placeless(message, "a member names its one union and is listed there once");
            }
        }
    }

    fn variables(&mut self) {
        let mut seen = BTreeSet::new();
        for (_, variable) in self.module.variables.iter() {
            let of = format!("variable `{}`", variable.name);
            self.width(variable.ty, &of, None);
            if matches!(variable.ty, Type::Varbit(_)) {
                self.placeless(format!("{of} is of type varbit"), "only header fields are");
            }
            if let VariableKind::Intrinsic(which) = variable.kind {
                if variable.ty != which.ty() {
                    let message = format!("{of} is {}, not {}", show(variable.ty), show(which.ty()));
                    self.placeless(message, "v1model's standard_metadata says the type");
                }
                if !seen.insert(which) {
                    self.placeless(format!("{of} is a second one of its field"), "each is there once");
                }
            }
        }
    }

    fn cells(&mut self, what: &str, name: &str, size: u64) {
        if size > limits::CELLS {
            let message = format!("{what} `{name}` has {size} cells");
            self.placeless(message, format!("at most {} are possible", limits::CELLS));
        }
    }

    fn extern_instances(&mut self) {
        let module = self.module;
        for (_, counter) in module.counters.iter() {
            self.cells("counter", &counter.name, counter.size);
        }
        for (_, meter) in module.meters.iter() {
            self.cells("meter", &meter.name, meter.size);
        }
        for (_, register) in module.registers.iter() {
            self.cells("register", &register.name, register.size);
            self.width(register.ty, &format!("register `{}`", register.name), None);
            if !matches!(register.ty, Type::Bits(_) | Type::Int(_) | Type::Bool) {
                let message = format!("register `{}` holds {}", register.name, show(register.ty));
                self.placeless(message, "registers hold bit, int or bool");
            }
        }
        for (_, profile) in module.action_profiles.iter() {
            self.cells("action profile", &profile.name, profile.size);
            if let Some(selector) = profile.selector {
                self.width(Type::Bits(selector.width), &format!("selector `{}`", profile.name), None);
            }
        }
        for (_, set) in module.value_sets.iter() {
            self.cells("value set", &set.name, set.size);
            for ValueSetField { name, kind, width, .. } in &set.fields {
                self.width(Type::Bits(*width), &format!("field `{name}` of `{}`", set.name), None);
                if *kind == MatchKind::Selector {
                    let message = format!("field `{name}` of `{}` is of kind selector", set.name);
                    self.placeless(message, "value sets compare");
                }
            }
        }
    }
}

impl Intrinsic {
    /// The type that v1model gives it.
    pub fn ty(self) -> Type {
        match self {
            Self::IngressPort | Self::EgressSpec | Self::EgressPort => Type::Bits(9),
            Self::InstanceType | Self::PacketLength | Self::EnqTimestamp | Self::DeqTimedelta => {
                Type::Bits(32)
            }
            Self::EnqQdepth | Self::DeqQdepth => Type::Bits(19),
            Self::IngressGlobalTimestamp | Self::EgressGlobalTimestamp => Type::Bits(48),
            Self::McastGrp | Self::EgressRid => Type::Bits(16),
            Self::ChecksumError => Type::Bits(1),
            Self::ParserError => Type::Error,
            Self::Priority => Type::Bits(3),
        }
    }
}
