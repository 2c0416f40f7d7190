//! Stamps: the time that a device wrote into a frame, and the frame without it.

mod detect;
mod header;
mod trailer;

use std::fmt;

pub use detect::{DETECTION_PACKETS, Detector};

/// A second, in nanoseconds.
pub(crate) const SECOND_NS: u64 = 1_000_000_000;

/// Where the time of a packet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Nowhere in the frame: the time is the capture's own.
    #[default]
    Capture,
    /// Header of EtherType 0xD28B behind the MACs: 64 or 48 bits, TAI or UTC, as its version says.
    D28b,
    /// VSS Monitoring's and NetScout's trailer.
    Vss {
        /// Bytes of port number at its end: 0, 1 or 2.
        port_bytes: u8,
    },
    /// Ixia's trailer, 15 bytes.
    Ixia,
    /// Metamako's and Arista 7130's trailer, 16 bytes and extensions.
    Metamako,
    /// Exablaze's and Nexus 3550's trailer, 16 bytes.
    Exablaze,
    /// ERSPAN type III, in GRE over IPv4 or IPv6.
    Erspan3,
}

impl Format {
    /// All of them, in the order in which they are tried: what can be told by its shape comes first.
    pub const ALL: [Self; 9] = [
        Self::D28b,
        Self::Erspan3,
        Self::Ixia,
        Self::Metamako,
        Self::Exablaze,
        Self::Vss { port_bytes: 0 },
        Self::Vss { port_bytes: 1 },
        Self::Vss { port_bytes: 2 },
        Self::Capture,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::D28b => "d28b",
            Self::Vss { port_bytes: 0 } => "vss",
            Self::Vss { port_bytes: 1 } => "vss+1",
            Self::Vss { .. } => "vss+2",
            Self::Ixia => "ixia",
            Self::Metamako => "metamako",
            Self::Exablaze => "exablaze",
            Self::Erspan3 => "erspan3",
        }
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a stamp says of the clock that it is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClockSource {
    /// Nothing.
    #[default]
    Unstated,
    /// It runs free.
    Free,
    /// It follows NTP.
    Ntp,
    /// It follows a satellite receiver.
    Gps,
    /// It follows PTP.
    Ptp,
    /// It lost what it followed, and goes on as it was.
    Holdover,
    /// The device says that this stamp is not as good as others.
    Degraded,
}

impl ClockSource {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unstated => "not stated",
            Self::Free => "free running",
            Self::Ntp => "ntp",
            Self::Gps => "gps",
            Self::Ptp => "ptp",
            Self::Holdover => "holdover",
            Self::Degraded => "degraded",
        }
    }
}

/// A frame, its time, and what belongs to neither taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamped<'a> {
    /// Nanoseconds since the UNIX epoch, UTC.
    pub time_ns: u64,
    /// Its MACs, 12 bytes.
    pub macs: &'a [u8],
    /// The frame from the EtherType on; it ends before a trailer.
    pub from_ether_type: &'a [u8],
    /// Bytes of the frame on the wire without what the stamp added, without frame check sequence.
    pub wire_length: u32,
    /// What the stamp says of its clock.
    pub clock: ClockSource,
    /// Port of the device that stamped, where the stamp says so.
    pub port: Option<u16>,
}

/// Reads stamps of one format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StampReader {
    /// Where the time is.
    pub format: Format,
    /// Bytes of frame check sequence behind a trailer, 0 or 4, that the capture did not say were there.
    pub check_bytes: u8,
    /// TAI minus UTC in seconds, for stamps in TAI.
    pub tai_offset_s: u16,
}

/// Bytes of the MACs, in front of every EtherType.
const MAC_BYTES: usize = 12;

impl StampReader {
    /// Of a format, without frame check sequences, with the offset that TAI has since 2017.
    pub fn new(format: Format) -> Self {
        Self { format, check_bytes: 0, tai_offset_s: 37 }
    }

    /// The time of a frame, which was captured at `capture_ns` with `wire_length` bytes. Nothing if it has no stamp of this format, or is cut too short.
    #[inline(always)]
    pub fn read<'a>(&self, frame: &'a [u8], capture_ns: u64, wire_length: u32) -> Option<Stamped<'a>> {
        let (macs, from_ether_type) = frame.split_at_checked(MAC_BYTES)?;
        let (clock, port) = (ClockSource::Unstated, None);
        let plain = Stamped { time_ns: capture_ns, macs, from_ether_type, wire_length, clock, port };
        match self.format {
            Format::Capture => Some(plain),
            Format::D28b => header::d28b(plain, self.tai_offset_s),
            _ => self.read_other(plain),
        }
    }

    #[inline(never)]
    fn read_other<'a>(&self, plain: Stamped<'a>) -> Option<Stamped<'a>> {
        let behind = plain.from_ether_type;
        let whole = &behind[..behind.len().checked_sub(usize::from(self.check_bytes))?];
        let found = match self.format {
            Format::Capture | Format::D28b => return None,
            Format::Erspan3 => return header::erspan3(plain),
            Format::Vss { port_bytes } => trailer::vss(whole, port_bytes)?,
            Format::Ixia => trailer::ixia(whole)?,
            Format::Metamako => trailer::metamako(whole)?,
            Format::Exablaze => trailer::exablaze(whole)?,
        };
        let added = (found.bytes + usize::from(self.check_bytes)) as u32;
        Some(Stamped {
            time_ns: found.time_ns,
            from_ether_type: &whole[..whole.len().checked_sub(found.bytes)?],
            wire_length: plain.wire_length.saturating_sub(added),
            clock: found.clock,
            port: found.port,
            ..plain
        })
    }
}

/// A time of seconds and nanoseconds; nothing if those are more than a second.
fn time(seconds: u64, nanoseconds: u32) -> Option<u64> {
    if u64::from(nanoseconds) >= SECOND_NS {
        return None;
    }
    seconds.checked_mul(SECOND_NS)?.checked_add(u64::from(nanoseconds))
}

/// The value that is `low` modulo `modulus` and nearest to `near`.
fn nearest(low: u64, modulus: u64, near: u64) -> u64 {
    let candidate = near - near % modulus + low;
    let below = candidate.checked_sub(modulus);
    let above = candidate.checked_add(modulus);
    [below, above]
        .into_iter()
        .flatten()
        .fold(candidate, |best, other| if other.abs_diff(near) < best.abs_diff(near) { other } else { best })
}
