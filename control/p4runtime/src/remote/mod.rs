//! Somebody else's P4Runtime device as a data path: bmv2's `simple_switch_grpc`, Stratum on Tofino, another `sluice serve`.
//!
//! [`RemoteTarget`] is a controller: it becomes the primary of its role, sets the program, and turns entities into messages and back with what P4Info says
//! ([`sluice_p4info::pipeline_info`]). Where P4Runtime has no words for what [`Target`] promises:
//!
//! - *Draining.* No message says that no packet is under way: [`RemoteTarget::drain`] waits for [`RemoteOptions::drain`], the longest that a packet stays in the device.
//! - *Ports.* Their state and counters are not P4Runtime's (gNMI has them): none are told, and no losses.
//! - *Shadows.* A program that is not committed runs on a soft switch here, if that takes it.
//! - *Atomicity.* Which of the optional ones the device has is found out by batches without updates.
//!
//! A stream that ends is opened again, after pauses that grow. What a device has forgotten meanwhile is not written again: that is for whoever owns the entries, who learns by
//! [`RemoteTarget::session`] that this may be so.

mod link;
mod status;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prost::Message;
use sluice_entities::{Atomicity, Code, Entity, PipelineInfo, Query, Replica, Update};
use sluice_p4info::pipeline_info;
use sluice_target::{
    BatchFault, Capabilities, Event, Fault, Install, LossCounters, PortStatus, Program, SoftOptions,
    SoftTarget, Target,
};
use tonic::Status;
use tonic::metadata::{Ascii, MetadataValue};

use crate::names::Names;
use crate::refusal::Refusal;
use crate::{convert, packets, v1};
use link::Link;
use v1::set_forwarding_pipeline_config_request::Action;
use v1::stream_message_request::Update as Asked;
use v1::stream_message_response::Update as Told;

/// Most messages of a device that wait to be asked for.
const MAX_EVENTS: usize = 1 << 16;
/// Bytes of updates in one message, where a batch may be parted: what common servers take at most is 4 MiB.
const BATCH_BYTES: usize = 3 << 20;
/// How much longer than other calls a program may take.
const PROGRAM_PATIENCE: u32 = 12;

/// How a device is spoken to over TLS: all of it is PEM.
#[derive(Clone)]
pub struct RemoteTls {
    /// Certificates of the authorities that vouch for the device.
    pub authorities: Vec<u8>,
    /// This side's certificate and its key, for devices that ask for one.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for RemoteTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteTls").field("shows_certificate", &self.identity.is_some()).finish()
    }
}

/// What this side shows with each call, for devices that ask for it: it is not printed.
#[derive(Clone)]
pub struct RemoteToken(MetadataValue<Ascii>);

impl RemoteToken {
    /// A token as it was given; spaces and line ends around it are left out. Nothing where it has letters that a header does not take.
    pub fn new(token: &str) -> Option<Self> {
        let token = token.trim();
        let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().ok()?;
        value.set_sensitive(true);
        (!token.is_empty()).then_some(Self(value))
    }
}

impl std::fmt::Debug for RemoteToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RemoteToken")
    }
}

/// Which device, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct RemoteOptions {
    /// Where it listens: `http://host:port`; with TLS `https://host:port`.
    pub address: String,
    /// TLS, for an address that begins with `https`.
    pub tls: Option<RemoteTls>,
    /// What is shown with each call as `authorization: Bearer`.
    pub token: Option<RemoteToken>,
    /// Its number (section 5.1).
    pub device_id: u64,
    /// The role whose primary this side is to be; empty for the one that may do everything.
    pub role: String,
    /// The number by which this side becomes primary: above those of others.
    pub election_id: u128,
    /// The port by which packets for the controller leave the pipeline, if there is one.
    pub cpu_port: Option<u16>,
    /// The highest port number.
    pub last_port: u16,
    /// How long a packet may stay in the device.
    pub drain: Duration,
    /// How long an answer may take; a program may take twelve times as long.
    pub patience: Duration,
}

