//! The data path as controllers see it. A data path tells each event once; the broker's thread asks, and hands on here what is not its own business.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sluice_entities::{Atomicity, Entity, PipelineInfo, Query, Replica, Update};
use sluice_target::{
    BatchFault, Capabilities, Event, Fault, Install, LossCounters, PortStatus, Program, Target,
};

/// Most events that wait for a server of controllers; what comes beyond is lost, as P4Runtime allows.
const WAITING: usize = 4096;

/// See the module.
pub(crate) struct Heard {
    target: Arc<dyn Target>,
    events: Mutex<Receiver<Event>>,
}

impl Heard {
    pub(crate) fn new(target: Arc<dyn Target>) -> (Self, SyncSender<Event>) {
        let (sender, events) = sync_channel(WAITING);
        (Self { target, events: Mutex::new(events) }, sender)
    }
}

impl Target for Heard {
    fn capabilities(&self) -> Capabilities {
        self.target.capabilities()
    }

    fn program(&self) -> Option<Arc<Program>> {
        self.target.program()
    }

    fn info(&self) -> Arc<PipelineInfo> {
        self.target.info()
    }

    fn verify(&self, program: &Program) -> Result<(), Fault> {
        self.target.verify(program)
    }

    fn shadow(&self, program: &Program) -> Result<Arc<dyn Target>, Fault> {
        self.target.shadow(program)
    }

    fn install(&self, program: &Program, install: Install) -> Result<(), Fault> {
        self.target.install(program, install)
    }

    fn write(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), BatchFault> {
        self.target.write(updates, atomicity)
    }

    fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
        self.target.read_each(query, take)
    }

    fn drain(&self) {
        self.target.drain();
    }

    fn ports(&self) -> Vec<PortStatus> {
        self.target.ports()
    }

    fn lost(&self, replica: Replica) -> LossCounters {
        self.target.lost(replica)
    }

    fn packet_out(&self, frame: &[u8]) -> Result<(), Fault> {
        self.target.packet_out(frame)
    }

    fn acknowledge_digests(&self, digest: &str, list: u64) -> bool {
        self.target.acknowledge_digests(digest, list)
    }

    fn session(&self) -> Result<u64, Fault> {
        self.target.session()
    }

    fn stands_in(&self) -> Option<String> {
        self.target.stands_in()
    }

    fn poll(&self, timeout: Duration) -> Vec<Event> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(first) = events.recv_timeout(timeout) else { return Vec::new() };
        std::iter::once(first).chain(events.try_iter()).collect()
    }
}
