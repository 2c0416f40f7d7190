//! The thread that writes.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use sluice_capture::{PacketRecord, Ring, RingInterface};

use super::{HEAD_BYTES, Shared, UNKNOWN};
use crate::sys::System;

/// How long it is waited for a copy before somebody looks at the time.
const LOOK: Duration = Duration::from_millis(100);
/// How long nothing is written after the disk refused something.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of copies from one flush to the next.
const FLUSH_BYTES: usize = 1 << 20;

/// A copy out of the queue.
struct Copy<'q> {
    time_ns: u64,
    wire_length: u32,
    ingress: u16,
    instance: u16,
    data: &'q [u8],
}

/// Takes the first copy off a queue.
fn first<'q>(queue: &mut &'q [u8]) -> Option<Copy<'q>> {
    let (time, rest) = queue.split_first_chunk::<8>()?;
    let (wire_length, rest) = rest.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (ingress, rest) = rest.split_first_chunk::<2>()?;
    let (instance, rest) = rest.split_first_chunk::<2>()?;
    let (data, rest) = rest.split_at_checked(u32::from_ne_bytes(*length) as usize)?;
    *queue = rest;
    Some(Copy {
        time_ns: u64::from_ne_bytes(*time),
        wire_length: u32::from_ne_bytes(*wire_length),
        ingress: u16::from_ne_bytes(*ingress),
        instance: u16::from_ne_bytes(*instance),
        data,
    })
}

pub(super) struct Writer {
    name: String,
    shared: Arc<Shared>,
    ring: Ring,
    /// Interface by port.
    interfaces: BTreeMap<u16, u32>,
    system: Arc<dyn System>,
    /// Copies that were written and are not in the file yet, by instance.
    pending: BTreeMap<u16, u64>,
    /// The disk refused what was written last.
    is_failing: bool,
}

impl Writer {
    pub(super) fn new(
        name: &str,
        shared: Arc<Shared>,
        ring: Ring,
        interfaces: BTreeMap<u16, u32>,
        system: Arc<dyn System>,
    ) -> Self {
        Self {
            name: name.to_string(),
            shared,
            ring,
            interfaces,
            system,
            pending: BTreeMap::new(),
            is_failing: false,
        }
    }

    pub(super) fn run(mut self) {
        let mut copies = Vec::new();
        loop {
            copies.clear();
            let (is_ended, dropped) = self.wait(&mut copies);
            let taken = self.note_dropped(dropped).and_then(|()| self.write_all(&copies));
            self.outcome(taken, !copies.is_empty());
            if is_ended && copies.is_empty() {
                break;
            }
        }
        let closed = self.ring.close();
        self.outcome(closed, false);
    }

    /// Waits for copies, for as long as nothing else is to be done. Says whether it is the end.
    fn wait(&self, copies: &mut Vec<u8>) -> (bool, BTreeMap<u16, u64>) {
        let is_ended = || self.shared.is_ended.load(Ordering::Relaxed);
        let mut queue = self.shared.queue();
        if queue.copies.is_empty() && !is_ended() {
            let waited = self.shared.changed.wait_timeout(queue, LOOK);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(copies, &mut queue.copies);
        (is_ended(), std::mem::take(&mut queue.dropped))
    }

    fn note_dropped(&mut self, dropped: BTreeMap<u16, u64>) -> io::Result<()> {
        for (ingress, packets) in dropped {
            let interface = self.interface(ingress)?;
            self.ring.note_dropped(interface, packets);
        }
        Ok(())
    }

    /// Writes copies; after an error, those that are in no file are lost.
    fn write_all(&mut self, copies: &[u8]) -> io::Result<()> {
        let mut rest = copies;
        let written = self.write(&mut rest);
        if written.is_err() {
            while let Some(copy) = first(&mut rest) {
                *self.pending.entry(copy.instance).or_default() += 1;
                if let Some(interface) = self.interfaces.get(&copy.ingress) {
                    self.ring.note_dropped(*interface, 1);
                }
            }
            let mut lost = self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner);
            for (instance, packets) in std::mem::take(&mut self.pending) {
                *lost.entry(instance).or_default() += packets;
            }
        }
        written
    }

    fn write(&mut self, rest: &mut &[u8]) -> io::Result<()> {
        let mut unflushed = 0;
        while !rest.is_empty() {
            let mut behind = *rest;
            let Some(copy) = first(&mut behind) else { break };
            let now_ns = self.system.now_ns();
            if self.ring.is_due(now_ns, copy.data.len()) {
                self.next_file(now_ns)?;
            }
            let interface = self.interface(copy.ingress)?;
            self.ring.write(&PacketRecord {
                interface,
                time_ns: copy.time_ns,
                data: copy.data,
                wire_length: copy.wire_length,
                ..PacketRecord::default()
            })?;
            *self.pending.entry(copy.instance).or_default() += 1;
            *rest = behind;
            unflushed += HEAD_BYTES + copy.data.len();
            if unflushed >= FLUSH_BYTES {
                self.flush()?;
                unflushed = 0;
            }
        }
        self.flush()?;
        let now_ns = self.system.now_ns();
        if self.ring.is_old(now_ns) { self.next_file(now_ns) } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.ring.flush()?;
        self.pending.clear();
        Ok(())
    }

    fn next_file(&mut self, now_ns: u64) -> io::Result<()> {
        // What waits is in the file before it ends, whatever becomes of its end and of the next one.
        self.flush()?;
        self.ring.next_file(now_ns)
    }

    /// The interface of a port; one that nobody told of is added.
    fn interface(&mut self, ingress: u16) -> io::Result<u32> {
        if let Some(interface) = self.interfaces.get(&ingress) {
            return Ok(*interface);
        }
        let name = if ingress == UNKNOWN { self.name.clone() } else { format!("port {ingress}") };
        let description = "copies for a tool; times are UTC".to_string();
        let interface = self.ring.add_interface(RingInterface { name, description })?;
        self.interfaces.insert(ingress, interface);
        Ok(interface)
    }

    /// Tells what became of writing, where that is new; waits after an error, and meanwhile nothing is taken.
    fn outcome(&mut self, written: io::Result<()>, is_work: bool) {
        let Err(error) = written else {
            if self.is_failing && is_work {
                tracing::info!(port = self.name, "the capture is written again");
                self.is_failing = false;
            }
            return;
        };
        if !self.is_failing {
            tracing::error!(port = self.name, %error, "the capture cannot be written: copies are lost");
            self.is_failing = true;
        }
        let mut queue = self.shared.queue();
        self.shared.is_failing.store(true, Ordering::Relaxed);
        let end = Instant::now() + PAUSE;
        while !self.shared.is_ended.load(Ordering::Relaxed) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.shared.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        self.shared.is_failing.store(false, Ordering::Relaxed);
    }
}
