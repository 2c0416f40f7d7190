//! A pair of ends in memory: the one is a port, the other is held by whoever made it.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Device, Loss, Port, Receive, Received, Role, Transmit};

/// Frames with their times, as many as there is room for.
#[derive(Debug)]
struct Queue {
    frames: Mutex<VecDeque<(u64, Vec<u8>)>>,
    changed: Condvar,
    room: usize,
    missed: AtomicU64,
}

impl Queue {
    fn new(room: usize) -> Self {
        Self { frames: Mutex::default(), changed: Condvar::new(), room, missed: AtomicU64::new(0) }
    }

    fn frames(&self) -> MutexGuard<'_, VecDeque<(u64, Vec<u8>)>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, time_ns: u64, frame: &[u8]) -> bool {
        let mut frames = self.frames();
        if frames.len() >= self.room {
            self.missed.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        frames.push_back((time_ns, frame.to_vec()));
        self.changed.notify_one();
        true
    }

    fn pop(&self, timeout: Duration) -> Option<(u64, Vec<u8>)> {
        let end = Instant::now() + timeout;
        let mut frames = self.frames();
        loop {
            if let Some(frame) = frames.pop_front() {
                return Some(frame);
            }
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            let waited = self.changed.wait_timeout(frames, left);
            frames = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[derive(Debug)]
struct Wire {
    to_port: Queue,
    from_port: Queue,
    is_up: AtomicBool,
}

/// The end that is not the switch's.
#[derive(Clone, Debug)]
pub struct PairEnd {
    wire: Arc<Wire>,
}

impl PairEnd {
    /// A frame for the port, which comes in at that time (nanoseconds since the UNIX epoch); says whether there was room.
    pub fn send(&self, time_ns: u64, frame: &[u8]) -> bool {
        self.wire.to_port.push(time_ns, frame)
    }

    /// The next frame that left the port; `None` if there is none within that time.
    pub fn receive(&self, timeout: Duration) -> Option<Vec<u8>> {
        Some(self.wire.from_port.pop(timeout)?.1)
    }

    /// Plugs the cable in or out.
    pub fn set_up(&self, is_up: bool) {
        self.wire.is_up.store(is_up, Ordering::Release);
    }
}

struct Side {
    wire: Arc<Wire>,
    frame: Vec<u8>,
}

impl Receive for Side {
    fn receive(&mut self, timeout: Duration) -> io::Result<Option<Received<'_>>> {
        let Some((time_ns, frame)) = self.wire.to_port.pop(timeout) else { return Ok(None) };
        self.frame = frame;
        Ok(Some(Received { data: &self.frame, wire_length: self.frame.len() as u32, time_ns }))
    }
}

impl Transmit for Wire {
    fn queue(&self) -> Option<(u64, u64)> {
        Some((self.from_port.frames().len() as u64, self.from_port.room as u64))
    }

    fn send(&self, frame: &[u8]) -> Result<(), Loss> {
        if !self.is_up.load(Ordering::Acquire) {
            return Err(Loss::Down);
        }
        if self.from_port.push(0, frame) { Ok(()) } else { Err(Loss::QueueFull) }
    }
}

impl Device for Wire {
    fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    fn missed(&self) -> u64 {
        self.to_port.missed.load(Ordering::Relaxed)
    }
}

impl Transmit for Side {
    fn queue(&self) -> Option<(u64, u64)> {
        Transmit::queue(&*self.wire)
    }

    fn send(&self, frame: &[u8]) -> Result<(), Loss> {
        Transmit::send(&*self.wire, frame)
    }
}

/// A port and the end that it is wired to; `room` frames wait in each direction.
pub fn pair(name: &str, role: Role, room: usize) -> (Port, PairEnd) {
    let wire = Wire { to_port: Queue::new(room), from_port: Queue::new(room), is_up: AtomicBool::new(true) };
    let wire = Arc::new(wire);
    let side = || Side { wire: wire.clone(), frame: Vec::new() };
    let port = Port {
        name: name.to_string(),
        receive: role.receives().then(|| Box::new(side()) as Box<dyn Receive>),
        transmit: role.sends().then(|| Box::new(side()) as Box<dyn Transmit>),
        device: wire.clone(),
    };
    (port, PairEnd { wire })
}
