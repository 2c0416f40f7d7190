//! tcpdump and the expressions here select the same of a few hundred untagged packets. The packets are made from
//! field values, so no decoder stands between; agreement over real captures is tested through the whole pipeline.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use sluice_policy::fields::{Address, Field, FieldValue, FieldValues, LLC};

use crate::tcpdump::BOTH_ACCEPT;
use crate::terms_of;

/// Numbers that look random and are the same every time.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A packet's bytes, and the values that its fields have.
struct Packet {
    bytes: Vec<u8>,
    values: FieldValues,
}

impl Packet {
    fn number(&mut self, field: Field, value: u64) {
        self.values.set(field, FieldValue::Number(value));
    }
}

const MACS: [u64; 4] = [0x0011_2233_4455, 0x0001_0203_0405, 0x0100_5E00_0001, 0xFFFF_FFFF_FFFF];
const V4: [u32; 8] =
    [0xC000_0201, 0xC000_0202, 0x0A00_0001, 0x0A01_0203, 0x0A01_0901, 0xE000_0001, 0xFFFF_FFFF, 0x7F00_0001];
const V6: [u128; 4] = [1, 0xFE80 << 112 | 1, 0x2001_0DB8 << 96 | 5, 0xFF02 << 112 | 1];
const PORTS: [u16; 10] = [80, 81, 443, 53, 123, 22, 20, 5, 1024, 8];

fn packet(random: &mut Sequence) -> Packet {
    let mut packet = Packet { bytes: Vec::new(), values: FieldValues::default() };
    let (dst, src) = (random.one_of(&MACS), random.one_of(&MACS));
    packet.number(Field::MacDst, dst);
    packet.number(Field::MacSrc, src);
    packet.bytes.extend_from_slice(&dst.to_be_bytes()[2..]);
    packet.bytes.extend_from_slice(&src.to_be_bytes()[2..]);
    match random.below(10) {
        0 => arp(&mut packet, random),
        1 => link(&mut packet, random),
        2..=4 => ip6(&mut packet, random),
        _ => ip(&mut packet, random),
    }
    let least = random.one_of(&[60usize, 64, 100, 101, 114, 115]);
    packet.bytes.resize(packet.bytes.len().max(least), 0);
    let length = u16::try_from(packet.bytes.len()).expect("the packets are short");
    packet.values.set(Field::Length, FieldValue::Port(Some(length)));
    packet
}

fn ether_type(packet: &mut Packet, value: u16) {
    packet.bytes.extend_from_slice(&value.to_be_bytes());
    packet.number(Field::EtherType, value.into());
    packet.number(Field::L3, value.into());
}

fn link(packet: &mut Packet, random: &mut Sequence) {
    if random.below(2) == 0 {
        ether_type(packet, random.one_of(&[0x88CC, 0x9000, 0x8863]));
    } else {
        let dsap = random.one_of(&[0x42u8, 0xAA]);
        packet.bytes.extend_from_slice(&[0, 40, dsap, dsap, 3]);
        packet.number(Field::EtherType, LLC + u64::from(dsap));
        packet.number(Field::L3, LLC + u64::from(dsap));
    }
}

fn addresses(packet: &mut Packet, src: Address, dst: Address) {
    packet.values.set(Field::AddressSrc, FieldValue::Address(src));
    packet.values.set(Field::AddressDst, FieldValue::Address(dst));
}

fn arp(packet: &mut Packet, random: &mut Sequence) {
    ether_type(packet, random.one_of(&[0x0806, 0x8035]));
    let (src, dst) = (random.one_of(&V4), random.one_of(&V4));
    packet.bytes.extend_from_slice(&[0, 1, 8, 0, 6, 4, 0, 1, 2, 2, 2, 2, 2, 2]);
    packet.bytes.extend_from_slice(&src.to_be_bytes());
    packet.bytes.extend_from_slice(&[3; 6]);
    packet.bytes.extend_from_slice(&dst.to_be_bytes());
    addresses(packet, Address::V4(src), Address::V4(dst));
}

