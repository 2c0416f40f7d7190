//! Conversations: who says what to whom, when.

use super::dice::Dice;
use super::path::{CLIENT_SIDE, Ends, Path, SERVER_SIDE, Wrap};
use super::{Event, Reach, messages};
use crate::frame::{Arp, Ethernet, Frame, Icmp, Icmpv6, Ipv6, Sctp, Tcp, Udp, sctp_data_chunk};

/// Kinds of conversation, with how often each comes up.
const MIX: [(Kind, u64); 22] = [
    (Kind::Web(Around::Nothing), 18),
    (Kind::Tls(Around::Nothing), 18),
    (Kind::Dns, 20),
    (Kind::Ping, 6),
    (Kind::AddressResolution, 4),
    (Kind::WebV6, 6),
    (Kind::DnsV6, 6),
    (Kind::PingV6, 3),
    (Kind::NeighborDiscovery, 3),
    (Kind::Sctp, 4),
    (Kind::Web(Around::Vlan), 8),
    (Kind::Tls(Around::QinQ), 4),
    (Kind::Web(Around::Mpls), 4),
    (Kind::Web(Around::Vxlan), 6),
    (Kind::Tls(Around::Geneve), 4),
    (Kind::Web(Around::Gre), 3),
    (Kind::Tls(Around::GtpU), 4),
    (Kind::Web(Around::Erspan), 3),
    (Kind::Fragments, 3),
    (Kind::Jumbo, 2),
    (Kind::Minimum, 3),
    (Kind::PingVlan, 2),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Web(Around),
    Tls(Around),
    Dns,
    Ping,
    AddressResolution,
    WebV6,
    DnsV6,
    PingV6,
    NeighborDiscovery,
    Sctp,
    Fragments,
    Jumbo,
    Minimum,
    PingVlan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    Nothing,
    Vlan,
    QinQ,
    Mpls,
    Vxlan,
    Geneve,
    Gre,
    GtpU,
    Erspan,
}

impl Around {
    fn wrap(self, dice: &mut Dice) -> Wrap {
        match self {
            Self::Nothing => Wrap::Plain,
            Self::Vlan => Wrap::Vlan(100 + dice.between(0, 9) as u16),
            Self::QinQ => Wrap::QinQ(500 + dice.between(0, 1) as u16, 10 + dice.between(0, 4) as u16),
            Self::Mpls => Wrap::Mpls(16_000 + dice.between(0, 9) as u32, 24_000 + dice.between(0, 9) as u32),
            Self::Vxlan => Wrap::Vxlan(5_000 + dice.between(0, 4) as u32),
            Self::Geneve => Wrap::Geneve(7_000 + dice.between(0, 4) as u32),
            Self::Gre => Wrap::Gre(dice.between(1, 5) as u32),
            Self::GtpU => Wrap::GtpU(0x1000 + 2 * dice.between(0, 99) as u32),
            Self::Erspan => Wrap::Erspan(dice.between(1, 4) as u16),
        }
    }
}

/// Conversations of at least `packets` frames: one of each kind first, then as the mix has it.
pub(super) fn conversations(dice: &mut Dice, packets: usize) -> Vec<Event> {
    const START_GAP_NS: (u64, u64) = (20_000, 380_000);
    let total: u64 = MIX.iter().map(|(_, weight)| weight).sum();
    let mut script = Script { dice, events: Vec::with_capacity(packets + 64), time: 0 };
    let mut start = 0;
    let mut number = 0;
    while script.events.len() < packets {
        let kind = MIX.get(number).map_or_else(|| pick(script.dice.between(1, total)), |(kind, _)| *kind);
        script.time = start;
        script.converse(kind);
        start += script.dice.between(START_GAP_NS.0, START_GAP_NS.1);
        number += 1;
    }
    script.events
}

fn pick(mut roll: u64) -> Kind {
    for (kind, weight) in MIX {
        if roll <= weight {
            return kind;
        }
        roll -= weight;
    }
    Kind::Dns
}

/// Writes down the events of one conversation after the other.
struct Script<'a> {
    dice: &'a mut Dice,
    events: Vec<Event>,
    /// When the next frame of the conversation is sent.
    time: u64,
}

