//! From the IR to the message.

use std::collections::BTreeSet;

use sluice_diagnostics::{Diagnostic, Diagnostics};
use sluice_ir::control_plane::find;
use sluice_ir::{Annotation, AnnotationBody, AnnotationValue, Module, StatementKind, Table, walk};

use crate::annotations::{Annotations, is_hidden};
use crate::ids::Symbols;
use crate::proto::p4_ids::Prefix;
use crate::proto::{P4Info, PkgInfo, Preamble};
use crate::tables::actions;
use crate::types::Types;

/// P4Info of a verified module, and warnings.
///
/// The objects are in the module's order. Tables that are never applied, actions that only these list, and what is `@hidden` are left out,
/// as p4c leaves them out.
///
/// # Errors
///
/// All annotations that say what cannot be: an `@id` of another kind of object or that is taken, a `@controller_header` without a
/// name, a `@pkginfo` that is not made of keys and strings.
pub fn p4info(module: &Module) -> Result<(P4Info, Diagnostics), Diagnostics> {
    let mut tables = applied_tables(module);
    // What is hidden has an id and takes part in finding aliases.
    let symbols = symbols(module, &tables);
    tables.retain(|table| !is_hidden(&table.annotations));
    let mut describer = Describer { module, symbols, types: Types::new(module), found: Diagnostics::new() };
    describer.symbols.assign(&mut describer.found);
    let mut info = P4Info {
        pkg_info: Some(describer.package()),
        tables: tables.iter().map(|table| describer.table(table)).collect(),
        actions: actions(module, &tables).iter().map(|action| describer.action(action)).collect(),
        direct_counters: tables.iter().filter_map(|table| describer.direct_counter(table)).collect(),
        direct_meters: tables.iter().filter_map(|table| describer.direct_meter(table)).collect(),
        ..P4Info::default()
    };
    info.counters = module.counters.iter().map(|(_, counter)| describer.counter(counter)).collect();
    info.meters = module.meters.iter().map(|(_, meter)| describer.meter(meter)).collect();
    info.registers = module.registers.iter().map(|(_, register)| describer.register(register)).collect();
    info.digests = module.digests.iter().map(|(_, digest)| describer.digest(digest)).collect();
    info.value_sets = module.value_sets.iter().map(|(_, set)| describer.value_set(set)).collect();
    for (handle, profile) in module.action_profiles.iter() {
        let users = tables.iter().filter(|table| table.action_profile == Some(handle)).copied().collect();
        info.action_profiles.push(describer.action_profile(profile, users));
    }
    for (_, ty) in module.named_types.iter() {
        info.controller_packet_metadata.extend(describer.controller_header(ty));
    }
    info.type_info = Some(describer.types.finish());
    if describer.found.has_errors() { Err(describer.found) } else { Ok((info, describer.found)) }
}

/// The tables that ingress and egress apply, in the module's order.
fn applied_tables(module: &Module) -> Vec<&Table> {
    let mut applied = BTreeSet::new();
    for block in [&module.pipeline.ingress, &module.pipeline.egress] {
        walk::statements(block, &mut |statement| {
            if let StatementKind::Apply { table, .. } = statement.kind {
                applied.insert(table);
            }
        });
    }
    let told = module.tables.iter().filter(|(handle, _)| applied.contains(handle));
    told.map(|(_, table)| table).collect()
}

/// All objects with ids.
fn symbols<'m>(module: &'m Module, tables: &[&'m Table]) -> Symbols<'m> {
    let mut symbols = Symbols::default();
    for table in tables {
        symbols.add(Prefix::Table, &table.name, &table.annotations, Some(table.span));
        for listed in &table.actions {
            if let Some(action) = module.actions.try_index(listed.action) {
                symbols.add(Prefix::Action, &action.name, &action.annotations, Some(action.span));
            }
        }
        if let Some(counter) = &table.direct_counter {
            symbols.add(Prefix::DirectCounter, &counter.name, &counter.annotations, Some(table.span));
        }
        if let Some(meter) = &table.direct_meter {
            symbols.add(Prefix::DirectMeter, &meter.name, &meter.annotations, Some(table.span));
        }
    }
    for action in actions(module, tables) {
        symbols.add(Prefix::Action, &action.name, &action.annotations, Some(action.span));
    }
    for (_, counter) in module.counters.iter() {
        symbols.add(Prefix::Counter, &counter.name, &counter.annotations, None);
    }
    for (_, meter) in module.meters.iter() {
        symbols.add(Prefix::Meter, &meter.name, &meter.annotations, None);
    }
    for (_, register) in module.registers.iter() {
        symbols.add(Prefix::Register, &register.name, &register.annotations, None);
    }
    for (_, profile) in module.action_profiles.iter() {
        symbols.add(Prefix::ActionProfile, &profile.name, &profile.annotations, None);
    }
    for (_, set) in module.value_sets.iter() {
        symbols.add(Prefix::ValueSet, &set.name, &set.annotations, None);
    }
    for (_, digest) in module.digests.iter() {
        symbols.add(Prefix::Digest, &digest.name, &[], None);
    }
    for (_, ty) in module.named_types.iter() {
        if find(&ty.annotations, "controller_header").is_some() {
            symbols.add(Prefix::ControllerHeader, &ty.name, &ty.annotations, None);
        }
    }
    symbols
}

/// Describes one object after the other.
pub(crate) struct Describer<'m> {
    pub(crate) module: &'m Module,
    pub(crate) symbols: Symbols<'m>,
    pub(crate) types: Types<'m>,
    pub(crate) found: Diagnostics,
}

impl<'m> Describer<'m> {
    /// What an object of that name says of itself.
    pub(crate) fn preamble(&self, id: u32, name: &'m str, annotations: &[Annotation]) -> Option<Preamble> {
        Annotations::of(annotations, &[]).preamble(id, name, self.symbols.alias(name))
    }

    fn package(&mut self) -> PkgInfo {
        let annotations = Annotations::of(&self.module.annotations, &["pkginfo"]);
        let mut package = PkgInfo {
            arch: "v1model".to_string(),
            doc: annotations.doc,
            annotations: annotations.unstructured,
            structured_annotations: annotations.structured,
            ..PkgInfo::default()
        };
        for annotation in self.module.annotations.iter().filter(|annotation| annotation.name == "pkginfo") {
            let AnnotationBody::Pairs(pairs) = &annotation.body else {
                self.found.push(
                    Diagnostic::error("`@pkginfo` has no keys")
                        .help("write `@pkginfo[name=\"...\", version=\"...\"]` before the package"),
                );
                continue;
            };
            for (key, value) in pairs {
                self.package_key(key, value, &mut package);
            }
        }
        package
    }

    fn package_key(&mut self, key: &str, value: &AnnotationValue, package: &mut PkgInfo) {
        let field = match key {
            "name" => &mut package.name,
            "version" => &mut package.version,
            "organization" => &mut package.organization,
            "contact" => &mut package.contact,
            "url" => &mut package.url,
            "arch" => &mut package.arch,
            _ => {
                self.found.push(
                    Diagnostic::warning(format!("`@pkginfo` has no key `{key}`"))
                        .help("there are name, version, organization, contact, url and arch"),
                );
                return;
            }
        };
        match value {
            AnnotationValue::Text(text) => *field = text.clone(),
            AnnotationValue::Integer(_) | AnnotationValue::Bool(_) => self.found.push(
                Diagnostic::error(format!("`{key}` of `@pkginfo` is no string")).help("write it in quotes"),
            ),
        }
    }
}
