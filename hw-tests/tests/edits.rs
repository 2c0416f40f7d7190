//! Edits, balancing and sampling on real captures, with tshark as the judge of what tools see.

use std::collections::{BTreeMap, BTreeSet};

use sluice_capture::frame::{Ethernet, Frame, Ipv4, Tcp, Udp};
use sluice_conformance::captures::{self, Captured};
use sluice_conformance::harness::{Broker, Checker};
use sluice_conformance::model::Anchor;
use sluice_conformance::model::{Edits, Filter, Group, Mask, Model, NetworkPort, STRIPS, Stamp, Target};
use sluice_conformance::oracle::decode::{Decoded, LookedThrough, Tunnel, decode};
use sluice_conformance::tools::{is_there, tshark_fields};

const START: u64 = 1_700_000_000_000_000_000;

/// One filter with those edits, everything to one tool.
fn one_tool(edits: Edits) -> Model {
    Model::with_ports(1, 1).filter(Filter { edits, ..Filter::new("all", None, &[0]) })
}

/// What the tool gets of each frame; every byte is the oracle's.
fn edited(model: &Model, frames: &[Captured]) -> Vec<Captured> {
    let mut broker = Broker::with_policy(&model.to_string());
    let mut checker = Checker::new(model);
    let mut edited = Vec::new();
    for frame in frames {
        let sent = checker.send(&mut broker, 1, frame, false).unwrap_or_else(|error| panic!("{error}"));
        let copy = sent.copies.into_iter().next().expect("the tool gets every frame");
        edited.push(Captured { time_ns: frame.time_ns, data: copy.data, wire_length: copy.original_length });
    }
    checker.check_totals(&broker).unwrap_or_else(|error| panic!("{error}"));
    edited
}

/// Whether the oracle sees what that bit of `strip` takes off. Frames that are not whole are left to byte-exact tests.
fn has(decoded: &Decoded, bit: usize) -> bool {
    let looked_through = |kind| matches!(decoded.looked_through, Some((found, _)) if found == kind);
    let inner = decoded.inner.as_ref().is_some_and(|inner| inner.macs.is_some() || inner.at.l3.is_some());
    let tunnel = |kind| decoded.tunnel == Some(kind) && inner;
    let is_ip = decoded.outer.ip_proto.is_some();
    decoded.complete
        && match bit {
            0 => !decoded.outer.vlans.is_empty(),
            1 => looked_through(LookedThrough::Mpls) && (is_ip || decoded.second_frame.is_some()),
            2 => looked_through(LookedThrough::Pbb) && decoded.second_frame.is_some(),
            3 => tunnel(Tunnel::Vxlan),
            4 => tunnel(Tunnel::Geneve),
            5 => tunnel(Tunnel::Gre),
            6 => tunnel(Tunnel::GreEthernet),
            7 => tunnel(Tunnel::Erspan),
            8 => tunnel(Tunnel::Gtpu),
            _ => tunnel(Tunnel::Ipip),
        }
}

/// Captures without anything to strip are long; a few of the others are enough of each.
const MOST_FRAMES: usize = 40;

/// Frames of all captures with what the bit takes off.
fn frames_with(bit: usize) -> Option<Vec<Captured>> {
    let mut found = Vec::new();
    for path in captures::files()? {
        let frames = captures::read(&path);
        let with = |frame: &Captured| has(&decode(&frame.data, frame.wire_length), bit);
        found.extend(frames.into_iter().filter(with).take(MOST_FRAMES));
    }
    Some(found)
}

/// Words of `frame.protocols` that a dissection may lack, or have besides: guesses, and padding.
fn layers(protocols: &str) -> Vec<&str> {
    protocols
        .split(':')
        .filter(|word| {
            matches!(*word, "ip" | "ipv6" | "arp" | "tcp" | "udp" | "icmp" | "icmpv6" | "sctp" | "ospf")
        })
        .collect()
}

