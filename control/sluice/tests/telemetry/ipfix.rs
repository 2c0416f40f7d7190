//! IPFIX, as nfcapd and tshark read it.

use crate::lab::{Daemon, is_installed};
use crate::traffic::{Capturer, Collector, Told, flows, others, tshark};

/// A line of nfdump as a flow.
fn told(line: &[String], flags: &'static str) -> Told {
    let number = |at: usize| line[at].parse::<u64>().unwrap_or_else(|_| panic!("{line:?}"));
    Told {
        protocol: number(0) as u8,
        source: line[1].clone(),
        destination: line[2].clone(),
        ports: (number(3) as u16, number(4) as u16),
        vlan: number(5) as u16,
        packets: number(6),
        octets: number(7),
        flags,
    }
}

#[test]
fn flows_are_read_by_nfcapd_and_tshark_and_their_totals_are_what_was_sent() {
    if !is_installed("tshark", "--version") || !is_installed("nfcapd", "-V") || !is_installed("nfdump", "-V")
    {
        return;
    }
    let (collector, mut capturer) = (Collector::new(), Capturer::new("nfcapd"));
    let port = collector.port;
    let telemetry = format!(
        "ipfix:\n  collectors: [\"127.0.0.1:{port}\", \"127.0.0.1:{}\"]\n  domain: 42\n  idle: 2s\n  templates: 1s\n",
        capturer.port
    );
    let daemon = Daemon::start(&[("telemetry.yaml", &telemetry)], &["--telemetry", "telemetry.yaml"]);
    let (frames, mut sent) = flows();
    frames.iter().chain(&others()[..1]).for_each(|frame| daemon.frame(frame));
    // Idle flows are told; one comes again, and is told when the broker ends.
    std::thread::sleep(std::time::Duration::from_millis(3_500));
    daemon.frame(&frames[0]);
    let messages = collector.end_after(daemon);

    let lines = capturer.end("%pr;%sa;%da;%sp;%dp;%svln;%pkt;%byt;%flg;%in");
    assert!(lines.iter().all(|line| line[9] == "1"), "{lines:?}");
    let mut read: Vec<Told> = Vec::new();
    for line in &lines {
        let flags = if line[8] == "........" { "........" } else { "...A..S." };
        assert_eq!(line[8], flags, "{line:?}");
        let one = told(line, flags);
        let same = |other: &&mut Told| (&other.source, other.ports) == (&one.source, one.ports);
        match read.iter_mut().find(same) {
            Some(other) => {
                (other.packets, other.octets) = (other.packets + one.packets, other.octets + one.octets);
            }
            None => read.push(one),
        }
    }
    read.sort();
    assert_eq!(lines.len(), sent.len() + 1, "one flow came in two parts");
    let again = sent.iter_mut().find(|flow| flow.ports.0 == 50_000).expect("it was sent");
    (again.packets, again.octets) = (again.packets + 1, again.octets / again.packets * (again.packets + 1));
    assert_eq!(read, sent);

    let fields = [
        "cflow.version",
        "cflow.od_id",
        "cflow.sequence",
        "cflow.template_id",
        "cflow.flow_end_reason",
        "cflow.inputint",
    ];
    let messages = tshark(&messages, port, "cflow", &fields);
    assert!(messages.iter().all(|line| line[0] == ["10"] && line[1] == ["42"]), "{messages:?}");
    let templates =
        messages.iter().filter(|line| line[3].starts_with(&["256".to_string(), "257".to_string()]));
    assert!(templates.count() >= 3, "they come again and again: {messages:?}");
    assert_eq!(messages[0][3].len(), 2, "they come first");
    let mut records = 0;
    let mut reasons = Vec::new();
    for line in &messages {
        assert_eq!(line[2], [records.to_string()], "sequences count records: {messages:?}");
        records += line[4].len();
        reasons.extend(line[4].iter().map(String::as_str));
    }
    assert_eq!(records, lines.len());
    assert_eq!((reasons.iter().filter(|end| **end == "1").count(), reasons.last()), (sent.len(), Some(&"4")));
}
