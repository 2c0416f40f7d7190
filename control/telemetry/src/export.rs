//! The threads that send.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sluice_latency::Sighting;

use crate::config::{Config, IpfixConfig, SflowConfig};
use crate::flows::{Flows, Options};
use crate::ipfix::{self, Record};
use crate::latency::{self, Copies, LatencyConfig, Shared, WayView};
use crate::sflow::{self, Interface, Sample};
use crate::tap::{Counts, Lost, Picker, Sampler, SentTap, Tap};

/// Most samples, and most flows, that wait to be sent.
const SAMPLES: usize = 1_024;
const FLOWS: usize = 8_192;
/// Most sightings of a way that wait to be looked at.
const SIGHTINGS: usize = 65_536;

/// How long samples and flows wait for others to be sent with. The specification of sFlow wants less than a second.
const TOGETHER: Duration = Duration::from_millis(200);

/// So many messages are sent at once, then there is a pause: a collector has a buffer of some hundred kilobytes, and what it cannot take is lost.
const AT_ONCE: u32 = 16;
const PAUSE: Duration = Duration::from_millis(1);

/// Gives the counters of all ports.
pub type Interfaces = Box<dyn Fn() -> Vec<Interface> + Send>;

/// One way to a collector.
struct Collector {
    address: SocketAddr,
    socket: UdpSocket,
    is_failing: bool,
}

impl Collector {
    fn new(address: SocketAddr) -> io::Result<Self> {
        let any: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(address)?;
        Ok(Self { address, socket, is_failing: false })
    }

    fn send(&mut self, message: &[u8]) {
        let sent = self.socket.send(message);
        // Told once: it comes again with every message.
        if let (Err(error), false) = (&sent, self.is_failing) {
            tracing::warn!(collector = %self.address, %error, "a collector cannot be reached");
        }
        if sent.is_ok() && self.is_failing {
            tracing::info!(collector = %self.address, "a collector can be reached again");
        }
        self.is_failing = sent.is_err();
    }
}

fn collectors(addresses: &[SocketAddr]) -> io::Result<Vec<Collector>> {
    addresses.iter().map(|address| Collector::new(*address)).collect()
}

