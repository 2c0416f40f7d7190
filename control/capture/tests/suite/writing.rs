//! What is written is read back by this crate, by tshark and by tcpdump.

use std::io::Write;

use sluice_capture::{
    Direction, InterfaceOptions, InterfaceStatistics, OutputFile, PacketRecord, PcapWriter, PcapngWriter,
    ReadOptions, Reader, SectionOptions,
};

use crate::common::{run, tshark_fields};

const START: u64 = 1_700_000_000_123_456_789;

fn frame(byte: u8, length: usize) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5];
    frame.resize(length, byte);
    frame
}

/// Two interfaces, every option.
fn pcapng() -> Vec<u8> {
    let section = SectionOptions { hardware: Some("test bench"), os: None };
    let mut writer = PcapngWriter::new(Vec::new(), section).expect("memory");
    let first = InterfaceOptions {
        name: "analyzer",
        description: Some("filters web, dns"),
        hardware: Some("soft switch"),
        fcs_bytes: None,
    };
    assert_eq!(writer.add_interface(first).expect("memory"), 0);
    let second = InterfaceOptions { name: "with-fcs", fcs_bytes: Some(4), ..InterfaceOptions::default() };
    assert_eq!(writer.add_interface(second).expect("memory"), 1);
    let sliced = PacketRecord {
        interface: 0,
        time_ns: START,
        data: &frame(1, 61),
        wire_length: 1_500,
        direction: Direction::Inbound,
        dropped: Some(3),
        packet_id: Some(0x1234_5678_9abc_def0),
        queue: Some(5),
    };
    writer.write_packet(&sliced).expect("memory");
    let whole = PacketRecord {
        interface: 1,
        time_ns: START + 1,
        data: &frame(2, 68),
        wire_length: 68,
        direction: Direction::Outbound,
        ..PacketRecord::default()
    };
    writer.write_packet(&whole).expect("memory");
    let totals =
        InterfaceStatistics { received: Some(10), dropped: Some(3), accepted: Some(2), delivered: Some(1) };
    writer.write_statistics(0, totals).expect("memory");
    writer.finish().expect("memory")
}

#[test]
fn pcapng_is_read_back() {
    let bytes = pcapng();
    let mut reader = Reader::new(bytes.as_slice(), ReadOptions::default()).expect("a header");
    let packet = reader.next_packet().expect("whole").expect("one");
    assert_eq!((packet.time_ns, packet.data, packet.wire_length), (START, frame(1, 61).as_slice(), 1_500));
    assert_eq!((packet.interface, packet.flags.direction()), (0, Direction::Inbound));
    assert_eq!((packet.dropped, packet.packet_id, packet.queue), (3, Some(0x1234_5678_9abc_def0), Some(5)));
    let packet = reader.next_packet().expect("whole").expect("two");
    // The frame check sequence is gone from data and length.
    assert_eq!((packet.time_ns, packet.data, packet.wire_length), (START + 1, frame(2, 64).as_slice(), 64));
    assert_eq!((packet.interface, packet.flags.direction()), (1, Direction::Outbound));
    assert!(reader.next_packet().expect("whole").is_none());
    assert_eq!(reader.consumed_bytes(), bytes.len() as u64);
    let interfaces = reader.interfaces();
    assert_eq!(interfaces[0].name.as_deref(), Some("analyzer"));
    assert_eq!(interfaces[0].description.as_deref(), Some("filters web, dns"));
    assert_eq!((interfaces[1].name.as_deref(), interfaces[1].fcs_bytes), (Some("with-fcs"), 4));
}

#[test]
fn pcapng_has_the_same_bytes_each_time() {
    assert_eq!(pcapng(), pcapng());
}

#[test]
fn pcapng_is_read_by_tshark() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("written.pcapng");
    std::fs::write(&file, pcapng()).expect("written");
    let fields = [
        "frame.time_epoch",
        "frame.cap_len",
        "frame.len",
        "frame.interface_name",
        "frame.interface_description",
        "frame.packet_flags_direction",
        "frame.packet_id",
        "frame.interface_queue",
        "frame.drop_count",
    ];
    let Some(lines) = tshark_fields(&file, &fields) else { return };
    let id = 0x1234_5678_9abc_def0_u64;
    assert_eq!(
        lines[0],
        format!("1700000000.123456789\t61\t1500\tanalyzer\tfilters web, dns\t0x00000001\t{id}\t5\t3")
    );
    assert!(lines[1].starts_with("1700000000.123456790\t68\t68\twith-fcs\t\t0x00000002"), "{}", lines[1]);
    let Some(information) = run("capinfos", &[file.to_str().expect("a plain name")]) else { return };
    for expected in
        ["sluice", "test bench", "soft switch", "analyzer", "Number of packets:   2", "nanoseconds (9)"]
    {
        assert!(information.contains(expected), "{expected}: {information}");
    }
}

#[test]
fn pcap_is_read_back_and_by_tcpdump() {
    let mut writer = PcapWriter::new(Vec::new()).expect("memory");
    writer.write_packet(START, &frame(1, 60), 60).expect("memory");
    writer.write_packet(START + 1, &frame(2, 64), 9_000).expect("memory");
    assert!(writer.write_packet(u64::MAX, &[], 0).is_err(), "2106 is the end");
    let bytes = writer.finish().expect("memory");
    let (packets, error) = crate::common::read_all(&bytes, ReadOptions::default());
    assert!(error.is_none(), "{error:?}");
    let seen: Vec<_> =
        packets.iter().map(|packet| (packet.time_ns, packet.data.len(), packet.wire_length)).collect();
    assert_eq!(seen, [(START, 60, 60), (START + 1, 64, 9_000)]);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("written.pcap");
    std::fs::write(&file, &bytes).expect("written");
    let name = file.to_str().expect("a plain name");
    let Some(lines) = run("tcpdump", &["-n", "-tt", "--nano", "-r", name]) else { return };
    assert!(lines.starts_with("1700000000.123456789 "), "{lines}");
    assert!(lines.contains("1700000000.123456790 ") && lines.contains("length 9000"), "{lines}");
}

#[test]
fn an_output_file_is_whole_or_absent() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("tool.pcapng");
    let names = || std::fs::read_dir(folder.path()).expect("a folder").count();
    let mut file = OutputFile::create(&target).expect("created");
    file.write_all(b"first").expect("written");
    assert!(!target.exists());
    drop(file);
    assert_eq!(names(), 0);

    let mut file = OutputFile::create(&target).expect("created");
    file.write_all(b"second").expect("written");
    file.commit().expect("renamed");
    assert_eq!(std::fs::read(&target).expect("there"), b"second");

    let mut file = OutputFile::create(&target).expect("created");
    file.write_all(b"third").expect("written");
    drop(file);
    assert_eq!(std::fs::read(&target).expect("there"), b"second");
    assert_eq!(names(), 1);
}
