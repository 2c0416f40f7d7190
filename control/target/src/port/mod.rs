//! Ports of the soft switch: where frames come in and go out.
//!
//! A [`Port`] has at most two sides. A *network port* has the receiving one alone: there is no object by which a frame could leave it. A *tool port* has the
//! sending one alone. Ports of other programs have both.
//!
//! | kind | made by | is |
//! |---|---|---|
//! | packet | [`packet`] | a network interface, by AF_PACKET |
//! | XDP | the crate `sluice-xdp` | a network interface, by a program in the kernel: no port of the soft switch |
//! | NIC | the crate `sluice-nic-target` | a port of an FPGA NIC: no port of the soft switch |
//! | TAP | [`tap`] | a new interface, whose other end is the host's network stack |
//! | UDP | [`udp`] | frames as the payload of datagrams between two addresses |
//! | capture | [`capture`] | files that copies are written to |
//! | watch | [`watch`] | nothing: copies are seen by who observes the port, and end there |
//! | pair | [`pair`] | memory; the other end is a [`PairEnd`] |

mod capture;
mod memory;
mod packet;
mod tap;
mod udp;
mod watch;

use std::collections::BTreeMap;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub use capture::{CaptureSpec, Recorder, capture, check_role};
pub use memory::{PairEnd, pair};
pub use packet::{packet, prepare};
pub use tap::tap;
pub use udp::udp;
pub use watch::{check_watched, watch};

use sluice_policy::{Policy, PortRole};

use crate::sys::System;

/// Longest frame that a port takes in, bytes; what is longer is cut, and its length kept.
pub const MAX_FRAME: usize = 65_535;

/// Which sides a port has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Copies of traffic come in, nothing leaves, ever.
    Network,
    /// Copies leave, nothing comes in.
    Tool,
    /// Both.
    Both,
}

impl Role {
    /// Whether frames come in.
    pub fn receives(self) -> bool {
        self != Self::Tool
    }

    /// Whether frames leave.
    pub fn sends(self) -> bool {
        self != Self::Network
    }
}

/// One frame that came in.
#[derive(Clone, Copy, Debug)]
pub struct Received<'f> {
    /// What is there of it, without FCS.
    pub data: &'f [u8],
    /// Its length on the wire, without FCS, bytes.
    pub wire_length: u32,
    /// When it came in, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
}

/// Why a frame did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The queue was full.
    QueueFull,
    /// The port is down.
    Down,
    /// The device did not take it.
    Refused,
    /// The disk did not take it.
    NotWritten,
}

/// A copy that leaves, with what is known of its packet.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'f> {
    /// Its bytes, without FCS.
    pub data: &'f [u8],
    /// The length that it would have uncut, bytes.
    pub wire_length: u32,
    /// When its packet came in, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// The port that its packet came in by, if that is known.
    pub ingress: Option<u16>,
    /// The instance that it is.
    pub instance: u16,
}

/// The receiving side of a port. One thread has it.
pub trait Receive: Send {
    /// The next frame; `None` if there is none within that time.
    ///
    /// # Errors
    ///
    /// What the system says; the caller may try again.
    fn receive(&mut self, timeout: Duration) -> io::Result<Option<Received<'_>>>;
}

/// The sending side of a port. All threads share it.
pub trait Transmit: Send + Sync {
    /// Sends a frame, or says why not. Does not wait.
    ///
    /// # Errors
    ///
    /// Why the frame is lost.
    fn send(&self, frame: &[u8]) -> Result<(), Loss>;

    /// The same, with what is known of the copy.
    ///
    /// # Errors
    ///
    /// Why the copy is lost.
    fn leave(&self, copy: &Leaving<'_>) -> Result<(), Loss> {
        self.send(copy.data)
    }

    /// Copies that were taken and lost later ([`Loss::NotWritten`]), by instance, since this was asked before.
    fn take_lost(&self) -> BTreeMap<u16, u64> {
        BTreeMap::new()
    }

    /// Waits until what was taken has left, or was lost. Nothing is sent afterwards.
    fn end(&self) {}

    /// What waits to be sent, and for how much there is room (bytes with what the system adds; frames for ports in memory); `None` if that is not known.
    fn queue(&self) -> Option<(u64, u64)> {
        None
    }
}

/// What a port is like now.
pub trait Device: Send + Sync {
    /// Whether it is up.
    fn is_up(&self) -> bool;

    /// Frames that came in and found no room, since it was opened.
    fn missed(&self) -> u64 {
        0
    }
}

/// A port, opened and not yet at a switch.
pub struct Port {
    /// Its name.
    pub name: String,
    /// The receiving side.
    pub receive: Option<Box<dyn Receive>>,
    /// The sending side.
    pub transmit: Option<Box<dyn Transmit>>,
    /// What it is like.
    pub device: Arc<dyn Device>,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Port")
            .field("name", &self.name)
            .field("receives", &self.receive.is_some())
            .field("sends", &self.transmit.is_some())
            .finish_non_exhaustive()
    }
}