fn ip(packet: &mut Packet, random: &mut Sequence) {
    ether_type(packet, 0x0800);
    let (src, dst) = (random.one_of(&V4), random.one_of(&V4));
    let protocol = random.one_of(&[6u8, 6, 6, 17, 17, 132, 1, 2, 47, 50, 51, 89, 103, 112]);
    let ttl = random.one_of(&[1u8, 4, 5, 64]);
    let (fragment, word) = random.one_of(&[(1u64, 0u16), (1, 0x4000), (2, 0x2000), (3, 0x2005), (3, 5)]);
    packet.bytes.extend_from_slice(&[0x45, 0xB8, 0, 40, 0, 1]);
    packet.bytes.extend_from_slice(&word.to_be_bytes());
    packet.bytes.extend_from_slice(&[ttl, protocol, 0, 0]);
    packet.bytes.extend_from_slice(&src.to_be_bytes());
    packet.bytes.extend_from_slice(&dst.to_be_bytes());
    addresses(packet, Address::V4(src), Address::V4(dst));
    packet.number(Field::Dscp, 46);
    packet.number(Field::Ecn, 0);
    packet.number(Field::Ttl, ttl.into());
    packet.number(Field::Fragment, fragment);
    packet.number(Field::IpProto, protocol.into());
    if fragment == 3 {
        packet.bytes.extend_from_slice(&[0, 80, 0, 80, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    } else {
        transport(packet, random, protocol);
    }
}

fn ip6(packet: &mut Packet, random: &mut Sequence) {
    ether_type(packet, 0x86DD);
    let (src, dst) = (random.one_of(&V6), random.one_of(&V6));
    let protocol = random.one_of(&[6u8, 17, 132, 58, 58, 50, 103, 1]);
    packet.bytes.extend_from_slice(&[0x60, 0, 0, 0, 0, 20, protocol, 64]);
    packet.bytes.extend_from_slice(&src.to_be_bytes());
    packet.bytes.extend_from_slice(&dst.to_be_bytes());
    addresses(packet, Address::V6(src), Address::V6(dst));
    packet.number(Field::Dscp, 0);
    packet.number(Field::Ecn, 0);
    packet.number(Field::Ttl, 64);
    packet.number(Field::Fragment, 1);
    packet.number(Field::IpProto, protocol.into());
    transport(packet, random, protocol);
}

fn transport(packet: &mut Packet, random: &mut Sequence, protocol: u8) {
    let (src, dst) = (random.one_of(&PORTS), random.one_of(&PORTS));
    let flags = random.one_of(&[0x02u8, 0x12, 0x10, 0x18, 0x04]);
    let (kind, code) = (random.one_of(&[0u8, 3, 8, 128, 135]), random.one_of(&[0u8, 4]));
    let ports = matches!(protocol, 6 | 17 | 132);
    let mut bytes = [0u8; 20];
    if ports {
        bytes[..2].copy_from_slice(&src.to_be_bytes());
        bytes[2..4].copy_from_slice(&dst.to_be_bytes());
        packet.values.set(Field::L4Src, FieldValue::Port(Some(src)));
        packet.values.set(Field::L4Dst, FieldValue::Port(Some(dst)));
    }
    match protocol {
        6 => {
            bytes[13] = flags;
            packet.number(Field::TcpFlags, flags.into());
        }
        1 | 58 => {
            bytes[..2].copy_from_slice(&[kind, code]);
            let family = if protocol == 1 { 1 } else { 2 };
            packet.number(Field::Icmp, family << 16 | u64::from(kind) << 8 | u64::from(code));
        }
        _ => {}
    }
    packet.bytes.extend_from_slice(&bytes);
}

/// A classic capture, little endian; the packet's number is its time in seconds.
fn capture(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [0xA1B2_C3D4u32, 0x0004_0002, 0, 0, 65535, 1] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    for (i, packet) in packets.iter().enumerate() {
        let (number, length) = (i as u32, packet.bytes.len() as u32);
        for word in [number, 0, length, length] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(&packet.bytes);
    }
    bytes
}

/// The numbers of the packets in a capture that tcpdump wrote.
fn numbers(capture: &[u8]) -> Vec<usize> {
    let word =
        |at: usize| -> Option<u32> { Some(u32::from_le_bytes(capture.get(at..at + 4)?.try_into().ok()?)) };
    let mut found = Vec::new();
    let mut at = 24;
    while let (Some(number), Some(length)) = (word(at), word(at + 8)) {
        found.push(number as usize);
        at += 16 + length as usize;
    }
    found
}

/// What tcpdump selects; `None` where it is not there.
fn selected(file: &Path, expression: &str) -> Option<Vec<usize>> {
    let input = File::open(file).expect("the capture was just written");
    let mut command = Command::new("tcpdump");
    let output = command.args(["-r", "-", "-w", "-", expression]).stdin(Stdio::from(input)).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("rejects all packets") {
        return Some(Vec::new());
    }
    assert!(output.status.success(), "tcpdump refuses `{expression}`: {said}");
    Some(numbers(&output.stdout))
}

#[test]
fn selects_what_tcpdump_selects() {
    let mut random = Sequence(1);
    let packets: Vec<Packet> = (0..400).map(|_| packet(&mut random)).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agreement.pcap");
    std::fs::write(&file, capture(&packets)).expect("the capture can be written");

    // `vlan` and `mpls` move the offsets of all that follows in tcpdump; they are alone in the list of both.
    let plain: Vec<&str> = BOTH_ACCEPT
        .iter()
        .copied()
        .filter(|each| !each.is_empty() && !each.contains("vlan") && !each.contains("mpls"))
        .collect();
    let mut expressions: Vec<String> = plain.iter().map(|each| (*each).to_owned()).collect();
    for _ in 0..150 {
        let mut text = format!("({})", random.one_of(&plain));
        for _ in 0..=random.below(3) {
            let (operator, not) = (random.one_of(&["and", "or"]), random.one_of(&["", "", "not "]));
            text = format!("{text} {operator} {not}({})", random.one_of(&plain));
        }
        expressions.push(text);
    }
    for expression in &expressions {
        let (_, terms) = terms_of(expression).expect("tcpdump's expressions are accepted");
        let Some(theirs) = selected(&file, expression) else {
            println!("skipped: tcpdump is not there");
            return;
        };
        let matches = |packet: &Packet| terms.iter().any(|term| term.matches(&packet.values));
        let ours: Vec<usize> = (0..packets.len()).filter(|i| matches(&packets[*i])).collect();
        assert!(ours == theirs, "`{expression}`: ours {ours:?}\ntcpdump {theirs:?}");
    }
}