impl Script<'_> {
    fn converse(&mut self, kind: Kind) {
        match kind {
            Kind::Web(around) => {
                let ends = Ends::v4(self.dice);
                self.web(around, ends);
            }
            Kind::WebV6 => {
                let ends = Ends::v6(self.dice);
                self.web(Around::Nothing, ends);
            }
            Kind::Tls(around) => self.tls(around),
            Kind::Dns => {
                let ends = Ends::v4(self.dice);
                self.dns(ends);
            }
            Kind::DnsV6 => {
                let ends = Ends::v6(self.dice);
                self.dns(ends);
            }
            Kind::Ping => self.ping(Around::Nothing),
            Kind::PingVlan => self.ping(Around::Vlan),
            Kind::PingV6 => self.ping_v6(),
            Kind::AddressResolution => self.address_resolution(),
            Kind::NeighborDiscovery => self.neighbor_discovery(),
            Kind::Sctp => self.sctp(),
            Kind::Fragments => self.fragments(),
            Kind::Jumbo => self.jumbo(),
            Kind::Minimum => self.minimum(),
        }
    }

    fn path(&mut self, around: Around, ends: Ends) -> Path {
        let wrap = around.wrap(self.dice);
        Path::new(self.dice, wrap, ends)
    }

    fn send(&mut self, forward: bool, reach: Reach, frame: Frame) {
        self.events.push(Event { time: self.time, forward, reach, frame });
        // A frame every 1 to 3 microseconds at most from one conversation.
        self.time += self.dice.between(1_000, 3_000) + 1_230;
    }

    /// Lets a part of a round trip pass.
    fn wait(&mut self) {
        self.time += self.dice.between(40_000, 220_000);
    }

    fn web(&mut self, around: Around, ends: Ends) {
        let path = self.path(around, ends);
        let pages = self.dice.between(1, 3);
        let mut said = Vec::new();
        for _ in 0..pages {
            said.push((true, messages::http_request(self.dice.between(1, 999))));
            let bytes = self.dice.between(100, 9_000) as usize;
            said.push((false, messages::http_response(bytes)));
        }
        self.tcp(path, 80, &said);
    }

    fn tls(&mut self, around: Around) {
        let ends = Ends::v4(self.dice);
        let path = self.path(around, ends);
        let mut said = vec![
            (true, messages::tls_client_hello(self.dice)),
            (false, [messages::tls_server_hello(self.dice), messages::tls_data(self.dice, 2_400)].concat()),
        ];
        for _ in 0..self.dice.between(1, 4) {
            let (asked, answered) =
                (self.dice.between(50, 800) as usize, self.dice.between(50, 7_000) as usize);
            said.push((true, messages::tls_data(self.dice, asked)));
            said.push((false, messages::tls_data(self.dice, answered)));
        }
        self.tcp(path, 443, &said);
    }

    /// A TCP session: handshake, messages in turn, each acknowledged, and both sides closing.
    fn tcp(&mut self, path: Path, server_port: u16, said: &[(bool, Vec<u8>)]) {
        let mut session = Session {
            path,
            ports: (self.dice.client_port(), server_port),
            next: [self.dice.word(), self.dice.word()],
            clock: [self.dice.word(), self.dice.word()],
            stamped: [0; 2],
            started: self.time,
        };
        let segment_bytes = session.path.segment_bytes();
        self.segment(&mut session, true, Tcp::SYN, &[]);
        self.wait();
        self.segment(&mut session, false, Tcp::SYN | Tcp::ACK, &[]);
        self.wait();
        self.segment(&mut session, true, Tcp::ACK, &[]);
        for (forward, message) in said {
            let segments = message.chunks(segment_bytes);
            let last = segments.len() - 1;
            for (index, part) in segments.enumerate() {
                let flags = if index == last { Tcp::PSH | Tcp::ACK } else { Tcp::ACK };
                self.segment(&mut session, *forward, flags, part);
                if index % 2 == 1 {
                    self.segment(&mut session, !forward, Tcp::ACK, &[]);
                }
            }
            self.wait();
        }
        self.segment(&mut session, true, Tcp::FIN | Tcp::ACK, &[]);
        self.wait();
        self.segment(&mut session, false, Tcp::FIN | Tcp::ACK, &[]);
        self.wait();
        self.segment(&mut session, true, Tcp::ACK, &[]);
    }

    fn segment(&mut self, session: &mut Session, forward: bool, flags: u8, data: &[u8]) {
        let reach_forward = session.path.crosses_forward(forward);
        let frame = session.segment(self.time, forward, flags, data);
        self.send(reach_forward, Reach::Both, frame);
    }

    fn dns(&mut self, ends: Ends) {
        let mut path = self.path(Around::Nothing, ends);
        let (port, id, host) = (self.dice.client_port(), self.dice.short(), self.dice.between(1, 200));
        let query =
            path.headers(true, false).then(Udp::new(port, 53)).payload(&messages::dns_query(id, host));
        self.send(true, Reach::Both, query);
        self.wait();
        let answer =
            path.headers(false, false).then(Udp::new(53, port)).payload(&messages::dns_response(id, host));
        self.send(false, Reach::Both, answer);
    }

    fn ping(&mut self, around: Around) {
        let ends = Ends::v4(self.dice);
        let mut path = self.path(around, ends);
        let id = self.dice.short();
        for sequence in 1..=4 {
            let data = self.dice.bytes(56);
            let request = path.headers(true, true).then(Icmp::echo_request(id, sequence)).payload(&data);
            self.send(true, Reach::Both, request);
            self.wait();
            let reply = path.headers(false, false).then(Icmp::echo_reply(id, sequence)).payload(&data);
            self.send(false, Reach::Both, reply);
        }
    }

    fn ping_v6(&mut self) {
        let ends = Ends::v6(self.dice);
        let mut path = self.path(Around::Nothing, ends);
        let id = self.dice.short();
        for sequence in 1..=2 {
            let data = self.dice.bytes(56);
            let request = path.headers(true, false).then(Icmpv6::echo_request(id, sequence)).payload(&data);
            self.send(true, Reach::Both, request);
            self.wait();
            let reply = path.headers(false, false).then(Icmpv6::echo_reply(id, sequence)).payload(&data);
            self.send(false, Reach::Both, reply);
        }
    }

    /// On either side of the router, for itself.
    fn address_resolution(&mut self) {
        for (reach, (near, router), network) in
            [(Reach::OnlyA, CLIENT_SIDE, 1), (Reach::OnlyB, SERVER_SIDE, 2)]
        {
            let asking = (near, [10, network, 0, self.dice.between(1, 250) as u8]);
            let answering = (router, [10, network, 0, 254]);
            let request =
                Frame::new().then(Ethernet::new(near, [0xff; 6])).then(Arp::request(asking, answering.1));
            self.send(true, reach, request);
            self.wait();
            let reply = Frame::new().then(Ethernet::new(router, near)).then(Arp::reply(answering, asking));
            self.send(false, reach, reply);
        }
    }

    fn neighbor_discovery(&mut self) {
        let (near, router) = CLIENT_SIDE;
        let Ends::V6(client, _) = Ends::v6(self.dice) else { return };
        let gateway = gateway_of(client);
        // The solicited-node multicast group of the gateway, and its MAC (RFC 4291, RFC 2464).
        let group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0xfe];
        let ask = Frame::new()
            .then(Ethernet::new(near, [0x33, 0x33, 0xff, 0, 0, 0xfe]))
            .then(Ipv6::new(client, group).hop_limit(255))
            .then(Icmpv6::neighbor_solicitation(gateway, near));
        self.send(true, Reach::OnlyA, ask);
        self.wait();
        let answer = Frame::new()
            .then(Ethernet::new(router, near))
            .then(Ipv6::new(gateway, client).hop_limit(255))
            .then(Icmpv6::neighbor_advertisement(gateway, router));
        self.send(false, Reach::OnlyA, answer);
    }

    fn sctp(&mut self) {
        let ends = Ends::v4(self.dice);
        let mut path = self.path(Around::Nothing, ends);
        let port = self.dice.client_port();
        let (to_server, to_client, first) = (self.dice.word(), self.dice.word(), self.dice.word());
        for index in 0..self.dice.between(2, 5) as u16 {
            let transmission = first.wrapping_add(u32::from(index));
            let bytes = self.dice.between(20, 900) as usize;
            let chunk = sctp_data_chunk(transmission, index, &self.dice.bytes(bytes));
            let data = path.headers(true, true).then(Sctp::new(port, 47_801, to_server)).payload(&chunk);
            self.send(true, Reach::Both, data);
            self.wait();
            // A SACK chunk: all up to this, a window of 64 KiB, no gaps.
            let sack = [&[3, 0, 0, 16][..], &transmission.to_be_bytes(), &[0, 1, 0, 0], &[0; 4]].concat();
            let answer = path.headers(false, true).then(Sctp::new(47_801, port, to_client)).payload(&sack);
            self.send(false, Reach::Both, answer);
        }
    }

    /// A datagram larger than a frame.
    fn fragments(&mut self) {
        const FRAGMENT_BYTES: usize = 1_480;
        let mut frame = self.datagram(4_000);
        if self.dice.chance(300) {
            // The last fragment comes out tiny.
            frame = frame.payload(&[0x5a; 2 * FRAGMENT_BYTES]);
        }
        for fragment in frame.fragments(FRAGMENT_BYTES) {
            self.send(true, Reach::Both, fragment);
        }
    }

    fn jumbo(&mut self) {
        for _ in 0..3 {
            let frame = self.datagram(8_972);
            self.send(true, Reach::Both, frame);
        }
    }

    /// Datagrams so short that the frames are padded.
    fn minimum(&mut self) {
        for bytes in [0, 1, 17, 18] {
            let frame = self.datagram(bytes);
            self.send(true, Reach::Both, frame);
        }
    }

    /// A UDP datagram of an application that no decoder knows.
    fn datagram(&mut self, bytes: usize) -> Frame {
        let ends = Ends::v4(self.dice);
        let data = self.dice.opaque(bytes);
        let port = self.dice.client_port();
        self.path(Around::Nothing, ends).headers(true, false).then(Udp::new(port, 47_802)).payload(&data)
    }
}

