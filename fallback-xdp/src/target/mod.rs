//! XDP behind [`Target`].
//!
//! One lock holds program and ports: who reads waits for who writes, packets for nobody. Nothing comes to the controller: there is no CPU port, and there are no digests, clones,
//! selectors and idle entries ([`Target::capabilities`]).

mod lean;
mod load;
mod pinned;
mod ports;
mod steady;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sluice_entities::{Atomicity, Code, Entity, PipelineInfo, Query, Replica, Update};
use sluice_ir::Module;
use sluice_switch::{DROP_PORT, Engine};
use sluice_target::sys::{Linux, System};
use sluice_target::{
    BatchFault, Capabilities, Event, Fault, Install, LossCounters, Observers, PortStatus, Program,
    SoftOptions, SoftTarget, Target,
};

use crate::error::XdpError;
use lean::Specializer;
use load::Loaded;
use pinned::Pinned;
pub use pinned::release;
pub use ports::suits;
use ports::{Losses, Port};

/// How often ports are looked at while somebody waits.
const TICK: Duration = Duration::from_millis(5);

/// How XDP runs.
#[derive(Clone)]
pub struct XdpOptions {
    /// The system calls.
    pub system: Arc<dyn System>,
    /// A folder of the BPF file system (`/sys/fs/bpf/sluice-NAME`), by which forwarding goes on when this process ends in the middle, and the next one takes over; for a module alone, not for
    /// programs of controllers.
    pub pins: Option<PathBuf>,
    /// How long tables have to stay as they are before a program is compiled that has them as constants; longer where they change again and again.
    pub steady: Duration,
}

impl Default for XdpOptions {
    fn default() -> Self {
        Self { system: Arc::new(Linux), pins: None, steady: Duration::from_secs(2) }
    }
}

impl std::fmt::Debug for XdpOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("XdpOptions");
        debug.field("pins", &self.pins).field("steady", &self.steady).finish_non_exhaustive()
    }
}

/// What callers share.
#[derive(Default)]
struct Core {
    loaded: Option<Loaded>,
    pinned: Option<Pinned>,
    ports: BTreeMap<u16, Port>,
    losses: BTreeMap<u16, Losses>,
    /// Who sees the copies of ports that are received from here.
    observers: Option<Arc<dyn Observers>>,
    events: VecDeque<Event>,
    /// How many programs there were.
    generation: u64,
}

/// The data path in the kernel, with its ports. When it is dropped, its programs leave the devices, but for those that are pinned ([`XdpOptions::pins`]): these go with
/// [`sluice_target::OpensPorts::detach_ports`].
pub struct XdpTarget {
    options: XdpOptions,
    core: Arc<Mutex<Core>>,
    specializer: Specializer,
}

impl std::fmt::Debug for XdpTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XdpTarget").finish_non_exhaustive()
    }
}

fn no_program() -> Fault {
    Fault::new(
        Code::FailedPrecondition,
        "the data path has no program yet: push one (VERIFY_AND_COMMIT) first",
    )
}

/// An error of XDP as a fault.
fn fault(error: &XdpError) -> Fault {
    let message = match error {
        XdpError::Unsupported(found) => {
            format!("{error}:\n{}", found.render(&sluice_diagnostics::Sources::new()).trim_end())
        }
        error => error.to_string(),
    };
    Fault::new(error.code(), message)
}

impl XdpTarget {
    /// XDP without program and ports.
    pub fn new(options: XdpOptions) -> Self {
        let core = Arc::default();
        Self { specializer: Specializer::start(&core, options.steady), options, core }
    }

    /// XDP that runs a verified module.
    ///
    /// # Errors
    /// What XDP has not, and what the kernel refuses.
    pub fn with_module(module: impl Into<Arc<Module>>, options: XdpOptions) -> Result<Self, Fault> {
        let module = module.into();
        let compiled = load::compile(&module)?;
        let taken = pinned::taken(options.pins.as_deref(), compiled.hash).map_err(|error| fault(&error))?;
        let (pinned, maps) = taken.map_or_else(Default::default, |(pinned, maps)| (Some(pinned), maps));
        let loaded = Loaded::of_module(module, compiled, &maps)?;
        let target = Self::new(options);
        let core = Core { loaded: Some(loaded), pinned, ..Core::default() };
        *target.core() = core;
        Ok(target)
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many tables the program that runs does without since they are empty; none while the whole one runs, as it does after a write
    /// that needs it, until nobody has written for a while.
    pub fn tables_left_out(&self) -> Option<usize> {
        self.core().loaded.as_ref()?.device.tables_left_out()
    }

    /// How many tables the program that runs has as constants.
    pub fn tables_frozen(&self) -> usize {
        self.core().loaded.as_ref().map_or(0, |loaded| loaded.device.frozen_tables().len())
    }

    /// Whether the program that runs is the last one for what is written: no table that could be left out or be a constant is looked up.
    pub fn is_steady(&self) -> bool {
        self.specializer.is_done()
    }

    /// Packets and copies that the program did not send, at all ports, by reason.
    ///
    /// # Errors
    /// There is no program; the kernel refuses the look-up.
    pub fn drops(&self) -> Result<BTreeMap<&'static str, u64>, Fault> {
        let core = self.core();
        let loaded = core.loaded.as_ref().ok_or_else(no_program)?;
        loaded.device.drops().map_err(|error| fault(&error))
    }
}

