//! Stamps of every format, written here by their descriptions, are read as what they say; and tshark, which knows them from elsewhere, reads the same.

use std::path::Path;
use std::process::Command;

use sluice_capture::frame::{Erspan2, Ethernet, Frame, Gre, Header, Ipv4, Tcp, Udp, Vlan};
use sluice_capture::{InterfaceOptions, PacketRecord, PcapngWriter, SectionOptions};
use sluice_latency::{ClockSource, DETECTION_PACKETS, Detector, Format, StampReader};

const SECONDS: u64 = 1_700_000_123;
const NANOSECONDS: u64 = 987_654_321;
const TIME_NS: u64 = SECONDS * 1_000_000_000 + NANOSECONDS;
/// When it was captured: a little later.
const CAPTURE_NS: u64 = TIME_NS + 40_000;

fn frame() -> Frame {
    Frame::new()
        .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
        .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]))
        .then(Udp::new(5_000, 6_000))
        .payload(&[0x5a; 60])
}

fn seconds() -> [u8; 4] {
    (SECONDS as u32).to_be_bytes()
}

fn nanoseconds() -> [u8; 4] {
    (NANOSECONDS as u32).to_be_bytes()
}

/// The plain frame with what stands between its MACs and its EtherType.
fn with_header(plain: &[u8], header: &[u8]) -> Vec<u8> {
    [&plain[..12], header, &plain[12..]].concat()
}

fn d28b(version: u16, seconds: &[u8]) -> Vec<u8> {
    [&[0xd2, 0x8b, 0, 1][..], &version.to_be_bytes(), seconds, &nanoseconds()].concat()
}

fn vss(source: u32, port: &[u8]) -> Vec<u8> {
    let word = source << 30 | NANOSECONDS as u32;
    [&seconds()[..], &word.to_be_bytes(), port].concat()
}

fn ixia(source: u8) -> Vec<u8> {
    let mut trailer = [&[source, 8][..], &seconds(), &nanoseconds(), &[10, 0xaf, 0x12]].concat();
    let words =
        trailer.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    trailer.extend((!(folded as u16)).to_be_bytes());
    trailer
}

fn metamako(extensions: &[u8], flags: u8) -> Vec<u8> {
    [&[0xde, 0xad, 0xbe, 0xef][..], extensions, &seconds(), &nanoseconds(), &[flags, 0x01, 0x02, 33]].concat()
}

fn exablaze() -> Vec<u8> {
    let fraction = ((u128::from(NANOSECONDS) << 40) / 1_000_000_000 + 1) as u64;
    [&[1, 2, 3, 4, 5, 6][..], &seconds(), &fraction.to_be_bytes()[3..], &[0]].concat()
}

/// ERSPAN III around a frame: the header's last word and what stands behind it.
fn erspan3(plain: &[u8], stamp: u32, granularity: u16, subheader: &[u8]) -> Vec<u8> {
    let last = granularity << 1 | u16::from(!subheader.is_empty());
    let header =
        [&[0x20, 0, 0, 7][..], &stamp.to_be_bytes(), &[0, 0], &last.to_be_bytes(), subheader].concat();
    Frame::new()
        .then(Ethernet::new([2, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 4]))
        .then(Ipv4::new([192, 0, 2, 1], [192, 0, 2, 2]))
        .then(Gre::new().sequence(1))
        .then(Header::new(0x22eb, &header))
        .payload(plain)
        .build()
}

