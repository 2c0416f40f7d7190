//! IPFIX (RFC 7011), over UDP: messages with templates and with flows.
//!
//! Two templates, for IPv4 and for IPv6, that differ in their addresses alone; a third one for delays between taps (RFC 9951). A message has at most [`MAX_MESSAGE`] bytes, so that it crosses networks in one piece. Sequence numbers count
//! data records (section 3.1); templates are sent again and again, since UDP loses them (section 8.4).

use crate::flows::{End, Flow};
use crate::wire::Put;

/// Longest message, bytes: fits an Ethernet frame with room for tunnels.
pub const MAX_MESSAGE: usize = 1_400;

/// Bytes of a message's header, and of a set's.
const HEADER: usize = 16;
const SET_HEADER: usize = 4;

/// The set that holds templates (section 3.3.2).
const TEMPLATE_SET: u16 = 2;

/// The two templates: their numbers, and the elements of their addresses.
const IPV4_TEMPLATE: u16 = 256;
const IPV6_TEMPLATE: u16 = 257;

/// Information elements before the addresses, with their lengths in bytes (IANA's registry).
const BEFORE: [(u16, u16); 2] = [(10, 4), (58, 2)];
const IPV4_ADDRESSES: [(u16, u16); 2] = [(8, 4), (12, 4)];
const IPV6_ADDRESSES: [(u16, u16); 2] = [(27, 16), (28, 16)];
/// Ports, protocol, flags of TCP, type of service, packets, octets, start and end in milliseconds, why it ended.
const BEHIND: [(u16, u16); 10] =
    [(7, 2), (11, 2), (4, 1), (6, 1), (5, 1), (2, 8), (1, 8), (152, 8), (153, 8), (136, 1)];

fn template(number: u16, addresses: [(u16, u16); 2], message: &mut Vec<u8>) {
    message.u16(number);
    message.u16((BEFORE.len() + addresses.len() + BEHIND.len()) as u16);
    for (element, length) in BEFORE.into_iter().chain(addresses).chain(BEHIND) {
        message.u16(element);
        message.u16(length);
    }
}

/// The template of delays, and its elements: the way's number (`flowId`), the label of its first tap (`vlanId`), packets, start and end in milliseconds; mean, least, greatest delay and their sum in
/// microseconds (RFC 9951, section 3).
const DELAY_TEMPLATE: u16 = 258;
const DELAYS: [(u16, u16); 9] =
    [(148, 8), (58, 2), (2, 8), (152, 8), (153, 8), (530, 4), (531, 4), (532, 4), (533, 8)];

/// One flow of one port, on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRecord {
    /// Number of the tap port (`ingressInterface`).
    pub port: u16,
    /// What was seen.
    pub flow: Flow,
    /// Why it is told.
    pub end: End,
}

/// Delays from one tap to another in an interval. The elements have no sign: it tells of delays of zero and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathDelay {
    /// Number of the way.
    pub way: u16,
    /// Label of its first tap.
    pub from_label: u16,
    /// Packets with a delay.
    pub packets: u64,
    /// First and last of them, milliseconds since the UNIX epoch.
    pub start_ms: u64,
    /// See `start_ms`.
    pub end_ms: u64,
    /// Mean, microseconds.
    pub mean_us: u32,
    /// The least.
    pub min_us: u32,
    /// The greatest.
    pub max_us: u32,
    /// Their sum.
    pub sum_us: u64,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A flow.
    Flow(FlowRecord),
    /// Delays.
    Path(PathDelay),
}

impl Record {
    fn template(&self) -> u16 {
        match self {
            Self::Flow(record) if record.flow.key.is_ipv6 => IPV6_TEMPLATE,
            Self::Flow(_) => IPV4_TEMPLATE,
            Self::Path(_) => DELAY_TEMPLATE,
        }
    }
}

fn path(delay: &PathDelay, message: &mut Vec<u8>) {
    message.u64(u64::from(delay.way));
    message.u16(delay.from_label);
    message.u64(delay.packets);
    message.u64(delay.start_ms);
    message.u64(delay.end_ms);
    message.u32(delay.mean_us);
    message.u32(delay.min_us);
    message.u32(delay.max_us);
    message.u64(delay.sum_us);
}

fn record(record: &FlowRecord, message: &mut Vec<u8>) {
    let FlowRecord { port, flow, end } = record;
    let key = &flow.key;
    message.u32(u32::from(*port));
    message.u16(key.vlan);
    let skip = if key.is_ipv6 { 0 } else { 12 };
    message.bytes(&key.source[skip..]);
    message.bytes(&key.destination[skip..]);
    message.u16(key.source_port);
    message.u16(key.destination_port);
    message.u8(key.protocol);
    // The lower eight of them, in less bytes than the element has (RFC 7011, section 6.2).
    message.u8(flow.tcp_flags);
    message.u8(flow.tos);
    message.u64(flow.packets);
    message.u64(flow.octets);
    message.u64(flow.start_ns / 1_000_000);
    message.u64(flow.end_ns / 1_000_000);
    message.u8(*end as u8);
}

/// Makes messages of one observation domain.
#[derive(Debug)]
pub struct Encoder {
    domain: u32,
    /// Data records that were sent before.
    sequence: u32,
    message: Vec<u8>,
    /// The set that is open: its number, and where it begins.
    set: Option<(u16, usize)>,
    /// Data records in the message.
    records: u32,
    /// Whether there will be delays.
    has_delays: bool,
}

impl Encoder {
    /// Of that observation domain.
    pub fn new(domain: u32) -> Self {
        Self { domain, sequence: 0, message: vec![0; HEADER], set: None, records: 0, has_delays: false }
    }

