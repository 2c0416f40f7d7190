//! sFlow, as tshark and sfcapd read it.

use std::time::Duration;

use serde_json::Value;

use crate::lab::{Daemon, is_installed};
use crate::traffic::{Capturer, Collector, flows, others, tshark};

fn number(text: &str) -> u64 {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.unwrap_or_else(|_| panic!("`{text}` is no number"))
}

#[test]
fn samples_and_counters_are_read_by_tshark_and_sfcapd() {
    if !is_installed("tshark", "--version") || !is_installed("sfcapd", "-V") || !is_installed("nfdump", "-V")
    {
        return;
    }
    let (collector, mut capturer) = (Collector::new(), Capturer::new("sfcapd"));
    let port = collector.port;
    let telemetry = format!(
        "sflow:\n  collectors: [\"127.0.0.1:{port}\", \"127.0.0.1:{}\"]\n  agent: 192.0.2.77\n  sample: 4\n  ports: {{ tap: 1 }}\n  header: 96\n  poll: 1s\n",
        capturer.port
    );
    let daemon = Daemon::start(&[("telemetry.yaml", &telemetry)], &["--telemetry", "telemetry.yaml"]);
    let (frames, told) = flows();
    let all: Vec<Vec<u8>> = frames.iter().cloned().chain(others()).collect();
    all.iter().for_each(|frame| daemon.frame(frame));
    // Counters are told twice.
    std::thread::sleep(Duration::from_millis(2_500));
    let ports: Value = serde_json::from_str(&daemon.get("/api/v1/ports")).expect("it is JSON");
    let datagrams = collector.end_after(daemon);

    let fields = [
        "sflow_245.version",
        "sflow_245.agent",
        "sflow_245.sequence_number",
        "sflow.flow_sample.sequence_number",
        "sflow.flow_sample.sampling_rate",
        "sflow.flow_sample.sample_pool",
        "sflow.flow_sample.dropped_packets",
        "sflow.flow_sample.input_interface",
        "sflow_245.header.frame_length",
        "sflow_245.header.payload_stripped",
        "sflow_245.header.sampled_header_length",
        "sflow_245.header_protocol",
    ];
    let read = tshark(&datagrams, port, "sflow", &fields);
    let column = |at: usize| read.iter().flat_map(move |line| line[at].iter()).map(String::as_str);
    assert!(column(0).all(|version| version == "5") && column(1).all(|agent| agent == "192.0.2.77"));
    assert!(column(2).map(number).eq(1..=datagrams.len() as u64), "datagrams are numbered");
    let count = all.len() as u64;
    assert!(column(3).map(number).eq(1..=count), "one of one frame is every frame");
    assert!(column(4).all(|rate| rate == "1") && column(5).map(number).eq(1..=count));
    assert!(column(6).all(|drops| drops == "0") && column(7).all(|input| input == "1"));
    assert!(column(8).map(number).eq(all.iter().map(|frame| frame.len() as u64 + 4)), "lengths with FCS");
    assert!(column(9).all(|stripped| stripped == "4") && column(11).all(|protocol| protocol == "1"));
    assert!(column(10).map(number).eq(all.iter().map(|frame| frame.len().min(96) as u64)));

    // The last counters of each port are what the broker says.
    let of_ports = tshark(
        &datagrams,
        port,
        "sflow",
        &[
            "sflow_245.ifindex",
            "sflow_245.iftype",
            "sflow_245.ifspeed",
            "sflow_245.ifoper_status",
            "sflow_245.ifinoct",
            "sflow_245.ifinpkt",
            "sflow_245.ifinmcast",
            "sflow_245.ifinbcast",
            "sflow_245.ifoutoct",
            "sflow_245.ifoutpkt",
            "sflow.counters_sample.sequence_number",
        ],
    );
    let last = of_ports.iter().rev().find(|line| line[0].len() == 2).expect("both ports are told together");
    assert_eq!(last[0], ["1", "11"]);
    let bytes: u64 = all.iter().map(|frame| frame.len() as u64 + 4).sum();
    let at = |field: usize, port: usize| number(&last[field][port]);
    assert_eq!((at(1, 0), at(2, 0), at(2, 1), at(3, 0)), (6, 0, 100_000_000, 1));
    assert_eq!((at(4, 0), at(5, 0), at(6, 0), at(7, 0)), (bytes, count - 2, 1, 1));
    assert_eq!((at(8, 1), at(9, 1)), (bytes, count));
    assert_eq!(ports["ports"][0]["received_packets"], count);
    let sequences: Vec<u64> =
        of_ports.iter().flat_map(|line| line[10].iter()).map(|text| number(text)).collect();
    let is_numbered = sequences.chunks(2).zip(1..).all(|(pair, wanted)| pair == [wanted, wanted]);
    assert!(sequences.len() >= 4 && is_numbered, "{sequences:?} {of_ports:?}");

    // Another reader's sums: of one of one frame, what was sent.
    let lines = capturer.end("%pr;%sa;%da;%sp;%dp;%pkt;%in");
    let packets: u64 = lines.iter().map(|line| number(&line[5])).sum();
    assert_eq!(packets, count, "{lines:?}");
    for flow in told.iter().filter(|flow| flow.source.contains('.')) {
        let of = lines.iter().filter(|line| line[1] == flow.source && line[3] == flow.ports.0.to_string());
        assert_eq!(of.map(|line| number(&line[5])).sum::<u64>(), flow.packets, "{flow:?} {lines:?}");
    }
    assert!(lines.iter().all(|line| line[6] == "1"), "{lines:?}");
}

