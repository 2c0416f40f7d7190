//! What the parser makes of a frame: each key that a narrow table sees, on whole, malformed and truncated frames.

use sluice_broker::Build;
use sluice_capture::frame::{
    Arp, Erspan2, Ethernet, Frame, Geneve, Gre, GtpU, Header, Icmp, Icmpv6, Ipv4, Ipv6, Ipv6Extension, Mpls,
    Sctp, Tcp, Udp, Vlan, Vxlan,
};

use crate::bench::Bench;

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];
const NO_TYPE: u128 = 0x1ffff;

/// The packet's value in a table is this one and no other: it matches only if the entry of the value keeps the term.
fn expect(data: &[u8], what: &str, keys: &[(&str, u128)]) {
    for (field, value) in keys {
        let table = format!("ingress.narrow_{field}");
        let mut bench = Bench::new(Build::default());
        bench.default(&table, "ingress.narrow", &[0]);
        bench.default("ingress.narrow_no_tunnel", "ingress.no_tunnel", &[0]);
        if !bench.is_of_tunnel(&table) {
            bench.default("ingress.narrow_no_tunnel", "ingress.no_tunnel", &[1]);
        }
        assert_eq!(bench.run_at(0, data).len(), 0, "{what}: {field}");
        bench.wide_entry(&table, &[*value], "ingress.narrow", &[1]);
        assert_eq!(bench.run_at(0, data).len(), 1, "{what}: {field} is not {value:#x}");
    }
}

fn ethernet() -> Frame {
    Frame::new().then(Ethernet::new(A, B))
}

fn ip() -> Ipv4 {
    Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2])
}

fn six() -> Ipv6 {
    Ipv6::new([0x20; 16], [0x21; 16])
}

const SIX: u128 = 0x2020_2020_2020_2020_2020_2020_2020_2020;

#[test]
fn link_layers() {
    let frame = ethernet().then(ip()).then(Tcp::new(1, 2)).build();
    let macs = [("mac_src", 0x0200_0000_0001), ("mac_dst", 0x0200_0000_0002)];
    expect(&frame, "plain", &macs);
    expect(
        &frame,
        "plain",
        &[("ether_type", 0x800), ("l3", 0x800), ("vlan_outer", 0x1000), ("vlan_inner", 0x1000)],
    );
    let tagged = ethernet().then(Vlan::service(5)).then(Vlan::new(6)).then(ip()).then(Tcp::new(1, 2)).build();
    expect(&tagged, "tags", &[("ether_type", 0x88a8), ("l3", 0x800), ("vlan_outer", 5), ("vlan_inner", 6)]);
    expect(&tagged, "tags", &[("l4_dst", 2), ("ip_proto", 6), ("mpls", 0x10_0000)]);
    let five = (0..5).fold(ethernet(), |frame, id| frame.then(Vlan::new(id))).then(ip()).build();
    expect(&five, "five tags", &[("l3", 0x8100), ("vlan_inner", 1), ("ip_proto", 256)]);
    let mut llc = [B, A].concat();
    llc.extend([0, 5, 0x42, 0x42, 3, 0, 0]);
    expect(&llc, "LLC", &[("ether_type", 0x10042), ("l3", 0x10042), ("ip_proto", 256)]);
    expect(&llc[..14], "LLC without a byte", &[("ether_type", NO_TYPE), ("l3", NO_TYPE)]);
    expect(&frame[..13], "no type", &[("ether_type", NO_TYPE), ("l3", NO_TYPE), ("mac_src", 0)]);
    expect(
        &frame[..20],
        "half an IPv4 header",
        &[("ether_type", 0x800), ("l3", 0x800), ("ip_proto", 256), ("fragment", 0)],
    );
}

#[test]
fn what_is_looked_through() {
    let inside = ethernet().then(Vlan::new(9)).then(ip()).then(Udp::new(7, 8));
    let mut wire = vec![0, 0, 0, 1];
    wire.extend(inside.build());
    let pseudowire = ethernet().then(Mpls::new(33)).then(Mpls::new(34)).payload(&wire).build();
    let keys = [("ether_type", 0x8847), ("l3", 0x800), ("mpls", 33), ("l4_src", 7), ("vlan_outer", 0x1000)];
    expect(&pseudowire, "pseudowire", &keys);
    let labeled = ethernet().then(Mpls::new(33)).then(six()).then(Tcp::new(7, 8)).build();
    expect(&labeled, "labels", &[("l3", 0x86dd), ("ipv6_src", SIX), ("l4_dst", 8), ("tcp_flags", 0x10)]);
    let opaque = ethernet().then(Mpls::new(33)).payload(&[0x41; 40]).build();
    expect(&opaque, "opaque", &[("l3", 0x8847), ("ip_proto", 256)]);
    let nine = (0..9).fold(ethernet(), |frame, label| frame.then(Mpls::new(label))).then(ip()).build();
    expect(&nine, "nine labels", &[("l3", 0x8847), ("mpls", 0), ("ip_proto", 256)]);
    let mut backbone = [B, A].concat();
    backbone.extend([0x88, 0xe7, 0, 1, 2, 3]);
    backbone.extend(inside.build());
    expect(&backbone, "PBB", &[("ether_type", 0x88e7), ("l3", 0x800), ("l4_dst", 8), ("vlan_outer", 0x1000)]);
    let packet = ip_bytes();
    let mut session = vec![0x11, 0, 0, 1, 0, (packet.len() + 2) as u8, 0, 0x21];
    session.extend(packet);
    let pppoe = ethernet().then(Header::new(0x8864, &session)).build();
    expect(
        &pppoe,
        "PPPoE",
        &[("ether_type", 0x8864), ("l3", 0x800), ("ipv4_dst", 0x0a00_0002), ("l4_src", 3)],
    );
    session[6..8].copy_from_slice(&[0xc0, 0x21]);
    let control = ethernet().then(Header::new(0x8864, &session)).build();
    expect(&control, "PPPoE control", &[("l3", 0x8864), ("ip_proto", 256)]);
}

