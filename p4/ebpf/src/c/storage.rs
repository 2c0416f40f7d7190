//! Where a packet's state stands: `struct state`, and of it `struct work`, which each copy has for itself.
//!
//! - Headers stand as they do on the wire, fixed fields first, the varbit behind them and its length in bytes behind that. The elements of
//!   a stack stand one behind the other.
//! - Validity is a bit a header. The bits of a stack stand in one word.
//! - Scalars of up to 64 bits are the smallest unsigned integer that holds them, wider ones are words, the least significant first.
//!
//! What egress, the checksum computation or the deparser write is in `struct work`, too: they read and write it there, so that the
//! copies of a packet, which share its state, do not meet.

use std::collections::BTreeSet;

use sluice_ir::walk::{self, Part};
use sluice_ir::{
    Block, Handle, Header, HeaderRef, Intrinsic, Module, Place, Stack, StatementKind, Type, Variable,
    VariableKind,
};

use super::Form;
use super::local;
use super::names::Names;
use super::reads::Reads;

/// Most elements of a stack: their validity is in one word.
pub(super) const MAX_STACK: usize = 64;

/// One header's place.
#[derive(Clone, Debug)]
pub(super) struct HeaderPlace {
    /// Member of `struct state`.
    pub(super) name: String,
    /// Bytes of the fixed fields.
    pub(super) fixed_bytes: u32,
    /// The varbit field, where there is one: its index, the byte of the fixed ones that it stands in front of, its most bytes.
    pub(super) varbit: Option<(u32, u32, u32)>,
    /// Bytes that it takes, a multiple of 8.
    pub(super) stride: u32,
    /// Number of its validity bit.
    pub(super) bit: u32,
    /// Whether copies have their own.
    pub(super) in_work: bool,
    /// The headers that become invalid when it becomes valid.
    pub(super) rivals: Vec<Handle<Header>>,
    /// The first bit of each of its fields, the varbit left out.
    pub(super) field_bits: Vec<u32>,
}

impl HeaderPlace {
    /// Where its varbit's length stands.
    pub(super) fn length_at(&self) -> u32 {
        self.stride - 8
    }
}

/// One stack's place.
#[derive(Clone, Debug)]
pub(super) struct StackPlace {
    /// Member of `struct state` that has its next index.
    pub(super) next: String,
    /// Whether copies have their own.
    pub(super) next_in_work: bool,
}

/// One scalar's place.
#[derive(Clone, Debug)]
pub(super) struct VariablePlace {
    /// Member of `struct state`.
    pub(super) name: String,
    /// Bits.
    pub(super) width: u32,
    pub(super) home: Home,
}

/// Where a scalar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In `struct state` alone.
    State,
    /// In `struct work`, too: copies have their own.
    Work,
    /// In `struct locals`, which nobody but ingress knows: clang keeps it in registers, and leaves out what is only copied.
    Locals,
}

/// All places.
#[derive(Debug)]
pub(super) struct Storage {
    pub(super) headers: Vec<HeaderPlace>,
    pub(super) stacks: Vec<StackPlace>,
    pub(super) variables: Vec<VariablePlace>,
    /// Words of validity.
    pub(super) valid_words: u32,
    /// Names of tables.
    pub(super) tables: Vec<String>,
    /// Whether who applies a table asks what came of it.
    pub(super) asked: Vec<bool>,
    /// Names of indirect meters.
    pub(super) meters: Vec<String>,
    /// Names of registers.
    pub(super) registers: Vec<String>,
    /// What the program reads.
    pub(super) reads: Reads,
}

/// What blocks write, and the tables that they apply.
#[derive(Default)]
struct Written {
    variables: BTreeSet<usize>,
    headers: BTreeSet<usize>,
    stacks: BTreeSet<usize>,
}

impl Written {
    fn header(&mut self, module: &Module, header: HeaderRef) {
        match header {
            HeaderRef::Header(header) => {
                self.headers.insert(header.index());
            }
            HeaderRef::Element(stack, _) | HeaderRef::Next(stack) | HeaderRef::Last(stack) => {
                self.elements(module, stack);
            }
        }
    }

    fn elements(&mut self, module: &Module, stack: Handle<Stack>) {
        self.headers.extend(module.stacks[stack].elements.iter().map(|element| element.index()));
    }

    fn block(&mut self, module: &Module, block: &Block) {
        walk::statements(block, &mut |statement| {
            match &statement.kind {
                StatementKind::CopyStack { to: stack, .. }
                | StatementKind::PushFront(stack, _)
                | StatementKind::PopFront(stack, _) => {
                    self.elements(module, *stack);
                    self.stacks.insert(stack.index());
                }
                StatementKind::Apply { table, .. } => {
                    for listed in &module.tables[*table].actions {
                        self.block(module, &module.actions[listed.action].body);
                    }
                }
                _ => {}
            }
            // Validity is every copy's own anyway.
            if let StatementKind::SetValid(_) | StatementKind::SetInvalid(_) = statement.kind {
                return;
            }
            walk::parts_mut(&mut statement.clone(), &mut |part| match part {
                Part::Write(place) => match place.base_mut() {
                    Place::Variable(variable) => {
                        self.variables.insert(variable.index());
                    }
                    Place::Field(header, _) => self.header(module, *header),
                    Place::Slice { .. } => {}
                },
                Part::Tell(variable) => {
                    self.variables.insert(variable.index());
                }
                Part::WriteHeader(header) => self.header(module, *header),
                Part::Read(_) | Part::ReadHeader(_) => {}
            });
        });
    }
}

