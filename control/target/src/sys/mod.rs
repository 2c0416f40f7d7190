//! The system calls that ports need, and the clocks' state.
//!
//! [`System`] is all that the rest of the crate knows of them: mechanical, one call each, no decision. [`Linux`] makes them, and is the one place with
//! `unsafe`; [`Pretended`] keeps a list of them and says what a test wants it to say.

mod linux;
mod pretended;

use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use linux::Linux;
pub use pretended::{Call, Pretended};

/// A frame as the kernel gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Bytes that stand in the buffer.
    pub captured: usize,
    /// Bytes that it had on the wire, without the tag below.
    pub wire_length: u32,
    /// When it came in, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// The outermost VLAN tag, TPID and TCI, which the kernel took out of it.
    pub tag: Option<[u8; 4]>,
}

/// What can be set of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// It is up.
    Up,
    /// It speaks no ARP.
    NoArp,
    /// It has no IPv6: no addresses, no neighbor discovery, no listener reports.
    NoIpv6,
    /// Neither driver nor kernel merge frames that come in. Devices that cannot do so anyway are left as they are.
    NoReceiveOffload,
    /// It takes every frame, whomever it is for; it stays so when this process has ended.
    Promiscuous,
    /// VLAN tags stay in the frames that come in. Devices that cannot take them out are left as they are.
    TagsInFrames,
}

/// What an interface is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The kernel's number of it.
    pub number: u32,
    /// The longest packet without the Ethernet header, bytes.
    pub mtu: u32,
    /// Its receive queues; 0 if that is not known.
    pub queues: usize,
}

/// How the system's clock is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStatus {
    /// Whether something keeps it right (the kernel's word: not `STA_UNSYNC`).
    pub is_locked: bool,
    /// How far it is from what keeps it right, by what that says, nanoseconds: the correction under way or the estimated error, whichever is more.
    pub offset_ns: u64,
}

/// More of the system's clock, as the kernel keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelClock {
    /// Whether something keeps it right (the kernel's word: not `STA_UNSYNC`).
    pub is_locked: bool,
    /// Correction that is under way, nanoseconds.
    pub correction_ns: i64,
    /// Error that what keeps it estimates, nanoseconds.
    pub estimated_ns: u64,
    /// Most that it is off, by what keeps it, nanoseconds; it grows by 500 ppm while nothing does.
    pub most_ns: u64,
    /// How much faster it is made to run than by itself, parts in 10^9.
    pub frequency_ppb: i64,
    /// `CLOCK_TAI` minus `CLOCK_REALTIME` in seconds; 0 where nobody told the kernel.
    pub tai_offset_s: i32,
}

/// A PTP hardware clock read between two readings of the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PtpReading {
    /// The system's clock before, nanoseconds since the UNIX epoch.
    pub before_ns: i64,
    /// The hardware clock.
    pub device_ns: i64,
    /// The system's clock after.
    pub after_ns: i64,
}

/// A way for frames to come in. It has no way to send.
pub trait ReceiveFrames: Send + Sync {
    /// The next frame; `None` if there is none within that time.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn receive(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<Option<RawFrame>>;

    /// Frames for which there was no room, since it was opened.
    fn missed(&self) -> u64;
}

/// A way for frames to leave. It receives nothing.
pub trait TransmitFrames: Send + Sync {
    /// Sends a frame without waiting.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn transmit(&self, frame: &[u8]) -> io::Result<()>;

    /// Bytes that wait to be sent, and for how many there is room, both with what the kernel adds; `None` if that is not known.
    fn queue(&self) -> Option<(u64, u64)> {
        None
    }
}

/// Both ends of a TAP interface's file.
pub type TapEnds = (Arc<dyn ReceiveFrames>, Box<dyn TransmitFrames>);

/// The system.
pub trait System: Send + Sync {
    /// Opens an interface for frames that come in: all of them (promiscuous), from this moment on, and none that this host sends.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn open_receive(&self, interface: &str) -> io::Result<Arc<dyn ReceiveFrames>>;

    /// Opens an interface for frames that leave.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn open_transmit(&self, interface: &str) -> io::Result<Box<dyn TransmitFrames>>;

    /// Makes a TAP interface.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn open_tap(&self, interface: &str) -> io::Result<TapEnds>;

    /// Changes an interface.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn set(&self, interface: &str, setting: Setting) -> io::Result<()>;

    /// Whether an interface has an IPv4 address, or an IPv6 address beyond the link.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn has_address(&self, interface: &str) -> io::Result<bool>;

    /// What an interface is like.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn facts(&self, interface: &str) -> io::Result<Facts>;

    /// Frames that an interface dropped since it was made, coming in and leaving, without those that a program dropped; 0 if that is not known.
    fn dropped(&self, interface: &str) -> (u64, u64);

    /// Whether an interface is up and has a carrier; `false` if there is none of that name.
    fn is_up(&self, interface: &str) -> bool;

    /// How the clock is kept.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn clock(&self) -> io::Result<ClockStatus>;

    /// More of how it is kept.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn kernel_clock(&self) -> io::Result<KernelClock>;

    /// Reads a PTP hardware clock by its device's name, as `ptp0`, several times.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn ptp_readings(&self, device: &str) -> io::Result<Vec<PtpReading>>;

    /// Time that passes whatever is done to the clock, nanoseconds since some moment.
    fn passed_ns(&self) -> u64;

    /// The time, nanoseconds since the UNIX epoch.
    fn now_ns(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}
