//! sFlow, version 5 (sflow.org): datagrams with samples of packets and of counters.
//!
//! A data source is a port, by its number in the data path. Lengths of frames and octets of interfaces include the four bytes of the FCS, which the specification counts and the
//! operating system has taken off.

use std::net::IpAddr;

use crate::wire::Put;

/// Longest datagram, bytes.
pub const MAX_DATAGRAM: usize = 1_400;

/// Longest part of a frame that a sample has, bytes.
pub const MAX_HEADER: usize = 256;

/// Bytes of an FCS.
pub const FCS: u32 = 4;

/// What stands for a counter that there is not.
const UNKNOWN: u32 = u32::MAX;

/// Formats of samples and of records; sflow.org's own have no number of an enterprise in front.
const FLOW_SAMPLE: u32 = 1;
const COUNTER_SAMPLE: u32 = 2;
const RAW_HEADER: u32 = 1;
const INTERFACE_COUNTERS: u32 = 1;

/// Of `header_protocol`: Ethernet. Of `ifType`: `ethernetCsmacd` (RFC 2863).
const ETHERNET: u32 = 1;
const ETHERNET_CSMACD: u32 = 6;

/// What a frame was picked from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleCounts {
    /// One of so many frames is picked.
    pub rate: u32,
    /// Frames that could have been picked, up to this one.
    pub pool: u32,
    /// Frames that were picked and had to be left out.
    pub drops: u32,
}

/// A frame that was picked.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The port that it came in at, or left by.
    pub port: u16,
    /// Whether it left there.
    pub is_sent: bool,
    /// Its number among the samples of the port, from 1.
    pub sequence: u32,
    /// What it was picked from.
    pub counts: SampleCounts,
    /// Bytes of the frame, without FCS.
    pub wire_length: u32,
    /// The start of the frame.
    pub header: [u8; MAX_HEADER],
    /// How many bytes of it there are.
    pub header_length: usize,
}

/// Which way frames go at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// In alone: a tap.
    In = 3,
    /// Out alone: a tool.
    Out = 4,
    /// Both.
    Full = 1,
}

/// Frames one way, since the port was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Bytes, without FCS.
    pub octets: u64,
    /// All frames.
    pub frames: u64,
    /// How many of them were multicast and broadcast, where that is known.
    pub groups: Option<(u64, u64)>,
    /// Frames that were lost for want of room.
    pub discards: u64,
    /// Frames that were wrong.
    pub errors: u64,
}

/// A port and its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its number.
    pub port: u16,
    /// Bits per second; 0 if that is not known.
    pub speed: u64,
    /// Which way frames go.
    pub direction: Direction,
    /// Whether it works.
    pub is_up: bool,
    /// What came in.
    pub received: Way,
    /// What went out.
    pub sent: Way,
}

/// Makes datagrams of one agent.
#[derive(Debug)]
pub struct Encoder {
    agent: IpAddr,
    sequence: u32,
    datagram: Vec<u8>,
    samples: u32,
}

/// Where the number of samples stands, and what is before it.
fn header(agent: IpAddr) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(MAX_DATAGRAM);
    datagram.u32(5);
    match agent {
        IpAddr::V4(address) => {
            datagram.u32(1);
            datagram.bytes(&address.octets());
        }
        IpAddr::V6(address) => {
            datagram.u32(2);
            datagram.bytes(&address.octets());
        }
    }
    // Sub-agent, sequence number, time since the start, number of samples: all but the first when it is sent.
    for _ in 0..4 {
        datagram.u32(0);
    }
    datagram
}

fn padded(datagram: &mut Vec<u8>, bytes: &[u8]) {
    datagram.u32(bytes.len() as u32);
    datagram.bytes(bytes);
    datagram.bytes(&[0; 3][..bytes.len().wrapping_neg() % 4]);
}

/// Puts a length in front of what `write` writes.
fn with_length(datagram: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = datagram.len();
    datagram.u32(0);
    write(datagram);
    let length = (datagram.len() - at - 4) as u32;
    datagram.put_u32_at(at, length);
}

fn flow_sample(datagram: &mut Vec<u8>, sample: &Sample) {
    datagram.u32(FLOW_SAMPLE);
    with_length(datagram, |datagram| {
        let port = u32::from(sample.port);
        // The other side is not known: copies go to any number of tools, and a copy does not say where its packet came in.
        let (input, output) = if sample.is_sent { (0, port) } else { (port, 0) };
        let SampleCounts { rate, pool, drops } = sample.counts;
        for value in [sample.sequence, port, rate, pool, drops, input, output, 1, RAW_HEADER] {
            datagram.u32(value);
        }
        with_length(datagram, |datagram| {
            for value in [ETHERNET, sample.wire_length.saturating_add(FCS), FCS] {
                datagram.u32(value);
            }
            padded(datagram, sample.header.get(..sample.header_length).unwrap_or_default());
        });
    });
}