#[test]
fn every_strip_gives_what_tshark_decodes_as_the_inner_packet() {
    if !is_there("tshark") {
        return;
    }
    for (bit, name) in STRIPS.iter().enumerate() {
        let Some(frames) = frames_with(bit) else { return };
        let stripped = edited(&one_tool(Edits { strip: 1 << bit, ..Edits::default() }), &frames);
        let fields =
            ["frame.protocols", "ip.src", "ipv6.src", "tcp.srcport", "udp.srcport", "vlan.id", "mpls.label"];
        // Frame by frame: not what tshark puts together from several.
        let options = ["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"];
        let before = tshark_fields(&frames, &fields, &options).expect("tshark runs");
        let after = tshark_fields(&stripped, &fields, &options).expect("tshark runs");
        let mut shown = 0;
        for (number, (before, after)) in before.iter().zip(&after).enumerate() {
            let context = format!("{name}, frame {number}: {before:?} became {after:?}");
            let (whole, inner) = (layers(&before[0]), layers(&after[0]));
            assert!(whole.ends_with(&inner), "{context}");
            assert!(!inner.is_empty() || whole.is_empty(), "{context}");
            match bit {
                // The tags of a frame in a frame are its own.
                0 => assert!(after[5].is_empty() || before[0].contains("ieee8021ah"), "{context}"),
                1 => assert!(after[6].is_empty(), "{context}"),
                2 => {}
                // The outer network layer is gone; the addresses left are the inner ones.
                _ => {
                    assert!(inner.len() < whole.len(), "{context}");
                    for field in [1, 2, 3, 4] {
                        assert!(before[field].ends_with(&after[field]), "{context}");
                    }
                }
            }
            shown += 1;
        }
        println!("{name}: {shown} frames");
        assert!(shown > 0, "no capture has {name}");
    }
}

#[test]
fn stamps_are_shown_by_stock_tshark() {
    if !is_there("tshark") {
        return;
    }
    let Some(mut frames) = captures::named("http-vlan-0.pcap") else { return };
    let whole = frames.len();
    frames.extend(captures::named("arp-who-has.pcap").unwrap_or_default());
    for (number, frame) in frames.iter_mut().enumerate() {
        frame.time_ns = START + number as u64 * 1_000_000_007;
    }
    for (long, utc) in [(true, true), (true, false), (false, true), (false, false)] {
        let model = one_tool(Edits { stamp: Some(Stamp::D28b { long, utc }), ..Edits::default() });
        let stamped = edited(&model, &frames);
        let fields = if long {
            ["avsp.64sec", "avsp.64ns", "frame.protocols"]
        } else {
            ["avsp.48sec", "avsp.48ns", "frame.protocols"]
        };
        let shown = tshark_fields(&stamped, &fields, &[]).expect("tshark runs");
        for (row, frame) in shown.iter().zip(&frames) {
            let seconds = frame.time_ns / 1_000_000_000 + if utc { 0 } else { 37 };
            let seconds = if long { seconds } else { seconds & 0xffff };
            assert_eq!(row[0], seconds.to_string(), "{row:?}");
            assert_eq!(row[1], (frame.time_ns % 1_000_000_000).to_string(), "{row:?}");
            assert!(row[2].ends_with("arp") || row[2].contains("ip:tcp"), "{row:?}");
        }
    }
    let model =
        one_tool(Edits { stamp: Some(Stamp::Vss { source: 3, port_bytes: 1, port: 9 }), ..Edits::default() });
    let stamped = edited(&model, &frames);
    let fields = ["vssmonitoring.clksrc", "vssmonitoring.srcport", "vssmonitoring.time"];
    let shown = tshark_fields(&stamped, &fields, &[]).expect("tshark runs");
    let decoded =
        shown[..whole].iter().filter(|row| row[0] == "3" && row[1] == "9" && !row[2].is_empty()).count();
    // tshark looks for a trailer right behind the packet: what a short frame is padded with hides it.
    assert_eq!(decoded, whole, "{:?}", shown.first());
}

#[test]
fn slices_keep_the_original_length() {
    let Some(frames) = captures::named("wikipedia.pcap") else { return };
    for (slice, most) in [((Anchor::Frame, 64), 64), ((Anchor::Payload, 8), 14 + 60 + 60 + 8)] {
        let sliced = edited(&one_tool(Edits { slice: Some(slice), ..Edits::default() }), &frames);
        for (before, after) in frames.iter().zip(&sliced) {
            assert_eq!(after.wire_length, before.wire_length);
            assert!(after.data.len() <= most.min(before.data.len()) && before.data.starts_with(&after.data));
        }
        assert!(sliced.iter().zip(&frames).any(|(after, before)| after.data.len() < before.data.len()));
    }
}

