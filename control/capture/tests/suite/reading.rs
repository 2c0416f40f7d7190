//! Each feature of the two formats, in both byte orders, and each error.

use sluice_capture::{Direction, Error, MAX_BLOCK_BYTES, MAX_PACKET_BYTES, Packet, ReadOptions, Reader};

use crate::common::{read_all, tshark_fields};
use crate::raw::{Order, frame};

const PCAP_MICROSECONDS: u32 = 0xa1b2_c3d4;
const PCAP_NANOSECONDS: u32 = 0xa1b2_3c4d;
const SECOND: u64 = 1_000_000_000;

fn seen(bytes: &[u8]) -> Vec<(u64, usize, u32, u32)> {
    let (packets, error) = read_all(bytes, ReadOptions::default());
    assert!(error.is_none(), "{error:?}");
    packets
        .iter()
        .map(|packet| (packet.time_ns, packet.data.len(), packet.wire_length, packet.interface))
        .collect()
}

fn first_error(bytes: &[u8]) -> Error {
    read_all(bytes, ReadOptions::default()).1.expect("an error")
}

/// Reads the only packet and looks at it.
fn look<T>(bytes: &[u8], at: impl Fn(Packet<'_>) -> T) -> T {
    let mut reader = Reader::new(bytes, ReadOptions::default()).expect("a header");
    at(reader.next_packet().expect("whole").expect("a packet"))
}

#[test]
fn pcap_of_both_resolutions_and_orders() {
    for order in Order::BOTH {
        for (magic, expected) in [(PCAP_MICROSECONDS, 7 * SECOND + 5_000), (PCAP_NANOSECONDS, 7 * SECOND + 5)]
        {
            let records =
                [order.pcap_record(7, 5, 60, &frame(60)), order.pcap_record(8, 0, 1_500, &frame(64))]
                    .concat();
            let bytes = [order.pcap_header(magic, 1), records].concat();
            assert_eq!(
                seen(&bytes),
                [(expected, 60, 60, 0), (8 * SECOND, 64, 1_500, 0)],
                "{order:?} {magic:x}"
            );
        }
    }
}

#[test]
fn pcap_says_that_frames_carry_a_check_sequence() {
    let network = 2 << 28 | 1 << 26 | 1;
    for order in Order::BOTH {
        let bytes =
            [order.pcap_header(PCAP_NANOSECONDS, network), order.pcap_record(0, 0, 68, &frame(68))].concat();
        assert_eq!(seen(&bytes), [(0, 64, 64, 0)]);
        // Cut short: only the part of the check sequence that is there goes.
        let bytes =
            [order.pcap_header(PCAP_NANOSECONDS, network), order.pcap_record(0, 0, 68, &frame(66))].concat();
        assert_eq!(seen(&bytes), [(0, 64, 64, 0)]);
        let bytes =
            [order.pcap_header(PCAP_NANOSECONDS, network), order.pcap_record(0, 0, 3, &frame(14)[..3])]
                .concat();
        assert_eq!(seen(&bytes), [(0, 0, 0, 0)]);
    }
}

/// Two sections with two interfaces each, of different clocks, with every packet block; and what should be
/// passed over.
fn pcapng(order: Order) -> Vec<u8> {
    let offset = order.option(14, &order.u64(10));
    let binary = [order.option(2, b"binary clock"), order.option(9, &[0x80 | 20])].concat();
    [
        order.section(),
        order.interface(1, 64, &[]),
        order.interface(1, 0, &binary),
        order.packet(0, 1_000_001, 60, &frame(60), &[]),
        order.block(0x0bad_cafe, &[1, 2, 3]),
        order.packet(1, 3 << 19, 61, &frame(61), &order.option(1, b"comment")),
        order.obsolete_packet(1, 7, 1 << 20, &frame(62), &order.option(2, &order.u32(1))),
        order.simple_packet(200, &frame(64)),
        order.section(),
        order.interface(1, 0, &[order.option(9, &[3]), offset].concat()),
        order.packet(0, 2_500, 63, &frame(63), &[]),
    ]
    .concat()
}

#[test]
fn pcapng_with_all_blocks() {
    let expected = [
        (SECOND + 1_000, 60, 60, 0),
        (SECOND + SECOND / 2, 61, 61, 1),
        (SECOND, 62, 62, 1),
        (0, 64, 200, 0),
        (12 * SECOND + SECOND / 2, 63, 63, 2),
    ];
    for order in Order::BOTH {
        assert_eq!(seen(&pcapng(order)), expected, "{order:?}");
    }
    // A file may change its byte order from section to section.
    let mixed = [pcapng(Order::Little), pcapng(Order::Big)].concat();
    assert_eq!(seen(&mixed).len(), 10);
    assert_eq!(seen(&mixed)[9], (12 * SECOND + SECOND / 2, 63, 63, 5));
}

#[test]
fn tshark_reads_the_same_of_pcapng() {
    let folder = tempfile::tempdir().expect("a folder");
    for order in Order::BOTH {
        let file = folder.path().join(format!("{order:?}.pcapng"));
        let bytes = pcapng(order);
        std::fs::write(&file, &bytes).expect("written");
        let Some(lines) = tshark_fields(&file, &["frame.time_epoch", "frame.cap_len", "frame.len"]) else {
            return;
        };
        let ours = seen(&bytes).into_iter().map(|(time, captured, length, _)| {
            format!("{}.{:09}\t{captured}\t{length}", time / SECOND, time % SECOND)
        });
        // The simple packet has no time: tshark shows none, this crate 0.
        let ours: Vec<String> = ours.map(|line| line.replace("0.000000000\t64\t200", "\t64\t200")).collect();
        assert_eq!(ours, lines, "{order:?}");
    }
}

#[test]
fn packet_options_are_read() {
    for order in Order::BOTH {
        let flags = order.option(2, &order.u32(1 << 24 | 4 << 5 | 2));
        let numbers =
            [order.option(4, &order.u64(9)), order.option(5, &order.u64(8)), order.option(6, &order.u32(3))];
        let end = order.option(0, &[]);
        let after_end = order.option(4, &order.u64(1));
        let options = [&flags[..], &numbers.concat(), &end, &after_end].concat();
        let bytes =
            [order.section(), order.interface(1, 0, &[]), order.packet(0, 0, 68, &frame(68), &options)]
                .concat();
        look(&bytes, |packet| {
            assert_eq!((packet.flags.direction(), packet.flags.bad_fcs()), (Direction::Outbound, true));
            assert_eq!((packet.dropped, packet.packet_id, packet.queue), (9, Some(8), Some(3)));
            assert_eq!(
                (packet.data.len(), packet.wire_length),
                (64, 64),
                "epb_flags say that 4 bytes are check sequence"
            );
        });
        let bytes =
            [order.section(), order.interface(1, 0, &[]), order.obsolete_packet(0, 7, 0, &frame(60), &[])]
                .concat();
        assert_eq!(look(&bytes, |packet| packet.dropped), 7);
    }
}

#[test]
fn check_sequence_length_in_bytes_or_bits() {
    for (given, left) in [(4, 64), (32, 64), (0, 68)] {
        let order = Order::Little;
        let interface = order.interface(1, 0, &order.option(13, &[given]));
        let bytes = [order.section(), interface, order.packet(0, 0, 68, &frame(68), &[])].concat();
        assert_eq!(look(&bytes, |packet| packet.data.len()), left, "if_fcslen {given}");
    }
}

#[test]
fn other_link_types_are_refused_by_name() {
    let order = Order::Little;
    let bytes = order.pcap_header(PCAP_MICROSECONDS, 113);
    let message = "at byte 0, after 0 whole packets: link type 113 (LINUX_SLL, Linux cooked capture) of interface 0 is not Ethernet";
    assert_eq!(first_error(&bytes).to_string(), message);

    // An interface that no packet is on does no harm.
    let wireless = order.interface(105, 0, &order.option(2, b"wlan0"));
    let ethernet = [order.section(), wireless, order.interface(1, 0, &[])].concat();
    let bytes =
        [&ethernet[..], &order.packet(1, 0, 60, &frame(60), &[]), &order.packet(0, 0, 60, &frame(60), &[])]
            .concat();
    let (packets, error) = read_all(&bytes, ReadOptions::default());
    assert_eq!(packets.len(), 1);
    let message = error.expect("refused").to_string();
    assert!(
        message.ends_with("link type 105 (IEEE802_11, wireless LAN) of interface 0 (wlan0) is not Ethernet"),
        "{message}"
    );
    assert!(message.contains("after 1 whole packets"), "{message}");
}

#[test]
fn link_type_0_is_ethernet_only_on_request() {
    let order = Order::Little;
    let bytes = [order.pcap_header(PCAP_MICROSECONDS, 0), order.pcap_record(0, 0, 60, &frame(60))].concat();
    let error = first_error(&bytes);
    assert!(error.help().is_some_and(|help| help.contains("bmv2")), "{error}");
    let options = ReadOptions { assume_ethernet: true, ..ReadOptions::default() };
    assert_eq!(read_all(&bytes, options).0.len(), 1);
    let bytes = order.pcap_header(PCAP_MICROSECONDS, 101);
    assert!(read_all(&bytes, options).1.is_some(), "only link type 0 is meant");
}

#[test]
fn errors_tell_how_far_reading_got() {
    let order = Order::Little;
    let start = [order.pcap_header(PCAP_MICROSECONDS, 1), order.pcap_record(0, 0, 60, &frame(60))].concat();
    let cut = [&start[..], &order.pcap_record(0, 0, 60, &frame(60))[..40]].concat();
    let message = "at byte 100, after 1 whole packets: the file ends within a packet: it has 40 of 76 bytes";
    assert_eq!(first_error(&cut).to_string(), message);
    let long = [&start[..], &[0; 8], &order.u32(MAX_PACKET_BYTES + 1), &[0; 4]].concat();
    let message = "at byte 100, after 1 whole packets: a packet says it is 262145 bytes long; the most that is read is 262144";
    assert_eq!(first_error(&long).to_string(), message);

    let section = [order.section(), order.interface(1, 0, &[])].concat();
    let with = |rest: &[u8]| first_error(&[&section[..], rest].concat()).to_string();
    let unknown = with(&order.packet(1, 0, 60, &frame(60), &[]));
    assert!(unknown.ends_with("a packet is on interface 1, but its section describes 1"), "{unknown}");
    let long = with(&[order.u32(6), order.u32(MAX_BLOCK_BYTES + 4), [0; 4]].concat());
    assert!(
        long.ends_with("a block says it is 16777220 bytes long; the most that is read is 16777216"),
        "{long}"
    );
    let mut differing = order.packet(0, 0, 60, &frame(60), &[]);
    let last = differing.len() - 4;
    differing[last] ^= 4;
    assert!(with(&differing).ends_with("a block's two lengths differ"));
    let mut overlong = order.packet(0, 0, 60, &frame(60), &[]);
    overlong[20] = 64;
    assert!(with(&overlong).ends_with("a packet block is shorter than its packet"));
}

#[test]
fn what_is_no_capture_is_refused() {
    assert!(matches!(first_error(&[]), Error::Empty));
    let gzip = first_error(&[0x1f, 0x8b, 8, 0, 0]);
    assert_eq!(gzip.to_string(), "not a pcap or pcapng file: it begins with the bytes 1f 8b 08 00");
    assert_eq!(gzip.help(), Some("this is gzip data: decompress it first"));
    assert!(matches!(first_error(&[0xd4, 0xc3]), Error::NotACapture { .. }));
    assert!(matches!(
        first_error(&Order::Big.pcap_header(PCAP_MICROSECONDS, 1)[..23]),
        Error::Truncated { .. }
    ));
}

/// A source that gives one byte at a time: nothing depends on how reads fall.
struct Drip<'a>(&'a [u8]);