impl RemoteOptions {
    /// Device 1 at that address, with nine bits of ports, and ten seconds for an answer.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            tls: None,
            token: None,
            device_id: 1,
            role: String::new(),
            election_id: 1,
            cpu_port: Some(sluice_target::CPU_PORT),
            last_port: 511,
            drain: Duration::from_millis(100),
            patience: Duration::from_secs(10),
        }
    }

    fn election_id(&self) -> v1::Uint128 {
        let low = u64::try_from(self.election_id & u128::from(u64::MAX)).unwrap_or(u64::MAX);
        v1::Uint128 { high: u64::try_from(self.election_id >> 64).unwrap_or(u64::MAX), low }
    }
}

/// What is known of the device's program, as of one time of being primary.
#[derive(Clone, Default)]
struct Known {
    generation: u64,
    program: Option<Arc<Program>>,
    info: Arc<PipelineInfo>,
    names: Option<Arc<Names>>,
    atomicities: Option<Vec<Atomicity>>,
}

impl Known {
    fn new(generation: u64, program: Option<Program>) -> Self {
        let Some(program) = program else { return Self { generation, ..Self::default() } };
        let info = pipeline_info(&program.p4info);
        let names = Some(Arc::new(Names::new(&program.p4info, &info)));
        Self { generation, program: Some(Arc::new(program)), info: Arc::new(info), names, atomicities: None }
    }
}

/// Updates as messages, each with its index in the batch.
type Messages = Vec<(usize, v1::Update)>;

/// See the module.
pub struct RemoteTarget {
    link: Link,
    options: RemoteOptions,
    known: Mutex<Known>,
}

impl std::fmt::Debug for RemoteTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteTarget").field("address", &self.options.address).finish_non_exhaustive()
    }
}

