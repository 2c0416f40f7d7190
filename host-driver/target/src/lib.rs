//! The FPGA NIC behind [`Target`].
//!
//! A card runs the program that its bitstream was made of, and no other: [`Target::install`] takes that one, and begins anew or keeps what was written. Tables are `sluice_fpga`'s, through
//! the card's BAR2; ports, link states and what is counted at them are `sluice_nic`'s.
//!
//! One lock holds card, program and ports: who reads waits for who writes, packets for nobody.
//!
//! # A card that goes
//!
//! Whatever access finds the card gone, or a table of it not as it was written, says so; from then on writes are refused, ports are down, and [`Target::session`] says why. When the card
//! answers again, installing the program begins a new session.

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
    BatchFault, Capabilities, Event, Fault, Install, LossCounters, PortStatus, Program, SoftOptions,
    SoftTarget, Target,
};

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
    events: VecDeque<Event>,
    /// Counts the times of being in reach.
    session: u64,
    /// Why the card is out of reach.
    lost: Option<String>,
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
        cpu_port: None,
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
        let pipeline = card.pipeline().map_err(|error| of_card(&error))?;
        let core = Core {
            card,
            pipeline,
            options,
            loaded: None,
            ports: BTreeMap::new(),
            events: VecDeque::new(),
            session: 0,
            lost: None,
        };
        Ok(Self { core: Arc::new(Mutex::new(core)) })
    }

    /// A card that runs a verified module.
    ///
    /// # Errors
    ///
    /// As [`Self::new`]; hardware cannot run the module, or the card's bitstream was made of another one.
    pub fn with_module(card: Card, module: impl Into<Arc<Module>>, options: Options) -> Result<Self, Fault> {
        let target = Self::new(card, options)?;
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
        self.core().pipeline.set_tai_offset(seconds).map_err(|error| of_card(&error))
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target for NicTarget {
    fn capabilities(&self) -> Capabilities {
        able()
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
        if lost.take().is_some() {
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
    }

    fn ports(&self) -> Vec<PortStatus> {
        self.core().statuses()
    }

    fn lost(&self, replica: Replica) -> LossCounters {
        LossCounters { port_down: self.core().down(replica), ..LossCounters::default() }
    }

    fn packet_out(&self, _frame: &[u8]) -> Result<(), Fault> {
        if self.core().loaded.is_none() {
            return Err(no_program());
        }
        Err(Fault::new(Code::Unimplemented, "the FPGA NIC has no port for the controller's packets"))
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
