//! From the IR to BMv2 JSON.

mod actions;
mod arrays;
mod checksums;
mod deparser;
mod expressions;
mod externs;
mod parser;
mod pipelines;
mod places;
mod primitives;
mod source;
mod storage;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use sluice_diagnostics::{Diagnostic, Diagnostics, Sources, Span};
use sluice_entities::Bits;
use sluice_ir::{Action, ActionProfile, Expression, Handle, Module, NamedKind, Statement, Table};

pub(crate) use externs::algorithm_name;
pub(crate) use storage::{ALIASES, SCALARS, STANDARD};
pub(crate) use tables::LOWEST_PRIORITY;

use crate::json::Json;
use source::SourceInfo;
use storage::Storage;

/// What [`write`] is told beside the module.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// Name of the program: what stands under `program`.
    pub program: &'o str,
    /// Texts that the module's spans point into, for `source_info`.
    pub sources: &'o Sources,
}

/// The format's version that is written: `[major, minor]`.
const VERSION: [usize; 2] = [2, 23];

/// A verified module as BMv2 JSON, and warnings. The same module gives the same text.
///
/// # Errors
///
/// Everything in the module that the format cannot say, each where it was written: externs of `sluice.p4`, above all.
pub fn write(module: &Module, options: Options<'_>) -> Result<(String, Diagnostics), Diagnostics> {
    let mut writer = Writer::new(module, options);
    let json = writer.program(options.program);
    if writer.found.has_errors() { Err(writer.found) } else { Ok((json.print(), writer.found)) }
}

/// Something cannot be said; it was noted.
#[derive(Clone, Copy, Debug)]
struct Refused;

type Result<T, E = Refused> = std::result::Result<T, E>;

/// Where code stands that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    Parser,
    Action,
}

struct Writer<'m> {
    module: &'m Module,
    source: SourceInfo<'m>,
    found: Diagnostics,
    storage: Storage,
    /// The action that is being written, for its parameters.
    action: Option<Handle<Action>>,
    context: Context,
    calculations: Vec<Json>,
    checksums: Vec<Json>,
    actions: Vec<Json>,
    /// Elements of each digest's learn list, by its name.
    learn_lists: Vec<(String, Vec<Json>)>,
    /// Field lists that code names, beside those that variables name.
    field_lists: BTreeSet<u32>,
    /// Fields that hold what selectors hash, by profile.
    selector_inputs: BTreeMap<Handle<ActionProfile>, Vec<Json>>,
    /// Scratch fields that are computed at the end of egress for checksums.
    late: Vec<(Json, Handle<Expression>)>,
    /// Fields that checksums are written to, as they are printed.
    summed: BTreeSet<String>,
    /// Tables that a control applies.
    applied: BTreeSet<Handle<Table>>,
    /// Direct meters, by their tables, that have a field for the color.
    colors: BTreeSet<Handle<Table>>,
    /// Action profiles that are written.
    profiles: BTreeSet<Handle<ActionProfile>>,
    /// Statements of a deparser with code that emit, and the copies that they fill.
    emits: Vec<(&'m Statement, String)>,
    /// Whether a select may end without a case.
    needs_no_match: bool,
    conditions: usize,
    tables: usize,
}

impl<'m> Writer<'m> {
    fn new(module: &'m Module, options: Options<'m>) -> Self {
        Self {
            module,
            source: SourceInfo::new(options.sources),
            found: Diagnostics::new(),
            storage: Storage::new(module),
            action: None,
            context: Context::Action,
            calculations: Vec::new(),
            checksums: Vec::new(),
            actions: Vec::new(),
            learn_lists: Vec::new(),
            field_lists: BTreeSet::new(),
            selector_inputs: BTreeMap::new(),
            late: Vec::new(),
            summed: BTreeSet::new(),
            applied: BTreeSet::new(),
            colors: BTreeSet::new(),
            profiles: BTreeSet::new(),
            emits: Vec::new(),
            needs_no_match: false,
            conditions: 0,
            tables: 0,
        }
    }

    fn refuse(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Refused {
        self.found.push(Diagnostic::error(message).at(span, "").help(help));
        Refused
    }

    /// Of what does not know where it was written.
    fn refuse_somewhere(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic::error(message).help(help));
    }

    fn program(&mut self, name: &str) -> Json {
        self.find_applied();
        // Code first: it brings scratch fields, calculations and lists.
        let parsers = self.parsers();
        self.verify_checksums();
        self.compute_checksums();
        let deparser = self.deparser();
        let pipelines = self.pipelines(deparser.epilogue);
        let version = Json::List(VERSION.iter().map(|part| Json::number(*part)).collect());
        let meta = vec![("version", version), ("compiler", Json::text("sluice"))];
        let mut entries = vec![("program", Json::text(name)), ("__meta__", Json::Object(meta))];
        entries.extend(self.storage_entries());
        entries.push(("field_lists", self.field_lists()));
        let errors = self.module.errors.iter().enumerate();
        let errors = errors.map(|(i, error)| Json::List(vec![Json::text(error), Json::number(i)]));
        entries.push(("errors", Json::List(errors.collect())));
        entries.push(("enums", self.enums()));
        entries.push(("parsers", parsers));
        entries.push(("parse_vsets", self.value_sets()));
        entries.push(("deparsers", deparser.json));
        entries.push(("meter_arrays", self.meters()));
        entries.push(("counter_arrays", self.counters()));
        entries.push(("register_arrays", self.registers()));
        entries.push(("calculations", Json::List(std::mem::take(&mut self.calculations))));
        entries.push(("learn_lists", self.learn_lists()));
        entries.push(("actions", Json::List(std::mem::take(&mut self.actions))));
        entries.push(("pipelines", pipelines));
        entries.push(("checksums", Json::List(std::mem::take(&mut self.checksums))));
        entries.push(("force_arith", storage::force_arith()));
        entries.push(("extern_instances", Json::List(Vec::new())));
        entries.push(("field_aliases", storage::field_aliases()));
        Json::Object(entries)
    }

    fn enums(&self) -> Json {
        let mut list = Vec::new();
        for (_, named) in self.module.named_types.iter() {
            if let NamedKind::Enum(members) = &named.kind {
                let members = members.iter().enumerate();
                let entries =
                    members.map(|(i, member)| Json::List(vec![Json::text(member), Json::number(i)]));
                list.push(Json::Object(vec![
                    ("name", Json::text(&named.name)),
                    ("entries", Json::List(entries.collect())),
                ]));
            }
        }
        Json::List(list)
    }
}

/// A number in hexadecimal, all bytes of its width written.
fn hex(bits: &Bits) -> String {
    let digits = bits.width().div_ceil(8).max(1) as usize * 2;
    format!("0x{:0digits$x}", bits)
}

/// A number as the format's constant.
fn constant(bits: &Bits) -> Json {
    Json::typed("hexstr", Json::text(hex(bits)))
}

/// A small number as the format's constant.
fn small(number: u64) -> Json {
    Json::typed("hexstr", Json::text(format!("{number:#x}")))
}
