//! Copies that this process writes to files, or looks at for who measures: what the kernel's program sends to a capture's port.
//!
//! Groups of copies go to devices alone (`BPF_F_BROADCAST` of device maps), and a program of a device map cannot redirect again. So the port is one end of a pair of devices that is made for it, and
//! whatever is done to copies for any tool is done to these; at the other end a small program stamps them and gives them to AF_XDP sockets, one for each queue, of which there is one for each processor: so
//! the copies of a tap's queue stay in order.

mod pair;
mod shared;
mod socket;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sluice_target::port::{Leaving, Loss, Recorder};
use sluice_target::sys::{Setting, System};
use sluice_target::{LossCounters, ObserveSent};

use crate::clang;
use crate::error::{Result, XdpError};
use crate::kernel::{Attached, Kernel};
pub(crate) use pair::{Pair, delete_left};
use socket::Socket;

/// The longest packet without its Ethernet header that a capture takes, bytes: a page without what the kernel keeps in front of a frame, and room for tags.
pub const CAPTURE_MTU: u32 = 3_700;
/// The program's name.
const PROGRAM: &str = "sluice_capture";
/// Its map of sockets, and its count of copies that went to none.
const SOCKETS: &str = "sockets";
const DROPPED: &str = "dropped";
/// Queues, each with a socket, at most.
const MOST_QUEUES: usize = 16;
/// Frames of one queue before the next one's turn.
const BATCH: u32 = 64;
/// How long it is waited for a frame before somebody looks whether to end.
const WAIT_MS: u64 = 20;
/// How often the clocks' distance, and what sockets lost, are looked at where there is no pause.
const LOOK: Duration = Duration::from_millis(100);

/// What the thread that receives and others share.
#[derive(Debug, Default)]
struct Counts {
    is_ended: AtomicBool,
    queue_full: AtomicU64,
    not_written: AtomicU64,
    port_down: AtomicU64,
    /// What the kernel had no room for, as of the last look.
    at_sockets: AtomicU64,
}

/// A capture's far end. When it is dropped, what has come is written first, then the pair of devices goes.
pub(crate) struct Capture {
    pair: Pair,
    kernel: Kernel,
    /// Files, where it has some.
    recorder: Option<Arc<Recorder>>,
    counts: Arc<Counts>,
    /// Ends when the thread has.
    thread: Option<JoinHandle<()>>,
    attached: Option<Attached>,
}

fn refused(what: &str) -> impl FnOnce(io::Error) -> XdpError + '_ {
    move |why| XdpError::Kernel { what: what.to_string(), why: why.to_string() }
}

impl Capture {
    /// Receives from a pair of devices, and gives what comes to a recorder, and to who sees copies.
    pub(crate) fn begin(
        name: &str,
        pair: Pair,
        recorder: Option<Recorder>,
        observer: Option<Box<dyn ObserveSent>>,
        system: &Arc<dyn System>,
    ) -> Result<Self> {
        for setting in [Setting::NoIpv6, Setting::NoArp] {
            system.set(&pair.far, setting).map_err(refused(&pair.far))?;
        }
        let device = system.facts(&pair.far).map_err(refused(&pair.far))?.number;
        let kernel = Kernel::load(&clang::capture()?, &[PROGRAM], false, &BTreeMap::new())?;
        let attached = kernel.attach(PROGRAM, device)?;
        let mut sockets = Vec::new();
        for queue in 0..queues() {
            let socket = Socket::bind(device, queue, queues()).map_err(refused("an AF_XDP socket"))?;
            kernel.put_socket(SOCKETS, queue, &socket)?;
            sockets.push(socket);
        }
        let zero_copy = sockets.iter().all(Socket::is_zero_copy);
        tracing::info!(port = name, queues = sockets.len(), zero_copy, "a capture receives by AF_XDP");
        system.set(&pair.far, Setting::Up).map_err(refused(&pair.far))?;
        let (recorder, counts) = (recorder.map(Arc::new), Arc::new(Counts::default()));
        let mut thread = Receiving {
            name: name.to_string(),
            sockets,
            recorder: recorder.clone(),
            observer,
            counts: counts.clone(),
            system: system.clone(),
        };
        let builder = std::thread::Builder::new().name(format!("xsk-{name}"));
        let thread = builder.spawn(move || thread.run()).map_err(refused("a thread"))?;
        Ok(Self { pair, kernel, recorder, counts, thread: Some(thread), attached: Some(attached) })
    }