/// An IPv4 packet without a frame.
fn ip_bytes() -> Vec<u8> {
    ethernet().then(ip()).then(Udp::new(3, 4)).build()[14..].to_vec()
}

#[test]
fn network_layers() {
    let frame = ethernet().then(ip().ttl(9).dscp(5).ecn(2)).then(Udp::new(3, 4)).build();
    let keys =
        [("ipv4_src", 0x0a00_0001), ("ipv4_dst", 0x0a00_0002), ("ip_proto", 17), ("ttl", 9), ("dscp", 5)];
    expect(&frame, "IPv4", &keys);
    expect(
        &frame,
        "IPv4",
        &[("ecn", 2), ("fragment", 1), ("l4_src", 3), ("tcp_flags", 256), ("icmp", 0), ("length", 42)],
    );
    let options = ethernet().then(ip().options(&[1; 40])).then(Udp::new(3, 4)).build();
    expect(&options, "options", &[("l4_dst", 4), ("ip_proto", 17)]);
    let mut malformed = frame.clone();
    malformed[14] = 0x44;
    expect(&malformed, "IHL 4", &[("ip_proto", 17), ("ttl", 9)]);
    for (offset, more, fragment) in [(0, true, 2), (8, true, 3), (8, false, 3)] {
        let piece = ethernet().then(ip().fragment(offset, more)).then(Udp::new(3, 4)).build();
        expect(&piece, "fragment", &[("fragment", fragment), ("ip_proto", 17)]);
        if offset == 0 {
            expect(&piece, "first fragment", &[("l4_src", 3)]);
        }
    }
    let arp = ethernet().then(Arp::request((A, [10, 0, 0, 1]), [10, 0, 0, 9])).build_padded();
    let keys =
        [("l3", 0x806), ("ipv4_src", 0x0a00_0001), ("ipv4_dst", 0x0a00_0009), ("fragment", 0), ("ttl", 256)];
    expect(&arp, "ARP", &keys);
}

#[test]
fn extension_headers() {
    let chain = ethernet()
        .then(six().hop_limit(3).dscp(7))
        .then(Ipv6Extension::hop_by_hop(&[]))
        .then(Ipv6Extension::authentication(1, 2))
        .then(Ipv6Extension::fragment(0, false, 1))
        .then(Ipv6Extension::destination(&[]));
    let keys = [("ip_proto", 6), ("fragment", 1), ("ttl", 3), ("dscp", 7), ("l4_src", 5), ("ipv6_src", SIX)];
    expect(&chain.clone().then(Tcp::new(5, 6)).build(), "chain", &keys);
    for (offset, more, fragment) in [(0, true, 2), (16, false, 3)] {
        let piece = ethernet()
            .then(six())
            .then(Ipv6Extension::fragment(offset, more, 1))
            .then(Tcp::new(5, 6))
            .build();
        expect(&piece, "fragment", &[("fragment", fragment), ("ip_proto", 6)]);
    }
    let seven = (0..7).fold(ethernet().then(six()), |frame, _| frame.then(Ipv6Extension::destination(&[])));
    expect(&seven.then(Tcp::new(5, 6)).build(), "seven", &[("ip_proto", 60), ("l3", 0x86dd)]);
    let echo = ethernet().then(six()).then(Icmpv6::echo_request(1, 2)).build();
    expect(&echo, "ICMPv6", &[("icmp", 2 << 16 | 128 << 8), ("ip_proto", 58)]);
}

#[test]
fn transport_layers() {
    let tcp = ethernet().then(ip()).then(Tcp::new(5, 6).flags(Tcp::SYN)).build();
    expect(&tcp, "TCP", &[("tcp_flags", 2), ("l4_src", 5), ("l4_dst", 6)]);
    expect(&tcp[..38], "ports alone", &[("tcp_flags", 256), ("l4_src", 5), ("l4_dst", 6)]);
    let sctp = ethernet().then(ip()).then(Sctp::new(5, 6, 1)).build();
    expect(&sctp, "SCTP", &[("ip_proto", 132), ("l4_dst", 6)]);
    let icmp = ethernet().then(ip()).then(Icmp::echo_request(1, 2)).build();
    expect(&icmp, "ICMP", &[("icmp", 1 << 16 | 8 << 8)]);
}