#[test]
fn what_tools_get_and_ports_that_come_later_are_sampled() {
    if !is_installed("tshark", "--version") {
        return;
    }
    let collector = Collector::new();
    let port = collector.port;
    let telemetry = format!(
        "sflow: {{ collectors: [\"127.0.0.1:{port}\"], sample: 1, ports: {{ ids: 2 }}, poll: 60s }}\n"
    );
    let daemon = Daemon::start(&[("telemetry.yaml", &telemetry)], &["--telemetry", "telemetry.yaml"]);
    let (frames, _) = flows();
    let send = |count: usize| frames.iter().cycle().take(count).for_each(|frame| daemon.frame(frame));
    send(40);
    for words in
        [["ports", "--detach", "tap"], ["ports", "--attach", &format!("tap={}", daemon.tap_device())]]
    {
        let (text, code) = daemon.ask(&words);
        assert_eq!(code, Some(0), "{words:?}: {text}");
    }
    send(40);
    let datagrams = collector.end_after(daemon);
    let fields = [
        "sflow.flow_sample.input_interface",
        "sflow.flow_sample.output_interface",
        "sflow.flow_sample.sampling_rate",
        "sflow.flow_sample.sequence_number",
    ];
    let read = tshark(&datagrams, port, "sflow", &fields);
    let column = |at: usize| read.iter().flat_map(move |line| line[at].iter()).map(|text| number(text));
    let all: Vec<_> = column(0).zip(column(1)).zip(column(2).zip(column(3))).collect();
    let of = |way: (u64, u64), rate: u64| {
        let one = all.iter().filter(|(found, (found_rate, _))| *found == way && *found_rate == rate);
        one.map(|(_, (_, sequence))| *sequence).collect::<Vec<_>>()
    };
    // All that came in, before and after: the port that came later counts its own.
    let received: Vec<u64> = (1..=40).chain(1..=40).collect();
    assert_eq!(of((1, 0), 1), received);
    // One of two that left, at random.
    let sent = of((0, 11), 2);
    assert!(sent.iter().copied().eq(1..=sent.len() as u64), "{sent:?}");
    assert!((27..=80).contains(&sent.len()), "{sent:?}");
    assert_eq!(all.len(), received.len() + sent.len());
}
