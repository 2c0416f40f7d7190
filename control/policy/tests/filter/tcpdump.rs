//! What tcpdump accepts and refuses, and whether the language here does the same. (That the two *select* the same
//! packets is tested through the whole pipeline, over captures.)

use std::process::Command;

use crate::terms_of;

/// Accepted by both.
pub(crate) const BOTH_ACCEPT: &[&str] = &[
    "",
    "tcp",
    "udp",
    "sctp",
    "icmp",
    "icmp6",
    "igmp",
    "ip",
    "ip6",
    "arp",
    "rarp",
    "ah",
    "esp",
    "pim",
    "vrrp",
    "stp",
    "host 192.0.2.1",
    "src host 192.0.2.1",
    "dst 192.0.2.1",
    "src or dst host 192.0.2.1",
    "dst or src host 192.0.2.1",
    "src and dst host 192.0.2.1",
    "ip host 192.0.2.1",
    "arp host 192.0.2.1",
    "rarp src host 192.0.2.1",
    "ip6 host ::1",
    "host ::1",
    "ip6 src fe80::1",
    "net 10",
    "net 10.1",
    "net 10.1.2",
    "net 10.1.2.3",
    "host 10.1",
    "net 10.0.0.0/8",
    "src net 10.0.0.0/8",
    "ip net 10.0.0.0/8",
    "net 10.0.0.0 mask 255.0.0.0",
    "net 2001:db8::/32",
    "ip6 net fe80::/10",
    "net 0.0.0.0/0",
    "net ::/0",
    "port 80",
    "tcp port 80",
    "udp src port 53",
    "sctp dst port 5",
    "port 0x50",
    "port 010",
    "tcp src or dst port 80",
    "tcp src and dst port 80",
    "port http",
    "port domain",
    "udp port ntp",
    "portrange 80-90",
    "portrange 90-80",
    "tcp portrange ftp-ssh",
    "tcp dst portrange 1-1024",
    "tcp port 80 or 443",
    "tcp port (80 or 443)",
    "port not 80",
    "host 192.0.2.1 and not 192.0.2.2",
    "src host 192.0.2.1 or 192.0.2.2",
    "not tcp",
    "! tcp",
    "not not tcp",
    "!(tcp or udp)",
    "tcp && udp || icmp",
    "ether host 00:11:22:33:44:55",
    "ether src 00:11:22:33:44:55",
    "ether dst 00-11-22-33-44-55",
    "ether host 0011.2233.4455",
    "ether host 001122334455",
    "ether src or dst 0:1:2:3:4:5",
    "link host 0:1:2:3:4:5",
    "ether proto 0x88cc",
    "ether proto \\ip",
    "ether proto \\arp",
    "ether proto 2048",
    "ether proto \\stp",
    "ether proto loopback",
    "ether proto 0x42",
    "ether broadcast",
    "broadcast",
    "ether multicast",
    "multicast",
    "ip multicast",
    "ip6 multicast",
    "ip proto 6",
    "ip proto \\tcp",
    "ip6 proto 58",
    "ip6 proto \\udp",
    "proto 17",
    "proto \\icmp",
    "proto ospf",
    "ip proto 6 or 17",
    "less 100",
    "greater 100",
    "len > 100",
    "len = 100",
    "len != 64",
    "len - 14 > 100",
    "tcp[tcpflags] & (tcp-syn|tcp-ack) != 0",
    "tcp[13] & 2 != 0",
    "tcp[13] == 2",
    "0 != tcp[13] & 2",
    "tcp[13:1] = 18",
    "icmp[icmptype] == icmp-echo",
    "icmp[0] = 8",
    "icmp6[icmp6type] = 128",
    "icmp6[0] = 128",
    "ip[6:2] & 0x1fff = 0",
    "ip[8] < 5",
    "ip[9] = 17",
    "ether[0] & 1 != 0",
    "tcp[2:2] = 80",
    "vlan",
    "vlan 5",
    "vlan 5 and vlan 6",
    "vlan and ip",
    "mpls",
    "mpls 16",
    "pppoed",
];

