//! A packet's way through v1model: parser, ingress, replication engine, egress, deparser.
//!
//! As bmv2 does it: behind ingress first an ingress clone, then resubmission, then a multicast group, then a drop by `egress_spec`
//! 511, else one copy to that port; behind egress first an egress clone, then a drop, then the deparser and recirculation.
//! Other than in bmv2, `ingress_port` and the ingress time stay with resubmitted and recirculated packets.
//!
//! The last copy of a packet uses the packet's own state; only those before it are given copies.

use sluice_entities::Replica;
use sluice_ir::{CloneKind, Intrinsic};

use super::bytes::BitString;
use super::finish::finish;
use super::op::Op;
use super::program::{ExternPlan, Program};
use super::run::{Env, Halt, run};
use super::state::{NO_FIELD_LIST, PacketState, Requests};
use crate::configuration::{Configuration, Path};
use crate::counters::{WorkerCells, ingress_drop_cell, path_drop_cell, unicast_path};
use crate::externs::random::Random;
use crate::native::{Stage, seam};
use crate::packet::{DROP_PORT, Digest, DropReason, Ingress, Outcome, Output, Sink, Verdict};
use crate::profile::Part;
use crate::switch::Shared;
use crate::trace::{Observer, Replicator, TraceEvent};

/// Most times that one packet is resubmitted, recirculated and cloned, in all.
pub const MAX_PASSES: u32 = 16;

/// v1model's `instance_type`s.
mod instance_type {
    pub(super) const NORMAL: u32 = 0;
    pub(super) const INGRESS_CLONE: u32 = 1;
    pub(super) const EGRESS_CLONE: u32 = 2;
    pub(super) const RECIRCULATED: u32 = 4;
    pub(super) const REPLICATED: u32 = 5;
    pub(super) const RESUBMITTED: u32 = 6;
}

/// What a worker lends to a packet.
pub(crate) struct Walk<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) config: &'a Configuration,
    pub(crate) cells: &'a WorkerCells,
    pub(crate) ingress: &'a Ingress<'a>,
    /// States for copies.
    pub(crate) pool: &'a mut Vec<PacketState>,
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) requests: &'a mut Requests,
    pub(crate) random: &'a mut Random,
    pub(crate) gathered: &'a mut BitString,
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) verdict: Verdict,
    pub(crate) passes: u32,
}

/// A packet that goes through the parser and ingress once more.
struct Repeat {
    data: Vec<u8>,
    start: Start,
}

/// What a pass starts with.
struct Start {
    instance_type: u32,
    field_list: u32,
    /// Metadata of the field list.
    kept: Vec<u64>,
}

impl Start {
    fn fresh() -> Self {
        Self { instance_type: instance_type::NORMAL, field_list: NO_FIELD_LIST, kept: Vec::new() }
    }
}

/// How a copy goes through egress.
#[derive(Clone, Copy)]
struct Copy {
    path: Path,
    instance_type: u32,
    /// Bytes kept, for clones.
    limit: Option<u64>,
}