#[test]
fn tunnels() {
    let outer = || ethernet().then(Ipv4::new([1, 1, 1, 1], [2, 2, 2, 2]));
    let udp = |port| outer().then(Udp::new(999, port));
    let framed = |frame: Frame| {
        frame.then(Ethernet::new(B, A)).then(Vlan::new(4)).then(ip().ttl(3)).then(Tcp::new(5, 6))
    };
    let inner =
        [("inner_l3", 0x800), ("inner_vlan", 4), ("inner_mac_src", 0x0200_0000_0002), ("inner_ttl", 3)];
    let upper = [
        ("inner_ipv4_src", 0x0a00_0001),
        ("inner_l4_dst", 6),
        ("inner_tcp_flags", 0x10),
        ("inner_fragment", 1),
    ];
    let cases = [
        (framed(udp(4789).then(Vxlan::new(77))), ("vni", 77)),
        (framed(udp(6081).then(Geneve::new(78).option(1, 2, &[0; 8]))), ("vni", 78)),
        (framed(outer().then(Gre::new().checksum().key(0x4f00).sequence(1))), ("vni", 0x4f)),
        (framed(outer().then(Gre::new().sequence(1)).then(Erspan2::new(1))), ("gre_key", 0x1_0000_0000)),
    ];
    for (frame, id) in cases {
        let frame = frame.build();
        expect(&frame, id.0, &[id, ("l3", 0x800), ("ipv4_src", 0x0101_0101), ("teid", 0x1_0000_0000)]);
        expect(&frame, id.0, &inner);
        expect(&frame, id.0, &upper);
    }
    let gtp = udp(2152).then(GtpU::new(9).qos_flow(2)).then(six()).then(Udp::new(5, 6)).build();
    expect(
        &gtp,
        "GTP-U",
        &[("teid", 9), ("inner_l3", 0x86dd), ("inner_ipv6_src", SIX), ("inner_vlan", 0x1000)],
    );
    expect(
        &gtp,
        "GTP-U",
        &[("inner_l4_dst", 6), ("inner_ip_proto", 17), ("inner_mac_dst", 0), ("l4_dst", 2152)],
    );
    let nested = outer().then(ip()).then(ip()).then(Tcp::new(5, 6)).build();
    expect(&nested, "IP in IP in IP", &[("ip_proto", 4), ("inner_ip_proto", 4), ("inner_tcp_flags", 256)]);
    let gre = outer().then(Gre::new().key(5)).then(ip()).then(Icmp::echo_reply(1, 1)).build();
    expect(&gre, "GRE", &[("gre_key", 5), ("vni", 0x100_0000), ("inner_icmp", 1 << 16)]);
    let short = framed(udp(4789).then(Vxlan::new(77))).build();
    expect(
        &short[..60],
        "cut in the inner MACs",
        &[("vni", 77), ("inner_l3", NO_TYPE), ("inner_mac_src", 0)],
    );
}

#[test]
fn headers_end_within_the_parse_depth() {
    // 14 + 40 + 17 * 8 = 190: no room for the ports.
    let deep = |words: usize| {
        let extension = Ipv6Extension::destination(&vec![0; words * 8 - 2]);
        ethernet().then(six()).then(extension).then(Tcp::new(5, 6)).build()
    };
    expect(&deep(14), "within", &[("ip_proto", 6), ("tcp_flags", 0x10)]);
    expect(&deep(17), "too deep for ports", &[("ip_proto", 6), ("tcp_flags", 256)]);
    expect(&deep(18), "too deep for the extension", &[("ip_proto", 60), ("tcp_flags", 256)]);
    let mut bench = Bench::new(Build::default());
    bench.default("ingress.narrow_no_port", "ingress.no_port", &[0, 0]);
    assert_eq!(bench.run_at(0, &deep(17)).len(), 0);
    assert_eq!(bench.run_at(0, &deep(14)).len(), 1);
}

#[test]
fn every_truncation_comes_out_as_it_went_in() {
    let udp = |port| ethernet().then(Vlan::new(2)).then(ip()).then(Udp::new(999, port));
    let frames = [
        udp(4789)
            .then(Vxlan::new(7))
            .then(Ethernet::new(A, B))
            .then(six())
            .then(Tcp::new(1, 2))
            .payload(&[3; 200]),
        udp(2152).then(GtpU::new(9).sequence(1).qos_flow(2)).then(ip().options(&[1; 8])).then(Udp::new(1, 2)),
        ethernet().then(ip()).then(Gre::new().sequence(1)).then(Erspan2::new(1)).then(Ethernet::new(A, B)),
        ethernet()
            .then(Mpls::new(1))
            .then(six())
            .then(Ipv6Extension::routing(0, &[[1; 16]; 3]))
            .then(Tcp::new(1, 2)),
    ];
    let mut bench = Bench::new(Build::default());
    for frame in frames {
        let frame = frame.build();
        for length in 0..=frame.len() {
            assert_eq!(bench.run(&frame[..length]), frame[..length], "{length} bytes");
        }
    }
    assert_eq!(bench.outcome(0), bench.outcome(7));
}
