//! Each egress edit, on frames whose result is known byte for byte.

use crate::bench::{Bench, SOURCE};
use sluice_broker::{Arch, Build};
use sluice_capture::frame::{
    Erspan2, Ethernet, Frame, Geneve, Gre, GtpU, Ipv4, Ipv6, Layer, Mpls, Tcp, Udp, Vlan, Vxlan,
};

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];
const C: [u8; 6] = [2, 0, 0, 0, 0, 3];
const D: [u8; 6] = [2, 0, 0, 0, 0, 4];

const STRIP_VLAN: u64 = 1;
const STRIP_MPLS: u64 = 2;
const STRIP_PBB: u64 = 4;

fn bench() -> Bench {
    Bench::new(Build::default())
}

fn outer() -> Frame {
    Frame::new().then(Ethernet::new(A, B))
}

fn add(frame: Frame, layers: Vec<Layer>) -> Frame {
    layers.into_iter().fold(frame, Frame::then)
}

fn packet() -> Vec<Layer> {
    vec![Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).into(), Tcp::new(1000, 80).options(&[1; 12]).into()]
}

fn inner_frame() -> Vec<Layer> {
    [vec![Layer::from(Ethernet::new(C, D)), Vlan::new(7).into()], packet()].concat()
}

fn outer_ip() -> Frame {
    outer().then(Vlan::new(100)).then(Ipv4::new([192, 0, 2, 1], [192, 0, 2, 2]))
}

fn payload() -> Vec<u8> {
    (0..100).collect()
}

fn build(layers: Vec<Layer>) -> Vec<u8> {
    add(Frame::new(), layers).payload(&payload()).build()
}

#[test]
fn tunnels_around_frames_leave_the_frame() {
    let udp = |port| outer_ip().then(Udp::new(50_000, port));
    let gre = |gre| outer_ip().then(gre);
    let cases = [
        (0x008, udp(Udp::VXLAN).then(Vxlan::new(7))),
        (0x010, udp(6081).then(Geneve::new(7).option(1, 2, &[1, 2, 3, 4]))),
        (0x040, gre(Gre::new().key(0x700))),
        (0x040, gre(Gre::new().checksum())),
        (0x080, gre(Gre::new().sequence(9)).then(Erspan2::new(3))),
    ];
    for (kind, tunnel) in cases {
        let frame = add(tunnel, inner_frame()).payload(&payload());
        let mut bench = bench();
        bench.edit("strip", "strip", &[kind]);
        assert_eq!(bench.run(&frame.build()), build(inner_frame()), "{kind:#x}");

        let mut bare = Bench::new(Build::default());
        bare.edit("strip", "strip", &[kind | STRIP_VLAN]);
        let untagged = [vec![Layer::from(Ethernet::new(C, D))], packet()].concat();
        assert_eq!(bare.run(&frame.build()), build(untagged), "{kind:#x}");

        let mut other = Bench::new(Build::default());
        other.edit("strip", "strip", &[0x3ff & !kind & !STRIP_VLAN]);
        assert_eq!(other.run(&frame.build()), frame.build(), "not {kind:#x}");
    }
}

#[test]
fn tunnels_around_packets_keep_the_outer_link_layer() {
    let six = || Ipv6::new([0x20; 16], [0x21; 16]);
    let tagged = || vec![Layer::from(Ethernet::new(A, B)), Vlan::new(100).into()];
    let cases = [
        (0x020, outer_ip().then(Gre::new().key(1).sequence(2))),
        (0x100, outer_ip().then(Udp::new(2152, Udp::GTP_U)).then(GtpU::new(5))),
        (0x100, outer_ip().then(Udp::new(2152, Udp::GTP_U)).then(GtpU::new(5).sequence(3).qos_flow(9))),
        (0x200, outer_ip()),
        (0x200, outer().then(Vlan::new(100)).then(six())),
    ];
    for (kind, tunnel) in cases {
        let mut bench = bench();
        bench.edit("strip", "strip", &[kind]);
        let frame = add(tunnel.clone(), packet()).payload(&payload()).build();
        assert_eq!(bench.run(&frame), build([tagged(), packet()].concat()), "{kind:#x}");
        let inner_six = vec![six().into(), Layer::from(Udp::new(1, 2))];
        let frame = add(tunnel, inner_six.clone()).payload(&payload()).build();
        assert_eq!(bench.run(&frame), build([tagged(), inner_six].concat()), "{kind:#x}");
    }
}

