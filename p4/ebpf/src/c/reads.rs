//! What a program reads at all: what nobody reads need not be kept.

use sluice_ir::walk::{self, Part};
use sluice_ir::{
    ExpressionKind, ExternCall, Handle, HeaderRef, Intrinsic, Module, Place, SluiceCall, Statement,
    StatementKind, Variable, VariableKind,
};

/// What is read anywhere.
#[derive(Clone, Debug)]
pub(super) struct Reads {
    variables: Vec<bool>,
    headers: Vec<bool>,
    /// Whether something asks for the time.
    pub(super) time: bool,
}

impl Reads {
    pub(super) fn of(module: &Module) -> Self {
        let mut reads = Self {
            variables: vec![false; module.variables.len()],
            headers: vec![false; module.headers.len()],
            time: false,
        };
        let header = |reads: &mut Self, header: HeaderRef| match header {
            HeaderRef::Header(header) => reads.headers[header.index()] = true,
            HeaderRef::Element(stack, _) | HeaderRef::Next(stack) | HeaderRef::Last(stack) => {
                let elements = &module.stacks[stack].elements;
                elements.iter().for_each(|element| reads.headers[element.index()] = true);
            }
        };
        for (_, expression) in module.expressions.iter() {
            match &expression.kind {
                ExpressionKind::Variable(variable) => reads.variables[variable.index()] = true,
                ExpressionKind::Field(of, _) => header(&mut reads, *of),
                _ => {}
            }
        }
        every_statement(module, &mut |statement| {
            reads.time |= asks_for_time(statement);
            if let StatementKind::CopyStack { from, .. }
            | StatementKind::PushFront(from, _)
            | StatementKind::PopFront(from, _) = statement.kind
            {
                header(&mut reads, HeaderRef::Last(from));
            }
            walk::parts_mut(&mut statement.clone(), &mut |part| match part {
                Part::ReadHeader(from) => header(&mut reads, *from),
                // What is written in part is kept for the rest of it.
                Part::Write(place) => {
                    if let Place::Slice { base, .. } = place {
                        match **base {
                            Place::Variable(variable) => reads.variables[variable.index()] = true,
                            Place::Field(of, _) => header(&mut reads, of),
                            Place::Slice { .. } => {}
                        }
                    }
                }
                Part::Read(_) | Part::Tell(_) | Part::WriteHeader(_) => {}
            });
        });
        for (handle, variable) in module.variables.iter() {
            reads.time |= reads.variables[handle.index()] && is_time(variable);
        }
        reads
    }

    /// Whether the value of a variable is read by the program.
    pub(super) fn variable(&self, variable: Handle<Variable>) -> bool {
        self.variables[variable.index()]
    }

    /// Whether the fields of a header are.
    pub(super) fn header(&self, header: usize) -> bool {
        self.headers[header]
    }
}

fn is_time(variable: &Variable) -> bool {
    matches!(
        variable.kind,
        VariableKind::Intrinsic(
            Intrinsic::IngressGlobalTimestamp | Intrinsic::EgressGlobalTimestamp | Intrinsic::EnqTimestamp
        )
    )
}

fn asks_for_time(statement: &Statement) -> bool {
    matches!(
        statement.kind,
        StatementKind::Extern(
            ExternCall::MeterExecute { .. }
                | ExternCall::DirectMeterRead { .. }
                | ExternCall::Sluice(SluiceCall::IngressTimeNs { .. })
        )
    )
}

fn every_statement(module: &Module, f: &mut impl FnMut(&Statement)) {
    for (_, state) in module.pipeline.parser.states.iter() {
        walk::statements(&state.body, f);
    }
    for (_, block) in module.pipeline.controls() {
        walk::statements(block, f);
    }
    for (_, action) in module.actions.iter() {
        walk::statements(&action.body, f);
    }
}

/// Whether anything but extraction writes headers.
pub(super) fn changes_headers(module: &Module) -> bool {
    let mut changes = false;
    every_statement(module, &mut |statement| match &statement.kind {
        StatementKind::Extract { .. } => {}
        StatementKind::CopyStack { .. } | StatementKind::PushFront(..) | StatementKind::PopFront(..) => {
            changes = true;
        }
        _ => walk::parts_mut(&mut statement.clone(), &mut |part| match part {
            Part::WriteHeader(_) => changes = true,
            Part::Write(place) => {
                changes |= matches!(place.base_mut(), Place::Field(..));
            }
            Part::Read(_) | Part::Tell(_) | Part::ReadHeader(_) => {}
        }),
    });
    changes
}

/// Whether what is left of egress, checksums and deparser only counts: every copy leaves as the packet came.
pub(super) fn only_counts(module: &Module) -> bool {
    let pipeline = &module.pipeline;
    let mut only = pipeline.compute_checksum.is_empty() && pipeline.deparser.is_empty();
    walk::statements(&pipeline.egress, &mut |statement| {
        only &= match &statement.kind {
            StatementKind::If { .. } | StatementKind::Extern(ExternCall::CounterCount { .. }) => true,
            StatementKind::Assign(Place::Variable(variable), _) => {
                !matches!(module.variables[*variable].kind, VariableKind::Intrinsic(_))
            }
            _ => false,
        };
    });
    only
}

/// Whether the program says something anywhere.
pub(super) fn has(module: &Module, is_it: impl Fn(&StatementKind) -> bool) -> bool {
    let mut found = false;
    every_statement(module, &mut |statement| found |= is_it(&statement.kind));
    found
}

/// Whether the program makes frames shorter.
pub(super) fn cuts_frames(module: &Module) -> bool {
    has(module, |kind| {
        matches!(
            kind,
            StatementKind::Extern(ExternCall::Truncate { .. } | ExternCall::Sluice(SluiceCall::Trim { .. }))
        )
    })
}
