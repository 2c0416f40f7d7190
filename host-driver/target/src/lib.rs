//! The FPGA NIC behind [`Target`].
//!
//! A card runs the program that its bitstream was made of, and no other: [`Target::install`] takes that one, and begins anew or keeps what was written. Tables are `sluice_fpga`'s, through
//! the card's BAR2; ports, link states and what is counted at them are `sluice_nic`'s.
//!
//! Captures and the controller's packets go by queues of the host (`host.rs`), each with a number of its own, as ports have.
//!
//! One lock holds card, program and ports: who reads waits for who writes, packets for nobody.
//!
//! # A card that goes
//!
//! Whatever access finds the card gone, or a table of it not as it was written, says so; from then on writes are refused, ports are down, and [`Target::session`] says why. When the card
//! answers again, installing the program begins a new session. Nothing is asked of it meanwhile. A card that was reset by somebody has forgotten all of it: that a port is off which was turned on tells.

mod cpu;
mod host;
mod load;
mod ports;
mod registers;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sluice_entities::{Atomicity, Code, Entity, PipelineInfo, Query, Replica, Update};
use sluice_fpga::FpgaError;
use sluice_ir::Module;
use sluice_nic::{Card, CardError, Pipeline};
use sluice_rtl::Options;
use sluice_switch::{DROP_PORT, Engine};
use sluice_target::{
    BatchFault, CPU_PORT, Capabilities, Event, Fault, Install, LossCounters, PortStatus, Program,
    SoftOptions, SoftTarget, Target,
};

use cpu::Cpu;
use host::{Capture, Numbers};
use load::{Fitting, Loaded, fault};
use ports::Port;

/// How often ports are looked at while somebody waits.
const TICK: Duration = Duration::from_millis(5);
/// After that long no packet is in the pipeline any more that was there before: its frame store holds 128 KiB a port, a tenth of that time at 10 Gb/s.
const PASSED: Duration = Duration::from_millis(1);

/// What callers share.
struct Core {
    card: Card,
    pipeline: Pipeline,
    options: Options,
    loaded: Option<Loaded>,
    ports: BTreeMap<u16, Port>,
    /// Tool ports that are captures here.
    captures: BTreeMap<u16, Capture>,
    /// Which port of the data path a port of the card is.
    numbers: Arc<Numbers>,
    /// The controller's packets, where the program is a controller's.
    cpu: Option<Cpu>,
    events: VecDeque<Event>,
    /// Counts the times of being in reach.
    session: u64,
    /// Why the card is out of reach.
    lost: Option<String>,
    /// Seconds that TAI is ahead of UTC, as it was told.
    tai_offset_s: u32,
}

/// A card as a data path.
pub struct NicTarget {
    core: Arc<Mutex<Core>>,
}

impl std::fmt::Debug for NicTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NicTarget").finish_non_exhaustive()
    }
}

/// What any card can do.
pub fn able() -> Capabilities {
    Capabilities {
        name: "FPGA NIC",
        atomicities: vec![Atomicity::ContinueOnError, Atomicity::RollbackOnError],
        cpu_port: Some(CPU_PORT),
        last_port: DROP_PORT - 1,
        registers: true,
        digests: false,
        idle_timeouts: false,
        clones: false,
        selectors: false,
        profiles: false,
        direct_meters: false,
        value_sets: false,
        copies_to_one_port: true,
        counts_singly: true,
    }
}

fn no_program() -> Fault {
    Fault::new(
        Code::FailedPrecondition,
        "the data path has no program yet: push one (VERIFY_AND_COMMIT) first",
    )
}

fn of_card(error: &CardError) -> Fault {
    Fault::new(Code::Unavailable, error.to_string())
}

impl Core {
    /// The card is out of reach, for that reason.
    fn lose(&mut self, why: &str) {
        if self.lost.is_none() {
            tracing::error!(why, "the card is out of reach");
            self.lost = Some(why.to_string());
        }
    }

    fn out_of_reach(&self) -> Result<(), Fault> {
        match &self.lost {
            Some(why) => Err(Fault::new(Code::Unavailable, format!("the card is out of reach: {why}"))),
            None => Ok(()),
        }
    }

    /// What an error means for the card.
    fn note(&mut self, error: &FpgaError) -> Fault {
        if error.is_of_device() {
            self.lose(&error.to_string());
        }
        fault(error)
    }
}

impl NicTarget {
    /// A card without program: a controller will push the one that the card's bitstream was made of, with these sizes.
    ///
    /// # Errors
    ///
    /// `UNAVAILABLE`: the card runs no pipeline of ours, or one that is not known here.
    pub fn new(card: Card, options: Options) -> Result<Self, Fault> {
        Self::begin(card, options, true)
    }

    fn begin(card: Card, options: Options, has_cpu: bool) -> Result<Self, Fault> {
        let pipeline = card.pipeline().map_err(|error| of_card(&error))?;
        let mut core = Core {
            card,
            pipeline,
            options,
            loaded: None,
            ports: BTreeMap::new(),
            captures: BTreeMap::new(),
            numbers: Arc::default(),
            cpu: None,
            events: VecDeque::new(),
            session: 0,
            lost: None,
            tai_offset_s: 0,
        };
        if has_cpu && core.pipeline.hosts() > 0 {
            core.cpu = Some(Cpu::begin(&core.card, &core.pipeline).map_err(|error| of_card(&error))?);
        }
        Ok(Self { core: Arc::new(Mutex::new(core)) })
    }

