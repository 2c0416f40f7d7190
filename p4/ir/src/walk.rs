//! Walks over nested statements, and over what a statement reads and writes.

use std::collections::BTreeSet;

use crate::{
    Block, Expression, ExternCall, Handle, HeaderRef, Module, Place, SluiceCall, Statement, StatementKind,
    Transition, Variable,
};

/// One thing in a statement that reads or writes storage.
#[derive(Debug)]
pub enum Part<'s> {
    /// An expression is evaluated; index expressions in the statement's places and headers come apart from them, too.
    Read(&'s mut Handle<Expression>),
    /// A place gets a value.
    Write(&'s mut Place),
    /// A variable gets a value ([`StatementKind::Apply`]).
    Tell(&'s mut Handle<Variable>),
    /// A header's fields and validity are read.
    ReadHeader(&'s mut HeaderRef),
    /// A header's fields or validity are written.
    WriteHeader(&'s mut HeaderRef),
}

/// Calls `f` with each statement of a block and of the blocks in it, in order.
///
/// Needs stack in proportion to the nesting, which [`crate::limits::BLOCK_DEPTH`] bounds in verified modules.
pub fn statements<'b>(block: &'b [Statement], f: &mut impl FnMut(&'b Statement)) {
    for statement in block {
        f(statement);
        for block in blocks(statement) {
            statements(block, f);
        }
    }
}

/// Calls `f` with each statement of a block and of the blocks in it, in order, to change them.
pub fn statements_mut(block: &mut Block, f: &mut impl FnMut(&mut Statement)) {
    for statement in block {
        f(statement);
        for block in blocks_mut(statement) {
            statements_mut(block, f);
        }
    }
}

/// Whether control may leave the block other than at its end: by `Leave` of a label that is not in it, by `Exit`, or by a rejection.
pub fn may_jump_out(block: &[Statement]) -> bool {
    let mut inside = BTreeSet::new();
    let mut left = BTreeSet::new();
    let mut ends = false;
    statements(block, &mut |statement| match &statement.kind {
        StatementKind::Labelled(label, _) | StatementKind::Loop(label, _) => {
            inside.insert(*label);
        }
        StatementKind::Leave(label) => {
            left.insert(*label);
        }
        StatementKind::Exit | StatementKind::Verify { .. } | StatementKind::Extract { .. } => ends = true,
        _ => {}
    });
    ends || !left.is_subset(&inside)
}

/// The blocks directly in a statement.
pub fn blocks(statement: &Statement) -> Vec<&Block> {
    match &statement.kind {
        StatementKind::If { accept, reject, .. } => vec![accept, reject],
        StatementKind::Switch { cases, default, .. } => {
            cases.iter().map(|(_, block)| block).chain([default]).collect()
        }
        StatementKind::Labelled(_, block) | StatementKind::Loop(_, block) => vec![block],
        _ => Vec::new(),
    }
}

/// The blocks directly in a statement, to change them.
pub fn blocks_mut(statement: &mut Statement) -> Vec<&mut Block> {
    match &mut statement.kind {
        StatementKind::If { accept, reject, .. } => vec![accept, reject],
        StatementKind::Switch { cases, default, .. } => {
            cases.iter_mut().map(|(_, block)| block).chain([default]).collect()
        }
        StatementKind::Labelled(_, block) | StatementKind::Loop(_, block) => vec![block],
        _ => Vec::new(),
    }
}

impl Module {
    /// All outermost blocks: parser states, controls and actions, in that order.
    pub fn blocks_mut(&mut self) -> Vec<&mut Block> {
        let pipeline = &mut self.pipeline;
        let states = pipeline.parser.states.iter_mut().map(|(_, state)| &mut state.body);
        let controls = [
            &mut pipeline.verify_checksum,
            &mut pipeline.ingress,
            &mut pipeline.egress,
            &mut pipeline.compute_checksum,
            &mut pipeline.deparser,
        ];
        states.chain(controls).chain(self.actions.iter_mut().map(|(_, action)| &mut action.body)).collect()
    }

    /// Calls `f` with each part of each statement, table key and transition.
    pub fn parts_mut(&mut self, f: &mut impl FnMut(Part<'_>)) {
        for block in self.blocks_mut() {
            statements_mut(block, &mut |statement| parts_mut(statement, f));
        }
        for (_, state) in self.pipeline.parser.states.iter_mut() {
            if let Transition::Select { keys, .. } = &mut state.transition {
                keys.iter_mut().for_each(|key| f(Part::Read(key)));
            }
        }
        for (_, table) in self.tables.iter_mut() {
            table.keys.iter_mut().for_each(|key| f(Part::Read(&mut key.expression)));
        }
    }
}

/// Calls `f` with the parts of a statement, reads before writes, without those in its blocks.
///
/// Stacks that `CopyStack`, `PushFront` and `PopFront` change are no parts: they are named as a whole.
pub fn parts_mut(statement: &mut Statement, f: &mut impl FnMut(Part<'_>)) {
    match &mut statement.kind {
        StatementKind::Assign(place, value) => {
            f(Part::Read(value));
            write(place, f);
        }
        StatementKind::CopyHeader { to, from } => {
            header(from, f, false);
            header(to, f, true);
        }
        StatementKind::SetValid(to) | StatementKind::SetInvalid(to) => header(to, f, true),
        StatementKind::If { condition, .. } => f(Part::Read(condition)),
        StatementKind::Switch { selector, .. } => f(Part::Read(selector)),
        StatementKind::Apply { hit, action_run, .. } => {
            hit.iter_mut().chain(action_run).for_each(|variable| f(Part::Tell(variable)));
        }
        StatementKind::Extract { header: to, varbit_bits } => {
            varbit_bits.iter_mut().for_each(|bits| f(Part::Read(bits)));
            header(to, f, true);
        }
        StatementKind::Lookahead { to, .. } => write(to, f),
        StatementKind::Advance(bits) => f(Part::Read(bits)),
        StatementKind::Verify { condition, error } => {
            f(Part::Read(condition));
            f(Part::Read(error));
        }
        StatementKind::Emit(from) => header(from, f, false),
        StatementKind::Extern(call) => call_parts(call, f),
        StatementKind::CopyStack { .. }
        | StatementKind::PushFront(..)
        | StatementKind::PopFront(..)
        | StatementKind::Labelled(..)
        | StatementKind::Loop(..)
        | StatementKind::Leave(_)
        | StatementKind::Exit => {}
    }
}

fn index(header: &mut HeaderRef, f: &mut impl FnMut(Part<'_>)) {
    if let HeaderRef::Element(_, index) = header {
        f(Part::Read(index));
    }
}

fn header(header: &mut HeaderRef, f: &mut impl FnMut(Part<'_>), written: bool) {
    index(header, f);
    f(if written { Part::WriteHeader(header) } else { Part::ReadHeader(header) });
}

fn write(place: &mut Place, f: &mut impl FnMut(Part<'_>)) {
    if let Place::Field(header, _) = place.base_mut() {
        index(header, f);
    }
    f(Part::Write(place));
}

impl Place {
    /// The variable or field, without the slice.
    pub fn base_mut(&mut self) -> &mut Self {
        match self {
            Self::Slice { base, .. } => base.base_mut(),
            whole => whole,
        }
    }
}

fn call_parts(call: &mut ExternCall, f: &mut impl FnMut(Part<'_>)) {
    let (reads, result): (Vec<&mut Handle<Expression>>, Option<&mut Place>) = match call {
        ExternCall::CounterCount { index, .. } => (vec![index], None),
        ExternCall::DirectCounterCount { .. } | ExternCall::MarkToDrop => (Vec::new(), None),
        ExternCall::MeterExecute { index, result, .. } | ExternCall::RegisterRead { index, result, .. } => {
            (vec![index], Some(result))
        }
        ExternCall::DirectMeterRead { result, .. } | ExternCall::PacketLength { result } => {
            (Vec::new(), Some(result))
        }
        ExternCall::RegisterWrite { index, value, .. } => (vec![index, value], None),
        ExternCall::Hash { result, base, max, data, .. } => {
            ([base, max].into_iter().chain(data).collect(), Some(result))
        }
        ExternCall::Random { result, low, high } => (vec![low, high], Some(result)),
        ExternCall::Digest { receiver, data, .. } => ([receiver].into_iter().chain(data).collect(), None),
        ExternCall::Clone { session, field_list, .. } => {
            ([session].into_iter().chain(field_list).collect(), None)
        }
        ExternCall::Resubmit { field_list } | ExternCall::Recirculate { field_list } => {
            (field_list.iter_mut().collect(), None)
        }
        ExternCall::Truncate { length_bytes } => (vec![length_bytes], None),
        ExternCall::Assert { condition, .. } | ExternCall::Assume { condition, .. } => {
            (vec![condition], None)
        }
        ExternCall::LogMessage { arguments, .. } => (arguments.iter_mut().collect(), None),
        ExternCall::VerifyChecksum { condition, data, checksum, .. } => {
            ([condition].into_iter().chain(data).chain([checksum]).collect(), None)
        }
        ExternCall::UpdateChecksum { condition, data, checksum, .. } => {
            ([condition].into_iter().chain(data).collect(), Some(checksum))
        }
        ExternCall::Sluice(call) => sluice_parts(call),
    };
    reads.into_iter().for_each(|read| f(Part::Read(read)));
    if let Some(result) = result {
        write(result, f);
    }
}

fn sluice_parts(call: &mut SluiceCall) -> (Vec<&mut Handle<Expression>>, Option<&mut Place>) {
    match call {
        SluiceCall::IngressTimeNs { result }
        | SluiceCall::WireLength { result }
        | SluiceCall::BadFrame { result } => (Vec::new(), Some(result)),
        SluiceCall::Digest64 { result, seed, data } => {
            ([seed].into_iter().chain(data).collect(), Some(result))
        }
        SluiceCall::Overwrite { offset_bytes, length_bytes, value } => {
            (vec![offset_bytes, length_bytes, value], None)
        }
        SluiceCall::Trim { length_bytes } => (vec![length_bytes], None),
        SluiceCall::FixChecksums { offset_bytes } => (vec![offset_bytes], None),
        SluiceCall::AppendTrailer { data } => (data.iter_mut().collect(), None),
    }
}
