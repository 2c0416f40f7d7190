//! The program and its entries.

use sluice_diagnostics::Sources;
use sluice_entities::{ActionCall, Bits, Entity, Match, Query, TableEntry, TableQuery, Update, UpdateKind};
use sluice_ir::text;
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_target::Program;

/// The kind of a table's key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Exact,
    Lpm,
    Ternary,
}

/// The program, compiled.
pub(crate) fn program() -> Program {
    let mut sources = Sources::new();
    let files = MemoryFiles::new().file("load.p4", include_str!("load.p4"));
    match compile(&mut sources, &files, "load.p4", &CompileOptions::default()) {
        Ok((module, _)) => {
            let (p4info, _) = sluice_p4info::p4info(&module).expect("it has no annotations");
            Program { p4info, device_config: text::print(&module).into_bytes() }
        }
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

/// The key of an entry: each is another one.
pub(crate) fn key(number: u32) -> u32 {
    number.wrapping_mul(0x9e37_79b1)
}

/// What an entry does: where to, and what it writes.
pub(crate) fn params(kind: UpdateKind, number: u32) -> (u16, u32) {
    let port = if kind == UpdateKind::Modify { 7 } else { 3 };
    (port, number)
}

/// The priority of ternary entries.
pub(crate) const PRIORITY: u32 = 10;

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact_t",
            Self::Lpm => "lpm_t",
            Self::Ternary => "ternary_t",
        }
    }

    fn matches(self, number: u32) -> Match {
        let value = Bits::new(32, u64::from(key(number)));
        match self {
            Self::Exact => Match::Exact(value),
            Self::Lpm => Match::Lpm { value, length: 32 },
            Self::Ternary => Match::Ternary { value, mask: Bits::ones(32) },
        }
    }

    pub(crate) fn update(self, kind: UpdateKind, number: u32) -> Update {
        let (port, from) = params(kind, number);
        let params = vec![Bits::new(9, u64::from(port)), Bits::new(32, u64::from(from))];
        let action = ActionCall { action: "ingress.forward".into(), params };
        let priority = if matches!(self, Self::Ternary) { PRIORITY } else { 0 };
        let table = format!("ingress.{}", self.name());
        let entry = TableEntry::new(table.into(), vec![self.matches(number)], priority, action);
        Update { kind, entity: Entity::Table(entry) }
    }

    /// All of its entries.
    pub(crate) fn query(self) -> Query {
        let table = format!("ingress.{}", self.name());
        Query::Table(TableQuery { table: Some(table.into()), ..TableQuery::default() })
    }
}
