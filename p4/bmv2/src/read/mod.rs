//! From BMv2 JSON to the IR.

mod checksums;
mod convert;
mod expressions;
mod externs;
mod node;
mod operands;
mod parser;
mod pipelines;
mod primitives;
mod reducible;
mod storage;
mod structure;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use sluice_diagnostics::{Diagnostics, SourceId, Sources, Span};
use sluice_ir::{Action, Block, Handle, Module, Statement, StatementKind, Type, Variable, VariableKind};

use crate::json::{Node, NodeKind, parse};

/// The newest major version of the format that is read.
const MAJOR: u64 = 2;

/// BMv2 JSON as a verified module, and warnings.
///
/// It may be of another compiler: keys that are not known are passed over, keys that the switch does not need may be missing, and
/// expressions may have any shape that the format allows.
///
/// # Errors
///
/// All that is wrong with the text, each at its place: no JSON, keys or values that are missing or of the wrong kind, names of
/// nothing, and what the IR has not, such as externs of other switches.
pub fn read(sources: &Sources, source: SourceId) -> Result<(Module, Diagnostics), Diagnostics> {
    let root = parse(sources, source)?;
    let mut reader = Reader::new(&root);
    reader.program();
    if reader.found.has_errors() {
        return Err(reader.found);
    }
    let Reader { module, mut found, .. } = reader;
    match sluice_ir::verify::verify(&module) {
        Ok(()) => Ok((module, found)),
        Err(wrong) => {
            found.extend(wrong);
            Err(found)
        }
    }
}

/// Something is wrong; it was noted.
#[derive(Clone, Copy, Debug)]
struct Refused;

type Result<T, E = Refused> = std::result::Result<T, E>;

struct Reader<'n> {
    root: &'n Node,
    module: Module,
    found: Diagnostics,
    storage: storage::Storage,
    externs: externs::Externs<'n>,
    /// Values that the file has for errors, by their place in the module's list.
    errors: Vec<u64>,
    /// The parameters of the action that is being read.
    params: Vec<Type>,
    /// Statements that must run before the one that is being read: reads of registers in expressions.
    before: Block,
    /// Actions by their ids.
    actions: BTreeMap<u64, &'n Node>,
    /// Actions that were read, by id, of tables without counters and meters of their own.
    read_actions: BTreeMap<u64, Handle<Action>>,
    names: BTreeSet<String>,
    /// Stack indexes that are being read, one in the other.
    indexes: u32,
    labels: u32,
}

impl<'n> Reader<'n> {
    fn new(root: &'n Node) -> Self {
        Self {
            root,
            module: Module::default(),
            found: Diagnostics::new(),
            storage: storage::Storage::default(),
            externs: externs::Externs::default(),
            errors: Vec::new(),
            params: Vec::new(),
            before: Vec::new(),
            actions: BTreeMap::new(),
            read_actions: BTreeMap::new(),
            names: BTreeSet::new(),
            indexes: 0,
            labels: 0,
        }
    }

    fn program(&mut self) {
        if !matches!(self.root.kind, NodeKind::Object(_)) {
            self.wrong(
                self.root,
                "an object with `header_types`, `headers`, `parsers`, `pipelines` and so on",
            );
            return;
        }
        self.version();
        // What refers to what is missing would only repeat the message.
        self.read_errors();
        self.read_storage();
        if self.found.has_errors() {
            return;
        }
        self.read_externs();
        if self.found.has_errors() {
            return;
        }
        self.read_parser();
        self.read_pipelines();
        self.read_checksums();
        self.read_deparser();
    }

    fn version(&mut self) {
        let Some(version) = self.root.get("__meta__").and_then(|meta| meta.get("version")) else { return };
        let major = version.items().first().and_then(Node::as_number);
        if version.items().len() != 2 || major.is_none() {
            self.refuse(version.start(), "this is no version", "write [2, 23]");
        } else if major != Some(MAJOR) {
            let message = format!("the file is of version {} of the format", major.unwrap_or(0));
            self.refuse(version.start(), message, format!("version {MAJOR} is read"));
        }
    }

    fn read_errors(&mut self) {
        self.module.errors = sluice_ir::text::CORE_ERRORS.iter().map(|name| (*name).to_string()).collect();
        // Of errors that the file does not list, code says nothing.
        self.errors = (0..self.module.errors.len() as u64).map(|index| (1 << 31) - 1 - index).collect();
        let root = self.root;
        for error in self.list(root, "errors") {
            let (name, value) = match error.items() {
                [name, value] => (name.as_text(), value.as_number()),
                _ => (None, None),
            };
            let (Some(name), Some(value)) = (name, value) else {
                self.refuse(error.start(), "this is no error", "write [\"NoError\", 0]");
                continue;
            };
            match self.module.errors.iter().position(|known| known == name) {
                Some(index) => self.errors[index] = value,
                None => {
                    self.module.errors.push(name.to_string());
                    self.errors.push(value);
                }
            }
        }
    }

    fn read_deparser(&mut self) {
        let root = self.root;
        let Some(deparser) = self.list(root, "deparsers").first() else { return };
        // Code, as newer compilers write it, runs before anything is emitted.
        let code = self.list(deparser, "primitives");
        self.module.pipeline.deparser = self.primitives(code);
        for item in self.list(deparser, "order") {
            let Some(name) = item.as_text() else {
                self.wrong(item, "the name of a header");
                continue;
            };
            if let Ok(header) = self.header_named(item, name) {
                let kind = StatementKind::Emit(sluice_ir::HeaderRef::Header(header));
                self.module.pipeline.deparser.push(Statement { kind, span: item.span });
            }
        }
    }

    /// A variable of the reader's own.
    fn temporary(&mut self, name: &str, ty: Type) -> Handle<Variable> {
        let mut unique = name.to_string();
        let mut number = 1;
        while !self.names.insert(unique.clone()) {
            unique = format!("{name}.{number}");
            number += 1;
        }
        let variable = Variable { name: unique, ty, kind: VariableKind::Local, field_lists: Vec::new() };
        self.module.variables.push(variable)
    }

    /// Nested statements of a graph of jumps.
    fn structured(&mut self, pieces: Vec<structure::Piece>) -> Result<Block> {
        let pieces = self.with_single_entrances(pieces);
        structure::structure(pieces, &mut self.labels).map_err(|structure::Deep(span)| self.too_deep(span))
    }

    fn too_deep(&mut self, span: Span) -> Refused {
        let message = format!("code is nested more than {} deep here", sluice_ir::limits::BLOCK_DEPTH);
        self.refuse(span, message, "fewer branches inside one another")
    }
}
