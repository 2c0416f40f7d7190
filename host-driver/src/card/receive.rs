//! What comes in at a receive queue.
//!
//! A receiver has a ring of descriptors with a buffer each, a completion queue that says which of them are full, and an event queue that says that the completion queue has something.
//! All of it lies in one piece of memory. Buffers belong to the card until their completion is there; then they are copied out and given back.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::queue::{Kind, Queue, Ring};
use super::{CardError, CardTime, Clock, Interface, Shared};
use crate::bus::Interrupt;
use crate::memory::{Memory, PAGE_BYTES};
use crate::registers::{
    COMPLETION_BYTES, COMPLETION_EVENT, Completion, DESCRIPTOR_BYTES, Descriptor, EVENT_BYTES, Event,
    HAS_TIMESTAMPS, MAX_RING, MIN_RING, PHASE_AT,
};

/// How a receiver is made.
#[derive(Clone, Copy, Debug)]
pub struct ReceiverOptions {
    /// Descriptors: 256 to 32,768, a power of two.
    pub ring: usize,
    /// Bytes of a buffer: 64 to 16,384, a power of two. Frames are cut there by the card.
    pub buffer_bytes: usize,
    /// How long something that the card says that it wrote may take to be in memory.
    pub patience: Duration,
}

impl Default for ReceiverOptions {
    fn default() -> Self {
        Self { ring: 1024, buffer_bytes: 2048, patience: Duration::from_millis(500) }
    }
}

/// A frame that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured<'a> {
    /// The frame, without FCS.
    pub data: &'a [u8],
    /// When its first bit came in, by the card's clock; `None` where the card does not stamp or has no clock.
    pub time: Option<CardTime>,
    /// The port.
    pub port: u8,
    /// Hash of addresses and ports, as the card made it.
    pub hash: u32,
}

/// What a receiver has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiverStatus {
    /// Frames.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Interrupts.
    pub interrupts: u64,
    /// Of them, those with which nothing had happened.
    pub spurious: u64,
    /// There were so many of those that the receiver looks by itself now, once a millisecond.
    pub is_polling: bool,
}

/// So many interrupts in a row with which nothing had happened are a storm.
const STORM: u64 = 64;
/// How often a receiver looks that does not listen to interrupts.
const POLL: Duration = Duration::from_millis(1);
/// Events that fit: one completion queue has at most one under way.
const EVENT_RING: usize = 256;
/// What a time read from the card may be away from a stamp and still tell its upper bits: half of 2^16 s, with room.
const NEAR_SECONDS: u64 = 1 << 14;

/// A receive queue at work. It is stopped when this goes.
pub struct Receiver {
    // In this order: the queues are stopped before the memory goes.
    ring: Option<Queue>,
    completions: Option<Queue>,
    events: Option<Queue>,
    mapped: Mapped,
    layout: Layout,
    number: u32,
    interrupt: Option<Interrupt>,
    clock: Option<Clock>,
    /// The second that was read from the clock last.
    second: Option<u64>,
    is_stamped: bool,
    /// Pointers, running freely: descriptors given, descriptors that came back in order, completions and events taken.
    given: u16,
    returned: u16,
    completed: u16,
    heard: u16,
    /// Which descriptors came back, by place in the ring.
    is_back: Vec<bool>,
    /// A frame is copied here.
    frame: Vec<u8>,
    status: ReceiverStatus,
    in_a_row: u64,
    patience: Duration,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("queue", &self.number)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Where things are in the memory.
#[derive(Clone, Copy, Debug)]
struct Layout {
    ring: usize,
    buffer_bytes: usize,
    completions: usize,
    events: usize,
    buffers: usize,
    bytes: usize,
}

impl Layout {
    fn new(options: ReceiverOptions) -> Result<Self, CardError> {
        let bounded = |what, value: usize, least, most| {
            let is_right = value.is_power_of_two() && (least..=most).contains(&value);
            if is_right { Ok(value) } else { Err(CardError::Option { what, value, least, most }) }
        };
        let ring = bounded("a ring", options.ring, MIN_RING, MAX_RING)?;
        let buffer_bytes = bounded("a buffer", options.buffer_bytes, 64, 16_384)?;
        let pages = |bytes: usize| bytes.next_multiple_of(PAGE_BYTES);
        let completions = pages(ring * DESCRIPTOR_BYTES);
        let events = completions + pages(ring * COMPLETION_BYTES);
        let buffers = events + pages(EVENT_RING * EVENT_BYTES);
        Ok(Self { ring, buffer_bytes, completions, events, buffers, bytes: buffers + ring * buffer_bytes })
    }