/// A form's name, its format, its bytes, what of the time it can say, its clock and port.
type Form = (&'static str, Format, Vec<u8>, u64, ClockSource, Option<u16>);

/// Every format and form.
fn forms() -> Vec<Form> {
    let plain = frame().build();
    let tagged = with_header(&with_header(&plain, &d28b(0x0110, &seconds())), &[0x81, 0, 0, 42]);
    let tai = ((SECONDS + 37) as u32).to_be_bytes();
    let behind = |trailer: Vec<u8>| [&plain[..], &trailer].concat();
    let units = TIME_NS / 100;
    let seconds_of_ptp = [&[5 << 2, 0, 0, 9][..], &seconds()].concat();
    let upper = [&[3 << 2, 0, 0, 0][..], &((units >> 32) as u32).to_be_bytes()].concat();
    let none = ClockSource::Unstated;
    let low = |seconds: u64| (seconds as u16).to_be_bytes();
    vec![
        ("64 bits, UTC", Format::D28b, with_header(&plain, &d28b(0x0110, &seconds())), TIME_NS, none, None),
        ("64 bits, TAI", Format::D28b, with_header(&plain, &d28b(0x0010, &tai)), TIME_NS, none, None),
        (
            "48 bits, UTC",
            Format::D28b,
            with_header(&plain, &d28b(0x0120, &low(SECONDS))),
            TIME_NS,
            none,
            None,
        ),
        (
            "48 bits, TAI",
            Format::D28b,
            with_header(&plain, &d28b(0x0020, &low(SECONDS + 37))),
            TIME_NS,
            none,
            None,
        ),
        ("label in front", Format::D28b, tagged, TIME_NS, none, None),
        ("vss", Format::Vss { port_bytes: 0 }, behind(vss(3, &[])), TIME_NS, ClockSource::Ptp, None),
        (
            "vss+1",
            Format::Vss { port_bytes: 1 },
            behind(vss(2, &[200])),
            TIME_NS,
            ClockSource::Gps,
            Some(200),
        ),
        (
            "vss+2",
            Format::Vss { port_bytes: 2 },
            behind(vss(1, &[1, 2])),
            TIME_NS,
            ClockSource::Ntp,
            Some(258),
        ),
        ("ixia", Format::Ixia, behind(ixia(6)), TIME_NS, ClockSource::Ptp, None),
        ("ixia in holdover", Format::Ixia, behind(ixia(7)), TIME_NS, ClockSource::Holdover, None),
        ("metamako", Format::Metamako, behind(metamako(&[], 1)), TIME_NS, none, Some(33)),
        ("degraded", Format::Metamako, behind(metamako(&[], 0x11)), TIME_NS, ClockSource::Degraded, Some(33)),
        // Read from the end: three quarters of a nanosecond, then the last: sequence number 7, a word of data and the tag.
        (
            "extended",
            Format::Metamako,
            behind(metamako(&[0, 0, 0, 0, 0, 7, 0, 0x60, 0xc0, 0, 0, 1], 3)),
            TIME_NS + 1,
            none,
            Some(33),
        ),
        ("exablaze", Format::Exablaze, behind(exablaze()), TIME_NS, none, Some(6)),
        (
            "erspan",
            Format::Erspan3,
            erspan3(&plain, NANOSECONDS as u32, 2, &seconds_of_ptp),
            TIME_NS,
            none,
            Some(9),
        ),
        ("erspan, short", Format::Erspan3, erspan3(&plain, NANOSECONDS as u32, 2, &[]), TIME_NS, none, None),
        ("erspan, 100 ns", Format::Erspan3, erspan3(&plain, units as u32, 1, &[]), units * 100, none, None),
        (
            "erspan, 64 bits",
            Format::Erspan3,
            erspan3(&plain, units as u32, 1, &upper),
            units * 100,
            none,
            None,
        ),
    ]
}

/// Each form gives its time, its clock and port, and the frame as it was.
#[test]
fn every_form_is_read() {
    let plain = frame().build();
    for (name, format, bytes, time_ns, clock, port) in forms() {
        let stamped = StampReader::new(format).read(&bytes, CAPTURE_NS, bytes.len() as u32);
        let stamped = stamped.unwrap_or_else(|| panic!("{name} is not read"));
        assert_eq!(stamped.time_ns, time_ns, "{name}");
        assert_eq!((stamped.clock, stamped.port), (clock, port), "{name}");
        assert_eq!((stamped.macs, stamped.from_ether_type), plain.split_at(12), "{name}");
        assert_eq!(stamped.wire_length as usize, plain.len(), "{name}");
    }
}

/// The format of a capture is found, with a check sequence behind trailers or without.
#[test]
fn every_form_is_detected() {
    for (name, format, bytes, time_ns, ..) in forms() {
        let trailer = !matches!(format, Format::D28b | Format::Erspan3);
        for check in [0, 4] {
            if check == 4 && !trailer {
                continue;
            }
            let bytes = [&bytes[..], &[0x77, 0x66, 0x55, 0x44][..check]].concat();
            let mut detector = Detector::new(37);
            for n in 0..DETECTION_PACKETS {
                assert_eq!(
                    detector.observe(&bytes, CAPTURE_NS, bytes.len() as u32),
                    n + 1 == DETECTION_PACKETS
                );
            }
            let found = detector.found();
            assert_eq!((found.format, usize::from(found.check_bytes)), (format, check), "{name}");
            let stamped = found.read(&bytes, CAPTURE_NS, bytes.len() as u32).expect("it was found");
            assert_eq!(stamped.time_ns, time_ns, "{name}");
        }
    }
}

/// Frames without stamps are not taken for stamped ones.
#[test]
fn plain_frames_have_the_time_of_the_capture() {
    let mut detector = Detector::new(37);
    let frames = [
        frame(),
        Frame::new()
            .then(Ethernet::new([2; 6], [4; 6]))
            .then(Vlan::new(7))
            .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]))
            .then(Gre::new().sequence(3))
            .then(Erspan2::new(5))
            .then(Ethernet::new([6; 6], [8; 6]))
            .then(Ipv4::new([10, 0, 0, 3], [10, 0, 0, 4]))
            .then(Tcp::new(1, 2)),
    ];
    for frame in frames.iter().cycle().take(DETECTION_PACKETS) {
        let bytes = frame.build_padded();
        detector.observe(&bytes, CAPTURE_NS, bytes.len() as u32);
    }
    assert_eq!(detector.found().format, Format::Capture);
    assert_eq!(Detector::new(37).found().format, Format::Capture);
}