/// The router's address in a client's network.
fn gateway_of(mut address: [u8; 16]) -> [u8; 16] {
    address[15] = 0xfe;
    address
}

/// The state of the two ends of a TCP session. Index 0 is the server, 1 the client.
struct Session {
    path: Path,
    /// Of client and server.
    ports: (u16, u16),
    /// Next sequence number of each end.
    next: [u32; 2],
    /// What each end's timestamp clock showed at the start.
    clock: [u32; 2],
    /// The timestamp that each end sent last, for the other to echo.
    stamped: [u32; 2],
    /// When the session began.
    started: u64,
}

impl Session {
    fn segment(&mut self, time: u64, forward: bool, flags: u8, data: &[u8]) -> Frame {
        let (own, peer) = (usize::from(forward), usize::from(!forward));
        let (client, server) = self.ports;
        let (source, destination) = if forward { (client, server) } else { (server, client) };
        let acknowledged = if flags & Tcp::ACK != 0 { self.next[peer] } else { 0 };
        let mut options = Vec::new();
        if flags & Tcp::SYN != 0 {
            // Maximum segment 1,460, SACK permitted.
            options.extend([2, 4, 5, 0xb4, 4, 2]);
        } else {
            options.extend([1, 1]);
        }
        // Timestamps in microseconds (RFC 7323).
        let elapsed = ((time - self.started) / 1_000) as u32;
        let stamp = self.clock[own].wrapping_add(elapsed);
        self.stamped[own] = stamp;
        options.extend([8, 10]);
        options.extend(stamp.to_be_bytes());
        options.extend(self.stamped[peer].to_be_bytes());
        let tcp = Tcp::new(source, destination)
            .flags(flags)
            .numbers(self.next[own], acknowledged)
            .options(&options);
        let counted = u32::from(flags & (Tcp::SYN | Tcp::FIN) != 0);
        self.next[own] = self.next[own].wrapping_add(data.len() as u32 + counted);
        self.path.headers(forward, true).then(tcp).payload(data)
    }
}