impl RemoteTarget {
    /// Connects, becomes primary, and learns which program runs.
    ///
    /// # Errors
    ///
    /// `UNAVAILABLE`: nothing listens there, or it does not answer in time. `PERMISSION_DENIED`: another controller has a higher election id.
    /// What the device says of the role or its number.
    pub fn connect(options: RemoteOptions) -> Result<Self, Fault> {
        let link = Link::open(&options)?;
        let target = Self { link, options, known: Mutex::new(Known::default()) };
        target.known()?;
        Ok(target)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, asked for again after a new start of the stream.
    fn known(&self) -> Result<Known, Fault> {
        let generation = self.link.primary()?;
        let mut known = self.lock();
        if known.generation != generation {
            *known = Known::new(generation, self.read_program()?);
        }
        Ok(known.clone())
    }

    fn read_program(&self) -> Result<Option<Program>, Fault> {
        let request = v1::GetForwardingPipelineConfigRequest {
            device_id: self.options.device_id,
            response_type: v1::get_forwarding_pipeline_config_request::ResponseType::All.into(),
        };
        let answer = self.link.ask(|mut client| async move {
            client.get_forwarding_pipeline_config(request).await.map(tonic::Response::into_inner)
        });
        match answer {
            Ok(answer) => Ok(answer.config.and_then(|config| {
                let device_config = config.p4_device_config;
                config.p4info.map(|p4info| Program { p4info, device_config })
            })),
            // Older servers answer so while there is none.
            Err(status) if status.code() == tonic::Code::FailedPrecondition => Ok(None),
            Err(status) => Err(status::fault(&status)),
        }
    }

    /// Names of the program that runs, and what else is known.
    fn running(&self) -> Result<(Arc<Names>, Known), Fault> {
        let known = self.known()?;
        let names = known.names.clone().ok_or_else(|| {
            Fault::new(Code::FailedPrecondition, "the device runs no program yet: install one first")
        })?;
        Ok((names, known))
    }

    fn set(&self, action: Action, program: &Program) -> Result<(), Fault> {
        self.link.primary()?;
        let config = v1::ForwardingPipelineConfig {
            p4info: Some(program.p4info.clone()),
            p4_device_config: program.device_config.clone(),
            cookie: None,
        };
        let request = v1::SetForwardingPipelineConfigRequest {
            device_id: self.options.device_id,
            role: self.options.role.clone(),
            election_id: Some(self.options.election_id()),
            action: action.into(),
            config: Some(config),
            ..v1::SetForwardingPipelineConfigRequest::default()
        };
        let patience = self.options.patience.saturating_mul(PROGRAM_PATIENCE);
        let answer = self.link.call(patience, |mut client| async move {
            client.set_forwarding_pipeline_config(request).await.map(|_| ())
        });
        answer.map_err(|status| status::fault(&status))
    }

    fn send(&self, updates: Vec<v1::Update>, atomicity: Atomicity) -> Result<(), Status> {
        use v1::write_request::Atomicity as Sent;
        let atomicity = match atomicity {
            Atomicity::ContinueOnError => Sent::ContinueOnError,
            Atomicity::RollbackOnError => Sent::RollbackOnError,
            Atomicity::DataplaneAtomic => Sent::DataplaneAtomic,
        };
        let request = v1::WriteRequest {
            device_id: self.options.device_id,
            role: self.options.role.clone(),
            election_id: Some(self.options.election_id()),
            updates,
            atomicity: atomicity.into(),
            ..v1::WriteRequest::default()
        };
        self.link.ask(|mut client| async move { client.write(request).await.map(|_| ()) })
    }

    /// What the device can do with a batch.
    fn atomicities(&self) -> Vec<Atomicity> {
        let least = || vec![Atomicity::ContinueOnError];
        let Ok(known) = self.known() else { return least() };
        if let Some(found) = known.atomicities {
            return found;
        }
        let mut found = least();
        for atomicity in [Atomicity::RollbackOnError, Atomicity::DataplaneAtomic] {
            match self.send(Vec::new(), atomicity) {
                Ok(()) => found.push(atomicity),
                Err(status) if status.code() == tonic::Code::Unimplemented => {}
                // Without a program it does not say: it is asked again.
                Err(_) => return least(),
            }
        }
        let mut now = self.lock();
        if now.generation == known.generation {
            now.atomicities = Some(found.clone());
        }
        found
    }

    /// Updates as messages, each with its index.
    fn messages(
        names: &Names,
        updates: &[Update],
        atomicity: Atomicity,
    ) -> Result<(Messages, Vec<(usize, Fault)>), BatchFault> {
        let mut messages = Vec::with_capacity(updates.len());
        let mut errors = Vec::new();
        for (index, update) in updates.iter().enumerate() {
            match convert::sent(names, update) {
                Ok(message) => messages.push((index, message)),
                Err(refusal) => errors.push((index, refused(&refusal))),
            }
        }
        if errors.is_empty() || atomicity == Atomicity::ContinueOnError {
            return Ok((messages, errors));
        }
        Err(BatchFault { errors })
    }

    fn event(names: &Names, info: &PipelineInfo, told: &Told) -> Option<Event> {
        match told {
            Told::Packet(packet) => {
                let fields = names.packet_in.as_deref();
                packets::frame(fields, &packet.metadata, &packet.payload).ok().map(Event::PacketIn)
            }
            Told::Digest(list) => convert::told_digests(names, info, list).ok().map(Event::Digest),
            Told::IdleTimeoutNotification(idle) => {
                let entries: Vec<_> = idle
                    .table_entry
                    .iter()
                    .filter_map(|entry| convert::told_idle(names, entry).ok())
                    .collect();
                let time_ns = u64::try_from(idle.timestamp).unwrap_or(0);
                (!entries.is_empty()).then_some(Event::Idle { entries, time_ns })
            }
            // The link keeps arbitrations to itself; the others are answers to what this side never sends.
            Told::Arbitration(_) | Told::Other(_) | Told::Error(_) => None,
        }
    }
}

fn refused(refusal: &Refusal) -> Fault {
    Fault::new(refusal.code, refusal.to_string())
}

impl Target for RemoteTarget {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: "P4Runtime device",
            atomicities: self.atomicities(),
            cpu_port: self.options.cpu_port,
            last_port: self.options.last_port,
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
        self.known().ok()?.program
    }

    fn info(&self) -> Arc<PipelineInfo> {
        self.known().map(|known| known.info).unwrap_or_default()
    }

    fn verify(&self, program: &Program) -> Result<(), Fault> {
        self.set(Action::Verify, program)
    }

    fn shadow(&self, program: &Program) -> Result<Arc<dyn Target>, Fault> {
        self.verify(program)?;
        let shadow = SoftTarget::new(SoftOptions { wall_clock: true, ..SoftOptions::default() });
        shadow.install(program, Install::Anew).map_err(|fault| {
            let text = format!(
                "a program for another device runs nowhere before it is committed (the soft switch says: {}): set it with VERIFY_AND_COMMIT",
                fault.message
            );
            Fault::new(Code::Unimplemented, text)
        })?;
        Ok(Arc::new(shadow))
    }