    /// A card that runs a verified module; nothing goes to a controller.
    ///
    /// # Errors
    ///
    /// As [`Self::new`]; hardware cannot run the module, or the card's bitstream was made of another one.
    pub fn with_module(card: Card, module: impl Into<Arc<Module>>, options: Options) -> Result<Self, Fault> {
        let target = Self::begin(card, options, false)?;
        {
            let mut core = target.core();
            let fitting = Fitting::of_module(module.into(), &core.options, &core.pipeline)?;
            core.loaded = Some(Loaded::begin(fitting, &core.pipeline)?);
        }
        Ok(target)
    }

    /// Seconds that TAI is ahead of UTC, which the card takes off its clock for the program.
    ///
    /// # Errors
    ///
    /// The card cannot be reached.
    pub fn set_tai_offset(&self, seconds: u32) -> Result<(), Fault> {
        let mut core = self.core();
        core.pipeline.set_tai_offset(seconds).map_err(|error| of_card(&error))?;
        core.tai_offset_s = seconds;
        Ok(())
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target for NicTarget {
    fn capabilities(&self) -> Capabilities {
        let has_cpu = self.core().cpu.is_some();
        Capabilities { cpu_port: able().cpu_port.filter(|_| has_cpu), ..able() }
    }

    fn program(&self) -> Option<Arc<Program>> {
        self.core().loaded.as_ref()?.program()
    }

    fn info(&self) -> Arc<PipelineInfo> {
        self.core().loaded.as_ref().map_or_else(Arc::default, |loaded| loaded.info.clone())
    }

    fn verify(&self, program: &Program) -> Result<(), Fault> {
        let (options, pipeline) = {
            let core = self.core();
            (core.options, core.pipeline.clone())
        };
        Fitting::of_program(program, &options, &pipeline).map(|_| ())
    }

    fn shadow(&self, program: &Program) -> Result<Arc<dyn Target>, Fault> {
        self.verify(program)?;
        let shadow = SoftTarget::new(SoftOptions { engine: Engine::Interpreter, ..SoftOptions::default() });
        shadow.install(program, Install::Anew)?;
        Ok(Arc::new(shadow))
    }

    fn install(&self, program: &Program, install: Install) -> Result<(), Fault> {
        let mut core = self.core();
        core.pipeline.present().map_err(|error| of_card(&error))?;
        let next = Fitting::of_program(program, &core.options, &core.pipeline)?;
        let Core { loaded, pipeline, lost, .. } = &mut *core;
        match loaded {
            // What stands in a card that was out of reach is not what was written.
            Some(current) if install == Install::Reconcile && lost.is_none() => current.reconcile(next)?,
            Some(current) => current.anew(next)?,
            None => *loaded = Some(Loaded::begin(next, pipeline)?),
        }
        if lost.is_some() {
            core.attach_again().map_err(|error| of_card(&error))?;
            core.lost = None;
            core.session += 1;
        }
        Ok(())
    }

    fn write(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), BatchFault> {
        let whole = |fault: &Fault| BatchFault::whole(updates.len(), fault);
        if !able().atomicities.contains(&atomicity) {
            let why = "an FPGA NIC cannot make a batch visible to packets all at once";
            return Err(whole(&Fault::new(Code::Unimplemented, why)));
        }
        let mut core = self.core();
        core.out_of_reach().map_err(|fault| whole(&fault))?;
        let Some(loaded) = &mut core.loaded else { return Err(whole(&no_program())) };
        let done = loaded.tables.write_batch(updates, atomicity);
        // What was written has arrived before packets come that are to see it.
        let verified = loaded.tables.verify();
        if let Err(refused) = done {
            let errors = refused.0.iter().map(|(index, error)| (*index, core.note(error))).collect();
            return Err(BatchFault { errors });
        }
        verified.map_err(|error| whole(&core.note(&error)))
    }

    fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
        let mut core = self.core();
        core.out_of_reach()?;
        let loaded = core.loaded.as_mut().ok_or_else(no_program)?;
        loaded.tables.read_each(query, take).map_err(|error| core.note(&error))
    }

    fn drain(&self) {
        let mut core = self.core();
        let verified = core.loaded.as_mut().map_or(Ok(()), |loaded| loaded.tables.verify());
        if let Err(error) = verified {
            core.note(&error);
        }
        drop(core);
        std::thread::sleep(PASSED);
        self.core().drain_host();
    }

    fn ports(&self) -> Vec<PortStatus> {
        self.core().statuses()
    }

    fn lost(&self, replica: Replica) -> LossCounters {
        self.core().lost(replica)
    }

    fn packet_out(&self, frame: &[u8]) -> Result<(), Fault> {
        let mut core = self.core();
        if core.loaded.is_none() {
            return Err(no_program());
        }
        core.out_of_reach()?;
        let Some(cpu) = &mut core.cpu else {
            let why = "this data path has no port for the controller's packets";
            return Err(Fault::new(Code::Unimplemented, why));
        };
        match cpu.send(frame) {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(Fault::new(Code::ResourceExhausted, "the card has not read the packets before it yet"))
            }
            Err(error) => {
                core.lose(&error.to_string());
                Err(of_card(&error))
            }
        }
    }

    fn acknowledge_digests(&self, _digest: &str, _list: u64) -> bool {
        false
    }

    fn session(&self) -> Result<u64, Fault> {
        let core = self.core();
        core.out_of_reach()?;
        Ok(core.session)
    }

    fn poll(&self, timeout: Duration) -> Vec<Event> {
        let end = Instant::now() + timeout;
        loop {
            let mut core = self.core();
            core.look_at_ports();
            core.look_at_host();
            let events = std::mem::take(&mut core.events);
            drop(core);
            let now = Instant::now();
            if !events.is_empty() || now >= end {
                return events.into();
            }
            std::thread::sleep(TICK.min(end - now));
        }
    }
}
