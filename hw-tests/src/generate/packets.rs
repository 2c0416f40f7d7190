//! Random frames that have the values of a trial, and damage to frames.

use sluice_capture::frame::{
    Arp, Erspan2, Ethernet, Frame, Geneve, Gre, GtpU, Header, Icmp, Icmpv6, Ipv4, Ipv6, Ipv6Extension, Mpls,
    Sctp, Tcp, Udp, Vlan, Vxlan,
};

use super::values::Values;
use crate::captures::Captured;
use crate::trial::Dice;

/// Makes frames of one trial.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    values: &'a Values,
    /// Percent of frames that are damaged.
    damaged: usize,
}

impl<'a> Frames<'a> {
    /// Frames with these values; `damaged` percent of them cut short, flipped or captured short.
    pub fn new(values: &'a Values, damaged: usize) -> Self {
        Self { values, damaged }
    }

    /// One frame.
    pub fn next(&self, dice: &mut Dice) -> Captured {
        let padded = dice.percent(30);
        let frame = self.outer(dice);
        let data = if padded { frame.build_padded() } else { frame.build() };
        let wire_length = data.len() as u32;
        let mut captured = Captured { time_ns: 0, data, wire_length };
        if dice.percent(self.damaged) {
            damage(dice, &mut captured);
        }
        captured
    }

    fn outer(&self, dice: &mut Dice) -> Frame {
        let mut frame = self.tagged(dice, Frame::new());
        match dice.below(20) {
            0 => {
                // 802.1ah: flags and 24-bit service id, then the customer's frame.
                frame = frame.then(Header::new(0x88e7, &[0, 0, 0, 9]));
                frame = self.tagged(dice, frame);
            }
            1..4 => {
                for _ in 0..dice.between(1, 3) {
                    frame = frame.then(Mpls::new(*dice.pick(&self.values.labels)));
                }
                if dice.percent(25) {
                    frame = self.ethernet(dice, frame.then(Header::new(0, &[0; 4])));
                }
            }
            4 => {
                // PPPoE session; the protocol number says IPv4 or IPv6, whatever follows.
                let protocol = *dice.pick(&[0x21, 0x57, 0xc0]);
                frame = frame.then(Header::new(0x8864, &[0x11, 0, 0, 1, 0, 60, 0, protocol]));
            }
            5 => return self.arp(dice, frame),
            6 => {
                let header = *dice.pick(&[(0x0026, [0x42, 0x42, 3]), (0x0040, [0xaa, 0xaa, 3])]);
                return frame.then(Header::new(header.0, &header.1)).payload(&dice.bytes(20));
            }
            7 => return frame.payload(&dice.bytes(40)),
            _ => {}
        }
        if dice.percent(35) { self.tunnel(dice, frame) } else { self.packet(dice, frame) }
    }

    fn mac(&self, dice: &mut Dice) -> [u8; 6] {
        let bytes = dice.pick(&self.values.macs).to_be_bytes();
        [bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]
    }

    fn ethernet(&self, dice: &mut Dice, frame: Frame) -> Frame {
        let (source, destination) = (self.mac(dice), self.mac(dice));
        frame.then(Ethernet::new(source, destination))
    }

    fn tagged(&self, dice: &mut Dice, frame: Frame) -> Frame {
        let frame = self.ethernet(dice, frame);
        self.tags(dice, frame)
    }

    fn tags(&self, dice: &mut Dice, mut frame: Frame) -> Frame {
        let tags = *dice.pick(&[0, 0, 0, 1, 1, 2, 3, 4, 5]);
        for i in 0..tags {
            let id = *dice.pick(&self.values.vlans);
            let tag = if i + 1 < tags && dice.percent(50) { Vlan::service(id) } else { Vlan::new(id) };
            frame = frame.then(tag.priority(dice.below(8) as u8));
        }
        frame
    }

    fn arp(&self, dice: &mut Dice, frame: Frame) -> Frame {
        let sender = (self.mac(dice), self.values.address_v4(dice).to_be_bytes());
        let target = self.values.address_v4(dice).to_be_bytes();
        if dice.percent(20) {
            // RARP has the same form.
            let mut body = vec![0, 1, 8, 0, 6, 4, 0, 3];
            body.extend(sender.0);
            body.extend(sender.1);
            body.extend(sender.0);
            body.extend(target);
            return frame.then(Header::new(0x8035, &body));
        }
        frame.then(Arp::request(sender, target))
    }

