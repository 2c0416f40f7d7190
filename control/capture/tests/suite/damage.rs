//! No input makes reading panic, run past the input, or forget whole packets ahead of the damage.

use proptest::prelude::*;
use sluice_capture::{
    InterfaceOptions, PacketRecord, PcapWriter, PcapngWriter, ReadOptions, Reader, SectionOptions,
};

use crate::common::{Seen, read_all, real_captures};
use crate::raw::{Order, frame};

/// Valid captures of all formats.
fn valid() -> Vec<Vec<u8>> {
    let mut pcap = PcapWriter::new(Vec::new()).expect("memory");
    let mut pcapng = PcapngWriter::new(Vec::new(), SectionOptions::default()).expect("memory");
    pcapng.add_interface(InterfaceOptions { name: "port", ..InterfaceOptions::default() }).expect("memory");
    for index in 0..6_u64 {
        let data = frame(60 + index as usize);
        pcap.write_packet(index, &data, 70).expect("memory");
        let record = PacketRecord {
            time_ns: index,
            data: &data,
            wire_length: 70,
            dropped: Some(index),
            ..Default::default()
        };
        pcapng.write_packet(&record).expect("memory");
    }
    let order = Order::Big;
    let start = [order.section(), order.interface(1, 0, &order.option(9, &[9]))].concat();
    let old =
        [&start[..], &order.obsolete_packet(0, 0, 1, &frame(60), &[]), &order.simple_packet(61, &frame(61))]
            .concat();
    vec![pcap.finish().expect("memory"), pcapng.finish().expect("memory"), old]
}

/// Packets before `position` are read as from the whole file. An interface's bytes change all its packets, so
/// only lengths and data are compared.
fn prefix_is_kept(whole: &[u8], damaged: &[u8], position: usize) {
    let mut reader = Reader::new(whole, ReadOptions::default()).expect("a header");
    let mut before = 0;
    while let Ok(Some(_)) = reader.next_packet() {
        if reader.consumed_bytes() > position as u64 {
            break;
        }
        before += 1;
    }
    let (packets, _) = read_all(damaged, ReadOptions::default());
    let (expected, _) = read_all(whole, ReadOptions::default());
    assert!(packets.len() >= before, "{} of {before} packets before byte {position}", packets.len());
    assert!(
        packets[..before]
            .iter()
            .map(|packet| &packet.data)
            .eq(expected[..before].iter().map(|packet| &packet.data))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (packets, _) = read_all(&bytes, ReadOptions { assume_ethernet: true, ..ReadOptions::default() });
        prop_assert!(packets.iter().map(|packet| packet.data.len()).sum::<usize>() <= bytes.len());
    }

    #[test]
    fn any_bytes_behind_a_header(which in 0_usize..3, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let whole = &valid()[which];
        let file = [&whole[..whole.len() / 2], &bytes].concat();
        let (packets, _) = read_all(&file, ReadOptions::default());
        prop_assert!(packets.iter().all(|packet| packet.wire_length as usize >= packet.data.len()));
    }

    #[test]
    fn flipped_bits(which in 0_usize..3, position in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let whole = &valid()[which];
        // Behind the headers, whose damage concerns all packets.
        let headers = if which == 0 { 24 } else { 60 };
        let position = headers + position.index(whole.len() - headers);
        let mut damaged = whole.clone();
        damaged[position] ^= 1 << bit;
        if which == 0 || position > 120 {
            prefix_is_kept(whole, &damaged, position);
        } else {
            read_all(&damaged, ReadOptions::default());
        }
    }
}

/// Exactly the packets that are there whole are delivered, and a cut within one is an error.
#[test]
fn cut_anywhere() {
    for whole in valid() {
        let mut reader = Reader::new(whole.as_slice(), ReadOptions::default()).expect("a header");
        let mut ends = Vec::new();
        while reader.next_packet().expect("whole").is_some() {
            ends.push(reader.consumed_bytes() as usize);
        }
        let (expected, _) = read_all(&whole, ReadOptions::default());
        for length in 0..whole.len() {
            let (packets, error) = read_all(&whole[..length], ReadOptions::default());
            let count = ends.iter().filter(|end| **end <= length).count();
            assert_eq!(packets, expected[..count], "cut to {length} bytes");
            let within_packet = length > ends[0] && !ends.contains(&length);
            assert!(error.is_some() || !within_packet, "cut to {length} bytes");
        }
    }
}

/// Real captures with a byte changed in every 97th place, and with all bytes of a stretch.
#[test]
fn real_captures_damaged() {
    for file in real_captures().unwrap_or_default() {
        let whole = std::fs::read(&file).expect("readable");
        if whole.len() > 30_000 {
            continue;
        }
        for position in (24..whole.len()).step_by(97) {
            let mut damaged = whole.clone();
            damaged[position] = !damaged[position];
            let packets: Vec<Seen> = read_all(&damaged, ReadOptions::default()).0;
            assert!(packets.iter().map(|packet| packet.data.len()).sum::<usize>() <= whole.len());
        }
    }
}