    /// With the template of delays.
    pub fn with_delays(self, has_delays: bool) -> Self {
        Self { has_delays, ..self }
    }

    fn close_set(&mut self) {
        if let Some((_, start)) = self.set.take() {
            let length = (self.message.len() - start) as u16;
            self.message.put_u16_at(start + 2, length);
        }
    }

    fn open_set(&mut self, number: u16) {
        self.close_set();
        self.set = Some((number, self.message.len()));
        self.message.u16(number);
        self.message.u16(0);
    }

    /// Puts the templates into the message, which should have nothing yet.
    pub fn templates(&mut self) {
        self.open_set(TEMPLATE_SET);
        template(IPV4_TEMPLATE, IPV4_ADDRESSES, &mut self.message);
        template(IPV6_TEMPLATE, IPV6_ADDRESSES, &mut self.message);
        if self.has_delays {
            self.message.u16(DELAY_TEMPLATE);
            self.message.u16(DELAYS.len() as u16);
            for (element, length) in DELAYS {
                self.message.u16(element);
                self.message.u16(length);
            }
        }
        self.close_set();
    }

    /// Puts a flow into the message; `false` if it has no room: send it, then try again.
    pub fn add(&mut self, one: &Record) -> bool {
        let number = one.template();
        let is_open = self.set.is_some_and(|(open, _)| open == number);
        let before = (self.message.len(), self.set);
        if !is_open {
            self.open_set(number);
        }
        match one {
            Record::Flow(flow) => record(flow, &mut self.message),
            Record::Path(delay) => path(delay, &mut self.message),
        }
        if self.message.len() > MAX_MESSAGE {
            self.message.truncate(before.0);
            self.set = before.1;
            return false;
        }
        self.records += 1;
        true
    }

    /// Whether there is something to send.
    pub fn is_empty(&self) -> bool {
        self.message.len() <= HEADER + SET_HEADER
    }

    /// The message, to be sent at that time (seconds since the UNIX epoch); what is put in from now on is in the next one.
    pub fn take(&mut self, export_time: u32) -> Vec<u8> {
        self.close_set();
        let mut message = std::mem::replace(&mut self.message, vec![0; HEADER]);
        let length = message.len() as u16;
        message.put_u16_at(0, 10);
        message.put_u16_at(2, length);
        message.put_u32_at(4, export_time);
        message.put_u32_at(8, self.sequence);
        message.put_u32_at(12, self.domain);
        self.sequence = self.sequence.wrapping_add(std::mem::take(&mut self.records));
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::Key;

    fn flow(is_ipv6: bool) -> Record {
        let key = Key { is_ipv6, protocol: 17, ..Key::default() };
        let flow = Flow {
            key,
            packets: 3,
            octets: 300,
            start_ns: 5_000_000,
            end_ns: 9_999_999,
            tcp_flags: 0,
            tos: 0,
        };
        Record::Flow(FlowRecord { port: 7, flow, end: End::Idle })
    }

    fn number(message: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(*message[at..].first_chunk().expect("it is long enough"))
    }

    #[test]
    fn messages_fit_sets_close_and_sequences_count_records() {
        let mut encoder = Encoder::new(9);
        assert!(encoder.is_empty());
        encoder.templates();
        let templates = encoder.take(100);
        assert_eq!(
            (templates[..2].to_vec(), number(&templates, 4), number(&templates, 12)),
            (vec![0, 10], 100, 9)
        );
        assert_eq!(number(&templates, 8), 0);
        let (mut sent, mut sequences) = (0u32, Vec::new());
        let mut send = |message: &[u8], records: u32| {
            assert!(message.len() <= MAX_MESSAGE);
            assert_eq!(number(message, 0) & 0xffff, message.len() as u32);
            assert_eq!(number(message, 8), sent, "records before this message");
            // Sets fill the message.
            let mut at = HEADER;
            while at < message.len() {
                let length = number(message, at) & 0xffff;
                assert!(length as usize > SET_HEADER, "at {at}");
                at += length as usize;
            }
            assert_eq!(at, message.len());
            sequences.push(sent);
            sent += records;
        };
        let mut inside = 0;
        for round in 0..200 {
            let one = flow(round % 3 == 0);
            if !encoder.add(&one) {
                send(&encoder.take(101), inside);
                inside = 0;
                assert!(encoder.add(&one), "an empty message has room");
            }
            inside += 1;
        }
        send(&encoder.take(102), inside);
        assert_eq!(sent, 200);
        assert!(sequences.len() > 5, "{sequences:?}");
    }

    #[test]
    fn delays_have_the_elements_of_their_template() {
        let mut encoder = Encoder::new(1);
        let delay = PathDelay {
            way: 1,
            from_label: 101,
            packets: 4,
            start_ms: 5,
            end_ms: 6,
            mean_us: 7,
            min_us: 8,
            max_us: 9,
            sum_us: 10,
        };
        assert!(encoder.add(&Record::Path(delay)));
        let message = encoder.take(100);
        let set = &message[HEADER..];
        assert_eq!(number(set, 0), u32::from(DELAY_TEMPLATE) << 16 | set.len() as u32);
        let (mut at, mut values) = (SET_HEADER, Vec::new());
        for (_, length) in DELAYS {
            let field = &set[at..at + usize::from(length)];
            values.push(field.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte)));
            at += field.len();
        }
        assert_eq!((at, values), (set.len(), vec![1, 101, 4, 5, 6, 7, 8, 9, 10]));
    }
}
