//! Queues of the host: copies that are captured here, and the controller's packets.
//!
//! A thread for each takes what comes by its receive queue. What it does not take in time finds no descriptor: the card counts it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sluice_nic::{Captured, Card, CardError, HostCounts, Pipeline, Receiver, ReceiverOptions};
use sluice_switch::{CounterData, PortCounters};
use sluice_target::port::{CaptureSpec, Leaving, Loss, Recorder};
use sluice_target::sys::Linux;
use sluice_target::{LossCounters, PortStatus, QueueStatus};

/// The longest frame of a card, and then some.
const BUFFER_BYTES: usize = 16_384;
/// Frames that wait for the thread.
const RING: usize = 1024;
/// Frames that are taken before it is looked whether it is the end.
const BATCH: usize = 256;
/// How long a thread waits before it looks whether it is the end.
const WAIT: Duration = Duration::from_millis(50);
/// How long what is in memory may take to be taken.
const TAKEN: Duration = Duration::from_secs(1);
/// Most ports of a card.
const PORTS: usize = 16;

/// The data path's numbers of the card's ports, for who sees where a frame came in.
#[derive(Debug)]
pub(crate) struct Numbers([AtomicU16; PORTS]);

impl Default for Numbers {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU16::new(u16::MAX)))
    }
}

impl Numbers {
    pub(crate) fn set(&self, at: u32, number: Option<u16>) {
        if let Some(slot) = self.0.get(at as usize) {
            slot.store(number.unwrap_or(u16::MAX), Ordering::Relaxed);
        }
    }

    fn get(&self, at: u8) -> Option<u16> {
        let number = self.0.get(usize::from(at))?.load(Ordering::Relaxed);
        (number != u16::MAX).then_some(number)
    }
}

/// What thread and owner share.
#[derive(Debug, Default)]
struct Shared {
    is_ended: AtomicBool,
    /// Frames that the thread has had.
    seen: AtomicU64,
    failed: Mutex<Option<String>>,
}

/// A queue of the host, and who takes what comes by it.
pub(crate) struct HostQueue {
    queue: u32,
    pipeline: Pipeline,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    before: HostCounts,
    last: HostCounts,
}