    fn install(&self, program: &Program, install: Install) -> Result<(), Fault> {
        let action = match install {
            Install::Anew => Action::VerifyAndCommit,
            Install::Reconcile => Action::ReconcileAndCommit,
        };
        self.set(action, program)?;
        let mut known = self.lock();
        *known = Known::new(self.link.primary()?, Some(program.clone()));
        Ok(())
    }

    fn write(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), BatchFault> {
        let (names, _) = self.running().map_err(|fault| BatchFault::whole(updates.len(), &fault))?;
        let (messages, mut errors) = Self::messages(&names, updates, atomicity)?;
        for batch in parted(messages, atomicity) {
            let indexes: Vec<usize> = batch.iter().map(|(index, _)| *index).collect();
            let batch = batch.into_iter().map(|(_, update)| update).collect();
            if let Err(status) = self.send(batch, atomicity) {
                let fault = status::batch(&status, 0, indexes.len());
                let of = |(at, fault): (usize, Fault)| Some((*indexes.get(at)?, fault));
                errors.extend(fault.errors.into_iter().filter_map(of));
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        errors.sort_by_key(|(index, _)| *index);
        Err(BatchFault { errors })
    }

    fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
        let (names, _) = self.running()?;
        let asked = convert::asked(&names, query).map_err(|refusal| refused(&refusal))?;
        let request = v1::ReadRequest {
            device_id: self.options.device_id,
            role: self.options.role.clone(),
            entities: vec![asked],
        };
        let mut wrong: Option<Refusal> = None;
        let answer = self.link.stream(
            |mut client, parts| async move {
                let late = |_| Err(Status::deadline_exceeded("the device did not answer in time"));
                let answer = tokio::time::timeout(parts.patience(), client.read(request)).await;
                parts.forward(answer.unwrap_or_else(late)?.into_inner()).await
            },
            &mut |part| {
                for entity in &part.entities {
                    match convert::told(&names, entity) {
                        Ok(entity) => take(entity),
                        Err(refusal) => wrong = wrong.take().or(Some(refusal)),
                    }
                }
            },
        );
        answer.map_err(|status| status::fault(&status))?;
        match wrong {
            None => Ok(()),
            Some(refusal) => Err(Fault::new(
                Code::Internal,
                format!("the device tells what its P4Info does not allow: {refusal}"),
            )),
        }
    }

    fn drain(&self) {
        std::thread::sleep(self.options.drain);
    }

    fn ports(&self) -> Vec<PortStatus> {
        Vec::new()
    }

    fn lost(&self, _replica: Replica) -> LossCounters {
        LossCounters::default()
    }

    fn packet_out(&self, frame: &[u8]) -> Result<(), Fault> {
        let (names, _) = self.running()?;
        let parts = packets::parts(names.packet_out.as_deref(), frame);
        let (metadata, payload) = parts.ok_or_else(|| {
            Fault::new(
                Code::InvalidArgument,
                "the packet is shorter than the program's header of packets out",
            )
        })?;
        self.link.say(Asked::Packet(v1::PacketOut { payload, metadata }))
    }

    fn acknowledge_digests(&self, digest: &str, list: u64) -> bool {
        let Ok((names, _)) = self.running() else { return false };
        let Some(known) = names.digests.name(digest) else { return false };
        let ack = v1::DigestListAck { digest_id: known.id, list_id: list };
        // One that is lost has the list sent again (section 9.8).
        let _ = self.link.say(Asked::DigestAck(ack));
        true
    }

    fn session(&self) -> Result<u64, Fault> {
        self.link.session()
    }

    fn poll(&self, timeout: Duration) -> Vec<Event> {
        let told = self.link.hear(timeout);
        if told.is_empty() {
            return Vec::new();
        }
        let Ok((names, known)) = self.running() else { return Vec::new() };
        told.iter().filter_map(|told| Self::event(&names, &known.info, told)).collect()
    }
}

/// A batch in messages of a size that common servers take, if its atomicity allows that.
fn parted(messages: Messages, atomicity: Atomicity) -> Vec<Messages> {
    if atomicity != Atomicity::ContinueOnError {
        return vec![messages];
    }
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for message in messages {
        let length = message.1.encoded_len();
        if bytes > 0 && bytes + length > BATCH_BYTES {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += length;
        if let Some(last) = parts.last_mut() {
            last.push(message);
        }
    }
    parts
}