/// Accepted by both, with a meaning of its own here: tcpdump takes the bare name for the number 13.
const DIFFERENT: &[&str] = &["tcpflags = 2"];

/// Refused by both.
const BOTH_REFUSE: &[&str] = &[
    "foo",
    "tpc",
    "tcp udp",
    "tcp port",
    "tcp and",
    "and tcp",
    "(tcp",
    "tcp)",
    "()",
    "not",
    "80",
    "192.0.2.1",
    "port 70000",
    "port 80-90",
    "port 80 80",
    "tcp or 80",
    "tcp host 192.0.2.1",
    "icmp host 192.0.2.1",
    "ip port 80",
    "udp port http",
    "sctp port http",
    "host 192.0.2.256",
    "net 10.1.2.3/8",
    "net 10.0.0.0/33",
    "host 192.0.2.0/33",
    "ip host ::1",
    "ip6 host 192.0.2.1",
    "ip6 net 2001:db8::1/32",
    "ether host 192.0.2.1",
    "host 00:11:22:33:44:55",
    "tcp proto 5",
    "src proto 5",
    "ip6 broadcast",
    "tcp multicast",
    "igmp multicast",
    "net 10 mask 255.0.0.0/8",
    "tcp[",
    "tcp[13",
    "tcp[13:3] = 5",
    "len >",
    "ether net 10.0.0.0/8",
    "net 192.0.2.0 mask 255.0",
    "ether",
    "src",
    "dst and",
    "tcp & udp",
];

/// Accepted here alone, with what that is for.
const OURS_ALONE: &[&str] = &[
    // A protocol's name behind `proto` needs no backslash.
    "ip proto tcp",
    "ether proto ip",
    "proto tcp",
    // A prefix makes a network of it.
    "src 10.0.0.0/8",
    "net 10/8",
    // What pcap-filter has no word for.
    "inner (tcp)",
    "vni 5",
    "teid 5",
    "gre key 5",
    "dscp ef",
    "ecn 3",
    "ttl < 5",
    "frag",
    "src in @servers",
    "port in {80, 443}",
];

/// Accepted by tcpdump alone: refused here with what to write instead.
const THEIRS_ALONE: &[&str] = &[
    "inbound",
    "ip[2:2] > 576",
    "ip6 protochain 6",
    "llc",
    "geneve 5",
    "pppoes 5",
    "1 = 1",
    "len > 70000",
    "ip proto 300",
    "src 80",
    "vlan 1 and vlan 2 and vlan 3",
    "net 10.0.0.0 mask 255.0.255.0",
    "isis",
    "ipx",
    "ether proto 0xfe",
    "ether proto 1000",
];

/// Whether tcpdump compiles it; "rejects all packets" is an answer, not a refusal. `None` where there is no tcpdump.
fn tcpdump_accepts(expression: &str) -> Option<bool> {
    let output = Command::new("tcpdump").args(["-y", "EN10MB", "-d", expression]).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    Some(output.status.success() || said.contains("rejects all packets"))
}

#[test]
fn accepts_and_refuses_what_tcpdump_does() {
    let lists = [
        (BOTH_ACCEPT, true, true),
        (DIFFERENT, true, true),
        (BOTH_REFUSE, false, false),
        (OURS_ALONE, true, false),
        (THEIRS_ALONE, false, true),
    ];
    let mut wrong = Vec::new();
    let mut skipped = false;
    for (list, ours, theirs) in lists {
        for expression in list {
            if terms_of(expression).is_ok() != ours {
                wrong.push(format!(
                    "here, `{expression}` should {}be accepted",
                    if ours { "" } else { "not " }
                ));
            }
            match tcpdump_accepts(expression) {
                Some(accepts) if accepts != theirs => {
                    wrong.push(format!(
                        "tcpdump {} `{expression}`",
                        if accepts { "accepts" } else { "refuses" }
                    ));
                }
                Some(_) => {}
                None => skipped = true,
            }
        }
    }
    if skipped {
        println!("skipped: comparison with tcpdump, which is not there");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
