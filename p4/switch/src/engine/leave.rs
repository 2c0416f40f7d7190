//! Egress, deparser and port of one copy.

use sluice_entities::Replica;
use sluice_ir::{CloneKind, Intrinsic};

use super::finish::finish;
use super::passes::{Repeat, Start, Walk, instance_type, stopped};
use super::replicate::trace_copies;
use super::state::PacketState;
use crate::configuration::{Path, Session};
use crate::counters::path_drop_cell;
use crate::native::{Native, Stage};
use crate::packet::{DROP_PORT, DropReason, Output};
use crate::profile::Part;
use crate::trace::{Observer, Replicator, TraceEvent};

/// How a copy goes through egress.
#[derive(Clone, Copy)]
pub(super) struct Copy {
    pub(super) path: Path,
    pub(super) instance_type: u32,
    /// Bytes kept, for clones.
    pub(super) limit: Option<u64>,
}

/// Where the bytes of a frame are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deparsed {
    /// They are those of the packet that the parser read.
    Unchanged,
    /// In the buffer for output.
    Written,
}

impl<'a> Walk<'a> {
    /// A copy ends here.
    fn drop_copy<O: Observer>(&mut self, copy: Copy, reason: DropReason, observer: &mut O) {
        self.verdict.dropped_copies += 1;
        let bytes = u64::from(self.env.ingress.wire_length);
        self.env.cells.count(path_drop_cell(copy.path.cells, reason), bytes);
        if O::TRACE {
            observer.event(&TraceEvent::Dropped { reason, replica: Some(copy.path.replica) });
        }
    }

    /// Egress, deparser and port of one copy.
    pub(super) fn egress<O: Observer>(
        &mut self,
        state: &mut PacketState,
        copy: Copy,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        let program = self.program();
        self.begin_egress(state, copy, observer);
        let halt = self.block(state, Stage::Egress, observer);
        if O::PROFILE {
            observer.part(Part::Egress);
        }
        self.send_digests();
        let asked = self.env.requests.take();
        let cloned = match asked.clone {
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
            let deparsed = self.deparse(state, observer);
            match asked.recirculate {
                Some(field_list) => self.recirculate(state, copy, field_list, deparsed, repeats, observer),
                None => self.send(state, copy, deparsed, observer),
            }
        }
        if let Some((id, session, mut cloned)) = cloned {
            if self.one_more_pass() {
                trace_copies(Replicator::Session(id), &session.paths.now, observer);
                let (limit, paths) = (session.limit(), &session.paths.now);
                self.copies(&mut cloned, paths, instance_type::EGRESS_CLONE, limit, repeats, observer);
            } else {
                self.drop_copy(copy, DropReason::PassLimit, observer);
            }
            self.pool.push(cloned);
        }
    }

    fn begin_egress<O: Observer>(&mut self, state: &mut PacketState, copy: Copy, observer: &mut O) {
        let layout = &self.program().layout;
        let microseconds = self.env.ingress.time_ns / 1000;
        let Path { replica: Replica { port, instance }, .. } = copy.path;
        state.set_intrinsic(layout, Intrinsic::EgressPort, u64::from(port));
        state.set_intrinsic(layout, Intrinsic::EgressSpec, 0);
        state.set_intrinsic(layout, Intrinsic::EgressRid, u64::from(instance));
        state.set_intrinsic(layout, Intrinsic::InstanceType, u64::from(copy.instance_type));
        state.set_intrinsic(layout, Intrinsic::PacketLength, self.env.data.len() as u64);
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
    ) -> Option<(u16, &'a Session, PacketState)> {
        let layout = &self.program().layout;
        let (id, session) = self.session(session)?;
        let kept = state.preserve(layout, field_list);
        let mut cloned = self.take_state();
        cloned.copy_for_egress(state, layout);
        cloned.restore(layout, field_list, &kept);
        Some((id, session, cloned))
    }

    /// Makes headers and payload one frame.
    fn deparse<O: Observer>(&mut self, state: &mut PacketState, observer: &mut O) -> Deparsed {
        self.block(state, Stage::Compute, observer);
        if O::PROFILE {
            observer.part(Part::ComputeChecksum);
        }
        let keeps_order = self.env.shared.native.as_ref().is_some_and(Native::keeps_order);
        let deparsed = if keeps_order && !state.is_changed && !O::TRACE {
            // What the deparser would write is what the parser read.
            Deparsed::Unchanged
        } else {
            self.env.out.clear();
            self.block(state, Stage::Deparser, observer);
            let payload = self.env.data.get(state.payload.clone()).unwrap_or(&[]);
            self.env.out.extend_from_slice(payload);
            Deparsed::Written
        };
        if O::PROFILE {
            observer.part(Part::Deparser);
        }
        deparsed
    }

    fn recirculate<O: Observer>(
        &mut self,
        state: &PacketState,
        copy: Copy,
        field_list: u32,
        deparsed: Deparsed,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        if !self.one_more_pass() {
            return self.drop_copy(copy, DropReason::PassLimit, observer);
        }
        let kept = state.preserve(&self.program().layout, field_list);
        let start = Start { instance_type: instance_type::RECIRCULATED, field_list, kept };
        let data = match deparsed {
            Deparsed::Unchanged => self.env.data.to_vec(),
            Deparsed::Written => self.env.out.clone(),
        };
        repeats.push(Repeat { data, start });
    }

    /// Makes the frame and hands it to the port.
    fn send<O: Observer>(
        &mut self,
        state: &PacketState,
        copy: Copy,
        mut deparsed: Deparsed,
        observer: &mut O,
    ) {
        let data = self.env.data;
        if deparsed == Deparsed::Unchanged && (state.edits.any || copy.limit.is_some()) {
            self.env.out.clear();
            self.env.out.extend_from_slice(data);
            deparsed = Deparsed::Written;
        }
        let missing = self.env.ingress.missing_bytes();
        let (length, original_length) = match deparsed {
            Deparsed::Unchanged => (data.len(), (data.len() as u64 + u64::from(missing)) as u32),
            Deparsed::Written => {
                let original_length = finish(self.env.out, &state.edits, missing, copy.limit, observer);
                (self.env.out.len(), original_length)
            }
        };
        let Path { replica, cells } = copy.path;
        let ports = &self.env.config.ports;
        let port = ports[usize::from(replica.port) % ports.len()];
        if !port.up {
            return self.drop_copy(copy, DropReason::PortDown, observer);
        }
        if port.max_frame.is_some_and(|most| length > most as usize) {
            return self.drop_copy(copy, DropReason::MaxFrame, observer);
        }
        self.env.cells.count(cells, length as u64);
        self.verdict.sent += 1;
        if O::TRACE {
            observer.event(&TraceEvent::Sent { replica, length_bytes: length, original_length });
        }
        self.sink.send(Output {
            port: replica.port,
            instance: replica.instance,
            data: match deparsed {
                Deparsed::Unchanged => data,
                Deparsed::Written => self.env.out,
            },
            original_length,
            ingress_port: self.env.ingress.port,
            time_ns: self.env.ingress.time_ns,
        });
        if O::PROFILE {
            observer.part(Part::Frame);
        }
    }
}
