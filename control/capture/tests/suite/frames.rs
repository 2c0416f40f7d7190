//! Frames of the builder are what tshark takes them for.

use sluice_capture::PcapWriter;
use sluice_capture::frame::{
    Arp, Erspan2, Ethernet, Frame, Geneve, Gre, GtpU, Icmp, Icmpv6, Ipv4, Ipv6, Ipv6Extension, Mpls, Sctp,
    Tcp, Udp, Vlan, Vxlan, sctp_data_chunk,
};

use crate::common::{run, tshark_fields};

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn ethernet() -> Frame {
    Frame::new().then(Ethernet::new(A, B))
}

fn ipv4() -> Ipv4 {
    Ipv4::new([192, 0, 2, 1], [192, 0, 2, 2])
}

fn ipv6() -> Ipv6 {
    let mut address = [0; 16];
    address[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    Ipv6::new(
        address,
        [[0x20, 0x01, 0x0d, 0xb8].as_slice(), &[0; 11], &[1]].concat().try_into().expect("16 bytes"),
    )
}

fn tcp() -> Tcp {
    Tcp::new(50_000, 50_001)
}

/// A frame and the protocols that tshark sees in it. It takes equal TCP segments for repeats, and shows no
/// data of those.
fn cases() -> Vec<(Frame, &'static str)> {
    let inner = |frame: Frame| frame.then(Ethernet::new(B, A)).then(ipv4()).then(tcp()).payload(b"payload");
    let udp = |port| ethernet().then(ipv4()).then(Udp::new(50_000, port));
    vec![
        (
            ethernet().then(ipv4().options(&[1, 1, 1]).dscp(46).ecn(1)).then(tcp()).payload(b"odd"),
            "eth:ethertype:ip:tcp:data",
        ),
        (
            ethernet().then(Vlan::service(7).priority(5)).then(Vlan::new(8)).then(ipv4()).then(tcp()),
            "eth:ethertype:ieee8021ad:ethertype:vlan:ethertype:ip:tcp",
        ),
        (
            ethernet().then(Mpls::new(16)).then(Mpls::new(17)).then(ipv6()).then(tcp()),
            "eth:ethertype:mpls:ipv6:tcp",
        ),
        (ethernet().then(Arp::request((A, [10, 0, 0, 1]), [10, 0, 0, 2])), "eth:ethertype:arp"),
        (
            ethernet()
                .then(ipv4())
                .then(ipv4())
                .then(ipv6())
                .then(Icmpv6::echo_request(1, 2))
                .payload(b"ping"),
            "eth:ethertype:ip:ip:ipv6:icmpv6:data",
        ),
        (ethernet().then(ipv4()).then(Icmp::echo_reply(1, 2)).payload(b"ping"), "eth:ethertype:ip:icmp:data"),
        (
            ethernet()
                .then(ipv4())
                .then(Sctp::new(50_000, 50_001, 9))
                .payload(&sctp_data_chunk(1, 2, b"abc")),
            "eth:ethertype:ip:sctp:data",
        ),
        (
            ethernet()
                .then(ipv6().dscp(10))
                .then(Ipv6Extension::hop_by_hop(&[5, 2, 0, 0]))
                .then(Ipv6Extension::destination(&[]))
                .then(Udp::new(50_000, 50_001))
                .payload(b"x"),
            "eth:ethertype:ipv6:ipv6.hopopts:ipv6.dstopts:udp:data",
        ),
        (
            ethernet().then(ipv6()).then(Ipv6Extension::routing(0, &[[0x20; 16]])).then(tcp()),
            "eth:ethertype:ipv6:ipv6.routing:tcp",
        ),
        (
            ethernet().then(ipv6()).then(Ipv6Extension::authentication(1, 2)).then(tcp()),
            "eth:ethertype:ipv6:ah:tcp",
        ),
        (
            ethernet().then(ipv6()).then(Ipv6Extension::fragment(0, false, 3)).then(tcp()),
            "eth:ethertype:ipv6:ipv6.fraghdr:tcp",
        ),
        (
            inner(udp(Udp::VXLAN).then(Vxlan::new(0xff_ffff))),
            "eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:tcp",
        ),
        (
            inner(udp(Udp::GENEVE).then(Geneve::new(5).option(0xff00, 1, b"option"))),
            "eth:ethertype:ip:udp:geneve:eth:ethertype:ip:tcp",
        ),
        (
            udp(Udp::GTP_U).then(GtpU::new(5).sequence(6).qos_flow(7)).then(ipv4()).then(tcp()),
            "eth:ethertype:ip:udp:gtp:ip:tcp",
        ),
        (udp(Udp::GTP_U).then(GtpU::new(5)).then(ipv6()).then(tcp()), "eth:ethertype:ip:udp:gtp:ipv6:tcp"),
        (
            inner(ethernet().then(ipv4()).then(Gre::new().key(0x0012_3456).sequence(1).checksum())),
            "eth:ethertype:ip:gre:eth:ethertype:ip:tcp",
        ),
        (
            inner(ethernet().then(ipv4()).then(Gre::new().sequence(1)).then(Erspan2::new(1_023))),
            "eth:ethertype:ip:gre:erspan:eth:ethertype:ip:tcp",
        ),
    ]
}

#[test]
fn every_layer_is_seen_and_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("layers.pcap");
    let mut writer = PcapWriter::new(Vec::new()).expect("memory");
    for (frame, _) in cases() {
        let bytes = frame.build();
        writer.write_packet(1_700_000_000_000_000_000, &bytes, bytes.len() as u32).expect("memory");
    }
    std::fs::write(&file, writer.finish().expect("memory")).expect("written");
    let Some(seen) = tshark_fields(&file, &["frame.protocols"]) else { return };
    let expected: Vec<&str> = cases().iter().map(|(_, protocols)| *protocols).collect();
    assert_eq!(seen, expected);
    let wrong = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || \
                 gre.checksum.status == 0 || sctp.checksum.status == 0 || icmp.checksum.status == 0 || \
                 icmpv6.checksum.status == 0";
    let name = file.to_str().expect("a plain name");
    let checks =
        ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"];
    let arguments = [&["-n", "-r", name, "-Y", wrong, "-o", "sctp.checksum:CRC 32c"][..], &checks].concat();
    assert_eq!(run("tshark", &arguments).unwrap_or_default(), "");
}

