//! The soft switch behind [`Target`].
//!
//! Every port that receives has a thread with a worker of its own; it takes a frame through the switch and sends the copies, then takes the next. Writers never
//! wait for these threads, nor they for writers (see `sluice-switch`). The program can be changed while they run: each thread takes a worker of the new
//! program with its next frame.

mod events;
mod load;
mod observe;
mod outlet;
mod ports;
mod reconcile;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;
use sluice_entities::{Atomicity, Code, Entity, PipelineInfo, Query, Replica, Update};
use sluice_ir::Module;
use sluice_switch::{DROP_PORT, Engine, Switch, SwitchOptions, Worker};

pub use events::MAX_EVENTS;
pub use load::{Read, checked, decode, entries, pushable};
pub use observe::{Observe, ObserveSent, Observers};
pub use reconcile::{carried, not_taken};

use crate::sys::{Linux, System};
use crate::target::{
    BatchFault, Capabilities, Event, Fault, Install, LossCounters, PortStatus, Program, Target,
};
use events::Events;
use load::Loaded;
use ports::{Attached, Driver, Outputs};

/// The port by which packets go to and come from the controller, if nothing else is said.
pub const CPU_PORT: u16 = 510;

/// How a soft switch runs.
#[derive(Clone)]
pub struct SoftOptions {
    /// Seed of `random`.
    pub seed: u64,
    /// What runs the program.
    pub engine: Engine,
    /// Packets that leave by it go to the controller.
    pub cpu_port: u16,
    /// Whether time passes by the system's clock even if no packet comes (idle timeouts, digests); else it is the packets' alone.
    pub wall_clock: bool,
    /// The system calls.
    pub system: Arc<dyn System>,
}

impl Default for SoftOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            engine: Engine::default(),
            cpu_port: CPU_PORT,
            wall_clock: false,
            system: Arc::new(Linux),
        }
    }
}

impl std::fmt::Debug for SoftOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftOptions")
            .field("seed", &self.seed)
            .field("cpu_port", &self.cpu_port)
            .finish_non_exhaustive()
    }
}

/// What the threads of ports, and all callers, share.
struct Inner {
    options: SoftOptions,
    /// Readers use the switch, the writer puts another one into place.
    loaded: RwLock<Option<Arc<Loaded>>>,
    /// Counts the programs, so that threads see that there is another one.
    generation: AtomicU64,
    /// The sending sides, by port.
    outputs: ArcSwap<Outputs>,
    /// All ports, by number; who changes ports holds it.
    attached: Mutex<Vec<Attached>>,
    lost: Mutex<FxHashMap<Replica, LossCounters>>,
    /// Who is asked who is to see the frames of a port.
    observers: Mutex<Option<Arc<dyn Observers>>>,
    events: Events,
    /// Takes the controller's packets.
    controller: Mutex<Option<Driver>>,
}

impl Inner {
    fn loaded(&self) -> Option<Arc<Loaded>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lost(&self) -> MutexGuard<'_, FxHashMap<Replica, LossCounters>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The soft switch with its ports. When it is dropped, its threads end first.
pub struct SoftTarget {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for SoftTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftTarget").field("switch", &self.switch()).finish_non_exhaustive()
    }
}

fn no_program() -> Fault {
    Fault::new(
        Code::FailedPrecondition,
        "the data path has no program yet: push one (VERIFY_AND_COMMIT) first",
    )
}

