//! Files one behind the other: how long each is, which stay, and that each can be read at each moment.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sluice_capture::{PacketRecord, ReadOptions, Ring, RingInterface, RingOptions};

use crate::common::{Seen, read_all, run, tshark_fields};

const SECOND: u64 = 1_000_000_000;
/// 2026-11-28 11:12:13 UTC.
const START: u64 = 1_795_864_333 * SECOND;

fn options(folder: &Path) -> RingOptions {
    RingOptions {
        folder: folder.to_path_buf(),
        name: "rec".to_string(),
        max_bytes: None,
        max_time: None,
        max_files: None,
    }
}

fn interfaces() -> Vec<RingInterface> {
    let interface =
        |name: &str| RingInterface { name: name.to_string(), description: "times are UTC".to_string() };
    vec![interface("tap-a"), interface("tap-b")]
}

fn begin(options: RingOptions, now_ns: u64) -> Ring {
    Ring::open(options, interfaces(), now_ns).expect("the folder is there")
}

/// Takes a frame that has its number in it, into the next file where that is due.
fn put(ring: &mut Ring, now_ns: u64, number: u32) {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5];
    frame.extend(number.to_be_bytes());
    frame.resize(100, 7);
    if ring.is_due(now_ns, frame.len()) {
        ring.next_file(now_ns).expect("there is space");
    }
    let interface = number % 2;
    let record = PacketRecord {
        interface,
        time_ns: now_ns,
        data: &frame,
        wire_length: 1_000,
        ..PacketRecord::default()
    };
    ring.write(&record).expect("it has a place");
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it is there").path()).collect();
    files.sort();
    files
}

fn names(folder: &Path) -> Vec<String> {
    let name = |path: &PathBuf| path.file_name().expect("it has one").to_string_lossy().into_owned();
    files(folder).iter().map(name).collect()
}

fn seen(path: &Path) -> Vec<Seen> {
    let (packets, error) = read_all(&fs::read(path).expect("it is there"), ReadOptions::default());
    assert!(error.is_none(), "{}: {error:?}", path.display());
    packets
}

fn numbers(path: &Path) -> Vec<u32> {
    let number = |packet: Seen| u32::from_be_bytes(packet.data[14..18].try_into().expect("four bytes"));
    seen(path).into_iter().map(number).collect()
}

#[test]
fn files_are_as_long_as_they_may_be_and_the_oldest_go() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let size = 10_000;
    let mut ring =
        begin(RingOptions { max_bytes: Some(size), max_files: NonZeroU32::new(3), ..options(folder) }, START);
    for number in 0..1_000 {
        put(&mut ring, START + u64::from(number) * SECOND / 10, number);
        if number % 64 == 0 {
            ring.flush().expect("there is space");
        }
    }
    ring.close().expect("there is space");
    let files = files(folder);
    assert_eq!(files.len(), 3, "{files:?}");
    let mut all = Vec::new();
    for (index, path) in files.iter().enumerate() {
        let bytes = fs::metadata(path).expect("it is there").len();
        assert!(bytes <= size, "{}: {bytes}", path.display());
        assert!(index == 2 || bytes > size - 400, "{}: {bytes}", path.display());
        all.extend(numbers(path));
    }
    let first = all[0];
    assert_eq!(all, (first..1_000).collect::<Vec<u32>>(), "all of them, in order");
    let packet = &seen(&files[2])[0];
    assert_eq!(packet.time_ns, START + u64::from(all[all.len() - seen(&files[2]).len()]) * SECOND / 10);
    assert_eq!((packet.wire_length, packet.data.len()), (1_000, 100));
    let Some(lines) = tshark_fields(&files[0], &["frame.interface_name", "frame.len", "frame.cap_len"])
    else {
        return;
    };
    let interface = if first % 2 == 0 { "tap-a" } else { "tap-b" };
    assert_eq!(lines[0], format!("{interface}\t1000\t100"));
    let Some(text) = run("capinfos", &[files[0].to_str().expect("a plain name")]) else { return };
    let of_each = numbers(&files[0]).len() / 2;
    for part in [
        "Description = times are UTC",
        &format!("Number of packets = {of_each}"),
        "Number of stat entries = 1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_file_without_packets_is_not_replaced_however_old_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let mut ring = begin(RingOptions { max_time: Some(Duration::from_secs(60)), ..options(folder) }, START);
    assert!(!ring.is_old(START + 300 * SECOND));
    put(&mut ring, START + 300 * SECOND, 0);
    assert!(ring.is_old(START + 300 * SECOND), "now it has one");
    ring.next_file(START + 300 * SECOND).expect("there is space");
    assert!(!ring.is_old(START + 360 * SECOND));
    put(&mut ring, START + 301 * SECOND, 1);
    assert!(!ring.is_old(START + 359 * SECOND) && ring.is_old(START + 360 * SECOND));
    ring.close().expect("there is space");
    let expected = ["rec_00001_20261128111213.pcapng", "rec_00002_20261128111713.pcapng"];
    assert_eq!(names(folder), expected);
    assert_eq!(files(folder).iter().map(|path| numbers(path)).collect::<Vec<_>>(), [[0], [1]]);
}

