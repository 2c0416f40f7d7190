//! A PTP daemon's state, asked for over its management socket (IEEE 1588-2008, clause 15, as linuxptp's `ptp4l` answers it).
//!
//! Questions are `GET` messages in datagrams over a UNIX socket; the daemon answers with one datagram a data set, or one a port.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Sockets of `ptp4l`, the one that may only be read first.
pub const SOCKETS: [&str; 2] = ["/var/run/ptp4lro", "/var/run/ptp4l"];

/// Bytes of a management message in front of its data: header, target, TLV's head with the id.
const HEAD: usize = 54;
const MANAGEMENT: u8 = 0x0d;
const VERSION: u8 = 2;
const GET: u8 = 0;
const RESPONSE: u8 = 2;
const MANAGEMENT_TLV: u16 = 1;

/// Data sets that are asked for.
const CURRENT: u16 = 0x2001;
const PARENT: u16 = 0x2002;
const TIME_PROPERTIES: u16 = 0x2003;
const PORT: u16 = 0x2004;

/// A port's state (IEEE 1588-2008, table 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortState {
    /// It starts.
    Initializing,
    /// It does not work.
    Faulty,
    /// It is off.
    Disabled,
    /// It waits for a master.
    Listening,
    /// It is about to be the master.
    PreMaster,
    /// Others follow it.
    Master,
    /// Neither follows nor leads.
    Passive,
    /// It has a master, and is not locked yet.
    Uncalibrated,
    /// It follows a master.
    Slave,
    /// A number that the standard does not have.
    Other(u8),
}

impl PortState {
    fn of(number: u8) -> Self {
        match number {
            1 => Self::Initializing,
            2 => Self::Faulty,
            3 => Self::Disabled,
            4 => Self::Listening,
            5 => Self::PreMaster,
            6 => Self::Master,
            7 => Self::Passive,
            8 => Self::Uncalibrated,
            9 => Self::Slave,
            other => Self::Other(other),
        }
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Faulty => "faulty",
            Self::Disabled => "disabled",
            Self::Listening => "listening",
            Self::PreMaster => "about to be master",
            Self::Master => "master",
            Self::Passive => "passive",
            Self::Uncalibrated => "uncalibrated",
            Self::Slave => "slave",
            Self::Other(_) => "unknown",
        }
    }
}

/// What a daemon says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PtpDaemon {
    /// How far its clock is ahead of its master's, nanoseconds, at the last measurement.
    pub offset_ns: i64,
    /// Mean delay to the master, nanoseconds.
    pub path_delay_ns: i64,
    /// Boundary clocks on the way to the grandmaster, itself included; 0: it is the grandmaster.
    pub steps: u16,
    /// The grandmaster's identity, and its class (6: locked to a primary source, 7: holdover, 248: free running).
    pub grandmaster: Option<([u8; 8], u8)>,
    /// TAI minus UTC in seconds, where the grandmaster says that it is right.
    pub utc_offset_s: Option<i16>,
    /// Whether the grandmaster says that its time, and its frequency, come from a primary source.
    pub traceable: (bool, bool),
    /// Its ports by number.
    pub ports: Vec<(u16, PortState)>,
}

impl PtpDaemon {
    /// Whether a port of it follows a master.
    pub fn is_locked(&self) -> bool {
        self.ports.iter().any(|(_, state)| *state == PortState::Slave)
    }
}

