//! A data path that another one stands in for once it is out of reach.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, mem};

use sluice_entities::{Atomicity, Entity, PipelineInfo, Query, Replica, Update};

use crate::opens::{Opened, OpensPorts};
use crate::port::{PortSpec, Role};
use crate::soft::Observers;
use crate::target::{
    BatchFault, Capabilities, Event, Fault, Install, LossCounters, PortStatus, Program, Target,
};

/// From one try to begin what stands in to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// Sessions of what stands in begin here.
const SECOND: u64 = 1 << 32;

/// Opens the ports of what stands in, of those numbers; says which it cannot have, and why.
pub type OpenPorts = Box<dyn FnOnce(&[u16]) -> Vec<String> + Send>;

/// What stands in.
pub struct StandIn {
    /// The data path; it has nothing yet.
    pub target: Arc<dyn OpensPorts>,
    /// For people: why it is this one.
    pub why: String,
    /// Opens its ports.
    pub open: OpenPorts,
}

impl std::fmt::Debug for StandIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StandIn").field("why", &self.why).finish_non_exhaustive()
    }
}

/// Who writes what is in force to what stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giver {
    /// Whoever owns the tables: it finds another session, writes, and says so ([`OpensPorts::is_given`]).
    Owner,
    /// Nobody else: the program that the first one had, and what was written there, are taken over.
    Itself,
}

/// The data path of now.
struct Now {
    target: Arc<dyn OpensPorts>,
    /// Why it stands in, if it does.
    stands_in: Option<String>,
    /// Until what is in force is there.
    open: Option<(OpenPorts, Vec<u16>)>,
    /// Why nothing stands in, and when that is tried again.
    failed: Option<(String, Instant)>,
    observers: Option<Arc<dyn Observers>>,
}

/// A data path, and what begins another one where it is out of reach.
///
/// Whoever waits for events ([`Target::poll`]) has it looked at: once [`Target::session`] is an error, the first data path is given up and let go, another one begins, is given what is in force, and opens
/// its ports then. What is counted begins anew. It stays until this process ends, also where the first one is back.
pub struct Standby<B> {
    begin: B,
    giver: Giver,
    now: Mutex<Now>,
}

impl<B> std::fmt::Debug for Standby<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standby").field("giver", &self.giver).finish_non_exhaustive()
    }
}

impl<B: Fn() -> Result<StandIn, String> + Send + Sync> Standby<B> {
    /// A data path, and how another one begins.
    pub fn new(first: Arc<dyn OpensPorts>, giver: Giver, begin: B) -> Self {
        let now = Now { target: first, stands_in: None, open: None, failed: None, observers: None };
        Self { begin, giver, now: Mutex::new(now) }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn target(&self) -> Arc<dyn OpensPorts> {
        self.now().target.clone()
    }

    /// Looks whether the first data path is out of reach, and has another one begin. One caller at a time polls.
    fn look(&self) {
        let first = {
            let now = self.now();
            let waits = now.failed.as_ref().is_some_and(|(_, next)| Instant::now() < *next);
            if now.stands_in.is_some() || waits {
                return;
            }
            now.target.clone()
        };
        let Err(gone) = first.session() else { return };
        match self.change(&*first, &gone.message) {
            Ok(()) => {}
            Err(why) => {
                let mut now = self.now();
                if now.failed.as_ref().is_none_or(|(known, _)| *known != why) {
                    tracing::error!(why, "nothing can stand in for the data path");
                }
                now.failed = Some((why, Instant::now() + PAUSE));
            }
        }
    }

    /// Begins what stands in.
    fn change(&self, first: &dyn OpensPorts, gone: &str) -> Result<(), String> {
        let ports = first.ports();
        for PortStatus { name, counters, .. } in &ports {
            let (received, sent) = (counters.received.packets, counters.sent.packets);
            tracing::info!(port = name, received, sent, "counted before the data path went");
        }
        let StandIn { target, why, open } = (self.begin)()?;
        if self.giver == Giver::Itself {
            give(first, &*target)?;
        }
        let name = target.capabilities().name;
        tracing::warn!(why = gone, because = why, "the {name} stands in for the data path");
        let because = if why.is_empty() { why } else { format!(" ({why})") };
        let numbers = ports.iter().map(|port| port.port).collect();
        let mut now = self.now();
        if let Some(observers) = &now.observers {
            target.observe(observers.clone());
        }
        // The last one who knows the first data path lets go of it at the end, without the lock.
        let _first = mem::replace(&mut now.target, target);
        now.stands_in =
            Some(format!("{gone}; the {name} stands in{because} until the broker is begun again"));
        now.open = Some((open, numbers));
        drop(now);
        if self.giver == Giver::Itself {
            self.is_given();
        }
        Ok(())
    }
}

/// Writes what one data path had to another one.
fn give(from: &dyn OpensPorts, to: &dyn Target) -> Result<(), String> {
    let Some((program, updates)) = from.written() else { return Ok(()) };
    to.install(&program, Install::Anew).map_err(|fault| fault.to_string())?;
    to.write(&updates, Atomicity::RollbackOnError).map_err(|fault| fault.to_string())
}

impl<B: Fn() -> Result<StandIn, String> + Send + Sync> Target for Standby<B> {
    fn capabilities(&self) -> Capabilities {
        self.target().capabilities()
    }