    /// IP addresses of either family, IPv4 options and IPv6 extension headers.
    fn network(&self, dice: &mut Dice, frame: Frame) -> (Frame, bool) {
        let values = self.values;
        let dscp = *dice.pick(&[0, 0, 8, 46, 63]);
        if dice.percent(60) {
            let mut ip =
                Ipv4::new(values.address_v4(dice).to_be_bytes(), values.address_v4(dice).to_be_bytes())
                    .ttl(*dice.pick(&[0, 1, 63, 64, 128, 255]))
                    .dscp(dscp)
                    .ecn(dice.below(4) as u8)
                    .id(dice.word() as u16);
            if dice.percent(12) {
                ip = ip.fragment(*dice.pick(&[0, 8, 1480]), dice.percent(70));
            }
            if dice.percent(10) {
                ip = ip.options(&[1; 4]);
            }
            return (frame.then(ip), true);
        }
        let source = values.address_v6(dice).to_be_bytes();
        let ip = Ipv6::new(source, values.address_v6(dice).to_be_bytes())
            .hop_limit(*dice.pick(&[0, 1, 63, 64, 128, 255]))
            .dscp(dscp);
        let mut frame = frame.then(ip);
        for _ in 0..*dice.pick(&[0, 0, 0, 0, 0, 1, 2, 3]) {
            frame = match dice.below(5) {
                0 => frame.then(Ipv6Extension::hop_by_hop(&[])),
                1 => frame.then(Ipv6Extension::destination(&[])),
                2 => frame.then(Ipv6Extension::routing(0, &[source])),
                3 => frame.then(Ipv6Extension::authentication(1, 2)),
                _ => frame.then(Ipv6Extension::fragment(*dice.pick(&[0, 8]), dice.percent(70), 7)),
            };
        }
        (frame, false)
    }

    /// An IP packet with transport and payload.
    fn packet(&self, dice: &mut Dice, frame: Frame) -> Frame {
        let (frame, is_v4) = self.network(dice, frame);
        let (a, b) = (self.values.port(dice), self.values.port(dice));
        let frame = match dice.below(12) {
            0..5 => frame.then(
                Tcp::new(a, b).flags(dice.word() as u8).numbers(dice.word() as u32, dice.word() as u32),
            ),
            5..8 => frame.then(Udp::new(a, b)),
            8 => frame.then(Sctp::new(a, b, 7)),
            9 if is_v4 => frame.then(Icmp::echo_request(1, 2)),
            9 => frame.then(Icmpv6::echo_request(1, 2)),
            10 => frame.then(Header::new(*dice.pick(&[2, 50, 88, 1, 58]), &dice.bytes(8))),
            _ => frame,
        };
        let length = *dice.pick(&[0, 1, 10, 64, 200, 600]);
        frame.payload(&dice.bytes(length))
    }

    fn tunnel(&self, dice: &mut Dice, frame: Frame) -> Frame {
        let (frame, _) = self.network(dice, frame);
        let id = *dice.pick(&self.values.tunnel_ids);
        let source = self.values.port(dice);
        let gre = self.gre(dice);
        let inner_frame = |dice: &mut Dice, frame: Frame| {
            let frame = self.ethernet(dice, frame);
            let frame =
                if dice.percent(30) { frame.then(Vlan::new(*dice.pick(&self.values.vlans))) } else { frame };
            if dice.percent(8) { self.arp(dice, frame) } else { self.packet(dice, frame) }
        };
        match dice.below(8) {
            0 => inner_frame(dice, frame.then(Udp::new(source, Udp::VXLAN)).then(Vxlan::new(id))),
            1 => {
                let mut geneve = Geneve::new(id);
                if dice.percent(40) {
                    geneve = geneve.option(0x0102, 1, &[1, 2, 3, 4]);
                }
                let frame = frame.then(Udp::new(source, Udp::GENEVE)).then(geneve);
                if dice.percent(70) { inner_frame(dice, frame) } else { self.packet(dice, frame) }
            }
            2 => {
                let mut gtpu = GtpU::new(id);
                if dice.percent(30) {
                    gtpu = gtpu.sequence(9);
                }
                if dice.percent(30) {
                    gtpu = gtpu.qos_flow(5);
                }
                self.packet(dice, frame.then(Udp::new(source, Udp::GTP_U)).then(gtpu))
            }
            3 => self.packet(dice, frame.then(gre)),
            4 => inner_frame(dice, frame.then(gre)),
            5 => {
                let frame = frame.then(Gre::new().sequence(4));
                inner_frame(dice, frame.then(Erspan2::new(id as u16 & 0x3ff)))
            }
            6 => {
                // ERSPAN III, with the subheader or without.
                let sub = dice.percent(50);
                let mut header = vec![0x20, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, u8::from(sub)];
                if sub {
                    header.extend([0; 8]);
                }
                inner_frame(dice, frame.then(Gre::new().sequence(4)).then(Header::new(0x22eb, &header)))
            }
            _ => self.packet(dice, frame),
        }
    }

    fn gre(&self, dice: &mut Dice) -> Gre {
        let mut gre = Gre::new();
        if dice.percent(50) {
            gre = gre.key(*dice.pick(&self.values.tunnel_ids) << (8 * dice.below(2)));
        }
        if dice.percent(30) {
            gre = gre.sequence(1);
        }
        if dice.percent(30) {
            gre = gre.checksum();
        }
        gre
    }
}

/// Cuts a frame, flips bytes of it, or pretends that the capture was short.
pub fn damage(dice: &mut Dice, frame: &mut Captured) {
    match dice.below(3) {
        0 => {
            let keep = dice.below(frame.data.len() + 1);
            frame.data.truncate(keep);
            frame.wire_length = keep as u32;
        }
        1 => {
            let keep = dice.below(frame.data.len() + 1);
            frame.data.truncate(keep);
        }
        _ => {
            for _ in 0..dice.between(1, 4) {
                let at = dice.below(frame.data.len().min(120));
                if let Some(byte) = frame.data.get_mut(at) {
                    *byte ^= dice.between(1, 255) as u8;
                }
            }
        }
    }
}