#[test]
fn padding_behind_the_outer_packet_goes_with_the_tunnel() {
    let mut bench = bench();
    bench.edit("strip", "strip", &[0x200]);
    let short = |layers: Vec<Layer>| add(outer(), layers);
    let inner = vec![Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).into(), Layer::from(Udp::new(1, 2))];
    let mut frame = add(short(vec![Ipv4::new([1, 2, 3, 4], [5, 6, 7, 8]).into()]), inner.clone()).build();
    frame.resize(frame.len() + 9, 0xee);
    let sent = bench.run_at(0, &frame);
    let expected = short(inner).build();
    assert_eq!(sent[0].data, expected);
    assert_eq!(sent[0].original_length as usize, expected.len());
}

#[test]
fn labels_go() {
    let mut bench = bench();
    bench.edit("strip", "strip", &[STRIP_MPLS]);
    let labels = || vec![Layer::from(Mpls::new(16)), Mpls::new(17).into()];
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], labels(), packet()].concat());
    assert_eq!(bench.run(&frame), build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat()));

    // A pseudowire: control word, then the frame.
    let mut inside = vec![0, 0, 0, 9];
    inside.extend(build(inner_frame()));
    let wire = add(outer(), labels()).payload(&inside).build();
    assert_eq!(bench.run(&wire), build(inner_frame()));

    let opaque = add(outer(), labels()).payload(&[0xf0; 40]).build();
    assert_eq!(bench.run(&opaque), opaque);
}

#[test]
fn the_service_tag_of_a_backbone_goes() {
    let mut bench = bench();
    bench.edit("strip", "strip", &[STRIP_PBB]);
    let mut frame = [B, A].concat();
    frame.extend([0x88, 0xa8, 0, 5, 0x88, 0xe7, 0, 1, 2, 3]);
    frame.extend(build(inner_frame()));
    assert_eq!(bench.run(&frame), build(inner_frame()));
}

#[test]
fn masks_hit_their_layer() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    // Anchor, where its layer starts; TCP has 12 bytes of options.
    for (anchor, start) in [(0, 0), (1, 14), (2, 34), (3, 66)] {
        let mut bench = bench();
        bench.edit("mask_0", "mask", &[anchor, 3, 5, 0xaa]);
        let mut expected = frame.clone();
        expected[start + 3..start + 8].fill(0xaa);
        assert_eq!(bench.run(&frame), expected, "anchor {anchor}");
    }
    // No inner packet: nothing to mask.
    for anchor in 4..7 {
        let mut bench = bench();
        bench.edit("mask_0", "mask", &[anchor, 0, 5, 0xaa]);
        assert_eq!(bench.run(&frame), frame);
    }
}

#[test]
fn masks_count_in_the_frame_before_what_is_inserted() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    let mut bench = bench();
    bench.edit("mask_0", "mask", &[0, 10, 6, 0xaa]);
    bench.edit("mask_1", "mask", &[1, 2, 2, 0xbb]);
    bench.entry("egress.label", &[crate::bench::INSTANCE, SOURCE], "egress.push_label", &[0x123]);
    let mut expected = frame.clone();
    expected[10..16].fill(0xaa);
    expected[16..18].fill(0xbb);
    expected.splice(12..12, [0x81, 0x00, 0x01, 0x23]);
    assert_eq!(bench.run(&frame), expected);
}