    fn buffer(self, place: usize) -> usize {
        self.buffers + place * self.buffer_bytes
    }
}

/// Whether a record at a pointer is new: its phase turns with each time through the ring, and is 1 the first time.
fn is_new(pointer: u16, size: usize, phase: bool) -> bool {
    phase == (usize::from(pointer) & size == 0)
}

impl Receiver {
    pub(super) fn new(
        shared: Arc<Shared>,
        interface: &Interface,
        number: u32,
        options: ReceiverOptions,
        clock: Option<Clock>,
    ) -> Result<Self, CardError> {
        let layout = Layout::new(options)?;
        let event = number % interface.events.count.max(1);
        let vector = event % (shared.interrupts.len().max(1) as u32);
        let interrupt = shared.interrupts.get(vector as usize).cloned();
        let places = (
            interface.receivers.place(Kind::Receive.name(), number)?,
            interface.completions.place(Kind::Completion.name(), number)?,
            interface.events.place(Kind::Event.name(), event)?,
        );
        let mapped = Mapped::new(shared.clone(), layout.bytes)?;
        let mut receiver = Self {
            ring: None,
            completions: None,
            events: None,
            layout,
            number,
            interrupt,
            clock,
            second: None,
            is_stamped: interface.features & HAS_TIMESTAMPS != 0,
            given: 0,
            returned: 0,
            completed: 0,
            heard: 0,
            is_back: vec![false; layout.ring],
            frame: vec![0; layout.buffer_bytes],
            status: ReceiverStatus::default(),
            in_a_row: 0,
            patience: options.patience,
            mapped,
        };
        receiver.write_descriptors();
        let ring = |at, size, target| Ring { base: receiver.mapped.address(at), size, target };
        let (events, completions, frames) = (
            ring(layout.events, EVENT_RING, vector),
            ring(layout.completions, layout.ring, event),
            ring(0, layout.ring, number),
        );
        receiver.events = Some(Queue::start(shared.clone(), Kind::Event, event, places.2, events)?);
        receiver.completions =
            Some(Queue::start(shared.clone(), Kind::Completion, number, places.1, completions)?);
        receiver.ring = Some(Queue::start(shared, Kind::Receive, number, places.0, frames)?);
        receiver.give()?;
        // Writes are posted: when something has been read, the card has its descriptors.
        receiver.queue(&receiver.ring)?.pointers()?;
        Ok(receiver)
    }

    /// Each place in the ring has its buffer for good.
    fn write_descriptors(&self) {
        for place in 0..self.layout.ring {
            let descriptor = Descriptor {
                bytes: self.layout.buffer_bytes as u32,
                address: self.mapped.address(self.layout.buffer(place)),
            };
            self.mapped.memory().write(place * DESCRIPTOR_BYTES, &descriptor.encode());
        }
    }

    /// Gives the card all buffers that it does not have.
    fn give(&mut self) -> Result<(), CardError> {
        while self.is_back[self.place(self.returned)] && self.returned != self.given {
            let place = self.place(self.returned);
            self.is_back[place] = false;
            self.returned = self.returned.wrapping_add(1);
        }
        let full = self.returned.wrapping_add(self.layout.ring as u16);
        if full == self.given {
            return Ok(());
        }
        self.given = full;
        Memory::write_barrier();
        self.queue(&self.ring)?.set_producer(full)
    }

