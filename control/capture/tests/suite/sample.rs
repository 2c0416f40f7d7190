//! The generated sample is the same each time, holds what it promises, and is right in the eyes of tshark.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sluice_capture::sample::{MAX_SAMPLE_PACKETS, START_NS, Sample, SampleOptions, generate, write_tap};

use crate::common::{run, tshark_fields};

fn sample(packets: usize) -> Sample {
    generate(SampleOptions { packets, ..SampleOptions::default() }).expect("a small sample")
}

fn written(folder: &tempfile::TempDir, sample: &Sample) -> [PathBuf; 2] {
    [("tap-a", &sample.tap_a), ("tap-b", &sample.tap_b)].map(|(name, frames)| {
        let path = folder.path().join(name).with_extension("pcapng");
        std::fs::write(&path, write_tap(Vec::new(), name, frames).expect("memory")).expect("written");
        path
    })
}

#[test]
fn the_seed_decides_everything() {
    let sample = sample(1_000);
    let again = generate(SampleOptions { packets: 1_000, ..SampleOptions::default() }).expect("small");
    assert_eq!(sample, again);
    let other =
        generate(SampleOptions { seed: 2, packets: 1_000, ..SampleOptions::default() }).expect("small");
    assert_ne!(sample, other);
}

/// The bytes of the default seed, on every platform: who changes them on purpose changes this number too.
#[test]
fn the_bytes_are_those_of_every_platform() {
    let sample = sample(1_000);
    let tap_a = write_tap(Vec::new(), "tap-a", &sample.tap_a).expect("memory");
    let tap_b = write_tap(Vec::new(), "tap-b", &sample.tap_b).expect("memory");
    assert_eq!([fnv(&tap_a), fnv(&tap_b)], [0x432f_9f2e_91e5_b193, 0xc0ab_bf03_fa03_380d]);
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn taps_agree_up_to_loss_and_duplicates() {
    let sample = sample(5_000);
    let sent_on = sample.crossing - sample.lost;
    let stayed_a = sample.tap_a.len() - sample.duplicates - sample.crossing;
    let stayed_b = sample.tap_b.len() - sent_on;
    assert_eq!(sample.crossing + stayed_a + stayed_b, 5_000);
    assert!(sample.lost > 0 && sample.duplicates > 0 && stayed_a > 0 && stayed_b > 0, "{sample:?}");
    for frames in [&sample.tap_a, &sample.tap_b] {
        assert!(frames.is_sorted_by_key(|frame| frame.time_ns));
        assert!(frames.iter().all(|frame| frame.time_ns >= START_NS && frame.data.len() >= 60));
        assert!(frames.iter().any(|frame| frame.data.len() > 8_000), "no jumbo frame");
        assert!(frames.iter().any(|frame| frame.data.len() == 60), "no frame of minimum size");
    }
    let mut times: BTreeMap<&[u8], u64> = BTreeMap::new();
    let mut repeats = 0;
    for frame in &sample.tap_a {
        if let Some(first) = times.insert(&frame.data, frame.time_ns) {
            let after = frame.time_ns - first;
            repeats += usize::from((5_000..=30_000).contains(&after));
        }
    }
    assert_eq!(repeats, sample.duplicates);
}

#[test]
fn there_is_a_microburst() {
    let sample = sample(5_000);
    let times: Vec<u64> = sample.tap_a.iter().map(|frame| frame.time_ns).collect();
    let busiest = times
        .iter()
        .map(|start| times.iter().filter(|time| (*start..start + 100_000).contains(*time)).count());
    assert!(busiest.max() >= Some(80), "no 100 microseconds with 80 frames");
}

#[test]
fn too_large_a_sample_is_refused() {
    let error =
        generate(SampleOptions { packets: MAX_SAMPLE_PACKETS + 1, ..SampleOptions::default() }).unwrap_err();
    assert_eq!(error.to_string(), "a sample of 500001 packets was asked for; the most is 500000");
    assert_eq!(generate(SampleOptions { packets: 0, ..SampleOptions::default() }), Ok(Sample::default()));
}

/// Every frame, of every protocol and in every tunnel, decodes without a complaint about form or checksum.
///
/// Without duplicates: TCP reassembly takes some of those for overlaps.
#[test]
fn tshark_finds_nothing_wrong() {
    let options = SampleOptions { packets: 8_000, duplicates_per_mille: 0, ..SampleOptions::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let checked = ["ip", "tcp", "udp", "icmp", "icmpv6", "sctp"];
    let fields = checked.map(|name| format!("{name}.checksum.status"));
    let verify = [
        "ip.check_checksum:TRUE",
        "tcp.check_checksum:TRUE",
        "udp.check_checksum:TRUE",
        "sctp.checksum:CRC 32c",
    ];
    for file in written(&folder, &generate(options).expect("a small sample")) {
        let name = file.to_str().expect("a plain name");
        let mut arguments = vec!["-n", "-r", name];
        arguments.extend(verify.iter().flat_map(|setting| ["-o", *setting]));
        let malformed =
            [&arguments[..], &["-Y", "_ws.malformed || _ws.short || _ws.expert.severity == error"]].concat();
        let Some(lines) = run("tshark", &malformed) else { return };
        assert_eq!(lines, "", "{name}");

        arguments.extend(["-T", "fields"]);
        arguments.extend(fields.iter().flat_map(|field| ["-e", field.as_str()]));
        let lines = run("tshark", &arguments).unwrap_or_default();
        for (column, protocol) in checked.iter().enumerate() {
            // One value for each header of a packet: 0 is bad, 1 is good, others were not checked.
            let values = || {
                lines.lines().filter_map(|line| line.split('\t').nth(column)).flat_map(|all| all.split(','))
            };
            assert!(values().any(|value| value == "1"), "no {protocol} checksum was checked in {name}");
            assert!(values().all(|value| value != "0"), "a bad {protocol} checksum in {name}");
        }
    }
}

#[test]
fn tshark_sees_every_kind_of_traffic() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = [
        "http",
        "tls",
        "dns",
        "icmp",
        "icmpv6",
        "arp",
        "ipv6",
        "sctp",
        "vlan",
        "ieee8021ad",
        "mpls",
        "vxlan",
        "gre",
        "gtp",
        "geneve",
        "erspan",
    ];
    let [tap_a, tap_b] = written(&folder, &sample(1_000));
    for (file, expected) in [(tap_a, &expected[..]), (tap_b, &expected[..])] {
        let Some(lines) = tshark_fields(&file, &["frame.protocols"]) else { return };
        for protocol in expected {
            let seen = lines.iter().any(|line| line.split(':').any(|name| name == *protocol));
            assert!(seen, "no {protocol} in {}", file.display());
        }
    }
}

#[test]
fn tcpdump_reads_every_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = sample(1_000);
    for (file, frames) in written(&folder, &sample).iter().zip([&sample.tap_a, &sample.tap_b]) {
        let name = file.to_str().expect("a plain name");
        let Some(counted) = run("tcpdump", &["-n", "--count", "-r", name]) else { return };
        assert_eq!(counted.trim(), format!("{} packets", frames.len()));
    }
}