#[test]
fn inner_anchors_count_from_the_inner_layers() {
    let tunnel = outer_ip().then(Udp::new(50_000, Udp::VXLAN)).then(Vxlan::new(7));
    let frame = add(tunnel, inner_frame()).payload(&payload()).build();
    let inner = 14 + 4 + 20 + 8 + 8;
    for (anchor, start) in [(4, inner + 18), (5, inner + 38), (6, inner + 70)] {
        let mut bench = bench();
        bench.edit("mask_0", "mask", &[anchor, 1, 2, 0xaa]);
        let mut expected = frame.clone();
        expected[start + 1..start + 3].fill(0xaa);
        assert_eq!(bench.run(&frame), expected, "anchor {anchor}");
    }
    // After strip the inner packet is the packet.
    let mut bench = bench();
    bench.edit("strip", "strip", &[8]);
    bench.edit("slice", "slice", &[3, 4]);
    let expected = build(inner_frame());
    let sent = bench.run_at(0, &frame);
    assert_eq!(sent[0].data, expected[..18 + 20 + 32 + 4]);
    assert_eq!(sent[0].original_length as usize, expected.len());
}

#[test]
fn slices_cut_behind_their_anchor() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    // An absent layer means the end of the last header: TCP's fixed part.
    for (anchor, bytes, left) in [(0, 64, 64), (1, 20, 34), (2, 8, 42), (3, 4, 70), (4, 3, 57), (0, 2, 14)] {
        let mut bench = bench();
        bench.edit("slice", "slice", &[anchor, bytes]);
        let sent = bench.run_at(0, &frame);
        assert_eq!(sent[0].data, frame[..left], "anchor {anchor}");
        assert_eq!(sent[0].original_length as usize, frame.len());
    }
    let mut bench = bench();
    bench.edit("slice", "slice", &[0, 1000]);
    assert_eq!(bench.run(&frame), frame);
}

#[test]
fn stamps_stand_behind_the_macs() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    let seconds: u32 = 1_700_000_000;
    let nanoseconds: u32 = 123_456_789;
    for (version, offset, wide) in
        [(0x0110_u16, 0_u32, true), (0x0010, 37, true), (0x0120, 0, false), (0x0020, 37, false)]
    {
        let mut bench = bench();
        bench.edit("stamp", "stamp_d28b", &[u64::from(version), 37]);
        bench.entry("egress.label", &[crate::bench::INSTANCE, SOURCE], "egress.push_label", &[5]);
        let mut stamp = vec![0xd2, 0x8b, 0, 1];
        stamp.extend(version.to_be_bytes());
        let seconds = (seconds + offset).to_be_bytes();
        stamp.extend(if wide { &seconds[..] } else { &seconds[2..] });
        stamp.extend(nanoseconds.to_be_bytes());
        stamp.extend([0x81, 0, 0, 5]);
        let mut expected = frame.clone();
        expected.splice(12..12, stamp);
        assert_eq!(bench.run(&frame), expected, "{version:#06x}");
    }
}

#[test]
fn seconds_are_exact_for_every_time() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    let mut bench = bench();
    bench.edit("stamp", "stamp_d28b", &[0x0110, 0]);
    let billion = 1_000_000_000_u64;
    for seconds in [0, 1, 1_699_999_999, 1_953_124, 1_953_125, 4_294_967_295, u64::MAX / billion] {
        for time in [seconds * billion, (seconds * billion).saturating_sub(1)] {
            let sent = bench.run_at(time, &frame).remove(0).data;
            let word = |at: usize| u32::from_be_bytes([sent[at], sent[at + 1], sent[at + 2], sent[at + 3]]);
            assert_eq!(word(18), (time / billion) as u32, "{time}");
            assert_eq!(word(22), (time % billion) as u32, "{time}");
        }
    }
}