impl<'a> Walk<'a> {
    fn program(&self) -> &'a Program {
        &self.shared.program
    }

    /// Takes the packet through the switch, until nothing of it is left inside.
    pub(crate) fn packet<O: Observer>(&mut self, main: &mut PacketState, observer: &mut O) -> Verdict {
        let mut repeats = Vec::new();
        let ingress = self.ingress;
        self.ingress_passes(main, ingress.data, Start::fresh(), &mut repeats, observer);
        while !repeats.is_empty() {
            let Repeat { data, start } = repeats.remove(0);
            self.ingress_passes(main, &data, start, &mut repeats, observer);
        }
        self.verdict
    }

    /// One pass through parser and ingress and all that follows, again for each resubmission.
    fn ingress_passes<O: Observer>(
        &mut self,
        main: &mut PacketState,
        data: &[u8],
        mut start: Start,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        loop {
            self.begin(main, data, &start, observer);
            self.parse(main, data, observer);
            let program = self.program();
            let halt = self.block(main, data, Stage::Ingress, observer);
            if O::PROFILE {
                observer.part(Part::Ingress);
            }
            self.send_digests();
            if let Some(reason) = stopped(halt) {
                return self.drop_packet(reason, observer);
            }
            let requests = std::mem::take(self.requests);
            if let Some((CloneKind::IngressToEgress, session, field_list)) = requests.clone {
                self.clone_ingress(main, data, session, field_list, repeats, observer);
            }
            let Some(field_list) = requests.resubmit else {
                return self.replicate(main, data, repeats, observer);
            };
            if !self.one_more_pass() {
                return self.drop_packet(DropReason::PassLimit, observer);
            }
            let kept = main.preserve(&program.layout, field_list);
            start = Start { instance_type: instance_type::RESUBMITTED, field_list, kept };
        }
    }

    /// Counts a pass; whether there may be one more.
    fn one_more_pass(&mut self) -> bool {
        self.passes += 1;
        self.passes <= MAX_PASSES
    }

    /// The state of a packet before its parser.
    fn begin<O: Observer>(&mut self, state: &mut PacketState, data: &[u8], start: &Start, observer: &mut O) {
        let layout = &self.program().layout;
        state.reset(layout);
        if !start.kept.is_empty() {
            state.restore(layout, start.field_list, &start.kept);
        }
        let microseconds = self.ingress.time_ns / 1000;
        state.set_intrinsic(layout, Intrinsic::IngressPort, u64::from(self.ingress.port));
        state.set_intrinsic(layout, Intrinsic::InstanceType, u64::from(start.instance_type));
        state.set_intrinsic(layout, Intrinsic::PacketLength, data.len() as u64);
        state.set_intrinsic(layout, Intrinsic::IngressGlobalTimestamp, microseconds & 0xffff_ffff_ffff);
        *self.requests = Requests::default();
        if O::TRACE {
            let (number, instance_type) = (self.passes, start.instance_type);
            observer.event(&TraceEvent::Pass { number, instance_type });
        }
        if O::PROFILE {
            observer.part(Part::Start);
        }
    }

    fn parse<O: Observer>(&mut self, state: &mut PacketState, data: &[u8], observer: &mut O) {
        state.payload = 0..data.len();
        // A parser that goes round too often has parsed what it has; ingress sees the error.
        if self.block(state, data, Stage::Parser, observer) == Halt::LoopLimit {
            let error = self.program().error("ParserTimeout");
            state.set_intrinsic(&self.program().layout, Intrinsic::ParserError, u64::from(error));
        }
        if O::PROFILE {
            observer.part(Part::Parser);
        }
        self.block(state, data, Stage::Verify, observer);
        if O::PROFILE {
            observer.part(Part::VerifyChecksum);
        }
    }

    /// Runs one block. Behind the parser, the state's payload starts where it stopped.
    fn block<O: Observer>(
        &mut self,
        state: &mut PacketState,
        data: &[u8],
        stage: Stage,
        observer: &mut O,
    ) -> Halt {
        let program = self.program();
        let pc = stage.entry(&program.entry);
        if matches!(program.ops.get(pc as usize), Some(Op::End) | None) && !O::TRACE {
            return Halt::End;
        }
        let mut env = Env {
            program,
            config: self.config,
            cells: self.cells,
            shared: self.shared,
            ingress: self.ingress,
            data,
            cursor: state.payload.start * 8,
            out: self.out,
            requests: self.requests,
            random: self.random,
            gathered: self.gathered,
            turns: 0,
            dropped_digests: 0,
        };
        let halt = match &self.shared.native {
            Some(native) if !O::TRACE => seam::run(native, stage, &mut env, state),
            _ => run(&mut env, state, pc, observer),
        };
        // Only the parser moves the cursor.
        state.payload.start = env.cursor.div_ceil(8).min(data.len());
        self.verdict.dropped_digests += env.dropped_digests;
        halt
    }

    fn send_digests(&mut self) {
        for (index, receiver, data) in self.requests.digests.drain(..) {
            if let ExternPlan::Digest { name, .. } = &self.shared.program.externs[usize::from(index)] {
                self.sink.digest(Digest { name, receiver, data: &data });
                self.shared.digests.take(self.config, name, data, self.ingress.time_ns);
            }
        }
    }

    /// The packet as a whole ends here.
    fn drop_packet<O: Observer>(&mut self, reason: DropReason, observer: &mut O) {
        self.verdict.outcome = Outcome::Dropped(reason);
        let cell = ingress_drop_cell(self.ingress.port, reason);
        self.cells.count(cell, u64::from(self.ingress.wire_length));
        if O::TRACE {
            observer.event(&TraceEvent::Dropped { reason, replica: None });
        }
    }

    /// A copy ends here.
    fn drop_copy<O: Observer>(&mut self, copy: Copy, reason: DropReason, observer: &mut O) {
        self.verdict.dropped_copies += 1;
        self.cells.count(path_drop_cell(copy.path.cells, reason), u64::from(self.ingress.wire_length));
        if O::TRACE {
            observer.event(&TraceEvent::Dropped { reason, replica: Some(copy.path.replica) });
        }
    }

    /// Goes by what ingress decided.
    fn replicate<O: Observer>(
        &mut self,
        main: &mut PacketState,
        data: &[u8],
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        let layout = &self.program().layout;
        let group = main.intrinsic(layout, Intrinsic::McastGrp) as u16;
        let port = main.intrinsic(layout, Intrinsic::EgressSpec) as u16;
        if group != 0 {
            let Some(group_state) = self.config.replication.group(group) else {
                return self.drop_packet(DropReason::UnknownGroup, observer);
            };
            let paths = &group_state.paths.now;
            if paths.is_empty() {
                return self.drop_packet(DropReason::EmptyGroup, observer);
            }
            self.verdict.outcome = Outcome::Multicast { group, replicas: paths.len() as u32 };
            trace_copies(Replicator::Group(group), paths, observer);
            self.copies(main, data, paths, instance_type::REPLICATED, None, repeats, observer);
            return;
        }
        if port == DROP_PORT {
            return self.drop_packet(DropReason::Ingress, observer);
        }
        self.verdict.outcome = Outcome::Unicast(port);
        if O::TRACE {
            observer.event(&TraceEvent::Unicast { port });
        }
        let path = Path { replica: Replica { port, instance: 0 }, cells: unicast_path(port) };
        // A packet that was resubmitted or recirculated stays one in egress.
        let instance_type = main.intrinsic(layout, Intrinsic::InstanceType) as u32;
        let copy = Copy { path, instance_type, limit: None };
        self.egress(main, data, copy, repeats, observer);
    }

    /// One egress for each path; the last one has the state itself.
    #[expect(clippy::too_many_arguments, reason = "a packet's state and where it goes")]
    fn copies<O: Observer>(
        &mut self,
        state: &mut PacketState,
        data: &[u8],
        paths: &[Path],
        instance_type: u32,
        limit: Option<u64>,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        let Some((last, before)) = paths.split_last() else { return };
        if !before.is_empty() {
            let mut scratch = self.take_state();
            for path in before {
                scratch.copy_for_egress(state, &self.program().layout);
                self.egress(
                    &mut scratch,
                    data,
                    Copy { path: *path, instance_type, limit },
                    repeats,
                    observer,
                );
            }
            self.pool.push(scratch);
        }
        self.egress(state, data, Copy { path: *last, instance_type, limit }, repeats, observer);
    }

    fn take_state(&mut self) -> PacketState {
        self.pool.pop().unwrap_or_else(|| PacketState::new(&self.program().layout))
    }

    /// An ingress clone: the packet as it came in, parsed again, straight to egress.
    fn clone_ingress<O: Observer>(
        &mut self,
        main: &PacketState,
        data: &[u8],
        session: u64,
        field_list: u32,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        let Some((id, session)) = self.session(session) else { return };
        if !self.one_more_pass() {
            return self.drop_packet(DropReason::PassLimit, observer);
        }
        let layout = &self.program().layout;
        let kept = main.preserve(layout, field_list);
        let mut state = self.take_state();
        self.begin(&mut state, data, &Start::fresh(), observer);
        self.parse(&mut state, data, observer);
        state.restore(layout, field_list, &kept);
        trace_copies(Replicator::Session(id), &session.paths.now, observer);
        let limit = session.limit();
        let paths = &session.paths.now;
        self.copies(&mut state, data, paths, instance_type::INGRESS_CLONE, limit, repeats, observer);
        self.pool.push(state);
    }

    fn session(&self, id: u64) -> Option<(u16, &'a crate::configuration::Session)> {
        let id = u16::try_from(id).ok()?;
        Some((id, self.config.replication.session(id)?))
    }

    /// Egress, deparser and port of one copy.
    fn egress<O: Observer>(
        &mut self,
        state: &mut PacketState,
        data: &[u8],
        copy: Copy,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        let program = self.program();
        self.begin_egress(state, data, copy, observer);
        let halt = self.block(state, data, Stage::Egress, observer);
        if O::PROFILE {
            observer.part(Part::Egress);
        }
        self.send_digests();
        let requests = std::mem::take(self.requests);
        let cloned = match requests.clone {
            Some((CloneKind::EgressToEgress, session, field_list)) => {
                self.clone_egress(state, session, field_list)
            }
            _ => None,
        };
        if let Some(reason) = stopped(halt) {
            self.drop_copy(copy, reason, observer);
        } else if state.intrinsic(&program.layout, Intrinsic::EgressSpec) == u64::from(DROP_PORT) {
            self.drop_copy(copy, DropReason::Egress, observer);
        } else {
            self.deparse(state, data, observer);
            match requests.recirculate {
                Some(field_list) => self.recirculate(state, copy, field_list, repeats, observer),
                None => self.send(state, copy, observer),
            }
        }
        let Some((id, session, mut cloned)) = cloned else { return };
        if self.one_more_pass() {
            trace_copies(Replicator::Session(id), &session.paths.now, observer);
            let limit = session.limit();
            let paths = &session.paths.now;
            self.copies(&mut cloned, data, paths, instance_type::EGRESS_CLONE, limit, repeats, observer);
        } else {
            self.drop_copy(copy, DropReason::PassLimit, observer);
        }
        self.pool.push(cloned);
    }

    fn begin_egress<O: Observer>(
        &mut self,
        state: &mut PacketState,
        data: &[u8],
        copy: Copy,
        observer: &mut O,
    ) {
        let layout = &self.program().layout;
        let microseconds = self.ingress.time_ns / 1000;
        let Path { replica: Replica { port, instance }, .. } = copy.path;
        state.set_intrinsic(layout, Intrinsic::EgressPort, u64::from(port));
        state.set_intrinsic(layout, Intrinsic::EgressSpec, 0);
        state.set_intrinsic(layout, Intrinsic::EgressRid, u64::from(instance));
        state.set_intrinsic(layout, Intrinsic::InstanceType, u64::from(copy.instance_type));
        state.set_intrinsic(layout, Intrinsic::PacketLength, data.len() as u64);
        state.set_intrinsic(layout, Intrinsic::EnqTimestamp, microseconds & 0xffff_ffff);
        state.set_intrinsic(layout, Intrinsic::EgressGlobalTimestamp, microseconds & 0xffff_ffff_ffff);
        if O::TRACE {
            let instance_type = copy.instance_type;
            observer.event(&TraceEvent::Egress { replica: copy.path.replica, instance_type });
        }
        if O::PROFILE {
            observer.part(Part::Replication);
        }
    }

    /// An egress clone: the copy as egress left it, with metadata reset.
    fn clone_egress(
        &mut self,
        state: &PacketState,
        session: u64,
        field_list: u32,
    ) -> Option<(u16, &'a crate::configuration::Session, PacketState)> {
        let layout = &self.program().layout;
        let (id, session) = self.session(session)?;
        let kept = state.preserve(layout, field_list);
        let mut cloned = self.take_state();
        cloned.copy_for_egress(state, layout);
        cloned.restore(layout, field_list, &kept);
        Some((id, session, cloned))
    }

    /// Fills `out` with headers and payload.
    fn deparse<O: Observer>(&mut self, state: &mut PacketState, data: &[u8], observer: &mut O) {
        self.block(state, data, Stage::Compute, observer);
        if O::PROFILE {
            observer.part(Part::ComputeChecksum);
        }
        self.out.clear();
        self.block(state, data, Stage::Deparser, observer);
        self.out.extend_from_slice(data.get(state.payload.clone()).unwrap_or(&[]));
        if O::PROFILE {
            observer.part(Part::Deparser);
        }
    }

    fn recirculate<O: Observer>(
        &mut self,
        state: &PacketState,
        copy: Copy,
        field_list: u32,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        if !self.one_more_pass() {
            return self.drop_copy(copy, DropReason::PassLimit, observer);
        }
        let kept = state.preserve(&self.program().layout, field_list);
        let start = Start { instance_type: instance_type::RECIRCULATED, field_list, kept };
        repeats.push(Repeat { data: self.out.clone(), start });
    }

    /// Makes the frame and hands it to the port.
    fn send<O: Observer>(&mut self, state: &PacketState, copy: Copy, observer: &mut O) {
        let missing = self.ingress.missing_bytes();
        let original_length = finish(self.out, &state.edits, missing, copy.limit, observer);
        let Path { replica, cells } = copy.path;
        let port = self.config.ports[usize::from(replica.port) % self.config.ports.len()];
        if !port.up {
            return self.drop_copy(copy, DropReason::PortDown, observer);
        }
        if port.max_frame.is_some_and(|most| self.out.len() > most as usize) {
            return self.drop_copy(copy, DropReason::MaxFrame, observer);
        }
        self.cells.count(cells, self.out.len() as u64);
        self.verdict.sent += 1;
        if O::TRACE {
            let length_bytes = self.out.len();
            observer.event(&TraceEvent::Sent { replica, length_bytes, original_length });
        }
        self.sink.send(Output {
            port: replica.port,
            instance: replica.instance,
            data: self.out,
            original_length,
            ingress_port: self.ingress.port,
            time_ns: self.ingress.time_ns,
        });
        if O::PROFILE {
            observer.part(Part::Frame);
        }
    }
}

fn stopped(halt: Halt) -> Option<DropReason> {
    match halt {
        Halt::End => None,
        Halt::LoopLimit => Some(DropReason::LoopLimit),
        Halt::Assertion => Some(DropReason::Assertion),
    }
}

fn trace_copies<O: Observer>(by: Replicator, paths: &[Path], observer: &mut O) {
    if O::TRACE {
        let replicas: Vec<Replica> = paths.iter().map(|path| path.replica).collect();
        observer.event(&TraceEvent::Replicated { by, replicas: &replicas });
    }
}