impl Target for XdpTarget {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: "XDP",
            atomicities: vec![Atomicity::ContinueOnError, Atomicity::RollbackOnError],
            cpu_port: None,
            last_port: DROP_PORT - 1,
            registers: true,
            digests: false,
            idle_timeouts: false,
            clones: false,
            selectors: false,
            profiles: true,
            direct_meters: true,
            value_sets: true,
            copies_to_one_port: false,
            counts_singly: false,
        }
    }

    fn program(&self) -> Option<Arc<Program>> {
        self.core().loaded.as_ref()?.program()
    }

    fn info(&self) -> Arc<PipelineInfo> {
        self.core().loaded.as_ref().map_or_else(Arc::default, |loaded| loaded.info.clone())
    }

    fn verify(&self, program: &Program) -> Result<(), Fault> {
        Loaded::of_program(program).map(|_| ())
    }

    fn shadow(&self, program: &Program) -> Result<Arc<dyn Target>, Fault> {
        Loaded::of_program(program)?;
        let shadow = SoftTarget::new(SoftOptions { engine: Engine::Interpreter, ..SoftOptions::default() });
        shadow.install(program, Install::Anew)?;
        Ok(Arc::new(shadow))
    }

    fn install(&self, program: &Program, install: Install) -> Result<(), Fault> {
        let mut next = Loaded::of_program(program)?;
        self.tell_clock(&mut next);
        let mut core = self.core();
        let Core { loaded, ports, .. } = &mut *core;
        match loaded {
            Some(current) => {
                if install == Install::Reconcile {
                    next.carry_over(current)?;
                }
                next.device.take_ports(&mut current.device).map_err(|error| fault(&error))?;
            }
            None => {
                for (number, port) in ports {
                    port.connect(*number, &mut next, None)?;
                }
            }
        }
        *loaded = Some(next);
        core.generation += 1;
        drop(core);
        self.specializer.ring();
        Ok(())
    }

    fn write(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), BatchFault> {
        let mut core = self.core();
        let Core { loaded, pinned, .. } = &mut *core;
        let Some(loaded) = loaded else {
            return Err(BatchFault::whole(updates.len(), &no_program()));
        };
        if !self.capabilities().atomicities.contains(&atomicity) {
            let fault =
                Fault::new(Code::Unimplemented, "XDP cannot make a batch visible to packets all at once");
            return Err(BatchFault::whole(updates.len(), &fault));
        }
        if let Some(pinned) = pinned {
            pinned.begin(updates, atomicity);
        }
        let done = loaded.device.write_batch(updates, atomicity);
        if let Some(pinned) = pinned {
            pinned.note(loaded.device.journal);
        }
        drop(core);
        self.specializer.ring();
        done.map_err(|refused| {
            let errors = refused.0.into_iter();
            BatchFault { errors: errors.map(|(index, error)| (index, fault(&error))).collect() }
        })
    }

    fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
        let core = self.core();
        let loaded = core.loaded.as_ref().ok_or_else(no_program)?;
        loaded.device.read_each(query, take).map_err(|error| fault(&error))
    }

    fn drain(&self) {
        if let Some(loaded) = &mut self.core().loaded
            && let Err(error) = loaded.device.drain()
        {
            tracing::error!(%error, "packets under way cannot be waited for");
        }
    }

    fn ports(&self) -> Vec<PortStatus> {
        let mut core = self.core();
        let Core { loaded, ports, .. } = &mut *core;
        ports
            .iter_mut()
            .map(|(number, port)| port.status(*number, loaded.as_ref(), &*self.options.system))
            .collect()
    }

    fn lost(&self, replica: Replica) -> LossCounters {
        let mut core = self.core();
        let Core { loaded, ports, losses, .. } = &mut *core;
        let Some(loaded) = loaded else { return LossCounters::default() };
        let port_down = loaded.device.port_down(replica).unwrap_or_else(|error| {
            tracing::error!(%error, "losses cannot be read");
            0
        });
        let unsent = ports.get(&replica.port).map_or(0, |port| port.unsent(&*self.options.system));
        let refused = losses.entry(replica.port).or_default().of(replica, unsent, loaded);
        LossCounters { queue_full: 0, port_down, refused, not_written: 0 }
    }

    fn packet_out(&self, _frame: &[u8]) -> Result<(), Fault> {
        if self.core().loaded.is_none() {
            return Err(no_program());
        }
        Err(Fault::new(Code::Unimplemented, "XDP has no port for the controller's packets"))
    }

    fn acknowledge_digests(&self, _digest: &str, _list: u64) -> bool {
        false
    }

    fn poll(&self, timeout: Duration) -> Vec<Event> {
        let end = Instant::now() + timeout;
        loop {
            self.look_at_ports();
            let events = std::mem::take(&mut self.core().events);
            let now = Instant::now();
            if !events.is_empty() || now >= end {
                return events.into();
            }
            std::thread::sleep(TICK.min(end - now));
        }
    }
}
