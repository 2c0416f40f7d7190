//! Copies that are written to files: pcapng, one file behind the other, of which the oldest go.
//!
//! A [`Recorder`] takes copies from any thread and never waits: they stand in a queue of bounded size, and a thread of its own writes them. What finds no room there, and what the disk does not
//! take, is lost and counted, each by its name. After the disk refused something nothing is tried for a second; copies that come meanwhile are lost at once.

mod spec;
mod write;

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use sluice_capture::{Ring, RingInterface, RingOptions};

pub use spec::CaptureSpec;

use super::{Device, Leaving, Loss, Port, Role, Transmit};
use crate::sys::System;
use write::Writer;

/// Bytes in front of each copy in the queue.
const HEAD_BYTES: usize = 20;
/// In the place of a port's number: not known.
const UNKNOWN: u16 = u16::MAX;

/// Copies that wait, one behind the other, each with its head.
#[derive(Debug, Default)]
struct Queue {
    copies: Vec<u8>,
    /// Copies that found no room, or came while the disk takes nothing, by the port that they came in by; the writer takes them.
    dropped: BTreeMap<u16, u64>,
}

/// What copies and the writer share.
#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is something in the queue, or it is to end.
    changed: Condvar,
    room: usize,
    snap: usize,
    is_ended: AtomicBool,
    /// The disk takes nothing at present.
    is_failing: AtomicBool,
    /// Copies that were taken and that the disk did not take, by instance, since somebody asked.
    lost: Mutex<BTreeMap<u16, u64>>,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module. When it is dropped, what waits is written first.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// Begins the first file, of that name.
    ///
    /// # Errors
    ///
    /// What the system says: there is no such folder, for one.
    pub fn begin(name: &str, spec: &CaptureSpec, system: Arc<dyn System>) -> io::Result<Self> {
        let describe = |name: &str, what: &str| RingInterface {
            name: name.to_string(),
            description: format!("{what}; times are UTC"),
        };
        let taps = spec.taps.iter().map(|(_, tap)| describe(tap, "network port"));
        let mut interfaces: Vec<RingInterface> = taps.collect();
        if interfaces.is_empty() {
            interfaces.push(describe(name, "copies for a tool"));
        }
        let numbers = match spec.taps.as_slice() {
            [] => vec![(UNKNOWN, 0)],
            taps => taps.iter().enumerate().map(|(index, (port, _))| (*port, index as u32)).collect(),
        };
        let options = RingOptions {
            folder: spec.folder.clone(),
            name: file_name(name),
            max_bytes: spec.max_bytes,
            max_time: spec.max_time,
            max_files: spec.max_files,
        };
        let in_folder =
            |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", spec.folder.display()));
        let ring = Ring::open(options, interfaces, system.now_ns()).map_err(in_folder)?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            room: spec.queue_bytes,
            snap: spec.snap_bytes,
            is_ended: AtomicBool::new(false),
            is_failing: AtomicBool::new(false),
            lost: Mutex::default(),
        });
        let writer = Writer::new(name, shared.clone(), ring, numbers.into_iter().collect(), system);
        let thread = std::thread::Builder::new().name(format!("capture-{name}"));
        let thread = thread.spawn(move || writer.run())?;
        Ok(Self { shared, writer: Mutex::new(Some(thread)) })
    }

    /// Takes a copy.
    ///
    /// # Errors
    ///
    /// Why it is lost.
    pub fn take(&self, copy: &Leaving<'_>) -> Result<(), Loss> {
        let data = &copy.data[..copy.data.len().min(self.shared.snap)];
        let ingress = copy.ingress.unwrap_or(UNKNOWN);
        let mut queue = self.shared.queue();
        let loss = if self.shared.is_failing.load(Ordering::Relaxed) {
            Some(Loss::NotWritten)
        } else if self.shared.is_ended.load(Ordering::Relaxed) {
            Some(Loss::Down)
        } else if queue.copies.len() + HEAD_BYTES + data.len() > self.shared.room {
            Some(Loss::QueueFull)
        } else {
            None
        };
        if let Some(loss) = loss {
            *queue.dropped.entry(ingress).or_default() += 1;
            return Err(loss);
        }
        let is_first = queue.copies.is_empty();
        queue.copies.extend_from_slice(&copy.time_ns.to_ne_bytes());
        queue.copies.extend_from_slice(&copy.wire_length.to_ne_bytes());
        queue.copies.extend_from_slice(&(data.len() as u32).to_ne_bytes());
        queue.copies.extend_from_slice(&ingress.to_ne_bytes());
        queue.copies.extend_from_slice(&copy.instance.to_ne_bytes());
        queue.copies.extend_from_slice(data);
        drop(queue);
        if is_first {
            self.shared.changed.notify_one();
        }
        Ok(())
    }

    /// Bytes that wait for the disk, and for how many there is room.
    pub fn waiting(&self) -> (u64, u64) {
        (self.shared.queue().copies.len() as u64, self.shared.room as u64)
    }

    /// Copies that were taken and that the disk did not take then, by instance, since this was asked before.
    pub fn take_lost(&self) -> BTreeMap<u16, u64> {
        std::mem::take(&mut *self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes what waits, and ends the file. What comes afterwards is lost.
    pub fn end(&self) {
        self.shared.is_ended.store(true, Ordering::Relaxed);
        // Who looks at the queue sees it, or is woken.
        drop(self.shared.queue());
        self.shared.changed.notify_all();
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of a capture had panicked");
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port's name as the beginning of a file's.
fn file_name(port: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    port.chars().map(kept).collect()
}

struct Sending(Arc<Recorder>);

impl Transmit for Sending {
    fn send(&self, frame: &[u8]) -> Result<(), Loss> {
        let wire_length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        self.leave(&Leaving { data: frame, wire_length, time_ns: 0, ingress: None, instance: 0 })
    }

    fn leave(&self, copy: &Leaving<'_>) -> Result<(), Loss> {
        self.0.take(copy)
    }

    fn queue(&self) -> Option<(u64, u64)> {
        Some(self.0.waiting())
    }

    fn take_lost(&self) -> BTreeMap<u16, u64> {
        self.0.take_lost()
    }

    fn end(&self) {
        self.0.end();
    }
}

/// A capture is there as long as it is written.
struct Files;

impl Device for Files {
    fn is_up(&self) -> bool {
        true
    }
}

/// Opens a port whose copies are written.
///
/// # Errors
///
/// What the system says; a port that only receives.
pub fn capture(name: &str, spec: &CaptureSpec, role: Role, system: &Arc<dyn System>) -> io::Result<Port> {
    check_role(role)?;
    let recorder = Arc::new(Recorder::begin(name, spec, system.clone())?);
    Ok(Port {
        name: name.to_string(),
        receive: None,
        transmit: Some(Box::new(Sending(recorder))),
        device: Arc::new(Files),
    })
}

/// Nothing comes in by a capture that is written.
///
/// # Errors
///
/// A port that only receives.
pub fn check_role(role: Role) -> io::Result<()> {
    if role.sends() {
        return Ok(());
    }
    let why = "a capture is written, so that it is a tool's: captures are read by `sluice replay`";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}