#[test]
fn trailers_stand_behind_the_slice() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    let mut bench = bench();
    bench.edit("stamp", "stamp_vss", &[3, 1, 7]);
    bench.edit("slice", "slice", &[0, 60]);
    let mut expected = frame[..60].to_vec();
    expected.extend(1_700_000_000_u32.to_be_bytes());
    expected.extend((3_u32 << 30 | 123_456_789).to_be_bytes());
    expected.push(7);
    assert_eq!(bench.run(&frame), expected);
}

/// Dissects one frame with tshark: the named fields, or none where there is no tshark.
fn tshark(frame: &[u8], fields: &[&str]) -> Option<Vec<String>> {
    let found = std::process::Command::new("tshark").arg("--version").output().is_ok();
    if !found {
        println!("skipped: tshark is not installed");
        return None;
    }
    let path =
        std::env::temp_dir().join(format!("sluice-broker-{}-{}.pcap", std::process::id(), frame.len()));
    let mut capture =
        vec![0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    let length = (frame.len() as u32).to_be_bytes();
    capture.extend([[0; 4], [0; 4], length, length].concat());
    capture.extend(frame);
    std::fs::write(&path, capture).expect("a writable temporary folder");
    let mut command = std::process::Command::new("tshark");
    command.args(["-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=|", "-r"]).arg(&path);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().expect("tshark runs");
    std::fs::remove_file(&path).expect("the file was there");
    let text = String::from_utf8_lossy(&output.stdout).trim_end().to_string();
    Some(text.split('|').map(str::to_string).collect())
}

const AROUND: [u64; 6] = [0x0200_0000_0011, 0x0200_0000_0012, 0x0a01_0101, 0x0a01_0102, 64, 10];

/// An encapsulation, and what tshark says of it.
struct Encapsulation {
    action: &'static str,
    data: &'static [u64],
    fields: &'static [(&'static str, &'static str)],
    added: usize,
}

const ENCAPSULATIONS: [Encapsulation; 5] = [
    Encapsulation {
        action: "encapsulate_vxlan",
        data: &[4789, 77],
        fields: &[("vxlan.vni", "77"), ("udp.dstport", "4789")],
        added: 50,
    },
    Encapsulation {
        action: "encapsulate_gre",
        data: &[0x55],
        fields: &[("gre.key", "0x00000055"), ("gre.proto", "0x6558")],
        added: 42,
    },
    Encapsulation {
        action: "encapsulate_erspan2",
        data: &[9],
        fields: &[("erspan.spanid", "9"), ("gre.sequence_number", "0")],
        added: 50,
    },
    Encapsulation {
        action: "encapsulate_erspan3",
        data: &[9, 2],
        fields: &[
            ("erspan.spanid", "9"),
            ("erspan.timestamp", "123456789"),
            ("erspan.gra", "2"),
            ("erspan.pid5.timestamp", "1700000000"),
        ],
        added: 62,
    },
    // 17,000,000,001,234,567 times 100 ns.
    Encapsulation {
        action: "encapsulate_erspan3",
        data: &[9, 1],
        fields: &[
            ("erspan.spanid", "9"),
            ("erspan.timestamp", "4047591047"),
            ("erspan.gra", "1"),
            ("erspan.pid3.timestamp", "3958120"),
        ],
        added: 62,
    },
];

#[test]
fn tshark_reads_the_encapsulations() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    for Encapsulation { action, data, fields, added } in ENCAPSULATIONS {
        let mut bench = bench();
        bench.edit("encapsulate", action, &[&AROUND[..], data].concat());
        let sent = bench.run(&frame);
        assert_eq!(sent.len(), frame.len() + added, "{action}");
        assert_eq!(sent[added..], frame, "{action}");
        let common = ["ip.checksum.status", "ip.len", "ip.dst", "tcp.dstport"];
        let names: Vec<&str> = common.into_iter().chain(fields.iter().map(|field| field.0)).collect();
        let Some(found) = tshark(&sent, &names) else { return };
        // The inner packet's values follow the outer ones behind commas.
        assert_eq!(found[0], "1,1", "{action}: {found:?}");
        assert_eq!(found[1], format!("{},{}", sent.len() - 14, frame.len() - 14), "{action}");
        assert_eq!(found[2], "10.1.1.2,10.0.0.2", "{action}");
        assert_eq!(found[3], "80", "{action}");
        let values: Vec<&str> = fields.iter().map(|field| field.1).collect();
        assert_eq!(found[4..], values, "{action}");
    }
}

