//! What lies around the packets of a conversation: the two ends' addresses, tags and tunnels.

use super::dice::Dice;
use crate::frame::{Erspan2, Ethernet, Frame, Geneve, Gre, GtpU, Ipv4, Ipv6, Layer, Mpls, Udp, Vlan, Vxlan};

/// MACs on the side of tap A: the clients' switch and the router.
pub(super) const CLIENT_SIDE: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0x0a, 1], [2, 0, 0, 0, 0x0a, 2]);
/// MACs on the side of tap B: the router and the servers' switch.
pub(super) const SERVER_SIDE: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0x0b, 1], [2, 0, 0, 0, 0x0b, 2]);

/// Source and destination MAC behind the router.
pub(super) fn behind_router(forward: bool) -> ([u8; 6], [u8; 6]) {
    swapped(SERVER_SIDE, forward)
}

/// What frames of a conversation are wrapped in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrap {
    Plain,
    Vlan(u16),
    QinQ(u16, u16),
    Mpls(u32, u32),
    Vxlan(u32),
    Geneve(u32),
    Gre(u32),
    GtpU(u32),
    Erspan(u16),
}

/// Addresses of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    V4([u8; 4], [u8; 4]),
    V6([u8; 16], [u8; 16]),
}

impl Ends {
    pub(super) fn v4(dice: &mut Dice) -> Self {
        let client = [10, 1, dice.between(0, 3) as u8, dice.between(1, 250) as u8];
        let server = [198, 51, 100, dice.between(1, 30) as u8];
        Self::V4(client, server)
    }

    pub(super) fn v6(dice: &mut Dice) -> Self {
        let address = |network: u8, host: u64| {
            let mut address = [0x20, 0x01, 0x0d, 0xb8, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            address[15] = host as u8;
            address
        };
        Self::V6(address(1, dice.between(1, 250)), address(2, dice.between(1, 30)))
    }

    /// The IP layer in one direction.
    fn layer(self, forward: bool, id: u16, dont_fragment: bool) -> Layer {
        match self {
            Self::V4(client, server) => {
                let (source, destination) = swapped((client, server), forward);
                Ipv4 { dont_fragment, ..Ipv4::new(source, destination).id(id) }.into()
            }
            Self::V6(client, server) => {
                let (source, destination) = swapped((client, server), forward);
                Ipv6::new(source, destination).into()
            }
        }
    }
}

/// One conversation's way through the network.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) wrap: Wrap,
    pub(super) ends: Ends,
    /// Low bytes of the tunnel's outer addresses, and its source port.
    outer: (u8, u8, u16),
    /// IPv4 identification in each direction, and of the tunnel.
    ids: [u16; 3],
}

impl Path {
    pub(super) fn new(dice: &mut Dice, wrap: Wrap, ends: Ends) -> Self {
        let outer = (dice.between(1, 9) as u8, dice.between(1, 9) as u8, dice.client_port());
        Self { wrap, ends, outer, ids: [dice.short(), dice.short(), dice.short()] }
    }

    /// Most bytes of TCP payload in a frame of ordinary size.
    pub(super) fn segment_bytes(&self) -> usize {
        match (&self.wrap, self.ends) {
            (Wrap::Plain | Wrap::Vlan(_) | Wrap::QinQ(..), Ends::V4(..)) => 1_448,
            (Wrap::Plain | Wrap::Vlan(_) | Wrap::QinQ(..), Ends::V6(..)) => 1_428,
            _ => 1_360,
        }
    }

    /// The layers of the next packet up to IP, in one direction.
    pub(super) fn headers(&mut self, forward: bool, dont_fragment: bool) -> Frame {
        let id = &mut self.ids[usize::from(forward)];
        *id = id.wrapping_add(1);
        let id = *id;
        self.wrapped(forward).then(self.ends.layer(forward, id, dont_fragment))
    }

    fn wrapped(&mut self, forward: bool) -> Frame {
        let (source, destination) = swapped(CLIENT_SIDE, forward);
        let frame = Frame::new().then(Ethernet::new(source, destination));
        match self.wrap {
            Wrap::Plain => frame,
            Wrap::Vlan(id) => frame.then(Vlan::new(id)),
            Wrap::QinQ(outer, inner) => frame.then(Vlan::service(outer)).then(Vlan::new(inner)),
            Wrap::Mpls(outer, inner) => frame.then(Mpls::new(outer)).then(Mpls::new(inner)),
            Wrap::Vxlan(vni) => {
                let udp = Udp::new(self.outer.2, Udp::VXLAN).without_checksum();
                frame
                    .then(self.outer_ip(forward))
                    .then(udp)
                    .then(Vxlan::new(vni))
                    .then(inner_ethernet(forward))
            }
            Wrap::Geneve(vni) => {
                let header = Geneve::new(vni).option(0xff00, 1, &[0, 0, 0, 7]);
                let udp = Udp::new(self.outer.2, Udp::GENEVE);
                frame.then(self.outer_ip(forward)).then(udp).then(header).then(inner_ethernet(forward))
            }
            Wrap::Gre(key) => frame.then(self.outer_ip(forward)).then(Gre::new().key(key)),
            Wrap::GtpU(teid) => {
                let udp = Udp::new(Udp::GTP_U, Udp::GTP_U);
                // Each direction has a tunnel endpoint of its own.
                let header = GtpU::new(teid + u32::from(forward));
                frame.then(self.outer_ip(forward)).then(udp).then(header)
            }
            Wrap::Erspan(session) => {
                // A mirror sends in one direction only, whatever it mirrors.
                let (source, destination) = CLIENT_SIDE;
                let ip = self.outer_ip(true);
                let gre = Gre::new().sequence(u32::from(self.ids[2]));
                let frame = Frame::new().then(Ethernet::new(source, destination)).then(ip).then(gre);
                frame.then(Erspan2::new(session)).then(inner_ethernet(forward))
            }
        }
    }

    /// Whether frames in this direction go from the side of tap A to that of tap B.
    pub(super) fn crosses_forward(&self, forward: bool) -> bool {
        forward || matches!(self.wrap, Wrap::Erspan(_))
    }

    fn outer_ip(&mut self, forward: bool) -> Ipv4 {
        self.ids[2] = self.ids[2].wrapping_add(1);
        let (source, destination) =
            swapped(([10, 200, 0, self.outer.0], [10, 200, 1, self.outer.1]), forward);
        Ipv4 { dont_fragment: true, ..Ipv4::new(source, destination).ttl(62).id(self.ids[2]) }
    }
}

fn inner_ethernet(forward: bool) -> Ethernet {
    let (source, destination) = swapped(([2, 0, 0, 0, 0x0c, 1], [2, 0, 0, 0, 0x0c, 2]), forward);
    Ethernet::new(source, destination)
}

/// The pair, turned round where it is the way back.
fn swapped<T>((client, server): (T, T), forward: bool) -> (T, T) {
    if forward { (client, server) } else { (server, client) }
}
