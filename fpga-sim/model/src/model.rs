//! The function: registers, and frames that come in.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use sluice_nic::CardTime;
use sluice_nic::bus::{Iova, Space};
use sluice_nic::function::{Function, Machine};
use sluice_nic::registers::{
    COMPLETION_BYTES, COMPLETION_EVENT, Completion, DESCRIPTOR_BYTES, Descriptor, EVENT_BYTES, Event,
    PORT_ON, PORT_UP, interface, port_control,
};

use crate::clock::{ModelClock, Time};
use crate::config::{CONFIG_BYTES, Config, Effect};
use crate::counters::{Counter, Counters};
use crate::defect::Defect;
use crate::layout::{self, Sizes};
use crate::pipeline::{Out, Pipeline};
use crate::queues::{Kind, Queue};

/// How a card is made.
#[derive(Debug)]
pub struct Options {
    /// Ports, 1 to 8.
    pub ports: u8,
    /// Receive queues, 1 to 8,192.
    pub queues: u16,
    /// Event queues, and as many MSI-X vectors; 1 to 256.
    pub events: u16,
    /// PCI vendor and device.
    pub id: (u16, u16),
    /// Where time comes from.
    pub time: Time,
    /// What the clock says when that begins, nanoseconds since the epoch, TAI.
    pub start_ns: u64,
    /// So many parts in 10^9 the oscillator is too fast.
    pub drift_ppb: i64,
    /// What is wrong with it.
    pub defect: Option<Defect>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ports: 2,
            queues: 64,
            events: 16,
            id: (0x1234, 0x1001),
            time: Time::Said(0),
            start_ns: 0,
            drift_ppb: 0,
            defect: None,
        }
    }
}

/// In the place of the port that a frame came in by: the host sent it.
const HOST_PORT: u8 = u8::MAX;

/// What became of a frame that came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Copies that are in memory of the host.
    pub host: u32,
    /// Copies that left by ports.
    pub ports: u32,
    /// Copies that were dropped: there was no descriptor, or no memory.
    pub dropped: u32,
}

/// A card.
pub struct NicModel<P> {
    config: Config,
    words: BTreeMap<u64, u32>,
    clock: ModelClock,
    counters: Counters,
    events: Vec<Queue>,
    completions: Vec<Queue>,
    receivers: Vec<Queue>,
    transmitters: Vec<Queue>,
    ports: Vec<[u32; 2]>,
    links: Vec<bool>,
    receive_bytes: u32,
    pipeline: P,
    sent: VecDeque<(u8, CardTime, Vec<u8>)>,
    defect: Option<Defect>,
    vectors: u16,
}

impl<P: Pipeline> NicModel<P> {
    /// A card after power on.
    pub fn new(options: Options, pipeline: P) -> Self {
        let sizes = Sizes {
            ports: options.ports.clamp(1, 8),
            events: u32::from(options.events.clamp(1, 256)),
            queues: u32::from(options.queues.clamp(1, 8192)),
        };
        let queues = |count: u32| vec![Queue::default(); count as usize];
        let vectors = sizes.events as u16;
        Self {
            config: Config::new(options.id, vectors, [layout::BAR_BYTES; 2]),
            words: layout::words(sizes, pipeline.id(), options.defect).into_iter().collect(),
            clock: ModelClock::new(options.time, options.start_ns, options.drift_ppb),
            counters: Counters::default(),
            events: queues(sizes.events),
            completions: queues(sizes.queues),
            receivers: queues(sizes.queues),
            transmitters: queues(sizes.queues),
            ports: vec![[0; 2]; usize::from(sizes.ports)],
            links: vec![true; usize::from(sizes.ports)],
            receive_bytes: 9214,
            pipeline,
            sent: VecDeque::new(),
            defect: options.defect,
            vectors,
        }
    }

    /// Gives it a defect, or mends it. Those of the registers are there from the beginning or never.
    pub fn set_defect(&mut self, defect: Option<Defect>) {
        self.defect = defect;
    }