#[test]
fn fragments_carry_the_datagram() {
    let payload: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    let frame = ethernet().then(Vlan::new(5)).then(ipv4().id(77)).then(Udp::new(1, 2)).payload(&payload);
    let whole = frame.build();
    let fragments = frame.clone().fragments(1_004);
    let built: Vec<Vec<u8>> = fragments.iter().map(Frame::build).collect();
    let data: Vec<u8> = built.iter().flat_map(|bytes| bytes[38..].to_vec()).collect();
    assert_eq!(data, whole[38..]);
    let offsets: Vec<u16> = built.iter().map(|bytes| u16::from_be_bytes([bytes[24], bytes[25]])).collect();
    assert_eq!(offsets, [0x2000, 0x2000 | 125, 0x2000 | 250, 375]);
    assert!(built.iter().all(|bytes| bytes[27] == 17), "the protocol stays");
    assert_eq!(frame.clone().fragments(4_000), [frame]);
}

#[test]
fn routing_lowers_the_outermost_time_to_live() {
    let frame = ethernet().then(ipv4().ttl(9)).then(Gre::new()).then(ipv4().ttl(7)).then(tcp());
    let routed = frame.routed(B, A).build();
    assert_eq!((&routed[..6], &routed[6..12]), (&A[..], &B[..]));
    assert_eq!((routed[22], routed[14 + 20 + 4 + 8]), (8, 7));
    let labelled = ethernet().then(Mpls::new(3)).then(ipv4()).then(tcp()).routed(B, A).build();
    assert_eq!((labelled[17], labelled[18 + 8]), (63, 64));
}

#[test]
fn short_frames_are_padded_on_request() {
    let frame = ethernet().then(ipv4()).then(Udp::new(1, 2));
    assert_eq!((frame.build().len(), frame.build_padded().len()), (42, 60));
}
