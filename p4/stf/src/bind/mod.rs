//! Binds a script to a program: names to tables, actions, counters; numbers to widths.
//!
//! Nothing runs here. Everything that does not fit the program is found at once.

mod entries;
mod externs;

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};
use sluice_entities::{PipelineInfo, TableEntry};

use crate::number::Number;
use crate::parse::is_enough;
use crate::script::{Command, Comparison, Pattern, Quantity, Script};
use crate::target::{CounterCell, MirrorTarget, Operation};

pub(crate) type Result<T> = std::result::Result<T, Diagnostic>;

/// The highest port of the soft switch; 511 drops.
const MAX_PORT: u64 = 510;

/// A script that fits a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Test {
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What must come out, for each port in the order of the script.
    pub expected: Vec<Expectation>,
    /// Ports that the script names, ascending: those that are plugged in.
    pub ports: Vec<u16>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its statement.
    pub span: Span,
    /// What it is.
    pub kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Writes to the switch.
    Operate(Box<Operation>),
    /// Sends a packet.
    Packet {
        /// Where it comes in.
        port: u16,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// Reads a counter; what it must hold, or zero of everything.
    CheckCounter {
        /// The cell.
        cell: CounterCell,
        /// What must hold.
        condition: Option<(Quantity, Comparison, u64)>,
    },
    /// The packet before it must have given nothing.
    NoPacket,
    /// Lets everything pass.
    Wait,
}

/// A packet that must come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Its statement.
    pub span: Span,
    /// Where.
    pub port: u16,
    /// What it looks like; `None` for any.
    pub pattern: Option<Pattern>,
}

/// Binds a script to the program that `info` describes.
///
/// # Errors
///
/// What does not fit, located: the first 50 findings.
pub fn bind(script: &Script, info: &PipelineInfo) -> std::result::Result<Test, Diagnostics> {
    let mut binder = Binder { info, test: Test::default(), added: Vec::new() };
    let mut found = Diagnostics::new();
    for statement in &script.statements {
        if let Err(diagnostic) = binder.command(statement.span, &statement.command) {
            found.push(diagnostic);
            if is_enough(&found) {
                break;
            }
        }
    }
    if found.has_errors() {
        return Err(found);
    }
    binder.test.ports.sort_unstable();
    binder.test.ports.dedup();
    Ok(binder.test)
}

/// An entry that the script added, and has not removed yet.
struct Added {
    handle: Option<String>,
    entry: TableEntry,
}

struct Binder<'a> {
    info: &'a PipelineInfo,
    test: Test,
    added: Vec<Added>,
}

impl Binder<'_> {
    fn push(&mut self, span: Span, kind: StepKind) {
        self.test.steps.push(Step { span, kind });
    }

    fn command(&mut self, span: Span, command: &Command) -> Result<()> {
        match command {
            Command::Add { table, priority, keys, action, handle } => {
                let entry = self.entry(table, priority.as_ref(), keys, Some(action))?;
                let handle = handle.as_ref().map(|name| name.text.clone());
                // A handle means the entry that got it last.
                if handle.is_some() {
                    self.added
                        .iter_mut()
                        .filter(|old| old.handle == handle)
                        .for_each(|old| old.handle = None);
                }
                self.added.push(Added { handle, entry: entry.clone() });
                self.push(span, StepKind::Operate(Box::new(Operation::Insert(entry))));
            }
            Command::SetDefault { table, action } => {
                let entry = self.default_entry(table, action)?;
                self.push(span, StepKind::Operate(Box::new(Operation::Default(entry))));
            }
            Command::Remove(removal) => self.remove(span, removal)?,
            Command::Packet { port, data } => {
                let port = self.plugged(port)?;
                self.push(span, StepKind::Packet { port, data: data.clone() });
            }
            Command::Expect { port, pattern } => {
                let port = self.plugged(port)?;
                self.test.expected.push(Expectation { span, port, pattern: pattern.clone() });
            }
            Command::NoPacket => self.push(span, StepKind::NoPacket),
            Command::Wait => self.push(span, StepKind::Wait),
            Command::CheckCounter { counter, cell, condition } => {
                let cell = self.counter_cell(counter, cell)?;
                let condition = match condition {
                    Some(wanted) => {
                        let value = number(&wanted.value, u64::MAX, "the number")?;
                        Some((wanted.quantity, wanted.comparison, value))
                    }
                    None => None,
                };
                self.push(span, StepKind::CheckCounter { cell, condition });
            }
            _ => {
                if let Some(operation) = self.direct(command)? {
                    self.push(span, StepKind::Operate(Box::new(operation)));
                }
            }
        }
        Ok(())
    }

    /// A port that packets go through.
    fn plugged(&mut self, port: &Number) -> Result<u16> {
        let port = number(port, MAX_PORT, "the port")? as u16;
        self.test.ports.push(port);
        Ok(port)
    }

    /// Statements on sessions, groups and arrays; `None` for one that only wants something to exist, which does.
    fn direct(&self, command: &Command) -> Result<Option<Operation>> {
        let session = |session: &Number| number(session, 0x7fff, "the session").map(|id| id as u16);
        let group = |group: &Number| number(group, 0xffff, "the group").map(|id| id as u16);
        let node = |node: &Number| number(node, u64::from(u32::MAX), "the node").map(|id| id as u32);
        let port = |port: &Number| number(port, MAX_PORT, "the port").map(|id| id as u16);
        let ports = |ports: &[Number]| ports.iter().map(port).collect::<Result<Vec<u16>>>();
        Ok(Some(match command {
            Command::MirroringAdd { session: id, port: to } => {
                Operation::Mirror { session: session(id)?, to: Some(MirrorTarget::Port(port(to)?)) }
            }
            Command::MirroringAddMc { session: id, group: to } => {
                Operation::Mirror { session: session(id)?, to: Some(MirrorTarget::Group(group(to)?)) }
            }
            Command::MirroringDelete { session: id } => Operation::Mirror { session: session(id)?, to: None },
            Command::MirroringGet { session: id } => Operation::MirrorExists { session: session(id)? },
            Command::GroupCreate { group: id } => Operation::GroupCreate { group: group(id)? },
            Command::NodeCreate { rid, ports: list } => Operation::NodeCreate {
                rid: number(rid, 0xffff, "the instance")? as u16,
                ports: ports(list)?,
            },
            Command::NodeUpdate { node: id, ports: list } => {
                Operation::NodeUpdate { node: node(id)?, ports: ports(list)? }
            }
            Command::NodeAssociate { group: to, node: id } => {
                Operation::NodeAssociate { group: group(to)?, node: node(id)? }
            }
            _ => return self.array(command),
        }))
    }
}

/// A number without wildcards that is at most `most`.
pub(crate) fn number(number: &Number, most: u64, what: &str) -> Result<u64> {
    match number.to_u64() {
        Some(value) if value <= most => Ok(value),
        _ => Err(Diagnostic::error(format!("{what} is not a number from 0 to {most}")).at(number.span, "")),
    }
}