/// What a port is to be made of: `packet:eth1`, `xdp:eth1`, `nic:0`, `tap:sluice0`, `udp:LOCAL,PEER`, `capture:FOLDER`, `watch:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortSpec {
    /// A network interface.
    Packet {
        /// Its name.
        interface: String,
    },
    /// A network interface, by XDP.
    Xdp {
        /// Its name.
        interface: String,
    },
    /// A port of an FPGA NIC.
    Nic {
        /// Its number on the card.
        port: u8,
    },
    /// A TAP interface, which is made.
    Tap {
        /// Its name.
        interface: String,
    },
    /// Datagrams.
    Udp {
        /// Address and port here.
        local: std::net::SocketAddr,
        /// Address and port there.
        peer: std::net::SocketAddr,
    },
    /// Files that copies are written to.
    Capture(CaptureSpec),
    /// This process, which measures copies ([`crate::Observers`]) and keeps none.
    Watch,
}

impl FromStr for PortSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let help = "write `packet:INTERFACE`, `xdp:INTERFACE`, `nic:NUMBER`, `tap:INTERFACE`, `udp:LOCAL,PEER` (addresses with ports), `capture:FOLDER` or `watch:`";
        let (kind, device) =
            text.split_once(':').ok_or_else(|| format!("`{text}` names no kind of port; {help}"))?;
        let interface = || match device {
            "" => Err(format!("`{text}` names no interface; {help}")),
            // The kernel's bound, IFNAMSIZ with its end.
            device if device.len() > 15 => {
                Err(format!("`{device}` is longer than the 15 bytes of an interface's name"))
            }
            device => Ok(device.to_string()),
        };
        let address =
            |text: &str| text.parse().map_err(|_| format!("`{text}` is no address with a port; {help}"));
        match kind {
            "packet" => Ok(Self::Packet { interface: interface()? }),
            "xdp" => Ok(Self::Xdp { interface: interface()? }),
            "nic" => {
                let number = device.parse();
                let port = number
                    .map_err(|_| format!("`{device}` is no port of a card: they have numbers, from 0"))?;
                Ok(Self::Nic { port })
            }
            "tap" => Ok(Self::Tap { interface: interface()? }),
            "udp" => {
                let (local, peer) =
                    device.split_once(',').ok_or_else(|| format!("`{text}` names no peer; {help}"))?;
                Ok(Self::Udp { local: address(local)?, peer: address(peer)? })
            }
            "capture" => Ok(Self::Capture(CaptureSpec::parse(device)?)),
            "watch" if device.is_empty() => Ok(Self::Watch),
            "watch" => Err(format!("`{text}`: nothing stands behind `watch:`")),
            _ => Err(format!("there is no kind of port `{kind}`; {help}")),
        }
    }
}

impl PortSpec {
    /// The network interface, of a port that takes one that is there.
    pub fn interface(&self) -> Option<&str> {
        match self {
            Self::Packet { interface } | Self::Xdp { interface } => Some(interface),
            Self::Nic { .. } | Self::Tap { .. } | Self::Udp { .. } | Self::Capture(_) | Self::Watch => None,
        }
    }

    /// The same, where its copies are of packets that come in by the network ports of a policy.
    #[must_use]
    pub fn with_taps_of(self, policy: &Policy) -> Self {
        match self {
            Self::Capture(spec) => {
                let taps = policy.ports.iter().filter(|port| matches!(port.role, PortRole::Network { .. }));
                let taps = taps.map(|port| (port.id, port.name.to_string())).collect();
                Self::Capture(CaptureSpec { taps, ..spec })
            }
            other @ (Self::Packet { .. }
            | Self::Xdp { .. }
            | Self::Nic { .. }
            | Self::Tap { .. }
            | Self::Udp { .. }
            | Self::Watch) => other,
        }
    }

    /// Opens the port.
    ///
    /// # Errors
    ///
    /// What the system says, and an interface that the host itself uses.
    pub fn open(&self, name: &str, role: Role, system: &Arc<dyn System>) -> io::Result<Port> {
        match self {
            Self::Packet { interface } => packet(name, interface, role, system),
            Self::Xdp { interface } => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "`xdp:{interface}` is a port of XDP, and this is the soft switch: write `packet:{interface}`"
                ),
            )),
            Self::Nic { port } => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "`nic:{port}` is a port of an FPGA NIC, and this is the soft switch: write `packet:INTERFACE`"
                ),
            )),
            Self::Tap { interface } => tap(name, interface, role, system),
            Self::Udp { local, peer } => udp(name, *local, *peer, role, system),
            Self::Capture(spec) => capture(name, spec, role, system),
            Self::Watch => watch(name, role),
        }
    }
}