/// Asks a daemon. It has `patience` for all answers together.
///
/// # Errors
///
/// Nobody answers at that socket in time, or in another language.
pub fn ask(path: &Path, domain: u8, patience: Duration) -> io::Result<PtpDaemon> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // In the abstract namespace: nothing is left behind in the file system.
    let name = format!("sluice-clock-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    socket.connect(path)?;
    let end = Instant::now() + patience;
    let mut daemon = PtpDaemon::default();
    for (sequence, set) in (1..).zip([CURRENT, PARENT, TIME_PROPERTIES, PORT]) {
        socket.send(&question(set, sequence, domain))?;
        let mut answered = false;
        // Ports answer one by one, and do not say which is the last: until it is quiet.
        while !answered || set == PORT {
            let left = end.saturating_duration_since(Instant::now());
            let wait = if answered { left.min(QUIET) } else { left };
            if wait.is_zero() {
                break;
            }
            socket.set_read_timeout(Some(wait))?;
            let mut buffer = [0; 1_500];
            match socket.recv(&mut buffer) {
                Ok(length) => answered |= daemon.answer(&buffer[..length], set, sequence)?,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        if !answered {
            let text = format!("no answer for data set {set:#06x} of domain {domain} in {patience:?}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
    }
    daemon.ports.sort_unstable_by_key(|(number, _)| *number);
    daemon.ports.dedup_by_key(|(number, _)| *number);
    Ok(daemon)
}

/// How long after an answer a further one may come.
const QUIET: Duration = Duration::from_millis(100);

/// A `GET` of a data set, to all ports of a daemon.
fn question(set: u16, sequence: u16, domain: u8) -> [u8; HEAD] {
    let mut message = [0; HEAD];
    message[0] = MANAGEMENT;
    message[1] = VERSION;
    message[2..4].copy_from_slice(&(HEAD as u16).to_be_bytes());
    message[4] = domain;
    // Who asks: any port identity will do.
    message[28..30].copy_from_slice(&1_u16.to_be_bytes());
    message[30..32].copy_from_slice(&sequence.to_be_bytes());
    // The control field of management messages, and the interval of what is no regular message.
    message[32] = 4;
    message[33] = 0x7f;
    message[34..44].fill(0xff);
    message[46] = GET;
    message[48..50].copy_from_slice(&MANAGEMENT_TLV.to_be_bytes());
    // The id alone.
    message[50..52].copy_from_slice(&2_u16.to_be_bytes());
    message[52..54].copy_from_slice(&set.to_be_bytes());
    message
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// A time interval in parts of 2^-16 ns, to the nearest nanosecond.
fn interval(bytes: &[u8], at: usize) -> Option<i64> {
    let scaled = i64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?);
    Some(scaled.saturating_add(1 << 15) >> 16)
}

impl PtpDaemon {
    /// Takes an answer in; `false` if it answers something else.
    fn answer(&mut self, message: &[u8], set: u16, sequence: u16) -> io::Result<bool> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "what answers is no PTP daemon");
        let kind = message.first().ok_or_else(wrong)? & 0x0f;
        if kind != MANAGEMENT || message.get(1).ok_or_else(wrong)? & 0x0f != VERSION {
            return Err(wrong());
        }
        let is = |at, value| word(message, at) == Some(value);
        if !is(30, sequence) || message.get(46).is_none_or(|action| action & 0x0f != RESPONSE) {
            return Ok(false);
        }
        if !is(48, MANAGEMENT_TLV) {
            let text = format!("the daemon refuses to tell data set {set:#06x}");
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
        if !is(52, set) {
            return Ok(false);
        }
        let data = &message[HEAD.min(message.len())..];
        self.data(data, set).ok_or_else(wrong)?;
        Ok(true)
    }

    fn data(&mut self, data: &[u8], set: u16) -> Option<()> {
        match set {
            CURRENT => {
                self.steps = word(data, 0)?;
                self.offset_ns = interval(data, 2)?;
                self.path_delay_ns = interval(data, 10)?;
            }
            PARENT => {
                // Behind the parent's port, its statistics, and the grandmaster's first priority.
                self.grandmaster = Some((data.get(24..32)?.try_into().ok()?, *data.get(19)?));
            }
            TIME_PROPERTIES => {
                let flags = *data.get(2)?;
                self.utc_offset_s = (flags & 4 != 0).then_some(word(data, 0)?.cast_signed());
                self.traceable = (flags & 16 != 0, flags & 32 != 0);
            }
            _ => self.ports.push((word(data, 8)?, PortState::of(*data.get(10)?))),
        }
        Some(())
    }
}