    /// Lets time go on that a test says.
    pub fn pass(&mut self, ns: u64) {
        self.clock.pass(ns);
    }

    /// The time of the card's clock.
    pub fn now(&mut self) -> CardTime {
        self.clock.now()
    }

    /// Whether the clock says that it follows a grandmaster.
    pub fn set_locked(&mut self, is_locked: bool) {
        self.clock.set_locked(is_locked);
    }

    /// What left by ports, in order: port, time, frame.
    pub fn take_sent(&mut self) -> Option<(u8, CardTime, Vec<u8>)> {
        self.sent.pop_front()
    }

    /// A counter.
    pub fn counter(&self, counter: Counter) -> u64 {
        self.counters.get(counter as usize)
    }

    /// Whether a port takes frames.
    pub fn receives(&self, port: u8) -> bool {
        self.is_linked(port) && self.ports.get(usize::from(port)).is_some_and(|port| port[1] & PORT_ON != 0)
    }

    fn is_linked(&self, port: u8) -> bool {
        self.links.get(usize::from(port)).copied().unwrap_or(false)
    }

    fn sends(&self, port: u8) -> bool {
        self.is_linked(port) && self.ports.get(usize::from(port)).is_some_and(|port| port[0] & PORT_ON != 0)
    }

    /// Plugs a port's cable in, or pulls it out.
    pub fn set_link(&mut self, port: u8, is_up: bool) {
        if let Some(link) = self.links.get_mut(usize::from(port)) {
            *link = is_up;
            self.pipeline.set_sends(port, self.sends(port));
        }
    }

    /// The application block.
    pub fn pipeline(&mut self) -> &mut P {
        &mut self.pipeline
    }

    /// Whether a receive queue has a descriptor.
    pub fn has_room(&self, queue: u16) -> bool {
        self.receivers.get(usize::from(queue)).is_some_and(|ring| ring.is_enabled && ring.waiting() > 0)
    }

    /// A frame comes in at a port, now.
    pub fn receive(&mut self, machine: &mut Machine, port: u8, frame: &[u8]) -> Delivered {
        let time = self.clock.now();
        self.receive_at(machine, port, frame, time)
    }

    /// A frame comes in at a port, and its stamp is this time.
    pub fn receive_at(&mut self, machine: &mut Machine, port: u8, frame: &[u8], time: CardTime) -> Delivered {
        if !self.receives(port) {
            self.counters.add(Counter::PortOff, 1);
            return Delivered::default();
        }
        self.counters.add(Counter::ReceivedFrames, 1);
        self.counters.add(Counter::ReceivedBytes, frame.len() as u64);
        let outs = self.pipeline.frame(port, frame, time);
        self.deliver(machine, port, outs, time)
    }

    /// What the application block made of a frame goes where it goes.
    fn deliver(&mut self, machine: &mut Machine, port: u8, outs: Vec<Out>, time: CardTime) -> Delivered {
        let mut delivered = Delivered::default();
        for out in outs {
            match out {
                Out::Host { queue, frame } => match self.give_host(machine, port, queue, &frame, time) {
                    true => delivered.host += 1,
                    false => {
                        self.pipeline.found_no_room(queue);
                        delivered.dropped += 1;
                    }
                },
                Out::Port { port, frame } => match self.send(port, frame, time) {
                    true => delivered.ports += 1,
                    false => delivered.dropped += 1,
                },
            }
        }
        delivered
    }