impl Storage {
    /// Gives everything of a verified module its place.
    pub(super) fn new(module: &Module, form: Form) -> Self {
        let mut written = Written::default();
        for block in [&module.pipeline.egress, &module.pipeline.compute_checksum, &module.pipeline.deparser] {
            written.block(module, block);
        }
        // A stack's elements are reached by one address: all are in `struct work`, or none.
        for (handle, stack) in module.stacks.iter() {
            if stack.elements.iter().any(|element| written.headers.contains(&element.index())) {
                written.elements(module, handle);
            }
        }
        let mut names = Names::default();
        let (bits, valid_words) = validity(module);
        let headers = module.headers.iter().map(|(handle, header)| {
            let name = names.give("h_", &header.name);
            let in_work = written.headers.contains(&handle.index());
            header_place(module, handle, name, bits[handle.index()], in_work)
        });
        let headers = headers.collect();
        let stacks = module.stacks.iter().map(|(handle, stack)| StackPlace {
            next: names.give("n_", &stack.name),
            next_in_work: written.stacks.contains(&handle.index()),
        });
        let stacks = stacks.collect();
        let own = if form == Form::Locals { local::of_ingress(module) } else { BTreeSet::new() };
        let variables = module.variables.iter().map(|(handle, variable)| VariablePlace {
            name: names.give("v_", &variable.name),
            width: variable.ty.width(),
            home: if written.variables.contains(&handle.index()) || is_set_by_egress(variable) {
                Home::Work
            } else if own.contains(&handle.index()) {
                Home::Locals
            } else {
                Home::State
            },
        });
        let variables = variables.collect();
        let mut give = |path: &str| names.give("", path);
        Self {
            headers,
            stacks,
            variables,
            valid_words,
            tables: module.tables.iter().map(|(_, table)| give(&table.name)).collect(),
            meters: module.meters.iter().map(|(_, meter)| give(&meter.name)).collect(),
            asked: asked(module),
            registers: module.registers.iter().map(|(_, register)| give(&register.name)).collect(),
            reads: Reads::of(module),
        }
    }

    /// Whether there is `struct locals`.
    pub(super) fn has_locals(&self) -> bool {
        self.variables.iter().any(|place| place.home == Home::Locals)
    }

    /// The variable that is that intrinsic, if the program has it.
    pub(super) fn intrinsic(&self, module: &Module, which: Intrinsic) -> Option<Handle<Variable>> {
        let is_it = |variable: &Variable| variable.kind == VariableKind::Intrinsic(which);
        module.variables.iter().find(|(_, variable)| is_it(variable)).map(|(handle, _)| handle)
    }
}

/// Whether who applies a table asks whether it was a hit, or which action ran.
fn asked(module: &Module) -> Vec<bool> {
    let mut asked = vec![false; module.tables.len()];
    for block in [&module.pipeline.ingress, &module.pipeline.egress] {
        walk::statements(block, &mut |statement| {
            if let StatementKind::Apply { table, hit, action_run } = statement.kind {
                asked[table.index()] |= hit.is_some() || action_run.is_some();
            }
        });
    }
    asked
}

/// Intrinsics that each copy gets anew.
fn is_set_by_egress(variable: &Variable) -> bool {
    match variable.kind {
        VariableKind::Intrinsic(intrinsic) => matches!(
            intrinsic,
            Intrinsic::EgressPort
                | Intrinsic::EgressSpec
                | Intrinsic::EgressRid
                | Intrinsic::InstanceType
                | Intrinsic::PacketLength
                | Intrinsic::EnqTimestamp
                | Intrinsic::EgressGlobalTimestamp
                | Intrinsic::McastGrp
        ),
        VariableKind::Metadata | VariableKind::Local => false,
    }
}

/// A bit for each header, those of a stack in one word, and how many words there are.
fn validity(module: &Module) -> (Vec<u32>, u32) {
    let mut bits = vec![u32::MAX; module.headers.len()];
    let mut next = 0;
    for (_, stack) in module.stacks.iter() {
        let size = stack.elements.len().min(MAX_STACK) as u32;
        if next % 64 + size > 64 {
            next = next.div_ceil(64) * 64;
        }
        for (index, element) in stack.elements.iter().take(MAX_STACK).enumerate() {
            bits[element.index()] = next + index as u32;
        }
        next += size;
    }
    for bit in &mut bits {
        if *bit == u32::MAX {
            *bit = next;
            next += 1;
        }
    }
    (bits, next.div_ceil(64).max(1))
}

fn header_place(
    module: &Module,
    handle: Handle<Header>,
    name: String,
    bit: u32,
    in_work: bool,
) -> HeaderPlace {
    let header = &module.headers[handle];
    let mut field_bits = Vec::new();
    let (mut at, mut varbit) = (0, None);
    for (index, field) in module.header_types[header.ty].fields.iter().enumerate() {
        field_bits.push(at);
        match field.ty {
            Type::Varbit(most) => varbit = Some((index as u32, at / 8, most.div_ceil(8))),
            ty => at += ty.width(),
        }
    }
    let fixed_bytes = at / 8;
    let stride = match varbit {
        Some((_, _, most)) => (fixed_bytes + most).div_ceil(8) * 8 + 8,
        None => fixed_bytes.div_ceil(8).max(1) * 8,
    };
    let rivals = header.union.map_or_else(Vec::new, |union| {
        module.unions[union].members.iter().copied().filter(|member| *member != handle).collect()
    });
    HeaderPlace { name, fixed_bytes, varbit, stride, bit, in_work, rivals, field_bits }
}
