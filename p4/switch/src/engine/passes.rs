//! A packet's way through v1model: parser, ingress, replication engine ([`super::replicate`]), egress and deparser
//! ([`super::leave`]).
//!
//! As bmv2 does it: behind ingress first an ingress clone, then resubmission, then a multicast group, then a drop by `egress_spec`
//! 511, else one copy to that port; behind egress first an egress clone, then a drop, then the deparser and recirculation.
//! Other than in bmv2, `ingress_port` and the ingress time stay with resubmitted and recirculated packets.
//!
//! The last copy of a packet uses the packet's own state; only those before it are given copies.

use sluice_ir::{CloneKind, Intrinsic};

use super::program::{ExternPlan, Program};
use super::run::{Env, Halt, run};
use super::state::{NO_FIELD_LIST, PacketState};
use crate::counters::ingress_drop_cell;
use crate::native::{Stage, seam};
use crate::packet::{Digest, DropReason, Outcome, Sink, Verdict};
use crate::profile::Part;
use crate::trace::{Observer, TraceEvent};

/// Most times that one packet is resubmitted, recirculated and cloned, in all.
pub const MAX_PASSES: u32 = 16;

/// v1model's `instance_type`s.
pub(super) mod instance_type {
    pub(crate) const NORMAL: u32 = 0;
    pub(crate) const INGRESS_CLONE: u32 = 1;
    pub(crate) const EGRESS_CLONE: u32 = 2;
    pub(crate) const RECIRCULATED: u32 = 4;
    pub(crate) const REPLICATED: u32 = 5;
    pub(crate) const RESUBMITTED: u32 = 6;
}

/// A packet, what it goes through, and what a worker lends to it.
pub(crate) struct Walk<'a> {
    pub(crate) env: Env<'a>,
    /// What native code works in.
    pub(crate) frame: seam::Frame<'a>,
    /// States for copies.
    pub(crate) pool: &'a mut Vec<PacketState>,
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) verdict: Verdict,
    pub(crate) passes: u32,
}

/// A packet that goes through the parser and ingress once more.
pub(super) struct Repeat {
    pub(super) data: Vec<u8>,
    pub(super) start: Start,
}

/// What a pass starts with.
pub(super) struct Start {
    pub(super) instance_type: u32,
    pub(super) field_list: u32,
    /// Metadata of the field list.
    pub(super) kept: Vec<u64>,
}

impl Start {
    pub(super) fn fresh() -> Self {
        Self { instance_type: instance_type::NORMAL, field_list: NO_FIELD_LIST, kept: Vec::new() }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn program(&self) -> &'a Program {
        self.env.program
    }

    /// Takes the packet through the switch, until nothing of it is left inside.
    pub(crate) fn packet<O: Observer>(&mut self, main: &mut PacketState, observer: &mut O) -> Verdict {
        let mut repeats = Vec::new();
        self.ingress_passes(main, Start::fresh(), &mut repeats, observer);
        while !repeats.is_empty() {
            let Repeat { data, start } = repeats.remove(0);
            let mut again = Walk {
                frame: seam::Frame::new(self.env.ingress, &data, self.env.config, self.env.cells),
                env: self.env.with_data(&data),
                pool: self.pool,
                sink: self.sink,
                verdict: self.verdict,
                passes: self.passes,
            };
            again.ingress_passes(main, start, &mut repeats, observer);
            again.verdict.dropped_digests += again.env.dropped_digests;
            (self.verdict, self.passes) = (again.verdict, again.passes);
        }
        self.verdict.dropped_digests += self.env.dropped_digests;
        self.verdict
    }

    /// One pass through parser and ingress and all that follows, again for each resubmission.
    fn ingress_passes<O: Observer>(
        &mut self,
        main: &mut PacketState,
        mut start: Start,
        repeats: &mut Vec<Repeat>,
        observer: &mut O,
    ) {
        loop {
            self.begin(main, &start, observer);
            self.parse(main, observer);
            let halt = self.block(main, Stage::Ingress, observer);
            if O::PROFILE {
                observer.part(Part::Ingress);
            }
            self.send_digests();
            if let Some(reason) = stopped(halt) {
                return self.drop_packet(reason, observer);
            }
            let asked = self.env.requests.take();
            if let Some((CloneKind::IngressToEgress, session, field_list)) = asked.clone {
                self.clone_ingress(main, session, field_list, repeats, observer);
            }
            let Some(field_list) = asked.resubmit else {
                return self.replicate(main, repeats, observer);
            };
            if !self.one_more_pass() {
                return self.drop_packet(DropReason::PassLimit, observer);
            }
            let kept = main.preserve(&self.program().layout, field_list);
            start = Start { instance_type: instance_type::RESUBMITTED, field_list, kept };
        }
    }

