//! Every real capture reads as tshark and tcpdump read it, and no damage to one makes reading panic or lose a
//! whole packet.

use std::path::Path;

use crate::common::{Seen, read_all, real_captures, run, tshark_fields};
use sluice_capture::{Error, ReadOptions};

#[test]
fn times_and_lengths_are_those_of_tshark() {
    let files = real_captures().unwrap_or_default();
    // Nearly all the time goes into starting tshark: in two threads.
    let (one, other) = files.split_at(files.len() / 2);
    std::thread::scope(|scope| {
        scope.spawn(|| one.iter().for_each(|file| same_as_tshark(file)));
        other.iter().for_each(|file| same_as_tshark(file));
    });
}

fn same_as_tshark(file: &Path) {
    let Some(expected) = tshark_fields(file, &["frame.time_epoch", "frame.cap_len", "frame.len"]) else {
        return;
    };
    let (packets, error) = read_all(&std::fs::read(file).expect("readable"), ReadOptions::default());
    if let Some(Error::LinkType { link_type, .. }) = error {
        assert_ne!(link_type, 1, "{}", file.display());
        return;
    }
    assert!(error.is_none(), "{}: {error:?}", file.display());
    let got: Vec<String> = packets.iter().map(as_tshark_prints).collect();
    assert_eq!(got, expected, "{}", file.display());
}

fn as_tshark_prints(packet: &Seen) -> String {
    let (seconds, nanos) = (packet.time_ns / 1_000_000_000, packet.time_ns % 1_000_000_000);
    format!("{seconds}.{nanos:09}\t{}\t{}", packet.data.len(), packet.wire_length)
}

#[test]
fn counts_are_those_of_tcpdump() {
    for file in real_captures().unwrap_or_default() {
        let (packets, error) = read_all(&std::fs::read(&file).expect("readable"), ReadOptions::default());
        if error.is_some() {
            continue;
        }
        let name = file.to_str().expect("a plain name");
        let Some(lines) = run("tcpdump", &["-n", "-q", "-t", "--count", "-r", name]) else { return };
        let counted: usize = lines.split(' ').next().and_then(|word| word.parse().ok()).expect("a count");
        assert_eq!(packets.len(), counted, "{name}");
    }
}

#[test]
fn a_capture_cut_short_gives_its_whole_packets() {
    for file in real_captures().unwrap_or_default() {
        let bytes = std::fs::read(&file).expect("readable");
        let (whole, _) = read_all(&bytes, ReadOptions::default());
        let short = (0..bytes.len().min(400)).chain((bytes.len().saturating_sub(40)..bytes.len()).step_by(3));
        for length in short.filter(|&length| length < 20_000) {
            let (packets, _) = read_all(&bytes[..length], ReadOptions::default());
            assert_eq!(packets, whole[..packets.len()], "{} cut to {length} bytes", file.display());
        }
    }
}