    fn program(&self) -> Option<Arc<Program>> {
        self.target().program()
    }

    fn info(&self) -> Arc<PipelineInfo> {
        self.target().info()
    }

    fn verify(&self, program: &Program) -> Result<(), Fault> {
        self.target().verify(program)
    }

    fn shadow(&self, program: &Program) -> Result<Arc<dyn Target>, Fault> {
        self.target().shadow(program)
    }

    fn install(&self, program: &Program, install: Install) -> Result<(), Fault> {
        self.target().install(program, install)
    }

    fn write(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), BatchFault> {
        self.target().write(updates, atomicity)
    }

    fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
        self.target().read_each(query, take)
    }

    fn drain(&self) {
        self.target().drain();
    }

    fn ports(&self) -> Vec<PortStatus> {
        self.target().ports()
    }

    fn lost(&self, replica: Replica) -> LossCounters {
        self.target().lost(replica)
    }

    fn packet_out(&self, frame: &[u8]) -> Result<(), Fault> {
        self.target().packet_out(frame)
    }

    fn acknowledge_digests(&self, digest: &str, list: u64) -> bool {
        self.target().acknowledge_digests(digest, list)
    }

    fn session(&self) -> Result<u64, Fault> {
        let (target, is_second, failed) = {
            let now = self.now();
            let failed = now.failed.as_ref().map(|(why, _)| why.clone());
            (now.target.clone(), now.stands_in.is_some(), failed)
        };
        match target.session() {
            Ok(session) if is_second => Ok(SECOND + session),
            Err(fault) if !is_second && failed.is_some() => {
                let why = failed.unwrap_or_default();
                Err(Fault::new(fault.code, format!("{}; nothing can stand in: {why}", fault.message)))
            }
            other => other,
        }
    }

    fn poll(&self, timeout: Duration) -> Vec<Event> {
        let events = self.target().poll(timeout);
        self.look();
        events
    }

    fn stands_in(&self) -> Option<String> {
        self.now().stands_in.clone()
    }
}

impl<B: Fn() -> Result<StandIn, String> + Send + Sync> OpensPorts for Standby<B> {
    fn observe(&self, observers: Arc<dyn Observers>) {
        let target = {
            let mut now = self.now();
            now.observers = Some(observers.clone());
            now.target.clone()
        };
        target.observe(observers);
    }

    fn open_port(&self, name: &str, role: Role, spec: &PortSpec) -> io::Result<Opened<'_>> {
        // It is opened when it is put at whatever data path there is then.
        let (name, spec) = (name.to_string(), spec.clone());
        Ok(Box::new(move |number| self.target().open_port(&name, role, &spec)?(number)))
    }

    fn ports_are_there(&self) {
        self.target().ports_are_there();
    }

    fn is_given(&self) {
        let Some((open, numbers)) = self.now().open.take() else { return };
        let missing = open(&numbers);
        if let (false, Some(why)) = (missing.is_empty(), &mut self.now().stands_in) {
            *why = format!("{why}; without {}", missing.join(", "));
        }
        self.target().ports_are_there();
    }

    fn detach_port(&self, number: u16) -> bool {
        self.target().detach_port(number)
    }

    fn detach_ports(&self) {
        self.target().detach_ports();
    }
}