    /// Copies that came to this end, or would have, and are not in the files.
    pub(crate) fn lost(&self) -> LossCounters {
        let later = |recorder: &Arc<Recorder>| recorder.take_lost().values().sum();
        let later: u64 = self.recorder.as_ref().map_or(0, later);
        self.counts.not_written.fetch_add(later, Ordering::Relaxed);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let unheard = self.kernel.lookup(DROPPED, &0u32.to_ne_bytes());
        let unheard = unheard.ok().and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_ne_bytes);
        LossCounters {
            queue_full: read(&self.counts.queue_full) + read(&self.counts.at_sockets),
            port_down: read(&self.counts.port_down) + unheard,
            refused: 0,
            not_written: read(&self.counts.not_written),
        }
    }

    /// Bytes that wait for the disk, and for how many there is room.
    pub(crate) fn waiting(&self) -> (u64, u64) {
        self.recorder.as_ref().map_or((0, 0), |recorder| recorder.waiting())
    }

    /// Writes what has come, and ends the file. What comes afterwards is lost.
    pub(crate) fn end(&mut self) {
        self.counts.is_ended.store(true, Ordering::Relaxed);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of a capture had panicked");
        }
        if let Some(recorder) = &self.recorder {
            recorder.end();
        }
        self.attached = None;
    }

    /// The end that is a port.
    pub(crate) fn device(&self) -> &str {
        &self.pair.near
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.end();
    }
}

/// How far the kernel's TAI is ahead of UTC, nanoseconds.
pub(crate) fn tai_ahead_ns(system: &dyn System) -> u64 {
    let seconds = system.kernel_clock().map_or(0, |clock| clock.tai_offset_s);
    u64::try_from(seconds).unwrap_or(0) * 1_000_000_000
}

/// Queues of a pair: what one processor sends is in one of them.
pub(crate) fn queues() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.min(MOST_QUEUES) as u32
}

/// The thread that receives.
struct Receiving {
    name: String,
    sockets: Vec<Socket>,
    recorder: Option<Arc<Recorder>>,
    observer: Option<Box<dyn ObserveSent>>,
    counts: Arc<Counts>,
    system: Arc<dyn System>,
}

impl Receiving {
    fn run(&mut self) {
        let mut ahead_ns = tai_ahead_ns(&*self.system);
        let mut looked = Instant::now();
        loop {
            // Whoever wants it to end has taken the device out of all maps: what it finds afterwards is the last.
            let is_ended = self.counts.is_ended.load(Ordering::Relaxed);
            if looked.elapsed() >= LOOK {
                (ahead_ns, looked) = (tai_ahead_ns(&*self.system), Instant::now());
                self.look_at_sockets();
            }
            if self.receive(ahead_ns) {
                continue;
            }
            self.look_at_sockets();
            if is_ended {
                break;
            }
            self.wait();
        }
        self.tell_losses();
    }

    fn look_at_sockets(&self) {
        let lost = self.sockets.iter().filter_map(|socket| socket.statistics().ok());
        let lost: u64 = lost.map(|one| one.rx_dropped + one.rx_ring_full.unwrap_or(0)).sum();
        self.counts.at_sockets.store(lost, Ordering::Relaxed);
    }

    fn tell_losses(&self) {
        for (queue, socket) in self.sockets.iter().enumerate() {
            let Ok(one) = socket.statistics() else { continue };
            let rx_ring_full = one.rx_ring_full.unwrap_or(0);
            if one.rx_dropped + rx_ring_full > 0 {
                let (port, rx_dropped) = (&self.name, one.rx_dropped);
                let fill_ring_empty = one.rx_fill_ring_empty_descs.unwrap_or(0);
                tracing::warn!(
                    port,
                    queue,
                    rx_dropped,
                    rx_ring_full,
                    fill_ring_empty,
                    "a capture's socket lost copies"
                );
            }
        }
    }

    /// Takes what came first of what is there, from one queue; says whether there was something.
    fn receive(&mut self, ahead_ns: u64) -> bool {
        let (mut first, mut until_ns) = (None, u64::MAX);
        for (index, socket) in self.sockets.iter().enumerate() {
            let Some(time_ns) = socket.next_time() else { continue };
            match first {
                Some((_, earliest)) if earliest <= time_ns => until_ns = until_ns.min(time_ns),
                earlier => {
                    until_ns = earlier.map_or(until_ns, |(_, time_ns)| time_ns);
                    first = Some((index, time_ns));
                }
            }
        }
        let Some(socket) = first.and_then(|(index, _)| self.sockets.get_mut(index)) else { return false };
        socket.receive(BATCH, until_ns, &mut |told, frame| {
            let copy = Leaving {
                data: frame,
                wire_length: told.whole,
                // What came by no port has the time of this end.
                time_ns: told.time_ns.saturating_sub(if told.port.is_none() { ahead_ns } else { 0 }),
                ingress: told.port,
                instance: told.instance,
            };
            let taken = self.recorder.as_ref().map_or(Ok(()), |recorder| recorder.take(&copy));
            let counter = match taken {
                Ok(()) => {
                    if let Some(observer) = &self.observer {
                        observer.frame(frame);
                    }
                    return;
                }
                Err(Loss::QueueFull) => &self.counts.queue_full,
                Err(Loss::NotWritten) => &self.counts.not_written,
                Err(Loss::Down | Loss::Refused) => &self.counts.port_down,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        });
        true
    }

    /// Waits for a frame.
    fn wait(&self) {
        let mut all: Vec<PollFd<'_>> =
            self.sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        let time = Timespec { tv_sec: 0, tv_nsec: (WAIT_MS * 1_000_000) as i64 };
        // Interrupted or not, the sockets are looked at next.
        let _ = poll(&mut all, Some(&time));
    }
}
