//! Captures of several taps whose packets' delays are known.

use sluice_capture::frame::{Ethernet, Frame, Gre, GtpU, Icmp, Ipv4, Ipv6, Layer, Tcp, Udp, Vlan, Vxlan};

use crate::dice::Dice;

/// What the network between two taps does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    /// New MACs, TTL one less, new DSCP.
    Routed,
    /// Another VLAN tag, too.
    Vlan,
    /// Other source address and port, other identification.
    Nat,
    Vxlan,
    Gre,
    Gtp,
}

/// How long packets are under way, as the taps' clocks tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    Constant(i64),
    /// 5 us or 80 us, 9 to 1.
    Bimodal,
    /// Pareto: 2 us at least, sometimes milliseconds.
    Heavy,
    /// 10 us by true clocks; the second clock begins 3 us behind, and drifts by 20 ppm.
    Drifting,
    /// 1 to 20 us, so that packets overtake one another.
    Spread,
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) packets: usize,
    pub(crate) delay: Delay,
    /// One for each way from tap to tap.
    pub(crate) changes: Vec<Change>,
    pub(crate) loss: f64,
    /// Share of packets that a tap sees twice.
    pub(crate) twice: f64,
    /// Share of packets that are a heartbeat, the same to the bit each time.
    pub(crate) heartbeats: f64,
    /// Every packet has a payload of its own.
    pub(crate) payloads: bool,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 1,
            packets: 8_000,
            delay: Delay::Constant(10_000),
            changes: vec![Change::Routed],
            loss: 0.0,
            twice: 0.0,
            heartbeats: 0.0,
            payloads: false,
        }
    }
}

/// A packet at a tap, and what it truly is.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) time_ns: u64,
    pub(crate) bytes: Vec<u8>,
    /// The packet.
    pub(crate) uid: usize,
    /// A copy that the tap's mirror port made.
    pub(crate) copy: bool,
    pub(crate) heartbeat: bool,
}

/// Time of the first packet.
pub(crate) const START_NS: u64 = 1_700_000_000_000_000_000;
/// From packet to packet, at most.
const SPACING_NS: u64 = 4_000;

fn mac(last: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, last]
}

/// A packet, no two alike.
fn packet(uid: usize, payloads: bool, dice: &mut Dice) -> Frame {
    let host = dice.below(20) as u8;
    let mut payload: Vec<u8> = (0..dice.below(300)).map(|at| (at * 7) as u8).collect();
    if payloads || uid.is_multiple_of(3) {
        payload.splice(0..0, (uid as u64).to_be_bytes());
    }
    let frame = Frame::new().then(Ethernet::new(mac(1), mac(2)));
    let ip = Ipv4::new([10, 0, 0, host], [10, 0, 1, 1]).id(uid as u16);
    let number = (uid as u32).wrapping_mul(1_460);
    match uid % 5 {
        0 | 1 => frame.then(ip).then(Tcp::new(40_000 + u16::from(host), 443).numbers(number, 77)),
        // Without a sequence number a message is told by its payload.
        2 => frame.then(ip).then(Udp::new(50_000 + u16::from(host), 53)),
        3 => {
            let ends = ([0xfd; 16], [0xfc; 16]);
            frame.then(Ipv6::new(ends.0, ends.1)).then(Tcp::new(41_000, 80).numbers(number, 5))
        }
        _ => frame.then(ip).then(Icmp::echo_request(7, uid as u16)),
    }
    .payload(&if uid % 5 == 2 { [&(uid as u64).to_be_bytes()[..], &payload].concat() } else { payload })
}

fn heartbeat() -> Frame {
    Frame::new()
        .then(Ethernet::new(mac(1), mac(2)))
        .then(Ipv4::new([10, 9, 9, 9], [10, 0, 1, 1]))
        .then(Udp::new(700, 700))
        .payload(b"alive")
}

