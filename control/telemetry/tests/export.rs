//! Many flows on their way to a collector with a small buffer.

use std::net::UdpSocket;
use std::time::Duration;

use sluice_diagnostics::Sources;
use sluice_telemetry::Exports;

/// Bytes of a flow's record over IPv4, and of the headers of a message and of a set.
const RECORD: usize = 4 + 2 + 8 + 4 + 3 + 4 * 8 + 1;
const HEADER: usize = 16;
const SET_HEADER: usize = 4;

/// UDP from a different address each, with a hundred bytes of IP.
fn frame(number: u32) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 100, 0, 0, 0, 0, 64, 17, 0, 0]);
    frame.extend((0x0a00_0000 + number).to_be_bytes());
    frame.extend([10, 255, 0, 2, 0, 53, 0, 53, 0, 80, 0, 0]);
    frame.resize(114, 0);
    frame
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[test]
fn every_flow_of_a_port_that_closes_arrives() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("it is a time");
    let text = format!(
        "ipfix: {{ collectors: [\"{}\"], flows: 16384, idle: 60s }}",
        socket.local_addr().expect("it is bound")
    );
    let mut sources = Sources::new();
    let source = sources.add("telemetry.yaml", text);
    let config = sluice_telemetry::parse(&mut sources, source, None);
    let config = config.unwrap_or_else(|found| panic!("{}", found.render(&sources)));
    let (flows, each) = (12_000u32, 3u64);
    let sender = std::thread::spawn(move || {
        let exports = Exports::start(&config, Box::new(Vec::new)).expect("there are threads");
        let mut tap = exports.tap(7, "tap").expect("flows are wanted");
        let start = 1_700_000_000_000_000_000;
        for round in 0..each {
            for one in 0..flows {
                // A million frames a second.
                let time = round * u64::from(flows) + u64::from(one);
                tap.frame(&frame(one), 114, start + time * 1_000);
            }
        }
        drop(tap);
        let lost = exports.counted().lost();
        drop(exports);
        assert_eq!(lost[0].0, "tap");
        lost[0].1
    });
    let (mut records, mut packets, mut octets, mut sequence) = (0u64, 0, 0, 0);
    let mut bytes = [0; 2_048];
    while packets < each * u64::from(flows) {
        let length = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{packets} packets: {error}"));
        let message = &bytes[..length];
        assert_eq!(number(&message[8..12]), sequence, "a message is missing");
        let set = &message[HEADER..];
        if number(&set[..2]) != 256 {
            continue;
        }
        for record in set[SET_HEADER..].chunks(RECORD) {
            assert_eq!((number(&record[..4]), number(&record[14..16])), (7, 53));
            (packets, octets) = (packets + number(&record[21..29]), octets + number(&record[29..37]));
            records += 1;
        }
        sequence = records;
    }
    let lost = sender.join().expect("it does not panic");
    assert_eq!((packets, octets), (each * u64::from(flows), each * u64::from(flows) * 100));
    assert_eq!((lost.flows, lost.lost_flows), (records, 0));
}
