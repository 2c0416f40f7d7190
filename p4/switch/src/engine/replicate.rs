//! The replication engine: from what ingress decided to copies, each with its way through egress.

use sluice_entities::Replica;
use sluice_ir::Intrinsic;

use super::leave::Copy;
use super::passes::{Repeat, Start, Walk, instance_type};
use super::state::PacketState;
use crate::configuration::{Path, Session};
use crate::counters::unicast_path;
use crate::packet::{DROP_PORT, DropReason, Outcome};
use crate::trace::{Observer, Replicator, TraceEvent};

impl<'a> Walk<'a> {
    /// Goes by what ingress decided.
    pub(super) fn replicate<O: Observer>(
        &mut self,
        main: &mut PacketState,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        let layout = &self.program().layout;
        let group = main.intrinsic(layout, Intrinsic::McastGrp) as u16;
        let port = main.intrinsic(layout, Intrinsic::EgressSpec) as u16;
        if group != 0 {
            let Some(group_state) = self.env.config.replication.group(group) else {
                return self.drop_packet(DropReason::UnknownGroup, observer);
            };
            let paths = &group_state.paths.now;
            if paths.is_empty() {
                return self.drop_packet(DropReason::EmptyGroup, observer);
            }
            self.verdict.outcome = Outcome::Multicast { group, replicas: paths.len() as u32 };
            trace_copies(Replicator::Group(group), paths, observer);
            self.copies(main, paths, instance_type::REPLICATED, None, repeats, observer);
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
        self.egress(main, Copy { path, instance_type, limit: None }, repeats, observer);
    }

    /// One egress for each path; the last one has the state itself.
    pub(super) fn copies<O: Observer>(
        &mut self,
        state: &mut PacketState,
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
                self.egress(&mut scratch, Copy { path: *path, instance_type, limit }, repeats, observer);
            }
            self.pool.push(scratch);
        }
        self.egress(state, Copy { path: *last, instance_type, limit }, repeats, observer);
    }

    pub(super) fn take_state(&mut self) -> PacketState {
        self.pool.pop().unwrap_or_else(|| PacketState::new(&self.program().layout))
    }

    /// An ingress clone: the packet as it came in, parsed again, straight to egress.
    pub(super) fn clone_ingress<O: Observer>(
        &mut self,
        main: &PacketState,
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
        self.begin(&mut state, &Start::fresh(), observer);
        self.parse(&mut state, observer);
        state.restore(layout, field_list, &kept);
        trace_copies(Replicator::Session(id), &session.paths.now, observer);
        let limit = session.limit();
        let paths = &session.paths.now;
        self.copies(&mut state, paths, instance_type::INGRESS_CLONE, limit, repeats, observer);
        self.pool.push(state);
    }

    pub(super) fn session(&self, id: u64) -> Option<(u16, &'a Session)> {
        let id = u16::try_from(id).ok()?;
        Some((id, self.env.config.replication.session(id)?))
    }
}

pub(super) fn trace_copies<O: Observer>(by: Replicator, paths: &[Path], observer: &mut O) {
    if O::TRACE {
        let replicas: Vec<Replica> = paths.iter().map(|path| path.replica).collect();
        observer.event(&TraceEvent::Replicated { by, replicas: &replicas });
    }
}