fn changed(mut frame: Frame, change: Change, hop: usize) -> Frame {
    if change == Change::Nothing {
        return frame;
    }
    frame = frame.routed(mac(10 + hop as u8), mac(20 + hop as u8));
    for layer in &mut frame.layers {
        match layer {
            Layer::Ipv4(ip) => {
                ip.traffic_class = 0x88;
                if change == Change::Nat {
                    (ip.source, ip.id) =
                        ([192, 0, 2, 200 + hop as u8], ip.id.wrapping_mul(31).wrapping_add(5));
                }
            }
            Layer::Tcp(tcp) if change == Change::Nat => tcp.source = tcp.source.wrapping_add(9_000),
            Layer::Udp(udp) if change == Change::Nat => udp.source = udp.source.wrapping_add(9_000),
            _ => {}
        }
    }
    let outer = Frame::new()
        .then(Ethernet::new(mac(30), mac(31)))
        .then(Ipv4::new([172, 16, 0, 1], [172, 16, 0, 2]).id(9));
    let mut layers = match change {
        Change::Vxlan => {
            outer.then(Udp::new(55_555, Udp::VXLAN).without_checksum()).then(Vxlan::new(77)).layers
        }
        Change::Gre => {
            frame.layers.remove(0);
            outer.then(Gre::new()).layers
        }
        Change::Gtp => {
            frame.layers.remove(0);
            outer.then(Udp::new(Udp::GTP_U, Udp::GTP_U)).then(GtpU::new(5)).layers
        }
        Change::Vlan => {
            frame.layers.retain(|layer| !matches!(layer, Layer::Vlan(_)));
            frame.layers.insert(1, Vlan::new(100 + hop as u16).into());
            return frame;
        }
        _ => return frame,
    };
    layers.append(&mut frame.layers);
    Frame { layers, ..frame }
}

fn delay(kind: Delay, since_start_ns: u64, dice: &mut Dice) -> i64 {
    match kind {
        Delay::Constant(delay) => delay,
        Delay::Bimodal if dice.chance(0.9) => 5_000 + dice.below(100) as i64,
        Delay::Bimodal => 80_000 + dice.below(1_000) as i64,
        Delay::Heavy => (2_000.0 / (1.0 - dice.share()).powf(0.7)).min(50_000_000.0) as i64,
        Delay::Drifting => 10_000 - 13_000 + (since_start_ns as f64 * 20e-6) as i64 + dice.below(200) as i64,
        Delay::Spread => 1_000 + dice.below(19_000) as i64,
    }
}

/// What each tap sees, in the order of time.
pub(crate) fn make(scenario: &Scenario) -> Vec<Vec<Sight>> {
    let mut dice = Dice::new(scenario.seed);
    let mut taps: Vec<Vec<Sight>> = vec![Vec::new(); scenario.changes.len() + 1];
    let mut sent_ns = START_NS;
    for uid in 0..scenario.packets {
        sent_ns += 200 + dice.below(SPACING_NS);
        let beat = dice.chance(scenario.heartbeats);
        let mut frame = if beat { heartbeat() } else { packet(uid, scenario.payloads, &mut dice) };
        let mut time_ns = sent_ns;
        for (tap, seen) in taps.iter_mut().enumerate() {
            if let Some(hop) = tap.checked_sub(1) {
                if dice.chance(scenario.loss) {
                    break;
                }
                frame = changed(frame, scenario.changes[hop], hop);
                let delay = delay(scenario.delay, sent_ns - START_NS, &mut dice);
                time_ns = time_ns.checked_add_signed(delay).expect("far from both ends");
            }
            let sight = Sight { time_ns, bytes: frame.build(), uid, copy: false, heartbeat: beat };
            if dice.chance(scenario.twice) {
                seen.push(Sight { time_ns: time_ns + 700, copy: true, ..sight.clone() });
            }
            seen.push(sight);
        }
    }
    for tap in &mut taps {
        tap.sort_by_key(|sight| (sight.time_ns, sight.copy));
    }
    taps
}