    fn place(&self, pointer: u16) -> usize {
        usize::from(pointer) & (self.layout.ring - 1)
    }

    fn queue<'a>(&self, queue: &'a Option<Queue>) -> Result<&'a Queue, CardError> {
        queue.as_ref().ok_or(CardError::Stopped { queue: self.number })
    }

    /// Stops the queue: what the card writes cannot be believed.
    fn stop(&mut self, error: CardError) -> CardError {
        self.ring = None;
        self.completions = None;
        self.events = None;
        error
    }

    /// The next completion, if it is there.
    fn next(&self) -> Option<Completion> {
        let at = self.layout.completions + self.place(self.completed) * COMPLETION_BYTES;
        let phase = self.mapped.memory().read_u32_acquire(at + PHASE_AT) >> 31 == 1;
        if !is_new(self.completed, self.layout.ring, phase) {
            return None;
        }
        let mut record = [0; COMPLETION_BYTES];
        self.mapped.memory().read(at, &mut record);
        Some(Completion::decode(&record))
    }

    /// Whether a completion can be: it is of this queue, of a descriptor that the card has, and of no more bytes than its buffer.
    fn examine(&self, completion: Completion) -> Result<(), String> {
        if u32::from(completion.queue) != self.number {
            return Err(format!("it is of queue {}", completion.queue));
        }
        let (ahead, out) =
            (completion.index.wrapping_sub(self.returned), self.given.wrapping_sub(self.returned));
        if ahead >= out || self.is_back[self.place(completion.index)] {
            return Err(format!("it is of descriptor {}, which the card does not have", completion.index));
        }
        let (bytes, room) = (usize::from(completion.bytes), self.layout.buffer_bytes);
        if bytes > room {
            return Err(format!("it is of {bytes} bytes in a buffer of {room}"));
        }
        if completion.ns >= 1_000_000_000 {
            return Err(format!("its time has {} ns", completion.ns));
        }
        Ok(())
    }

    /// Takes frames that have come in, so many at most, in the order in which the card completed them; says how many. Does not wait.
    ///
    /// # Errors
    ///
    /// [`CardError`]. After [`CardError::Completion`] and [`CardError::LostCompletions`] the queue is stopped.
    pub fn receive(&mut self, most: usize, mut take: impl FnMut(Captured<'_>)) -> Result<usize, CardError> {
        self.queue(&self.ring)?;
        let mut taken = 0;
        while taken < most
            && let Some(completion) = self.next()
        {
            if let Err(why) = self.examine(completion) {
                return Err(self.stop(CardError::Completion { queue: self.number, why }));
            }
            let place = self.place(completion.index);
            let bytes = usize::from(completion.bytes);
            self.mapped.memory().read(self.layout.buffer(place), &mut self.frame[..bytes]);
            let time = self.time(completion)?;
            take(Captured { data: &self.frame[..bytes], time, port: completion.port, hash: completion.hash });
            self.is_back[place] = true;
            self.completed = self.completed.wrapping_add(1);
            self.status.frames += 1;
            self.status.bytes += bytes as u64;
            taken += 1;
        }
        if taken > 0 {
            self.queue(&self.completions)?.set_consumer(self.completed)?;
            self.give()?;
        }
        Ok(taken)
    }

    /// A stamp has 16 bits of its seconds; the others are those of the card's clock, which is asked when they may have changed.
    fn time(&mut self, completion: Completion) -> Result<Option<CardTime>, CardError> {
        let Some(clock) = self.clock.as_ref().filter(|_| self.is_stamped) else { return Ok(None) };
        let near = |base: u64| {
            let away = i64::from(completion.second.wrapping_sub(base as u16) as i16);
            base.checked_add_signed(away).filter(|_| away.unsigned_abs() < NEAR_SECONDS)
        };
        let seconds = match self.second.and_then(near) {
            Some(seconds) => seconds,
            None => {
                let now = clock.read()?.seconds;
                self.second = Some(now);
                let away = i64::from(completion.second.wrapping_sub(now as u16) as i16);
                now.saturating_add_signed(away)
            }
        };
        Ok(Some(CardTime { seconds, ns: completion.ns }))
    }

    /// Waits until there is something, or the time has run out; says whether there is.
    ///
    /// # Errors
    ///
    /// [`CardError::Gone`]; [`CardError::LostCompletions`] and [`CardError::WasReset`], with which the queue is stopped.
    pub fn wait(&mut self, timeout: Duration) -> Result<bool, CardError> {
        self.queue(&self.ring)?;
        let end = Instant::now() + timeout;
        loop {
            if self.next().is_some() {
                return Ok(true);
            }
            self.arm()?;
            // What came in before that was not told of.
            if self.next().is_some() {
                return Ok(true);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.check_arrival()?;
                return Ok(false);
            }
            self.pause(left)?;
        }
    }

    fn arm(&mut self) -> Result<(), CardError> {
        self.queue(&self.completions)?.set_consumer_and_arm(self.completed)?;
        self.queue(&self.events)?.set_consumer_and_arm(self.heard)
    }

    /// Until an interrupt, or for as long as one who does not listen to them waits.
    fn pause(&mut self, left: Duration) -> Result<(), CardError> {
        let Some(interrupt) = self.interrupt.as_ref().filter(|_| !self.status.is_polling) else {
            std::thread::sleep(left.min(POLL));
            return Ok(());
        };
        let count = interrupt.wait(left).map_err(CardError::Memory)?;
        if count == 0 {
            return Ok(());
        }
        self.status.interrupts += count;
        if self.hear() || self.next().is_some() {
            self.in_a_row = 0;
            return Ok(());
        }
        self.status.spurious += count;
        self.in_a_row += count;
        if self.in_a_row >= STORM {
            tracing::warn!(queue = self.number, "a storm of interrupts: they are not listened to any more");
            self.status.is_polling = true;
        }
        Ok(())
    }

    /// Takes events; says whether there was one. Those of other kinds and queues are passed over: events only say where to look.
    fn hear(&mut self) -> bool {
        let before = self.heard;
        loop {
            let at = self.layout.events + (usize::from(self.heard) & (EVENT_RING - 1)) * EVENT_BYTES;
            let phase = self.mapped.memory().read_u32_acquire(at + PHASE_AT) >> 31 == 1;
            if !is_new(self.heard, EVENT_RING, phase) {
                return self.heard != before;
            }
            let mut record = [0; EVENT_BYTES];
            self.mapped.memory().read(at, &mut record);
            let event = Event::decode(&record);
            if event.kind != COMPLETION_EVENT || u32::from(event.source) != self.number {
                tracing::debug!(?event, queue = self.number, "an event of something else");
            }
            self.heard = self.heard.wrapping_add(1);
        }
    }

    /// Whether what the card says that it wrote is in memory, or comes there in time.
    fn check_arrival(&mut self) -> Result<(), CardError> {
        if !self.queue(&self.ring)?.is_on()? {
            return Err(self.stop(CardError::WasReset { queue: self.number }));
        }
        let end = Instant::now() + self.patience;
        loop {
            let (written, _) = self.queue(&self.completions)?.pointers()?;
            let missing = written.wrapping_sub(self.completed);
            if missing == 0 || self.next().is_some() {
                return Ok(());
            }
            if Instant::now() >= end {
                return Err(self.stop(CardError::LostCompletions { queue: self.number, missing }));
            }
            std::thread::sleep(POLL);
        }
    }

    /// What it has seen.
    pub fn status(&self) -> ReceiverStatus {
        self.status
    }
}