impl SoftTarget {
    /// A soft switch without program and ports.
    pub fn new(options: SoftOptions) -> Self {
        let inner = Inner {
            options,
            loaded: RwLock::new(None),
            generation: AtomicU64::new(0),
            outputs: ArcSwap::from_pointee(Outputs::default()),
            attached: Mutex::default(),
            lost: Mutex::default(),
            observers: Mutex::default(),
            events: Events::default(),
            controller: Mutex::new(None),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A soft switch that runs a verified module.
    ///
    /// # Errors
    ///
    /// What the switch does not take.
    pub fn with_module(module: impl Into<Arc<Module>>, options: SoftOptions) -> Result<Self, Fault> {
        let target = Self::new(options);
        let loaded = Loaded::of_module(module.into(), target.switch_options())?;
        target.put(loaded);
        Ok(target)
    }

    fn switch_options(&self) -> SwitchOptions {
        SwitchOptions { seed: self.inner.options.seed, engine: self.inner.options.engine }
    }

    fn put(&self, loaded: Loaded) {
        *self.inner.loaded.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(loaded));
        self.inner.generation.fetch_add(1, Ordering::Release);
    }

    /// The switch of the program that runs.
    pub fn switch(&self) -> Option<Switch> {
        Some(self.inner.loaded()?.switch.clone())
    }

    /// A worker of the program that runs, for whoever drives packets through it in a loop of their own.
    pub fn worker(&self) -> Option<Worker> {
        Some(self.inner.loaded()?.switch.worker())
    }

    /// Events that were lost, since nobody asked for them in time.
    pub fn lost_events(&self) -> u64 {
        self.inner.events.lost()
    }
}

impl Target for SoftTarget {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: "soft switch",
            atomicities: vec![
                Atomicity::ContinueOnError,
                Atomicity::RollbackOnError,
                Atomicity::DataplaneAtomic,
            ],
            cpu_port: Some(self.inner.options.cpu_port),
            last_port: DROP_PORT - 1,
            registers: true,
            digests: true,
            idle_timeouts: true,
            clones: true,
            selectors: true,
            profiles: true,
            direct_meters: true,
            value_sets: true,
            copies_to_one_port: true,
            counts_singly: false,
        }
    }

    fn program(&self) -> Option<Arc<Program>> {
        self.inner.loaded()?.program()
    }

    fn info(&self) -> Arc<PipelineInfo> {
        self.inner.loaded().map_or_else(Arc::default, |loaded| loaded.info.clone())
    }

    fn verify(&self, program: &Program) -> Result<(), Fault> {
        Loaded::of_program(program, self.switch_options()).map(|_| ())
    }

    fn shadow(&self, program: &Program) -> Result<Arc<dyn Target>, Fault> {
        let shadow = Self::new(self.inner.options.clone());
        shadow.install(program, Install::Anew)?;
        Ok(Arc::new(shadow))
    }

    fn install(&self, program: &Program, install: Install) -> Result<(), Fault> {
        let next = Loaded::of_program(program, self.switch_options())?;
        self.inner.tell_ports(&next.switch);
        let switch = next.switch.clone();
        let mut slot = self.inner.loaded.write().unwrap_or_else(PoisonError::into_inner);
        if install == Install::Reconcile
            && let Some(current) = &*slot
        {
            reconcile::carry_over(current, &next)?;
        }
        *slot = Some(Arc::new(next));
        self.inner.generation.fetch_add(1, Ordering::Release);
        drop(slot);
        // A port that went down in between was told the old switch. Not under the lock above: who looks at ports takes that one second.
        self.inner.tell_ports(&switch);
        Ok(())
    }

    fn write(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), BatchFault> {
        // Held while writing: a batch goes to one program.
        let loaded = self.inner.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let Some(loaded) = &*loaded else { return Err(BatchFault::whole(updates.len(), &no_program())) };
        loaded.switch.write_batch(updates, atomicity).map_err(|refused| {
            let fault = |error: sluice_switch::WriteError| Fault::new(error.code(), error.to_string());
            BatchFault {
                errors: refused.errors.into_iter().map(|(index, error)| (index, fault(error))).collect(),
            }
        })
    }

    fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
        let loaded = self.inner.loaded().ok_or_else(no_program)?;
        loaded.switch.read_each(query, take).map_err(|error| Fault::new(error.code(), error.to_string()))
    }

    fn drain(&self) {
        if let Some(loaded) = self.inner.loaded() {
            loaded.switch.drain();
        }
    }

    fn ports(&self) -> Vec<PortStatus> {
        self.inner.status()
    }

    fn lost(&self, replica: Replica) -> LossCounters {
        self.inner.look_at_losses(replica.port);
        let mut lost = self.inner.lost().get(&replica).copied().unwrap_or_default();
        if let Some(loaded) = self.inner.loaded() {
            let counters = loaded.switch.replica_counters(replica);
            let down =
                counters.drops.iter().filter(|(reason, _)| *reason == sluice_switch::DropReason::PortDown);
            lost.port_down += down.map(|(_, data)| data.packets).sum::<u64>();
        }
        lost
    }

    fn packet_out(&self, frame: &[u8]) -> Result<(), Fault> {
        let mut slot = self.inner.controller.lock().unwrap_or_else(PoisonError::into_inner);
        let driver = slot.get_or_insert_with(Driver::default);
        let time_ns = self.inner.options.system.now_ns();
        let port = self.inner.options.cpu_port;
        let ingress = sluice_switch::Ingress::new(port, time_ns, frame);
        if driver.process(&self.inner, &ingress) { Ok(()) } else { Err(no_program()) }
    }

    fn acknowledge_digests(&self, digest: &str, list: u64) -> bool {
        self.inner.loaded().is_some_and(|loaded| loaded.switch.acknowledge_digests(digest, list))
    }

    fn poll(&self, timeout: Duration) -> Vec<Event> {
        self.inner.poll(timeout)
    }
}

impl Drop for SoftTarget {
    fn drop(&mut self) {
        self.detach_all();
    }
}