    /// Reads what the host has for a transmit queue, and has the application block take it.
    fn transmit(&mut self, machine: &mut Machine, number: usize) {
        let longest = usize::from(u16::MAX);
        while let Some(ring) = self.transmitters.get_mut(number)
            && ring.is_enabled
            && ring.waiting() > 0
            && self.config.is_master()
        {
            let (at, index, target) =
                (ring.base + ring.place(ring.consumer) * DESCRIPTOR_BYTES as u64, ring.consumer, ring.target);
            ring.consumer = ring.consumer.wrapping_add(1);
            let faults = machine.faults;
            let mut record = [0; DESCRIPTOR_BYTES];
            let is_there = machine.read(Iova(at), &mut record);
            let descriptor = Descriptor::decode(&record);
            let mut frame = vec![0; (descriptor.bytes as usize).min(longest)];
            let is_read = is_there && machine.read(Iova(descriptor.address), &mut frame);
            self.counters.set(Counter::DmaFaults, self.counter(Counter::DmaFaults) + machine.faults - faults);
            let time = self.clock.now();
            if !is_read {
                frame.clear();
            }
            let completion = Completion {
                queue: number as u16,
                index,
                bytes: frame.len() as u16,
                ns: time.ns,
                second: time.seconds as u16,
                ..Completion::default()
            };
            self.complete(machine, target as usize, self.damaged(completion));
            if !frame.is_empty() {
                self.counters.add(Counter::HostSent, 1);
                let outs = self.pipeline.sent_by_host(number as u16, &frame, time);
                self.deliver(machine, HOST_PORT, outs, time);
            }
        }
    }

    fn send(&mut self, port: u8, frame: Vec<u8>, time: CardTime) -> bool {
        let is_on = self.sends(port);
        if is_on {
            self.counters.add(Counter::SentFrames, 1);
            self.counters.add(Counter::SentBytes, frame.len() as u64);
            self.sent.push_back((port, time, frame));
        } else {
            self.counters.add(Counter::PortOff, 1);
        }
        is_on
    }

    fn give_host(
        &mut self,
        machine: &mut Machine,
        port: u8,
        queue: u16,
        frame: &[u8],
        time: CardTime,
    ) -> bool {
        let faults = machine.faults;
        let is_there =
            self.config.is_master() && self.has_room(queue) && self.dma(machine, port, queue, frame, time);
        self.counters.set(Counter::DmaFaults, self.counter(Counter::DmaFaults) + machine.faults - faults);
        if !is_there {
            self.counters.add(Counter::NoDescriptor, 1);
        }
        is_there
    }

    /// Descriptor, frame, completion, event, interrupt.
    fn dma(&mut self, machine: &mut Machine, port: u8, queue: u16, frame: &[u8], time: CardTime) -> bool {
        let ring = self.receivers[usize::from(queue)];
        let mut record = [0; DESCRIPTOR_BYTES];
        let at = ring.base + ring.place(ring.consumer) * DESCRIPTOR_BYTES as u64;
        if !machine.read(Iova(at), &mut record) {
            return false;
        }
        let descriptor = Descriptor::decode(&record);
        let bytes = frame.len().min(descriptor.bytes as usize).min(self.receive_bytes as usize);
        let is_there = machine.write(Iova(descriptor.address), &frame[..bytes]);
        self.receivers[usize::from(queue)].consumer = ring.consumer.wrapping_add(1);
        let completion = Completion {
            queue,
            index: ring.consumer,
            bytes: bytes as u16,
            ns: time.ns,
            second: time.seconds as u16,
            hash: 0,
            port,
            phase: false,
        };
        self.complete(machine, ring.target as usize, self.damaged(completion));
        self.counters.add(Counter::HostFrames, 1);
        self.counters.add(Counter::HostBytes, bytes as u64);
        is_there
    }

    fn damaged(&self, completion: Completion) -> Completion {
        match self.defect {
            Some(Defect::OtherQueue) => Completion { queue: completion.queue + 1, ..completion },
            Some(Defect::OtherDescriptor) => {
                Completion { index: completion.index.wrapping_sub(1), ..completion }
            }
            Some(Defect::TooLong) => Completion { bytes: 60_000, ..completion },
            Some(
                Defect::CompletionsNowhere
                | Defect::Storm(_)
                | Defect::NoStart
                | Defect::CircularChain
                | Defect::QueuesOutside
                | Defect::NewerQueues,
            )
            | None => completion,
        }
    }

