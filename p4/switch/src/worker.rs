//! A worker: one thread's way to put packets through the switch.

use std::sync::Arc;

use arc_swap::ArcSwap;
use arc_swap::cache::Cache;

use crate::configuration::Configuration;
use crate::control::master::WorkerSlot;
use crate::counters::{WorkerCells, received_cell};
use crate::engine::bytes::BitString;
use crate::engine::passes::Walk;
use crate::engine::run::Env;
use crate::engine::state::{PacketState, Requests};
use crate::externs::random::Random;
use crate::native::seam::Frame;
use crate::packet::{DropReason, Ingress, Outcome, Sink, Verdict};
use crate::profile::{Profile, Profiler};
use crate::switch::Shared;
use crate::trace::{Observer, Traced, Tracer, Unobserved};

/// Processes packets. Nothing is allocated for a packet, unless it is cloned, recirculated, traced, or sends digests.
pub struct Worker {
    shared: Arc<Shared>,
    slot: Arc<WorkerSlot>,
    index: usize,
    cache: Cache<Arc<ArcSwap<Configuration>>, Arc<Configuration>>,
    main: PacketState,
    pool: Vec<PacketState>,
    out: Vec<u8>,
    requests: Requests,
    random: Random,
    gathered: BitString,
    profiler: Option<Profiler>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("index", &self.index).finish_non_exhaustive()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.slot.release();
    }
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, index: usize, slot: Arc<WorkerSlot>) -> Self {
        Self {
            slot,
            index,
            cache: Cache::new(shared.current.clone()),
            main: PacketState::new(&shared.program.layout),
            pool: Vec::new(),
            out: Vec::new(),
            requests: Requests::default(),
            random: Random::new(shared.options.seed.wrapping_add(index as u64)),
            gathered: BitString::default(),
            profiler: None,
            shared,
        }
    }

    /// Takes one packet through the switch. All its copies are at the sink when this returns.
    pub fn process(&mut self, ingress: &Ingress<'_>, sink: &mut dyn Sink) -> Verdict {
        self.run(ingress, sink, &mut Unobserved)
    }

    /// The same, and tells the tracer what happens.
    pub fn process_traced(
        &mut self,
        ingress: &Ingress<'_>,
        sink: &mut dyn Sink,
        tracer: &mut dyn Tracer,
    ) -> Verdict {
        self.run(ingress, sink, &mut Traced(tracer))
    }

    /// The same as [`Self::process`], and measures what each part of the pipeline takes: see [`Self::profile`].
    pub fn process_profiled(&mut self, ingress: &Ingress<'_>, sink: &mut dyn Sink) -> Verdict {
        let tables = self.shared.program.tables.len();
        let mut profiler = self.profiler.take().unwrap_or_else(|| Profiler::new(tables));
        profiler.begin();
        let verdict = self.run(ingress, sink, &mut &mut profiler);
        self.profiler = Some(profiler);
        verdict
    }

    /// What the packets took that [`Self::process_profiled`] processed.
    pub fn profile(&self) -> Profile {
        let tables: Vec<_> = self.shared.program.tables.iter().map(|table| table.name.clone()).collect();
        self.profiler.as_ref().map_or_else(Profile::default, |profiler| profiler.report(&tables))
    }

    fn run<O: Observer>(&mut self, ingress: &Ingress<'_>, sink: &mut dyn Sink, observer: &mut O) -> Verdict {
        self.slot.enter(ingress.time_ns);
        let config: &Configuration = self.cache.load();
        self.slot.uses(config.version);
        if let Some(gate) = &config.gate {
            gate.pass();
        }
        let unseen = WorkerCells::default();
        let cells = config.cells.worker(self.index).unwrap_or(&unseen);
        cells.count(received_cell(ingress.port), u64::from(ingress.wire_length));
        let verdict = Verdict {
            outcome: Outcome::Dropped(DropReason::Ingress),
            sent: 0,
            dropped_copies: 0,
            dropped_digests: 0,
        };
        let mut walk = Walk {
            env: Env {
                program: &self.shared.program,
                config,
                cells,
                shared: &self.shared,
                ingress,
                data: ingress.data,
                cursor: 0,
                out: &mut self.out,
                requests: &mut self.requests,
                random: &mut self.random,
                gathered: &mut self.gathered,
                turns: 0,
                dropped_digests: 0,
            },
            frame: Frame::new(ingress, ingress.data, config, cells),
            pool: &mut self.pool,
            sink,
            verdict,
            passes: 0,
        };
        let verdict = walk.packet(&mut self.main, observer);
        self.slot.leave();
        verdict
    }
}