/// Does something with each frame.
pub(crate) type Take = Box<dyn FnMut(&Captured<'_>) + Send>;

fn run(mut receiver: Receiver, shared: &Shared, mut take: Take) {
    loop {
        let is_ended = shared.is_ended.load(Ordering::Acquire);
        let taken = receiver.receive(BATCH, |captured| take(&captured));
        let done = match taken {
            Ok(0) if is_ended => return,
            Ok(0) => receiver.wait(WAIT).map(drop),
            Ok(frames) => {
                shared.seen.fetch_add(frames as u64, Ordering::Release);
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            *shared.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            return;
        }
    }
}

impl HostQueue {
    /// Copies to that number come by a queue from now on.
    pub(crate) fn begin(
        card: &Card,
        pipeline: &Pipeline,
        queue: u32,
        number: u16,
        take: Take,
    ) -> Result<Self, CardError> {
        let options =
            ReceiverOptions { ring: RING, buffer_bytes: BUFFER_BYTES, ..ReceiverOptions::default() };
        let receiver = card.receiver(0, queue, options)?;
        pipeline.snapshot()?;
        let before = pipeline.host_counts(queue)?;
        let shared = Arc::<Shared>::default();
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new().name(format!("nic-queue-{queue}"));
        let thread = thread.spawn(move || run(receiver, &of_thread, take)).map_err(CardError::Memory)?;
        let new =
            Self { queue, pipeline: pipeline.clone(), shared, thread: Some(thread), before, last: before };
        pipeline.set_host(queue, Some(number))?;
        Ok(new)
    }

    /// Which queue it is.
    pub(crate) fn queue(&self) -> u32 {
        self.queue
    }

    /// Takes what the card counted, as of the last snapshot.
    pub(crate) fn count(&mut self) -> Result<(), CardError> {
        self.last = self.pipeline.host_counts(self.queue)?;
        Ok(())
    }

    /// Copies that found no descriptor.
    fn no_room(&self) -> u64 {
        self.last.no_room.saturating_sub(self.before.no_room)
    }

    /// What is wrong with it, if something is.
    pub(crate) fn failed(&self) -> Option<String> {
        self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the thread has had all that the card had counted.
    pub(crate) fn drain(&self) {
        let copies = self.last.copies.saturating_sub(self.before.copies).saturating_sub(self.no_room());
        let end = Instant::now() + TAKEN;
        while self.shared.seen.load(Ordering::Acquire) < copies
            && self.failed().is_none()
            && Instant::now() < end
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for HostQueue {
    fn drop(&mut self) {
        // A card that is gone sends nothing either.
        let _ = self.pipeline.set_host(self.queue, None);
        self.shared.is_ended.store(true, Ordering::Release);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(queue = self.queue, "the thread of a queue of the host had panicked");
        }
    }
}

/// What a capture was given.
#[derive(Debug, Default)]
struct Taken {
    packets: AtomicU64,
    bytes: AtomicU64,
    full: AtomicU64,
    not_written: AtomicU64,
}

/// A tool port whose copies are written to files here.
pub(crate) struct Capture {
    name: String,
    recorder: Arc<Recorder>,
    taken: Arc<Taken>,
    /// None once it is detached, or its card is out of reach.
    host: Option<HostQueue>,
    /// Copies that found no descriptor in queues that are no more.
    no_room: u64,
    /// Lost copies by the instance that they were told of.
    told: BTreeMap<u16, LossCounters>,
}

impl Capture {
    /// Begins the files.
    pub(crate) fn open(name: &str, spec: &CaptureSpec) -> io::Result<Self> {
        let recorder = Recorder::begin(name, spec, Arc::new(Linux))?;
        Ok(Self {
            name: name.to_string(),
            recorder: Arc::new(recorder),
            taken: Arc::default(),
            host: None,
            no_room: 0,
            told: BTreeMap::new(),
        })
    }

    /// Copies to that number are written from now on; their stamps are so many seconds ahead of UTC.
    pub(crate) fn begin(
        &mut self,
        card: &Card,
        pipeline: &Pipeline,
        (queue, number): (u32, u16),
        ahead_s: u32,
        numbers: &Arc<Numbers>,
    ) -> Result<(), CardError> {
        let (recorder, taken, numbers) = (self.recorder.clone(), self.taken.clone(), numbers.clone());
        let ahead_ns = u64::from(ahead_s) * 1_000_000_000;
        let take = move |captured: &Captured<'_>| {
            let Captured { data, time, port, .. } = *captured;
            let time_ns = time.map_or(0, |time| time.as_ns().saturating_sub(ahead_ns));
            let (wire_length, ingress) = (data.len() as u32, numbers.get(port));
            match recorder.take(&Leaving { data, wire_length, time_ns, ingress, instance: 0 }) {
                Ok(()) => {
                    taken.packets.fetch_add(1, Ordering::Relaxed);
                    taken.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
                }
                Err(Loss::NotWritten) => drop(taken.not_written.fetch_add(1, Ordering::Relaxed)),
                Err(_) => drop(taken.full.fetch_add(1, Ordering::Relaxed)),
            }
        };
        self.host = Some(HostQueue::begin(card, pipeline, queue, number, Box::new(take))?);
        Ok(())
    }

    /// Nothing comes any more; with the card still there, all that came is taken first.
    pub(crate) fn end(&mut self) {
        if let Some(host) = self.host.take() {
            self.no_room += host.no_room();
        }
    }

    /// Writes what waits, and ends the files.
    pub(crate) fn close(&mut self) {
        self.end();
        self.recorder.end();
    }

    pub(crate) fn host(&mut self) -> Option<&mut HostQueue> {
        self.host.as_mut()
    }

    pub(crate) fn name(&self) -> &String {
        &self.name
    }

    /// Whether it takes copies.
    pub(crate) fn is_up(&self) -> bool {
        self.host.as_ref().is_some_and(|host| host.failed().is_none())
    }

    /// Copies that were lost. The disk refuses some only after they were taken.
    fn lost(&self) -> LossCounters {
        let late: u64 = self.recorder.take_lost().values().sum();
        if late > 0 {
            self.taken.not_written.fetch_add(late, Ordering::Relaxed);
            self.taken.packets.fetch_sub(late, Ordering::Relaxed);
        }
        let no_room = self.no_room + self.host.as_ref().map_or(0, HostQueue::no_room);
        LossCounters {
            queue_full: no_room + self.taken.full.load(Ordering::Relaxed),
            not_written: self.taken.not_written.load(Ordering::Relaxed),
            ..LossCounters::default()
        }
    }

    /// The same, of an instance: nobody says which copies were lost, so that they are told of the lowest instance that the port has at the time.
    pub(crate) fn lost_of(&mut self, instance: u16, lowest: Option<u16>) -> LossCounters {
        let all = self.lost();
        let told = |field: fn(&LossCounters) -> u64| self.told.values().map(field).sum::<u64>();
        let full = all.queue_full.saturating_sub(told(|lost| lost.queue_full));
        let not_written = all.not_written.saturating_sub(told(|lost| lost.not_written));
        if full + not_written > 0 {
            let of = self.told.entry(lowest.unwrap_or(0)).or_default();
            of.queue_full += full;
            of.not_written += not_written;
        }
        self.told.get(&instance).copied().unwrap_or_default()
    }

    pub(crate) fn status(&self, number: u16) -> PortStatus {
        let lost = self.lost();
        let (waiting, room) = self.recorder.waiting();
        let sent = CounterData {
            packets: self.taken.packets.load(Ordering::Relaxed),
            bytes: self.taken.bytes.load(Ordering::Relaxed),
        };
        PortStatus {
            port: number,
            name: self.name.clone(),
            is_up: self.is_up(),
            counters: PortCounters { received: CounterData::default(), sent, drops: Vec::new() },
            missed: 0,
            lost,
            queue: QueueStatus { high_water: waiting, room, ..QueueStatus::default() },
        }
    }
}