    fn complete(&mut self, machine: &mut Machine, number: usize, completion: Completion) {
        let Some(queue) = self.completions.get_mut(number).filter(|queue| queue.is_enabled) else { return };
        let completion = Completion { phase: queue.phase(queue.producer), ..completion };
        let at = queue.base + queue.place(queue.producer) * COMPLETION_BYTES as u64;
        let at = if self.defect == Some(Defect::CompletionsNowhere) { 0 } else { at };
        machine.write_record(Iova(at), &completion.encode());
        queue.producer = queue.producer.wrapping_add(1);
        self.tell(machine, number);
    }

    /// Tells of a completion queue that waits to be told of.
    fn tell(&mut self, machine: &mut Machine, number: usize) {
        let Some(queue) = self.completions.get_mut(number) else { return };
        if !queue.is_armed || !queue.is_enabled || queue.waiting() == 0 {
            return;
        }
        queue.is_armed = false;
        let target = queue.target as usize;
        let Some(events) = self.events.get_mut(target).filter(|events| events.is_enabled) else { return };
        let event =
            Event { kind: COMPLETION_EVENT, source: number as u16, phase: events.phase(events.producer) };
        let at = events.base + events.place(events.producer) * EVENT_BYTES as u64;
        machine.write_record(Iova(at), &event.encode());
        events.producer = events.producer.wrapping_add(1);
        self.interrupt(machine, target);
    }

    /// Interrupts for an event queue that waits to be told of.
    fn interrupt(&mut self, machine: &mut Machine, number: usize) {
        let Some(events) = self.events.get_mut(number) else { return };
        if events.is_armed && events.is_enabled && events.waiting() > 0 {
            events.is_armed = false;
            machine.raise(events.target as u16);
        }
    }

    fn read_word(&mut self, at: u64) -> u32 {
        match at {
            layout::STATISTICS.. if at < layout::STATISTICS + 0x8000 => {
                let value =
                    self.counters.get(((at - layout::STATISTICS) / layout::STATISTICS_STRIDE) as usize);
                if at.is_multiple_of(8) { value as u32 } else { (value >> 32) as u32 }
            }
            _ if (layout::CLOCK + 0xc..layout::CLOCK + 0x80).contains(&at) => {
                self.clock.read(at - layout::CLOCK)
            }
            _ if at == layout::INTERFACE + interface::SEND_BYTES => 9214,
            _ if at == layout::INTERFACE + interface::RECEIVE_BYTES => self.receive_bytes,
            _ => {
                if let Some((port, direction)) = self.port(at) {
                    let up = if self.links[port] { PORT_UP } else { 0 };
                    return self.ports[port][direction] | up;
                }
                match self.queue(at) {
                    Some((kind, queue, register)) => queue.read(kind, register),
                    None => self.words.get(&at).copied().unwrap_or(0),
                }
            }
        }
    }

    fn write_word(&mut self, machine: &mut Machine, at: u64, word: u32) {
        let starts = self.defect != Some(Defect::NoStart);
        if (layout::CLOCK + 0xc..layout::CLOCK + 0x80).contains(&at) {
            self.clock.write(at - layout::CLOCK, word);
        } else if at == layout::INTERFACE + interface::RECEIVE_BYTES {
            self.receive_bytes = word.min(9214);
        } else if let Some((port, direction)) = self.port(at) {
            self.ports[port][direction] = word & PORT_ON;
            self.pipeline.set_sends(port as u8, self.sends(port as u8));
        } else if let Some((_, queue, register)) = self.queue(at) {
            let is_armed = queue.write(register, word, starts);
            if (layout::TRANSMITTERS..layout::RECEIVERS).contains(&at) {
                self.transmit(machine, ((at - layout::TRANSMITTERS) / layout::RING_STRIDE) as usize);
            } else if !is_armed {
                // Nothing waits to be told.
            } else if (layout::EVENTS..layout::COMPLETIONS).contains(&at) {
                self.interrupt(machine, ((at - layout::EVENTS) / layout::EVENT_STRIDE) as usize);
            } else if (layout::COMPLETIONS..layout::TRANSMITTERS).contains(&at) {
                self.tell(machine, ((at - layout::COMPLETIONS) / layout::COMPLETION_STRIDE) as usize);
            }
        }
        if let Some(Defect::Storm(count)) = self.defect {
            (0..count).for_each(|_| (0..self.vectors).for_each(|vector| machine.raise(vector)));
        }
    }

