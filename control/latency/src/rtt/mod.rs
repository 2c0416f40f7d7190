//! Round-trip times from one tap: what is asked there, and answered there.
//!
//! Rules, by kind:
//!
//! - *TCP*: from a segment (SYN, data, FIN) to the first acknowledgment of exactly its end, in the other direction. What was sent twice has no time, as it cannot be told which
//!   was acknowledged (Karn); it is counted. An acknowledgment of several segments gives the time of the last, whose end it names.
//! - *TCP timestamps*: from the first segment with a TSval to the first segment in the other direction whose TSecr it is. Segments without data or SYN ask nothing.
//! - *ICMP echo*, ICMPv6 echo: from the request to the first reply with its identifier and sequence number.
//! - *DNS* (UDP, port 53): from the query to the first answer with its number, between the same ends.
//!
//! Packets in tunnels count as those in them. Fragments neither ask nor answer.
//!
//! A time at a tap is that of the way from the tap to the answerer and back, with what the answerer took.

mod tcp;

use std::collections::VecDeque;
use std::net::IpAddr;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::histogram::{Delays, Figures};
use crate::key::layers::{Ip, Layers, u16_at};
use tcp::Connections;

/// How a round-trip time was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RttKind {
    /// SYN to SYN and ACK.
    Syn,
    /// SYN and ACK to ACK.
    SynAck,
    /// Data or FIN to ACK.
    Data,
    /// TSval to TSecr.
    Timestamp,
    /// ICMP or ICMPv6 echo.
    Echo,
    /// DNS over UDP.
    Dns,
}

impl RttKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Syn, Self::SynAck, Self::Data, Self::Timestamp, Self::Echo, Self::Dns];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syn => "tcp syn to syn-ack",
            Self::SynAck => "tcp syn-ack to ack",
            Self::Data => "tcp data to ack",
            Self::Timestamp => "tcp timestamp echo",
            Self::Echo => "icmp echo",
            Self::Dns => "dns",
        }
    }
}

/// A round-trip time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RttSample {
    /// How it was found.
    pub kind: RttKind,
    /// When the answer was seen.
    pub time_ns: u64,
    /// How long it took.
    pub rtt_ns: u64,
}

/// Connections, and questions of each other kind, that are kept; the oldest go first.
const KEPT: usize = 65_536;

/// What is asked and not answered yet.
#[derive(Debug)]
struct Asked<K> {
    times: FxHashMap<K, u64>,
    order: VecDeque<K>,
}

impl<K> Default for Asked<K> {
    fn default() -> Self {
        Self { times: FxHashMap::default(), order: VecDeque::new() }
    }
}

impl<K: Copy + Eq + std::hash::Hash> Asked<K> {
    /// A question; one that is asked already stays as old as it is.
    fn ask(&mut self, key: K, time_ns: u64) {
        if self.times.contains_key(&key) {
            return;
        }
        self.times.insert(key, time_ns);
        self.order.push_back(key);
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.times.remove(&oldest);
            }
        }
    }

    /// The answer to it: how long it took.
    fn answer(&mut self, key: K, time_ns: u64) -> Option<u64> {
        let asked = self.times.remove(&key)?;
        time_ns.checked_sub(asked)
    }
}

/// Who asks whom what: source, destination, two numbers.
type Question = (IpAddr, IpAddr, u16, u16);

/// Finds round-trip times in the packets of one tap.
#[derive(Debug)]
pub struct RttFinder {
    connections: Connections,
    echoes: Asked<Question>,
    queries: Asked<(Question, u16)>,
    delays: [Delays; 6],
}

/// Round-trip times of a kind.
#[derive(Clone, Debug, Serialize)]
pub struct RttReport {
    /// The kind.
    pub kind: &'static str,
    /// Their figures.
    pub times: Figures,
}

/// Source and destination of a packet.
fn ends(ip: &Ip<'_>) -> Option<(IpAddr, IpAddr)> {
    if let Ok(both) = <[u8; 8]>::try_from(ip.addresses) {
        let [a, b, c, d, e, f, g, h] = both;
        return Some((IpAddr::from([a, b, c, d]), IpAddr::from([e, f, g, h])));
    }
    let (source, destination) = (ip.addresses.first_chunk::<16>()?, ip.addresses.last_chunk::<16>()?);
    Some((IpAddr::from(*source), IpAddr::from(*destination)))
}

impl RttFinder {
    /// Percentiles have so many significant digits.
    pub fn new(digits: u8) -> Self {
        Self {
            connections: Connections::default(),
            echoes: Asked::default(),
            queries: Asked::default(),
            delays: std::array::from_fn(|_| Delays::new(digits)),
        }
    }

    /// A packet more, from its EtherType on, in the order of time. `each` is told what it answers.
    pub fn packet(&mut self, time_ns: u64, from_ether_type: &[u8], mut each: impl FnMut(RttSample)) {
        let Some(layers) = Layers::read(from_ether_type) else { return };
        let Some(ip) = layers.innermost().ip else { return };
        if ip.is_fragment() || layers.ip.is_some_and(|outer| outer.is_fragment()) {
            return;
        }
        let Some((source, destination)) = ends(&ip) else { return };
        let delays = &mut self.delays;
        let mut found = |kind: RttKind, rtt_ns: u64| {
            delays[kind as usize].record(rtt_ns as i64);
            each(RttSample { kind, time_ns, rtt_ns });
        };
        match ip.protocol {
            6 => self.connections.segment(time_ns, (source, destination), &ip, &mut found),
            1 | 58 => {
                let (Some(kind), Some(id), Some(number)) =
                    (ip.body.first(), u16_at(ip.body, 4), u16_at(ip.body, 6))
                else {
                    return;
                };
                match (ip.protocol, kind) {
                    (1, 8) | (58, 128) => self.echoes.ask((source, destination, id, number), time_ns),
                    (1, 0) | (58, 129) => {
                        if let Some(rtt) = self.echoes.answer((destination, source, id, number), time_ns) {
                            found(RttKind::Echo, rtt);
                        }
                    }
                    _ => {}
                }
            }
            17 => {
                let Some((from, to)) = ip.ports() else { return };
                let (Some(id), Some(flags)) = (u16_at(ip.body, 8), u16_at(ip.body, 10)) else { return };
                if to == 53 && flags & 0x8000 == 0 {
                    self.queries.ask(((source, destination, from, to), id), time_ns);
                } else if from == 53 && flags & 0x8000 != 0 {
                    let question = (destination, source, to, from);
                    if let Some(rtt) = self.queries.answer((question, id), time_ns) {
                        found(RttKind::Dns, rtt);
                    }
                }
            }
            _ => {}
        }
    }

    /// Acknowledgments that gave no time, as what they acknowledge was sent twice.
    pub fn retransmitted(&self) -> u64 {
        self.connections.retransmitted
    }

    /// The figures of each kind that was found.
    pub fn report(&self) -> Vec<RttReport> {
        let kinds = RttKind::ALL.iter().zip(&self.delays);
        kinds
            .filter_map(|(kind, delays)| Some(RttReport { kind: kind.name(), times: delays.figures()? }))
            .collect()
    }
}