#[test]
fn encapsulation_counts_what_is_really_there() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    let mut bench = bench();
    bench.edit("slice", "slice", &[0, 64]);
    bench.edit("stamp", "stamp_d28b", &[0x0110, 0]);
    bench.edit("mask_0", "mask", &[0, 8, 8, 0xaa]);
    bench.edit("encapsulate", "encapsulate_gre", &[&AROUND[..], &[1]].concat());
    let sent = bench.run(&frame);
    assert_eq!(sent.len(), 42 + 64 + 14);
    assert_eq!(u16::from_be_bytes([sent[16], sent[17]]) as usize, sent.len() - 14);
    let mut masked = frame[..64].to_vec();
    masked[8..16].fill(0xaa);
    assert_eq!(sent[42..54], masked[..12]);
    assert_eq!(sent[68..], masked[12..]);
}

#[test]
fn sequence_numbers_count_per_session() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    let mut bench = bench();
    bench.edit("encapsulate", "encapsulate_erspan2", &[&AROUND[..], &[9]].concat());
    for number in 0..3_u8 {
        let sent = bench.run(&frame);
        assert_eq!(sent[38..42], [0, 0, 0, number]);
    }
}

#[test]
fn checksums_fit_what_a_slice_left() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B)), Vlan::new(3).into()], packet()].concat());
    let mut bench = bench();
    bench.edit("slice", "slice", &[3, 10]);
    bench.edit("stamp", "stamp_d28b", &[0x0110, 0]);
    bench.edit("fix_checksums", "fix", &[]);
    let sent = bench.run(&frame);
    assert_eq!(sent.len(), 18 + 20 + 32 + 10 + 14);
    assert_eq!(u16::from_be_bytes([sent[34], sent[35]]), 62);
}

#[test]
fn a_tool_limits_and_rewrites() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B)), Vlan::new(3).into()], packet()].concat());
    let mut bench = bench();
    bench.edit("tool_port", "tool", &[0b1110, frame.len() as u64, 0x0200_0000_0099, 44]);
    let mut expected = frame.clone();
    expected[..6].copy_from_slice(&[2, 0, 0, 0, 0, 0x99]);
    expected[15] = 44;
    assert_eq!(bench.run(&frame), expected);
    let mut longer = frame.clone();
    longer.push(0);
    assert!(bench.run_at(0, &longer).is_empty());
    assert_eq!((bench.copy_outcome(0), bench.copy_outcome(2)), (1, 1));
}

#[test]
fn v1model_counts_what_it_cannot_do() {
    let frame = build([vec![Layer::from(Ethernet::new(A, B))], packet()].concat());
    let cases: [(&str, &str, &[u64], bool); 5] = [
        ("mask_0", "mask", &[0, 0, 1, 0], false),
        ("stamp", "stamp_vss", &[0, 1, 0], false),
        ("fix_checksums", "fix", &[], false),
        ("slice", "slice", &[0, 60], true),
        ("stamp", "stamp_d28b", &[0x0110, 0], true),
    ];
    for (table, action, data, works) in cases {
        let mut bench = Bench::new(Build { arch: Arch::V1model, ..Build::default() });
        bench.edit(table, action, data);
        assert_eq!(bench.run_at(0, &frame).len(), usize::from(works), "{table}");
        assert_eq!(bench.copy_outcome(3), u64::from(!works), "{table}");
    }
}