    /// The queue whose register that is.
    fn queue(&mut self, at: u64) -> Option<(Kind, &mut Queue, u64)> {
        let (queues, kind, first, stride) = match at {
            layout::EVENTS..layout::COMPLETIONS => {
                (&mut self.events, Kind::Records, layout::EVENTS, layout::EVENT_STRIDE)
            }
            layout::COMPLETIONS..layout::TRANSMITTERS => {
                (&mut self.completions, Kind::Records, layout::COMPLETIONS, layout::COMPLETION_STRIDE)
            }
            layout::TRANSMITTERS..layout::RECEIVERS => {
                (&mut self.transmitters, Kind::Ring, layout::TRANSMITTERS, layout::RING_STRIDE)
            }
            layout::RECEIVERS.. => (&mut self.receivers, Kind::Ring, layout::RECEIVERS, layout::RING_STRIDE),
            _ => return None,
        };
        let queue = queues.get_mut(((at - first) / stride) as usize)?;
        Some((kind, queue, (at - first) % stride))
    }

    /// The port and direction (0: sending) whose control register that is.
    fn port(&self, at: u64) -> Option<(usize, usize)> {
        let port = (at.checked_sub(layout::PORTS)? / layout::PORT_STRIDE) as usize;
        let direction = match (at - layout::PORTS) % layout::PORT_STRIDE {
            port_control::SEND => 0,
            port_control::RECEIVE => 1,
            _ => return None,
        };
        (port < self.ports.len()).then_some((port, direction))
    }
}

fn words(offset: u64, bytes: usize) -> io::Result<()> {
    let is_whole = offset.is_multiple_of(4) && bytes.is_multiple_of(4);
    if is_whole {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "registers are read and written by words"))
    }
}

impl<P: Pipeline> Function for NicModel<P> {
    fn size(&self, space: Space) -> u64 {
        match space {
            Space::Config => CONFIG_BYTES as u64,
            Space::Bar(0 | 2) => layout::BAR_BYTES,
            Space::Bar(_) => 0,
        }
    }

    fn vectors(&self) -> u16 {
        self.vectors
    }

    fn read(&mut self, space: Space, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        if space == Space::Config {
            self.config.read(offset as usize, bytes);
            return Ok(());
        }
        words(offset, bytes.len())?;
        for (at, word) in (offset..).step_by(4).zip(bytes.chunks_exact_mut(4)) {
            let value = if space == Space::Bar(0) { self.read_word(at) } else { self.pipeline.read(at) };
            word.copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    }

    fn write(&mut self, machine: &mut Machine, space: Space, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if space == Space::Config {
            if self.config.write(offset as usize, bytes) == Effect::Reset {
                self.reset();
            }
            return Ok(());
        }
        words(offset, bytes.len())?;
        for (at, word) in (offset..).step_by(4).zip(bytes.chunks_exact(4)) {
            let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            if space == Space::Bar(0) {
                self.write_word(machine, at, word);
            } else {
                self.pipeline.write(at, word);
            }
        }
        Ok(())
    }

    fn reset(&mut self) {
        for queues in [&mut self.events, &mut self.completions, &mut self.receivers, &mut self.transmitters] {
            queues.fill(Queue::default());
        }
        self.ports.fill([0; 2]);
        self.counters = Counters::default();
        self.receive_bytes = 9214;
        self.pipeline.reset();
        // The clock runs on: it is not part of the function.
        self.config.write(sluice_nic::pci::COMMAND as usize, &[0, 0]);
    }
}