    /// Counts a pass; whether there may be one more.
    pub(super) fn one_more_pass(&mut self) -> bool {
        self.passes += 1;
        self.passes <= MAX_PASSES
    }

    /// The state of a packet before its parser.
    pub(super) fn begin<O: Observer>(&mut self, state: &mut PacketState, start: &Start, observer: &mut O) {
        let layout = &self.program().layout;
        match &self.env.shared.native {
            Some(native) if !O::TRACE => state.reset(native.cleared()),
            _ => state.reset(std::slice::from_ref(&(0..layout.zeroed_words))),
        }
        if !start.kept.is_empty() {
            state.restore(layout, start.field_list, &start.kept);
        }
        let Env { ingress, data, .. } = self.env;
        let microseconds = ingress.time_ns / 1000;
        state.set_intrinsic(layout, Intrinsic::IngressPort, u64::from(ingress.port));
        state.set_intrinsic(layout, Intrinsic::InstanceType, u64::from(start.instance_type));
        state.set_intrinsic(layout, Intrinsic::PacketLength, data.len() as u64);
        state.set_intrinsic(layout, Intrinsic::IngressGlobalTimestamp, microseconds & 0xffff_ffff_ffff);
        self.env.requests.clear();
        if O::TRACE {
            let (number, instance_type) = (self.passes, start.instance_type);
            observer.event(&TraceEvent::Pass { number, instance_type });
        }
        if O::PROFILE {
            observer.part(Part::Start);
        }
    }

    pub(super) fn parse<O: Observer>(&mut self, state: &mut PacketState, observer: &mut O) {
        state.payload = 0..self.env.data.len();
        // A parser that goes round too often has parsed what it has; ingress sees the error.
        if self.block(state, Stage::Parser, observer) == Halt::LoopLimit {
            let error = self.program().error("ParserTimeout");
            state.set_intrinsic(&self.program().layout, Intrinsic::ParserError, u64::from(error));
        }
        if O::PROFILE {
            observer.part(Part::Parser);
        }
        self.block(state, Stage::Verify, observer);
        if O::PROFILE {
            observer.part(Part::VerifyChecksum);
        }
    }

    /// Runs one block. Behind the parser, the state's payload starts where it stopped.
    #[inline(always)]
    pub(super) fn block<O: Observer>(
        &mut self,
        state: &mut PacketState,
        stage: Stage,
        observer: &mut O,
    ) -> Halt {
        match &self.env.shared.native {
            Some(native) if !O::TRACE => {
                if native.is_empty(stage) {
                    return Halt::End;
                }
                seam::run(native, stage, &mut self.frame, &mut self.env, state)
            }
            _ => self.interpreted_block(state, stage, observer),
        }
    }

    fn interpreted_block<O: Observer>(
        &mut self,
        state: &mut PacketState,
        stage: Stage,
        observer: &mut O,
    ) -> Halt {
        let program = self.program();
        let pc = stage.entry(&program.entry);
        if program.is_empty(stage) && !O::TRACE {
            return Halt::End;
        }
        let env = &mut self.env;
        env.cursor = state.payload.start * 8;
        env.turns = 0;
        let halt = run(env, state, pc, observer);
        // Only the parser moves the cursor.
        state.payload.start = env.cursor.div_ceil(8).min(env.data.len());
        halt
    }

    /// Sends what the block before asked for. Most packets ask for nothing.
    #[inline(always)]
    pub(super) fn send_digests(&mut self) {
        if self.env.requests.any {
            self.send_all_digests();
        }
    }

    #[cold]
    fn send_all_digests(&mut self) {
        let env = &mut self.env;
        for (index, receiver, data) in env.requests.digests.drain(..) {
            if let ExternPlan::Digest { name, .. } = &env.program.externs[usize::from(index)] {
                self.sink.digest(Digest { name, receiver, data: &data });
                env.shared.digests.take(env.config, name, data, env.ingress.time_ns);
            }
        }
    }

    /// The packet as a whole ends here.
    pub(super) fn drop_packet<O: Observer>(&mut self, reason: DropReason, observer: &mut O) {
        self.verdict.outcome = Outcome::Dropped(reason);
        let ingress = self.env.ingress;
        self.env.cells.count(ingress_drop_cell(ingress.port, reason), u64::from(ingress.wire_length));
        if O::TRACE {
            observer.event(&TraceEvent::Dropped { reason, replica: None });
        }
    }
}

/// Why a packet or a copy ends where a block did.
pub(super) fn stopped(halt: Halt) -> Option<DropReason> {
    match halt {
        Halt::End => None,
        Halt::LoopLimit => Some(DropReason::LoopLimit),
        Halt::Assertion => Some(DropReason::Assertion),
    }
}