fn way(datagram: &mut Vec<u8>, way: &Way) {
    datagram.u64(way.octets.wrapping_add(way.frames.wrapping_mul(u64::from(FCS))));
    // Counters of 32 bits wrap.
    let (unicast, groups) = match way.groups {
        Some((multicast, broadcast)) => (
            way.frames.saturating_sub(multicast).saturating_sub(broadcast),
            [multicast as u32, broadcast as u32],
        ),
        None => (way.frames, [UNKNOWN; 2]),
    };
    for value in [unicast as u32, groups[0], groups[1], way.discards as u32, way.errors as u32] {
        datagram.u32(value);
    }
}

fn counter_sample(datagram: &mut Vec<u8>, sequence: u32, interface: &Interface) {
    datagram.u32(COUNTER_SAMPLE);
    with_length(datagram, |datagram| {
        let port = u32::from(interface.port);
        for value in [sequence, port, 1, INTERFACE_COUNTERS] {
            datagram.u32(value);
        }
        with_length(datagram, |datagram| {
            datagram.u32(port);
            datagram.u32(ETHERNET_CSMACD);
            datagram.u64(interface.speed);
            datagram.u32(interface.direction as u32);
            // Administratively up, and whether it works.
            datagram.u32(1 | u32::from(interface.is_up) << 1);
            way(datagram, &interface.received);
            // Protocols that are not known: there are none that are.
            datagram.u32(UNKNOWN);
            way(datagram, &interface.sent);
            // What comes in is taken, whoever it is for.
            datagram.u32(u32::from(interface.direction != Direction::Out));
        });
    });
}

impl Encoder {
    /// Of the agent with that address.
    pub fn new(agent: IpAddr) -> Self {
        Self { agent, sequence: 0, datagram: header(agent), samples: 0 }
    }

    /// Keeps what was written behind `before` if it fits.
    fn fits(&mut self, before: usize) -> bool {
        if self.datagram.len() > MAX_DATAGRAM {
            self.datagram.truncate(before);
            return false;
        }
        self.samples += 1;
        true
    }

    /// Puts a sample into the datagram; `false` if it has no room: send it, then try again.
    pub fn sample(&mut self, sample: &Sample) -> bool {
        let before = self.datagram.len();
        flow_sample(&mut self.datagram, sample);
        self.fits(before)
    }

    /// Puts a port's counters into the datagram, the `sequence`-th ones of that port; `false` as above.
    pub fn counters(&mut self, sequence: u32, interface: &Interface) -> bool {
        let before = self.datagram.len();
        counter_sample(&mut self.datagram, sequence, interface);
        self.fits(before)
    }

    /// Whether there is something to send.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// The datagram, so many milliseconds after the agent began.
    pub fn take(&mut self, uptime_ms: u32) -> Vec<u8> {
        let mut datagram = std::mem::replace(&mut self.datagram, header(self.agent));
        self.sequence = self.sequence.wrapping_add(1);
        let end = header(self.agent).len();
        datagram.put_u32_at(end - 12, self.sequence);
        datagram.put_u32_at(end - 8, uptime_ms);
        datagram.put_u32_at(end - 4, std::mem::take(&mut self.samples));
        datagram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_are_whole_words_and_lengths_are_right() {
        let mut encoder = Encoder::new(IpAddr::from([192, 0, 2, 1]));
        let mut sample = Sample {
            port: 1,
            is_sent: false,
            sequence: 1,
            counts: SampleCounts { rate: 10, pool: 12, drops: 0 },
            wire_length: 61,
            header: [7; MAX_HEADER],
            header_length: 61,
        };
        let mut datagrams = Vec::new();
        let mut all = 0;
        for sequence in 1..=40 {
            sample.sequence = sequence;
            sample.header_length = sequence as usize;
            if !encoder.sample(&sample) {
                datagrams.push(encoder.take(5));
                assert!(encoder.sample(&sample), "an empty datagram has room");
            }
        }
        datagrams.push(encoder.take(6));
        assert!(encoder.is_empty());
        for (index, datagram) in datagrams.iter().enumerate() {
            assert!(datagram.len() <= MAX_DATAGRAM && datagram.len() % 4 == 0);
            let word = |at: usize| u32::from_be_bytes(*datagram[at..].first_chunk().expect("it is there"));
            assert_eq!((word(0), word(4), word(16)), (5, 1, index as u32 + 1));
            let (mut at, mut samples) = (28, 0);
            while at < datagram.len() {
                assert_eq!(word(at), FLOW_SAMPLE);
                at += 8 + word(at + 4) as usize;
                samples += 1;
            }
            assert_eq!((at, samples), (datagram.len(), word(24)));
            all += samples;
        }
        assert_eq!(all, 40);
    }
}