#[test]
fn labels_name_the_port_and_masks_hide_the_payload() {
    if !is_there("tshark") {
        return;
    }
    let Some(frames) = captures::named("wikipedia.pcap") else { return };
    let mask = Mask { at: Anchor::Payload, offset: 0, length: 16, value: b'x' };
    let edits = Edits { masks: vec![mask], label: true, fix_checksums: true, ..Edits::default() };
    let mut model = one_tool(edits);
    model.network.push(NetworkPort { name: "other".into(), id: 2, label: 123, keep_bad: false });
    let mut broker = Broker::with_policy(&model.to_string());
    let mut out = Vec::new();
    for (number, frame) in frames.iter().enumerate() {
        let copy = broker.send(1 + number as u16 % 2, frame, false).copies.remove(0);
        out.push(Captured { time_ns: frame.time_ns, data: copy.data, wire_length: copy.original_length });
    }
    let fields =
        ["vlan.id", "tcp.checksum.status", "udp.checksum.status", "tcp.payload", "ip.checksum.status"];
    let options =
        ["-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    let shown = tshark_fields(&out, &fields, &options).expect("tshark runs");
    for (number, row) in shown.iter().enumerate() {
        assert_eq!(row[0], if number % 2 == 0 { "3000" } else { "123" }, "frame {number}");
        // 1 is good, 2 bad, 0 not checked.
        let good = |status: &str| status.is_empty() || status == "1" || status == "Good";
        assert!(good(&row[1]) && good(&row[2]) && good(&row[4]), "frame {number}: {row:?}");
        assert!(row[3].is_empty() || row[3].starts_with("7878"), "frame {number}: {row:?}");
    }
}

#[test]
fn the_same_capture_at_two_taps_comes_out_once() {
    let Some(frames) = captures::named("wikipedia.pcap") else { return };
    let mut model = Model::with_ports(2, 1).filter(Filter { dedup: true, ..Filter::new("all", None, &[0]) });
    model.dedup.window_ns = 50_000;
    for (gap, share) in [(30_000, 1), (1_000_000, 2)] {
        let mut broker = Broker::with_policy(&model.to_string());
        let mut checker = Checker::new(&model);
        let mut left = 0;
        for (number, frame) in frames.iter().enumerate() {
            for (port, late) in [(1, 0), (2, gap)] {
                let time_ns = START + number as u64 * 10_000_000 + late;
                let frame = Captured { time_ns, ..frame.clone() };
                let sent = checker.send(&mut broker, port, &frame, false);
                left += sent.unwrap_or_else(|error| panic!("{error}")).copies.len();
            }
        }
        assert_eq!(left, share * frames.len(), "{gap} ns apart");
        checker.check_totals(&broker).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Both directions of the conversation between neighboring hosts `a` and `b` of one network.
fn conversation(a: u8, b: u8, port: u16) -> [Captured; 2] {
    let macs = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let there = Frame::new()
        .then(Ethernet::new(macs.0, macs.1))
        .then(Ipv4::new([10, 0, 0, a], [10, 0, 0, b]))
        .then(Tcp::new(port, port ^ 1));
    let back = Frame::new()
        .then(Ethernet::new(macs.1, macs.0))
        .then(Ipv4::new([10, 0, 0, b], [10, 0, 0, a]))
        .then(Tcp::new(port ^ 1, port));
    [there, back].map(|frame| {
        let data = frame.build();
        Captured { time_ns: START, wire_length: data.len() as u32, data }
    })
}

fn farm(members: usize, hosts: bool) -> Model {
    let mut model = Model::with_ports(1, 6);
    model.groups.push(Group { name: "farm".into(), members: (0..members).collect(), hosts });
    model.filter(Filter { to: vec![Target::Group(0)], ..Filter::new("all", None, &[]) })
}

/// The member that both directions of each conversation go to.
fn members(broker: &mut Broker) -> BTreeMap<(u8, u8, u16), u16> {
    let mut members = BTreeMap::new();
    for a in 0..40 {
        for b in a + 1..40 {
            for port in [1_024, 1_026, 40_000] {
                let ports = conversation(a, b, port).map(|frame| {
                    let copies = broker.send(1, &frame, false).copies;
                    assert_eq!(copies.len(), 1);
                    copies[0].port
                });
                assert_eq!(ports[0], ports[1], "the directions of {a}-{b} part");
                members.insert((a, b, port), ports[0]);
            }
        }
    }
    members
}

#[test]
fn balancing_is_symmetric_even_and_moves_only_a_lost_members_flows() {
    let mut broker = Broker::with_policy(&farm(5, false).to_string());
    let before = members(&mut broker);
    let mut share: BTreeMap<u16, usize> = BTreeMap::new();
    for port in before.values() {
        *share.entry(*port).or_default() += 1;
    }
    // 64 buckets among 5 members: each owns a binomial share of them, 12.8 on average with a deviation of 3.2.
    let flows = before.len();
    println!("{flows} flows: {share:?}");
    assert_eq!(share.len(), 5);
    for count in share.values() {
        assert!((2 * flows / 64..=28 * flows / 64).contains(count), "{share:?}");
    }
    broker.apply(&farm(4, false).to_string()).unwrap_or_else(|error| panic!("{error}"));
    let after = members(&mut broker);
    for (flow, port) in &before {
        if *port != 104 {
            assert_eq!(after[flow], *port, "{flow:?} moved without need");
        }
    }
    assert!(after.values().all(|port| *port != 104));
}

/// Flows spread over buckets evenly: with one member for each of many, the hash itself shows.
#[test]
fn neighboring_addresses_do_not_collide() {
    let mut broker = Broker::with_policy(&farm(6, true).to_string());
    let mut share: BTreeMap<u16, usize> = BTreeMap::new();
    for a in 0..=254 {
        let [there, back] = conversation(a, a + 1, 5_000);
        let ports = [there, back].map(|frame| broker.send(1, &frame, false).copies[0].port);
        assert_eq!(ports[0], ports[1]);
        *share.entry(ports[0]).or_default() += 1;
    }
    // With an exclusive or of neighbors, pairs like 2n and 2n + 1 would all go to one member: here none has the half.
    assert!(share.len() == 6 && share.values().all(|count| *count < 128), "{share:?}");
}

#[test]
fn fragments_of_a_datagram_stay_together() {
    for hosts in [false, true] {
        let mut broker = Broker::with_policy(&farm(5, hosts).to_string());
        for id in 0..200_u16 {
            let [high, low] = id.to_be_bytes();
            let datagram = Frame::new()
                .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
                .then(Ipv4::new([10, 0, high, low], [10, 1, 0, 1]).id(id))
                .then(Udp::new(1_000 + id, 53))
                .payload(&[7; 3_000]);
            let ports: BTreeSet<u16> = datagram
                .clone()
                .fragments(1_400)
                .iter()
                .chain(hosts.then_some(&datagram))
                .map(|frame| {
                    let data = frame.build();
                    let frame = Captured { time_ns: START, wire_length: data.len() as u32, data };
                    broker.send(1, &frame, false).copies[0].port
                })
                .collect();
            assert_eq!(ports.len(), 1, "datagram {id}");
        }
    }
}

#[test]
fn two_taps_sample_the_same_packets() {
    let filter = |name: &str, tool: usize, percent: u8| Filter {
        sample: Some(percent),
        ..Filter::new(name, None, &[tool])
    };
    let model = Model::with_ports(2, 3)
        .filter(filter("ten", 0, 10))
        .filter(filter("half", 1, 50))
        .filter(filter("most", 2, 90));
    let mut broker = Broker::with_policy(&model.to_string());
    let mut checker = Checker::new(&model);
    let packets = 4_000_u32;
    for number in 0..packets {
        let [a, b, c, d] = number.to_be_bytes();
        let frame = Frame::new()
            .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
            .then(Ipv4::new([10, a, b, c], [192, 0, 2, d]))
            .then(Udp::new(1_000, 2_000));
        let routed = frame.clone().routed([2, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 4]);
        let mut kept = [(1, frame), (2, routed)].map(|(port, frame)| {
            let data = frame.build();
            let frame = Captured { time_ns: START, wire_length: data.len() as u32, data };
            let sent =
                checker.send(&mut broker, port, &frame, false).unwrap_or_else(|error| panic!("{error}"));
            sent.copies.iter().map(|copy| copy.port).collect::<Vec<_>>()
        });
        kept.iter_mut().for_each(|ports| ports.sort_unstable());
        assert_eq!(kept[0], kept[1], "packet {number}");
    }
    checker.check_totals(&broker).unwrap_or_else(|error| panic!("{error}"));
    for (tool, percent) in broker.account().tools.iter().zip([10.0, 50.0, 90.0]) {
        let share = percent / 100.0;
        let (n, sent) = (f64::from(packets), tool.sent as f64 / 2.0);
        // Binomial: five standard deviations.
        let tolerance = 5.0 * (n * share * (1.0 - share)).sqrt();
        assert!((sent - n * share).abs() < tolerance, "{sent} of {n} kept, {percent} % asked");
    }
}