/// The address of the agent: what was said, or the one by which the first collector is reached.
fn agent(config: &SflowConfig, collectors: &[Collector]) -> IpAddr {
    let own = collectors.first().and_then(|first| first.socket.local_addr().ok()).map(|own| own.ip());
    config.agent.or(own).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Something that is put into messages, a few together.
trait Messages {
    type Item;

    /// Does what is due by the clock; when the next is.
    fn due(&mut self) -> Instant;

    /// Puts one into the message; `false` if it has no room.
    fn add(&mut self, item: &Self::Item) -> bool;

    /// Whether the message has nothing.
    fn is_empty(&self) -> bool;

    /// Sends the message, and begins another one.
    fn send(&mut self);
}

/// Sends what comes, until nobody can give anything any more.
fn run<M: Messages>(mut messages: M, items: &Receiver<M::Item>) {
    // When what waits is to be sent.
    let mut until: Option<Instant> = None;
    loop {
        let next = messages.due();
        if until.is_none() && !messages.is_empty() {
            until = Some(Instant::now());
        }
        let wake = until.map_or(next, |until| until.min(next));
        match items.recv_timeout(wake.saturating_duration_since(Instant::now())) {
            Ok(item) => {
                if !messages.add(&item) {
                    messages.send();
                    messages.add(&item);
                    until = None;
                }
                until = until.or_else(|| Some(Instant::now() + TOGETHER));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                if !messages.is_empty() {
                    messages.send();
                }
                return;
            }
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            if !messages.is_empty() {
                messages.send();
            }
            until = None;
        }
    }
}

struct SflowMessages {
    encoder: sflow::Encoder,
    collectors: Vec<Collector>,
    poll: Duration,
    next_poll: Instant,
    interfaces: Interfaces,
    /// How many counters of each port were sent.
    sequences: BTreeMap<u16, u32>,
    begun: Instant,
    counts: AllCounts,
}

impl Messages for SflowMessages {
    type Item = Sample;

    /// Counters of all ports.
    fn due(&mut self) -> Instant {
        let now = Instant::now();
        if now < self.next_poll {
            return self.next_poll;
        }
        self.next_poll = now + self.poll;
        for mut interface in (self.interfaces)() {
            let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let received = counts.get(&(interface.port, Side::Received));
            interface.received.groups = received.map(|(_, counts)| counts.groups());
            drop(counts);
            let sequence = self.sequences.entry(interface.port).or_default();
            *sequence = sequence.wrapping_add(1);
            let sequence = *sequence;
            if !self.encoder.counters(sequence, &interface) {
                self.send();
                self.encoder.counters(sequence, &interface);
            }
        }
        self.next_poll
    }

    fn add(&mut self, sample: &Sample) -> bool {
        self.encoder.sample(sample)
    }

    fn is_empty(&self) -> bool {
        self.encoder.is_empty()
    }

    fn send(&mut self) {
        // The clock of an agent wraps after 49 days.
        let datagram = self.encoder.take(self.begun.elapsed().as_millis() as u32);
        self.collectors.iter_mut().for_each(|collector| collector.send(&datagram));
    }
}

struct IpfixMessages {
    encoder: ipfix::Encoder,
    collectors: Vec<Collector>,
    templates: Duration,
    next_templates: Instant,
    /// Messages since the last pause.
    in_a_row: u32,
}

impl Messages for IpfixMessages {
    type Item = Record;

    /// Templates come first in a message of their own, so that no flow comes before them.
    fn due(&mut self) -> Instant {
        let now = Instant::now();
        if now < self.next_templates {
            return self.next_templates;
        }
        if !self.encoder.is_empty() {
            self.send();
        }
        self.encoder.templates();
        self.send();
        self.next_templates = now + self.templates;
        self.next_templates
    }

    fn add(&mut self, record: &Record) -> bool {
        self.encoder.add(record)
    }

    fn is_empty(&self) -> bool {
        self.encoder.is_empty()
    }

    fn send(&mut self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Seconds as the protocol has them: until 2106.
        let message = self.encoder.take(since.as_secs() as u32);
        self.collectors.iter_mut().for_each(|collector| collector.send(&message));
        self.in_a_row += 1;
        if self.in_a_row >= AT_ONCE {
            std::thread::sleep(PAUSE);
            self.in_a_row = 0;
        }
    }
}

/// Which frames of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Received,
    Sent,
}

/// What taps count, by number of the port, with its name.
type AllCounts = Arc<Mutex<BTreeMap<(u16, Side), (String, Arc<Counts>)>>>;

/// What is sent to collectors, and by whom. When it goes, after its taps, what waits is sent first.
#[derive(Debug)]
pub struct Exports {
    sflow: Option<(SflowConfig, SyncSender<Sample>)>,
    ipfix: Option<(IpfixConfig, SyncSender<Record>)>,
    latency: Vec<(LatencyConfig, SyncSender<Sighting>, Arc<Shared>)>,
    counts: AllCounts,
    threads: Vec<JoinHandle<()>>,
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_string()).spawn(work)
}

impl Exports {
    /// Begins to send what the configuration asks for.
    ///
    /// # Errors
    ///
    /// What the system says to sockets and threads.
    pub fn start(config: &Config, interfaces: Interfaces) -> io::Result<Self> {
        let mut exports = Self {
            sflow: None,
            ipfix: None,
            latency: Vec::new(),
            counts: Arc::default(),
            threads: Vec::new(),
        };
        if let Some(config) = &config.sflow {
            let collectors = collectors(&config.collectors)?;
            let (sender, samples) = sync_channel(SAMPLES);
            let messages = SflowMessages {
                encoder: sflow::Encoder::new(agent(config, &collectors)),
                collectors,
                poll: config.poll,
                next_poll: Instant::now() + config.poll,
                interfaces,
                sequences: BTreeMap::new(),
                begun: Instant::now(),
                counts: exports.counts.clone(),
            };
            exports.threads.push(spawn("sflow", move || run(messages, &samples))?);
            exports.sflow = Some((config.clone(), sender));
        }
        let has_delays = !config.latency.is_empty();
        if let Some(config) = &config.ipfix {
            let (sender, records) = sync_channel(FLOWS);
            let messages = IpfixMessages {
                encoder: ipfix::Encoder::new(config.domain).with_delays(has_delays),
                collectors: collectors(&config.collectors)?,
                templates: config.templates,
                next_templates: Instant::now(),
                in_a_row: 0,
            };
            exports.threads.push(spawn("ipfix", move || run(messages, &records))?);
            exports.ipfix = Some((config.clone(), sender));
        }
        for (number, config) in (1..).zip(&config.latency) {
            let (sender, sightings) = sync_channel(SIGHTINGS);
            let shared = Arc::<Shared>::default();
            let records = exports.ipfix.as_ref().map(|(_, sender)| sender.clone());
            let thread = latency::spawn(config.clone(), number, sightings, shared.clone(), records)?;
            // Before those that they give something to, when all end.
            exports.threads.insert(0, thread);
            exports.latency.push((config.clone(), sender, shared));
        }
        Ok(exports)
    }