/// Whatever is cut off or overwritten: an answer or none, and no panic.
#[test]
fn damaged_stamps_do_no_harm() {
    let mut dice = crate::dice::Dice::new(5);
    for (_, format, bytes, ..) in forms() {
        let reader = StampReader::new(format);
        for end in 0..=bytes.len() {
            reader.read(&bytes[..end], CAPTURE_NS, end as u32);
        }
        for _ in 0..2_000 {
            let mut damaged = bytes.clone();
            for _ in 0..=dice.below(3) {
                let at = dice.below(damaged.len() as u64) as usize;
                damaged[at] = dice.word() as u8;
            }
            if let Some(stamped) = reader.read(&damaged, dice.word(), damaged.len() as u32) {
                for profile in sluice_latency::Profile::ALL {
                    let options = sluice_latency::KeyOptions { profile, ..Default::default() };
                    sluice_latency::keyed(stamped.from_ether_type, &options);
                }
            }
        }
    }
}

fn write(path: &Path, frames: &[Vec<u8>]) {
    let file = std::fs::File::create(path).expect("a temporary file");
    let mut writer = PcapngWriter::new(file, SectionOptions::default()).expect("it can be written");
    let interface = writer
        .add_interface(InterfaceOptions { name: "tap", ..InterfaceOptions::default() })
        .expect("it can");
    for data in frames {
        let wire_length = data.len() as u32;
        let record =
            PacketRecord { interface, time_ns: CAPTURE_NS, data, wire_length, ..PacketRecord::default() };
        writer.write_packet(&record).expect("it can");
    }
    writer.finish().expect("it can");
}

/// What stock tshark makes of the same bytes: so the forms here are those of the devices.
#[test]
fn tshark_reads_the_same() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock = format!("{SECONDS}.{NANOSECONDS}");
    let with_tai = (SECONDS + 37).to_string();
    for (name, _, bytes, ..) in forms() {
        let (options, field, expected): (&[&str], &str, String) = match name {
            "64 bits, UTC" | "label in front" => (&[], "avsp.64sec", SECONDS.to_string()),
            "64 bits, TAI" => (&[], "avsp.64sec", with_tai.clone()),
            "48 bits, UTC" => (&[], "avsp.48sec", (SECONDS & 0xffff).to_string()),
            "48 bits, TAI" => (&[], "avsp.48sec", ((SECONDS + 37) & 0xffff).to_string()),
            "vss" | "vss+1" => (&[], "vssmonitoring.time", clock.clone()),
            "vss+2" => {
                (&["-o", "vssmonitoring.two_byte_portstamps:TRUE"], "vssmonitoring.srcport", "258".into())
            }
            "ixia" | "ixia in holdover" => (&[], "ixiatrailer.timestamp", clock.clone()),
            "metamako" | "degraded" | "extended" => {
                (&["--enable-heuristic", "metamako_eth"], "metamako.srcport", "33".into())
            }
            "exablaze" => (&["--enable-heuristic", "exablaze_eth"], "exablaze.port", "6".into()),
            "erspan" => (&[], "erspan.pid5.timestamp", SECONDS.to_string()),
            "erspan, short" => (&[], "erspan.timestamp", NANOSECONDS.to_string()),
            "erspan, 100 ns" => (&[], "erspan.timestamp", ((TIME_NS / 100) as u32).to_string()),
            _ => (&[], "erspan.pid3.timestamp", ((TIME_NS / 100) >> 32).to_string()),
        };
        let path = folder.path().join("one.pcapng");
        write(&path, &[bytes]);
        let output = Command::new("tshark")
            .args([
                "-r".as_ref(),
                path.as_os_str(),
                "-T".as_ref(),
                "fields".as_ref(),
                "-e".as_ref(),
                field.as_ref(),
            ])
            .args(options)
            .env("TZ", "UTC")
            .output()
            .expect("tshark runs");
        let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
        let same = text == expected
            || (expected == clock && text.contains(&format!(".{NANOSECONDS}")))
            || text
                .strip_prefix("0x")
                .is_some_and(|hex| u64::from_str_radix(hex, 16).ok() == expected.parse().ok());
        assert!(
            same,
            "{name}: tshark says {field} is `{text}`, not `{expected}`\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