impl std::io::Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = into.len().min(self.0.len()).min(1);
        into[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn any_reads_will_do() {
    let bytes = pcapng(Order::Big);
    let mut reader = Reader::new(Drip(&bytes), ReadOptions::default()).expect("a header");
    let mut times = Vec::new();
    while let Some(packet) = reader.next_packet().expect("whole") {
        times.push(packet.time_ns);
    }
    assert_eq!(times, seen(&bytes).iter().map(|packet| packet.0).collect::<Vec<_>>());
    assert_eq!((reader.packets(), reader.consumed_bytes()), (5, bytes.len() as u64));
}

/// Longer than the window, so that packets lie across its end and large blocks make it grow.
#[test]
fn a_capture_longer_than_the_window() {
    let order = Order::Little;
    let mut bytes = [order.section(), order.interface(1, 0, &order.option(9, &[9]))].concat();
    for index in 0..900_u32 {
        let length = 60 + (index as usize * 37) % 1_400;
        bytes.extend(order.packet(0, u64::from(index), length as u32, &frame(length), &[]));
        if index == 450 {
            bytes.extend(order.block(0x0bad_cafe, &vec![0; 700_000]));
        }
    }
    let packets = seen(&bytes);
    assert_eq!(packets.len(), 900);
    for (index, packet) in packets.iter().enumerate() {
        assert_eq!((packet.0, packet.1), (index as u64, 60 + (index * 37) % 1_400));
    }
}