#[test]
fn a_ring_goes_on_where_the_last_one_ended_and_cuts_what_is_half_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let options = || RingOptions { max_files: NonZeroU32::new(2), ..options(folder) };
    // Of another ring, and of nobody's.
    for other in ["rec_2_00009_20200101000000.pcapng", "rec.pcapng"] {
        fs::write(folder.join(other), "not ours").expect("it can be written");
    }
    let mut ring = begin(options(), START);
    (0..10).for_each(|number| put(&mut ring, START, number));
    ring.flush().expect("there is space");
    let first = ring.path().expect("a file is open").to_path_buf();
    // What was flushed can be read though nothing has ended it.
    assert_eq!(numbers(&first), (0..10).collect::<Vec<_>>());
    drop(ring);
    let whole = fs::read(&first).expect("it is there");
    for cut in [1, 11, 60, 131] {
        fs::write(&first, &whole[..whole.len() - cut]).expect("it can be written");
        let ring = begin(options(), START + SECOND);
        assert_eq!(numbers(&first), (0..9).collect::<Vec<_>>(), "cut by {cut}");
        let second = ring.path().expect("a file is open").to_path_buf();
        assert!(second.ends_with("rec_00002_20261128111214.pcapng"), "{}", second.display());
        fs::remove_file(second).expect("it is there");
    }
    let mut ring = begin(options(), START + SECOND);
    put(&mut ring, START, 20);
    ring.next_file(START + 2 * SECOND).expect("there is space");
    drop(ring);
    let expected = [
        "rec.pcapng",
        "rec_00002_20261128111214.pcapng",
        "rec_00003_20261128111215.pcapng",
        "rec_2_00009_20200101000000.pcapng",
    ];
    assert_eq!(names(folder), expected);
}

#[test]
fn an_interface_that_comes_later_is_in_this_file_and_in_the_next() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let mut ring = begin(options(folder), START);
    put(&mut ring, START, 0);
    let late = RingInterface { name: "late".to_string(), description: String::new() };
    let interface = ring.add_interface(late).expect("the name is short");
    assert_eq!(interface, 2);
    let record = PacketRecord { interface, data: &[0; 60], wire_length: 60, ..PacketRecord::default() };
    ring.write(&record).expect("it has a place");
    ring.next_file(START).expect("there is space");
    ring.write(&record).expect("it has a place");
    ring.note_dropped(interface, 3);
    ring.close().expect("there is space");
    let files = files(folder);
    let of = |path: &PathBuf| seen(path).iter().map(|packet| packet.interface).collect::<Vec<u32>>();
    assert_eq!((of(&files[0]), of(&files[1])), (vec![0, 2], vec![2]));
}