    /// What is to see the frames of a port; nothing if nothing is wanted of them.
    pub fn tap(&self, port: u16, name: &str) -> Option<Tap> {
        if self.sflow.is_none() && self.ipfix.is_none() {
            return None;
        }
        let counts = self.counts_of(port, name, Side::Received);
        let sampler = self.sflow.as_ref().map(|(config, out)| {
            let rate = config.ports.get(name).copied().unwrap_or(config.sample);
            Sampler::new(rate, config.header, out.clone())
        });
        let flows = self.ipfix.as_ref().map(|(config, out)| {
            let time = |time: Duration| time.as_nanos() as u64;
            let options =
                Options { flows: config.flows, idle_ns: time(config.idle), active_ns: time(config.active) };
            (Flows::new(options), out.clone())
        });
        Some(Tap { port, counts, sampler, flows })
    }

    /// What is to see the frames that leave by a port; nothing if nothing is wanted of them.
    pub fn sent_tap(&self, port: u16, name: &str) -> Option<SentTap> {
        let sampler = self.sflow.as_ref().and_then(|(config, out)| {
            let rate = config.ports.get(name).copied().or(config.tools)?;
            Some(Sampler::new(rate, config.header, out.clone()))
        });
        let picker =
            sampler.map(|sampler| Picker::new(port, self.counts_of(port, name, Side::Sent), sampler));
        let ours = self.latency.iter().filter(|(config, ..)| config.tool == name);
        let ways: Vec<Copies> =
            ours.map(|(config, out, shared)| Copies::new(config, out.clone(), shared.clone())).collect();
        (picker.is_some() || !ways.is_empty()).then(|| SentTap::new(picker, ways))
    }

    /// What is measured, for whoever shows it; keeps nothing from ending.
    pub fn ways(&self) -> Ways {
        Ways {
            ways: self
                .latency
                .iter()
                .map(|(config, _, shared)| (config.name.clone(), shared.clone()))
                .collect(),
        }
    }

    /// Counters of a port, from now on.
    fn counts_of(&self, port: u16, name: &str, side: Side) -> Arc<Counts> {
        let counts = Arc::<Counts>::default();
        let named = (name.to_string(), counts.clone());
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).insert((port, side), named);
        counts
    }

    /// What its taps count.
    pub fn counted(&self) -> Counted {
        Counted { counts: self.counts.clone() }
    }
}

/// The ways that are measured.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    ways: Vec<(String, Arc<Shared>)>,
}

impl Ways {
    /// What is known of each.
    pub fn views(&self) -> Vec<WayView> {
        self.ways.iter().map(|(name, shared)| shared.view(name)).collect()
    }
}

/// What taps count, for whoever shows it; keeps nothing from ending.
#[derive(Clone, Debug)]
pub struct Counted {
    counts: AllCounts,
}

impl Counted {
    /// What each tap handed over, and what it could not, by name of the port, in the order of their numbers.
    pub fn lost(&self) -> Vec<(String, Lost)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.values().map(|(name, counts)| (name.clone(), counts.lost())).collect()
    }
}

impl Drop for Exports {
    fn drop(&mut self) {
        // Threads end when nobody can give them anything any more.
        self.sflow = None;
        self.ipfix = None;
        self.latency.clear();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that sends to collectors had panicked");
            }
        }
    }
}
